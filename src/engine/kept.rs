use ndarray::{Array2, Array3, Array4, ArrayView2, Axis, CowArray, Ix2, s};

use crate::attention::{BlockTrace, BlockWeights, Config, width_from_heads};
use crate::embedding::{Generator, Token, embedding_from_id};
use crate::protocol::{CellRef, Matrix, Operands, Setup, Slice, Tensor};

/// A run that is kept: every tensor can be looked at, and every number opened.
pub struct Kept {
    pub run: u64,
    pub tokens: Vec<Token>,
    setup: Setup,
    words: Array2<f32>,
    positions: Array2<f32>,
    input: Array3<f32>,
    weights: BlockWeights,
    trace: BlockTrace,
    /// The mixed values of all heads side by side, `[1, S, E]`.
    joined: Array3<f32>,
}

impl Kept {
    pub fn new(
        run: u64,
        setup: Setup,
        tokens: Vec<Token>,
        (words, positions, input): (Array2<f32>, Array2<f32>, Array3<f32>),
        weights: BlockWeights,
        trace: BlockTrace,
    ) -> Self {
        let joined = width_from_heads(trace.attention.output.view());
        Self { run, tokens, setup, words, positions, input, weights, trace, joined }
    }

    /// A tensor of one head, `[rows, columns]`. What can be derived is derived here instead of stored.
    fn tensor(&self, tensor: Tensor, head: usize) -> CowArray<'_, f32, Ix2> {
        let BlockTrace { queries, keys, values, attention, output } = &self.trace;
        let head_dim = self.setup.width / self.setup.heads;
        let columns = s![.., head * head_dim..(head + 1) * head_dim];
        match tensor {
            Tensor::Tokens => Array2::from_shape_fn((1, self.tokens.len()), |(_, i)| self.tokens[i].id as f32).into(),
            Tensor::WordEmbeddings => self.words.view().into(),
            Tensor::Positions => self.positions.view().into(),
            Tensor::Input => self.input.index_axis(Axis(0), 0).into(),
            Tensor::QueryWeights => self.weights.w_q.slice(columns).into(),
            Tensor::KeyWeights => self.weights.w_k.slice(columns).into(),
            Tensor::ValueWeights => self.weights.w_v.slice(columns).into(),
            Tensor::OutputWeights => self.weights.w_o.view().into(),
            Tensor::Queries => of_head(queries, head).into(),
            Tensor::Keys => of_head(keys, head).into(),
            Tensor::Values => of_head(values, head).into(),
            Tensor::Scores => of_head(&attention.scores, head).into(),
            Tensor::Scaled => of_head(&attention.scaled, head).into(),
            Tensor::Mask => {
                let len = self.tokens.len();
                let added =
                    |(query, key)| if self.setup.mask.sees(query as isize, key) { 0.0 } else { f32::NEG_INFINITY };
                Array2::from_shape_fn((len, len), added).into()
            }
            Tensor::Masked => of_head(&attention.masked, head).into(),
            Tensor::RowMax => {
                let max = |row: ArrayView2<f32>| row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                per_row(of_head(&attention.masked, head), max).into()
            }
            Tensor::Shifted => (&of_head(&attention.masked, head) - &self.tensor(Tensor::RowMax, head)).into(),
            Tensor::Exponentials => self.tensor(Tensor::Shifted, head).mapv(f32::exp).into(),
            Tensor::ExponentialSums => per_row(self.tensor(Tensor::Exponentials, head).view(), sum).into(),
            Tensor::Weights => of_head(&attention.weights, head).into(),
            Tensor::RowSums => per_row(of_head(&attention.weights, head), sum).into(),
            Tensor::Mixed => of_head(&attention.output, head).into(),
            Tensor::Heads => self.joined.index_axis(Axis(0), 0).into(),
            Tensor::Output => output.index_axis(Axis(0), 0).into(),
        }
    }

    /// The matrices that the page wants to see, in that order, without those of heads that this run does not have.
    pub fn matrices(&self, slices: Vec<Slice>) -> Vec<(Slice, Matrix)> {
        slices.into_iter().filter_map(|slice| Some((slice, self.matrix(slice)?))).collect()
    }

    /// A tensor as the page wants to see it. `None` where there is no such head.
    fn matrix(&self, slice: Slice) -> Option<Matrix> {
        let Slice { tensor, head, most_rows, most_columns } = slice;
        if head >= self.setup.heads {
            return None;
        }
        let values = self.tensor(tensor, head);
        let (rows, columns) = values.dim();
        let (shown_rows, shown_columns) = (rows.min(most_rows.max(1)), columns.min(most_columns.max(1)));
        // A hidden key's weight and exponential are 0; what the page must know is that it is hidden.
        let hides = matches!(tensor, Tensor::Weights | Tensor::Exponentials);
        let shown = |row: usize, column: usize| {
            if hides && !self.setup.mask.sees(row as isize, column) { f32::NEG_INFINITY } else { values[[row, column]] }
        };
        let block = |shown: usize, of_shown: usize, of: usize| shown * of / of_shown..(shown + 1) * of / of_shown;
        let mut cells = Vec::with_capacity(shown_rows * shown_columns);
        for shown_row in 0..shown_rows {
            for shown_column in 0..shown_columns {
                let mut extreme = f32::NEG_INFINITY;
                for row in block(shown_row, shown_rows, rows) {
                    for column in block(shown_column, shown_columns, columns) {
                        let value = shown(row, column);
                        if value.is_finite() && (!extreme.is_finite() || value.abs() > extreme.abs()) {
                            extreme = value;
                        }
                    }
                }
                cells.push(extreme);
            }
        }
        let largest = cells.iter().filter(|value| value.is_finite()).fold(0.0, |max: f32, value| max.max(value.abs()));
        Some(Matrix { rows, columns, shown_rows, shown_columns, values: cells, largest })
    }

    /// A number and what it was made from. `None` where there is no such cell.
    pub fn operands(&self, cell: CellRef) -> Option<Operands> {
        let CellRef { tensor, head, row, column } = cell;
        if head >= self.setup.heads {
            return None;
        }
        let value = *self.tensor(tensor, head).get((row, column))?;
        let row_of = |tensor| self.tensor(tensor, head).row(row).to_vec();
        let column_of = |tensor| self.tensor(tensor, head).column(column).to_vec();
        let number = |tensor, row, column| vec![self.tensor(tensor, head)[[row, column]]];
        let head_dim = self.setup.width / self.setup.heads;
        let (left, right) = match tensor {
            Tensor::Tokens | Tensor::Positions | Tensor::Mask => (vec![], vec![]),
            Tensor::WordEmbeddings => {
                let Setup { seed, width, .. } = self.setup;
                (vec![embedding_from_id(self.tokens[row].id, width, seed)[column]], vec![])
            }
            Tensor::QueryWeights => (self.drawn_again(0, row, head * head_dim + column), vec![]),
            Tensor::KeyWeights => (self.drawn_again(1, row, head * head_dim + column), vec![]),
            Tensor::ValueWeights => (self.drawn_again(2, row, head * head_dim + column), vec![]),
            Tensor::OutputWeights => (self.drawn_again(3, row, column), vec![]),
            Tensor::Input => (number(Tensor::WordEmbeddings, row, column), number(Tensor::Positions, row, column)),
            Tensor::Queries => (row_of(Tensor::Input), column_of(Tensor::QueryWeights)),
            Tensor::Keys => (row_of(Tensor::Input), column_of(Tensor::KeyWeights)),
            Tensor::Values => (row_of(Tensor::Input), column_of(Tensor::ValueWeights)),
            Tensor::Scores => (row_of(Tensor::Queries), self.tensor(Tensor::Keys, head).row(column).to_vec()),
            Tensor::Scaled => (number(Tensor::Scores, row, column), vec![Config::default().factor(head_dim)]),
            Tensor::Masked => (number(Tensor::Scaled, row, column), number(Tensor::Mask, row, column)),
            Tensor::RowMax => (row_of(Tensor::Masked), vec![]),
            Tensor::Shifted => (number(Tensor::Masked, row, column), number(Tensor::RowMax, row, 0)),
            Tensor::Exponentials => (number(Tensor::Shifted, row, column), vec![]),
            Tensor::ExponentialSums => (row_of(Tensor::Exponentials), vec![]),
            Tensor::Weights => (row_of(Tensor::Masked), row_of(Tensor::Weights)),
            Tensor::RowSums => (row_of(Tensor::Weights), vec![]),
            Tensor::Mixed => (row_of(Tensor::Weights), column_of(Tensor::Values)),
            Tensor::Heads => {
                let (head, column) = (column / head_dim, column % head_dim);
                let weights = self.tensor(Tensor::Weights, head).row(row).to_vec();
                (weights, self.tensor(Tensor::Values, head).column(column).to_vec())
            }
            Tensor::Output => (row_of(Tensor::Heads), column_of(Tensor::OutputWeights)),
        };
        Some(Operands { cell, value, left, right })
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

fn of_head(tensor: &Array4<f32>, head: usize) -> ArrayView2<'_, f32> {
    tensor.slice(s![0, head, .., ..])
}

/// One number a row: `[S, 1]`.
fn per_row(matrix: ArrayView2<f32>, number: impl Fn(ArrayView2<f32>) -> f32) -> Array2<f32> {
    Array2::from_shape_fn((matrix.nrows(), 1), |(row, _)| number(matrix.slice(s![row..=row, ..])))
}

/// In f64, rounded once, so that what is shown is the row's sum and not the error of adding it up.
fn sum(row: ArrayView2<f32>) -> f32 {
    row.iter().map(|&value| f64::from(value)).sum::<f64>() as f32
}
