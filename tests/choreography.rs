//! Every step moves, and what moves is true: the same at every replay and in both directions, with the engine's own
//! numbers and colours.
//!
//! With `HEADLIGHT_STRIPS=folder` in the environment, the strips are written there as pictures, to be looked at.

#[path = "common/engine.rs"]
mod engine;
#[path = "common/snapshot.rs"]
mod snapshot;

use engine::{on_cpu, run_pair};
use headlight::attention::Window;
use headlight::embedding::Positions;
use headlight::figure::colormap::{VIK, diverging};
use headlight::figure::svg::{SvgOptions, svg};
use headlight::figure::{Cell, Heatmap, Mark, Rgb};
use headlight::lesson::number::{fixed, short};
use headlight::lesson::picture::{Earlier, Picture, View, changing, common_height, goes_over, picture};
use headlight::lesson::scene::{Data, being_made, factors, on_stage, result, wanted};
use headlight::lesson::timeline::{self, Shape};
use headlight::lesson::{Session, Step, Theme};
use headlight::protocol::{Matrix, Setup, Tensor};
use resvg::tiny_skia::{Pixmap, PixmapPaint, Transform};
use std::collections::HashSet;
use std::{env, fs, path::Path};

/// The stage of a desktop.
const DESKTOP: f32 = 800.0;
/// The stage of a phone that is 390 pixels wide.
const PHONE: f32 = 340.0;
/// Frames of a strip that is compared.
const FRAMES: usize = 13;
/// Frames of one that is looked at.
const FRAMES_TO_LOOK_AT: usize = 24;
/// Frames beside each other.
const BESIDE: usize = 4;

fn at(step: Step, position: f64) -> Session {
    Session { step, position, ..Session::default() }
}

fn data(session: &Session) -> Data {
    let wanted = wanted(session, &session.setup, None);
    let sentences = [session.sentence.as_str(), &session.second];
    Data::new(run_pair(&mut on_cpu(), 1, sentences, &session.setup, wanted), (0, session.zoom))
}

/// As the page looks at it.
fn view(session: &Session, data: &Data, width: f32, theme: Theme) -> View {
    let view = snapshot::view(data, width, theme);
    let least_height = if width < 560.0 { 0.0 } else { common_height(session, data, &view, 520.0).max(428.0) };
    View { least_height, ..view }
}

fn frames(session: &Session, data: &Data, view: &View, positions: impl Iterator<Item = f64>) -> Vec<Picture> {
    let at = |position| picture(&Session { position, ..session.clone() }, data, view).expect("it is all there");
    positions.map(at).collect()
}

fn positions(frames: usize) -> impl DoubleEndedIterator<Item = f64> {
    (0..frames).map(move |frame| frame as f64 / (frames - 1) as f64)
}

/// All frames of a step in one picture.
fn strip(frames: &[Picture], background: Rgb, scale: f32) -> Pixmap {
    const BETWEEN: f32 = 6.0;
    let options = SvgOptions { background: Some(background), ..SvgOptions::default() };
    let rendered: Vec<Pixmap> =
        frames.iter().map(|frame| snapshot::render(&svg(&frame.figure, &options), scale)).collect();
    let (width, height) = (rendered[0].width() as f32 + BETWEEN, rendered[0].height() as f32 + BETWEEN);
    let rows = frames.len().div_ceil(BESIDE);
    let mut strip = Pixmap::new((width * BESIDE as f32) as u32, (height * rows as f32) as u32).expect("it has a size");
    for (index, frame) in rendered.iter().enumerate() {
        let (x, y) = ((index % BESIDE) as f32 * width, (index / BESIDE) as f32 * height);
        strip.draw_pixmap(x as i32, y as i32, frame.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
    }
    strip
}

fn causal() -> Setup {
    Setup { mask: Window::CAUSAL, ..Setup::default() }
}

#[test]
fn the_same_strip_twice_is_equal_to_the_pixel_and_backwards_too() {
    for step in Step::ALL {
        let session = at(step, 0.0);
        let once = || {
            let data = data(&session);
            let view = view(&session, &data, DESKTOP, Theme::Light);
            let forwards = frames(&session, &data, &view, positions(FRAMES));
            let mut backwards = frames(&session, &data, &view, positions(FRAMES).rev());
            backwards.reverse();
            assert!(forwards == backwards, "{step:?} is another when it is gone through backwards");
            (strip(&forwards, view.colors.panel, 0.5), forwards)
        };
        let ((one, frames), (other, _)) = (once(), once());
        assert!(one.data() == other.data(), "{step:?} is another when it is played again");
        let still = frames.windows(2).filter(|pair| pair[0].figure == pair[1].figure).count();
        assert!(still <= FRAMES / 3, "{step:?} stands still between {still} of its frames");
    }
}

/// Strips of every step, and of some in the dark and on a phone, for whoever looks at them.
#[test]
fn strips_can_be_looked_at() {
    if env::var("HEADLIGHT_STRIPS").is_err() {
        return;
    }
    let plain =
        Step::ALL.map(|step| (format!("{step:?}").to_lowercase(), step, Setup::default(), DESKTOP, Theme::Light));
    let more = [
        ("dark-scores", Step::Scores, causal(), DESKTOP, Theme::Dark),
        ("dark-softmax", Step::Softmax, causal(), DESKTOP, Theme::Dark),
        ("dark-mask", Step::Mask, causal(), DESKTOP, Theme::Dark),
        ("phone-scores", Step::Scores, Setup::default(), PHONE, Theme::Light),
        ("phone-softmax", Step::Softmax, Setup::default(), PHONE, Theme::Light),
        ("phone-output", Step::Output, Setup::default(), PHONE, Theme::Light),
        ("phone-mix", Step::Mix, causal(), PHONE, Theme::Light),
    ];
    let more = more.map(|(name, step, setup, width, theme)| (name.to_owned(), step, setup, width, theme));
    for (name, step, setup, width, theme) in plain.into_iter().chain(more) {
        let session = Session { setup, ..at(step, 0.0) };
        let data = data(&session);
        let view = view(&session, &data, width, theme);
        let frames = frames(&session, &data, &view, positions(FRAMES_TO_LOOK_AT));
        look_at(&name, &strip(&frames, view.colors.panel, 0.6));
    }
}

/// Positions close enough to meet everything that happens.
fn many() -> impl Iterator<Item = f64> {
    (0..=150).map(|tick| f64::from(tick) / 150.0)
}

/// Everything that is written like a number, but for what is counted: heads.
fn numbers(picture: &Picture) -> Vec<String> {
    let is_number = |word: &str| {
        let digits = word.trim_start_matches(['−', '+']);
        digits.starts_with(|char: char| char.is_ascii_digit())
            && digits.chars().all(|char| char.is_ascii_digit() || char == '.')
    };
    let texts = picture.figure.marks.iter().filter_map(|mark| match mark {
        Mark::Text(text) if !text.text.starts_with("head ") => Some(&text.text),
        _ => None,
    });
    texts.flat_map(|text| text.split_whitespace()).filter(|word| is_number(word)).map(str::to_owned).collect()
}

/// As a number can be written: in a cell, in a sum, in the line of numbers.
fn written(number: f64) -> [String; 4] {
    let short = short(number as f32);
    [format!("+{short}"), short, fixed(number, 3), fixed(number, 0)]
}

/// Every sum of the first terms, each term, and each of its factors.
fn sums(terms: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let all = terms.flat_map(|term| {
        sum += term;
        [term, sum]
    });
    [0.0].into_iter().chain(all).collect()
}

/// What a step may write: what is stored, and what the terms of the first cell, or row, come to on the way.
fn may_be_written(session: &Session, data: &Data) -> HashSet<String> {
    let step = session.step;
    let matrix = |tensor| data.on_stage(tensor, 0).expect("it is here");
    let mut may: Vec<f64> = vec![1.0];
    if step == Step::Scale {
        may.extend([Some(session.setup.temperature), session.setup.softcap].into_iter().flatten().map(f64::from));
    }
    for tensor in on_stage(step, session.projection, &session.setup) {
        let matrix: &Matrix = matrix(tensor);
        may.extend(matrix.values.iter().map(|&value| f64::from(value)));
        may.extend([f64::from(matrix.largest), -f64::from(matrix.largest)]);
        // Softmax adds up each row.
        if matches!(tensor, Tensor::Exponentials | Tensor::Weights) {
            for row in matrix.values.chunks(matrix.columns) {
                may.extend(sums(row.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value))));
            }
        }
    }
    // Softmax begins on the scale of the step before.
    let scaled = data.in_thumbnail(Tensor::Scaled, 0).expect("the overview has it").largest;
    may.extend([f64::from(scaled), -f64::from(scaled)]);
    if let Some((left, right)) = factors(step, session.projection, &session.setup) {
        let (left, right) = (matrix(left), matrix(right));
        let columns = if step == Step::Mix { right.columns } else { 1 };
        for column in 0..columns {
            let right = |term| if step == Step::Scores { right.number(0, term) } else { right.number(term, column) };
            let seen = (0..left.columns).filter(|&term| left.values[term].is_finite());
            may.extend(sums(seen.map(|term| f64::from(left.values[term]) * f64::from(right(term)))));
        }
    }
    may.into_iter().flat_map(written).collect()
}

#[test]
fn every_number_on_the_way_is_stored_or_a_sum_of_stored_terms() {
    let alibi = Setup { positions: Positions::Alibi, ..causal() };
    let cross = Setup { is_cross: true, positions: Positions::Rotary, is_scaled: false, ..Setup::default() };
    let sharp = Setup { temperature: 0.5, softcap: Some(2.0), heads_off: vec![1], ..Setup::default() };
    for setup in [Setup::default(), causal(), alibi, cross, sharp] {
        for step in Step::ALL.into_iter().filter(|step| *step != Step::Tokens) {
            let second = "Le chat est sur le tapis".to_owned();
            let session = Session { setup: setup.clone(), second, ..at(step, 0.0) };
            let data = data(&session);
            let may = may_be_written(&session, &data);
            let mut seen = HashSet::new();
            for (position, frame) in
                many().zip(frames(&session, &data, &view(&session, &data, 1000.0, Theme::Light), many()))
            {
                for number in numbers(&frame) {
                    assert!(may.contains(&number), "{step:?} at {position}: where does {number} come from?");
                    seen.insert(number);
                }
            }
            assert!(seen.len() > 1, "{step:?} shows no number");
        }
    }
}

/// Boxes with this fill.
fn boxes(picture: &Picture, color: Rgb) -> Vec<(f32, f32)> {
    let of = |mark: &Mark| match mark {
        Mark::Rect(rect) if rect.fill == Some(color) => Some((rect.x, rect.y)),
        _ => None,
    };
    picture.figure.marks.iter().filter_map(of).collect()
}

#[test]
fn two_factors_fly_together_in_their_own_colours_and_become_their_product() {
    for step in [Step::Project, Step::Scores, Step::Output] {
        let session = at(step, 0.0);
        let data = data(&session);
        let view = view(&session, &data, DESKTOP, Theme::Light);
        let (left, right) = factors(step, session.projection, &session.setup).expect("it is a product");
        let made = result(step, session.projection, &session.setup);
        let [left, right, made] = [left, right, made].map(|tensor| data.on_stage(tensor, 0).expect("it is here"));
        let color = |number: f32, of: &Matrix| VIK.color(diverging(number, of.largest));
        let all = [left.values[0], right.values[0]];
        let (a, b) = (color(all[0], left), color(all[1], right));
        let product = color((f64::from(all[0]) * f64::from(all[1])) as f32, made);
        let mut apart: Vec<f32> = Vec::new();
        let mut is_product = false;
        let first = positions_of_the_first_term(step);
        for frame in frames(&session, &data, &view, first) {
            match (boxes(&frame, a).as_slice(), boxes(&frame, b).as_slice()) {
                ([.., a], [.., b]) if !is_product => apart.push((a.0 - b.0).abs()),
                _ => is_product |= !boxes(&frame, product).is_empty(),
            }
        }
        assert!(is_product, "{step:?}: no product");
        assert!(
            apart.len() > 20 && apart.is_sorted_by(|a, b| a >= b),
            "{step:?}: they do not come together: {apart:?}"
        );
        assert!(apart[0] > 30.0 && apart[apart.len() - 1] < 2.0, "{step:?}: {apart:?}");
        // Afterwards nothing flies.
        let finished = frames(&session, &data, &view, [1.0].into_iter());
        assert_eq!(boxes(&finished[0], a).len() + boxes(&finished[0], product).len(), 0);
    }
}

#[test]
fn the_cell_that_is_being_made_is_lit() {
    for step in [Step::Project, Step::Scores, Step::Output] {
        let data = data(&at(step, 0.0));
        let view = view(&at(step, 0.0), &data, DESKTOP, Theme::Light);
        let mut columns = HashSet::new();
        for position in many() {
            let session = at(step, position);
            let frame = picture(&session, &data, &view).expect("it is all there");
            let Some(made) = being_made(&session, &data) else {
                assert_eq!(position, 1.0, "{step:?} is finished too early");
                continue;
            };
            let grid = frame.grids.iter().find(|grid| grid.tensor == made.tensor).expect("it is drawn");
            let (row, column) = grid.drawn_at(made).expect("it is in sight");
            let (x, y, ..) = grid.cell_box(row, column);
            let is_lit = frame.figure.marks.iter().any(|mark| match mark {
                Mark::Rect(rect) => {
                    rect.stroke == Some((view.colors.ink, 2.5)) && (rect.x, rect.y) == (x - 0.5, y - 0.5)
                }
                _ => false,
            });
            // Rows that sweep are lit as a whole; while operands arrive, nothing is.
            let sweeps = timeline::work(step, position) >= 0.68;
            let arrives = timeline::work(step, position) == 0.0;
            assert_eq!(is_lit, !sweeps && !arrives, "{step:?} at {position}: {made:?}");
            columns.insert(column);
        }
        assert!(columns.len() > 5, "{step:?}: {columns:?}");
    }
}

/// While the first term is under way.
fn positions_of_the_first_term(step: Step) -> impl Iterator<Item = f64> {
    let shape = Shape { rows: 6, columns: 6, terms: 16, by_row: false };
    let is_first = move |position: &f64| {
        let at = timeline::term_in_flight(timeline::work(step, *position), 0, shape);
        at > 0.0 && at < 1.0
    };
    (0..2000).map(|tick| f64::from(tick) / 2000.0).filter(is_first)
}

/// The cells of a matrix where its grid is, as they are drawn.
fn drawn(picture: &Picture, tensor: Tensor) -> Option<&Heatmap> {
    let grid = picture.grids.iter().find(|grid| grid.tensor == tensor)?;
    let (x, y, ..) = grid.bounds();
    picture.figure.marks.iter().find_map(|mark| match mark {
        Mark::Heatmap(map) if (map.x - x).abs() < 0.5 && (map.y - y).abs() < 0.5 => Some(map),
        _ => None,
    })
}

#[test]
fn a_step_only_adds_to_what_it_has_made() {
    for step in [Step::Embed, Step::Project, Step::Scores, Step::Mask, Step::Mix, Step::Output] {
        let session = at(step, 0.0);
        let data = data(&session);
        let view = view(&session, &data, DESKTOP, Theme::Light);
        let made = result(step, session.projection, &session.setup);
        let finished = frames(&session, &data, &view, [1.0].into_iter()).remove(0);
        let last = drawn(&finished, made).expect("it is drawn").cells.clone();
        let mut most = 0;
        let positions = many().filter(|&position| timeline::arrival(step, position) >= 1.0);
        for frame in frames(&session, &data, &view, positions) {
            let cells = &drawn(&frame, made).expect("it is drawn").cells;
            let is_there = |(now, last): &(&Cell, &Cell)| now == last && **now != Cell::Color(view.colors.chip);
            let count = cells.iter().zip(&last).filter(is_there).count();
            // A sum on its way may for a moment have the colour that it ends with.
            assert!(count + last.len().min(16) >= most, "{step:?}: {count} cells after {most}");
            most = most.max(count);
        }
        assert!(most + 2 >= last.len(), "{step:?}: {most} of {}", last.len());
    }
}

#[test]
fn what_a_step_makes_is_where_the_next_one_finds_it() {
    for (step, tensor) in [
        (Step::Project, Tensor::Input),
        (Step::Scores, Tensor::Queries),
        (Step::Scale, Tensor::Scores),
        (Step::Mask, Tensor::Scaled),
        (Step::Softmax, Tensor::Masked),
        (Step::Mix, Tensor::Weights),
    ] {
        for (setup, width) in [(Setup::default(), DESKTOP), (causal(), DESKTOP), (causal(), PHONE)] {
            let show = |step: Step, position| {
                let session = Session { setup: setup.clone(), ..at(step, position) };
                let data = data(&session);
                picture(&session, &data, &view(&session, &data, width, Theme::Light)).expect("it is all there")
            };
            let (before, after) = (show(step.previous(&Setup::default()).expect("there is one"), 1.0), show(step, 0.0));
            let was = drawn(&before, tensor).expect("it is drawn");
            // What the phone had farther down than this picture reaches comes from its edge.
            let near = |map: &Heatmap| {
                let down = (map.y - was.y).abs() < 3.0 || width == PHONE;
                (map.x - was.x).abs() < 3.0 && down && (map.cell_width - was.cell_width).abs() < 1.0
            };
            let same = after.figure.marks.iter().any(|mark| match mark {
                Mark::Heatmap(map) => near(map) && map.cells == was.cells,
                _ => false,
            });
            assert!(same, "{step:?} at {width} px: {tensor:?} is not where it was, or has other colours");
            let there = show(step, 0.2);
            assert!(drawn(&there, tensor).is_some(), "{step:?}: {tensor:?} never arrives");
        }
    }
}

#[test]
fn an_edited_sentence_moves_only_what_changed() {
    let sentence = |sentence: &str, step| Session { sentence: sentence.to_owned(), ..at(step, 1.0) };
    for (step, tensor) in [(Step::Embed, Tensor::Input), (Step::Scores, Tensor::Scores), (Step::Mix, Tensor::Values)] {
        let session = sentence("The dog sat on the mat", step);
        let (old, new) = (data(&sentence("The cat sat on the mat", step)), data(&session));
        let view = view(&session, &new, DESKTOP, Theme::Light);
        let [from, to] = [&old, &new].map(|data| picture(&session, data, &view).expect("it is all there"));
        let at = |gone| {
            let earlier = Earlier { data: &old, grids: &from.grids, gone };
            changing(&session, earlier, &new, &view).expect("it is all there")
        };
        let half = at(0.5);
        let [before, now, after] = [&from, &half, &to].map(|picture| drawn(picture, tensor).expect("it is drawn"));
        let mut moved = 0;
        for (cell, now) in now.cells.iter().enumerate() {
            let (row, column) = (cell / before.columns, cell % before.columns);
            let touched = row == 1 || (step == Step::Scores && column == 1);
            if !touched && before.cells[cell] == after.cells[cell] {
                assert_eq!(*now, after.cells[cell], "{step:?} {row} {column} stood still");
            }
            moved += usize::from(touched && *now != after.cells[cell]);
        }
        assert!(moved > 4, "{step:?}: {moved} cells move");
        // Numbers are those of the old run or the new one, where both say the same.
        let (were, will) = (numbers(&from), numbers(&to));
        let neither = numbers(&half).into_iter().find(|number| !were.contains(number) && !will.contains(number));
        assert_eq!(neither, None, "{step:?}");
        assert!(numbers(&half).len() < will.len() || step == Step::Embed, "{step:?}");
        assert!(pixels(&at(1.0)).data() == pixels(&to).data(), "{step:?} does not end as it has to");
    }
}

fn pixels(picture: &Picture) -> Pixmap {
    snapshot::render(&svg(&picture.figure, &SvgOptions::default()), 1.0)
}

#[test]
fn a_word_more_or_fewer_can_be_gone_over_to() {
    let sentences = ["one", "one two", "one two three four five six seven eight", "two", "one 2 three"];
    for step in Step::ALL {
        for (old, new) in sentences.into_iter().zip(sentences.into_iter().cycle().skip(1)) {
            let [before, session] =
                [old, new].map(|sentence| Session { sentence: sentence.to_owned(), ..at(step, 1.0) });
            let (old, new) = (data(&before), data(&session));
            for width in [PHONE, DESKTOP] {
                let from = picture(&before, &old, &view(&before, &old, width, Theme::Light)).expect("it is all there");
                for gone in [0.0, 0.4, 1.0] {
                    let earlier = Earlier { data: &old, grids: &from.grids, gone };
                    let view = view(&session, &new, width, Theme::Light);
                    let frame = changing(&session, earlier, &new, &view).expect("it is all there");
                    let end = picture(&session, &new, &view).expect("it is all there");
                    let ends = || pixels(&frame).data() == pixels(&end).data();
                    assert!(gone < 1.0 || ends(), "{step:?} does not end as it has to");
                    assert_eq!((frame.grids, frame.caption), (end.grids, end.caption), "{step:?}");
                    assert!(goes_over(&old, &new) && !goes_over(&new, &new));
                }
            }
        }
    }
}

/// The picture of docs/choreography.md.
#[test]
fn twelve_moments_of_the_scores_can_be_looked_at() {
    let moments = [0.0, 0.045, 0.105, 0.14, 0.17, 0.24, 0.36, 0.42, 0.57, 0.63, 0.8, 1.0];
    let session = at(Step::Scores, 0.0);
    let data = data(&session);
    let view = view(&session, &data, DESKTOP, Theme::Light);
    let frames = frames(&session, &data, &view, moments.into_iter());
    assert!(frames.windows(2).all(|pair| pair[0].figure != pair[1].figure), "two moments look alike");
    look_at("choreography", &strip(&frames, view.colors.panel, 0.5));
}

fn look_at(name: &str, strip: &Pixmap) {
    if let Ok(folder) = env::var("HEADLIGHT_STRIPS") {
        fs::create_dir_all(&folder).expect("a folder for pictures");
        strip.save_png(Path::new(&folder).join(format!("{name}.png"))).expect("a picture can be written");
    }
}
