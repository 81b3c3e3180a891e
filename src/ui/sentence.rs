use leptos::prelude::*;

use super::state::{Offer, Page};
use crate::lesson::{STANDARD_EXAMPLE, words};

/// No more tokens than these become chips under the sentence; the stage's first step shows them all.
const MOST_CHIPS: usize = 48;

/// The sentence, what it was cut into, and what went wrong with it.
#[component]
pub fn Sentence() -> impl IntoView {
    let page = expect_context::<Page>();
    let sentence = Memo::new(move |_| page.session.with(|session| session.sentence.clone()));
    let tokens =
        Memo::new(move |_| page.data.with(|data| data.as_ref().map(|data| data.tokens.clone()).unwrap_or_default()));
    let chips = move || {
        let texts = tokens.with(|tokens| tokens.iter().map(|token| token.text.clone()).collect::<Vec<_>>());
        let more = texts.len().saturating_sub(MOST_CHIPS);
        let chips = texts.into_iter().take(MOST_CHIPS).enumerate();
        let chips = chips.map(|(index, text)| {
            view! { <li class="tok"><bdi>{text}</bdi><small>{index}</small></li> }
        });
        let more = (more > 0).then(|| view! { <li class="tok more">{words::more_tokens(more)}</li> });
        view! { {chips.collect_view()} {more} }
    };
    let note = move || {
        page.data.with(|data| {
            data.as_ref().map(|data| {
                let repeated = data.tokens.iter().enumerate().find_map(|(index, token)| {
                    let later = data.tokens[index + 1..].iter().find(|later| later.id == token.id)?;
                    Some((token.text.as_str(), later.text.as_str()))
                });
                words::token_note(data.tokens.len(), repeated, data.setup.positions)
            })
        })
    };
    let type_example = move || page.session.update(|session| session.sentence = STANDARD_EXAMPLE.to_owned());
    let offer = move |offer: Offer| {
        match offer {
        Offer::Example => view! {
            <button class="btn" on:click=move |_| type_example()>{words::page::USE_EXAMPLE}</button>
        }
        .into_any(),
        Offer::Restart => view! {
            <button class="btn" on:click=move |_| page.restart.update(|count| *count += 1)>{words::page::RESTART_ENGINE}</button>
        }
        .into_any(),
    }
    };
    view! {
        <section class="sentence">
            <input
                type="text"
                aria-label=words::page::SENTENCE
                placeholder=words::page::SENTENCE_HINT
                autocomplete="off"
                spellcheck="false"
                dir="auto"
                prop:value=sentence
                on:input=move |event| {
                    page.session.update(|session| {
                        session.sentence = event_target_value(&event);
                        // The words move; a cell kept open would be another one.
                        session.pinned = None;
                    });
                    page.cursor.set(None);
                }
            />
            <div role="alert">
                {move || page.notice.get().map(|notice| view! {
                    <div class="notice">
                        <p>{notice.text}</p>
                        {notice.offer.map(offer)}
                    </div>
                })}
            </div>
            <ol class="tokens">{chips}<li class="note">{note}</li></ol>
        </section>
    }
}
