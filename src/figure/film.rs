//! A picture that moves, as one file: an animated PNG, which keeps every colour as it is.

use std::{
    cell::RefCell,
    io::{self, Write},
    rc::Rc,
};

use ::png::{BlendOp, ColorType, DisposeOp, Encoder, EncodingError, PixelDimensions, Unit, Writer};

use super::png;

/// A film that is being made.
pub struct Film {
    writer: Writer<Shared>,
    bytes: Shared,
    width: usize,
    height: usize,
    /// What the frame before looks like.
    before: Vec<u8>,
}

impl Film {
    /// Begins a film of so many frames, each shown for `1 / per_second` s, that begins again at its end. `dots` pixels are an
    /// inch on paper; the texts stand under their keywords.
    ///
    /// # Errors
    /// Where there are no pixels or no frames, or a keyword is none of PNG's.
    pub fn new(
        (width, height): (u32, u32),
        frames: u32,
        per_second: u16,
        dots: f64,
        texts: &[(&str, impl AsRef<str>)],
    ) -> Result<Self, EncodingError> {
        const FOR_EVER: u32 = 0;
        let bytes = Shared::default();
        let mut encoder = Encoder::new(bytes.clone(), width, height);
        encoder.set_color(ColorType::Rgba);
        encoder.set_animated(frames, FOR_EVER)?;
        encoder.validate_sequence(true);
        encoder.set_frame_delay(1, per_second)?;
        let a_metre = png::a_metre(dots);
        encoder.set_pixel_dims(Some(PixelDimensions { xppu: a_metre, yppu: a_metre, unit: Unit::Meter }));
        for (keyword, text) in texts {
            encoder.add_itxt_chunk((*keyword).to_owned(), text.as_ref().to_owned())?;
        }
        let mut writer = encoder.write_header()?;
        writer.set_blend_op(BlendOp::Source)?;
        writer.set_dispose_op(DisposeOp::None)?;
        Ok(Self { writer, bytes, width: width as usize, height: height as usize, before: Vec::new() })
    }

    /// Adds a frame, row by row, four bytes a pixel; of all but the first, what has changed.
    ///
    /// # Errors
    /// Where it is one more than there are to be, or of another size.
    pub fn frame(&mut self, rgba: Vec<u8>) -> Result<(), EncodingError> {
        let [left, top, width, height] = if self.before.is_empty() {
            [0, 0, self.width, self.height]
        } else {
            changed(&self.before, &rgba, self.width)
        };
        self.writer.set_frame_position(0, 0)?;
        self.writer.set_frame_dimension(width as u32, height as u32)?;
        self.writer.set_frame_position(left as u32, top as u32)?;
        let rows = rgba.chunks_exact(4 * self.width).skip(top).take(height);
        let part: Vec<u8> = rows.flat_map(|row| &row[4 * left..4 * (left + width)]).copied().collect();
        self.writer.write_image_data(&part)?;
        self.before = rgba;
        Ok(())
    }

    /// The last frame stays for so many milliseconds. To be said before it is added.
    ///
    /// # Errors
    /// Never, in a film.
    pub fn hold(&mut self, milliseconds: u16) -> Result<(), EncodingError> {
        self.writer.set_frame_delay(milliseconds, 1000)
    }

    /// The file.
    ///
    /// # Errors
    /// Where frames are missing.
    pub fn finish(self) -> Result<Vec<u8>, EncodingError> {
        self.writer.finish()?;
        Ok(self.bytes.0.take())
    }
}

/// The smallest box, `[left, top, width, height]`, outside of which two pictures are the same; at least one pixel.
fn changed(before: &[u8], now: &[u8], width: usize) -> [usize; 4] {
    let rows = || before.chunks_exact(4 * width).zip(now.chunks_exact(4 * width));
    let is_changed = |(before, now): (&[u8], &[u8])| before != now;
    let Some(top) = rows().position(is_changed) else { return [0, 0, 1, 1] };
    let bottom = rows().rposition(is_changed).unwrap_or(top) + 1;
    let (mut left, mut right) = (width, 0);
    for (before, now) in rows().take(bottom).skip(top) {
        let pixels = || before.chunks_exact(4).zip(now.chunks_exact(4));
        if let Some(first) = pixels().position(is_changed) {
            left = left.min(first);
            right = right.max(pixels().rposition(is_changed).unwrap_or(first) + 1);
        }
    }
    [left, top, right - left, bottom - top]
}

/// Bytes that can still be had when the writer is through with them.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_TEXTS: &[(&str, &str)] = &[];

    /// A picture of one colour with a box of another in it.
    fn picture([left, top, wide, high]: [usize; 4], color: [u8; 4]) -> Vec<u8> {
        let pixels = (0..6 * 5).map(|at| (at % 6, at / 6));
        let is_in = |x, y| (left..left + wide).contains(&x) && (top..top + high).contains(&y);
        pixels.flat_map(|(x, y)| if is_in(x, y) { color } else { [255; 4] }).collect()
    }

    #[test]
    fn frames_come_back_as_they_were_and_only_what_changed_is_kept() {
        let frames = [
            picture([0, 0, 0, 0], [0; 4]),
            picture([1, 1, 2, 3], [10, 20, 30, 255]),
            picture([1, 1, 2, 3], [10, 20, 30, 255]),
            picture([2, 0, 4, 5], [0, 0, 0, 0]),
        ];
        let mut film = Film::new((6, 5), 4, 20, 192.0, &[("Title", "größer")]).expect("it begins");
        for (index, frame) in frames.iter().enumerate() {
            if index == 3 {
                film.hold(1500).expect("it can");
            }
            film.frame(frame.clone()).expect("it fits");
        }
        let bytes = film.finish().expect("all frames are there");

        let mut reader = ::png::Decoder::new(io::Cursor::new(&bytes)).read_info().expect("it is a PNG");
        let info = reader.info();
        assert_eq!(info.animation_control().map(|about| (about.num_frames, about.num_plays)), Some((4, 0)));
        assert_eq!(info.pixel_dims.map(|dims| dims.xppu), Some(7559));
        assert_eq!(info.utf8_text[0].get_text().expect("a text"), "größer");
        let mut canvas = Vec::new();
        let mut boxes = Vec::new();
        for frame in &frames {
            let mut part = vec![0; 6 * 5 * 4];
            let output = reader.next_frame(&mut part).expect("a frame");
            let about = *reader.info().frame_control().expect("of an animation");
            boxes.push([about.x_offset, about.y_offset, about.width, about.height]);
            if canvas.is_empty() {
                canvas = part;
            } else {
                for (row, line) in part[..output.buffer_size()].chunks_exact(output.line_size).enumerate() {
                    let at = 4 * ((about.y_offset as usize + row) * 6 + about.x_offset as usize);
                    canvas[at..at + line.len()].copy_from_slice(line);
                }
            }
            assert_eq!(&canvas, frame);
        }
        assert_eq!(boxes, [[0, 0, 6, 5], [1, 1, 2, 3], [0, 0, 1, 1], [1, 0, 5, 5]]);
        let delay = reader.info().frame_control().map(|about| (about.delay_num, about.delay_den));
        assert_eq!(delay, Some((1500, 1000)));
    }

    #[test]
    fn a_film_of_no_pixels_or_frames_is_none() {
        assert!(Film::new((0, 5), 4, 20, 96.0, NO_TEXTS).is_err());
        assert!(Film::new((6, 5), 0, 20, 96.0, NO_TEXTS).is_err());
        let mut film = Film::new((6, 5), 2, 20, 96.0, NO_TEXTS).expect("it begins");
        film.frame(picture([0, 0, 0, 0], [0; 4])).expect("it fits");
        assert!(film.finish().is_err(), "a frame is missing");
    }
}
