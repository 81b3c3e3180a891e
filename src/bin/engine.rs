//! Runs the engine in its worker, nothing else.
fn main() {}
