//! Each language has the same texts in the same places, and none is left in another. (What they say of numbers is compared
//! in `lesson/translated.rs`.) Each test lists all that is wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is written alike in both languages: names, terms that stay English, and signs with letters in them.
const ALIKE: &[&str] = &[
    // Names.
    "Headlight",
    "float32",
    "cividis",
    "viridis",
    "batlow",
    "vik",
    "roma",
    "broc",
    "ALiBi",
    "CPU",
    "CSV",
    "JavaScript",
    "JSON",
    "NumPy",
    "NumPy, .npy",
    "NumPy, .npz",
    "PyTorch",
    "safetensors",
    "WebGPU",
    "Tab",
    "in_proj_bias",
    "in_proj_weight",
    "k_proj.bias",
    "k_proj.weight",
    "out_proj.bias",
    "out_proj.weight",
    "q_proj.bias",
    "q_proj.weight",
    "v_proj.bias",
    "v_proj.weight",
    // Terms of the field.
    "Code",
    "Engine",
    "Format",
    "Keys",
    "Link",
    "Matrix",
    "Padding",
    "Q K V",
    "Queries",
    "Scores",
    "Seed",
    "Softmax",
    "Tensor",
    "Tokens",
    "Values",
    "Zoom",
    // Symbols.
    "exp",
    "max",
    "m − max",
    "M − max",
    "Σ exp",
    "t_kv",
    "E_kv",
    "P_kv",
    "X_kv",
    "X kv",
];

/// Words that no German sentence has.
const ENGLISH: &[&str] = &[
    "the", "of", "and", "is", "are", "to", "it", "its", "that", "this", "which", "with", "from", "for", "each", "one",
    "no", "not", "may", "what", "row", "column", "head", "heads", "word", "words", "step", "mask", "share", "shares",
    "number",
];

#[test]
fn both_languages_have_the_same_items_in_the_same_files() {
    let mut wrong = Vec::new();
    for (name, english, german) in files() {
        let (english, german) = (items(&english), items(&german));
        for item in english.difference(&german).chain(german.difference(&english)) {
            // What helps to make sentences may differ.
            if item.starts_with("pub") {
                wrong.push(format!("{name}: only one language has `{item}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn nothing_is_left_untranslated() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    let mut alike: BTreeSet<&str> = ALIKE.iter().copied().collect();
    for (name, english, german) in files() {
        let english: BTreeSet<String> = texts(&english).into_iter().collect();
        for text in texts(&german) {
            compared += 1;
            if english.contains(&text) {
                alike.remove(text.as_str());
            }
            if english.contains(&text) && !ALIKE.contains(&text.as_str()) {
                wrong.push(format!("words_de/{name} has the English text {text:?}"));
            }
            let own = without_quotes(&text);
            let words = own.split(|c: char| !c.is_alphanumeric());
            for word in words.filter(|word| ENGLISH.contains(word)) {
                wrong.push(format!("words_de/{name}: {word:?} is English, in {text:?}"));
            }
        }
    }
    wrong.extend(alike.iter().map(|text| format!("{text:?} is not written alike in both languages")));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(compared > 500, "{compared} texts were found; where are the others?");
}

/// English ones open with “ and close with ”, German ones open with „ and close with “.
#[test]
fn quotes_are_those_of_the_language() {
    let mut wrong = Vec::new();
    for (name, english, german) in files() {
        for (texts, [opens, closes], stranger) in
            [(texts(&english), ['“', '”'], '„'), (texts(&german), ['„', '“'], '”')]
        {
            for text in texts {
                let count = |quote| text.matches(quote).count();
                // Between the quoted words of a list one closes before one opens.
                let pairs = count(opens) == count(closes);
                let first = text.find(opens) < text.find(closes) || text.starts_with(closes);
                if !pairs || text.contains(stranger) || count(opens) > 0 && !first {
                    wrong.push(format!("{name}: {text:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// But for its texts, the names of its program and the feature that its program is compiled with.
#[test]
fn the_german_page_is_the_english_one_in_german() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap_or_else(|_| panic!("{name} is there"));
    let (english, german) = (read("index.html"), read("de.html"));
    let is_of_gpu = |line: &&str| !line.contains("data-bin=\"gpu\"");
    let (english, german) = (english.lines().filter(is_of_gpu), german.lines().filter(is_of_gpu));
    let mut texts = 0;
    for (english, german) in english.zip(german) {
        let starts = ["<title>", "<noscript>", "<p id=\"trouble\"", "<meta name=\"description\""];
        if let Some(start) = starts.iter().find(|start| english.starts_with(**start)) {
            assert!(german.starts_with(start) && english != german, "{german}");
            texts += 1;
            continue;
        }
        let expected = english
            .replace("<html lang=\"en\">", "<html lang=\"de\">")
            .replace("hreflang=\"de\" href=\"./de.html\"", "hreflang=\"en\" href=\"./index.html\"")
            .replace("./app.js", "./app_de.js")
            .replace("./app_bg.wasm", "./app_de_bg.wasm")
            .replace("\"engine,ui\"", "\"engine,ui,german\"");
        assert_eq!(expected, german);
    }
    assert_eq!(texts, 4);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files that both languages have: name, English, German.
fn files() -> Vec<(String, String, String)> {
    let [english, german] = ["words", "words_de"].map(|folder| root().join("src/lesson").join(folder));
    let names = |folder: &PathBuf| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).expect("the words are there").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names(&english), names(&german));
    let read = |folder: &PathBuf, name: &str| fs::read_to_string(folder.join(name)).expect("it can be read");
    names(&english).into_iter().map(|name| (name.clone(), read(&english, &name), read(&german, &name))).collect()
}

/// The first line of everything that is declared, up to its value or body.
fn items(code: &str) -> BTreeSet<String> {
    let declarations = code.lines().map(str::trim).filter(|line| {
        let rest = line.trim_start_matches("pub(super) ").trim_start_matches("pub ");
        ["fn ", "const ", "mod "].iter().any(|kind| rest.starts_with(kind))
    });
    declarations.map(|line| line.split(['=', '{']).next().unwrap_or_default().trim().to_owned()).collect()
}

/// The texts between quotes that have letters, outside of comments and of what only programmers read.
fn texts(code: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let code: String = code
        .replace("\\\n", "")
        .lines()
        .filter(|line| !line.trim_start().starts_with("//") && !line.contains("reason = "))
        .flat_map(|line| [line, "\n"])
        .collect();
    for text in code.split('"').skip(1).step_by(2) {
        let mut depth = 0;
        let outside = text.chars().filter(|&c| {
            depth += i32::from(c == '{');
            let is_outside = depth == 0;
            depth -= i32::from(c == '}');
            is_outside
        });
        if outside.filter(|c| c.is_alphabetic()).count() >= 3 {
            texts.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    texts
}

/// Without what German texts quote, which may be the words of the English example, and without the names of gaps.
fn without_quotes(text: &str) -> String {
    let mut depth = 0;
    let is_own = |c: char| {
        depth += i32::from(matches!(c, '„' | '{'));
        let is_own = depth == 0;
        depth -= i32::from(matches!(c, '“' | '}') && depth > 0);
        is_own
    };
    let mut is_own = is_own;
    text.chars().map(|c| if is_own(c) { c } else { ' ' }).collect()
}
