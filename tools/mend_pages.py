"""A Sphinx extension that mends what the book's tools get wrong on a page and have no setting for.

- Jupyter Book loads sphinx_thebe whether or not a book uses it, and it then declares the constant
  THEBE_JS_URL twice: an error in the reader's console.
- A chapter saved by JupyterLab holds the state of progress bars that are gone; its page would load
  scripts from the web for them. And cells that have not been run would leave gaps without a word.
- A comma after a formula may begin the next line, and a bracket before it end the last one.
- The line under the link of a solution's title begins before the word.
- On a phone a printed sentence scrolls, as a printed table must: it gets a class of its own.
- pandas leaves the corner of a table empty and calls it a heading, and in a narrow head "b = 16"
  breaks.
- Docutils gives an entry of the bibliography a role that WAI-ARIA has dropped, and that a list may
  not hold: a screen reader finds an empty list.

And a section whose title begins with "Optional:" is folded, text, cells and all.
"""

import re
from html import unescape
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.logging import getLogger

from stored import how_to_mend, unfinished

OPEN_FOLD = '<details class="optional"><summary>Show this section</summary>'
LOOSE = re.compile(r'([(\[]?)(<span class="math[^>]*>([^<]*)</span>)([.,;:?)\]]+|-\w+)?')
WHOLE = '<span class="whole'
SHORT = 16  # characters of a formula that fits a phone's line with its comma
SOLUTION = re.compile(r"(Solution to)(<a [^>]*>) ")
PRINTED = re.compile(
    r'(<div class="output stream)( [^>]*><div class="highlight"><pre>)(.*?)</pre>', re.S
)
ALIGNED = re.compile(r"(?m)^ |\S {2,}\S")
HEAD = re.compile(r"<th\b[^>]*>[^<]*</th>")
CORNER = re.compile(r"<th(\b[^>]*)>\s*(?:&nbsp;|\xa0)?\s*</th>")
WIDGETS = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-state\+json">.*?</script>\s*'
    r'|<script[^>]* src="https://cdn[^"]*/(?:require\.min|embed-amd)\.js"></script>\s*',
    re.DOTALL,
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx, after it has loaded sphinx_thebe."""
    for event in ("env-before-read-docs", "doctree-resolved"):
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)
    app.connect("env-before-read-docs", name_gaps)
    app.connect("doctree-resolved", fold_optional)
    app.connect("build-finished", mend_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def name_gaps(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    """Warn of chapters without all of their results; `make book` turns a warning into an error."""
    for name in sorted(env.found_docs):
        path = Path(env.doc2path(name))
        if path.suffix == ".ipynb":
            for gap in unfinished(nbformat.read(path, as_version=4)):
                getLogger(__name__).warning(f"{gap}; {how_to_mend(path)}", location=name)


def fold_optional(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Fold what stands below a title that begins with "Optional:"."""
    for section in list(doctree.findall(nodes.section)):
        if section[0].astext().startswith("Optional:"):
            section.insert(1, nodes.raw("", OPEN_FOLD, format="html"))
            section.append(nodes.raw("", "</details>", format="html"))


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite the built pages in place."""
    for page in Path(app.outdir).glob("**/*.html"):
        text = WIDGETS.sub("", page.read_text("utf-8"))
        text = CORNER.sub(r"<td\1></td>", text)
        text = mend_lines(text)
        page.write_text(text.replace('role="doc-biblioentry"', 'role="listitem"'), "utf-8")


def mend_lines(text: str) -> str:
    """Keep together what belongs together, and let sentences that were printed flow."""
    if WHOLE in text:
        return text  # an earlier build has done it
    text = SOLUTION.sub(r"\1 \2", LOOSE.sub(whole, text))
    text = HEAD.sub(lambda head: head[0].replace(" = ", "\xa0=\xa0"), text)
    return PRINTED.sub(printed, text)


def whole(found: re.Match) -> str:
    """A formula with what stands at it, which no line parts; on a phone only a short one."""
    before, formula, tex, after = found.groups(default="")
    if not before and not after:
        return formula
    kind = " short" if width(tex) <= SHORT else ""
    return f'{WHOLE}{kind}">{before}{formula}{after}</span>'


def width(tex: str) -> int:
    """About how many characters a formula shows."""
    shown = re.sub(r"\\[a-zA-Z]+|\\[^a-zA-Z]", lambda name: name[0][1:2], unescape(tex))
    return len(re.sub(r"[\s{}^_()]", "", shown))


def printed(found: re.Match) -> str:
    """Printed lines, marked as sentences unless blanks make columns of them."""
    kind, start, lines = found.groups()
    lines_only = unescape(re.sub("<[^>]+>", "", lines))
    return f"{kind}{'' if ALIGNED.search(lines_only) else ' sentences'}{start}{lines}</pre>"
