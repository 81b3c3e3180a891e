//! The words around what a person takes along.

use super::tensor_name;
use crate::lesson::{export::Which, number::fixed};
use crate::protocol::Format;

/// The button that opens it.
pub const EXPORT: &str = "Exportieren";
/// What it does.
pub const LEAD: &str = "Die Tensoren dieses Laufs, alle Köpfe und Sätze, als Dateien: NumPy, PyTorch und pandas lesen sie, mit genau den Bits, die auf der Seite stehen.";
/// Which tensors.
pub const TENSORS: &str = "Tensoren";
/// As what.
pub const FORMAT: &str = "Format";
/// The button that writes them.
pub const SAVE: &str = "Speichern";
/// While they are written.
pub const WRITING: &str = "Wird geschrieben …";

/// A choice of tensors.
pub fn which(which: Which) -> &'static str {
    match which {
        Which::Step => "die dieses Schritts",
        Which::All => "alle",
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
        ..1e4 => (bytes, "Byte"),
        ..1e7 => (bytes / 1e3, "KB"),
        _ => (bytes / 1e6, "MB"),
    };
    let size = [&fixed(number, 0), " ", unit].concat();
    format!("{name} ist gespeichert: {size}.")
}

/// There is none.
pub fn not_saved(reason: &str) -> String {
    let reason = reason.trim_end_matches('.');
    format!("Es gibt keine Datei: {reason}. Auf der Seite ist nichts verloren; bitte noch einmal versuchen.")
}
