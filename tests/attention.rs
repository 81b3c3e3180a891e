//! What is true of attention whatever the numbers are, and what its errors say.

use headlight::attention::{
    BlockWeights, Cache, Config, Error, Inputs, Mask, Scale, Shape, Tensors, Visibility, Wanted, Window, alibi_slope,
    attend, capped, fast, project, rotate, self_attention, softmax,
};
use ndarray::{Array2, Array3, Array4, ArrayD, Axis, concatenate, s};
use proptest::{collection::vec, prelude::*};

#[path = "common/random.rs"]
mod random;

use random::{inputs_of, sizes};

fn inputs() -> impl Strategy<Value = Inputs> {
    inputs_within(3.0)
}

fn inputs_within(limit: f32) -> impl Strategy<Value = Inputs> {
    sizes(1..=6, 1..=5).prop_flat_map(move |sizes| inputs_of(sizes, limit))
}

proptest! {
    #[test]
    fn each_row_of_weights_sums_to_1(inputs in inputs()) {
        let weights = attend(&inputs).weights;
        prop_assert!(weights.iter().all(|weight| (0.0..=1.0).contains(weight)));
        for ((b, h, query), row) in weights.lanes(Axis(3)).into_iter().enumerate().map(|(index, row)| {
            let Shape { heads, query_len, .. } = inputs.shape();
            ((index / query_len / heads, index / query_len % heads, index % query_len), row)
        }) {
            let sees_any = (0..row.len()).any(|key| inputs.rules().visibility.sees(b, h, query, key));
            let sum = row.sum();
            if sees_any {
                prop_assert!((sum - 1.0).abs() < 1e-6, "{sum}");
            } else {
                prop_assert_eq!(sum, 0.0);
            }
        }
    }

    #[test]
    fn what_may_not_be_seen_has_no_weight_and_no_score_but_minus_infinity(inputs in inputs()) {
        let trace = attend(&inputs);
        for ((b, h, query, key), &weight) in trace.weights.indexed_iter() {
            let masked = trace.masked[[b, h, query, key]];
            if inputs.rules().visibility.sees(b, h, query, key) {
                prop_assert!(masked.is_finite());
            } else {
                prop_assert_eq!(weight, 0.0);
                prop_assert_eq!(masked, f32::NEG_INFINITY);
            }
        }
    }

    /// The whole operator once more, from its definition, in f64.
    #[test]
    fn every_stage_is_the_formula(inputs in inputs()) {
        let trace = attend(&inputs);
        let (queries, keys, values) = (inputs.queries(), inputs.keys(), inputs.values());
        let Shape { head_dim, key_len, .. } = inputs.shape();
        let rules = inputs.rules();
        let factor = f64::from(rules.factor);
        for ((b, h, query, column), &mixed) in trace.output.indexed_iter() {
            let key_head = inputs.shape().key_head(h);
            let (mut total, mut sum) = (0.0, 0.0);
            let mut terms = Vec::new();
            for key in 0..key_len {
                let products = (0..head_dim)
                    .map(|d| f64::from(queries[[b, h, query, d]]) * f64::from(keys[[b, key_head, key, d]]));
                let score: f64 = products.sum();
                prop_assert!((score - f64::from(trace.scores[[b, h, query, key]])).abs() < 1e-5);
                let scaled = score * factor;
                let bent = rules.softcap.map_or(scaled, |cap| f64::from(cap) * (scaled / f64::from(cap)).tanh());
                let Some(bias) = rules.bias(b, h, query, key) else { continue };
                let masked = bent + f64::from(bias);
                prop_assert!((masked - f64::from(trace.masked[[b, h, query, key]])).abs() < 1e-4);
                terms.push((masked, f64::from(values[[b, key_head, key, column]])));
            }
            let max = terms.iter().map(|(masked, _)| *masked).fold(f64::NEG_INFINITY, f64::max);
            for (masked, value) in terms {
                let share = (masked - max).exp();
                total += share;
                sum += share * value;
            }
            let expected = if total > 0.0 { sum / total } else { 0.0 };
            prop_assert!((expected - f64::from(mixed)).abs() < 1e-4, "{expected} is not {mixed}");
        }
    }

    #[test]
    fn what_comes_later_changes_nothing_before_it(inputs in inputs(), later in -3.0..3.0_f32) {
        let (queries, mut keys, mut values) = inputs.into_parts();
        let causal = |keys: &Array4<f32>, values: &Array4<f32>| {
            let tensors = Tensors::new(queries.clone(), keys.clone(), values.clone());
            attend(&Inputs::new(tensors, Config::causal()).unwrap()).output
        };
        let before = causal(&keys, &values);
        let last = keys.len_of(Axis(2)) - 1;
        keys.index_axis_mut(Axis(2), last).fill(later);
        values.index_axis_mut(Axis(2), last).fill(later);
        let after = causal(&keys, &values);
        for query in 0..last.min(before.len_of(Axis(2))) {
            prop_assert_eq!(before.index_axis(Axis(2), query), after.index_axis(Axis(2), query));
        }
    }

    #[test]
    fn the_order_of_the_keys_does_not_matter(
        (inputs, order) in inputs().prop_flat_map(|inputs| {
            let order: Vec<usize> = (0..inputs.shape().key_len).collect();
            (Just(inputs), Just(order).prop_shuffle())
        })
    ) {
        let (queries, keys, values) = inputs.into_parts();
        let shuffled = Tensors::new(queries.clone(), keys.select(Axis(2), &order), values.select(Axis(2), &order));
        let [before, after] = [Tensors::new(queries, keys, values), shuffled]
            .map(|tensors| attend(&Inputs::new(tensors, Config::default()).unwrap()));
        prop_assert!(worst_difference(&before.weights.select(Axis(3), &order), &after.weights) < 1e-6);
        prop_assert!(worst_difference(&before.output, &after.output) < 1e-5);
    }

    /// A sentence attended to at once, and token by token with what is known kept: the same.
    #[test]
    fn a_past_is_as_if_all_came_at_once(inputs in inputs(), cut in 0.0..1.0_f64) {
        let (_, keys, values) = inputs.into_parts();
        let len = keys.len_of(Axis(2));
        let at = ((len as f64 * cut) as usize).clamp(1, len);
        prop_assume!(at < len);
        let whole = attend(&Inputs::new(Tensors::new(keys.clone(), keys.clone(), values.clone()), Config::causal()).unwrap());
        let part = |tensor: &Array4<f32>, from: usize, to: usize| tensor.slice(s![.., .., from..to, ..]).to_owned();
        let rest = Tensors {
            queries: part(&keys, at, len),
            keys: part(&keys, at, len),
            values: part(&values, at, len),
            cache: Cache::Past { keys: part(&keys, 0, at), values: part(&values, 0, at) },
            mask: None,
        };
        let rest = attend(&Inputs::new(rest, Config::causal()).unwrap());
        prop_assert!(worst_difference(&part(&whole.output, at, len), &rest.output) < 1e-6);
    }

    #[test]
    fn a_shared_key_head_is_as_if_it_were_repeated(inputs in inputs()) {
        let Shape { heads, key_heads, .. } = inputs.shape();
        let (queries, keys, values) = inputs.into_parts();
        let which: Vec<usize> = (0..heads).map(|head| head * key_heads / heads).collect();
        let repeated = Tensors::new(queries.clone(), keys.select(Axis(1), &which), values.select(Axis(1), &which));
        let [shared, repeated] = [Tensors::new(queries, keys, values), repeated]
            .map(|tensors| attend(&Inputs::new(tensors, Config::default()).unwrap()));
        prop_assert_eq!(shared, repeated);
    }

    /// On numbers whose sums are exact in float32, to the bit.
    #[test]
    fn softmax_does_not_change_when_every_score_is_shifted(
        steps in vec(-2048_i16..=2048, 12), shift in -1000_i16..=1000, causal in any::<bool>()
    ) {
        let scores = Array4::from_shape_fn((1, 1, 3, 4), |(_, _, query, key)| f32::from(steps[4 * query + key]) / 64.0);
        let visibility = Visibility::new(if causal { Window::CAUSAL } else { Window::OPEN }, 1, 4);
        let shifted = scores.mapv(|value| value + f32::from(shift));
        prop_assert_eq!(softmax(&scores, &visibility), softmax(&shifted, &visibility));
    }

    #[test]
    fn large_scores_stay_finite(inputs in inputs_within(173.0)) {
        // 173² ≈ 3e4, where exp without the row's maximum taken off would overflow at 89.
        let (queries, keys, values) = inputs.into_parts();
        let config = Config { scale: Scale::Factor(1.0), ..Config::default() };
        let trace = attend(&Inputs::new(Tensors::new(queries, keys, values), config).unwrap());
        prop_assert!(trace.weights.iter().chain(&trace.output).all(|value| value.is_finite()));
        for sum in trace.weights.sum_axis(Axis(3)) {
            prop_assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        }
    }

    /// Which is what rotary positions are for.
    #[test]
    fn rotated_scores_depend_on_the_distance_alone(
        (query, key) in (1..=9_usize).prop_flat_map(|width| (vec(-1.0..1.0_f32, width), vec(-1.0..1.0_f32, width))),
        places in (-500..500_isize, -500..500_isize),
        moved in 0..500_isize,
    ) {
        let score = |query_place, key_place| {
            let at = |numbers: &[f32], place| {
                let mut tensor = Array4::from_shape_vec((1, 1, 1, numbers.len()), numbers.to_vec()).unwrap();
                rotate(tensor.view_mut(), &[place], 10_000.0);
                tensor
            };
            (at(&query, query_place) * at(&key, key_place)).sum()
        };
        let (here, there) = (score(places.0, places.1), score(places.0 + moved, places.1 + moved));
        prop_assert!((here - there).abs() < 1e-5, "{here} is not {there}");
    }
}

#[test]
fn the_size_that_is_said_to_fit_fits() {
    let shape =
        |len| Shape { batch: 1, heads: 1, key_heads: 1, query_len: len, key_len: len, head_dim: 64, value_dim: 64 };
    let wanted = Wanted { scores: false, scaled: false, masked: false, weights: true, output: true };
    let limit = 4 * 8192 * 8192;
    let Err(Error::TooLarge { len, .. }) = wanted.check_size(shape(8192), limit) else {
        panic!("the output does not fit beside the weights");
    };
    assert_eq!(wanted.check_size(shape(len), limit), Ok(()));
    assert!(wanted.check_size(shape(len + 1), limit).is_err());
}

#[test]
fn rotation_is_by_one_radian_a_place_in_the_first_pair() {
    let mut rotated = Array4::from_elem((1, 1, 3, 3), 1.0);
    rotate(rotated.view_mut(), &[0], 10_000.0);
    assert_eq!(rotated.slice(s![0, 0, 0, ..]).to_vec(), [1.0, 1.0, 1.0]);
    let (sin, cos) = 2.0_f64.sin_cos();
    let expected = [(cos - sin) as f32, (sin + cos) as f32, 1.0];
    assert_eq!(rotated.slice(s![0, 0, 2, ..]).to_vec(), expected, "the odd column out stays");
}

/// A query and a key stand where the cache says, and the past has been turned when it was new.
#[test]
fn rotary_positions_go_on_after_a_past() {
    let noise = |len: usize, seed: f32| {
        Array4::from_shape_fn((2, 2, len, 6), |(b, h, s, d)| {
            (((b * 2 + h) * 7 + s) as f32 * 1.7 + d as f32 * seed).sin()
        })
    };
    let (queries, keys, values) = (noise(5, 0.9), noise(5, 1.3), noise(5, 2.1));
    let config = Config { rotary: Some(100.0), ..Config::causal() };
    let whole = Inputs::new(Tensors::new(queries.clone(), keys.clone(), values.clone()), config).unwrap();
    let part = |tensor: &Array4<f32>, from: usize, to: usize| tensor.slice(s![.., .., from..to, ..]).to_owned();
    let first =
        Inputs::new(Tensors::new(part(&queries, 0, 3), part(&keys, 0, 3), part(&values, 0, 3)), config).unwrap();
    let (_, past_keys, past_values) = first.into_parts();
    let tensors = Tensors {
        cache: Cache::Past { keys: past_keys, values: past_values },
        ..Tensors::new(part(&queries, 3, 5), part(&keys, 3, 5), part(&values, 3, 5))
    };
    let rest = Inputs::new(tensors, config).unwrap();
    assert_eq!(rest.keys(), whole.keys());
    assert_eq!(attend(&rest).output, part(&attend(&whole).output, 3, 5));
    // With lengths the queries are the last ones.
    let lengths = Tensors { cache: Cache::Lengths(vec![5, 5]), ..Tensors::new(part(&queries, 3, 5), keys, values) };
    assert_eq!(attend(&Inputs::new(lengths, config).unwrap()).output, attend(&rest).output);
    // Scores are those of turned queries and keys.
    assert_ne!(whole.queries(), queries);
    let bad = Config { rotary: Some(0.0), ..config };
    let refusal = Inputs::new(Tensors::new(queries.clone(), queries.clone(), queries), bad).unwrap_err();
    assert_eq!(refusal.to_string().split(':').next(), Some("rotary is not usable"));
}

#[test]
fn alibi_slopes_are_those_of_the_paper() {
    let slopes = |heads: usize| (0..heads).map(|head| alibi_slope(head, heads)).collect::<Vec<_>>();
    assert_eq!(slopes(8), [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625]);
    // Four of four heads, then the odd ones of eight.
    let root = 0.5_f32.sqrt();
    assert_eq!(slopes(6), [0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125]);
    assert_eq!(slopes(1), [0.00390625]);
    assert!((slopes(16)[0] - root).abs() < 1e-7);
}

#[test]
fn with_alibi_what_is_far_weighs_less() {
    let ones = Array4::from_elem((1, 1, 4, 1), 1.0);
    let config = Config { alibi: true, ..Config::default() };
    let trace = attend(&Inputs::new(Tensors::new(ones.clone(), ones.clone(), ones), config).unwrap());
    let slope = alibi_slope(0, 1);
    assert_eq!(trace.masked.slice(s![0, 0, 3, ..]).to_vec(), [1.0 - 3.0 * slope, 1.0 - 2.0 * slope, 1.0 - slope, 1.0]);
}

#[test]
fn a_softcap_bends_what_is_large_and_keeps_what_is_small() {
    let scaled = Array4::from_shape_vec((1, 1, 1, 3), vec![1e6, -1e6, 1e-3]).unwrap();
    let bent = capped(&scaled, Some(2.0));
    assert_eq!(bent.slice(s![0, 0, 0, ..2]).to_vec(), [2.0, -2.0]);
    assert!((bent[[0, 0, 0, 2]] - 1e-3).abs() < 1e-9);
    assert_eq!(capped(&scaled, None), scaled);
}

#[test]
fn a_window_is_counted_from_the_querys_own_place() {
    let window = Window { left: Some(1), right: Some(2) };
    assert_eq!(window.keys(3, 10), 2..6);
    assert_eq!(window.keys(0, 10), 0..3);
    assert_eq!(window.keys(9, 10), 8..10);
    assert_eq!(window.keys(20, 10), 10..10);
    assert_eq!(window.keys(-2, 10), 0..1);
    assert_eq!(window.keys(-3, 10), 0..0);
    assert_eq!(Window::OPEN.keys(-3, 10), 0..10);
    assert_eq!(Window::CAUSAL.keys(isize::MAX, 10), 0..10);
    assert!(Window::CAUSAL.sees(3, 3) && !Window::CAUSAL.sees(3, 4));
}

#[test]
fn with_key_lengths_the_queries_are_the_last_tokens() {
    let tensor = Array4::from_shape_fn((2, 1, 3, 1), |(_, _, token, _)| token as f32);
    let tensors = Tensors { cache: Cache::Lengths(vec![3, 1]), ..Tensors::new(tensor.clone(), tensor.clone(), tensor) };
    let inputs = Inputs::new(tensors, Config::causal()).unwrap();
    let seen = |b, query| (0..3).filter(|&key| inputs.rules().visibility.sees(b, 0, query, key)).collect::<Vec<_>>();
    assert_eq!([0, 1, 2].map(|query| seen(0, query)), [vec![0], vec![0, 1], vec![0, 1, 2]]);
    assert_eq!([0, 1, 2].map(|query| seen(1, query)), [vec![], vec![], vec![0]]);
    assert_eq!(attend(&inputs).output.slice(s![1, 0, .., 0]).to_vec(), [0.0, 0.0, 0.0]);
}

#[test]
fn a_mask_that_is_shorter_than_the_keys_hides_the_rest() {
    let tensor = Array4::zeros((1, 2, 3, 1));
    let mask = ArrayD::from_shape_vec(vec![2, 1, 2], vec![true, false, true, true]).unwrap();
    let tensors =
        Tensors { mask: Some(Mask::Allowed(mask)), ..Tensors::new(tensor.clone(), tensor.clone(), tensor.clone()) };
    let weights = attend(&Inputs::new(tensors, Config::default()).unwrap()).weights;
    for query in 0..3 {
        assert_eq!(weights.slice(s![0, 0, query, ..]).to_vec(), [1.0, 0.0, 0.0]);
        assert_eq!(weights.slice(s![0, 1, query, ..]).to_vec(), [0.5, 0.5, 0.0]);
    }
}

#[test]
fn the_largest_score_wins_at_3e4() {
    let scaled = Array4::from_shape_vec((1, 1, 1, 3), vec![-3e4, 3e4, 0.0]).unwrap();
    let weights = softmax(&scaled, &Visibility::new(Window::OPEN, 1, 3));
    assert_eq!(weights.as_slice().unwrap(), [0.0, 1.0, 0.0]);
}

#[test]
fn no_score_is_so_low_that_it_means_masked() {
    let scaled = Array4::from_elem((1, 1, 2, 2), f32::MIN);
    let weights = softmax(&scaled, &Visibility::new(Window::CAUSAL, 1, 2));
    assert_eq!(weights.as_slice().unwrap(), [1.0, 0.0, 0.5, 0.5]);
}

/// As in PyTorch, where a mask of the lowest float everywhere still gives uniform weights.
#[test]
fn a_mask_of_the_lowest_float_hides_nothing() {
    let tensor = Array4::from_elem((1, 1, 2, 2), -1.0);
    let mask = Mask::Added(ArrayD::from_elem(vec![2, 2], f32::MIN));
    let tensors = Tensors { mask: Some(mask), ..Tensors::new(tensor.clone(), tensor.clone(), tensor) };
    let trace = attend(&Inputs::new(tensors, Config { scale: Scale::Factor(-1e38), ..Config::default() }).unwrap());
    assert!(trace.masked.iter().all(|value| value.is_finite()), "{}", trace.masked);
    assert!(trace.weights.iter().all(|weight| *weight == 0.5), "{}", trace.weights);
}

/// What nobody may see counts as 0, and what somebody may see is refused by its name.
#[test]
fn nan_and_infinity_behind_a_mask_never_leak() {
    let good = Array4::from_shape_fn((1, 2, 3, 2), |(_, h, token, column)| (h + token + column) as f32 / 4.0);
    let mask = |hidden: &[usize]| {
        let allowed = |(_, key): (usize, usize)| !hidden.contains(&key);
        Some(Mask::Allowed(Array2::from_shape_fn((3, 3), allowed).into_dyn()))
    };
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (mut keys, mut values) = (good.clone(), good.clone());
        keys[[0, 1, 2, 0]] = bad;
        values[[0, 0, 2, 1]] = bad;
        let tensors = Tensors { mask: mask(&[2]), ..Tensors::new(good.clone(), keys.clone(), values.clone()) };
        let trace = attend(&Inputs::new(tensors, Config::default()).unwrap());
        let zeros = {
            let (mut keys, mut values) = (good.clone(), good.clone());
            keys[[0, 1, 2, 0]] = 0.0;
            values[[0, 0, 2, 1]] = 0.0;
            let tensors = Tensors { mask: mask(&[2]), ..Tensors::new(good.clone(), keys, values) };
            attend(&Inputs::new(tensors, Config::default()).unwrap())
        };
        assert_eq!(trace, zeros);

        let seen = Tensors { mask: mask(&[1]), ..Tensors::new(good.clone(), keys, good.clone()) };
        let error = Inputs::new(seen, Config::default()).unwrap_err();
        assert!(
            matches!(&error, Error::NotFinite { name: "keys (k)", index, .. } if *index == [0, 1, 2, 0]),
            "{error}"
        );
        let seen = Tensors { mask: mask(&[1]), ..Tensors::new(good.clone(), good.clone(), values) };
        let error = Inputs::new(seen, Config::default()).unwrap_err();
        assert!(
            matches!(&error, Error::NotFinite { name: "values (v)", index, .. } if *index == [0, 0, 2, 1]),
            "{error}"
        );
    }
    let mut queries = good.clone();
    queries[[0, 0, 1, 1]] = f32::NAN;
    let blind = Mask::Allowed(Array2::from_shape_fn((3, 3), |(query, _)| query != 1).into_dyn());
    let tensors = Tensors { mask: Some(blind), ..Tensors::new(queries, good.clone(), good) };
    let trace = attend(&Inputs::new(tensors, Config::default()).unwrap());
    assert!(trace.scores.iter().chain(&trace.output).all(|value| value.is_finite()));
}

#[test]
fn what_is_not_finite_in_the_past_is_named_there() {
    let good = Array4::zeros((1, 1, 2, 1));
    let mut past = good.clone();
    past[[0, 0, 1, 0]] = f32::NAN;
    let cache = Cache::Past { keys: good.clone(), values: past };
    let tensors = Tensors { cache, ..Tensors::new(good.clone(), good.clone(), good) };
    let error = Inputs::new(tensors, Config::default()).unwrap_err();
    assert!(error.to_string().starts_with("past values (pastValue) holds NaN at [0, 0, 1, 0]."), "{error}");
}

#[test]
fn what_makes_no_sense_is_refused_with_what_would() {
    let tensor = Array4::<f32>::zeros((2, 4, 3, 2));
    let tensors = || Tensors::new(tensor.clone(), tensor.clone(), tensor.clone());
    let refused = |tensors: Tensors, config: Config| Inputs::new(tensors, config).unwrap_err().to_string();
    let three = concatenate(Axis(1), &[tensor.slice(s![.., ..3, .., ..])]).unwrap();
    for (message, parts) in [
        (
            refused(Tensors { keys: three.clone(), values: three, ..tensors() }, Config::default()),
            ["queries (q) have 4 heads, keys and values 3", "a divisor of 4"],
        ),
        (
            refused(Tensors { cache: Cache::Lengths(vec![1, 4]), ..tensors() }, Config::default()),
            ["key lengths (keyLengths) are [1, 4]", "one number from 0 to 3 for each"],
        ),
        (
            refused(Tensors { cache: Cache::Lengths(vec![1]), ..tensors() }, Config::default()),
            ["are [1]", "a batch of 2"],
        ),
        (
            refused(Tensors { mask: Some(Mask::Added(ArrayD::zeros(vec![3, 3, 3]))), ..tensors() }, Config::default()),
            ["mask has shape [3, 3, 3]", "[2, 4, 3, 3]"],
        ),
        (
            refused(Tensors { mask: Some(Mask::Added(ArrayD::zeros(vec![]))), ..tensors() }, Config::default()),
            ["mask has shape []", "Compared from the right"],
        ),
        (
            refused(Tensors { mask: Some(Mask::Added(ArrayD::zeros(vec![3, 4]))), ..tensors() }, Config::default()),
            ["mask has shape [3, 4]", "there may be fewer keys"],
        ),
        (
            refused(
                Tensors { mask: Some(Mask::Added(ArrayD::from_elem(vec![3], f32::INFINITY))), ..tensors() },
                Config::default(),
            ),
            ["mask holds Infinity at [0]", "or -Infinity to hide the key"],
        ),
        (
            refused(tensors(), Config { scale: Scale::Factor(f32::NAN), ..Config::default() }),
            ["scale is not usable", "1/√D"],
        ),
        (refused(tensors(), Config { softcap: Some(-1.0), ..Config::default() }), ["softcap is not usable", "above 0"]),
        (
            refused(tensors(), Config { temperature: 0.0, ..Config::default() }),
            ["temperature is not usable", "above 0"],
        ),
    ] {
        for part in parts {
            assert!(message.contains(part), "{part:?} is not in {message:?}");
        }
    }
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
        let tensors = Tensors::new(tensor(queries), tensor(keys), tensor(values));
        let error = Inputs::new(tensors, Config::default()).unwrap_err();
        assert!(matches!(error, Error::ShapesDisagree { .. }), "{error:?}");
        error.to_string()
    };
    assert_eq!(
        message((1, 2, 3, 4), (1, 2, 3, 5), (1, 2, 3, 4)),
        "queries (q) has shape [1, 2, 3, 4] and keys (k) has shape [1, 2, 3, 5]: they disagree on axis 3 (head width), \
         4 against 5. Give both the same head width."
    );
    for (queries, keys, values, part) in [
        ((1, 2, 3, 4), (2, 2, 3, 4), (1, 2, 3, 4), "axis 0 (batch size), 1 against 2"),
        ((1, 2, 3, 4), (1, 2, 3, 4), (3, 2, 3, 4), "axis 0 (batch size), 1 against 3"),
        ((1, 2, 3, 4), (1, 2, 3, 4), (1, 1, 3, 4), "axis 1 (number of heads), 2 against 1"),
        ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 6, 4), "axis 2 (number of tokens), 5 against 6"),
    ] {
        let message = message(queries, keys, values);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn the_first_number_that_is_not_finite_is_named() {
    for (bad, shown) in [(f32::NAN, "NaN"), (f32::INFINITY, "Infinity"), (f32::NEG_INFINITY, "-Infinity")] {
        let good = Array4::zeros((1, 2, 3, 4));
        let mut values = good.clone();
        values[[0, 1, 2, 3]] = bad;
        assert_eq!(
            Inputs::new(Tensors::new(good.clone(), good, values), Config::default()).unwrap_err().to_string(),
            format!(
                "values (v) holds {shown} at [0, 1, 2, 3]. Attention would spread it over whole rows; replace it with a \
                 finite number, or hide it by a mask."
            )
        );
    }
}

#[test]
fn a_block_names_its_own_input_and_matrices_when_they_are_not_finite() {
    let input = Array3::zeros((1, 2, 4));
    let matrix = Array2::zeros((4, 4));
    let block = BlockWeights { w_q: matrix.clone(), w_k: matrix.clone(), w_v: matrix.clone(), w_o: matrix };
    let refused = |input: &Array3<f32>, block: &BlockWeights| match self_attention(
        input.view(),
        block,
        2,
        &Config::default(),
        None,
    ) {
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

proptest! {
    #[test]
    fn a_row_below_a_matrix_is_a_bias(numbers in vec(-1.0_f32..1.0, 40 + 64 + 8)) {
        let of = |from: usize, shape: (usize, usize)| {
            Array2::from_shape_fn(shape, |(row, column)| numbers[from + row * shape.1 + column])
        };
        let (input, matrix, bias) = (of(0, (5, 8)).insert_axis(Axis(0)), of(40, (8, 8)), of(104, (1, 8)));
        let with_bias = concatenate![Axis(0), matrix, bias];
        let expected = project(input.view(), &matrix) + &bias;
        for project in [project, fast::project] {
            let difference = project(input.view(), &with_bias) - &expected;
            prop_assert!(difference.iter().all(|difference| difference.abs() < 1e-6));
        }
        let block =
            BlockWeights { w_q: with_bias.clone(), w_k: matrix.clone(), w_v: with_bias.clone(), w_o: with_bias };
        prop_assert!(block.has_biases());
        let config = Config::default();
        let clear = self_attention(input.view(), &block, 2, &config, None).expect("it is an input");
        let quick = fast::self_attention(input.view(), &block, 2, &config, None, Wanted::ALL).expect("it is an input");
        prop_assert!((clear.output - quick.output).iter().all(|difference| difference.abs() < 1e-5));
        prop_assert!((clear.inputs.queries()[[0, 1, 4, 2]] - expected[[0, 4, 6]]).abs() < 1e-6);
    }
}

#[test]
fn an_axis_without_elements_is_refused() {
    let (good, empty) = (Array4::zeros((1, 1, 2, 2)), Array4::zeros((1, 1, 0, 2)));
    assert_eq!(
        Inputs::new(Tensors::new(good.clone(), empty, good), Config::default()).unwrap_err().to_string(),
        "keys (k) has shape [1, 1, 0, 2], which holds no numbers. Every axis needs at least one element."
    );
    assert_eq!(run_block((1, 0, 4), 4, 2).unwrap_err(), Error::Empty { name: "input", shape: vec![1, 0, 4] });
}

/// A block of zeros: input `[B, S, E]` and square matrices.
fn run_block(input: (usize, usize, usize), matrix_width: usize, heads: usize) -> Result<Array3<f32>, Error> {
    let matrix = Array2::zeros((matrix_width, matrix_width));
    let block = BlockWeights { w_q: matrix.clone(), w_k: matrix.clone(), w_v: matrix.clone(), w_o: matrix };
    let trace = self_attention(Array3::zeros(input).view(), &block, heads, &Config::default(), None)?;
    Ok(trace.output)
}

fn worst_difference(left: &Array4<f32>, right: &Array4<f32>) -> f32 {
    assert_eq!(left.dim(), right.dim());
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max)
}
