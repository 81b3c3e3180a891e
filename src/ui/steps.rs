use leptos::prelude::*;

use super::{player, state::Page};
use crate::lesson::{SPEEDS, Step, words};

/// The nine steps and the controls of Play.
#[component]
pub fn Steps() -> impl IntoView {
    let page = expect_context::<Page>();
    let now = page.step();
    let step = move |step: Step| {
        let current = move || now.get() == step;
        let done = move || now.get() > step;
        view! {
            <li class:now=current class:done=done>
                <button aria-current=move || current().then_some("step") on:click=move |_| page.go_to(step)>
                    <i aria-hidden="true">{move || if done() { "✓".to_owned() } else { (step.index() + 1).to_string() }}</i>
                    {words::step_name(step)}
                </button>
            </li>
        }
    };
    let go = move |other: Option<Step>| {
        if let Some(other) = other {
            page.go_to(other);
        }
    };
    let speed = page.session.with_untracked(|session| session.speed);
    view! {
        <div class="walk">
            <nav class="steps" aria-label=words::page::STEPS>
                <ol>{Step::ALL.map(step).collect_view()}</ol>
            </nav>
            <div class="play">
                <button
                    class="btn icon"
                    aria-label=words::page::PREVIOUS
                    disabled=move || now.get().previous().is_none()
                    on:click=move |_| go(now.get_untracked().previous())
                >
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d="M3 2h2v12H3zM14 2v12L6 8z"/>
                    </svg>
                </button>
                <button class="btn primary icon" on:click=move |_| player::toggle(page)>
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d=move || if page.playing.get() { "M3 2h4v12H3zM9 2h4v12H9z" } else { "M4 2v12l10-6z" }/>
                    </svg>
                    {move || if page.playing.get() { words::page::PAUSE } else { words::page::PLAY }}
                </button>
                <button
                    class="btn icon"
                    aria-label=words::page::NEXT
                    disabled=move || now.get().next().is_none()
                    on:click=move |_| go(now.get_untracked().next())
                >
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d="M11 2h2v12h-2zM2 2v12l8-6z"/>
                    </svg>
                </button>
                <select
                    class="btn"
                    aria-label=words::page::SPEED
                    on:change=move |event| {
                        let chosen = event_target_value(&event).parse::<usize>().ok();
                        if let Some(&speed) = chosen.and_then(|index| SPEEDS.get(index)) {
                            page.session.update(|session| session.speed = speed);
                        }
                    }
                >
                    {SPEEDS.into_iter().enumerate().map(|(index, choice)| view! {
                        <option value=index.to_string() selected=choice == speed>{words::page::SPEEDS[index]}</option>
                    }).collect_view()}
                </select>
            </div>
        </div>
    }
}
