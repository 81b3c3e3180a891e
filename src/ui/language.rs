//! The way to the page in the other language, and what comes along.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::state::Page;
use crate::lesson::luggage::Luggage;

#[wasm_bindgen]
extern "C" {
    /// Goes there; that page is handed the bytes.
    #[wasm_bindgen(js_namespace = headlightBoot, js_name = changeLanguage)]
    fn change_language(luggage: &[u8]);

    /// What this page was handed, once; nothing where it was not come to in that way.
    #[wasm_bindgen(js_namespace = headlightBoot, js_name = takeLuggage)]
    fn take_luggage() -> Uint8Array;
}

/// Shows the page in the other language, as it is.
pub fn change(page: Page) {
    // Files stay with this page.
    let (session, mut tour, trail) = (page.own_session(), page.tour.get(), page.trail.get());
    if let Some(tour) = &mut tour {
        tour.without_files(page.sentence_setup());
    }
    change_language(&Luggage { session, tour, trail }.pack());
}

/// What the page in the other language showed, if this one was come to from there.
pub fn luggage() -> Option<Luggage> {
    Luggage::unpack(&take_luggage().to_vec())
}
