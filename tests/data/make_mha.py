#!/usr/bin/env python3
"""Makes mha.safetensors: what PyTorch's nn.MultiheadAttention gives, apart from the Rust code that is held to it.

Written with PyTorch's public functions alone. The file holds numbers and nothing of PyTorch itself, so it is under this
project's licence. Made with PyTorch 1.13 (Debian 12, python3-torch) on an x86 CPU with AVX2, in float32, and checked in
float64 before it is written.

    python3 tests/data/make_mha.py

Tensors are row-major, F32 but for boolean masks (BOOL, 1: may attend). B batch, H heads, S_q queries, S_k keys, D head
width, E = H * D. Keys, where [..] are there in some cases only:

     NAME/x                 [B, S_q, E]
    [NAME/x_kv]             [B, S_k, E]       in cross-attention: what keys and values are made of
     NAME/w_q w_k w_v w_o   [E, E]            [in, out]: nn.Linear's weight transposed
    [NAME/b_q b_k b_v b_o]  [E]
     NAME/q                 [B, H, S_q, D]    projected
     NAME/k v               [B, H, S_k, D]    projected
    [NAME/mask]             2 or 4 axes       spread to [B, H, S_q, S_k]; F32 is added, minus infinity hides
     NAME/weights           [B, H, S_q, S_k]
     NAME/mixed             [B, H, S_q, D]    the heads' output, before it is joined and projected
     NAME/output            [B, S_q, E]

The metadata has NAME too, with the case's settings in JSON: what is null is not set. A causal mask is the setting
`causal` and no tensor; keys that are padding only at the end are `key_lengths` and no tensor.
"""

import json
import math
import os
import pathlib
import random

os.environ["ATEN_CPU_CAPABILITY"] = "avx2"  # before torch is loaded

import torch
from torch import nn
from torch.nn import functional as F

from safetensors_file import write_safetensors

SEED = 13
MASKS = [
    "none",
    "causal",
    "bool",
    "bool_per_head",
    "float",
    "float_hiding",
    "float_per_head",
    "lengths",
    "lengths_and_bool",
    "lengths_and_float",
    "padding",
    "padding_and_causal",
]
# At the ends of what shapes are drawn from: batch, heads, head width, queries, keys (none: self-attention), mask.
EDGES = {
    "one_number": (1, 1, 1, 1, None, "none"),
    "one_key": (2, 3, 5, 4, 1, "none"),
    "one_query": (3, 2, 7, 1, 33, "lengths"),
    "width_one": (2, 8, 1, 9, None, "causal"),
    "wide": (1, 1, 32, 12, None, "float"),
    "many_heads": (1, 8, 5, 17, 16, "bool_per_head"),
    "long": (1, 1, 3, 70, None, "causal"),
    "long_cross": (1, 2, 4, 67, 70, "bool"),
    "long_keys": (4, 1, 9, 2, 70, "lengths_and_float"),
    "long_queries": (1, 2, 8, 70, 3, "causal"),
}


def main():
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    shapes = random.Random(SEED)
    tensors, metadata = {}, {"made_by": "tests/data/make_mha.py", "torch": torch.__version__}

    def add(name, bias, *shape):
        case, settings = mha_case(bias, *shape)
        check(name, case, settings)
        tensors.update({f"{name}/{key}": tensor for key, tensor in case.items()})
        metadata[name] = json.dumps(settings)

    for index, (name, shape) in enumerate(EDGES.items()):
        add(name, index % 2 == 1, *shape)
    for index, mask in enumerate(MASKS):
        add(f"self_{mask}", index % 2 == 0, *random_shape(shapes, cross=False), mask)
        add(f"cross_{mask}", index % 2 == 1, *random_shape(shapes, cross=True), mask)

    path = pathlib.Path(__file__).with_name("mha.safetensors")
    arrays = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
    write_safetensors(path, arrays, metadata)
    print(f"{path.name}: {len(EDGES) + 2 * len(MASKS)} cases, {len(tensors)} tensors, {path.stat().st_size} bytes")


def random_shape(shapes, cross):
    """Two of everything at least: the edges have the ones. Drawn until small enough, for the file's size."""
    while True:
        batch, heads, width = shapes.randint(2, 4), shapes.randint(2, 8), shapes.randint(2, 32)
        queries, keys = shapes.randint(2, 70), shapes.randint(2, 70) if cross else None
        model = heads * width
        if model <= 36 and batch * (queries + (keys or queries)) * model <= 2400:
            if batch * heads * queries * (keys or queries) <= 4000:
                return batch, heads, width, queries, keys


def mha_case(bias, batch, heads, width, queries, keys, mask):
    model = heads * width
    cross, keys = keys is not None, keys or queries
    module = nn.MultiheadAttention(model, heads, bias=bias, batch_first=True).eval()
    if bias:  # they start as zeros
        nn.init.normal_(module.in_proj_bias)
        nn.init.normal_(module.out_proj.bias)

    x = torch.randn(batch, queries, model)
    x_kv = torch.randn(batch, keys, model) if cross else x
    masks, ours, settings = make_mask(mask, batch, heads, queries, keys)
    case = {"x": x} | ({"x_kv": x_kv} if cross else {}) | ours

    # The three projections are one matrix in the module, and so are their biases.
    w_in = dict(zip("qkv", module.in_proj_weight.chunk(3)))
    b_in = dict(zip("qkv", module.in_proj_bias.chunk(3) if bias else [None] * 3))
    case |= {f"w_{name}": weight.t() for name, weight in w_in.items()} | {"w_o": module.out_proj.weight.t().clone()}
    if bias:
        case |= {f"b_{name}": b for name, b in b_in.items()} | {"b_o": module.out_proj.bias.clone()}
    for name in "qkv":
        projected = F.linear(x if name == "q" else x_kv, w_in[name], b_in[name])
        case[name] = split(projected, heads)

    output, weights = module(x, x_kv, x_kv, need_weights=True, average_attn_weights=False, **masks)
    # The same module with an output projection that changes nothing gives what goes into it.
    nn.init.eye_(module.out_proj.weight)
    if bias:
        nn.init.zeros_(module.out_proj.bias)
    mixed, _ = module(x, x_kv, x_kv, need_weights=True, average_attn_weights=False, **masks)
    case |= {"weights": weights, "mixed": split(mixed, heads), "output": output}

    settings = {"group": "torch", "scale": None, "softcap": 0, "causal": False, "left": None, "right": None} | settings
    settings |= {"key_lengths": settings.get("key_lengths"), "qk": None, "rtol": 1.3e-6, "atol": 1e-5}
    return case, settings | {"heads": heads, "cross": cross, "bias": bias}


def split(joined, heads):
    """[B, S, E] -> [B, H, S, D]"""
    return joined.unflatten(-1, (heads, -1)).transpose(1, 2)


def make_mask(kind, batch, heads, queries, keys):
    """The module's masks; the same as a tensor of ours; the same as settings. No row is left without a key.

    The module's booleans are true where a key is hidden, ours where it is seen.
    """
    masks, ours, settings = {}, {}, {}
    if "causal" in kind:
        masks["attn_mask"] = torch.ones(queries, keys, dtype=torch.bool).triu(diagonal=1)
        settings["causal"] = True
    if "bool" in kind or "float" in kind:
        shape = (batch * heads if "per_head" in kind else 1, queries, keys)
        hidden = torch.rand(shape) < 0.3
        hidden[..., 0] = False
        mask = torch.randn(shape)
        if kind == "float_hiding":
            mask = mask.masked_fill(hidden, -math.inf)
        mask = hidden if "bool" in kind else mask
        masks["attn_mask"] = mask if "per_head" in kind else mask[0]
        mask = ~mask if "bool" in kind else mask
        ours["mask"] = mask.unflatten(0, (batch, heads)) if "per_head" in kind else mask[0]
    if "lengths" in kind:
        lengths = torch.randint(1, keys + 1, (batch,))
        masks["key_padding_mask"] = torch.arange(keys) >= lengths[:, None]
        settings["key_lengths"] = lengths.tolist()
    if "padding" in kind:
        padding = torch.rand(batch, keys) < 0.3
        padding[:, 0] = False
        masks["key_padding_mask"] = padding
        ours["mask"] = ~padding[:, None, None, :]
    return masks, ours, settings


def check(name, case, settings):
    """That the tensors mean what is said above: the formula again, in float64, within half of the tolerance."""
    case = {key: tensor if tensor.dtype == torch.bool else tensor.detach().double() for key, tensor in case.items()}
    x, heads = case["x"], settings["heads"]

    def project(x, name):
        return x @ case[f"w_{name}"] + case.get(f"b_{name}", 0)

    q = split(project(x, "q"), heads)
    k, v = (split(project(case.get("x_kv", x), name), heads) for name in "kv")
    masked = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
    query, key = torch.arange(q.shape[2])[:, None], torch.arange(k.shape[2])
    if "mask" in case:
        mask = case["mask"]
        masked = masked.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else masked + mask
    if settings["causal"]:
        masked = masked.masked_fill(key > query, -math.inf)
    if settings["key_lengths"]:
        lengths = torch.tensor(settings["key_lengths"]).view(-1, 1, 1, 1)
        masked = masked.masked_fill(key >= lengths, -math.inf)
    weights = F.softmax(masked, dim=-1)
    mixed = weights @ v
    output = project(mixed.transpose(1, 2).flatten(2), "o")
    got = {"q": q, "k": k, "v": v, "weights": weights, "mixed": mixed, "output": output}
    rtol, atol = settings["rtol"] / 2, settings["atol"] / 2
    for key, tensor in got.items():
        torch.testing.assert_close(tensor, case[key], rtol=rtol, atol=atol, msg=lambda text: f"{name}/{key}: {text}")


if __name__ == "__main__":
    main()
