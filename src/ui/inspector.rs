use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use super::{
    dom,
    live::{Live, watch},
    parts,
    state::Page,
};
use crate::figure::svg::escaped;
use crate::lesson::{
    Session,
    explain::{Context, Explanation, Role, Term, explain, whereabouts},
    number::fixed,
    scene::Data,
    trail,
    words::{
        back_to, go_to,
        page::{INSPECTOR, PIN_HINT, PINNED_HINT, SHOW_ALL, SHOW_FEWER, TERMS, UNPIN, WAY_BACK},
        smaller_terms,
    },
};
use crate::protocol::CellRef;

/// So many terms are shown before "show all".
const FIRST_TERMS: usize = 8;

/// The cell in focus, opened down to the single products, with its computed check.
pub fn inspector(page: Page) -> String {
    parts::load(page, move || page.operands.read().is_some(), parts::Part::Inspector);
    watch(
        move || page.shows_pinned(),
        |pinned| {
            dom::flag("unpin", "hidden", !pinned);
            dom::text("pin-hint", if *pinned { PINNED_HINT } else { PIN_HINT });
        },
    );
    format!(
        r#"<section class="panel insp" id="inspector" tabindex="-1" aria-label="{INSPECTOR}">
            <div class="top">
                <h2>{INSPECTOR}</h2>
                <button class="btn small" id="way-back" hidden><span aria-hidden="true">← </span>{WAY_BACK}</button>
                <button class="btn small" id="unpin" hidden>{UNPIN}</button>
            </div>
            <p class="said" id="followed" role="status"></p>
            <div id="explanation" hidden>
                <p class="pair" id="cell-heading"></p>
                <p class="big" id="cell-value"></p>
                <div class="formula" id="formula"></div>
                <p class="numbers" id="numbers"></p>
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

/// Follows the cell in focus.
pub fn follow(page: Page) {
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
                show_totals(page, explanation);
            }
        },
    );
    watch(
        move || (explanation.version(), page.all_terms.get()),
        move |(_, all)| {
            if let Some(explanation) = &*explanation.read() {
                show_terms(page, explanation, *all);
                // Those that were lit are gone.
                page.lit.renew(Vec::new());
            }
        },
    );
    watch(
        move || {
            let data = page.data.read();
            let data = data.as_ref()?;
            let stop = page.trail.read().way_back((data.lengths(), data.batch.len()), &data.setup)?;
            Some(back_to(&whereabouts(stop.cell, Context::of(&data.batch[stop.item], &data.setup))))
        },
        |way_back| {
            dom::flag("way-back", "hidden", way_back.is_none());
            dom::set("way-back", "aria-label", way_back.as_deref());
            dom::set("way-back", "title", way_back.as_deref());
        },
    );
    follow_terms(page, explanation);
    // Where the inspector is out of sight, below, a line shows what it says of the cell that was tapped.
    watch(
        move || page.shows_pinned() && page.facts.read().notice().is_none(),
        |kept| dom::flag("peek", "hidden", !kept),
    );
    dom::on("click", "#unpin", move |_, _| {
        page.session.update(|session| session.pinned = None);
        // The button goes; the focus stays near.
        dom::focus_in_place("inspector");
    });
    dom::on("click", "#all-terms", move |_, _| page.all_terms.update(|all| *all = !*all));
}

/// The cell whose operands have come, if they are of the run that is shown.
fn explained(page: Page) -> Option<Explanation> {
    let (data, operands) = (page.data.read(), page.operands.read());
    let (data, operands) = (data.as_ref()?, operands.as_ref()?);
    Some(explain(operands, data.context()))
}

fn show(explanation: &Explanation) {
    let Explanation { heading, value, formula, numbers, check, why, .. } = explanation;
    let mut spans = String::new();
    for span in heading {
        spans += &format!(r#"<bdi class="{}">{}</bdi>"#, role_class(span.role), escaped(&span.text));
    }
    dom::html("cell-heading", &spans);
    dom::html("peek-cell", &spans);
    dom::text("peek-value", &[value, " ↓"].concat());
    dom::text("cell-value", value);
    dom::html("formula", formula);
    dom::text("numbers", numbers.as_deref().unwrap_or_default());
    dom::set("check", "class", Some(if check.holds { "ok" } else { "fails" }));
    dom::text("check", &[if check.holds { "✓ " } else { "✗ " }, &check.text].concat());
    dom::text("why", why);
    dom::flag("explanation", "hidden", false);
}

/// What is needed to say where a link leads.
struct Ways<'a> {
    session: &'a Session,
    data: &'a Data,
}

impl Ways<'_> {
    /// A number, as a link to its cell if it can be drawn. `which` tells the link's place among its term's.
    fn number(&self, text: &str, cell: Option<CellRef>, which: &str) -> String {
        let text = escaped(text);
        let Some(cell) = cell.filter(|cell| trail::place_of(self.session, *cell).is_some()) else {
            return text;
        };
        let context = self.data.context();
        let way = escaped(&go_to(&whereabouts(cell, context)));
        format!(r#"<button class="origin" {which} title="{way}" aria-label="{text}: {way}">{text}</button>"#)
    }
}

/// Where the numbers of an explanation come from: hovering lights it, clicking goes there.
fn follow_terms(page: Page, explanation: Live<Option<Explanation>>) {
    let light = move |row: &Element, event: &Event| {
        let explanation = explanation.read();
        let Some(explanation) = explanation.as_ref().filter(|_| !event.type_().ends_with("out")) else {
            return page.lit.renew(Vec::new());
        };
        let mut cells = Vec::new();
        if let Some(term) = dom::index(row, "data-term").and_then(|term| explanation.terms.get(term)) {
            cells.extend(term.origins.iter().map(|(_, cell)| *cell));
        } else if let Some(total) = dom::index(row, "data-total").and_then(|total| explanation.totals.get(total)) {
            cells.extend(total.origin);
        }
        page.lit.renew(cells);
    };
    for event in ["pointerover", "pointerout", "focusin", "focusout"] {
        dom::on(event, TERM, light);
    }
    dom::on("click", ".origin", move |link, _| {
        let cell = explanation.read().as_ref().and_then(|explanation| {
            let row = link.closest(TERM).ok()??;
            if let Some(total) = dom::index(&row, "data-total") {
                return explanation.totals.get(total)?.origin;
            }
            let (term, origin) = (dom::index(&row, "data-term")?, dom::index(link, "data-origin")?);
            Some(explanation.terms.get(term)?.origins.get(origin)?.1)
        });
        if let Some(cell) = cell {
            page.follow(cell);
        }
    });
    dom::on("click", "#way-back", move |_, _| {
        page.go_back();
    });
}

/// A row of the terms or of the totals.
const TERM: &str = "[data-term], [data-total]";

fn show_totals(page: Page, explanation: &Explanation) {
    let (session, data) = (page.session.read(), page.data.read());
    let Some(data) = data.as_ref() else {
        return;
    };
    let ways = Ways { session: &session, data };
    let mut sums = String::new();
    for (index, total) in explanation.totals.iter().enumerate() {
        let number = ways.number(&total.number, total.origin, "");
        let name = escaped(&total.name);
        sums += &format!(r#"<div class="sum" data-total="{index}"><span>{name}</span><b>{number}</b></div>"#);
    }
    dom::html("totals", &sums);
}

fn show_terms(page: Page, explanation: &Explanation, all: bool) {
    let (session, data) = (page.session.read(), page.data.read());
    let Some(data) = data.as_ref() else {
        return;
    };
    let ways = Ways { session: &session, data };
    let Explanation { columns, terms, .. } = explanation;
    // One more would take no more room than the line that stands for it.
    let many = terms.len() > FIRST_TERMS + 1;
    let (shown, rest) = terms.split_at(if many && !all { FIRST_TERMS } else { terms.len() });
    let largest = terms.iter().map(|term| term.amount.abs()).fold(0.0, f64::max);
    let bars = largest > 0.0;
    let no_bar = if bars { r#"<td aria-hidden="true"></td>"# } else { "" };

    let mut html = String::from("<table><thead><tr>");
    for name in columns {
        html += &format!(r#"<th scope="col">{name}</th>"#);
    }
    html += no_bar;
    html += "</tr></thead><tbody>";
    for (index, term) in shown.iter().enumerate() {
        let class = if term.is_cell { r#" class="cell""# } else { "" };
        html += &format!(r#"<tr{class} data-term="{index}">"#);
        for (column, text) in term.cells.iter().enumerate() {
            // What a term is of heads its row.
            let role = if column == 0 { r#" role="rowheader""# } else { "" };
            html += &format!("<td{role}>{}</td>", number_of(term, column, text, &ways));
        }
        if bars {
            let side = match explanation.are_shares {
                true => "share",
                false if term.amount < 0.0 => "negative",
                false => "positive",
            };
            html += &format!(r#"<td class="bar" aria-hidden="true"><span class="{side}"></span></td>"#);
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

/// One number of a term.
fn number_of(term: &Term, column: usize, text: &str, ways: &Ways) -> String {
    let origin = term.origins.iter().position(|(of, _)| *of == column);
    let which = origin.map_or(String::new(), |origin| format!(r#"data-origin="{origin}""#));
    ways.number(text, origin.map(|origin| term.origins[origin].1), &which)
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
