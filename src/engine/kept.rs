use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use ndarray::{Array2, Array3, Array4, ArrayD, ArrayView1, Axis, s};

use super::{backend::Backend, given::Origin};
use crate::attention::{BlockInput, BlockWeights, Config, Inputs, Mask, Outputs, Rules, Scale, Wanted, Window, fast};
use crate::embedding::{Generator, Positions, Token, embedding_from_id};
use crate::protocol::{
    self, CellRef, EngineKind, Item, Lengths, Matrix, Operands, ROTARY_BASE, Setup, Slice, Span, Tensor,
};

/// How many bytes of scores and attention weights are kept at most; one head's are in any case.
const MOST_BYTES: usize = 512 << 20;

/// Up to so many bytes, those of all heads are made with the run. More would have to be there twice for a moment, and the
/// first picture would wait for heads that nobody may look at.
const MOST_AT_ONCE: usize = 64 << 20;

/// A run that is kept: every tensor can be looked at, and every number opened.
///
/// Scores and weights, which grow with the square of the tokens, are kept by head: those of all heads where they are few,
/// otherwise of those that were looked at, as far as they fit. What follows from them number by
/// number is worked out where it is read.
pub struct Kept {
    /// Its number.
    pub run: u64,
    /// What the sentences were cut into, `[B]`.
    pub batch: Vec<Item>,
    /// With what it was calculated.
    pub setup: Setup,
    /// By whom.
    pub engine: EngineKind,
    /// The block, unless queries, keys and values, or less, were given.
    pub block: Option<Block>,
    /// Queries, keys and values, and the rules of the attention, unless attention weights alone were given.
    pub inputs: Option<Inputs>,
    /// The mixed values, `[B, H, S_q, D]`; none of weights alone.
    pub mixed: Array4<f32>,
    /// Where its numbers came from, if out of files.
    pub origin: Option<Rc<dyn Origin>>,
    /// The heads whose scores and weights are here, the one made last at the end.
    pairs: Vec<Pairs>,
    /// The largest magnitude of tensors that were looked at, of each sentence and head; or of how they changed.
    largest: Vec<((Tensor, Plane, bool), f32)>,
}

/// What is around an attention.
pub struct Block {
    /// What queries were made of.
    pub queries: Embedded,
    /// What keys and values were made of, if of something else.
    pub memory: Option<Embedded>,
    /// The four matrices, each `[E, E]`, or with a bias below it.
    pub weights: BlockWeights,
    /// `Y`, `[B, S_q, E]`.
    pub output: Array3<f32>,
}

impl Block {
    /// What it was given.
    pub fn input(&self) -> BlockInput<'_> {
        let memory = self.memory.as_ref().map(|memory| memory.input.view());
        BlockInput { queries: self.queries.input.view(), memory }
    }
}

/// The vectors of a batch of sentences. What was given has `input` alone.
pub struct Embedded {
    /// `[B, S, E]`.
    pub words: Array3<f32>,
    /// `[S, E]`, the same for each sentence.
    pub positions: Array2<f32>,
    /// `X`, their sum, `[B, S, E]`.
    pub input: Array3<f32>,
}

/// One head of one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Which sentence.
    pub item: usize,
    /// Which head.
    pub head: usize,
}

/// What one head has for each pair of tokens, `[B, S_q, S_k]`.
struct Pairs {
    head: usize,
    scores: Array3<f32>,
    weights: Array3<f32>,
    /// Worked out when first looked at.
    rows: OnceCell<Rows>,
}

/// What the softmax finds out about each row of a head, those of all sentences one after the other.
struct Rows {
    /// The largest masked score.
    maxima: Vec<f32>,
    /// The sum of the exponentials.
    sums: Vec<f32>,
}

/// Scores and weights of a head: the rest of what it has for each pair follows from them.
const PAIRS: Wanted = Wanted { scores: true, scaled: false, masked: false, weights: true, output: false };

/// What a run has to make: scores and weights too, where they are few.
pub fn wanted(heads: usize, batch: &[Item]) -> Wanted {
    if heads.saturating_mul(bytes_of_head(batch)) <= MOST_AT_ONCE {
        Wanted { output: true, ..PAIRS }
    } else {
        Wanted { scores: false, weights: false, output: true, ..PAIRS }
    }
}

fn bytes_of_head(batch: &[Item]) -> usize {
    let Lengths { queries, keys } = batch[0].lengths();
    2 * size_of::<f32>() * batch.len() * queries * keys
}

/// How a set-up attends.
pub fn config(setup: &Setup) -> Config {
    Config {
        scale: if setup.is_scaled { Scale::InverseSqrtHeadDim } else { Scale::Factor(1.0) },
        temperature: setup.temperature,
        softcap: setup.softcap,
        rotary: (setup.positions == Positions::Rotary).then_some(ROTARY_BASE),
        // Paint may let a query see what the window hides: then the mask says it all.
        window: if setup.is_painted() { Window::OPEN } else { setup.mask },
        alibi: setup.positions == Positions::Alibi,
    }
}

/// What a set-up hides besides what its window does, `[B, 1, S_q | 1, S_k]`.
pub fn mask(setup: &Setup, batch: &[Item]) -> Option<Mask> {
    let Lengths { queries, keys } = batch[0].lengths();
    let own: Vec<usize> = batch.iter().map(Item::own_keys).collect();
    let is_painted = setup.is_painted();
    if !is_painted && own.iter().all(|own| *own == keys) {
        return None;
    }
    let shape = vec![batch.len(), 1, if is_painted { queries } else { 1 }, keys];
    Some(Mask::Allowed(ArrayD::from_shape_fn(shape, |at| {
        let (own, query, key) = (own[at[0]], at[2], at[3]);
        // Without paint, the window hides the rest.
        if is_painted { setup.sees(query, key, own) } else { key < own }
    })))
}

/// The weights that a run is made with: the rows of `W_o` that belong to a head that is off count as 0, which is as good as
/// its mixed values being 0.
pub fn weights_in_use<'a>(weights: &'a BlockWeights, setup: &Setup) -> Cow<'a, BlockWeights> {
    if setup.heads_off.is_empty() {
        return Cow::Borrowed(weights);
    }
    let mut weights = weights.clone();
    let head_dim = setup.width.checked_div(setup.heads).unwrap_or(0);
    for head in setup.heads_off.iter().filter(|head| **head < setup.heads) {
        weights.w_o.slice_mut(s![head * head_dim..(head + 1) * head_dim, ..]).fill(0.0);
    }
    Cow::Owned(weights)
}

impl Kept {
    /// What a run of a block made.
    pub fn of_block(
        run: u64,
        (setup, engine): (Setup, EngineKind),
        batch: Vec<Item>,
        block: Block,
        inputs: Inputs,
        attention: Outputs,
    ) -> Self {
        Self { block: Some(block), ..Self::of_attention(run, (setup, engine), batch, inputs, attention) }
    }

    /// What a run made of queries, keys and values.
    pub fn of_attention(
        run: u64,
        (setup, engine): (Setup, EngineKind),
        batch: Vec<Item>,
        inputs: Inputs,
        attention: Outputs,
    ) -> Self {
        let Outputs { scores, weights: shares, output: mixed, .. } = attention;
        let mixed = mixed.expect("it is always wanted");
        let pairs = scores.zip(shares).map_or_else(Vec::new, |(scores, shares)| {
            let heads = scores.axis_iter(Axis(1)).zip(shares.axis_iter(Axis(1))).enumerate();
            heads.map(|(head, (scores, shares))| Pairs::new(head, scores.to_owned(), shares.to_owned())).collect()
        });
        let (block, inputs, origin) = (None, Some(inputs), None);
        Self { run, batch, setup, engine, block, inputs, mixed, origin, pairs, largest: Vec::new() }
    }

    /// Attention weights that were given, `[B, S_q, S_k]` for each head; where there are none, a head's are read when it is
    /// looked at.
    pub fn of_weights(
        run: u64,
        (setup, engine): (Setup, EngineKind),
        batch: Vec<Item>,
        weights: Vec<Array3<f32>>,
    ) -> Self {
        let of_head = |(head, weights)| Pairs::new(head, Array3::zeros((0, 0, 0)), weights);
        let pairs = weights.into_iter().enumerate().map(of_head).collect();
        let (block, inputs, origin, mixed) = (None, None, None, Array4::zeros((0, 0, 0, 0)));
        Self { run, batch, setup, engine, block, inputs, mixed, origin, pairs, largest: Vec::new() }
    }

    /// The same, of numbers that came from there.
    pub fn from(self, origin: Rc<dyn Origin>) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Makes the scores and weights of this head if they are not here, or reads the weights; and lets go of those made longest ago.
    ///
    /// # Errors
    /// Why weights could not be read.
    pub async fn make_pairs(&mut self, backend: &mut Backend, head: usize) -> Result<(), String> {
        if head >= self.setup.heads || self.pairs_of(head).is_some() {
            return Ok(());
        }
        let most = (MOST_BYTES / bytes_of_head(&self.batch)).max(1);
        self.pairs.drain(..(self.pairs.len() + 1).saturating_sub(most));
        let (scores, weights) = match (&self.inputs, &self.origin) {
            (Some(inputs), _) => {
                let (outputs, _) = backend.attend(&inputs.of_head(head), PAIRS).await;
                let part = |tensor: Option<Array4<f32>>| {
                    let tensor = tensor.expect("it was wanted");
                    tensor.index_axis_move(Axis(1), 0)
                };
                (part(outputs.scores), part(outputs.weights))
            }
            (None, Some(origin)) => (Array3::zeros((0, 0, 0)), origin.head(head).await?),
            (None, None) => return Ok(()),
        };
        self.pairs.push(Pairs::new(head, scores, weights));
        Ok(())
    }

    /// Queries, keys and values, and the rules. Panics where there are none: see [`Tensor::is_of`].
    pub fn inputs(&self) -> &Inputs {
        self.inputs.as_ref().expect("attention weights alone have nothing that needs them")
    }

    /// The key head that serves this one.
    fn key_head(&self, head: usize) -> usize {
        self.inputs().shape().key_head(head)
    }

    /// What is around the attention. Panics where there is nothing: see [`Tensor::is_of`].
    fn block(&self) -> &Block {
        self.block.as_ref().expect("what begins with less has nothing that needs it")
    }

    /// What it hides besides what its window does.
    pub fn mask(&self) -> Option<Mask> {
        mask(&self.setup, &self.batch)
    }

    /// The numbers of some rows of one head's tensor, of all sentences; what it needs has been made.
    pub fn numbers(&self, tensor: Tensor, head: usize, rows: Range<usize>) -> impl Iterator<Item = f32> {
        let (_, columns) = self.shape(tensor);
        (0..self.batch.len()).flat_map(move |item| rows.clone().map(move |row| (item, row))).flat_map(
            move |(item, row)| {
                let mut numbers = Vec::with_capacity(columns);
                self.read(tensor, Plane { item, head }, row, 0..columns, &mut numbers);
                numbers
            },
        )
    }

    /// Gives all numbers of a tensor, of all sentences and heads, in the order of its full shape, some rows at a time.
    ///
    /// # Errors
    /// As [`Kept::make_pairs`].
    pub async fn hand_out(
        &mut self,
        tensor: Tensor,
        backend: &mut Backend,
        give: &mut impl FnMut(&[f32]),
    ) -> Result<(), String> {
        /// So many numbers are given together, and the rest of a row.
        const AT_ONCE: usize = 1 << 16;
        let (rows, columns) = self.shape(tensor);
        let shape = tensor.full_shape(&self.batch, &self.setup);
        // Those of all heads stand side by side.
        let side_by_side =
            if shape.len() == 2 && tensor.has_heads() && tensor != Tensor::Mask { self.setup.heads } else { 1 };
        let (items, heads) = match shape[..] {
            [_, _] => (1, 1),
            [items, _, _] => (items, 1),
            [items, heads, ..] => (items, heads),
            [..] => return Ok(()),
        };
        let (mut numbers, mut row_of_head) = (Vec::new(), Vec::new());
        for (item, head) in (0..items).flat_map(|item| (0..heads).map(move |head| (item, head))) {
            if needs_pairs(tensor) {
                self.make_pairs(backend, head).await?;
            }
            for row in 0..rows {
                for beside in 0..side_by_side {
                    self.read(tensor, Plane { item, head: head + beside }, row, 0..columns, &mut row_of_head);
                    numbers.extend_from_slice(&row_of_head);
                }
                if numbers.len() >= AT_ONCE {
                    give(&numbers);
                    numbers.clear();
                }
            }
        }
        give(&numbers);
        Ok(())
    }

    /// Whether this tensor can be read now.
    pub fn has(&self, tensor: Tensor, head: usize) -> bool {
        tensor.is_of(&self.setup) && (!needs_pairs(tensor) || self.pairs_of(head).is_some())
    }

    fn pairs_of(&self, head: usize) -> Option<&Pairs> {
        self.pairs.iter().find(|pairs| pairs.head == head)
    }

    /// How many rows and columns one head's part of a tensor has.
    fn shape(&self, tensor: Tensor) -> (usize, usize) {
        tensor.shape(self.batch[0].lengths(), &self.setup)
    }

    /// What this tensor, one of the embeddings', was made for.
    fn embedded(&self, tensor: Tensor) -> &Embedded {
        let of_queries = tensor.of_queries() == tensor;
        let Block { queries, memory, .. } = self.block();
        memory.as_ref().filter(|_| !of_queries).unwrap_or(queries)
    }

    /// The same for the tokens of a sentence.
    fn tokens(&self, tensor: Tensor, item: usize) -> &[Token] {
        let Item { tokens, keys } = &self.batch[item];
        if tensor.of_queries() == tensor { tokens } else { keys }
    }

    /// A part of one row of a tensor, into numbers that are there already. What can be derived is derived here.
    ///
    /// The row and the columns are of the tensor, and what it needs has been made.
    fn read(&self, tensor: Tensor, plane: Plane, row: usize, columns: Range<usize>, numbers: &mut Vec<f32>) {
        numbers.clear();
        let Plane { item, head } = plane;
        let head_dim = self.setup.width / self.setup.heads;
        let pairs = || self.pairs_of(head).expect("they were made before");
        let rows = || pairs().rows(self.inputs().rules());
        let mut copy = |values: ArrayView1<f32>| numbers.extend(values.slice(s![columns.clone()]));
        let of_all = item * self.batch[0].tokens.len() + row;
        let of_head = s![row, head * head_dim..(head + 1) * head_dim];
        match tensor {
            Tensor::Tokens | Tensor::KeyTokens => {
                numbers.extend(self.tokens(tensor, item)[columns].iter().map(|token| token.id as f32));
            }
            Tensor::WordEmbeddings | Tensor::KeyWordEmbeddings => {
                copy(self.embedded(tensor).words.slice(s![item, row, ..]));
            }
            Tensor::Positions | Tensor::KeyPositions => copy(self.embedded(tensor).positions.row(row)),
            Tensor::Input | Tensor::KeyInput => copy(self.embedded(tensor).input.slice(s![item, row, ..])),
            Tensor::QueryWeights => copy(self.block().weights.w_q.slice(of_head)),
            Tensor::KeyWeights => copy(self.block().weights.w_k.slice(of_head)),
            Tensor::ValueWeights => copy(self.block().weights.w_v.slice(of_head)),
            Tensor::OutputWeights => copy(self.block().weights.w_o.row(row)),
            Tensor::Queries => copy(self.inputs().queries().slice(s![item, head, row, ..])),
            Tensor::Keys => copy(self.inputs().keys().slice(s![item, self.key_head(head), row, ..])),
            Tensor::Values => copy(self.inputs().values().slice(s![item, self.key_head(head), row, ..])),
            Tensor::Mixed => copy(self.mixed.slice(s![item, head, row, ..])),
            Tensor::Output => copy(self.block().output.slice(s![item, row, ..])),
            Tensor::Heads => numbers.extend(columns.map(|column| {
                let head = column / head_dim;
                if self.setup.heads_off.contains(&head) {
                    0.0
                } else {
                    self.mixed[[item, head, row, column % head_dim]]
                }
            })),
            Tensor::Mask => {
                let added = |key| self.inputs().rules().bias(item, head, row, key).unwrap_or(f32::NEG_INFINITY);
                numbers.extend(columns.map(added));
            }
            Tensor::Scores => copy(pairs().scores.slice(s![item, row, ..])),
            Tensor::Weights => copy(pairs().weights.slice(s![item, row, ..])),
            Tensor::Scaled => {
                copy(pairs().scores.slice(s![item, row, ..]));
                numbers.iter_mut().for_each(|number| *number = self.inputs().rules().scaled(*number));
            }
            Tensor::Masked | Tensor::Shifted | Tensor::Exponentials => {
                copy(pairs().scores.slice(s![item, row, ..]));
                self.inputs().rules().mask_row(item, head, row, columns.start, numbers);
                if tensor != Tensor::Masked {
                    let max = rows().maxima[of_all];
                    subtract(max, numbers);
                }
                if tensor == Tensor::Exponentials {
                    fast::exp_all(numbers);
                }
            }
            Tensor::RowMax => numbers.push(rows().maxima[of_all]),
            Tensor::ExponentialSums => numbers.push(rows().sums[of_all]),
            Tensor::RowSums => numbers.push(sum(pairs().weights.slice(s![item, row, ..]).iter())),
        }
    }

    /// The matrices that the page wants to see, in that order, without those of sentences and heads that this run does not
    /// have or whose scores are not here; of changes, without those that have nothing to be compared with.
    pub fn matrices(&mut self, slices: &[Slice], before: Option<&Kept>) -> Vec<(Slice, Matrix)> {
        slices.iter().filter_map(|slice| Some((*slice, self.matrix(*slice, before)?))).collect()
    }

    /// A tensor as the page wants to see it. `None` where there is no such head, or sentence.
    fn matrix(&mut self, slice: Slice, before: Option<&Kept>) -> Option<Matrix> {
        let Slice { item, tensor, head, is_change, .. } = slice;
        if item >= self.batch.len() || head >= self.setup.heads || !self.has(tensor, head) {
            return None;
        }
        let comparable =
            |before: &&Kept| tensor.can_be_compared(head, &self.setup, &before.setup) && before.has(tensor, head);
        let before = if is_change { Some(before.filter(comparable)?) } else { None };
        let mut matrix = self.reduced(slice, before);
        let all = Slice { rows: Span::ALL, columns: Span::ALL, ..slice };
        let of = (tensor, Plane { item, head }, is_change);
        let known = self.largest.iter().find(|(known, _)| *known == of).map(|(_, largest)| *largest);
        matrix.largest = known.unwrap_or_else(|| {
            let is_all = (matrix.rows, matrix.columns) == self.shape(tensor);
            let of_all = if is_all { &matrix } else { &self.reduced(all, before) };
            let finite = of_all.values.iter().filter(|value| value.is_finite());
            let largest = finite.fold(0.0, |max: f32, value| max.max(value.abs()));
            self.largest.push((of, largest));
            largest
        });
        Some(matrix)
    }

    /// A part of a tensor, or of how it differs from another run's, reduced to no more numbers than are asked for; what it
    /// needs has been made.
    fn reduced(&self, slice: Slice, before: Option<&Kept>) -> Matrix {
        let Slice { item, tensor, head, rows, columns, most_rows, most_columns, is_change } = slice;
        let plane = Plane { item, head };
        let (all_rows, all_columns) = self.shape(tensor);
        let (rows, columns) = (rows.within(all_rows), columns.within(all_columns));
        let (shown_rows, shown_columns) = (rows.len().min(most_rows.max(1)), columns.len().min(most_columns.max(1)));
        // A hidden key's weight and exponential are 0; what the page must know is that it is hidden.
        let hides = matches!(tensor, Tensor::Weights | Tensor::Exponentials);
        let own_keys = self.batch[item].own_keys();
        let mut values = vec![f32::NEG_INFINITY; shown_rows * shown_columns];
        let (mut numbers, mut earlier) = (Vec::with_capacity(columns.len()), Vec::new());
        for (index, row) in rows.clone().enumerate() {
            self.read(tensor, plane, row, columns.clone(), &mut numbers);
            if let Some(before) = before {
                before.read(tensor, plane, row, columns.clone(), &mut earlier);
                for (number, earlier) in numbers.iter_mut().zip(&earlier) {
                    // Where a key is hidden, now or before, there is no score to compare.
                    let is_hidden = *number == f32::NEG_INFINITY || *earlier == f32::NEG_INFINITY;
                    *number = if is_hidden { f32::NEG_INFINITY } else { *number - earlier };
                }
            }
            if hides {
                let sees = |key| {
                    // What is compared has the same tokens.
                    let seen_by = |kept: &Kept| kept.setup.sees(row, key, own_keys);
                    seen_by(self) || before.is_some_and(seen_by)
                };
                for (key, number) in columns.clone().zip(&mut numbers) {
                    if !sees(key) {
                        *number = f32::NEG_INFINITY;
                    }
                }
            }
            let shown_row = block_of(index, shown_rows, rows.len());
            let extremes = &mut values[shown_row * shown_columns..(shown_row + 1) * shown_columns];
            keep_extremes(&numbers, extremes);
        }
        let (first_row, first_column) = (rows.start, columns.start);
        let (rows, columns) = (rows.len(), columns.len());
        Matrix { first_row, first_column, rows, columns, shown_rows, shown_columns, values, largest: 0.0, is_change }
    }

    /// A number of a sentence and what it was made from. `None` where there is no such cell, or its head's scores are not here.
    pub fn operands(&self, item: usize, cell: CellRef) -> Option<Operands> {
        let CellRef { tensor, head, row, column } = cell;
        let plane = Plane { item, head };
        let value = self.value(item, cell)?;
        // It may be here, and what it was made from not.
        if self.head_behind(cell).is_some_and(|head| self.pairs_of(head).is_none()) {
            return None;
        }
        let row_of = |tensor| {
            let mut numbers = Vec::new();
            self.read(tensor, plane, row, 0..self.shape(tensor).1, &mut numbers);
            numbers
        };
        let number = |tensor, row, column| {
            let mut numbers = Vec::new();
            self.read(tensor, plane, row, column..column + 1, &mut numbers);
            numbers
        };
        let column_at = |tensor: Tensor, column: usize| -> Vec<f32> {
            (0..self.shape(tensor).0).flat_map(|row| number(tensor, row, column)).collect()
        };
        let column_of = |tensor| column_at(tensor, column);
        // A bias is one more product, of it and 1. (Rotary positions would turn it, and are of sentences alone.)
        let projected = |mut row: Vec<f32>, mut column: Vec<f32>, matrix: &Array2<f32>, at: usize| {
            if matrix.nrows() > matrix.ncols() {
                row.push(1.0);
                column.push(matrix[[matrix.nrows() - 1, at]]);
            }
            (row, column)
        };
        let head_dim = self.setup.width / self.setup.heads;
        // Where pairs of columns are turned, both are behind a number.
        let turned = |weights: Tensor| {
            let pair = column - column % 2;
            if self.setup.positions != Positions::Rotary || pair + 1 >= head_dim {
                return column_of(weights);
            }
            [pair, pair + 1].into_iter().flat_map(|column| column_at(weights, column)).collect()
        };
        let (left, right) = match tensor {
            tensor if tensor.is_given(&self.setup) => (vec![], vec![]),
            Tensor::Tokens | Tensor::KeyTokens | Tensor::Positions | Tensor::KeyPositions | Tensor::Mask => {
                (vec![], vec![])
            }
            Tensor::WordEmbeddings | Tensor::KeyWordEmbeddings => {
                let Setup { seed, width, .. } = self.setup;
                (vec![embedding_from_id(self.tokens(tensor, item)[row].id, width, seed)[column]], vec![])
            }
            Tensor::QueryWeights => (self.drawn_again(0, row, head * head_dim + column), vec![]),
            Tensor::KeyWeights => (self.drawn_again(1, row, head * head_dim + column), vec![]),
            Tensor::ValueWeights => (self.drawn_again(2, row, head * head_dim + column), vec![]),
            Tensor::OutputWeights => (self.drawn_again(3, row, column), vec![]),
            Tensor::Input => (number(Tensor::WordEmbeddings, row, column), number(Tensor::Positions, row, column)),
            Tensor::Queries => {
                let made = &self.block().weights.w_q;
                projected(row_of(Tensor::Input), turned(Tensor::QueryWeights), made, head * head_dim + column)
            }
            Tensor::KeyInput => {
                (number(Tensor::KeyWordEmbeddings, row, column), number(Tensor::KeyPositions, row, column))
            }
            Tensor::Keys => {
                let (input, made) = (row_of(Tensor::Input.of_keys(&self.setup)), &self.block().weights.w_k);
                projected(input, turned(Tensor::KeyWeights), made, head * head_dim + column)
            }
            Tensor::Values => {
                let (input, made) = (row_of(Tensor::Input.of_keys(&self.setup)), &self.block().weights.w_v);
                projected(input, column_of(Tensor::ValueWeights), made, head * head_dim + column)
            }
            Tensor::Scores => {
                let key = self.inputs().keys().slice_move(s![item, self.key_head(head), column, ..]).to_vec();
                (row_of(Tensor::Queries), key)
            }
            Tensor::Scaled => (number(Tensor::Scores, row, column), vec![self.inputs().rules().factor]),
            Tensor::Masked => (number(Tensor::Scaled, row, column), number(Tensor::Mask, row, column)),
            Tensor::RowMax => (row_of(Tensor::Masked), vec![]),
            Tensor::Shifted => (number(Tensor::Masked, row, column), number(Tensor::RowMax, row, 0)),
            Tensor::Exponentials => (number(Tensor::Shifted, row, column), vec![]),
            Tensor::ExponentialSums => (row_of(Tensor::Exponentials), vec![]),
            Tensor::Weights => (row_of(Tensor::Masked), row_of(Tensor::Weights)),
            Tensor::RowSums => (row_of(Tensor::Weights), vec![]),
            Tensor::Mixed => (row_of(Tensor::Weights), column_of(Tensor::Values)),
            Tensor::Heads => {
                let of_column =
                    CellRef { tensor: Tensor::Mixed, head: column / head_dim, row, column: column % head_dim };
                let Operands { left, right, .. } = self.operands(item, of_column)?;
                if self.setup.heads_off.contains(&of_column.head) { (vec![], vec![]) } else { (left, right) }
            }
            Tensor::Output => {
                let made = &self.block().weights.w_o;
                projected(row_of(Tensor::Heads), column_of(Tensor::OutputWeights), made, column)
            }
        };
        Some(Operands { item, cell, value, before: None, left, right, from: None })
    }

    /// A number alone. `None` where there is no such cell, or its head's scores are not here.
    pub fn value(&self, item: usize, cell: CellRef) -> Option<f32> {
        let CellRef { tensor, head, row, column } = cell;
        let (rows, columns) = self.shape(tensor);
        let is_here = item < self.batch.len() && head < self.setup.heads && row < rows && column < columns;
        (is_here && self.has(tensor, head)).then(|| {
            let mut numbers = Vec::new();
            self.read(tensor, Plane { item, head }, row, column..column + 1, &mut numbers);
            numbers[0]
        })
    }

    /// The head whose scores and weights [`Kept::operands`] needs for this cell, if any.
    pub fn head_behind(&self, cell: CellRef) -> Option<usize> {
        let head_dim = self.setup.width / self.setup.heads;
        match cell.tensor {
            Tensor::Heads => Some(cell.column / head_dim),
            Tensor::Mixed => Some(cell.head),
            tensor => needs_pairs(tensor).then_some(cell.head),
        }
    }

    /// A weight of one of the four layers, drawn from the seed once more.
    fn drawn_again(&self, layer: usize, row: usize, column: usize) -> Vec<f32> {
        let Setup { seed, width, .. } = self.setup;
        let mut generator = Generator::manual_seed(seed);
        for _ in 0..layer {
            generator.linear_weight(width, width);
        }
        // As far as the row that is the page's column: PyTorch's weight is [out, in].
        vec![generator.linear_weight(width, column + 1)[[column, row]]]
    }
}

impl Pairs {
    fn new(head: usize, scores: Array3<f32>, weights: Array3<f32>) -> Self {
        Self { head, scores, weights, rows: OnceCell::new() }
    }

    fn rows(&self, rules: &Rules) -> &Rows {
        self.rows.get_or_init(|| {
            let mut rows = Rows { maxima: Vec::new(), sums: Vec::new() };
            let mut masked = Vec::new();
            for (item, scores) in self.scores.outer_iter().enumerate() {
                for (row, scores) in scores.outer_iter().enumerate() {
                    masked.clear();
                    masked.extend(scores);
                    rules.mask_row(item, self.head, row, 0, &mut masked);
                    let max = masked.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    subtract(max, &mut masked);
                    fast::exp_all(&mut masked);
                    rows.maxima.push(max);
                    rows.sums.push(sum(masked.iter()));
                }
            }
            rows
        })
    }
}

/// Whether a tensor is one of scores and weights, or follows from them number by number.
fn needs_pairs(tensor: Tensor) -> bool {
    matches!(tensor.axes(), (protocol::Axis::Queries, protocol::Axis::Keys | protocol::Axis::One))
        && tensor != Tensor::Mask
}

/// Takes a row's maximum away; of a row with nothing to see nothing is left.
fn subtract(max: f32, row: &mut [f32]) {
    if max > f32::NEG_INFINITY {
        row.iter_mut().for_each(|number| *number -= max);
    }
}

/// In which of `shown` blocks the row or column at this index lies, of so many.
fn block_of(index: usize, shown: usize, of: usize) -> usize {
    ((index + 1) * shown).div_ceil(of) - 1
}

/// Puts the number of largest magnitude of each block in its place, unless a larger one is there; −∞ is none.
fn keep_extremes(numbers: &[f32], extremes: &mut [f32]) {
    let shown = extremes.len();
    for (block, extreme) in extremes.iter_mut().enumerate() {
        for &number in &numbers[block * numbers.len() / shown..(block + 1) * numbers.len() / shown] {
            if number.is_finite() && (number.abs() > extreme.abs() || !extreme.is_finite()) {
                *extreme = number;
            }
        }
    }
}

/// In f64, rounded once, so that what is shown is the row's sum and not the error of adding it up.
fn sum<'a>(row: impl Iterator<Item = &'a f32>) -> f32 {
    row.map(|&value| f64::from(value)).sum::<f64>() as f32
}
