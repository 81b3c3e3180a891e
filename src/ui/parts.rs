//! The parts of the page's program that are files of their own, each loaded the first time that it is asked for.
//!
//! `wasm-split` takes what only such a function reaches out of the program, code and texts. A part begins what is in it: from
//! then on it follows the page's values, like everything else.

use std::{cell::Cell, future::Future, rc::Rc};

use wasm_bindgen_futures::spawn_local;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::{export, glossary, inspector, live::watch, stage, state::Page, table, tour};
use crate::lesson::notice::Trouble;

/// What opens a cell.
#[wasm_split(inspector, fallible)]
pub fn inspector(page: Page) -> Result<(), SplitLoaderError> {
    inspector::follow(page);
    Ok(())
}

/// What there is to read: the glossary, the tour, and more about a step.
#[wasm_split(lessons, fallible)]
pub fn lessons(page: Page) -> Result<(), SplitLoaderError> {
    glossary::follow(page);
    tour::follow(page);
    stage::follow_more(page);
    Ok(())
}

/// What a step makes, as a table and as a file.
#[wasm_split(sheets, fallible)]
pub fn sheets(page: Page) -> Result<(), SplitLoaderError> {
    table::follow(page);
    export::follow(page);
    Ok(())
}

/// Loads a part once it `is_wanted`. Where it can't be had the page says so, and it is tried again the next time.
pub fn load<Loading: Future<Output = Result<(), SplitLoaderError>> + 'static>(
    page: Page,
    is_wanted: impl Fn() -> bool + 'static,
    part: fn(Page) -> Loading,
) {
    let is_asked_for: Rc<Cell<bool>> = Rc::default();
    watch(is_wanted, move |is_wanted| {
        if !is_wanted || is_asked_for.replace(true) {
            return;
        }
        let is_asked_for = Rc::clone(&is_asked_for);
        spawn_local(async move {
            let is_there = part(page).await.is_ok();
            is_asked_for.set(is_there);
            page.facts.update(|facts| match facts.trouble {
                Some(Trouble::PartMissing) | None => facts.trouble = (!is_there).then_some(Trouble::PartMissing),
                _ => {}
            });
        });
    });
}
