//! The guided tour: twelve stops through the standard example, and three questions to predict before the page
//! calculates the answer. A stop says what the page shows; its words take their numbers from what was calculated.

use serde::{Deserialize, Serialize};

use super::{
    Plays, Projection, STANDARD_EXAMPLE, Session, Step, Zoom,
    number::{fixed, percent},
    scene::Data,
    spot::{
        Part,
        Spot::{self, Matrix},
    },
    words::tour as words,
};
use crate::attention::Window;
use crate::embedding::{Positions, Token};
use crate::protocol::{CellRef, Setup, Tensor};

/// A stop of the tour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stop {
    /// The sentence is cut into tokens.
    Tokens,
    /// A word's row.
    Embeddings,
    /// A place's row, added to it.
    Positions,
    /// Queries, keys and values.
    Projections,
    /// Several at once.
    Heads,
    /// One dot product.
    Scores,
    /// Why ÷ √D.
    Scaling,
    /// What a causal mask hides.
    Mask,
    /// What the exponential does.
    Exponentials,
    /// Why a row sums to 1.
    Shares,
    /// Values, by share.
    Mixing,
    /// All heads together.
    Output,
    /// What happens without ÷ √D?
    Unscaled,
    /// Who may not be seen?
    Hidden,
    /// What happens without positions?
    Alike,
}

impl Stop {
    /// All of them, in order; the questions come last.
    pub const ALL: [Stop; 15] = [
        Stop::Tokens,
        Stop::Embeddings,
        Stop::Positions,
        Stop::Projections,
        Stop::Heads,
        Stop::Scores,
        Stop::Scaling,
        Stop::Mask,
        Stop::Exponentials,
        Stop::Shares,
        Stop::Mixing,
        Stop::Output,
        Stop::Unscaled,
        Stop::Hidden,
        Stop::Alike,
    ];

    /// How many of them are questions.
    pub const QUESTIONS: usize = 3;

    /// Its place among all.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether it asks something.
    pub fn is_question(self) -> bool {
        self >= Stop::Unscaled
    }

    /// What it speaks of.
    pub fn spots(self) -> &'static [Spot] {
        match self {
            Stop::Tokens => &[Matrix(Tensor::Tokens)],
            Stop::Embeddings => &[Matrix(Tensor::WordEmbeddings)],
            Stop::Positions => &[Matrix(Tensor::Positions), Matrix(Tensor::Input)],
            Stop::Projections => &[Matrix(Tensor::Queries), Matrix(Tensor::Keys), Matrix(Tensor::Values)],
            Stop::Heads => &[Spot::Part(Part::Heads)],
            Stop::Scores => &[Matrix(Tensor::Scores)],
            Stop::Scaling => &[Matrix(Tensor::Scaled)],
            Stop::Mask | Stop::Hidden => &[Matrix(Tensor::Masked)],
            Stop::Exponentials => &[Matrix(Tensor::Exponentials)],
            Stop::Shares => &[Matrix(Tensor::Weights), Matrix(Tensor::RowSums)],
            Stop::Mixing => &[Matrix(Tensor::Mixed)],
            Stop::Output => &[Matrix(Tensor::Output)],
            Stop::Unscaled | Stop::Alike => &[Matrix(Tensor::Weights)],
        }
    }

    /// Whether the page plays the step up to where the stop is, so that one sees it happen.
    pub fn plays(self) -> bool {
        matches!(
            self,
            Stop::Tokens
                | Stop::Projections
                | Stop::Scores
                | Stop::Scaling
                | Stop::Mask
                | Stop::Exponentials
                | Stop::Mixing
        )
    }

    /// Shows the stop. What a question asks is shown once it is `answered`.
    fn show(self, session: &mut Session, answered: bool) {
        let cell = |tensor, row, column| Some(CellRef { tensor, head: 0, row, column });
        let (step, pinned) = match self {
            Stop::Tokens => (Step::Tokens, cell(Tensor::Tokens, 0, SECOND)),
            Stop::Embeddings => (Step::Embed, cell(Tensor::WordEmbeddings, SECOND, 0)),
            Stop::Positions => (Step::Embed, cell(Tensor::Input, SECOND, 0)),
            Stop::Projections | Stop::Heads => (Step::Project, None),
            Stop::Scores => (Step::Scores, cell(Tensor::Scores, ASKING, ASKED)),
            Stop::Scaling => (Step::Scale, cell(Tensor::Scaled, ASKING, ASKED)),
            Stop::Mask => (Step::Mask, cell(Tensor::Masked, LOOKING, LOOKING + 1)),
            Stop::Exponentials => (Step::Softmax, None),
            Stop::Shares | Stop::Unscaled => (Step::Softmax, cell(Tensor::Weights, ASKING, ASKED)),
            Stop::Mixing => (Step::Mix, cell(Tensor::Mixed, ASKING, 0)),
            Stop::Output => (Step::Output, None),
            // The row that is asked about, at a cell that gives nothing away.
            Stop::Hidden => (Step::Mask, cell(Tensor::Masked, LOOKED_FROM, LOOKED_FROM)),
            Stop::Alike => (Step::Softmax, cell(Tensor::Weights, SECOND, SECOND)),
        };
        let mut setup = Setup::default();
        let mut before = None;
        match self {
            Stop::Mask | Stop::Exponentials | Stop::Shares | Stop::Mixing | Stop::Output => {
                setup.mask = Window::CAUSAL;
            }
            Stop::Hidden if answered => setup.mask = Window::CAUSAL,
            Stop::Alike if answered => setup.positions = Positions::None,
            Stop::Unscaled if answered => {
                before = Some(setup.clone());
                setup.is_scaled = false;
            }
            _ => {}
        }
        STANDARD_EXAMPLE.clone_into(&mut session.sentence);
        (session.setup, session.before) = (setup, before);
        (session.step, session.position, session.plays) = (step, self.end(), Plays::This);
        session.pinned = pinned;
        (session.item, session.head, session.zoom) = (0, 0, Zoom::ALL);
        session.projection = Projection::Queries;
    }

    /// How far into the step the stop is.
    fn end(self) -> f64 {
        // The softmax's third part, before it ends.
        if self == Stop::Exponentials { 0.74 } else { 1.0 }
    }
}

/// So many tokens has the standard example.
const TOKENS: usize = 6;
/// Where it has the same word: “The”.
const FIRST: usize = 0;
/// And again: “the”.
const SECOND: usize = 4;
/// The token that the tour asks for: “mat”.
const ASKING: usize = 5;
/// The token that it gives most of its attention.
const ASKED: usize = 2;
/// The token whose view the tour shows under a mask: “cat”.
const LOOKING: usize = 1;
/// The token that the second question is about: “sat”.
const LOOKED_FROM: usize = 2;
/// So many tokens can be chosen from in that question.
const CHOICES: usize = 4;

/// A tour that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tour {
    stop: Stop,
    chosen: Option<usize>,
    /// What was on the page before.
    own: Session,
}

/// What the tour says.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// The title of the stop.
    pub title: &'static str,
    /// What it says, or asks.
    pub text: String,
    /// What can be answered, where it asks.
    pub options: Vec<String>,
    /// What the page calculated once it was answered, and which answer that makes right.
    pub answer: Option<(String, usize)>,
}

impl Tour {
    /// Begins at the first stop.
    pub fn begin(session: &mut Session) -> Self {
        let tour = Self { stop: Stop::Tokens, chosen: None, own: session.clone() };
        tour.stop.show(session, false);
        tour
    }

    /// Leads back to this set-up, where it would to tensors out of files.
    pub fn without_files(&mut self, setup: Setup) {
        if self.own.setup.given.is_some() {
            self.own.replace_setup(setup);
        }
    }

    /// The stop that is shown.
    pub fn stop(&self) -> Stop {
        self.stop
    }

    /// Which answer was chosen, if any was.
    pub fn chosen(&self) -> Option<usize> {
        self.chosen
    }

    /// Goes to a stop.
    pub fn go_to(&mut self, stop: Stop, session: &mut Session) {
        self.keep_typed(session);
        (self.stop, self.chosen) = (stop, None);
        stop.show(session, false);
    }

    /// Answers the question; the page then shows what is asked.
    pub fn answer(&mut self, choice: usize, session: &mut Session) {
        self.keep_typed(session);
        self.chosen = Some(choice);
        self.stop.show(session, true);
    }

    /// Puts back what was on the page before.
    pub fn leave(mut self, session: &mut Session) {
        self.keep_typed(session);
        let own = self.own;
        (session.sentence, session.item, session.setup, session.before) =
            (own.sentence, own.item, own.setup, own.before);
        (session.step, session.position, session.plays) = (own.step, own.position, own.plays);
        session.pinned = own.pinned;
        (session.head, session.zoom, session.projection) = (own.head, own.zoom, own.projection);
    }

    /// A sentence that a person typed on the way stays theirs.
    fn keep_typed(&mut self, session: &Session) {
        let is_blank = session.sentence.bytes().all(|byte| byte.is_ascii_whitespace());
        if session.sentence != STANDARD_EXAMPLE && !is_blank {
            session.sentence.clone_into(&mut self.own.sentence);
        }
    }

    /// What the stop says, once the numbers that it speaks of are here.
    pub fn card(&self, data: &Data) -> Option<Card> {
        let mut shown = Session::default();
        self.stop.show(&mut shown, self.chosen.is_some());
        // All its letters are ASCII.
        let is_of_it = |token: &Token| STANDARD_EXAMPLE.get(token.start..token.end) == Some(&token.text);
        let is_example = data.tokens().len() == TOKENS && data.tokens().iter().all(is_of_it);
        if !is_example || data.setup != shown.setup || data.before != shown.before || data.zoom != Zoom::ALL {
            return None;
        }
        let facts = Facts(data);
        let said = |text: &str, gaps: &[Gap]| {
            let gaps: Option<Vec<String>> = gaps.iter().map(|gap| facts.gap(*gap)).collect();
            Some(fill(text, &gaps?))
        };
        let answer = match self.chosen {
            Some(_) => {
                let right = facts.right(self.stop)?;
                Some((said(words::answer(self.stop, right), self.stop.gaps_in_answer())?, right))
            }
            None => None,
        };
        let text = said(words::text(self.stop), self.stop.gaps())?;
        Some(Card { title: words::title(self.stop), text, options: facts.options(self.stop), answer })
    }
}

/// A gap in what a stop says, that is filled with what was calculated.
#[derive(Clone, Copy)]
enum Gap {
    /// The sentence.
    Sentence,
    /// How many tokens it has.
    Tokens,
    /// A token.
    Word(usize),
    /// Its place.
    Place(usize),
    /// E.
    Width,
    /// H.
    Heads,
    /// D.
    HeadDim,
    /// √D.
    Root,
    /// A number, to three decimals.
    Number(Tensor, usize, usize),
    /// The largest difference between the rows of both “the”.
    Apart(Tensor),
    /// The largest magnitude.
    Largest(Tensor),
    /// How many pairs are hidden.
    Hidden,
    /// How many pairs there are.
    Pairs,
    /// Which words are hidden from a token.
    HiddenFrom(usize),
    /// All shares of a token.
    Shares(usize),
    /// The share that a question asks about, before what is compared.
    Before,
    /// The same, now.
    Now,
}

impl Stop {
    /// What fills the gaps in [`words::text`].
    fn gaps(self) -> &'static [Gap] {
        use Gap::*;
        match self {
            Stop::Tokens => &[Sentence, Tokens, Word(FIRST), Place(FIRST), Word(SECOND), Place(SECOND)],
            Stop::Embeddings => &[Width, Apart(Tensor::WordEmbeddings)],
            Stop::Positions => &[Apart(Tensor::Input)],
            Stop::Projections | Stop::Exponentials => &[],
            Stop::Heads => &[Heads, HeadDim, HeadDim],
            Stop::Scores => &[Word(ASKED), Word(ASKING), HeadDim, Number(Tensor::Scores, ASKING, ASKED)],
            Stop::Scaling => &[HeadDim, HeadDim, Root, Largest(Tensor::Scores), Largest(Tensor::Scaled)],
            Stop::Mask => &[Hidden, Pairs, Word(LOOKING), Word(LOOKING + 1)],
            Stop::Shares => &[Word(ASKING), Shares(ASKING), Number(Tensor::RowSums, ASKING, 0)],
            Stop::Mixing => &[Word(ASKING), Word(ASKED), Now, Now, Word(ASKED)],
            Stop::Output => &[Heads],
            Stop::Unscaled => &[Word(ASKING), Word(ASKED), Before],
            Stop::Hidden => &[Word(LOOKED_FROM)],
            Stop::Alike => &[Word(FIRST), Place(FIRST), Word(SECOND), Place(SECOND)],
        }
    }

    /// What fills the gaps in [`words::answer`].
    fn gaps_in_answer(self) -> &'static [Gap] {
        match self {
            Stop::Unscaled => &[Gap::Before, Gap::Now, Gap::Root],
            Stop::Hidden => &[Gap::Word(LOOKED_FROM), Gap::HiddenFrom(LOOKED_FROM)],
            _ => &[Gap::Apart(Tensor::Weights)],
        }
    }
}

/// Fills the gaps in a text, in their order.
fn fill(text: &str, gaps: &[String]) -> String {
    let mut filled = String::new();
    for (index, piece) in text.split("{}").enumerate() {
        if let Some(gap) = index.checked_sub(1).and_then(|gap| gaps.get(gap)) {
            filled += gap;
        }
        filled += piece;
    }
    filled
}

/// What the words are made of.
struct Facts<'a>(&'a Data);

impl Facts<'_> {
    fn gap(&self, gap: Gap) -> Option<String> {
        let data = self.0;
        let setup = &data.setup;
        let head_dim = setup.width / setup.heads;
        let (number, decimals) = match gap {
            Gap::Sentence => return Some(STANDARD_EXAMPLE.to_owned()),
            Gap::Word(index) => return self.word(index),
            Gap::HiddenFrom(query) => {
                let row = self.row(Tensor::Masked, query)?;
                let is_hidden = |key: &usize| row[*key] == f32::NEG_INFINITY;
                return Some((0..row.len()).filter(is_hidden).filter_map(|key| self.word(key)).fold(
                    String::new(),
                    |list, word| if list.is_empty() { word } else { list + words::BETWEEN_WORDS + &word },
                ));
            }
            Gap::Shares(query) => {
                return Some(self.row(Tensor::Weights, query)?.iter().fold(String::new(), |sum, share| {
                    let plus = if sum.is_empty() { "" } else { " + " };
                    sum + plus + &fixed((*share).into(), 3)
                }));
            }
            Gap::Before => return Some(percent(self.before_and_now()?.0.into())),
            Gap::Now => return Some(percent(self.before_and_now()?.1.into())),
            Gap::Tokens => (data.tokens().len() as f64, 0),
            Gap::Place(index) => (index as f64, 0),
            Gap::Width => (setup.width as f64, 0),
            Gap::Heads => (setup.heads as f64, 0),
            Gap::HeadDim => (head_dim as f64, 0),
            Gap::Root => ((head_dim as f64).sqrt(), 0),
            Gap::Number(tensor, row, column) => (self.value(tensor, row, column)?.into(), 3),
            Gap::Apart(tensor) => (self.apart(tensor)?.into(), 3),
            Gap::Largest(tensor) => (data.on_stage(tensor, 0)?.largest.into(), 2),
            Gap::Hidden => {
                let values = &data.on_stage(Tensor::Masked, 0)?.values;
                (values.iter().filter(|value| **value == f32::NEG_INFINITY).count() as f64, 0)
            }
            Gap::Pairs => (data.on_stage(Tensor::Masked, 0)?.values.len() as f64, 0),
        };
        Some(fixed(number, decimals))
    }

    /// What can be answered.
    fn options(&self, stop: Stop) -> Vec<String> {
        match stop {
            Stop::Hidden => (0..CHOICES).filter_map(|index| self.word(index)).collect(),
            other => words::options(other).iter().map(|&option| option.to_owned()).collect(),
        }
    }

    /// Which answer is right, by what was calculated.
    fn right(&self, stop: Stop) -> Option<usize> {
        match stop {
            Stop::Unscaled => {
                let (before, now) = self.before_and_now()?;
                Some(if now > before { 0 } else { 2 - usize::from(now < before) })
            }
            Stop::Hidden => self.row(Tensor::Masked, LOOKED_FROM)?.iter().position(|m| *m == f32::NEG_INFINITY),
            // What three decimals do not show is no difference to look at.
            _ => Some(usize::from(self.apart(Tensor::Weights)? < 5e-4)),
        }
    }

    fn word(&self, index: usize) -> Option<String> {
        Some(self.0.tokens().get(index)?.text.clone())
    }

    fn value(&self, tensor: Tensor, row: usize, column: usize) -> Option<f32> {
        self.0.value(CellRef { tensor, head: 0, row, column })
    }

    fn row(&self, tensor: Tensor, row: usize) -> Option<Vec<f32>> {
        (0..self.0.shape(tensor).1).map(|column| self.value(tensor, row, column)).collect()
    }

    fn apart(&self, tensor: Tensor) -> Option<f32> {
        let (first, second) = (self.row(tensor, FIRST)?, self.row(tensor, SECOND)?);
        Some(first.iter().zip(&second).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max))
    }

    /// The share that the questions ask about, before and after what is compared; the same where nothing is.
    fn before_and_now(&self) -> Option<(f32, f32)> {
        let thumbnail = self.0.weights_now(0)?;
        let now = *thumbnail.values.get(ASKING * thumbnail.shown_columns + ASKED)?;
        let change = || self.value(Tensor::Weights, ASKING, ASKED);
        Some(if self.0.before.is_some() { (now - change()?, now) } else { (now, now) })
    }
}
