use half::{bf16, f16};

/// What a number is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dtype {
    /// Which kind of number.
    pub kind: Kind,
    /// Whether the byte that counts most comes first.
    pub is_big_endian: bool,
}

/// A kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are named as NumPy and PyTorch name them")]
pub enum Kind {
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F16,
    Bf16,
    F32,
    F64,
    /// No number: texts, each of so many characters of four bytes at most.
    Text(usize),
}

impl Dtype {
    /// A kind of number whose byte that counts least comes first.
    pub fn little_endian(kind: Kind) -> Self {
        Self { kind, is_big_endian: false }
    }

    /// How many bytes one takes.
    pub fn size(self) -> usize {
        match self.kind {
            Kind::Bool | Kind::I8 | Kind::U8 => 1,
            Kind::I16 | Kind::U16 | Kind::F16 | Kind::Bf16 => 2,
            Kind::I32 | Kind::U32 | Kind::F32 => 4,
            Kind::I64 | Kind::U64 | Kind::F64 => 8,
            Kind::Text(characters) => 4 * characters,
        }
    }

    /// Whether a float32 holds every number of this kind as it is.
    pub fn is_exact(self) -> bool {
        !matches!(self.kind, Kind::I32 | Kind::U32 | Kind::I64 | Kind::U64 | Kind::F64)
    }

    /// Reads bytes of whole numbers as float32, rounded to the nearest.
    pub fn append(self, bytes: &[u8], numbers: &mut Vec<f32>) {
        macro_rules! each {
            ($type:ty, $as_f32:expr) => {{
                const SIZE: usize = size_of::<$type>();
                let (all, _) = bytes.as_chunks::<SIZE>();
                let read = if self.is_big_endian { <$type>::from_be_bytes } else { <$type>::from_le_bytes };
                numbers.extend(all.iter().map(|bytes| $as_f32(read(*bytes))));
            }};
        }
        match self.kind {
            Kind::Bool => numbers.extend(bytes.iter().map(|byte| f32::from(u8::from(*byte != 0)))),
            Kind::I8 => each!(i8, f32::from),
            Kind::U8 => each!(u8, f32::from),
            Kind::I16 => each!(i16, f32::from),
            Kind::U16 => each!(u16, f32::from),
            Kind::I32 => each!(i32, |number| number as f32),
            Kind::U32 => each!(u32, |number| number as f32),
            Kind::I64 => each!(i64, |number| number as f32),
            Kind::U64 => each!(u64, |number| number as f32),
            Kind::F16 => each!(f16, f32::from),
            Kind::Bf16 => each!(bf16, f32::from),
            Kind::F32 => each!(f32, |number| number),
            Kind::F64 => each!(f64, |number| number as f32),
            Kind::Text(_) => {}
        }
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.write_str(match self.kind {
            Kind::Bool => "bool",
            Kind::I8 => "int8",
            Kind::U8 => "uint8",
            Kind::I16 => "int16",
            Kind::U16 => "uint16",
            Kind::I32 => "int32",
            Kind::U32 => "uint32",
            Kind::I64 => "int64",
            Kind::U64 => "uint64",
            Kind::F16 => "float16",
            Kind::Bf16 => "bfloat16",
            Kind::F32 => "float32",
            Kind::F64 => "float64",
            Kind::Text(_) => "text",
        })
    }
}
