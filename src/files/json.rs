//! JSON: of each tensor its shape, what its axes are, and its numbers in nested arrays. JSON has no −∞: a number that a mask
//! hides is null.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Job, csv};
use crate::protocol::{EngineKind, Item, Setup, Tensor};

/// With what, of what and by whom the tensors were made.
pub fn about(job: &Job) -> Value {
    let texts = |tokens: fn(&Item) -> &Vec<crate::embedding::Token>| -> Vec<Vec<&str>> {
        job.batch.iter().map(|item| tokens(item).iter().map(|token| token.text.as_str()).collect()).collect()
    };
    let engine = match &job.engine {
        EngineKind::Cpu { .. } => "CPU".to_owned(),
        EngineKind::WebGpu { adapter } => format!("WebGPU: {adapter}"),
    };
    let mut about = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "engine": engine,
        "tokens": texts(|item| &item.tokens),
        "setup": Setup { given: None, ..job.setup.clone() },
    });
    if let Some(given) = &job.setup.given {
        about["from"] = json!({ "files": &given.name, "begins": &given.begins, "layer": given.layer });
    }
    if job.setup.is_cross {
        about["memory_tokens"] = json!(texts(|item| &item.keys));
    }
    about
}

/// Writes what comes before the tensors.
pub fn begin(job: &Job, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{{\"headlight\":{},\n\"tensors\":{{", about(job))
}

/// Writes what comes before a tensor's numbers.
pub fn begin_tensor(job: &Job, tensor: Tensor, is_first: bool, out: &mut impl Write) -> io::Result<()> {
    let comma = if is_first { "" } else { "," };
    let (shape, axes) = (json!(job.shape(tensor)), json!(csv::axes(job, tensor)));
    write!(out, "{comma}\n\"{}\":{{\"shape\":{shape},\"axes\":{axes},\"data\":", tensor.name())
}

/// Writes a tensor's numbers, from the one with this index on.
pub fn numbers(job: &Job, tensor: Tensor, from: usize, numbers: &[f32], out: &mut impl Write) -> io::Result<()> {
    nested(&job.shape(tensor), from, numbers, out, |out, number| {
        if number.is_finite() { write!(out, "{number:?}") } else { write!(out, "null") }
    })
}

/// Writes a tensor of ids.
pub fn ids(job: &Job, tensor: Tensor, ids: &[u32], out: &mut impl Write) -> io::Result<()> {
    nested(&job.shape(tensor), 0, ids, out, |out, id| write!(out, "{id}"))
}

/// Writes what comes after a tensor's numbers.
pub fn end_tensor(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"}")
}

/// Writes what comes after the tensors.
pub fn end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"}}\n")
}

/// Opens and closes the arrays of every axis around the numbers from this index on.
fn nested<T: Copy, W: Write>(
    shape: &[usize],
    from: usize,
    numbers: &[T],
    out: &mut W,
    write: impl Fn(&mut W, T) -> io::Result<()>,
) -> io::Result<()> {
    // How many numbers an array of each axis holds, the innermost first.
    let sizes: Vec<usize> = shape
        .iter()
        .rev()
        .scan(1, |size, length| {
            *size *= length;
            Some(*size)
        })
        .collect();
    for (index, number) in (from..).zip(numbers) {
        if index > 0 {
            out.write_all(b",")?;
        }
        for _ in sizes.iter().filter(|size| index.is_multiple_of(**size)) {
            out.write_all(b"[")?;
        }
        write(out, *number)?;
        for _ in sizes.iter().filter(|size| (index + 1).is_multiple_of(**size)) {
            out.write_all(b"]")?;
        }
    }
    Ok(())
}
