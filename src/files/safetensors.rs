//! .safetensors: a header in JSON that says where each tensor's bytes are, then the bytes.

use std::io::{self, Write};

use safetensors::{
    Dtype,
    tensor::{Metadata, TensorInfo},
};

use super::{Job, json};

/// Tensors begin at a multiple of this.
const ALIGNED: usize = 8;

/// Writes the header.
pub fn begin(job: &Job, out: &mut impl Write) -> io::Result<()> {
    let mut end = 0;
    let tensors = job.tensors.iter().map(|tensor| {
        let (dtype, bytes) = if job.ids(*tensor).is_some() { (Dtype::I64, 8) } else { (Dtype::F32, 4) };
        let shape = job.shape(*tensor);
        let from = end;
        end += bytes * shape.iter().product::<usize>();
        (tensor.name().to_owned(), TensorInfo { dtype, shape, data_offsets: (from, end) })
    });
    // Of this format every value is a text.
    let about = [("headlight".to_owned(), json::about(job).to_string())].into_iter().collect();
    let header = Metadata::new(Some(about), tensors.collect()).map_err(io::Error::other)?;
    let mut header = serde_json::to_vec(&header)?;
    header.resize(header.len().next_multiple_of(ALIGNED), b' ');
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)
}
