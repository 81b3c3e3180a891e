use leptos::prelude::*;
use web_sys::Element;

use super::{dom, live::watch, state::Page};
use crate::lesson::{
    Arcs, HEAD_COUNTS, Session, SharesMap, Sight, SignedMap, WIDTHS, limits,
    number::fixed,
    range::{Ends, Range, frozen},
    words::{
        arcs::{self as say, ARCS},
        bad_number, engine_choice,
        given::{NOTHING_FOLLOWS, SIZES_ARE_GIVEN},
        mask,
        page::{
            AHEAD, BACK, BATCH_HINT, CALCULATE_ON, COLOURS, HEADS, KEYS_FROM, MASK, NUMBER, OFF, ON, PADDING,
            POSITIONS, PYTORCH_INIT, RANGE, RANGE_SIGNED, RANGE_WEIGHTS, SAME_SENTENCE, SCALING, SECOND_SENTENCE,
            SEE_AS, SEED, SET_UP, SHOW_CHANGE, SIGNED, SOFTCAP, TEMPERATURE, THIS_HEAD, UNTRAINED, WEIGHTS, WHAT_IF,
            WHAT_IF_HINT, WHOLE_NUMBER, WIDTH,
        },
        positions, range, scaling, shares_map, sight, signed_map,
    },
};
use crate::protocol::{EngineChoice, Positions, Window};

const POSITION_KINDS: [Positions; 4] = [Positions::None, Positions::Sinusoidal, Positions::Rotary, Positions::Alibi];
/// The last stands for all windows with two ends.
const MASKS: [Window; 3] = [Window::OPEN, Window::CAUSAL, Window { left: Some(2), right: Some(0) }];
const SCALINGS: [bool; 2] = [true, false];
/// The last stands for all fixed ones.
const RANGES: [Range; 4] = [Range::Lesson, Range::Matrix, Range::Step, Range::Fixed(Ends { signed: 1.0, shares: 1.0 })];
const ARCS_OF: [Option<Arcs>; 3] = [None, Some(Arcs::Word), Some(Arcs::All)];
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
            let now = page.data.read().as_ref().map(|data| frozen(&page.session.read(), data));
            page.session.update(|session| {
                let before = session.range;
                (choice.choose)(session, index);
                // What becomes fixed is the range that there is.
                if let (true, Range::Fixed(_), Some(now)) = (session.range != before, session.range, now) {
                    session.range = now;
                }
            });
        }
    });
    watch(
        // Choosing a window changes its ends.
        move || NUMBERS.each_ref().map(|number| (number.current)(&page.session.read())),
        |current| {
            for (number, current) in NUMBERS.iter().zip(current) {
                dom::flag(&format!("{}-field", number.id), "hidden", current.is_none());
                let typed = dom::element(number.id).and_then(|input| number.read(&input));
                if let Some(current) =
                    current.filter(|current| typed.map(|typed| typed as f32) != Some(*current as f32))
                {
                    dom::set_value(number.id, &number.written(current));
                }
            }
        },
    );
    dom::on("input", "input[data-number]", move |input, _| {
        let Some(number) = dom::index(input, "data-number").and_then(|index| NUMBERS.get(index)) else { return };
        let typed = dom::value(input);
        let usable = number.read(input);
        if let Some(value) = usable {
            page.session.update(|session| (number.choose)(session, value));
        }
        // An empty box is not wrong yet. What is no number at all has no value, but the browser finds it wrong.
        let unfinished = typed.is_empty() && !dom::is_invalid(input);
        // "0" may become "0.5".
        let wrong = usable.is_none() && !unfinished && number.decimals == 0;
        number.say_wrong(wrong.then_some(&typed), page);
    });
    dom::on("change", "input[data-number]", move |input, _| {
        let number = dom::index(input, "data-number").and_then(|index| NUMBERS.get(index));
        let is_empty = dom::value(input).is_empty() && !dom::is_invalid(input);
        if let Some(number) = number.filter(|number| !is_empty && number.read(input).is_none()) {
            number.say_wrong(Some(&dom::value(input)), page);
        }
        let current = number.and_then(|number| (number.current)(&page.session.read()));
        if let Some((number, current)) = number.zip(current).filter(|_| is_empty) {
            dom::set_value(number.id, &number.written(current));
        }
    });
    let choice = |index: usize| CHOICES[index].html(index);
    let number = |index: usize| NUMBERS[index].html(index);
    let (seed, heads, width, positions, engine) = (number(0), choice(0), choice(1), choice(2), choice(6));
    let (mask, back, ahead, scaling, temperature) = (choice(3), number(1), number(2), choice(4), number(3));
    let (padding, softcap, head, keys) = (number(4), number(5), choice(10), choice(13));
    let (change, shares, signed, sight) = (choice(5), choice(7), choice(8), choice(9));
    let (range, range_signed, range_shares) = (choice(11), number(6), number(7));
    dom::skeleton(format!(
        r#"<aside class="panel setup" aria-label="{SET_UP}">
            <h2>{SET_UP}</h2>
            <div class="fields">
                <p class="field" id="weights-field"><span>{WEIGHTS}</span> <b>{PYTORCH_INIT}</b></p>
                {seed}{heads}{width}{positions}{keys}{engine}
            </div>
            <p class="hint" id="batch-hint">{BATCH_HINT}</p>
            <p class="hint" id="untrained">{UNTRAINED}</p>
            <p class="hint" id="sizes-given">{SIZES_ARE_GIVEN}</p>
            <p class="hint" id="nothing-follows">{NOTHING_FOLLOWS}</p>
            <h2 class="what-if">{WHAT_IF}</h2>
            <p class="hint what-if">{WHAT_IF_HINT}</p>
            <div class="fields what-if" role="group" aria-label="{WHAT_IF}">{mask}{back}{ahead}{padding}{scaling}{temperature}{softcap}{head}{change}</div>
            <h2>{COLOURS}</h2>
            <div class="fields" role="group" aria-label="{COLOURS}">{shares}{signed}{range}{range_signed}{range_shares}{sight}</div>
        </aside>"#
    ))
}

/// A number of the set-up that is typed.
struct Number {
    id: &'static str,
    label: &'static str,
    from: f64,
    to: f64,
    /// So many digits after the point; a number without any is a whole one.
    decimals: usize,
    /// `None` where it does not matter, and is not shown.
    current: fn(&Session) -> Option<f64>,
    choose: fn(&mut Session, f64),
}

const NUMBERS: [Number; 8] = [
    Number {
        id: "seed",
        label: SEED,
        from: limits::SEED.0,
        to: limits::SEED.1,
        decimals: 0,
        current: |session| Some(session.setup.seed as f64),
        choose: |session, seed| session.setup.seed = seed as u64,
    },
    Number {
        id: "back",
        label: BACK,
        from: limits::WINDOW.0,
        to: limits::WINDOW.1,
        decimals: 0,
        current: |session| Some(session.setup.mask.left? as f64),
        choose: |session, tokens| session.setup.mask.left = Some(tokens as usize),
    },
    Number {
        id: "ahead",
        label: AHEAD,
        from: limits::WINDOW.0,
        to: limits::WINDOW.1,
        decimals: 0,
        current: |session| session.setup.mask.left.and(Some(session.setup.mask.right? as f64)),
        choose: |session, tokens| session.setup.mask.right = Some(tokens as usize),
    },
    Number {
        id: "temperature",
        label: TEMPERATURE,
        from: limits::TEMPERATURE.0,
        to: limits::TEMPERATURE.1,
        decimals: 2,
        current: |session| Some(session.setup.temperature.into()),
        choose: |session, temperature| session.setup.temperature = temperature as f32,
    },
    Number {
        id: "padding",
        label: PADDING,
        from: limits::PADDING.0,
        to: limits::PADDING.1,
        decimals: 0,
        current: |session| Some(session.setup.padding as f64),
        choose: |session, tokens| session.setup.padding = tokens as usize,
    },
    Number {
        id: "softcap",
        label: SOFTCAP,
        from: limits::SOFTCAP.0,
        to: limits::SOFTCAP.1,
        decimals: 2,
        current: |session| Some(session.setup.softcap.unwrap_or(0.0).into()),
        choose: |session, softcap| session.setup.softcap = (softcap > 0.0).then_some(softcap as f32),
    },
    Number {
        id: "range-signed",
        label: RANGE_SIGNED,
        from: limits::SIGNED_END.0,
        to: limits::SIGNED_END.1,
        decimals: 4,
        current: |session| ends(session).map(|ends| ends.signed.into()),
        choose: |session, end| session.range = with_ends(session, |ends| ends.signed = end as f32),
    },
    Number {
        id: "range-shares",
        label: RANGE_WEIGHTS,
        from: limits::SHARES_END.0,
        to: limits::SHARES_END.1,
        decimals: 4,
        current: |session| ends(session).map(|ends| ends.shares.into()),
        choose: |session, end| session.range = with_ends(session, |ends| ends.shares = end as f32),
    },
];

/// The ends of a fixed range.
fn ends(session: &Session) -> Option<Ends> {
    if let Range::Fixed(ends) = session.range { Some(ends) } else { None }
}

fn with_ends(session: &Session, change: impl FnOnce(&mut Ends)) -> Range {
    ends(session).map_or(session.range, |mut ends| {
        change(&mut ends);
        Range::Fixed(ends)
    })
}

impl Number {
    fn read(&self, input: &Element) -> Option<f64> {
        // Not parsed here: the code for that is a twentieth of the program.
        let number = dom::number(input);
        let is_usable = (self.from..=self.to).contains(&number) && !(self.decimals == 0 && number.fract() != 0.0);
        is_usable.then_some(number)
    }

    fn written(&self, number: f64) -> String {
        fixed(number, self.decimals)
    }

    /// Says that what was typed can't be used, or takes it back.
    fn say_wrong(&self, typed: Option<&String>, page: Page) {
        dom::set(self.id, "aria-invalid", typed.map(|_| "true"));
        let refusal = typed.map_or(String::new(), |typed| {
            let kind = if self.decimals == 0 { WHOLE_NUMBER } else { NUMBER };
            let range = [&*self.written(self.from), &*self.written(self.to)];
            let in_use = (self.current)(&page.session.read()).unwrap_or_default();
            bad_number(typed, self.label, kind, range, &self.written(in_use))
        });
        dom::text(&format!("{}-wrong", self.id), &refusal);
    }

    fn html(&self, which: usize) -> String {
        let Self { id, label, .. } = self;
        let (from, to) = (self.written(self.from), self.written(self.to));
        let (step, mode) = if self.decimals == 0 { ("1", "numeric") } else { ("0.1", "decimal") };
        format!(
            r#"<label class="field" id="{id}-field">
                <span aria-hidden="true">{label}</span>
                <input
                    type="number"
                    id="{id}"
                    data-number="{which}"
                    aria-label="{label}"
                    min="{from}"
                    max="{to}"
                    step="{step}"
                    inputmode="{mode}"
                    aria-describedby="{id}-wrong"
                >
            </label>
            <p class="wrong" id="{id}-wrong" aria-live="polite"></p>"#
        )
    }
}

/// One choice of the session among a few, by index.
struct Choice {
    id: &'static str,
    label: &'static str,
    names: fn() -> Vec<String>,
    current: fn(&Session) -> Option<usize>,
    choose: fn(&mut Session, usize),
}

const CHOICES: [Choice; 14] = [
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
        current: |session| {
            let same = MASKS.iter().position(|mask| *mask == session.setup.mask);
            same.or(Some(MASKS.len() - 1))
        },
        choose: |session, index| session.setup.mask = MASKS[index],
    },
    Choice {
        id: "scaling-chosen",
        label: SCALING,
        names: || SCALINGS.iter().map(|is_scaled| scaling(*is_scaled).to_owned()).collect(),
        current: |session| SCALINGS.iter().position(|is_scaled| *is_scaled == session.setup.is_scaled),
        choose: |session, index| session.setup.is_scaled = SCALINGS[index],
    },
    Choice {
        id: "change-chosen",
        label: SHOW_CHANGE,
        names: || [OFF, ON].map(str::to_owned).to_vec(),
        current: |session| Some(session.before.is_some().into()),
        choose: |session, index| session.show_change(index == 1),
    },
    Choice {
        id: "engine-chosen",
        label: CALCULATE_ON,
        names: || ENGINES.iter().map(|engine| engine_choice(*engine).to_owned()).collect(),
        current: |session| ENGINES.iter().position(|engine| *engine == session.engine),
        choose: |session, index| session.engine = ENGINES[index],
    },
    Choice {
        id: "shares-map",
        label: WEIGHTS,
        names: || SharesMap::ALL.map(|map| shares_map(map).to_owned()).to_vec(),
        current: |session| SharesMap::ALL.iter().position(|map| *map == session.shares_map),
        choose: |session, index| session.shares_map = SharesMap::ALL[index],
    },
    Choice {
        id: "signed-map",
        label: SIGNED,
        names: || SignedMap::ALL.map(|map| signed_map(map).to_owned()).to_vec(),
        current: |session| SignedMap::ALL.iter().position(|map| *map == session.signed_map),
        choose: |session, index| session.signed_map = SignedMap::ALL[index],
    },
    Choice {
        id: "sight",
        label: SEE_AS,
        names: || Sight::ALL.map(|eyes| sight(eyes).to_owned()).to_vec(),
        current: |session| Sight::ALL.iter().position(|sight| *sight == session.sight),
        choose: |session, index| session.sight = Sight::ALL[index],
    },
    Choice {
        id: "head-chosen",
        label: THIS_HEAD,
        names: || [OFF, ON].map(str::to_owned).to_vec(),
        current: |session| Some(usize::from(!session.setup.heads_off.contains(&session.head))),
        choose: |session, index| session.setup.switch_head(session.head, index == 1),
    },
    Choice {
        id: "range-chosen",
        label: RANGE,
        names: || RANGES.map(|kind| range(kind).to_owned()).to_vec(),
        current: |session| {
            let same = RANGES.iter().position(|range| *range == session.range);
            same.or(Some(RANGES.len() - 1))
        },
        choose: |session, index| session.range = RANGES[index],
    },
    Choice {
        id: "arcs-chosen",
        label: ARCS,
        names: || ARCS_OF.map(|arcs| say::choice(arcs).to_owned()).to_vec(),
        current: |session| ARCS_OF.iter().position(|arcs| *arcs == session.arcs),
        choose: |session, index| session.arcs = ARCS_OF[index],
    },
    Choice {
        id: "keys-chosen",
        label: KEYS_FROM,
        names: || [SAME_SENTENCE, SECOND_SENTENCE].map(str::to_owned).to_vec(),
        current: |session| Some(session.setup.is_cross.into()),
        choose: |session, index| session.setup.is_cross = index == 1,
    },
];

/// The choice of arcs over the words: the HTML of a part of the stage's head.
pub fn arcs() -> String {
    format!(r#"<div class="segments" id="arcs-choice" hidden>{}</div>"#, CHOICES[12].html(12))
}

impl Choice {
    fn html(&self, which: usize) -> String {
        let Self { id, label, names, .. } = self;
        let mut options = String::new();
        for (index, name) in names().iter().enumerate() {
            options += &format!(r#"<option value="{index}">{name}</option>"#);
        }
        format!(
            r#"<label class="field" id="{id}-field">
                <span aria-hidden="true">{label}</span>
                <select id="{id}" data-choice="{which}" aria-label="{label}">{options}</select>
            </label>"#
        )
    }
}
