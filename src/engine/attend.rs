//! Attention of tensors that are given, for `window.headlight`: nothing of it is kept.

use super::backend::Backend;
use crate::attention::{Error, Inputs, Outputs, Wanted, fast};
use crate::gpu;
use crate::protocol::{EngineChoice, EngineKind};

/// What the tensors made for one call may take, in bytes: wasm has 4 GiB in all, and what is returned is copied out of it.
pub const MOST_BYTES: u64 = 1 << 31;

/// Attends to tensors, on the GPU where that is wanted and to be had.
#[derive(Default)]
pub struct Attend {
    /// With a GPU, opened by the first call that wants one; or with why there is none.
    with_gpu: Option<Backend>,
    /// The memory of the CPU's last answer, for the next.
    last: Outputs,
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
        if choice == EngineChoice::Cpu {
            return self.on_cpu(inputs, wanted);
        }
        wanted.check_size(inputs.shape(), MOST_BYTES)?;
        if self.with_gpu.is_none() {
            let opened = gpu::Attention::open().await;
            // What could not be loaded may be there the next time.
            let is_worth_another_try = matches!(opened, Err(gpu::Error::NotLoaded(_)));
            let mut backend = Backend::of(opened);
            if is_worth_another_try {
                return Ok(backend.attend(inputs, wanted).await);
            }
            self.with_gpu = Some(backend);
        }
        let backend = self.with_gpu.as_mut().expect("it was just opened");
        Ok(backend.attend(inputs, wanted).await)
    }

    /// The same on the CPU, at once.
    ///
    /// # Errors
    /// As [`Attend::call`].
    pub fn on_cpu(&mut self, inputs: &Inputs, wanted: Wanted) -> Result<(Outputs, EngineKind), Error> {
        wanted.check_size(inputs.shape(), MOST_BYTES)?;
        let mut outputs = std::mem::take(&mut self.last);
        fast::attend_into(inputs, wanted, &mut outputs);
        Ok((outputs, EngineKind::Cpu { instead_of_webgpu: None }))
    }

    /// Takes back what a call gave, so that the next need not ask for new memory: what [`fast::attend_into`] uses again, and
    /// no more than 128 MiB, which might never be needed again.
    pub fn give_back(&mut self, outputs: Outputs) {
        const MOST_NUMBERS: usize = 32 << 20;
        let outputs = Outputs { scaled: None, masked: None, ..outputs };
        let tensors = [&outputs.scores, &outputs.weights, &outputs.output];
        let numbers: usize = tensors.into_iter().flatten().map(|tensor| tensor.len()).sum();
        self.last = if numbers <= MOST_NUMBERS { outputs } else { Outputs::default() };
    }
}
