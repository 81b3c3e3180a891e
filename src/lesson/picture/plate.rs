//! What is taken along as a figure: the same pictures as on the stage, with title, caption and margins.

use super::{
    Data, LABEL_SIZE, Picture, View,
    draw::{self, about_width},
    panel::{Item, Lights, Panel, Scale, Scene, Size},
    picture,
};
use crate::figure::{Anchor, Face, Figure, Mark, Text};
use crate::lesson::{
    Session, Step, range, scene,
    words::{self, print::calculated},
};
use crate::protocol::{Setup, Slice, Tensor};

/// What a figure shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The step on the stage, as it is there.
    Step,
    /// All steps, finished, one under the other.
    AllSteps,
    /// What the step makes, of every head.
    AllHeads,
    /// One matrix alone.
    One(Tensor),
}

impl Subject {
    /// What can be chosen in this session, of a run with this set-up.
    pub fn choices(session: &Session, setup: &Setup) -> Vec<Self> {
        let made = made(session, setup);
        let heads = (made.has_heads() && setup.heads > 1).then_some(Self::AllHeads);
        let is_matrix = |tensor: &Tensor| tensor.of_queries() != Tensor::Tokens && tensor.is_of(setup);
        let one = Tensor::ALL.into_iter().filter(is_matrix).map(Self::One);
        [Self::Step, Self::AllSteps].into_iter().chain(heads).chain(one).collect()
    }

    /// Which matrices it needs.
    pub fn slices(self, session: &Session, data: &Data) -> Vec<Slice> {
        let slices: Vec<Slice> = match self {
            Self::Step => data.slices_on_stage(session),
            Self::AllSteps => finished(session).iter().flat_map(|session| data.slices_on_stage(session)).collect(),
            Self::AllHeads => {
                let made = made(session, &data.setup);
                (0..data.setup.heads).map(|head| data.slice_on_stage(made, head)).collect()
            }
            Self::One(tensor) => vec![data.slice_on_stage(tensor, session.head)],
        };
        let mut needed = Vec::new();
        for slice in slices {
            if !needed.contains(&slice) {
                needed.push(slice);
            }
        }
        needed
    }

    /// What stands over it.
    pub fn title(self, session: &Session, setup: &Setup) -> String {
        match self {
            Self::Step => words::step_title(session.step, setup).to_owned(),
            Self::AllSteps => words::export::ALL_STEPS_TITLE.to_owned(),
            Self::AllHeads => words::export::in_all_heads(words::tensor_name(made(session, setup))),
            Self::One(tensor) => words::tensor_name(tensor).to_owned(),
        }
    }

    /// What a file of it is called, without its ending.
    pub fn file_name(self, session: &Session, setup: &Setup) -> String {
        let name = match self {
            Self::Step => session.step.name().to_owned(),
            Self::AllSteps => "all-steps".to_owned(),
            Self::AllHeads => [made(session, setup).name(), "-heads"].concat(),
            Self::One(tensor) => tensor.name().to_owned(),
        };
        ["headlight-", &name].concat()
    }
}

/// What the step makes.
fn made(session: &Session, setup: &Setup) -> Tensor {
    scene::result(session.step, session.projection, setup)
}

/// The session at the end of each step.
fn finished(session: &Session) -> Vec<Session> {
    let at_end = |step| Session { step, position: 1.0, arcs: None, ..session.clone() };
    Step::all_of(&session.setup).iter().copied().map(at_end).collect()
}

/// Around everything.
pub const MARGIN: f32 = 12.0;
/// The heading of a picture, and the title of the whole.
const HEADING_SIZE: f32 = 15.0;
/// The sentence, and the caption.
const CAPTION_SIZE: f32 = 11.0;
/// From one line of text to the next, in font sizes.
const LEADING: f32 = 1.4;
/// Between one picture and the next.
const GAP: f32 = 18.0;

/// How wide a figure is to be drawn, in CSS pixels, so that its labels are of `points` on paper that is so many
/// millimetres wide.
pub fn width_for(millimetres: f32, points: f32) -> f32 {
    const INCH: f32 = 25.4;
    const POINTS: f32 = 72.0;
    millimetres / INCH * POINTS * LABEL_SIZE / points
}

/// The sentence that a figure is of, as it was calculated.
pub fn sentence(data: &Data) -> String {
    let (sentence, of) = (scene::written(data.sentence(), data.setup.is_cross, scene::all_words), data.batch.len());
    if of > 1 { words::sentence_of(data.item, of, &sentence) } else { sentence }
}

/// With what and by what it was calculated.
pub fn caption(subject: Subject, session: &Session, data: &Data) -> String {
    let head = (subject != Subject::AllHeads).then_some(session.head);
    calculated(&data.setup.within(data.sentence().takes_paint()), head, &data.engine, session.range)
}

/// Draws it, `view.width` wide in all. `None` while a matrix that it needs has not come yet.
pub fn plate(subject: Subject, is_captioned: bool, session: &Session, data: &Data, view: &View) -> Option<Figure> {
    let mut inner = View { width: view.width - 2.0 * MARGIN, least_height: 0.0, ..view.clone() };
    let mut page = Page { figure: Figure { width: view.width, height: MARGIN, marks: Vec::new() }, view };
    if is_captioned {
        page.write(&subject.title(session, &data.setup), HEADING_SIZE, Face::Strong);
        page.write(&sentence(data), CAPTION_SIZE, Face::Plain);
        page.figure.height += GAP / 2.0;
    }
    match subject {
        Subject::Step => page.put(picture(session, data, &inner)?),
        Subject::AllSteps => {
            // What a person looks at is not what all steps are about.
            (inner.focus, inner.lit) = (None, Vec::new());
            for session in finished(session) {
                page.write(words::step_title(session.step, &data.setup), HEADING_SIZE, Face::Strong);
                page.put(picture(&session, data, &inner)?);
                page.figure.height += GAP;
            }
        }
        Subject::AllHeads => page.put(alone(made(session, &data.setup), 0..data.setup.heads, session, data, &inner)?),
        Subject::One(tensor) => page.put(alone(tensor, session.head..session.head + 1, session, data, &inner)?),
    }
    if is_captioned {
        page.figure.height += GAP / 2.0;
        page.write(&caption(subject, session, data), CAPTION_SIZE, Face::Plain);
    }
    page.figure.height = (page.figure.height + MARGIN).ceil();
    Some(page.figure)
}

/// A figure that grows downwards.
struct Page<'a> {
    figure: Figure,
    view: &'a View,
}

impl Page<'_> {
    /// A text, in as many lines as it needs.
    fn write(&mut self, text: &str, size: f32, face: Face) {
        let color = if face == Face::Strong { self.view.colors.ink } else { self.view.colors.soft };
        for line in lines(text, size, self.figure.width - 2.0 * MARGIN) {
            let y = self.figure.height + size * LEADING / 2.0;
            let (x, anchor, turned) = (MARGIN, Anchor::Start, false);
            self.figure.marks.push(Mark::Text(Text { x, y, text: line, size, color, anchor, face, turned }));
            self.figure.height += size * LEADING;
        }
    }

    fn put(&mut self, picture: Picture) {
        let arcs = picture.arcs.map(|arcs| arcs.figure);
        for figure in arcs.into_iter().chain([picture.figure]) {
            let down = self.figure.height;
            self.figure.marks.extend(figure.marks.into_iter().map(|mark| mark.moved(MARGIN, down)));
            self.figure.height += figure.height;
        }
    }
}

/// A text in lines of at most this width; a word that is longer has one to itself.
fn lines(text: &str, size: f32, width: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if about_width(line, size) + about_width(word, size) + about_width(" ", size) <= width => {
                *line += " ";
                *line += word;
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// One tensor, of these heads, on one scale.
fn alone(
    tensor: Tensor,
    heads: std::ops::Range<usize>,
    session: &Session,
    data: &Data,
    view: &View,
) -> Option<Picture> {
    let mut view = view.clone();
    view.colors.range = range::on_stage(session, data);
    let (is_one, colors) = (heads.len() == 1, view.colors);
    let matrices = heads.clone().map(|head| data.on_stage(tensor, head)).collect::<Option<Vec<_>>>()?;
    let largest = matrices.iter().copied().max_by(|a, b| a.largest.total_cmp(&b.largest))?;
    let scale = Scale::of(tensor, largest, &colors);
    let (rows, columns) = tensor.axes();
    let most = if is_one { (view.width, view.matrix_height) } else { (view.width / 2.0, view.matrix_height / 2.0) };
    let size = Size {
        total: most,
        cell: if columns.is_of_tokens() { (34.0, 34.0) } else { (28.0, 34.0) },
        square: rows.is_of_tokens() && columns.is_of_tokens(),
        fills: data.is_long() && rows.is_of_tokens(),
    };
    let panels = heads.zip(matrices.iter().copied()).map(|(head, matrix)| {
        let mut panel = Panel::new(tensor, head, matrix, size, &colors);
        panel.names_head = !is_one;
        Item::Panel(panel.labels(rows.is_of_tokens(), columns.is_of_tokens()).on(scale))
    });
    let masked = matrices.iter().any(|matrix| matrix.values.contains(&f32::NEG_INFINITY));
    let scene = Scene {
        rows: vec![panels.collect()],
        result: tensor,
        legend: (tensor, scale),
        masked,
        ticker: None,
        caption: String::new(),
        lights: Lights { focus: view.focus, ..Lights::default() },
        tiles: Vec::new(),
        moves: Vec::new(),
        arrival: 1.0,
    };
    Some(draw::draw(scene, data, &view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_they_may_be() {
        let text = "weights as PyTorch starts them, seed 42 · positions sinusoidal · mask none";
        let lines = lines(text, 11.0, 200.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| about_width(line, 11.0) <= 200.0), "{lines:?}");
        assert_eq!(lines.join(" "), text);
        assert_eq!(super::lines("a veryveryverylongword b", 11.0, 30.0), ["a", "veryveryverylongword", "b"]);
    }

    #[test]
    fn labels_are_as_large_on_paper_as_was_asked_for() {
        // 89 mm are 252.3 pt, which is 36 letters of 7 pt, each LABEL_SIZE wide on the drawing.
        assert!((width_for(89.0, 7.0) - 252.283 / 7.0 * LABEL_SIZE).abs() < 0.01);
    }
}
