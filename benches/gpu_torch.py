"""What `cargo xtask bench gpu` is held beside: PyTorch's attention with kept weights, in float32 without TF32.

    python3 benches/gpu_torch.py RUNS SIZE…

Prints a line for each size, without and with a causal mask: size, 0 or 1, and the median of so many runs in milliseconds,
by the GPU's own clock.
"""

import math
import sys

HEADS, HEAD_DIM = 12, 64


def main(runs: int, sizes: list[int]) -> None:
    try:
        import torch
    except ImportError:
        sys.exit("this Python has no torch; PYTHON=/path/to/python names another.")
    if not torch.cuda.is_available():
        sys.exit(f"torch {torch.__version__} sees no GPU.")
    torch.backends.cuda.matmul.allow_tf32 = False
    for size in sizes:
        queries, keys, values = torch.randn(3, HEADS, size, HEAD_DIM, device="cuda")
        # [S, S]: -inf where a key comes later.
        mask = torch.full((size, size), -math.inf, device="cuda").triu(1)
        scale = 1 / math.sqrt(HEAD_DIM)
        for causal in (False, True):

            def attend():
                # Product, scale and mask are one kernel.
                scores = torch.baddbmm(mask, queries, keys.transpose(-2, -1), beta=int(causal), alpha=scale)
                weights = torch.softmax(scores, dim=-1)
                return weights, weights @ values

            print(size, int(causal), median_ms(torch, attend, runs))


def median_ms(torch, attend, runs: int) -> float:
    times = []
    for run in range(runs + 3):
        begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begun.record()
        kept = attend()
        ended.record()
        torch.cuda.synchronize()
        del kept
        if run >= 3:  # to warm up
            times.append(begun.elapsed_time(ended))
    return sorted(times)[len(times) // 2]


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(size) for size in sys.argv[2:]])
