from typing import TypedDict

MOST_TOKENS: int

class What(TypedDict):
    link: str
    files: list[tuple[str, bytes]]
    causal: bool
    scaled: bool
    head: int

class How(TypedDict):
    shows: str
    width_mm: float
    points: float
    dpi: int | None
    ground: str
    caption: bool

def check(what: What) -> str: ...
def figure(what: What, how: How) -> bytes: ...
