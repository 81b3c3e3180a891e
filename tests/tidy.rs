//! The house rules that a machine can check. Each test lists all that is wrong, not only the first.

use std::fs;
use std::path::{Path, PathBuf};

use headlight::lesson::{Theme, explain::Role, theme::Colors};

/// Which modules of this crate a module may use, and which crates only few may. Dependencies run downwards only.
const LAYERS: &[Layer] = &[
    Layer { module: "builtin", uses: &[], crates: &["js_sys"] },
    Layer { module: "attention", uses: &["builtin"], crates: &["lanes"] },
    Layer { module: "embedding", uses: &["attention", "builtin"], crates: &[] },
    Layer { module: "figure", uses: &["builtin"], crates: &[] },
    Layer { module: "protocol", uses: &["attention", "embedding"], crates: &[] },
    Layer { module: "lesson", uses: &["attention", "embedding", "figure", "builtin", "protocol"], crates: &[] },
    Layer { module: "gpu", uses: &["attention"], crates: &["bytemuck", "js_sys", "wasm_bindgen", "wgpu"] },
    Layer {
        module: "files",
        uses: &["embedding", "protocol"],
        crates: &[
            "half",
            "js_sys",
            "npyz",
            "py_literal",
            "safetensors",
            "serde_json",
            "wasm_bindgen",
            "wasm_bindgen_futures",
            "web_sys",
            "zip",
        ],
    },
    Layer {
        module: "engine",
        uses: &["attention", "embedding", "files", "gpu", "protocol"],
        crates: &["js_sys", "wasm_bindgen", "wasm_bindgen_futures", "web_sys"],
    },
    Layer {
        module: "ui",
        uses: &["lesson", "figure", "protocol"],
        crates: &["leptos", "js_sys", "wasm_bindgen", "wasm_bindgen_futures", "web_sys"],
    },
    Layer { module: "bin", uses: &["engine", "files", "gpu", "ui"], crates: &[] },
];

struct Layer {
    module: &'static str,
    uses: &'static [&'static str],
    crates: &'static [&'static str],
}

#[test]
fn dependencies_run_downwards_only() {
    let mut wrong = Vec::new();
    for file in files(&["src"]).iter().filter(|file| file.path != "src/lib.rs") {
        let module = file.path.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs");
        let Some(layer) = LAYERS.iter().find(|layer| layer.module == module) else {
            wrong.push(format!("{}: which layer is {module} in? LAYERS in tests/tidy.rs does not say", file.path));
            continue;
        };
        let code = file.without_comments();
        for used in ["crate::", "headlight::"].iter().flat_map(|root| modules_after(root, &code)) {
            if used != module && !layer.uses.contains(&used.as_str()) {
                wrong.push(format!("{}: {module} may not use {used}", file.path));
            }
        }
        for few in LAYERS.iter().flat_map(|layer| layer.crates) {
            if has_word(&code, &format!("{few}::")) && !layer.crates.contains(few) {
                wrong.push(format!("{}: {module} may not use the crate {few}", file.path));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn only_two_files_write_wgpu_descriptors() {
    let allowed = ["src/gpu/device.rs", "src/gpu/kernel.rs"];
    let wrong = lines_with(&files(&["src"]), |file, line| line.contains("Descriptor") && !allowed.contains(&file));
    assert_none(&wrong);
}

#[test]
fn every_kernel_has_its_twin_on_the_cpu() {
    let reference: String = files(&["src/attention"]).iter().map(File::without_comments).collect();
    let wrong: Vec<_> = files(&["shaders"])
        .iter()
        .filter_map(|file| file.path.strip_prefix("shaders/")?.strip_suffix(".wgsl"))
        .filter(|kernel| !kernel.contains('/') && !reference.contains(&format!("fn {kernel}(")))
        .map(|kernel| format!("shaders/{kernel}.wgsl: there is no `fn {kernel}` in src/attention"))
        .collect();
    assert_none(&wrong);
}

#[test]
fn every_exception_to_a_lint_has_its_reason() {
    let mut wrong = Vec::new();
    for file in files(&["python", "src", "tests", "xtask"]).iter().filter(|file| file.path.ends_with(".rs")) {
        for opening in
            ["[allow(", "[expect("].map(|attribute| ["#", "#!"].map(|hash| format!("{hash}{attribute}"))).concat()
        {
            for (at, _) in file.text.match_indices(&opening) {
                let attribute = file.text[at..].split(")]").next().unwrap_or_default();
                if !attribute.contains("reason = \"") {
                    wrong.push(format!("{}: {attribute})] gives no reason", file.path));
                }
            }
        }
    }
    assert_none(&wrong);
}

/// The figure's colours are the page's.
#[test]
fn figures_and_style_sheet_have_the_same_colours() {
    let sheet = fs::read_to_string(root().join("www/style.css")).expect("style.css is there");
    let mut wrong = Vec::new();
    for (theme, opening) in [(Theme::Light, ":root {"), (Theme::Dark, "[data-theme=\"dark\"] {")] {
        let colors = Colors::of(theme);
        let (_, rules) = sheet.split_once(opening).expect("each theme has its rules");
        let rules = rules.split('}').next().unwrap_or_default();
        for (name, color) in [
            ("panel", colors.panel),
            ("ink", colors.ink),
            ("soft", colors.soft),
            ("line", colors.line),
            ("chip", colors.chip),
            ("accent", colors.accent),
            ("good", colors.good),
            ("q", colors.role(Role::Query)),
            ("k", colors.role(Role::Key)),
            ("v", colors.role(Role::Value)),
            ("o", colors.role(Role::Output)),
        ] {
            let rule = format!("--{name}: {color};");
            if !rules.contains(&rule) {
                wrong.push(format!("www/style.css, {theme:?}: there is no `{rule}`"));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_notebook_package_is_of_this_version() {
    let manifest = fs::read_to_string(root().join("python/Cargo.toml")).expect("python/Cargo.toml is there");
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(manifest.lines().any(|line| line == version), "python/Cargo.toml has no `{version}`");
}

#[test]
fn nothing_is_left_to_do() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("dbg", "!(")];
    assert_none(&lines_with(&files(&["."]), |_, line| marks.iter().any(|mark| has_word(line, mark))));
}

#[test]
fn no_path_of_anyones_own_machine() {
    let homes = ["work", "home", "root", "Users"].map(|folder| format!("/{folder}/"));
    assert_none(&lines_with(&files(&["."]), |_, line| homes.iter().any(|home| has_word(line, home))));
}

#[test]
fn the_page_allows_its_own_origin_and_wasm_alone() {
    let page = fs::read_to_string(root().join("index.html")).expect("index.html is there");
    let (before, rest) = page.split_once("http-equiv=\"Content-Security-Policy\" content=\"").expect("a policy");
    assert!(!before.contains("<script") && !before.contains("<link"), "the policy binds only what stands after it");
    let policy = rest.split('"').next().unwrap_or_default();
    let rules: Vec<Vec<&str>> = policy.split(';').map(|rule| rule.split_whitespace().collect()).collect();
    for expected in ["default-src 'none'", "worker-src blob:", "connect-src 'self'", "base-uri 'none'"] {
        assert!(rules.iter().any(|rule| rule.join(" ") == expected), "{expected} is missing from: {policy}");
    }
    let sources = ["'none'", "'self'", "'wasm-unsafe-eval'", "blob:", "data:"];
    for rule in &rules {
        let unknown: Vec<_> = rule[1..].iter().filter(|source| !sources.contains(source)).collect();
        assert!(unknown.is_empty(), "{} allows {unknown:?}", rule[0]);
        assert!(rule[0] == "img-src" || !rule.contains(&"data:"), "{} allows data:", rule[0]);
    }
    assert_none(&lines_with(&files(&["tests/e2e"]), |_, line| line.contains("bypassCSP")));
}

/// `src/ui` writes them into HTML as they are, between tags and in quotes.
#[test]
fn the_pages_words_mean_nothing_in_html() {
    let words = files(&["src/lesson/words"]);
    assert!(words.iter().any(|file| file.text.contains("SENTENCE")), "the words are elsewhere");
    // Between the quotes of a line are the odd pieces.
    let in_quotes = |line: &str| line.split('"').skip(1).step_by(2).any(|text| text.contains(['<', '&']));
    assert_none(&lines_with(&words, |_, line| {
        !line.trim_start().starts_with("//") && (in_quotes(line) || line.contains("\\\""))
    }));
}

/// A file of this repository that holds text.
struct File {
    /// From the repository's root, with slashes.
    path: String,
    text: String,
}

impl File {
    /// Without the lines that are comments, those in docs among them.
    fn without_comments(&self) -> String {
        self.text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All text in these folders, sorted, without what was built or installed.
fn files(folders: &[&str]) -> Vec<File> {
    let built = ["target", "dist", "node_modules", "test-results", "pages", "__pycache__", ".git"];
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder can be read").flatten();
            waiting.extend(
                entries.map(|entry| entry.path()).filter(|path| !built.iter().any(|name| path.ends_with(name))),
            );
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
            found.push(File { path: path.trim_start_matches("./").to_owned(), text });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// `file:line: text` of every line for which `is_wrong(file, line)`.
fn lines_with(files: &[File], is_wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let lines =
        files.iter().flat_map(|file| file.text.lines().zip(1..).map(move |(line, number)| (file, line, number)));
    lines
        .filter(|(file, line, _)| is_wrong(&file.path, line))
        .map(|(file, line, number)| {
            format!("{}:{number}: {}", file.path, line.trim().chars().take(100).collect::<String>())
        })
        .collect()
}

/// The modules named right after `crate::` or the like: one, or those in braces.
fn modules_after(root: &str, code: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (at, _) in code.match_indices(root).filter(|(at, _)| !ends_in_name(&code[..*at])) {
        let mut depth = 0;
        let mut name = Some(String::new());
        for c in code[at + root.len()..].chars() {
            if let Some(name) = name.as_mut().filter(|_| c.is_alphanumeric() || c == '_') {
                name.push(c);
                continue;
            }
            if c.is_whitespace() && name.as_ref().is_none_or(String::is_empty) {
                continue;
            }
            // A name is over; the next begins at a brace or a comma, not behind `::` or `as`.
            modules.extend(name.take().filter(|name| !name.is_empty()));
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if depth == 1 && (c == '{' || c == ',') {
                name = Some(String::new());
            }
        }
    }
    modules
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !ends_in_name(&text[..at]))
}

fn ends_in_name(text: &str) -> bool {
    text.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

#[track_caller]
fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The rules above are only as good as this.
#[test]
fn modules_are_found_in_every_kind_of_use() {
    let code = "use crate::a::B; use crate::{c::{D, e::F}, g as I, j}; crate::k::l(); mycrate::m();";
    assert_eq!(modules_after("crate::", code), ["a", "c", "g", "j", "k"]);
}
