//! The glossary names what is on the page, and the tour says what is so.

#[path = "common/engine.rs"]
mod engine;

use engine::{on_cpu, run_compared};
use headlight::attention::Window;
use headlight::embedding::Positions;
use headlight::lesson::glossary::{Piece, Seen, Term, pieces};
use headlight::lesson::picture::{Picture, View, arcs::arcs, picture};
use headlight::lesson::scene::{Data, wanted};
use headlight::lesson::spot::{Lit, Part, Spot, lit};
use headlight::lesson::theme::Colors;
use headlight::lesson::tour::{Card, Stop, Tour};
use headlight::lesson::words::{
    glossary::{meaning, name, spellings, whereabouts},
    more::more,
    step_lead,
    tour::progress,
};
use headlight::lesson::{STANDARD_EXAMPLE, Session, Step, Theme, Zoom};
use headlight::protocol::{CellRef, LeftOut, Setup, Tensor};

/// What the page says in the language that it is built in.
fn either<T>(english: T, german: T) -> T {
    if cfg!(feature = "german") { german } else { english }
}

/// What a page shows in this session, whose run was done.
fn data(session: &Session) -> Data {
    let Session { sentence, setup, before, .. } = session;
    let slices = wanted(session, setup, before.as_ref());
    let both = [before.as_ref().unwrap_or(setup), setup];
    Data::new(run_compared(&mut on_cpu(), 1, sentence, both, slices), (0, session.zoom))
}

/// Its picture, on a stage so wide.
fn drawn(session: &Session, width: f32) -> Picture {
    let data = data(session);
    let view = View {
        width,
        matrix_height: 400.0,
        least_height: 0.0,
        colors: Colors::of(Theme::Light),
        token_widths: vec![30.0; data.tokens().len()],
        focus: None,
        lit: Vec::new(),
        chosen: false,
        arcs: Some(arcs),
    };
    picture(session, &data, &view).expect("all that it shows is there")
}

fn draws(picture: &Picture, spots: &[Spot]) -> Vec<Lit> {
    lit(spots, Some(Step::Tokens), |tensor| picture.grids.iter().any(|grid| grid.tensor == tensor))
}

#[test]
fn what_a_term_names_is_on_the_page_where_it_leads() {
    for width in [330.0, 800.0] {
        for term in Term::ALL {
            let place = term.place();
            let mut session = Session::default();
            place.show(&mut session);
            assert!(!place.spots.is_empty(), "{term:?} names nothing");
            for lit in draws(&drawn(&session, width), place.spots) {
                assert!(matches!(lit, Lit::Matrix(_) | Lit::Part(_)), "{term:?} at {width}: {lit:?}");
            }
            let matrices = place.spots.iter().filter(|spot| matches!(spot, Spot::Matrix(_))).count();
            assert_eq!(place.step.is_some(), matrices > 0, "{term:?} is where a step shows it, or everywhere");
        }
    }
}

#[test]
fn what_is_not_drawn_is_lit_where_it_can_be_gone_to() {
    let spots = [Spot::Matrix(Tensor::RowMax), Spot::Part(Part::Seed), Spot::Matrix(Tensor::Weights)];
    assert_eq!(
        lit(&spots, Some(Step::Softmax), |_| false),
        [Lit::Step(Step::Softmax), Lit::Part(Part::Seed), Lit::Thumbnail(7), Lit::Step(Step::Softmax)]
    );
    assert_eq!(
        lit(&spots, Some(Step::Softmax), |_| true),
        [Lit::Matrix(Tensor::RowMax), Lit::Part(Part::Seed), Lit::Matrix(Tensor::Weights)]
    );
}

#[test]
fn every_term_has_a_name_a_meaning_and_a_place() {
    let mut names = Vec::new();
    for (index, term) in Term::ALL.into_iter().enumerate() {
        assert_eq!(term as usize, index, "the page finds a term by its place");
        assert!(!names.contains(&name(term)), "{term:?}: two terms have one name");
        names.push(name(term));
        let meaning = meaning(term);
        assert!(meaning.ends_with('.') && (40..260).contains(&meaning.len()), "{term:?}: {meaning}");
        assert!(!whereabouts(&term.place()).ends_with(": "), "{term:?}");
        // One spelling leads to one term.
        for other in Term::ALL.into_iter().filter(|other| *other != term) {
            let both: Vec<_> = spellings(term).iter().filter(|spelling| spellings(other).contains(spelling)).collect();
            assert!(both.is_empty(), "{term:?} and {other:?} are both spelled {both:?}");
        }
    }
}

#[test]
fn texts_mention_terms_and_lose_nothing_by_it() {
    let setups = [Window::OPEN, Window::CAUSAL].map(|mask| Setup { mask, ..Setup::default() });
    let mut mentioned = Vec::new();
    for (step, setup) in Step::ALL.into_iter().flat_map(|step| setups.each_ref().map(|setup| (step, setup))) {
        let (mut mentions, mut seen) = (Vec::new(), Seen::default());
        let lead = step_lead(step, setup, setup.padding > 0);
        for text in [lead].into_iter().chain(more(step)) {
            let mut whole = String::new();
            for piece in pieces(text, &mut seen) {
                match piece {
                    Piece::Text(text) => whole += text,
                    Piece::Mention(text, term) => {
                        let spelled = spellings(term).iter().any(|spelling| spelling.eq_ignore_ascii_case(text));
                        assert!(spelled, "{term:?} is not spelled {text}");
                        mentions.push(term);
                        whole += text;
                    }
                }
            }
            assert_eq!(whole, text);
        }
        let count = mentions.len();
        mentions.sort();
        mentions.dedup();
        assert_eq!(mentions.len(), count, "{step:?} mentions a term twice: {mentions:?}");
        assert!(count >= 2, "{step:?} mentions {mentions:?} alone");
        mentioned.extend(mentions);
    }
    for term in [Term::Token, Term::Query, Term::Scaling, Term::Mask, Term::Softmax, Term::RowSum, Term::Head] {
        assert!(mentioned.contains(&term), "no step mentions {term:?}");
    }
}

/// The card of each stop, and what the page calculated for it.
fn visit(mut each: impl FnMut(Stop, &Session, &Data, Card)) {
    let mut session = Session::default();
    let mut tour = Tour::begin(&mut session);
    for stop in Stop::ALL {
        tour.go_to(stop, &mut session);
        let shown = data(&session);
        let card = tour.card(&shown).unwrap_or_else(|| panic!("{stop:?} says nothing"));
        each(stop, &session, &shown, card);
    }
}

#[test]
fn every_stop_shows_what_it_speaks_of() {
    for width in [330.0, 800.0] {
        visit(|stop, session, data, card| {
            let picture = drawn(session, width);
            for lit in draws(&picture, stop.spots()) {
                assert!(matches!(lit, Lit::Matrix(_) | Lit::Part(_)), "{stop:?}: {lit:?} is not drawn");
            }
            if let Some(pinned) = session.pinned {
                assert!(picture.grids.iter().any(|grid| grid.drawn_at(pinned).is_some()), "{stop:?}: {pinned:?}");
            }
            assert!((80..460).contains(&card.text.len()), "{stop:?}: {}", card.text);
            assert!(!card.text.contains("NaN") && card.answer.is_none());
            assert_eq!(card.options.is_empty(), !stop.is_question(), "{stop:?}");
            assert_eq!((session.sentence.as_str(), data.left_out), (STANDARD_EXAMPLE, LeftOut::default()));
        });
    }
    let progress: Vec<String> = Stop::ALL.map(progress).to_vec();
    let expected = either(
        ["Tour · 1 of 12", "Tour · 12 of 12", "Question 1 of 3", "Question 3 of 3"],
        ["Rundgang · 1 von 12", "Rundgang · 12 von 12", "Frage 1 von 3", "Frage 3 von 3"],
    );
    assert_eq!([0, 11, 12, 14].map(|index| progress[index].as_str()), expected);
}

fn row(data: &Data, tensor: Tensor, row: usize) -> Vec<f32> {
    let cell = |column| CellRef { tensor, head: 0, row, column };
    (0..data.shape(tensor).1).map(|column| data.value(cell(column)).expect("it is all there")).collect()
}

fn apart(data: &Data, tensor: Tensor) -> f32 {
    let (first, second) = (row(data, tensor, 0), row(data, tensor, 4));
    first.iter().zip(&second).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// What the words claim of the standard example, worked out by other means than theirs.
#[test]
fn what_the_stops_claim_is_so() {
    visit(|stop, session, data, card| {
        let says = |english: &str, german: &str| {
            let what = either(english, german);
            assert!(card.text.contains(what), "{stop:?} does not say {what}: {}", card.text);
        };
        let mat = |tensor| row(data, tensor, 5);
        match stop {
            Stop::Tokens => {
                assert_eq!(data.tokens()[0].id, data.tokens()[4].id);
                says("6 tokens", "6 Tokens");
                says("“The” (0) and “the” (4)", "„The“ (0) und „the“ (4)");
            }
            Stop::Embeddings => {
                assert_eq!(apart(data, Tensor::WordEmbeddings), 0.0);
                says("64 numbers", "64 Zahlen");
                says("largest difference is 0.000", "größter Unterschied ist 0.000");
            }
            Stop::Positions => {
                let apart = apart(data, Tensor::Input);
                assert!(apart > 0.5, "{apart}");
                says(&format!("by up to {apart:.3}"), &format!("um bis zu {apart:.3}"));
            }
            Stop::Heads => says("4 heads, 16 each", "4 Köpfe verteilt, je 16"),
            Stop::Scores => {
                let scores = mat(Tensor::Scores);
                assert!(scores.iter().all(|score| *score <= scores[2]), "“sat” fits best: {scores:?}");
                says(&format!("added up: {:.3}", scores[2]), &format!("addiert: {:.3}", scores[2]));
            }
            Stop::Scaling => {
                let (from, to) = (data.on_stage(Tensor::Scores, 0), data.on_stage(Tensor::Scaled, 0));
                let (from, to) = (from.expect("it is here").largest, to.expect("it is here").largest);
                assert_eq!(from / 4.0, to);
                says(&format!("±{from:.2} becomes ±{to:.2}"), &format!("wird ±{from:.2} zu ±{to:.2}"));
                says("√16 = 4", "√16 = 4");
            }
            Stop::Mask => {
                assert_eq!(session.setup.mask, Window::CAUSAL);
                assert!(row(data, Tensor::Masked, 1)[2] == f32::NEG_INFINITY);
                says("15 of 36", "15 von 36");
                says("“cat” may not see “sat”", "„cat“ darf „sat“ nicht sehen");
            }
            Stop::Exponentials => {
                let exponentials: Vec<f32> = (0..6).flat_map(|query| row(data, Tensor::Exponentials, query)).collect();
                // What is hidden is sent as −∞.
                let (hidden, seen): (Vec<f32>, Vec<f32>) = exponentials.iter().partition(|e| **e == f32::NEG_INFINITY);
                assert!(hidden.len() == 15 && seen.iter().all(|e| *e > 0.0 && *e <= 1.0), "{seen:?}");
            }
            Stop::Shares => {
                let shares: Vec<String> = mat(Tensor::Weights).iter().map(|share| format!("{share:.3}")).collect();
                assert!((mat(Tensor::Weights).iter().sum::<f32>() - 1.0).abs() < 1e-6);
                let sum = shares.join(" + ");
                let german = format!("{sum}. Vor dem Runden ergeben sie zusammen 1.000.");
                says(&format!("{sum}. Before rounding they add up to 1.000."), &german);
            }
            Stop::Mixing => {
                let weights = mat(Tensor::Weights);
                assert!(weights.iter().all(|share| *share <= weights[2]));
                let share = format!("{:.1} %", weights[2] * 100.0);
                says(
                    &format!("“mat” gives “sat” the largest share of its attention, {share}; so it takes {share}"),
                    &format!(
                        "„mat“ gibt „sat“ den größten Anteil seiner Aufmerksamkeit, {share}; also nimmt es {share}"
                    ),
                );
            }
            Stop::Output => says("4 heads", "aller 4 Köpfe"),
            Stop::Unscaled => {
                assert_eq!(session.setup, Setup::default());
                let share = format!("{:.1} %", mat(Tensor::Weights)[2] * 100.0);
                says(&share, &share);
            }
            Stop::Hidden => assert_eq!(card.options, ["The", "cat", "sat", "on"]),
            Stop::Alike => {
                assert!(apart(data, Tensor::Weights) > 0.05, "with positions the rows are different");
                says("“The” (0) and “the” (4)", "„The“ (0) und „the“ (4)");
            }
            Stop::Projections => says("a query", "eine Query"),
        }
    });
}

#[test]
fn questions_are_answered_by_what_is_calculated() {
    let answer = |stop, choice| {
        let mut session = Session::default();
        let mut tour = Tour::begin(&mut session);
        tour.go_to(stop, &mut session);
        let asked = tour.card(&data(&session)).expect("it asks");
        tour.answer(choice, &mut session);
        assert_eq!(tour.chosen(), Some(choice));
        assert!(tour.card(&data(&Session::default())).is_none() || session.setup == Setup::default());
        let data = data(&session);
        let card = tour.card(&data).expect("it answers");
        assert_eq!((&asked.text, &asked.options), (&card.text, &card.options), "the question stays as it was");
        let (text, right) = card.answer.expect("it answers");
        (session, data, text, card.options[right].clone())
    };
    let default = Session::default();
    let before = row(&data(&default), Tensor::Weights, 5)[2];

    let (session, shown, text, right) = answer(Stop::Unscaled, 1);
    assert!(!session.setup.is_scaled && session.before == Some(Setup::default()));
    let unscaled = Session { setup: Setup { is_scaled: false, ..Setup::default() }, ..Session::default() };
    let now = row(&data(&unscaled), Tensor::Weights, 5)[2];
    assert!(now > before && right == either("grow", "er wächst") && shown.before.is_some());
    let [percent_before, percent_now] = [before, now].map(|share| format!("{:.1} %", share * 100.0));
    let said = either(
        format!("{percent_before} before, {percent_now} now"),
        format!("vorher {percent_before}, jetzt {percent_now}"),
    );
    assert!(text.contains(&said), "{text}");

    let (session, shown, text, right) = answer(Stop::Hidden, 0);
    assert_eq!((session.setup.mask, right.as_str()), (Window::CAUSAL, "on"));
    assert_eq!(row(&shown, Tensor::Masked, 2)[3..], [f32::NEG_INFINITY; 3]);
    assert!(text.contains(either("“on”, “the”, “mat”", "„on“, „the“, „mat“")), "{text}");

    let (session, shown, text, right) = answer(Stop::Alike, 1);
    assert_eq!(
        (session.setup.positions, right.as_str()),
        (Positions::None, either("they will be the same", "sie sind gleich"))
    );
    assert!(apart(&shown, Tensor::Weights) < 1e-6 && text.contains(either("is 0.000", "ist 0.000")), "{text}");
}

#[test]
fn a_stop_says_nothing_of_other_numbers_than_its_own() {
    let mut session = Session::default();
    let mut tour = Tour::begin(&mut session);
    tour.go_to(Stop::Mask, &mut session);
    assert!(tour.card(&data(&Session::default())).is_none(), "that run has no mask");
    let other = Session { sentence: "six words that are other words".to_owned(), ..session.clone() };
    assert!(tour.card(&data(&other)).is_none());
    assert!(tour.card(&data(&session)).is_some());
}

#[test]
fn leaving_the_tour_brings_back_what_was_there() {
    let setup = Setup { heads: 2, seed: 7, mask: Window::CAUSAL, ..Setup::default() };
    let pinned = Some(CellRef { tensor: Tensor::Scores, head: 1, row: 1, column: 0 });
    let own = Session {
        sentence: "my own words".to_owned(),
        setup,
        step: Step::Scores,
        position: 0.3,
        head: 1,
        pinned,
        theme: Some(Theme::Dark),
        ..Session::default()
    };
    let mut session = own.clone();
    let mut tour = Tour::begin(&mut session);
    assert_eq!((session.sentence.as_str(), session.theme), (STANDARD_EXAMPLE, Some(Theme::Dark)));
    for stop in Stop::ALL {
        tour.go_to(stop, &mut session);
        tour.answer(0, &mut session);
    }
    tour.clone().leave(&mut session);
    assert_eq!(session, own);

    // What is typed or chosen for good on the way stays.
    let mut tour = Tour::begin(&mut session);
    session.sentence = "typed on the way".to_owned();
    session.theme = Some(Theme::Light);
    tour.go_to(Stop::Scores, &mut session);
    assert_eq!(session.sentence, STANDARD_EXAMPLE);
    session.sentence = " ".to_owned();
    tour.leave(&mut session);
    assert_eq!(session, Session { sentence: "typed on the way".to_owned(), theme: Some(Theme::Light), ..own });
    assert_eq!(session.zoom, Zoom::ALL);
}
