//! Play: moves the position on with every frame.

use leptos::prelude::window;

use super::{dom, live::watch, state::Page};
use crate::lesson::Session;
use crate::protocol::Begins;

/// Starts or stops Play.
pub fn toggle(page: Page) {
    let start = !page.playing.get();
    // Attention weights alone were not calculated: there is nothing to see of it.
    if start && page.session.read().setup.begins() == Some(Begins::Weights) {
        return;
    }
    if start {
        let cut = page.reduced_motion.get();
        page.session.update(|session| session.begin_play(cut));
        dom::scroll_to_stage();
    }
    page.play_until.set(None);
    page.playing.set(start);
}

/// Plays the step from its beginning to a position, and no farther.
pub fn play_until(page: Page, position: f64) {
    page.session.update(Session::replay);
    page.play_until.set(Some(position));
    page.playing.set(true);
}

/// Moves time on while Play is on.
pub fn start(page: Page) {
    watch(
        move || page.playing.get(),
        move |playing| {
            if *playing {
                tick_after(page, now());
            }
        },
    );
}

/// Milliseconds since the page was opened.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

fn tick_after(page: Page, last: f64) {
    dom::before_next_paint(move || {
        if !page.playing.get() {
            return;
        }
        let now = now();
        // A tab that was in the background goes on where it was.
        let seconds = ((now - last) / 1000.0).min(0.25);
        let cut = page.reduced_motion.get();
        // The step is shown before time goes on: what it needs may still be on its way.
        let ready = page.data.read().as_ref().is_some_and(|data| data.missing(&page.session.read()).is_empty());
        let until = page.play_until.get();
        let goes_on = !ready
            || page.session.update(|session| {
                let goes_on = session.advance(seconds, cut);
                let is_there = until.is_some_and(|until| session.position >= until);
                session.position = if is_there { until.unwrap_or(1.0) } else { session.position };
                goes_on && !is_there
            });
        if goes_on {
            tick_after(page, now);
        } else {
            page.playing.set(false);
        }
    });
}
