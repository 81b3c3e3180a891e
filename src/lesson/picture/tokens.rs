//! The first step: no matrices yet, but the sentence itself.

use super::{
    super::{Session, scene::Data, timeline, words},
    Grid, LABEL_SIZE, Picture, Place, View,
    draw::{about_width, cut},
};
use crate::figure::{Anchor, Face, Figure, Line, Mark, Rect, Rgb, Text};
use crate::protocol::Tensor;

/// The first step: the sentence as chips; the same word in two places is linked.
pub(super) fn draw(session: &Session, data: &Data, view: &View) -> Picture {
    let colors = &view.colors;
    let count = data.tokens.len();
    let roomy = count <= 24;
    let (height, line_height) = if roomy { (54.0, 84.0) } else { (30.0, 38.0) };
    let done = timeline::tokens(session.shown_position(), count);
    let focus = view.focus.filter(|focus| focus.tensor == Tensor::Tokens).map(|focus| focus.column);
    let focus_id = focus.and_then(|focus| data.tokens.get(focus)).map(|token| token.id);

    // Where each chip stands.
    let mut boxes: Vec<(f32, f32, f32, f32)> = Vec::with_capacity(count);
    let (mut x, mut y) = (2.0, 8.0);
    for index in 0..count {
        let word = view.token_widths.get(index).copied().unwrap_or(0.0) * 15.0 / LABEL_SIZE;
        let id = if roomy { about_width(&words::explain::token_id(data.tokens[index].id), 11.5) } else { 0.0 };
        let width = (word.min(view.width * 0.6) + about_width(&index.to_string(), 11.5) + 30.0).max(id + 20.0);
        if x + width > view.width && x > 2.0 {
            (x, y) = (2.0, y + line_height);
        }
        boxes.push((x, y, width, height));
        x += width + 10.0;
    }

    let mut marks = Vec::new();
    for (index, token) in data.tokens.iter().enumerate() {
        let (left, top, width, height) = boxes[index];
        let same = focus_id == Some(token.id);
        let cut_off = index >= done;
        let stroke = match (focus == Some(index), same) {
            (true, _) => Some((colors.ink, 2.5)),
            (false, true) => Some((colors.accent, 2.0)),
            _ if cut_off => Some((colors.line, 1.0)),
            _ => None,
        };
        let fill = (!cut_off).then_some(colors.chip);
        marks.push(Mark::Rect(Rect { x: left, y: top, width, height, radius: 8.0, fill, stroke }));
        let first_line = if roomy { top + 18.0 } else { top + height / 2.0 };
        let text = |x: f32, y: f32, text: String, size: f32, color: Rgb, anchor: Anchor| {
            Mark::Text(Text { x, y, text, size, color, anchor, face: Face::Plain, turned: false })
        };
        let full = view.token_widths.get(index).copied().unwrap_or(0.0) * 15.0 / LABEL_SIZE;
        let word = cut(&token.text, full, view.width * 0.6);
        marks.push(text(left + 10.0, first_line, word, 15.0, colors.ink, Anchor::Start));
        if !cut_off {
            marks.push(text(left + width - 10.0, first_line, index.to_string(), 11.5, colors.soft, Anchor::End));
            if roomy {
                let id = words::explain::token_id(data.tokens[index].id);
                marks.push(text(left + 10.0, top + 38.0, id, 11.5, colors.soft, Anchor::Start));
            }
        }
    }
    // A bracket from each word to its next occurrence on the same line; on another line, its place is named.
    let next = |index: usize| (index + 1..count).find(|&later| data.tokens[later].id == data.tokens[index].id);
    for (index, later) in (0..count).filter_map(|index| Some((index, next(index)?))) {
        let (from, to) = (boxes[index], boxes[later]);
        if !roomy || later >= done {
            continue;
        }
        if from.1 == to.1 {
            let (start, end) = (from.0 + from.2 / 2.0, to.0 + to.2 / 2.0);
            let (top, bottom) = (from.1 + height + 3.0, from.1 + height + 14.0);
            marks.push(Mark::Line(Line {
                points: vec![(start, top), (start, bottom), (end, bottom), (end, top)],
                color: colors.accent,
                width: 1.5,
            }));
        } else {
            marks.push(Mark::Text(Text {
                x: to.0 + to.2 / 2.0,
                y: to.1 + height + 10.0,
                text: words::same_as(index),
                size: 11.5,
                color: colors.accent,
                anchor: Anchor::Middle,
                face: Face::Plain,
                turned: false,
            }));
        }
    }
    let height = (y + line_height + 4.0).max(view.least_height).ceil();
    let figure = Figure { width: view.width, height, marks };
    let grid =
        Grid { tensor: Tensor::Tokens, head: 0, transposed: false, rows: 1, columns: count, place: Place::Each(boxes) };
    Picture { figure, grids: vec![grid], caption: words::token_of(done, count) }
}
