//! Words to vectors, with PyTorch's random numbers to the bit.
//!
//! A sentence becomes the input of attention in three moves: it is cut into words, every word becomes a vector, and
//! every position adds its own pattern.
//!
//! ```
//! use headlight::attention::{Config, self_attention};
//! use headlight::embedding::{Positions, block_weights, embed, positions, tokens};
//! use ndarray::Axis;
//!
//! // 1. Words. Upper and lower case look different, but are the same word to the model.
//! let tokens = tokens("The cat sat on the mat");
//! assert_eq!(tokens.len(), 6);
//! assert_eq!(tokens[4].text, "the");
//! assert_eq!(tokens[4].id, tokens[0].id);
//!
//! // 2. A vector a word: S = 6 tokens, E = 64 numbers each. The same word has the same vector.
//! let embedding = embed(&tokens, 64, 42);
//! assert_eq!(embedding.dim(), (6, 64));
//! assert_eq!(embedding.row(4), embedding.row(0));
//!
//! // 3. A pattern a position: now the two can be told apart.
//! let input = embedding + positions(Positions::Sinusoidal, 6, 64);
//! assert_ne!(input.row(4), input.row(0));
//!
//! // Attention takes it from here, with the matrices that PyTorch makes from the same seed.
//! let input = input.insert_axis(Axis(0));
//! let trace = self_attention(input.view(), &block_weights(64, 42), 4, &Config::default(), None)?;
//! assert_eq!(trace.output.dim(), (1, 6, 64));
//! # Ok::<(), headlight::attention::Error>(())
//! ```
//!
//! Nothing here is trained: the vectors and the matrices are the random numbers that a PyTorch program would start
//! from, bit for bit those of PyTorch 1.13 on an x86 CPU with AVX2.

mod cephes;
mod generator;
mod positions;
mod tokens;

pub use generator::Generator;
pub use positions::{Positions, angle, positions};
pub use tokens::{Token, id_from_lower_case, tokens, word_id};

use ndarray::{Array1, Array2};

use crate::attention::BlockWeights;

/// The vectors of these tokens, one a row: `[S, E]` with `E = width`.
pub fn embed(tokens: &[Token], width: usize, seed: u64) -> Array2<f32> {
    let mut embedding = Array2::zeros((tokens.len(), width));
    for (token, mut row) in tokens.iter().zip(embedding.rows_mut()) {
        row.assign(&embedding_from_id(token.id, width, seed));
    }
    embedding
}

/// The vector of one word: `width` normal numbers that depend on the word and the seed alone.
///
/// In Python: `torch.randn(E, generator=torch.Generator().manual_seed((zlib.crc32(word.lower().encode()) + seed) %
/// 2**32))`.
pub fn word_embedding(word: &str, width: usize, seed: u64) -> Vec<f32> {
    embedding_from_id(word_id(word), width, seed).to_vec()
}

/// The untrained matrices of a self-attention block of this width, each `[E, E]` as `[in, out]`.
///
/// After `torch.manual_seed(seed)`, four `nn.Linear(E, E, bias=False)` are made in the order q, k, v, o; each matrix
/// is that layer's `weight` transposed.
pub fn block_weights(width: usize, seed: u64) -> BlockWeights {
    let mut generator = Generator::manual_seed(seed);
    let mut matrix = || generator.linear_weight(width, width).t().as_standard_layout().into_owned();
    BlockWeights { w_q: matrix(), w_k: matrix(), w_v: matrix(), w_o: matrix() }
}

/// The vector of the word with this id.
pub fn embedding_from_id(id: u32, width: usize, seed: u64) -> Array1<f32> {
    Generator::manual_seed(seed.wrapping_add(id.into())).randn(width).into()
}
