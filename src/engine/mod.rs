//! Calculates on the GPU or the CPU, keeps the trace, and answers the page.
//!
//! [`Engine::answer`] answers the page, [`attend::Attend`] the calls of `window.headlight`; `worker` (in a browser) carries
//! the messages of both.

pub mod attend;
mod backend;
#[cfg(target_arch = "wasm32")]
mod calls;
mod check;
mod given;
mod kept;
#[cfg(target_arch = "wasm32")]
pub mod worker;

use std::{cell::Cell, rc::Rc};

use crate::attention::{BlockInput, BlockWeights, Error};
use crate::embedding::{self, Token};
use crate::files::{GoesOn, Job, Reader};
use crate::gpu;
use crate::protocol::{
    BUILD, EngineChoice, Format, Item, LeftOut, MOST_SENTENCES, MOST_TOKENS, Matrix, Operands, Refusal, Reply, Request,
    Run, Setup, Slice, Tensor, WIDEST_MODEL,
};
use backend::Backend;
use check::Both;
use given::{Files, Same, Task};
use kept::{Block, Embedded, Kept};

/// The engine: a back end, and the trace of its last run.
pub struct Engine {
    backend: Backend,
    /// The weights of the last run and what they were made from, because most runs change the sentence alone.
    weights: Option<((usize, u64), BlockWeights)>,
    kept: Option<Kept>,
    /// The same sentence with the set-up that the kept run is compared with.
    before: Option<Kept>,
    /// Files that a person gave: those of the kept run, and the newest.
    files: Vec<Files>,
    /// Milliseconds since any fixed point.
    clock: fn() -> f64,
}

impl Engine {
    /// An engine on the CPU that has not run yet; [`Request::Open`] chooses another. `clock` tells milliseconds since
    /// any fixed point.
    pub fn new(clock: fn() -> f64) -> Self {
        Self { backend: Backend::CPU, weights: None, kept: None, before: None, files: Vec::new(), clock }
    }

    /// An engine on a GPU that is open already.
    pub fn with_gpu(gpu: gpu::Attention, clock: fn() -> f64) -> Self {
        Self { backend: Backend::Gpu(Box::new(gpu)), ..Self::new(clock) }
    }

    /// Changes over to a GPU, or says why there is none.
    pub fn use_gpu(&mut self, opened: Result<gpu::Attention, gpu::Error>) -> Reply {
        self.backend = Backend::of(opened);
        self.opened()
    }

    /// Takes files, and says what they hold; `goes_on` is told how far reading them is. Those before stay while they are shown.
    pub fn take_files(&mut self, look: u64, reader: Rc<dyn Reader>, goes_on: Rc<GoesOn>) -> Reply {
        let files = reader.found().to_vec();
        let given = self.kept.as_ref().and_then(|kept| kept.setup.given.as_ref());
        let shown = given.map(|given| given.look);
        self.files.retain(|files| Some(files.look) == shown && files.look != look);
        self.files.push(Files { look, reader, goes_on });
        Reply::Found { look, files }
    }

    /// Which engine this is now.
    pub fn opened(&self) -> Reply {
        Reply::Opened { build: BUILD.to_owned(), engine: self.backend.kind() }
    }

    /// Does what the page asks. `None` where it asks about a run that is no longer kept, or about a cell that it does not have.
    pub async fn answer(&mut self, request: Request) -> Option<Reply> {
        match request {
            Request::Open { engine: EngineChoice::Cpu, .. } => {
                self.backend = Backend::CPU;
                Some(self.opened())
            }
            Request::Open { .. } => {
                let opened = gpu::Attention::open().await;
                Some(self.use_gpu(opened))
            }
            Request::Run { run, sentence, second, setup, before, slices } => {
                let started = (self.clock)();
                Some(match self.run(run, [&sentence, &second], &setup).await {
                    Err(refusal) => Reply::Refused { run, refusal },
                    Ok((mut kept, left_out)) => {
                        let milliseconds = (self.clock)() - started;
                        let mut compared = match &before {
                            Some(before) => {
                                self.run(run, [&sentence, &second], before).await.ok().map(|(kept, _)| kept)
                            }
                            None => None,
                        };
                        let before = before.filter(|_| compared.is_some());
                        let (setup, batch, engine) = (kept.setup.clone(), kept.batch.clone(), kept.engine.clone());
                        match look(&mut kept, &mut compared, &mut self.backend, &slices).await {
                            // The run before stays, with the picture of it.
                            Err(error) => refused(run, error),
                            Ok(slices) => {
                                (self.kept, self.before) = (Some(kept), compared);
                                Reply::Ran(Run { run, setup, before, batch, left_out, engine, milliseconds, slices })
                            }
                        }
                    }
                })
            }
            Request::Read { run, slices } => {
                let kept = self.kept.as_mut().filter(|kept| kept.run == run)?;
                let slices = look(kept, &mut self.before, &mut self.backend, &slices).await;
                Some(slices.map_or_else(|error| refused(run, error), |slices| Reply::Slices { run, slices }))
            }
            Request::Check { run } => {
                // Of attention weights alone nothing was calculated that could be again.
                let kept = self.kept.as_mut().filter(|kept| kept.run == run && kept.inputs.is_some())?;
                let checked = check::check(Both { kept, backend: &mut self.backend }).await;
                Some(checked.map_or_else(|error| refused(run, error), Reply::Checked))
            }
            // Files are no messages in bytes: whoever carries those asks for a `job` and writes it, and calls `take_files`.
            Request::Write { .. } | Request::Look { .. } => None,
            Request::Explain { run, item, cell } => {
                let kept = self.kept.as_mut().filter(|kept| kept.run == run)?;
                if let Some(head) = kept.head_behind(cell)
                    && let Err(error) = kept.make_pairs(&mut self.backend, head).await
                {
                    return Some(refused(run, error));
                }
                let comparable =
                    |before: &&mut Kept| cell.tensor.can_be_compared(cell.head, &kept.setup, &before.setup);
                let before = match self.before.as_mut().filter(comparable) {
                    Some(before) => {
                        // Of it the number alone is wanted, not what it was made from.
                        if !before.has(cell.tensor, cell.head)
                            && let Err(error) = before.make_pairs(&mut self.backend, cell.head).await
                        {
                            return Some(refused(run, error));
                        }
                        // What has no tokens is of all sentences, and there may have been fewer.
                        before.value(item.min(before.batch.len() - 1), cell)
                    }
                    None => None,
                };
                let mut operands = Operands { before, ..kept.operands(item, cell)? };
                if let Some(origin) = kept.origin.as_ref().filter(|_| cell.tensor.is_given(&kept.setup)) {
                    match origin.again(item, cell).await {
                        Ok(Some((again, from))) => {
                            operands.left.push(again);
                            operands.from = Some(Box::new(from));
                        }
                        Ok(None) => {}
                        Err(error) => return Some(refused(run, error)),
                    }
                }
                Some(Reply::Operands { run, operands })
            }
        }
    }

    /// What [`Request::Write`] asks for. `None` where it asks about a run that is no longer kept, or for a tensor that it
    /// does not have.
    pub fn job(&self, run: u64, tensors: Vec<Tensor>, format: Format) -> Option<Job> {
        let kept = self.kept.as_ref().filter(|kept| kept.run == run)?;
        let (batch, setup, engine) = (kept.batch.clone(), kept.setup.clone(), kept.engine.clone());
        tensors.iter().all(|tensor| tensor.is_of(&setup)).then_some(Job { format, tensors, batch, setup, engine })
    }

    /// Gives the numbers of a [`Job`] that [`Engine::job`] has just made, in the order in which a file has them, some rows
    /// at a time. Those of tokens are in the job.
    ///
    /// # Errors
    /// Where tensors come out of files: why they could not be read.
    pub async fn hand_out(&mut self, job: &Job, mut give: impl FnMut(&[f32])) -> Result<(), String> {
        let Some(kept) = self.kept.as_mut() else { return Ok(()) };
        for tensor in job.tensors.iter().filter(|tensor| tensor.of_queries() != Tensor::Tokens) {
            kept.hand_out(*tensor, &mut self.backend, &mut give).await?;
        }
        Ok(())
    }

    async fn run(&mut self, run: u64, texts: [&str; 2], setup: &Setup) -> Result<(Kept, LeftOut), Refusal> {
        if let Some(given) = &setup.given {
            let files = self.files.iter().find(|files| files.look == given.look).cloned().ok_or(Refusal::Gone)?;
            let same = self.kept.as_ref().and_then(|kept| Same::of(kept, given));
            let backend = Rc::new(Cell::new(Some(std::mem::replace(&mut self.backend, Backend::CPU))));
            let (setup, given) = (setup.clone(), (**given).clone());
            let done = given::run(Task { run, setup, given, files, same, backend: backend.clone() }).await;
            self.backend = backend.take().unwrap_or(Backend::CPU);
            return done;
        }
        let Setup { seed, heads, width, positions, .. } = *setup;
        let (batch, left_out) = batch(texts, setup)?;
        if width == 0 || width > WIDEST_MODEL {
            return Err(Refusal::Width(width));
        }
        let embedded = |tokens: fn(&Item) -> &Vec<Token>| {
            let all: Vec<Token> = batch.iter().flat_map(tokens).cloned().collect();
            let shape = (batch.len(), all.len() / batch.len(), width);
            let words = embedding::embed(&all, width, seed);
            let words = words.into_shape_with_order(shape).expect("all sentences are of one length");
            let positions = embedding::positions(positions, shape.1, width);
            let input = &words + &positions;
            Embedded { words, positions, input }
        };
        let (queries, memory) = (embedded(|item| &item.tokens), setup.is_cross.then(|| embedded(|item| &item.keys)));
        if self.weights.as_ref().is_none_or(|(made_from, _)| *made_from != (width, seed)) {
            self.weights = Some(((width, seed), embedding::block_weights(width, seed)));
        }
        let weights = self.weights.as_ref().map(|(_, weights)| weights).expect("they were just made");
        let (config, mask) = (kept::config(setup), kept::mask(setup, &batch));
        let in_use = kept::weights_in_use(weights, setup);
        let wanted = kept::wanted(heads, &batch);
        let memory_input = memory.as_ref().map(|memory| memory.input.view());
        let input = BlockInput { queries: queries.input.view(), memory: memory_input };
        let made = self.backend.multi_head(input, &in_use, heads, &config, mask, wanted).await;
        let (trace, engine) = made.map_err(|error| match error {
            Error::HeadsDoNotDivideWidth { width, heads } => Refusal::Heads { heads, width },
            error => Refusal::Attention(error.to_string()),
        })?;
        let block = Block { queries, memory, weights: weights.clone(), output: trace.output };
        let kept = Kept::of_block(run, (setup.clone(), engine), batch, block, trace.inputs, trace.attention);
        Ok((kept, left_out))
    }
}

/// Cuts a text into sentences, one a line, and those into tokens; lines without any are passed over.
fn sentences(text: &str) -> Vec<Vec<Token>> {
    text.split('\n').map(embedding::tokens).filter(|tokens| !tokens.is_empty()).collect()
}

/// The batch of a run: the first sentence of each text, and so on; where one text has fewer, its last one stands for those
/// it lacks. All of one length by padding, and no more than there may be.
///
/// # Errors
/// [`Refusal::NoTokens`], [`Refusal::NoKeys`].
fn batch([sentence, second]: [&str; 2], setup: &Setup) -> Result<(Vec<Item>, LeftOut), Refusal> {
    let mut sides = vec![sentences(sentence)];
    if setup.is_cross {
        sides.push(sentences(second));
    }
    let all = sides.iter().map(Vec::len).fold(0, usize::max);
    for (side, nothing) in sides.iter_mut().zip([Refusal::NoTokens, Refusal::NoKeys]) {
        // What is left out anyway is not filled up first: that could take more memory than there is.
        side.truncate(MOST_SENTENCES);
        let last = side.last().ok_or(nothing)?.clone();
        side.resize(all.min(MOST_SENTENCES), last);
    }
    let longest = |side: &[Vec<Token>]| side.iter().map(Vec::len).fold(0, usize::max).min(MOST_TOKENS);
    let fits = |count: &usize| sides.iter().all(|side| count * longest(&side[..*count]) <= MOST_TOKENS);
    let count = (2..=all.min(MOST_SENTENCES)).take_while(fits).last().unwrap_or(1);
    let mut left_out = LeftOut { tokens: 0, sentences: all - count };
    for side in &mut sides {
        side.truncate(count);
        let len = longest(side).saturating_add(setup.padding).min(MOST_TOKENS / count);
        for tokens in side {
            left_out.tokens += tokens.len().saturating_sub(len);
            let end = tokens.last().map_or(0, |last| last.end);
            tokens.resize(len, Token::padding(end));
        }
    }
    let keys = sides.last().cloned().unwrap_or_default();
    let queries = sides.swap_remove(0);
    Ok((queries.into_iter().zip(keys).map(|(tokens, keys)| Item { tokens, keys }).collect(), left_out))
}

/// Why a part of the program is not there.
#[cfg(target_arch = "wasm32")]
fn not_loaded(_: wasm_split_helpers::SplitLoaderError) -> String {
    "A part of this page’s program could not be loaded. See whether its server can be reached, and try again."
        .to_owned()
}

fn refused(run: u64, error: String) -> Reply {
    Reply::Refused { run, refusal: Refusal::Attention(error) }
}

/// The matrices, without those that would take the making of more than one head: the page asks for them again.
async fn look(
    kept: &mut Kept,
    before: &mut Option<Kept>,
    backend: &mut Backend,
    slices: &[Slice],
) -> Result<Vec<(Slice, Matrix)>, String> {
    let missing = |kept: &Kept, slice: &&Slice| !kept.has(slice.tensor, slice.head);
    // A head that cannot be read keeps no other from being looked at.
    let mut trouble = None;
    for slice in slices {
        if missing(kept, &slice) {
            match kept.make_pairs(backend, slice.head).await {
                Ok(()) => break,
                Err(error) => trouble = Some(error),
            }
        }
    }
    if let Some(before) = before
        && let Some(slice) = slices.iter().find(|slice| slice.is_change && missing(before, slice))
    {
        before.make_pairs(backend, slice.head).await?;
    }
    let matrices = kept.matrices(slices, before.as_ref());
    match trouble {
        Some(trouble) if matrices.is_empty() => Err(trouble),
        _ => Ok(matrices),
    }
}
