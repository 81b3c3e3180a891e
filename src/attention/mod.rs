//! Scaled dot-product attention on ndarray, with every intermediate kept.
//!
//! This is the reference that the GPU kernels are held to: five passes over the tensors, each written as the formula
//! reads. Axes are named the same everywhere: `B` batch, `H` query heads, `H_k` key and value heads, `S_q` queries, `S_k`
//! keys, `P` of them from a past, `S` tokens where queries and keys are the same ones, `D` head width, `D_v` value width,
//! `E` model width (`H · D`).
//!
//! ```
//! use headlight::attention::{Config, Inputs, Tensors, attend};
//! use ndarray::Array4;
//!
//! // [B, H, S, D] = [1, 1, 2, 1]: two tokens, one number each.
//! let tokens = Array4::from_shape_vec((1, 1, 2, 1), vec![0.0, 1.0])?;
//! let tensors = Tensors::new(tokens.clone(), tokens.clone(), tokens);
//! let trace = attend(&Inputs::new(tensors, Config::causal())?);
//!
//! // The first token sees only itself.
//! assert_eq!(trace.weights[[0, 0, 0, 0]], 1.0);
//! assert_eq!(trace.weights[[0, 0, 0, 1]], 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`attend`] is the reference: read it to learn what attention is. [`fast::attend`] is the same within rounding, quicker.
//!
//! Source: Vaswani et al., "Attention Is All You Need" (2017), equation 1; masks, windows, softcap, past and key lengths
//! mean what they mean in the ONNX operator `Attention` as of onnx 1.23.

mod alibi;
mod block;
mod config;
mod error;
pub mod fast;
mod inputs;
mod outputs;
mod rotary;
mod rules;
mod softmax;
mod visibility;

pub use alibi::alibi_slope;
pub use block::{
    BlockInput, BlockTrace, BlockWeights, Project, heads_from_width, multi_head, project, projected, self_attention,
    width_from_heads,
};
pub use config::{Config, Scale, Window};
pub use error::Error;
pub use inputs::{Cache, Inputs, Mask, Shape, Tensors};
pub use outputs::{Outputs, Wanted};
pub use rotary::{divisors, rotate, turns};
pub use rules::Rules;
pub use softmax::softmax;
pub use visibility::{Broadcast, Place, Visibility};

use ndarray::{Array2, Array4, ArrayView2, ArrayView4, Axis};

use crate::builtin;

/// Every intermediate of one attention, all `[B, H, S_q, S_k]` but the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// `queries · keysᵀ`.
    pub scores: Array4<f32>,
    /// `scores × scale / temperature`.
    pub scaled: Array4<f32>,
    /// `scaled`, bent by the softcap, plus mask and ALiBi, no lower and no higher than a float can be; −∞ where the key may
    /// not be seen, and only there.
    pub masked: Array4<f32>,
    /// `softmax(masked)` along the keys; a row with no visible key is zeros.
    pub weights: Array4<f32>,
    /// `weights · values`, `[B, H, S_q, D_v]`; zeros for a query with no visible key.
    pub output: Array4<f32>,
}

/// Attention of every query over the keys it may see: `softmax(queries · keysᵀ × scale + mask) · values`, with softcap,
/// temperature and ALiBi where they are set.
///
/// Cannot fail: what could be wrong was refused by [`Inputs::new`]. As in PyTorch, scores that overflow f32 are infinite.
pub fn attend(inputs: &Inputs) -> Trace {
    let scores = scores(inputs.queries(), inputs.keys());
    let scaled = scaled(&scores, inputs.rules().factor);
    let masked = masked(&scaled, inputs.rules());
    let weights = softmax(&masked, &inputs.rules().visibility);
    let output = mix(weights.view(), inputs.values());
    Trace { scores, scaled, masked, weights, output }
}

/// `queries [B, H, S_q, D] · keysᵀ [B, H_k, D, S_k] -> [B, H, S_q, S_k]`. Panics where the shapes disagree.
pub fn scores(queries: ArrayView4<f32>, keys: ArrayView4<f32>) -> Array4<f32> {
    products(queries, keys, keys.len_of(Axis(2)), |keys| keys.reversed_axes())
}

/// `scores × scale`, element by element; `scale` is that of [`Rules::factor`], the temperature included.
pub fn scaled(scores: &Array4<f32>, scale: f32) -> Array4<f32> {
    scores.mapv(|score| score * scale)
}

/// `softcap · tanh(scaled / softcap)`, element by element; without a softcap as it came.
pub fn capped(scaled: &Array4<f32>, softcap: Option<f32>) -> Array4<f32> {
    scaled.mapv(|scaled| bent(scaled, softcap))
}

/// One scaled score with a softcap, if there is one.
fn bent(scaled: f32, softcap: Option<f32>) -> f32 {
    softcap.map_or(scaled, |softcap| softcap * builtin::tanh((scaled / softcap).into()) as f32)
}

/// `scaled [B, H, S_q, S_k]`, bent by the softcap, plus what mask and distance add; −∞ where the key may not be seen, and
/// only there: a sum below the lowest float is that, and one above the greatest is that.
pub fn masked(scaled: &Array4<f32>, rules: &Rules) -> Array4<f32> {
    let mut masked = capped(scaled, rules.softcap);
    for ((b, h, query, key), value) in masked.indexed_iter_mut() {
        *value = with_bias(*value, rules.bias(b, h, query, key));
    }
    masked
}

/// A score with what is added to it, no lower and no higher than a float can be; −∞ where there is none to add to.
fn with_bias(bent: f32, bias: Option<f32>) -> f32 {
    bias.map_or(f32::NEG_INFINITY, |bias| (bent + bias).clamp(f32::MIN, f32::MAX))
}

/// `weights [B, H, S_q, S_k] · values [B, H_k, S_k, D_v] -> [B, H, S_q, D_v]`. Panics where the shapes disagree.
pub fn mix(weights: ArrayView4<f32>, values: ArrayView4<f32>) -> Array4<f32> {
    products(weights, values, values.len_of(Axis(3)), |values| values)
}

/// `left [B, H, M, K] · right -> [B, H, M, columns]`: one matrix product a head, each group of heads with the right
/// matrix that it shares.
fn products<'a>(
    left: ArrayView4<f32>,
    right: ArrayView4<'a, f32>,
    columns: usize,
    oriented: impl Fn(ArrayView2<'a, f32>) -> ArrayView2<'a, f32>,
) -> Array4<f32> {
    let (batch, heads, rows, _) = left.dim();
    let group = heads / right.len_of(Axis(1));
    let mut product = Array4::zeros((batch, heads, rows, columns));
    for b in 0..batch {
        for h in 0..heads {
            let left = left.index_axis(Axis(0), b).index_axis_move(Axis(0), h);
            let right = right.index_axis_move(Axis(0), b).index_axis_move(Axis(0), h / group);
            product
                .index_axis_mut(Axis(0), b)
                .index_axis_mut(Axis(0), h)
                .assign(&matrix_product(left, oriented(right)));
        }
    }
    product
}

/// `left [M, K] · right [K, N] -> [M, N]`: each number a row times a column, added up in f64, so that nothing that is
/// compared with it is nearer to the truth.
fn matrix_product(left: ArrayView2<f32>, right: ArrayView2<f32>) -> Array2<f32> {
    Array2::from_shape_fn((left.nrows(), right.ncols()), |(row, column)| {
        let pairs = left.row(row).into_iter().zip(right.column(column));
        pairs.map(|(&left, &right)| f64::from(left) * f64::from(right)).sum::<f64>() as f32
    })
}
