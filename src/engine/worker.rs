//! The engine in its Web Worker: messages in, messages out.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::Engine;
use crate::protocol::{BUILD, EngineKind, Reply, Request, from_bytes, to_bytes};

/// Takes over the worker: answers what came while the engine was loading, and everything from now on.
pub fn run() {
    std::panic::set_hook(Box::new(|panic| say_last_words(&panic.to_string())));
    let worker = Rc::new(Worker {
        queue: RefCell::default(),
        engine: Cell::new(Some(Engine::new(|| scope().performance().map_or(0.0, |performance| performance.now())))),
    });
    let for_messages = worker.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        for_messages.clone().receive(event.data());
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The worker listens for as long as it lives.
    on_message.forget();
    let inbox = js_sys::Reflect::get(&scope(), &JsValue::from_str("headlightInbox")).unwrap_or_default();
    for data in inbox.dyn_into::<Array>().unwrap_or_default().iter() {
        worker.clone().receive(data);
    }
}

struct Worker {
    queue: RefCell<VecDeque<Request>>,
    /// Away while it is calculating.
    engine: Cell<Option<Engine>>,
}

impl Worker {
    fn receive(self: Rc<Self>, data: JsValue) {
        let request = match from_bytes(&Uint8Array::new(&data).to_vec()) {
            Ok(Request::Open { build, .. }) if build != BUILD => {
                // The page compares the builds and says what to do.
                post(&Reply::Opened { build: BUILD.to_owned(), engine: EngineKind::Cpu { instead_of_webgpu: None } });
                return;
            }
            Ok(request) => request,
            Err(error) => return say_last_words(&format!("a message from the page could not be read ({error}).")),
        };
        self.queue.borrow_mut().push_back(request);
        if let Some(engine) = self.engine.take() {
            spawn_local(self.work(engine));
        }
    }

    /// Answers until nothing is waiting.
    async fn work(self: Rc<Self>, mut engine: Engine) {
        while let Some(request) = self.next() {
            let is_run = matches!(request, Request::Run { .. });
            let reply = engine.answer(request).await;
            // The newest run wins: an older one's result is not worth sending any more.
            if let Some(reply) = reply.filter(|_| !(is_run && self.run_is_waiting())) {
                post(&reply);
            }
        }
        self.engine.set(Some(engine));
    }

    /// The next request, passing over runs that a newer one has replaced.
    fn next(&self) -> Option<Request> {
        loop {
            let request = self.queue.borrow_mut().pop_front()?;
            if !(matches!(request, Request::Run { .. }) && self.run_is_waiting()) {
                return Some(request);
            }
        }
    }

    fn run_is_waiting(&self) -> bool {
        self.queue.borrow().iter().any(|request| matches!(request, Request::Run { .. }))
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn post(reply: &Reply) {
    let buffer: ArrayBuffer = Uint8Array::from(to_bytes(reply).as_slice()).buffer();
    scope()
        .post_message_with_transfer(&buffer, &Array::of1(&buffer))
        .expect("a buffer that was just made can be handed over");
}

/// A string instead of bytes tells the page that the engine has died.
fn say_last_words(reason: &str) {
    // Nobody is left to tell if even this fails.
    let _ = scope().post_message(&JsValue::from_str(reason));
}
