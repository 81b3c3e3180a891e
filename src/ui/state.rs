//! The page's signals.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::MediaQueryList;

use crate::lesson::{
    Session, Step, Theme,
    picture::Grid,
    scene::{self, Data},
    theme::Colors,
};
use crate::protocol::{CellRef, EngineChoice, EngineKind, Operands, Tensor};

/// Everything that the components share. Copying it copies handles.
#[derive(Clone, Copy)]
pub struct Page {
    /// What makes the picture.
    pub session: RwSignal<Session>,
    /// What the engine made of it: the last good run.
    pub data: RwSignal<Option<Data>>,
    /// Which engine calculates, once one does.
    pub engine: RwSignal<Option<EngineKind>>,
    /// What went wrong, and what to do.
    pub notice: RwSignal<Option<Notice>>,
    /// The cell under the pointer.
    pub hover: RwSignal<Option<CellRef>>,
    /// The cell that the keyboard has moved to.
    pub cursor: RwSignal<Option<CellRef>>,
    /// The cell in the inspector, with what it was made from.
    pub operands: RwSignal<Option<Operands>>,
    /// Counts the times that a person asked for the engine to be started again.
    pub restart: RwSignal<usize>,
    /// Whether Play is on.
    pub playing: RwSignal<bool>,
    /// Whether Play has ever been on.
    pub played: RwSignal<bool>,
    /// The stage's width in CSS pixels; 0 before it is laid out.
    pub stage_width: RwSignal<f64>,
    /// Where the stage's matrices are.
    pub grids: RwSignal<Vec<Grid>>,
    /// Where in the step the stage is, in words.
    pub caption: RwSignal<String>,
    /// Whether the system asks for dark.
    pub system_dark: RwSignal<bool>,
    /// Whether the system asks for less motion.
    pub reduced_motion: RwSignal<bool>,
}

/// What a person should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// In words.
    pub text: String,
    /// Whether the picture is of an earlier input.
    pub stale: bool,
    /// What can be done about it with one click.
    pub offer: Option<Offer>,
}

/// What a notice offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Type the standard example.
    Example,
    /// Start the engine again.
    Restart,
}

impl Page {
    /// The signals of a page that has just been opened.
    pub fn open() -> Self {
        let search = window().location().search().unwrap_or_default();
        let engine = match search.trim_start_matches('?').split('&').find_map(|pair| pair.strip_prefix("engine=")) {
            Some("cpu") => EngineChoice::Cpu,
            Some("webgpu") => EngineChoice::WebGpu,
            _ => EngineChoice::Auto,
        };
        Self {
            session: RwSignal::new(Session { engine, ..Session::default() }),
            data: RwSignal::new(None),
            engine: RwSignal::new(None),
            notice: RwSignal::new(None),
            hover: RwSignal::new(None),
            cursor: RwSignal::new(None),
            operands: RwSignal::new(None),
            restart: RwSignal::new(0),
            playing: RwSignal::new(false),
            played: RwSignal::new(false),
            stage_width: RwSignal::new(0.0),
            grids: RwSignal::new(Vec::new()),
            caption: RwSignal::new(String::new()),
            system_dark: media("(prefers-color-scheme: dark)"),
            reduced_motion: media("(prefers-reduced-motion: reduce)"),
        }
    }

    /// The step on the stage, as a signal that changes only with it.
    pub fn step(self) -> Memo<Step> {
        Memo::new(move |_| self.session.with(|session| session.step))
    }

    /// The colours in use.
    pub fn theme(self) -> Theme {
        let system = if self.system_dark.get() { Theme::Dark } else { Theme::Light };
        self.session.with(|session| session.theme).unwrap_or(system)
    }

    /// The figure's colours in use.
    pub fn colors(self) -> Colors {
        Colors::of(self.theme())
    }

    /// Shows a step, finished, and stops Play.
    pub fn go_to(self, step: Step) {
        self.playing.set(false);
        self.session.update(|session| session.go_to(step));
    }

    /// The cell that is lit and explained: the pinned one, or the one under the pointer, or the one the keyboard is
    /// at; and where there is none, the result's most interesting one.
    pub fn focus(self) -> Option<CellRef> {
        let (pinned, step, projection, head) =
            self.session.with(|session| (session.pinned, session.step, session.projection, session.head));
        let on_stage =
            |cell: &CellRef| self.grids.with(|grids| grids.iter().any(|grid| grid.drawn_at(*cell).is_some()));
        let chosen = pinned.or_else(|| self.hover.get()).or_else(|| self.cursor.get());
        chosen.filter(|cell| on_stage(cell)).or_else(|| {
            self.data
                .with(|data| data.as_ref().map(|data| most_interesting(data, scene::result(step, projection), head)))
        })
    }
}

/// The last row's largest number.
fn most_interesting(data: &Data, tensor: Tensor, head: usize) -> CellRef {
    let (rows, columns) = data.shape(tensor);
    let head = if scene::has_heads(tensor) { head } else { 0 };
    let cell = |column| CellRef { tensor, head, row: rows - 1, column };
    let value = |column| data.value(cell(column)).unwrap_or(f32::NEG_INFINITY);
    let largest = (0..columns).max_by(|&a, &b| value(a).total_cmp(&value(b))).unwrap_or(0);
    // A token's id is no measure of anything; its place is.
    cell(if tensor == Tensor::Tokens { columns - 1 } else { largest })
}

/// Keeps the document's theme as the session and the system want it.
pub fn apply_theme(page: Page) {
    Effect::new(move || {
        let name = match page.theme() {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        if let Some(root) = document().document_element() {
            root.set_attribute("data-theme", name).expect("the attribute's name is well-formed");
        }
    });
}

/// A media query as a signal.
fn media(query: &str) -> RwSignal<bool> {
    let signal = RwSignal::new(false);
    if let Ok(Some(list)) = window().match_media(query) {
        signal.set(list.matches());
        let listed: MediaQueryList = list.clone();
        let changed = Closure::<dyn FnMut()>::new(move || signal.set(listed.matches()));
        list.set_onchange(Some(changed.as_ref().unchecked_ref()));
        // The page listens for as long as it is open.
        changed.forget();
    }
    signal
}
