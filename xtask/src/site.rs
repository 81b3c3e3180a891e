//! The complete site in `dist/`: Trunk compiles and gathers, then every file gets its content's hash in its name.

use crate::process::{self, cargo, command};
use crate::{root, tools};
use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

/// What becomes wasm.
const CODE: &[&str] = &["src", "lanes", "shaders", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ".cargo"];
/// What else becomes part of the site, or decides how.
const PAGE: &[&str] = &["index.html", "de.html", "Trunk.toml", "www", "package-lock.json", "xtask/src"];

/// The pages in other languages than index.html's, and what each calls its program, which Trunk calls `app`.
const TRANSLATIONS: &[(&str, &str)] = &[("de.html", "app_de")];

/// Where the site is.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Builds the site, unless `dist/` holds that of the very same sources already. Compiling every language takes as long as
/// compiling the first: once `dist/` has a whole site in that one, it is `there`.
pub fn build(there: impl FnOnce() -> Result<()>) -> Result<()> {
    let (code, sources) = (digest(CODE)?, sources()?);
    let stamp = root().join("target/dist.stamp");
    if dist().exists() && fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == format!("{sources}{}", dist_digest())) {
        println!("dist/ is up to date.");
        return there();
    }

    tools::install_for_build()?;
    println!("Building the site (a minute or two where nothing is compiled yet, else seconds) …");
    let started = Instant::now();
    // Then Trunk can be held offline: it would fetch a tool of its own rather than say that ours is missing.
    process::run(&mut cargo(&["fetch", "--locked", "--quiet"]))?;
    let staged = root().join("target/trunk");
    compile("index.html", &staged, &code)?;
    for (program, name) in [("app", "headlightApp"), ("gpu", "headlightGpu"), ("files", "headlightFiles")] {
        name_program(&staged, program, name)?;
    }
    minify_scripts(&files(&staged)?)?;
    seal(&staged, &dist())?;
    there()?;

    for (page, program) in TRANSLATIONS {
        println!("Building {page} …");
        let translated = root().join("target").join(format!("trunk-{program}"));
        compile(page, &translated, &code)?;
        name_program(&translated, "app", "headlightApp")?;
        minify_scripts(&[translated.join("app.js")])?;
        for (from, to) in [
            ("index.html", (*page).to_owned()),
            ("app.js", format!("{program}.js")),
            ("app_bg.wasm", format!("{program}_bg.wasm")),
        ] {
            fs::copy(translated.join(from), staged.join(to)).with_context(|| format!("Trunk left no {from}"))?;
        }
    }
    let sizes = seal(&staged, &dist())?;
    fs::write(stamp, format!("{sources}{}", dist_digest()))?;

    println!("\n{:>9} {:>9}  dist/", "bytes", "gzip");
    for (name, bytes, gzip) in &sizes {
        println!("{bytes:>9} {gzip:>9}  {name}");
    }
    for page in sizes.iter().map(|(name, ..)| name).filter(|name| name.ends_with(".html")) {
        let text = fs::read_to_string(dist().join(page))?;
        let of_page = |name: &str| name == page || !name.ends_with(".html") && text.contains(name);
        let total = |of: fn(&(String, usize, usize)) -> usize| {
            sizes.iter().filter(|(name, ..)| of_page(name)).map(of).sum::<usize>()
        };
        println!("{:>9} {:>9}  {page} with all that it names", total(|s| s.1), total(|s| s.2));
    }
    println!("That took {} s.\n", started.elapsed().as_secs());
    Ok(())
}

/// What the site is built from, in short.
pub fn sources() -> Result<String> {
    Ok([digest(CODE)?, digest(PAGE)?].concat())
}

/// Builds again whenever a source differs from what was built; returns only if the sources can't be read.
pub fn watch(mut built: String) -> Result<()> {
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = sources()?;
        if now != built {
            built = now;
            if let Err(error) = build(|| Ok(())) {
                eprintln!("{error:#}\nStill serving the last good build.");
            }
        }
    }
}

/// As a server would send it.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory can't fail")
}

/// Compiles what a page names, and gathers it.
fn compile(page: &str, staged: &Path, build: &str) -> Result<()> {
    let folder = staged.to_str().context("the repository's path is not Unicode")?;
    let options = ["build", page, "--dist", folder, "--offline", "--color", "never", "--log", "warn"];
    process::run(
        tools::with_tools(&mut command("trunk", &options))?
            .env("HEADLIGHT_BUILD", build)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", without_home_paths()?)
            // Trunk takes NO_COLOR=1 for a mistake; RUSTFLAGS would replace those of .cargo/config.toml.
            .env_remove("NO_COLOR")
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS"),
    )
}

/// wasm-bindgen calls every program `wasm_bindgen`, so that only one could be in a place: here each gets its own name. A
/// program and its script call each other by a few hundred long names with hashes in them, which do not compress: wasm-opt
/// gives them short ones and says which, and the script is told.
fn name_program(staged: &Path, program: &str, name: &str) -> Result<()> {
    let (wasm, path) = (staged.join(format!("{program}_bg.wasm")), staged.join(format!("{program}.js")));
    let mut script = fs::read_to_string(&path).with_context(|| format!("Trunk left no {program}.js"))?;
    ensure!(script.starts_with("let wasm_bindgen"), "{program}.js is not as wasm-bindgen wrote it for no-modules");
    // The wasm says itself what of WebAssembly it uses; nobody else needs to know.
    let options = ["--minify-imports-and-exports-and-modules", "--strip-target-features"];
    let mut shorten = command("wasm-opt", &options);
    let names = process::output(tools::with_tools(&mut shorten)?.arg(&wasm).arg("--output").arg(&wasm))?;
    // One name a line: `["./app_bg.js", "__wbg_click_c6eff13daacf9806", "$"],` or `["memory", "a"],`.
    for line in names.lines() {
        let quoted: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        script = match quoted[..] {
            [_, long, short] => renamed(&script, &format!("{long}: "), &format!("{short}: "))?,
            [long, short] => {
                // Some names are those of nobody who calls.
                let (long, short) = (format!("wasm.{long}"), format!("wasm.{short}"));
                renamed(&script, &long, &short).unwrap_or(script)
            }
            _ => script,
        };
    }
    script = renamed(&script, &format!("\"./{program}_bg.js\": "), "\"a\": ")?;
    fs::write(path, format!("{{\n{script}\nglobalThis.{name} = wasm_bindgen;\n}}\n"))?;
    Ok(())
}

/// The script with another name in every place where this one stands whole.
fn renamed(script: &str, long: &str, short: &str) -> Result<String> {
    let is_part_of_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | '$');
    let mut parts = script.split(long);
    let mut renamed = parts.next().unwrap_or_default().to_owned();
    let mut is_found = false;
    for part in parts {
        let goes_on = long.ends_with(is_part_of_name) && part.starts_with(is_part_of_name);
        is_found |= !goes_on;
        renamed += if goes_on { long } else { short };
        renamed += part;
    }
    ensure!(is_found, "the script has no {long:?} to rename; is it as wasm-bindgen wrote it?");
    Ok(renamed)
}

/// In place. Trunk's own minifier is turned off: it moves globals out of functions, and `www/boot.js` sends one of its
/// functions elsewhere.
fn minify_scripts(files: &[PathBuf]) -> Result<()> {
    for script in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "js")) {
        let terser = ["node_modules/terser/bin/terser", "--compress", "--mangle", "--output"];
        process::run(command("node", &terser).arg(script).arg("--").arg(script))?;
    }
    Ok(())
}

/// Copies the staged site to `dist/`, each file under a name with its content's hash, so that servers and browsers may
/// keep it for ever and no file of another build is ever mixed in. Pages keep their names and are told the others; so do
/// type declarations, which no page loads. A page does not lead to one that is not there (yet). Returns each file's name,
/// size and compressed size.
fn seal(staged: &Path, dist: &Path) -> Result<Vec<(String, usize, usize)>> {
    let files = files(staged)?;
    let mut pages = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "html")) {
        let page = fs::read_to_string(path)?;
        ensure!(!page.contains("data-trunk"), "Trunk left a data-trunk link in {}", path.display());
        let leads_nowhere = |line: &str| {
            line.contains("rel=\"alternate\"")
                && !files.iter().any(|file| {
                    file.file_name().is_some_and(|name| line.contains(&format!("./{}", name.to_string_lossy())))
                })
        };
        let page: String = page.split_inclusive('\n').filter(|line| !leads_nowhere(line)).collect();
        pages.push((path.strip_prefix(staged)?.to_string_lossy().into_owned(), page));
    }
    ensure!(pages.iter().any(|(name, _)| name == "index.html"), "Trunk left no index.html");
    if dist.exists() {
        fs::remove_dir_all(dist)?;
    }
    fs::create_dir_all(dist)?;
    let mut sizes = Vec::new();
    let mut write = |name: &str, bytes: &[u8]| {
        sizes.push((name.to_owned(), bytes.len(), gzip(bytes).len()));
        fs::write(dist.join(name), bytes)
    };
    for path in &files {
        let name = path.strip_prefix(staged)?.to_str().context("a file's name is not Unicode")?;
        if pages.iter().any(|(page, _)| page == name) {
            continue;
        }
        if name.ends_with(".d.ts") {
            // For people and their editors, who look for it by its name.
            write(name, &fs::read(path)?)?;
            continue;
        }
        let Some((stem, extension)) = name.split_once('.').filter(|_| !name.contains(['/', '\\'])) else {
            bail!("{name}: the site is flat, and each file has an extension");
        };
        let bytes = fs::read(path)?;
        let sealed = format!("{stem}-{:016x}.{extension}", crc64(&bytes));
        let named = format!("./{name}");
        ensure!(pages.iter().any(|(_, page)| page.contains(&named)), "no page names {name}, so nothing could load it");
        for (_, page) in &mut pages {
            *page = page.replace(&named, &format!("./{sealed}"));
        }
        write(&sealed, &bytes)?;
    }
    // The server takes a new one of this for a new build.
    pages.sort_by_key(|(name, _)| name == "index.html");
    for (name, page) in pages {
        write(&name, page.as_bytes())?;
    }
    Ok(sizes)
}

/// The compiler's flags, beside those of `.cargo/config.toml`, that keep the builder's home folder out of the messages
/// of panics, and so out of what is published.
fn without_home_paths() -> Result<String> {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let crates = cargo_home.unwrap_or_default().join("registry").join("src");
    // Where the standard library's sources are installed, the compiler names those.
    let sysroot = process::output(&mut command("rustc", &["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim()).join("lib").join("rustlib").join("src").join("rust");
    let flags = [crates, library].map(|path| format!("--remap-path-prefix={}=", path.display()));
    // The variable is split at blanks.
    Ok(flags.into_iter().filter(|flag| !flag.contains(' ')).collect::<Vec<_>>().join(" "))
}

/// One number for the names and contents of all files there.
fn digest(places: &[&str]) -> Result<String> {
    let mut all = Vec::new();
    for place in places {
        for path in files(&root().join(place)).with_context(|| format!("could not read {place}"))? {
            all.extend(path.strip_prefix(root())?.to_string_lossy().replace('\\', "/").bytes());
            all.extend(crc64(&fs::read(&path)?).to_le_bytes());
        }
    }
    Ok(format!("{:016x}", crc64(&all)))
}

/// What is in `dist/` now, whoever put it there.
fn dist_digest() -> String {
    digest(&["dist"]).unwrap_or_default()
}

/// The file itself, or all in the folder, sorted. A folder that is missing is empty.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    if path.exists() {
        for entry in fs::read_dir(path)? {
            found.extend(files(&entry?.path())?);
        }
    }
    found.sort();
    Ok(found)
}

fn crc64(bytes: &[u8]) -> u64 {
    crc::Crc::<u64>::new(&crc::CRC_64_XZ).checksum(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealing_renames_every_file_and_tells_the_page() -> Result<()> {
        let folder = root().join("target/test-seal");
        let (staged, dist) = (folder.join("staged"), folder.join("dist"));
        fs::create_dir_all(&staged)?;
        fs::write(staged.join("index.html"), r#"<script src="./a.js" data-wasm="./a_bg.wasm">"#)?;
        fs::write(staged.join("a.js"), "1")?;
        fs::write(staged.join("a_bg.wasm"), "2")?;
        let names: Vec<String> = seal(&staged, &dist)?.into_iter().map(|(name, ..)| name).collect();
        let page = fs::read_to_string(dist.join("index.html"))?;
        let [script, wasm, _] = names.as_slice() else { bail!("three files, not {names:?}") };
        assert_eq!(page, format!(r#"<script src="./{script}" data-wasm="./{wasm}">"#));
        assert_eq!(fs::read_to_string(dist.join(script))?, "1");
        assert_eq!(fs::read_to_string(dist.join(wasm))?, "2");
        assert_ne!(script, "a.js");

        // One more page shares what both name, and each leads to the other once both are there.
        let page = |other: &str, script: &str| {
            format!(
                "<link rel=\"alternate\" hreflang=\"x\" href=\"./{other}\">\n<script src=\"./{script}\" data-wasm=\"./a_bg.wasm\">"
            )
        };
        fs::write(staged.join("index.html"), page("de.html", "a.js"))?;
        seal(&staged, &dist)?;
        assert!(!fs::read_to_string(dist.join("index.html"))?.contains("de.html"));
        fs::write(staged.join("de.html"), page("index.html", "a_de.js"))?;
        fs::write(staged.join("a_de.js"), "4")?;
        let names: Vec<String> = seal(&staged, &dist)?.into_iter().map(|(name, ..)| name).collect();
        let [a, wasm, a_de, "de.html", "index.html"] = names.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
            bail!("three files and two pages, not {names:?}")
        };
        for (name, other, script) in [("index.html", "de.html", a), ("de.html", "index.html", a_de)] {
            let expected = page(other, script).replace("a_bg.wasm", wasm);
            assert_eq!(fs::read_to_string(dist.join(name))?, expected);
        }

        fs::write(staged.join("lost.js"), "3")?;
        let error = seal(&staged, &dist).expect_err("a file that the page does not name");
        assert!(error.to_string().contains("lost.js"));
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
