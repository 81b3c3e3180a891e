use ndarray::{Array4, ArrayView, ArrayView4, Dimension};

use super::Error;

/// Queries, keys and values whose shapes agree and whose numbers are finite.
///
/// `queries [B, H, S_q, D]`, `keys [B, H, S_k, D]`, `values [B, H, S_k, D_v]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    queries: Array4<f32>,
    keys: Array4<f32>,
    values: Array4<f32>,
}

impl Inputs {
    /// Checks the three tensors against each other.
    ///
    /// # Errors
    /// [`Error::Empty`] if an axis has no elements, [`Error::ShapesDisagree`] if two tensors differ on an axis that
    /// they share, [`Error::NotFinite`] if one holds NaN or an infinity.
    pub fn new(queries: Array4<f32>, keys: Array4<f32>, values: Array4<f32>) -> Result<Self, Error> {
        for (name, tensor) in [("queries", &queries), ("keys", &keys), ("values", &values)] {
            if tensor.is_empty() {
                return Err(Error::Empty { name, shape: tensor.shape().to_vec() });
            }
        }
        let agree =
            |left: (&'static str, &Array4<f32>), right: (&'static str, &Array4<f32>), axis: usize, axis_name| {
                if left.1.shape()[axis] == right.1.shape()[axis] {
                    return Ok(());
                }
                Err(Error::ShapesDisagree {
                    left: left.0,
                    left_shape: left.1.shape().to_vec(),
                    right: right.0,
                    right_shape: right.1.shape().to_vec(),
                    axis,
                    axis_name,
                })
            };
        agree(("queries", &queries), ("keys", &keys), 0, "batch")?;
        agree(("queries", &queries), ("keys", &keys), 1, "heads")?;
        agree(("queries", &queries), ("keys", &keys), 3, "head width")?;
        agree(("keys", &keys), ("values", &values), 0, "batch")?;
        agree(("keys", &keys), ("values", &values), 1, "heads")?;
        agree(("keys", &keys), ("values", &values), 2, "tokens")?;
        for (name, tensor) in [("queries", &queries), ("keys", &keys), ("values", &values)] {
            check_finite(name, tensor.view())?;
        }
        Ok(Self { queries, keys, values })
    }

    /// `[B, H, S_q, D]`.
    pub fn queries(&self) -> ArrayView4<'_, f32> {
        self.queries.view()
    }

    /// `[B, H, S_k, D]`.
    pub fn keys(&self) -> ArrayView4<'_, f32> {
        self.keys.view()
    }

    /// `[B, H, S_k, D_v]`.
    pub fn values(&self) -> ArrayView4<'_, f32> {
        self.values.view()
    }

    /// `D`.
    pub fn head_dim(&self) -> usize {
        self.queries.dim().3
    }

    /// Gives the three tensors back: queries, keys, values.
    pub fn into_parts(self) -> (Array4<f32>, Array4<f32>, Array4<f32>) {
        (self.queries, self.keys, self.values)
    }
}

/// Refuses NaN and the infinities, naming the first one.
pub(super) fn check_finite<D: Dimension>(name: &'static str, tensor: ArrayView<f32, D>) -> Result<(), Error> {
    if tensor.iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    match tensor.into_dyn().indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some((index, &value)) => Err(Error::NotFinite { name, index: index.slice().to_vec(), value }),
        None => Ok(()),
    }
}
