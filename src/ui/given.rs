//! Tensors out of files in the place of a sentence: by button or by drop, what they are taken for, and which layer is shown.

use std::cell::Cell;

use js_sys::{Array, Object, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, CustomEventInit, Event, KeyboardEvent};

use super::{
    dom,
    live::watch,
    parts,
    state::{Asked, Page, Tensors},
};
use crate::figure::svg::escaped;
use crate::lesson::{
    Session,
    given::{Offer, counted},
    number::{fixed, shape},
    words::{self, export::size, given as say},
};
use crate::protocol::{Axes, Begins, FoundTensor, Role, Setup, Window};

/// No more tensors of a file than these are listed; those that were guessed to be something come first.
const MOST_LISTED: usize = 300;

/// Lets files be chosen, or dropped anywhere on the page.
pub fn listen(page: Page) {
    dom::on("click", "#given-open, #given-more", |_, _| dom::click("given-files"));
    dom::on("change", "#given-files", move |input, _| {
        let files = property(input, "files");
        take(page, &files, Asked::default());
        // So that the same file can be chosen once more.
        dom::set_value("given-files", "");
    });
    let drops = |is_over: bool| {
        if let Some(root) = document().document_element() {
            dom::attribute(&root, "data-drops", is_over.then_some(""));
        }
    };
    dom::listen(&window(), "dragover", move |event| {
        if has_files(&event) {
            event.prevent_default();
            drops(true);
        }
    });
    // It leaves the page where it goes to no other element.
    dom::listen(&window(), "dragleave", move |event| {
        if property(&event, "relatedTarget").is_null() {
            drops(false);
        }
    });
    dom::listen(&window(), "drop", move |event| {
        if has_files(&event) {
            event.prevent_default();
            drops(false);
            take(page, &property(&property(&event, "dataTransfer"), "files"), Asked::default());
        }
    });
    // They are in no address, and would be gone: the browser asks before it leaves the page.
    dom::listen(&window(), "beforeunload", move |event| {
        if page.tensors.read().is_some() && !dom::is_embedded() {
            event.prevent_default();
        }
    });
    // From the page around a frame: www/embed.js.
    dom::listen(&window(), "headlight-files", move |event| {
        let detail = property(&event, "detail");
        let number = |name| property(&detail, name).as_f64().map(|number| number as usize);
        let asked = Asked {
            layer: number("layer").unwrap_or(0),
            head: number("head"),
            heads: number("heads"),
            is_causal: property(&detail, "causal").as_bool() == Some(true),
            is_unscaled: property(&detail, "scaled").as_bool() == Some(false),
        };
        take(page, &property(&detail, "files"), asked);
    });
    watch(
        move || page.session.read().setup.begins(),
        |begins| {
            if let Some(root) = document().document_element() {
                let begins = begins.map(|begins| match begins {
                    Begins::Input => "input",
                    Begins::Projections => "projections",
                    Begins::Weights => "weights",
                });
                dom::attribute(&root, "data-given", begins);
            }
        },
    );
}

fn property(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}

/// Whether files hover over the page, and not a piece of text.
fn has_files(event: &Event) -> bool {
    Array::from(&property(&property(event, "dataTransfer"), "types")).includes(&"Files".into(), 0)
}

thread_local! {
    /// How often files were looked into.
    static LOOKS: Cell<u64> = const { Cell::new(0) };
}

/// Looks into these files, and those that are there while what they are taken for is being chosen. A frame has no place for
/// that, and shows at once what it was `asked` for.
fn take(page: Page, files: &JsValue, asked: Asked) {
    let new = Array::from(files).to_vec();
    if new.is_empty() {
        return;
    }
    let look = LOOKS.get() + 1;
    LOOKS.set(look);
    page.tensors.update(|tensors| {
        let setup = page.session.read().setup.clone();
        let (open, shown) = match tensors.take() {
            Some(mut open) if open.is_open => {
                let shown = open.before.take();
                (Some(open), shown)
            }
            shown => (None, shown.map(Box::new)),
        };
        let shown = shown.filter(|_| setup.given.is_some());
        let instead_of = shown.as_ref().map_or(setup, |shown| shown.instead_of.clone());
        let (mut all, offer) = match open.filter(|_| !dom::is_embedded()) {
            Some(open) => (open.files, open.offer),
            None => (vec![], None),
        };
        all.extend(new);
        let (found, is_open, before, instead, refused) = (None, true, shown, None, None);
        *tensors =
            Some(Tensors { look, files: all, found, offer, is_open, asked, instead_of, before, instead, refused });
    });
    parts::ask(page, parts::Part::Given);
}

/// Shows what the files hold, and what is shown of them.
pub fn follow(page: Page) {
    watch(
        move || page.tensors.read().as_ref().is_some_and(|tensors| tensors.found.is_some()),
        move |is_found| {
            if *is_found {
                page.tensors.update(|tensors| {
                    if let Some(tensors) = tensors
                        && let Some(found) = tensors.found.take()
                    {
                        let mut offer = Offer::guess(tensors.look, found);
                        if let Some(before) = tensors.offer.take() {
                            offer.take_over(before);
                        }
                        tensors.offer = Some(offer);
                    }
                });
            }
        },
    );
    watch(
        move || {
            let tensors = page.tensors.read();
            let open = tensors.as_ref().filter(|tensors| tensors.is_open);
            open.map(|tensors| (tensors.look, tensors.is_looked_into()))
        },
        move |state| {
            if dom::is_embedded() {
                return show_in_frame(page);
            }
            let tensors = page.tensors.read();
            let offer = tensors.as_ref().and_then(|tensors| tensors.offer.as_ref());
            let offer = offer.filter(|_| state.is_some_and(|(_, is_there)| is_there));
            let html = match (state, offer) {
                (None, _) => String::new(),
                (Some(_), None) => format!(r#"<p role="status">{}</p>"#, say::LOOKING),
                (Some(_), Some(offer)) => form(offer),
            };
            dom::html("given", &html);
            dom::flag("given", "hidden", state.is_none());
            if state.is_some() {
                dom::focus("given");
            }
        },
    );
    watch(
        move || {
            let tensors = page.tensors.read();
            let tensors = tensors.as_ref().filter(|tensors| tensors.is_open)?;
            let offer = tensors.offer.as_ref()?;
            let (given, sizes) = offer.given(0);
            let said = match (&tensors.refused, &sizes) {
                (Some(reason), _) => Err((reason.clone(), true)),
                (None, Ok(sizes)) => Ok(say::summary(given.begins, sizes, offer.heads_are_said, &offer.left_alone())),
                (None, Err(unfit)) => Err((say::unfit(unfit), false)),
            };
            // More files make the form anew, whatever is said of them.
            Some((said, given.begins, tensors.look, tensors.is_looked_into()))
        },
        |summary| {
            let Some((said, begins, ..)) = summary else { return };
            let (sign, text, is_english) = match said {
                Ok(text) => ("✓ ", text, false),
                Err((text, is_english)) => ("✗ ", text, *is_english),
            };
            dom::text("given-summary", &[sign, text].concat());
            dom::set("given-summary", "lang", is_english.then_some("en"));
            dom::set("given-summary", "class", Some(if said.is_ok() { "ok" } else { "wrong" }));
            dom::disable("given-show", said.is_err());
            dom::flag("given-heads-field", "hidden", *begins != Begins::Input);
            // Of attention weights it says nothing.
            dom::flag("given-tokens-first", "disabled", *begins == Begins::Weights);
        },
    );
    let change = move |change: &dyn Fn(&mut Offer)| {
        change_tensors(page, |tensors| {
            tensors.offer.iter_mut().for_each(change);
            tensors.refused = None;
        });
    };
    dom::on("change", "[data-role]", move |select, _| {
        let role = dom::value(select).parse::<usize>().ok().and_then(|index| Role::ALL.get(index).copied());
        if let Some(which) = dom::index(select, "data-role") {
            change(&|offer| {
                if let Some(taken_for) = offer.roles.iter_mut().flatten().nth(which) {
                    *taken_for = role;
                }
            });
        }
    });
    dom::on("change", "#given-axes", move |select, _| {
        let axes = dom::value(select).parse::<usize>().ok().and_then(|index| Axes::ALL.get(index).copied());
        change(&|offer| offer.axes = axes.unwrap_or_default());
    });
    dom::on("input", "#given-heads", move |input, _| {
        let heads = dom::number(input);
        change(&|offer| (offer.heads, offer.heads_are_said) = (heads as usize, true));
    });
    for (which, selector) in ["#given-words", "#given-key-words"].into_iter().enumerate() {
        dom::on("input", selector, move |input, _| {
            let words: Vec<String> = dom::value(input).split_whitespace().map(str::to_owned).collect();
            change(&|offer| offer.words[which].clone_from(&words));
        });
    }
    dom::on("click", "#given-show", move |_, _| {
        let offer = page.tensors.read().as_ref().and_then(|tensors| match tensors.refused {
            None => tensors.offer.clone(),
            // Nothing was changed since.
            Some(_) => None,
        });
        if offer.is_some_and(|offer| show_as(page, &offer, 0, |_| {})) {
            change_tensors(page, |tensors| {
                tensors.is_open = false;
                if tensors.instead.is_none() {
                    // They are on the stage already.
                    tensors.before = None;
                }
            });
            // What was opened is on the stage now.
            focus("given-bar");
        }
    });
    dom::on("keydown", "#given", |_, event| {
        if event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
            dom::click("given-cancel");
        }
    });
    follow_refusal(page);
    dom::on("click", "#given-cancel", move |_, _| {
        // Those on the stage stay as they were.
        page.tensors.update(|tensors| *tensors = tensors.take().and_then(|open| open.before).map(|before| *before));
        focus(if page.tensors.read().is_some() { "given-bar" } else { "given-open" });
    });
    follow_shown(page);
}

/// What is refused when it is read is chosen anew, and what was on the stage stays there.
fn follow_refusal(page: Page) {
    watch(
        move || page.facts.read().refusal.clone(),
        move |refusal| {
            let asked = look_of(page);
            let (Some(refusal), Some(asked)) = (refusal.as_ref().filter(|_| is_read(page)), asked) else { return };
            if dom::is_embedded() {
                return;
            }
            let reason = words::refusal(refusal);
            put_back(page);
            // It is said where it can be changed.
            page.facts.update(|facts| facts.refusal = None);
            let shown = look_of(page);
            change_tensors(page, |tensors| {
                if tensors.look == asked && !tensors.is_open {
                    if shown == Some(asked) {
                        choose_anew(tensors);
                    }
                    (tensors.refused, tensors.is_open) = (Some(reason), true);
                    return;
                }
                // Others are being chosen meanwhile.
                dom::text("given-why", &reason);
                settle(tensors, shown);
            });
        },
    );
    // Those of before are let go once the new ones are there.
    watch(
        move || !is_read(page),
        move |are_there| {
            let waits = |tensors: &Tensors| tensors.instead.is_some();
            if *are_there && page.tensors.read().as_ref().is_some_and(waits) {
                change_tensors(page, |tensors| {
                    tensors.instead = None;
                    // Another layer may have been chosen in the bar, beside the form.
                    if !tensors.is_open {
                        tensors.before = None;
                    }
                });
            }
        },
    );
}

/// Whether the session's tensors are being read, and others are on the stage, or none.
fn is_read(page: Page) -> bool {
    let (session, data) = (page.session.read(), page.data.read());
    session.setup.given.is_some() && data.as_ref().map(|data| &data.setup.given) != Some(&session.setup.given)
}

/// Which files the session's tensors are of.
fn look_of(page: Page) -> Option<u64> {
    page.session.read().setup.given.as_ref().map(|given| given.look)
}

/// Gives up what is being read, for what is on the stage.
fn put_back(page: Page) {
    let instead = page.tensors.update(|tensors| tensors.as_mut().and_then(|tensors| tensors.instead.take()));
    match instead {
        Some(session) => {
            dom::text("given-why", "");
            page.session.set(*session);
        }
        None => {
            let shown = page.data.read().as_ref().map(|data| data.setup.clone());
            go_back(page, shown.unwrap_or_default());
        }
    }
}

/// Opens the form of these tensors once more.
fn choose_anew(tensors: &mut Tensors) {
    if tensors.before.is_none() {
        let shown = Tensors { is_open: false, instead: None, ..tensors.clone() };
        tensors.before = Some(Box::new(shown));
    }
    tensors.is_open = true;
}

/// Of tensors that others are chosen in the place of, leaves those that are on the stage.
fn settle(tensors: &mut Tensors, shown: Option<u64>) {
    while tensors.before.as_ref().is_some_and(|before| Some(before.look) != shown) {
        tensors.before = tensors.before.take().and_then(|before| before.before);
    }
}

fn change_tensors(page: Page, change: impl FnOnce(&mut Tensors)) {
    page.tensors.update(|tensors| tensors.as_mut().map(change));
}

/// What is shown of the files, and what can be done about it.
fn follow_shown(page: Page) {
    watch(
        move || {
            let session = page.session.read();
            session.setup.given.as_ref().map(|given| (given.look, given.parts.clone(), given.layers))
        },
        move |shown| {
            let html = shown.as_ref().map(|(_, _, layers)| {
                let names = on_stage(page).map_or(vec![], |offer| offer.names_of_layers());
                let option = |layer: usize| {
                    let name = names.get(layer).map_or(String::new(), |name| [": ", &escaped(name)].concat());
                    format!(r#"<option value="{0}">{0}{name}</option>"#, layer + 1)
                };
                let options: String = (0..*layers).map(option).collect();
                let choice = match layers {
                    1 => String::new(),
                    _ => format!(
                        r#"<label>{layer} <select id="given-layer" aria-label="{layer}">{options}</select></label>"#,
                        layer = say::LAYER
                    ),
                };
                format!(
                    r#"<p id="given-shown"></p>{choice}
                    <span class="ways">
                        <button class="btn small" id="given-change">{}</button>
                        <button class="btn small" id="given-back">{}</button>
                    </span>
                    <div class="reading" id="given-reading" hidden>
                        <label>{reading} <progress id="given-progress" max="1"></progress></label>
                        <span id="given-read"></span>
                        <button class="btn small" id="given-stop">{}</button>
                    </div>"#,
                    say::CHANGE,
                    say::BACK,
                    say::CANCEL,
                    reading = say::READING,
                )
            });
            dom::html("given-bar", &html.unwrap_or_default());
            dom::flag("given-bar", "hidden", shown.is_none());
        },
    );
    watch(
        move || page.session.read().setup.given.clone(),
        |given| {
            if let Some(given) = given {
                dom::text("given-shown", &say::from_files(given));
                dom::set_value("given-layer", &(given.layer + 1).to_string());
            }
        },
    );
    watch(
        move || page.reading.get(),
        |reading| {
            dom::flag("given-reading", "hidden", reading.is_none());
            if let Some((done, of)) = *reading {
                dom::set("given-progress", "value", Some(&fixed(done as f64 / of.max(1) as f64, 3)));
                dom::text("given-read", &say::reading(done, of));
            }
        },
    );
    dom::on("change", "#given-layer", move |select, _| {
        if let (Ok(layer), Some(offer)) = (dom::value(select).parse::<usize>(), on_stage(page)) {
            show_as(page, &offer, layer - 1, |_| {});
        }
    });
    dom::on("click", "#given-change", move |_, _| {
        if is_read(page) {
            return stop(page);
        }
        change_tensors(page, |tensors| {
            if !tensors.is_open {
                choose_anew(tensors);
            }
        });
    });
    dom::on("click", "#given-back", move |_, _| {
        let setup = page.tensors.update(Option::take).map(|tensors| tensors.instead_of);
        go_back(page, setup.unwrap_or_default());
        focus("sentence");
    });
    dom::on("click", "#given-stop", move |_, _| stop(page));
}

/// Gives up what is being read: what was there before stays, and what was chosen can be changed. Another layer of the same tensors
/// was chosen in the bar, and can be once more.
fn stop(page: Page) {
    put_back(page);
    let shown = look_of(page);
    change_tensors(page, |tensors| {
        settle(tensors, shown);
        if tensors.is_open || shown == Some(tensors.look) {
            focus("given-bar");
        } else {
            tensors.is_open = true;
        }
    });
}

/// Gives the focus to what is about to be shown.
fn focus(id: &'static str) {
    dom::before_next_paint(move || dom::focus(id));
}

/// Puts another set-up in the place of this one.
fn go_back(page: Page, setup: Setup) {
    dom::text("given-why", "");
    page.session.update(|session| session.replace_setup(setup));
}

/// What the tensors on the stage are taken for, also while others are chosen.
fn on_stage(page: Page) -> Option<Offer> {
    let tensors = page.tensors.read();
    let newest = tensors.as_ref()?;
    let shown = if newest.is_open { newest.before.as_deref()? } else { newest };
    shown.offer.clone()
}

/// Shows a layer, in a session that is set up. Returns whether there is one to show.
fn show_as(page: Page, offer: &Offer, layer: usize, set_up: impl FnOnce(&mut Session)) -> bool {
    let mut session = page.session.get();
    let shows = offer.show(layer, &mut session).is_ok();
    if shows {
        set_up(&mut session);
        page.playing.set(false);
        page.cursor.set(None);
        let instead = page.session.get();
        page.session.set(session);
        let is_read = is_read(page);
        change_tensors(page, |tensors| {
            // Of several that are asked for in a row, the first took the place of what is on the stage.
            if is_read && tensors.instead.is_none() {
                tensors.instead = Some(Box::new(instead));
            }
        });
    }
    shows
}

/// Shows what was asked for, and tells the page around.
fn show_in_frame(page: Page) {
    let said = page.tensors.update(|tensors| {
        let Some(Tensors { offer: Some(offer), asked, is_open: is_open @ true, .. }) = tensors.as_mut() else {
            return None;
        };
        *is_open = false;
        offer.heads = asked.heads.unwrap_or(offer.heads);
        let refused = offer.files.iter().find_map(|file| file.tensors.clone().err());
        Some((*asked, refused, offer.clone()))
    });
    // Not while they are looked into.
    let Some((asked, refused, offer)) = said else { return };
    let (given, sizes) = offer.given(asked.layer);
    let begins = given.begins;
    let set_up = |session: &mut Session| {
        session.show_head(asked.head.unwrap_or(session.head).min(session.setup.heads - 1));
        // Weights are as they are.
        if begins == Begins::Weights {
            return;
        }
        session.setup.mask = if asked.is_causal { Window::CAUSAL } else { Window::OPEN };
        session.setup.is_scaled = !asked.is_unscaled;
    };
    let (text, is_shown) = match (refused, sizes) {
        (Some(reason), _) => (reason, false),
        (None, Ok(sizes)) => (say::sizes(given.begins, &sizes), show_as(page, &offer, asked.layer, set_up)),
        (None, Err(unfit)) => (say::unfit(&unfit), false),
    };
    dom::text("given-why", if is_shown { "" } else { &text });
    let detail = Object::new();
    for (name, value) in [("text", JsValue::from(text)), ("isShown", is_shown.into())] {
        let _ = Reflect::set(&detail, &name.into(), &value);
    }
    let init = CustomEventInit::new();
    init.set_detail(&detail);
    if let Ok(event) = CustomEvent::new_with_event_init_dict("headlight-said", &init) {
        let _ = window().dispatch_event(&event);
    }
}

/// What the files hold, and what each tensor is taken for.
fn form(offer: &Offer) -> String {
    let refused = offer.files.iter().filter_map(|file| file.tensors.as_ref().err());
    let refused: String = refused
        .map(|reason| format!(r#"<p class="wrong" lang="en" role="alert">✗ {}</p>"#, with_code(reason)))
        .collect();
    let [show, more, cancel] = [("show", say::SHOW), ("more", say::MORE), ("cancel", say::CANCEL)].map(|(id, name)| {
        let class = if id == "show" { "btn primary" } else { "btn" };
        format!(r#"<button class="{class}" id="given-{id}">{name}</button>"#)
    });
    let title = say::TENSORS;
    if offer.files.iter().all(|file| file.tensors.is_err()) {
        return format!(r#"<h2>{title}</h2>{refused}<span class="ways">{more}{cancel}</span>"#);
    }
    let option = |(index, axes): (usize, Axes)| {
        let selected = if axes == offer.axes { " selected" } else { "" };
        let id = if axes == Axes::TokensFirst { r#" id="given-tokens-first""# } else { "" };
        format!(r#"<option value="{index}"{id}{selected}>{}</option>"#, say::axes(axes))
    };
    let axes: String = Axes::ALL.into_iter().enumerate().map(option).collect();
    let names = |id: &str, label: &str, which: usize| {
        format!(
            r#"<label>{label} <input id="{id}" value="{}" placeholder="{}" autocomplete="off" spellcheck="false" dir="auto"></label>"#,
            escaped(&offer.words[which].join(" ")),
            say::WORDS_HINT
        )
    };
    let (words, key_words) = (names("given-words", say::WORDS, 0), names("given-key-words", say::KEY_WORDS, 1));
    let (choose, files) = (say::CHOOSE, listed(offer));
    let (axes_name, heads_name, heads) = (say::AXES, say::HEADS, offer.heads);
    format!(
        r#"<h2>{title}</h2>
        {refused}
        <p class="hint">{choose}</p>
        {files}
        <div class="table-bar">
            <label>{axes_name} <select id="given-axes" aria-label="{axes_name}">{axes}</select></label>
            <label id="given-heads-field">{heads_name} <input type="number" id="given-heads" min="1" max="512" value="{heads}" aria-label="{heads_name}"></label>
            {words}
            {key_words}
        </div>
        <p id="given-summary" aria-live="polite"></p>
        <span class="ways">{show}{more}{cancel}</span>"#
    )
}

/// HTML of a text that has code in it, between backticks.
fn with_code(text: &str) -> String {
    let mut is_code = false;
    let mut html = String::new();
    for piece in text.split('`') {
        let piece = escaped(piece);
        html += &if is_code { format!("<code>{piece}</code>") } else { piece };
        is_code = !is_code;
    }
    html
}

/// The tensors of all files that can be read. A file with several has a row of its own above them.
fn listed(offer: &Offer) -> String {
    let (mut groups, mut first) = (String::new(), 0);
    for (file, roles) in offer.files.iter().zip(&offer.roles) {
        let tensors = file.tensors.as_deref().unwrap_or_default();
        let file_name = format!("{}, {}", escaped(&file.name), size(file.bytes));
        let mut order: Vec<usize> = (0..tensors.len()).collect();
        order.sort_by_cached_key(|index| (roles[*index].is_none(), counted(&tensors[*index].name)));
        let mut rows = String::new();
        if tensors.len() > 1 {
            rows += &format!(r#"<tr><th colspan="3" scope="rowgroup">{file_name}</th></tr>"#);
        }
        for &index in order.iter().take(MOST_LISTED) {
            let name = if tensors.len() > 1 { escaped(&tensors[index].name) } else { file_name.clone() };
            rows += &row(&name, &tensors[index], roles[index], first + index);
        }
        if let Some(more) = tensors.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
            rows += &format!(r#"<tr><td colspan="3">{}</td></tr>"#, say::more_tensors(more));
        }
        groups += &format!("<tbody>{rows}</tbody>");
        first += roles.len();
    }
    let heads: String = say::COLUMNS.into_iter().map(|name| format!(r#"<th scope="col">{name}</th>"#)).collect();
    format!(
        r#"<div class="found" tabindex="0" role="group" aria-label="{}"><table><thead><tr>{heads}</tr></thead>{groups}</table></div>"#,
        say::TENSORS
    )
}

fn row(name: &str, tensor: &FoundTensor, taken_for: Option<Role>, which: usize) -> String {
    let choice = if tensor.texts.is_empty() {
        let mut options = format!("<option>{}</option>", say::UNUSED);
        for (index, role) in Role::ALL.into_iter().enumerate() {
            let selected = if taken_for == Some(role) { " selected" } else { "" };
            options += &format!(r#"<option value="{index}"{selected}>{}</option>"#, say::role(role));
        }
        let label = escaped(&say::taken_for(&tensor.name));
        format!(r#"<select data-role="{which}" aria-label="{label}">{options}</select>"#)
    } else {
        String::new()
    };
    let (shape, dtype) = (shape(&tensor.shape), say::dtype(tensor));
    format!(r#"<tr><th scope="row">{name}</th><td>{shape} <small>{dtype}</small></td><td>{choice}</td></tr>"#)
}

/// The place of what is shown of the files, of what they hold, and of what is said while files hover over the page.
pub fn places() -> String {
    format!(
        r#"<div class="given-bar" id="given-bar" tabindex="-1" hidden></div>
        <p class="hint" id="given-why" role="status"></p>
        <section class="panel given" id="given" aria-label="{}" tabindex="-1" hidden></section>
        <p class="drop" aria-hidden="true">{}</p>"#,
        say::TENSORS,
        say::DROP
    )
}

/// The way to choose files.
pub fn button() -> String {
    format!(
        r#"<button class="btn small" id="given-open" title="{}">{}</button>
        <input type="file" id="given-files" multiple accept=".npy,.npz,.safetensors,.json,.txt" hidden>"#,
        say::OPEN_HINT,
        say::OPEN
    )
}
