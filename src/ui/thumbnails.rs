//! Small heatmaps that lead somewhere: the overview of all steps, and the heads at the current step.

use leptos::{html, prelude::*};

use super::{canvas, dom, state::Page};
use crate::lesson::{
    Projection, Step,
    explain::role_of,
    picture::thumbnail,
    scene::{self, OVERVIEW},
    words,
};
use crate::protocol::Tensor;

/// All steps of the current head.
#[component]
pub fn Overview() -> impl IntoView {
    let page = expect_context::<Page>();
    let head = Memo::new(move |_| page.session.with(|session| session.head));
    Effect::new(move || {
        let (step, projection) = page.session.with(|session| (session.step, session.projection));
        for (tensor, leads_to) in OVERVIEW {
            let here = leads_to == step && (step != Step::Project || scene::projected(projection) == tensor);
            dom::set(&overview_id(tensor), "class", here.then_some("on"));
        }
        dom::set("overview", "aria-label", Some(&words::overview_of(head.get())));
    });
    let button = move |(index, (tensor, leads_to)): (usize, (Tensor, Step))| {
        // Q, K and V stand side by side: none leads to the other.
        let arrow = if index == 0 || matches!(tensor, Tensor::Keys | Tensor::Values) { "" } else { "→" };
        let go = move |_| {
            page.go_to(leads_to);
            let made = Projection::ALL.into_iter().find(|&projection| scene::projected(projection) == tensor);
            page.session.update(|session| session.projection = made.unwrap_or(session.projection));
        };
        view! {
            <span class="arrow" aria-hidden="true">{arrow}</span>
            <button id=overview_id(tensor) aria-label=words::overview_button(tensor, leads_to) on:click=go>
                {thumbnail_canvas(page, Signal::stored(tensor), head.into(), Size { cell: 6.0, most: (64.0, 36.0) })}
                <span class=role_class(tensor)>{words::thumbnail_name(tensor)}</span>
            </button>
        }
    };
    view! {
        <section class="over" id="overview">{OVERVIEW.into_iter().enumerate().map(button).collect_view()}</section>
    }
}

fn overview_id(tensor: Tensor) -> String {
    format!("overview-{}", tensor as usize)
}

/// Every head at the current step.
#[component]
pub fn Heads() -> impl IntoView {
    let page = expect_context::<Page>();
    let heads = Memo::new(move |_| page.session.with(|session| session.setup.heads));
    let tensor =
        Memo::new(move |_| page.session.with(|session| scene::in_heads_strip(session.step, session.projection)));
    let chosen = Memo::new(move |_| page.session.with(|session| session.head));
    Effect::new(move || {
        for head in 0..heads.get() {
            let (class, pressed) = if head == chosen.get() { ("head on", "true") } else { ("head", "false") };
            dom::set(&head_id(head), "class", Some(class));
            dom::set(&head_id(head), "aria-pressed", Some(pressed));
        }
        dom::text("heads-name", words::tensor_name(tensor.get()));
    });
    let button = move |head: usize| {
        let choose = move |_| {
            page.session.update(|session| {
                session.head = head;
                if let Some(pinned) = session.pinned.as_mut().filter(|pinned| scene::has_heads(pinned.tensor)) {
                    pinned.head = head;
                }
            });
        };
        view! {
            <button id=head_id(head) on:click=choose>
                {thumbnail_canvas(page, tensor.into(), Signal::stored(head), Size { cell: 13.0, most: (84.0, 84.0) })}
                {words::head(head)}
            </button>
        }
    };
    view! {
        <div class="heads" role="group" aria-label=words::page::HEADS_STRIP>
            <span class="strip-name" id="heads-name"></span>
            {move || (0..heads.get()).map(button).collect_view()}
        </div>
    }
}

fn head_id(head: usize) -> String {
    format!("head-{head}")
}

/// The class that gives Q, K, V and the output their colours.
pub fn role_class(tensor: Tensor) -> &'static str {
    super::inspector::role_class(role_of(tensor))
}

/// How large a thumbnail becomes, in CSS pixels.
#[derive(Clone, Copy)]
struct Size {
    /// One cell, where they all fit.
    cell: f32,
    /// Everything.
    most: (f32, f32),
}

fn thumbnail_canvas(page: Page, tensor: Signal<Tensor>, head: Signal<usize>, size: Size) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move || {
        let (tensor, head, colors) = (tensor.get(), head.get(), page.colors());
        page.data.with(|data| {
            let matrix = data.as_ref().and_then(|data| data.in_thumbnail(tensor, head));
            if let (Some(canvas), Some(matrix)) = (canvas.get(), matrix) {
                let width = (size.cell * matrix.shown_columns as f32).min(size.most.0);
                let height = (size.cell * matrix.shown_rows as f32).min(size.most.1);
                canvas::paint(&canvas, &thumbnail(matrix, tensor, width, height, &colors));
            }
        });
    });
    view! { <canvas node_ref=canvas width="0" height="0" aria-hidden="true"></canvas> }
}
