use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::builtin;

/// What tells the model where in the sentence a token stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Positions {
    /// Nothing: the same word is the same vector anywhere.
    None,
    /// Sines and cosines of growing wavelength, added to the word's vector.
    #[default]
    Sinusoidal,
    /// Queries and keys are turned by their places: [`rotate`](crate::attention::rotate).
    Rotary,
    /// A score loses more the farther apart query and key are: [`alibi_slope`](crate::attention::alibi_slope).
    Alibi,
}

/// What each position adds to the embedding: `[S, E]` with `S = len` and `E = width`.
///
/// Sinusoidal: the sine of the [`angle`] in even columns, the cosine in odd ones, worked out in f64 and rounded once.
/// An odd width ends with a sine. The others add nothing here. Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.5.
pub fn positions(kind: Positions, len: usize, width: usize) -> Array2<f32> {
    match kind {
        Positions::None | Positions::Rotary | Positions::Alibi => Array2::zeros((len, width)),
        Positions::Sinusoidal => Array2::from_shape_fn((len, width), |(position, column)| {
            let angle = angle(position, column, width);
            (if column % 2 == 0 { builtin::sin(angle) } else { builtin::cos(angle) }) as f32
        }),
    }
}

/// The angle whose sine or cosine stands at this place, in radians: `position / 10000^(2⌊column/2⌋ / width)`.
pub fn angle(position: usize, column: usize, width: usize) -> f64 {
    const BASE: f64 = 10_000.0;
    let pair = column / 2;
    position as f64 / builtin::pow(BASE, (2 * pair) as f64 / width as f64)
}
