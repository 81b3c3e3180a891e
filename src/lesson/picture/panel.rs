//! What a scene is made of: matrices and signs in rows, and how numbers become colours.

use super::{
    super::{
        range::{Range, is_share},
        scene::{Source, head_of, sources},
        theme::Colors,
    },
    Grid, View,
    motion::Tile,
};
use crate::figure::{
    Cell, Rgb,
    colormap::{Colormap, diverging, sequential},
};
use crate::protocol::{CellRef, Matrix, Setup, Tensor};

/// How numbers become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Signed, from −max to max.
    Signed(f32, &'static Colormap),
    /// From 0 to max.
    Share(f32, &'static Colormap),
}

impl Scale {
    pub(super) fn of(tensor: Tensor, matrix: &Matrix, colors: &Colors) -> Self {
        let end = colors.range.end(tensor, matrix);
        if is_share(tensor, matrix) { Scale::Share(end, colors.shares) } else { Scale::Signed(end, colors.signed) }
    }

    /// One signed scale for matrices whose numbers are to be compared, unless a person wants another range.
    pub(super) fn common(tensor: Tensor, matrix: &Matrix, others: &[&Matrix], colors: &Colors) -> Self {
        let largest = others.iter().fold(matrix.largest, |largest, other| largest.max(other.largest));
        match colors.range {
            Range::Lesson => Scale::Signed(largest, colors.signed),
            _ => Scale::of(tensor, matrix, colors),
        }
    }

    /// The scale that a matrix is on where the step's is this one: its own, if a person wants each on its own.
    pub(super) fn or_own(self, tensor: Tensor, matrix: &Matrix, colors: &Colors) -> Self {
        if colors.range == Range::Matrix { Scale::of(tensor, matrix, colors) } else { self }
    }

    /// The number at its end.
    pub(super) fn end(self) -> f32 {
        match self {
            Scale::Signed(end, _) | Scale::Share(end, _) => end,
        }
    }

    /// How many of these numbers lie below its lower end, and above its upper end.
    pub(super) fn beyond(self, values: &[f32]) -> (usize, usize) {
        let count = |is_beyond: &dyn Fn(f32) -> bool| {
            values.iter().filter(|value| value.is_finite() && is_beyond(**value)).count()
        };
        let below = match self {
            Scale::Signed(end, _) => count(&|value| value < -end),
            // Of shares that were calculated there are none.
            Scale::Share(..) => count(&|value| value < 0.0),
        };
        (below, count(&|value| value > self.end()))
    }

    pub(super) fn color(self, value: f32) -> Rgb {
        match self {
            Scale::Signed(max, map) => map.color(diverging(value, max)),
            Scale::Share(max, map) => map.color(sequential(value, max)),
        }
    }

    pub(super) fn cell(self, value: f32) -> Cell {
        if value == f32::NEG_INFINITY { Cell::Masked } else { Cell::Color(self.color(value)) }
    }
}

pub(super) fn hatch_line(colors: &Colors) -> Rgb {
    blend(colors.chip, colors.soft, 0.5)
}

pub(super) fn blend(from: Rgb, to: Rgb, t: f32) -> Rgb {
    let channel = |from: u8, to: u8| lerp(f32::from(from), f32::from(to), t).round() as u8;
    Rgb(channel(from.0, to.0), channel(from.1, to.1), channel(from.2, to.2))
}

pub(super) fn lerp(from: f32, to: f32, t: f32) -> f32 {
    from + (to - from) * t
}

/// What one cell shows.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) cell: Cell,
    pub(super) number: Option<f32>,
}

impl Shown {
    pub(super) fn value(scale: Scale, value: f32) -> Self {
        let number = (value != f32::NEG_INFINITY).then_some(value);
        Self { cell: scale.cell(value), number }
    }

    pub(super) fn nothing(colors: &Colors) -> Self {
        Self { cell: Cell::Color(colors.chip), number: None }
    }

    /// On its way to another: the colour is in between; a number is seen at both ends alone, because nothing calculated
    /// what lies between. Hatching does not mix.
    pub(super) fn towards(self, to: Self, t: f32) -> Self {
        let cell = match (self.cell, to.cell) {
            (Cell::Color(from), Cell::Color(to)) => Cell::Color(blend(from, to, t)),
            (from, to) => {
                if t < 0.5 {
                    from
                } else {
                    to
                }
            }
        };
        let number = if t <= 0.0 {
            self.number
        } else if t >= 1.0 {
            to.number
        } else {
            self.number.filter(|number| to.number == Some(*number))
        };
        Self { cell, number }
    }
}

/// How large a matrix may become.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// All cells together, width and height.
    pub(super) total: (f32, f32),
    /// One cell, width and height.
    pub(super) cell: (f32, f32),
    /// Whether cells are as high as they are wide.
    pub(super) square: bool,
    /// Whether cells may be as large as the matrix has room for: so it stays as it is while it is zoomed into.
    pub(super) fills: bool,
}

impl Size {
    /// Tokens against tokens.
    pub(super) fn square(cell: f32, view: &View) -> Self {
        Self { total: (view.matrix_height, view.matrix_height), cell: (cell, cell), square: true, fills: false }
    }

    pub(super) fn flat(total: (f32, f32), cell: (f32, f32)) -> Self {
        Self { total, cell, square: false, fills: false }
    }

    /// One cell's width and height for a matrix of so many rows and columns.
    pub(super) fn cell_for(&self, rows: usize, columns: usize) -> (f32, f32) {
        let most = if self.fills { self.total } else { self.cell };
        let width = most.0.min(self.total.0 / columns as f32);
        let height = most.1.min(self.total.1 / rows as f32);
        if self.square { (width.min(height), width.min(height)) } else { (width, height) }
    }
}

/// A matrix on the stage.
pub(super) struct Panel<'a> {
    pub(super) tensor: Tensor,
    pub(super) head: usize,
    pub(super) transposed: bool,
    pub(super) matrix: &'a Matrix,
    pub(super) size: Size,
    pub(super) row_labels: bool,
    pub(super) column_labels: bool,
    /// Draws the heads' borders, of so many heads.
    pub(super) heads: Option<usize>,
    /// A frame around the whole matrix.
    pub(super) chosen: Option<Rgb>,
    /// How its colours are read, where the legend may not say it.
    pub(super) scale: Option<Scale>,
    /// Whether it stays on its own scale, whatever the others are on.
    pub(super) keeps_scale: bool,
    /// Whether its rows stand level with those of the square panel in its line.
    pub(super) level: bool,
    /// Belongs to the panel before it: has no name of its own, and is never parted from it.
    pub(super) beside: bool,
    /// Whether its symbol is written over it.
    pub(super) titled: bool,
    /// Whether its head is written there instead of its name.
    pub(super) names_head: bool,
    /// What is written over it while it is not yet what its tensor's name says: all that may be, and which of it is now.
    pub(super) names: (&'static [&'static str], Option<usize>),
    /// Numbers have so many decimals; the usual two if none.
    pub(super) decimals: Option<usize>,
    /// Numbers are sums that must be 1: a mark says whether they are.
    pub(super) sums_to_one: bool,
    /// In the tensor's own row and column, of the cells that came.
    pub(super) shown: Box<dyn Fn(usize, usize) -> Shown + 'a>,
}

impl<'a> Panel<'a> {
    /// A finished matrix on its own scale.
    pub(super) fn new(tensor: Tensor, head: usize, matrix: &'a Matrix, size: Size, colors: &Colors) -> Self {
        let scale = Scale::of(tensor, matrix, colors);
        Self {
            tensor,
            head: head_of(tensor, head),
            transposed: false,
            matrix,
            size,
            row_labels: false,
            column_labels: false,
            heads: None,
            chosen: None,
            scale: Some(scale),
            keeps_scale: colors.range == Range::Matrix,
            level: false,
            beside: false,
            titled: true,
            names_head: false,
            names: (&[], None),
            decimals: None,
            sums_to_one: false,
            shown: Box::new(move |row, column| Shown::value(scale, matrix.values[row * matrix.shown_columns + column])),
        }
    }

    pub(super) fn labels(mut self, rows: bool, columns: bool) -> Self {
        (self.row_labels, self.column_labels) = (rows, columns);
        self
    }

    /// On this scale instead of its own, unless a person wants its own.
    pub(super) fn on(mut self, scale: Scale) -> Self {
        if self.keeps_scale {
            return self;
        }
        let matrix = self.matrix;
        self.scale = Some(scale);
        self.showing(move |row, column| Shown::value(scale, matrix.values[row * matrix.shown_columns + column]))
    }

    /// Its rows are those of the square panel in its line.
    pub(super) fn level(mut self) -> Self {
        self.level = true;
        self
    }

    /// A column that belongs to the square panel before it.
    pub(super) fn beside(mut self) -> Self {
        (self.level, self.beside, self.scale) = (true, true, None);
        self
    }

    /// Under one of these names until it is finished; there is room for each of them all the time.
    pub(super) fn becoming(mut self, names: &'static [&'static str], now: Option<usize>) -> Self {
        self.names = (names, now);
        self
    }

    pub(super) fn transposed(mut self) -> Self {
        self.transposed = true;
        self
    }

    pub(super) fn showing(mut self, shown: impl Fn(usize, usize) -> Shown + 'a) -> Self {
        self.shown = Box::new(shown);
        self
    }

    /// Rows and columns of the tensor, as drawn.
    pub(super) fn drawn(&self) -> (usize, usize) {
        swap_if(self.transposed, (self.matrix.rows, self.matrix.columns))
    }

    /// Rows and columns that came, as drawn.
    pub(super) fn drawn_shown(&self) -> (usize, usize) {
        swap_if(self.transposed, (self.matrix.shown_rows, self.matrix.shown_columns))
    }
}

pub(super) fn swap_if<T>(swap: bool, (a, b): (T, T)) -> (T, T) {
    if swap { (b, a) } else { (a, b) }
}

/// A matrix, or what stands between two.
pub(super) enum Item<'a> {
    Panel(Panel<'a>),
    Operator(String),
}

pub(super) fn operator<'a>(sign: &str) -> Item<'a> {
    Item::Operator(sign.to_owned())
}

/// What is lit.
#[derive(Default)]
pub(super) struct Lights {
    /// The cell whose origin is lit.
    pub(super) focus: Option<CellRef>,
    /// The term of that cell whose two factors are marked.
    pub(super) term: Option<usize>,
    /// What is lit besides.
    pub(super) more: Vec<Source>,
}

impl Lights {
    /// Everything but the cell in focus, and whether that was made from it.
    pub(super) fn all(&self, setup: &Setup) -> Vec<(Source, bool)> {
        let made_from =
            self.focus.map(|focus| sources(focus, setup)).unwrap_or_default().into_iter().map(|source| (source, true));
        made_from.chain(self.more.iter().map(|source| (*source, false))).collect()
    }
}

/// A matrix comes from another place.
pub(super) struct Move {
    /// Where it was, of the same tensor.
    pub(super) grid: Grid,
    /// How far it has come, 0 to 1.
    pub(super) at: f32,
}

pub(super) struct Scene<'a> {
    pub(super) rows: Vec<Vec<Item<'a>>>,
    /// What the step makes.
    pub(super) result: Tensor,
    /// Whose colours the legend explains: tensor and scale.
    pub(super) legend: (Tensor, Scale),
    /// Whether the legend explains hatching.
    pub(super) masked: bool,
    /// A line of numbers under the equation, kept free where there may be one.
    pub(super) ticker: Option<String>,
    pub(super) caption: String,
    pub(super) lights: Lights,
    /// What flies over the picture.
    pub(super) tiles: Vec<Tile>,
    /// Which matrices are on their way.
    pub(super) moves: Vec<Move>,
    /// How much is to be seen of what is not on its way, 0 to 1.
    pub(super) arrival: f32,
}
