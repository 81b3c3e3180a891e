//! What is true of attention whatever the numbers are, and what its errors say.

use headlight::attention::{
    BlockWeights, Config, Error, Inputs, Mask, Scale, Visibility, attend, self_attention, softmax,
};
use ndarray::{Array2, Array3, Array4, Axis};
use proptest::{collection::vec, prelude::*};

/// `[B, H, S_q, S_k, D, D_v]`, every axis small and on its own.
fn shapes() -> impl Strategy<Value = [usize; 6]> {
    [1..=2_usize, 1..=3, 1..=6, 1..=6, 1..=5, 1..=5]
}

fn tensor(shape: [usize; 4], numbers: impl Strategy<Value = f32>) -> impl Strategy<Value = Array4<f32>> {
    vec(numbers, shape.iter().product::<usize>())
        .prop_map(move |numbers| Array4::from_shape_vec(shape, numbers).expect("as many numbers as the shape has"))
}

fn inputs_within(limit: f32) -> impl Strategy<Value = Inputs> {
    shapes().prop_flat_map(move |[b, h, s_q, s_k, d, d_v]| {
        let numbers = -limit..=limit;
        let queries = tensor([b, h, s_q, d], numbers.clone());
        let keys = tensor([b, h, s_k, d], numbers.clone());
        let values = tensor([b, h, s_k, d_v], numbers);
        (queries, keys, values).prop_map(|(queries, keys, values)| Inputs::new(queries, keys, values).unwrap())
    })
}

fn inputs() -> impl Strategy<Value = Inputs> {
    inputs_within(3.0)
}

fn configs() -> impl Strategy<Value = Config> {
    let scale = prop_oneof![Just(Scale::InverseSqrtHeadDim), (-2.0..2.0_f32).prop_map(Scale::Factor)];
    let mask = prop_oneof![Just(Mask::None), Just(Mask::Causal)];
    (scale, mask).prop_map(|(scale, mask)| Config { scale, mask })
}

proptest! {
    #[test]
    fn each_row_of_weights_sums_to_1((inputs, config) in (inputs(), configs())) {
        let weights = attend(&inputs, &config).weights;
        prop_assert!(weights.iter().all(|weight| (0.0..=1.0).contains(weight)));
        for sum in weights.sum_axis(Axis(3)) {
            prop_assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        }
    }

    #[test]
    fn with_a_causal_mask_nobody_looks_ahead(inputs in inputs()) {
        let trace = attend(&inputs, &Config { mask: Mask::Causal, ..Config::default() });
        for ((b, h, query, key), &weight) in trace.weights.indexed_iter() {
            let masked = trace.masked[[b, h, query, key]];
            if key > query {
                prop_assert_eq!(weight, 0.0);
                prop_assert_eq!(masked, f32::NEG_INFINITY);
            } else {
                prop_assert!(weight > 0.0);
                prop_assert_eq!(masked, trace.scaled[[b, h, query, key]]);
            }
        }
        // The first query has one key to look at, and copies its value.
        prop_assert_eq!(trace.output.index_axis(Axis(2), 0), inputs.values().index_axis_move(Axis(2), 0));
    }

    #[test]
    fn what_comes_later_changes_nothing_before_it(inputs in inputs(), later in -3.0..3.0_f32) {
        let causal = Config { mask: Mask::Causal, ..Config::default() };
        let before = attend(&inputs, &causal).output;
        let (queries, mut keys, mut values) = inputs.into_parts();
        let last = keys.len_of(Axis(2)) - 1;
        keys.index_axis_mut(Axis(2), last).fill(later);
        values.index_axis_mut(Axis(2), last).fill(later);
        let after = attend(&Inputs::new(queries, keys, values).unwrap(), &causal).output;
        for query in 0..last.min(before.len_of(Axis(2))) {
            prop_assert_eq!(before.index_axis(Axis(2), query), after.index_axis(Axis(2), query));
        }
    }

    #[test]
    fn the_order_of_the_keys_does_not_matter(
        (inputs, order) in inputs().prop_flat_map(|inputs| {
            let order: Vec<usize> = (0..inputs.keys().len_of(Axis(2))).collect();
            (Just(inputs), Just(order).prop_shuffle())
        })
    ) {
        let shuffled = Inputs::new(
            inputs.queries().to_owned(),
            inputs.keys().select(Axis(2), &order),
            inputs.values().select(Axis(2), &order),
        ).unwrap();
        let (before, after) = (attend(&inputs, &Config::default()), attend(&shuffled, &Config::default()));
        prop_assert!(worst_difference(&before.weights.select(Axis(3), &order), &after.weights) < 1e-6);
        prop_assert!(worst_difference(&before.output, &after.output) < 1e-5);
    }

    #[test]
    fn scores_and_output_are_the_formula((inputs, config) in (inputs(), configs())) {
        let trace = attend(&inputs, &config);
        let (queries, keys, values) = (inputs.queries(), inputs.keys(), inputs.values());
        for ((b, h, query, key), &score) in trace.scores.indexed_iter() {
            let terms = (0..inputs.head_dim())
                .map(|d| f64::from(queries[[b, h, query, d]]) * f64::from(keys[[b, h, key, d]]));
            prop_assert!((terms.sum::<f64>() - f64::from(score)).abs() < 1e-5);
        }
        let scale = f64::from(config.scale.factor(inputs.head_dim()));
        for ((b, h, query, column), &mixed) in trace.output.indexed_iter() {
            let (mut total, mut sum) = (0.0, 0.0);
            for key in (0..keys.len_of(Axis(2))).filter(|key| trace.visibility.sees(query, *key)) {
                let share = (f64::from(trace.scores[[b, h, query, key]]) * scale).exp();
                total += share;
                sum += share * f64::from(values[[b, h, key, column]]);
            }
            prop_assert!((sum / total - f64::from(mixed)).abs() < 1e-4, "{} is not {mixed}", sum / total);
        }
    }

    /// On numbers whose sums are exact in float32, to the bit.
    #[test]
    fn softmax_does_not_change_when_every_score_is_shifted(
        steps in vec(-2048_i16..=2048, 12), shift in -1000_i16..=1000, mask in prop_oneof![Just(Mask::None), Just(Mask::Causal)]
    ) {
        let scaled = Array4::from_shape_fn((1, 1, 3, 4), |(_, _, query, key)| f32::from(steps[4 * query + key]) / 64.0);
        let visibility = Visibility::new(&mask);
        let shifted = scaled.mapv(|value| value + f32::from(shift));
        prop_assert_eq!(softmax(&scaled, &visibility), softmax(&shifted, &visibility));
    }

    #[test]
    fn large_scores_stay_finite(inputs in inputs_within(173.0), mask in prop_oneof![Just(Mask::None), Just(Mask::Causal)]) {
        // 173² ≈ 3e4, where exp without the row's maximum taken off would overflow at 89.
        let trace = attend(&inputs, &Config { scale: Scale::Factor(1.0), mask });
        prop_assert!(trace.weights.iter().chain(&trace.output).all(|value| value.is_finite()));
        for sum in trace.weights.sum_axis(Axis(3)) {
            prop_assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        }
    }
}

#[test]
fn the_largest_score_wins_at_3e4() {
    let scaled = Array4::from_shape_vec((1, 1, 1, 3), vec![-3e4, 3e4, 0.0]).unwrap();
    let weights = softmax(&scaled, &Visibility::new(&Mask::None));
    assert_eq!(weights.as_slice().unwrap(), [0.0, 1.0, 0.0]);
}

#[test]
fn no_score_is_so_low_that_it_means_masked() {
    let scaled = Array4::from_elem((1, 1, 2, 2), f32::MIN);
    let weights = softmax(&scaled, &Visibility::new(&Mask::Causal));
    assert_eq!(weights.as_slice().unwrap(), [1.0, 0.0, 0.5, 0.5]);
}

#[test]
fn heads_that_do_not_divide_the_width_are_told_what_fits() {
    let error = run_block((1, 2, 64), 64, 5).unwrap_err();
    assert_eq!(error, Error::HeadsDoNotDivideWidth { width: 64, heads: 5 });
    assert_eq!(
        error.to_string(),
        "5 heads cannot share a model width of 64 evenly. Head counts up to 16 that fit width 64: 1, 2, 4, 8 and 16. \
         Widths nearest to 64 that fit 5 heads: 60 and 65."
    );
    let more_heads_than_width = run_block((1, 2, 3), 3, 8).unwrap_err().to_string();
    assert!(more_heads_than_width.ends_with("Widths nearest to 3 that fit 8 heads: 8."), "{more_heads_than_width}");
    let no_heads = run_block((1, 2, 3), 3, 0).unwrap_err().to_string();
    assert!(no_heads.ends_with("fit width 3: 1 and 3. Widths nearest to 3 that fit 0 heads: none."), "{no_heads}");
}

#[test]
fn a_matrix_of_the_wrong_shape_is_named() {
    let error = run_block((1, 2, 8), 6, 2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "w_q has shape [6, 6], but [8, 8] was expected: each projection keeps the model width of the input."
    );
    assert!(matches!(error, Error::WrongShape { name: "w_q", .. }), "{error:?}");
}

#[test]
fn tensors_whose_shapes_disagree_are_named_with_the_axis() {
    let message = |queries, keys, values| {
        let tensor = Array4::<f32>::zeros::<(usize, usize, usize, usize)>;
        let error = Inputs::new(tensor(queries), tensor(keys), tensor(values)).unwrap_err();
        assert!(matches!(error, Error::ShapesDisagree { .. }), "{error:?}");
        error.to_string()
    };
    assert_eq!(
        message((1, 2, 3, 4), (1, 2, 3, 5), (1, 2, 3, 4)),
        "queries has shape [1, 2, 3, 4] and keys has shape [1, 2, 3, 5]: they disagree on axis 3 (head width), \
         4 against 5. Give both the same head width."
    );
    for (queries, keys, values, part) in [
        ((1, 2, 3, 4), (2, 2, 3, 4), (1, 2, 3, 4), "axis 0 (batch), 1 against 2"),
        ((1, 2, 3, 4), (1, 1, 3, 4), (1, 1, 3, 4), "axis 1 (heads), 2 against 1"),
        ((1, 2, 3, 4), (1, 2, 3, 4), (3, 2, 3, 4), "axis 0 (batch), 1 against 3"),
        ((1, 2, 3, 4), (1, 2, 3, 4), (1, 1, 3, 4), "axis 1 (heads), 2 against 1"),
        ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 6, 4), "axis 2 (tokens), 5 against 6"),
    ] {
        let message = message(queries, keys, values);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn the_first_number_that_is_not_finite_is_named() {
    for (bad, shown) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let good = Array4::zeros((1, 2, 3, 4));
        let mut values = good.clone();
        values[[0, 1, 2, 3]] = bad;
        assert_eq!(
            Inputs::new(good.clone(), good, values).unwrap_err().to_string(),
            format!(
                "values holds {shown} at [0, 1, 2, 3]. Attention would spread it over whole rows; replace it with a \
                 finite number."
            )
        );
    }
}

#[test]
fn a_block_names_its_own_input_and_matrices_when_they_are_not_finite() {
    let input = Array3::zeros((1, 2, 4));
    let matrix = Array2::zeros((4, 4));
    let block = BlockWeights { w_q: matrix.clone(), w_k: matrix.clone(), w_v: matrix.clone(), w_o: matrix };
    let refused =
        |input: &Array3<f32>, block: &BlockWeights| match self_attention(input.view(), block, 2, &Config::default()) {
            Err(Error::NotFinite { name, index, .. }) => (name, index),
            other => panic!("{other:?}"),
        };

    let mut bad_input = input.clone();
    bad_input[[0, 1, 3]] = f32::NAN;
    assert_eq!(refused(&bad_input, &block), ("input", vec![0, 1, 3]));

    let mut bad_block = block;
    bad_block.w_o[[3, 2]] = f32::INFINITY;
    assert_eq!(refused(&input, &bad_block), ("w_o", vec![3, 2]));
}

#[test]
fn an_axis_without_elements_is_refused() {
    let (good, empty) = (Array4::zeros((1, 1, 2, 2)), Array4::zeros((1, 1, 0, 2)));
    assert_eq!(
        Inputs::new(good.clone(), empty, good).unwrap_err().to_string(),
        "keys has shape [1, 1, 0, 2], which holds no numbers. Every axis needs at least one element."
    );
    assert_eq!(run_block((1, 0, 4), 4, 2).unwrap_err(), Error::Empty { name: "input", shape: vec![1, 0, 4] });
}

/// A block of zeros: input `[B, S, E]` and square matrices.
fn run_block(input: (usize, usize, usize), matrix_width: usize, heads: usize) -> Result<Array3<f32>, Error> {
    let matrix = Array2::zeros((matrix_width, matrix_width));
    let block = BlockWeights { w_q: matrix.clone(), w_k: matrix.clone(), w_v: matrix.clone(), w_o: matrix };
    let trace = self_attention(Array3::zeros(input).view(), &block, heads, &Config::default())?;
    Ok(trace.output)
}

fn worst_difference(left: &Array4<f32>, right: &Array4<f32>) -> f32 {
    assert_eq!(left.dim(), right.dim());
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max)
}
