//! Plain writes to elements by their ids.
//!
//! Leptos builds the page and redraws what comes and goes. An attribute or a text that merely changes is written here,
//! by one effect a component: a reactive closure for each would make the app half as large again.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

/// The element with this id, once it is on the page.
pub fn element(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Writes an attribute, or takes it away.
pub fn attribute(element: &Element, name: &str, value: Option<&str>) {
    match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    }
    .expect("the attribute's name is well-formed");
}

/// Writes the attribute of the element with this id, or takes it away.
pub fn set(id: &str, name: &str, value: Option<&str>) {
    if let Some(element) = element(id) {
        attribute(&element, name, value);
    }
}

/// Writes an attribute that is either there or not.
pub fn flag(id: &str, name: &str, on: bool) {
    set(id, name, on.then_some(""));
}

/// Writes the text of the element with this id, if it is another one.
pub fn text(id: &str, text: &str) {
    if let Some(element) = element(id).filter(|element| element.text_content().as_deref() != Some(text)) {
        element.set_text_content(Some(text));
    }
}

/// Writes the value of the input with this id.
pub fn value(id: &str, value: &str) {
    if let Some(input) = element(id).and_then(|element| element.dyn_into::<HtmlInputElement>().ok()) {
        input.set_value(value);
    }
}

/// Moves an element to left, top, width and height within its frame.
pub fn place(element: &HtmlElement, (left, top, width, height): (f32, f32, f32, f32)) {
    let style = HtmlElement::style(element);
    for (property, length) in [("left", left), ("top", top), ("width", width), ("height", height)] {
        style.set_property(property, &px(length)).expect("a plain length is a valid style");
    }
}

/// A length as CSS writes it, to the tenth of a pixel.
pub fn px(length: f32) -> String {
    let tenths = (length * 10.0).round() as i32;
    let sign = if tenths < 0 { "-" } else { "" };
    format!("{sign}{}.{}px", tenths.abs() / 10, tenths.abs() % 10)
}
