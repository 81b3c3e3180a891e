//! The fast path is held to the reference.

#[path = "common/random.rs"]
mod random;

use headlight::attention::fast::{self, all_finite, exp};
use headlight::attention::{Config, Inputs, Outputs, Tensors, Wanted, attend};
use ndarray::Array4;
use proptest::prelude::*;
use random::{Sizes, inputs_of, sizes};

#[path = "common/close.rs"]
mod close;

use close::assert_close;

fn any_sizes() -> impl Strategy<Value = Sizes> {
    // Mostly small; some beyond a block of rows and the width of SIMD.
    prop_oneof![3 => sizes(1..=6, 1..=5), 1 => sizes(1..=150, 1..=20)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_tensor_equals_the_references(inputs in any_sizes().prop_flat_map(|sizes| inputs_of(sizes, 2.0))) {
        assert_close("the fast path", &fast::attend(&inputs, Wanted::ALL), &attend(&inputs).into());
    }

    #[test]
    fn what_is_not_wanted_changes_nothing(inputs in sizes(1..=70, 1..=5).prop_flat_map(|sizes| inputs_of(sizes, 3.0))) {
        let nothing = Wanted { scores: false, scaled: false, masked: false, weights: false, output: false };
        let all = fast::attend(&inputs, Wanted::ALL);
        for (wanted, part) in [
            (Wanted { output: true, ..nothing }, Outputs { output: all.output, ..Outputs::default() }),
            (Wanted { weights: true, ..nothing }, Outputs { weights: all.weights, ..Outputs::default() }),
            (Wanted { masked: true, ..nothing }, Outputs { masked: all.masked, ..Outputs::default() }),
            (Wanted { scaled: true, ..nothing }, Outputs { scaled: all.scaled, ..Outputs::default() }),
            (Wanted { scores: true, ..nothing }, Outputs { scores: all.scores, ..Outputs::default() }),
            (nothing, Outputs::default()),
        ] {
            assert_close("what is wanted alone", &fast::attend(&inputs, wanted), &part);
        }
    }
}

#[test]
fn the_mean_of_the_largest_values_is_one_of_them() {
    let zeros = Array4::zeros((1, 1, 9, 4));
    let tensors = Tensors::new(zeros.clone(), zeros, Array4::from_elem((1, 1, 9, 3), 3e38));
    let inputs = Inputs::new(tensors, Config::causal()).expect("they agree");
    for (who, outputs) in [("fast", fast::attend(&inputs, Wanted::ALL)), ("reference", attend(&inputs).into())] {
        for mean in outputs.output.expect("it was wanted") {
            assert!((mean / 3e38 - 1.0).abs() < 1e-6, "{who}: {mean}");
        }
    }
}

#[test]
fn one_number_that_is_not_finite_is_found_anywhere() {
    // From 64 on, the largest are added to each other.
    for len in [0, 1, 7, 8, 9, 40, 64, 100] {
        let good: Vec<f32> = (0..len).map(|i| [f32::MAX, f32::MIN, 0.0, -1.5][i % 4]).collect();
        assert!(all_finite(&good));
        for at in 0..len {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut numbers = good.clone();
                numbers[at] = bad;
                assert!(!all_finite(&numbers), "{bad} at {at} of {len}");
            }
        }
    }
}

#[test]
fn exp_is_within_two_units_in_the_last_place() {
    let mut worst = 0.0_f64;
    // Every 61st float from −87.33 to −0, and 0.
    let floats: Vec<f32> = (0..=87.33_f32.to_bits()).step_by(61).map(|bits| -f32::from_bits(bits)).collect();
    for eight in floats.as_chunks().0 {
        for (x, result) in eight.iter().zip(exp(*eight)) {
            let exact = f64::from(*x).exp();
            let unit = f64::from(f32::EPSILON) * 2.0_f64.powf(exact.log2().floor());
            worst = worst.max((f64::from(result) - exact).abs() / unit);
        }
    }
    println!("exp: the worst error is {worst:.3} units in the last place");
    assert!(worst < 2.0, "{worst}");
    let nothing = [-87.34, -104.0, -1e30, f32::MIN, f32::NEG_INFINITY, f32::NAN, 0.0, -0.0];
    assert_eq!(exp(nothing), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
}
