//! Nearer and farther: which tokens of a long sentence the stage shows.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, MouseEvent, PointerEvent};

use super::{dom, live::watch, paint, stage::grid_of, state::Page};
use crate::lesson::{
    Zoom,
    scene::Data,
    words::{
        self,
        page::{ALL_TOKENS, ZOOM, ZOOM_IN, ZOOM_OUT},
    },
};
use crate::protocol::{CellRef, Lengths, Span};

/// One step nearer shows so many times the tokens.
const STEP: f64 = 0.5;
/// So much farther one notch of a wheel goes.
const NOTCH: f64 = 0.25;
/// A pointer that has moved farther than this, in CSS pixels, drags and does not click.
const DRAGS: f64 = 4.0;

/// The controls beside the slider, and what wheel and keys do over a matrix.
pub fn controls(page: Page) -> String {
    watch(
        move || (page.session.read().zoom, tokens(page), zooms(page)),
        |&(zoom, len, zooms)| {
            dom::flag("zoom", "hidden", !zooms);
            dom::flag("figure", "data-zooms", zooms);
            dom::text("zoomed", &words::zoomed(zoom.queries.within(len.queries), zoom.keys.within(len.keys), len));
            dom::disable("zoom-out", zoom.shows_all(len));
            dom::disable("zoom-all", zoom.shows_all(len));
            dom::set("figure", "data-zoomed", (!zoom.shows_all(len)).then_some(""));
        },
    );
    // The cell that a person chose stays in sight.
    dom::on("click", "#zoom-in", move |_, _| scale(page, STEP, place_in_sight(page, page.chosen())));
    dom::on("click", "#zoom-out", move |_, _| scale(page, 1.0 / STEP, (0.5, 0.5)));
    dom::on("click", "#zoom-all", move |_, _| page.session.update(|session| session.zoom = Zoom::ALL));
    dom::on("keydown", "[role=grid]", move |_, event| {
        match event.dyn_ref::<web_sys::KeyboardEvent>().map(web_sys::KeyboardEvent::key).as_deref() {
            Some("+" | "=") => scale(page, STEP, at_cursor(page)),
            Some("-") => scale(page, 1.0 / STEP, at_cursor(page)),
            Some("0") => page.session.update(|session| session.zoom = Zoom::ALL),
            _ => return,
        }
        event.prevent_default();
    });
    drag(page);
    // The figure is on the page when this first runs. A wheel that is held with Ctrl zooms, as on a map; alone it scrolls
    // the page. Two fingers on a touchpad are such a wheel, too.
    watch(
        || (),
        move |()| {
            let Some(figure) = dom::element("figure") else { return };
            dom::listen(&figure, "wheel", move |event| {
                let Some(wheel) = event.dyn_ref::<web_sys::WheelEvent>().filter(|wheel| wheel.ctrl_key()) else {
                    return;
                };
                let grid = event.target().and_then(|target| target.dyn_into::<Element>().ok());
                let Some(grid) = grid.filter(|grid| grid.matches("[role=grid]").unwrap_or(false)) else { return };
                event.prevent_default();
                // A notch is about a hundred pixels; a touchpad sends many small ones.
                let notches = (wheel.delta_y() / 100.0).clamp(-3.0, 3.0);
                let farther = 1.0 + NOTCH * notches.abs();
                let factor = if notches > 0.0 { farther } else { 1.0 / farther };
                scale(page, factor, place_of(page, &grid, &event));
            });
        },
    );
    format!(
        r#"<div class="zoom" id="zoom" role="group" aria-label="{ZOOM}" hidden>
            <span id="zoomed"></span>
            <button class="btn small" id="zoom-out" aria-label="{ZOOM_OUT}">−</button>
            <button class="btn small" id="zoom-in" aria-label="{ZOOM_IN}">+</button>
            <button class="btn small" id="zoom-all">{ALL_TOKENS}</button>
        </div>"#
    )
}

/// Whether the pointer has just dragged, so that the click that follows is none.
pub fn has_dragged(element: &Element) -> bool {
    element.has_attribute("data-dragged")
}

/// Whether a finger made this event.
pub fn is_finger(event: &Event) -> bool {
    event.dyn_ref::<PointerEvent>().is_some_and(|pointer| pointer.pointer_type() == "touch")
}

/// Whether there is anything to zoom into: of a short sentence all numbers are in sight.
fn zooms(page: Page) -> bool {
    page.session.read().zoom != Zoom::ALL || page.data.read().as_ref().is_some_and(Data::is_long)
}

/// How many tokens the run on the stage has.
pub fn tokens(page: Page) -> Lengths {
    page.data.read().as_ref().map_or(0.into(), Data::lengths)
}

fn scale(page: Page, factor: f64, at: (f64, f64)) {
    let len = tokens(page);
    if len.queries > 0 {
        page.session.update(|session| session.zoom = session.zoom.scaled(factor, at, len));
    }
}

/// Where the keyboard is, as parts of the queries and keys that are shown.
fn at_cursor(page: Page) -> (f64, f64) {
    place_in_sight(page, page.at_cursor())
}

/// Where a cell is, in the same way; the middle where there is none, or it is out of sight.
fn place_in_sight(page: Page, cell: Option<CellRef>) -> (f64, f64) {
    cell.map_or((0.5, 0.5), |cell| page.session.read().zoom.place_of(cell, tokens(page)))
}

/// Where the pointer is in a matrix, as parts of the queries and keys that it shows.
fn place_of(page: Page, element: &Element, event: &Event) -> (f64, f64) {
    let (Some(grid), Some(event)) = (grid_of(page, element), event.dyn_ref::<MouseEvent>()) else { return (0.5, 0.5) };
    let (.., width, height) = grid.bounds();
    let place = (f64::from(event.offset_y()) / f64::from(height), f64::from(event.offset_x()) / f64::from(width));
    grid.of_tokens(place, 0.5)
}

/// A pointer that is down.
#[derive(Clone, Copy)]
struct Down {
    id: i32,
    x: f64,
    y: f64,
}

/// A drag or a pinch: where it began, in CSS pixels, how far apart two fingers were, and with which zoom.
#[derive(Clone, Copy)]
struct Begun {
    x: f64,
    y: f64,
    apart: Option<f64>,
    /// As [`Zoom::scaled`] takes it.
    place: (f64, f64),
    zoom: Zoom,
}

/// Dragging a matrix moves its tokens along; two fingers go nearer and farther, too.
fn drag(page: Page) {
    let down: Rc<RefCell<Vec<Down>>> = Rc::default();
    let begun: Rc<Cell<Option<Begun>>> = Rc::default();
    let (downs, begins) = (Rc::clone(&down), Rc::clone(&begun));
    dom::on("pointerdown", "[role=grid]", move |element, event| {
        let (Some(pointer), mut down) = (event.dyn_ref::<PointerEvent>(), downs.borrow_mut()) else { return };
        if pointer.is_primary() {
            // Where a mouse was let go elsewhere, nobody said so.
            down.clear();
            dom::attribute(element, "data-dragged", None);
        }
        down.push(at(pointer));
        let zoom = page.session.read().zoom;
        let is_gesture = if down.len() > 1 { zooms(page) } else { zoom != Zoom::ALL && !paint::paints(page) };
        begins.set(is_gesture.then(|| begin(page, element, &down, zoom)));
    });
    let (downs, moves) = (Rc::clone(&down), Rc::clone(&begun));
    dom::on("pointermove", "[role=grid]", move |element, event| {
        let (Some(begun), Some(pointer)) = (moves.get(), event.dyn_ref::<PointerEvent>()) else { return };
        if pointer.buttons() == 0 {
            return moves.set(None);
        }
        let mut down = downs.borrow_mut();
        if let Some(moved) = down.iter_mut().find(|down| down.id == pointer.pointer_id()) {
            *moved = at(pointer);
        }
        let (x, y, apart) = middle(&down);
        let (x, y) = (x - begun.x, y - begun.y);
        if apart.is_none() && x.abs().max(y.abs()) < DRAGS && !has_dragged(element) {
            return;
        }
        dom::attribute(element, "data-dragged", Some(""));
        let Some(grid) = grid_of(page, element) else { return };
        let len = tokens(page);
        let factor = begun.apart.zip(apart).map_or(1.0, |(before, now)| before / now.max(1.0));
        let scaled = begun.zoom.scaled(factor, begun.place, len);
        let (.., width, height) = grid.bounds();
        let (queries, keys) = grid.of_tokens((-y / f64::from(height), -x / f64::from(width)), 0.0);
        let tokens = |part: f64, shown: Span, len| (part * shown.within(len).len() as f64).round() as isize;
        let moved =
            scaled.moved(tokens(queries, scaled.queries, len.queries), tokens(keys, scaled.keys, len.keys), len);
        if page.session.read().zoom != moved {
            page.session.update(|session| session.zoom = moved);
        }
    });
    for end in ["pointerup", "pointercancel"] {
        let (downs, ends) = (Rc::clone(&down), Rc::clone(&begun));
        dom::on(end, "[role=grid]", move |_, event| {
            ends.set(None);
            let id = event.dyn_ref::<PointerEvent>().map(PointerEvent::pointer_id);
            downs.borrow_mut().retain(|down| Some(down.id) != id);
        });
    }
    // The figure is on the page when this first runs. Two fingers on a matrix that can be zoomed are not the browser's.
    watch(
        || (),
        move |()| {
            let Some(figure) = dom::element("figure") else { return };
            let begun = Rc::clone(&begun);
            dom::listen(&figure, "touchstart", move |event| {
                if begun.get().is_some_and(|begun| begun.apart.is_some()) {
                    event.prevent_default();
                }
            });
        },
    );
}

fn at(pointer: &PointerEvent) -> Down {
    Down { id: pointer.pointer_id(), x: pointer.client_x().into(), y: pointer.client_y().into() }
}

/// The middle between the first pointers, and how far apart they are, where there are two.
fn middle(down: &[Down]) -> (f64, f64, Option<f64>) {
    match down {
        [one, other, ..] => {
            let (x, y) = (one.x - other.x, one.y - other.y);
            ((one.x + other.x) / 2.0, (one.y + other.y) / 2.0, Some((x * x + y * y).sqrt()))
        }
        [one] => (one.x, one.y, None),
        [] => (0.0, 0.0, None),
    }
}

fn begin(page: Page, element: &Element, down: &[Down], zoom: Zoom) -> Begun {
    let (x, y, apart) = middle(down);
    let frame = element.get_bounding_client_rect();
    let place = ((y - frame.top()) / frame.height(), (x - frame.left()) / frame.width());
    let place = grid_of(page, element).map_or((0.5, 0.5), |grid| grid.of_tokens(place, 0.5));
    Begun { x, y, apart, place, zoom }
}
