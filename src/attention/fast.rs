//! The same attention as [`super::attend`], quicker: eight queries at a time, side by side in SIMD registers. Their
//! scores stay in the cache until they are weights; what none of the eight may see is left out.
//!
//! `tests/fast.rs` holds it to the reference.

mod lanes;

use std::array::from_fn;
use std::mem::take;
use std::ops::Range;

use ndarray::{Array4, ArrayView3};

use self::lanes::Lanes;
use super::{
    BlockTrace, BlockWeights, Config, Error, Inputs, Outputs, Rules, Shape, Wanted, bent, project, projected,
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
                write(&block, Lanes::splat(1.0), 0, rows_of(scores, &rows), key_len);
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
            let inverse = eight.softmax(&keys, 4 * fours.start, block);
            if let Some(weights) = &mut weights {
                write(block, inverse, 4 * fours.start, rows_of(weights, &rows), key_len);
            }
            if let Some(output) = &mut output {
                values_in_fours.times(0..mixed.len(), fours, block, &mut mixed);
                write(&mixed, inverse, 0, rows_of(output, &rows), value_dim);
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
    wanted: Wanted,
) -> Result<BlockTrace<Outputs>, Error> {
    let inputs = projected(input, block, heads, config)?;
    let attention = attend(&inputs, Wanted { output: true, ..wanted });
    let mixed = attention.output.as_ref().expect("the output was wanted");
    let output = project(width_from_heads(mixed.view()).view(), &block.w_o);
    Ok(BlockTrace { inputs, attention, output })
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

/// Eight rows side by side, column by column, four columns at a time.
fn columns(count: usize) -> Vec<[Lanes; 4]> {
    vec![[Lanes::splat(0.0); 4]; count.div_ceil(4)]
}

/// So many rows; in place of those that are missing, empty ones.
fn first_rows<const COUNT: usize>(rows: &[f32], width: usize) -> [&[f32]; COUNT] {
    let mut first: [&[f32]; COUNT] = [&[]; COUNT];
    for (to, row) in first.iter_mut().zip(rows.chunks_exact(width)) {
        *to = row;
    }
    first
}

/// Of a row, the four numbers from one on; 0 beyond its end.
#[inline(always)]
fn four(row: &[f32], from: usize) -> [f32; 4] {
    let Some(row) = row.get(from..) else { return [0.0; 4] };
    match row.first_chunk() {
        Some(four) => *four,
        None => from_fn(|i| row.get(i).copied().unwrap_or(0.0)),
    }
}

/// Up to eight rows; in place of those that are missing, zeros.
fn put_side_by_side(rows: &[f32], width: usize, columns: &mut [[Lanes; 4]]) {
    let [a, b, c, d, e, f, g, h] = first_rows(rows, width);
    for (i, columns) in columns.iter_mut().enumerate() {
        let at = 4 * i;
        let (low, high) = (
            [four(a, at), four(b, at), four(c, at), four(d, at)],
            [four(e, at), four(f, at), four(g, at), four(h, at)],
        );
        *columns = Lanes::columns(low, high);
    }
}

/// Writes columns, times a factor for each row, into up to eight rows, from column `first` on; zeros before and after.
fn write(columns: &[[Lanes; 4]], factor: Lanes, first: usize, rows: &mut [f32], width: usize) {
    for row in rows.chunks_exact_mut(width) {
        row[..first].fill(0.0);
        row[(first + 4 * columns.len()).min(width)..].fill(0.0);
    }
    let mut eight: [&mut [f32]; 8] = Default::default();
    for (to, row) in eight.iter_mut().zip(rows.chunks_exact_mut(width)) {
        *to = row;
    }
    let [a, b, c, d, e, f, g, h] = eight;
    for (i, [w, x, y, z]) in columns.iter().enumerate() {
        let fours = Lanes::rows([w.times(factor), x.times(factor), y.times(factor), z.times(factor)]);
        let at = first + 4 * i;
        put(a, at, fours[0]);
        put(b, at, fours[1]);
        put(c, at, fours[2]);
        put(d, at, fours[3]);
        put(e, at, fours[4]);
        put(f, at, fours[5]);
        put(g, at, fours[6]);
        put(h, at, fours[7]);
    }
}

/// Four numbers into a row, without those beyond its end.
#[inline(always)]
fn put(row: &mut [f32], at: usize, four: [f32; 4]) {
    let Some(row) = row.get_mut(at..) else { return };
    match row.first_chunk_mut() {
        Some(numbers) => *numbers = four,
        None => row.iter_mut().zip(four).for_each(|(number, value)| *number = value),
    }
}

/// A matrix as the product with [`Lanes`] reads it: four rows after four rows, of these column by column, all padded
/// with zeros to multiples of four.
struct InFours {
    numbers: Vec<[[f32; 4]; 4]>,
    /// How many columns, in fours.
    len: usize,
}

impl InFours {
    fn new(rows: usize, columns: usize) -> Self {
        let len = columns.div_ceil(4);
        Self { numbers: vec![[[0.0; 4]; 4]; rows.div_ceil(4) * len], len }
    }

    /// From a matrix that lies row by row.
    fn fill_with_rows(&mut self, matrix: &[f32], width: usize) {
        for (rows, numbers) in matrix.chunks(4 * width).zip(self.numbers.chunks_exact_mut(self.len)) {
            let [a, b, c, d] = first_rows(rows, width);
            for (index, numbers) in numbers.iter_mut().enumerate() {
                let from = 4 * index;
                let ([a, e, i, m], [b, f, j, n]) = (four(a, from), four(b, from));
                let ([c, g, k, o], [d, h, l, p]) = (four(c, from), four(d, from));
                *numbers = [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]];
            }
        }
    }

    /// From a matrix that lies column by column.
    fn fill_with_columns(&mut self, matrix: &[f32], height: usize) {
        for (i, columns) in matrix.chunks(4 * height).enumerate() {
            let [a, b, c, d] = first_rows(columns, height);
            for (from, numbers) in (0..).step_by(4).zip(self.numbers.iter_mut().skip(i).step_by(self.len)) {
                *numbers = [four(a, from), four(b, from), four(c, from), four(d, from)];
            }
        }
    }

    /// Some fours of rows of this matrix, of them some fours of columns, times so many lanes.
    fn times(&self, rows: Range<usize>, columns: Range<usize>, lanes: &[[Lanes; 4]], products: &mut [[Lanes; 4]]) {
        for (row, product) in rows.zip(products) {
            put_sum_of_products(&self.numbers[row * self.len..][columns.clone()], lanes, product);
        }
    }
}

/// The innermost loop. Its own function, so that its eight sums get registers.
#[inline(never)]
fn put_sum_of_products(numbers: &[[[f32; 4]; 4]], lanes: &[[Lanes; 4]], sums: &mut [Lanes; 4]) {
    let [mut a, mut b, mut c, mut d] = [Lanes::splat(0.0); 4];
    for ([p, q, r, s], lanes) in numbers.as_flattened().iter().zip(lanes.as_flattened()) {
        a = a.plus_product(*lanes, *p);
        b = b.plus_product(*lanes, *q);
        c = c.plus_product(*lanes, *r);
        d = d.plus_product(*lanes, *s);
    }
    *sums = [a, b, c, d];
}

/// Up to eight queries of a head.
struct Queries<'a> {
    rules: &'a Rules,
    batch: usize,
    head: usize,
    queries: Range<usize>,
}

/// For eight lanes, the keys that window and length let their queries see.
struct Keys {
    starts: [u32; 8],
    ends: [u32; 8],
}

impl Keys {
    /// Those that some lane sees, in fours.
    fn fours(&self) -> Range<usize> {
        let (mut first, mut end) = (u32::MAX, 0);
        for (lane_start, lane_end) in self.starts.into_iter().zip(self.ends) {
            if lane_start < lane_end {
                (first, end) = (first.min(lane_start), end.max(lane_end));
            }
        }
        first.min(end) as usize / 4..(end as usize).div_ceil(4)
    }

    /// Those that all lanes see, if there are any.
    fn common(&self) -> Range<usize> {
        let (mut start, mut end) = (0, u32::MAX);
        for (lane_start, lane_end) in self.starts.into_iter().zip(self.ends) {
            (start, end) = (start.max(lane_start), end.min(lane_end));
        }
        start as usize..end as usize
    }
}

impl Queries<'_> {
    /// The query in a lane; the last one in lanes that would be empty.
    fn query(&self, lane: usize) -> usize {
        (self.queries.start + lane).min(self.queries.end - 1)
    }

    fn keys(&self) -> Keys {
        let mut all = Keys { starts: [0; 8], ends: [0; 8] };
        for lane in 0..8 {
            let keys = self.rules.visibility.keys(self.batch, self.query(lane));
            (all.starts[lane], all.ends[lane]) = (keys.start as u32, keys.end as u32);
        }
        all
    }

    /// Turns scores of the keys from `first` on into exponentials, and returns what makes weights of them.
    fn softmax(&self, keys: &Keys, first: usize, block: &mut [[Lanes; 4]]) -> Lanes {
        let factor = Lanes::splat(self.rules.factor);
        for [a, b, c, d] in &mut *block {
            *a = a.times(factor).saturated();
            *b = b.times(factor).saturated();
            *c = c.times(factor).saturated();
            *d = d.times(factor).saturated();
        }
        self.bend(first, block);
        hide(keys, first, block);
        let [mut a, mut b, mut c, mut d] = [Lanes::splat(f32::NEG_INFINITY); 4];
        for [w, x, y, z] in &*block {
            (a, b, c, d) = (a.larger(*w), b.larger(*x), c.larger(*y), d.larger(*z));
        }
        let less_max = a.larger(b).larger(c.larger(d)).times(Lanes::splat(-1.0));
        [a, b, c, d] = [Lanes::splat(0.0); 4];
        for [w, x, y, z] in block {
            *w = w.plus(less_max).exp();
            *x = x.plus(less_max).exp();
            *y = y.plus(less_max).exp();
            *z = z.plus(less_max).exp();
            (a, b, c, d) = (a.plus(*w), b.plus(*x), c.plus(*y), d.plus(*z));
        }
        // A query that sees no key has no weights.
        let sum = a.plus(b).plus(c.plus(d));
        Lanes::splat(1.0).over(sum).or_0_unless_above(sum, 0.0)
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

/// −∞ for keys that are not those of their lane: only near the edges there can be any.
fn hide(keys: &Keys, first: usize, block: &mut [[Lanes; 4]]) {
    let (starts, ends) = (Lanes::from_bits(keys.starts), Lanes::from_bits(keys.ends));
    let common = keys.common();
    for (key, column) in (first..).zip(block.as_flattened_mut()) {
        if !common.contains(&key) {
            *column = column.or_hidden_unless_within(key as u32, starts, ends);
        }
    }
}

/// `eˣ` of eight numbers, none above 0, within 2 units in the last place; 0 where it is less than 2⁻¹²⁶, and of −∞.
pub fn exp(numbers: [f32; 8]) -> [f32; 8] {
    Lanes::from(numbers).exp().into()
}

/// [`exp`] of every number, in its place.
pub fn exp_all(numbers: &mut [f32]) {
    let (eights, rest) = numbers.as_chunks_mut();
    for eight in eights {
        *eight = exp(*eight);
    }
    let mut last = [0.0; 8];
    last[..rest.len()].copy_from_slice(rest);
    rest.copy_from_slice(&exp(last)[..rest.len()]);
}

/// Whether there is neither NaN nor an infinity among these numbers.
pub fn all_finite(numbers: &[f32]) -> bool {
    let (eights, rest) = numbers.as_chunks();
    let mut zeros = Lanes::splat(0.0);
    for eight in eights {
        // 0 times what is not finite is NaN, and stays so.
        zeros = zeros.plus_product(Lanes::from(*eight), 0.0);
    }
    <[f32; 8]>::from(zeros).iter().chain(rest).all(|number| number.is_finite())
}
