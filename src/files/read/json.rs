//! JSON: nested arrays of numbers, by themselves or under names; as [`Format::Json`](crate::protocol::Format::Json) writes them,
//! or as `{ "shape": […], "data": […] }`, which JavaScript has. null is −∞: what a mask hides.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

use serde_json::error::Category;

use super::{Dtype, Entry, Error, MOST_HEADER, MOST_TENSORS, Place, dtype::Kind, source::Source};

/// Longer texts are read as no JSON: they would have to be in memory as a whole.
const MOST_BYTES: u64 = 4 * MOST_HEADER;

/// The tensors of a file.
pub fn entries(name: &str, source: &impl Source) -> Result<Vec<Entry>, Error> {
    if source.len() > MOST_BYTES {
        return Err(Error(format!(
            "it has {} bytes, and {MOST_BYTES} are the most that is read of JSON. Save it as .npy or .safetensors.",
            source.len()
        )));
    }
    let mut text = vec![0; source.len() as usize];
    source.read(0, &mut text)?;
    let mut entries = Vec::new();
    list(serde_json::from_slice(&text).map_err(|error| wrong(&error, &text))?, name, &mut entries)?;
    if entries.is_empty() {
        return Err(Error("there are no arrays of numbers in it.".to_owned()));
    }
    Ok(entries)
}

/// Why a text is no JSON of tensors.
fn wrong(error: &serde_json::Error, text: &[u8]) -> Error {
    // Where the error is, or just before.
    let line = text.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let there = &line[error.column().saturating_sub(2).min(line.len())..];
    let has = |word: &[u8]| there.windows(word.len()).take(3).any(|letters| letters == word);
    Error(match error.classify() {
        Category::Eof => "the JSON ends early. Was it copied to the end?".to_owned(),
        Category::Syntax if has(b"NaN") || has(b"Infinity") => format!(
            "JSON has no NaN and no Infinity, and there is one at line {}. Write null for −∞, and a number otherwise.",
            error.line()
        ),
        _ => format!("it is no JSON of tensors: {error}."),
    })
}

/// What a text holds.
enum Value {
    Array {
        shape: Vec<usize>,
        numbers: Vec<f32>,
    },
    Texts {
        shape: Vec<usize>,
        texts: Vec<String>,
    },
    Named(Vec<(String, Value)>),
    /// A number by itself, a truth: of no use here.
    Other,
}

/// Tensors, and those under names, called by them.
fn list(value: Value, name: &str, entries: &mut Vec<Entry>) -> Result<(), Error> {
    if entries.len() >= MOST_TENSORS {
        return Err(Error(format!("it has more than {MOST_TENSORS} tensors, the most that is read.")));
    }
    let dtype = Dtype::little_endian;
    match value {
        // A number or a text by itself is none.
        Value::Array { shape, .. } | Value::Texts { shape, .. }
            if shape.iter().product::<usize>() == 0 || shape.is_empty() => {}
        Value::Array { shape, numbers } => {
            entries.push(Entry { name: name.to_owned(), shape, dtype: dtype(Kind::F32), place: Place::Read(numbers) });
        }
        Value::Texts { shape, texts } => {
            entries.push(Entry {
                name: name.to_owned(),
                shape,
                dtype: dtype(Kind::Text(0)),
                place: Place::Texts(texts),
            });
        }
        Value::Named(mut named) => {
            let of = |named: &[(String, Value)], name: &str| named.iter().position(|(other, _)| other == name);
            // A tensor with its shape beside it.
            if let (Some(shape), Some(data)) = (of(&named, "shape"), of(&named, "data"))
                && let (Value::Array { numbers: shape, .. }, Value::Array { numbers, .. }) =
                    (&named[shape].1, &named[data].1)
            {
                let shape: Vec<usize> = shape.iter().map(|length| *length as usize).collect();
                let count = shape.iter().try_fold(1, |product: usize, length| product.checked_mul(*length));
                if count != Some(numbers.len()) {
                    let many = numbers.len();
                    return Err(Error(format!(
                        "“{name}” is said to have the shape {shape:?}, and has {many} numbers."
                    )));
                }
                let Value::Array { numbers, .. } = named.swap_remove(data).1 else { return Ok(()) };
                entries.push(Entry {
                    name: name.to_owned(),
                    shape,
                    dtype: dtype(Kind::F32),
                    place: Place::Read(numbers),
                });
                return Ok(());
            }
            for (name, value) in named {
                list(value, &name, entries)?;
            }
        }
        Value::Other => {}
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("nested arrays of numbers, or such under names")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
                Ok(Value::Other)
            }
            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(Value::Array { shape: Vec::new(), numbers: vec![number as f32] })
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Value, E> {
                self.visit_f64(number as f64)
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
                self.visit_f64(number as f64)
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Array { shape: Vec::new(), numbers: vec![f32::NEG_INFINITY] })
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Texts { shape: Vec::new(), texts: vec![text.to_owned()] })
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Value, S::Error> {
                let Some(first) = seq.next_element()? else {
                    return Ok(Value::Array { shape: vec![0], numbers: Vec::new() });
                };
                let mut all = first;
                let mut many = 1;
                let uneven = || S::Error::custom("an array whose rows are not of one length, or hold different things");
                while let Some(next) = seq.next_element()? {
                    match (&mut all, next) {
                        (Value::Array { shape, numbers }, Value::Array { shape: other, numbers: more })
                            if *shape == other =>
                        {
                            numbers.extend(more);
                        }
                        (Value::Texts { shape, texts }, Value::Texts { shape: other, texts: more })
                            if *shape == other =>
                        {
                            texts.extend(more);
                        }
                        (Value::Named(named), Value::Named(more)) => named.extend(more),
                        _ => return Err(uneven()),
                    }
                    many += 1;
                }
                if let Value::Array { shape, .. } | Value::Texts { shape, .. } = &mut all {
                    shape.insert(0, many);
                }
                Ok(all)
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Value, M::Error> {
                let mut named: Vec<(String, Value)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if named.iter().any(|(other, _)| *other == name) {
                        return Err(M::Error::custom(format_args!("“{name}” is there twice")));
                    }
                    if named.len() >= MOST_TENSORS {
                        return Err(M::Error::custom(format_args!("there are more than {MOST_TENSORS} names")));
                    }
                    named.push((name, value));
                }
                Ok(Value::Named(named))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
