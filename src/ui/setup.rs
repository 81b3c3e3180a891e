use leptos::prelude::*;

use super::state::{Notice, Page};
use crate::attention::Mask;
use crate::embedding::Positions;
use crate::lesson::{Session, words};
use crate::protocol::EngineChoice;

const HEADS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];
const WIDTHS: [usize; 9] = [8, 16, 32, 48, 64, 96, 128, 256, 512];

/// What attention is set up with.
#[component]
pub fn SetUp() -> impl IntoView {
    let page = expect_context::<Page>();
    let seed = Memo::new(move |_| page.session.with(|session| session.setup.seed));
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
    view! {
        <aside class="panel setup" aria-label=words::page::SET_UP>
            <h2>{words::page::SET_UP}</h2>
            <div class="fields">
                <p class="field"><span>{words::page::WEIGHTS}</span><b>{words::page::PYTORCH_INIT}</b></p>
                <label class="field">
                    {words::page::SEED}
                    <input type="number" min="0" max="4294967295" step="1" inputmode="numeric" prop:value=move || seed.get().to_string() on:input=set_seed/>
                </label>
                <Choice
                    label=words::page::HEADS
                    choices=HEADS.to_vec()
                    name=|heads: &usize| heads.to_string()
                    current=|session: &Session| session.setup.heads
                    choose=|session: &mut Session, heads| session.set_heads(heads)
                />
                <Choice
                    label=words::page::WIDTH
                    choices=WIDTHS.to_vec()
                    name=|width: &usize| width.to_string()
                    current=|session: &Session| session.setup.width
                    choose=|session: &mut Session, width| session.setup.width = width
                />
                <Choice
                    label=words::page::POSITIONS
                    choices=vec![Positions::None, Positions::Sinusoidal]
                    name=|positions: &Positions| words::positions(*positions).to_owned()
                    current=|session: &Session| session.setup.positions
                    choose=|session: &mut Session, positions| session.setup.positions = positions
                />
                <Choice
                    label=words::page::MASK
                    choices=vec![Mask::None, Mask::Causal]
                    name=|mask: &Mask| words::mask(mask).to_owned()
                    current=|session: &Session| session.setup.mask.clone()
                    choose=|session: &mut Session, mask| session.setup.mask = mask
                />
                <Choice
                    label=words::page::CALCULATE_ON
                    choices=vec![EngineChoice::Auto, EngineChoice::WebGpu, EngineChoice::Cpu]
                    name=|engine: &EngineChoice| words::engine_choice(*engine).to_owned()
                    current=|session: &Session| session.engine
                    choose=|session: &mut Session, engine| session.engine = engine
                />
            </div>
            <p class="hint">{words::page::UNTRAINED}</p>
        </aside>
    }
}

/// One choice of the session among a few.
#[component]
fn Choice<T>(
    label: &'static str,
    choices: Vec<T>,
    name: fn(&T) -> String,
    current: fn(&Session) -> T,
    choose: fn(&mut Session, T),
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let page = expect_context::<Page>();
    let chosen = Memo::new(move |_| page.session.with(current));
    let options = choices
        .iter()
        .enumerate()
        .map(|(index, choice)| {
            let this = choice.clone();
            view! {
                <option value=index.to_string() selected=move || chosen.with(|chosen| *chosen == this)>{name(choice)}</option>
            }
        })
        .collect_view();
    let on_change = move |event| {
        if let Some(choice) = event_target_value(&event).parse::<usize>().ok().and_then(|index| choices.get(index)) {
            page.session.update(|session| {
                choose(session, choice.clone());
                session.pinned = None;
            });
        }
    };
    view! {
        <label class="field">
            {label}
            <select on:change=on_change>{options}</select>
        </label>
    }
}
