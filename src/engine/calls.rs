//! `window.headlight` at the engine's end: JavaScript's objects in and out. `www/headlight.js` has checked what they are
//! made of.

use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use ndarray::{Array4, ArrayD, ArrayView4};
use wasm_bindgen::{JsCast, JsValue};

use super::attend::Attend;
use crate::attention::{Cache, Config, Inputs, Mask, Scale, Tensors, Wanted, Window};
use crate::protocol::{EngineChoice, EngineKind};

/// Answers one call: the object to send back, and the buffers to hand over with it.
pub async fn answer(attend: &mut Attend, call: &JsValue, clock: fn() -> f64) -> (Object, Array) {
    let started = clock();
    let reply = Object::new();
    set(&reply, "id", &get(call, "id"));
    let handed_over = Array::new();
    let result = match read(call) {
        Ok(read) => calculate(attend, read, &reply, &handed_over).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => set(&reply, "ms", &(clock() - started).into()),
        Err(error) => set(&reply, "error", &error.into()),
    }
    (reply, handed_over)
}

/// A call, read.
struct Call {
    inputs: Inputs,
    wanted: Wanted,
    /// Whether keys and values are wanted back, those of the past first.
    presents: [bool; 2],
    choice: EngineChoice,
}

async fn calculate(attend: &mut Attend, call: Call, reply: &Object, handed_over: &Array) -> Result<(), String> {
    let Call { inputs, wanted, presents, choice } = call;
    let (outputs, engine) = attend.call(&inputs, wanted, choice).await.map_err(|error| error.to_string())?;
    let (name, reason) = match engine {
        EngineKind::WebGpu { .. } => ("webgpu", None),
        EngineKind::Cpu { instead_of_webgpu } => ("cpu", instead_of_webgpu),
    };
    set(reply, "engine", &name.into());
    if let Some(reason) = reason {
        set(reply, "reason", &reason.into());
    }
    let views = [&outputs.scores, &outputs.scaled, &outputs.masked, &outputs.weights, &outputs.output];
    let views = views.map(|tensor| tensor.as_ref().map(|tensor| tensor.view()));
    let [present_keys, present_values] = presents;
    let presents = [present_keys.then(|| inputs.keys()), present_values.then(|| inputs.values())];
    for (name, tensor) in OUTPUTS.into_iter().zip(views.into_iter().chain(presents)) {
        if let Some(tensor) = tensor {
            let numbers = copied_out(tensor);
            handed_over.push(&numbers.buffer());
            let object = Object::new();
            set(&object, "shape", &tensor.shape().iter().map(|len| JsValue::from(*len as f64)).collect::<Array>());
            set(&object, "data", &numbers);
            set(reply, name, &object);
        }
    }
    attend.give_back(outputs);
    Ok(())
}

const OUTPUTS: [&str; 7] = ["scores", "scaled", "masked", "weights", "output", "presentKey", "presentValue"];

fn read(call: &JsValue) -> Result<Call, String> {
    let number = |name| get(call, name).as_f64().map(|number| number as f32);
    let flag = |name| get(call, name).as_bool() == Some(true);
    let window = get(call, "window");
    let mut window = Window { left: count(&get(&window, "left")), right: count(&get(&window, "right")) };
    if flag("causal") {
        window.right = Some(0);
    }
    let config = Config {
        scale: number("scale").map_or(Scale::InverseSqrtHeadDim, Scale::Factor),
        temperature: number("temperature").unwrap_or(1.0),
        softcap: number("softcap").filter(|softcap| *softcap != 0.0),
        window,
        alibi: flag("alibi"),
    };
    let lengths = get(call, "keyLengths").dyn_into::<Array>().ok();
    let cache = match (tensor(call, "pastKey"), tensor(call, "pastValue"), lengths) {
        (Some(keys), Some(values), _) => Cache::Past { keys: keys?, values: values? },
        (_, _, Some(lengths)) => Cache::Lengths(lengths.iter().filter_map(|length| count(&length)).collect()),
        _ => Cache::None,
    };
    let needed = |name| tensor(call, name).unwrap_or_else(|| Err(format!("{name} is missing.")));
    let (queries, keys, values) = (needed("q")?, needed("k")?, needed("v")?);
    let tensors = Tensors { queries, keys, values, cache, mask: mask(call)? };
    let inputs = Inputs::new(tensors, config).map_err(|error| error.to_string())?;
    let names = get(call, "outputs").dyn_into::<Array>().ok();
    let wants = |name: &str| {
        names.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted.as_string().as_deref() == Some(name)))
    };
    let [scores, scaled, masked, weights, output, present_keys, present_values] = OUTPUTS.map(wants);
    let choice = match get(call, "engine").as_string().as_deref() {
        Some("cpu") => EngineChoice::Cpu,
        Some("webgpu") => EngineChoice::WebGpu,
        _ => EngineChoice::Auto,
    };
    let wanted = Wanted { scores, scaled, masked, weights, output };
    Ok(Call { inputs, wanted, presents: [present_keys, present_values], choice })
}

/// A tensor with four axes, if it is there.
fn tensor(call: &JsValue, name: &str) -> Option<Result<Array4<f32>, String>> {
    let object = get(call, name);
    let numbers = get(&object, "data").dyn_into::<Float32Array>().ok()?.to_vec();
    let shape: Result<[usize; 4], _> = shape(&object).try_into();
    let tensor = shape.ok().and_then(|shape| Array4::from_shape_vec(shape, numbers).ok());
    Some(tensor.ok_or_else(|| format!("{name} has a shape that does not fit its data.")))
}

fn mask(call: &JsValue) -> Result<Option<Mask>, String> {
    let object = get(call, "mask");
    let data = get(&object, "data");
    let mask = match (data.dyn_ref::<Float32Array>(), data.dyn_ref::<Uint8Array>()) {
        (Some(added), _) => ArrayD::from_shape_vec(shape(&object), added.to_vec()).map(Mask::Added),
        (_, Some(allowed)) => {
            let allowed = allowed.to_vec().into_iter().map(|byte| byte != 0).collect();
            ArrayD::from_shape_vec(shape(&object), allowed).map(Mask::Allowed)
        }
        _ => return Ok(None),
    };
    mask.map(Some).map_err(|_| "mask has a shape that does not fit its data.".to_owned())
}

fn shape(tensor: &JsValue) -> Vec<usize> {
    get(tensor, "shape").dyn_into::<Array>().unwrap_or_default().iter().filter_map(|length| count(&length)).collect()
}

fn count(value: &JsValue) -> Option<usize> {
    value.as_f64().map(|count| count as usize)
}

/// A property, undefined where there is none or nothing to have one.
fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

fn set(object: &Object, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).expect("a plain object takes any property");
}

/// The one copy that leaves wasm's memory.
fn copied_out(tensor: ArrayView4<f32>) -> Float32Array {
    let tensor = tensor.as_standard_layout();
    Float32Array::from(tensor.as_slice().expect("standard layout is contiguous"))
}
