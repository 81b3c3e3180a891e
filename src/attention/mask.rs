use serde::{Deserialize, Serialize};

/// Which keys a query may see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Mask {
    /// Every query sees every key.
    #[default]
    None,
    /// Query `i` sees the keys `0 ..= i`, as in a language model: nobody looks ahead.
    Causal,
}

/// Answers "may this query see this key?", by position alone.
///
/// Kept apart from the scores, so that no score, however low, can be mistaken for "masked".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visibility {
    mask: Mask,
}

impl Visibility {
    /// The visibility that a mask stands for.
    pub fn new(mask: &Mask) -> Self {
        Self { mask: mask.clone() }
    }

    /// Whether the query at this position may see the key at that one.
    pub fn sees(&self, query: usize, key: usize) -> bool {
        match self.mask {
            Mask::None => true,
            Mask::Causal => key <= query,
        }
    }
}
