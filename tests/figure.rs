//! Figures look right, and every way to paint one paints the same.

use headlight::attention::{Visibility, Window, softmax};
use headlight::figure::colormap::{CIVIDIS, VIK, diverging, ink_on, sequential};
use headlight::figure::raster::{self, Raster};
use headlight::figure::svg::{SvgOptions, svg};
use headlight::figure::{Anchor, Cell, Face, Figure, Heatmap, Line, Mark, Rect, Rgb, Text};
use ndarray::{Array2, Array4, Axis, array};
use proptest::prelude::{prop_assert_eq, proptest};

#[path = "common/snapshot.rs"]
mod snapshot;

#[test]
fn softmax_looks_right_in_the_light() {
    snapshot::assert_snapshot_on(LIGHT.panel, "softmax-light", &softmax_figure(&LIGHT));
}

#[test]
fn softmax_looks_right_in_the_dark() {
    snapshot::assert_snapshot_on(DARK.panel, "softmax-dark", &softmax_figure(&DARK));
}

#[test]
fn a_change_of_one_cell_is_a_difference() {
    let cell = |color| svg(&figure_of(heatmap(1, 1, 8.0, 1.0, vec![Cell::Color(color)])), &SvgOptions::default());
    let (before, near, far) = (cell(Rgb(90, 90, 90)), cell(Rgb(90, 94, 90)), cell(Rgb(90, 95, 90)));
    let count = |a: &str, b: &str| snapshot::differences(&snapshot::render(a, 1.0), &snapshot::render(b, 1.0)).0;
    assert_eq!((count(&before, &near), count(&before, &far)), (0, 49));
}

#[test]
fn a_picture_of_another_size_is_a_difference() {
    let picture =
        |rows| snapshot::render(&svg(&figure_of(heatmap(rows, 2, 4.0, 0.0, vec![])), &SvgOptions::default()), 1.0);
    assert_eq!(snapshot::differences(&picture(2), &picture(3)).0, 32);
}

#[test]
fn raster_and_svg_paint_the_same_cells() {
    // At these sizes every edge falls on a whole pixel at both scales.
    for (size, gap) in [(9.0, 1.0), (24.0, 2.0), (5.0, 0.0)] {
        for scale in [1.0, 2.0] {
            let heatmap = heatmap(5, 7, size, gap, mixed_cells(35));
            let painted = raster::heatmap(&heatmap, scale);
            let rendered = snapshot::render(&svg(&figure_of(heatmap.clone()), &SvgOptions::default()), scale);
            assert_eq!((painted.width, painted.height), (rendered.width() as usize, rendered.height() as usize));
            for y in 0..painted.height {
                for x in 0..painted.width {
                    let pixel = rendered.pixel(x as u32, y as u32).expect("inside").demultiply();
                    let expected = [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()];
                    let off = pixel_at(&painted, x, y).iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
                    let masked = cell_at(&heatmap, x as f32 / scale, y as f32 / scale) == Cell::Masked;
                    // A line one pixel wide is smoothed more coarsely by resvg where two tiles of the pattern meet.
                    let allowed = match (masked, scale) {
                        (false, _) => 0,
                        (true, 1.0) => 50,
                        (true, _) => 4,
                    };
                    assert!(off <= Some(allowed), "pixel ({x}, {y}) of cells of {size} at {scale}: {off:?}");
                }
            }
        }
    }
}

#[test]
fn hatching_runs_on_over_neighbours() {
    let masked = |rows, size| raster::heatmap(&heatmap(rows, rows, size, 0.0, vec![Cell::Masked; rows * rows]), 1.5);
    let (many, one) = (masked(6, 5.0), masked(1, 30.0));
    assert_eq!(many, one);
    let (ground, line) = ([200, 200, 200, 255], [100, 100, 100, 255]);
    assert!(many.rgba.chunks(4).any(|pixel| pixel == ground) && many.rgba.chunks(4).any(|pixel| pixel == line));
}

#[test]
fn empty_cells_and_gaps_are_transparent() {
    let cells = vec![Cell::Color(Rgb(1, 2, 3)), Cell::Empty];
    let raster = raster::heatmap(&heatmap(1, 2, 3.0, 1.0, cells), 1.0);
    let (color, none) = ([1, 2, 3, 255], [0; 4]);
    let row = [color, color, none, none, none, none].concat();
    assert_eq!(raster.rgba, [row.clone(), row, [none; 6].concat()].concat());
}

#[test]
fn a_gap_never_swallows_a_cell() {
    let raster = raster::heatmap(&heatmap(1, 3, 1.0, 1.0, vec![Cell::Color(Rgb(1, 2, 3)); 3]), 1.0);
    assert_eq!(raster.rgba, [1, 2, 3, 255].repeat(3));
}

#[test]
fn no_cells_are_no_pixels() {
    for (rows, columns) in [(0, 0), (0, 3), (3, 0)] {
        let raster = raster::heatmap(&heatmap(rows, columns, 4.0, 1.0, vec![]), 2.0);
        assert_eq!((raster.width, raster.height, raster.rgba.len()), (8 * columns, 8 * rows, 0));
    }
}

proptest! {
    #[test]
    fn a_pixel_shows_the_cell_at_its_middle(
        rows in 1_usize..20, columns in 1_usize..20, size in 0.1_f32..12.0, scale in 0.5_f32..3.0,
    ) {
        let heatmap = heatmap(rows, columns, size, 0.0, mixed_cells(rows * columns));
        let raster = raster::heatmap(&heatmap, scale);
        for y in 0..raster.height {
            for x in 0..raster.width {
                let (middle_x, middle_y) = ((x as f32 + 0.5) / scale, (y as f32 + 0.5) / scale);
                let near_edge = |middle: f32| (middle / size - (middle / size).round()).abs() < 1e-4;
                if near_edge(middle_x) || near_edge(middle_y) {
                    continue;
                }
                match cell_at(&heatmap, middle_x, middle_y) {
                    Cell::Color(Rgb(red, green, blue)) => prop_assert_eq!(pixel_at(&raster, x, y), [red, green, blue, 255]),
                    Cell::Masked => prop_assert_eq!(pixel_at(&raster, x, y)[3], 255),
                    Cell::Empty => prop_assert_eq!(pixel_at(&raster, x, y), [0; 4]),
                }
            }
        }
    }
}

#[test]
fn every_mark_has_its_element() {
    let figure = Figure {
        width: 120.0,
        height: 40.5,
        marks: vec![
            Mark::Heatmap(Heatmap {
                x: 1.0,
                y: 2.0,
                ..heatmap(1, 3, 10.0, 1.0, vec![Cell::Color(Rgb(0, 128, 255)), Cell::Empty, Cell::Masked])
            }),
            Mark::Rect(Rect {
                x: -0.004,
                y: -1.5,
                width: 1e6,
                height: 2.005,
                radius: 3.0,
                fill: None,
                stroke: Some((Rgb(1, 2, 3), 1.25)),
            }),
            Mark::Rect(Rect {
                x: 0.05,
                y: 0.5,
                width: 1.0 / 3.0,
                height: 10.0,
                radius: 0.0,
                fill: Some(Rgb(9, 9, 9)),
                stroke: None,
            }),
            Mark::Line(Line { points: vec![(0.0, 1.0), (2.5, 100.0)], color: Rgb(4, 5, 6), width: 2.0 }),
            text(60.0, 20.0, "plain", 12.0, Anchor::Start, Face::Plain),
            text(60.0, 20.0, "strong", 10.0, Anchor::Middle, Face::Strong),
            text(60.0, 20.0, "Q", 20.0, Anchor::End, Face::Math),
        ],
    };
    let options = SvgOptions {
        title: "One & all".to_owned(),
        background: Some(Rgb(255, 255, 255)),
        sans: "\"My Sans\", sans-serif".to_owned(),
        serif: "My Serif".to_owned(),
        ..SvgOptions::default()
    };
    let expected = r##"<svg xmlns="http://www.w3.org/2000/svg" version="1.1" role="img" width="120" height="40.5" viewBox="0 0 120 40.5" font-family="&quot;My Sans&quot;, sans-serif" xml:space="preserve">
<title>One &amp; all</title>
<rect width="120" height="40.5" fill="#ffffff"/>
<pattern id="hatching-0" patternUnits="userSpaceOnUse" x="1" y="2" width="7" height="7"><path d="M-1 4.5L4.5 -1M2.5 8L8 2.5" stroke="#646464" stroke-width="1"/></pattern>
<g shape-rendering="crispEdges">
<rect x="1" y="2" width="9" height="9" fill="#0080ff"/>
<rect x="21" y="2" width="9" height="9" fill="#c8c8c8"/>
<rect x="21" y="2" width="9" height="9" fill="url(#hatching-0)"/>
</g>
<rect x="0" y="-1.5" width="1000000" height="2.01" fill="none" rx="3" stroke="#010203" stroke-width="1.25"/>
<rect x="0.05" y="0.5" width="0.33" height="10" fill="#090909"/>
<polyline points="0,1 2.5,100" fill="none" stroke="#040506" stroke-width="2"/>
<text x="60" y="24.2" font-size="12" fill="#000000">plain</text>
<text x="60" y="23.5" font-size="10" fill="#000000" text-anchor="middle" font-weight="600">strong</text>
<text x="60" y="27" font-size="20" fill="#000000" text-anchor="end" font-family="My Serif" font-style="italic">Q</text>
</svg>
"##;
    assert_eq!(svg(&figure, &options), expected);
    snapshot::render(expected, 1.0);
}

#[test]
fn a_figure_for_paper_has_its_size_and_says_how_it_was_made() {
    let figure = Figure { width: 200.0, height: 100.0, marks: Vec::new() };
    let options = SvgOptions {
        title: "A < B".to_owned(),
        description: "How".to_owned(),
        creator: "Who".to_owned(),
        millimetres: Some(89.0),
        ..SvgOptions::default()
    };
    let svg = svg(&figure, &options);
    assert!(svg.contains(r#"width="89mm" height="44.5mm" viewBox="0 0 200 100""#), "{svg}");
    for part in [
        "<title>A &lt; B</title>",
        "<desc>How</desc>",
        "<dc:title>A &lt; B</dc:title><dc:description>How</dc:description><dc:creator>Who</dc:creator>",
    ] {
        assert!(svg.contains(part), "{part} is missing in {svg}");
    }
}

#[test]
fn any_text_can_be_written() {
    let cases = [
        (r#""Tom's" <b> & ]]>"#, "&quot;Tom's&quot; &lt;b&gt; &amp; ]]&gt;"),
        ("  two  spaces ", "  two  spaces "),
        ("👩🏽‍🚀 naïve 猫", "👩🏽‍🚀 naïve 猫"),
        ("שלום \u{202e}abc", "שלום \u{202e}abc"),
        ("a\0b\u{1b}[0m\tc\r\nd\u{7f}\u{9b}\u{fffe}\u{ffff}", "ab[0mcd"),
    ];
    for (written, expected) in cases {
        let figure = Figure {
            width: 100.0,
            height: 20.0,
            marks: vec![text(0.0, 10.0, written, 12.0, Anchor::Start, Face::Plain)],
        };
        let svg = svg(&figure, &SvgOptions { title: written.to_owned(), ..SvgOptions::default() });
        assert!(svg.contains(&format!(">{expected}</text>")), "{svg}");
        assert!(svg.contains(&format!("<title>{expected}</title>")), "{svg}");
        snapshot::render(&svg, 1.0);
    }
}

/// Colours of the page that the figures below are drawn with.
struct Theme {
    panel: Rgb,
    ink: Rgb,
    soft: Rgb,
    query: Rgb,
    good: Rgb,
    hatch_ground: Rgb,
    hatch_line: Rgb,
}

const LIGHT: Theme = Theme {
    panel: Rgb(0xff, 0xff, 0xff),
    ink: Rgb(0x1c, 0x1e, 0x21),
    soft: Rgb(0x5d, 0x63, 0x6b),
    query: Rgb(0x00, 0x72, 0xb2),
    good: Rgb(0x00, 0x70, 0x4f),
    hatch_ground: Rgb(0xf0, 0xee, 0xe9),
    hatch_line: Rgb(0xa6, 0xa8, 0xaa),
};

const DARK: Theme = Theme {
    panel: Rgb(0x1c, 0x1f, 0x25),
    ink: Rgb(0xec, 0xee, 0xf1),
    soft: Rgb(0xa3, 0xab, 0xb5),
    query: Rgb(0x56, 0xb4, 0xe9),
    good: Rgb(0x3c, 0xc9, 0xa0),
    hatch_ground: Rgb(0x26, 0x2b, 0x33),
    hatch_line: Rgb(0x64, 0x6b, 0x74),
};

const WORDS: [&str; 6] = ["The", "cat", "sat", "on", "the", "mat"];
const CELL: f32 = 44.0;
const TOP: f32 = 62.0;

/// Masked scores → attention weights, with every kind of mark.
fn softmax_figure(theme: &Theme) -> Figure {
    let scores = array![
        [1.69, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.42, 1.78, 0.0, 0.0, 0.0, 0.0],
        [1.65, 2.21, 2.25, 0.0, 0.0, 0.0],
        [2.80, 2.07, -0.89, 0.22, 0.0, 0.0],
        [0.51, 1.09, 1.63, 2.43, 1.35, 0.0],
        [0.13, 0.33, -1.29, -2.39, -0.44, 0.10],
    ];
    let visibility = Visibility::new(Window::CAUSAL, 1, 6);
    let weights: Array4<f32> = softmax(&scores.clone().insert_axis(Axis(0)).insert_axis(Axis(0)), &visibility);
    let weights = weights.index_axis_move(Axis(0), 0).index_axis_move(Axis(0), 0);

    let mut marks = vec![];
    let (left, right) = (60.0, 440.0);
    marks.extend(matrix(theme, left, ("M", "masked scores"), &scores, |score| VIK.color(diverging(score, 2.8))));
    marks.extend(matrix(theme, right, ("A", "attention weights"), &weights, |weight| {
        CIVIDIS.color(sequential(weight, 1.0))
    }));

    let middle = TOP + 3.0 * CELL;
    let arrow = |points: &[(f32, f32)]| Mark::Line(Line { points: points.to_vec(), color: theme.soft, width: 1.5 });
    marks.push(arrow(&[(350.0, middle), (373.0, middle)]));
    marks.push(arrow(&[(367.0, middle - 6.0), (373.0, middle), (367.0, middle + 6.0)]));

    marks.push(outline(theme.query, left, TOP + 5.0 * CELL, 6.0 * CELL));
    marks.push(outline(theme.ink, right + CELL, TOP + 5.0 * CELL, CELL));

    let sums = right + 6.0 * CELL + 34.0;
    marks.push(colored(theme.soft, text(sums, TOP - 14.0, "Σ row", 12.0, Anchor::Middle, Face::Plain)));
    for (row, weights) in weights.outer_iter().enumerate() {
        let y = TOP + (row as f32 + 0.5) * CELL;
        marks.push(colored(
            theme.ink,
            text(sums, y, &format!("{:.3}", weights.sum()), 12.5, Anchor::Middle, Face::Plain),
        ));
        marks.push(colored(theme.good, text(sums + 28.0, y, "✓", 12.5, Anchor::Middle, Face::Plain)));
    }

    let legend = TOP + 6.0 * CELL + 52.0;
    marks.push(Mark::Heatmap(Heatmap {
        x: 302.0,
        y: legend,
        cell_width: 1.0,
        cell_height: 10.0,
        rows: 1,
        columns: 180,
        cells: (0..180).map(|i| Cell::Color(CIVIDIS.color(i as f32 / 179.0))).collect(),
        ..heatmap(0, 0, 0.0, 0.0, vec![])
    }));
    marks.push(colored(theme.soft, text(294.0, legend + 5.0, "0", 12.0, Anchor::End, Face::Plain)));
    marks.push(colored(
        theme.soft,
        text(490.0, legend + 5.0, "1  share of attention", 12.0, Anchor::Start, Face::Plain),
    ));
    Figure { width: 784.0, height: legend + 26.0, marks }
}

/// A causal matrix with a title, a word at each row and column, numbers, and its shape.
fn matrix(
    theme: &Theme,
    x: f32,
    (symbol, title): (&str, &str),
    values: &Array2<f32>,
    color: impl Fn(f32) -> Rgb,
) -> Vec<Mark> {
    let cells: Vec<Cell> = values
        .indexed_iter()
        .map(|((row, column), &value)| if column <= row { Cell::Color(color(value)) } else { Cell::Masked })
        .collect();
    let middle = |index: usize| (index as f32 + 0.5) * CELL - 0.5;
    let mut marks = vec![
        colored(theme.ink, text(x + 76.0, 18.0, symbol, 16.0, Anchor::End, Face::Math)),
        colored(theme.ink, text(x + 83.0, 18.0, title, 13.0, Anchor::Start, Face::Plain)),
        colored(
            theme.soft,
            text(x + 3.0 * CELL, TOP + 6.0 * CELL + 16.0, "[1, 6, 6]", 12.0, Anchor::Middle, Face::Plain),
        ),
        Mark::Heatmap(Heatmap {
            x,
            y: TOP,
            hatch_ground: theme.hatch_ground,
            hatch_line: theme.hatch_line,
            ..heatmap(6, 6, CELL, 1.0, cells.clone())
        }),
    ];
    for (index, word) in WORDS.into_iter().enumerate() {
        let face = if index == 5 { Face::Strong } else { Face::Plain };
        marks.push(colored(theme.ink, text(x - 8.0, TOP + middle(index), word, 12.5, Anchor::End, face)));
        marks.push(colored(theme.ink, text(x + middle(index), TOP - 14.0, word, 12.5, Anchor::Middle, Face::Plain)));
    }
    for (((row, column), value), cell) in values.indexed_iter().zip(cells) {
        if let Cell::Color(ground) = cell {
            let number = format!("{value:.2}").replace('-', "−");
            let number = text(x + middle(column), TOP + middle(row), &number, 12.0, Anchor::Middle, Face::Plain);
            marks.push(colored(ink_on(ground), number));
        }
    }
    marks
}

/// Around one row of cells, in the gap and beyond.
fn outline(color: Rgb, x: f32, y: f32, width: f32) -> Mark {
    Mark::Rect(Rect {
        x: x - 1.0,
        y: y - 1.0,
        width: width + 1.0,
        height: CELL + 1.0,
        radius: 1.0,
        fill: None,
        stroke: Some((color, 2.0)),
    })
}

fn text(x: f32, y: f32, text: &str, size: f32, anchor: Anchor, face: Face) -> Mark {
    Mark::Text(Text { x, y, text: text.to_owned(), size, color: Rgb::default(), anchor, face, turned: false })
}

fn colored(color: Rgb, mark: Mark) -> Mark {
    match mark {
        Mark::Text(text) => Mark::Text(Text { color, ..text }),
        other => other,
    }
}

fn heatmap(rows: usize, columns: usize, size: f32, gap: f32, cells: Vec<Cell>) -> Heatmap {
    Heatmap {
        x: 0.0,
        y: 0.0,
        cell_width: size,
        cell_height: size,
        gap,
        rows,
        columns,
        cells,
        hatch_ground: Rgb(200, 200, 200),
        hatch_line: Rgb(100, 100, 100),
    }
}

/// A figure that is one heatmap and nothing else.
fn figure_of(heatmap: Heatmap) -> Figure {
    let width = heatmap.columns as f32 * heatmap.cell_width;
    let height = heatmap.rows as f32 * heatmap.cell_height;
    Figure { width, height, marks: vec![Mark::Heatmap(heatmap)] }
}

/// Every kind of cell, and no colour twice.
fn mixed_cells(count: usize) -> Vec<Cell> {
    let cell = |index: usize| match index % 5 {
        1 => Cell::Masked,
        3 => Cell::Empty,
        _ => Cell::Color(Rgb(index as u8, (index >> 8) as u8, 77)),
    };
    (0..count).map(cell).collect()
}

fn cell_at(heatmap: &Heatmap, x: f32, y: f32) -> Cell {
    let (row, column) = ((y / heatmap.cell_height) as usize, (x / heatmap.cell_width) as usize);
    heatmap.cells[row * heatmap.columns + column]
}

fn pixel_at(raster: &Raster, x: usize, y: usize) -> [u8; 4] {
    let start = 4 * (y * raster.width + x);
    raster.rgba[start..start + 4].try_into().expect("four channels")
}
