//! Nearer and farther: which tokens of a long sentence the stage shows.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, MouseEvent};

use super::{dom, live::watch, paint, stage::grid_of, state::Page};
use crate::lesson::{
    Zoom,
    scene::Data,
    words::{
        self,
        page::{ALL_TOKENS, ZOOM, ZOOM_IN, ZOOM_OUT},
    },
};

/// One step nearer shows so many times the tokens.
const STEP: f64 = 0.5;
/// So much farther one notch of a wheel goes.
const NOTCH: f64 = 0.25;
/// A pointer that has moved farther than this, in CSS pixels, drags and does not click.
const DRAGS: f64 = 4.0;

/// The controls beside the slider, and what wheel and keys do over a matrix.
pub fn controls(page: Page) -> String {
    watch(
        move || {
            let data = page.data.read();
            let len = data.as_ref().map_or(0, |data| data.tokens.len());
            (page.session.read().zoom, len, data.as_ref().is_some_and(Data::is_long))
        },
        |&(zoom, len, is_long)| {
            // Of a short sentence all numbers are in sight.
            dom::flag("zoom", "hidden", !is_long && zoom == Zoom::ALL);
            dom::text("zoomed", &words::zoomed(zoom.queries.within(len), zoom.keys.within(len), len));
            dom::disable("zoom-out", zoom.shows_all(len));
            dom::disable("zoom-all", zoom.shows_all(len));
            dom::set("figure", "data-zoomed", (!zoom.shows_all(len)).then_some(""));
        },
    );
    dom::on("click", "#zoom-in", move |_, _| scale(page, STEP, (0.5, 0.5)));
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

/// How many tokens the run on the stage has.
pub fn tokens(page: Page) -> usize {
    page.data.read().as_ref().map_or(0, |data| data.tokens.len())
}

fn scale(page: Page, factor: f64, at: (f64, f64)) {
    let len = tokens(page);
    if len > 0 {
        page.session.update(|session| session.zoom = session.zoom.scaled(factor, at, len));
    }
}

/// Where the keyboard is, as parts of the queries and keys that are shown.
fn at_cursor(page: Page) -> (f64, f64) {
    page.at_cursor().map_or((0.5, 0.5), |cell| page.session.read().zoom.place_of(cell, tokens(page)))
}

/// Where the pointer is in a matrix, as parts of the queries and keys that it shows.
fn place_of(page: Page, element: &Element, event: &Event) -> (f64, f64) {
    let (Some(grid), Some(event)) = (grid_of(page, element), event.dyn_ref::<MouseEvent>()) else { return (0.5, 0.5) };
    let (.., width, height) = grid.bounds();
    let place = (f64::from(event.offset_y()) / f64::from(height), f64::from(event.offset_x()) / f64::from(width));
    grid.of_tokens(place, 0.5)
}

/// A drag: where it began, in CSS pixels, and with which zoom.
#[derive(Clone, Copy)]
struct Begun {
    x: i32,
    y: i32,
    zoom: Zoom,
}

/// Dragging a matrix moves its tokens along.
fn drag(page: Page) {
    let begun: Rc<Cell<Option<Begun>>> = Rc::default();
    let begins = Rc::clone(&begun);
    dom::on("pointerdown", "[role=grid]", move |element, event| {
        dom::attribute(element, "data-dragged", None);
        let zoom = page.session.read().zoom;
        let event = event.dyn_ref::<MouseEvent>().filter(|_| zoom != Zoom::ALL && !paint::paints(page));
        begins.set(event.map(|event| Begun { x: event.client_x(), y: event.client_y(), zoom }));
    });
    let moves = Rc::clone(&begun);
    dom::on("pointermove", "[role=grid]", move |element, event| {
        let (Some(begun), Some(event)) = (moves.get(), event.dyn_ref::<MouseEvent>()) else { return };
        let (x, y) = (f64::from(event.client_x() - begun.x), f64::from(event.client_y() - begun.y));
        if event.buttons() == 0 {
            return moves.set(None);
        }
        if x.abs().max(y.abs()) < DRAGS && !has_dragged(element) {
            return;
        }
        dom::attribute(element, "data-dragged", Some(""));
        let Some(grid) = grid_of(page, element) else { return };
        let (.., cell_width, cell_height) = grid.cell_box(0, 0);
        let by = ((-y / f64::from(cell_height)).round(), (-x / f64::from(cell_width)).round());
        let (queries, keys) = grid.of_tokens((by.0 as isize, by.1 as isize), 0);
        let moved = begun.zoom.moved(queries, keys, tokens(page));
        if page.session.read().zoom != moved {
            page.session.update(|session| session.zoom = moved);
        }
    });
    dom::on("pointerup", "[role=grid]", move |_, _| begun.set(None));
}
