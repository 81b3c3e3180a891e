//! One frame of the stage: a pure function of the run's data, the place in the lesson and the view.
//!
//! A scene is rows of panels (matrices) with operators between them. Panels are laid out to fit the width, drawn as
//! marks, and come back as [`Grid`]s that say where each cell is, for the pointer and for assistive technology.

use super::{
    Projection, Session, Step,
    explain::{Role, role_of},
    number::{fixed, shape, short},
    scene::{self, Data, Source, has_heads},
    theme::Colors,
    timeline::{Product, SoftmaxPart, product, softmax_part, wave},
    words,
};
use crate::figure::{
    Anchor, Cell, Face, Figure, Heatmap, Line, Mark, Rect, Rgb, Text,
    colormap::{CIVIDIS, VIK, diverging, ink_on, sequential},
};
use crate::protocol::{CellRef, Matrix, Tensor};

/// How the stage is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The stage's width in CSS pixels.
    pub width: f32,
    /// The tallest that a matrix should get, in CSS pixels.
    pub matrix_height: f32,
    /// The figure's colours.
    pub colors: Colors,
    /// How wide each token's label is at [`LABEL_SIZE`], in CSS pixels, as measured by whoever paints.
    pub token_widths: Vec<f32>,
    /// The cell whose origin is lit.
    pub focus: Option<CellRef>,
}

/// The size of the tokens' labels.
pub const LABEL_SIZE: f32 = 12.5;

/// A frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// What is painted.
    pub figure: Figure,
    /// Where the matrices are.
    pub grids: Vec<Grid>,
    /// Where in the step this is: "cell 32 of 36".
    pub caption: String,
}

/// A drawn matrix: which tensor, and where its cells are.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Which tensor.
    pub tensor: Tensor,
    /// Of which head.
    pub head: usize,
    /// Whether its rows are drawn as columns.
    pub transposed: bool,
    /// How many rows are drawn (of the tensor, also where cells are drawn together).
    pub rows: usize,
    /// How many columns are drawn.
    pub columns: usize,
    /// Where.
    pub place: Place,
}

/// Where a grid's cells are, in CSS pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// All of one size.
    Even {
        /// Left edge.
        x: f32,
        /// Top edge.
        y: f32,
        /// Of one cell.
        cell_width: f32,
        /// Of one cell.
        cell_height: f32,
    },
    /// Each for itself: left, top, width, height.
    Each(Vec<(f32, f32, f32, f32)>),
}

impl Grid {
    /// The cell under a point.
    pub fn cell_at(&self, x: f32, y: f32) -> Option<CellRef> {
        let (row, column) = match &self.place {
            Place::Even { x: left, y: top, cell_width, cell_height } => {
                let (column, row) = ((x - left) / cell_width, (y - top) / cell_height);
                let inside = column >= 0.0 && row >= 0.0 && column < self.columns as f32 && row < self.rows as f32;
                inside.then_some((row as usize, column as usize))
            }
            Place::Each(boxes) => boxes
                .iter()
                .position(|&(left, top, width, height)| x >= left && y >= top && x < left + width && y < top + height)
                .map(|column| (0, column)),
        }?;
        Some(self.cell(row, column))
    }

    /// The cell drawn in this row and column.
    pub fn cell(&self, row: usize, column: usize) -> CellRef {
        let (row, column) = if self.transposed { (column, row) } else { (row, column) };
        CellRef { tensor: self.tensor, head: self.head, row, column }
    }

    /// The row and column that a cell is drawn in, if it is drawn here.
    pub fn drawn_at(&self, cell: CellRef) -> Option<(usize, usize)> {
        let same = cell.tensor == self.tensor && cell.head == self.head;
        let (row, column) = if self.transposed { (cell.column, cell.row) } else { (cell.row, cell.column) };
        (same && row < self.rows && column < self.columns).then_some((row, column))
    }

    /// Left, top, width and height of the cell drawn in this row and column.
    pub fn cell_box(&self, row: usize, column: usize) -> (f32, f32, f32, f32) {
        match &self.place {
            Place::Even { x, y, cell_width, cell_height } => {
                (x + column as f32 * cell_width, y + row as f32 * cell_height, *cell_width, *cell_height)
            }
            Place::Each(boxes) => boxes.get(column).copied().unwrap_or_default(),
        }
    }

    /// Left, top, width and height of everything.
    pub fn bounds(&self) -> (f32, f32, f32, f32) {
        match &self.place {
            Place::Even { x, y, cell_width, cell_height } => {
                (*x, *y, cell_width * self.columns as f32, cell_height * self.rows as f32)
            }
            Place::Each(boxes) => {
                let left = boxes.iter().map(|b| b.0).fold(f32::INFINITY, f32::min);
                let top = boxes.iter().map(|b| b.1).fold(f32::INFINITY, f32::min);
                let right = boxes.iter().map(|b| b.0 + b.2).fold(0.0, f32::max);
                let bottom = boxes.iter().map(|b| b.1 + b.3).fold(0.0, f32::max);
                (left, top, right - left, bottom - top)
            }
        }
    }
}

/// Draws a frame. `None` while a matrix that it needs has not come yet.
pub fn picture(session: &Session, data: &Data, view: &View) -> Option<Picture> {
    if session.step == Step::Tokens {
        return Some(tokens(session, data, view));
    }
    let scene = scene_of(session, data, view)?;
    Some(draw(scene, data, view))
}

/// A thumbnail: a matrix as a picture of this width and height, without words.
pub fn thumbnail(matrix: &Matrix, tensor: Tensor, width: f32, height: f32, colors: &Colors) -> Figure {
    let scale = Scale::of(tensor, matrix);
    let (cell_width, cell_height) = (width / matrix.shown_columns as f32, height / matrix.shown_rows as f32);
    let gap = if cell_width >= 5.0 && cell_height >= 5.0 { 1.0 } else { 0.0 };
    let cells = matrix.values.iter().map(|&value| scale.cell(value)).collect();
    let heatmap = Heatmap {
        x: 0.0,
        y: 0.0,
        cell_width,
        cell_height,
        gap,
        rows: matrix.shown_rows,
        columns: matrix.shown_columns,
        cells,
        hatch_ground: colors.chip,
        hatch_line: hatch_line(colors),
    };
    Figure { width, height, marks: vec![Mark::Heatmap(heatmap)] }
}

/// How numbers become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    /// Signed, from −max to max.
    Signed(f32),
    /// From 0 to max.
    Share(f32),
}

impl Scale {
    fn of(tensor: Tensor, matrix: &Matrix) -> Self {
        match tensor {
            Tensor::Exponentials => Scale::Share(1.0),
            // Long rows share their attention among many; their colours use the range that there is.
            Tensor::Weights if matrix.largest < 0.5 => Scale::Share(matrix.largest),
            Tensor::Weights => Scale::Share(1.0),
            _ => Scale::Signed(matrix.largest),
        }
    }

    fn color(self, value: f32) -> Rgb {
        match self {
            Scale::Signed(max) => VIK.color(diverging(value, max)),
            Scale::Share(max) => CIVIDIS.color(sequential(value, max)),
        }
    }

    fn cell(self, value: f32) -> Cell {
        if value == f32::NEG_INFINITY { Cell::Masked } else { Cell::Color(self.color(value)) }
    }
}

fn hatch_line(colors: &Colors) -> Rgb {
    blend(colors.chip, colors.soft, 0.5)
}

fn blend(from: Rgb, to: Rgb, t: f32) -> Rgb {
    let channel = |from: u8, to: u8| (f32::from(from) + (f32::from(to) - f32::from(from)) * t).round() as u8;
    Rgb(channel(from.0, to.0), channel(from.1, to.1), channel(from.2, to.2))
}

/// What one cell shows.
#[derive(Clone, Copy)]
struct Shown {
    cell: Cell,
    number: Option<f32>,
}

impl Shown {
    fn value(scale: Scale, value: f32) -> Self {
        let number = (value != f32::NEG_INFINITY).then_some(value);
        Self { cell: scale.cell(value), number }
    }

    fn nothing(colors: &Colors) -> Self {
        Self { cell: Cell::Color(colors.chip), number: None }
    }
}

/// How large a matrix may become.
#[derive(Clone, Copy)]
struct Size {
    /// All cells together, width and height.
    total: (f32, f32),
    /// One cell, width and height.
    cell: (f32, f32),
    /// Whether cells are as high as they are wide.
    square: bool,
}

impl Size {
    /// Tokens against tokens.
    fn square(cell: f32, view: &View) -> Self {
        Self { total: (view.matrix_height, view.matrix_height), cell: (cell, cell), square: true }
    }

    fn flat(total: (f32, f32), cell: (f32, f32)) -> Self {
        Self { total, cell, square: false }
    }

    /// One cell's width and height for a matrix of so many rows and columns.
    fn cell_for(&self, rows: usize, columns: usize) -> (f32, f32) {
        let width = self.cell.0.min(self.total.0 / columns as f32);
        let height = self.cell.1.min(self.total.1 / rows as f32);
        if self.square { (width.min(height), width.min(height)) } else { (width, height) }
    }
}

/// A matrix on the stage.
struct Panel<'a> {
    tensor: Tensor,
    head: usize,
    transposed: bool,
    matrix: &'a Matrix,
    size: Size,
    row_labels: bool,
    column_labels: bool,
    /// Draws the heads' borders, of so many heads.
    heads: Option<usize>,
    /// A frame around the whole matrix.
    chosen: Option<Rgb>,
    /// Takes the cell height of the square panel beside it.
    beside: bool,
    /// Numbers have so many decimals; the usual two if none.
    decimals: Option<usize>,
    /// Numbers are sums that must be 1: a mark says whether they are.
    sums_to_one: bool,
    /// In the tensor's own row and column, of the cells that came.
    shown: Box<dyn Fn(usize, usize) -> Shown + 'a>,
}

impl<'a> Panel<'a> {
    /// A finished matrix on its own scale.
    fn new(tensor: Tensor, head: usize, matrix: &'a Matrix, size: Size) -> Self {
        let scale = Scale::of(tensor, matrix);
        Self {
            tensor,
            head: if has_heads(tensor) { head } else { 0 },
            transposed: false,
            matrix,
            size,
            row_labels: false,
            column_labels: false,
            heads: None,
            chosen: None,
            beside: false,
            decimals: None,
            sums_to_one: false,
            shown: Box::new(move |row, column| Shown::value(scale, matrix.values[row * matrix.shown_columns + column])),
        }
    }

    fn labels(mut self, rows: bool, columns: bool) -> Self {
        (self.row_labels, self.column_labels) = (rows, columns);
        self
    }

    fn transposed(mut self) -> Self {
        self.transposed = true;
        self
    }

    fn showing(mut self, shown: impl Fn(usize, usize) -> Shown + 'a) -> Self {
        self.shown = Box::new(shown);
        self
    }

    /// Rows and columns of the tensor, as drawn.
    fn drawn(&self) -> (usize, usize) {
        swap_if(self.transposed, (self.matrix.rows, self.matrix.columns))
    }

    /// Rows and columns that came, as drawn.
    fn drawn_shown(&self) -> (usize, usize) {
        swap_if(self.transposed, (self.matrix.shown_rows, self.matrix.shown_columns))
    }
}

fn swap_if(swap: bool, (a, b): (usize, usize)) -> (usize, usize) {
    if swap { (b, a) } else { (a, b) }
}

/// A matrix, or what stands between two.
enum Item<'a> {
    Panel(Panel<'a>),
    Operator(String),
}

fn operator<'a>(sign: &str) -> Item<'a> {
    Item::Operator(sign.to_owned())
}

struct Scene<'a> {
    rows: Vec<Vec<Item<'a>>>,
    /// Whose colours the legend explains: tensor and scale.
    legend: (Tensor, Scale),
    /// Whether the legend explains hatching.
    masked: bool,
    /// A line of numbers under the equation, kept free where there may be one.
    ticker: Option<String>,
    caption: String,
    /// The cell whose origin is lit.
    focus: Option<CellRef>,
}

/// A product's result as it is being built.
fn building<'a>(
    result: &'a Matrix,
    scale: Scale,
    position: f64,
    terms: &[f64],
    colors: Colors,
) -> (impl Fn(usize, usize) -> Shown + 'a, Product) {
    let progress = product(position, result.shown_rows, result.shown_columns, terms.len());
    let partial = terms[..progress.terms].iter().sum::<f64>() as f32;
    let shown = move |row: usize, column: usize| {
        let index = row * result.shown_columns + column;
        if index < progress.done {
            Shown::value(scale, result.values[index])
        } else if index == progress.done && progress.terms > 0 {
            Shown::value(scale, partial)
        } else {
            Shown::nothing(&colors)
        }
    };
    (shown, progress)
}

/// A product in the making: what it says of itself.
struct Making {
    ticker: Option<String>,
    caption: String,
    /// The cell being made, while there is one: row and column.
    cell: Option<(usize, usize)>,
}

fn making(progress: Product, terms: &[f64], operands: impl Fn(usize) -> (f32, f32), result: &Matrix) -> Making {
    let (rows, columns) = (result.rows, result.columns);
    let all = result.shown_rows * result.shown_columns;
    let whole = all == rows * columns;
    let ticker = progress.terms.checked_sub(1).map(|last| {
        let (left, right) = operands(last);
        let sum: f64 = terms[..progress.terms].iter().sum();
        words::ticker(&short(left), &short(right), &fixed(terms[last], 3), &fixed(sum, 3))
    });
    let caption = if progress.terms > 0 {
        words::term_of(progress.terms, terms.len())
    } else if whole {
        words::cell_of(progress.done, all)
    } else {
        words::row_of(progress.done * rows / all, rows)
    };
    let at = (progress.done / result.shown_columns, progress.done % result.shown_columns);
    Making { ticker, caption, cell: (whole && progress.done < all).then_some(at) }
}

/// The terms of a product's first cell, and how to look them up, where the operands came in full.
fn first_terms(left: &Matrix, right: &Matrix, right_transposed: bool) -> (Vec<f64>, impl Fn(usize) -> (f32, f32)) {
    let whole = |matrix: &Matrix| matrix.shown_columns == matrix.columns && matrix.shown_rows == matrix.rows;
    let count = if whole(left) && whole(right) { left.columns } else { 0 };
    let pairs: Vec<(f32, f32)> = (0..count)
        .map(|i| (left.values[i], if right_transposed { right.values[i] } else { right.values[i * right.columns] }))
        .collect();
    let terms = pairs.iter().map(|&(l, r)| f64::from(l) * f64::from(r)).collect();
    (terms, move |i: usize| pairs[i])
}

fn scene_of<'a>(session: &Session, data: &'a Data, view: &View) -> Option<Scene<'a>> {
    let (head, projection) = (session.head, session.projection);
    let position = session.shown_position();
    let matrix = |tensor| data.on_stage(tensor, head);
    let panel = |tensor, size| Some(Panel::new(tensor, head, matrix(tensor)?, size));
    let colors = view.colors;
    let result_tensor = scene::result(session.step, projection);
    let result = matrix(result_tensor)?;
    let result_scale = Scale::of(result_tensor, result);
    let cell_of = |tensor: Tensor, (row, column): (usize, usize)| CellRef {
        tensor,
        head: if has_heads(tensor) { head } else { 0 },
        row,
        column,
    };
    // While a cell is being made, its origin is lit; afterwards, that of the cell in focus.
    let scene = |rows, making: Making, masked| Scene {
        rows,
        legend: (result_tensor, result_scale),
        masked,
        focus: making.cell.map(|cell| cell_of(result_tensor, cell)).or(view.focus),
        ticker: Some(making.ticker.unwrap_or_default()),
        caption: making.caption,
    };
    match session.step {
        Step::Tokens => None,
        Step::Embed => {
            let size = Size::flat((view.width, 120.0), (14.0, 18.0));
            let rows_done = (position * (result.rows as f64 + 1.0)) as usize;
            let built =
                Panel::new(Tensor::Input, head, result, size).labels(true, false).showing(move |row, column| {
                    let value = result.values[row * result.shown_columns + column];
                    let local = wave(position, row, result.shown_rows) as f32;
                    if local <= 0.0 { Shown::nothing(&colors) } else { Shown::value(result_scale, value * local) }
                });
            Some(Scene {
                rows: vec![
                    // Without a sign, but in line with those that have one.
                    vec![operator(""), Item::Panel(panel(Tensor::WordEmbeddings, size)?.labels(true, false))],
                    vec![operator("+"), Item::Panel(panel(Tensor::Positions, size)?.labels(true, false))],
                    vec![operator("="), Item::Panel(built)],
                ],
                legend: (result_tensor, result_scale),
                masked: false,
                ticker: None,
                caption: words::token_of(rows_done.min(result.rows), result.rows),
                focus: view.focus,
            })
        }
        Step::Project => {
            let (input, weights) = (matrix(Tensor::Input)?, matrix(scene::projection_weights(projection))?);
            let (terms, operands) = first_terms(input, weights, false);
            let (shown, progress) = building(result, result_scale, position, &terms, colors);
            let making = making(progress, &terms, operands, result);
            let mut built =
                Some(Panel::new(result_tensor, head, result, Size::flat((230.0, 200.0), (26.0, 26.0))).showing(shown));
            let mut results = vec![operator("=")];
            for which in Projection::ALL {
                let tensor = scene::projected(which);
                let mut shown = if which == projection {
                    built.take()?
                } else {
                    panel(tensor, Size::flat((230.0, 200.0), (26.0, 26.0)))?
                };
                shown.row_labels = which == Projection::Queries;
                shown.chosen = (which == projection).then(|| colors.role(role_of(tensor)));
                results.push(Item::Panel(shown));
            }
            let input = panel(Tensor::Input, Size::flat((420.0, 180.0), (12.0, 24.0)))?.labels(true, false);
            let weights = panel(scene::projection_weights(projection), Size::flat((180.0, 200.0), (12.0, 12.0)))?;
            Some(scene(vec![vec![Item::Panel(input), operator("·"), Item::Panel(weights)], results], making, false))
        }
        Step::Scores => {
            let (queries, keys) = (matrix(Tensor::Queries)?, matrix(Tensor::Keys)?);
            let (terms, operands) = first_terms(queries, keys, true);
            let (shown, progress) = building(result, result_scale, position, &terms, colors);
            let making = making(progress, &terms, operands, result);
            let row = vec![
                Item::Panel(panel(Tensor::Queries, Size::flat((150.0, 320.0), (12.0, 26.0)))?.labels(true, false)),
                operator("·"),
                Item::Panel(
                    panel(Tensor::Keys, Size::flat((160.0, 150.0), (26.0, 12.0)))?.transposed().labels(false, true),
                ),
                operator("="),
                Item::Panel(
                    Panel::new(result_tensor, head, result, Size::square(48.0, view)).labels(true, true).showing(shown),
                ),
            ];
            Some(scene(vec![row], making, false))
        }
        Step::Scale => {
            let before = matrix(Tensor::Scores)?;
            // One colour scale for both, so that the same colour is the same number.
            let scale = Scale::of(Tensor::Scores, before);
            let on_scale = move |matrix: &'a Matrix| {
                move |row: usize, column: usize| Shown::value(scale, matrix.values[row * matrix.shown_columns + column])
            };
            let morphing = move |row: usize, column: usize| {
                let index = row * result.shown_columns + column;
                let t = wave(position, row, result.shown_rows) as f32;
                let (from, to) = (before.values[index], result.values[index]);
                Shown { number: at_rest(from, to, t), ..Shown::value(scale, lerp(from, to, t)) }
            };
            let row = vec![
                Item::Panel(
                    panel(Tensor::Scores, Size::square(44.0, view))?.labels(true, true).showing(on_scale(before)),
                ),
                Item::Operator(format!("÷ √{}", data.setup.width / data.setup.heads)),
                Item::Panel(panel(Tensor::Scaled, Size::square(44.0, view))?.labels(true, true).showing(morphing)),
            ];
            Some(Scene {
                rows: vec![row],
                legend: (Tensor::Scaled, scale),
                masked: false,
                ticker: None,
                caption: words::row_of(rows_done(position, result.rows), result.rows),
                focus: view.focus,
            })
        }
        Step::Mask => {
            let (before, mask) = (matrix(Tensor::Scaled)?, matrix(Tensor::Mask)?);
            let scale = Scale::of(Tensor::Scaled, before);
            let mask_shown = move |row: usize, column: usize| {
                let hidden = mask.values[row * mask.shown_columns + column] == f32::NEG_INFINITY;
                let cell = if hidden { Cell::Masked } else { Cell::Color(blend(colors.panel, colors.chip, 0.6)) };
                Shown { cell, number: (!hidden).then_some(0.0) }
            };
            let masking = move |row: usize, column: usize| {
                let index = row * result.shown_columns + column;
                let masked_yet = wave(position, row, result.shown_rows) >= 1.0;
                Shown::value(scale, if masked_yet { result.values[index] } else { before.values[index] })
            };
            let mut mask_panel = panel(Tensor::Mask, Size::square(34.0, view))?.labels(false, true).showing(mask_shown);
            mask_panel.decimals = Some(0);
            let row = vec![
                Item::Panel(panel(Tensor::Scaled, Size::square(34.0, view))?.labels(true, true)),
                operator("+"),
                Item::Panel(mask_panel),
                operator("="),
                Item::Panel(panel(Tensor::Masked, Size::square(34.0, view))?.labels(false, true).showing(masking)),
            ];
            Some(Scene {
                rows: vec![row],
                legend: (Tensor::Masked, scale),
                masked: mask.values.contains(&f32::NEG_INFINITY),
                ticker: None,
                caption: words::row_of(rows_done(position, result.rows), result.rows),
                focus: view.focus,
            })
        }
        Step::Softmax => softmax(session, data, view),
        Step::Mix => {
            let (weights, values) = (matrix(Tensor::Weights)?, matrix(Tensor::Values)?);
            let (terms, operands) = first_terms(weights, values, false);
            // A hidden key's weight is 0, and so is its term.
            let terms: Vec<f64> = terms.into_iter().map(|term| if term.is_finite() { term } else { 0.0 }).collect();
            let operands = move |i| {
                let (weight, value) = operands(i);
                (weight.max(0.0), value)
            };
            let (shown, progress) = building(result, result_scale, position, &terms, colors);
            let making = making(progress, &terms, operands, result);
            let masked = weights.values.contains(&f32::NEG_INFINITY);
            let row = vec![
                Item::Panel(panel(Tensor::Weights, Size::square(34.0, view))?.labels(true, true)),
                operator("·"),
                Item::Panel(panel(Tensor::Values, Size::flat((160.0, 320.0), (14.0, 30.0)))?.labels(false, false)),
                operator("="),
                Item::Panel(
                    Panel::new(result_tensor, head, result, Size::flat((224.0, 320.0), (28.0, 34.0)))
                        .labels(true, false)
                        .showing(shown),
                ),
            ];
            Some(scene(vec![row], making, masked))
        }
        Step::Output => {
            let (heads, weights) = (matrix(Tensor::Heads)?, matrix(Tensor::OutputWeights)?);
            let (terms, operands) = first_terms(heads, weights, false);
            let (shown, progress) = building(result, result_scale, position, &terms, colors);
            let making = making(progress, &terms, operands, result);
            let mut joined = panel(Tensor::Heads, Size::flat((384.0, 180.0), (12.0, 24.0)))?.labels(true, false);
            joined.heads = Some(data.setup.heads);
            let weights = panel(Tensor::OutputWeights, Size::flat((200.0, 200.0), (12.0, 12.0)))?;
            let built = Panel::new(result_tensor, head, result, Size::flat((view.width, 180.0), (14.0, 24.0)))
                .labels(true, false)
                .showing(shown);
            let rows = vec![
                vec![Item::Panel(joined), operator("·"), Item::Panel(weights)],
                vec![operator("="), Item::Panel(built)],
            ];
            Some(scene(rows, making, false))
        }
    }
}

fn rows_done(position: f64, rows: usize) -> usize {
    (0..rows).filter(|&row| wave(position, row, rows) >= 1.0).count()
}

/// The number of a value on its way from one stored number to another: none while it is on the way, because nothing
/// calculated what lies between.
fn at_rest(from: f32, to: f32, t: f32) -> Option<f32> {
    match t {
        0.0 => Some(from),
        1.0 => Some(to),
        _ => None,
    }
}

fn lerp(from: f32, to: f32, t: f32) -> f32 {
    if to == f32::NEG_INFINITY { to } else { from + (to - from) * t }
}

/// The softmax, in its four parts: the third panel goes from scores to shares in place.
fn softmax<'a>(session: &Session, data: &'a Data, view: &View) -> Option<Scene<'a>> {
    let head = session.head;
    let (part, local) = softmax_part(session.shown_position());
    let matrix = |tensor| data.on_stage(tensor, head);
    let (masked, max) = (matrix(Tensor::Masked)?, matrix(Tensor::RowMax)?);
    let (shifted, exps, weights) = (matrix(Tensor::Shifted)?, matrix(Tensor::Exponentials)?, matrix(Tensor::Weights)?);
    let (exp_sums, row_sums) = (matrix(Tensor::ExponentialSums)?, matrix(Tensor::RowSums)?);
    let colors = view.colors;
    let rows = masked.shown_rows;
    let scores = Scale::Signed(masked.largest.max(shifted.largest));
    let shares = Scale::of(Tensor::Weights, weights);
    let exponentials = Scale::Share(1.0);

    let values =
        |matrix: &'a Matrix| move |row: usize, column: usize| matrix.values[row * matrix.shown_columns + column];
    // Where a row is in this part, 0 to 1.
    let at = move |row: usize| wave(local, row, rows) as f32;
    // Between two matrices on two colour scales, number and colour move together.
    let between = move |from: f32, from_scale: Scale, to: f32, to_scale: Scale, t: f32| {
        if to == f32::NEG_INFINITY {
            return Shown::value(to_scale, to);
        }
        let color = blend(from_scale.color(from), to_scale.color(to), t);
        Shown { cell: Cell::Color(color), number: at_rest(from, to, t) }
    };
    let (tensor, scale) = match part {
        SoftmaxPart::RowMax | SoftmaxPart::Subtract => (Tensor::Shifted, scores),
        SoftmaxPart::Exp => (Tensor::Exponentials, exponentials),
        SoftmaxPart::Divide => (Tensor::Weights, shares),
    };
    let (m, s, e, a) = (values(masked), values(shifted), values(exps), values(weights));
    let changing = move |row: usize, column: usize| match part {
        SoftmaxPart::RowMax => Shown::nothing(&colors),
        SoftmaxPart::Subtract => between(m(row, column), scores, s(row, column), scores, at(row)),
        SoftmaxPart::Exp => between(s(row, column), scores, e(row, column), exponentials, at(row)),
        SoftmaxPart::Divide => between(e(row, column), exponentials, a(row, column), shares, at(row)),
    };
    let max_of = values(max);
    let max_shown = move |row: usize, column: usize| {
        if part == SoftmaxPart::RowMax && at(row) < 1.0 {
            return Shown::nothing(&colors);
        }
        Shown::value(scores, max_of(row, column))
    };
    let (exp_sum, row_sum) = (values(exp_sums), values(row_sums));
    let sum_tensor = if part == SoftmaxPart::Divide { Tensor::RowSums } else { Tensor::ExponentialSums };
    let sum_shown = move |row: usize, column: usize| {
        let number = match part {
            SoftmaxPart::RowMax | SoftmaxPart::Subtract => None,
            SoftmaxPart::Exp => (at(row) >= 1.0).then(|| exp_sum(row, column)),
            SoftmaxPart::Divide => at_rest(exp_sum(row, column), row_sum(row, column), at(row)),
        };
        Shown { cell: Cell::Color(colors.panel), number }
    };

    let cell = if view.width < 560.0 { 36.0 } else { 40.0 };
    let size = Size::square(cell, view);
    let narrow = Size::flat((46.0, view.matrix_height), (46.0, cell));
    let mut max_panel = Panel::new(Tensor::RowMax, head, max, narrow).showing(max_shown);
    max_panel.beside = true;
    let mut sum_panel =
        Panel::new(sum_tensor, head, if sum_tensor == Tensor::RowSums { row_sums } else { exp_sums }, narrow)
            .showing(sum_shown);
    sum_panel.beside = true;
    sum_panel.decimals = Some(3);
    sum_panel.sums_to_one = part == SoftmaxPart::Divide;
    let current = match tensor {
        Tensor::Shifted => shifted,
        Tensor::Exponentials => exps,
        _ => weights,
    };
    let on_scores = move |row: usize, column: usize| Shown::value(scores, m(row, column));
    let row = vec![
        Item::Panel(Panel::new(Tensor::Masked, head, masked, size).labels(true, true).showing(on_scores)),
        Item::Panel(max_panel),
        operator("→"),
        Item::Panel(Panel::new(tensor, head, current, size).labels(true, true).showing(changing)),
        Item::Panel(sum_panel),
    ];
    Some(Scene {
        rows: vec![row],
        legend: (tensor, scale),
        masked: masked.values.contains(&f32::NEG_INFINITY),
        ticker: None,
        caption: words::softmax_part(part).to_owned(),
        focus: view.focus,
    })
}

/// Left free at both sides, for the outline of a cell in focus.
const MARGIN: f32 = 3.0;
/// Space for a caption over a matrix.
const CAPTION: f32 = 22.0;
/// Space for the shape under a matrix.
const SHAPE: f32 = 24.0;
/// Between a panel and an operator or another panel.
const SPACE: f32 = 14.0;
/// The longest label that is written in full.
const LONGEST_LABEL: f32 = 96.0;

/// A panel with its measures.
struct Laid<'a> {
    panel: Panel<'a>,
    cell: (f32, f32),
    label_width: f32,
    /// Above the matrix: caption, labels.
    head_height: f32,
    /// Whether the column labels are turned upwards.
    turned: bool,
}

fn draw(scene: Scene, data: &Data, view: &View) -> Picture {
    let mut picture = Picture { caption: scene.caption, ..Picture::default() };
    let marks = &mut picture.figure.marks;
    let colors = &view.colors;
    let label_width = view.token_widths.iter().copied().fold(0.0, f32::max).min(LONGEST_LABEL);
    let mut y = 4.0;
    for row in wrapped(scene.rows, label_width, view) {
        let row = laid(row, label_width, view);
        let width: f32 = row.iter().map(item_width).sum::<f32>() + SPACE * (row.len() as f32 - 1.0);
        let above = row.iter().map(|item| match item {
            LaidItem::Panel(laid) => laid.head_height + matrix_height(laid) / 2.0,
            LaidItem::Operator(..) => 14.0,
        });
        let below = row.iter().map(|item| match item {
            LaidItem::Panel(laid) => matrix_height(laid) / 2.0 + SHAPE,
            LaidItem::Operator(..) => 14.0,
        });
        let middle = y + above.fold(0.0, f32::max);
        let bottom = middle + below.fold(0.0, f32::max);
        let mut x = ((view.width - width) / 2.0).max(MARGIN);
        for item in &row {
            match item {
                LaidItem::Operator(operator, width) => marks.push(Mark::Text(Text {
                    x: x + width / 2.0,
                    y: middle,
                    text: operator.clone(),
                    size: if operator.chars().count() > 1 { 17.0 } else { 24.0 },
                    color: colors.soft,
                    anchor: Anchor::Middle,
                    face: Face::Math,
                    turned: false,
                })),
                LaidItem::Panel(laid) => {
                    let left = x + laid.label_width;
                    let top = middle - matrix_height(laid) / 2.0;
                    picture.grids.push(draw_panel(laid, left, top, scene.focus, data, view, marks));
                }
            }
            x += item_width(item) + SPACE;
        }
        y = bottom + 8.0;
    }
    if let Some(ticker) = scene.ticker {
        if !ticker.is_empty() {
            marks.push(Mark::Text(Text {
                x: view.width / 2.0,
                y: y + 8.0,
                text: ticker,
                size: 14.0,
                color: colors.ink,
                anchor: Anchor::Middle,
                face: Face::Plain,
                turned: false,
            }));
        }
        y += 24.0;
    }
    y = draw_legend(scene.legend, scene.masked, y, view, marks);
    (picture.figure.width, picture.figure.height) = (view.width, y.ceil());
    picture
}

enum LaidItem<'a> {
    Panel(Laid<'a>),
    Operator(String, f32),
}

fn item_width(item: &LaidItem) -> f32 {
    match item {
        LaidItem::Panel(laid) => laid.label_width + laid.cell.0 * laid.panel.drawn_shown().1 as f32,
        LaidItem::Operator(_, width) => *width,
    }
}

fn matrix_height(laid: &Laid) -> f32 {
    laid.cell.1 * laid.panel.drawn_shown().0 as f32
}

fn operator_width(operator: &str) -> f32 {
    if operator.chars().count() > 1 { 56.0 } else { 20.0 }
}

fn natural_width(item: &Item, label_width: f32) -> (f32, f32) {
    match item {
        Item::Operator(operator) => (operator_width(operator), 0.0),
        Item::Panel(panel) => {
            let (rows, columns) = panel.drawn_shown();
            let fixed = if panel.row_labels { label_width + 8.0 } else { 0.0 };
            (fixed, panel.size.cell_for(rows, columns).0 * columns as f32)
        }
    }
}

/// Breaks rows that would have to shrink too much; an operator goes down with what follows it.
fn wrapped<'a>(rows: Vec<Vec<Item<'a>>>, label_width: f32, view: &View) -> Vec<Vec<Item<'a>>> {
    const SHRINK: f32 = 0.78;
    let mut wrapped = Vec::new();
    for row in rows {
        let mut line: Vec<Item> = Vec::new();
        let mut pending: Vec<Item> = Vec::new();
        for item in row {
            let is_panel = matches!(item, Item::Panel(_));
            pending.push(item);
            if !is_panel {
                continue;
            }
            let all = line.iter().chain(&pending);
            let (fixed, cells) = all
                .map(|item| natural_width(item, label_width))
                .fold((0.0, 0.0), |sum, width| (sum.0 + width.0 + SPACE, sum.1 + width.1));
            let beside = pending.iter().any(|item| matches!(item, Item::Panel(panel) if panel.beside));
            if !line.is_empty() && !beside && fixed + cells * SHRINK > view.width {
                wrapped.push(std::mem::take(&mut line));
                // What begins a line needs its own labels.
                for item in &mut pending {
                    if let Item::Panel(panel) = item {
                        panel.row_labels |= rows_are_tokens(panel);
                    }
                }
            }
            line.append(&mut pending);
        }
        line.append(&mut pending);
        wrapped.push(line);
    }
    wrapped
}

fn rows_are_tokens(panel: &Panel) -> bool {
    !panel.transposed
        && !matches!(
            panel.tensor,
            Tensor::QueryWeights | Tensor::KeyWeights | Tensor::ValueWeights | Tensor::OutputWeights
        )
}

fn laid<'a>(row: Vec<Item<'a>>, label_width: f32, view: &View) -> Vec<LaidItem<'a>> {
    let (fixed, cells) = row
        .iter()
        .map(|item| natural_width(item, label_width))
        .fold((0.0, 0.0), |sum, width| (sum.0 + width.0, sum.1 + width.1));
    let fixed = fixed + SPACE * (row.len() as f32 - 1.0);
    let shrink = if cells > 0.0 { ((view.width - 2.0 * MARGIN - fixed) / cells).clamp(0.05, 1.0) } else { 1.0 };
    let mut square_height = 0.0;
    row.into_iter()
        .map(|item| match item {
            Item::Operator(operator) => {
                let width = operator_width(&operator);
                LaidItem::Operator(operator, width)
            }
            Item::Panel(panel) => {
                let (rows, columns) = panel.drawn_shown();
                let (width, height) = panel.size.cell_for(rows, columns);
                let mut cell = (width * shrink, if panel.size.square { height * shrink } else { height });
                if panel.size.square {
                    square_height = cell.1;
                }
                if panel.beside {
                    cell.1 = square_height;
                }
                let turned = panel.column_labels && cell.0 * panel_ratio(&panel) < label_width + 6.0;
                let labels = match (panel.column_labels, turned) {
                    (false, _) => 0.0,
                    (true, false) => 22.0,
                    (true, true) => label_width + 10.0,
                };
                let heads = if panel.heads.is_some() { 18.0 } else { 0.0 };
                let label_width = if panel.row_labels { label_width + 8.0 } else { 0.0 };
                LaidItem::Panel(Laid { cell, label_width, head_height: CAPTION + labels + heads, turned, panel })
            }
        })
        .collect()
}

/// How much narrower a column of the tensor is than a drawn one, where columns are drawn together.
fn panel_ratio(panel: &Panel) -> f32 {
    panel.drawn_shown().1 as f32 / panel.drawn().1 as f32
}

fn draw_panel(
    laid: &Laid,
    x: f32,
    y: f32,
    focus: Option<CellRef>,
    data: &Data,
    view: &View,
    marks: &mut Vec<Mark>,
) -> Grid {
    let Laid { panel, cell: (cell_width, cell_height), .. } = laid;
    let colors = &view.colors;
    let (rows, columns) = panel.drawn_shown();
    let (width, height) = (cell_width * columns as f32, cell_height * rows as f32);
    let (true_rows, true_columns) = panel.drawn();
    let grid = Grid {
        tensor: panel.tensor,
        head: panel.head,
        transposed: panel.transposed,
        rows: true_rows,
        columns: true_columns,
        place: Place::Even { x, y, cell_width: width / true_columns as f32, cell_height: height / true_rows as f32 },
    };

    // The cells and their numbers.
    let gap = if cell_width.min(*cell_height) >= 5.0 { 1.0 } else { 0.0 };
    let numbers = *cell_width >= 29.0 && *cell_height >= 16.0;
    let mut cells = Vec::with_capacity(rows * columns);
    let mut texts = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let (tensor_row, tensor_column) = swap_if(panel.transposed, (row, column));
            let shown = (panel.shown)(tensor_row, tensor_column);
            cells.push(shown.cell);
            if let (true, Some(number), Cell::Color(ground)) = (numbers, shown.number, shown.cell) {
                let number = match panel.decimals {
                    Some(decimals) => fixed(f64::from(number), decimals),
                    None => short(number),
                };
                texts.push(Mark::Text(Text {
                    x: x + (column as f32 + 0.5) * cell_width - gap / 2.0,
                    y: y + (row as f32 + 0.5) * cell_height - gap / 2.0,
                    text: number,
                    size: if *cell_width >= 38.0 { 12.0 } else { 10.5 },
                    color: if ground == colors.panel { colors.ink } else { ink_on(ground) },
                    anchor: Anchor::Middle,
                    face: Face::Plain,
                    turned: false,
                }));
                if panel.sums_to_one && *cell_height >= 30.0 && shown.number.is_some_and(sums_to_one) {
                    texts.push(Mark::Text(Text {
                        x: x + (column as f32 + 0.5) * cell_width,
                        y: y + (row as f32 + 0.5) * cell_height + 13.0,
                        text: "✓".to_owned(),
                        size: 11.0,
                        color: colors.good,
                        anchor: Anchor::Middle,
                        face: Face::Plain,
                        turned: false,
                    }));
                }
            }
        }
    }
    marks.push(Mark::Heatmap(Heatmap {
        x,
        y,
        cell_width: *cell_width,
        cell_height: *cell_height,
        gap,
        rows,
        columns,
        cells,
        hatch_ground: colors.chip,
        hatch_line: hatch_line(colors),
    }));
    marks.append(&mut texts);

    draw_caption(panel, x + width / 2.0, y - laid.head_height + CAPTION / 2.0 - 2.0, view, marks);
    draw_labels(laid, &grid, (x, y, width, height), focus, data, view, marks);
    let shape = if panel.beside {
        String::new()
    } else {
        let mut axes = data.full_shape(panel.tensor);
        if panel.transposed {
            let last = axes.len() - 1;
            axes.swap(last, last - 1);
        }
        shape(&axes)
    };
    marks.push(Mark::Text(Text {
        x: x + width / 2.0,
        y: y + height + 14.0,
        text: shape,
        size: 11.5,
        color: colors.soft,
        anchor: Anchor::Middle,
        face: Face::Plain,
        turned: false,
    }));
    if let Some(color) = panel.chosen {
        marks.push(outline((x - 3.0, y - 3.0, width + 6.0 - gap, height + 6.0 - gap), color, 1.5));
    }
    draw_focus(&grid, focus, gap, view, marks);
    grid
}

/// Whether a row's sum is 1, but for the rounding of its shares.
fn sums_to_one(sum: f32) -> bool {
    (sum - 1.0).abs() <= 1e-5
}

fn outline((x, y, width, height): (f32, f32, f32, f32), color: Rgb, stroke: f32) -> Mark {
    Mark::Rect(Rect { x, y, width, height, radius: 2.0, fill: None, stroke: Some((color, stroke)) })
}

/// Lights the cell in focus where it is drawn, and what it was made from.
fn draw_focus(grid: &Grid, focus: Option<CellRef>, gap: f32, view: &View, marks: &mut Vec<Mark>) {
    let Some(focus) = focus else {
        return;
    };
    let Place::Even { x, y, cell_width, cell_height } = grid.place else {
        return;
    };
    let rect = |row: usize, column: usize, rows: usize, columns: usize| {
        (
            x + column as f32 * cell_width - 0.5,
            y + row as f32 * cell_height - 0.5,
            columns as f32 * cell_width + 1.0 - gap,
            rows as f32 * cell_height + 1.0 - gap,
        )
    };
    for source in scene::sources(focus).into_iter().filter(|source| source.tensor() == grid.tensor) {
        let color = match role_of(grid.tensor) {
            Role::Plain => view.colors.accent,
            role => view.colors.role(role),
        };
        let (row, column, rows, columns) = match source {
            Source::Row(_, row) => (row, 0, 1, if grid.transposed { grid.rows } else { grid.columns }),
            Source::Column(_, column) => (0, column, if grid.transposed { grid.columns } else { grid.rows }, 1),
            Source::Cell(_, row, column) => (row, column, 1, 1),
        };
        let (row, column) = swap_if(grid.transposed, (row, column));
        let (rows, columns) = swap_if(grid.transposed, (rows, columns));
        if row < grid.rows && column < grid.columns {
            marks.push(outline(rect(row, column, rows, columns), color, 2.5));
        }
    }
    if let Some((row, column)) = grid.drawn_at(focus) {
        // A light line inside the dark one, so that it stands out on any colour.
        marks.push(outline(rect(row, column, 1, 1), view.colors.panel, 5.0));
        marks.push(outline(rect(row, column, 1, 1), view.colors.ink, 2.5));
    }
}

/// How wide a text will be, near enough to centre it; wide enough to hold it.
fn about_width(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * size * 0.58
}

/// The symbol in its colour and the name beside it, centred over the matrix.
fn draw_caption(panel: &Panel, middle: f32, y: f32, view: &View, marks: &mut Vec<Mark>) {
    let colors = &view.colors;
    let symbol = if panel.transposed {
        format!("{}ᵀ", words::tensor_symbol(panel.tensor))
    } else {
        words::tensor_symbol(panel.tensor).to_owned()
    };
    let name = if panel.beside { String::new() } else { words::tensor_in_text(panel.tensor) };
    // "mask mask" says no more than "mask".
    let symbol = if !name.is_empty() && name.starts_with(&symbol) { String::new() } else { symbol };
    let (symbol_width, name_width) = (about_width(&symbol, 14.0) * 1.15, about_width(&name, 12.5));
    let space = if name.is_empty() || symbol.is_empty() { 0.0 } else { 6.0 };
    let left = middle - (symbol_width + space + name_width) / 2.0;
    marks.push(Mark::Text(Text {
        x: if name.is_empty() { middle } else { left + symbol_width },
        y,
        text: symbol,
        size: 14.0,
        color: colors.role(role_of(panel.tensor)),
        anchor: if name.is_empty() { Anchor::Middle } else { Anchor::End },
        face: Face::Math,
        turned: false,
    }));
    if !name.is_empty() {
        marks.push(Mark::Text(Text {
            x: left + symbol_width + space,
            y,
            text: name,
            size: 12.5,
            color: colors.ink,
            anchor: Anchor::Start,
            face: Face::Plain,
            turned: false,
        }));
    }
}

/// A word cut to a width, given how wide it is in full.
fn cut(word: &str, width: f32, most: f32) -> String {
    if width <= most {
        return word.to_owned();
    }
    // Letters differ in width: a word that begins with wide ones must fit too.
    let keep = (word.chars().count() as f32 * (most - LABEL_SIZE) * 0.88 / width).max(1.0) as usize;
    let mut cut: String = word.chars().take(keep).collect();
    cut.push('…');
    cut
}

fn draw_labels(
    laid: &Laid,
    grid: &Grid,
    (x, y, width, height): (f32, f32, f32, f32),
    focus: Option<CellRef>,
    data: &Data,
    view: &View,
    marks: &mut Vec<Mark>,
) {
    let colors = &view.colors;
    let panel = &laid.panel;
    let lit = focus.and_then(|focus| lit_row_and_column(grid, focus));
    let label = |index: usize, x: f32, y: f32, anchor: Anchor, turned: bool, most: f32, strong: bool| {
        let token = &data.tokens[index];
        let full = view.token_widths.get(index).copied().unwrap_or(0.0);
        Mark::Text(Text {
            x,
            y,
            text: cut(&token.text, full, most),
            size: LABEL_SIZE,
            color: colors.ink,
            anchor,
            face: if strong { Face::Strong } else { Face::Plain },
            turned,
        })
    };
    // Where rows are too thin for letters, only the lit one has its label.
    if panel.row_labels {
        let step = height / grid.rows as f32;
        for row in 0..grid.rows {
            let strong = lit.is_some_and(|(lit, _)| lit == Some(row));
            if step >= 11.0 || strong {
                let middle = y + (row as f32 + 0.5) * step;
                marks.push(label(row, x - 7.0, middle, Anchor::End, false, LONGEST_LABEL, strong));
            }
        }
    }
    if panel.column_labels {
        let step = width / grid.columns as f32;
        for column in 0..grid.columns {
            let strong = lit.is_some_and(|(_, lit)| lit == Some(column));
            let middle = x + (column as f32 + 0.5) * step;
            if laid.turned && (step >= 11.0 || strong) {
                marks.push(label(column, middle, y - 6.0, Anchor::Start, true, LONGEST_LABEL, strong));
            } else if !laid.turned {
                marks.push(label(column, middle, y - 11.0, Anchor::Middle, false, step, strong));
            }
        }
    }
    if let Some(heads) = panel.heads {
        let step = width / heads as f32;
        for head in 0..heads {
            let left = x + head as f32 * step;
            if step >= 44.0 {
                marks.push(Mark::Text(Text {
                    x: left + step / 2.0,
                    y: y - 10.0,
                    text: words::head(head),
                    size: 11.5,
                    color: colors.soft,
                    anchor: Anchor::Middle,
                    face: Face::Plain,
                    turned: false,
                }));
            }
            if head > 0 {
                marks.push(Mark::Line(Line {
                    points: vec![(left, y - 4.0), (left, y + height + 4.0)],
                    color: colors.ink,
                    width: 1.0,
                }));
            }
        }
    }
}

/// The drawn row and column that the focus lights in this grid.
fn lit_row_and_column(grid: &Grid, focus: CellRef) -> Option<(Option<usize>, Option<usize>)> {
    if let Some((row, column)) = grid.drawn_at(focus) {
        return Some((Some(row), Some(column)));
    }
    let source = scene::sources(focus).into_iter().find(|source| source.tensor() == grid.tensor)?;
    let (row, column) = match source {
        Source::Row(_, row) => (Some(row), None),
        Source::Column(_, column) => (None, Some(column)),
        Source::Cell(_, row, column) => (Some(row), Some(column)),
    };
    Some(if grid.transposed { (column, row) } else { (row, column) })
}

/// The colours' meaning: a bar with its ends, and words. Returns the lower edge.
fn draw_legend((tensor, scale): (Tensor, Scale), masked: bool, y: f32, view: &View, marks: &mut Vec<Mark>) -> f32 {
    const BARS: usize = 90;
    let colors = &view.colors;
    let (low, high, from) = match scale {
        Scale::Signed(max) => (short(-max), format!("+{}", short(max)), -max),
        Scale::Share(max) => ("0".to_owned(), if max == 1.0 { "1".to_owned() } else { fixed(f64::from(max), 3) }, 0.0),
    };
    let to = match scale {
        Scale::Signed(max) | Scale::Share(max) => max,
    };
    let width = 180.0;
    let mut meanings = vec![words::legend(tensor)];
    if masked {
        meanings.push(words::LEGEND_MASKED);
    }
    let meaning = meanings.join(" · ");
    let (low_width, high_width) = (about_width(&low, 12.0) + 8.0, about_width(&high, 12.0) + 8.0);
    let whole = low_width + width + high_width + 14.0 + about_width(&meaning, 12.0);
    let beside = whole <= view.width;
    let left = (view.width - if beside { whole } else { width }).max(0.0) / 2.0 + if beside { low_width } else { 0.0 };
    let middle = y + 14.0;
    let cells =
        (0..BARS).map(|i| Cell::Color(scale.color(from + (to - from) * (i as f32 + 0.5) / BARS as f32))).collect();
    marks.push(Mark::Heatmap(Heatmap {
        x: left,
        y: middle - 5.0,
        cell_width: width / BARS as f32,
        cell_height: 10.0,
        gap: 0.0,
        rows: 1,
        columns: BARS,
        cells,
        hatch_ground: colors.chip,
        hatch_line: hatch_line(colors),
    }));
    let text = |x: f32, y: f32, text: String, anchor: Anchor| {
        Mark::Text(Text { x, y, text, size: 12.0, color: colors.soft, anchor, face: Face::Plain, turned: false })
    };
    marks.push(text(left - 8.0, middle, low, Anchor::End));
    marks.push(text(left + width + 8.0, middle, high, Anchor::Start));
    if beside {
        marks.push(text(left + width + high_width + 14.0, middle, meaning, Anchor::Start));
        return middle + 14.0;
    }
    let mut below = middle;
    for meaning in meanings {
        below += 19.0;
        marks.push(text(view.width / 2.0, below, meaning.to_owned(), Anchor::Middle));
    }
    below + 14.0
}

/// The first step: the sentence as chips; the same word in two places is linked.
fn tokens(session: &Session, data: &Data, view: &View) -> Picture {
    let colors = &view.colors;
    let count = data.tokens.len();
    let roomy = count <= 24;
    let (height, line_height) = if roomy { (54.0, 84.0) } else { (30.0, 38.0) };
    let done = ((session.shown_position() * (count as f64 + 1.0)) as usize).min(count);
    let focus = view.focus.filter(|focus| focus.tensor == Tensor::Tokens).map(|focus| focus.column);
    let focus_id = focus.and_then(|focus| data.tokens.get(focus)).map(|token| token.id);

    // Where each chip stands.
    let mut boxes: Vec<(f32, f32, f32, f32)> = Vec::with_capacity(count);
    let (mut x, mut y) = (2.0, 8.0);
    for (index, token) in data.tokens.iter().enumerate() {
        let word = view.token_widths.get(index).copied().unwrap_or(0.0) * 15.0 / LABEL_SIZE;
        let id = if roomy { about_width(&words::explain::token_id(token.id), 11.5) } else { 0.0 };
        let width = (word.min(view.width * 0.6) + about_width(&index.to_string(), 11.5) + 30.0).max(id + 20.0);
        if x + width > view.width && x > 2.0 {
            (x, y) = (2.0, y + line_height);
        }
        boxes.push((x, y, width, height));
        x += width + 10.0;
    }

    let mut marks = Vec::new();
    for (index, token) in data.tokens.iter().enumerate() {
        let (left, top, width, height) = boxes[index];
        let same = focus_id == Some(token.id);
        let cut_off = index >= done;
        let stroke = match (focus == Some(index), same) {
            (true, _) => Some((colors.ink, 2.5)),
            (false, true) => Some((colors.accent, 2.0)),
            _ if cut_off => Some((colors.line, 1.0)),
            _ => None,
        };
        let fill = (!cut_off).then_some(colors.chip);
        marks.push(Mark::Rect(Rect { x: left, y: top, width, height, radius: 8.0, fill, stroke }));
        let first_line = if roomy { top + 18.0 } else { top + height / 2.0 };
        let text = |x: f32, y: f32, text: String, size: f32, color: Rgb, anchor: Anchor| {
            Mark::Text(Text { x, y, text, size, color, anchor, face: Face::Plain, turned: false })
        };
        let full = view.token_widths.get(index).copied().unwrap_or(0.0) * 15.0 / LABEL_SIZE;
        let word = cut(&token.text, full, view.width * 0.6);
        marks.push(text(left + 10.0, first_line, word, 15.0, colors.ink, Anchor::Start));
        if !cut_off {
            marks.push(text(left + width - 10.0, first_line, index.to_string(), 11.5, colors.soft, Anchor::End));
            if roomy {
                let id = words::explain::token_id(token.id);
                marks.push(text(left + 10.0, top + 38.0, id, 11.5, colors.soft, Anchor::Start));
            }
        }
    }
    // A bracket from each word to its next occurrence on the same line.
    let next = |index: usize| (index + 1..count).find(|&later| data.tokens[later].id == data.tokens[index].id);
    for (index, later) in (0..count).filter_map(|index| Some((index, next(index)?))) {
        let (from, to) = (boxes[index], boxes[later]);
        if roomy && later < done && from.1 == to.1 {
            let (start, end) = (from.0 + from.2 / 2.0, to.0 + to.2 / 2.0);
            let (top, bottom) = (from.1 + height + 3.0, from.1 + height + 14.0);
            marks.push(Mark::Line(Line {
                points: vec![(start, top), (start, bottom), (end, bottom), (end, top)],
                color: colors.accent,
                width: 1.5,
            }));
        }
    }
    let figure = Figure { width: view.width, height: (y + line_height + 4.0).ceil(), marks };
    let grid =
        Grid { tensor: Tensor::Tokens, head: 0, transposed: false, rows: 1, columns: count, place: Place::Each(boxes) };
    Picture { figure, grids: vec![grid], caption: words::token_of(done, count) }
}
