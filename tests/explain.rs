//! Every number on the page opens into the terms that make it, on either engine; and a wrong one is seen.

#[path = "common/engine.rs"]
mod engine;

use std::collections::HashMap;

use engine::{KEY_TENSORS, TENSORS, explain_of as operands_of, on_cpu, on_gpu, read, run_pair, whole};
use headlight::attention::{Window, divisors};
use headlight::embedding::{Positions, Token, tokens};
use headlight::engine::Engine;
use headlight::lesson::explain::{Context, Explanation, Term, announcement, explain};
use headlight::protocol::{CellRef, Operands, Paint, ROTARY_BASE, Setup, Slice, Tensor};
use rand_mt::Mt;

/// So many cells of every tensor are opened, of every sentence in every set-up.
const CELLS: usize = 2;

/// What keys and values are made of, in cross-attention.
const SECOND: &str = "Le chat était assis sur le tapis\nle\nthe cat, 你好";

const SENTENCES: [&str; 7] = [
    "the",
    "The cat sat on the mat",
    "the cat, the Cat and the the",
    "“Well,” she said: it's 3.14 — isn't it?",
    "Forty words are not many for a sentence but they are enough to make a row of shares that is longer than the \
     inspector shows at once so that the largest of them have to come first and the rest are behind a button here",
    "naïve café 你好 🙂",
    // A batch.
    "Dogs bark\n\nThe cat sat on the mat\nHi\n",
];

fn setups() -> Vec<Setup> {
    let mut setups = Vec::new();
    for (width, heads) in [(8, 1), (8, 4), (64, 1), (64, 4), (96, 1), (96, 4)] {
        for mask in [Window::OPEN, Window::CAUSAL] {
            for positions in [Positions::None, Positions::Sinusoidal] {
                let seed = 42 + width as u64;
                setups.push(Setup { seed, heads, width, positions, mask, ..Setup::default() });
            }
        }
    }
    for (is_scaled, temperature) in [(false, 1.0), (true, 0.3), (false, 2.5)] {
        let mask = Window { left: Some(1), right: Some(2) };
        setups.push(Setup { mask, is_scaled, temperature, ..Setup::default() });
    }
    let painted = [(0, 0, false), (1, 0, false), (2, 3, true)].map(Paint::from).to_vec();
    for positions in [Positions::Rotary, Positions::Alibi] {
        let mask = Window::CAUSAL;
        setups.push(Setup { positions, ..Setup::default() });
        setups.push(Setup { positions, mask, heads: 2, width: 30, padding: 2, ..Setup::default() });
        let (softcap, heads_off) = (Some(0.5), vec![0, 2]);
        setups.push(Setup { positions, mask, painted: painted.clone(), softcap, heads_off, ..Setup::default() });
    }
    for positions in [Positions::None, Positions::Sinusoidal, Positions::Rotary, Positions::Alibi] {
        let (mask, painted) = (Window { left: Some(2), right: Some(1) }, painted.clone());
        setups.push(Setup { positions, is_cross: true, ..Setup::default() });
        setups.push(Setup { positions, is_cross: true, mask: Window::CAUSAL, padding: 1, ..Setup::default() });
        setups.push(Setup { positions, is_cross: true, mask, painted, heads: 2, ..Setup::default() });
        setups.push(Setup { positions, is_cross: true, width: 30, heads: 3, heads_off: vec![1], ..Setup::default() });
        setups.push(Setup { positions, is_cross: true, is_scaled: false, seed: 7, ..Setup::default() });
    }
    setups.push(Setup { painted, softcap: Some(2.0), is_scaled: false, temperature: 0.7, ..Setup::default() });
    setups
}

/// How many tokens are no padding.
fn own(tokens: &[Token]) -> usize {
    tokens.iter().filter(|token| !token.is_padding()).count()
}

/// Opens cells of every tensor in every case.
fn for_each_cell(engine: &mut Engine, mut look: impl FnMut(&Operands, Context)) {
    let mut random = Mt::new(1);
    let mut below = |limit: usize| random.next_u32() as usize % limit;
    let mut number = 0;
    for sentence in SENTENCES {
        for setup in setups() {
            number += 1;
            let done = run_pair(engine, number, [sentence, SECOND], &setup, vec![]);
            for tensor in TENSORS.into_iter().chain(KEY_TENSORS).filter(|tensor| tensor.is_of(&setup)) {
                let (item, head) = (below(done.batch.len()), below(setup.heads));
                let context = Context::of(&done.batch[item], &setup);
                let slice = Slice { item, ..whole(tensor, head) };
                let matrix = read(engine, number, slice).expect("the run has this head");
                for _ in 0..CELLS {
                    let cell = CellRef { tensor, head, row: below(matrix.rows), column: below(matrix.columns) };
                    let operands = operands_of(engine, number, item, cell).expect("the tensor has this cell");
                    assert_eq!((operands.item, operands.cell), (item, cell));
                    look(&operands, context);
                }
            }
        }
    }
}

fn every_number_is_explained(engine: &mut Engine) {
    let mut cells = HashMap::new();
    let mut worst = HashMap::new();
    for_each_cell(engine, |operands, context| {
        let cell = operands.cell;
        let explanation = explain(operands, context);
        let Explanation { heading, value, formula, columns, terms, check, why, .. } = &explanation;
        assert!(check.holds, "{cell:?} of {:?}: {}", context.setup, check.text);
        assert!(check.difference <= check.tolerance);
        assert_eq!(terms.len(), expected_terms(cell, context), "{cell:?}");
        assert!(terms.iter().all(|term| term.cells.len() == columns.len()), "{columns:?} for {terms:?}");
        assert_sorted(cell.tensor, terms);
        let heading: String = heading.iter().map(|span| span.text.as_str()).collect();
        for words in [&heading, value, &check.text, why] {
            assert!(!words.is_empty() && !words.contains("{}") && !words.contains("NaN"), "{explanation:?}");
        }
        let formula = roxmltree::Document::parse(formula).unwrap_or_else(|error| panic!("{error}: {formula}"));
        assert_eq!(formula.root_element().tag_name().name(), "math");
        assert!(formula.root_element().descendants().any(|node| node.is_text()), "an empty formula for {cell:?}");
        *cells.entry(cell.tensor).or_insert(0) += 1;
        if check.tolerance > 0.0 {
            let worst = worst.entry(cell.tensor).or_insert(0.0_f64);
            *worst = worst.max(check.difference / check.tolerance);
        }
    });
    assert_eq!(cells.len(), TENSORS.len() + KEY_TENSORS.len());
    assert!(cells.values().all(|&count| count >= 200), "{cells:?}");
    println!("the largest difference, as a part of what rounding may make: {worst:.3?}");
}

#[test]
fn every_number_of_the_cpu_is_explained() {
    every_number_is_explained(&mut on_cpu());
}

#[test]
fn every_number_of_the_gpu_is_explained() {
    every_number_is_explained(&mut on_gpu());
}

/// How many terms a cell opens into.
fn expected_terms(cell: CellRef, Context { tokens, keys, setup }: Context) -> usize {
    let sees = |key| setup.sees(cell.row, key, own(keys));
    let (visible, seen) = ((0..keys.len()).filter(|&key| sees(key)).count(), sees(cell.column));
    match cell.tensor {
        Tensor::Tokens => tokens[cell.column].text.to_lowercase().chars().count(),
        Tensor::KeyTokens => keys[cell.column].text.to_lowercase().chars().count(),
        Tensor::Scaled => {
            1 + usize::from(setup.is_scaled)
                + usize::from(setup.temperature != 1.0)
                + usize::from(setup.softcap.is_some())
        }
        Tensor::Input | Tensor::KeyInput | Tensor::Masked => 2,
        Tensor::Shifted if seen => 2,
        Tensor::Queries | Tensor::Keys | Tensor::Values | Tensor::Output => setup.width,
        Tensor::Scores => setup.width / setup.heads,
        Tensor::RowMax | Tensor::ExponentialSums | Tensor::RowSums => visible,
        Tensor::Weights if seen => visible,
        Tensor::Heads if setup.heads_off.contains(&(cell.column / (setup.width / setup.heads))) => 0,
        Tensor::Mixed | Tensor::Heads => keys.len(),
        _ => 0,
    }
}

fn assert_sorted(tensor: Tensor, terms: &[Term]) {
    match tensor {
        Tensor::Queries
        | Tensor::Keys
        | Tensor::Values
        | Tensor::Scores
        | Tensor::Mixed
        | Tensor::Heads
        | Tensor::Output => assert!(terms.is_sorted_by(|a, b| a.amount.abs() >= b.amount.abs()), "{terms:?}"),
        Tensor::RowMax | Tensor::ExponentialSums | Tensor::RowSums => {
            assert!(terms.is_sorted_by(|a, b| a.amount >= b.amount), "{terms:?}");
        }
        Tensor::Weights if terms.len() > 8 => {
            assert!(terms[0].is_cell, "the cell's own share must not hide: {terms:?}");
            assert!(terms[1..].is_sorted_by(|a, b| a.amount >= b.amount), "{terms:?}");
        }
        _ => {}
    }
    let marked = terms.iter().filter(|term| term.is_cell).count();
    assert_eq!(marked, usize::from(tensor == Tensor::Weights && !terms.is_empty()));
}

#[test]
fn a_wrong_number_is_seen() {
    let mut thousandths = HashMap::new();
    for_each_cell(&mut on_cpu(), |operands, context| {
        let Operands { cell, value, .. } = *operands;
        let check = explain(operands, context).check;
        let sees = |wrong: f32| {
            assert_ne!(wrong.to_bits(), value.to_bits());
            !explain(&Operands { value: wrong, ..operands.clone() }, context).check.holds
        };
        for wrong in [f32::NAN, f32::INFINITY] {
            assert!(sees(wrong), "{wrong} instead of {value} in {cell:?}");
        }
        if value == f32::NEG_INFINITY {
            assert!(sees(0.0) && sees(f32::MIN), "a masked {cell:?} that is not");
            return;
        }
        assert!(sees(f32::NEG_INFINITY), "a masked {cell:?} that should not be");
        for away in [-4.0, 4.0] {
            // At least the next number.
            let wrong = (f64::from(value) + away * check.tolerance) as f32;
            let wrong = if wrong != value {
                wrong
            } else if away < 0.0 {
                value.next_down()
            } else {
                value.next_up()
            };
            assert!(sees(wrong), "{wrong} instead of {value} in {cell:?}, {} allowed", check.tolerance);
        }
        let (seen, all) = thousandths.entry(cell.tensor).or_insert((0, 0));
        if value != 0.0 {
            *all += 1;
            *seen += usize::from(sees(value * 1.001) && sees(value * 0.999));
        }
    });
    // A thousandth of a number that is almost nothing beside its terms is lost in their rounding, as it has to be.
    for (tensor, (seen, all)) in thousandths {
        println!("{tensor:?}: a thousandth more or less is seen in {seen} of {all}");
        assert!(seen * 100 >= all * 97, "{tensor:?}: a thousandth more or less is seen in {seen} of {all} alone");
    }
}

#[test]
fn a_wrong_operand_is_seen() {
    let mut random = Mt::new(2);
    let mut wrong_operands = HashMap::new();
    for_each_cell(&mut on_cpu(), |operands, context| {
        let cell = operands.cell;
        let check = explain(operands, context).check;
        assert!(check.holds);
        for (left, right) in wrong(operands, check.tolerance, context, &mut random) {
            assert!((&left, &right) != (&operands.left, &operands.right));
            let check = explain(&Operands { left, right, ..operands.clone() }, context).check;
            assert!(!check.holds, "{cell:?} of {:?}: {}", context.setup, check.text);
            *wrong_operands.entry(cell.tensor).or_insert(0) += 1;
        }
    });
    for tensor in TENSORS {
        let drawn = matches!(
            tensor,
            Tensor::Tokens
                | Tensor::WordEmbeddings
                | Tensor::Positions
                | Tensor::Mask
                | Tensor::QueryWeights
                | Tensor::KeyWeights
                | Tensor::ValueWeights
                | Tensor::OutputWeights
        );
        assert_eq!(wrong_operands.get(&tensor).is_none_or(|&count| count < 200), drawn, "{tensor:?}");
    }
}

/// Operands with one number changed so much that the cell cannot follow from them.
fn wrong(operands: &Operands, tolerance: f64, context: Context, random: &mut Mt) -> Vec<(Vec<f32>, Vec<f32>)> {
    let Operands { cell, left, right, .. } = operands;
    let hidden = !context.setup.sees(cell.row, cell.column, own(context.keys));
    let mut below = |limit: usize| random.next_u32() as usize % limit;
    let with = |row: &[f32], index: usize, number: f32| {
        let mut row = row.to_vec();
        row[index] = number;
        row
    };
    let left_with = |index: usize, number: f32| (with(left, index, number), right.clone());
    let right_with = |index: usize, number: f32| (left.clone(), with(right, index, number));
    let all_hidden = !(0..context.keys.len()).any(|key| context.setup.sees(cell.row, key, own(context.keys)));
    match cell.tensor {
        Tensor::Heads if left.is_empty() => vec![],
        Tensor::RowMax if all_hidden => vec![],
        Tensor::Queries | Tensor::Keys if right.len() > left.len() => {
            // The pair's two columns count as much as the angle lets them.
            let head_dim = context.setup.width / context.setup.heads;
            let (sin, cos) = (cell.row as f64 / divisors(head_dim, ROTARY_BASE)[cell.column / 2]).sin_cos();
            let parts = if cell.column % 2 == 0 { [cos, -sin] } else { [sin, cos] };
            let index = below(left.len());
            let columns = [index, left.len() + index];
            let weight: f64 = columns.iter().zip(parts).map(|(&at, part)| f64::from(right[at]) * part).sum();
            let more = |factor: f32, other: f64| (f64::from(factor) + 8.0 * tolerance / other) as f32;
            let mut wrong = vec![left_with(index, more(left[index], weight))];
            for (at, part) in columns.into_iter().zip(parts).filter(|(_, part)| part.abs() > 1e-3) {
                wrong.push(right_with(at, more(right[at], f64::from(left[index]) * part)));
            }
            wrong
        }
        Tensor::Input | Tensor::KeyInput => {
            vec![left_with(0, left[0] + 1e-3), right_with(0, right[0] + 1e-3)]
        }
        Tensor::Scaled => {
            // Near the softcap hardly anything of a score's change is left.
            let capped = context.setup.softcap.map_or(0.0, |softcap| f64::from(operands.value) / f64::from(softcap));
            let slope = f64::from(right[0]) * (1.0 - capped * capped);
            let more = (8.0 * tolerance / slope).max(1e-3) as f32;
            vec![left_with(0, left[0] + more), right_with(0, right[0] + 1e-3)]
        }
        Tensor::Queries
        | Tensor::Keys
        | Tensor::Values
        | Tensor::Scores
        | Tensor::Mixed
        | Tensor::Heads
        | Tensor::Output => {
            let index = below(left.len());
            // So much more of one factor that the sum moves by eight tolerances; none helps where the other is 0.
            let more = |factor: f32, other: f32| (f64::from(factor) + 8.0 * tolerance / f64::from(other)) as f32;
            let (l, r) = (left[index], right[index]);
            let mut wrong = Vec::new();
            wrong.extend((r != 0.0).then(|| left_with(index, more(l, r))));
            wrong.extend((l != 0.0).then(|| right_with(index, more(r, l))));
            wrong
        }
        Tensor::Masked if hidden => vec![right_with(0, 0.0)],
        Tensor::Masked => vec![left_with(0, left[0] + 1e-3), right_with(0, f32::NEG_INFINITY), right_with(0, 1e-3)],
        Tensor::RowMax => {
            let lower = left.iter().map(|m| m - 1e-3).collect();
            vec![left_with(below(left.len()), operands.value + 1e-3), (lower, vec![])]
        }
        Tensor::Shifted if hidden => vec![left_with(0, 0.0)],
        Tensor::Shifted => vec![left_with(0, left[0] + 1e-3), right_with(0, right[0] + 1e-3)],
        Tensor::Exponentials if hidden => vec![left_with(0, 0.0)],
        Tensor::Exponentials => vec![left_with(0, left[0] - 1e-3)],
        Tensor::ExponentialSums | Tensor::RowSums => {
            let index = below(left.len());
            vec![left_with(index, left[index] + 1e-3)]
        }
        Tensor::Weights if hidden => {
            let index = below(right.len());
            vec![left_with(cell.column, 0.0), right_with(index, right[index] + 1e-3)]
        }
        Tensor::Weights => {
            let index = below(right.len());
            let mut wrong = vec![right_with(index, right[index] + 1e-3)];
            // A softmax of one number is 1, whatever it is.
            if left.iter().filter(|m| m.is_finite()).count() > 1 {
                wrong.push(left_with(cell.column, left[cell.column] + 0.1));
            }
            wrong
        }
        _ => vec![],
    }
}

fn context<'a>(tokens: &'a [Token], setup: &'a Setup) -> Context<'a> {
    Context { tokens, keys: tokens, setup }
}

fn cell(tensor: Tensor, row: usize, column: usize) -> CellRef {
    CellRef { tensor, head: 0, row, column }
}

#[test]
fn cells_are_read_out_in_words() {
    let (tokens, setup) = (tokens("the cat sat on the mat"), Setup::default());
    let say = |tensor, row, column, value| announcement(cell(tensor, row, column), value, context(&tokens, &setup));
    for (said, expected) in [
        (say(Tensor::Weights, 5, 1, Some(0.2991)), "query mat, key cat: 0.299"),
        (say(Tensor::Scores, 5, 0, Some(-1.3049)), "query mat, key the (0): −1.305"),
        (say(Tensor::Scores, 5, 1, None), "query mat, key cat"),
        (say(Tensor::Masked, 1, 5, Some(f32::NEG_INFINITY)), "query cat, key mat: masked"),
        (say(Tensor::Mask, 1, 5, Some(f32::NEG_INFINITY)), "query cat, key mat: hidden"),
        (say(Tensor::Mask, 1, 1, Some(0.0)), "query cat, key cat: visible"),
        (say(Tensor::RowMax, 2, 0, Some(1.5)), "query sat: 1.500"),
        (say(Tensor::Queries, 1, 3, Some(-0.0)), "token cat, dimension 3: 0.000"),
        (say(Tensor::Positions, 1, 3, Some(1.0)), "position 1, dimension 3: 1.000"),
        (say(Tensor::QueryWeights, 7, 3, Some(0.1)), "from dimension 7, to dimension 3: 0.100"),
        (say(Tensor::Tokens, 0, 1, Some(0.0)), "token 1, cat: id 2656977832"),
    ] {
        assert_eq!(said, expected);
    }
}

#[test]
fn a_share_is_told_as_it_stands_in_its_row() {
    let setup = Setup::default();
    let told = |sentence: &str, left: Vec<f32>, right: Vec<f32>, column: usize| {
        let tokens = tokens(sentence);
        let value = right[column];
        let operands =
            Operands { item: 0, cell: cell(Tensor::Weights, 0, column), value, before: None, left, right, from: None };
        let Explanation { why, check, value, .. } = explain(&operands, context(&tokens, &setup));
        assert!(check.holds, "{}", check.text);
        (value, why)
    };
    let (value, why) = told("alone", vec![3.0], vec![1.0], 0);
    assert_eq!(value, "100.0 %");
    assert_eq!(why, "“alone” gives “alone” 100.0 % of its attention, all of it, because no other key may be seen.");
    // A tie: neither gets more.
    let (_, why) = told("two words", vec![1.0, 1.0], vec![0.5, 0.5], 1);
    assert_eq!(
        why,
        "“two” gives “words” 50.0 % of its attention, as much as any other key, because the scores of all two are \
         equal: an even share of 1/2."
    );
    let (value, why) = told("two words", vec![20.0, 0.0], vec![1.0, (-20.0_f32).exp()], 1);
    assert_eq!(value, "< 0.1 %");
    assert_eq!(
        why,
        "“two” gives “words” < 0.1 % of its attention, the least in its row, because its score 0.00 is the lowest of \
         the two, 20.00 below that of “two”. That is less than an even share of 1/2."
    );
}

#[test]
fn a_score_says_which_way_it_pulls() {
    let tokens = tokens("two words");
    let setup = Setup { width: 2, heads: 1, ..Setup::default() };
    let why = |key: Vec<f32>| {
        let left = vec![1.0, 1.0];
        let value = key.iter().sum();
        let operands =
            Operands { item: 0, cell: cell(Tensor::Scores, 0, 1), value, before: None, left, right: key, from: None };
        explain(&operands, context(&tokens, &setup)).why
    };
    for (key, expected) in [
        (
            vec![1.0, -0.5],
            "pull together, because where q and k agree in sign the products make +1.000, where they differ only −0.500.",
        ),
        (
            vec![-1.0, 0.5],
            "pull apart, because where q and k differ in sign the products make −1.000, where they agree only +0.500.",
        ),
        (
            vec![1.0, -1.0],
            "cancel out, because where q and k agree in sign the products make +1.000, and where they differ −1.000.",
        ),
        (vec![1.0, 0.0], "pull together, because q and k never differ in sign: together their products make +1.000."),
        (vec![-1.0, 0.0], "pull apart, because q and k never agree in sign: together their products make −1.000."),
        (vec![0.0, 0.0], "cancel out, because every product is 0."),
    ] {
        let why = why(key);
        assert!(why.contains(expected), "{why}");
    }
}

#[test]
fn a_token_names_the_others_that_are_the_same_word() {
    let setup = Setup::default();
    let why = |sentence: &str| {
        let tokens = tokens(sentence);
        let operands = Operands {
            item: 0,
            cell: cell(Tensor::Tokens, 0, 0),
            value: tokens[0].id as f32,
            before: None,
            left: vec![],
            right: vec![],
            from: None,
        };
        explain(&operands, context(&tokens, &setup)).why
    };
    let same = "Upper and lower case are the same word. ";
    let counted = "of the sentence, counted from 0. ";
    assert_eq!(why("a"), format!("Character 0 {counted}{same}It occurs nowhere else."));
    assert_eq!(
        why("The the"),
        format!("Characters 0 to 2 {counted}{same}Token 1 has the same id: to the model it is the same word.")
    );
    assert_eq!(
        why(&"a ".repeat(12)),
        format!(
            "Character 0 {counted}{same}Tokens 1, 2, 3, 4, 5, 6, 7, 8 and 3 more have the same id: to the model they \
             are the same word."
        )
    );
}

#[test]
fn paint_that_the_mask_agrees_with_is_named_beside_what_distance_takes() {
    let sentence = tokens("The cat sat on the mat");
    let mut engine = on_cpu();
    let paint = |row, column, is_seen| vec![Paint::from((row, column, is_seen))];
    let mut says = |setup: &Setup, row, column| {
        let done = run_pair(&mut engine, 1, ["The cat sat on the mat", SECOND], setup, vec![]);
        assert_eq!(done.batch[0].tokens, sentence);
        let operands = operands_of(&mut engine, 1, 0, cell(Tensor::Mask, row, column)).expect("it is there");
        explain(&operands, context(&sentence, setup)).why
    };
    let seen = Setup { painted: paint(0, 3, true), positions: Positions::Alibi, ..Setup::default() };
    let why = says(&seen, 0, 3);
    assert!(why.starts_with("Painted by hand, and the rest of the mask says the same. ALiBi takes "), "{why}");
    let hidden = Setup { painted: paint(0, 3, false), mask: Window::CAUSAL, ..Setup::default() };
    assert_eq!(says(&hidden, 0, 3), "Painted by hand, and the rest of the mask says the same.");
    let only = Setup { painted: paint(0, 3, false), ..Setup::default() };
    assert!(says(&only, 0, 3).starts_with("Painted by hand"), "against what the mask says");
    assert!(says(&only, 1, 3).ends_with("this cell is not painted."), "{}", says(&only, 1, 3));
}

#[test]
fn a_number_that_follows_from_its_operands_but_breaks_the_rule_is_seen() {
    const HIDDEN: f32 = f32::NEG_INFINITY;
    let tokens = tokens("two words");
    let setup = Setup { width: 4, heads: 1, mask: Window::CAUSAL, ..Setup::default() };
    let (seen, hidden) = ((1, 0), (0, 1));
    // What is true, and what is not: the cell, its number and its operands.
    type Stored<'a> = ((usize, usize), f32, &'a [f32], &'a [f32]);
    let cases: [(Tensor, Stored, Stored); 6] = [
        // The factor is 1 ÷ √4.
        (Tensor::Scaled, (seen, 1.0, &[2.0], &[0.5]), (seen, 2.0, &[2.0], &[1.0])),
        (Tensor::Masked, (seen, 1.0, &[1.0], &[0.0]), (seen, HIDDEN, &[1.0], &[HIDDEN])),
        (Tensor::Masked, (hidden, HIDDEN, &[1.0], &[HIDDEN]), (hidden, 1.0, &[1.0], &[0.0])),
        (Tensor::Shifted, (hidden, HIDDEN, &[HIDDEN], &[3.0]), (hidden, -1.0, &[2.0], &[3.0])),
        (Tensor::Exponentials, (hidden, 0.0, &[HIDDEN], &[]), (hidden, 1.0, &[0.0], &[])),
        (Tensor::RowSums, (seen, 1.0, &[0.5, 0.5], &[]), (seen, 1.5, &[1.0, 0.5], &[])),
    ];
    for (tensor, right, wrong) in cases {
        let holds = |((row, column), value, left, right): Stored| {
            let operands = Operands {
                item: 0,
                cell: cell(tensor, row, column),
                value,
                before: None,
                left: left.to_vec(),
                right: right.to_vec(),
                from: None,
            };
            explain(&operands, context(&tokens, &setup)).check.holds
        };
        assert!(holds(right), "{tensor:?}: {right:?}");
        assert!(!holds(wrong), "{tensor:?}: {wrong:?}");
    }
}
