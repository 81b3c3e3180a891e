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
        Step::Embed => 5.0,
        Step::Project => 8.0,
        Step::Scores => 9.0,
        Step::Mix | Step::Output => 8.5,
        Step::Scale => 4.0,
        Step::Mask => 4.5,
        Step::Softmax => 13.0,
    }
}

/// The share of a step's time in which what the step before made moves to where it is needed now.
fn hand_over(step: Step) -> f64 {
    match step {
        Step::Tokens => 0.0,
        // All heads come together.
        Step::Output => 0.16,
        _ => 0.08,
    }
}

/// How far what the step before made has come to where it is needed now, 0 to 1.
pub fn arrival(step: Step, position: f64) -> f64 {
    if position >= hand_over(step) { 1.0 } else { part(position, 0.0, hand_over(step)) }
}

/// How much of the step's own work is done, 0 to 1: it begins when its operands are there.
pub fn work(step: Step, position: f64) -> f64 {
    part(position, hand_over(step), 1.0)
}

/// How far something has come that begins at one time and ends at another, 0 to 1.
pub fn part(now: f64, from: f64, to: f64) -> f64 {
    ((now - from) / (to - from)).clamp(0.0, 1.0)
}

/// Slow at both ends, quick in the middle.
pub fn eased(part: f64) -> f64 {
    part * part * (3.0 - 2.0 * part)
}

/// How far one of `count` things has come, 0 to 1, that set out one after another and take this share of the time each.
pub fn staggered(now: f64, index: usize, count: usize, share: f64) -> f64 {
    let share = if count > 1 { share } else { 1.0 };
    let start = (1.0 - share) * index as f64 / (count.max(2) - 1) as f64;
    // What sets out last is there at the end, however the numbers are rounded.
    if now >= 1.0 { 1.0 } else { part(now, start, start + share) }
}

/// How many tokens, or rows of tokens, are there.
pub fn tokens(position: f64, count: usize) -> usize {
    ((position * (count as f64 + 1.0)) as usize).min(count)
}

/// A product whose result has `rows × columns` cells of `terms` terms each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Of the result.
    pub rows: usize,
    /// Of the result.
    pub columns: usize,
    /// Of each of its cells; none where they can't be shown.
    pub terms: usize,
    /// Whether each term is added to all cells of the first row at once, and not to the first cell alone.
    pub by_row: bool,
}

/// How far a matrix product has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Product {
    /// How many result cells are finished, row by row.
    pub done: usize,
    /// How many terms of what is made next have been added up.
    pub terms: usize,
    /// Up to which cell the rows that sweep have begun to appear, in cells.
    edge: f64,
    columns: usize,
}

impl Product {
    /// How much of a result cell is to be seen, 0 to 1: in the rows that sweep, cells come gradually.
    pub fn seen(&self, cell: usize) -> f64 {
        if cell < self.done { 1.0 } else { ((self.edge - cell as f64) / self.columns as f64).clamp(0.0, 1.0) }
    }

    /// Whether rows sweep.
    pub fn sweeps(&self) -> bool {
        self.edge > 0.0
    }
}

/// The first cell takes this share of the time, term by term.
const FIRST_CELL: f64 = 0.45;
/// At this share of the time the first row is finished.
const FIRST_ROW: f64 = 0.68;
/// So many terms are slow enough to be read, and set out when the one before has landed.
const SLOW_TERMS: [f64; 4] = [0.0, 0.26, 0.44, 0.58];
/// How long each of the others takes.
const QUICK_TERM: f64 = 0.14;

/// How far a product has come when so much of the work is done: the first cell is built term by term, the rest of its row
/// cell by cell, and the other rows sweep. Where there are no terms to show, it begins with the first row.
pub fn product(work: f64, shape: Shape) -> Product {
    let Shape { rows, columns, .. } = shape;
    let now = if shape.terms > 0 || shape.by_row { work } else { FIRST_CELL + work * (1.0 - FIRST_CELL) };
    let (mut done, mut terms, mut edge) = (0, 0, 0.0);
    if now >= 1.0 {
        done = rows * columns;
    } else if now >= FIRST_ROW {
        // The last cell begins to appear a row before the end.
        edge = part(now, FIRST_ROW, 1.0) * (rows * columns) as f64 + columns as f64;
        done = (edge as usize - columns).max(columns).min(rows * columns);
    } else if now >= term_time(shape) {
        let landed = |&column: &usize| cell_in_flight(now, column, columns) >= 1.0;
        done = if shape.by_row { 0 } else { 1 + (1..columns).filter(landed).count() };
    } else {
        terms = (0..shape.terms).filter(|&term| term_in_flight(now, term, shape) >= 1.0).count();
    }
    Product { done, terms, edge, columns }
}

/// Until when terms are added one by one.
fn term_time(shape: Shape) -> f64 {
    if shape.by_row { FIRST_ROW } else { FIRST_CELL }
}

/// Whether a term comes slowly enough for its numbers to be read.
pub fn is_slow(term: usize) -> bool {
    term + 1 < SLOW_TERMS.len()
}

/// How far a term is on its way from the operands to the result, 0 to 1, when so much of the work is done.
pub fn term_in_flight(work: f64, term: usize, shape: Shape) -> f64 {
    let now = part(work, 0.0, term_time(shape));
    let slow = SLOW_TERMS.len() - 1;
    if term < slow {
        let all = if shape.terms > slow { 1.0 } else { SLOW_TERMS[shape.terms] };
        return part(now, SLOW_TERMS[term] / all, SLOW_TERMS[term + 1] / all);
    }
    let (rest, left) = (shape.terms - slow, 1.0 - SLOW_TERMS[slow]);
    staggered(part(now, SLOW_TERMS[slow], 1.0), term - slow, rest, QUICK_TERM.max(left / rest as f64) / left)
}

/// How far a cell of the first row, but the first, is on its way to its place, 0 to 1.
pub fn cell_in_flight(work: f64, column: usize, columns: usize) -> f64 {
    let others = columns - 1;
    staggered(part(work, FIRST_CELL, FIRST_ROW), column - 1, others, (1.6 / others as f64).max(0.2))
}

/// How far the change of one row has come, 0 to 1, when a change runs down the rows.
pub fn row_by_row(work: f64, row: usize, rows: usize) -> f64 {
    // Neighbours move together, but not all at once.
    staggered(work, row, rows, (2.2 / rows as f64).max(0.12))
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
    let now = work(Step::Softmax, position) * parts as f64;
    let index = (now as usize).min(parts - 1);
    // The last seventh of each part stands still, so that it can be read.
    (SoftmaxPart::ALL[index], part(now - index as f64, 0.0, STANDS_STILL))
}

/// At this share of a part of the softmax, it is done.
const STANDS_STILL: f64 = 0.86;

/// The position where a part of the softmax is done, and still stands there to be read.
pub fn end_of(part: SoftmaxPart) -> f64 {
    let start = hand_over(Step::Softmax);
    start + (1.0 - start) * (part as usize as f64 + 0.93) / SoftmaxPart::ALL.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_only_grows_and_ends_complete() {
        for (rows, columns, terms) in [(6, 6, 16), (1, 1, 1), (1, 5, 3), (5, 1, 64), (6, 16, 4), (300, 300, 0)] {
            for by_row in [false, true] {
                let shape = Shape { rows, columns, terms, by_row };
                let mut last = product(0.0, shape);
                assert_eq!((last.done, last.terms), (usize::from(terms == 0 && !by_row), 0));
                let mut most_terms = 0;
                for tick in 0..=1000 {
                    let now = product(f64::from(tick) / 1000.0, shape);
                    assert!(now.done >= last.done && now.done <= rows * columns && now.terms <= terms, "{now:?}");
                    assert!(now.done > last.done || now.terms >= last.terms, "{last:?} -> {now:?}");
                    for cell in 0..rows * columns {
                        assert!(now.seen(cell) >= last.seen(cell) && (cell >= now.done || now.seen(cell) == 1.0));
                    }
                    most_terms = most_terms.max(now.terms);
                    last = now;
                }
                assert_eq!(last.done, rows * columns);
                assert!(most_terms + 1 >= terms, "all but the last term are added one by one: {most_terms} of {terms}");
            }
        }
    }

    #[test]
    fn terms_and_cells_set_out_in_order_and_land_in_order() {
        for terms in [1, 2, 3, 4, 5, 16, 64] {
            let shape = Shape { rows: 4, columns: 12, terms, by_row: false };
            for tick in 0..=1000 {
                let now = f64::from(tick) / 1000.0;
                let order = |flights: Vec<f64>| assert!(flights.is_sorted_by(|a, b| a >= b), "{flights:?}");
                order((0..terms).map(|term| term_in_flight(now, term, shape)).collect());
                order((1..12).map(|column| cell_in_flight(now, column, 12)).collect());
                order((0..9).map(|row| row_by_row(now, row, 9)).collect());
            }
            assert_eq!(term_in_flight(0.0, 0, shape), 0.0);
            assert_eq!(term_in_flight(FIRST_CELL, terms - 1, shape), 1.0);
        }
    }

    #[test]
    fn what_runs_down_the_rows_starts_at_nothing_and_ends_complete() {
        for rows in [1, 6, 40] {
            for row in 0..rows {
                assert_eq!(row_by_row(0.0, row, rows), 0.0);
                assert_eq!(row_by_row(1.0, row, rows), 1.0);
            }
        }
    }

    #[test]
    fn work_begins_when_the_operands_have_arrived() {
        for step in Step::ALL {
            for tick in 0..=100 {
                let position = f64::from(tick) / 100.0;
                assert!(arrival(step, position) == 1.0 || work(step, position) == 0.0, "{step:?} at {position}");
            }
            assert_eq!((arrival(step, 1.0), work(step, 1.0)), (1.0, 1.0));
            assert_eq!(arrival(step, 0.0) == 1.0, step == Step::Tokens);
        }
    }

    #[test]
    fn the_softmax_has_its_four_parts_in_order() {
        let parts: Vec<_> = [0.0, 0.32, 0.56, 0.99].iter().map(|&position| softmax_part(position).0).collect();
        assert_eq!(parts, SoftmaxPart::ALL);
        assert_eq!(softmax_part(1.0), (SoftmaxPart::Divide, 1.0));
        for part in SoftmaxPart::ALL {
            assert_eq!(softmax_part(end_of(part)), (part, 1.0));
        }
    }
}
