use ndarray::{Array2, Array3, Array4};

use crate::attention::{BlockTrace, Config, Error, Inputs, Mask, Outputs, Tensors, Wanted, divisors, turns};

/// What the kernels make of an attention block.
pub(super) struct Block {
    /// `[B, H, S_q, D]`.
    pub queries: Array4<f32>,
    /// `[B, H, S_k, D]`, and so are the values.
    pub keys: Array4<f32>,
    pub values: Array4<f32>,
    /// `[B, H, S_q, S_k]`, where [`Wanted::keeps_scores`].
    pub scores: Option<Array4<f32>>,
    /// `[B, H, S_q, S_k]`, where they are wanted.
    pub weights: Option<Array4<f32>>,
    /// `[B, H, S_q, D]`.
    pub mixed: Array4<f32>,
    /// `[B, S_q, E]`.
    pub output: Array3<f32>,
}

impl Block {
    /// With what follows from it.
    ///
    /// # Errors
    /// Those of [`Inputs::new`]: finite inputs can overflow on the way to the queries, keys and values.
    pub fn into_trace(self, config: &Config, mask: Option<Mask>, wanted: Wanted) -> Result<BlockTrace<Outputs>, Error> {
        let Self { queries, keys, values, scores, weights, mixed, output } = self;
        // The kernels have turned queries and keys already.
        let tensors = Tensors { mask, ..Tensors::new(queries, keys, values) };
        let inputs = Inputs::new(tensors, Config { rotary: None, ..*config })?;
        let attention = Outputs::new(inputs.rules(), wanted, scores, weights, Some(mixed));
        Ok(BlockTrace { inputs, attention, output })
    }
}

/// What `rotate.wgsl` turns so many tokens by: `[S, D]` with `D` rounded up to a multiple of 4, for each pair of columns the
/// cosine and the sine; 1 and 0 for columns without a partner.
pub(super) fn turns_of_tokens(len: usize, head_dim: usize, base: f32) -> Array2<f32> {
    let (width, divisors) = (head_dim.next_multiple_of(4), divisors(head_dim, base));
    let mut numbers = Array2::from_shape_fn((len, width), |(_, column)| if column % 2 == 0 { 1.0 } else { 0.0 });
    for (token, mut row) in numbers.outer_iter_mut().enumerate() {
        for (number, turn) in row.iter_mut().zip(turns(token as isize, &divisors).as_flattened()) {
            *number = *turn as f32;
        }
    }
    numbers
}
