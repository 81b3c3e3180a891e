//! The GPU is held to the CPU reference, stage by stage; and losing it is an error, never a panic or a wait for ever.
//!
//! These tests need a Vulkan, Metal or Direct3D 12 adapter. A software one will do.

mod common;
#[path = "common/proof.rs"]
mod proof;
#[path = "common/random.rs"]
mod random;

use std::cell::RefCell;
use std::time::Duration;

use headlight::attention::{
    self, BlockInput, BlockTrace, BlockWeights, Config, Inputs, Mask, Outputs, Rules, Scale, Shape, Tensors, Wanted,
    Window, attend,
};
use headlight::embedding::block_weights;
use headlight::gpu::{Attention, BlockError, Error};
use ndarray::{Array2, Array3, Array4, ArrayBase, ArrayD, Data, Dimension, azip};
use pollster::block_on;
use proptest::prelude::*;
use rand_mt::Mt;

use common::close::{self, ATOL, RTOL};

/// What a run is made of.
#[derive(Clone, Debug)]
struct Case {
    input: Array3<f32>,
    weights: BlockWeights,
    heads: usize,
    config: Config,
    mask: Option<Mask>,
}

impl Case {
    /// Numbers around 0 with the spread that a layer's inputs and PyTorch's `nn.Linear` weights have.
    fn new([batch, heads, len, head_dim]: [usize; 4], config: Config, seed: u32) -> Self {
        let width = heads * head_dim;
        let mut random = Mt::new(seed);
        let mut uniform = || (f64::from(random.next_u32()) / f64::from(u32::MAX) * 2.0 - 1.0) as f32;
        let spread = 1.0 / (width as f32).sqrt();
        let input = Array3::from_shape_simple_fn((batch, len, width), || 1.7 * uniform());
        let mut matrix = || Array2::from_shape_simple_fn((width, width), || spread * uniform());
        let weights = BlockWeights { w_q: matrix(), w_k: matrix(), w_v: matrix(), w_o: matrix() };
        Self { input, weights, heads, config, mask: None }
    }

    /// The same behind a mask `[B, 1, S, S]` that hides every third pair or so, and a whole row.
    fn behind_a_mask(self) -> Self {
        let (batch, len, _) = self.input.dim();
        let allowed = ArrayD::from_shape_fn(vec![batch, 1, len, len], |at| {
            let (batch, query, key) = (at[0], at[2], at[3]);
            query != len / 2 && !(7 * batch + 5 * query + 3 * key + query * key).is_multiple_of(3)
        });
        Self { mask: Some(Mask::Allowed(allowed)), ..self }
    }

    fn on_gpu(&self, gpu: &mut Attention) -> Result<BlockTrace<Outputs>, BlockError> {
        gpu.set_weights(&self.weights);
        block_on(gpu.self_attention(self.input.view(), self.heads, &self.config, self.mask.clone(), Wanted::ALL))
    }

    fn on_cpu(&self) -> Result<BlockTrace, attention::Error> {
        attention::self_attention(self.input.view(), &self.weights, self.heads, &self.config, self.mask.clone())
    }

    /// Every stage against the CPU's, once worked out from the GPU's own operands, and once from the input.
    fn assert_gpu_agrees(&self, gpu: &mut Attention) {
        let gpu = self.on_gpu(gpu).expect("the GPU answers");
        let cpu = self.on_cpu().expect("the inputs are good");
        let (batch, len, _) = self.input.dim();
        let (_, heads, _, head_dim) = gpu.inputs.queries().dim();
        let shape =
            Shape { batch, heads, key_heads: heads, query_len: len, key_len: len, head_dim, value_dim: head_dim };
        let rules = Rules::of(&self.config, shape, self.mask.clone()).expect("the mask fits");

        for (name, gpu, matrix) in [
            ("queries", gpu.inputs.queries(), &self.weights.w_q),
            ("keys", gpu.inputs.keys(), &self.weights.w_k),
            ("values", gpu.inputs.values(), &self.weights.w_v),
        ] {
            let projected = attention::project(self.input.view(), matrix);
            let mut of_heads = attention::heads_from_width(projected.view(), self.heads);
            if let Some(base) = self.config.rotary.filter(|_| name != "values") {
                attention::rotate(of_heads.view_mut(), &vec![0; batch], base);
            }
            assert_close(name, &gpu, &of_heads);
        }
        let trace = &gpu.attention.clone().into_trace().expect("all tensors were wanted");
        assert_close("scores", &trace.scores, &attention::scores(gpu.inputs.queries(), gpu.inputs.keys()));
        assert_eq!(trace.scaled, attention::scaled(&trace.scores, rules.factor));
        assert_eq!(trace.masked, attention::masked(&trace.scaled, &rules));
        assert_close("weights", &trace.weights, &attention::softmax(&trace.masked, &rules.visibility));
        assert_close("mixed", &trace.output, &attention::mix(trace.weights.view(), gpu.inputs.values()));
        let joined = attention::width_from_heads(trace.output.view());
        assert_close("output", &gpu.output, &attention::project(joined.view(), &self.weights.w_o));

        assert_close("weights, end to end", &trace.weights, &cpu.attention.weights);
        assert_close("output, end to end", &gpu.output, &cpu.output);
        for ((batch, head, query, key), &weight) in trace.weights.indexed_iter() {
            let sees = rules.visibility.sees(batch, head, query, key);
            assert!(sees || weight == 0.0, "query {query} sees the masked key {key}: {weight}");
        }
    }
}

fn open() -> Attention {
    let gpu = block_on(Attention::open()).unwrap_or_else(|error| {
        panic!(
            "{error}\nThese tests need a GPU adapter. A software one will do: install Mesa's Vulkan drivers (Debian: \
             mesa-vulkan-drivers libvulkan1), or name Chromium's SwiftShader (vk_swiftshader_icd.json) in \
             VK_ICD_FILENAMES and its folder in LD_LIBRARY_PATH."
        )
    });
    eprintln!("adapter: {}", gpu.adapter_name());
    gpu
}

#[test]
fn a_block_behind_a_mask_agrees_on_gpu_fast_path_and_reference() {
    let gpu = &mut open();
    for (sizes, config) in [
        ([1, 4, 6, 16], Config::default()),
        ([1, 2, 33, 5], Config::causal()),
        ([3, 2, 17, 8], Config { softcap: Some(1.5), rotary: Some(10_000.0), alibi: true, ..Config::default() }),
    ] {
        let case = Case::new(sizes, config, 7).behind_a_mask();
        case.assert_gpu_agrees(gpu);
        let (slow, mask) = (case.on_cpu().expect("the inputs are good"), case.mask.clone());
        let fast =
            attention::fast::self_attention(case.input.view(), &case.weights, case.heads, &config, mask, Wanted::ALL)
                .expect("the inputs are good");
        assert_close("weights", fast.attention.weights.as_ref().expect("they were wanted"), &slow.attention.weights);
        assert_close("output", &fast.output, &slow.output);
    }
}

#[track_caller]
fn assert_close<S, T, D>(name: &str, actual: &ArrayBase<S, D>, expected: &ArrayBase<T, D>)
where
    S: Data<Elem = f32>,
    T: Data<Elem = f32>,
    D: Dimension,
{
    assert_eq!(actual.shape(), expected.shape(), "the shape of the {name}");
    for ((index, &actual), &expected) in actual.indexed_iter().zip(expected) {
        let allowed = ATOL + RTOL * expected.abs();
        // Said so that NaN fails.
        let close = (actual - expected).abs() <= allowed;
        assert!(close, "{name} at {index:?}: {actual} on the GPU, {expected} on the CPU");
    }
}

#[test]
fn every_stage_agrees_with_the_cpu() {
    let gpu = RefCell::new(open());
    let window = prop_oneof![Just(Window::OPEN), Just(Window::CAUSAL)];
    let rotary = prop_oneof![Just(None), Just(Some(10_000.0)), Just(Some(10.0))];
    let config = (window, prop_oneof![Just(None), (-2.0_f32..2.0).prop_map(Some)], rotary, any::<bool>());
    let config = config.prop_map(|(window, factor, rotary, alibi)| Config {
        rotary,
        scale: factor.map_or(Scale::InverseSqrtHeadDim, Scale::Factor),
        window,
        alibi,
        ..Config::default()
    });
    let shape = [1..=3_usize, 1..=5, 1..=40, 1..=33];
    let run = ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(run, |(shape in shape, config in config, seed in any::<u32>())| {
        Case::new(shape, config, seed).assert_gpu_agrees(&mut gpu.borrow_mut());
    });
}

#[test]
fn every_kind_of_attention_agrees_with_the_cpu() {
    let gpu = RefCell::new(open());
    let sizes = prop_oneof![4 => random::sizes(1..=6, 1..=5), 1 => random::sizes(1..=40, 1..=20)];
    let inputs = sizes.prop_flat_map(|sizes| random::inputs_of(sizes, 2.0));
    let run = ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(run, |(inputs in inputs)| {
        let on_gpu = block_on(gpu.borrow_mut().attend(&inputs, Wanted::ALL)).expect("the GPU answers");
        close::assert_close("the GPU", &on_gpu, &attend(&inputs).into());
    });
}

#[test]
fn scores_that_are_not_wanted_change_nothing() {
    // Those that nobody sees are then not even calculated, and what a run before has left there must not matter.
    let gpu = RefCell::new(open());
    let few = Wanted { scores: false, scaled: false, masked: false, ..Wanted::ALL };
    let sizes = prop_oneof![random::sizes(1..=40, 1..=9), random::sizes(60..=150, 1..=9)];
    let inputs = sizes.prop_flat_map(|sizes| random::inputs_of(sizes, 2.0));
    let run = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(run, |(inputs in inputs)| {
        let mut gpu = gpu.borrow_mut();
        let less = block_on(gpu.attend(&inputs, few)).expect("the GPU answers");
        let all = block_on(gpu.attend(&inputs, Wanted::ALL)).expect("the GPU answers");
        prop_assert_eq!(less, Outputs { scores: None, scaled: None, masked: None, ..all });
    });
}

#[test]
fn edges_of_tiles_and_rows_agree_with_the_cpu() {
    let mut gpu = open();
    for len in [1, 15, 16, 17, 63, 64, 65, 129] {
        for head_dim in [1, 7, 16, 17] {
            Case::new([2, 3, len, head_dim], Config::causal(), 42).assert_gpu_agrees(&mut gpu);
        }
    }
}

#[test]
fn long_sentences_agree_with_the_cpu() {
    let mut gpu = open();
    Case::new([1, 4, 512, 16], Config::causal(), 1).assert_gpu_agrees(&mut gpu);
    Case::new([1, 1, 700, 64], Config::default(), 2).assert_gpu_agrees(&mut gpu);
}

#[test]
fn scores_at_the_edge_of_f32_give_finite_weights() {
    // One head of width 1, and identities: the scores are the products of the tokens, up to ±3e38.
    let one = Array2::ones((1, 1));
    let weights = BlockWeights { w_q: one.clone(), w_k: one.clone(), w_v: Array2::zeros((1, 1)), w_o: one };
    let tokens = vec![1.7e19, -1.7e19, 0.0, 1.0, 1.7e19];
    let input = Array3::from_shape_vec((1, 5, 1), tokens).expect("five tokens");
    let case = Case { input, weights, heads: 1, config: Config::default(), mask: None };
    let gpu = case.on_gpu(&mut open()).expect("the GPU answers");
    assert_close(
        "weights",
        &gpu.attention.weights.expect("it was wanted"),
        &case.on_cpu().expect("finite inputs").attention.weights,
    );
}

#[test]
fn biases_are_refused_which_the_kernels_do_not_add() {
    let square = || Array2::ones((2, 2));
    let weights = BlockWeights { w_q: square(), w_k: square(), w_v: Array2::ones((3, 2)), w_o: square() };
    let case = Case { input: Array3::ones((1, 3, 2)), weights, heads: 1, config: Config::default(), mask: None };
    assert!(case.on_cpu().is_ok());
    let refused = case.on_gpu(&mut open()).expect_err("there is a bias").to_string();
    assert!(refused.contains("w_v has shape [3, 2]") && refused.contains("add no biases"), "{refused}");
}

#[test]
fn the_largest_floats_are_turned_to_finite_ones() {
    let one = || Array2::ones((2, 2));
    let weights = BlockWeights { w_q: one() * 0.5, w_k: Array2::zeros((2, 2)), w_v: one() * 0.0, w_o: one() };
    let input = Array3::from_elem((1, 3, 2), f32::MAX);
    let case =
        Case { input, weights, heads: 1, config: Config { rotary: Some(10.0), ..Config::default() }, mask: None };
    let gpu = case.on_gpu(&mut open()).expect("the GPU answers");
    let cpu = case.on_cpu().expect("finite inputs");
    // The first token is not turned; the second's sum of a sine and a cosine is above 1.
    assert_eq!(gpu.inputs.queries()[[0, 0, 1, 1]], f32::MAX);
    azip!((gpu in gpu.inputs.queries(), cpu in cpu.inputs.queries()) {
        assert!((gpu - cpu).abs() <= 1e-6 * f32::MAX, "{gpu} and {cpu}");
    });
}

#[test]
fn chunks_change_nothing() {
    let mut gpu = open();
    for config in [Config::default(), Config::causal()] {
        let case = Case::new([3, 5, 33, 7], config, 7);
        gpu.limit_chunks(u64::MAX);
        let whole = case.on_gpu(&mut gpu).expect("the GPU answers");
        let plane_bytes = 33 * 33 * 4;
        for bytes in [0, plane_bytes, 2 * plane_bytes, 4 * plane_bytes + 1, 14 * plane_bytes] {
            gpu.limit_chunks(bytes);
            assert_eq!(case.on_gpu(&mut gpu).expect("the GPU answers"), whole, "in chunks of {bytes} bytes");
        }
    }
}

#[test]
fn chunks_with_nothing_to_send_back_are_run_too() {
    let mut gpu = open();
    let tensor =
        |seed: usize| Array4::from_shape_fn((1, 3, 9, 4), |(_, h, i, d)| ((h * 31 + i * 7 + d * seed) as f32).sin());
    let inputs = Inputs::new(Tensors::new(tensor(1), tensor(2), tensor(3)), Config::causal()).expect("they agree");
    let output = Wanted { scores: false, scaled: false, masked: false, weights: false, output: true };
    let whole = block_on(gpu.attend(&inputs, output)).expect("the GPU answers");
    gpu.limit_chunks(0);
    assert_eq!(block_on(gpu.attend(&inputs, output)).expect("the GPU answers"), whole);
}

#[test]
fn no_run_sees_the_numbers_of_the_one_before() {
    let shapes = [[1, 4, 6, 16], [2, 2, 40, 8], [1, 1, 1, 1], [3, 5, 17, 9], [1, 4, 6, 16]];
    let mut shared = open();
    for (seed, shape) in (0..).zip(shapes) {
        let case = Case::new(shape, Config::causal(), seed);
        let fresh = case.on_gpu(&mut open()).expect("the GPU answers");
        assert_eq!(case.on_gpu(&mut shared).expect("the GPU answers"), fresh, "{shape:?}");
    }
}

#[test]
fn new_weights_are_used_and_layout_does_not_matter() {
    let mut gpu = open();
    let mut case = Case::new([1, 2, 9, 5], Config::default(), 3);
    case.assert_gpu_agrees(&mut gpu);
    case.weights = Case::new([1, 2, 9, 5], Config::default(), 4).weights;
    case.assert_gpu_agrees(&mut gpu);
    case.weights.w_q = case.weights.w_q.reversed_axes();
    case.input = case.input.permuted_axes([0, 2, 1]).as_standard_layout().into_owned().permuted_axes([0, 2, 1]);
    case.assert_gpu_agrees(&mut gpu);
}

/// Their layout depends on the heads: they lay in the GPU as they had been put there for another number of them.
#[test]
fn the_same_weights_are_right_for_another_number_of_heads() {
    let mut gpu = open();
    let case = Case::new([1, 4, 9, 3], Config::default(), 3);
    for heads in [4, 1, 6, 12, 2] {
        Case { heads, ..case.clone() }.assert_gpu_agrees(&mut gpu);
    }
}

#[test]
fn what_the_cpu_refuses_the_gpu_refuses() {
    let mut gpu = open();
    let good = Case::new([1, 2, 3, 4], Config::default(), 5);
    assert_eq!(
        block_on(gpu.self_attention(good.input.view(), 2, &Config::default(), None, Wanted::ALL)),
        Err(BlockError::Gpu(Error::NoWeights)),
        "before set_weights"
    );

    let mut bad: Vec<Case> = Vec::new();
    bad.extend([0, 3, 9].map(|heads| Case { heads, ..good.clone() }));
    bad.push(Case { input: Array3::zeros((1, 0, 8)), ..good.clone() });
    bad.push(Case { input: Array3::zeros((1, 3, 6)), ..good.clone() });
    for (index, value) in [([0, 0, 0], f32::NAN), ([0, 2, 7], f32::INFINITY), ([0, 1, 3], f32::NEG_INFINITY)] {
        let mut case = good.clone();
        case.input[index] = value;
        bad.push(case);
    }
    let mut case = good.clone();
    case.weights.w_v[[1, 6]] = f32::NAN;
    bad.push(case);
    let mut overflowing = good.clone();
    overflowing.input.fill(3e38);
    overflowing.weights.w_k.fill(2.0);
    bad.push(overflowing.clone());
    overflowing.config.rotary = Some(10.0);
    bad.push(overflowing.clone());
    // Both ways, so that the sum may be NaN.
    overflowing.weights.w_k.outer_iter_mut().step_by(2).for_each(|mut row| row.fill(-2.0));
    bad.push(overflowing);
    for case in bad {
        let refusal = case.on_cpu().expect_err("the CPU refuses this");
        let on_gpu = case.on_gpu(&mut gpu).expect_err("so does the GPU");
        // Compared as text, since NaN is not equal to itself.
        assert_eq!(on_gpu.to_string(), refusal.to_string());
        assert!(matches!(on_gpu, BlockError::Inputs(_)));
    }

    // No shader may be shown an infinity or NaN.
    let mut case = good.clone();
    case.weights.w_o[[0, 1]] = f32::INFINITY;
    let refusal = case.on_gpu(&mut gpu).expect_err("not finite").to_string();
    assert!(refusal.starts_with("w_o holds Infinity at [0, 1]"), "{refusal}");
    let config = Config { scale: Scale::Factor(f32::NAN), ..Config::default() };
    let refusal = Case { config, ..good.clone() }.on_gpu(&mut gpu).expect_err("not finite").to_string();
    assert!(refusal.starts_with("scale is not usable"), "{refusal}");

    good.assert_gpu_agrees(&mut gpu);
}

#[test]
fn what_no_buffer_can_hold_is_refused_before_it_is_asked_for() {
    let mut gpu = open();
    for (shape, name) in [([1, 1, 6000, 1], "The scores of one head"), ([70_000, 1, 1, 1], "The number of batches")] {
        let case = Case::new(shape, Config::default(), 6);
        match case.on_gpu(&mut gpu) {
            Err(BlockError::Gpu(Error::TooLarge { name: refused, size, limit, .. })) => {
                assert_eq!(refused, name);
                assert!(size > limit);
            }
            other => panic!("{shape:?} gave {:?}", other.map(|_| "an answer")),
        }
    }
    Case::new([1, 2, 3, 4], Config::default(), 5).assert_gpu_agrees(&mut gpu);
}

#[test]
fn a_device_lost_between_runs_is_an_error_from_then_on() {
    let mut gpu = open();
    let case = Case::new([1, 4, 6, 16], Config::default(), 8);
    case.assert_gpu_agrees(&mut gpu);
    gpu.device().destroy();
    for _ in 0..3 {
        assert!(matches!(case.on_gpu(&mut gpu), Err(BlockError::Gpu(Error::Lost(_)))));
    }
}

#[test]
fn a_device_lost_in_the_middle_of_a_run_is_an_error() {
    // Sixteen chunks with a download each take far longer than the longest delay.
    let case = Case::new([1, 16, 512, 4], Config::default(), 9);
    for delay in [0, 1, 3, 10] {
        let mut gpu = open();
        gpu.limit_chunks(0);
        let device = gpu.device().clone();
        let loser = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(delay));
            device.destroy();
        });
        let answer = case.on_gpu(&mut gpu).map(|_| "an answer");
        assert!(matches!(answer, Err(BlockError::Gpu(Error::Lost(_)))), "lost after {delay} ms: {answer:?}");
        loser.join().expect("destroying a device does not panic");
        assert!(matches!(case.on_gpu(&mut gpu), Err(BlockError::Gpu(Error::Lost(_)))), "and stays lost");
    }
}

#[test]
fn a_run_tells_how_long_each_kernel_took() {
    let mut gpu = open();
    let case = Case::new([1, 2, 40, 6], Config::default(), 10);
    let untimed = case.on_gpu(&mut gpu).expect("the GPU answers");
    assert!(gpu.times().is_empty());
    gpu.time_kernels();
    gpu.limit_chunks(0);
    assert_eq!(case.on_gpu(&mut gpu).expect("the GPU answers"), untimed);
    let kernels: Vec<&str> = gpu.times().iter().map(|(kernel, _)| *kernel).collect();
    let head = ["scores", "softmax", "mix"];
    let all = [["project"; 3].as_slice(), &head, &head, &["project"]].concat();
    // A GPU need not have a clock.
    assert!(kernels.is_empty() || kernels == all, "{kernels:?}");

    // The most kernels that one piece can have.
    gpu.limit_chunks(u64::MAX);
    let config = Config { rotary: Some(100.0), ..case.config };
    Case { config, ..case }.on_gpu(&mut gpu).expect("the GPU answers");
    let kernels: Vec<&str> = gpu.times().iter().map(|(kernel, _)| *kernel).collect();
    let all = [["project"; 3].as_slice(), &["rotate"; 2], &head, &["project"]].concat();
    assert!(kernels.is_empty() || kernels == all, "{kernels:?}");
}

#[test]
fn every_stage_matches_pytorch() {
    let mut gpu = open();
    common::assert_close_to_torch("the GPU", |case, input| {
        gpu.set_weights(&block_weights(common::WIDTH, case.seed));
        block_on(gpu.self_attention(input.view(), case.heads, &case.config(), None, Wanted::ALL))
            .expect("the GPU answers")
    });
}

#[test]
fn the_gpu_is_proven() {
    let gpu = RefCell::new(open());
    let attend =
        |case: &proof::Case| block_on(gpu.borrow_mut().attend(&case.inputs, Wanted::ALL)).expect("the GPU answers");
    proof::prove("native GPU", attend, |layer, held| {
        let tensor = |key: &str| layer.tensor(key).expect("every layer has it").view();
        let mut gpu = gpu.borrow_mut();
        gpu.set_weights(&layer.weights);
        // The GPU makes whole blocks without biases; of the others it is shown the queries' part.
        let config = if layer.is_causal { Config::causal() } else { Config::default() };
        let (queries, memory) = (layer.input("x"), layer.tensor("x_kv").map(|_| layer.input("x_kv")));
        let input = BlockInput { queries: queries.view(), memory: memory.as_ref().map(|memory| memory.view()) };
        let block = block_on(gpu.multi_head(input, layer.heads, &config, None, Wanted::ALL)).expect("the GPU answers");
        if layer.tensor("b_q").is_none() {
            held.to(block.inputs.queries().into_dyn(), tensor("q"));
        }
        if layer.is_plain {
            held.to(block.inputs.keys().into_dyn(), tensor("k"));
            held.to(block.inputs.values().into_dyn(), tensor("v"));
            held.to(block.attention.output.expect("it is always made").view().into_dyn(), tensor("mixed"));
            held.to(block.output.view().into_dyn(), tensor("output"));
        }
    });
}
