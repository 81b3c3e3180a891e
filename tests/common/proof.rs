//! Independent numbers: what the ONNX operator, PyTorch and a float64 reference make of given tensors, and how an engine
//! is held to them. The scripts beside the files in `tests/data/` say what they hold.

#![allow(dead_code, reason = "each test binary uses its own part")]

use headlight::attention::{BlockWeights, Cache, Config, Inputs, Mask, Outputs, Scale, Tensors, Window, capped};
use ndarray::{Array3, ArrayD, ArrayViewD, Ix4};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;
use std::{fs, path::Path};

use super::close::{ATOL, RTOL, difference, part_of_allowed};

const FILES: [&[u8]; 4] = [
    include_bytes!("../data/onnx.safetensors"),
    include_bytes!("../data/mha.safetensors"),
    include_bytes!("../data/hard.safetensors"),
    include_bytes!("../data/rotary.safetensors"),
];

/// One attention, and what is known of its result.
pub struct Case {
    pub name: String,
    pub group: String,
    pub inputs: Inputs,
    expected: Vec<(&'static str, ArrayD<f32>)>,
    rtol: f32,
    atol: f32,
}

/// All of them.
pub fn cases() -> Vec<Case> {
    FILES.iter().flat_map(|bytes| cases_of(bytes)).collect()
}

/// Runs an engine on every case, and on every layer of PyTorch's as far as it has any.
pub fn prove(path: &'static str, mut run: impl FnMut(&Case) -> Outputs, mut layer: impl FnMut(&Layer, &mut Held)) {
    let mut groups: Vec<(String, Tally)> = Vec::new();
    let mut failures = Vec::new();
    let mut note = |group: &str, name: &str, held: &Held| {
        if !groups.iter().any(|(known, _)| known == group) {
            groups.push((group.to_owned(), Tally::default()));
        }
        let (_, tally) = groups.iter_mut().find(|(known, _)| known == group).expect("it was just put there");
        tally.total += 1;
        tally.worst.difference = tally.worst.difference.max(held.difference);
        tally.worst.share = tally.worst.share.max(held.share);
        if held.share <= 1.0 {
            tally.passed += 1;
        } else {
            let Held { difference, share, .. } = held;
            failures.push(format!("{path}, {group}, {name}: off by {difference:e}, {share:.2} times what is allowed"));
        }
    };
    for case in cases() {
        note(&case.group, &case.name, &case.held(&run(&case)));
    }
    for known in layers() {
        let mut held = Held::default();
        layer(&known, &mut held);
        if held.tensors == 0 {
            continue;
        }
        note("torch layers", &known.name, &held);
    }
    let mut lines = String::new();
    for (group, Tally { passed, total, worst: Held { difference, share, .. } }) in groups {
        writeln!(lines, "{path}\t{group}\t{passed}\t{total}\t{difference:.1e}\t{share:.2}").expect("memory");
    }
    print!("{lines}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/proof");
    fs::create_dir_all(&folder).expect("target/ can be written to");
    fs::write(folder.join(format!("{path}.tsv")), lines).expect("target/ can be written to");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[derive(Default)]
struct Tally {
    passed: usize,
    total: usize,
    worst: Held,
}

/// How far numbers are from what they have to be.
#[derive(Default)]
pub struct Held {
    /// How many tensors were held.
    tensors: usize,
    /// The largest absolute difference.
    difference: f32,
    /// The largest part of what is allowed.
    share: f32,
}

impl Held {
    /// Holds a tensor to the independent one, with PyTorch's tolerance.
    pub fn to(&mut self, actual: ArrayViewD<f32>, expected: ArrayViewD<f32>) {
        self.within(actual, expected, RTOL, ATOL);
    }

    fn within(&mut self, actual: ArrayViewD<f32>, expected: ArrayViewD<f32>, rtol: f32, atol: f32) {
        assert_eq!(actual.shape(), expected.shape());
        self.tensors += 1;
        for (&actual, &expected) in actual.iter().zip(expected) {
            self.difference = self.difference.max(difference(actual, expected));
            self.share = self.share.max(part_of_allowed(actual, expected, rtol, atol));
        }
    }
}

impl Case {
    fn held(&self, outputs: &Outputs) -> Held {
        let mut held = Held::default();
        let outputs = outputs.clone().into_trace().expect("all tensors are wanted");
        for (stage, expected) in &self.expected {
            let actual = match *stage {
                "scores" => outputs.scores.clone(),
                "scaled" => outputs.scaled.clone(),
                "capped" => capped(&outputs.scaled, self.inputs.rules().softcap),
                "masked" => outputs.masked.clone(),
                "weights" => outputs.weights.clone(),
                "present_key" => self.inputs.keys().to_owned(),
                "present_value" => self.inputs.values().to_owned(),
                _ => outputs.output.clone(),
            };
            held.within(actual.view().into_dyn(), expected.view(), self.rtol, self.atol);
        }
        held
    }
}

/// One of PyTorch's attention layers, four `nn.Linear` around the attention.
pub struct Layer {
    pub name: String,
    pub heads: usize,
    pub is_causal: bool,
    /// Whether nothing but a causal mask is set, keys and values are made of what the queries are made of, and no biases
    /// are added.
    pub is_plain: bool,
    /// The weights, `[in, out]`.
    pub weights: BlockWeights,
    tensors: HashMap<String, ArrayD<f32>>,
}

impl Layer {
    /// One of its tensors: see `tests/data/make_mha.py`.
    pub fn tensor(&self, key: &str) -> Option<&ArrayD<f32>> {
        self.tensors.get(key)
    }

    /// The input of queries, `[B, S, E]`, or that of keys and values.
    pub fn input(&self, key: &str) -> Array3<f32> {
        let input = self.tensor(key).or_else(|| self.tensor("x")).expect("every layer has an input");
        input.clone().into_dimensionality().expect("three axes")
    }
}

fn layers() -> Vec<Layer> {
    let file = SafeTensors::deserialize(FILES[1]).expect("the committed file is well formed");
    let settings = settings_of(FILES[1]);
    let layer = |(name, settings): (String, Value)| {
        let keys =
            ["x", "x_kv", "w_q", "w_k", "w_v", "w_o", "b_q", "b_k", "b_v", "b_o", "q", "k", "v", "mixed", "output"];
        let tensors: HashMap<_, _> =
            keys.into_iter().filter_map(|key| Some((key.to_owned(), f32s(&file, &format!("{name}/{key}"))?))).collect();
        let matrix = |key: &str| tensors[key].clone().into_dimensionality().expect("two axes");
        let weights = BlockWeights { w_q: matrix("w_q"), w_k: matrix("w_k"), w_v: matrix("w_v"), w_o: matrix("w_o") };
        let has = |key: &str| file.tensor(&format!("{name}/{key}")).is_ok();
        let is_plain = !has("b_q") && !has("mask") && settings["key_lengths"].is_null();
        let is_causal = settings["causal"].as_bool() == Some(true);
        let heads = settings["heads"].as_u64().expect("every layer has heads") as usize;
        Layer { name, heads, is_causal, is_plain, weights, tensors }
    };
    settings.into_iter().map(layer).collect()
}

fn cases_of(bytes: &[u8]) -> Vec<Case> {
    let tensors = SafeTensors::deserialize(bytes).expect("the committed file is well formed");
    settings_of(bytes).into_iter().map(|(name, settings)| case_of(name, &settings, &tensors)).collect()
}

/// The names of the cases in a file and their settings.
fn settings_of(bytes: &[u8]) -> Vec<(String, Value)> {
    let (_, header) = SafeTensors::read_metadata(bytes).expect("the committed file is well formed");
    let metadata = header.metadata().as_ref().expect("the scripts write metadata");
    let cases = metadata.iter().filter(|(_, text)| text.starts_with('{'));
    let read = |text: &str| serde_json::from_str(text).expect("the scripts write JSON");
    let mut cases: Vec<(String, Value)> = cases.map(|(name, text)| (name.clone(), read(text))).collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

fn case_of(name: String, settings: &Value, file: &SafeTensors) -> Case {
    let number = |key: &str| settings[key].as_f64().map(|number| number as f32);
    let count = |key: &str| settings[key].as_u64().map(|number| number as usize);
    let tensor = |key: &str| f32s(file, &format!("{name}/{key}"));
    let four = |key: &str| tensor(key).map(|tensor| tensor.into_dimensionality::<Ix4>().expect("four axes"));
    let needed = |key: &str| four(key).unwrap_or_else(|| panic!("{name} has no {key}"));
    let causal = settings["causal"].as_bool() == Some(true);
    let mut window = Window { left: count("left"), right: count("right") };
    if causal {
        window.right = Some(0);
    }
    let config = Config {
        scale: number("scale").map_or(Scale::InverseSqrtHeadDim, Scale::Factor),
        softcap: number("softcap").filter(|softcap| *softcap > 0.0),
        rotary: number("rotary"),
        window,
        ..Config::default()
    };
    let lengths = settings["key_lengths"].as_array();
    let lengths = lengths.map(|lengths| lengths.iter().map(|n| n.as_u64().expect("a count") as usize).collect());
    let cache = match (four("past_key").zip(four("past_value")), lengths) {
        (Some((keys, values)), None) => Cache::Past { keys, values },
        (None, Some(lengths)) => Cache::Lengths(lengths),
        (None, None) => Cache::None,
        _ => panic!("{name} has a past and key lengths"),
    };
    let mask = bools(file, &format!("{name}/mask")).map(Mask::Allowed).or_else(|| tensor("mask").map(Mask::Added));
    let tensors = Tensors { queries: needed("q"), keys: needed("k"), values: needed("v"), cache, mask };
    let inputs = Inputs::new(tensors, config).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut expected = Vec::new();
    for (key, stage) in [
        ("scores", "scores"),
        ("scaled", "scaled"),
        ("masked", "masked"),
        ("weights", "weights"),
        // PyTorch's `output` is that of the whole layer.
        ("mixed", "output"),
        ("output", "output"),
        ("present_key", "present_key"),
        ("present_value", "present_value"),
    ] {
        let is_layers = key == "output" && tensor("mixed").is_some();
        expected.extend(tensor(key).filter(|_| !is_layers).map(|tensor| (stage, tensor)));
    }
    if let Some(stage) = settings["qk"].as_str() {
        let stage = ["scaled", "capped", "masked", "weights"].into_iter().find(|known| *known == stage);
        expected.push((stage.expect("a stage"), tensor("qk").expect("qk comes with its tensor")));
    }
    Case {
        name,
        group: settings["group"].as_str().expect("every case is of a group").to_owned(),
        inputs,
        expected,
        rtol: number("rtol").expect("a tolerance"),
        atol: number("atol").expect("a tolerance"),
    }
}

fn f32s(file: &SafeTensors, key: &str) -> Option<ArrayD<f32>> {
    let tensor = file.tensor(key).ok().filter(|tensor| tensor.dtype() == Dtype::F32)?;
    let (numbers, _) = tensor.data().as_chunks();
    let numbers = numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    Some(ArrayD::from_shape_vec(tensor.shape(), numbers).expect("the header's shapes fit its data"))
}

fn bools(file: &SafeTensors, key: &str) -> Option<ArrayD<bool>> {
    let tensor = file.tensor(key).ok().filter(|tensor| tensor.dtype() == Dtype::BOOL)?;
    let allowed = tensor.data().iter().map(|byte| *byte == 1).collect();
    Some(ArrayD::from_shape_vec(tensor.shape(), allowed).expect("the header's shapes fit its data"))
}
