use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::builtin;

/// A word, a number, a punctuation mark or an emoji of the sentence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Token {
    /// As typed.
    pub text: String,
    /// In lower case: what counts for the id and the embedding.
    pub word: String,
    /// Where it begins in the sentence, in characters (Unicode scalar values).
    pub start: usize,
    /// Where it ends: the character after its last one.
    pub end: usize,
    /// Which word it is: [`word_id`], the same for upper and lower case.
    pub id: u32,
}

/// Cuts a sentence into tokens at the word boundaries of Unicode (UAX #29).
///
/// A punctuation mark is a token of its own, and so is each character of Chinese, Japanese hiragana or Thai, which
/// put no spaces between words. What cannot be seen (white space, control and zero-width characters) is no token, but
/// inside a word it stays where it is.
pub fn tokens(sentence: &str) -> Vec<Token> {
    let mut end = 0;
    sentence
        .split_word_bounds()
        .map(|word| {
            let start = end;
            end += word.chars().count();
            (word, start, end)
        })
        .filter(|(word, ..)| !word.chars().all(is_invisible))
        .map(|(text, start, end)| {
            let word = builtin::lower_case(text);
            let id = id_from_lower_case(&word);
            Token { text: text.to_owned(), word, start, end, id }
        })
        .collect()
}

/// What padding is written as. No sentence has such a token: its brackets would be tokens of their own.
const PADDING: &str = "[pad]";

impl Token {
    /// A token that stands for nothing, at the end of a sentence of so many characters.
    pub fn padding(end: usize) -> Self {
        Self { text: PADDING.to_owned(), word: PADDING.to_owned(), start: end, end, id: id_from_lower_case(PADDING) }
    }

    /// Whether it is one of those.
    pub fn is_padding(&self) -> bool {
        self.text == PADDING
    }
}

/// Python's `zlib.crc32(word.lower().encode())`: a number for a word, without a vocabulary.
pub fn word_id(word: &str) -> u32 {
    id_from_lower_case(&builtin::lower_case(word))
}

/// [`word_id`] of a word that is in lower case already.
pub fn id_from_lower_case(word: &str) -> u32 {
    // Without its table the checksum is a few dozen bytes of wasm, and words are short.
    Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC).checksum(word.as_bytes())
}

/// White space, control characters, and Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt).
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}
