use thiserror::Error;

use crate::attention as reference;

/// Why the GPU gave no answer. The message says what happened and why; in each case but [`Error::NoWeights`] the CPU can
/// calculate the same numbers.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Error {
    /// The browser or the machine offers no adapter.
    #[error("No GPU can be used here ({0}). The CPU calculates the same numbers, but for rounding.")]
    NoAdapter(String),
    /// There is an adapter, but it gave no device, or no kernel could be made for it.
    #[error(
        "There is a GPU, but it refused to calculate ({0}). The CPU calculates the same numbers, but for rounding."
    )]
    DeviceRefused(String),
    /// The device is gone, and stays gone.
    #[error(
        "The GPU was lost ({0}). That happens when its driver restarts, a laptop changes graphics cards, or the browser \
         needs it for something else. The CPU carries on with the same numbers."
    )]
    Lost(String),
    /// A buffer did not fit into the memory of the GPU.
    #[error(
        "The GPU has no memory left for tensors of this size. A shorter sentence may fit; \
         the CPU calculates the same numbers."
    )]
    OutOfMemory,
    /// A tensor is larger than the device allows.
    #[error("{name} would be {size}{unit}; this GPU allows {limit}. The CPU has no such limit.")]
    TooLarge {
        /// What is too large.
        name: &'static str,
        /// How large it would be.
        size: u64,
        /// How large it may be.
        limit: u64,
        /// The unit of both, with a space before it.
        unit: &'static str,
    },
    /// [`Attention::set_weights`] was not called.
    #[error("The GPU was given no weights. Call set_weights before self_attention.")]
    NoWeights,
    /// The GPU found a fault in what it was asked to do: a defect in this program.
    #[error("The GPU could not do what it was asked ({0}). The fault is in this program; the CPU carries on.")]
    Failed(String),
    /// The GPU's program, which is one of its own in a browser, did not come.
    #[error(
        "There may be a GPU, but the program for it could not be loaded ({0}). The CPU calculates the same numbers."
    )]
    NotLoaded(String),
    /// What the GPU's program says, where that is another one.
    #[error("{message}")]
    Reported {
        /// The message of one of the other errors.
        message: String,
        /// See [`Error::is_final`].
        is_final: bool,
    },
}

impl Error {
    /// As a browser has it: wgpu would list the back ends that it was built without.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn no_adapter() -> Self {
        Self::NoAdapter("this browser offers none to web pages".to_owned())
    }

    /// Whether this GPU will not calculate any more; otherwise a smaller run may succeed.
    pub fn is_final(&self) -> bool {
        match self {
            Error::Reported { is_final, .. } => *is_final,
            Error::OutOfMemory | Error::TooLarge { .. } | Error::NoWeights => false,
            Error::NoAdapter(_) | Error::NotLoaded(_) | Error::DeviceRefused(_) | Error::Lost(_) | Error::Failed(_) => {
                true
            }
        }
    }
}

/// Why a self-attention block was not calculated.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum BlockError {
    /// The GPU gave no answer.
    #[error(transparent)]
    Gpu(#[from] Error),
    /// The inputs were refused, as the CPU refuses them.
    #[error(transparent)]
    Inputs(#[from] reference::Error),
}
