//! The inspector's one plain sentence, where it is about the numbers at hand: what `lesson::claim` found, in words.

use std::cmp::Ordering;

use super::explain::BIAS;

use crate::lesson::claim::{Balance, Mix, Peak, Share, Standing};
use crate::lesson::explain::Whole;
use crate::lesson::number::{fixed, percent, signed};

/// Why two tokens pull together or apart.
pub fn score(query: &str, key: &str, balance: &Balance) -> String {
    let (up, down) = (signed(balance.up), signed(balance.down));
    let pull = match balance.value {
        value if value > 0.0 => "pull together",
        value if value < 0.0 => "pull apart",
        _ => "cancel out",
    };
    let because = match (balance.up > 0.0, balance.down < 0.0) {
        (false, false) => "every product is 0".to_owned(),
        (true, false) => format!("q and k never differ in sign: together their products make {up}"),
        (false, true) => format!("q and k never agree in sign: together their products make {down}"),
        (true, true) if balance.value > 0.0 => {
            format!("where q and k agree in sign the products make {up}, where they differ only {down}")
        }
        (true, true) if balance.value < 0.0 => {
            format!("where q and k differ in sign the products make {down}, where they agree only {up}")
        }
        (true, true) => format!("where q and k agree in sign the products make {up}, and where they differ {down}"),
    };
    let largest = largest("dimension", &|d| d.to_string(), balance);
    format!("“{query}” and “{key}” {pull}, because {because}.{largest}")
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
        "Dimension {dimension} of what “{word}” {does} comes to {}, because {because}.{largest}",
        signed(balance.value)
    )
}

/// Why a number of the output is what it is. `label` names a term as the table does: head, and place.
pub fn output(word: &str, dimension: usize, label: &dyn Fn(usize) -> String, balance: &Balance) -> String {
    let because = pulls(balance);
    let largest = largest("head", label, balance);
    format!(
        "Dimension {dimension} of what all heads make of “{word}” comes to {}, because {because}.{largest}",
        signed(balance.value)
    )
}

/// A share of attention: how it stands in its row, and why. `best` is the key with the highest score.
pub fn share(query: &str, key: &str, best: &str, claim: &Share) -> String {
    let Share { standing, .. } = *claim;
    let (gives, score) = (percent(claim.share), fixed(claim.score, 2));
    let opening = format!("“{query}” gives “{key}” {gives} of its attention");
    let count = standing.count();
    if count == 1 {
        return format!("{opening}, all of it, because no other key may be seen.");
    }
    let of_all = number_word(count);
    if standing.tied + 1 == count {
        return format!(
            "{opening}, as much as any other key, because the scores of all {of_all} are equal: an even share of 1/{count}."
        );
    }
    let tied = match standing.tied {
        0 => String::new(),
        1 => ", together with one other".to_owned(),
        tied => format!(", together with {} others", number_word(tied)),
    };
    let (most, highest) = (place(standing, "most", "least"), place(standing, "highest", "lowest"));
    let below = match standing.above {
        0 => String::new(),
        _ => format!(", {} below that of “{best}”", fixed(claim.distance, 2)),
    };
    let even = match claim.to_even {
        Ordering::Greater => "more than",
        Ordering::Less => "less than",
        Ordering::Equal => "about",
    };
    format!(
        "{opening}, the {most} in its row{tied}, because its score {score} is the {highest} of the {of_all}{below}. That is {even} an even share of 1/{count}."
    )
}

/// Which token puts most into a mixed value, and why. `most` is its word, with its place where it needs one.
pub fn mixed(query: &str, most: &str, claim: &Mix) -> String {
    let (share, value, amount) = (percent(claim.share), fixed(claim.value, 3), signed(claim.amount));
    if claim.visible == 0 {
        return format!("“{query}” may see no key at all, and so takes nothing.");
    }
    if claim.visible == 1 {
        return format!("“{query}” takes the value of “{most}” whole, because it may see no other.");
    }
    if claim.amount == 0.0 {
        return format!("“{query}” takes nothing here, because every share of a value is 0.");
    }
    let as_much = match claim.tied {
        0 => String::new(),
        1 => " (and one other as much)".to_owned(),
        tied => format!(" (and {} others as much)", number_word(tied)),
    };
    let because = match (claim.has_largest_share, claim.has_largest_value) {
        (true, true) => {
            format!(
                "it has the largest share of the attention, {share}, and no value is larger in size than its {value}"
            )
        }
        (true, false) => format!("it has the largest share of the attention: {share} of its value, {value}"),
        (false, true) => format!("no value is larger in size than its {value}, though its share is only {share}"),
        (false, false) => format!("{share} of {value} is more than any other, though neither alone is the largest"),
    };
    format!("“{query}” takes most here from “{most}”, {amount}{as_much}, because {because}.")
}

/// Of a row in which every key is hidden.
const NOTHING_SEEN: &str =
    "No key may be seen here, so there is nothing to share out: the whole row is zeros, and the token takes nothing.";

/// What sets a row's maximum.
pub fn row_max(key: &str, peak: &Peak) -> String {
    if peak.visible == 0 {
        return NOTHING_SEEN.to_owned();
    }
    let (score, others) = (fixed(peak.value, 2), others(peak.tied));
    let because = match peak.visible {
        1 => "it is the only one that may be seen".to_owned(),
        visible => format!("none of the {} scores is higher", number_word(visible)),
    };
    format!(
        "“{key}”{others} sets the maximum, {score}, because {because}. Softmax stays the same when a whole row is moved; with its largest at 0, exp cannot overflow."
    )
}

/// How far a score lies below its row's best.
pub fn shifted(key: &str, distance: f64) -> String {
    if distance == 0.0 {
        return format!("0, because no score in the row is higher than that of “{key}”: it is the row’s best.");
    }
    format!(
        "“{key}” lies {} below the row’s best score, because the best is now 0 and only differences count.",
        fixed(distance, 2)
    )
}

/// What exp makes of it.
pub fn exponential(key: &str, distance: f64, exp: f64) -> String {
    let because = match distance {
        0.0 => "nothing in the row is higher, and exp(0) is 1".to_owned(),
        _ => format!("it lies {} below the row’s best, which comes to 1", fixed(distance, 2)),
    };
    format!("“{key}” comes to {}, because {because}. Every step of 1 down divides by e, about 2.718.", fixed(exp, 3))
}

/// What the sum of a row's exponentials is good for.
pub fn exponential_sum(key: &str, peak: &Peak, sum: f64) -> String {
    if peak.visible == 0 {
        return NOTHING_SEEN.to_owned();
    }
    format!(
        "Each exponential, divided by this sum, is a share of the attention. “{key}”{} will have the largest, {}, because its {} of {} is that much.",
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
        Whole::Exactly => "They make 1: one token’s attention, shared out.".to_owned(),
        Whole::Rounded => format!("They make {number}: 1, as nearly as numbers of few digits do (float16, bfloat16)."),
        Whole::No => format!(
            "They make {number}, and shares of attention make 1. The file has them so; nothing here has changed them."
        ),
    };
    if peak.value <= 0.0 {
        return sums;
    }
    format!("{sums} “{key}”{} has the most, {}.", others(peak.tied), percent(peak.value))
}

/// Why a row of shares is whole.
pub fn row_sum(key: &str, peak: &Peak) -> String {
    if peak.visible == 0 {
        return NOTHING_SEEN.to_owned();
    }
    format!(
        "They make 1, because each is its exponential divided by all of them: what one key gains, the others lose. “{key}”{} has the most, {}.",
        others(peak.tied),
        percent(peak.value)
    )
}

/// Whether the word or its position weighs more.
pub fn input(text: &str, at: usize, word: f64, position: f64) -> String {
    let (e, p) = (signed(word), signed(position));
    let weighs = match word.abs().total_cmp(&position.abs()) {
        Ordering::Greater => format!("the word weighs more, because its {e} is larger in size than the position’s {p}"),
        Ordering::Less => format!("the position weighs more, because its {p} is larger in size than the word’s {e}"),
        Ordering::Equal => format!("both weigh the same, because {e} and {p} are equal in size"),
    };
    format!("The embedding of “{text}” and position {at} share one row. Here {weighs}.")
}

/// What a number of a position is a piece of.
pub fn wave(dimension: usize, length: f64) -> String {
    let name = if dimension.is_multiple_of(2) { "sine" } else { "cosine" };
    format!(
        "Dimension {dimension} is a {name} that repeats after {} positions. Waves are fast on the left and slow on the right, because then every position gets a pattern of its own.",
        fixed(length, 1)
    )
}

/// "The score 1.319 becomes 0.330."
pub fn becomes(score: f64, scaled: f64) -> String {
    format!("The score {} becomes {}.", fixed(score, 3), fixed(scaled, 3))
}

/// How the terms of a sum pull.
fn pulls(balance: &Balance) -> String {
    let (count, up, down) = (balance.count, signed(balance.up), signed(balance.down));
    match (balance.up > 0.0, balance.down < 0.0) {
        (false, false) => "every product is 0".to_owned(),
        (true, false) => format!("none of its {count} products is negative"),
        (false, true) => format!("none of its {count} products is positive"),
        (true, true) => {
            let cancelled = percent(balance.cancelled());
            let up_is_stronger = balance.up > -balance.down;
            let (stronger, weaker) = if up_is_stronger { (up, down) } else { (down, up) };
            format!("its {count} products pull both ways: {stronger}, of which {weaker} undoes {cancelled}")
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
        [one, other] if one.1 != 0.0 => format!(" The largest are {} and {}.", term(one), term(other)),
        _ => String::new(),
    }
}

/// " and one other", after whoever is as large.
fn others(tied: usize) -> String {
    match tied {
        0 => String::new(),
        1 => " (with one other)".to_owned(),
        tied => format!(" (with {} others)", number_word(tied)),
    }
}

/// "most", "second most", … "second least", "least".
fn place(standing: Standing, most: &str, least: &str) -> String {
    let (from_end, end) =
        if standing.above <= standing.below { (standing.above, most) } else { (standing.below, least) };
    match from_end {
        0 => end.to_owned(),
        _ => format!("{} {end}", ordinal(from_end + 1)),
    }
}

/// "second", "third", … "21st".
fn ordinal(place: usize) -> String {
    const WORDS: [&str; 9] = ["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    if let Some(word) = place.checked_sub(2).and_then(|index| WORDS.get(index)) {
        return (*word).to_owned();
    }
    let ending = match (place % 10, place % 100) {
        (1, hundredth) if hundredth != 11 => "st",
        (2, hundredth) if hundredth != 12 => "nd",
        (3, hundredth) if hundredth != 13 => "rd",
        _ => "th",
    };
    format!("{place}{ending}")
}

/// "six"; "48".
fn number_word(number: usize) -> String {
    const WORDS: [&str; 11] =
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    number
        .checked_sub(2)
        .and_then(|index| WORDS.get(index))
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}
