"""Reads what the page has written with NumPy, safetensors, Pillow and Python's own csv, json and XML, and says what is in it.

    python tests/e2e/read_files.py FILE …

Prints one JSON object: for each file its tensors by name, each with shape, dtype and the bits of its numbers, as
whole numbers of 32 bits (−∞ where JSON has null); tokens as they are. Of an SVG: its size, texts and boxes; of a PNG:
its size, dots per inch, texts, and, where an SVG of the same name was named before it, how many of that one's cells have
their colour there too.
"""

import csv
import io
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree
import zipfile

import numpy as np
from PIL import Image, ImageColor
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


SVG = "{http://www.w3.org/2000/svg}"
PURL = "{http://purl.org/dc/elements/1.1/}"


def of_svg(path: pathlib.Path) -> dict:
    root = ElementTree.parse(path).getroot()
    assert root.tag == SVG + "svg"
    box = [float(number) for number in root.get("viewBox").split()]
    boxes = [[float(rect.get(name)) for name in ("x", "y", "width", "height")] + [rect.get("fill")]
             for group in root.iter(SVG + "g") for rect in group.iter(SVG + "rect")]
    return {
        "width": root.get("width"),
        "height": root.get("height"),
        "box": box,
        "font": root.get("font-family"),
        "ground": next((rect.get("fill") for rect in root.findall(SVG + "rect") if rect.get("x") is None), None),
        "title": root.findtext(SVG + "title"),
        "desc": root.findtext(SVG + "desc"),
        "metadata": {name: next(root.iter(PURL + name)).text for name in ("title", "description", "creator")},
        "texts": [text.text for text in root.iter(SVG + "text")],
        "boxes": boxes,
    }


def of_png(path: pathlib.Path) -> dict:
    image = Image.open(path)
    image.load()
    described = {"size": image.size, "dpi": image.info.get("dpi"), "texts": image.text, "corner": image.convert("RGBA").getpixel((0, 0))}
    drawn = path.with_suffix(".svg")
    if drawn.exists():
        svg, pixels = of_svg(drawn), image.convert("RGB")
        scale = image.width / svg["box"][2]
        # Where no number stands: near a corner of the cell.
        hatched = {tuple(box[:2]) for box in svg["boxes"] if box[4].startswith("url")}
        colored = [(x + width * 0.1, y + height * 0.12, fill) for x, y, width, height, fill in svg["boxes"]
                   if (x, y) not in hatched and min(width, height) * scale > 8]
        same = sum(pixels.getpixel((int(x * scale), int(y * scale))) == ImageColor.getrgb(fill) for x, y, fill in colored)
        described |= {"cells": len(colored), "same": same}
    return described


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
        case ".svg":
            return of_svg(path)
        case ".png":
            return of_png(path)
        case ".zip":
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
                return {file.removesuffix(".csv"): of_csv(archive.read(file).decode("utf-8")) for file in archive.namelist()}
    raise ValueError(f"what is {path}?")


if __name__ == "__main__":
    json.dump({path: read(pathlib.Path(path)) for path in sys.argv[1:]}, sys.stdout)
