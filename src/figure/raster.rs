//! A [`Heatmap`]'s cells as pixels, quick enough for every frame.

use super::{Cell, Heatmap, Rgb};
use std::f32::consts::SQRT_2;
use std::ops::Range;

/// From one hatching line to the next, along a row, in CSS pixels.
pub(super) const HATCH_PERIOD: f32 = 7.0;

/// How wide a hatching line is, in CSS pixels.
pub(super) const HATCH_WIDTH: f32 = 1.0;

/// A picture in pixels, as a canvas' `ImageData` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Row by row from the top left: red, green, blue, alpha (not premultiplied).
    pub rgba: Vec<u8>,
}

/// The cells of a heatmap at `scale` device pixels a CSS pixel; gaps and empty cells are left transparent.
///
/// The first pixel is the heatmap's top left corner. Edges fall on whole pixels: column `i` starts at
/// `round(i · cell_width · scale)`. Where cells are smaller than a pixel, a pixel shows the cell at its middle.
pub fn heatmap(heatmap: &Heatmap, scale: f32) -> Raster {
    let gap = nearest(heatmap.gap * scale);
    let edges_x = edges(heatmap.columns, heatmap.cell_width * scale);
    let edges_y = edges(heatmap.rows, heatmap.cell_height * scale);
    let (width, height) = (edges_x[heatmap.columns], edges_y[heatmap.rows]);
    let columns: Vec<_> = edges_x.windows(2).map(|edges| without_gap(edges[0]..edges[1], gap)).collect();
    let hatching =
        if heatmap.cells.contains(&Cell::Masked) { hatching(heatmap, scale, width + height) } else { vec![] };

    let mut pixels = vec![TRANSPARENT; width * height];
    for (cells, edges) in heatmap.cells.chunks(heatmap.columns.max(1)).zip(edges_y.windows(2)) {
        let row = without_gap(edges[0]..edges[1], gap);
        let pixels = &mut pixels[width * row.start..width * row.end];
        if pixels.is_empty() {
            continue;
        }
        // All pixel rows of a row of cells are the same but for the hatching.
        fill_colors(&mut pixels[..width], cells, &columns);
        for start in (width..pixels.len()).step_by(width) {
            pixels.copy_within(..width, start);
        }
        if cells.contains(&Cell::Masked) {
            for (y, pixels) in row.zip(pixels.chunks_exact_mut(width)) {
                fill_masked(pixels, cells, &columns, &hatching[y..]);
            }
        }
    }
    Raster { width, height, rgba: pixels.into_flattened() }
}

/// Red, green, blue, alpha.
type Pixel = [u8; 4];

const TRANSPARENT: Pixel = [0; 4];

/// Where `count` cells begin and the last one ends, in whole pixels.
fn edges(count: usize, size: f32) -> Vec<usize> {
    (0..=count).map(|i| nearest(i as f32 * size)).collect()
}

/// A cell without its gap, but never without any pixel because of it.
fn without_gap(cell: Range<usize>, gap: usize) -> Range<usize> {
    let smallest = cell.len().min(1);
    cell.start..cell.start + cell.len().saturating_sub(gap).max(smallest)
}

/// One row of pixels: the cells that have a colour.
fn fill_colors(pixels: &mut [Pixel], cells: &[Cell], columns: &[Range<usize>]) {
    for (cell, column) in cells.iter().zip(columns) {
        if let Cell::Color(Rgb(red, green, blue)) = *cell {
            pixels[column.clone()].fill([red, green, blue, 255]);
        }
    }
}

/// One row of pixels: the masked cells, cut out of that row's hatching.
fn fill_masked(pixels: &mut [Pixel], cells: &[Cell], columns: &[Range<usize>], hatching: &[Pixel]) {
    for (cell, column) in cells.iter().zip(columns) {
        if *cell == Cell::Masked {
            pixels[column.clone()].copy_from_slice(&hatching[column.clone()]);
        }
    }
}

/// The hatching's first `length` diagonals. Along one, x + y stays the same, and so does the colour: pixel (x, y) has
/// that of diagonal x + y, so row y of the picture is this strip from y on.
///
/// Lines lie half a period off the corner: x + y = ½, 1½, 2½ … periods.
fn hatching(heatmap: &Heatmap, scale: f32, length: usize) -> Vec<Pixel> {
    let (period, width) = (HATCH_PERIOD * scale, HATCH_WIDTH * scale);
    let (ground, line) = (heatmap.hatch_ground, heatmap.hatch_line);
    let pixel = |diagonal: usize| {
        // The middle of pixel (x, y) is half a pixel further on both axes.
        let along = (diagonal + 1) as f32 % period;
        let distance = (along - period / 2.0).abs() / SQRT_2;
        let cover = (width / 2.0 + 0.5 - distance).clamp(0.0, 1.0);
        let mix = |ground: u8, line: u8| nearest(f32::from(ground) * (1.0 - cover) + f32::from(line) * cover) as u8;
        [mix(ground.0, line.0), mix(ground.1, line.1), mix(ground.2, line.2), 255]
    };
    (0..length).map(pixel).collect()
}

/// A length of 0 or more to whole pixels, half a pixel up.
fn nearest(length: f32) -> usize {
    (length + 0.5) as usize
}
