//! How far the colours of numbers reach: as far as each picture of the lesson wants it, or as a person chose.

use serde::{Deserialize, Serialize};

use super::{
    Session,
    scene::{self, Data},
};
use crate::protocol::{Matrix, Tensor};

/// Which numbers the ends of the colours stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Range {
    /// Matrices whose numbers are to be compared share one range, all others have their own; shares reach to 1 where they
    /// are large.
    #[default]
    Lesson,
    /// Each matrix to its own largest number.
    Matrix,
    /// All signed matrices of a step share one range, and all shares another.
    Step,
    /// These, whatever the numbers are: so that pictures of two sentences or heads can be compared.
    Fixed(Ends),
}

/// The largest numbers that still have a colour of their own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ends {
    /// Of signed numbers, on both sides of 0.
    pub signed: f32,
    /// Of shares, from 0 up.
    pub shares: f32,
}

impl Range {
    /// The number that a matrix' colours end at, as far as that matrix alone says it.
    pub fn end(self, tensor: Tensor, matrix: &Matrix) -> f32 {
        match (self, is_share(tensor, matrix)) {
            (Range::Fixed(ends), true) => ends.shares,
            (Range::Fixed(ends), false) => ends.signed,
            // Long rows share their attention among many; their colours use the range that there is.
            (Range::Lesson, true) if tensor == Tensor::Exponentials || matrix.largest >= 0.5 => 1.0,
            _ => matrix.largest,
        }
    }

    /// The same, where one range of a whole step is the fixed one that these matrices make.
    pub fn among(self, matrices: &[(Tensor, &Matrix)]) -> Self {
        if self == Range::Step { Range::Fixed(self.ends(matrices)) } else { self }
    }

    /// Where the colours of these matrices end, taken together.
    fn ends(self, matrices: &[(Tensor, &Matrix)]) -> Ends {
        let mut ends = Ends { signed: 0.0, shares: 0.0 };
        for &(tensor, matrix) in matrices {
            let end = if is_share(tensor, matrix) { &mut ends.shares } else { &mut ends.signed };
            *end = end.max(self.end(tensor, matrix));
        }
        ends
    }
}

/// How the session's stage is coloured, with its own range worked out where it has one.
pub fn on_stage(session: &Session, data: &Data) -> Range {
    session.range.among(&coloured(session, data))
}

/// The range that the stage has now, to be kept. A kind of number that the stage does not show keeps the range that is
/// usual: shares go to 1, and so do signed numbers.
pub fn frozen(session: &Session, data: &Data) -> Range {
    let mut matrices = coloured(session, data);
    // These go to 1 whatever the shares are that they become.
    matrices.retain(|(tensor, _)| *tensor != Tensor::Exponentials);
    let ends = session.range.ends(&matrices);
    let or_one = |end: f32| if end > 0.0 { end } else { 1.0 };
    Range::Fixed(Ends { signed: or_one(ends.signed), shares: or_one(ends.shares) })
}

/// The matrices on the stage whose numbers are told by colours.
fn coloured<'a>(session: &Session, data: &'a Data) -> Vec<(Tensor, &'a Matrix)> {
    let mut matrices = Vec::new();
    for tensor in scene::on_stage(session.step, session.projection, &data.setup) {
        let has_colours = !matches!(tensor, Tensor::Mask | Tensor::ExponentialSums | Tensor::RowSums);
        if let Some(matrix) = data.on_stage(tensor, session.head).filter(|_| has_colours) {
            matrices.push((tensor, matrix));
        }
    }
    matrices
}

/// Whether a matrix has numbers from 0 up. A change has a sign.
pub fn is_share(tensor: Tensor, matrix: &Matrix) -> bool {
    !matrix.is_change && matches!(tensor, Tensor::Exponentials | Tensor::Weights)
}
