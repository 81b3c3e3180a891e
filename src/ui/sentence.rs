use leptos::prelude::*;

use super::{dom, given, live::watch, state::Page};
use crate::figure::svg::escaped;
use crate::lesson::{
    SECOND_EXAMPLE, STANDARD_EXAMPLE, Step,
    notice::Offer,
    scene::{self, Data},
    words::{
        given::TOKENS_OF,
        made_of, more_tokens,
        page::{RESTART_ENGINE, SECOND_SENTENCE_BOX, SENTENCE, SENTENCE_HINT, SENTENCE_SHOWN, SHOWN, USE_EXAMPLE},
        sentence_of, step_name, tensor_name, token_note,
    },
};
use crate::protocol::{Refusal, Tensor, Token, own_len};

/// The boxes that sentences are typed into.
const BOXES: [&str; 2] = ["sentence", "second"];
/// A box is no higher than so many lines.
const MOST_LINES: usize = 6;
/// No more tokens than these become chips under the sentence; the stage's first step shows them all.
const MOST_CHIPS: usize = 24;

/// The sentences, what they were cut into, and what went wrong with them.
#[component]
pub fn Sentence(page: Page) -> impl IntoView {
    watch(
        move || {
            let session = page.session.read();
            ([session.sentence.clone(), session.second.clone()], session.setup.is_cross)
        },
        |(sentences, is_cross)| {
            for (id, sentence) in BOXES.into_iter().zip(sentences) {
                dom::set_value(id, sentence);
                let lines = 1 + sentence.bytes().filter(|byte| *byte == b'\n').count();
                dom::set(id, "rows", Some(&lines.min(MOST_LINES).to_string()));
            }
            dom::flag("boxes", "data-cross", *is_cross);
        },
    );
    watch(
        move || page.data.read().as_ref().map(|data| (data.run, data.item)),
        move |_| {
            if let Some(data) = page.data.read().as_ref() {
                let second = if data.setup.is_cross { data.context().keys } else { &[] };
                let note = |tokens| note(tokens, data);
                dom::html("tokens", &chips("token", step_name(Step::Tokens), data.tokens(), &note(data.tokens())));
                dom::html(
                    "key-tokens",
                    &if second.is_empty() {
                        String::new()
                    } else {
                        chips("key-token", tensor_name(Tensor::KeyTokens), second, &note(second))
                    },
                );
            }
        },
    );
    watch(
        move || page.data.read().as_ref().map(|data| data.run),
        move |_| {
            if let Some(data) = page.data.read().as_ref() {
                let mut options = String::new();
                for (index, item) in data.batch.iter().enumerate() {
                    let sentence = scene::written(item, data.setup.is_cross, scene::first_words);
                    let name = sentence_of(index, data.batch.len(), &sentence);
                    options += &format!(r#"<option value="{index}">{}</option>"#, escaped(&name));
                }
                dom::html("item", &options);
                dom::flag("items", "hidden", data.batch.len() == 1);
                dom::set_value("item", &page.session.read().item.to_string());
            }
        },
    );
    watch(move || page.session.read().item, |item| dom::set_value("item", &item.to_string()));
    dom::on("change", "#item", move |select, _| {
        if let (Ok(item), Some(data)) = (dom::value(select).parse::<usize>(), page.data.read().as_ref()) {
            page.session.update(|session| scene::show_item(session, data, item));
        }
    });
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
    dom::on("input", "#boxes textarea", move |typed, _| {
        page.session.update(|session| {
            let text = if typed.id() == BOXES[0] { &mut session.sentence } else { &mut session.second };
            *text = dom::value(typed);
        });
        page.cursor.set(None);
    });
    dom::on("click", "#use-example", move |_, _| {
        // The box that is empty is the one that gets an example.
        let is_second = matches!(page.facts.read().refusal, Some(Refusal::NoKeys));
        page.session.update(|session| {
            let (text, example) = match is_second {
                true => (&mut session.second, SECOND_EXAMPLE),
                false => (&mut session.sentence, STANDARD_EXAMPLE),
            };
            example.clone_into(text);
        });
        // The button goes; the focus stays near.
        dom::focus(BOXES[usize::from(is_second)]);
    });
    dom::on("click", "#restart", move |_, _| {
        page.restart.update(|count| *count += 1);
        dom::focus("sentence");
    });
    let text_box = |id: &str, label: &str| {
        format!(
            r#"<textarea
                id="{id}"
                rows="1"
                aria-label="{label}"
                aria-describedby="batch-hint"
                placeholder="{SENTENCE_HINT}"
                autocomplete="off"
                spellcheck="false"
                dir="auto"
            ></textarea>"#
        )
    };
    let (first, second) = (text_box(BOXES[0], SENTENCE), text_box(BOXES[1], SECOND_SENTENCE_BOX));
    let ([queries, keys], open, places) = (TOKENS_OF, given::button(), given::places());
    let (made, made_of_second) = (made_of(Tensor::Tokens), made_of(Tensor::KeyTokens));
    dom::skeleton(format!(
        r#"<section class="sentence" aria-label="{SENTENCE}">
            <div class="boxes" id="boxes">
                <div><p class="made q">{made}</p><p class="made of-files q">{queries}</p>{first}<div class="or"><div class="tokens" id="tokens"></div>{open}</div></div>
                <div><p class="made k">{made_of_second}</p><p class="made of-files k">{keys}</p>{second}<div class="tokens" id="key-tokens"></div></div>
            </div>
            <label class="items" id="items" hidden>{SHOWN} <select id="item" aria-label="{SENTENCE_SHOWN}"></select></label>
            {places}
            <div role="alert" id="notice"></div>
        </section>"#
    ))
}

/// The chips of a sentence, and what is worth knowing about them.
fn chips(id: &str, name: &str, tokens: &[Token], note: &str) -> String {
    let mut html = format!(r#"<ol aria-label="{name}">"#);
    for (index, token) in tokens.iter().take(MOST_CHIPS).enumerate() {
        // One without a name is called by its place already.
        let place = index.to_string();
        let place = if token.text == place { String::new() } else { format!(" <small>{place}</small>") };
        html += &format!(r#"<li class="tok" id="{id}-{index}"><bdi>{}</bdi>{place}</li>"#, escaped(&token.text));
    }
    if let Some(more) = tokens.len().checked_sub(MOST_CHIPS).filter(|more| *more > 0) {
        html += &format!(r#"<li class="tok more">{}</li>"#, more_tokens(more));
    }
    html + &format!(r#"</ol><p class="note">{}</p>"#, escaped(note))
}

fn note(tokens: &[Token], data: &Data) -> String {
    let tokens = &tokens[..own_len(tokens)];
    let repeated = tokens.iter().enumerate().find_map(|(index, token)| {
        let later = tokens[index + 1..].iter().find(|later| later.id == token.id)?;
        Some((token.text.as_str(), later.text.as_str()))
    });
    token_note(tokens.len(), repeated, &data.setup.within(data.sentence().takes_paint()))
}

/// Marks the words that a cell is about, as query and as key; in cross-attention, each in its own sentence.
pub fn mark((query, key): (Option<usize>, Option<usize>), is_cross: bool) {
    let class = |is_query, is_key| match (is_query, is_key) {
        (true, true) => "tok is-query is-key",
        (true, false) => "tok is-query",
        (false, true) => "tok is-key",
        (false, false) => "tok",
    };
    for index in 0..MOST_CHIPS {
        let (is_query, is_key) = (query == Some(index), key == Some(index));
        dom::set(&format!("token-{index}"), "class", Some(class(is_query, is_key && !is_cross)));
        if is_cross {
            dom::set(&format!("key-token-{index}"), "class", Some(class(false, is_key)));
        }
    }
}
