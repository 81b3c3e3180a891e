//! The words of the arcs over the words.

use crate::lesson::{Arcs, number::percent};

/// What the choice of arcs is about.
pub const ARCS: &str = "Wortbögen";
/// The name of the words that can be gone through.
pub const WORDS: &str = "Wörter, und wohin jedes blickt";
/// How they are used.
pub const HINT: &str = "Auf ein Wort zeigen für seine Bögen; zwei anklicken für ihr Paar.";
/// What width and colour of an arc mean.
pub const LEGEND: &str = "Anteil der Aufmerksamkeit";
/// What the side means that an arc is on, where arcs are on both.
pub const SIDES: &str = "über den Wörtern: Blick zurück · darunter: Blick voraus";
/// While the softmax is not done with a word's row.
pub const NOT_YET: &str = "Die Anteile dieses Wortes sind noch nicht berechnet.";
/// The matrix came reduced, so no share is known for itself.
pub const TOO_MANY: &str = "Erst vergrößern: Bögen werden für höchstens 256 Wörter gezeichnet.";
/// All arcs were asked for.
pub const ONE_OF_MANY: &str = "Bei so vielen Wörtern werden nur die Bögen eines Wortes auf einmal gezeigt.";
/// A word as it looks at itself.
pub const ITSELF: &str = "sich selbst";

/// How many keys a text names, of each kind.
pub const MOST_NAMED: usize = 24;

/// A choice of arcs.
pub fn choice(arcs: Option<Arcs>) -> &'static str {
    match arcs {
        None => "keine",
        Some(Arcs::Word) => "dieses Wort",
        Some(Arcs::All) => "alle Wörter",
    }
}

/// „mat: blickt am meisten auf cat, 29.9 %“; where not all words are in sight, of those that are.
pub fn looks_most(query: &str, key: &str, share: f64, sees_all: bool) -> String {
    let of = if sees_all { "" } else { "unter den sichtbaren " };
    format!("{query}: blickt {of}am meisten auf {key}, {}", percent(share))
}

/// Of a word that may see none, of those in sight.
pub fn looks_nowhere(query: &str, sees_all: bool) -> String {
    format!("{query}: darf {} ansehen", if sees_all { "nichts" } else { "nichts Sichtbares" })
}

/// „cat: bekommt 29.9 % von mat“, while mat is kept.
pub fn gets(key: &str, query: &str, share: f64) -> String {
    format!("{key}: bekommt {} von {query}", percent(share))
}

/// „mat: verdeckt vor cat“, while cat is kept.
pub fn hidden_from(key: &str, query: &str) -> String {
    format!("{key}: verdeckt vor {query}")
}

/// „cat 29.9 %“.
pub fn share_of(key: &str, share: f64) -> String {
    [key, " ", &percent(share)].concat()
}

/// A row in words: the shares, largest first, how many others there are with how much together, the hidden keys, and
/// whether there are more keys out of sight.
pub fn row(query: &str, shares: &[String], (others, rest): (usize, f64), hidden: &[String], sees_all: bool) -> String {
    let mut text = match shares.len() {
        0 => looks_nowhere(query, sees_all),
        _ => format!("{query} blickt auf {}", shares.join(", ")),
    };
    match others {
        0 => {}
        1 => text += &format!("; 1 weiteres bekommt {}", percent(rest)),
        _ => text += &format!("; {others} weitere bekommen zusammen {}", percent(rest)),
    }
    text += ".";
    match hidden.len() {
        0 => {}
        1..=MOST_NAMED => text += &format!(" Davor verdeckt: {}.", hidden.join(", ")),
        count => text += &format!(" Davor verdeckt: {count} Wörter."),
    }
    if !sees_all {
        text += " Andere Wörter sind nicht im Bild.";
    }
    text
}
