//! What stands on paper alone: the sentence over the picture, and under it with what and by what it was calculated.

use super::{dom, live::watch, state::Page};
use crate::lesson::{
    scene,
    words::{print::calculated, sentence_of},
};

/// How wide a figure is drawn for paper, in CSS pixels: about an upright A4 sheet between its margins.
pub const WIDTH: f32 = 700.0;
/// How many of its pixels there are to a CSS pixel: paper shows more of them than a screen.
pub const RATIO: f64 = 3.0;

/// What stands over the picture, and under it.
pub fn over_and_under(page: Page) -> (&'static str, &'static str) {
    watch(
        move || {
            let session = page.session.read();
            (page.data.version(), session.head, session.range)
        },
        move |&(_, head, range)| {
            if let Some(data) = page.data.read().as_ref() {
                let (sentence, of) =
                    (scene::written(data.sentence(), data.setup.is_cross, scene::all_words), data.batch.len());
                let sentence = if of > 1 { sentence_of(data.item, of, &sentence) } else { sentence };
                dom::text("printed-sentence", &sentence);
                dom::text(
                    "printed-setup",
                    &calculated(&data.setup.within(data.sentence().takes_paint()), Some(head), &data.engine, range),
                );
            }
        },
    );
    (r#"<p class="printed" id="printed-sentence" dir="auto"></p>"#, r#"<p class="printed" id="printed-setup"></p>"#)
}
