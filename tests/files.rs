//! What is written into files is what the engine keeps, to the last bit, in every format, of every tensor.

#[path = "common/engine.rs"]
mod engine;

use std::collections::HashMap;
use std::io::{Cursor, Read};

use engine::{on_cpu, on_gpu, read, run_pair, whole};
use headlight::attention::Window;
use headlight::embedding::Positions;
use headlight::engine::Engine;
use headlight::files::{Job, Writer};
use headlight::protocol::{Format, Paint, Run, Setup, Slice, Tensor};
use pollster::block_on;
use safetensors::SafeTensors;
use serde_json::Value;

const SENTENCES: [&str; 3] =
    ["The cat sat on the mat", "say \"a, b\"", "Dogs bark\n\nThe cat sat on the mat\nHi, 你好"];
const SECOND: &str = "Le chat était assis\nle";

fn setups() -> Vec<Setup> {
    let painted = vec![Paint { query: 1, key: 0, is_seen: false }];
    vec![
        Setup::default(),
        Setup { mask: Window::CAUSAL, heads: 1, width: 8, positions: Positions::Rotary, ..Setup::default() },
        Setup { mask: Window::CAUSAL, positions: Positions::Alibi, heads: 2, width: 32, ..Setup::default() },
        Setup { is_cross: true, painted, heads_off: vec![1], softcap: Some(2.0), padding: 1, ..Setup::default() },
    ]
}

/// Writes these tensors of the run that is kept.
fn write(engine: &mut Engine, run: u64, tensors: &[Tensor], format: Format) -> (Job, Vec<u8>) {
    let job = engine.job(run, tensors.to_vec(), format).expect("it is the run that is kept");
    let mut writer = Writer::new(job.clone(), Vec::new()).expect("memory takes it");
    let handed = block_on(engine.hand_out(&job, |numbers| writer.numbers(numbers).expect("they fit")));
    assert_eq!(handed, Ok(()));
    (job, writer.finish().expect("all came"))
}

/// A tensor as the page shows it: all its matrices, in order. Hidden keys' shares are 0, and the page says that they are
/// hidden.
fn shown(engine: &mut Engine, run: &Run, tensor: Tensor) -> Vec<f32> {
    let shape = tensor.full_shape(&run.batch, &run.setup);
    let (items, heads) = match shape[..] {
        [items, heads, _, _] => (items, heads),
        [items, _, _] => (items, 1),
        _ if tensor.of_queries() == Tensor::Tokens => (shape[0], 1),
        _ => (1, 1),
    };
    let mut numbers = Vec::new();
    for (item, head) in (0..items).flat_map(|item| (0..heads).map(move |head| (item, head))) {
        let matrix = read(engine, run.run, Slice { item, ..whole(tensor, head) }).expect("it is there");
        let is_share = matches!(tensor, Tensor::Weights | Tensor::Exponentials);
        let number = |number: f32| if is_share && number == f32::NEG_INFINITY { 0.0 } else { number };
        numbers.extend(matrix.values.into_iter().map(number));
    }
    let is_projection = matches!(tensor, Tensor::QueryWeights | Tensor::KeyWeights | Tensor::ValueWeights);
    if is_projection {
        // All heads' columns, side by side.
        let (width, heads) = (run.setup.width, run.setup.heads);
        let mut all = vec![0.0; width * width];
        for head in 0..heads {
            let matrix = read(engine, run.run, whole(tensor, head)).expect("it is there");
            for (row, values) in matrix.values.chunks(width / heads).enumerate() {
                all[row * width + head * width / heads..][..width / heads].copy_from_slice(values);
            }
        }
        return all;
    }
    numbers
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

type Tensors = HashMap<String, (Vec<usize>, Vec<f32>)>;

fn npy(bytes: &[u8], is_ids: bool) -> (Vec<usize>, Vec<f32>) {
    let file = npyz::NpyFile::new(bytes).expect("a .npy");
    assert_eq!(file.order(), npyz::Order::C);
    let shape = file.shape().iter().map(|length| *length as usize).collect();
    let numbers = if is_ids {
        file.into_vec::<i64>().expect("whole numbers").into_iter().map(|id| id as f32).collect()
    } else {
        file.into_vec().expect("numbers of 32 bits")
    };
    (shape, numbers)
}

fn unzipped(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let about: Value = serde_json::from_slice(archive.comment()).expect("the archive says what it is of");
    assert!(about["setup"]["seed"].is_u64(), "{about}");
    let files = (0..archive.len()).map(|index| {
        let mut file = archive.by_index(index).expect("a file of it");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("it is whole");
        (file.name().expect("text").into_owned(), bytes)
    });
    files.collect()
}

fn is_ids(name: &str) -> bool {
    name.contains("token_ids")
}

/// The numbers at the end of each line, as many as there are columns.
fn csv(bytes: &[u8], columns: usize) -> Vec<f32> {
    let text = std::str::from_utf8(bytes).expect("text");
    assert!(text.ends_with("\r\n"));
    let rows = records(text);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{text}");
    rows[1..]
        .iter()
        .flat_map(|row| row[row.len() - columns..].iter().map(|cell| cell.parse().expect("a number")))
        .collect()
}

/// RFC 4180.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => cell.extend(characters.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            other => cell.push(other),
        }
    }
    assert!(cell.is_empty() && record.is_empty() && !is_quoted);
    records
}

fn flat(value: &Value, shape: &mut Vec<usize>, depth: usize, numbers: &mut Vec<f32>) {
    match value {
        Value::Array(values) => {
            if shape.len() == depth {
                shape.push(values.len());
            }
            assert_eq!(shape[depth], values.len());
            values.iter().for_each(|value| flat(value, shape, depth + 1, numbers));
        }
        Value::Null => numbers.push(f32::NEG_INFINITY),
        // f64 holds every f32, and its nearest f32 is that one.
        value => numbers.push(value.as_f64().expect("a number") as f32),
    }
}

fn every_format_has_every_number(engine: &mut Engine) {
    let mut number = 0;
    for (sentence, setup) in
        SENTENCES.into_iter().flat_map(|sentence| setups().into_iter().map(move |setup| (sentence, setup)))
    {
        number += 1;
        let run = run_pair(engine, number, [sentence, SECOND], &setup, vec![]);
        let all: Vec<Tensor> = Tensor::ALL.into_iter().filter(|tensor| tensor.is_of(&setup)).collect();
        let expected: Tensors = all
            .iter()
            .map(|tensor| {
                (tensor.name().to_owned(), (tensor.full_shape(&run.batch, &setup), shown(engine, &run, *tensor)))
            })
            .collect();
        assert_eq!(expected.len(), all.len(), "each has a name of its own");
        let same = |found: &Tensors| {
            assert_eq!(found.len(), expected.len());
            for (name, (shape, numbers)) in &expected {
                let (found_shape, found) = &found[name];
                assert_eq!((found_shape, bits(found)), (shape, bits(numbers)), "{name} of {sentence:?} in {setup:?}");
            }
        };

        let (_, bytes) = write(engine, number, &all, Format::Npz);
        assert_eq!(bytes, write(engine, number, &all, Format::Npy).1);
        assert_eq!(bytes, write(engine, number, &all, Format::Npz).1, "the same again");
        let npz = unzipped(&bytes).into_iter().map(|(file, bytes)| {
            let name = file.strip_suffix(".npy").expect("arrays alone").to_owned();
            let tensor = npy(&bytes, is_ids(&name));
            (name, tensor)
        });
        same(&npz.collect());

        let (_, bytes) = write(engine, number, &all, Format::Safetensors);
        let file = SafeTensors::deserialize(&bytes).expect("a .safetensors");
        let tensors = file.iter().map(|(name, view)| {
            let numbers = match is_ids(name) {
                true => view.data().chunks(8).map(|id| i64::from_le_bytes(id.try_into().expect("8")) as f32).collect(),
                false => view.data().chunks(4).map(|one| f32::from_le_bytes(one.try_into().expect("4"))).collect(),
            };
            (name.to_owned(), (view.shape().to_vec(), numbers))
        });
        same(&tensors.collect());
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
        let about = &header.metadata().as_ref().expect("it says what it is of")["headlight"];
        let about: Value = serde_json::from_str(about).expect("JSON");
        assert_eq!(about["tokens"].as_array().expect("sentences").len(), run.batch.len());
        assert_eq!(about.get("memory_tokens").is_some(), setup.is_cross);

        let (_, bytes) = write(engine, number, &all, Format::Json);
        let file: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(file["headlight"], about);
        let tensors = file["tensors"].as_object().expect("tensors").iter().map(|(name, tensor)| {
            let (mut shape, mut numbers) = (Vec::new(), Vec::new());
            flat(&tensor["data"], &mut shape, 0, &mut numbers);
            assert_eq!(tensor["shape"], serde_json::json!(shape), "{name}");
            assert_eq!(tensor["axes"].as_array().expect("names").len(), shape.len(), "{name}");
            (name.clone(), (shape, numbers))
        });
        same(&tensors.collect());

        let (_, bytes) = write(engine, number, &all, Format::Csv);
        for (file, bytes) in unzipped(&bytes) {
            let (shape, numbers) = &expected[file.strip_suffix(".csv").expect("tables alone")];
            assert_eq!(bits(&csv(&bytes, *shape.last().expect("an axis"))), bits(numbers), "{file}");
        }
        // One alone is no archive.
        for tensor in [Tensor::Weights, Tensor::Tokens] {
            let (_, one) = write(engine, number, &[tensor], Format::Npy);
            assert_eq!(npy(&one, is_ids(tensor.name())), expected[tensor.name()].clone());
        }
    }
}

#[test]
fn every_format_has_every_number_of_the_cpu() {
    every_format_has_every_number(&mut on_cpu());
}

#[test]
fn every_format_has_every_number_of_the_gpu() {
    every_format_has_every_number(&mut on_gpu());
}

#[test]
fn a_table_names_its_rows_and_columns_as_they_are_typed() {
    let mut engine = on_cpu();
    run_pair(&mut engine, 1, ["say \"a, b\"", ""], &Setup::default(), vec![]);
    let (_, bytes) = write(&mut engine, 1, &[Tensor::Weights], Format::Csv);
    let rows = records(std::str::from_utf8(&bytes).expect("text"));
    assert_eq!(rows[0], ["sentence", "head", "token", "text", "say", "\"", "a", ",", "b", "\""]);
    assert_eq!(rows[2][..4], ["0", "0", "1", "\""]);
    assert_eq!(rows.len(), 1 + 4 * 6);
    // Of several sentences, each has its own words: the columns have none.
    run_pair(&mut engine, 2, ["a b\nc", ""], &Setup::default(), vec![]);
    let (_, bytes) = write(&mut engine, 2, &[Tensor::Weights], Format::Csv);
    let rows = records(std::str::from_utf8(&bytes).expect("text"));
    assert_eq!(rows[0], ["sentence", "head", "token", "text", "0", "1"]);
    assert_eq!(rows[1 + 4 * 2][..4], ["1", "0", "0", "c"]);
}

#[test]
fn too_few_and_too_many_numbers_are_refused() {
    let mut engine = on_cpu();
    run_pair(&mut engine, 1, ["a b", ""], &Setup::default(), vec![]);
    for format in Format::ALL {
        let job = engine.job(1, vec![Tensor::RowSums], format).expect("it is kept");
        let mut writer = Writer::new(job.clone(), Vec::new()).expect("memory takes it");
        writer.numbers(&[1.0; 8]).expect("4 heads, 2 rows");
        assert!(writer.numbers(&[1.0]).is_err(), "{format:?}");
        let mut writer = Writer::new(job, Vec::new()).expect("memory takes it");
        writer.numbers(&[1.0; 7]).expect("there is room");
        assert!(writer.finish().is_err(), "{format:?}");
    }
    assert!(engine.job(2, vec![Tensor::Weights], Format::Csv).is_none(), "another run");
    assert!(engine.job(1, vec![Tensor::KeyTokens], Format::Csv).is_none(), "a tensor of cross-attention");
}

#[test]
fn a_table_of_one_column_calls_it_a_value() {
    let mut engine = on_cpu();
    run_pair(&mut engine, 1, ["two words", ""], &Setup { heads: 1, ..Setup::default() }, vec![]);
    let job = engine.job(1, vec![Tensor::RowSums], Format::Csv).expect("it is kept");
    let mut writer = Writer::new(job, Vec::new()).expect("memory takes it");
    writer.numbers(&[1.0, 0.5]).expect("there is room");
    let bytes = writer.finish().expect("all came");
    assert_eq!(bytes, b"sentence,head,token,text,value\r\n0,0,0,two,1.0\r\n0,0,1,words,0.5\r\n");
}
