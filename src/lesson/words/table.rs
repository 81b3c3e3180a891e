//! The words of a matrix as a table.

use std::ops::Range;

use super::{tensor_name, tensor_symbol};
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

/// The matrix' name, symbol, head and shape, and what its rows and columns are: the beginning of an HTML table.
pub fn caption(tensor: Tensor, is_change: bool, head: Option<usize>, shape: &str) -> String {
    let (symbol, index) = tensor_symbol(tensor).split_once('_').unwrap_or((tensor_symbol(tensor), ""));
    let head = head.map_or(String::new(), super::head);
    [
        r#"<caption id="table-caption"><b>"#,
        tensor_name(tensor),
        if is_change { "</b> <i>Δ " } else { "</b> <i>" },
        symbol,
        "<sub>",
        index,
        "</sub></i> · ",
        &head,
        if head.is_empty() { "" } else { " · " },
        shape,
        r#"</caption><thead><tr><th scope="col">"#,
        corner(tensor),
        "</th>",
    ]
    .concat()
}

/// What the rows and the columns are: "query ↓ key →".
fn corner(tensor: Tensor) -> &'static str {
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
