//! A run once more, by other means: the two engines against each other, or one against the reference. In a browser this is a
//! part of the program that is loaded with the first check.

use std::ops::Range;

use ndarray::{Array4, ArrayView, Axis, Dimension, s};

use super::backend::Backend;
use super::kept::{self, Kept};
use crate::attention::{
    BlockInput, Error, Outputs, Wanted, attend, heads_from_width, project, rotate, width_from_heads,
};
#[cfg(target_arch = "wasm32")]
use crate::files::Soon;
use crate::gpu;
use crate::protocol::{Against, Check, Difference, Tensor};

/// Up to so many tokens the reference calculates all, beyond it so many in several places: it is clear, not quick, and
/// nothing else is answered meanwhile.
const MOST_BY_REFERENCE: usize = 512;
/// Tokens that follow one another, of those that the reference calculates of a long sentence.
const STRETCH: usize = 64;

/// What each head has for every pair of tokens.
const OF_PAIRS: [Tensor; 4] = [Tensor::Scores, Tensor::Scaled, Tensor::Masked, Tensor::Weights];

/// A run, and who made it.
pub struct Both<'a> {
    /// The run.
    pub kept: &'a mut Kept,
    /// Who made it.
    pub backend: &'a mut Backend,
}

/// Calculates a kept run with the engine that did not make it; where there is none, with the reference.
///
/// # Errors
/// What the other engine refuses, though this one did not.
#[cfg(not(target_arch = "wasm32"))]
pub async fn check(both: Both<'_>) -> Result<Check, String> {
    checked(both).await
}

/// The same, once that part of the program is there.
///
/// # Errors
/// Besides, where it could not be loaded.
#[cfg(target_arch = "wasm32")]
pub async fn check(both: Both<'_>) -> Result<Check, String> {
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    #[wasm_split(checking, fallible)]
    fn begin(both: Both<'_>) -> Result<Soon<'_, Result<Check, String>>, SplitLoaderError> {
        Ok(Box::pin(checked(both)))
    }

    begin(both).await.map_err(super::not_loaded)?.await
}

async fn checked(Both { kept, backend }: Both<'_>) -> Result<Check, String> {
    let other = match backend {
        Backend::Gpu(_) => Ok(Backend::CPU),
        Backend::Cpu { .. } => gpu::Attention::open().await.map(|gpu| Backend::of(Ok(gpu))),
    };
    match other {
        Ok(other) => by_engine(kept, backend, other).await.map_err(|error| error.to_string()),
        Err(error) => Ok(by_reference(kept, backend, error.to_string()).await),
    }
}

/// Everything once more, from the input on.
async fn by_engine(kept: &mut Kept, backend: &mut Backend, mut other: Backend) -> Result<Check, Error> {
    let against = Against::Engine(other.kind());
    let (heads, len) = (kept.setup.heads, kept.batch[0].tokens.len());
    let wanted = Wanted { scores: false, scaled: false, masked: false, weights: false, output: true };
    let made = "the output is always wanted";
    let (mut stages, last, inputs) = match &kept.block {
        Some(block) => {
            let (mask, config) = (kept.mask(), kept::config(&kept.setup));
            let weights = kept::weights_in_use(&block.weights, &kept.setup);
            let input = block.input();
            // Both engines project those with biases in one way: here the clear one does.
            let (theirs, _) = match weights.has_biases() {
                true => other.multi_head_by(project, input, &weights, heads, &config, mask, wanted).await?,
                false => other.multi_head(input, &weights, heads, &config, mask, wanted).await?,
            };
            let mixed = theirs.attention.output.expect(made);
            let (inputs, ours) = (theirs.inputs, kept.inputs());
            let stages = vec![
                between(Tensor::Queries, ours.queries(), inputs.queries()),
                between(Tensor::Keys, ours.keys(), inputs.keys()),
                between(Tensor::Values, ours.values(), inputs.values()),
            ];
            let last = vec![
                between(Tensor::Mixed, kept.mixed.view(), mixed.view()),
                between(Tensor::Output, block.output.view(), theirs.output.view()),
            ];
            (stages, last, inputs)
        }
        None => {
            let inputs = kept.inputs().clone();
            let (theirs, _) = other.attend(&inputs, wanted).await;
            let mixed = theirs.output.expect(made);
            (vec![], vec![between(Tensor::Mixed, kept.mixed.view(), mixed.view())], inputs)
        }
    };
    // The scores of all heads may not fit twice: they are made one head at a time.
    let mut of_pairs = OF_PAIRS.map(none);
    for head in 0..heads {
        let wanted = Wanted { output: false, ..Wanted::ALL };
        let (theirs, _) = other.attend(&inputs.of_head(head), wanted).await;
        kept.make_pairs(backend, head).await.unwrap_or_else(|_| panic!("they are calculated"));
        add_pairs(&mut of_pairs, kept, head, 0..len, &theirs);
    }
    stages.extend(of_pairs.into_iter().chain(last));
    Ok(Check { run: kept.run, against, stages })
}

/// Each stage once more, from what is stored of the one before it.
async fn by_reference(kept: &mut Kept, backend: &mut Backend, reason: String) -> Check {
    let (heads, batch, len) = (kept.setup.heads, kept.batch.len(), kept.batch[0].tokens.len());
    // A long batch is done in several places, as a long sentence is.
    let most = (MOST_BY_REFERENCE / batch).max(1);
    let stretches = stretches(len, most);
    let [mut queries, mut keys, mut values] = [Tensor::Queries, Tensor::Keys, Tensor::Values].map(none);
    let [mut of_mixed, mut of_output] = [Tensor::Mixed, Tensor::Output].map(none);
    let mut of_pairs = OF_PAIRS.map(none);
    if let Some(block) = &kept.block {
        let (BlockInput { queries: input, .. }, memory) = (block.input(), block.input().keys());
        for (stage, input, matrix, ours) in [
            (&mut queries, input, &block.weights.w_q, kept.inputs().queries()),
            (&mut keys, memory, &block.weights.w_k, kept.inputs().keys()),
            (&mut values, memory, &block.weights.w_v, kept.inputs().values()),
        ] {
            for rows in self::stretches(input.len_of(Axis(1)), most) {
                let mut theirs = heads_from_width(project(input.slice(s![.., rows.clone(), ..]), matrix).view(), heads);
                if let Some(base) = kept::config(&kept.setup).rotary.filter(|_| stage.tensor != Tensor::Values) {
                    rotate(theirs.view_mut(), &vec![rows.start as isize; batch], base);
                }
                add_all(stage, ours.slice(s![.., .., rows, ..]), theirs.view());
            }
        }
    }
    let mixed = |rows: &Range<usize>| kept.mixed.slice(s![.., .., rows.clone(), ..]).to_owned();
    let mut mixed: Vec<Array4<f32>> = stretches.iter().map(mixed).collect();
    for head in 0..heads {
        kept.make_pairs(backend, head).await.unwrap_or_else(|_| panic!("they are calculated"));
        let inputs = kept.inputs().of_head(head);
        for (rows, mixed) in stretches.iter().zip(&mut mixed) {
            let theirs: Outputs = attend(&inputs.of_queries(rows.clone())).into();
            add_pairs(&mut of_pairs, kept, head, rows.clone(), &theirs);
            let theirs = theirs.output.expect("the reference makes everything");
            add_all(&mut of_mixed, mixed.slice(s![.., head..=head, .., ..]), theirs.view());
            mixed.slice_mut(s![.., head..=head, .., ..]).assign(&theirs);
        }
    }
    let mut stages: Vec<Difference> = of_pairs.into_iter().chain([of_mixed]).collect();
    if let Some(block) = &kept.block {
        let in_use = kept::weights_in_use(&block.weights, &kept.setup);
        for (rows, mixed) in stretches.iter().zip(&mixed) {
            let theirs = project(width_from_heads(mixed.view()).view(), &in_use.w_o);
            add_all(&mut of_output, block.output.slice(s![.., rows.clone(), ..]), theirs.view());
        }
        stages.splice(..0, [queries, keys, values]);
        stages.push(of_output);
    }
    let tokens = batch * stretches.iter().map(Range::len).sum::<usize>();
    Check { run: kept.run, against: Against::Reference { reason, tokens, of: batch * len }, stages }
}

/// Which tokens the reference calculates: all, or some at the beginning, at the end, and in between.
fn stretches(len: usize, most: usize) -> Vec<Range<usize>> {
    let count = if len <= most { 1 } else { (most / STRETCH).max(3).min(most) };
    let stretch = len.min(most / count);
    let starts = (0..count).map(|index| (len - stretch) * index / (count - 1).max(1));
    starts.map(|start| start..start + stretch).collect()
}

/// Takes some rows of a head's pairs into account.
fn add_pairs(stages: &mut [Difference], kept: &Kept, head: usize, rows: Range<usize>, theirs: &Outputs) {
    for stage in stages {
        let theirs = match stage.tensor {
            Tensor::Scores => &theirs.scores,
            Tensor::Scaled => &theirs.scaled,
            Tensor::Masked => &theirs.masked,
            _ => &theirs.weights,
        };
        let rules = kept.inputs().rules();
        // What the page calls scaled has passed the softcap.
        let tensor = stage.tensor;
        let bend = |theirs: &f32| if tensor == Tensor::Scaled { rules.capped(*theirs) } else { *theirs };
        let theirs = theirs.as_ref().expect("all were wanted").iter().map(bend);
        add(stage, kept.numbers(tensor, head, rows.clone()).zip(theirs));
    }
}

fn between<D: Dimension>(tensor: Tensor, ours: ArrayView<f32, D>, theirs: ArrayView<f32, D>) -> Difference {
    let mut difference = none(tensor);
    add_all(&mut difference, ours, theirs);
    difference
}

fn add_all<D: Dimension>(difference: &mut Difference, ours: ArrayView<f32, D>, theirs: ArrayView<f32, D>) {
    add(difference, ours.iter().copied().zip(theirs.iter().copied()));
}

fn none(tensor: Tensor) -> Difference {
    Difference { tensor, largest: 0.0, magnitude: 0.0 }
}

/// Takes more numbers of both sides into account.
fn add(difference: &mut Difference, pairs: impl Iterator<Item = (f32, f32)>) {
    for (ours, theirs) in pairs {
        let apart = match (ours - theirs).abs() {
            // Both are hidden, too.
            _ if ours == theirs => 0.0,
            apart if apart.is_nan() => f32::INFINITY,
            apart => apart,
        };
        difference.largest = difference.largest.max(apart);
        if theirs.is_finite() {
            difference.magnitude = difference.magnitude.max(theirs.abs());
        }
    }
}
