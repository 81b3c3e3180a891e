use thiserror::Error;

/// Why inputs were refused. The message says what came, what was expected, and how to mend it.
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
    /// NaN or an infinity among the inputs.
    #[error(
        "{name} holds {} at {index:?}. Attention would spread it over whole rows; replace it with a finite number.",
        not_finite(*value)
    )]
    NotFinite {
        /// Which tensor.
        name: &'static str,
        /// Where the first one is.
        index: Vec<usize>,
        /// NaN or an infinity.
        value: f32,
    },
}

/// How `{value}` is written, without the code that writes finite numbers, which would be a twentieth of the engine.
fn not_finite(value: f32) -> &'static str {
    match value {
        f32::INFINITY => "inf",
        f32::NEG_INFINITY => "-inf",
        _ => "NaN",
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
