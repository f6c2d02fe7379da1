"""A Sphinx extension: the laboratory on a page.

An element of class "laboratory" in a page's text is filled by a script, which is joined here from
the modules in mine_lib/book/live and loaded by the pages that have such an element. Without script
the element shows what stands in it.
"""

import importlib.util
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
SCRIPT, STYLE = "laboratory.js", "laboratory.css"
MARK = 'class="laboratory"'


def bundle() -> object:
    """The module that joins the others, without the package, whose dependencies are not here."""
    path = ROOT / "mine_lib/book/live/bundle.py"
    spec = importlib.util.spec_from_file_location("laboratory_bundle", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Load script and style on the pages that have a laboratory."""
    if MARK in context.get("body", ""):
        app.add_css_file(STYLE)
        app.add_js_file(SCRIPT, defer="defer")


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write both beside the book's other scripts."""
    if exception is None and app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        (static / SCRIPT).write_text(bundle().page_script(), "utf-8")
        (static / STYLE).write_text(bundle().style(), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("html-page-context", load)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
