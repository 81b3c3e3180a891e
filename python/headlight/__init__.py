"""See every step of transformer attention, down to the last product.

In a notebook:

>>> import headlight
>>> headlight.show("The cat sat on the mat")                      # doctest: +SKIP
>>> headlight.attention(outputs.attentions, tokens, layer=3)      # doctest: +SKIP
>>> headlight.qkv(q, k, v, causal=True)                           # doctest: +SKIP

and, without a browser, for print:

>>> headlight.figure("The cat sat on the mat", width_mm=89)
<headlight figure: SVG, 89 mm wide, ... bytes>

Everything works without a network: the page lies in this package. What is shown is all that leaves the kernel.
"""

from ._figure import Figure, figure
from ._widget import STEPS, Widget, attention, qkv, show

__all__ = ["STEPS", "Figure", "Widget", "attention", "figure", "qkv", "show"]
