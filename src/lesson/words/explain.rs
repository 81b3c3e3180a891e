//! What the inspector says of a cell.
//!
//! In headings each `{}` stands for a piece that may have a colour of its own.

use crate::attention::Window;
use crate::embedding::Positions;
use crate::lesson::number::{fixed, scientific};

// Headings.

pub const IS_TOKEN: &str = "{} is token {}";
pub const AT_DIMENSION: &str = "{}, dimension {}";
pub const POSITION_AT_DIMENSION: &str = "position {}, dimension {}";
pub const FROM_TO: &str = "from dimension {} to dimension {}";
pub const AT_DIMENSION_OF_ITS: &str = "{}, dimension {} of its {}";
pub const AT_DIMENSION_OF_OUTPUT: &str = "{}, dimension {} of the output";
pub const ASKS: &str = "{} asks {}";
pub const TO: &str = "{} to {}";
pub const GIVES: &str = "{} gives {}";
pub const MAY_SEE: &str = "{} may see {}";
pub const MAY_NOT_SEE: &str = "{} may not see {}";
pub const LARGEST_SCORE: &str = "{}’s largest score";
pub const EXPONENTIALS_TOGETHER: &str = "{}’s exponentials together";
pub const SHARES_TOGETHER: &str = "{}’s shares together";
pub const TAKES: &str = "{} takes from the {}, {}, dimension {}";
pub const THE_VALUES: &str = "values";

/// A word that occurs more than once, with its place.
pub fn word_in_place(word: &str, index: usize) -> String {
    format!("{word} ({index})")
}

// What a change of the set-up changed.

pub const NOW_HIDDEN: &str = "now hidden";
pub const NOW_VISIBLE: &str = "now visible";

pub fn keys_moved(hidden: usize, visible: usize) -> String {
    format!("Pairs that became hidden: {hidden}; that became visible: {visible}.")
}

pub const NOTHING_MOVED: &str = "Nothing moved here.";
pub const NOT_COMPARED: &str = "This matrix had another shape before, so it is shown as it is now.";

pub fn most_moved(place: &str, change: &str) -> String {
    format!("What moved most here: {place}, by {change}.")
}

pub fn most_moved_somewhere(change: &str) -> String {
    format!("What moved most here moved by {change}.")
}

/// "change +0.180", read out.
pub fn announced_change(change: &str) -> String {
    format!("change {change}")
}

// Cells, read out.

pub const MASKED: &str = "masked";
pub const HIDDEN: &str = "hidden";
pub const VISIBLE: &str = "visible";

pub fn token_id(id: u32) -> String {
    format!("id {id}")
}

/// "query mat, key cat: 0.299".
pub fn announced(place: &str, value: &str) -> String {
    format!("{place}: {value}")
}

pub fn at_token(index: usize, word: &str) -> String {
    format!("token {index}, {word}")
}

pub fn at_dimension(word: &str, dimension: usize) -> String {
    format!("token {word}, dimension {dimension}")
}

pub fn at_position(position: usize, dimension: usize) -> String {
    format!("position {position}, dimension {dimension}")
}

pub fn at_weight(from: usize, to: usize) -> String {
    format!("from dimension {from}, to dimension {to}")
}

pub fn at_query(query: &str) -> String {
    format!("query {query}")
}

pub fn at_query_and_key(query: &str, key: &str) -> String {
    format!("query {query}, key {key}")
}

// The columns of the terms, and the names of their rows.

pub const TOKEN_COLUMNS: [&str; 3] = ["character", "code point", "bytes (hex)"];
pub const OPERAND_COLUMNS: [&str; 2] = ["part", "value"];
pub const PROJECTION_COLUMNS: [&str; 4] = ["i", "x", "w", "x·w"];
pub const TURNED_COLUMNS: [&str; 4] = ["i", "x", "w turned", "product"];
pub const SCORE_COLUMNS: [&str; 4] = ["d", "q", "k", "q·k"];
pub const ROW_MAX_COLUMNS: [&str; 2] = ["key", "m"];
pub const EXPONENTIAL_COLUMNS: [&str; 2] = ["key", "exp"];
pub const SHARE_COLUMNS: [&str; 2] = ["key", "share"];
pub const SOFTMAX_COLUMNS: [&str; 5] = ["key", "m", "m − max", "exp", "share"];
pub const MIX_COLUMNS: [&str; 4] = ["from", "share", "v", "share·v"];
pub const OUTPUT_COLUMNS: [&str; 4] = ["head · i", "z", "w", "z·w"];

pub const EMBEDDING: &str = "embedding e";
pub const POSITION: &str = "position p";
pub const SCORE: &str = "score s";
pub const SCALED_SCORE: &str = "scaled score";
pub const MASK: &str = "mask";
pub const MASKED_SCORE: &str = "masked score m";
pub const MINUS_ROW_MAX: &str = "− row’s maximum";

// Totals.

pub const BEFORE: &str = "before";
pub const CHANGE: &str = "change";
pub const CRC: &str = "CRC-32 of these bytes";
pub const TOKEN: &str = "token";
pub const TOGETHER: &str = "together";
pub const LARGEST: &str = "the largest of them";
pub const SUM_OF_EXPONENTIALS: &str = "sum of exp";
pub const SUM_OF_SHARES: &str = "sum of shares";

/// A column of the heads side by side is a column of one head.
pub fn same_in_head(head: &str) -> String {
    format!("the same in {head}")
}

pub fn sum_of(count: usize) -> String {
    if count == 1 { "the one term".to_owned() } else { format!("sum of {count} terms") }
}

// Words inside formulas.

pub fn quoted(word: &str) -> String {
    format!("“{word}”")
}

pub fn seed_and_id(id: u32, seed: u64) -> String {
    format!("seed {id} + {seed}")
}

// What the check claims when it holds, and says when it does not.

/// What a projection adds, among its terms.
pub const BIAS: &str = "bias";
pub const ADDS_UP: &str = "adds up to the stored number";
pub const ID_FOLLOWS: &str = "the id follows from these characters";
pub const DRAWN_AGAIN_FROM_WORD: &str = "drawn again from the word and the seed: the same bits";
pub const DRAWN_AGAIN_FROM_SEED: &str = "drawn again from the seed: the same bits";
pub const NOTHING_ADDED: &str = "nothing is added";
pub const FORMULA_GIVES: &str = "the formula gives the stored number";
pub const DIVISION_GIVES: &str = "the division gives the stored number";
pub const FACTOR_IS_RIGHT: &str = "the factor is right";
pub const SCORE_AND_MASK: &str = "score and mask make the stored number";
pub const NOTHING_SEEN_IS_ZEROS: &str = "no key may be seen, so the row is zeros";
pub const ADDED_FOLLOWS: &str = "what is added follows from the rule";
pub const IS_LARGEST: &str = "it is the row’s largest";
pub const DIFFERENCE_GIVES: &str = "the difference is the stored number";
pub const EXP_GIVES: &str = "exp gives the stored number";
pub const SHARE_GIVES: &str = "exp ÷ sum gives the stored number";
pub const HIDDEN_IS_ZERO: &str = "hidden, and so exactly 0";

pub fn holds_within(claim: &str, difference: f64, tolerance: f64) -> String {
    format!("{claim} (differs by {}, {} allowed)", scientific(difference), scientific(tolerance))
}

pub fn row_is_whole(error: f64) -> String {
    format!("the row sums to 1 (error {})", scientific(error))
}

pub fn rule_agrees(hidden: bool) -> String {
    format!("the rule says {}, and so does the engine", visibility(hidden))
}

/// Between two claims that both hold.
pub const AND: &str = "; ";

pub fn does_not_add_up(calculated: f64, stored: f64, difference: f64, tolerance: f64) -> String {
    format!(
        "This does not add up: the terms make {}, the engine stored {}. They differ by {}, and rounding explains only {}. {REPORT}",
        fixed(calculated, 6),
        fixed(stored, 6),
        scientific(difference),
        scientific(tolerance)
    )
}

pub fn row_is_not_whole(sum: f64) -> String {
    format!("The engine’s row sums to {}, not to 1. {REPORT}", fixed(sum, 6))
}

pub fn rule_disagrees(hidden: bool, stored: f64) -> String {
    format!("The rule says {}, the engine stored {}. {REPORT}", visibility(hidden), fixed(stored, 6))
}

pub fn another_id(again: u32, stored: u32) -> String {
    format!("These characters give the id {again}, the engine stored {stored}. {REPORT}")
}

const REPORT: &str = "Please report this.";

fn visibility(hidden: bool) -> &'static str {
    if hidden { HIDDEN } else { VISIBLE }
}

// Why.

/// Where a token stands, from its first character to the one after its last, and which other tokens are the same word.
pub fn why_token(start: usize, end: usize, others: &[usize]) -> String {
    const MOST: usize = 8;
    let characters =
        if end - start == 1 { format!("Character {start}") } else { format!("Characters {start} to {}", end - 1) };
    let listed: Vec<String> = others.iter().take(MOST).map(usize::to_string).collect();
    let elsewhere = match (others, others.len().saturating_sub(MOST)) {
        ([], _) => "It occurs nowhere else.".to_owned(),
        ([other], _) => format!("Token {other} has the same id: to the model it is the same word."),
        (_, 0) => format!("Tokens {} have the same id: to the model they are the same word.", listed.join(", ")),
        (_, more) => {
            format!(
                "Tokens {} and {more} more have the same id: to the model they are the same word.",
                listed.join(", ")
            )
        }
    };
    format!("{characters} of the sentence, counted from 0. Upper and lower case are the same word. {elsewhere}")
}

pub const WHY_WORD_EMBEDDING: &str = "A random number that depends on the word and the seed alone, drawn as PyTorch’s torch.randn draws it. A trained model would have learnt it instead.";

pub fn why_no_positions(positions: Positions) -> &'static str {
    match positions {
        Positions::Rotary => {
            "Rotary positions add nothing here: they turn queries and keys later, at the step “Q K V”."
        }
        Positions::Alibi => "ALiBi adds nothing here: distance is taken off the scores later, at the step “Mask”.",
        _ => "No positions are set: every position’s row is zero, and word order leaves no trace.",
    }
}

pub fn why_input_without_positions(word: &str, positions: Positions) -> String {
    format!("{} So the row of “{word}” is its embedding alone.", why_no_positions(positions))
}

/// The place among the layers that PyTorch makes: query, key, value, output.
pub fn why_weight(layer: usize, width: usize, seed: u64) -> String {
    let layer = ["first", "second", "third", "fourth"][layer];
    format!(
        "A random number as PyTorch draws it for the {layer} nn.Linear({width}, {width}, bias=False) after torch.manual_seed({seed}). Untrained: the mechanism is real, the pattern has no meaning yet."
    )
}

pub const LOOKS_FOR: &str = "looks for";
pub const FOUND_BY: &str = "can be found by";
pub const PASSES_ON: &str = "passes on";

/// "before turning, dimension 4".
pub fn before_turning(dimension: usize) -> String {
    format!("before turning, dimension {dimension}")
}

pub fn why_turned(word: &str, place: usize, pair: usize, angle: f64) -> String {
    format!(
        "Rotary positions turn dimensions {} and {} of “{word}” together, by {} radians at position {place}. The score of two tokens then depends on how far apart they stand.",
        2 * pair,
        2 * pair + 1,
        fixed(angle, 3)
    )
}

/// A term of the division by the temperature.
pub fn temperature(temperature: f64) -> String {
    format!("T = {}", fixed(temperature, 2))
}

/// A term of the bending by a softcap.
pub fn softcap(softcap: f64) -> String {
    format!("softcap {}", fixed(softcap, 2))
}

/// "bent, never beyond ±5.00".
pub fn capped_at(softcap: f64) -> String {
    format!("bent, never beyond ±{}", fixed(softcap, 2))
}

pub fn why_scaled(head_dim: usize, is_scaled: bool, temperature: f64, softcap: Option<f64>) -> String {
    let root = fixed((head_dim as f64).sqrt(), 2);
    let scaling = match (head_dim, is_scaled) {
        (1, _) => "A head of width 1 has a single term: √1 is 1, and the score stays as it is.".to_owned(),
        (_, true) => format!(
            "A dot product of {head_dim} terms spreads about √{head_dim} = {root} times as far as one term. Dividing by it takes the head’s width out again."
        ),
        (_, false) => format!(
            "The division by √{head_dim} is left out: scores lie {root} times as far apart, and the shares come out sharper."
        ),
    };
    let tempered = match temperature {
        1.0 => "",
        1.0.. => " A temperature above 1 brings scores nearer to each other, and evens out the shares.",
        _ => " A temperature below 1 drives scores apart, and sharpens the shares.",
    };
    let capped = match softcap {
        None => String::new(),
        Some(softcap) => format!(
            " The softcap leaves small scores nearly as they are and bends large ones, so that none passes ±{}.",
            fixed(softcap, 2)
        ),
    };
    scaling + tempered + &capped
}

pub const WHY_PADDING: &str = "The key is padding: it fills a shorter sentence up to the length of the others, means nothing, and so no query may see it.";

pub fn why_painted(hidden: bool) -> String {
    let so = if hidden { "hidden" } else { "seen" };
    format!(
        "Painted by hand: without the paint this key would {} here; with it, it is {so}.",
        if hidden { "be seen" } else { "be hidden" }
    )
}

/// Said after why a key may be seen.
pub fn why_distance(distance: usize, slope: f64) -> String {
    format!(" ALiBi takes {} off the score for each place between the two: {distance} of them here.", fixed(slope, 4))
}

pub const HEAD_IS_OFF: &str = "{} is switched off";
pub const OFF_IS_ZERO: &str = "switched off, and so exactly 0";
pub const WHY_HEAD_OFF: &str = "This head still attends, but what it found counts as 0: the output is made without it.";

pub const WHY_NO_MASK: &str = "No mask is set: every query may see every key.";
/// Of a painted cell.
pub const WHY_PAINTED_ALIKE: &str = "Painted by hand, and the rest of the mask says the same.";
/// Where other cells are painted.
pub const WHY_NOT_PAINTED: &str = "No mask is set but what is painted by hand, and this cell is not painted.";

/// In cross-attention, a query's own place in the other sentence takes the place of the token itself.
pub fn why_window(window: Window, is_cross: bool, [query, key]: [usize; 2], hidden: bool) -> String {
    let itself = if is_cross { "the token at its own place in the second sentence" } else { "itself" };
    if window == Window::CAUSAL {
        let so = if hidden { "later, so it stays hidden" } else { "not later, so it may be seen" };
        return format!(
            "Causal: a token sees {itself} and what came before it. The query stands at position {query}, the key at {key}, which is {so}."
        );
    }
    let side = |side: Option<usize>, where_to: &str| match side {
        Some(tokens) => format!("{tokens} {where_to}"),
        None => format!("all {where_to}"),
    };
    let so = if hidden { "outside, so it stays hidden" } else { "within, so it may be seen" };
    format!(
        "Window: a token sees {itself}, {} and {}. The query stands at position {query}, the key at {key}, which is {so}.",
        side(window.left, "before it"),
        side(window.right, "after it")
    )
}
