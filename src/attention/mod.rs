//! Scaled dot-product attention on ndarray, with every intermediate kept.
//!
//! This is the reference that the GPU kernels are held to: four passes over the tensors, each written as the
//! formula reads. Axes are named the same everywhere: `B` batch, `H` heads, `S_q` queries, `S_k` keys, `D` head
//! width, `E` model width (`H · D`).
//!
//! ```
//! use headlight::attention::{Config, Inputs, Mask, attend};
//! use ndarray::Array4;
//!
//! // [B, H, S, D] = [1, 1, 2, 1]: two tokens, one number each.
//! let tokens = Array4::from_shape_vec((1, 1, 2, 1), vec![0.0, 1.0])?;
//! let inputs = Inputs::new(tokens.clone(), tokens.clone(), tokens)?;
//! let trace = attend(&inputs, &Config { mask: Mask::Causal, ..Config::default() });
//!
//! // The first token sees only itself.
//! assert_eq!(trace.weights[[0, 0, 0, 0]], 1.0);
//! assert_eq!(trace.weights[[0, 0, 0, 1]], 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: Vaswani et al., "Attention Is All You Need" (2017), equation 1; the meaning of the intermediates is that
//! of the ONNX operator `Attention`.

mod block;
mod config;
mod error;
mod inputs;
mod mask;
mod softmax;

pub use block::{BlockTrace, BlockWeights, heads_from_width, project, self_attention, width_from_heads};
pub use config::{Config, Scale};
pub use error::Error;
pub use inputs::Inputs;
pub use mask::{Mask, Visibility};
pub use softmax::softmax;

use ndarray::{Array4, ArrayView4, Axis, linalg::general_mat_mul};

/// Every intermediate of one attention, all `[B, H, S_q, S_k]` but the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// `queries · keysᵀ`.
    pub scores: Array4<f32>,
    /// `scores × scale`.
    pub scaled: Array4<f32>,
    /// `scaled` where the key may be seen, −∞ where not.
    pub masked: Array4<f32>,
    /// `softmax(masked)` along the keys; a row with no visible key is zeros.
    pub weights: Array4<f32>,
    /// `weights · values`, `[B, H, S_q, D]`.
    pub output: Array4<f32>,
    /// Which key each query may see. Kept apart from the scores: no score value means "masked".
    pub visibility: Visibility,
}

/// Attention of every query over the keys it may see: `softmax(queries · keysᵀ × scale + mask) · values`.
///
/// Cannot fail: what could be wrong with the inputs was refused by [`Inputs::new`]. As in PyTorch, scores that overflow
/// f32 are infinite, and the weights of their rows are not numbers.
pub fn attend(inputs: &Inputs, config: &Config) -> Trace {
    let visibility = Visibility::new(&config.mask);
    let scores = scores(inputs.queries(), inputs.keys());
    let scaled = scaled(&scores, config.scale.factor(inputs.head_dim()));
    let masked = masked(&scaled, &visibility);
    let weights = softmax(&scaled, &visibility);
    let output = mix(weights.view(), inputs.values());
    Trace { scores, scaled, masked, weights, output, visibility }
}

/// `queries [B, H, S_q, D] · keysᵀ [B, H, D, S_k] -> [B, H, S_q, S_k]`.
pub fn scores(queries: ArrayView4<f32>, keys: ArrayView4<f32>) -> Array4<f32> {
    let (batch, heads, query_len, _) = queries.dim();
    let mut scores = Array4::zeros((batch, heads, query_len, keys.len_of(Axis(2))));
    for b in 0..batch {
        for h in 0..heads {
            let queries = queries.index_axis(Axis(0), b).index_axis_move(Axis(0), h);
            let keys = keys.index_axis(Axis(0), b).index_axis_move(Axis(0), h);
            let mut scores = scores.index_axis_mut(Axis(0), b).index_axis_move(Axis(0), h);
            general_mat_mul(1.0, &queries, &keys.t(), 0.0, &mut scores);
        }
    }
    scores
}

/// `scores × scale`, element by element.
pub fn scaled(scores: &Array4<f32>, scale: f32) -> Array4<f32> {
    scores.mapv(|score| score * scale)
}

/// `scaled` where the key may be seen, −∞ where not.
pub fn masked(scaled: &Array4<f32>, visibility: &Visibility) -> Array4<f32> {
    let query_len = scaled.len_of(Axis(2));
    let mut masked = scaled.clone();
    for (row_index, mut row) in masked.lanes_mut(Axis(3)).into_iter().enumerate() {
        for (key, value) in row.iter_mut().enumerate() {
            if !visibility.sees(row_index % query_len, key) {
                *value = f32::NEG_INFINITY;
            }
        }
    }
    masked
}

/// `weights [B, H, S_q, S_k] · values [B, H, S_k, D] -> [B, H, S_q, D]`.
pub fn mix(weights: ArrayView4<f32>, values: ArrayView4<f32>) -> Array4<f32> {
    let (batch, heads, query_len, _) = weights.dim();
    let mut output = Array4::zeros((batch, heads, query_len, values.len_of(Axis(3))));
    for b in 0..batch {
        for h in 0..heads {
            let weights = weights.index_axis(Axis(0), b).index_axis_move(Axis(0), h);
            let values = values.index_axis(Axis(0), b).index_axis_move(Axis(0), h);
            let mut output = output.index_axis_mut(Axis(0), b).index_axis_move(Axis(0), h);
            general_mat_mul(1.0, &weights, &values, 0.0, &mut output);
        }
    }
    output
}
