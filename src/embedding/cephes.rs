//! ln, sine and cosine in single precision, as PyTorch's AVX2 code computes them for normal random numbers.
//!
//! The coefficients are those of `logf`, `sinf` and `cosf` in the Cephes Mathematical Library (Stephen L. Moshier,
//! netlib.org/cephes, "may be used freely"); each multiply-and-add is rounded once, as PyTorch's are. The system's own
//! functions would differ in the last bits.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

/// `ln x`, for normal `x > 0`.
pub(super) fn ln(x: f32) -> f32 {
    // x = m · 2^e with m in [√½, √2), and then ln x = ln(1 + f) + e · ln 2 with f = m − 1.
    let bits = x.to_bits();
    let mantissa = f32::from_bits(bits & 0x007f_ffff | 0x3f00_0000);
    let exponent = (bits >> 23) as f32 - 126.0;
    let (f, e) =
        if mantissa < FRAC_1_SQRT_2 { (2.0 * mantissa - 1.0, exponent - 1.0) } else { (mantissa - 1.0, exponent) };
    let square = f * f;
    let cubic = f * polynomial(
        f,
        [
            0.070_376_836,
            -0.115_146_1,
            0.116_769_984,
            -0.124_201_41,
            0.142_493_23,
            -0.166_680_57,
            0.200_007_14,
            -0.249_999_94,
            0.333_333_3,
        ],
    );
    // ln 2 in two parts: a small one, and 355/512, of so few bits that e times it is exact.
    let low = cubic.mul_add(square, e * -2.121_944_4e-4);
    let low = (-square).mul_add(0.5, low);
    e.mul_add(355.0 / 512.0, f + low)
}

/// `(sin x, cos x)`, for `0 ≤ x ≤ 8192`.
pub(super) fn sin_cos(x: f32) -> (f32, f32) {
    // The nearest quarter turn, counted in eighths, and taken off in three parts to keep the bits that cancel.
    let octant = ((x * (2.0 * FRAC_2_PI)) as u32 + 1) & !1;
    let turned = octant as f32;
    let x = turned.mul_add(-0.785_156_25, x);
    let x = turned.mul_add(-2.418_756_5e-4, x);
    let x = turned.mul_add(-3.774_895e-8, x);

    let square = x * x;
    let cos = polynomial(square, [2.443_315_7e-5, -0.001_388_731_6, 0.041_666_646]) * square;
    let cos = cos.mul_add(square, -(square * 0.5)) + 1.0;
    let sin = polynomial(square, [-1.951_529_6e-4, 0.008_332_161, -0.166_666_55]) * square;
    let sin = sin.mul_add(x, x);

    match octant % 8 {
        0 => (sin, cos),
        2 => (cos, -sin),
        4 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// Horner's scheme, the highest power first.
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    coefficients.into_iter().fold(0.0, |sum: f32, coefficient| sum.mul_add(x, coefficient))
}
