//! What the guided tour says. Every number in it was calculated.

#![allow(missing_docs, reason = "each text is named after what it says")]

use crate::lesson::tour::Stop;

pub const TOUR: &str = "Rundgang";
pub const OFFER: &str =
    "Neu hier? Attention lässt jedes Wort etwas von den anderen sammeln. Ein Rundgang mit zwölf Stationen zeigt, wie.";
pub const TAKE: &str = "Rundgang beginnen";
pub const NO_THANKS: &str = "Nein, danke";
pub const BACK: &str = "Zurück";
pub const NEXT: &str = "Weiter";
pub const LEAVE: &str = "Verlassen";
pub const FINISH: &str = "Fertig";
pub const ANSWERS: &str = "Vorhersage";
/// Between the words of a list, each of which is quoted.
pub const BETWEEN_WORDS: &str = "“, „";

/// „Rundgang · 3 von 12“, „Frage 1 von 3“.
pub fn progress(stop: Stop) -> String {
    let (index, stops) = (stop.index(), Stop::ALL.len() - Stop::QUESTIONS);
    match index.checked_sub(stops) {
        Some(question) => format!("Frage {} von {}", question + 1, Stop::QUESTIONS),
        None => format!("{TOUR} · {} von {stops}", index + 1),
    }
}

/// The title of a stop.
pub fn title(stop: Stop) -> &'static str {
    match stop {
        Stop::Tokens => "Aus Wörtern werden Tokens",
        Stop::Embeddings => "Aus einem Wort wird eine Zeile",
        Stop::Positions => "Sein Platz kommt dazu",
        Stop::Projections => "Eine Zeile, drei Rollen",
        Stop::Heads => "Mehrere Köpfe zugleich",
        Stop::Scores => "Ein Score ist eine Summe",
        Stop::Scaling => "Warum durch √D teilen?",
        Stop::Mask => "Was verdeckt die Maske?",
        Stop::Exponentials => "Nichts bleibt negativ",
        Stop::Shares => "Warum ist die Zeilensumme 1?",
        Stop::Mixing => "Attention bewegt Values",
        Stop::Output => "Die Köpfe kommen zusammen",
        Stop::Unscaled => "Und wenn nicht geteilt würde?",
        Stop::Hidden => "Wer ist verdeckt?",
        Stop::Alike => "Und wenn Plätze keine Spur hinterließen?",
    }
}

/// What a stop says. Each `{}` is filled with what was calculated.
pub fn text(stop: Stop) -> &'static str {
    match stop {
        Stop::Tokens => {
            "Attention lässt jedes Wort etwas von den anderen sammeln. Zuerst wird „{}“ in {} Tokens zerlegt; jedes bekommt eine Zahl für seine Schreibung, seine ID. „{}“ ({}) und „{}“ ({}) bekommen dieselbe ID: Für das Modell sind sie ein Wort an zwei Stellen."
        }
        Stop::Embeddings => {
            "Aus jedem Token wird eine Zeile aus {} Zahlen, sein Embedding. Es hängt nur vom Wort ab. Also sind die Zeilen der beiden „the“ gleich: Ihr größter Unterschied ist {}."
        }
        Stop::Positions => {
            "Jede Stelle im Satz hat eine eigene Zeile, die addiert wird. In der Summe, X, unterscheiden sich die Zeilen der beiden „the“, um bis zu {}. Sonst unterscheidet sie nichts."
        }
        Stop::Projections => {
            "Drei Matrizen machen aus jeder Zeile von X drei: eine Query (was das Token sucht), einen Key (woran es zu finden ist) und einen Value (was es weitergibt)."
        }
        Stop::Heads => {
            "Die Spalten von Q, K und V werden auf {} Köpfe verteilt, je {}: D = {}. Jeder Kopf ist für sich aufmerksam, kann also etwas anderes suchen. Alle stehen im Streifen unter dem Bild. Der Rundgang folgt Kopf 1."
        }
        Stop::Scores => {
            "Wie gut passt der Key von „{}“ zu dem, was „{}“ sucht? Die {} Zahlen der Query und die des Keys werden paarweise multipliziert und addiert: {}. Der Inspektor öffnet die Summe, Produkt für Produkt. Je höher der Score, desto besser passen sie."
        }
        Stop::Scaling => {
            "Ein Score ist eine Summe aus D = {} Produkten. Weil Plus und Minus sich teils aufheben, streut sie nicht D-, sondern etwa √{} = {}-mal so weit wie ein Produkt: Breitere Köpfe hätten wildere Scores, nur weil sie breit sind. Die Division durch √D nimmt das heraus: Hier wird ±{} zu ±{}. Das zählt, denn je weiter Scores auseinanderliegen, desto mehr Aufmerksamkeit bekommt der größte allein."
        }
        Stop::Mask => {
            "Der Rundgang hat eine kausale Maske gesetzt: Ein Token sieht sich selbst und was vor ihm kam. Was später kommt, ist verdeckt, hier {} von {} Paaren (schraffiert): „{}“ darf „{}“ nicht sehen. Ein Modell, das lernt, das nächste Wort zu erraten, darf es nicht ansehen. Verdeckte Scores werden −∞."
        }
        Stop::Exponentials => {
            "Aus Scores werden Anteile in zwei Zügen. Erstens wird in jeder Zeile der größte Score abgezogen und e mit dem Rest potenziert. So ist nichts negativ, höhere Scores bleiben höher, und was verdeckt ist, wird genau 0, denn e hoch −∞ ist 0."
        }
        Stop::Shares => {
            "Zweitens wird jede Zahl durch die Summe ihrer Zeile geteilt. Das macht Teile eines Ganzen daraus, die Anteile der Aufmerksamkeit von „{}“: {}. Vor dem Runden ergeben sie zusammen {}. Was ein Token gewinnt, verlieren die anderen."
        }
        Stop::Mixing => {
            "„{}“ gibt „{}“ den größten Anteil seiner Aufmerksamkeit, {}; also nimmt es {} vom Value von „{}“ und von den anderen Values so viel, wie ihre Anteile sagen. Addiert ist das seine neue Zeile. Hier geben Wörter etwas aneinander weiter."
        }
        Stop::Output => {
            "Die Zeilen aller {} Köpfe, nebeneinander, mal eine letzte Matrix, W_o, ergeben die Ausgabe: wieder eine Zeile für jedes Token, für den nächsten solchen Block. Aus den Zeilen des letzten errät ein Modell das nächste Wort. Eines ist dabei zu bedenken: Diese Gewichte sind untrainiert. Die Rechnung ist echt; wer wen beachtet, hat noch keine Bedeutung."
        }
        Stop::Unscaled => {
            "Die Maske ist wieder weg. „{}“ gibt „{}“ den größten Anteil seiner Aufmerksamkeit: {}. Wenn die Division durch √D entfällt, was geschieht mit diesem Anteil?"
        }
        Stop::Hidden => {
            "Jetzt setzt der Rundgang eine kausale Maske. Welches dieser Wörter wird „{}“ nicht sehen dürfen?"
        }
        Stop::Alike => {
            "Mit Positionen sind die Zeilen von „{}“ ({}) und „{}“ ({}) verschieden: Sie teilen ihre Aufmerksamkeit verschieden auf. Wenn keine Positionen addiert werden, unterscheiden sich die beiden Zeilen dann noch?"
        }
    }
}

/// What can be answered to a question, where that is no word of the sentence.
pub fn options(stop: Stop) -> &'static [&'static str] {
    match stop {
        Stop::Unscaled => &["er wächst", "er schrumpft", "er bleibt gleich"],
        Stop::Alike => &["sie unterscheiden sich", "sie sind gleich"],
        _ => &[],
    }
}

/// What came of it, where this of the options is right.
pub fn answer(stop: Stop, right: usize) -> &'static str {
    match (stop, right) {
        (Stop::Unscaled, 0) => {
            "Er wächst: vorher {}, jetzt {}. Die Scores liegen {}-mal so weit auseinander, und das Bild zeigt, was jeder Anteil gewonnen oder verloren hat. Das verhindert die Division durch √D: einen Sieger, zu früh."
        }
        (Stop::Unscaled, 1) => "Er schrumpft: vorher {}, jetzt {}.",
        (Stop::Unscaled, _) => "Er bleibt gleich: vorher {}, jetzt {}.",
        (Stop::Hidden, _) => {
            "Verdeckt vor „{}“: „{}“. Das kommt später im Satz. Sehen darf es sich selbst und was vor ihm kam."
        }
        (_, 0) => "Sie unterscheiden sich, um bis zu {}.",
        _ => {
            "Sie sind gleich: Der größte Unterschied zwischen den beiden Zeilen ist {}. Dasselbe Wort hat dieselbe Zeile von X, also auch dieselbe Query, denselben Key und denselben Value: Ohne Positionen und ohne Maske kann nichts, was folgt, die beiden unterscheiden."
        }
    }
}

/// Before what the page calculated.
pub fn verdict(is_right: bool) -> &'static str {
    if is_right { "Wie vorhergesagt." } else { "Es kommt anders." }
}
