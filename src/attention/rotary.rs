use ndarray::{ArrayViewMut4, s};

use crate::builtin;

/// Turns each pair of columns by an angle that grows with the position, so that the score of two tokens depends on how
/// far apart they are: rotary position embedding (RoPE).
///
/// `tensor` is `[B, H, S, D]`, queries or keys, and is turned in its place; `places` is `[B]`: token `i` of a batch stands
/// at `place + i`. Column pairs are `(2c, 2c + 1)`, turned by `position / base^(2c / D)` radians; of an odd width the last
/// column stays.
///
/// Source: Su et al., "RoFormer" (2021), section 3.2.2, where `base` is 10000; ONNX `RotaryEmbedding` with
/// `interleaved = 1`. Worked out in f64; what is beyond f32 becomes the greatest or the lowest float.
pub fn rotate(mut tensor: ArrayViewMut4<f32>, places: &[isize], base: f32) {
    let (_, heads, len, head_dim) = tensor.dim();
    let divisors = divisors(head_dim, base);
    for (b, place) in places.iter().enumerate() {
        for token in 0..len {
            let turns = turns(place.saturating_add_unsigned(token), &divisors);
            for h in 0..heads {
                let mut row = tensor.slice_mut(s![b, h, token, ..]);
                for (pair, &[cos, sin]) in turns.iter().enumerate() {
                    let (even, odd) = (f64::from(row[2 * pair]), f64::from(row[2 * pair + 1]));
                    row[2 * pair] = within_f32(even * cos - odd * sin);
                    row[2 * pair + 1] = within_f32(even * sin + odd * cos);
                }
            }
        }
    }
}

/// What a position is divided by to give the angle, in radians, of each pair of columns: `[⌊D/2⌋]`.
pub fn divisors(head_dim: usize, base: f32) -> Vec<f64> {
    (0..head_dim / 2).map(|pair| builtin::pow(base.into(), (2 * pair) as f64 / head_dim as f64)).collect()
}

/// The cosine and the sine of the angle that each pair of columns is turned by, `[⌊D/2⌋]`.
pub fn turns(position: isize, divisors: &[f64]) -> Vec<[f64; 2]> {
    let turn = |divisor: &f64| {
        let angle = position as f64 / divisor;
        [builtin::cos(angle), builtin::sin(angle)]
    };
    divisors.iter().map(turn).collect()
}

/// A pair of the largest floats may be longer than one of them.
fn within_f32(number: f64) -> f32 {
    number.clamp(f32::MIN.into(), f32::MAX.into()) as f32
}
