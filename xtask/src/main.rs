//! `cargo xtask serve | build | wheel | test | proof | bench`: each installs what it lacks under `target/` and `node_modules/`, says
//! what it is doing, and leaves tools of the user's own as they are.

mod bench;
mod browser;
mod checks;
mod process;
mod proof;
mod server;
mod site;
mod tools;
mod wheel;

use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  serve [--port N] [--watch]   build the site and serve it on http://127.0.0.1:8080, other languages once the
                               first page is served;
                               --watch builds again when a source changes
  build                        build the complete site in dist/, ready for any file server and any sub-path
  wheel [--test]               build the package for notebooks, with the site in it, as target/wheels/headlight-*.whl;
                               --test installs it into a fresh environment, and runs its tests and its notebook
  test [PART…] [--keep-going] [-- ARGUMENTS]
                               run every check, or only the parts named: fmt, clippy, native, gpu, e2e, wheel;
                               stops at the first that fails, unless --keep-going;
                               ARGUMENTS go to Playwright
  proof                        hold every engine to ONNX's, PyTorch's and hard numbers, and print one table
  bench NAME [-- ARGUMENTS]    measure the page in a browser: load, typing, frames, pan, session, attention,
                               growth; or, with gpu, the kernels on this machine's own GPU

Environment
  CHROMIUM                     the browser to test with, where it is not on PATH
  HEADLIGHT_GPU=native         test the kernels on this machine's own GPU, not on a software Vulkan
";

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let passed_on = match arguments.iter().position(|argument| argument == "--") {
        Some(at) => arguments.drain(at..).skip(1).collect(),
        None => Vec::new(),
    };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve", options @ ..] => serve(options),
        ["build"] => site::build(|| Ok(())),
        ["wheel", options @ ..] => wheel::run(options),
        ["test", options @ ..] => checks::run(options, &passed_on),
        ["proof"] => proof::run(),
        ["bench", name] => bench::run(name, &passed_on),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => bail!("`{}` is not something that xtask knows.\n\n{HELP}", arguments.join(" ")),
    }
}

fn serve(options: &[&str]) -> Result<()> {
    let mut port = 8080;
    let mut watch = false;
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--port" => {
                let number = options.next().context("--port needs a number, as in `--port 8081`")?;
                port = number.parse().with_context(|| format!("--port needs a number, not `{number}`"))?;
            }
            "--watch" => watch = true,
            _ => bail!("serve does not know `{option}`.\n\n{HELP}"),
        }
    }
    // Before the build, so that a port already taken is said at once.
    let listener = server::listen(port)?;
    let sources = site::sources()?;
    let mut is_served = false;
    let built = site::build(|| {
        let url = server::start(listener, &site::dist())?;
        println!("Headlight is on {url} (Ctrl+C ends it)");
        is_served = true;
        Ok(())
    });
    match built {
        Err(error) if is_served => eprintln!("{error:#}\nStill serving the other languages."),
        built => built?,
    }
    if watch {
        site::watch(sources)
    } else {
        loop {
            std::thread::park();
        }
    }
}

/// The repository's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository").to_path_buf()
}
