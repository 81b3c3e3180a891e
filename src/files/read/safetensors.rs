//! .safetensors: the length of a header, the header in JSON, then the numbers.
//!
//! Source: the format's description at <https://github.com/huggingface/safetensors>, and the audit of its library (Trail of
//! Bits, 2023), whose list of what to refuse this follows: headers that are too long, keys that are there twice, tensors that
//! overlap, bytes that belong to none, shapes that make other sizes, products that overflow. That library wants the whole file in
//! memory, and in a browser has no numbers beyond 4 GiB; here the header alone is read.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};

use super::{Dtype, Entry, Error, MOST_HEADER, MOST_TENSORS, Order, Place, checked, dtype::Kind, source::Source};

/// How many bytes say how long the header is.
const LENGTH: u64 = 8;

/// The tensors of a file, in the order in which they lie there.
pub fn entries(source: &impl Source) -> Result<Vec<Entry>, Error> {
    let len = source.len();
    if len < LENGTH {
        return Err(Error::ends_early(LENGTH, len));
    }
    let mut length = [0; LENGTH as usize];
    source.read(0, &mut length)?;
    let header = u64::from_le_bytes(length);
    if header > MOST_HEADER {
        return Err(Error(format!(
            "its header is said to have {header} bytes, and {MOST_HEADER} are the most that is read. It is no .safetensors, or damaged."
        )));
    }
    let begin = LENGTH + header;
    if begin > len {
        return Err(Error::ends_early(begin, len));
    }
    let mut text = vec![0; header as usize];
    source.read(LENGTH, &mut text)?;
    if text.first() != Some(&b'{') {
        return Err(Error("its header does not begin with {. It is no .safetensors, or damaged.".to_owned()));
    }
    let wrong = |error: serde_json::Error| Error(format!("its header cannot be read: {error}. The file is damaged."));
    let Header(mut tensors) = serde_json::from_slice(&text).map_err(wrong)?;
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    let mut entries = Vec::new();
    let mut end = 0;
    for (name, Info { dtype, shape, data_offsets: [from, to] }) in tensors {
        if from > to || to > len - begin {
            return Err(Error(format!(
                "“{name}” is said to lie from byte {from} to {to} of {}, which is not in the file. It was not copied to the end, or is \
                 damaged.",
                len - begin
            )));
        }
        if from < end {
            return Err(Error(format!(
                "“{name}” overlaps the tensor before it. The file is damaged, or made to do harm."
            )));
        }
        if from > end {
            return Err(Error(format!(
                "the {} bytes before “{name}” belong to no tensor. The file is damaged, or made to do harm.",
                from - end
            )));
        }
        end = to;
        let dtype = Dtype::little_endian(kind(&name, &dtype)?);
        let shape = checked(&name, &shape, dtype.size(), to - from)?;
        entries.push(Entry { name, shape, dtype, place: Place::Plain { at: begin + from, order: Order::C } });
    }
    if end != len - begin {
        return Err(Error(format!(
            "the last {} bytes belong to no tensor. The file is damaged, or made to do harm.",
            len - begin - end
        )));
    }
    if entries.is_empty() {
        return Err(Error("there is no tensor in it.".to_owned()));
    }
    Ok(entries)
}

fn kind(name: &str, dtype: &str) -> Result<Kind, Error> {
    Ok(match dtype {
        "BOOL" => Kind::Bool,
        "I8" => Kind::I8,
        "U8" => Kind::U8,
        "I16" => Kind::I16,
        "U16" => Kind::U16,
        "I32" => Kind::I32,
        "U32" => Kind::U32,
        "I64" => Kind::I64,
        "U64" => Kind::U64,
        "F16" => Kind::F16,
        "BF16" => Kind::Bf16,
        "F32" => Kind::F32,
        "F64" => Kind::F64,
        other => {
            return Err(Error(format!(
                "“{name}” is of the type {other:?}, which is not read here. Save it as float32: `tensor.float()`."
            )));
        }
    })
}

/// What the header says of a tensor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Info {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// The tensors that the header names, each once.
struct Header(Vec<(String, Info)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Header;

            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("a tensor's type, shape and place under each name")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Header, M::Error> {
                let mut tensors: Vec<(String, Info)> = Vec::new();
                let mut names = std::collections::BTreeSet::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !names.insert(name.clone()) {
                        return Err(M::Error::custom(format_args!("“{name}” is there twice")));
                    }
                    if names.len() > MOST_TENSORS {
                        return Err(M::Error::custom(format_args!("it names more than {MOST_TENSORS} tensors")));
                    }
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        let info = map.next_value()?;
                        tensors.push((name, info));
                    }
                }
                Ok(Header(tensors))
            }
        }
        deserializer.deserialize_map(Names)
    }
}
