"""Figures without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Optional, Union

from . import _native

if TYPE_CHECKING:
    from os import PathLike

    from ._widget import Step, Widget

Format = Literal["svg", "png"]
Ground = Literal["light", "dark", "none"]
Shows = Literal["step", "all-steps", "all-heads"]


class Figure:
    """A picture as a file, which notebooks show.

    >>> picture = figure("Dogs bark")
    >>> picture.data[:4]
    b'<svg'
    """

    def __init__(self, data: bytes, format: Format, width_mm: float) -> None:
        self.data = data
        """The file's bytes."""
        self.format: Format = format
        """``"svg"`` or ``"png"``."""
        self.width_mm = width_mm
        """How wide it is on paper."""

    def save(self, path: Union[str, PathLike[str]]) -> None:
        """Writes the file.

        >>> import tempfile
        >>> figure("Dogs bark").save(Path(tempfile.mkdtemp()) / "dogs.svg")
        """
        path = Path(path)
        if path.suffix.lower() not in ("", f".{self.format}"):
            raise ValueError(
                f"This figure is {self.format.upper()}, and {path.name} would be taken for something else. Save it as "
                f"{path.with_suffix('.' + self.format).name}, or ask for format='png' or 'svg'."
            )
        path.write_bytes(self.data)

    def _repr_svg_(self) -> Optional[str]:
        return self.data.decode() if self.format == "svg" else None

    def _repr_png_(self) -> Optional[bytes]:
        return self.data if self.format == "png" else None

    def __repr__(self) -> str:
        return f"<headlight figure: {self.format.upper()}, {self.width_mm:g} mm wide, {len(self.data)} bytes>"


def figure(
    what: Union[str, Widget],
    *,
    step: Optional[Step] = None,
    shows: Shows = "step",
    format: Optional[Format] = None,
    width_mm: float = 183,
    points: float = 7,
    dpi: int = 300,
    ground: Ground = "light",
    caption: bool = True,
    path: Union[None, str, PathLike[str]] = None,
) -> Figure:
    """A static picture, laid out for paper, drawn by the same program as the page's.

    Args:
        what: A sentence, or what :func:`show`, :func:`attention` or :func:`qkv` gave: then as it is shown there.
        step: The step; that of ``what`` if none (of a sentence ``"softmax"``).
        shows: ``"step"``, ``"all-steps"`` under each other, or ``"all-heads"``: what the step makes, in every head.
        format: ``"svg"`` (vector cells, real text) or ``"png"``. What ``path`` ends with, if none; else SVG.
        width_mm: Width on paper: 89 or 183 for Nature, 88.9 or 181.9 for IEEE, 139.7 for NeurIPS.
        points: How large the tokens' labels are there.
        dpi: Dots an inch, of a PNG.
        ground: ``"light"``, ``"dark"`` or ``"none"`` (transparent).
        caption: Whether title, sentence, set-up and engine are written over and under it.
        path: Where it is saved, too.

    Returns:
        The picture, which notebooks show.

    Raises:
        ValueError: What was asked for cannot be drawn; the message says what can.

    >>> figure("The cat sat on the mat", step="scores", width_mm=89)
    <headlight figure: SVG, 89 mm wide, ... bytes>
    >>> figure("Dogs bark", format="png", dpi=96).data[1:4]
    b'PNG'
    """
    from ._widget import Widget, drawn

    if not isinstance(what, (str, Widget)):
        raise TypeError(
            f"A figure is of a sentence or of what headlight.show, .attention or .qkv gave, and this is a {type(what).__name__}. "
            "Of tensors: headlight.figure(headlight.attention(weights, tokens))."
        )
    suffix = Path(path).suffix.lower()[1:] if path is not None else ""
    chosen: str = format or (suffix if suffix in ("svg", "png") else "svg")
    if chosen not in ("svg", "png"):
        raise ValueError(
            f"format={chosen!r} is unknown. Choose 'svg' or 'png'; other programs make PDF of SVG (rsvg-convert, Inkscape)."
        )
    is_png = chosen == "png"
    how: _native.How = {
        "shows": shows,
        "width_mm": width_mm,
        "points": points,
        "dpi": dpi if is_png else None,
        "ground": ground,
        "caption": caption,
    }
    made = Figure(_native.figure(drawn(what, step), how), "png" if is_png else "svg", width_mm)
    if path is not None:
        made.save(path)
    return made
