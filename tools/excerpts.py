"""A Sphinx extension: what was found, in words.

Sphinx's search fetches each page it found and cuts a piece out: from a page opened as a file it
fetches nothing, and what it cuts out holds names of files and raw LaTeX. Here the build writes the
pages' text, without code, into one script, and assets/search.js shows where in it a word stands.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from excerpt_text import sections, title_of

TEXTS = "page-texts.js"
NAME = "window.PAGE_TEXTS = "
SCRIPTS = (TEXTS, "search.js")


def collect(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Keep the text of a page: its title, and anchor, title and text of its sections."""
    texts = app.__dict__.setdefault("book_texts", {})
    texts[page] = [title_of(doctree), sections(doctree)]


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the script."""
    if exception is None and app.builder.format == "html":
        target = Path(app.outdir) / "_static" / TEXTS
        texts = json.loads(target.read_text("utf-8")[len(NAME) : -2]) if target.exists() else {}
        texts |= app.__dict__.get("book_texts", {})  # of the pages that were written anew
        texts = {page: texts[page] for page in sorted(texts) if page in app.env.found_docs}
        target.write_text(f"{NAME}{json.dumps(texts, ensure_ascii=False)};\n", "utf-8")


def load(app: Sphinx, page: str, template: str, context: dict, doctree: None) -> None:
    """Load the scripts on the page of the search alone."""
    if page == "search":
        for script in SCRIPTS:
            app.add_js_file(script)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.config.html_show_search_summary = False
    app.connect("doctree-resolved", collect, priority=900)
    app.connect("html-page-context", load)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
