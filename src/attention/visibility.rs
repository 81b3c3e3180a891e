use std::ops::Range;

use ndarray::Array4;
use serde::{Deserialize, Serialize};

use super::Window;

/// Answers "may this query see this key?", by position alone.
///
/// Kept apart from the scores, so that no score, however low, can be mistaken for "masked".
#[derive(Clone, Debug, PartialEq)]
pub struct Visibility {
    pub(super) window: Window,
    /// For each batch, where its queries stand and how many keys it has.
    pub(super) places: Vec<Place>,
    pub(super) mask: Option<Broadcast>,
}

/// Where the queries of one batch stand among its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The place of the first query: how many keys come before it, or how many too few there are.
    pub offset: isize,
    /// How many keys there are; what comes after them is padding.
    pub keys: usize,
}

impl Visibility {
    /// Through a window alone: all batches have `key_len` keys, and their first query stands at the first of them.
    pub fn new(window: Window, batch: usize, key_len: usize) -> Self {
        Self { window, places: vec![Place { offset: 0, keys: key_len }; batch], mask: None }
    }

    /// Through a window and a mask `[B | 1, H | 1, S_q | 1, ≤ S_k]`, −∞ in it where the key may not be seen.
    pub fn from_parts(window: Window, places: Vec<Place>, mask: Option<Array4<f32>>) -> Self {
        Self { window, places, mask: mask.map(|values| Broadcast { values }) }
    }

    /// Whether this query of this head may see that key.
    pub fn sees(&self, batch: usize, head: usize, query: usize, key: usize) -> bool {
        self.keys(batch, query).contains(&key)
            && self.mask.as_ref().is_none_or(|mask| mask.added(batch, head, query, key).is_some())
    }

    /// The keys that window and key lengths let this query see; a mask may hide some of them.
    pub fn keys(&self, batch: usize, query: usize) -> Range<usize> {
        let Place { offset, keys } = self.places[batch];
        self.window.keys(offset.saturating_add_unsigned(query), keys)
    }

    /// The window that all queries look through.
    pub fn window(&self) -> Window {
        self.window
    }

    /// For each batch, where its queries stand among its keys.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The mask, if there is one.
    pub fn mask(&self) -> Option<&Broadcast> {
        self.mask.as_ref()
    }
}

/// A mask `[B | 1, H | 1, S_q | 1, ≤ S_k]`: an axis of length 1 stands for all; keys beyond the last may not be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Broadcast {
    /// What is added to each scaled score, −∞ where the key may not be seen.
    pub(super) values: Array4<f32>,
}

impl Broadcast {
    /// What the mask adds to this score; `None` where the key may not be seen.
    pub fn added(&self, batch: usize, head: usize, query: usize, key: usize) -> Option<f32> {
        let (batches, heads, queries, _) = self.values.dim();
        let or_0 = |index, len| if len == 1 { 0 } else { index };
        let value = self.values.get((or_0(batch, batches), or_0(head, heads), or_0(query, queries), key))?;
        (*value != f32::NEG_INFINITY).then_some(*value)
    }

    /// The numbers behind it: see [`Broadcast`].
    pub fn values(&self) -> &Array4<f32> {
        &self.values
    }
}
