//! Paints figures on a 2D canvas at device pixels.

use leptos::prelude::window;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::dom::px;
use crate::figure::{Anchor, Face, Figure, Line, Mark, Rect, Text, raster, svg::BASELINE};
use crate::lesson::{picture::LABEL_SIZE, scene::Data};

/// The page's own letters; the style sheet names the same.
const SANS: &str = r#"system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif"#;
/// Mathematical letters.
const SERIF: &str = r#"Georgia,"Times New Roman",serif"#;

/// Makes the canvas as large as the figure and paints it.
pub fn paint(canvas: &HtmlCanvasElement, figure: &Figure) {
    paint_scaled(canvas, figure, 1.0, window().device_pixel_ratio());
}

/// Makes the canvas `scale` times as large as the figure and paints it, with so many pixels to a CSS pixel.
pub fn paint_scaled(canvas: &HtmlCanvasElement, figure: &Figure, scale: f32, ratio: f64) {
    let ratio = ratio * f64::from(scale);
    let pixels = |length: f32| (f64::from(length) * ratio).round() as u32;
    let (width, height) = (pixels(figure.width), pixels(figure.height));
    // Setting the size clears the canvas, and costs even when nothing changes.
    if canvas.width() != width || canvas.height() != height {
        canvas.set_width(width);
        canvas.set_height(height);
        let style = web_sys::HtmlElement::style(canvas);
        for (property, length) in [("width", figure.width), ("height", figure.height)] {
            style.set_property(property, &px(length * scale)).expect("a plain length is a valid style");
        }
    }
    let Some(context) = context(canvas) else {
        return;
    };
    context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).expect("the identity can be set");
    context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
    context.scale(ratio, ratio).expect("a canvas can be scaled");
    let mut font = String::new();
    for mark in &figure.marks {
        match mark {
            Mark::Heatmap(heatmap) => {
                let raster = raster::heatmap(heatmap, ratio as f32);
                let (left, top) = ((heatmap.x * ratio as f32).round(), (heatmap.y * ratio as f32).round());
                // A matrix thinner than a device pixel has no picture.
                if raster.width > 0 && raster.height > 0 {
                    put(&context, &raster, left, top);
                }
            }
            Mark::Rect(rect) => paint_rect(&context, rect),
            Mark::Line(line) => paint_line(&context, line),
            Mark::Text(text) => paint_text(&context, text, &mut font),
        }
    }
}

/// What is on a canvas, row by row, four bytes a pixel.
pub fn pixels(canvas: &HtmlCanvasElement) -> Option<Vec<u8>> {
    let (width, height) = (canvas.width().into(), canvas.height().into());
    Some(context(canvas)?.get_image_data(0.0, 0.0, width, height).ok()?.data().0)
}

/// Marks on the browser's performance timeline what has happened to a run; the benches read it. Old marks go: the browser
/// would keep all of them.
pub fn mark(what: &str, run: u64) {
    const KEPT: u64 = 256;
    let name = |run: u64| format!("headlight:{what} {run}");
    if let Some(performance) = window().performance() {
        // A timeline that takes no marks is no reason to stop.
        let _ = performance.mark(&name(run));
        performance.clear_marks_with_mark_name(&name(run.saturating_sub(KEPT)));
    }
}

/// How wide the labels of a run's tokens are: those of keys, where they are other words, come after those of queries.
pub fn token_widths(canvas: &HtmlCanvasElement, data: &Data) -> Vec<f32> {
    let keys = data.context().keys.iter().filter(|_| data.setup.is_cross);
    label_widths(canvas, data.tokens().iter().chain(keys).map(|token| token.text.as_str()))
}

/// How wide words are as labels of the figure, in CSS pixels.
fn label_widths<'a>(canvas: &HtmlCanvasElement, words: impl Iterator<Item = &'a str>) -> Vec<f32> {
    let Some(context) = context(canvas) else {
        return Vec::new();
    };
    // Measured as bold, because a label may become bold.
    context.set_font(&format!("600 {} {SANS}", px(LABEL_SIZE)));
    words.map(|word| context.measure_text(word).map_or(0.0, |metrics| metrics.width() as f32)).collect()
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

fn put(context: &CanvasRenderingContext2d, raster: &raster::Raster, left: f32, top: f32) {
    let (width, height) = (raster.width as u32, raster.height as u32);
    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&raster.rgba), width, height)
        .expect("a raster has four bytes a pixel");
    context.put_image_data(&image, f64::from(left), f64::from(top)).expect("the canvas is the page's own");
}

fn paint_rect(context: &CanvasRenderingContext2d, rect: &Rect) {
    let [x, y, width, height, radius] = [rect.x, rect.y, rect.width, rect.height, rect.radius].map(f64::from);
    context.begin_path();
    context.round_rect_with_f64(x, y, width, height, radius).expect("a radius is not negative");
    if let Some(color) = rect.fill {
        context.set_fill_style_str(&color.to_string());
        context.fill();
    }
    if let Some((color, width)) = rect.stroke {
        context.set_stroke_style_str(&color.to_string());
        context.set_line_width(f64::from(width));
        context.stroke();
    }
}

fn paint_line(context: &CanvasRenderingContext2d, line: &Line) {
    context.begin_path();
    for &(x, y) in &line.points {
        context.line_to(f64::from(x), f64::from(y));
    }
    context.set_stroke_style_str(&line.color.to_string());
    context.set_line_width(f64::from(line.width));
    context.stroke();
}

/// `font` is the one that the context has now; setting the same one again would cost.
fn paint_text(context: &CanvasRenderingContext2d, text: &Text, font: &mut String) {
    let wanted = match text.face {
        Face::Plain => format!("{} {SANS}", px(text.size)),
        Face::Strong => format!("600 {} {SANS}", px(text.size)),
        Face::Math => format!("italic 600 {} {SERIF}", px(text.size)),
    };
    if *font != wanted {
        context.set_font(&wanted);
        *font = wanted;
    }
    context.set_fill_style_str(&text.color.to_string());
    context.set_text_align(match text.anchor {
        Anchor::Start => "left",
        Anchor::Middle => "center",
        Anchor::End => "right",
    });
    let (x, y, baseline) = (f64::from(text.x), f64::from(text.y), f64::from(BASELINE * text.size));
    if text.turned {
        context.save();
        context.translate(x, y).expect("a canvas can be moved");
        context.rotate(-std::f64::consts::FRAC_PI_2).expect("a canvas can be turned");
        context.fill_text(&text.text, 0.0, baseline).expect("text can be painted");
        context.restore();
    } else {
        context.fill_text(&text.text, x, y + baseline).expect("text can be painted");
    }
}
