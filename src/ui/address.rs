//! The address of the page says what it shows, so that it can be kept, sent and gone back to.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::window;
use wasm_bindgen::JsValue;

use super::{dom, live::watch, player, state::Page};
use crate::lesson::{
    Session,
    link::{Opened, read, write},
    words::page::LANGUAGE,
};

/// What the address leads to, if to anything but a first visit.
pub fn opened() -> Option<Opened> {
    read(&window().location().hash().ok()?)
}

/// A link to what the page shows, in its language.
pub fn link(page: Page) -> String {
    let location = window().location();
    let (origin, path) = (location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
    let fragment = write(&page.session.read());
    let hash = if fragment.is_empty() { String::new() } else { ["#", &fragment].concat() };
    [&origin, &path, "?lang=", LANGUAGE, &hash].concat()
}

/// Keeps the address true, and goes where it leads.
pub fn follow(page: Page) {
    // What is changed in a row is one entry of the history.
    const SOON: u64 = 300;
    const IN_A_ROW: f64 = 1500.0;
    let (waits, wrote) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(f64::NEG_INFINITY)));
    watch(
        move || (page.session.version(), page.playing.get(), page.tour.read().is_some()),
        move |&(_, plays, is_toured)| {
            // A tour shows its own things, and Play would fill the history.
            if plays || is_toured || waits.replace(true) {
                return;
            }
            let (waits, wrote) = (Rc::clone(&waits), Rc::clone(&wrote));
            dom::after(SOON, move || {
                waits.set(false);
                if page.playing.get() || page.tour.read().is_some() {
                    return;
                }
                let now = player::now();
                if keep(&write(&page.session.read()), now - wrote.get() < IN_A_ROW) {
                    wrote.set(now);
                }
            });
        },
    );
    dom::listen(&window(), "popstate", move |_| {
        let opened = opened().unwrap_or_else(Opened::first_visit);
        page.playing.set(false);
        page.tour.set(None);
        page.hover.set(None);
        page.cursor.set(None);
        page.trail.set(Default::default());
        page.facts.update(|facts| facts.link = opened.trouble());
        page.session.update(|session| *session = Session { engine: session.engine, ..opened.session });
    });
}

/// Writes the address, in the place of the one that is there or after it. Returns whether it is another.
fn keep(link: &str, in_place: bool) -> bool {
    let location = window().location();
    let (path, search) = (location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
    let hash = location.hash().unwrap_or_default();
    if hash.trim_start_matches('#') == link {
        return false;
    }
    let hash = if link.is_empty() { String::new() } else { ["#", link].concat() };
    let (Ok(history), address) = (window().history(), [path, search, hash].concat()) else { return false };
    // A page that was opened from a file, or too often lately, may keep its address: no reason to stop.
    let _ = match in_place {
        true => history.replace_state_with_url(&JsValue::NULL, "", Some(&address)),
        false => history.push_state_with_url(&JsValue::NULL, "", Some(&address)),
    };
    true
}
