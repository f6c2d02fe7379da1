"""A Sphinx extension: ways into the book, and what a page says of itself.

- The repository's address stands in `_config.yml` alone, as `repository: url`, and may be empty.
  With it pages have buttons (repository, issue, Colab, Binder), and entries of functions a source.
- A footer: licences, how to cite, version and date. The date is that of SOURCE_DATE_EPOCH or, if
  that is not set, of the last commit: never today's, so that two builds are the same.
- A description of each page, its first words, for search engines and previews.
- The directives `theorems` (all numbered statements), `citation` (BibTeX of CITATION.cff) and
  `launching` (what Colab and Binder need, if there are buttons).
"""

import os
import re
import subprocess
from datetime import datetime, timezone
from functools import cache, partial
from html import escape, unescape

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from plain import sentence, text_of, title_of
from sources import ROOT, public_names

LAUNCHERS = {
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
    "notebook_interface": "jupyterlab",
}
LICENCES = (
    'Text and figures: <a rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
    'CC BY 4.0</a>. Code: <a href="{cite}#licences">MIT</a>. <a href="{cite}">How to cite</a>.'
)
CITE = "appendix/cite"
NAMED = {"definition", "theorem", "lemma", "proposition", "corollary", "algorithm"}


# The repository


def open_doors(app: Sphinx, config: Config) -> None:
    """Add the theme's buttons and links to sources, if there is an address."""
    options = config.html_theme_options
    address = (options.get("repository_url") or "").rstrip("/")
    options["repository_url"] = address
    if address:
        options.update(use_repository_button=True, use_issues_button=True)
        options["launch_buttons"] = LAUNCHERS
        branch = options.get("repository_branch") or "main"
        config.linkcode_resolve = partial(source_of, f"{address}/blob/{branch}")
        app.setup_extension("sphinx.ext.linkcode")


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


class Launching(SphinxDirective):
    """What the buttons of Colab and Binder need; nothing where there are none."""

    def run(self) -> list[nodes.Node]:
        """A paragraph."""
        address = self.config.html_theme_options.get("repository_url")
        if not address:
            return []
        holder = nodes.container()
        text = (
            "The rocket above a chapter opens it on Binder, which has all it needs, or on Colab, "
            f"where a first cell must say `%pip install git+{address}`."
        )
        self.state.nested_parse([text], self.content_offset, holder)
        return holder.children


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


def footer(address_of_cite: str) -> str:
    """Licences, how to cite, version and date."""
    when = date()
    day = f", {when.day} {when:%B %Y}" if when else ""
    return f"<p>{LICENCES.format(cite=address_of_cite)} Version {version()}{day}.</p>"


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


class Citation(SphinxDirective):
    """CITATION.cff as a BibTeX entry."""

    def run(self) -> list[nodes.Node]:
        """A block of code."""
        self.env.note_dependency(str(ROOT / "CITATION.cff"))
        told = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
        authors = " and ".join(f"{{{each['name']}}}" for each in told["authors"])
        address = self.config.html_theme_options.get("repository_url")
        fields = {
            "title": told["title"],
            "author": authors,
            "year": date().year if date() else self.config.copyright.split()[-1],
            "version": told["version"],
        } | ({"url": address} if address else {})
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
        text = "\n".join(["@book{minebook,", *lines, "}"])
        return [nodes.literal_block(text, text, language="bibtex")]


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
    app.add_directive("citation", Citation)
    app.add_directive("launching", Launching)
    app.connect("config-inited", open_doors)
    app.connect("doctree-read", note_theorems)
    app.connect("env-purge-doc", forget_theorems)
    app.connect("doctree-resolved", list_theorems)
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
