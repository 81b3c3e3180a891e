use ndarray::{Array3, Array4};

use crate::attention::{BlockTrace, Config, Error, Inputs, Outputs, Tensors, Wanted};

/// What the kernels make of a self-attention block.
pub(super) struct Block {
    /// `[B, H, S, D]`, and so are the next two.
    pub queries: Array4<f32>,
    pub keys: Array4<f32>,
    pub values: Array4<f32>,
    /// `[B, H, S, S]`, where [`Wanted::keeps_scores`].
    pub scores: Option<Array4<f32>>,
    /// `[B, H, S, S]`, where they are wanted.
    pub weights: Option<Array4<f32>>,
    /// `[B, H, S, D]`.
    pub mixed: Array4<f32>,
    /// `[B, S, E]`.
    pub output: Array3<f32>,
}

impl Block {
    /// With what follows from it.
    ///
    /// # Errors
    /// Those of [`Inputs::new`]: finite inputs can overflow on the way to the queries, keys and values.
    pub fn into_trace(self, config: &Config, wanted: Wanted) -> Result<BlockTrace<Outputs>, Error> {
        let Self { queries, keys, values, scores, weights, mixed, output } = self;
        let inputs = Inputs::new(Tensors::new(queries, keys, values), *config)?;
        let attention = Outputs::new(inputs.rules(), wanted, scores, weights, Some(mixed));
        Ok(BlockTrace { inputs, attention, output })
    }
}
