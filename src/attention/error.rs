use thiserror::Error;

/// What the messages call the tensors: the word, and the name of the argument in JavaScript.
pub(super) const QUERIES: &str = "queries (q)";
pub(super) const KEYS: &str = "keys (k)";
pub(super) const VALUES: &str = "values (v)";
pub(super) const MASK: &str = "mask";
pub(super) const PAST_KEYS: &str = "past keys (pastKey)";
pub(super) const PAST_VALUES: &str = "past values (pastValue)";

/// Why inputs were refused. The message says what was expected, and, but for a number of the config, what came.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Error {
    /// A tensor has an axis of length 0.
    #[error("{name} has shape {shape:?}, which holds no numbers. Every axis needs at least one element.")]
    Empty {
        /// Which tensor.
        name: &'static str,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Two tensors differ on an axis that they share.
    #[error(
        "{left} has shape {left_shape:?} and {right} has shape {right_shape:?}: they disagree on axis {axis} \
         ({axis_name}), {} against {}. Give both the same {axis_name}.",
        left_shape[*axis], right_shape[*axis]
    )]
    ShapesDisagree {
        /// One tensor.
        left: &'static str,
        /// Its shape.
        left_shape: Vec<usize>,
        /// The other tensor.
        right: &'static str,
        /// Its shape.
        right_shape: Vec<usize>,
        /// The axis they disagree on.
        axis: usize,
        /// What that axis means.
        axis_name: &'static str,
    },
    /// A tensor does not have the shape that the others ask for.
    #[error("{name} has shape {shape:?}, but {expected:?} was expected: {reason}.")]
    WrongShape {
        /// Which tensor.
        name: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// The shape that would fit.
        expected: Vec<usize>,
        /// Where that shape comes from.
        reason: &'static str,
    },
    /// The model width cannot be cut into that many heads.
    #[error(
        "{heads} heads cannot share a model width of {width} evenly. Head counts up to 16 that fit width {width}: {}. \
         Widths nearest to {width} that fit {heads} heads: {}.",
        list(&head_counts_that_fit(*width)), list(&widths_that_fit(*width, *heads))
    )]
    HeadsDoNotDivideWidth {
        /// `E`.
        width: usize,
        /// `H`.
        heads: usize,
    },
    /// The query heads cannot share the key heads evenly.
    #[error(
        "queries (q) have {heads} heads, keys and values {key_heads}: {heads} is not a multiple of {key_heads}, so they \
         can't be shared out evenly. Give keys and values as many heads as the queries, or a divisor of {heads}."
    )]
    HeadsDoNotGroup {
        /// `H`.
        heads: usize,
        /// `H_k`.
        key_heads: usize,
    },
    /// There is not one length for each batch, or one is longer than the keys.
    #[error(
        "key lengths (keyLengths) are {lengths:?}, but there is a batch of {batch} with {key_len} keys each. Give one \
         number from 0 to {key_len} for each of the batch: how many of its keys are no padding."
    )]
    KeyLengths {
        /// What came.
        lengths: Vec<usize>,
        /// `B`.
        batch: usize,
        /// `S_k`.
        key_len: usize,
    },
    /// A mask does not broadcast to the scores.
    #[error(
        "mask has shape {shape:?}, which does not broadcast to the scores' {full:?} (batch, heads, queries, keys). \
         Compared from the right, each axis but the keys' must be as long or 1; there may be fewer keys, and those \
         beyond the mask are hidden."
    )]
    MaskShape {
        /// What came.
        shape: Vec<usize>,
        /// `[B, H, S_q, S_k]`.
        full: [usize; 4],
    },
    /// The result would take more memory than there is.
    #[error(
        "The result would take {mebibytes} MiB, and this engine holds {limit} MiB. With as many heads and outputs, about \
         {len} queries against {len} keys fit. Ask for fewer outputs, or for the heads or queries in parts."
    )]
    TooLarge {
        /// How much it would take, in MiB.
        mebibytes: u64,
        /// How much there may be, in MiB.
        limit: u64,
        /// How many queries and keys would fit.
        len: usize,
    },
    /// A number of the config makes no sense.
    #[error("{name} is not usable: it must be {expected}.")]
    BadNumber {
        /// Which number.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// NaN or an infinity that would be used.
    #[error("{name} holds {} at {index:?}. {}", not_finite(*value), why_finite(name))]
    NotFinite {
        /// Which tensor.
        name: &'static str,
        /// Where the first one is.
        index: Vec<usize>,
        /// NaN or an infinity.
        value: f32,
    },
}

/// What it is, in JavaScript's words, without the code that writes finite numbers, which would be a twentieth of the engine.
fn not_finite(value: f32) -> &'static str {
    match value {
        f32::INFINITY => "Infinity",
        f32::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

fn why_finite(name: &str) -> &'static str {
    if name == MASK {
        "What is added to a score must be a finite number, or -Infinity to hide the key."
    } else {
        "Attention would spread it over whole rows; replace it with a finite number, or hide it by a mask."
    }
}

/// The head counts up to 16 that divide this width.
fn head_counts_that_fit(width: usize) -> Vec<usize> {
    (1..=width.min(16)).filter(|heads| width.is_multiple_of(*heads)).collect()
}

/// The multiples of `heads` just below and just above this width.
fn widths_that_fit(width: usize, heads: usize) -> Vec<usize> {
    let Some(below) = width.checked_div(heads).map(|times| times * heads) else {
        return Vec::new();
    };
    [below, below + heads].into_iter().filter(|width| *width > 0).collect()
}

fn list(numbers: &[usize]) -> String {
    match numbers.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.to_string(),
        Some((last, rest)) => {
            let rest: Vec<String> = rest.iter().map(usize::to_string).collect();
            format!("{} and {last}", rest.join(", "))
        }
    }
}
