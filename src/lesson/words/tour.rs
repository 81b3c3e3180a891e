//! What the guided tour says. Every number in it was calculated.

#![allow(missing_docs, reason = "each text is named after what it says")]

use crate::lesson::tour::Stop;

pub const TOUR: &str = "Tour";
pub const OFFER: &str = "New here? A tour of twelve stops shows how attention works, with this sentence.";
pub const TAKE: &str = "Take the tour";
pub const NO_THANKS: &str = "No, thanks";
pub const BACK: &str = "Back";
pub const NEXT: &str = "Next";
pub const LEAVE: &str = "Leave";
pub const FINISH: &str = "Finish";
pub const ANSWERS: &str = "Your prediction";

/// "Tour · 3 of 12", "Question 1 of 3".
pub fn progress(stop: Stop) -> String {
    let (index, stops) = (stop.index(), Stop::ALL.len() - Stop::QUESTIONS);
    match index.checked_sub(stops) {
        Some(question) => format!("Question {} of {}", question + 1, Stop::QUESTIONS),
        None => format!("{TOUR} · {} of {stops}", index + 1),
    }
}

/// The title of a stop.
pub fn title(stop: Stop) -> &'static str {
    match stop {
        Stop::Tokens => "Words become tokens",
        Stop::Embeddings => "A word becomes a row",
        Stop::Positions => "Its place is added",
        Stop::Projections => "One row, three parts",
        Stop::Heads => "Several heads at once",
        Stop::Scores => "A score is one sum",
        Stop::Scaling => "Why divide by √D?",
        Stop::Mask => "What does the mask hide?",
        Stop::Exponentials => "Nothing stays negative",
        Stop::Shares => "Why does a row sum to 1?",
        Stop::Mixing => "Attention moves values",
        Stop::Output => "The heads come together",
        Stop::Unscaled => "What if nothing were divided?",
        Stop::Hidden => "Who is hidden?",
        Stop::Alike => "What if places left no trace?",
    }
}

/// A word and its place.
type Placed<'a> = (&'a str, usize);

pub fn tokens(sentence: &str, count: usize, (first, at): Placed, (second, later): Placed) -> String {
    format!(
        "“{sentence}” is cut into {count} tokens, and each gets a number for its spelling, its id. “{first}” ({at}) and “{second}” ({later}) get the same id: to the model they are one word in two places."
    )
}

pub fn embeddings(width: usize, apart: &str) -> String {
    format!(
        "Each token becomes a row of {width} numbers, its embedding. It depends on the word alone. So the rows of both “the” are equal: their largest difference is {apart}."
    )
}

pub fn positions(apart: &str) -> String {
    format!(
        "Each place in the sentence has a row of its own, which is added. In the sum, X, the rows of both “the” differ, by up to {apart}. Nothing else tells them apart."
    )
}

pub const PROJECTIONS: &str = "Three matrices make three rows of each row of X: a query (what the token looks for), a key (what it can be found by) and a value (what it passes on).";

pub fn heads(heads: usize, width: usize) -> String {
    format!(
        "The columns are shared out among {heads} heads, {width} each: D = {width}. Each head pays attention by itself, so each can look for something else. They are all in the strip below the picture. The tour follows head 1."
    )
}

pub fn scores(query: &str, key: &str, width: usize, score: &str) -> String {
    format!(
        "How well does the key of “{key}” fit what “{query}” looks for? The {width} numbers of the query and of the key are multiplied pair by pair and added up: {score}. The inspector opens it, product by product. The higher the score, the better the fit."
    )
}

pub fn scaling(width: usize, root: &str, from: &str, to: &str) -> String {
    format!(
        "A score is a sum of D = {width} products. Such a sum spreads about √{width} = {root} times as far as one product: wider heads would have wilder scores, only because they are wide. Dividing by √D takes that out: here ±{from} becomes ±{to}. It matters, because the farther apart scores lie, the more of the attention goes to the largest alone."
    )
}

pub fn mask(hidden: usize, count: usize, query: &str, key: &str) -> String {
    let pairs = count * count;
    format!(
        "The tour has set a causal mask: a token sees itself and what came before it. What comes later is hidden, here {hidden} of {pairs} pairs (hatched): “{query}” may not see “{key}”. A model that learns to guess the next word must not look at it. Hidden scores become −∞."
    )
}

pub const EXPONENTIALS: &str = "Scores become shares in two moves. First: in each row the largest score is subtracted, and e is raised to what is left. So nothing is negative, higher scores stay higher, and what is hidden is exactly 0, because e to the power of −∞ is 0.";

pub fn shares(query: &str, shares: &str, sum: &str) -> String {
    format!(
        "Second: each number is divided by the sum of its row. That makes parts of one whole, the shares of attention of “{query}”: {shares} = {sum}. What one token gains, the others lose."
    )
}

pub fn mixing(query: &str, most: &str, share: &str) -> String {
    format!(
        "“{query}” gives “{most}” the largest share of its attention, {share}; so it takes {share} of that value, and of the other values as much as their shares say. Added up, that is its new row. This is where words pass something on to each other."
    )
}

pub fn output(heads: usize) -> String {
    format!(
        "The rows of all {heads} heads, side by side, times one last matrix, W_o, make the output: one row for each token again. One thing to keep in mind: these weights are untrained. The calculation is real; who attends to whom has no meaning yet."
    )
}

pub fn unscaled(query: &str, most: &str, share: &str) -> String {
    format!(
        "The mask is off again. “{query}” gives “{most}” the largest share of its attention: {share}. If the division by √D is left out, what will this share do?"
    )
}

/// Larger, smaller, the same.
pub const UNSCALED: [&str; 3] = ["grow", "shrink", "stay the same"];

pub fn unscaled_answer(right: usize, before: &str, now: &str, root: &str) -> String {
    let does = ["It grows", "It shrinks", "It stays the same"][right];
    format!(
        "{does}: {before} before, {now} now. The scores lie {root} times as far apart, and the picture shows what each share gained or lost. That is what dividing by √D prevents: one winner, too early."
    )
}

pub fn hidden(query: &str) -> String {
    format!("The tour will now set a causal mask. Which of these words will “{query}” not be allowed to see?")
}

pub fn hidden_answer(query: &str, hidden: &[&str]) -> String {
    let hidden = hidden.join("”, “");
    format!("Hidden from “{query}”: “{hidden}”. They come after it. Itself and what came before it, it may see.")
}

pub fn alike((first, at): Placed, (second, later): Placed) -> String {
    format!(
        "With positions, the rows of “{first}” ({at}) and “{second}” ({later}) are different: they share out their attention in different ways. If no positions are added, will the two rows still differ?"
    )
}

/// They differ, they do not.
pub const ALIKE: [&str; 2] = ["they will differ", "they will be the same"];

pub fn alike_answer(right: usize, difference: &str) -> String {
    let does = ["They differ", "They are the same"][right];
    format!(
        "{does}: the largest difference between the two rows is {difference}. The same word has the same row of X, so the same query, key and value: without positions nothing that follows can tell the two apart."
    )
}

/// Before what the page calculated.
pub fn verdict(is_right: bool) -> &'static str {
    if is_right { "As you said." } else { "Not as you said." }
}
