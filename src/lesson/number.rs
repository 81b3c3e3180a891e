//! Numbers as people read them.

/// With a true minus sign and this many decimals: "−1.305". Minus zero is written "0.000"; a number too large for its
/// digits to be known is written as [`scientific`] writes it.
///
/// In whole numbers throughout: the standard library's way of writing fractions would be a tenth of the app.
pub fn fixed(value: f64, decimals: usize) -> String {
    let one = 10_u64.pow(decimals as u32);
    let scaled = (value.abs() * one as f64).round();
    if scaled.is_nan() || scaled >= 1e15 {
        return scientific(value);
    }
    let scaled = scaled as u64;
    let sign = if value < 0.0 && scaled > 0 { "−" } else { "" };
    match decimals {
        0 => format!("{sign}{scaled}"),
        _ => format!("{sign}{}.{:0decimals$}", scaled / one, scaled % one),
    }
}

/// The same with three decimals, and a sign in any case but of 0: "+0.180".
pub fn signed(value: f64) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    [sign, &fixed(value, 3)].concat()
}

/// Short enough for a cell of the figure: as many of two decimals as fit into five signs.
pub fn short(value: f32) -> String {
    let decimals = match value.abs() {
        magnitude if magnitude < 99.995 => 2,
        magnitude if magnitude < 999.95 => 1,
        _ => 0,
    };
    fixed(f64::from(value), decimals)
}

/// For very small and very large numbers: "5.9e−8".
pub fn scientific(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let sign = if value < 0.0 { "−" } else { "" };
    if !value.is_finite() {
        return if value.is_nan() { "NaN".to_owned() } else { format!("{sign}∞") };
    }
    let mut exponent = value.abs().log10().floor() as i32;
    let mut tenths = (value.abs() / 10_f64.powi(exponent) * 10.0).round() as u32;
    // 9.96 is rounded up to 10.0, which is 1.0 of the next power.
    if tenths >= 100 {
        (exponent, tenths) = (exponent + 1, tenths / 10);
    }
    let minus = if exponent < 0 { "−" } else { "" };
    format!("{sign}{}.{}e{minus}{}", tenths / 10, tenths % 10, exponent.abs())
}

/// With so many decimals, or, where few of them would be other than 0, with its power of ten.
pub fn legible(value: f64, decimals: usize) -> String {
    if value != 0.0 && value.abs() < 0.0005 { scientific(value) } else { fixed(value, decimals) }
}

/// A number from 0 up in as few digits as [`read`] makes the very same number of: "0.1", "12"; one that has no few digits, as
/// its bits.
pub fn exact(value: f32) -> String {
    const MOST: usize = 12;
    let digits = (0..=MOST).map(|decimals| fixed(value.into(), decimals)).find(|digits| read(digits) == Some(value));
    digits.unwrap_or_else(|| format!("x{:08x}", value.to_bits()))
}

/// Reads what [`exact`] writes, and any other number of at most 15 digits without a sign.
///
/// By hand, as in [`fixed`]: the standard library's tables for it would be a thirtieth of the app.
pub fn read(text: &str) -> Option<f32> {
    const MOST: usize = 15;
    if let Some(bits) = text.strip_prefix('x') {
        return u32::from_str_radix(bits, 16).ok().map(f32::from_bits);
    }
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = [whole, rest].concat();
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit()) && (1..=MOST).contains(&digits.len());
    let number = digits.parse::<u64>().ok().filter(|_| is_number)?;
    // Both are exact, so what is divided is rounded once.
    Some((number as f64 / 10_u64.pow(rest.len() as u32) as f64) as f32)
}

/// A share as a percentage: "29.9 %". A small one is not written as none.
pub fn percent(share: f64) -> String {
    match fixed(share * 100.0, 1).as_str() {
        "0.0" if share > 0.0 => "< 0.1 %".to_owned(),
        text => format!("{text} %"),
    }
}

/// A shape or an index: "[1, 4, 6, 6]".
pub fn shape(axes: &[usize]) -> String {
    let axes: Vec<String> = axes.iter().map(usize::to_string).collect();
    format!("[{}]", axes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_its_sign() {
        assert_eq!([-0.5, 0.0, 0.18].map(signed), ["−0.500", "0.000", "+0.180"]);
    }

    #[test]
    fn what_is_written_exactly_is_read_back() {
        for number in
            [0.0, 0.1, 1.0, 2.5, 12.0, 0.3, 1e-3, 1e-30, 3.4e38, 1.0 / 3.0, 16_777_217.0, 123_456.79, f32::MIN_POSITIVE]
        {
            assert_eq!(read(&exact(number)), Some(number), "{}", exact(number));
        }
        assert_eq!([0.1, 12.0, 2.5, 1.0 / 3.0].map(exact), ["0.1", "12", "2.5", "0.33333334"]);
        for text in ["", ".", "-1", "+1", "1e3", "NaN", "1.2.3", "1,5", "0x12", "x", "xyz", "1234567890123456"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(fixed(-1.3049, 3), "−1.305");
        assert_eq!(fixed(-0.0001, 2), "0.00");
        assert_eq!(fixed(12.0, 0), "12");
        assert_eq!(fixed(0.05, 3), "0.050");
        assert_eq!(fixed(-3.4e38, 2), "−3.4e38");
        assert_eq!(fixed(f64::NEG_INFINITY, 2), "−∞");
        assert_eq!(fixed(f64::NAN, 2), "NaN");
        assert_eq!(scientific(9.96e-8), "1.0e−7");
        assert_eq!(scientific(1e-5), "1.0e−5");
        assert_eq!(scientific(1.18e-38), "1.2e−38");
        assert_eq!(short(-123.456), "−123.5");
        assert_eq!(short(99.996), "100.0");
        assert_eq!(short(12345.6), "12346");
        assert_eq!(scientific(-5.9e-8), "−5.9e−8");
        assert_eq!(scientific(0.0), "0");
        assert_eq!(percent(0.2991), "29.9 %");
        assert_eq!([0.0, 1e-9, 1.0].map(percent), ["0.0 %", "< 0.1 %", "100.0 %"]);
        assert_eq!(shape(&[1, 4, 6, 6]), "[1, 4, 6, 6]");
    }
}
