"""A Sphinx extension that mends what the book's tools get wrong on a page and have no setting for.

- Jupyter Book loads sphinx_thebe whether or not a book uses it, and it then declares the constant
  THEBE_JS_URL twice: an error in the reader's console.
- The theme preloads its icon fonts, which a browser refuses on a page opened as a file: three more
  errors. The preload is only a hint: the theme draws its icons by script.
- Docutils gives an entry of the bibliography a role that WAI-ARIA has dropped, and that a list may
  not hold: a screen reader finds an empty list.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

FONT_PRELOAD = re.compile(r'<link rel="preload" as="font" [^>]*>\s*')


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx, after it has loaded sphinx_thebe."""
    for event in ("env-before-read-docs", "doctree-resolved"):
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)
    app.connect("build-finished", mend_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite the built pages in place."""
    for page in Path(app.outdir).glob("**/*.html"):
        text = FONT_PRELOAD.sub("", page.read_text("utf-8"))
        page.write_text(text.replace('role="doc-biblioentry"', 'role="listitem"'), "utf-8")
