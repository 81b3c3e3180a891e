use serde::{Deserialize, Serialize};

use crate::protocol::{Begins, Setup};

/// One of the nine steps of attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Step {
    /// Text to tokens.
    Tokens,
    /// `X = E[t] + P`.
    Embed,
    /// `Q = X·W_q`, `K = X·W_k`, `V = X·W_v`.
    Project,
    /// `S = Q·Kᵀ`.
    Scores,
    /// `S / √D`.
    Scale,
    /// `+ mask`.
    Mask,
    /// `softmax` along each row.
    Softmax,
    /// `Z = A·V`.
    Mix,
    /// `Y = concat(Z)·W_o`.
    Output,
}

impl Step {
    /// All nine, in order.
    pub const ALL: [Step; 9] = [
        Step::Tokens,
        Step::Embed,
        Step::Project,
        Step::Scores,
        Step::Scale,
        Step::Mask,
        Step::Softmax,
        Step::Mix,
        Step::Output,
    ];

    /// Its place, from 0.
    pub fn index(self) -> usize {
        self as usize
    }

    /// What it is called in the names of files.
    pub fn name(self) -> &'static str {
        ["tokens", "embed", "qkv", "scores", "scale", "mask", "softmax", "mix", "output"][self.index()]
    }

    /// The one before, if there is one with this set-up.
    pub fn previous(self, setup: &Setup) -> Option<Step> {
        self.index().checked_sub(1).map(|index| Step::ALL[index]).filter(|step| step.is_of(setup))
    }

    /// The one after, if there is one with this set-up.
    pub fn next(self, setup: &Setup) -> Option<Step> {
        Step::ALL.get(self.index() + 1).copied().filter(|step| step.is_of(setup))
    }

    /// The steps that there are: of tensors out of files, those that begin with them.
    pub fn all_of(setup: &Setup) -> &'static [Step] {
        match setup.begins() {
            None => &Step::ALL,
            Some(Begins::Input) => &Step::ALL[2..],
            Some(Begins::Projections) => &Step::ALL[3..8],
            Some(Begins::Weights) => &Step::ALL[6..7],
        }
    }

    /// Whether it is one of them.
    pub fn is_of(self, setup: &Setup) -> bool {
        Self::all_of(setup).contains(&self)
    }
}
