"""What a notebook's cells say of its slides, and the parts of its page that they show.

A cell's metadata may hold `slides`, a list. Each slide is

    {"title": "...", "minutes": 4, "notes": "...", "show": [...], "points": [...]}

title, minutes (whole, with the talk about it) and notes (what to say) must be there. `points` are
lines of Markdown with $formulas$. `show` names what stands beside or below them, from the page:

    fig-3-run, thm-3-shifts, eq-3-batch, ex-3-constant    what has this label
    predict     the cell's question; its answer comes with the next step
    code        the cell's code                output      what it prints, and its tables
    learned     the list "What we learned"
"""

from copy import copy
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from bs4 import Tag
from nbformat import NotebookNode

import pieces

KEYS = {"title", "minutes", "notes", "show", "points"}
LONGEST = 15  # minutes of a slide


class SlideError(ValueError):
    """What is wrong with a slide, in one line."""


@dataclass(frozen=True)
class Slide:
    """One slide as its cell describes it."""

    title: str
    minutes: int
    notes: str
    cell: int
    show: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)


def slides_of(notebook: NotebookNode) -> list[Slide]:
    """All slides of a notebook, in the order of its cells; SlideError names what is wrong."""
    return [
        described(told, place, f"cell {cell.id}")
        for place, cell in enumerate(notebook.cells)
        for told in cell.metadata.get("slides", [])
    ]


def described(told: dict, place: int, where: str) -> Slide:
    """One slide, checked."""
    if unknown := told.keys() - KEYS:
        raise SlideError(f"{where}: slides: {sorted(unknown)[0]}: must be one of {sorted(KEYS)}")
    for key in ("title", "notes"):
        if not isinstance(told.get(key), str) or not told[key].strip():
            raise SlideError(f"{where}: slides: {key} = {told.get(key)!r}: must be text")
    minutes = told.get("minutes")
    if type(minutes) is not int or not 1 <= minutes <= LONGEST:
        raise SlideError(
            f"{where}: slides: minutes = {minutes!r}: must be whole, from 1 to {LONGEST}"
        )
    lists = {key: told.get(key, []) for key in ("show", "points")}
    for key, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise SlideError(f"{where}: slides: {key} = {value!r}: must be a list of texts")
    if not any(lists.values()):
        raise SlideError(f"{where}: slide {told['title']!r} is empty: it needs show or points")
    return Slide(told["title"], minutes, told["notes"], place, **lists)


# What a slide shows


class Page:
    """A built page whose parts are found by the cells of its notebook."""

    def __init__(self, name: str, notebook: NotebookNode) -> None:
        self.article = pieces.unlink(pieces.tidy(pieces.article(name)))
        self.heading = pieces.heading(self.article)
        self._ids = [cell.id for cell in notebook.cells]
        is_code = [cell.cell_type == "code" for cell in notebook.cells]
        asks = [cell.source.count("{admonition} Predict") for cell in notebook.cells]
        self._cells = _by_cell(self.article.select("div.cell"), is_code)
        self._predicts = _by_cell(_titled(self.article, "Predict"), asks)

    def find(self, name: str, cell: int) -> list[Tag]:
        """Copies of the elements that a name in `show` stands for."""
        within = {
            "predict": lambda: self._predicts[cell],
            "code": lambda: _select(self._cells[cell], ".cell_input"),
            "output": lambda: _select(self._cells[cell], ".cell_output > .output"),
            "learned": lambda: self.article.select("#what-we-learned > ul"),
        }
        found = within[name]() if name in within else self._labelled(name)
        if not found:
            raise SlideError(f"cell {self._ids[cell]}: show: {name!r}: there is none on the page")
        return [copy(each) for each in found]

    def _labelled(self, label: str) -> list[Tag]:
        ids = (label, f"equation-{label}")
        return self.article.find_all(lambda tag: tag.get("id") in ids, limit=1)


def _titled(article: Tag, title: str) -> list[Tag]:
    """The boxes with this title."""
    titles = article.select("div.admonition > .admonition-title")
    return [each.parent for each in titles if each.get_text(strip=True) == title]


def _by_cell(elements: list[Tag], counts: list[int]) -> list[list[Tag]]:
    """Deal elements of a page to the cells that they come from."""
    if len(elements) != sum(counts):
        raise SlideError("the page was built from another state of the notebook: run make book")
    ends = list(accumulate(counts, initial=0))
    return [elements[start:end] for start, end in pairwise(ends)]


def _select(elements: list[Tag], selector: str) -> list[Tag]:
    return [found for each in elements for found in each.select(selector)]
