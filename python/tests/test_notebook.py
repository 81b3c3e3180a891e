"""The example, run without a browser from beginning to end, and exported."""

import base64
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

import headlight

NOTEBOOK = Path(__file__).parent.parent / "examples" / "headlight.ipynb"


@pytest.fixture(scope="module")
def notebook():
    notebook = nbformat.read(NOTEBOOK, 4)
    # An error in a cell is one here, unless the cell is about it ("raises-exception").
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return notebook


def outputs(notebook, source):
    """Those of the cell in which a line begins with this."""
    cell = next(cell for cell in notebook.cells if any(line.startswith(source) for line in cell.source.splitlines()))
    return cell.outputs


@pytest.mark.parametrize("source", ["headlight.show(", "headlight.attention(weights", "headlight.qkv(q, k, v"])
def test_widgets_have_a_still_picture_beside_them(notebook, source):
    (output,) = (output for output in outputs(notebook, source) if output.output_type == "execute_result")
    assert "application/vnd.jupyter.widget-view+json" in output.data
    assert output.data["image/svg+xml"].startswith("<svg")
    assert "Headlight" in output.data["image/svg+xml"]


def test_what_is_saved_of_widgets_has_the_still_picture_and_not_the_page(notebook):
    state = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    widgets = [model["state"] for model in state.values() if "_still" in model["state"]]
    assert len(widgets) == 3 and all(widget["_still"].startswith("data:image/svg+xml;") for widget in widgets)
    assert all(len(str(widget)) < 100_000 for widget in widgets)


def test_a_figure_is_a_picture(notebook):
    (output,) = outputs(notebook, "headlight.figure(")
    assert output.data["image/svg+xml"].startswith("<svg") and 'width="120mm"' in output.data["image/svg+xml"]


def test_the_wrong_shape_is_explained(notebook):
    (error,) = outputs(notebook, "headlight.qkv(q, k[..., :4]")
    assert error.output_type == "error" and error.ename == "ValueError"
    assert "q [4, 6, 16], k [4, 6, 4], v [4, 6, 16]" in error.evalue


def test_an_exported_notebook_has_the_pictures(notebook):
    # As it is saved without the state of its widgets, and on GitHub.
    bare = nbformat.from_dict(
        {**notebook, "metadata": {key: value for key, value in notebook.metadata.items() if key != "widgets"}}
    )
    html, _ = HTMLExporter().from_notebook_node(bare)
    pictures = [
        base64.b64decode(letters).decode() for letters in re.findall(r'data:image/svg\+xml;base64,([^"]+)"', html)
    ]
    assert sum("<dc:creator>Headlight " in picture for picture in pictures) == 4


def test_the_page_is_in_the_package():
    for language in ("en", "de"):
        name, page = headlight._widget._page(language)
        assert name.startswith(language) and f'lang="{language}"'.encode() in page[:200]
        # It fetches nothing, and is for a frame.
        assert b"default-src 'none'" in page[:2000] and b"data-embed" in page[:200] and b"connect-src" not in page
