//! The same attention as [`super::attend`], quicker: rows in blocks that stay in the cache, what nobody may see left out,
//! an exponential that the compiler turns into SIMD. Only what is wanted is kept.
//!
//! `tests/fast.rs` holds it to the reference.

use std::ops::Range;

use ndarray::{Array4, ArrayView2, ArrayView3, ArrayViewMut2, Axis, linalg::general_mat_mul, s};

use super::{
    BlockTrace, BlockWeights, Config, Error, Inputs, Outputs, Rules, Shape, Visibility, Wanted, project, projected,
    width_from_heads,
};

/// So many queries are treated at a time: their scores stay in the cache from the first product to the second.
const ROWS: usize = 64;

/// As [`super::attend`]: of its tensors, those that are wanted.
pub fn attend(inputs: &Inputs, wanted: Wanted) -> Outputs {
    let Shape { batch, heads, query_len, key_len, value_dim, .. } = inputs.shape();
    let pairs = |wanted: bool| wanted.then(|| Array4::zeros((batch, heads, query_len, key_len)));
    let (mut scores, mut weights) = (pairs(wanted.keeps_scores()), pairs(wanted.weights));
    let mut output = wanted.output.then(|| Array4::zeros((batch, heads, query_len, value_dim)));
    let mut block = vec![0.0; ROWS.min(query_len) * key_len];
    for b in 0..batch {
        for h in 0..heads {
            let key_head = inputs.shape().key_head(h);
            let keys = inputs.keys().index_axis_move(Axis(0), b).index_axis_move(Axis(0), key_head);
            let values = inputs.values().index_axis_move(Axis(0), b).index_axis_move(Axis(0), key_head);
            let row = Row { rules: inputs.rules(), batch: b, head: h };
            for start in (0..query_len).step_by(ROWS) {
                let end = (start + ROWS).min(query_len);
                let queries = inputs.queries().slice_move(s![b, h, start..end, ..]);
                let seen = seen_by(&inputs.rules().visibility, b, start..end);
                if let Some(scores) = &mut scores {
                    let mut scores = scores.slice_mut(s![b, h, start..end, ..]);
                    general_mat_mul(1.0, &queries, &keys.t(), 0.0, &mut scores);
                }
                if !(wanted.weights || wanted.output) || seen.is_empty() {
                    continue;
                }
                let rows = end - start;
                let mut block = ArrayViewMut2::from_shape((rows, seen.len()), &mut block[..rows * seen.len()])
                    .expect("there is room for every block");
                match &scores {
                    Some(scores) => block.assign(&scores.slice(s![b, h, start..end, seen.clone()])),
                    None => {
                        let keys = keys.slice(s![seen.clone(), ..]);
                        general_mat_mul(1.0, &queries, &keys.t(), 0.0, &mut block);
                    }
                }
                for (query, mut numbers) in (start..end).zip(block.rows_mut()) {
                    row.softmax(query, seen.start, numbers.as_slice_mut().expect("rows of a block are contiguous"));
                }
                if let Some(weights) = &mut weights {
                    weights.slice_mut(s![b, h, start..end, seen.clone()]).assign(&block);
                }
                if let Some(output) = &mut output {
                    let values: ArrayView2<f32> = values.slice(s![seen, ..]);
                    general_mat_mul(1.0, &block, &values, 0.0, &mut output.slice_mut(s![b, h, start..end, ..]));
                }
            }
        }
    }
    Outputs::new(inputs.rules(), wanted, scores, weights, output)
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

/// The keys that window and length let any of these queries see.
fn seen_by(visibility: &Visibility, batch: usize, queries: Range<usize>) -> Range<usize> {
    let ranges = queries.map(|query| visibility.keys(batch, query)).filter(|keys| !keys.is_empty());
    ranges.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0)
}

/// What all rows of a head have in common.
struct Row<'a> {
    rules: &'a Rules,
    batch: usize,
    head: usize,
}

impl Row<'_> {
    /// Turns a query's scores of the keys from `first` on into weights.
    fn softmax(&self, query: usize, first: usize, numbers: &mut [f32]) {
        let Rules { factor, softcap, visibility, .. } = self.rules;
        let keys = visibility.keys(self.batch, query);
        if keys.is_empty() {
            return numbers.fill(0.0);
        }
        let (hidden_before, rest) = numbers.split_at_mut(keys.start.max(first) - first);
        let (numbers, hidden_after) = rest.split_at_mut(keys.len());
        hidden_before.fill(0.0);
        hidden_after.fill(0.0);
        for number in &mut *numbers {
            *number *= factor;
        }
        if let Some(softcap) = softcap {
            for number in &mut *numbers {
                *number = softcap * (*number / softcap).tanh();
            }
        }
        self.add_bias(query, keys.start, numbers);
        let max = max(numbers);
        if max == f32::NEG_INFINITY {
            // The mask hides them all.
            return numbers.fill(0.0);
        }
        let inverse = 1.0 / exponentials(numbers, max);
        for number in numbers {
            *number *= inverse;
        }
    }

    /// Adds what mask and distance add; −∞ to what the mask hides, and only there.
    fn add_bias(&self, query: usize, first: usize, numbers: &mut [f32]) {
        if self.rules.visibility.mask().is_none() && self.rules.slopes.is_none() {
            return;
        }
        for (key, number) in (first..).zip(numbers) {
            *number = match self.rules.bias(self.batch, self.head, query, key) {
                Some(bias) => (*number + bias).clamp(f32::MIN, f32::MAX),
                None => f32::NEG_INFINITY,
            };
        }
    }
}

/// The largest of these numbers, −∞ of none.
fn max(numbers: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let (chunks, rest) = numbers.as_chunks::<8>();
    let mut lanes = [f32::NEG_INFINITY; 8];
    for chunk in chunks {
        for (lane, number) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*number, *lane);
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, larger)
}

/// Puts `exp(number − max)` in each number's place, and returns their sum.
fn exponentials(numbers: &mut [f32], max: f32) -> f32 {
    let (chunks, rest) = numbers.as_chunks_mut::<8>();
    let mut lanes = [0.0_f32; 8];
    for chunk in chunks {
        for (lane, number) in lanes.iter_mut().zip(chunk) {
            *number = exp(*number - max);
            *lane += *number;
        }
    }
    let mut sum = lanes.iter().sum();
    for number in rest {
        *number = exp(*number - max);
        sum += *number;
    }
    sum
}

/// `eˣ` for `x ≤ 0`, within 2 units in the last place; 0 where it is less than 2⁻¹²⁶, and of −∞.
///
/// `x = n·ln 2 + r` with `|r| ≤ ln 2 / 2`; `eˣ = 2ⁿ·eʳ`, and `eʳ` is a polynomial. Without a branch, so that it becomes
/// SIMD. Coefficients and the two parts of ln 2 are those of `expf` in the Cephes library (S. L. Moshier, public domain).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Adding it rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let n = x * std::f32::consts::LOG2_E + ROUND;
    let power = f32::from_bits((n.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    let n = n - ROUND;
    let r = x - n * (355.0 / 512.0) + n * 2.121_944_4e-4;
    let mut polynomial = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        polynomial = polynomial * r + coefficient;
    }
    let result = (polynomial * r * r + r + 1.0) * power;
    if x > -87.33 { result } else { 0.0 }
}
