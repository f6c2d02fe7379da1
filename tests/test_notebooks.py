"""The chapters as text: size, metadata, length, style, and numbers that cannot go stale.

MyST's own parser splits Markdown into words, formulas, display formulas and inline code. Prose is
all of it: text, headings, tables, titles and bodies of directives, and the captions and alt texts
in the cells' metadata. Code blocks, comments, HTML, labels, directive options, link targets and
roles such as {cite} or {ref} are not prose.
"""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from symtable import SymbolTable, symtable
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from markdown_it.token import Token
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import held
import myst
import readme_picture
from comparison import lines, lines_of
from mend_pages import mend_pages
from stored import how_to_mend, unfinished

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))
NOTEBOOKS = [*CHAPTERS, *sorted((ROOT / "appendix").glob("*.ipynb"))]
README_PICTURES = sorted((ROOT / "images").glob("fig-*.svg"))
OTHER_PAGES = [ROOT / "intro.md", *sorted((ROOT / "appendix").glob("*.md"))]
MYST = myst.parser()

KINDS = {
    "text": "words",
    "code_inline": "code",
    "math_inline": "formula",
    "math_block": "display",
    "math_block_label": "display",
    "amsmath": "display",
}
NO_PROSE = {"api", "code", "code-block", "raw", "include", "literalinclude", "bibliography"}
NAMES_A_FILE = {"figure", "image"}
OPTIONS = re.compile(r"\A(?:---\n(?s:.*?)\n---\n|(?: *:[\w-]+:.*\n?)+)")

VERDICT = re.compile(r"(?<!\w)(?:True|False|\[\])\.?$")
# A $ that is left over belongs to a formula that MyST does not read as one.
BANNED = re.compile(r"\b(?:simply|obviously|clearly)\b|!|\$", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
# In a formula a letter may follow at once, as in 0.5x. 1.2.3 and v1.2 are versions.
DECIMAL = re.compile(r"(?<![\d.])(?<!\bv)(?:\d+\.\d+|(?<!\w)\.\d+)(?:e[-+]?\d+)?(?!\.?\d)")
# Decimals that are names: places in other texts, web addresses, pinned versions, lengths in LaTeX.
NAMES = {
    "words": re.compile(
        r"(?:https?://|doi:|arxiv[ :])\S+"
        r"|\b(?:section|sec\.|chapter|appendix|figure|fig\.|table|theorem|lemma|proposition"
        r"|corollary|definition|example|exercise|algorithm|equation|eq\.)s? \(?\d+(?:\.\d+)+"
        r"|§ ?\d+(?:\.\d+)+",
        re.IGNORECASE,
    ),
    "code": re.compile(r"^(?:Python \d|v\d|[\w.-]+(?:==|>=|~=)\d)[\w.]*$"),
    "formula": re.compile(r"\\(?:label|tag|ref|eqref)\{.*?\}|-?[\d.]+(?:em|ex|pt)\b"),
}
NAMES["display"] = NAMES["formula"]
TIMES_TEN = re.compile(r"\s*\\(?:times|cdot)\s*10\^(?:\{(-?\d+)\}|(\d))")


@lru_cache
def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def chapter(request: pytest.FixtureRequest) -> NotebookNode:
    return read(request.param)


def code_cells(chapter: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in chapter.cells if cell.cell_type == "code"]


def place(number: int, cell: NotebookNode) -> str:
    """Name a cell: its position, counted from 1, is not enough to find it in JupyterLab."""
    return f"cell {number} ({cell.source.strip()[:40]!r})"


# Prose


def pieces(markdown: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text of the pieces of prose in Markdown."""
    for token in MYST.parse(markdown):
        for part in token.children or [token]:
            yield from pieces_of(part)


def pieces_of(token: Token) -> Iterator[tuple[str, str]]:
    if token.type in KINDS:
        yield KINDS[token.type], token.content
    elif token.type == "myst_role" and token.meta["name"] == "math":
        yield "formula", token.content
    elif token.type == "image":
        yield "words", token.content
    elif token.type in ("fence", "colon_fence") and token.info.startswith("{"):
        yield from pieces_of_directive(token)


def pieces_of_directive(token: Token) -> Iterator[tuple[str, str]]:
    name, _, title = token.info[1:].partition("}")
    body = OPTIONS.sub("", token.content)
    if name == "math":
        yield "display", body
    elif name not in NO_PROSE:
        yield from pieces("" if name in NAMES_A_FILE else title)
        yield from pieces(body)


def prose(chapter: NotebookNode) -> Iterator[tuple[str, str, str]]:
    """Yield place, kind and text of every piece of prose, captions and alt texts too."""
    for number, cell in enumerate(chapter.cells, start=1):
        mystnb = cell.metadata.get("mystnb", {})
        caption = mystnb.get("figure", {}).get("caption", "")
        for kind, text in pieces(cell.source if cell.cell_type == "markdown" else caption):
            yield place(number, cell), kind, text
        yield place(number, cell), "words", mystnb.get("image", {}).get("alt", "")


def words(chapter: NotebookNode) -> int:
    """Count what is read: in Markdown cells, pieces between spaces that hold a letter or a digit.

    A formula or a piece of code within a line counts as one word; display formulas, code blocks,
    the fences and options of a directive do not count, but its title and body do. The section of
    exercises does not count at all.
    """
    count = 0
    for markdown in without_exercises(chapter):
        for kind, text in pieces(markdown):
            in_text = len(re.findall(r"\S*\w\S*", text))
            count += {"words": in_text, "display": 0}.get(kind, 1)
    return count


def without_exercises(chapter: NotebookNode) -> Iterator[str]:
    """Yield the Markdown of a chapter, from cell to cell, less the section of exercises."""
    inside = False
    for cell in (cell for cell in chapter.cells if cell.cell_type == "markdown"):
        for section in re.split(r"(?m)^(?=## )", cell.source):
            if section.startswith("## "):
                inside = section.splitlines()[0] == "## Exercises"
            if not inside:
                yield section


# Numbers


def decimals(kind: str, text: str) -> list[str]:
    """Find the decimals in a piece of prose, without a sign: 1-0.51 and -0.51 look alike."""
    plain = TIMES_TEN.sub(r"e\1\2", text.replace("{,}", "").replace("\N{MINUS SIGN}", "-"))
    return DECIMAL.findall(NAMES[kind].sub("", plain))


def numbers(text: str) -> set[Decimal]:
    return {Decimal(found) for found in NUMBER.findall(text)}


def in_code(chapter: NotebookNode) -> set[Decimal]:
    return set().union(*(numbers(cell.source) for cell in code_cells(chapter)))


def in_outputs(chapter: NotebookNode) -> set[Decimal]:
    """Numbers a reader sees in outputs; of HTML the tables, since the rest is layout."""
    found = set()
    for output in (output for cell in code_cells(chapter) for output in cell.outputs):
        texts = {"text/plain": output.get("text", ""), **output.get("data", {})}
        for mime, text in texts.items():
            if mime.startswith("text/") and mime != "text/html":
                found |= numbers(text)
        for row in lines("text/html", texts.get("text/html", "")):
            found |= numbers(row.text)
    return found


def is_rounded(shown: str, numbers: set[Decimal]) -> bool:
    """Whether one of numbers gives shown, rounded to as many decimals; a tie may go either way."""
    half = Decimal((0, (5,), Decimal(shown).as_tuple().exponent - 1))
    return any(abs(number - Decimal(shown)) <= half for number in numbers)


def stale(chapter: NotebookNode) -> list[str]:
    """Name the decimals in prose that neither code nor outputs of the chapter hold."""
    code, outputs = in_code(chapter), in_outputs(chapter)
    return [
        f"{where}: {shown}"
        for where, kind, text in prose(chapter)
        for shown in decimals(kind, text)
        if Decimal(shown) not in code and not is_rounded(shown, outputs)
    ]


# Pictures


def pictures(cell: NotebookNode) -> list[str]:
    return [
        mime for out in cell.get("outputs", []) for mime in out.get("data", {}) if "image/" in mime
    ]


def faults_of_figure(cell: NotebookNode) -> list[str]:
    mystnb = cell.metadata.get("mystnb", {})
    figure = mystnb.get("figure", {})
    faults = [f"no figure.{key}" for key in ("caption", "name") if not figure.get(key, "").strip()]
    if len(mystnb.get("image", {}).get("alt", "").strip()) < 20:
        faults.append("image.alt says too little (20 characters at least)")
    return faults


def html_outputs(cell: NotebookNode) -> list[str]:
    return [out.get("data", {}).get("text/html", "") for out in cell.get("outputs", [])]


class AltTexts(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append((dict(attrs).get("alt") or "").strip())


# The chapters


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_small(path: Path) -> None:
    assert path.stat().st_size <= 1_500_000, (
        f"larger than 1.5 MB: JupyterLab stores widgets as well; {how_to_mend(path)}"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_run_and_stores_no_error(path: Path) -> None:
    refuse(unfinished(read(path)), how_to_mend(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cell_ids_differ(path: Path) -> None:
    """Read as JSON, since nbformat mends ids as it reads."""
    assert not repeated(cell["id"] for cell in json.loads(path.read_text("utf-8"))["cells"])


def repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def test_figures_have_alt_text_caption_and_name(chapter: NotebookNode) -> None:
    faults = {
        place(number, cell): faults_of_figure(cell)
        for number, cell in enumerate(chapter.cells, start=1)
        if pictures(cell)
    }
    assert not {where: found for where, found in faults.items() if found}


def test_figure_names_differ_across_chapters() -> None:
    cells = [cell for path in NOTEBOOKS for cell in read(path).cells]
    names = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells]
    assert not repeated(name for name in names if name)


def test_sliders_have_alt_texts(chapter: NotebookNode) -> None:
    for number, cell in enumerate(chapter.cells, start=1):
        for html in html_outputs(cell):
            if 'class="frames"' in html:
                alts = AltTexts(html).found
                assert alts, f"{place(number, cell)}: a slider without <img>"
                assert all(alts), f"{place(number, cell)}: an <img> without alt"


def test_what_the_page_folds_is_folded_in_jupyterlab(chapter: NotebookNode) -> None:
    for number, cell in enumerate(chapter.cells, start=1):
        in_lab = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert not is_folded(cell) or in_lab, (
            f"{place(number, cell)}: add jupyter: {{source_hidden: true}}"
        )


def test_cells_are_short(chapter: NotebookNode) -> None:
    """The folded ones may be longer than those that are read."""
    lines = {
        place(number, cell): (sum(bool(line.strip()) for line in cell.source.splitlines()), cell)
        for number, cell in enumerate(chapter.cells, start=1)
        if cell.cell_type == "code"
    }
    assert not {where: count for where, (count, _) in lines.items() if count > 30}
    read_first = [count for count, cell in lines.values() if not is_folded(cell)] or [0]
    assert np.median(read_first) <= 5
    assert np.percentile(read_first, 90) <= 15


def test_folds_that_look_alike_are_one(chapter: NotebookNode) -> None:
    """Two cells that only check, or only draw, in a row."""
    alike = [
        place(number, cell)
        for number, (before, cell) in enumerate(pairwise(chapter.cells), start=2)
        if is_folded(cell) and is_folded(before) and not before.outputs
        if prompt(cell) == prompt(before)
    ]
    assert not alike, "merge each with the cell before it"


def is_folded(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and "hide-input" in cell.metadata.get("tags", [])


def prompt(cell: NotebookNode) -> str:
    return cell.metadata.get("mystnb", {}).get("code_prompt_show", "")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_held_numbers_are_measured_and_keep_their_sentences_true(path: Path) -> None:
    recorded = held.read_record(ROOT / held.RECORD).get(path.stem, {})
    why = f"'make spread CHAPTER={path.stem[:2]}' measures tolerances; see tools/held.py"
    refuse(held.faults(read(path), recorded), why)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_prints_numbers_not_verdicts(path: Path) -> None:
    refuse(verdicts(read(path)), "print the number or the count that was judged")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_checks_are_folded_and_speak(path: Path) -> None:
    chapter = read(path)
    faults = [
        f"{place(number, cell)}: {fault}"
        for number, cell in outside_exercises(chapter)
        for fault in faults_of_check(cell, chapter.cells[number:])
    ]
    refuse(faults, "a check has a cell of its own; CONTRIBUTING.md shows its metadata")


def outside_exercises(chapter: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Yield number and code cell of those not between an exercise's start and a solution's end."""
    inside = False
    for number, cell in enumerate(chapter.cells, start=1):
        marks = re.findall(r"\{(exercise-start|solution-start|solution-end)\}", cell.source)
        if cell.cell_type == "markdown" and marks:
            inside = marks[-1] != "solution-end"
        if cell.cell_type == "code" and not inside:
            yield number, cell


def test_what_only_draws_makes_nothing_that_is_computed_with(chapter: NotebookNode) -> None:
    """The digest of held numbers leaves these cells out."""
    why = f"what others need is made under another prompt than {held.DRAWING!r}"
    refuse(made_by_drawing(chapter), why)


def made_by_drawing(chapter: NotebookNode) -> list[str]:
    return [
        f"{place(number, cell)}: {', '.join(used)}"
        for number, cell in enumerate(chapter.cells, start=1)
        if is_drawing(cell) and (used := sorted(used_later(cell, computing(chapter, number))))
    ]


def is_drawing(cell: NotebookNode) -> bool:
    return prompt(cell) == held.DRAWING


def computing(chapter: NotebookNode, number: int) -> list[NotebookNode]:
    """The later cells of code that do not show a picture."""
    later = chapter.cells[number:]
    return [each for each in later if not is_drawing(each) and not shows_a_picture(each)]


def shows_a_picture(cell: NotebookNode) -> bool:
    return bool(pictures(cell)) or any('class="frames' in html for html in html_outputs(cell))


def verdicts(chapter: NotebookNode) -> list[str]:
    """Find printed lines that are or end in True, False or []."""
    return [
        f"{place(number, cell)}: {line.text!r}"
        for number, cell in outside_exercises(chapter)
        for line in lines_of(cell.outputs)
        if VERDICT.search(line.text)
    ]


def faults_of_check(cell: NotebookNode, later: list[NotebookNode]) -> list[str]:
    """Say what is wrong with a cell that checks, given the cells after it."""
    asserts = [node for node in ast.walk(ast.parse(python(cell))) if isinstance(node, ast.Assert)]
    if not asserts and not held.is_check(cell):
        return []
    faults = [
        f"'assert {ast.unparse(node.test)}' has no message: say what was found, and where"
        for node in asserts
        if node.msg is None
    ]
    mystnb = cell.metadata.get("mystnb", {})
    if not held.is_check(cell) or not mystnb.get("code_prompt_hide"):
        faults.append(f"wants mystnb: code_prompt_show {held.CHECK!r}, and a code_prompt_hide")
    if "hide-input" not in cell.metadata.get("tags", []):
        faults.append("wants the tag hide-input")
    if not asserts:
        faults.append(f"says {held.CHECK!r} and asserts nothing")
    if cell.outputs:
        faults.append("checks and shows something: show it in another cell")
    if used := sorted(used_later(cell, later)):
        faults.append(f"checks and makes what later cells use: {', '.join(used)}")
    return faults


def used_later(cell: NotebookNode, later: list[NotebookNode]) -> set[str]:
    """The names that a cell makes and a later one uses before another makes them anew."""
    used, left = set(), made(cell)
    for each in (each for each in later if not held.is_check(each)):
        used |= left & needed(each)
        left -= made(each)
    return used


def python(cell: NotebookNode) -> str:
    """The Python in a cell: no Markdown, no magic commands."""
    return re.sub(r"(?m)^\s*[%!].*$", "", cell.source) if cell.cell_type == "code" else ""


def made(cell: NotebookNode) -> set[str]:
    """The names that a cell leaves behind."""
    symbols = symtable(python(cell), "cell", "exec").get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned()}


def needed(cell: NotebookNode) -> set[str]:
    """The names that a cell reads and does not make."""
    return read_in(symtable(python(cell), "cell", "exec")) - made(cell)


def read_in(table: SymbolTable) -> set[str]:
    """The global names that a block reads, or a block within it."""
    is_top = table.get_type() == "module"
    symbols = [each for each in table.get_symbols() if is_top or each.is_global()]
    own = {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
    return own.union(*map(read_in, table.get_children()))


def refuse(faults: list[str], hint: str) -> None:
    """Fail with one line for each fault, and what to do."""
    if faults:
        pytest.fail("\n".join([*faults, hint]), pytrace=False)


EXERCISE = re.compile(r"(?m)^:{3,}\{exercise(?:-start)?\} (.*)\n:label: (\S+)$")
SOLUTION = re.compile(r"(?m)^:{3,}\{solution(?:-start)?\} (\S+)\n:class: dropdown$")
EXERCISE_TITLE = re.compile(r"(easy|medium|hard), (\d+) minutes")
DIFFICULTIES = ["easy", "medium", "hard"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_exercises_go_from_a_question_to_a_project(path: Path) -> None:
    refuse(faults_of_exercises(read(path)), "CONTRIBUTING.md says what a chapter's exercises are")


def faults_of_exercises(chapter: NotebookNode) -> list[str]:
    """Say what is wrong with the exercises: their number, order, titles, hints and solutions."""
    text = "\n\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    titles = EXERCISE.findall(text)
    bodies = EXERCISE.split(text)[3::3]
    faults = [
        f"{label}: no {what}"
        for (title, label), body in zip(titles, bodies, strict=True)
        for what, found in (
            ("difficulty and minutes in its title", EXERCISE_TITLE.fullmatch(title)),
            ("hint", "{dropdown} Hint" in SOLUTION.split(body)[0]),
            ("folded solution after it", SOLUTION.findall(body) == [label]),
        )
        if not found
    ]
    times = [match for title, _ in titles if (match := EXERCISE_TITLE.fullmatch(title))]
    order = [DIFFICULTIES.index(match[1]) for match in times]
    minutes = [int(match[2]) for match in times]
    if len(titles) < 5:
        faults.append(f"{len(titles)} exercises, and there should be five")
    if order != sorted(order):
        faults.append("easy exercises come first, then medium and hard ones")
    if not minutes or minutes[0] > 2 or max(minutes) < 30:
        faults.append("it begins with a question of two minutes, and has a project of 30 or more")
    return faults


PREDICT_IN_TEXT = re.compile(r"(?m)^\*\*Predict|\{admonition\} *(?!Predict$)\S*Predict")
PREDICT_BOX = re.compile(r"(?ms)^(:{4,})\{admonition\} Predict$(.*?)^\1$")
FOLDED_ANSWER = re.compile(r"\{admonition\} What happens\n+:class: dropdown")


def test_predict_is_a_box_with_a_folded_answer(chapter: NotebookNode) -> None:
    text = "\n\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    assert not PREDICT_IN_TEXT.findall(text)
    boxes = PREDICT_BOX.findall(text)
    assert boxes, "a chapter asks the reader to predict"
    assert len(boxes) == text.count("{admonition} Predict"), "four colons or more, closed alike"
    assert not [body[:80] for _, body in boxes if not FOLDED_ANSWER.search(body)]


def test_at_most_two_open_code_cells_in_a_row(chapter: NotebookNode) -> None:
    in_a_row, faults = 0, []
    for number, cell in enumerate(chapter.cells, start=1):
        is_open = cell.cell_type == "code" and not is_folded(cell)
        in_a_row = in_a_row + 1 if is_open else 0 if cell.cell_type == "markdown" else in_a_row
        faults += [place(number, cell)] if is_open and in_a_row > 2 else []
    refuse(faults, "a sentence before the third, or fold what does not teach")


def test_folds_say_what_they_hold(chapter: NotebookNode) -> None:
    prompts = [prompt(cell) for cell in chapter.cells if is_folded(cell)]
    assert all(prompts), "a fold has a prompt of its own: mystnb: code_prompt_show"
    assert not repeated(each for each in prompts if each not in (held.CHECK, held.DRAWING))


def test_figures_are_vector_graphics_legible_on_a_phone(chapter: NotebookNode) -> None:
    faults = {
        place(number, cell): smallest
        for number, cell in enumerate(chapter.cells, start=1)
        for svg in svgs(cell)
        if (smallest := smallest_letters(svg)) < 9
    }
    assert not faults, "pixels at a column of 342; figures are 5.2 inches wide, text is 10 points"
    assert not [m for cell in chapter.cells for m in pictures(cell) if m != "image/svg+xml"]


def svgs(cell: NotebookNode) -> list[str]:
    data = [out.get("data", {}) for out in cell.get("outputs", [])]
    return [each["image/svg+xml"] for each in data if "image/svg+xml" in each]


def smallest_letters(svg: str) -> float:
    """Size of the smallest text in pixels on a phone; Matplotlib scales glyphs of 100 points."""
    width = float(re.search(r'<svg\b[^>]* width="([\d.]+)pt"', svg)[1])
    sizes = re.findall(r'<g[^>]* transform="translate\([^)]*\)[^"]*scale\(([\d.]+) -', svg)
    return round(min(100 * float(size) for size in sizes) * 342 / width, 1)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_length(path: Path) -> None:
    assert 1200 <= words(read(path)) <= 2600


def test_style(chapter: NotebookNode) -> None:
    """No word that tells readers what should be easy to them, no exclamation mark, no stray $."""
    found = [
        f"{where}: {banned!r}"
        for where, kind, text in prose(chapter)
        if kind == "words"
        for banned in BANNED.findall(text)
    ]
    assert not found


def test_decimals_in_prose_come_from_the_chapter(chapter: NotebookNode) -> None:
    """Each stands in a code cell or is an output, rounded to the decimals that the prose gives."""
    assert not stale(chapter), "print the number in a cell, or mend the text"


def test_begins_with_its_title(chapter: NotebookNode) -> None:
    assert chapter.cells[0].cell_type == "markdown"
    assert chapter.cells[0].source.startswith("# ")


def test_ends_with_what_we_learned(chapter: NotebookNode) -> None:
    assert "learned" in "".join(sections(chapter)[-1:]).lower()


def sections(chapter: NotebookNode) -> list[str]:
    """Return the headings of level 2."""
    found = []
    for cell in chapter.cells:
        tokens = MYST.parse(cell.source) if cell.cell_type == "markdown" else []
        found += [
            b.content for a, b in pairwise(tokens) if (a.type, a.tag) == ("heading_open", "h2")
        ]
    return found


# The other pages


@pytest.fixture(params=OTHER_PAGES, ids=lambda path: path.stem)
def other_page(request: pytest.FixtureRequest) -> NotebookNode:
    """A page without code, followed by the code cells of all chapters."""
    cells = [cell for path in CHAPTERS for cell in code_cells(read(path))]
    return new_notebook(cells=[new_markdown_cell(request.param.read_text("utf-8")), *cells])


def test_style_of_other_pages(other_page: NotebookNode) -> None:
    test_style(other_page)


def test_decimals_on_other_pages_come_from_a_chapter(other_page: NotebookNode) -> None:
    assert not stale(other_page), "print the number in a cell of a chapter, or mend the text"


@pytest.mark.parametrize("picture", README_PICTURES, ids=lambda path: path.stem)
def test_pictures_of_the_readme_are_those_of_the_chapters(picture: Path) -> None:
    stored = readme_picture.stored(CHAPTERS)
    assert picture.stem in stored, "no chapter has a figure of this name"
    shown = readme_picture.on_white(stored[picture.stem])
    assert shown == picture.read_text("utf-8"), "'make run' copies it"


# The checks above


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("One `two` $three + 3$, four\n- five", 5),
        ("One\n\n$$\na + b\n$$\n\ntwo", 2),
        ("```{note} One\n:class: tip\ntwo\n```\n```python\nx = 1\n```", 2),
    ],
)
def test_words(markdown: str, expected: int) -> None:
    assert words(new_notebook(cells=[new_markdown_cell(markdown)])) == expected


def test_words_of_exercises_do_not_count() -> None:
    texts = ["## One\n\ntwo\n\n## Exercises\n\nlong", "longer", "longest\n\n## Three\n\nfour"]
    assert words(new_notebook(cells=[new_markdown_cell(text) for text in texts])) == 4


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("It is 0.51, or -0.52; .53 of 1,000.", ["0.51", "0.52", ".53"]),
        ("$-0.51x$ and {math}`0.52`", ["0.51", "0.52"]),
        ("$$\na = 1{,}000.5\n$$ (eq-0.1)", ["1000.5"]),
        (r"$1.3\times10^{-9}$ and $2.5\cdot 10^3$", ["1.3e-9", "2.5e3"]),
        (r"\begin{align}\label{a-0.1} a &= 0.51 \\[0.5em] b \end{align}", ["0.51"]),
        ("| a | b |\n| --- | --- |\n| 0.51 | `0.52` |", ["0.51", "0.52"]),
        ("> **0.51** [0.52](http://a.b/0.1) ![0.53](0.2.png)", ["0.51", "0.52", "0.53"]),
        (
            ":::{note} Title 0.51\n:width: 0.1\n```{math}\n:label: 0.1\n0.52\n```\n:::",
            ["0.51", "0.52"],
        ),
        ("```{figure} 0.1.png\nshows 0.51\n```", ["0.51"]),
        ("(sec-0.1)=\n{cite}`a0.1` <!-- 0.1 --> {ref}`b0.1`\n\n% 0.1\n\n```python\n0.1\n```", []),
        ("Section 2.1 and fig. (2.3), arXiv 1801.04062, https://a.b/0.1 <https://a.b/0.1>", []),
        ("`torch==2.13`, `Python 3.11`, `v1.2`, 2.13.0, v1.2 and `rho=0.51`", ["0.51"]),
    ],
)
def test_decimals(markdown: str, expected: list[str]) -> None:
    found = [shown for kind, text in pieces(markdown) for shown in decimals(kind, text)]
    assert found == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("code 0.25, not 0.250001", ["0.250001"]),
        ("printed 0.5108, 0.511 and 0.51, not 0.5109 or 0.52", ["0.5109", "0.52"]),
        ("shown $1.3\\times10^{-9}$ and -2.0, not $1.3\\times10^{-8}$", ["1.3e-8"]),
        ("not 7.5, which is layout", ["7.5"]),
    ],
)
def test_stale(markdown: str, expected: list[str]) -> None:
    data = {"text/plain": "[-1.26e-09 2.]", "text/html": "7.5"}
    outputs = [
        new_output("stream", name="stdout", text="I = 0.51082"),
        new_output("display_data", data=data),
    ]
    cells = [new_markdown_cell(markdown), new_code_cell("f(.25)", outputs=outputs)]
    assert [found.split(": ")[-1] for found in stale(new_notebook(cells=cells))] == expected


CHECK = {
    "tags": ["hide-input"],
    "mystnb": {"code_prompt_show": held.CHECK, "code_prompt_hide": "Hide the check"},
}
LATER = [new_code_cell("for k in y:\n    print(k, [z for z in k])"), new_code_cell("f = x + k")]


def check(source: str, *outputs: NotebookNode, **metadata: object) -> str:
    cell = new_code_cell(source, outputs=list(outputs), metadata=CHECK | metadata)
    return "\n".join(faults_of_check(cell, LATER))


@pytest.mark.parametrize(
    "source",
    [
        "assert a < b, 'found at n = 8'",
        "for z in x:\n    assert z, f'{z} at n = 8'",
        "%matplotlib inline\nassert all(k for k in y), 'k'",
    ],
)
def test_a_check(source: str) -> None:
    assert not check(source)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("assert a < b", "'assert a < b' has no message"),
        ("if a:\n    assert b", "'assert b' has no message"),
        ("a = 1", "asserts nothing"),
        ("x = 1\nassert x, 'x'", "makes what later cells use: x"),
        ("for x in a:\n    assert x, 'x'", "makes what later cells use: x"),
        ("def y():\n    assert b, 'b'", "makes what later cells use: y"),
    ],
)
def test_a_check_with_a_fault(source: str, fault: str) -> None:
    assert fault in check(source)


def test_what_a_drawing_makes() -> None:
    drawing = {"mystnb": {"code_prompt_show": held.DRAWING}}
    cells = [new_code_cell("k = x\nplt.plot(k)", metadata=drawing), new_code_cell("f = y + k")]
    assert [found.split(": ")[-1] for found in made_by_drawing(new_notebook(cells=cells))] == ["k"]
    picture = new_output("display_data", data={"image/svg+xml": "<svg/>"})
    cells[1].outputs = [picture]
    assert not made_by_drawing(new_notebook(cells=cells))


def test_what_is_made_anew_is_another() -> None:
    cell, again = new_code_cell("x = 1"), new_code_cell("x = 2")
    assert used_later(cell, LATER) == {"x"}
    assert not used_later(cell, [again, *LATER])
    assert not used_later(cell, [new_code_cell("x", metadata=CHECK)])


def test_a_check_is_folded_and_shows_nothing() -> None:
    source, shown = "assert a, 'a'", new_output("stream", name="stdout", text="a")
    assert "the tag hide-input" in check(source, tags=[])
    assert "wants mystnb" in check(source, mystnb={"code_prompt_show": held.CHECK})
    assert "wants mystnb" in check(source, mystnb={"code_prompt_hide": "Hide"})
    assert "shows something" in check(source, shown)
    assert not faults_of_check(new_code_cell("x = 1", outputs=[shown]), LATER)


@pytest.mark.parametrize(
    ("text", "is_verdict"),
    [
        ("True", True),
        ("a holds: False", True),
        ("runs away: [].", True),
        ("14 of 16 runs", False),
        ("[0.5]", False),
        ("True positives 3", False),
        ("0.5\n all True \n0.5", True),
    ],
)
def test_verdicts(text: str, is_verdict: bool) -> None:
    cell = new_code_cell("print(a)", outputs=[new_output("stream", name="stdout", text=text)])
    assert bool(verdicts(new_notebook(cells=[cell]))) == is_verdict


def exercise(title: str, label: str, hint: bool = True, solution: str = "") -> str:
    inside = "\n:::{dropdown} Hint\nThink.\n:::\n" if hint else ""
    solved = f":::{{solution}} {solution or label}\n:class: dropdown\nSo.\n:::"
    return f"::::{{exercise}} {title}\n:label: {label}\n\nWhy?\n{inside}::::\n\n{solved}\n"


def test_exercises_with_faults() -> None:
    titles = ["easy, 2 minutes", *["medium, 5 minutes"] * 3, "hard, 30 minutes"]
    right = [exercise(title, f"ex-{k}") for k, title in enumerate(titles)]

    def found(*texts: str) -> str:
        return "\n".join(faults_of_exercises(new_notebook(cells=[*map(new_markdown_cell, texts)])))

    assert found(*right) == ""
    assert "4 exercises" in found(*right[:1], *right[2:])
    assert "easy exercises come first" in found(*right[::-1])
    assert "question of two minutes" in found(*right[1:])
    assert "project of 30" in found(*right[:4], right[3])
    assert found(*right, exercise("hard, 40 minutes", "ex-a", hint=False)) == "ex-a: no hint"
    other = exercise("hard, 40 minutes", "ex-a", solution="ex-b")
    assert found(*right, other) == "ex-a: no folded solution after it"
    assert "ex-a: no difficulty" in found(*right, exercise("hard", "ex-a"))


def test_exercises_are_left_out() -> None:
    start, end = "::::{exercise-start} easy\n::::", "Text.\n\n::::{solution-end}\n::::"
    cells = [new_code_cell("a"), new_markdown_cell(start), new_code_cell("b")]
    cells += [new_markdown_cell("::::{exercise-end}\n::::"), new_code_cell("c")]
    cells += [new_markdown_cell(end), new_code_cell("d")]
    cells += [new_markdown_cell(f"{end}\n{start}"), new_code_cell("e")]
    in_text = "::::{exercise} hard\n::::\n\n::::{solution-start} ex-a\n::::"
    cells += [new_markdown_cell(f"{end}\n\n{in_text}"), new_code_cell("f")]
    found = [cell.source for _, cell in outside_exercises(new_notebook(cells=cells))]
    assert found == ["a", "d"]


def test_tables_hold_numbers() -> None:
    data = {"text/html": '<table style="top: 7.5px"><tr><td>0.51</td></tr></table>'}
    cells = [new_markdown_cell("0.51, 7.5"), new_code_cell("f()")]
    cells[1].outputs = [new_output("display_data", data=data)]
    assert [found.split(": ")[-1] for found in stale(new_notebook(cells=cells))] == ["7.5"]


def test_unfinished() -> None:
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    meant = {"tags": ["raises-exception"]}
    cells = [
        new_markdown_cell("# T"),
        new_code_cell("a = 1", execution_count=1),
        new_code_cell("b = 1"),
        new_code_cell("c = d", execution_count=2, outputs=[error]),
        new_code_cell("c = d", execution_count=3, outputs=[error], metadata=meant),
        new_code_cell(" "),
    ]
    assert unfinished(new_notebook(cells=cells)) == [
        "Cell 1 ('b = 1') has not been run",
        "Cell 2 ('c = d') stores an error; tag it raises-exception if it is meant",
    ]
    words = how_to_mend(Path("/a/chapters/03_mine.ipynb"))
    assert "'make run CHAPTER=03'" in words
    assert "'git checkout chapters/03_mine.ipynb'" in words


def test_a_page_loads_no_widgets_from_the_web(tmp_path: Path) -> None:
    cdn = '<script crossorigin="anonymous" src="https://cdn{}"></script>\n'
    state = '<script type="application/vnd.jupyter.widget-state+json">\n{"a": 1}\n</script>\n'
    page = cdn.format("js.a.com/require.min.js") + cdn.format(".b.net/dist/embed-amd.js") + state
    (tmp_path / "a.html").write_text(f"<p>{page}<script src='a.js'></script></p>", "utf-8")
    mend_pages(SimpleNamespace(outdir=tmp_path), None)
    assert (tmp_path / "a.html").read_text("utf-8") == "<p><script src='a.js'></script></p>"
