//! Finds a Chromium to test the page with, and a Vulkan driver to test the kernels with.

use crate::process::{self, command, npm, output};
use crate::tools;
use anyhow::{Result, bail, ensure};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The variable that says where Playwright keeps its browsers.
const PLAYWRIGHTS_OWN: &str = "PLAYWRIGHT_BROWSERS_PATH";

/// A Chromium: the one that `CHROMIUM` names, or on PATH, or that Playwright has installed; else one is installed.
pub fn chromium() -> Result<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        let named = PathBuf::from(named);
        ensure!(named.is_file(), "CHROMIUM names {}, which is no file", named.display());
        return Ok(named);
    }
    if let Some(found) = installed_chromium() {
        return Ok(found);
    }
    if may_use_apt() {
        println!("Installing Chromium with apt-get (a minute or two) …");
        if apt_install("chromium").is_ok()
            && let Some(found) = installed_chromium()
        {
            return Ok(found);
        }
    }
    tools::install_node_packages()?;
    println!("Installing Playwright's Chromium into target/tools/browsers/ (a minute or two) …");
    let mut install = npm(&["exec", "--no", "playwright", "install", "chromium"]);
    let installed = process::run(install.env(PLAYWRIGHTS_OWN, tools::folder().join("browsers")));
    match (installed, installed_chromium()) {
        (Ok(()), Some(found)) => Ok(found),
        (installed, _) => bail!(
            "The tests need Chromium, and none could be found or installed{}.\nInstall it (Debian: `apt-get install \
             chromium`), or name one: `CHROMIUM=/path/to/chromium cargo xtask test`.",
            installed.err().map(|error| format!(" ({error:#})")).unwrap_or_default()
        ),
    }
}

/// Whether Debian's packages can be installed.
pub fn may_use_apt() -> bool {
    let is_root = output(&mut command("id", &["-u"])).is_ok_and(|user| user.trim() == "0");
    is_root && on_path("apt-get").is_some()
}

/// Installs one.
pub fn apt_install(package: &str) -> Result<()> {
    process::run(&mut command("apt-get", &["update", "--quiet"]))?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends", package];
    process::run(command("apt-get", &install).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// What the environment of a native test needs so that there is a Vulkan driver: Chromium's SwiftShader, else Mesa's
/// software driver, which give the same numbers on every machine. Nothing with `HEADLIGHT_GPU=native`, nor where Metal
/// or Direct3D is at hand.
pub fn vulkan() -> Result<Vec<(&'static str, OsString)>> {
    match env::var("HEADLIGHT_GPU").as_deref() {
        Ok("native") => return Ok(Vec::new()),
        Ok(other) => bail!("HEADLIGHT_GPU may be `native`, not `{other}`"),
        Err(_) if !cfg!(target_os = "linux") => return Ok(Vec::new()),
        Err(_) => {}
    }
    let chromium = chromium()?;
    // Distributions start Chromium by a script that lies elsewhere.
    let beside = fs::canonicalize(&chromium)?.parent().map(Path::to_path_buf).unwrap_or_default();
    let folders = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"].map(PathBuf::from);
    for folder in [beside].into_iter().chain(folders) {
        let driver = folder.join("vk_swiftshader_icd.json");
        if driver.exists() {
            let mut found = vec![("VK_ICD_FILENAMES", driver.into()), ("LD_LIBRARY_PATH", folder.into())];
            if env::var_os("XDG_RUNTIME_DIR").is_none() {
                // Without a desktop, each device would complain of it.
                found.push(("XDG_RUNTIME_DIR", env::temp_dir().into()));
            }
            return Ok(found);
        }
    }
    let drivers = fs::read_dir("/usr/share/vulkan/icd.d").into_iter().flatten().flatten().map(|entry| entry.path());
    match drivers
        .into_iter()
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lvp_")))
    {
        Some(driver) => Ok(vec![("VK_ICD_FILENAMES", driver.into())]),
        None => bail!(
            "The kernels' tests need a Vulkan driver, and neither {} nor Mesa has a software one.\nInstall Mesa's \
             (Debian: `apt-get install mesa-vulkan-drivers libvulkan1`), or test on this machine's own GPU: \
             `HEADLIGHT_GPU=native cargo xtask test gpu`.",
            chromium.display()
        ),
    }
}

fn installed_chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let applications = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];
    let playwrights = || {
        let mut ask = command("node", &["-p", "require('@playwright/test').chromium.executablePath()"]);
        let path = output(ask.env(PLAYWRIGHTS_OWN, tools::folder().join("browsers")));
        path.ok().map(|path| PathBuf::from(path.trim())).filter(|path| path.is_file())
    };
    names
        .into_iter()
        .find_map(on_path)
        .or_else(|| applications.into_iter().map(PathBuf::from).find(|path| path.is_file()))
        .or_else(playwrights)
}

fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}
