//! A cell, opened until nothing is left but the stored numbers that it was made from.
//!
//! The terms are worked out again in f64 from the operands, and their result is held against the number that the
//! engine stored. The tolerance is the rounding error that f32 arithmetic may make, no more.

use super::{
    mathml,
    number::{fixed, percent, scientific, short},
    words,
};
use crate::attention::Visibility;
use crate::embedding::{self, Positions, Token};
use crate::protocol::{CellRef, Operands, Setup, Tensor};

/// A cell explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Who and whom: "mat asks cat".
    pub heading: Vec<Span>,
    /// The number, as large as it is important.
    pub value: String,
    /// MathML.
    pub formula: String,
    /// The names of the terms' columns.
    pub columns: Vec<&'static str>,
    /// Largest contribution first.
    pub terms: Vec<Term>,
    /// What the terms come to: name and number.
    pub totals: Vec<(String, String)>,
    /// The computed check.
    pub check: Check,
    /// One plain sentence.
    pub why: String,
}

/// A piece of the heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// What it says.
    pub text: String,
    /// In whose colour.
    pub role: Role,
}

/// Whose colour something has, everywhere on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nobody's.
    Plain,
    /// Q: blue.
    Query,
    /// K: orange.
    Key,
    /// V: green.
    Value,
    /// Output: purple.
    Output,
}

/// One term.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// One text for each of the explanation's columns.
    pub cells: Vec<String>,
    /// What it contributes; its bar's length and side.
    pub amount: f64,
    /// Whether it is the cell in question.
    pub is_cell: bool,
}

/// Whether the terms make the number that the engine stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Whether the difference is within the tolerance.
    pub holds: bool,
    /// In words, with the difference and the tolerance.
    pub text: String,
}

/// What explaining needs to know besides the operands.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The run's tokens.
    pub tokens: &'a [Token],
    /// The run's set-up.
    pub setup: &'a Setup,
}

/// f32's rounding: half the distance from 1 to the next number.
const UNIT_ROUNDOFF: f64 = f32::EPSILON as f64 / 2.0;

/// Explains one number of the trace from its operands.
pub fn explain(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, .. } = operands;
    match cell.tensor {
        Tensor::Tokens => token(operands, context),
        Tensor::WordEmbeddings => word_embedding(operands, context),
        Tensor::Positions => position(operands, context),
        Tensor::Input => input(operands, context),
        Tensor::QueryWeights | Tensor::KeyWeights | Tensor::ValueWeights | Tensor::OutputWeights => {
            weight(operands, context)
        }
        Tensor::Queries | Tensor::Keys | Tensor::Values => projection(operands, context),
        Tensor::Scores => score(operands, context),
        Tensor::Scaled => scaled(operands, context),
        Tensor::Mask => mask(operands, context),
        Tensor::Masked => masked(operands, context),
        Tensor::RowMax => row_max(operands, context),
        Tensor::Shifted => shifted(operands, context),
        Tensor::Exponentials => exponential(operands, context),
        Tensor::ExponentialSums | Tensor::RowSums => row_sum(operands, context),
        Tensor::Weights if !is_masked(*cell, context) => softmax(operands, context),
        Tensor::Weights => masked_weight(*value, *cell, context),
        Tensor::Mixed | Tensor::Heads => mixed(operands, context),
        Tensor::Output => output(operands, context),
    }
}

/// What a screen reader says of a cell: "query mat, key cat: 0.299"; the place alone while the number is on its way.
pub fn announcement(cell: CellRef, value: Option<f32>, context: Context) -> String {
    let place = place(cell, context);
    let Some(value) = value else {
        return place;
    };
    let value = match cell.tensor {
        Tensor::Tokens => context.tokens.get(cell.column).map_or(String::new(), |token| format!("id {}", token.id)),
        Tensor::Mask if value == f32::NEG_INFINITY => "hidden".to_owned(),
        Tensor::Mask => "visible".to_owned(),
        _ if value == f32::NEG_INFINITY => "masked".to_owned(),
        _ => fixed(f64::from(value), 3),
    };
    format!("{place}: {value}")
}

/// Where a cell is, in words: "query mat, key cat".
fn place(cell: CellRef, context: Context) -> String {
    let CellRef { tensor, row, column, .. } = cell;
    match tensor {
        Tensor::Tokens => format!("token {column}, {}", word(column, context)),
        Tensor::WordEmbeddings
        | Tensor::Positions
        | Tensor::Input
        | Tensor::Queries
        | Tensor::Keys
        | Tensor::Values
        | Tensor::Mixed
        | Tensor::Heads
        | Tensor::Output => {
            format!("token {}, dimension {column}", word(row, context))
        }
        Tensor::QueryWeights | Tensor::KeyWeights | Tensor::ValueWeights | Tensor::OutputWeights => {
            format!("from dimension {row}, to dimension {column}")
        }
        Tensor::RowMax | Tensor::ExponentialSums | Tensor::RowSums => format!("query {}", word(row, context)),
        Tensor::Scores
        | Tensor::Scaled
        | Tensor::Mask
        | Tensor::Masked
        | Tensor::Shifted
        | Tensor::Exponentials
        | Tensor::Weights => format!("query {}, key {}", word(row, context), word(column, context)),
    }
}

fn word<'a>(index: usize, context: Context<'a>) -> &'a str {
    context.tokens.get(index).map_or("", |token| &token.text)
}

/// A word with its place where the word alone would be ambiguous.
fn word_in_place(index: usize, context: Context) -> String {
    let text = word(index, context);
    let repeated = context.tokens.iter().filter(|token| token.text == text).count() > 1;
    if repeated { format!("{text} ({index})") } else { text.to_owned() }
}

fn is_masked(cell: CellRef, context: Context) -> bool {
    !Visibility::new(&context.setup.mask).sees(cell.row, cell.column)
}

fn plain(text: impl Into<String>) -> Span {
    Span { text: text.into(), role: Role::Plain }
}

fn of(role: Role, text: impl Into<String>) -> Span {
    Span { text: text.into(), role }
}

/// The colour that a tensor's name has.
pub fn role_of(tensor: Tensor) -> Role {
    match tensor {
        Tensor::Queries | Tensor::QueryWeights => Role::Query,
        Tensor::Keys | Tensor::KeyWeights => Role::Key,
        Tensor::Values | Tensor::ValueWeights => Role::Value,
        Tensor::Output | Tensor::OutputWeights => Role::Output,
        _ => Role::Plain,
    }
}

/// Holds what the terms come to against the stored number.
fn check(calculated: f64, stored: f32, tolerance: f64, claim: &str) -> Check {
    let difference = (calculated - f64::from(stored)).abs();
    // NaN is no agreement.
    let holds = difference <= tolerance;
    let text = if holds {
        format!("{claim} (differs by {}, {} allowed)", scientific(difference), scientific(tolerance))
    } else {
        format!(
            "This does not add up: the terms make {}, the engine stored {}. They differ by {}, and rounding explains only {}. Please report this.",
            fixed(calculated, 6),
            fixed(f64::from(stored), 6),
            scientific(difference),
            scientific(tolerance)
        )
    };
    Check { holds, text }
}

/// The error that adding `n` products in f32 may make: n · u · Σ|terms|, in any order of adding.
fn product_tolerance(terms: &[f64]) -> f64 {
    terms.len() as f64 * UNIT_ROUNDOFF * terms.iter().map(|term| term.abs()).sum::<f64>()
}

/// Terms `left[i] × right[i]`, largest contribution first, and their sum.
fn products(left: &[f32], right: &[f32], label: impl Fn(usize) -> String, decimals: usize) -> (Vec<Term>, f64, f64) {
    let amounts: Vec<f64> = left.iter().zip(right).map(|(l, r)| f64::from(*l) * f64::from(*r)).collect();
    let mut order: Vec<usize> = (0..amounts.len()).collect();
    order.sort_by(|&a, &b| amounts[b].abs().total_cmp(&amounts[a].abs()));
    let terms = order
        .into_iter()
        .map(|i| Term {
            cells: vec![
                label(i),
                fixed(f64::from(left[i]), decimals),
                fixed(f64::from(right[i]), decimals),
                fixed(amounts[i], 3),
            ],
            amount: amounts[i],
            is_cell: false,
        })
        .collect();
    (terms, amounts.iter().sum(), product_tolerance(&amounts))
}

fn sum_of(count: usize) -> String {
    if count == 1 { "the one term".to_owned() } else { format!("sum of {count} terms") }
}

fn token(operands: &Operands, context: Context) -> Explanation {
    let column = operands.cell.column;
    let Some(token) = context.tokens.get(column) else {
        return leaf(Vec::new(), String::new(), Check { holds: false, text: "This token is gone.".to_owned() }, "");
    };
    let terms = token
        .word
        .chars()
        .map(|c| {
            let mut bytes = [0; 4];
            let bytes: Vec<String> = c.encode_utf8(&mut bytes).bytes().map(|byte| format!("{byte:02x}")).collect();
            Term {
                cells: vec![c.to_string(), format!("U+{:04X}", u32::from(c)), bytes.join(" ")],
                amount: 0.0,
                is_cell: false,
            }
        })
        .collect();
    let again = embedding::id_from_lower_case(&token.word);
    let others: Vec<String> = (0..context.tokens.len())
        .filter(|&i| i != column && context.tokens[i].id == token.id)
        .map(|i| i.to_string())
        .collect();
    let characters = if token.end - token.start == 1 {
        format!("Character {} of the sentence.", token.start)
    } else {
        format!("Characters {} to {} of the sentence.", token.start, token.end - 1)
    };
    let elsewhere = match others.len() {
        0 => "The word occurs only here.".to_owned(),
        1 => format!("The same word is token {} too, with the same id.", others[0]),
        _ => format!("The same word is also tokens {}, with the same id.", others.join(", ")),
    };
    Explanation {
        heading: vec![of(Role::Plain, token.text.clone()), plain(format!(" is token {column}"))],
        value: format!("id {}", token.id),
        formula: mathml::row(&[
            mathml::text("id"),
            mathml::op("="),
            mathml::text("crc32"),
            mathml::text("(lower case, UTF-8)"),
        ]),
        columns: vec!["letter", "code point", "bytes (hex)"],
        terms,
        totals: vec![("CRC-32 of these bytes".to_owned(), again.to_string())],
        check: Check {
            holds: again == token.id,
            text: if again == token.id {
                "the id follows from these letters".to_owned()
            } else {
                format!("These letters give the id {again}, the engine stored {}. Please report this.", token.id)
            },
        },
        why: format!("{characters} Capital letters do not count. {elsewhere}"),
    }
}

/// An explanation without terms.
fn leaf(heading: Vec<Span>, value: String, check: Check, why: &str) -> Explanation {
    Explanation {
        heading,
        value,
        formula: String::new(),
        columns: Vec::new(),
        terms: Vec::new(),
        totals: Vec::new(),
        check,
        why: why.to_owned(),
    }
}

fn word_embedding(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, .. } = operands;
    let Setup { seed, width, .. } = context.setup;
    let id = context.tokens.get(cell.row).map_or(0, |token| token.id);
    let again = embedding::embedding_from_id(id, *width, *seed).get(cell.column).copied().unwrap_or(f32::NAN);
    let mut explanation = leaf(
        vec![plain(word_in_place(cell.row, context)), plain(format!(", dimension {}", cell.column))],
        fixed(f64::from(*value), 3),
        check(f64::from(again), *value, 0.0, "drawn again from the word and the seed: the same bits"),
        "A random number that depends on the word and the seed alone, drawn as PyTorch’s torch.randn draws it. A trained model would have learnt it instead.",
    );
    explanation.formula = mathml::row(&[
        mathml::sub("e", &cell.column.to_string()),
        mathml::op("="),
        mathml::text("randn"),
        mathml::op("("),
        mathml::text(&format!("seed {} + {seed}", id)),
        mathml::op(")"),
    ]);
    explanation
}

fn position(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, .. } = operands;
    let width = context.setup.width;
    let heading = vec![plain(format!("position {}", cell.row)), plain(format!(", dimension {}", cell.column))];
    if context.setup.positions == Positions::None {
        return leaf(
            heading,
            fixed(f64::from(*value), 3),
            check(0.0, *value, 0.0, "nothing is added"),
            "No positions are set: every position’s row is zero, and word order leaves no trace.",
        );
    }
    let angle = embedding::angle(cell.row, cell.column, width);
    let (name, result) = if cell.column.is_multiple_of(2) { ("sin", angle.sin()) } else { ("cos", angle.cos()) };
    let exponent = cell.column - cell.column % 2;
    Explanation {
        heading,
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[
            mathml::text(name),
            mathml::op("("),
            mathml::frac(
                &mathml::num(&cell.row.to_string()),
                &mathml::sup(&mathml::num("10000"), &mathml::num(&format!("{exponent}/{width}"))),
            ),
            mathml::op(")"),
            mathml::op("="),
            mathml::text(name),
            mathml::op("("),
            mathml::num(&fixed(angle, 4)),
            mathml::op(")"),
        ]),
        columns: Vec::new(),
        terms: Vec::new(),
        totals: vec![(format!("{name}({})", fixed(angle, 4)), fixed(result, 6))],
        // The engine rounds the f64 result once.
        check: check(result, *value, UNIT_ROUNDOFF, "the formula gives the cell shown"),
        why: "Even dimensions are sines, odd ones cosines, from fast waves on the left to slow ones on the right: every position gets a pattern of its own.".to_owned(),
    }
}

fn input(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right } = operands;
    let (e, p) = (first(left), first(right));
    Explanation {
        heading: vec![plain(word_in_place(cell.row, context)), plain(format!(", dimension {}", cell.column))],
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[mathml::id("x"), mathml::op("="), mathml::id("e"), mathml::op("+"), mathml::id("p")]),
        columns: vec!["", "value"],
        terms: vec![
            Term { cells: vec!["embedding e".to_owned(), fixed(e, 3)], amount: e, is_cell: false },
            Term { cells: vec!["position p".to_owned(), fixed(p, 3)], amount: p, is_cell: false },
        ],
        totals: vec![("e + p".to_owned(), fixed(e + p, 3))],
        check: check(e + p, *value, UNIT_ROUNDOFF * (e + p).abs(), "adds up to the cell shown"),
        why: format!(
            "What “{}” means (its embedding) and where it stands (position {}) share one row of {} numbers.",
            word(cell.row, context),
            cell.row,
            context.setup.width
        ),
    }
}

fn first(operand: &[f32]) -> f64 {
    operand.first().copied().map_or(f64::NAN, f64::from)
}

fn weight(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, .. } = operands;
    let Setup { seed, width, .. } = context.setup;
    let block = embedding::block_weights(*width, *seed);
    let (matrix, layer) = match cell.tensor {
        Tensor::QueryWeights => (block.w_q, "first"),
        Tensor::KeyWeights => (block.w_k, "second"),
        Tensor::ValueWeights => (block.w_v, "third"),
        _ => (block.w_o, "fourth"),
    };
    let head_column = if cell.tensor == Tensor::OutputWeights { 0 } else { cell.head * width / context.setup.heads };
    let again = matrix.get((cell.row, head_column + cell.column)).copied().unwrap_or(f32::NAN);
    let bound = 1.0 / (*width as f64).sqrt();
    let mut explanation = leaf(
        vec![plain(format!("from dimension {} to dimension {}", cell.row, head_column + cell.column))],
        fixed(f64::from(*value), 4),
        check(f64::from(again), *value, 0.0, "drawn again from the seed: the same bits"),
        "",
    );
    explanation.formula = mathml::row(&[
        mathml::op("−"),
        mathml::frac(&mathml::num("1"), &mathml::sqrt(&mathml::num(&width.to_string()))),
        mathml::op("≤"),
        mathml::id("w"),
        mathml::op("<"),
        mathml::frac(&mathml::num("1"), &mathml::sqrt(&mathml::num(&width.to_string()))),
        mathml::op("="),
        mathml::num(&fixed(bound, 3)),
    ]);
    explanation.why = format!(
        "A random number as PyTorch draws it for the {layer} nn.Linear({width}, {width}) after torch.manual_seed({seed}). Untrained: the mechanism is real, the pattern has no meaning yet."
    );
    explanation
}

fn projection(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right } = operands;
    let (letter, matrix, role, does) = match cell.tensor {
        Tensor::Queries => ("q", "Wq", Role::Query, "looks for"),
        Tensor::Keys => ("k", "Wk", Role::Key, "offers"),
        _ => ("v", "Wv", Role::Value, "carries"),
    };
    let (terms, sum, tolerance) = products(left, right, |i| i.to_string(), 3);
    Explanation {
        heading: vec![
            of(role, word_in_place(cell.row, context)),
            plain(format!(", dimension {} of its {}", cell.column, words::tensor_name(cell.tensor).to_lowercase())),
        ],
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[
            mathml::sub(letter, &cell.column.to_string()),
            mathml::op("="),
            mathml::sum("i = 0", &(left.len().saturating_sub(1)).to_string()),
            mathml::sub("x", "i"),
            mathml::op("·"),
            mathml::sub("w", &format!("i,{}", cell.column)),
        ]),
        columns: vec!["i", "x", "w", "x·w"],
        totals: vec![(sum_of(terms.len()), fixed(sum, 3))],
        check: check(sum, *value, tolerance, "adds up to the cell shown"),
        why: format!(
            "One number of what “{}” {does}: its whole row of X against one column of {matrix}.",
            word(cell.row, context)
        ),
        terms,
    }
}

fn score(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right } = operands;
    let (terms, sum, tolerance) = products(left, right, |i| i.to_string(), 2);
    let head_dim = left.len();
    let (query, key) = (word(cell.row, context), word(cell.column, context));
    let towards = if *value >= 0.0 { "point the same way on balance" } else { "point apart on balance" };
    Explanation {
        heading: vec![
            of(Role::Query, word_in_place(cell.row, context)),
            plain(" asks "),
            of(Role::Key, word_in_place(cell.column, context)),
        ],
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[
            mathml::sub("S", &format!("{},{}", cell.row, cell.column)),
            mathml::op("="),
            mathml::sum("d = 0", &head_dim.saturating_sub(1).to_string()),
            mathml::sub("q", "d"),
            mathml::op("·"),
            mathml::sub("k", "d"),
        ]),
        columns: vec!["d", "q", "k", "q·k"],
        totals: vec![(sum_of(terms.len()), fixed(sum, 3))],
        check: check(sum, *value, tolerance, "adds up to the cell shown"),
        why: format!(
            "Along dimensions with a positive term, the query of “{query}” and the key of “{key}” point the same way; here they {towards}. Next, the score is divided by √{head_dim} = {}, so that softmax does not saturate.",
            short((head_dim as f32).sqrt())
        ),
        terms,
    }
}

fn scaled(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right } = operands;
    let (score, scale) = (first(left), first(right));
    let head_dim = context.setup.width / context.setup.heads;
    let root = (head_dim as f64).sqrt();
    Explanation {
        heading: query_and_key(" to ", *cell, context),
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[
            mathml::frac(&mathml::id("s"), &mathml::sqrt(&mathml::id("D"))),
            mathml::op("="),
            mathml::frac(&mathml::num(&fixed(score, 3)), &mathml::sqrt(&mathml::num(&head_dim.to_string()))),
        ]),
        columns: vec!["", "value"],
        terms: vec![
            Term { cells: vec!["score s".to_owned(), fixed(score, 3)], amount: score, is_cell: false },
            Term {
                cells: vec![format!("÷ √{head_dim} = {}", fixed(root, 3)), format!("× {}", fixed(scale, 4))],
                amount: 0.0,
                is_cell: false,
            },
        ],
        totals: vec![(format!("{} ÷ {}", fixed(score, 3), fixed(root, 3)), fixed(score / root, 3))],
        // Two roundings: the factor's and the product's.
        check: check(
            score / root,
            *value,
            3.0 * UNIT_ROUNDOFF * (score / root).abs(),
            "the division gives the cell shown",
        ),
        why: format!(
            "A dot product of {head_dim} terms spreads about √{head_dim} times as far as one term. Dividing by {} brings it back.",
            fixed(root, 2)
        ),
    }
}

fn query_and_key(between: &str, cell: CellRef, context: Context) -> Vec<Span> {
    vec![
        of(Role::Query, word_in_place(cell.row, context)),
        plain(between),
        of(Role::Key, word_in_place(cell.column, context)),
    ]
}

/// Why this query may or may not see this key.
fn mask_reason(cell: CellRef, context: Context) -> String {
    let CellRef { row, column, .. } = cell;
    match (&context.setup.mask, is_masked(cell, context)) {
        (crate::attention::Mask::Causal, true) => format!(
            "Causal: a query at position {row} sees the keys 0 to {row}. This key stands at {column}, which is later, so it stays hidden."
        ),
        (crate::attention::Mask::Causal, false) => format!(
            "Causal: a query at position {row} sees the keys 0 to {row}. This key stands at {column}, so it may be seen."
        ),
        _ => "No mask is set: every query may see every key.".to_owned(),
    }
}

fn visibility_check(stored_as_hidden: bool, cell: CellRef, context: Context) -> Check {
    let hidden = is_masked(cell, context);
    let word = |hidden| if hidden { "hidden" } else { "visible" };
    let holds = hidden == stored_as_hidden;
    let text = if holds {
        format!("the rule says {}, and so does the engine", word(hidden))
    } else {
        format!("The rule says {}, the engine stored {}. Please report this.", word(hidden), word(stored_as_hidden))
    };
    Check { holds, text }
}

fn mask(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, .. } = operands;
    let hidden = *value == f32::NEG_INFINITY;
    let mut explanation = leaf(
        query_and_key(if hidden { " may not see " } else { " may see " }, *cell, context),
        if hidden { "−∞".to_owned() } else { fixed(f64::from(*value), 0) },
        visibility_check(hidden, *cell, context),
        &mask_reason(*cell, context),
    );
    explanation.formula = mathml::row(&[
        mathml::sub("mask", &format!("{},{}", cell.row, cell.column)),
        mathml::op("="),
        mathml::num(if hidden { "−∞" } else { "0" }),
    ]);
    explanation
}

fn masked(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let hidden = *value == f32::NEG_INFINITY;
    let scaled = first(left);
    let added = if hidden { "−∞".to_owned() } else { "0".to_owned() };
    let shown = if hidden { "masked".to_owned() } else { fixed(f64::from(*value), 3) };
    Explanation {
        heading: query_and_key(if hidden { " may not see " } else { " may see " }, *cell, context),
        value: shown.clone(),
        formula: mathml::row(&[
            mathml::sub("M", &format!("{},{}", cell.row, cell.column)),
            mathml::op("="),
            mathml::frac(&mathml::id("s"), &mathml::sqrt(&mathml::id("D"))),
            mathml::op("+"),
            mathml::num(&added),
        ]),
        columns: vec!["", "value"],
        terms: vec![
            Term { cells: vec!["scaled score".to_owned(), fixed(scaled, 3)], amount: scaled, is_cell: false },
            Term { cells: vec!["mask".to_owned(), added], amount: 0.0, is_cell: false },
        ],
        totals: vec![("together".to_owned(), shown)],
        check: if hidden || is_masked(*cell, context) {
            visibility_check(hidden, *cell, context)
        } else {
            check(scaled, *value, 0.0, "the scaled score, unchanged")
        },
        why: mask_reason(*cell, context),
    }
}

fn row_max(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let max = left.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut terms = row_terms(left, |m| vec![m], context, usize::MAX);
    terms.sort_by(|a, b| b.amount.total_cmp(&a.amount));
    Explanation {
        heading: vec![of(Role::Query, word_in_place(cell.row, context)), plain("’s largest score")],
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[mathml::under("max", "j"), mathml::sub("m", &format!("{},j", cell.row))]),
        columns: vec!["key", "m"],
        terms,
        totals: vec![("the largest of them".to_owned(), fixed(f64::from(max), 3))],
        check: check(f64::from(max), *value, 0.0, "it is the row’s largest"),
        why: "Softmax does not change when every score of the row is moved by the same amount. Moving the largest to 0 keeps exp from overflowing.".to_owned(),
    }
}

/// One term a visible key: the word, then the columns that `numbers` makes of its number.
fn row_terms(row: &[f32], numbers: impl Fn(f64) -> Vec<f64>, context: Context, cell: usize) -> Vec<Term> {
    row.iter()
        .enumerate()
        .filter(|(_, value)| **value != f32::NEG_INFINITY)
        .map(|(key, &value)| {
            let numbers = numbers(f64::from(value));
            let mut cells = vec![word(key, context).to_owned()];
            cells.extend(numbers.iter().map(|&number| fixed(number, 3)));
            Term { cells, amount: numbers.last().copied().unwrap_or(0.0), is_cell: key == cell }
        })
        .collect()
}

fn shifted(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right } = operands;
    if *value == f32::NEG_INFINITY {
        return masked_cell(*cell, context);
    }
    let (m, max) = (first(left), first(right));
    Explanation {
        heading: query_and_key(" to ", *cell, context),
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[mathml::id("m"), mathml::op("−"), mathml::text("max")]),
        columns: vec!["", "value"],
        terms: vec![
            Term { cells: vec!["masked score m".to_owned(), fixed(m, 3)], amount: m, is_cell: false },
            Term { cells: vec!["row’s maximum".to_owned(), fixed(max, 3)], amount: -max, is_cell: false },
        ],
        totals: vec![("m − max".to_owned(), fixed(m - max, 3))],
        check: check(m - max, *value, UNIT_ROUNDOFF * (m - max).abs(), "the difference is the cell shown"),
        why: "How far this score lies below the row’s best. 0 is the best itself.".to_owned(),
    }
}

/// The tolerance of exp in f32, WGSL's own bound (3 + 2·|x| units in the last place) plus the rounding of x.
fn exp_tolerance(x: f64) -> f64 {
    (3.0 + 3.0 * x.abs()) * 2.0 * UNIT_ROUNDOFF * x.exp() + f64::from(f32::MIN_POSITIVE)
}

fn exponential(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    if is_masked(*cell, context) {
        return masked_weight(*value, *cell, context);
    }
    let x = first(left);
    let mut explanation = leaf(
        query_and_key(" to ", *cell, context),
        fixed(f64::from(*value), 3),
        check(x.exp(), *value, exp_tolerance(x), "exp gives the cell shown"),
        "exp makes every number positive and keeps their order; a difference in scores becomes a ratio of shares.",
    );
    explanation.formula = mathml::row(&[
        mathml::sup(&mathml::id("e"), &mathml::num(&fixed(x, 3))),
        mathml::op("="),
        mathml::num(&fixed(x.exp(), 4)),
    ]);
    explanation.totals = vec![(format!("exp({})", fixed(x, 3)), fixed(x.exp(), 6))];
    explanation
}

fn row_sum(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let sum: f64 = left.iter().map(|&v| f64::from(v)).sum();
    let shares = cell.tensor == Tensor::RowSums;
    let mut terms: Vec<Term> =
        row_terms(left, |v| vec![v], context, usize::MAX).into_iter().filter(|term| term.amount != 0.0).collect();
    terms.sort_by(|a, b| b.amount.total_cmp(&a.amount));
    let absolute: Vec<f64> = left.iter().map(|&v| f64::from(v)).collect();
    let mut check = check(sum, *value, product_tolerance(&absolute), "adds up to the sum shown");
    let mut why = "The row’s exponentials together: what each of them is divided by.";
    if shares {
        // What is claimed of a row of shares is that it is complete.
        let error = (sum - 1.0).abs();
        let tolerance = (left.len() as f64 + 8.0) * 2.0 * UNIT_ROUNDOFF;
        check = Check {
            holds: check.holds && error <= tolerance,
            text: if check.holds && error <= tolerance {
                format!("the row sums to 1 (error {})", scientific(error))
            } else {
                format!("The row sums to {}, not to 1. Please report this.", fixed(sum, 6))
            },
        };
        why = "Shares of one whole: what one key gains, the others lose.";
    }
    Explanation {
        heading: vec![
            of(Role::Query, word_in_place(cell.row, context)),
            plain(if shares { "’s shares together" } else { "’s exponentials together" }),
        ],
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[
            mathml::under("Σ", "j"),
            if shares { mathml::sub("A", &format!("{},j", cell.row)) } else { mathml::sub("exp", "j") },
        ]),
        columns: vec!["key", if shares { "share" } else { "exp" }],
        totals: vec![(sum_of(terms.len()), fixed(sum, 3))],
        terms,
        check,
        why: why.to_owned(),
    }
}

fn softmax(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right } = operands;
    let max = left.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f64> = left.iter().map(|&m| (f64::from(m) - f64::from(max)).exp()).collect();
    let sum: f64 = exps.iter().sum();
    let mut terms: Vec<Term> = left
        .iter()
        .enumerate()
        .filter(|(_, m)| **m != f32::NEG_INFINITY)
        .map(|(key, &m)| {
            let share = exps[key] / sum;
            Term {
                cells: vec![
                    word(key, context).to_owned(),
                    short(m),
                    fixed(f64::from(m) - f64::from(max), 2),
                    fixed(exps[key], 3),
                    fixed(share, 3),
                ],
                amount: share,
                is_cell: key == cell.column,
            }
        })
        .collect();
    // A short row stays in reading order, as the sentence does; a long one shows its largest shares first.
    if terms.len() > 8 {
        terms.sort_by(|a, b| b.amount.total_cmp(&a.amount));
    }
    let share = exps.get(cell.column).copied().unwrap_or(f64::NAN) / sum;
    let x = left.get(cell.column).map_or(f64::NAN, |&m| f64::from(m) - f64::from(max));
    // The error of exp twice (the cell's and the sum's), of n additions, of one division.
    let relative = (2.0 * (3.0 + 3.0 * x.abs()) * 2.0 + left.len() as f64 + 6.0) * UNIT_ROUNDOFF;
    let tolerance = relative * share + f64::from(f32::MIN_POSITIVE);
    let stored_sum: f64 = right.iter().map(|&weight| f64::from(weight)).sum();
    let mut check = check(share, *value, tolerance, "exp ÷ sum gives the cell shown");
    let row_error = (stored_sum - 1.0).abs();
    if check.holds {
        if row_error <= (left.len() as f64 + 8.0) * 2.0 * UNIT_ROUNDOFF {
            check.text = format!(
                "gives the cell shown (differs by {}); the row sums to 1 (error {})",
                scientific((share - f64::from(*value)).abs()),
                scientific(row_error)
            );
        } else {
            check = Check {
                holds: false,
                text: format!("The engine’s row sums to {}, not to 1. Please report this.", fixed(stored_sum, 6)),
            };
        }
    }
    let rank = exps.iter().filter(|&&exp| exp > exps[cell.column]).count();
    let standing = match (rank, terms.len()) {
        (_, 1) => "It is the only token it may see, so it gets everything.".to_owned(),
        (0, _) => "No other key in this row gets more.".to_owned(),
        (1, _) => "One key in this row gets more.".to_owned(),
        (more, _) => format!("{more} keys in this row get more."),
    };
    Explanation {
        heading: query_and_key(" gives ", *cell, context),
        value: percent(f64::from(*value)),
        formula: mathml::row(&[
            mathml::sub("A", &format!("{},{}", cell.row, cell.column)),
            mathml::op("="),
            mathml::frac(
                &mathml::sup(
                    &mathml::id("e"),
                    &mathml::row_inner(&[mathml::id("m"), mathml::op("−"), mathml::text("max")]),
                ),
                &mathml::row_inner(&[
                    mathml::under("Σ", "j"),
                    mathml::sup(
                        &mathml::id("e"),
                        &mathml::row_inner(&[mathml::sub("m", "j"), mathml::op("−"), mathml::text("max")]),
                    ),
                ]),
            ),
            mathml::op("="),
            mathml::frac(&mathml::num(&fixed(exps[cell.column], 3)), &mathml::num(&fixed(sum, 3))),
        ]),
        columns: vec!["key", "m", "m − max", "exp", "share"],
        terms,
        totals: vec![("sum of exp".to_owned(), fixed(sum, 3)), ("sum of shares".to_owned(), fixed(stored_sum, 3))],
        check,
        why: format!(
            "“{}” gives “{}” {} of its attention. {standing}",
            word(cell.row, context),
            word(cell.column, context),
            percent(share)
        ),
    }
}

/// The weight of a key that may not be seen.
fn masked_weight(value: f32, cell: CellRef, context: Context) -> Explanation {
    leaf(
        query_and_key(" may not see ", cell, context),
        percent(f64::from(value)),
        check(0.0, value, 0.0, "hidden, and so exactly 0"),
        &mask_reason(cell, context),
    )
}

fn masked_cell(cell: CellRef, context: Context) -> Explanation {
    leaf(
        query_and_key(" may not see ", cell, context),
        "masked".to_owned(),
        visibility_check(true, cell, context),
        &mask_reason(cell, context),
    )
}

fn mixed(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right } = operands;
    let (terms, sum, tolerance) = products(left, right, |key| word(key, context).to_owned(), 3);
    let most = terms.first().map_or(String::new(), |term| term.cells[0].clone());
    Explanation {
        heading: vec![
            plain(word_in_place(cell.row, context)),
            plain(" takes from the "),
            of(Role::Value, "values"),
            plain(format!(", dimension {}", cell.column)),
        ],
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[
            mathml::sub("Z", &format!("{},{}", cell.row, cell.column)),
            mathml::op("="),
            mathml::sum("j = 0", &left.len().saturating_sub(1).to_string()),
            mathml::sub("A", &format!("{},j", cell.row)),
            mathml::op("·"),
            mathml::sub("v", &format!("j,{}", cell.column)),
        ]),
        columns: vec!["from", "share", "v", "share·v"],
        totals: vec![(sum_of(terms.len()), fixed(sum, 3))],
        check: check(sum, *value, tolerance, "adds up to the cell shown"),
        why: format!(
            "Each token puts in its value times the share of attention it gets from “{}”. The largest part here comes from “{most}”.",
            word(cell.row, context)
        ),
        terms,
    }
}

fn output(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right } = operands;
    let head_dim = context.setup.width / context.setup.heads;
    let label = |i: usize| format!("{} · {i}", words::head(i / head_dim));
    let (terms, sum, tolerance) = products(left, right, label, 3);
    let heads =
        if context.setup.heads == 1 { "The one head".to_owned() } else { format!("All {} heads", context.setup.heads) };
    Explanation {
        heading: vec![
            of(Role::Output, word_in_place(cell.row, context)),
            plain(format!(", dimension {} of the output", cell.column)),
        ],
        value: fixed(f64::from(*value), 3),
        formula: mathml::row(&[
            mathml::sub("Y", &format!("{},{}", cell.row, cell.column)),
            mathml::op("="),
            mathml::sum("i = 0", &left.len().saturating_sub(1).to_string()),
            mathml::sub("z", "i"),
            mathml::op("·"),
            mathml::sub("w", &format!("i,{}", cell.column)),
        ]),
        columns: vec!["head · i", "z", "w", "z·w"],
        totals: vec![(sum_of(terms.len()), fixed(sum, 3))],
        check: check(sum, *value, tolerance, "adds up to the cell shown"),
        why: format!(
            "{heads} put in what they found: the whole row of Z for “{}” against one column of Wo.",
            word(cell.row, context)
        ),
        terms,
    }
}
