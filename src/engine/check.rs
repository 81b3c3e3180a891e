//! A run once more, by other means: the two engines against each other.

use ndarray::{ArrayView, Dimension};

use super::backend::Backend;
use super::kept::{self, Kept};
use crate::attention::{Error, Inputs, Outputs, Wanted, attend, self_attention};
use crate::gpu;
use crate::protocol::{Against, Check, Difference, Tensor};

/// Calculates a kept run with the engine that did not make it; where there is none, with the reference.
///
/// # Errors
/// What the other engine refuses, though this one did not.
pub async fn check(kept: &mut Kept, backend: &mut Backend) -> Result<Check, Error> {
    let other = match backend {
        Backend::Gpu(_) => Ok(Backend::CPU),
        Backend::Cpu { .. } => gpu::Attention::open().await.map(|gpu| Backend::of(Ok(gpu))),
    };
    let (mut other, against) = match other {
        Ok(other) => {
            let against = Against::Engine(other.kind());
            (Some(other), against)
        }
        Err(error) => (None, Against::Reference(error.to_string())),
    };

    let Kept { input, weights, setup, .. } = &*kept;
    let (heads, config) = (setup.heads, kept::config(setup));
    let (inputs, mixed, output) = match &mut other {
        Some(other) => {
            let wanted = Wanted { scores: false, scaled: false, masked: false, weights: false, output: true };
            let (block, _) = other.self_attention(input, weights, heads, &config, wanted).await?;
            (block.inputs, block.attention.output.expect("a block always makes its output"), block.output)
        }
        None => {
            let block = self_attention(input.view(), weights, heads, &config)?;
            (block.inputs, block.attention.output, block.output)
        }
    };
    let mut stages = vec![
        between(Tensor::Queries, kept.inputs.queries(), inputs.queries()),
        between(Tensor::Keys, kept.inputs.keys(), inputs.keys()),
        between(Tensor::Values, kept.inputs.values(), inputs.values()),
    ];
    let last = [
        between(Tensor::Mixed, kept.mixed.view(), mixed.view()),
        between(Tensor::Output, kept.output.view(), output.view()),
    ];
    // The scores of all heads may not fit twice: they are made one head at a time.
    let mut of_pairs = [Tensor::Scores, Tensor::Scaled, Tensor::Masked, Tensor::Weights].map(none);
    for head in 0..heads {
        let theirs = pairs(other.as_mut(), &inputs.of_head(head)).await;
        kept.make_pairs(backend, head).await;
        for stage in &mut of_pairs {
            let theirs = match stage.tensor {
                Tensor::Scores => &theirs.scores,
                Tensor::Scaled => &theirs.scaled,
                Tensor::Masked => &theirs.masked,
                _ => &theirs.weights,
            };
            let theirs = theirs.as_ref().expect("all were wanted").iter().copied();
            add(stage, kept.numbers(stage.tensor, head).zip(theirs));
        }
    }
    stages.extend(of_pairs.into_iter().chain(last));
    Ok(Check { run: kept.run, against, stages })
}

/// What another engine, or the reference, makes of one head.
async fn pairs(other: Option<&mut Backend>, inputs: &Inputs) -> Outputs {
    match other {
        Some(other) => other.attend(inputs, Wanted { output: false, ..Wanted::ALL }).await.0,
        None => attend(inputs).into(),
    }
}

fn between<D: Dimension>(tensor: Tensor, ours: ArrayView<f32, D>, theirs: ArrayView<f32, D>) -> Difference {
    let mut difference = none(tensor);
    add(&mut difference, ours.iter().copied().zip(theirs.iter().copied()));
    difference
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
