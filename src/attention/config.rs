use serde::{Deserialize, Serialize};

use super::Mask;

/// How [`attend`](super::attend) treats its inputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// What the scores are multiplied with.
    pub scale: Scale,
    /// Which keys a query may see.
    pub mask: Mask,
}

/// What the scores are multiplied with before the softmax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Scale {
    /// `1 / √D`: keeps the spread of the scores independent of the head width.
    #[default]
    InverseSqrtHeadDim,
    /// This number.
    Factor(f32),
}

impl Scale {
    /// The number itself, for heads of this width.
    pub fn factor(self, head_dim: usize) -> f32 {
        match self {
            Scale::InverseSqrtHeadDim => 1.0 / (head_dim as f32).sqrt(),
            Scale::Factor(factor) => factor,
        }
    }
}
