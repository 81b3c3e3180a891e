//! Runs the GPU's attention for the engine in its worker, nothing else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    headlight::gpu::program::run();
}
