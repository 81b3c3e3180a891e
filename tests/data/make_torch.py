#!/usr/bin/env python3
"""Makes torch.safetensors: what PyTorch computes for the standard example, and the random numbers it starts from.

Written with PyTorch's public functions alone, apart from the Rust code that is held to it. The file holds numbers and
nothing of PyTorch itself, so it is under this project's licence. Made with PyTorch 1.13 (Debian 12, python3-torch) on
an x86 CPU with AVX2; random numbers and matrices are bit-exact there, the rest is float32 arithmetic.

    python3 tests/data/make_torch.py

Tensors are F32, row-major. S = 6 tokens, E = 64 wide, H heads. Keys, with P = none|sinusoidal, M = none|causal:

    block/seed=N/w_q w_k w_v w_o                            [E, E]     [in, out]: nn.Linear's weight transposed
    block/seed=N/positions=P/x q k v                        [S, E]     heads side by side
    block/seed=N/positions=P/heads=H/scores scaled          [H, S, S]
    block/seed=N/positions=P/heads=H/mask=M/masked weights  [H, S, S]  masked holds -inf
    block/seed=N/positions=P/heads=H/mask=M/mixed output    [S, E]     mixed: heads side by side

    randn/seed=N/n=A,B,...                                  [A+B+...]  randn(A), randn(B), ... of one generator, joined
    randn_crc32/seed=N/n=A                                  [1], U32   zlib.crc32 of the bytes of randn(A)
    linear/seed=N/in=I/out=O                                [O, I]     nn.Linear(I, O, bias=False).weight
    word/seed=N/width=E/WORD                                [E]        the embedding of a word
"""

import math
import os
import pathlib
import zlib

os.environ["ATEN_CPU_CAPABILITY"] = "avx2"  # before torch is loaded

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from safetensors_file import write_safetensors

WORDS = ["The", "cat", "sat", "on", "the", "mat"]
WIDTH = 64
SEEDS = [0, 1, 42, 1234]


def main():
    torch.set_num_threads(1)
    tensors = {}
    for seed in SEEDS:
        add_block(tensors, seed)
    add_random_numbers(tensors)
    path = pathlib.Path(__file__).with_name("torch.safetensors")
    arrays = {name: as_array(tensor) for name, tensor in tensors.items()}
    write_safetensors(path, arrays, {"made_by": "tests/data/make_torch.py", "torch": torch.__version__})
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes")


def as_array(tensor):
    """A tensor, or a whole number as a tensor of one, as NumPy's."""
    return np.array([tensor], np.uint32) if isinstance(tensor, int) else tensor.detach().numpy()


def add_block(tensors, seed):
    """Self-attention over the standard example, in every set-up of heads, mask and positions."""
    torch.manual_seed(seed)
    layers = {name: nn.Linear(WIDTH, WIDTH, bias=False) for name in "qkvo"}
    for name, layer in layers.items():
        tensors[f"block/seed={seed}/w_{name}"] = layer.weight.t()

    embedding = torch.stack([word_embedding(word, WIDTH, seed) for word in WORDS])
    for positions in ("none", "sinusoidal"):
        x = embedding + (sinusoids(len(WORDS), WIDTH) if positions == "sinusoidal" else 0)
        q, k, v = (layers[name](x) for name in "qkv")
        key = f"block/seed={seed}/positions={positions}"
        tensors |= {f"{key}/x": x, f"{key}/q": q, f"{key}/k": k, f"{key}/v": v}
        for heads in (1, 4):
            add_attention(tensors, f"{key}/heads={heads}", heads, q, k, v, layers["o"])


def add_attention(tensors, key, heads, q, k, v, layer_o):
    def split(joined):  # [S, E] -> [H, S, D]
        return joined.view(len(WORDS), heads, WIDTH // heads).transpose(0, 1)

    scores = split(q) @ split(k).transpose(1, 2)
    scaled = scores / math.sqrt(WIDTH // heads)
    tensors |= {f"{key}/scores": scores, f"{key}/scaled": scaled}

    ahead = torch.ones(len(WORDS), len(WORDS), dtype=torch.bool).triu(diagonal=1)
    for mask in ("none", "causal"):
        masked = scaled.masked_fill(ahead, -math.inf) if mask == "causal" else scaled
        weights = F.softmax(masked, dim=-1)
        mixed = (weights @ split(v)).transpose(0, 1).reshape(len(WORDS), WIDTH)
        output = layer_o(mixed)
        setup = f"{key}/mask={mask}"
        tensors |= {f"{setup}/masked": masked, f"{setup}/weights": weights}
        tensors |= {f"{setup}/mixed": mixed, f"{setup}/output": output}


def add_random_numbers(tensors):
    seeds = [0, 42, 2**32 - 1]
    for seed in seeds:
        for sizes in [[3, 4], [3, 17, 4], [5], [15], [16], [17], [20], [24], [32], [64], [100]]:
            add_randn(tensors, seed, sizes)
        for inputs, outputs in [(8, 8), (12, 12), (12, 20), (48, 48), (64, 64), (100, 100)]:
            torch.manual_seed(seed)
            weight = nn.Linear(inputs, outputs, bias=False).weight
            tensors[f"linear/seed={seed}/in={inputs}/out={outputs}"] = weight
        for width in (8, 64, 100):
            for word in ["The", "the", "naïve", "你", "🙂", "ΟΔΟΣ", "İstanbul"]:
                tensors[f"word/seed={seed}/width={width}/{word}"] = word_embedding(word, width, seed)

    # The last is a rare one: number 39010 of its stream makes a zero whose sign counts.
    for seed, count in [(0, 2**20), (42, 2**20), (2746, 39024)]:
        numbers = torch.randn(count, generator=generator(seed)).numpy()
        checksum = zlib.crc32(numbers.astype("<f4").tobytes())
        tensors[f"randn_crc32/seed={seed}/n={count}"] = checksum


def add_randn(tensors, seed, sizes):
    source = generator(seed)
    numbers = torch.cat([torch.randn(size, generator=source) for size in sizes])
    tensors[f"randn/seed={seed}/n={','.join(map(str, sizes))}"] = numbers


def generator(seed):
    return torch.Generator().manual_seed(seed)


def word_embedding(word, width, seed):
    word_id = zlib.crc32(word.lower().encode())
    return torch.randn(width, generator=generator((word_id + seed) % 2**32))


def sinusoids(length, width):
    """Interleaved sine and cosine, base 10000."""
    position = torch.arange(length, dtype=torch.float64).unsqueeze(1)
    frequency = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    table = torch.empty(length, width, dtype=torch.float64)
    table[:, 0::2] = torch.sin(position * frequency)
    table[:, 1::2] = torch.cos(position * frequency)
    return table.float()


if __name__ == "__main__":
    main()
