//! The words that a person reads on the page, in one place. `words_de` has them in German, item for item, and
//! `docs/translating.md` says how one more language is added. What an engine says when something goes wrong is worded, in
//! English, where it goes wrong; what is said before this program runs stands in `index.html`.

pub mod arcs;
pub(super) mod explain;
pub mod export;
pub mod given;
pub mod glossary;
pub mod more;
pub mod print;
pub mod table;
pub mod tour;
pub(super) mod why;

use super::{
    HEAD_COUNTS, Projection, SharesMap, Sight, SignedMap, Step, WIDTHS, link::Unread, number::fixed, range::Range,
    timeline::SoftmaxPart,
};
use std::ops;

use crate::attention::Window;
use crate::embedding::Positions;
use crate::protocol::{
    Against, Begins, EngineChoice, EngineKind, LeftOut, Lengths, MOST_SENTENCES, MOST_TOKENS, Refusal, Setup, Tensor,
    WIDEST_MODEL,
};

/// The page's name.
pub const NAME: &str = "Headlight";
/// The line beside it.
pub const TAGLINE: &str = "see every step of attention, down to the last product";

/// The page's controls and headings.
pub mod page {
    #![allow(missing_docs, reason = "each constant is named after the control that it labels")]

    pub const LANGUAGE: &str = "en";
    /// The other language of the page, and its own name for itself.
    pub const OTHER_LANGUAGE: (&str, &str) = ("de", "Deutsch");
    pub const SENTENCE: &str = "Sentence";
    pub const SENTENCE_HINT: &str = "Type a sentence";
    pub const SECOND_SENTENCE_BOX: &str = "Second sentence";
    pub const KEYS_FROM: &str = "Keys, values";
    pub const SAME_SENTENCE: &str = "the same";
    pub const SECOND_SENTENCE: &str = "a second";
    pub const SHOWN: &str = "Shown";
    pub const SENTENCE_SHOWN: &str = "Sentence shown";
    pub const BATCH_HINT: &str = "Enter begins another sentence: several, one a line, are calculated together, as a batch; the shorter ones are padded.";
    pub const STEPS: &str = "Steps";
    pub const OVERVIEW: &str = "Overview";
    pub const PLAY: &str = "Play";
    pub const PLAYBACK: &str = "Playback";
    pub const PAUSE: &str = "Pause";
    pub const PREVIOUS: &str = "Previous step";
    pub const NEXT: &str = "Next step";
    pub const SPEED: &str = "Speed";
    /// One for each of the session's speeds.
    pub const SPEEDS: [&str; 4] = ["0.5×", "1×", "2×", "4×"];
    pub const POSITION: &str = "Position in step";
    pub const FAST_FORWARD: &str = "Finish this step";
    pub const KEYS: &str = "Keyboard";
    /// Keys, and what they do.
    pub const KEY_MAP: [(&str, &str); 10] = [
        ("Space", "play, pause"),
        ("← →", "the step before, the next step"),
        ("Tab", "from control to control, and from matrix to matrix"),
        ("← → ↑ ↓", "in a matrix: from cell to cell"),
        ("Home, End", "in a matrix: to the ends of the row; with Ctrl, to the corners"),
        ("Page ↑, Page ↓", "in a matrix: ten rows"),
        ("Enter", "in a matrix: keep the cell in the inspector; Esc lets it go"),
        ("Backspace", "back to the cell whose term was followed"),
        ("+ − 0", "in a matrix of many tokens: nearer, farther, all"),
        ("?", "this list"),
    ];
    pub const MORE: &str = "More";
    pub const ZOOM: &str = "Zoom";
    pub const ZOOM_IN: &str = "Zoom in";
    pub const ZOOM_OUT: &str = "Zoom out";
    pub const ALL_TOKENS: &str = "All tokens";
    pub const SET_UP: &str = "Set-up";
    pub const SEED: &str = "Seed";
    pub const HEADS: &str = "Heads";
    pub const WIDTH: &str = "Model width";
    pub const POSITIONS: &str = "Positions";
    pub const MASK: &str = "Mask";
    pub const BACK: &str = "Looks back";
    pub const AHEAD: &str = "Looks ahead";
    pub const SCALING: &str = "Scaling";
    pub const TEMPERATURE: &str = "Temperature";
    pub const PADDING: &str = "Padding";
    pub const SOFTCAP: &str = "Softcap (0: none)";
    pub const THIS_HEAD: &str = "This head";
    pub const PAINT: &str = "Paint the mask";
    pub const CLEAR_PAINT: &str = "Clear the paint";
    pub const PAINT_FROM_NEARER: &str =
        "The cells are too small here to draw over one and no other: zoom in, or press Enter on one.";
    pub const PAINT_HINT: &str =
        "Draw over the cells, or press Enter on one: a stroke hides what it begins on, or shows it again.";
    pub const NUMBER: &str = "number";
    pub const WHOLE_NUMBER: &str = "whole number";
    pub const COLOURS: &str = "Colours";
    pub const SIGNED: &str = "Signed";
    pub const RANGE: &str = "Range";
    pub const RANGE_SIGNED: &str = "Signed to ±";
    pub const RANGE_WEIGHTS: &str = "Weights to";
    pub const SEE_AS: &str = "See as";
    pub const SHOW_CHANGE: &str = "Show change";
    pub const ON: &str = "on";
    pub const OFF: &str = "off";
    pub const WHAT_IF: &str = "What if";
    pub const WHAT_IF_HINT: &str = "Change one thing, see what moves.";
    pub const ENGINE: &str = "Engine";
    pub const CALCULATE_ON: &str = "Calculate on";
    pub const INSPECTOR: &str = "Inspector";
    pub const THEME_TO_DARK: &str = "Switch to dark";
    pub const THEME_TO_LIGHT: &str = "Switch to light";
    pub const SKIP_TO_STAGE: &str = "Skip to the picture";
    pub const SHOW_ALL: &str = "Show all terms";
    pub const SHOW_FEWER: &str = "Show the largest terms only";
    pub const UNPIN: &str = "Let go";
    pub const WAY_BACK: &str = "Back";
    pub const PIN_HINT: &str = "Point at a cell to open it; click or tap it, or press Enter, to keep it here.";
    pub const PINNED_HINT: &str = "This cell is kept here. Esc, or “Let go”, lets it go.";
    pub const USE_EXAMPLE: &str = "Use the example";
    pub const RESTART_ENGINE: &str = "Start it again";
    pub const BUILT_FROM: &str = "Which projection to build";
    pub const EMBEDDED_FOR: &str = "Whose input to show";
    pub const WHY_CPU: &str = "why not WebGPU?";
    pub const CHECK: &str = "check";
    pub const CHECK_RUNS: &str = "Calculating everything once more …";
    pub const CHECK_STAGE: &str = "Stage";
    pub const CHECK_LARGEST: &str = "Largest difference";
    pub const WEIGHTS: &str = "Weights";
    pub const PYTORCH_INIT: &str = "PyTorch init";
    pub const HEADS_STRIP: &str = "Heads";
    pub const STARTING: &str = "starting";
    pub const STOPPED: &str = "stopped";
    pub const TERMS: &str = "Terms";
    pub const PART_MISSING: &str = "A part of this page could not be loaded, perhaps because the connection is gone or there is a new version. What you see still works, and what you typed is kept. Ask for it again, or reload the page.";
    pub const BROKEN: &str = "Headlight’s page has stopped, because of a fault in it. What you typed is still in the box: copy it if you need it, and reload the page.";
    pub const CALCULATING: &str = "Calculating …";
    pub const UNTRAINED: &str = "These weights are untrained: they are the random numbers PyTorch starts from. The mechanism you see is real; the pattern has no meaning yet.";
}

/// The step's name in the navigation.
pub fn step_name(step: Step) -> &'static str {
    match step {
        Step::Tokens => "Tokens",
        Step::Embed => "Embed",
        Step::Project => "Q K V",
        Step::Scores => "Scores",
        Step::Scale => "Scale",
        Step::Mask => "Mask",
        Step::Softmax => "Softmax",
        Step::Mix => "Mix values",
        Step::Output => "Output",
    }
}

/// The title over the stage: a question or a claim.
pub fn step_title(step: Step, setup: &Setup) -> &'static str {
    match step {
        _ if setup.begins() == Some(Begins::Weights) => given::WEIGHTS_TITLE,
        Step::Tokens => "Tokens: what does the model read?",
        Step::Embed => "Embed: every word becomes a row of numbers",
        Step::Project => "Q K V: what does each token look for, show and pass on?",
        Step::Scores => "Scores: how well does each query match each key?",
        Step::Scale => "Scale: why divide by √D?",
        Step::Mask => "Mask: who may look at whom?",
        Step::Softmax => "Softmax: turn scores into shares of attention",
        Step::Mix => "Mix values: what does each token take from the others?",
        Step::Output => "Output: the heads come back together",
    }
}

/// The sentence under the title. `is_padded`: the sentence on the stage has keys of padding.
pub fn step_lead(step: Step, setup: &Setup, is_padded: bool) -> &'static str {
    let Setup { mask, positions, is_scaled, is_cross, .. } = *setup;
    let is_painted = setup.is_painted();
    match step {
        _ if setup.begins() == Some(Begins::Weights) => given::WEIGHTS_LEAD,
        Step::Tokens if is_cross => {
            "Two sentences are cut into words and punctuation marks. Those of the first will ask; those of the second will be attended to."
        }
        Step::Embed if is_cross => {
            "Both sentences are embedded alike, each counting its places from 0. Choose whose input is shown: the queries’, or that of keys and values."
        }
        Step::Project if is_cross => {
            "Cross-attention: the first sentence’s rows become queries, the second’s become keys and values. Else nothing changes."
        }
        Step::Mask if is_cross && !is_painted && mask != Window::OPEN => {
            "Places are compared across the two sentences: token 2 of the first stands at token 2 of the second. Hatched cells may not be seen."
        }
        Step::Tokens => {
            "The sentence is cut into words and punctuation marks. Each gets a number, its id; the same word gets the same id."
        }
        Step::Embed if positions == Positions::Rotary => {
            "A word’s row depends on the word alone. Rotary positions add nothing here: they turn queries and keys at the next step."
        }
        Step::Embed if positions == Positions::Alibi => {
            "A word’s row depends on the word alone. ALiBi adds nothing here: at the step “Mask” it takes distance off the scores."
        }
        Step::Embed if positions == Positions::None => {
            "A word’s row depends on the word alone. No positions are set, so the rows of equal words are equal, wherever they stand."
        }
        Step::Embed => {
            "A word’s row depends on the word alone; adding its position’s row tells two equal words in different places apart."
        }
        Step::Project => {
            "Three matrices turn each token’s row into a query (what it looks for), a key (what it can be found by) and a value (what it passes on)."
        }
        Step::Scores => {
            "Every score is one dot product: a row of Q (what this token looks for) against a row of K (what that token can be found by)."
        }
        Step::Scale if !is_scaled => {
            "The division by √D is left out: the wider the heads, the farther apart the scores, and the sharper the shares."
        }
        Step::Scale => {
            "A score adds up D products, so wide heads make wild scores. Dividing by √D takes that out, or softmax would pick one winner."
        }
        Step::Mask if positions == Positions::Alibi && !is_painted && !is_padded && mask == Window::OPEN => {
            "ALiBi takes off each score what its distance costs: the farther a key is from its query, the more. Nothing is hidden."
        }
        Step::Mask if is_painted && !is_padded && mask == Window::OPEN => {
            "Painted by hand, with no other mask set. Hatched cells may not be seen and take no part in the softmax."
        }
        Step::Mask if is_painted => {
            "Painted by hand, over the mask that is set. Hatched cells may not be seen and take no part in the softmax."
        }
        Step::Mask if is_padded && mask == Window::OPEN => {
            "Padding fills a sentence up and means nothing, so no token may see it: its columns are hatched and take no part in the softmax."
        }
        Step::Mask => match mask {
            Window::CAUSAL => {
                "Causal mask: what comes later is hidden (hatched), so that a model cannot look at the next word that it has to guess."
            }
            Window::OPEN => {
                "No mask is set: every query may see every key, so nothing changes here. Choose “causal” to hide what comes later."
            }
            _ => {
                "Window: a token sees itself and so many tokens back and ahead as are set. Hatched cells may not be seen and take no part in the softmax."
            }
        },
        Step::Softmax => match mask {
            Window::OPEN if !is_padded && !is_painted && is_cross => {
                "Each row becomes positive and is divided by its own sum, so it sums to 1: a token’s attention, shared out among the other sentence’s tokens."
            }
            Window::OPEN if !is_padded && !is_painted => {
                "Each row becomes positive and is divided by its own sum, so it sums to 1: a token’s attention, shared out among all tokens."
            }
            _ => {
                "Each row becomes positive and is divided by its sum, so it sums to 1. Hatched cells get nothing; a row that may see none stays 0."
            }
        },
        Step::Mix => "Each token’s result is a blend of all the values, weighted by its shares of attention.",
        Step::Output if !setup.heads_off.is_empty() => {
            "A head is switched off: what it found counts as 0, and the output is made of what the others found."
        }
        Step::Output => {
            "The results of all heads, side by side, times one last matrix, make the block’s output: one row per token."
        }
    }
}

/// A matrix's name: its grid's, and the caption's.
pub fn tensor_name(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Tokens => "Tokens",
        Tensor::WordEmbeddings => "Word embeddings",
        Tensor::Positions => "Positions",
        Tensor::Input => "Input",
        Tensor::QueryWeights => "Query weights",
        Tensor::KeyWeights => "Key weights",
        Tensor::ValueWeights => "Value weights",
        Tensor::Queries => "Queries",
        Tensor::Keys => "Keys",
        Tensor::Values => "Values",
        Tensor::Scores => "Scores",
        Tensor::Scaled => "Scaled scores",
        Tensor::Mask => "Mask",
        Tensor::Masked => "Masked scores",
        Tensor::RowMax => "Row maximum",
        Tensor::Shifted => "Scores minus row maximum",
        Tensor::Exponentials => "Exponentials",
        Tensor::ExponentialSums => "Sums of exponentials",
        Tensor::Weights => "Attention weights",
        Tensor::RowSums => "Row sums",
        Tensor::Mixed => "Mixed values",
        Tensor::Heads => "Heads side by side",
        Tensor::OutputWeights => "Output weights",
        Tensor::Output => "Output",
        Tensor::KeyTokens => "Tokens of the second sentence",
        Tensor::KeyWordEmbeddings => "Word embeddings of the second sentence",
        Tensor::KeyPositions => "Positions in the second sentence",
        Tensor::KeyInput => "Input of keys and values",
    }
}

/// Over a sentence, where there are two: what is made of it.
pub fn made_of(tensor: Tensor) -> &'static str {
    if tensor == Tensor::Tokens { "Queries are made of" } else { "Keys and values are made of" }
}

/// A matrix's name in the middle of a text. (The names are ASCII, and the tables for more would be heavy.)
pub fn tensor_in_text(tensor: Tensor) -> String {
    tensor_name(tensor).to_ascii_lowercase()
}

/// A matrix's symbol in formulas and captions.
pub fn tensor_symbol(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Tokens => "t",
        Tensor::WordEmbeddings => "E",
        Tensor::Positions => "P",
        Tensor::Input => "X",
        Tensor::QueryWeights => "W_q",
        Tensor::KeyWeights => "W_k",
        Tensor::ValueWeights => "W_v",
        Tensor::Queries => "Q",
        Tensor::Keys => "K",
        Tensor::Values => "V",
        Tensor::Scores => "S",
        Tensor::Scaled => "S′",
        Tensor::Mask => "mask",
        Tensor::Masked => "M",
        Tensor::RowMax => "max",
        Tensor::Shifted => "M − max",
        Tensor::Exponentials => "exp",
        Tensor::ExponentialSums => "Σ exp",
        Tensor::Weights => "A",
        Tensor::RowSums => "Σ row",
        Tensor::Mixed => "Z",
        Tensor::Heads => "Z",
        Tensor::OutputWeights => "W_o",
        Tensor::Output => "Y",
        Tensor::KeyTokens => "t_kv",
        Tensor::KeyWordEmbeddings => "E_kv",
        Tensor::KeyPositions => "P_kv",
        Tensor::KeyInput => "X_kv",
    }
}

/// A matrix's short name under its thumbnail.
pub fn thumbnail_name(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Input => "X",
        Tensor::Scaled => "Scaled",
        Tensor::Masked => "Masked",
        Tensor::Weights => "Weights",
        Tensor::Mixed => "Mixed",
        Tensor::Output => "Output",
        Tensor::KeyInput => "X kv",
        Tensor::Queries | Tensor::Keys | Tensor::Values => tensor_symbol(tensor),
        other => tensor_name(other),
    }
}

/// What the two ends of a legend mean.
pub fn legend(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Scores | Tensor::Scaled | Tensor::Masked => "pulls apart ← 0 → pulls together",
        Tensor::Shifted => "distance below the row’s maximum",
        Tensor::Exponentials => "exp, 1 at the row’s maximum",
        Tensor::Weights => "share of attention",
        _ => "negative ← 0 → positive",
    }
}

/// What the two ends of a legend of changes mean.
pub const LEGEND_CHANGE: &str = "fell ← 0 → rose";

/// The symbol of a change.
pub fn change_of(symbol: &str) -> String {
    format!("Δ {symbol}")
}

/// Where a comparison begins.
pub const COMPARE_FROM_HERE: &str =
    "From here on the stage shows what changes. Change one thing: the mask, the scaling, the temperature.";

/// What a set-up was before, of what is another now: "Before: temperature 1.00, mask none."
pub fn compared_with(before: &Setup, now: &Setup) -> String {
    let mut different = Vec::new();
    let mut add = |is_other: bool, what: String| {
        if is_other {
            different.push(what);
        }
    };
    add(before.mask != now.mask, format!("mask {}", mask(before.mask)));
    add(before.is_scaled != now.is_scaled, format!("scaling {}", scaling(before.is_scaled)));
    add(before.temperature != now.temperature, format!("temperature {}", fixed(before.temperature.into(), 2)));
    let cap = |softcap: Option<f32>| softcap.map_or("none".to_owned(), |softcap| fixed(softcap.into(), 2));
    add(before.softcap != now.softcap, format!("softcap {}", cap(before.softcap)));
    add(before.padding != now.padding, format!("padding {}", before.padding));
    add(before.painted != now.painted, format!("{} cells painted", before.painted.len()));
    add(before.heads_off != now.heads_off, heads_off(&before.heads_off));
    add(before.positions != now.positions, format!("positions {}", positions(before.positions)));
    let from = |is_cross| if is_cross { page::SECOND_SENTENCE } else { page::SAME_SENTENCE };
    add(before.is_cross != now.is_cross, format!("keys and values from {} sentence", from(before.is_cross)));
    add(before.seed != now.seed, format!("seed {}", before.seed));
    add(before.heads != now.heads, format!("{} heads", before.heads));
    add(before.width != now.width, format!("width {}", before.width));
    format!("Before: {}.", different.join(", "))
}

/// "hatched: may not be seen", beside the legend of a figure that has such cells.
pub const LEGEND_MASKED: &str = "hatched: may not be seen";

/// The name of one of the three projections.
pub fn projection(projection: Projection) -> &'static str {
    match projection {
        Projection::Queries => "Queries",
        Projection::Keys => "Keys",
        Projection::Values => "Values",
    }
}

/// A sub-step of the softmax.
pub fn softmax_part(part: SoftmaxPart) -> &'static str {
    match part {
        SoftmaxPart::RowMax => "1 of 4 · find each row’s maximum",
        SoftmaxPart::Subtract => "2 of 4 · subtract it",
        SoftmaxPart::Exp => "3 of 4 · take the exponential",
        SoftmaxPart::Divide => "4 of 4 · divide by the row’s sum",
    }
}

/// A choice of mask.
pub fn mask(mask: Window) -> &'static str {
    match mask {
        Window::OPEN => "none",
        Window::CAUSAL => "causal",
        _ => "window",
    }
}

/// The colours of numbers from 0 up.
pub fn shares_map(map: SharesMap) -> &'static str {
    match map {
        SharesMap::Cividis => "cividis",
        SharesMap::Viridis => "viridis",
        SharesMap::Batlow => "batlow",
    }
}

/// The colours of numbers with a sign.
pub fn signed_map(map: SignedMap) -> &'static str {
    match map {
        SignedMap::Vik => "vik",
        SignedMap::Roma => "roma",
        SignedMap::Broc => "broc",
    }
}

/// How far the colours reach.
pub fn range(range: Range) -> &'static str {
    match range {
        Range::Lesson => "as taught",
        Range::Matrix => "per matrix",
        Range::Step => "per step",
        Range::Fixed(_) => "fixed",
    }
}

/// "3 cells beyond", in a legend whose colours end before the numbers do.
pub fn cells_beyond(count: usize) -> String {
    match count {
        1 => "1 cell beyond".to_owned(),
        _ => format!("{count} cells beyond"),
    }
}

/// Through whose eyes the page is seen.
pub fn sight(sight: Sight) -> &'static str {
    match sight {
        Sight::Own => "as it is",
        Sight::Protanopia => "protanopia",
        Sight::Deuteranopia => "deuteranopia",
        Sight::Tritanopia => "tritanopia",
        Sight::Greyscale => "greyscale",
    }
}

/// Whether scores are divided by √D.
pub fn scaling(is_scaled: bool) -> &'static str {
    if is_scaled { "÷ √D" } else { "none" }
}

/// What stands between scores and scaled scores.
pub fn scale_operator(setup: &Setup) -> String {
    let temperature = fixed(setup.temperature.into(), 2);
    let mut signs = Vec::new();
    if setup.is_scaled {
        signs.push(format!("÷ √{}", setup.width / setup.heads));
    }
    if setup.temperature != 1.0 {
        signs.push(format!("÷ {temperature}"));
    }
    if setup.softcap.is_some() {
        signs.push("softcap".to_owned());
    }
    if signs.is_empty() { "=".to_owned() } else { signs.join(" ") }
}

/// Over the scaled scores, until all are there.
pub const BEING_SCALED: &str = "scores, changed row by row";
/// Over the exponentials, until all are there.
pub const BEING_RAISED: &str = "e to the differences, row by row";
/// Over the weights, until all are divided.
pub const BEING_DIVIDED: &str = "exponentials, divided row by row";

/// How much of the mask is painted.
pub fn painted(cells: usize) -> String {
    match cells {
        0 => "Nothing is painted yet.".to_owned(),
        1 => "1 cell is painted by hand.".to_owned(),
        _ => format!("{cells} cells are painted by hand."),
    }
}

/// Which heads are off: "head 2 off", "no head off".
pub fn heads_off(heads: &[usize]) -> String {
    let listed: Vec<String> = heads.iter().map(|head| (head + 1).to_string()).collect();
    match heads.len() {
        0 => "no head off".to_owned(),
        1 => format!("head {} off", listed[0]),
        _ => format!("heads {} off", listed.join(", ")),
    }
}

/// A choice of positions.
pub fn positions(positions: Positions) -> &'static str {
    match positions {
        Positions::None => "none",
        Positions::Sinusoidal => "sinusoidal",
        Positions::Rotary => "rotary (RoPE)",
        Positions::Alibi => "ALiBi",
    }
}

/// A choice of engine.
pub fn engine_choice(engine: EngineChoice) -> &'static str {
    match engine {
        EngineChoice::Auto => "automatic",
        EngineChoice::WebGpu => "WebGPU",
        EngineChoice::Cpu => "CPU",
    }
}

/// "cell 32 of 36".
pub fn cell_of(done: usize, of: usize) -> String {
    format!("cell {done} of {of}")
}

/// "colours ±1.41", under a matrix whose colours the legend does not explain.
pub fn colors_to(range: &str) -> String {
    format!("colours {range}")
}

/// "= token 0", on a word's later occurrence.
pub fn same_as(index: usize) -> String {
    format!("= token {index}")
}

/// "columns 16–31 of [64, 64]", of a matrix that only one head's part is drawn of.
pub fn columns_of(first: usize, count: usize, shape: &str) -> String {
    match count {
        1 => format!("column {first} of {shape}"),
        _ => format!("columns {first}–{} of {shape}", first + count - 1),
    }
}

/// "row 3 of 6".
pub fn row_of(done: usize, of: usize) -> String {
    format!("row {done} of {of}")
}

/// "3 of 6 tokens".
pub fn token_of(done: usize, of: usize) -> String {
    format!("{done} of {of} tokens")
}

/// "term 3 of 16 of the first cell".
pub fn term_of(done: usize, of: usize) -> String {
    format!("first cell, term {done} of {of}")
}

/// "first row, term 3 of 6", where a term is added to a whole row.
pub fn row_term_of(done: usize, of: usize) -> String {
    format!("first row, term {done} of {of}")
}

/// "head 1"; heads are counted from 1 on the page, as people do.
pub fn head(index: usize) -> String {
    format!("head {}", index + 1)
}

/// "head 1", "head 1 · off".
pub fn head_in_strip(index: usize, is_off: bool) -> String {
    head(index) + if is_off { " · off" } else { "" }
}

/// The line beside the token chips. `repeated` are the spellings of a word that occurs more than once.
pub fn token_note(count: usize, repeated: Option<(&str, &str)>, setup: &Setup) -> String {
    let tokens = if count == 1 { "1 token".to_owned() } else { format!("{count} tokens") };
    let apart = match setup.positions {
        Positions::None if setup.mask == Window::OPEN && !setup.is_painted() => {
            "without positions nothing tells them apart"
        }
        Positions::None => "without positions only the mask tells them apart",
        _ => "only position tells them apart",
    };
    match repeated {
        _ if setup.given.is_some() => tokens,
        _ if count == 1 && setup.is_cross => tokens,
        _ if count == 1 => format!("{tokens} · alone, it can only attend to itself"),
        Some((first, second)) if first == second => {
            format!("{tokens} · “{first}” occurs more than once with one embedding; {apart}")
        }
        Some((first, second)) => format!("{tokens} · “{first}” and “{second}” share one embedding; {apart}"),
        None => tokens,
    }
}

/// "and 464 more", after the first chips.
pub fn more_tokens(count: usize) -> String {
    format!("and {count} more")
}

/// "2 of 3: A dog barked", a choice of the sentence that is shown.
pub fn sentence_of(index: usize, of: usize, sentence: &str) -> String {
    format!("{} of {of}: {sentence}", index + 1)
}

/// Which tokens of a long sentence the stage shows; counted from 0, as everywhere.
pub fn zoomed(queries: ops::Range<usize>, keys: ops::Range<usize>, len: Lengths) -> String {
    let span = |tokens: &ops::Range<usize>| format!("{}–{}", tokens.start, tokens.end.saturating_sub(1));
    match (len.queries, len.keys) {
        (of, of_keys) if of != of_keys => {
            format!("queries {} of {of}, keys {} of {of_keys}", span(&queries), span(&keys))
        }
        (len, _) if queries == (0..len) && keys == (0..len) => format!("all {len} tokens"),
        (len, _) if queries == keys => format!("tokens {} of {len}", span(&queries)),
        (len, _) => format!("queries {}, keys {} of {len}", span(&queries), span(&keys)),
    }
}

/// A product in the making: one term, and the sum of those before it.
pub fn ticker(left: &str, right: &str, product: &str, sum: &str) -> String {
    format!("{left} × {right} = {product}   added to {sum}")
}

/// A row in the making: one share of a value, and the sum of the shares before it.
pub fn row_ticker(share: &str, word: &str, sum: &str) -> String {
    format!("{share} × the value of {word}   shares before it {sum}")
}

/// The terms after the largest ones, together.
pub fn smaller_terms(count: usize) -> String {
    format!("{count} smaller terms")
}

/// "go to queries: token mat, dimension 3": where a term's number comes from.
pub fn go_to(place: &str) -> String {
    format!("go to {place}")
}

/// "Back to attention weights: query mat, key cat".
pub fn back_to(place: &str) -> String {
    format!("Back to {place}")
}

/// The overview strip's name.
pub fn overview_of(head: usize) -> String {
    format!("Overview of head {}", head + 1)
}

/// A button of the overview strip.
pub fn overview_button(tensor: Tensor, leads_to: Step) -> String {
    format!("{}: go to {}", thumbnail_name(tensor), step_name(leads_to))
}

/// The address asks for an engine that there is none of.
pub fn no_engine(name: &str) -> String {
    format!(
        "There is no engine “{name}”, so Headlight chose one itself. The address may end with ?engine=cpu, \
         ?engine=webgpu or nothing."
    )
}

/// Some of what the address says could not be read.
pub fn unread_link(unread: &Unread) -> String {
    let Unread { pairs, more, is_newer } = unread;
    let of = if *is_newer {
        "This link was made by a later version of Headlight"
    } else {
        "Not all of this link could be read"
    };
    let what = if pairs.is_empty() {
        String::new()
    } else {
        format!(
            "; “{}”{} was left out",
            pairs.join("”, “"),
            if *more > 0 { format!(" and {more} more") } else { String::new() }
        )
    };
    format!("{of}{what}. The rest is shown; what you change makes a link of its own.")
}

/// More tokens, or sentences, than a run takes.
pub fn left_out(LeftOut { tokens: count, sentences }: LeftOut) -> String {
    if sentences > 0 {
        let last = if sentences == 1 { "the last one was".to_owned() } else { format!("the last {sentences} were") };
        let cut = match count {
            0 => String::new(),
            1 => " Of those that stay, the last token of one did not fit.".to_owned(),
            _ => format!(" Of those that stay, {count} tokens at their ends did not fit."),
        };
        return format!(
            "These are more sentences than one batch takes, so {last} left out: all are padded to the longest, and a \
             batch has at most {MOST_SENTENCES} sentences and {MOST_TOKENS} tokens, padding included.{cut} Your text is still \
             in the box; shorten the longest, or take some out."
        );
    }
    let last = if count == 1 { "the last one was".to_owned() } else { format!("the last {count} were") };
    format!(
        "This text has more than {MOST_TOKENS} tokens, so {last} left out: every token looks at every other, and the \
         work grows with the square of their number. Your text is still in the box; shorten it to choose which part is shown."
    )
}

/// Why a run was not done, and what to do.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoTokens => {
            "There is nothing to calculate yet: the sentence is empty. Type a few words; the last result stays below until then."
                .to_owned()
        }
        Refusal::NoKeys => {
            "There is nothing to attend to yet: the second sentence, which keys and values are made of, is empty. Type a few words; the last result stays below until then."
                .to_owned()
        }
        Refusal::Width(width) => {
            format!("A model width of {width} is out of range: attention needs at least 1 column, and this page calculates up to {WIDEST_MODEL}. The last result stays below.")
        }
        Refusal::Heads { heads, width } => {
            let fit = |of: &[usize], fits: &dyn Fn(usize) -> bool| {
                let fitting: Vec<String> = of.iter().filter(|one| fits(**one)).map(usize::to_string).collect();
                fitting.join(", ")
            };
            let head_counts = fit(&HEAD_COUNTS, &|heads| width.is_multiple_of(heads));
            let widths = fit(&WIDTHS, &|width| width.is_multiple_of(*heads));
            format!("{heads} heads cannot share a model width of {width} evenly: each head gets as many columns as the others. With width {width}, choose {head_counts} heads; with {heads} heads, a width of {widths}. The last result stays below.")
        }
        Refusal::Gone => given::GONE.to_owned(),
        Refusal::Attention(message) => message.clone(),
    }
}

/// A box holds something else than such a number; the browser does not tell what, where it is no number at all.
pub fn bad_number(typed: &str, label: &str, kind: &str, [from, to]: [&str; 2], in_use: &str) -> String {
    let what = if typed.is_empty() { "What stands there".to_owned() } else { format!("“{typed}”") };
    format!("{what} is not usable for “{label}”, which takes a {kind} from {from} to {to}. {in_use} stays in use.")
}

/// Who calculated a run once more.
pub fn checked_against(against: &Against) -> String {
    match against {
        Against::Engine(EngineKind::Cpu { .. }) => "Calculated once more on the CPU.".to_owned(),
        Against::Engine(EngineKind::WebGpu { adapter }) => format!("Calculated once more with WebGPU ({adapter})."),
        Against::Reference { reason, tokens, of } => {
            let part = if tokens < of { format!(", for {tokens} of the {of} tokens") } else { String::new() };
            format!(
                "Calculated once more on the CPU, in the slow and clear way that the fast ones are tested against{part}. \
                 There is no other engine to check against: {reason}"
            )
        }
    }
}

/// What a check found.
pub fn check_verdict(holds: bool) -> &'static str {
    if holds {
        "Both agree: no number differs by more than a hundred-thousandth of its stage’s largest (or of 1), which is what another order of adding up can do."
    } else {
        "They do not agree: a number differs by more than another order of adding up can explain. One of the two is wrong; please tell us."
    }
}

/// Page and engine are of different builds.
pub fn wrong_build(page: &str, engine: &str) -> String {
    format!(
        "The page and its engine are of different builds ({page} and {engine}): one of them comes from a stale cache. \
         Reload the page without the cache (Ctrl+Shift+R, or Cmd+Shift+R)."
    )
}

/// The engine has died.
pub fn engine_died(reason: &str) -> String {
    format!(
        "The engine stopped: {reason} It was started again on the CPU, and nothing you typed is lost. \
         If this comes back, reload the page."
    )
}

/// The engine died again, on the CPU too.
pub fn engine_died_again(reason: &str) -> String {
    format!(
        "The engine stopped again, on the CPU too: {reason} The last picture stays, and what you typed is kept. \
         Start it again, or reload the page."
    )
}
