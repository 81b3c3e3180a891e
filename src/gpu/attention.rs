use std::ops::Range;

use ndarray::{Array, Array3, Array4, ArrayView, ArrayView3, Dimension};

use super::device::Watch;
use super::kernel::{self, Kernel, MixArgs, ProjectArgs, ScoresArgs, SoftmaxArgs, TILE};
use super::{Device, Error};
use crate::attention::{self, BlockTrace, BlockWeights, Config, Inputs, Mask, Trace, Visibility};

/// Self-attention on a GPU: what [`attention::self_attention`] calculates, with every intermediate read back.
#[derive(Debug)]
pub struct Attention {
    device: Device,
    kernels: Kernels,
    weights: Option<BlockWeights>,
    buffers: Option<Buffers>,
    chunk_bytes: u64,
}

impl Attention {
    /// Opens a GPU and compiles the kernels.
    ///
    /// # Errors
    /// [`Error::NoAdapter`], [`Error::DeviceRefused`].
    pub async fn open() -> Result<Self, Error> {
        let device = Device::open().await?;
        let watch = device.watch();
        let kernels = Kernels {
            project: Kernel::new(&device, &kernel::PROJECT),
            scores: Kernel::new(&device, &kernel::SCORES),
            softmax: Kernel::new(&device, &kernel::SOFTMAX),
            mix: Kernel::new(&device, &kernel::MIX),
        };
        watch.finish().await.map_err(|error| Error::DeviceRefused(error.to_string()))?;
        Ok(Self { device, kernels, weights: None, buffers: None, chunk_bytes: u64::MAX })
    }

    /// The adapter's name, for people.
    pub fn adapter_name(&self) -> &str {
        self.device.adapter_name()
    }

    /// The device underneath, which can be given up.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The weights of the runs from now on; they are uploaded only if they are not those of before.
    pub fn set_weights(&mut self, weights: &BlockWeights) {
        if self.weights.as_ref() != Some(weights) {
            self.weights = Some(weights.clone());
            if let Some(buffers) = &mut self.buffers {
                buffers.hold_weights = false;
            }
        }
    }

    /// Runs in pieces of whole heads whose scores take at most so many bytes (or of one head, where one takes more), so
    /// that the GPU needs less memory. Without it a piece is as large as the limits of WebGPU allow.
    pub fn limit_chunks(&mut self, bytes: u64) {
        self.chunk_bytes = bytes;
    }

    /// Multi-head self-attention of `input` `[B, S, E]`, as [`attention::self_attention`].
    ///
    /// The future may be dropped half-way; the next run is not disturbed.
    ///
    /// # Errors
    /// [`Error::NoWeights`] before [`Attention::set_weights`]; [`Error::Inputs`] for what
    /// [`attention::self_attention`] refuses, and for weights or a scale that are not finite; [`Error::TooLarge`] and
    /// [`Error::OutOfMemory`] for tensors that this GPU cannot hold; [`Error::Lost`] once it is gone.
    pub async fn self_attention(
        &mut self,
        input: ArrayView3<'_, f32>,
        heads: usize,
        config: &Config,
    ) -> Result<BlockTrace, Error> {
        self.device.check()?;
        let weights = self.weights.as_ref().ok_or(Error::NoWeights)?;
        check_inputs(input, weights, heads, config)?;
        let plan = Plan::new(input.dim(), heads, self.chunk_bytes, &self.device.handle.limits())?;

        // Put back after success alone: the buffers of a run that failed or was dropped may be invalid or still in use.
        let buffers = self.buffers.take();
        let watch = self.device.watch();
        let mut buffers = match buffers {
            Some(buffers) if buffers.room.holds(&plan.room) => buffers,
            smaller => Buffers::new(&self.device, plan.room.with(smaller.map(|buffers| buffers.room))),
        };
        upload(&self.device, input, &buffers.input);
        if !buffers.hold_weights {
            upload(&self.device, weights.w_q.view(), &buffers.w_q);
            upload(&self.device, weights.w_k.view(), &buffers.w_k);
            upload(&self.device, weights.w_v.view(), &buffers.w_v);
            upload(&self.device, weights.w_o.view(), &buffers.w_o);
            buffers.hold_weights = true;
        }
        let prepared = watch.finish();
        let trace = self.run(&buffers, &plan, config).await;
        // What went wrong in preparation is why the run went wrong.
        prepared.await?;
        let trace = trace?;
        self.buffers = Some(buffers);
        Ok(trace)
    }

    /// One submission and one download a chunk; mostly there is one chunk.
    async fn run(&self, buffers: &Buffers, plan: &Plan, config: &Config) -> Result<BlockTrace, Error> {
        let [batch, heads, len, head_dim] =
            [plan.batch, plan.heads, plan.len, plan.head_dim()].map(|count| count as usize);
        let [mut queries, mut keys, mut values, mut mixed] =
            [(); 4].map(|()| Array4::zeros((batch, heads, len, head_dim)));
        let [mut scores, mut scaled, mut weights] = [(); 3].map(|()| Array4::zeros((batch, heads, len, len)));
        let mut output = Array3::zeros((batch, len, heads * head_dim));

        for planes in plan.chunks() {
            let watch = self.device.watch();
            let encoder = kernel::encoder(&self.device);
            let mut commands = Commands { device: &self.device, kernels: &self.kernels, buffers, plan, encoder };
            let mut downloads = Vec::new();
            if planes.start == 0 {
                let input = (&buffers.input, plan.width);
                commands.project(input, &buffers.w_q, (&buffers.queries, plan.head_dim()));
                commands.project(input, &buffers.w_k, (&buffers.keys, plan.head_dim()));
                commands.project(input, &buffers.w_v, (&buffers.values, plan.head_dim()));
                downloads.extend([
                    (&buffers.queries, numbers(&mut queries)),
                    (&buffers.keys, numbers(&mut keys)),
                    (&buffers.values, numbers(&mut values)),
                ]);
            }
            commands.scores(&planes, config.scale.factor(head_dim));
            commands.softmax(&planes, &config.mask);
            commands.mix(&planes);
            let cells = planes.start as usize * len * len..planes.end as usize * len * len;
            downloads.extend([
                (&buffers.scores, &mut numbers(&mut scores)[cells.clone()]),
                (&buffers.scaled, &mut numbers(&mut scaled)[cells.clone()]),
                (&buffers.weights, &mut numbers(&mut weights)[cells]),
            ]);
            if planes.end == plan.planes() {
                let mixed_heads = (&buffers.mixed, plan.head_dim());
                commands.project(mixed_heads, &buffers.w_o, (&buffers.output, plan.width));
                downloads.extend([(&buffers.mixed, numbers(&mut mixed)), (&buffers.output, numbers(&mut output))]);
            }
            self.download(watch, commands.encoder, &buffers.staging, downloads).await?;
        }

        let visibility = Visibility::new(&config.mask);
        let masked = attention::masked(&scaled, &visibility);
        // Finite inputs can overflow on the way to the queries, keys and values.
        let (queries, keys, values) = Inputs::new(queries, keys, values)?.into_parts();
        let attention = Trace { scores, scaled, masked, weights, output: mixed, visibility };
        Ok(BlockTrace { queries, keys, values, attention, output })
    }

    /// Submits the commands, and fills each slice from the start of its buffer.
    async fn download(
        &self,
        watch: Watch,
        mut encoder: wgpu::CommandEncoder,
        staging: &wgpu::Buffer,
        downloads: Vec<(&wgpu::Buffer, &mut [f32])>,
    ) -> Result<(), Error> {
        let mut end = 0;
        for (buffer, numbers) in &downloads {
            let bytes = size_of_val(*numbers) as u64;
            encoder.copy_buffer_to_buffer(buffer, 0, staging, end, bytes);
            end += bytes;
        }
        self.device.submit(watch, encoder, staging, end).await?;
        let mapped = staging.get_mapped_range(..end).map_err(|error| self.device.lost(&error.to_string()))?;
        let mut rest = &mapped[..];
        for (_, numbers) in downloads {
            let (bytes, after) = rest.split_at(size_of_val(numbers));
            bytemuck::cast_slice_mut(numbers).copy_from_slice(bytes);
            rest = after;
        }
        drop(mapped);
        staging.unmap();
        Ok(())
    }
}

#[derive(Debug)]
struct Kernels {
    project: Kernel,
    scores: Kernel,
    softmax: Kernel,
    mix: Kernel,
}

/// Every tensor of a run, with room to spare; `scores`, `scaled` and `weights` hold one chunk.
#[derive(Debug)]
struct Buffers {
    room: Room,
    hold_weights: bool,
    w_q: wgpu::Buffer,
    w_k: wgpu::Buffer,
    w_v: wgpu::Buffer,
    w_o: wgpu::Buffer,
    input: wgpu::Buffer,
    queries: wgpu::Buffer,
    keys: wgpu::Buffer,
    values: wgpu::Buffer,
    scores: wgpu::Buffer,
    scaled: wgpu::Buffer,
    weights: wgpu::Buffer,
    mixed: wgpu::Buffer,
    output: wgpu::Buffer,
    staging: wgpu::Buffer,
}

impl Buffers {
    fn new(device: &Device, room: Room) -> Self {
        let matrix = || kernel::storage(device, room.matrix);
        let tokens = || kernel::storage(device, room.tokens);
        let scores = || kernel::storage(device, room.scores);
        Self {
            room,
            hold_weights: false,
            w_q: matrix(),
            w_k: matrix(),
            w_v: matrix(),
            w_o: matrix(),
            input: tokens(),
            queries: tokens(),
            keys: tokens(),
            values: tokens(),
            scores: scores(),
            scaled: scores(),
            weights: scores(),
            mixed: tokens(),
            output: tokens(),
            staging: kernel::staging(device, room.staging),
        }
    }
}

/// How many bytes the buffers have room for, by what they hold.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// `[E, E]`.
    matrix: u64,
    /// `[B, S, E]`.
    tokens: u64,
    /// The scores of a chunk, `[P, S, S]`.
    scores: u64,
    /// All that a chunk sends back.
    staging: u64,
}

impl Room {
    fn holds(&self, other: &Room) -> bool {
        self.matrix >= other.matrix
            && self.tokens >= other.tokens
            && self.scores >= other.scores
            && self.staging >= other.staging
    }

    /// Room for both.
    fn with(self, other: Option<Room>) -> Room {
        let Some(other) = other else { return self };
        Room {
            matrix: self.matrix.max(other.matrix),
            tokens: self.tokens.max(other.tokens),
            scores: self.scores.max(other.scores),
            staging: self.staging.max(other.staging),
        }
    }
}

/// The sizes of a run, checked against the limits of the device, and how it is cut into chunks.
///
/// A plane is one head of one sentence; a chunk is a range of planes, counted through all sentences.
#[derive(Debug)]
struct Plan {
    batch: u32,
    len: u32,
    width: u32,
    heads: u32,
    planes_per_chunk: u32,
    room: Room,
}

impl Plan {
    /// # Errors
    /// [`Error::TooLarge`].
    fn new(
        (batch, len, width): (usize, usize, usize),
        heads: usize,
        chunk_bytes: u64,
        limits: &wgpu::Limits,
    ) -> Result<Self, Error> {
        let binding = limits.max_storage_buffer_binding_size;
        let workgroups = limits.max_compute_workgroups_per_dimension;
        if batch > workgroups as usize {
            let (size, limit) = (batch as u64, workgroups.into());
            return Err(Error::TooLarge { name: "The batch", size, limit, unit: "sentences" });
        }
        let tokens = bytes_within("One number for each token and column", [batch, len, width], binding)?;
        let matrix = bytes_within("A weight matrix", [1, width, width], binding)?;
        // A download holds five tensors of the size of the input and three of scores.
        let scores_limit = binding.min(limits.max_buffer_size.saturating_sub(5 * tokens) / 3);
        let plane = bytes_within("The scores of one head", [1, len, len], scores_limit)?;

        // What passed those limits is far below 2³².
        let [batch, len, width, heads] = [batch, len, width, heads].map(|count| count as u32);
        let most = u64::from((batch * heads).min(workgroups));
        let planes_per_chunk = (chunk_bytes.min(scores_limit) / plane).clamp(1, most);
        let scores = planes_per_chunk * plane;
        let room = Room {
            matrix: roomy(matrix, binding),
            tokens: roomy(tokens, binding),
            scores: roomy(scores, binding),
            staging: roomy(5 * tokens + 3 * scores, limits.max_buffer_size),
        };
        Ok(Self { batch, len, width, heads, planes_per_chunk: planes_per_chunk as u32, room })
    }

    fn head_dim(&self) -> u32 {
        self.width / self.heads
    }

    fn planes(&self) -> u32 {
        self.batch * self.heads
    }

    fn chunks(&self) -> impl Iterator<Item = Range<u32>> {
        let starts = (0..self.planes()).step_by(self.planes_per_chunk as usize);
        starts.map(|start| start..(start + self.planes_per_chunk).min(self.planes()))
    }
}

/// The bytes that a tensor of this shape takes, unless they are too many.
fn bytes_within(name: &'static str, shape: [usize; 3], limit: u64) -> Result<u64, Error> {
    let bytes = shape.into_iter().fold(size_of::<f32>() as u64, |bytes, count| bytes.saturating_mul(count as u64));
    if bytes <= limit { Ok(bytes) } else { Err(Error::TooLarge { name, size: bytes, limit, unit: "bytes" }) }
}

/// Up to twice the room, so that a sentence that is being typed does not ask for new buffers at every word.
fn roomy(bytes: u64, limit: u64) -> u64 {
    bytes.next_power_of_two().min(limit).max(bytes)
}

/// One chunk's commands, as they are recorded. Each method is the CPU's function of that name.
struct Commands<'a> {
    device: &'a Device,
    kernels: &'a Kernels,
    buffers: &'a Buffers,
    plan: &'a Plan,
    encoder: wgpu::CommandEncoder,
}

impl Commands<'_> {
    /// `input · matrix`; input and output come with the width of the heads that they are cut into.
    fn project(
        &mut self,
        (input, input_head_dim): (&wgpu::Buffer, u32),
        matrix: &wgpu::Buffer,
        (output, output_head_dim): (&wgpu::Buffer, u32),
    ) {
        let &Plan { batch, len, width, .. } = self.plan;
        self.kernels.project.dispatch(
            self.device,
            &mut self.encoder,
            &ProjectArgs { len, width, input_head_dim, output_head_dim },
            &[input, matrix, output],
            [width.div_ceil(TILE), len.div_ceil(TILE), batch],
        );
    }

    fn scores(&mut self, planes: &Range<u32>, scale: f32) {
        let Buffers { queries, keys, scores, scaled, .. } = self.buffers;
        let len = self.plan.len;
        let head_dim = self.plan.head_dim();
        self.kernels.scores.dispatch(
            self.device,
            &mut self.encoder,
            &ScoresArgs { query_len: len, key_len: len, head_dim, first_plane: planes.start, scale },
            &[queries, keys, scores, scaled],
            [len.div_ceil(TILE), len.div_ceil(TILE), planes.len() as u32],
        );
    }

    fn softmax(&mut self, planes: &Range<u32>, mask: &Mask) {
        let Buffers { scaled, weights, .. } = self.buffers;
        let len = self.plan.len;
        let causal = match mask {
            Mask::None => 0,
            Mask::Causal => 1,
        };
        self.kernels.softmax.dispatch(
            self.device,
            &mut self.encoder,
            &SoftmaxArgs { query_len: len, key_len: len, causal },
            &[scaled, weights],
            [len, planes.len() as u32, 1],
        );
    }

    fn mix(&mut self, planes: &Range<u32>) {
        let Buffers { weights, values, mixed, .. } = self.buffers;
        let len = self.plan.len;
        let head_dim = self.plan.head_dim();
        self.kernels.mix.dispatch(
            self.device,
            &mut self.encoder,
            &MixArgs { query_len: len, key_len: len, head_dim, first_plane: planes.start },
            &[weights, values, mixed],
            [head_dim.div_ceil(TILE), len.div_ceil(TILE), planes.len() as u32],
        );
    }
}

/// Refuses what the CPU refuses. NaN and infinities must not reach a shader, which may assume that there are none.
fn check_inputs(
    input: ArrayView3<f32>,
    weights: &BlockWeights,
    heads: usize,
    config: &Config,
) -> Result<(), attention::Error> {
    weights.check(input, heads)?;
    let scale = config.scale.factor(input.dim().2 / heads);
    if !scale.is_finite() {
        return Err(attention::Error::NotFinite { name: "scale", index: Vec::new(), value: scale });
    }
    Ok(())
}

fn upload<D: Dimension>(device: &Device, tensor: ArrayView<f32, D>, buffer: &wgpu::Buffer) {
    let tensor = tensor.as_standard_layout();
    let numbers = tensor.as_slice().expect("standard layout is contiguous");
    device.queue.write_buffer(buffer, 0, bytemuck::cast_slice(numbers));
}

/// The numbers of a tensor that was made by `zeros`.
fn numbers<D: Dimension>(tensor: &mut Array<f32, D>) -> &mut [f32] {
    tensor.as_slice_mut().expect("a new array is contiguous")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plan_is_made_exactly_when_one_head_fits_and_stays_within_the_limits(
            batch in prop_oneof![1..=4_usize, 1..=70_000_usize],
            heads in 1..=16_usize,
            len in prop_oneof![1..=64_usize, 1..=5000_usize],
            head_dim in 1..=400_usize,
            chunk_bytes in prop_oneof![Just(u64::MAX), any::<u32>().prop_map(u64::from)],
        ) {
            let limits = wgpu::Limits::defaults();
            let width = heads * head_dim;
            let [tokens, matrix, plane] =
                [batch * len * width, width * width, len * len].map(|numbers| 4 * numbers as u64);
            let fits = batch <= 65_535
                && [tokens, matrix, plane].into_iter().all(|bytes| bytes <= limits.max_storage_buffer_binding_size)
                && 5 * tokens + 3 * plane <= limits.max_buffer_size;

            let plan = Plan::new((batch, len, width), heads, chunk_bytes, &limits);
            prop_assert_eq!(plan.is_ok(), fits);
            let Ok(plan) = plan else { return Ok(()) };
            let scores = u64::from(plan.planes_per_chunk) * plane;
            for (room, needed) in [(plan.room.tokens, tokens), (plan.room.matrix, matrix), (plan.room.scores, scores)] {
                prop_assert!(needed <= room && room <= limits.max_storage_buffer_binding_size);
            }
            prop_assert!(5 * tokens + 3 * scores <= plan.room.staging);
            prop_assert!(plan.room.staging <= limits.max_buffer_size);
            prop_assert!(plan.planes_per_chunk <= limits.max_compute_workgroups_per_dimension);
            prop_assert!(plan.chunks().flatten().eq(0..(batch * heads) as u32));
        }
    }

    #[test]
    fn scores_beyond_a_binding_are_cut_into_chunks() {
        // Four heads of 3000² scores are 137 MiB.
        let plan = Plan::new((1, 3000, 64), 4, u64::MAX, &wgpu::Limits::defaults()).expect("one head fits");
        assert_eq!(plan.chunks().collect::<Vec<_>>(), [0..2, 2..4]);
    }
}
