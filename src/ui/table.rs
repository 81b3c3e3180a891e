//! A matrix of the step as an HTML table, under the picture.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::document;

use super::{dom, live::watch, parts, state::Page};
use crate::lesson::{
    scene,
    table::{Part, Table, choices, shown, table},
    words::{
        table::{MATRIX, MOVES, TABLE},
        tensor_name,
    },
};
use crate::protocol::{CellRef, Tensor};

/// The button that opens and closes the table, and the table, with what chooses and moves it.
pub fn button_and_view(page: Page) -> (String, String) {
    watch(
        move || page.session.read().table.is_some(),
        |is_open| {
            dom::set("table-open", "aria-pressed", Some(if *is_open { "true" } else { "false" }));
            dom::flag("table-view", "hidden", !is_open);
        },
    );
    parts::load(page, move || page.session.read().table.is_some(), parts::Part::Sheets);
    dom::on("click", "#table-open", move |_, _| {
        let cell = page.session.read().pinned.or(page.at_cursor());
        page.session.update(|session| {
            let result = scene::result(session.step, session.projection, &session.setup);
            let opened = cell.map_or(Part::first(result), Part::with);
            session.table = if session.table.is_some() { None } else { Some(opened) };
        });
    });
    let mut moves = String::new();
    for (index, (sign, name)) in MOVES.into_iter().enumerate() {
        moves += &format!(
            r#"<button class="btn small" id="table-move-{index}" data-move="{index}" aria-label="{name}">{sign}</button>"#
        );
    }
    let button = format!(r#"<button class="btn small" id="table-open" aria-controls="table-view">{TABLE}</button>"#);
    let view = format!(
        r#"<section class="table-view" id="table-view" aria-label="{TABLE}" hidden>
            <div class="table-bar">
                <label class="matrix"><span aria-hidden="true">{MATRIX}</span> <select id="table-choice" aria-label="{MATRIX}"></select></label>
                <span id="table-moves" hidden>{moves}</span>
                <p id="table-part" aria-live="polite"></p>
            </div>
            <div class="sheet" id="table-sheet" tabindex="0" role="region" aria-labelledby="table-caption">
                <table id="table"></table>
            </div>
        </section>"#
    );
    (button, view)
}

/// Follows the matrix that the table is of.
pub fn follow(page: Page) {
    let written: Rc<Cell<Option<Part>>> = Rc::default();
    let (writes, pinned) = (Rc::clone(&written), Cell::new(None));
    watch(
        move || {
            let session = page.session.read();
            let shown = (session.table, session.step, session.projection, session.head, session.item);
            (shown, session.pinned, page.data.version())
        },
        move |&((part, ..), pin, _)| {
            // A cell that is kept is looked up here, too.
            let looked_up = pin.filter(|_| pinned.replace(pin) != pin).map(Part::with);
            if part.is_some() && looked_up.is_some() && looked_up != part {
                return page.session.update(|session| session.table = looked_up);
            }
            let (session, data) = (page.session.read(), page.data.read());
            let setup = data.as_ref().map_or(&session.setup, |data| &data.setup);
            if let Some(part) = shown(&session, setup) {
                offer(&choices(&session, setup), part.tensor);
            }
            let Some(new) = data.as_ref().and_then(|data| table(&session, data)) else {
                // While its numbers are on their way, what was there stays.
                if part.is_none() {
                    writes.set(None);
                    dom::html("table", "");
                }
                return;
            };
            write(&new);
            mark(new.part, page.focus());
            if writes.replace(Some(new.part)).is_none() {
                // Laid out in one task and scrolled to in another: neither is long.
                dom::before_next_paint(|| dom::before_next_paint(bring_into_sight));
            }
        },
    );
    let marks = Rc::clone(&written);
    watch(
        move || page.focus(),
        move |&focus| {
            if let Some(part) = marks.get() {
                mark(part, focus);
            }
        },
    );
    dom::on("change", "#table-choice", move |select, _| {
        let chosen = dom::value(select).parse::<usize>().ok();
        // Of the set-up that they were offered with.
        let setup =
            page.data.read().as_ref().map_or_else(|| page.session.read().setup.clone(), |data| data.setup.clone());
        page.session.update(|session| {
            let tensor = chosen.and_then(|index| choices(session, &setup).get(index).copied());
            session.table = tensor.map(Part::first).or(session.table);
        });
    });
    dom::on("click", "[data-move]", move |button, _| {
        let data = page.data.read();
        let (Some(which), Some(data)) = (dom::index(button, "data-move"), data.as_ref()) else { return };
        // From where the table is going, be that written yet or not: no click is lost.
        let Some(part) = shown(&page.session.read(), &data.setup) else { return };
        let of = data.shape(part.tensor);
        let by = if which % 2 == 0 { -1 } else { 1 };
        let (down, right) = if which < 2 { (by, 0) } else { (0, by) };
        page.session.update(|session| session.table = Some(part.moved(down, right, of)));
    });
}

/// No farther than needed: the picture stays in sight where there is room for both.
fn bring_into_sight() {
    if let Some(view) = dom::element("table-view") {
        view.scroll_into_view_with_bool(false);
    }
}

/// Marks the cell in focus, where it is in the table.
fn mark(part: Part, focus: Option<CellRef>) {
    let find = |selector: &str| document().query_selector(selector).ok().flatten();
    if let Some(last) = find("#table [aria-current]") {
        dom::attribute(&last, "aria-current", None);
    }
    let at = focus.and_then(|cell| part.place_of(cell)).and_then(|(row, column)| {
        find(&format!("#table tbody tr:nth-child({}) td:nth-child({})", row + 1, column + 2))
    });
    if let Some(cell) = at {
        dom::attribute(&cell, "aria-current", Some("true"));
    }
}

/// The matrices that can be chosen, and the one that is.
fn offer(choices: &[Tensor], chosen: Tensor) {
    let mut options = String::new();
    for (index, choice) in choices.iter().enumerate() {
        let selected = if *choice == chosen { "selected" } else { "" };
        options += &format!(r#"<option value="{index}" {selected}>{}</option>"#, tensor_name(*choice));
    }
    dom::html("table-choice", &options);
}

fn write(table: &Table) {
    dom::html("table", &table.html);
    dom::flag("table-moves", "hidden", table.shown.is_empty());
    dom::text("table-part", &table.shown);
    for (index, is_end) in table.ends.into_iter().enumerate() {
        dom::disable(&format!("table-move-{index}"), is_end);
    }
}
