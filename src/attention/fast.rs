//! The same attention as [`super::attend`], within rounding, and quicker: eight queries at a time, side by side in SIMD
//! registers. Their scores stay in the cache until they are weights; keys that window and lengths hide from all eight are
//! left out, unless scores are wanted.
//!
//! `tests/fast.rs` holds it to the reference, number by number within 1e-5 + 1.3e-6 of its size.

use std::mem::take;
use std::ops::Range;

use lanes::{InFours, Lanes, Spans, columns, put_side_by_side, scale, softmax, write};
pub use lanes::{all_finite, exp, exp_all};
use ndarray::{Array2, Array3, Array4, ArrayView3, s};

use super::block::{add_bias, projected};
use super::{
    BlockInput, BlockTrace, BlockWeights, Config, Error, Inputs, Mask, Outputs, Rules, Shape, Wanted, bent,
    width_from_heads, with_bias,
};

/// As [`super::attend`]: of its tensors, those that are wanted.
pub fn attend(inputs: &Inputs, wanted: Wanted) -> Outputs {
    let mut outputs = Outputs::default();
    attend_into(inputs, wanted, &mut outputs);
    outputs
}

/// As [`attend`], in the memory of earlier outputs, where their shapes are the same: new memory takes time.
pub fn attend_into(inputs: &Inputs, wanted: Wanted, outputs: &mut Outputs) {
    let Shape { batch, heads, key_heads, query_len, key_len, head_dim, value_dim } = inputs.shape();
    let earlier = take(outputs);
    let pairs = [batch, heads, query_len, key_len];
    let mut scores = wanted.keeps_scores().then(|| recycled(earlier.scores, pairs));
    let mut weights = wanted.weights.then(|| recycled(earlier.weights, pairs));
    let mut output = wanted.output.then(|| recycled(earlier.output, [batch, heads, query_len, value_dim]));

    let [queries, keys, values] = [inputs.queries(), inputs.keys(), inputs.values()];
    let [queries, keys, values] = [&queries, &keys, &values].map(|tensor| tensor.as_standard_layout());
    let [queries, keys, values] = [&queries, &keys, &values].map(|tensor| tensor.as_slice().expect(CONTIGUOUS));
    let mut keys_in_fours = InFours::new(key_len, head_dim);
    let mut values_in_fours = InFours::new(value_dim, key_len);
    let [mut lanes, mut block, mut mixed] = [head_dim, key_len, value_dim].map(columns);
    for head in 0..batch * heads {
        let (b, h) = (head / heads, head % heads);
        if h.is_multiple_of(heads / key_heads) {
            let key_head = head / (heads / key_heads);
            keys_in_fours.fill_with_rows(&keys[key_head * key_len * head_dim..][..key_len * head_dim], head_dim);
            values_in_fours
                .fill_with_columns(&values[key_head * key_len * value_dim..][..key_len * value_dim], value_dim);
        }
        for start in (0..query_len).step_by(Lanes::WIDTH) {
            let end = (start + Lanes::WIDTH).min(query_len);
            let rows = head * query_len + start..head * query_len + end;
            let eight = Queries { rules: inputs.rules(), batch: b, head: h, queries: start..end };
            put_side_by_side(&queries[rows.start * head_dim..rows.end * head_dim], head_dim, &mut lanes);
            if let Some(scores) = &mut scores {
                keys_in_fours.times(0..block.len(), 0..lanes.len(), &lanes, &mut block);
                write(&block, 0, rows_of(scores, &rows), key_len);
            }
            if !(wanted.weights || wanted.output) {
                continue;
            }
            let keys = eight.keys();
            let fours = keys.fours();
            let block = &mut block[fours.clone()];
            if scores.is_none() {
                keys_in_fours.times(fours.clone(), 0..lanes.len(), &lanes, block);
            }
            eight.softmax(&keys, 4 * fours.start, block);
            if let Some(weights) = &mut weights {
                write(block, 4 * fours.start, rows_of(weights, &rows), key_len);
            }
            if let Some(output) = &mut output {
                values_in_fours.times(0..mixed.len(), fours, block, &mut mixed);
                write(&mixed, 0, rows_of(output, &rows), value_dim);
            }
        }
    }
    *outputs = Outputs::new(inputs.rules(), wanted, scores, weights, output);
}

/// As [`super::self_attention`]: of its attention, the tensors that are wanted, and the output in any case.
///
/// # Errors
/// As [`super::self_attention`].
pub fn self_attention(
    input: ArrayView3<f32>,
    block: &BlockWeights,
    heads: usize,
    config: &Config,
    mask: Option<Mask>,
    wanted: Wanted,
) -> Result<BlockTrace<Outputs>, Error> {
    multi_head(input.into(), block, heads, config, mask, wanted)
}

/// As [`super::multi_head`]: of its attention, the tensors that are wanted, and the output in any case.
///
/// # Errors
/// As [`super::multi_head`].
pub fn multi_head(
    input: BlockInput,
    block: &BlockWeights,
    heads: usize,
    config: &Config,
    mask: Option<Mask>,
    wanted: Wanted,
) -> Result<BlockTrace<Outputs>, Error> {
    let inputs = projected(project, input, block, heads, config, mask)?;
    let attention = attend(&inputs, Wanted { output: true, ..wanted });
    let mixed = attention.output.as_ref().expect("the output was wanted");
    let output = project(width_from_heads(mixed.view()).view(), &block.w_o);
    Ok(BlockTrace { inputs, attention, output })
}

/// As [`super::project`].
pub fn project(input: ArrayView3<f32>, with_bias_row: &Array2<f32>) -> Array3<f32> {
    let (batch, len, width) = input.dim();
    let matrix = with_bias_row.slice(s![..width, ..]);
    let output_width = matrix.ncols();
    let (input, matrix) = (input.as_standard_layout(), matrix.as_standard_layout());
    let [input, matrix] = [input.as_slice(), matrix.as_slice()].map(|numbers| numbers.expect(CONTIGUOUS));
    let mut matrix_in_fours = InFours::new(output_width, width);
    matrix_in_fours.fill_with_columns(matrix, output_width);
    let [mut lanes, mut products] = [width, output_width].map(columns);
    let mut projected = Array3::zeros((batch, len, output_width));
    let rows = projected.as_slice_mut().expect(CONTIGUOUS).chunks_mut(Lanes::WIDTH * output_width);
    for (tokens, rows) in input.chunks(Lanes::WIDTH * width).zip(rows) {
        put_side_by_side(tokens, width, &mut lanes);
        matrix_in_fours.times(0..products.len(), 0..lanes.len(), &lanes, &mut products);
        write(&products, 0, rows, output_width);
    }
    add_bias(&mut projected, with_bias_row, width);
    projected
}

const CONTIGUOUS: &str = "tensors in standard layout are contiguous";

/// A tensor of this shape, with any numbers in it.
fn recycled(earlier: Option<Array4<f32>>, shape: [usize; 4]) -> Array4<f32> {
    let earlier = earlier.filter(|earlier| earlier.shape() == shape && earlier.is_standard_layout());
    earlier.unwrap_or_else(|| Array4::zeros(shape))
}

/// Some rows of a tensor, counted through all batches and heads.
fn rows_of<'a>(tensor: &'a mut Array4<f32>, rows: &Range<usize>) -> &'a mut [f32] {
    let width = tensor.shape()[3];
    &mut tensor.as_slice_mut().expect(CONTIGUOUS)[rows.start * width..rows.end * width]
}

/// Up to eight queries of a head.
struct Queries<'a> {
    rules: &'a Rules,
    batch: usize,
    head: usize,
    queries: Range<usize>,
}

impl Queries<'_> {
    /// The query in a lane; the last one in lanes that would be empty.
    fn query(&self, lane: usize) -> usize {
        (self.queries.start + lane).min(self.queries.end - 1)
    }

    /// The keys that window and length let each of them see.
    fn keys(&self) -> Spans {
        let mut all = Spans { starts: [0; 8], ends: [0; 8] };
        for lane in 0..8 {
            let keys = self.rules.visibility.keys(self.batch, self.query(lane));
            (all.starts[lane], all.ends[lane]) = (keys.start as u32, keys.end as u32);
        }
        all
    }

    /// Turns scores of the keys from `first` on into weights.
    fn softmax(&self, keys: &Spans, first: usize, block: &mut [[Lanes; 4]]) {
        scale(self.rules.factor, block);
        self.bend(first, block);
        keys.hide_others(first, block);
        softmax(block);
    }

    /// Softcap, mask and distance; −∞ for what the mask hides.
    fn bend(&self, first: usize, block: &mut [[Lanes; 4]]) {
        if self.rules.is_plain() {
            return;
        }
        for (key, column) in (first..).zip(block.as_flattened_mut()) {
            let mut numbers: [f32; 8] = (*column).into();
            for (lane, number) in numbers.iter_mut().enumerate() {
                let bias = self.rules.bias(self.batch, self.head, self.query(lane), key);
                *number = with_bias(bent(*number, self.rules.softcap), bias);
            }
            *column = numbers.into();
        }
    }
}
