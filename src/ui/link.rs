//! The page's end of the line to the engine.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::*};
use web_sys::{ErrorEvent, MessageEvent, Worker};

use super::state::{Notice, Offer, Page};
use crate::lesson::{
    Session,
    scene::{self, Data},
    words,
};
use crate::protocol::{BUILD, EngineChoice, Refusal, Reply, Request, Setup, from_bytes, to_bytes};

#[wasm_bindgen]
extern "C" {
    /// Gives the engine's worker, which the page began to load before the app; a second call starts a fresh one.
    #[wasm_bindgen(js_namespace = headlightBoot, js_name = startEngine)]
    fn start_engine() -> Worker;
}

/// The line: the worker, and what was last asked of it.
struct Link {
    worker: Worker,
    /// The number of the last run that was asked for.
    run: u64,
    /// What the last run was asked with.
    asked: Option<(String, Setup)>,
    /// The engine that was asked for.
    choice: EngineChoice,
    /// How often the engine has died.
    deaths: usize,
}

/// Connects the signals to the engine: what the session needs is asked for, what comes is kept.
pub fn connect(page: Page) {
    let choice = page.session.with_untracked(|session| session.engine);
    let link = StoredValue::new_local(Link { worker: start_engine(), run: 0, asked: None, choice, deaths: 0 });
    listen(page, link);
    open(link, choice);

    let wanted = Memo::new(move |_| {
        page.session.with(|session| {
            let Session { sentence, setup, engine, .. } = session;
            (sentence.clone(), setup.clone(), *engine, scene::wanted(session))
        })
    });
    Effect::new(move || {
        let (sentence, setup, choice, slices) = wanted.get();
        if link.with_value(|link| link.choice != choice) {
            link.update_value(|link| {
                link.choice = choice;
                link.asked = None;
            });
            open(link, choice);
        }
        let asked = Some((sentence.clone(), setup.clone()));
        if link.with_value(|link| link.asked != asked) {
            link.update_value(|link| {
                link.asked = asked;
                link.run += 1;
            });
            let run = link.with_value(|link| link.run);
            send(link, &Request::Run { run, sentence, setup, slices });
        } else {
            ask_for_missing(page, link);
        }
    });
    Effect::new(move || {
        let run = page.data.with(|data| data.as_ref().map(|data| data.run));
        if let (Some(run), Some(cell)) = (run, page.focus()) {
            send(link, &Request::Explain { run, cell });
        }
    });
    // A notice may offer to start the engine again.
    Effect::new(move || {
        if page.restart.get() > 0 {
            restart(page, link);
        }
    });
}

type LinkRef = StoredValue<Link, LocalStorage>;

fn open(link: LinkRef, engine: EngineChoice) {
    send(link, &Request::Open { build: BUILD.to_owned(), engine });
}

fn send(link: LinkRef, request: &Request) {
    let buffer: ArrayBuffer = Uint8Array::from(to_bytes(request).as_slice()).buffer();
    link.with_value(|link| link.worker.post_message_with_transfer(&buffer, &Array::of1(&buffer)))
        .expect("a buffer that was just made can be handed over");
}

/// Asks for what the session shows and the page does not have.
fn ask_for_missing(page: Page, link: LinkRef) {
    let wanted = page.session.with_untracked(scene::wanted);
    let missing = page.data.with_untracked(|data| data.as_ref().map(|data| (data.run, data.missing(&wanted))));
    if let Some((run, slices)) = missing.filter(|(_, slices)| !slices.is_empty()) {
        send(link, &Request::Read { run, slices });
    }
}

fn listen(page: Page, link: LinkRef) {
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        match data.as_string() {
            Some(last_words) => engine_died(page, link, &last_words),
            None => match from_bytes(&Uint8Array::new(&data).to_vec()) {
                Ok(reply) => receive(page, link, reply),
                Err(error) => engine_died(page, link, &error),
            },
        }
    });
    let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
        event.prevent_default();
        engine_died(page, link, &event.message());
    });
    link.with_value(|link| {
        link.worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        link.worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    });
    // The page listens for as long as it is open.
    on_message.forget();
    on_error.forget();
}

fn receive(page: Page, link: LinkRef, reply: Reply) {
    match reply {
        Reply::Opened { build, .. } if build != BUILD => {
            page.notice.set(Some(Notice { text: words::wrong_build(BUILD, &build), stale: true, offer: None }));
        }
        Reply::Opened { engine, .. } => page.engine.set(Some(engine)),
        Reply::Ran(run) => {
            super::canvas::mark(&format!("headlight:received {}", run.run));
            let left_out = run.left_out;
            page.engine.set(Some(run.engine.clone()));
            page.data.set(Some(Data::new(run)));
            page.notice.set((left_out > 0).then(|| Notice {
                text: words::left_out(left_out),
                stale: false,
                offer: None,
            }));
            ask_for_missing(page, link);
        }
        Reply::Refused { run, refusal } if link.with_value(|link| link.run) == run => {
            let offer = (refusal == Refusal::NoTokens).then_some(Offer::Example);
            page.notice.set(Some(Notice { text: words::refusal(&refusal), stale: true, offer }));
        }
        Reply::Refused { .. } => {}
        Reply::Slices { run, slices } => {
            let wanted = page.session.with_untracked(scene::wanted);
            page.data.update(|data| {
                if let Some(data) = data.as_mut().filter(|data| data.run == run) {
                    data.exchange(slices, &wanted);
                }
            });
        }
        Reply::Operands { run, operands } => {
            let current = page.data.with_untracked(|data| data.as_ref().is_some_and(|data| data.run == run));
            if current {
                page.operands.set(Some(operands));
            }
        }
    }
}

/// The engine has died: the first time it is started again on the CPU, after that only when asked to.
fn engine_died(page: Page, link: LinkRef, reason: &str) {
    link.update_value(|link| link.deaths += 1);
    page.engine.set(None);
    let reason = if reason.ends_with('.') { reason.to_owned() } else { format!("{reason}.") };
    if link.with_value(|link| link.deaths) == 1 {
        page.notice.set(Some(Notice { text: words::engine_died(&reason), stale: false, offer: None }));
        restart(page, link);
    } else {
        let text = words::engine_died_again(&reason);
        page.notice.set(Some(Notice { text, stale: true, offer: Some(Offer::Restart) }));
    }
}

fn restart(page: Page, link: LinkRef) {
    link.with_value(|link| {
        link.worker.set_onmessage(None);
        link.worker.set_onerror(None);
    });
    link.update_value(|link| {
        link.worker = start_engine();
        link.asked = None;
        link.choice = EngineChoice::Cpu;
    });
    listen(page, link);
    open(link, EngineChoice::Cpu);
    // Asks for the run again, now on the CPU.
    page.session.update(|session| session.engine = EngineChoice::Cpu);
}
