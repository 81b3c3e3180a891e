//! Attention of tensors that are given, for `window.headlight`: nothing of it is kept.

use super::backend::Backend;
use crate::attention::{Error, Inputs, Outputs, Wanted};
use crate::gpu;
use crate::protocol::{EngineChoice, EngineKind};

/// What one call may take, in bytes: wasm has 4 GiB in all, and what is returned is copied out of it.
pub const MOST_BYTES: u64 = 1 << 31;

/// Attends to tensors, on the GPU where that is wanted and to be had.
#[derive(Default)]
pub struct Attend {
    /// With a GPU, opened by the first call that wants one; or with why there is none.
    with_gpu: Option<Backend>,
}

impl Attend {
    /// Of the tensors of [`attend`](crate::attention::attend), those that are wanted; and who made them. Where the GPU
    /// fails, the CPU does it instead.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub async fn call(
        &mut self,
        inputs: &Inputs,
        wanted: Wanted,
        choice: EngineChoice,
    ) -> Result<(Outputs, EngineKind), Error> {
        wanted.check_size(inputs.shape(), MOST_BYTES)?;
        if choice == EngineChoice::Cpu {
            let mut cpu = Backend::CPU;
            return Ok(cpu.attend(inputs, wanted).await);
        }
        if self.with_gpu.is_none() {
            self.with_gpu = Some(Backend::of(gpu::Attention::open().await));
        }
        let backend = self.with_gpu.as_mut().expect("it was just opened");
        Ok(backend.attend(inputs, wanted).await)
    }
}
