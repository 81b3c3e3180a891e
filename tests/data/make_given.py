#!/usr/bin/env python3
"""Makes given/: tensors as people have them, and what PyTorch makes of them.

Made with PyTorch 1.13 (Debian 12, python3-torch), its NumPy 1.24 and safetensors 0.5.3.

    python3 tests/data/make_given.py
"""

import json
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).with_name("given")
TOKENS = ["The", "cat", "sat", "on", "the", "mat"]


def attend(q, k, v):
    """The output [B, H, S_q, D] and the weights [B, H, S_q, S_k]; each key head serves H / H_k query heads."""
    k, v = (heads.repeat_interleave(q.shape[1] // heads.shape[1], dim=1) for heads in (k, v))
    weights = torch.softmax(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5, dim=-1)
    return weights @ v, weights


def main():
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(1)
    # Queries, keys and values of a cross-attention with grouped heads, two sentences, and their names.
    q, k, v = torch.randn(2, 4, 6, 8), torch.randn(2, 2, 5, 8), torch.randn(2, 2, 5, 8)
    z, a = attend(q, k, v)
    np.savez(FOLDER / "qkv.npz", queries=q, keys=k, values=v, tokens=np.array(TOKENS))
    save_file({"z": z, "a": a}, FOLDER / "qkv_expected.safetensors")
    # The same with tokens before heads, as FlashAttention takes them, in half precision.
    names = {"q": q, "k": k, "v": v}
    save_file({name: heads.transpose(1, 2).contiguous().half() for name, heads in names.items()}, FOLDER / "flash.safetensors")
    # One head of one sentence, each a file of its own: in Fortran's order, big-endian, in double precision.
    for name, heads in names.items():
        np.save(FOLDER / f"{name}.npy", np.asfortranarray(heads[0, 0].numpy().astype(">f8")))
    # Attention weights of three layers, as `output_attentions=True` gives them: a tensor a layer, and all in one.
    layers = [torch.softmax(3 * torch.randn(1, 4, 6, 6), dim=-1) for _ in range(3)]
    save_file({f"attentions.{index}": layer for index, layer in enumerate(layers)}, FOLDER / "attentions.safetensors")
    np.savez_compressed(FOLDER / "attentions.npz", attentions=torch.stack(layers).numpy())
    (FOLDER / "weights.json").write_text(json.dumps({"tokens": TOKENS, "attention_weights": layers[0][0, 0].tolist()}))
    # A block of PyTorch's own.
    block = torch.nn.MultiheadAttention(16, 4, bias=False, batch_first=True)
    x = torch.randn(2, 6, 16)
    y, _ = block(x, x, x)
    save_file({"x": x, **{f"self_attn.{name}": weight for name, weight in block.state_dict().items()}}, FOLDER / "block.safetensors")
    save_file({"y": y.detach().contiguous()}, FOLDER / "block_expected.safetensors")
    # Another with biases, whose keys and values come from five other tokens, as in a decoder.
    block = torch.nn.MultiheadAttention(16, 4, bias=True, batch_first=True)
    for bias in (block.in_proj_bias, block.out_proj.bias):
        torch.nn.init.normal_(bias)
    x, memory = torch.randn(2, 6, 16), torch.randn(2, 5, 16)
    y, _ = block(x, memory, memory)
    save_file({"x": x, "memory": memory, **block.state_dict()}, FOLDER / "biased.safetensors")
    save_file({"y": y.detach().contiguous()}, FOLDER / "biased_expected.safetensors")
    print(sum(file.stat().st_size for file in FOLDER.iterdir()), "bytes in", len(list(FOLDER.iterdir())), "files")


if __name__ == "__main__":
    main()
