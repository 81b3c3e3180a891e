//! What stands on paper besides the picture.

use super::{NAME, given::from_files, heads_off, mask, painted, positions, range, scale_operator, scaling};
use crate::lesson::{number::fixed, range::Range};
use crate::protocol::{Begins, EngineKind, Setup};

/// With what and by what it was calculated, and how far its colours reach, where that is not as usual.
pub fn calculated(setup: &Setup, head: Option<usize>, engine: &EngineKind, reach: Range) -> String {
    let Setup { seed, heads, width, .. } = *setup;
    let scaling = if setup.is_scaled { scale_operator(setup) } else { scaling(false).to_owned() };
    let (positions, mask, temperature) =
        (positions(setup.positions), mask(setup.mask), fixed(setup.temperature.into(), 2));
    let mut besides = String::new();
    if setup.padding > 0 {
        besides += &format!(" · Padding {}", setup.padding);
    }
    if let Some(softcap) = setup.softcap {
        besides += &format!(" · Softcap {}", fixed(softcap.into(), 2));
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
        besides += " · Farbbereich ";
        besides += range(reach);
    }
    let engine = match engine {
        EngineKind::Cpu { .. } => "der CPU",
        EngineKind::WebGpu { adapter } => adapter,
    };
    let heads = match head {
        Some(head) => format!("Kopf {} von {heads}", head + 1),
        None => format!("Alle {heads} Köpfe"),
    };
    if let Some(given) = &setup.given {
        let from = from_files(given);
        return match given.begins {
            Begins::Weights => format!("{heads} · {from}{besides} · nichts berechnet: gezeigt von {NAME}"),
            _ => format!(
                "{heads} · {} · Maske: {mask} · Skalierung: {scaling} · Temperatur {temperature}{besides} · berechnet von {NAME} auf {engine}",
                from
            ),
        };
    }
    format!(
        "{heads} · Modellbreite {width} · Gewichte, wie PyTorch sie anfangs zieht, Seed {seed} · \
         Positionen: {positions} · Maske: {mask} · Skalierung: {scaling} · Temperatur {temperature}{besides} · \
         berechnet von {NAME} auf {engine}"
    )
}
