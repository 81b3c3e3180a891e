//! Attention as arcs over the words: from a word to each that it looks at, as wide as its share.

use super::{
    super::{
        Arcs, Session, Step,
        explain::{Context, Role},
        light::words_of,
        number::fixed,
        scene::Data,
        theme::Colors,
        timeline::{SoftmaxPart, row_by_row, softmax_part},
        words::arcs as say,
    },
    LABEL_SIZE, View,
    draw::{Legend, about_width, cut, draw_legend},
    panel::{Scale, blend},
};
use crate::builtin;
use crate::figure::{Anchor, Face, Figure, Line, Mark, Rect, Rgb, Text, colormap::contrast};
use crate::protocol::{Axis, CellRef, Matrix, Tensor};

/// The arcs of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArcsPicture {
    /// What is painted.
    pub figure: Figure,
    /// The first token that is drawn.
    pub first: usize,
    /// Where each word is, with its number: left, top, width, height.
    pub words: Vec<(f32, f32, f32, f32)>,
    /// What the row that is shown says, in words.
    pub text: String,
}

/// Kept free under the figure for the text, in CSS pixels.
pub const TEXT_HEIGHT: f32 = 22.0;
/// The width of an arc whose share is at the scale's end, in CSS pixels.
pub const WIDEST: f32 = 14.0;
/// A line that is thinner has no edge, in CSS pixels.
const THIN: f32 = 4.0;
/// More words have no arcs.
const MOST_WORDS: usize = 256;
/// With more words than these, only one word's arcs are drawn.
const MOST_AT_ONCE: usize = 24;
/// How far the longest arc reaches from the words.
const RISE: f32 = 58.0;
/// How far the shortest does, and a word's own.
const LEAST_RISE: f32 = 20.0;
/// How wide a word's own arc is.
const LOOP: f32 = 22.0;
/// The size of the words.
const WORD_SIZE: f32 = 14.0;
/// The size of the shares under them.
const SHARE_SIZE: f32 = 11.0;
/// Between two words, at least and at most.
const SPACE: (f32, f32) = (16.0, 64.0);
/// The longest word that is written in full.
const LONGEST: f32 = 110.0;

impl ArcsPicture {
    /// How much of the stage's height it takes.
    pub fn height(&self) -> f32 {
        self.figure.height + TEXT_HEIGHT
    }
}

/// Whether a step's stage has arcs in this session: where the weights are drawn, and not what has changed of them. Arcs are
/// between the words of one sentence.
pub fn has_arcs(session: &Session) -> bool {
    matches!(session.step, Step::Softmax | Step::Mix) && session.before.is_none() && !session.setup.is_cross
}

/// The cell that a word on the stage stands for: while a query is kept, the word as its key; otherwise where it looks
/// most, as a query. `None` where there is nothing to see.
pub fn cell_of(session: &Session, data: &Data, word: usize) -> Option<CellRef> {
    let row = Row::of(session, data, kept_query(session, data).unwrap_or(word))?;
    let key = if row.query == word && kept_query(session, data).is_none() { row.strongest()? } else { word };
    row.share(key)?;
    Some(CellRef { tensor: Tensor::Weights, head: session.head, row: row.query, column: key })
}

/// The word that a cell stands for in the same way: what the keyboard is at.
pub fn word_of(session: &Session, data: &Data, cell: CellRef) -> Option<usize> {
    let (query, key) = words_of(cell);
    if kept_query(session, data).is_some() { key.or(query) } else { query.or(key) }
}

/// What a word says of itself: where it looks most, or, while a query is kept, what it gets from that.
pub fn name_of(session: &Session, data: &Data, word: usize) -> String {
    let context = data.context();
    let name = context.word_in_place(Axis::Queries, word);
    let kept = kept_query(session, data);
    let Some(row) = Row::of(session, data, kept.unwrap_or(word)) else { return name };
    match (kept, row.strongest()) {
        (Some(query), _) => match row.share(word) {
            Some(share) => say::gets(&name, &context.word_in_place(Axis::Queries, query), share.into()),
            None if !row.keys().contains(&word) => name,
            None => say::hidden_from(&name, &context.word_in_place(Axis::Queries, query)),
        },
        (None, None) => say::looks_nowhere(&name, row.sees_all),
        (None, Some(key)) => {
            let share = row.share(key).unwrap_or_default();
            say::looks_most(&name, &row.name(key, context), share.into(), row.sees_all)
        }
    }
}

/// So many words of the stage have something to say of themselves: while Softmax is played, those whose rows are done.
pub fn told(session: &Session, data: &Data) -> usize {
    let (queries, _) = data.in_sight(Tensor::Weights);
    queries.take_while(|query| Row::of(session, data, *query).is_some()).count()
}

/// The query that a person keeps, where its row is on the stage.
fn kept_query(session: &Session, data: &Data) -> Option<usize> {
    let kept = session.pinned.filter(|kept| kept.tensor == Tensor::Weights && kept.head == session.head)?;
    Row::of(session, data, kept.row).map(|row| row.query)
}

/// A query's row of the weights on the stage.
struct Row<'a> {
    query: usize,
    first_key: usize,
    /// Those of hidden keys are −∞.
    shares: &'a [f32],
    /// Whether these are all keys.
    sees_all: bool,
}

impl<'a> Row<'a> {
    /// `None` if it is out of sight, did not come in full, or is not worked out yet.
    fn of(session: &Session, data: &'a Data, query: usize) -> Option<Self> {
        let matrix = weights(session, data).filter(|matrix| matrix.is_whole())?;
        let row = query.checked_sub(matrix.first_row).filter(|row| *row < matrix.rows)?;
        let (part, local) = softmax_part(session.shown_position());
        let is_made = part == SoftmaxPart::Divide && row_by_row(local, row, matrix.rows) >= 1.0;
        let shares = &matrix.values[row * matrix.columns..][..matrix.columns];
        let sees_all = matrix.columns == data.shape(Tensor::Weights).1;
        (is_made || session.step != Step::Softmax).then_some(Self {
            query,
            first_key: matrix.first_column,
            shares,
            sees_all,
        })
    }

    /// `None` for a key that is hidden or out of sight.
    fn share(&self, key: usize) -> Option<f32> {
        let share = *self.shares.get(key.checked_sub(self.first_key)?)?;
        (share != f32::NEG_INFINITY).then_some(share)
    }

    fn keys(&self) -> std::ops::Range<usize> {
        self.first_key..self.first_key + self.shares.len()
    }

    fn strongest(&self) -> Option<usize> {
        self.largest_but(&[])
    }

    /// The key with the largest share, of those that are not among these.
    fn largest_but(&self, taken: &[usize]) -> Option<usize> {
        let mut largest: Option<(usize, f32)> = None;
        for key in self.keys().filter(|key| !taken.contains(key)) {
            let Some(share) = self.share(key) else { continue };
            if largest.is_none_or(|(_, most)| share > most) {
                largest = Some((key, share));
            }
        }
        largest.map(|(key, _)| key)
    }

    fn name(&self, key: usize, context: Context) -> String {
        if key == self.query { say::ITSELF.to_owned() } else { context.word_in_place(Axis::Queries, key) }
    }

    /// All of it in words, largest first.
    fn text(&self, context: Context) -> String {
        let mut named = Vec::new();
        let mut shares = Vec::new();
        while let Some(key) = self.largest_but(&named).filter(|_| named.len() < say::MOST_NAMED) {
            shares.push(say::share_of(&self.name(key, context), self.share(key).unwrap_or_default().into()));
            named.push(key);
        }
        let (mut others, mut rest, mut hidden) = (0, 0.0, Vec::new());
        for key in self.keys().filter(|key| !named.contains(key)) {
            match self.share(key) {
                Some(share) => (others, rest) = (others + 1, rest + f64::from(share)),
                None => hidden.push(context.word_in_place(Axis::Queries, key)),
            }
        }
        let query = context.word_in_place(Axis::Queries, self.query);
        say::row(&query, &shares, (others, rest), &hidden, self.sees_all)
    }
}

/// The weights on the stage, where they are no changes.
fn weights<'a>(session: &Session, data: &'a Data) -> Option<&'a Matrix> {
    data.on_stage(Tensor::Weights, session.head)
        .filter(|matrix| has_arcs(session) && !data.setup.is_cross && !matrix.is_change)
}

/// Draws the arcs, where they are asked for and the step has them.
pub fn arcs(session: &Session, data: &Data, view: &View) -> Option<ArcsPicture> {
    let wanted = session.arcs?;
    let matrix = weights(session, data)?;
    let context = data.context();
    let (queries, keys) = data.in_sight(Tensor::Weights);
    let (first, end) = (queries.start.min(keys.start), queries.end.max(keys.end));
    // Queries and keys in sight may lie far apart.
    if !matrix.is_whole() || end - first > MOST_WORDS {
        return Some(ArcsPicture { text: say::TOO_MANY.to_owned(), ..ArcsPicture::default() });
    }
    let (query, key) = view.focus.map(words_of).unwrap_or_default();
    let query = query.filter(|query| queries.contains(query));
    // All at once, until a person looks at one.
    let all = wanted == Arcs::All && end - first <= MOST_AT_ONCE && (query.is_none() || !view.chosen);
    let shown = if all { queries.clone() } else { query.map_or(queries.end - 1..queries.end, |one| one..one + 1) };
    let rows: Vec<Row> = shown.clone().filter_map(|query| Row::of(session, data, query)).collect();

    let one = if all { None } else { rows.first() };
    let key = key.filter(|_| one.is_some() && query.is_some());
    let key = key.or(one.filter(|_| query.is_none()).and_then(Row::strongest));
    // One word's arcs all begin there, which says where they lead; of all words', the side says it.
    let looks_ahead = data.setup.mask.right != Some(0) || data.setup.within(data.sentence().takes_paint()).is_painted();
    let both_sides = wanted == Arcs::All && end - first <= MOST_AT_ONCE && looks_ahead;
    let line = WordLine::new(first..end, both_sides, data, view);
    let scale = Scale::of(Tensor::Weights, matrix, &view.colors);
    let mut marks = Vec::new();
    draw_arcs(&rows, one.and(key), &line, scale, view, &mut marks);
    let asks = if all { None } else { Some(shown.start) };
    let words = draw_words(asks, one, key, &line, data, view, &mut marks);
    let sides = line.both_sides.then_some(say::SIDES);
    let beyond = scale.beyond(&matrix.values);
    let legend = Legend { meaning: say::LEGEND, scale, beyond, more: sides, wedge: Some(WIDEST) };
    let height = draw_legend(&legend, line.bottom - 2.0, view, &mut marks);
    let text = match (one, all) {
        (Some(row), _) => row.text(context),
        (None, true) => say::HINT.to_owned(),
        (None, false) => say::NOT_YET.to_owned(),
    };
    let text =
        if wanted == Arcs::All && end - first > MOST_AT_ONCE { [say::ONE_OF_MANY, " ", &text].concat() } else { text };
    Some(ArcsPicture { figure: Figure { width: view.width, height, marks }, first, words, text })
}

/// The words in a line, and where arcs may be.
struct WordLine {
    first: usize,
    /// Left edge and width of each word's place.
    places: Vec<(f32, f32)>,
    /// Whether the words are turned upwards: they have no room side by side.
    turned: bool,
    /// Where arcs over the words stand.
    over: f32,
    /// Between words and shares.
    middle: f32,
    /// Where arcs under the words hang.
    under: f32,
    /// The lower edge of everything.
    bottom: f32,
    /// Whether arcs may hang under the words.
    both_sides: bool,
}

impl WordLine {
    fn new(words: std::ops::Range<usize>, both_sides: bool, data: &Data, view: &View) -> Self {
        let width_of = |index: usize| full_width(index, view).min(LONGEST);
        let count = words.len() as f32;
        let widths: f32 = words.clone().map(width_of).sum();
        let turned = widths + SPACE.0 * count > view.width;
        let space = ((view.width - widths) / count).clamp(SPACE.0, SPACE.1);
        // The first and the last word's own arcs need room at the edges.
        let mut left = if turned { LOOP } else { (view.width - widths - space * count) / 2.0 };
        let mut places = Vec::with_capacity(words.len());
        for index in words.clone() {
            let width = if turned { (view.width - 2.0 * LOOP) / count } else { width_of(index) + space };
            places.push((left, width));
            left += width;
        }
        // The longest word of the sentence, also where it is out of sight: zooming moves nothing.
        let longest = (0..data.tokens().len()).map(width_of).fold(0.0, f32::max);
        let (word_height, share_height) = if turned { (longest + 8.0, 36.0) } else { (24.0, 17.0) };
        let over = RISE + WIDEST / 2.0 + 2.0;
        let middle = over + word_height;
        let under = middle + share_height;
        let bottom = under + if both_sides { over } else { 2.0 };
        Self { first: words.start, places, turned, over, middle, under, bottom, both_sides }
    }

    fn middle_of(&self, word: usize) -> f32 {
        let (left, width) = self.places[word - self.first];
        left + width / 2.0
    }

    /// From the first word's middle to the last one's.
    fn length(&self) -> f32 {
        let last = self.first + self.places.len() - 1;
        (self.middle_of(last) - self.middle_of(self.first)).max(1.0)
    }

    /// An arc from a query to a key. Where there are two sides, those to later words are under the words.
    fn arc(&self, query: usize, key: usize) -> Vec<(f32, f32)> {
        const POINTS: usize = 24;
        let (from, to) = (self.middle_of(query), self.middle_of(key));
        let (middle, half) = if query == key { (from, LOOP / 2.0) } else { ((from + to) / 2.0, (from - to) / 2.0) };
        let rise = LEAST_RISE + (RISE - LEAST_RISE) * if query == key { 0.0 } else { half.abs() * 2.0 / self.length() };
        let (base, rise) = if self.both_sides && key > query { (self.under, rise) } else { (self.over, -rise) };
        let point = |index: usize| {
            let angle = index as f64 / POINTS as f64 * std::f64::consts::PI;
            (middle + half * builtin::cos(angle) as f32, base + rise * builtin::sin(angle) as f32)
        };
        (0..=POINTS).map(point).collect()
    }
}

fn full_width(index: usize, view: &View) -> f32 {
    view.token_widths.get(index).copied().unwrap_or(0.0) * WORD_SIZE / LABEL_SIZE
}

/// The colour of a line of this width: a thin one, which has no edge, is lightened or darkened until it can be seen.
pub(super) fn line_color(color: Rgb, width: f32, colors: &Colors) -> Rgb {
    let is_faint = width < THIN && contrast(color, colors.panel) < 3.0;
    if is_faint { blend(color, colors.soft, 0.6) } else { color }
}

/// How wide an arc of this share is.
fn width_of(share: f32, scale: Scale) -> f32 {
    WIDEST * (share / scale.end()).clamp(0.0, 1.0)
}

/// The weakest first, so that the strong ones are seen; last of all the one to the key at hand.
fn draw_arcs(rows: &[Row], key: Option<usize>, line: &WordLine, scale: Scale, view: &View, marks: &mut Vec<Mark>) {
    const BANDS: usize = 8;
    let colors = &view.colors;
    for band in 0..=BANDS {
        for row in rows {
            for to in row.keys() {
                let Some(share) = row.share(to).filter(|share| *share > 0.0) else { continue };
                let at_hand = key == Some(to);
                let (strength, width) = ((share / scale.end()).clamp(0.0, 1.0), width_of(share, scale));
                let of = if at_hand { BANDS } else { (strength * (BANDS as f32 - 1.0)) as usize };
                if of != band {
                    continue;
                }
                let points = line.arc(row.query, to);
                // An edge, so that any colour stands out on the ground; a thin arc would be nothing but edges.
                let edge = if at_hand { (colors.ink, 4.0) } else { (blend(colors.panel, colors.soft, 0.7), 1.2) };
                if at_hand || width >= THIN {
                    marks.push(Mark::Line(Line { points: points.clone(), color: edge.0, width: width + edge.1 }));
                }
                marks.push(Mark::Line(Line { points, color: line_color(scale.color(share), width, colors), width }));
            }
        }
    }
}

/// The words, and under each the share that it gets. Returns where they are.
fn draw_words(
    query: Option<usize>,
    row: Option<&Row>,
    key: Option<usize>,
    line: &WordLine,
    data: &Data,
    view: &View,
    marks: &mut Vec<Mark>,
) -> Vec<(f32, f32, f32, f32)> {
    /// No two lines of letters are nearer to each other.
    const LETTERS: f32 = 13.0;
    let colors = &view.colors;
    let mut boxes = Vec::with_capacity(line.places.len());
    let lit = [query, key];
    for (index, &(left, width)) in (line.first..).zip(&line.places) {
        let top = line.over + 2.0;
        boxes.push((left, top, width, line.under - top));
        // Where words are too thin for letters, every second is written, or every third; those at hand always are.
        let every = if line.turned { (LETTERS / width).ceil().max(1.0) as usize } else { 1 };
        let makes_room = lit.iter().flatten().any(|lit| *lit != index && lit.abs_diff(index) < every);
        let at_hand = lit.contains(&Some(index));
        if !at_hand && (makes_room || !index.is_multiple_of(every)) {
            continue;
        }
        let share = row.and_then(|row| row.share(index));
        let (middle, word_width) = (left + width / 2.0, full_width(index, view).min(LONGEST));
        let color = match (query == Some(index), key == Some(index)) {
            (true, _) => colors.role(Role::Query),
            (false, true) => colors.role(Role::Key),
            // A word that this one may not see.
            _ if share.is_none() && row.is_some_and(|row| row.keys().contains(&index)) => colors.soft,
            _ => colors.ink,
        };
        if at_hand && !line.turned {
            let (x, y, width, height) = (middle - word_width / 2.0 - 7.0, top, word_width + 14.0, 21.0);
            let stroke = Some((color, 1.5));
            marks.push(Mark::Rect(Rect { x, y, width, height, radius: 6.0, fill: Some(colors.chip), stroke }));
        }
        let word = cut(&data.tokens()[index].text, full_width(index, view), LONGEST);
        let face = if at_hand { Face::Strong } else { Face::Plain };
        let (y, anchor) =
            if line.turned { (line.middle - 4.0, Anchor::Start) } else { ((top + line.middle) / 2.0, Anchor::Middle) };
        let text = |y: f32, text: String, size: f32, color: Rgb, anchor: Anchor| {
            Mark::Text(Text { x: middle, y, text, size, color, anchor, face, turned: line.turned })
        };
        marks.push(text(y, word, WORD_SIZE, color, anchor));
        let is_hidden = share.is_none() && row.is_some_and(|row| row.keys().contains(&index));
        let Some(number) = share.map(whole_percent).or(is_hidden.then(|| "–".to_owned())) else { continue };
        let fits = if line.turned { width >= LETTERS } else { about_width(&number, SHARE_SIZE) <= width };
        if fits || at_hand {
            let y = if line.turned { line.under - 3.0 } else { (line.middle + line.under) / 2.0 - 1.0 };
            let color = if at_hand { colors.ink } else { colors.soft };
            marks.push(text(y, number, SHARE_SIZE, color, anchor));
        }
    }
    boxes
}

/// "37 %"; a small share is not written as none.
fn whole_percent(share: f32) -> String {
    let whole = fixed(f64::from(share) * 100.0, 0);
    let few = if whole == "0" && share > 0.0 { "< 1" } else { &whole };
    [few, " %"].concat()
}
