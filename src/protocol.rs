//! What the page and the engine say to each other.
//!
//! The page sends a [`Request`], the engine answers with a [`Reply`]; both travel as bytes ([`to_bytes`],
//! [`from_bytes`]) whose buffer is handed over, not copied. The engine speaks only when it is spoken to, so no
//! message is lost while either side is still loading. A message from the engine that is a string and not bytes says
//! that the engine has died, and why.

mod given;

use std::ops::Range;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use crate::{
    attention::Window,
    embedding::{Positions, Token},
};
pub use given::{Along, Axes, Begins, Found, FoundTensor, FromFile, Given, Layout, Part, Place, Role, Sizes, Unfit};

/// Which build this is. Page and engine compare theirs in their first messages, so that a stale file in a cache
/// becomes a clear message.
pub const BUILD: &str = match option_env!("HEADLIGHT_BUILD") {
    Some(build) => build,
    None => "development",
};

/// How many tokens one run takes, those of all its sentences together; what comes after them is left out, and the page
/// says so.
pub const MOST_TOKENS: usize = 4096;

/// How many sentences one run takes.
pub const MOST_SENTENCES: usize = 32;

/// The widest model the page sets up: `E`.
pub const WIDEST_MODEL: usize = 512;

/// The base of rotary positions, as first published.
pub const ROTARY_BASE: f32 = 10_000.0;

/// Everything that attention is set up with, besides the sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// What `torch.manual_seed(seed)` would be given.
    pub seed: u64,
    /// `H`.
    pub heads: usize,
    /// `E`.
    pub width: usize,
    /// What is added to the word embeddings.
    pub positions: Positions,
    /// How far back and ahead a token may look.
    pub mask: Window,
    /// How many tokens of padding come after the longest sentence's own, and as many more after those of shorter ones; no
    /// query may see them.
    pub padding: usize,
    /// What was painted by hand over the rest of the mask, in the order of queries and keys. What lies outside of a sentence
    /// is left alone.
    pub painted: Vec<Paint>,
    /// Whether scores are divided by √D.
    pub is_scaled: bool,
    /// What scaled scores are divided by.
    pub temperature: f32,
    /// What no scaled score passes, if anything.
    pub softcap: Option<f32>,
    /// The heads, from 0 and in order, whose mixed values count as 0.
    pub heads_off: Vec<usize>,
    /// Whether keys and values are made of a second sentence (cross-attention), and not of the same one.
    pub is_cross: bool,
    /// Tensors out of files, in the place of sentences. Heads, model width and whether it is cross-attention are theirs then;
    /// there are no positions, and no padding.
    pub given: Option<Box<Given>>,
}

impl Default for Setup {
    /// The standard example's.
    fn default() -> Self {
        Self {
            seed: 42,
            heads: 4,
            width: 64,
            positions: Positions::Sinusoidal,
            mask: Window::OPEN,
            padding: 0,
            painted: Vec::new(),
            is_scaled: true,
            temperature: 1.0,
            softcap: None,
            heads_off: Vec::new(),
            is_cross: false,
            given: None,
        }
    }
}

/// One cell of the mask, painted by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paint {
    /// Which query.
    pub query: usize,
    /// Which key.
    pub key: usize,
    /// Whether the query sees the key, whatever the rest of the mask says.
    pub is_seen: bool,
}

impl From<(usize, usize, bool)> for Paint {
    fn from((query, key, is_seen): (usize, usize, bool)) -> Self {
        Self { query, key, is_seen }
    }
}

impl Setup {
    /// Where it begins, if not with a sentence.
    pub fn begins(&self) -> Option<Begins> {
        self.given.as_ref().map(|given| given.begins)
    }

    /// Whether a query may see a key, of a sentence with so many keys, those of padding left out. Padding may not be seen,
    /// whatever is painted: at its place another sentence of the batch may have a word.
    pub fn sees(&self, query: usize, key: usize, len: usize) -> bool {
        match self.paint_at(query, key) {
            Ok(at) => key < len && self.painted[at].is_seen,
            Err(_) => self.sees_unpainted(query, key, len),
        }
    }

    /// The same without what was painted.
    pub fn sees_unpainted(&self, query: usize, key: usize, len: usize) -> bool {
        key < len && self.mask.sees(query as isize, key)
    }

    /// Switches a head on or off.
    pub fn switch_head(&mut self, head: usize, is_on: bool) {
        match (self.heads_off.binary_search(&head), is_on) {
            (Ok(at), true) => drop(self.heads_off.remove(at)),
            (Err(at), false) => self.heads_off.insert(at, head),
            _ => {}
        }
    }

    /// Paints one cell of the mask, or takes the paint away, so that the key is seen or hidden. Padding takes no paint.
    pub fn paint(&mut self, query: usize, key: usize, is_seen: bool, len: usize) {
        if key >= len {
            return;
        }
        match (self.paint_at(query, key), self.sees_unpainted(query, key, len) == is_seen) {
            (Ok(at), true) => drop(self.painted.remove(at)),
            (Ok(at), false) => self.painted[at].is_seen = is_seen,
            (Err(at), false) => self.painted.insert(at, Paint { query, key, is_seen }),
            (Err(_), true) => {}
        }
    }

    /// Whether any paint says something else than the rest of the mask.
    pub fn is_painted(&self) -> bool {
        self.painted.iter().any(|paint| self.sees_unpainted(paint.query, paint.key, usize::MAX) != paint.is_seen)
    }

    /// Where the paint of a pair is in the list, or would be.
    pub fn paint_at(&self, query: usize, key: usize) -> Result<usize, usize> {
        self.painted.binary_search_by_key(&(query, key), |paint| (paint.query, paint.key))
    }

    /// The same for every cell on the straight way from one to another, but for the one that it begins at.
    pub fn paint_on_the_way(&mut self, from: (usize, usize), to: (usize, usize), is_seen: bool, len: usize) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        // To the nearest cell; in the middle between two, to the later one.
        let at = |from: usize, to: usize, step: usize| (2 * (from * (steps - step) + to * step) + steps) / (2 * steps);
        for step in 1..=steps {
            self.paint(at(from.0, to.0, step), at(from.1, to.1, step), is_seen, len);
        }
    }

    /// The paint that lies in a sentence of so many tokens. The rest waits for a longer one.
    pub fn painted_within(&self, lengths: impl Into<Lengths>) -> impl Iterator<Item = Paint> {
        let Lengths { queries, keys } = lengths.into();
        self.painted.iter().copied().filter(move |paint| paint.query < queries && paint.key < keys)
    }

    /// This set-up without the paint that lies outside of a sentence of so many tokens.
    pub fn within(&self, lengths: impl Into<Lengths>) -> Self {
        Self { painted: self.painted_within(lengths).collect(), ..self.clone() }
    }
}

/// The tensors that the page can ask for. `S` tokens, `E` model width, `D` head width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tensor {
    /// The tokens' ids, `[1, S]`.
    Tokens,
    /// One row a word, `[S, E]`.
    WordEmbeddings,
    /// One row a position, `[S, E]`.
    Positions,
    /// `X = word embeddings + positions`, `[S, E]`.
    Input,
    /// The head's columns of `W_q`, `[E, D]`.
    QueryWeights,
    /// The head's columns of `W_k`, `[E, D]`.
    KeyWeights,
    /// The head's columns of `W_v`, `[E, D]`.
    ValueWeights,
    /// `Q = X · W_q`, `[S, D]` of the head.
    Queries,
    /// `K = X · W_k`, `[S, D]` of the head.
    Keys,
    /// `V = X · W_v`, `[S, D]` of the head.
    Values,
    /// `Q · Kᵀ`, `[S, S]` of the head.
    Scores,
    /// `scores / √D`, bent by a softcap where there is one; `[S, S]` of the head.
    Scaled,
    /// What mask and distance add: 0 or −∞, with ALiBi less the farther apart; `[S, S]` of the head.
    Mask,
    /// `scaled + mask`, −∞ where the key may not be seen: `[S, S]` of the head.
    Masked,
    /// The largest masked score of each row, `[S, 1]` of the head.
    RowMax,
    /// `masked − row max`, `[S, S]` of the head.
    Shifted,
    /// `exp(shifted)`, `[S, S]` of the head.
    Exponentials,
    /// The sum of each row's exponentials, `[S, 1]` of the head.
    ExponentialSums,
    /// `A = softmax(masked)`, `[S, S]` of the head.
    Weights,
    /// The sum of each row's attention weights, `[S, 1]` of the head.
    RowSums,
    /// `Z = A · V`, `[S, D]` of the head.
    Mixed,
    /// `Z` of all heads side by side, `[S, E]`.
    Heads,
    /// `W_o`, `[E, E]`.
    OutputWeights,
    /// `Y = heads · W_o`, `[S, E]`.
    Output,
    /// In cross-attention, [`Tensor::Tokens`] of the sentence that keys and values are made of.
    KeyTokens,
    /// In cross-attention, its [`Tensor::WordEmbeddings`].
    KeyWordEmbeddings,
    /// In cross-attention, its [`Tensor::Positions`].
    KeyPositions,
    /// In cross-attention, its [`Tensor::Input`].
    KeyInput,
}

/// How many tokens there are: as queries, and as keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// As queries.
    pub queries: usize,
    /// As keys.
    pub keys: usize,
}

impl From<usize> for Lengths {
    /// Those of a sentence that attends to itself.
    fn from(len: usize) -> Self {
        Self { queries: len, keys: len }
    }
}

/// What the rows or the columns of a matrix stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// For nothing: there is one alone.
    One,
    /// One for each token, as what looks.
    Queries,
    /// One for each token, as what is looked at.
    Keys,
    /// One for each dimension of the model width.
    Width,
    /// One for each dimension of the head's width.
    HeadWidth,
}

impl Axis {
    /// Whether there is one for each token.
    pub fn is_of_tokens(self) -> bool {
        matches!(self, Axis::Queries | Axis::Keys)
    }
}

impl Tensor {
    /// What the rows and the columns of one head's part stand for.
    pub fn axes(self) -> (Axis, Axis) {
        match self {
            Tensor::Tokens => (Axis::One, Axis::Queries),
            Tensor::KeyTokens => (Axis::One, Axis::Keys),
            Tensor::KeyWordEmbeddings | Tensor::KeyPositions | Tensor::KeyInput => (Axis::Keys, Axis::Width),
            Tensor::WordEmbeddings | Tensor::Positions | Tensor::Input | Tensor::Heads | Tensor::Output => {
                (Axis::Queries, Axis::Width)
            }
            Tensor::QueryWeights | Tensor::KeyWeights | Tensor::ValueWeights => (Axis::Width, Axis::HeadWidth),
            Tensor::Queries | Tensor::Mixed => (Axis::Queries, Axis::HeadWidth),
            Tensor::Keys | Tensor::Values => (Axis::Keys, Axis::HeadWidth),
            Tensor::Scores
            | Tensor::Scaled
            | Tensor::Mask
            | Tensor::Masked
            | Tensor::Shifted
            | Tensor::Exponentials
            | Tensor::Weights => (Axis::Queries, Axis::Keys),
            Tensor::RowMax | Tensor::ExponentialSums | Tensor::RowSums => (Axis::Queries, Axis::One),
            Tensor::OutputWeights => (Axis::Width, Axis::Width),
        }
    }

    /// Whether there is such a tensor: those of a second sentence, only where there is one; of tensors out of files, those and
    /// what follows from them.
    pub fn is_of(self, setup: &Setup) -> bool {
        let follows = match setup.begins() {
            None => true,
            Some(begins) if self.is_given_with(begins) => true,
            // Tokens have names there, and no ids.
            Some(Begins::Input) => {
                !matches!(self.of_queries(), Tensor::Tokens | Tensor::WordEmbeddings | Tensor::Positions)
            }
            Some(Begins::Projections) => {
                let (rows, columns) = self.axes();
                self == Tensor::Mixed || rows == Axis::Queries && matches!(columns, Axis::Keys | Axis::One)
            }
            Some(Begins::Weights) => self == Tensor::RowSums,
        };
        follows && (setup.is_cross || self == self.of_queries())
    }

    /// Whether it came out of a file as it is.
    pub fn is_given(self, setup: &Setup) -> bool {
        setup.begins().is_some_and(|begins| self.is_given_with(begins))
    }

    fn is_given_with(self, begins: Begins) -> bool {
        match begins {
            Begins::Input => matches!(
                self.of_queries(),
                Tensor::Input
                    | Tensor::QueryWeights
                    | Tensor::KeyWeights
                    | Tensor::ValueWeights
                    | Tensor::OutputWeights
            ),
            Begins::Projections => matches!(self, Tensor::Queries | Tensor::Keys | Tensor::Values),
            Begins::Weights => self == Tensor::Weights,
        }
    }

    /// What this tensor is of the sentence that queries are made of.
    pub fn of_queries(self) -> Self {
        match self {
            Tensor::KeyTokens => Tensor::Tokens,
            Tensor::KeyWordEmbeddings => Tensor::WordEmbeddings,
            Tensor::KeyPositions => Tensor::Positions,
            Tensor::KeyInput => Tensor::Input,
            other => other,
        }
    }

    /// What this tensor is of the sentence that keys and values are made of.
    pub fn of_keys(self, setup: &Setup) -> Self {
        match self {
            Tensor::Tokens if setup.is_cross => Tensor::KeyTokens,
            Tensor::WordEmbeddings if setup.is_cross => Tensor::KeyWordEmbeddings,
            Tensor::Positions if setup.is_cross => Tensor::KeyPositions,
            Tensor::Input if setup.is_cross => Tensor::KeyInput,
            other => other,
        }
    }

    /// Whether one head's part has the same shape in two set-ups, so that it can be said what changed.
    pub fn can_be_compared(self, head: usize, setup: &Setup, before: &Setup) -> bool {
        let has_tokens = [self.axes().0, self.axes().1].into_iter().any(Axis::is_of_tokens);
        self.of_queries() != Tensor::Tokens
            && head < before.heads
            && self.shape(1, setup) == self.shape(1, before)
            && (!has_tokens || (setup.padding, setup.is_cross) == (before.padding, before.is_cross))
    }

    /// All of them, in the order in which they are made; those of cross-attention alone at the end.
    pub const ALL: [Self; 28] = [
        Tensor::Tokens,
        Tensor::WordEmbeddings,
        Tensor::Positions,
        Tensor::Input,
        Tensor::QueryWeights,
        Tensor::KeyWeights,
        Tensor::ValueWeights,
        Tensor::Queries,
        Tensor::Keys,
        Tensor::Values,
        Tensor::Scores,
        Tensor::Scaled,
        Tensor::Mask,
        Tensor::Masked,
        Tensor::RowMax,
        Tensor::Shifted,
        Tensor::Exponentials,
        Tensor::ExponentialSums,
        Tensor::Weights,
        Tensor::RowSums,
        Tensor::Mixed,
        Tensor::Heads,
        Tensor::OutputWeights,
        Tensor::Output,
        Tensor::KeyTokens,
        Tensor::KeyWordEmbeddings,
        Tensor::KeyPositions,
        Tensor::KeyInput,
    ];

    /// What it is called in files and in code.
    pub fn name(self) -> &'static str {
        match self {
            Tensor::Tokens => "token_ids",
            Tensor::WordEmbeddings => "word_embeddings",
            Tensor::Positions => "positional_encodings",
            Tensor::Input => "x",
            Tensor::QueryWeights => "w_q",
            Tensor::KeyWeights => "w_k",
            Tensor::ValueWeights => "w_v",
            Tensor::Queries => "queries",
            Tensor::Keys => "keys",
            Tensor::Values => "values",
            Tensor::Scores => "scores",
            Tensor::Scaled => "scaled_scores",
            Tensor::Mask => "mask",
            Tensor::Masked => "masked_scores",
            Tensor::RowMax => "row_max",
            Tensor::Shifted => "shifted_scores",
            Tensor::Exponentials => "exponentials",
            Tensor::ExponentialSums => "exponential_sums",
            Tensor::Weights => "attention_weights",
            Tensor::RowSums => "row_sums",
            Tensor::Mixed => "attended_values",
            Tensor::Heads => "concatenated_heads",
            Tensor::OutputWeights => "w_o",
            Tensor::Output => "output",
            Tensor::KeyTokens => "memory_token_ids",
            Tensor::KeyWordEmbeddings => "memory_word_embeddings",
            Tensor::KeyPositions => "memory_positional_encodings",
            Tensor::KeyInput => "memory",
        }
    }

    /// Whether it is different in every head.
    pub fn has_heads(self) -> bool {
        !matches!(
            self.of_queries(),
            Tensor::Tokens
                | Tensor::WordEmbeddings
                | Tensor::Positions
                | Tensor::Input
                | Tensor::Heads
                | Tensor::OutputWeights
                | Tensor::Output
        )
    }

    /// The shape of the whole tensor, batch and heads included, as a practitioner would print it.
    pub fn full_shape(self, batch: &[Item], setup: &Setup) -> Vec<usize> {
        let (rows, columns) = self.shape(batch[0].lengths(), setup);
        match self.of_queries() {
            Tensor::Positions => vec![rows, columns],
            // One sentence has them without a batch.
            Tensor::WordEmbeddings if batch.len() == 1 => vec![rows, columns],
            Tensor::QueryWeights | Tensor::KeyWeights | Tensor::ValueWeights | Tensor::OutputWeights => {
                vec![setup.width, setup.width]
            }
            // ALiBi's is another in every head.
            Tensor::Mask if setup.positions != Positions::Alibi && batch.len() == 1 => vec![rows, columns],
            Tensor::Mask if setup.positions != Positions::Alibi => vec![batch.len(), 1, rows, columns],
            Tensor::Tokens => vec![batch.len(), columns],
            Tensor::WordEmbeddings | Tensor::Input | Tensor::Heads | Tensor::Output => vec![batch.len(), rows, columns],
            _ => vec![batch.len(), setup.heads, rows, columns],
        }
    }

    /// How many rows and columns one head's part has, of so many tokens.
    pub fn shape(self, lengths: impl Into<Lengths>, setup: &Setup) -> (usize, usize) {
        let lengths = lengths.into();
        let count = |axis| match axis {
            Axis::One => 1,
            Axis::Queries => lengths.queries,
            Axis::Keys => lengths.keys,
            Axis::Width => setup.width,
            Axis::HeadWidth => setup.width / setup.heads,
        };
        let (rows, columns) = self.axes();
        (count(rows), count(columns))
    }
}

/// Some rows or columns, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first of them.
    pub first: usize,
    /// How many, as far as there are so many.
    pub count: usize,
}

impl Span {
    /// All that there are.
    pub const ALL: Self = Self { first: 0, count: usize::MAX };

    /// Those that there are of so many; at least one.
    pub fn within(self, len: usize) -> Range<usize> {
        let first = self.first.min(len.saturating_sub(1));
        first..first + self.count.clamp(1, (len - first).max(1))
    }
}

/// A matrix that the page wants to see: a part of one tensor, of one head where it has heads.
///
/// A part larger than `most_rows × most_columns` is reduced where it lies: each block of cells becomes its value
/// of largest magnitude, so that one bright cell is never lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slice {
    /// Of which sentence, from 0; of others than the run has, nothing is answered.
    pub item: usize,
    /// Which tensor.
    pub tensor: Tensor,
    /// Which head, from 0, of those that the run has; others are not answered. Tensors without heads ignore which.
    pub head: usize,
    /// Which rows.
    pub rows: Span,
    /// Which columns.
    pub columns: Span,
    /// No more rows than these are sent.
    pub most_rows: usize,
    /// No more columns than these are sent.
    pub most_columns: usize,
    /// Whether it is of the change: what stands there now, minus what stood there with the set-up before.
    pub is_change: bool,
}

/// The numbers of a [`Slice`], row by row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    /// The tensor's first row in it.
    pub first_row: usize,
    /// The tensor's first column in it.
    pub first_column: usize,
    /// How many of the tensor's rows it is of.
    pub rows: usize,
    /// How many of the tensor's columns it is of.
    pub columns: usize,
    /// How many rows came.
    pub shown_rows: usize,
    /// How many columns came.
    pub shown_columns: usize,
    /// `shown_rows × shown_columns` numbers; −∞ stands for a masked cell and for nothing else.
    pub values: Vec<f32>,
    /// The largest magnitude among the finite numbers of the whole tensor, of this head.
    pub largest: f32,
    /// Whether these are changes: see [`Slice::is_change`].
    pub is_change: bool,
}

impl Matrix {
    /// Whether every number of its rows and columns came.
    pub fn is_whole(&self) -> bool {
        (self.shown_rows, self.shown_columns) == (self.rows, self.columns)
    }

    /// The number in this row and column of the tensor, of a matrix that came in full and has it.
    pub fn number(&self, row: usize, column: usize) -> f32 {
        self.values[(row - self.first_row) * self.columns + column - self.first_column]
    }
}

/// One number of the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CellRef {
    /// Of which tensor.
    pub tensor: Tensor,
    /// Of which head.
    pub head: usize,
    /// In which row.
    pub row: usize,
    /// In which column.
    pub column: usize,
}

/// One stored number and the stored numbers that it was made from.
///
/// `left` and `right` are, for a matrix product, the row and the column; for a sum, difference or scaling the two
/// operands; for a softmax weight the row of masked scores and the row of weights; for a row's maximum or sum the
/// row; for a number drawn at random, the same draw once more; for a number that rotary positions turned, `right` is the two
/// columns of weights behind its pair; empty where the number was not made from others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operands {
    /// Of which sentence.
    pub item: usize,
    /// Which number.
    pub cell: CellRef,
    /// The number as the engine keeps it.
    pub value: f32,
    /// What stood there with the set-up before, where the two are compared.
    pub before: Option<f32>,
    /// See above.
    pub left: Vec<f32>,
    /// See above.
    pub right: Vec<f32>,
    /// Where in a file it stands, if it came out of one.
    pub from: Option<Box<FromFile>>,
}

/// Which engine is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EngineChoice {
    /// WebGPU where there is an adapter, the CPU otherwise.
    #[default]
    Auto,
    /// WebGPU; the CPU, with the reason, where there is none.
    WebGpu,
    /// The CPU.
    Cpu,
}

/// Which engine calculates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EngineKind {
    /// WebGPU, on this adapter.
    WebGpu {
        /// As the browser names it; "WebGPU" where it names none.
        adapter: String,
    },
    /// The CPU: [`attention::fast`](crate::attention::fast).
    Cpu {
        /// Why not WebGPU, if it was wanted.
        instead_of_webgpu: Option<String>,
    },
}

/// What tensors can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// A table for spreadsheets and pandas; of several tensors a .zip of them.
    Csv,
    /// Nested arrays.
    Json,
    /// NumPy's, for one tensor; of several [`Format::Npz`].
    Npy,
    /// NumPy's archive.
    Npz,
    /// The one that models are shared in.
    Safetensors,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Json, Self::Npy, Self::Npz, Self::Safetensors];

    /// How a file of so many tensors ends.
    pub fn extension(self, tensors: usize) -> &'static str {
        match self {
            Format::Csv if tensors > 1 => "zip",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Npy if tensors > 1 => "npz",
            Format::Npy => "npy",
            Format::Npz => "npz",
            Format::Safetensors => "safetensors",
        }
    }
}

/// What the page asks of the engine.
#[cfg_attr(not(target_arch = "wasm32"), expect(clippy::large_enum_variant, reason = "there is one message at a time"))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// The first message: which build the page is, and which engine it wants. Also changes the engine later.
    Open {
        /// The page's [`BUILD`].
        build: String,
        /// The engine that is wanted.
        engine: EngineChoice,
    },
    /// Calculate everything for this sentence, keep it, and send these matrices. Of several waiting runs only the
    /// newest is done.
    Run {
        /// Counts up with every run.
        run: u64,
        /// What the person typed: a sentence a line, which are calculated together, as a batch.
        sentence: String,
        /// The same for the sentences that keys and values are made of, where the set-up has such: the first for the first,
        /// and so on, and the last for all that are left.
        second: String,
        /// With what.
        setup: Setup,
        /// With what it is compared, if with anything.
        before: Option<Setup>,
        /// What the page shows.
        slices: Vec<Slice>,
    },
    /// Send these matrices of the run that is kept.
    Read {
        /// The run that the page shows; another one is not answered.
        run: u64,
        /// What the page wants to show.
        slices: Vec<Slice>,
    },
    /// Send this number and what it was made from.
    Explain {
        /// The run that the page shows; another one is not answered.
        run: u64,
        /// Of which sentence.
        item: usize,
        /// Which number.
        cell: CellRef,
    },
    /// Calculate it all once more by other means, and send how far the two are apart.
    Check {
        /// The run that the page shows; another one is not answered.
        run: u64,
    },
    /// Write these tensors into a file, all their heads and sentences. In a browser it comes as a `Blob` beside
    /// [`Reply::Written`].
    Write {
        /// The run that the page shows; another one is not answered.
        run: u64,
        /// Which tensors, in this order.
        tensors: Vec<Tensor>,
        /// As what.
        format: Format,
    },
    /// Say what the files hold that came beside this. They are kept until the next come.
    Look {
        /// Counts up with every look.
        look: u64,
    },
}

/// What the engine answers.
#[cfg_attr(not(target_arch = "wasm32"), expect(clippy::large_enum_variant, reason = "there is one message at a time"))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// To [`Request::Open`]: this engine is ready. With [`EngineChoice::Auto`] the CPU is at first, and a second of these
    /// comes, unasked, when a GPU has opened, or has not.
    ///
    /// It is how page and engine find out that they are of different builds: what comes before `engine` stays as it is.
    Opened {
        /// The engine's [`BUILD`].
        build: String,
        /// Which engine it is.
        engine: EngineKind,
    },
    /// To [`Request::Run`].
    Ran(Run),
    /// To [`Request::Run`], when its set-up makes no sense; to [`Request::Check`], when the other engine refuses it.
    Refused {
        /// Which run.
        run: u64,
        /// Why, and what would fit.
        refusal: Refusal,
    },
    /// To [`Request::Read`].
    Slices {
        /// Of which run.
        run: u64,
        /// The matrices that could be made, in the order asked for; the page asks again for the rest.
        slices: Vec<(Slice, Matrix)>,
    },
    /// To [`Request::Explain`].
    Operands {
        /// Of which run.
        run: u64,
        /// The number and what it was made from.
        operands: Operands,
    },
    /// To [`Request::Check`].
    Checked(Check),
    /// To [`Request::Write`].
    Written {
        /// Of which run.
        run: u64,
        /// Why there is no file, if there is none.
        trouble: Option<String>,
    },
    /// To [`Request::Look`].
    Found {
        /// Which look.
        look: u64,
        /// What each file holds.
        files: Vec<Found>,
    },
    /// While a [`Request::Run`] reads tensors out of files.
    Reading {
        /// Which run.
        run: u64,
        /// So many bytes have been read.
        done: u64,
        /// Of so many.
        of: u64,
    },
}

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Which one.
    pub run: u64,
    /// With what it was calculated.
    pub setup: Setup,
    /// With what it is compared, if with anything.
    pub before: Option<Setup>,
    /// The batch: at least one sentence, all of the same length with padding.
    pub batch: Vec<Item>,
    /// What there was more of than a run takes.
    pub left_out: LeftOut,
    /// Who calculated.
    pub engine: EngineKind,
    /// How long the calculation took, read-back included, in milliseconds.
    pub milliseconds: f64,
    /// The matrices that were asked for and could be made, in that order.
    pub slices: Vec<(Slice, Matrix)>,
}

/// One of a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What the sentence was cut into, those of padding at the end.
    pub tokens: Vec<Token>,
    /// The same for the sentence that keys and values are made of: in self-attention the very same.
    pub keys: Vec<Token>,
}

impl Item {
    /// How many tokens there are, those of padding included.
    pub fn lengths(&self) -> Lengths {
        Lengths { queries: self.tokens.len(), keys: self.keys.len() }
    }

    /// How many keys are a sentence's own, and not padding.
    pub fn own_keys(&self) -> usize {
        own_len(&self.keys)
    }

    /// Within what the mask can be painted: padding takes no paint.
    pub fn takes_paint(&self) -> Lengths {
        Lengths { keys: self.own_keys(), ..self.lengths() }
    }
}

/// How many tokens are a sentence's own, and not padding.
pub fn own_len(tokens: &[Token]) -> usize {
    tokens.iter().filter(|token| !token.is_padding()).count()
}

/// What a run left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// So many tokens at the end of sentences of more than [`MOST_TOKENS`].
    pub tokens: usize,
    /// So many sentences, the last ones: more than [`MOST_SENTENCES`], or than may have [`MOST_TOKENS`] together.
    pub sentences: usize,
}

/// A run that was calculated twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Which run.
    pub run: u64,
    /// Who calculated it the second time.
    pub against: Against,
    /// For each stage, how far the two are apart.
    pub stages: Vec<Difference>,
}

/// How far two calculations of a tensor are apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Which tensor, of all heads.
    pub tensor: Tensor,
    /// The largest absolute difference; infinite where one side alone is hidden or no number.
    pub largest: f32,
    /// The largest magnitude among its finite numbers.
    pub magnitude: f32,
}

impl Difference {
    /// How far apart two orders of adding up may be in f32: a hundred-thousandth of the largest number, or of 1.
    pub fn allowed(self) -> f32 {
        1e-5 * self.magnitude.max(1.0)
    }
}

/// What a run is checked against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Against {
    /// The other engine.
    Engine(EngineKind),
    /// Where there is no other engine: the slow and clear calculation that all engines are tested against.
    Reference {
        /// Why there is no other.
        reason: String,
        /// Of so many tokens it was done.
        tokens: usize,
        /// Of so many there are.
        of: usize,
    },
}

/// Why a run was not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Refusal {
    /// There is no token in the sentence.
    NoTokens,
    /// There is none in the second one, which keys and values are to be made of.
    NoKeys,
    /// The model width is 0 or over [`WIDEST_MODEL`].
    Width(usize),
    /// The heads cannot share the model width evenly.
    Heads {
        /// How many heads.
        heads: usize,
        /// The model width.
        width: usize,
    },
    /// A tensor could not be read out of a file, or attention refuses, in their own words.
    Attention(String),
    /// The files of these tensors are not here.
    Gone,
}

/// A message as bytes.
pub fn to_bytes<T: Serialize>(message: &T) -> Vec<u8> {
    postcard::to_allocvec(message).unwrap_or_else(|_| panic!("a message holds nothing that cannot be written"))
}

/// Bytes as a message. `None` where they are none; page and engine are then of different builds.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}
