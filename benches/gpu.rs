//! `cargo xtask bench gpu`: the kernels on this machine's own GPU, by its own clock, beside what that GPU can do at most and
//! beside PyTorch on the same GPU.
//!
//! B = 1, H = 12, D = 64, with the attention weights kept: `scores`, `softmax` and `mix`, one after the other. What is read
//! back afterwards is not counted, on either side. Bytes are those of every tensor that a kernel reads or writes, once.
//!
//!   -- --size 512   at one size
//!   -- --runs 50    so many runs instead of 20

use std::env;
use std::error::Error;
use std::process::Command;

use headlight::attention::{Config, Inputs, Tensors, Wanted};
use headlight::gpu::Attention;
use ndarray::Array4;
use pollster::block_on;
use wgpu::util::DeviceExt;

const SIZES: [usize; 6] = [128, 256, 512, 1024, 2048, 4096];
const HEADS: usize = 12;
const HEAD_DIM: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let option = |name: &str| -> Result<Option<usize>, String> {
        let Some(at) = arguments.iter().position(|argument| argument == name) else { return Ok(None) };
        let number = arguments.get(at + 1).and_then(|number| number.parse().ok()).filter(|number| *number > 0);
        number.map(Some).ok_or_else(|| format!("{name} takes a number from 1."))
    };
    let runs = option("--runs")?.unwrap_or(20);
    let sizes = option("--size")?.map_or(SIZES.to_vec(), |size| vec![size]);

    let mut gpu = block_on(Attention::open())?;
    let name = gpu.adapter_name().to_owned();
    println!("{name}");
    if ["SwiftShader", "llvmpipe"].iter().any(|software| name.contains(software)) {
        println!("This is no GPU but a program: the numbers below only show that the command works.");
    }
    gpu.time_kernels();
    let peak = Peak::measure()?;
    println!("At most, measured: {:.0} GFLOP/s, {:.0} GB/s\n", peak.gigaflops, peak.gigabytes);
    let pytorch = PyTorch::measure(&sizes, runs);
    if let Err(reason) = &pytorch {
        println!("PyTorch is left out: {reason}\n");
    }

    println!(
        "{:>5} {:>6} {:>10} {:>17} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>10} {:>6}",
        "S",
        "causal",
        "ms",
        "p10 – p90",
        "scores",
        "softmax",
        "mix",
        "GFLOP/s",
        "of peak",
        "GB/s",
        "PyTorch ms",
        "ratio"
    );
    for &size in &sizes {
        for causal in [false, true] {
            let config = if causal { Config::causal() } else { Config::default() };
            let tensor = |seed: usize| {
                let number = |index: usize| ((index * (2 * seed + 1)) as f64 * 0.618_034).fract() as f32 * 4.0 - 2.0;
                Array4::from_shape_vec((1, HEADS, size, HEAD_DIM), (0..HEADS * size * HEAD_DIM).map(number).collect())
            };
            let inputs = Inputs::new(Tensors::new(tensor(1)?, tensor(2)?, tensor(3)?), config)?;
            let wanted = Wanted { scores: false, scaled: false, masked: false, weights: true, output: true };
            let mut times = Vec::new();
            for _ in 0..runs + 2 {
                block_on(gpu.attend(&inputs, wanted))?;
                if gpu.times().is_empty() {
                    return Err("This GPU has no clock that WebGPU can read (timestamp-query).".into());
                }
                // A run may take several pieces, each with the same kernels.
                let of = |kernel: &str| {
                    let times = gpu.times().iter().filter(|(name, _)| *name == kernel);
                    times.map(|(_, time)| time.as_secs_f64() * 1e3).sum::<f64>()
                };
                times.push(["scores", "softmax", "mix"].map(of));
            }
            times.drain(..2); // to warm up
            times.sort_by(|a, b| a.iter().sum::<f64>().total_cmp(&b.iter().sum()));
            let total = |run: usize| times[run].iter().sum::<f64>();
            let [scores, softmax, mix] = times[runs / 2];
            let milliseconds = total(runs / 2);
            let pairs = (HEADS * size * size) as f64;
            let gigaflops = 4.0 * pairs * HEAD_DIM as f64 / milliseconds / 1e6;
            let gigabytes = (4.0 * pairs + 4.0 * (HEADS * size * HEAD_DIM) as f64) * 4.0 / milliseconds / 1e6;
            let theirs = pytorch.as_ref().ok().and_then(|pytorch| pytorch.of(size, causal));
            println!(
                "{size:>5} {:>6} {milliseconds:>10.3} {:>17} {scores:>8.3} {softmax:>8.3} {mix:>8.3} {gigaflops:>8.0} \
                 {:>8.0}% {gigabytes:>9.1} {:>10} {:>6}",
                if causal { "yes" } else { "no" },
                format!("{:.3} – {:.3}", total(runs / 10), total(runs - 1 - runs / 10)),
                100.0 * gigaflops / peak.gigaflops,
                theirs.map_or("–".to_owned(), |theirs| format!("{theirs:.3}")),
                theirs.map_or("–".to_owned(), |theirs| format!("{:.2}", milliseconds / theirs)),
            );
        }
    }
    println!("\nGFLOP/s count the hidden half too, on both sides. Aim: at most 1.2 times PyTorch's time.");
    Ok(())
}

/// The most that this GPU was seen to do.
struct Peak {
    gigaflops: f64,
    gigabytes: f64,
}

impl Peak {
    /// By a kernel that does nothing but multiply and add, and one that does nothing but copy.
    fn measure() -> Result<Self, Box<dyn Error>> {
        const NUMBERS: u64 = 16 << 20;
        const COPY: &str = "
            @group(0) @binding(0) var<storage, read_write> input: array<vec4f>;
            @group(0) @binding(1) var<storage, read_write> output: array<vec4f>;
            @compute @workgroup_size(256)
            fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
                let at = id.y * groups.x * 256u + id.x;
                output[at] = input[at];
            }";
        const MULTIPLY_ADD: &str = "
            @group(0) @binding(0) var<storage, read_write> input: array<vec4f>;
            @group(0) @binding(1) var<storage, read_write> output: array<vec4f>;
            @compute @workgroup_size(256)
            fn main(@builtin(global_invocation_id) id: vec3u) {
                let factor = input[0];
                var a = input[id.x];
                var b = a + 1.0; var c = a + 2.0; var d = a + 3.0;
                var e = a + 4.0; var f = a + 5.0; var g = a + 6.0; var h = a + 7.0;
                for (var i = 0; i < 1024; i++) {
                    a = fma(a, factor, factor); b = fma(b, factor, factor);
                    c = fma(c, factor, factor); d = fma(d, factor, factor);
                    e = fma(e, factor, factor); f = fma(f, factor, factor);
                    g = fma(g, factor, factor); h = fma(h, factor, factor);
                }
                output[id.x] = a + b + c + d + e + f + g + h;
            }";
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
        // The one that the kernels run on.
        let adapter = block_on(wgpu::util::initialize_adapter_from_env_or_default(&instance, None))?;
        let (device, queue) = block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            required_features: wgpu::Features::TIMESTAMP_QUERY,
            ..wgpu::DeviceDescriptor::default()
        }))?;
        let buffers = [0.5_f32, 0.0].map(|number| {
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: None,
                contents: bytemuck::cast_slice(&vec![number; NUMBERS as usize]),
                usage: wgpu::BufferUsages::STORAGE,
            })
        });
        let seconds = |source: &str, groups: [u32; 2]| -> Result<f64, Box<dyn Error>> {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: None,
                source: wgpu::ShaderSource::Wgsl(source.into()),
            });
            let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: None,
                layout: None,
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
            let entries = [0, 1].map(|binding| wgpu::BindGroupEntry {
                binding: binding as u32,
                resource: buffers[binding].as_entire_binding(),
            });
            let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            let mut best = f64::INFINITY;
            for _ in 0..6 {
                best = best.min(timed(&device, &queue, &pipeline, &bindings, groups)?);
            }
            Ok(best)
        };
        let copied = seconds(COPY, [1024, (NUMBERS / 4 / 256 / 1024) as u32])?;
        let invocations: u32 = 256 * 4096;
        let multiplied = seconds(MULTIPLY_ADD, [invocations / 256, 1])?;
        Ok(Self {
            gigaflops: f64::from(invocations) * 1024.0 * 8.0 * 4.0 * 2.0 / multiplied / 1e9,
            gigabytes: 2.0 * NUMBERS as f64 * 4.0 / copied / 1e9,
        })
    }
}

/// The seconds that one dispatch takes, by the GPU's clock.
fn timed(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    pipeline: &wgpu::ComputePipeline,
    bindings: &wgpu::BindGroup,
    [x, y]: [u32; 2],
) -> Result<f64, Box<dyn Error>> {
    let query_set =
        device.create_query_set(&wgpu::QuerySetDescriptor { label: None, ty: wgpu::QueryType::Timestamp, count: 2 });
    let buffer = |usage| {
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size: 16, usage, mapped_at_creation: false })
    };
    let ticks = buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC);
    let staging = buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
        label: None,
        timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
            query_set: &query_set,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        }),
    });
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, bindings, &[]);
    pass.dispatch_workgroups(x, y, 1);
    drop(pass);
    encoder.resolve_query_set(&query_set, 0..2, &ticks, 0);
    encoder.copy_buffer_to_buffer(&ticks, 0, &staging, 0, 16);
    queue.submit([encoder.finish()]);
    staging.slice(..).map_async(wgpu::MapMode::Read, |result| result.expect("a buffer that was just made can be read"));
    device.poll(wgpu::PollType::wait_indefinitely())?;
    let [begun, ended]: [u64; 2] = bytemuck::pod_read_unaligned(&staging.slice(..).get_mapped_range()?);
    Ok(ended.saturating_sub(begun) as f64 * f64::from(queue.get_timestamp_period()) / 1e9)
}

/// What `benches/gpu_torch.py` measured.
struct PyTorch(String);

impl PyTorch {
    fn measure(sizes: &[usize], runs: usize) -> Result<Self, String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gpu_torch.py");
        let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut command = Command::new(&python);
        command.arg(script).arg(runs.to_string()).args(sizes.iter().map(usize::to_string));
        let output = command.output().map_err(|error| format!("{python} could not be started ({error})."))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(Self(text(&output.stdout))) } else { Err(text(&output.stderr)) }
    }

    /// Milliseconds.
    fn of(&self, size: usize, causal: bool) -> Option<f64> {
        let key = format!("{size} {} ", u8::from(causal));
        self.0.lines().find_map(|line| line.strip_prefix(&key)?.parse().ok())
    }
}
