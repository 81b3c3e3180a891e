use leptos::prelude::*;

use super::{dom, live::watch, player, state::Page};
use crate::lesson::{
    SPEEDS, Step,
    words::{
        given::NOT_OF_FILES,
        page::{self as words, NEXT, PAUSE, PLAY, PLAYBACK, PREVIOUS, SPEED, STEPS},
        step_name,
    },
};

/// The nine steps and the controls of Play.
#[component]
pub fn Steps(page: Page) -> impl IntoView {
    watch(
        move || {
            let session = page.session.read();
            let is_there = Step::ALL.map(|step| step.is_of(&session.setup));
            (session.step, is_there, page.neighbours().map(|step| step.is_some()))
        },
        |(now, is_there, [has_previous, has_next])| {
            for step in Step::ALL {
                let index = step.index();
                dom::disable(&format!("step-{index}"), !is_there[index]);
                // What begins with a tensor out of a file has no steps before it.
                let title = (!is_there[index]).then_some(NOT_OF_FILES[usize::from(step > *now)]);
                dom::set(&format!("step-{index}"), "title", title);
                let state = if step < *now { Some("done") } else { (step == *now).then_some("now") };
                let state = state.filter(|_| is_there[index]);
                let mark = if state == Some("done") { "✓".to_owned() } else { (index + 1).to_string() };
                dom::set(&format!("step-{index}"), "class", state);
                dom::set(&format!("step-{index}"), "aria-current", (step == *now).then_some("step"));
                dom::text(&format!("step-mark-{index}"), &mark);
            }
            dom::disable("previous", !has_previous);
            dom::disable("next", !has_next);
            dom::scroll_strip("steps", &format!("step-{}", now.index()));
        },
    );
    watch(
        move || page.playing.get(),
        |playing| {
            dom::text("play-text", if *playing { PAUSE } else { PLAY });
            dom::flag("play", "data-playing", *playing);
            dom::set("play-icon", "d", Some(if *playing { "M3 2h4v12H3zM9 2h4v12H9z" } else { "M4 2v12l10-6z" }));
        },
    );
    // What the keyboard has come to is whole. (Nothing may move under a pointer before it has clicked.)
    for (strip, buttons) in [
        ("steps", "#steps button:focus-visible"),
        ("overview", "#overview button:focus-visible"),
        ("heads", "#heads button:focus-visible"),
    ] {
        dom::on("focusin", buttons, move |button, _| dom::scroll_strip(strip, &button.id()));
    }
    let go = move |step: Option<Step>| step.into_iter().for_each(|step| page.go_to(step));
    dom::on("click", "[data-step]", move |button, _| {
        go(dom::index(button, "data-step").and_then(|index| Step::ALL.get(index).copied()));
    });
    dom::on("click", "#previous", move |_, _| {
        let [previous, _] = page.neighbours();
        go(previous);
    });
    dom::on("click", "#next", move |_, _| {
        let [_, next] = page.neighbours();
        go(next);
    });
    dom::on("click", "#play", move |_, _| player::toggle(page));
    dom::on("change", "#speed", move |select, _| {
        let chosen = dom::value(select).parse::<usize>().ok();
        if let Some(&speed) = chosen.and_then(|index| SPEEDS.get(index)) {
            page.session.update(|session| session.speed = speed);
        }
    });

    let mut steps = String::new();
    for step in Step::ALL {
        let (index, name) = (step.index(), step_name(step));
        steps += &format!(
            r#"<li>
                <button id="step-{index}" data-step="{index}"><i id="step-mark-{index}" aria-hidden="true"></i>{name}</button>
            </li>"#
        );
    }
    let mut speeds = String::new();
    for (index, name) in words::SPEEDS.iter().enumerate() {
        let selected = if SPEEDS[index] == page.session.read().speed { "selected" } else { "" };
        speeds += &format!(r#"<option value="{index}" {selected}>{name}</option>"#);
    }
    dom::skeleton(format!(
        r#"<div class="walk">
            <nav class="steps" aria-label="{STEPS}">
                <ol id="steps">{steps}</ol>
            </nav>
            <section class="play" aria-label="{PLAYBACK}">
                <button class="btn icon" id="previous" aria-label="{PREVIOUS}">
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d="M3 2h2v12H3zM14 2v12L6 8z"/>
                    </svg>
                </button>
                <button class="btn primary icon" id="play">
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path id="play-icon"/>
                    </svg>
                    <span id="play-text"></span></button>
                <button class="btn icon" id="next" aria-label="{NEXT}">
                    <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
                        <path d="M11 2h2v12h-2zM2 2v12l8-6z"/>
                    </svg>
                </button>
                <select class="btn" id="speed" aria-label="{SPEED}">{speeds}</select>
            </section>
        </div>"#
    ))
}
