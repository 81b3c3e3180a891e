//! The mask, painted by hand: at the step “Mask”, by pointer, finger and keyboard.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, MouseEvent};

use super::{
    dom,
    live::watch,
    stage::{cell_under, grid_of},
    state::Page,
};
use crate::lesson::{
    Step,
    words::{
        page::{CLEAR_PAINT, PAINT, PAINT_HINT},
        painted,
    },
};
use crate::protocol::CellRef;

/// The controls over the matrices, and what pointers do on them while they paint.
pub fn controls(page: Page) -> String {
    watch(
        move || {
            let session = page.session.read();
            (session.step == Step::Mask, page.painting.get(), session.setup.painted.len())
        },
        |&(here, paints, cells)| {
            dom::flag("painting", "hidden", !here);
            dom::set("paint", "aria-pressed", Some(if paints { "true" } else { "false" }));
            dom::flag("figure", "data-paints", here && paints);
            dom::disable("clear-paint", cells == 0);
            let said = if paints || cells > 0 { painted(cells) } else { String::new() };
            dom::text("painted", &if paints { [said.as_str(), PAINT_HINT].join(" ") } else { said });
        },
    );
    dom::on("click", "#paint", move |_, _| page.painting.set(!page.painting.get()));
    dom::on("click", "#clear-paint", move |_, _| {
        page.session.update(|session| session.setup.painted.clear());
        // It cannot be pressed again, and would lose the focus to nowhere.
        dom::focus("paint");
    });
    strokes(page);
    format!(
        r#"<div class="painting" id="painting" role="group" aria-label="{PAINT}" hidden>
            <button class="btn small" id="paint" aria-pressed="false">{PAINT}</button>
            <button class="btn small" id="clear-paint">{CLEAR_PAINT}</button>
            <span class="hint" id="painted" role="status"></span>
        </div>"#
    )
}

/// Whether pointers and keys paint, and do not inspect.
pub fn paints(page: Page) -> bool {
    page.painting.get() && page.session.read().step == Step::Mask
}

/// Hides a cell's key from its query, or shows it again.
pub fn turn(page: Page, cell: CellRef) {
    if let Some(is_seen) = is_seen(page, cell) {
        paint(page, cell, !is_seen);
    }
}

/// A stroke makes all cells that it passes what it made of the first.
fn strokes(page: Page) {
    let stroke: Rc<Cell<Option<bool>>> = Rc::default();
    let begins = Rc::clone(&stroke);
    dom::on("pointerdown", "[role=grid]", move |element, event| {
        let cell = whole_cell_under(page, element, event).filter(|_| paints(page));
        let seen = cell.and_then(|cell| is_seen(page, cell)).map(|is_seen| !is_seen);
        begins.set(seen);
        if let (Some(cell), Some(seen)) = (cell, seen) {
            paint(page, cell, seen);
        }
    });
    dom::on("pointermove", "[role=grid]", move |element, event| {
        let Some(seen) = stroke.get() else { return };
        if event_buttons(event) == 0 || !paints(page) {
            return stroke.set(None);
        }
        if let Some(cell) = whole_cell_under(page, element, event) {
            paint(page, cell, seen);
        }
    });
}

/// The cell under the pointer, where it is drawn for itself and not together with its neighbours.
fn whole_cell_under(page: Page, element: &Element, event: &Event) -> Option<CellRef> {
    const SMALLEST: f32 = 4.0;
    let (_, _, width, height) = grid_of(page, element)?.cell_box(0, 0);
    (width.min(height) >= SMALLEST).then(|| cell_under(page, element, event)).flatten()
}

fn event_buttons(event: &Event) -> u16 {
    event.dyn_ref::<MouseEvent>().map_or(0, MouseEvent::buttons)
}

/// Whether the cell's query may see its key, as the set-up has it now.
fn is_seen(page: Page, cell: CellRef) -> Option<bool> {
    let len = page.data.read().as_ref()?.own_len();
    Some(page.session.read().setup.sees(cell.row, cell.column, len))
}

fn paint(page: Page, cell: CellRef, is_seen: bool) {
    let Some(len) = page.data.read().as_ref().map(|data| data.own_len()) else { return };
    if page.session.read().setup.sees(cell.row, cell.column, len) != is_seen {
        page.session.update(|session| session.setup.paint(cell.row, cell.column, is_seen, len));
    }
}
