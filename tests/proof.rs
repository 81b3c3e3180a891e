//! Attention is what the ONNX operator, PyTorch and a float64 reference say it is; `tests/gpu.rs` and
//! `tests/e2e/proof.spec.js` hold the other engines to the same numbers, and `cargo xtask proof` prints them all.

#[path = "common/close.rs"]
mod close;
#[path = "common/proof.rs"]
mod proof;

use headlight::attention::{Wanted, attend, fast, heads_from_width, project, width_from_heads};
use ndarray::{Array2, Array3, ArrayView3, Ix1, Ix4};
use proof::{Held, Layer};

#[test]
fn the_reference_is_proven() {
    proof::prove("reference", |case| attend(&case.inputs).into(), |layer, held| hold_projections(project, layer, held));
}

#[test]
fn the_fast_path_is_proven() {
    proof::prove(
        "fast CPU",
        |case| fast::attend(&case.inputs, Wanted::ALL),
        |layer, held| {
            hold_projections(fast::project, layer, held);
        },
    );
}

/// The four `nn.Linear` of a layer; the attention between them is a case of its own.
fn hold_projections(project: fn(ArrayView3<f32>, &Array2<f32>) -> Array3<f32>, layer: &Layer, held: &mut Held) {
    let linear = |input: &Array3<f32>, weight, bias: &str| {
        let product = project(input.view(), weight);
        match layer.tensor(bias) {
            Some(bias) => product + bias.view().into_dimensionality::<Ix1>().expect("one axis"),
            None => product,
        }
    };
    for (input, weight, bias, output) in [
        ("x", &layer.weights.w_q, "b_q", "q"),
        ("x_kv", &layer.weights.w_k, "b_k", "k"),
        ("x_kv", &layer.weights.w_v, "b_v", "v"),
    ] {
        let ours = heads_from_width(linear(&layer.input(input), weight, bias).view(), layer.heads);
        held.to(ours.view().into_dyn(), layer.tensor(output).expect("every layer has it").view());
    }
    let mixed =
        layer.tensor("mixed").expect("every layer has it").view().into_dimensionality::<Ix4>().expect("four axes");
    let ours = linear(&width_from_heads(mixed), &layer.weights.w_o, "b_o");
    held.to(ours.view().into_dyn(), layer.tensor("output").expect("every layer has it").view());
}
