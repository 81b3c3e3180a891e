use leptos::{ev, html, prelude::*};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent, ResizeObserver};

use super::{canvas, dom, keyboard, state::Page, thumbnails::Heads};
use crate::lesson::{
    Projection, Step,
    explain::{Context, announcement},
    picture::{Grid, View, picture},
    scene, words,
};
use crate::protocol::{CellRef, Tensor};

/// The step itself: its title, its picture, its matrices for assistive technology, its slider.
#[component]
pub fn Stage() -> impl IntoView {
    let page = expect_context::<Page>();
    let step = page.step();
    Effect::new(move || {
        let (step, lead) =
            page.session.with(|session| (session.step, words::step_lead(session.step, &session.setup.mask)));
        dom::text("stage-title", words::step_title(step));
        dom::text("stage-lead", lead);
    });
    Effect::new(move || {
        let stale = page.notice.with(|notice| notice.as_ref().is_some_and(|notice| notice.stale));
        dom::flag("figure", "data-stale", stale);
    });
    Effect::new(move || {
        let position = page.session.with(|session| (session.shown_position() * 1000.0).round() as usize);
        dom::value("position", &position.to_string());
        dom::flag("finish", "disabled", position == 1000);
        page.caption.with(|caption| {
            dom::text("caption", caption);
            dom::set("position", "aria-valuetext", Some(caption));
        });
    });
    let scrub = move |event| {
        if let Ok(position) = event_target_value(&event).parse::<u16>() {
            page.playing.set(false);
            page.session.update(|session| session.position = f64::from(position) / 1000.0);
        }
    };
    let finish = move |_| page.session.update(|session| session.position = session.position.max(1.0));
    view! {
        <section class="panel stage" id="stage" tabindex="-1" aria-labelledby="stage-title">
            <h2 id="stage-title"></h2>
            <p class="lead" id="stage-lead"></p>
            {move || (step.get() == Step::Project).then(|| view! { <ChooseProjection/> })}
            <Picture/>
            <div class="scrub">
                <span class="caption" id="caption"></span>
                <input type="range" id="position" min="0" max="1000" step="1" aria-label=words::page::POSITION on:input=scrub/>
                <button class="btn small" id="finish" on:click=finish>{words::page::FAST_FORWARD}</button>
            </div>
            <Heads/>
        </section>
    }
}

/// Which of Q, K and V step 3 builds.
#[component]
fn ChooseProjection() -> impl IntoView {
    let page = expect_context::<Page>();
    Effect::new(move || {
        let chosen = page.session.with(|session| session.projection);
        for projection in Projection::ALL {
            let pressed = if projection == chosen { "true" } else { "false" };
            dom::set(&projection_id(projection), "aria-pressed", Some(pressed));
        }
    });
    let button = move |projection: Projection| {
        let name = words::projection(projection);
        view! {
            <button
                id=projection_id(projection)
                class=format!("btn small {}", super::thumbnails::role_class(scene::projected(projection)))
                on:click=move |_| page.session.update(|session| session.projection = projection)
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label=words::page::BUILT_FROM>
            {Projection::ALL.map(button).collect_view()}
        </div>
    }
}

fn projection_id(projection: Projection) -> String {
    format!("projection-{}", projection as usize)
}

/// The canvas, and over each matrix a grid that assistive technology and the pointer can reach.
#[component]
fn Picture() -> impl IntoView {
    let page = expect_context::<Page>();
    let frame = NodeRef::<html::Div>::new();
    let canvas = NodeRef::<html::Canvas>::new();
    observe_width(page, frame);
    repaint_on_change(page, canvas);
    let keys = move || page.grids.with(|grids| grids.iter().map(|grid| (grid.tensor, grid.head)).collect::<Vec<_>>());
    view! {
        <div class="figure" id="figure" node_ref=frame>
            <canvas node_ref=canvas width="0" height="0" aria-hidden="true"></canvas>
            {move || page.data.with(Option::is_none).then(|| view! { <p class="waiting">{words::page::CALCULATING}</p> })}
            <For each=keys key=|key| *key let((tensor, head))>
                <MatrixGrid tensor=tensor head=head/>
            </For>
        </div>
    }
}

fn observe_width(page: Page, frame: NodeRef<html::Div>) {
    Effect::new(move || {
        let Some(frame) = frame.get() else {
            return;
        };
        let measured = frame.clone();
        let measure = move || {
            let width = f64::from(Element::client_width(&measured));
            if width > 0.0 && page.stage_width.get_untracked() != width {
                page.stage_width.set(width);
            }
        };
        measure();
        let resized = Closure::<dyn FnMut()>::new(measure);
        if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&frame);
        }
        // The stage is there for as long as the page is open.
        resized.forget();
    });
}

/// Paints with the next frame after anything in the picture has changed.
fn repaint_on_change(page: Page, canvas: NodeRef<html::Canvas>) {
    let waiting = StoredValue::new(false);
    // The labels' widths of one run.
    let measured = StoredValue::new((0_u64, Vec::<f32>::new()));
    let drawn = StoredValue::new(0_u64);
    let paint = move || {
        waiting.set_value(false);
        let Some(canvas) = canvas.get_untracked() else {
            return;
        };
        let (focus, colors, width) = untrack(|| (page.focus(), page.colors(), page.stage_width.get()));
        let painted = page.data.with_untracked(|data| {
            let data = data.as_ref()?;
            if measured.with_value(|(run, _)| *run != data.run) {
                let widths = canvas::label_widths(&canvas, data.tokens.iter().map(|token| token.text.as_str()));
                measured.set_value((data.run, widths));
            }
            let view = View {
                width: width as f32,
                matrix_height: if data.tokens.len() > 24 { 560.0 } else { 400.0 },
                colors,
                token_widths: measured.with_value(|(_, widths)| widths.clone()),
                focus,
            };
            let picture = page.session.with_untracked(|session| picture(session, data, &view))?;
            canvas::paint(&canvas, &picture.figure);
            Some((data.run, picture))
        });
        let Some((run, picture)) = painted else {
            return;
        };
        if drawn.get_value() != run {
            drawn.set_value(run);
            canvas::mark(&format!("headlight:drawn {run}"));
        }
        if page.grids.with_untracked(|grids| *grids != picture.grids) {
            page.grids.set(picture.grids);
        }
        if page.caption.with_untracked(|caption| *caption != picture.caption) {
            page.caption.set(picture.caption);
        }
    };
    let shown = Memo::new(move |_| {
        page.session.with(|session| (session.step, session.shown_position(), session.head, session.projection))
    });
    Effect::new(move || {
        shown.track();
        page.data.track();
        canvas.track();
        (page.focus(), page.colors());
        if page.stage_width.get() > 0.0 && !waiting.get_value() {
            waiting.set_value(true);
            request_animation_frame(paint);
        }
    });
}

/// One matrix of the picture as an ARIA grid; only its current cell is in the DOM.
#[component]
fn MatrixGrid(tensor: Tensor, head: usize) -> impl IntoView {
    let page = expect_context::<Page>();
    let outer = NodeRef::<html::Div>::new();
    let row = NodeRef::<html::Div>::new();
    let cell = NodeRef::<html::Div>::new();
    let find = move |grids: &Vec<Grid>| grids.iter().find(|grid| grid.tensor == tensor && grid.head == head).cloned();
    // Where the keyboard is in this matrix, or the focus, or the first cell; as drawn.
    let current = move |grid: &Grid| {
        let here = |cell: Option<CellRef>| cell.and_then(|cell| grid.drawn_at(cell));
        here(page.cursor.get()).or_else(|| here(page.focus())).unwrap_or((0, 0))
    };
    // One effect in plain DOM calls: a signal for each of a dozen attributes would be many times the code.
    Effect::new(move || {
        if let (Some(outer), Some(row), Some(cell)) = (outer.get(), row.get(), cell.get())
            && let Some(grid) = page.grids.with(find)
        {
            describe(page, &grid, current(&grid), &outer, &row, &cell);
        }
    });
    let under = move |event: &MouseEvent| {
        let grid = page.grids.with_untracked(find)?;
        let (left, top, ..) = grid.bounds();
        grid.cell_at(left + event.offset_x() as f32, top + event.offset_y() as f32)
    };
    let on_move = move |event: ev::PointerEvent| {
        let cell = under(&event);
        if page.hover.get_untracked() != cell {
            page.hover.set(cell);
        }
    };
    let on_click = move |event: MouseEvent| {
        if let Some(cell) = under(&event) {
            page.cursor.set(Some(cell));
            toggle_pin(page, cell);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let Some(grid) = page.grids.with_untracked(find) else {
            return;
        };
        let at = untrack(|| current(&grid));
        let key = event.key();
        if matches!(key.as_str(), "Enter" | " ") {
            toggle_pin(page, grid.cell(at.0, at.1));
        } else if let Some((row, column)) = keyboard::moved(&key, event.ctrl_key(), at, (grid.rows, grid.columns)) {
            page.hover.set(None);
            page.cursor.set(Some(grid.cell(row, column)));
        } else {
            return;
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <div
            class="grid"
            role="grid"
            tabindex="0"
            aria-label=words::tensor_name(tensor)
            node_ref=outer
            on:pointermove=on_move
            on:pointerleave=move |_| page.hover.set(None)
            on:click=on_click
            on:keydown=on_key
        >
            <div role="row" node_ref=row>
                <div role="gridcell" node_ref=cell><span class="said"></span></div>
            </div>
        </div>
    }
}

/// Puts a grid's elements where the picture has them, and says what its current cell says.
fn describe(
    page: Page,
    grid: &Grid,
    (row, column): (usize, usize),
    outer: &HtmlElement,
    row_: &Element,
    cell_: &HtmlElement,
) {
    let cell = grid.cell(row, column);
    let (left, top, width, height) = grid.bounds();
    dom::place(outer, (left, top, width, height));
    let (x, y, width, height) = grid.cell_box(row, column);
    dom::place(cell_, (x - left, y - top, width, height));
    let id = format!("cell-{}-{}-{row}-{column}", grid.tensor as usize, grid.head);
    let pinned = page.session.with(|session| session.pinned == Some(cell));
    for (element, name, value) in [
        (outer as &Element, "aria-rowcount", grid.rows.to_string()),
        (outer, "aria-colcount", grid.columns.to_string()),
        (outer, "aria-activedescendant", id.clone()),
        (row_, "aria-rowindex", (row + 1).to_string()),
        (cell_, "id", id),
        (cell_, "aria-colindex", (column + 1).to_string()),
        (cell_, "aria-selected", pinned.to_string()),
    ] {
        dom::attribute(element, name, Some(&value));
    }
    let text = page.data.with(|data| {
        let data = data.as_ref()?;
        let context = Context { tokens: &data.tokens, setup: &data.setup };
        let opened = || page.operands.with(|o| o.as_ref().filter(|o| o.cell == cell).map(|o| o.value));
        Some(announcement(cell, data.value(cell).or_else(opened), context))
    });
    if let Some(said) = cell_.first_element_child() {
        said.set_text_content(text.as_deref());
    }
}

/// Keeps a cell in the inspector, or lets it go.
fn toggle_pin(page: Page, cell: CellRef) {
    page.session.update(|session| {
        session.pinned = if session.pinned == Some(cell) { None } else { Some(cell) };
    });
}
