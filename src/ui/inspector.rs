use leptos::prelude::*;

use super::state::Page;
use crate::lesson::{
    explain::{Context, Explanation, Role, Term, explain},
    number::fixed,
    words,
};

/// So many terms are shown before "show all".
const FIRST_TERMS: usize = 8;

/// The cell in focus, opened down to the single products, with its computed check.
#[component]
pub fn Inspector() -> impl IntoView {
    let page = expect_context::<Page>();
    let explanation = Memo::new(move |_| {
        page.data.with(|data| {
            let data = data.as_ref()?;
            let context = Context { tokens: &data.tokens, setup: &data.setup };
            page.operands.with(|operands| {
                let operands = operands.as_ref()?;
                let (rows, columns) = data.shape(operands.cell.tensor);
                let inside = operands.cell.row < rows && operands.cell.column < columns;
                (inside && operands.cell.head < data.setup.heads).then(|| explain(operands, context))
            })
        })
    });
    let pinned = Memo::new(move |_| page.session.with(|session| session.pinned.is_some()));
    let all = RwSignal::new(false);
    view! {
        <section class="panel insp" aria-label=words::page::INSPECTOR>
            <div class="top">
                <h2>{words::page::INSPECTOR}</h2>
                {move || pinned.get().then(|| view! {
                    <button class="btn small" on:click=move |_| page.session.update(|session| session.pinned = None)>
                        {words::page::UNPIN}
                    </button>
                })}
            </div>
            {move || explanation.get().map(|explanation| opened(explanation, all))}
            <p class="hint">{words::page::PIN_HINT}</p>
        </section>
    }
}

fn opened(explanation: Explanation, all: RwSignal<bool>) -> impl IntoView {
    let Explanation { heading, value, formula, columns, terms, totals, check, why } = explanation;
    let heading =
        heading.into_iter().map(|span| view! { <span class=role_class(span.role)>{span.text}</span> }).collect_view();
    let check_class = if check.holds { "ok" } else { "fails" };
    let mark = if check.holds { "✓ " } else { "✗ " };
    let totals = totals
        .into_iter()
        .map(|(name, number)| view! { <div class="sum"><span>{name}</span><b>{number}</b></div> })
        .collect_view();
    view! {
        <p class="pair">{heading}</p>
        <p class="big">{value}</p>
        <div class="formula" inner_html=formula></div>
        {(!terms.is_empty()).then(|| table(columns, terms, all))}
        {totals}
        <p class=check_class>{mark}{check.text}</p>
        <p class="why">{why}</p>
    }
}

fn table(columns: Vec<&'static str>, terms: Vec<Term>, all: RwSignal<bool>) -> impl IntoView {
    // One more would take no more room than the line that stands for it.
    let many = terms.len() > FIRST_TERMS + 1;
    let largest = terms.iter().map(|term| term.amount.abs()).fold(0.0, f64::max);
    let bars = largest > 0.0;
    let width = columns.len();
    let rest = terms.get(FIRST_TERMS..).unwrap_or_default();
    let rest = (rest.len(), rest.iter().map(|term| term.amount).sum::<f64>());
    let row = move |term: &Term| {
        let side = if term.amount < 0.0 { "negative" } else { "positive" };
        let length = if bars { term.amount.abs() / largest * 100.0 } else { 0.0 };
        view! {
            <tr class:cell=term.is_cell>
                {term.cells.iter().cloned().map(|text| view! { <td>{text}</td> }).collect_view()}
                {bars.then(|| view! { <td class="bar"><span class=side style:width=format!("{}%", length.round() as u32)></span></td> })}
            </tr>
        }
    };
    let shown = move || {
        let most = if many && !all.get() { FIRST_TERMS } else { terms.len() };
        terms.iter().take(most).map(row).collect_view()
    };
    view! {
        <div class="terms">
            <table>
                <thead>
                    <tr>
                        {columns.into_iter().map(|name| view! { <th scope="col">{name}</th> }).collect_view()}
                        {bars.then(|| view! { <td></td> })}
                    </tr>
                </thead>
                <tbody>
                    {shown}
                    {move || (many && !all.get()).then(|| view! {
                        <tr class="rest">
                            <td colspan=(width - 1).to_string()>{words::smaller_terms(rest.0)}</td>
                            <td>{fixed(rest.1, 3)}</td>
                            {bars.then(|| view! { <td></td> })}
                        </tr>
                    })}
                </tbody>
            </table>
        </div>
        {many.then(|| view! {
            <button class="btn small" aria-expanded=move || all.get().to_string() on:click=move |_| all.update(|all| *all = !*all)>
                {move || if all.get() { words::page::SHOW_FEWER } else { words::page::SHOW_ALL }}
            </button>
        })}
    }
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
