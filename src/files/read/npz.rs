//! NumPy's .npz: a zip archive of .npy files, stored or deflated.

use std::io::{self, Read};
use std::ops::Range;

use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::{
    Entry, Error, MOST_TENSORS, Place, checked,
    dtype::Kind,
    npy,
    source::{Part, Source, stopped},
};

/// The tensors of an archive; what else is in it is passed over.
pub fn entries(source: &impl Source) -> Result<Vec<Entry>, Error> {
    let mut archive = open(source)?;
    if archive.len() > MOST_TENSORS {
        let many = archive.len();
        return Err(Error(format!("the archive has {many} files, and {MOST_TENSORS} are the most that is read.")));
    }
    if archive.file_names().any(|name| name.is_ok_and(|name| name.ends_with("data.pkl"))) {
        return Err(Error(
            "it is PyTorch's `torch.save`, a pickle, which can run anything when it is read, so no page reads it. In Python: \
             `safetensors.torch.save_file(tensors, \"tensors.safetensors\")`."
                .to_owned(),
        ));
    }
    let mut entries: Vec<Entry> = Vec::new();
    for member in 0..archive.len() {
        let mut file = archive.by_index(member).map_err(|error| wrong(&error))?;
        let path = file.name().map_err(|error| wrong(&error))?.into_owned();
        let Some(name) = path.strip_suffix(".npy").map(str::to_owned) else { continue };
        if entries.iter().any(|entry| entry.name == name) {
            return Err(Error(format!(
                "the archive has two tensors that are called “{name}”. Save them under different names."
            )));
        }
        let (size, compression) = (file.size(), file.compression());
        let header = npy::header_of(&name, &mut file, size)?;
        let bytes = size.checked_sub(header.len as u64).ok_or_else(|| Error::ends_early(header.len as u64, size))?;
        let shape = checked(&name, &header.shape, header.dtype.size(), bytes)?;
        let (at, order) = (header.len as u64, header.order);
        let place = if let Kind::Text(_) = header.dtype.kind {
            let mut read = |into: &mut [u8]| file.read_exact(into).map_err(|error| damaged(&name, &error));
            Place::Texts(npy::texts(&name, &header, bytes, &mut read)?)
        } else {
            match (compression, file.data_start()) {
                (CompressionMethod::Stored, Some(start)) if !file.encrypted() => {
                    let fits = start.checked_add(size).is_some_and(|end| end <= source.len());
                    if !fits {
                        return Err(Error::ends_early(start.saturating_add(size), source.len()));
                    }
                    Place::Plain { at: start + at, order }
                }
                _ => Place::Packed { member, at, order },
            }
        };
        entries.push(Entry { name, shape, dtype: header.dtype, place });
    }
    if entries.is_empty() {
        return Err(Error(
            "the archive has no .npy in it. Give a .npz: `numpy.savez(\"tensors.npz\", queries=q, keys=k, values=v)`."
                .to_owned(),
        ));
    }
    Ok(entries)
}

/// Unpacks a member from its beginning up to the end of these bytes of its numbers, and gives those to `take`.
pub async fn packed(
    source: &impl Source,
    member: usize,
    at: u64,
    bytes: Range<u64>,
    size: usize,
    take: &mut impl AsyncFnMut(&[u8], u64) -> bool,
) -> Result<(), Error> {
    let mut archive = open(source)?;
    let mut file = archive.by_index(member).map_err(|error| wrong(&error))?;
    let name = file.name().map_err(|error| wrong(&error))?.trim_end_matches(".npy").to_owned();
    let at_once = (1 << 16) / size * size;
    let mut buffer = vec![0; at_once];
    // What comes before is unpacked and let go of, at most so many bytes at a time.
    let mut before = at + bytes.start;
    while before > 0 {
        let part = &mut buffer[..before.min(at_once as u64) as usize];
        file.read_exact(part).map_err(|error| damaged(&name, &error))?;
        before -= part.len() as u64;
        if !take(&[], 0).await {
            return Err(stopped());
        }
    }
    let mut done = 0;
    while done < bytes.end - bytes.start {
        let part = &mut buffer[..(bytes.end - bytes.start - done).min(at_once as u64) as usize];
        file.read_exact(part).map_err(|error| damaged(&name, &error))?;
        done += part.len() as u64;
        if !take(part, done).await {
            return Err(stopped());
        }
    }
    // At its end the archive's checksum is compared; there must be an end.
    if at + bytes.end == file.size() && file.read(&mut [0]).map_err(|error| damaged(&name, &error))? > 0 {
        return Err(Error(format!("“{name}” goes on after its end. The archive is damaged, or made to do harm.")));
    }
    Ok(())
}

fn open<S: Source>(source: &S) -> Result<ZipArchive<Part<'_, S>>, Error> {
    ZipArchive::new(Part::new(source)).map_err(|error| wrong(&error))
}

fn wrong(error: &ZipError) -> Error {
    Error(match error {
        ZipError::UnsupportedArchive(what) => format!(
            "the archive cannot be read: {what}. NumPy's `savez` and `savez_compressed` write archives that can."
        ),
        error => format!("the archive cannot be read: {error}. It is damaged, or was not copied to the end."),
    })
}

fn damaged(name: &str, error: &io::Error) -> Error {
    Error(format!("“{name}” could not be unpacked: {error}. The archive is damaged."))
}
