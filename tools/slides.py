"""Make a deck of slides for each chapter named, and an index of all: make slides.

A deck is _build/slides/NAME.html. It needs the files beside it, and nothing from the web. Its parts
come from the built page; which, and in what order, the notebook's cells say (tools/deck.py).
"""

import re
import shutil
import sys
from html import escape
from pathlib import Path

import nbformat
from bs4 import Tag
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

import deck
import mend_pages
import pieces

SLIDES = pieces.ROOT / "_build/slides"
ASSETS = pieces.ROOT / "slides_and_print"
WIDE = 2.2  # width by height of a picture that stands above the words, not beside them
# Not myst.parser(), whose formulas and roles wait for Sphinx: slides hold lines of plain Markdown,
# and MathJax finds their formulas by \( and \).
MARKDOWN = (
    MarkdownIt("commonmark", {"typographer": True})
    .enable("smartquotes")
    .use(
        dollarmath_plugin,
        renderer=lambda tex, _: f"\\({escape(tex)}\\)",
    )
)
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
</head>
<body class="no-math">
{body}
</body>
</html>
"""
DECK_HEAD = f"""<link rel="stylesheet" href="_static/reveal/reveal.css">
<link rel="stylesheet" href="_static/pygments.css">
<link rel="stylesheet" href="_static/pieces.css">
<link rel="stylesheet" href="_static/slides.css">
{pieces.MATHJAX_SETTINGS}
<script defer src="_static/mathjax/tex-chtml.js"></script>
<script defer src="_static/reveal/reveal.js"></script>
<script defer src="_static/reveal/notes.js"></script>
<script defer src="_static/slides.js"></script>"""
SLIDE = """<section class="{kind}" data-timing="{seconds}">
<{level}>{title}</{level}>
<div class="parts">
{parts}
</div>
<p class="licence">{licence}</p>
<aside class="notes">{notes}</aside>
</section>"""
KEYS = (
    "Arrows turn the pages; s opens the notes with the time, f fills the screen, o shows all slides"
)


def main(paths: list[str]) -> None:
    """Make the decks, and say where they are."""
    SLIDES.mkdir(parents=True, exist_ok=True)
    copy_static()
    for name in pieces.chapter_names(paths):
        print(make(name))
    (SLIDES / "index.html").write_text(index(), "utf-8")
    print(f"Open {(SLIDES / 'index.html').as_uri()}. {KEYS}.")


def copy_static() -> None:
    """What all decks need: reveal.js, MathJax, style sheets."""
    static = SLIDES / "_static"
    static.mkdir(exist_ok=True)
    shutil.copytree(ASSETS / "reveal", static / "reveal", dirs_exist_ok=True)
    for name in ("pieces.css", "slides.css", "slides.js"):
        shutil.copy(ASSETS / name, static)
    shutil.copy(pieces.HTML / "_static/pygments.css", static)
    pieces.copy_mathjax(static / "mathjax")


def make(name: str) -> str:
    """Make one deck; return where it is and what it holds."""
    path = pieces.ROOT / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    try:
        page = deck.Page(name, notebook)
        slides = deck.slides_of(notebook)
        if not slides:
            raise deck.SlideError("no cell has slides in its metadata")
        body = sections(page, slides)
    except deck.SlideError as fault:
        sys.exit(f"{path.relative_to(pieces.ROOT)}: {fault}")
    title = escape(f"{page.heading} – {pieces.about()['title']}")
    holds = f"{len(slides)} slides, {sum(each.minutes for each in slides)} minutes"
    description = f'<meta name="description" content="{escape(page.heading)}: {holds}">'
    body = f'<div class="reveal"><div class="slides">\n{body}\n</div></div>'
    target = SLIDES / f"{path.stem}.html"
    head = f"{description}\n{DECK_HEAD}"
    target.write_text(PAGE.format(title=title, head=head, body=body), "utf-8")
    return f"{target.relative_to(pieces.ROOT)}: {holds}"


def sections(page: deck.Page, slides: list[deck.Slide]) -> str:
    """All slides of a deck; their pictures are copied beside it."""
    made, minute = [], 0
    for number, slide in enumerate(slides):
        groups = [page.find(name, slide.cell) for name in slide.show]
        shown = [fit(element) for group in groups for element in group]
        for element in shown:
            copy_pictures(element)
        made.append(section(slide, shown, page.heading, first=not number, minute=minute))
        minute += slide.minutes
    return "\n".join(made)


def copy_pictures(element: Tag) -> None:
    """Copy what an element shows, and let it name the copies."""
    (SLIDES / "_images").mkdir(exist_ok=True)
    for name in pieces.pictures(element):
        shutil.copy(pieces.HTML / "_images" / name, SLIDES / "_images")
    for each in element.select("img[src]"):
        if not each["src"].startswith("data:"):
            each["src"] = f"_images/{Path(each['src']).name}"


def fit(element: Tag) -> Tag:
    """What a slide changes: an answer is a step; a section would be a slide."""
    for each in element.select("section"):
        each.name = "div"
    for answer in element.select(".dropdown.admonition"):
        answer["class"] = ["answer", "fragment"]
    if "exercise" in element.get("class", []):
        for each in element.select(".dropdown"):  # hints
            each.decompose()
    for each in [element, *element.select("[id]")]:
        if each.name != "input" and each.get("id"):
            del each["id"]
    return element


def section(slide: deck.Slide, shown: list[Tag], chapter: str, *, first: bool, minute: int) -> str:
    """One slide: pictures on the left, words beside them."""
    pictures = [each for each in shown if each.name == "figure"]
    words = words_of(slide, [each for each in shown if each.name != "figure"])
    parts = [f'<div class="pictures">{"".join(map(str, pictures))}</div>'] if pictures else []
    parts += [f'<div class="words">{words}</div>'] if words else []
    about = pieces.about()
    said = f"{about['title']} · {chapter} · {about['author']} · {about['licence']}"
    told = f"<p>{slide.minutes} min, from minute {minute}.</p>{MARKDOWN.render(slide.notes)}"
    return SLIDE.format(
        kind=kind_of(pictures, bool(words)),
        seconds=60 * slide.minutes,
        level="h1" if first else "h2",
        title=markdown(slide.title),
        parts="\n".join(parts),
        licence=escape(said),
        notes=told,
    )


def kind_of(pictures: list[Tag], has_words: bool) -> str:
    """How a slide's parts stand: beside each other (pair), or below."""
    if not pictures or not has_words:
        return "single"
    shapes = [shape(name) for each in pictures for name in pieces.pictures(each)]
    return "wide" if shapes and max(shapes) > WIDE else "pair"


def shape(picture: str) -> float:
    """Width by height of a picture of the pages; 1 if it does not say."""
    text = (pieces.HTML / "_images" / picture).read_bytes()[:2000].decode("utf-8", "replace")
    box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', text)
    return float(box[1]) / float(box[2]) if box else 1.0


def words_of(slide: deck.Slide, shown: list[Tag]) -> str:
    """Statements first, then the points, then what belongs to them: formulas, code, results."""
    points = "\n".join(f"<li>{markdown(each)}</li>" for each in slide.points)
    points = f'<ul class="points">\n{points}\n</ul>' if points else ""
    boxes = [str(each) for each in shown if "admonition" in each.get("class", [])]
    rest = [str(each) for each in shown if "admonition" not in each.get("class", [])]
    return "".join([*boxes, points, *rest])


def markdown(text: str) -> str:
    """One line of Markdown with formulas, each kept together with the comma after it."""
    return mend_pages.LOOSE.sub(mend_pages.whole, MARKDOWN.renderInline(text))


def index() -> str:
    """A page with links to the decks that are there."""
    about = pieces.about()
    items = []
    for path in sorted(SLIDES.glob("[0-9]*.html")):
        head = pieces.soup(path.read_text("utf-8").partition("<body")[0])
        description = head.select_one('meta[name="description"]')["content"]
        heading, _, holds = map(escape, description.rpartition(": "))
        items.append(f'<li><a href="{path.name}">{heading}</a>: {holds}</li>')
    body = (
        f"<main><h1>{escape(about['title'])}: slides</h1>\n<ol>\n" + "\n".join(items) + "\n</ol>\n"
        f"<p>{KEYS}. The sliders move on the slides, too. Add <code>?print-pdf</code> to a deck's "
        f"address to print it.</p>\n<p>{escape(about['author'])}. {escape(about['line'])}</p>\n"
        "</main>"
    )
    head = '<link rel="stylesheet" href="_static/slides.css">'
    return PAGE.format(title=escape(f"Slides – {about['title']}"), head=head, body=body)


if __name__ == "__main__":
    main(sys.argv[1:])
