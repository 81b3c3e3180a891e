//! How far colours reach: every cell has the colour that its number has in the range that was chosen, the legend says
//! which range that is, and how many numbers lie beyond it.

#[path = "common/engine.rs"]
mod engine;
#[path = "common/snapshot.rs"]
mod snapshot;

use engine::{on_cpu, run, run_compared};
use headlight::figure::colormap::{CIVIDIS, VIK, diverging, sequential};
use headlight::figure::{Cell, Heatmap, Mark};
use headlight::lesson::number::{fixed, short};
use headlight::lesson::picture::{Grid, Picture, Place, picture, thumbnail};
use headlight::lesson::range::{Ends, Range, frozen};
use headlight::lesson::scene::{Data, OVERVIEW, on_stage, result, wanted};
use headlight::lesson::theme::Colors;
use headlight::lesson::{Session, Step, Theme};
use headlight::protocol::{Setup, Tensor};

fn data(session: &Session) -> Data {
    let slices = wanted(session, &session.setup, None);
    Data::new(run(&mut on_cpu(), 1, &session.sentence, &session.setup, slices), (0, session.zoom))
}

fn drawn(session: &Session, data: &Data) -> Picture {
    picture(session, data, &snapshot::view(data, 1200.0, Theme::Light)).expect("all that it shows is there")
}

/// The matrices whose cells are coloured by their numbers alone.
fn coloured(session: &Session) -> Vec<Tensor> {
    let mut tensors = on_stage(session.step, session.projection, &session.setup);
    let apart = [Tensor::Mask, Tensor::ExponentialSums, Tensor::RowSums, Tensor::RowMax];
    tensors.retain(|tensor| !apart.contains(tensor));
    tensors
}

fn is_share(tensor: Tensor) -> bool {
    matches!(tensor, Tensor::Weights | Tensor::Exponentials)
}

fn heatmap_of<'a>(picture: &'a Picture, grid: &Grid) -> &'a Heatmap {
    let Place::Even { x, y, .. } = grid.place else { panic!("{grid:?}") };
    let maps = picture.figure.marks.iter().filter_map(|mark| match mark {
        Mark::Heatmap(map) => Some(map),
        _ => None,
    });
    maps.into_iter().find(|map| (map.x, map.y) == (x, y)).expect("a grid has its heatmap")
}

/// Holds every cell of every coloured matrix to the colour of its number in a range that ends here.
fn assert_ends(session: &Session, data: &Data, end: impl Fn(Tensor) -> f32) {
    let picture = drawn(session, data);
    let mut seen = 0;
    for grid in picture.grids.iter().filter(|grid| coloured(session).contains(&grid.tensor)) {
        let map = heatmap_of(&picture, grid);
        let end = end(grid.tensor);
        for (row, column) in (0..grid.rows).flat_map(|row| (0..grid.columns).map(move |column| (row, column))) {
            let value = data.value(grid.cell(row, column)).expect("it came in full");
            let expected = match (value, is_share(grid.tensor)) {
                (f32::NEG_INFINITY, _) => Cell::Masked,
                (_, true) => Cell::Color(CIVIDIS.color(sequential(value, end))),
                (_, false) => Cell::Color(VIK.color(diverging(value, end))),
            };
            let (tensor, range) = (grid.tensor, session.range);
            assert_eq!(map.cells[row * grid.columns + column], expected, "{tensor:?} {row} {column} {value} {range:?}");
            seen += 1;
        }
    }
    assert!(seen > 0, "{:?} shows nothing in colours", session.step);
}

fn sessions(range: Range) -> impl Iterator<Item = Session> {
    let steps = Step::ALL.into_iter().filter(|step| *step != Step::Tokens);
    steps.flat_map(move |step| [0, 3].map(|head| Session { step, head, range, ..Session::default() }))
}

#[test]
fn with_a_fixed_range_equal_numbers_have_equal_colours_everywhere() {
    let ends = Ends { signed: 0.7, shares: 0.25 };
    for session in sessions(Range::Fixed(ends)) {
        assert_ends(&session, &data(&session), |tensor| if is_share(tensor) { ends.shares } else { ends.signed });
    }
}

#[test]
fn each_matrix_can_have_its_own_range() {
    for session in sessions(Range::Matrix) {
        let data = data(&session);
        assert_ends(&session, &data, |tensor| data.on_stage(tensor, session.head).expect("it is there").largest);
    }
}

#[test]
fn all_matrices_of_a_step_can_share_one_range() {
    for session in sessions(Range::Step) {
        let data = data(&session);
        let end = |tensor| {
            let of_its_kind = coloured(&session).into_iter().filter(|other| is_share(*other) == is_share(tensor));
            let largest = of_its_kind.map(|other| data.on_stage(other, session.head).expect("it is there").largest);
            largest.fold(0.0, f32::max)
        };
        assert_ends(&session, &data, end);
    }
}

#[test]
fn what_is_frozen_is_what_is_shown() {
    for session in sessions(Range::Lesson) {
        let data = data(&session);
        let Range::Fixed(ends) = frozen(&session, &data) else { panic!("it is not fixed") };
        let legend = legend_of(&drawn(&session, &data));
        let result = result(session.step, session.projection, &session.setup);
        if is_share(result) {
            let end = if ends.shares == 1.0 { "1".to_owned() } else { fixed(ends.shares.into(), 3) };
            assert_eq!(legend[1], end);
        } else {
            let largest = |tensor| data.on_stage(tensor, session.head).expect("it is there").largest;
            let all = coloured(&session).into_iter().filter(|tensor| !is_share(*tensor));
            assert_eq!(ends.signed, all.map(largest).fold(0.0, f32::max), "{:?}", session.step);
        }
    }
}

/// What stands at the ends of the legend's bar, and what follows.
fn legend_of(picture: &Picture) -> [String; 3] {
    let bar = picture.figure.marks.iter().find_map(|mark| match mark {
        Mark::Heatmap(map) if (map.rows, map.columns) == (1, 90) => Some(map),
        _ => None,
    });
    let bar = bar.expect("there is a legend");
    let level = picture.figure.marks.iter().filter_map(|mark| match mark {
        Mark::Text(text) if (text.y - bar.y - 5.0).abs() < 0.1 => Some(text),
        _ => None,
    });
    let mut level: Vec<_> = level.collect();
    level.sort_by(|a, b| a.x.total_cmp(&b.x));
    let [low, high, meaning] = level[..] else { panic!("{level:?}") };
    [low, high, meaning].map(|text| text.text.clone())
}

#[test]
fn the_legend_of_every_step_has_the_true_ends() {
    for session in sessions(Range::Lesson) {
        let data = data(&session);
        let largest = |tensor| data.on_stage(tensor, session.head).expect("it is there").largest;
        let [low, high, _] = legend_of(&drawn(&session, &data));
        let among = match session.step {
            Step::Embed => vec![Tensor::WordEmbeddings, Tensor::Positions, Tensor::Input],
            Step::Scale => vec![Tensor::Scores, Tensor::Scaled],
            Step::Mask => vec![Tensor::Scaled, Tensor::Masked],
            step => vec![result(step, session.projection, &session.setup)],
        };
        let end = among.into_iter().map(largest).fold(0.0, f32::max);
        let expected = match session.step {
            Step::Softmax if end < 0.5 => ["0".to_owned(), fixed(end.into(), 3)],
            Step::Softmax => ["0".to_owned(), "1".to_owned()],
            _ => [short(-end), format!("+{}", short(end))],
        };
        assert_eq!([low, high], expected, "{:?}", session.step);
    }
}

#[test]
fn what_lies_beyond_is_counted_and_said() {
    for (step, ends) in [
        (Step::Scores, Ends { signed: 0.8, shares: 1.0 }),
        (Step::Embed, Ends { signed: 1.5, shares: 1.0 }),
        (Step::Softmax, Ends { signed: 0.5, shares: 0.2 }),
    ] {
        let session = Session { step, range: Range::Fixed(ends), ..Session::default() };
        let data = data(&session);
        let result = result(step, session.projection, &session.setup);
        // The legend speaks for all matrices that are on its scale.
        let (mut below, mut above) = (0, 0);
        let drawn_now = drawn(&session, &data);
        let here = |tensor: &Tensor| drawn_now.grids.iter().any(|grid| grid.tensor == *tensor);
        for tensor in coloured(&session).into_iter().filter(here).filter(|other| is_share(*other) == is_share(result)) {
            for &value in &data.on_stage(tensor, 0).expect("it is there").values {
                let end = if is_share(tensor) { ends.shares } else { ends.signed };
                below += usize::from(value.is_finite() && value < -end);
                above += usize::from(value > end);
            }
        }
        assert!(above > 0, "{step:?}");
        let [low, high, meaning] = legend_of(&drawn_now);
        assert_eq!((low.starts_with("≤ "), high.starts_with("≥ ")), (below > 0, true), "{step:?}: {low} {high}");
        assert!(meaning.contains(&format!(" · {} cells beyond", below + above)), "{step:?}: {meaning}");
    }
    let session = Session { range: Range::Step, ..Session::default() };
    let [low, high, meaning] = legend_of(&drawn(&session, &data(&session)));
    assert!(!low.contains('≤') && !high.contains('≥') && !meaning.contains("beyond"));
}

#[test]
fn a_matrix_on_another_scale_says_what_lies_beyond_that() {
    let ends = Ends { signed: 0.5, shares: 1.0 };
    let session = Session { range: Range::Fixed(ends), ..Session::default() };
    let data = data(&session);
    let scores = &data.on_stage(Tensor::Masked, 0).expect("it is there").values;
    let count = scores.iter().filter(|score| score.abs() > 0.5).count();
    let expected = format!("colours ±0.50, {count} cells beyond");
    let picture = drawn(&session, &data);
    let is_said = |mark: &Mark| matches!(mark, Mark::Text(text) if text.text.ends_with(&expected));
    assert!(picture.figure.marks.iter().any(is_said), "{expected}");
}

#[test]
fn thumbnails_have_a_fixed_range_too() {
    let ends = Ends { signed: 0.5, shares: 0.5 };
    let session = Session { step: Step::Scores, range: Range::Fixed(ends), ..Session::default() };
    let data = data(&session);
    let mut colors = Colors::of(Theme::Light);
    colors.range = session.range;
    for (tensor, _) in OVERVIEW.into_iter().filter(|(tensor, _)| tensor.is_of(&session.setup)) {
        let matrix = data.in_thumbnail(tensor, 0).expect("it came");
        let figure = thumbnail(matrix, tensor, 480.0, 480.0, &colors);
        let [Mark::Heatmap(map)] = &figure.marks[..] else { panic!("{figure:?}") };
        for (value, cell) in matrix.values.iter().zip(&map.cells) {
            let color = match is_share(tensor) {
                true => CIVIDIS.color(sequential(*value, 0.5)),
                false => VIK.color(diverging(*value, 0.5)),
            };
            assert_eq!(*cell, Cell::Color(color), "{tensor:?}");
        }
    }
}

#[test]
fn thumbnails_show_what_has_changed_where_the_stage_does() {
    let before = Setup { temperature: 3.0, ..Setup::default() };
    let session = Session { before: Some(before.clone()), ..Session::default() };
    let slices = wanted(&session, &session.setup, session.before.as_ref());
    let run = run_compared(&mut on_cpu(), 1, &session.sentence, [&before, &session.setup], slices);
    let compared = Data::new(run, (0, session.zoom));
    let (old, new) = (
        data(&Session { setup: before, before: None, ..session.clone() }),
        data(&Session { before: None, ..session.clone() }),
    );
    let heads = (0..4).map(|head| (Tensor::Weights, head));
    let overview = OVERVIEW.into_iter().filter(|(tensor, _)| tensor.is_of(&session.setup));
    for (tensor, head) in overview.map(|(tensor, _)| (tensor, 0)).chain(heads) {
        let of = |data: &Data| data.in_thumbnail(tensor, head).expect("it came").clone();
        let (change, old, new) = (of(&compared), of(&old), of(&new));
        assert!(change.is_change && !new.is_change);
        // A thumbnail may be reduced: its extremes are then of other cells.
        if new.is_whole() {
            for ((change, old), new) in change.values.iter().zip(&old.values).zip(&new.values) {
                assert!((change - (new - old)).abs() < 1e-6, "{tensor:?} {head}: {change} for {new} − {old}");
            }
        }
    }
    assert_eq!(compared.weights_now(0), new.in_thumbnail(Tensor::Weights, 0), "the weights of now are there as well");
}
