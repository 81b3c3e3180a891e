//! The words of the arcs over the words.

use crate::lesson::{Arcs, number::percent};

/// What the choice of arcs is about.
pub const ARCS: &str = "Arcs over words";
/// The name of the words that can be gone through.
pub const WORDS: &str = "Words, and where each looks";
/// How they are used.
pub const HINT: &str = "Point at a word to see its arcs; click two to open their pair.";
/// What width and colour of an arc mean.
pub const LEGEND: &str = "share of attention";
/// What the side means that an arc is on, where arcs are on both.
pub const SIDES: &str = "over the words: looks back · under: looks ahead";
/// While the softmax is not done with a word's row.
pub const NOT_YET: &str = "This word’s shares are not worked out yet.";
/// The matrix came reduced, so no share is known for itself.
pub const TOO_MANY: &str = "Zoom in: arcs are drawn for 256 words at most.";
/// All arcs were asked for.
pub const ONE_OF_MANY: &str = "Of so many words, one word’s arcs are shown at a time.";
/// A word as it looks at itself.
pub const ITSELF: &str = "itself";

/// How many keys a text names, of each kind.
pub const MOST_NAMED: usize = 24;

/// A choice of arcs.
pub fn choice(arcs: Option<Arcs>) -> &'static str {
    match arcs {
        None => "none",
        Some(Arcs::Word) => "this word",
        Some(Arcs::All) => "all words",
    }
}

/// "mat: looks most at cat, 29.9 %"; where not all words are in sight, of those that are.
pub fn looks_most(query: &str, key: &str, share: f64, sees_all: bool) -> String {
    let of = if sees_all { "" } else { ", of those in sight," };
    format!("{query}: looks most{of} at {key}, {}", percent(share))
}

/// Of a word that may see none, of those in sight.
pub fn looks_nowhere(query: &str, sees_all: bool) -> String {
    format!("{query}: may look at nothing{}", if sees_all { "" } else { " in sight" })
}

/// "cat: gets 29.9 % from mat", while mat is kept.
pub fn gets(key: &str, query: &str, share: f64) -> String {
    format!("{key}: gets {} from {query}", percent(share))
}

/// "mat: hidden from cat", while cat is kept.
pub fn hidden_from(key: &str, query: &str) -> String {
    format!("{key}: hidden from {query}")
}

/// "cat 29.9 %".
pub fn share_of(key: &str, share: f64) -> String {
    [key, " ", &percent(share)].concat()
}

/// A row in words: the shares, largest first, how many others there are with how much together, the hidden keys, and
/// whether there are more keys out of sight.
pub fn row(query: &str, shares: &[String], (others, rest): (usize, f64), hidden: &[String], sees_all: bool) -> String {
    let mut text = match shares.len() {
        0 => looks_nowhere(query, sees_all),
        _ => format!("{query} looks at {}", shares.join(", ")),
    };
    if others > 0 {
        text += &format!(", and {others} more together {}", percent(rest));
    }
    text += ".";
    match hidden.len() {
        0 => {}
        1..=MOST_NAMED => text += &format!(" Hidden from it: {}.", hidden.join(", ")),
        count => text += &format!(" Hidden from it: {count} words."),
    }
    if !sees_all {
        text += " Other words are out of sight.";
    }
    text
}
