//! Tensors that came out of files, in the place of those that a sentence is made into.

use serde::{Deserialize, Serialize};

/// Where a run begins that no sentence was typed for, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Where it begins.
    pub begins: Begins,
    /// Which tensor is what. Where several are the same, each is of one layer.
    pub parts: Vec<(Role, Place)>,
    /// Which layer is shown, from 0; what is there once is of all of them.
    pub layer: usize,
    /// How many there are.
    pub layers: usize,
    /// What the axes of four are, where they could be something else.
    pub axes: Axes,
    /// What the tokens are called, of the queries and of the keys: those of one sentence, which stand for all, or those of all
    /// sentences one after the other. Places have numbers where they have no names.
    pub words: [Vec<String>; 2],
    /// What the files are called, for whoever wants to know where it came from.
    pub name: String,
    /// Which files: counts up with every [`Request::Look`](super::Request::Look).
    pub look: u64,
}

/// Where a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Begins {
    /// With X and the matrices of a block.
    Input,
    /// With queries, keys and values.
    Projections,
    /// With attention weights: nothing follows from them alone.
    Weights,
}

impl Begins {
    /// What can be needed to begin there.
    pub fn needs(self) -> &'static [Role] {
        match self {
            Begins::Projections => &Role::ALL[..3],
            Begins::Weights => &Role::ALL[3..4],
            Begins::Input => &Role::ALL[4..],
        }
    }
}

/// More heads than any model has, and more than can be told apart on a page.
const MOST_HEADS: usize = 256;

/// The same of layers.
const MOST_LAYERS: usize = 1024;

/// No more numbers of one tensor are calculated with: as float32, 256 MiB.
const MOST_NUMBERS: u64 = 1 << 26;

/// What a tensor out of a file is taken for. `L` layers, `B` batch, `H` heads, `S` tokens, `D` head width, `E` model width; axes on
/// the left may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// `[L, B, H, S_q, D]`.
    Queries,
    /// `[L, B, H_k, S_k, D]`; each key head serves `H / H_k` query heads, in order.
    Keys,
    /// As keys.
    Values,
    /// `[L, B, H, S_q, S_k]`.
    Weights,
    /// X, `[L, B, S_q, E]`.
    Input,
    /// What keys and values are made of, if of something else: `[L, B, S_k, E]`.
    Memory,
    /// The weights of the projections of queries, keys and values, one below the other, `[3·E, E]` as `[out, in]`: what
    /// `torch.nn.MultiheadAttention` calls `in_proj_weight`.
    InProjection,
    /// The weight of the queries' projection, `[E, E]` as `[out, in]`.
    QueryProjection,
    /// That of the keys'.
    KeyProjection,
    /// That of the values'.
    ValueProjection,
    /// That of the output's: `out_proj.weight`.
    OutProjection,
    /// What the projections add, `[3·E]`: `in_proj_bias`.
    InBias,
    /// What the output's projection adds, `[E]`: `out_proj.bias`.
    OutBias,
    /// What the queries' projection adds, `[E]`, where each has its own.
    QueryBias,
    /// What the keys' adds.
    KeyBias,
    /// What the values' adds.
    ValueBias,
}

impl Role {
    /// All of them: what it takes to begin with projections, with weights, with an input.
    pub const ALL: [Self; 16] = [
        Role::Queries,
        Role::Keys,
        Role::Values,
        Role::Weights,
        Role::Input,
        Role::Memory,
        Role::InProjection,
        Role::QueryProjection,
        Role::KeyProjection,
        Role::ValueProjection,
        Role::OutProjection,
        Role::InBias,
        Role::OutBias,
        Role::QueryBias,
        Role::KeyBias,
        Role::ValueBias,
    ];

    /// The matrices of a block.
    pub const MATRICES: [Self; 5] =
        [Role::InProjection, Role::QueryProjection, Role::KeyProjection, Role::ValueProjection, Role::OutProjection];

    /// What a block adds to what it projects.
    pub const BIASES: [Self; 5] = [Role::InBias, Role::OutBias, Role::QueryBias, Role::KeyBias, Role::ValueBias];

    /// How many axes it has in one sentence, of one head where it has heads.
    pub fn least_axes(self) -> usize {
        if Self::BIASES.contains(&self) { 1 } else { 2 }
    }

    /// Whether a tensor of so many axes can be this.
    pub fn takes(self, axes: usize) -> bool {
        (self.least_axes()..=self.most_axes()).contains(&axes)
    }

    /// How many it has with all that may be on the left.
    pub fn most_axes(self) -> usize {
        match self {
            Role::Queries | Role::Keys | Role::Values | Role::Weights => 5,
            Role::Input | Role::Memory => 4,
            _ => self.least_axes() + 1,
        }
    }
}

/// What the axes on the left are, where a tensor has one too few to be sure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Axes {
    /// As [`Role`] names them.
    #[default]
    Named,
    /// The first of four is the layer, and there is one sentence: `[L, H, S, …]`.
    LayersFirst,
    /// Tokens come before heads: `[B, S, H, D]`. Of attention weights, as named.
    TokensFirst,
}

impl Axes {
    /// All of them.
    pub const ALL: [Self; 3] = [Axes::Named, Axes::LayersFirst, Axes::TokensFirst];
}

/// Where a tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// In which file, from 0.
    pub file: usize,
    /// Which of those in it, from 0.
    pub tensor: usize,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it is called.
    pub name: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// What is in it; or why it cannot be read, and what would do.
    pub tensors: Result<Vec<FoundTensor>, String>,
}

impl Found {
    /// What a tensor in it is called: as the file is, and by its own name where there are several.
    pub fn name_of(&self, tensor: usize) -> String {
        match self.tensors.as_deref() {
            Ok(tensors) if tensors.len() > 1 => [&self.name, ": ", &tensors[tensor].name].concat(),
            _ => self.name.clone(),
        }
    }
}

/// A tensor in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundTensor {
    /// What it is called there.
    pub name: String,
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// What its numbers are stored as, as NumPy calls it.
    pub dtype: String,
    /// Whether float32, with which all is calculated, holds each of them as it is.
    pub is_exact: bool,
    /// Its texts, where it has texts and no numbers.
    pub texts: Vec<String>,
}

/// Where a number stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromFile {
    /// What the file is called, and the tensor in it if there are several.
    pub name: String,
    /// Its index on each axis.
    pub index: Vec<usize>,
    /// What it is stored as.
    pub dtype: String,
}

impl Given {
    /// Whether the projections of queries, keys and values, or that of the output, add a bias.
    pub fn has_bias(&self, of_output: bool) -> bool {
        let is_one = |role: &Role| Role::BIASES.contains(role) && (*role == Role::OutBias) == of_output;
        self.begins == Begins::Input && self.parts.iter().any(|(role, _)| is_one(role))
    }

    /// The tensors that are taken for this, in the order of their layers.
    pub fn places(&self, role: Role) -> impl Iterator<Item = Place> {
        self.parts.iter().filter(move |(other, _)| *other == role).map(|(_, place)| *place)
    }
}

/// The sizes that the tensors of a [`Given`] agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// `L`, at least 1.
    pub layers: usize,
    /// `B`, those that are taken.
    pub batch: usize,
    /// How many sentences are left out, because a run takes no more.
    pub left_out: usize,
    /// `H`; of X and matrices, as many as are asked for.
    pub heads: usize,
    /// `H_k`.
    pub key_heads: usize,
    /// `S_q`.
    pub queries: usize,
    /// `S_k`.
    pub keys: usize,
    /// `D`; of weights alone 1.
    pub head_dim: usize,
    /// Whether keys are of other tokens than queries.
    pub is_cross: bool,
}

/// Why tensors do not go together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unfit {
    /// Nothing is taken for what it takes to begin.
    Nothing,
    /// This is needed, too.
    Missing(Role),
    /// The files are not here any more.
    Gone,
    /// It has another number of axes than such a tensor can have.
    Axes {
        /// What it is taken for.
        role: Role,
        /// What it is called.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// An axis has length 0.
    Empty {
        /// What it is called.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Two tensors have different lengths where they must be the same.
    Lengths {
        /// The axis.
        axis: Along,
        /// One, and its length there.
        one: (Role, usize),
        /// The other.
        other: (Role, usize),
    },
    /// The heads of keys do not serve those of queries evenly.
    KeyHeads {
        /// `H`.
        heads: usize,
        /// `H_k`.
        key_heads: usize,
    },
    /// The heads do not share the model width evenly.
    Heads {
        /// `H`.
        heads: usize,
        /// `E`.
        width: usize,
    },
    /// So many tokens are more than a run takes.
    TooLong(usize),
    /// So many heads or layers are more than can be told apart.
    TooMany {
        /// Of what.
        axis: Along,
        /// So many.
        there: usize,
        /// The most.
        most: usize,
    },
    /// So many numbers are more than a run takes.
    TooLarge(u64),
    /// So many names for so many tokens.
    Words {
        /// Names.
        there: usize,
        /// Tokens.
        needed: usize,
    },
}

/// What an axis is of, where tensors have to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are named as everywhere")]
pub enum Along {
    Layers,
    Batch,
    Heads,
    Queries,
    Keys,
    HeadWidth,
    Width,
}

/// How the numbers of a tensor lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// `L`.
    pub layers: usize,
    /// `B`.
    pub batch: usize,
    /// `H`, or 1.
    pub heads: usize,
    /// Tokens, or what else the rows are.
    pub rows: usize,
    /// The last axis.
    pub columns: usize,
    /// Whether the rows of all heads stand side by side.
    pub tokens_first: bool,
}

impl Layout {
    /// Of a tensor of this shape. `None` where it has too many axes, or too few.
    pub fn of(role: Role, axes: Axes, shape: &[usize]) -> Option<Self> {
        if !role.takes(shape.len()) {
            return None;
        }
        let has_heads = role.most_axes() == 5;
        let tokens_first = axes == Axes::TokensFirst && has_heads && role != Role::Weights && shape.len() > 2;
        // From the right: columns, rows, heads, sentences, layers.
        let mut names = match (role.least_axes(), has_heads) {
            (1, _) => vec![0, 4],
            (_, true) if tokens_first => vec![0, 2, 1, 3, 4],
            (_, true) => vec![0, 1, 2, 3, 4],
            (..) if role.most_axes() == 4 => vec![0, 1, 3, 4],
            (..) => vec![0, 1, 4],
        };
        // One axis too few to tell sentences from layers.
        if axes == Axes::LayersFirst && shape.len() + 1 == role.most_axes() && names.contains(&3) {
            names.retain(|name| *name != 3);
        }
        let mut lengths = [1; 5];
        for (name, length) in names.into_iter().zip(shape.iter().rev()) {
            lengths[name] = *length;
        }
        let [columns, rows, heads, batch, layers] = lengths;
        Some(Self { layers, batch, heads, rows, columns, tokens_first })
    }

    /// How many numbers a layer has. A browser counts to 2³² in `usize`, and files are larger.
    pub fn of_layer(self) -> u64 {
        [self.heads, self.rows, self.columns].iter().fold(self.batch as u64, |all, length| all * *length as u64)
    }
}

/// A tensor in the layer that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which tensor.
    pub place: Place,
    /// How it lies.
    pub layout: Layout,
    /// Which of its layers.
    pub layer: usize,
}

impl Given {
    fn found(found: &[Found], place: Place) -> Result<&FoundTensor, Unfit> {
        let tensors = found.get(place.file).and_then(|file| file.tensors.as_ref().ok());
        tensors.and_then(|tensors| tensors.get(place.tensor)).ok_or(Unfit::Gone)
    }

    /// How many layers there are of this.
    fn layers(&self, role: Role, found: &[Found]) -> Result<usize, Unfit> {
        let mut layers = 0;
        for place in self.places(role) {
            layers += self.layout(role, Self::found(found, place)?)?.layers;
        }
        Ok(layers)
    }

    fn layout(&self, role: Role, FoundTensor { name, shape, .. }: &FoundTensor) -> Result<Layout, Unfit> {
        if shape.contains(&0) {
            return Err(Unfit::Empty { name: name.clone(), shape: shape.clone() });
        }
        Layout::of(role, self.axes, shape).ok_or_else(|| Unfit::Axes { role, name: name.clone(), shape: shape.clone() })
    }

    /// What is taken for this, in the layer that is shown, or the last; what is there once is of all layers.
    ///
    /// # Errors
    /// [`Unfit::Gone`], [`Unfit::Axes`], [`Unfit::Empty`].
    pub fn part(&self, role: Role, found: &[Found]) -> Result<Option<Part>, Unfit> {
        let mut before = self.layer.min(self.layers(role, found)?.saturating_sub(1));
        for place in self.places(role) {
            let layout = self.layout(role, Self::found(found, place)?)?;
            if before < layout.layers {
                return Ok(Some(Part { place, layout, layer: before }));
            }
            before -= layout.layers;
        }
        Ok(None)
    }

    /// The same, of what must be there.
    fn needed(&self, role: Role, found: &[Found]) -> Result<Layout, Unfit> {
        Ok(self.part(role, found)?.ok_or(Unfit::Missing(role))?.layout)
    }

    /// What all these tensors agree on. `heads`: how many the model width is shared out to, where nothing says so.
    ///
    /// # Errors
    /// What they do not agree on.
    pub fn sizes(&self, found: &[Found], heads: usize) -> Result<Sizes, Unfit> {
        let mut layers = (Role::Input, 1);
        for role in self.begins.needs().iter().copied() {
            match self.layers(role, found)? {
                0 => {}
                // One X, or one matrix, is of all layers; queries have keys of their own.
                1 if self.begins != Begins::Projections => {}
                here if layers == (Role::Input, 1) => layers = (role, here),
                here => same(Along::Layers, (role, here), layers)?,
            }
        }
        let sizes = |batch: usize, heads: usize, key_heads, queries: usize, keys: usize, head_dim, has_memory| {
            let longest = queries.max(keys);
            if longest > super::MOST_TOKENS {
                return Err(Unfit::TooLong(longest));
            }
            for (axis, there, most) in [(Along::Heads, heads, MOST_HEADS), (Along::Layers, layers.1, MOST_LAYERS)] {
                if there > most {
                    return Err(Unfit::TooMany { axis, there, most });
                }
            }
            let taken = batch.min(super::MOST_SENTENCES).min((super::MOST_TOKENS / longest).max(1));
            let is_cross = has_memory || queries != keys || !self.words[1].is_empty();
            for (words, needed) in self.words.iter().zip([queries, keys]) {
                if ![0, needed, batch * needed].contains(&words.len()) {
                    return Err(Unfit::Words { there: words.len(), needed });
                }
            }
            let numbers = [taken, heads, longest, head_dim].iter().fold(1, |all: u64, length| all * *length as u64);
            if numbers > MOST_NUMBERS {
                return Err(Unfit::TooLarge(numbers));
            }
            let left_out = batch - taken;
            Ok(Sizes { layers: layers.1, batch: taken, left_out, heads, key_heads, queries, keys, head_dim, is_cross })
        };
        match self.begins {
            Begins::Weights => {
                let Layout { batch, heads, rows, columns, .. } = self.needed(Role::Weights, found)?;
                sizes(batch, heads, heads, rows, columns, 1, false)
            }
            Begins::Projections => {
                let queries = self.needed(Role::Queries, found)?;
                let keys = self.needed(Role::Keys, found)?;
                let values = self.needed(Role::Values, found)?;
                for (role, other) in [(Role::Keys, keys), (Role::Values, values)] {
                    same(Along::Batch, (role, other.batch), (Role::Queries, queries.batch))?;
                    same(Along::HeadWidth, (role, other.columns), (Role::Queries, queries.columns))?;
                }
                same(Along::Keys, (Role::Values, values.rows), (Role::Keys, keys.rows))?;
                same(Along::Heads, (Role::Values, values.heads), (Role::Keys, keys.heads))?;
                if !queries.heads.is_multiple_of(keys.heads) {
                    return Err(Unfit::KeyHeads { heads: queries.heads, key_heads: keys.heads });
                }
                sizes(queries.batch, queries.heads, keys.heads, queries.rows, keys.rows, queries.columns, false)
            }
            Begins::Input => {
                let input = self.needed(Role::Input, found)?;
                let memory = self.part(Role::Memory, found)?.map(|part| part.layout);
                let width = input.columns;
                if let Some(memory) = memory {
                    same(Along::Batch, (Role::Memory, memory.batch), (Role::Input, input.batch))?;
                    same(Along::Width, (Role::Memory, memory.columns), (Role::Input, width))?;
                }
                let joined = self.part(Role::InProjection, found)?.map(|part| part.layout);
                let rows = |role| match role {
                    Role::InProjection | Role::InBias => 3 * width,
                    _ => width,
                };
                let apart = [Role::QueryProjection, Role::KeyProjection, Role::ValueProjection];
                let wanted = if joined.is_some() { &[Role::InProjection][..] } else { &apart };
                for role in wanted.iter().copied().chain([Role::OutProjection]) {
                    let layout = match self.part(role, found)? {
                        Some(part) => part.layout,
                        // Of what there is nothing of, the most usual is asked for.
                        None if apart.iter().all(|role| self.places(*role).next().is_none()) => {
                            return Err(Unfit::Missing(if role == Role::OutProjection {
                                role
                            } else {
                                Role::InProjection
                            }));
                        }
                        None => return Err(Unfit::Missing(role)),
                    };
                    same(Along::Width, (role, layout.columns), (Role::Input, width))?;
                    same(Along::Width, (role, layout.rows), (Role::Input, rows(role)))?;
                }
                for role in Role::BIASES {
                    if let Some(part) = self.part(role, found)? {
                        same(Along::Width, (role, part.layout.columns), (Role::Input, rows(role)))?;
                    }
                }
                if heads == 0 || !width.is_multiple_of(heads) {
                    return Err(Unfit::Heads { heads, width });
                }
                let keys = memory.map_or(input.rows, |memory| memory.rows);
                sizes(input.batch, heads, heads, input.rows, keys, width / heads, memory.is_some())
            }
        }
    }
}

fn same(axis: Along, one: (Role, usize), other: (Role, usize)) -> Result<(), Unfit> {
    if one.1 == other.1 { Ok(()) } else { Err(Unfit::Lengths { axis, one, other }) }
}
