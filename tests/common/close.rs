//! How close two engines have to be.

#![allow(dead_code, reason = "each test binary uses its own part")]

use headlight::attention::Outputs;
use ndarray::Array4;

/// PyTorch's relative tolerance for float32 (`torch.testing.assert_close`).
pub const RTOL: f32 = 1.3e-6;
/// PyTorch's absolute tolerance for float32.
pub const ATOL: f32 = 1e-5;

/// How far two numbers are apart: two equal infinities not at all, though their difference is NaN; NaN infinitely.
pub fn difference(actual: f32, expected: f32) -> f32 {
    match (actual - expected).abs() {
        _ if actual == expected => 0.0,
        difference if difference.is_nan() => f32::INFINITY,
        difference => difference,
    }
}

/// The same as a part of what is allowed; infinite where one side alone is, which no tolerance allows.
pub fn part_of_allowed(actual: f32, expected: f32, rtol: f32, atol: f32) -> f32 {
    match difference(actual, expected) {
        f32::INFINITY => f32::INFINITY,
        difference => difference / (atol + rtol * expected.abs()).min(f32::MAX),
    }
}

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
        let close = part_of_allowed(actual, expected, RTOL, ATOL) <= 1.0;
        assert!(close, "{name} at {index:?} is {actual}, not {expected}");
    }
}
