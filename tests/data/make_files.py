#!/usr/bin/env python3
"""Makes files/: tensors as NumPy, PyTorch and safetensors write them, of every type and order that the page reads.

Each is the same tensor, [2, 3, 4], whose number with index i in C order is (i - 7) / 8, which every floating type holds as
it is; of whole numbers i, of truths i % 3 == 0. Made with PyTorch 1.13 (Debian 12, python3-torch), its NumPy 1.24 and
safetensors 0.5.3. The files hold nothing but these numbers.

    python3 tests/data/make_files.py
"""

import json
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import save_file as save_torch

FOLDER = pathlib.Path(__file__).with_name("files")
SHAPE = (2, 3, 4)
COUNT = np.arange(24).reshape(SHAPE)
FLOATS = (COUNT - 7) / 8


def main():
    FOLDER.mkdir(exist_ok=True)
    for dtype in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
        name = dtype.replace("<", "little_").replace(">", "big_")
        np.save(FOLDER / f"{name}.npy", FLOATS.astype(dtype))
        np.save(FOLDER / f"{name}_fortran.npy", np.asfortranarray(FLOATS.astype(dtype)))
    for dtype in ["|b1", "|i1", "|u1", "<i2", ">u2", "<i4", ">i4", "<u4", "<i8", ">u8"]:
        numbers = COUNT % 3 == 0 if dtype == "|b1" else COUNT
        name = dtype.replace("<", "little_").replace(">", "big_").replace("|", "")
        np.save(FOLDER / f"{name}.npy", numbers.astype(dtype))
    # A header of version 2, and one axis, none, and one of length 0.
    with open(FOLDER / "version2.npy", "wb") as file:
        np.lib.format.write_array(file, FLOATS.astype("<f4"), version=(2, 0))
    np.save(FOLDER / "one_axis.npy", FLOATS.astype("<f4").ravel())
    np.save(FOLDER / "empty.npy", np.zeros((2, 0, 4), "<f4"))

    arrays = {
        "queries": FLOATS.astype("<f4"),
        "keys": np.asfortranarray(FLOATS.astype(">f8")),
        "values": FLOATS.astype("<f2"),
        "tokens": np.array(["The", "naïve", "🙂"]),
    }
    np.savez(FOLDER / "stored.npz", **arrays)
    np.savez_compressed(FOLDER / "deflated.npz", **arrays)

    tensors = {dtype: torch.tensor(FLOATS).to(getattr(torch, dtype)) for dtype in ["float16", "bfloat16", "float32", "float64"]}
    tensors |= {dtype: torch.tensor(COUNT).to(getattr(torch, dtype)) for dtype in ["int8", "uint8", "int16", "int32", "int64"]}
    tensors["bool"] = torch.tensor(COUNT % 3 == 0)
    save_torch(tensors, FOLDER / "torch.safetensors", {"made_by": "tests/data/make_files.py"})
    save_numpy({"x": FLOATS.astype("<f4")}, FOLDER / "numpy.safetensors")

    (FOLDER / "nested.json").write_text(json.dumps(FLOATS.tolist()))
    named = {
        "tokens": ["The", "cat"],
        "weights": [[1.0, None], [0.25, 0.75]],
        "flat": {"shape": SHAPE, "data": FLOATS.ravel().tolist()},
    }
    (FOLDER / "named.json").write_text(json.dumps(named))
    # What a page should not read, and say why.
    np.save(FOLDER / "objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    np.save(FOLDER / "fields.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
    np.save(FOLDER / "complex.npy", np.zeros(2, "<c8"))
    torch.save({"x": torch.zeros(2)}, FOLDER / "pickle.pt", _use_new_zipfile_serialization=False)
    torch.save({"x": torch.zeros(2)}, FOLDER / "archive.pt")
    print(sum(file.stat().st_size for file in FOLDER.iterdir()), "bytes in", len(list(FOLDER.iterdir())), "files")


if __name__ == "__main__":
    main()
