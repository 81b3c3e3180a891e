use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, MouseEvent, ResizeObserver};

use super::{
    arcs, canvas, dom, export, glossary, keyboard,
    live::watch,
    paint, parts, player, print, setup,
    state::{Badge, Page},
    table, thumbnails, zoom,
};
use crate::lesson::{
    Arcs, Projection, Session, Step,
    explain::{announcement, change_announcement, what_moved, what_was_given},
    glossary::Seen,
    picture::{Earlier, Grid, View, arcs::has_arcs, changing, common_height, matrix_height, picture},
    scene::{self, Data},
    words::{
        self,
        more::{PARTS, more},
        page::{BUILT_FROM, CALCULATING, EMBEDDED_FOR, FAST_FORWARD, MORE, POSITION},
    },
};
use crate::protocol::CellRef;

/// A stage that is wider than this, in CSS pixels, shows its picture larger.
const FULL_SIZE: f32 = 860.0;
/// How far an arrow key moves the slider.
const KEY_STEP: f64 = 0.025;

/// The step itself: its title, its picture, its matrices for assistive technology, its slider.
#[component]
pub fn Stage(page: Page) -> impl IntoView {
    watch(
        move || title_and_lead(page),
        |(_, title, lead)| {
            dom::text("stage-title", title);
            dom::html("stage-lead", &glossary::with_terms(lead, &mut Seen::default()));
        },
    );
    dom::on("click", ".more > summary", move |_, _| parts::ask(page, parts::Part::Lessons));
    watch(
        move || (page.session.read().shown_position() * 1000.0).round() as usize,
        |position| {
            dom::set_value("position", &position.to_string());
            dom::disable("finish", *position == 1000);
        },
    );
    // What has changed is shown when all is calculated, and said.
    watch(
        move || page.session.read().before.is_some(),
        |compares| {
            dom::disable("position", *compares);
            dom::set("stage-lead", "aria-live", compares.then_some("polite"));
        },
    );
    watch(
        move || page.caption.get(),
        |caption| {
            dom::text("caption", caption);
            dom::set("position", "aria-valuetext", Some(caption));
        },
    );
    dom::on("input", "#position", move |slider, _| {
        if let Ok(position) = dom::value(slider).parse::<u16>() {
            page.playing.set(false);
            page.session.update(|session| session.scrub(f64::from(position) / 1000.0));
        }
    });
    // A key moves as far as one term of the standard example takes.
    dom::on("keydown", "#position", move |_, event| {
        let moved = match event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key).as_deref() {
            Some("ArrowRight" | "ArrowUp") => KEY_STEP,
            Some("ArrowLeft" | "ArrowDown") => -KEY_STEP,
            _ => return,
        };
        event.prevent_default();
        let position = page.session.read().shown_position() + moved;
        page.playing.set(false);
        page.session.update(|session| session.scrub(position));
    });
    dom::on("click", "#finish", move |_, _| {
        page.session.update(Session::finish);
    });
    let (projections, painting, figure) = (projections(page), paint::controls(page), figure(page));
    let (arcs_choice, arcs) = (setup::arcs(), arcs::view(page));
    let (zoom, heads) = (zoom::controls(page), thumbnails::heads(page));
    let (table_button, table) = table::button_and_view(page);
    let (export_button, export) = export::button_and_view(page);
    let (printed_over, printed_under) = print::over_and_under(page);
    dom::skeleton(format!(
        r#"<section class="panel stage" id="stage" tabindex="-1" aria-labelledby="stage-title">
            {printed_over}
            <h2 id="stage-title" aria-live="polite"></h2>
            <p class="lead" id="stage-lead"></p>
            {projections}
            {arcs_choice}
            {painting}
            <details class="more"><summary>{MORE}</summary><dl id="more-text"></dl></details>
            {arcs}
            {figure}
            {zoom}
            <div class="scrub">
                <span class="caption" id="caption" aria-hidden="true"></span>
                <input type="range" id="position" min="0" max="1000" step="1" aria-label="{POSITION}">
                <button class="btn small" id="finish">{FAST_FORWARD}</button>
                {table_button}
                {export_button}
            </div>
            {table}
            {export}
            {printed_under}
            {heads}
        </section>"#
    ))
}

/// Which step is shown, its title, and what is said of it.
fn title_and_lead(page: Page) -> (Step, &'static str, String) {
    let (session, data) = (page.session.read(), page.data.read());
    let moved = data.as_ref().and_then(|data| what_moved(&session, data));
    let is_padded = data.as_ref().is_some_and(|data| data.sentence().own_keys() < data.lengths().keys);
    let lead = words::step_lead(session.step, &session.setup.within(paint::takes(page)), is_padded);
    let title = words::step_title(session.step, &session.setup);
    let given = data.as_ref().and_then(|data| what_was_given(&session, data));
    (session.step, title, moved.or(given).unwrap_or_else(|| lead.to_owned()))
}

/// Says more about the step.
pub fn follow_more(page: Page) {
    watch(
        move || title_and_lead(page),
        |(step, _, lead)| {
            // A term is a button where it is mentioned first, be it in the lead.
            let mut seen = Seen::default();
            glossary::with_terms(lead, &mut seen);
            let mut paragraphs = String::new();
            for (name, text) in PARTS.into_iter().zip(more(*step)) {
                paragraphs += &format!("<dt>{name}</dt><dd>{}</dd>", glossary::with_terms(text, &mut seen));
            }
            dom::html("more-text", &paragraphs);
        },
    );
}

/// Which of Q, K and V step 3 builds.
fn projections(page: Page) -> String {
    watch(
        move || {
            let session = page.session.read();
            // Two sentences are embedded.
            (session.step == Step::Project, session.step == Step::Embed && session.setup.is_cross)
        },
        |&(builds, embeds)| {
            let mut buttons = String::new();
            for (index, projection) in Projection::ALL.into_iter().enumerate() {
                let (name, role) =
                    (words::projection(projection), thumbnails::role_class(scene::projected(projection)));
                buttons += &format!(
                    r#"<button class="btn small {role}" id="projection-{index}" data-projection="{index}">{name}</button>"#
                );
            }
            let label = if builds { BUILT_FROM } else { EMBEDDED_FOR };
            let group = format!(r#"<div class="segments" role="group" aria-label="{label}">{buttons}</div>"#);
            dom::html("projections", if builds || embeds { &group } else { "" });
        },
    );
    watch(
        move || {
            let session = page.session.read();
            (session.step, session.setup.is_cross, session.projection)
        },
        |(.., chosen)| {
            for (index, projection) in Projection::ALL.into_iter().enumerate() {
                let pressed = if projection == *chosen { "true" } else { "false" };
                dom::set(&format!("projection-{index}"), "aria-pressed", Some(pressed));
            }
        },
    );
    dom::on("click", "[data-projection]", move |button, _| {
        if let Some(&projection) = dom::index(button, "data-projection").and_then(|index| Projection::ALL.get(index)) {
            page.session.update(|session| session.projection = projection);
        }
    });
    r#"<div id="projections"></div>"#.to_owned()
}

/// The canvas, and over each matrix a grid that assistive technology and the pointer can reach.
fn figure(page: Page) -> String {
    watch(
        move || page.facts.read().is_stale(),
        |stale| {
            ["figure", "tokens", "key-tokens", "explanation"]
                .into_iter()
                .for_each(|id| dom::flag(id, "data-stale", *stale))
        },
    );
    let works = move || page.badge.get() != Badge::Stopped;
    show_busy(
        move || (page.running.get() || page.lagging.get()) && works(),
        |busy| {
            dom::flag("figure", "data-busy", busy);
            // The status is not among what is busy: it would not be read there.
            dom::set("grids", "aria-busy", busy.then_some("true"));
            dom::text("working", if busy { CALCULATING } else { "" });
        },
    );
    show_busy(
        move || page.explains_another() && works(),
        |busy| dom::set("explanation", "aria-busy", busy.then_some("true")),
    );
    // The figure is on the page when this first runs.
    watch(|| (), move |()| observe_width(page));
    repaint_on_change(page);
    grids(page);
    r##"<div class="figure" id="figure">
            <canvas id="canvas" width="0" height="0" aria-hidden="true"></canvas>
            <p class="working" id="working" role="status"></p>
            <div id="grids"></div>
        </div>
        <a class="peek" id="peek" href="#inspector" hidden><span id="peek-cell"></span><b id="peek-value"></b></a>"##
        .to_owned()
}

/// Shows that something is busy once it has been so for a while: what is over soon must not flicker.
fn show_busy(is_busy: impl Fn() -> bool + 'static, show: fn(bool)) {
    const A_WHILE: u64 = 400;
    let changes: &'static Cell<u32> = Box::leak(Box::default());
    watch(is_busy, move |&busy| {
        let change = changes.get() + 1;
        changes.set(change);
        if !busy {
            return show(false);
        }
        dom::after(A_WHILE, move || {
            if changes.get() == change {
                show(true);
            }
        });
    });
}

fn observe_width(page: Page) {
    let Some(figure) = dom::element("figure") else {
        return;
    };
    let measured = figure.clone();
    let measure = move || {
        let width = f64::from(measured.client_width());
        if width > 0.0 && page.stage_width.get() != width {
            page.stage_width.set(width);
        }
    };
    measure();
    let resized = Closure::<dyn Fn()>::new(measure);
    if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(&figure);
    }
    // The stage is there for as long as the page is open.
    resized.forget();
    if dom::is_embedded() {
        // A frame's height counts, too.
        dom::listen(&window(), "resize", move |_| page.stage_width.update(|_| ()));
    }
}

/// What painting keeps from one time to the next.
#[derive(Default)]
struct Painter {
    /// Whether the next frame will paint.
    waiting: Cell<bool>,
    /// The run that was painted last, and the sentence.
    run: Cell<(u64, usize)>,
    /// How wide its tokens are.
    token_widths: RefCell<Vec<f32>>,
    /// At a stage of this width, with arcs or without, the pictures are at least so high.
    heights: Cell<(f32, Option<Arcs>, f32)>,
    /// When the run that is shown came, and where the matrices were then.
    came: RefCell<(f64, Vec<Grid>)>,
}

/// How long the picture takes to go over from one run to the next, in milliseconds.
const CHANGE: f64 = 300.0;

impl Painter {
    /// So high that a short sentence's slider stays where it is from step to step; a new run may change it.
    fn least_height(&self, session: &Session, data: &Data, view: &View, new: bool) -> f32 {
        const LEAST: f32 = 428.0;
        const MOST: f32 = 520.0;
        const MOST_WITH_ARCS: f32 = 620.0;
        let (width, before, height) = self.heights.get();
        let arcs = session.arcs.filter(|_| view.arcs.is_some());
        if !new && width == view.width && before == arcs {
            return height;
        }
        let height = if view.width < 560.0 {
            // Under one another, matrices differ too much in height.
            0.0
        } else if data.is_long() {
            // Their pictures are higher than that.
            MOST
        } else {
            common_height(session, data, view, if arcs.is_some() { MOST_WITH_ARCS } else { MOST }).max(LEAST)
        };
        self.heights.set((view.width, arcs, height));
        height
    }
}

/// Paints with the next frame after anything in the picture has changed.
fn repaint_on_change(page: Page) {
    let painter = Rc::new(Painter::default());
    watch(
        move || {
            let session = page.session.read();
            let shown = (session.step, session.shown_position(), session.head, session.projection);
            let chosen = (session.arcs, page.arcs_part.version(), session.range);
            let focus = (page.focus(), page.chosen().is_some(), page.lit.get());
            let screen = (page.colors(), page.prints.get(), page.pixel_ratio.get(), page.stage_width.version());
            (shown, chosen, page.data.version(), focus, screen)
        },
        move |&(.., (_, prints, ..))| {
            if prints {
                // Paper is not waited for.
                paint(page, &painter);
            } else if page.stage_width.get() > 0.0 {
                paint_soon(page, &painter);
            }
        },
    );
}

fn paint_soon(page: Page, painter: &Rc<Painter>) {
    if !painter.waiting.replace(true) {
        let painter = Rc::clone(painter);
        dom::before_next_paint(move || {
            painter.waiting.set(false);
            paint(page, &painter);
        });
    }
}

fn paint(page: Page, painter: &Rc<Painter>) {
    let (session, data) = (page.session.read(), page.data.read());
    let (Some(canvas), Some(data)) = (dom::canvas("canvas"), data.as_ref()) else {
        return;
    };
    let new = painter.run.replace((data.run, data.item)) != (data.run, data.item);
    if new {
        painter.token_widths.replace(canvas::token_widths(&canvas, data));
    }
    let prints = page.prints.get();
    let stage = page.stage_width.get() as f32;
    // On a very large screen everything grows.
    let scale = if prints { 1.0 } else { (stage / FULL_SIZE).max(1.0) };
    if new {
        let grids = page.grids.read().iter().map(|grid| grid.clone().scaled(1.0 / scale)).collect();
        painter.came.replace((player::now(), grids));
    }
    let mut view = View {
        width: if prints { print::WIDTH } else { stage / scale },
        matrix_height: matrix_height(data),
        least_height: 0.0,
        colors: page.colors(),
        token_widths: painter.token_widths.borrow().clone(),
        focus: page.focus(),
        lit: page.lit.get(),
        chosen: page.chosen().is_some(),
        arcs: page.arcs_part.get().map(|part| part.draw),
    };
    if let Some(room) = room_in_frame(&canvas).filter(|_| !prints) {
        view.matrix_height = view.matrix_height.min(room / scale);
    } else if !prints {
        view.least_height = painter.least_height(&session, data, &view, new);
    }
    let earlier = page.earlier.read();
    let came = painter.came.borrow();
    // Paper shows what is calculated.
    let gone = if prints { 1.0 } else { (player::now() - came.0) / CHANGE };
    let changing = earlier.as_ref().filter(|_| gone < 1.0).and_then(|old| {
        changing(&session, Earlier { data: old, grids: &came.1, gone: gone.max(0.0) as f32 }, data, &view)
    });
    let is_changing = changing.is_some();
    dom::flag("figure", "data-changing", is_changing);
    let picture = changing.or_else(|| picture(&session, data, &view));
    page.lagging.renew(picture.is_none());
    if let Some(picture) = picture {
        let ratio = if prints { print::RATIO } else { page.pixel_ratio.get() };
        canvas::paint_scaled(&canvas, &picture.figure, scale, ratio);
        if new {
            canvas::mark("drawn", data.run);
        }
        dom::flag("arcs-choice", "hidden", !has_arcs(&session));
        if let Some(part) = page.arcs_part.get() {
            (part.paint)(page, picture.arcs, scale, ratio);
        }
        page.grids.renew(picture.grids.into_iter().map(|grid| grid.scaled(scale)).collect());
        page.caption.renew(picture.caption);
    }
    let is_over = !is_changing && earlier.is_some();
    drop(earlier);
    if is_changing {
        paint_soon(page, painter);
    } else if is_over {
        page.earlier.set(None);
    }
}

/// How high matrices can be in a frame of another page, so that it shows all of the stage; `None` where this is none.
fn room_in_frame(canvas: &HtmlElement) -> Option<f32> {
    // Over and under the matrices, and what is still a picture.
    const LABELS: f64 = 150.0;
    const LEAST: f64 = 100.0;
    dom::is_embedded().then(|| {
        let (body, window) = (document().body(), window());
        let others = body.map_or(0, |body| body.offset_height()) - canvas.offset_height();
        let height = window.inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
        (height - f64::from(others) - LABELS).max(LEAST) as f32
    })
}

/// Each matrix of the picture as an ARIA grid; only its current cell is in the DOM.
fn grids(page: Page) {
    watch(
        move || {
            let versions = (page.grids.version(), page.data.version(), page.operands.version());
            (versions, page.focus(), page.cursor.get(), page.session.read().pinned)
        },
        move |_| {
            let grids = page.grids.read();
            match_elements(&grids);
            for grid in grids.iter() {
                describe(page, grid);
            }
        },
    );
    dom::on("pointermove", "[role=grid], [data-word]", move |element, event| {
        // A finger taps, or scrolls; it does not hover.
        if zoom::is_finger(event) {
            return;
        }
        let cell = cell_under(page, element, event);
        if page.hover.get() != cell {
            page.hover.set(cell);
        }
    });
    dom::on("pointerout", "[role=grid], [data-word]", move |_, _| page.hover.set(None));
    dom::on("click", "[role=grid], [data-word]", move |element, event| {
        if zoom::has_dragged(element) {
            return;
        }
        if let Some(cell) = cell_under(page, element, event) {
            page.cursor.set(Some(cell));
            if paint::paints(page) {
                return;
            }
            toggle_pin(page, cell);
        }
    });
    dom::on("keydown", "[role=grid]", move |element, event| {
        let (Some(grid), Some(event)) = (grid_of(page, element), event.dyn_ref::<KeyboardEvent>()) else {
            return;
        };
        let at = current(page, &grid);
        let key = event.key();
        let among_all = (grid.first.0 + at.0, grid.first.1 + at.1);
        if matches!(key.as_str(), "Enter" | " ") && paint::paints(page) {
            paint::turn(page, grid.cell(at.0, at.1));
        } else if matches!(key.as_str(), "Enter" | " ") {
            toggle_pin(page, grid.cell(at.0, at.1));
        } else if let Some((row, column)) = keyboard::moved(&key, event.ctrl_key(), among_all, grid.of) {
            page.hover.set(None);
            let cell = grid.cell_among_all(row, column);
            page.cursor.set(Some(cell));
            // Where it goes out of sight, the view follows.
            let shown = page.session.read().zoom;
            let following = shown.with(cell, zoom::tokens(page));
            if following != shown {
                page.session.update(|session| session.zoom = following);
            }
        } else {
            return;
        }
        event.prevent_default();
    });
}

/// One element a grid, in their order. Those that are there already stay: one of them may have the keyboard's focus.
fn match_elements(grids: &[Grid]) {
    let Some(holder) = dom::element("grids") else {
        return;
    };
    let ids: Vec<String> = grids.iter().map(grid_id).collect();
    let there = holder.children();
    for index in (0..there.length()).rev() {
        if let Some(gone) = there.item(index).filter(|element| !ids.contains(&element.id())) {
            gone.remove();
        }
    }
    for (index, (id, grid)) in (0..).zip(ids.iter().zip(grids)) {
        if there.item(index).is_some_and(|element| element.id() == *id) {
            continue;
        }
        let name = words::tensor_name(grid.tensor);
        let html = format!(
            r#"<div class="grid" id="{id}" role="grid" tabindex="0" aria-label="{name}">
                <div role="row">
                    <div role="gridcell"><span class="said"></span></div>
                    <div role="gridcell" hidden><span class="said"></span></div>
                </div>
            </div>"#
        );
        let added = match there.item(index) {
            Some(next) => next.insert_adjacent_html("beforebegin", &html),
            None => holder.insert_adjacent_html("beforeend", &html),
        };
        added.expect("a grid's HTML is well-formed");
    }
}

fn grid_id(grid: &Grid) -> String {
    format!("grid-{}", grid.tensor as usize)
}

pub fn grid_of(page: Page, element: &Element) -> Option<Grid> {
    page.grids.read().iter().find(|grid| grid_id(grid) == element.id()).cloned()
}

/// The cell under the pointer, in a matrix, or that a word with its arcs stands for.
pub fn cell_under(page: Page, element: &Element, event: &Event) -> Option<CellRef> {
    if element.has_attribute("data-word") {
        return page.arcs_part.get().and_then(|part| (part.cell_under)(page, element));
    }
    let (grid, event) = (grid_of(page, element)?, event.dyn_ref::<MouseEvent>()?);
    let (left, top, ..) = grid.bounds();
    grid.cell_at(left + event.offset_x() as f32, top + event.offset_y() as f32)
}

/// Where the keyboard is in a matrix, or the focus, or the first cell; as drawn.
fn current(page: Page, grid: &Grid) -> (usize, usize) {
    let here = |cell: Option<CellRef>| cell.and_then(|cell| grid.drawn_at(cell));
    here(page.at_cursor()).or_else(|| here(page.focus())).unwrap_or((0, 0))
}

/// Puts a grid's elements where the picture has them, and says what its current cell says.
///
/// Two cells take turns: assistive technology speaks of an active descendant when it is another element.
fn describe(page: Page, grid: &Grid) {
    let (at_row, at_column) = current(page, grid);
    let current = grid.cell(at_row, at_column);
    let id = format!("cell-{}-{}-{}-{}", grid.tensor as usize, grid.head, current.row, current.column);
    let outer = dom::element(&grid_id(grid)).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    let Some((outer, row)) = outer.and_then(|outer| Some((outer.clone(), outer.first_element_child()?))) else {
        return;
    };
    let (Some(one), Some(other)) = (row.first_element_child(), row.last_element_child()) else {
        return;
    };
    let (hidden, shown) = if one.has_attribute("hidden") { (one, other) } else { (other, one) };
    let stays = shown.id() == id || shown.id().is_empty();
    let (cell, gone) = if stays { (shown, hidden) } else { (hidden, shown) };

    let (left, top, width, height) = grid.bounds();
    dom::place(&outer, (left, top, width, height));
    let (x, y, width, height) = grid.cell_box(at_row, at_column);
    dom::place(cell.unchecked_ref(), (x - left, y - top, width, height));
    let (data, operands) = (page.data.read(), page.operands.read());
    let text = data.as_ref().map(|data| {
        let context = data.context();
        let is_change = data.on_stage(current.tensor, current.head).is_some_and(|matrix| matrix.is_change);
        if let Some(before) = data.before.as_ref().filter(|_| is_change) {
            return change_announcement(current, data.value(current), context, before);
        }
        let opened = operands.as_ref().filter(|operands| operands.cell == current).map(|operands| operands.value);
        announcement(current, data.value(current).or(opened), context)
    });
    if let Some(said) = cell.first_element_child() {
        said.set_text_content(text.as_deref());
    }
    let pinned = page.session.read().pinned == Some(current);
    for (element, name, value) in [
        (&cell, "id", Some(id.as_str())),
        (&cell, "aria-colindex", Some(&*(grid.first.1 + at_column + 1).to_string())),
        (&cell, "aria-selected", Some(if pinned { "true" } else { "false" })),
        (&cell, "hidden", None),
        (&row, "aria-rowindex", Some(&*(grid.first.0 + at_row + 1).to_string())),
        (&outer, "aria-rowcount", Some(&*grid.of.0.to_string())),
        (&outer, "aria-colcount", Some(&*grid.of.1.to_string())),
        (&outer, "aria-activedescendant", Some(&id)),
        (&gone, "hidden", Some("")),
        (&gone, "id", None),
    ] {
        dom::attribute(element, name, value);
    }
}

/// Keeps a cell in the inspector, or lets it go.
pub fn toggle_pin(page: Page, cell: CellRef) {
    page.session.update(|session| {
        session.pinned = if session.pinned == Some(cell) { None } else { Some(cell) };
    });
}
