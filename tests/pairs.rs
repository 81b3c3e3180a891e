//! Several sentences at once, and two that attend from one to the other: each has the numbers that it has alone, and those
//! that attention gives for tensors that were made apart.

#[path = "common/engine.rs"]
mod engine;

use engine::{KEY_TENSORS, TENSORS, ask, explain_of, on_cpu, on_gpu, read, run_pair, whole};
use headlight::attention::{Config, Inputs, Tensors, Window, attend, heads_from_width, project, width_from_heads};
use headlight::embedding::{Positions, block_weights, embed, positions, tokens};
use headlight::engine::Engine;
use headlight::protocol::{
    Against, CellRef, EngineKind, LeftOut, MOST_SENTENCES, MOST_TOKENS, Matrix, Paint, Refusal, Reply, Request, Setup,
    Slice, Tensor,
};
use ndarray::{Array2, Array3, Axis};

const FIRST: &str = "The cat sat on the mat";
const SECOND: &str = "Le chat était assis sur le tapis";
const BATCH: [&str; 3] = ["Dogs bark", FIRST, "Hi"];

/// Every test of what both engines have to do runs on both.
fn on_both(test: impl Fn(&mut Engine)) {
    test(&mut on_cpu());
    test(&mut on_gpu());
}

fn assert_close(ours: &[f32], theirs: &[f32], of: &dyn std::fmt::Debug) {
    assert_eq!(ours.len(), theirs.len(), "{of:?}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!(ours == theirs || (ours - theirs).abs() <= 1e-5, "{ours} is not {theirs}: {of:?}");
    }
}

fn of_item(engine: &mut Engine, run: u64, item: usize, tensor: Tensor, head: usize) -> Matrix {
    read(engine, run, Slice { item, ..whole(tensor, head) }).expect("it is there")
}

fn setups() -> Vec<Setup> {
    let mut setups = Vec::new();
    for positions in [Positions::Sinusoidal, Positions::Rotary, Positions::Alibi] {
        for mask in [Window::OPEN, Window::CAUSAL, Window { left: Some(1), right: Some(2) }] {
            setups.push(Setup { positions, mask, ..Setup::default() });
        }
    }
    setups.push(Setup {
        painted: [(0, 0, false), (1, 4, true), (3, 1, false)].map(Paint::from).to_vec(),
        heads: 2,
        width: 30,
        ..Setup::default()
    });
    setups
}

/// With padding up to the longest, every tensor of a sentence in a batch is that of the sentence alone.
#[test]
fn each_sentence_of_a_batch_has_the_numbers_that_it_has_alone() {
    on_both(|engine| {
        for is_cross in [false, true] {
            for setup in setups() {
                let setup = Setup { is_cross, ..setup };
                // Of the second text, the last line stands for those that it lacks.
                let second = ["Le chat", SECOND];
                let done = run_pair(engine, 1, [&BATCH.join("\n"), &second.join("\n")], &setup, vec![]);
                assert_eq!((done.batch.len(), done.left_out), (3, LeftOut::default()));
                let all = TENSORS.into_iter().chain(KEY_TENSORS).filter(|tensor| tensor.is_of(&setup));
                let of_batch: Vec<_> = (0..3)
                    .flat_map(|item| all.clone().map(move |tensor| (item, tensor)))
                    .map(|(item, tensor)| (item, tensor, of_item(engine, 1, item, tensor, 1)))
                    .collect();
                for (item, sentence) in BATCH.into_iter().enumerate() {
                    let own = tokens(sentence).len();
                    assert_eq!(done.batch[item].tokens.len(), 6);
                    assert!(done.batch[item].tokens[own..].iter().all(|token| token.is_padding()));
                    let keys = second[item.min(1)];
                    let own_keys = tokens(if is_cross { keys } else { sentence }).len();
                    // As many keys of padding: paint may let them be seen.
                    let padding = if is_cross { 7 } else { 6 } - own_keys;
                    let alone = Setup { padding, ..setup.clone() };
                    run_pair(engine, 2, [sentence, keys], &alone, vec![]);
                    for (_, tensor, batched) in of_batch.iter().filter(|(of, ..)| *of == item) {
                        let alone = of_item(engine, 2, 0, *tensor, 1);
                        for row in 0..alone.rows.min(batched.rows) {
                            for column in 0..alone.columns.min(batched.columns) {
                                let pair = [batched, &alone].map(|matrix| [matrix.number(row, column)]);
                                assert_close(&pair[0], &pair[1], &(tensor, item, row, column, &setup));
                            }
                            let padding = own_keys..batched.columns;
                            if tensor.axes() == Tensor::Weights.axes() {
                                let hidden = |column| batched.number(row, column) == f32::NEG_INFINITY;
                                let is_hidden = |tensor| !matches!(tensor, Tensor::Scores | Tensor::Scaled);
                                assert!(!is_hidden(*tensor) || padding.clone().all(hidden));
                            }
                        }
                    }
                }
            }
        }
    });
}

/// X of a sentence, `[1, S, E]`.
fn input(sentence: &str, setup: &Setup) -> Array3<f32> {
    let tokens = tokens(sentence);
    let places = positions(setup.positions, tokens.len(), setup.width);
    (embed(&tokens, setup.width, setup.seed) + places).insert_axis(Axis(0))
}

#[test]
fn cross_attention_is_attention_of_tensors_that_were_made_apart() {
    on_both(|engine| {
        for setup in setups().into_iter().filter(|setup| setup.painted.is_empty()) {
            let setup = Setup { is_cross: true, ..setup };
            let weights = block_weights(setup.width, setup.seed);
            let (queries, keys) = (input(FIRST, &setup), input(SECOND, &setup));
            let of_heads = |input: &Array3<f32>, matrix| heads_from_width(project(input.view(), matrix).view(), 4);
            let tensors = Tensors::new(
                of_heads(&queries, &weights.w_q),
                of_heads(&keys, &weights.w_k),
                of_heads(&keys, &weights.w_v),
            );
            let config = Config {
                window: setup.mask,
                rotary: (setup.positions == Positions::Rotary).then_some(10_000.0),
                alibi: setup.positions == Positions::Alibi,
                ..Config::default()
            };
            let inputs = Inputs::new(tensors, config).expect("it makes sense");
            let trace = attend(&inputs);
            let output = project(width_from_heads(trace.output.view()).view(), &weights.w_o);
            let done = run_pair(engine, 1, [FIRST, SECOND], &setup, vec![]);
            assert_eq!((done.batch[0].tokens.len(), done.batch[0].keys.len()), (6, 7));
            for head in 0..4 {
                for (tensor, theirs) in [
                    (Tensor::Queries, inputs.queries()),
                    (Tensor::Keys, inputs.keys()),
                    (Tensor::Values, inputs.values()),
                    (Tensor::Scores, trace.scores.view()),
                    (Tensor::Masked, trace.masked.view()),
                    (Tensor::Mixed, trace.output.view()),
                ] {
                    let theirs: Vec<f32> =
                        theirs.index_axis(Axis(0), 0).index_axis(Axis(0), head).iter().copied().collect();
                    assert_close(&of_item(engine, 1, 0, tensor, head).values, &theirs, &(tensor, head, &setup));
                }
                let weights = of_item(engine, 1, 0, Tensor::Weights, head);
                assert_eq!((weights.rows, weights.columns), (6, 7));
                for ((_, _, query, key), theirs) in trace.weights.indexed_iter().filter(|((_, of, ..), _)| *of == head)
                {
                    // Of a hidden key the page must know that it is hidden.
                    assert_close(&[weights.number(query, key).max(0.0)], &[*theirs], &(query, key, head, &setup));
                }
            }
            let output: Vec<f32> = output.iter().copied().collect();
            assert_close(&of_item(engine, 1, 0, Tensor::Output, 0).values, &output, &setup);
        }
    });
}

/// The formula, written out in double precision with loops alone.
#[test]
fn cross_attention_is_what_the_formula_says() {
    on_both(|engine| {
        let setup = Setup { is_cross: true, ..Setup::default() };
        run_pair(engine, 1, [FIRST, SECOND], &setup, vec![]);
        let weights = block_weights(64, 42);
        let (queries, keys) = (input(FIRST, &setup), input(SECOND, &setup));
        let product = |input: &Array3<f32>, row: usize, matrix: &Array2<f32>, column: usize| -> f64 {
            (0..64).map(|i| f64::from(input[[0, row, i]]) * f64::from(matrix[[i, column]])).sum()
        };
        for head in 0..4 {
            let ours = of_item(engine, 1, 0, Tensor::Weights, head);
            for query in 0..6 {
                let score = |key: usize| -> f64 {
                    let term = |d: usize| {
                        let column = head * 16 + d;
                        product(&queries, query, &weights.w_q, column) * product(&keys, key, &weights.w_k, column)
                    };
                    (0..16).map(term).sum::<f64>() / 4.0
                };
                let exponentials: Vec<f64> = (0..7).map(|key| score(key).exp()).collect();
                let sum: f64 = exponentials.iter().sum();
                for (key, exponential) in exponentials.iter().enumerate() {
                    let share = exponential / sum;
                    let ours = f64::from(ours.number(query, key));
                    assert!((ours - share).abs() < 1e-6, "head {head}, {query} to {key}: {ours} is not {share}");
                }
            }
        }
    });
}

#[test]
fn a_cell_of_a_sentence_is_opened_in_that_sentence() {
    on_both(|engine| {
        run_pair(engine, 1, [&BATCH.join("\n"), ""], &Setup::default(), vec![]);
        let cell = CellRef { tensor: Tensor::Scores, head: 2, row: 1, column: 0 };
        let values: Vec<f32> = (0..3)
            .map(|item| {
                let operands = explain_of(engine, 1, item, cell).expect("it is there");
                assert_eq!(operands.item, item);
                let sum: f64 =
                    operands.left.iter().zip(&operands.right).map(|(q, k)| f64::from(*q) * f64::from(*k)).sum();
                assert!((sum - f64::from(operands.value)).abs() < 1e-5);
                assert_eq!(operands.value, of_item(engine, 1, item, Tensor::Scores, 2).number(1, 0));
                operands.value
            })
            .collect();
        assert!(values[0] != values[1] && values[1] != values[2], "{values:?}");
        assert_eq!(explain_of(engine, 1, 3, cell), None, "there is no fourth");
        assert_eq!(read(engine, 1, Slice { item: 3, ..whole(Tensor::Weights, 0) }), None);
        assert_eq!(read(engine, 1, whole(Tensor::KeyInput, 0)), None, "there is no second sentence");
    });
}

#[test]
fn a_batch_and_a_pair_are_checked_by_the_other_engine() {
    on_both(|engine| {
        for (setup, sentences) in [
            (Setup { is_cross: true, positions: Positions::Rotary, ..Setup::default() }, [FIRST, SECOND]),
            (Setup { mask: Window::CAUSAL, ..Setup::default() }, ["Dogs bark\nThe cat sat on the mat", ""]),
            (Setup { is_cross: true, positions: Positions::Alibi, ..Setup::default() }, ["One\ntwo three", SECOND]),
        ] {
            run_pair(engine, 1, sentences, &setup, vec![]);
            let Some(Reply::Checked(check)) = ask(engine, Request::Check { run: 1 }) else { panic!("no check") };
            assert!(matches!(check.against, Against::Engine(EngineKind::Cpu { .. } | EngineKind::WebGpu { .. })));
            for stage in check.stages {
                assert!(stage.largest <= stage.allowed(), "{stage:?} in {setup:?}");
            }
        }
    });
}

#[test]
fn what_a_batch_cannot_hold_is_left_out_and_counted() {
    let mut engine = on_cpu();
    let setup = Setup { width: 8, heads: 1, ..Setup::default() };
    let lines = |count: usize, words: usize| vec!["cat ".repeat(words); count].join("\n");
    for (text, count, left_out) in [
        (lines(1, 1), 1, (0, 0)),
        (format!("\n \n{}\n\n", lines(3, 2)), 3, (0, 0)),
        (lines(MOST_SENTENCES, 1), MOST_SENTENCES, (0, 0)),
        (lines(MOST_SENTENCES + 1, 1), MOST_SENTENCES, (0, 1)),
        (lines(5, MOST_TOKENS / 4), 4, (0, 1)),
        // One long sentence after short ones would make them all long.
        (format!("{}\n{}", lines(3, 1), lines(1, MOST_TOKENS)), 3, (0, 1)),
        (format!("{}\ncat", lines(1, MOST_TOKENS + 2)), 1, (2, 1)),
    ] {
        let done = run_pair(&mut engine, 1, [&text, ""], &setup, vec![whole(Tensor::RowSums, 0)]);
        let (tokens, sentences) = left_out;
        assert_eq!((done.batch.len(), done.left_out), (count, LeftOut { tokens, sentences }));
        assert!(count * done.batch[0].tokens.len() <= MOST_TOKENS);
        assert_eq!(done.slices.len(), 1);
    }
    // Padding makes room for no more.
    let padded = Setup { padding: 64, ..setup };
    let done = run_pair(&mut engine, 1, [&lines(4, MOST_TOKENS / 4 - 2), ""], &padded, vec![]);
    assert_eq!((done.batch.len(), done.batch[0].tokens.len()), (4, MOST_TOKENS / 4));
}

#[test]
fn an_empty_second_sentence_is_refused_where_one_is_asked_for() {
    let mut engine = on_cpu();
    for (second, is_cross, refused) in [("", false, false), (" \n", true, true), ("le", true, false)] {
        let setup = Setup { is_cross, ..Setup::default() };
        let (sentence, second) = (FIRST.to_owned(), second.to_owned());
        let request = Request::Run { run: 1, sentence, second, setup, before: None, slices: vec![] };
        let reply = ask(&mut engine, request);
        let is_refused = reply == Some(Reply::Refused { run: 1, refusal: Refusal::NoKeys });
        assert_eq!(is_refused, refused, "{reply:?}");
    }
}
