//! Holds the German words against the English ones, which other tests hold against the numbers: the same numbers, the same
//! words of the sentence, the same claims, whatever fills the gaps.

use std::{fs, path::Path};

use super::claim::{balance, mix, peak, share};
use super::explain::Whole;
use super::glossary::Term;
use super::tour::Stop;
use super::{Step, range::Range, words, words_de};
use crate::attention::Window;
use crate::embedding::Positions;
use crate::protocol::{Against, EngineKind, LeftOut, Lengths, Refusal, Setup};

/// What is claimed in the one language, and in the other.
const CLAIMS: &[(&str, &str)] = &[
    ("pull together", "ziehen sich an"),
    ("pull apart", "stoßen sich ab"),
    ("cancel out", "heben sich auf"),
    ("never differ in sign", "nie verschiedene Vorzeichen"),
    ("never agree in sign", "nie gleiche Vorzeichen"),
    ("is negative", "ist negativ"),
    ("is positive", "ist positiv"),
    ("pull both ways", "in beide Richtungen"),
    ("every product is 0", "jedes Produkt ist 0"),
    ("looks for", "sucht"),
    ("” can be found by", "“ zeigt"),
    ("” passes on", "“ weitergibt"),
    ("all of it", "also alles"),
    ("as much as any other", "so viel wie jedem anderen"),
    ("That is more than", "Das ist mehr als"),
    ("That is less than", "Das ist weniger als"),
    ("That is about", "Das ist etwa"),
    ("it has the largest share", "hat den größten Anteil"),
    ("no value is larger in size", "kein Value ist dem Betrag nach größer"),
    ("the word weighs more", "wiegt das Wort mehr"),
    ("the position weighs more", "wiegt die Position mehr"),
    ("both weigh the same", "wiegen beide gleich viel"),
    ("No key may be seen here", "Hier darf kein Key gesehen werden"),
    ("no key at all", "gar keinen Key"),
    ("takes nothing here", "nimmt hier nichts"),
    (" is a sine", " ist ein Sinus"),
    (" is a cosine", " ist ein Kosinus"),
    ("later, so it stays hidden", "später und bleibt deshalb verdeckt"),
    ("so it stays hidden", "bleibt deshalb verdeckt"),
    ("so it may be seen", "darf deshalb gesehen werden"),
    ("first nn", "erste nn"),
    ("fourth nn", "vierte nn"),
    ("temperature above 1", "Temperatur über 1"),
    ("temperature below 1", "Temperatur unter 1"),
    ("is left out", "entfällt"),
];

#[test]
fn every_claim_is_made_in_both_languages() {
    let texts = |folder: &str| -> String {
        let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lesson").join(folder));
        let paths = files.expect("its words").map(|file| file.expect("a file of them").path());
        paths.map(|path| fs::read_to_string(path).expect("text")).collect()
    };
    let (english, german) = (texts("words"), texts("words_de"));
    for (claim, translated) in CLAIMS {
        for (words, claim) in [(&english, claim), (&german, translated)] {
            // Word by word: some are put together, and “nn” stands for what fills a gap.
            for word in claim.split(['“', '”', ' ']).filter(|word| *word != "nn") {
                assert!(words.contains(word), "nobody says “{word}” of “{claim}”");
            }
        }
    }
}

/// That both say the same.
#[track_caller]
fn same(english: impl AsRef<str>, german: impl AsRef<str>) {
    let (english, german) = (english.as_ref(), german.as_ref());
    assert_eq!(numbers(english), numbers(german), "\n{english}\n{german}\n");
    assert_eq!(quoted(english, '“', '”'), quoted(german, '„', '“'), "\n{english}\n{german}\n");
    for (claim, translated) in CLAIMS {
        assert_eq!(english.contains(claim), german.contains(translated), "{claim}\n{english}\n{german}\n");
    }
    assert!(!german.contains("{") && !german.contains('”'), "{german}");
    assert_eq!(english.ends_with('.'), german.ends_with('.'), "\n{english}\n{german}\n");
}

/// That both say the same of each of these.
#[track_caller]
fn same_of<T: Copy, A: AsRef<str>, B: AsRef<str>>(
    all: impl IntoIterator<Item = T>,
    english: impl Fn(T) -> A,
    german: impl Fn(T) -> B,
) {
    for one in all {
        same(english(one), german(one));
    }
}

/// The numbers outside of quotes, with their signs, and the counts and ranks that are words; sorted.
fn numbers(text: &str) -> Vec<String> {
    const COUNTS: [(&str, &str); 11] = [
        ("two", "zwei"),
        ("three", "drei"),
        ("four", "vier"),
        ("five", "fünf"),
        ("six", "sechs"),
        ("seven", "sieben"),
        ("eight", "acht"),
        ("nine", "neun"),
        ("ten", "zehn"),
        ("eleven", "elf"),
        ("twelve", "zwölf"),
    ];
    const RANKS: [(&str, &str); 9] = [
        ("second", "zweit"),
        ("third", "dritt"),
        ("fourth", "viert"),
        ("fifth", "fünft"),
        ("sixth", "sechst"),
        ("seventh", "siebt"),
        ("eighth", "acht"),
        ("ninth", "neunt"),
        ("tenth", "zehnt"),
    ];
    let mut is_quoted = false;
    let unquoted: String = text
        .replace("beide Scores", "zwei Scores")
        .chars()
        .map(|character| {
            // What closes in the one language opens in the other.
            let (was_quoted, is_quote) = (is_quoted, "„“”".contains(character));
            is_quoted ^= is_quote;
            if was_quoted || is_quote { ' ' } else { character }
        })
        .collect();
    let mut numbers = Vec::new();
    for word in unquoted.split(|c: char| !(c.is_alphanumeric() || ".−+±∞√%".contains(c))) {
        let rank = RANKS.iter().position(|(english, german)| {
            let ends = ["größten", "kleinsten", "höchste", "niedrigste", "e", "en"];
            word == *english || word.strip_prefix(german).is_some_and(|rest| ends.contains(&rest))
        });
        let count = COUNTS.iter().position(|(english, german)| {
            word == *english || word.strip_prefix(german).is_some_and(|rest| ["", "er"].contains(&rest))
        });
        if let Some(index) = rank.or(count) {
            numbers.push((index + 2).to_string());
        } else if word.contains(|c: char| c.is_ascii_digit() || c == '∞') {
            // "21st", and what ends a sentence.
            let ending = |c: char| c == '.' || c.is_ascii_alphabetic();
            numbers.push(if word.starts_with(ending) { word } else { word.trim_end_matches(ending) }.to_owned());
        }
    }
    numbers.sort();
    numbers
}

/// The words that a test has put into the text, each in its quotes; sorted.
fn quoted(text: &str, opens: char, closes: char) -> Vec<&str> {
    let pieces = text.split(opens).skip(1).filter_map(|piece| piece.split_once(closes));
    let mut words: Vec<&str> = pieces.map(|(word, _)| word).filter(|word| word.starts_with('x')).collect();
    words.sort_unstable();
    words
}

const QUERY: &str = "xa";
const KEY: &str = "xb";
const BEST: &str = "xc";

/// Rows of so many numbers that have ties, zeros and both signs, the same in every run.
fn rows(len: usize) -> impl Iterator<Item = Vec<f32>> {
    let mut state = 7_u32;
    (0..40).map(move |row| {
        let values = (0..len).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Few different ones at first, then many.
            let most = 2 + row * row;
            ((state >> 8) % (2 * most + 1)) as f32 - most as f32
        });
        values.map(|value| value * 0.37).collect()
    })
}

#[test]
fn sums_pull_alike() {
    for len in [1, 2, 16] {
        let rows: Vec<_> = rows(len).collect();
        let mut pairs: Vec<_> = rows.iter().zip(rows.iter().rev()).map(|(l, r)| (l.clone(), r.clone())).collect();
        for sign in [1.0, -1.0, 0.0] {
            pairs.push((vec![1.0; len], vec![sign; len]));
        }
        for (left, right) in pairs {
            let value: f32 = left.iter().zip(&right).map(|(l, r)| l * r).sum();
            let balance = balance(value, &left, &right);
            same(words::why::score(QUERY, KEY, &balance), words_de::why::score(QUERY, KEY, &balance));
            let does = [
                (words::explain::LOOKS_FOR, words_de::explain::LOOKS_FOR),
                (words::explain::FOUND_BY, words_de::explain::FOUND_BY),
                (words::explain::PASSES_ON, words_de::explain::PASSES_ON),
            ];
            // The last term may be a bias.
            let [label, german_label] = [words::explain::BIAS, words_de::explain::BIAS].map(|bias| {
                let last = left.len() - 1;
                move |index: usize| if index < last { index.to_string() } else { bias.to_owned() }
            });
            for (does, german) in does {
                same(
                    words::why::projection(KEY, 3, does, &label, &balance),
                    words_de::why::projection(KEY, 3, german, &german_label, &balance),
                );
            }
            let label = |index| format!("1 · {index}");
            same(words::why::output(KEY, 3, &label, &balance), words_de::why::output(KEY, 3, &label, &balance));
        }
    }
}

#[test]
fn rows_are_shared_out_alike() {
    for len in [1, 2, 3, 6, 12, 13, 48] {
        for row in rows(len) {
            for visible in [len, len.div_ceil(2), 1] {
                let visible: Vec<usize> = (0..visible).collect();
                let exps: Vec<f32> = visible.iter().map(|&key| row[key].exp()).collect();
                for key in visible.iter().copied().step_by(5) {
                    let claim = share(exps[key] / exps.iter().sum::<f32>(), &row, key, &visible);
                    same(words::why::share(QUERY, KEY, BEST, &claim), words_de::why::share(QUERY, KEY, BEST, &claim));
                }
            }
            for visible in [len, 1, 0] {
                let visible: Vec<usize> = (0..visible).collect();
                let peak = peak(&row, &visible);
                same(words::why::row_max(KEY, &peak), words_de::why::row_max(KEY, &peak));
                same(words::why::row_sum(KEY, &peak), words_de::why::row_sum(KEY, &peak));
                for whole in [Whole::Exactly, Whole::Rounded, Whole::No] {
                    let [english, german] = [words::why::given_row_sum, words_de::why::given_row_sum];
                    same(english(KEY, &peak, 0.75, whole), german(KEY, &peak, 0.75, whole));
                }
                same(words::why::exponential_sum(KEY, &peak, 3.5), words_de::why::exponential_sum(KEY, &peak, 3.5));
            }
        }
    }
}

#[test]
fn values_are_mixed_alike() {
    let all: Vec<_> = rows(16).collect();
    let shares = |row: &[f32]| row.iter().map(|value| value.abs() / 8.0).collect::<Vec<_>>();
    let mut cases: Vec<_> = all.iter().zip(all.iter().rev()).map(|(a, b)| (shares(a), b.clone())).collect();
    cases.push((vec![0.0; 16], vec![1.0; 16]));
    for (shares, values) in cases {
        for visible in [16, 5, 2, 1, 0] {
            let claim = mix(&shares, &values, &(0..visible).collect::<Vec<_>>());
            same(words::why::mixed(QUERY, KEY, &claim), words_de::why::mixed(QUERY, KEY, &claim));
        }
    }
}

#[test]
fn single_numbers_are_explained_alike() {
    use words::{explain as say, why};
    use words_de::{explain as say_de, why as why_de};
    for distance in [0.0, 0.25, 12.0] {
        same(why::shifted(KEY, distance), why_de::shifted(KEY, distance));
        same(why::exponential(KEY, distance, 0.779), why_de::exponential(KEY, distance, 0.779));
        for other in [0.25, -0.25, 3.0] {
            same(why::input(KEY, 4, distance, other), why_de::input(KEY, 4, distance, other));
        }
    }
    same_of(0..4, |dimension| why::wave(dimension, 6.5), |dimension| why_de::wave(dimension, 6.5));
    same(why::becomes(1.319, -0.33), why_de::becomes(1.319, -0.33));
    for others in [0, 1, 2, 8, 9, 20] {
        let others: Vec<usize> = (0..others).collect();
        same_of([3, 9], |end| say::why_token(2, end, &others), |end| say_de::why_token(2, end, &others));
    }
    same_of(0..4, |layer| say::why_weight(layer, 64, 42), |layer| say_de::why_weight(layer, 64, 42));
    same(say::why_turned(KEY, 3, 2, 0.031), say_de::why_turned(KEY, 3, 2, 0.031));
    for (head_dim, is_scaled, softcap) in [(1, true, None), (16, true, Some(5.0)), (16, false, None), (1, false, None)]
    {
        same_of(
            [1.0, 0.5, 2.0],
            |temperature| say::why_scaled(head_dim, is_scaled, temperature, softcap),
            |temperature| say_de::why_scaled(head_dim, is_scaled, temperature, softcap),
        );
    }
    let ends = [None, Some(0), Some(1), Some(4)];
    for (left, right, hidden) in ends.into_iter().flat_map(|left| ends.map(|right| (left, right, left == right))) {
        let window = Window { left, right };
        // One token is said in a word.
        let german = say_de::why_window(window, left.is_none(), [7, 5], hidden)
            .replace("eines davor", "1 davor")
            .replace("eines danach", "1 danach");
        same(say::why_window(window, left.is_none(), [7, 5], hidden), german);
    }
    same_of([true, false], say::rule_agrees, say_de::rule_agrees);
    same_of([0, 1, 5], |distance| say::why_distance(distance, 0.25), |distance| say_de::why_distance(distance, 0.25));
    same_of([1, 16], say::sum_of, say_de::sum_of);
    same(say::keys_moved(3, 1), say_de::keys_moved(3, 1));
    same(say::does_not_add_up(1.0, 2.0, 1.0, 1e-7), say_de::does_not_add_up(1.0, 2.0, 1.0, 1e-7));
    same(say::holds_within("", 3e-9, 1e-7), say_de::holds_within("", 3e-9, 1e-7));
    same(say::another_id(1, 2), say_de::another_id(1, 2));
    same_of([true, false], |hidden| say::rule_disagrees(hidden, 0.5), |hidden| say_de::rule_disagrees(hidden, 0.5));
}

#[test]
fn notices_tell_alike() {
    let counts = [(1, 0), (20, 0), (0, 1), (0, 3)].map(|(tokens, sentences)| LeftOut { tokens, sentences });
    same_of(counts, words::left_out, words_de::left_out);
    let refusals = [
        Refusal::NoTokens,
        Refusal::Width(600),
        Refusal::Heads { heads: 3, width: 64 },
        Refusal::Attention("x.".into()),
    ];
    same_of(&refusals, words::refusal, words_de::refusal);
    same(
        words::bad_number("xa", "xb", "number", ["0", "64"], "7"),
        words_de::bad_number("xa", "xb", "Zahl", ["0", "64"], "7"),
    );
    same(words::no_engine("xa"), words_de::no_engine("xa"));
    same(words::wrong_build("12", "34"), words_de::wrong_build("12", "34"));
    same(words::engine_died("12."), words_de::engine_died("12."));
    same(words::engine_died_again("12."), words_de::engine_died_again("12."));
    let adapter = || EngineKind::WebGpu { adapter: "7".to_owned() };
    for against in [
        Against::Engine(adapter()),
        Against::Engine(EngineKind::Cpu { instead_of_webgpu: None }),
        Against::Reference { reason: "9.".to_owned(), tokens: 3, of: 6 },
    ] {
        same(words::checked_against(&against), words_de::checked_against(&against));
    }
}

#[test]
fn set_ups_are_told_alike() {
    let setups = [
        Setup::default(),
        Setup { mask: Window::CAUSAL, seed: 7, padding: 3, softcap: Some(2.5), ..Setup::default() },
        Setup {
            temperature: 0.5,
            heads: 2,
            painted: vec![(1, 2, false).into(), (3, 4, true).into()],
            heads_off: vec![0],
            ..Setup::default()
        },
        Setup { positions: Positions::None, is_cross: true, ..Setup::default() },
        Setup { is_scaled: false, width: 32, heads_off: vec![0, 2], positions: Positions::Alibi, ..Setup::default() },
    ];
    for before in &setups {
        for now in &setups {
            same(words::compared_with(before, now), words_de::compared_with(before, now));
        }
        let cpu = EngineKind::Cpu { instead_of_webgpu: None };
        same(
            words::print::calculated(before, Some(1), &cpu, Range::Lesson),
            words_de::print::calculated(before, Some(1), &cpu, Range::Lesson),
        );
        same(words::scale_operator(before), words_de::scale_operator(before));
    }
    same_of([0, 1, 7], words::painted, words_de::painted);
    same_of([1, 464], words::more_tokens, words_de::more_tokens);
    same_of([1, 12], words::smaller_terms, words_de::smaller_terms);
    same_of(
        [1, 16],
        |count| words::columns_of(16, count, "[64, 64]"),
        |count| words_de::columns_of(16, count, "[64, 64]"),
    );
    for (keys, len) in [(0..9, 9), (2..5, 9), (3..7, 9), (3..7, 12)] {
        let len = Lengths { queries: 9, keys: len };
        same(words::zoomed(2..5, keys.clone(), len), words_de::zoomed(2..5, keys, len));
    }
    for repeated in [None, Some(("xa", "xa")), Some(("xa", "xb"))] {
        for setup in &setups {
            same_of(
                [1, 6],
                |count| words::token_note(count, repeated, setup),
                |count| words_de::token_note(count, repeated, setup),
            );
        }
    }
}

#[test]
fn arcs_are_told_alike() {
    use words::arcs;
    use words_de::arcs as arcs_de;
    for sees_all in [true, false] {
        same(arcs::looks_most(QUERY, KEY, 0.299, sees_all), arcs_de::looks_most(QUERY, KEY, 0.299, sees_all));
    }
    same(arcs::gets(KEY, QUERY, 0.299), arcs_de::gets(KEY, QUERY, 0.299));
    let shares: Vec<String> = [0.5, 0.3].map(|share| arcs::share_of(KEY, share)).to_vec();
    assert_eq!(shares[0], arcs_de::share_of(KEY, 0.5));
    for (shares, others) in [(&shares[..], 0), (&shares[..], 1), (&shares[..], 12), (&[], 0)] {
        for hidden in [0, 1, 24, 25] {
            let hidden = vec![QUERY.to_owned(); hidden];
            for sees_all in [true, false] {
                same(
                    arcs::row(QUERY, shares, (others, 0.125), &hidden, sees_all),
                    arcs_de::row(QUERY, shares, (others, 0.125), &hidden, sees_all),
                );
            }
        }
    }
    same_of([1, 3], words::cells_beyond, words_de::cells_beyond);
}

#[test]
fn the_lesson_is_told_alike() {
    let gaps = |text: &str| text.matches("{}").count();
    for stop in Stop::ALL {
        let (text, german) = (words::tour::text(stop), words_de::tour::text(stop));
        assert_eq!(gaps(text), gaps(german), "{stop:?}");
        assert_ne!(words::tour::title(stop), words_de::tour::title(stop));
        same(words::tour::progress(stop), words_de::tour::progress(stop));
        assert_eq!(words::tour::options(stop).len(), words_de::tour::options(stop).len(), "{stop:?}");
        for right in 0..3 {
            assert_eq!(gaps(words::tour::answer(stop, right)), gaps(words_de::tour::answer(stop, right)), "{stop:?}");
        }
    }
    for heading in [
        (words::explain::ASKS, words_de::explain::ASKS),
        (words::explain::TAKES, words_de::explain::TAKES),
        (words::explain::MAY_NOT_SEE, words_de::explain::MAY_NOT_SEE),
        (words::explain::AT_DIMENSION_OF_ITS, words_de::explain::AT_DIMENSION_OF_ITS),
    ] {
        assert_eq!(gaps(heading.0), gaps(heading.1), "{heading:?}");
    }
    // Where no number is calculated, "two" may be "beide".
    let digits = |text: &str| {
        let mut digits: Vec<String> = text
            .split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .map(|word| word.trim_matches('.').to_owned())
            .collect();
        digits.sort();
        digits.retain(|digits| !digits.is_empty());
        digits
    };
    for term in Term::ALL {
        assert_eq!(digits(words::glossary::meaning(term)), digits(words_de::glossary::meaning(term)), "{term:?}");
        same(words::glossary::whereabouts(&term.place()), words_de::glossary::whereabouts(&term.place()));
    }
    for step in Step::ALL {
        for (english, german) in words::more::more(step).iter().zip(words_de::more::more(step)) {
            assert_eq!(digits(english), digits(german), "{step:?}");
        }
        for mask in [Window::OPEN, Window::CAUSAL, Window { left: Some(2), right: Some(0) }] {
            for flag in [true, false] {
                let setup = Setup { mask, is_scaled: flag, is_cross: !flag, ..Setup::default() };
                let (english, german) = (words::step_lead(step, &setup, flag), words_de::step_lead(step, &setup, flag));
                assert_eq!(digits(english), digits(german), "{step:?}");
            }
        }
        let title = |title: &str| title.matches(':').count();
        assert_eq!(
            title(words::step_title(step, &Setup::default())),
            title(words_de::step_title(step, &Setup::default())),
            "{step:?}"
        );
    }
}

#[test]
fn tensors_out_of_files_are_told_alike() {
    use crate::protocol::{Along, Axes, Begins, FoundTensor, FromFile, Given, Role, Sizes, Unfit};
    let shape = || vec![2, 3];
    let unfit = [
        Unfit::Nothing,
        Unfit::Missing(Role::Keys),
        Unfit::Missing(Role::InProjection),
        Unfit::Missing(Role::ValueProjection),
        Unfit::Gone,
        Unfit::Axes { role: Role::Weights, name: "xa".to_owned(), shape: shape() },
        Unfit::Empty { name: "xa".to_owned(), shape: shape() },
        Unfit::KeyHeads { heads: 4, key_heads: 3 },
        Unfit::Heads { heads: 3, width: 64 },
        Unfit::Heads { heads: 0, width: 64 },
        Unfit::TooLong(5000),
        Unfit::Words { there: 3, needed: 6 },
        Unfit::TooMany { axis: Along::Heads, there: 300, most: 256 },
        Unfit::TooLarge(7),
    ];
    same_of(&unfit, words::given::unfit, words_de::given::unfit);
    for axis in [Along::Layers, Along::Batch, Along::Heads, Along::Queries, Along::Keys, Along::HeadWidth, Along::Width]
    {
        let unfit = Unfit::Lengths { axis, one: (Role::Queries, 1), other: (Role::Keys, 7) };
        same(words::given::unfit(&unfit), words_de::given::unfit(&unfit));
    }
    let sizes = |key_heads, is_cross| Sizes {
        layers: 3,
        batch: 2,
        left_out: 0,
        heads: 4,
        key_heads,
        queries: 6,
        keys: 5,
        head_dim: 8,
        is_cross,
    };
    for sizes in [sizes(4, false), sizes(2, true)] {
        for begins in [Begins::Input, Begins::Projections, Begins::Weights] {
            same(words::given::sizes(begins, &sizes), words_de::given::sizes(begins, &sizes));
        }
    }
    for (begins, layers) in [(Begins::Input, 1), (Begins::Projections, 4), (Begins::Weights, 12)] {
        let (words, axes, name) = ([vec![], vec![]], Axes::Named, "7.npz".to_owned());
        let given = Given { begins, parts: vec![], layer: 2, layers, axes, words, name, look: 1 };
        same(words::given::from_files(&given), words_de::given::from_files(&given));
    }
    let tensor =
        |is_exact, texts| FoundTensor { name: "a".to_owned(), shape: shape(), dtype: "f8".to_owned(), is_exact, texts };
    for tensor in [tensor(true, vec![]), tensor(false, vec![]), tensor(true, vec!["a".to_owned()])] {
        same(words::given::dtype(&tensor), words_de::given::dtype(&tensor));
    }
    same(words::given::reading(3, 7_000_000), words_de::given::reading(3, 7_000_000));
    for dtype in ["float32", "float16"] {
        let from = FromFile { name: "7.npz".to_owned(), index: shape(), dtype: dtype.to_owned() };
        same(words::given::why_given(&from), words_de::given::why_given(&from));
    }
    for least in [Some(0.5), Some(1.7), None] {
        let [english, german] = [words::given::weights_do_not_add_up, words_de::given::weights_do_not_add_up];
        same(english(least, 1.7), german(least, 1.7));
    }
    for ends in [Some((-0.5, 7.0)), Some((-1e-9, 7.0)), None] {
        same(words::given::weights_are_no_shares(ends), words_de::given::weights_are_no_shares(ends));
    }
    for (begins, heads_are_said, left_alone) in [(Begins::Input, false, &["x7"][..]), (Begins::Input, true, &[])] {
        let sizes = Sizes { left_out: 3, ..sizes(4, false) };
        same(
            words::given::summary(begins, &sizes, heads_are_said, left_alone),
            words_de::given::summary(begins, &sizes, heads_are_said, left_alone),
        );
    }
    same(words::given::taken_for("x7"), words_de::given::taken_for("x7"));
    same(words::given::left_out(7), words_de::given::left_out(7));
    same(words::given::more_tensors(7), words_de::given::more_tensors(7));
}
