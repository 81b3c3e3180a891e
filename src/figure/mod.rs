//! Matrices to pictures.
//!
//! A [`Figure`] is a list of [`Mark`]s in CSS pixels, made by a pure function. A canvas ([`raster`] fills the cells) and
//! [`svg`] paint the same figure.

pub mod colormap;
#[cfg(feature = "film")]
pub mod film;
pub mod png;
pub mod raster;
pub mod svg;

use std::fmt;

/// A colour, 8 bits a channel, sRGB. Written as CSS and SVG read it, `#rrggbb`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl fmt::Display for Rgb {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Rgb(red, green, blue) = self;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A picture: marks in the order in which they are painted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// In CSS pixels.
    pub width: f32,
    /// In CSS pixels.
    pub height: f32,
    /// Later ones cover earlier ones.
    pub marks: Vec<Mark>,
}

/// One thing that is painted.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A grid of coloured cells.
    Heatmap(Heatmap),
    /// A box, filled, outlined or both.
    Rect(Rect),
    /// A line through points.
    Line(Line),
    /// Words or numbers.
    Text(Text),
}

impl Mark {
    /// The same mark, so much farther to the right and down.
    pub fn moved(mut self, right: f32, down: f32) -> Self {
        let (x, y) = match &mut self {
            Mark::Heatmap(Heatmap { x, y, .. }) | Mark::Rect(Rect { x, y, .. }) | Mark::Text(Text { x, y, .. }) => {
                (x, y)
            }
            Mark::Line(line) => {
                line.points.iter_mut().for_each(|(x, y)| (*x, *y) = (*x + right, *y + down));
                return self;
            }
        };
        (*x, *y) = (*x + right, *y + down);
        self
    }
}

/// A grid of coloured cells, row by row from the top left.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width of one cell, its gap included.
    pub cell_width: f32,
    /// Height of one cell, its gap included.
    pub cell_height: f32,
    /// What is left free at each cell's right and lower edge. 0 where cells are too small for one.
    pub gap: f32,
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub columns: usize,
    /// `rows × columns` cells.
    pub cells: Vec<Cell>,
    /// Behind the hatching of a masked cell.
    pub hatch_ground: Rgb,
    /// The hatching's lines.
    pub hatch_line: Rgb,
}

/// What one cell of a [`Heatmap`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A value, as its colour.
    Color(Rgb),
    /// May not be seen: hatched, so that it can't be mistaken for a value.
    Masked,
    /// Not calculated yet: nothing is painted.
    Empty,
}

/// A box.
#[derive(Clone, Debug, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
    /// Corner radius.
    pub radius: f32,
    /// The inside, if any.
    pub fill: Option<Rgb>,
    /// The outline, if any: colour and width, centred on the edge.
    pub stroke: Option<(Rgb, f32)>,
}

/// A line through points.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// At least two points, `(x, y)`.
    pub points: Vec<(f32, f32)>,
    /// Colour.
    pub color: Rgb,
    /// Width.
    pub width: f32,
}

/// Words or numbers on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Where the anchor stands.
    pub x: f32,
    /// The middle of the letters (halfway up an x-height line of digits), not the baseline.
    pub y: f32,
    /// What is written.
    pub text: String,
    /// Font size.
    pub size: f32,
    /// Colour.
    pub color: Rgb,
    /// Which part of the text stands at `x`.
    pub anchor: Anchor,
    /// How the letters look.
    pub face: Face,
    /// Turned a quarter to the left around its anchor, so that it reads upwards.
    pub turned: bool,
}

/// Which part of a text stands at its `x`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    #[default]
    Middle,
    /// Its right end.
    End,
}

/// How letters look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Face {
    /// The page's own face.
    #[default]
    Plain,
    /// Semibold: the row or column in focus.
    Strong,
    /// A serif italic: a mathematical name.
    Math,
}
