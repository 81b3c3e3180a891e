//! The files' program: what the engine's asks of it, in the same worker. `remote` is the other end.

use std::{
    io::{self, Write},
    ops::ControlFlow,
};

use js_sys::{Array, Float32Array, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FileReaderSync};

use super::{
    Reader as _, Writer,
    read::{Error, Held, MOST_NUMBERS, Source},
};
use crate::protocol::{Place, to_bytes};

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

/// Files that a person gave.
#[wasm_bindgen]
pub struct Reader(Held<Given>);

#[wasm_bindgen]
impl Reader {
    /// Looks into these `File`s.
    pub fn open(files: Array) -> Reader {
        let name = |file: &Blob| js_sys::Reflect::get(file, &"name".into()).ok().and_then(|name| name.as_string());
        let files = files.iter().map(|file| file.unchecked_into::<Blob>());
        Self(Held::new(files.map(|file| (name(&file).unwrap_or_default(), Given(file)))))
    }

    /// What they hold: [`Found`](crate::protocol::Found)s in postcard's bytes.
    pub fn found(&self) -> Vec<u8> {
        to_bytes(&self.0.found())
    }

    /// As [`Held::parts`], together. `goes_on` gets how many bytes have been read, and of how many, and gives a promise of whether to
    /// read on.
    ///
    /// # Errors
    /// As there.
    pub async fn numbers(
        &self,
        file: usize,
        tensor: usize,
        from: f64,
        to: f64,
        goes_on: Function,
    ) -> Result<Float32Array, JsValue> {
        if to - from > MOST_NUMBERS as f64 {
            return Err("there are more numbers than are read of one tensor.".into());
        }
        let all = Float32Array::new_with_length((to - from) as u32);
        let mut at = 0;
        let mut take = async |part: &[f32], done: u64, of: u64| {
            let len = part.len() as u32;
            all.subarray(at, at + len).copy_from(part);
            at += len;
            let told = goes_on.call2(&JsValue::NULL, &(done as f64).into(), &(of as f64).into());
            let promise = told.map(|promise| promise.unchecked_into::<Promise>());
            let goes_on = match promise {
                Ok(promise) => JsFuture::from(promise).await.is_ok_and(|goes_on| goes_on.is_truthy()),
                Err(_) => false,
            };
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let read = self.0.parts(Place { file, tensor }, from as u64..to as u64, &mut take).await;
        read.map_err(|error| JsValue::from(error.to_string()))?;
        Ok(all)
    }
}

/// A file where it lies.
struct Given(Blob);

impl Source for Given {
    fn len(&self) -> u64 {
        self.0.size() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Error> {
        let end = at + into.len() as u64;
        if end > Source::len(self) {
            return Err(Error::ends_early(end, Source::len(self)));
        }
        let part = self.0.slice_with_f64_and_f64(at as f64, end as f64);
        let bytes = part.and_then(|part| FileReaderSync::new()?.read_as_array_buffer(&part));
        let bytes = bytes.map_err(|error| Error::unreadable(&String::from(js_sys::Object::from(error).to_string())))?;
        Uint8Array::new(&bytes).copy_to(into);
        Ok(())
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
