//! The words around tensors out of files.

use crate::lesson::number::{self, fixed, legible};
use crate::protocol::{
    Along, Axes, Begins, FoundTensor, FromFile, Given, MOST_SENTENCES, MOST_TOKENS, Role, Sizes, Unfit,
};

/// The button that lets files be chosen.
pub const OPEN: &str = "Open tensors";
/// What it does.
pub const OPEN_HINT: &str = "Your own tensors from .npy, .npz, .safetensors or JSON; names of tokens from .txt, too, one a line. They can be dropped on the page, too, and never leave this computer.";
/// While files hover over the page.
pub const DROP: &str = "Drop the files here: .npy, .npz, .safetensors or JSON";
/// The part of the page that is about them.
pub const TENSORS: &str = "Tensors from files";
/// While they are looked into.
pub const LOOKING: &str = "Looking into the files …";
/// What a person can do with the list of what they hold.
pub const CHOOSE: &str = "This is what they look like by name and shape. Change what is wrong, then show them. Nothing of them leaves this computer.";
/// A tensor that is taken for nothing.
pub const UNUSED: &str = "not used";
/// The heads of the columns of the list.
pub const COLUMNS: [&str; 3] = ["Tensor", "Shape and type", "Taken for"];
/// What a tensor is taken for.
pub fn taken_for(tensor: &str) -> String {
    format!("“{tensor}” is taken for")
}
/// What the axes are.
pub const AXES: &str = "Axes";
/// How many heads share the model width.
pub const HEADS: &str = "Heads";
/// The layer that is shown.
pub const LAYER: &str = "Layer";
/// What the tokens are called.
pub const WORDS: &str = "Names of the tokens";
/// What those of the keys are called.
pub const KEY_WORDS: &str = "Names of the keys’ tokens";
/// How they are typed.
pub const WORDS_HINT: &str = "a name for each, with spaces between";
/// The button that shows them.
pub const SHOW: &str = "Show";
/// The button that takes more files.
pub const MORE: &str = "Add files";
/// The button that goes back to what was shown.
pub const CANCEL: &str = "Cancel";
/// The button that opens the list once more.
pub const CHANGE: &str = "Change";
/// The button that puts the sentence back.
pub const BACK: &str = "Back to the sentence";
/// While a tensor is read.
pub const READING: &str = "Reading";
/// The title over attention weights.
pub const WEIGHTS_TITLE: &str = "Attention weights: who looks at whom?";
/// The sentence under it, where rows add up to 1.
pub const WEIGHTS_LEAD: &str = "These weights are shown as they were given. Each row is one token’s attention, shared out among the keys: it sums to 1.";
/// The same, where only rounding keeps them from it.
pub const WEIGHTS_ROUNDED: &str = "These weights are shown as they were given. Each row is one token’s attention, shared out among the keys: it sums to 1, as nearly as numbers of few digits do.";
/// Over the names of the tokens of queries and of keys.
pub const TOKENS_OF: [&str; 2] = ["Queries", "Keys and values"];
/// The files are not there any more.
pub const GONE: &str =
    "The files of these tensors are not open any more. Open them once more; nothing of them was stored.";
/// Over settings that a file decides.
pub const SIZES_ARE_GIVEN: &str =
    "Heads, widths and tokens are those of the tensors; positions and padding, if any, are in their numbers already.";
/// Over settings where attention weights alone were given.
pub const NOTHING_FOLLOWS: &str = "Attention weights are the end of it: from them alone nothing more is calculated, so there is nothing to set. Give queries, keys and values, and every step opens.";
/// Why an earlier step, or a later one, can't be shown.
pub const NOT_OF_FILES: [&str; 2] = [
    "The tensors from your files begin after this step.",
    "The tensors from your files end before this step: not all that it needs is in them.",
];
/// What the check of a number from a file says.
pub const READ_AGAIN: &str = "The same, as float32, when it is read from the file once more";
/// The badge, where nothing was calculated.
pub const FROM_FILE: &str = "from file";
/// Why a link does not lead to them.
pub const NO_LINK: &str = "Tensors from files are in no link, no code and no saved page: they never leave this computer. Save a figure or the tensors, or hand the files on.";

/// What saved tensors of a block with biases lack.
pub const NO_BIASES: &str = "The matrices of this block are saved without its biases, which stand in your files.";

/// What a tensor is taken for.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Queries => "Q, queries",
        Role::Keys => "K, keys",
        Role::Values => "V, values",
        Role::Weights => "A, attention weights",
        Role::Input => "X, input",
        Role::Memory => "X of keys and values",
        Role::InProjection => "in_proj_weight",
        Role::QueryProjection => "q_proj.weight",
        Role::KeyProjection => "k_proj.weight",
        Role::ValueProjection => "v_proj.weight",
        Role::OutProjection => "out_proj.weight",
        Role::InBias => "in_proj_bias",
        Role::OutBias => "out_proj.bias",
        Role::QueryBias => "q_proj.bias",
        Role::KeyBias => "k_proj.bias",
        Role::ValueBias => "v_proj.bias",
    }
}

/// What the axes of four are.
pub fn axes(axes: Axes) -> &'static str {
    match axes {
        Axes::Named => "batch, head, token",
        Axes::LayersFirst => "layer, head, token",
        Axes::TokensFirst => "batch, token, head",
    }
}

/// So many tensors are not listed.
pub fn more_tensors(more: usize) -> String {
    format!("and {more} more, which have names that say nothing: rename them, or save fewer")
}

/// What a tensor's numbers are stored as.
pub fn dtype(FoundTensor { dtype, is_exact, texts, .. }: &FoundTensor) -> String {
    match (texts.is_empty(), is_exact) {
        (false, _) => "names of tokens".to_owned(),
        (true, true) => dtype.clone(),
        (true, false) => format!("{dtype}, rounded to float32"),
    }
}

/// What tensors agree on; what of that nobody said; and what is left alone.
pub fn summary(begins: Begins, sizes: &Sizes, heads_are_said: bool, left_alone: &[&str]) -> String {
    let mut summary = self::sizes(begins, sizes);
    if begins == Begins::Input && !heads_are_said {
        summary += ". How many heads there are stands in no file: this is the most usual number, so check it";
    }
    if sizes.left_out > 0 && sizes.layers == 1 {
        summary += ". If these are layers and not sentences, say so under “Axes”";
    }
    if !left_alone.is_empty() {
        summary += &format!(". Of no use beside the others, and left alone: {}", left_alone.join(", "));
    }
    summary
}

/// What tensors agree on.
pub fn sizes(begins: Begins, sizes: &Sizes) -> String {
    let Sizes { layers, batch, left_out, heads, key_heads, queries, keys, head_dim, is_cross } = *sizes;
    let mut all = vec![];
    if layers > 1 {
        all.push(format!("{layers} layers"));
    }
    match left_out {
        0 if batch == 1 => {}
        0 => all.push(format!("{batch} sentences")),
        more => all.push(format!("the first {batch} of {} sentences", batch + more)),
    }
    all.push(if heads == 1 { "1 head".to_owned() } else { format!("{heads} heads") });
    if key_heads != heads {
        all.push(format!("{key_heads} for keys and values, each serving {}", heads / key_heads));
    }
    if is_cross {
        all.push(format!("{queries} queries, {keys} keys"));
    } else {
        all.push(along(Along::Keys, queries));
    }
    if begins != Begins::Weights {
        all.push(format!("head width {head_dim}"));
    }
    all.join(" · ")
}

/// What it began with.
pub fn from_files(Given { name, begins, layer, layers, .. }: &Given) -> String {
    let what = match begins {
        Begins::Input => "X and weights",
        Begins::Projections => "queries, keys and values",
        Begins::Weights => "attention weights",
    };
    let of = if *layers > 1 { format!(", layer {} of {layers}", layer + 1) } else { String::new() };
    format!("{what} from {name}{of}")
}

/// Why a number that came from a file is what it is.
pub fn why_given(FromFile { name, index, dtype }: &FromFile) -> String {
    let index = number::shape(index);
    let used = if dtype == "float32" { "" } else { " and is used as float32" };
    format!(
        "This number stands in {name} at {index}, as {dtype}{used}: nothing here has made it. Whatever follows from it is calculated."
    )
}

/// The sentence under attention weights whose rows do not add up to 1: the least that one adds up to, if it is known, and the most.
pub fn weights_do_not_add_up(least: Option<f32>, most: f32) -> String {
    let most = fixed(most.into(), 3);
    let sums = match least.map(|least| fixed(least.into(), 3)) {
        Some(least) if least == most => format!("each sums to {most}"),
        Some(least) => format!("they sum to {least} to {most}"),
        None => format!("one sums to {most}"),
    };
    format!("These weights are shown as they were given. Rows of shares sum to 1, and not all of these do: {sums}.")
}

/// The same, where some are no shares: the least and the largest, if they are known.
pub fn weights_are_no_shares(ends: Option<(f32, f32)>) -> String {
    let reach = match ends {
        Some((least, most)) => format!("They reach from {} to {}", legible(least.into(), 3), legible(most.into(), 3)),
        None => "Some lie beyond".to_owned(),
    };
    format!(
        "These numbers are shown as they were given. {reach}, and shares of attention lie between 0 and 1: if these are scores, take the softmax over the keys first."
    )
}

/// How far reading is, for whoever can't see the bar.
pub fn reading(done: u64, of: u64) -> String {
    let megabytes = |bytes: u64| fixed(bytes as f64 / 1e6, 1);
    format!("{} of {} MB", megabytes(done), megabytes(of))
}

/// So many sentences of files are not shown.
pub fn left_out(sentences: usize) -> String {
    format!(
        "These files hold more sentences than are shown together, so the last {sentences} were left out: at most {MOST_SENTENCES}, with {MOST_TOKENS} tokens. Save the others by themselves."
    )
}

/// Why tensors don't go together, and what would.
pub fn unfit(unfit: &Unfit) -> String {
    match unfit {
        Unfit::Nothing => {
            "Nothing is chosen yet. Say which tensors are Q, K and V; or which are attention weights; or which is X, with the \
             weights of its block."
                .to_owned()
        }
        Unfit::Missing(missing) => {
            let why = match missing {
                Role::Queries | Role::Keys | Role::Values => "Scores need Q and K, and what is mixed is V.",
                Role::InProjection | Role::OutProjection => {
                    "With X go the weights of torch.nn.MultiheadAttention: in_proj_weight and out_proj.weight."
                }
                _ => "The others need it.",
            };
            format!("{} is missing. {why} Choose the tensor that it is, or add its file.", role(*missing))
        }
        Unfit::Gone => GONE.to_owned(),
        Unfit::Axes { role: taken, name, shape } => format!(
            "“{name}” has {} axes, {}, and {} has {} to {}. Take it for something else, or reshape it.",
            shape.len(),
            number::shape(shape),
            role(*taken),
            taken.least_axes(),
            taken.most_axes()
        ),
        Unfit::Empty { name, shape } => {
            format!("“{name}” is empty: an axis of {} is 0. Save it with at least one number along each.", number::shape(shape))
        }
        Unfit::Lengths { axis, one, other } => format!(
            "{} has {}, {} has {}. They must agree. Choose others, or change what the axes are.",
            role(one.0),
            along(*axis, one.1),
            role(other.0),
            along(*axis, other.1)
        ),
        Unfit::KeyHeads { heads, key_heads } => format!(
            "Q has {heads} heads and K has {key_heads}, which cannot be shared out evenly. If these are tokens, change what the axes are."
        ),
        Unfit::Heads { heads: 0, width } => format!("Say how many heads share the model width of {width}: a number that divides it."),
        Unfit::Heads { heads, width } => {
            format!("{heads} heads cannot share a model width of {width} evenly. Choose a number that divides {width}.")
        }
        Unfit::TooLong(tokens) => format!(
            "These have {tokens} tokens, and a run takes {MOST_TOKENS}. Save a part: `tensor[..., :{MOST_TOKENS}, :]`."
        ),
        Unfit::TooMany { axis, there, most } => {
            format!("These have {there} {}, and {most} are the most that can be told apart here. Save a part of them.", names(*axis).1)
        }
        Unfit::TooLarge(numbers) => format!("These would be {numbers} numbers in one tensor, more than a browser calculates with. Save fewer sentences, heads or tokens."),
        Unfit::Words { there, needed } => {
            format!("There are {there} names for {needed} tokens. Give one for each, or none.")
        }
    }
}

fn along(axis: Along, length: usize) -> String {
    let (one, many) = names(axis);
    format!("{length} {}", if length == 1 { one } else { many })
}

/// What one is called, and several are.
fn names(axis: Along) -> (&'static str, &'static str) {
    match axis {
        Along::Layers => ("layer", "layers"),
        Along::Batch => ("sentence", "sentences"),
        Along::Heads => ("head", "heads"),
        Along::Queries => ("query", "queries"),
        Along::Keys => ("token", "tokens"),
        Along::HeadWidth => ("column", "columns a head"),
        Along::Width => ("column", "columns"),
    }
}
