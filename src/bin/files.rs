//! Writes files for the engine in its worker, nothing else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    headlight::files::program::run();
}
