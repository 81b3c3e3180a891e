"""The page in a frame, in a notebook."""

from __future__ import annotations

import base64
import hashlib
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Literal, Optional, Sequence, Union
from urllib.parse import parse_qsl, urlencode

import anywidget
import numpy as np
import traitlets

from . import _native
from ._figure import figure
from ._tensors import Floats, as_array, check_finite, files, names, shape_of

Step = Literal["tokens", "embed", "qkv", "scores", "scale", "mask", "softmax", "mix", "output"]
Language = Literal["en", "de"]
Positions = Literal["none", "sinusoidal", "rotary", "alibi"]

STEPS: tuple[Step, ...] = ("tokens", "embed", "qkv", "scores", "scale", "mask", "softmax", "mix", "output")
"""The nine steps, as links call them."""

HEADS = (1, 2, 3, 4, 6, 8, 12, 16)
WIDTHS = (8, 16, 32, 48, 64, 96, 128, 256, 512)
POSITIONS = ("none", "sinusoidal", "rotary", "alibi")
LANGUAGES = ("en", "de")
HERE = Path(__file__).parent

LARGEST_SVG = 400_000
"""A still picture of more bytes is pixels: many cells are smaller so."""

Files = list[tuple[str, bytes]]


class Widget(anywidget.AnyWidget):
    """What :func:`show`, :func:`attention` and :func:`qkv` give: the page in a frame.

    ``link`` says what it shows, in the words of Headlight's links, and follows what a person does in it; setting it shows
    something else. Of tensors, ``layer`` is the layer that is shown, and ``head`` the head that it began with; setting them shows
    others.
    """

    _esm = HERE / "widget.js"

    link = traitlets.Unicode("").tag(sync=True)
    layer = traitlets.Int(0).tag(sync=True)
    head = traitlets.Int(0).tag(sync=True)
    _layers = traitlets.Int(1).tag(sync=True)
    _height = traitlets.Int(780).tag(sync=True)
    _page = traitlets.Unicode("").tag(sync=True)
    _has_files = traitlets.Bool(False).tag(sync=True)
    _still = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        *,
        link: str = "",
        height: int = 780,
        language: Language = "en",
        layer_files: Optional[Callable[[int], Files]] = None,
        layers: int = 1,
        layer: int = 0,
        head: int = 0,
        causal: bool = False,
        scaled: bool = True,
    ) -> None:
        self._layer_files = layer_files
        self._causal, self._scaled = causal, scaled
        self._language: Language = _one_of(language, LANGUAGES, "language")
        super().__init__(
            link=link,
            layer=layer,
            head=head,
            _layers=layers,
            _height=height,
            _page=_page(language)[0],
            _has_files=layer_files is not None,
        )
        if layer_files is not None:
            # What does not go together is said here, and not in a frame.
            _native.check(drawn(self))
        self.on_msg(self._answer)

    @traitlets.validate("layer")
    def _layer_is_there(self, proposal: Any) -> int:
        layer: int = proposal["value"]
        if not 0 <= layer < max(self._layers, 1):
            raise traitlets.TraitError(f"There is no layer {layer}: there are {self._layers}, counted from 0.")
        return layer

    @traitlets.observe("layer", "head")
    def _show_other(self, change: Any) -> None:
        if self._has_files and self.comm is not None:
            self._send_files(**({"head": self.head} if change["name"] == "head" else {}))

    def _answer(self, _: Any, asked: Any, __: Any) -> None:
        """Sends what the frame asks for: the page itself, once in a notebook, or the tensors that it is to show."""
        wants = asked.get("wants") if isinstance(asked, dict) else None
        if wants == "page":
            self.send({"page": self._page}, [_page(self._language)[1]])
        elif wants == "files" and self._has_files:
            self._send_files(head=self.head)

    def _send_files(self, **more: int) -> None:
        assert self._layer_files is not None
        made = self._layer_files(self.layer)
        about = {"files": [name for name, _ in made], "causal": self._causal, "scaled": self._scaled, **more}
        self.send(about, [content for _, content in made])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """With a still picture beside the widget, for where there are no widgets: exported notebooks, GitHub."""
        bundle = super()._repr_mimebundle_(**kwargs)
        try:
            still = figure(self)
            if len(still.data) > LARGEST_SVG:
                still = figure(self, format="png", dpi=192)
        except ValueError:
            # Without a font, say: the widget itself needs none of it.
            return bundle
        letters = base64.b64encode(still.data).decode()
        if still.format == "svg":
            kind, content = "image/svg+xml", still.data.decode()
        else:
            kind, content = "image/png", letters
        self._still = f"data:{kind};base64,{letters}"
        if bundle is None:
            return {kind: content}
        data, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, kind: content}, about


def drawn(what: Union[str, Widget], step: Optional[Step] = None) -> _native.What:
    """What a figure is of: a sentence, or a widget as it is; at another step, if one is named."""
    if isinstance(what, str):
        asked: _native.What = {"link": _link_to(what), "files": [], "causal": False, "scaled": True, "head": 0}
    else:
        made = what._layer_files(what.layer) if what._layer_files else []
        asked = {"link": what.link, "files": made, "causal": what._causal, "scaled": what._scaled, "head": what.head}
    if step is not None:
        fields = dict(parse_qsl(asked["link"], keep_blank_values=True))
        # How far into another step.
        fields.pop("at", None)
        asked["link"] = _link({**fields, "step": _one_of(step, STEPS, "step")})
    return asked


@lru_cache(maxsize=None)
def _page(language: str) -> tuple[str, bytes]:
    """The page as one file, and a name for its content."""
    path = HERE / "pages" / f"{language}.html"
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing: this copy of the package was not built whole. Build it with `cargo xtask wheel`, and install the "
            "wheel that it names."
        )
    content = path.read_bytes()
    return f"{language}-{hashlib.sha256(content).hexdigest()[:16]}", content


def _link(fields: dict[str, Any]) -> str:
    """A link's fragment, of what is said in it."""
    return urlencode({"v": 1, **fields})


def _one_of(value: Any, choices: Sequence[Any], name: str) -> Any:
    if value not in choices:
        raise ValueError(
            f"{name}={value!r} is not one of those there are. Choose {', '.join(repr(choice) for choice in choices)}."
        )
    return value


def _in_range(value: Any, name: str, count: int, of: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}={value!r} is no number of a {name}. Give a whole number from 0 to {count - 1}.")
    if not 0 <= value < count:
        raise ValueError(f"{name}={value} is not there: {of} {count}, counted from 0. Choose 0 to {count - 1}.")
    return int(value)


def show(
    sentence: str = "The cat sat on the mat",
    *,
    step: Step = "softmax",
    head: int = 0,
    mask: Optional[Literal["causal"]] = None,
    seed: int = 42,
    heads: int = 4,
    width: int = 64,
    positions: Positions = "sinusoidal",
    height: int = 780,
    language: Language = "en",
) -> Widget:
    """Every step of attention on a sentence, with the weights that PyTorch would start from.

    Args:
        sentence: Words; several sentences, one a line, are a batch.
        step: Where it begins: one of :data:`STEPS`.
        head: Which head, from 0.
        mask: ``"causal"``, so that no word sees those after it.
        seed: What ``torch.manual_seed`` is given for the weights.
        heads: How many heads.
        width: The model width, which the heads share evenly.
        positions: What says where a word stands.
        height: Of the frame, in pixels.
        language: ``"en"`` or ``"de"``: of the page; figures are in English.

    Returns:
        A widget; as the last value of a cell it is shown.

    Raises:
        ValueError: Something has no such value; the message says which there are.

    >>> show("Dogs bark", mask="causal").link
    'v=1&s=Dogs+bark&step=softmax&mask=causal'
    """
    link = _link_to(sentence, step=step, head=head, mask=mask, seed=seed, heads=heads, width=width, positions=positions)
    return Widget(link=link, height=height, language=language, head=head)


def attention(
    weights: Any,
    tokens: Optional[Sequence[Any]] = None,
    *,
    key_tokens: Optional[Sequence[Any]] = None,
    layer: int = 0,
    head: int = 0,
    height: int = 780,
    language: Language = "en",
) -> Widget:
    """Attention weights of a model of yours.

    Args:
        weights: As ``output_attentions=True`` gives them: a tuple of layers, each ``[batch, heads, queries, keys]``; or one
            tensor of ``[layers, batch, heads, queries, keys]``, of which axes on the left may be missing.
        tokens: A name for each token; a list of lists for a batch. Numbers if none.
        key_tokens: The same for the keys, where those are other tokens.
        layer: The layer that is shown first, from 0. The kernel sends one layer at a time.
        head: The head that is shown first, from 0.
        height: Of the frame, in pixels.
        language: ``"en"`` or ``"de"``: of the page; figures are in English.

    Returns:
        A widget; as the last value of a cell it is shown.

    Raises:
        TypeError: There are no numbers in it.
        ValueError: The shapes are not those of attention weights; the message says which are.

    >>> attention([[1.0, 0.0], [0.3, 0.7]], ["Dogs", "bark"]).layer
    0

    With Hugging Face's transformers::

        model = AutoModel.from_pretrained(name, attn_implementation="eager")
        inputs = tokenizer("Time flies like an arrow", return_tensors="pt")
        weights = model(**inputs, output_attentions=True).attentions
        headlight.attention(weights, tokenizer.convert_ids_to_tokens(inputs.input_ids[0]))
    """
    layers = _layers(weights)
    shapes = [_padded(shape_of(one, "weights")) for one in layers]
    shape = shapes[0]
    for index, other in enumerate(shapes):
        if other != shape:
            raise ValueError(
                f"The layers have different shapes: layer 0 is {list(shape)}, layer {index} {list(other)} (batch, heads, queries, keys). "
                "Show those of one shape: headlight.attention(weights[:1], …)."
            )
    batch, heads, queries, keys = shape
    _check_length(batch, max(queries, keys))
    if (
        queries != keys
        and tokens is not None
        and key_tokens is None
        and not isinstance(tokens, str)
        and len(tokens) == keys
    ):
        # Names of the whole text, of which the last tokens ask: generation with a cache.
        tokens, key_tokens = list(tokens)[keys - queries :], tokens
    called = names(tokens, queries, batch, "tokens")
    keys_called = names(key_tokens, keys, batch, "key_tokens")
    layer = _in_range(layer, "layer", len(layers), "there are")
    head = _in_range(head, "head", heads, "each layer has")

    @lru_cache(maxsize=1)
    def layer_files(layer: int) -> Files:
        array = as_array(layers[layer], "weights").reshape(shape)
        check_finite(array, "weights")
        _warn_of_scores(array)
        # Counted from 1, as everything on the page.
        name = f"the notebook, layer {layer + 1} of {len(layers)}" if len(layers) > 1 else "the notebook"
        return files(name, {"attention_weights": array}, called, keys_called)

    return Widget(
        link=_link({"step": "softmax"}),
        height=height,
        language=language,
        layer_files=layer_files,
        layers=len(layers),
        layer=layer,
        head=head,
    )


def qkv(
    q: Any,
    k: Any,
    v: Any,
    tokens: Optional[Sequence[Any]] = None,
    key_tokens: Optional[Sequence[Any]] = None,
    *,
    causal: bool = False,
    scaled: bool = True,
    step: Step = "scores",
    head: int = 0,
    height: int = 780,
    language: Language = "en",
) -> Widget:
    """Queries, keys and values of yours, and every step from there to the mixed values.

    Args:
        q: ``[queries, width]``, ``[heads, queries, width]`` or ``[batch, heads, queries, width]``.
        k: The same with keys; there may be fewer heads, each for as many of the queries' (grouped-query attention).
        v: As ``k``.
        tokens: A name for each query; a list of lists for a batch. Numbers if none.
        key_tokens: The same for the keys, where those are other tokens.
        causal: Whether a query sees only keys that are not after it.
        scaled: Whether scores are divided by the square root of the width.
        step: Where it begins: ``"scores"``, ``"scale"``, ``"mask"``, ``"softmax"`` or ``"mix"``.
        head: The head that is shown first, from 0.
        height: Of the frame, in pixels.
        language: ``"en"`` or ``"de"``: of the page; figures are in English.

    Returns:
        A widget; as the last value of a cell it is shown.

    Raises:
        TypeError: There are no numbers in it.
        ValueError: The shapes do not go together; the message says how they would.

    >>> import numpy as np
    >>> q = np.random.default_rng(1).normal(size=(2, 3, 8))
    >>> qkv(q, q, q, ["Dogs", "bark", "loudly"], causal=True).layer
    0
    """
    _one_of(step, STEPS[3:8], "step")
    arrays = {name: as_array(tensor, name) for name, tensor in (("q", q), ("k", k), ("v", v))}
    said = ", ".join(f"{name} {list(array.shape)}" for name, array in arrays.items())
    axes = {array.ndim for array in arrays.values()}
    if len(axes) > 1 or not axes <= {2, 3, 4}:
        raise ValueError(
            f"The shapes are {said}. All three need the same number of axes: [tokens, width], [heads, tokens, width] or "
            "[batch, heads, tokens, width]. For an axis that one lacks, take k[None]."
        )
    for name, array in arrays.items():
        if 0 in array.shape:
            raise ValueError(
                f"{name} is empty: its shape is {list(array.shape)}. Every axis needs a length of 1 or more."
            )
        check_finite(array, name)
    (b, h, queries, width), of_k, of_v = (_padded(array.shape) for array in arrays.values())
    turn = " If tokens come before heads ([batch, tokens, heads, width]), swap them: q.transpose(1, 2) in PyTorch, numpy.swapaxes(q, 1, 2)."
    if b != of_k[0]:
        raise ValueError(f"The shapes are {said}: q has batch {b} and k {of_k[0]}, and each sentence has its own.{turn}")
    if width != of_k[3]:
        raise ValueError(
            f"The shapes are {said}: q has width {width} and k width {of_k[3]}, and a score is the product of the two, number by "
            "number. Take both of one head, whole: x.view(batch, tokens, heads, width).transpose(1, 2) in PyTorch splits a projection."
        )
    for axis, of in ((0, "batch"), (1, "heads"), (2, "tokens")):
        if of_k[axis] != of_v[axis]:
            raise ValueError(
                f"The shapes are {said}: k has {of} {of_k[axis]} and v {of_v[axis]}, and each key has one value.{turn}"
            )
    if width != of_v[3]:
        raise ValueError(
            f"The shapes are {said}: values are {of_v[3]} wide and keys {width}. The page shows those of one width; cut v, or pad it with zeros."
        )
    if h % of_k[1]:
        raise ValueError(
            f"The shapes are {said}: {of_k[1]} key heads cannot serve {h} query heads evenly. There are as many, or a divisor of {h}.{turn}"
        )
    _check_length(b, max(queries, of_k[2]))
    called = names(tokens, queries, b, "tokens")
    keys_called = names(key_tokens, of_k[2], b, "key_tokens")
    head = _in_range(head, "head", h, "q has")
    made = files(
        "the notebook", {"queries": arrays["q"], "keys": arrays["k"], "values": arrays["v"]}, called, keys_called
    )
    return Widget(
        link=_link({"step": step}),
        height=height,
        language=language,
        layer_files=lambda _: made,
        head=head,
        causal=bool(causal),
        scaled=bool(scaled),
    )


def _link_to(
    sentence: str,
    *,
    step: str = "softmax",
    head: int = 0,
    mask: Optional[str] = None,
    seed: int = 42,
    heads: int = 4,
    width: int = 64,
    positions: str = "sinusoidal",
) -> str:
    """A link's fragment to a sentence; of what is as usual nothing is said."""
    if not isinstance(sentence, str):
        raise TypeError(
            f"The sentence is a {type(sentence).__name__}, and headlight.show takes text. Tensors are for headlight.attention(weights, "
            "tokens) and headlight.qkv(q, k, v)."
        )
    if not sentence.strip():
        raise ValueError(
            "The sentence is empty, and attention is between words. Give some: headlight.show('Dogs bark')."
        )
    _one_of(heads, HEADS, "heads")
    _one_of(width, WIDTHS, "width")
    if width % heads:
        fitting = ", ".join(str(one) for one in HEADS if width % one == 0)
        raise ValueError(
            f"{heads} heads cannot share a width of {width} evenly: each gets as many columns as the others. With this width take "
            f"heads={fitting}."
        )
    fields: dict[str, Any] = {"s": sentence, "step": _one_of(step, STEPS, "step")}
    if _one_of(mask, (None, "causal"), "mask"):
        fields["mask"] = mask
    usual = {"seed": 42, "heads": 4, "width": 64, "positions": "sinusoidal", "head": 1}
    head = _in_range(head, "head", heads, "there are")
    seed = _in_range(seed, "seed", 2**32, "of seeds there are")
    asked = {
        "seed": seed,
        "heads": heads,
        "width": width,
        "positions": _one_of(positions, POSITIONS, "positions"),
        "head": head + 1,
    }
    fields.update({name: value for name, value in asked.items() if value != usual[name]})
    return _link(fields)


def _layers(weights: Any) -> Sequence[Any]:
    """The layers, not yet copied."""
    eager = (
        'Load the model with attn_implementation="eager", since the fast implementations keep no weights, and call it with '
        "output_attentions=True."
    )
    if weights is None:
        raise TypeError(f"weights is None: the model gave no attention weights. {eager}")
    if isinstance(weights, (list, tuple)):
        if not weights:
            raise ValueError(f"weights is empty: there is no layer in it. {eager}")
        if any(one is None for one in weights):
            raise TypeError(f"weights has None in it: the model gave no attention weights. {eager}")
        if isinstance(weights[0], tuple) and hasattr((weights[0] or (None,))[0], "shape"):
            raise ValueError(
                "weights is a tuple of tuples, as model.generate gives them: one for each token that was generated. Take one of them: "
                "headlight.attention(outputs.attentions[0], …)."
            )
        if all(hasattr(one, "shape") and len(one.shape) >= 2 for one in weights):
            return [_one_layer(one, f"weights[{index}]") for index, one in enumerate(weights)]
        weights = as_array(weights, "weights")
    shape = shape_of(weights, "weights")
    if len(shape) == 5:
        return [weights[layer] for layer in range(_not_empty(shape)[0])]
    return [_one_layer(weights, "weights")]


def _one_layer(weights: Any, name: str) -> Any:
    shape = shape_of(weights, name)
    if not 2 <= len(shape) <= 4:
        raise ValueError(
            f"{name} has the shape {list(shape)}, and attention weights are [queries, keys], [heads, queries, keys], [batch, heads, queries, "
            "keys] or [layers, batch, heads, queries, keys]. Keep the axes of queries and keys: do not take the mean over them, or the row "
            "of one token (weights[…, 0, :]) but weights[…, :1, :]."
        )
    _not_empty(shape)
    return weights


def _not_empty(shape: tuple[int, ...]) -> tuple[int, ...]:
    if 0 in shape:
        raise ValueError(f"weights is empty: its shape is {list(shape)}. Every axis needs a length of 1 or more.")
    return shape


def _padded(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    one, two, three, four = (1,) * (4 - len(shape)) + tuple(shape)
    return one, two, three, four


def _check_length(batch: int, tokens: int) -> None:
    if tokens > _native.MOST_TOKENS:
        raise ValueError(
            f"There are {tokens} tokens, and {_native.MOST_TOKENS} are the most that is shown at once. Take a part: "
            "weights[..., :512, :512], or q[..., :512, :]."
        )


def _warn_of_scores(weights: Floats) -> None:
    """Says so where the numbers can hardly be shares."""
    sums = weights.sum(-1)
    off = float(np.abs(sums[sums != 0] - 1).max(initial=0))
    if weights.min() < 0 or off > 0.01:
        warnings.warn(
            f"These are no shares: the least is {weights.min():.4g}, and rows add up to {sums.min():.4g} to {sums.max():.4g}, not to 1. They are "
            "shown as they are. If they are scores, take the softmax over the last axis first; if dropout was on, call model.eval().",
            stacklevel=2,
        )
