//! # Headlight
//!
//! Every calculation step of transformer attention, kept, so that it can be seen.
//!
//! Read the modules in this order:
//!
//! 1. [`attention`]: the mathematics, on ndarray. Start at [`attention::attend`].
//! 2. [`embedding`]: words to vectors, with PyTorch's random numbers to the bit.
//! 3. [`figure`]: matrices to pictures, as a list of marks that a canvas or an SVG paints.
//! 4. [`lesson`]: the nine steps; what each draws, says, and how it explains a cell.
//! 5. [`protocol`]: what the page and the engine say to each other.
//! 6. `engine` (feature `engine`): runs the mathematics and answers the page.
//! 7. `gpu`: the same attention on wgpu (feature `gpu`), or, in a browser, the way to the program that has it, or none.
//! 8. `files`: tensors as files (feature `files`), or, in a browser, the way to the program that writes them.
//! 9. `ui` (feature `ui`): the page.
//!
//! In a browser there are three programs: `bin/app.rs` (features `engine` and `ui`), the app in the page and the engine in a
//! worker; `bin/gpu.rs` (feature `gpu`), which the engine loads where there is a GPU; and `bin/files.rs` (feature `files`),
//! which it loads when a file is asked for.

pub mod attention;
mod builtin;
pub mod embedding;
pub mod figure;
pub mod lesson;
pub mod protocol;

#[cfg(feature = "engine")]
pub mod engine;
#[cfg(any(feature = "engine", feature = "files"))]
pub mod files;
#[cfg(any(feature = "engine", feature = "gpu"))]
pub mod gpu;
#[cfg(all(feature = "ui", target_arch = "wasm32"))]
pub mod ui;
