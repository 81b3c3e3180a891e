//! Independent numbers: what the ONNX operator, PyTorch and a float64 reference make of given tensors, and how an engine
//! is held to them. The scripts beside the files in `tests/data/` say what they hold.

use headlight::attention::{Cache, Config, Error, Inputs, Mask, Outputs, Scale, Tensors, Window, capped};
use ndarray::{ArrayD, Ix4};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::fmt::Write;
use std::{fs, path::Path};

const FILES: [&[u8]; 3] = [
    include_bytes!("../data/onnx.safetensors"),
    include_bytes!("../data/mha.safetensors"),
    include_bytes!("../data/hard.safetensors"),
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

/// Runs an engine on every case, prints what came out by group, notes it for `cargo xtask proof`, and fails where a
/// number is farther off than its case allows.
pub fn prove(path: &str, mut run: impl FnMut(&Case) -> Outputs) {
    let mut groups: Vec<(String, Tally)> = Vec::new();
    let mut failures = Vec::new();
    for case in cases() {
        let (difference, share) = case.worst(&run(&case));
        if !groups.iter().any(|(group, _)| *group == case.group) {
            groups.push((case.group.clone(), Tally::default()));
        }
        let (_, tally) = groups.iter_mut().find(|(group, _)| *group == case.group).expect("it was just put there");
        tally.total += 1;
        tally.difference = tally.difference.max(difference);
        tally.share = tally.share.max(share);
        if share <= 1.0 {
            tally.passed += 1;
        } else {
            failures.push(format!("{path}, {}: off by {difference:e}, {share:.2} times what is allowed", case.name));
        }
    }
    let mut lines = String::new();
    for (group, Tally { passed, total, difference, share }) in groups {
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
    /// The largest absolute difference.
    difference: f32,
    /// The largest part of what is allowed.
    share: f32,
}

impl Case {
    /// The largest difference, and the largest as a part of what is allowed.
    fn worst(&self, outputs: &Outputs) -> (f32, f32) {
        let (mut worst, mut worst_share) = (0.0_f32, 0.0_f32);
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
            assert_eq!(actual.shape(), expected.shape(), "{}: the shape of {stage}", self.name);
            for (&actual, &expected) in actual.iter().zip(expected) {
                let difference = match (actual - expected).abs() {
                    // Equal infinities, too.
                    _ if actual == expected => 0.0,
                    difference if difference.is_nan() => f32::INFINITY,
                    difference => difference,
                };
                worst = worst.max(difference);
                worst_share = worst_share.max(difference / (self.atol + self.rtol * expected.abs()));
            }
        }
        (worst, worst_share)
    }
}

fn cases_of(bytes: &[u8]) -> Vec<Case> {
    let tensors = SafeTensors::deserialize(bytes).expect("the committed file is well formed");
    let (_, header) = SafeTensors::read_metadata(bytes).expect("it was just read");
    let metadata = header.metadata().as_ref().expect("the scripts write metadata");
    let mut names: Vec<&String> =
        metadata.iter().filter(|(_, text)| text.starts_with('{')).map(|(name, _)| name).collect();
    names.sort();
    names.into_iter().map(|name| case_of(name, &metadata[name], &tensors)).collect()
}

fn case_of(name: &str, settings: &str, file: &SafeTensors) -> Case {
    let settings: Value = serde_json::from_str(settings).expect("the scripts write JSON");
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
    let inputs: Result<Inputs, Error> = Inputs::new(tensors, config);
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
        name: name.to_owned(),
        group: settings["group"].as_str().expect("every case is of a group").to_owned(),
        inputs: inputs.unwrap_or_else(|error| panic!("{name}: {error}")),
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
