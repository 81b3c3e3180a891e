use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    dom,
    live::{Live, watch},
    state::Page,
};
use crate::figure::svg::escaped;
use crate::lesson::{
    explain::{Context, Explanation, Role, explain},
    number::fixed,
    words::{
        page::{INSPECTOR, PIN_HINT, PINNED_HINT, SHOW_ALL, SHOW_FEWER, TERMS, UNPIN},
        smaller_terms,
    },
};

/// So many terms are shown before "show all".
const FIRST_TERMS: usize = 8;

/// The cell in focus, opened down to the single products, with its computed check.
pub fn inspector(page: Page) -> String {
    let explanation = Live::new(None);
    watch(
        move || (page.data.version(), page.operands.version()),
        move |_| {
            // Between a new run and its first operands, what was explained last stays.
            if let Some(new) = explained(page) {
                explanation.set(Some(new));
            }
        },
    );
    watch(
        move || explanation.version(),
        move |_| {
            if let Some(explanation) = &*explanation.read() {
                show(explanation);
            }
        },
    );
    watch(
        move || (explanation.version(), page.all_terms.get()),
        move |(_, all)| {
            if let Some(explanation) = &*explanation.read() {
                show_terms(explanation, *all);
            }
        },
    );
    watch(
        move || page.shows_pinned(),
        |pinned| {
            dom::flag("unpin", "hidden", !pinned);
            dom::text("pin-hint", if *pinned { PINNED_HINT } else { PIN_HINT });
        },
    );
    // Where the inspector is out of sight, below, a line shows what it says of the cell that was tapped.
    watch(
        move || page.shows_pinned() && page.facts.read().notice().is_none(),
        |kept| dom::flag("peek", "hidden", !kept),
    );
    dom::on("click", "#unpin", move |_, _| {
        page.session.update(|session| session.pinned = None);
        // The button goes; the focus stays near.
        dom::focus("inspector");
    });
    dom::on("click", "#all-terms", move |_, _| page.all_terms.update(|all| *all = !*all));
    format!(
        r#"<section class="panel insp" id="inspector" tabindex="-1" aria-label="{INSPECTOR}">
            <div class="top">
                <h2>{INSPECTOR}</h2>
                <button class="btn small" id="unpin" hidden>{UNPIN}</button>
            </div>
            <div id="explanation" hidden>
                <p class="pair" id="cell-heading"></p>
                <p class="big" id="cell-value"></p>
                <div class="formula" id="formula"></div>
                <div class="terms" id="terms" role="region" aria-label="{TERMS}"></div>
                <button class="btn small" id="all-terms"></button>
                <div id="totals"></div>
                <p id="check"></p>
                <p class="why" id="why"></p>
            </div>
            <p class="hint" id="pin-hint"></p>
        </section>"#
    )
}

/// The cell whose operands have come, if they are of the run that is shown.
fn explained(page: Page) -> Option<Explanation> {
    let (data, operands) = (page.data.read(), page.operands.read());
    let (data, operands) = (data.as_ref()?, operands.as_ref()?);
    Some(explain(operands, Context { tokens: &data.tokens, setup: &data.setup }))
}

fn show(explanation: &Explanation) {
    let Explanation { heading, value, formula, totals, check, why, .. } = explanation;
    let mut spans = String::new();
    for span in heading {
        spans += &format!(r#"<bdi class="{}">{}</bdi>"#, role_class(span.role), escaped(&span.text));
    }
    let mut sums = String::new();
    for (name, number) in totals {
        sums += &format!(r#"<div class="sum"><span>{}</span><b>{}</b></div>"#, escaped(name), escaped(number));
    }
    dom::html("cell-heading", &spans);
    dom::html("peek-cell", &spans);
    dom::text("peek-value", &[value, " ↓"].concat());
    dom::text("cell-value", value);
    dom::html("formula", formula);
    dom::html("totals", &sums);
    dom::set("check", "class", Some(if check.holds { "ok" } else { "fails" }));
    dom::text("check", &[if check.holds { "✓ " } else { "✗ " }, &check.text].concat());
    dom::text("why", why);
    dom::flag("explanation", "hidden", false);
}

fn show_terms(explanation: &Explanation, all: bool) {
    let Explanation { columns, terms, .. } = explanation;
    // One more would take no more room than the line that stands for it.
    let many = terms.len() > FIRST_TERMS + 1;
    let (shown, rest) = terms.split_at(if many && !all { FIRST_TERMS } else { terms.len() });
    let largest = terms.iter().map(|term| term.amount.abs()).fold(0.0, f64::max);
    let bars = largest > 0.0;
    let no_bar = if bars { "<td></td>" } else { "" };

    let mut html = String::from("<table><thead><tr>");
    for name in columns {
        html += &format!(r#"<th scope="col">{name}</th>"#);
    }
    html += no_bar;
    html += "</tr></thead><tbody>";
    for term in shown {
        html += if term.is_cell { r#"<tr class="cell">"# } else { "<tr>" };
        for cell in &term.cells {
            html += &format!("<td>{}</td>", escaped(cell));
        }
        if bars {
            let side = match explanation.are_shares {
                true => "share",
                false if term.amount < 0.0 => "negative",
                false => "positive",
            };
            html += &format!(r#"<td class="bar"><span class="{side}"></span></td>"#);
        }
        html += "</tr>";
    }
    if !rest.is_empty() {
        let (width, name) = (columns.len() - 1, smaller_terms(rest.len()));
        let sum = fixed(rest.iter().map(|term| term.amount).sum(), 3);
        html += &format!(r#"<tr class="rest"><td colspan="{width}">{name}</td><td>{sum}</td>{no_bar}</tr>"#);
    }
    html += "</tbody></table>";

    dom::flag("terms", "hidden", terms.is_empty());
    dom::html("terms", &html);
    if let Some(terms) = dom::element("terms").filter(|_| bars) {
        let lengths = terms.get_elements_by_tag_name("span");
        for (index, term) in (0..).zip(shown) {
            if let Some(bar) = lengths.item(index).and_then(|bar| bar.dyn_into::<HtmlElement>().ok()) {
                let percent = (term.amount.abs() / largest * 100.0).round() as u32;
                dom::style(&bar, "width", &format!("{percent}%"));
            }
        }
    }
    // Many terms scroll, by the keyboard too.
    dom::set("terms", "tabindex", (many && all).then_some("0"));
    dom::flag("all-terms", "hidden", !many);
    dom::set("all-terms", "aria-expanded", Some(if all { "true" } else { "false" }));
    dom::text("all-terms", if all { SHOW_FEWER } else { SHOW_ALL });
}

/// The class that gives a role its colour.
pub fn role_class(role: Role) -> &'static str {
    match role {
        Role::Plain => "plain",
        Role::Query => "q",
        Role::Key => "k",
        Role::Value => "v",
        Role::Output => "o",
    }
}
