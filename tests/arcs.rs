//! Attention as arcs over the words: as wide as the shares are, for one word or for all, and the same in words.

#[path = "common/engine.rs"]
mod engine;
#[path = "common/snapshot.rs"]
mod snapshot;

use engine::{on_cpu, run, run_compared};
use headlight::attention::Window;
use headlight::figure::{Line, Mark};
use headlight::lesson::number::percent;
use headlight::lesson::picture::arcs::{ArcsPicture, WIDEST, cell_of, has_arcs, name_of, word_of};
use headlight::lesson::picture::{View, common_height, picture};
use headlight::lesson::range::{Ends, Range};
use headlight::lesson::scene::{Data, wanted};
use headlight::lesson::{Arcs, Session, Step, Theme, Zoom};
use headlight::protocol::{CellRef, Setup, Tensor};
use proptest::prelude::*;
use proptest::sample::select;

const DESKTOP: f32 = 800.0;
const PHONE: f32 = 330.0;

fn data(session: &Session) -> Data {
    let slices = wanted(session, &session.setup, None);
    Data::new(run(&mut on_cpu(), 1, &session.sentence, &session.setup, slices), (0, session.zoom))
}

fn view(data: &Data, width: f32, focus: Option<CellRef>) -> View {
    View { focus, chosen: focus.is_some(), ..snapshot::view(data, width, Theme::Light) }
}

fn pair(session: &Session, row: usize, column: usize) -> CellRef {
    CellRef { tensor: Tensor::Weights, head: session.head, row, column }
}

fn drawn(session: &Session, data: &Data, width: f32, focus: Option<CellRef>) -> ArcsPicture {
    let picture = picture(session, data, &view(data, width, focus)).expect("all that it shows is there");
    picture.arcs.expect("arcs were asked for")
}

/// The arcs, each as it is coloured: the edge that may be painted before it is wider.
fn arcs_of(picture: &ArcsPicture) -> Vec<&Line> {
    let lines = picture.figure.marks.iter().filter_map(|mark| match mark {
        Mark::Line(line) if line.points.len() > 2 => Some(line),
        _ => None,
    });
    let lines: Vec<_> = lines.collect();
    let is_edge = |index: usize| {
        let above = lines.get(index + 1);
        above.is_some_and(|line| line.points == lines[index].points && line.width < lines[index].width)
    };
    (0..lines.len()).filter(|index| !is_edge(*index)).map(|index| lines[index]).collect()
}

/// The words that an arc begins and ends at: the middles between them, for a word's own.
fn ends_of(line: &Line, picture: &ArcsPicture) -> (usize, usize) {
    let word_at = |x: f32| {
        let middle = |(left, _, width, _): &(f32, f32, f32, f32)| left + width / 2.0;
        let apart = |place| (middle(place) - x).abs();
        let nearest =
            (0..picture.words.len()).min_by(|&a, &b| apart(&picture.words[a]).total_cmp(&apart(&picture.words[b])));
        picture.first + nearest.expect("there are words")
    };
    let (from, to) = (line.points[0].0, line.points[line.points.len() - 1].0);
    let [start, end] = [from, to].map(word_at);
    // A word's own stands around its middle.
    let own = word_at((from + to) / 2.0);
    let middle = picture.words[own - picture.first];
    let is_own = ((from + to) / 2.0 - middle.0 - middle.2 / 2.0).abs() < 0.01 && (from - to).abs() < 22.5;
    if is_own { (own, own) } else { (start, end) }
}

fn sessions() -> impl Strategy<Value = Session> {
    let sentences =
        ["the", "The cat sat on the mat", "the cat, the Cat and the the", "one two three four five six seven"];
    let masks = vec![Window::OPEN, Window::CAUSAL, Window { left: Some(1), right: Some(2) }];
    (select(sentences.to_vec()), select(masks), 0_u64..1000, 0_usize..4, any::<bool>(), any::<bool>()).prop_map(
        |(sentence, mask, seed, head, mixes, all)| Session {
            sentence: sentence.to_owned(),
            // Large scores, so that shares differ much.
            setup: Setup { mask, seed, temperature: 0.2, painted: vec![], ..Setup::default() },
            head,
            step: if mixes { Step::Mix } else { Step::Softmax },
            arcs: Some(if all { Arcs::All } else { Arcs::Word }),
            ..Session::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arcs_are_as_wide_as_the_shares(
        session in sessions(),
        width in prop_oneof![Just(DESKTOP), Just(700.0)],
        word in any::<prop::sample::Index>(),
        chosen in any::<bool>(),
    ) {
        let data = data(&session);
        let len = data.tokens().len();
        let word = word.index(len);
        let cell = chosen.then(|| pair(&session, word, 0));
        let picture = drawn(&session, &data, width, cell);
        let all = session.arcs == Some(Arcs::All) && !chosen;
        let queries = if all { 0..len } else if chosen { word..word + 1 } else { len - 1..len };
        let share = |query, key| data.value(pair(&session, query, key)).expect("it came in full");
        let weights = data.on_stage(Tensor::Weights, session.head).expect("it is there");
        let end = if weights.largest < 0.5 { weights.largest } else { 1.0 };

        let mut expected = Vec::new();
        for (query, key) in queries.flat_map(|query| (0..len).map(move |key| (query, key))) {
            // Nothing for those that are hidden.
            if share(query, key) > 0.0 {
                expected.push((query, key));
            }
        }
        let mut found = Vec::new();
        for line in arcs_of(&picture) {
            let (query, key) = ends_of(line, &picture);
            let expected = WIDEST * share(query, key) / end;
            prop_assert!((line.width - expected).abs() < 1e-4, "{query} to {key}: {} for {expected}", line.width);
            found.push((query, key));
        }
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn arcs_lie_within_their_picture(
        session in sessions(),
        words in prop_oneof![4 => 1..24_usize, 1 => 25..300_usize],
        width in prop_oneof![Just(PHONE), Just(DESKTOP), 260.0..1600.0_f32],
        cell in any::<[prop::sample::Index; 2]>(),
    ) {
        let sentence = (0..words).map(|index| format!("word{} ", index * 37 % 101)).collect();
        let session = Session { sentence, ..session };
        let data = data(&session);
        let [query, key] = cell.map(|index| index.index(data.tokens().len()));
        let picture = drawn(&session, &data, width, Some(pair(&session, query, key)));
        prop_assert!(!picture.text.is_empty());
        for mark in &picture.figure.marks {
            let points = match mark {
                Mark::Line(line) => line.points.clone(),
                Mark::Text(text) => vec![(text.x, text.y)],
                Mark::Rect(rect) => vec![(rect.x, rect.y), (rect.x + rect.width, rect.y + rect.height)],
                Mark::Heatmap(_) => vec![],
            };
            let inside = |&(x, y): &(f32, f32)| {
                (0.0..=width).contains(&x) && (0.0..=picture.figure.height).contains(&y)
            };
            prop_assert!(points.iter().all(inside), "{mark:?} in {width} × {}", picture.figure.height);
        }
        // Looking at another word moves nothing.
        let other = drawn(&session, &data, width, Some(pair(&session, 0, 0)));
        prop_assert_eq!(&other.words, &picture.words);
        prop_assert_eq!(other.figure.height, picture.figure.height);
    }

    #[test]
    fn the_text_says_the_row_in_order(session in sessions(), word in any::<prop::sample::Index>()) {
        let data = data(&session);
        let word = word.index(data.tokens().len());
        let picture = drawn(&session, &data, DESKTOP, Some(pair(&session, word, 0)));
        let mut shares: Vec<f32> = Vec::new();
        let mut hidden = 0;
        for key in 0..data.tokens().len() {
            match data.value(pair(&session, word, key)).expect("it came in full") {
                f32::NEG_INFINITY => hidden += 1,
                share => shares.push(share),
            }
        }
        shares.sort_by(|a, b| b.total_cmp(a));
        let expected: Vec<String> = shares.into_iter().map(|share| percent(share.into())).collect();
        // "mat looks at cat 29.9 %, the (4) 10.0 %. Hidden from it: on, sat."
        let (looks, not) = picture.text.split_once(" %.").expect("a sentence of shares");
        let looks = format!("{looks} %");
        let numbers = looks.split(" %").filter(|part| !part.is_empty()).map(|part| {
            let number = part.split_whitespace().last().unwrap_or_default();
            let sign = if part.ends_with(&format!("< {number}")) { "< " } else { "" };
            format!("{sign}{number} %")
        });
        let found: Vec<String> = numbers.collect();
        prop_assert_eq!(found, expected, "{}", picture.text);
        let named = not.split_once(": ").map_or(0, |(_, names)| names.matches(", ").count() + 1);
        // A comma may be a word.
        prop_assert!(named == hidden, "{}: {hidden} are hidden", picture.text);
    }
}

fn example(arcs: Arcs) -> Session {
    let setup = Setup { mask: Window::CAUSAL, ..Setup::default() };
    Session { setup, arcs: Some(arcs), ..Session::default() }
}

#[test]
fn arcs_look_right() {
    for (name, arcs, setup, width, focus) in [
        ("arcs-word", Arcs::Word, Setup::default(), DESKTOP, Some((5, 2))),
        ("arcs-all", Arcs::All, Setup::default(), DESKTOP, None),
        ("arcs-phone", Arcs::Word, example(Arcs::Word).setup, PHONE, Some((2, 1))),
    ] {
        let session = Session { arcs: Some(arcs), setup, ..Session::default() };
        let data = data(&session);
        let picture = drawn(&session, &data, width, focus.map(|(row, column)| pair(&session, row, column)));
        snapshot::assert_snapshot(&format!("lesson-{name}"), &picture.figure);
    }
}

#[test]
fn a_word_stands_for_where_it_looks_most_and_beside_a_kept_one_for_what_it_gets() {
    let mut session = example(Arcs::Word);
    let data = data(&session);
    let share = |query, key| data.value(pair(&session, query, key)).expect("it came in full");
    let strongest = (0..6).max_by(|&a, &b| share(5, a).total_cmp(&share(5, b))).expect("there are keys");
    let cell = pair(&session, 5, strongest);
    assert_eq!(cell_of(&session, &data, 5), Some(cell));
    assert_eq!(word_of(&session, &data, cell), Some(5));
    let name = format!("mat: looks most at sat, {}", percent(share(5, 2).into()));
    assert_eq!(name_of(&session, &data, 5), name);
    assert_eq!(name_of(&session, &data, 0), "The: looks most at itself, 100.0 %");

    let (gets, hidden) = (percent(share(3, 1).into()), pair(&session, 3, 1));
    session.pinned = Some(hidden);
    assert_eq!(cell_of(&session, &data, 1), Some(hidden));
    assert_eq!(word_of(&session, &data, hidden), Some(1));
    assert_eq!(name_of(&session, &data, 1), format!("cat: gets {gets} from on"));
    assert_eq!(name_of(&session, &data, 4), "the: hidden from on");
    assert_eq!(cell_of(&session, &data, 4), None, "a hidden pair has no share to open");
    assert_eq!(cell_of(&session, &data, 3), Some(pair(&session, 3, 3)), "a word may look at itself");
}

#[test]
fn no_share_is_shown_before_it_is_worked_out() {
    let session = Session { position: 0.6, ..example(Arcs::Word) };
    let data = data(&session);
    let picture = drawn(&session, &data, DESKTOP, None);
    assert_eq!(arcs_of(&picture).len(), 0);
    assert_eq!(picture.text, "This word’s shares are not worked out yet.");
    assert_eq!(name_of(&session, &data, 5), "mat");
    assert_eq!(cell_of(&session, &data, 5), None);
}

#[test]
fn only_steps_with_weights_have_arcs_and_no_change_has() {
    let before = Setup { temperature: 3.0, ..Setup::default() };
    for step in Step::ALL {
        let session = Session { step, ..example(Arcs::All) };
        let is_drawn = picture(&session, &data(&session), &view(&data(&session), DESKTOP, None)).expect("it is there");
        assert_eq!(is_drawn.arcs.is_some(), matches!(step, Step::Softmax | Step::Mix), "{step:?}");
        let session = Session { before: Some(before.clone()), ..session };
        assert!(!has_arcs(&session));
        let slices = wanted(&session, &session.setup, session.before.as_ref());
        let run = run_compared(&mut on_cpu(), 1, &session.sentence, [&before, &session.setup], slices);
        let data = Data::new(run, (0, session.zoom));
        assert_eq!(picture(&session, &data, &view(&data, DESKTOP, None)).expect("it is there").arcs, None);
    }
}

#[test]
fn with_arcs_too_no_step_moves_what_stands_under_the_picture() {
    for arcs in [Arcs::Word, Arcs::All] {
        let mut heights = Vec::new();
        for step in Step::ALL {
            let session = Session { step, ..example(arcs) };
            let data = data(&session);
            let mut view = view(&data, DESKTOP, None);
            view.least_height = common_height(&session, &data, &view, 620.0);
            let picture = picture(&session, &data, &view).expect("it is there");
            heights.push(picture.figure.height + picture.arcs.map_or(0.0, |arcs| arcs.height()));
        }
        assert!(heights.iter().all(|height| (height - heights[0]).abs() <= 1.0), "{heights:?}");
    }
}

#[test]
fn of_many_words_one_has_its_arcs() {
    let sentence = vec!["word"; 40].join(" ");
    let session = Session { sentence, setup: Setup::default(), ..example(Arcs::All) };
    let data = data(&session);
    let picture = drawn(&session, &data, DESKTOP, None);
    assert_eq!(arcs_of(&picture).len(), 40);
    assert!(picture.text.starts_with("Of so many words, one word’s arcs are shown at a time. word (39) looks at "));
    assert!(picture.text.contains(", and 16 more together "), "{}", picture.text);
}

#[test]
fn of_a_part_of_a_sentence_no_more_is_said_than_is_in_sight() {
    let sentence = vec!["word"; 40].join(" ");
    let zoom = Zoom::ALL.scaled(0.25, (0.0, 0.0), 40);
    let session = Session { sentence, zoom, setup: Setup::default(), ..example(Arcs::Word) };
    let data = data(&session);
    let picture = drawn(&session, &data, DESKTOP, None);
    assert_eq!((picture.first, picture.words.len()), (0, 10));
    assert!(picture.text.ends_with(" Other words are out of sight."), "{}", picture.text);
    let name = name_of(&session, &data, 3);
    assert!(name.starts_with("word (3): looks most, of those in sight, at word ("), "{name}");
}

#[test]
fn no_arc_is_wider_than_the_scale_says() {
    let range = Range::Fixed(Ends { signed: 1.0, shares: 0.3 });
    let session = Session { range, ..example(Arcs::All) };
    let picture = drawn(&session, &data(&session), DESKTOP, None);
    let widest = arcs_of(&picture).iter().map(|line| line.width).fold(0.0, f32::max);
    assert_eq!(widest, WIDEST);
    let end = picture.figure.marks.iter().any(|mark| matches!(mark, Mark::Text(text) if text.text == "≥ 0.300"));
    assert!(end, "the legend must say that there is more");
}
