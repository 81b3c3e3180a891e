//! NumPy's .npy. Source: NumPy's `numpy.lib.format`.

use std::io::Read;

use npyz::{Endianness, TypeChar, TypeStr};
use py_literal::Value;

use super::{Dtype, Entry, Error, MOST_NUMBERS, Order, Place, checked, dtype::Kind, source::Source};

/// How it begins.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// NumPy itself reads no longer ones of files that it does not trust.
const MOST_HEADER: usize = 10_000;

/// The tensor of a file.
pub fn entry(name: &str, source: &impl Source) -> Result<Entry, Error> {
    let mut beginning = vec![0; source.len().min(12 + MOST_HEADER as u64) as usize];
    source.read(0, &mut beginning)?;
    let header = Header::read(name, &beginning, source.len())?;
    let bytes = source.len() - header.len as u64;
    let shape = checked(name, &header.shape, header.dtype.size(), bytes)?;
    let (at, order) = (header.len as u64, header.order);
    let place = match header.dtype.kind {
        Kind::Text(_) => Place::Texts(texts(name, &header, bytes, &mut |into| source.read(at, into))?),
        _ => Place::Plain { at, order },
    };
    Ok(Entry { name: name.to_owned(), shape, dtype: header.dtype, place })
}

/// What a file says of itself.
pub struct Header {
    /// How many bytes come before the numbers.
    pub len: usize,
    pub shape: Vec<u64>,
    pub dtype: Dtype,
    pub order: Order,
}

impl Header {
    /// Reads it from the beginning of a file of so many bytes.
    pub fn read(name: &str, beginning: &[u8], len: u64) -> Result<Self, Error> {
        let wrong =
            |what: String| Error(format!("“{name}” has a header that cannot be read: {what} The file is damaged."));
        let byte = |at: usize| {
            beginning.get(at).copied().map(usize::from).ok_or_else(|| Error::ends_early(at as u64 + 1, len))
        };
        let (before, text_len) = match byte(6)? {
            1 => (10, byte(8)? | byte(9)? << 8),
            2 | 3 => (12, byte(8)? | byte(9)? << 8 | byte(10)? << 16 | byte(11)? << 24),
            version => return Err(wrong(format!("it is of version {version}, and there are 1, 2 and 3."))),
        };
        if text_len > MOST_HEADER {
            return Err(wrong(format!(
                "it is said to have {text_len} bytes, and {MOST_HEADER} are the most that NumPy reads."
            )));
        }
        let header =
            beginning.get(..before + text_len).ok_or_else(|| Error::ends_early((before + text_len) as u64, len))?;
        // Whoever nests brackets means no shape, but a reader that calls itself for each of them.
        if header[before..].iter().filter(|byte| b"([{".contains(byte)).count() > 64 {
            return Err(wrong("it has more brackets than any shape.".to_owned()));
        }
        // Not by npyz's reader of headers, which multiplies a shape's lengths without a look at whether they can be.
        let text = str::from_utf8(&header[before..]).map_err(|error| wrong(format!("{error}.")))?;
        let read = text.trim().parse().map_err(|_| wrong("it is no Python literal.".to_owned()))?;
        let Value::Dict(read) = read else { return Err(wrong("it is no dictionary.".to_owned())) };
        let of = |wanted: &str| {
            let is_wanted = |(key, _): &&(Value, Value)| key.as_string().is_some_and(|key| key == wanted);
            let found = read.iter().find(is_wanted).map(|(_, value)| value);
            found.ok_or_else(|| wrong(format!("it has no “{wanted}”.")))
        };
        let Value::Boolean(is_fortran) = *of("fortran_order")? else {
            return Err(wrong("“fortran_order” is neither True nor False.".to_owned()));
        };
        let length = |length: &Value| length.as_integer().and_then(|length| u64::try_from(length).ok());
        let lengths = of("shape")?.as_tuple().and_then(|lengths| lengths.iter().map(length).collect());
        let shape: Vec<u64> =
            lengths.ok_or_else(|| wrong("“shape” is no tuple of whole numbers from 0 to 2⁶⁴ − 1.".to_owned()))?;
        let order = if is_fortran { Order::Fortran } else { Order::C };
        Ok(Self { len: before + text_len, shape, dtype: dtype(name, of("descr")?)?, order })
    }
}

fn dtype(name: &str, described: &Value) -> Result<Dtype, Error> {
    let Value::String(described) = described else {
        return Err(Error(format!(
            "“{name}” has several fields in one number ({described}). Save each as an array of its own."
        )));
    };
    let kind: TypeStr = described.parse().map_err(|_| {
        Error(format!("“{name}” holds numbers of a type that is not known: {described:?}. The file is damaged."))
    })?;
    let of = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Bool, 1) => Kind::Bool,
        (TypeChar::Int, 1) => Kind::I8,
        (TypeChar::Int, 2) => Kind::I16,
        (TypeChar::Int, 4) => Kind::I32,
        (TypeChar::Int, 8) => Kind::I64,
        (TypeChar::Uint, 1) => Kind::U8,
        (TypeChar::Uint, 2) => Kind::U16,
        (TypeChar::Uint, 4) => Kind::U32,
        (TypeChar::Uint, 8) => Kind::U64,
        (TypeChar::Float, 2) => Kind::F16,
        (TypeChar::Float, 4) => Kind::F32,
        (TypeChar::Float, 8) => Kind::F64,
        (TypeChar::UnicodeStr, characters @ 1..=1000) => Kind::Text(characters as usize),
        (TypeChar::Object, _) => {
            return Err(Error(format!(
                "“{name}” holds Python objects as a pickle, which can run anything when it is read, so no page reads it. Save it as \
                 numbers: `numpy.save(path, array.astype(\"float32\"))`."
            )));
        }
        (TypeChar::RawData, 2) => {
            return Err(Error(format!(
                "“{name}” has two raw bytes a number, as NumPy writes bfloat16. Save it as numbers: \
                 `numpy.save(path, array.astype(\"float32\"))`, or as .safetensors, which knows bfloat16."
            )));
        }
        _ => {
            return Err(Error(format!(
                "“{name}” holds {kind}, which is no kind of number that is read here. Save it as numbers: \
                 `numpy.save(path, array.astype(\"float32\"))`."
            )));
        }
    };
    Ok(Dtype { kind: of, is_big_endian: kind.endianness() == Endianness::Big })
}

/// Texts of a fixed length, as NumPy keeps them: four bytes a character, with zeros after the last.
pub fn texts(
    name: &str,
    header: &Header,
    bytes: u64,
    read: &mut dyn FnMut(&mut [u8]) -> Result<(), Error>,
) -> Result<Vec<String>, Error> {
    const MOST: u64 = 4 << 20;
    if bytes > MOST.min(MOST_NUMBERS) {
        return Err(Error(format!("“{name}” has {bytes} bytes of text, and {MOST} are the most that is read.")));
    }
    let mut all = vec![0; bytes as usize];
    read(&mut all)?;
    let text = |text: &[u8]| -> Option<String> {
        let (characters, _) = text.as_chunks();
        let read = if header.dtype.is_big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
        characters.iter().map(|bytes| read(*bytes)).take_while(|code| *code != 0).map(char::from_u32).collect()
    };
    let texts: Option<Vec<String>> = all.chunks_exact(header.dtype.size()).map(text).collect();
    texts.ok_or_else(|| Error(format!("“{name}” has texts that are no Unicode. The file is damaged.")))
}

/// A header that comes out of something that is read from its beginning, and no more of that than it takes.
pub fn header_of(name: &str, reader: &mut impl Read, len: u64) -> Result<Header, Error> {
    let mut beginning = Vec::new();
    let damaged =
        |error: std::io::Error| Error(format!("“{name}” could not be unpacked: {error}. The archive is damaged."));
    reader.by_ref().take(12).read_to_end(&mut beginning).map_err(damaged)?;
    if !beginning.starts_with(MAGIC) {
        return Err(Error(format!(
            "“{name}” in the archive is no .npy, though it is called so. The archive is damaged."
        )));
    }
    let said = match beginning[..] {
        [_, _, _, _, _, _, 1, _, low, high, ..] => 10 + (usize::from(low) | usize::from(high) << 8),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d] => 12 + u32::from_le_bytes([a, b, c, d]) as usize,
        _ => 12,
    };
    let rest = said.min(12 + MOST_HEADER).saturating_sub(beginning.len()) as u64;
    reader.by_ref().take(rest).read_to_end(&mut beginning).map_err(damaged)?;
    Header::read(name, &beginning, len)
}
