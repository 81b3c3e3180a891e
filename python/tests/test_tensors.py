"""Tensors of every kind, and the errors of those that are none."""

import json
import struct

import numpy as np
import pytest

import headlight
from headlight._tensors import as_array, safetensors

RNG = np.random.default_rng(7)


def softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def weights(*shape):
    return softmax(RNG.normal(size=shape)).astype(np.float32)


class OnlyDlpack:
    """What can be read by DLPack alone."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def read(file):
    """The tensors of a .safetensors file."""
    (length,) = struct.unpack("<Q", file[:8])
    header = json.loads(file[8 : 8 + length])
    found = {}
    for name, about in header.items():
        start, end = (8 + length + at for at in about["data_offsets"])
        found[name] = np.frombuffer(file[start:end], "<f4").reshape(about["shape"])
    return found


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int64", "bool"])
def test_numbers_of_every_type_become_float32(dtype):
    array = as_array(np.array([[0, 1], [1, 0]], dtype), "q")
    assert (array.dtype, array.tolist()) == (np.float32, [[0, 1], [1, 0]])


def test_lists_arrays_views_and_dlpack_are_the_same():
    array = RNG.normal(size=(3, 4)).astype(np.float32)
    for same in (
        array.tolist(),
        array[::1],
        np.asfortranarray(array),
        tuple(map(tuple, array.tolist())),
        OnlyDlpack(array),
        list(array),
    ):
        assert np.array_equal(as_array(same, "q"), array)


def test_pytorch_of_every_kind():
    torch = pytest.importorskip("torch")
    tensor = torch.arange(6.0).reshape(2, 3).requires_grad_()
    for same in (
        tensor,
        tensor.bfloat16(),
        tensor.half(),
        tensor.double(),
        tensor.t().t(),
        tensor.detach().to_sparse(),
        [tensor[0], tensor[1]],
    ):
        assert as_array(same, "q").tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_safetensors_file_has_what_was_put_into_it():
    tensors = {"queries": RNG.normal(size=(2, 3, 4)).astype(np.float32), "keys": np.zeros((1,), np.float32)}
    found = read(safetensors(tensors))
    assert list(found) == list(tensors)
    for name, array in tensors.items():
        assert np.array_equal(found[name], array)


@pytest.mark.parametrize("shape", [(5, 5), (4, 5, 5), (2, 4, 5, 5), (3, 2, 4, 5, 5), (1, 4, 1, 5)])
def test_attention_weights_of_two_to_five_axes(shape):
    widget = headlight.attention(weights(*shape))
    assert widget._layers == (shape[0] if len(shape) == 5 else 1)


def test_one_layer_is_sent_and_another_when_it_is_asked_for():
    layers = weights(3, 1, 4, 5, 5)
    widget = headlight.attention(tuple(layers), list("abcde"), layer=1, head=2)
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._answer(widget, {"wants": "files"}, [])
    widget.layer = 2
    for (content, buffers), layer, head in zip(sent, (1, 2), (2, None)):
        assert content["files"] == [f"the notebook, layer {layer + 1} of 3", "tokens.json"]
        assert content.get("head") == head
        assert np.array_equal(read(buffers[0])["attention_weights"], layers[layer])
        assert json.loads(buffers[1]) == list("abcde")
    assert len(sent) == 2
    with pytest.raises(Exception, match="no layer 3"):
        widget.layer = 3


def test_pytorch_and_numpy_make_the_same_picture():
    torch = pytest.importorskip("torch")
    layers = weights(2, 1, 2, 4, 4)
    pictures = [
        headlight.figure(headlight.attention(of, list("abcd"), layer=1)).data
        for of in (layers, torch.tensor(layers), [torch.tensor(layer) for layer in layers])
    ]
    assert pictures[0] == pictures[1] == pictures[2]


def test_names_of_tokens_for_one_sentence_for_each_and_for_the_keys():
    batch = weights(2, 1, 3, 3)
    headlight.attention(batch, ["a", "b", "c"])
    headlight.attention(batch, [["a", "b", "c"], ["d", "e", "f"]])
    headlight.attention(weights(1, 2, 3, 4), ["a", "b", "c"], key_tokens=list("defg"))
    # The last token of five, as it is generated: the names are those of all.
    assert ">e</text>" in headlight.figure(headlight.attention(weights(1, 2, 1, 5), list("abcde"))).data.decode()


def test_grouped_queries():
    q, k = RNG.normal(size=(2, 8, 4, 16)), RNG.normal(size=(2, 2, 6, 16))
    svg = headlight.figure(headlight.qkv(q, k, k, head=7), step="softmax").data.decode()
    expected = softmax(q[0, 7] @ k[0, 1].T / 4)
    for number in expected.ravel():
        assert f">{number:.2f}</text>" in svg


def test_causal_and_unscaled():
    q = RNG.normal(size=(4, 8))
    svg = headlight.figure(headlight.qkv(q, q, q, causal=True, scaled=False), step="softmax", points=5).data.decode()
    scores = np.where(np.tri(4) > 0, q @ q.T, -np.inf)
    for number in softmax(scores)[np.tri(4) > 0]:
        assert f">{number:.2f}</text>" in svg
    assert "mask causal" in svg and "scaling none" in svg


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        (lambda: headlight.attention(None), TypeError, ["None", "eager", "output_attentions"]),
        (lambda: headlight.attention((None, None)), TypeError, ["eager"]),
        (lambda: headlight.attention([]), ValueError, ["empty"]),
        (lambda: headlight.attention(weights(5)), ValueError, ["[5]", "[queries, keys]"]),
        (lambda: headlight.attention(weights(1, 1, 1, 1, 2, 2)), ValueError, ["[1, 1, 1, 1, 2, 2]"]),
        (lambda: headlight.attention(np.zeros((0, 3, 3))), ValueError, ["[0, 3, 3]"]),
        (lambda: headlight.attention([weights(2, 3, 3), weights(2, 4, 4)]), ValueError, ["layer 1", "[1, 2, 4, 4]"]),
        (
            lambda: headlight.attention(((weights(1, 3, 3),), (weights(1, 3, 3),))),
            ValueError,
            ["generate", "attentions[0]"],
        ),
        (lambda: headlight.attention([[1.0, 2.0], [3.0]]), ValueError, ["same length"]),
        (lambda: headlight.attention([["a"]]), TypeError, ["no numbers"]),
        (lambda: headlight.attention(np.ones((2, 2), complex)), TypeError, ["complex"]),
        (lambda: headlight.attention(object()), TypeError, ["builtins.object", "PyTorch"]),
        (lambda: headlight.attention(np.full((2, 2), np.nan)), ValueError, ["4 numbers", "NaN"]),
        (lambda: headlight.attention(np.zeros((1, 5000, 5000), bool)), ValueError, ["5000", "4096"]),
        (lambda: headlight.attention(weights(3, 3), "a b c"), TypeError, ["one text", "convert_ids_to_tokens"]),
        (lambda: headlight.attention(weights(3, 3), ["a"]), ValueError, ["1 names", "3 tokens"]),
        (lambda: headlight.attention(weights(2, 1, 3, 3), [["a"] * 3] * 3), ValueError, ["3 sentences"]),
        (lambda: headlight.attention(weights(3, 3), layer=1), ValueError, ["layer=1", "Choose 0 to 0"]),
        (lambda: headlight.attention(weights(4, 3, 3), head=4), ValueError, ["head=4", "0 to 3"]),
        (lambda: headlight.attention(weights(4, 3, 3), head="2"), TypeError, ["whole number"]),
        (
            lambda: headlight.qkv(np.zeros((3, 4)), np.zeros((1, 3, 4)), np.zeros((3, 4))),
            ValueError,
            ["k [1, 3, 4]", "same number of axes"],
        ),
        (lambda: headlight.qkv(*[np.zeros(4)] * 3), ValueError, ["q [4]"]),
        (
            lambda: headlight.qkv(np.zeros((3, 4)), np.zeros((3, 5)), np.zeros((3, 5))),
            ValueError,
            ["width 4", "k width 5"],
        ),
        (
            lambda: headlight.qkv(np.zeros((3, 4)), np.zeros((5, 4)), np.zeros((6, 4))),
            ValueError,
            ["tokens 5", "one value"],
        ),
        (lambda: headlight.qkv(np.zeros((3, 4)), np.zeros((5, 4)), np.zeros((5, 6))), ValueError, ["6 wide"]),
        (
            lambda: headlight.qkv(np.zeros((4, 3, 8)), np.zeros((3, 3, 8)), np.zeros((3, 3, 8))),
            ValueError,
            ["3 key heads", "4 query heads", "transpose"],
        ),
        (
            lambda: headlight.qkv(np.zeros((2, 4, 3, 8)), np.zeros((1, 4, 3, 8)), np.zeros((1, 4, 3, 8))),
            ValueError,
            ["batch 2"],
        ),
        (
            lambda: headlight.qkv(np.full((3, 4), np.inf), np.zeros((3, 4)), np.zeros((3, 4))),
            ValueError,
            ["q has 12", "infinite"],
        ),
        (lambda: headlight.qkv(np.zeros((3, 4)), None, np.zeros((3, 4))), TypeError, ["k is None"]),
        (lambda: headlight.qkv(*[np.zeros((3, 4))] * 3, step="tokens"), ValueError, ["'tokens'", "'scores'"]),
    ],
)
def test_errors_say_what_happened_and_what_to_do(wrong, kind, words):
    with pytest.raises(kind) as caught:
        wrong()
    for word in words:
        assert word in str(caught.value)


def test_long_sentences_have_pixels_for_a_still_picture():
    widget = headlight.attention(weights(1, 2, 300, 300))
    data, _ = widget._repr_mimebundle_()
    assert "image/png" in data and "image/svg+xml" not in data
    assert len(widget._still) < 1_000_000


def test_scores_in_the_place_of_weights_are_warned_of():
    with pytest.warns(UserWarning, match="no shares.*softmax"):
        headlight.attention(RNG.normal(size=(4, 4)))
