//! The nine steps look right; and whatever is typed, set up and played, a frame can be drawn and pointed at.

#[path = "common/engine.rs"]
mod engine;
#[path = "common/snapshot.rs"]
mod snapshot;

use engine::{on_cpu, run};
use headlight::attention::Window;
use headlight::embedding::Positions;
use headlight::figure::{Face, Mark, Rgb, colormap::CIVIDIS, raster};
use headlight::lesson::picture::{Picture, View, common_height, picture, thumbnail};
use headlight::lesson::scene::{Data, being_made, in_heads_strip, result, sources, wanted};
use headlight::lesson::theme::Colors;
use headlight::lesson::{Projection, Session, Step, Theme, Zoom};
use headlight::protocol::{CellRef, Setup, Tensor};
use proptest::prelude::*;
use proptest::sample::select;

/// The stage of a desktop.
const DESKTOP: f32 = 800.0;
/// The stage of a phone.
const PHONE: f32 = 330.0;

/// What a page shows in this session, whose run was done.
fn data(session: &Session) -> Data {
    Data::new(
        run(&mut on_cpu(), 1, &session.sentence, &session.setup, wanted(session, &session.setup, None)),
        (0, session.zoom),
    )
}

fn view(data: &Data, width: f32, theme: Theme, focus: Option<CellRef>) -> View {
    View { matrix_height: 440.0, focus, chosen: focus.is_some(), ..snapshot::view(data, width, theme) }
}

fn cell(tensor: Tensor, row: usize, column: usize) -> CellRef {
    CellRef { tensor, head: 0, row, column }
}

#[track_caller]
fn assert_looks_right(name: &str, session: &Session, width: f32, focus: Option<CellRef>) {
    let data = data(session);
    let theme = session.theme.unwrap_or(Theme::Light);
    let view = view(&data, width, theme, focus);
    let picture = picture(session, &data, &view).expect("all that it shows is there");
    snapshot::assert_snapshot_on(view.colors.panel, &format!("lesson-{name}"), &picture.figure);
}

fn at(step: Step) -> Session {
    Session { step, ..Session::default() }
}

fn causal() -> Setup {
    Setup { mask: Window::CAUSAL, ..Setup::default() }
}

#[test]
fn tokens_look_right() {
    let focus = Some(cell(Tensor::Tokens, 0, 0));
    assert_looks_right("tokens", &at(Step::Tokens), DESKTOP, focus);
}

#[test]
fn embed_looks_right() {
    assert_looks_right("embed", &at(Step::Embed), DESKTOP, Some(cell(Tensor::Input, 1, 20)));
}

#[test]
fn project_looks_right() {
    let session = Session { projection: Projection::Keys, ..at(Step::Project) };
    assert_looks_right("project", &session, DESKTOP, Some(cell(Tensor::Keys, 3, 2)));
}

#[test]
fn scores_look_right() {
    assert_looks_right("scores", &at(Step::Scores), DESKTOP, Some(cell(Tensor::Scores, 5, 1)));
}

#[test]
fn scores_look_right_while_they_are_made() {
    assert_looks_right("scores-at-20", &Session { position: 0.2, ..at(Step::Scores) }, DESKTOP, None);
}

#[test]
fn scores_look_right_on_a_phone() {
    assert_looks_right("scores-phone", &at(Step::Scores), PHONE, Some(cell(Tensor::Scores, 5, 1)));
}

#[test]
fn mask_looks_right() {
    assert_looks_right("mask", &Session { setup: causal(), ..at(Step::Mask) }, DESKTOP, None);
}

#[test]
fn softmax_looks_right_in_the_dark() {
    let session = Session { setup: causal(), theme: Some(Theme::Dark), ..at(Step::Softmax) };
    assert_looks_right("softmax-dark", &session, DESKTOP, Some(cell(Tensor::Weights, 5, 1)));
}

#[test]
fn softmax_looks_right_while_it_is_made() {
    assert_looks_right("softmax-at-60", &Session { position: 0.6, ..at(Step::Softmax) }, DESKTOP, None);
}

#[test]
fn output_looks_right() {
    assert_looks_right("output", &at(Step::Output), DESKTOP, Some(cell(Tensor::Output, 2, 40)));
}

fn sessions() -> impl Strategy<Value = Session> {
    let sentences = [
        "the",
        "The cat sat on the mat",
        "the cat, the Cat and the the",
        "Donaudampfschifffahrtsgesellschaftskapitän naïve café 你好 🙂",
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen",
    ];
    let long = [60, 300].map(|count| (0..count).map(|i| format!("w{i} ")).collect::<String>());
    let sentence = prop_oneof![8 => select(sentences.to_vec()).prop_map(str::to_owned), 1 => select(long.to_vec())];
    let setup = (select(vec![(1, 1), (8, 1), (8, 8), (64, 4), (96, 1), (300, 3)]), any::<usize>(), any::<bool>())
        .prop_map(|((width, heads), mask, sinusoidal)| Setup {
            heads,
            width,
            mask: [Window::OPEN, Window::CAUSAL, Window { left: Some(1), right: Some(2) }][mask % 3],
            positions: if sinusoidal { Positions::Sinusoidal } else { Positions::None },
            is_scaled: mask % 4 > 0,
            temperature: [0.5, 1.0, 3.0][mask / 4 % 3],
            ..Setup::default()
        });
    // Play holds a finished step for a moment, past its end.
    let position = prop_oneof![Just(0.0), Just(1.0), 0.0..1.2];
    let step_and_projection = (select(&Step::ALL), select(&Projection::ALL));
    (sentence, setup, step_and_projection, position, any::<prop::sample::Index>()).prop_map(
        |(sentence, setup, (step, projection), position, head)| {
            let head = head.index(setup.heads);
            Session { sentence, setup, step, projection, position, head, ..Session::default() }
        },
    )
}

/// A cell of one of the grids.
fn focus_of(picture: &Picture, grid: prop::sample::Index, [row, column]: [prop::sample::Index; 2]) -> CellRef {
    let grid = grid.get(&picture.grids);
    grid.cell(row.index(grid.rows), column.index(grid.columns))
}

/// Strokes stand out over the edge of what they surround by half their width.
const STROKE: f32 = 3.0;

fn assert_inside(picture: &Picture) -> Result<(), TestCaseError> {
    let figure = &picture.figure;
    for mark in &figure.marks {
        let [left, top, right, bottom] = match mark {
            Mark::Heatmap(map) => {
                prop_assert_eq!(map.cells.len(), map.rows * map.columns);
                let (width, height) = (map.columns as f32 * map.cell_width, map.rows as f32 * map.cell_height);
                [map.x, map.y, map.x + width, map.y + height]
            }
            Mark::Rect(rect) => [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height],
            Mark::Line(line) => {
                let (x, y) = (line.points.iter().map(|point| point.0), line.points.iter().map(|point| point.1));
                [
                    x.clone().fold(f32::INFINITY, f32::min),
                    y.clone().fold(f32::INFINITY, f32::min),
                    x.fold(0.0, f32::max),
                    y.fold(0.0, f32::max),
                ]
            }
            // Where a text stands is what counts; how wide it is depends on who paints it.
            Mark::Text(text) => [text.x, text.y, text.x, text.y],
        };
        let inside =
            left >= -STROKE && top >= -STROKE && right <= figure.width + STROKE && bottom <= figure.height + STROKE;
        prop_assert!(inside, "{left} {top} {right} {bottom} in {} × {}: {mark:?}", figure.width, figure.height);
    }
    Ok(())
}

/// Pointer, keyboard and drawing agree on where a cell is.
fn assert_cells_agree(picture: &Picture, [row, column]: [prop::sample::Index; 2]) -> Result<(), TestCaseError> {
    for grid in &picture.grids {
        let (row, column) = (row.index(grid.rows), column.index(grid.columns));
        let (x, y, width, height) = grid.cell_box(row, column);
        prop_assert!(width > 0.0 && height > 0.0);
        let cell = grid.cell(row, column);
        prop_assert_eq!(cell.tensor, grid.tensor);
        prop_assert_eq!(grid.drawn_at(cell), Some((row, column)));
        prop_assert_eq!(grid.cell_at(x + width / 2.0, y + height / 2.0), Some(cell));
        let (left, top, all_width, all_height) = grid.bounds();
        prop_assert!(x >= left - 0.01 && x + width <= left + all_width + 0.01, "{:?}", grid);
        prop_assert!(y >= top - 0.01 && y + height <= top + all_height + 0.01, "{:?}", grid);
        for (x, y) in
            [(left - 1.0, top), (left, top - 1.0), (left + all_width + 1.0, top), (left, top + all_height + 1.0)]
        {
            prop_assert_eq!(grid.cell_at(x, y), None, "outside of {:?}", grid);
        }
        for cell in [CellRef { row: cell.row + 100_000, ..cell }, CellRef { column: cell.column + 100_000, ..cell }] {
            prop_assert_eq!(grid.drawn_at(cell), None);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_frame_can_be_drawn_and_pointed_at(
        session in sessions(),
        width in prop_oneof![Just(PHONE), Just(DESKTOP), 260.0..1600.0_f32],
        grid in any::<prop::sample::Index>(),
        place in any::<[prop::sample::Index; 2]>(),
    ) {
        let data = data(&session);
        let mut view = view(&data, width, Theme::Light, None);
        let plain = picture(&session, &data, &view).expect("all that it shows is there");
        prop_assert_eq!(plain.figure.width, width);
        prop_assert!(!plain.caption.is_empty());
        assert_inside(&plain)?;
        assert_cells_agree(&plain, place)?;

        // Looking at a cell moves nothing.
        (view.focus, view.chosen) = (Some(focus_of(&plain, grid, place)), true);
        let focused = picture(&session, &data, &view).expect("all that it shows is there");
        prop_assert_eq!(&focused.grids, &plain.grids);
        prop_assert_eq!(focused.figure.height, plain.figure.height);
        assert_inside(&focused)?;
    }

    #[test]
    fn a_finished_step_stays_as_it_is_while_it_is_held(session in sessions(), held in 1.0..2.0) {
        let data = data(&session);
        let view = view(&data, DESKTOP, Theme::Light, None);
        let at = |position| picture(&Session { position, ..session.clone() }, &data, &view);
        prop_assert_eq!(at(1.0), at(held));
    }
}

#[test]
fn a_finished_step_shows_the_numbers_of_the_engine() {
    for step in [Step::Scores, Step::Scale, Step::Softmax] {
        let session = at(step);
        let data = data(&session);
        let picture = picture(&session, &data, &view(&data, 1200.0, Theme::Light, None)).expect("it is all there");
        let result = result(step, session.projection, &session.setup);
        let grid = picture.grids.iter().find(|grid| grid.tensor == result).expect("the result is drawn");
        for row in 0..grid.rows {
            for column in 0..grid.columns {
                let value = data.value(grid.cell(row, column)).expect("it came in full");
                let expected = headlight::lesson::number::short(value);
                let (x, y, width, height) = grid.cell_box(row, column);
                let shown = picture.figure.marks.iter().find_map(|mark| match mark {
                    Mark::Text(text) if (x..x + width).contains(&text.x) && (y..y + height).contains(&text.y) => {
                        Some(&text.text)
                    }
                    _ => None,
                });
                assert_eq!(shown, Some(&expected), "{step:?} {row} {column}");
            }
        }
    }
}

#[test]
fn what_a_cell_was_made_from_is_lit() {
    for (step, tensor) in [(Step::Scores, Tensor::Scores), (Step::Mix, Tensor::Mixed), (Step::Output, Tensor::Output)] {
        let session = at(step);
        let data = data(&session);
        let focus = cell(tensor, 4, 3);
        let outlines = |focus| {
            let picture = picture(&session, &data, &view(&data, DESKTOP, Theme::Light, focus)).expect("it is there");
            let strong = |mark: &&Mark| matches!(mark, Mark::Text(text) if text.face == Face::Strong);
            let boxes = picture.figure.marks.iter().filter(|mark| matches!(mark, Mark::Rect(_))).count();
            (boxes, picture.figure.marks.iter().filter(strong).count())
        };
        let (plain, lit) = (outlines(None), outlines(Some(focus)));
        // A line around each source, and two around the cell itself; its words in bold.
        assert_eq!(lit.0 - plain.0, sources(focus, &Setup::default()).len() + 2, "{step:?}");
        assert!(lit.1 > plain.1, "{step:?}");
    }
}

#[test]
fn while_a_product_is_made_its_cell_and_the_factors_of_its_term_are_lit() {
    for step in [Step::Project, Step::Scores, Step::Mix, Step::Output] {
        let session = Session { position: 0.3, ..at(step) };
        let data = data(&session);
        let made = being_made(&session, &data).expect("half of its first cell is made");
        assert_eq!((made.tensor, made.row, made.column), (result(step, session.projection, &session.setup), 0, 0));
        let boxes = |chosen| {
            let view = View { chosen, ..view(&data, DESKTOP, Theme::Light, Some(CellRef { row: 4, ..made })) };
            let picture = picture(&session, &data, &view).expect("it is there");
            picture.figure.marks.iter().filter(|mark| matches!(mark, Mark::Rect(_))).count()
        };
        // Of a product of cells, two lines around each of the two factors, unless a person looks at another cell. Of one of
        // rows, a line around the share, its row, the value's row and the result's, but none around what a person looks at.
        let expected = if step == Step::Mix { 4 - 4 } else { 4 };
        assert_eq!(boxes(false) - boxes(true), expected, "{step:?}");
        assert_eq!(being_made(&Session { position: 1.0, ..session }, &data), None);
    }
}

#[test]
fn pictures_of_all_steps_can_be_equally_high() {
    for sentence in ["one", "The cat sat on the mat", "a b c d e f g h i j k l m n o p q r s t u v w x"] {
        let session = |step, position| Session { sentence: sentence.to_owned(), position, ..at(step) };
        let mut heights: Vec<f32> = Vec::new();
        for step in Step::ALL {
            let data = data(&session(step, 1.0));
            let mut view = view(&data, DESKTOP, Theme::Light, None);
            let needed = common_height(&session(step, 1.0), &data, &view, 2000.0);
            assert_eq!(common_height(&session(step, 1.0), &data, &view, 100.0), 100.0);
            view.least_height = needed;
            for position in [0.0, 0.3, 1.0] {
                heights.push(picture(&session(step, position), &data, &view).expect("it is there").figure.height);
            }
        }
        assert!(heights.iter().all(|&height| height == heights[0]), "{sentence}: {heights:?}");
    }
}

#[test]
fn a_thumbnail_is_all_of_the_matrix_in_small() {
    for step in Step::ALL {
        let session = Session { setup: causal(), ..at(step) };
        let data = data(&session);
        let tensor = in_heads_strip(step, session.projection);
        let matrix = data.in_thumbnail(tensor, 3).expect("every head has its thumbnail");
        let figure = thumbnail(matrix, tensor, 60.0, 40.0, &Colors::of(Theme::Light));
        let [Mark::Heatmap(map)] = &figure.marks[..] else { panic!("{:?}", figure.marks) };
        assert_eq!((map.rows, map.columns), (matrix.shown_rows, matrix.shown_columns));
        let size = (map.columns as f32 * map.cell_width, map.rows as f32 * map.cell_height);
        assert!((size.0 - 60.0).abs() < 0.01 && (size.1 - 40.0).abs() < 0.01, "{size:?}");
    }
}

#[test]
fn nothing_is_drawn_before_its_numbers_came() {
    let session = at(Step::Scores);
    let data = data(&session);
    let view = view(&data, DESKTOP, Theme::Light, None);
    assert!(picture(&session, &data, &view).is_some());
    for session in [Session { head: 1, ..session.clone() }, at(Step::Output)] {
        assert_eq!(picture(&session, &data, &view), None);
        assert!(!data.missing(&session).is_empty());
    }
}

#[test]
fn no_word_of_the_standard_example_is_cut_off() {
    for (step, setup) in Step::ALL.into_iter().flat_map(|step| [(step, Setup::default()), (step, causal())]) {
        for position in [0.2, 0.6, 1.0] {
            let session = Session { setup: setup.clone(), position, ..at(step) };
            let data = data(&session);
            let figure =
                picture(&session, &data, &view(&data, DESKTOP, Theme::Light, None)).expect("it is there").figure;
            for mark in &figure.marks {
                let Mark::Text(text) = mark else { continue };
                let [left, top, right, bottom] = snapshot::text_box(text);
                // A letter's box has some margin of its own.
                let inside = left >= -1.0 && top >= -STROKE && right <= figure.width + 1.0 && bottom <= figure.height;
                assert!(inside || text.text.is_empty(), "{step:?} at {position}: {text:?}");
            }
        }
    }
}

/// However long the sentence and however small the picture, one number that stands out is seen.
#[test]
fn a_bright_cell_is_never_lost() {
    const LEN: usize = 300;
    let sentence = vec!["word"; LEN].join(" ");
    let session = Session { sentence, setup: Setup { width: 8, heads: 1, ..Setup::default() }, ..at(Step::Softmax) };
    let zooms = [Zoom::ALL, Zoom::ALL.scaled(0.5, (0.4, 0.6), LEN), Zoom::ALL.scaled(0.1, (0.4, 0.6), LEN)];
    for zoom in zooms {
        let session = Session { zoom, ..session.clone() };
        let slices = wanted(&session, &session.setup, None);
        for place in [(0, 0), (41, 67), (120, 180), (133, 170)] {
            let mut run = run(&mut on_cpu(), 1, &session.sentence, &session.setup, slices.clone());
            let planted = plant(&mut run, place);
            if !planted {
                continue;
            }
            let data = Data::new(run, (0, zoom));
            for width in [PHONE, 700.0, DESKTOP] {
                let view = view(&data, width, Theme::Light, None);
                let picture = picture(&session, &data, &view).expect("it is all there");
                assert!(is_seen(&picture, CIVIDIS.color(1.0)), "{place:?} at {width} px in {zoom:?}");
            }
        }
    }
}

/// Makes all attention weights on the stage 0 but one, which is 1; false if that cell is out of sight.
fn plant(run: &mut headlight::protocol::Run, (row, column): (usize, usize)) -> bool {
    let mut planted = false;
    for (slice, matrix) in run.slices.iter_mut().filter(|(slice, _)| slice.tensor == Tensor::Weights) {
        matrix.values.fill(0.0);
        matrix.largest = 1.0;
        let inside = |index: usize, first: usize, count: usize| index.checked_sub(first).filter(|at| *at < count);
        let at = (inside(row, matrix.first_row, matrix.rows), inside(column, matrix.first_column, matrix.columns));
        if let (Some(row), Some(column)) = at {
            // As the engine reduces: tests/engine.rs holds it to that.
            let (row, column) = (row * matrix.shown_rows / matrix.rows, column * matrix.shown_columns / matrix.columns);
            matrix.values[row * matrix.shown_columns + column] = 1.0;
            planted |= slice.most_rows > 100;
        }
    }
    planted
}

/// Whether any pixel of the matrices has this colour, at one pixel of the screen to a CSS pixel.
fn is_seen(picture: &Picture, color: Rgb) -> bool {
    picture.figure.marks.iter().any(|mark| match mark {
        // The legend's bar has one row.
        Mark::Heatmap(map) if map.rows > 1 => {
            raster::heatmap(map, 1.0).rgba.chunks(4).any(|pixel| pixel[..3] == [color.0, color.1, color.2])
        }
        _ => false,
    })
}
