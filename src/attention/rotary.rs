use ndarray::{Array4, ArrayView4};

/// Turns each pair of columns by an angle that grows with the position, so that the score of two tokens depends on how
/// far apart they are: rotary position embedding (RoPE).
///
/// `tensor` is `[B, H, S, D]`, queries or keys, and so is the result; the token at index `i` stands at `first + i`.
/// Column pairs are `(2c, 2c + 1)`, turned by `position / base^(2c / D)` radians; of an odd width the last column stays.
///
/// Source: Su et al., "RoFormer" (2021), section 3.2.2, where `base` is 10000; ONNX `RotaryEmbedding` with
/// `interleaved = 1`. Angles, sines and cosines are worked out in f64.
pub fn rotate(tensor: ArrayView4<f32>, first: usize, base: f64) -> Array4<f32> {
    let head_dim = tensor.dim().3;
    let mut rotated = tensor.to_owned();
    for ((b, h, token, column), turned) in rotated.indexed_iter_mut() {
        let pair = column - column % 2;
        if pair + 1 == head_dim {
            continue;
        }
        let angle = (first + token) as f64 / base.powf(pair as f64 / head_dim as f64);
        let (sin, cos) = angle.sin_cos();
        let (even, odd) = (f64::from(tensor[[b, h, token, pair]]), f64::from(tensor[[b, h, token, pair + 1]]));
        *turned = if column % 2 == 0 { even * cos - odd * sin } else { even * sin + odd * cos } as f32;
    }
    rotated
}
