//! `words` in German, item for item. With the feature `german` the page is built with these.
//!
//! Query, key, value, score, token and the like stay nouns of English, as in German lectures; nobody is addressed, so that
//! there is no choice between „du“ and „Sie“; the decimal point stays, as in code and papers.

pub mod arcs;
pub(super) mod explain;
pub mod export;
pub mod given;
pub mod glossary;
pub mod more;
pub mod print;
pub mod table;
pub mod tour;
pub(super) mod why;

use super::{
    HEAD_COUNTS, Projection, SharesMap, Sight, SignedMap, Step, WIDTHS, link::Unread, number::fixed, range::Range,
    timeline::SoftmaxPart,
};
use std::ops;

use crate::attention::Window;
use crate::embedding::Positions;
use crate::protocol::{
    Against, Begins, EngineChoice, EngineKind, LeftOut, Lengths, MOST_SENTENCES, MOST_TOKENS, Refusal, Setup, Tensor,
    WIDEST_MODEL,
};

/// The page's name.
pub const NAME: &str = "Headlight";
/// The line beside it.
pub const TAGLINE: &str = "Attention sehen, Schritt für Schritt, bis zum letzten Produkt";

/// The page's controls and headings.
pub mod page {
    #![allow(missing_docs, reason = "each constant is named after the control that it labels")]

    /// The other language of the page, and its own name for itself.
    pub const LANGUAGE: &str = "de";
    pub const OTHER_LANGUAGE: (&str, &str) = ("en", "English");
    pub const SENTENCE: &str = "Satz";
    pub const SENTENCE_HINT: &str = "Satz eingeben";
    pub const SECOND_SENTENCE_BOX: &str = "Zweiter Satz";
    pub const KEYS_FROM: &str = "Keys, Values";
    pub const SAME_SENTENCE: &str = "derselbe";
    pub const SECOND_SENTENCE: &str = "ein zweiter";
    pub const SHOWN: &str = "Gezeigt";
    pub const SENTENCE_SHOWN: &str = "Gezeigter Satz";
    pub const BATCH_HINT: &str = "Die Eingabetaste beginnt einen weiteren Satz: Mehrere, einer je Zeile, werden zusammen berechnet, als Batch; kürzere werden mit Padding aufgefüllt.";
    pub const STEPS: &str = "Schritte";
    pub const OVERVIEW: &str = "Überblick";
    pub const PLAY: &str = "Abspielen";
    pub const PLAYBACK: &str = "Wiedergabe";
    pub const PAUSE: &str = "Anhalten";
    pub const PREVIOUS: &str = "Voriger Schritt";
    pub const NEXT: &str = "Nächster Schritt";
    pub const SPEED: &str = "Tempo";
    /// One for each of the session's speeds.
    pub const SPEEDS: [&str; 4] = ["0.5×", "1×", "2×", "4×"];
    pub const POSITION: &str = "Stelle im Schritt";
    pub const FAST_FORWARD: &str = "Schritt beenden";
    pub const KEYS: &str = "Tastatur";
    /// Keys, and what they do.
    pub const KEY_MAP: [(&str, &str); 10] = [
        ("Leertaste", "abspielen, anhalten"),
        ("← →", "voriger Schritt, nächster Schritt"),
        ("Tab", "von Bedienelement zu Bedienelement und von Matrix zu Matrix"),
        ("← → ↑ ↓", "in einer Matrix: von Zelle zu Zelle"),
        ("Pos1, Ende", "in einer Matrix: an die Enden der Zeile; mit Strg in die Ecken"),
        ("Bild ↑, Bild ↓", "in einer Matrix: zehn Zeilen weit"),
        ("Eingabe", "in einer Matrix: die Zelle im Inspektor festhalten; Esc lässt sie los"),
        ("Rücktaste", "zurück zur Zelle, deren Term verfolgt wurde"),
        ("+ − 0", "in einer Matrix mit vielen Tokens: näher, weiter, alle"),
        ("?", "diese Liste"),
    ];
    pub const MORE: &str = "Mehr";
    pub const ZOOM: &str = "Zoom";
    pub const ZOOM_IN: &str = "Vergrößern";
    pub const ZOOM_OUT: &str = "Verkleinern";
    pub const ALL_TOKENS: &str = "Alle Tokens";
    pub const SET_UP: &str = "Einstellungen";
    pub const SEED: &str = "Seed";
    pub const HEADS: &str = "Köpfe";
    pub const WIDTH: &str = "Modellbreite";
    pub const POSITIONS: &str = "Positionen";
    pub const MASK: &str = "Maske";
    pub const BACK: &str = "Blick zurück";
    pub const AHEAD: &str = "Blick voraus";
    pub const SCALING: &str = "Skalierung";
    pub const TEMPERATURE: &str = "Temperatur";
    pub const PADDING: &str = "Padding";
    pub const SOFTCAP: &str = "Softcap (0: keiner)";
    pub const THIS_HEAD: &str = "Dieser Kopf";
    pub const PAINT: &str = "Maske malen";
    pub const CLEAR_PAINT: &str = "Bemalung löschen";
    pub const PAINT_FROM_NEARER: &str = "Die Zellen sind hier zu klein, um eine allein zu treffen: näher herangehen, oder auf einer die Eingabetaste drücken.";
    pub const PAINT_HINT: &str = "Über die Zellen ziehen oder auf einer die Eingabetaste drücken: Ein Strich verdeckt, worauf er beginnt, oder zeigt es wieder.";
    pub const NUMBER: &str = "Zahl";
    pub const WHOLE_NUMBER: &str = "ganze Zahl";
    pub const COLOURS: &str = "Farben";
    pub const SIGNED: &str = "Mit Vorzeichen";
    pub const RANGE: &str = "Bereich";
    pub const RANGE_SIGNED: &str = "Vorzeichen bis ±";
    pub const RANGE_WEIGHTS: &str = "Gewichte bis";
    pub const SEE_AS: &str = "Farbsehen";
    pub const SHOW_CHANGE: &str = "Änderung zeigen";
    pub const ON: &str = "an";
    pub const OFF: &str = "aus";
    pub const WHAT_IF: &str = "Was wäre, wenn";
    pub const WHAT_IF_HINT: &str = "Eines ändern, sehen, was sich bewegt.";
    pub const ENGINE: &str = "Engine";
    pub const CALCULATE_ON: &str = "Rechnen auf";
    pub const INSPECTOR: &str = "Inspektor";
    pub const THEME_TO_DARK: &str = "Zu dunklen Farben wechseln";
    pub const THEME_TO_LIGHT: &str = "Zu hellen Farben wechseln";
    pub const SKIP_TO_STAGE: &str = "Zum Bild springen";
    pub const SHOW_ALL: &str = "Alle Terme zeigen";
    pub const SHOW_FEWER: &str = "Nur die größten Terme zeigen";
    pub const UNPIN: &str = "Loslassen";
    pub const WAY_BACK: &str = "Zurück";
    pub const PIN_HINT: &str =
        "Auf eine Zelle zeigen öffnet sie; ein Klick, ein Tippen oder die Eingabetaste hält sie hier fest.";
    pub const PINNED_HINT: &str = "Diese Zelle wird hier festgehalten. Esc oder „Loslassen“ lässt sie los.";
    pub const USE_EXAMPLE: &str = "Das Beispiel nehmen";
    pub const RESTART_ENGINE: &str = "Neu starten";
    pub const BUILT_FROM: &str = "Welche Projektion entsteht";
    pub const EMBEDDED_FOR: &str = "Wessen Eingabe gezeigt wird";
    pub const WHY_CPU: &str = "warum nicht WebGPU?";
    pub const CHECK: &str = "prüfen";
    pub const CHECK_RUNS: &str = "Alles wird noch einmal berechnet …";
    pub const CHECK_STAGE: &str = "Stufe";
    pub const CHECK_LARGEST: &str = "Größte Abweichung";
    pub const WEIGHTS: &str = "Gewichte";
    pub const PYTORCH_INIT: &str = "PyTorch‑Init";
    pub const HEADS_STRIP: &str = "Köpfe";
    pub const STARTING: &str = "startet";
    pub const STOPPED: &str = "steht";
    pub const TERMS: &str = "Terme";
    pub const PART_MISSING: &str = "Ein Teil dieser Seite konnte nicht geladen werden, vielleicht weil die Verbindung fehlt oder es eine neue Fassung gibt. Was zu sehen ist, geht weiter, und was eingegeben wurde, ist noch da. Noch einmal versuchen oder die Seite neu laden.";
    pub const BROKEN: &str = "Die Seite von Headlight ist wegen eines Fehlers in ihr stehen geblieben. Was eingegeben wurde, steht noch im Feld: bei Bedarf kopieren und die Seite neu laden.";
    pub const CALCULATING: &str = "Wird berechnet …";
    pub const UNTRAINED: &str = "Diese Gewichte sind untrainiert: Es sind die Zufallszahlen, mit denen PyTorch anfängt. Der Mechanismus ist echt; das Muster hat noch keine Bedeutung.";
}

/// The step's name in the navigation.
pub fn step_name(step: Step) -> &'static str {
    match step {
        Step::Tokens => "Tokens",
        Step::Embed => "Einbetten",
        Step::Project => "Q K V",
        Step::Scores => "Scores",
        Step::Scale => "Skalieren",
        Step::Mask => "Maske",
        Step::Softmax => "Softmax",
        Step::Mix => "Mischen",
        Step::Output => "Ausgabe",
    }
}

/// The title over the stage: a question or a claim.
pub fn step_title(step: Step, setup: &Setup) -> &'static str {
    match step {
        _ if setup.begins() == Some(Begins::Weights) => given::WEIGHTS_TITLE,
        Step::Tokens => "Tokens: Was liest das Modell?",
        Step::Embed => "Einbetten: Aus jedem Wort wird eine Zeile von Zahlen",
        Step::Project => "Q K V: Was sucht jedes Token, was zeigt es, was gibt es weiter?",
        Step::Scores => "Scores: Wie gut passt jede Query zu jedem Key?",
        Step::Scale => "Skalieren: Warum durch √D teilen?",
        Step::Mask => "Maske: Wer darf wen ansehen?",
        Step::Softmax => "Softmax: Aus Scores werden Anteile der Aufmerksamkeit",
        Step::Mix => "Mischen: Was nimmt jedes Token von den anderen?",
        Step::Output => "Ausgabe: Die Köpfe kommen wieder zusammen",
    }
}

/// The sentence under the title. `is_padded`: the sentence on the stage has keys of padding.
pub fn step_lead(step: Step, setup: &Setup, is_padded: bool) -> &'static str {
    let Setup { mask, positions, is_scaled, is_cross, .. } = *setup;
    let is_painted = setup.is_painted();
    match step {
        _ if setup.begins() == Some(Begins::Weights) => given::WEIGHTS_LEAD,
        Step::Tokens if is_cross => {
            "Zwei Sätze werden in Wörter und Satzzeichen zerlegt. Die des ersten fragen; die des zweiten werden beachtet."
        }
        Step::Embed if is_cross => {
            "Beide Sätze werden gleich eingebettet, jeder zählt seine Stellen ab 0. Zur Wahl: die Eingabe der Queries oder die der Keys und Values."
        }
        Step::Project if is_cross => {
            "Cross-Attention: Aus den Zeilen des ersten Satzes werden Queries, aus denen des zweiten Keys und Values. Sonst bleibt alles gleich."
        }
        Step::Mask if is_cross && !is_painted && mask != Window::OPEN => {
            "Stellen werden über die zwei Sätze hinweg verglichen: Token 2 des ersten steht bei Token 2 des zweiten. Schraffiertes ist verdeckt."
        }
        Step::Tokens => {
            "Der Satz wird in Wörter und Satzzeichen zerlegt. Jedes bekommt eine Zahl, seine ID; dasselbe Wort bekommt dieselbe ID."
        }
        Step::Embed if positions == Positions::Rotary => {
            "Die Zeile hängt nur vom Wort ab. Rotary-Positionen addieren hier nichts: Sie drehen Queries und Keys im nächsten Schritt."
        }
        Step::Embed if positions == Positions::Alibi => {
            "Die Zeile hängt nur vom Wort ab. ALiBi addiert hier nichts: Im Schritt „Maske“ zieht es den Abstand von den Scores ab."
        }
        Step::Embed if positions == Positions::None => {
            "Die Zeile hängt nur vom Wort ab. Ohne Positionen sind die Zeilen gleicher Wörter gleich, wo sie auch stehen."
        }
        Step::Embed => {
            "Die Zeile hängt nur vom Wort ab; die addierte Zeile der Position unterscheidet gleiche Wörter an verschiedenen Stellen."
        }
        Step::Project => {
            "Drei Matrizen machen aus jeder Zeile Query (was das Token sucht), Key (woran es zu finden ist) und Value (was es weitergibt)."
        }
        Step::Scores => {
            "Jeder Score ist ein Skalarprodukt: eine Zeile von Q (was dieses Token sucht) mal eine von K (woran jenes zu finden ist)."
        }
        Step::Scale if !is_scaled => {
            "Die Division durch √D entfällt: Je breiter die Köpfe, desto weiter streuen die Scores und desto schärfer sind die Anteile."
        }
        Step::Scale => {
            "Ein Score addiert D Produkte, breite Köpfe haben also wilde Scores. Ohne ÷ √D wählte die Softmax einen einzigen Sieger."
        }
        Step::Mask if positions == Positions::Alibi && !is_painted && !is_padded && mask == Window::OPEN => {
            "ALiBi zieht von jedem Score ab, was sein Abstand kostet: je weiter der Key von der Query, desto mehr. Verdeckt ist nichts."
        }
        Step::Mask if is_painted && !is_padded && mask == Window::OPEN => {
            "Von Hand gemalt, ohne weitere Maske. Schraffierte Zellen sind verdeckt, und die Softmax lässt sie aus."
        }
        Step::Mask if is_painted => {
            "Von Hand gemalt, über der eingestellten Maske. Schraffierte Zellen sind verdeckt, und die Softmax lässt sie aus."
        }
        Step::Mask if is_padded && mask == Window::OPEN => {
            "Padding füllt auf und bedeutet nichts, also darf kein Token es sehen: Seine Spalten (schraffiert) lässt die Softmax aus."
        }
        Step::Mask => match mask {
            Window::CAUSAL => {
                "Kausale Maske: Was später kommt, ist verdeckt (schraffiert), damit ein Modell das Wort nicht sieht, das es erraten soll."
            }
            Window::OPEN => {
                "Keine Maske ist eingestellt: Jede Query darf jeden Key sehen, hier ändert sich nichts. „kausal“ verdeckt, was später kommt."
            }
            _ => {
                "Fenster: Ein Token sieht sich selbst und so viele zurück und voraus wie eingestellt. Schraffierte Zellen sind verdeckt."
            }
        },
        Step::Softmax => match mask {
            Window::OPEN if !is_padded && !is_painted && is_cross => {
                "Jede Zeile wird positiv und durch ihre Summe geteilt, hat also die Summe 1: die Aufmerksamkeit, verteilt auf den zweiten Satz."
            }
            Window::OPEN if !is_padded && !is_painted => {
                "Jede Zeile wird positiv und durch ihre Summe geteilt, hat also die Summe 1: die Aufmerksamkeit eines Tokens, verteilt."
            }
            _ => {
                "Jede Zeile wird positiv und durch ihre Summe geteilt, hat also die Summe 1. Schraffiertes geht leer aus; wer nichts sieht, behält 0."
            }
        },
        Step::Mix => {
            "Das Ergebnis jedes Tokens ist eine Mischung aller Values, gewichtet mit seinen Anteilen der Aufmerksamkeit."
        }
        Step::Output if !setup.heads_off.is_empty() => {
            "Ein Kopf ist abgeschaltet: Was er gefunden hat, zählt als 0, und die Ausgabe entsteht aus den Funden der anderen."
        }
        Step::Output => {
            "Die Ergebnisse aller Köpfe nebeneinander, mal eine letzte Matrix, ergeben die Ausgabe des Blocks: eine Zeile je Token."
        }
    }
}

/// A matrix's name: its grid's, and the caption's.
pub fn tensor_name(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Tokens => "Tokens",
        Tensor::WordEmbeddings => "Wort-Embeddings",
        Tensor::Positions => "Positionen",
        Tensor::Input => "Eingabe",
        Tensor::QueryWeights => "Query-Gewichte",
        Tensor::KeyWeights => "Key-Gewichte",
        Tensor::ValueWeights => "Value-Gewichte",
        Tensor::Queries => "Queries",
        Tensor::Keys => "Keys",
        Tensor::Values => "Values",
        Tensor::Scores => "Scores",
        Tensor::Scaled => "Skalierte Scores",
        Tensor::Mask => "Maske",
        Tensor::Masked => "Maskierte Scores",
        Tensor::RowMax => "Zeilenmaximum",
        Tensor::Shifted => "Scores minus Zeilenmaximum",
        Tensor::Exponentials => "Exponentialwerte",
        Tensor::ExponentialSums => "Summen der Exponentialwerte",
        Tensor::Weights => "Attention-Gewichte",
        Tensor::RowSums => "Zeilensummen",
        Tensor::Mixed => "Gemischte Values",
        Tensor::Heads => "Köpfe nebeneinander",
        Tensor::OutputWeights => "Ausgabe-Gewichte",
        Tensor::Output => "Ausgabe",
        Tensor::KeyTokens => "Tokens des zweiten Satzes",
        Tensor::KeyWordEmbeddings => "Wort-Embeddings des zweiten Satzes",
        Tensor::KeyPositions => "Positionen im zweiten Satz",
        Tensor::KeyInput => "Eingabe der Keys und Values",
    }
}

/// Over a sentence, where there are two: what is made of it.
pub fn made_of(tensor: Tensor) -> &'static str {
    if tensor == Tensor::Tokens { "Daraus werden Queries" } else { "Daraus werden Keys und Values" }
}

/// A matrix's name in the middle of a text. (What begins with an adjective is named so in a table as well.)
pub fn tensor_in_text(tensor: Tensor) -> String {
    tensor_name(tensor).to_owned()
}

/// A matrix's symbol in formulas and captions.
pub fn tensor_symbol(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Tokens => "t",
        Tensor::WordEmbeddings => "E",
        Tensor::Positions => "P",
        Tensor::Input => "X",
        Tensor::QueryWeights => "W_q",
        Tensor::KeyWeights => "W_k",
        Tensor::ValueWeights => "W_v",
        Tensor::Queries => "Q",
        Tensor::Keys => "K",
        Tensor::Values => "V",
        Tensor::Scores => "S",
        Tensor::Scaled => "S′",
        Tensor::Mask => "Maske",
        Tensor::Masked => "M",
        Tensor::RowMax => "max",
        Tensor::Shifted => "M − max",
        Tensor::Exponentials => "exp",
        Tensor::ExponentialSums => "Σ exp",
        Tensor::Weights => "A",
        Tensor::RowSums => "Σ Zeile",
        Tensor::Mixed => "Z",
        Tensor::Heads => "Z",
        Tensor::OutputWeights => "W_o",
        Tensor::Output => "Y",
        Tensor::KeyTokens => "t_kv",
        Tensor::KeyWordEmbeddings => "E_kv",
        Tensor::KeyPositions => "P_kv",
        Tensor::KeyInput => "X_kv",
    }
}

/// A matrix's short name under its thumbnail.
pub fn thumbnail_name(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Input => "X",
        Tensor::Scaled => "Skaliert",
        Tensor::Masked => "Maskiert",
        Tensor::Weights => "Gewichte",
        Tensor::Mixed => "Gemischt",
        Tensor::Output => "Ausgabe",
        Tensor::KeyInput => "X kv",
        Tensor::Queries | Tensor::Keys | Tensor::Values => tensor_symbol(tensor),
        other => tensor_name(other),
    }
}

/// What the two ends of a legend mean.
pub fn legend(tensor: Tensor) -> &'static str {
    match tensor {
        Tensor::Scores | Tensor::Scaled | Tensor::Masked => "stößt ab ← 0 → zieht an",
        Tensor::Shifted => "Abstand unter dem Zeilenmaximum",
        Tensor::Exponentials => "exp, 1 beim Zeilenmaximum",
        Tensor::Weights => "Anteil der Aufmerksamkeit",
        _ => "negativ ← 0 → positiv",
    }
}

/// What the two ends of a legend of changes mean.
pub const LEGEND_CHANGE: &str = "gefallen ← 0 → gestiegen";

/// The symbol of a change.
pub fn change_of(symbol: &str) -> String {
    format!("Δ {symbol}")
}

/// Where a comparison begins.
pub const COMPARE_FROM_HERE: &str =
    "Ab hier zeigt die Bühne, was sich ändert. Jetzt eines ändern: die Maske, die Skalierung, die Temperatur.";

/// What a set-up was before, of what is another now: „Vorher: Temperatur 1.00, Maske: keine.“
pub fn compared_with(before: &Setup, now: &Setup) -> String {
    let mut different = Vec::new();
    let mut add = |is_other: bool, what: String| {
        if is_other {
            different.push(what);
        }
    };
    add(before.mask != now.mask, format!("Maske: {}", mask(before.mask)));
    add(before.is_scaled != now.is_scaled, format!("Skalierung: {}", scaling(before.is_scaled)));
    add(before.temperature != now.temperature, format!("Temperatur {}", fixed(before.temperature.into(), 2)));
    let cap = |softcap: Option<f32>| {
        softcap.map_or("kein Softcap".to_owned(), |cap| format!("Softcap {}", fixed(cap.into(), 2)))
    };
    add(before.softcap != now.softcap, cap(before.softcap));
    add(before.padding != now.padding, format!("Padding {}", before.padding));
    add(
        before.painted != now.painted,
        match before.painted.len() {
            1 => "1 Zelle bemalt".to_owned(),
            cells => format!("{cells} Zellen bemalt"),
        },
    );
    add(before.heads_off != now.heads_off, heads_off(&before.heads_off));
    add(before.positions != now.positions, format!("Positionen: {}", positions(before.positions)));
    let from = |is_cross| if is_cross { "zweiten" } else { "selben" };
    add(before.is_cross != now.is_cross, format!("Keys und Values aus dem {} Satz", from(before.is_cross)));
    add(before.seed != now.seed, format!("Seed {}", before.seed));
    add(
        before.heads != now.heads,
        match before.heads {
            1 => "1 Kopf".to_owned(),
            heads => format!("{heads} Köpfe"),
        },
    );
    add(before.width != now.width, format!("Breite {}", before.width));
    format!("Vorher: {}.", different.join(", "))
}

/// „schraffiert: nicht sichtbar“, beside the legend of a figure that has such cells.
pub const LEGEND_MASKED: &str = "schraffiert: verdeckt";

/// The name of one of the three projections.
pub fn projection(projection: Projection) -> &'static str {
    match projection {
        Projection::Queries => "Queries",
        Projection::Keys => "Keys",
        Projection::Values => "Values",
    }
}

/// A sub-step of the softmax.
pub fn softmax_part(part: SoftmaxPart) -> &'static str {
    match part {
        SoftmaxPart::RowMax => "1 von 4 · das Maximum jeder Zeile finden",
        SoftmaxPart::Subtract => "2 von 4 · es abziehen",
        SoftmaxPart::Exp => "3 von 4 · exp anwenden",
        SoftmaxPart::Divide => "4 von 4 · durch die Zeilensumme teilen",
    }
}

/// A choice of mask.
pub fn mask(mask: Window) -> &'static str {
    match mask {
        Window::OPEN => "keine",
        Window::CAUSAL => "kausal",
        _ => "Fenster",
    }
}

/// The colours of numbers from 0 up.
pub fn shares_map(map: SharesMap) -> &'static str {
    match map {
        SharesMap::Cividis => "cividis",
        SharesMap::Viridis => "viridis",
        SharesMap::Batlow => "batlow",
    }
}

/// The colours of numbers with a sign.
pub fn signed_map(map: SignedMap) -> &'static str {
    match map {
        SignedMap::Vik => "vik",
        SignedMap::Roma => "roma",
        SignedMap::Broc => "broc",
    }
}

/// How far the colours reach.
pub fn range(range: Range) -> &'static str {
    match range {
        Range::Lesson => "üblich",
        Range::Matrix => "je Matrix",
        Range::Step => "je Schritt",
        Range::Fixed(_) => "fest",
    }
}

/// „3 Zellen darüber hinaus“, in a legend whose colours end before the numbers do.
pub fn cells_beyond(count: usize) -> String {
    match count {
        1 => "1 Zelle darüber hinaus".to_owned(),
        _ => format!("{count} Zellen darüber hinaus"),
    }
}

/// Through whose eyes the page is seen.
pub fn sight(sight: Sight) -> &'static str {
    match sight {
        Sight::Own => "eigenes",
        Sight::Protanopia => "Protanopie",
        Sight::Deuteranopia => "Deuteranopie",
        Sight::Tritanopia => "Tritanopie",
        Sight::Greyscale => "Graustufen",
    }
}

/// Whether scores are divided by √D.
pub fn scaling(is_scaled: bool) -> &'static str {
    if is_scaled { "÷ √D" } else { "keine" }
}

/// What stands between scores and scaled scores.
pub fn scale_operator(setup: &Setup) -> String {
    let temperature = fixed(setup.temperature.into(), 2);
    let mut signs = Vec::new();
    if setup.is_scaled {
        signs.push(format!("÷ √{}", setup.width / setup.heads));
    }
    if setup.temperature != 1.0 {
        signs.push(format!("÷ {temperature}"));
    }
    if setup.softcap.is_some() {
        signs.push("Softcap".to_owned());
    }
    if signs.is_empty() { "=".to_owned() } else { signs.join(" ") }
}

/// Over the scaled scores, until all are there.
pub const BEING_SCALED: &str = "Scores, zeilenweise verändert";
/// Over the exponentials, until all are there.
pub const BEING_RAISED: &str = "e hoch Differenz, zeilenweise";
/// Over the weights, until all are divided.
pub const BEING_DIVIDED: &str = "Exp-Werte, zeilenweise geteilt";

/// How much of the mask is painted.
pub fn painted(cells: usize) -> String {
    match cells {
        0 => "Noch ist nichts bemalt.".to_owned(),
        1 => "1 Zelle ist von Hand bemalt.".to_owned(),
        _ => format!("{cells} Zellen sind von Hand bemalt."),
    }
}

/// Which heads are off: „Kopf 2 aus“, „kein Kopf aus“.
pub fn heads_off(heads: &[usize]) -> String {
    let listed: Vec<String> = heads.iter().map(|head| (head + 1).to_string()).collect();
    match heads.len() {
        0 => "kein Kopf aus".to_owned(),
        1 => format!("Kopf {} aus", listed[0]),
        _ => format!("Köpfe {} aus", listed.join(", ")),
    }
}

/// A choice of positions.
pub fn positions(positions: Positions) -> &'static str {
    match positions {
        Positions::None => "keine",
        Positions::Sinusoidal => "Sinus",
        Positions::Rotary => "Rotary (RoPE)",
        Positions::Alibi => "ALiBi",
    }
}

/// A choice of engine.
pub fn engine_choice(engine: EngineChoice) -> &'static str {
    match engine {
        EngineChoice::Auto => "Auto",
        EngineChoice::WebGpu => "WebGPU",
        EngineChoice::Cpu => "CPU",
    }
}

/// „Zelle 32 von 36“.
pub fn cell_of(done: usize, of: usize) -> String {
    format!("Zelle {done} von {of}")
}

/// „Farben ±1.41“, under a matrix whose colours the legend does not explain.
pub fn colors_to(range: &str) -> String {
    format!("Farben {range}")
}

/// „= Token 0“, on a word's later occurrence.
pub fn same_as(index: usize) -> String {
    format!("= Token {index}")
}

/// „Spalten 16–31 von [64, 64]“, of a matrix that only one head's part is drawn of.
pub fn columns_of(first: usize, count: usize, shape: &str) -> String {
    match count {
        1 => format!("Spalte {first} von {shape}"),
        _ => format!("Spalten {first}–{} von {shape}", first + count - 1),
    }
}

/// „Zeile 3 von 6“.
pub fn row_of(done: usize, of: usize) -> String {
    format!("Zeile {done} von {of}")
}

/// „3 von 6 Tokens“.
pub fn token_of(done: usize, of: usize) -> String {
    format!("{done} von {of} Tokens")
}

/// „erste Zelle, Term 3 von 16“.
pub fn term_of(done: usize, of: usize) -> String {
    format!("erste Zelle, Term {done} von {of}")
}

/// „erste Zeile, Term 3 von 6“, where a term is added to a whole row.
pub fn row_term_of(done: usize, of: usize) -> String {
    format!("erste Zeile, Term {done} von {of}")
}

/// „Kopf 1“; heads are counted from 1 on the page, as people do.
pub fn head(index: usize) -> String {
    format!("Kopf {}", index + 1)
}

/// „Kopf 1“, „Kopf 1 · aus“.
pub fn head_in_strip(index: usize, is_off: bool) -> String {
    head(index) + if is_off { " · aus" } else { "" }
}

/// The line beside the token chips. `repeated` are the spellings of a word that occurs more than once.
pub fn token_note(count: usize, repeated: Option<(&str, &str)>, setup: &Setup) -> String {
    let tokens = if count == 1 { "1 Token".to_owned() } else { format!("{count} Tokens") };
    let apart = match setup.positions {
        Positions::None if setup.mask == Window::OPEN && !setup.is_painted() => {
            "ohne Positionen unterscheidet sie nichts"
        }
        Positions::None => "ohne Positionen unterscheidet sie nur die Maske",
        _ => "nur die Position unterscheidet sie",
    };
    match repeated {
        _ if setup.given.is_some() => tokens,
        _ if count == 1 && setup.is_cross => tokens,
        _ if count == 1 => format!("{tokens} · allein kann es nur sich selbst beachten"),
        Some((first, second)) if first == second => {
            format!("{tokens} · „{first}“ kommt mehrmals vor, mit einem Embedding; {apart}")
        }
        Some((first, second)) => format!("{tokens} · „{first}“ und „{second}“ haben ein Embedding; {apart}"),
        None => tokens,
    }
}

/// „und 464 weitere“, after the first chips.
pub fn more_tokens(count: usize) -> String {
    if count == 1 { "und 1 weiteres".to_owned() } else { format!("und {count} weitere") }
}

/// „2 von 3: A dog barked“, a choice of the sentence that is shown.
pub fn sentence_of(index: usize, of: usize, sentence: &str) -> String {
    format!("{} von {of}: {sentence}", index + 1)
}

/// Which tokens of a long sentence the stage shows; counted from 0, as everywhere.
pub fn zoomed(queries: ops::Range<usize>, keys: ops::Range<usize>, len: Lengths) -> String {
    let span = |tokens: &ops::Range<usize>| format!("{}–{}", tokens.start, tokens.end.saturating_sub(1));
    match (len.queries, len.keys) {
        (of, of_keys) if of != of_keys => {
            format!("Queries {} von {of}, Keys {} von {of_keys}", span(&queries), span(&keys))
        }
        (len, _) if queries == (0..len) && keys == (0..len) => format!("alle {len} Tokens"),
        (len, _) if queries == keys => format!("Tokens {} von {len}", span(&queries)),
        (len, _) => format!("Queries {}, Keys {} von {len}", span(&queries), span(&keys)),
    }
}

/// A product in the making: one term, and the sum of those before it.
pub fn ticker(left: &str, right: &str, product: &str, sum: &str) -> String {
    format!("{left} × {right} = {product}   kommt zu {sum}")
}

/// A row in the making: one share of a value, and the sum of the shares before it.
pub fn row_ticker(share: &str, word: &str, sum: &str) -> String {
    format!("{share} × Value von {word}   Anteile davor {sum}")
}

/// The terms after the largest ones, together.
pub fn smaller_terms(count: usize) -> String {
    if count == 1 { "1 kleinerer Term".to_owned() } else { format!("{count} kleinere Terme") }
}

/// „gehe zu Queries: Token mat, Dimension 3“: where a term's number comes from.
pub fn go_to(place: &str) -> String {
    format!("gehe zu {place}")
}

/// „Zurück zu Attention-Gewichte: Query mat, Key cat“.
pub fn back_to(place: &str) -> String {
    format!("Zurück zu {place}")
}

/// The overview strip's name.
pub fn overview_of(head: usize) -> String {
    format!("Überblick über Kopf {}", head + 1)
}

/// A button of the overview strip.
pub fn overview_button(tensor: Tensor, leads_to: Step) -> String {
    format!("{}: gehe zu {}", thumbnail_name(tensor), step_name(leads_to))
}

/// The address asks for an engine that there is none of.
pub fn no_engine(name: &str) -> String {
    format!(
        "Eine Engine „{name}“ gibt es nicht, deshalb hat Headlight selbst eine gewählt. Die Adresse darf mit \
         ?engine=cpu, ?engine=webgpu oder nichts davon enden."
    )
}

/// Some of what the address says could not be read.
pub fn unread_link(unread: &Unread) -> String {
    let Unread { pairs, more, is_newer } = unread;
    let of = if *is_newer {
        "Diesen Link hat eine spätere Version von Headlight gemacht"
    } else {
        "Nicht alles in diesem Link ließ sich lesen"
    };
    let what = if pairs.is_empty() {
        String::new()
    } else {
        format!(
            "; „{}“{} wurde ausgelassen",
            pairs.join("“, „"),
            if *more > 0 { format!(" und {more} weitere") } else { String::new() }
        )
    };
    format!("{of}{what}. Der Rest ist zu sehen; jede Änderung macht einen eigenen Link.")
}

/// More tokens, or sentences, than a run takes.
pub fn left_out(LeftOut { tokens: count, sentences }: LeftOut) -> String {
    if sentences > 0 {
        let last =
            if sentences == 1 { "der letzte wurde".to_owned() } else { format!("die letzten {sentences} wurden") };
        let cut = match count {
            0 => String::new(),
            1 => " Von denen, die bleiben, passte das letzte Token eines Satzes nicht hinein.".to_owned(),
            _ => format!(" Von denen, die bleiben, passten {count} Tokens an den Enden nicht hinein."),
        };
        return format!(
            "Das sind mehr Sätze, als ein Batch fasst, {last} deshalb weggelassen: Alle werden auf die Länge des längsten \
             aufgefüllt, und ein Batch hat höchstens {MOST_SENTENCES} Sätze und {MOST_TOKENS} Tokens, Padding eingerechnet.{cut} \
             Der Text steht noch im Feld; den längsten kürzen oder einige herausnehmen."
        );
    }
    let last = if count == 1 { "das letzte wurde".to_owned() } else { format!("die letzten {count} wurden") };
    format!(
        "Dieser Text hat mehr als {MOST_TOKENS} Tokens, {last} deshalb weggelassen: Jedes Token sieht jedes andere an, \
         und die Arbeit wächst mit dem Quadrat ihrer Zahl. Der Text steht noch im Feld; gekürzt zeigt er einen anderen Teil."
    )
}

/// Why a run was not done, and what to do.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoTokens => {
            "Noch gibt es nichts zu berechnen: Der Satz ist leer. Ein paar Wörter eingeben; bis dahin bleibt unten das letzte Ergebnis."
                .to_owned()
        }
        Refusal::NoKeys => {
            "Noch gibt es nichts zu beachten: Der zweite Satz, aus dem Keys und Values werden, ist leer. Ein paar Wörter eingeben; bis dahin bleibt unten das letzte Ergebnis."
                .to_owned()
        }
        Refusal::Width(width) => {
            format!("Eine Modellbreite von {width} ist nicht möglich: Attention braucht mindestens 1 Spalte, und diese Seite rechnet mit höchstens {WIDEST_MODEL}. Unten bleibt das letzte Ergebnis.")
        }
        Refusal::Heads { heads, width } => {
            let fit = |of: &[usize], fits: &dyn Fn(usize) -> bool| {
                let fitting: Vec<String> = of.iter().filter(|one| fits(**one)).map(usize::to_string).collect();
                fitting.join(", ")
            };
            let head_counts = fit(&HEAD_COUNTS, &|heads| width.is_multiple_of(heads));
            let widths = fit(&WIDTHS, &|width| width.is_multiple_of(*heads));
            format!("{heads} Köpfe können eine Modellbreite von {width} nicht gleichmäßig teilen: Jeder Kopf bekommt so viele Spalten wie die anderen. Zur Breite {width} passen {head_counts} Köpfe; zu {heads} Köpfen passt die Breite {widths}. Unten bleibt das letzte Ergebnis.")
        }
        Refusal::Gone => given::GONE.to_owned(),
        Refusal::Attention(message) => message.clone(),
    }
}

/// A box holds something else than such a number; the browser does not tell what, where it is no number at all.
pub fn bad_number(typed: &str, label: &str, kind: &str, [from, to]: [&str; 2], in_use: &str) -> String {
    let what = if typed.is_empty() { "Was dort steht,".to_owned() } else { format!("„{typed}“") };
    format!(
        "{what} ist für „{label}“ nicht brauchbar: Dort gehört eine {kind} von {from} bis {to} hin. {in_use} bleibt in Gebrauch."
    )
}

/// Who calculated a run once more.
pub fn checked_against(against: &Against) -> String {
    match against {
        Against::Engine(EngineKind::Cpu { .. }) => "Noch einmal auf der CPU berechnet.".to_owned(),
        Against::Engine(EngineKind::WebGpu { adapter }) => format!("Noch einmal mit WebGPU ({adapter}) berechnet."),
        Against::Reference { reason, tokens, of } => {
            let part = if tokens < of { format!(", für {tokens} der {of} Tokens") } else { String::new() };
            format!(
                "Noch einmal auf der CPU berechnet, auf die langsame und klare Art, an der die schnellen geprüft werden{part}. \
                 Eine andere Engine zum Vergleich gibt es nicht: {reason}"
            )
        }
    }
}

/// What a check found.
pub fn check_verdict(holds: bool) -> &'static str {
    if holds {
        "Beide stimmen überein: Keine Zahl weicht um mehr als ein Hunderttausendstel der größten ihrer Stufe (oder von 1) ab, und so viel kann eine andere Reihenfolge beim Addieren ausmachen."
    } else {
        "Sie stimmen nicht überein: Eine Zahl weicht um mehr ab, als eine andere Reihenfolge beim Addieren erklären kann. Eine von beiden rechnet falsch; bitte melden."
    }
}

/// Page and engine are of different builds.
pub fn wrong_build(page: &str, engine: &str) -> String {
    format!(
        "Die Seite und ihre Engine stammen aus verschiedenen Builds ({page} und {engine}): Eine von beiden kommt aus einem \
         veralteten Cache. Die Seite ohne Cache neu laden (Strg+Umschalt+R oder Cmd+Umschalt+R)."
    )
}

/// The engine has died.
pub fn engine_died(reason: &str) -> String {
    format!(
        "Die Engine ist stehen geblieben: {reason} Sie wurde auf der CPU neu gestartet, und nichts Eingegebenes ist verloren. \
         Falls das wiederkommt, die Seite neu laden."
    )
}

/// The engine died again, on the CPU too.
pub fn engine_died_again(reason: &str) -> String {
    format!(
        "Die Engine ist wieder stehen geblieben, auch auf der CPU: {reason} Das letzte Bild bleibt, und was eingegeben wurde, \
         ist noch da. Die Engine neu starten oder die Seite neu laden."
    )
}
