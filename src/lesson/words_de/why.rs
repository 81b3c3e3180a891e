//! The inspector's one plain sentence, where it is about the numbers at hand: what `lesson::claim` found, in words.
//!
//! Reasons begin with „denn“, after which a clause stands in the order of a sentence of its own, whatever fills it.

use std::cmp::Ordering;

use super::explain::BIAS;

use crate::lesson::claim::{Balance, Mix, Peak, Share, Standing};
use crate::lesson::explain::Whole;
use crate::lesson::number::{fixed, percent, signed};

/// Why two tokens pull together or apart.
pub fn score(query: &str, key: &str, balance: &Balance) -> String {
    let (up, down) = (signed(balance.up), signed(balance.down));
    let pull = match balance.value {
        value if value > 0.0 => "ziehen sich an",
        value if value < 0.0 => "stoßen sich ab",
        _ => "heben sich auf",
    };
    let because = match (balance.up > 0.0, balance.down < 0.0) {
        (false, false) => "jedes Produkt ist 0".to_owned(),
        (true, false) => format!("q und k haben nie verschiedene Vorzeichen: Zusammen ergeben ihre Produkte {up}"),
        (false, true) => format!("q und k haben nie gleiche Vorzeichen: Zusammen ergeben ihre Produkte {down}"),
        (true, true) if balance.value > 0.0 => {
            format!(
                "wo q und k im Vorzeichen übereinstimmen, ergeben die Produkte {up}, wo sie sich unterscheiden, nur {down}"
            )
        }
        (true, true) if balance.value < 0.0 => {
            format!(
                "wo q und k sich im Vorzeichen unterscheiden, ergeben die Produkte {down}, wo sie übereinstimmen, nur {up}"
            )
        }
        (true, true) => {
            format!(
                "wo q und k im Vorzeichen übereinstimmen, ergeben die Produkte {up}, und wo sie sich unterscheiden, {down}"
            )
        }
    };
    let largest = largest("Dimension", &|d| d.to_string(), balance);
    format!("„{query}“ und „{key}“ {pull}, denn {because}.{largest}")
}

/// Why a number of a query, key or value is what it is.
pub fn projection(
    word: &str,
    dimension: usize,
    does: &str,
    label: &dyn Fn(usize) -> String,
    balance: &Balance,
) -> String {
    let because = pulls(balance);
    let largest = largest("i =", label, balance);
    format!(
        "Dimension {dimension} dessen, was „{word}“ {does}, ergibt {}, denn {because}.{largest}",
        signed(balance.value)
    )
}

/// Why a number of the output is what it is. `label` names a term as the table does: head, and place.
pub fn output(word: &str, dimension: usize, label: &dyn Fn(usize) -> String, balance: &Balance) -> String {
    let because = pulls(balance);
    let largest = largest("Kopf", label, balance);
    format!(
        "Dimension {dimension} dessen, was alle Köpfe aus „{word}“ machen, ergibt {}, denn {because}.{largest}",
        signed(balance.value)
    )
}

/// A share of attention: how it stands in its row, and why. `best` is the key with the highest score.
pub fn share(query: &str, key: &str, best: &str, claim: &Share) -> String {
    let Share { standing, .. } = *claim;
    let (gives, score) = (percent(claim.share), fixed(claim.score, 2));
    let opening = format!("„{query}“ gibt „{key}“ {gives} seiner Aufmerksamkeit");
    let count = standing.count();
    if count == 1 {
        return format!("{opening}, also alles, denn kein anderer Key darf gesehen werden.");
    }
    let of_all = number_word(count);
    if standing.tied + 1 == count {
        let all = if count == 2 { "beide".to_owned() } else { format!("alle {of_all}") };
        return format!(
            "{opening}, so viel wie jedem anderen Key, denn {all} Scores sind gleich: ein gleicher Anteil von 1/{count}."
        );
    }
    let tied = match standing.tied {
        0 => String::new(),
        1 => ", zusammen mit einem anderen".to_owned(),
        tied => format!(", zusammen mit {} anderen", number_word(tied)),
    };
    let most = match rank(standing, "größten", "kleinsten") {
        Ok(superlative) => format!("den {superlative} Anteil seiner Zeile"),
        Err(rank) => format!("{rank} in seiner Zeile"),
    };
    let highest = match rank(standing, "höchste", "niedrigste") {
        Ok(superlative) => format!("ist der {superlative} der {of_all}"),
        Err(rank) => format!("liegt auf {rank} der {of_all}"),
    };
    let below = match standing.above {
        0 => String::new(),
        _ => format!(", {} unter dem von „{best}“", fixed(claim.distance, 2)),
    };
    let even = match claim.to_even {
        Ordering::Greater => "mehr als",
        Ordering::Less => "weniger als",
        Ordering::Equal => "etwa",
    };
    format!(
        "{opening}, {most}{tied}, denn der Score {score} {highest}{below}. Das ist {even} ein gleicher Anteil von 1/{count}."
    )
}

/// Which token puts most into a mixed value, and why. `most` is its word, with its place where it needs one.
pub fn mixed(query: &str, most: &str, claim: &Mix) -> String {
    let (share, value, amount) = (percent(claim.share), fixed(claim.value, 3), signed(claim.amount));
    if claim.visible == 0 {
        return format!("„{query}“ darf gar keinen Key sehen und nimmt deshalb nichts.");
    }
    if claim.visible == 1 {
        return format!("„{query}“ nimmt den ganzen Value von „{most}“, denn kein anderer darf gesehen werden.");
    }
    if claim.amount == 0.0 {
        return format!("„{query}“ nimmt hier nichts, denn jeder Anteil eines Values ist 0.");
    }
    let as_much = match claim.tied {
        0 => String::new(),
        1 => " (und von einem anderen ebenso viel)".to_owned(),
        tied => format!(" (und von {} anderen ebenso viel)", number_word(tied)),
    };
    let because = match (claim.has_largest_share, claim.has_largest_value) {
        (true, true) => {
            format!(
                "dieses Token hat den größten Anteil der Aufmerksamkeit, {share}, und kein Value ist dem Betrag nach größer als {value}"
            )
        }
        (true, false) => {
            format!("dieses Token hat den größten Anteil der Aufmerksamkeit: {share} seines Values, {value}")
        }
        (false, true) => {
            format!("kein Value ist dem Betrag nach größer als {value}, auch wenn der Anteil nur {share} beträgt")
        }
        (false, false) => {
            format!(
                "{share} von {value} sind mehr als bei jedem anderen, obwohl keines von beiden allein am größten ist"
            )
        }
    };
    format!("„{query}“ nimmt hier am meisten von „{most}“, {amount}{as_much}, denn {because}.")
}

/// Of a row in which every key is hidden.
const NOTHING_SEEN: &str = "Hier darf kein Key gesehen werden, also gibt es nichts zu verteilen: Die ganze Zeile besteht aus Nullen, und das Token nimmt nichts.";

/// What sets a row's maximum.
pub fn row_max(key: &str, peak: &Peak) -> String {
    if peak.visible == 0 {
        return NOTHING_SEEN.to_owned();
    }
    let (score, others) = (fixed(peak.value, 2), others(peak.tied));
    let because = match peak.visible {
        1 => "kein anderer Key darf gesehen werden".to_owned(),
        visible => format!("keiner der {} Scores ist höher", number_word(visible)),
    };
    format!(
        "„{key}“{others} bestimmt das Maximum, {score}, denn {because}. Softmax bleibt gleich, wenn eine ganze Zeile verschoben wird; liegt ihr größter Wert bei 0, kann exp nicht überlaufen."
    )
}

/// How far a score lies below its row's best.
pub fn shifted(key: &str, distance: f64) -> String {
    if distance == 0.0 {
        return format!("0, denn kein Score der Zeile ist höher als der von „{key}“: Er ist der beste der Zeile.");
    }
    format!(
        "„{key}“ liegt {} unter dem besten Score der Zeile, denn der beste ist jetzt 0, und nur Unterschiede zählen.",
        fixed(distance, 2)
    )
}

/// What exp makes of it.
pub fn exponential(key: &str, distance: f64, exp: f64) -> String {
    let because = match distance {
        0.0 => "kein Score der Zeile ist höher, und exp(0) ist 1".to_owned(),
        _ => format!("der Score liegt {} unter dem besten der Zeile, der auf 1 kommt", fixed(distance, 2)),
    };
    format!(
        "„{key}“ kommt auf {}, denn {because}. Jeder Schritt um 1 nach unten teilt durch e, etwa 2.718.",
        fixed(exp, 3)
    )
}

/// What the sum of a row's exponentials is good for.
pub fn exponential_sum(key: &str, peak: &Peak, sum: f64) -> String {
    if peak.visible == 0 {
        return NOTHING_SEEN.to_owned();
    }
    format!(
        "Jeder Exponentialwert, geteilt durch diese Summe, ist ein Anteil der Aufmerksamkeit. „{key}“{} bekommt den größten, {}, denn so viel sind {} von {}.",
        others(peak.tied),
        percent(peak.value / sum),
        fixed(peak.value, 3),
        fixed(sum, 3)
    )
}

/// What a row of shares out of a file comes to, with more and with fewer digits.
pub fn given_row_sum(key: &str, peak: &Peak, sum: f64, whole: Whole) -> String {
    let number = fixed(sum, 6);
    let sums = match whole {
        Whole::Exactly => "Zusammen ergeben sie 1: die Attention eines Tokens, aufgeteilt.".to_owned(),
        Whole::Rounded => format!(
            "Zusammen ergeben sie {number}: 1, so genau Zahlen mit wenigen Stellen es können (float16, bfloat16)."
        ),
        Whole::No => format!(
            "Zusammen ergeben sie {number}, und Anteile von Attention ergeben 1. So stehen sie in der Datei; nichts hier hat sie verändert."
        ),
    };
    if peak.value <= 0.0 {
        return sums;
    }
    format!("{sums} Am meisten hat „{key}“{}, {}.", others(peak.tied), percent(peak.value))
}

/// Why a row of shares is whole.
pub fn row_sum(key: &str, peak: &Peak) -> String {
    if peak.visible == 0 {
        return NOTHING_SEEN.to_owned();
    }
    format!(
        "Zusammen ergeben sie 1, denn jeder ist sein Exponentialwert, geteilt durch alle zusammen: Was ein Key gewinnt, verlieren die anderen. „{key}“{} hat am meisten, {}.",
        others(peak.tied),
        percent(peak.value)
    )
}

/// Whether the word or its position weighs more.
pub fn input(text: &str, at: usize, word: f64, position: f64) -> String {
    let (e, p) = (signed(word), signed(position));
    let weighs = match word.abs().total_cmp(&position.abs()) {
        Ordering::Greater => {
            format!("wiegt das Wort mehr, denn seine {e} sind dem Betrag nach größer als die {p} der Position")
        }
        Ordering::Less => {
            format!("wiegt die Position mehr, denn ihre {p} sind dem Betrag nach größer als die {e} des Wortes")
        }
        Ordering::Equal => format!("wiegen beide gleich viel, denn {e} und {p} sind dem Betrag nach gleich groß"),
    };
    format!("Das Embedding von „{text}“ und Position {at} teilen sich eine Zeile. Hier {weighs}.")
}

/// What a number of a position is a piece of.
pub fn wave(dimension: usize, length: f64) -> String {
    let name = if dimension.is_multiple_of(2) { "Sinus" } else { "Kosinus" };
    format!(
        "Dimension {dimension} ist ein {name}, der sich nach {} Positionen wiederholt. Die Wellen sind links schnell und rechts langsam, denn so bekommt jede Position ein eigenes Muster.",
        fixed(length, 1)
    )
}

/// "Aus dem Score 1.319 wird 0.330."
pub fn becomes(score: f64, scaled: f64) -> String {
    format!("Aus dem Score {} wird {}.", fixed(score, 3), fixed(scaled, 3))
}

/// How the terms of a sum pull.
fn pulls(balance: &Balance) -> String {
    let (count, up, down) = (balance.count, signed(balance.up), signed(balance.down));
    match (balance.up > 0.0, balance.down < 0.0) {
        (false, false) => "jedes Produkt ist 0".to_owned(),
        (true, false) => format!("keines der {count} Produkte ist negativ"),
        (false, true) => format!("keines der {count} Produkte ist positiv"),
        (true, true) => {
            let cancelled = percent(balance.cancelled());
            let up_is_stronger = balance.up > -balance.down;
            let (stronger, weaker) = if up_is_stronger { (up, down) } else { (down, up) };
            format!(
                "die {count} Produkte ziehen in beide Richtungen: {stronger}, wovon {weaker} wieder {cancelled} aufhebt"
            )
        }
    }
}

/// The largest one or two terms of a sum.
fn largest(kind: &str, label: &dyn Fn(usize) -> String, balance: &Balance) -> String {
    let name = |index| match label(index) {
        name if name == BIAS => name,
        name => format!("{kind} {name}"),
    };
    let term = |&(index, product): &(usize, f64)| format!("{} ({})", name(index), signed(product));
    match balance.largest.as_slice() {
        [one, other] if one.1 != 0.0 => format!(" Die größten sind {} und {}.", term(one), term(other)),
        _ => String::new(),
    }
}

/// " (mit einem anderen)", after whoever is as large.
fn others(tied: usize) -> String {
    match tied {
        0 => String::new(),
        1 => " (mit einem anderen)".to_owned(),
        tied => format!(" (mit {} anderen)", number_word(tied)),
    }
}

/// „größten“, „zweitgrößten“, … „zweitkleinsten“, „kleinsten“; from the eleventh on „Rang 11“, „Rang 11 von unten“.
fn rank(standing: Standing, most: &str, least: &str) -> Result<String, String> {
    const ORDINALS: [&str; 10] = ["", "zweit", "dritt", "viert", "fünft", "sechst", "siebt", "acht", "neunt", "zehnt"];
    let from_above = standing.above <= standing.below;
    let (from_end, end) = if from_above { (standing.above, most) } else { (standing.below, least) };
    match ORDINALS.get(from_end) {
        Some(ordinal) => Ok([ordinal, end].concat()),
        None => Err(format!("Rang {}{}", from_end + 1, if from_above { "" } else { " von unten" })),
    }
}

/// „sechs“; "48".
fn number_word(number: usize) -> String {
    const WORDS: [&str; 11] =
        ["zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"];
    number
        .checked_sub(2)
        .and_then(|index| WORDS.get(index))
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}
