//! `cargo xtask proof`: every engine against independent numbers, in one table.

use crate::process::{self, cargo};
use crate::{browser, checks, root, site};
use anyhow::{Context, Result, ensure};
use std::fs;

/// The five ways to calculate, each tested by a runner of its own that leaves its part of the table.
const PATHS: [&str; 5] = ["reference", "fast CPU", "native GPU", "browser CPU", "browser WebGPU"];

/// Runs the proofs and prints what each path made of each group of cases.
pub fn run() -> Result<()> {
    let results = root().join("target/proof");
    fs::remove_dir_all(&results).ok();
    let native = process::run(
        cargo(&["test", "--features=engine,gpu", "--test=proof", "--test=gpu", "--no-fail-fast", "--", "proven"])
            .envs(browser::vulkan()?),
    );
    site::build(|| Ok(()))?;
    let in_browser = process::run(checks::playwright_on_site()?.arg("proof.spec.js"));

    println!("\n{:<16}{:<16}{:>8}{:>8}{:>14}{:>14}", "path", "cases", "passed", "total", "worst error", "of tolerance");
    let mut total = [0; 2];
    for path in PATHS {
        let part = fs::read_to_string(results.join(format!("{path}.tsv")))
            .with_context(|| format!("The {path} left no results"))?;
        for line in part.lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let [path, group, passed, cases, error, share] = columns[..] else {
                anyhow::bail!("{path} wrote a line of {} columns", columns.len());
            };
            println!("{path:<16}{group:<16}{passed:>8}{cases:>8}{error:>14}{share:>14}");
            total = [total[0] + passed.parse::<usize>()?, total[1] + cases.parse::<usize>()?];
        }
    }
    println!("{:<32}{:>8}{:>8}", "in all", total[0], total[1]);
    println!(
        "A number passes within 1e-5 + 1.3e-6 of its size, PyTorch's tolerance for float32; the two cases in half\n\
         precision within 1e-5 + 1e-3 of it, the rounding of their own numbers."
    );
    native?;
    in_browser?;
    ensure!(total[0] == total[1], "{} cases failed", total[1] - total[0]);
    Ok(())
}
