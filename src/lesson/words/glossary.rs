//! The glossary: what a term means, how texts spell it, and where on the page the thing is.

#![allow(missing_docs, reason = "each text is named after what it says")]

use super::{page, step_name, tensor_name};
use crate::lesson::{
    glossary::{Place, Term},
    spot::{Part, Spot},
};

pub const GLOSSARY: &str = "Glossary";
pub const CLOSE: &str = "Close";
/// After the name of a control.
const IN_SET_UP: &str = " (in the set-up)";

/// The name of a term.
pub fn name(term: Term) -> &'static str {
    match term {
        Term::Input => "input X",
        Term::WeightMatrix => "weight matrices",
        Term::HeadWidth => "head width D",
        Term::Scaling => "scaling ÷ √D",
        Term::OutputProjection => "output projection W_o",
        Term::Untrained => "untrained weights",
        Term::Tensor => "tensor and shape",
        Term::Diverging => "diverging colours",
        Term::Sequential => "sequential colours",
        other => spellings(other)[0],
    }
}

/// How texts spell a term.
pub fn spellings(term: Term) -> &'static [&'static str] {
    match term {
        Term::Attention => &["attention"],
        Term::Token => &["token", "tokens"],
        Term::Embedding => &["embedding", "embeddings"],
        Term::Position => &["position", "positions"],
        Term::Input => &["X"],
        Term::WeightMatrix => &["three matrices", "weight matrices"],
        Term::Query => &["query", "queries"],
        Term::Key => &["key", "keys"],
        Term::Value => &["value", "values"],
        Term::Head => &["head", "heads"],
        Term::HeadWidth => &["D", "head’s width", "width of a head"],
        Term::DotProduct => &["dot product", "dot products"],
        Term::Score => &["score", "scores"],
        Term::Scaling => &["√D", "scaling"],
        Term::Temperature => &["temperature"],
        Term::Mask => &["mask", "masked"],
        Term::Causal => &["causal mask", "causal"],
        Term::Padding => &["padding"],
        Term::Softmax => &["softmax"],
        Term::RowMaximum => &["row maximum", "largest score"],
        Term::Exponential => &["exponential", "exponentials"],
        Term::AttentionWeight => &["attention weight", "share", "shares", "shares of attention"],
        Term::RowSum => &["row sum", "sums to 1", "sum to 1"],
        Term::MixedValues => &["mixed values", "blend"],
        Term::OutputProjection => &["W_o", "last matrix"],
        Term::Seed => &["seed"],
        Term::Untrained => &["untrained", "training"],
        Term::Tensor => &["tensor", "shape"],
        Term::Heatmap => &["heatmap"],
        Term::Diverging => &["diverging"],
        Term::Sequential => &["sequential"],
    }
}

/// What a term means.
pub fn meaning(term: Term) -> &'static str {
    match term {
        Term::Attention => {
            "How tokens pass something on to each other: each takes from every token that it may see a share of that one’s value."
        }
        Term::Token => {
            "A piece of the text that the model reads as one: here a word, a number or a punctuation mark. Its id is a whole number that stands for its spelling."
        }
        Term::Embedding => {
            "The row of numbers that stands for a word. It depends on the word alone. A trained model has learnt it; here it is drawn at random."
        }
        Term::Position => {
            "Where a token stands in the sentence, counted from 0. With “sinusoidal” positions, a row of sines and cosines, different for each place, is added to the embedding."
        }
        Term::Input => {
            "What attention is given: one row for each token. Queries, keys and values are all made from it."
        }
        Term::WeightMatrix => {
            "W_q, W_k and W_v: the numbers that training sets. X times one of them gives the queries, the keys or the values."
        }
        Term::Query => "What a token looks for: its row of Q, made from its row of X.",
        Term::Key => "What a token can be found by: its row of K, made from its row of X.",
        Term::Value => "What a token passes on to those that attend to it: its row of V, made from its row of X.",
        Term::Head => {
            "One of several attentions side by side. Each has its own columns of Q, K and V, so each can look for something else."
        }
        Term::HeadWidth => {
            "How many numbers a query, a key or a value has in one head: the model width divided by the number of heads."
        }
        Term::DotProduct => {
            "Two rows multiplied number by number, and the products added up: one number. It grows where their signs agree, and falls where they differ."
        }
        Term::Score => "The dot product of one token’s query and one token’s key: how well the two match.",
        Term::Scaling => {
            "Dividing every score by √D. A sum of D independent products spreads √D times as far as one of them; the division takes that out again."
        }
        Term::Temperature => {
            "One more number that the scores are divided by. Above 1 it evens the shares out, below 1 it sharpens them, at 1 it changes nothing."
        }
        Term::Mask => {
            "The rule that says which keys a query may see. A hidden pair’s score becomes −∞, and its attention weight exactly 0."
        }
        Term::Causal => {
            "A mask that hides from every token what comes after it. Models that write word by word are trained with it."
        }
        Term::Padding => {
            "Filler at the end of short sentences, so that several can be calculated together. A mask hides it, because it means nothing; its own rows are calculated too, but nobody uses them."
        }
        Term::Softmax => {
            "Turns the scores of a row into shares: e to the power of each, divided by the sum of them all. No share is negative, and together they make 1."
        }
        Term::RowMaximum => {
            "The largest score of a row. Subtracting it from the whole row changes no share, and keeps the exponentials from growing too large to be written."
        }
        Term::Exponential => {
            "e (about 2.718) to the power of a number. It is never negative, and keeps the order: a score higher by 1 makes it e times as large."
        }
        Term::AttentionWeight => {
            "The share of its attention, from 0 to 1, that one token gives to one token. A row holds all shares of one token."
        }
        Term::RowSum => {
            "All attention weights of a token together. It is 1, because each of its exponentials was divided by the sum of them all; for a token that may see none it is 0."
        }
        Term::MixedValues => {
            "What a token has gathered: every token’s value times the share it was given, added up. One row for each token, in each head."
        }
        Term::OutputProjection => {
            "The last matrix. The results of all heads, side by side, times W_o give the output: one row for each token."
        }
        Term::Seed => {
            "The number that random numbers are made from. The same seed gives the same weights again, here and in PyTorch."
        }
        Term::Untrained => {
            "Weights as PyTorch draws them before any training, which changes them a little at a time until the model guesses well. The calculation is real; who attends to whom has no meaning yet."
        }
        Term::Tensor => {
            "A block of numbers along one or more axes; a matrix has two. The shape, under each matrix, says how many there are along each axis."
        }
        Term::Heatmap => {
            "A matrix drawn as coloured cells, one for each number; the legend says which colour is which number. Point at a cell, and the inspector opens it."
        }
        Term::Diverging => {
            "Colours for numbers with a sign: pale at 0, and darker the farther a number lies from it, in one hue below and another above."
        }
        Term::Sequential => {
            "Colours for numbers from 0 up, such as shares: the larger the number, the lighter the cell."
        }
    }
}

/// "Step 4, Scores: Queries, Keys, Scores".
pub fn whereabouts(place: &Place) -> String {
    let mut text = match place.step {
        Some(step) => format!("Step {}, {}", step.index() + 1, step_name(step)),
        None => "At every step".to_owned(),
    };
    for (index, spot) in place.spots.iter().enumerate() {
        text += if index == 0 { ": " } else { ", " };
        text += spot_name(*spot);
        let is_elsewhere = matches!(spot, Spot::Matrix(_) | Spot::Part(Part::Tokens | Part::Heads | Part::Untrained));
        text += if is_elsewhere { "" } else { IN_SET_UP };
    }
    text
}

fn spot_name(spot: Spot) -> &'static str {
    match spot {
        Spot::Matrix(tensor) => tensor_name(tensor),
        Spot::Part(part) => match part {
            Part::Tokens => "under the sentence",
            Part::Heads => "the strip under the picture",
            Part::Seed => page::SEED,
            Part::HeadCount => page::HEADS,
            Part::Width => page::WIDTH,
            Part::Positions => page::POSITIONS,
            Part::Mask => page::MASK,
            Part::Scaling => page::SCALING,
            Part::Temperature => page::TEMPERATURE,
            Part::SharesMap => page::COLOURS,
            Part::SignedMap => page::COLOURS,
            Part::Untrained => page::SET_UP,
        },
    }
}
