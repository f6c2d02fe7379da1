"""Pieces of the built pages, for slides and for print: one page, its parts, and what it needs.

The pages hold everything as readers see it: formulas numbered, references resolved, pictures drawn.
"""

import re
import shutil
import sys
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from sphinx_external_toc.parsing import parse_toc_yaml

import doors
from book_config import settings

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build/html"
MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions")
# Only elements of the class "math" are formulas, as on the pages; sizes do not follow the font
# around a formula, which cannot be measured on a slide that is not shown yet.
MATHJAX_SETTINGS = """<script>window.MathJax = {
  options: {ignoreHtmlClass: "no-math", processHtmlClass: "math", enableMenu: false},
  chtml: {matchFontHeight: false},
};</script>"""


def soup(html: str) -> BeautifulSoup:
    """HTML as a tree."""
    return BeautifulSoup(html, "html.parser")


def page(name: str) -> BeautifulSoup:
    """A built page, such as chapters/03_mine; SystemExit, in one line, if it is not built."""
    path = HTML / f"{name}.html"
    if not path.exists():
        sys.exit(f"{path.relative_to(ROOT)} is missing: run make book")
    return soup(path.read_text("utf-8"))


def article(name: str) -> Tag:
    """What a page says, without what surrounds it; each call gives a copy of its own."""
    found = page(name).select_one("article.bd-article")
    return found.extract()


def names() -> list[str]:
    """All pages, in the order of the table of contents."""
    return [str(Path(each).with_suffix("")) for each in parse_toc_yaml(ROOT / "_toc.yml")]


@cache
def about() -> dict[str, str]:
    """Title and authors of the book, the text's licence, and a line with all licences and version.

    The line is the pages' footer without what only links say.
    """
    told = settings()
    line = f"{soup(doors.LICENCES).get_text()} {doors.edition()}"
    return {key: told[key] for key in ("title", "author")} | {
        "licence": doors.LICENCE,
        "line": line,
    }


def heading(element: Tag) -> str:
    """The title of a page, with its number, in plain characters."""
    title = element.select_one("h1")
    link = title.select_one(".headerlink")
    said = title.get_text()
    return " ".join((said.removesuffix(link.get_text()) if link else said).split())


def tidy(element: Tag) -> Tag:
    """Drop what only a page in a browser can use: link signs, chevrons, tooltips, roles' boxes."""
    for each in element.select(".headerlink, .sd-summary-state-marker, svg.sd-octicon"):
        each.decompose()
    for each in element.select("[title]"):
        del each["title"]
    for each in element.select("summary[aria-label]"):
        del each["aria-label"]
    return element


def unlink(element: Tag) -> Tag:
    """Links become their text."""
    for link in element.select("a"):
        link.unwrap()
    return element


def open_folds(element: Tag) -> Tag:
    """Folded proofs and optional sections are shown; their handle becomes a heading."""
    for fold in element.select("details:not(.hide)"):
        handle = fold.find("summary", recursive=False)
        if handle and handle.get_text(strip=True) == "Show this section":
            handle.decompose()
        elif handle:
            handle.name = "p"
            handle["class"] = ["fold-title"]
        fold.name = "div"
        fold["class"] = ["unfolded"]
    return element


def still(element: Tag) -> Tag:
    """A slider becomes the picture that it shows first, with the value it stands at."""
    for frames in element.select("figure.frames"):
        label, value = frames.select_one("label"), frames.select_one(".value")
        said = soup(f'<p class="frame">{label.get_text()}: {value.get_text()}</p>')
        label.parent.replace_with(said)
        frames.name = "div"
        for script in frames.select("script"):
            script.decompose()
    return element


def pictures(element: Tag) -> list[str]:
    """The files in _images that an element shows."""
    return [
        Path(each["src"]).name
        for each in element.select("img[src]")
        if not each["src"].startswith("data:")
    ]


def copy_mathjax(target: Path) -> None:
    """The files of MathJax that a page loads, from those of the book."""
    source = HTML / "_static/mathjax"
    for name in MATHJAX:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copy(source / name, target / name)


def chapter_names(paths: list[str]) -> list[str]:
    """Pages of notebooks, such as chapters/03_mine of chapters/03_mine.ipynb; chapters only."""
    stems = [Path(each).with_suffix("").as_posix() for each in paths]
    return [each for each in stems if re.match(r"chapters/\d", each)]
