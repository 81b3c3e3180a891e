//! Attention is what the ONNX operator, PyTorch and a float64 reference say it is; `tests/gpu.rs` and
//! `tests/e2e/proof.spec.js` hold the other engines to the same numbers, and `cargo xtask proof` prints them all.

#[path = "common/proof.rs"]
mod proof;

use headlight::attention::{Wanted, attend, fast};

#[test]
fn the_reference_is_proven() {
    proof::prove("reference", |case| attend(&case.inputs).into());
}

#[test]
fn the_fast_path_is_proven() {
    proof::prove("fast CPU", |case| fast::attend(&case.inputs, Wanted::ALL));
}
