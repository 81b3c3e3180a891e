//! What a person takes along: which tensors, and under what name.

use super::{Session, table};
use crate::protocol::{Format, Setup, Tensor};

/// Which tensors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that the step draws.
    Step,
    /// All that there are.
    All,
    /// One.
    One(Tensor),
}

impl Which {
    /// What can be chosen, of a run with this set-up.
    pub fn choices(setup: &Setup) -> Vec<Self> {
        let one = Tensor::ALL.into_iter().filter(|tensor| tensor.is_of(setup)).map(Self::One);
        [Self::Step, Self::All].into_iter().chain(one).collect()
    }

    /// The tensors, in the order in which they are made.
    pub fn tensors(self, session: &Session, setup: &Setup) -> Vec<Tensor> {
        let of_step = table::choices(session, setup);
        let is_wanted = |tensor: &Tensor| match self {
            Self::Step => of_step.contains(tensor),
            Self::All => true,
            Self::One(one) => one == *tensor,
        };
        Tensor::ALL.into_iter().filter(|tensor| tensor.is_of(setup)).filter(is_wanted).collect()
    }
}

/// What a file of these is called.
pub fn file_name(which: Which, tensors: &[Tensor], session: &Session, format: Format) -> String {
    let name = match (which, tensors) {
        (_, [one]) => one.name(),
        (Which::All, _) => "all",
        _ => session.step.name(),
    };
    ["headlight-", name, ".", format.extension(tensors.len())].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::Step;

    #[test]
    fn a_step_has_the_tensors_that_it_draws_and_every_choice_has_some() {
        let mut session = Session::default();
        for step in Step::ALL {
            session.go_to(step);
            for is_cross in [false, true] {
                session.setup.is_cross = is_cross;
                let setup = session.setup.clone();
                for which in Which::choices(&setup) {
                    let tensors = which.tensors(&session, &setup);
                    assert!(!tensors.is_empty(), "{which:?} at {step:?}");
                    assert!(tensors.iter().all(|tensor| tensor.is_of(&setup)));
                }
            }
        }
        session.setup.is_cross = false;
        session.go_to(Step::Mix);
        let tensors = Which::Step.tensors(&session, &session.setup);
        assert_eq!(tensors, [Tensor::Values, Tensor::Weights, Tensor::Mixed]);
        assert_eq!(file_name(Which::Step, &tensors, &session, Format::Npy), "headlight-mix.npz");
        let one = Which::One(Tensor::Mixed);
        assert_eq!(file_name(one, &[Tensor::Mixed], &session, Format::Npy), "headlight-attended_values.npy");
        assert_eq!(file_name(Which::All, &Tensor::ALL, &session, Format::Csv), "headlight-all.zip");
    }
}
