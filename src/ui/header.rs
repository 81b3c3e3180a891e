use leptos::prelude::*;

use super::state::Page;
use crate::lesson::{Theme, number::fixed, words};
use crate::protocol::EngineKind;

/// The name, the engine's badge and the theme switch.
#[component]
pub fn Header() -> impl IntoView {
    let page = expect_context::<Page>();
    let milliseconds = Memo::new(move |_| page.data.with(|data| data.as_ref().map(|data| data.milliseconds)));
    let name = move || match page.engine.get() {
        None => words::page::ENGINE.to_owned(),
        Some(EngineKind::Cpu { .. }) => "CPU".to_owned(),
        Some(EngineKind::WebGpu { .. }) => "WebGPU".to_owned(),
    };
    let detail = move || {
        let Some(engine) = page.engine.get() else {
            return words::page::STARTING.to_owned();
        };
        let time = milliseconds.get().map(|milliseconds| format!("{} ms", fixed(milliseconds, 1)));
        let adapter = match engine {
            EngineKind::WebGpu { adapter } => Some(adapter),
            EngineKind::Cpu { .. } => Some("ndarray".to_owned()),
        };
        [adapter, time].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    let reason = move || match page.engine.get() {
        Some(EngineKind::Cpu { instead_of_webgpu: Some(reason) }) => reason,
        _ => String::new(),
    };
    let dark = move || page.theme() == Theme::Dark;
    let switch = move |_| {
        let other = if dark() { Theme::Light } else { Theme::Dark };
        page.session.update(|session| session.theme = Some(other));
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
                    <span class="dot" class:ready=move || page.engine.with(Option::is_some) aria-hidden="true"></span>
                    <b>{name}</b>
                    <span class="detail">{detail}</span>
                    <Show when=move || !reason().is_empty()>
                        <details class="reason">
                            <summary>{words::page::WHY_CPU}</summary>
                            <p>{reason}</p>
                        </details>
                    </Show>
                </div>
                <button
                    class="btn icon"
                    aria-label=move || if dark() { words::page::THEME_TO_LIGHT } else { words::page::THEME_TO_DARK }
                    on:click=switch
                >
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 12.5v-11a5.5 5.5 0 0 1 0 11z"/>
                    </svg>
                </button>
            </div>
        </header>
    }
}
