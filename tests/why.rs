//! The inspector's one plain sentence is right for the numbers at hand: each claim of it is read out of the words again,
//! and held against the stored numbers, in many random runs. And each link leads to the number that it stands at.

#[path = "common/engine.rs"]
mod engine;

use std::collections::HashMap;

use engine::{TENSORS, explain as operands_of, on_cpu, read, run, whole};
use headlight::attention::Window;
use headlight::embedding::{Positions, Token};
use headlight::lesson::claim::Standing;
use headlight::lesson::explain::{Context, Explanation, explain, whereabouts};
use headlight::lesson::number::percent;
use headlight::protocol::{CellRef, Operands, Setup, Tensor};
use rand_mt::Mt;

const RUNS: u64 = 120;
const CELLS: usize = 5;

/// Some words occur twice: without positions, their scores and values are equal.
const SENTENCES: [&str; 5] = [
    "alone",
    "the the",
    "The cat sat on the mat",
    "one fish two fish red fish blue fish fish",
    "forty words are not many for a sentence but they are enough to make a row of shares that is longer than the \
     inspector shows at once so that the largest of them have to come first and the rest are behind a button here",
];

#[test]
fn every_claim_of_the_sentence_is_true_of_the_numbers() {
    let mut engine = on_cpu();
    let mut random = Mt::new(3);
    let mut said = HashMap::new();
    for number in 1..=RUNS {
        let sentence = SENTENCES[below(&mut random, SENTENCES.len())];
        let setup = random_setup(&mut random);
        let done = run(&mut engine, number, sentence, &setup, vec![]);
        for tensor in TENSORS {
            let head = below(&mut random, setup.heads);
            let matrix = read(&mut engine, number, whole(tensor, head)).expect("the run has this head");
            for _ in 0..CELLS {
                let (row, column) = (below(&mut random, matrix.rows), below(&mut random, matrix.columns));
                let cell = CellRef { tensor, head, row, column };
                let operands = operands_of(&mut engine, number, cell).expect("the tensor has this cell");
                let context = Context::of(&done.batch[0], &setup);
                let why = explain(&operands, context).why;
                let of = Case { operands: &operands, tokens: &done.batch[0].tokens, setup: &setup, why: &why };
                let kind = of.hold();
                *said.entry(kind).or_insert(0) += 1;
            }
        }
    }
    // Each kind of sentence came, so that none was left unread.
    for kind in KINDS {
        let count = said.get(kind).copied().unwrap_or(0);
        println!("{kind}: {count}");
        assert!(count > 0, "no sentence of this kind came: {kind}");
    }
}

/// The kinds of sentences that have claims in them.
const KINDS: [&str; 29] = [
    "alone",
    "all equal",
    "most",
    "middle",
    "least",
    "tied",
    "together",
    "apart",
    "sum both ways",
    "one visible",
    "share and value",
    "share",
    "value",
    "neither",
    "mixed tie",
    "row max",
    "row max tie",
    "best itself",
    "below",
    "exp of best",
    "exp",
    "exp sum",
    "row sum",
    "scaled",
    "word weighs more",
    "position weighs more",
    "wave",
    "hidden",
    "visible",
];

#[test]
fn a_link_leads_to_the_number_that_it_stands_at() {
    let mut engine = on_cpu();
    let mut random = Mt::new(4);
    let mut followed = HashMap::new();
    for number in 1..=24 {
        let sentence = SENTENCES[below(&mut random, SENTENCES.len())];
        let setup = random_setup(&mut random);
        let done = run(&mut engine, number, sentence, &setup, vec![]);
        let context = Context::of(&done.batch[0], &setup);
        for tensor in TENSORS {
            let head = below(&mut random, setup.heads);
            let (rows, columns) = tensor.shape(done.batch[0].tokens.len(), &setup);
            let cell = CellRef { tensor, head, row: below(&mut random, rows), column: below(&mut random, columns) };
            let operands = operands_of(&mut engine, number, cell).expect("the tensor has this cell");
            let explanation = explain(&operands, context);
            assert_numbers_are_put_in(&explanation, cell);
            let of_terms = explanation
                .terms
                .iter()
                .flat_map(|term| term.origins.iter().map(|&(column, origin)| (term.cells[column].clone(), origin)));
            let of_totals = explanation.totals.iter().filter_map(|total| Some((total.number.clone(), total.origin?)));
            let links: Vec<(String, CellRef)> = of_terms.chain(of_totals).collect();
            for (text, origin) in links {
                let stored = operands_of(&mut engine, number, origin).expect("the link leads to a cell").value;
                let shown = numbers(&text);
                let same = match (text.as_str(), origin.tensor) {
                    ("masked" | "−∞", _) => stored == f32::NEG_INFINITY,
                    (_, Tensor::Tokens) => text == format!("id {}", done.batch[0].tokens[origin.column].id),
                    // The row's maximum is subtracted.
                    (_, Tensor::RowMax) => shown[0].is(-f64::from(stored)),
                    _ => shown[0].is(stored.into()),
                };
                assert!(same, "{text} of {cell:?} leads to {stored} of {origin:?}");
                assert!(!whereabouts(origin, context).is_empty());
                *followed.entry((tensor, origin.tensor)).or_insert(0) += 1;
            }
        }
    }
    // Down to the leaves: what is neither drawn at random nor a rule is made from other cells.
    for (tensor, origins) in [
        (Tensor::Output, vec![Tensor::Heads, Tensor::OutputWeights]),
        (Tensor::Heads, vec![Tensor::Weights, Tensor::Values, Tensor::Mixed]),
        (Tensor::Mixed, vec![Tensor::Weights, Tensor::Values]),
        (
            Tensor::Weights,
            vec![
                Tensor::Masked,
                Tensor::Shifted,
                Tensor::Exponentials,
                Tensor::Weights,
                Tensor::ExponentialSums,
                Tensor::RowSums,
            ],
        ),
        (Tensor::RowSums, vec![Tensor::Weights]),
        (Tensor::ExponentialSums, vec![Tensor::Exponentials]),
        (Tensor::Exponentials, vec![Tensor::Shifted]),
        (Tensor::Shifted, vec![Tensor::Masked, Tensor::RowMax]),
        (Tensor::RowMax, vec![Tensor::Masked]),
        (Tensor::Masked, vec![Tensor::Scaled, Tensor::Mask]),
        (Tensor::Scaled, vec![Tensor::Scores]),
        (Tensor::Scores, vec![Tensor::Queries, Tensor::Keys]),
        (Tensor::Queries, vec![Tensor::Input, Tensor::QueryWeights]),
        (Tensor::Keys, vec![Tensor::Input, Tensor::KeyWeights]),
        (Tensor::Values, vec![Tensor::Input, Tensor::ValueWeights]),
        (Tensor::Input, vec![Tensor::WordEmbeddings, Tensor::Positions]),
        (Tensor::WordEmbeddings, vec![Tensor::Tokens]),
    ] {
        for origin in origins {
            assert!(followed.contains_key(&(tensor, origin)), "no link leads from {tensor:?} to {origin:?}");
        }
    }
}

#[test]
fn a_standing_counts_what_is_above_and_below() {
    let all = [0.5, -1.0, 0.5, f32::NEG_INFINITY, 2.0];
    let of = |number| Standing::of(number, all.into_iter());
    assert_eq!(of(2.0), Standing { above: 0, tied: 0, below: 4 });
    assert_eq!(of(0.5), Standing { above: 1, tied: 1, below: 2 });
    assert_eq!(of(f32::NEG_INFINITY), Standing { above: 4, tied: 0, below: 0 });
}

/// The formula has these numbers in it, or is followed by them.
fn assert_numbers_are_put_in(explanation: &Explanation, cell: CellRef) {
    let Explanation { formula, numbers: put_in, terms, .. } = explanation;
    match put_in {
        None => assert!(formula.contains("<mn>") || cell.tensor == Tensor::Tokens, "{cell:?}: {formula}"),
        Some(put_in) => {
            // A negative one may be subtracted.
            for term in terms.iter().take(2) {
                assert!(put_in.contains(term.cells[1].trim_start_matches('−')), "{put_in} of {terms:?}");
            }
        }
    }
    let is_worked_out = !matches!(cell.tensor, Tensor::Scaled | Tensor::Weights | Tensor::Tokens) && !terms.is_empty();
    assert_eq!(put_in.is_some(), is_worked_out, "{cell:?}: {put_in:?}");
}

fn below(random: &mut Mt, limit: usize) -> usize {
    random.next_u32() as usize % limit
}

fn random_setup(random: &mut Mt) -> Setup {
    let (width, heads) = [(2, 2), (8, 1), (8, 4), (64, 4), (96, 3)][below(random, 5)];
    let mut side = || (below(random, 2) == 0).then(|| below(random, 4));
    let mask = [Window::OPEN, Window::CAUSAL, Window { left: side(), right: side() }][below(random, 3)];
    let setup = Setup {
        width,
        heads,
        mask,
        positions: [Positions::None, Positions::Sinusoidal][below(random, 2)],
        is_scaled: below(random, 4) > 0,
        temperature: [1.0, 1.0, 0.3, 2.5][below(random, 4)],
        ..Setup::default()
    };
    Setup { seed: random.next_u32().into(), ..setup }
}

/// One sentence, and what it is about.
struct Case<'a> {
    operands: &'a Operands,
    tokens: &'a [Token],
    setup: &'a Setup,
    why: &'a str,
}

impl Case<'_> {
    /// Reads the sentence, and holds what it says against the numbers. Returns what kind it is.
    fn hold(&self) -> &'static str {
        let Operands { cell, value, left, right, .. } = self.operands;
        let value = f64::from(*value);
        let CellRef { tensor, row, column, .. } = *cell;
        let (said, why) = (numbers(self.why), self.why);
        let hidden = !self.setup.mask.sees(row as isize, column);
        match tensor {
            Tensor::Weights | Tensor::Shifted | Tensor::Exponentials if hidden => self.hold_rule(true),
            Tensor::Mask | Tensor::Masked => self.hold_rule(hidden),
            Tensor::Weights => self.hold_share(),
            Tensor::Scores => {
                let (products, up, down) = products(left, right);
                self.hold_largest(&products, |label| {
                    label.strip_prefix("dimension ").expect(label).parse().expect(label)
                });
                if value > 0.0 {
                    assert!(why.contains("pull together"), "{why}");
                } else if value < 0.0 {
                    assert!(why.contains("pull apart"), "{why}");
                }
                let claimed: Vec<f64> = if up == 0.0 && down == 0.0 {
                    vec![]
                } else if down == 0.0 {
                    vec![up]
                } else if up == 0.0 {
                    vec![down]
                } else if value > 0.0 {
                    vec![up, down]
                } else {
                    vec![down, up]
                };
                self.hold_numbers(&said, &claimed);
                if value > 0.0 { "together" } else { "apart" }
            }
            Tensor::Queries | Tensor::Keys | Tensor::Values | Tensor::Output => {
                let (products, up, down) = products(left, right);
                let head_dim = self.setup.width / self.setup.heads;
                self.hold_largest(&products, |label| match label.strip_prefix("i = ") {
                    Some(index) => index.parse().expect(label),
                    None => {
                        let (head, index) =
                            label.strip_prefix("head ").and_then(|label| label.split_once(" · ")).expect(label);
                        let index: usize = index.parse().expect(label);
                        assert_eq!(head.parse::<usize>().expect(label), index / head_dim + 1);
                        index
                    }
                });
                let mut claimed = vec![column as f64, value];
                if up > 0.0 && down < 0.0 {
                    let (stronger, weaker) = if up > -down { (up, down) } else { (down, up) };
                    claimed.extend([products.len() as f64, stronger, weaker, -weaker / stronger]);
                    self.hold_numbers(&said, &claimed);
                    return "sum both ways";
                }
                let none = if down == 0.0 { "negative" } else { "positive" };
                assert!(why.contains(&format!("none of its {} products is {none}", products.len())), "{why}");
                "sum one way"
            }
            Tensor::Mixed | Tensor::Heads => self.hold_mix(),
            Tensor::RowMax | Tensor::ExponentialSums | Tensor::RowSums => self.hold_peak(),
            Tensor::Shifted | Tensor::Exponentials => {
                let distance = match tensor {
                    Tensor::Shifted => f64::from(right[0]) - f64::from(left[0]),
                    _ => -f64::from(left[0]),
                };
                let word = &self.tokens[column].text;
                assert!(why.contains(&format!("“{word}”")), "{why}");
                let is_best = why.contains("it is the row’s best") || why.contains("nothing in the row is higher");
                assert_eq!(is_best, distance == 0.0, "{why}");
                match (tensor, is_best) {
                    (Tensor::Shifted, true) => "best itself",
                    (Tensor::Shifted, false) => {
                        self.hold_numbers(&said, &[distance]);
                        "below"
                    }
                    (_, true) => {
                        self.hold_numbers(&said, &[1.0]);
                        "exp of best"
                    }
                    (_, false) => {
                        self.hold_numbers(&said, &[value, distance]);
                        "exp"
                    }
                }
            }
            Tensor::Scaled => {
                self.hold_numbers(&said, &[left[0].into(), value]);
                "scaled"
            }
            Tensor::Input if self.setup.positions != Positions::None => {
                let (word, position) = (f64::from(left[0]), f64::from(right[0]));
                let word_weighs_more = why.contains("the word weighs more");
                assert_eq!(word_weighs_more, word.abs() > position.abs(), "{why}");
                assert_eq!(why.contains("the position weighs more"), position.abs() > word.abs(), "{why}");
                let (larger, smaller) = if word_weighs_more { (word, position) } else { (position, word) };
                self.hold_numbers(&said, &[row as f64, larger, smaller]);
                if word_weighs_more { "word weighs more" } else { "position weighs more" }
            }
            Tensor::Positions if self.setup.positions != Positions::None => {
                let exponent = (column - column % 2) as f64 / self.setup.width as f64;
                let length = std::f64::consts::TAU * 10000_f64.powf(exponent);
                assert_eq!(why.contains(" a sine "), column.is_multiple_of(2), "{why}");
                self.hold_numbers(&said, &[column as f64, length]);
                "wave"
            }
            _ => "no claim",
        }
    }

    /// The first numbers of the sentence are these.
    fn hold_numbers(&self, said: &[Said], expected: &[f64]) {
        assert!(said.len() >= expected.len(), "{}", self.why);
        for (said, &expected) in said.iter().zip(expected) {
            assert!(said.is(expected), "{} is said of {expected}: {}", said.number, self.why);
        }
    }

    /// The two that are named are the largest, in this order.
    fn hold_largest(&self, products: &[f64], index_of: impl Fn(&str) -> usize) {
        let Some((_, named)) = self.why.split_once("The largest are ") else {
            let nothing = products.len() < 2 || products.iter().all(|product| *product == 0.0);
            assert!(nothing, "{} of {products:?}", self.why);
            return;
        };
        let mut left: Vec<f64> = products.to_vec();
        for term in named.trim_end_matches('.').split(" and ") {
            let (label, amount) = term.trim_end_matches(')').split_once(" (").expect(term);
            let index = index_of(label);
            assert!(numbers(amount)[0].is(products[index]), "{term} of {}", products[index]);
            let largest = left.iter().map(|product| product.abs()).fold(0.0, f64::max);
            assert_eq!(products[index].abs(), largest, "{}", self.why);
            left[index] = 0.0;
        }
    }

    fn visible(&self) -> Vec<usize> {
        let of = self.operands.cell.row as isize;
        (0..self.tokens.len()).filter(|&key| self.setup.mask.sees(of, key)).collect()
    }

    fn hold_share(&self) -> &'static str {
        let Operands { cell, value, left, right, .. } = self.operands;
        let (why, said) = (self.why, numbers(self.why));
        let visible = self.visible();
        let score = left[cell.column];
        let scores: Vec<f32> = visible.iter().map(|&key| left[key]).collect();
        let (above, under) = (
            scores.iter().filter(|&&other| other > score).count(),
            scores.iter().filter(|&&other| other < score).count(),
        );
        let tied = scores.len() - above - under - 1;
        let opening = format!(
            "“{}” gives “{}” {} of its attention, ",
            self.tokens[cell.row].text,
            self.tokens[cell.column].text,
            percent((*value).into())
        );
        let claims = why.strip_prefix(&opening).unwrap_or_else(|| panic!("{why} does not begin with {opening}"));
        if claims == "all of it, because no other key may be seen." {
            assert_eq!((visible.len(), *value), (1, 1.0));
            return "alone";
        }
        let even = 1.0 / visible.len() as f64;
        if claims.starts_with("as much as any other key, because the scores of all ") {
            assert_eq!(tied + 1, visible.len());
            assert_eq!(count_said(claims, "the scores of all "), visible.len());
            assert!((f64::from(*value) - even).abs() < 1e-6, "{why}");
            assert!(claims.ends_with(&format!("an even share of 1/{}.", visible.len())));
            return "all equal";
        }
        // Its rank, twice: of its share and of its score.
        let rank = claims.strip_prefix("the ").and_then(|claims| claims.split_once(" in its row")).expect(why).0;
        let highest = claims.split_once(" is the ").and_then(|(_, claims)| claims.split_once(" of the ")).expect(why).0;
        for (rank, [top, bottom]) in [(rank, ["most", "least"]), (highest, ["highest", "lowest"])] {
            let place = rank_said(rank, [top, bottom]);
            let counted = if rank.ends_with(top) { above } else { under };
            assert_eq!(place, counted + 1, "{rank}: {why}");
        }
        // What is said of scores is so of the stored shares, but for rounding.
        let larger = visible.iter().filter(|&&key| right[key] > value * 1.0001).count();
        let smaller = visible.iter().filter(|&&key| right[key] < value * 0.9999).count();
        assert!(larger <= above && smaller <= under, "{why}");
        let together = claims.split_once(", together with ").map(|(_, others)| match others.split_once(" other") {
            Some(("one", _)) => 1,
            _ => count_said(claims, ", together with "),
        });
        assert_eq!(together.unwrap_or(0), tied, "{why}");
        assert_eq!(count_said(&claims[claims.find(highest).expect(why)..], " of the "), visible.len(), "{why}");
        let after_score = claims.split_once("because its score ").expect(why).1;
        assert!(numbers(after_score)[0].is(score.into()), "{why}");
        let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        match claims.split_once(" below that of “") {
            None => assert_eq!(above, 0, "{why}"),
            Some((before, best)) => {
                assert!(above > 0);
                let best = best.split_once('”').expect(why).0;
                assert!(visible.iter().any(|&key| left[key] == max && self.tokens[key].text == best), "{why}");
                let distance = numbers(before).pop().expect(why);
                assert!(distance.is(f64::from(max) - f64::from(score)), "{why}");
            }
        }
        let away = f64::from(*value) - even;
        let expected = if away.abs() < 5e-4 {
            "about"
        } else if away > 0.0 {
            "more than"
        } else {
            "less than"
        };
        let ending = format!("That is {expected} an even share of 1/{}.", visible.len());
        assert!(why.ends_with(&ending), "{why} does not end with {ending}");
        assert!(!said.is_empty());
        match (tied, above, under) {
            (1.., ..) => "tied",
            (_, 0, _) => "most",
            (_, _, 0) => "least",
            _ => "middle",
        }
    }

    fn hold_mix(&self) -> &'static str {
        let Operands { cell, left, right, .. } = self.operands;
        let (why, said) = (self.why, numbers(self.why));
        let visible = self.visible();
        let amounts: Vec<f64> = left.iter().zip(right).map(|(&l, &r)| f64::from(l) * f64::from(r)).collect();
        let largest = amounts.iter().map(|amount| amount.abs()).fold(0.0, f64::max);
        let query = &self.tokens[cell.row].text;
        if let Some(rest) = why.strip_prefix(&format!("“{query}” takes the value of “")) {
            assert_eq!(visible.len(), 1);
            assert!(rest.starts_with(&*self.tokens[visible[0]].text), "{why}");
            return "one visible";
        }
        if why.contains("takes nothing here") {
            assert_eq!(largest, 0.0);
            return "nothing";
        }
        let rest = why.strip_prefix(&format!("“{query}” takes most here from “")).expect(why);
        let most = rest.split_once('”').expect(why).0;
        // A word that occurs more than once has its place behind it.
        let key = match most.split_once(" (") {
            Some((_, place)) => place.trim_end_matches(')').parse().expect(why),
            None => self.tokens.iter().position(|token| token.text == most).expect(why),
        };
        assert!(visible.contains(&key) && most.starts_with(&*self.tokens[key].text), "{why}");
        assert_eq!(amounts[key].abs(), largest, "{why}");
        let tied = visible.iter().filter(|&&other| other != key && amounts[other].abs() == largest).count();
        let others = match rest.split_once(" (and ").map(|(_, others)| others) {
            None => 0,
            Some(others) if others.starts_with("one other as much)") => 1,
            Some(_) => count_said(rest, " (and "),
        };
        assert_eq!(others, tied, "{why}");
        // The place behind the word is a number too, and so may be the count of the others.
        let after = &rest[rest.find('”').expect(why)..];
        let said_after = numbers(after);
        assert!(said_after[0].is(amounts[key]), "{why}");
        let (share, value) = (f64::from(left[key]), f64::from(right[key]));
        let because = numbers(after.split_once("because").expect(why).1);
        let has_largest_share = visible.iter().all(|&other| left[other] <= left[key]);
        let has_largest_value = visible.iter().all(|&other| right[other].abs() <= right[key].abs());
        assert_eq!(why.contains("it has the largest share of the attention"), has_largest_share, "{why}");
        assert_eq!(why.contains("no value is larger in size than its"), has_largest_value, "{why}");
        assert!(!said.is_empty());
        match (has_largest_share, has_largest_value) {
            (false, true) => self.hold_numbers(&because, &[value, share]),
            _ => self.hold_numbers(&because, &[share, value]),
        }
        match (tied, has_largest_share, has_largest_value) {
            (1.., ..) => "mixed tie",
            (_, true, true) => "share and value",
            (_, true, false) => "share",
            (_, false, true) => "value",
            (_, false, false) => "neither",
        }
    }

    fn hold_peak(&self) -> &'static str {
        let Operands { cell, left, .. } = self.operands;
        let why = self.why;
        let visible = self.visible();
        let largest = visible.iter().map(|&key| left[key]).fold(f32::NEG_INFINITY, f32::max);
        let word = why.split_once('“').and_then(|(_, rest)| rest.split_once('”')).expect(why).0;
        assert!(visible.iter().any(|&key| left[key] == largest && self.tokens[key].text == word), "{why}");
        let tied = visible.iter().filter(|&&key| left[key] == largest).count() - 1;
        let others = match why.split_once(" (with ").map(|(_, others)| others) {
            None => 0,
            Some(others) if others.starts_with("one other)") => 1,
            Some(_) => count_said(why, " (with "),
        };
        assert_eq!(others, tied, "{why}");
        let said = numbers(why);
        // A count of many is a digit, and comes first.
        let said = &said[usize::from(tied > 12)..];
        let sum: f64 = left.iter().map(|&exp| f64::from(exp)).sum();
        let largest = f64::from(largest);
        match cell.tensor {
            Tensor::RowMax => {
                self.hold_numbers(said, &[largest]);
                assert_eq!(why.contains("it is the only one that may be seen"), visible.len() == 1, "{why}");
                if visible.len() > 1 {
                    assert_eq!(count_said(why, "none of the "), visible.len(), "{why}");
                }
                if tied > 0 { "row max tie" } else { "row max" }
            }
            Tensor::ExponentialSums => {
                self.hold_numbers(said, &[largest / sum, largest, sum]);
                "exp sum"
            }
            _ => {
                // "They make 1" comes before.
                self.hold_numbers(&numbers(why)[..1], &[1.0]);
                assert!(numbers(why).last().expect(why).is(largest), "{why}");
                "row sum"
            }
        }
    }

    /// What the mask's rule says of this cell.
    fn hold_rule(&self, hidden: bool) -> &'static str {
        let CellRef { row, column, .. } = self.operands.cell;
        if self.setup.mask == Window::OPEN {
            assert!(self.why.contains("every query may see every key") && !hidden, "{}", self.why);
            return "visible";
        }
        let stands = format!("The query stands at position {row}, the key at {column}, which is ");
        let so = self.why.split_once(&stands).unwrap_or_else(|| panic!("{}", self.why)).1;
        assert_eq!(so.ends_with("so it stays hidden."), hidden, "{}", self.why);
        assert_eq!(so.ends_with("so it may be seen."), !hidden, "{}", self.why);
        if hidden { "hidden" } else { "visible" }
    }
}

/// The products of a sum, what the positive ones come to, and the negative ones.
fn products(left: &[f32], right: &[f32]) -> (Vec<f64>, f64, f64) {
    let products: Vec<f64> = left.iter().zip(right).map(|(&l, &r)| f64::from(l) * f64::from(r)).collect();
    let up = products.iter().filter(|product| **product > 0.0).sum();
    let down = products.iter().filter(|product| **product < 0.0).sum();
    (products, up, down)
}

/// A number in a sentence, and half of what its last digit stands for.
#[derive(Clone, Copy, Debug)]
struct Said {
    number: f64,
    half: f64,
}

impl Said {
    /// Whether it is this one, rounded; "< 0.1 %" is any smaller one.
    fn is(self, number: f64) -> bool {
        (self.number - number).abs() <= self.half * 1.000_001 + 1e-12
    }
}

/// The numbers of a sentence in their order, but for those within a word's quotes; percentages as shares.
fn numbers(text: &str) -> Vec<Said> {
    let mut unquoted = String::new();
    let mut quoted = false;
    for character in text.chars() {
        quoted = (quoted || character == '“') && character != '”';
        unquoted.push(if quoted { ' ' } else { character });
    }
    let text: Vec<char> = unquoted.chars().collect();
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let starts = text[at].is_ascii_digit() && (at == 0 || !(text[at - 1].is_alphabetic() || text[at - 1] == '/'));
        if !starts {
            at += 1;
            continue;
        }
        let sign = if at > 0 && text[at - 1] == '−' { -1.0 } else { 1.0 };
        let mut end = at;
        while end < text.len()
            && (text[end].is_ascii_digit() || (text[end] == '.' && text.get(end + 1).is_some_and(char::is_ascii_digit)))
        {
            end += 1;
        }
        let digits: String = text[at..end].iter().collect();
        let mut unit = if text[end..].starts_with(&[' ', '%']) { 0.01 } else { 1.0 };
        let mut number: f64 = digits.parse().expect("digits");
        let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        // "1.2e−5", and "< 0.1 %".
        if text.get(end) == Some(&'e') {
            let minus = text.get(end + 1) == Some(&'−');
            let exponent: String =
                text[end + 1 + usize::from(minus)..].iter().take_while(|c| c.is_ascii_digit()).collect();
            let power: i32 = exponent.parse().expect("an exponent");
            unit = 10_f64.powi(if minus { -power } else { power });
            end += 1 + usize::from(minus) + exponent.len();
        }
        let mut half = unit * 0.5 * 10_f64.powi(-(decimals as i32));
        if at > 1 && text[at - 2] == '<' {
            (number, half) = (number / 2.0, half);
        }
        numbers.push(Said { number: sign * number * unit, half });
        at = end;
    }
    numbers
}

/// How many are said to be there, in a word or in digits, after this opening.
fn count_said(text: &str, opening: &str) -> usize {
    const WORDS: [&str; 11] =
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let rest = text.split_once(opening).unwrap_or_else(|| panic!("“{opening}” is not in {text}")).1;
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
    WORDS.iter().position(|known| *known == word).map_or_else(|| word.parse().expect(text), |index| index + 2)
}

/// 1 for "most", 2 for "second most", …
fn rank_said(rank: &str, ends: [&str; 2]) -> usize {
    const WORDS: [&str; 9] = ["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    if ends.contains(&rank) {
        return 1;
    }
    let place = rank.split_once(' ').expect(rank).0;
    match WORDS.iter().position(|known| *known == place) {
        Some(index) => index + 2,
        None => place.trim_end_matches(|c: char| c.is_alphabetic()).parse().expect(rank),
    }
}
