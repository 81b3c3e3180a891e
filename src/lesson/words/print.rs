//! What stands on paper besides the picture.

use super::{NAME, mask, positions, scale_operator, scaling};
use crate::lesson::number::fixed;
use crate::protocol::{EngineKind, Setup};

/// With what and by what it was calculated.
pub fn calculated(setup: &Setup, head: usize, engine: &EngineKind) -> String {
    let Setup { seed, heads, width, .. } = *setup;
    let scaling = if setup.is_scaled { scale_operator(setup) } else { scaling(false).to_owned() };
    let (positions, mask, temperature) =
        (positions(setup.positions), mask(setup.mask), fixed(setup.temperature.into(), 2));
    let engine = match engine {
        EngineKind::Cpu { .. } => "the CPU",
        EngineKind::WebGpu { adapter } => adapter,
    };
    format!(
        "Head {} of {heads} · model width {width} · weights as PyTorch starts them, seed {seed} · positions {positions} · \
         mask {mask} · scaling {scaling} · temperature {temperature} · calculated by {NAME} on {engine}",
        head + 1
    )
}
