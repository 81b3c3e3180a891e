//! Runs that begin with tensors out of files.

use std::{future::ready, pin::Pin, rc::Rc};

use ndarray::{Array2, Array3, Array4, Axis, s};

use super::{
    backend::Backend,
    kept::{self, Block, Embedded, Kept},
};
use crate::attention::{BlockInput, BlockWeights, Inputs, Tensors};
use crate::embedding::{Token, word_id};
use crate::files::{GoesOn, Reader};
use crate::protocol::{
    Begins, CellRef, EngineKind, Given, Item, Layout, LeftOut, Part, Refusal, Role, Setup, Sizes, Tensor,
};

/// Files that are here, and who is told how far reading them is.
pub struct Files {
    /// Counts up with every set of files.
    pub look: u64,
    /// The files.
    pub reader: Rc<dyn Reader>,
    /// Who is told.
    pub goes_on: Rc<GoesOn>,
}

/// A run, and what it left out.
pub async fn run(
    run: u64,
    setup: &Setup,
    given: &Given,
    files: Option<&Files>,
    kept: Option<&Kept>,
    backend: &mut Backend,
) -> Result<(Kept, LeftOut), Refusal> {
    let files = files.filter(|files| files.look == given.look).ok_or(Refusal::Gone)?;
    // What does not go together the page does not ask for: these are other files.
    let sizes = given.sizes(files.reader.found(), setup.heads).map_err(|_| Refusal::Gone)?;
    // The page has worked out the same; what it has not must not be taken for granted.
    let setup = &Setup {
        heads: sizes.heads,
        width: sizes.heads * sizes.head_dim,
        is_cross: sizes.is_cross,
        padding: 0,
        ..setup.clone()
    };
    let batch = batch(given, &sizes);
    let left_out = LeftOut { tokens: 0, sentences: sizes.left_out };
    // Most runs change the mask, or what is done to scores, and nothing that was read.
    let same = kept.filter(|kept| kept.setup.given.as_deref().is_some_and(|before| is_same(before, given)));
    let reading = Reading { files, given, sizes };
    let (config, mask) = (kept::config(setup), kept::mask(setup, &batch));
    let wanted = kept::wanted(setup.heads, &batch);
    let attention = |error: crate::attention::Error| Refusal::Attention(error.to_string());
    let kept = match given.begins {
        Begins::Weights => {
            let layer =
                Layer { part: reading.part(Role::Weights)?, items: sizes.batch, name: reading.name(Role::Weights) };
            let engine = EngineKind::Cpu { instead_of_webgpu: None };
            let mut kept = Kept::of_weights(run, (setup.clone(), engine), batch, (layer, files.reader.clone()));
            if wanted.weights {
                kept.read_all_pairs(&*files.goes_on).await.map_err(Refusal::Attention)?;
            }
            kept
        }
        Begins::Projections => {
            let tensors = match same.and_then(|kept| kept.inputs.as_ref()) {
                Some(inputs) => {
                    let (queries, keys, values) = inputs.clone().into_parts();
                    Tensors::new(queries, keys, values)
                }
                None => {
                    let queries = reading.heads(Role::Queries).await?;
                    let each = sizes.heads / sizes.key_heads;
                    let [keys, values] = [reading.heads(Role::Keys).await?, reading.heads(Role::Values).await?];
                    Tensors::new(queries, repeated(keys, each), repeated(values, each))
                }
            };
            let inputs = Inputs::new(Tensors { mask, ..tensors }, config).map_err(attention)?;
            let (outputs, engine) = backend.attend(&inputs, wanted).await;
            Kept::of_attention(run, (setup.clone(), engine), batch, inputs, outputs)
        }
        Begins::Input => {
            let (queries, memory, weights) = match same.and_then(|kept| kept.block.as_ref()) {
                Some(block) => {
                    let memory = block.memory.as_ref().map(|memory| memory.input.clone());
                    (block.queries.input.clone(), memory, block.weights.clone())
                }
                None => {
                    let queries = reading.rows(Role::Input).await?;
                    let memory = match reading.has(Role::Memory) {
                        true => Some(reading.rows(Role::Memory).await?),
                        false => None,
                    };
                    (queries, memory, reading.weights().await?)
                }
            };
            let in_use = kept::weights_in_use(&weights, setup);
            let input = BlockInput { queries: queries.view(), memory: memory.as_ref().map(|memory| memory.view()) };
            let made = backend.multi_head(input, &in_use, setup.heads, &config, mask, wanted).await;
            let (trace, engine) = made.map_err(attention)?;
            drop(in_use);
            let embedded = |input: Array3<f32>| Embedded {
                words: Array3::zeros((0, 0, 0)),
                positions: Array2::zeros((0, 0)),
                input,
            };
            let block =
                Block { queries: embedded(queries), memory: memory.map(embedded), weights, output: trace.output };
            Kept::of_block(run, (setup.clone(), engine), batch, block, trace.inputs, trace.attention)
        }
    };
    Ok((kept, left_out))
}

/// Whether the same numbers are read.
fn is_same(before: &Given, now: &Given) -> bool {
    let of = |given: &Given| (given.look, given.layer, given.axes, given.begins);
    of(before) == of(now) && before.parts == now.parts
}

/// The attention weights of the layer that is shown, where they lie.
pub struct Layer {
    pub part: Part,
    /// How many sentences are taken.
    pub items: usize,
    /// What they are called, for whoever is told that they are no weights.
    pub name: String,
}

impl Layer {
    /// Reads those of one head, `[B, S_q, S_k]`.
    ///
    /// # Errors
    /// As [`Reader::numbers`]; and where a number is none.
    pub async fn head(&self, head: usize, reader: &dyn Reader, goes_on: &GoesOn) -> Result<Array3<f32>, String> {
        let layout = self.part.layout;
        let (of_head, heads) = (layout.rows * layout.columns, layout.heads);
        let mut numbers = Vec::with_capacity(self.items * of_head);
        for item in 0..self.items {
            let from = self.part.layer * layout.of_layer() + (item * heads + head) * of_head;
            let range = from as u64..(from + of_head) as u64;
            numbers.extend(reader.numbers(self.part.place, range, goes_on).await?);
        }
        let weights = Array3::from_shape_vec((self.items, layout.rows, layout.columns), numbers);
        let weights = weights.map_err(|_| "the file gave another number of numbers than it has.".to_owned())?;
        check_finite(
            &self.name,
            weights.indexed_iter().map(|((item, row, column), number)| ([item, head, row, column], *number)),
        )?;
        Ok(weights)
    }

    /// Reads those of all heads.
    ///
    /// # Errors
    /// As [`Layer::head`].
    pub async fn all(&self, reader: &dyn Reader, goes_on: &GoesOn) -> Result<Vec<Array3<f32>>, String> {
        let layout = self.part.layout;
        let (of_item, from) = (layout.heads * layout.rows * layout.columns, self.part.layer * layout.of_layer());
        let range = from as u64..(from + self.items * of_item) as u64;
        let numbers = reader.numbers(self.part.place, range, goes_on).await?;
        let shape = (self.items, layout.heads, layout.rows, layout.columns);
        let weights = Array4::from_shape_vec(shape, numbers);
        let weights = weights.map_err(|_| "the file gave another number of numbers than it has.".to_owned())?;
        check_finite(&self.name, weights.indexed_iter().map(|((b, h, q, k), number)| ([b, h, q, k], *number)))?;
        Ok(weights.axis_iter(Axis(1)).map(|head| head.to_owned()).collect())
    }
}

fn check_finite(name: &str, numbers: impl Iterator<Item = ([usize; 4], f32)>) -> Result<(), String> {
    match { numbers }.find(|(_, number)| !number.is_finite()) {
        None => Ok(()),
        Some((at, number)) => Err(format!(
            "“{name}” has {number} at {at:?} (batch, head, query, key), and attention weights are finite: shares from 0 to 1. \
             If these are scores, take the softmax over the keys first."
        )),
    }
}

struct Reading<'a> {
    files: &'a Files,
    given: &'a Given,
    sizes: Sizes,
}

impl Reading<'_> {
    fn has(&self, role: Role) -> bool {
        self.given.places(role).next().is_some()
    }

    fn part(&self, role: Role) -> Result<Part, Refusal> {
        self.given.part(role, self.files.reader.found()).ok().flatten().ok_or(Refusal::Gone)
    }

    /// What the tensor is called in its file.
    fn name(&self, role: Role) -> String {
        let place = self.part(role).ok().map(|part| part.place);
        let tensors =
            place.and_then(|place| Some((place, self.files.reader.found()[place.file].tensors.as_ref().ok()?)));
        tensors.map_or(String::new(), |(place, tensors)| tensors[place.tensor].name.clone())
    }

    /// The numbers of the sentences that are taken, as they lie.
    async fn numbers(&self, role: Role, items: usize) -> Result<(Vec<f32>, Part), Refusal> {
        let part = self.part(role)?;
        let layout = part.layout;
        let from = part.layer * layout.of_layer();
        let count = layout.of_layer() / layout.batch * items;
        let range = from as u64..(from + count) as u64;
        let files = self.files;
        let read = files.reader.numbers(part.place, range, &*files.goes_on).await.map_err(Refusal::Attention)?;
        if read.len() == count {
            Ok((read, part))
        } else {
            Err(Refusal::Attention("the file gave another number of numbers than it has.".to_owned()))
        }
    }

    /// `[B, H, S, D]`.
    async fn heads(&self, role: Role) -> Result<Array4<f32>, Refusal> {
        let items = self.sizes.batch;
        let (numbers, Part { layout, .. }) = self.numbers(role, items).await?;
        let shape = |a, b| (items, a, b, layout.columns);
        let counted = "as many were read";
        Ok(if layout.tokens_first {
            let read = Array4::from_shape_vec(shape(layout.rows, layout.heads), numbers).expect(counted);
            read.permuted_axes([0, 2, 1, 3]).as_standard_layout().into_owned()
        } else {
            Array4::from_shape_vec(shape(layout.heads, layout.rows), numbers).expect(counted)
        })
    }

    /// `[B, S, E]`.
    async fn rows(&self, role: Role) -> Result<Array3<f32>, Refusal> {
        let items = self.sizes.batch;
        let (numbers, Part { layout, .. }) = self.numbers(role, items).await?;
        Ok(Array3::from_shape_vec((items, layout.rows, layout.columns), numbers).expect("as many were read"))
    }

    /// `[out, in]` as PyTorch keeps it.
    async fn matrix(&self, role: Role) -> Result<Array2<f32>, Refusal> {
        let (numbers, Part { layout, .. }) = self.numbers(role, 1).await?;
        Ok(Array2::from_shape_vec((layout.rows, layout.columns), numbers).expect("as many were read"))
    }

    async fn weights(&self) -> Result<BlockWeights, Refusal> {
        for role in [Role::InBias, Role::OutBias] {
            if self.has(role) && self.numbers(role, 1).await?.0.iter().any(|number| *number != 0.0) {
                let name = self.name(role);
                return Err(Refusal::Attention(format!(
                    "“{name}” is not 0, and the block here has no biases. Fold them in: give queries, keys and values, which have \
                     them already, or leave the bias out to see the block without it."
                )));
            }
        }
        let turned = |matrix: Array2<f32>| matrix.t().as_standard_layout().into_owned();
        let w_o = turned(self.matrix(Role::OutProjection).await?);
        let [w_q, w_k, w_v] = if self.has(Role::InProjection) {
            let all = self.matrix(Role::InProjection).await?;
            let width = all.ncols();
            [0, 1, 2].map(|which| turned(all.slice(s![which * width..(which + 1) * width, ..]).to_owned()))
        } else {
            let apart = [Role::QueryProjection, Role::KeyProjection, Role::ValueProjection];
            [self.matrix(apart[0]).await?, self.matrix(apart[1]).await?, self.matrix(apart[2]).await?].map(turned)
        };
        Ok(BlockWeights { w_q, w_k, w_v, w_o })
    }
}

/// Each head so many times, one after the other: key heads that serve several query heads.
fn repeated(heads: Array4<f32>, times: usize) -> Array4<f32> {
    if times == 1 {
        return heads;
    }
    let (batch, count, rows, columns) = heads.dim();
    Array4::from_shape_fn((batch, count * times, rows, columns), |(b, h, s, d)| heads[[b, h / times, s, d]])
}

/// A number that came out of a file, once more out of that file.
///
/// # Errors
/// As [`Reader::numbers`].
pub async fn read_again(files: &Files, kept: &Kept, item: usize, cell: CellRef) -> Result<Option<f32>, String> {
    let Setup { given: Some(given), heads, width, .. } = &kept.setup else { return Ok(None) };
    let CellRef { tensor, head, row, column } = cell;
    let found = files.reader.found();
    let part = |role| given.part(role, found).ok().flatten();
    let of_all = head * (width / heads) + column;
    // PyTorch keeps [out, in].
    let projection = |which: usize, role| match part(Role::InProjection) {
        Some(part) => Some((part, (which * width + of_all) * width + row)),
        None => part(role).map(|part| (part, of_all * width + row)),
    };
    let in_heads = |role| {
        part(role).map(|part| {
            let Layout { heads: stored, rows, columns, tokens_first, .. } = part.layout;
            let head = head / (heads / stored);
            let row_of_all =
                if tokens_first { (item * rows + row) * stored + head } else { (item * stored + head) * rows + row };
            (part, row_of_all * columns + column)
        })
    };
    let in_rows = |role| part(role).map(|part| (part, (item * part.layout.rows + row) * part.layout.columns + column));
    let found_at = match tensor {
        Tensor::Queries => in_heads(Role::Queries),
        Tensor::Keys => in_heads(Role::Keys),
        Tensor::Values => in_heads(Role::Values),
        Tensor::Weights => in_heads(Role::Weights),
        Tensor::Input => in_rows(Role::Input),
        Tensor::KeyInput => in_rows(Role::Memory),
        Tensor::QueryWeights => projection(0, Role::QueryProjection),
        Tensor::KeyWeights => projection(1, Role::KeyProjection),
        Tensor::ValueWeights => projection(2, Role::ValueProjection),
        Tensor::OutputWeights => part(Role::OutProjection).map(|part| (part, column * width + row)),
        _ => None,
    };
    let Some((Part { place, layout, layer }, at)) = found_at.filter(|_| tensor.is_given(&kept.setup)) else {
        return Ok(None);
    };
    let at = (layer * layout.of_layer() + at) as u64;
    let read = files.reader.numbers(place, at..at + 1, &on).await?;
    Ok(read.first().copied())
}

/// For what is read too soon to be stopped.
pub fn on(_done: u64, _of: u64) -> Pin<Box<dyn Future<Output = bool>>> {
    Box::pin(ready(true))
}

/// What the tokens are called; places have numbers where they have no names.
fn batch(given: &Given, sizes: &Sizes) -> Vec<Item> {
    let [of_queries, of_keys] = &given.words;
    let side = |words: &Vec<String>, len: usize, item: usize| -> Vec<Token> {
        let first = if words.len() > len { item * len } else { 0 };
        (0..len).map(|index| token(words.get(first + index), index)).collect()
    };
    (0..sizes.batch)
        .map(|item| {
            let tokens = side(of_queries, sizes.queries, item);
            let keys = if sizes.is_cross { side(of_keys, sizes.keys, item) } else { tokens.clone() };
            Item { tokens, keys }
        })
        .collect()
}

fn token(word: Option<&String>, index: usize) -> Token {
    // What looks like padding to the page would be hidden.
    let word = match word {
        Some(word) if *word == Token::padding(0).text => word.to_uppercase(),
        Some(word) => word.clone(),
        None => index.to_string(),
    };
    Token { id: word_id(&word), start: 0, end: 0, text: word.clone(), word }
}
