//! The same attention on the GPU, through wgpu: WebGPU in a browser; Vulkan, Metal or Direct3D 12 natively.
//!
//! [`Attention::self_attention`] returns those tensors of the
//! [`BlockTrace`](crate::attention::BlockTrace) of [`attention::self_attention`](crate::attention::self_attention) that are
//! wanted. Each kernel in `shaders/` has the name of its twin on the CPU, and `tests/gpu.rs` holds the one to the other.
//!
//! Read `device` for how a GPU is opened and lost, `kernel` for what a kernel is, and `attention` for how the kernels make
//! up an attention.
//!
//! In a browser all of that, with wgpu, is a program of its own (feature `gpu`), which is loaded when a GPU is asked for:
//! `program`. The engine's program (without the feature) has an [`Attention`] that passes everything on to it: `remote`.
//! What crosses between the two is in `crossing`.
//!
//! Natively without the feature there is no GPU: `absent`, of which nothing can be opened.

#[cfg(not(any(feature = "gpu", target_arch = "wasm32")))]
mod absent;
#[cfg(feature = "gpu")]
mod attention;
#[cfg(any(feature = "gpu", target_arch = "wasm32"))]
mod block;
#[cfg(target_arch = "wasm32")]
mod crossing;
#[cfg(feature = "gpu")]
pub mod device;
mod error;
#[cfg(feature = "gpu")]
pub mod kernel;
#[cfg(all(feature = "gpu", target_arch = "wasm32"))]
pub mod program;
#[cfg(all(not(feature = "gpu"), target_arch = "wasm32"))]
mod remote;

#[cfg(not(any(feature = "gpu", target_arch = "wasm32")))]
pub use absent::Attention;
#[cfg(feature = "gpu")]
pub use attention::Attention;
#[cfg(target_arch = "wasm32")]
pub use crossing::sent;
#[cfg(feature = "gpu")]
pub use device::Device;
pub use error::{BlockError, Error};
#[cfg(all(not(feature = "gpu"), target_arch = "wasm32"))]
pub use remote::Attention;
