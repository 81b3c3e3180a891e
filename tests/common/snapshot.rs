//! Figures held to committed pictures of them.

#![allow(dead_code, reason = "each test binary uses its own part")]

use headlight::figure::svg::{SvgOptions, svg};
use headlight::figure::{Anchor, Face, Figure, Mark, Rgb, Text};
use headlight::lesson::Theme;
use headlight::lesson::picture::{LABEL_SIZE, View, arcs::arcs};
use headlight::lesson::{scene::Data, theme::Colors};
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::{env, fs};

/// Device pixels a CSS pixel in the committed pictures.
const SCALE: f32 = 2.0;

/// How far a channel of a pixel may be off, of 255: processors round the edges of letters differently.
const TOLERANCE: u8 = 4;

/// Fails unless the figure, on white, looks like `tests/figure/<name>.png`, every pixel to 4/255.
///
/// Then the picture as it is now, and one of the differences, are found in `target/figure-snapshots`. With
/// `HEADLIGHT_BLESS=1` in the environment the committed picture is written anew instead.
pub fn assert_snapshot(name: &str, figure: &Figure) {
    assert_snapshot_on(Rgb(255, 255, 255), name, figure);
}

/// [`assert_snapshot`] on a background of another colour.
pub fn assert_snapshot_on(background: Rgb, name: &str, figure: &Figure) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected_path = root.join(format!("tests/figure/{name}.png"));
    let actual_path = root.join(format!("target/figure-snapshots/{name}.png"));
    let differences_path = root.join(format!("target/figure-snapshots/{name}-differences.png"));

    let options = SvgOptions { background: Some(background), ..SvgOptions::default() };
    let actual = render(&svg(figure, &options), SCALE);
    if env::var("HEADLIGHT_BLESS").is_ok_and(|bless| bless == "1") {
        return save(&actual, &expected_path);
    }
    let Ok(expected) = Pixmap::load_png(&expected_path) else {
        save(&actual, &actual_path);
        panic!("{}: no picture yet\n{}: what it would be\n{BLESS}", expected_path.display(), actual_path.display());
    };
    let (count, differences) = differences(&expected, &actual);
    if count > 0 {
        save(&actual, &actual_path);
        save(&differences, &differences_path);
        panic!(
            "{}: {count} pixels differ\n{}: what it is now\n{}: where they differ, in red\n{BLESS}",
            expected_path.display(),
            actual_path.display(),
            differences_path.display()
        );
    }
}

const BLESS: &str = "HEADLIGHT_BLESS=1 cargo test: make it the expected one";

/// An SVG at `scale` pixels a CSS pixel, written with the committed fonts alone.
///
/// Panics if it is no valid SVG.
pub fn render(svg: &str, scale: f32) -> Pixmap {
    let tree = tree(svg);
    let size = tree.size().to_int_size().scale_by(scale).expect("a figure has a size");
    let mut pixmap = Pixmap::new(size.width(), size.height()).expect("a figure has a size");
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap
}

/// The box around a text, in CSS pixels: left, top, right, bottom. Empty where nothing is to be seen.
pub fn text_box(text: &Text) -> [f32; 4] {
    let figure = Figure { width: 1.0, height: 1.0, marks: vec![Mark::Text(text.clone())] };
    let bounds = tree(&svg(&figure, &SvgOptions::default())).root().abs_bounding_box();
    [bounds.left(), bounds.top(), bounds.right(), bounds.bottom()]
}

/// How a page of this width looks at a run, while nobody points at anything.
pub fn view(data: &Data, width: f32, theme: Theme) -> View {
    View {
        width,
        matrix_height: 400.0,
        least_height: 0.0,
        colors: Colors::of(theme),
        token_widths: data.tokens().iter().map(|token| text_width(&token.text, LABEL_SIZE)).collect(),
        focus: None,
        lit: Vec::new(),
        chosen: false,
        arcs: Some(arcs),
    }
}

/// How wide a text is in the page's plain face, in CSS pixels.
pub fn text_width(text: &str, size: f32) -> f32 {
    let text = Text {
        x: 0.0,
        y: 0.0,
        text: text.to_owned(),
        size,
        color: Rgb::default(),
        anchor: Anchor::Start,
        face: Face::Plain,
        turned: false,
    };
    let [left, _, right, _] = text_box(&text);
    right - left
}

fn tree(svg: &str) -> Tree {
    static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut fonts = Database::new();
        fonts.load_font_data(include_bytes!("../data/fonts/DejaVuSans.ttf").to_vec());
        fonts.load_font_data(include_bytes!("../data/fonts/DejaVuSans-Bold.ttf").to_vec());
        fonts.load_font_data(include_bytes!("../data/fonts/DejaVuSerif-Italic.ttf").to_vec());
        fonts.set_sans_serif_family("DejaVu Sans");
        fonts.set_serif_family("DejaVu Serif");
        Arc::new(fonts)
    });
    let options = Options { fontdb: Arc::clone(&FONTS), ..Options::default() };
    Tree::from_str(svg, &options).unwrap_or_else(|error| panic!("{error}:\n{svg}"))
}

/// How many pixels are off by more than [`TOLERANCE`], and where: red on `actual`, grown pale. Where one picture has no
/// pixel and the other has one, that is a difference too.
pub fn differences(expected: &Pixmap, actual: &Pixmap) -> (usize, Pixmap) {
    let (width, height) = (expected.width().max(actual.width()), expected.height().max(actual.height()));
    let mut picture = Pixmap::new(width, height).expect("a picture has a size");
    let mut count = 0;
    for (index, pixel) in picture.pixels_mut().iter_mut().enumerate() {
        let (x, y) = (index as u32 % width, index as u32 / width);
        *pixel = match (expected.pixel(x, y), actual.pixel(x, y)) {
            (Some(expected), Some(actual)) if alike(expected, actual) => pale(actual),
            _ => {
                count += 1;
                PremultipliedColorU8::from_rgba(255, 0, 0, 255).expect("channels no greater than alpha")
            }
        };
    }
    (count, picture)
}

fn alike(a: PremultipliedColorU8, b: PremultipliedColorU8) -> bool {
    let channels = |color: PremultipliedColorU8| [color.red(), color.green(), color.blue(), color.alpha()];
    channels(a).iter().zip(channels(b)).all(|(a, b)| a.abs_diff(b) <= TOLERANCE)
}

fn pale(color: PremultipliedColorU8) -> PremultipliedColorU8 {
    PremultipliedColorU8::from_rgba(color.red() / 4, color.green() / 4, color.blue() / 4, color.alpha() / 4)
        .expect("channels no greater than alpha")
}

fn save(pixmap: &Pixmap, path: &Path) {
    fs::create_dir_all(path.parent().expect("a path below the root")).expect("a folder for pictures");
    pixmap.save_png(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
