use ndarray::Array4;
use serde::{Deserialize, Serialize};

use super::{Error, Rules, Shape, Trace, masked, scaled};

/// Which tensors of an attention are wanted; what is not wanted need not be calculated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// See [`Trace::scores`].
    pub scores: bool,
    /// See [`Trace::scaled`].
    pub scaled: bool,
    /// See [`Trace::masked`].
    pub masked: bool,
    /// See [`Trace::weights`].
    pub weights: bool,
    /// See [`Trace::output`].
    pub output: bool,
}

impl Wanted {
    /// All of them.
    pub const ALL: Self = Self { scores: true, scaled: true, masked: true, weights: true, output: true };

    /// Whether the scores are needed after the softmax: as they are, or for what is derived from them.
    pub fn keeps_scores(self) -> bool {
        self.scores || self.scaled || self.masked
    }

    /// Refuses what would take more than so many bytes, before they are taken.
    ///
    /// # Errors
    /// [`Error::TooLarge`], which names the size that would do.
    pub fn check_size(self, shape: Shape, limit: u64) -> Result<(), Error> {
        let Shape { batch, heads, query_len, key_len, value_dim, .. } = shape;
        // In floats, which do not overflow.
        let numbers = |axes: [usize; 4]| axes.into_iter().map(|len| len as f64).product::<f64>();
        // Masked scores are made of scaled ones, and those of the scores.
        let pair_tensors = [self.keeps_scores(), self.scaled || self.masked, self.masked, self.weights];
        let pair_tensors = pair_tensors.into_iter().filter(|wanted| *wanted).count();
        let bytes_per_pair = numbers([batch, heads, pair_tensors, size_of::<f32>()]);
        let output = numbers([batch, heads, query_len, value_dim]) * size_of::<f32>() as f64;
        let bytes = bytes_per_pair * query_len as f64 * key_len as f64 + output;
        if bytes <= limit as f64 {
            return Ok(());
        }
        // Of `a · len² + b · len = limit` the positive root, written so that `a` may be 0.
        let (a, b, limit_bytes) = (bytes_per_pair, output / query_len as f64, limit as f64);
        let len = (2.0 * limit_bytes / (b + (b * b + 4.0 * a * limit_bytes).sqrt())) as usize;
        Err(Error::TooLarge { mebibytes: (bytes / 1_048_576.0).ceil() as u64, limit: limit >> 20, len })
    }
}

/// The tensors of a [`Trace`] that were wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// See [`Trace::scores`].
    pub scores: Option<Array4<f32>>,
    /// See [`Trace::scaled`].
    pub scaled: Option<Array4<f32>>,
    /// See [`Trace::masked`].
    pub masked: Option<Array4<f32>>,
    /// See [`Trace::weights`].
    pub weights: Option<Array4<f32>>,
    /// See [`Trace::output`].
    pub output: Option<Array4<f32>>,
}

impl Outputs {
    /// What is wanted, from what was calculated: `scores` where [`Wanted::keeps_scores`], and weights and output where
    /// they are wanted. Scaled and masked scores are derived here.
    pub fn new(
        rules: &Rules,
        wanted: Wanted,
        scores: Option<Array4<f32>>,
        weights: Option<Array4<f32>>,
        output: Option<Array4<f32>>,
    ) -> Self {
        let scaled_scores = scores.as_ref().filter(|_| wanted.scaled || wanted.masked);
        let scaled_scores = scaled_scores.map(|scores| scaled(scores, rules.factor));
        let masked = scaled_scores.as_ref().filter(|_| wanted.masked).map(|scaled| masked(scaled, rules));
        Self {
            scores: scores.filter(|_| wanted.scores),
            scaled: scaled_scores.filter(|_| wanted.scaled),
            masked,
            weights,
            output,
        }
    }

    /// All five together, if all were wanted.
    pub fn into_trace(self) -> Option<Trace> {
        let Self { scores, scaled, masked, weights, output } = self;
        Some(Trace { scores: scores?, scaled: scaled?, masked: masked?, weights: weights?, output: output? })
    }
}

impl From<Trace> for Outputs {
    fn from(Trace { scores, scaled, masked, weights, output }: Trace) -> Self {
        let (scores, scaled, masked) = (Some(scores), Some(scaled), Some(masked));
        Self { scores, scaled, masked, weights: Some(weights), output: Some(output) }
    }
}
