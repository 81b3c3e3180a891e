use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::block::{Block, turns_of_tokens};
use super::crossing::{AttendJob, BlockJob, SentRules, received, sent};
use super::{BlockError, Error};
use crate::attention::{BlockInput, BlockTrace, BlockWeights, Config, Inputs, Mask, Outputs, Rules, Shape, Wanted};

#[wasm_bindgen]
extern "C" {
    /// `www/boot.js` gives it to the worker: loads the GPU's program, the first time, and opens a GPU,
    /// if there is one.
    #[wasm_bindgen(catch, js_name = headlightOpenGpu)]
    async fn open_gpu() -> Result<Option<Gpu>, JsValue>;

    /// `program::Gpu`, which says what its methods take and give.
    #[derive(Debug)]
    type Gpu;
    #[wasm_bindgen(method)]
    fn name(this: &Gpu) -> String;
    #[wasm_bindgen(method, catch)]
    async fn attend(this: &Gpu, job: &[u8], numbers: Array) -> Result<Array, JsValue>;
    #[wasm_bindgen(method)]
    fn set_weights(this: &Gpu, numbers: Array, width: usize);
    #[wasm_bindgen(method, catch)]
    async fn block(this: &Gpu, job: &[u8], numbers: Array) -> Result<Array, JsValue>;
    #[wasm_bindgen(method)]
    fn free(this: &Gpu);
}

/// Attention on a GPU, by the program that has it.
#[derive(Debug)]
pub struct Attention {
    gpu: Gpu,
    adapter_name: String,
    weights: Option<BlockWeights>,
}

impl Attention {
    /// Opens a GPU and compiles the kernels.
    ///
    /// # Errors
    /// [`Error::NoAdapter`]; [`Error::NotLoaded`]; [`Error::Reported`], that the device was refused.
    pub async fn open() -> Result<Self, Error> {
        let opened = open_gpu().await.map_err(|error| received_error(error, Error::NotLoaded))?;
        let gpu = opened.ok_or_else(Error::no_adapter)?;
        let adapter_name = gpu.name();
        Ok(Self { gpu, adapter_name, weights: None })
    }

    /// The adapter's name, for people.
    pub fn adapter_name(&self) -> &str {
        &self.adapter_name
    }

    /// The weights of the blocks from now on; they are sent only if they are not those of before.
    pub fn set_weights(&mut self, weights: &BlockWeights) {
        if self.weights.as_ref() != Some(weights) {
            let BlockWeights { w_q, w_k, w_v, w_o } = weights;
            let numbers = [w_q, w_k, w_v, w_o].into_iter().map(|matrix| sent(matrix.view())).collect();
            self.gpu.set_weights(numbers, w_q.nrows());
            self.weights = Some(weights.clone());
        }
    }

    /// Attention, as [`attend`](crate::attention::attend): of its tensors, those that are wanted.
    ///
    /// # Errors
    /// [`Error::Reported`]: [`Error::TooLarge`] and [`Error::OutOfMemory`] for tensors that this GPU cannot hold;
    /// [`Error::Lost`] once it is gone. [`Error::Failed`] where the GPU's program throws.
    pub async fn attend(&mut self, inputs: &Inputs, wanted: Wanted) -> Result<Outputs, Error> {
        let numbers = Array::of3(&sent(inputs.queries()), &sent(inputs.keys()), &sent(inputs.values()));
        if let Some(mask) = inputs.rules().visibility.mask() {
            numbers.push(&sent(mask.values().view()));
        }
        let (shape, rules) = (inputs.shape(), sent_rules(inputs.rules()));
        let job = AttendJob { shape, rules, wanted: as_made(wanted) };
        let made =
            self.gpu.attend(&to_bytes(&job), numbers).await.map_err(|error| received_error(error, Error::Failed))?;
        let Shape { batch, heads, query_len, key_len, value_dim, .. } = shape;
        let [scores, weights, output] = [(0, key_len), (1, key_len), (2, value_dim)].map(|(index, width)| {
            if_any(&made.get(index)).map(|made| received(made, [batch, heads, query_len, width]))
        });
        Ok(Outputs::new(inputs.rules(), wanted, scores, weights, output))
    }

    /// Multi-head attention, as [`multi_head`](crate::attention::multi_head); of its attention, the tensors that are wanted,
    /// and the output in any case.
    ///
    /// # Errors
    /// [`Error::NoWeights`] before [`Attention::set_weights`]; [`BlockError::Inputs`] for what
    /// [`multi_head`](crate::attention::multi_head) refuses; the other errors of [`Attention::attend`].
    pub async fn multi_head(
        &mut self,
        input: BlockInput<'_>,
        heads: usize,
        config: &Config,
        mask: Option<Mask>,
        wanted: Wanted,
    ) -> Result<BlockTrace<Outputs>, BlockError> {
        self.weights.as_ref().ok_or(Error::NoWeights)?.check(input, heads, config)?;
        let shape = input.shape(heads);
        let Shape { batch, query_len, key_len, head_dim, .. } = shape;
        let rules = Rules::of(config, shape, mask.clone())?;
        let numbers = Array::of1(&sent(input.queries));
        if let Some(memory) = input.memory {
            numbers.push(&sent(memory));
        }
        let turns = config.rotary.map(|base| {
            let turns = turns_of_tokens(query_len.max(key_len), head_dim, base);
            numbers.push(&sent(turns.view()));
            turns.dim().into()
        });
        if let Some(mask) = rules.visibility.mask() {
            numbers.push(&sent(mask.values().view()));
        }
        let rules = sent_rules(&rules);
        let (queries, memory) = (input.queries.dim().into(), input.memory.map(|memory| memory.dim().into()));
        let job = BlockJob { queries, memory, heads, turns, rules, wanted: as_made(wanted) };
        let made =
            self.gpu.block(&to_bytes(&job), numbers).await.map_err(|error| received_error(error, Error::Failed))?;
        let of_tokens = |index, len| received(&made.get(index), [batch, heads, len, head_dim]);
        let of_pairs = |index| if_any(&made.get(index)).map(|made| received(made, [batch, heads, query_len, key_len]));
        let block = Block {
            queries: of_tokens(0, query_len),
            keys: of_tokens(1, key_len),
            values: of_tokens(2, key_len),
            mixed: of_tokens(3, query_len),
            output: received(&made.get(4), input.queries.dim()),
            scores: of_pairs(5),
            weights: of_pairs(6),
        };
        Ok(block.into_trace(config, mask, wanted)?)
    }
}

impl Drop for Attention {
    fn drop(&mut self) {
        self.gpu.free();
    }
}

fn sent_rules(Rules { factor, softcap, visibility, slopes }: &Rules) -> SentRules {
    SentRules {
        factor: *factor,
        softcap: *softcap,
        slopes: slopes.clone(),
        window: visibility.window(),
        places: visibility.places().to_vec(),
        mask: visibility.mask().map(|mask| mask.values().dim().into()),
    }
}

/// What is wanted of the GPU: the rest can be derived.
fn as_made(wanted: Wanted) -> Wanted {
    Wanted { scores: wanted.keeps_scores(), scaled: false, masked: false, ..wanted }
}

fn to_bytes<T: Serialize>(job: &T) -> Vec<u8> {
    postcard::to_allocvec(job).unwrap_or_else(|_| panic!("a job holds nothing that cannot be written"))
}

fn if_any(value: &JsValue) -> Option<&JsValue> {
    (!value.is_undefined()).then_some(value)
}

/// What the GPU's program says of its own accord; what else went wrong is another error.
fn received_error(error: JsValue, other: fn(String) -> Error) -> Error {
    match error.dyn_ref::<Array>() {
        Some(error) => Error::Reported {
            message: error.get(0).as_string().unwrap_or_default(),
            is_final: error.get(1).as_bool() != Some(false),
        },
        None => other(error.dyn_ref::<js_sys::Error>().map_or_else(String::new, |error| error.to_string().into())),
    }
}
