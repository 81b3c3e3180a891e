use serde::{Deserialize, Serialize};

use super::{Step, Zoom, range::Range, scene, table, timeline};
use crate::protocol::{Axis, CellRef, EngineChoice, Setup, Tensor};

/// What a first visit shows.
pub const STANDARD_EXAMPLE: &str = "The cat sat on the mat";

/// What keys and values are made of when a second sentence is first asked for: a translator's cross-attention looks from
/// the words of one language to those of another.
pub const SECOND_EXAMPLE: &str = "Le chat était assis sur le tapis";

/// The numbers of heads that can be chosen.
pub const HEAD_COUNTS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];

/// The model widths that can be chosen.
pub const WIDTHS: [usize; 9] = [8, 16, 32, 48, 64, 96, 128, 256, 512];

/// The least and the most that numbers of a session can be.
pub mod limits {
    use crate::protocol::MOST_TOKENS;

    /// What `torch.manual_seed` takes of a seed.
    pub const SEED: (f64, f64) = (0.0, 4_294_967_295.0);
    /// Tokens that a window reaches back or ahead.
    pub const WINDOW: (f64, f64) = (0.0, MOST_TOKENS as f64);
    /// Tokens of padding.
    pub const PADDING: (f64, f64) = (0.0, 64.0);
    /// What scaled scores are divided by.
    pub const TEMPERATURE: (f64, f64) = (0.1, 100.0);
    /// What no scaled score passes; 0 for none.
    pub const SOFTCAP: (f64, f64) = (0.0, 100.0);
    /// Where the colours of signed numbers end.
    pub const SIGNED_END: (f64, f64) = (0.0001, 1e6);
    /// Where those of shares do.
    pub const SHARES_END: (f64, f64) = (0.0001, 1.0);
}

/// The speeds that Play can have.
pub const SPEEDS: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// Everything that makes the picture, and nothing that follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// What the person typed: a sentence a line.
    pub sentence: String,
    /// What the person typed for keys and values, where the set-up takes them from a second sentence.
    pub second: String,
    /// With what it is calculated.
    pub setup: Setup,
    /// The set-up that the stage compares with, if it shows what has changed since.
    pub before: Option<Setup>,
    /// By what it is calculated.
    pub engine: EngineChoice,
    /// The step on the stage.
    pub step: Step,
    /// How far into the step, 0 to 1. At 1 everything is calculated.
    pub position: f64,
    /// The sentence on the stage, from 0.
    pub item: usize,
    /// The head on the stage, from 0.
    pub head: usize,
    /// Which tokens the stage shows.
    pub zoom: Zoom,
    /// Which of the three projections step 3 builds.
    pub projection: Projection,
    /// The cell that stays in the inspector.
    pub pinned: Option<CellRef>,
    /// The arcs over the words, where they are shown.
    pub arcs: Option<Arcs>,
    /// What the table shows, where it is open.
    pub table: Option<table::Part>,
    /// What Play begins with where the step is finished.
    pub plays: Plays,
    /// How fast Play goes: one of [`SPEEDS`].
    pub speed: f64,
    /// Light or dark; the system's choice if none.
    pub theme: Option<Theme>,
    /// The colours of numbers from 0 up.
    pub shares_map: SharesMap,
    /// The colours of numbers with a sign.
    pub signed_map: SignedMap,
    /// How far the colours reach.
    pub range: Range,
    /// Through whose eyes the page is seen.
    pub sight: Sight,
}

/// What Play begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Plays {
    /// The first step: none has been chosen or played yet.
    #[default]
    First,
    /// The step on the stage: a person chose it.
    This,
    /// The one after it; after the last, the first.
    Next,
}

/// Which arcs there are over the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arcs {
    /// Those of one word: of the one that a person looks at, or else of the cell in focus.
    Word,
    /// Those of all words, until a person looks at one.
    All,
}

/// The colours of numbers from 0 up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharesMap {
    /// [`CIVIDIS`](crate::figure::colormap::CIVIDIS).
    #[default]
    Cividis,
    /// [`VIRIDIS`](crate::figure::colormap::VIRIDIS).
    Viridis,
    /// [`BATLOW`](crate::figure::colormap::BATLOW).
    Batlow,
}

impl SharesMap {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Cividis, Self::Viridis, Self::Batlow];
}

/// The colours of numbers with a sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignedMap {
    /// [`VIK`](crate::figure::colormap::VIK).
    #[default]
    Vik,
    /// [`ROMA`](crate::figure::colormap::ROMA).
    Roma,
    /// [`BROC`](crate::figure::colormap::BROC).
    Broc,
}

impl SignedMap {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Vik, Self::Roma, Self::Broc];
}

/// Through whose eyes the page is seen; `index.html` has the filters.
///
/// Source: Machado, Oliveira and Fernandes (2009), table 1, severity 1.0; grey is the relative luminance of WCAG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sight {
    /// As it is.
    #[default]
    Own,
    /// Without cones for long waves.
    Protanopia,
    /// Without cones for middle waves.
    Deuteranopia,
    /// Without cones for short waves.
    Tritanopia,
    /// Without colours, as on paper.
    Greyscale,
}

impl Sight {
    /// All of them, the default first.
    pub const ALL: [Self; 5] = [Self::Own, Self::Protanopia, Self::Deuteranopia, Self::Tritanopia, Self::Greyscale];
}

/// Which of the three projections step 3 builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Projection {
    /// `Q = X · W_q`.
    #[default]
    Queries,
    /// `K = X · W_k`.
    Keys,
    /// `V = X · W_v`.
    Values,
}

impl Projection {
    /// All three, in order.
    pub const ALL: [Projection; 3] = [Projection::Queries, Projection::Keys, Projection::Values];
}

/// The page's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// Dark letters on light paper.
    Light,
    /// Light letters on dark paper.
    Dark,
}

impl Default for Session {
    /// The standard example at the step people came to see.
    fn default() -> Self {
        Self {
            sentence: STANDARD_EXAMPLE.to_owned(),
            second: SECOND_EXAMPLE.to_owned(),
            setup: Setup::default(),
            before: None,
            engine: EngineChoice::Auto,
            step: Step::Softmax,
            position: 1.0,
            item: 0,
            head: 0,
            zoom: Zoom::ALL,
            projection: Projection::Queries,
            pinned: None,
            arcs: None,
            table: None,
            plays: Plays::First,
            speed: 1.0,
            theme: None,
            shares_map: SharesMap::default(),
            signed_map: SignedMap::default(),
            range: Range::default(),
            sight: Sight::default(),
        }
    }
}

impl Session {
    /// Shows a step, finished.
    pub fn go_to(&mut self, step: Step) {
        self.enter(step);
        (self.position, self.plays) = (1.0, Plays::This);
    }

    /// Goes to a moment of the step.
    pub fn scrub(&mut self, position: f64) {
        (self.position, self.plays) = (position.clamp(0.0, 1.0), Plays::This);
    }

    /// Shows the step finished: Play goes on from there.
    pub fn finish(&mut self) {
        (self.position, self.plays) = (self.position.max(1.0), Plays::Next);
    }

    /// Goes to the step's beginning, to play it: when it is over, Play goes on with the next.
    pub fn replay(&mut self) {
        (self.position, self.plays) = (0.0, Plays::Next);
    }

    /// Changes the step. A pair of tokens that is kept in the inspector is followed from matrix to matrix.
    fn enter(&mut self, step: Step) {
        self.step = step;
        let result = scene::result(step, self.projection, &self.setup);
        if let Some(pinned) = self.pinned.as_mut().filter(|pinned| is_of_pairs(pinned.tensor) && is_of_pairs(result)) {
            pinned.tensor = result;
        }
    }

    /// Plays on in the middle of a step; where it is finished, from the beginning of the one that is to be played. Where
    /// motion is not wanted (`cut`), steps are shown finished.
    pub fn begin_play(&mut self, cut: bool) {
        self.before = None;
        let plays = std::mem::replace(&mut self.plays, Plays::Next);
        if self.position < 1.0 {
            self.position = if cut { 1.0 } else { self.position };
            return;
        }
        let first = Step::all_of(&self.setup)[0];
        self.enter(match plays {
            Plays::First => first,
            Plays::This => self.step,
            Plays::Next => self.step.next(&self.setup).unwrap_or(first),
        });
        self.position = if cut { 1.0 } else { 0.0 };
    }

    /// Moves time on by some seconds of Play. Returns whether there is more to play. Where motion is not wanted
    /// (`cut`), each step is shown finished for a while.
    pub fn advance(&mut self, seconds: f64, cut: bool) -> bool {
        if cut {
            self.position = self.position.max(1.0);
        }
        self.position += seconds * self.speed / timeline::seconds(self.step);
        if self.position < 1.0 {
            return true;
        }
        let hold = if cut { timeline::CUT_SECONDS } else { timeline::HOLD_SECONDS };
        // Hold the finished step for a moment before the next one.
        let held = (self.position - 1.0) * timeline::seconds(self.step);
        if held < hold {
            return true;
        }
        match self.step.next(&self.setup) {
            Some(next) => {
                self.enter(next);
                self.position = if cut { 1.0 } else { 0.0 };
                true
            }
            None => {
                self.position = 1.0;
                false
            }
        }
    }

    /// The position without the hold at its end, 0 to 1. A change is shown when all is calculated.
    pub fn shown_position(&self) -> f64 {
        if self.before.is_some() { 1.0 } else { self.position.clamp(0.0, 1.0) }
    }

    /// Begins to show what changes from here on, or ends it.
    pub fn show_change(&mut self, shows_change: bool) {
        self.before = shows_change.then(|| self.setup.clone());
    }

    /// Puts another set-up in the place of this one. What was said of cells and changes was said of that.
    pub fn replace_setup(&mut self, setup: Setup) {
        (self.setup, self.before, self.pinned) = (setup, None, None);
        self.fit();
    }

    /// Shows a head and a step that there are.
    pub fn fit(&mut self) {
        self.show_head(self.head.min(self.setup.heads.saturating_sub(1)));
        if !self.step.is_of(&self.setup) {
            // There always is this one.
            self.go_to(Step::Softmax);
        }
    }

    /// Changes the number of heads; the head on the stage stays if there still is one of that number.
    pub fn set_heads(&mut self, heads: usize) {
        self.setup.heads = heads;
        self.show_head(self.head.min(heads.saturating_sub(1)));
    }

    /// Changes the head on the stage, and that of the cell that is kept in the inspector.
    pub fn show_head(&mut self, head: usize) {
        self.head = head;
        if let Some(pinned) = self.pinned.as_mut().filter(|pinned| pinned.tensor.has_heads()) {
            pinned.head = head;
        }
    }
}

/// Whether a tensor has a number for each query and key.
fn is_of_pairs(tensor: Tensor) -> bool {
    tensor.axes() == (Axis::Queries, Axis::Keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn play_begins_with_the_tokens_and_ends_after_the_output() {
        let mut session = Session::default();
        session.begin_play(false);
        assert_eq!((session.step, session.position), (Step::Tokens, 0.0));
        let mut seconds = 0.0;
        let mut seen = vec![session.step];
        while session.advance(0.016, false) {
            seconds += 0.016;
            assert!(seconds < 200.0, "Play never ends");
            if seen.last() != Some(&session.step) {
                seen.push(session.step);
            }
        }
        assert_eq!(seen, Step::ALL);
        assert_eq!(session.shown_position(), 1.0);
    }

    #[test]
    fn play_goes_on_in_the_middle_of_a_step_and_starts_again_after_the_end() {
        let mut session = Session { step: Step::Scores, position: 0.3, ..Session::default() };
        session.begin_play(false);
        assert_eq!((session.step, session.position), (Step::Scores, 0.3));
        session.go_to(Step::Output);
        session.scrub(0.5);
        session.begin_play(false);
        assert_eq!((session.step, session.position), (Step::Output, 0.5));
        session.position = 1.0;
        session.begin_play(false);
        assert_eq!((session.step, session.position), (Step::Tokens, 0.0));
    }

    #[test]
    fn a_step_that_was_chosen_is_played_and_one_that_was_finished_is_not_played_again() {
        let mut session = Session::default();
        session.go_to(Step::Scores);
        session.begin_play(false);
        assert_eq!((session.step, session.position), (Step::Scores, 0.0));
        let mut session = Session::default();
        session.go_to(Step::Scores);
        session.scrub(0.3);
        session.finish();
        session.begin_play(false);
        assert_eq!((session.step, session.position), (Step::Scale, 0.0));
        session.scrub(1.0);
        session.begin_play(false);
        assert_eq!((session.step, session.position), (Step::Scale, 0.0), "it was gone through by hand");
    }

    #[test]
    fn without_motion_play_cuts_from_step_to_step() {
        let mut session = Session::default();
        session.begin_play(true);
        let mut steps = 1;
        let mut last = session.step;
        while session.advance(0.1, true) {
            assert_eq!(session.shown_position(), 1.0, "nothing may move");
            steps += usize::from(session.step != last);
            last = session.step;
        }
        assert_eq!(steps, Step::ALL.len());
    }

    #[test]
    fn without_motion_play_finishes_a_step_that_was_half_way() {
        let half_way = Session { step: Step::Scores, position: 0.3, ..Session::default() };
        let mut session = half_way.clone();
        session.begin_play(true);
        assert_eq!((session.step, session.position), (Step::Scores, 1.0));
        // Motion may become unwanted in the middle, too.
        let mut session = half_way;
        session.advance(0.016, true);
        assert_eq!(session.shown_position(), 1.0);
    }

    #[test]
    fn a_pair_that_is_kept_is_followed_from_matrix_to_matrix() {
        let cell = |tensor, head| Some(CellRef { tensor, head, row: 4, column: 1 });
        let mut session = Session { pinned: cell(Tensor::Weights, 0), ..Session::default() };
        for (step, tensor) in [
            (Step::Scores, Tensor::Scores),
            (Step::Mask, Tensor::Masked),
            // Elsewhere there are no pairs; it waits.
            (Step::Output, Tensor::Masked),
            (Step::Softmax, Tensor::Weights),
        ] {
            session.go_to(step);
            assert_eq!(session.pinned, cell(tensor, 0), "{step:?}");
        }
        session.show_head(2);
        assert_eq!(session.pinned, cell(Tensor::Weights, 2));
        session.pinned = cell(Tensor::Values, 2);
        session.go_to(Step::Scores);
        assert_eq!(session.pinned, cell(Tensor::Values, 2));
    }

    #[test]
    fn fewer_heads_keep_the_head_in_range() {
        let mut session = Session { head: 3, ..Session::default() };
        session.set_heads(2);
        assert_eq!(session.head, 1);
    }
}
