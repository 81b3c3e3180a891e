//! What the inspector says of a cell.
//!
//! In headings each `{}` stands for a piece that may have a colour of its own.

use crate::attention::Window;
use crate::embedding::Positions;
use crate::lesson::number::{fixed, scientific};

// Headings.

pub const IS_TOKEN: &str = "{} ist Token {}";
pub const AT_DIMENSION: &str = "{}, Dimension {}";
pub const POSITION_AT_DIMENSION: &str = "Position {}, Dimension {}";
pub const FROM_TO: &str = "von Dimension {} nach Dimension {}";
pub const AT_DIMENSION_OF_ITS: &str = "{}, Dimension {} seiner {}";
pub const AT_DIMENSION_OF_OUTPUT: &str = "{}, Dimension {} der Ausgabe";
pub const ASKS: &str = "{} fragt {}";
pub const TO: &str = "{} zu {}";
pub const GIVES: &str = "{} gibt {}";
pub const MAY_SEE: &str = "{} darf {} sehen";
pub const MAY_NOT_SEE: &str = "{} darf {} nicht sehen";
pub const LARGEST_SCORE: &str = "größter Score von {}";
pub const EXPONENTIALS_TOGETHER: &str = "Exponentialwerte von {} zusammen";
pub const SHARES_TOGETHER: &str = "Anteile von {} zusammen";
pub const TAKES: &str = "{} nimmt aus den {}, {}, Dimension {}";
pub const THE_VALUES: &str = "Values";

/// A word that occurs more than once, with its place.
pub fn word_in_place(word: &str, index: usize) -> String {
    format!("{word} ({index})")
}

// What a change of the set-up changed.

pub const NOW_HIDDEN: &str = "jetzt verdeckt";
pub const NOW_VISIBLE: &str = "jetzt sichtbar";

pub fn keys_moved(hidden: usize, visible: usize) -> String {
    format!("Neu verdeckte Paare: {hidden}; neu sichtbare: {visible}.")
}

pub const NOTHING_MOVED: &str = "Hier hat sich nichts bewegt.";
pub const NOT_COMPARED: &str = "Diese Matrix hatte vorher eine andere Form; sie wird gezeigt, wie sie jetzt ist.";

pub fn most_moved(place: &str, change: &str) -> String {
    format!("Am meisten hat sich hier bewegt: {place}, um {change}.")
}

pub fn most_moved_somewhere(change: &str) -> String {
    format!("Die größte Bewegung hier beträgt {change}.")
}

/// "Änderung +0.180", read out.
pub fn announced_change(change: &str) -> String {
    format!("Änderung {change}")
}

// Cells, read out.

pub const MASKED: &str = "maskiert";
pub const HIDDEN: &str = "verdeckt";
pub const VISIBLE: &str = "sichtbar";

pub fn token_id(id: u32) -> String {
    format!("ID {id}")
}

/// "Query mat, Key cat: 0.299".
pub fn announced(place: &str, value: &str) -> String {
    format!("{place}: {value}")
}

pub fn at_token(index: usize, word: &str) -> String {
    format!("Token {index}, {word}")
}

pub fn at_dimension(word: &str, dimension: usize) -> String {
    format!("Token {word}, Dimension {dimension}")
}

pub fn at_position(position: usize, dimension: usize) -> String {
    format!("Position {position}, Dimension {dimension}")
}

pub fn at_weight(from: usize, to: usize) -> String {
    format!("von Dimension {from}, nach Dimension {to}")
}

pub fn at_query(query: &str) -> String {
    format!("Query {query}")
}

pub fn at_query_and_key(query: &str, key: &str) -> String {
    format!("Query {query}, Key {key}")
}

// The columns of the terms, and the names of their rows.

pub const TOKEN_COLUMNS: [&str; 3] = ["Zeichen", "Codepunkt", "Bytes (hex)"];
pub const OPERAND_COLUMNS: [&str; 2] = ["Teil", "Wert"];
pub const PROJECTION_COLUMNS: [&str; 4] = ["i", "x", "w", "x·w"];
pub const TURNED_COLUMNS: [&str; 4] = ["i", "x", "w gedreht", "Produkt"];
pub const SCORE_COLUMNS: [&str; 4] = ["d", "q", "k", "q·k"];
pub const ROW_MAX_COLUMNS: [&str; 2] = ["Key", "m"];
pub const EXPONENTIAL_COLUMNS: [&str; 2] = ["Key", "exp"];
pub const SHARE_COLUMNS: [&str; 2] = ["Key", "Anteil"];
pub const SOFTMAX_COLUMNS: [&str; 5] = ["Key", "m", "m − max", "exp", "Anteil"];
pub const MIX_COLUMNS: [&str; 4] = ["von", "Anteil", "v", "Anteil·v"];
pub const OUTPUT_COLUMNS: [&str; 4] = ["Kopf · i", "z", "w", "z·w"];

pub const EMBEDDING: &str = "Embedding e";
pub const POSITION: &str = "Position p";
pub const SCORE: &str = "Score s";
pub const SCALED_SCORE: &str = "skalierter Score";
pub const MASK: &str = "Maske";
pub const MASKED_SCORE: &str = "maskierter Score m";
pub const MINUS_ROW_MAX: &str = "− Zeilenmaximum";

// Totals.

pub const BEFORE: &str = "vorher";
pub const CHANGE: &str = "Änderung";
pub const CRC: &str = "CRC-32 dieser Bytes";
pub const TOKEN: &str = "Token";
pub const TOGETHER: &str = "zusammen";
pub const LARGEST: &str = "der größte davon";
pub const SUM_OF_EXPONENTIALS: &str = "Summe der exp";
pub const SUM_OF_SHARES: &str = "Summe der Anteile";

/// A column of the heads side by side is a column of one head.
pub fn same_in_head(head: &str) -> String {
    format!("dasselbe in {head}")
}

pub fn sum_of(count: usize) -> String {
    if count == 1 { "der eine Term".to_owned() } else { format!("Summe von {count} Termen") }
}

// Words inside formulas.

pub fn quoted(word: &str) -> String {
    format!("„{word}“")
}

pub fn seed_and_id(id: u32, seed: u64) -> String {
    format!("Seed {id} + {seed}")
}

// What the check claims when it holds, and says when it does not.

/// What a projection adds, among its terms.
pub const BIAS: &str = "Bias";
pub const ADDS_UP: &str = "ergibt zusammen die gespeicherte Zahl";
pub const ID_FOLLOWS: &str = "die ID folgt aus diesen Zeichen";
pub const DRAWN_AGAIN_FROM_WORD: &str = "aus Wort und Seed noch einmal gezogen: dieselben Bits";
pub const DRAWN_AGAIN_FROM_SEED: &str = "aus dem Seed noch einmal gezogen: dieselben Bits";
pub const NOTHING_ADDED: &str = "nichts wird addiert";
pub const FORMULA_GIVES: &str = "die Formel ergibt die gespeicherte Zahl";
pub const DIVISION_GIVES: &str = "die Division ergibt die gespeicherte Zahl";
pub const FACTOR_IS_RIGHT: &str = "der Faktor stimmt";
pub const SCORE_AND_MASK: &str = "Score und Maske ergeben die gespeicherte Zahl";
pub const NOTHING_SEEN_IS_ZEROS: &str = "kein Key darf gesehen werden, also besteht die Zeile aus Nullen";
pub const ADDED_FOLLOWS: &str = "was addiert wird, folgt aus der Regel";
pub const IS_LARGEST: &str = "es ist der größte Wert der Zeile";
pub const DIFFERENCE_GIVES: &str = "die Differenz ist die gespeicherte Zahl";
pub const EXP_GIVES: &str = "exp ergibt die gespeicherte Zahl";
pub const SHARE_GIVES: &str = "exp ÷ Summe ergibt die gespeicherte Zahl";
pub const HIDDEN_IS_ZERO: &str = "verdeckt und deshalb genau 0";

pub fn holds_within(claim: &str, difference: f64, tolerance: f64) -> String {
    format!("{claim} (Abweichung {}, erlaubt {})", scientific(difference), scientific(tolerance))
}

pub fn row_is_whole(error: f64) -> String {
    format!("die Zeile summiert sich zu 1 (Fehler {})", scientific(error))
}

pub fn rule_agrees(hidden: bool) -> String {
    format!("die Regel sagt „{}“, die Engine auch", visibility(hidden))
}

/// Between two claims that both hold.
pub const AND: &str = "; ";

pub fn does_not_add_up(calculated: f64, stored: f64, difference: f64, tolerance: f64) -> String {
    format!(
        "Das geht nicht auf: Die Terme ergeben {}, die Engine hat {} gespeichert. Der Unterschied ist {}, durch Runden erklärt sich nur {}. {REPORT}",
        fixed(calculated, 6),
        fixed(stored, 6),
        scientific(difference),
        scientific(tolerance)
    )
}

pub fn row_is_not_whole(sum: f64) -> String {
    format!("Die Zeile der Engine summiert sich zu {}, nicht zu 1. {REPORT}", fixed(sum, 6))
}

pub fn rule_disagrees(hidden: bool, stored: f64) -> String {
    format!("Die Regel sagt „{}“, die Engine hat {} gespeichert. {REPORT}", visibility(hidden), fixed(stored, 6))
}

pub fn another_id(again: u32, stored: u32) -> String {
    format!("Diese Zeichen ergeben die ID {again}, die Engine hat {stored} gespeichert. {REPORT}")
}

const REPORT: &str = "Bitte diesen Fehler melden.";

fn visibility(hidden: bool) -> &'static str {
    if hidden { HIDDEN } else { VISIBLE }
}

// Why.

/// Where a token stands, from its first character to the one after its last, and which other tokens are the same word.
pub fn why_token(start: usize, end: usize, others: &[usize]) -> String {
    const MOST: usize = 8;
    let characters =
        if end - start == 1 { format!("Zeichen {start}") } else { format!("Zeichen {start} bis {}", end - 1) };
    let listed: Vec<String> = others.iter().take(MOST).map(usize::to_string).collect();
    let elsewhere = match (others, others.len().saturating_sub(MOST)) {
        ([], _) => "Es kommt sonst nirgends vor.".to_owned(),
        ([other], _) => format!("Token {other} hat dieselbe ID: Für das Modell ist es dasselbe Wort."),
        (_, 0) => format!("Die Tokens {} haben dieselbe ID: Für das Modell sind sie dasselbe Wort.", listed.join(", ")),
        (_, more) => {
            format!(
                "Die Tokens {} und {more} weitere haben dieselbe ID: Für das Modell sind sie dasselbe Wort.",
                listed.join(", ")
            )
        }
    };
    format!("{characters} des Satzes, gezählt ab 0. Groß oder klein geschrieben ist es dasselbe Wort. {elsewhere}")
}

pub const WHY_WORD_EMBEDDING: &str = "Eine Zufallszahl, die nur vom Wort und vom Seed abhängt, gezogen, wie torch.randn von PyTorch sie zieht. Ein trainiertes Modell hätte sie stattdessen gelernt.";

pub fn why_no_positions(positions: Positions) -> &'static str {
    match positions {
        Positions::Rotary => {
            "Rotary-Positionen addieren hier nichts: Sie drehen Queries und Keys später, im Schritt „Q K V“."
        }
        Positions::Alibi => {
            "ALiBi addiert hier nichts: Der Abstand wird später von den Scores abgezogen, im Schritt „Maske“."
        }
        _ => {
            "Es sind keine Positionen eingestellt: Die Zeile jeder Position ist null, und die Wortstellung hinterlässt keine Spur."
        }
    }
}

pub fn why_input_without_positions(word: &str, positions: Positions) -> String {
    format!("{} Die Zeile von „{word}“ ist also sein Embedding allein.", why_no_positions(positions))
}

/// The place among the layers that PyTorch makes: query, key, value, output.
pub fn why_weight(layer: usize, width: usize, seed: u64) -> String {
    let layer = ["erste", "zweite", "dritte", "vierte"][layer];
    format!(
        "Eine Zufallszahl, wie PyTorch sie nach torch.manual_seed({seed}) für das {layer} nn.Linear({width}, {width}, bias=False) zieht. Untrainiert: Der Mechanismus ist echt, das Muster hat noch keine Bedeutung."
    )
}

pub const LOOKS_FOR: &str = "sucht";
pub const FOUND_BY: &str = "zeigt";
pub const PASSES_ON: &str = "weitergibt";

/// "vor dem Drehen, Dimension 4".
pub fn before_turning(dimension: usize) -> String {
    format!("vor dem Drehen, Dimension {dimension}")
}

pub fn why_turned(word: &str, place: usize, pair: usize, angle: f64) -> String {
    format!(
        "Rotary-Positionen drehen die Dimensionen {} und {} von „{word}“ gemeinsam, an Position {place} um {} im Bogenmaß. Der Score zweier Tokens hängt dann davon ab, wie weit sie auseinanderstehen.",
        2 * pair,
        2 * pair + 1,
        fixed(angle, 3)
    )
}

/// A term of the division by the temperature.
pub fn temperature(temperature: f64) -> String {
    format!("T = {}", fixed(temperature, 2))
}

/// A term of the bending by a softcap.
pub fn softcap(softcap: f64) -> String {
    format!("Softcap {}", fixed(softcap, 2))
}

/// "gebogen, nie über ±5.00 hinaus".
pub fn capped_at(softcap: f64) -> String {
    format!("gebogen, nie über ±{} hinaus", fixed(softcap, 2))
}

pub fn why_scaled(head_dim: usize, is_scaled: bool, temperature: f64, softcap: Option<f64>) -> String {
    let root = fixed((head_dim as f64).sqrt(), 2);
    let scaling = match (head_dim, is_scaled) {
        (1, _) => {
            "Ein Kopf der Breite 1 hat einen einzigen Term: √1 ist 1, und der Score bleibt, wie er ist.".to_owned()
        }
        (_, true) => format!(
            "Ein Skalarprodukt aus {head_dim} Termen streut etwa √{head_dim} = {root}-mal so weit wie ein Term. Die Division dadurch nimmt die Breite des Kopfes wieder heraus."
        ),
        (_, false) => format!(
            "Die Division durch √{head_dim} entfällt: Die Scores liegen {root}-mal so weit auseinander, und die Anteile fallen schärfer aus."
        ),
    };
    let tempered = match temperature {
        1.0 => "",
        1.0.. => " Eine Temperatur über 1 rückt die Scores zusammen und gleicht die Anteile an.",
        _ => " Eine Temperatur unter 1 treibt die Scores auseinander und schärft die Anteile.",
    };
    let capped = match softcap {
        None => String::new(),
        Some(softcap) => format!(
            " Der Softcap lässt kleine Scores fast, wie sie sind, und biegt große so, dass keiner über ±{} hinausgeht.",
            fixed(softcap, 2)
        ),
    };
    scaling + tempered + &capped
}

pub const WHY_PADDING: &str = "Der Key ist Padding: Er füllt einen kürzeren Satz auf die Länge der anderen auf und bedeutet nichts, deshalb darf keine Query ihn sehen.";

pub fn why_painted(hidden: bool) -> String {
    let (without, with) = if hidden { ("sichtbar", "verdeckt") } else { ("verdeckt", "sichtbar") };
    format!("Von Hand gemalt: Ohne die Bemalung wäre dieser Key hier {without}; mit ihr ist er {with}.")
}

/// Said after why a key may be seen.
pub fn why_distance(distance: usize, slope: f64) -> String {
    format!(
        " ALiBi zieht für jede Stelle zwischen den zwei Tokens {} vom Score ab: Hier beträgt der Abstand {distance}.",
        fixed(slope, 4)
    )
}

pub const HEAD_IS_OFF: &str = "{} ist abgeschaltet";
pub const OFF_IS_ZERO: &str = "abgeschaltet und deshalb genau 0";
pub const WHY_HEAD_OFF: &str =
    "Dieser Kopf rechnet weiter, aber was er gefunden hat, zählt als 0: Die Ausgabe entsteht ohne ihn.";

pub const WHY_NO_MASK: &str = "Es ist keine Maske eingestellt: Jede Query darf jeden Key sehen.";
/// Of a painted cell.
pub const WHY_PAINTED_ALIKE: &str = "Von Hand gemalt, und die übrige Maske sagt dasselbe.";
/// Where other cells are painted.
pub const WHY_NOT_PAINTED: &str = "Es gilt nur, was von Hand gemalt ist, und diese Zelle ist nicht bemalt.";

/// In cross-attention, a query's own place in the other sentence takes the place of the token itself.
pub fn why_window(window: Window, is_cross: bool, [query, key]: [usize; 2], hidden: bool) -> String {
    let itself = if is_cross { "das Token an seiner Stelle im zweiten Satz" } else { "sich selbst" };
    let it = if is_cross { "diesem" } else { "ihm" };
    if window == Window::CAUSAL {
        let so = if hidden {
            "später und bleibt deshalb verdeckt"
        } else {
            "nicht später und darf deshalb gesehen werden"
        };
        return format!(
            "Kausal: Ein Token sieht {itself} und was vor {it} kam. Die Query steht an Position {query}, der Key an {key}, also {so}."
        );
    }
    let side = |side: Option<usize>, where_to: &str| match side {
        Some(1) => format!("eines {where_to}"),
        Some(tokens) => format!("{tokens} {where_to}"),
        None => format!("alle {where_to}"),
    };
    let so =
        if hidden { "außerhalb und bleibt deshalb verdeckt" } else { "innerhalb und darf deshalb gesehen werden" };
    format!(
        "Fenster: Ein Token sieht {itself}, {} und {}. Die Query steht an Position {query}, der Key an {key}, also {so}.",
        side(window.left, "davor"),
        side(window.right, "danach")
    )
}
