//! A matrix of the step as a table of its numbers, for whoever reads or copies them. Of a large one, a part at a time.

use serde::{Deserialize, Serialize};

use super::{
    Session,
    explain::{change_in_words, in_words},
    number::shape,
    scene::{self, Data},
    words::{self, table as say},
};
use crate::figure::svg::escaped;
use crate::protocol::{Axis, CellRef, Setup, Span, Tensor};

/// No more rows than these are in the document at once.
const MOST_ROWS: usize = 24;
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

/// The matrices that can be chosen at the session's step, of a run with this set-up.
pub fn choices(session: &Session, setup: &Setup) -> Vec<Tensor> {
    let mut tensors = scene::on_stage(session.step, session.projection, setup);
    if tensors.is_empty() {
        tensors.extend([Tensor::Tokens, Tensor::KeyTokens].into_iter().filter(|tensor| tensor.is_of(setup)));
    }
    tensors
}

/// What an open table shows: what was chosen, or, at a step that does not have that, what the step makes.
pub fn shown(session: &Session, setup: &Setup) -> Option<Part> {
    let part = session.table?;
    let is_here = choices(session, setup).contains(&part.tensor);
    Some(if is_here { part } else { Part::first(scene::result(session.step, session.projection, setup)) })
}

/// A part of a matrix, written out.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Of which matrix, and from where on.
    pub part: Part,
    /// What an HTML table holds: caption, headers and numbers.
    pub html: String,
    /// Which part of the matrix this is, in words; empty if it is all of it.
    pub shown: String,
    /// Whether it has the first row, the last row, the first column, the last column.
    pub ends: [bool; 4],
}

/// Writes out what the session's table shows. `None` if it is closed, or while its numbers are on their way.
pub fn table(session: &Session, data: &Data) -> Option<Table> {
    let part = shown(session, &data.setup)?;
    let tensor = part.tensor;
    let matrix = data.in_table(session);
    if matrix.is_none() && tensor.of_queries() != Tensor::Tokens {
        return None;
    }
    let of = data.shape(tensor);
    let (rows, columns) = (part.rows().within(of.0), part.columns().within(of.1));
    let context = data.context();
    let before = data.before.as_ref().filter(|_| matrix.is_some_and(|matrix| matrix.is_change));
    let (row_axis, column_axis) = tensor.axes();
    let head = scene::head_of(tensor, session.head);
    let cell = |row, column| CellRef { tensor, head, row, column };
    let header = |html: &mut String, opening: &str, axis: Axis, index: usize| {
        let name = match axis {
            Axis::One => say::only_one(tensor).to_owned(),
            Axis::Queries | Axis::Keys if tensor.of_queries() != Tensor::Positions => {
                escaped(&context.word_in_place(axis, index))
            }
            Axis::HeadWidth if row_axis == Axis::Width => context.width_column(cell(0, index)).to_string(),
            _ => index.to_string(),
        };
        *html += opening;
        *html += &name;
        *html += "</bdi></th>";
    };
    let shape = shape(&data.full_shape(tensor));
    let mut html = caption(tensor, before.is_some(), tensor.has_heads().then_some(head), &shape);
    for column in columns.clone() {
        header(&mut html, r#"<th scope="col"><bdi>"#, column_axis, column);
    }
    html += "</tr></thead><tbody>";
    for row in rows.clone() {
        header(&mut html, r#"<tr><th scope="row"><bdi>"#, row_axis, row);
        for column in columns.clone() {
            html += "<td>";
            html += &match (matrix, before) {
                (None, _) => context.tokens_of(column_axis)[column].id.to_string(),
                (Some(matrix), None) => in_words(cell(row, column), matrix.number(row, column), context),
                (Some(matrix), Some(before)) => {
                    change_in_words(cell(row, column), matrix.number(row, column), context, before)
                }
            };
            html += "</td>";
        }
        html += "</tr>";
    }
    html += "</tbody>";
    let ends = [rows.start == 0, rows.end == of.0, columns.start == 0, columns.end == of.1];
    Some(Table {
        // A sentence may have become shorter than where the table was.
        part: Part { row: rows.start, column: columns.start, ..part },
        html,
        shown: if ends == [true; 4] { String::new() } else { say::part_shown(rows, columns, of) },
        ends,
    })
}

/// The matrix' name, symbol, head and shape, and what its rows and columns are: the beginning of an HTML table.
fn caption(tensor: Tensor, is_change: bool, head: Option<usize>, shape: &str) -> String {
    let (symbol, index) = words::tensor_symbol(tensor).split_once('_').unwrap_or((words::tensor_symbol(tensor), ""));
    let head = head.map_or(String::new(), words::head);
    [
        r#"<caption id="table-caption"><b>"#,
        words::tensor_name(tensor),
        if is_change { "</b> <i>Δ " } else { "</b> <i>" },
        symbol,
        "<sub>",
        index,
        "</sub></i> · ",
        &head,
        if head.is_empty() { "" } else { " · " },
        shape,
        r#"</caption><thead><tr><th scope="col">"#,
        say::corner(tensor),
        "</th>",
    ]
    .concat()
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
        assert_eq!((moved(1, 1).row, moved(1, 1).column), (120, 48));
        assert_eq!((moved(9, 9).row, moved(9, 9).column), (240, 48));
        assert_eq!(moved(-9, -9), Part::first(Tensor::Scores));
        assert_eq!(part.moved(0, 0, (6, 6)), Part::first(Tensor::Scores), "after the sentence was shortened");
    }

    #[test]
    fn where_the_step_does_not_draw_what_was_chosen_its_result_is_shown() {
        let mut session =
            Session { table: Some(Part { row: 24, ..Part::first(Tensor::Shifted) }), ..Session::default() };
        assert_eq!(shown(&session, &session.setup), session.table);
        session.go_to(Step::Mix);
        assert_eq!(shown(&session, &session.setup), Some(Part::first(Tensor::Mixed)));
        session.go_to(Step::Tokens);
        assert_eq!(shown(&session, &session.setup), Some(Part::first(Tensor::Tokens)));
        session.table = None;
        assert_eq!(shown(&session, &session.setup), None);
    }
}
