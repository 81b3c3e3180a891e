//! The page: Leptos components around one [`Page`] of values that can be followed. Everything that can be decided
//! without a browser is decided in [`lesson`](crate::lesson).
//!
//! Every component is made in the same way, because it is the way that needs the least code in the browser:
//!
//! 1. What never changes is one HTML string, handed to [`dom::skeleton`]. Everything that will change has an id.
//! 2. What changes is written by [`live::watch`]: the first closure reads values of the page, and whenever what it gives
//!    is new, the second writes that into the elements, by their ids ([`dom::text`], [`dom::set`]; [`dom::html`] where
//!    elements come and go). Whatever a person typed goes through `escaped` on its way into HTML.
//! 3. What a person does is heard by [`dom::on`], which listens at the document for the elements of a selector, whether
//!    they are there already or come later.

mod address;
mod arcs;
mod canvas;
mod dom;
mod export;
mod given;
mod glossary;
mod header;
mod inspector;
mod keyboard;
mod language;
mod light;
mod link;
mod live;
mod paint;
mod parts;
mod player;
mod print;
mod sentence;
mod setup;
mod stage;
mod state;
mod steps;
mod table;
mod thumbnails;
mod tour;
mod zoom;

use leptos::{prelude::*, tachys::html::InertElement};

use crate::lesson::words::page::{BROKEN, SKIP_TO_STAGE};
use state::Page;

/// Puts the app into the page.
pub fn mount() {
    // A page that has stopped looks as if it still worked.
    std::panic::set_hook(Box::new(|_| {
        dom::text("trouble", BROKEN);
        dom::flag("trouble", "hidden", false);
    }));
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let page = Page::open();
    link::connect(page);
    given::listen(page);
    player::start(page);
    address::follow(page);
    keyboard::listen(page);
    state::apply_theme(page);
    light::follow(page);
    // Places on the page are no addresses: those say what it shows.
    dom::on("click", ".skip, .peek", |link, event| {
        event.prevent_default();
        if let Some(place) = link.get_attribute("href").as_deref().and_then(|href| href.strip_prefix('#')) {
            dom::focus(place);
        }
    });
    view! {
        {dom::skeleton(format!(r##"<a class="skip" href="#stage">{SKIP_TO_STAGE}</a>"##))}
        <header::Header page/>
        <sentence::Sentence page/>
        {tour::offer(page)}
        <steps::Steps page/>
        <thumbnails::Overview page/>
        <main>
            <setup::SetUp page/>
            <stage::Stage page/>
            {side(page)}
        </main>
    }
}

/// The column at the side: what explains.
fn side(page: Page) -> InertElement {
    let (glossary, tour, inspector) = (glossary::glossary(page), tour::card(page), inspector::inspector(page));
    dom::skeleton(format!(r#"<div class="side">{glossary}{tour}{inspector}</div>"#))
}
