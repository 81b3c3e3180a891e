//! The first step: no matrices yet, but the sentence itself.

use super::{
    super::{
        Session,
        explain::Role,
        scene::Data,
        timeline::{self, eased, part},
        words,
    },
    Earlier, Grid, LABEL_SIZE, Picture, Place, View,
    draw::{about_width, cut},
    panel::{blend, lerp},
};
use crate::figure::{Anchor, Face, Line, Mark, Rect, Rgb, Text};
use crate::protocol::{Axis, Tensor};

/// No more chips than these are drawn.
const MOST_CHIPS: usize = 256;

/// The first step: the sentence comes apart into chips, and under it the one that keys and values are made of, if that is
/// another. While it goes over from an earlier one, chips of the same words move to their places, and others appear.
pub(super) fn draw(session: &Session, data: &Data, view: &View, earlier: Option<Earlier>) -> Picture {
    let mut picture = Picture::default();
    let (mut y, mut done, mut all) = (8.0, 0, 0);
    for tensor in [Tensor::Tokens, Tensor::KeyTokens].into_iter().filter(|tensor| tensor.is_of(&data.setup)) {
        if data.setup.is_cross {
            picture.figure.marks.push(Mark::Text(Text {
                x: 2.0,
                y: y + 6.0,
                text: words::made_of(tensor).to_owned(),
                size: 13.0,
                color: view.colors.role(if tensor == Tensor::Tokens { Role::Query } else { Role::Key }),
                anchor: Anchor::Start,
                face: Face::Strong,
                turned: false,
            }));
            y += 24.0;
        }
        let progress = draw_sentence(tensor, session, data, view, earlier, &mut y, &mut picture);
        (done, all) = (done + progress.0, all + progress.1);
    }
    picture.figure.width = view.width;
    picture.figure.height = y.max(view.least_height).ceil();
    picture.caption = words::token_of(done, all);
    picture
}

/// A sentence as chips; the same word in two places is linked. Returns how many are done, of how many.
fn draw_sentence(
    tensor: Tensor,
    session: &Session,
    data: &Data,
    view: &View,
    earlier: Option<Earlier>,
    y: &mut f32,
    picture: &mut Picture,
) -> (usize, usize) {
    let colors = &view.colors;
    let axis = tensor.axes().1;
    let (zoom, sentence) = match axis {
        Axis::Keys => (data.zoom.keys, data.context().keys),
        _ => (data.zoom.queries, data.tokens()),
    };
    let width_of = |index: usize| {
        view.token_widths.get(data.first_width(axis) + index).copied().unwrap_or(0.0) * 15.0 / LABEL_SIZE
    };
    // The chips of the tokens that the stage shows, as far as a picture can hold them.
    let all = zoom.within(sentence.len());
    let (first, count) = (all.start, all.len().min(MOST_CHIPS));
    let tokens = &sentence[first..first + count];
    let roomy = count <= 24;
    let (height, line_height) = if roomy { (54.0, 84.0) } else { (30.0, 38.0) };
    let position = session.shown_position();
    let done = timeline::tokens(position, count);
    // First the words come apart, then their chips appear. How much of a token's chip is there:
    let there = |index: usize| part(position * (count as f64 + 1.0), index as f64 - 0.6, index as f64 + 1.0);
    let (mut sentence_x, mut sentence_y) = (2.0, *y);
    let (mut words_at, space) = (Vec::with_capacity(count), about_width(" ", 15.0));
    let focus = view.focus.filter(|focus| focus.tensor == tensor).map(|focus| focus.column);
    let focus_id = focus.and_then(|focus| sentence.get(focus)).map(|token| token.id);
    let focus = focus.and_then(|focus| focus.checked_sub(first));

    // Where each chip stands.
    let mut boxes: Vec<(f32, f32, f32, f32)> = Vec::with_capacity(count);
    let mut x = 2.0;
    for (index, token) in tokens.iter().enumerate() {
        let word = width_of(first + index);
        let id = if roomy { about_width(&words::explain::token_id(token.id), 11.5) } else { 0.0 };
        let width =
            (word.min(view.width * 0.6) + about_width(&(first + index).to_string(), 11.5) + 30.0).max(id + 20.0);
        if x + width > view.width && x > 2.0 {
            (x, *y) = (2.0, *y + line_height);
        }
        boxes.push((x, *y, width, height));
        x += width + 10.0;
        // Where the word stands in the sentence.
        if sentence_x + word > view.width {
            (sentence_x, sentence_y) = (2.0, sentence_y + line_height);
        }
        words_at.push((sentence_x, sentence_y));
        sentence_x += word + space;
    }
    let chip_at = |index: usize| {
        let (mut place, mut is_there) = (boxes[index], 1.0);
        if let Some(earlier) = &earlier {
            let old = earlier.grids.iter().find(|grid| grid.tensor == tensor && index < grid.columns);
            let grid = old.filter(|_| earlier.same(axis, first + index, data));
            match grid.map(|grid| grid.cell_box(0, index)) {
                Some(old) => {
                    let t = eased(earlier.gone.into()) as f32;
                    place = (lerp(old.0, place.0, t), lerp(old.1, place.1, t), lerp(old.2, place.2, t), place.3);
                }
                None => is_there = earlier.gone,
            }
        }
        (place, is_there)
    };

    let marks = &mut picture.figure.marks;
    for (index, token) in tokens.iter().enumerate() {
        let ((left, top, width, height), new) = chip_at(index);
        let t = (there(index) as f32).min(new);
        let same = focus_id == Some(token.id);
        let cut_off = index >= done;
        let ink = |color: Rgb| blend(colors.panel, color, if cut_off { t } else { new });
        let stroke = match (focus == Some(index), same) {
            (true, _) => Some((colors.ink, 2.5)),
            (false, true) => Some((colors.accent, 2.0)),
            _ if cut_off => Some((ink(colors.line), 1.0)),
            _ => None,
        };
        let fill = Some(ink(colors.chip));
        marks.push(Mark::Rect(Rect { x: left, y: top, width, height, radius: 8.0, fill, stroke }));
        let first_line = if roomy { 18.0 } else { height / 2.0 };
        let text = |x: f32, y: f32, text: String, size: f32, color: Rgb, anchor: Anchor| {
            Mark::Text(Text { x, y, text, size, color, anchor, face: Face::Plain, turned: false })
        };
        let full = width_of(first + index);
        let word = cut(&token.text, full, view.width * 0.6);
        // The word goes from its place in the sentence to its place on the chip.
        let goes = eased(part(position, 0.0, 0.2)) as f32;
        let x = lerp(words_at[index].0, left + 10.0, goes);
        let y = lerp(words_at[index].1, top, goes) + first_line;
        marks.push(text(x, y, word, 15.0, blend(colors.panel, colors.ink, new), Anchor::Start));
        if !cut_off {
            let (number, soft) = ((first + index).to_string(), ink(colors.soft));
            marks.push(text(left + width - 10.0, top + first_line, number, 11.5, soft, Anchor::End));
            if roomy {
                let id = words::explain::token_id(token.id);
                marks.push(text(left + 10.0, top + 38.0, id, 11.5, soft, Anchor::Start));
            }
        }
    }
    // A bracket from each word to its next occurrence on the same line; on another line, its place is named.
    let next = |index: usize| (index + 1..count).find(|&later| tokens[later].id == tokens[index].id);
    for (index, later) in (0..count).filter_map(|index| Some((index, next(index)?))) {
        let (from, to) = (chip_at(index).0, chip_at(later).0);
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
                text: words::same_as(first + index),
                size: 11.5,
                color: colors.accent,
                anchor: Anchor::Middle,
                face: Face::Plain,
                turned: false,
            }));
        }
    }
    if let Some(more) = all.len().checked_sub(count).filter(|more| *more > 0) {
        *y += line_height;
        marks.push(Mark::Text(Text {
            x: 2.0,
            y: *y + 15.0,
            text: words::more_tokens(more),
            size: 13.0,
            color: colors.soft,
            anchor: Anchor::Start,
            face: Face::Plain,
            turned: false,
        }));
    }
    *y += line_height + 4.0;
    picture.grids.push(Grid {
        tensor,
        head: 0,
        transposed: false,
        rows: 1,
        columns: count,
        first: (0, first),
        of: (1, sentence.len()),
        place: Place::Each(boxes),
    });
    (done, count)
}
