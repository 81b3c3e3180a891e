use leptos::prelude::*;

use super::{dom, state::Page};
use crate::lesson::{Theme, number::fixed, words};
use crate::protocol::EngineKind;

/// The name, the engine's badge and the theme switch.
#[component]
pub fn Header() -> impl IntoView {
    let page = expect_context::<Page>();
    Effect::new(move || {
        let milliseconds = page.data.with(|data| data.as_ref().map(|data| data.milliseconds));
        let time = milliseconds.map_or(String::new(), |milliseconds| format!(" · {} ms", fixed(milliseconds, 1)));
        let (name, detail) = match page.engine.get() {
            None => (words::page::ENGINE, words::page::STARTING.to_owned()),
            Some(EngineKind::Cpu { .. }) => ("CPU", format!("ndarray{time}")),
            Some(EngineKind::WebGpu { adapter }) => ("WebGPU", format!("{adapter}{time}")),
        };
        dom::text("engine-name", name);
        dom::text("engine-detail", detail.trim_start_matches(" · "));
        dom::flag("engine-ready", "data-ready", page.engine.with(Option::is_some));
    });
    Effect::new(move || {
        let dark = page.theme() == Theme::Dark;
        let label = if dark { words::page::THEME_TO_LIGHT } else { words::page::THEME_TO_DARK };
        dom::set("theme", "aria-label", Some(label));
    });
    let switch = move |_| {
        let other = if page.theme() == Theme::Dark { Theme::Light } else { Theme::Dark };
        page.session.update(|session| session.theme = Some(other));
    };
    let reason = move || match page.engine.get() {
        Some(EngineKind::Cpu { instead_of_webgpu: Some(reason) }) => Some(view! {
            <details class="reason">
                <summary>{words::page::WHY_CPU}</summary>
                <p>{reason}</p>
            </details>
        }),
        _ => None,
    };
    view! {
        <header>
            <h1>
                <svg width="26" height="26" viewBox="0 0 26 26" aria-hidden="true">
                    <path d="M3 13a7 7 0 0 1 7-7h2v14h-2a7 7 0 0 1-7-7z" fill="currentColor"/>
                    <path d="M15 7l9-2M15 11l9-.5M15 15l9 .5M15 19l9 2" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>
                </svg>
                {words::NAME}
            </h1>
            <span class="tag">{words::TAGLINE}</span>
            <div class="right">
                <div class="badge" role="status" aria-label=words::page::ENGINE>
                    <span class="dot" id="engine-ready" aria-hidden="true"></span>
                    <b id="engine-name"></b>
                    <span class="detail" id="engine-detail"></span>
                    {reason}
                </div>
                <button class="btn icon" id="theme" on:click=switch>
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 12.5v-11a5.5 5.5 0 0 1 0 11z"/>
                    </svg>
                </button>
            </div>
        </header>
    }
}
