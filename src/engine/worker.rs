//! The engine in its Web Worker: messages in, messages out.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Function, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::{Engine, calls};
use crate::files::{
    Job, Soon,
    remote::{File, Files},
};
use crate::gpu;
use crate::protocol::{BUILD, EngineChoice, EngineKind, Found, Reply, Request, from_bytes, to_bytes};

#[wasm_bindgen]
extern "C" {
    /// The worker's.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(then: &Function);
}

/// Whether this is a worker, and not the page.
pub fn is_here() -> bool {
    js_sys::global().is_instance_of::<DedicatedWorkerGlobalScope>()
}

/// Takes over the worker: answers what came while the engine was loading, and everything from now on.
pub fn run() {
    std::panic::set_hook(Box::new(|panic| say_last_words(&panic.to_string())));
    let worker = Rc::new(Worker {
        queue: RefCell::default(),
        engine: Cell::new(Some(Engine::new(now))),
        choice: Cell::new(EngineChoice::Auto),
        gpu_is_due: Cell::new(false),
        is_introduced: Cell::new(false),
        run: Cell::new(0),
        told: Cell::new(0.0),
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
    queue: RefCell<VecDeque<Task>>,
    /// Away while it is calculating.
    engine: Cell<Option<Engine>>,
    /// The engine that the page chose last.
    choice: Cell<EngineChoice>,
    /// Whether a GPU is to be opened once the CPU has done a run.
    gpu_is_due: Cell<bool>,
    /// Whether the page is of this build.
    is_introduced: Cell<bool>,
    /// The run that is being done, or was done last; 0 before the first.
    run: Cell<u64>,
    /// When the page was last told how far reading a file is.
    told: Cell<f64>,
}

enum Task {
    Answer(Box<Request>),
    /// Look into these files.
    Look(u64, Array),
    /// Of `window.headlight`.
    Call(JsValue),
    /// A GPU has opened, or not, since the CPU began to calculate.
    UseGpu(Box<Result<gpu::Attention, gpu::Error>>),
}

impl Worker {
    fn receive(self: Rc<Self>, data: JsValue) {
        // Beside files comes what is asked about them.
        let files = js_sys::Reflect::get(&data, &"files".into()).ok().and_then(|files| files.dyn_into::<Array>().ok());
        let request = match &files {
            Some(_) => js_sys::Reflect::get(&data, &"request".into()).unwrap_or_default(),
            None => data.clone(),
        };
        if !request.is_instance_of::<ArrayBuffer>() {
            return self.take_on(Task::Call(data));
        }
        let request = match from_bytes(&Uint8Array::new(&request).to_vec()) {
            Some(Request::Open { build, .. }) if build != BUILD => {
                return introduce();
            }
            Some(Request::Look { look }) => return self.take_on(Task::Look(look, files.unwrap_or_default())),
            Some(request) => request,
            None => {
                if !self.is_introduced.get() {
                    introduce();
                }
                return say_last_words("a message from the page could not be read.");
            }
        };
        if let Request::Open { build, engine } = request {
            self.is_introduced.set(true);
            self.choice.set(engine);
            // A GPU takes a while to open. Until then the CPU calculates, so that nobody waits for the first picture.
            self.gpu_is_due.set(engine == EngineChoice::Auto);
            if engine == EngineChoice::Auto {
                return self.take_on(Task::Answer(Box::new(Request::Open { build, engine: EngineChoice::Cpu })));
            }
            return self.take_on(Task::Answer(Box::new(Request::Open { build, engine })));
        }
        self.take_on(Task::Answer(Box::new(request)));
    }

    async fn open_gpu(self: Rc<Self>) {
        let opened = gpu::Attention::open().await;
        if self.choice.get() == EngineChoice::Auto {
            self.take_on(Task::UseGpu(Box::new(opened)));
        }
    }

    fn take_on(self: Rc<Self>, task: Task) {
        self.queue.borrow_mut().push_back(task);
        if let Some(engine) = self.engine.take() {
            spawn_local(self.work(engine));
        }
    }

    /// Works until nothing is waiting.
    async fn work(self: Rc<Self>, mut engine: Engine) {
        while let Some(task) = self.next() {
            // What is finished is shown even if a newer run waits: a picture that only came once typing stops would
            // look like a page that hangs.
            match task {
                Task::Answer(request) => {
                    let request = match *request {
                        Request::Write { run, tensors, format } => {
                            match engine.job(run, tensors, format) {
                                Some(job) => write(&mut engine, &job, run).await,
                                None => post_file(run, Err("another run has taken its place".to_owned())),
                            }
                            continue;
                        }
                        request => request,
                    };
                    let before = engine.opened();
                    let says_so = matches!(request, Request::Run { .. } | Request::Open { .. });
                    if let Request::Run { run, .. } = request {
                        self.run.set(run);
                    }
                    if let Some(reply) = engine.answer(request).await {
                        post(&reply);
                    }
                    if self.run.get() > 0 && self.gpu_is_due.take() {
                        spawn_local(self.clone().open_gpu());
                    }
                    // A GPU that was lost while the page only looked: a run says so itself.
                    let after = engine.opened();
                    if !says_so && after != before {
                        post(&after);
                    }
                }
                Task::Look(look, files) => match Files::open(&files).await {
                    Ok(files) => {
                        let worker = self.clone();
                        let goes_on = move |done, of| -> Soon<bool> { Box::pin(worker.clone().goes_on(done, of)) };
                        post(&engine.take_files(look, Rc::new(files), Rc::new(goes_on)));
                    }
                    Err(reason) => {
                        let found = |file: JsValue| {
                            let name = js_sys::Reflect::get(&file, &"name".into()).unwrap_or_default().as_string();
                            Found { name: name.unwrap_or_default(), bytes: 0, tensors: Err(reason.clone()) }
                        };
                        post(&Reply::Found { look, files: files.iter().map(found).collect() });
                    }
                },
                Task::UseGpu(opened) => post(&engine.use_gpu(*opened)),
                Task::Call(call) => {
                    let (reply, handed_over) = calls::answer(call, now).await;
                    hand_over(&reply, &handed_over);
                }
            }
        }
        self.engine.set(Some(engine));
    }

    /// Says how far reading is, now and then, and whether it is still wanted: not if a newer run waits.
    async fn goes_on(self: Rc<Self>, done: u64, of: u64) -> bool {
        /// So many milliseconds pass before anything else is heard.
        const OFTEN: f64 = 40.0;
        if now() - self.told.get() < OFTEN && done < of {
            return true;
        }
        self.told.set(now());
        post(&Reply::Reading { run: self.run.get(), done, of });
        // Messages come between two tasks.
        let turn = Promise::new(&mut |done, _| set_timeout(&done));
        // It is never broken.
        let _ = JsFuture::from(turn).await;
        !self.is_waiting(is_run)
    }

    /// The next task, passing over runs and explanations that newer ones have replaced.
    fn next(&self) -> Option<Task> {
        loop {
            let task = self.queue.borrow_mut().pop_front()?;
            if ![is_run, is_explain].into_iter().any(|is| is(&task) && self.is_waiting(is)) {
                return Some(task);
            }
        }
    }

    /// Whether a task of this kind waits.
    fn is_waiting(&self, kind: fn(&Task) -> bool) -> bool {
        self.queue.borrow().iter().any(kind)
    }
}

fn is_run(task: &Task) -> bool {
    matches!(task, Task::Answer(request) if matches!(**request, Request::Run { .. }))
}

fn is_explain(task: &Task) -> bool {
    matches!(task, Task::Answer(request) if matches!(**request, Request::Explain { .. }))
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Milliseconds since the worker began.
fn now() -> f64 {
    scope().performance().map_or(0.0, |performance| performance.now())
}

fn post(reply: &Reply) {
    let buffer = buffer(reply);
    hand_over(&buffer, &Array::of1(&buffer));
}

/// Writes a file, and posts it beside the reply.
async fn write(engine: &mut Engine, job: &Job, run: u64) {
    let made = match File::begin(job).await {
        Err(trouble) => Err(trouble),
        Ok(file) => {
            let mut written = Ok(());
            let handed = engine.hand_out(job, |numbers| written = written.clone().and_then(|()| file.numbers(numbers)));
            let handed = handed.await;
            handed.and(written).and_then(|()| file.finish())
        }
    };
    post_file(run, made);
}

fn post_file(run: u64, made: Result<JsValue, String>) {
    let (file, trouble) = made.map_or_else(|trouble| (JsValue::NULL, Some(trouble)), |file| (file, None));
    let buffer = buffer(&Reply::Written { run, trouble });
    hand_over(&Array::of2(&buffer, &file), &Array::of1(&buffer));
}

fn buffer(reply: &Reply) -> ArrayBuffer {
    Uint8Array::from(to_bytes(reply).as_slice()).buffer()
}

fn hand_over(message: &Object, buffers: &Array) {
    scope().post_message_with_transfer(message, buffers).expect("buffers that were just made can be handed over");
}

/// Tells this build to a page that may be of another: the page compares them and says what to do.
fn introduce() {
    post(&Reply::Opened { build: BUILD.to_owned(), engine: EngineKind::Cpu { instead_of_webgpu: None } });
}

/// A string instead of bytes tells the page that the engine has died.
fn say_last_words(reason: &str) {
    // Nobody is left to tell if even this fails.
    let _ = scope().post_message(&JsValue::from_str(reason));
}
