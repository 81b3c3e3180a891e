//! The engine answers what the page asks, on the CPU and on the GPU, and goes on when the GPU is lost.

#[path = "common/engine.rs"]
mod engine;

use std::thread;
use std::time::Duration;

use engine::{TENSORS, ask, clock, explain, on_cpu, on_gpu, read, run, run_compared, whole};
use headlight::attention::Window;
use headlight::embedding::{Positions, embed, positions, tokens};
use headlight::engine::Engine;
use headlight::gpu;
use headlight::protocol::{
    Against, CellRef, EngineKind, LeftOut, MOST_TOKENS, Matrix, Operands, Refusal, Reply, Request, Run, Setup, Slice,
    Span, Tensor, WIDEST_MODEL,
};
use ndarray::{Array2, s};
use pollster::block_on;
use rand_mt::Mt;

const EXAMPLE: &str = "The cat sat on the mat";

/// Every test of what both engines have to do runs on both.
fn on_both(test: impl Fn(&mut Engine)) {
    test(&mut on_cpu());
    test(&mut on_gpu());
}

fn not_divided(width: usize, heads: usize) -> Refusal {
    Refusal::Heads { heads, width }
}

fn causal() -> Setup {
    Setup { mask: Window::CAUSAL, ..Setup::default() }
}

#[test]
fn the_standard_example_is_answered() {
    on_both(|engine| {
        let slices: Vec<Slice> = TENSORS.iter().map(|&tensor| whole(tensor, 3)).collect();
        let done = run(engine, 7, EXAMPLE, &Setup::default(), slices.clone());
        assert_eq!((done.run, done.left_out), (7, LeftOut::default()));
        assert_eq!((done.setup, &done.batch[0].tokens), (Setup::default(), &tokens(EXAMPLE)));
        assert!(done.milliseconds > 0.0);
        assert!(done.slices.iter().map(|(slice, _)| slice).eq(&slices), "in the order asked for");

        let matrix = |tensor| {
            let (_, matrix) = done.slices.iter().find(|(slice, _)| slice.tensor == tensor).expect("it was asked for");
            array(matrix)
        };
        let (words, places) = (embed(&done.batch[0].tokens, 64, 42), positions(Positions::Sinusoidal, 6, 64));
        assert_eq!(matrix(Tensor::Input), &words + &places);
        assert_eq!((matrix(Tensor::WordEmbeddings), matrix(Tensor::Positions)), (words, places));
        for row in matrix(Tensor::Weights).rows() {
            assert!((row.sum() - 1.0).abs() < 1e-6, "{row}");
        }
        let shapes = [
            (Tensor::Tokens, (1, 6)),
            (Tensor::QueryWeights, (64, 16)),
            (Tensor::Scores, (6, 6)),
            (Tensor::RowMax, (6, 1)),
            (Tensor::Mixed, (6, 16)),
            (Tensor::Heads, (6, 64)),
            (Tensor::OutputWeights, (64, 64)),
            (Tensor::Output, (6, 64)),
        ];
        for (tensor, shape) in shapes {
            assert_eq!(matrix(tensor).dim(), shape, "{tensor:?}");
        }
    });
}

#[test]
fn both_engines_make_the_same_numbers() {
    let (mut cpu, mut gpu) = (on_cpu(), on_gpu());
    for setup in [Setup::default(), causal()] {
        let slices: Vec<Slice> =
            TENSORS.iter().flat_map(|&tensor| (0..setup.heads).map(move |head| whole(tensor, head))).collect();
        let on_cpu = run(&mut cpu, 1, EXAMPLE, &setup, slices.clone());
        let on_gpu = run(&mut gpu, 1, EXAMPLE, &setup, slices);
        assert!(matches!(on_gpu.engine, EngineKind::WebGpu { .. }), "{:?}", on_gpu.engine);
        assert_same(&on_cpu, &on_gpu, 1e-5);
    }
}

#[test]
fn what_makes_no_sense_is_refused_and_the_last_run_is_kept() {
    on_both(|engine| {
        run(engine, 1, EXAMPLE, &Setup::default(), vec![]);
        let cases = [
            ("", Setup::default(), Refusal::NoTokens),
            (" \n\t\u{200b}", Setup::default(), Refusal::NoTokens),
            (EXAMPLE, Setup { width: 0, ..Setup::default() }, Refusal::Width(0)),
            (EXAMPLE, Setup { width: WIDEST_MODEL + 1, ..Setup::default() }, Refusal::Width(513)),
            (EXAMPLE, Setup { heads: 3, ..Setup::default() }, not_divided(64, 3)),
            (EXAMPLE, Setup { heads: 0, ..Setup::default() }, not_divided(64, 0)),
        ];
        for (sentence, setup, expected) in cases {
            let request = Request::Run {
                run: 2,
                sentence: sentence.to_owned(),
                second: String::new(),
                setup,
                before: None,
                slices: vec![],
            };
            assert_eq!(ask(engine, request), Some(Reply::Refused { run: 2, refusal: expected }));
        }
        assert!(read(engine, 1, whole(Tensor::Output, 0)).is_some());
    });
}

#[test]
fn more_tokens_than_the_limit_are_cut_and_counted() {
    for (mut engine, counts) in
        [(on_cpu(), &[(1, 0), (512, 0), (4096, 0), (4097, 1), (5000, 904)][..]), (on_gpu(), &[(4097, 1)])]
    {
        let setup = Setup { width: 8, heads: 1, ..causal() };
        for &(count, left_out) in counts {
            let sentence = "cat ".repeat(count);
            let small = Slice { most_rows: 48, most_columns: 48, ..whole(Tensor::Weights, 0) };
            let done = run(&mut engine, 1, &sentence, &setup, vec![small]);
            assert_eq!((done.left_out.tokens, done.batch[0].tokens.len()), (left_out, count.min(MOST_TOKENS)));
            let matrix = &done.slices[0].1;
            assert_eq!((matrix.rows, matrix.columns), (done.batch[0].tokens.len(), done.batch[0].tokens.len()));
        }
    }
}

#[test]
fn a_reduced_matrix_keeps_the_largest_magnitudes() {
    let mut engine = on_cpu();
    let sentence: Vec<String> = (0..37).map(|i| format!("word{i}")).collect();
    let setup = causal();
    run(&mut engine, 1, &sentence.join(" "), &setup, vec![]);
    for tensor in TENSORS {
        let whole = read(&mut engine, 1, whole(tensor, 2)).expect("there is a head 2");
        let all = array(&whole);
        assert_eq!(whole.largest, finite_largest(&whole.values), "{tensor:?}");
        for (most_rows, most_columns) in [(0, 0), (1, 1), (5, 7), (10, 500), (36, 36), (500, 500)] {
            let slice = Slice { most_rows, most_columns, ..engine::whole(tensor, 2) };
            let reduced = read(&mut engine, 1, slice).expect("there is a head 2");
            let shown = (whole.rows.min(most_rows.max(1)), whole.columns.min(most_columns.max(1)));
            assert_eq!((reduced.rows, reduced.columns), (whole.rows, whole.columns));
            assert_eq!((reduced.shown_rows, reduced.shown_columns), shown);
            assert_eq!(reduced.largest, whole.largest, "{tensor:?}");

            // Each number goes into one block; what is kept there is no smaller than any that went in.
            let mut blocks: Vec<Vec<f32>> = vec![vec![]; shown.0 * shown.1];
            for ((row, column), &value) in all.indexed_iter() {
                let place = |index: usize, shown: usize, of: usize| ((index + 1) * shown).div_ceil(of) - 1;
                let (row, column) = (place(row, shown.0, whole.rows), place(column, shown.1, whole.columns));
                blocks[row * shown.1 + column].push(value);
            }
            for (block, &kept) in blocks.iter().zip(&reduced.values) {
                assert!(block.contains(&kept), "{tensor:?} to {shown:?}: {kept} is not in {block:?}");
                assert_eq!(kept.is_finite(), block.iter().any(|value| value.is_finite()), "{tensor:?}: {block:?}");
                assert!(!kept.is_finite() || kept.abs() == finite_largest(block), "{tensor:?}: {kept} of {block:?}");
            }
        }
    }
}

#[test]
fn a_part_of_a_matrix_is_that_part_of_the_whole() {
    let mut engine = on_cpu();
    let sentence: Vec<String> = (0..37).map(|i| format!("word{i}")).collect();
    run(&mut engine, 1, &sentence.join(" "), &causal(), vec![]);
    let mut random = Mt::new(5);
    let mut number = |below: usize| random.next_u32() as usize % below;
    for tensor in TENSORS {
        let whole = whole(tensor, 1);
        let all = read(&mut engine, 1, whole).expect("there is a head 1");
        for _ in 0..5 {
            let (rows, columns) =
                (Span { first: number(40), count: number(40) }, Span { first: number(40), count: number(40) });
            let part = read(&mut engine, 1, Slice { rows, columns, ..whole }).expect("there is a head 1");
            let (rows, columns) = (rows.within(all.rows), columns.within(all.columns));
            assert_eq!((part.first_row, part.first_column), (rows.start, columns.start));
            assert_eq!((part.rows, part.columns), (rows.len(), columns.len()));
            assert_eq!(part.largest, all.largest, "its colours are those of the whole");
            assert!(part.is_whole());
            let expected = array(&all).slice(s![rows, columns]).to_owned();
            assert_eq!(array(&part), expected, "{tensor:?}");
        }
    }
}

/// Where not all heads fit, they are made when they are looked at, and the numbers are the same.
#[test]
fn heads_that_are_made_late_have_the_same_numbers() {
    // Sixteen heads of 2,100 tokens would take 540 MB; that a head is made late changes nothing in it.
    let sentence: Vec<String> = (0..2100).map(|i| format!("word{i}")).collect();
    let setup = Setup { width: 16, heads: 16, ..causal() };
    let mut engine = on_cpu();
    let some = |head| Slice {
        rows: Span { first: 2000, count: 20 },
        columns: Span { first: 10, count: 20 },
        ..whole(Tensor::Weights, head)
    };
    let done = run(&mut engine, 1, &sentence.join(" "), &setup, vec![some(3), some(4)]);
    assert_eq!(done.slices.len(), 1, "one head is made for a reply, others for the next");
    let explained = explain(&mut engine, 1, CellRef { tensor: Tensor::Mixed, head: 9, row: 7, column: 0 });
    let Operands { value, left, right, .. } = explained.expect("its head is made for it");
    let sum: f64 = left.iter().zip(&right).map(|(share, value)| f64::from(*share) * f64::from(*value)).sum();
    assert!((sum - f64::from(value)).abs() < 1e-6, "{sum} is not {value}");
    for head in [3, 4, 15] {
        let weights = read(&mut engine, 1, whole(Tensor::RowSums, head)).expect("it is made");
        assert!(weights.values.iter().all(|sum| (sum - 1.0).abs() < 1e-6));
        assert!(read(&mut engine, 1, some(head)).is_some());
    }
}

#[test]
fn a_check_finds_the_other_engine_in_agreement() {
    on_both(|engine| {
        let done = run(engine, 1, EXAMPLE, &causal(), vec![]);
        let checked = match ask(engine, Request::Check { run: 1 }) {
            Some(Reply::Checked(checked)) => checked,
            other => panic!("{other:?}"),
        };
        assert_eq!(checked.run, 1);
        match (&done.engine, &checked.against) {
            (EngineKind::Cpu { .. }, Against::Engine(EngineKind::WebGpu { .. })) => {}
            (EngineKind::WebGpu { .. }, Against::Engine(EngineKind::Cpu { .. })) => {}
            other => panic!("{other:?}"),
        }
        let stages: Vec<Tensor> = checked.stages.iter().map(|stage| stage.tensor).collect();
        let expected = [Tensor::Queries, Tensor::Keys, Tensor::Values, Tensor::Scores, Tensor::Scaled, Tensor::Masked];
        assert_eq!(stages[..6], expected);
        assert_eq!(stages[6..], [Tensor::Weights, Tensor::Mixed, Tensor::Output]);
        for stage in checked.stages {
            assert!(stage.largest <= stage.allowed() && stage.magnitude > 0.0, "{stage:?}");
        }
        assert_eq!(ask(engine, Request::Check { run: 2 }), None, "another run than the one that is kept");
    });
}

#[test]
fn a_change_is_what_stands_there_now_minus_what_stood_there() {
    let what_ifs = [
        causal(),
        Setup { is_scaled: false, ..Setup::default() },
        Setup { temperature: 0.25, ..Setup::default() },
        Setup { seed: 7, ..Setup::default() },
        Setup { mask: Window { left: Some(1), right: Some(1) }, ..causal() },
        Setup { positions: Positions::None, ..Setup::default() },
        Setup { heads: 2, ..Setup::default() },
        Setup { positions: Positions::Rotary, ..Setup::default() },
        Setup { positions: Positions::Alibi, ..causal() },
        Setup { softcap: Some(0.5), ..Setup::default() },
        Setup { heads_off: vec![1, 3], ..Setup::default() },
        Setup { painted: vec![(0, 3, true).into(), (2, 1, false).into()], ..Setup::default() },
        Setup { padding: 2, ..Setup::default() },
    ];
    on_both(|engine| {
        for setup in &what_ifs {
            run(engine, 1, EXAMPLE, &Setup::default(), vec![]);
            let before = TENSORS.map(|tensor| read(engine, 1, whole(tensor, 1)));
            let compared = run_compared(engine, 2, EXAMPLE, [&Setup::default(), setup], vec![]);
            assert_eq!(compared.before, Some(Setup::default()));
            for (tensor, before) in TENSORS.into_iter().zip(&before) {
                let before = before.as_ref().expect("there are four heads");
                let now = read(engine, 2, whole(tensor, 1)).expect("there are two heads");
                let change = read(engine, 2, Slice { is_change: true, ..whole(tensor, 1) });
                let Some(change) = change else {
                    // An id is a name, and no measure.
                    let is_name = tensor == Tensor::Tokens;
                    let is_other = (now.rows, now.columns) != (before.rows, before.columns);
                    assert!(is_name || is_other, "{tensor:?} in {setup:?}");
                    continue;
                };
                assert!(change.is_change && !now.is_change);
                for (index, (&now, &before)) in now.values.iter().zip(&before.values).enumerate() {
                    let is_share = matches!(tensor, Tensor::Weights | Tensor::Exponentials);
                    let hidden = [now, before].map(|value| value == f32::NEG_INFINITY);
                    let [now, before] = [now, before].map(|value| if is_share { value.max(0.0) } else { value });
                    let expected = match hidden {
                        [true, true] => f32::NEG_INFINITY,
                        [false, false] => now - before,
                        // What is hidden gets no share; of a score there is nothing to compare.
                        _ if is_share => now - before,
                        _ => f32::NEG_INFINITY,
                    };
                    assert_eq!(change.values[index], expected, "{tensor:?} {index} in {setup:?}");
                }
                let cell = CellRef { tensor, head: 1, row: now.rows - 1, column: 0 };
                let asked = ask(engine, Request::Explain { run: 2, item: 0, cell });
                let Some(Reply::Operands { operands, .. }) = asked else { panic!("{asked:?}") };
                let stood = before.values[(now.rows - 1) * now.columns];
                let stood =
                    if matches!(tensor, Tensor::Weights | Tensor::Exponentials) { stood.max(0.0) } else { stood };
                assert_eq!(operands.before, Some(stood), "{tensor:?} in {setup:?}");
            }
        }
        run(engine, 3, EXAMPLE, &Setup::default(), vec![]);
        let change = Slice { is_change: true, ..whole(Tensor::Weights, 0) };
        assert_eq!(read(engine, 3, change), None, "there is nothing to compare with any more");
    });
}

#[test]
fn minus_infinity_stands_for_hidden_cells_alone() {
    on_both(|engine| {
        let painted = Setup { painted: vec![(0, 3, true).into(), (2, 1, false).into()], padding: 1, ..causal() };
        for setup in [Setup::default(), causal(), painted] {
            run(engine, 1, EXAMPLE, &setup, vec![]);
            for tensor in TENSORS {
                let hides = matches!(
                    tensor,
                    Tensor::Mask | Tensor::Masked | Tensor::Shifted | Tensor::Exponentials | Tensor::Weights
                );
                let matrix = array(&read(engine, 1, whole(tensor, 0)).expect("there is a first head"));
                for ((row, column), &value) in matrix.indexed_iter() {
                    let hidden = hides && !setup.sees(row, column, 6);
                    assert_eq!(value == f32::NEG_INFINITY, hidden, "{tensor:?} {row} {column}: {value}");
                    assert!(hidden || value.is_finite(), "{tensor:?} {row} {column}: {value}");
                }
            }
        }
    });
}

#[test]
fn another_run_than_the_one_that_is_kept_is_not_answered() {
    on_both(|engine| {
        let cell = CellRef { tensor: Tensor::Scores, head: 0, row: 0, column: 0 };
        let ask_about = |engine: &mut Engine, run| {
            let slices = vec![whole(Tensor::Scores, 0)];
            [ask(engine, Request::Read { run, slices }), ask(engine, Request::Explain { run, item: 0, cell })]
        };
        assert_eq!(ask_about(engine, 1), [None, None], "before any run");
        run(engine, 1, EXAMPLE, &Setup::default(), vec![]);
        assert!(ask_about(engine, 1).iter().all(Option::is_some));
        run(engine, 2, "Another one", &Setup::default(), vec![]);
        assert_eq!(ask_about(engine, 1), [None, None], "the run before");
        assert_eq!(ask_about(engine, 3), [None, None], "a run to come");
        assert!(ask_about(engine, 2).iter().all(Option::is_some));
    });
}

#[test]
fn every_cell_has_its_number_and_no_other_has() {
    let mut engine = on_cpu();
    let mut random = Mt::new(3);
    run(&mut engine, 1, EXAMPLE, &causal(), vec![]);
    for tensor in TENSORS {
        let whole = read(&mut engine, 1, whole(tensor, 1)).expect("there is a second head");
        let (rows, columns) = (whole.rows, whole.columns);
        let mut explained = |head, row, column| explain(&mut engine, 1, CellRef { tensor, head, row, column });
        for _ in 0..10 {
            let (row, column) = (random.next_u32() as usize % rows, random.next_u32() as usize % columns);
            let operands = explained(1, row, column).expect("it is in the matrix");
            let shown = whole.values[row * columns + column];
            // The matrices show which keys are hidden; their weights are 0 all the same.
            let hidden = shown == f32::NEG_INFINITY && matches!(tensor, Tensor::Weights | Tensor::Exponentials);
            assert_eq!(operands.value, if hidden { 0.0 } else { shown }, "{tensor:?} {row} {column}");
        }
        for (head, row, column) in
            [(4, 0, 0), (1, rows, 0), (1, 0, columns), (usize::MAX, 0, 0), (1, usize::MAX, usize::MAX)]
        {
            assert_eq!(explained(head, row, column), None, "{tensor:?} of head {head} at {row}, {column}");
        }
    }
}

#[test]
fn a_head_that_the_run_does_not_have_is_left_out() {
    let mut engine = on_cpu();
    let (asked, there) = (vec![whole(Tensor::Scores, 4), whole(Tensor::Scores, 3)], whole(Tensor::Scores, 3));
    let done = run(&mut engine, 1, EXAMPLE, &Setup::default(), asked.clone());
    assert!(done.slices.iter().map(|(slice, _)| slice).eq([&there]));
    match ask(&mut engine, Request::Read { run: 1, slices: asked }) {
        Some(Reply::Slices { slices, .. }) => assert_eq!(slices, done.slices),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_depends_on_its_request_alone() {
    on_both(|engine| {
        let slices = || vec![whole(Tensor::Output, 0), whole(Tensor::Weights, 1)];
        let first = run(engine, 1, EXAMPLE, &Setup::default(), slices());
        for setup in [Setup { seed: 7, ..causal() }, Setup { width: 96, ..Setup::default() }] {
            let other = run(engine, 2, "Something else entirely, and longer", &setup, slices());
            assert_ne!(other.slices, first.slices);
        }
        assert_eq!(run(engine, 3, EXAMPLE, &Setup::default(), slices()).slices, first.slices);
    });
}

#[test]
fn a_gpu_lost_between_runs_is_given_up_for_the_cpu() {
    let gpu = open_gpu();
    let device = gpu.device().clone();
    let mut engine = Engine::with_gpu(gpu, clock);
    let slices: Vec<Slice> = TENSORS.iter().map(|&tensor| whole(tensor, 1)).collect();
    let before = run(&mut engine, 1, EXAMPLE, &causal(), slices.clone());
    assert!(matches!(before.engine, EngineKind::WebGpu { .. }));
    device.destroy();
    // What was calculated is still there.
    assert!(read(&mut engine, 1, whole(Tensor::Output, 0)).is_some());
    for number in [2, 3] {
        let after = run(&mut engine, number, EXAMPLE, &causal(), slices.clone());
        assert_on_the_cpu_for_a_lost_gpu(&after);
        assert_same(&after, &before, 1e-5);
        assert_same(&after, &run(&mut on_cpu(), number, EXAMPLE, &causal(), slices.clone()), 0.0);
    }
}

#[test]
fn a_gpu_lost_in_the_middle_of_a_run_is_given_up_for_the_cpu() {
    // Sixteen chunks with a download each take far longer than the longest delay.
    let setup = Setup { heads: 16, ..Setup::default() };
    let sentence = "The cat sat on the mat and ".repeat(70);
    let slices = vec![whole(Tensor::Weights, 15), whole(Tensor::Output, 0)];
    let expected = run(&mut on_cpu(), 1, &sentence, &setup, slices.clone());
    for delay in [0, 1, 3] {
        let mut gpu = open_gpu();
        gpu.limit_chunks(0);
        let device = gpu.device().clone();
        let mut engine = Engine::with_gpu(gpu, clock);
        let loser = thread::spawn(move || {
            thread::sleep(Duration::from_millis(delay));
            device.destroy();
        });
        let done = run(&mut engine, 1, &sentence, &setup, slices.clone());
        loser.join().expect("destroying a device does not panic");
        assert_on_the_cpu_for_a_lost_gpu(&done);
        assert_same(&done, &expected, 0.0);
    }
}

fn open_gpu() -> gpu::Attention {
    block_on(gpu::Attention::open()).expect("the other tests say what is missing")
}

#[track_caller]
fn assert_on_the_cpu_for_a_lost_gpu(run: &Run) {
    match &run.engine {
        EngineKind::Cpu { instead_of_webgpu: Some(why) } => assert!(why.contains("GPU was lost"), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// The same matrices, to a tolerance.
#[track_caller]
fn assert_same(a: &Run, b: &Run, tolerance: f32) {
    assert_eq!(a.slices.len(), b.slices.len());
    for ((slice, a), (_, b)) in a.slices.iter().zip(&b.slices) {
        assert_eq!(array(a).dim(), array(b).dim(), "{slice:?}");
        for (a, b) in a.values.iter().zip(&b.values) {
            assert!(a == b || (a - b).abs() <= tolerance, "{slice:?}: {a} and {b}");
        }
    }
}

fn array(matrix: &Matrix) -> Array2<f32> {
    Array2::from_shape_vec((matrix.shown_rows, matrix.shown_columns), matrix.values.clone())
        .expect("as many numbers as rows and columns say")
}

fn finite_largest(values: &[f32]) -> f32 {
    values.iter().filter(|value| value.is_finite()).fold(0.0, |largest, value| largest.max(value.abs()))
}
