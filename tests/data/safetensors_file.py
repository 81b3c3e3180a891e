"""Writes safetensors files, for the scripts beside it."""

import json
import struct

import numpy as np

DTYPES = {"float32": "F32", "uint32": "U32", "bool": "BOOL"}


def write_safetensors(path, tensors, metadata):
    """The format by hand: the header's length, the header in JSON, the data end to end. Tensors are NumPy's."""
    header = {"__metadata__": metadata}
    data = b""
    # Bytes last, so that every number is aligned.
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].dtype == bool):
        content = np.ascontiguousarray(tensor).tobytes()
        offsets = [len(data), len(data) + len(content)]
        header[name] = {"dtype": DTYPES[str(tensor.dtype)], "shape": list(tensor.shape), "data_offsets": offsets}
        data += content
    text = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the data is aligned
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
