use web_sys::Element;

use super::{dom, live::watch, parts, state::Page};
use crate::figure::svg::escaped;
use crate::lesson::{
    Step,
    glossary::{Piece, Seen, Term, pieces},
    words::glossary::{CLOSE, GLOSSARY, meaning, name, whereabouts},
};

/// The terms, each a button that lights what it names, and what one of them means.
pub fn glossary(page: Page) -> String {
    watch(
        move || page.glossary.get(),
        |open| {
            dom::flag("glossary", "hidden", open.is_none());
            for term in Term::ALL {
                dom::set(&chip(term), "aria-current", (*open == Some(term)).then_some("true"));
            }
        },
    );
    parts::load(page, move || page.glossary.get().is_some(), parts::Part::Lessons);
    dom::on("click", "#glossary-open", move |_, _| {
        if !close(page) {
            open(page, Term::Attention);
        }
    });
    dom::on("click", "#glossary-close", move |_, _| {
        close(page);
    });
    // A mention in a text opens the glossary; there, a term leads to what it names.
    dom::on("click", ".term", move |mention, _| term_of(mention).into_iter().for_each(|term| open(page, term)));
    dom::on("click", ".chip", move |chip, _| {
        if let Some(term) = term_of(chip) {
            let place = term.place();
            let is_here =
                |step| page.session.read().step == step && page.session.read().shown_position() == place.position;
            let is_there = |step: Step| step.is_of(&page.session.read().setup);
            if let Some(step) = place.step.filter(|step| !is_there(*step)) {
                // It says why not.
                page.go_to(step);
            } else if place.step.is_some_and(|step| !is_here(step)) {
                page.playing.set(false);
                page.session.update(|session| place.show(session));
            }
            page.glossary.set(Some(term));
            page.brings.set(true);
        }
    });
    // The keyboard opens what it comes to; the pointer lights it: nothing may move under it before it has clicked.
    dom::on("focusin", ".chip:focus-visible", move |chip, _| page.glossary.renew(term_of(chip)));
    for event in ["pointerover", "focusin"] {
        dom::on(event, "[data-term]", move |button, _| page.pointed.renew(term_of(button)));
    }
    for event in ["pointerout", "focusout"] {
        dom::on(event, "[data-term]", move |_, _| page.pointed.renew(None));
    }
    let mut chips = String::new();
    for term in Term::ALL {
        let (id, index, name) = (chip(term), term as usize, name(term));
        chips += &format!(r#"<button class="chip" id="{id}" data-term="{index}">{name}</button>"#);
    }
    format!(
        r#"<section class="panel dock" id="glossary" aria-label="{GLOSSARY}" hidden>
            <div class="top">
                <h2>{GLOSSARY}</h2>
                <button class="btn small" id="glossary-close">{CLOSE}</button>
            </div>
            <div class="chips">{chips}</div>
            <div class="entry" aria-live="polite">
                <h3 id="entry-name"></h3>
                <p id="entry-text"></p>
            </div>
            <p class="hint" id="entry-place"></p>
        </section>"#
    )
}

/// Says what the term means at which the glossary is open.
pub fn follow(page: Page) {
    watch(
        move || page.glossary.get(),
        |open| {
            if let Some(term) = *open {
                dom::text("entry-name", name(term));
                dom::text("entry-text", meaning(term));
                dom::text("entry-place", &whereabouts(&term.place()));
            }
        },
    );
}

/// Closes the glossary, if it is open; the focus goes back to what opened it.
pub fn close(page: Page) -> bool {
    let Some(term) = page.glossary.get() else { return false };
    page.glossary.set(None);
    page.pointed.set(None);
    let mention = mention(term);
    dom::focus(if dom::element(&mention).is_some() { &mention } else { "glossary-open" });
    // The focus lights what it comes to.
    page.pointed.set(None);
    true
}

/// A text as HTML; what it mentions for the first time is a button.
pub fn with_terms(text: &str, seen: &mut Seen) -> String {
    // A button may be parted from what follows it, even from a comma: so they stand in a span that is not broken, and
    // ends with the word.
    let (mut html, mut end) = (String::new(), "");
    for piece in pieces(text, seen) {
        match piece {
            Piece::Text(text) => {
                let word = if end.is_empty() { 0 } else { text.find(' ').unwrap_or(text.len()) };
                html += &[&escaped(&text[..word]), end, &escaped(&text[word..])].concat();
                end = "";
            }
            Piece::Mention(text, term) => {
                let (id, index) = (mention(term), term as usize);
                html += end;
                html += &format!(
                    r#"<span class="whole"><button class="term" id="{id}" data-term="{index}">{text}</button>"#
                );
                end = "</span>";
            }
        }
    }
    html + end
}

fn open(page: Page, term: Term) {
    page.glossary.set(Some(term));
    let chip = chip(term);
    // It is shown by then.
    dom::before_next_paint(move || dom::focus(&chip));
}

fn chip(term: Term) -> String {
    format!("term-{}", term as usize)
}

fn mention(term: Term) -> String {
    format!("mention-{}", term as usize)
}

fn term_of(button: &Element) -> Option<Term> {
    Term::ALL.get(dom::index(button, "data-term")?).copied()
}
