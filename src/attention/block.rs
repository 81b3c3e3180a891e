use ndarray::{Array2, Array3, Array4, ArrayView3, ArrayView4, Axis, s};

use super::{
    Config, Error, Inputs, Mask, Shape, Tensors, Trace, attend,
    inputs::{check_config, check_finite},
    matrix_product,
};

/// What a block attends from, and what to.
#[derive(Clone, Copy, Debug)]
pub struct BlockInput<'a> {
    /// `[B, S_q, E]`: what queries are made of.
    pub queries: ArrayView3<'a, f32>,
    /// `[B, S_k, E]`: what keys and values are made of (cross-attention), if not of the same (self-attention). PyTorch's
    /// `TransformerDecoder` calls it so.
    pub memory: Option<ArrayView3<'a, f32>>,
}

impl<'a> From<ArrayView3<'a, f32>> for BlockInput<'a> {
    /// That of self-attention.
    fn from(queries: ArrayView3<'a, f32>) -> Self {
        Self { queries, memory: None }
    }
}

impl<'a> BlockInput<'a> {
    /// `[B, S_k, E]`: what keys and values are made of.
    pub fn keys(self) -> ArrayView3<'a, f32> {
        self.memory.unwrap_or(self.queries)
    }

    /// The sizes of its attention, in so many heads.
    pub fn shape(self, heads: usize) -> Shape {
        let (batch, query_len, width) = self.queries.dim();
        let (key_len, head_dim) = (self.keys().len_of(Axis(1)), width / heads);
        Shape { batch, heads, key_heads: heads, query_len, key_len, head_dim, value_dim: head_dim }
    }
}

/// The four matrices of an attention block, each `[E, E]` as `[in, out]`: `y = x · W`. One row more, `[E + 1, E]`, is a bias, which
/// is added: `y = x · W[..E] + W[E]`.
///
/// PyTorch's `nn.Linear.weight` is the transpose, `[out, in]`, with `nn.Linear.bias` beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockWeights {
    /// Makes the queries.
    pub w_q: Array2<f32>,
    /// Makes the keys.
    pub w_k: Array2<f32>,
    /// Makes the values.
    pub w_v: Array2<f32>,
    /// Brings the heads back together.
    pub w_o: Array2<f32>,
}

/// Every intermediate of an attention block; of the attention, all ([`Trace`]) or what was wanted
/// ([`Outputs`](super::Outputs)).
#[derive(Clone, Debug, PartialEq)]
pub struct BlockTrace<A = Trace> {
    /// Queries `X · W_q`, keys `X · W_k` and values `X · W_v`, cut into heads, `[B, H, S_q, D]` and twice `[B, H, S_k, D]`;
    /// queries and keys turned by their places where positions are rotary.
    pub inputs: Inputs,
    /// What each head did; its `output` is the mixed values, `[B, H, S_q, D]`.
    pub attention: A,
    /// `concat(heads) · W_o`, `[B, S_q, E]`.
    pub output: Array3<f32>,
}

/// Multi-head self-attention: `Y = concat(attend(X·W_q, X·W_k, X·W_v)) · W_o`.
///
/// `input` is `[B, S, E]`, and so is `output`; the mask broadcasts to `[B, H, S, S]`. Head `h` owns the columns `h·D .. (h+1)·D` of the projections.
/// The same as four `torch.nn.Linear(E, E)`, without a bias or with one, around `scaled_dot_product_attention`.
///
/// Source: Vaswani et al. (2017), section 3.2.2.
///
/// # Errors
/// [`Error::HeadsDoNotDivideWidth`], [`Error::WrongShape`] for a matrix that is not `[E, E]`, [`Error::Empty`] for the
/// input, [`Error::NotFinite`] for the input and the matrices, [`Error::BadNumber`] for the config, [`Error::MaskShape`], and,
/// where the products overflow, the other errors of [`Inputs::new`].
pub fn self_attention(
    input: ArrayView3<f32>,
    block: &BlockWeights,
    heads: usize,
    config: &Config,
    mask: Option<Mask>,
) -> Result<BlockTrace, Error> {
    multi_head(input.into(), block, heads, config, mask)
}

/// As [`self_attention`], but keys and values may be made of another input, `[B, S_k, E]` (cross-attention); the mask
/// broadcasts to `[B, H, S_q, S_k]`. Both count their places from 0.
///
/// Source: Vaswani et al. (2017), section 3.2.3, "encoder-decoder attention"; PyTorch's `MultiheadAttention`.
///
/// # Errors
/// As [`self_attention`], and [`Error::WrongShape`] for a memory of another batch or width.
pub fn multi_head(
    input: BlockInput,
    block: &BlockWeights,
    heads: usize,
    config: &Config,
    mask: Option<Mask>,
) -> Result<BlockTrace, Error> {
    let inputs = projected(project, input, block, heads, config, mask)?;
    let attention = attend(&inputs);
    let output = project(width_from_heads(attention.output.view()).view(), &block.w_o);
    Ok(BlockTrace { inputs, attention, output })
}

/// [`project`], or what is as good.
pub type Project = fn(ArrayView3<f32>, &Array2<f32>) -> Array3<f32>;

/// Queries, keys and values of every head, checked: what [`multi_head`] begins with.
///
/// # Errors
/// As [`multi_head`].
pub fn projected(
    project: Project,
    input: BlockInput,
    block: &BlockWeights,
    heads: usize,
    config: &Config,
    mask: Option<Mask>,
) -> Result<Inputs, Error> {
    block.check(input, heads, config)?;
    let of_heads = |input, matrix| heads_from_width(project(input, matrix).view(), heads);
    let [queries, keys] = [input.queries, input.keys()];
    let tensors = Tensors::new(of_heads(queries, &block.w_q), of_heads(keys, &block.w_k), of_heads(keys, &block.w_v));
    Inputs::new(Tensors { mask, ..tensors }, *config)
}

impl BlockWeights {
    /// Refuses biases.
    ///
    /// # Errors
    /// [`Error::WrongShape`].
    pub fn refuse_biases(&self) -> Result<(), Error> {
        for (name, matrix) in self.named() {
            if matrix.nrows() > matrix.ncols() {
                let (shape, expected) = (matrix.shape().to_vec(), vec![matrix.ncols(); 2]);
                return Err(Error::WrongShape { name, shape, expected, reason: "the kernels add no biases" });
            }
        }
        Ok(())
    }

    fn named(&self) -> [(&'static str, &Array2<f32>); 4] {
        [("w_q", &self.w_q), ("w_k", &self.w_k), ("w_v", &self.w_v), ("w_o", &self.w_o)]
    }

    /// Whether a matrix has a bias.
    pub fn has_biases(&self) -> bool {
        self.named().into_iter().any(|(_, matrix)| matrix.nrows() > matrix.ncols())
    }

    /// Checks the matrices against the input and the number of heads, and the config.
    ///
    /// # Errors
    /// As [`multi_head`].
    pub fn check(&self, input: BlockInput, heads: usize, config: &Config) -> Result<(), Error> {
        let (batch, _, width) = input.queries.dim();
        let named = [("input", Some(input.queries)), ("memory", input.memory)];
        for (name, input) in named.into_iter().filter_map(|(name, input)| Some((name, input?))) {
            let shape = input.shape().to_vec();
            if input.is_empty() {
                return Err(Error::Empty { name, shape });
            }
            if (shape[0], shape[2]) != (batch, width) {
                let expected = vec![batch, shape[1], width];
                let reason = "keys and values come from as many sentences as queries do, of the same width";
                return Err(Error::WrongShape { name, shape, expected, reason });
            }
            check_finite(name, input)?;
        }
        if heads == 0 || !width.is_multiple_of(heads) {
            return Err(Error::HeadsDoNotDivideWidth { width, heads });
        }
        for (name, matrix) in self.named() {
            if !(width..=width + 1).contains(&matrix.nrows()) || matrix.ncols() != width {
                return Err(Error::WrongShape {
                    name,
                    shape: matrix.shape().to_vec(),
                    expected: vec![width, width],
                    reason: "each projection keeps the model width of the input",
                });
            }
            check_finite(name, matrix.view())?;
        }
        check_config(config, width / heads)
    }
}

/// `input [B, S, E] · matrix [E, N] -> [B, S, N]`; of a matrix `[E + 1, N]` the last row is added. Panics where the shapes
/// disagree.
pub fn project(input: ArrayView3<f32>, matrix: &Array2<f32>) -> Array3<f32> {
    let (batch, len, width) = input.dim();
    let mut projected = Array3::zeros((batch, len, matrix.ncols()));
    for b in 0..batch {
        let product = matrix_product(input.index_axis(Axis(0), b), matrix.slice(s![..width, ..]));
        projected.index_axis_mut(Axis(0), b).assign(&product);
    }
    add_bias(&mut projected, matrix, width);
    projected
}

/// Adds the row of a matrix that comes after so many others, if there is one, to every row.
pub(super) fn add_bias(projected: &mut Array3<f32>, matrix: &Array2<f32>, rows: usize) {
    if matrix.nrows() > rows {
        for mut row in projected.rows_mut() {
            row.iter_mut().zip(matrix.row(rows)).for_each(|(number, bias)| *number += bias);
        }
    }
}

/// `[B, S, H·D] -> [B, H, S, D]`. Columns that `heads` does not share out evenly are left out.
pub fn heads_from_width(joined: ArrayView3<f32>, heads: usize) -> Array4<f32> {
    let (batch, len, width) = joined.dim();
    let head_dim = width / heads;
    Array4::from_shape_fn((batch, heads, len, head_dim), |(b, h, s, d)| joined[[b, s, h * head_dim + d]])
}

/// `[B, H, S, D] -> [B, S, H·D]`: the heads side by side.
pub fn width_from_heads(split: ArrayView4<f32>) -> Array3<f32> {
    let (batch, heads, len, head_dim) = split.dim();
    Array3::from_shape_fn((batch, len, heads * head_dim), |(b, s, column)| {
        split[[b, column / head_dim, s, column % head_dim]]
    })
}
