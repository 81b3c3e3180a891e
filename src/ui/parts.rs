//! The parts of the page's program that are files of their own, each loaded the first time that it is asked for.
//!
//! `wasm-split` takes what only such a function reaches out of the program, code and texts. A part begins what is in it: from
//! then on it follows the page's values, like everything else.

use std::cell::Cell;

use wasm_bindgen_futures::spawn_local;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use super::{arcs, export, given, glossary, inspector, live::watch, stage, state::Page, table, tour};
use crate::figure::film::Film;
use crate::lesson::{export::FRAMES_PER_SECOND, notice::Trouble};

/// Arcs over the words.
#[wasm_split(arcs, fallible)]
fn arcs(page: Page) -> Result<(), SplitLoaderError> {
    arcs::follow(page);
    Ok(())
}

/// What opens a cell.
#[wasm_split(inspector, fallible)]
fn inspector(page: Page) -> Result<(), SplitLoaderError> {
    inspector::follow(page);
    Ok(())
}

/// What there is to read: the glossary, the tour, and more about a step.
#[wasm_split(lessons, fallible)]
fn lessons(page: Page) -> Result<(), SplitLoaderError> {
    glossary::follow(page);
    tour::follow(page);
    stage::follow_more(page);
    Ok(())
}

/// What a step makes, as a table and as a file.
#[wasm_split(sheets, fallible)]
fn sheets(page: Page) -> Result<(), SplitLoaderError> {
    table::follow(page);
    export::follow(page);
    Ok(())
}

/// Tensors out of files.
#[wasm_split(given, fallible)]
fn given(page: Page) -> Result<(), SplitLoaderError> {
    given::follow(page);
    Ok(())
}

/// A film that is being made, by a part of the program that nothing else needs.
pub trait Frames {
    /// As [`Film::frame`]; where it is held, as [`Film::hold`] before that.
    ///
    /// # Errors
    /// As there.
    fn frame(&mut self, rgba: Vec<u8>, held: Option<u16>) -> Result<(), String>;

    /// As [`Film::finish`].
    ///
    /// # Errors
    /// As there.
    fn finish(self: Box<Self>) -> Result<Vec<u8>, String>;
}

impl Frames for Film {
    fn frame(&mut self, rgba: Vec<u8>, held: Option<u16>) -> Result<(), String> {
        let held = held.map_or(Ok(()), |milliseconds| self.hold(milliseconds));
        held.and_then(|()| Film::frame(self, rgba)).map_err(|error| error.to_string())
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>, String> {
        Film::finish(*self).map_err(|error| error.to_string())
    }
}

/// As [`Film::new`].
#[wasm_split(films, fallible)]
pub fn film(
    size: (u32, u32),
    frames: u32,
    dots: f64,
    texts: Vec<(&'static str, String)>,
) -> Result<Result<Box<dyn Frames>, String>, SplitLoaderError> {
    let film = Film::new(size, frames, FRAMES_PER_SECOND, dots, &texts);
    Ok(film.map(|film| Box::new(film) as Box<dyn Frames>).map_err(|error| error.to_string()))
}

/// A part that begins with the page's values.
#[derive(Clone, Copy)]
pub enum Part {
    /// Arcs over the words.
    Arcs,
    /// What opens a cell.
    Inspector,
    /// What there is to read.
    Lessons,
    /// Table, figures, links and files.
    Sheets,
    /// Tensors out of files.
    Given,
}

thread_local! {
    /// Which parts have begun, or are on their way.
    static BEGUN: Cell<[bool; 5]> = const { Cell::new([false; 5]) };
}

/// Loads a part once it `is_wanted`.
pub fn load(page: Page, is_wanted: impl Fn() -> bool + 'static, part: Part) {
    watch(is_wanted, move |is_wanted| {
        if *is_wanted {
            ask(page, part);
        }
    });
}

/// Loads a part, unless somebody has asked for it. Where it can't be had the page says so, and the next may ask again.
pub fn ask(page: Page, part: Part) {
    let mark = move |has_begun| {
        let mut begun = BEGUN.get();
        let before = std::mem::replace(&mut begun[part as usize], has_begun);
        BEGUN.set(begun);
        before
    };
    if mark(true) {
        return;
    }
    spawn_local(async move {
        let is_there = match part {
            Part::Arcs => arcs(page).await.is_ok(),
            Part::Inspector => inspector(page).await.is_ok(),
            Part::Lessons => lessons(page).await.is_ok(),
            Part::Sheets => sheets(page).await.is_ok(),
            Part::Given => given(page).await.is_ok(),
        };
        mark(is_there);
        page.facts.update(|facts| match facts.trouble {
            Some(Trouble::PartMissing) | None => facts.trouble = (!is_there).then_some(Trouble::PartMissing),
            _ => {}
        });
    });
}
