#!/usr/bin/env python3
"""Makes hard.safetensors: attention on numbers that are hard to get right, apart from the Rust code that is held to it.

Every stage as make_onnx.py's `attend`, which is held to the ONNX operator there, gives it in float64 from the float32
inputs, rounded to float32 once. The file is under this project's licence. Made with NumPy 2.4.6 on Python 3.11.

    pip install onnx==1.23.0 numpy
    python3 -B tests/data/make_hard.py

At 3e4, float32 has steps of 0.002: scores that are off by one of them would change the weights by more than any
tolerance that holds a softmax to account. So queries and keys are multiples of small powers of two, and every sum of
their products, in any order, is exact in float32; so is what is larger than 64 after scale and mask. What is added to
the lowest or the greatest float in a mask is lost, in float64 as in float32. All of this is checked before the file is
written, as is that the formula in float32 stays within half of the tolerance.

Tensors are row-major, F32 but for boolean masks (BOOL, 1: may attend). B batch, H heads, H_k heads of keys and values,
S_q queries, S_k keys, D and D_v widths. Keys, where [..] is there in some cases only:

     NAME/q                             [B, H, S_q, D]
     NAME/k v                           [B, H_k, S_k, D or D_v]
    [NAME/mask]                         as the operator takes it: 1 to 4 axes, F32 or BOOL, may hold fewer keys
     NAME/scores scaled masked weights  [B, H, S_q, S_k]
     NAME/output                        [B, H, S_q, D_v]

NaN and infinities in q, k and v are only where no query uses them; what is expected is as if they were 0. In "masked",
as in float masks, what is hidden is minus infinity; weights and output of a row that sees nothing are zeros.

The metadata has NAME too, with the case's settings in JSON: what is null is not set, and `what` says what is hard.
"""

import json
import pathlib
import zlib

import numpy as np

from make_onnx import SETTINGS, TOLERANCE, attend, storable
from safetensors_file import write_safetensors

LOWEST, GREATEST = np.finfo(np.float32).min, np.finfo(np.float32).max
INF = np.float32(np.inf)
STAGES = ["scores", "scaled", "masked", "weights", "output"]


def main():
    cases = hard_cases()
    tensors = {f"{name}/{key}": array for name, case in cases.items() for key, array in case["tensors"].items()}
    metadata = {"made_by": "tests/data/make_hard.py", "numpy": np.__version__}
    metadata |= {name: json.dumps(case["settings"]) for name, case in cases.items()}
    path = pathlib.Path(__file__).with_name("hard.safetensors")
    write_safetensors(path, tensors, metadata)
    print(f"{path.name}: {len(cases)} cases, {len(tensors)} tensors, {path.stat().st_size} bytes")
    for stage in STAGES:
        name, worst = max(((name, case["shares"][stage]) for name, case in cases.items()), key=lambda pair: pair[1])
        print(f"  {stage:<7} in float32: {worst:.3f} of the tolerance at worst, in {name}")


def hard_cases():
    cases = {}

    def case(name, what, **given):
        assert name not in cases, name
        cases[name] = hard_case(name, what, **given)

    key = np.arange(9)
    query = np.arange(5)[:, np.newaxis]

    # Large scores: plus those given in every other row, minus those in the rest.
    gaps = {"none": 0, "quarter": 0.25, "one": 1, "20": 20, "100": 100}
    for (name, gap), d in zip(gaps.items(), [4, 1, 16, 64, 4]):
        peaks = [3e4, 3e4 - gap, 1.5e4, 0, -1.5e4, gap - 3e4, -3e4]
        case(f"gap_{name}", f"the two highest of 3e4 are {gap} apart", d=d, logits=peaks)
        case(f"gap_{name}_causal", f"3e4 and {gap} less, where seen", d=d, sq=7, logits=peaks, causal=True)
        below = [-3e4, -3e4 - gap, -3.5e4, -4e4]
        case(f"gap_{name}_below", f"the two highest of -3e4 are {gap} apart", d=d, signs=[1], logits=below)
    case("gap_60000", "one of 3e4 among -3e4, then the other way round", logits=[3e4] + [-3e4] * 6)
    case("large_all_equal", "all are 3e4, or all -3e4", logits=[3e4] * 7, even=True)
    case("large_grouped", "3e4, and five heads to one of the keys", b=2, h=5, hk=1, logits=[3e4, 29999, -3e4, 7, 0])
    case("large_random", "some of 1e5", b=2, size=128)
    case("large_random_wide", "some of 2e4", h=1, sq=7, sk=11, d=64, size=32)
    case("large_random_causal", "some of 1e4", sq=9, d=16, size=32, causal=True)
    case("large_random_mask", "some of 1e4, some hidden", size=32, mask=key % 3 != query % 3)
    case("large_key_lengths", "3e4 is padding too", logits=[3e4, 29999.75, 3e4, -3e4], key_lengths=[2, 3])
    case("middling_random", "weights of all sizes", h=2, sq=9, sk=13, d=16, size=1.5)

    # The lowest and the greatest float in a mask: they hide nothing.
    case("lowest_everywhere", "the scores are lost", mask=np.full((5, 9), LOWEST), even=True)
    lost = {"logits": [3e4, -3e4, 1, 0, 0.25], "mask": np.full(5, LOWEST)}
    case("lowest_everywhere_large", "scores of 3e4 are lost", **lost, even=True)
    case("lowest_everywhere_softcap", "capped scores are lost", **lost, softcap=30.0, even=True)
    mask = np.full((2, 1, 5, 9), LOWEST)
    case("lowest_everywhere_causal", "even over what is seen", b=2, mask=mask, causal=True, even=key <= query)
    lengths = key < np.reshape([4, 0], (2, 1, 1, 1))
    case("lowest_everywhere_key_lengths", "even over what is seen", mask=mask, key_lengths=[4, 0], even=lengths)
    mask = np.where(key % 3 == 1, LOWEST, 0)
    case("lowest_on_some", "weights of 0 next to the others", mask=mask)
    case("lowest_on_some_large", "even -3e4 is more", mask=mask[:5], logits=[3e4, -3e4, 1, 0, 0.25])
    case("lowest_on_some_causal", "weights of 0 next to the others", b=2, mask=mask, causal=True)
    mask = np.where((key + query) % 3 == 0, LOWEST, -INF)
    case("lowest_or_hidden", "even over the lowest", mask=mask, even=(key + query) % 3 == 0)
    case("lowest_or_hidden_softcap", "even over the lowest", mask=mask, softcap=2.0, even=(key + query) % 3 == 0)
    mask = np.where(query < 2, [[LOWEST] * 4 + [-INF] * 5], np.where(query == 2, -INF, mask))
    mask[4, 8] = 0.5
    even = np.isfinite(mask) & ((query != 4) | (key == 8))
    case("lowest_or_hidden_or_neither", "one row sees nothing, one has a number", mask=mask, even=even)
    case("lowest_one_seen", "it has all the weight", mask=np.where(key == 4, LOWEST, -INF), even=key == 4)
    mask = np.where(key == query + 3, GREATEST, np.where(key % 4 == 0, LOWEST, 0))
    case("greatest_on_one", "its distance to the lowest is no float", mask=mask, even=key == query + 3)
    mask = np.where(key % 4 == 1, GREATEST, np.where(key % 4 == 2, -INF, LOWEST))
    case("greatest_on_some", "even over the greatest", mask=mask, softcap=30.0, even=key % 4 == 1)
    mask = [-1e4, 0, -1e4, -1e4, 0]
    case("mask_outweighed", "3e4 less 1e4 is the most still", logits=[3e4, 1, 2e4, -3e4, 0], mask=mask)
    case("mask_all_far_below", "-3e4 on all changes nothing", logits=[1, 0.25, -1, 0, 20], mask=np.full(5, -3e4))

    # Ties.
    case("ties_all", "all scores are 0", size=0, even=True)
    case("ties_all_causal", "all scores are 0", size=0, causal=True, even=key <= query)
    case("ties_all_odd", "all scores are 0", h=1, sq=3, sk=131, size=0, even=True)
    case("ties_two", "two highest, and two lowest", logits=[5, 5, 1, 0, -1, -5, -5])
    case("ties_two_far_apart", "two highest of 3e4", logits=[3e4, 3e4, -3e4, -3e4])
    case("ties_many", "two values in turn", h=1, sq=2, logits=[2, -2] * 64 + [2])

    # Rows that see nothing.
    large = {"logits": [3e4, -3e4, 3e4, 1, 0, 0.25, 20, -20, 100]}
    case("empty_rows_bool", "rows 1 and 4", mask=(query % 3 != 1) & (key != 2), **large)
    case("empty_rows_float", "rows 0 and 3", mask=np.where((query % 3 == 0) | (key == 2), -INF, key / 8), **large)
    case("empty_all_bool", "every row", mask=np.zeros((5, 9), bool), **large, even=False)
    case("empty_all_float", "every row", mask=np.full(9, -INF), **large, even=False)
    mask = np.reshape([True, False, True], (3, 1, 1)) & (key < 7)
    case("empty_head", "one head of three", mask=mask, **large)
    beyond = np.eye(9, 5, dtype=bool)
    case("empty_rows_window", "those beyond the last key", sq=9, sk=5, left=0, right=0, even=beyond)
    case("empty_rows_window_left", "those beyond the last key", sq=9, sk=4, left=1)
    case("empty_rows_key_lengths", "one batch has no key", key_lengths=[0, 6], **large)
    case("empty_all_key_lengths", "no batch has a key", key_lengths=[0, 0], **large, even=False)
    case("empty_rows_causal", "the first queries come before all keys", key_lengths=[2, 4], causal=True, **large)
    case("empty_rows_window_early", "the first queries come before all keys", key_lengths=[1, 3], left=2, right=1)
    case("empty_rows_window_and_mask", "by both only", left=1, right=1, mask=key >= 3, **large)
    case("empty_rows_softcap", "row 2, under a cap", mask=(query != 2) & (key != 3), softcap=30.0, **large)

    # NaN and infinities where nobody looks.
    case("nan_mask_bool", "behind a mask", b=2, spoil="kv", mask=key % 4 != 1)
    case("nan_mask_float", "behind minus infinity", spoil="kv", mask=np.where(key % 4 == 1, -INF, key / 8))
    case("nan_mask_short", "beyond the mask's keys", spoil="kv", mask=np.zeros((5, 6), np.float32))
    case("nan_mask_row", "in the query of a row that sees nothing", spoil="q", mask=(query % 2 == 1) & (key >= 0))
    rows = {"spoil": "qkv", "mask": np.where((query == 2) | (key % 4 == 3), -INF, 0)}
    case("nan_mask_row_float", "in a row that sees nothing, and in keys", **rows)
    case("nan_mask_row_softcap", "in a row that sees nothing, and in keys", softcap=30.0, **rows)
    case("nan_mask_all", "everywhere", b=2, spoil="qkv", mask=np.zeros((5, 9), bool), even=False)
    mask = np.reshape([1, 1, 3, 6], (4, 1, 1)) != key
    case("nan_mask_per_head", "where both heads that share a key hide it", spoil="kv", h=4, hk=2, mask=mask)
    case("nan_causal", "after the last query", b=2, spoil="kv", causal=True)
    case("nan_causal_large", "after the last query", spoil="kv", causal=True, **large)
    case("nan_causal_rows", "before and behind all keys", spoil="qkv", causal=True, key_lengths=[2, 3])
    case("nan_window_right", "after the last window", spoil="kv", right=1)
    case("nan_window_left", "before the first window, and padding", spoil="kv", sq=3, left=1, key_lengths=[8, 6])
    case("nan_window_rows", "in queries beyond all keys", spoil="q", sq=9, sk=5, left=2)
    case("nan_key_lengths", "in padding", spoil="kv", key_lengths=[3, 8])
    case("nan_key_lengths_none", "in padding, and in a batch of nothing else", spoil="qkv", key_lengths=[0, 5])
    case("nan_width_one", "the only number", spoil="qkv", d=1, dv=1, mask=(query != 3) & (key % 4 != 1))
    case("nan_odd", "in padding", spoil="kv", h=2, hk=1, sq=17, sk=33, d=7, dv=9, key_lengths=[19])
    signs = np.where(query % 2, -1, 1)
    extremes = {"q": signs, "k": np.where(key % 4 == 1, GREATEST, key / 4)[:, np.newaxis], "mask": key % 4 != 1}
    extremes["v"] = np.where(key % 4 == 1, [[LOWEST], [GREATEST], [LOWEST]], np.arange(3)[:, np.newaxis]).T
    case("extremes_mask", "the greatest and lowest float behind a mask", d=1, dv=3, **extremes)

    # Sizes.
    case("one_token", "it has all the weight", h=1, sq=1, sk=1, even=True)
    case("one_token_large", "3e4", h=1, sq=1, logits=[3e4], even=True)
    case("one_token_width_one", "one number of everything", h=1, sq=1, sk=1, d=1, dv=1, even=True)
    case("width_one", "D and D_v are 1", b=2, d=1, dv=1, size=2)
    case("width_one_large", "D and D_v are 1", d=1, dv=1, logits=[3e4, 29999.75, 0, -29999, -3e4])
    case("odd", "no side is a multiple of another's", h=1, sq=17, sk=33, d=7, dv=9)
    case("odd_causal", "no side is a multiple of another's", h=2, sq=17, sk=33, d=7, dv=9, causal=True)
    case("odd_one_query", "129 keys", sq=1, sk=129, d=5, dv=3)
    case("odd_about_64", "65 queries, 63 keys", h=1, sq=65, sk=63, d=3, dv=2, causal=True)
    case("five_heads_to_one", "three batches", b=3, h=5, hk=1, sq=4, sk=6, d=3, dv=5)
    case("five_heads_to_one_key_lengths", "three batches", b=3, h=5, hk=1, sq=4, sk=6, key_lengths=[6, 0, 3])

    # Softcap.
    capped = {"softcap": 30.0, "logits": [3e4, 29999, -3e4, 1e4, -1e4, 1024]}
    case("softcap_huge", "all are bent to 30 or -30", **capped)
    case("softcap_huge_mask", "bent to 30 behind minus infinity too", mask=[[0.0, -INF, 0.5, 0, -INF, 1]], **capped)
    case("softcap_huge_causal", "all are bent to 30 or -30", sq=6, causal=True, **capped)
    tiny = {"logits": [n / 2**13 for n in range(-4, 5)], "signs": [1, -1, 0.5]}
    case("softcap_tiny", "scores of 1e-4 under 30", softcap=30.0, **tiny)
    case("softcap_tiny_far_below", "scores of 1e-4 under 1e6", softcap=2.0**20, **tiny)
    case("softcap_far_above", "ordinary scores under 1e6, which bends nothing", b=2, softcap=2.0**20, size=2)
    bent = [n / 8 for n in range(-12, 13)]
    case("softcap_bent", "from where it bends little to where much", softcap=1.0, logits=bent)
    case("softcap_bent_little", "scores about a tenth of the cap", softcap=8.0, logits=bent)

    # Large values, of one sign in a column, so that their sum has the relative error of the weights.
    values = (10**6 - 12345 * np.arange(9))[:, np.newaxis] * np.array([1, -1, 0.5])
    four = {"sk": 4, "d": 4, "dv": 3, "v": values[:4]}
    case("values_large_quarters", "weights of a quarter", size=0, **four, even=True)
    case("values_large_halves", "weights of a half", logits=[3e4, 3e4, -3e4, -3e4], **four)
    case("values_large_causal", "weights of 1, 1/2, 1/3 and so on", size=0, dv=3, v=values, causal=True)
    case("values_large", "random weights", b=2, dv=3, v=values)
    case("values_large_empty_rows", "nothing of them, in some rows", dv=3, v=values, mask=(query < 3) & (key >= 0))

    # Long rows.
    long = {"h": 1, "d": 1, "dv": 2}
    case("long_even", "weights of a thousandth", sq=1, sk=1000, size=0, **long, even=True)
    case("long_even_large", "weights of a thousandth at 3e4", sq=1, logits=[3e4] * 1000, **long, even=True)
    case("long_one", "one has three quarters, then the others have all", sq=2, logits=[8] + [0] * 999, **long)
    case("long_one_large", "one has all, then nothing", sq=2, logits=[3e4] + [0] * 999, **long)
    case("long_causal", "the queries come last", sq=2, sk=1000, key_lengths=[1000], causal=True, size=1.5, **long)

    # Scales.
    case("scale_zero", "even", scale=0.0, size=128, even=True)
    case("scale_zero_causal", "even over what is seen", scale=0.0, size=128, causal=True, even=key <= query)
    case("scale_negative", "the lowest are the highest", b=2, scale=-0.75)
    case("scale_negative_large", "-3e4 is the highest", scale=-1.0, signs=[1], logits=[-3e4, 0.25 - 3e4, 0, 3e4])
    case("scale_negative_softcap", "and bent", scale=-2.0, softcap=4.0, size=1)
    case("scale_small", "scores of 3e7", scale=2.0**-10, d=1, logits=[3e4, 29999.75, 0, -3e4])
    case("scale_large", "scores of 30", scale=2.0**10, d=2, logits=[3e4, 29999.75, 0, -3e4])

    # Windows.
    case("window_diagonal", "nothing but itself", left=0, right=0, even=key == query)
    case("window_diagonal_large", "nothing but itself", left=0, right=0, **large, even=key == query)
    case("window_left", "two before, all after", b=2, left=2, size=2)
    case("window_right", "two after, all before", right=2, size=2)
    place = query + np.reshape([1, 4], (2, 1, 1, 1))
    case("window_diagonal_key_lengths", "its place is moved", left=0, right=0, key_lengths=[6, 9], even=key == place)
    case("window_left_key_lengths", "its place is moved", left=2, key_lengths=[6, 9], **large)
    case("window_right_key_lengths", "its place is moved, below 0 too", right=2, key_lengths=[3, 9], **large)
    case("window_both_key_lengths_softcap", "and bent", left=1, right=2, key_lengths=[7, 4], softcap=30.0, **large)
    return cases


def hard_case(
    name, what, *, b=None, h=3, hk=None, sq=5, sk=9, d=4, dv=None, size=1, logits=None, signs=(1, -1), q=None, k=None,
    v=None, mask=None, spoil="", even=None, **settings
):
    """Queries and keys are `size` times normal; or such that each query's scaled scores are `logits`, in each head in
    another order, times the next of `signs`; or `q` and `k`.

    What nobody uses of the tensors in `spoil` becomes NaN and infinities. `even`: for a check by hand, the keys between
    which the weight is divided evenly.
    """
    b = b or len(settings.get("key_lengths", [0]))
    hk, dv, sk = hk or h, dv or d, len(logits) if logits else sk
    settings = {"group": "hard"} | SETTINGS | TOLERANCE | settings | {"qk": None, "what": what}
    # Each case has its own random numbers: one case more changes no other.
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if logits:
        scale = 1 / np.sqrt(d) if settings["scale"] is None else settings["scale"]
        q, k = facing(random, np.array(logits) / scale, np.resize(signs, sq), b, h, hk, d)
    if q is None:
        q, k = (np.round(32 * random.standard_normal(shape)) * size / 32 for shape in [(b, h, sq, d), (b, hk, sk, d)])
    if v is None:
        v = random.standard_normal((b, hk, sk, dv))
    tensors = {
        "q": np.broadcast_to(q, (b, h, sq, d)).astype(np.float32),
        "k": np.broadcast_to(k, (b, hk, sk, d)).astype(np.float32),
        "v": np.broadcast_to(v, (b, hk, sk, dv)).astype(np.float32),
    }
    if mask is not None:
        mask = np.asarray(mask)
        tensors["mask"] = mask if mask.dtype == bool else mask.astype(np.float32)

    given = tensors
    if spoil:
        given, tensors = spoiled(tensors, settings, spoil)
    expected = stages(tensors, settings, np.float64)
    check_exact(name, tensors, expected)
    shares = check_stages(name, stages(tensors, settings, np.float32), expected)
    if even is not None:
        even = np.broadcast_to(even, expected["weights"].shape)
        by_hand = even / np.maximum(even.sum(axis=-1, keepdims=True), 1)
        np.testing.assert_allclose(expected["weights"], by_hand, rtol=1e-12, err_msg=name)
    return {"tensors": storable(given | expected), "settings": settings, "shares": shares}


def facing(random, scores, signs, b, h, hk, d):
    """Queries and keys whose products are ± `scores`, in another order in each head of the keys."""
    scores = random.permuted(np.broadcast_to(scores, (b, hk, len(scores))), axis=-1)
    parts = random.integers(-64, 65, (*scores.shape, d)).astype(np.float64)
    parts[..., -1] = scores - parts[..., :-1].sum(axis=-1)
    turned = random.choice([-1, 1], (b, hk, 1, d))
    return np.repeat(turned, h // hk, axis=1) * signs[:, np.newaxis], turned * parts


def spoiled(tensors, settings, spoil):
    """With NaN and infinities in three of four numbers that no query uses; and with zeros in the same places."""
    sees = np.isfinite(attend(tensors, settings, np.float64)["masked"])
    batch, key_heads, keys, _ = tensors["k"].shape
    # The heads that share a key come one after another.
    used_key = sees.reshape(batch, key_heads, -1, keys).any(axis=2)
    used = {"q": sees.any(axis=3), "k": used_key, "v": used_key}
    assert spoil == "".join(key for key in used if not used[key].all()), spoil
    bad, zeroed = tensors.copy(), tensors.copy()
    for key in spoil:
        index = np.arange(tensors[key].size).reshape(tensors[key].shape)
        spoils = ~used[key][..., np.newaxis] & (index % 4 != 3)
        bad[key] = np.where(spoils, np.array([np.nan, INF, -INF, 0], np.float32)[index % 4], tensors[key])
        zeroed[key] = np.where(spoils, np.float32(0), tensors[key])
    return bad, zeroed


def stages(tensors, settings, dtype):
    with np.errstate(over="ignore"):  # from the lowest float to the greatest; its exponential is 0
        result = attend(tensors, settings, dtype)
        result["scores"] = attend(tensors, settings | {"scale": 1}, dtype)["scaled"]
    return {stage: result[stage] for stage in STAGES}


# ---- The checks ----


def check_exact(name, tensors, expected):
    """That scores are exact in float32 in any order of additions, and what is large after them is exact too."""
    q, k = (tensors[key].astype(np.float64) for key in "qk")
    k = np.repeat(k, q.shape[1] // k.shape[1], axis=1)
    # Every part of a sum is a multiple of one step, and 24 bits hold 2^24 of them.
    steps = step(q)[..., :, np.newaxis] * step(k)[..., np.newaxis, :]
    assert (np.abs(q) @ np.abs(k).swapaxes(2, 3) <= 2.0**24 * steps).all(), name
    assert (expected["scores"] == expected["scores"].astype(np.float32)).all(), name
    for stage in ("scaled", "masked"):
        large = expected[stage][np.isfinite(expected[stage]) & (np.abs(expected[stage]) > 64)]
        assert (large == large.astype(np.float32)).all(), f"{name}/{stage}"


def step(vectors):
    """The greatest power of two that all numbers of each vector are multiples of."""
    result = np.zeros(vectors.shape[:-1])
    for power in 2.0 ** np.arange(-40, 128):
        result[(vectors % power == 0).all(axis=-1)] = power
    return result


def check_stages(name, got, expected):
    """How much of the tolerance float32 takes at each stage: half at most."""
    shares = {}
    for stage in STAGES:
        assert got[stage].dtype == np.float32 and got[stage].shape == expected[stage].shape, f"{name}/{stage}"
        finite = np.isfinite(expected[stage])
        hidden = stage == "masked" and (expected[stage][~finite] == -INF).all()
        assert finite.all() or hidden, f"{name}/{stage}"
        assert (got[stage][~finite] == expected[stage][~finite]).all(), f"{name}/{stage}"
        difference = np.abs(got[stage][finite] - expected[stage][finite])
        tolerance = TOLERANCE["atol"] + TOLERANCE["rtol"] * np.abs(expected[stage][finite])
        shares[stage] = (difference / tolerance).max(initial=0)
        assert shares[stage] <= 0.5, f"{name}/{stage}: {shares[stage]}"
    return shares


if __name__ == "__main__":
    main()
