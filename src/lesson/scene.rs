//! What each step shows: which tensors it needs, and which stored numbers a cell was made from.

use std::ops::Range;

use super::{
    Projection, Session, Step, Zoom,
    explain::Context,
    table,
    timeline::{self, Shape},
};
use crate::embedding::Token;
use crate::protocol::{
    Axis, CellRef, EngineKind, Item, LeftOut, Lengths, Matrix, Run, Setup, Slice, Span, Tensor, own_len,
};

/// A matrix on the stage comes in full up to this many rows and columns, and reduced beyond.
const MOST_ON_STAGE: usize = 256;
/// A thumbnail has no more cells than these in either direction.
const MOST_IN_THUMBNAIL: usize = 48;

/// The overview strip: which step each thumbnail leads to. The last is there in cross-attention alone.
pub const OVERVIEW: [(Tensor, Step); 11] = [
    (Tensor::Input, Step::Embed),
    (Tensor::Queries, Step::Project),
    (Tensor::Keys, Step::Project),
    (Tensor::Values, Step::Project),
    (Tensor::Scores, Step::Scores),
    (Tensor::Scaled, Step::Scale),
    (Tensor::Masked, Step::Mask),
    (Tensor::Weights, Step::Softmax),
    (Tensor::Mixed, Step::Mix),
    (Tensor::Output, Step::Output),
    (Tensor::KeyInput, Step::Embed),
];

/// What the page keeps of a run: what it shows, and no more.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Which run.
    pub run: u64,
    /// With which set-up.
    pub setup: Setup,
    /// Which set-up it is compared with, if with any.
    pub before: Option<Setup>,
    /// The sentences.
    pub batch: Vec<Item>,
    /// Which of them the stage shows: as with the zoom.
    pub item: usize,
    /// What was left out.
    pub left_out: LeftOut,
    /// Who calculated.
    pub engine: EngineKind,
    /// How long it took.
    pub milliseconds: f64,
    /// Which tokens the stage shows: what the session asked for, or, while that has not come, what it asked for before.
    pub zoom: Zoom,
    /// A few dozen at most: looking through them all is quick.
    matrices: Vec<(Slice, Matrix)>,
}

impl Data {
    /// A run's first matrices, asked for with this zoom.
    pub fn new(run: Run, (item, zoom): (usize, Zoom)) -> Self {
        Self {
            item: item.min(run.batch.len() - 1),
            run: run.run,
            setup: run.setup,
            before: run.before,
            batch: run.batch,
            left_out: run.left_out,
            engine: run.engine,
            milliseconds: run.milliseconds,
            zoom,
            matrices: run.slices,
        }
    }

    /// Takes matrices that came later, asked for of this sentence with this zoom, and drops those that are no longer shown.
    pub fn exchange(&mut self, came: Vec<(Slice, Matrix)>, asked: (usize, Zoom), session: &Session) {
        for (slice, matrix) in came {
            if self.matrix(&slice).is_none() {
                self.matrices.push((slice, matrix));
            }
        }
        let is_here = |of| self.stage(session, of).iter().all(|slice| self.matrix(slice).is_some());
        if let Some(of) = [(session.item, session.zoom), asked].into_iter().find(|of| is_here(*of)) {
            (self.item, self.zoom) = (of.0.min(self.batch.len() - 1), of.1);
        }
        let wanted = self.wanted(session);
        let shown = self.stage(session, (self.item, self.zoom));
        self.matrices.retain(|(slice, _)| wanted.contains(slice) || shown.contains(slice));
    }

    /// What the stage shows in this session, of the sentence and tokens that it shows now.
    pub fn slices_on_stage(&self, session: &Session) -> Vec<Slice> {
        self.stage(session, (self.item, self.zoom))
    }

    /// The slice that [`Data::on_stage`] gives.
    pub fn slice_on_stage(&self, tensor: Tensor, head: usize) -> Slice {
        compared(slice(tensor, head, (self.item, self.zoom), MOST_ON_STAGE), &self.setup, self.before.as_ref())
    }

    /// Which of these are not here.
    pub fn lacks(&self, slices: Vec<Slice>) -> Vec<Slice> {
        slices.into_iter().filter(|slice| self.matrix(slice).is_none()).collect()
    }

    /// The same, with more matrices.
    pub fn with(&self, matrices: Vec<(Slice, Matrix)>) -> Self {
        let mut all = self.clone();
        all.matrices.extend(matrices);
        all
    }

    /// Which of those that the session shows are not here.
    pub fn missing(&self, session: &Session) -> Vec<Slice> {
        self.lacks(self.wanted(session))
    }

    fn wanted(&self, session: &Session) -> Vec<Slice> {
        wanted(session, &self.setup, self.before.as_ref())
    }

    fn stage(&self, session: &Session, of: (usize, Zoom)) -> Vec<Slice> {
        stage(session, of, &self.setup, self.before.as_ref())
    }

    /// The sentence that the stage shows.
    pub fn sentence(&self) -> &Item {
        &self.batch[self.item]
    }

    /// Its tokens.
    pub fn tokens(&self) -> &[Token] {
        &self.sentence().tokens
    }

    /// What explaining its cells needs to know.
    pub fn context(&self) -> Context<'_> {
        Context::of(self.sentence(), &self.setup)
    }

    /// Where the widths of the tokens begin that these rows or columns stand for, among those of a view.
    pub fn first_width(&self, axis: Axis) -> usize {
        if self.setup.is_cross && axis == Axis::Keys { self.tokens().len() } else { 0 }
    }

    /// How many tokens it has.
    pub fn lengths(&self) -> Lengths {
        self.sentence().lengths()
    }

    /// A matrix as the stage draws it.
    pub fn on_stage(&self, tensor: Tensor, head: usize) -> Option<&Matrix> {
        self.matrix(&self.slice_on_stage(tensor, head))
    }

    /// A matrix as a thumbnail draws it: what has changed, where that is shown.
    pub fn in_thumbnail(&self, tensor: Tensor, head: usize) -> Option<&Matrix> {
        let small = thumbnail(tensor, head, self.item);
        self.matrix(&compared(small, &self.setup, self.before.as_ref()))
    }

    /// A head's attention weights in small, as they are now, also where the stage shows what has changed.
    pub fn weights_now(&self, head: usize) -> Option<&Matrix> {
        self.matrix(&thumbnail(Tensor::Weights, head, self.item))
    }

    /// The part of a matrix that the table shows.
    pub fn in_table(&self, session: &Session) -> Option<&Matrix> {
        self.matrix(&tabled(session, self.item, &self.setup, self.before.as_ref())?)
    }

    /// This very slice, where it is here.
    pub fn matrix(&self, wanted: &Slice) -> Option<&Matrix> {
        self.matrices.iter().find(|(slice, _)| slice == wanted).map(|(_, matrix)| matrix)
    }

    /// Whether there are so many tokens that their matrices are larger, and zoomed into.
    pub fn is_long(&self) -> bool {
        let Lengths { queries, keys } = self.lengths();
        queries.max(keys) > 24
    }

    /// A number of the trace, where the page has it in full.
    pub fn value(&self, cell: CellRef) -> Option<f32> {
        if cell.tensor.of_queries() == Tensor::Tokens {
            return (cell.column < self.shape(cell.tensor).1).then_some(0.0);
        }
        let matrix = self.on_stage(cell.tensor, cell.head)?;
        let row = cell.row.checked_sub(matrix.first_row).filter(|row| *row < matrix.rows)?;
        let column = cell.column.checked_sub(matrix.first_column).filter(|column| *column < matrix.columns)?;
        matrix.is_whole().then(|| matrix.values[row * matrix.columns + column])
    }

    /// The same run without its numbers, for whoever wants to know how large its pictures are: every matrix that any
    /// step draws of this head, full of zeros, each said to have a range of its own; with one hidden cell where there are any.
    pub fn blank(&self, head: usize, projection: Projection) -> Self {
        let mut blank = Self {
            run: self.run,
            setup: self.setup.clone(),
            before: None,
            batch: self.batch.clone(),
            item: self.item,
            left_out: self.left_out,
            engine: self.engine.clone(),
            milliseconds: self.milliseconds,
            zoom: Zoom::ALL,
            matrices: Vec::new(),
        };
        let hides = self.hides();
        for tensor in Step::ALL.into_iter().flat_map(|step| on_stage(step, projection, &self.setup)) {
            let (rows, columns) = self.shape(tensor);
            let (shown_rows, shown_columns) = (rows.min(MOST_ON_STAGE), columns.min(MOST_ON_STAGE));
            let mut values = vec![0.0; shown_rows * shown_columns];
            if hides && matches!(tensor, Tensor::Mask | Tensor::Masked | Tensor::Weights) {
                values[0] = f32::NEG_INFINITY;
            }
            let largest = 1.0 + blank.matrices.len() as f32;
            let (first_row, first_column) = (0, 0);
            let is_change = false;
            let matrix = Matrix {
                first_row,
                first_column,
                rows,
                columns,
                shown_rows,
                shown_columns,
                values,
                largest,
                is_change,
            };
            blank.matrices.push((slice(tensor, head, (self.item, Zoom::ALL), MOST_ON_STAGE), matrix));
        }
        blank
    }

    /// Whether any key may be hidden from any query: what paint shows again is not looked up.
    fn hides(&self) -> bool {
        let (Lengths { queries, keys }, own) = (self.lengths(), self.sentence().own_keys());
        (0..queries).any(|query| self.setup.mask.keys(query as isize, own).len() < keys)
            || self.setup.painted_within(self.sentence().takes_paint()).any(|paint| !paint.is_seen)
    }

    /// The shape `[rows, columns]` of one head's part of a tensor.
    pub fn shape(&self, tensor: Tensor) -> (usize, usize) {
        tensor.shape(self.lengths(), &self.setup)
    }

    /// The rows and columns of one head's part of a tensor that the stage shows.
    pub fn in_sight(&self, tensor: Tensor) -> (Range<usize>, Range<usize>) {
        let ((rows, columns), (row_span, column_span)) = (self.shape(tensor), spans(tensor, self.zoom));
        (row_span.within(rows), column_span.within(columns))
    }

    /// The shape of the whole tensor, batch and heads included, as a practitioner would print it.
    pub fn full_shape(&self, tensor: Tensor) -> Vec<usize> {
        tensor.full_shape(&self.batch, &self.setup)
    }
}

/// What a tensor is of the sentence that a projection is made of.
pub fn of_projection(tensor: Tensor, projection: Projection, setup: &Setup) -> Tensor {
    if projection == Projection::Queries { tensor } else { tensor.of_keys(setup) }
}

/// The two matrices whose product a step makes.
pub fn factors(step: Step, projection: Projection, setup: &Setup) -> Option<(Tensor, Tensor)> {
    match step {
        Step::Project => Some((of_projection(Tensor::Input, projection, setup), projection_weights(projection))),
        Step::Scores => Some((Tensor::Queries, Tensor::Keys)),
        Step::Mix => Some((Tensor::Weights, Tensor::Values)),
        Step::Output => Some((Tensor::Heads, Tensor::OutputWeights)),
        Step::Tokens | Step::Embed | Step::Scale | Step::Mask | Step::Softmax => None,
    }
}

/// The cell to look at while something is being made: the last token that is there; of a product, one of the first row,
/// which is made cell by cell, while the other rows sweep too fast to be read. `None` where nothing is being made.
pub fn being_made(session: &Session, data: &Data) -> Option<CellRef> {
    if session.step == Step::Tokens {
        let done = timeline::tokens(session.shown_position(), data.tokens().len());
        let column = done.saturating_sub(1);
        return (done < data.tokens().len()).then_some(CellRef { tensor: Tensor::Tokens, head: 0, row: 0, column });
    }
    let (left, right) = factors(session.step, session.projection, &data.setup)?;
    let tensor = result(session.step, session.projection, &data.setup);
    let on_stage = |tensor| data.on_stage(tensor, session.head);
    let made = on_stage(tensor).filter(|matrix| matrix.is_whole())?;
    let shape = product_shape(session.step, (on_stage(left)?, on_stage(right)?), made, data.shape(left).1);
    let progress = timeline::product(timeline::work(session.step, session.shown_position()), shape);
    let (row, column) = (made.first_row, made.first_column + progress.done.min(made.columns - 1));
    let head = head_of(tensor, session.head);
    (progress.done < made.rows * made.columns).then_some(CellRef { tensor, head, row, column })
}

/// The product that a step makes, with `all` terms a cell. Terms can be shown where both operands came in full; a key that
/// may not be seen contributes none.
pub fn product_shape(step: Step, (left, right): (&Matrix, &Matrix), made: &Matrix, all: usize) -> Shape {
    let in_full = left.is_whole() && right.is_whole() && left.columns == all;
    let seen = left.values.iter().take(all).filter(|&&value| value != f32::NEG_INFINITY).count();
    Shape {
        rows: made.shown_rows,
        columns: made.shown_columns,
        terms: if in_full { seen } else { 0 },
        // A share carries the whole row of its value.
        by_row: in_full && step == Step::Mix,
    }
}

/// Whether the words that a cell is about stand at the same places in another sentence.
pub fn same_words(cell: CellRef, old: &Item, new: &Item) -> bool {
    let same = |axis, index: usize| {
        let (old, new) = match axis {
            Axis::Queries => (&old.tokens, &new.tokens),
            Axis::Keys => (&old.keys, &new.keys),
            Axis::One | Axis::Width | Axis::HeadWidth => return true,
        };
        matches!((old.get(index), new.get(index)), (Some(old), Some(new)) if old.word == new.word)
    };
    let (rows, columns) = cell.tensor.axes();
    same(rows, cell.row) && same(columns, cell.column)
}

/// A sentence as `text` writes its tokens, and after an arrow the one that it attends to, where that is another.
pub fn written(item: &Item, is_cross: bool, text: fn(&[Token]) -> String) -> String {
    if is_cross { [text(&item.tokens), text(&item.keys)].join(" → ") } else { text(&item.tokens) }
}

/// All tokens, those of padding too, with a blank between each two.
pub fn all_words(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// The first tokens, without padding: enough to know a sentence by.
pub fn first_words(tokens: &[Token]) -> String {
    const MOST: usize = 8;
    let own = own_len(tokens);
    all_words(&tokens[..own.min(MOST)]) + if own > MOST { " …" } else { "" }
}

/// Changes the sentence on the stage; a cell that is kept stays so where the other has the same words.
pub fn show_item(session: &mut Session, data: &Data, item: usize) {
    session.item = item.min(data.batch.len() - 1);
    let is_same = |cell: &CellRef| same_words(*cell, data.sentence(), &data.batch[session.item]);
    session.pinned = session.pinned.filter(is_same);
}

/// The head as a cell or slice of this tensor names it: what is the same in every head stands under the first.
pub fn head_of(tensor: Tensor, head: usize) -> usize {
    if tensor.has_heads() { head } else { 0 }
}

fn slice(tensor: Tensor, head: usize, (item, zoom): (usize, Zoom), most: usize) -> Slice {
    let (rows, columns) = spans(tensor, zoom);
    let head = head_of(tensor, head);
    Slice { item, tensor, head, rows, columns, most_rows: most, most_columns: most, is_change: false }
}

fn thumbnail(tensor: Tensor, head: usize, item: usize) -> Slice {
    slice(tensor, head, (item, Zoom::ALL), MOST_IN_THUMBNAIL)
}

/// The slice, or its change, where there is a set-up to compare with and the two have the same shape.
fn compared(slice: Slice, setup: &Setup, before: Option<&Setup>) -> Slice {
    let is_change = before.is_some_and(|before| slice.tensor.can_be_compared(slice.head, setup, before));
    Slice { is_change, ..slice }
}

/// The rows and columns of a tensor that a zoom shows.
fn spans(tensor: Tensor, zoom: Zoom) -> (Span, Span) {
    let span = |axis| match axis {
        Axis::Queries => zoom.queries,
        Axis::Keys => zoom.keys,
        Axis::One | Axis::Width | Axis::HeadWidth => Span::ALL,
    };
    let (rows, columns) = tensor.axes();
    (span(rows), span(columns))
}

/// The tensors that a step draws. Of two sentences, those of the one that the projection is made of.
pub fn on_stage(step: Step, projection: Projection, setup: &Setup) -> Vec<Tensor> {
    let of = |tensor| of_projection(tensor, projection, setup);
    let all = match step {
        Step::Tokens => vec![],
        Step::Embed => [Tensor::WordEmbeddings, Tensor::Positions, Tensor::Input].map(of).to_vec(),
        Step::Project => {
            vec![of(Tensor::Input), projection_weights(projection), Tensor::Queries, Tensor::Keys, Tensor::Values]
        }
        Step::Scores => vec![Tensor::Queries, Tensor::Keys, Tensor::Scores],
        Step::Scale => vec![Tensor::Scores, Tensor::Scaled],
        Step::Mask => vec![Tensor::Scaled, Tensor::Mask, Tensor::Masked],
        Step::Softmax => vec![
            Tensor::Masked,
            Tensor::RowMax,
            Tensor::Shifted,
            Tensor::Exponentials,
            Tensor::ExponentialSums,
            Tensor::Weights,
            Tensor::RowSums,
        ],
        Step::Mix => vec![Tensor::Weights, Tensor::Values, Tensor::Mixed],
        Step::Output => vec![Tensor::Heads, Tensor::OutputWeights, Tensor::Output],
    };
    all.into_iter().filter(|tensor| tensor.is_of(setup)).collect()
}

/// The matrix that makes a projection.
pub fn projection_weights(projection: Projection) -> Tensor {
    match projection {
        Projection::Queries => Tensor::QueryWeights,
        Projection::Keys => Tensor::KeyWeights,
        Projection::Values => Tensor::ValueWeights,
    }
}

/// What a projection makes.
pub fn projected(projection: Projection) -> Tensor {
    match projection {
        Projection::Queries => Tensor::Queries,
        Projection::Keys => Tensor::Keys,
        Projection::Values => Tensor::Values,
    }
}

/// The tensor that a step makes.
pub fn result(step: Step, projection: Projection, setup: &Setup) -> Tensor {
    match step {
        Step::Embed => of_projection(Tensor::Input, projection, setup),
        _ => made(step, projection),
    }
}

/// The same of the sentence that queries are made of.
fn made(step: Step, projection: Projection) -> Tensor {
    match step {
        Step::Tokens => Tensor::Tokens,
        Step::Embed => Tensor::Input,
        Step::Project => projected(projection),
        Step::Scores => Tensor::Scores,
        Step::Scale => Tensor::Scaled,
        Step::Mask => Tensor::Masked,
        Step::Softmax => Tensor::Weights,
        Step::Mix => Tensor::Mixed,
        Step::Output => Tensor::Output,
    }
}

/// The tensor that the strip of heads shows at a step.
pub fn in_heads_strip(step: Step, projection: Projection) -> Tensor {
    match step {
        Step::Tokens | Step::Embed => Tensor::Weights,
        Step::Output => Tensor::Mixed,
        _ => made(step, projection),
    }
}

/// Everything that the page shows in this session of a run with this set-up, compared with another or not.
pub fn wanted(session: &Session, setup: &Setup, before: Option<&Setup>) -> Vec<Slice> {
    let Session { step, projection, item, head, zoom, .. } = *session;
    let strip = in_heads_strip(step, projection);
    let small = |tensor, head| compared(thumbnail(tensor, head, item), setup, before);
    let overview = OVERVIEW.into_iter().filter(|(tensor, _)| tensor.is_of(setup));
    let overview = overview.map(|(tensor, _)| small(tensor, head));
    let heads = (0..setup.heads).filter(|_| strip.is_of(setup)).map(|head| small(strip, head));
    let now = before.map(|_| thumbnail(Tensor::Weights, head, item));
    let mut wanted: Vec<Slice> = Vec::new();
    let table = tabled(session, item, setup, before);
    let stage = stage(session, (item, zoom), setup, before);
    for slice in stage.into_iter().chain(overview).chain(heads).chain(now).chain(table) {
        if !wanted.contains(&slice) {
            wanted.push(slice);
        }
    }
    wanted
}

/// What the stage shows in this session, of this sentence and these of its tokens.
fn stage(session: &Session, of: (usize, Zoom), setup: &Setup, before: Option<&Setup>) -> Vec<Slice> {
    let Session { step, projection, head, .. } = *session;
    let shown = |tensor| compared(slice(tensor, head, of, MOST_ON_STAGE), setup, before);
    on_stage(step, projection, setup).into_iter().map(shown).collect()
}

/// What the table shows in this session: exact numbers, also where the stage draws several together.
fn tabled(session: &Session, item: usize, setup: &Setup, before: Option<&Setup>) -> Option<Slice> {
    // What the tokens are, the page knows.
    let part = table::shown(session, setup).filter(|part| part.tensor.of_queries() != Tensor::Tokens)?;
    let whole = slice(part.tensor, session.head, (item, Zoom::ALL), MOST_ON_STAGE);
    Some(compared(Slice { rows: part.rows(), columns: part.columns(), ..whole }, setup, before))
}

/// Which part of an operand a cell was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A whole row.
    Row(Tensor, usize),
    /// A whole column.
    Column(Tensor, usize),
    /// One cell: row, column.
    Cell(Tensor, usize, usize),
}

impl Source {
    /// The tensor.
    pub fn tensor(self) -> Tensor {
        match self {
            Source::Row(tensor, _) | Source::Column(tensor, _) | Source::Cell(tensor, ..) => tensor,
        }
    }

    /// The cell that is at this place in the row or column, of this head.
    pub fn at(self, index: usize, head: usize) -> CellRef {
        let (tensor, row, column) = match self {
            Source::Row(tensor, row) => (tensor, row, index),
            Source::Column(tensor, column) => (tensor, index, column),
            Source::Cell(tensor, row, column) => (tensor, row, column),
        };
        CellRef { tensor, head: head_of(tensor, head), row, column }
    }
}

/// What a cell was made from.
pub fn sources(cell: CellRef, setup: &Setup) -> Vec<Source> {
    let CellRef { tensor, row, column, .. } = cell;
    let memory = Tensor::Input.of_keys(setup);
    match tensor {
        tensor if tensor.is_given(setup) => vec![],
        Tensor::Tokens
        | Tensor::KeyTokens
        | Tensor::WordEmbeddings
        | Tensor::KeyWordEmbeddings
        | Tensor::Positions
        | Tensor::KeyPositions
        | Tensor::Mask
        | Tensor::QueryWeights
        | Tensor::KeyWeights
        | Tensor::ValueWeights
        | Tensor::OutputWeights => vec![],
        Tensor::Input => {
            vec![Source::Cell(Tensor::WordEmbeddings, row, column), Source::Cell(Tensor::Positions, row, column)]
        }
        Tensor::Queries => vec![Source::Row(Tensor::Input, row), Source::Column(Tensor::QueryWeights, column)],
        Tensor::KeyInput => {
            vec![Source::Cell(Tensor::KeyWordEmbeddings, row, column), Source::Cell(Tensor::KeyPositions, row, column)]
        }
        Tensor::Keys => vec![Source::Row(memory, row), Source::Column(Tensor::KeyWeights, column)],
        Tensor::Values => vec![Source::Row(memory, row), Source::Column(Tensor::ValueWeights, column)],
        Tensor::Scores => vec![Source::Row(Tensor::Queries, row), Source::Row(Tensor::Keys, column)],
        Tensor::Scaled => vec![Source::Cell(Tensor::Scores, row, column)],
        Tensor::Masked => {
            vec![Source::Cell(Tensor::Scaled, row, column), Source::Cell(Tensor::Mask, row, column)]
        }
        Tensor::RowMax => vec![Source::Row(Tensor::Masked, row)],
        Tensor::Shifted => vec![Source::Cell(Tensor::Masked, row, column), Source::Cell(Tensor::RowMax, row, 0)],
        Tensor::Exponentials => vec![Source::Cell(Tensor::Masked, row, column), Source::Cell(Tensor::RowMax, row, 0)],
        Tensor::Weights => vec![Source::Row(Tensor::Masked, row)],
        Tensor::ExponentialSums => vec![Source::Row(Tensor::Exponentials, row)],
        Tensor::RowSums => vec![Source::Row(Tensor::Weights, row)],
        Tensor::Mixed => vec![Source::Row(Tensor::Weights, row), Source::Column(Tensor::Values, column)],
        Tensor::Heads => vec![],
        Tensor::Output => vec![Source::Row(Tensor::Heads, row), Source::Column(Tensor::OutputWeights, column)],
    }
}
