"""Tensors of any kind as NumPy arrays, and as files that the page reads."""

from __future__ import annotations

import json
import struct
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def shape_of(tensor: Any, name: str) -> tuple[int, ...]:
    """The shape, without a copy where the tensor says it itself."""
    shape = getattr(tensor, "shape", None)
    if shape is None:
        return as_array(tensor, name).shape
    return tuple(int(length) for length in shape)


def as_array(tensor: Any, name: str) -> Floats:
    """As float32 in the kernel's memory: from PyTorch on any device, NumPy, JAX, whatever has ``__array__`` or DLPack, or lists.

    >>> as_array([[1, 2], [3, 4]], "q").shape
    (2, 2)
    """
    if tensor is None:
        raise TypeError(
            f"{name} is None, and a tensor is needed. Give a PyTorch tensor, a NumPy or JAX array, or nested lists of numbers."
        )
    try:
        array = np.asarray(_on_cpu(tensor))
    except ValueError as error:
        raise ValueError(
            f"{name} is not one tensor: its lists are not all of one length ({error}). Give rows of the same length, "
            "as in [[0.1, 0.9], [0.5, 0.5]]."
        ) from error
    # bfloat16 and the 8-bit floats of ml_dtypes are no numbers to NumPy, but can be turned into some.
    is_number = array.dtype.kind in "fiub" or array.dtype.name.startswith(("bfloat16", "float8"))
    if not is_number:
        why = "complex numbers have no order to take a softmax of" if array.dtype.kind == "c" else "they are no numbers"
        raise TypeError(f"{name} has elements of type {array.dtype}: {why}. Give real numbers.")
    numbers = np.ascontiguousarray(array, dtype=np.float32)
    # NumPy makes one axis of a number by itself.
    return numbers.reshape(array.shape)


def _on_cpu(tensor: Any) -> Any:
    if hasattr(tensor, "detach"):  # PyTorch
        tensor = tensor.detach().cpu()
        if getattr(tensor, "is_sparse", False):
            tensor = tensor.to_dense()
        # What NumPy has no type for.
        return (
            tensor.float().numpy()
            if "bfloat16" in str(tensor.dtype) or "float8" in str(tensor.dtype)
            else tensor.numpy()
        )
    if isinstance(tensor, (list, tuple)):
        return (
            [_on_cpu(part) for part in tensor]
            if any(hasattr(part, "shape") or isinstance(part, (list, tuple)) for part in tensor)
            else tensor
        )
    if hasattr(tensor, "__array__"):
        return tensor
    if hasattr(tensor, "__dlpack__"):
        return np.from_dlpack(tensor)
    if isinstance(tensor, (int, float)):
        return tensor
    raise TypeError(
        f"A {type(tensor).__module__}.{type(tensor).__qualname__} is no tensor that is known here. Give a PyTorch tensor, a NumPy or "
        "JAX array, anything with __array__ or __dlpack__, or nested lists of numbers."
    )


def check_finite(array: Floats, name: str) -> None:
    """Raises ValueError where a number is NaN or infinite."""
    wrong = ~np.isfinite(array)
    if wrong.any():
        first = [int(index) for index in np.argwhere(wrong)[0]]
        raise ValueError(
            f"{name} has {int(wrong.sum())} numbers that are NaN or infinite, the first ({array[tuple(first)]}) at {first}, and nothing "
            "can be calculated from those. Was something divided by 0, or did float16 overflow? Look at "
            f"numpy.isnan({name}).any() where it was made."
        )


def safetensors(tensors: Mapping[str, Floats]) -> bytes:
    """These tensors as a .safetensors file: the length of a header, the header in JSON, the numbers.

    >>> len(safetensors({"q": np.zeros((2, 3), np.float32)}))
    96
    """
    header: dict[str, dict[str, Any]] = {}
    end = 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    numbers = (array.astype("<f4", copy=False).tobytes() for array in tensors.values())
    return b"".join([struct.pack("<Q", len(text)), text, *numbers])


def names(tokens: Optional[Sequence[Any]], needed: int, batch: int, name: str) -> list[str]:
    """What the tokens are called: those of one sentence, or those of each, one after the other."""
    if tokens is None:
        return []
    if isinstance(tokens, str):
        raise TypeError(
            f"{name} is one text, and a name for each of {needed} tokens is needed. Give a list: tokenizer.convert_ids_to_tokens(ids), "
            f"or {tokens.split()[:3]!r}, if words are the tokens."
        )
    listed = list(tokens)
    of_each = (
        [list(part) for part in listed]
        if listed and all(isinstance(part, (list, tuple)) for part in listed)
        else [listed]
    )
    for sentence in of_each:
        if len(sentence) != needed:
            raise ValueError(
                f"{name} has {len(sentence)} names, and there are {needed} tokens. Give one for each, with special tokens such as "
                "[CLS] and padding: tokenizer.convert_ids_to_tokens(ids) does."
            )
    if len(of_each) not in (1, batch):
        raise ValueError(
            f"{name} has names for {len(of_each)} sentences, and there are {batch}. Give one list for all, or one for each."
        )
    return [str(token) for sentence in of_each for token in sentence]


def files(
    name: str, tensors: Mapping[str, Floats], tokens: Sequence[str], key_tokens: Sequence[str]
) -> list[tuple[str, bytes]]:
    """The files that are handed to the page, the tensors under this name, which the page names as where they are from."""
    made = [(name, safetensors(tensors))]
    for of, texts in (("tokens.json", tokens), ("key_tokens.json", key_tokens)):
        if texts:
            made.append((of, json.dumps(list(texts)).encode()))
    return made
