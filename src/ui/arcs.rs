//! The arcs over the words: their canvas, and the words that pointer, finger and keyboard can go through. Most of it is a part
//! of the program that is loaded with the first arcs.

use std::cell::Cell;

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::{canvas, dom, keyboard, live::watch, parts, stage, state::Page};
use crate::lesson::{
    picture::{
        DrawArcs,
        arcs::{ArcsPicture, TEXT_HEIGHT, arcs, cell_of, name_of, told, word_of},
    },
    words::arcs::{HINT, WORDS},
};
use crate::protocol::CellRef;

/// Where the words are, as [`Page::arcs`] has it: the first one's index, and each one's left, top, width and height.
pub type Places = (usize, Vec<(f32, f32, f32, f32)>);

/// That part, once it is there.
#[derive(Clone, Copy)]
pub struct Part {
    /// Draws them.
    pub draw: DrawArcs,
    /// Paints them, if there are any, at so many times their size, with so many pixels to a CSS pixel.
    pub paint: fn(Page, Option<ArcsPicture>, f32, f64),
    /// The cell that the option of a word stands for.
    pub cell_under: fn(Page, &Element) -> Option<CellRef>,
}

/// The arcs, and over each word an option that assistive technology and the pointer can reach.
pub fn view(page: Page) -> String {
    parts::load(page, move || page.session.read().arcs.is_some(), parts::Part::Arcs);
    format!(
        r#"<div class="arcs" id="arcs" hidden>
            <canvas id="arcs-canvas" width="0" height="0" aria-hidden="true"></canvas>
            <div
                id="arc-words"
                role="listbox"
                tabindex="0"
                aria-label="{WORDS}"
                aria-orientation="horizontal"
                aria-describedby="arcs-text"
                title="{HINT}"
            ></div>
            <p id="arcs-text" dir="auto"></p>
        </div>"#
    )
}

/// Keeps them as the page is.
pub fn follow(page: Page) {
    let offered = Cell::new(None);
    watch(
        move || {
            let (session, data) = (page.session.read(), page.data.read());
            let told = data.as_ref().map(|data| told(&session, data));
            ((page.arcs.version(), page.data.version(), session.head, session.pinned, told), current(page))
        },
        move |&(names, at)| {
            // A pointer that only passes changes none of them, nor do most frames of Play.
            if offered.replace(Some(names)) != Some(names) {
                offer(page);
            }
            mark(at);
        },
    );
    dom::on("keydown", "#arc-words", move |_, event| {
        let (Some(event), Some(at)) = (event.dyn_ref::<KeyboardEvent>(), current(page)) else { return };
        let (first, count) = (page.arcs.read().0, page.arcs.read().1.len());
        let key = event.key();
        if matches!(key.as_str(), "Enter" | " ") {
            if let Some(cell) = cell_for(page, at) {
                stage::toggle_pin(page, cell);
            }
        } else if let Some((_, mut word)) = keyboard::moved(&key, false, (0, at - first), (1, count)) {
            let back = word < at - first;
            // A word that may not be seen is passed over.
            while word < count && cell_for(page, first + word).is_none() {
                word = if back { word.wrapping_sub(1) } else { word + 1 };
            }
            if word < count {
                page.hover.set(None);
                page.cursor.set(cell_for(page, first + word));
            }
        } else {
            return;
        }
        event.prevent_default();
    });
    page.arcs_part.set(Some(Part { draw: arcs, paint, cell_under }));
}

fn paint(page: Page, picture: Option<ArcsPicture>, scale: f32, ratio: f64) {
    dom::flag("arcs", "hidden", picture.is_none());
    let mut places = Places::default();
    if let (Some(canvas), Some(mut picture)) = (dom::canvas("arcs-canvas"), picture) {
        canvas::paint_scaled(&canvas, &picture.figure, scale, ratio);
        dom::text("arcs-text", &picture.text);
        dom::flag("arcs-text", "data-hint", picture.text == HINT);
        if let Some(text) = dom::element("arcs-text") {
            dom::style(text.unchecked_ref(), "min-height", &dom::px(TEXT_HEIGHT * scale));
        }
        for (x, y, width, height) in &mut picture.words {
            for length in [x, y, width, height] {
                *length *= scale;
            }
        }
        places = (picture.first, picture.words);
    }
    dom::flag("arc-words", "hidden", places.1.is_empty());
    page.arcs.renew(places);
}

/// One option a word, where the picture has it, with what it says.
fn offer(page: Page) {
    let (session, data, places) = (page.session.read(), page.data.read(), page.arcs.read());
    let (Some(data), (first, places)) = (data.as_ref(), &*places) else { return };
    // Those that are there stay, where they are the same: one of them may be current.
    let words = *first..*first + places.len();
    let is_there = |word: usize| dom::element(&option_id(word)).is_some();
    let is_same = words.clone().all(is_there) && !is_there(words.end) && !is_there(words.start.wrapping_sub(1));
    if !is_same {
        let options = words
            .clone()
            .map(|word| format!(r#"<div role="option" id="{}" data-word="{word}"></div>"#, option_id(word)));
        dom::html("arc-words", &options.collect::<String>());
    }
    let kept = session.pinned.and_then(|cell| word_of(&session, data, cell));
    for (word, place) in words.zip(places) {
        let Some(option) = dom::element(&option_id(word)) else { continue };
        dom::attribute(&option, "aria-label", Some(&name_of(&session, data, word)));
        dom::attribute(&option, "aria-selected", Some(if kept == Some(word) { "true" } else { "false" }));
        dom::place(option.unchecked_ref::<HtmlElement>(), *place);
    }
}

/// Says which option the keyboard is at.
fn mark(word: Option<usize>) {
    if let Some(last) = document().query_selector("#arc-words [data-at]").ok().flatten() {
        dom::attribute(&last, "data-at", None);
    }
    if let Some(option) = word.and_then(|word| dom::element(&option_id(word))) {
        dom::attribute(&option, "data-at", Some(""));
    }
    dom::set("arc-words", "aria-activedescendant", word.map(option_id).as_deref());
}

fn cell_under(page: Page, option: &Element) -> Option<CellRef> {
    cell_for(page, dom::index(option, "data-word")?)
}

fn option_id(word: usize) -> String {
    format!("arc-word-{word}")
}

/// The word that the keyboard is at, or the pointer, or that is kept.
fn current(page: Page) -> Option<usize> {
    let (session, data, places) = (page.session.read(), page.data.read(), page.arcs.read());
    let (data, (first, places)) = (data.as_ref()?, &*places);
    let cursor = page.at_cursor().filter(|_| page.hover.get().is_none());
    let is_here = |word: &usize| (*first..first + places.len()).contains(word);
    let word = |cell| word_of(&session, data, cell).filter(is_here);
    cursor.and_then(word).or(page.focus().and_then(word)).or((!places.is_empty()).then_some(*first))
}

fn cell_for(page: Page, word: usize) -> Option<CellRef> {
    cell_of(&page.session.read(), page.data.read().as_ref()?, word)
}
