//! Random attentions: every axis small and on its own, every kind of mask, cache and config, in any combination.

use headlight::attention::{Cache, Config, Inputs, Mask, Scale, Tensors, Window};
use ndarray::{Array4, ArrayD};
use proptest::{collection::vec, option, prelude::*};

/// `[B, H, H_k, S_q, S_k, D, D_v]`.
pub type Sizes = [usize; 7];

/// So many tokens, queries and keys apart, and heads so wide, keys and values apart.
pub fn sizes(
    tokens: std::ops::RangeInclusive<usize>,
    widths: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = Sizes> {
    let heads = prop_oneof![Just((1, 1)), Just((3, 3)), Just((4, 2)), Just((4, 1)), Just((2, 1))];
    (1..=2_usize, heads, tokens.clone(), tokens, widths.clone(), widths)
        .prop_map(|(batch, (heads, key_heads), s_q, s_k, d, d_v)| [batch, heads, key_heads, s_q, s_k, d, d_v])
}

/// Attentions of these sizes.
pub fn inputs_of([batch, heads, key_heads, s_q, s_k, d, d_v]: Sizes, limit: f32) -> impl Strategy<Value = Inputs> {
    let tensor = move |shape| tensor(shape, limit);
    let past = (0..=3_usize).prop_flat_map(move |past| {
        // Without a past there are no such tensors.
        let len = past.max(1);
        let (keys, values) = (tensor([batch, key_heads, len, d]), tensor([batch, key_heads, len, d_v]));
        (Just(past), keys, values)
    });
    let cache = prop_oneof![
        2 => Just(Cache::None),
        1 => past.prop_map(|(past, keys, values)| if past == 0 { Cache::None } else { Cache::Past { keys, values } }),
        1 => vec(0..=s_k, batch).prop_map(Cache::Lengths),
    ];
    let queries = tensor([batch, heads, s_q, d]);
    let (keys, values) = (tensor([batch, key_heads, s_k, d]), tensor([batch, key_heads, s_k, d_v]));
    (queries, keys, values, cache, configs()).prop_flat_map(move |(queries, keys, values, cache, config)| {
        let past = if let Cache::Past { keys, .. } = &cache { keys.dim().2 } else { 0 };
        let tensors = Tensors { queries, keys, values, cache, mask: None };
        option::of(masks([batch, heads, s_q, s_k + past])).prop_map(move |mask| {
            Inputs::new(Tensors { mask, ..tensors.clone() }, config).expect("they were made to agree")
        })
    })
}

fn tensor(shape: [usize; 4], limit: f32) -> impl Strategy<Value = Array4<f32>> {
    vec(-limit..=limit, shape.iter().product::<usize>())
        .prop_map(move |numbers| Array4::from_shape_vec(shape, numbers).expect("as many numbers as the shape has"))
}

fn configs() -> impl Strategy<Value = Config> {
    let scale = prop_oneof![2 => Just(Scale::InverseSqrtHeadDim), 1 => (-2.0..2.0_f32).prop_map(Scale::Factor)];
    let side = || option::of(0..=4_usize);
    let window = prop_oneof![
        Just(Window::OPEN),
        Just(Window::CAUSAL),
        (side(), side()).prop_map(|(left, right)| Window { left, right })
    ];
    let temperature = prop_oneof![3 => Just(1.0), 1 => 0.5..3.0_f32];
    let rotary = option::weighted(0.2, prop_oneof![Just(10_000.0), 2.0..100.0_f32]);
    (scale, temperature, option::weighted(0.3, 0.5..20.0_f32), rotary, window, prop::bool::weighted(0.2)).prop_map(
        |(scale, temperature, softcap, rotary, window, alibi)| Config {
            scale,
            temperature,
            softcap,
            rotary,
            window,
            alibi,
        },
    )
}

/// Masks that broadcast to `[B, H, S_q, S_k]`: axes left out, of length 1, or with fewer keys.
fn masks([batch, heads, s_q, s_k]: [usize; 4]) -> impl Strategy<Value = Mask> {
    let axis = |len: usize| prop_oneof![Just(1), Just(len)];
    let keys = prop_oneof![3 => Just(s_k), 1 => 1..=s_k];
    (1..=4_usize, axis(batch), axis(heads), axis(s_q), keys).prop_flat_map(|(rank, batch, heads, queries, keys)| {
        let shape = [batch, heads, queries, keys][4 - rank..].to_vec();
        let count = shape.iter().product::<usize>();
        let added = prop_oneof![
            3 => -2.0..2.0_f32,
            2 => Just(f32::NEG_INFINITY),
            // Low, but not hidden.
            1 => Just(-1e30),
        ];
        let (for_allowed, for_added) = (shape.clone(), shape);
        let fits = "as many as the shape has";
        prop_oneof![
            vec(prop::bool::weighted(0.7), count).prop_map(move |allowed| Mask::Allowed(
                ArrayD::from_shape_vec(for_allowed.clone(), allowed).expect(fits)
            )),
            vec(added, count)
                .prop_map(move |added| Mask::Added(ArrayD::from_shape_vec(for_added.clone(), added).expect(fits))),
        ]
    })
}
