//! Attention of tensors that are given, for `window.headlight` and for tests: nothing of it is kept.

use crate::attention::{self, Inputs, Outputs, Wanted, fast};
use crate::gpu;
use crate::protocol::{EngineChoice, EngineKind};

/// What one call may take, in bytes: wasm has 4 GiB in all, and what is returned is copied out of it.
pub const MOST_BYTES: u64 = 1 << 31;

/// Attends to tensors, on the GPU where that is wanted and to be had.
#[derive(Default)]
pub struct Attend {
    /// Opened by the first call that wants it.
    gpu: Option<Result<gpu::Attention, gpu::Error>>,
}

impl Attend {
    /// Of the tensors of [`attention::attend`], those that are wanted; and who made them.
    ///
    /// # Errors
    /// [`attention::Error::TooLarge`]. Where the GPU fails, the CPU does it instead.
    pub async fn call(
        &mut self,
        inputs: &Inputs,
        wanted: Wanted,
        choice: EngineChoice,
    ) -> Result<(Outputs, EngineKind), attention::Error> {
        wanted.check_size(inputs.shape(), MOST_BYTES)?;
        let mut instead_of_webgpu = None;
        if choice != EngineChoice::Cpu {
            if self.gpu.is_none() {
                self.gpu = Some(gpu::Attention::open().await);
            }
            let answer = match self.gpu.as_mut().expect("it was just opened") {
                Ok(gpu) => gpu.attend(inputs, wanted).await.map(|outputs| (outputs, gpu.adapter_name().to_owned())),
                Err(error) => Err(error.clone()),
            };
            match answer {
                Ok((outputs, adapter)) => return Ok((outputs, EngineKind::WebGpu { adapter })),
                Err(error) => {
                    instead_of_webgpu = Some(error.to_string());
                    if error.is_final() {
                        self.gpu = Some(Err(error));
                    }
                }
            }
        }
        Ok((fast::attend(inputs, wanted), EngineKind::Cpu { instead_of_webgpu }))
    }
}
