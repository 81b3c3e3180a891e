//! `cargo xtask wheel`: the notebook package, with the whole page in it.

use crate::process::{self, command};
use crate::{HELP, root, site, tools};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the wheel; with `--test`, tries it, too.
pub fn run(options: &[&str]) -> Result<()> {
    match options {
        [] => build().map(drop),
        ["--test"] => test(),
        _ => bail!("wheel does not know `{}`.\n\n{HELP}", options.join(" ")),
    }
}

/// Builds it into `target/wheels/`, and says where it is.
fn build() -> Result<PathBuf> {
    site::build(|| Ok(()))?;
    let pages = root().join("python/headlight/pages");
    if pages.exists() {
        fs::remove_dir_all(&pages)?;
    }
    process::run(command("node", &["python/pages.mjs"]).args([site::dist(), pages]))?;

    let wheels = root().join("target/wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    println!("Building the wheel (a few minutes where nothing is compiled yet, else one) …");
    let options =
        ["-m", "maturin", "build", "--quiet", "--release", "--locked", "--manifest-path", "python/Cargo.toml"];
    process::run(
        Command::new(tools::maturin()?)
            .args(options)
            .args(["--target-dir", "target/python", "--out", "target/wheels"])
            .current_dir(root()),
    )?;
    let found = fs::read_dir(&wheels)?.flatten().map(|entry| entry.path());
    let wheel = found.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "whl"));
    let wheel = wheel.context("maturin left no wheel in target/wheels/")?;
    println!("{}: {} KB", wheel.display(), fs::metadata(&wheel)?.len() / 1000);
    Ok(wheel)
}

/// Installs it into a fresh environment beside PyTorch, and runs its tests, its examples and the notebook there.
pub fn test() -> Result<()> {
    let wheel = build()?;
    println!("Installing the wheel into target/wheel-test/ …");
    let python = environment(&tools::python_with_torch()?)?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    process::run(Command::new(&python).args(install).arg(format!("{}[test]", wheel.display())))?;
    if process::output(Command::new(&python).args(["-c", "import torch"])).is_err() {
        println!("PyTorch is not to be had from the Python around: installing it there, too (a minute or two) …");
        process::run(Command::new(&python).args(install).args(["torch", "--index-url", tools::TORCH_INDEX]))?;
    }
    // Away from python/, where a package without its Rust lies.
    let tests = root().join("python/tests");
    process::run(Command::new(&python).args(["-m", "mypy", "--strict", "--package", "headlight"]).current_dir(&tests))?;
    process::run(
        Command::new(&python)
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules", "--pyargs", "headlight"])
            .arg(&tests)
            .current_dir(&tests),
    )
}

/// A fresh environment of this Python.
fn environment(python: &Path) -> Result<PathBuf> {
    let environment = root().join("target/wheel-test");
    let made =
        process::run(Command::new(python).args(["-m", "venv", "--clear", "--system-site-packages"]).arg(&environment));
    made.context(
        "Python 3.9 or newer with venv is needed to try the wheel (Debian: python3-venv): https://python.org",
    )?;
    let python = environment.join(tools::PYTHON);
    ensure!(python.exists(), "{} is missing after it was made", python.display());
    Ok(python)
}
