//! What the components share.

use std::ops::{Deref, Range};

use leptos::prelude::{document, window};
use wasm_bindgen::JsValue;

use super::{
    address,
    arcs::{self, Places},
    dom,
    export::{Draft, Order},
    language,
    live::{Live, watch},
};
use crate::lesson::{
    Session, Sight, Step, Theme,
    explain::{Context, whereabouts},
    given::Offer,
    glossary::Term,
    link::Opened,
    luggage::Luggage,
    notice::Facts,
    picture::Grid,
    scene::{self, Data},
    theme::Colors,
    tour::Tour,
    trail::Trail,
    words::given::NOT_OF_FILES,
};
use crate::protocol::{Axis, CellRef, Check, EngineChoice, EngineKind, Found, Operands, Setup, Tensor, own_len};

/// Everything that the components share, as long as the page is open. Copying it copies the handle.
#[derive(Clone, Copy)]
pub struct Page(&'static Values);

impl Deref for Page {
    type Target = Values;

    fn deref(&self) -> &Values {
        self.0
    }
}

/// What can be followed.
pub struct Values {
    /// What makes the picture.
    pub session: Live<Session>,
    /// What the engine made of it: the last good run.
    pub data: Live<Option<Data>>,
    /// The run before it, while the stage goes over from that to it.
    pub earlier: Live<Option<Data>>,
    /// Which engine calculates.
    pub badge: Live<Badge>,
    /// What is wrong.
    pub facts: Live<Facts>,
    /// The cell under the pointer.
    pub hover: Live<Option<CellRef>>,
    /// The cell that the keyboard has moved to; [`Page::at_cursor`] says in which head.
    pub cursor: Live<Option<CellRef>>,
    /// Whether the engine is at a run that has not been answered.
    pub running: Live<bool>,
    /// Whether what is on the canvas is another picture than the session's, because the numbers of that are not here yet.
    pub lagging: Live<bool>,
    /// The cell in the inspector, with what it was made from.
    pub operands: Live<Option<Operands>>,
    /// Whether a check of the run was asked for, and what came of it.
    pub check: Live<Checking>,
    /// Counts the times that a person asked for the engine to be started again.
    pub restart: Live<usize>,
    /// Whether pointers and keys paint the mask, where it is on the stage.
    pub painting: Live<bool>,
    /// Whether Play is on.
    pub playing: Live<bool>,
    /// Where in the step Play stops, if it does not go on to the next.
    pub play_until: Live<Option<f64>>,
    /// Whether the inspector shows all terms.
    pub all_terms: Live<bool>,
    /// The cells of the term under the pointer or at the keyboard.
    pub lit: Live<Vec<CellRef>>,
    /// The cells whose terms were followed.
    pub trail: Live<Trail>,
    /// Whether it is shown what can be taken along.
    pub exports: Live<bool>,
    /// Whether the next run is of what an address led to.
    pub arrives: Live<bool>,
    /// The file of tensors that is being written.
    pub order: Live<Option<Order>>,
    /// Files of tensors that a person gave.
    pub tensors: Live<Option<Tensors>>,
    /// How far reading one is: so many bytes, of so many.
    pub reading: Live<Option<(u64, u64)>>,
    /// The figure that waits for its numbers.
    pub draft: Live<Option<Draft>>,
    /// The term at which the glossary is open.
    pub glossary: Live<Option<Term>>,
    /// The term under the pointer, or at the keyboard.
    pub pointed: Live<Option<Term>>,
    /// The tour that is under way.
    pub tour: Live<Option<Tour>>,
    /// Whether what is lit is to be brought into sight, once it is there.
    pub brings: Live<bool>,
    /// The stage's width in CSS pixels; 0 before it is laid out.
    pub stage_width: Live<f64>,
    /// Where the stage's matrices are.
    pub grids: Live<Vec<Grid>>,
    /// Where the words are that have arcs over them; none where there are no arcs.
    pub arcs: Live<Places>,
    /// What arcs need, once it is there.
    pub arcs_part: Live<Option<arcs::Part>>,
    /// Where in the step the stage is, in words.
    pub caption: Live<String>,
    /// How many of the screen's pixels there are to a CSS pixel.
    pub pixel_ratio: Live<f64>,
    /// Whether the system asks for dark.
    pub system_dark: Live<bool>,
    /// Whether the system asks for less motion.
    pub reduced_motion: Live<bool>,
    /// Whether the page is being put on paper.
    pub prints: Live<bool>,
}

/// What the badge says of the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Badge {
    /// Not ready yet.
    Starting,
    /// This one made what is shown, or will.
    Ready(EngineKind),
    /// None is running.
    Stopped,
}

/// How the page around a frame wants tensors to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Which layer.
    pub layer: usize,
    /// Which head, if not the one that is shown.
    pub head: Option<usize>,
    /// How many heads share the model width, where nothing else says so.
    pub heads: Option<usize>,
    /// Whether a causal mask hides what comes later.
    pub is_causal: bool,
    /// Whether scores are left as they are, and not divided by √D.
    pub is_unscaled: bool,
}

/// Files of tensors that a person gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensors {
    /// Counts up with every look into files.
    pub look: u64,
    /// The files, as the browser gave them.
    pub files: Vec<JsValue>,
    /// What they hold, once they were looked into.
    pub found: Option<Vec<Found>>,
    /// What that is taken for.
    pub offer: Option<Offer>,
    /// Whether that is being chosen.
    pub is_open: bool,
    /// Of a frame: how they are to be shown at once.
    pub asked: Asked,
    /// The set-up of the sentence, for the way back.
    pub instead_of: Setup,
    /// Those that are on the stage, while others are chosen, or read.
    pub before: Option<Box<Tensors>>,
    /// The session that is on the stage, while these are read.
    pub instead: Option<Box<Session>>,
    /// Why the engine refused to show them as they are taken now.
    pub refused: Option<String>,
}

impl Tensors {
    /// Whether it is known what all of them hold.
    pub fn is_looked_into(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.look == self.look)
    }
}

/// A check of the run on the stage.
#[derive(Clone, Debug, PartialEq)]
pub enum Checking {
    /// Nobody asked for one.
    No,
    /// It is under way, of this run.
    Of(u64),
    /// What it found.
    Done(Check),
}

impl Page {
    /// The values of a page that has just been opened.
    pub fn open() -> Self {
        let search = window().location().search().unwrap_or_default();
        let engine = search.trim_start_matches('?').split('&').find_map(|pair| pair.strip_prefix("engine="));
        let (engine, no_engine) = match engine {
            None | Some("" | "auto") => (EngineChoice::Auto, None),
            Some("cpu") => (EngineChoice::Cpu, None),
            Some("webgpu") => (EngineChoice::WebGpu, None),
            Some(other) => (EngineChoice::Auto, Some(other.to_owned())),
        };
        let opened = address::opened();
        let link = opened.as_ref().and_then(Opened::trouble);
        let session = opened.map(|opened| opened.session).unwrap_or_default();
        let opened = Luggage { session: Session { engine, ..session }, ..Luggage::default() };
        let Luggage { session, tour, trail } = language::luggage().unwrap_or(opened);
        let values = Values {
            session: Live::new(session),
            data: Live::new(None),
            earlier: Live::new(None),
            badge: Live::new(Badge::Starting),
            facts: Live::new(Facts { no_engine, link, ..Facts::default() }),
            hover: Live::new(None),
            cursor: Live::new(None),
            running: Live::new(true),
            lagging: Live::new(false),
            operands: Live::new(None),
            check: Live::new(Checking::No),
            restart: Live::new(0),
            painting: Live::new(false),
            playing: Live::new(false),
            play_until: Live::new(None),
            all_terms: Live::new(false),
            lit: Live::new(Vec::new()),
            trail: Live::new(trail),
            exports: Live::new(false),
            arrives: Live::new(true),
            order: Live::new(None),
            tensors: Live::new(None),
            reading: Live::new(None),
            draft: Live::new(None),
            glossary: Live::new(None),
            pointed: Live::new(None),
            tour: Live::new(tour),
            brings: Live::new(false),
            stage_width: Live::new(0.0),
            grids: Live::new(Vec::new()),
            arcs: Live::new(Places::default()),
            arcs_part: Live::new(None),
            caption: Live::new(String::new()),
            pixel_ratio: pixel_ratio(),
            system_dark: media("(prefers-color-scheme: dark)"),
            reduced_motion: media("(prefers-reduced-motion: reduce)"),
            prints: printing(),
        };
        Self(Box::leak(Box::new(values)))
    }

    /// The colours in use: on paper always light ones.
    pub fn theme(self) -> Theme {
        if self.prints.get() {
            return Theme::Light;
        }
        let system = if self.system_dark.get() { Theme::Dark } else { Theme::Light };
        self.session.read().theme.unwrap_or(system)
    }

    /// The figure's colours in use.
    pub fn colors(self) -> Colors {
        let session = self.session.read();
        Colors::with_maps(self.theme(), session.shares_map, session.signed_map, session.range)
    }

    /// The set-up of the sentence that tensors out of files are in the place of.
    pub fn sentence_setup(self) -> Setup {
        self.tensors.read().as_ref().map(|tensors| tensors.instead_of.clone()).unwrap_or_default()
    }

    /// The session without tensors out of files, which go no farther than this page.
    pub fn own_session(self) -> Session {
        let mut session = self.session.get();
        if session.setup.given.is_some() {
            session.replace_setup(self.sentence_setup());
        }
        session
    }

    /// The steps before and after the one on the stage.
    pub fn neighbours(self) -> [Option<Step>; 2] {
        let session = self.session.read();
        [session.step.previous(&session.setup), session.step.next(&session.setup)]
    }

    /// Shows a step, finished, and stops Play; or says why there is none.
    pub fn go_to(self, step: Step) {
        let is_there = step.is_of(&self.session.read().setup);
        let is_later = step > self.session.read().step;
        dom::text("given-why", if is_there { "" } else { NOT_OF_FILES[usize::from(is_later)] });
        if !is_there {
            return;
        }
        self.playing.set(false);
        self.session.update(|session| session.go_to(step));
    }

    /// Goes from the cell that is explained to one that it was made from, and keeps that in the inspector.
    pub fn follow(self, to: CellRef) {
        let from = self.operands.read().as_ref().map(|operands| operands.cell);
        self.travel(|trail, session, data| from.is_some_and(|from| trail.follow(session, from, to, data.lengths())));
    }

    /// Goes back to the cell that was followed last. Returns whether there is one.
    pub fn go_back(self) -> bool {
        self.travel(|trail, session, data| trail.back(session, (data.lengths(), data.batch.len()), &data.setup))
    }

    fn travel(self, go: impl FnOnce(&mut Trail, &mut Session, &Data) -> bool) -> bool {
        let data = self.data.read();
        let gone = data
            .as_ref()
            .is_some_and(|data| self.trail.update(|trail| self.session.update(|session| go(trail, session, data))));
        if let (true, Some(data), Some(cell)) = (gone, data.as_ref(), self.session.read().pinned) {
            self.playing.set(false);
            let item = &data.batch[self.session.read().item.min(data.batch.len() - 1)];
            dom::text("followed", &whereabouts(cell, Context::of(item, &data.setup)));
            // The link goes; the focus stays near.
            dom::focus_in_place("inspector");
        }
        gone
    }

    /// Whether the inspector's cell is another than the one in focus, whose operands are not here yet.
    pub fn explains_another(self) -> bool {
        let focus = self.focus();
        focus.is_some() && self.operands.read().as_ref().map(|operands| operands.cell) != focus
    }

    /// The cell that a person chose: the pinned one, or the one under the pointer, or the one the keyboard is at;
    /// of those, the first that is on the stage.
    pub fn chosen(self) -> Option<CellRef> {
        let (pinned, hover, cursor) = (self.session.read().pinned, self.hover.get(), self.at_cursor());
        let grids = self.grids.read();
        let on_stage = |cell: &CellRef| grids.iter().any(|grid| grid.drawn_at(*cell).is_some());
        // On a step that has just been entered, the grids are still the last one's.
        let will_be = |cell: &CellRef| {
            let session = self.session.read();
            cell.head == scene::head_of(cell.tensor, session.head)
                && scene::on_stage(session.step, session.projection, &session.setup).contains(&cell.tensor)
                && !grids.iter().any(|grid| (grid.tensor, grid.head) == (cell.tensor, cell.head))
        };
        let pinned = pinned.filter(|cell| on_stage(cell) || will_be(cell));
        pinned.or_else(|| [hover, cursor].into_iter().flatten().find(on_stage))
    }

    /// The cell that the keyboard is at, in whatever head is shown.
    pub fn at_cursor(self) -> Option<CellRef> {
        let head = self.session.read().head;
        self.cursor.get().map(|cell| CellRef { head: scene::head_of(cell.tensor, head), ..cell })
    }

    /// Whether the cell that is lit and explained is kept there.
    pub fn shows_pinned(self) -> bool {
        let pinned = self.session.read().pinned;
        pinned.is_some() && self.chosen() == pinned
    }

    /// The cell that is explained, and lit but while the rows of a product sweep: the chosen one, or the one that is
    /// being made, or the result's most interesting one.
    pub fn focus(self) -> Option<CellRef> {
        self.chosen().or_else(|| {
            let (session, data) = (self.session.read(), self.data.read());
            let (session, data) = (&*session, data.as_ref()?);
            let result = scene::result(session.step, session.projection, &data.setup);
            scene::being_made(session, data).or_else(|| Some(most_interesting(data, result, session.head)))
        })
    }
}

/// The largest number of the last row that is not padding's.
fn most_interesting(data: &Data, tensor: Tensor, head: usize) -> CellRef {
    let (rows, columns) = data.in_sight(tensor);
    let head = scene::head_of(tensor, head);
    let (of_rows, of_columns) = tensor.axes();
    let last = |axis: Axis, range: &Range<usize>| {
        let own = if axis.is_of_tokens() { own_len(data.context().tokens_of(axis)) } else { range.end };
        range.end.min(own).max(range.start + 1) - 1
    };
    let row = last(of_rows, &rows);
    let cell = |column| CellRef { tensor, head, row, column };
    let value = |column| data.value(cell(column)).unwrap_or(f32::NEG_INFINITY);
    let largest = columns.clone().max_by(|&a, &b| value(a).total_cmp(&value(b))).unwrap_or(columns.start);
    // A token's id is no measure of anything; its place is.
    cell(if tensor.of_queries() == Tensor::Tokens { last(of_columns, &columns) } else { largest })
}

/// Keeps the document's theme as the session and the system want it, and shows it through the eyes that were chosen.
pub fn apply_theme(page: Page) {
    watch(
        move || (page.theme(), page.session.read().sight),
        |(theme, sight)| {
            let name = match theme {
                Theme::Light => "light",
                Theme::Dark => "dark",
            };
            if let Some(root) = document().document_element() {
                dom::attribute(&root, "data-theme", Some(name));
                let through = match sight {
                    Sight::Own => None,
                    Sight::Protanopia => Some("protanopia"),
                    Sight::Deuteranopia => Some("deuteranopia"),
                    Sight::Tritanopia => Some("tritanopia"),
                    Sight::Greyscale => Some("greyscale"),
                };
                dom::attribute(&root, "data-sight", through);
            }
        },
    );
}

/// Whether a media query holds.
fn media(query: &str) -> Live<bool> {
    let holds = Live::new(false);
    if let Ok(Some(list)) = window().match_media(query) {
        holds.set(list.matches());
        let listed = list.clone();
        dom::listen(&list, "change", move |_| holds.set(listed.matches()));
    }
    holds
}

/// Some browsers say it by an event, some by the medium, most by both.
fn printing() -> Live<bool> {
    let prints = media("print");
    for (event, begins) in [("beforeprint", true), ("afterprint", false)] {
        dom::listen(&window(), event, move |_| prints.renew(begins));
    }
    prints
}

/// It changes when the page is zoomed, or moved to another screen; both resize it.
fn pixel_ratio() -> Live<f64> {
    let ratio = Live::new(window().device_pixel_ratio());
    dom::listen(&window(), "resize", move |_| ratio.renew(window().device_pixel_ratio()));
    ratio
}
