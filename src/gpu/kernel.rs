//! What a kernel is: WGSL, the sizes it is given, a pipeline, a dispatch. All of wgpu's descriptors are written here.

use bytemuck::{Pod, Zeroable};

use super::Device;

/// The side of the square tiles that the matrix products work in, and of their workgroups.
pub const TILE: u32 = 16;

/// The invocations that share a row of the softmax: a power of two.
pub const LANES: u32 = 64;

/// The source of a kernel, with the fragment that it shares with others before it.
#[derive(Clone, Copy, Debug)]
pub struct Shader {
    /// The name of the file, and of the twin on the CPU.
    pub name: &'static str,
    /// The whole WGSL.
    pub source: &'static str,
    /// The values of its `override` constants.
    pub constants: &'static [(&'static str, f64)],
}

macro_rules! shader {
    ($name:literal, $constants:expr $(, shared: $shared:literal)?) => {
        Shader {
            name: $name,
            source: concat!(
                $(include_str!(concat!("../../shaders/shared/", $shared, ".wgsl")), "\n",)?
                include_str!(concat!("../../shaders/", $name, ".wgsl")),
            ),
            constants: $constants,
        }
    };
}

/// `input · matrix`.
pub const PROJECT: Shader = shader!("project", &[("TILE", TILE as f64)], shared: "tile");
/// `queries · keysᵀ`.
pub const SCORES: Shader = shader!("scores", &[("TILE", TILE as f64)], shared: "tile");
/// `softmax(masked)` over the visible keys, with all that makes masked scores of scores.
pub const SOFTMAX: Shader = shader!("softmax", &[("LANES", LANES as f64)]);
/// `weights · values`.
pub const MIX: Shader = shader!("mix", &[("TILE", TILE as f64)], shared: "tile");

/// All of them.
pub const SHADERS: [Shader; 4] = [PROJECT, SCORES, SOFTMAX, MIX];

/// What `project.wgsl` is given.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct ProjectArgs {
    /// `S`.
    pub len: u32,
    /// `E`.
    pub width: u32,
    /// `D`, or `E` where the input is not cut into heads.
    pub input_head_dim: u32,
    /// `D`, or `E` where the output is not cut into heads.
    pub output_head_dim: u32,
}

/// What `scores.wgsl` is given.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct ScoresArgs {
    /// `S_q`.
    pub query_len: u32,
    /// `S_k`.
    pub key_len: u32,
    /// `D`.
    pub head_dim: u32,
    /// `H / H_k`.
    pub group: u32,
    /// The head, counted through all batches, that the first plane of the scores belongs to.
    pub first_plane: u32,
}

/// What `softmax.wgsl` is given.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub struct SoftmaxArgs {
    /// `S_q`.
    pub query_len: u32,
    /// `S_k`.
    pub key_len: u32,
    /// `H`.
    pub heads: u32,
    /// The head, counted through all batches, that the first plane of the scores belongs to.
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
    /// What the scores are multiplied with.
    pub factor: f32,
    /// What no scaled score passes; 0 for no such limit.
    pub softcap: f32,
    /// Half of the largest float.
    pub largest: f32,
}

/// What `mix.wgsl` is given.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct MixArgs {
    /// `S_q`.
    pub query_len: u32,
    /// `S_k`.
    pub key_len: u32,
    /// `D_v`.
    pub value_dim: u32,
    /// `H / H_k`.
    pub group: u32,
    /// The head, counted through all batches, that the first plane of the weights belongs to.
    pub first_plane: u32,
}

/// A shader made ready for a device.
///
/// Its binding 0 is the uniform, the others are storage buffers in the order of [`Kernel::dispatch`].
#[derive(Debug)]
pub(super) struct Kernel {
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
        Self { pipeline, layout }
    }

    /// Records one run over that many workgroups along x, y and z.
    pub(super) fn dispatch(
        &self,
        device: &Device,
        encoder: &mut wgpu::CommandEncoder,
        args: &impl Pod,
        buffers: &[&wgpu::Buffer],
        [x, y, z]: [u32; 3],
    ) {
        let args = bytemuck::bytes_of(args);
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let uniform = buffer(device, usage, args.len() as u64);
        device.queue.write_buffer(&uniform, 0, args);
        let entries: Vec<wgpu::BindGroupEntry> = std::iter::once(&uniform)
            .chain(buffers.iter().copied())
            .zip(0..)
            .map(|(buffer, binding)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let bindings = device.handle.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.layout,
            entries: &entries,
        });
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &bindings, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

/// A buffer that kernels read and write: room for that many bytes.
pub(super) fn storage(device: &Device, bytes: u64) -> wgpu::Buffer {
    buffer(device, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST, bytes)
}

/// A buffer that the host reads: room for that many bytes.
pub(super) fn staging(device: &Device, bytes: u64) -> wgpu::Buffer {
    buffer(device, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST, bytes)
}

/// An empty list of commands.
pub(super) fn encoder(device: &Device) -> wgpu::CommandEncoder {
    device.handle.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
}

fn buffer(device: &Device, usage: wgpu::BufferUsages, size: u64) -> wgpu::Buffer {
    device.handle.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
}
