//! Sentences to tokens, tokens to vectors. That the numbers are PyTorch's is in `torch.rs`.

use headlight::embedding::{Generator, Positions, angle, embed, positions, tokens, word_embedding, word_id};
use proptest::prelude::*;
use rand_mt::Mt;

fn texts(sentence: &str) -> Vec<String> {
    tokens(sentence).into_iter().map(|token| token.text).collect()
}

#[test]
fn a_sentence_is_cut_at_word_boundaries() {
    assert_eq!(texts("The cat sat on the mat"), ["The", "cat", "sat", "on", "the", "mat"]);
    assert_eq!(texts("Wait, what?!"), ["Wait", ",", "what", "?", "!"]);
    assert_eq!(texts("It's 3.14, don’t ask"), ["It's", "3.14", ",", "don’t", "ask"]);
    assert_eq!(texts("snake_case re-use"), ["snake_case", "re", "-", "use"]);
}

#[test]
fn quotes_are_tokens() {
    assert_eq!(
        texts(r#""cat" 'cat' “cat” «cat»"#),
        ["\"", "cat", "\"", "'", "cat", "'", "“", "cat", "”", "«", "cat", "»"]
    );
}

#[test]
fn an_emoji_is_one_token_however_many_characters_it_has() {
    let emoji = ["👍🏽", "👩‍👩‍👧‍👦", "🇫🇷", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣"];
    assert_eq!(texts(&emoji.join(" ")), emoji);
    assert_eq!(texts("🇫🇷🇩🇪🙂🙂"), ["🇫🇷", "🇩🇪", "🙂", "🙂"]);
}

#[test]
fn scripts_without_spaces_fall_into_characters() {
    assert_eq!(texts("猫坐在垫子上。"), ["猫", "坐", "在", "垫", "子", "上", "。"]);
    assert_eq!(texts("カタカナ"), ["カタカナ"]);
    assert_eq!(texts("안녕하세요 세계"), ["안녕하세요", "세계"]);
}

#[test]
fn right_to_left_sentences_keep_their_logical_order() {
    assert_eq!(texts("القطة على السجادة."), ["القطة", "على", "السجادة", "."]);
    assert_eq!(texts("שלום, עולם"), ["שלום", ",", "עולם"]);
}

#[test]
fn combining_marks_stay_with_their_letter() {
    assert_eq!(texts("nai\u{308}ve re\u{301}sume\u{301}"), ["nai\u{308}ve", "re\u{301}sume\u{301}"]);
    assert_eq!(texts("हिन्दी भाषा"), ["हिन्दी", "भाषा"]);
}

#[test]
fn what_cannot_be_seen_is_no_token() {
    for sentence in
        ["", "   ", "\t\r\n\u{A0}\u{3000}\u{2028}", "\0\u{7}\u{1B}", "\u{200B}\u{FEFF}\u{2060}\u{200E} \u{AD}"]
    {
        assert_eq!(texts(sentence), [""; 0], "{sentence:?}");
    }
    assert_eq!(texts("\u{FEFF}The\u{200B}cat\r\n\u{7}sat"), ["The", "cat", "sat"]);
    assert_eq!(texts("می\u{200C}خواهم"), ["می\u{200C}خواهم"], "a zero-width character inside a word is part of it");
}

#[test]
fn positions_in_the_sentence_count_characters() {
    let places: Vec<_> = tokens("  Né\u{301}, 👍🏽 你").into_iter().map(|t| (t.text, t.start, t.end)).collect();
    let expected = [("Né\u{301}", 2, 5), (",", 5, 6), ("👍🏽", 7, 9), ("你", 10, 11)];
    assert_eq!(places, expected.map(|(text, start, end)| (text.to_owned(), start, end)));
}

#[test]
fn the_id_of_a_word_is_zlibs_crc32_of_its_lower_case() {
    // zlib.crc32(word.lower().encode()) in Python.
    for (word, id) in [
        ("the", 1011183078),
        ("The", 1011183078),
        ("naïve", 3574563174),
        ("你", 3591885427),
        ("🙂", 4065912105),
        ("ΟΔΟΣ", 97676704),
        ("İstanbul", 2800934769),
    ] {
        assert_eq!(word_id(word), id, "{word}");
    }
    assert_eq!(word_id("123456789"), 0xCBF4_3926, "the check value of the CRC catalogue");
    let [upper, lower] = &tokens("The the")[..] else { panic!("two tokens") };
    assert_eq!((upper.text.as_str(), lower.text.as_str()), ("The", "the"));
    assert_eq!(upper.id, lower.id);
}

/// Letters, digits and ASCII punctuation; but the fillers of Hangul are letters that leave a blank.
fn can_be_seen(character: &char) -> bool {
    const FILLERS: [char; 4] = ['\u{115F}', '\u{1160}', '\u{3164}', '\u{FFA0}'];
    (character.is_alphanumeric() || character.is_ascii_punctuation()) && !FILLERS.contains(character)
}

#[test]
fn letters_that_leave_a_blank_are_no_tokens() {
    let words = |sentence| tokens(sentence).into_iter().map(|token| token.text).collect::<Vec<_>>();
    assert_eq!(words("\u{3164} a \u{FFA0}"), ["a"]);
}

proptest! {
    #[test]
    fn tokens_lie_where_they_say_and_lose_nothing_that_can_be_seen(sentence in any::<String>()) {
        let characters: Vec<char> = sentence.chars().collect();
        let mut end = 0;
        for token in tokens(&sentence) {
            prop_assert!(end <= token.start && token.start < token.end && token.end <= characters.len());
            prop_assert!(!characters[end..token.start].iter().any(can_be_seen));
            prop_assert_eq!(characters[token.start..token.end].iter().collect::<String>(), token.text.clone());
            prop_assert_eq!(token.id, word_id(&token.text));
            end = token.end;
        }
        prop_assert!(!characters[end..].iter().any(can_be_seen));
    }

    #[test]
    fn sinusoidal_positions_are_the_formula(len in 1..40_usize, width in 1..70_usize) {
        let table = positions(Positions::Sinusoidal, len, width);
        prop_assert_eq!(table.dim(), (len, width));
        for ((position, column), &value) in table.indexed_iter() {
            // Vaswani et al.: PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i + 1) = cos(pos / 10000^(2i/d)).
            let i = (column - column % 2) as f64 / 2.0;
            let expected = position as f64 * (-(2.0 * i / width as f64) * 10000_f64.ln()).exp();
            prop_assert!((angle(position, column, width) - expected).abs() < 1e-12);
            let expected = if column % 2 == 0 { expected.sin() } else { expected.cos() };
            prop_assert!((f64::from(value) - expected).abs() < 6e-8, "{value} is not {expected}");
        }
    }
}

#[test]
fn no_positions_add_nothing() {
    assert_eq!(positions(Positions::None, 3, 5), ndarray::Array2::<f32>::zeros((3, 5)));
    assert_eq!(Positions::default(), Positions::Sinusoidal);
}

#[test]
fn an_odd_width_ends_with_a_sine() {
    let table = positions(Positions::Sinusoidal, 2, 3);
    assert_eq!(table.row(0).to_vec(), [0.0, 1.0, 0.0]);
    assert_eq!(table[[1, 2]], (10000_f64.powf(-2.0 / 3.0)).sin() as f32);
}

#[test]
fn the_uniform_numbers_are_the_low_24_bits_of_the_mersenne_twister() {
    // What MT19937's reference code gives after init_genrand(seed).
    for (seed, words) in [
        (0, [2357136044, 2546248239, 3071714933, 3626093760_u32]),
        (42, [1608637542, 3421126067, 4083286876, 787846414]),
    ] {
        let (mut twister, mut generator) = (Mt::new(seed), Generator::manual_seed(seed.into()));
        for word in words {
            assert_eq!(twister.next_u32(), word);
            assert_eq!(generator.uniform(), (word % (1 << 24)) as f32 * 2_f32.powi(-24));
        }
    }
}

#[test]
fn the_numbers_of_seed_42_are_those_that_pytorch_prints() {
    let mut generator = Generator::manual_seed(42);
    let uniform = [(); 4].map(|()| format!("{:.7}", generator.uniform()));
    assert_eq!(uniform, ["0.8822693", "0.9150040", "0.3828638", "0.9593056"]);

    let short = Generator::manual_seed(42).randn(5);
    assert_eq!(short, [0.33669037, 0.1288094, 0.23446237, 0.23033303, -1.1228564]);
    let long = Generator::manual_seed(42).randn(16);
    assert_eq!(long[..4], [1.9269153, 1.4872841, 0.9007172, -2.105521]);

    let weight = Generator::manual_seed(42).linear_weight(64, 64);
    assert_eq!(weight.as_slice().unwrap()[..4], [0.095567316, 0.10375099, -0.02928406, 0.11482641]);
}

#[test]
fn only_the_low_32_bits_of_a_seed_count() {
    let seed = 42 + (7_u64 << 32);
    assert_eq!(Generator::manual_seed(seed).randn(20), Generator::manual_seed(42).randn(20));
    assert_eq!(word_embedding("cat", 8, u64::MAX), word_embedding("cat", 8, u32::MAX.into()));
}

#[test]
fn the_vector_of_a_word_does_not_depend_on_the_others() {
    for width in [1, 8, 15, 16, 17, 64] {
        let before = embed(&tokens("The cat sat on the mat"), width, 42);
        let after = embed(&tokens("A dog sat, on THE mat"), width, 42);
        assert_eq!(before.dim(), (6, width));
        assert_eq!(before.row(2), after.row(2), "sat");
        assert_eq!(before.row(3), after.row(4), "on, one place further");
        assert_eq!(before.row(0), after.row(5), "the, in capitals");
        assert_eq!(before.row(5).to_vec(), word_embedding("mat", width, 42));
        assert_ne!(before.row(1), after.row(1), "cat and dog");
        assert_ne!(before, embed(&tokens("The cat sat on the mat"), width, 43), "another seed");
    }
    assert_eq!(embed(&[], 8, 42).dim(), (0, 8));
}
