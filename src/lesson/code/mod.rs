//! What a person takes along as code: a program of its own that does the run on the page again, from the same words and the same
//! random numbers, and holds what it finds against the page's numbers.
//!
//! Its comments are in English whatever the page's language is, as code is.

use super::{
    Session,
    number::{fixed, read},
    scene::Data,
    words::NAME,
};
use crate::attention::Window;
use crate::embedding::{Positions, Token};
use crate::protocol::{EngineKind, Item, Lengths, Matrix, Setup, Slice, Span, Tensor};

/// In what the code is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A module with PyTorch alone.
    PyTorch,
    /// The same with NumPy alone.
    NumPy,
    /// A call of `headlight.attend`.
    JavaScript,
}

/// What is held against the page's numbers.
const COMPARED: [Tensor; 10] = [
    Tensor::Queries,
    Tensor::Keys,
    Tensor::Values,
    Tensor::Scores,
    Tensor::Scaled,
    Tensor::Masked,
    Tensor::Weights,
    Tensor::Mixed,
    Tensor::Heads,
    Tensor::Output,
];

impl Code {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PyTorch, Self::NumPy, Self::JavaScript];

    /// What a file of it is called.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::PyTorch => "headlight_attention.py",
            Self::NumPy => "headlight_attention_numpy.py",
            Self::JavaScript => "headlight-attention.js",
        }
    }

    /// The parts of tensors that stand in it. `None` where they would be more than a person wants to paste.
    pub fn slices(self, session: &Session, data: &Data) -> Option<Vec<Slice>> {
        if self != Self::JavaScript {
            return Some(COMPARED.map(|tensor| excerpt(tensor, session, data)).to_vec());
        }
        const MOST_NUMBERS: usize = 1 << 14;
        let Lengths { queries, keys } = data.lengths();
        let is_short = queries.max(keys) * data.setup.width <= MOST_NUMBERS;
        if !is_short || data.setup.is_painted() && queries * keys > MOST_NUMBERS {
            return None;
        }
        let whole = INPUTS.iter().flat_map(|tensor| (0..data.setup.heads).map(|head| all(*tensor, head, data)));
        Some(whole.chain([excerpt(Tensor::Weights, session, data)]).collect())
    }

    /// The text, of a run that has the [`slices`](Self::slices), and that this link opens. `None` where it lacks any.
    pub fn text(self, session: &Session, data: &Data, link: &str) -> Option<String> {
        let facts = Facts::new(self, session, data, link)?;
        let template = match self {
            Self::PyTorch => include_str!("pytorch.py"),
            Self::NumPy => include_str!("numpy.py"),
            Self::JavaScript => include_str!("headlight.js"),
        };
        Some(filled(template, &|name| facts.holds(name), &|name| facts.text(name)))
    }
}

/// What attention is given.
const INPUTS: [Tensor; 3] = [Tensor::Queries, Tensor::Keys, Tensor::Values];

/// The upper left corner of a tensor, as it is now.
fn excerpt(tensor: Tensor, session: &Session, data: &Data) -> Slice {
    let most = if tensor == Tensor::Weights { 32 } else { 8 };
    corner(tensor, session.head, most, data)
}

/// One head's whole part of a tensor.
fn all(tensor: Tensor, head: usize, data: &Data) -> Slice {
    corner(tensor, head, usize::MAX, data)
}

fn corner(tensor: Tensor, head: usize, most: usize, data: &Data) -> Slice {
    let (rows, columns) = data.shape(tensor);
    let span = |len: usize| Span { first: 0, count: len.min(most) };
    let (rows, columns) = (span(rows), span(columns));
    let (most_rows, most_columns) = (rows.count, columns.count);
    Slice { item: data.item, tensor, head, rows, columns, most_rows, most_columns, is_change: false }
}

/// What the text says, and whether.
struct Facts<'a> {
    code: Code,
    data: &'a Data,
    head: usize,
    link: &'a str,
    /// The page's numbers.
    numbers: String,
    /// Whether any query sees no key at all.
    is_blind: bool,
}

impl<'a> Facts<'a> {
    fn new(code: Code, session: &Session, data: &'a Data, link: &'a str) -> Option<Self> {
        let numbers = if code == Code::JavaScript {
            rows(data.matrix(&excerpt(Tensor::Weights, session, data))?, 0.0, "  ")
        } else {
            let entries = COMPARED.into_iter().map(|tensor| {
                let hidden = if tensor == Tensor::Weights { 0.0 } else { f32::NEG_INFINITY };
                let rows = rows(data.matrix(&excerpt(tensor, session, data))?, hidden, "        ");
                Some(format!("    \"{}\": [\n{rows}\n    ],", tensor.name()))
            });
            entries.collect::<Option<Vec<String>>>()?.join("\n")
        };
        let is_blind = data.batch.iter().any(|item| is_blind(item, &data.setup));
        let facts = Self { code, data, head: session.head, link, numbers, is_blind };
        let has_inputs = || (0..data.setup.heads).all(|head| INPUTS.iter().all(|of| facts.whole(*of, head).is_some()));
        (code != Code::JavaScript || has_inputs()).then_some(facts)
    }

    fn whole(&self, tensor: Tensor, head: usize) -> Option<&Matrix> {
        self.data.matrix(&all(tensor, head, self.data))
    }

    fn setup(&self) -> &Setup {
        &self.data.setup
    }

    fn is_padded(&self) -> bool {
        let is_padded = |item: &Item| item.own_keys() < item.keys.len();
        match self.code {
            Code::JavaScript => is_padded(self.data.sentence()),
            Code::PyTorch | Code::NumPy => self.data.batch.iter().any(is_padded),
        }
    }

    fn holds(&self, condition: &str) -> bool {
        let Setup { mask, temperature, .. } = *self.setup();
        let is_painted = self.setup().is_painted();
        match condition {
            "cross" => self.setup().is_cross,
            "sinusoidal" => self.setup().positions == Positions::Sinusoidal,
            "rotary" => self.setup().positions == Positions::Rotary,
            "alibi" => self.setup().positions == Positions::Alibi,
            "scaled" => self.setup().is_scaled,
            "temperature" => temperature != 1.0,
            "softcap" => self.setup().softcap.is_some(),
            "heads_off" => !self.setup().heads_off.is_empty(),
            "left" => mask.left.is_some(),
            "right" => mask.right.is_some(),
            "painted" => is_painted,
            "padded" => self.is_padded(),
            "masked" => mask != Window::OPEN || is_painted || self.is_padded(),
            "blind" => self.is_blind,
            // To attend, paint and padding are bytes of a mask, and paint has the window in it.
            "mask_bytes" => is_painted || self.is_padded(),
            "window" => mask != Window::OPEN && !is_painted,
            _ => unreachable!("no text asks for {condition}"),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let (data, setup) = (self.data, self.setup());
        let Lengths { queries, keys } = data.lengths();
        let either = |of_cross: &str, of_self: &str| (if setup.is_cross { of_cross } else { of_self }).to_owned();
        let look = |distance: Option<usize>| distance.map_or("null".to_owned(), |distance| distance.to_string());
        Some(match name {
            "setup" => filled(include_str!("setup.py"), &|name| self.holds(name), &|name| self.text(name))
                .trim_end()
                .to_owned(),
            "title" => either("Multi-head cross-attention", "Multi-head self-attention"),
            "made" => self.made(),
            "file" => self.code.file_name().to_owned(),
            "sentences" => sentences(data.batch.iter().map(|item| &item.tokens)),
            "second_sentences" => sentences(data.batch.iter().map(|item| &item.keys)),
            "sentences_of_keys" => either("SECOND_SENTENCES", "SENTENCES"),
            "width" => setup.width.to_string(),
            "heads" => setup.heads.to_string(),
            "head_dim" => (setup.width / setup.heads).to_string(),
            "seed" => setup.seed.to_string(),
            "temperature" => number(setup.temperature),
            "softcap" => number(setup.softcap.unwrap_or_default()),
            "heads_off" => {
                let heads: Vec<String> = setup.heads_off.iter().map(usize::to_string).collect();
                ["[", &heads.join(", "), "]"].concat()
            }
            "left" | "left_or_null" => look(setup.mask.left),
            "right" | "right_or_null" => look(setup.mask.right),
            "painted" => {
                let said = |is_seen| if is_seen { "True" } else { "False" };
                let painted = setup.painted_within(data.lengths());
                wrapped(painted.map(|at| format!("({}, {}, {}),", at.query, at.key, said(at.is_seen))), "    ")
            }
            "source" => either("memory", "x"),
            "key_len" => either("memory_len", "seq_len"),
            "attended" => {
                let those = either("tokens of memory", "tokens of x");
                if self.holds("masked") { format!("those {those} that it may see") } else { ["all ", &those].concat() }
            }
            "formula" => self.formula(),
            "unmasked" => (if self.holds("alibi") { "masked_scores" } else { "scaled_scores" }).to_owned(),
            "call" => {
                let second = either(", embed(SECOND_SENTENCES)", "");
                let visible = if self.holds("masked") { ", visible" } else { "" };
                ["embed(SENTENCES)", &second, visible].concat()
            }
            "unless_blind" => (if self.is_blind { ", or to 0 where no key is seen" } else { "" }).to_owned(),
            "item" => data.item.to_string(),
            "item_from_1" => (data.item + 1).to_string(),
            "head" => self.head.to_string(),
            "head_from_1" => (self.head + 1).to_string(),
            "page" | "page_weights" => self.numbers.clone(),
            "sentence" => {
                let said =
                    |tokens: &[Token]| tokens.iter().map(|token| literal(&token.text)).collect::<Vec<_>>().join(" ");
                let (tokens, keys) = (said(&data.sentence().tokens), said(&data.sentence().keys));
                if setup.is_cross { [tokens, keys].join(" -> ") } else { tokens }
            }
            "turned" => (if self.holds("rotary") { "; turned by their places already" } else { "" }).to_owned(),
            "query_count" => queries.to_string(),
            "key_count" => keys.to_string(),
            "queries" => self.inputs(Tensor::Queries)?,
            "keys" => self.inputs(Tensor::Keys)?,
            "values" => self.inputs(Tensor::Values)?,
            "mask_rows" => (if setup.is_painted() { queries } else { 1 }).to_string(),
            "mask" => {
                let own = data.sentence().own_keys();
                let rows = if setup.is_painted() { queries } else { 1 };
                let sees = |query, key| if setup.is_painted() { setup.sees(query, key, own) } else { key < own };
                let row = |query| {
                    let bytes: Vec<&str> = (0..keys).map(|key| if sees(query, key) { "1," } else { "0," }).collect();
                    ["    ", &bytes.join(" ")].concat()
                };
                (0..rows).map(row).collect::<Vec<_>>().join("\n")
            }
            _ => return None,
        })
    }

    /// By whom the page's numbers were made, and where they can be seen.
    fn made(&self) -> String {
        const MOST: usize = 400;
        let engine = match &self.data.engine {
            EngineKind::WebGpu { adapter } if adapter != "WebGPU" => format!("WebGPU ({})", literal(adapter)),
            EngineKind::WebGpu { .. } => "WebGPU".to_owned(),
            EngineKind::Cpu { .. } => "the CPU".to_owned(),
        };
        let made = format!("The page calculated it on {engine}, by {NAME} {}", env!("CARGO_PKG_VERSION"));
        if !(1..=MOST).contains(&self.link.len()) {
            return [made, ".".to_owned()].concat();
        }
        let comment = if self.code == Code::JavaScript { "// " } else { "" };
        format!("{made}:\n{comment}{}", self.link)
    }

    /// What the softmax is of.
    fn formula(&self) -> String {
        let mut formula = "queries keys^T".to_owned();
        for (condition, divisor) in [("scaled", " / sqrt(d_k)"), ("temperature", " / temperature")] {
            if self.holds(condition) {
                formula += divisor;
            }
        }
        if self.holds("softcap") {
            formula = format!("softcap tanh({formula} / softcap)");
        }
        for (condition, term) in [("alibi", " - slope distance"), ("masked", " + mask")] {
            if self.holds(condition) {
                formula += term;
            }
        }
        formula
    }

    /// A tensor of all heads, a row a line.
    fn inputs(&self, tensor: Tensor) -> Option<String> {
        let heads = (0..self.setup().heads).map(|head| {
            let matrix = self.whole(tensor, head)?;
            let row = |row: &[f32]| wrapped(row.iter().map(|value| [&number(*value), ","].concat()), "  ");
            Some(matrix.values.chunks(matrix.columns).map(row).collect::<Vec<_>>().join("\n"))
        });
        Some(heads.collect::<Option<Vec<String>>>()?.join("\n"))
    }
}

/// Whether any query of a sentence sees no key.
fn is_blind(item: &Item, setup: &Setup) -> bool {
    let (Lengths { queries, keys }, own) = (item.lengths(), item.own_keys());
    let sees_any = |query: usize| (0..keys).any(|key| setup.sees(query, key, own));
    // Paint is of few queries, and a window is quick to ask.
    let is_painted = |query| setup.painted.iter().any(|at| at.query == query);
    (0..queries).any(|query| {
        let by_window = !setup.mask.keys(query as isize, own).is_empty();
        if is_painted(query) { !sees_any(query) } else { !by_window }
    })
}

/// The lines of a text whose conditions hold, with what stands between two `@` put in.
fn filled(template: &str, holds: &dyn Fn(&str) -> bool, text: &dyn Fn(&str) -> Option<String>) -> String {
    let mut filled = String::new();
    // Whether the lines here are wanted, of each condition that we are in.
    let mut wanted = vec![true];
    for line in template.lines() {
        let is_wanted = *wanted.last().expect("a text ends what it begins");
        if let Some(condition) = line.strip_prefix("#if ") {
            wanted.push(is_wanted && holds(condition));
        } else if line == "#else" {
            wanted.pop();
            let around = *wanted.last().expect("a text ends what it begins");
            wanted.push(around && !is_wanted);
        } else if line == "#end" {
            wanted.pop();
        } else if is_wanted {
            let mut rest = line;
            while let Some((before, after)) = rest.split_once('@') {
                filled += before;
                // Python multiplies matrices with the same sign.
                rest = match after.split_once('@').and_then(|(name, after)| Some((text(name)?, after))) {
                    Some((text, after)) => {
                        filled += &text;
                        after
                    }
                    None => {
                        filled.push('@');
                        after
                    }
                };
            }
            filled += rest;
            filled.push('\n');
        }
    }
    filled
}

/// In bytes, without what it is indented by.
const LONGEST_LINE: usize = 110;

/// Lists of words, one a sentence.
fn sentences<'a>(sentences: impl Iterator<Item = &'a Vec<Token>>) -> String {
    let sentence = |tokens: &Vec<Token>| {
        let words = || tokens.iter().map(|token| ["\"", &literal(&token.text), "\""].concat());
        let line = words().collect::<Vec<_>>().join(", ");
        if line.len() < LONGEST_LINE {
            return ["    [", &line, "],"].concat();
        }
        format!("    [\n{}\n    ],", wrapped(words().map(|word| word + ","), "        "))
    };
    sentences.map(sentence).collect::<Vec<_>>().join("\n")
}

/// The rows of a matrix as lists, and what stands where a key is hidden.
fn rows(matrix: &Matrix, hidden: f32, indent: &str) -> String {
    let shown = |value: f32| if value == f32::NEG_INFINITY { hidden } else { value };
    let row = |row: &[f32]| {
        let numbers: Vec<String> = row.iter().map(|value| number(shown(*value))).collect();
        format!("{indent}[{}],", numbers.join(", "))
    };
    matrix.values.chunks(matrix.columns).map(row).collect::<Vec<_>>().join("\n")
}

/// Words in lines that are not too long.
fn wrapped(words: impl Iterator<Item = String>, indent: &str) -> String {
    let mut lines = indent.to_owned();
    let mut len = 0;
    for word in words {
        if len > 0 && len + word.len() > LONGEST_LINE {
            lines = [&lines, "\n", indent].concat();
            len = 0;
        } else if len > 0 {
            lines.push(' ');
        }
        len += word.len() + 1;
        lines += &word;
    }
    lines
}

/// A number as Python and JavaScript read it, in no more digits than it takes.
fn number(value: f32) -> String {
    const MOST: usize = 9;
    if value == f32::NEG_INFINITY {
        return "-INF".to_owned();
    }
    let magnitude = value.abs();
    let written = (1..MOST).map(|decimals| fixed(magnitude.into(), decimals));
    let digits = written.into_iter().find(|digits| read(digits) == Some(magnitude));
    let digits = digits.unwrap_or_else(|| fixed(magnitude.into(), MOST));
    if value < 0.0 { ["-", &digits].concat() } else { digits }
}

/// A word between quotes, as Python reads it: what cannot be seen, or turns the direction of what can, is written as its code.
fn literal(text: &str) -> String {
    let mut literal = String::new();
    for character in text.chars() {
        match character {
            '"' | '\\' => literal.extend(['\\', character]),
            '\0'..'\u{20}'
            | '\u{7f}'..'\u{a0}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..'\u{2010}'
            | '\u{2028}'..'\u{2030}'
            | '\u{2060}'..'\u{2070}'
            | '\u{feff}'
            | '\u{e0000}'..'\u{e1000}' => literal += &format!("\\U{:08x}", u32::from(character)),
            _ => literal.push(character),
        }
    }
    literal
}
