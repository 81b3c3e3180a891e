use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How [`attend`](super::attend) treats its tensors. [`Inputs::new`](super::Inputs::new) checks it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// What the scores are multiplied with.
    pub scale: Scale,
    /// What the scaled scores are divided by: above 1 the weights even out, below 1 they sharpen. More than 0.
    pub temperature: f32,
    /// Bends the scaled scores so that none passes ± this number: `softcap · tanh(scaled / softcap)`. More than 0.
    ///
    /// Source: Gemma 2 (2024), section 2; ONNX `Attention`, attribute `softcap`.
    pub softcap: Option<f32>,
    /// The base of rotary positions, if queries and keys are to be turned by their places ([`rotate`](super::rotate));
    /// 10000 as first published. Keys of a past have been turned already. More than 0.
    pub rotary: Option<f32>,
    /// How far back and ahead a query may look.
    pub window: Window,
    /// Whether each score loses more the farther apart query and key are ([`alibi_slope`](super::alibi_slope)).
    pub alibi: bool,
}

impl Default for Config {
    /// Attention as first published: scaled by `1 / √D`, every key seen by every query.
    fn default() -> Self {
        Self {
            scale: Scale::default(),
            temperature: 1.0,
            softcap: None,
            rotary: None,
            window: Window::OPEN,
            alibi: false,
        }
    }
}

impl Config {
    /// The default, but nobody looks ahead.
    pub fn causal() -> Self {
        Self { window: Window::CAUSAL, ..Self::default() }
    }

    /// What scores of heads of this width are multiplied with: the scale over the temperature.
    pub fn factor(&self, head_dim: usize) -> f32 {
        self.scale.factor(head_dim) / self.temperature
    }
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

/// How far a query may look: from `left` keys before its own place to `right` keys after it. `None` is no limit.
///
/// A query's own place among the keys is its index plus an offset: 0 without a [`Cache`](super::Cache), `P` with a past,
/// `length − S_q` with lengths, which is below 0 where there are fewer keys than queries.
///
/// Source: ONNX `Attention`, `is_causal`, `left_window_size` and `right_window_size`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// How many keys before its own place a query sees.
    pub left: Option<usize>,
    /// How many keys after its own place a query sees.
    pub right: Option<usize>,
}

impl Window {
    /// Every query sees every key.
    pub const OPEN: Self = Self { left: None, right: None };
    /// No query sees a key after its own place, as in a language model: nobody looks ahead.
    pub const CAUSAL: Self = Self { left: None, right: Some(0) };

    /// Whether the query at this place may see the key at that one.
    pub fn sees(self, place: isize, key: usize) -> bool {
        self.keys(place, usize::MAX).contains(&key)
    }

    /// The keys, out of the first `len`, that the query at this place may see.
    pub fn keys(self, place: isize, len: usize) -> Range<usize> {
        let at_least = |key: isize| key.max(0) as usize;
        let start = self.left.map_or(0, |left| at_least(place.saturating_sub_unsigned(left)));
        let end = self.right.map_or(len, |right| at_least(place.saturating_add_unsigned(right).saturating_add(1)));
        let end = end.min(len);
        start.min(end)..end
    }
}
