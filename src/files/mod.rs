//! Tensors of a run as files that other programs read: CSV, JSON, NumPy's .npy and .npz, and .safetensors.
//!
//! A [`Job`] says what is wanted, and of what run. `Writer` (feature `files`) is handed the numbers, row by row, and writes
//! bytes as they come, so that no file has to fit into memory. In a browser it is a program of its own, which the engine
//! loads when a file is asked for.

#[cfg(feature = "files")]
mod csv;
#[cfg(feature = "files")]
mod json;
#[cfg(feature = "files")]
mod npy;
#[cfg(all(feature = "files", target_arch = "wasm32"))]
pub mod program;
#[cfg(feature = "files")]
pub mod read;
#[cfg(all(feature = "engine", target_arch = "wasm32"))]
pub mod remote;
#[cfg(feature = "files")]
mod safetensors;
#[cfg(feature = "files")]
mod writer;

use serde::{Deserialize, Serialize};

use crate::protocol::{EngineKind, Format, Item, Setup, Tensor};
#[cfg(feature = "files")]
pub use writer::Writer;

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// As what.
    pub format: Format,
    /// Which tensors, in this order; each once. Of a format that holds one alone, see [`Format::extension`].
    pub tensors: Vec<Tensor>,
    /// Of what they were made.
    pub batch: Vec<Item>,
    /// With what.
    pub setup: Setup,
    /// By whom.
    pub engine: EngineKind,
}

impl Job {
    /// The shape of a tensor.
    pub fn shape(&self, tensor: Tensor) -> Vec<usize> {
        tensor.full_shape(&self.batch, &self.setup)
    }
}
