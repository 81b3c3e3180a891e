use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::Error;

/// A file that is read in parts, wherever it lies.
pub trait Source {
    /// How many bytes it has.
    fn len(&self) -> u64;

    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `into` with the bytes from this one on.
    ///
    /// # Errors
    /// Where there are not so many, or they cannot be read.
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Error>;
}

impl Source for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Error> {
        let from = usize::try_from(at).ok().and_then(|at| self.get(at..at.checked_add(into.len())?));
        into.copy_from_slice(from.ok_or_else(|| Error::ends_early(at + into.len() as u64, Source::len(self)))?);
        Ok(())
    }
}

impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        Source::len(self.as_slice())
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Error> {
        Source::read(self.as_slice(), at, into)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Source for std::fs::File {
    fn len(&self) -> u64 {
        self.metadata().map_or(0, |about| about.len())
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Error> {
        let mut file = self;
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(into));
        read.map_err(|error| Error::unreadable(&error.to_string()))
    }
}

impl Error {
    /// What a file that ends too early is told.
    pub fn ends_early(needed: u64, there: u64) -> Self {
        Self(format!("it ends after {there} bytes, and byte {needed} is needed. Was it copied to the end?"))
    }

    /// What a file is told that the system does not give.
    pub fn unreadable(reason: &str) -> Self {
        Self(format!(
            "the file could not be read: {reason}. Was it changed, moved or deleted since it was opened? Open it once more."
        ))
    }
}

/// So many bytes are read at a time.
const AT_ONCE: u64 = 1 << 20;

/// Reads bytes in parts of whole numbers, and gives each to `take` with how many there have been, until it wants no more.
pub async fn plain(
    source: &(impl Source + ?Sized),
    bytes: Range<u64>,
    size: usize,
    take: &mut impl AsyncFnMut(&[u8], u64) -> bool,
) -> Result<(), Error> {
    let at_once = AT_ONCE - AT_ONCE % size as u64;
    let mut buffer = vec![0; at_once.min(bytes.end - bytes.start) as usize];
    let mut at = bytes.start;
    while at < bytes.end {
        let part = &mut buffer[..at_once.min(bytes.end - at) as usize];
        source.read(at, part)?;
        at += part.len() as u64;
        if !take(part, at - bytes.start).await {
            return Err(stopped());
        }
    }
    Ok(())
}

/// What nobody wanted any more.
pub fn stopped() -> Error {
    Error("reading was stopped.".to_owned())
}

/// A part of a source as a file of its own.
pub struct Part<'a, S: Source + ?Sized> {
    source: &'a S,
    at: u64,
}

impl<'a, S: Source + ?Sized> Part<'a, S> {
    /// All of it, from the beginning.
    pub fn new(source: &'a S) -> Self {
        Self { source, at: 0 }
    }
}

impl<S: Source + ?Sized> Read for Part<'_, S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let many = self.source.len().saturating_sub(self.at).min(into.len() as u64) as usize;
        self.source.read(self.at, &mut into[..many]).map_err(io::Error::other)?;
        self.at += many as u64;
        Ok(many)
    }
}

impl<S: Source + ?Sized> Seek for Part<'_, S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(back) => self.source.len().checked_add_signed(back),
            SeekFrom::Current(on) => self.at.checked_add_signed(on),
        };
        self.at = at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "before the beginning"))?;
        Ok(self.at)
    }
}
