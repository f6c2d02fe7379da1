"""Print chapters, and the book, as PDF: make pdf.

The pages are laid out as one document each (tools/paper.py), and Chromium prints them as A4. Where
the sections of the book begin is known after a first print; a second has the table of contents.
"""

import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path

from bs4 import Tag
from playwright.sync_api import Browser
from pypdf import PdfReader

import chromium
import pieces
from paper import Paper, paper

PRINT = pieces.ROOT / "_build/print"
PDF = pieces.ROOT / "_build/pdf"
BOOK = "book"
DOCUMENT = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="../html/_static/pygments.css">
<link rel="stylesheet" href="../../slides_and_print/pieces.css">
<link rel="stylesheet" href="../../slides_and_print/pdf.css">
<style>{rules}</style>
{mathjax}
<script defer src="../html/_static/mathjax/tex-chtml.js"></script>
</head>
<body class="no-math">
{body}
</body>
</html>
"""
# Below every page; and the chapter's name above its pages.
FOOT = '@page {{ @bottom-left {{ content: "{said}"; }} }}'
HEAD = '@page {page} {{ @top-right {{ content: "{said}"; }} }} {part} {{ page: {page}; }}'
ENTRY = '<li class="{kind}"><a href="#{anchor}"><span>{said}</span><span>{page}</span></a></li>'


def main(paths: list[str]) -> None:
    """Print the chapters named, and the whole book if they are all there are."""
    PRINT.mkdir(parents=True, exist_ok=True)
    PDF.mkdir(parents=True, exist_ok=True)
    names = pieces.chapter_names(paths)
    chapters = [each for each in pieces.names() if each.startswith("chapters/")]
    with chromium.opened() as browser:
        for name in names:
            say(print_chapter(browser, name))
        if set(names) == set(chapters):
            say(print_book(browser, pieces.names()))


def say(path: Path) -> None:
    """Name a PDF and its length."""
    print(f"{path.relative_to(pieces.ROOT)}: {len(PdfReader(path).pages)} pages")


def print_chapter(browser: Browser, name: str) -> Path:
    """One chapter, its solutions behind it."""
    made = paper(name, {name})
    body = f"{front(short=True)}{made.body}{solutions([made])}"
    heads = [(made.heading, f".masthead, #{made.body['id']}, #solutions")]
    title = f"{made.heading} – {pieces.about()['title']}"
    return to_pdf(browser, Path(name).name, document(title, body, heads))


def print_book(browser: Browser, names: list[str]) -> Path:
    """The whole book: title page, contents, all pages, solutions."""
    papers = [paper(name, set(names)) for name in names]
    body = "".join(str(each.body) for each in papers) + solutions(papers)
    heads = [(each.heading, f"#{each.body['id']}") for each in papers]
    heads.append(("Solutions", "#solutions"))
    pages: dict[str, int] = {}
    for _ in range(2):
        whole = f"{front(short=False)}{contents(papers, pages)}{body}"
        path = to_pdf(browser, BOOK, document(pieces.about()["title"], whole, heads))
        pages = starts(path)
    return path


# The document


def document(title: str, body: str, heads: Iterable[tuple[str, str]]) -> str:
    """A page of HTML that prints well."""
    about = pieces.about()
    rules = [FOOT.format(said=escape_css(f"{about['title']} · {about['licence']}"))]
    rules += [
        HEAD.format(page=f"part-{number}", part=part, said=escape_css(said))
        for number, (said, part) in enumerate(heads)
    ]
    return DOCUMENT.format(
        title=escape(title), rules="\n".join(rules), mathjax=pieces.MATHJAX_SETTINGS, body=body
    )


def escape_css(text: str) -> str:
    """Text within quotation marks of a style sheet."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def front(*, short: bool) -> str:
    """Title, authors and licence: a page of its own, or a few lines above a chapter."""
    about = pieces.about()
    tag = "p" if short else "h1"
    return (
        f'<header class="{"masthead" if short else "title-page"}">'
        f'<{tag} class="book">{escape(about["title"])}</{tag}>'
        f"<p>{escape(about['author'])}</p><p>{escape(about['line'])}</p>"
        "<p>Code that the pages fold away is left out here; hints and solutions stand at the back."
        "</p></header>"
    )


def contents(papers: list[Paper], pages: dict[str, int]) -> str:
    """The table of contents, with page numbers once they are known."""
    entries = []
    for each in papers:
        entries.append(entry("chapter", each.body["id"], each.heading, pages))
        for section in each.body.select("section > section"):
            title = section.find("h2", recursive=False)
            if title and each.heading[0].isdigit():
                said = " ".join(title.get_text().split())
                entries.append(entry("section", title["id"], said, pages))
    entries.append(entry("chapter", "solutions", "Solutions", pages))
    return f'<nav id="contents"><h1>Contents</h1><ul>{"".join(entries)}</ul></nav>'


def entry(kind: str, anchor: str, said: str, pages: dict[str, int]) -> str:
    """A line of the table of contents."""
    number = pages.get(anchor, "")
    return ENTRY.format(kind=kind, anchor=escape(anchor), said=escape(said), page=number)


def solutions(papers: list[Paper]) -> str:
    """Hints and solutions of all pages."""
    parts = []
    for each in papers:
        if each.solutions:
            boxes = "".join(map(str, in_order(each.solutions)))
            title = f"<h2>{escape(each.heading)}</h2>" if len(papers) > 1 else ""
            parts.append(f"<section>{title}{boxes}</section>")
    return f'<section id="solutions"><h1>Solutions</h1>{"".join(parts)}</section>' if parts else ""


def in_order(boxes: list[Tag]) -> list[Tag]:
    """Hints first, so that nobody who wants one sees a solution."""
    return sorted(boxes, key=lambda box: "solution" in box.get("class", []))


# The print


def to_pdf(browser: Browser, name: str, html: str) -> Path:
    """Print a document; formulas are set and pictures loaded before."""
    source, target = PRINT / f"{name}.html", PDF / f"{name}.pdf"
    source.write_text(html, "utf-8")
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(source.as_uri())
    page.evaluate("() => MathJax.startup.promise.then(() => document.fonts.ready).then(() => null)")
    page.evaluate("() => Promise.all([...document.images].map((e) => e.decode())).then(() => null)")
    page.pdf(
        path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True
    )
    page.close()
    return target


def starts(path: Path) -> dict[str, int]:
    """The page on which each place begins that a link leads to."""
    reader = PdfReader(path)
    return {
        name.lstrip("/"): reader.get_destination_page_number(place) + 1
        for name, place in reader.named_destinations.items()
    }


if __name__ == "__main__":
    main(sys.argv[1:])
