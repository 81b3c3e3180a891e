//! Matrices that are worked on eight rows at a time, side by side in SIMD registers.
//!
//! The inner loops of attention on the CPU, and nothing of what attention is: that is in `headlight::attention::fast`. They
//! are a package of their own because a package is what Cargo optimises as a whole, and what the browser downloads is
//! optimised for size, but for these. The loops are not inlined, so that they stay as they were optimised.

mod eight;

use std::array::from_fn;
use std::ops::Range;

pub use eight::Lanes;

/// Eight rows side by side, column by column, four columns at a time.
pub fn columns(count: usize) -> Vec<[Lanes; 4]> {
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
#[inline(never)]
pub fn put_side_by_side(rows: &[f32], width: usize, columns: &mut [[Lanes; 4]]) {
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
#[inline(never)]
pub fn write(columns: &[[Lanes; 4]], factor: Lanes, first: usize, rows: &mut [f32], width: usize) {
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

    /// From a matrix that lies row by row.
    #[inline(never)]
    pub fn fill_with_rows(&mut self, matrix: &[f32], width: usize) {
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
    #[inline(never)]
    pub fn fill_with_columns(&mut self, matrix: &[f32], height: usize) {
        for (i, columns) in matrix.chunks(4 * height).enumerate() {
            let [a, b, c, d] = first_rows(columns, height);
            for (from, numbers) in (0..).step_by(4).zip(self.numbers.iter_mut().skip(i).step_by(self.len)) {
                *numbers = [four(a, from), four(b, from), four(c, from), four(d, from)];
            }
        }
    }

    /// Some fours of rows of this matrix, of them some fours of columns, times so many lanes.
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

/// For each of eight lanes, some columns that follow one another.
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

/// Turns scores into exponentials `exp(score − max)` of each lane, and returns 1 over their sums: what makes weights of them.
/// A lane with −∞ alone gets zeros.
#[inline(never)]
pub fn softmax(block: &mut [[Lanes; 4]]) -> Lanes {
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
    let sum = a.plus(b).plus(c.plus(d));
    Lanes::splat(1.0).over(sum).or_0_unless_above(sum, 0.0)
}

/// Multiplies with a factor; infinities become the greatest and the lowest float.
#[inline(never)]
pub fn scale(factor: f32, block: &mut [[Lanes; 4]]) {
    let factor = Lanes::splat(factor);
    for [a, b, c, d] in block {
        *a = a.times(factor).saturated();
        *b = b.times(factor).saturated();
        *c = c.times(factor).saturated();
        *d = d.times(factor).saturated();
    }
}

/// `eˣ` of eight numbers, none above 0, within 2 units in the last place; 0 where it is less than 2⁻¹²⁶, and of −∞.
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
        // 0 times what is not finite is NaN, and stays so.
        a = a.plus_product(Lanes::from(eights[0]), 0.0);
        b = b.plus_product(Lanes::from(eights[1]), 0.0);
        c = c.plus_product(Lanes::from(eights[2]), 0.0);
        d = d.plus_product(Lanes::from(eights[3]), 0.0);
    }
    <[f32; 8]>::from(a.plus(b).plus(c.plus(d))).iter().chain(rest).all(|number| number.is_finite())
}
