//! Formulas as MathML, built from pieces.

use crate::figure::svg::escaped;

/// A whole formula.
pub fn row(pieces: &[String]) -> String {
    format!("<math displaystyle=\"true\">{}</math>", row_inner(pieces))
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

/// `name` with lowered indexes, with commas between them: numbers, or names as in the sum that they run through.
pub fn sub(name: &str, indexes: &str) -> String {
    let mut lowered = Vec::new();
    for index in indexes.split(',') {
        if !lowered.is_empty() {
            lowered.push(op(","));
        }
        lowered.push(if index.starts_with(|c: char| c.is_ascii_digit()) { num(index) } else { id(index) });
    }
    format!("<msub>{}{}</msub>", id(name), row_inner(&lowered))
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

/// A sum of `count` terms, the index running from 0.
pub fn sum(index: &str, count: usize) -> String {
    let from = row_inner(&[id(index), op("="), num("0")]);
    format!("<munderover><mo>∑</mo>{from}{}</munderover>", num(&count.saturating_sub(1).to_string()))
}

/// An operator with its range below.
pub fn under(operator: &str, range: &str) -> String {
    format!("<munder>{}{}</munder>", op(operator), id(range))
}
