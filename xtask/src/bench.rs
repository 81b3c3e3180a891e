//! Measures the page in a browser. Each measurement is a script of `tests/e2e/bench/`.

use crate::process::{self, command};
use crate::{browser, root, server, site, tools};
use anyhow::{Result, ensure};

/// Builds and serves the site, then runs `tests/e2e/bench/NAME.js` against it.
pub fn run(name: &str, passed_on: &[String]) -> Result<()> {
    let script = format!("tests/e2e/bench/{name}.js");
    ensure!(root().join(&script).is_file(), "There is no measurement named `{name}`: {script} is missing.");
    let chromium = browser::chromium()?;
    site::build()?;
    tools::install_node_packages()?;
    let url = server::start(server::listen(0)?, &site::dist())?;
    process::run(command("node", &[&script]).args(passed_on).env("HEADLIGHT_URL", url).env("CHROMIUM", chromium))
}
