//! Small heatmaps that lead somewhere: the overview of all steps, and the heads at the current step.

use leptos::prelude::*;

use super::{canvas, dom, live::watch, state::Page};
use crate::lesson::{
    Projection, Step,
    explain::role_of,
    picture::thumbnail,
    scene::{self, OVERVIEW},
    words::{self, page::HEADS_STRIP},
};
use crate::protocol::Tensor;

/// All steps of the current head.
#[component]
pub fn Overview(page: Page) -> impl IntoView {
    watch(
        move || {
            let session = page.session.read();
            (session.step, session.projection)
        },
        |&(step, projection)| {
            for (index, (tensor, leads_to)) in OVERVIEW.into_iter().enumerate() {
                let here = leads_to == step && (step != Step::Project || scene::projected(projection) == tensor);
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
                let size = Size { cell: 6.0, most: (64.0, 36.0) };
                draw(page, &format!("overview-canvas-{index}"), tensor, head, size);
            }
        },
    );
    dom::on("click", "[data-overview]", move |button, _| {
        if let Some(&(tensor, leads_to)) = dom::index(button, "data-overview").and_then(|index| OVERVIEW.get(index)) {
            page.go_to(leads_to);
            let made = Projection::ALL.into_iter().find(|&projection| scene::projected(projection) == tensor);
            page.session.update(|session| session.projection = made.unwrap_or(session.projection));
        }
    });
    let mut buttons = String::new();
    for (index, (tensor, leads_to)) in OVERVIEW.into_iter().enumerate() {
        // Q, K and V stand side by side: none leads to the other.
        let arrow = if index == 0 || matches!(tensor, Tensor::Keys | Tensor::Values) { "" } else { "→" };
        let (label, role) = (words::overview_button(tensor, leads_to), role_class(tensor));
        let name = words::thumbnail_name(tensor);
        buttons += &format!(
            r#"<span class="arrow" aria-hidden="true">{arrow}</span>
            <button id="overview-{index}" data-overview="{index}" aria-label="{label}">
                <canvas id="overview-canvas-{index}" width="0" height="0" aria-hidden="true"></canvas>
                <span class="{role}">{name}</span>
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
            dom::text("strip-name", words::tensor_name(tensor));
            for head in 0..heads {
                let (class, pressed) = if head == chosen { ("head on", "true") } else { ("head", "false") };
                dom::text(&format!("head-name-{head}"), &words::head_in_strip(head, off.contains(&head)));
                dom::set(&format!("head-{head}"), "class", Some(class));
                dom::set(&format!("head-{head}"), "aria-pressed", Some(pressed));
                let size = Size { cell: 13.0, most: (84.0, 84.0) };
                draw(page, &format!("head-canvas-{head}"), tensor, head, size);
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

/// How large a thumbnail becomes, in CSS pixels.
struct Size {
    /// One cell, where they all fit.
    cell: f32,
    /// Everything.
    most: (f32, f32),
}

fn draw(page: Page, canvas: &str, tensor: Tensor, head: usize, size: Size) {
    let data = page.data.read();
    let matrix = data.as_ref().and_then(|data| data.in_thumbnail(tensor, head));
    if let (Some(canvas), Some(matrix)) = (dom::canvas(canvas), matrix) {
        let mut width = (size.cell * matrix.shown_columns as f32).min(size.most.0);
        let height = (size.cell * matrix.shown_rows as f32).min(size.most.1);
        if matrix.rows == matrix.columns {
            width = width.min(height);
        }
        canvas::paint(&canvas, &thumbnail(matrix, tensor, width, height, &page.colors()));
    }
}
