//! Play: moves the position on with every frame.

use leptos::prelude::*;

use super::state::Page;

/// Starts or stops Play.
pub fn toggle(page: Page) {
    let start = !page.playing.get_untracked();
    if start {
        let played = page.played.get_untracked();
        let cut = page.reduced_motion.get_untracked();
        page.session.update(|session| session.begin_play(played, cut));
        page.played.set(true);
    }
    page.playing.set(start);
}

/// Moves time on while Play is on.
pub fn start(page: Page) {
    Effect::new(move || {
        if page.playing.get() {
            tick_after(page, now());
        }
    });
}

fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

fn tick_after(page: Page, last: f64) {
    request_animation_frame(move || {
        if !page.playing.get_untracked() {
            return;
        }
        let now = now();
        // A tab that was in the background goes on where it was.
        let seconds = ((now - last) / 1000.0).min(0.25);
        let cut = page.reduced_motion.get_untracked();
        // The step is shown before time goes on: what it needs may still be on its way.
        let ready = page.data.with_untracked(|data| {
            data.as_ref().is_some_and(|data| {
                let wanted = page.session.with_untracked(crate::lesson::scene::wanted);
                data.missing(&wanted).is_empty()
            })
        });
        let more = !ready || page.session.try_update(|session| session.advance(seconds, cut)).unwrap_or(false);
        if more {
            tick_after(page, now);
        } else {
            page.playing.set(false);
        }
    });
}
