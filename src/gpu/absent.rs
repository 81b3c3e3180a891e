use super::{BlockError, Error};
use crate::attention::{BlockInput, BlockTrace, BlockWeights, Config, Inputs, Mask, Outputs, Wanted};

/// Attention on a GPU, of which this build has none: there is no value of it.
#[derive(Debug)]
pub enum Attention {}

impl Attention {
    /// Opens none.
    ///
    /// # Errors
    /// [`Error::NoAdapter`].
    pub async fn open() -> Result<Self, Error> {
        Err(Error::NoAdapter("this build has none: it lacks the feature `gpu`".to_owned()))
    }

    /// As where there is one.
    pub fn adapter_name(&self) -> &str {
        match *self {}
    }

    /// As where there is one.
    pub fn set_weights(&mut self, _: &BlockWeights) {
        match *self {}
    }

    /// As where there is one.
    ///
    /// # Errors
    /// None.
    pub async fn attend(&mut self, _: &Inputs, _: Wanted) -> Result<Outputs, Error> {
        match *self {}
    }

    /// As where there is one.
    ///
    /// # Errors
    /// None.
    pub async fn multi_head(
        &mut self,
        _: BlockInput<'_>,
        _: usize,
        _: &Config,
        _: Option<Mask>,
        _: Wanted,
    ) -> Result<BlockTrace<Outputs>, BlockError> {
        match *self {}
    }
}
