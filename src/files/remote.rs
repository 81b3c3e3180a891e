//! The engine's end of the way to the files' program; `program` is the other.

use std::ops::Range;

use js_sys::{Array, Float32Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::{GoesOn, Job, Reader, Soon};
use crate::protocol::{Found, Place, from_bytes, to_bytes};

#[wasm_bindgen]
extern "C" {
    /// `www/boot.js` gives it to the worker: loads the files' program, the first time, and begins a file.
    #[wasm_bindgen(catch, js_name = headlightBeginFile)]
    async fn begin_file(job: &[u8]) -> Result<File, JsValue>;

    /// `program::File`, which says what its methods take and give.
    #[derive(Debug)]
    pub type File;
    #[wasm_bindgen(method, catch, js_name = numbers)]
    fn try_numbers(this: &File, numbers: &[f32]) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = finish)]
    fn try_finish(this: &File) -> Result<JsValue, JsValue>;

    /// `www/boot.js` gives it to the worker: loads the program, the first time, and looks into files.
    #[wasm_bindgen(catch, js_name = headlightOpenFiles)]
    async fn open_files(files: &Array) -> Result<Given, JsValue>;

    /// `program::Reader`, which says what its methods take and give.
    #[derive(Debug)]
    type Given;
    #[wasm_bindgen(method)]
    fn found(this: &Given) -> Vec<u8>;
    #[wasm_bindgen(method)]
    fn numbers(this: &Given, file: usize, tensor: usize, from: f64, to: f64, goes_on: &Function) -> Promise;
}

/// Files that a person gave, read by the other program.
pub struct Files {
    given: Given,
    found: Vec<Found>,
}

impl Files {
    /// Looks into these `File`s.
    ///
    /// # Errors
    /// Why the program could not be loaded.
    pub async fn open(files: &Array) -> Result<Self, String> {
        let given = open_files(files).await.map_err(said)?;
        let found = from_bytes(&given.found()).unwrap_or_else(|| panic!("both programs are of one build"));
        Ok(Self { given, found })
    }
}

impl Reader for Files {
    fn found(&self) -> &[Found] {
        &self.found
    }

    fn numbers<'a>(
        &'a self,
        Place { file, tensor }: Place,
        range: Range<u64>,
        goes_on: &'a GoesOn,
    ) -> Soon<'a, Result<Vec<f32>, String>> {
        Box::pin(async move {
            let told = |done: f64, of: f64| -> Promise {
                let goes_on = goes_on(done as u64, of as u64);
                future_to_promise(async move { Ok(goes_on.await.into()) })
            };
            let numbers = ScopedClosure::borrow(&told);
            let promise = self.given.numbers(
                file,
                tensor,
                range.start as f64,
                range.end as f64,
                numbers.as_ref().unchecked_ref(),
            );
            let read = JsFuture::from(promise).await.map_err(said)?;
            Ok(read.unchecked_into::<Float32Array>().to_vec())
        })
    }
}

impl File {
    /// Begins a file.
    ///
    /// # Errors
    /// Why the program could not be loaded, or cannot write this.
    pub async fn begin(job: &Job) -> Result<Self, String> {
        begin_file(&to_bytes(job)).await.map_err(said)
    }

    /// Writes the next numbers.
    ///
    /// # Errors
    /// Why not.
    pub fn numbers(&self, numbers: &[f32]) -> Result<(), String> {
        self.try_numbers(numbers).map_err(said)
    }

    /// Ends the file, and gives it as a `Blob`.
    ///
    /// # Errors
    /// Why there is none.
    pub fn finish(&self) -> Result<JsValue, String> {
        self.try_finish().map_err(said)
    }
}

fn said(error: JsValue) -> String {
    error.as_string().unwrap_or_else(|| String::from(js_sys::Object::from(error).to_string()))
}
