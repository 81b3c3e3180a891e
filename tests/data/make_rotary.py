#!/usr/bin/env python3
"""Makes rotary.safetensors: attention over queries and keys that ONNX's operator RotaryEmbedding has turned.

RotaryEmbedding (opset 23, interleaved) is that of onnx 1.23.0's reference, in float64 from float32 inputs; the attention
is make_onnx.py's `attend`, which is held to the operator Attention there. Rounded to float32 once. The file is under this
project's licence. Made with NumPy 2.4.6 on Python 3.11.

    pip install onnx==1.23.0 numpy
    python3 -B tests/data/make_rotary.py

Tensors are as in onnx.safetensors: q and k before they are turned, past_key after, `present_key` after too. Query i of a
batch stands at place i + offset, where offset is the past's length or, with key lengths, the length - S_q; key j stands at
place j. The metadata has each case's settings in JSON; `rotary` is the base.
"""

import json
import pathlib
import zlib

import numpy as np
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

from make_onnx import SETTINGS, TOLERANCE, attend, storable
from safetensors_file import write_safetensors


def main():
    cases = {}

    def case(name, **given):
        cases[name] = rotary_case(name, **given)

    case("rotary")
    case("rotary_causal", causal=True, sq=9)
    case("rotary_base_100", rotary=100.0)
    case("rotary_base_2", rotary=2.0)
    case("rotary_wide", b=1, h=2, d=64, sq=7, sk=7, causal=True)
    case("rotary_one_pair", d=2, dv=3)
    case("rotary_odd_width", d=7, dv=5)
    case("rotary_width_one", d=1)
    case("rotary_grouped", h=6, hk=2)
    case("rotary_far", b=1, h=1, sq=3, sk=300, key_lengths=[300])
    case("rotary_past", past=4, causal=True)
    case("rotary_past_one", past=11, sq=1, sk=1, causal=True)
    case("rotary_key_lengths", key_lengths=[6, 9], causal=True)
    case("rotary_key_lengths_short", key_lengths=[2, 4])  # places below 0
    case("rotary_window", left=2, right=1)
    case("rotary_softcap", softcap=1.5, scale=0.3)
    case("rotary_mask", mask=True)

    tensors = {f"{name}/{key}": array for name, case in cases.items() for key, array in case["tensors"].items()}
    metadata = {"made_by": "tests/data/make_rotary.py", "onnx": onnx.__version__, "numpy": np.__version__}
    metadata |= {name: json.dumps(case["settings"]) for name, case in cases.items()}
    path = pathlib.Path(__file__).with_name("rotary.safetensors")
    write_safetensors(path, tensors, metadata)
    print(f"{path.name}: {len(cases)} cases, {len(tensors)} tensors, {path.stat().st_size} bytes")


def rotary_case(
    name, *, b=2, h=3, hk=None, sq=5, sk=9, d=8, dv=None, past=0, mask=False, rotary=10000.0, **settings
):
    hk, dv = hk or h, dv or d
    settings = {"group": "rotary", "rotary": rotary} | SETTINGS | TOLERANCE | settings | {"qk": None}
    random = np.random.default_rng(zlib.crc32(name.encode()))

    def normal(*shape):
        return random.standard_normal(shape).astype(np.float32)

    given = {"q": normal(b, h, sq, d), "k": normal(b, hk, sk, d), "v": normal(b, hk, sk, dv)}
    if past:
        # Any numbers will do: they have been turned, whatever they were.
        given |= {"past_key": normal(b, hk, past, d), "past_value": normal(b, hk, past, dv)}
    if mask:
        given["mask"] = normal(b, h, sq, past + sk)

    lengths = settings["key_lengths"]
    offsets = [past] * b if lengths is None else [length - sq for length in lengths]
    turned = given | {"q": turn(given["q"], offsets, rotary), "k": turn(given["k"], [past] * b, rotary)}
    stages = attend(turned, settings, np.float64)
    stages["scores"] = attend(turned, settings | {"scale": 1}, np.float64)["scaled"]
    wanted = ["scores", "scaled", "masked", "weights", "output", "present_key", "present_value"]
    return {"tensors": storable(given | {stage: stages[stage] for stage in wanted}), "settings": settings}


def turn(tensor, offsets, base):
    """By the operator; an odd column at the end stays."""
    batch, _, length, width = tensor.shape
    pairs = width // 2
    if pairs == 0:
        return tensor.astype(np.float64)
    places = np.array(offsets)[:, np.newaxis] + np.arange(length)
    angles = places[..., np.newaxis] / np.float64(base) ** (2 * np.arange(pairs) / width)
    inputs = {"x": tensor.astype(np.float64)[..., : 2 * pairs], "cos": np.cos(angles), "sin": np.sin(angles)}
    node = helper.make_node("RotaryEmbedding", list(inputs), ["turned"], interleaved=1)
    values = [helper.make_tensor_value_info(key, onnx.TensorProto.DOUBLE, array.shape) for key, array in inputs.items()]
    result = helper.make_tensor_value_info("turned", onnx.TensorProto.DOUBLE, inputs["x"].shape)
    model = helper.make_model(helper.make_graph([node], "rotary", values, [result]), opset_imports=[helper.make_opsetid("", 23)])
    (turned,) = ReferenceEvaluator(model).run(None, {"x": inputs["x"], "cos": inputs["cos"], "sin": inputs["sin"]})
    assert turned.dtype == np.float64 and turned.shape == inputs["x"].shape
    return np.concatenate([turned, tensor[..., 2 * pairs :]], axis=-1)


if __name__ == "__main__":
    main()
