//! What a person takes along: the tensors of the run, as files.

use wasm_bindgen::prelude::*;

use super::{dom, live::watch, state::Page};
use crate::lesson::{
    export::{Which, file_name},
    words::export::{EXPORT, FORMAT, LEAD, SAVE, TENSORS, WRITING, format, not_saved, saved, which},
};
use crate::protocol::{Format, Tensor};

#[wasm_bindgen]
extern "C" {
    /// Gives a person a file.
    #[wasm_bindgen(js_namespace = headlightBoot)]
    fn save(file: &JsValue, name: &str);
}

/// A file that was asked for.
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

/// The button that opens and closes it, and what can be taken along.
pub fn button_and_view(page: Page) -> (String, String) {
    watch(
        move || page.exports.get(),
        |is_open| {
            dom::set("export-open", "aria-expanded", Some(if *is_open { "true" } else { "false" }));
            dom::flag("export-view", "hidden", !is_open);
        },
    );
    watch(
        move || page.data.read().as_ref().map(|data| Which::choices(&data.setup)),
        |choices| {
            let chosen = dom::element("export-tensors").map(|select| dom::value(&select)).unwrap_or_default();
            let mut options = String::new();
            for choice in choices.iter().flatten() {
                let (name, selected) = (which(*choice), if which(*choice) == chosen { "selected" } else { "" });
                options += &format!(r#"<option {selected}>{name}</option>"#);
            }
            dom::html("export-tensors", &options);
        },
    );
    watch(
        move || page.order.get().is_some(),
        |is_written| {
            dom::disable("export-save", *is_written);
            if *is_written {
                dom::text("export-said", WRITING);
            }
        },
    );
    dom::on("click", "#export-open", move |_, _| page.exports.set(!page.exports.get()));
    dom::on("click", "#export-save", move |_, _| {
        let chosen = |id| dom::element(id).map(|select| dom::value(&select)).unwrap_or_default();
        let (session, data) = (page.session.read(), page.data.read());
        let Some(data) = data.as_ref().filter(|_| page.order.get().is_none()) else { return };
        let name = chosen("export-tensors");
        let choice = Which::choices(&data.setup).into_iter().find(|choice| which(*choice) == name);
        let name = chosen("export-format");
        let format = Format::ALL.into_iter().find(|one| format(*one) == name);
        let (choice, format) = (choice.unwrap_or(Which::Step), format.unwrap_or(Format::Csv));
        let tensors = choice.tensors(&session, &data.setup);
        let name = file_name(choice, &tensors, &session, format);
        page.order.set(Some(Order { run: data.run, tensors, format, name }));
    });
    let formats: String = Format::ALL.map(|one| format!("<option>{}</option>", format(one))).concat();
    let button = format!(r#"<button class="btn small" id="export-open" aria-controls="export-view">{EXPORT}</button>"#);
    let view = format!(
        r#"<section class="table-view" id="export-view" aria-label="{EXPORT}" hidden>
            <p class="hint">{LEAD}</p>
            <div class="table-bar">
                <label><span aria-hidden="true">{TENSORS}</span> <select id="export-tensors" aria-label="{TENSORS}"></select></label>
                <label><span aria-hidden="true">{FORMAT}</span> <select id="export-format" aria-label="{FORMAT}">{formats}</select></label>
                <button class="btn small" id="export-save">{SAVE}</button>
                <p id="export-said" aria-live="polite"></p>
            </div>
        </section>"#
    );
    (button, view)
}

/// Hands over what was ordered, or says why there is nothing.
pub fn deliver(page: Page, run: u64, file: &JsValue, bytes: u64, trouble: Option<String>) {
    let Some(order) = page.order.get().filter(|order| order.run == run) else { return };
    page.order.set(None);
    match trouble {
        Some(reason) => dom::text("export-said", &not_saved(&reason)),
        None => {
            save(file, &order.name);
            dom::text("export-said", &saved(&order.name, bytes));
        }
    }
}
