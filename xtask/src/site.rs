//! The complete site in `dist/`: its programs are compiled and made small, then every file gets its content's hash in its
//! name.

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
const PAGE: &[&str] = &["index.html", "de.html", "www", "package-lock.json", "xtask/src"];

/// A program of the site.
struct Program {
    /// What Cargo calls it.
    bin: &'static str,
    features: &'static str,
    /// What its files are called.
    files: &'static str,
    /// What its script is called in the browser.
    global: &'static str,
    /// Whether parts of it are files of their own, which are loaded when they are asked for (`src/parts.rs`).
    has_parts: bool,
}

/// What every page loads, sooner or later.
const PROGRAMS: &[Program] = &[
    Program { bin: "app", features: "engine,ui", files: "app", global: "headlightApp", has_parts: true },
    Program { bin: "gpu", features: "gpu", files: "gpu", global: "headlightGpu", has_parts: false },
    Program { bin: "files", features: "files", files: "files", global: "headlightFiles", has_parts: false },
];

/// The pages in other languages than index.html's, and what each has in the place of `app`.
const TRANSLATIONS: &[(&str, Program)] = &[(
    "de.html",
    Program { bin: "app", features: "engine,ui,german", files: "app_de", global: "headlightApp", has_parts: true },
)];

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
    let staged = root().join("target/site");
    if staged.exists() {
        fs::remove_dir_all(&staged)?;
    }
    fs::create_dir_all(&staged)?;
    for path in files(&root().join("www"))? {
        fs::copy(&path, staged.join(path.file_name().unwrap_or_default()))?;
    }
    for program in PROGRAMS {
        compile(program, &staged, &code)?;
    }
    stage_page("index.html", &staged, "app")?;
    minify_scripts(&staged)?;
    seal(&staged, &dist())?;
    there()?;

    for (page, program) in TRANSLATIONS {
        println!("Building {page} …");
        compile(program, &staged, &code)?;
        stage_page(page, &staged, program.files)?;
    }
    minify_scripts(&staged)?;
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

/// Compiles a program, and puts it, its script and its parts among what is staged.
fn compile(program: &Program, staged: &Path, build: &str) -> Result<()> {
    /// Loads and stores lie over the stack's 1024 bytes; the second pass finds more.
    ///
    /// Sorted by their names, functions that are alike stand near each other, which gzip makes use of.
    const SMALLER: &[&str] = &[
        "--low-memory-unused",
        "--flatten",
        "--rereloop",
        "-Oz",
        "-Oz",
        "--reorder-functions-by-name",
        "--strip-debug",
        "--strip-producers",
    ];
    /// What parts use of WebAssembly; programs say it themselves.
    const USED: &[&str] = &[
        "--enable-bulk-memory",
        "--enable-multivalue",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-sign-ext",
        "--enable-simd",
    ];
    let Program { bin, features, files: name, .. } = *program;
    let mut options = vec!["--bin", bin, "--no-default-features", "--features", features];
    if program.has_parts {
        // By these it can be split afterwards.
        options.extend(["--", "-Clink-arg=--emit-relocs"]);
    }
    process::run(
        cargo(&["rustc", "--quiet", "--locked", "--release", "--target", tools::WASM, "--target-dir", "target"])
            .args(options)
            .env("HEADLIGHT_BUILD", build)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", without_home_paths()?)
            // They would replace those of .cargo/config.toml.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS"),
    )?;
    let mut wasm = root().join("target").join(tools::WASM).join("release").join(format!("{bin}.wasm"));
    let split = root().join("target/split").join(name);
    if program.has_parts {
        if split.exists() {
            fs::remove_dir_all(&split)?;
        }
        tool("wasm-split-cli", &["--out-name", name], &[&wasm, &split])?;
        wasm = split.join(format!("{name}.wasm"));
    }
    // The table of functions, which parts share, is an export of the linker's.
    let lld = program.has_parts.then_some("--keep-lld-exports");
    let options = ["--target", "no-modules", "--no-typescript", "--out-name", name, "--out-dir"];
    let options: Vec<&str> = lld.into_iter().chain(options).collect();
    tool("wasm-bindgen", &options, &[staged, &wasm])?;
    let bound = staged.join(format!("{name}_bg.wasm"));
    tool("wasm-opt", SMALLER, &[&bound, Path::new("--output"), &bound])?;
    for part in parts(&split, name)? {
        let small = staged.join(format!("{name}_{}.wasm", part.name));
        tool("wasm-opt", &[USED, SMALLER].concat(), &[&part.wasm, Path::new("--output"), &small])?;
    }
    name_program(staged, program, &split)
}

/// Runs one of our tools, and gives what it printed.
fn tool(name: &str, options: &[&str], paths: &[&Path]) -> Result<String> {
    process::output(tools::with_tools(&mut command(name, options))?.args(paths))
}

/// A part of a program.
struct Part {
    /// What the splitter calls its file.
    stem: String,
    /// What the page calls it.
    name: String,
    wasm: PathBuf,
}

/// What a program was split into: `split_inspector.wasm` is the part "inspector", and what several parts need is in
/// `chunk_1.wasm`, which is loaded with each of them.
fn parts(split: &Path, program: &str) -> Result<Vec<Part>> {
    let wasms = files(split)?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    let parts = wasms.map(|wasm| {
        let stem = wasm.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Part { name: stem.trim_start_matches("split_").replace('_', ""), stem, wasm }
    });
    Ok(parts.filter(|part| part.stem != program).collect())
}

/// wasm-bindgen calls every program `wasm_bindgen`, so that only one could be in a place: here each gets its own name. A
/// program and its script call each other by a few hundred long names with hashes in them, which do not compress: wasm-opt
/// gives them short ones and says which, and the script is told. It is told, too, how parts are loaded.
fn name_program(staged: &Path, program: &Program, split: &Path) -> Result<()> {
    let name = program.files;
    let (wasm, path) = (staged.join(format!("{name}_bg.wasm")), staged.join(format!("{name}.js")));
    let mut script = fs::read_to_string(&path).with_context(|| format!("wasm-bindgen left no {name}.js"))?;
    ensure!(script.starts_with("let wasm_bindgen"), "{name}.js is not as wasm-bindgen wrote it for no-modules");
    if program.has_parts {
        script = with_parts(&script, split, &parts(split, name)?)?;
    }
    // Where it lies is of no use, for it is told where its wasm is; in a frame of a blob's there is nothing to work it out from.
    let lies = "new URL(document.currentScript.src, location.href).toString()";
    script = replaced(&script, lies, "document.currentScript.src")?;
    // The wasm says itself what of WebAssembly it uses; nobody else needs to know.
    let options = ["--minify-imports-and-exports-and-modules", "--strip-target-features"];
    let names = tool("wasm-opt", &options, &[&wasm, Path::new("--output"), &wasm])?;
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
    script = renamed(&script, &format!("\"./{name}_bg.js\": "), "\"a\": ")?;
    fs::write(path, format!("{{\n{script}\nglobalThis.{} = wasm_bindgen;\n}}\n", program.global))?;
    Ok(())
}

/// The program's script with the splitter's in it, which loads the parts.
///
/// That is a module, and ours a classic script, whose names for what it shares with its parts are made short besides. The
/// parts are compiled by `headlightPart` of `www/boot.js`, which knows where they are.
fn with_parts(script: &str, split: &Path, parts: &[Part]) -> Result<String> {
    let path = split.join("__wasm_split.js");
    let loader = fs::read_to_string(&path).with_context(|| format!("wasm-split left no {}", path.display()))?;
    let shared = loader.split_once("const { ").and_then(|(_, rest)| rest.split_once(" } = initSync"));
    let shared = shared.context("wasm-split's script does not say what is shared")?.0;
    let taken: String = shared
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .fold(String::new(), |taken, name| taken + &format!("const {name} = wasm.{name}; "));
    let (_, loader) = loader.split_once('\n').unwrap_or_default();
    let mut loader = replaced(loader, &format!("const {{ {shared} }} = initSync(undefined, undefined);"), &taken)?;
    for Part { stem, name, .. } in parts {
        let url = format!("fetch(new URL(\"./{stem}.wasm\", import.meta.url))");
        loader = replaced(&loader, &url, &format!("headlightPart({name:?})"))?;
    }
    loader = loader
        .replace("(WebAssembly.instantiateStreaming(src, imports))", "WebAssembly.instantiate(await src, imports)");
    let loads: String = loader
        .split("export const ")
        .skip(1)
        .filter_map(|rest| rest.split_once(" = "))
        .map(|(name, _)| format!("{name}: {name}, "))
        .collect();
    // Once for each part, the script imports that module.
    let own: String = script.split_inclusive('\n').filter(|line| !line.contains("\"./__wasm_split.js\"")).collect();
    let own = replaced(&own, "const import0 = {", &format!("const import0 = {{ {loads}"))?;
    let imports = "function __wbg_get_imports() {";
    replaced(&own, imports, &[&loader.replace("export const ", "const "), imports].concat())
}

/// The text with another in the place of the one that is there once.
fn replaced(text: &str, old: &str, new: &str) -> Result<String> {
    ensure!(text.matches(old).count() == 1, "the script has not one {old:?}; is it as its tool wrote it?");
    Ok(text.replace(old, new))
}

/// Puts a page among what is staged. In the place of ` data-parts` its script's tag names the parts of its program.
fn stage_page(page: &str, staged: &Path, program: &str) -> Result<()> {
    let mut tags = String::new();
    for path in files(staged)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let part = name.strip_prefix(&format!("{program}_")).and_then(|rest| rest.strip_suffix(".wasm"));
        if let Some(part) = part.filter(|part| !part.contains('_') && *part != "bg") {
            tags += &format!(" data-{part}=\"./{name}\"");
        }
    }
    let text = fs::read_to_string(root().join(page))?;
    ensure!(text.contains(" data-parts>"), "{page} has no place for its parts");
    fs::write(staged.join(page), text.replace(" data-parts>", &format!("{tags}>")))?;
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

/// In place, by a minifier that leaves functions whole: `www/boot.js` sends some of its own elsewhere.
fn minify_scripts(staged: &Path) -> Result<()> {
    for script in files(staged)?.iter().filter(|path| path.extension().is_some_and(|extension| extension == "js")) {
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
        let leads_nowhere = |line: &str| {
            line.contains("rel=\"alternate\"")
                && !files.iter().any(|file| {
                    file.file_name().is_some_and(|name| line.contains(&format!("./{}", name.to_string_lossy())))
                })
        };
        let page: String = page.split_inclusive('\n').filter(|line| !leads_nowhere(line)).collect();
        pages.push((path.strip_prefix(staged)?.to_string_lossy().into_owned(), page));
    }
    ensure!(pages.iter().any(|(name, _)| name == "index.html"), "there is no index.html");
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
