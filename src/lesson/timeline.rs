//! What a position in a step means. Pure, so that the slider goes both ways and every replay is the same.

use super::Step;

/// How long a finished step is held before Play goes on.
pub const HOLD_SECONDS: f64 = 1.2;

/// How long Play shows each step where motion is not wanted.
pub const CUT_SECONDS: f64 = 4.0;

/// How long Play takes for a step at speed 1.
pub fn seconds(step: Step) -> f64 {
    match step {
        Step::Tokens => 2.5,
        Step::Embed => 4.0,
        Step::Project | Step::Mix | Step::Output => 7.0,
        Step::Scores => 8.0,
        Step::Scale => 3.0,
        Step::Mask => 3.5,
        Step::Softmax => 9.0,
    }
}

/// How many tokens, or rows of tokens, are there.
pub fn tokens(position: f64, count: usize) -> usize {
    ((position * (count as f64 + 1.0)) as usize).min(count)
}

/// How far a matrix product has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// How many result cells are finished, row by row.
    pub done: usize,
    /// How many terms of the next cell are added up.
    pub terms: usize,
}

/// The first cell takes this share of the time, term by term.
const FIRST_CELL: f64 = 0.4;
/// At this share of the time the first row is finished.
const FIRST_ROW: f64 = 0.6;

/// A product whose result has `rows × columns` cells of `terms` terms each: the first cell is built term by term, the
/// rest of its row cell by cell, and the other rows sweep. Where there are no terms to show, it begins with the first row.
pub fn product(position: f64, rows: usize, columns: usize, terms: usize) -> Product {
    let position = if terms > 0 { position } else { FIRST_CELL + position * (1.0 - FIRST_CELL) };
    let share = |from: f64, to: f64, of: usize| ((position - from) / (to - from) * of as f64) as usize;
    if position >= 1.0 {
        Product { done: rows * columns, terms: 0 }
    } else if position < FIRST_CELL {
        Product { done: 0, terms: (1 + share(0.0, FIRST_CELL, terms)).min(terms) }
    } else if position < FIRST_ROW {
        Product { done: 1 + share(FIRST_CELL, FIRST_ROW, columns - 1), terms: 0 }
    } else {
        Product { done: columns + share(FIRST_ROW, 1.0, (rows - 1) * columns), terms: 0 }
    }
}

/// How far the change of one row has come, 0 to 1, when a change runs down the rows; eased at both ends.
pub fn wave(position: f64, row: usize, rows: usize) -> f64 {
    // Each row takes as long as three rows' starts are apart, so that neighbours move together.
    const OVERLAP: f64 = 3.0;
    let local = ((position * (rows as f64 - 1.0 + OVERLAP) - row as f64) / OVERLAP).clamp(0.0, 1.0);
    local * local * (3.0 - 2.0 * local)
}

/// The four sub-steps of the softmax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SoftmaxPart {
    /// Find each row's maximum.
    RowMax,
    /// Subtract it.
    Subtract,
    /// Take `exp` of the difference.
    Exp,
    /// Divide by the row's sum.
    Divide,
}

impl SoftmaxPart {
    /// All four, in order.
    pub const ALL: [SoftmaxPart; 4] =
        [SoftmaxPart::RowMax, SoftmaxPart::Subtract, SoftmaxPart::Exp, SoftmaxPart::Divide];
}

/// Which part of the softmax this position is in, and how far into it, 0 to 1.
pub fn softmax_part(position: f64) -> (SoftmaxPart, f64) {
    let parts = SoftmaxPart::ALL.len();
    let index = ((position * parts as f64) as usize).min(parts - 1);
    // The last quarter of each part stands still, so that it can be read.
    let local = ((position * parts as f64 - index as f64) / 0.75).clamp(0.0, 1.0);
    (SoftmaxPart::ALL[index], local)
}

/// The position where a part of the softmax is done, and still stands there to be read.
pub fn end_of(part: SoftmaxPart) -> f64 {
    (part as usize as f64 + 0.9) / SoftmaxPart::ALL.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_only_grows_and_ends_complete() {
        for (rows, columns, terms) in [(6, 6, 16), (1, 1, 1), (1, 5, 3), (5, 1, 64), (300, 300, 0)] {
            let mut last = Product { done: 0, terms: 0 };
            for tick in 0..=1000 {
                let now = product(f64::from(tick) / 1000.0, rows, columns, terms);
                assert!(now.done >= last.done && now.done <= rows * columns && now.terms <= terms, "{now:?}");
                assert!(now.done > last.done || now.terms >= last.terms, "{last:?} -> {now:?}");
                last = now;
            }
            assert_eq!(last.done, rows * columns);
        }
    }

    #[test]
    fn a_wave_starts_at_nothing_and_ends_complete() {
        for rows in [1, 6, 40] {
            for row in 0..rows {
                assert_eq!(wave(0.0, row, rows), 0.0);
                assert_eq!(wave(1.0, row, rows), 1.0);
            }
        }
    }

    #[test]
    fn the_softmax_has_its_four_parts_in_order() {
        let parts: Vec<_> = [0.0, 0.26, 0.51, 0.99].iter().map(|&position| softmax_part(position).0).collect();
        assert_eq!(parts, SoftmaxPart::ALL);
        assert_eq!(softmax_part(1.0), (SoftmaxPart::Divide, 1.0));
        for part in SoftmaxPart::ALL {
            assert_eq!(softmax_part(end_of(part)), (part, 1.0));
        }
    }
}
