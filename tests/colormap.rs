//! Colour maps are the published ones, can be told apart by everyone, and can be written on.

use headlight::figure::Rgb;
use headlight::figure::colormap::{COLORMAPS, Colormap, Kind, contrast, diverging, ink_on, luminance, sequential};
use std::fs;

#[test]
fn every_entry_is_the_published_one_to_1_of_255() {
    for map in COLORMAPS {
        let table = published(map);
        assert_eq!(table.len(), 256, "{}", map.name);
        for (entry, &expected) in table.iter().enumerate() {
            let error = largest_difference(entry_of(map, entry), expected);
            assert!(error <= 1, "{} is {error} off at entry {entry}", map.name);
        }
        assert_eq!(entry_of(map, 0), table[0], "{} starts elsewhere", map.name);
        assert_eq!(entry_of(map, 255), table[255], "{} ends elsewhere", map.name);
    }
}

#[test]
fn lightness_runs_one_way_on_each_side() {
    for map in COLORMAPS {
        // Steps of 1/32 are larger than what rounding to 8 bits does to lightness, and than the way from vik's lightest
        // entry, 125 of 255, to its middle.
        let lightness: Vec<f32> = (0..=32).map(|step| lab(linear(map.color(step as f32 / 32.0)))[0]).collect();
        let rises = |range: &[f32]| range.windows(2).all(|pair| pair[0] < pair[1]);
        let falls = |range: &[f32]| range.windows(2).all(|pair| pair[0] > pair[1]);
        match map.kind {
            Kind::Sequential => assert!(rises(&lightness) || falls(&lightness), "{}: {lightness:?}", map.name),
            Kind::Diverging => {
                assert!(rises(&lightness[..=16]) && falls(&lightness[16..]), "{}: {lightness:?}", map.name);
            }
        }
    }
}

#[test]
fn tenths_differ_for_every_kind_of_sight() {
    for map in COLORMAPS {
        for (sight, matrix) in SIGHTS {
            let seen = |tenth: usize| lab(seen_through(matrix, map.color(tenth as f32 / 10.0)));
            for tenth in 0..10 {
                let difference = distance(seen(tenth), seen(tenth + 1));
                assert!(difference >= 5.0, "{} at {tenth}/10 with {sight}: ΔE {difference}", map.name);
            }
        }
    }
}

/// The smallest difference between colours an eighth of the scale apart, for each kind of sight. Prints the README's table.
#[test]
fn eighths_differ_for_every_kind_of_sight() {
    println!("map       typical  protanopia  deuteranopia  tritanopia");
    for map in COLORMAPS {
        let smallest = SIGHTS.map(|(_, matrix)| {
            let seen = |place: f32| lab(seen_through(matrix, map.color(place)));
            let steps = (0..=7 * 32).map(|step| step as f32 / 256.0);
            let differences = steps.map(|place| ciede2000(seen(place), seen(place + 0.125)));
            differences.fold(f32::INFINITY, f32::min)
        });
        let [typical, protan, deutan, tritan] = smallest;
        println!("{:<8} {typical:>8.1} {protan:>11.1} {deutan:>13.1} {tritan:>11.1}", map.name);
        // Twice what can just be noticed side by side.
        assert!(smallest.iter().all(|difference| *difference >= 2.0), "{}: {smallest:?}", map.name);
    }
}

#[test]
fn ciede2000_is_that_of_its_published_test_data() {
    // Sharma, Wu & Dalal (2005), table 1: pairs 1, 7, 13, 17, 20, 25, 34.
    for (a, b, expected) in [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
        ([50.0, -0.001, 2.49], [50.0, 0.0011, -2.49], 4.7461),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ([50.0, 2.5, 0.0], [58.0, 24.0, 15.0], 19.4535),
        ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
        ([2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082),
    ] {
        let difference = ciede2000(a, b);
        assert!((difference - expected).abs() < 2e-4, "{difference} is not {expected}");
    }
}

/// In a diverging map equally far to both sides is equally light, so hue alone carries the sign.
#[test]
fn signs_differ_for_every_kind_of_sight() {
    for map in COLORMAPS.into_iter().filter(|map| map.kind == Kind::Diverging) {
        for (sight, matrix) in SIGHTS {
            let seen = |t: f32| lab(seen_through(matrix, map.color(t)));
            for twentieth in 1..=10 {
                let off = twentieth as f32 / 20.0;
                let difference = distance(seen(0.5 - off), seen(0.5 + off));
                assert!(difference >= 9.0, "{} at ±{twentieth}/20 with {sight}: ΔE {difference}", map.name);
            }
        }
    }
}

#[test]
fn ink_can_be_read_on_every_entry() {
    for map in COLORMAPS {
        for entry in 0..=255 {
            let ground = entry_of(map, entry);
            let reached = contrast(ink_on(ground), ground);
            assert!(reached >= 4.5, "{} entry {entry}: {reached}", map.name);
        }
    }
}

#[test]
fn ink_can_be_read_on_every_grey() {
    for grey in 0..=255 {
        let ground = Rgb(grey, grey, grey);
        assert!(contrast(ink_on(ground), ground) >= 4.5, "{ground}");
    }
}

#[test]
fn contrast_is_that_of_wcag() {
    let (black, white) = (Rgb(0, 0, 0), Rgb(255, 255, 255));
    assert_eq!((luminance(black), contrast(white, white)), (0.0, 1.0));
    assert!((luminance(white) - 1.0).abs() < 1e-6 && (contrast(black, white) - 21.0).abs() < 1e-4);
    assert_eq!(contrast(black, white), contrast(white, black));
    // The grey that is known as the lightest to pass on white, and the next one.
    assert!(contrast(Rgb(0x76, 0x76, 0x76), white) >= 4.5);
    assert!(contrast(Rgb(0x77, 0x77, 0x77), white) < 4.5);
}

#[test]
fn values_find_their_place() {
    assert_eq!([0.0, 1.0, 2.0, 3.0].map(|value| sequential(value, 2.0)), [0.0, 0.5, 1.0, 1.0]);
    assert_eq!([-5.0, -4.0, 0.0, 2.0, 4.0, 5.0].map(|value| diverging(value, 4.0)), [0.0, 0.0, 0.5, 0.75, 1.0, 1.0]);
    assert_eq!((sequential(0.0, 0.0), diverging(0.0, 0.0)), (0.0, 0.5));
}

#[test]
fn what_is_no_place_still_has_a_colour() {
    for map in COLORMAPS {
        let (first, last) = (map.color(0.0), map.color(1.0));
        let at = |t: f32| map.color(t);
        assert_eq!([-0.1, f32::NEG_INFINITY, f32::NAN].map(at), [first; 3], "{}", map.name);
        assert_eq!([1.1, f32::MAX, f32::INFINITY].map(at), [last; 3], "{}", map.name);
    }
}

/// Red, green and blue light as they are seen, each row one of them; by severity 1.0.
///
/// Source: Machado, Oliveira & Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency"
/// (2009), table 1.
const SIGHTS: [(&str, [[f32; 3]; 3]); 4] = [
    ("typical sight", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ("protanopia", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    (
        "deuteranopia",
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ),
    ("tritanopia", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
];

/// A colour in linear light, as someone with this sight sees it.
fn seen_through(matrix: [[f32; 3]; 3], color: Rgb) -> [f32; 3] {
    let [red, green, blue] = linear(color);
    matrix.map(|row| (row[0] * red + row[1] * green + row[2] * blue).clamp(0.0, 1.0))
}

/// CIELAB (D65) of a colour in linear light: lightness from 0 to 100, and two axes of hue.
fn lab([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505;
    let y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.0890;
    let [x, y, z] = [x, y, z].map(|c: f32| if c > 0.008856 { c.cbrt() } else { 7.787 * c + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// ΔE*ab (CIE 1976). About 2.3 can just be noticed.
fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}

/// ΔE00 of two colours in CIELAB. About 1 can just be noticed, side by side.
///
/// Source: Sharma, Wu & Dalal, "The CIEDE2000 Color-Difference Formula" (2005), equations 2 to 22.
fn ciede2000(a: [f32; 3], b: [f32; 3]) -> f32 {
    let [[l1, a1, b1], [l2, a2, b2]] = [a, b].map(|color| color.map(f64::from));
    let seventh = |chroma: f64| (chroma.powi(7) / (chroma.powi(7) + 25.0_f64.powi(7))).sqrt();
    let g = 0.5 * (1.0 - seventh((a1.hypot(b1) + a2.hypot(b2)) / 2.0));
    let (a1, a2) = ((1.0 + g) * a1, (1.0 + g) * a2);
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let hue = |a: f64, b: f64| if a == 0.0 && b == 0.0 { 0.0 } else { b.atan2(a).to_degrees().rem_euclid(360.0) };
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let is_grey = c1 * c2 == 0.0;
    let turn = match h2 - h1 {
        _ if is_grey => 0.0,
        turn if turn > 180.0 => turn - 360.0,
        turn if turn < -180.0 => turn + 360.0,
        turn => turn,
    };
    let (dl, dc) = (l2 - l1, c2 - c1);
    let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
    let (l, c) = ((l1 + l2) / 2.0, (c1 + c2) / 2.0);
    let h = match h1 + h2 {
        sum if is_grey => sum,
        sum if (h1 - h2).abs() <= 180.0 => sum / 2.0,
        sum if sum < 360.0 => (sum + 360.0) / 2.0,
        sum => (sum - 360.0) / 2.0,
    };
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t = 1.0 - 0.17 * cos(h - 30.0) + 0.24 * cos(2.0 * h) + 0.32 * cos(3.0 * h + 6.0) - 0.2 * cos(4.0 * h - 63.0);
    let sl = 1.0 + 0.015 * (l - 50.0).powi(2) / (20.0 + (l - 50.0).powi(2)).sqrt();
    let (sc, sh) = (1.0 + 0.045 * c, 1.0 + 0.015 * c * t);
    let rotation = 60.0 * (-((h - 275.0) / 25.0).powi(2)).exp();
    let rt = -2.0 * seventh(c) * rotation.to_radians().sin();
    let (dl, dc, dh) = (dl / sl, dc / sc, dh / sh);
    (dl * dl + dc * dc + dh * dh + rt * dc * dh).sqrt() as f32
}

fn linear(Rgb(red, green, blue): Rgb) -> [f32; 3] {
    [red, green, blue].map(|channel| {
        let channel = f32::from(channel) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    })
}

fn entry_of(map: &Colormap, entry: usize) -> Rgb {
    map.color(entry as f32 / 255.0)
}

fn largest_difference(a: Rgb, b: Rgb) -> u8 {
    a.0.abs_diff(b.0).max(a.1.abs_diff(b.1)).max(a.2.abs_diff(b.2))
}

/// The whole table of a map, as it was published.
fn published(map: &Colormap) -> Vec<Rgb> {
    let path = format!("{}/tests/data/colormaps/{}.csv", env!("CARGO_MANIFEST_DIR"), map.name);
    let table = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let entry = |line: &str| {
        let mut channels = line.split(',').map(|channel| channel.parse().expect("a number from 0 to 255"));
        let mut next = || channels.next().expect("three channels");
        Rgb(next(), next(), next())
    };
    table.lines().skip(1).map(entry).collect()
}
