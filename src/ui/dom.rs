//! The few things that components do with the document.

use std::time::Duration;

use leptos::{prelude::*, tachys::html::InertElement};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, Event, EventTarget, FocusOptions, HtmlCanvasElement, HtmlElement, HtmlInputElement};

/// A component's elements, from the HTML of the outermost one.
pub fn skeleton(html: String) -> InertElement {
    InertElement::new(html)
}

/// Calls `act` with the element of the selector that an event has reached, wherever on the page and whenever it came.
pub fn on(event: &str, selector: &'static str, act: impl Fn(&Element, &Event) + 'static) {
    delegate(event, selector, Box::new(act));
}

type Act = Box<dyn Fn(&Element, &Event)>;

fn delegate(event: &str, selector: &'static str, act: Act) {
    listen(&document(), event, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(element) = target.and_then(|target| target.closest(selector).ok().flatten()) {
            act(&element, &event);
        }
    });
}

/// Calls `act` for every such event, for as long as the page is open.
pub fn listen(target: &EventTarget, event: &str, act: impl Fn(Event) + 'static) {
    let act = Closure::<dyn Fn(Event)>::new(act);
    target.add_event_listener_with_callback(event, act.as_ref().unchecked_ref()).expect("a listener can be added");
    act.forget();
}

/// Calls `act` after so many milliseconds.
pub fn after(milliseconds: u64, act: impl FnOnce() + 'static) {
    set_timeout(act, Duration::from_millis(milliseconds));
}

/// Calls `act` before the browser paints next.
pub fn before_next_paint(act: impl FnOnce() + 'static) {
    request_frame(Box::new(act));
}

fn request_frame(act: Box<dyn FnOnce()>) {
    let act = Closure::once_into_js(act);
    window().request_animation_frame(act.unchecked_ref()).expect("a window paints");
}

/// The element with this id, once it is on the page.
pub fn element(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// The canvas with this id, once it is on the page.
pub fn canvas(id: &str) -> Option<HtmlCanvasElement> {
    element(id)?.dyn_into().ok()
}

/// Writes the content of the element with this id.
pub fn html(id: &str, html: &str) {
    if let Some(element) = element(id) {
        element.set_inner_html(html);
    }
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

/// Says that a button does nothing now. It can still have the focus, which would be lost with it otherwise.
pub fn disable(id: &str, disabled: bool) {
    set(id, "aria-disabled", Some(if disabled { "true" } else { "false" }));
}

/// Writes the text of the element with this id, if it is another one.
pub fn text(id: &str, text: &str) {
    if let Some(element) = element(id).filter(|element| element.text_content().as_deref() != Some(text)) {
        element.set_text_content(Some(text));
    }
}

/// What is in an input or a select. (Both have a `value`, and only its name is looked at.)
pub fn value(element: &Element) -> String {
    element.unchecked_ref::<HtmlInputElement>().value()
}

/// Whether the checkbox with this id is checked.
pub fn is_checked(id: &str) -> bool {
    element(id).is_some_and(|element| element.matches(":checked").unwrap_or_default())
}

/// Writes the value of the input or select with this id, if it is another one.
pub fn set_value(id: &str, new: &str) {
    if let Some(element) = element(id).filter(|element| value(element) != new) {
        element.unchecked_ref::<HtmlInputElement>().set_value(new);
    }
}

/// The number in an input field; NaN where there is none.
pub fn number(element: &Element) -> f64 {
    element.dyn_ref::<HtmlInputElement>().map_or(f64::NAN, HtmlInputElement::value_as_number)
}

/// Whether the browser finds the content of an input wrong.
pub fn is_invalid(element: &Element) -> bool {
    element.matches(":invalid").unwrap_or(false)
}

/// Whether the page is in a frame of another one, which shows the stage alone.
pub fn is_embedded() -> bool {
    document().document_element().is_some_and(|root| root.has_attribute("data-embed"))
}

/// Gives the keyboard's focus to the element with this id, and scrolls nowhere it need not.
pub fn focus(id: &str) {
    if let Some(element) = element(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // What cannot have the focus leaves it where it was.
        let _ = element.focus();
    }
}

/// Gives the keyboard's focus to something that is in sight already, and scrolls nowhere.
pub fn focus_in_place(id: &str) {
    if let Some(element) = element(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let still = FocusOptions::new();
        still.set_prevent_scroll(true);
        // What cannot have the focus leaves it where it was.
        let _ = element.focus_with_options(&still);
    }
}

/// Presses the button with this id.
pub fn click(id: &str) {
    if let Some(element) = element(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        element.click();
    }
}

/// The number in an attribute: which one of its kind the element is.
pub fn index(element: &Element, attribute: &str) -> Option<usize> {
    element.get_attribute(attribute)?.parse().ok()
}

/// Writes one property of an element's own style. (The page's policy forbids `style` in HTML.)
pub fn style(element: &HtmlElement, property: &str, value: &str) {
    HtmlElement::style(element).set_property(property, value).expect("a plain length is a valid style");
}

/// Moves an element to left, top, width and height within its frame.
pub fn place(element: &HtmlElement, (left, top, width, height): (f32, f32, f32, f32)) {
    for (property, length) in [("left", left), ("top", top), ("width", width), ("height", height)] {
        style(element, property, &px(length));
    }
}

/// Scrolls a strip, and nothing else, so that an element in it is in its middle.
pub fn scroll_strip(strip: &str, id: &str) {
    if let (Some(strip), Some(element)) = (element(strip), element(id)) {
        let (outer, inner) = (strip.get_bounding_client_rect(), element.get_bounding_client_rect());
        let off = inner.left() + inner.width() / 2.0 - outer.left() - outer.width() / 2.0;
        strip.set_scroll_left(strip.scroll_left() + off as i32);
    }
}

/// On a narrow screen, where the result would be out of sight, scrolls the page to the stage; where the keyboard is at
/// Play, to that, which stands over it.
pub fn scroll_to_stage() {
    const NARROW: f64 = 760.0;
    let width = window().inner_width().ok().and_then(|width| width.as_f64());
    let at_play = document().query_selector("#play:focus-visible").ok().flatten();
    if let Some(there) = at_play.or_else(|| element("stage")).filter(|_| width.is_some_and(|width| width <= NARROW)) {
        there.scroll_into_view();
    }
}

/// A length as CSS writes it, to the tenth of a pixel.
pub fn px(length: f32) -> String {
    let tenths = (length * 10.0).round() as i32;
    let sign = if tenths < 0 { "-" } else { "" };
    format!("{sign}{}.{}px", tenths.abs() / 10, tenths.abs() % 10)
}
