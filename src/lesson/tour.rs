//! The guided tour: twelve stops through the standard example, and three questions to predict before the page
//! calculates the answer. A stop says what the page shows; its words take their numbers from what was calculated.

use super::{
    STANDARD_EXAMPLE, Session, Step, Zoom,
    number::{fixed, percent},
    scene::Data,
    spot::{
        Part,
        Spot::{self, Matrix},
    },
    words::tour as words,
};
use crate::attention::Window;
use crate::embedding::Positions;
use crate::protocol::{CellRef, Setup, Tensor};

/// A stop of the tour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
            Stop::Tokens => (Step::Tokens, cell(Tensor::Tokens, 0, 4)),
            Stop::Embeddings => (Step::Embed, cell(Tensor::WordEmbeddings, 4, 0)),
            Stop::Positions => (Step::Embed, cell(Tensor::Input, 4, 0)),
            Stop::Projections | Stop::Heads => (Step::Project, None),
            Stop::Scores => (Step::Scores, cell(Tensor::Scores, ASKING, ASKED)),
            Stop::Scaling => (Step::Scale, cell(Tensor::Scaled, ASKING, ASKED)),
            Stop::Mask => (Step::Mask, cell(Tensor::Masked, LOOKING, LOOKING + 1)),
            Stop::Exponentials => (Step::Softmax, None),
            Stop::Shares | Stop::Unscaled => (Step::Softmax, cell(Tensor::Weights, ASKING, ASKED)),
            Stop::Mixing => (Step::Mix, cell(Tensor::Mixed, ASKING, 0)),
            Stop::Output => (Step::Output, None),
            Stop::Hidden => (Step::Mask, None),
            Stop::Alike => (Step::Softmax, None),
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
        let of_the_page = session.clone();
        *session = Session {
            step,
            position: self.end(),
            setup,
            before,
            pinned,
            engine: of_the_page.engine,
            speed: of_the_page.speed,
            theme: of_the_page.theme,
            shares_map: of_the_page.shares_map,
            signed_map: of_the_page.signed_map,
            sight: of_the_page.sight,
            ..Session::default()
        };
    }

    /// How far into the step the stop is.
    fn end(self) -> f64 {
        // The softmax's third part, before it ends.
        if self == Stop::Exponentials { 0.74 } else { 1.0 }
    }
}

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
#[derive(Clone, Debug, PartialEq)]
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
        let now = session.clone();
        *session = Session {
            engine: now.engine,
            speed: now.speed,
            theme: now.theme,
            shares_map: now.shares_map,
            signed_map: now.signed_map,
            sight: now.sight,
            ..self.own
        };
    }

    /// A sentence that a person typed on the way stays theirs.
    fn keep_typed(&mut self, session: &Session) {
        if session.sentence != STANDARD_EXAMPLE && !session.sentence.trim().is_empty() {
            self.own.sentence.clone_from(&session.sentence);
        }
    }

    /// What the stop says, once the numbers that it speaks of are here.
    pub fn card(&self, data: &Data) -> Option<Card> {
        let mut shown = Session::default();
        self.stop.show(&mut shown, self.chosen.is_some());
        let is_example = data.tokens.iter().map(|token| token.text.as_str()).eq(STANDARD_EXAMPLE.split(' '));
        if !is_example || data.setup != shown.setup || data.before != shown.before || data.zoom != Zoom::ALL {
            return None;
        }
        let facts = Facts(data);
        let (text, options) = facts.text(self.stop)?;
        let answer = match self.chosen {
            Some(_) => Some(facts.answer(self.stop)?),
            None => None,
        };
        Some(Card { title: words::title(self.stop), text, options, answer })
    }
}

/// What the words are made of.
struct Facts<'a>(&'a Data);

impl Facts<'_> {
    /// What a stop says, and what can be answered.
    fn text(&self, stop: Stop) -> Option<(String, Vec<String>)> {
        let data = self.0;
        let (heads, width) = (data.setup.heads, data.setup.width / data.setup.heads);
        let word = |index| self.word(index);
        let (first, second) = self.same_word()?;
        let text = match stop {
            Stop::Tokens => words::tokens(STANDARD_EXAMPLE, data.tokens.len(), first, second),
            Stop::Embeddings => words::embeddings(data.setup.width, &self.apart(Tensor::WordEmbeddings)?),
            Stop::Positions => words::positions(&self.apart(Tensor::Input)?),
            Stop::Projections => words::PROJECTIONS.to_owned(),
            Stop::Heads => words::heads(heads, width),
            Stop::Scores => {
                let score = fixed(self.value(Tensor::Scores, ASKING, ASKED)?.into(), 3);
                words::scores(word(ASKING), word(ASKED), width, &score)
            }
            Stop::Scaling => {
                let [from, to] = [self.largest(Tensor::Scores)?, self.largest(Tensor::Scaled)?];
                words::scaling(width, &fixed((width as f64).sqrt(), 0), &from, &to)
            }
            Stop::Mask => words::mask(self.hidden()?, data.tokens.len(), word(LOOKING), word(LOOKING + 1)),
            Stop::Exponentials => words::EXPONENTIALS.to_owned(),
            Stop::Shares => {
                let row = self.row(Tensor::Weights, ASKING)?;
                let shares: Vec<String> = row.iter().map(|share| fixed((*share).into(), 3)).collect();
                let sum = fixed(self.value(Tensor::RowSums, ASKING, 0)?.into(), 3);
                words::shares(word(ASKING), &shares.join(" + "), &sum)
            }
            Stop::Mixing => {
                let (most, share) = largest(&self.row(Tensor::Weights, ASKING)?)?;
                words::mixing(word(ASKING), word(most), &percent(share.into()))
            }
            Stop::Output => words::output(heads),
            Stop::Unscaled => {
                let (before, _) = self.before_and_now(ASKING, ASKED)?;
                words::unscaled(word(ASKING), word(ASKED), &percent(before.into()))
            }
            Stop::Hidden => words::hidden(word(LOOKED_FROM)),
            Stop::Alike => words::alike(first, second),
        };
        let options = match stop {
            Stop::Unscaled => words::UNSCALED.map(str::to_owned).to_vec(),
            Stop::Hidden => (0..CHOICES).map(|index| word(index).to_owned()).collect(),
            Stop::Alike => words::ALIKE.map(str::to_owned).to_vec(),
            _ => Vec::new(),
        };
        Some((text, options))
    }

    /// What the page calculated, and which answer that makes right.
    fn answer(&self, stop: Stop) -> Option<(String, usize)> {
        match stop {
            Stop::Unscaled => {
                let (before, now) = self.before_and_now(ASKING, ASKED)?;
                let root = fixed(((self.0.setup.width / self.0.setup.heads) as f64).sqrt(), 0);
                let right = if now > before { 0 } else { 2 - usize::from(now < before) };
                Some((words::unscaled_answer(right, &percent(before.into()), &percent(now.into()), &root), right))
            }
            Stop::Hidden => {
                let row = self.row(Tensor::Masked, LOOKED_FROM)?;
                let hidden: Vec<usize> = (0..row.len()).filter(|&key| row[key] == f32::NEG_INFINITY).collect();
                let all: Vec<&str> = hidden.iter().map(|&key| self.word(key)).collect();
                Some((words::hidden_answer(self.word(LOOKED_FROM), &all), *hidden.first()?))
            }
            Stop::Alike => {
                let difference = self.difference(Tensor::Weights)?;
                // What three decimals do not show is no difference to look at.
                let right = usize::from(difference < 5e-4);
                Some((words::alike_answer(right, &fixed(difference.into(), 3)), right))
            }
            _ => None,
        }
    }

    fn word(&self, index: usize) -> &str {
        &self.0.tokens[index].text
    }

    /// The first two tokens that are the same word, with their places.
    fn same_word(&self) -> Option<((&str, usize), (&str, usize))> {
        let tokens = &self.0.tokens;
        let (first, second) = self.same_places()?;
        Some(((&tokens[first].text, first), (&tokens[second].text, second)))
    }

    fn same_places(&self) -> Option<(usize, usize)> {
        let tokens = &self.0.tokens;
        let later = |first: usize| (first + 1..tokens.len()).find(|&second| tokens[second].id == tokens[first].id);
        (0..tokens.len()).find_map(|first| Some((first, later(first)?)))
    }

    fn value(&self, tensor: Tensor, row: usize, column: usize) -> Option<f32> {
        self.0.value(CellRef { tensor, head: 0, row, column })
    }

    fn row(&self, tensor: Tensor, row: usize) -> Option<Vec<f32>> {
        (0..self.0.shape(tensor).1).map(|column| self.value(tensor, row, column)).collect()
    }

    /// The largest difference between the rows of the two tokens that are the same word.
    fn difference(&self, tensor: Tensor) -> Option<f32> {
        let (first, second) = self.same_places()?;
        let (first, second) = (self.row(tensor, first)?, self.row(tensor, second)?);
        Some(first.iter().zip(&second).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max))
    }

    fn apart(&self, tensor: Tensor) -> Option<String> {
        Some(fixed(self.difference(tensor)?.into(), 3))
    }

    fn largest(&self, tensor: Tensor) -> Option<String> {
        Some(fixed(self.0.on_stage(tensor, 0)?.largest.into(), 2))
    }

    /// How many pairs may not be seen.
    fn hidden(&self) -> Option<usize> {
        let matrix = self.0.on_stage(Tensor::Masked, 0)?;
        Some(matrix.values.iter().filter(|value| **value == f32::NEG_INFINITY).count())
    }

    /// A share before and after what is compared; the same where nothing is.
    fn before_and_now(&self, row: usize, column: usize) -> Option<(f32, f32)> {
        let thumbnail = self.0.in_thumbnail(Tensor::Weights, 0)?;
        let now = thumbnail.values[row * thumbnail.shown_columns + column];
        let change = self.value(Tensor::Weights, row, column)?;
        Some(if self.0.before.is_some() { (now - change, now) } else { (now, now) })
    }
}

fn largest(row: &[f32]) -> Option<(usize, f32)> {
    row.iter().copied().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))
}
