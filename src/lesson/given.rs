//! What tensors out of files are taken for: a guess by name and shape, which a person can change.

use super::{Projection, Session, Zoom};
use crate::embedding::Positions;
use crate::protocol::{Axes, Begins, Found, FoundTensor, Given, Place, Role, Setup, Sizes, Unfit, Window};

/// Files that a person gave, and what each tensor in them is taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Which files.
    pub look: u64,
    /// What they hold.
    pub files: Vec<Found>,
    /// What each tensor of each file is taken for, if for anything.
    pub roles: Vec<Vec<Option<Role>>>,
    /// What the axes are.
    pub axes: Axes,
    /// How many heads share the model width, where nothing else says so.
    pub heads: usize,
    /// Whether a person said that; if not, it is the most usual number.
    pub heads_are_said: bool,
    /// What the tokens are called, of the queries and of the keys.
    pub words: [Vec<String>; 2],
}

/// So many files are named.
const MOST_NAMES: usize = 3;

impl Offer {
    /// The first guess.
    pub fn guess(look: u64, files: Vec<Found>) -> Self {
        let by_name = |tensor: &FoundTensor| if tensor.texts.is_empty() { by_name(tensor) } else { None };
        let mut roles: Vec<Vec<Option<Role>>> =
            files.iter().map(|file| tensors(file).iter().map(by_name).collect()).collect();
        let words = [false, true].map(|of_keys| {
            let all = files.iter().flat_map(tensors).filter(|tensor| !tensor.texts.is_empty());
            let mut texts = all.filter(|tensor| parts(&tensor.name).any(|part| part.starts_with("key")) == of_keys);
            texts.next().map(|tensor| tensor.texts.clone()).unwrap_or_default()
        });
        if roles.iter().flatten().all(Option::is_none) {
            by_shape(&files, &mut roles);
        }
        let mut offer = Self { look, files, roles, axes: Axes::Named, heads: 1, heads_are_said: false, words };
        offer.forget_the_rest();
        offer.heads = offer.usual_heads();
        // Names of other lengths belong to something else.
        if let Err(Unfit::Words { .. }) = offer.given(0).1 {
            offer.words = [vec![], vec![]];
        }
        offer
    }

    /// The same choices for the first files, where more have come.
    pub fn take_over(&mut self, before: Self) {
        for (roles, before) in self.roles.iter_mut().zip(before.roles) {
            // A file may have been written anew meanwhile.
            if roles.len() == before.len() {
                *roles = before;
            }
        }
        self.axes = before.axes;
        if before.heads_are_said {
            (self.heads, self.heads_are_said) = (before.heads, true);
        }
        if before.words.iter().any(|words| !words.is_empty()) {
            self.words = before.words;
        }
    }

    /// What is of no use where it begins: attention weights beside the queries, keys and values that they follow from.
    fn forget_the_rest(&mut self) {
        let begins = self.begins();
        for role in self.roles.iter_mut().flatten() {
            *role = role.filter(|role| begins.needs().contains(role));
        }
    }

    /// Where it begins with what there is: with queries, keys and values before anything else; with X only where matrices are
    /// there for it, or nothing else is.
    pub fn begins(&self) -> Begins {
        let has = |role| self.roles.iter().flatten().any(|other| *other == Some(role));
        let count = |roles: &[Role]| roles.iter().filter(|role| has(**role)).count();
        let projections = count(&[Role::Queries, Role::Keys, Role::Values]);
        let matrices = count(&Role::MATRICES);
        match (projections, has(Role::Weights), has(Role::Input)) {
            (3, ..) => Begins::Projections,
            (_, true, false) => Begins::Weights,
            (_, true, true) if matrices == 0 => Begins::Weights,
            (_, _, true) if matrices > 0 || projections == 0 => Begins::Input,
            (1.., false, _) => Begins::Projections,
            (0, false, false) if matrices > 0 || has(Role::Memory) => Begins::Input,
            _ => Begins::Weights,
        }
    }

    /// What a person takes for something that is of no use where it begins.
    pub fn left_alone(&self) -> Vec<&str> {
        let begins = self.begins();
        let all = self.files.iter().flat_map(tensors).zip(self.roles.iter().flatten());
        all.filter(|(_, role)| role.is_some_and(|role| !begins.needs().contains(&role)))
            .map(|(tensor, _)| tensor.name.as_str())
            .collect()
    }

    /// What each layer's tensor is called, where layers are tensors of their own.
    pub fn names_of_layers(&self) -> Vec<String> {
        let mut given = self.given(0).0;
        let layers = 0..given.layers;
        let mut name = |layer| {
            given.layer = layer;
            Some(self.tensor(self.place_of_layer(&given)?).name.clone())
        };
        layers.filter_map(&mut name).collect()
    }

    fn tensor(&self, place: Place) -> &FoundTensor {
        &tensors(&self.files[place.file])[place.tensor]
    }

    /// Whether anything is taken for something.
    pub fn is_empty(&self) -> bool {
        self.roles.iter().flatten().all(Option::is_none)
    }

    /// Heads of 64 columns are the most usual.
    fn usual_heads(&self) -> usize {
        let given = self.given(0).0;
        let input = given.part(Role::Input, &self.files).ok().flatten();
        let width = input.map_or(1, |part| part.layout.columns);
        let fits = |heads: &usize| width.is_multiple_of(*heads);
        let wide = if width.is_multiple_of(64) { width / 64 } else { 1 };
        [wide, 8, 4, 2].into_iter().filter(|heads| *heads > 1).find(fits).unwrap_or(1)
    }

    /// These tensors in this layer, and what they agree on.
    pub fn given(&self, layer: usize) -> (Given, Result<Sizes, Unfit>) {
        let begins = self.begins();
        let mut parts = Vec::new();
        for (file, roles) in self.roles.iter().enumerate() {
            for (tensor, role) in roles.iter().enumerate() {
                // What is of no use there is left alone.
                if let Some(role) = role.as_ref().filter(|role| begins.needs().contains(role)) {
                    parts.push((*role, Place { file, tensor }));
                }
            }
        }
        // Layer 10 comes after layer 9, whatever order a file has them in.
        parts.sort_by_cached_key(|(role, place)| {
            let (file, tensor) = (&self.files[place.file].name, &self.tensor(*place).name);
            (Role::ALL.iter().position(|other| other == role), counted(file), counted(tensor))
        });
        let mut names: Vec<&str> = Vec::new();
        for (_, place) in &parts {
            let name = self.files[place.file].name.as_str();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let more = if names.len() > MOST_NAMES { ", …" } else { "" };
        let name = names[..names.len().min(MOST_NAMES)].join(", ") + more;
        let (axes, words) = (self.axes, self.words.clone());
        let mut given = Given { begins, parts, layer, layers: 1, axes, words, name, look: self.look };
        let sizes = if self.is_empty() { Err(Unfit::Nothing) } else { given.sizes(&self.files, self.heads) };
        if let Ok(sizes) = &sizes {
            given.layers = sizes.layers;
            given.layer = layer.min(sizes.layers - 1);
        }
        if let Some(place) = self.place_of_layer(&given) {
            given.name = self.files[place.file].name_of(place.tensor);
        }
        (given, sizes)
    }

    /// The attention weights of the layer that is shown, where layers are tensors of their own.
    fn place_of_layer(&self, given: &Given) -> Option<Place> {
        let count = given.places(Role::Weights).count();
        let place = given.places(Role::Weights).nth(given.layer);
        place.filter(|_| given.begins == Begins::Weights && count > 1 && count == given.layers)
    }

    /// Shows these tensors in the place of sentences.
    ///
    /// # Errors
    /// Why they do not go together.
    pub fn show(&self, layer: usize, session: &mut Session) -> Result<(), Unfit> {
        let (given, sizes) = self.given(layer);
        let Sizes { heads, head_dim, is_cross, .. } = sizes?;
        let is_new =
            session.setup.given.as_ref().is_none_or(|before| {
                (before.look, &before.parts, before.axes) != (given.look, &given.parts, given.axes)
            });
        let setup = if is_new {
            // What was set for a sentence says nothing of these.
            Setup { seed: session.setup.seed, mask: Window::OPEN, positions: Positions::None, ..Setup::default() }
        } else {
            session.setup.clone()
        };
        session.setup = Setup { heads, width: heads * head_dim, is_cross, given: Some(Box::new(given)), ..setup };
        if is_new {
            (session.item, session.zoom, session.pinned, session.before) = (0, Zoom::ALL, None, None);
            session.projection = Projection::Queries;
            session.table = None;
        }
        session.fit();
        Ok(())
    }
}

/// A name to sort by, in which numbers are in the order of counting: "h.9" comes before "h.10".
pub fn counted(name: &str) -> Vec<(String, u64)> {
    let mut pieces: Vec<(String, u64)> = vec![(String::new(), 0)];
    let mut was_digit = false;
    for letter in name.chars() {
        if was_digit && !letter.is_ascii_digit() {
            pieces.push((String::new(), 0));
        }
        let last = pieces.last_mut().expect("there is always one");
        match letter.to_digit(10) {
            Some(digit) => last.1 = last.1.saturating_mul(10).saturating_add(digit.into()),
            None => last.0.push(letter),
        }
        was_digit = letter.is_ascii_digit();
    }
    pieces
}

fn tensors(file: &Found) -> &[FoundTensor] {
    file.tensors.as_deref().unwrap_or_default()
}

/// The parts of a name between what is no letter, in lower case.
fn parts(name: &str) -> impl Iterator<Item = String> {
    name.split(|letter: char| !letter.is_ascii_alphabetic())
        .filter(|part| !part.is_empty())
        .map(str::to_ascii_lowercase)
}

/// By what it is called: as PyTorch, Hugging Face and this page call it.
fn by_name(FoundTensor { name, shape, dtype, .. }: &FoundTensor) -> Option<Role> {
    let parts: Vec<String> = parts(name).collect();
    let has = |names: &[&str]| parts.iter().any(|part| names.contains(&part.as_str()));
    let ends_with = |names: &[&str]| parts.last().is_some_and(|part| names.contains(&part.as_str()));
    let (is_bias, is_projection) = (has(&["bias"]), has(&["proj", "projection", "weight", "linear"]));
    let is_output = has(&["out", "o"]) && has(&["proj"]) || has(&["attention"]) && has(&["output"]) && has(&["dense"]);
    let (queries, keys, values) =
        (&["q", "query", "queries"][..], &["k", "key", "keys"][..], &["v", "value", "values"][..]);
    let role = match () {
        // Of a tokenizer.
        () if has(&["ids", "mask"]) => return None,
        () if has(&["in"]) && has(&["proj"]) && is_bias => Role::InBias,
        () if has(&["in"]) && has(&["proj"]) => Role::InProjection,
        () if is_output && is_bias => Role::OutBias,
        () if is_output => Role::OutProjection,
        () if is_bias && has(queries) => Role::QueryBias,
        () if is_bias && has(keys) => Role::KeyBias,
        () if is_bias && has(values) => Role::ValueBias,
        () if is_bias => return None,
        () if has(&["attn", "attention", "attentions"]) && has(&["weights", "probs", "probabilities"])
            || ends_with(&["attentions", "attention", "attn", "weights"]) =>
        {
            Role::Weights
        }
        () if has(queries) && is_projection => Role::QueryProjection,
        () if has(keys) && is_projection => Role::KeyProjection,
        () if has(values) && is_projection => Role::ValueProjection,
        () if has(queries) => Role::Queries,
        () if has(keys) => Role::Keys,
        () if has(values) => Role::Values,
        () if has(&["memory"]) || has(&["encoder"]) && has(&["hidden"]) => Role::Memory,
        () if dtype.contains("float") && (ends_with(&["x"]) || has(&["input", "inputs", "hidden"])) => Role::Input,
        () => return None,
    };
    role.takes(shape.len()).then_some(role)
}

/// By shape, where no name says anything: one square tensor is weights, three alike are queries, keys and values.
fn by_shape(files: &[Found], roles: &mut [Vec<Option<Role>>]) {
    let all: Vec<(Place, &[usize])> = files
        .iter()
        .enumerate()
        .flat_map(|(file, found)| {
            let numbers = tensors(found).iter().enumerate().filter(|(_, tensor)| tensor.texts.is_empty());
            numbers.map(move |(tensor, found)| (Place { file, tensor }, found.shape.as_slice()))
        })
        .collect();
    let is_square = |shape: &[usize]| shape.len() >= 2 && shape[shape.len() - 1] == shape[shape.len() - 2];
    let guessed: Vec<Role> = match &all[..] {
        alike if !alike.is_empty() && alike.iter().all(|(_, shape)| is_square(shape) && *shape == alike[0].1) => {
            vec![Role::Weights; alike.len()]
        }
        [(_, queries), (_, keys), (_, values)] if keys == values && queries.len() == keys.len() => {
            vec![Role::Queries, Role::Keys, Role::Values]
        }
        _ => vec![],
    };
    for ((place, shape), role) in all.into_iter().zip(guessed) {
        roles[place.file][place.tensor] = role.takes(shape.len()).then_some(role);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::Step;
    use crate::protocol::Along;

    fn tensor(name: &str, shape: &[usize]) -> FoundTensor {
        let (name, dtype) = (name.to_owned(), "float32".to_owned());
        FoundTensor { name, shape: shape.to_vec(), dtype, is_exact: true, texts: vec![] }
    }

    fn file(name: &str, tensors: &[(&str, &[usize])]) -> Found {
        let found = |(name, shape): &(&str, &[usize])| tensor(name, shape);
        Found { name: name.to_owned(), bytes: 0, tensors: Ok(tensors.iter().map(found).collect()) }
    }

    fn texts(name: &str, words: &[&str]) -> Found {
        let mut file = file(name, &[(name, &[words.len()])]);
        let tensors = file.tensors.as_mut().expect("it has one");
        tensors[0].texts = words.iter().map(|word| (*word).to_owned()).collect();
        file
    }

    fn roles(tensors: &[(&str, &[usize])]) -> Vec<Option<Role>> {
        Offer::guess(1, vec![file("a.npz", tensors)]).roles.remove(0)
    }

    #[test]
    fn names_say_what_a_tensor_is() {
        let heads: &[usize] = &[1, 4, 6, 16];
        let pairs: &[usize] = &[1, 4, 6, 6];
        for names in [["q", "k", "v"], ["queries", "keys", "values"], ["layer.0.query", "layer.0.key", "layer.0.value"]]
        {
            let tensors = names.map(|name| (name, heads));
            assert_eq!(roles(&tensors), [Role::Queries, Role::Keys, Role::Values].map(Some), "{names:?}");
        }
        for name in ["attention_weights", "attentions.11", "attn_weights", "encoder.attn", "attention_probs"] {
            assert_eq!(roles(&[(name, pairs)]), [Some(Role::Weights)], "{name}");
        }
        let block: [(&str, &[usize]); 6] = [
            ("x", &[6, 8]),
            ("self_attn.in_proj_weight", &[24, 8]),
            ("self_attn.in_proj_bias", &[24]),
            ("self_attn.out_proj.weight", &[8, 8]),
            ("self_attn.out_proj.bias", &[8]),
            ("norm1.weight", &[8]),
        ];
        let expected = [Role::Input, Role::InProjection, Role::InBias, Role::OutProjection, Role::OutBias];
        assert_eq!(roles(&block)[..5], expected.map(Some));
        assert_eq!(roles(&block)[5], None);
        let apart = [
            ("x", &[6, 8][..]),
            ("attn.q_proj.weight", &[8, 8]),
            ("attn.q_proj.bias", &[8]),
            ("attn.value.bias", &[8]),
        ];
        assert_eq!(roles(&apart)[1..], [Role::QueryProjection, Role::QueryBias, Role::ValueBias].map(Some));
    }

    #[test]
    fn shapes_do_where_names_say_nothing() {
        let heads: &[usize] = &[4, 6, 16];
        assert_eq!(
            roles(&[("arr_0", heads), ("arr_1", heads), ("arr_2", heads)]),
            [Role::Queries, Role::Keys, Role::Values].map(Some)
        );
        assert_eq!(roles(&[("arr_0", &[12, 5, 5])]), [Some(Role::Weights)]);
        assert_eq!(roles(&[("arr_0", &[1, 2, 5, 5]), ("arr_1", &[1, 2, 5, 5])]), [Some(Role::Weights); 2]);
        assert_eq!(roles(&[("arr_0", &[12])]), [None]);
        let offer = Offer::guess(1, vec![file("a.npz", &[("arr_0", &[12])])]);
        assert_eq!(offer.given(0).1, Err(Unfit::Nothing));
    }

    #[test]
    fn layers_are_in_the_order_of_counting() {
        let pairs: &[usize] = &[1, 4, 6, 6];
        let names: Vec<String> = ["10", "2", "11", "0", "1", "9"].map(|layer| format!("h.{layer}.attn")).to_vec();
        let tensors: Vec<(&str, &[usize])> = names.iter().map(|name| (name.as_str(), pairs)).collect();
        let offer = Offer::guess(1, vec![file("a.safetensors", &tensors)]);
        assert_eq!(offer.names_of_layers(), ["0", "1", "2", "9", "10", "11"].map(|layer| format!("h.{layer}.attn")));
        let given = offer.given(4).0;
        assert_eq!(given.places(Role::Weights).nth(4).map(|place| place.tensor), Some(0));
        assert_eq!(given.name, "a.safetensors: h.10.attn");
        // Files that were chosen in any order.
        let files = ["layer_10.npy", "layer_9.npy"].map(|name| file(name, &[("attn", pairs)])).to_vec();
        let given = Offer::guess(1, files).given(0).0;
        assert_eq!(
            (given.name.as_str(), given.places(Role::Weights).next().map(|place| place.file)),
            ("layer_9.npy", Some(1))
        );
        let files = ["v.npy", "q.npy", "k.npy"].map(|name| file(name, &[(&name[..1], &[4, 6, 16])])).to_vec();
        assert_eq!(Offer::guess(1, files).given(0).0.name, "q.npy, k.npy, v.npy");
    }

    #[test]
    fn what_a_tokenizer_gives_is_no_input() {
        let ids = FoundTensor { dtype: "int64".to_owned(), ..tensor("input_ids", &[1, 9]) };
        let weights = tensor("attentions", &[2, 4, 9, 9]);
        let found = Found { name: "a.npz".to_owned(), bytes: 0, tensors: Ok(vec![ids, weights]) };
        assert_eq!(Offer::guess(1, vec![found]).roles[0], [None, Some(Role::Weights)]);
        // Nor does X alone keep weights from being shown.
        assert_eq!(roles(&[("x", &[9, 8]), ("attentions", &[2, 4, 9, 9])]), [None, Some(Role::Weights)]);
    }

    #[test]
    fn queries_have_keys_of_their_own() {
        let heads: &[usize] = &[4, 6, 16];
        let twice = ["q.npy", "k.npy", "v.npy", "q.npy"].map(|name| file(name, &[(&name[..1], heads)])).to_vec();
        let mut offer = Offer::guess(1, twice);
        assert!(matches!(offer.given(0).1, Err(Unfit::Lengths { axis: Along::Layers, .. })));
        // What is taken for something else beside them is named.
        offer.roles[3][0] = Some(Role::Weights);
        assert_eq!(offer.left_alone(), ["q"]);
    }

    #[test]
    fn what_follows_from_the_rest_is_left_alone() {
        let heads: &[usize] = &[4, 6, 16];
        let tensors = [("queries", heads), ("keys", heads), ("values", heads), ("attention_weights", &[4, 6, 6][..])];
        assert_eq!(roles(&tensors)[3], None);
    }

    #[test]
    fn tensors_take_the_place_of_the_sentence() {
        let qkv = [("q", &[2, 8, 6, 16][..]), ("k", &[2, 2, 9, 16]), ("v", &[2, 2, 9, 16])];
        let words = texts("tokens.json", &["a", "b", "c", "d", "e", "f"]);
        let offer = Offer::guess(3, vec![file("t.npz", &qkv), words]);
        let mut session = Session { step: Step::Tokens, head: 3, ..Session::default() };
        assert_eq!(offer.show(0, &mut session), Ok(()));
        let setup = &session.setup;
        assert_eq!((setup.heads, setup.width, setup.is_cross, session.step), (8, 128, true, Step::Softmax));
        let sizes = offer.given(0).1.expect("they fit");
        assert_eq!((sizes.batch, sizes.key_heads, sizes.queries, sizes.keys), (2, 2, 6, 9));
        let given = setup.given.as_ref().expect("it was given");
        assert_eq!((given.name.as_str(), given.words[0].len(), given.words[1].len()), ("t.npz", 6, 0));
        // What is set afterwards stays when a layer or a word changes.
        session.setup.mask = Window::CAUSAL;
        assert_eq!(offer.show(0, &mut session), Ok(()));
        assert_eq!(session.setup.mask, Window::CAUSAL);
    }

    #[test]
    fn layers_are_tensors_or_an_axis() {
        let five = Offer::guess(1, vec![file("a.npy", &[("attentions", &[12, 1, 4, 6, 6])])]);
        assert_eq!(five.given(0).1.map(|sizes| (sizes.layers, sizes.heads)), Ok((12, 4)));
        let many = [("attentions.0", &[1, 4, 6, 6][..]), ("attentions.1", &[1, 4, 6, 6])];
        let many = Offer::guess(1, vec![file("a.safetensors", &many)]);
        let (given, sizes) = many.given(1);
        assert_eq!(sizes.map(|sizes| sizes.layers), Ok(2));
        let part = given.part(Role::Weights, &many.files).expect("it is there").expect("it is there");
        assert_eq!((part.place.tensor, part.layer), (1, 0));
        assert_eq!(given.name, "a.safetensors: attentions.1");
        let four =
            Offer { axes: Axes::LayersFirst, ..Offer::guess(1, vec![file("a.npy", &[("attn", &[12, 4, 6, 6])])]) };
        assert_eq!(four.given(0).1.map(|sizes| (sizes.layers, sizes.batch)), Ok((12, 1)));
        let flash = [("q", &[2, 6, 4, 16][..]), ("k", &[2, 6, 4, 16]), ("v", &[2, 6, 4, 16])];
        let flash = Offer { axes: Axes::TokensFirst, ..Offer::guess(1, vec![file("a.npz", &flash)]) };
        assert_eq!(flash.given(0).1.map(|sizes| (sizes.queries, sizes.heads)), Ok((6, 4)));
    }

    #[test]
    fn more_files_leave_what_was_chosen() {
        let first = file("a.npz", &[("arr_0", &[6, 8][..]), ("arr_1", &[6, 8])]);
        let mut before = Offer::guess(1, vec![first.clone()]);
        before.roles[0] = vec![Some(Role::Keys), Some(Role::Queries)];
        before.words[0] = vec!["a".to_owned(); 6];
        let mut after = Offer::guess(2, vec![first, file("v.npy", &[("v", &[6, 8][..])])]);
        after.take_over(before);
        assert_eq!(after.roles, [vec![Some(Role::Keys), Some(Role::Queries)], vec![Some(Role::Values)]]);
        assert_eq!(after.given(0).1.map(|sizes| (sizes.queries, sizes.is_cross)), Ok((6, false)));
    }

    #[test]
    fn what_is_not_used_says_nothing_of_what_is() {
        let heads: &[usize] = &[12, 1, 4, 6, 8];
        let tensors = [("q", heads), ("k", heads), ("attention_weights", &[1, 4, 6, 6])];
        let mut offer = Offer::guess(1, vec![file("a.npz", &tensors), file("b.npz", &[("x", &[0][..])])]);
        offer.roles[0] = vec![Some(Role::Queries), Some(Role::Keys), Some(Role::Weights)];
        let (given, sizes) = offer.given(3);
        assert_eq!((given.begins, given.parts.len(), given.name.as_str()), (Begins::Weights, 1, "a.npz"));
        assert_eq!(sizes.map(|sizes| sizes.layers), Ok(1));
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        let unfit = |tensors: &[(&str, &[usize])]| Offer::guess(1, vec![file("a.npz", tensors)]).given(0).1;
        assert_eq!(unfit(&[("q", &[6, 8]), ("k", &[6, 8])]), Err(Unfit::Missing(Role::Values)));
        assert!(matches!(unfit(&[("q", &[6, 8]), ("k", &[6, 8]), ("v", &[7, 8])]), Err(Unfit::Lengths { .. })));
        assert_eq!(
            unfit(&[("q", &[4, 6, 8]), ("k", &[3, 6, 8]), ("v", &[3, 6, 8])]),
            Err(Unfit::KeyHeads { heads: 4, key_heads: 3 })
        );
        assert!(matches!(unfit(&[("attn", &[0, 0])]), Err(Unfit::Empty { .. })));
        assert_eq!(unfit(&[("attn", &[5000, 5000])]), Err(Unfit::TooLong(5000)));
        assert_eq!(unfit(&[("x", &[6, 8])]), Err(Unfit::Missing(Role::InProjection)));
        assert!(matches!(
            unfit(&[("x", &[6, 8]), ("in_proj_weight", &[16, 8]), ("out_proj.weight", &[8, 8])]),
            Err(Unfit::Lengths { .. })
        ));
        assert!(matches!(
            unfit(&[("attn", &[5000, 6, 6])]),
            Err(Unfit::TooMany { axis: Along::Heads, there: 5000, .. })
        ));
        assert!(matches!(
            unfit(&[("attn", &[1_000_000, 1, 1, 1, 1])]),
            Err(Unfit::TooMany { axis: Along::Layers, .. })
        ));
        let wide = [("q", &[1, 256, 1, 16384][..]), ("k", &[1, 1, 4096, 16384]), ("v", &[1, 1, 4096, 16384])];
        assert!(matches!(unfit(&wide), Err(Unfit::TooLarge(_))));
        let weights = [("x", &[6, 8][..]), ("in_proj_weight", &[24, 8]), ("out_proj.weight", &[8, 8])];
        let mut offer = Offer::guess(1, vec![file("a.npz", &weights)]);
        assert_eq!((offer.heads, offer.given(0).1.map(|sizes| sizes.head_dim)), (8, Ok(1)));
        offer.heads = 3;
        assert_eq!(offer.given(0).1, Err(Unfit::Heads { heads: 3, width: 8 }));
    }
}
