"""The chapters as text: size, metadata, length, style, and numbers that cannot go stale.

MyST's own parser splits Markdown into words, formulas, display formulas and inline code. Prose is
all of it: text, headings, tables, titles and bodies of directives, and the captions and alt texts
in the cells' metadata. Code blocks, comments, HTML, labels, directive options, link targets and
roles such as {cite} or {ref} are not prose.
"""

import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
README_PICTURES = sorted((ROOT / "images").glob("fig-*.png"))
OTHER_PAGES = [ROOT / "intro.md", *sorted((ROOT / "appendix").glob("*.md"))]
EXTENSIONS = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["parse"][
    "myst_enable_extensions"
]
MYST = create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS), RendererHTML)

KINDS = {
    "text": "words",
    "code_inline": "code",
    "math_inline": "formula",
    "math_block": "display",
    "math_block_label": "display",
    "amsmath": "display",
}
NO_PROSE = {"code", "code-block", "raw", "include", "literalinclude", "bibliography"}
NAMES_A_FILE = {"figure", "image"}
OPTIONS = re.compile(r"\A(?:---\n(?s:.*?)\n---\n|(?: *:[\w-]+:.*\n?)+)")

WIDGET = "application/vnd.jupyter.widget-view+json"
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


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
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
    the fences and options of a directive do not count, but its title and body do.
    """
    count = 0
    for cell in chapter.cells:
        for kind, text in pieces(cell.source if cell.cell_type == "markdown" else ""):
            in_text = len(re.findall(r"\S*\w\S*", text))
            count += {"words": in_text, "display": 0}.get(kind, 1)
    return count


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
    """Numbers a reader sees in outputs; text/html says the same as text/plain, plus its layout."""
    found = set()
    for output in (output for cell in code_cells(chapter) for output in cell.outputs):
        texts = {"text/plain": output.get("text", ""), **output.get("data", {})}
        for mime, text in texts.items():
            if mime.startswith("text/") and mime != "text/html":
                found |= numbers(text)
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


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_is_small(path: Path) -> None:
    assert path.stat().st_size <= 1_500_000


def test_stores_no_error(chapter: NotebookNode) -> None:
    for number, cell in enumerate(chapter.cells, start=1):
        kinds = [output.output_type for output in cell.get("outputs", [])]
        assert "error" not in kinds, place(number, cell)


def test_stores_no_widget(chapter: NotebookNode) -> None:
    assert "widgets" not in chapter.metadata, "'make run' removes it"
    for number, cell in enumerate(chapter.cells, start=1):
        mimes = [mime for output in cell.get("outputs", []) for mime in output.get("data", {})]
        assert WIDGET not in mimes, f"{place(number, cell)}: 'make run' removes it"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
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
    cells = [cell for path in CHAPTERS for cell in read(path).cells]
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
        folded = "hide-input" in cell.metadata.get("tags", [])
        in_lab = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert not folded or in_lab, f"{place(number, cell)}: add jupyter: {{source_hidden: true}}"


def test_cells_are_short(chapter: NotebookNode) -> None:
    lines = {
        place(number, cell): sum(bool(line.strip()) for line in cell.source.splitlines())
        for number, cell in enumerate(chapter.cells, start=1)
        if cell.cell_type == "code"
    }
    assert not {where: count for where, count in lines.items() if count > 30}
    assert np.median([*lines.values()]) <= 5
    assert np.percentile([*lines.values()], 90) <= 15


def test_length(chapter: NotebookNode) -> None:
    assert 1200 <= words(chapter) <= 2800


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
    stored = {
        cell.metadata.get("mystnb", {}).get("figure", {}).get("name"): output.data["image/png"]
        for path in CHAPTERS
        for cell in code_cells(read(path))
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    }
    assert b64decode(stored[picture.stem]) == picture.read_bytes(), "'make run' copies it"


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
