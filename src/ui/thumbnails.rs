//! Small heatmaps that lead somewhere: the overview of all steps, and the heads at the current step.

use leptos::{html, prelude::*};

use super::{canvas, state::Page};
use crate::lesson::{
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
    let step = page.step();
    let result = Memo::new(move |_| page.session.with(|session| scene::result(session.step, session.projection)));
    let head = Memo::new(move |_| page.session.with(|session| session.head));
    let button = move |(index, (tensor, leads_to)): (usize, (Tensor, _))| {
        // Q, K and V stand side by side: none leads to the other.
        let arrow = index > 0 && !matches!(tensor, Tensor::Keys | Tensor::Values);
        let here =
            move || step.get() == leads_to && (leads_to != crate::lesson::Step::Project || result.get() == tensor);
        let go = move |_| {
            page.go_to(leads_to);
            if let Some(projection) =
                crate::lesson::Projection::ALL.into_iter().find(|&projection| scene::projected(projection) == tensor)
            {
                page.session.update(|session| session.projection = projection);
            }
        };
        let label = words::overview_button(tensor, leads_to);
        view! {
            {arrow.then(|| view! { <span class="arrow" aria-hidden="true">"→"</span> })}
            <button class:on=here aria-label=label on:click=go>
                <Thumbnail tensor=tensor head=head size=Size { cell: (6.0, 6.0), most: (64.0, 36.0) }/>
                <span class=role_class(tensor)>{words::thumbnail_name(tensor)}</span>
            </button>
        }
    };
    view! {
        <section class="over" aria-label=move || words::overview_of(head.get())>
            {OVERVIEW.into_iter().enumerate().map(button).collect_view()}
        </section>
    }
}

/// Every head at the current step.
#[component]
pub fn Heads() -> impl IntoView {
    let page = expect_context::<Page>();
    let heads = Memo::new(move |_| page.session.with(|session| session.setup.heads));
    let tensor =
        Memo::new(move |_| page.session.with(|session| scene::in_heads_strip(session.step, session.projection)));
    let chosen = Memo::new(move |_| page.session.with(|session| session.head));
    let button = move |head: usize| {
        let index = Memo::new(move |_| head);
        view! {
            <button
                class="head"
                class:on=move || chosen.get() == head
                aria-pressed=move || (chosen.get() == head).to_string()
                on:click=move |_| page.session.update(|session| {
                    session.head = head;
                    if let Some(pinned) = &mut session.pinned {
                        pinned.head = if scene::has_heads(pinned.tensor) { head } else { 0 };
                    }
                })
            >
                {move || view! {
                    <Thumbnail tensor=tensor.get() head=index size=Size { cell: (13.0, 13.0), most: (84.0, 84.0) }/>
                }}
                {words::head(head)}
            </button>
        }
    };
    view! {
        <div class="heads" role="group" aria-label=words::page::HEADS_STRIP>
            <span class="strip-name">{move || words::tensor_name(tensor.get())}</span>
            {move || (0..heads.get()).map(button).collect_view()}
        </div>
    }
}

/// The class that gives Q, K, V and the output their colours.
pub fn role_class(tensor: Tensor) -> &'static str {
    super::inspector::role_class(role_of(tensor))
}

/// How large a thumbnail becomes, in CSS pixels.
#[derive(Clone, Copy)]
struct Size {
    /// One cell, where they all fit.
    cell: (f32, f32),
    /// Everything.
    most: (f32, f32),
}

#[component]
fn Thumbnail(tensor: Tensor, head: Memo<usize>, size: Size) -> impl IntoView {
    let page = expect_context::<Page>();
    let canvas = NodeRef::<html::Canvas>::new();
    let matrix = Memo::new(move |_| {
        page.data.with(|data| data.as_ref().and_then(|data| data.in_thumbnail(tensor, head.get()).cloned()))
    });
    Effect::new(move || {
        let colors = page.colors();
        let Some(canvas) = canvas.get() else {
            return;
        };
        matrix.with(|matrix| {
            if let Some(matrix) = matrix {
                let width = (size.cell.0 * matrix.shown_columns as f32).min(size.most.0);
                let height = (size.cell.1 * matrix.shown_rows as f32).min(size.most.1);
                canvas::paint(&canvas, &thumbnail(matrix, tensor, width, height, &colors));
            }
        });
    });
    view! { <canvas node_ref=canvas width="0" height="0" aria-hidden="true"></canvas> }
}
