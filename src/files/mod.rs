//! Tensors as files: those of a run as CSV, JSON, NumPy's .npy and .npz, and .safetensors; and those that other programs
//! wrote, out of the last four ([`Reader`]; `read`, feature `files`).
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

use std::{ops::Range, pin::Pin};

use serde::{Deserialize, Serialize};

use crate::protocol::{EngineKind, Format, Found, Item, Place, Setup, Tensor};
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

/// Files that a person gave, and that stay where they are: what is wanted of them is read when it is wanted.
pub trait Reader {
    /// What they hold.
    fn found(&self) -> &[Found];

    /// Some numbers of a tensor, in the order in which its last axis runs fastest, as float32. `goes_on` is told after every part
    /// how many of the bytes to be read have been, and says whether to read on.
    ///
    /// Fails where the file has changed, ends too early or is damaged, or `goes_on` said so: in words that say what to do.
    fn numbers<'a>(
        &'a self,
        place: Place,
        range: Range<u64>,
        goes_on: &'a GoesOn,
    ) -> Soon<'a, Result<Vec<f32>, String>>;
}

/// What is told how far reading is, and says whether it goes on.
pub type GoesOn = dyn Fn(u64, u64) -> Soon<'static, bool>;

/// What takes a while, of a kind that its caller need not know.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
