//! What page and engine say to each other arrives as it was said, and nothing else is taken for a message.

use headlight::attention::Window;
use headlight::embedding::{Positions, Token};
use headlight::lesson::{
    Arcs, Plays, Projection, SPEEDS, Session, SharesMap, Sight, SignedMap, Step, Theme, Zoom,
    range::{Ends, Range},
    table::Part,
};
use headlight::protocol::{
    Against, Axes, Begins, CellRef, Check, Difference, EngineChoice, EngineKind, Found, FoundTensor, FromFile, Given,
    Item, LeftOut, Matrix, Operands, Paint, Place, Refusal, Reply, Request, Role, Run, Setup, Slice, Span, Tensor,
    from_bytes, to_bytes,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn sizes() -> impl Strategy<Value = usize> {
    prop_oneof![0..=20_usize, Just(usize::MAX)]
}

fn numbers() -> impl Strategy<Value = f32> {
    prop_oneof![-1e3..1e3_f32, Just(f32::NEG_INFINITY), Just(-0.0), Just(f32::MIN_POSITIVE / 2.0)]
}

fn tensors() -> impl Strategy<Value = Tensor> {
    prop_oneof![Just(Tensor::Tokens), Just(Tensor::Scores), Just(Tensor::Weights), Just(Tensor::KeyInput)]
}

fn setups() -> impl Strategy<Value = Setup> {
    let positions = prop_oneof![
        Just(Positions::None),
        Just(Positions::Sinusoidal),
        Just(Positions::Rotary),
        Just(Positions::Alibi)
    ];
    let window = (sizes(), sizes()).prop_map(|(left, right)| Window { left: Some(left), right: Some(right) });
    let mask = prop_oneof![Just(Window::OPEN), Just(Window::CAUSAL), window];
    let scaling = (any::<bool>(), 0.01_f32..100.0, option::of(0.1_f32..10.0));
    let by_hand = (
        sizes(),
        vec((sizes(), sizes(), any::<bool>()).prop_map(Paint::from), 0..4),
        vec(sizes(), 0..3),
        any::<bool>(),
        option::of(given().prop_map(Box::new)),
    );
    (any::<u64>(), sizes(), sizes(), positions, mask, scaling, by_hand).prop_map(
        |(
            seed,
            heads,
            width,
            positions,
            mask,
            (is_scaled, temperature, softcap),
            (padding, painted, heads_off, is_cross, given),
        )| {
            Setup {
                seed,
                heads,
                width,
                positions,
                mask,
                padding,
                painted,
                is_scaled,
                temperature,
                softcap,
                heads_off,
                is_cross,
                given,
            }
        },
    )
}

fn given() -> impl Strategy<Value = Given> {
    let begins = prop_oneof![Just(Begins::Input), Just(Begins::Projections), Just(Begins::Weights)];
    let axes = prop_oneof![Just(Axes::Named), Just(Axes::LayersFirst), Just(Axes::TokensFirst)];
    let part = (0..Role::ALL.len(), sizes(), sizes())
        .prop_map(|(role, file, tensor)| (Role::ALL[role], Place { file, tensor }));
    let words = || vec(any::<String>(), 0..3);
    (begins, vec(part, 0..4), [sizes(), sizes()], axes, [words(), words()], any::<String>(), any::<u64>()).prop_map(
        |(begins, parts, [layer, layers], axes, words, name, look)| Given {
            begins,
            parts,
            layer,
            layers,
            axes,
            words,
            name,
            look,
        },
    )
}

fn found() -> impl Strategy<Value = Found> {
    let tensor = (any::<String>(), vec(sizes(), 0..5), any::<String>(), any::<bool>(), vec(any::<String>(), 0..3));
    let tensor =
        tensor.prop_map(|(name, shape, dtype, is_exact, texts)| FoundTensor { name, shape, dtype, is_exact, texts });
    let tensors = prop_oneof![vec(tensor, 0..3).prop_map(Ok), any::<String>().prop_map(Err)];
    (any::<String>(), any::<u64>(), tensors).prop_map(|(name, bytes, tensors)| Found { name, bytes, tensors })
}

fn slices() -> impl Strategy<Value = Slice> {
    ((sizes(), tensors()), sizes(), spans(), spans(), sizes(), sizes(), any::<bool>()).prop_map(
        |((item, tensor), head, rows, columns, most_rows, most_columns, is_change)| Slice {
            item,
            tensor,
            head,
            rows,
            columns,
            most_rows,
            most_columns,
            is_change,
        },
    )
}

fn spans() -> impl Strategy<Value = Span> {
    (sizes(), sizes()).prop_map(|(first, count)| Span { first, count })
}

fn matrices() -> impl Strategy<Value = Matrix> {
    ([sizes(), sizes(), sizes(), sizes(), sizes(), sizes()], vec(numbers(), 0..30), numbers(), any::<bool>()).prop_map(
        |([first_row, first_column, rows, columns, shown_rows, shown_columns], values, largest, is_change)| Matrix {
            first_row,
            first_column,
            rows,
            columns,
            shown_rows,
            shown_columns,
            values,
            largest,
            is_change,
        },
    )
}

fn cells() -> impl Strategy<Value = CellRef> {
    (tensors(), sizes(), sizes(), sizes()).prop_map(|(tensor, head, row, column)| CellRef { tensor, head, row, column })
}

fn choices() -> impl Strategy<Value = EngineChoice> {
    prop_oneof![Just(EngineChoice::Auto), Just(EngineChoice::WebGpu), Just(EngineChoice::Cpu)]
}

fn kinds() -> impl Strategy<Value = EngineKind> {
    prop_oneof![
        any::<String>().prop_map(|adapter| EngineKind::WebGpu { adapter }),
        option::of(any::<String>()).prop_map(|instead_of_webgpu| EngineKind::Cpu { instead_of_webgpu }),
    ]
}

fn tokens() -> impl Strategy<Value = Token> {
    (any::<String>(), any::<String>(), sizes(), sizes(), any::<u32>()).prop_map(|(text, word, start, end, id)| Token {
        text,
        word,
        start,
        end,
        id,
    })
}

fn requests() -> impl Strategy<Value = Request> {
    prop_oneof![
        (any::<String>(), choices()).prop_map(|(build, engine)| Request::Open { build, engine }),
        (any::<u64>(), any::<[String; 2]>(), setups(), option::of(setups()), vec(slices(), 0..9)).prop_map(
            |(run, [sentence, second], setup, before, slices)| Request::Run {
                run,
                sentence,
                second,
                setup,
                before,
                slices
            }
        ),
        (any::<u64>(), vec(slices(), 0..9)).prop_map(|(run, slices)| Request::Read { run, slices }),
        (any::<u64>(), sizes(), cells()).prop_map(|(run, item, cell)| Request::Explain { run, item, cell }),
        any::<u64>().prop_map(|run| Request::Check { run }),
        any::<u64>().prop_map(|look| Request::Look { look }),
    ]
}

fn replies() -> impl Strategy<Value = Reply> {
    let shown = || vec((slices(), matrices()), 0..4);
    let reference = any::<(String, usize, usize)>();
    let reference = reference.prop_map(|(reason, tokens, of)| Against::Reference { reason, tokens, of });
    let against = prop_oneof![kinds().prop_map(Against::Engine), reference];
    let refusal = prop_oneof![
        Just(Refusal::NoTokens),
        Just(Refusal::NoKeys),
        sizes().prop_map(Refusal::Width),
        (sizes(), sizes()).prop_map(|(heads, width)| Refusal::Heads { heads, width }),
        any::<String>().prop_map(Refusal::Attention),
        Just(Refusal::Gone),
    ];
    let items = (vec(tokens(), 0..6), vec(tokens(), 0..3)).prop_map(|(tokens, keys)| Item { tokens, keys });
    let left_out = (sizes(), sizes()).prop_map(|(tokens, sentences)| LeftOut { tokens, sentences });
    let run =
        ((any::<u64>(), setups(), option::of(setups()), vec(items, 0..3)), (left_out, kinds(), 0.0..1e6_f64, shown()))
            .prop_map(|((run, setup, before, batch), (left_out, engine, milliseconds, slices))| {
                Reply::Ran(Run { run, setup, before, batch, left_out, engine, milliseconds, slices })
            });
    prop_oneof![
        (any::<String>(), kinds()).prop_map(|(build, engine)| Reply::Opened { build, engine }),
        (any::<u64>(), vec(found(), 0..3)).prop_map(|(look, files)| Reply::Found { look, files }),
        any::<[u64; 3]>().prop_map(|[run, done, of]| Reply::Reading { run, done, of }),
        run,
        (any::<u64>(), refusal).prop_map(|(run, refusal)| Reply::Refused { run, refusal }),
        (any::<u64>(), shown()).prop_map(|(run, slices)| Reply::Slices { run, slices }),
        (any::<u64>(), against, vec((tensors(), numbers(), numbers()), 0..9)).prop_map(|(run, against, stages)| {
            let stages = stages.into_iter();
            let stages = stages.map(|(tensor, largest, magnitude)| Difference { tensor, largest, magnitude }).collect();
            Reply::Checked(Check { run, against, stages })
        }),
        (
            any::<u64>(),
            (sizes(), cells()),
            numbers(),
            option::of(numbers()),
            vec(numbers(), 0..20),
            vec(numbers(), 0..20),
            option::of((any::<String>(), vec(sizes(), 0..5), any::<String>()))
        )
            .prop_map(|(run, (item, cell), value, before, left, right, from)| {
                let from = from.map(|(name, index, dtype)| Box::new(FromFile { name, index, dtype }));
                Reply::Operands { run, operands: Operands { item, cell, value, before, left, right, from } }
            }),
    ]
}

fn sessions() -> impl Strategy<Value = Session> {
    let step = (0..Step::ALL.len()).prop_map(|index| Step::ALL[index]);
    let projection = (0..Projection::ALL.len()).prop_map(|index| Projection::ALL[index]);
    let speed = (0..SPEEDS.len()).prop_map(|index| SPEEDS[index]);
    let zoom = (spans(), spans()).prop_map(|(queries, keys)| Zoom { queries, keys });
    let ends = (numbers(), numbers()).prop_map(|(signed, shares)| Range::Fixed(Ends { signed, shares }));
    let range = prop_oneof![Just(Range::Lesson), Just(Range::Matrix), Just(Range::Step), ends];
    let arcs = option::of(prop_oneof![Just(Arcs::Word), Just(Arcs::All)]);
    let colors = (select(&SharesMap::ALL), select(&SignedMap::ALL), select(&Sight::ALL), range, arcs);
    let theme = option::of(prop_oneof![Just(Theme::Light), Just(Theme::Dark)]);
    (
        (any::<[String; 2]>(), setups(), option::of(setups()), choices(), step, zoom),
        (0.0..=1.0_f64, (sizes(), sizes()), projection, option::of(cells()), speed, theme, colors),
    )
        .prop_map(|(of_run, of_stage)| {
            let ([sentence, second], setup, before, engine, step, zoom) = of_run;
            let (position, (item, head), projection, pinned, speed, theme, colors) = of_stage;
            let (shares_map, signed_map, sight, range, arcs) = colors;
            Session {
                sentence,
                second,
                setup,
                before,
                engine,
                step,
                position,
                item,
                head,
                zoom,
                projection,
                pinned,
                table: pinned.map(Part::with),
                plays: if pinned.is_some() { Plays::This } else { Plays::Next },
                speed,
                theme,
                shares_map,
                signed_map,
                sight,
                range,
                arcs,
            }
        })
}

proptest! {
    #[test]
    fn a_request_arrives_as_it_was_said(request in requests()) {
        let bytes = to_bytes(&request);
        prop_assert_eq!(from_bytes::<Request>(&bytes), Some(request));
        for end in 0..bytes.len() {
            prop_assert!(from_bytes::<Request>(&bytes[..end]).is_none(), "cut to {end} of {}", bytes.len());
        }
    }

    #[test]
    fn a_reply_arrives_as_it_was_said(reply in replies()) {
        let bytes = to_bytes(&reply);
        prop_assert_eq!(from_bytes::<Reply>(&bytes), Some(reply));
        for end in 0..bytes.len() {
            prop_assert!(from_bytes::<Reply>(&bytes[..end]).is_none(), "cut to {end} of {}", bytes.len());
        }
    }

    #[test]
    fn a_session_is_the_same_after_it_was_stored(session in sessions()) {
        prop_assert_eq!(from_bytes::<Session>(&to_bytes(&session)), Some(session));
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        if let Some(request) = from_bytes::<Request>(&bytes) {
            prop_assert_eq!(from_bytes(&to_bytes(&request)), Some(request));
        }
        if let Some(session) = from_bytes::<Session>(&bytes) {
            // NaN is not equal to itself, so that the bytes are compared.
            let bytes = to_bytes(&session);
            prop_assert_eq!(from_bytes::<Session>(&bytes).map(|session| to_bytes(&session)), Some(bytes));
        }
        if let Some(reply) = from_bytes::<Reply>(&bytes) {
            let bytes = to_bytes(&reply);
            prop_assert_eq!(from_bytes::<Reply>(&bytes).map(|reply| to_bytes(&reply)), Some(bytes));
        }
    }

    #[test]
    fn a_length_that_is_a_lie_takes_no_memory(length in any::<u64>(), rest in vec(any::<u8>(), 0..40)) {
        // The fourth kind of reply begins with a run and the number of its matrices; the third kind of request likewise.
        let mut length = to_bytes(&(length | 1 << 40));
        length.extend(rest);
        prop_assert!(from_bytes::<Reply>(&[&[3, 0][..], &length].concat()).is_none());
        prop_assert!(from_bytes::<Request>(&[&[2, 0][..], &length].concat()).is_none());
    }
}

#[test]
fn a_message_of_the_other_side_is_no_message() {
    // Kinds that one side does not have.
    assert!(from_bytes::<Request>(&[4]).is_none());
    assert!(from_bytes::<Reply>(&[5]).is_none());
    assert!(from_bytes::<Reply>(&[]).is_none());
}

#[test]
fn a_stroke_paints_every_cell_on_its_way() {
    let stroke = |from, to| {
        let mut setup = Setup::default();
        setup.paint_on_the_way(from, to, false, 9);
        assert!(setup.painted.iter().all(|paint| !paint.is_seen));
        setup.painted.iter().map(|paint| (paint.query, paint.key)).collect::<Vec<_>>()
    };
    assert_eq!(stroke((1, 1), (1, 1)), []);
    assert_eq!(stroke((1, 4), (1, 1)), [(1, 1), (1, 2), (1, 3)], "the cell that it begins at has been painted");
    assert_eq!(stroke((0, 0), (3, 3)), [(1, 1), (2, 2), (3, 3)]);
    assert_eq!(stroke((8, 2), (4, 0)), [(4, 0), (5, 1), (6, 1), (7, 2)]);
    for (from, to) in [((0, 8), (5, 1)), ((7, 2), (0, 4)), ((3, 8), (4, 0))] {
        let mut cells = stroke(from, to);
        cells.push(from);
        cells.sort();
        let touch = |a: (usize, usize), b: (usize, usize)| a.0.abs_diff(b.0) <= 1 && a.1.abs_diff(b.1) <= 1;
        let alone = cells.iter().filter(|&&cell| cells.iter().filter(|&&other| touch(cell, other)).count() < 2);
        assert_eq!(alone.count(), 0, "{from:?} to {to:?}: {cells:?}");
        assert!(cells.contains(&to));
    }
}

#[test]
fn of_what_is_painted_outside_a_sentence_nothing_counts() {
    let painted = [(0, 5, false), (1, 1, false), (5, 0, false)].map(Paint::from).to_vec();
    let setup = Setup { painted, ..Setup::default() };
    assert_eq!([0, 1, 2, 5, 6].map(|len| setup.within(len).painted.len()), [0, 0, 1, 1, 3]);
}

#[test]
fn paint_stays_as_it_is_when_the_mask_changes() {
    let mut setup = Setup::default();
    setup.paint(0, 3, false, 6);
    setup.paint(2, 1, false, 6);
    assert!(setup.is_painted());
    for mask in [Window::CAUSAL, Window::OPEN] {
        setup.mask = mask;
        assert!(!setup.sees(0, 3, 6) && !setup.sees(2, 1, 6), "{mask:?}");
    }
    setup.mask = Window::CAUSAL;
    setup.paint(0, 3, true, 6);
    setup.paint(2, 1, true, 6);
    assert!(setup.is_painted(), "it shows what the mask hides");
    assert!(!Setup { mask: Window::OPEN, ..setup.clone() }.is_painted(), "there it changes nothing");
    setup.paint(0, 4, true, 6);
    assert_eq!(
        setup.painted,
        [(0, 3, true), (0, 4, true)].map(Paint::from),
        "no paint is left where the mask says the same"
    );
    setup.paint(0, 3, false, 6);
    assert_eq!(setup.painted, [(0, 4, true)].map(Paint::from));
    setup.paint(0, 7, false, 6);
    assert!(!setup.sees(0, 7, 6) && setup.painted.len() == 1, "padding takes no paint");
}
