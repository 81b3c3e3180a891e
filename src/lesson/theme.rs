//! The colours of a figure, light and dark. The style sheet holds the same ones for the rest of the page.

use super::{SharesMap, SignedMap, Theme, explain::Role, range::Range};
use crate::figure::{
    Rgb,
    colormap::{BATLOW, BROC, CIVIDIS, Colormap, ROMA, VIK, VIRIDIS},
};

/// The colours that a figure is drawn in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colors {
    /// Behind everything.
    pub panel: Rgb,
    /// Letters and the outline of the cell in focus.
    pub ink: Rgb,
    /// Secondary letters.
    pub soft: Rgb,
    /// Separators.
    pub line: Rgb,
    /// Cells without a value yet, and the ground of chips and hatching.
    pub chip: Rgb,
    /// The page's own accent.
    pub accent: Rgb,
    /// A check that holds.
    pub good: Rgb,
    query: Rgb,
    key: Rgb,
    value: Rgb,
    output: Rgb,
    /// Of numbers from 0 up.
    pub shares: &'static Colormap,
    /// Of numbers with a sign.
    pub signed: &'static Colormap,
    /// How far both reach.
    pub range: Range,
}

impl Colors {
    /// The colours of a theme, with these colour maps, which reach so far.
    pub fn with_maps(theme: Theme, shares: SharesMap, signed: SignedMap, range: Range) -> Self {
        let shares = match shares {
            SharesMap::Cividis => &CIVIDIS,
            SharesMap::Viridis => &VIRIDIS,
            SharesMap::Batlow => &BATLOW,
        };
        let signed = match signed {
            SignedMap::Vik => &VIK,
            SignedMap::Roma => &ROMA,
            SignedMap::Broc => &BROC,
        };
        Self { shares, signed, range, ..Self::of(theme) }
    }

    /// The colours of a theme, with the colour maps of a first visit.
    pub fn of(theme: Theme) -> Self {
        match theme {
            Theme::Light => Self {
                panel: Rgb(0xff, 0xff, 0xff),
                ink: Rgb(0x1c, 0x1e, 0x21),
                soft: Rgb(0x5d, 0x63, 0x6b),
                line: Rgb(0xe2, 0xe0, 0xda),
                chip: Rgb(0xf0, 0xee, 0xe9),
                accent: Rgb(0x0b, 0x5c, 0xad),
                good: Rgb(0x00, 0x70, 0x4f),
                query: Rgb(0x00, 0x72, 0xb2),
                key: Rgb(0xc0, 0x4f, 0x00),
                value: Rgb(0x00, 0x7a, 0x5a),
                output: Rgb(0x9c, 0x4f, 0x7e),
                shares: &CIVIDIS,
                signed: &VIK,
                range: Range::Lesson,
            },
            Theme::Dark => Self {
                panel: Rgb(0x1c, 0x1f, 0x25),
                ink: Rgb(0xec, 0xee, 0xf1),
                soft: Rgb(0xa3, 0xab, 0xb5),
                line: Rgb(0x2d, 0x32, 0x3a),
                chip: Rgb(0x26, 0x2b, 0x33),
                accent: Rgb(0x7a, 0xb8, 0xf5),
                good: Rgb(0x3c, 0xc9, 0xa0),
                query: Rgb(0x56, 0xb4, 0xe9),
                key: Rgb(0xf0, 0x90, 0x4a),
                value: Rgb(0x3c, 0xc9, 0xa0),
                output: Rgb(0xe3, 0xa3, 0xc8),
                shares: &CIVIDIS,
                signed: &VIK,
                range: Range::Lesson,
            },
        }
    }

    /// The colour that Q, K, V and the output have everywhere; ink for everything else.
    pub fn role(&self, role: Role) -> Rgb {
        match role {
            Role::Plain => self.ink,
            Role::Query => self.query,
            Role::Key => self.key,
            Role::Value => self.value,
            Role::Output => self.output,
        }
    }
}
