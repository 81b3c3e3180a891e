//! Eight numbers side by side: two SIMD registers in wasm; elsewhere an array, of which the compiler makes SIMD.
//!
//! All of it is inlined and without loops in wasm: so it is fast in a build that is optimised for size, too.

#[cfg(not(target_arch = "wasm32"))]
pub use array::Lanes;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use array::transposed;
#[cfg(target_arch = "wasm32")]
pub use wasm::Lanes;
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::transposed;

impl Lanes {
    /// How many there are.
    pub const WIDTH: usize = 8;

    /// `eˣ` for `x ≤ 0`, within 2 units in the last place; 0 for `x ≤ −87.33`, where it is less than 1.2·10⁻³⁸, and for −∞
    /// and NaN.
    ///
    /// `x = n·ln 2 + r` with `|r| ≤ ln 2 / 2`; `eˣ = 2ⁿ·eʳ`, and `eʳ` is a polynomial: the one of degree 6, with the last
    /// two coefficients 1, whose largest error in units in the last place is least. The two parts of ln 2 are those of
    /// `expf` in the Cephes library (S. L. Moshier, public domain).
    #[inline(always)]
    pub(crate) fn exp(self) -> Self {
        // Adding it rounds to a whole number, which then stands in the lowest bits.
        const ROUND: f32 = 12_582_912.0;
        let n = Self::splat(ROUND).plus_product(self, std::f32::consts::LOG2_E);
        let whole = n.plus(Self::splat(-ROUND));
        let r = self.plus_product(whole, -355.0 / 512.0).plus_product(whole, 2.121_944_4e-4);
        let polynomial = Self::splat(8.368_88e-3).plus_product(r, 1.378_04e-3);
        let polynomial = Self::splat(4.166_909e-2).plus_products(polynomial, r);
        let polynomial = Self::splat(1.666_652e-1).plus_products(polynomial, r);
        let polynomial = Self::splat(0.499_999_9).plus_products(polynomial, r);
        let polynomial = Self::splat(1.0).plus_products(polynomial, r);
        let polynomial = Self::splat(1.0).plus_products(polynomial, r);
        polynomial.times_power_of_two(n).or_0_unless_above(self, -87.33)
    }
}

#[cfg(target_arch = "wasm32")]
mod wasm {
    use std::arch::wasm32::{
        f32x4_add, f32x4_div, f32x4_gt, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat, i32x4_add, i32x4_shl,
        i32x4_shuffle, u32x4_ge, u32x4_lt, u32x4_splat, v128, v128_and, v128_bitselect,
    };

    use bytemuck::cast;

    /// Eight numbers, those of eight rows in one column.
    #[derive(Clone, Copy, Debug)]
    pub struct Lanes(v128, v128);

    impl Lanes {
        /// The same number in all.
        #[inline(always)]
        pub fn splat(number: f32) -> Self {
            Self(f32x4_splat(number), f32x4_splat(number))
        }

        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            Self(f32x4_add(self.0, other.0), f32x4_add(self.1, other.1))
        }

        #[inline(always)]
        pub(crate) fn times(self, other: Self) -> Self {
            Self(f32x4_mul(self.0, other.0), f32x4_mul(self.1, other.1))
        }

        #[inline(always)]
        pub(crate) fn plus_product(self, lanes: Self, number: f32) -> Self {
            self.plus_products(lanes, Self::splat(number))
        }

        #[inline(always)]
        pub(crate) fn plus_products(self, left: Self, right: Self) -> Self {
            Self(sum_of_product(left.0, right.0, self.0), sum_of_product(left.1, right.1, self.1))
        }

        #[inline(always)]
        pub(crate) fn larger(self, other: Self) -> Self {
            Self(f32x4_pmax(self.0, other.0), f32x4_pmax(self.1, other.1))
        }

        /// Infinities become the greatest and the lowest float, NaN some number or NaN.
        #[inline(always)]
        pub(crate) fn saturated(self) -> Self {
            let (lowest, greatest) = (f32x4_splat(f32::MIN), f32x4_splat(f32::MAX));
            Self(f32x4_pmax(lowest, f32x4_pmin(greatest, self.0)), f32x4_pmax(lowest, f32x4_pmin(greatest, self.1)))
        }

        /// `self × 2ⁿ`, with `n` in the lowest bits of a float.
        #[inline(always)]
        pub(crate) fn times_power_of_two(self, n: Self) -> Self {
            Self(i32x4_add(self.0, i32x4_shl(n.0, 23)), i32x4_add(self.1, i32x4_shl(n.1, 23)))
        }

        #[inline(always)]
        pub(crate) fn or_0_unless_above(self, other: Self, limit: f32) -> Self {
            let limit = f32x4_splat(limit);
            Self(v128_and(self.0, f32x4_gt(other.0, limit)), v128_and(self.1, f32x4_gt(other.1, limit)))
        }

        #[inline(always)]
        pub(crate) fn over(self, other: Self) -> Self {
            Self(f32x4_div(self.0, other.0), f32x4_div(self.1, other.1))
        }

        #[inline(always)]
        pub(crate) fn from_bits(bits: [u32; 8]) -> Self {
            let [low, high] = cast(bits);
            Self(low, high)
        }

        /// −∞ unless the number lies between those that stand in the bits of two floats.
        #[inline(always)]
        pub(crate) fn or_hidden_unless_within(self, number: u32, starts: Self, ends: Self) -> Self {
            let (number, least) = (u32x4_splat(number), f32x4_splat(f32::NEG_INFINITY));
            let within = |start, end| v128_and(u32x4_ge(number, start), u32x4_lt(number, end));
            Self(
                v128_bitselect(self.0, least, within(starts.0, ends.0)),
                v128_bitselect(self.1, least, within(starts.1, ends.1)),
            )
        }

        /// Four columns, of eight rows that are given.
        #[inline(always)]
        pub(crate) fn columns(first: [[f32; 4]; 4], last: [[f32; 4]; 4]) -> [Self; 4] {
            let ([i, j, k, l], [m, n, o, p]) = (transposed(first), transposed(last));
            [Self(cast(i), cast(m)), Self(cast(j), cast(n)), Self(cast(k), cast(o)), Self(cast(l), cast(p))]
        }

        /// Eight rows, of four columns that are given.
        #[inline(always)]
        pub(crate) fn rows([a, b, c, d]: [Self; 4]) -> [[f32; 4]; 8] {
            let [e, f, g, h] = transposed([cast(a.0), cast(b.0), cast(c.0), cast(d.0)]);
            let [i, j, k, l] = transposed([cast(a.1), cast(b.1), cast(c.1), cast(d.1)]);
            [e, f, g, h, i, j, k, l]
        }
    }

    impl From<[f32; 8]> for Lanes {
        #[inline(always)]
        fn from(numbers: [f32; 8]) -> Self {
            let [low, high] = cast(numbers);
            Self(low, high)
        }
    }

    impl From<Lanes> for [f32; 8] {
        #[inline(always)]
        fn from(Lanes(low, high): Lanes) -> Self {
            cast([low, high])
        }
    }

    /// Columns for rows.
    #[inline(always)]
    pub(crate) fn transposed([a, b, c, d]: [[f32; 4]; 4]) -> [[f32; 4]; 4] {
        let [a, b, c, d]: [v128; 4] = [cast(a), cast(b), cast(c), cast(d)];
        let (ab, cd) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<0, 4, 1, 5>(c, d));
        let (ef, gh) = (i32x4_shuffle::<2, 6, 3, 7>(a, b), i32x4_shuffle::<2, 6, 3, 7>(c, d));
        [
            cast(i32x4_shuffle::<0, 1, 4, 5>(ab, cd)),
            cast(i32x4_shuffle::<2, 3, 6, 7>(ab, cd)),
            cast(i32x4_shuffle::<0, 1, 4, 5>(ef, gh)),
            cast(i32x4_shuffle::<2, 3, 6, 7>(ef, gh)),
        ]
    }

    #[cfg(target_feature = "relaxed-simd")]
    #[inline(always)]
    fn sum_of_product(left: v128, right: v128, sum: v128) -> v128 {
        std::arch::wasm32::f32x4_relaxed_madd(left, right, sum)
    }

    #[cfg(not(target_feature = "relaxed-simd"))]
    #[inline(always)]
    fn sum_of_product(left: v128, right: v128, sum: v128) -> v128 {
        f32x4_add(f32x4_mul(left, right), sum)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod array {
    use std::array::from_fn;

    /// Eight numbers, those of eight rows in one column.
    #[derive(Clone, Copy, Debug)]
    pub struct Lanes([f32; 8]);

    impl Lanes {
        /// The same number in all.
        pub fn splat(number: f32) -> Self {
            Self([number; 8])
        }

        #[inline(always)]
        pub(crate) fn plus(mut self, other: Self) -> Self {
            for i in 0..8 {
                self.0[i] += other.0[i];
            }
            self
        }

        #[inline(always)]
        pub(crate) fn times(mut self, other: Self) -> Self {
            for i in 0..8 {
                self.0[i] *= other.0[i];
            }
            self
        }

        #[inline(always)]
        pub(crate) fn plus_product(mut self, lanes: Self, number: f32) -> Self {
            for i in 0..8 {
                self.0[i] += lanes.0[i] * number;
            }
            self
        }

        #[inline(always)]
        pub(crate) fn plus_products(mut self, left: Self, right: Self) -> Self {
            for i in 0..8 {
                self.0[i] += left.0[i] * right.0[i];
            }
            self
        }

        #[inline(always)]
        pub(crate) fn larger(self, other: Self) -> Self {
            Self(from_fn(|i| if other.0[i] > self.0[i] { other.0[i] } else { self.0[i] }))
        }

        /// Infinities become the greatest and the lowest float, NaN some number or NaN.
        #[inline(always)]
        pub(crate) fn saturated(self) -> Self {
            Self(self.0.map(|number| number.clamp(f32::MIN, f32::MAX)))
        }

        /// `self × 2ⁿ`, with `n` in the lowest bits of a float.
        #[inline(always)]
        pub(crate) fn times_power_of_two(self, n: Self) -> Self {
            Self(from_fn(|i| f32::from_bits(self.0[i].to_bits().wrapping_add(n.0[i].to_bits() << 23))))
        }

        #[inline(always)]
        pub(crate) fn or_0_unless_above(self, other: Self, limit: f32) -> Self {
            Self(from_fn(|i| if other.0[i] > limit { self.0[i] } else { 0.0 }))
        }

        #[inline(always)]
        pub(crate) fn over(self, other: Self) -> Self {
            Self(from_fn(|i| self.0[i] / other.0[i]))
        }

        #[inline(always)]
        pub(crate) fn from_bits(bits: [u32; 8]) -> Self {
            Self(bits.map(f32::from_bits))
        }

        /// −∞ unless the number lies between those that stand in the bits of two floats.
        #[inline(always)]
        pub(crate) fn or_hidden_unless_within(self, number: u32, starts: Self, ends: Self) -> Self {
            let within = |i: usize| (starts.0[i].to_bits()..ends.0[i].to_bits()).contains(&number);
            Self(from_fn(|i| if within(i) { self.0[i] } else { f32::NEG_INFINITY }))
        }

        /// Four columns, of eight rows that are given.
        #[inline(always)]
        pub(crate) fn columns(first: [[f32; 4]; 4], last: [[f32; 4]; 4]) -> [Self; 4] {
            from_fn(|column| Self(from_fn(|row| if row < 4 { first[row][column] } else { last[row - 4][column] })))
        }

        /// Eight rows, of four columns that are given.
        #[inline(always)]
        pub(crate) fn rows(columns: [Self; 4]) -> [[f32; 4]; 8] {
            from_fn(|row| from_fn(|column| columns[column].0[row]))
        }
    }

    impl From<[f32; 8]> for Lanes {
        #[inline(always)]
        fn from(numbers: [f32; 8]) -> Self {
            Self(numbers)
        }
    }

    impl From<Lanes> for [f32; 8] {
        #[inline(always)]
        fn from(lanes: Lanes) -> Self {
            lanes.0
        }
    }

    /// Columns for rows.
    #[inline(always)]
    pub(crate) fn transposed(rows: [[f32; 4]; 4]) -> [[f32; 4]; 4] {
        from_fn(|column| from_fn(|row| rows[row][column]))
    }
}
