//! Files that NumPy, PyTorch and safetensors wrote are read to the bit; what is damaged or made to do harm is refused with words of
//! its own, before memory is taken for it.

use std::alloc::System;
use std::cell::Cell;
use std::env;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cap::Cap;
use headlight::files::read::{Entry, Error, MOST_NUMBERS, Source, contents};
use pollster::block_on;
use rand_mt::Mt;

/// Counts what is in memory.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Tests run beside each other, and what one takes would count as another's: those that measure go one by one.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a part of a tensor to its end.
fn part(source: &impl Source, entry: &Entry, range: Range<u64>) -> Result<Vec<f32>, Error> {
    block_on(entry.numbers(source, range, &mut async |_, _| ControlFlow::Continue(())))
}

fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/files").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn all(source: &impl Source, entry: &Entry) -> Vec<f32> {
    part(source, entry, 0..entry.count()).expect("its numbers")
}

/// The tensor that all files of `tests/data/make_files.py` hold.
fn expected(dtype: &str) -> Vec<f32> {
    let number = |index: u8| match dtype {
        "bool" => f32::from(u8::from(index.is_multiple_of(3))),
        _ if dtype.contains("int") => f32::from(index),
        _ => (f32::from(index) - 7.0) / 8.0,
    };
    (0..24).map(number).collect()
}

#[test]
fn every_type_and_order_of_numpy_is_read() {
    let _alone = alone();
    let mut read = Vec::new();
    for name in [
        "little_f2",
        "big_f2",
        "little_f4",
        "big_f4",
        "little_f8",
        "big_f8",
        "little_f2_fortran",
        "big_f2_fortran",
        "little_f4_fortran",
        "big_f4_fortran",
        "little_f8_fortran",
        "big_f8_fortran",
        "b1",
        "i1",
        "u1",
        "little_i2",
        "big_u2",
        "little_i4",
        "big_i4",
        "little_u4",
        "little_i8",
        "big_u8",
        "version2",
    ] {
        let bytes = file(&format!("{name}.npy"));
        let [entry] = &contents(&format!("folder/{name}.npy"), &bytes).expect(name)[..] else { panic!("one tensor") };
        assert_eq!((entry.name.as_str(), &entry.shape[..]), (name, &[2, 3, 4][..]));
        let numbers = all(&bytes, entry);
        assert_eq!(numbers, expected(&entry.dtype.to_string()), "{name}");
        // A part is the same as that part of all.
        for (from, to) in [(0, 0), (5, 6), (3, 17), (23, 24)] {
            let some = part(&bytes, entry, from..to).expect("a part");
            assert_eq!(some, numbers[from as usize..to as usize], "{name}, {from} to {to}");
        }
        read.push(entry.dtype.to_string());
    }
    read.sort();
    read.dedup();
    let types = [
        "bool", "float16", "float32", "float64", "int16", "int32", "int64", "int8", "uint16", "uint32", "uint64",
        "uint8",
    ];
    assert_eq!(read, types);
    let bytes = file("one_axis.npy");
    assert_eq!(contents("one_axis.npy", &bytes).expect("read")[0].shape, [24]);
    let bytes = file("empty.npy");
    let empty = &contents("empty.npy", &bytes).expect("read")[0];
    assert_eq!((&empty.shape[..], all(&bytes, empty)), (&[2, 0, 4][..], vec![]));
}

#[test]
fn archives_are_read_stored_and_deflated_with_their_texts() {
    let _alone = alone();
    for name in ["stored.npz", "deflated.npz"] {
        let bytes = file(name);
        let entries = contents(name, &bytes).expect(name);
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["queries", "keys", "values", "tokens"]);
        for entry in &entries[..3] {
            assert_eq!(all(&bytes, entry), expected("float32"), "{name}, {}", entry.name);
            assert_eq!(part(&bytes, entry, 7..11).expect("a part"), expected("float32")[7..11]);
        }
        assert_eq!(entries[3].texts().expect("texts"), ["The", "naïve", "🙂"]);
    }
}

#[test]
fn safetensors_of_every_type_are_read() {
    let _alone = alone();
    let bytes = file("torch.safetensors");
    let entries = contents("torch.safetensors", &bytes).expect("read");
    assert_eq!(entries.len(), 10);
    for entry in &entries {
        assert_eq!((entry.name.clone(), &entry.shape[..]), (entry.dtype.to_string(), &[2, 3, 4][..]));
        assert_eq!(all(&bytes, entry), expected(&entry.name), "{}", entry.name);
    }
    let bytes = file("numpy.safetensors");
    assert_eq!(all(&bytes, &contents("numpy.safetensors", &bytes).expect("read")[0]), expected("float32"));
}

#[test]
fn json_is_read_nested_named_and_flat() {
    let _alone = alone();
    let bytes = file("nested.json");
    let [nested] = &contents("nested.json", &bytes).expect("read")[..] else { panic!("one tensor") };
    assert_eq!(
        (nested.name.as_str(), &nested.shape[..], all(&bytes, nested)),
        ("nested", &[2, 3, 4][..], expected("float32"))
    );
    let [names] = &contents("tokens.txt", &"\u{feff}[CLS]\r\n\ncat\n[SEP]".as_bytes().to_vec()).expect("read")[..]
    else {
        panic!("one list")
    };
    assert_eq!((names.name.as_str(), &names.shape[..]), ("tokens", &[3][..]));
    assert_eq!(names.texts().expect("texts"), ["[CLS]", "cat", "[SEP]"]);
    let bytes = file("named.json");
    let [tokens, weights, flat] = &contents("named.json", &bytes).expect("read")[..] else { panic!("three tensors") };
    assert_eq!(tokens.texts().expect("texts"), ["The", "cat"]);
    assert_eq!((&weights.shape[..], all(&bytes, weights)), (&[2, 2][..], vec![1.0, f32::NEG_INFINITY, 0.25, 0.75]));
    assert_eq!((&flat.shape[..], all(&bytes, flat)), (&[2, 3, 4][..], expected("float32")));
}

/// A .npy with this header.
fn npy(header: &str, numbers: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + numbers, 0);
    bytes
}

/// A .safetensors with this header.
fn safetensors(header: &str, numbers: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + numbers, 0);
    bytes
}

/// Deflated zeros that say that they are so many bytes.
fn bomb(header: &str, zeros: u64, said: Option<u32>) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("x.npy", options).expect("begun");
    archive.write_all(&npy(header, 0)).expect("written");
    let part = vec![0; 1 << 20];
    for _ in 0..zeros >> 20 {
        archive.write_all(&part).expect("written");
    }
    let mut bytes = archive.finish().expect("finished").into_inner();
    if let Some(said) = said {
        // The size in the directory, and in the member's own header: 24 and 22 bytes into each.
        let at = |what: &[u8], bytes: &[u8]| bytes.windows(4).position(|four| four == what).expect("it is there");
        let (member, directory) = (at(b"PK\x03\x04", &bytes) + 22, at(b"PK\x01\x02", &bytes) + 24);
        for at in [member, directory] {
            bytes[at..at + 4].copy_from_slice(&said.to_le_bytes());
        }
    }
    bytes
}

/// The first refusal: of the file, or of the numbers of any tensor in it.
fn refusal(name: &str, source: &impl Source) -> Option<Error> {
    match contents(name, source) {
        Err(error) => Some(error),
        Ok(entries) => entries.iter().find_map(|entry| match entry.texts() {
            Some(_) => None,
            None => part(source, entry, 0..entry.count()).err(),
        }),
    }
}

#[test]
fn what_is_damaged_or_made_to_do_harm_is_refused_in_words_of_its_own() {
    let _alone = alone();
    let f4 = |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
    let one = r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let info = |name: &str, from: u64, to: u64| {
        format!(r#""{name}":{{"dtype":"F32","shape":[{}],"data_offsets":[{from},{to}]}}"#, (to - from) / 4)
    };
    let mut huge = safetensors(one, 8);
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut beyond = safetensors(one, 8);
    beyond[..8].copy_from_slice(&1000_u64.to_le_bytes());
    let mut long_header = npy(&f4("(2,)"), 8);
    long_header[8..10].copy_from_slice(&60000_u16.to_le_bytes());
    let mut version = npy(&f4("(2,)"), 8);
    version[6] = 9;
    let mut twisted = file("deflated.npz");
    let middle = twisted.len() / 5;
    twisted[middle] ^= 0x55;
    let cut = |name: &str| file(name)[..file(name).len() / 2].to_vec();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty.npy", vec![], "is empty"),
        ("cat.png", b"\x89PNG\r\n\x1a\n0000000000".to_vec(), "none of the files that are read here"),
        ("model.h5", b"\x89HDF\r\n\x1a\n00000000".to_vec(), "It is HDF5"),
        ("model.gguf", b"GGUF\x03\0\0\0\0\0\0\0".to_vec(), "It is GGUF"),
        ("tensors.npy.gz", b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), "compressed by gzip"),
        ("pickle.pt", file("pickle.pt"), "It is a pickle"),
        ("archive.pt", file("archive.pt"), "PyTorch's `torch.save`"),
        ("objects.npy", file("objects.npy"), "Python objects as a pickle"),
        ("fields.npy", file("fields.npy"), "several fields in one number"),
        ("complex.npy", file("complex.npy"), "no kind of number that is read here"),
        (
            "bfloat16.npy",
            npy("{'descr': '|V2', 'fortran_order': False, 'shape': (2,), }\n", 4),
            "as NumPy writes bfloat16",
        ),
        ("version.npy", version, "it is of version 9"),
        ("long.npy", long_header, "60000 bytes, and 10000 are the most"),
        ("words.npy", npy("no header at all\n", 8), "no Python literal"),
        ("keys.npy", npy("{'descr': '<f4'}\n", 8), "no “fortran_order”"),
        (
            "brackets.npy",
            npy(&format!("{}1{}\n", "(".repeat(4000), ")".repeat(4000)), 8),
            "more brackets than any shape",
        ),
        ("negative.npy", npy(&f4("(-2,)"), 8), "no tuple of whole numbers"),
        ("short.npy", npy(&f4("(3,)"), 8), "makes 12 bytes; there are 8"),
        ("more.npy", npy(&f4("(1,)"), 8), "makes 4 bytes; there are 8"),
        ("overflow.npy", npy(&f4("(4294967296, 4294967296, 4)"), 8), "more numbers than can be counted"),
        ("u64.npy", npy(&f4("(99999999999999999999,)"), 8), "no tuple of whole numbers"),
        ("axes.npy", npy(&f4("(1, 1, 1, 1, 1, 1, 1, 1, 1, 2)"), 8), "has 10 axes"),
        (
            "text.npy",
            npy("{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }\n", 8)
                .into_iter()
                .rev()
                .take(8)
                .rev()
                .collect(),
            "none of the files",
        ),
        (
            "surrogate.npy",
            [npy("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }\n", 0), vec![0, 0xd8, 0, 0]].concat(),
            "no Unicode",
        ),
        ("stored.npz", cut("stored.npz"), "the archive cannot be read"),
        ("deflated.npz", twisted, "damaged"),
        ("nothing.npz", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "no .npy in it"),
        ("bomb.npz", bomb(&f4("(1073741824,)"), 64 << 20, None), "The file is damaged"),
        ("honest_bomb.npz", bomb(&f4("(134217728,)"), 512 << 20, None), "67108864 are the most"),
        ("lying_bomb.npz", bomb(&f4("(2,)"), 64 << 20, Some(8 + 10 + f4("(2,)").len() as u32)), "damaged"),
        ("huge.safetensors", huge, "its header is said to have 18446744073709551615 bytes"),
        ("beyond.safetensors", beyond, "it ends after"),
        ("tiny.safetensors", vec![1, 2, 3], "it ends after 3 bytes"),
        ("array.safetensors", safetensors("[1, 2]", 0), "does not begin with {"),
        ("json.safetensors", safetensors("{\"x\":", 0), "its header cannot be read"),
        (
            "unicode.safetensors",
            {
                let mut bytes = safetensors(one, 8);
                bytes[10] = 0xff;
                bytes
            },
            "its header cannot be read",
        ),
        (
            "twice.safetensors",
            safetensors(&format!("{{{},{}}}", info("x", 0, 8), info("x", 8, 16)), 16),
            "“x” is there twice",
        ),
        (
            "overlap.safetensors",
            safetensors(&format!("{{{},{}}}", info("x", 0, 8), info("y", 4, 12)), 12),
            "“y” overlaps",
        ),
        (
            "hole.safetensors",
            safetensors(&format!("{{{},{}}}", info("x", 0, 8), info("y", 12, 20)), 20),
            "the 4 bytes before “y”",
        ),
        ("rest.safetensors", safetensors(one, 12), "the last 4 bytes belong to no tensor"),
        ("cut.safetensors", safetensors(one, 4), "was not copied to the end"),
        (
            "backwards.safetensors",
            safetensors(r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8),
            "from byte 8 to 0",
        ),
        (
            "size.safetensors",
            safetensors(r#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8),
            "makes 12 bytes; there are 8",
        ),
        (
            "product.safetensors",
            safetensors(r#"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, 8),
            "more numbers than can be counted",
        ),
        (
            "type.safetensors",
            safetensors(r#"{"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#, 8),
            "of the type \"F8_E4M3\"",
        ),
        (
            "field.safetensors",
            safetensors(r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}}"#, 8),
            "unknown field",
        ),
        (
            "minus.safetensors",
            safetensors(r#"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8),
            "invalid value",
        ),
        ("no_tensor.safetensors", safetensors("{\"__metadata__\":{}}", 0), "there is no tensor in it"),
        ("uneven.json", b"[[1, 2], [3]]".to_vec(), "not of one length"),
        ("mixed.json", b"[1, \"a\"]".to_vec(), "hold different things"),
        ("open.json", b"[[1, 2], [3".to_vec(), "ends early"),
        ("nan.json", b"[[1, 2], [3, NaN]]".to_vec(), "no NaN and no Infinity"),
        ("other.json", b"{\"NaN\": [1, 2], }".to_vec(), "no JSON of tensors"),
        ("names.txt", vec![b'a', 0xff, b'\n'], "no text in UTF-8"),
        ("blank.txt", b" \n\n".to_vec(), "no names of tokens"),
        ("nothing.json", b"{\"a\": 1}".to_vec(), "no arrays of numbers"),
        ("deep.json", "[".repeat(100_000).into_bytes(), "recursion limit exceeded"),
        ("twice.json", b"{\"a\": [1], \"a\": [2]}".to_vec(), "“a” is there twice"),
        ("shape.json", b"{\"a\": {\"shape\": [3], \"data\": [1, 2]}}".to_vec(), "has 2 numbers"),
    ];
    let mut said: Vec<String> = Vec::new();
    for (name, bytes, expected) in &cases {
        let before = MEMORY.allocated();
        // No more than the file takes besides, and what one part of a tensor does.
        MEMORY.set_limit(before + (80 << 20)).expect("there is so much");
        let refused = refusal(name, bytes);
        MEMORY.set_limit(usize::MAX).expect("there is so much");
        let error = refused.unwrap_or_else(|| panic!("{name} was read")).to_string();
        assert!(error.contains(expected), "{name}: {error}");
        assert!(error.contains(name) || error.contains('“'), "{name} is not named: {error}");
        said.push(error.replace(name, "it"));
    }
    let different: std::collections::BTreeSet<&String> = said.iter().collect();
    assert!(different.len() >= 45, "{} cases have {} messages", cases.len(), different.len());
}

#[test]
fn a_header_that_is_cut_anywhere_is_refused() {
    let _alone = alone();
    for name in ["little_f4.npy", "version2.npy", "stored.npz", "deflated.npz", "torch.safetensors", "named.json"] {
        let whole = file(name);
        for end in 0..whole.len() {
            let error = refusal(name, &whole[..end].to_vec()).unwrap_or_else(|| panic!("{name} was read up to {end}"));
            assert!(error.to_string().len() > 20, "{error}");
        }
    }
}

#[test]
fn whatever_is_changed_nothing_panics_and_no_memory_is_taken() {
    let _alone = alone();
    let seconds = env::var("HEADLIGHT_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(2);
    let end = Instant::now() + Duration::from_secs(seconds);
    let names = [
        "little_f4.npy",
        "big_f8_fortran.npy",
        "version2.npy",
        "stored.npz",
        "deflated.npz",
        "torch.safetensors",
        "named.json",
        "nested.json",
    ];
    let (mut random, mut tried, mut read) = (Mt::new(1), 0_u64, 0_u64);
    let wholes: Vec<Vec<u8>> = names.iter().map(|name| file(name)).collect();
    while Instant::now() < end {
        let mut draw = |below: usize| random.next_u32() as usize % below.max(1);
        let which = draw(names.len());
        let mut bytes = wholes[which].clone();
        for _ in 0..=draw(4) {
            let at = draw(bytes.len());
            match draw(6) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, draw(256) as u8),
                2 if !bytes.is_empty() => drop(bytes.remove(at)),
                // What sizes are made of: 0, the largest, digits.
                3 if !bytes.is_empty() => bytes[at] = [0, 0xff, 0x7f, b'9', b'[', b'-'][draw(6)],
                4 if !bytes.is_empty() => {
                    let other = &wholes[draw(wholes.len())];
                    let from = draw(other.len());
                    let part = &other[from..(from + draw(16)).min(other.len())];
                    bytes.splice(at..at, part.iter().copied());
                }
                _ if !bytes.is_empty() => bytes[at] ^= 1 << draw(8),
                _ => {}
            }
        }
        let before = MEMORY.allocated();
        MEMORY.set_limit(before + (8 << 20)).expect("there is so much");
        read += u64::from(refusal(names[which], &bytes).is_none());
        MEMORY.set_limit(usize::MAX).expect("there is so much");
        tried += 1;
    }
    println!("{tried} files that were changed: {read} could still be read, the others were refused");
    assert!(tried > 100 && read > 0 && read < tried);
}

/// Counts what is read of it.
struct Counted<'a>(&'a File, Cell<u64>);

impl Source for Counted<'_> {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Error> {
        self.1.set(self.1.get() + into.len() as u64);
        self.0.read(at, into)
    }
}

#[test]
fn of_half_a_gigabyte_one_tensor_is_read_and_no_more() {
    let _alone = alone();
    const LAYERS: u64 = 40;
    let (shape, numbers) = ([12, 512, 512], 12 * 512 * 512_u64);
    let layer = |layer: u64| {
        let (from, to) = (4 * layer * numbers, 4 * (layer + 1) * numbers);
        format!(r#""attentions.{layer}":{{"dtype":"F32","shape":[12,512,512],"data_offsets":[{from},{to}]}}"#)
    };
    let header = format!("{{{}}}", (0..LAYERS).map(layer).collect::<Vec<_>>().join(","));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("large.safetensors");
    let mut large = File::create(&path).expect("a file");
    large.write_all(&safetensors(&header, 0)).expect("its header");
    let begin = 8 + header.len() as u64;
    // A file with holes takes no room on a disk. The last number of layer 7 is 1.
    large.set_len(begin + 4 * LAYERS * numbers).expect("its length");
    large.seek(SeekFrom::Start(begin + 4 * 8 * numbers - 4)).expect("it is there");
    large.write_all(&1_f32.to_le_bytes()).expect("a number");
    let large = File::open(&path).expect("the file");
    assert!(large.len() > 500_000_000, "{}", large.len());

    let source = Counted(&large, Cell::new(0));
    let before = MEMORY.allocated();
    MEMORY.set_limit(before + (32 << 20)).expect("there is so much");
    let entries = contents("large.safetensors", &source).expect("it is whole");
    let entry = entries.iter().find(|entry| entry.name == "attentions.7").expect("it has 40");
    assert_eq!(entry.shape, shape);
    let mut parts = Vec::new();
    let read = block_on(entry.numbers(&source, 0..entry.count(), &mut async |done, of| {
        parts.push(done);
        assert_eq!(of, 4 * numbers);
        ControlFlow::Continue(())
    }));
    MEMORY.set_limit(usize::MAX).expect("there is so much");
    let read = read.expect("its numbers");
    assert_eq!((read.len() as u64, read[0], read.last()), (numbers, 0.0, Some(&1.0)));
    assert!(parts.len() >= 12 && parts.is_sorted() && parts.last() == Some(&(4 * numbers)), "{parts:?}");
    let bytes = source.1.get();
    assert!(bytes < 4 * numbers + begin + 100, "{bytes} bytes were read");
    println!("read {bytes} of {} bytes", large.len());

    // One head of it takes a twelfth.
    source.1.set(0);
    let head = part(&source, entry, 11 * 512 * 512..12 * 512 * 512).expect("its last head");
    assert_eq!((head.len(), head.last(), source.1.get()), (512 * 512, Some(&1.0), 4 * 512 * 512));

    let stopped = block_on(entry.numbers(&source, 0..entry.count(), &mut async |_, _| ControlFlow::Break(())));
    assert_eq!(stopped.expect_err("nobody wants it").to_string(), "reading was stopped.");
    assert!(MOST_NUMBERS > numbers);
    fs::remove_file(path).expect("it was there");
}
