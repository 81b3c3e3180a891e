use leptos::prelude::*;

use super::{dom, player, state::Page};
use crate::lesson::{SPEEDS, Step, words};

/// The nine steps and the controls of Play.
#[component]
pub fn Steps() -> impl IntoView {
    let page = expect_context::<Page>();
    let step = page.step();
    Effect::new(move || {
        let now = step.get();
        for step in Step::ALL {
            let id = format!("step-{}", step.index());
            let mark = if step < now { "✓".to_owned() } else { (step.index() + 1).to_string() };
            let state = if step < now { Some("done") } else { (step == now).then_some("now") };
            dom::set(&id, "class", state);
            dom::set(&id, "aria-current", (step == now).then_some("step"));
            dom::text(&format!("step-mark-{}", step.index()), &mark);
        }
        dom::flag("previous", "disabled", now.previous().is_none());
        dom::flag("next", "disabled", now.next().is_none());
    });
    Effect::new(move || {
        let playing = page.playing.get();
        dom::text("play-text", if playing { words::page::PAUSE } else { words::page::PLAY });
        dom::set("play-icon", "d", Some(if playing { "M3 2h4v12H3zM9 2h4v12H9z" } else { "M4 2v12l10-6z" }));
    });
    let button = |step: Step| {
        view! {
            <li>
                <button id=format!("step-{}", step.index()) on:click=move |_| page.go_to(step)>
                    <i id=format!("step-mark-{}", step.index()) aria-hidden="true"></i>
                    {words::step_name(step)}
                </button>
            </li>
        }
    };
    let go = move |to: fn(Step) -> Option<Step>| {
        if let Some(step) = to(step.get_untracked()) {
            page.go_to(step);
        }
    };
    let choose_speed = move |event| {
        let chosen = event_target_value(&event).parse::<usize>().ok();
        if let Some(&speed) = chosen.and_then(|index| SPEEDS.get(index)) {
            page.session.update(|session| session.speed = speed);
        }
    };
    let speed = page.session.with_untracked(|session| session.speed);
    let speeds = SPEEDS.into_iter().zip(words::page::SPEEDS).enumerate().map(|(index, (choice, name))| {
        view! { <option value=index.to_string() selected=choice == speed>{name}</option> }
    });
    view! {
        <div class="walk">
            <nav class="steps" aria-label=words::page::STEPS>
                <ol>{Step::ALL.map(button).collect_view()}</ol>
            </nav>
            <div class="play">
                <button class="btn icon" id="previous" aria-label=words::page::PREVIOUS on:click=move |_| go(Step::previous)>
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d="M3 2h2v12H3zM14 2v12L6 8z"/>
                    </svg>
                </button>
                <button class="btn primary icon" on:click=move |_| player::toggle(page)>
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path id="play-icon"/>
                    </svg>
                    <span id="play-text"></span>
                </button>
                <button class="btn icon" id="next" aria-label=words::page::NEXT on:click=move |_| go(Step::next)>
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d="M11 2h2v12h-2zM2 2v12l8-6z"/>
                    </svg>
                </button>
                <select class="btn" aria-label=words::page::SPEED on:change=choose_speed>{speeds.collect_view()}</select>
            </div>
        </div>
    }
}
