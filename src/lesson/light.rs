//! What a cell in focus lights all over the page: rows, columns and cells of the overview, and its words.

use super::scene::{self, Source, sources};
use crate::protocol::{Axis, CellRef, Setup, Tensor};

/// What a cell lights in the thumbnails of this head: itself, and what it was made from.
pub fn in_overview(cell: CellRef, head: usize, setup: &Setup) -> Vec<Source> {
    let CellRef { tensor, row, column, .. } = cell;
    if cell.head != scene::head_of(tensor, head) {
        return Vec::new();
    }
    let mut lit = sources(cell, setup);
    lit.push(Source::Cell(tensor, row, column));
    let head_dim = setup.width / setup.heads;
    // The heads side by side are the mixed values of each; this head's are in the overview.
    match tensor {
        Tensor::Heads if column / head_dim == head => {
            let mixed = CellRef { tensor: Tensor::Mixed, head, row, column: column % head_dim };
            lit.extend(in_overview(mixed, head, setup));
        }
        Tensor::Output => lit.push(Source::Row(Tensor::Mixed, row)),
        _ => {}
    }
    lit
}

/// The words that a cell is about: the query's, and the key's.
pub fn words_of(cell: CellRef) -> (Option<usize>, Option<usize>) {
    let (rows, columns) = cell.tensor.axes();
    let of = |axis| match axis {
        axis if rows == axis => Some(cell.row),
        axis if columns == axis => Some(cell.column),
        _ => None,
    };
    (of(Axis::Queries), of(Axis::Keys))
}

/// Where something is in a picture of its whole matrix, of this shape: left, top, width and height, as parts of it.
pub fn place(source: Source, (rows, columns): (usize, usize)) -> (f32, f32, f32, f32) {
    let part = |index: usize, of: usize| (index as f32 / of as f32, 1.0 / of as f32);
    let (row, column) = match source {
        Source::Row(_, row) => (part(row, rows), (0.0, 1.0)),
        Source::Column(_, column) => ((0.0, 1.0), part(column, columns)),
        Source::Cell(_, row, column) => (part(row, rows), part(column, columns)),
    };
    (column.0, row.0, column.1, row.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{Projection, Step};

    fn cell(tensor: Tensor, head: usize, row: usize, column: usize) -> CellRef {
        CellRef { tensor, head, row, column }
    }

    #[test]
    fn a_cell_lights_itself_and_what_it_was_made_from() {
        let setup = Setup::default();
        let lit = in_overview(cell(Tensor::Scores, 1, 5, 2), 1, &setup);
        let expected =
            [Source::Row(Tensor::Queries, 5), Source::Row(Tensor::Keys, 2), Source::Cell(Tensor::Scores, 5, 2)];
        assert_eq!(lit, expected);
        assert_eq!(in_overview(cell(Tensor::Scores, 1, 5, 2), 0, &setup), []);
    }

    #[test]
    fn the_heads_side_by_side_light_the_mixed_values_of_the_head_that_is_shown() {
        let setup = Setup::default();
        let of_second = cell(Tensor::Heads, 0, 5, 18);
        for source in
            [Source::Cell(Tensor::Mixed, 5, 2), Source::Row(Tensor::Weights, 5), Source::Column(Tensor::Values, 2)]
        {
            assert!(in_overview(of_second, 1, &setup).contains(&source));
            assert!(!in_overview(of_second, 0, &setup).contains(&source));
        }
    }

    #[test]
    fn everything_that_is_lit_is_within_its_matrix() {
        let setup = Setup::default();
        for tensor in Step::ALL.into_iter().flat_map(|step| scene::on_stage(step, Projection::Queries, &setup)) {
            let (rows, columns) = tensor.shape(6, &setup);
            for (row, column) in [(0, 0), (rows - 1, columns - 1)] {
                for source in in_overview(cell(tensor, 0, row, column), 0, &setup) {
                    let (left, top, width, height) = place(source, source.tensor().shape(6, &setup));
                    assert!(left >= 0.0 && top >= 0.0, "{source:?}");
                    assert!(left + width <= 1.0 + 1e-6 && top + height <= 1.0 + 1e-6, "{source:?} of {tensor:?}");
                }
            }
        }
    }

    #[test]
    fn a_cell_is_about_its_words() {
        assert_eq!(words_of(cell(Tensor::Weights, 0, 5, 1)), (Some(5), Some(1)));
        assert_eq!(words_of(cell(Tensor::Keys, 0, 4, 9)), (None, Some(4)));
        assert_eq!(words_of(cell(Tensor::Output, 0, 3, 9)), (Some(3), None));
        assert_eq!(words_of(cell(Tensor::Tokens, 0, 0, 2)), (Some(2), None));
        assert_eq!(words_of(cell(Tensor::OutputWeights, 0, 3, 9)), (None, None));
    }
}
