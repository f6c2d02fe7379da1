"""A Sphinx extension: what each label of the book is called, in `_build/labels.json`.

Notebooks that leave the book (tools/course.py) hold no Sphinx that could number them. They take the
numbers from here:

- pages: number and title of each page.
- labels: for each label its page and its name, such as "Theorem 2.1", "Fig. 3.2" or "(2.3)", and
  its title if it has no number.
- sources: for each key of references.bib how the text cites it, and the whole entry.
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from pybtex.database import Entry
from pybtex.plugin import find_plugin
from pybtex.richtext import Text
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from excerpt_text import title_of

NAME = "labels.json"
EQUATION = "equation-"  # how Sphinx begins the anchor of a numbered formula


def dotted(number: tuple[int, ...]) -> str:
    """Such as 2.1."""
    return ".".join(map(str, number))


def pages_of(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Number, empty at the back of the book, and title of each page."""
    return {
        page: {
            "number": dotted(env.toc_secnumbers.get(page, {}).get("", ())),
            "title": title_of(env.get_doctree(page)),
        }
        for page in sorted(env.found_docs)
    }


def numbered(app: Sphinx, page: str) -> dict[str, str]:
    """Names of a page's figures, tables, statements, exercises and formulas."""
    found = {}
    for kind, numbers in app.env.toc_fignumbers.get(page, {}).items():
        for anchor, number in numbers.items():
            if kind == "displaymath":
                found[anchor.removeprefix(EQUATION)] = f"({dotted(number)})"
            else:
                name = app.config.numfig_format.get(kind, f"{kind} %s") % dotted(number)
                found[anchor] = name[0].upper() + name[1:]
    return found


def sections(app: Sphinx, page: str) -> dict[str, str]:
    """Names of a page's numbered sections, by each of their anchors."""
    numbers, found = app.env.toc_secnumbers.get(page, {}), {}
    for section in app.env.get_doctree(page).findall(nodes.section):
        anchors = section["ids"]
        number = next((numbers[f"#{each}"] for each in anchors if f"#{each}" in numbers), None)
        if number:
            found |= {
                each: app.config.numfig_format["section"] % dotted(number) for each in anchors
            }
    return found


def labels_of(app: Sphinx) -> dict[str, dict[str, str]]:
    """Page, name and title of each label."""
    found = {}
    for page in sorted(app.env.found_docs):
        for label, name in numbered(app, page).items():
            found[label] = {"page": page, "name": name, "title": ""}
        found_sections = sections(app, page)
        for label, (home, anchor, title) in app.env.get_domain("std").labels.items():
            if home == page and label not in found:
                name = found_sections.get(anchor, "")
                found[label] = {"page": page, "name": name, "title": str(title)}
    return found


def cited(entry: Entry) -> str:
    """Such as "Koh et al., 2020"."""
    people = entry.persons.get("author") or entry.persons.get("editor", [])
    names = [" ".join([*each.prelast_names, *each.last_names]) for each in people]
    said = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return Text.from_latex(f"{said}, {entry.fields['year']}").render_as("text")


def sources_of(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """How the text cites each source, and its entry in the bibliography."""
    backend: Any = find_plugin("pybtex.backends", "markdown")()
    return {
        each.key: {
            "short": cited(each.entry),
            "full": each.formatted_entry.text.render(backend),
        }
        for each in env.get_domain("cite").citations
    }


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the file beside the pages."""
    if exception is None and app.builder.format == "html":
        told = {
            "pages": pages_of(app.env),
            "labels": labels_of(app),
            "sources": sources_of(app.env),
        }
        text = json.dumps(told, indent=1, ensure_ascii=False)
        (Path(app.outdir).parent / NAME).write_text(f"{text}\n", "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
