use leptos::{prelude::window, tachys::html::InertElement};

use super::{dom, live::watch, parts, player, state::Page};
use crate::figure::svg::escaped;
use crate::lesson::{
    tour::{Card, Stop, Tour},
    words::{
        page::CALCULATING,
        tour::{ANSWERS, BACK, FINISH, LEAVE, NEXT, NO_THANKS, OFFER, TAKE, TOUR, progress, verdict},
    },
};

/// What the browser keeps, so that the tour is offered once.
const OFFERED: &str = "headlight-tour";

/// A line that offers the tour on a first visit.
pub fn offer(page: Page) -> InertElement {
    let was_offered = storage().is_some_and(|storage| matches!(storage.get_item(OFFERED), Ok(Some(_))));
    let done = || {
        dom::flag("offer", "hidden", true);
        if let Some(storage) = storage() {
            // Where nothing can be kept, the line comes back with the next visit.
            let _ = storage.set_item(OFFERED, "1");
        }
    };
    dom::on("click", "#tour-take, #tour-start", move |_, _| {
        done();
        start(page);
    });
    dom::on("click", "#tour-decline", move |_, _| {
        done();
        // The button goes; the focus stays near.
        dom::focus("tour-start");
    });
    let hidden = if was_offered { "hidden" } else { "" };
    dom::skeleton(format!(
        r#"<section class="offer" id="offer" aria-label="{TOUR}" {hidden}>
            <p>{OFFER}</p>
            <button class="btn small primary" id="tour-take">{TAKE}</button>
            <button class="btn small" id="tour-decline">{NO_THANKS}</button>
        </section>"#
    ))
}

/// The stop of the tour that the page shows: the HTML of a part of the side.
pub fn card(page: Page) -> String {
    watch(
        move || page.tour.version(),
        move |_| {
            let tour = page.tour.read();
            dom::flag("tour", "hidden", tour.is_none());
            let Some(tour) = tour.as_ref() else { return dom::text("tour-text", CALCULATING) };
            let stop = tour.stop();
            dom::text("tour-progress", &progress(stop));
            dom::disable("tour-back", stop.index() == 0);
            dom::text("tour-next", if Stop::ALL.last() == Some(&stop) { FINISH } else { NEXT });
        },
    );
    parts::load(page, move || page.tour.read().is_some(), parts::Part::Lessons);
    dom::on("click", "#tour-next", move |_, _| go(page, 1));
    dom::on("click", "#tour-back", move |_, _| go(page, -1));
    dom::on("click", "#tour-leave", move |_, _| {
        leave(page);
    });
    dom::on("click", "[data-option]", move |button, _| {
        let choice = dom::index(button, "data-option");
        page.tour.update(|tour| {
            if let Some((tour, choice)) = tour.as_mut().zip(choice).filter(|(tour, _)| tour.chosen().is_none()) {
                page.session.update(|session| tour.answer(choice, session));
                page.brings.set(true);
            }
        });
    });
    format!(
        r#"<section class="panel dock" id="tour" tabindex="-1" aria-label="{TOUR}" hidden>
            <div class="top">
                <h2 id="tour-progress"></h2>
                <button class="btn small" id="tour-leave">{LEAVE}</button>
            </div>
            <div aria-live="polite">
                <h3 id="tour-title"></h3>
                <p id="tour-text"></p>
            </div>
            <div class="options" id="tour-options" role="group" aria-label="{ANSWERS}"></div>
            <p id="tour-answer" aria-live="polite"></p>
            <div class="ways">
                <button class="btn" id="tour-back">{BACK}</button>
                <button class="btn primary" id="tour-next">{NEXT}</button>
            </div>
        </section>"#
    )
}

/// Says what the stop has to say of the numbers that are there.
pub fn follow(page: Page) {
    watch(
        move || (page.tour.version(), page.data.version()),
        move |_| {
            let (tour, data) = (page.tour.read(), page.data.read());
            // Between a stop and its numbers, what was said last stays.
            if let Some((tour, card)) = tour.as_ref().and_then(|tour| Some((tour, tour.card(data.as_ref()?)?))) {
                show(&card, tour.chosen());
            }
        },
    );
}

/// Leaves the tour, if it is under way; what was on the page before comes back.
pub fn leave(page: Page) -> bool {
    let Some(tour) = page.tour.update(Option::take) else { return false };
    page.playing.set(false);
    page.session.update(|session| tour.leave(session));
    dom::focus("tour-start");
    true
}

fn start(page: Page) {
    if page.tour.read().is_none() {
        page.glossary.set(None);
        let tour = page.session.update(Tour::begin);
        page.tour.set(Some(tour));
        arrive(page);
    }
    // It is shown by then.
    dom::before_next_paint(|| dom::focus("tour"));
}

fn go(page: Page, by: isize) {
    let stop = page.tour.read().as_ref().map(Tour::stop);
    let Some(index) = stop.and_then(|stop| stop.index().checked_add_signed(by)) else { return };
    let Some(&stop) = Stop::ALL.get(index) else {
        leave(page);
        return;
    };
    page.tour.update(|tour| {
        if let Some(tour) = tour {
            page.session.update(|session| tour.go_to(stop, session));
        }
    });
    arrive(page);
}

fn arrive(page: Page) {
    page.cursor.set(None);
    page.playing.set(false);
    page.brings.set(true);
    let plays = page.tour.read().as_ref().is_some_and(|tour| tour.stop().plays());
    if plays && !page.reduced_motion.get() {
        let end = page.session.read().position;
        player::play_until(page, end);
    }
}

fn show(card: &Card, chosen: Option<usize>) {
    dom::text("tour-title", card.title);
    dom::text("tour-text", &card.text);
    let Some((answer, right)) = &card.answer else {
        let mut options = String::new();
        for (index, option) in card.options.iter().enumerate() {
            options += &format!(
                r#"<button class="btn small" id="option-{index}" data-option="{index}">{}</button>"#,
                escaped(option)
            );
        }
        dom::text("tour-answer", "");
        return dom::html("tour-options", &options);
    };
    dom::text("tour-answer", &[verdict(chosen == Some(*right)), " ", answer].concat());
    for index in 0..card.options.len() {
        let id = format!("option-{index}");
        dom::disable(&id, true);
        dom::set(&id, "aria-current", (chosen == Some(index)).then_some("true"));
        dom::flag(&id, "data-right", index == *right);
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
