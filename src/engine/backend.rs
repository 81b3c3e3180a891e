use crate::attention::{
    self, BlockInput, BlockTrace, BlockWeights, Config, Inputs, Mask, Outputs, Project, Wanted, fast, projected,
    width_from_heads,
};
use crate::gpu;
use crate::protocol::EngineKind;

/// Who calculates.
pub enum Backend {
    /// The CPU.
    Cpu {
        /// Why not the GPU, if it was wanted.
        instead_of_webgpu: Option<String>,
    },
    /// A GPU that is open.
    Gpu(Box<gpu::Attention>),
}

impl Backend {
    /// The CPU, by choice.
    pub const CPU: Self = Self::Cpu { instead_of_webgpu: None };

    /// The GPU that opened, or the CPU with why it did not.
    pub fn of(opened: Result<gpu::Attention, gpu::Error>) -> Self {
        match opened {
            Ok(gpu) => Self::Gpu(Box::new(gpu)),
            Err(error) => Self::Cpu { instead_of_webgpu: Some(error.to_string()) },
        }
    }

    /// Which engine that is.
    pub fn kind(&self) -> EngineKind {
        match self {
            Self::Cpu { instead_of_webgpu } => EngineKind::Cpu { instead_of_webgpu: instead_of_webgpu.clone() },
            Self::Gpu(gpu) => EngineKind::WebGpu { adapter: gpu.adapter_name().to_owned() },
        }
    }

    /// An attention block; of its attention, the tensors that are wanted, and the output in any case. With who made it: where there
    /// are biases, the CPU projects and a GPU does the rest.
    ///
    /// # Errors
    /// As [`attention::multi_head`].
    pub async fn multi_head(
        &mut self,
        input: BlockInput<'_>,
        block: &BlockWeights,
        heads: usize,
        config: &Config,
        mask: Option<Mask>,
        wanted: Wanted,
    ) -> Result<(BlockTrace<Outputs>, EngineKind), attention::Error> {
        // The kernels add no biases.
        if block.has_biases() {
            return self.multi_head_by(fast::project, input, block, heads, config, mask, wanted).await;
        }
        let mut engine = self.kind();
        if let Self::Gpu(gpu) = self {
            gpu.set_weights(block);
            match gpu.multi_head(input, heads, config, mask.clone(), wanted).await {
                Ok(trace) => return Ok((trace, engine)),
                Err(gpu::BlockError::Inputs(error)) => return Err(error),
                Err(gpu::BlockError::Gpu(error)) => engine = self.failed(error),
            }
        }
        Ok((fast::multi_head(input, block, heads, config, mask, wanted)?, engine))
    }

    /// The same, projected by the CPU in this way.
    ///
    /// # Errors
    /// As [`attention::multi_head`].
    #[allow(clippy::too_many_arguments, reason = "those of multi_head, and one")]
    pub async fn multi_head_by(
        &mut self,
        project: Project,
        input: BlockInput<'_>,
        block: &BlockWeights,
        heads: usize,
        config: &Config,
        mask: Option<Mask>,
        wanted: Wanted,
    ) -> Result<(BlockTrace<Outputs>, EngineKind), attention::Error> {
        let inputs = projected(project, input, block, heads, config, mask)?;
        let (attention, engine) = self.attend(&inputs, Wanted { output: true, ..wanted }).await;
        let mixed = attention.output.as_ref().expect("the output was wanted");
        let output = project(width_from_heads(mixed.view()).view(), &block.w_o);
        Ok((BlockTrace { inputs, attention, output }, engine))
    }

    /// Attention alone, and who made it.
    pub async fn attend(&mut self, inputs: &Inputs, wanted: Wanted) -> (Outputs, EngineKind) {
        let mut engine = self.kind();
        if let Self::Gpu(gpu) = self {
            match gpu.attend(inputs, wanted).await {
                Ok(outputs) => return (outputs, engine),
                Err(error) => engine = self.failed(error),
            }
        }
        (fast::attend(inputs, wanted), engine)
    }

    /// The GPU did not answer, so the CPU does; a GPU that is lost or at fault is given up.
    fn failed(&mut self, error: gpu::Error) -> EngineKind {
        let instead_of_webgpu = Some(error.to_string());
        if error.is_final() {
            *self = Self::Cpu { instead_of_webgpu: instead_of_webgpu.clone() };
        }
        EngineKind::Cpu { instead_of_webgpu }
    }
}
