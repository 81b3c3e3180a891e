"""Reads what the page has written with NumPy, safetensors and Python's own csv and json, and says what is in it.

    python tests/e2e/read_files.py FILE …

Prints one JSON object: for each file its tensors by name, each with shape, dtype and the bits of its numbers, as
whole numbers of 32 bits (−∞ where JSON has null); tokens as they are.
"""

import csv
import io
import json
import pathlib
import sys
import zipfile

import numpy as np
from safetensors.numpy import load_file


def described(array: np.ndarray) -> dict:
    is_float = array.dtype == np.float32
    numbers = array.ravel().view(np.uint32) if is_float else array.ravel()
    return {"shape": list(array.shape), "dtype": str(array.dtype), "numbers": numbers.tolist()}


def floats(values) -> np.ndarray:
    return np.array(values, dtype=np.float64).astype(np.float32)


def of_csv(text: str) -> dict:
    """Its numbers: what comes after the columns of indexes and tokens."""
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    names = ["sentence", "head", "token", "text", "position", "input"]
    first = next(at for at, name in enumerate(header) if name not in names or name in header[:at])
    numbers = [[float(cell) for cell in row[first:]] for row in rows]
    return {**described(floats(numbers)), "header": header, "rows": [row[:first] for row in rows]}


def of_json(tensor: dict) -> dict:
    """Its numbers, whose nesting must be its shape."""
    data = np.array(tensor["data"], dtype=object)
    array = floats([-np.inf if value is None else value for value in data.ravel()]).reshape(data.shape)
    return {**described(array), "said": tensor["shape"]}


def read(path: pathlib.Path) -> dict:
    name = path.stem.removeprefix("headlight-")
    match path.suffix:
        case ".npy":
            return {name: described(np.load(path, allow_pickle=False))}
        case ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {name: described(array) for name, array in arrays.items()}
        case ".safetensors":
            return {name: described(array) for name, array in load_file(path).items()}
        case ".json":
            tensors = json.loads(path.read_text("utf-8"))["tensors"]
            return {name: of_json(tensor) for name, tensor in tensors.items()}
        case ".csv":
            return {name: of_csv(path.read_bytes().decode("utf-8"))}
        case ".zip":
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
                return {file.removesuffix(".csv"): of_csv(archive.read(file).decode("utf-8")) for file in archive.namelist()}
    raise ValueError(f"what is {path}?")


if __name__ == "__main__":
    json.dump({path: read(pathlib.Path(path)) for path in sys.argv[1:]}, sys.stdout)
