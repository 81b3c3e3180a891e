//! The files' program: what the engine's asks of it, in the same worker. `remote` is the other end.

use std::io::{self, Write};

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use super::Writer;

/// Takes note of panics, as the engine's program does: a string instead of bytes tells the page that the engine has died.
pub fn run() {
    std::panic::set_hook(Box::new(|panic| post_message(&panic.to_string())));
}

#[wasm_bindgen]
extern "C" {
    /// The worker's.
    #[wasm_bindgen(js_name = postMessage)]
    fn post_message(message: &str);
}

/// A file that is being written.
#[wasm_bindgen]
pub struct File(Writer<Parts>);

#[wasm_bindgen]
impl File {
    /// Begins a file. `job` is a [`Job`](super::Job) in postcard's bytes.
    ///
    /// # Errors
    /// As [`Writer::new`].
    pub fn begin(job: &[u8]) -> Result<File, JsValue> {
        let job = postcard::from_bytes(job).unwrap_or_else(|_| panic!("both programs are of one build"));
        Writer::new(job, Parts::default()).map(Self).map_err(sent_error)
    }

    /// As [`Writer::numbers`].
    ///
    /// # Errors
    /// As there.
    pub fn numbers(&mut self, numbers: &[f32]) -> Result<(), JsValue> {
        self.0.numbers(numbers).map_err(sent_error)
    }

    /// As [`Writer::finish`].
    ///
    /// # Errors
    /// As there.
    pub fn finish(self) -> Result<Blob, JsValue> {
        let mut parts = self.0.finish().map_err(sent_error)?;
        parts.hand_over();
        Blob::new_with_u8_array_sequence(&parts.out)
    }
}

/// Bytes that leave wasm's memory, which never shrinks, as soon as there are many.
#[derive(Default)]
struct Parts {
    bytes: Vec<u8>,
    out: Array,
}

impl Parts {
    fn hand_over(&mut self) {
        self.out.push(&Uint8Array::from(self.bytes.as_slice()));
        self.bytes.clear();
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const MANY: usize = 1 << 20;
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= MANY {
            self.hand_over();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn sent_error(error: io::Error) -> JsValue {
    error.to_string().into()
}
