//! The words of a matrix as a table.

use std::ops::Range;

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

/// Which part of the matrix is shown.
pub fn part_shown(rows: Range<usize>, columns: Range<usize>, (all_rows, all_columns): (usize, usize)) -> String {
    let part = |part: Range<usize>| [part.start.to_string(), (part.end - 1).to_string()].join("–");
    format!("rows {} of {all_rows}, columns {} of {all_columns}, counted from 0", part(rows), part(columns))
}
