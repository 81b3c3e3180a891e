//! What PyTorch computed (`tests/data/torch.safetensors`), and how an engine's trace is held to it.

pub mod close;

use std::sync::LazyLock;

use headlight::{
    attention::{BlockTrace, Config, Outputs, Window, width_from_heads},
    embedding::{Positions, embed, positions, tokens},
};
use ndarray::{Array3, ArrayD, ArrayView4, ArrayViewD, Axis};
use safetensors::{Dtype, SafeTensors};

use close::difference;

/// The sentence of every case.
pub const SENTENCE: &str = "The cat sat on the mat";
/// The model width of every case.
pub const WIDTH: usize = 64;
/// How far a float32 engine may be from PyTorch at any stage: room for another order of additions, no more.
pub const TOLERANCE: f32 = 1e-5;

/// PyTorch's numbers; `tests/data/make_torch.py` says what each key holds.
pub static TORCH: LazyLock<SafeTensors<'static>> = LazyLock::new(|| {
    SafeTensors::deserialize(include_bytes!("../data/torch.safetensors")).expect("the committed file is well formed")
});

/// A set-up that PyTorch computed. The matrices are `block_weights(WIDTH, seed)`.
#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    pub positions: Positions,
    pub heads: usize,
    pub mask: Window,
}

/// Every set-up that PyTorch computed.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for seed in [0, 1, 42, 1234] {
        for positions in [Positions::None, Positions::Sinusoidal] {
            for heads in [1, 4] {
                for mask in [Window::OPEN, Window::CAUSAL] {
                    cases.push(Case { seed, positions, heads, mask });
                }
            }
        }
    }
    cases
}

impl Case {
    /// The input of the block, `[1, S, E]`.
    pub fn input(&self) -> Array3<f32> {
        let tokens = tokens(SENTENCE);
        let input = embed(&tokens, WIDTH, self.seed) + positions(self.positions, tokens.len(), WIDTH);
        input.insert_axis(Axis(0))
    }

    pub fn config(&self) -> Config {
        Config { window: self.mask, ..Config::default() }
    }

    /// The key of one of PyTorch's stages in this set-up.
    fn key(&self, stage: &str) -> String {
        let Self { seed, heads, .. } = self;
        let positions = match self.positions {
            Positions::None => "none",
            Positions::Sinusoidal => "sinusoidal",
            other => panic!("no case has {other:?}"),
        };
        let block = format!("block/seed={seed}/positions={positions}");
        match stage {
            "x" | "q" | "k" | "v" => format!("{block}/{stage}"),
            "scores" | "scaled" => format!("{block}/heads={heads}/{stage}"),
            _ => {
                let mask = if self.mask == Window::CAUSAL { "causal" } else { "none" };
                format!("{block}/heads={heads}/mask={mask}/{stage}")
            }
        }
    }
}

/// Runs an engine on every case, prints the worst difference of each stage, and fails where one passes [`TOLERANCE`].
pub fn assert_close_to_torch(engine: &str, mut run: impl FnMut(&Case, &Array3<f32>) -> BlockTrace<Outputs>) {
    let cases = cases();
    let mut worst: Vec<(&str, f32, &Case)> = Vec::new();
    for case in &cases {
        let input = case.input();
        let trace = run(case, &input);
        for (index, (stage, difference)) in compare(&trace, &input, case).into_iter().enumerate() {
            match worst.get_mut(index) {
                None => worst.push((stage, difference, case)),
                Some(so_far) if so_far.1 < difference => *so_far = (stage, difference, case),
                Some(_) => {}
            }
        }
    }
    println!("{engine} against PyTorch, the worst of {} set-ups:", cases.len());
    for (stage, difference, case) in &worst {
        println!("  {stage:<8} {difference:>9.2e}  {case:?}");
    }
    for (stage, difference, case) in worst {
        assert!(difference <= TOLERANCE, "{engine}: {stage} is {difference:e} from PyTorch in {case:?}");
    }
}

/// The largest absolute difference from PyTorch at each stage; infinite where a shape or a NaN differs.
pub fn compare(trace: &BlockTrace<Outputs>, input: &Array3<f32>, case: &Case) -> Vec<(&'static str, f32)> {
    let attention = trace.attention.clone().into_trace().expect("all tensors were wanted");
    let inputs = &trace.inputs;
    let joined = |split: ArrayView4<f32>| width_from_heads(split).into_dyn();
    let stages = [
        ("x", input.clone().into_dyn()),
        ("q", joined(inputs.queries())),
        ("k", joined(inputs.keys())),
        ("v", joined(inputs.values())),
        ("scores", attention.scores.into_dyn()),
        ("scaled", attention.scaled.into_dyn()),
        ("masked", attention.masked.into_dyn()),
        ("weights", attention.weights.clone().into_dyn()),
        ("mixed", joined(attention.output.view())),
        ("output", trace.output.clone().into_dyn()),
    ];
    stages
        .into_iter()
        .map(|(stage, ours)| {
            // PyTorch's tensors have no batch axis.
            (stage, worst_difference(ours.index_axis(Axis(0), 0), tensor(&case.key(stage)).view()))
        })
        .collect()
}

/// One of PyTorch's float32 tensors.
pub fn tensor(key: &str) -> ArrayD<f32> {
    let tensor = TORCH.tensor(key).unwrap_or_else(|error| panic!("{key}: {error}"));
    assert_eq!(tensor.dtype(), Dtype::F32, "{key}");
    let (numbers, _) = tensor.data().as_chunks();
    let numbers = numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    ArrayD::from_shape_vec(tensor.shape(), numbers).expect("the header's shapes fit its data")
}

fn worst_difference(ours: ArrayViewD<f32>, theirs: ArrayViewD<f32>) -> f32 {
    if ours.shape() != theirs.shape() {
        return f32::INFINITY;
    }
    ours.iter().zip(&theirs).map(|(&ours, &theirs)| difference(ours, theirs)).fold(0.0, f32::max)
}
