//! The fonts of this machine.

use std::sync::{Arc, LazyLock};

use headlight::{
    figure::{
        Anchor, Face, Figure, Mark, Rgb, Text,
        svg::{SvgOptions, svg},
    },
    lesson::picture::LABEL_SIZE,
};
use resvg::usvg::{Options, Tree, fontdb::Database};

/// How SVGs are read here. `None` where there is no font.
pub fn options() -> Option<&'static Options<'static>> {
    static OPTIONS: LazyLock<Option<Options>> = LazyLock::new(|| {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        let any = fonts.faces().next()?.families.first()?.0.clone();
        let family = |wanted: &[&str]| {
            let is_there =
                |name: &str| fonts.faces().any(|face| face.families.iter().any(|(family, _)| family == name));
            wanted.iter().find(|name| is_there(name)).map_or_else(|| any.clone(), |name| (*name).to_owned())
        };
        let (sans, serif) = (family(SANS), family(SERIF));
        fonts.set_sans_serif_family(sans);
        fonts.set_serif_family(serif);
        Some(Options { fontdb: Arc::new(fonts), ..Options::default() })
    });
    OPTIONS.as_ref()
}

/// What stands for `sans-serif`, the first that is there.
const SANS: &[&str] = &[
    "Segoe UI",
    "Helvetica Neue",
    "Helvetica",
    "Arial",
    "Noto Sans",
    "Liberation Sans",
    "DejaVu Sans",
    "Ubuntu",
    "Cantarell",
];
/// The same for `serif`.
const SERIF: &[&str] =
    &["Georgia", "Times New Roman", "Times", "Noto Serif", "Liberation Serif", "DejaVu Serif", "FreeSerif"];

/// How wide a word is as a label, in CSS pixels. Measured as bold, because a label may become bold; where there is no font, about
/// as wide as that.
pub fn label_width(word: &str) -> f32 {
    const ABOUT: f32 = 0.62;
    let text = Text {
        x: 0.0,
        y: 0.0,
        text: word.to_owned(),
        size: LABEL_SIZE,
        color: Rgb::default(),
        anchor: Anchor::Start,
        face: Face::Strong,
        turned: false,
    };
    let figure = Figure { width: 1.0, height: 1.0, marks: vec![Mark::Text(text)] };
    let tree = options().and_then(|options| Tree::from_str(&svg(&figure, &SvgOptions::default()), options).ok());
    let about = || word.chars().count() as f32 * LABEL_SIZE * ABOUT;
    tree.map_or_else(about, |tree| tree.root().abs_bounding_box().width())
}
