//! What a PNG file says of itself: how large it is on paper, and texts.

use crc::{CRC_32_ISO_HDLC, Crc};

/// The file that a browser wrote, with `dots` pixels to an inch of paper, and texts under their keywords. `None` where it is
/// no PNG file.
///
/// Source: Portable Network Graphics (PNG) Specification (Third Edition), W3C 2025: 11.3.3.4 iTXt, 11.3.4.3 pHYs. Keywords
/// of 11.3.3.1: Title, Description, Software.
pub fn described(png: &[u8], dots: f64, texts: &[(&str, impl AsRef<str>)]) -> Option<Vec<u8>> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    /// Length, name, 13 bytes, checksum.
    const HEADER: usize = 4 + 4 + 13 + 4;
    let rest = png.strip_prefix(SIGNATURE)?;
    let (header, rest) = rest.split_at_checked(HEADER)?;
    let a_metre = a_metre(dots).to_be_bytes();
    let mut described = [SIGNATURE, header, &chunk(b"pHYs", &[&a_metre[..], &a_metre, &[1]].concat())].concat();
    for (keyword, text) in texts {
        // Not compressed; in no language that has a name here.
        described.extend(chunk(b"iTXt", &[keyword.as_bytes(), &[0; 5], text.as_ref().as_bytes()].concat()));
    }
    // The browser's own word on its size would be a second one.
    described.extend(without(rest, b"pHYs")?);
    Some(described)
}

/// How many pixels are a metre, where so many are an inch.
pub fn a_metre(dots: f64) -> u32 {
    const METRES: f64 = 0.0254;
    (dots / METRES).round() as u32
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u32).to_be_bytes();
    let sum = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&[&name[..], data].concat()).to_be_bytes();
    [&length[..], name, data, &sum].concat()
}

/// Chunks, but none of this name.
fn without(mut chunks: &[u8], name: &[u8; 4]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(chunks.len());
    while let Some(length) = chunks.first_chunk::<4>() {
        let (chunk, rest) = chunks.split_at_checked(u32::from_be_bytes(*length) as usize + 12)?;
        if &chunk[4..8] != name {
            kept.extend(chunk);
        }
        chunks = rest;
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest header and end.
    fn png() -> Vec<u8> {
        let header = [&1_u32.to_be_bytes()[..], &1_u32.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
        [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"pHYs", &[0; 9]), &chunk(b"IEND", &[])].concat()
    }

    const NO_TEXTS: &[(&str, &str)] = &[];

    #[test]
    fn checksums_are_those_of_the_specification() {
        // 11.2.5: IEND is the same in every file.
        assert_eq!(chunk(b"IEND", &[]), [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82]);
    }

    #[test]
    fn size_and_texts_follow_the_header_and_what_was_said_before_goes() {
        let described = described(&png(), 300.0, &[("Title", "größer")]).expect("a PNG file");
        let sizes: Vec<usize> = (0..described.len()).filter(|at| described[*at..].starts_with(b"pHYs")).collect();
        assert_eq!(sizes, [8 + 25 + 4]);
        // 300 dots an inch are 11811 a metre.
        assert_eq!(described[sizes[0] + 4..][..9], [0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1]);
        let text = [&b"iTXtTitle"[..], &[0; 5], "größer".as_bytes()].concat();
        assert!(described.windows(text.len()).any(|window| window == text));
        assert!(described.ends_with(&chunk(b"IEND", &[])));
    }

    #[test]
    fn what_is_no_png_is_left_alone() {
        for bytes in [&b""[..], b"GIF89a", &png()[..20], &png()[..40]] {
            assert_eq!(described(bytes, 96.0, NO_TEXTS), None);
        }
    }
}
