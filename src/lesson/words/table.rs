//! The words of a matrix as a table.

use crate::protocol::{Axis, Tensor};

/// The button that opens it.
pub const TABLE: &str = "Table";
/// Which matrix it shows.
pub const MATRIX: &str = "Matrix";
/// The buttons that move on to another part of it, and what is written on them.
pub const MOVES: [(&str, &str); 4] =
    [("↑", "Rows above"), ("↓", "Rows below"), ("←", "Columns before"), ("→", "Columns after")];

/// What a row or column that there is only one of is called.
pub fn only_one(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Tokens => "id",
        Tensor::RowMax => "maximum",
        _ => "sum",
    }
}

/// What the rows and the columns are: "query ↓ key →".
pub fn corner(tensor: Tensor) -> &'static str {
    match tensor.axes() {
        (Axis::One, _) => "token →",
        (Axis::Queries, Axis::One) => "query ↓",
        (Axis::Queries, Axis::Keys) => "query ↓ key →",
        (Axis::Width, _) => "from dimension ↓ to dimension →",
        _ if tensor == Tensor::Positions => "position ↓ dimension →",
        _ => "token ↓ dimension →",
    }
}

/// What stands beside the matrix' name: "head 1 · [1, 4, 6, 6]".
pub fn of_head_and_shape(head: Option<usize>, shape: &str) -> String {
    head.map_or(shape.to_owned(), |head| format!("{} · {shape}", super::head(head)))
}

/// Which part of the matrix is shown: its first row or column, and how many, of so many.
pub fn part_shown(rows: (usize, usize), columns: (usize, usize), (all_rows, all_columns): (usize, usize)) -> String {
    let part = |name: &str, (first, shown): (usize, usize), all: usize| match shown {
        _ if shown == all => format!("all {all} {name}s"),
        1 => format!("{name} {first} of {all}"),
        _ => format!("{name}s {first}–{} of {all}", first + shown - 1),
    };
    format!("{}, {}, counted from 0", part("row", rows, all_rows), part("column", columns, all_columns))
}
