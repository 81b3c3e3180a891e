//! Calculates on the GPU or the CPU, keeps the trace, and answers the page.
//!
//! [`Engine::answer`] is all there is to it; `worker` (in a browser) carries the messages.

pub mod attend;
#[cfg(target_arch = "wasm32")]
mod calls;
mod kept;
#[cfg(target_arch = "wasm32")]
pub mod worker;

use ndarray::{Array3, Axis};

use crate::attention::{BlockTrace, BlockWeights, Config, Error, self_attention};
use crate::embedding;
use crate::gpu;
use crate::protocol::{
    BUILD, EngineChoice, EngineKind, MOST_TOKENS, Refusal, Reply, Request, Run, Setup, WIDEST_MODEL,
};
use kept::Kept;

/// The engine: a back end, and the trace of its last run.
pub struct Engine {
    backend: Backend,
    /// The weights of the last run and what they were made from, because most runs change the sentence alone.
    weights: Option<((usize, u64), BlockWeights)>,
    kept: Option<Kept>,
    /// Milliseconds since any fixed point.
    clock: fn() -> f64,
}

enum Backend {
    Cpu { instead_of_webgpu: Option<String> },
    Gpu(Box<gpu::Attention>),
}

impl Backend {
    fn of(opened: Result<gpu::Attention, gpu::Error>) -> Self {
        match opened {
            Ok(gpu) => Backend::Gpu(Box::new(gpu)),
            Err(error) => Backend::Cpu { instead_of_webgpu: Some(error.to_string()) },
        }
    }

    fn kind(&self) -> EngineKind {
        match self {
            Backend::Cpu { instead_of_webgpu } => EngineKind::Cpu { instead_of_webgpu: instead_of_webgpu.clone() },
            Backend::Gpu(gpu) => EngineKind::WebGpu { adapter: gpu.adapter_name().to_owned() },
        }
    }
}

impl Engine {
    /// An engine on the CPU that has not run yet; [`Request::Open`] chooses another. `clock` tells milliseconds since
    /// any fixed point.
    pub fn new(clock: fn() -> f64) -> Self {
        Self { backend: Backend::Cpu { instead_of_webgpu: None }, weights: None, kept: None, clock }
    }

    /// An engine on a GPU that is open already.
    pub fn with_gpu(gpu: gpu::Attention, clock: fn() -> f64) -> Self {
        Self { backend: Backend::Gpu(Box::new(gpu)), ..Self::new(clock) }
    }

    /// Changes over to a GPU, or says why there is none.
    pub fn use_gpu(&mut self, opened: Result<gpu::Attention, gpu::Error>) -> Reply {
        self.backend = Backend::of(opened);
        self.opened()
    }

    fn opened(&self) -> Reply {
        Reply::Opened { build: BUILD.to_owned(), engine: self.backend.kind() }
    }

    /// Does what the page asks. `None` where it asks about a run that is no longer kept.
    pub async fn answer(&mut self, request: Request) -> Option<Reply> {
        match request {
            Request::Open { engine: EngineChoice::Cpu, .. } => {
                self.backend = Backend::Cpu { instead_of_webgpu: None };
                Some(self.opened())
            }
            Request::Open { .. } => {
                let opened = gpu::Attention::open().await;
                Some(self.use_gpu(opened))
            }
            Request::Run { run, sentence, setup, slices } => {
                let started = (self.clock)();
                Some(match self.run(run, &sentence, &setup).await {
                    Err(refusal) => Reply::Refused { run, refusal },
                    Ok(Done { kept, left_out, engine }) => {
                        let milliseconds = (self.clock)() - started;
                        let tokens = kept.tokens.clone();
                        let slices = kept.matrices(slices);
                        self.kept = Some(kept);
                        Reply::Ran(Run { run, setup, tokens, left_out, engine, milliseconds, slices })
                    }
                })
            }
            Request::Read { run, slices } => {
                let kept = self.kept.as_ref().filter(|kept| kept.run == run)?;
                Some(Reply::Slices { run, slices: kept.matrices(slices) })
            }
            Request::Explain { run, cell } => {
                let kept = self.kept.as_ref().filter(|kept| kept.run == run)?;
                Some(Reply::Operands { run, operands: kept.operands(cell)? })
            }
        }
    }

    async fn run(&mut self, run: u64, sentence: &str, setup: &Setup) -> Result<Done, Refusal> {
        let Setup { seed, heads, width, positions, .. } = *setup;
        let mut tokens = embedding::tokens(sentence);
        let left_out = tokens.len().saturating_sub(MOST_TOKENS);
        tokens.truncate(MOST_TOKENS);
        if tokens.is_empty() {
            return Err(Refusal::NoTokens);
        }
        if width == 0 || width > WIDEST_MODEL {
            return Err(Refusal::Width(width));
        }
        let words = embedding::embed(&tokens, width, seed);
        let positions = embedding::positions(positions, tokens.len(), width);
        let input = (&words + &positions).insert_axis(Axis(0));
        if self.weights.as_ref().is_none_or(|(made_from, _)| *made_from != (width, seed)) {
            self.weights = Some(((width, seed), embedding::block_weights(width, seed)));
        }
        let weights = self.weights.as_ref().map(|(_, weights)| weights).expect("they were just made");
        let config = Config { window: setup.mask, ..Config::default() };
        let (trace, engine) =
            calculate(&mut self.backend, &input, weights, heads, &config).await.map_err(|error| match error {
                Error::HeadsDoNotDivideWidth { width, heads } => Refusal::Heads { heads, width },
                error => Refusal::Attention(error.to_string()),
            })?;
        let kept = Kept::new(run, setup.clone(), tokens, (words, positions, input), weights.clone(), trace);
        Ok(Done { kept, left_out, engine })
    }
}

/// One run.
struct Done {
    kept: Kept,
    /// How many tokens it left out.
    left_out: usize,
    /// Who calculated.
    engine: EngineKind,
}

/// Where the GPU fails, the CPU does the run again; a GPU that is lost or at fault is given up.
async fn calculate(
    backend: &mut Backend,
    input: &Array3<f32>,
    weights: &BlockWeights,
    heads: usize,
    config: &Config,
) -> Result<(BlockTrace, EngineKind), Error> {
    let mut engine = backend.kind();
    if let Backend::Gpu(gpu) = backend {
        gpu.set_weights(weights);
        match gpu.self_attention(input.view(), heads, config).await {
            Ok(trace) => return Ok((trace, engine)),
            Err(gpu::Error::Inputs(error)) => return Err(error),
            Err(error) => {
                engine = EngineKind::Cpu { instead_of_webgpu: Some(error.to_string()) };
                if error.is_final() {
                    *backend = Backend::Cpu { instead_of_webgpu: Some(error.to_string()) };
                }
            }
        }
    }
    Ok((self_attention(input.view(), weights, heads, config)?, engine))
}
