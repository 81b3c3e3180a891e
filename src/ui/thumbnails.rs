//! Small heatmaps that lead somewhere: the overview of all steps, and the heads at the current step.

use leptos::prelude::*;
use web_sys::HtmlElement;

use super::{canvas, dom, live::watch, sentence, state::Page};
use crate::lesson::{
    Projection, Step,
    explain::role_of,
    light,
    picture::thumbnail,
    range::Range,
    scene::{self, OVERVIEW, Source},
    theme::Colors,
    words::{self, page::HEADS_STRIP},
};
use crate::protocol::{Matrix, Tensor};
use wasm_bindgen::JsCast;

/// All steps of the current head.
#[component]
pub fn Overview(page: Page) -> impl IntoView {
    watch(
        move || {
            let session = page.session.read();
            (session.step, scene::result(session.step, session.projection, &session.setup))
        },
        |&(step, result)| {
            for (index, (tensor, leads_to)) in OVERVIEW.into_iter().enumerate() {
                let here = leads_to == step && result == tensor;
                let id = format!("overview-{index}");
                dom::set(&id, "class", here.then_some("on"));
                if here {
                    dom::scroll_strip("overview", &id);
                }
            }
        },
    );
    watch(
        move || (page.session.read().head, page.data.version(), page.colors(), page.pixel_ratio.get()),
        move |&(head, ..)| {
            dom::set("overview", "aria-label", Some(&words::overview_of(head)));
            for (index, (tensor, _)) in OVERVIEW.into_iter().enumerate() {
                let name = named(page, tensor, head, words::thumbnail_name(tensor));
                dom::text(&format!("overview-name-{index}"), &name);
                draw(page, &format!("overview-canvas-{index}"), tensor, head, OVERVIEW_SIZE, &page.colors());
            }
        },
    );
    // What feeds the cell in focus is lit here, and its words above.
    watch(
        move || (page.focus(), page.lit.get(), page.session.read().head, page.data.version()),
        move |&(focus, ref terms, head, _)| {
            let data = page.data.read();
            let Some(data) = data.as_ref() else {
                return;
            };
            sentence::mark(focus.map(light::words_of).unwrap_or_default(), data.setup.is_cross);
            let lit = focus.map(|cell| light::in_overview(cell, head, &data.setup)).unwrap_or_default();
            for (index, (tensor, _)) in OVERVIEW.into_iter().enumerate() {
                let source = lit.iter().copied().find(|source| source.tensor() == tensor);
                let term = terms.iter().find(|cell| cell.tensor == tensor && cell.head == scene::head_of(tensor, head));
                let term = term.map(|cell| Source::Cell(tensor, cell.row, cell.column));
                for (id, lit) in [("overview-lit", source), ("overview-term", term)] {
                    let shown = lit.zip(data.in_thumbnail(tensor, head));
                    outline(&format!("{id}-{index}"), shown, data.shape(tensor));
                }
                dom::flag(&format!("overview-{index}"), "hidden", !tensor.is_of(&data.setup));
            }
            // Nothing leads to the first that there is.
            let mut has_begun = false;
            for index in ORDER {
                let is_there = OVERVIEW[index].0.is_of(&data.setup);
                dom::flag(&format!("overview-arrow-{index}"), "hidden", !(is_there && has_begun));
                has_begun |= is_there;
            }
        },
    );
    dom::on("click", "[data-overview]", move |button, _| {
        if let Some(&(tensor, leads_to)) = dom::index(button, "data-overview").and_then(|index| OVERVIEW.get(index)) {
            // What a file begins with is made nowhere: its first step shows it.
            let steps = Step::all_of(&page.session.read().setup);
            page.go_to(if steps.contains(&leads_to) { leads_to } else { steps[0] });
            let made = Projection::ALL.into_iter().find(|&projection| scene::projected(projection) == tensor);
            // Of two sentences, each has a projection that is made of it.
            let embedded = |projection| {
                Step::Embed == leads_to && scene::result(Step::Embed, projection, &page.session.read().setup) == tensor
            };
            let made = made.or_else(|| Projection::ALL.into_iter().find(|&projection| embedded(projection)));
            page.session.update(|session| session.projection = made.unwrap_or(session.projection));
        }
    });
    let mut buttons = String::new();
    for index in ORDER {
        let (tensor, leads_to) = OVERVIEW[index];
        // So do Q, K and V: none leads to the other.
        let arrow = match tensor {
            Tensor::Input | Tensor::KeyInput | Tensor::Keys | Tensor::Values => "",
            _ => "→",
        };
        let (label, role) = (words::overview_button(tensor, leads_to), role_class(tensor));
        buttons += &format!(
            r#"<span class="arrow" id="overview-arrow-{index}" aria-hidden="true">{arrow}</span>
            <button id="overview-{index}" data-overview="{index}" aria-label="{label}" hidden>
                <span class="thumb {role}" aria-hidden="true">
                    <canvas id="overview-canvas-{index}" width="0" height="0"></canvas>
                    <i class="lit" id="overview-lit-{index}" hidden></i>
                    <i class="lit term" id="overview-term-{index}" hidden></i>
                </span>
                <span class="{role}" id="overview-name-{index}"></span>
            </button>"#
        );
    }
    dom::skeleton(format!(r#"<section class="over" id="overview">{buttons}</section>"#))
}

/// Every head at the current step: the HTML of a part of the stage.
pub fn heads(page: Page) -> String {
    watch(
        move || {
            let (session, data) = (page.session.read(), page.data.read());
            let tensor = scene::in_heads_strip(session.step, session.projection);
            // Those that were calculated: what is chosen may have been refused.
            let heads = data.as_ref().map_or(session.setup.heads, |data| data.setup.heads);
            let off = session.setup.heads_off.clone();
            (heads, session.head, tensor, off, page.data.version(), page.colors(), page.pixel_ratio.get())
        },
        move |&(heads, chosen, tensor, ref off, ..)| {
            // Its buttons stay while there are as many: one of them may have the keyboard's focus.
            if dom::element(&format!("head-{}", heads - 1)).is_none()
                || dom::element(&format!("head-{heads}")).is_some()
            {
                dom::html("heads", &(0..heads).fold(STRIP_NAME.to_owned(), |html, head| html + &head_button(head)));
            }
            dom::text("strip-name", &named(page, tensor, chosen, words::tensor_name(tensor)));
            let colors = common_colors(page, tensor, heads);
            for head in 0..heads {
                let (class, pressed) = if head == chosen { ("head on", "true") } else { ("head", "false") };
                dom::text(&format!("head-name-{head}"), &words::head_in_strip(head, off.contains(&head)));
                dom::set(&format!("head-{head}"), "class", Some(class));
                dom::set(&format!("head-{head}"), "aria-pressed", Some(pressed));
                let size = Size { cell: 13.0, most: (84.0, 84.0) };
                draw(page, &format!("head-canvas-{head}"), tensor, head, size, &colors);
            }
        },
    );
    dom::on("click", "[data-head]", move |button, _| {
        if let Some(head) = dom::index(button, "data-head") {
            page.session.update(|session| session.show_head(head));
        }
    });
    format!(r#"<div class="heads" id="heads" role="group" aria-label="{HEADS_STRIP}"></div>"#)
}

/// Where the overview's thumbnails stand: the inputs side by side.
const ORDER: [usize; OVERVIEW.len()] = [0, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const STRIP_NAME: &str = r#"<span class="strip-name" id="strip-name"></span>"#;

fn head_button(head: usize) -> String {
    format!(
        r#"<button id="head-{head}" data-head="{head}">
            <canvas id="head-canvas-{head}" width="0" height="0" aria-hidden="true"></canvas>
            <span id="head-name-{head}"></span></button>"#
    )
}

/// The class that gives Q, K, V and the output their colours.
pub fn role_class(tensor: Tensor) -> &'static str {
    super::inspector::role_class(role_of(tensor))
}

const OVERVIEW_SIZE: Size = Size { cell: 6.0, most: (64.0, 36.0) };

/// How large a thumbnail becomes, in CSS pixels.
struct Size {
    /// One cell, where they all fit.
    cell: f32,
    /// Everything.
    most: (f32, f32),
}

impl Size {
    /// Width and height of this matrix's.
    fn of(&self, matrix: &Matrix) -> (f32, f32) {
        let width = (self.cell * matrix.shown_columns as f32).min(self.most.0);
        let height = (self.cell * matrix.shown_rows as f32).min(self.most.1);
        (if matrix.rows == matrix.columns { width.min(height) } else { width }, height)
    }
}

/// Lays a frame around a row, a column or a cell of the overview's picture of a matrix, or none.
fn outline(id: &str, shown: Option<(Source, &Matrix)>, shape: (usize, usize)) {
    /// A frame is no smaller than this, however thin a row is.
    const LEAST: f32 = 5.0;
    dom::flag(id, "hidden", shown.is_none());
    let frame = dom::element(id).and_then(|frame| frame.dyn_into::<HtmlElement>().ok());
    if let (Some(frame), Some((source, matrix))) = (frame, shown) {
        let (left, top, width, height) = light::place(source, shape);
        let whole = OVERVIEW_SIZE.of(matrix);
        let span = |start: f32, length: f32, whole: f32| {
            let (start, length) = (start * whole - 1.0, length * whole + 2.0);
            let more = (LEAST - length).max(0.0);
            (start - more / 2.0, length + more)
        };
        let ((left, width), (top, height)) = (span(left, width, whole.0), span(top, height, whole.1));
        dom::place(&frame, (left, top, width, height));
    }
}

/// The name of a matrix, or of its change.
fn named(page: Page, tensor: Tensor, head: usize, name: &str) -> String {
    let data = page.data.read();
    let is_change =
        data.as_ref().and_then(|data| data.in_thumbnail(tensor, head)).is_some_and(|matrix| matrix.is_change);
    if is_change { words::change_of(name) } else { name.to_owned() }
}

/// The colours of the strip of heads: where a step has one range, its heads share it.
fn common_colors(page: Page, tensor: Tensor, heads: usize) -> Colors {
    let (mut colors, data) = (page.colors(), page.data.read());
    if let (Range::Step, Some(data)) = (colors.range, data.as_ref()) {
        let mut matrices = Vec::new();
        for head in 0..heads {
            matrices.extend(data.in_thumbnail(tensor, head).map(|matrix| (tensor, matrix)));
        }
        colors.range = colors.range.among(&matrices);
    }
    colors
}

fn draw(page: Page, canvas: &str, tensor: Tensor, head: usize, size: Size, colors: &Colors) {
    let data = page.data.read();
    let matrix = data.as_ref().and_then(|data| data.in_thumbnail(tensor, head));
    if let (Some(canvas), Some(matrix)) = (dom::canvas(canvas), matrix) {
        let (width, height) = size.of(matrix);
        canvas::paint(&canvas, &thumbnail(matrix, tensor, width, height, colors));
    }
}
