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
    picture::Grid,
    words::{
        page::{CLEAR_PAINT, PAINT, PAINT_FROM_NEARER, PAINT_HINT},
        painted,
    },
};
use crate::protocol::{CellRef, Lengths};

/// The controls over the matrices, and what pointers do on them while they paint.
pub fn controls(page: Page) -> String {
    watch(
        move || {
            let session = page.session.read();
            let cells = session.setup.painted_within(takes(page)).count();
            (session.step == Step::Mask, page.painting.get(), cells, page.grids.read().iter().any(can_be_hit))
        },
        |&(here, paints, cells, can_be_hit)| {
            dom::flag("painting", "hidden", !here);
            dom::set("paint", "aria-pressed", Some(if paints { "true" } else { "false" }));
            dom::flag("figure", "data-paints", here && paints);
            dom::disable("clear-paint", cells == 0);
            let said = if paints || cells > 0 { painted(cells) } else { String::new() };
            dom::text("painted", &said);
            dom::text("paint-hint", if can_be_hit { PAINT_HINT } else { PAINT_FROM_NEARER });
            dom::flag("paint-hint", "hidden", !paints);
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
            <button class="btn small" id="paint" aria-pressed="false" aria-describedby="paint-hint">{PAINT}</button>
            <button class="btn small" id="clear-paint">{CLEAR_PAINT}</button>
            <span class="hint" id="painted" role="status"></span>
            <span class="hint" id="paint-hint" hidden></span>
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

/// A stroke under way.
#[derive(Clone, Copy)]
struct Stroke {
    /// What it makes of the cells that it passes.
    is_seen: bool,
    /// The cell that it has come to, while it is on a matrix.
    at: Option<CellRef>,
}

/// A stroke makes all cells that it passes what it made of the first.
fn strokes(page: Page) {
    let stroke: Rc<Cell<Option<Stroke>>> = Rc::default();
    let begins = Rc::clone(&stroke);
    dom::on("pointerdown", "[role=grid]", move |element, event| {
        const MAIN_BUTTON: u16 = 1;
        let cell = cell_hit(page, element, event).filter(|_| paints(page) && buttons(event) == MAIN_BUTTON);
        let stroke = cell.zip(cell.and_then(|cell| is_seen(page, cell)));
        begins.set(stroke.map(|(cell, is_seen)| Stroke { is_seen: !is_seen, at: Some(cell) }));
        if let Some((cell, is_seen)) = stroke {
            paint(page, cell, !is_seen);
        }
    });
    let moves = Rc::clone(&stroke);
    dom::on("pointermove", "[role=grid]", move |element, event| {
        let Some(Stroke { is_seen, at: last }) = moves.get() else { return };
        if buttons(event) == 0 || !paints(page) {
            return moves.set(None);
        }
        let at = cell_hit(page, element, event);
        moves.set(Some(Stroke { is_seen, at }));
        match (last, at) {
            // A fast pointer passes cells that it is never seen on.
            (Some(last), Some(cell)) if last.tensor == cell.tensor => {
                let (from, to) = ((last.row, last.column), (cell.row, cell.column));
                if let Some(len) = own_len(page).filter(|_| from != to) {
                    page.session.update(|session| session.setup.paint_on_the_way(from, to, is_seen, len));
                }
            }
            (_, Some(cell)) => paint(page, cell, is_seen),
            _ => {}
        }
    });
    dom::on("pointerout", "[role=grid]", move |_, _| {
        stroke.set(stroke.get().map(|stroke| Stroke { at: None, ..stroke }));
    });
}

/// The cell under the pointer, where it is large enough.
fn cell_hit(page: Page, element: &Element, event: &Event) -> Option<CellRef> {
    cell_under(page, element, event).filter(|_| grid_of(page, element).as_ref().is_some_and(can_be_hit))
}

/// Whether a pointer can be on one cell and on no other.
fn can_be_hit(grid: &Grid) -> bool {
    const SMALLEST: f32 = 2.0;
    let (_, _, width, height) = grid.cell_box(0, 0);
    width.min(height) >= SMALLEST
}

fn buttons(event: &Event) -> u16 {
    event.dyn_ref::<MouseEvent>().map_or(0, MouseEvent::buttons)
}

/// Within what the mask of the sentence on the stage can be painted.
pub fn takes(page: Page) -> Lengths {
    page.data.read().as_ref().map_or(0.into(), |data| data.sentence().takes_paint())
}

fn own_len(page: Page) -> Option<usize> {
    page.data.read().as_ref().map(|data| data.sentence().own_keys())
}

/// Whether the cell's query may see its key, as the set-up has it now.
fn is_seen(page: Page, cell: CellRef) -> Option<bool> {
    Some(page.session.read().setup.sees(cell.row, cell.column, own_len(page)?))
}

fn paint(page: Page, cell: CellRef, is_seen: bool) {
    if let Some(len) = own_len(page) {
        page.session.update(|session| session.setup.paint(cell.row, cell.column, is_seen, len));
    }
}
