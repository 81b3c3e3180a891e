use leptos::prelude::*;

use super::{dom, live::watch, state::Page};
use crate::lesson::{
    HEAD_COUNTS, Session, WIDTHS,
    words::{
        bad_seed, engine_choice, mask,
        page::{CALCULATE_ON, HEADS, MASK, POSITIONS, PYTORCH_INIT, SEED, SET_UP, UNTRAINED, WEIGHTS, WIDTH},
        positions,
    },
};
use crate::protocol::{EngineChoice, Positions, Window};

const POSITION_KINDS: [Positions; 2] = [Positions::None, Positions::Sinusoidal];
const MASKS: [Window; 2] = [Window::OPEN, Window::CAUSAL];
const ENGINES: [EngineChoice; 3] = [EngineChoice::Auto, EngineChoice::WebGpu, EngineChoice::Cpu];

/// What attention is set up with.
#[component]
pub fn SetUp(page: Page) -> impl IntoView {
    watch(
        // The session may change a choice too: a dead engine is started again on the CPU.
        move || CHOICES.each_ref().map(|choice| (choice.current)(&page.session.read())),
        |current| {
            for (choice, index) in CHOICES.iter().zip(current) {
                dom::set_value(choice.id, &index.map_or(String::new(), |index| index.to_string()));
            }
        },
    );
    dom::on("change", "select[data-choice]", move |select, _| {
        let choice = dom::index(select, "data-choice").and_then(|index| CHOICES.get(index));
        if let (Some(choice), Ok(index)) = (choice, dom::value(select).parse()) {
            page.session.update(|session| (choice.choose)(session, index));
        }
    });
    dom::on("input", "#seed", move |input, _| {
        let typed = dom::value(input);
        let seed = typed.trim().parse::<u32>().ok();
        if let Some(seed) = seed {
            page.session.update(|session| session.setup.seed = seed.into());
        }
        // An empty box is not wrong yet. What is no number at all has no value, but the browser finds it wrong.
        let unfinished = typed.is_empty() && !dom::is_invalid(input);
        let wrong = seed.is_none() && !unfinished;
        dom::set("seed", "aria-invalid", wrong.then_some("true"));
        dom::text("seed-wrong", &if wrong { bad_seed(&typed) } else { String::new() });
    });
    dom::on("change", "#seed", move |input, _| {
        if dom::value(input).is_empty() && !dom::is_invalid(input) {
            dom::set_value("seed", &page.session.read().setup.seed.to_string());
        }
    });
    let seed = page.session.read().setup.seed;
    let choices: String = CHOICES.iter().enumerate().map(|(index, choice)| choice.html(index)).collect();
    dom::skeleton(format!(
        r#"<aside class="panel setup" aria-label="{SET_UP}">
            <h2>{SET_UP}</h2>
            <div class="fields">
                <p class="field"><span>{WEIGHTS}</span><b>{PYTORCH_INIT}</b></p>
                <label class="field">
                    {SEED}
                    <input
                        type="number"
                        id="seed"
                        aria-label="{SEED}"
                        min="0"
                        max="4294967295"
                        step="1"
                        inputmode="numeric"
                        value="{seed}"
                        aria-describedby="seed-wrong"
                    >
                </label>
                <p class="wrong" id="seed-wrong" aria-live="polite"></p>
                {choices}
            </div>
            <p class="hint">{UNTRAINED}</p>
        </aside>"#
    ))
}

/// One choice of the session among a few, by index.
struct Choice {
    id: &'static str,
    label: &'static str,
    names: fn() -> Vec<String>,
    current: fn(&Session) -> Option<usize>,
    choose: fn(&mut Session, usize),
}

const CHOICES: [Choice; 5] = [
    Choice {
        id: "heads-chosen",
        label: HEADS,
        names: || HEAD_COUNTS.iter().map(usize::to_string).collect(),
        current: |session| HEAD_COUNTS.iter().position(|heads| *heads == session.setup.heads),
        choose: |session, index| session.set_heads(HEAD_COUNTS[index]),
    },
    Choice {
        id: "width-chosen",
        label: WIDTH,
        names: || WIDTHS.iter().map(usize::to_string).collect(),
        current: |session| WIDTHS.iter().position(|width| *width == session.setup.width),
        choose: |session, index| session.setup.width = WIDTHS[index],
    },
    Choice {
        id: "positions-chosen",
        label: POSITIONS,
        names: || POSITION_KINDS.iter().map(|kind| positions(*kind).to_owned()).collect(),
        current: |session| POSITION_KINDS.iter().position(|kind| *kind == session.setup.positions),
        choose: |session, index| session.setup.positions = POSITION_KINDS[index],
    },
    Choice {
        id: "mask-chosen",
        label: MASK,
        names: || MASKS.iter().map(|kind| mask(*kind).to_owned()).collect(),
        current: |session| MASKS.iter().position(|mask| *mask == session.setup.mask),
        choose: |session, index| session.setup.mask = MASKS[index],
    },
    Choice {
        id: "engine-chosen",
        label: CALCULATE_ON,
        names: || ENGINES.iter().map(|engine| engine_choice(*engine).to_owned()).collect(),
        current: |session| ENGINES.iter().position(|engine| *engine == session.engine),
        choose: |session, index| session.engine = ENGINES[index],
    },
];

impl Choice {
    fn html(&self, which: usize) -> String {
        let Self { id, label, names, .. } = self;
        let mut options = String::new();
        for (index, name) in names().iter().enumerate() {
            options += &format!(r#"<option value="{index}">{name}</option>"#);
        }
        format!(
            r#"<label class="field">
                {label}
                <select id="{id}" data-choice="{which}" aria-label="{label}">{options}</select>
            </label>"#
        )
    }
}
