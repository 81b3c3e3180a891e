//! The glossary: what a term means, how texts spell it, and where on the page the thing is.

#![allow(missing_docs, reason = "each text is named after what it says")]

use super::{page, step_name, tensor_name};
use crate::lesson::{
    glossary::{Place, Term},
    spot::{Part, Spot},
};

pub const GLOSSARY: &str = "Glossar";
pub const CLOSE: &str = "Schließen";
/// After the name of a control.
const IN_SET_UP: &str = " (in den Einstellungen)";

/// The name of a term.
pub fn name(term: Term) -> &'static str {
    match term {
        Term::Input => "Eingabe X",
        Term::WeightMatrix => "Gewichtsmatrizen",
        Term::HeadWidth => "Kopfbreite D",
        Term::Scaling => "Skalierung ÷ √D",
        Term::OutputProjection => "Ausgabeprojektion W_o",
        Term::Untrained => "untrainierte Gewichte",
        Term::Tensor => "Tensor und Form",
        Term::Diverging => "divergierende Farben",
        Term::Sequential => "sequenzielle Farben",
        other => spellings(other)[0],
    }
}

/// How texts spell a term.
pub fn spellings(term: Term) -> &'static [&'static str] {
    match term {
        Term::Attention => &["Attention", "Aufmerksamkeit"],
        Term::Token => &["Token", "Tokens"],
        Term::Embedding => &["Embedding", "Embeddings"],
        Term::Position => &["Position", "Positionen"],
        Term::Input => &["X"],
        Term::WeightMatrix => &["drei Matrizen", "Gewichtsmatrizen"],
        Term::Query => &["Query", "Queries"],
        Term::Key => &["Key", "Keys"],
        Term::Value => &["Value", "Values"],
        Term::Head => &["Kopf", "Kopfes", "Köpfe", "Köpfen"],
        Term::HeadWidth => &["D", "Kopfbreite", "Breite des Kopfes", "Breite eines Kopfes"],
        Term::DotProduct => &["Skalarprodukt", "Skalarprodukte"],
        Term::Score => &["Score", "Scores"],
        Term::Scaling => &["√D", "Skalierung"],
        Term::Temperature => &["Temperatur"],
        Term::Mask => &["Maske", "maskiert", "maskierte"],
        Term::Causal => &["kausale Maske", "kausal"],
        Term::Padding => &["Padding"],
        Term::Softmax => &["Softmax"],
        Term::RowMaximum => &["Zeilenmaximum", "größte Score", "größten Score"],
        Term::Exponential => &["Exponentialwert", "Exponentialwerte"],
        Term::AttentionWeight => &["Attention-Gewicht", "Anteil", "Anteile", "Anteile der Aufmerksamkeit"],
        Term::RowSum => &["Zeilensumme", "Summe 1"],
        Term::MixedValues => &["gemischte Values", "Mischung"],
        Term::OutputProjection => &["W_o", "letzte Matrix", "letzten Matrix"],
        Term::Seed => &["Seed"],
        Term::Untrained => &["untrainiert", "Training"],
        Term::Tensor => &["Tensor", "Form"],
        Term::Heatmap => &["Heatmap"],
        Term::Diverging => &["divergierend"],
        Term::Sequential => &["sequenziell"],
    }
}

/// What a term means.
pub fn meaning(term: Term) -> &'static str {
    match term {
        Term::Attention => {
            "Wie Tokens etwas aneinander weitergeben: Jedes nimmt von jedem Token, das es sehen darf, einen Anteil von dessen Value."
        }
        Term::Token => {
            "Ein Stück Text, das das Modell als eines liest: hier ein Wort, eine Zahl oder ein Satzzeichen. Seine ID ist eine ganze Zahl, die für seine Schreibung steht."
        }
        Term::Embedding => {
            "Die Zeile von Zahlen, die für ein Wort steht. Sie hängt nur vom Wort ab. Ein trainiertes Modell hat sie gelernt; hier ist sie zufällig gezogen."
        }
        Term::Position => {
            "Wo ein Token im Satz steht, gezählt ab 0. Mit Positionen „Sinus“ wird zum Embedding eine Zeile aus Sinus und Kosinus addiert, an jeder Stelle eine andere."
        }
        Term::Input => {
            "Was die Attention bekommt: eine Zeile für jedes Token. Queries, Keys und Values entstehen alle daraus."
        }
        Term::WeightMatrix => {
            "W_q, W_k und W_v: die Zahlen, die das Training einstellt. X mal eine davon ergibt die Queries, die Keys oder die Values."
        }
        Term::Query => "Was ein Token sucht: seine Zeile von Q, gebildet aus seiner Zeile von X.",
        Term::Key => "Woran ein Token zu finden ist: seine Zeile von K, gebildet aus seiner Zeile von X.",
        Term::Value => {
            "Was ein Token denen weitergibt, die es beachten: seine Zeile von V, gebildet aus seiner Zeile von X."
        }
        Term::Head => {
            "Eine von mehreren Attentions nebeneinander. Jeder Kopf hat eigene Spalten von Q, K und V, kann also etwas anderes suchen."
        }
        Term::HeadWidth => {
            "Wie viele Zahlen eine Query, ein Key oder ein Value in einem Kopf hat: die Modellbreite geteilt durch die Zahl der Köpfe."
        }
        Term::DotProduct => {
            "Zwei Zeilen, Zahl für Zahl multipliziert und die Produkte addiert: eine Zahl. Sie wächst, wo die Vorzeichen übereinstimmen, und sinkt, wo sie sich unterscheiden."
        }
        Term::Score => {
            "Das Skalarprodukt aus der Query eines Tokens und dem Key eines Tokens: wie gut die beiden zusammenpassen."
        }
        Term::Scaling => {
            "Jeder Score wird durch √D geteilt. Eine Summe aus D unabhängigen Produkten streut √D-mal so weit wie eines davon; die Division nimmt das wieder heraus."
        }
        Term::Temperature => {
            "Noch eine Zahl, durch die die Scores geteilt werden. Über 1 gleicht sie die Anteile an, unter 1 schärft sie sie, bei 1 ändert sie nichts."
        }
        Term::Mask => {
            "Die Regel, welche Keys eine Query sehen darf. Der Score eines verdeckten Paars wird −∞ und sein Attention-Gewicht genau 0."
        }
        Term::Causal => {
            "Eine Maske, die vor jedem Token verdeckt, was nach ihm kommt. Modelle, die Wort für Wort schreiben, werden mit ihr trainiert."
        }
        Term::Padding => {
            "Füllmaterial am Ende kurzer Sätze, damit mehrere zusammen berechnet werden können. Eine Maske verdeckt es, denn es bedeutet nichts; seine eigenen Zeilen werden mitgerechnet, und niemand nutzt sie."
        }
        Term::Softmax => {
            "Macht aus den Scores einer Zeile Anteile: e hoch jeden Score, geteilt durch die Summe davon. Kein Anteil ist negativ, und zusammen ergeben sie 1."
        }
        Term::RowMaximum => {
            "Der größte Score einer Zeile. Ihn von der ganzen Zeile abzuziehen ändert keinen Anteil und verhindert, dass die Exponentialwerte zu groß werden, um sie zu schreiben."
        }
        Term::Exponential => {
            "e (etwa 2.718) hoch eine Zahl. Er ist nie negativ und erhält die Reihenfolge: Ein um 1 höherer Score macht ihn e-mal so groß."
        }
        Term::AttentionWeight => {
            "Der Anteil seiner Aufmerksamkeit, von 0 bis 1, den ein Token einem Token gibt. Eine Zeile enthält alle Anteile eines Tokens."
        }
        Term::RowSum => {
            "Alle Attention-Gewichte eines Tokens zusammen. Sie ist 1, weil jeder Exponentialwert durch die Summe aller geteilt wurde; bei einem Token, das nichts sehen darf, ist sie 0."
        }
        Term::MixedValues => {
            "Was ein Token gesammelt hat: der Value jedes Tokens mal den Anteil, den es bekam, alles addiert. Eine Zeile je Token, in jedem Kopf."
        }
        Term::OutputProjection => {
            "Die letzte Matrix. Die Ergebnisse aller Köpfe nebeneinander, mal W_o, ergeben die Ausgabe: eine Zeile für jedes Token."
        }
        Term::Seed => {
            "Die Zahl, aus der die Zufallszahlen entstehen. Derselbe Seed ergibt wieder dieselben Gewichte, hier und in PyTorch."
        }
        Term::Untrained => {
            "Gewichte, wie PyTorch sie vor jedem Training zieht, das sie nach und nach ändert, bis das Modell gut rät. Die Rechnung ist echt; wer wen beachtet, hat noch keine Bedeutung."
        }
        Term::Tensor => {
            "Ein Block von Zahlen entlang einer oder mehrerer Achsen; eine Matrix hat zwei. Die Form unter jeder Matrix sagt, wie viele es entlang jeder Achse sind."
        }
        Term::Heatmap => {
            "Eine Matrix aus farbigen Zellen, eine für jede Zahl; die Legende sagt, welche Farbe welche Zahl ist. Auf eine Zelle zeigen, und der Inspektor öffnet sie."
        }
        Term::Diverging => {
            "Farben für Zahlen mit Vorzeichen: blass bei 0 und dunkler, je weiter eine Zahl davon entfernt ist, in einem Farbton darunter und einem anderen darüber."
        }
        Term::Sequential => {
            "Farben für Zahlen ab 0, zum Beispiel für Anteile: je größer die Zahl, desto heller die Zelle."
        }
    }
}

/// „Schritt 4, Scores: Queries, Keys, Scores“.
pub fn whereabouts(place: &Place) -> String {
    let mut text = match place.step {
        Some(step) => format!("Schritt {}, {}", step.index() + 1, step_name(step)),
        None => "In jedem Schritt".to_owned(),
    };
    for (index, spot) in place.spots.iter().enumerate() {
        text += if index == 0 { ": " } else { ", " };
        text += spot_name(*spot);
        let is_elsewhere = matches!(spot, Spot::Matrix(_) | Spot::Part(Part::Tokens | Part::Heads | Part::Untrained));
        text += if is_elsewhere { "" } else { IN_SET_UP };
    }
    text
}

fn spot_name(spot: Spot) -> &'static str {
    match spot {
        Spot::Matrix(tensor) => tensor_name(tensor),
        Spot::Part(part) => match part {
            Part::Tokens => "unter dem Satz",
            Part::Heads => "der Streifen unter dem Bild",
            Part::Seed => page::SEED,
            Part::HeadCount => page::HEADS,
            Part::Width => page::WIDTH,
            Part::Positions => page::POSITIONS,
            Part::Mask => page::MASK,
            Part::Scaling => page::SCALING,
            Part::Temperature => page::TEMPERATURE,
            Part::SharesMap => page::COLOURS,
            Part::SignedMap => page::COLOURS,
            Part::Untrained => page::SET_UP,
        },
    }
}
