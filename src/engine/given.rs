//! Runs that begin with tensors out of files. In a browser most of this is a part of the program that is loaded with the first
//! of them: the rest of the engine knows an [`Origin`] alone.

use std::{cell::Cell, future::ready, rc::Rc};

use ndarray::{Array2, Array3, Array4, ArrayView2, Axis, s};

use super::{
    backend::Backend,
    kept::{self, Block, Embedded, Kept},
};
use crate::attention::{BlockInput, BlockWeights, Error, Inputs, Tensors};
use crate::embedding::{Token, word_id};
use crate::files::{GoesOn, Reader, Soon};
use crate::protocol::{
    Begins, CellRef, EngineKind, FoundTensor, FromFile, Given, Item, Layout, LeftOut, Part, Place, Refusal, Role,
    Setup, Sizes, Tensor,
};

/// Files that are here, and who is told how far reading them is.
#[derive(Clone)]
pub struct Files {
    /// Counts up with every set of files.
    pub look: u64,
    /// The files.
    pub reader: Rc<dyn Reader>,
    /// Who is told.
    pub goes_on: Rc<GoesOn>,
}

/// Where the numbers of a run came from, for those that are read later.
pub trait Origin {
    /// The attention weights of one head, `[B, S_q, S_k]`. Fails where they cannot be read, or are none.
    fn head(&self, head: usize) -> Soon<'_, Result<Array3<f32>, String>>;

    /// A number that came out of a file, once more out of that file, if it did; and where it stands there. Fails where it cannot be
    /// read.
    fn again(&self, item: usize, cell: CellRef) -> Soon<'_, Result<Option<(f32, FromFile)>, String>>;

    /// Whether all of it that was read are numbers.
    fn is_finite(&self) -> bool;
}

/// A run that is to be done.
pub struct Task {
    /// Its number.
    pub run: u64,
    /// With what.
    pub setup: Setup,
    /// Of what.
    pub given: Given,
    /// Where that is.
    pub files: Files,
    /// What was read of the same for the run before.
    pub same: Option<Same>,
    /// By whom: taken out, and put back when it is done.
    pub backend: Rc<Cell<Option<Backend>>>,
}

/// What need not be read again: most runs change the mask, or what is done to scores, and nothing that was read.
pub enum Same {
    /// Queries, keys and values.
    Heads(Inputs),
    /// X, that of keys and values, and the matrices.
    Block(Array3<f32>, Option<Array3<f32>>, BlockWeights),
}

impl Same {
    /// What the kept run has of it.
    pub fn of(kept: &Kept, given: &Given) -> Option<Self> {
        kept.setup.given.as_deref().filter(|before| is_same(before, given))?;
        kept.origin.as_ref().filter(|origin| origin.is_finite())?;
        match (&kept.block, &kept.inputs) {
            (Some(block), _) => {
                let memory = block.memory.as_ref().map(|memory| memory.input.clone());
                Some(Self::Block(block.queries.input.clone(), memory, block.weights.clone()))
            }
            (None, inputs) => inputs.clone().map(Self::Heads),
        }
    }
}

/// The run and what it left out, or why there is none.
pub type Outcome = Result<(Kept, LeftOut), Refusal>;

/// Does it.
#[cfg(not(target_arch = "wasm32"))]
pub async fn run(task: Task) -> Outcome {
    begun(task).await
}

/// Does it, once that part of the program is there.
#[cfg(target_arch = "wasm32")]
pub async fn run(task: Task) -> Outcome {
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    #[wasm_split(reading, fallible)]
    fn begin(task: Task) -> Result<Soon<'static, Outcome>, SplitLoaderError> {
        Ok(Box::pin(begun(task)))
    }

    match begin(task).await {
        Ok(outcome) => outcome.await,
        Err(error) => Err(Refusal::Attention(super::not_loaded(error))),
    }
}

async fn begun(Task { run, setup, given, files, same, backend }: Task) -> Outcome {
    let mut taken = backend.take().unwrap_or(Backend::CPU);
    let done = done(run, setup, given, files, same, &mut taken).await;
    backend.set(Some(taken));
    done
}

async fn done(
    run: u64,
    setup: Setup,
    given: Given,
    files: Files,
    same: Option<Same>,
    backend: &mut Backend,
) -> Outcome {
    // What does not go together the page does not ask for: these are other files.
    let sizes = given.sizes(files.reader.found(), setup.heads).map_err(|_| Refusal::Gone)?;
    // The page has worked out the same; what it has not must not be taken for granted.
    let setup = Setup {
        heads: sizes.heads,
        width: sizes.heads * sizes.head_dim,
        is_cross: sizes.is_cross,
        padding: 0,
        ..setup
    };
    let batch = batch(&given, &sizes);
    let left_out = LeftOut { tokens: 0, sentences: sizes.left_out };
    let origin = FromFiles { files, given, sizes, is_finite: Cell::new(true) };
    let (config, mask) = (kept::config(&setup), kept::mask(&setup, &batch));
    let wanted = kept::wanted(setup.heads, &batch);
    let attention = |error| match error {
        // No mask is set before these are there.
        Error::NotFinite { name, index, value } => {
            let (number, of) = (no_number(value), name.split(' ').next().unwrap_or(name));
            Refusal::Attention(format!(
                "{of} have {number} at {index:?}, and attention would spread it over whole rows. Replace it with a finite number, or \
                 leave that token out."
            ))
        }
        error => Refusal::Attention(error.to_string()),
    };
    let kept = match origin.given.begins {
        Begins::Weights => {
            origin.part(Role::Weights)?;
            let weights = match wanted.weights {
                true => origin.all().await.map_err(Refusal::Attention)?,
                false => vec![],
            };
            let engine = EngineKind::Cpu { instead_of_webgpu: None };
            Kept::of_weights(run, (setup, engine), batch, weights)
        }
        Begins::Projections => {
            let tensors = match same {
                Some(Same::Heads(inputs)) => {
                    let (queries, keys, values) = inputs.into_parts();
                    Tensors::new(queries, keys, values)
                }
                _ => {
                    let queries = origin.heads(Role::Queries).await?;
                    let [keys, values] = [origin.heads(Role::Keys).await?, origin.heads(Role::Values).await?];
                    Tensors::new(queries, keys, values)
                }
            };
            // Where nobody may see it, what is no number counts as 0: for another mask it has to be read again.
            let read = [&tensors.queries, &tensors.keys, &tensors.values];
            origin.is_finite.set(read.into_iter().all(|tensor| tensor.iter().all(|number| number.is_finite())));
            let inputs = Inputs::new(Tensors { mask, ..tensors }, config).map_err(attention)?;
            let (outputs, engine) = backend.attend(&inputs, wanted).await;
            Kept::of_attention(run, (setup, engine), batch, inputs, outputs)
        }
        Begins::Input => {
            let (queries, memory, weights) = match same {
                Some(Same::Block(queries, memory, weights)) => (queries, memory, weights),
                _ => {
                    let queries = origin.rows(Role::Input).await?;
                    let memory = match origin.has(Role::Memory) {
                        true => Some(origin.rows(Role::Memory).await?),
                        false => None,
                    };
                    (queries, memory, origin.weights().await?)
                }
            };
            let in_use = kept::weights_in_use(&weights, &setup);
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
            Kept::of_block(run, (setup, engine), batch, block, trace.inputs, trace.attention)
        }
    };
    Ok((kept.from(Rc::new(origin)), left_out))
}

/// Whether the same numbers are read.
fn is_same(before: &Given, now: &Given) -> bool {
    let of = |given: &Given| (given.look, given.layer, given.axes, given.begins);
    of(before) == of(now) && before.parts == now.parts
}

/// What it is, for people, that is no number to calculate with.
fn no_number(value: f32) -> &'static str {
    if value.is_nan() { "NaN" } else { "an infinite number" }
}

/// Refuses what is no number, by where it is.
fn check_finite(name: &str, numbers: impl Iterator<Item = ([usize; 4], f32)>) -> Result<(), String> {
    match { numbers }.find(|(_, number)| !number.is_finite()) {
        None => Ok(()),
        Some(([batch, head, query, key], number)) => {
            let number = no_number(number);
            Err(format!(
                "“{name}” has {number} at [{batch}, {head}, {query}, {key}] (batch, head, query, key), and attention weights are \
                 finite: shares from 0 to 1. If these are scores, take the softmax over the keys first."
            ))
        }
    }
}

/// What a file is told that changed while it was read.
const OTHER: &str = "the file gave another number of numbers than it has. Open it once more.";

/// Files, and what is taken of them.
struct FromFiles {
    files: Files,
    given: Given,
    sizes: Sizes,
    is_finite: Cell<bool>,
}

impl Origin for FromFiles {
    fn head(&self, head: usize) -> Soon<'_, Result<Array3<f32>, String>> {
        Box::pin(self.one(head))
    }

    fn again(&self, item: usize, cell: CellRef) -> Soon<'_, Result<Option<(f32, FromFile)>, String>> {
        Box::pin(self.number(item, cell))
    }

    fn is_finite(&self) -> bool {
        self.is_finite.get()
    }
}

impl FromFiles {
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
    async fn read(&self, role: Role, items: usize) -> Result<(Vec<f32>, Part), String> {
        let part = self.part(role).map_err(|_| OTHER.to_owned())?;
        let layout = part.layout;
        let from = part.layer as u64 * layout.of_layer();
        let count = layout.of_layer() / layout.batch as u64 * items as u64;
        let read = self.files.reader.numbers(part.place, from..from + count, &*self.files.goes_on).await?;
        if read.len() as u64 == count { Ok((read, part)) } else { Err(OTHER.to_owned()) }
    }

    async fn numbers(&self, role: Role, items: usize) -> Result<(Vec<f32>, Part), Refusal> {
        self.read(role, items).await.map_err(Refusal::Attention)
    }

    /// The attention weights of one head, `[B, S_q, S_k]`.
    async fn one(&self, head: usize) -> Result<Array3<f32>, String> {
        let Ok(Part { place, layout, layer }) = self.part(Role::Weights) else { return Err(OTHER.to_owned()) };
        let (of_head, items) = (layout.rows * layout.columns, self.sizes.batch);
        let mut numbers = Vec::with_capacity(items * of_head);
        for item in 0..items {
            let before = (item * layout.heads + head) as u64;
            let from = layer as u64 * layout.of_layer() + before * of_head as u64;
            numbers.extend(self.files.reader.numbers(place, from..from + of_head as u64, &on).await?);
        }
        let weights = Array3::from_shape_vec((items, layout.rows, layout.columns), numbers);
        let weights = weights.map_err(|_| OTHER.to_owned())?;
        let all = weights.indexed_iter().map(|((item, row, column), number)| ([item, head, row, column], *number));
        check_finite(&self.name(Role::Weights), all)?;
        Ok(weights)
    }

    /// Those of all heads.
    async fn all(&self) -> Result<Vec<Array3<f32>>, String> {
        let (numbers, Part { layout, .. }) = self.read(Role::Weights, self.sizes.batch).await?;
        let shape = (self.sizes.batch, layout.heads, layout.rows, layout.columns);
        let weights = Array4::from_shape_vec(shape, numbers).map_err(|_| OTHER.to_owned())?;
        let all = weights.indexed_iter().map(|((b, h, q, k), number)| ([b, h, q, k], *number));
        check_finite(&self.name(Role::Weights), all)?;
        Ok(weights.axis_iter(Axis(1)).map(|head| head.to_owned()).collect())
    }

    /// A number that came out of a file, once more out of that file, and where it stands there.
    async fn number(&self, item: usize, cell: CellRef) -> Result<Option<(f32, FromFile)>, String> {
        let Sizes { heads, head_dim, .. } = self.sizes;
        let width = heads * head_dim;
        let CellRef { tensor, head, row, column } = cell;
        let part = |role| self.part(role).ok();
        // Of a matrix in a file, so many rows down and columns across. A browser counts to 2³² in `usize`.
        let at = |part: Part, row: usize, column: usize| {
            let layout = part.layout;
            (part, row as u64 * layout.columns as u64 + column as u64)
        };
        let of_all = head * head_dim + column;
        // PyTorch keeps [out, in].
        let projection = |which: usize, role| match part(Role::InProjection) {
            Some(part) => Some(at(part, which * width + of_all, row)),
            None => part(role).map(|part| at(part, of_all, row)),
        };
        let in_heads = |role| {
            part(role).map(|part| {
                let Layout { heads: stored, rows, tokens_first, .. } = part.layout;
                let head = head / (heads / stored);
                let row = if tokens_first {
                    (item * rows + row) * stored + head
                } else {
                    (item * stored + head) * rows + row
                };
                at(part, row, column)
            })
        };
        let in_rows = |role| part(role).map(|part| at(part, item * part.layout.rows + row, column));
        let memory = if self.has(Role::Memory) { Role::Memory } else { Role::Input };
        let found = match tensor {
            Tensor::Queries => in_heads(Role::Queries),
            Tensor::Keys => in_heads(Role::Keys),
            Tensor::Values => in_heads(Role::Values),
            Tensor::Weights => in_heads(Role::Weights),
            Tensor::Input => in_rows(Role::Input),
            Tensor::KeyInput => in_rows(memory),
            Tensor::QueryWeights => projection(0, Role::QueryProjection),
            Tensor::KeyWeights => projection(1, Role::KeyProjection),
            Tensor::ValueWeights => projection(2, Role::ValueProjection),
            Tensor::OutputWeights => part(Role::OutProjection).map(|part| at(part, column, row)),
            _ => None,
        };
        let Some((Part { place, layout, layer }, at)) = found else { return Ok(None) };
        let at = layer as u64 * layout.of_layer() + at;
        let read = self.files.reader.numbers(place, at..at + 1, &on).await?;
        Ok(read.first().map(|number| (*number, self.where_it_stands(place, at))))
    }

    /// Where the number stands that comes after so many others of a tensor.
    fn where_it_stands(&self, place: Place, mut at: u64) -> FromFile {
        let found = &self.files.reader.found()[place.file];
        let FoundTensor { shape, dtype, .. } = &found.tensors.as_deref().unwrap_or_default()[place.tensor];
        let mut index = vec![0; shape.len()];
        for (index, length) in index.iter_mut().zip(shape).rev() {
            *index = (at % *length as u64) as usize;
            at /= *length as u64;
        }
        FromFile { name: found.name_of(place.tensor), index, dtype: dtype.clone() }
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

    /// The same, where none of them can be hidden by a mask: what is no number is refused by where it stands.
    async fn finite(&self, role: Role, items: usize) -> Result<(Vec<f32>, Part), Refusal> {
        let (numbers, part) = self.numbers(role, items).await?;
        let bad = numbers.iter().position(|number| !number.is_finite());
        match bad {
            None => Ok((numbers, part)),
            Some(at) => {
                let number = no_number(numbers[at]);
                let before = part.layer as u64 * part.layout.of_layer();
                let FromFile { name, index, .. } = self.where_it_stands(part.place, before + at as u64);
                Err(Refusal::Attention(format!(
                    "{name} has {number} at {index:?}, and all that is made of it would be none either. Replace it with a finite number."
                )))
            }
        }
    }

    /// `[B, S, E]`.
    async fn rows(&self, role: Role) -> Result<Array3<f32>, Refusal> {
        let items = self.sizes.batch;
        let (numbers, Part { layout, .. }) = self.finite(role, items).await?;
        Ok(Array3::from_shape_vec((items, layout.rows, layout.columns), numbers).expect("as many were read"))
    }

    /// `[out, in]` as PyTorch keeps it.
    async fn matrix(&self, role: Role) -> Result<Array2<f32>, Refusal> {
        let (numbers, Part { layout, .. }) = self.finite(role, 1).await?;
        Ok(Array2::from_shape_vec((layout.rows, layout.columns), numbers).expect("as many were read"))
    }

    /// What a projection adds, if a file says so.
    async fn bias(&self, role: Role) -> Result<Option<Vec<f32>>, Refusal> {
        Ok(if self.has(role) { Some(self.finite(role, 1).await?.0) } else { None })
    }

    async fn weights(&self) -> Result<BlockWeights, Refusal> {
        // Turned to [in, out], and a bias below it.
        let with_bias = |matrix: ArrayView2<f32>, bias: Option<&[f32]>| {
            let shape = (matrix.ncols() + usize::from(bias.is_some()), matrix.nrows());
            Array2::from_shape_fn(shape, |(row, column)| match bias {
                Some(bias) if row == matrix.ncols() => bias[column],
                _ => matrix[[column, row]],
            })
        };
        let [joined, of_output, of_queries, of_keys, of_values] = [
            self.bias(Role::InBias).await?,
            self.bias(Role::OutBias).await?,
            self.bias(Role::QueryBias).await?,
            self.bias(Role::KeyBias).await?,
            self.bias(Role::ValueBias).await?,
        ];
        let out = self.matrix(Role::OutProjection).await?;
        let (w_o, width) = (with_bias(out.view(), of_output.as_deref()), out.ncols());
        let rows = |which: usize| which * width..(which + 1) * width;
        let apart = [of_queries, of_keys, of_values];
        let bias = |which: usize| apart[which].as_deref().or_else(|| Some(&joined.as_deref()?[rows(which)]));
        let [w_q, w_k, w_v] = if self.has(Role::InProjection) {
            let all = self.matrix(Role::InProjection).await?;
            [0, 1, 2].map(|which| with_bias(all.slice(s![rows(which), ..]), bias(which)))
        } else {
            let apart = [Role::QueryProjection, Role::KeyProjection, Role::ValueProjection];
            let matrices = [self.matrix(apart[0]).await?, self.matrix(apart[1]).await?, self.matrix(apart[2]).await?];
            [0, 1, 2].map(|which| with_bias(matrices[which].view(), bias(which)))
        };
        Ok(BlockWeights { w_q, w_k, w_v, w_o })
    }
}

/// For what is read too soon to be stopped.
fn on(_done: u64, _of: u64) -> Soon<'static, bool> {
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
