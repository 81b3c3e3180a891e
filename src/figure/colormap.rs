//! Colour maps: numbers to colours, and the ink that can be read on them.
//!
//! A map is data alone. Of a published table of 256 entries it keeps the fewest ("knots") from which straight lines in
//! sRGB give every other entry to 1/255 a channel: some 60 bytes a map. `tests/data/colormaps/make.py` finds them, and
//! `tests/colormap.rs` holds them to the whole tables.

use std::sync::OnceLock;

use super::Rgb;
use crate::builtin;

/// Every map that can be chosen.
pub static COLORMAPS: [&Colormap; 6] = [&CIVIDIS, &VIRIDIS, &BATLOW, &VIK, &ROMA, &BROC];

/// From dark blue to yellow, nearly the same for every kind of colour vision. The default for weights.
pub static CIVIDIS: Colormap = Colormap {
    name: "cividis",
    kind: Kind::Sequential,
    source: "Nuñez, Anderton & Renslow (2018), doi:10.1371/journal.pone.0199239; table of Matplotlib 3.11.2",
    licence: "Matplotlib (BSD-compatible)",
    knots: &[
        (0, Rgb(0, 34, 78)),
        (19, Rgb(0, 48, 111)),
        (23, Rgb(1, 50, 113)),
        (26, Rgb(12, 52, 112)),
        (32, Rgb(26, 56, 111)),
        (47, Rgb(49, 67, 109)),
        (84, Rgb(86, 92, 109)),
        (134, Rgb(130, 128, 121)),
        (163, Rgb(158, 150, 118)),
        (197, Rgb(193, 178, 106)),
        (224, Rgb(222, 201, 88)),
        (242, Rgb(242, 218, 68)),
        (251, Rgb(253, 227, 52)),
        (255, Rgb(254, 232, 56)),
    ],
    table: OnceLock::new(),
};

/// From violet by green to yellow.
pub static VIRIDIS: Colormap = Colormap {
    name: "viridis",
    kind: Kind::Sequential,
    source: "Smith & van der Walt (2015), https://bids.github.io/colormap; table of Matplotlib 3.11.2",
    licence: "CC0",
    knots: &[
        (0, Rgb(68, 1, 84)),
        (4, Rgb(70, 7, 90)),
        (23, Rgb(72, 33, 115)),
        (42, Rgb(68, 57, 131)),
        (66, Rgb(58, 84, 140)),
        (100, Rgb(42, 118, 142)),
        (129, Rgb(32, 146, 140)),
        (144, Rgb(31, 160, 136)),
        (157, Rgb(37, 172, 130)),
        (172, Rgb(56, 185, 119)),
        (185, Rgb(80, 196, 106)),
        (203, Rgb(119, 209, 83)),
        (233, Rgb(197, 224, 33)),
        (242, Rgb(221, 227, 24)),
        (248, Rgb(236, 229, 27)),
        (255, Rgb(253, 231, 37)),
    ],
    table: OnceLock::new(),
};

/// From dark blue by green and orange to pink.
pub static BATLOW: Colormap = Colormap {
    name: "batlow",
    kind: Kind::Sequential,
    source: "Crameri (2018), Scientific colour maps, doi:10.5281/zenodo.1243862; table of cmcrameri 1.10",
    licence: "MIT, © 2020 Fabio Crameri",
    knots: &[
        (0, Rgb(1, 25, 89)),
        (6, Rgb(7, 34, 91)),
        (21, Rgb(14, 55, 94)),
        (51, Rgb(24, 85, 98)),
        (66, Rgb(36, 97, 96)),
        (85, Rgb(60, 109, 86)),
        (124, Rgb(123, 128, 52)),
        (141, Rgb(155, 137, 43)),
        (153, Rgb(179, 142, 47)),
        (167, Rgb(205, 146, 63)),
        (182, Rgb(230, 152, 88)),
        (194, Rgb(244, 159, 114)),
        (206, Rgb(252, 167, 142)),
        (222, Rgb(253, 179, 177)),
        (255, Rgb(250, 204, 250)),
    ],
    table: OnceLock::new(),
};

/// From blue by near-white to red-brown, about as dark at both ends. The default for signed values.
pub static VIK: Colormap = Colormap {
    name: "vik",
    kind: Kind::Diverging,
    source: "Crameri (2018), Scientific colour maps, doi:10.5281/zenodo.1243862; table of cmcrameri 1.10",
    licence: "MIT, © 2020 Fabio Crameri",
    knots: &[
        (0, Rgb(0, 18, 97)),
        (41, Rgb(5, 82, 138)),
        (48, Rgb(12, 94, 146)),
        (58, Rgb(32, 113, 158)),
        (71, Rgb(69, 139, 176)),
        (108, Rgb(186, 213, 226)),
        (117, Rgb(213, 227, 233)),
        (123, Rgb(229, 231, 232)),
        (129, Rgb(237, 228, 222)),
        (136, Rgb(238, 217, 205)),
        (162, Rgb(218, 166, 136)),
        (193, Rgb(194, 110, 63)),
        (205, Rgb(182, 88, 36)),
        (214, Rgb(167, 67, 16)),
        (221, Rgb(152, 51, 7)),
        (232, Rgb(129, 31, 6)),
        (255, Rgb(89, 0, 8)),
    ],
    table: OnceLock::new(),
};

/// From red-brown by light yellow to blue.
pub static ROMA: Colormap = Colormap {
    name: "roma",
    kind: Kind::Diverging,
    source: "Crameri (2018), Scientific colour maps, doi:10.5281/zenodo.1243862; table of cmcrameri 1.10",
    licence: "MIT, © 2020 Fabio Crameri",
    knots: &[
        (0, Rgb(126, 23, 0)),
        (5, Rgb(131, 37, 4)),
        (18, Rgb(144, 64, 14)),
        (45, Rgb(167, 109, 33)),
        (67, Rgb(185, 146, 53)),
        (78, Rgb(194, 166, 71)),
        (87, Rgb(202, 184, 90)),
        (101, Rgb(210, 211, 129)),
        (114, Rgb(208, 228, 166)),
        (124, Rgb(198, 234, 188)),
        (134, Rgb(181, 234, 204)),
        (145, Rgb(157, 227, 213)),
        (157, Rgb(126, 213, 215)),
        (172, Rgb(89, 189, 210)),
        (185, Rgb(65, 167, 203)),
        (200, Rgb(48, 143, 193)),
        (231, Rgb(30, 93, 171)),
        (246, Rgb(18, 66, 160)),
        (255, Rgb(3, 49, 152)),
    ],
    table: OnceLock::new(),
};

/// From blue by near-white to olive.
pub static BROC: Colormap = Colormap {
    name: "broc",
    kind: Kind::Diverging,
    source: "Crameri (2018), Scientific colour maps, doi:10.5281/zenodo.1243862; table of cmcrameri 1.10",
    licence: "MIT, © 2020 Fabio Crameri",
    knots: &[
        (0, Rgb(44, 26, 76)),
        (12, Rgb(42, 44, 94)),
        (33, Rgb(41, 76, 127)),
        (43, Rgb(49, 94, 142)),
        (54, Rgb(69, 113, 156)),
        (78, Rgb(123, 155, 186)),
        (119, Rgb(220, 228, 235)),
        (126, Rgb(233, 237, 237)),
        (132, Rgb(238, 239, 231)),
        (138, Rgb(236, 236, 219)),
        (160, Rgb(211, 211, 167)),
        (173, Rgb(192, 191, 135)),
        (187, Rgb(163, 163, 105)),
        (223, Rgb(93, 93, 45)),
        (244, Rgb(55, 56, 16)),
        (255, Rgb(38, 38, 0)),
    ],
    table: OnceLock::new(),
};

/// White, one of the two inks of [`ink_on`].
pub const LIGHT_INK: Rgb = Rgb(255, 255, 255);

/// The lightest grey that, with white, leaves no ground on which neither reaches a contrast of 4.5.
pub const DARK_INK: Rgb = Rgb(6, 6, 6);

/// A colour for every number from 0 to 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Colormap {
    /// As its authors call it.
    pub name: &'static str,
    /// Which values it is for.
    pub kind: Kind,
    /// Who published it, and whose table this is.
    pub source: &'static str,
    /// The terms of that table.
    pub licence: &'static str,
    /// Entries of the table, the first and the last among them: place of 255, colour.
    knots: &'static [(u8, Rgb)],
    /// The whole table, once it has been needed.
    table: OnceLock<[Rgb; 256]>,
}

/// Which values a map is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From 0 up: lightness rises or falls all the way.
    Sequential,
    /// Signed: lightness falls from the middle, which is 0, to both sides.
    Diverging,
}

impl Colormap {
    /// The table's entry nearest to `t`, from 0 to 1; what lies outside is moved to the nearer end. NaN gives the first.
    pub fn color(&self, t: f32) -> Rgb {
        let table = self.table.get_or_init(|| std::array::from_fn(|entry| self.entry(entry as f32)));
        // As an integer, NaN and what is negative are 0.
        table[((t * 255.0 + 0.5) as usize).min(255)]
    }

    /// An entry of the table, from 0 to 255.
    fn entry(&self, place: f32) -> Rgb {
        let above = self.knots.partition_point(|&(knot, _)| f32::from(knot) <= place).clamp(1, self.knots.len() - 1);
        let ((start, from), (end, to)) = (self.knots[above - 1], self.knots[above]);
        let share = ((place - f32::from(start)) / f32::from(end - start)).min(1.0);
        let channel = |from: u8, to: u8| (f32::from(from) + (f32::from(to) - f32::from(from)) * share + 0.5) as u8;
        Rgb(channel(from.0, to.0), channel(from.1, to.1), channel(from.2, to.2))
    }
}

/// Where a value from 0 to `max` stands in a sequential map, from 0 to 1. All of it at 0 where `max` is 0.
pub fn sequential(value: f32, max: f32) -> f32 {
    if max > 0.0 { (value / max).clamp(0.0, 1.0) } else { 0.0 }
}

/// Where a value from `-max` to `max` stands in a diverging map, from 0 to 1. All of it in the middle where `max` is 0.
pub fn diverging(value: f32, max: f32) -> f32 {
    if max > 0.0 { 0.5 + 0.5 * (value / max).clamp(-1.0, 1.0) } else { 0.5 }
}

/// Whichever of [`LIGHT_INK`] and [`DARK_INK`] is read better on `ground`, at a [`contrast`] of 4.5 or more.
pub fn ink_on(ground: Rgb) -> Rgb {
    if contrast(LIGHT_INK, ground) > contrast(DARK_INK, ground) { LIGHT_INK } else { DARK_INK }
}

/// Contrast of two colours, from 1 to 21. Text needs 4.5.
///
/// Source: WCAG 2.2, "contrast ratio".
pub fn contrast(a: Rgb, b: Rgb) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// How much light a colour gives, from 0 (black) to 1 (white).
///
/// Source: WCAG 2.2, "relative luminance"; the sRGB curve of IEC 61966-2-1.
pub fn luminance(Rgb(red, green, blue): Rgb) -> f32 {
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

fn linear(channel: u8) -> f32 {
    let channel = f64::from(channel) / 255.0;
    let linear = if channel <= 0.04045 { channel / 12.92 } else { builtin::pow((channel + 0.055) / 1.055, 2.4) };
    linear as f32
}
