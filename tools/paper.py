"""A page of the book as print wants it: nothing folded, nothing to click, solutions set apart."""

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bs4 import Tag

import pieces

CHECK = "How this is checked"
SHORT = 60  # characters of a paragraph that does not stand alone at the end of a page
CODE_ONLY = ("Plotting code", "Set-up", CHECK)


@dataclass(frozen=True)
class Paper:
    """One page, ready for print."""

    name: str
    heading: str
    body: Tag
    solutions: list[Tag]


def paper(name: str, within: set[str]) -> Paper:
    """Make a page ready for print; links lead to the pages in `within`, others become text."""
    body = pieces.article(name)
    heading = pieces.heading(body)
    pieces.still(pieces.open_folds(pieces.tidy(body)))
    drop_folded_code(body)
    mend_links(body, name, within)
    mend_pictures(body)
    mark_leads(body)
    name_headings(body)
    return Paper(name, heading, body, take_solutions(body))


def drop_folded_code(body: Tag) -> None:
    """Leave out code that the page folds; what it prints keeps the fold's name as a heading."""
    for fold in body.select("details.hide"):
        prompt = fold.select_one("p.collapsed").get_text(strip=True)
        prints = fold.find_parent(class_="cell").select(".cell_output > .output")
        in_solution = fold.find_parent(class_="solution")
        if in_solution and not prompt.startswith(CODE_ONLY):
            fold.replace_with(fold.select_one(".cell_input").extract())
        elif prints and not prompt.startswith(CODE_ONLY):
            fold.replace_with(pieces.soup(f'<p class="prompt">{escape(prompt)}</p>'))
        else:
            fold.decompose()
    for cell in body.select("div.cell"):
        if not cell.get_text(strip=True) and not cell.select_one("img"):
            cell.decompose()


# Links: ids are made unique, since all pages may stand in one document


def key(name: str) -> str:
    """A page's name as the start of ids, which begin with a letter."""
    return f"page-{Path(name).name}"


def mend_links(body: Tag, name: str, within: set[str]) -> None:
    """Lead links within the document to their place, keep those to the web, let others be text."""
    for link in body.select("a"):
        target = destination(link.get("href", ""), name)
        if target is None:
            continue
        page, anchor = target
        if page in within:
            link["href"] = f"#{key(page)}--{anchor}" if anchor else f"#{key(page)}"
        else:
            link.unwrap()
    for each in [body, *body.select("[id]")]:
        if each.get("id"):
            each["id"] = f"{key(name)}--{each['id']}"
    body["id"] = key(name)


def destination(address: str, name: str) -> tuple[str, str] | None:
    """Page and anchor that a link leads to; None if it leads out of the book."""
    if re.match(r"[a-z]+:", address):
        return None
    path, _, anchor = address.partition("#")
    if not path:
        return name, anchor
    target = (pieces.HTML / name).parent / path
    inside = target.resolve().relative_to(pieces.HTML.resolve())
    return inside.with_suffix("").as_posix(), anchor


def name_headings(body: Tag) -> None:
    """Give headings ids of their own: a section may begin on the page before its heading."""
    for section in body.select("section[id]"):
        title = section.find(["h1", "h2", "h3"], recursive=False)
        if title:
            title["id"] = f"{section['id']}--title"


def mend_pictures(body: Tag) -> None:
    """Pictures are found from the folder of the printed pages."""
    for each in body.select("img[src]"):
        if not each["src"].startswith("data:"):
            each["src"] = f"../html/_images/{Path(each['src']).name}"
        each["loading"] = "eager"


def mark_leads(body: Tag) -> None:
    """Mark lines that lead to what follows: no page may end with them."""
    for each in body.select("p"):
        said = each.get_text(strip=True)
        if said.endswith(":") or len(said) < SHORT:
            each["class"] = [*each.get("class", []), "lead"]


# Solutions


def take_solutions(body: Tag) -> list[Tag]:
    """Take hints and solutions out of the page; they are printed at the back."""
    apart = [
        box
        for box in body.select("div.admonition, div.unfolded")
        if "solution" in box.get("class", []) or is_hint(box)
    ]
    for box in apart:
        if is_hint(box):
            name_hint(box)
    return [box.extract() for box in apart]


def is_hint(box: Tag) -> bool:
    """Whether a box of an exercise is a hint to it."""
    title = box.select_one(".admonition-title, .fold-title")
    return bool(title) and title.get_text(strip=True).startswith("Hint")


def name_hint(box: Tag) -> None:
    """Say which exercise a hint belongs to, since it leaves its place."""
    exercise = box.find_parent(class_="exercise") or box.find_previous(class_="exercise")
    number = exercise.select_one(".caption-number").get_text(strip=True)
    title = box.select_one(".admonition-title, .fold-title")
    title.string = f"{title.get_text(strip=True)} for {number}"
