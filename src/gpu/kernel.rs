//! What a kernel is: WGSL, the sizes it is given, a pipeline, a dispatch. All of wgpu's descriptors are
//! written here, but those that open a device.

use std::time::Duration;

use bytemuck::{Pod, Zeroable};

use super::Device;

/// The invocations along each side of a workgroup of the matrix products.
const SIDE: u32 = 8;

/// The rows, and the columns, of a matrix product that a workgroup makes: 8 × 8 numbers an invocation.
pub const TILE: u32 = 8 * SIDE;

/// The invocations that share a row of the softmax: as many vec4s as a line of a GPU's cache has.
const LANES: u32 = 8;

/// The rows of the softmax that a workgroup takes.
pub const ROWS: u32 = 8;

/// The source of a kernel, with the fragments that it shares with others before it.
#[derive(Clone, Copy, Debug)]
pub struct Shader {
    /// The name of the file, and of the twin on the CPU.
    pub name: &'static str,
    /// The WGSL with its fragments, without comments and indentation.
    pub source: &'static str,
    /// The values of its `override` constants.
    pub constants: &'static [(&'static str, f64)],
}

macro_rules! shader {
    ($name:literal, $constants:expr, shared: $($shared:literal),*) => {
        Shader {
            name: $name,
            source: {
                const WHOLE: &str = concat!(
                    $(include_str!(concat!("../../shaders/shared/", $shared, ".wgsl")), "\n",)*
                    include_str!(concat!("../../shaders/", $name, ".wgsl")),
                );
                const BYTES: [u8; code_of(WHOLE, &mut [])] = {
                    let mut code = [0; code_of(WHOLE, &mut [])];
                    code_of(WHOLE, &mut code);
                    code
                };
                match str::from_utf8(&BYTES) {
                    Ok(code) => code,
                    Err(_) => panic!("only whole lines and comments are left out"),
                }
            },
            constants: $constants,
        }
    };
}

/// Puts a source without comments and indentation, which browsers need not download, line by line, where there is room.
/// Returns how many bytes that are.
const fn code_of(source: &str, code: &mut [u8]) -> usize {
    let source = source.as_bytes();
    let (mut from, mut to, mut starts_line) = (0, 0, true);
    while from < source.len() {
        if source[from] == b'/' && from + 1 < source.len() && source[from + 1] == b'/' {
            while source[from] != b'\n' {
                from += 1;
            }
        }
        if !(starts_line && source[from] == b' ') {
            if to < code.len() {
                code[to] = source[from];
            }
            to += 1;
            starts_line = source[from] == b'\n';
        }
        from += 1;
    }
    to
}

const SIDES: &[(&str, f64)] = &[("SIDE", SIDE as f64)];
const fn rows(biased: bool) -> [(&'static str, f64); 3] {
    [("LANES", LANES as f64), ("ROWS", ROWS as f64), ("BIASED", biased as u8 as f64)]
}

/// `input · matrix`.
pub const PROJECT: Shader = shader!("project", SIDES, shared: "tile");
/// Queries or keys, turned by their places.
pub const ROTATE: Shader = shader!("rotate", &[], shared:);
/// `queries · keysᵀ`.
pub const SCORES: Shader = shader!("scores", SIDES, shared: "args", "tile");
/// `softmax(masked)` over the visible keys, with all that makes masked scores of scores.
pub const SOFTMAX: Shader = shader!("softmax", &rows(true), shared: "args");
/// The same where there is neither softcap nor mask nor slope, in two thirds of the time.
pub const PLAIN_SOFTMAX: Shader = Shader { constants: &rows(false), ..SOFTMAX };
/// `weights · values`.
pub const MIX: Shader = shader!("mix", SIDES, shared: "args", "tile");

/// All of them.
pub const SHADERS: [Shader; 6] = [PROJECT, ROTATE, SCORES, SOFTMAX, PLAIN_SOFTMAX, MIX];

/// What `project.wgsl` is given. Widths are in vec4s.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct ProjectArgs {
    /// `S`.
    pub len: u32,
    /// A token's numbers, those of all heads.
    pub input_width: u32,
    /// The same for the output.
    pub output_width: u32,
    /// `D`, or `input_width` where the input is not cut into heads.
    pub input_head_width: u32,
    /// `D`, or `output_width` where the output is not cut into heads.
    pub output_head_width: u32,
}

/// What `rotate.wgsl` is given.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct RotateArgs {
    /// `S`.
    pub len: u32,
    /// `D` in vec4s.
    pub head_width: u32,
    /// The largest float.
    pub largest: f32,
}

/// What the kernels of an attention are given. Widths are in vec4s.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct AttendArgs {
    /// `S_q`.
    pub query_len: u32,
    /// `S_k`.
    pub key_len: u32,
    /// `S_k`.
    pub key_width: u32,
    /// `D`.
    pub head_width: u32,
    /// `D_v`.
    pub value_width: u32,
    /// `H`.
    pub heads: u32,
    /// `H / H_k`.
    pub group: u32,
    /// The head, counted through all batches, that the first plane of scores and weights belongs to.
    pub first_plane: u32,
    /// How many keys before its own place a query sees; below 0 for all.
    pub left: i32,
    /// How many keys after its own place a query sees; below 0 for all.
    pub right: i32,
    /// How far apart the mask's numbers of two batches are; 0 where all share them.
    pub mask_batch: u32,
    /// How far apart the mask's numbers of two heads are; 0 where all share them.
    pub mask_head: u32,
    /// How far apart the mask's numbers of two queries are; 0 where all share them.
    pub mask_query: u32,
    /// How many keys the mask has, 0 without a mask.
    pub mask_len: u32,
    /// 1 where the scores of keys that nobody sees are wanted too.
    pub all_scores: u32,
    /// What the scores are multiplied with.
    pub factor: f32,
    /// What no scaled score passes; 0 for no such limit.
    pub softcap: f32,
    /// Half of the largest float.
    pub largest: f32,
}

/// A shader made ready for a device.
///
/// Its binding 0 is the uniform, the others are storage buffers in the order of [`Kernel::dispatch`].
#[derive(Debug)]
pub(super) struct Kernel {
    name: &'static str,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

impl Kernel {
    /// Compiles the shader. What is wrong with it goes to the device's watch.
    pub(super) fn new(device: &Device, shader: &Shader) -> Self {
        let module = device.handle.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(shader.name),
            source: wgpu::ShaderSource::Wgsl(shader.source.into()),
        });
        let pipeline = device.handle.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(shader.name),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: shader.constants,
                ..wgpu::PipelineCompilationOptions::default()
            },
            cache: None,
        });
        let layout = pipeline.get_bind_group_layout(0);
        Self { name: shader.name, pipeline, layout }
    }

    /// Records one run over that many workgroups along x, y and z, on the uniform and then the storage buffers.
    pub(super) fn dispatch(
        &self,
        device: &Device,
        encoder: &mut wgpu::CommandEncoder,
        stopwatch: Option<&mut Stopwatch>,
        buffers: &[&wgpu::Buffer],
        [x, y, z]: [u32; 3],
    ) {
        let entries: Vec<wgpu::BindGroupEntry> = buffers
            .iter()
            .zip(0..)
            .map(|(buffer, binding)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let bindings = device.handle.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.layout,
            entries: &entries,
        });
        let timestamp_writes = stopwatch.map(|stopwatch| stopwatch.time(self.name));
        let mut pass =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some(self.name), timestamp_writes });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &bindings, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

/// Takes the time of a chunk's kernels by the GPU's own clock.
#[derive(Debug)]
pub(super) struct Stopwatch {
    queries: wgpu::QuerySet,
    ticks: wgpu::Buffer,
    kernels: Vec<&'static str>,
}

impl Stopwatch {
    /// A chunk never has more kernels.
    const MOST: u32 = 9;

    /// Unless this GPU has no clock.
    pub(super) fn new(device: &Device) -> Option<Self> {
        let bytes = 2 * u64::from(Self::MOST) * size_of::<u64>() as u64;
        device.handle.features().contains(wgpu::Features::TIMESTAMP_QUERY).then(|| Self {
            queries: device.handle.create_query_set(&wgpu::QuerySetDescriptor {
                label: None,
                ty: wgpu::QueryType::Timestamp,
                count: 2 * Self::MOST,
            }),
            ticks: buffer(device, wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC, bytes),
            kernels: Vec::new(),
        })
    }

    fn time(&mut self, kernel: &'static str) -> wgpu::ComputePassTimestampWrites<'_> {
        let first = 2 * self.kernels.len() as u32;
        self.kernels.push(kernel);
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        }
    }

    /// The bytes of the ticks so far.
    pub(super) fn bytes(&self) -> u64 {
        2 * (self.kernels.len() * size_of::<u64>()) as u64
    }

    /// Records that the ticks go to this place of the staging buffer.
    pub(super) fn resolve(&self, encoder: &mut wgpu::CommandEncoder, staging: &wgpu::Buffer, start: u64) {
        encoder.resolve_query_set(&self.queries, 0..2 * self.kernels.len() as u32, &self.ticks, 0);
        encoder.copy_buffer_to_buffer(&self.ticks, 0, staging, start, self.bytes());
    }

    /// Each kernel's time, in the order in which they ran; then the stopwatch is ready for the next chunk.
    pub(super) fn read(&mut self, device: &Device, ticks: &[u8]) -> Vec<(&'static str, Duration)> {
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(ticks);
        let period = f64::from(device.queue.get_timestamp_period());
        let time = |ticks: &[u64]| Duration::from_nanos((ticks[1].saturating_sub(ticks[0]) as f64 * period) as u64);
        self.kernels.drain(..).zip(ticks.chunks_exact(2).map(time)).collect()
    }
}

/// A buffer that kernels read and write: room for that many bytes.
pub(super) fn storage(device: &Device, bytes: u64) -> wgpu::Buffer {
    buffer(device, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST, bytes)
}

/// A buffer of what a kernel is given: room for that many bytes.
pub(super) fn uniform(device: &Device, bytes: u64) -> wgpu::Buffer {
    buffer(device, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST, bytes)
}

/// A buffer that the host reads: room for that many bytes.
pub(super) fn staging(device: &Device, bytes: u64) -> wgpu::Buffer {
    buffer(device, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST, bytes)
}

/// Copies rows of so many numbers from where they begin among mapped bytes; there, a row is a whole number of vec4s.
pub(super) fn copy_rows(mapped: &wgpu::BufferView, start: usize, numbers: &mut [f32], row_len: usize) {
    let width = row_len.next_multiple_of(4);
    if width == row_len {
        return copy(mapped, start, bytemuck::cast_slice_mut(numbers));
    }
    let rows = mapped[start..].chunks(size_of::<f32>() * width);
    for (row, numbers) in rows.zip(numbers.chunks_mut(row_len)) {
        let row = &row[..size_of_val(numbers)];
        bytemuck::cast_slice_mut(numbers).copy_from_slice(row);
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn copy(mapped: &wgpu::BufferView, start: usize, bytes: &mut [u8]) {
    bytes.copy_from_slice(&mapped[start..start + bytes.len()]);
}

/// Straight from the browser's memory: what reads the view as a slice copies all of it first.
#[cfg(target_arch = "wasm32")]
fn copy(mapped: &wgpu::BufferView, start: usize, bytes: &mut [u8]) {
    mapped.as_uint8array().subarray(start as u32, (start + bytes.len()) as u32).copy_to(bytes);
}

/// An empty list of commands.
pub(super) fn encoder(device: &Device) -> wgpu::CommandEncoder {
    device.handle.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
}

fn buffer(device: &Device, usage: wgpu::BufferUsages, size: u64) -> wgpu::Buffer {
    device.handle.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
}
