//! `window.headlight` at the engine's end: JavaScript's objects in and out. `www/headlight.js` has checked what they are
//! made of. It is a part of the program that is loaded with the first call.

use std::cell::RefCell;

use js_sys::{Array, Float32Array, Function, Object, Uint8Array};
use ndarray::{Array4, ArrayD};
use wasm_bindgen::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::{attend::Attend, not_loaded};
use crate::attention::{Cache, Config, Error, Inputs, Mask, Outputs, Scale, Tensors, Wanted, Window};
use crate::files::Soon;
use crate::gpu::sent;
use crate::protocol::{EngineChoice, EngineKind};

/// The object to send back, and the buffers to hand over with it.
type Answer = (Reply, Array);

/// Answers one call, what `checked` of `www/headlight.js` gave with an `id`. `clock` tells milliseconds.
pub async fn answer(call: JsValue, clock: fn() -> f64) -> (Object, Array) {
    let id = call.unchecked_ref::<Options>().id();
    let (reply, handed_over) = match begin(call, clock).await {
        Ok(answer) => answer.await,
        Err(error) => (refusal(&not_loaded(error)), Array::new()),
    };
    reply.set_id(&id);
    (reply.into(), handed_over)
}

#[wasm_split(calls, fallible)]
fn begin(call: JsValue, clock: fn() -> f64) -> Result<Soon<'static, Answer>, SplitLoaderError> {
    Ok(Box::pin(answered(call, clock)))
}

thread_local! {
    /// Of the calls in this worker, or in the page.
    static HERE: RefCell<Attend> = RefCell::default();
}

async fn answered(call: JsValue, clock: fn() -> f64) -> Answer {
    let started = clock();
    let mut attend = HERE.take();
    let answered = match read(&call.unchecked_into()) {
        Ok(Call { inputs, wanted, presents, choice }) => {
            let made = attend.call(&inputs, wanted, choice).await;
            reply(&inputs, presents, made).map(|(reply, handed_over, outputs)| {
                attend.give_back(outputs);
                (reply, handed_over)
            })
        }
        Err(error) => Err(error),
    };
    HERE.set(attend);
    let (reply, handed_over) = answered.unwrap_or_else(|error| (refusal(&error), Array::new()));
    reply.set_ms(clock() - started);
    (reply, handed_over)
}

/// What answers a call, as `checked` of `www/headlight.js` gives it, here and now, on the CPU: in the page, where this takes less
/// time than by way of a worker. It gives `{ engine, … }` with the tensors, or `{ error }`.
///
/// # Errors
/// Where that part of the program could not be loaded.
#[wasm_bindgen]
pub async fn attend() -> Result<Function, JsValue> {
    attend_here().await.map_err(|error| not_loaded(error).into())
}

#[wasm_split(calls, fallible)]
fn attend_here() -> Result<Function, SplitLoaderError> {
    Ok(Closure::<dyn Fn(JsValue) -> Object>::new(answered_here).into_js_value().unchecked_into())
}

fn answered_here(call: JsValue) -> Object {
    let answered = read(&call.unchecked_into()).and_then(|Call { inputs, wanted, presents, .. }| {
        HERE.with_borrow_mut(|attend| {
            let (reply, _, outputs) = reply(&inputs, presents, attend.on_cpu(&inputs, wanted))?;
            attend.give_back(outputs);
            Ok(reply)
        })
    });
    answered.unwrap_or_else(|error| refusal(&error)).into()
}

/// A call, read.
struct Call {
    inputs: Inputs,
    wanted: Wanted,
    /// Whether keys and values are wanted back, those of the past first.
    presents: [bool; 2],
    choice: EngineChoice,
}

fn refusal(error: &str) -> Reply {
    let reply: Reply = new();
    reply.set_error(error);
    reply
}

/// The object to send back, the buffers to hand over with it, and the memory of what was made.
fn reply(
    inputs: &Inputs,
    presents: [bool; 2],
    made: Result<(Outputs, EngineKind), Error>,
) -> Result<(Reply, Array, Outputs), String> {
    let (outputs, engine) = made.map_err(|error| error.to_string())?;
    let (reply, handed_over) = (new::<Reply>(), Array::new());
    let (name, reason) = match engine {
        EngineKind::WebGpu { .. } => ("webgpu", None),
        EngineKind::Cpu { instead_of_webgpu } => ("cpu", instead_of_webgpu),
    };
    reply.set_engine(name);
    if let Some(reason) = reason {
        reply.set_reason(&reason);
    }
    let views = [&outputs.scores, &outputs.scaled, &outputs.masked, &outputs.weights, &outputs.output];
    let views = views.map(|tensor| tensor.as_ref().map(|tensor| tensor.view()));
    let [present_keys, present_values] = presents;
    let presents = [present_keys.then(|| inputs.keys()), present_values.then(|| inputs.values())];
    for (name, tensor) in OUTPUTS.into_iter().zip(views.into_iter().chain(presents)) {
        if let Some(tensor) = tensor {
            let numbers = sent(tensor);
            handed_over.push(&numbers.buffer());
            let object: TensorObject = new();
            object.set_shape(&tensor.shape().iter().map(|len| JsValue::from(*len as f64)).collect::<Array>());
            object.set_data(&numbers);
            reply.set_output(name, object);
        }
    }
    Ok((reply, handed_over, outputs))
}

#[wasm_bindgen]
extern "C" {
    /// What `www/headlight.js` sends: the options, by their names, and the call's number. What was not given is undefined.
    type Options;
    #[wasm_bindgen(method, getter)]
    fn id(this: &Options) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn q(this: &Options) -> Option<TensorObject>;
    #[wasm_bindgen(method, getter)]
    fn k(this: &Options) -> Option<TensorObject>;
    #[wasm_bindgen(method, getter)]
    fn v(this: &Options) -> Option<TensorObject>;
    #[wasm_bindgen(method, getter)]
    fn mask(this: &Options) -> Option<TensorObject>;
    #[wasm_bindgen(method, getter)]
    fn causal(this: &Options) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    fn window(this: &Options) -> Option<WindowObject>;
    #[wasm_bindgen(method, getter)]
    fn scale(this: &Options) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn softcap(this: &Options) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn temperature(this: &Options) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn rotary(this: &Options) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn alibi(this: &Options) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = pastKey)]
    fn past_key(this: &Options) -> Option<TensorObject>;
    #[wasm_bindgen(method, getter, js_name = pastValue)]
    fn past_value(this: &Options) -> Option<TensorObject>;
    #[wasm_bindgen(method, getter, js_name = keyLengths)]
    fn key_lengths(this: &Options) -> Option<Array>;
    #[wasm_bindgen(method, getter)]
    fn engine(this: &Options) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn outputs(this: &Options) -> Option<Array>;

    type WindowObject;
    #[wasm_bindgen(method, getter)]
    fn left(this: &WindowObject) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn right(this: &WindowObject) -> Option<f64>;

    /// `{ shape, data }`.
    type TensorObject;
    #[wasm_bindgen(method, getter)]
    fn shape(this: &TensorObject) -> Array;
    #[wasm_bindgen(method, setter)]
    fn set_shape(this: &TensorObject, shape: &Array);
    #[wasm_bindgen(method, getter)]
    fn data(this: &TensorObject) -> JsValue;
    #[wasm_bindgen(method, setter)]
    fn set_data(this: &TensorObject, data: &Float32Array);

    /// What is sent back.
    #[wasm_bindgen(extends = Object)]
    type Reply;
    #[wasm_bindgen(method, setter)]
    fn set_id(this: &Reply, id: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_ms(this: &Reply, ms: f64);
    #[wasm_bindgen(method, setter)]
    fn set_error(this: &Reply, error: &str);
    #[wasm_bindgen(method, setter)]
    fn set_engine(this: &Reply, engine: &str);
    #[wasm_bindgen(method, setter)]
    fn set_reason(this: &Reply, reason: &str);
    #[wasm_bindgen(method, indexing_setter)]
    fn set_output(this: &Reply, name: &str, tensor: TensorObject);
}

const OUTPUTS: [&str; 7] = ["scores", "scaled", "masked", "weights", "output", "presentKey", "presentValue"];

fn read(options: &Options) -> Result<Call, String> {
    let side = |side: Option<f64>| side.map(|keys| keys as usize);
    let mut window = options
        .window()
        .map_or(Window::OPEN, |window| Window { left: side(window.left()), right: side(window.right()) });
    if options.causal() == Some(true) {
        window.right = Some(0);
    }
    let config = Config {
        scale: options.scale().map_or(Scale::InverseSqrtHeadDim, |scale| Scale::Factor(scale as f32)),
        temperature: options.temperature().unwrap_or(1.0) as f32,
        softcap: options.softcap().map(|softcap| softcap as f32).filter(|softcap| *softcap != 0.0),
        rotary: options.rotary().map(|base| base as f32),
        window,
        alibi: options.alibi() == Some(true),
    };
    let cache = match (options.past_key(), options.past_value(), options.key_lengths()) {
        (Some(keys), Some(values), _) => {
            Cache::Past { keys: tensor(Some(keys), "pastKey")?, values: tensor(Some(values), "pastValue")? }
        }
        (_, _, Some(lengths)) => Cache::Lengths(counts(&lengths)),
        _ => Cache::None,
    };
    let queries = tensor(options.q(), "q")?;
    let (keys, values) = (tensor(options.k(), "k")?, tensor(options.v(), "v")?);
    let mask = options.mask().map(mask).transpose()?;
    let tensors = Tensors { queries, keys, values, cache, mask };
    let inputs = Inputs::new(tensors, config).map_err(|error| error.to_string())?;
    let names: Option<Vec<String>> =
        options.outputs().map(|names| names.iter().filter_map(|name| name.as_string()).collect());
    let wants = |name: &str| names.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted == name));
    let [scores, scaled, masked, weights, output, present_keys, present_values] = OUTPUTS.map(wants);
    let choice = match options.engine().as_deref() {
        Some("cpu") => EngineChoice::Cpu,
        Some("webgpu") => EngineChoice::WebGpu,
        _ => EngineChoice::Auto,
    };
    let wanted = Wanted { scores, scaled, masked, weights, output };
    Ok(Call { inputs, wanted, presents: [present_keys, present_values], choice })
}

/// A tensor with four axes.
fn tensor(object: Option<TensorObject>, name: &str) -> Result<Array4<f32>, String> {
    let read = || {
        let object = object?;
        let shape: [usize; 4] = counts(&object.shape()).try_into().ok()?;
        Array4::from_shape_vec(shape, object.data().dyn_into::<Float32Array>().ok()?.to_vec()).ok()
    };
    read().ok_or_else(|| format!("{name} is no tensor."))
}

fn mask(object: TensorObject) -> Result<Mask, String> {
    let (shape, data) = (counts(&object.shape()), object.data());
    let mask = match data.dyn_ref::<Float32Array>() {
        Some(added) => ArrayD::from_shape_vec(shape, added.to_vec()).map(Mask::Added),
        None => {
            let allowed = Uint8Array::from(data).to_vec().into_iter().map(|byte| byte != 0).collect();
            ArrayD::from_shape_vec(shape, allowed).map(Mask::Allowed)
        }
    };
    mask.map_err(|_| "mask is no tensor.".to_owned())
}

fn counts(numbers: &Array) -> Vec<usize> {
    numbers.iter().filter_map(|number| number.as_f64()).map(|number| number as usize).collect()
}

/// Something of the kind that these types describe.
fn new<T: JsCast>() -> T {
    Object::new().unchecked_into()
}
