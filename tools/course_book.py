"""The pages of some chapters, as a book that lacks the others (for tools/course.py).

A chapter that is left out keeps its place with a title, so that the numbers are those of the whole
book; what refers to it is plain text.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml

from book_config import settings
from myst import named, with_roles
from plain_markdown import LINK, REFERENCES, Names, on_page, page_at

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("assets", "benchmarks", "images", "mine_lib", "tools")
FILES = (
    "references.bib",
    "CHANGELOG.md",
    "CITATION.cff",
    "pyproject.toml",
    "LICENSE",
    "LICENSE-text",
)
BACK = ("appendix/glossary", "appendix/notation", "appendix/references", "appendix/cite")
OUT = "This chapter is not part of this course. It keeps its number, and so do all others."
REFERENCE = re.compile(r"^ +api: tools\n", re.MULTILINE)  # links to a page that is left out
INTRO = "intro"


def pages_at_hand(paths: list[Path]) -> set[str]:
    """The pages of a book of these chapters, all but those that stand for others."""
    return {f"chapters/{path.stem}" for path in paths} | {*BACK}


def without_missing(text: str, page: str, names: Names) -> str:
    """MyST in which references to pages that are not at hand are plain text."""

    def said(role: str, content: str) -> str:
        label = named(content)[1]
        if role in REFERENCES and names.name(label) and not names.here(label):
            return names.reference(content)
        if role == "doc" and page_at(label, page) not in names.at_hand:
            return names.page(*named(content), page)
        return f"{{{role}}}`{content}`"

    def link(found: re.Match) -> str:
        words, target = found.groups()
        if target.startswith("#") or page_at(target, page) in names.at_hand:
            return found[0]
        return names.page(words, target, page)

    return LINK.sub(link, with_roles(text, said))


def copy_chapter(path: Path, target: Path, names: Names) -> None:
    """Copy a notebook, with its references in text and captions."""
    page = f"chapters/{path.stem}"
    notebook = nbformat.read(path, as_version=4)
    with on_page(f"{page}.ipynb"):
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = without_missing(cell.source, page, names)
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            if "caption" in figure:
                figure["caption"] = without_missing(figure["caption"], page, names)
    nbformat.write(notebook, target)


def write_sources(paths: list[Path], folder: Path, names: Names) -> None:
    """Write what the smaller book is built from."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    for name in ("chapters", "appendix"):
        (folder / name).mkdir()
    taken = {path.stem for path in paths}
    for path in sorted(ROOT.glob("chapters/[0-9]*.ipynb")):
        if path.stem in taken:
            copy_chapter(path, folder / "chapters" / path.name, names)
        else:
            title = names.pages[f"chapters/{path.stem}"]["title"]
            (folder / f"chapters/{path.stem}.md").write_text(f"# {title}\n\n{OUT}\n", "utf-8")
    for page in BACK:
        text = (ROOT / f"{page}.md").read_text("utf-8")
        with on_page(f"{page}.md"):
            (folder / f"{page}.md").write_text(without_missing(text, page, names), "utf-8")
    config = (ROOT / "_config.yml").read_text("utf-8")
    (folder / "_config.yml").write_text(REFERENCE.sub("", config), "utf-8")
    (folder / "_toc.yml").write_text(contents(), "utf-8")
    (folder / f"{INTRO}.md").write_text(intro(paths, names), "utf-8")


def contents() -> str:
    """The table of contents without what is left out at the back."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    for part in toc["parts"]:
        part["chapters"] = [
            each
            for each in part["chapters"]
            if each["file"].startswith("chapters/") or each["file"] in BACK
        ]
    return yaml.safe_dump(toc, sort_keys=False)


def intro(paths: list[Path], names: Names) -> str:
    """The first page."""
    config = settings()
    lines = [f"- {{doc}}`chapters/{path.stem}`" for path in paths]
    purpose = f"Chapters of the book of this name by {config['author']}, for a course:"
    return "\n".join([f"# {config['title']}", "", purpose, "", *lines, ""])


def build(paths: list[Path], target: Path, names: Names) -> Path:
    """Build the pages, strictly; return where they are, or end with what is wrong."""
    folder = target / "book"
    names = Names(names.pages, names.labels, names.sources, pages_at_hand(paths))
    write_sources(paths, folder, names)
    call = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", call, "build", "--all", "-W", "-n", "--keep-going", "."]
    variables = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, encoding="utf-8")
    if done.returncode:
        log = f"{done.stdout}\n{done.stderr}"
        faults = [line for line in log.splitlines() if re.search("WARNING|ERROR", line)]
        sys.exit("\n".join(faults or log.splitlines()[-30:]))
    pages = target / "html"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.move(folder / "_build/html", pages)
    shutil.rmtree(folder)
    return pages
