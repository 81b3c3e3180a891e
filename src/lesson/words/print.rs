//! What stands on paper besides the picture.

use super::{NAME, mask, positions, scale_operator, scaling};
use crate::lesson::number::fixed;
use crate::protocol::{EngineKind, Setup};

/// With what it was calculated.
pub fn set_up(setup: &Setup, head: usize) -> String {
    let Setup { seed, heads, width, .. } = *setup;
    let scaling = if setup.is_scaled { scale_operator(setup) } else { scaling(false).to_owned() };
    let (positions, mask, temperature) =
        (positions(setup.positions), mask(setup.mask), fixed(setup.temperature.into(), 2));
    format!(
        "Head {} of {heads} · model width {width} · weights as PyTorch starts them, seed {seed} · positions {positions} · \
         mask {mask} · scaling {scaling} · temperature {temperature}",
        head + 1
    )
}

/// By what it was calculated.
pub fn calculated_by(engine: &EngineKind) -> String {
    match engine {
        EngineKind::Cpu { .. } => format!("Calculated by {NAME} on the CPU."),
        EngineKind::WebGpu { adapter } => format!("Calculated by {NAME} with WebGPU ({adapter})."),
    }
}
