use ndarray::{Array4, Axis};

use super::Visibility;

/// `exp(x − max) / Σ exp(x − max)` along the keys, over the keys that each query may see.
///
/// `scaled` is `[B, H, S_q, S_k]`, and so is the result. A key that may not be seen gets 0, and so does a whole row
/// with no visible key. Subtracting the row's maximum changes nothing in the result and keeps `exp` from overflowing.
pub fn softmax(scaled: &Array4<f32>, visibility: &Visibility) -> Array4<f32> {
    let query_len = scaled.len_of(Axis(2));
    let mut weights = scaled.clone();
    for (row_index, mut row) in weights.lanes_mut(Axis(3)).into_iter().enumerate() {
        let seen = |key: usize| visibility.sees(row_index % query_len, key);
        let max = (0..row.len()).filter(|&key| seen(key)).fold(f32::NEG_INFINITY, |max, key| max.max(row[key]));
        let mut sum = 0.0;
        for (key, value) in row.iter_mut().enumerate() {
            *value = if seen(key) { (*value - max).exp() } else { 0.0 };
            sum += *value;
        }
        if sum > 0.0 {
            row.mapv_inplace(|value| value / sum);
        }
    }
    weights
}
