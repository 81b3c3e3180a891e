//! What flies over a picture: pieces of matrices, with their own colours and numbers, from one place to another.

use super::{
    super::{number::short, scene::Source, theme::Colors, timeline::eased},
    Grid,
    draw::about_width,
    panel::{Shown, blend, hatch_line, swap_if},
};
use crate::figure::{Anchor, Cell, Face, Figure, Heatmap, Mark, Rect, Rgb, Text, colormap::ink_on};

/// Left, top, width and height.
pub(super) type Box4 = (f32, f32, f32, f32);

/// A place in the picture, as the lesson names it.
#[derive(Clone, Copy)]
pub(super) enum Stop {
    /// Where this is drawn.
    At(Source),
    /// Where so many columns of a matrix are drawn, from this one on.
    Columns(Source, usize),
    /// At the lower edge of where this is drawn, small: a number over it can still be read.
    Into(Source),
    /// Left of where this is drawn, so large.
    Before(Source, (f32, f32)),
    /// At the sign before the result, so far below the middle of its first row, so large.
    Sign(f32, (f32, f32)),
    /// Here.
    Here(Box4),
}

/// A piece of a matrix on its way.
pub(super) struct Tile {
    /// Row by row.
    pub(super) cells: Vec<Shown>,
    pub(super) columns: usize,
    pub(super) from: Stop,
    pub(super) to: Stop,
    /// How far it has come, 0 to 1.
    pub(super) at: f64,
    /// Whether it rises on its way.
    pub(super) rises: bool,
    pub(super) outline: Rgb,
    /// What is written on it, how large and in which colour, instead of its number.
    pub(super) text: Option<(String, f32, Rgb)>,
}

impl Tile {
    /// One cell.
    pub(super) fn one(cell: Shown, from: Stop, to: Stop, at: f64, outline: Rgb) -> Self {
        Self::row(vec![cell], from, to, at, outline)
    }

    /// Cells beside each other.
    pub(super) fn row(cells: Vec<Shown>, from: Stop, to: Stop, at: f64, outline: Rgb) -> Self {
        let columns = cells.len();
        Self { cells, columns, from, to, at, rises: true, outline, text: None }
    }

    /// Cells under each other.
    pub(super) fn upright(self) -> Self {
        Self { columns: 1, ..self }
    }

    /// On a straight way.
    pub(super) fn level(self) -> Self {
        Self { rises: false, ..self }
    }
}

/// Where things are in a picture.
pub(super) struct Ground<'a> {
    pub(super) figure: &'a Figure,
    pub(super) grids: &'a [Grid],
    /// The middle of the sign before the result, level with the result's first row.
    pub(super) sign: (f32, f32),
}

/// Draws a tile where it is now. One whose way leads to what is out of sight is not drawn.
pub(super) fn draw_tile(tile: &Tile, ground: &Ground, colors: &Colors, marks: &mut Vec<Mark>) {
    if let (Some(from), Some(to)) = (place(tile.from, ground), place(tile.to, ground)) {
        draw_at(tile, inside(on_the_way(from, to, eased(tile.at) as f32, tile.rises), ground.figure), colors, marks);
    }
}

/// The box of a part of a matrix, where it is drawn and how many rows and columns of it there are as drawn.
pub(super) fn part_of(grid: &Grid, source: Source) -> Option<(usize, usize, usize, usize)> {
    let whole = if grid.transposed { (grid.columns, grid.rows) } else { (grid.rows, grid.columns) };
    let (row, column, rows, columns) = match source {
        Source::Row(_, row) => (row, 0, 1, whole.1),
        Source::Column(_, column) => (0, column, whole.0, 1),
        Source::Cell(_, row, column) => (row, column, 1, 1),
    };
    let (row, column) = swap_if(grid.transposed, (row, column));
    let (rows, columns) = swap_if(grid.transposed, (rows, columns));
    // A whole row or column counts as far as it is shown.
    let shown = |index: usize, count: usize, first: usize, of: usize| {
        if count > 1 { Some(0) } else { index.checked_sub(first).filter(|at| *at < of) }
    };
    let row = shown(row, rows, grid.first.0, grid.rows)?;
    Some((row, shown(column, columns, grid.first.1, grid.columns)?, rows, columns))
}

fn place(stop: Stop, ground: &Ground) -> Option<Box4> {
    let drawn = |source: Source| {
        let grid = ground.grids.iter().find(|grid| grid.tensor == source.tensor())?;
        let (row, column, rows, columns) = part_of(grid, source)?;
        let (x, y, width, height) = grid.cell_box(row, column);
        Some((x, y, width * columns as f32, height * rows as f32))
    };
    match stop {
        Stop::At(source) => drawn(source),
        Stop::Into(source) => drawn(source).map(|(x, y, width, height)| {
            let small = width.min(height).min(9.0);
            (x + (width - small) / 2.0, y + height - small - 2.0, small, small)
        }),
        Stop::Columns(source, count) => drawn(source).map(|(x, y, width, height)| (x, y, width * count as f32, height)),
        Stop::Before(source, (width, height)) => {
            drawn(source).map(|(x, y, _, of)| (x - 4.0 - width, y + (of - height) / 2.0, width, height))
        }
        Stop::Sign(below, (width, height)) => {
            let (x, y) = ground.sign;
            Some((x - width / 2.0, y + below - height / 2.0, width, height))
        }
        Stop::Here(place) => Some(place),
    }
}

/// Between two places; what rises is higher half way.
fn on_the_way(from: Box4, to: Box4, t: f32, rises: bool) -> Box4 {
    let between = |from: f32, to: f32| from + (to - from) * t;
    let (width, height) = (between(from.2, to.2), between(from.3, to.3));
    let (start, end) = ((from.0 + from.2 / 2.0, from.1 + from.3 / 2.0), (to.0 + to.2 / 2.0, to.1 + to.3 / 2.0));
    let far = (end.0 - start.0).abs().max((end.1 - start.1).abs());
    let rise = if rises { (far * 0.5).min(64.0) * t * (1.0 - t) } else { 0.0 };
    (between(start.0, end.0) - width / 2.0, between(start.1, end.1) - height / 2.0 - rise, width, height)
}

fn inside((x, y, width, height): Box4, figure: &Figure) -> Box4 {
    let within = |at: f32, length: f32, of: f32| at.min(of - length - 2.0).max(2.0);
    (within(x, width, figure.width), within(y, height, figure.height), width, height)
}

fn draw_at(tile: &Tile, (x, y, width, height): Box4, colors: &Colors, marks: &mut Vec<Mark>) {
    let (columns, rows) = (tile.columns, tile.cells.len() / tile.columns.max(1));
    let (cell_width, cell_height) = (width / columns.max(1) as f32, height / rows.max(1) as f32);
    let gap = if cell_width.min(cell_height) >= 5.0 && tile.cells.len() > 1 { 1.0 } else { 0.0 };
    let ring = |grown: f32, fill: Option<Rgb>, stroke: Option<(Rgb, f32)>| {
        let (width, height) = (width - gap + 2.0 * grown, height - gap + 2.0 * grown);
        Mark::Rect(Rect { x: x - grown, y: y - grown, width, height, radius: 3.0, fill, stroke })
    };
    match tile.cells.as_slice() {
        [] => {}
        [Shown { cell: Cell::Color(color), .. }] => {
            let thick = if width < 16.0 { 1.2 } else { 2.0 };
            marks.push(ring(1.5, Some(colors.panel), None));
            marks.push(ring(0.0, Some(*color), Some((tile.outline, thick))));
        }
        cells => {
            marks.push(ring(2.0, Some(colors.panel), None));
            marks.push(Mark::Heatmap(Heatmap {
                x,
                y,
                cell_width,
                cell_height,
                gap,
                rows,
                columns,
                cells: cells.iter().map(|shown| shown.cell).collect(),
                hatch_ground: colors.chip,
                hatch_line: hatch_line(colors),
            }));
            marks.push(ring(1.0, None, Some((tile.outline, 1.5))));
        }
    }
    let mut write = |text: String, size: f32, color: Rgb, x: f32, y: f32| {
        let (anchor, face) = (Anchor::Middle, Face::Plain);
        marks.push(Mark::Text(Text { x, y, text, size, color, anchor, face, turned: false }));
    };
    if let Some((text, size, color)) = tile.text.clone() {
        return write(text, size, color, x + width / 2.0, y + height / 2.0);
    }
    // All its numbers in one size, or none.
    if cell_height < 14.0 || cell_width < about_width("0", 9.0) + 3.0 {
        return;
    }
    let numbers: Vec<Option<String>> = tile.cells.iter().map(|shown| shown.number.map(short)).collect();
    let widest = |size: f32| numbers.iter().flatten().map(|text| about_width(text, size)).fold(0.0, f32::max);
    let fits = |size: &f32| widest(*size) + 3.0 <= cell_width && *size * 1.6 <= cell_height;
    let Some(size) = [11.0, 10.0, 9.0].into_iter().find(fits) else { return };
    for (index, (shown, text)) in tile.cells.iter().zip(numbers).enumerate() {
        if let (Some(text), Cell::Color(ground)) = (text, shown.cell) {
            let at = (x + (index % columns) as f32 * cell_width, y + (index / columns) as f32 * cell_height);
            write(text, size, ink_on(ground), at.0 + (cell_width - gap) / 2.0, at.1 + (cell_height - gap) / 2.0);
        }
    }
}

/// Blends marks with the ground that they stand on: at 0 they can't be seen, at 1 they are as they were.
pub(super) fn fade(marks: &mut [Mark], ground: Rgb, t: f32) {
    let paler = |color: &mut Rgb| *color = blend(ground, *color, t);
    for mark in marks {
        match mark {
            Mark::Heatmap(map) => {
                for cell in &mut map.cells {
                    if let Cell::Color(color) = cell {
                        paler(color);
                    }
                }
                paler(&mut map.hatch_ground);
                paler(&mut map.hatch_line);
            }
            Mark::Rect(rect) => {
                rect.fill.iter_mut().for_each(paler);
                rect.stroke.iter_mut().for_each(|(color, _)| paler(color));
            }
            Mark::Line(line) => paler(&mut line.color),
            Mark::Text(text) => paler(&mut text.color),
        }
    }
}
