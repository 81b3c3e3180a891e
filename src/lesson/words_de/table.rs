//! The words of a matrix as a table.

use std::ops::Range;

use crate::protocol::{Axis, Tensor};

/// The button that opens it.
pub const TABLE: &str = "Tabelle";
/// Which matrix it shows.
pub const MATRIX: &str = "Matrix";
/// The buttons that move on to another part of it, and what is written on them.
pub const MOVES: [(&str, &str); 4] =
    [("↑", "Zeilen darüber"), ("↓", "Zeilen darunter"), ("←", "Spalten davor"), ("→", "Spalten danach")];

/// What a row or column that there is only one of is called.
pub fn only_one(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Tokens => "ID",
        Tensor::RowMax => "Maximum",
        _ => "Summe",
    }
}

/// What the rows and the columns are: „Query ↓ Key →“.
pub fn corner(tensor: Tensor) -> &'static str {
    match tensor.axes() {
        (Axis::One, _) => "Token →",
        (Axis::Queries, Axis::One) => "Query ↓",
        (Axis::Queries, Axis::Keys) => "Query ↓ Key →",
        (Axis::Width, _) => "von Dimension ↓ nach Dimension →",
        _ if tensor == Tensor::Positions => "Position ↓ Dimension →",
        _ => "Token ↓ Dimension →",
    }
}

/// Which part of the matrix is shown.
pub fn part_shown(rows: Range<usize>, columns: Range<usize>, (all_rows, all_columns): (usize, usize)) -> String {
    let part = |part: Range<usize>| [part.start.to_string(), (part.end - 1).to_string()].join("–");
    format!("Zeilen {} von {all_rows}, Spalten {} von {all_columns}, gezählt ab 0", part(rows), part(columns))
}
