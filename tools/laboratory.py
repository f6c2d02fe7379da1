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


def write_script(app: Sphinx, exception: Exception | None) -> None:
    """Write the script beside the book's others."""
    write(app, exception, SCRIPT, "page_script")


def write_style(app: Sphinx, exception: Exception | None) -> None:
    """Write the style sheet, once tools/light.py has shortened the others by what pages name."""
    write(app, exception, STYLE, "style")


def write(app: Sphinx, exception: Exception | None, name: str, made_by: str) -> None:
    """Write a file unless the build has failed."""
    if exception is None and app.builder.format == "html":
        text = getattr(bundle(), made_by)()
        (Path(app.outdir) / "_static" / name).write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("html-page-context", load)
    app.connect("build-finished", write_script)
    app.connect("build-finished", write_style, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
