//! Lights what a term names or the tour speaks of.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::window;

use super::{dom, live::watch, state::Page};
use crate::lesson::spot::{Lit, Part, lit};

/// Keeps lit what is pointed at, or else what the glossary is open at, or else what the tour speaks of.
pub fn follow(page: Page) {
    let last: Rc<RefCell<Vec<String>>> = Rc::default();
    watch(
        move || {
            let term = page.pointed.get().or(page.glossary.get());
            let place = term.map(|term| term.place());
            let tour = page.tour.read();
            let spots = place.map_or(tour.as_ref().map_or(&[][..], |tour| tour.stop().spots()), |place| place.spots);
            let grids = page.grids.read();
            let is_drawn = |tensor| grids.iter().any(|grid| grid.tensor == tensor);
            let lit = lit(spots, place.and_then(|place| place.step), is_drawn);
            // The words of a sentence that is on its way take other room.
            (lit, page.grids.version(), page.brings.get() && !page.running.get())
        },
        move |(lit, _, brings)| {
            let (last, lit, brings) = (Rc::clone(&last), lit.clone(), *brings);
            // By then the new matrices have their elements.
            dom::before_next_paint(move || {
                let ids: Vec<String> = lit.iter().map(|lit| id(*lit)).collect();
                for gone in last.replace(ids.clone()).iter().filter(|id| !ids.contains(id)) {
                    dom::flag(gone, "data-lit", false);
                }
                ids.iter().for_each(|id| dom::flag(id, "data-lit", true));
                // What is lit in another's stead is on its way.
                let is_there = !lit.iter().any(|lit| matches!(lit, Lit::Thumbnail(_) | Lit::Step(_)));
                // A run may have been asked for since.
                if let Some(first) = ids.first().filter(|_| brings && is_there && !page.running.get()) {
                    page.brings.set(false);
                    let first = first.clone();
                    // After the stage has made room for the new picture.
                    dom::before_next_paint(move || {
                        // What has been closed since took the focus elsewhere.
                        if page.glossary.get().is_some() || page.tour.read().is_some() {
                            bring_into_sight(&first);
                        }
                    });
                }
            });
        },
    );
}

fn id(lit: Lit) -> String {
    match lit {
        Lit::Matrix(tensor) => format!("grid-{}", tensor as usize),
        Lit::Thumbnail(index) => format!("overview-{index}"),
        Lit::Step(step) => format!("step-{}", step.index()),
        Lit::Part(part) => match part {
            Part::Tokens => "tokens",
            Part::Heads => "heads",
            Part::Seed => "seed",
            Part::HeadCount => "heads-chosen",
            Part::Width => "width-chosen",
            Part::Positions => "positions-chosen",
            Part::Mask => "mask-chosen",
            Part::Scaling => "scaling-chosen",
            Part::Temperature => "temperature",
            Part::SharesMap => "shares-map",
            Part::SignedMap => "signed-map",
            Part::Untrained => "untrained",
        }
        .to_owned(),
    }
}

/// Scrolls so that it can be seen, with the title over it if there is room: a panel at the foot of a narrow screen hides
/// what is under it.
fn bring_into_sight(id: &str) {
    /// Kept free over the stage, and under what is lit.
    const FREE: f64 = 16.0;
    let (Some(element), Some(stage)) = (dom::element(id), dom::element("stage")) else { return };
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
    let (place, around) = (element.get_bounding_client_rect(), stage.get_bounding_client_rect());
    let panels = ["glossary", "tour"].into_iter().filter_map(dom::element);
    let hides = panels
        .map(|panel| panel.get_bounding_client_rect())
        .filter(|panel| panel.height() > 0.0 && panel.left() < place.right() && panel.right() > place.left());
    let bottom = hides.map(|panel| panel.top()).fold(height, f64::min);
    if place.top() < 0.0 || place.bottom() > bottom {
        let fits = place.left() >= around.left()
            && place.right() <= around.right()
            && place.bottom() - around.top() + FREE < bottom;
        let is_within = place.top() > around.top() && place.bottom() < around.bottom();
        (if fits && is_within { stage } else { element }).scroll_into_view();
    }
}
