//! The arcs over the words: the choice of them, and the words that pointer, finger and keyboard can go through.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::{canvas, dom, keyboard, live::watch, stage, state::Page, zoom};
use crate::lesson::{
    Arcs,
    picture::arcs::{ArcsPicture, TEXT_HEIGHT, cell_of, has_arcs, name_of, word_of},
    words::arcs::{ARCS, ARCS_IN_SHORT, CHOICES, HINT, WORDS},
};
use crate::protocol::CellRef;

const ARCS_OF: [Option<Arcs>; 3] = [None, Some(Arcs::Word), Some(Arcs::All)];

/// Which arcs there are: the HTML of a part of the stage's head.
pub fn choice(page: Page) -> String {
    watch(
        move || {
            let session = page.session.read();
            (has_arcs(&session), session.arcs)
        },
        |&(here, chosen)| {
            dom::flag("arcs-choice", "hidden", !here);
            for (index, arcs) in ARCS_OF.into_iter().enumerate() {
                let pressed = if arcs == chosen { "true" } else { "false" };
                dom::set(&format!("arcs-{index}"), "aria-pressed", Some(pressed));
            }
        },
    );
    dom::on("click", "[data-arcs]", move |button, _| {
        if let Some(&arcs) = dom::index(button, "data-arcs").and_then(|index| ARCS_OF.get(index)) {
            page.session.update(|session| session.arcs = arcs);
        }
    });
    let mut buttons = String::new();
    for (index, name) in CHOICES.into_iter().enumerate() {
        buttons += &format!(r#"<button class="btn small" id="arcs-{index}" data-arcs="{index}">{name}</button>"#);
    }
    format!(
        r#"<div class="segments" id="arcs-choice" role="group" aria-label="{ARCS}">
            <span aria-hidden="true">{ARCS_IN_SHORT}</span>{buttons}
        </div>"#
    )
}

/// The arcs, and over each word an option that assistive technology and the pointer can reach.
pub fn view(page: Page) -> String {
    watch(
        move || {
            let session = page.session.read();
            let shown = (session.step, session.shown_position() >= 1.0, session.head, session.pinned);
            (shown, page.arcs.version(), page.data.version())
        },
        move |_| describe(page),
    );
    watch(
        move || (page.focus(), page.session.read().pinned, page.arcs.version()),
        move |_| {
            let at = current(page).map(option_id);
            dom::set("arc-words", "aria-activedescendant", at.as_deref());
            let kept = page.session.read().pinned.and_then(|cell| word_at(page, cell)).map(option_id);
            for index in 0..page.arcs.read().words.len() {
                let id = option_id(page.arcs.read().first + index);
                dom::set(&id, "aria-selected", Some(if kept.as_ref() == Some(&id) { "true" } else { "false" }));
                dom::flag(&id, "data-at", at.as_ref() == Some(&id));
            }
        },
    );
    dom::on("pointermove", "[data-word]", move |option, event| {
        if zoom::is_finger(event) {
            return;
        }
        let cell = cell_under(page, option);
        if page.hover.get() != cell {
            page.hover.set(cell);
            // While another pair is kept, this one is lit beside it.
            page.lit.set(cell.filter(|_| page.session.read().pinned.is_some()).into_iter().collect());
        }
    });
    dom::on("pointerout", "[data-word]", move |_, _| {
        page.hover.renew(None);
        page.lit.renew(Vec::new());
    });
    dom::on("click", "[data-word]", move |option, _| {
        if let Some(cell) = cell_under(page, option) {
            page.cursor.set(Some(cell));
            stage::toggle_pin(page, cell);
        }
    });
    dom::on("keydown", "#arc-words", move |_, event| {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        let (Some(at), count) = (current(page), page.arcs.read().words.len()) else { return };
        let first = page.arcs.read().first;
        let key = event.key();
        if matches!(key.as_str(), "Enter" | " ") {
            if let Some(cell) = cell_for(page, at) {
                stage::toggle_pin(page, cell);
            }
        } else if let Some((_, word)) = keyboard::moved(&key, false, (0, at - first), (1, count)) {
            page.hover.renew(None);
            // A word that may not be seen is passed over.
            let on: Vec<usize> = if word < at - first { (0..=word).rev().collect() } else { (word..count).collect() };
            if let Some(cell) = on.into_iter().find_map(|word| cell_for(page, first + word)) {
                page.cursor.set(Some(cell));
            }
        } else {
            return;
        }
        event.prevent_default();
    });
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

/// Paints the arcs, if there are any, at so many times their size, with so many pixels to a CSS pixel.
pub fn paint(page: Page, picture: Option<ArcsPicture>, scale: f32, ratio: f64) {
    dom::flag("arcs", "hidden", picture.is_none());
    let Some(picture) = picture else {
        return page.arcs.renew(ArcsPicture::default());
    };
    if let Some(canvas) = dom::canvas("arcs-canvas") {
        canvas::paint_scaled(&canvas, &picture.figure, scale, ratio);
    }
    dom::text("arcs-text", &picture.text);
    if let Some(text) = dom::element("arcs-text").and_then(|text| text.dyn_into::<HtmlElement>().ok()) {
        dom::style(&text, "min-height", &dom::px(TEXT_HEIGHT * scale));
    }
    let scaled = |(x, y, width, height)| (x * scale, y * scale, width * scale, height * scale);
    // Where the words are; what is painted is not compared.
    let words = picture.words.into_iter().map(scaled).collect();
    page.arcs.renew(ArcsPicture { words, first: picture.first, ..ArcsPicture::default() });
}

fn option_id(word: usize) -> String {
    format!("arc-word-{word}")
}

/// One option a word, where the picture has it, with what it says.
fn describe(page: Page) {
    let (session, data, arcs) = (page.session.read(), page.data.read(), page.arcs.read());
    let Some(data) = data.as_ref() else { return };
    let end = arcs.first + arcs.words.len();
    // Those that are there stay, where they are the same: one of them may be current.
    let is_there = |word: usize| dom::element(&option_id(word)).is_some();
    let is_same = !arcs.words.is_empty()
        && is_there(arcs.first)
        && is_there(end - 1)
        && !is_there(end)
        && arcs.first.checked_sub(1).is_none_or(|before| !is_there(before));
    if !is_same {
        let mut options = String::new();
        for word in arcs.first..end {
            options += &format!(r#"<div role="option" id="{}" data-word="{word}"></div>"#, option_id(word));
        }
        dom::html("arc-words", &options);
    }
    for (word, &place) in (arcs.first..).zip(&arcs.words) {
        if let Some(option) = dom::element(&option_id(word)) {
            dom::attribute(&option, "aria-label", Some(&name_of(&session, data, word)));
            dom::place(option.unchecked_ref(), place);
        }
    }
}

/// The word that the keyboard is at, or the pointer, or what is kept.
fn current(page: Page) -> Option<usize> {
    let cell = page.at_cursor().filter(|cell| page.hover.get().is_none() && is_here(page, *cell)).or(page.focus());
    let words = page.arcs.read();
    cell.and_then(|cell| word_at(page, cell))
        .filter(|word| (words.first..words.first + words.words.len()).contains(word))
        .or((!words.words.is_empty()).then_some(words.first))
}

fn is_here(page: Page, cell: CellRef) -> bool {
    page.grids.read().iter().any(|grid| grid.drawn_at(cell).is_some())
}

fn word_at(page: Page, cell: CellRef) -> Option<usize> {
    word_of(&page.session.read(), page.data.read().as_ref()?, cell)
}

fn cell_for(page: Page, word: usize) -> Option<CellRef> {
    cell_of(&page.session.read(), page.data.read().as_ref()?, word)
}

fn cell_under(page: Page, option: &Element) -> Option<CellRef> {
    cell_for(page, dom::index(option, "data-word")?)
}
