//! What can be lit on the page, by the glossary and the tour.

use super::{Step, scene::OVERVIEW};
use crate::protocol::Tensor;

/// A thing on the page that a term of the glossary names, or a stop of the tour speaks of, and that can be lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A matrix of the stage.
    Matrix(Tensor),
    /// What is there at every step.
    Part(Part),
}

/// A part of the page that is there at every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The chips under the sentence.
    Tokens,
    /// The strip of all heads.
    Heads,
    /// A control of the set-up.
    Seed,
    /// A control of the set-up.
    HeadCount,
    /// A control of the set-up.
    Width,
    /// A control of the set-up.
    Positions,
    /// A control of the set-up.
    Mask,
    /// A control of the set-up.
    Scaling,
    /// A control of the set-up.
    Temperature,
    /// A control of the set-up.
    SharesMap,
    /// A control of the set-up.
    SignedMap,
    /// What the set-up says of the weights.
    Untrained,
}

/// What is lit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lit {
    /// A matrix on the stage.
    Matrix(Tensor),
    /// A part of the page.
    Part(Part),
    /// A small picture in the overview, by its place there.
    Thumbnail(usize),
    /// A step's button.
    Step(Step),
}

/// What is lit of these spots while the stage draws some matrices; those of another step are lit where they can be gone
/// to: in the overview, and at that step's button.
pub fn lit(spots: &[Spot], step: Option<Step>, is_drawn: impl Fn(Tensor) -> bool) -> Vec<Lit> {
    let mut lit = Vec::new();
    for &spot in spots {
        match spot {
            Spot::Part(part) => lit.push(Lit::Part(part)),
            Spot::Matrix(tensor) if is_drawn(tensor) => lit.push(Lit::Matrix(tensor)),
            Spot::Matrix(tensor) => {
                let thumbnail = OVERVIEW.iter().position(|(shown, _)| *shown == tensor);
                lit.extend(thumbnail.map(Lit::Thumbnail));
                lit.extend(step.map(Lit::Step));
            }
        }
    }
    lit
}
