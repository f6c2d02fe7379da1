"""Make a course of the book's chapters: course.py [CHAPTER ...], such as course.py 1 3 5.

`_build/course/` gets a folder and a zip for students, without solutions and outputs, and one with
both. Each runs as it is: notebooks, package, checks, and the files that cells read. Of some
chapters, it also gets the pages.
"""

import json
import re
import shutil
import sys
import zipfile
from os.path import relpath
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from book_config import address, settings
from course_book import build
from doors import version
from handouts import FULL, STUDENT, Edition, first_cells, handout
from pinned import requirements
from plain_markdown import Names, Unplain, on_page

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "_build/course"
README = Path(__file__).with_name("course") / "README.md"
COPIED = ("LICENSE", "LICENSE-text", "CITATION.cff", "pyproject.toml", "constraints.txt")
PACKAGES = ("mine_lib", "mine_checks")
BESIDE = re.compile(r"\.\./([\w./-]+\.\w+)")  # a file that a cell reads or shows
NO_DATE = (1980, 1, 1, 0, 0, 0)  # of a file in a zip: the same course makes the same zip


def chosen(words: list[str]) -> list[Path]:
    """The notebooks of chapters by number, all without words; others are refused."""
    found = {int(path.name[:2]): path for path in sorted(ROOT.glob("chapters/[0-9]*.ipynb"))}
    numbers = re.split(r"[,\s]+", ",".join(words).strip(", ")) if words else []
    known = ",".join(map(str, found))
    for each in numbers:
        if not each.isdecimal() or int(each) not in found:
            sys.exit(f"There is no chapter {each}; say some of CHAPTERS={known}")
    return [found[number] for number in sorted({int(each) for each in numbers} or found)]


def page_of(path: Path) -> str:
    """What the book calls a notebook's page."""
    return path.relative_to(ROOT).with_suffix("").as_posix()


def names_of(paths: list[Path]) -> Names:
    """What the built book calls its labels."""
    labels = ROOT / "_build/labels.json"
    if not labels.exists():
        sys.exit("The numbers of theorems and figures come from the pages: run 'make book' first")
    tables = json.loads(labels.read_text("utf-8"))
    return Names(**tables, at_hand={page_of(path) for path in paths})


def about(path: Path, edition: Edition, names: Names) -> str:
    """The first cell: where a notebook comes from, and what one may do with it."""
    config, page = settings(), names.pages[page_of(path)]
    source = f", {address()}" if address() else ""
    kind = "with solutions" if edition.solutions else "without solutions"
    return (
        f"From *{config['title']}*, chapter {page['number']}, {page['title']}, by "
        f"{config['author']}{source}. Version {version()}, {kind}; changed from the book: "
        "references are plain text.\n\n"
        "Text and figures: [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). Code: MIT."
    )


def made(path: Path, edition: Edition, names: Names) -> NotebookNode:
    """A chapter as one edition holds it."""
    with on_page(path.relative_to(ROOT).as_posix()):
        notebook = handout(nbformat.read(path, as_version=4), page_of(path), edition, names)
    first = first_cells(about(path, edition, names), edition, address())
    notebook.cells = [*first, *notebook.cells]
    nbformat.validate(notebook)
    return notebook


def readme(paths: list[Path], edition: Edition, names: Names) -> str:
    """How to run the notebooks, and what they are."""
    pages = {path.stem: names.pages[page_of(path)] for path in paths}
    chapters = [f"- `{stem}.ipynb`: {page['title']}" for stem, page in pages.items()]
    config = settings()
    return README.read_text("utf-8").format(
        title=config["title"],
        author=config["author"],
        source=f" ({address()})" if address() else "",
        kind="with solutions and outputs" if edition.solutions else "without solutions",
        chapters="\n".join(chapters),
        first=f"{paths[0].stem}.ipynb",
        zip=f"{edition.folder}.zip",
    )


def beside(texts: list[str]) -> set[str]:
    """Files of the book that texts name, from a folder such as chapters."""
    named = {each for text in texts for each in BESIDE.findall(text)}
    return {each for each in named if (ROOT / each).is_file() and not each.endswith(".md")}


def write_version(folder: Path) -> None:
    """Let importlib.metadata find the package's version, which studies store, without pip."""
    home = folder / f"mine_lib-{version()}.dist-info"
    home.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: mine-lib\nVersion: {version()}\n"
    (home / "METADATA").write_text(metadata, "utf-8")


def write_folder(paths: list[Path], edition: Edition, names: Names, target: Path) -> Path:
    """Write an edition's folder anew."""
    folder = target / edition.name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "chapters").mkdir(parents=True)
    texts = [path.read_text("utf-8") for path in ROOT.glob("mine_lib/**/*.py")]
    for path in paths:
        notebook = made(path, edition, names)
        nbformat.write(notebook, folder / "chapters" / path.name)
        texts += [cell.source for cell in notebook.cells]
    for package in PACKAGES:
        without = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=without)
    for each in [*COPIED, *sorted(beside(texts))]:
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / each, folder / each)
    write_version(folder)
    (folder / "requirements.txt").write_text(requirements(paths), "utf-8")
    (folder / "README.md").write_text(readme(paths, edition, names), "utf-8")
    return folder


def write_zip(folder: Path, edition: Edition) -> Path:
    """Pack a folder."""
    target = folder.with_name(f"{edition.folder}.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            name = f"{edition.folder}/{path.relative_to(folder).as_posix()}"
            entry = zipfile.ZipInfo(name, NO_DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target


def hand_out(paths: list[Path], target: Path) -> None:
    """Make both editions and say where they are."""
    names = names_of(paths)
    for edition in (STUDENT, FULL):
        folder = write_folder(paths, edition, names, target)
        packed = write_zip(folder, edition)
        kind = "solutions and outputs" if edition.solutions else "no solutions"
        size = packed.stat().st_size / 1e6
        count = f"{len(paths)} notebook{'s' * (len(paths) > 1)}"
        print(f"{relpath(folder)}: {count}, {kind}; {packed.name}, {size:.1f} MB", flush=True)


def main(words: list[str]) -> None:
    """Make a course; of some chapters, also the pages."""
    paths = chosen(words)
    shutil.rmtree(TARGET / "html", ignore_errors=True)
    try:
        hand_out(paths, TARGET)
        pages = build(paths, TARGET, names_of(paths)) if paths != chosen([]) else None
    except Unplain as fault:
        sys.exit(str(fault))
    if pages:
        print(f"{relpath(pages)}: their pages. Open {(pages / 'index.html').as_uri()}")


if __name__ == "__main__":
    main(sys.argv[1:])
