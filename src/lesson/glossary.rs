//! The terms that the page explains: what each names on the page, and where texts mention it.

use super::{
    Projection, Session, Step,
    spot::{
        Part,
        Spot::{self, Matrix},
    },
    words::glossary::spellings,
};
use crate::protocol::Tensor;

/// A term of the glossary. What it means is said in [`words::glossary`](super::words::glossary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is named after the term that it is")]
pub enum Term {
    Attention,
    Token,
    Embedding,
    Position,
    Input,
    WeightMatrix,
    Query,
    Key,
    Value,
    Head,
    HeadWidth,
    DotProduct,
    Score,
    Scaling,
    Temperature,
    Mask,
    Causal,
    Padding,
    Softmax,
    RowMaximum,
    Exponential,
    AttentionWeight,
    RowSum,
    MixedValues,
    OutputProjection,
    Seed,
    Untrained,
    Tensor,
    Heatmap,
    Diverging,
    Sequential,
}

/// Where on the page the thing is that a term names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The step that shows it; none if every step does.
    pub step: Option<Step>,
    /// How far into the step it is to be seen.
    pub position: f64,
    /// What is to be lit.
    pub spots: &'static [Spot],
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// A term's first mention, as the text spells it.
    Mention(&'a str, Term),
}

impl Term {
    /// All terms, in the order in which the steps need them.
    pub const ALL: [Term; 31] = [
        Term::Attention,
        Term::Token,
        Term::Embedding,
        Term::Position,
        Term::Input,
        Term::WeightMatrix,
        Term::Query,
        Term::Key,
        Term::Value,
        Term::Head,
        Term::HeadWidth,
        Term::DotProduct,
        Term::Score,
        Term::Scaling,
        Term::Temperature,
        Term::Mask,
        Term::Causal,
        Term::Padding,
        Term::Softmax,
        Term::RowMaximum,
        Term::Exponential,
        Term::AttentionWeight,
        Term::RowSum,
        Term::MixedValues,
        Term::OutputProjection,
        Term::Seed,
        Term::Untrained,
        Term::Tensor,
        Term::Heatmap,
        Term::Diverging,
        Term::Sequential,
    ];

    /// Where on the page it is.
    pub fn place(self) -> Place {
        /// The softmax's third part, before it ends.
        const EXPONENTIALS: f64 = 0.74;
        let at = |step, spots| Place { step: Some(step), position: 1.0, spots };
        let anywhere = |spots| Place { step: None, position: 1.0, spots };
        match self {
            Term::Attention => at(Step::Mix, &[Matrix(Tensor::Mixed), Matrix(Tensor::Weights), Matrix(Tensor::Values)]),
            Term::Token => anywhere(&[Spot::Part(Part::Tokens)]),
            Term::Embedding => at(Step::Embed, &[Matrix(Tensor::WordEmbeddings)]),
            Term::Position => at(Step::Embed, &[Matrix(Tensor::Positions), Spot::Part(Part::Positions)]),
            Term::Input => at(Step::Embed, &[Matrix(Tensor::Input)]),
            Term::WeightMatrix => at(Step::Project, &[Matrix(Tensor::QueryWeights)]),
            Term::Query => at(Step::Project, &[Matrix(Tensor::Queries)]),
            Term::Key => at(Step::Project, &[Matrix(Tensor::Keys)]),
            Term::Value => at(Step::Project, &[Matrix(Tensor::Values)]),
            Term::Head => anywhere(&[Spot::Part(Part::Heads), Spot::Part(Part::HeadCount)]),
            Term::HeadWidth => {
                at(Step::Project, &[Matrix(Tensor::Queries), Spot::Part(Part::HeadCount), Spot::Part(Part::Width)])
            }
            Term::DotProduct => {
                at(Step::Scores, &[Matrix(Tensor::Queries), Matrix(Tensor::Keys), Matrix(Tensor::Scores)])
            }
            Term::Score => at(Step::Scores, &[Matrix(Tensor::Scores)]),
            Term::Scaling => at(Step::Scale, &[Matrix(Tensor::Scaled), Spot::Part(Part::Scaling)]),
            Term::Temperature => anywhere(&[Spot::Part(Part::Temperature)]),
            Term::Mask => at(Step::Mask, &[Matrix(Tensor::Mask), Spot::Part(Part::Mask)]),
            Term::Causal => at(Step::Mask, &[Matrix(Tensor::Mask), Spot::Part(Part::Mask)]),
            Term::Padding => at(Step::Mask, &[Matrix(Tensor::Masked)]),
            Term::Softmax => at(Step::Softmax, &[Matrix(Tensor::Masked), Matrix(Tensor::Weights)]),
            Term::RowMaximum => at(Step::Softmax, &[Matrix(Tensor::RowMax)]),
            Term::Exponential => Place { position: EXPONENTIALS, ..at(Step::Softmax, &[Matrix(Tensor::Exponentials)]) },
            Term::AttentionWeight => at(Step::Softmax, &[Matrix(Tensor::Weights)]),
            Term::RowSum => at(Step::Softmax, &[Matrix(Tensor::RowSums)]),
            Term::MixedValues => at(Step::Mix, &[Matrix(Tensor::Mixed)]),
            Term::OutputProjection => at(Step::Output, &[Matrix(Tensor::OutputWeights)]),
            Term::Seed => anywhere(&[Spot::Part(Part::Seed)]),
            Term::Untrained => anywhere(&[Spot::Part(Part::Untrained)]),
            Term::Tensor => at(Step::Scores, &[Matrix(Tensor::Queries), Matrix(Tensor::Keys), Matrix(Tensor::Scores)]),
            Term::Heatmap => at(Step::Softmax, &[Matrix(Tensor::Weights)]),
            Term::Diverging => at(Step::Scores, &[Matrix(Tensor::Scores), Spot::Part(Part::SignedMap)]),
            Term::Sequential => at(Step::Softmax, &[Matrix(Tensor::Weights), Spot::Part(Part::SharesMap)]),
        }
    }
}

impl Place {
    /// Goes there.
    pub fn show(&self, session: &mut Session) {
        if let Some(step) = self.step {
            // Queries, keys and values are drawn whichever is built; of their weights, those that build.
            session.projection = Projection::Queries;
            session.go_to(step);
            session.position = self.position;
        }
    }
}

/// Which terms have been mentioned, by their places among all.
pub type Seen = [bool; Term::ALL.len()];

/// Cuts a text where it mentions terms that have not been seen yet, and notes that they have been.
pub fn pieces<'a>(text: &'a str, seen: &mut Seen) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < text.len() {
        let Some((length, term)) = mentioned(text, at, seen) else {
            at += 1;
            continue;
        };
        if from < at {
            pieces.push(Piece::Text(&text[from..at]));
        }
        pieces.push(Piece::Mention(&text[at..at + length], term));
        seen[term as usize] = true;
        at += length;
        from = at;
    }
    if from < text.len() {
        pieces.push(Piece::Text(&text[from..]));
    }
    pieces
}

/// The term that is mentioned at this byte, in the longest of its spellings, and how many bytes that has.
fn mentioned(text: &str, at: usize, seen: &Seen) -> Option<(usize, Term)> {
    // A word begins after a space or an ASCII sign; the D of √D is none.
    let before = at.checked_sub(1).map_or(b' ', |before| text.as_bytes()[before]);
    let (word, rest) = (text.get(at..)?, text.as_bytes());
    if !before.is_ascii() || before.is_ascii_alphanumeric() {
        return None;
    }
    let mut longest = None;
    for term in Term::ALL {
        for spelling in spellings(term) {
            let Some(same) = word.get(..spelling.len()) else { continue };
            // A single letter is a symbol: X is no x.
            let is_same = if spelling.len() == 1 { same == *spelling } else { same.eq_ignore_ascii_case(spelling) };
            let ends = rest.get(at + spelling.len()).is_none_or(|next| !next.is_ascii_alphanumeric());
            if is_same && ends && longest.is_none_or(|(length, _)| spelling.len() > length) {
                longest = Some((spelling.len(), term));
            }
        }
    }
    longest.filter(|(_, term)| !seen[*term as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_mention_is_found_whole_and_once() {
        let mut seen = Seen::default();
        seen[Term::Scaling as usize] = true;
        let text = "Keys: a token’s row sums to 1; tokens, monkeys and √D, D of a causal mask. X, not x.";
        let found = pieces(text, &mut seen);
        let mentions: Vec<_> = found
            .iter()
            .filter_map(|piece| match piece {
                Piece::Mention(text, term) => Some((*text, *term)),
                Piece::Text(_) => None,
            })
            .collect();
        assert_eq!(
            mentions,
            [
                ("Keys", Term::Key),
                ("token", Term::Token),
                ("sums to 1", Term::RowSum),
                ("D", Term::HeadWidth),
                ("causal mask", Term::Causal),
                ("X", Term::Input),
            ]
        );
        let whole: String = found
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) | Piece::Mention(text, _) => *text,
            })
            .collect();
        assert_eq!(whole, text);
    }
}
