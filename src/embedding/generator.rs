use std::{f32, f64};

use ndarray::Array2;
use rand_mt::Mt;

use super::cephes;
use crate::builtin;

/// PyTorch's CPU random number generator, `torch.Generator`: a Mersenne Twister and the ways to draw from it.
///
/// Bit-equal to PyTorch 1.13 on an x86 CPU with AVX2. On other CPUs PyTorch itself differs in the last bits.
///
/// ```
/// use headlight::embedding::Generator;
///
/// // torch.manual_seed(42); torch.randn(2)
/// assert_eq!(Generator::manual_seed(42).randn(2), [0.33669037, 0.1288094]);
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    twister: Mt,
    /// The second number of a pair, kept for the next short `randn`.
    spare_normal: Option<f64>,
}

/// Long tensors of normal numbers are made in blocks of this many.
const BLOCK: usize = 16;

impl Generator {
    /// `torch.Generator().manual_seed(seed)`; only the low 32 bits of the seed count, as in PyTorch.
    pub fn manual_seed(seed: u64) -> Self {
        Self { twister: Mt::new(seed as u32), spare_normal: None }
    }

    /// One number of `torch.rand`: uniform in `[0, 1)`, a multiple of `2⁻²⁴`.
    pub fn uniform(&mut self) -> f32 {
        const BITS: u32 = 24;
        (self.twister.next_u32() & ((1 << BITS) - 1)) as f32 / (1_u32 << BITS) as f32
    }

    /// `torch.randn(len)`: normal with mean 0 and variance 1.
    ///
    /// PyTorch makes fewer than 16 numbers in another way than 16 or more, so a short tensor is not the beginning of
    /// a longer one.
    pub fn randn(&mut self, len: usize) -> Vec<f32> {
        if len < BLOCK { (0..len).map(|_| self.normal() as f32).collect() } else { self.normal_blocks(len) }
    }

    /// The `weight` of `torch.nn.Linear(in_features, out_features, bias=False)`: `[out, in]`, uniform between
    /// `±1/√in`.
    pub fn linear_weight(&mut self, in_features: usize, out_features: usize) -> Array2<f32> {
        // PyTorch's √3 · √(2 / (1 + √5²)) / √in is the same f32 for every width up to 2²⁰.
        let bound = (1.0 / (in_features as f64).sqrt()) as f32;
        let mut weight = Array2::zeros((out_features, in_features));
        for value in &mut weight {
            *value = bound * (2.0 * self.uniform() - 1.0);
        }
        weight
    }

    /// Box and Muller's transform in double precision: two uniform numbers make two normal ones.
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        let (u1, u2) = (self.uniform_f64(), self.uniform_f64());
        let angle = f64::consts::TAU * u1;
        let radius = (-2.0 * builtin::ln_1p(-u2)).sqrt();
        self.spare_normal = Some(radius * builtin::sin(angle));
        radius * builtin::cos(angle)
    }

    /// Uniform in `[0, 1)`, a multiple of `2⁻⁵³`.
    fn uniform_f64(&mut self) -> f64 {
        const BITS: u32 = 53;
        let (high, low) = (self.twister.next_u32(), self.twister.next_u32());
        let word = u64::from(high) << 32 | u64::from(low);
        (word & ((1 << BITS) - 1)) as f64 / (1_u64 << BITS) as f64
    }

    /// Normal numbers in blocks of 16, for `len ≥ 16`; the spare one of the short way stays untouched.
    fn normal_blocks(&mut self, len: usize) -> Vec<f32> {
        let mut numbers: Vec<f32> = (0..len).map(|_| self.uniform()).collect();
        let (blocks, rest) = numbers.as_chunks_mut();
        blocks.iter_mut().for_each(normal_from_uniform);
        if !rest.is_empty()
            && let Some(last) = numbers.last_chunk_mut()
        {
            // The last 16 are drawn anew, over normal numbers that were there already.
            last.fill_with(|| self.uniform());
            normal_from_uniform(last);
        }
        numbers
    }
}

/// Box and Muller's transform in single precision, eight pairs at a time: `j` with `j + 8`.
fn normal_from_uniform(block: &mut [f32; BLOCK]) {
    for j in 0..BLOCK / 2 {
        let radius = (-2.0 * cephes::ln(1.0 - block[j])).sqrt();
        let (sin, cos) = cephes::sin_cos(f32::consts::TAU * block[j + BLOCK / 2]);
        // PyTorch adds the mean, and that turns −0 into 0.
        block[j] = radius * cos + 0.0;
        block[j + BLOCK / 2] = radius * sin + 0.0;
    }
}
