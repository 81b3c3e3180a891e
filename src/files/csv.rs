//! CSV (RFC 4180): a line for each row, which begins with the row's indexes and its token; the last axis across.

use std::fmt::Display;
use std::io::{self, Write};

use super::Job;
use crate::embedding::Token;
use crate::protocol::{Axis, Tensor};

/// What each axis of a tensor is, the outermost first.
pub fn axes(job: &Job, tensor: Tensor) -> Vec<&'static str> {
    let (rows, columns) = tensor.axes();
    let inner = |axis| match axis {
        Axis::One => "value",
        Axis::Queries | Axis::Keys => "token",
        Axis::Width | Axis::HeadWidth => "dimension",
    };
    match (job.shape(tensor).len(), tensor.of_queries()) {
        (2, Tensor::Positions) => vec!["position", "dimension"],
        (2, Tensor::Tokens) => vec!["sentence", "token"],
        (2, _) if rows == Axis::Width => vec!["input", "dimension"],
        (rank, _) => {
            let columns = if columns == Axis::Keys { "key" } else { inner(columns) };
            let all = ["sentence", "head", inner(rows), columns];
            let outer = if rank == 3 { &all[..1] } else { &all[..rank - 2] };
            [outer, &all[2..]].concat()
        }
    }
}

/// Writes the header.
pub fn begin(job: &Job, tensor: Tensor, out: &mut impl Write) -> io::Result<()> {
    let axes = axes(job, tensor);
    let (across, down) = axes.split_last().expect("a tensor has axes");
    for name in down {
        write!(out, "{name},")?;
        if *name == "token" {
            write!(out, "text,")?;
        }
    }
    let (_, columns) = tensor.axes();
    let count = job.shape(tensor).last().copied().unwrap_or_default();
    // Of several sentences, each has its own words across.
    let words = tokens(job, columns, 0).filter(|_| job.batch.len() == 1);
    let names = (0..count).map(|index| match words {
        Some(words) => quoted(&words[index].text),
        None if *across == "value" => "value".to_owned(),
        None => index.to_string(),
    });
    line(names, out)
}

/// Writes numbers, from the one with this index on.
pub fn numbers(job: &Job, tensor: Tensor, from: usize, numbers: &[f32], out: &mut impl Write) -> io::Result<()> {
    // As short as they can be written without losing a bit.
    cells(job, tensor, from, numbers.iter().map(|number| format!("{number:?}")), out)
}

/// Writes a tensor of ids.
pub fn ids(job: &Job, tensor: Tensor, ids: &[u32], out: &mut impl Write) -> io::Result<()> {
    cells(job, tensor, 0, ids.iter(), out)
}

fn cells(
    job: &Job,
    tensor: Tensor,
    from: usize,
    cells: impl Iterator<Item = impl Display>,
    out: &mut impl Write,
) -> io::Result<()> {
    let (axes, shape) = (axes(job, tensor), job.shape(tensor));
    let (across, down) = shape.split_last().expect("a tensor has axes");
    for (index, cell) in (from..).zip(cells) {
        let (row, column) = (index / across, index % across);
        if column == 0 {
            begin_row(job, tensor, (&axes, down), row, out)?;
        }
        let end = if column + 1 == *across { "\r\n" } else { "," };
        write!(out, "{cell}{end}")?;
    }
    Ok(())
}

/// Writes the indexes of a row, and its token.
fn begin_row(
    job: &Job,
    tensor: Tensor,
    (axes, down): (&[&str], &[usize]),
    row: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sentence = 0;
    for (place, (axis, length)) in axes.iter().zip(down).enumerate() {
        let index = row / down[place + 1..].iter().product::<usize>() % length;
        write!(out, "{index},")?;
        match *axis {
            "sentence" => sentence = index,
            "token" => {
                let words = tokens(job, tensor.axes().0, sentence);
                write!(out, "{},", words.map_or_else(String::new, |words| quoted(&words[index].text)))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The tokens that an axis has, if it has such.
fn tokens(job: &Job, axis: Axis, sentence: usize) -> Option<&[Token]> {
    let item = &job.batch[sentence];
    match axis {
        Axis::Queries => Some(&item.tokens),
        Axis::Keys => Some(&item.keys),
        Axis::One | Axis::Width | Axis::HeadWidth => None,
    }
}

fn line(cells: impl Iterator<Item = String>, out: &mut impl Write) -> io::Result<()> {
    let cells: Vec<String> = cells.collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// In quotes, where it has something in it that would end it.
fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
