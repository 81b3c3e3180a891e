use std::ops::Range;
use std::time::Duration;

use bytemuck::{NoUninit, cast_slice};
use ndarray::{Array, Array2, Array3, Array4, ArrayView, ArrayView3, ArrayView4, Dimension};

use super::block::{Block, turns_of_tokens};
use super::device::Watch;
use super::kernel::{self, AttendArgs, Kernel, ProjectArgs, ROWS, RotateArgs, Stopwatch, TILE};
use super::{BlockError, Device, Error};
use crate::attention::{BlockInput, BlockTrace, BlockWeights, Config, Inputs, Mask, Outputs, Rules, Shape, Wanted};

/// Attention on a GPU: what [`attend`](crate::attention::attend) and [`multi_head`](crate::attention::multi_head) calculate.
#[derive(Debug)]
pub struct Attention {
    device: Device,
    kernels: Kernels,
    weights: Option<BlockWeights>,
    buffers: Buffers,
    chunk_bytes: u64,
    times_kernels: bool,
    times: Times,
}

/// Kernels in the order in which they ran, with the time that each took.
type Times = Vec<(&'static str, Duration)>;

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
            rotate: Kernel::new(&device, &kernel::ROTATE),
            scores: Kernel::new(&device, &kernel::SCORES),
            softmax: Kernel::new(&device, &kernel::SOFTMAX),
            plain_softmax: Kernel::new(&device, &kernel::PLAIN_SOFTMAX),
            mix: Kernel::new(&device, &kernel::MIX),
        };
        watch.finish().await.map_err(|error| Error::DeviceRefused(error.to_string()))?;
        let (buffers, times) = (Buffers::default(), Times::new());
        Ok(Self { device, kernels, weights: None, buffers, chunk_bytes: u64::MAX, times_kernels: false, times })
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
            self.buffers.weights_for = None;
        }
    }

    /// Runs in pieces of whole heads whose scores take at most so many bytes (or of one head, where one takes more), so
    /// that the GPU needs less memory. Without it a piece is as large as the limits of WebGPU allow.
    pub fn limit_chunks(&mut self, bytes: u64) {
        self.chunk_bytes = bytes;
    }

    /// From now on, the time of each kernel is taken, where the GPU has a clock.
    pub fn time_kernels(&mut self) {
        self.times_kernels = true;
    }

    /// The kernels of the last run, with the time that each took; none before [`Attention::time_kernels`].
    pub fn times(&self) -> &[(&'static str, Duration)] {
        &self.times
    }

    /// Attention, as [`attend`](crate::attention::attend): of its tensors, those that are wanted.
    ///
    /// The future may be dropped half-way; the next run is not disturbed.
    ///
    /// # Errors
    /// [`Error::TooLarge`] and [`Error::OutOfMemory`] for tensors that this GPU cannot hold; [`Error::Lost`] once it is
    /// gone; [`Error::Failed`] for a defect in this program.
    pub async fn attend(&mut self, inputs: &Inputs, wanted: Wanted) -> Result<Outputs, Error> {
        let tensors = [inputs.queries(), inputs.keys(), inputs.values()];
        let [scores, weights, output] = self.attend_to(inputs.shape(), tensors, inputs.rules(), wanted).await?;
        Ok(Outputs::new(inputs.rules(), wanted, scores, weights, output))
    }

    /// What the kernels make of queries, keys and values of this shape, which were checked: scores where
    /// [`Wanted::keeps_scores`], weights and output where they are wanted.
    ///
    /// # Errors
    /// As there.
    pub(super) async fn attend_to(
        &mut self,
        shape: Shape,
        [queries, keys, values]: [ArrayView4<'_, f32>; 3],
        rules: &Rules,
        wanted: Wanted,
    ) -> Result<[Option<Array4<f32>>; 3], Error> {
        self.device.check()?;
        let plan = Plan::new(shape, None, self.chunk_bytes, &self.device.handle.limits())?;
        let buffers = std::mem::take(&mut self.buffers);
        let mut run = Run::new(&self.device, &self.kernels, buffers, self.times_kernels, &plan);
        run.upload(Slot::Queries, queries);
        run.upload(Slot::Keys, keys);
        run.upload(Slot::Values, values);
        run.reserve(&[Slot::Mixed]);
        run.set_rules(rules, wanted);

        let Shape { batch, heads, query_len, key_len, value_dim, .. } = shape;
        let pairs = |wanted: bool| wanted.then(|| Array4::zeros((batch, heads, query_len, key_len)));
        let (mut scores, mut weights) = (pairs(wanted.keeps_scores()), pairs(wanted.weights));
        let mut output = wanted.output.then(|| Array4::zeros((batch, heads, query_len, value_dim)));
        for planes in plan.chunks() {
            run.start(&planes);
            run.scores(&planes);
            run.softmax(&planes);
            if wanted.output {
                run.mix(&planes);
            }
            let mut downloads = plan.pair_downloads(&planes, &mut scores, &mut weights);
            if planes.end == plan.planes() {
                downloads.extend(output.as_mut().map(|output| (Slot::Mixed, numbers(output))));
            }
            run.download(downloads).await?;
        }
        (self.buffers, self.times) = run.finish();
        Ok([scores, weights, output])
    }

    /// Multi-head self-attention of `input` `[B, S, E]`, as [`self_attention`](crate::attention::self_attention); of its
    /// attention, the tensors that are wanted, and the output in any case.
    ///
    /// The future may be dropped half-way; the next run is not disturbed.
    ///
    /// # Errors
    /// [`Error::NoWeights`] before [`Attention::set_weights`]; [`BlockError::Inputs`] for what
    /// [`self_attention`](crate::attention::self_attention) refuses; [`Error::TooLarge`] and [`Error::OutOfMemory`] for
    /// tensors that this GPU cannot hold; [`Error::Lost`] once it is gone; [`Error::Failed`] for a defect in this program.
    pub async fn self_attention(
        &mut self,
        input: ArrayView3<'_, f32>,
        heads: usize,
        config: &Config,
        mask: Option<Mask>,
        wanted: Wanted,
    ) -> Result<BlockTrace<Outputs>, BlockError> {
        self.multi_head(input.into(), heads, config, mask, wanted).await
    }

    /// The same of queries and of keys and values that may be made of something else, as
    /// [`multi_head`](crate::attention::multi_head).
    ///
    /// # Errors
    /// As there.
    pub async fn multi_head(
        &mut self,
        input: BlockInput<'_>,
        heads: usize,
        config: &Config,
        mask: Option<Mask>,
        wanted: Wanted,
    ) -> Result<BlockTrace<Outputs>, BlockError> {
        let weights = self.weights.as_ref().ok_or(Error::NoWeights)?;
        weights.check(input, heads, config)?;
        weights.refuse_biases()?;
        let shape = input.shape(heads);
        let rules = Rules::of(config, shape, mask.clone())?;
        let len = shape.query_len.max(shape.key_len);
        let turns = config.rotary.map(|base| turns_of_tokens(len, shape.head_dim, base));
        Ok(self.block(input, heads, turns, &rules, wanted).await?.into_trace(config, mask, wanted)?)
    }

    /// What the kernels make of an input that was checked: as [`Attention::multi_head`], before anything is derived.
    /// Queries and keys are turned by [`turns_of_tokens`], if there are any.
    ///
    /// # Errors
    /// As there.
    pub(super) async fn block(
        &mut self,
        input: BlockInput<'_>,
        heads: usize,
        turns: Option<Array2<f32>>,
        rules: &Rules,
        wanted: Wanted,
    ) -> Result<Block, Error> {
        self.device.check()?;
        let block = self.weights.as_ref().ok_or(Error::NoWeights)?;
        let (_, _, width) = input.queries.dim();
        let shape = input.shape(heads);
        let Shape { batch, query_len, key_len, head_dim, .. } = shape;
        let plan = Plan::new(shape, Some(width), self.chunk_bytes, &self.device.handle.limits())?;
        if turns.is_some() {
            let most = u64::from(self.device.handle.limits().max_compute_workgroups_per_dimension);
            let [x, y, _] = plan.rotation(plan.query_len.max(plan.key_len));
            if u64::from(x.max(y)) > most {
                let name = "The number of workgroups that turn queries and keys";
                return Err(Error::TooLarge { name, size: x.max(y).into(), limit: most, unit: "" });
            }
        }
        let buffers = std::mem::take(&mut self.buffers);
        let mut run = Run::new(&self.device, &self.kernels, buffers, self.times_kernels, &plan);
        run.upload(Slot::Input, input.queries);
        if let Some(memory) = input.memory {
            run.upload(Slot::Memory, memory);
        }
        if run.buffers.weights_for != Some(heads) {
            for (slot, matrix) in [(Slot::Wq, &block.w_q), (Slot::Wk, &block.w_k), (Slot::Wv, &block.w_v)] {
                run.upload_rows(
                    slot,
                    matrix.view(),
                    head_dim,
                    [width, width.next_multiple_of(4)].map(|rows| rows * heads),
                );
            }
            run.upload_rows(Slot::Wo, block.w_o.view(), width, [head_dim, head_dim.next_multiple_of(4)]);
            run.buffers.weights_for = Some(heads);
        }
        run.reserve(&[Slot::Queries, Slot::Keys, Slot::Values, Slot::Mixed, Slot::Output]);
        run.set_rules(rules, wanted);
        if let Some(turns) = &turns {
            run.upload(Slot::Turns, turns.view());
        }

        let [mut queries, mut mixed, mut keys, mut values] =
            [query_len, query_len, key_len, key_len].map(|len| Array4::zeros((batch, heads, len, head_dim)));
        let pairs = |wanted: bool| wanted.then(|| Array4::zeros((batch, heads, query_len, key_len)));
        let (mut scores, mut weights) = (pairs(wanted.keeps_scores()), pairs(wanted.weights));
        let mut output = Array3::zeros((batch, query_len, width));
        for planes in plan.chunks() {
            run.start(&planes);
            let mut downloads = Vec::new();
            if planes.start == 0 {
                run.project_to_heads(if input.memory.is_some() { Slot::Memory } else { Slot::Input });
                if turns.is_some() {
                    run.rotate();
                }
                downloads.extend([
                    (Slot::Queries, numbers(&mut queries)),
                    (Slot::Keys, numbers(&mut keys)),
                    (Slot::Values, numbers(&mut values)),
                ]);
            }
            run.scores(&planes);
            run.softmax(&planes);
            run.mix(&planes);
            downloads.extend(plan.pair_downloads(&planes, &mut scores, &mut weights));
            if planes.end == plan.planes() {
                run.project_from_heads();
                downloads.extend([(Slot::Mixed, numbers(&mut mixed)), (Slot::Output, numbers(&mut output))]);
            }
            run.download(downloads).await?;
        }
        (self.buffers, self.times) = run.finish();
        Ok(Block { queries, keys, values, scores, weights, mixed, output })
    }
}

#[derive(Debug)]
struct Kernels {
    project: Kernel,
    rotate: Kernel,
    scores: Kernel,
    softmax: Kernel,
    plain_softmax: Kernel,
    mix: Kernel,
}

/// What a buffer holds. The first six are uniforms; `Scores` and `Weights` hold one chunk, `Staging` all that a chunk
/// sends back.
#[derive(Clone, Copy, Debug)]
enum Slot {
    QueriesToHeads,
    KeysToHeads,
    FromHeads,
    RotationOfQueries,
    RotationOfKeys,
    Args,
    Wq,
    Wk,
    Wv,
    Wo,
    Input,
    Memory,
    Turns,
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
    /// For so many heads they hold the weights that were set last: between heads there is room.
    weights_for: Option<usize>,
}

impl Buffers {
    fn get(&self, slot: Slot) -> &wgpu::Buffer {
        self.slots[slot as usize].as_ref().expect("room was made for all that a run uses")
    }
}

/// A run under way: its buffers, and the commands that are being recorded.
///
/// The buffers are taken away from [`Attention`], which gets them back after success alone: those of a run that failed or
/// was dropped may be invalid or still in use.
struct Run<'a> {
    device: &'a Device,
    kernels: &'a Kernels,
    plan: &'a Plan,
    buffers: Buffers,
    args: AttendArgs,
    softmax: &'a Kernel,
    /// Of the chunk that is being recorded; the first one's sees the preparation too.
    watch: Option<Watch>,
    encoder: Option<wgpu::CommandEncoder>,
    stopwatch: Option<Stopwatch>,
    times: Times,
}

impl<'a> Run<'a> {
    /// Makes room for a chunk. Errors from here on are seen by [`Run::download`].
    fn new(device: &'a Device, kernels: &'a Kernels, buffers: Buffers, times_kernels: bool, plan: &'a Plan) -> Self {
        let watch = Some(device.watch());
        let (args, softmax) = (AttendArgs::default(), &kernels.softmax);
        let stopwatch = times_kernels.then(|| Stopwatch::new(device)).flatten();
        let (encoder, times) = (None, Times::new());
        let mut run = Self { device, kernels, plan, buffers, args, softmax, watch, encoder, stopwatch, times };
        run.reserve(&[Slot::Scores, Slot::Weights]);
        run
    }

    /// What outlives a run that went well.
    fn finish(self) -> (Buffers, Times) {
        (self.buffers, self.times)
    }

    /// Makes sure that these buffers have room for what the plan puts there.
    fn reserve(&mut self, slots: &[Slot]) {
        for &slot in slots {
            self.make_room(slot, self.plan.bytes(slot));
        }
    }

    fn make_room(&mut self, slot: Slot, bytes: u64) {
        let held = &mut self.buffers.slots[slot as usize];
        if held.as_ref().is_none_or(|buffer| buffer.size() < bytes) {
            let limits = self.device.handle.limits();
            *held = Some(match slot {
                Slot::QueriesToHeads
                | Slot::KeysToHeads
                | Slot::FromHeads
                | Slot::RotationOfQueries
                | Slot::RotationOfKeys
                | Slot::Args => kernel::uniform(self.device, bytes),
                Slot::Staging => kernel::staging(self.device, roomy(bytes, limits.max_buffer_size)),
                _ => kernel::storage(self.device, roomy(bytes, limits.max_storage_buffer_binding_size)),
            });
        }
    }

    /// Puts a tensor there; its rows become whole vec4s.
    fn upload<D: Dimension>(&mut self, slot: Slot, tensor: ArrayView<f32, D>) {
        let row_len = tensor.shape().last().copied().expect("a tensor has axes");
        self.upload_rows(slot, tensor, row_len, [1, 1]);
    }

    /// The same for rows that are only a part of the tensor's, and for some more of them: see [`padded`].
    fn upload_rows<D: Dimension>(&mut self, slot: Slot, tensor: ArrayView<f32, D>, row_len: usize, rows: [usize; 2]) {
        let tensor = tensor.as_standard_layout();
        let numbers = tensor.as_slice().expect("standard layout is contiguous");
        if row_len.is_multiple_of(4) && rows[0] == rows[1] {
            self.write(slot, numbers);
        } else {
            self.write(slot, &padded(numbers, row_len, rows));
        }
    }

    fn write<T: NoUninit>(&mut self, slot: Slot, numbers: &[T]) {
        self.make_room(slot, size_of_val(numbers) as u64);
        self.device.queue.write_buffer(self.buffers.get(slot), 0, cast_slice(numbers));
    }

    /// What turns scores into weights.
    fn set_rules(&mut self, rules: &Rules, wanted: Wanted) {
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
        let plan = self.plan;
        self.args = AttendArgs {
            query_len: plan.query_len,
            key_len: plan.key_len,
            key_width: width(plan.key_len),
            head_width: width(plan.head_dim),
            value_width: width(plan.value_dim),
            heads: plan.heads,
            group: plan.group,
            left: side(window.left),
            right: side(window.right),
            all_scores: wanted.keeps_scores().into(),
            factor: rules.factor,
            softcap: rules.softcap.unwrap_or(0.0),
            largest: 0.5 * f32::MAX,
            ..AttendArgs::default()
        };
        self.softmax = if rules.is_plain() { &self.kernels.plain_softmax } else { &self.kernels.softmax };
        let Some(mask) = visibility.mask() else {
            return self.write(Slot::Mask, &[[0.0_f32; 2]]);
        };
        let values = mask.values();
        let (batches, heads, queries, keys) = values.dim();
        let stride = |len: usize, stride: usize| if len == 1 { 0 } else { stride as u32 };
        self.args.mask_batch = stride(batches, heads * queries * keys);
        self.args.mask_head = stride(heads, queries * keys);
        self.args.mask_query = stride(queries, keys);
        self.args.mask_len = keys as u32;
        // No infinity goes to a shader.
        let cell = |&value: &f32| if value == f32::NEG_INFINITY { [0.0, 0.0] } else { [value, 1.0] };
        let cells: Vec<[f32; 2]> = values.iter().map(cell).collect();
        self.write(Slot::Mask, &cells);
    }

    /// Begins to record a chunk.
    fn start(&mut self, planes: &Range<u32>) {
        self.watch.get_or_insert_with(|| self.device.watch());
        self.args.first_plane = planes.start;
        self.write(Slot::Args, &[self.args]);
    }

    /// Submits what was recorded, and fills each slice from the start of its buffer.
    async fn download(&mut self, downloads: Vec<(Slot, &mut [f32])>) -> Result<(), Error> {
        // A row comes as it lies there, with what fills its last vec4.
        let rows = |slot: Slot, numbers: &[f32]| (numbers.len() / self.plan.row_len(slot)) as u64;
        let bytes_of = |slot, numbers: &[f32]| rows(slot, numbers) * row_bytes(self.plan.row_len(slot));
        let bytes: u64 = downloads.iter().map(|(slot, numbers)| bytes_of(*slot, numbers)).sum();
        self.make_room(Slot::Staging, bytes + self.stopwatch.as_ref().map_or(0, Stopwatch::bytes));
        let staging = self.buffers.get(Slot::Staging);
        let mut encoder = self.encoder.take().expect("a chunk has something to do");
        let mut end = 0;
        for (slot, numbers) in &downloads {
            let bytes = bytes_of(*slot, numbers);
            encoder.copy_buffer_to_buffer(self.buffers.get(*slot), 0, staging, end, bytes);
            end += bytes;
        }
        if let Some(stopwatch) = &self.stopwatch {
            stopwatch.resolve(&mut encoder, staging, end);
            end += stopwatch.bytes();
        }
        let watch = self.watch.take().expect("a chunk begins with a watch");
        self.device.submit(watch, encoder, staging, end).await?;
        let mapped = staging.get_mapped_range(..end).map_err(|error| self.device.lost(&error.to_string()))?;
        let mut start = 0;
        for (slot, numbers) in downloads {
            let bytes = bytes_of(slot, numbers) as usize;
            kernel::copy_rows(&mapped, start, numbers, self.plan.row_len(slot));
            start += bytes;
        }
        if let Some(stopwatch) = &mut self.stopwatch {
            self.times.extend(stopwatch.read(self.device, &mapped[start..]));
        }
        drop(mapped);
        staging.unmap();
        Ok(())
    }

    /// Turns queries and keys by their places.
    fn rotate(&mut self) {
        let plan = self.plan;
        for (rotation, tensor, len) in
            [(Slot::RotationOfQueries, Slot::Queries, plan.query_len), (Slot::RotationOfKeys, Slot::Keys, plan.key_len)]
        {
            self.write(rotation, &[RotateArgs { len, head_width: width(plan.head_dim), largest: f32::MAX }]);
            self.dispatch(&self.kernels.rotate, &[rotation, Slot::Turns, tensor], plan.rotation(len));
        }
    }

    /// `input · Wq`, `memory · Wk` and `memory · Wv`, cut into heads; the memory may be the input.
    fn project_to_heads(&mut self, memory: Slot) {
        let plan = self.plan;
        let (input_width, head_width) = (width(plan.width), width(plan.head_dim));
        for (uniform, len, input, matrix, output) in [
            (Slot::QueriesToHeads, plan.query_len, Slot::Input, Slot::Wq, Slot::Queries),
            (Slot::KeysToHeads, plan.key_len, memory, Slot::Wk, Slot::Keys),
            (Slot::KeysToHeads, plan.key_len, memory, Slot::Wv, Slot::Values),
        ] {
            let args = ProjectArgs {
                len,
                input_width,
                output_width: plan.heads * head_width,
                input_head_width: input_width,
                output_head_width: head_width,
            };
            self.write(uniform, &[args]);
            self.project(args, [uniform, input, matrix, output]);
        }
    }

    /// `mixed · Wo`, of the heads side by side.
    fn project_from_heads(&mut self) {
        let plan = self.plan;
        let (head_width, output_width) = (width(plan.head_dim), width(plan.width));
        let args = ProjectArgs {
            len: plan.query_len,
            input_width: plan.heads * head_width,
            output_width,
            input_head_width: head_width,
            output_head_width: output_width,
        };
        self.write(Slot::FromHeads, &[args]);
        self.project(args, [Slot::FromHeads, Slot::Mixed, Slot::Wo, Slot::Output]);
    }

    fn project(&mut self, args: ProjectArgs, slots: [Slot; 4]) {
        let workgroups = [tiles(4 * args.output_width), tiles(args.len), self.plan.batch];
        self.dispatch(&self.kernels.project, &slots, workgroups);
    }

    /// `queries · keysᵀ`.
    fn scores(&mut self, planes: &Range<u32>) {
        let slots = [Slot::Args, Slot::Queries, Slot::Keys, Slot::Places, Slot::Scores];
        let workgroups = [tiles(self.plan.key_len), tiles(self.plan.query_len), planes.len() as u32];
        self.dispatch(&self.kernels.scores, &slots, workgroups);
    }

    /// Scores to weights.
    fn softmax(&mut self, planes: &Range<u32>) {
        let slots = [Slot::Args, Slot::Scores, Slot::Places, Slot::Mask, Slot::Slopes, Slot::Weights];
        self.dispatch(self.softmax, &slots, [self.plan.query_len.div_ceil(ROWS), planes.len() as u32, 1]);
    }

    /// `weights · values`.
    fn mix(&mut self, planes: &Range<u32>) {
        let slots = [Slot::Args, Slot::Weights, Slot::Values, Slot::Places, Slot::Mixed];
        let workgroups = [tiles(self.plan.value_dim), tiles(self.plan.query_len), planes.len() as u32];
        self.dispatch(&self.kernels.mix, &slots, workgroups);
    }

    fn dispatch(&mut self, kernel: &Kernel, slots: &[Slot], workgroups: [u32; 3]) {
        let encoder = self.encoder.get_or_insert_with(|| kernel::encoder(self.device));
        let buffers: Vec<&wgpu::Buffer> = slots.iter().map(|slot| self.buffers.get(*slot)).collect();
        kernel.dispatch(self.device, encoder, self.stopwatch.as_mut(), &buffers, workgroups);
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
            let wide = heads * head_dim.next_multiple_of(4);
            bytes_within("A weight matrix", [1, wide, wide], binding)?;
            download += queries + keys + values + bytes_within("The output", [batch, query_len, width], binding)?;
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

    /// The workgroups that turn so many queries, or keys.
    fn rotation(&self, len: u32) -> [u32; 3] {
        [(len * width(self.head_dim)).div_ceil(64), self.planes(), 1]
    }

    /// One plane of scores.
    fn pairs_per_plane(&self) -> usize {
        self.query_len as usize * self.key_len as usize
    }

    /// Where the scores of these planes lie among all.
    fn pairs(&self, planes: &Range<u32>) -> Range<usize> {
        planes.start as usize * self.pairs_per_plane()..planes.end as usize * self.pairs_per_plane()
    }

    /// Where the scores and weights of these planes go, if they are wanted.
    fn pair_downloads<'a>(
        &self,
        planes: &Range<u32>,
        scores: &'a mut Option<Array4<f32>>,
        weights: &'a mut Option<Array4<f32>>,
    ) -> Vec<(Slot, &'a mut [f32])> {
        let pairs = [(Slot::Scores, scores), (Slot::Weights, weights)].into_iter();
        let wanted = pairs.filter_map(|(slot, tensor)| Some((slot, tensor.as_mut()?)));
        wanted.map(|(slot, tensor)| (slot, &mut numbers(tensor)[self.pairs(planes)])).collect()
    }

    /// The numbers in a row of the tensor that is kept there.
    fn row_len(&self, slot: Slot) -> usize {
        let len = match slot {
            Slot::Scores | Slot::Weights => self.key_len,
            Slot::Queries | Slot::Keys => self.head_dim,
            Slot::Values | Slot::Mixed => self.value_dim,
            Slot::Output => self.width,
            _ => unreachable!("{slot:?} is not made on the GPU"),
        };
        len as usize
    }

    /// The bytes of the tensor that is kept there: for scores and weights, of a chunk of it.
    fn bytes(&self, slot: Slot) -> u64 {
        let heads = match slot {
            Slot::Scores | Slot::Weights => self.planes_per_chunk,
            Slot::Output => self.batch,
            _ => self.planes(),
        };
        let rows = if matches!(slot, Slot::Keys | Slot::Values) { self.key_len } else { self.query_len };
        u64::from(heads) * u64::from(rows) * row_bytes(self.row_len(slot))
    }

    fn chunks(&self) -> impl Iterator<Item = Range<u32>> + use<> {
        let (planes, step) = (self.planes(), self.planes_per_chunk);
        (0..planes).step_by(step as usize).map(move |start| start..(start + step).min(planes))
    }
}

/// The bytes that a tensor of this shape takes, unless they are too many.
fn bytes_within(name: &'static str, [outer, rows, row_len]: [usize; 3], limit: u64) -> Result<u64, Error> {
    let bytes = [outer, rows].into_iter().fold(row_bytes(row_len), |bytes, count| bytes.saturating_mul(count as u64));
    if bytes <= limit { Ok(bytes) } else { Err(Error::TooLarge { name, size: bytes, limit, unit: " bytes" }) }
}

/// Up to twice the room, so that a sentence that is being typed does not ask for new buffers at every word.
fn roomy(bytes: u64, limit: u64) -> u64 {
    bytes.next_power_of_two().min(limit).max(bytes)
}

/// The bytes of a row of so many numbers: a row is a whole number of vec4s.
fn row_bytes(len: usize) -> u64 {
    16 * len.div_ceil(4) as u64
}

/// So many numbers in vec4s.
fn width(len: u32) -> u32 {
    len.div_ceil(4)
}

/// How many tiles of a matrix product so many rows or columns take.
fn tiles(len: u32) -> u32 {
    len.div_ceil(TILE)
}

/// Rows of so many numbers, each with as many zeros as it takes to fill its last vec4; of every `rows` rows, with rows of
/// zeros after them, `padded_rows`.
fn padded(numbers: &[f32], row_len: usize, [rows, padded_rows]: [usize; 2]) -> Vec<f32> {
    let padded_len = row_len.next_multiple_of(4);
    let mut padded = Vec::with_capacity(numbers.len() / row_len / rows * padded_rows * padded_len);
    for rows in numbers.chunks(rows * row_len) {
        let end = padded.len() + padded_rows * padded_len;
        for row in rows.chunks(row_len) {
            padded.extend_from_slice(row);
            padded.resize(padded.len() + padded_len - row_len, 0.0);
        }
        padded.resize(end, 0.0);
    }
    padded
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
                [(batch * heads * query_len, head_dim), (batch * key_len, head_dim), (query_len, key_len)]
                    .map(|(rows, row_len)| rows as u64 * row_bytes(row_len));
            let fits = batch <= 65_535
                && query_len <= 65_535
                && [queries, keys, plane].into_iter().all(|bytes| bytes <= limits.max_storage_buffer_binding_size)
                && queries + 2 * plane <= limits.max_buffer_size;

            let plan = Plan::new(shape, None, chunk_bytes, &limits);
            prop_assert_eq!(plan.is_ok(), fits);
            let Ok(plan) = plan else { return Ok(()) };
            let chunk = plan.bytes(Slot::Scores);
            prop_assert!(chunk <= limits.max_storage_buffer_binding_size);
            prop_assert!(queries + 2 * chunk <= limits.max_buffer_size);
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
