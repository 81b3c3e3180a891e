use leptos::prelude::*;

use super::state::{Notice, Page};
use crate::attention::Mask;
use crate::embedding::Positions;
use crate::lesson::{Session, words};
use crate::protocol::EngineChoice;

const HEADS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];
const WIDTHS: [usize; 9] = [8, 16, 32, 48, 64, 96, 128, 256, 512];
const POSITIONS: [Positions; 2] = [Positions::None, Positions::Sinusoidal];
const MASKS: [Mask; 2] = [Mask::None, Mask::Causal];
const ENGINES: [EngineChoice; 3] = [EngineChoice::Auto, EngineChoice::WebGpu, EngineChoice::Cpu];

/// What attention is set up with.
#[component]
pub fn SetUp() -> impl IntoView {
    let page = expect_context::<Page>();
    let set_seed = move |event| {
        let typed = event_target_value(&event);
        match typed.trim().parse::<u32>() {
            Ok(seed) => {
                page.notice.set(None);
                page.session.update(|session| session.setup.seed = seed.into());
            }
            Err(_) => page.notice.set(Some(Notice { text: words::bad_seed(&typed), stale: false, offer: None })),
        }
    };
    let heads = Choice {
        label: words::page::HEADS,
        names: HEADS.iter().map(usize::to_string).collect(),
        current: |session| HEADS.iter().position(|heads| *heads == session.setup.heads),
        choose: |session, index| session.set_heads(HEADS[index]),
    };
    let width = Choice {
        label: words::page::WIDTH,
        names: WIDTHS.iter().map(usize::to_string).collect(),
        current: |session| WIDTHS.iter().position(|width| *width == session.setup.width),
        choose: |session, index| session.setup.width = WIDTHS[index],
    };
    let positions = Choice {
        label: words::page::POSITIONS,
        names: POSITIONS.iter().map(|positions| words::positions(*positions).to_owned()).collect(),
        current: |session| POSITIONS.iter().position(|positions| *positions == session.setup.positions),
        choose: |session, index| session.setup.positions = POSITIONS[index],
    };
    let mask = Choice {
        label: words::page::MASK,
        names: MASKS.iter().map(|mask| words::mask(mask).to_owned()).collect(),
        current: |session| MASKS.iter().position(|mask| *mask == session.setup.mask),
        choose: |session, index| session.setup.mask = MASKS[index].clone(),
    };
    let engine = Choice {
        label: words::page::CALCULATE_ON,
        names: ENGINES.iter().map(|engine| words::engine_choice(*engine).to_owned()).collect(),
        current: |session| ENGINES.iter().position(|engine| *engine == session.engine),
        choose: |session, index| session.engine = ENGINES[index],
    };
    view! {
        <aside class="panel setup" aria-label=words::page::SET_UP>
            <h2>{words::page::SET_UP}</h2>
            <div class="fields">
                <p class="field"><span>{words::page::WEIGHTS}</span><b>{words::page::PYTORCH_INIT}</b></p>
                <label class="field">
                    {words::page::SEED}
                    <input
                        type="number"
                        aria-label=words::page::SEED
                        min="0"
                        max="4294967295"
                        step="1"
                        inputmode="numeric"
                        prop:value=page.session.with_untracked(|session| session.setup.seed.to_string())
                        on:input=set_seed
                    />
                </label>
                {[heads, width, positions, mask, engine].map(|choice| choice.view(page)).collect_view()}
            </div>
            <p class="hint">{words::page::UNTRAINED}</p>
        </aside>
    }
}

/// One choice of the session among a few, by index.
struct Choice {
    label: &'static str,
    names: Vec<String>,
    current: fn(&Session) -> Option<usize>,
    choose: fn(&mut Session, usize),
}

impl Choice {
    fn view(self, page: Page) -> impl IntoView {
        let Self { label, names, current, choose } = self;
        let chosen = page.session.with_untracked(current);
        let options = names
            .into_iter()
            .enumerate()
            .map(|(index, name)| view! { <option value=index.to_string() selected=chosen == Some(index)>{name}</option> })
            .collect_view();
        let on_change = move |event| {
            if let Ok(index) = event_target_value(&event).parse() {
                page.session.update(|session| {
                    choose(session, index);
                    session.pinned = None;
                });
            }
        };
        // The session may change the choice too: a dead engine is started again on the CPU.
        let value = move || page.session.with(current).map_or(String::new(), |index| index.to_string());
        view! {
            <label class="field">
                {label}
                <select aria-label=label prop:value=value on:change=on_change>{options}</select>
            </label>
        }
    }
}
