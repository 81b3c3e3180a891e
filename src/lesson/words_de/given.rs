//! The words around tensors out of files.

use crate::lesson::number::{self, fixed, legible};
use crate::protocol::{
    Along, Axes, Begins, FoundTensor, FromFile, Given, MOST_SENTENCES, MOST_TOKENS, Role, Sizes, Unfit,
};

/// The button that lets files be chosen.
pub const OPEN: &str = "Tensoren öffnen";
/// What it does.
pub const OPEN_HINT: &str = "Eigene Tensoren aus .npy, .npz, .safetensors oder JSON; Namen von Tokens auch aus .txt, einer je Zeile. Sie lassen sich auch auf die Seite ziehen und verlassen diesen Rechner nie.";
/// While files hover over the page.
pub const DROP: &str = "Dateien hier ablegen: .npy, .npz, .safetensors oder JSON";
/// The part of the page that is about them.
pub const TENSORS: &str = "Tensoren aus Dateien";
/// While they are looked into.
pub const LOOKING: &str = "Die Dateien werden angesehen …";
/// What a person can do with the list of what they hold.
pub const CHOOSE: &str = "Danach sehen sie aus, nach Namen und Form. Ändern, was nicht stimmt, dann zeigen. Nichts von ihnen verlässt diesen Rechner.";
/// A tensor that is taken for nothing.
pub const UNUSED: &str = "nicht verwendet";
/// The heads of the columns of the list.
pub const COLUMNS: [&str; 3] = ["Tensor", "Form und Typ", "Gilt als"];
/// What a tensor is taken for.
pub fn taken_for(tensor: &str) -> String {
    format!("„{tensor}“ gilt als")
}
/// What the axes are.
pub const AXES: &str = "Achsen";
/// How many heads share the model width.
pub const HEADS: &str = "Köpfe";
/// The layer that is shown.
pub const LAYER: &str = "Schicht";
/// What the tokens are called.
pub const WORDS: &str = "Namen der Tokens";
/// What those of the keys are called.
pub const KEY_WORDS: &str = "Namen der Tokens der Keys";
/// How they are typed.
pub const WORDS_HINT: &str = "je Token einer, durch Leerzeichen getrennt";
/// The button that shows them.
pub const SHOW: &str = "Zeigen";
/// The button that takes more files.
pub const MORE: &str = "Dateien dazunehmen";
/// The button that goes back to what was shown.
pub const CANCEL: &str = "Abbrechen";
/// The button that opens the list once more.
pub const CHANGE: &str = "Ändern";
/// The button that puts the sentence back.
pub const BACK: &str = "Zurück zum Satz";
/// While a tensor is read.
pub const READING: &str = "Wird gelesen";
/// The title over attention weights.
pub const WEIGHTS_TITLE: &str = "Attention-Gewichte: Wer sieht wen an?";
/// The sentence under it, where rows add up to 1.
pub const WEIGHTS_LEAD: &str = "Diese Gewichte sind die gegebenen, wie sie sind. Jede Zeile ist die Attention eines Tokens, aufgeteilt auf die Keys: Ihre Summe ist 1.";
/// The same, where only rounding keeps them from it.
pub const WEIGHTS_ROUNDED: &str = "Diese Gewichte sind die gegebenen, wie sie sind. Jede Zeile ist die Attention eines Tokens, aufgeteilt auf die Keys: Ihre Summe ist 1, so genau Zahlen mit wenigen Stellen es können.";
/// Over the names of the tokens of queries and of keys.
pub const TOKENS_OF: [&str; 2] = ["Queries", "Keys und Values"];
/// The files are not there any more.
pub const GONE: &str =
    "Die Dateien dieser Tensoren sind nicht mehr offen. Noch einmal öffnen; gespeichert wurde von ihnen nichts.";
/// Over settings that a file decides.
pub const SIZES_ARE_GIVEN: &str = "Köpfe, Breiten und Tokens sind die der Tensoren; Positionen und Padding stecken, wenn es sie gibt, schon in den Zahlen.";
/// Over settings where attention weights alone were given.
pub const NOTHING_FOLLOWS: &str = "Attention-Gewichte sind das Ende: Aus ihnen allein wird nichts weiter berechnet, einzustellen gibt es also nichts. Mit Queries, Keys und Values öffnet sich jeder Schritt.";
/// Why an earlier step, or a later one, can't be shown.
pub const NOT_OF_FILES: [&str; 2] = [
    "Die Tensoren aus den Dateien beginnen nach diesem Schritt.",
    "Die Tensoren aus den Dateien enden vor diesem Schritt: Nicht alles, was er braucht, steht in ihnen.",
];
/// What the check of a number from a file says.
pub const READ_AGAIN: &str = "Noch einmal aus der Datei gelesen: als float32 dasselbe";
/// The badge, where nothing was calculated.
pub const FROM_FILE: &str = "aus Datei";
/// Why a link does not lead to them.
pub const NO_LINK: &str = "Tensoren aus Dateien stehen in keinem Link, keinem Code und keiner gespeicherten Seite: Sie verlassen diesen Rechner nicht. Eine Abbildung oder die Tensoren speichern oder die Dateien weitergeben.";

/// What saved tensors of a block with biases lack.
pub const NO_BIASES: &str =
    "Die Matrizen dieses Blocks werden ohne seine Biases gespeichert, die in den Dateien stehen.";

/// What a tensor is taken for.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Queries => "Q, Queries",
        Role::Keys => "K, Keys",
        Role::Values => "V, Values",
        Role::Weights => "A, Attention-Gewichte",
        Role::Input => "X, Eingabe",
        Role::Memory => "X der Keys und Values",
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
        Axes::Named => "Batch, Kopf, Token",
        Axes::LayersFirst => "Schicht, Kopf, Token",
        Axes::TokensFirst => "Batch, Token, Kopf",
    }
}

/// So many tensors are not listed.
pub fn more_tensors(more: usize) -> String {
    format!("und {more} weitere, deren Namen nichts sagen: umbenennen oder weniger speichern")
}

/// What a tensor's numbers are stored as.
pub fn dtype(FoundTensor { dtype, is_exact, texts, .. }: &FoundTensor) -> String {
    match (texts.is_empty(), is_exact) {
        (false, _) => "Namen von Tokens".to_owned(),
        (true, true) => dtype.clone(),
        (true, false) => format!("{dtype}, auf float32 gerundet"),
    }
}

/// What tensors agree on; what of that nobody said; and what is left alone.
pub fn summary(begins: Begins, sizes: &Sizes, heads_are_said: bool, left_alone: &[&str]) -> String {
    let mut summary = self::sizes(begins, sizes);
    if begins == Begins::Input && !heads_are_said {
        summary += ". Wie viele Köpfe es sind, steht in keiner Datei: Das hier ist die üblichste Zahl, also prüfen";
    }
    if sizes.left_out > 0 && sizes.layers == 1 {
        summary += ". Falls das Schichten sind und keine Sätze: unter „Achsen“ angeben";
    }
    if !left_alone.is_empty() {
        summary += &format!(". Neben den anderen nicht zu gebrauchen und übergangen: {}", left_alone.join(", "));
    }
    summary
}

/// What tensors agree on.
pub fn sizes(begins: Begins, sizes: &Sizes) -> String {
    let Sizes { layers, batch, left_out, heads, key_heads, queries, keys, head_dim, is_cross } = *sizes;
    let mut all = vec![];
    if layers > 1 {
        all.push(format!("{layers} Schichten"));
    }
    match left_out {
        0 if batch == 1 => {}
        0 => all.push(format!("{batch} Sätze")),
        more => all.push(format!("die ersten {batch} von {} Sätzen", batch + more)),
    }
    all.push(if heads == 1 { "1 Kopf".to_owned() } else { format!("{heads} Köpfe") });
    if key_heads != heads {
        all.push(format!("{key_heads} für Keys und Values, jeder für {}", heads / key_heads));
    }
    if is_cross {
        all.push(format!("{queries} Queries, {keys} Keys"));
    } else {
        all.push(along(Along::Keys, queries));
    }
    if begins != Begins::Weights {
        all.push(format!("Kopfbreite {head_dim}"));
    }
    all.join(" · ")
}

/// What it began with.
pub fn from_files(Given { name, begins, layer, layers, .. }: &Given) -> String {
    let what = match begins {
        Begins::Input => "X und Gewichte",
        Begins::Projections => "Queries, Keys und Values",
        Begins::Weights => "Attention-Gewichte",
    };
    let of = if *layers > 1 { format!(", Schicht {} von {layers}", layer + 1) } else { String::new() };
    format!("{what} aus {name}{of}")
}

/// Why a number that came from a file is what it is.
pub fn why_given(FromFile { name, index, dtype }: &FromFile) -> String {
    let index = number::shape(index);
    let used = if dtype == "float32" { "" } else { " und gilt hier als float32" };
    format!(
        "Diese Zahl steht in {name} bei {index}, als {dtype}{used}: Nichts hier hat sie gemacht. Was aus ihr folgt, ist berechnet."
    )
}

/// The sentence under attention weights whose rows do not add up to 1: the least that one adds up to, if it is known, and the most.
pub fn weights_do_not_add_up(least: Option<f32>, most: f32) -> String {
    let most = fixed(most.into(), 3);
    let sums = match least.map(|least| fixed(least.into(), 3)) {
        Some(least) if least == most => format!("Jede ergibt {most}"),
        Some(least) => format!("Sie ergeben {least} bis {most}"),
        None => format!("Eine ergibt {most}"),
    };
    format!(
        "Diese Gewichte sind die gegebenen, wie sie sind. Zeilen von Anteilen ergeben zusammen 1, diese nicht alle: {sums}."
    )
}

/// The same, where some are no shares: the least and the largest, if they are known.
pub fn weights_are_no_shares(ends: Option<(f32, f32)>) -> String {
    let reach = match ends {
        Some((least, most)) => format!("Sie reichen von {} bis {}", legible(least.into(), 3), legible(most.into(), 3)),
        None => "Manche liegen darüber oder darunter".to_owned(),
    };
    format!(
        "Diese Zahlen sind die gegebenen, wie sie sind. {reach}, und Anteile von Attention liegen zwischen 0 und 1: Falls das Scores sind, erst Softmax über die Keys nehmen."
    )
}

/// How far reading is, for whoever can't see the bar.
pub fn reading(done: u64, of: u64) -> String {
    let megabytes = |bytes: u64| fixed(bytes as f64 / 1e6, 1);
    format!("{} von {} MB", megabytes(done), megabytes(of))
}

/// So many sentences of files are not shown.
pub fn left_out(sentences: usize) -> String {
    format!(
        "Diese Dateien haben mehr Sätze, als zusammen gezeigt werden, die letzten {sentences} wurden deshalb weggelassen: höchstens {MOST_SENTENCES} mit {MOST_TOKENS} Tokens. Die anderen für sich speichern."
    )
}

/// Why tensors don't go together, and what would.
pub fn unfit(unfit: &Unfit) -> String {
    match unfit {
        Unfit::Nothing => {
            "Noch ist nichts gewählt. Angeben, welche Tensoren Q, K und V sind; oder welche Attention-Gewichte; oder welcher X ist, mit \
             den Gewichten seines Blocks."
                .to_owned()
        }
        Unfit::Missing(missing) => {
            let why = match missing {
                Role::Queries | Role::Keys | Role::Values => "Scores brauchen Q und K, und gemischt wird V.",
                Role::InProjection | Role::OutProjection => {
                    "Zu X gehören die Gewichte von torch.nn.MultiheadAttention: in_proj_weight und out_proj.weight."
                }
                _ => "Die anderen brauchen ihn.",
            };
            format!("{} fehlt. {why} Den Tensor wählen, der es ist, oder seine Datei dazunehmen.", role(*missing))
        }
        Unfit::Gone => GONE.to_owned(),
        Unfit::Axes { role: taken, name, shape } => format!(
            "„{name}“ hat {} Achsen, {}, und {} hat {} bis {}. Als etwas anderes verwenden oder umformen.",
            shape.len(),
            number::shape(shape),
            role(*taken),
            taken.least_axes(),
            taken.most_axes()
        ),
        Unfit::Empty { name, shape } => {
            format!("„{name}“ ist leer: Eine Achse von {} ist 0. Mit mindestens einer Zahl entlang jeder speichern.", number::shape(shape))
        }
        Unfit::Lengths { axis, one, other } => format!(
            "{} hat {}, {} hat {}. Das muss übereinstimmen. Andere wählen oder ändern, was die Achsen sind.",
            role(one.0),
            along(*axis, one.1),
            role(other.0),
            along(*axis, other.1)
        ),
        Unfit::KeyHeads { heads, key_heads } => format!(
            "Q hat {heads} Köpfe und K hat {key_heads}, das geht nicht auf. Falls das Tokens sind: ändern, was die Achsen sind."
        ),
        Unfit::Heads { heads: 0, width } => {
            format!("Angeben, wie viele Köpfe sich die Modellbreite {width} teilen: eine Zahl, die sie teilt.")
        }
        Unfit::Heads { heads, width } => format!(
            "{heads} Köpfe können eine Modellbreite von {width} nicht gleichmäßig teilen. Eine Zahl wählen, die {width} teilt."
        ),
        Unfit::TooLong(tokens) => format!(
            "Das sind {tokens} Tokens, und ein Lauf fasst {MOST_TOKENS}. Einen Teil speichern: `tensor[..., :{MOST_TOKENS}, :]`."
        ),
        Unfit::TooMany { axis, there, most } => {
            format!("Das sind {there} {}, und mehr als {most} lassen sich hier nicht unterscheiden. Einen Teil davon speichern.", names(*axis).1)
        }
        Unfit::TooLarge(numbers) => format!("Das wären {numbers} Zahlen in einem Tensor, mehr, als ein Browser rechnet. Weniger Sätze, Köpfe oder Tokens speichern."),
        Unfit::Words { there, needed } => {
            format!("Das sind {there} Namen für {needed} Tokens. Für jedes einen angeben, oder keinen.")
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
        Along::Layers => ("Schicht", "Schichten"),
        Along::Batch => ("Satz", "Sätze"),
        Along::Heads => ("Kopf", "Köpfe"),
        Along::Queries => ("Query", "Queries"),
        Along::Keys => ("Token", "Tokens"),
        Along::HeadWidth => ("Spalte", "Spalten je Kopf"),
        Along::Width => ("Spalte", "Spalten"),
    }
}
