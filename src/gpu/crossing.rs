//! What crosses between the engine's program and the GPU's. They share a worker but no memory: numbers go as
//! `Float32Array`s, row-major, and all else as postcard's bytes.

use js_sys::Float32Array;
use ndarray::{Array, ArrayView, Dimension, IntoDimension};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};

use crate::attention::{Place, Shape, Wanted, Window};

/// Rules without the mask's numbers.
#[derive(Debug, Serialize, Deserialize)]
pub struct SentRules {
    pub factor: f32,
    pub softcap: Option<f32>,
    pub slopes: Option<Vec<f32>>,
    pub window: Window,
    pub places: Vec<Place>,
    /// The mask's shape, if there is one.
    pub mask: Option<[usize; 4]>,
}

/// An attention without the numbers of queries, keys, values and mask.
#[derive(Debug, Serialize, Deserialize)]
pub struct AttendJob {
    pub shape: Shape,
    pub rules: SentRules,
    pub wanted: Wanted,
}

/// An attention block without the numbers of its input, of what its tokens are turned by, and of its mask.
#[derive(Debug, Serialize, Deserialize)]
pub struct BlockJob {
    /// `[B, S_q, E]`.
    pub queries: [usize; 3],
    /// `[B, S_k, E]`, where keys and values are made of something else.
    pub memory: Option<[usize; 3]>,
    pub heads: usize,
    /// The shape of what the tokens are turned by, if anything.
    pub turns: Option<[usize; 2]>,
    pub rules: SentRules,
    pub wanted: Wanted,
}

/// A copy of the numbers, row-major: the one that leaves wasm's memory.
pub fn sent<D: Dimension>(tensor: ArrayView<f32, D>) -> Float32Array {
    let tensor = tensor.as_standard_layout();
    Float32Array::from(tensor.as_slice().expect("standard layout is contiguous"))
}

/// A tensor of these numbers.
pub fn received<D: Dimension>(numbers: &JsValue, shape: impl IntoDimension<Dim = D>) -> Array<f32, D> {
    let numbers = numbers.unchecked_ref::<Float32Array>().to_vec();
    Array::from_shape_vec(shape.into_dimension(), numbers).expect("as many numbers as were sent")
}
