//! The code that the page gives runs elsewhere, and finds the page's numbers.

#[path = "common/engine.rs"]
mod engine;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use engine::{on_cpu, on_gpu, read, run_pair};
use headlight::attention::Window;
use headlight::embedding::Positions;
use headlight::engine::Engine;
use headlight::lesson::{Session, Zoom, code::Code, scene::Data};
use headlight::protocol::{Paint, Setup};

const EXAMPLE: &str = "The cat sat on the mat";
const LONG: &str = "A sentence of many more words than the corner that is compared has room for, so that its “quotes”, its \\ and \
    its naïve 你好 🙂 İstanbul are all there, and the mask hides what lies beyond the window's two ends";

/// The sentences, the second ones, and with what they are calculated: heads, masks, positions, widths and seeds of every kind.
fn setups() -> Vec<(&'static str, [&'static str; 2], Setup)> {
    let standard = Setup::default();
    let paint = |query, key, is_seen| Paint { query, key, is_seen };
    vec![
        ("standard", [EXAMPLE, ""], standard.clone()),
        ("causal", [EXAMPLE, ""], Setup { mask: Window::CAUSAL, heads: 1, seed: 0, ..standard.clone() }),
        (
            "window",
            [LONG, ""],
            Setup { mask: Window { left: Some(3), right: Some(1) }, heads: 8, width: 128, seed: 7, ..standard.clone() },
        ),
        ("rotary", [LONG, ""], Setup { positions: Positions::Rotary, width: 12, heads: 4, ..standard.clone() }),
        (
            "alibi",
            [LONG, ""],
            Setup {
                positions: Positions::Alibi,
                mask: Window::CAUSAL,
                width: 48,
                heads: 3,
                seed: u64::MAX,
                ..standard.clone()
            },
        ),
        (
            "painted",
            [EXAMPLE, ""],
            Setup {
                painted: [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5)]
                    .map(|(query, key)| paint(query, key, false))
                    .into_iter()
                    .chain([paint(1, 4, true), paint(3, 0, false)])
                    .collect(),
                mask: Window::CAUSAL,
                positions: Positions::None,
                ..standard.clone()
            },
        ),
        (
            "what if",
            [EXAMPLE, ""],
            Setup {
                is_scaled: false,
                temperature: 0.7,
                softcap: Some(2.5),
                heads_off: vec![0, 2],
                width: 8,
                heads: 4,
                ..standard.clone()
            },
        ),
        ("sharp", [LONG, ""], Setup { is_scaled: false, temperature: 0.1, heads: 1, width: 512, ..standard.clone() }),
        ("one head off", [EXAMPLE, ""], Setup { heads: 1, heads_off: vec![0], width: 512, ..standard.clone() }),
        (
            "batch",
            ["The cat sat on the mat\nDogs bark\nTime flies like an arrow", ""],
            Setup { padding: 2, seed: 1234, ..standard.clone() },
        ),
        (
            "cross",
            ["The cat sat on the mat\nDogs bark", "Die Katze saß\nHunde bellen sehr laut"],
            Setup {
                is_cross: true,
                mask: Window { left: Some(1), right: Some(0) },
                painted: vec![paint(2, 0, true)],
                ..standard.clone()
            },
        ),
        ("cross alibi", [EXAMPLE, LONG], Setup { is_cross: true, positions: Positions::Alibi, heads: 2, ..standard }),
    ]
}

/// The code of a run, of its last sentence and this head, which this link opens.
fn text(code: Code, engine: &mut Engine, sentences: [&str; 2], setup: &Setup, head: usize, link: &str) -> String {
    let done = run_pair(engine, 1, sentences, setup, vec![]);
    let item = done.batch.len() - 1;
    let session = Session { item, head, setup: setup.clone(), ..Session::default() };
    let data = Data::new(done, (item, Zoom::ALL));
    let slices = code.slices(&session, &data).expect("it is short");
    let come = |slice| Some((slice, read(engine, 1, slice)?));
    let data = data.with(slices.into_iter().filter_map(come).collect());
    code.text(&session, &data, link).expect("all is here")
}

/// The code of every set-up, calculated by both engines, as files.
fn written(code: Code, folder: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    fs::create_dir_all(&folder).expect("a folder for it");
    let mut paths = Vec::new();
    for (name, [sentence, second], setup) in setups() {
        for (engine, name) in [(&mut on_cpu(), format!("{name}, CPU")), (&mut on_gpu(), format!("{name}, GPU"))] {
            let text = text(code, engine, [sentence, second], &setup, setup.heads - 1, "http://127.0.0.1:8080/#v=1");
            assert!(!text.contains("#if") && !text.contains("#end"), "{text}");
            let path = folder.join(format!("{name}.py"));
            fs::write(&path, text).expect("it can be written");
            paths.push(path);
        }
    }
    paths
}

/// Runs them all in one Python, which has loaded what they need once.
fn expect_to_pass(python: &str, paths: &[PathBuf], expected: &str) {
    let program = env::var(python).unwrap_or_else(|_| {
        panic!(
            "{python} must name a Python that has what this code needs; `cargo xtask test gpu` finds one, or gets it"
        )
    });
    const RUN: &str =
        "import runpy, sys\nfor path in sys.argv[1:]:\n    print(path)\n    runpy.run_path(path, run_name='__main__')";
    let output = Command::new(program).args(["-W", "error", "-c", RUN]).args(paths).output().expect("Python starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let agreed = said.lines().filter(|line| line.contains("agrees with the page")).count();
    assert_eq!(agreed, 10 * paths.len(), "{said}");
    assert!(said.contains(expected), "{said}");
}

#[test]
fn the_module_in_docs_is_the_one_that_the_page_gives() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/headlight_attention.py");
    let engine = &mut on_cpu();
    let setup = Setup { mask: Window::CAUSAL, ..Setup::default() };
    let text = text(Code::PyTorch, engine, [EXAMPLE, ""], &setup, 0, "");
    if env::var_os("HEADLIGHT_BLESS").is_some() {
        fs::write(&path, &text).expect("it can be written");
    }
    // The last bits of numbers may be another machine's.
    let code = |text: &str| text.split("PAGE = {").next().map(str::to_owned);
    let there = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(code(&text), code(&there), "`HEADLIGHT_BLESS=1 cargo xtask test gpu` writes it anew");
}

#[test]
fn what_is_copied_as_pytorch_runs_and_finds_the_numbers_of_the_page() {
    let paths = written(Code::PyTorch, "pytorch");
    expect_to_pass("HEADLIGHT_TORCH", &paths, "attention_weights agrees with the page: [32, 32] of ");
}

#[test]
fn what_is_copied_as_numpy_runs_and_finds_the_numbers_of_the_page() {
    let paths = written(Code::NumPy, "numpy");
    expect_to_pass("HEADLIGHT_NUMPY", &paths, "attention_weights agrees with the page: [32, 32] of ");
}
