//! Tensors out of files that other programs wrote: .npy, .npz, .safetensors and JSON; and names of tokens, one a line, in .txt.
//!
//! [`contents`] says what a file holds, from its headers alone; [`Entry::numbers`] reads the numbers of one tensor, or of a part
//! of it, and no more of the file than those.
//!
//! Nothing that a file says of itself is believed: every size is held against the bytes that are there, or against what is
//! read at most, before memory is taken for it, and what is not as it should be is refused with an [`Error`] that says what
//! would do.

mod dtype;
mod held;
mod json;
mod npy;
mod npz;
mod safetensors;
mod source;

use std::ops::{ControlFlow, Range};

pub use dtype::Dtype;
pub use held::Held;
pub use source::Source;

/// So many numbers are read of one tensor at most: as float32, 256 MiB.
pub const MOST_NUMBERS: u64 = 1 << 26;

/// So many numbers are given at a time of what has to be put into another order.
const AT_ONCE: usize = 1 << 18;

/// So many tensors are listed of one file.
const MOST_TENSORS: usize = 4096;

/// So many bytes of a header are read, and of a whole file in JSON, which can only be read as one.
const MOST_HEADER: u64 = 16 << 20;

/// So many axes are more than any of the tensors that attention has.
const MOST_AXES: usize = 8;

/// Why a file, or a tensor in it, cannot be used; and what would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// A tensor in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is called there. A .npy has no name inside: it is called as the file is, without its ending.
    pub name: String,
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// What its numbers are stored as.
    pub dtype: Dtype,
    place: Place,
}

/// Where the numbers are.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// In the file as they are, from this byte on.
    Plain { at: u64, order: Order },
    /// In a member of an archive that is compressed, from this byte of it on.
    Packed { member: usize, at: u64, order: Order },
    /// Read already, with the file: a text has no other way.
    Read(Vec<f32>),
    /// Texts, read already.
    Texts(Vec<String>),
}

/// In which order the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The last axis runs fastest.
    C,
    /// The first does.
    Fortran,
}

/// What a file holds.
///
/// # Errors
/// Where it is none of the four formats, is not as its format says, or holds too much.
pub fn contents(name: &str, source: &impl Source) -> Result<Vec<Entry>, Error> {
    let mut first = [0; 16];
    let first = &mut first[..source.len().min(16) as usize];
    source.read(0, first)?;
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let (stem, extension) = base.rsplit_once('.').unwrap_or((base, ""));
    let entries = if first.is_empty() {
        Err(Error("it is empty. Was it copied to the end?".to_owned()))
    } else if first.starts_with(npy::MAGIC) {
        npy::entry(stem, source).map(|entry| vec![entry])
    } else if first.starts_with(b"PK") {
        npz::entries(source)
    } else if first.get(8) == Some(&b'{')
        && (extension == "safetensors" || !first[..8].iter().all(u8::is_ascii_graphic))
    {
        safetensors::entries(source)
    } else if extension == "safetensors" {
        // It has its own words for what is wrong.
        safetensors::entries(source)
    } else if extension == "txt" {
        // A list in JSON may begin as the name of a token does: "[CLS]".
        json::entries(stem, source).or_else(|_| names(stem, source).map(|entry| vec![entry]))
    } else if first.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte)) {
        json::entries(stem, source)
    } else {
        Err(unknown(first))
    };
    let entries = entries.map_err(|Error(reason)| Error(format!("{base}: {reason}")))?;
    for Entry { name, shape, .. } in &entries {
        if shape.len() > MOST_AXES {
            let axes = shape.len();
            return Err(Error(format!("{base}: “{name}” has {axes} axes, and {MOST_AXES} are the most that is read.")));
        }
    }
    Ok(entries)
}

/// The names of tokens that a text has, one a line.
fn names(name: &str, source: &impl Source) -> Result<Entry, Error> {
    if source.len() > MOST_HEADER {
        return Err(Error(format!("it has {} bytes, more than names of tokens can have.", source.len())));
    }
    let mut bytes = vec![0; source.len() as usize];
    source.read(0, &mut bytes)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error("it is no text in UTF-8. Names of tokens are one a line, in UTF-8.".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    let texts: Vec<String> = text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    if texts.is_empty() {
        return Err(Error("it has no names of tokens, which are one a line.".to_owned()));
    }
    let (name, shape, dtype) = (name.to_owned(), vec![texts.len()], Dtype::little_endian(dtype::Kind::Text(0)));
    Ok(Entry { name, shape, dtype, place: Place::Texts(texts) })
}

/// Says what else it may be.
fn unknown(first: &[u8]) -> Error {
    let instead = match first {
        [0x80, 2..=5, ..] => {
            "It is a pickle, which can run anything when it is read, so no page reads it. In Python: \
            `safetensors.torch.save_file(tensors, \"tensors.safetensors\")`, or `numpy.savez(\"tensors.npz\", **arrays)`."
        }
        [0x89, b'H', b'D', b'F', ..] => {
            "It is HDF5. In Python: `numpy.savez(\"tensors.npz\", **{name: h5[name][:] for name in h5})`."
        }
        [0x1f, 0x8b, ..] => "It is compressed by gzip: unpack it first.",
        [b'G', b'G', b'U', b'F', ..] => "It is GGUF. Convert the tensors that you want to .safetensors or .npz.",
        _ => {
            "Give a .npy or .npz of NumPy's, a .safetensors, or JSON of nested arrays; for names of tokens a .txt with one a line."
        }
    };
    Error(format!("it is none of the files that are read here. {instead}"))
}

impl Entry {
    /// How many numbers it has.
    pub fn count(&self) -> u64 {
        self.shape.iter().map(|length| *length as u64).product()
    }

    /// Its texts, if it has texts and no numbers.
    pub fn texts(&self) -> Option<&[String]> {
        if let Place::Texts(texts) = &self.place { Some(texts) } else { None }
    }

    /// Some of its numbers: those of [`Entry::parts`], together.
    ///
    /// # Errors
    /// As there.
    pub async fn numbers(
        &self,
        source: &impl Source,
        range: Range<u64>,
        goes_on: &mut impl AsyncFnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Vec<f32>, Error> {
        let mut numbers = Vec::new();
        let mut take = async |part: &[f32], done, of| {
            numbers.extend_from_slice(part);
            goes_on(done, of).await
        };
        self.parts(source, range, &mut take).await?;
        Ok(numbers)
    }

    /// Gives some of its numbers to `take`, in the order in which the last axis runs fastest, as float32, part by part, with how
    /// many of the bytes to be read have been; it may say that it is enough.
    ///
    /// # Errors
    /// Where there are more than [`MOST_NUMBERS`], the file ends too early or is damaged, or `take` said so.
    pub async fn parts(
        &self,
        source: &impl Source,
        range: Range<u64>,
        take: &mut impl AsyncFnMut(&[f32], u64, u64) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let Self { name, shape, dtype, place } = self;
        let (count, wanted) = (self.count(), range.end.saturating_sub(range.start));
        if range.end > count {
            return Err(Error(format!("“{name}” has {count} numbers, and number {} was asked for.", range.end - 1)));
        }
        let order = match place {
            Place::Plain { order, .. } | Place::Packed { order, .. } => *order,
            Place::Read(numbers) => {
                let numbers = &numbers[range.start as usize..range.end as usize];
                let bytes = size_of_val(numbers) as u64;
                return match take(numbers, bytes, bytes).await {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(source::stopped()),
                };
            }
            Place::Texts(_) => return Err(Error(format!("“{name}” holds texts, and no numbers."))),
        };
        // A part of what lies in another order takes the whole.
        let is_turned = order == Order::Fortran && shape.iter().filter(|length| **length > 1).count() > 1;
        let (is_turned, read) = match is_turned {
            true if wanted == 1 => {
                let at = turned(range.start as usize, shape) as u64;
                (false, at..at + 1)
            }
            true => (true, 0..count),
            false => (false, range.clone()),
        };
        let many = read.end - read.start;
        if many > MOST_NUMBERS {
            return Err(Error(format!(
                "“{name}” has {many} numbers to be read, and {MOST_NUMBERS} are the most. Choose a layer, a head or fewer \
                 tokens, or save a part of it."
            )));
        }
        let size = dtype.size() as u64;
        let bytes = read.start * size..read.end * size;
        let of = bytes.end - bytes.start;
        let mut numbers = Vec::new();
        if is_turned {
            numbers.try_reserve_exact(many as usize).map_err(|_| no_memory(name, many))?;
        }
        let mut take_bytes = async |part: &[u8], done: u64| {
            dtype.append(part, &mut numbers);
            let part = if is_turned { &[][..] } else { &numbers[..] };
            let goes_on = take(part, done, of).await.is_continue();
            if !is_turned {
                numbers.clear();
            }
            goes_on
        };
        match *place {
            Place::Plain { at, .. } => {
                source::plain(source, at + bytes.start..at + bytes.end, size as usize, &mut take_bytes).await?;
            }
            Place::Packed { member, at, .. } => {
                npz::packed(source, member, at, bytes.clone(), size as usize, &mut take_bytes).await?;
            }
            Place::Read(_) | Place::Texts(_) => {}
        }
        if is_turned {
            let mut part = Vec::new();
            for index in range {
                part.push(numbers[turned(index as usize, shape)]);
                if part.len() == AT_ONCE {
                    let _ = take(&part, of, of).await;
                    part.clear();
                }
            }
            let _ = take(&part, of, of).await;
        }
        Ok(())
    }
}

/// Where the number with this index, if the last axis runs fastest, lies where the first does.
fn turned(mut index: usize, shape: &[usize]) -> usize {
    let mut stride: usize = shape.iter().product();
    let mut at = 0;
    for length in shape.iter().rev() {
        stride /= length;
        at += index % length * stride;
        index /= length;
    }
    at
}

fn no_memory(name: &str, numbers: u64) -> Error {
    Error(format!("There is no memory for the {numbers} numbers of “{name}”. Close other tabs, or save a part of it."))
}

/// The shape, if its numbers can be counted and so many bytes hold them.
fn checked(name: &str, shape: &[u64], size: usize, bytes: u64) -> Result<Vec<usize>, Error> {
    let needed = shape.iter().try_fold(size as u64, |product, length| product.checked_mul(*length));
    match needed {
        None => Err(Error(format!(
            "“{name}” is said to have the shape {shape:?}, more numbers than can be counted. The file is damaged."
        ))),
        Some(needed) if needed != bytes => Err(Error(format!(
            "“{name}” is said to have the shape {shape:?} of {size} bytes a number, which makes {needed} bytes; there are {bytes}. \
             The file is damaged, or was not copied to the end."
        ))),
        Some(_) => shape
            .iter()
            .map(|length| {
                usize::try_from(*length).map_err(|_| Error(format!("“{name}”: an axis of {length} is too long.")))
            })
            .collect(),
    }
}
