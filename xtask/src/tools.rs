//! Installs what a command lacks, under `target/tools` and `node_modules`.

use crate::browser;
use crate::process::{self, cargo, command, npm};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// It splits a program as `wasm_split_helpers` marks it, which has to be of the same minor version.
const WASM_SPLIT: &str = "0.2.4";

/// Rust's name for the browser.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Where PyTorch without a GPU is.
pub const TORCH_INDEX: &str = "https://download.pytorch.org/whl/cpu";

/// Where an environment has its Python.
pub const PYTHON: &str = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };

/// What `build` needs: the wasm target, wasm-split, wasm-bindgen, wasm-opt and terser.
pub fn install_for_build() -> Result<()> {
    install_wasm_target()?;
    install_crate("wasm_split_cli_support", WASM_SPLIT, "1 minute", &["--locked", "--features", "build-binary"])?;
    install_crate("wasm-bindgen-cli", &wasm_bindgen_version()?, "1 minute", &["--bin", "wasm-bindgen"])?;
    fs::remove_dir_all(folder().join("build")).ok();
    install_node_packages()
}

/// wasm-opt, terser and Playwright, exactly as `package-lock.json` names them.
pub fn install_node_packages() -> Result<()> {
    let lock = fs::read(crate::root().join("package-lock.json")).context("package-lock.json is missing")?;
    let installed = crate::root().join("node_modules/.installed-lock.json");
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    const NEEDED: &str = "Node 20 or newer is needed for wasm-opt, terser and Playwright: https://nodejs.org";
    let version = process::output(&mut command("node", &["--version"])).context(NEEDED)?;
    let version = version.trim();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    ensure!(major.is_some_and(|major| major >= 20), "This Node is {version}. {NEEDED}");
    println!("Installing wasm-opt, terser and Playwright into node_modules/ (Node {version}, under a minute) …");
    process::run(&mut npm(&["ci", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]))?;
    fs::write(installed, lock)?;
    Ok(())
}

/// A Python that reads the page's files in the tests, with what `tests/python-requirements.txt` names; it stays under
/// `target/tools`.
pub fn python() -> Result<PathBuf> {
    let wanted = crate::root().join("tests/python-requirements.txt");
    let packages = ["--requirement".as_ref(), wanted.as_path()];
    let needed =
        "Python 3.10 or newer with venv is needed to read the page's files (Debian: python3-venv): https://python.org";
    environment("python", "NumPy, Pillow and safetensors", &packages, &fs::read(&wanted)?, needed)
}

/// A Python with the maturin that builds the notebook package; it stays under `target/tools`.
pub fn maturin() -> Result<PathBuf> {
    const WANTED: &str = "maturin==1.16.0";
    let needed =
        "Python 3.9 or newer with venv is needed to build the wheel (Debian: python3-venv): https://python.org";
    environment("maturin", "maturin", &[WANTED.as_ref()], WANTED.as_bytes(), needed)
}

/// The Python of an environment of this name under `target/tools`, with these packages, as pip is asked for them; `wanted` is
/// what has to be installed, so that something else is another environment; `needed` is said where none can be made.
fn environment(name: &str, called: &str, packages: &[&Path], wanted: &[u8], needed: &'static str) -> Result<PathBuf> {
    let environment = folder().join(name);
    let (python, installed) = (environment.join(PYTHON), environment.join("installed.txt"));
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    println!("Installing {called} into target/tools/{name}/ (under a minute) …");
    process::run(command("python3", &["-m", "venv", "--clear"]).arg(&environment)).context(needed)?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    process::run(Command::new(&python).args(install).args(packages))?;
    fs::write(installed, wanted)?;
    Ok(python)
}

/// A Python with PyTorch, which runs the code that the page gives: the user's own, else Debian's where it may be installed,
/// else one under `target/tools`.
pub fn python_with_torch() -> Result<PathBuf> {
    let own = folder().join("torch");
    let candidates = ["python3".into(), "/usr/bin/python3".into(), own.join("bin/python")];
    let has_torch = |python: &&PathBuf| process::output(Command::new(python).args(["-c", "import torch"])).is_ok();
    let found = || candidates.iter().find(has_torch).cloned();
    if let Some(python) = found() {
        return Ok(python);
    }
    if browser::may_use_apt() {
        println!("Installing PyTorch with apt-get (a minute or two) …");
        if browser::apt_install("python3-torch").is_ok()
            && let Some(python) = found()
        {
            return Ok(python);
        }
    }
    println!("Installing PyTorch into target/tools/torch/ (a minute or two) …");
    const FROM: [&str; 2] = ["--index-url", TORCH_INDEX];
    process::run(command("python3", &["-m", "venv", "--clear"]).arg(&own))
        .and_then(|()| process::run(Command::new(&candidates[2]).args(["-m", "pip", "install", "torch"]).args(FROM)))
        .context("The tests run PyTorch code, and no Python here has torch. Install it (Debian: python3-torch): https://pytorch.org")?;
    Ok(candidates[2].clone())
}

/// Lets this one child find our tools before any others.
pub fn with_tools(command: &mut Command) -> Result<&mut Command> {
    let mut paths = vec![folder().join("bin"), crate::root().join("node_modules/.bin")];
    paths.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    Ok(command.env("PATH", env::join_paths(paths)?))
}

/// Where the tools live.
pub fn folder() -> PathBuf {
    crate::root().join("target/tools")
}

/// What every build and check for the browser needs.
pub fn install_wasm_target() -> Result<()> {
    let libraries = process::output(&mut command("rustc", &["--print", "target-libdir", "--target", WASM]))?;
    if PathBuf::from(libraries.trim()).exists() {
        return Ok(());
    }
    println!("Adding Rust's {WASM} target (under a minute) …");
    process::run(&mut command("rustup", &["target", "add", WASM]))
        .with_context(|| format!("Rust's {WASM} target is missing, and rustup, which adds it, is not to be had"))
}

/// Unoptimised: they run for seconds, but would compile for many minutes. They share the folder that they are built in,
/// and so the crates that both need.
fn install_crate(name: &str, version: &str, duration: &str, options: &[&str]) -> Result<()> {
    let record = fs::read_to_string(folder().join(".crates.toml")).unwrap_or_default();
    if record.contains(&format!("\"{name} {version} ")) {
        return Ok(());
    }
    println!("Installing {name} {version} into target/tools/ (about {duration} on 2 cores) …");
    process::run(
        cargo(&["install", name, "--version", version, "--debug", "--root", "target/tools"])
            .args(["--target-dir", "target/tools/build"])
            .args(options)
            .env("CARGO_PROFILE_DEV_DEBUG", "0"),
    )
}

/// The command's version must be exactly that of the library.
fn wasm_bindgen_version() -> Result<String> {
    let lock = fs::read_to_string(crate::root().join("Cargo.lock")).context("Cargo.lock is missing")?;
    let package = "name = \"wasm-bindgen\"\nversion = \"";
    let Some((_, rest)) = lock.replace("\r\n", "\n").split_once(package).map(|(a, b)| (a.to_owned(), b.to_owned()))
    else {
        bail!("Cargo.lock does not name wasm-bindgen");
    };
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}
