use std::ops::{ControlFlow, Range};

use super::{Entry, Error, Source, contents};
use crate::files::{GoesOn, Reader, Soon};
use crate::protocol::{Found, FoundTensor, Place};

/// Files, and what they hold.
pub struct Held<S> {
    files: Vec<(S, Vec<Entry>)>,
    found: Vec<Found>,
}

impl<S: Source> Held<S> {
    /// Looks into these files, each with its name.
    pub fn new(files: impl IntoIterator<Item = (String, S)>) -> Self {
        let mut held = Self { files: Vec::new(), found: Vec::new() };
        for (name, source) in files {
            let entries = contents(&name, &source);
            let tensors = entries.as_ref().map(|entries| entries.iter().map(found).collect());
            held.found.push(Found { name, bytes: source.len(), tensors: tensors.map_err(Error::to_string) });
            held.files.push((source, entries.unwrap_or_default()));
        }
        held
    }

    /// Gives some numbers of a tensor to `take`, part by part: as [`Entry::parts`].
    ///
    /// # Errors
    /// As there; and where there is no such tensor.
    pub async fn parts(
        &self,
        Place { file, tensor }: Place,
        range: Range<u64>,
        take: &mut impl AsyncFnMut(&[f32], u64, u64) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let found = self.files.get(file).and_then(|(source, entries)| Some((source, entries.get(tensor)?)));
        let (source, entry) = found.ok_or_else(|| Error("the file has no such tensor.".to_owned()))?;
        entry.parts(source, range, take).await
    }
}

fn found(entry: &Entry) -> FoundTensor {
    FoundTensor {
        name: entry.name.clone(),
        shape: entry.shape.clone(),
        dtype: entry.dtype.to_string(),
        is_exact: entry.dtype.is_exact(),
        texts: entry.texts().unwrap_or_default().to_vec(),
    }
}

impl<S: Source> Reader for Held<S> {
    fn found(&self) -> &[Found] {
        &self.found
    }

    fn numbers<'a>(
        &'a self,
        place: Place,
        range: Range<u64>,
        goes_on: &'a GoesOn,
    ) -> Soon<'a, Result<Vec<f32>, String>> {
        Box::pin(async move {
            let mut numbers = Vec::new();
            let mut take = async |part: &[f32], done, of| {
                numbers.extend_from_slice(part);
                if goes_on(done, of).await { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let read = self.parts(place, range, &mut take).await;
            read.map(|()| numbers).map_err(|error| error.to_string())
        })
    }
}
