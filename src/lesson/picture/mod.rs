//! One frame of the stage: a pure function of the run's data, the place in the lesson and the view.
//!
//! A scene is rows of panels (matrices) with operators between them. Panels are laid out to fit the width, drawn as
//! marks, and come back as [`Grid`]s that say where each cell is, for the pointer and for assistive technology.
//!
//! [`picture()`] is the way in. `scenes` says what each step shows, in the panels of `panel`; `draw` lays them out and
//! draws them, and `motion` what flies over them; `tokens` draws the first step, which has no matrices; [`arcs`] draws the
//! words with arcs over them, and [`plate`] what is taken along as a figure, with title and caption.

pub mod arcs;
mod draw;
mod motion;
mod panel;
pub mod plate;
mod scenes;
mod tokens;

use arcs::ArcsPicture;
use panel::{Item, Move, Panel, Scale, Scene, Shown, hatch_line};

use super::{
    Session, Step, Zoom, range,
    scene::{Data, of_projection},
    theme::Colors,
    timeline,
};
use crate::figure::{Cell, Figure, Heatmap, Mark};
use crate::protocol::{Axis, CellRef, Matrix, Tensor};

/// The tallest that a run's matrices should get, in CSS pixels, where there is room.
pub fn matrix_height(data: &Data) -> f32 {
    if data.is_long() { 560.0 } else { 400.0 }
}

/// How the stage is looked at.
#[derive(Clone, Debug)]
pub struct View {
    /// The stage's width in CSS pixels.
    pub width: f32,
    /// The tallest that a matrix should get, in CSS pixels.
    pub matrix_height: f32,
    /// The least height of a picture, in CSS pixels, so that what stands under it does not move from step to step.
    pub least_height: f32,
    /// The figure's colours.
    pub colors: Colors,
    /// How wide each token's label is at [`LABEL_SIZE`], in CSS pixels, as measured by whoever paints; in cross-attention
    /// those of the keys come after those of the queries.
    pub token_widths: Vec<f32>,
    /// The cell whose origin is lit.
    pub focus: Option<CellRef>,
    /// The cells of the term that a person looks at.
    pub lit: Vec<CellRef>,
    /// Whether a person chose that cell. If not, the one that is being made is lit instead, while there is one.
    pub chosen: bool,
    /// Who draws arcs over the words, where the session asks for them: [`arcs::arcs`].
    pub arcs: Option<DrawArcs>,
}

/// As [`arcs::arcs`].
pub type DrawArcs = fn(&Session, &Data, &View) -> Option<ArcsPicture>;

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
    /// The arcs over the words, a picture of their own above this one.
    pub arcs: Option<ArcsPicture>,
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
    /// The first row and column that are drawn: others may lie out of sight.
    pub first: (usize, usize),
    /// How many rows and columns there are with those out of sight.
    pub of: (usize, usize),
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

    /// The cell drawn in this row and column, counted from the first that are drawn.
    pub fn cell(&self, row: usize, column: usize) -> CellRef {
        self.cell_among_all(self.first.0 + row, self.first.1 + column)
    }

    /// The cell of this row and column, counted with those out of sight, as drawn.
    pub fn cell_among_all(&self, row: usize, column: usize) -> CellRef {
        let (row, column) = if self.transposed { (column, row) } else { (row, column) };
        CellRef { tensor: self.tensor, head: self.head, row, column }
    }

    /// The row and column that a cell is drawn in, if it is drawn here.
    pub fn drawn_at(&self, cell: CellRef) -> Option<(usize, usize)> {
        let same = cell.tensor == self.tensor && cell.head == self.head;
        let (row, column) = if self.transposed { (cell.column, cell.row) } else { (cell.row, cell.column) };
        let (row, column) = (row.checked_sub(self.first.0)?, column.checked_sub(self.first.1)?);
        (same && row < self.rows && column < self.columns).then_some((row, column))
    }

    /// What is so for its rows and columns, for queries and keys; `otherwise` for those that it does not have.
    pub fn of_tokens<T: Copy>(&self, (row, column): (T, T), otherwise: T) -> (T, T) {
        let (rows, columns) = self.tensor.axes();
        let (rows, columns) = if self.transposed { (columns, rows) } else { (rows, columns) };
        let of = |axis| {
            if rows == axis {
                row
            } else if columns == axis {
                column
            } else {
                otherwise
            }
        };
        (of(Axis::Queries), of(Axis::Keys))
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

    /// The same, of a picture so many times as large.
    pub fn scaled(self, scale: f32) -> Self {
        let place = match self.place {
            Place::Even { x, y, cell_width, cell_height } => Place::Even {
                x: x * scale,
                y: y * scale,
                cell_width: cell_width * scale,
                cell_height: cell_height * scale,
            },
            Place::Each(boxes) => {
                let scaled = boxes
                    .into_iter()
                    .map(|(x, y, width, height)| (x * scale, y * scale, width * scale, height * scale));
                Place::Each(scaled.collect())
            }
        };
        Self { place, ..self }
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

/// Draws a frame, with the arcs over the words where they are wanted. `None` while a matrix that it needs has not come yet.
pub fn picture(session: &Session, data: &Data, view: &View) -> Option<Picture> {
    frame(session, data, view, None)
}

/// Draws a frame on the way from one run to another of the same step: what is the same in both stays as it is. `None`
/// where one of them lacks something.
pub fn changing(session: &Session, earlier: Earlier, data: &Data, view: &View) -> Option<Picture> {
    frame(session, data, view, Some(earlier))
}

/// A run that another has replaced, and where its matrices were: the picture goes over from there.
#[derive(Clone, Copy)]
pub struct Earlier<'a> {
    /// The run.
    pub data: &'a Data,
    /// Of its picture.
    pub grids: &'a [Grid],
    /// How much of the way is gone, 0 to 1.
    pub gone: f32,
}

impl Earlier<'_> {
    /// Whether a row or column is of the same word in both runs; one that is not of words always is.
    fn same(&self, axis: Axis, index: usize, data: &Data) -> bool {
        let word = |data: &Data| data.context().tokens_of(axis).get(index).map(|token| token.id);
        !axis.is_of_tokens() || word(self.data) == word(data)
    }
}

fn frame(session: &Session, data: &Data, view: &View, earlier: Option<Earlier>) -> Option<Picture> {
    let mut view = view.clone();
    view.colors.range = range::on_stage(session, data);
    let arcs = view.arcs.and_then(|draw| draw(session, data, &view));
    if let Some(arcs) = &arcs {
        view.least_height -= arcs.height();
        // Beside the arcs, a short sentence's matrices need no more than their numbers do.
        if !data.is_long() && view.width >= 560.0 {
            view.matrix_height = view.matrix_height.min(BESIDE_ARCS);
        }
    }
    matrices(session, data, &view, earlier).map(|picture| Picture { arcs, ..picture })
}

/// The height of a matrix that shares the stage with arcs.
const BESIDE_ARCS: f32 = 240.0;

fn matrices(session: &Session, data: &Data, view: &View, earlier: Option<Earlier>) -> Option<Picture> {
    if session.step == Step::Tokens {
        return Some(tokens::draw(session, data, view, earlier));
    }
    let mut scene = scene(session, data, view)?;
    match earlier {
        Some(earlier) => go_over(&mut scene, session, earlier, data, view)?,
        None => hand_over(&mut scene, session, data, view),
    }
    Some(draw::draw(scene, data, view))
}

/// Puts a scene on the way to itself from that of an earlier run.
fn go_over<'a>(
    new: &mut Scene<'a>,
    session: &Session,
    earlier: Earlier<'a>,
    data: &'a Data,
    view: &View,
) -> Option<()> {
    let mut old: Vec<Panel> = Vec::new();
    for item in scene(session, earlier.data, view)?.rows.into_iter().flatten() {
        if let Item::Panel(panel) = item {
            old.push(panel);
        }
    }
    for item in new.rows.iter_mut().flatten() {
        let Item::Panel(panel) = item else { continue };
        let Some(old) = old.iter().position(|old| old.tensor == panel.tensor).map(|at| old.swap_remove(at)) else {
            continue;
        };
        if !(panel.matrix.is_whole() && old.matrix.is_whole()) {
            continue;
        }
        let (rows, columns) = panel.tensor.axes();
        let nothing = Shown::nothing(&view.colors);
        let matrix = panel.matrix;
        let now = std::mem::replace(&mut panel.shown, Box::new(move |_, _| nothing));
        let same = |axis, first: usize, count: usize| -> Vec<bool> {
            (0..count).map(|index| earlier.same(axis, first + index, data)).collect()
        };
        let same_rows = same(rows, matrix.first_row, matrix.rows.min(old.matrix.rows));
        let same_columns = same(columns, matrix.first_column, matrix.columns.min(old.matrix.columns));
        panel.shown = Box::new(move |row, column| {
            let same = |of: &[bool], index: usize| of.get(index) == Some(&true);
            let same = same(&same_rows, row) && same(&same_columns, column);
            let before = if same { (old.shown)(row, column) } else { nothing };
            before.towards(now(row, column), earlier.gone)
        });
    }
    let at = timeline::eased(earlier.gone.into()) as f32;
    new.moves = earlier.grids.iter().map(|grid| Move { grid: grid.clone(), at }).collect();
    Some(())
}

/// What a step shows, before anything of it moves.
fn scene<'a>(session: &Session, data: &'a Data, view: &View) -> Option<Scene<'a>> {
    let mut scene = scenes::scene(session, data, view)?;
    for item in scene.rows.iter_mut().flatten().filter(|_| data.before.is_some()) {
        match item {
            // Changes do not make changes: no product of two differences is one.
            Item::Operator(sign) => sign.clear(),
            Item::Panel(panel) => show_newly_visible(panel, data, view),
        }
    }
    for item in scene.rows.iter_mut().flatten().filter(|_| data.is_long()) {
        if let Item::Panel(panel) = item {
            panel.size.fills = panel.tensor.axes().0.is_of_tokens();
        }
    }
    Some(scene)
}

/// Of longer sentences, nothing is seen to move from step to step, or from run to run.
const MOST_MOVED: usize = 64;

/// Whether a picture goes over from one run to another: where something was changed. What another engine made of the same
/// takes its place at once.
pub fn goes_over(old: &Data, new: &Data) -> bool {
    can_move(old) && can_move(new) && (&old.setup, &old.batch) != (&new.setup, &new.batch)
}

fn can_move(data: &Data) -> bool {
    data.lengths().queries.max(data.lengths().keys) <= MOST_MOVED && data.zoom == Zoom::ALL && data.before.is_none()
}

/// While a step begins, what the step before made moves to where it is needed now, and everything else appears.
fn hand_over(scene: &mut Scene, session: &Session, data: &Data, view: &View) {
    let arrival = timeline::arrival(session.step, session.shown_position());
    let Some(step) = session.step.previous(&data.setup).filter(|_| arrival < 1.0) else {
        return;
    };
    if !can_move(data) {
        return;
    }
    let before = Session { step, position: 1.0, ..session.clone() };
    let unlit = View { focus: None, lit: Vec::new(), ..view.clone() };
    let Some(before) = matrices(&before, &data.blank(session.head, session.projection), &unlit, None) else {
        return;
    };
    scene.arrival = timeline::eased(arrival) as f32;
    for grid in before.grids {
        match (&grid.place, grid.tensor) {
            (Place::Each(chips), words) => {
                let of = |tensor| of_projection(tensor, session.projection, &data.setup);
                if words == of(Tensor::Tokens) {
                    let embeddings = of(Tensor::WordEmbeddings);
                    scene.tiles = scenes::words_becoming_rows(embeddings, data, chips, arrival, view);
                }
            }
            (_, Tensor::Mixed) => {
                let heads = (data.setup.heads, session.head);
                for item in scene.rows.iter_mut().flatten() {
                    if let Item::Panel(panel) = item
                        && panel.tensor == Tensor::Heads
                        && panel.matrix.is_whole()
                    {
                        panel.shown = Box::new(|_, _| Shown { cell: Cell::Empty, number: None });
                        let (place, matrix) = (grid.bounds(), panel.matrix);
                        scene.tiles = scenes::heads_coming_together(matrix, data, heads, place, arrival, &view.colors);
                    }
                }
            }
            _ => scene.moves.push(Move { grid, at: scene.arrival }),
        }
    }
}

/// A key that was hidden before and may be seen now has no score to compare, but is not hidden: it has risen without end.
fn show_newly_visible<'a>(panel: &mut Panel<'a>, data: &'a Data, view: &View) {
    let matrix = panel.matrix;
    if !(matrix.is_change && matrix.is_whole() && panel.tensor.axes() == (Axis::Queries, Axis::Keys)) {
        return;
    }
    let (shown, risen) =
        (std::mem::replace(&mut panel.shown, Box::new(|_, _| unreachable!())), view.colors.signed.color(1.0));
    let own = data.sentence().own_keys();
    panel.shown = Box::new(move |row, column| {
        let is_seen = data.setup.sees(matrix.first_row + row, matrix.first_column + column, own);
        match shown(row, column) {
            Shown { cell: Cell::Masked, .. } if is_seen => Shown { cell: Cell::Color(risen), number: None },
            shown => shown,
        }
    });
}

/// How high the finished pictures of all steps are, for [`View::least_height`]: the tallest, but no more than `most`.
pub fn common_height(session: &Session, data: &Data, view: &View, most: f32) -> f32 {
    let blank = data.blank(session.head, session.projection);
    let view = View { least_height: 0.0, focus: None, lit: Vec::new(), ..view.clone() };
    let height = |step| {
        let session = Session { step, position: 1.0, zoom: Zoom::ALL, ..session.clone() };
        picture(&session, &blank, &view)
            .map_or(0.0, |picture| picture.figure.height + picture.arcs.map_or(0.0, |arcs| arcs.height()))
    };
    Step::ALL.into_iter().map(height).fold(0.0, f32::max).min(most)
}

/// A thumbnail: a matrix as a picture of this width and height, without words.
pub fn thumbnail(matrix: &Matrix, tensor: Tensor, width: f32, height: f32, colors: &Colors) -> Figure {
    let scale = Scale::of(tensor, matrix, colors);
    let shown: Vec<Shown> = matrix.values.iter().map(|&value| Shown::value(scale, value)).collect();
    let size = (matrix.shown_rows, matrix.shown_columns);
    let (cells, rows, columns) = draw::at_least_a_pixel(&shown, size, (width, height));
    let (cell_width, cell_height) = (width / columns as f32, height / rows as f32);
    let gap = if cell_width >= 5.0 && cell_height >= 5.0 { 1.0 } else { 0.0 };
    let heatmap = Heatmap {
        x: 0.0,
        y: 0.0,
        cell_width,
        cell_height,
        gap,
        rows,
        columns,
        cells,
        hatch_ground: colors.chip,
        hatch_line: hatch_line(colors),
    };
    Figure { width, height, marks: vec![Mark::Heatmap(heatmap)] }
}
