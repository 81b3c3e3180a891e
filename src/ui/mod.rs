//! The page: Leptos components around one [`Page`](state::Page) of signals. Everything that can be decided without a
//! browser is decided in [`lesson`](crate::lesson).

mod canvas;
mod dom;
mod header;
mod inspector;
mod keyboard;
mod link;
mod player;
mod sentence;
mod setup;
mod stage;
mod state;
mod steps;
mod thumbnails;

use leptos::prelude::*;

use crate::lesson::words::page as words;
use state::Page;

/// Puts the app into the page.
pub fn mount() {
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let page = Page::open();
    provide_context(page);
    link::connect(page);
    player::start(page);
    keyboard::listen(page);
    state::apply_theme(page);
    view! {
        <a class="skip" href="#stage">{words::SKIP_TO_STAGE}</a>
        <header::Header/>
        <sentence::Sentence/>
        <steps::Steps/>
        <thumbnails::Overview/>
        <main>
            <setup::SetUp/>
            <stage::Stage/>
            <inspector::Inspector/>
        </main>
    }
}
