//! A matrix of the step as a table of its numbers, for whoever reads or copies them. Of a large one, a part at a time.

use serde::{Deserialize, Serialize};

use super::{
    Session,
    explain::{Context, change_in_words, in_words},
    number::shape,
    scene::{self, Data},
    words::{self, table as say},
};
use crate::protocol::{Axis, CellRef, Span, Tensor};

/// No more rows than these are in the document at once.
const MOST_ROWS: usize = 48;
/// No more columns than these are in the document at once.
const MOST_COLUMNS: usize = 24;

/// Which matrix the table shows, and from which row and column on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which matrix.
    pub tensor: Tensor,
    /// The first row.
    pub row: usize,
    /// The first column.
    pub column: usize,
}

impl Part {
    /// The beginning of a matrix.
    pub fn first(tensor: Tensor) -> Self {
        Self { tensor, row: 0, column: 0 }
    }

    /// The part that a cell is in.
    pub fn with(cell: CellRef) -> Self {
        let CellRef { tensor, row, column, .. } = cell;
        Self { tensor, row: row - row % MOST_ROWS, column: column - column % MOST_COLUMNS }
    }

    /// So many parts further down and to the right, as far as the matrix goes.
    pub fn moved(self, down: isize, right: isize, (rows, columns): (usize, usize)) -> Self {
        let moved = |from: usize, by: isize, most: usize, all: usize| {
            let last = all.saturating_sub(1) / most;
            (from / most).min(last).saturating_add_signed(by).min(last) * most
        };
        Self {
            row: moved(self.row, down, MOST_ROWS, rows),
            column: moved(self.column, right, MOST_COLUMNS, columns),
            ..self
        }
    }

    /// In which row and column of the part a cell is, if it is not before it.
    pub fn place_of(self, cell: CellRef) -> Option<(usize, usize)> {
        let place = (cell.row.checked_sub(self.row)?, cell.column.checked_sub(self.column)?);
        (cell.tensor == self.tensor).then_some(place)
    }

    /// Its rows, as far as there are so many.
    pub fn rows(self) -> Span {
        Span { first: self.row, count: MOST_ROWS }
    }

    /// Its columns, as far as there are so many.
    pub fn columns(self) -> Span {
        Span { first: self.column, count: MOST_COLUMNS }
    }
}

/// The matrices that can be chosen at the session's step.
pub fn choices(session: &Session) -> Vec<Tensor> {
    let mut tensors = scene::on_stage(session.step, session.projection);
    if tensors.is_empty() {
        tensors.push(Tensor::Tokens);
    }
    tensors
}

/// What an open table shows: what was chosen, or, at a step that does not have that, what the step makes.
pub fn shown(session: &Session) -> Option<Part> {
    let part = session.table?;
    let is_here = choices(session).contains(&part.tensor);
    Some(if is_here { part } else { Part::first(scene::result(session.step, session.projection)) })
}

/// A part of a matrix, written out.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Of which matrix, and from where on.
    pub part: Part,
    /// Its symbol: "A", "W_q".
    pub symbol: String,
    /// Head and shape.
    pub detail: String,
    /// A header for each column.
    pub columns: Vec<String>,
    /// A header for each row, and its numbers.
    pub rows: Vec<(String, Vec<String>)>,
    /// How many rows and columns there are.
    pub of: (usize, usize),
}

impl Table {
    /// Which part of the matrix this is, in words; `None` if it is all of it.
    pub fn part_shown(&self) -> Option<String> {
        let Self { part, rows, columns, of, .. } = self;
        let is_whole = (rows.len(), columns.len()) == *of;
        (!is_whole).then(|| say::part_shown((part.row, rows.len()), (part.column, columns.len()), *of))
    }
}

/// Writes out what the session's table shows. `None` if it is closed, or while its numbers are on their way.
pub fn table(session: &Session, data: &Data) -> Option<Table> {
    let part = shown(session)?;
    let tensor = part.tensor;
    let matrix = data.in_table(session);
    if matrix.is_none() && tensor != Tensor::Tokens {
        return None;
    }
    let of = data.shape(tensor);
    let (rows, columns) = (part.rows().within(of.0), part.columns().within(of.1));
    let context = Context { tokens: &data.tokens, setup: &data.setup };
    let before = data.before.as_ref().filter(|_| matrix.is_some_and(|matrix| matrix.is_change));
    let (row_axis, column_axis) = tensor.axes();
    let head = scene::head_of(tensor, session.head);
    let cell = |row, column| CellRef { tensor, head, row, column };
    let header = |axis: Axis, index: usize| match axis {
        Axis::One => say::only_one(tensor).to_owned(),
        Axis::Queries | Axis::Keys if tensor != Tensor::Positions => context.word_in_place(index),
        Axis::HeadWidth if row_axis == Axis::Width => context.width_column(cell(0, index)).to_string(),
        _ => index.to_string(),
    };
    let number = |row: usize, column: usize| {
        let Some(matrix) = matrix else { return data.tokens[column].id.to_string() };
        let at = (row - matrix.first_row) * matrix.columns + column - matrix.first_column;
        match before {
            Some(before) => change_in_words(cell(row, column), matrix.values[at], context, before),
            None => in_words(cell(row, column), matrix.values[at], context),
        }
    };
    let symbol = words::tensor_symbol(tensor);
    Some(Table {
        // A sentence may have become shorter than where the table was.
        part: Part { row: rows.start, column: columns.start, ..part },
        symbol: if before.is_some() { words::change_of(symbol) } else { symbol.to_owned() },
        detail: say::of_head_and_shape(
            scene::has_heads(tensor).then_some(session.head),
            &shape(&data.full_shape(tensor)),
        ),
        columns: columns.clone().map(|column| header(column_axis, column)).collect(),
        rows: rows
            .map(|row| (header(row_axis, row), columns.clone().map(|column| number(row, column)).collect()))
            .collect(),
        of,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::Step;

    #[test]
    fn a_part_moves_by_whole_tables_and_stays_in_the_matrix() {
        let part = Part::with(CellRef { tensor: Tensor::Scores, head: 0, row: 100, column: 30 });
        assert_eq!((part.row, part.column), (96, 24));
        let moved = |down, right| part.moved(down, right, (256, 50));
        assert_eq!((moved(1, 1).row, moved(1, 1).column), (144, 48));
        assert_eq!((moved(9, 9).row, moved(9, 9).column), (240, 48));
        assert_eq!(moved(-9, -9), Part::first(Tensor::Scores));
        assert_eq!(part.moved(0, 0, (6, 6)), Part::first(Tensor::Scores), "after the sentence was shortened");
    }

    #[test]
    fn where_the_step_does_not_draw_what_was_chosen_its_result_is_shown() {
        let mut session =
            Session { table: Some(Part { row: 48, ..Part::first(Tensor::Shifted) }), ..Session::default() };
        assert_eq!(shown(&session), session.table);
        session.go_to(Step::Mix);
        assert_eq!(shown(&session), Some(Part::first(Tensor::Mixed)));
        session.go_to(Step::Tokens);
        assert_eq!(shown(&session), Some(Part::first(Tensor::Tokens)));
        session.table = None;
        assert_eq!(shown(&session), None);
    }
}
