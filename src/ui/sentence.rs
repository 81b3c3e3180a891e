use leptos::prelude::*;

use super::{dom, live::watch, state::Page};
use crate::figure::svg::escaped;
use crate::lesson::{
    STANDARD_EXAMPLE, Step,
    notice::Offer,
    scene::Data,
    words::{
        more_tokens,
        page::{RESTART_ENGINE, SENTENCE, SENTENCE_HINT, USE_EXAMPLE},
        step_name, token_note,
    },
};

/// No more tokens than these become chips under the sentence; the stage's first step shows them all.
const MOST_CHIPS: usize = 24;

/// The sentence, what it was cut into, and what went wrong with it.
#[component]
pub fn Sentence(page: Page) -> impl IntoView {
    watch(move || page.session.read().sentence.clone(), |sentence| dom::set_value("sentence", sentence));
    watch(
        move || page.data.read().as_ref().map(|data| data.run),
        move |_| dom::html("tokens", &page.data.read().as_ref().map(tokens).unwrap_or_default()),
    );
    watch(
        move || page.facts.read().notice(),
        |notice| {
            let html = notice.as_ref().map(|notice| {
                let offer = match notice.offer {
                    None => String::new(),
                    Some(Offer::Example) => format!(r#"<button class="btn" id="use-example">{USE_EXAMPLE}</button>"#),
                    Some(Offer::Restart) => format!(r#"<button class="btn" id="restart">{RESTART_ENGINE}</button>"#),
                };
                // An empty box is no fault.
                let class = if notice.offer == Some(Offer::Example) { "notice calm" } else { "notice" };
                format!(r#"<div class="{class}"><p>{}</p>{offer}</div>"#, escaped(&notice.text))
            });
            dom::html("notice", &html.unwrap_or_default());
        },
    );
    dom::on("input", "#sentence", move |input, _| {
        page.session.update(|session| session.sentence = dom::value(input));
        page.cursor.set(None);
    });
    dom::on("click", "#use-example", move |_, _| {
        page.session.update(|session| session.sentence = STANDARD_EXAMPLE.to_owned());
        // The button goes; the focus stays near.
        dom::focus("sentence");
    });
    dom::on("click", "#restart", move |_, _| {
        page.restart.update(|count| *count += 1);
        dom::focus("sentence");
    });
    dom::skeleton(format!(
        r#"<section class="sentence" aria-label="{SENTENCE}">
            <input
                type="text"
                id="sentence"
                aria-label="{SENTENCE}"
                placeholder="{SENTENCE_HINT}"
                autocomplete="off"
                spellcheck="false"
                dir="auto"
            >
            <div role="alert" id="notice"></div>
            <div class="tokens" id="tokens"></div>
        </section>"#
    ))
}

/// The chips, and what is worth knowing about them.
fn tokens(data: &Data) -> String {
    let mut html = format!(r#"<ol aria-label="{}">"#, step_name(Step::Tokens));
    for (index, token) in data.tokens.iter().take(MOST_CHIPS).enumerate() {
        html += &format!(
            r#"<li class="tok" id="token-{index}"><bdi>{}</bdi> <small>{index}</small></li>"#,
            escaped(&token.text)
        );
    }
    if let Some(more) = data.tokens.len().checked_sub(MOST_CHIPS).filter(|more| *more > 0) {
        html += &format!(r#"<li class="tok more">{}</li>"#, more_tokens(more));
    }
    let repeated = data.tokens.iter().enumerate().find_map(|(index, token)| {
        let later = data.tokens[index + 1..].iter().find(|later| later.id == token.id)?;
        Some((token.text.as_str(), later.text.as_str()))
    });
    let note = token_note(data.tokens.len(), repeated, data.setup.positions);
    html + &format!(r#"</ol><p class="note">{}</p>"#, escaped(&note))
}

/// Marks the words that a cell is about, as query and as key.
pub fn mark((query, key): (Option<usize>, Option<usize>)) {
    for index in 0..MOST_CHIPS {
        let class = match (query == Some(index), key == Some(index)) {
            (true, true) => "tok is-query is-key",
            (true, false) => "tok is-query",
            (false, true) => "tok is-key",
            (false, false) => "tok",
        };
        dom::set(&format!("token-{index}"), "class", Some(class));
    }
}
