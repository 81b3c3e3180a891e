//! `cargo xtask test`: every check, those that fail early first. Nothing is skipped: what can't run fails and says why.

use crate::process::{self, cargo, command, shown};
use crate::{HELP, browser, server, site, tools, wheel};
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs the checks of the parts named in `options`, all if none is, and ends this program with 1 if any fails.
pub fn run(options: &[&str], for_playwright: &[String]) -> Result<()> {
    let (flags, parts): (Vec<&str>, Vec<&str>) = options.iter().partition(|option| option.starts_with('-'));
    for flag in &flags {
        ensure!(*flag == "--keep-going", "test does not know `{flag}`.\n\n{HELP}");
    }
    for part in &parts {
        ensure!(CHECKS.iter().any(|check| check.part == *part), "test has no part `{part}`.\n\n{HELP}");
    }
    let mut report = Vec::new();
    let mut total = Tally::default();
    for check in CHECKS.iter().filter(|check| parts.is_empty() || parts.contains(&check.part)) {
        if total.failed > 0 && flags.is_empty() {
            report.push(format!("{:<28}  not run, because an earlier one failed", check.name));
            continue;
        }
        println!("\n── {} ──", check.name);
        let started = Instant::now();
        let tally = (check.run)(for_playwright).unwrap_or_else(|error| {
            eprintln!("{error:#}");
            Tally { failed: 1, ..Tally::default() }
        });
        let seconds = started.elapsed().as_secs_f32();
        let result = if tally.failed == 0 { "passed" } else { "FAILED" };
        let Tally { passed, failed, again } = tally;
        let tried = if again > 0 { format!(", {again} of them at a second try") } else { String::new() };
        let passed = passed + again;
        report.push(format!(
            "{:<28}  {result}  {passed:>5} passed {failed:>3} failed {seconds:>7.1} s{tried}",
            check.name
        ));
        total = Tally { passed: total.passed + passed, failed: total.failed + failed, again: 0 };
    }
    println!("\n{}\n\n{} passed, {} failed", report.join("\n"), total.passed, total.failed);
    if total.failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}

struct Check {
    /// What `cargo xtask test PART` calls it, with others.
    part: &'static str,
    name: &'static str,
    /// Takes the arguments meant for Playwright.
    run: fn(&[String]) -> Result<Tally>,
}

const CHECKS: &[Check] = &[
    Check { part: "fmt", name: "rustfmt", run: |_| one(&mut cargo(&["fmt", "--all", "--check"])) },
    Check { part: "clippy", name: "clippy", run: |_| clippy(&["--workspace", "--all-targets"]) },
    Check {
        part: "native",
        name: "cargo test",
        run: |_| counted(&mut cargo(&["test", "--workspace", "--no-fail-fast"])),
    },
    Check {
        part: "clippy",
        name: "clippy, gpu and files",
        run: |_| clippy(&["--all-targets", "--features=engine,files,film,gpu"]),
    },
    Check { part: "gpu", name: "cargo test, gpu", run: |_| gpu() },
    Check { part: "gpu", name: "cargo test, German", run: |_| german() },
    Check { part: "clippy", name: "clippy, app in wasm", run: |_| clippy_wasm(&["--bin=app", "--features=engine,ui"]) },
    Check {
        part: "clippy",
        name: "clippy, German in wasm",
        run: |_| clippy_wasm(&["--bin=app", "--features=engine,ui,german"]),
    },
    Check { part: "clippy", name: "clippy, GPU in wasm", run: |_| clippy_wasm(&["--bin=gpu", "--features=gpu"]) },
    Check { part: "clippy", name: "clippy, files in wasm", run: |_| clippy_wasm(&["--bin=files", "--features=files"]) },
    Check {
        part: "e2e",
        name: "build",
        run: |_| site::build(|| Ok(())).map(|()| Tally { passed: 1, ..Tally::default() }),
    },
    Check { part: "wheel", name: "rustfmt, wheel", run: |_| one(&mut cargo(&["fmt", "--check", PYTHON])) },
    Check { part: "wheel", name: "clippy, wheel", run: |_| clippy(&[PYTHON, "--target-dir=target/python"]) },
    Check {
        part: "wheel",
        name: "pytest and notebook, wheel",
        run: |_| wheel::test().map(|()| Tally { passed: 1, ..Tally::default() }),
    },
    Check { part: "e2e", name: "Playwright, in Chromium", run: playwright },
];

/// The notebook package's Rust, which no workspace but its own has.
const PYTHON: &str = "--manifest-path=python/Cargo.toml";

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    passed: usize,
    failed: usize,
    /// Those that passed when tried again.
    again: usize,
}

fn clippy(options: &[&str]) -> Result<Tally> {
    one(cargo(&["clippy", "--quiet"]).args(options).args(["--", "-D", "warnings"]))
}

fn clippy_wasm(options: &[&str]) -> Result<Tally> {
    tools::install_wasm_target()?;
    clippy(&[options, &["--target", tools::WASM]].concat())
}

fn gpu() -> Result<Tally> {
    // Doc tests have run without the feature.
    counted(
        cargo(&["test", "--features=engine,files,film,gpu", "--lib", "--tests", "--no-fail-fast"])
            .envs(browser::vulkan()?)
            .env("HEADLIGHT_NUMPY", tools::python()?)
            .env("HEADLIGHT_TORCH", tools::python_with_torch()?),
    )
}

/// The tests that know both languages.
fn german() -> Result<Tally> {
    let options = ["test", "--features=engine,gpu,german", "--test=words", "--no-fail-fast"];
    counted(cargo(&options).envs(browser::vulkan()?))
}

fn playwright(arguments: &[String]) -> Result<Tally> {
    counted(playwright_on_site()?.args(arguments).env("HEADLIGHT_TORCH", tools::python_with_torch()?))
}

/// Playwright, of which some tests may be named, on the site that was built, served for as long as this program runs.
pub fn playwright_on_site() -> Result<Command> {
    tools::install_node_packages()?;
    let chromium = browser::chromium()?;
    println!("Testing with {}", chromium.display());
    let url = server::start(server::listen(0)?, &site::dist())?;
    let mut playwright = command("node", &["node_modules/@playwright/test/cli.js", "test", "--config=tests/e2e"]);
    playwright.env("CHROMIUM", chromium).env("HEADLIGHT_URL", url).env("PYTHON", tools::python()?);
    Ok(playwright)
}

/// A check that either passes or fails as a whole.
fn one(command: &mut Command) -> Result<Tally> {
    process::run(command).map(|()| Tally { passed: 1, ..Tally::default() })
}

/// Runs a test runner, shows what it says and adds up its counts.
fn counted(command: &mut Command) -> Result<Tally> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("could not start {}", shown(command)))?;
    let mut tally = Tally::default();
    for line in BufReader::new(child.stdout.take().context("its output is piped")?).lines() {
        let line = line?;
        println!("{line}");
        let Tally { passed, failed, again } = tally_of(&line);
        tally = Tally { passed: tally.passed + passed, failed: tally.failed + failed, again: tally.again + again };
    }
    let status = child.wait()?;
    ensure!(tally.passed + tally.failed > 0, "{} ran no test ({status})", shown(command));
    if !status.success() && tally.failed == 0 {
        eprintln!("{} failed ({status})", shown(command));
        tally.failed = 1;
    }
    Ok(tally)
}

/// So many of the browser's tests may need a second try: a browser that starts on a busy machine may show nothing for long, or
/// have no GPU yet. Playwright lists them. More are no accident, and all of them count as failed.
const MOST_TRIED_AGAIN: usize = 3;

/// The counts in a line of cargo's or Playwright's summary. A test that was ignored or skipped counts as failed: none may.
fn tally_of(line: &str) -> Tally {
    let line = line.trim();
    let counts = match line.strip_prefix("test result: ") {
        Some(counts) => counts.split_once(". ").map_or(counts, |(_, counts)| counts),
        // "3 passed (2.1s)": nothing else may stand before the number.
        None => line.split(" (").next().unwrap_or_default(),
    };
    let mut tally = Tally::default();
    for count in counts.split("; ") {
        match count.split_once(' ').and_then(|(number, what)| Some((number.parse::<usize>().ok()?, what))) {
            Some((number, "passed")) => tally.passed += number,
            Some((number, "flaky")) if number <= MOST_TRIED_AGAIN => tally.again += number,
            Some((number, "failed" | "ignored" | "skipped" | "flaky" | "did not run" | "interrupted")) => {
                tally.failed += number;
            }
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_the_runners_own_summaries() {
        let cargo = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s";
        assert_eq!(tally_of(cargo), Tally { passed: 12, failed: 3, again: 0 });
        assert_eq!(tally_of("  31 passed (12.3s)"), Tally { passed: 31, failed: 0, again: 0 });
        assert_eq!(tally_of("  2 failed"), Tally { passed: 0, failed: 2, again: 0 });
        assert_eq!(tally_of("  1 flaky"), Tally { passed: 0, failed: 0, again: 1 });
        assert_eq!(tally_of("  4 flaky"), Tally { passed: 0, failed: 4, again: 0 });
        assert_eq!(tally_of("  4 skipped"), Tally { passed: 0, failed: 4, again: 0 });
        assert_eq!(tally_of("  3 did not run"), Tally { passed: 0, failed: 3, again: 0 });
        assert_eq!(tally_of("running 3 tests"), Tally::default());
        assert_eq!(tally_of("The page says 3 passed"), Tally::default());
    }
}
