//! The page's end of the line to the engine.

use std::{cell::RefCell, mem::discriminant};

use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array};
use leptos::prelude::document;
use wasm_bindgen::{JsCast, prelude::*};
use web_sys::{ErrorEvent, Event, MessageEvent, Worker};

use super::{
    dom,
    export::{self, Draft, Order},
    live::watch,
    state::{Badge, Checking, Page, Tensors},
};
use crate::lesson::{
    Zoom,
    notice::Trouble,
    picture::goes_over,
    scene::{self, Data},
    words::{self, export::CHANGED_MEANWHILE},
};
use crate::protocol::{BUILD, EngineChoice, Reply, Request, Setup, from_bytes, to_bytes};

#[wasm_bindgen]
extern "C" {
    /// Gives the engine's worker, which the page began to load before the app; a second call starts a fresh one.
    #[wasm_bindgen(js_namespace = headlightBoot, js_name = startEngine)]
    fn start_engine() -> Worker;
}

/// With what a person begins to use a page.
const DEEDS: [&str; 6] = ["pointermove", "pointerdown", "wheel", "keydown", "click", "input"];

/// The line: the worker, and what was last asked of it.
struct Link {
    worker: Worker,
    /// The number of the last run that was asked for.
    run: u64,
    /// The number of the last run that was answered.
    answered: u64,
    /// The run that a fresh engine does for a dead one; what was said of that stays until the next.
    again: Option<u64>,
    /// A reading that was asked for and has not been answered: the next waits for it, so that the engine is never asked
    /// faster than it answers.
    reading: Option<Reading>,
    /// What the last run was asked with.
    asked: Option<([String; 2], Setup, Option<Setup>)>,
    /// The engine that was asked for.
    choice: EngineChoice,
    /// Whether a person has done anything on the page.
    is_used: bool,
    /// How often the engine has died.
    deaths: usize,
}

/// What a reading is for.
#[derive(Clone, Copy)]
enum Reading {
    /// The page, which shows this sentence and these of its tokens.
    Page(usize, Zoom),
    /// A figure.
    Draft,
}

/// It is there for as long as the page is open.
type LinkRef = &'static RefCell<Link>;

/// Connects the page to the engine: what the session needs is asked for, what comes is kept.
pub fn connect(page: Page) {
    let choice = page.session.read().engine;
    let link = Link {
        worker: start_engine(),
        run: 0,
        answered: 0,
        again: None,
        reading: None,
        asked: None,
        choice,
        is_used: false,
        deaths: 0,
    };
    let link: LinkRef = Box::leak(Box::new(RefCell::new(link)));
    listen(page, link);
    // Whoever only looks is not sent the GPU's program.
    open(link, if choice == EngineChoice::Auto { EngineChoice::Cpu } else { choice });
    for deed in DEEDS {
        dom::listen(&document(), deed, move |_| {
            let is_first = !std::mem::replace(&mut link.borrow_mut().is_used, true);
            if is_first && link.borrow().choice == EngineChoice::Auto {
                open(link, EngineChoice::Auto);
            }
        });
    }
    watch(
        move || {
            let session = page.session.read();
            let wanted = scene::wanted(&session, &session.setup, session.before.as_ref());
            let sentences = [session.sentence.clone(), session.second.clone()];
            ((sentences, session.setup.clone(), session.before.clone()), session.engine, wanted)
        },
        move |(asked, choice, _)| {
            if link.borrow().choice != *choice {
                page.facts.update(|facts| facts.no_engine = None);
                link.borrow_mut().choice = *choice;
                link.borrow_mut().asked = None;
                open(link, *choice);
            }
            let asked = Some(asked);
            if link.borrow().asked.as_ref() != asked {
                link.borrow_mut().asked = asked.cloned();
                ask_again(page, link);
            } else {
                ask_for_missing(page, link);
            }
        },
    );
    watch(
        move || (page.data.read().as_ref().map(|data| (data.run, data.item)), page.focus()),
        move |asked| {
            if let (Some((run, item)), Some(cell)) = *asked {
                send(link, &Request::Explain { run, item, cell });
            }
        },
    );
    watch(
        move || page.check.get(),
        move |check| {
            if let Checking::Of(run) = *check {
                send(link, &Request::Check { run });
            }
        },
    );
    watch(
        move || page.order.get(),
        move |order| {
            if let Some(Order { run, tensors, format, .. }) = order.clone() {
                send(link, &Request::Write { run, tensors, format });
            }
        },
    );
    watch(
        move || page.tensors.read().as_ref().map(|tensors| (tensors.look, tensors.is_looked_into())),
        move |tensors| {
            // Those that were looked into are there.
            if tensors.is_some_and(|(_, is_looked_into)| !is_looked_into) {
                send_files(page, link);
            }
        },
    );
    watch(
        move || page.draft.get().is_some(),
        move |is_asked_for| {
            if *is_asked_for {
                ask_for_missing(page, link);
            }
        },
    );
    // A notice may offer to start the engine again.
    watch(
        move || page.restart.get(),
        move |asked| {
            if *asked > 0 {
                page.facts.update(|facts| facts.trouble = None);
                restart(page, link);
            }
        },
    );
}

fn open(link: LinkRef, engine: EngineChoice) {
    send(link, &Request::Open { build: BUILD.to_owned(), engine });
}

fn send(link: LinkRef, request: &Request) {
    let buffer: ArrayBuffer = Uint8Array::from(to_bytes(request).as_slice()).buffer();
    let handed_over = Array::of1(&buffer);
    link.borrow()
        .worker
        .post_message_with_transfer(&buffer, &handed_over)
        .expect("a buffer that was just made can be handed over");
}

/// Hands the engine the files that a person gave, if there are any, and asks what they hold; of an engine that was started
/// again, those on the stage first.
fn send_files(page: Page, link: LinkRef) {
    let tensors = page.tensors.read();
    let Some(newest) = tensors.as_ref() else { return };
    for Tensors { look, files, .. } in newest.before.as_deref().into_iter().chain([newest]) {
        let buffer: ArrayBuffer = Uint8Array::from(to_bytes(&Request::Look { look: *look }).as_slice()).buffer();
        let files: Array = files.iter().collect();
        // No array: as such the worker's programs come.
        let message = Object::new();
        for (name, value) in [("request", buffer.as_ref()), ("files", files.as_ref())] {
            let _ = Reflect::set(&message, &name.into(), value);
        }
        link.borrow().worker.post_message(&message).expect("files can be handed to a worker");
    }
}

/// Asks for everything that the session shows, calculated anew.
fn ask_again(page: Page, link: LinkRef) {
    link.borrow_mut().run += 1;
    let run = link.borrow().run;
    let session = page.session.read();
    let (sentence, second, setup) = (session.sentence.clone(), session.second.clone(), session.setup.clone());
    let before = session.before.clone();
    let slices = scene::wanted(&session, &setup, before.as_ref());
    // No reading of the run before is answered any more.
    link.borrow_mut().reading = None;
    page.running.renew(true);
    send(link, &Request::Run { run, sentence, second, setup, before, slices });
}

/// Asks for what the session shows and the page does not have.
fn ask_for_missing(page: Page, link: LinkRef) {
    if link.borrow().reading.is_some() {
        return;
    }
    let missing = page.data.read().as_ref().map(|data| (data.run, data.missing(&page.session.read())));
    if let Some((run, slices)) = missing.filter(|(_, slices)| !slices.is_empty()) {
        let (item, zoom) = shown(page);
        link.borrow_mut().reading = Some(Reading::Page(item, zoom));
        send(link, &Request::Read { run, slices });
    } else if let Some(Draft { run, slices, .. }) = page.draft.get().filter(|draft| !draft.slices.is_empty()) {
        if page.data.read().as_ref().is_none_or(|data| data.run != run) {
            // Of a run that is gone, nothing is answered.
            return export::give_up(page, CHANGED_MEANWHILE);
        }
        link.borrow_mut().reading = Some(Reading::Draft);
        send(link, &Request::Read { run, slices });
    }
}

/// What the stage is to show: which sentence, and which of its tokens.
fn shown(page: Page) -> (usize, Zoom) {
    let session = page.session.read();
    (session.item, session.zoom)
}

fn listen(page: Page, link: LinkRef) {
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        if data.is_null() {
            return; // It has begun.
        }
        match data.as_string() {
            Some(last_words) => engine_died(page, link, &last_words),
            None => match received(&data) {
                Some((Reply::Written { run, trouble }, file)) => export::deliver(page, run, &file, trouble),
                Some((reply, _)) => receive(page, link, reply),
                None => engine_died(page, link, "a message from it could not be read"),
            },
        }
    });
    let on_error = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        event.prevent_default();
        // Where the worker could not be started at all, the event says nothing.
        let reason = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message);
        engine_died(page, link, reason.as_deref().unwrap_or("the browser did not let its worker start"));
    });
    link.borrow().worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    link.borrow().worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    // The page listens for as long as it is open.
    on_message.forget();
    on_error.forget();
}

/// A reply, and the file beside it, if there is one.
fn received(data: &JsValue) -> Option<(Reply, JsValue)> {
    let (bytes, file) = match data.dyn_ref::<Array>() {
        Some(both) => (both.get(0), both.get(1)),
        None => (data.clone(), JsValue::UNDEFINED),
    };
    Some((from_bytes(&Uint8Array::new(&bytes).to_vec())?, file))
}

fn receive(page: Page, link: LinkRef, reply: Reply) {
    match reply {
        Reply::Opened { build, .. } if build != BUILD => {
            hang_up(link);
            page.running.renew(false);
            page.badge.set(Badge::Stopped);
            page.facts.update(|facts| facts.trouble = Some(Trouble::WrongBuild(build)));
        }
        Reply::Opened { engine, .. } => {
            let another =
                page.data.read().as_ref().is_some_and(|data| discriminant(&data.engine) != discriminant(&engine));
            // The badge names the engine that made what is on the screen: another's name comes with its numbers, which
            // are asked for now, unless a run is waiting that will be the new engine's.
            let waiting = link.borrow().run > link.borrow().answered;
            match another {
                false => page.badge.set(Badge::Ready(engine)),
                true if waiting => {}
                true => ask_again(page, link),
            }
        }
        Reply::Ran(run) => {
            link.borrow_mut().answered = run.run;
            page.running.renew(link.borrow().run > run.run);
            page.reading.renew(None);
            // What was asked of the run before, while this one was under way, is not answered any more.
            link.borrow_mut().reading = None;
            let again = link.borrow().again == Some(run.run);
            super::canvas::mark("received", run.run);
            page.facts.update(|facts| {
                (facts.refusal, facts.left_out, facts.is_given) = (None, run.left_out, run.setup.given.is_some());
                if !again {
                    facts.trouble = None;
                }
            });
            page.badge.set(Badge::Ready(run.engine.clone()));
            // A cell that is kept stays so while it is about the same words.
            let pinned = page.session.read().pinned;
            let item = page.session.read().item.min(run.batch.len() - 1);
            let is_another = |cell, old: &Data| !scene::same_words(cell, old.sentence(), &run.batch[item]);
            let arrived = page.arrives.get();
            page.arrives.set(false);
            if !arrived && pinned.zip(page.data.read().as_ref()).is_some_and(|(cell, old)| is_another(cell, old)) {
                page.session.update(|session| session.pinned = None);
            }
            // There may be fewer sentences now.
            if item != page.session.read().item {
                page.session.update(|session| session.item = item);
            }
            // They are of the run before.
            page.operands.set(None);
            let is_looked_at = dom::element("engine-check").is_some_and(|check| check.has_attribute("open"));
            let checks_on = is_looked_at && page.check.get() != Checking::No;
            page.check.set(if checks_on { Checking::Of(run.run) } else { Checking::No });
            let new = Data::new(run, shown(page));
            let may_move = !page.reduced_motion.get() && !page.playing.get();
            let goes_over = page.data.read().as_ref().is_some_and(|old| may_move && goes_over(old, &new));
            let old = page.data.update(|data| data.replace(new));
            page.earlier.set(old.filter(|_| goes_over));
            ask_for_missing(page, link);
        }
        Reply::Refused { run, refusal } if link.borrow().run == run => {
            link.borrow_mut().answered = run;
            page.running.renew(false);
            page.reading.renew(None);
            // It may have been a reading that was refused: the next need not wait for it.
            if let Some(Reading::Draft) = link.borrow_mut().reading.take() {
                export::give_up(page, &words::refusal(&refusal));
            }
            page.facts.update(|facts| facts.refusal = Some(refusal));
        }
        Reply::Refused { .. } => {}
        Reply::Slices { run, slices } => {
            let reading = link.borrow_mut().reading.take();
            let asked = match reading {
                Some(Reading::Draft) => {
                    export::add(page, slices);
                    return ask_for_missing(page, link);
                }
                Some(Reading::Page(item, zoom)) => Some((item, zoom)),
                None => None,
            };
            // An engine that has none of them is not asked again.
            let came = !slices.is_empty();
            let item = |page: Page| page.data.read().as_ref().map(|data| data.item);
            let before = item(page);
            page.data.update(|data| {
                if let (Some(data), Some(asked)) = (data.as_mut().filter(|data| data.run == run), asked) {
                    data.exchange(slices, asked, &page.session.read());
                }
            });
            if item(page) != before {
                page.operands.set(None);
            }
            if came {
                ask_for_missing(page, link);
            }
        }
        Reply::Written { .. } => {}
        Reply::Found { look, files } => page.tensors.update(|tensors| {
            // An engine that was started again looks once more.
            if let Some(tensors) = tensors.as_mut().filter(|tensors| tensors.look == look && !tensors.is_looked_into())
            {
                tensors.found = Some(files);
            }
        }),
        Reply::Reading { run, done, of } => {
            if link.borrow().run == run {
                page.reading.set(Some((done, of)));
            }
        }
        Reply::Checked(check) => {
            if page.check.get() == Checking::Of(check.run) {
                page.check.set(Checking::Done(check));
            }
        }
        Reply::Operands { run, operands } => {
            if page.data.read().as_ref().is_some_and(|data| (data.run, data.item) == (run, operands.item)) {
                page.operands.set(Some(operands));
            }
        }
    }
}

/// The engine has died: the first time it is started again on the CPU, after that only when asked to.
fn engine_died(page: Page, link: LinkRef, reason: &str) {
    hang_up(link);
    page.running.renew(false);
    page.reading.renew(None);
    link.borrow_mut().deaths += 1;
    let reason = if reason.ends_with('.') { reason.to_owned() } else { format!("{reason}.") };
    if let Some(Order { run, .. }) = page.order.get() {
        export::deliver(page, run, &JsValue::NULL, Some(reason.clone()));
    }
    export::give_up(page, &reason);
    if link.borrow().deaths == 1 {
        page.facts.update(|facts| facts.trouble = Some(Trouble::Died(reason)));
        restart(page, link);
    } else {
        page.badge.set(Badge::Stopped);
        page.facts.update(|facts| facts.trouble = Some(Trouble::DiedAgain(reason)));
    }
}

/// Takes nothing more from this worker: a panic is followed by an error that says less.
fn hang_up(link: LinkRef) {
    let worker = link.borrow().worker.clone();
    worker.set_onmessage(None);
    worker.set_onerror(None);
    worker.terminate();
}

fn restart(page: Page, link: LinkRef) {
    page.badge.set(Badge::Starting);
    link.borrow_mut().worker = start_engine();
    link.borrow_mut().choice = EngineChoice::Cpu;
    listen(page, link);
    open(link, EngineChoice::Cpu);
    send_files(page, link);
    page.session.update(|session| session.engine = EngineChoice::Cpu);
    ask_again(page, link);
    let run = link.borrow().run;
    link.borrow_mut().again = Some(run);
}
