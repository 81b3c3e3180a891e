//! The words around what a person takes along.

use super::tensor_name;
use crate::lesson::{
    code::Code,
    export::{Ground, Which},
    number::fixed,
    picture::plate::Subject,
};
use crate::protocol::Format;

/// The button that opens it.
pub const EXPORT: &str = "Exportieren";
/// What it does.
pub const LEAD: &str = "Die Tensoren dieses Laufs, alle Köpfe und Sätze, als Dateien: NumPy, PyTorch und pandas lesen sie, mit genau den Bits, die auf der Seite stehen.";
/// What it does besides.
pub const FIGURE_LEAD: &str = "Abbildungen für Aufsätze, Folien und Tafeln: das Bild auf der Seite in der Breite einer Spalte, die Schrift so groß wie gewünscht. Was es zeigt und wie es entstand, steht in der Bildunterschrift und in der Datei.";
/// The two things that can be taken along.
pub const FIGURE: &str = "Abbildung";
/// What a figure shows.
pub const SHOWS: &str = "Zeigt";
/// How wide it is on paper.
pub const PRINTED_FOR: &str = "Für";
/// Its width in millimetres.
pub const MILLIMETRES: &str = "Breite, mm";
/// The size of its letters.
pub const POINTS: &str = "Schrift, pt";
/// How many pixels it has to an inch.
pub const DOTS: &str = "Punkte pro Zoll";
/// On what it stands.
pub const GROUND: &str = "Grund";
/// Whether there is text around it.
pub const CAPTION: &str = "Titel und Bildunterschrift";
/// The button that saves a figure.
pub const SAVE_FIGURE: &str = "Abbildung speichern";
/// The button that puts a figure on the clipboard.
pub const COPY: &str = "Bild kopieren";
/// A width that is none of a journal's.
pub const ON_THE_PAGE: &str = "wie auf der Seite";
/// The same.
pub const OTHER_WIDTH: &str = "eine andere Breite";
/// The title over all steps.
pub const ALL_STEPS_TITLE: &str = "Attention, Schritt für Schritt";
/// It was copied.
pub const COPIED: &str = "Die Abbildung liegt in der Zwischenablage und kann eingefügt werden.";
/// The page shows something else by now.
pub const CHANGED_MEANWHILE: &str = "die Seite hat inzwischen etwas anderes berechnet";
/// The canvas gave nothing.
pub const NO_PICTURE: &str = "der Browser hat kein Bild gemacht";

/// What a figure shows.
pub fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Step => "diesen Schritt, wie er auf der Seite ist",
        Subject::AllSteps => "alle Schritte",
        Subject::AllHeads => "was dieser Schritt macht, in allen Köpfen",
        Subject::One(tensor) => tensor_name(tensor),
    }
}

/// A ground.
pub fn ground(ground: Ground) -> &'static str {
    match ground {
        Ground::Light => "hell",
        Ground::Dark => "dunkel",
        Ground::None => "durchsichtig",
    }
}

/// So many dots to an inch: of a screen's, a multiple.
pub fn dots(dots: u32) -> String {
    const SCREEN: u32 = 96;
    if dots.is_multiple_of(SCREEN) { format!("{dots} ({}×)", dots / SCREEN) } else { dots.to_string() }
}

/// A tensor, of every head.
pub fn in_all_heads(name: &str) -> String {
    format!("{name}, alle Köpfe")
}

/// A picture of so many pixels is too large.
pub fn too_large(width: f32, height: f32) -> String {
    let [width, height] = [width, height].map(|pixels| fixed(pixels.into(), 0));
    format!("es hätte {width} × {height} Pixel, mehr als ein Browser macht; weniger Punkte pro Zoll nehmen oder SVG")
}

/// The address of what the page shows.
pub const LINK: &str = "Link";
/// What is with it.
pub const LINK_LEAD: &str = "Diese Adresse öffnet, was zu sehen ist: Sätze, Einstellungen, Schritt, Zelle und Farben stehen darin und gehen an keinen Server.";
/// The button that copies it.
pub const COPY_LINK: &str = "Link kopieren";
/// It was copied.
pub const LINK_COPIED: &str = "Der Link liegt in der Zwischenablage.";
/// The picture of the link that cameras read.
pub const QR_CODE: &str = "QR-Code dieses Links";
/// There is none.
pub const QR_TOO_LONG: &str = "Ein so langer Link passt in keinen QR-Code.";

/// The run on the page as a program.
pub const CODE: &str = "Code";
/// What it does.
pub const CODE_LEAD: &str = "Genau diese Attention als Programm: dieselben Wörter, dieselben Zufallszahlen, jeder Schritt mit seiner Form. Es läuft für sich und vergleicht seine Ergebnisse mit den Zahlen der Seite; in JavaScript mit der Engine dieser Seite.";
/// The button that puts it on the clipboard.
pub const COPY_CODE: &str = "Code kopieren";
/// The button that saves it.
pub const SAVE_CODE: &str = "Code speichern";
/// It was copied.
pub const CODE_COPIED: &str = "Der Code ist in der Zwischenablage.";
/// There would be more numbers in it than anybody pastes.
pub const CODE_TOO_LONG: &str = "so viele Zahlen ergeben keinen Code zum Einfügen; als Tensoren gespeichert lassen sich Queries, Keys und Values lesen";

/// In what the code is written.
pub fn code(code: Code) -> &'static str {
    match code {
        Code::PyTorch => "PyTorch",
        Code::NumPy => "NumPy",
        Code::JavaScript => "JavaScript",
    }
}

/// The page itself.
pub const PAGE: &str = "Seite";
/// What can be done with it.
pub const PAGE_LEAD: &str = "Die ganze Seite samt Engine als eine Datei, die sich mit dem öffnet, was zu sehen ist: Sie läuft von der Festplatte, ohne Netz, solange es Browser gibt.";
/// The button that saves it.
pub const SAVE_PAGE: &str = "Seite speichern";

/// Which tensors.
pub const TENSORS: &str = "Tensoren";
/// As what.
pub const FORMAT: &str = "Format";
/// The button that writes them.
pub const SAVE: &str = "Speichern";
/// While they are written.
pub const WRITING: &str = "Wird geschrieben …";

/// A choice of tensors.
pub fn which(which: Which) -> &'static str {
    match which {
        Which::Step => "die dieses Schritts",
        Which::All => "alle",
        Which::One(tensor) => tensor_name(tensor),
    }
}

/// A format.
pub fn format(format: Format) -> &'static str {
    match format {
        Format::Csv => "CSV",
        Format::Json => "JSON",
        Format::Npy => "NumPy, .npy",
        Format::Npz => "NumPy, .npz",
        Format::Safetensors => "safetensors",
    }
}

/// So many bytes.
pub fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    let (number, unit) = match bytes {
        ..1e4 => (bytes, "Byte"),
        ..1e7 => (bytes / 1e3, "KB"),
        _ => (bytes / 1e6, "MB"),
    };
    [&fixed(number, 0), " ", unit].concat()
}

/// A file of so many bytes is there.
pub fn saved(name: &str, bytes: u64) -> String {
    let size = size(bytes);
    format!("{name} ist gespeichert: {size}.")
}

/// There is none.
pub fn not_saved(reason: &str) -> String {
    let reason = reason.trim_end_matches('.');
    format!("Es gibt keine Datei: {reason}. Auf der Seite ist nichts verloren; bitte noch einmal versuchen.")
}

/// It could not be copied.
pub fn not_copied(reason: &str) -> String {
    let reason = reason.trim_end_matches('.');
    format!("Nichts wurde kopiert: {reason}. Speichern geht vielleicht, oder ein zweiter Versuch.")
}

/// A number is none, or out of its range.
pub fn wrong_number(label: &str, from: &str, to: &str) -> String {
    format!("„{label}“ nimmt eine Zahl von {from} bis {to}")
}

/// A PNG that moves.
pub const FILM: &str = "PNG, bewegt";
/// Of other figures there is none.
pub const ONLY_A_STEP_MOVES: &str = "nur dieser Schritt bewegt sich; er steht unter „Zeigt“, sonst bleiben SVG und PNG";
/// Changes are shown finished.
pub const NO_CHANGE_MOVES: &str =
    "was sich geändert hat, wird fertig gezeigt; ohne „Änderung zeigen“ geht es, sonst bleiben SVG und PNG";
/// The program that makes them is not there.
pub const NO_FILMS: &str = "der Teil dieser Seite, der Filme macht, war nicht zu laden";
/// One is being made.
pub const ONE_FILM: &str = "eine andere wird gerade gemacht";
