//! The GPU's program: what the engine's asks of it, in the same worker. `remote` is the other end.

use js_sys::Array;
use ndarray::{Array3, Array4};
use wasm_bindgen::prelude::*;

use super::crossing::{AttendJob, BlockJob, SentRules, received, sent};
use super::{Attention, Error, block::Block};
use crate::attention::{BlockInput, BlockWeights, Rules, Shape, Visibility};

/// Takes note of panics, as the engine's program does: a string instead of bytes tells the page that the engine has died.
pub fn run() {
    std::panic::set_hook(Box::new(|panic| post_message(&panic.to_string())));
}

#[wasm_bindgen]
extern "C" {
    /// The worker's.
    #[wasm_bindgen(js_name = postMessage)]
    fn post_message(message: &str);
}

/// A GPU that is open, with its kernels compiled. An error is `[message, whether it is final]`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Gpu(Attention);

#[wasm_bindgen]
impl Gpu {
    /// Opens a GPU and compiles the kernels.
    ///
    /// # Errors
    /// As [`Attention::open`].
    pub async fn open() -> Result<Gpu, JsValue> {
        Attention::open().await.map(Self).map_err(sent_error)
    }

    /// The adapter's name, for people.
    pub fn name(&self) -> String {
        self.0.adapter_name().to_owned()
    }

    /// As [`Attention::attend`]. `job` is an [`AttendJob`] in postcard's bytes; `numbers` are `Float32Array`s: queries
    /// `[B, H, S_q, D]`, keys `[B, H_k, S_k, D]`, values `[B, H_k, S_k, D_v]` and the mask, if there is one. Returns scores and
    /// weights `[B, H, S_q, S_k]` and output `[B, H, S_q, D_v]`, undefined where they are not wanted.
    ///
    /// # Errors
    /// As there.
    pub async fn attend(&mut self, job: &[u8], numbers: Array) -> Result<Array, JsValue> {
        let AttendJob { shape, rules, wanted } = from_bytes(job);
        let Shape { batch, heads, key_heads, query_len, key_len, head_dim, value_dim } = shape;
        let queries: Array4<f32> = received(&numbers.get(0), [batch, heads, query_len, head_dim]);
        let keys: Array4<f32> = received(&numbers.get(1), [batch, key_heads, key_len, head_dim]);
        let values: Array4<f32> = received(&numbers.get(2), [batch, key_heads, key_len, value_dim]);
        let mask = rules.mask.map(|shape| received(&numbers.get(3), shape));
        let rules = received_rules(rules, mask);
        let tensors = [queries.view(), keys.view(), values.view()];
        let made = self.0.attend_to(shape, tensors, &rules, wanted).await.map_err(sent_error)?;
        Ok(made.iter().map(sent_if_any).collect())
    }

    /// The weights of the blocks from now on, `[w_q, w_k, w_v, w_o]`, each `[width, width]`.
    pub fn set_weights(&mut self, numbers: Array, width: usize) {
        let [w_q, w_k, w_v, w_o] = [0, 1, 2, 3].map(|index| received(&numbers.get(index), [width, width]));
        self.0.set_weights(&BlockWeights { w_q, w_k, w_v, w_o });
    }

    /// As [`Attention::multi_head`], without what can be derived. `job` is a [`BlockJob`] in postcard's bytes; `numbers` are
    /// the input `[B, S_q, E]`, the memory `[B, S_k, E]`, what their tokens are turned by, and the mask, as far as there are
    /// such. Returns queries `[B, H, S_q, D]`, keys and values `[B, H, S_k, D]`, mixed `[B, H, S_q, D]`, output `[B, S_q, E]`,
    /// scores and weights `[B, H, S_q, S_k]`, the last two undefined where not wanted.
    ///
    /// # Errors
    /// As there.
    pub async fn block(&mut self, job: &[u8], numbers: Array) -> Result<Array, JsValue> {
        let BlockJob { queries, memory, heads, turns, rules, wanted } = from_bytes(job);
        let mut numbers = numbers.iter();
        let mut next = || numbers.next().unwrap_or_default();
        let queries: Array3<f32> = received(&next(), queries);
        let memory: Option<Array3<f32>> = memory.map(|shape| received(&next(), shape));
        let turns = turns.map(|shape| received(&next(), shape));
        let mask = rules.mask.map(|shape| received(&next(), shape));
        let input = BlockInput { queries: queries.view(), memory: memory.as_ref().map(|memory| memory.view()) };
        let rules = received_rules(rules, mask);
        let block = self.0.block(input, heads, turns, &rules, wanted).await.map_err(sent_error)?;
        let Block { queries, keys, values, scores, weights, mixed, output } = block;
        let made: Array = [queries, keys, values, mixed].iter().map(|tensor| sent(tensor.view())).collect();
        made.push(&sent(output.view()));
        made.push(&sent_if_any(&scores));
        made.push(&sent_if_any(&weights));
        Ok(made)
    }
}

fn received_rules(rules: SentRules, mask: Option<Array4<f32>>) -> Rules {
    let SentRules { factor, softcap, slopes, window, places, .. } = rules;
    Rules { factor, softcap, visibility: Visibility::from_parts(window, places, mask), slopes }
}

fn from_bytes<T: serde::de::DeserializeOwned>(job: &[u8]) -> T {
    postcard::from_bytes(job).unwrap_or_else(|_| panic!("both programs are of one build"))
}

fn sent_if_any(tensor: &Option<Array4<f32>>) -> JsValue {
    tensor.as_ref().map_or(JsValue::UNDEFINED, |tensor| sent(tensor.view()).into())
}

fn sent_error(error: Error) -> JsValue {
    Array::of2(&error.to_string().into(), &error.is_final().into()).into()
}
