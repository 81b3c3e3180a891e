//! What a step has to say beyond its one sentence: what happens, why it is so, and what would break without it.

use crate::lesson::Step;

/// The names of the three paragraphs.
pub const PARTS: [&str; 3] = ["What happens", "Why it is so", "What would break without it"];

/// The three paragraphs of a step.
pub fn more(step: Step) -> [&'static str; 3] {
    match step {
        Step::Tokens => [
            "The sentence is cut at its word boundaries. Each piece, a token, is looked up by its spelling in lower case, and gets a whole number: its id.",
            "A model calculates with numbers, not with letters. The id says which word it is, and nothing else: neither what it means nor where it stands.",
            "Without ids there would be nothing to look an embedding up by. And since the id is all that is left of a word, two spellings that should count as one have to become one here.",
        ],
        Step::Embed => [
            "Every token becomes a row of numbers, its embedding, which depends on the word alone. The row of its position is added, number by number. The sum is X, one row a token.",
            "Attention compares rows of numbers, so a word has to be one. It also takes all tokens at once, in no order; where a token stands has to be written into its row.",
            "Choose “none” for Positions, and look at the two “the”: their rows of X are the same, so are their queries, keys and values, and without a mask nothing that follows can tell them apart. “The cat sat on the mat” and “the mat sat on the cat” would be the same bag of words.",
        ],
        Step::Project => [
            "The row of each token is multiplied with three matrices. That gives it a query, a key and a value, each cut into as many parts as there are heads.",
            "A token plays three parts. It looks for something (the query), it can be found by something (the key), and it has something to pass on once it is found (the value). Three matrices let training set each of them by itself.",
            "With one matrix for all three, each token would look for what it is itself: the score of a token with itself would always be high, and “cat looks for a verb” could not be said.",
        ],
        Step::Scores => [
            "The query of every token meets the key of every token. Their numbers are multiplied pair by pair and added up: a dot product, one score for each pair.",
            "Where query and key have the same signs, the products are positive and the score grows; where they differ, it shrinks. So the score says how well a key fits what a query looks for, and one sum of products does it for any width.",
            "Without scores every token would have to take the same from all others, whatever it looks for. That is an average, not attention.",
        ],
        Step::Scale => [
            "Every score is divided by √D, the square root of the width of a head. Nothing else happens: order and signs stay as they are.",
            "A score adds up D products. Of independent numbers pluses and minuses partly cancel, so the sum spreads not D times but √D times as far as one product does: wider heads would have wilder scores for no other reason than their width. The division takes that out again.",
            "Choose “none” for Scaling, and look at the softmax: scores lie farther apart, and the larger ones take more of each row; in wide heads the largest takes nearly everything. Then small changes of the others change nothing, and training, which needs to see what a small change does, stands still.",
        ],
        Step::Mask => [
            "Some pairs are crossed out before the softmax: their score is set to −∞, so that they get a share of exactly 0. A causal mask crosses out all that comes later; a window crosses out what is too far away.",
            "A language model learns to guess the next word. If it could look at that word while it guesses, it would copy it and learn nothing. Padding that only fills up a batch is crossed out too: it means nothing.",
            "Without the mask the shares of hidden keys would not be 0 but small, and small is not nothing: the answer would leak into the question. The row would still sum to 1, so part of the attention would be spent on what may not be known.",
        ],
        Step::Softmax => [
            "In each row the largest score is found and subtracted, e is raised to what is left, and each result is divided by their sum.",
            "A token has one attention to give, and shares it out: so each share has to be positive, and a row has to sum to 1. The exponential makes every number positive and keeps the order; dividing by the sum makes the parts of a whole. Subtracting the largest changes no share, but keeps the exponentials from becoming larger than a computer can write.",
            "With the scores themselves as weights, rows would sum to anything, and negative ones would subtract values from each other. Results would grow with the length of the sentence, and from layer to layer.",
        ],
        Step::Mix => [
            "Each token takes a part of the value of every token it may see: as much as its share says. Added up, these parts are its new row, for this head.",
            "This is where tokens pass something on to each other. Everything before only decided how much; a token that gives all its attention to one other takes that one’s value whole.",
            "Without this step every token would stay alone with its own row, and “it” would never learn which word it stands for.",
        ],
        Step::Output => [
            "What the heads found is put side by side again, as wide as the model, and multiplied with one last matrix. That gives one row a token, Y.",
            "Each head looked at its own part of queries and keys, and so could look for something of its own. The last matrix lets their findings work together, and brings them back into the language of X, so that the next block can begin where this one ended. A model is a stack of such blocks: this page shows one. From the last one’s rows it guesses the next word.",
            "Without it the findings of a head would stay in their own columns, and no token could combine what two heads found.",
        ],
    }
}
