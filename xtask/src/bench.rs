//! Measures the page in a browser, each measurement a script of `tests/e2e/bench/`; and the kernels on a GPU.

use crate::process::{self, cargo, command};
use crate::{browser, root, server, site, tools};
use anyhow::{Result, ensure};

/// Builds and serves the site, then runs `tests/e2e/bench/NAME.js` against it; `gpu` alone needs no page.
pub fn run(name: &str, passed_on: &[String]) -> Result<()> {
    if name == "gpu" {
        return gpu(passed_on);
    }
    let script = format!("tests/e2e/bench/{name}.js");
    ensure!(root().join(&script).is_file(), "There is no measurement named `{name}`: {script} is missing.");
    let chromium = browser::chromium()?;
    site::build(|| Ok(()))?;
    tools::install_node_packages()?;
    let url = server::start(server::listen(0)?, &site::dist())?;
    process::run(command("node", &[&script]).args(passed_on).env("HEADLIGHT_URL", url).env("CHROMIUM", chromium))
}

/// The kernels on this machine's own GPU; without one, on the software driver that the tests use.
fn gpu(passed_on: &[String]) -> Result<()> {
    println!("Building the kernels' measurement (2 minutes where nothing is compiled yet) …");
    let bench = || {
        let mut bench = cargo(&["bench", "--quiet", "--bench=gpu", "--features=engine,gpu", "--"]);
        bench.args(passed_on);
        bench
    };
    if process::run(&mut bench()).is_ok() {
        return Ok(());
    }
    println!("That did not work with the drivers of this machine (see above), so a software driver stands in.");
    process::run(bench().envs(browser::vulkan()?))
}
