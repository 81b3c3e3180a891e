//! Numbers in, bytes out.

use std::io::{self, Write};

use zip::{ZipWriter, write::SimpleFileOptions, write::StreamWriter};

use super::{Job, csv, json, npy, safetensors};
use crate::protocol::{Format, Tensor};

/// Writes a [`Job`] as its numbers come.
pub struct Writer<W: Write> {
    job: Job,
    out: Out<W>,
    /// The tensor whose numbers are next, in the job's list.
    next: usize,
    /// How many of its numbers are written.
    written: usize,
}

/// Where bytes go.
enum Out<W: Write> {
    Plain(W),
    /// Into the file of the archive that was begun last.
    Zip(Box<ZipWriter<StreamWriter<W>>>),
}

impl<W: Write> Writer<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// Where `out` takes no more.
    pub fn new(job: Job, out: W) -> io::Result<Self> {
        let is_archive = match job.format {
            Format::Npz => true,
            Format::Csv | Format::Npy => job.tensors.len() > 1,
            Format::Json | Format::Safetensors => false,
        };
        let out = if is_archive { Out::Zip(Box::new(ZipWriter::new_stream(out))) } else { Out::Plain(out) };
        let mut writer = Self { job, out, next: 0, written: 0 };
        match writer.job.format {
            Format::Json => json::begin(&writer.job, &mut writer.out)?,
            Format::Safetensors => safetensors::begin(&writer.job, &mut writer.out)?,
            Format::Csv | Format::Npy | Format::Npz => {}
        }
        writer.begin()?;
        Ok(writer)
    }

    /// Writes the next numbers: all of a tensor's, row by row, then the next one's; as many or few at a time as there are.
    /// Those of tokens are the job's own, and not handed over.
    ///
    /// # Errors
    /// Where what takes the bytes does not; [`io::ErrorKind::InvalidInput`] for more numbers than the job has room for.
    pub fn numbers(&mut self, mut numbers: &[f32]) -> io::Result<()> {
        while !numbers.is_empty() {
            let Some(tensor) = self.tensor() else {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "more numbers than the tensors have"));
            };
            let of = self.job.shape(tensor).iter().product::<usize>();
            let (now, later) = numbers.split_at(numbers.len().min(of - self.written));
            let (job, out, from) = (&self.job, &mut self.out, self.written);
            match job.format {
                Format::Csv => csv::numbers(job, tensor, from, now, out)?,
                Format::Json => json::numbers(job, tensor, from, now, out)?,
                Format::Npy | Format::Npz | Format::Safetensors => out.write_all(&little_endian(now))?,
            }
            self.written += now.len();
            numbers = later;
            if self.written == of {
                self.end()?;
            }
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// As [`Writer::numbers`]; [`io::ErrorKind::UnexpectedEof`] where numbers are missing.
    pub fn finish(mut self) -> io::Result<W> {
        if self.tensor().is_some() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "fewer numbers than the tensors have"));
        }
        if self.job.format == Format::Json {
            json::end(&mut self.out)?;
        }
        match self.out {
            Out::Plain(out) => Ok(out),
            Out::Zip(mut archive) => {
                // No longer one has room in an archive.
                let about = json::about(&self.job).to_string();
                if about.len() <= usize::from(u16::MAX) {
                    archive.set_comment(about)?;
                }
                Ok(archive.finish()?.into_inner())
            }
        }
    }

    fn tensor(&self) -> Option<Tensor> {
        self.job.tensors.get(self.next).copied()
    }

    /// Begins the next tensor that has numbers to come, and writes those before it whole: tokens, and what is empty.
    fn begin(&mut self) -> io::Result<()> {
        while let Some(tensor) = self.tensor() {
            if let Out::Zip(archive) = &mut self.out {
                let extension = if self.job.format == Format::Csv { "csv" } else { "npy" };
                // The same numbers are the same file, whenever they are written.
                let options = SimpleFileOptions::default()
                    .compression_method(zip::CompressionMethod::Stored)
                    .last_modified_time(zip::DateTime::default());
                archive.start_file(format!("{}.{extension}", tensor.name()), options)?;
            }
            let (job, out) = (&self.job, &mut self.out);
            match job.format {
                Format::Csv => csv::begin(job, tensor, out)?,
                Format::Json => json::begin_tensor(job, tensor, self.next == 0, out)?,
                Format::Npy | Format::Npz => npy::begin(job, tensor, out)?,
                Format::Safetensors => {}
            }
            let Some(ids) = job.ids(tensor) else { return Ok(()) };
            match job.format {
                Format::Csv => csv::ids(job, tensor, &ids, out)?,
                Format::Json => json::ids(job, tensor, &ids, out)?,
                Format::Npy | Format::Npz | Format::Safetensors => {
                    ids.iter().try_for_each(|id| out.write_all(&i64::from(*id).to_le_bytes()))?;
                }
            }
            self.end_tensor()?;
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.end_tensor()?;
        self.begin()
    }

    fn end_tensor(&mut self) -> io::Result<()> {
        if self.job.format == Format::Json {
            json::end_tensor(&mut self.out)?;
        }
        (self.next, self.written) = (self.next + 1, 0);
        Ok(())
    }
}

impl Job {
    /// The ids of a tensor of tokens, `[B, S]`; other tensors have none.
    pub(super) fn ids(&self, tensor: Tensor) -> Option<Vec<u32>> {
        let of_queries = match tensor {
            Tensor::Tokens => true,
            Tensor::KeyTokens => false,
            _ => return None,
        };
        let tokens = self.batch.iter().flat_map(|item| if of_queries { &item.tokens } else { &item.keys });
        Some(tokens.map(|token| token.id).collect())
    }
}

fn little_endian(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

impl<W: Write> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Plain(out) => out.write(bytes),
            Out::Zip(archive) => archive.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Plain(out) => out.flush(),
            Out::Zip(archive) => archive.flush(),
        }
    }
}
