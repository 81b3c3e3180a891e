//! The words around what a person takes along.

use super::tensor_name;
use crate::lesson::{
    code::Code,
    export::{Ground, Which},
    number::fixed,
    picture::plate::Subject,
};
use crate::protocol::Format;

/// The button that opens it.
pub const EXPORT: &str = "Export";
/// What it does.
pub const LEAD: &str = "Tensors of this run, all heads and sentences, as files: NumPy, PyTorch and pandas read them, with the very bits that are on the page.";
/// What it does besides.
pub const FIGURE_LEAD: &str = "Figures for papers, slides and blackboards: the picture on the page at the width of a column, its letters as large as you say. What it shows and how it was made stands in the caption and in the file.";
/// The two things that can be taken along.
pub const FIGURE: &str = "Figure";
/// What a figure shows.
pub const SHOWS: &str = "Shows";
/// How wide it is on paper.
pub const PRINTED_FOR: &str = "For";
/// Its width in millimetres.
pub const MILLIMETRES: &str = "Width, mm";
/// The size of its letters.
pub const POINTS: &str = "Letters, pt";
/// How many pixels it has to an inch.
pub const DOTS: &str = "Dots per inch";
/// On what it stands.
pub const GROUND: &str = "Ground";
/// Whether there is text around it.
pub const CAPTION: &str = "Title and caption";
/// The button that saves a figure.
pub const SAVE_FIGURE: &str = "Save figure";
/// The button that puts a figure on the clipboard.
pub const COPY: &str = "Copy image";
/// A width that is none of a journal's.
pub const ON_THE_PAGE: &str = "as on the page";
/// The same.
pub const OTHER_WIDTH: &str = "another width";
/// The title over all steps.
pub const ALL_STEPS_TITLE: &str = "Attention, step by step";
/// It was copied.
pub const COPIED: &str = "The figure is on the clipboard: paste it where you need it.";
/// The page shows something else by now.
pub const CHANGED_MEANWHILE: &str = "the page has calculated something else meanwhile";
/// The canvas gave nothing.
pub const NO_PICTURE: &str = "the browser made no picture";

/// What a figure shows.
pub fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Step => "this step, as it is on the page",
        Subject::AllSteps => "all steps",
        Subject::AllHeads => "what this step makes, in all heads",
        Subject::One(tensor) => tensor_name(tensor),
    }
}

/// A ground.
pub fn ground(ground: Ground) -> &'static str {
    match ground {
        Ground::Light => "light",
        Ground::Dark => "dark",
        Ground::None => "transparent",
    }
}

/// So many dots to an inch: of a screen's, a multiple.
pub fn dots(dots: u32) -> String {
    const SCREEN: u32 = 96;
    if dots.is_multiple_of(SCREEN) { format!("{dots} ({}×)", dots / SCREEN) } else { dots.to_string() }
}

/// A tensor, of every head.
pub fn in_all_heads(name: &str) -> String {
    format!("{name}, all heads")
}

/// A picture of so many pixels is too large.
pub fn too_large(width: f32, height: f32) -> String {
    let [width, height] = [width, height].map(|pixels| fixed(pixels.into(), 0));
    format!("it would have {width} × {height} pixels, more than a browser makes; take fewer dots per inch, or SVG")
}

/// The address of what the page shows.
pub const LINK: &str = "Link";
/// What is with it.
pub const LINK_LEAD: &str =
    "This address opens what you see: sentences, settings, step, cell and colours stand in it, and go to no server.";
/// The button that copies it.
pub const COPY_LINK: &str = "Copy link";
/// It was copied.
pub const LINK_COPIED: &str = "The link is on the clipboard.";
/// The picture of the link that cameras read.
pub const QR_CODE: &str = "QR code of this link";
/// There is none.
pub const QR_TOO_LONG: &str = "So long a link fits into no QR code.";

/// The run on the page as a program.
pub const CODE: &str = "Code";
/// What it does.
pub const CODE_LEAD: &str = "This very attention as a program: same words, same random numbers, every step with its shape. It runs by itself and holds what it finds against the numbers on the page; in JavaScript, with this page’s engine.";
/// The button that puts it on the clipboard.
pub const COPY_CODE: &str = "Copy code";
/// The button that saves it.
pub const SAVE_CODE: &str = "Save code";
/// It was copied.
pub const CODE_COPIED: &str = "The code is on the clipboard.";
/// There would be more numbers in it than anybody pastes.
pub const CODE_TOO_LONG: &str =
    "so many numbers make no code that can be pasted; save Queries, Keys and Values as tensors, and read those";

/// In what the code is written.
pub fn code(code: Code) -> &'static str {
    match code {
        Code::PyTorch => "PyTorch",
        Code::NumPy => "NumPy",
        Code::JavaScript => "JavaScript",
    }
}

/// The page itself.
pub const PAGE: &str = "Page";
/// What can be done with it.
pub const PAGE_LEAD: &str = "The whole page as one file, engine and all, which opens with what you see: it works from a disk, without a network, for as long as there are browsers.";
/// The button that saves it.
pub const SAVE_PAGE: &str = "Save page";

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

/// So many bytes.
pub fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    let (number, unit) = match bytes {
        ..1e4 => (bytes, "bytes"),
        ..1e7 => (bytes / 1e3, "KB"),
        _ => (bytes / 1e6, "MB"),
    };
    [&fixed(number, 0), " ", unit].concat()
}

/// A file of so many bytes is there.
pub fn saved(name: &str, bytes: u64) -> String {
    let size = size(bytes);
    format!("{name} is saved: {size}.")
}

/// There is none.
pub fn not_saved(reason: &str) -> String {
    let reason = reason.trim_end_matches('.');
    format!("No file was made: {reason}. Nothing on the page is lost; try once more.")
}

/// It could not be copied.
pub fn not_copied(reason: &str) -> String {
    let reason = reason.trim_end_matches('.');
    format!("Nothing was copied: {reason}. Save the figure instead, or try once more.")
}

/// A number is none, or out of its range.
pub fn wrong_number(label: &str, from: &str, to: &str) -> String {
    format!("“{label}” takes a number from {from} to {to}")
}

/// A PNG that moves.
pub const FILM: &str = "PNG, moving";
/// Of other figures there is none.
pub const ONLY_A_STEP_MOVES: &str = "only this step moves; choose it under “Shows”, or SVG or PNG";
/// Changes are shown finished.
pub const NO_CHANGE_MOVES: &str = "what has changed is shown finished; switch “Show change” off, or take SVG or PNG";
/// The program that makes them is not there.
pub const NO_FILMS: &str = "the part of this page that makes films could not be loaded";
/// One is being made.
pub const ONE_FILM: &str = "another one is being made";
