use std::ops::Range;

use ndarray::s;

use super::{Config, Error, Mask, Shape, Visibility, alibi_slope, bent, inputs::broadcast, with_bias};

/// What turns scores into weights: a [`Config`] worked out for tensors of known sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// What the scores are multiplied with: the scale over the temperature.
    pub factor: f32,
    /// What no scaled score passes, if anything.
    pub softcap: Option<f32>,
    /// Which query may see which key, and what a mask adds.
    pub visibility: Visibility,
    /// For each head, what a score loses for each place between query and key, if anything.
    pub slopes: Option<Vec<f32>>,
}

impl Rules {
    pub(super) fn new(config: &Config, heads: usize, head_dim: usize, visibility: Visibility) -> Self {
        let slopes = config.alibi.then(|| (0..heads).map(|head| alibi_slope(head, heads)).collect());
        Self { factor: config.factor(head_dim), softcap: config.softcap, visibility, slopes }
    }

    /// The rules of tensors of these sizes that have no cache.
    ///
    /// # Errors
    /// [`Error::MaskShape`], [`Error::Empty`] and [`Error::NotFinite`] for the mask.
    pub fn of(config: &Config, shape: Shape, mask: Option<Mask>) -> Result<Self, Error> {
        let Shape { batch, heads, query_len, key_len, head_dim, .. } = shape;
        let mask = mask.map(|mask| broadcast(mask, [batch, heads, query_len, key_len])).transpose()?;
        let visibility = Visibility { mask, ..Visibility::new(config.window, batch, key_len) };
        Ok(Self::new(config, heads, head_dim, visibility))
    }

    /// Those of one head alone.
    pub(super) fn of_head(&self, head: usize) -> Self {
        let mut rules = self.clone();
        rules.slopes = self.slopes.as_ref().map(|slopes| vec![slopes[head]]);
        if let Some(mask) = &mut rules.visibility.mask {
            let axis = if mask.values.dim().1 == 1 { 0 } else { head };
            mask.values = mask.values.slice(s![.., axis..=axis, .., ..]).to_owned();
        }
        rules
    }

    /// Those of some queries alone.
    pub(super) fn of_queries(&self, queries: Range<usize>) -> Self {
        let mut rules = self.clone();
        for place in &mut rules.visibility.places {
            place.offset = place.offset.saturating_add_unsigned(queries.start);
        }
        if let Some(mask) = rules.visibility.mask.as_mut().filter(|mask| mask.values.dim().2 > 1) {
            mask.values = mask.values.slice(s![.., .., queries, ..]).to_owned();
        }
        rules
    }

    /// Turns raw scores of one row into masked ones, those of the keys from `first` on; −∞ where a key may not be seen.
    pub fn mask_row(&self, batch: usize, head: usize, query: usize, first: usize, numbers: &mut [f32]) {
        let seen = self.visibility.keys(batch, query);
        let has_bias = self.has_bias();
        for (key, number) in (first..).zip(numbers) {
            let bent = self.scaled(*number);
            let bias = if has_bias { self.bias(batch, head, query, key) } else { seen.contains(&key).then_some(0.0) };
            *number = with_bias(bent, bias);
        }
    }

    /// A raw score, scaled, and bent by the softcap if there is one.
    pub fn scaled(&self, score: f32) -> f32 {
        self.capped(score * self.factor)
    }

    /// A scaled score, bent by the softcap if there is one.
    pub fn capped(&self, scaled: f32) -> f32 {
        bent(scaled, self.softcap)
    }

    /// Whether scaled scores are masked ones already, but for window and lengths.
    pub fn is_plain(&self) -> bool {
        self.softcap.is_none() && !self.has_bias()
    }

    /// Whether a mask or the distance adds anything to a score that may be seen.
    fn has_bias(&self) -> bool {
        self.visibility.mask.is_some() || self.slopes.is_some()
    }

    /// What is added to this scaled score, by mask and distance; `None` where the key may not be seen.
    pub fn bias(&self, batch: usize, head: usize, query: usize, key: usize) -> Option<f32> {
        let Visibility { places, mask, .. } = &self.visibility;
        if !self.visibility.keys(batch, query).contains(&key) {
            return None;
        }
        let by_mask = match mask {
            None => 0.0,
            Some(mask) => mask.added(batch, head, query, key)?,
        };
        let by_distance = self.slopes.as_ref().map_or(0.0, |slopes| {
            let place = places[batch].offset.saturating_add_unsigned(query);
            -slopes[head] * place.abs_diff(key as isize) as f32
        });
        Some(by_mask + by_distance)
    }
}
