//! Numbers as people read them.

/// With a true minus sign and this many decimals: "−1.305". Minus zero is written "0.000".
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let negative = value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
    if negative { format!("−{text}") } else { text }
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
    if value == 0.0 { "0".to_owned() } else { format!("{value:.1e}").replace('-', "−") }
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
    fn numbers_read_as_people_write_them() {
        assert_eq!(fixed(-1.3049, 3), "−1.305");
        assert_eq!(fixed(-0.0001, 2), "0.00");
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
