//! A [`Figure`] as a file of its own.

use super::raster::{HATCH_PERIOD, HATCH_WIDTH};
use super::{Anchor, Cell, Face, Figure, Heatmap, Line, Mark, Rect, Rgb, Text};

/// From a text's `y`, the middle of its letters, down to their baseline, in font sizes: half the height of digits and
/// capitals. Whatever paints text uses it, so that all pictures of a figure agree.
pub const BASELINE: f32 = 0.35;

/// What a file needs besides the figure.
#[derive(Clone, Debug, PartialEq)]
pub struct SvgOptions {
    /// Read out for the picture and shown as its name; none if empty.
    pub title: String,
    /// What the picture shows, and how it was made; none if empty.
    pub description: String,
    /// The program that made it; none if empty.
    pub creator: String,
    /// How wide the picture is on paper, in millimetres; as many CSS pixels as the figure has if none.
    pub millimetres: Option<f32>,
    /// Behind everything; transparent if none.
    pub background: Option<Rgb>,
    /// CSS font families of [`Face::Plain`] and [`Face::Strong`].
    pub sans: String,
    /// CSS font families of [`Face::Math`].
    pub serif: String,
}

impl Default for SvgOptions {
    fn default() -> Self {
        SvgOptions {
            title: String::new(),
            description: String::new(),
            creator: String::new(),
            millimetres: None,
            background: None,
            sans: "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif".to_owned(),
            serif: "Georgia, 'Times New Roman', serif".to_owned(),
        }
    }
}

/// The figure as a complete SVG 1.1 document. The same figure and options give the same bytes.
///
/// `dominant-baseline` is not used, for many programs ignore it: a text stands on the baseline that belongs to its middle.
pub fn svg(figure: &Figure, options: &SvgOptions) -> String {
    let (width, height) = (short(figure.width), short(figure.height));
    let (wide, high) = match options.millimetres {
        None => (width.clone(), height.clone()),
        Some(wide) => (format!("{}mm", short(wide)), format!("{}mm", short(wide / figure.width * figure.height))),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" role=\"img\" width=\"{wide}\" height=\"{high}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{}\" xml:space=\"preserve\">\n",
        escaped(&options.sans)
    );
    if !options.title.is_empty() {
        svg += &format!("<title>{}</title>\n", escaped(&options.title));
    }
    if !options.description.is_empty() {
        svg += &format!("<desc>{}</desc>\n", escaped(&options.description));
    }
    if !options.creator.is_empty() {
        svg += &metadata(options);
    }
    if let Some(background) = options.background {
        svg += &format!("<rect width=\"{width}\" height=\"{height}\" fill=\"{background}\"/>\n");
    }
    for (index, mark) in figure.marks.iter().enumerate() {
        match mark {
            Mark::Heatmap(heatmap) => svg_heatmap(&mut svg, heatmap, index),
            Mark::Rect(rect) => svg_rect(&mut svg, rect),
            Mark::Line(line) => svg_line(&mut svg, line),
            Mark::Text(text) => svg_text(&mut svg, text, &options.serif),
        }
    }
    svg + "</svg>\n"
}

/// What picture managers and Inkscape read: Dublin Core in RDF, as SVG asks for.
fn metadata(options: &SvgOptions) -> String {
    let [title, description, creator] =
        [&options.title, &options.description, &options.creator].map(|text| escaped(text));
    format!(
        "<metadata><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><rdf:Description rdf:about=\"\"><dc:title>{title}</dc:title>\
         <dc:description>{description}</dc:description><dc:creator>{creator}</dc:creator>\
         <dc:format>image/svg+xml</dc:format></rdf:Description></rdf:RDF></metadata>\n"
    )
}

fn svg_heatmap(svg: &mut String, heatmap: &Heatmap, index: usize) {
    let hatching = format!("hatching-{index}");
    if heatmap.cells.contains(&Cell::Masked) {
        svg_hatching(svg, heatmap, &hatching);
    }
    let (width, height) = (short(heatmap.cell_width - heatmap.gap), short(heatmap.cell_height - heatmap.gap));
    // Without crisp edges the ground shines through between cells that touch.
    *svg += "<g shape-rendering=\"crispEdges\">\n";
    for (row, cells) in heatmap.cells.chunks(heatmap.columns.max(1)).enumerate() {
        let y = short(heatmap.y + row as f32 * heatmap.cell_height);
        for (column, cell) in cells.iter().enumerate() {
            let x = short(heatmap.x + column as f32 * heatmap.cell_width);
            let rect = |fill: &str| {
                format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>\n")
            };
            match cell {
                Cell::Color(color) => *svg += &rect(&color.to_string()),
                // The ground is no part of the pattern, whose tiles can show seams.
                Cell::Masked => {
                    *svg += &(rect(&heatmap.hatch_ground.to_string()) + &rect(&format!("url(#{hatching})")))
                }
                Cell::Empty => {}
            }
        }
    }
    *svg += "</g>\n";
}

/// One tile of the hatching: lines at x + y = ½ and 1½ periods, which leave it by the middle of its edges.
fn svg_hatching(svg: &mut String, heatmap: &Heatmap, id: &str) {
    let (x, y, period, width) = (short(heatmap.x), short(heatmap.y), short(HATCH_PERIOD), short(HATCH_WIDTH));
    let (first, second) = (short(HATCH_PERIOD / 2.0 + 1.0), short(HATCH_PERIOD / 2.0 - 1.0));
    let beyond = short(HATCH_PERIOD + 1.0);
    *svg += &format!(
        "<pattern id=\"{id}\" patternUnits=\"userSpaceOnUse\" x=\"{x}\" y=\"{y}\" width=\"{period}\" height=\"{period}\">\
         <path d=\"M-1 {first}L{first} -1M{second} {beyond}L{beyond} {second}\" stroke=\"{}\" stroke-width=\"{width}\"/>\
         </pattern>\n",
        heatmap.hatch_line
    );
}

fn svg_rect(svg: &mut String, rect: &Rect) {
    let fill = rect.fill.map_or("none".to_owned(), |fill| fill.to_string());
    *svg += &format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"",
        short(rect.x),
        short(rect.y),
        short(rect.width),
        short(rect.height)
    );
    if rect.radius > 0.0 {
        *svg += &format!(" rx=\"{}\"", short(rect.radius));
    }
    if let Some((color, width)) = rect.stroke {
        *svg += &format!(" stroke=\"{color}\" stroke-width=\"{}\"", short(width));
    }
    *svg += "/>\n";
}

fn svg_line(svg: &mut String, line: &Line) {
    let points: Vec<_> = line.points.iter().map(|&(x, y)| format!("{},{}", short(x), short(y))).collect();
    *svg += &format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"/>\n",
        points.join(" "),
        line.color,
        short(line.width)
    );
}

fn svg_text(svg: &mut String, text: &Text, serif: &str) {
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let face = match text.face {
        Face::Plain => String::new(),
        Face::Strong => " font-weight=\"600\"".to_owned(),
        Face::Math => format!(" font-family=\"{}\" font-style=\"italic\"", escaped(serif)),
    };
    let turned = match text.turned {
        false => String::new(),
        true => format!(" transform=\"rotate(-90 {} {})\"", short(text.x), short(text.y)),
    };
    *svg += &format!(
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{anchor}{face}{turned}>{}</text>\n",
        short(text.x),
        short(text.y + BASELINE * text.size),
        short(text.size),
        text.color,
        escaped(&text.text)
    );
}

/// A number as short as two decimals allow.
fn short(number: f32) -> String {
    let hundredths = (f64::from(number) * 100.0).round() as i64;
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
    match rest {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest:02}").trim_end_matches('0').to_owned(),
    }
}

/// Text as XML may hold it, between tags or quotes. Characters that XML forbids are dropped, and so are all controls.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => {}
            _ if char.is_control() => {}
            _ => escaped.push(char),
        }
    }
    escaped
}
