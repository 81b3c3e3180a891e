//! How close two engines have to be.

#![allow(dead_code, reason = "each test binary uses its own part")]

use headlight::attention::Outputs;
use ndarray::Array4;

/// PyTorch's relative tolerance for float32 (`torch.testing.assert_close`).
pub const RTOL: f32 = 1.3e-6;
/// PyTorch's absolute tolerance for float32.
pub const ATOL: f32 = 1e-5;

/// Every tensor of the one is close to that of the other.
#[track_caller]
pub fn assert_close(who: &str, actual: &Outputs, expected: &Outputs) {
    for (name, actual, expected) in [
        ("scores", &actual.scores, &expected.scores),
        ("scaled", &actual.scaled, &expected.scaled),
        ("masked", &actual.masked, &expected.masked),
        ("weights", &actual.weights, &expected.weights),
        ("output", &actual.output, &expected.output),
    ] {
        match (actual, expected) {
            (None, None) => {}
            (Some(actual), Some(expected)) => assert_tensor_close(&format!("{who}: {name}"), actual, expected),
            _ => panic!("{who}: {name} is wanted by one side alone"),
        }
    }
}

#[track_caller]
fn assert_tensor_close(name: &str, actual: &Array4<f32>, expected: &Array4<f32>) {
    assert_eq!(actual.dim(), expected.dim(), "the shape of {name}");
    for ((index, &actual), &expected) in actual.indexed_iter().zip(expected) {
        // Said so that NaN fails, and equal infinities pass.
        let close = actual == expected || (actual - expected).abs() <= ATOL + RTOL * expected.abs();
        assert!(close, "{name} at {index:?} is {actual}, not {expected}");
    }
}
