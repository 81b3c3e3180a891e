//! Matrices that are worked on eight rows at a time, side by side in SIMD registers.
//!
//! The inner loops of attention on the CPU, and nothing of what attention is: that is in `headlight::attention::fast`. They
//! are a package of their own because a package is what Cargo optimises as a whole, and what the browser downloads is
//! optimised for size, but for these. The loops are not inlined, so that they stay as they were optimised.

mod eight;

use std::array::from_fn;
use std::mem::take;
use std::ops::Range;

pub use eight::Lanes;
use eight::transposed;

/// Eight rows of so many numbers side by side, column by column, four columns at a time: `[⌈count / 4⌉]`, all zeros.
pub fn columns(count: usize) -> Vec<[Lanes; 4]> {
    vec![[Lanes::splat(0.0); 4]; count.div_ceil(4)]
}

/// So many rows, in fours; in place of those that are missing, the first. All have as many as the compiler can see, so that
/// loops over them need no checks.
#[inline(always)]
fn fours<const COUNT: usize>(rows: &[f32], width: usize) -> [&[[f32; 4]]; COUNT] {
    from_fn(|i| &row(rows, i, width).as_chunks().0[..width / 4])
}

/// What is left of so many rows beside the fours, with zeros after it; if anything is.
#[inline(always)]
fn rests<const COUNT: usize>(rows: &[f32], width: usize) -> Option<[[f32; 4]; COUNT]> {
    (!width.is_multiple_of(4)).then(|| from_fn(|i| rest(row(rows, i, width))))
}

#[inline(never)]
fn rest(row: &[f32]) -> [f32; 4] {
    let (_, rest) = row.as_chunks::<4>();
    from_fn(|column| rest.get(column).copied().unwrap_or(0.0))
}

#[inline(always)]
fn row(rows: &[f32], index: usize, width: usize) -> &[f32] {
    rows.get(index * width..(index + 1) * width).unwrap_or(&rows[..width])
}

/// Up to eight `rows`, `[≤ 8, width]` row-major, into `columns` of [`columns`]`(width)`; in place of rows that are missing, the
/// first; zeros after the last column.
#[inline(never)]
pub fn put_side_by_side(rows: &[f32], width: usize, columns: &mut [[Lanes; 4]]) {
    let [a, b, c, d, e, f, g, h] = fours(rows, width);
    for (i, columns) in columns[..width / 4].iter_mut().enumerate() {
        *columns = Lanes::columns([a[i], b[i], c[i], d[i]], [e[i], f[i], g[i], h[i]]);
    }
    if let (Some([a, b, c, d, e, f, g, h]), Some(columns)) = (rests(rows, width), columns.last_mut()) {
        *columns = Lanes::columns([a, b, c, d], [e, f, g, h]);
    }
}

/// Writes `columns` into up to eight `rows`, `[≤ 8, width]` row-major, from column `first` on, a multiple of 4; zeros before
/// and after.
#[inline(never)]
pub fn write(columns: &[[Lanes; 4]], first: usize, rows: &mut [f32], width: usize) {
    let whole = columns.len().min((width - first) / 4);
    let mut eight: [&mut [[f32; 4]]; 8] = Default::default();
    let mut rests: [&mut [f32]; 8] = Default::default();
    for ((fours, rest), row) in eight.iter_mut().zip(&mut rests).zip(rows.chunks_exact_mut(width)) {
        let (before, row) = row.split_at_mut(first);
        before.fill(0.0);
        (*fours, *rest) = row.as_chunks_mut();
        let after;
        (*fours, after) = take(fours).split_at_mut(whole);
        after.as_flattened_mut().fill(0.0);
        rest.fill(0.0);
    }
    let [a, b, c, d, e, f, g, h] = eight;
    for (i, columns) in columns[..whole].iter().enumerate() {
        let fours = Lanes::rows(*columns);
        put(a, i, fours[0]);
        put(b, i, fours[1]);
        put(c, i, fours[2]);
        put(d, i, fours[3]);
        put(e, i, fours[4]);
        put(f, i, fours[5]);
        put(g, i, fours[6]);
        put(h, i, fours[7]);
    }
    if let Some(columns) = columns.get(whole) {
        let fours = Lanes::rows(*columns);
        for (rest, four) in rests.into_iter().zip(fours) {
            rest.iter_mut().zip(four).for_each(|(number, value)| *number = value);
        }
    }
}

/// Into a row, if there is one.
#[inline(always)]
fn put(row: &mut [[f32; 4]], at: usize, four: [f32; 4]) {
    if let Some(to) = row.get_mut(at) {
        *to = four;
    }
}

/// A matrix as the product with [`Lanes`] reads it: four rows after four rows, of these column by column, both padded to
/// multiples of four. Filled by rows, columns are padded with zeros and rows with copies; filled by columns, the other way
/// round: then the lanes that it is multiplied with must be 0 there, and its numbers finite.
#[derive(Debug)]
pub struct InFours {
    numbers: Vec<[[f32; 4]; 4]>,
    /// How many columns, in fours.
    len: usize,
}

impl InFours {
    /// For so many rows and columns, all zeros.
    pub fn new(rows: usize, columns: usize) -> Self {
        let len = columns.div_ceil(4);
        Self { numbers: vec![[[0.0; 4]; 4]; rows.div_ceil(4) * len], len }
    }

    /// From a matrix of rows of this width, that lies row by row.
    #[inline(never)]
    pub fn fill_with_rows(&mut self, matrix: &[f32], width: usize) {
        for (rows, numbers) in matrix.chunks(4 * width).zip(self.numbers.chunks_exact_mut(self.len)) {
            let [a, b, c, d] = fours(rows, width);
            for (i, numbers) in numbers[..width / 4].iter_mut().enumerate() {
                *numbers = transposed([a[i], b[i], c[i], d[i]]);
            }
            if let (Some(rests), Some(numbers)) = (rests(rows, width), numbers.last_mut()) {
                *numbers = transposed(rests);
            }
        }
    }

    /// From a matrix of columns of this height, that lies column by column.
    #[inline(never)]
    pub fn fill_with_columns(&mut self, matrix: &[f32], height: usize) {
        for (index, columns) in matrix.chunks(4 * height).enumerate() {
            let [a, b, c, d] = fours(columns, height);
            let mut numbers = self.numbers.iter_mut().skip(index).step_by(self.len);
            for (i, numbers) in (0..height / 4).zip(&mut numbers) {
                *numbers = [a[i], b[i], c[i], d[i]];
            }
            if let (Some(rests), Some(numbers)) = (rests(columns, height), numbers.next()) {
                *numbers = rests;
            }
        }
    }

    /// `products[i]`: rows `4 · (rows.start + i)` and the three after it of this matrix, of them the columns from
    /// `4 · columns.start` on, times `lanes`, whose first column belongs to the first of these.
    #[inline(never)]
    pub fn times(&self, rows: Range<usize>, columns: Range<usize>, lanes: &[[Lanes; 4]], products: &mut [[Lanes; 4]]) {
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

/// For each of eight lanes the columns from a start to before an end.
#[derive(Debug)]
pub struct Spans {
    /// The first of them.
    pub starts: [u32; 8],
    /// The first one after them.
    pub ends: [u32; 8],
}

impl Spans {
    /// Those that some lane has, in fours.
    pub fn fours(&self) -> Range<usize> {
        let (mut first, mut end) = (u32::MAX, 0);
        for (lane_start, lane_end) in self.starts.into_iter().zip(self.ends) {
            if lane_start < lane_end {
                (first, end) = (first.min(lane_start), end.max(lane_end));
            }
        }
        first.min(end) as usize / 4..(end as usize).div_ceil(4)
    }

    /// Those that all lanes have, if there are any.
    fn common(&self) -> Range<usize> {
        let (mut start, mut end) = (0, u32::MAX);
        for (lane_start, lane_end) in self.starts.into_iter().zip(self.ends) {
            (start, end) = (start.max(lane_start), end.min(lane_end));
        }
        start as usize..end as usize
    }

    /// Puts −∞ into columns, which begin with `first`, that are not those of their lane: only near the edges there can be any.
    #[inline(never)]
    pub fn hide_others(&self, first: usize, block: &mut [[Lanes; 4]]) {
        let (starts, ends) = (Lanes::from_bits(self.starts), Lanes::from_bits(self.ends));
        let common = self.common();
        for (column, lanes) in (first..).zip(block.as_flattened_mut()) {
            if !common.contains(&column) {
                *lanes = lanes.or_hidden_unless_within(column as u32, starts, ends);
            }
        }
    }
}

/// Turns the scores of each lane into weights `exp(score − max) / sum`. A lane with −∞ alone gets zeros.
#[inline(never)]
pub fn softmax(block: &mut [[Lanes; 4]]) {
    let [mut a, mut b, mut c, mut d] = [Lanes::splat(f32::NEG_INFINITY); 4];
    for [w, x, y, z] in &*block {
        (a, b, c, d) = (a.larger(*w), b.larger(*x), c.larger(*y), d.larger(*z));
    }
    let less_max = a.larger(b).larger(c.larger(d)).times(Lanes::splat(-1.0));
    for lanes in block.as_flattened_mut() {
        *lanes = lanes.plus(less_max).exp();
    }
    [a, b, c, d] = [Lanes::splat(0.0); 4];
    for [w, x, y, z] in &*block {
        (a, b, c, d) = (a.plus(*w), b.plus(*x), c.plus(*y), d.plus(*z));
    }
    let sum = a.plus(b).plus(c.plus(d));
    let inverse = Lanes::splat(1.0).over(sum).or_0_unless_above(sum, 0.0);
    for lanes in block.as_flattened_mut() {
        *lanes = lanes.times(inverse);
    }
}

/// Multiplies with a factor; infinities become the greatest and the lowest float, NaN some number or NaN.
#[inline(never)]
pub fn scale(factor: f32, block: &mut [[Lanes; 4]]) {
    let factor = Lanes::splat(factor);
    for lanes in block.as_flattened_mut() {
        *lanes = lanes.times(factor).saturated();
    }
}

/// `eˣ` of eight numbers, none above 0, within 2 units in the last place; 0 for `x ≤ −87.33`, where it is less than 1.2·10⁻³⁸, and for −∞ and NaN.
pub fn exp(numbers: [f32; 8]) -> [f32; 8] {
    Lanes::from(numbers).exp().into()
}

/// [`exp`] of every number, in its place.
#[inline(never)]
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
#[inline(never)]
pub fn all_finite(numbers: &[f32]) -> bool {
    let (blocks, rest) = numbers.as_chunks::<32>();
    let [mut a, mut b, mut c, mut d] = [Lanes::splat(0.0); 4];
    for block in blocks {
        let (eights, _) = block.as_chunks::<8>();
        a = a.plus(Lanes::from(eights[0]));
        b = b.plus(Lanes::from(eights[1]));
        c = c.plus(Lanes::from(eights[2]));
        d = d.plus(Lanes::from(eights[3]));
    }
    // What is not finite stays so in a sum. The sum of very large numbers may not be finite either.
    let is_finite = |number: &f32| number.is_finite();
    let sums = [a, b, c, d].map(<[f32; 8]>::from);
    sums.as_flattened().iter().chain(rest).all(is_finite) || numbers.iter().all(is_finite)
}
