"""Figures without a browser."""

import struct
import xml.etree.ElementTree as xml

import numpy as np
import pytest

import headlight

SVG = "{http://www.w3.org/2000/svg}"


def pixels(png):
    """Width, height and dots a metre of a PNG, and its texts."""
    width, height = struct.unpack(">II", png[16:24])
    at, chunks = 8, []
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += length + 12
    texts = {
        data.split(b"\0")[0].decode(): data.split(b"\0\0\0\0\0")[1].decode() for name, data in chunks if name == b"iTXt"
    }
    return width, height, struct.unpack(">I", dict(chunks)[b"pHYs"][:4])[0], texts


def test_an_svg_has_its_size_and_says_what_it_is():
    picture = headlight.figure("The cat sat on the mat", width_mm=89, points=6)
    root = xml.fromstring(picture.data)
    assert root.get("width") == "89mm"
    assert root.find(f"{SVG}title").text == "Softmax: turn scores into shares of attention"
    assert "seed 42" in root.find(f"{SVG}desc").text and "on the CPU" in root.find(f"{SVG}desc").text
    assert [text.text for text in root.iter(f"{SVG}text")].count("mat") == 4
    assert picture._repr_svg_() == picture.data.decode() and picture._repr_png_() is None


def test_the_numbers_are_those_that_pytorch_makes_from_the_seed():
    """The sums of exponentials are worked out from what the picture shows: rows of shares add up to 1."""
    svg = xml.fromstring(headlight.figure("Dogs bark at night", width_mm=183).data)
    numbers = [text.text for text in svg.iter(f"{SVG}text")]
    assert numbers.count("1.000") == 4


def test_a_png_has_the_pixels_of_its_paper():
    picture = headlight.figure("Dogs bark", format="png", width_mm=100, dpi=254)
    width, height, a_metre, texts = pixels(picture.data)
    assert (width, a_metre) == (1000, 10000)
    assert texts["Title"].startswith("Softmax") and texts["Software"].startswith("Headlight ")
    assert picture._repr_png_() == picture.data and picture._repr_svg_() is None
    assert pixels(headlight.figure("Dogs bark", format="png", width_mm=100, dpi=127).data)[0] == 500


@pytest.mark.parametrize("step", headlight.STEPS)
def test_every_step_can_be_drawn(step):
    xml.fromstring(headlight.figure("Dogs bark", step=step).data)


def test_all_steps_all_heads_and_every_ground():
    steps = headlight.figure("Dogs bark", shows="all-steps").data
    assert len(steps) > 3 * len(headlight.figure("Dogs bark").data)
    assert b"head 4" in headlight.figure("Dogs bark", shows="all-heads").data
    grounds = {ground: headlight.figure("Dogs bark", ground=ground).data for ground in ("light", "dark", "none")}
    assert b'fill="#ffffff"/>' in grounds["light"] and b'fill="#1c1f25"/>' in grounds["dark"]
    assert len(set(grounds.values())) == 3
    assert b"seed 42" not in headlight.figure("Dogs bark", caption=False).data.split(b"</metadata>")[1]


def test_a_widget_is_drawn_as_it_is_set_up():
    widget = headlight.show("Dogs bark", mask="causal", head=2, heads=8, seed=7, positions="rotary")
    svg = headlight.figure(widget, step="mask").data.decode()
    for said in ("Head 3 of 8", "seed 7", "positions rotary", "mask causal"):
        assert said in svg
    assert "url(#hatching" in svg


def test_saved_under_a_name(tmp_path):
    picture = headlight.figure("Dogs bark", path=tmp_path / "dogs.png", dpi=72)
    assert picture.format == "png" and (tmp_path / "dogs.png").read_bytes() == picture.data
    with pytest.raises(ValueError, match="dogs.png"):
        picture.save(tmp_path / "dogs.pdf")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: headlight.figure("a b", step="softmx"), ["'softmx'", "'softmax'"]),
        (lambda: headlight.figure("a b", width_mm=5), ["width_mm=5", "40 to 1000"]),
        (lambda: headlight.figure("a b", points=99), ["points=99", "4 to 36"]),
        (lambda: headlight.figure("a b", format="png", dpi=1), ["dpi=1", "36 to 2400"]),
        (lambda: headlight.figure("a b", format="pdf"), ["'pdf'", "'svg'"]),
        (lambda: headlight.figure("a b", format="png", width_mm=1000, dpi=2400), ["pixels", "smaller"]),
        (lambda: headlight.figure("a b", shows="heads"), ["heads", "all-heads"]),
        (lambda: headlight.figure("a b", shows="all-heads", step="tokens"), ["tokens"]),
        (lambda: headlight.figure("a b", ground="blue"), ["blue", "light"]),
        (lambda: headlight.figure("  "), ["empty"]),
        (lambda: headlight.show("a b", heads=5), ["heads=5", "4, 6"]),
        (lambda: headlight.show("a b", heads=6), ["6 heads", "64", "heads=1, 2, 4, 8, 16"]),
        (lambda: headlight.show("a b", language="fr"), ["'fr'", "'de'"]),
        (lambda: headlight.show("a b", mask="causl"), ["'causl'"]),
        (lambda: headlight.figure(headlight.attention([[1.0]]), step="scores"), ["scores", "softmax"]),
    ],
)
def test_errors_say_what_would_do(wrong, words):
    with pytest.raises(ValueError) as caught:
        wrong()
    for word in words:
        assert word in str(caught.value)


def test_what_is_no_sentence_is_named():
    for wrong in (lambda: headlight.figure(np.zeros((2, 2))), lambda: headlight.show(np.zeros((2, 2)))):
        with pytest.raises(TypeError, match="ndarray"):
            wrong()
