//! NumPy's .npy: a header that says type and shape, then the numbers. .npz is an archive of them.
//!
//! Source: NumPy's `numpy.lib.format`.

use std::io::{self, Write};

use npyz::{AutoSerialize, WriteOptions, WriterBuilder};

use super::Job;
use crate::protocol::Tensor;

/// Writes the header.
pub fn begin(job: &Job, tensor: Tensor, out: &mut impl Write) -> io::Result<()> {
    let shape: Vec<u64> = job.shape(tensor).iter().map(|length| *length as u64).collect();
    let dtype = if job.ids(tensor).is_some() { i64::default_dtype() } else { f32::default_dtype() };
    WriteOptions::new_header_only().dtype(dtype).shape(&shape).writer(out).write_header_only()?;
    Ok(())
}
