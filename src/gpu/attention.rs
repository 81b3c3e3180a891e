use std::ops::Range;

use bytemuck::{NoUninit, cast_slice};
use ndarray::{Array, Array3, Array4, ArrayView, ArrayView3, Dimension};

use super::device::Watch;
use super::kernel::{self, Kernel, MixArgs, ProjectArgs, ScoresArgs, SoftmaxArgs, TILE};
use super::{Device, Error};
use crate::attention::{BlockTrace, BlockWeights, Config, Inputs, Outputs, Rules, Shape, Tensors, Wanted};

/// Attention on a GPU: what [`attend`](crate::attention::attend) and
/// [`self_attention`](crate::attention::self_attention) calculate.
#[derive(Debug)]
pub struct Attention {
    device: Device,
    kernels: Kernels,
    weights: Option<BlockWeights>,
    buffers: Buffers,
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
        Ok(Self { device, kernels, weights: None, buffers: Buffers::default(), chunk_bytes: u64::MAX })
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
            self.buffers.hold_weights = false;
        }
    }

    /// Runs in pieces of whole heads whose scores take at most so many bytes (or of one head, where one takes more), so
    /// that the GPU needs less memory. Without it a piece is as large as the limits of WebGPU allow.
    pub fn limit_chunks(&mut self, bytes: u64) {
        self.chunk_bytes = bytes;
    }

    /// Attention, as [`attend`](crate::attention::attend): of its tensors, those that are wanted.
    ///
    /// The future may be dropped half-way; the next run is not disturbed.
    ///
    /// # Errors
    /// [`Error::TooLarge`] and [`Error::OutOfMemory`] for tensors that this GPU cannot hold; [`Error::Lost`] once it is
    /// gone.
    pub async fn attend(&mut self, inputs: &Inputs, wanted: Wanted) -> Result<Outputs, Error> {
        self.device.check()?;
        let shape = inputs.shape();
        let plan = Plan::new(shape, None, self.chunk_bytes, &self.device.handle.limits())?;
        let mut run = Run::new(self, &plan);
        run.upload(Slot::Queries, inputs.queries());
        run.upload(Slot::Keys, inputs.keys());
        run.upload(Slot::Values, inputs.values());
        run.reserve(Slot::Mixed, plan.mixed_bytes());
        run.set_rules(inputs.rules());
        let prepared = run.prepared();

        let Shape { batch, heads, query_len, key_len, value_dim, .. } = shape;
        let pairs = |wanted: bool| wanted.then(|| Array4::zeros((batch, heads, query_len, key_len)));
        let (mut scores, mut weights) = (pairs(wanted.keeps_scores()), pairs(wanted.weights));
        let mut output = wanted.output.then(|| Array4::zeros((batch, heads, query_len, value_dim)));
        let mut result = Ok(());
        for planes in plan.chunks() {
            run.start();
            run.scores(&planes);
            run.softmax(&planes);
            if wanted.output {
                run.mix(&planes);
            }
            let pairs = plan.pairs(&planes);
            let mut downloads = Vec::new();
            downloads.extend(scores.as_mut().map(|scores| (Slot::Scores, &mut numbers(scores)[pairs.clone()])));
            downloads.extend(weights.as_mut().map(|weights| (Slot::Weights, &mut numbers(weights)[pairs])));
            if planes.end == plan.planes() {
                downloads.extend(output.as_mut().map(|output| (Slot::Mixed, numbers(output))));
            }
            result = run.download(downloads).await;
            if result.is_err() {
                break;
            }
        }
        // What went wrong in preparation is why the run went wrong.
        prepared.await?;
        result?;
        self.buffers = run.buffers;
        Ok(Outputs::new(inputs.rules(), wanted, scores, weights, output))
    }

    /// Multi-head self-attention of `input` `[B, S, E]`, as [`self_attention`](crate::attention::self_attention); of its
    /// attention, the tensors that are wanted, and the output in any case.
    ///
    /// The future may be dropped half-way; the next run is not disturbed.
    ///
    /// # Errors
    /// [`Error::NoWeights`] before [`Attention::set_weights`]; [`Error::Inputs`] for what
    /// [`self_attention`](crate::attention::self_attention) refuses; [`Error::TooLarge`] and [`Error::OutOfMemory`] for
    /// tensors that this GPU cannot hold; [`Error::Lost`] once it is gone.
    pub async fn self_attention(
        &mut self,
        input: ArrayView3<'_, f32>,
        heads: usize,
        config: &Config,
        wanted: Wanted,
    ) -> Result<BlockTrace<Outputs>, Error> {
        self.device.check()?;
        let block = self.weights.clone().ok_or(Error::NoWeights)?;
        block.check(input, heads, config)?;
        let (batch, len, width) = input.dim();
        let head_dim = width / heads;
        let shape =
            Shape { batch, heads, key_heads: heads, query_len: len, key_len: len, head_dim, value_dim: head_dim };
        let plan = Plan::new(shape, Some(width), self.chunk_bytes, &self.device.handle.limits())?;
        let mut run = Run::new(self, &plan);
        run.upload(Slot::Input, input);
        if !run.buffers.hold_weights {
            for (slot, matrix) in
                [(Slot::Wq, &block.w_q), (Slot::Wk, &block.w_k), (Slot::Wv, &block.w_v), (Slot::Wo, &block.w_o)]
            {
                run.upload(slot, matrix.view());
            }
            run.buffers.hold_weights = true;
        }
        for slot in [Slot::Queries, Slot::Keys, Slot::Values, Slot::Mixed, Slot::Output] {
            run.reserve(slot, plan.mixed_bytes());
        }
        run.set_rules(&Rules::of(config, shape));
        let prepared = run.prepared();

        let [mut queries, mut keys, mut values, mut mixed] =
            [(); 4].map(|()| Array4::zeros((batch, heads, len, head_dim)));
        let pairs = |wanted: bool| wanted.then(|| Array4::zeros((batch, heads, len, len)));
        let (mut scores, mut weights) = (pairs(wanted.keeps_scores()), pairs(wanted.weights));
        let mut output = Array3::zeros((batch, len, width));
        let mut result = Ok(());
        for planes in plan.chunks() {
            run.start();
            let mut downloads = Vec::new();
            if planes.start == 0 {
                run.project((Slot::Input, width), Slot::Wq, (Slot::Queries, head_dim));
                run.project((Slot::Input, width), Slot::Wk, (Slot::Keys, head_dim));
                run.project((Slot::Input, width), Slot::Wv, (Slot::Values, head_dim));
                downloads.extend([
                    (Slot::Queries, numbers(&mut queries)),
                    (Slot::Keys, numbers(&mut keys)),
                    (Slot::Values, numbers(&mut values)),
                ]);
            }
            run.scores(&planes);
            run.softmax(&planes);
            run.mix(&planes);
            let pairs = plan.pairs(&planes);
            downloads.extend(scores.as_mut().map(|scores| (Slot::Scores, &mut numbers(scores)[pairs.clone()])));
            downloads.extend(weights.as_mut().map(|weights| (Slot::Weights, &mut numbers(weights)[pairs])));
            if planes.end == plan.planes() {
                run.project((Slot::Mixed, head_dim), Slot::Wo, (Slot::Output, width));
                downloads.extend([(Slot::Mixed, numbers(&mut mixed)), (Slot::Output, numbers(&mut output))]);
            }
            result = run.download(downloads).await;
            if result.is_err() {
                break;
            }
        }
        prepared.await?;
        result?;
        self.buffers = run.buffers;

        // Finite inputs can overflow on the way to the queries, keys and values.
        let inputs = Inputs::new(Tensors::new(queries, keys, values), *config)?;
        let attention = Outputs::new(inputs.rules(), wanted, scores, weights, Some(mixed));
        Ok(BlockTrace { inputs, attention, output })
    }
}

#[derive(Debug)]
struct Kernels {
    project: Kernel,
    scores: Kernel,
    softmax: Kernel,
    mix: Kernel,
}

/// What a buffer holds. `Scores` and `Weights` hold one chunk, `Staging` all that a chunk sends back.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Wq,
    Wk,
    Wv,
    Wo,
    Input,
    Queries,
    Keys,
    Values,
    Places,
    Mask,
    Slopes,
    Scores,
    Weights,
    Mixed,
    Output,
    Staging,
}

/// The buffers, kept from run to run.
#[derive(Debug, Default)]
struct Buffers {
    slots: [Option<wgpu::Buffer>; Slot::Staging as usize + 1],
    /// Whether they hold the weights that were set last.
    hold_weights: bool,
}

impl Buffers {
    fn get(&self, slot: Slot) -> &wgpu::Buffer {
        self.slots[slot as usize].as_ref().expect("room was made for all that a run uses")
    }
}

/// A run under way: its buffers, and the commands that are being recorded.
///
/// It takes the buffers away from [`Attention`], which gets them back after success alone: those of a run that failed or
/// was dropped may be invalid or still in use.
struct Run<'a> {
    device: &'a Device,
    kernels: &'a Kernels,
    plan: &'a Plan,
    buffers: Buffers,
    softmax: SoftmaxArgs,
    watch: Option<Watch>,
    encoder: wgpu::CommandEncoder,
}

impl<'a> Run<'a> {
    /// Takes the buffers and makes room for a chunk. Errors from here on are seen by [`Run::prepared`].
    fn new(attention: &'a mut Attention, plan: &'a Plan) -> Self {
        let Attention { device, kernels, buffers, .. } = attention;
        let watch = Some(device.watch());
        let encoder = kernel::encoder(device);
        let buffers = std::mem::take(buffers);
        let mut run = Self { device, kernels, plan, buffers, softmax: SoftmaxArgs::default(), watch, encoder };
        run.reserve(Slot::Scores, plan.chunk_bytes());
        run.reserve(Slot::Weights, plan.chunk_bytes());
        run
    }

    /// Makes sure that this buffer has room for so many bytes.
    fn reserve(&mut self, slot: Slot, bytes: u64) {
        let held = &mut self.buffers.slots[slot as usize];
        if held.as_ref().is_none_or(|buffer| buffer.size() < bytes) {
            let limits = self.device.handle.limits();
            *held = Some(match slot {
                Slot::Staging => kernel::staging(self.device, roomy(bytes, limits.max_buffer_size)),
                _ => kernel::storage(self.device, roomy(bytes, limits.max_storage_buffer_binding_size)),
            });
        }
    }

    fn upload<D: Dimension>(&mut self, slot: Slot, tensor: ArrayView<f32, D>) {
        let tensor = tensor.as_standard_layout();
        self.write(slot, tensor.as_slice().expect("standard layout is contiguous"));
    }

    fn write<T: NoUninit>(&mut self, slot: Slot, numbers: &[T]) {
        self.reserve(slot, size_of_val(numbers) as u64);
        self.device.queue.write_buffer(self.buffers.get(slot), 0, cast_slice(numbers));
    }

    /// What turns scores into weights.
    fn set_rules(&mut self, rules: &Rules) {
        let visibility = &rules.visibility;
        let window = visibility.window();
        // Far beyond any key, and far from overflowing when places are added.
        const FAR: isize = i32::MAX as isize / 4;
        let side = |side: Option<usize>| side.map_or(-1, |side| side.min(FAR as usize) as i32);
        let places = visibility.places().iter();
        let places: Vec<[i32; 2]> =
            places.map(|place| [place.offset.clamp(-FAR, FAR) as i32, place.keys as i32]).collect();
        self.write(Slot::Places, &places);
        let no_slopes = || vec![0.0; self.plan.heads as usize];
        let slopes = rules.slopes.as_ref().map_or_else(no_slopes, |slopes| slopes.to_vec());
        self.write(Slot::Slopes, &slopes);
        self.softmax = SoftmaxArgs {
            query_len: self.plan.query_len,
            key_len: self.plan.key_len,
            heads: self.plan.heads,
            left: side(window.left),
            right: side(window.right),
            factor: rules.factor,
            softcap: rules.softcap.unwrap_or(0.0),
            largest: 0.5 * f32::MAX,
            ..SoftmaxArgs::default()
        };
        let Some(mask) = visibility.mask() else {
            return self.write(Slot::Mask, &[[0.0_f32; 2]]);
        };
        let values = mask.values();
        let (batches, heads, queries, keys) = values.dim();
        let stride = |len: usize, stride: usize| if len == 1 { 0 } else { stride as u32 };
        self.softmax.mask_batch = stride(batches, heads * queries * keys);
        self.softmax.mask_head = stride(heads, queries * keys);
        self.softmax.mask_query = stride(queries, keys);
        self.softmax.mask_len = keys as u32;
        // No infinity goes to a shader.
        let cell = |&value: &f32| if value == f32::NEG_INFINITY { [0.0, 0.0] } else { [value, 1.0] };
        let cells: Vec<[f32; 2]> = values.iter().map(cell).collect();
        self.write(Slot::Mask, &cells);
    }

    /// Whether all until here went well, when awaited.
    fn prepared(&mut self) -> impl Future<Output = Result<(), Error>> + use<> {
        self.watch.take().expect("a run begins with a watch").finish()
    }

    /// Begins to record a chunk.
    fn start(&mut self) {
        self.watch = Some(self.device.watch());
        self.encoder = kernel::encoder(self.device);
    }

    /// Submits what was recorded, and fills each slice from the start of its buffer.
    async fn download(&mut self, downloads: Vec<(Slot, &mut [f32])>) -> Result<(), Error> {
        let bytes = downloads.iter().map(|(_, numbers)| size_of_val(*numbers) as u64).sum();
        self.reserve(Slot::Staging, bytes);
        let staging = self.buffers.get(Slot::Staging);
        let mut encoder = std::mem::replace(&mut self.encoder, kernel::encoder(self.device));
        let mut end = 0;
        for (slot, numbers) in &downloads {
            let bytes = size_of_val(*numbers) as u64;
            encoder.copy_buffer_to_buffer(self.buffers.get(*slot), 0, staging, end, bytes);
            end += bytes;
        }
        let watch = self.watch.take().expect("a chunk begins with a watch");
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

    /// `input · matrix`; input and output come with the width of the heads that they are cut into.
    fn project(&mut self, input: (Slot, usize), matrix: Slot, output: (Slot, usize)) {
        let &Plan { batch, query_len: len, width, .. } = self.plan;
        let (input_head_dim, output_head_dim) = (input.1 as u32, output.1 as u32);
        self.kernels.project.dispatch(
            self.device,
            &mut self.encoder,
            &ProjectArgs { len, width, input_head_dim, output_head_dim },
            &[input.0, matrix, output.0].map(|slot| self.buffers.get(slot)),
            [width.div_ceil(TILE), len.div_ceil(TILE), batch],
        );
    }

    /// `queries · keysᵀ`.
    fn scores(&mut self, planes: &Range<u32>) {
        let &Plan { query_len, key_len, head_dim, group, .. } = self.plan;
        self.kernels.scores.dispatch(
            self.device,
            &mut self.encoder,
            &ScoresArgs { query_len, key_len, head_dim, group, first_plane: planes.start },
            &[Slot::Queries, Slot::Keys, Slot::Scores].map(|slot| self.buffers.get(slot)),
            [key_len.div_ceil(TILE), query_len.div_ceil(TILE), planes.len() as u32],
        );
    }

    /// Scores to weights.
    fn softmax(&mut self, planes: &Range<u32>) {
        self.kernels.softmax.dispatch(
            self.device,
            &mut self.encoder,
            &SoftmaxArgs { first_plane: planes.start, ..self.softmax },
            &[Slot::Scores, Slot::Places, Slot::Mask, Slot::Slopes, Slot::Weights].map(|slot| self.buffers.get(slot)),
            [self.plan.query_len, planes.len() as u32, 1],
        );
    }

    /// `weights · values`.
    fn mix(&mut self, planes: &Range<u32>) {
        let &Plan { query_len, key_len, value_dim, group, .. } = self.plan;
        self.kernels.mix.dispatch(
            self.device,
            &mut self.encoder,
            &MixArgs { query_len, key_len, value_dim, group, first_plane: planes.start },
            &[Slot::Weights, Slot::Values, Slot::Mixed].map(|slot| self.buffers.get(slot)),
            [value_dim.div_ceil(TILE), query_len.div_ceil(TILE), planes.len() as u32],
        );
    }
}

/// The sizes of a run, checked against the limits of the device, and how it is cut into chunks.
///
/// A plane is one head of one batch; a chunk is a range of planes, counted through all batches.
#[derive(Debug)]
struct Plan {
    batch: u32,
    heads: u32,
    /// How many heads share their keys and values.
    group: u32,
    query_len: u32,
    key_len: u32,
    head_dim: u32,
    value_dim: u32,
    /// The model width; 0 without projections.
    width: u32,
    planes_per_chunk: u32,
}

impl Plan {
    /// `width` is the model's, where the run begins and ends with projections.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    fn new(shape: Shape, width: Option<usize>, chunk_bytes: u64, limits: &wgpu::Limits) -> Result<Self, Error> {
        let Shape { batch, heads, key_heads, query_len, key_len, head_dim, value_dim } = shape;
        let binding = limits.max_storage_buffer_binding_size;
        let workgroups = limits.max_compute_workgroups_per_dimension;
        let most = u64::from(workgroups);
        for (name, len) in [
            ("The number of batches", batch),
            ("The number of queries", query_len),
            ("The number of keys", key_len),
            ("The head width", head_dim.max(value_dim)),
        ] {
            if len as u64 > most {
                return Err(Error::TooLarge { name, size: len as u64, limit: most, unit: "" });
            }
        }
        let queries = bytes_within("The queries", [batch * heads, query_len, head_dim], binding)?;
        let keys = bytes_within("The keys", [batch * key_heads, key_len, head_dim], binding)?;
        let values = bytes_within("The values", [batch * key_heads, key_len, value_dim], binding)?;
        let mixed = bytes_within("The output", [batch * heads, query_len, value_dim], binding)?;
        let mut download = mixed;
        if let Some(width) = width {
            bytes_within("A weight matrix", [1, width, width], binding)?;
            download += queries + keys + values + mixed;
        }
        // A chunk sends back its scores and weights, and at most one of them all the rest.
        let limit = binding.min(limits.max_buffer_size.saturating_sub(download) / 2);
        let plane = bytes_within("The scores of one head", [1, query_len, key_len], limit)?;
        let most = u64::from(workgroups).min((batch * heads) as u64);
        let planes_per_chunk = (chunk_bytes.min(limit) / plane).clamp(1, most) as u32;
        // What passed those limits is far below 2³².
        let [batch, heads, group, query_len, key_len, head_dim, value_dim, width] =
            [batch, heads, heads / key_heads, query_len, key_len, head_dim, value_dim, width.unwrap_or(0)]
                .map(|count| count as u32);
        Ok(Self { batch, heads, group, query_len, key_len, head_dim, value_dim, width, planes_per_chunk })
    }

    fn planes(&self) -> u32 {
        self.batch * self.heads
    }

    /// One plane of scores.
    fn pairs_per_plane(&self) -> usize {
        self.query_len as usize * self.key_len as usize
    }

    /// Where the scores of these planes lie among all.
    fn pairs(&self, planes: &Range<u32>) -> Range<usize> {
        planes.start as usize * self.pairs_per_plane()..planes.end as usize * self.pairs_per_plane()
    }

    fn chunk_bytes(&self) -> u64 {
        4 * self.pairs(&(0..self.planes_per_chunk)).len() as u64
    }

    fn mixed_bytes(&self) -> u64 {
        4 * u64::from(self.planes()) * u64::from(self.query_len) * u64::from(self.value_dim)
    }

    fn chunks(&self) -> impl Iterator<Item = Range<u32>> + use<> {
        let (planes, step) = (self.planes(), self.planes_per_chunk);
        (0..planes).step_by(step as usize).map(move |start| start..(start + step).min(planes))
    }
}

/// The bytes that a tensor of this shape takes, unless they are too many.
fn bytes_within(name: &'static str, shape: [usize; 3], limit: u64) -> Result<u64, Error> {
    let bytes = shape.into_iter().fold(size_of::<f32>() as u64, |bytes, count| bytes.saturating_mul(count as u64));
    if bytes <= limit { Ok(bytes) } else { Err(Error::TooLarge { name, size: bytes, limit, unit: " bytes" }) }
}

/// Up to twice the room, so that a sentence that is being typed does not ask for new buffers at every word.
fn roomy(bytes: u64, limit: u64) -> u64 {
    bytes.next_power_of_two().min(limit).max(bytes)
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
            query_len in prop_oneof![1..=64_usize, 1..=70_000_usize],
            key_len in prop_oneof![1..=64_usize, 1..=5000_usize],
            head_dim in 1..=400_usize,
            chunk_bytes in prop_oneof![Just(u64::MAX), any::<u32>().prop_map(u64::from)],
        ) {
            let limits = wgpu::Limits::defaults();
            let shape = Shape { batch, heads, key_heads: 1, query_len, key_len, head_dim, value_dim: head_dim };
            let [queries, keys, plane] =
                [batch * heads * query_len * head_dim, batch * key_len * head_dim, query_len * key_len]
                    .map(|numbers| 4 * numbers as u64);
            let fits = batch <= 65_535
                && query_len <= 65_535
                && [queries, keys, plane].into_iter().all(|bytes| bytes <= limits.max_storage_buffer_binding_size)
                && queries + 2 * plane <= limits.max_buffer_size;

            let plan = Plan::new(shape, None, chunk_bytes, &limits);
            prop_assert_eq!(plan.is_ok(), fits);
            let Ok(plan) = plan else { return Ok(()) };
            prop_assert!(plan.chunk_bytes() <= limits.max_storage_buffer_binding_size);
            prop_assert!(queries + 2 * plan.chunk_bytes() <= limits.max_buffer_size);
            prop_assert!(plan.planes_per_chunk <= limits.max_compute_workgroups_per_dimension);
            prop_assert!(plan.chunks().flatten().eq(0..(batch * heads) as u32));
        }
    }

    #[test]
    fn scores_beyond_a_binding_are_cut_into_chunks() {
        // Four heads of 3000² scores are 137 MiB.
        let shape =
            Shape { batch: 1, heads: 4, key_heads: 4, query_len: 3000, key_len: 3000, head_dim: 16, value_dim: 16 };
        let plan = Plan::new(shape, Some(64), u64::MAX, &wgpu::Limits::defaults()).expect("one head fits");
        assert_eq!(plan.chunks().collect::<Vec<_>>(), [0..3, 3..4]);
    }
}
