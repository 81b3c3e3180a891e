use std::ops::Range;

use ndarray::{Array4, ArrayD, ArrayView, ArrayView4, Axis, Dimension, concatenate, s};
use serde::{Deserialize, Serialize};

use super::error::{KEYS, MASK, PAST_KEYS, PAST_VALUES, QUERIES, VALUES};
use super::{Broadcast, Config, Error, Place, Rules, Visibility, fast, rotate};

/// What is attended with, as it comes: [`Inputs::new`] checks it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensors {
    /// `[B, H, S_q, D]`.
    pub queries: Array4<f32>,
    /// `[B, H_k, S_k − P, D]`. `H` is a multiple of `H_k`: with fewer key heads, `H / H_k` query heads share one
    /// (grouped-query attention; Ainslie et al., 2023).
    pub keys: Array4<f32>,
    /// `[B, H_k, S_k − P, D_v]`.
    pub values: Array4<f32>,
    /// What is known of these sentences already.
    pub cache: Cache,
    /// Which keys a query may see, or what is added to its scores.
    pub mask: Option<Mask>,
}

impl Tensors {
    /// Without cache and mask.
    pub fn new(queries: Array4<f32>, keys: Array4<f32>, values: Array4<f32>) -> Self {
        Self { queries, keys, values, cache: Cache::None, mask: None }
    }
}

/// What is known of the sentences from before; it moves the place where the queries stand among the keys.
///
/// Source: ONNX `Attention`, inputs `past_key`, `past_value` and `nonpad_kv_seqlen`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cache {
    /// Nothing: the first query stands at the first key.
    #[default]
    None,
    /// Keys `[B, H_k, P, D]` and values `[B, H_k, P, D_v]` that come before the others; the first query stands at key
    /// `P`.
    Past {
        /// `[B, H_k, P, D]`.
        keys: Array4<f32>,
        /// `[B, H_k, P, D_v]`.
        values: Array4<f32>,
    },
    /// `[B]`: how many of its keys each batch has; those from there on are padding. The queries are the last ones of
    /// the batch: the first stands at `length − S_q`.
    Lengths(Vec<usize>),
}

/// A mask that broadcasts from the right to `[B, H, S_q, S_k]`. Where it has fewer keys, those it lacks are hidden: unlike in
/// PyTorch, one key alone is the first, and not all.
///
/// Source: ONNX `Attention`, input `attn_mask`.
#[derive(Clone, Debug, PartialEq)]
pub enum Mask {
    /// Whether the key may be seen.
    Allowed(ArrayD<bool>),
    /// What is added to the scaled score; −∞ hides the key.
    Added(ArrayD<f32>),
}

/// Tensors and config that agree with each other, and hold no NaN and no infinity that any query may see.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    queries: Array4<f32>,
    keys: Array4<f32>,
    values: Array4<f32>,
    rules: Rules,
}

impl Inputs {
    /// Checks the tensors against each other and the config against all sense.
    ///
    /// NaN and infinities in queries, keys and values that mask, window and lengths keep from being used count as 0.
    ///
    /// # Errors
    /// [`Error::Empty`] if an axis has no elements; [`Error::ShapesDisagree`] if two tensors differ on an axis that they
    /// share; [`Error::HeadsDoNotGroup`]; [`Error::KeyLengths`]; [`Error::MaskShape`]; [`Error::NotFinite`] for NaN or an
    /// infinity that is used, and in a mask for all but −∞; [`Error::BadNumber`] for a scale, temperature, softcap or
    /// rotary base that makes no sense.
    pub fn new(tensors: Tensors, config: Config) -> Result<Self, Error> {
        let Tensors { queries, keys, values, cache, mask } = tensors;
        check_shapes(&queries, (KEYS, &keys), (VALUES, &values))?;
        let (batch, heads, query_len, head_dim) = queries.dim();
        let (_, key_heads, own_len, _) = keys.dim();
        if !heads.is_multiple_of(key_heads) {
            return Err(Error::HeadsDoNotGroup { heads, key_heads });
        }
        check_config(&config, head_dim)?;
        let (keys, values, places) = match cache {
            Cache::None => (keys, values, vec![Place { offset: 0, keys: own_len }; batch]),
            Cache::Past { keys: past_keys, values: past_values } => {
                check_past(&past_keys, &past_values, &keys, &values)?;
                let past = past_keys.len_of(Axis(2));
                let join = |past: Array4<f32>, new: Array4<f32>| {
                    concatenate(Axis(2), &[past.view(), new.view()]).expect("their shapes were just compared")
                };
                let place = Place { offset: past as isize, keys: past + own_len };
                (join(past_keys, keys), join(past_values, values), vec![place; batch])
            }
            Cache::Lengths(lengths) => {
                let places = places_of(&lengths, batch, query_len, own_len)?;
                (keys, values, places)
            }
        };
        let mask = mask.map(|mask| broadcast(mask, [batch, heads, query_len, keys.len_of(Axis(2))])).transpose()?;
        let visibility = Visibility { window: config.window, places, mask };
        let past = keys.len_of(Axis(2)) - own_len;
        let rules = Rules::new(&config, heads, head_dim, visibility);
        let mut inputs = Self { queries, keys, values, rules };
        inputs.refuse_what_is_not_finite(past)?;
        if let Some(base) = config.rotary {
            let places = &inputs.rules.visibility.places;
            let of_queries: Vec<isize> = places.iter().map(|place| place.offset).collect();
            rotate(inputs.queries.view_mut(), &of_queries, base);
            rotate(inputs.keys.slice_mut(s![.., .., past.., ..]), &vec![past as isize; batch], base);
        }
        Ok(inputs)
    }

    /// `[B, H, S_q, D]`, turned by their places where positions are rotary.
    pub fn queries(&self) -> ArrayView4<'_, f32> {
        self.queries.view()
    }

    /// `[B, H_k, S_k, D]`, those of the past first; turned by their places where positions are rotary.
    pub fn keys(&self) -> ArrayView4<'_, f32> {
        self.keys.view()
    }

    /// `[B, H_k, S_k, D_v]`, those of the past first.
    pub fn values(&self) -> ArrayView4<'_, f32> {
        self.values.view()
    }

    /// What turns their scores into weights.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The sizes of all of it.
    pub fn shape(&self) -> Shape {
        let (batch, heads, query_len, head_dim) = self.queries.dim();
        let (_, key_heads, key_len, value_dim) = self.values.dim();
        Shape { batch, heads, key_heads, query_len, key_len, head_dim, value_dim }
    }

    /// One query head alone: the same numbers by the same rules, `H = H_k = 1`.
    pub fn of_head(&self, head: usize) -> Self {
        let key_head = self.shape().key_head(head);
        let of = |tensor: &Array4<f32>, head: usize| tensor.slice(s![.., head..=head, .., ..]).to_owned();
        Self {
            queries: of(&self.queries, head),
            keys: of(&self.keys, key_head),
            values: of(&self.values, key_head),
            rules: self.rules.of_head(head),
        }
    }

    /// Some queries alone, of all heads: the same numbers by the same rules, for as many rows of scores.
    pub fn of_queries(&self, queries: Range<usize>) -> Self {
        Self {
            queries: self.queries.slice(s![.., .., queries.clone(), ..]).to_owned(),
            keys: self.keys.clone(),
            values: self.values.clone(),
            rules: self.rules.of_queries(queries),
        }
    }

    /// Gives the three tensors back: queries, keys, values; those of the past first.
    pub fn into_parts(self) -> (Array4<f32>, Array4<f32>, Array4<f32>) {
        (self.queries, self.keys, self.values)
    }

    /// `past` keys and values came from the cache, and have names of their own.
    fn refuse_what_is_not_finite(&mut self, past: usize) -> Result<(), Error> {
        let all_finite = |tensor: &Array4<f32>| match tensor.as_slice_memory_order() {
            Some(numbers) => fast::all_finite(numbers),
            None => tensor.iter().all(|value| value.is_finite()),
        };
        if [&self.queries, &self.keys, &self.values].into_iter().all(all_finite) {
            return Ok(());
        }
        let Shape { batch, heads, key_heads, query_len, key_len, .. } = self.shape();
        let mut key_is_used = vec![false; batch * key_heads * key_len];
        for b in 0..batch {
            for h in 0..heads {
                let key_head = h / (heads / key_heads);
                for query in 0..query_len {
                    let mut query_is_used = false;
                    for key in self.rules.visibility.keys(b, query) {
                        if self.rules.visibility.sees(b, h, query, key) {
                            key_is_used[(b * key_heads + key_head) * key_len + key] = true;
                            query_is_used = true;
                        }
                    }
                    for (column, value) in self.queries.slice_mut(s![b, h, query, ..]).iter_mut().enumerate() {
                        if !value.is_finite() {
                            if query_is_used {
                                let index = vec![b, h, query, column];
                                return Err(Error::NotFinite { name: QUERIES, index, value: *value });
                            }
                            *value = 0.0;
                        }
                    }
                }
            }
        }
        for (name, past_name, tensor) in [(KEYS, PAST_KEYS, &mut self.keys), (VALUES, PAST_VALUES, &mut self.values)] {
            for ((b, head, key, column), value) in tensor.indexed_iter_mut().filter(|(_, value)| !value.is_finite()) {
                if key_is_used[(b * key_heads + head) * key_len + key] {
                    let (name, key) = if key < past { (past_name, key) } else { (name, key - past) };
                    return Err(Error::NotFinite { name, index: vec![b, head, key, column], value: *value });
                }
                *value = 0.0;
            }
        }
        Ok(())
    }
}

/// The sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// `B`.
    pub batch: usize,
    /// `H`.
    pub heads: usize,
    /// `H_k`, of which `H` is a multiple.
    pub key_heads: usize,
    /// `S_q`.
    pub query_len: usize,
    /// `S_k`, past included.
    pub key_len: usize,
    /// `D`.
    pub head_dim: usize,
    /// `D_v`.
    pub value_dim: usize,
}

impl Shape {
    /// Which key head the query head attends with: `⌊h · H_k / H⌋`.
    pub fn key_head(&self, head: usize) -> usize {
        head / (self.heads / self.key_heads)
    }
}

type Named<'a> = (&'static str, &'a Array4<f32>);

fn agree(left: Named, right: Named, axis: usize, axis_name: &'static str) -> Result<(), Error> {
    if left.1.shape()[axis] == right.1.shape()[axis] {
        return Ok(());
    }
    Err(Error::ShapesDisagree {
        left: left.0,
        left_shape: left.1.shape().to_vec(),
        right: right.0,
        right_shape: right.1.shape().to_vec(),
        axis,
        axis_name,
    })
}

fn refuse_empty((name, tensor): Named) -> Result<(), Error> {
    if tensor.is_empty() { Err(Error::Empty { name, shape: tensor.shape().to_vec() }) } else { Ok(()) }
}

fn check_shapes(queries: &Array4<f32>, keys: Named, values: Named) -> Result<(), Error> {
    let queries = (QUERIES, queries);
    for tensor in [queries, keys, values] {
        refuse_empty(tensor)?;
    }
    agree(queries, keys, 0, "batch size")?;
    agree(queries, keys, 3, "head width")?;
    agree(keys, values, 0, "batch size")?;
    agree(keys, values, 1, "number of heads")?;
    agree(keys, values, 2, "number of tokens")
}

fn check_past(
    past_keys: &Array4<f32>,
    past_values: &Array4<f32>,
    keys: &Array4<f32>,
    values: &Array4<f32>,
) -> Result<(), Error> {
    for (past, tensor) in [((PAST_KEYS, past_keys), (KEYS, keys)), ((PAST_VALUES, past_values), (VALUES, values))] {
        agree(past, tensor, 0, "batch size")?;
        agree(past, tensor, 1, "number of heads")?;
        agree(past, tensor, 3, "width")?;
    }
    agree((PAST_KEYS, past_keys), (PAST_VALUES, past_values), 2, "number of tokens")
}

pub(super) fn check_config(config: &Config, head_dim: usize) -> Result<(), Error> {
    let positive = |number: f32| number > 0.0 && number.is_finite();
    let Config { scale, temperature, softcap, rotary, .. } = *config;
    if !scale.factor(head_dim).is_finite() {
        return Err(Error::BadNumber { name: "scale", expected: "a finite number; without one, 1/√D is used" });
    }
    if !positive(temperature) || !config.factor(head_dim).is_finite() {
        let expected = "a number above 0, and not so small that the scale divided by it overflows";
        return Err(Error::BadNumber { name: "temperature", expected });
    }
    if !softcap.is_none_or(positive) {
        return Err(Error::BadNumber {
            name: "softcap",
            expected: "a finite number above 0, or 0 or nothing for none",
        });
    }
    if !rotary.is_none_or(positive) {
        let expected = "a finite number above 0, as 10000, or nothing for none";
        return Err(Error::BadNumber { name: "rotary", expected });
    }
    Ok(())
}

fn places_of(lengths: &[usize], batch: usize, query_len: usize, key_len: usize) -> Result<Vec<Place>, Error> {
    if lengths.len() != batch || lengths.iter().any(|length| *length > key_len) {
        return Err(Error::KeyLengths { lengths: lengths.to_vec(), batch, key_len });
    }
    let place = |&keys: &usize| Place { offset: keys as isize - query_len as isize, keys };
    Ok(lengths.iter().map(place).collect())
}

/// Gives the mask four axes and −∞ for what may not be seen.
pub(super) fn broadcast(mask: Mask, full: [usize; 4]) -> Result<Broadcast, Error> {
    let shape = match &mask {
        Mask::Allowed(allowed) => allowed.shape(),
        Mask::Added(added) => added.shape(),
    };
    let shape = shape.to_vec();
    if shape.contains(&0) {
        return Err(Error::Empty { name: MASK, shape });
    }
    let [.., keys] = full;
    let fits = |(axis, len): (usize, usize)| if axis == 3 { len <= keys } else { len == 1 || len == full[axis] };
    let Some(missing) = 4_usize
        .checked_sub(shape.len())
        .filter(|missing| *missing < 4 && shape.iter().enumerate().all(|(axis, &len)| fits((missing + axis, len))))
    else {
        return Err(Error::MaskShape { shape, full });
    };
    let values = match mask {
        Mask::Allowed(allowed) => with_four_axes(allowed).mapv(|allowed| if allowed { 0.0 } else { f32::NEG_INFINITY }),
        Mask::Added(added) => with_four_axes(added),
    };
    let is_bad = |value: &f32| value.is_nan() || *value == f32::INFINITY;
    if let Some(((batch, head, query, key), &value)) = values.indexed_iter().find(|(_, value)| is_bad(value)) {
        return Err(Error::NotFinite { name: MASK, index: [batch, head, query, key][missing..].to_vec(), value });
    }
    Ok(Broadcast { values })
}

/// The same with axes of length 1 before its own. Panics where there are more than four.
fn with_four_axes<T>(mut values: ArrayD<T>) -> Array4<T> {
    while values.ndim() < 4 {
        values.insert_axis_inplace(Axis(0));
    }
    values.into_dimensionality().expect("it has four axes now")
}

/// Refuses NaN and the infinities, naming the first one.
pub(super) fn check_finite<D: Dimension>(name: &'static str, tensor: ArrayView<f32, D>) -> Result<(), Error> {
    if tensor.iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    match tensor.into_dyn().indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some((index, &value)) => Err(Error::NotFinite { name, index: index.slice().to_vec(), value }),
        None => Ok(()),
    }
}
