use ndarray::{Array4, Axis, azip};

use super::Visibility;
use crate::builtin;

/// `exp(x − max) / Σ exp(x − max)` along the keys, over the keys that each query may see.
///
/// `masked` is `[B, H, S_q, S_k]`, and so is the result. A key that may not be seen gets 0, and so does a whole row
/// with no visible key. Subtracting the row's maximum changes nothing in the result and keeps `exp` from overflowing.
/// The sum is kept in f64.
pub fn softmax(masked: &Array4<f32>, visibility: &Visibility) -> Array4<f32> {
    let mut weights = masked.clone();
    azip!((index (b, h, query), mut row in weights.lanes_mut(Axis(3))) {
        let seen: Vec<usize> = (0..row.len()).filter(|&key| visibility.sees(b, h, query, key)).collect();
        let max = seen.iter().map(|&key| row[key]).fold(f32::NEG_INFINITY, f32::max);
        let exponentials: Vec<f32> = seen.iter().map(|&key| builtin::exp((row[key] - max).into()) as f32).collect();
        let sum: f64 = exponentials.iter().copied().map(f64::from).sum();
        row.fill(0.0);
        for (&key, exponential) in seen.iter().zip(exponentials) {
            row[key] = (f64::from(exponential) / sum) as f32;
        }
    });
    weights
}
