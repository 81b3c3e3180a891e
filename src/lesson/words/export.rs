//! The words around what a person takes along.

use super::tensor_name;
use crate::lesson::{export::Which, number::fixed};
use crate::protocol::Format;

/// The button that opens it.
pub const EXPORT: &str = "Export";
/// What it does.
pub const LEAD: &str = "Tensors of this run, all heads and sentences, as files: NumPy, PyTorch and pandas read them, with the very bits that are on the page.";
/// Which tensors.
pub const TENSORS: &str = "Tensors";
/// As what.
pub const FORMAT: &str = "Format";
/// The button that writes them.
pub const SAVE: &str = "Save";
/// While they are written.
pub const WRITING: &str = "Writing …";

/// A choice of tensors.
pub fn which(which: Which) -> &'static str {
    match which {
        Which::Step => "those of this step",
        Which::All => "all of them",
        Which::One(tensor) => tensor_name(tensor),
    }
}

/// A format.
pub fn format(format: Format) -> &'static str {
    match format {
        Format::Csv => "CSV",
        Format::Json => "JSON",
        Format::Npy => "NumPy, .npy",
        Format::Npz => "NumPy, .npz",
        Format::Safetensors => "safetensors",
    }
}

/// A file of so many bytes is there.
pub fn saved(name: &str, bytes: u64) -> String {
    let bytes = bytes as f64;
    let (number, unit) = match bytes {
        ..1e4 => (bytes, "bytes"),
        ..1e7 => (bytes / 1e3, "KB"),
        _ => (bytes / 1e6, "MB"),
    };
    let size = [&fixed(number, 0), " ", unit].concat();
    format!("{name} is saved: {size}.")
}

/// There is none.
pub fn not_saved(reason: &str) -> String {
    let reason = reason.trim_end_matches('.');
    format!("No file was made: {reason}. Nothing on the page is lost; try once more.")
}
