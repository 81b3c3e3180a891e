"""Writes the published tables as CSV, and prints the knots that src/figure/colormap.rs keeps of them.

    pip install matplotlib==3.11.2 cmcrameri==1.10
    python tests/data/colormaps/make.py
"""

from pathlib import Path

import numpy as np
from cmcrameri import cm as crameri
from matplotlib import colormaps

LARGEST_ERROR = 1.4  # of 255, in any channel of any entry: 1 once it is rounded, however the last bit falls


def knots(table):
    """The fewest entries of `table` from which straight lines give all the others to LARGEST_ERROR."""

    def reaches(start, end):
        share = np.arange(end - start + 1)[:, None] / (end - start)
        line = table[start] + (table[end] - table[start]) * share
        return np.abs(line - table[start : end + 1]).max() <= LARGEST_ERROR

    last = len(table) - 1
    before = {0: (0, None)}  # entry: (how many knots lead to it, the one before it)
    for end in range(1, last + 1):
        before[end] = min((before[start][0] + 1, start) for start in range(end) if reaches(start, end))
    found = [last]
    while found[-1]:
        found.append(before[found[-1]][1])
    return found[::-1]


MAPS = {
    "cividis": colormaps["cividis"],
    "viridis": colormaps["viridis"],
    "batlow": crameri.batlow,
    "vik": crameri.vik,
    "roma": crameri.roma,
    "broc": crameri.broc,
}

for name, colormap in MAPS.items():
    table = np.round(np.array(colormap(np.arange(256)))[:, :3] * 255).astype(int)
    rows = "".join(f"{red},{green},{blue}\n" for red, green, blue in table)
    Path(__file__).with_name(f"{name}.csv").write_text(f"red,green,blue\n{rows}")
    entries = ", ".join("({}, Rgb({}, {}, {}))".format(at, *table[at]) for at in knots(table))
    print(f"{name.upper()} [{len(knots(table))}]\n    {entries}")
