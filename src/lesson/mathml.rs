//! Formulas as MathML, built from pieces.

/// A whole formula.
pub fn row(pieces: &[String]) -> String {
    format!("<math>{}</math>", row_inner(pieces))
}

/// Pieces that stand together.
pub fn row_inner(pieces: &[String]) -> String {
    format!("<mrow>{}</mrow>", pieces.concat())
}

/// A name with one letter, in italics.
pub fn id(name: &str) -> String {
    format!("<mi>{}</mi>", escaped(name))
}

/// A number.
pub fn num(number: &str) -> String {
    format!("<mn>{}</mn>", escaped(number))
}

/// An operator or bracket.
pub fn op(operator: &str) -> String {
    format!("<mo>{}</mo>", escaped(operator))
}

/// Upright words.
pub fn text(words: &str) -> String {
    format!("<mtext>{}</mtext>", escaped(words))
}

/// `name` with a lowered index.
pub fn sub(name: &str, index: &str) -> String {
    format!("<msub>{}{}</msub>", id(name), num(index))
}

/// `base` to the power of `exponent`.
pub fn sup(base: &str, exponent: &str) -> String {
    format!("<msup>{base}{exponent}</msup>")
}

/// A fraction.
pub fn frac(top: &str, bottom: &str) -> String {
    format!("<mfrac>{top}{bottom}</mfrac>")
}

/// A square root.
pub fn sqrt(inside: &str) -> String {
    format!("<msqrt>{inside}</msqrt>")
}

/// A sum from `from` to `to`.
pub fn sum(from: &str, to: &str) -> String {
    format!("<munderover><mo>∑</mo>{}{}</munderover>", num(from), num(to))
}

/// An operator with its range below.
pub fn under(operator: &str, range: &str) -> String {
    format!("<munder>{}{}</munder>", op(operator), id(range))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
