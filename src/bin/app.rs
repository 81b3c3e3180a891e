//! Headlight's program: the app in the page, the engine in a worker. Nothing else.

fn main() {
    #[cfg(target_arch = "wasm32")]
    if headlight::engine::worker::is_here() {
        headlight::engine::worker::run();
    } else {
        headlight::ui::mount();
    }
}
