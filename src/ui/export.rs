//! What a person takes along: figures, links, code, the page itself, and the tensors of the run.

use std::cell::Cell;

use js_sys::{Function, Promise, Uint8Array};
use leptos::prelude::document;
use qrcodegen::{QrCode, QrCodeEcc};
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement};

use super::{address, canvas, dom, live::watch, parts, state::Page};
use crate::figure::{
    Figure, Rgb, png,
    svg::{SvgOptions, svg},
};
use crate::lesson::{
    Session,
    code::Code,
    export::{DOTS, Ground, HELD, PRINTED, Print, Which, file_name, frames},
    number::{exact, fixed},
    picture::{
        View,
        arcs::arcs,
        matrix_height,
        plate::{MARGIN, Subject, caption, plate, sentence, width_for},
    },
    scene::Data,
    theme::Colors,
    words::{
        NAME, export as say,
        given::{NO_BIASES, NO_LINK},
    },
};
use crate::protocol::{Format, Matrix, Slice, Tensor};

#[wasm_bindgen]
extern "C" {
    /// Gives a person a file.
    #[wasm_bindgen(js_namespace = headlightBoot)]
    fn save(file: &JsValue, name: &str);
    /// A file of these bytes or this text.
    #[wasm_bindgen(js_namespace = headlightBoot, js_name = fileOf)]
    fn file_of(content: &JsValue, kind: &str) -> JsValue;
    /// What is on the canvas, as the bytes of a PNG file.
    #[wasm_bindgen(js_namespace = headlightBoot, js_name = pngOf)]
    fn png_of(canvas: &HtmlCanvasElement) -> Promise;
    /// Puts a text there.
    #[wasm_bindgen(js_namespace = headlightBoot, js_name = copyText)]
    fn copy_text(text: &str) -> Promise;
    /// The page as one file that works by itself, and opens with this link.
    #[wasm_bindgen(js_namespace = headlightBoot, js_name = savePage)]
    fn save_page(link: &str) -> Promise;
    /// Puts a file of this kind on the clipboard, which is promised.
    #[wasm_bindgen(js_namespace = headlightBoot, js_name = copyFile)]
    fn copy_file(file: &Promise, kind: &str) -> Promise;
}

/// What the page is called as one file.
const PAGE_FILE: &str = "headlight.html";

/// A file of tensors that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Of which run.
    pub run: u64,
    /// Which tensors.
    pub tensors: Vec<Tensor>,
    /// As what.
    pub format: Format,
    /// Under which name.
    pub name: String,
}

/// A figure, or code, that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Of which run.
    pub run: u64,
    /// Which matrices it needs besides those that the page has, and that have come.
    pub slices: Vec<Slice>,
    /// Those that have come.
    came: Vec<(Slice, Matrix)>,
    /// What is made.
    of: Work,
    session: Session,
}

/// What is made of the numbers.
#[derive(Clone, Debug, PartialEq)]
enum Work {
    /// A figure, and what becomes of it.
    Figure(Subject, Print, End),
    /// Code, and the promise of it to the clipboard, if it goes there.
    Code(Code, Option<Promised>),
}

impl Work {
    /// Where it is said what became of it.
    fn status(&self) -> &'static str {
        match self {
            Self::Figure(..) => "figure-said",
            Self::Code(..) => "code-said",
        }
    }

    /// Says why there is nothing.
    fn fail(&self, reason: &str) {
        match self {
            // Whoever waits for the clipboard says it.
            Self::Figure(.., End::Copy(promised)) | Self::Code(_, Some(promised)) => {
                promised.settle(Err(reason.into()))
            }
            _ => dom::text(self.status(), &say::not_saved(reason)),
        }
    }
}

/// What becomes of a figure.
#[derive(Clone, Debug, PartialEq)]
enum End {
    Svg,
    Png,
    /// A PNG that moves: the step as Play shows it.
    Film,
    /// It was promised to the clipboard.
    Copy(Promised),
}

/// How a promise is kept, and how it is broken.
#[derive(Clone, Debug, PartialEq)]
struct Promised {
    keep: Function,
    break_it: Function,
}

impl Promised {
    /// A promise, and how to settle it.
    fn new() -> (Promise, Self) {
        let mut settle = None;
        let promise = Promise::new(&mut |keep, break_it| settle = Some(Self { keep, break_it }));
        (promise, settle.expect("a promise calls at once"))
    }

    fn settle(&self, result: Result<JsValue, JsValue>) {
        let (settle, value) = match &result {
            Ok(value) => (&self.keep, value),
            Err(reason) => (&self.break_it, reason),
        };
        // A promise that was settled stays so.
        let _ = settle.call1(&JsValue::NULL, value);
    }
}

/// The button that opens and closes it, and what can be taken along.
pub fn button_and_view(page: Page) -> (String, String) {
    watch(
        move || page.exports.get(),
        |is_open| {
            dom::set("export-open", "aria-expanded", Some(if *is_open { "true" } else { "false" }));
            dom::flag("export-view", "hidden", !is_open);
        },
    );
    dom::on("click", "#export-open", move |_, _| page.exports.set(!page.exports.get()));
    parts::load(page, move || page.exports.get(), parts::Part::Sheets);
    let name = say::EXPORT;
    let button = format!(r#"<button class="btn small" id="export-open" aria-controls="export-view">{name}</button>"#);
    let view = format!(r#"<section class="table-view" id="export-view" aria-label="{name}" hidden></section>"#);
    (button, view)
}

/// Offers what there is, and makes it.
pub fn follow(page: Page) {
    dom::html("export-view", &view());
    watch(
        move || page.data.read().as_ref().map(|data| (Which::choices(&data.setup), data.setup.clone())),
        |choices| {
            let names = choices.iter().flat_map(|(choices, _)| choices).map(|choice| say::which(*choice));
            offer("export-tensors", names);
        },
    );
    watch(
        move || page.data.read().as_ref().map(|data| Subject::choices(&page.session.read(), &data.setup)),
        |choices| offer("figure-shows", choices.iter().flatten().map(|choice| say::subject(*choice))),
    );
    watch(
        move || {
            let session = page.session.read();
            session.setup.given.as_ref().is_some_and(|given| given.has_bias(false) || given.has_bias(true))
        },
        |has_biases| dom::text("export-biases", if *has_biases { NO_BIASES } else { "" }),
    );
    watch(
        move || page.order.get().is_some(),
        |is_written| {
            dom::disable("export-save", *is_written);
            if *is_written {
                dom::text("export-said", say::WRITING);
            }
        },
    );
    watch(
        move || page.draft.read().as_ref().is_some_and(|draft| draft.slices.is_empty()),
        move |is_whole| {
            if !is_whole {
                return;
            }
            let draft = page.draft.update(Option::take);
            let data = page.data.read();
            if let Some((mut draft, data)) = draft.zip(data.as_ref()) {
                let came = std::mem::take(&mut draft.came);
                finish(page, draft, &data.with(came));
            }
        },
    );
    watch(
        // Not on every frame of Play.
        move || {
            let has_link = page.session.read().setup.given.is_none();
            (page.exports.get() && !page.playing.get()).then(|| has_link.then(|| address::link(page)))
        },
        |link| {
            for id in ["share", "code", "page"] {
                dom::flag(id, "hidden", *link == Some(None));
            }
            dom::text("share-none", if *link == Some(None) { NO_LINK } else { "" });
            if let Some(Some(link)) = link {
                dom::set_value("share-link", link);
                dom::html("share-code", &code(link));
                for status in ["share-said", "code-said", "page-said"] {
                    dom::text(status, "");
                }
            }
        },
    );
    dom::on("click", "#share-copy", |_, _| {
        let link = chosen("share-link");
        spawn_local(async move {
            let said = JsFuture::from(copy_text(&link)).await.map(|_| say::LINK_COPIED.to_owned());
            dom::text("share-said", &said.unwrap_or_else(|error| say::not_copied(&reason(&error))));
        });
    });
    // A width is that of the page until a person chooses another.
    watch(
        move || page.stage_width.get(),
        move |_| {
            if chosen("figure-for") == say::ON_THE_PAGE {
                follow_page(page);
            }
        },
    );
    dom::on("change", "#figure-for", move |select, _| {
        let name = dom::value(select);
        match PRINTED.into_iter().find(|(journal, _)| *journal == name) {
            Some((_, millimetres)) => {
                dom::set_value("figure-width", &fixed(millimetres.into(), 1));
                dom::set_value("figure-points", "7");
            }
            None if name == say::ON_THE_PAGE => follow_page(page),
            None => {}
        }
    });
    dom::on("input", "#figure-width", |_, _| dom::set_value("figure-for", say::OTHER_WIDTH));
    dom::on("click", "#figure-save", move |_, _| {
        let format = chosen("figure-format");
        let formats = [(say::FILM, End::Film), ("PNG", End::Png)];
        begin(page, formats.into_iter().find(|(name, _)| *name == format).map_or(End::Svg, |(_, end)| end));
    });
    dom::on("click", "#figure-copy", move |_, _| {
        begin(page, End::Copy(copied("image/png", "figure-said", say::COPIED)));
    });
    dom::on("click", "#page-save", move |_, _| {
        let link = address::fragment(page);
        dom::text("page-said", say::WRITING);
        spawn_local(async move {
            let said = JsFuture::from(save_page(&link)).await.map(|file| saved(&file, PAGE_FILE));
            dom::text("page-said", &said.unwrap_or_else(|error| say::not_saved(&reason(&error))));
        });
    });
    dom::on("click", "#code-copy", move |_, _| {
        begin_code(page, Some(copied("text/plain", "code-said", say::CODE_COPIED)));
    });
    dom::on("click", "#code-save", move |_, _| begin_code(page, None));
    dom::on("click", "#export-save", move |_, _| order(page));
}

fn view() -> String {
    let options = |names: Vec<&str>| names.iter().map(|name| format!("<option>{name}</option>")).collect::<String>();
    let select = |id: &str, label: &str, options: String| {
        format!(
            r#"<label><span aria-hidden="true">{label}</span> <select id="{id}" aria-label="{label}">{options}</select></label>"#
        )
    };
    let number = |id: &str, label: &str, (least, most): (f32, f32), step: &str| {
        format!(
            r#"<label><span aria-hidden="true">{label}</span> <input type="number" id="{id}" aria-label="{label}" min="{}" max="{}" step="{step}"></label>"#,
            exact(least),
            exact(most)
        )
    };
    let journals: Vec<&str> = PRINTED.iter().map(|(name, _)| *name).collect();
    let dots: String = DOTS
        .into_iter()
        .map(|dots| {
            format!(
                r#"<option value="{dots}"{}>{}</option>"#,
                if dots == 192 { " selected" } else { "" },
                say::dots(dots)
            )
        })
        .collect();
    let figure = [
        select("figure-shows", say::SHOWS, String::new()),
        select("figure-format", say::FORMAT, options(vec!["SVG", "PNG", say::FILM])),
        select(
            "figure-for",
            say::PRINTED_FOR,
            options([&[say::ON_THE_PAGE][..], &journals, &[say::OTHER_WIDTH]].concat()),
        ),
        number("figure-width", say::MILLIMETRES, Print::MILLIMETRES, "0.1"),
        number("figure-points", say::POINTS, Print::POINTS, "0.1"),
        select("figure-dots", say::DOTS, dots),
        select("figure-ground", say::GROUND, options(Ground::ALL.map(say::ground).to_vec())),
    ]
    .concat();
    let code = select("code-language", say::CODE, options(Code::ALL.map(say::code).to_vec()));
    let tensors = [
        select("export-tensors", say::TENSORS, String::new()),
        select("export-format", say::FORMAT, options(Format::ALL.map(say::format).to_vec())),
    ]
    .concat();
    format!(
        r#"<div role="group" aria-label="{figure_name}">
            <p class="hint">{figure_lead}</p>
            <div class="table-bar">
                {figure}
                <label><input type="checkbox" id="figure-caption" checked> {caption}</label>
                <span class="ways">
                    <button class="btn small" id="figure-save">{save_figure}</button>
                    <button class="btn small" id="figure-copy">{copy}</button>
                </span>
                <progress id="figure-progress" aria-label="{writing}" hidden></progress>
                <p id="figure-said" aria-live="polite"></p>
            </div>
        </div>
        <p class="hint" id="share-none"></p>
        <div role="group" aria-label="{link_name}" class="share" id="share">
            <p class="hint">{link_lead}</p>
            <div class="table-bar">
                <input id="share-link" aria-label="{link_name}" readonly>
                <button class="btn small" id="share-copy">{copy_link}</button>
                <p id="share-said" aria-live="polite"></p>
            </div>
            <div class="qr" id="share-code"></div>
        </div>
        <div role="group" aria-label="{code_name}" id="code">
            <p class="hint">{code_lead}</p>
            <div class="table-bar">
                {code}
                <span class="ways">
                    <button class="btn small" id="code-copy">{copy_code}</button>
                    <button class="btn small" id="code-save">{save_code}</button>
                </span>
                <p id="code-said" aria-live="polite"></p>
            </div>
        </div>
        <div role="group" aria-label="{page_name}" id="page">
            <p class="hint">{page_lead}</p>
            <div class="table-bar">
                <button class="btn small" id="page-save">{save_page}</button>
                <p id="page-said" aria-live="polite"></p>
            </div>
        </div>
        <div role="group" aria-label="{tensors_name}">
            <p class="hint">{lead}</p>
            <p class="hint" id="export-biases"></p>
            <div class="table-bar">
                {tensors}
                <button class="btn small" id="export-save">{save}</button>
                <p id="export-said" aria-live="polite"></p>
            </div>
        </div>"#,
        figure_name = say::FIGURE,
        figure_lead = say::FIGURE_LEAD,
        caption = say::CAPTION,
        save_figure = say::SAVE_FIGURE,
        copy = say::COPY,
        writing = say::WRITING,
        link_name = say::LINK,
        link_lead = say::LINK_LEAD,
        copy_link = say::COPY_LINK,
        code_name = say::CODE,
        code_lead = say::CODE_LEAD,
        copy_code = say::COPY_CODE,
        save_code = say::SAVE_CODE,
        page_name = say::PAGE,
        page_lead = say::PAGE_LEAD,
        save_page = say::SAVE_PAGE,
        tensors_name = say::TENSORS,
        lead = say::LEAD,
        save = say::SAVE,
    )
}

/// A link as a picture that cameras read, dark on white whatever the page's colours are.
fn code(link: &str) -> String {
    /// Kept free around it; source: ISO/IEC 18004, the quiet zone.
    const QUIET: i32 = 4;
    let Ok(code) = QrCode::encode_text(link, QrCodeEcc::Low) else { return format!("<p>{}</p>", say::QR_TOO_LONG) };
    let size = code.size();
    let mut dark = String::new();
    for (x, y) in (0..size).flat_map(|y| (0..size).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y)) {
        dark += &format!("M{x} {y}h1v1h-1z");
    }
    let whole = size + 2 * QUIET;
    format!(
        r##"<svg role="img" aria-label="{}" viewBox="-{QUIET} -{QUIET} {whole} {whole}" shape-rendering="crispEdges"><path fill="#fff" d="M-{QUIET}-{QUIET}h{whole}v{whole}h-{whole}z"/><path d="{dark}"/></svg>"##,
        say::QR_CODE
    )
}

/// Puts these choices into a select, and keeps what was chosen, if it is one of them.
fn offer(id: &str, names: impl Iterator<Item = &'static str>) {
    let before = chosen(id);
    let mut options = String::new();
    for name in names {
        let selected = if name == before { " selected" } else { "" };
        options += &format!("<option{selected}>{name}</option>");
    }
    dom::html(id, &options);
}

fn chosen(id: &str) -> String {
    dom::element(id).map(|element| dom::value(&element)).unwrap_or_default()
}

/// The width and the letters that the page has.
fn follow_page(page: Page) {
    const INCH: f64 = 25.4;
    const DOTS: f64 = 96.0;
    const POINTS: f64 = 72.0;
    let letters = f64::from(crate::lesson::picture::LABEL_SIZE) * POINTS / DOTS;
    // So wide that the picture has as much room in it as on the page.
    let width = page.stage_width.get() + 2.0 * f64::from(MARGIN);
    dom::set_value("figure-width", &fixed(width * INCH / DOTS, 1));
    dom::set_value("figure-points", &fixed(letters, 1));
}

/// Asks for the tensors that were chosen.
fn order(page: Page) {
    let (session, data) = (page.session.read(), page.data.read());
    let Some(data) = data.as_ref().filter(|_| page.order.get().is_none()) else { return };
    let name = chosen("export-tensors");
    let choice = Which::choices(&data.setup).into_iter().find(|choice| say::which(*choice) == name);
    let name = chosen("export-format");
    let format = Format::ALL.into_iter().find(|one| say::format(*one) == name);
    let (choice, format) = (choice.unwrap_or(Which::Step), format.unwrap_or(Format::Csv));
    let tensors = choice.tensors(&session, &data.setup);
    let name = file_name(choice, &tensors, &session, format);
    page.order.set(Some(Order { run: data.run, tensors, format, name }));
}

/// Hands over what was ordered, or says why there is nothing.
pub fn deliver(page: Page, run: u64, file: &JsValue, trouble: Option<String>) {
    let Some(order) = page.order.get().filter(|order| order.run == run) else { return };
    page.order.set(None);
    let said = trouble.map_or_else(|| saved(file, &order.name), |reason| say::not_saved(&reason));
    dom::text("export-said", &said);
}

/// Begins the figure that was chosen: with what the page has, or else once the engine has sent the rest.
fn begin(page: Page, end: End) {
    let (mut session, data) = (page.session.get(), page.data.read());
    let Some(data) = data.as_ref() else {
        if let End::Copy(promised) = end {
            promised.settle(Err(say::NO_PICTURE.into()));
        }
        return;
    };
    // Those that were calculated: what is chosen may have been refused.
    session.head = session.head.min(data.setup.heads - 1);
    let mut wrong = None;
    let mut number = |id: &str, label: &'static str, (least, most): (f32, f32)| {
        let number = dom::element(id).map(|input| dom::number(&input) as f32);
        let number = number.filter(|number| (least..=most).contains(number));
        dom::set(id, "aria-invalid", number.is_none().then_some("true"));
        if number.is_none() {
            wrong = Some(say::wrong_number(label, &exact(least), &exact(most)));
        }
        number.unwrap_or(least)
    };
    let name = chosen("figure-shows");
    let subject = Subject::choices(&session, &data.setup).into_iter().find(|one| say::subject(*one) == name);
    let subject = subject.unwrap_or(Subject::Step);
    let name = chosen("figure-ground");
    let print = Print {
        millimetres: number("figure-width", say::MILLIMETRES, Print::MILLIMETRES),
        points: number("figure-points", say::POINTS, Print::POINTS),
        dots: chosen("figure-dots").parse().unwrap_or(192),
        ground: Ground::ALL.into_iter().find(|one| say::ground(*one) == name).unwrap_or(Ground::Light),
        is_captioned: dom::is_checked("figure-caption"),
    };
    let work = Work::Figure(subject, print, end);
    match wrong {
        Some(wrong) => work.fail(&wrong),
        None => make(page, data, subject.slices(&session, data), work, session),
    }
}

/// Promises something of this kind to the clipboard, and says there what became of that. To be called within a click: later,
/// some browsers would not let the page write there.
fn copied(kind: &str, status: &'static str, done: &'static str) -> Promised {
    let (file, promised) = Promised::new();
    let copied = copy_file(&file, kind);
    // A promise that is broken is heard here, whoever else has listened by then.
    let file = JsFuture::from(file);
    spawn_local(async move {
        let said = match JsFuture::from(copied).await {
            Ok(_) => done.to_owned(),
            // Why there is nothing says more than that there was nothing to copy.
            Err(error) => say::not_copied(&reason(&file.await.err().unwrap_or(error))),
        };
        dom::text(status, &said);
    });
    promised
}

/// Begins the code that was chosen.
fn begin_code(page: Page, promised: Option<Promised>) {
    let (mut session, data) = (page.session.get(), page.data.read());
    let name = chosen("code-language");
    let code = Code::ALL.into_iter().find(|one| say::code(*one) == name).unwrap_or(Code::PyTorch);
    let work = Work::Code(code, promised);
    let Some(data) = data.as_ref() else { return work.fail(say::CHANGED_MEANWHILE) };
    session.head = session.head.min(data.setup.heads - 1);
    match code.slices(&session, data) {
        Some(slices) => make(page, data, slices, work, session),
        None => work.fail(say::CODE_TOO_LONG),
    }
}

/// Makes it of these matrices, at once if the page has them.
fn make(page: Page, data: &Data, slices: Vec<Slice>, of: Work, session: Session) {
    let draft = Draft { run: data.run, slices: data.lacks(slices), came: Vec::new(), of, session };
    if draft.slices.is_empty() {
        finish(page, draft, data);
    } else {
        // What was asked for before is not wanted any more.
        give_up(page, say::CHANGED_MEANWHILE);
        dom::text(draft.of.status(), say::WRITING);
        page.draft.set(Some(draft));
    }
}

/// Takes what has come for the figure that waits.
pub fn add(page: Page, came: Vec<(Slice, Matrix)>) {
    if came.is_empty() {
        return give_up(page, say::CHANGED_MEANWHILE);
    }
    page.draft.update(|draft| {
        if let Some(draft) = draft {
            draft.came.extend(came);
            let is_here = |slice: &Slice| draft.came.iter().any(|(came, _)| came == slice);
            draft.slices.retain(|slice| !is_here(slice));
        }
    });
}

/// Makes no figure of the one that waits, if one does, and says why.
pub fn give_up(page: Page, reason: &str) {
    if let Some(Draft { of, .. }) = page.draft.update(Option::take) {
        of.fail(reason);
    }
}

/// Makes what was begun, from all that it needs.
fn finish(page: Page, draft: Draft, data: &Data) {
    let Draft { run, of, session, .. } = draft;
    let made = match &of {
        _ if data.run != run => Err(say::CHANGED_MEANWHILE.to_owned()),
        Work::Figure(subject, print, end) => draw(page, *subject, *print, end, &session, data),
        Work::Code(code, promised) => write(page, *code, promised.as_ref(), &session, data),
    };
    if let Err(reason) = made {
        of.fail(&reason);
    }
}

/// Writes code, or gives a reason why not.
fn write(page: Page, code: Code, promised: Option<&Promised>, session: &Session, data: &Data) -> Result<(), String> {
    let text = code.text(session, data, &address::link(page)).ok_or(say::CHANGED_MEANWHILE)?;
    let file = file_of(&text.as_str().into(), "text/plain");
    if let Some(promised) = promised {
        promised.settle(Ok(file));
    } else {
        dom::text("code-said", &saved(&file, code.file_name()));
    }
    Ok(())
}

/// Draws a figure, or gives a reason why not.
fn draw(page: Page, subject: Subject, print: Print, end: &End, session: &Session, data: &Data) -> Result<(), String> {
    let view = View {
        width: width_for(print.millimetres, print.points),
        matrix_height: matrix_height(data),
        least_height: 0.0,
        colors: Colors::with_maps(print.ground.theme(), session.shares_map, session.signed_map, session.range),
        token_widths: dom::canvas("canvas").map(|canvas| canvas::token_widths(&canvas, data)).unwrap_or_default(),
        focus: page.focus().filter(|_| subject == Subject::Step && page.chosen().is_some()),
        lit: Vec::new(),
        chosen: subject == Subject::Step && page.chosen().is_some(),
        arcs: Some(arcs),
    };
    let figure = plate(subject, print.is_captioned, session, data, &view).ok_or(say::CHANGED_MEANWHILE)?;
    let background = (print.ground != Ground::None).then_some(view.colors.panel);
    let texts = Texts {
        title: subject.title(session, &data.setup),
        description: [sentence(data), caption(subject, session, data)].join(" · "),
    };
    let name = subject.file_name(session, &data.setup);
    if *end == End::Svg {
        let options = SvgOptions {
            title: texts.title,
            description: texts.description,
            creator: creator(),
            millimetres: Some(print.millimetres),
            background,
            ..SvgOptions::default()
        };
        let text = svg(&figure, &options);
        let file = file_of(&text.as_str().into(), "image/svg+xml");
        dom::text("figure-said", &saved(&file, &[&name, ".svg"].concat()));
        return Ok(());
    }
    if *end == End::Film {
        return film(subject, print, background, texts, name, (session.clone(), data.clone(), view));
    }
    let canvas = paint(&figure, print, background)?;
    let described = async move {
        let bytes = Uint8Array::from(JsFuture::from(png_of(&canvas)).await?).to_vec();
        png::described(&bytes, print.dots.into(), &texts.said()).ok_or_else(|| JsValue::from_str(say::NO_PICTURE))
    };
    dom::text("figure-said", say::WRITING);
    let promised = if let End::Copy(promised) = end { Some(promised.clone()) } else { None };
    spawn_local(async move {
        match (described.await, promised) {
            (described, Some(promised)) => promised.settle(described.map(|bytes| png_file(&bytes))),
            (Ok(bytes), None) => dom::text("figure-said", &saved(&png_file(&bytes), &[&name, ".png"].concat())),
            (Err(error), None) => dom::text("figure-said", &say::not_saved(&reason(&error))),
        }
    });
    Ok(())
}

thread_local! {
    /// Whether a film is being made: one at a time.
    static FILMS: Cell<bool> = const { Cell::new(false) };
}

/// Makes a film of a step, frame by frame, and lets the page do its own between them; or gives a reason why not.
fn film(
    subject: Subject,
    print: Print,
    background: Option<Rgb>,
    texts: Texts,
    name: String,
    (session, data, view): (Session, Data, View),
) -> Result<(), String> {
    if subject != Subject::Step {
        return Err(say::ONLY_A_STEP_MOVES.to_owned());
    }
    if data.before.is_some() {
        return Err(say::NO_CHANGE_MOVES.to_owned());
    }
    if FILMS.replace(true) {
        return Err(say::ONE_FILM.to_owned());
    }
    let frames = frames(session.step, session.speed);
    let at = move |position| {
        let session = Session { position, ..session.clone() };
        plate(subject, print.is_captioned, &session, &data, &view).ok_or_else(|| say::CHANGED_MEANWHILE.to_owned())
    };
    dom::text("figure-said", say::WRITING);
    dom::flag("figure-progress", "hidden", false);
    spawn_local(async move {
        let made = filmed(frames, at, print, background, &texts).await;
        FILMS.set(false);
        dom::flag("figure-progress", "hidden", true);
        let said = made.map(|bytes| saved(&png_file(&bytes), &[&name, ".png"].concat()));
        dom::text("figure-said", &said.unwrap_or_else(|reason| say::not_saved(&reason)));
    });
    Ok(())
}

async fn filmed(
    positions: impl ExactSizeIterator<Item = f64>,
    at: impl Fn(f64) -> Result<Figure, String>,
    print: Print,
    background: Option<Rgb>,
    texts: &Texts,
) -> Result<Vec<u8>, String> {
    let positions: Vec<f64> = positions.collect();
    // A frame may be higher than another; a film is not.
    let mut height = 0.0_f32;
    for position in &positions {
        height = height.max(at(*position)?.height);
        turn().await?;
    }
    let mut film: Option<Box<dyn parts::Frames>> = None;
    for (index, position) in positions.iter().enumerate() {
        let figure = Figure { height, ..at(*position)? };
        let canvas = paint(&figure, print, background)?;
        let film = match &mut film {
            Some(film) => film,
            None => {
                let (size, frames) = ((canvas.width(), canvas.height()), positions.len() as u32);
                let begun = parts::film(size, frames, print.dots.into(), texts.said());
                film.insert(begun.await.map_err(|_| say::NO_FILMS)??)
            }
        };
        let held = (index + 1 == positions.len()).then_some(HELD);
        film.frame(canvas::pixels(&canvas).ok_or(say::NO_PICTURE)?, held)?;
        let part = (index + 1) as f64 / positions.len() as f64;
        dom::set("figure-progress", "value", Some(&fixed(part, 3)));
        turn().await?;
    }
    film.ok_or(say::NO_PICTURE)?.finish()
}

/// Lets what else waits have its turn. Not by a frame: a page out of sight has none.
async fn turn() -> Result<(), String> {
    let turn = Promise::new(&mut |done, _| dom::after(0, move || drop(done.call0(&JsValue::NULL))));
    JsFuture::from(turn).await.map(drop).map_err(|error| reason(&error))
}

/// What a file says of itself.
struct Texts {
    title: String,
    description: String,
}

impl Texts {
    /// Under PNG's keywords.
    fn said(&self) -> Vec<(&'static str, String)> {
        vec![("Title", self.title.clone()), ("Description", self.description.clone()), ("Software", creator())]
    }
}

fn creator() -> String {
    [NAME, " ", env!("CARGO_PKG_VERSION")].concat()
}

/// Gives a person a file, and says so.
fn saved(file: &JsValue, name: &str) -> String {
    save(file, name);
    say::saved(name, file.dyn_ref::<Blob>().map_or(0.0, Blob::size) as u64)
}

fn png_file(bytes: &[u8]) -> JsValue {
    file_of(&Uint8Array::from(bytes), "image/png")
}

/// The figure in pixels, or why there is none.
fn paint(figure: &Figure, print: Print, background: Option<Rgb>) -> Result<HtmlCanvasElement, String> {
    let size = (figure.width, figure.height);
    let ratio = print.pixels(size).map_err(|(width, height)| say::too_large(width, height))?;
    let no_picture = |_| say::NO_PICTURE.to_owned();
    let canvas: HtmlCanvasElement = document().create_element("canvas").map_err(no_picture)?.unchecked_into();
    canvas::paint_scaled(&canvas, figure, 1.0, ratio.into());
    if let Some(color) = background {
        // Heatmaps are put in the place of what is there, so the ground comes last, under everything.
        let context = canvas.get_context("2d").map_err(no_picture)?.ok_or(say::NO_PICTURE)?;
        let context: CanvasRenderingContext2d = context.unchecked_into();
        context.set_global_composite_operation("destination-over").map_err(no_picture)?;
        context.set_fill_style_str(&color.to_string());
        context.fill_rect(0.0, 0.0, figure.width.into(), figure.height.into());
    }
    Ok(canvas)
}

/// What a browser says of an error.
fn reason(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| say::NO_PICTURE.to_owned())
}
