//! What the guided tour says. Every number in it was calculated.

#![allow(missing_docs, reason = "each text is named after what it says")]

use crate::lesson::tour::Stop;

pub const TOUR: &str = "Tour";
pub const OFFER: &str =
    "New here? Attention lets each word gather something from the others. A tour of twelve stops shows how.";
pub const TAKE: &str = "Take the tour";
pub const NO_THANKS: &str = "No, thanks";
pub const BACK: &str = "Back";
pub const NEXT: &str = "Next";
pub const LEAVE: &str = "Leave";
pub const FINISH: &str = "Finish";
pub const ANSWERS: &str = "Your prediction";
/// Between the words of a list, each of which is quoted.
pub const BETWEEN_WORDS: &str = "”, “";

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

/// What a stop says. Each `{}` is filled with what was calculated.
pub fn text(stop: Stop) -> &'static str {
    match stop {
        Stop::Tokens => {
            "Attention lets each word gather something from the others. First “{}” is cut into {} tokens; each gets a number for its spelling, its id. “{}” ({}) and “{}” ({}) get the same id: to the model they are one word in two places."
        }
        Stop::Embeddings => {
            "Each token becomes a row of {} numbers, its embedding. It depends on the word alone. So the rows of both “the” are equal: their largest difference is {}."
        }
        Stop::Positions => {
            "Each place in the sentence has a row of its own, which is added. In the sum, X, the rows of both “the” differ, by up to {}. Nothing else tells them apart."
        }
        Stop::Projections => {
            "Three matrices make three rows of each row of X: a query (what the token looks for), a key (what it can be found by) and a value (what it passes on)."
        }
        Stop::Heads => {
            "The columns of Q, K and V are shared out among {} heads, {} each: D = {}. Each head pays attention by itself, so each can look for something else. All are in the strip below the picture. The tour follows head 1."
        }
        Stop::Scores => {
            "How well does the key of “{}” fit what “{}” looks for? The {} numbers of the query and of the key are multiplied pair by pair and added up: {}. The inspector opens it, product by product. The higher the score, the better the fit."
        }
        Stop::Scaling => {
            "A score is a sum of D = {} products. Because pluses and minuses partly cancel, such a sum spreads not D but about √{} = {} times as far as one product: wider heads would have wilder scores, only because they are wide. Dividing by √D takes that out: here ±{} becomes ±{}. It matters, because the farther apart scores lie, the more of the attention goes to the largest alone."
        }
        Stop::Mask => {
            "The tour has set a causal mask: a token sees itself and what came before it. What comes later is hidden, here {} of {} pairs (hatched): “{}” may not see “{}”. A model that learns to guess the next word must not look at it. Hidden scores become −∞."
        }
        Stop::Exponentials => {
            "Scores become shares in two moves. First: in each row the largest score is subtracted, and e is raised to what is left. So nothing is negative, higher scores stay higher, and what is hidden is exactly 0, because e to the power of −∞ is 0."
        }
        Stop::Shares => {
            "Second: each number is divided by the sum of its row. That makes parts of one whole, the shares of attention of “{}”: {}. Before rounding they add up to {}. What one token gains, the others lose."
        }
        Stop::Mixing => {
            "“{}” gives “{}” the largest share of its attention, {}; so it takes {} of the value of “{}”, and of the other values as much as their shares say. Added up, that is its new row. This is where words pass something on to each other."
        }
        Stop::Output => {
            "The rows of all {} heads, side by side, times one last matrix, W_o, make the output: one row for each token again, for the next block like this one. From the rows of its last block a model guesses the next word. One thing to keep in mind: these weights are untrained. The calculation is real; who attends to whom has no meaning yet."
        }
        Stop::Unscaled => {
            "The mask is off again. “{}” gives “{}” the largest share of its attention: {}. If the division by √D is left out, what will this share do?"
        }
        Stop::Hidden => "The tour will now set a causal mask. Which of these words will “{}” not be allowed to see?",
        Stop::Alike => {
            "With positions, the rows of “{}” ({}) and “{}” ({}) are different: they share out their attention in different ways. If no positions are added, will the two rows still differ?"
        }
    }
}

/// What can be answered to a question, where that is no word of the sentence.
pub fn options(stop: Stop) -> &'static [&'static str] {
    match stop {
        Stop::Unscaled => &["grow", "shrink", "stay the same"],
        Stop::Alike => &["they will differ", "they will be the same"],
        _ => &[],
    }
}

/// What came of it, where this of the options is right.
pub fn answer(stop: Stop, right: usize) -> &'static str {
    match (stop, right) {
        (Stop::Unscaled, 0) => {
            "It grows: {} before, {} now. The scores lie {} times as far apart, and the picture shows what each share gained or lost. That is what dividing by √D prevents: one winner, too early."
        }
        (Stop::Unscaled, 1) => "It shrinks: {} before, {} now.",
        (Stop::Unscaled, _) => "It stays the same: {} before, {} now.",
        (Stop::Hidden, _) => "Hidden from “{}”: “{}”. They come after it. It may see itself, and what came before it.",
        (_, 0) => "They differ, by up to {}.",
        _ => {
            "They are the same: the largest difference between the two rows is {}. The same word has the same row of X, so the same query, key and value: without positions, and with no mask, nothing that follows can tell the two apart."
        }
    }
}

/// Before what the page calculated.
pub fn verdict(is_right: bool) -> &'static str {
    if is_right { "As you said." } else { "It turns out otherwise." }
}
