//! Runs the engine in its worker, nothing else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    headlight::engine::worker::run();
}
