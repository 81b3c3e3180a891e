//! An engine that is asked as the page asks it.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::sync::LazyLock;
use std::time::Instant;

use headlight::engine::Engine;
use headlight::protocol::{
    BUILD, CellRef, EngineChoice, EngineKind, Matrix, Operands, Reply, Request, Run, Setup, Slice, Span, Tensor,
};
use pollster::block_on;

/// Every tensor that the page can ask for, in self-attention.
pub const TENSORS: [Tensor; 24] = *Tensor::ALL.first_chunk().expect("there are more");

/// Those that there are in cross-attention alone.
pub const KEY_TENSORS: [Tensor; 4] = *Tensor::ALL.last_chunk().expect("there are more");

/// Milliseconds since the test began.
pub fn clock() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1000.0
}

/// An engine that was opened, and what it says it is.
pub fn open(choice: EngineChoice) -> (Engine, EngineKind) {
    let mut engine = Engine::new(clock);
    match ask(&mut engine, Request::Open { build: BUILD.to_owned(), engine: choice }) {
        Some(Reply::Opened { build, engine: kind }) if build == BUILD => (engine, kind),
        other => panic!("{other:?}"),
    }
}

/// The CPU, chosen.
pub fn on_cpu() -> Engine {
    let (engine, kind) = open(EngineChoice::Cpu);
    assert_eq!(kind, EngineKind::Cpu { instead_of_webgpu: None });
    engine
}

/// The GPU, and nothing in its stead.
pub fn on_gpu() -> Engine {
    let (engine, kind) = open(EngineChoice::WebGpu);
    match &kind {
        EngineKind::WebGpu { adapter } if !adapter.is_empty() => println!("adapter: {adapter}"),
        other => panic!(
            "{other:?}\nThese tests need a GPU adapter. A software one will do: install Mesa's Vulkan drivers (Debian: \
             mesa-vulkan-drivers libvulkan1), or name Chromium's SwiftShader (vk_swiftshader_icd.json) in \
             VK_ICD_FILENAMES and its folder in LD_LIBRARY_PATH."
        ),
    }
    engine
}

pub fn ask(engine: &mut Engine, request: Request) -> Option<Reply> {
    block_on(engine.answer(request))
}

/// Runs a sentence that is not refused.
pub fn run(engine: &mut Engine, number: u64, sentence: &str, setup: &Setup, slices: Vec<Slice>) -> Run {
    run_compared(engine, number, sentence, [setup, setup], slices)
}

/// Runs sentences that are not refused: a line each, and those that keys and values are made of.
pub fn run_pair(
    engine: &mut Engine,
    number: u64,
    [sentence, second]: [&str; 2],
    setup: &Setup,
    slices: Vec<Slice>,
) -> Run {
    let (sentence, second) = (sentence.to_owned(), second.to_owned());
    let request = Request::Run { run: number, sentence, second, setup: setup.clone(), before: None, slices };
    match ask(engine, request) {
        Some(Reply::Ran(run)) => run,
        other => panic!("{setup:?} gave {other:?}"),
    }
}

/// Runs a sentence that is not refused with the second set-up, and compares it with the first where that is another.
pub fn run_compared(
    engine: &mut Engine,
    number: u64,
    sentence: &str,
    [before, setup]: [&Setup; 2],
    slices: Vec<Slice>,
) -> Run {
    let before = Some(before.clone()).filter(|before| before != setup);
    let request = Request::Run {
        run: number,
        sentence: sentence.to_owned(),
        second: String::new(),
        setup: setup.clone(),
        before,
        slices,
    };
    match ask(engine, request) {
        Some(Reply::Ran(run)) => run,
        other => panic!("{sentence:?} in {setup:?} gave {other:?}"),
    }
}

/// The whole of a tensor.
pub fn whole(tensor: Tensor, head: usize) -> Slice {
    Slice {
        item: 0,
        tensor,
        head,
        rows: Span::ALL,
        columns: Span::ALL,
        most_rows: usize::MAX,
        most_columns: usize::MAX,
        is_change: false,
    }
}

/// A matrix of the run that is kept, if it has such a head.
pub fn read(engine: &mut Engine, run: u64, slice: Slice) -> Option<Matrix> {
    match ask(engine, Request::Read { run, slices: vec![slice] }) {
        Some(Reply::Slices { run: answered, slices }) if answered == run => {
            slices.into_iter().next().map(|(answered, matrix)| {
                assert_eq!(answered, slice);
                matrix
            })
        }
        other => panic!("{slice:?} gave {other:?}"),
    }
}

/// A number of the run that is kept, and what it was made from, if it is there.
pub fn explain(engine: &mut Engine, run: u64, cell: CellRef) -> Option<Operands> {
    explain_of(engine, run, 0, cell)
}

/// The same of a sentence of a batch.
pub fn explain_of(engine: &mut Engine, run: u64, item: usize, cell: CellRef) -> Option<Operands> {
    match ask(engine, Request::Explain { run, item, cell })? {
        Reply::Operands { run: answered, operands } if answered == run => Some(operands),
        other => panic!("{cell:?} gave {other:?}"),
    }
}
