use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    dom, language,
    live::watch,
    state::{Badge, Checking, Page},
};
use crate::figure::svg::escaped;
use crate::lesson::{
    Theme,
    number::{fixed, scientific},
    scene::Data,
    words::{
        NAME, TAGLINE, check_verdict, checked_against,
        given::FROM_FILE,
        glossary::GLOSSARY,
        page::{
            CHECK, CHECK_LARGEST, CHECK_RUNS, CHECK_STAGE, ENGINE, KEY_MAP, KEYS, OTHER_LANGUAGE, STARTING, STOPPED,
            THEME_TO_DARK, THEME_TO_LIGHT, WHY_CPU,
        },
        tensor_name,
        tour::TOUR,
    },
};
use crate::protocol::{Begins, Check, EngineKind};

/// The name, the ways to learn and to another language, the engine's badge and the theme switch.
#[component]
pub fn Header(page: Page) -> impl IntoView {
    watch(
        move || {
            let data = page.data.read();
            let shown = data.as_ref().map(|data| (data.milliseconds, data.setup.begins() == Some(Begins::Weights)));
            (page.badge.get(), shown)
        },
        |(badge, shown)| {
            let (milliseconds, is_read) =
                (shown.map(|(milliseconds, _)| milliseconds), shown.is_some_and(|(_, is)| is));
            let time = milliseconds.map_or(String::new(), |milliseconds| format!(" · {} ms", fixed(milliseconds, 1)));
            let (name, detail) = match badge {
                Badge::Starting => (ENGINE, STARTING.to_owned()),
                Badge::Stopped => (ENGINE, STOPPED.to_owned()),
                Badge::Ready(_) if is_read => (FROM_FILE, time.clone()),
                Badge::Ready(EngineKind::Cpu { .. }) => ("CPU", format!("SIMD{time}")),
                Badge::Ready(EngineKind::WebGpu { adapter }) => ("WebGPU", format!("{adapter}{time}")),
            };
            dom::text("engine-name", name);
            dom::text("engine-detail", detail.strip_prefix(" · ").unwrap_or(&detail));
            dom::flag("engine-ready", "data-ready", matches!(badge, Badge::Ready(_)));
            let reason = match badge {
                Badge::Ready(EngineKind::Cpu { instead_of_webgpu }) => instead_of_webgpu.as_deref(),
                _ => None,
            };
            dom::flag("reason", "hidden", reason.is_none());
            dom::text("reason-text", reason.unwrap_or_default());
        },
    );
    watch(
        move || page.check.get(),
        |check| {
            let html = match check {
                Checking::No => String::new(),
                Checking::Of(_) => format!("<p>{CHECK_RUNS}</p>"),
                Checking::Done(check) => check_table(check),
            };
            dom::html("engine-check-result", &html);
        },
    );
    // A run is checked once, when somebody wants to know.
    dom::on("click", "#engine-check summary", move |_, _| {
        let run = page.data.read().as_ref().map(|data| data.run);
        if let Some(run) = run.filter(|_| page.check.get() == Checking::No) {
            page.check.set(Checking::Of(run));
        }
    });
    watch(
        move || {
            // Of attention weights out of a file nothing was calculated that could be again.
            let is_calculated = |data: &Data| data.setup.begins() != Some(Begins::Weights);
            matches!(page.badge.get(), Badge::Ready(_)) && page.data.read().as_ref().is_some_and(is_calculated)
        },
        |ready| dom::flag("engine-check", "hidden", !ready),
    );
    // It goes as it came, and by Esc, and by a click anywhere else.
    dom::listen(&document(), "click", |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        for (id, selector) in [("reason", "#reason"), ("engine-check", "#engine-check")] {
            if target.as_ref().is_some_and(|target| target.closest(selector).ok().flatten().is_none()) {
                dom::flag(id, "open", false);
            }
        }
    });
    watch(
        move || page.theme(),
        |theme| {
            let label = if *theme == Theme::Dark { THEME_TO_LIGHT } else { THEME_TO_DARK };
            dom::set("theme", "aria-label", Some(label));
        },
    );
    dom::on("click", "#theme", move |_, _| {
        let other = if page.theme() == Theme::Dark { Theme::Light } else { Theme::Dark };
        page.session.update(|session| session.theme = Some(other));
    });
    dom::on("click", "#language", move |_, _| language::change(page));
    let (language, language_name) = OTHER_LANGUAGE;
    let keys: String = KEY_MAP.iter().map(|(keys, does)| format!("<dt>{keys}</dt><dd>{does}</dd>")).collect();
    dom::skeleton(format!(
        r#"<header>
            <h1>
                <svg width="26" height="26" viewBox="0 0 26 26" aria-hidden="true">
                    <path d="M3 13a7 7 0 0 1 7-7h2v14h-2a7 7 0 0 1-7-7z" fill="currentColor"/>
                    <path d="M15 7l9-2M15 11l9-.5M15 15l9 .5M15 19l9 2" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>
                </svg>
                {NAME}
            </h1>
            <span class="tag">{TAGLINE}</span>
            <div class="learn">
                <button class="btn" id="tour-start">{TOUR}</button>
                <button class="btn" id="glossary-open">{GLOSSARY}</button>
                <button class="btn" id="language" lang="{language}" hidden>{language_name}</button>
            </div>
            <div class="right">
                <div class="badge">
                    <span class="dot" id="engine-ready" aria-hidden="true"></span>
                    <b id="engine-name" role="status" aria-label="{ENGINE}"></b>
                    <span class="detail" id="engine-detail"></span>
                    <details class="reason" id="reason" hidden>
                        <summary>{WHY_CPU}</summary>
                        <p id="reason-text" lang="en"></p>
                    </details>
                    <details class="reason" id="engine-check" hidden>
                        <summary>{CHECK}</summary>
                        <div id="engine-check-result" aria-live="polite"></div>
                    </details>
                </div>
                <button class="btn icon" id="theme">
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 12.5v-11a5.5 5.5 0 0 1 0 11z"/>
                    </svg>
                </button>
                <button class="btn icon" id="help" popovertarget="keys" aria-label="{KEYS}">?</button>
            </div>
            <div class="panel" id="keys" popover role="dialog" aria-label="{KEYS}">
                <h2>{KEYS}</h2>
                <dl>{keys}</dl>
            </div>
        </header>"#
    ))
}

/// What a check found: a line for each stage, and a verdict.
fn check_table(check: &Check) -> String {
    let mut rows = String::new();
    for stage in &check.stages {
        let (name, largest) = (tensor_name(stage.tensor), scientific(f64::from(stage.largest)));
        let mark = if stage.largest <= stage.allowed() { "✓" } else { "✗" };
        rows += &format!(r#"<tr><th scope="row">{name}</th><td>{largest}</td><td>{mark}</td></tr>"#);
    }
    let holds = check.stages.iter().all(|stage| stage.largest <= stage.allowed());
    let (against, verdict) = (escaped(&checked_against(&check.against)), check_verdict(holds));
    format!(
        r#"<p>{against}</p>
        <table>
            <tr><th scope="col">{CHECK_STAGE}</th><th scope="col">{CHECK_LARGEST}</th><td></td></tr>
            {rows}
        </table>
        <p>{verdict}</p>"#
    )
}
