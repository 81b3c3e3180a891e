//! What the notebook package has in Rust: figures, drawn as the page draws them, without a browser and without a GPU.
//!
//! `_native.figure` takes a [`What`] and a [`How`] as dictionaries, and gives the bytes of an SVG or a PNG.

mod fonts;

use std::{pin::Pin, rc::Rc, sync::LazyLock, time::Instant};

use headlight::{
    engine::Engine,
    figure::{
        Figure, png,
        svg::{SvgOptions, svg},
    },
    files::{GoesOn, read::Held},
    lesson::{
        Session, Step,
        export::{Ground, Print},
        given::Offer,
        link,
        number::exact,
        picture::{
            View,
            arcs::arcs,
            matrix_height,
            plate::{Subject, caption, plate, sentence, width_for},
        },
        scene::{Data, wanted},
        theme::Colors,
        words::{self, NAME},
    },
    protocol::{Reply, Request, Slice, Window},
};
use pollster::block_on;
use pyo3::{exceptions::PyValueError, prelude::*, pybacked::PyBackedBytes, types::PyBytes};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::Tree,
};

/// Drawn by Rust, for the package's own use.
#[pymodule(name = "_native")]
mod native {
    #[pymodule_export]
    use super::{check, figure};
    /// How many tokens a run takes, those of all its sentences together.
    #[pymodule_export]
    const MOST_TOKENS: usize = headlight::protocol::MOST_TOKENS;
}

/// What a figure is of.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct What {
    /// The fragment of a link: everything that makes the picture, but for the tensors.
    link: String,
    /// Files in the place of its sentence, each with its name.
    files: Vec<(String, PyBackedBytes)>,
    /// Of tensors: whether queries see only what is not after them.
    causal: bool,
    /// Of tensors: whether scores are divided by √D.
    scaled: bool,
    /// Of tensors: the head, from 0.
    head: usize,
}

/// How it is drawn.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct How {
    /// `step`, `all-steps` or `all-heads`.
    shows: String,
    width_mm: f32,
    points: f32,
    /// Of a PNG; of an SVG none.
    dpi: Option<u32>,
    /// `light`, `dark` or `none`.
    ground: String,
    caption: bool,
}

/// The bytes of an SVG; of a PNG, where `how` has dots an inch.
///
/// Raises ValueError where there is no such picture, in words that say what would do.
#[pyfunction]
fn figure<'py>(py: Python<'py>, what: What, how: How) -> PyResult<Bound<'py, PyBytes>> {
    let drawn = py.detach(|| drawn(&what, &how));
    drawn.map(|bytes| PyBytes::new(py, &bytes)).map_err(PyValueError::new_err)
}

/// What the page says of files: what they are taken for, and how large.
///
/// Raises ValueError where they do not go together, in the page's words.
#[pyfunction]
fn check(py: Python, what: What) -> PyResult<String> {
    let said = py.detach(|| {
        let (given, sizes) = offer(&mut engine(), &what).given(0);
        sizes.map(|sizes| words::given::sizes(given.begins, &sizes)).map_err(|unfit| words::given::unfit(&unfit))
    });
    said.map_err(PyValueError::new_err)
}

fn drawn(what: &What, how: &How) -> Result<Vec<u8>, String> {
    let print = print(how)?;
    let (session, data, mut engine) = calculated(what)?;
    let subject = subject(&how.shows, &session, &data)?;
    let mut data = data;
    // Of a large attention, each reading makes the scores of one head more.
    loop {
        let lacking = data.lacks(subject.slices(&session, &data));
        if lacking.is_empty() {
            break;
        }
        let came = read(&mut engine, lacking)?;
        if came.is_empty() {
            return Err("A matrix is missing.".to_owned());
        }
        data = data.with(came);
    }

    let view = View {
        width: width_for(print.millimetres, print.points),
        matrix_height: matrix_height(&data),
        least_height: 0.0,
        colors: Colors::with_maps(print.ground.theme(), session.shares_map, session.signed_map, session.range),
        token_widths: token_widths(&data),
        focus: None,
        lit: Vec::new(),
        chosen: false,
        arcs: Some(arcs),
    };
    let figure = plate(subject, print.is_captioned, &session, &data, &view).ok_or("A matrix is missing.")?;
    let options = SvgOptions {
        title: subject.title(&session, &data.setup),
        description: [sentence(&data), caption(subject, &session, &data)].join(" · "),
        creator: [NAME, " ", env!("CARGO_PKG_VERSION")].concat(),
        millimetres: Some(print.millimetres),
        background: (print.ground != Ground::None).then_some(view.colors.panel),
        ..SvgOptions::default()
    };
    match how.dpi {
        None => Ok(svg(&figure, &options).into_bytes()),
        Some(_) => pixels(&figure, &options, print),
    }
}

/// Runs what is asked for on the CPU.
fn calculated(what: &What) -> Result<(Session, Data, Engine), String> {
    let mut engine = engine();
    let opened = link::read(&what.link).unwrap_or_else(link::Opened::first_visit);
    if let Some(pair) = opened.unread.first() {
        return Err(format!(
            "`{pair}` in the link means nothing here. Headlight's own links have names and values that it knows."
        ));
    }
    let mut session = opened.session;
    if !what.files.is_empty() {
        let step = session.step;
        offer(&mut engine, what).show(0, &mut session).map_err(|unfit| words::given::unfit(&unfit))?;
        if session.step != step {
            let there = Step::all_of(&session.setup).iter().map(|step| format!("{:?}", step.name()));
            return Err(format!(
                "There is no step {:?} in these tensors: they begin later or end sooner. Choose {}.",
                step.name(),
                there.collect::<Vec<_>>().join(", ")
            ));
        }
        session.setup.mask = if what.causal { Window::CAUSAL } else { Window::OPEN };
        session.setup.is_scaled = what.scaled;
        session.show_head(what.head.min(session.setup.heads - 1));
    }
    let Session { sentence, second, setup, before, .. } = session.clone();
    let slices = wanted(&session, &setup, before.as_ref());
    let request = Request::Run { run: RUN, sentence, second, setup, before, slices };
    match block_on(engine.answer(request)) {
        Some(Reply::Ran(run)) => {
            let data = Data::new(run, (session.item, session.zoom));
            Ok((session, data, engine))
        }
        Some(Reply::Refused { refusal, .. }) => Err(words::refusal(&refusal)),
        _ => Err(NO_ANSWER.to_owned()),
    }
}

/// The number of the only run.
const RUN: u64 = 1;
const NO_ANSWER: &str = "The engine gave no answer: a fault in Headlight, which deserves a report.";

fn engine() -> Engine {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Engine::new(|| START.elapsed().as_secs_f64() * 1000.0)
}

/// Hands the files to the engine, and says what they are taken for.
fn offer(engine: &mut Engine, what: &What) -> Offer {
    let always: Rc<GoesOn> = Rc::new(|_, _| -> Pin<Box<dyn Future<Output = bool>>> { Box::pin(async { true }) });
    let held = Held::new(what.files.iter().map(|(name, bytes)| (name.clone(), bytes.to_vec())));
    match engine.take_files(1, Rc::new(held), always) {
        Reply::Found { look, files } => Offer::guess(look, files),
        _ => Offer::guess(1, Vec::new()),
    }
}

fn read(engine: &mut Engine, slices: Vec<Slice>) -> Result<Vec<(Slice, headlight::protocol::Matrix)>, String> {
    if slices.is_empty() {
        return Ok(Vec::new());
    }
    match block_on(engine.answer(Request::Read { run: RUN, slices })) {
        Some(Reply::Slices { slices, .. }) => Ok(slices),
        Some(Reply::Refused { refusal, .. }) => Err(words::refusal(&refusal)),
        _ => Err(NO_ANSWER.to_owned()),
    }
}

fn subject(name: &str, session: &Session, data: &Data) -> Result<Subject, String> {
    let subject = match name {
        "step" => Subject::Step,
        "all-steps" => Subject::AllSteps,
        "all-heads" => Subject::AllHeads,
        _ => return Err(format!("shows={name:?} is unknown. Choose \"step\", \"all-steps\" or \"all-heads\".")),
    };
    if Subject::choices(session, &data.setup).contains(&subject) {
        return Ok(subject);
    }
    Err(format!(
        "What the step {:?} makes has one head, so there are none to show. Choose shows=\"step\".",
        session.step.name()
    ))
}

fn print(how: &How) -> Result<Print, String> {
    let number = |name: &str, number: f32, (least, most): (f32, f32)| {
        let [from, to] = [least, most].map(exact);
        let error = || format!("{name}={} is out of range: figures take {from} to {to}.", exact(number));
        (least..=most).contains(&number).then_some(number).ok_or_else(error)
    };
    let ground = match how.ground.as_str() {
        "light" => Ground::Light,
        "dark" => Ground::Dark,
        "none" => Ground::None,
        other => return Err(format!("ground={other:?} is unknown. Choose \"light\", \"dark\" or \"none\".")),
    };
    Ok(Print {
        millimetres: number("width_mm", how.width_mm, Print::MILLIMETRES)?,
        points: number("points", how.points, Print::POINTS)?,
        dots: number("dpi", how.dpi.unwrap_or(300) as f32, DPI)? as u32,
        ground,
        is_captioned: how.caption,
    })
}

/// The least and most dots to an inch.
const DPI: (f32, f32) = (36.0, 2400.0);

/// The figure as the bytes of a PNG, written with the fonts of this machine.
fn pixels(figure: &Figure, options: &SvgOptions, print: Print) -> Result<Vec<u8>, String> {
    let fonts = fonts::options().ok_or(
        "No font was found on this machine, and a PNG's letters are pixels. Install one (Debian: fonts-dejavu-core), or take \
         format=\"svg\", whose letters are drawn where it is shown.",
    )?;
    let tree = Tree::from_str(&svg(figure, &SvgOptions { millimetres: None, ..options.clone() }), fonts);
    let tree = tree.map_err(|error| format!("The SVG could not be read ({error}): a fault in Headlight."))?;
    let ratio = print.pixels((figure.width, figure.height)).map_err(|(width, height)| {
        format!("The PNG would have {width} × {height} pixels, more than programs read. Take a smaller width_mm or dpi, or format=\"svg\".")
    })?;
    let (width, height) = ((figure.width * ratio).round() as u32, (figure.height * ratio).round() as u32);
    let mut pixmap = Pixmap::new(width.max(1), height.max(1)).ok_or("There is no memory for a PNG of that size.")?;
    resvg::render(&tree, Transform::from_scale(ratio, ratio), &mut pixmap.as_mut());
    let bytes = pixmap.encode_png().map_err(|error| format!("The PNG could not be written: {error}."))?;
    let SvgOptions { title, description, creator, .. } = options;
    let texts = [("Title", title), ("Description", description), ("Software", creator)];
    png::described(&bytes, print.dots.into(), &texts).ok_or_else(|| "The PNG could not be described.".to_owned())
}

/// As the page measures them: those of the keys, where they are other words, after those of the queries.
fn token_widths(data: &Data) -> Vec<f32> {
    let keys = data.context().keys.iter().filter(|_| data.setup.is_cross);
    data.tokens().iter().chain(keys).map(|token| fonts::label_width(&token.text)).collect()
}
