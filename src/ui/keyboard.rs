//! Keys that work anywhere on the page, and how keys move through a grid.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::{dom, glossary, player, state::Page, tour};

/// Space plays and pauses, the arrow keys go through the steps, Esc lets a pinned cell go and closes what is open,
/// Backspace goes back to the cell whose term was followed, a question mark shows what keys do.
pub fn listen(page: Page) {
    dom::listen(&document(), "keydown", move |event| {
        let Ok(event) = event.dyn_into::<KeyboardEvent>() else {
            return;
        };
        if event.ctrl_key() || event.alt_key() || event.meta_key() || event.default_prevented() {
            return;
        }
        let key = event.key();
        // The browser closes what lies over the page.
        let is_covered = || matches!(document().query_selector(":popover-open"), Ok(Some(_)));
        if key == "Escape" && (is_covered() || glossary::close(page) || tour::leave(page)) {
            return;
        }
        if key == "Escape" {
            page.session.update(|session| session.pinned = None);
            page.painting.renew(false);
            dom::flag("reason", "open", false);
            dom::flag("engine-check", "open", false);
            return;
        }
        // Where a key has a meaning of its own, it keeps it.
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let is_in = |selector| target.as_ref().is_some_and(|target| matches!(target.closest(selector), Ok(Some(_))));
        if key == "?" && !is_in("input, textarea") {
            dom::click("help");
            return event.prevent_default();
        }
        if key == "Backspace" && !is_in("input, textarea, select") {
            if page.go_back() {
                event.prevent_default();
            }
            return;
        }
        if is_in("input, textarea, select, button, summary, [role=grid], [role=listbox]") {
            return;
        }
        let [previous, next] = page.neighbours();
        match key.as_str() {
            " " => player::toggle(page),
            "ArrowRight" => next.into_iter().for_each(|step| page.go_to(step)),
            "ArrowLeft" => previous.into_iter().for_each(|step| page.go_to(step)),
            _ => return,
        }
        event.prevent_default();
    });
}

/// Where a key moves to from a row and column, as the ARIA grid pattern has it. `None` if it moves nowhere.
pub fn moved(
    key: &str,
    ctrl: bool,
    (row, column): (usize, usize),
    (rows, columns): (usize, usize),
) -> Option<(usize, usize)> {
    const PAGE: usize = 10;
    let (last_row, last_column) = (rows.checked_sub(1)?, columns.checked_sub(1)?);
    Some(match (key, ctrl) {
        ("ArrowUp", _) => (row.saturating_sub(1), column),
        ("ArrowDown", _) => ((row + 1).min(last_row), column),
        ("ArrowLeft", _) => (row, column.saturating_sub(1)),
        ("ArrowRight", _) => (row, (column + 1).min(last_column)),
        ("PageUp", _) => (row.saturating_sub(PAGE), column),
        ("PageDown", _) => ((row + PAGE).min(last_row), column),
        ("Home", false) => (row, 0),
        ("End", false) => (row, last_column),
        ("Home", true) => (0, 0),
        ("End", true) => (last_row, last_column),
        _ => return None,
    })
}
