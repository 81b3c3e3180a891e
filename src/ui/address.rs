//! The address of the page says what it shows, so that it can be kept, sent and gone back to.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

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

/// What the page shows, in the words of links.
pub fn fragment(page: Page) -> String {
    write(&page.own_session())
}

/// A link to it, in the page's language.
pub fn link(page: Page) -> String {
    let hash = hash(&fragment(page));
    let whole = window().location().href().unwrap_or_default();
    let place = whole.split(['?', '#']).next().unwrap_or_default();
    [place, "?lang=", LANGUAGE, &hash].concat()
}

/// With its sign; nothing of nothing.
fn hash(fragment: &str) -> String {
    if fragment.is_empty() { String::new() } else { ["#", fragment].concat() }
}

/// Keeps the address true, and goes where it leads.
pub fn follow(page: Page) {
    // What is changed in a row is one entry of the history.
    const SOON: u64 = 300;
    const IN_A_ROW: f64 = 1500.0;
    let (waits, wrote) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(f64::NEG_INFINITY)));
    // What the address leads to, though it may say it in other words: those stay until a person changes something.
    let kept = Rc::new(RefCell::new(opened().map(|opened| write(&opened.session)).unwrap_or_default()));
    let (came, went) = (Rc::clone(&kept), Rc::clone(&wrote));
    watch(
        move || (page.session.version(), page.playing.get(), page.tour.read().is_some()),
        move |&(_, plays, is_toured)| {
            // A tour shows its own things, and Play would fill the history.
            if plays || is_toured || waits.replace(true) {
                return;
            }
            let (waits, wrote, kept) = (Rc::clone(&waits), Rc::clone(&wrote), Rc::clone(&kept));
            dom::after(SOON, move || {
                waits.set(false);
                if page.playing.get() || page.tour.read().is_some() {
                    return;
                }
                let (now, link) = (player::now(), fragment(page));
                if *kept.borrow() != link {
                    keep(&link, now - wrote.get() < IN_A_ROW);
                    wrote.set(now);
                    kept.replace(link);
                    page.facts.update(|facts| facts.link = None);
                }
            });
        },
    );
    dom::listen(&window(), "popstate", move |_| {
        let hash = window().location().hash().unwrap_or_default();
        let Some(opened) = read(&hash).or_else(|| hash.is_empty().then(Opened::first_visit)) else { return };
        page.playing.set(false);
        if page.tour.update(Option::take).is_some() {
            // The focus was in it.
            dom::focus("tour-start");
        }
        page.hover.set(None);
        page.cursor.set(None);
        page.trail.set(Default::default());
        page.facts.update(|facts| facts.link = opened.trouble());
        // A cell that the link keeps is of its own words, not of those that are still there.
        page.arrives.set(true);
        page.session.update(|session| {
            // Tensors out of files are in no link, and stay; in a frame, whoever sends one wants its sentence.
            let given = session.setup.given.is_some() && !dom::is_embedded();
            let (engine, setup) = (session.engine, given.then(|| session.setup.clone()));
            *session = Session { engine, ..opened.session };
            if let Some(setup) = setup {
                session.replace_setup(setup);
            }
        });
        came.replace(fragment(page));
        went.set(f64::NEG_INFINITY);
    });
}

/// Writes the address, in the place of the one that is there or after it.
fn keep(link: &str, in_place: bool) {
    // All of it: the path of a blob's address is none.
    let whole = window().location().href().unwrap_or_default();
    let place = whole.split('#').next().unwrap_or_default();
    let (Ok(history), address) = (window().history(), [place, &hash(link)].concat()) else { return };
    // A page that was opened from a file, or too often lately, may keep its address: no reason to stop.
    let _ = match in_place {
        true => history.replace_state_with_url(&JsValue::NULL, "", Some(&address)),
        false => history.push_state_with_url(&JsValue::NULL, "", Some(&address)),
    };
}
