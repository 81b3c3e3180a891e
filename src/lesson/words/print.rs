//! What stands on paper besides the picture.

use super::{NAME, given::from_files, heads_off, mask, painted, positions, range, scale_operator, scaling};
use crate::lesson::{number::fixed, range::Range};
use crate::protocol::{Begins, EngineKind, Setup};

/// With what and by what it was calculated, and how far its colours reach, where that is not as usual; of one head, or of all.
pub fn calculated(setup: &Setup, head: Option<usize>, engine: &EngineKind, reach: Range) -> String {
    let Setup { seed, heads, width, .. } = *setup;
    let scaling = if setup.is_scaled { scale_operator(setup) } else { scaling(false).to_owned() };
    let (positions, mask, temperature) =
        (positions(setup.positions), mask(setup.mask), fixed(setup.temperature.into(), 2));
    let mut besides = String::new();
    if setup.padding > 0 {
        besides += &format!(" · padding {}", setup.padding);
    }
    if let Some(softcap) = setup.softcap {
        besides += &format!(" · softcap {}", fixed(softcap.into(), 2));
    }
    if !setup.heads_off.is_empty() {
        besides += " · ";
        besides += &heads_off(&setup.heads_off);
    }
    if !setup.painted.is_empty() {
        besides += " · ";
        besides += painted(setup.painted.len()).trim_end_matches('.');
    }
    if reach != Range::Lesson {
        besides += " · colour range ";
        besides += range(reach);
    }
    let engine = match engine {
        EngineKind::Cpu { .. } => "the CPU",
        EngineKind::WebGpu { adapter } => adapter,
    };
    let heads = match head {
        Some(head) => format!("Head {} of {heads}", head + 1),
        None => format!("All {heads} heads"),
    };
    if let Some(given) = &setup.given {
        let from = from_files(given);
        return match given.begins {
            Begins::Weights => format!("{heads} · {from}{besides} · nothing calculated: shown by {NAME}"),
            _ => format!(
                "{heads} · {} · mask {mask} · scaling {scaling} · temperature {temperature}{besides} · calculated by {NAME} on {engine}",
                from
            ),
        };
    }
    format!(
        "{heads} · model width {width} · weights as PyTorch starts them, seed {seed} · positions {positions} · \
         mask {mask} · scaling {scaling} · temperature {temperature}{besides} · calculated by {NAME} on {engine}"
    )
}
