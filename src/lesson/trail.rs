//! The trail through the lesson that a person lays who follows terms to the cells that they came from, and the way back.

use serde::{Deserialize, Serialize};

use super::{
    Projection, Session, Step, scene,
    timeline::{self, SoftmaxPart},
};
use crate::protocol::{CellRef, Lengths, Setup, Tensor};

/// The trail is no longer than this; what is older is forgotten.
const LONGEST: usize = 100;

/// Where a person has been: the cells whose terms were followed, the last one last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trail(Vec<Stop>);

/// A cell, and where it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// The cell in the inspector.
    pub cell: CellRef,
    step: Step,
    position: f64,
    projection: Projection,
    /// The sentence that it is of.
    pub item: usize,
    head: usize,
}

impl Trail {
    /// Goes from one cell to another that it was made from: where that is drawn, it is kept in the inspector. Returns
    /// whether it can be drawn.
    pub fn follow(&mut self, session: &mut Session, from: CellRef, to: CellRef, len: impl Into<Lengths>) -> bool {
        let Some(there) = place_of(session, to) else {
            return false;
        };
        let Session { step, position, projection, item, head, .. } = *session;
        let here = Stop { cell: from, step, position, projection, item, head };
        if self.0.last() != Some(&here) {
            self.0.push(here);
        }
        if self.0.len() > LONGEST {
            self.0.remove(0);
        }
        there.show(session, len.into());
        true
    }

    /// Where the way back leads: the last cell that there still is.
    pub fn way_back(&self, (len, sentences): (impl Into<Lengths>, usize), setup: &Setup) -> Option<Stop> {
        let len = len.into();
        self.0.iter().rev().copied().find(|stop| stop.item < sentences && stop.exists(len, setup))
    }

    /// Goes one cell back. Returns whether there was one.
    pub fn back(
        &mut self,
        session: &mut Session,
        (len, sentences): (impl Into<Lengths>, usize),
        setup: &Setup,
    ) -> bool {
        let len = len.into();
        while let Some(stop) = self.0.pop() {
            if stop.item < sentences && stop.exists(len, setup) {
                stop.show(session, len);
                return true;
            }
        }
        false
    }
}

impl Stop {
    fn exists(&self, len: Lengths, setup: &Setup) -> bool {
        let (rows, columns) = self.cell.tensor.shape(len, setup);
        self.cell.tensor.is_of(setup)
            && self.step.is_of(setup)
            && self.cell.row < rows
            && self.cell.column < columns
            && self.cell.head < setup.heads
            && self.head < setup.heads
    }

    fn show(self, session: &mut Session, len: Lengths) {
        session.projection = self.projection;
        (session.item, session.head) = (self.item, self.head);
        session.go_to(self.step);
        session.position = self.position;
        session.pinned = Some(self.cell);
        session.zoom = session.zoom.with(self.cell, len);
    }
}

/// Where a cell is looked at: on the step that is shown, if that draws it, and otherwise on the one that makes it. `None`
/// where it can't be drawn: what is only passed through has no change to show.
pub fn place_of(session: &Session, cell: CellRef) -> Option<Stop> {
    let Session { step, position, projection, item, .. } = *session;
    let head = if cell.tensor.has_heads() { cell.head } else { session.head };
    if let Some(part) = passed_through(cell.tensor) {
        let position = timeline::end_of(part);
        return session.before.is_none().then_some(Stop {
            cell,
            step: Step::Softmax,
            position,
            projection,
            item,
            head,
        });
    }
    let is_drawn = scene::on_stage(step, projection, &session.setup).contains(&cell.tensor);
    // What a step begins with is there from its beginning; what it makes, at its end.
    let is_operand = is_drawn && scene::result(step, projection, &session.setup) != cell.tensor;
    let (home, made_by) =
        if is_drawn { (step, projection) } else { home(cell.tensor, projection, session.setup.is_cross) };
    let position = if is_operand { position.min(1.0) } else { 1.0 };
    Some(Stop { cell, step: home, position, projection: made_by, item, head })
}

/// The part of the softmax that draws a tensor which no finished step does.
fn passed_through(tensor: Tensor) -> Option<SoftmaxPart> {
    match tensor {
        Tensor::Shifted => Some(SoftmaxPart::Subtract),
        Tensor::Exponentials | Tensor::ExponentialSums => Some(SoftmaxPart::Exp),
        _ => None,
    }
}

/// The step that makes a tensor, or is the first to draw it.
fn home(tensor: Tensor, projection: Projection, is_cross: bool) -> (Step, Projection) {
    let step = match tensor {
        Tensor::Tokens | Tensor::KeyTokens => Step::Tokens,
        // Either of keys and values draws what both are made of.
        Tensor::KeyWordEmbeddings | Tensor::KeyPositions | Tensor::KeyInput => {
            let of_keys = if projection == Projection::Queries { Projection::Keys } else { projection };
            return (Step::Embed, of_keys);
        }
        // In cross-attention, only queries are made of it.
        Tensor::WordEmbeddings | Tensor::Positions | Tensor::Input if is_cross => {
            return (Step::Embed, Projection::Queries);
        }
        Tensor::WordEmbeddings | Tensor::Positions | Tensor::Input => Step::Embed,
        Tensor::QueryWeights | Tensor::Queries => return (Step::Project, Projection::Queries),
        Tensor::KeyWeights | Tensor::Keys => return (Step::Project, Projection::Keys),
        Tensor::ValueWeights | Tensor::Values => return (Step::Project, Projection::Values),
        Tensor::Scores => Step::Scores,
        Tensor::Scaled => Step::Scale,
        Tensor::Mask | Tensor::Masked => Step::Mask,
        Tensor::RowMax
        | Tensor::Shifted
        | Tensor::Exponentials
        | Tensor::ExponentialSums
        | Tensor::Weights
        | Tensor::RowSums => Step::Softmax,
        Tensor::Mixed => Step::Mix,
        Tensor::Heads | Tensor::OutputWeights | Tensor::Output => Step::Output,
    };
    (step, projection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(tensor: Tensor, head: usize, row: usize, column: usize) -> CellRef {
        CellRef { tensor, head, row, column }
    }

    #[test]
    fn from_the_output_down_to_the_leaves_and_back_again() {
        let setup = Setup::default();
        let mut session = Session { head: 2, ..Session::default() };
        session.go_to(Step::Output);
        let mut trail = Trail::default();
        let way = [
            (cell(Tensor::Output, 0, 5, 3), Step::Output, Projection::Queries, 2),
            (cell(Tensor::Heads, 0, 5, 17), Step::Output, Projection::Queries, 2),
            (cell(Tensor::Mixed, 1, 5, 1), Step::Mix, Projection::Queries, 1),
            (cell(Tensor::Weights, 1, 5, 4), Step::Mix, Projection::Queries, 1),
            (cell(Tensor::Masked, 1, 5, 4), Step::Mask, Projection::Queries, 1),
            (cell(Tensor::Scaled, 1, 5, 4), Step::Mask, Projection::Queries, 1),
            (cell(Tensor::Scores, 1, 5, 4), Step::Scores, Projection::Queries, 1),
            (cell(Tensor::Keys, 1, 4, 9), Step::Scores, Projection::Queries, 1),
            (cell(Tensor::KeyWeights, 1, 30, 9), Step::Project, Projection::Keys, 1),
            (cell(Tensor::Input, 0, 4, 30), Step::Project, Projection::Keys, 1),
            (cell(Tensor::WordEmbeddings, 0, 4, 30), Step::Embed, Projection::Keys, 1),
            (cell(Tensor::Tokens, 0, 0, 4), Step::Tokens, Projection::Keys, 1),
        ];
        for pair in way.windows(2) {
            trail.follow(&mut session, pair[0].0, pair[1].0, 6);
            let (pinned, step, projection, head) = pair[1];
            assert_eq!(
                (session.pinned, session.step, session.projection, session.head, session.position),
                (Some(pinned), step, projection, head, 1.0)
            );
        }
        for (pinned, step, projection, head) in way[..way.len() - 1].iter().rev().copied() {
            assert_eq!(trail.way_back((6, 1), &setup).map(|stop| stop.cell), Some(pinned));
            assert!(trail.back(&mut session, (6, 1), &setup));
            assert_eq!(
                (session.pinned, session.step, session.projection, session.head),
                (Some(pinned), step, projection, head)
            );
        }
        assert!(!trail.back(&mut session, (6, 1), &setup));
    }

    #[test]
    fn what_the_softmax_passes_through_is_shown_while_it_is_there() {
        let mut session = Session::default();
        let mut trail = Trail::default();
        let weight = cell(Tensor::Weights, 0, 5, 1);
        for (tensor, part) in [
            (Tensor::Shifted, SoftmaxPart::Subtract),
            (Tensor::Exponentials, SoftmaxPart::Exp),
            (Tensor::ExponentialSums, SoftmaxPart::Exp),
        ] {
            trail.follow(&mut session, weight, cell(tensor, 0, 5, 0), 6);
            assert_eq!(timeline::softmax_part(session.position), (part, 1.0));
            assert_eq!(session.step, Step::Softmax);
            assert!(trail.back(&mut session, (6, 1), &Setup::default()));
            assert_eq!((session.position, session.pinned), (1.0, Some(weight)));
        }
        // A change is shown when all is calculated.
        session.show_change(true);
        assert_eq!(place_of(&session, cell(Tensor::Shifted, 0, 5, 1)), None);
        assert!(place_of(&session, cell(Tensor::Masked, 0, 5, 1)).is_some());
    }

    #[test]
    fn an_operand_is_shown_without_moving_in_time() {
        let mut session = Session { step: Step::Scores, position: 0.3, ..Session::default() };
        Trail::default().follow(&mut session, cell(Tensor::Scores, 0, 0, 0), cell(Tensor::Queries, 0, 0, 3), 6);
        assert_eq!((session.step, session.position), (Step::Scores, 0.3));
    }

    #[test]
    fn the_way_back_leads_to_cells_that_there_still_are() {
        let mut session = Session::default();
        let mut trail = Trail::default();
        let (gone, stays) = (cell(Tensor::Weights, 3, 5, 5), cell(Tensor::Weights, 0, 1, 1));
        trail.follow(&mut session, stays, cell(Tensor::Masked, 0, 1, 1), 6);
        session.head = 3;
        trail.follow(&mut session, gone, cell(Tensor::Masked, 3, 5, 5), 6);
        let fewer_heads = Setup { heads: 2, ..Setup::default() };
        assert_eq!(trail.way_back((6, 1), &Setup::default()).map(|stop| stop.cell), Some(gone));
        assert_eq!(trail.way_back((6, 1), &fewer_heads).map(|stop| stop.cell), Some(stays));
        assert_eq!(trail.way_back((2, 1), &Setup::default()).map(|stop| stop.cell), Some(stays));
        assert!(trail.back(&mut session, (6, 1), &fewer_heads));
        assert_eq!((session.pinned, session.head), (Some(stays), 0));
    }

    #[test]
    fn every_drawn_matrix_has_a_place() {
        for step in Step::ALL {
            for projection in Projection::ALL {
                let session = Session { step, projection, ..Session::default() };
                for tensor in scene::on_stage(step, projection, &session.setup) {
                    let place = place_of(&session, cell(tensor, 0, 0, 0)).expect("it is drawn");
                    assert_eq!((place.step, place.projection), (step, projection), "{tensor:?}");
                }
            }
        }
    }
}
