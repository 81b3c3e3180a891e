#!/usr/bin/env python3
"""Makes onnx.safetensors: what the ONNX operator Attention gives, apart from the Rust code that is held to it.

Two groups of cases. "onnx node": every node test of Attention in the wheel of onnx 1.22.0 (later wheels hold none).
"onnx reference": what those leave out, computed by the reference operator of onnx 1.23.0 (opset 25) in float64 from
float32 inputs and rounded to float32. Each case is checked before it is written. The node tests' numbers are the ONNX
project's, under Apache-2.0, with three axes made four and half precision made single; the others are under this
project's licence. Made with NumPy 2.4.6 on Python 3.11.

    pip install onnx==1.23.0 numpy
    python3 tests/data/make_onnx.py

Tensors are row-major, F32 but for boolean masks (BOOL, 1: may attend). B batch, H heads, H_k heads of keys and values,
S_q queries, S_k keys, P past keys, D and D_v widths. Keys, where [..] are there in some cases only:

     NAME/q                          [B, H, S_q, D]
     NAME/k v                        [B, H_k, S_k, D or D_v]
    [NAME/mask]                      as the operator takes it: 1 to 4 axes, F32 or BOOL, may hold fewer keys
    [NAME/past_key past_value]       [B, H_k, P, D or D_v]
     NAME/output                     [B, H, S_q, D_v]
    [NAME/present_key present_value] [B, H_k, P + S_k, D or D_v]
    [NAME/qk]                        [B, H, S_q, P + S_k]

The metadata has NAME too, with the case's settings in JSON: what is null is not set, and `qk` names the stage that
NAME/qk is of. In "masked", as in float masks, what is hidden is minus infinity; weights of a row that sees nothing are
zeros.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile
import zlib

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from safetensors_file import write_safetensors

NODE_TESTS = "1.22.0"
OPSET = 25
STAGES = ["scaled", "capped", "masked", "weights"]  # by qk_matmul_output_mode
SETTINGS = {"scale": None, "softcap": 0.0, "causal": False, "left": None, "right": None, "key_lengths": None}
TOLERANCE = {"rtol": 1.3e-6, "atol": 1e-5}


def main():
    cases = node_cases() | reference_cases()
    for name, case in cases.items():
        check(name, case)
    tensors = {f"{name}/{key}": array for name, case in cases.items() for key, array in case["tensors"].items()}
    metadata = {"made_by": "tests/data/make_onnx.py", "onnx": onnx.__version__, "numpy": np.__version__}
    metadata["node_tests"] = f"onnx {NODE_TESTS}, Copyright (c) ONNX Project Contributors, Apache-2.0"
    metadata |= {name: json.dumps(case["settings"]) for name, case in cases.items()}
    path = pathlib.Path(__file__).with_name("onnx.safetensors")
    write_safetensors(path, tensors, metadata)
    groups = [case["settings"]["group"] for case in cases.values()]
    counts = ", ".join(f"{groups.count(group)} {group}" for group in sorted(set(groups)))
    print(f"{path.name}: {len(cases)} cases ({counts}), {len(tensors)} tensors, {path.stat().st_size} bytes")


# ---- Node tests ----


def node_cases():
    cases = {}
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*pip, f"--dest={folder}", f"onnx=={NODE_TESTS}"], check=True)
        (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as files:
            for model in sorted(name for name in files.namelist() if name.endswith("/model.onnx")):
                name = model.split("/")[-2]
                # The expanded ones are the same numbers again, for the operator's parts.
                if name.startswith("test_attention_") and "_expanded" not in name:
                    cases[name] = node_case(files, model)
    return cases


def node_case(files, model):
    (node,) = onnx.load_from_string(files.read(model)).graph.node
    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}

    def read(kind, names):
        folder = model.replace("model.onnx", "test_data_set_0")
        paths = [f"{folder}/{kind}_{index}.pb" for index in range(len(names))]
        return [numpy_helper.to_array(onnx.load_tensor_from_string(files.read(path))) for path in paths]

    # An input or output that is left out has no name, and no file.
    input_names, output_names = list(filter(None, node.input)), list(filter(None, node.output))
    given = dict(zip(input_names, read("input", input_names)))
    expected = dict(zip(output_names, read("output", output_names)))

    tensors = {
        "q": with_heads(given["Q"], attributes.get("q_num_heads")),
        "k": with_heads(given["K"], attributes.get("kv_num_heads")),
        "v": with_heads(given["V"], attributes.get("kv_num_heads")),
        "mask": given.get("attn_mask"),
        "past_key": given.get("past_key"),
        "past_value": given.get("past_value"),
        "output": with_heads(expected["Y"], attributes.get("q_num_heads")),
        "present_key": expected.get("present_key"),
        "present_value": expected.get("present_value"),
        "qk": expected.get("qk_matmul_output"),
    }
    settings = {"group": "onnx node"} | SETTINGS | TOLERANCE
    settings |= {key: attributes[key] for key in ("scale", "softcap") if key in attributes}
    settings["causal"] = bool(attributes.get("is_causal", 0))
    if "nonpad_kv_seqlen" in given:
        settings["key_lengths"] = given["nonpad_kv_seqlen"].tolist()
    settings["qk"] = STAGES[attributes.get("qk_matmul_output_mode", 0)] if tensors["qk"] is not None else None
    if given["Q"].dtype == np.float16:
        settings |= {"rtol": 1e-3, "reason": "float16 rounds weights and output by up to 2^-11 of their value each"}
    return {"tensors": storable(tensors), "settings": settings}


def with_heads(array, heads):
    """[B, S, H * D] -> [B, H, S, D]; what has its four axes stays."""
    if array.ndim == 4:
        return array
    return array.reshape(*array.shape[:2], heads, -1).swapaxes(1, 2)


# ---- What the node tests leave out ----


def reference_cases():
    cases = {}

    def case(name, **given):
        assert name not in cases, name
        cases[name] = reference_case(name, **given)

    masked = {"qk": "masked"}

    # Sliding windows, alone and with all that moves or narrows them.
    case("window_left", left=2, **masked)
    case("window_right", right=1, **masked)
    case("window_both", left=2, right=1, **masked)
    case("window_zero", left=0, right=0, **masked)
    case("window_left_zero", left=0)
    case("window_right_zero", right=0)
    case("window_wider_than_keys", left=100, right=100)
    case("window_causal", left=3, causal=True, sq=9, **masked)
    case("window_causal_right", right=2, causal=True, **masked)  # causal hides what the window shows
    case("window_past", left=4, right=1, past=6, **masked)
    case("window_past_causal", left=3, causal=True, past=5, **masked)
    case("window_past_zero", left=0, right=0, past=4)
    case("window_key_lengths", left=2, right=2, key_lengths=[6, 9], **masked)
    case("window_key_lengths_causal", left=2, causal=True, key_lengths=[6, 9], **masked)
    case("window_key_lengths_short", left=1, right=1, key_lengths=[2, 4], **masked)
    case("window_beyond_keys", left=1, sq=9, sk=4)  # the last rows' windows lie behind the last key
    case("window_mask_bool", left=2, right=2, mask=(bool, 5, 9))
    case("window_mask_float_softcap", left=3, causal=True, softcap=1.5, mask=(float, 3, 5, 9), **masked)
    case("window_mask_rank_1", left=3, causal=True, mask=(bool, 9))
    case("window_over_64", left=17, right=3, b=1, h=1, sq=65, sk=67)

    # Key lengths. With causal they move the last query to the last key.
    case("key_lengths", key_lengths=[3, 9], **masked)
    case("key_lengths_all", key_lengths=[9, 9])
    case("key_lengths_none", key_lengths=[0, 5])
    case("key_lengths_mask_bool", key_lengths=[4, 8], mask=(bool, 5, 9), **masked)
    case("key_lengths_mask_float", key_lengths=[4, 8], mask=(float, 2, 1, 5, 9), **masked)
    case("key_lengths_softcap", key_lengths=[4, 8], softcap=1.0, qk="capped")
    case("key_lengths_causal", causal=True, sq=4, key_lengths=[6, 8], **masked)
    case("key_lengths_causal_short", causal=True, key_lengths=[2, 3], **masked)  # the first rows see nothing
    case("key_lengths_causal_none", causal=True, key_lengths=[0, 7])
    case("key_lengths_causal_all", causal=True, key_lengths=[9, 9])
    case("key_lengths_causal_square", causal=True, sq=9, key_lengths=[9, 5], **masked)
    case("key_lengths_causal_mask_short", causal=True, key_lengths=[5, 7], mask=(float, 5, 7), **masked)
    case("key_lengths_causal_mask_rank_3", causal=True, key_lengths=[6, 9], mask=(bool, 3, 5, 9))
    case("key_lengths_decode", causal=True, b=4, h=4, hk=2, sq=1, key_lengths=[1, 9, 4, 0])

    # Rows that see nothing.
    case("empty_rows_bool", mask=bool_rows(5, 9, empty=[1, 4]))
    case("empty_rows_float", mask=float_rows(5, 9, empty=[0, 3]))
    case("empty_rows_masked", mask=float_rows(5, 9, empty=[2]), **masked)
    case("empty_rows_softcap", mask=bool_rows(5, 9, empty=[2]), softcap=2.0, **masked)
    case("empty_rows_past", mask=bool_rows(5, 13, empty=[0, 1]), past=4)
    case("empty_rows_causal_and_mask", causal=True, mask=np.arange(9) >= np.full((5, 1), 2))
    case("empty_rows_window_and_mask", left=1, right=1, mask=np.broadcast_to(np.arange(9) >= 3, (5, 9)))
    case("empty_head", mask=bool_rows(3, 5, 9, empty=[1]))
    case("empty_all", mask=np.zeros((5, 9), bool))

    # Sizes.
    case("values_of_one", d=8, dv=1)
    case("values_narrow", d=8, dv=3, causal=True)
    case("values_wide", d=5, dv=40)
    case("width_one", d=1, dv=1)
    case("width_one_values_wide", d=1, dv=7, causal=True)
    case("width_over_64", b=1, h=1, d=65, dv=66, qk="scaled")
    case("width_over_128", b=1, h=1, sq=3, sk=4, d=130, dv=129, qk="scaled")
    case("one_token", b=1, h=1, sq=1, sk=1)
    case("one_token_causal", sq=1, sk=1, causal=True)
    case("one_key", sk=1)
    case("one_query", sq=1, sk=13, qk="scaled")
    case("odd", sq=7, sk=13, d=5, qk="scaled")
    case("odd_causal", b=1, h=5, sq=7, sk=13, d=5, dv=7, causal=True)
    case("just_64", b=1, h=1, sq=64, sk=64, causal=True)
    case("just_over_64", b=1, h=2, sq=65, sk=67, d=3, qk="scaled")
    case("just_over_64_causal", b=1, h=1, sq=67, sk=65, causal=True)
    case("queries_over_128", b=1, h=1, sq=131, sk=3)
    case("keys_over_256", b=1, h=2, sq=2, sk=261)
    case("keys_over_1024", b=1, h=1, sq=2, sk=1030, d=2, dv=3, mask=(bool, 1030))
    case("batch", b=7, h=1, sq=3, sk=4, key_lengths=[0, 1, 2, 3, 4, 2, 1])
    case("heads", b=1, h=11, sq=3, sk=4, mask=(float, 11, 3, 4))

    # Several heads to one of the keys'.
    case("grouped", h=6, hk=2, qk="scaled")
    case("grouped_causal_softcap", h=6, hk=3, causal=True, softcap=2.0, qk="capped")
    case("grouped_mask_per_head", h=4, hk=2, mask=(bool, 4, 5, 9), **masked)
    case("grouped_past_causal", h=4, hk=2, causal=True, past=3)
    case("multi_query", h=4, hk=1)
    case("multi_query_mask_per_head", h=4, hk=1, causal=True, mask=(float, 4, 5, 9), **masked)
    case("multi_query_values_wide", h=3, hk=1, d=3, dv=17, key_lengths=[4, 9])

    # Masks of every rank, and what they are spread along. Their axes are the last ones: three are heads first.
    case("mask_bool_rank_1", mask=(bool, 9))
    case("mask_bool_rank_2", mask=(bool, 5, 9))
    case("mask_bool_rank_3", mask=(bool, 3, 5, 9), **masked)
    case("mask_bool_rank_4", mask=(bool, 2, 3, 5, 9))
    case("mask_float_rank_1", mask=(float, 9), **masked)
    case("mask_float_rank_2", mask=(float, 5, 9))
    case("mask_float_rank_3", mask=(float, 3, 5, 9), **masked)
    case("mask_float_rank_4", mask=(float, 2, 3, 5, 9))
    case("mask_bool_row", mask=(bool, 1, 9), **masked)
    case("mask_float_row", mask=(float, 1, 1, 1, 9), **masked)
    case("mask_bool_per_batch", mask=(bool, 2, 1, 1, 9), **masked)
    case("mask_float_per_head", mask=(float, 3, 1, 9), **masked)
    case("mask_float_per_head_rank_4", mask=(float, 1, 3, 5, 9))
    case("mask_float_per_batch_and_head", mask=(float, 2, 3, 1, 9), **masked)
    case("mask_bool_for_all", mask=(bool, 1, 5, 9))
    case("mask_three_axes_are_heads", b=2, h=2, mask=(float, 2, 5, 9), **masked)
    case("mask_bool_short", mask=(bool, 5, 6), **masked)
    case("mask_float_short", mask=(float, 5, 6), **masked)
    case("mask_bool_short_rank_1", mask=(bool, 4))
    case("mask_float_short_rank_4_causal", causal=True, mask=(float, 2, 3, 5, 4), **masked)
    case("mask_of_one_key", mask=np.zeros((5, 1), np.float32))  # one key is shorter than nine: not spread along them
    case("mask_float_with_hidden", mask=float_rows(5, 9, empty=[]), **masked)
    case("mask_float_far_below", mask=np.where(np.arange(9) < [[6]] * 5, 0, -1e4).astype(np.float32))
    case("mask_float_huge", mask=np.where(np.arange(9) < [[6]] * 5, 0, -3e38).astype(np.float32))
    case("mask_bool_causal", causal=True, mask=(bool, 5, 9), **masked)
    case("mask_float_causal", causal=True, mask=(float, 5, 9), **masked)
    case("mask_bool_rank_1_causal", causal=True, mask=(bool, 9))
    case("mask_float_per_batch_causal", causal=True, mask=(float, 2, 1, 1, 9), **masked)

    # Soft cap: before the mask.
    case("softcap", softcap=0.5, qk="capped")
    case("softcap_wide", softcap=30.0, qk="capped")
    case("softcap_mask_bool", softcap=2.0, mask=(bool, 5, 9), **masked)
    case("softcap_mask_float", softcap=2.0, mask=(float, 5, 9), **masked)
    case("softcap_mask_causal", softcap=1.0, causal=True, mask=(float, 3, 5, 9), **masked)
    case("softcap_past", softcap=1.0, past=4)
    case("softcap_scale", softcap=4.0, scale=2.0, qk="capped")
    case("softcap_large_scores", softcap=16.0, d=16, size=8, qk="capped")

    # Scales.
    case("scale_zero", scale=0.0)
    case("scale_zero_causal", scale=0.0, causal=True, **masked)
    case("scale_one", scale=1.0, qk="scaled")
    case("scale_small", scale=2.0**-10)
    case("scale_large", scale=16.0, size=0.5)
    case("scale_negative", scale=-0.75, qk="scaled")
    case("scale_negative_causal_softcap", scale=-0.75, causal=True, softcap=2.0, **masked)

    # A past, whose keys come first.
    case("past", past=4)
    case("past_causal", past=4, causal=True, **masked)
    case("past_causal_mask_float", past=4, causal=True, mask=(float, 5, 13), **masked)
    case("past_causal_mask_bool", past=4, causal=True, mask=(bool, 2, 1, 5, 13), **masked)
    case("past_mask_bool", past=4, mask=(bool, 5, 13), **masked)
    case("past_mask_short", past=4, mask=(bool, 5, 10), **masked)
    case("past_mask_rank_1", past=4, mask=(float, 13), **masked)
    case("past_decode", past=12, causal=True, sq=1, sk=1)
    case("past_values_wide", past=3, d=3, dv=11, causal=True)
    case("past_more_queries_than_keys", past=1, causal=True, sq=6, sk=2, **masked)

    # As many keys as queries, fewer and more.
    case("square_causal", sq=9, causal=True, **masked)
    case("cross_causal_fewer_queries", sq=3, causal=True, **masked)
    case("cross_causal_more_queries", sq=11, sk=4, causal=True, **masked)
    case("cross_more_queries", sq=11, sk=4)

    # Scores whose exponential overflows float32, or vanishes, unless the row's greatest is taken away first.
    case("large_scores", d=16, size=8, qk="scaled")
    case("large_scores_causal", d=16, size=8, causal=True, **masked)
    case("large_scores_mask", d=16, size=8, mask=(bool, 5, 9))
    case("large_scores_all_negative", d=16, size=8, mask=np.full((5, 9), -1024, np.float32), **masked)
    case("huge_scores", d=4, size=256, qk="scaled")
    return cases


def reference_case(
    name, *, b=2, h=3, hk=None, sq=5, sk=9, d=4, dv=None, past=0, mask=None, size=None, qk="weights", **settings
):
    """Standard normal inputs. `mask` is the mask itself, or what to draw: (bool or float, *its shape).

    With `size`, queries and keys are `size` times normal, rounded to quarters: their scores are then exact in float32,
    so that large ones hold the softmax to account and not the order of a sum.
    """
    hk, dv = hk or h, dv or d
    # Each case has its own random numbers: one case more changes no other.
    random = np.random.default_rng(zlib.crc32(name.encode()))

    def normal(*shape):
        return random.standard_normal(shape, dtype=np.float32)

    def query_or_key(*shape):
        return normal(*shape) if size is None else np.round(normal(*shape) * np.float32(4 * size)) / np.float32(4)

    tensors = {"q": query_or_key(b, h, sq, d), "k": query_or_key(b, hk, sk, d), "v": normal(b, hk, sk, dv)}
    if isinstance(mask, tuple):
        mask = random.random(mask[1:]) < 0.7 if mask[0] is bool else normal(*mask[1:])
    tensors["mask"] = mask
    if past:
        tensors |= {"past_key": query_or_key(b, hk, past, d), "past_value": normal(b, hk, past, dv)}
    settings = {"group": "onnx reference"} | SETTINGS | TOLERANCE | settings | {"qk": qk}
    expected = run_operator(tensors, settings)
    return {"tensors": storable(tensors | expected), "settings": settings}


def bool_rows(*shape, empty):
    """Hides a quarter of the keys, and all of the rows `empty` (of the first axis)."""
    hidden = np.arange(np.prod(shape)).reshape(shape) % 4 == 3
    hidden[empty] = True
    return ~hidden


def float_rows(*shape, empty):
    """Adds eighths, but hides as `bool_rows` does."""
    eighths = np.arange(np.prod(shape)).reshape(shape) % 11 / 8
    return np.where(bool_rows(*shape, empty=empty), eighths, -np.inf).astype(np.float32)


def run_operator(tensors, settings):
    """The reference operator, in float64: a model of this one node."""
    q, scale, mask = tensors["q"], settings["scale"], tensors["mask"]
    if scale is not None and scale < 0:
        q, scale = -q, -scale  # the reference multiplies both sides by the root of the scale
    if settings["causal"] and mask is not None:
        # The reference of 1.23.0 takes the number of queries from a causal mask, so it is given all the rows.
        mask = np.broadcast_to(mask, (*mask.shape[:-2], q.shape[2], mask.shape[-1]))
    # In mode 0 it hands out the capped scores, where the operator's text has the raw ones.
    assert settings["qk"] != "scaled" or not settings["softcap"]

    inputs = {"Q": q, "K": tensors["k"], "V": tensors["v"], "attn_mask": mask}
    inputs |= {"past_key": tensors.get("past_key"), "past_value": tensors.get("past_value")}
    inputs = {key: widened(array) for key, array in inputs.items()}
    inputs["nonpad_kv_seqlen"] = None if settings["key_lengths"] is None else np.array(settings["key_lengths"])
    present = ["present_key", "present_value"] if "past_key" in tensors else ["", ""]

    attributes = {"qk_matmul_output_mode": STAGES.index(settings["qk"]), "is_causal": int(settings["causal"])}
    attributes |= {"softcap": settings["softcap"]} | ({} if scale is None else {"scale": scale})
    attributes |= {f"{side}_window_size": settings[side] for side in ("left", "right") if settings[side] is not None}

    names = [key if array is not None else "" for key, array in inputs.items()]
    node = helper.make_node("Attention", names, ["Y", *present, "qk_matmul_output"], **attributes)
    inputs = {key: array for key, array in inputs.items() if array is not None}
    element = {key: helper.np_dtype_to_tensor_dtype(array.dtype) for key, array in inputs.items()}
    graph = helper.make_graph(
        [node],
        "attention",
        [helper.make_tensor_value_info(key, element[key], array.shape) for key, array in inputs.items()],
        [helper.make_tensor_value_info(key, element["Q"], [None] * 4) for key in node.output if key],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    onnx.checker.check_model(model)
    result = ReferenceEvaluator(model).run(None, inputs)
    keys = ["output", *filter(None, present), "qk"]
    assert all(array.dtype == np.float64 for array in result)
    return dict(zip(keys, result, strict=True))


# ---- The check ----


def check(name, case):
    """What is expected is what the formula gives, in float64 and, with room to spare, in float32."""
    tensors, settings = case["tensors"], case["settings"]
    for key in ("output", "present_key", "present_value", "qk"):
        if key in tensors:
            stage = settings["qk"] if key == "qk" else key
            for dtype, share in ((np.float64, 1), (np.float32, 0.5)):
                got = attend(tensors, settings, dtype)[stage]
                assert got.shape == tensors[key].shape, f"{name}/{key}: {got.shape}"
                rtol, atol = settings["rtol"] * share, settings["atol"] * share
                np.testing.assert_allclose(got, tensors[key], rtol, atol, equal_nan=False, err_msg=f"{name}/{key}")


def attend(tensors, settings, dtype):
    """The operator once more, in a few lines: every stage by its name."""
    q, k, v = (tensors[key].astype(dtype) for key in "qkv")
    batch, heads, queries, width = q.shape
    past = 0
    if "past_key" in tensors:
        past = tensors["past_key"].shape[2]
        k = np.concatenate([tensors["past_key"].astype(dtype), k], axis=2)
        v = np.concatenate([tensors["past_value"].astype(dtype), v], axis=2)
    stages = {"present_key": k, "present_value": v}
    k, v = (np.repeat(array, heads // array.shape[1], axis=1) for array in (k, v))
    keys = k.shape[2]

    scale = 1 / np.sqrt(width) if settings["scale"] is None else settings["scale"]
    scaled = q @ k.swapaxes(2, 3) * dtype(scale)
    cap = dtype(settings["softcap"])
    capped = cap * np.tanh(scaled / cap) if cap else scaled

    # Where the queries stand among the keys, [B, 1, S_q, 1].
    lengths = np.reshape(settings["key_lengths"] or [keys] * batch, (batch, 1, 1, 1))
    offset = past if settings["key_lengths"] is None else lengths - queries
    query, key = np.arange(queries)[:, np.newaxis] + offset, np.arange(keys)
    sees = np.broadcast_to(key < lengths, scaled.shape)
    if settings["causal"]:
        sees = sees & (key <= query)
    if settings["left"] is not None:
        sees = sees & (key >= query - settings["left"])
    if settings["right"] is not None:
        sees = sees & (key <= query + settings["right"])
    masked = capped
    if "mask" in tensors:
        mask = tensors["mask"]
        mask = mask if mask.dtype != bool else np.where(mask, 0, -np.inf)
        missing = [(0, 0)] * (mask.ndim - 1) + [(0, keys - mask.shape[-1])]
        masked = capped + np.pad(mask, missing, constant_values=-np.inf).astype(dtype)
    masked = np.where(sees, masked, dtype(-np.inf))

    greatest = masked.max(axis=-1, keepdims=True)
    parts = np.exp(masked - np.where(np.isfinite(greatest), greatest, 0))
    weights = parts / np.maximum(parts.sum(axis=-1, keepdims=True), np.finfo(dtype).tiny)
    return stages | {"scaled": scaled, "capped": capped, "masked": masked, "weights": weights, "output": weights @ v}


# ---- The file ----


def widened(array):
    return array if array is None or array.dtype == bool else array.astype(np.float64)


def storable(tensors):
    """Without what there is none of; float32 whatever it was made in."""
    tensors = {key: array for key, array in tensors.items() if array is not None}
    return {key: array if array.dtype == bool else array.astype("<f4") for key, array in tensors.items()}


if __name__ == "__main__":
    main()
