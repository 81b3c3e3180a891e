//! Play: moves the position on with every frame.

use leptos::prelude::window;

use super::{dom, live::watch, state::Page};

/// Starts or stops Play.
pub fn toggle(page: Page) {
    let start = !page.playing.get();
    if start {
        let (played, cut) = (page.played.get(), page.reduced_motion.get());
        page.session.update(|session| session.begin_play(played, cut));
        page.played.set(true);
        dom::scroll_to_stage();
    }
    page.playing.set(start);
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

fn now() -> f64 {
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
        if !ready || page.session.update(|session| session.advance(seconds, cut)) {
            tick_after(page, now);
        } else {
            page.playing.set(false);
        }
    });
}
