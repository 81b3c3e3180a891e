//! The engine's end of the way to the files' program; `program` is the other.

use wasm_bindgen::prelude::*;

use super::Job;
use crate::protocol::to_bytes;

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
