"""A Sphinx extension: ways into the book, and what a page says of itself.

- The repository's address stands in `_config.yml` alone, as `repository: url`, and may be empty.
  With it pages have buttons (repository, mistake, Colab, Binder), and functions a source.
- Colab opens the notebooks that `make course` writes, from a branch that publish.yml keeps: their
  first cell installs the package, which a chapter's own notebook takes for granted.
- A footer: licences, how to cite, how to report a mistake, version and date. The date is that of
  SOURCE_DATE_EPOCH or, if that is not set, of the last commit: never today's, so that two builds
  are the same.
- A description of each page, its first words, for search engines and previews.
- The directive `theorems`: all numbered statements.
"""

import os
import re
import subprocess
from datetime import datetime, timezone
from functools import cache, partial
from html import escape, unescape
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

import book_config
from excerpt_text import sentence, text_of, title_of
from sources import ROOT, public_names

LAUNCHERS = {
    "binderhub_url": "https://mybinder.org",
    "notebook_interface": "jupyterlab",
}
COLAB = "https://colab.research.google.com"
GITHUB = "https://github.com/"
NOTEBOOKS = "notebooks/full/chapters"  # a branch that publish.yml keeps, and its folder
FORM = "mistake.yml"  # in .github/ISSUE_TEMPLATE
LICENCE = "CC BY 4.0"  # of the text
LICENCES = (
    'Text and figures: <a rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
    f'{LICENCE}</a>. Code: <a href="{{cite}}#licences">MIT</a>.'
)
LINKS = (
    '<a href="{cite}">How to cite</a>. '
    '<a href="{cite}#how-to-report-a-mistake">Report a mistake</a>.'
)
CITE = "appendix/cite"
NAMED = {"definition", "theorem", "lemma", "proposition", "corollary", "algorithm"}


# The repository


def open_doors(app: Sphinx, config: Config) -> None:
    """Add the theme's buttons and links to sources, if there is an address."""
    options = config.html_theme_options
    address = book_config.address()
    options["repository_url"] = address  # without the slash that may be at its end
    if address:
        options.update(use_repository_button=True, use_issues_button=True)
        options["launch_buttons"] = LAUNCHERS
        if address.startswith(GITHUB):  # Colab reads from nowhere else
            options["launch_buttons"] = LAUNCHERS | {"colab_url": COLAB}
        branch = options.get("repository_branch") or "main"
        config.linkcode_resolve = partial(source_of, f"{address}/blob/{branch}")
        app.setup_extension("sphinx.ext.linkcode")


def lead_buttons(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Lead Colab to the notebooks that install the package, and reports of mistakes to their form.

    A notebook that `make course` does not write loses its button for Colab.
    """
    address = book_config.address()
    if not address.startswith(GITHUB):
        return
    for group in context.get("header_buttons", []):
        for button in list(group.get("buttons", [])):
            if button.get("url", "").startswith(COLAB):
                button["url"] = colab(address, page)
                if not page.startswith("chapters/"):
                    group["buttons"].remove(button)
            elif "/issues/new?" in button.get("url", ""):
                button.update(url=form(address, page), text="Report a mistake")


def colab(address: str, page: str) -> str:
    """Where Colab opens a chapter."""
    name = page.removeprefix("chapters/")
    repository = address.removeprefix(GITHUB)
    return f"{COLAB}/github/{repository}/blob/{NOTEBOOKS}/{name}.ipynb"


def form(address: str, page: str = "") -> str:
    """Where a mistake of a page is reported; the form's field `place` names the page already."""
    place = f"&place={quote(page, safe='')}" if page else ""
    return f"{address}/issues/new?template={FORM}{place}"


def source_of(base: str, domain: str, info: dict[str, str]) -> str | None:
    """Address of the lines that define a name of the package, such as Gaussian or Gaussian.mi."""
    name, _, member = info["fullname"].partition(".")
    entry = public_names().get(name)
    for each in entry.members if entry and member else []:
        entry = each if each.name == member else entry
    if entry is None:
        return None
    first, last = entry.lines
    return f"{base}/{entry.file.relative_to(ROOT).as_posix()}#L{first}-L{last}"


# What a page says of itself


@cache
def version() -> str:
    """The version in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    return re.search(r'^version = "(.*)"', text, re.MULTILINE)[1]


@cache
def date() -> datetime | None:
    """When what is built was last changed: SOURCE_DATE_EPOCH, else the last commit."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not seconds:
        command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
        try:
            seconds = subprocess.run(command, capture_output=True, text=True).stdout.strip()
        except OSError:  # without git
            return None
    return datetime.fromtimestamp(int(seconds), timezone.utc) if seconds else None


def edition() -> str:
    """Version and date, as a sentence."""
    when = date()
    day = f", {when.day} {when:%B %Y}" if when else ""
    return f"Version {version()}{day}."


def footer(address_of_cite: str) -> str:
    """Licences, how to cite, how to report a mistake, version and date."""
    links = f"{LICENCES} {LINKS}".format(cite=address_of_cite)
    return f"<p>{links} {edition()}</p>"


def describe(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Give a page its footer and its description."""
    context["theme_extra_footer"] = footer(context["pathto"](CITE).removesuffix("#"))
    if doctree is None:
        return
    given = re.search(r'<meta content="([^"]*)" name="description"', context["metatags"])
    description = unescape(given[1]) if given else description_of(doctree)
    told = {
        "description": None if given else description,
        "og:title": title_of(doctree),
        "og:description": description,
        "og:type": "article",
        "og:site_name": app.config.html_title,
    }
    for name, text in told.items():
        kind = "property" if name.startswith("og:") else "name"
        if text:
            context["metatags"] += f'\n    <meta {kind}="{name}" content="{escape(text)}" />'


def description_of(doctree: nodes.document) -> str:
    """The first sentences of a page, at most some 160 characters."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = text_of(paragraph)
        if len(text) > 50 and "…" not in text[:160]:
            return sentence(text, 160)
    return title_of(doctree)


# Theorems


class theorems(nodes.General, nodes.Element):  # noqa: N801
    """Stands for the list until all pages have been read."""


class Theorems(SphinxDirective):
    """All numbered definitions, theorems, lemmas and algorithms, by chapter."""

    def run(self) -> list[nodes.Node]:
        """Leave it to be filled in."""
        return [theorems()]


def note_theorems(app: Sphinx, doctree: nodes.document) -> None:
    """Remember the titles of a page's statements."""
    found = app.env.__dict__.setdefault("book_theorems", {})
    found[app.env.docname] = [
        (each["label"], each["realtype"], text_of(each[0]).strip().strip("()"))
        for each in doctree.findall(nodes.Element)
        if each.get("realtype") in NAMED and each.get("label")
    ]


def list_theorems(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Fill the list in."""
    for place in list(doctree.findall(theorems)):
        blocks = []
        for home, found in sorted(getattr(app.env, "book_theorems", {}).items()):
            if found:
                entries = [_statement(app, page, home, *each) for each in found]
                number = ".".join(map(str, app.env.toc_secnumbers[home][""]))
                title = f"{number}. {app.env.titles[home].astext()}"
                blocks.append(nodes.paragraph("", "", nodes.strong(title, title)))
                blocks.append(nodes.bullet_list("", *entries))
        place.replace_self(blocks)


def _statement(app: Sphinx, page: str, home: str, label: str, kind: str, title: str) -> nodes.Node:
    """One statement, with a link."""
    numbers = app.env.toc_fignumbers.get(home, {}).values()
    number = next((".".join(map(str, each[label])) for each in numbers if label in each), "")
    said = " ".join(filter(None, [kind.capitalize(), number]))
    address = f"{app.builder.get_relative_uri(page, home)}#{label}"
    link = nodes.reference("", said, internal=True, refuri=address)
    text = nodes.Text(f": {title}" if title else "")
    return nodes.list_item("", nodes.paragraph("", "", link, text))


def forget_theorems(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """A page is read again."""
    env.__dict__.get("book_theorems", {}).pop(page, None)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_node(theorems)
    app.add_directive("theorems", Theorems)
    app.connect("config-inited", open_doors)
    app.connect("doctree-read", note_theorems)
    app.connect("env-purge-doc", forget_theorems)
    app.connect("doctree-resolved", list_theorems)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", lead_buttons, priority=900)  # the theme has made its buttons
    return {"parallel_read_safe": False, "parallel_write_safe": True}
