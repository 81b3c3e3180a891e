use serde::{Deserialize, Serialize};

use crate::protocol::{Axis, CellRef, Lengths, Span};

/// Which tokens the stage shows, as queries and as keys: of every matrix the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zoom {
    /// The tokens shown as queries: the rows of scores and weights.
    pub queries: Span,
    /// The tokens shown as keys: their columns.
    pub keys: Span,
}

/// No fewer tokens are shown, if there are so many.
const FEWEST: usize = 4;

impl Zoom {
    /// All tokens.
    pub const ALL: Self = Self { queries: Span::ALL, keys: Span::ALL };

    /// Whether all of so many tokens are shown.
    pub fn shows_all(self, len: impl Into<Lengths>) -> bool {
        let Lengths { queries, keys } = len.into();
        self.queries.within(queries) == (0..queries) && self.keys.within(keys) == (0..keys)
    }

    /// Shows `factor` times as many tokens, of so many; the one at this place stays where it is. The place is that of a
    /// query and a key, each as a part of what is shown, 0 to 1.
    pub fn scaled(self, factor: f64, (query, key): (f64, f64), len: impl Into<Lengths>) -> Self {
        let len = len.into();
        Self {
            queries: scaled(self.queries, factor, query, len.queries),
            keys: scaled(self.keys, factor, key, len.keys),
        }
        .or_all(len)
    }

    /// Moves on by so many queries and keys, as far as there are any.
    pub fn moved(self, queries: isize, keys: isize, len: impl Into<Lengths>) -> Self {
        let len = len.into();
        Self { queries: moved(self.queries, queries, len.queries), keys: moved(self.keys, keys, len.keys) }.or_all(len)
    }

    /// Moves no farther than needed to show this cell, of so many tokens.
    pub fn with(self, cell: CellRef, len: impl Into<Lengths>) -> Self {
        if self == Self::ALL {
            return self;
        }
        let len = len.into();
        let (rows, columns) = cell.tensor.axes();
        let mut zoom = self;
        for (axis, index) in [(rows, cell.row), (columns, cell.column)] {
            match axis {
                Axis::Queries => zoom.queries = with(zoom.queries, index, len.queries),
                Axis::Keys => zoom.keys = with(zoom.keys, index, len.keys),
                Axis::One | Axis::Width | Axis::HeadWidth => {}
            }
        }
        zoom.or_all(len)
    }

    /// Where this cell is, of so many tokens, as [`Zoom::scaled`] takes it; the middle for what has no place among them.
    pub fn place_of(self, cell: CellRef, len: impl Into<Lengths>) -> (f64, f64) {
        let len = len.into();
        let (rows, columns) = cell.tensor.axes();
        let place = |axis, span: Span, len: usize| {
            let index = if rows == axis {
                cell.row
            } else if columns == axis {
                cell.column
            } else {
                return 0.5;
            };
            let shown = span.within(len);
            if !shown.contains(&index) {
                return 0.5;
            }
            ((index - shown.start) as f64 + 0.5) / shown.len() as f64
        };
        (place(Axis::Queries, self.queries, len.queries), place(Axis::Keys, self.keys, len.keys))
    }

    /// What shows all queries, or all keys, shows all of them also when there will be more.
    fn or_all(self, len: Lengths) -> Self {
        let all = |span: Span, len: usize| if span.within(len) == (0..len) { Span::ALL } else { span };
        Self { queries: all(self.queries, len.queries), keys: all(self.keys, len.keys) }
    }
}

fn scaled(span: Span, factor: f64, at: f64, len: usize) -> Span {
    let shown = span.within(len);
    let count = ((shown.len() as f64 * factor).round() as usize).clamp(FEWEST.min(len), len);
    let first = shown.start as f64 + at * (shown.len() as f64 - count as f64);
    Span { first: (first.round() as usize).min(len - count), count }
}

fn moved(span: Span, by: isize, len: usize) -> Span {
    let shown = span.within(len);
    Span { first: shown.start.saturating_add_signed(by).min(len - shown.len()), count: shown.len() }
}

fn with(span: Span, index: usize, len: usize) -> Span {
    let shown = span.within(len);
    let first = shown.start.min(index).max((index + 1).saturating_sub(shown.len()));
    Span { first, count: shown.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Tensor;
    use proptest::prelude::*;

    fn zoom(first: usize, count: usize) -> Zoom {
        Zoom { queries: Span { first, count }, keys: Span { first: 0, count } }
    }

    proptest! {
        #[test]
        fn no_zoom_leaves_the_tokens(
            len in 1..5000_usize,
            moves in proptest::collection::vec((0.1..10.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64, -6000..6000_isize), 1..20),
        ) {
            let mut zoom = Zoom::ALL;
            for (factor, query, key, by) in moves {
                zoom = zoom.scaled(factor, (query, key), len).moved(by, -by, len);
                for span in [zoom.queries, zoom.keys] {
                    let shown = span.within(len);
                    prop_assert!(shown.end <= len && shown.len() >= FEWEST.min(len), "{shown:?} of {len}");
                    prop_assert!(zoom == Zoom::ALL || span.count == shown.len());
                }
            }
            prop_assert_eq!(zoom.scaled(1e9, (0.3, 0.7), len), Zoom::ALL);
        }
    }

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let nearer = Zoom::ALL.scaled(0.5, (0.25, 1.0), 4096);
        assert_eq!(nearer.queries, Span { first: 512, count: 2048 });
        assert_eq!(nearer.keys, Span { first: 2048, count: 2048 });
        assert_eq!(nearer.scaled(2.0, (0.25, 1.0), 4096), Zoom::ALL);
    }

    #[test]
    fn a_cell_has_its_place_among_what_is_shown() {
        let cell = |tensor, row, column| CellRef { tensor, head: 0, row, column };
        assert_eq!(zoom(10, 20).place_of(cell(Tensor::Scores, 12, 0), 100), (0.125, 0.025));
        assert_eq!(zoom(10, 20).place_of(cell(Tensor::Keys, 0, 7), 100), (0.5, 0.025));
        assert_eq!(zoom(10, 20).place_of(cell(Tensor::Scores, 9, 20), 100), (0.5, 0.5), "out of sight");
    }

    #[test]
    fn a_cell_that_is_out_of_sight_is_brought_into_it() {
        let cell = |row, column| CellRef { tensor: Tensor::Scores, head: 0, row, column };
        assert_eq!(zoom(10, 20).with(cell(15, 3), 100), zoom(10, 20));
        assert_eq!(zoom(10, 20).with(cell(30, 3), 100), zoom(11, 20));
        assert_eq!(zoom(10, 20).with(cell(4, 3), 100), zoom(4, 20));
        let keys = CellRef { tensor: Tensor::Keys, head: 0, row: 50, column: 3 };
        let shown = zoom(10, 20).with(keys, 100);
        assert_eq!((shown.queries, shown.keys), (Span { first: 10, count: 20 }, Span { first: 31, count: 20 }));
    }
}
