"""MyST Markdown as plain Markdown, which Jupyter and Colab show without Sphinx.

Theorems, figures, formulas and references keep the numbers of the book (tools/labels.py). What
stands on a page that is not at hand is "of the book".
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import normpath

from myst import Block, blocks, named, with_roles

NOTES = {"note", "tip", "warning", "important", "caution", "hint", "seealso", "attention"}
REFERENCES = {"eq", "ref", "numref", "prf:ref"}
UNSEEN = {"exercise-end", "solution-end"}
HEADING = re.compile(r"^(#{1,6}) +(.+)$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([\w./-]+\.(?:ipynb|md)(?:#[\w-]+)?|#[\w-]+)\)")
FORMULA = re.compile(r"\$\$(.+?)\$\$(?:[ ]*\(([\w-]+)\))?", re.DOTALL)
TARGET = re.compile(r"^\([\w-]+\)=[ ]*\n?|^%.*\n?|^\+\+\+.*\n?", re.MULTILINE)


class Unplain(ValueError):  # noqa: N818
    """What has no plain form, or a name that the book does not have."""


@contextmanager
def on_page(page: str) -> Iterator[None]:
    """Name the page on which something has no plain form."""
    try:
        yield
    except Unplain as fault:
        raise Unplain(f"{page}: {fault}") from None


@dataclass
class Names:
    """What the book calls its labels, and which pages are at hand."""

    pages: dict[str, dict[str, str]]
    labels: dict[str, dict[str, str]]
    sources: dict[str, dict[str, str]]
    at_hand: set[str]

    def name(self, label: str) -> str:
        """Such as "Theorem 2.1", or a title."""
        if label not in self.labels:
            raise Unplain(f"the book has no label {label}; 'make book' renews _build/labels.json")
        return self.labels[label]["name"] or self.labels[label]["title"]

    def here(self, label: str) -> bool:
        """Whether its page is at hand."""
        return self.labels[label]["page"] in self.at_hand

    def reference(self, content: str) -> str:
        """What stands for a reference to a label, `words <label>` or `label`."""
        words, label = named(content)
        name = self.name(label)
        if not words:
            return name if self.here(label) else f"{name} of the book"
        return f"{words} ({name})" if self.here(label) else f"{words} ({name} of the book)"

    def page(self, words: str, target: str, home: str) -> str:
        """What stands for a link to a page, which is one where its notebook is at hand."""
        page = page_at(target, home)
        if page not in self.pages:
            raise Unplain(f"the book has no page {page}")
        linked = self.pages[page]
        if page in self.at_hand:
            near = PurePosixPath(page).name
            return f"[{words or linked['title']}]({near}.ipynb)"
        name = f"chapter {linked['number']}" if linked["number"] else f"“{linked['title']}”"
        return f"{words} ({name} of the book)" if words else f"{name} of the book"

    def citation(self, kind: str, content: str) -> str:
        """Such as [Belghazi et al., 2018]."""
        keys = [key.strip() for key in content.split(",")]
        if missing := [key for key in keys if key not in self.sources]:
            raise Unplain(f"the book cites no {missing[0]}; 'make book' renews _build/labels.json")
        shorts = [self.sources[key]["short"] for key in keys]
        if kind == "cite:t":
            return "; ".join(re.sub(r", (\w+)$", r" [\1]", each) for each in shorts)
        return f"[{'; '.join(shorts)}]"


def page_at(target: str, home: str) -> str:
    """The page that a link on another page leads to."""
    path, _, _ = target.partition("#")
    return re.sub(r"\.(ipynb|md)$", "", normpath(PurePosixPath(home).parent / path))


@dataclass
class Plain:
    """Makes the Markdown of one page plain, cell by cell, from its first to its last."""

    names: Names
    page: str
    cited: set[str] = field(default_factory=set)
    sections: list[int] = field(default_factory=list)

    def __call__(self, text: str) -> str:
        """The text without directives, roles and labels."""
        parts = [self._block(each, top=True) for each in blocks(text)]
        return "\n\n".join(part for part in parts if part.strip())

    def inline(self, text: str) -> str:
        """The text with its roles, links and labelled formulas made plain."""
        text = FORMULA.sub(self._formula, with_roles(text, self._role))
        return LINK.sub(lambda link: self._link(*link.groups()), text)

    def caption(self, label: str, text: str) -> str:
        """The caption of a figure or table."""
        number = f"**{self.names.name(label)}.** " if label else ""
        return f"{number}{self.inline(text)}"

    def _block(self, block: Block, top: bool = False) -> str:
        if block.is_code:
            return block.text
        if not block.name:
            text = self.inline(TARGET.sub("", block.text))
            return HEADING.sub(self._heading, text) if top else text
        return self._directive(block)

    def _inner(self, text: str) -> str:
        return "\n\n".join(filter(None, map(self._block, blocks(text))))

    def _directive(self, block: Block) -> str:
        make = _form_of(block.name)
        if make is None:
            raise Unplain(
                f"no plain form for the directive {block.name}; add one to tools/plain_markdown.py"
            )
        return make(self, block)

    def _heading(self, found: re.Match) -> str:
        """A heading with the number of its section."""
        depth = len(found[1])
        self.sections = [*self.sections, *[0] * depth][:depth]
        self.sections[-1] += 1
        inner = ".".join(map(str, self.sections[1:]))
        number = self.names.pages[self.page]["number"] + (f".{inner}" if inner else "")
        return f"{found[1]} {number} {found[2]}"

    def _formula(self, found: re.Match) -> str:
        """A displayed formula with its number."""
        if not found[2]:
            return found[0]
        number = self.names.name(found[2]).strip("()")
        return f"$${found[1].rstrip()} \\tag{{{number}}}\n$$"

    def _role(self, role: str, content: str) -> str:
        if role in REFERENCES:
            return self.names.reference(content)
        if role.split(":")[0] == "cite":
            self.cited |= {key.strip() for key in content.split(",")}
            return self.names.citation(role, content)
        words, target = named(content)
        if role == "term":
            return words or target
        if role == "doc":
            return self.names.page(words, target, self.page)
        raise Unplain(f"no plain form for the role {role}; add one to tools/plain_markdown.py")

    def _link(self, words: str, target: str) -> str:
        if target.startswith("#"):
            return self.names.reference(f"{words} <{target[1:]}>" if words else target[1:])
        return self.names.page(words, target, self.page)

    # Directives

    def _note(self, block: Block) -> str:
        title = self.inline(block.argument) or block.name.capitalize()
        if "dropdown" in block.options.get("class", "").split() or block.name == "dropdown":
            return folded(title, self._inner(block.body))
        return quoted(f"**{title}**\n\n{self._inner(block.body)}")

    def _titled_note(self, block: Block) -> str:
        body = "\n\n".join(filter(None, [block.argument, block.body]))
        return self._note(Block("", block.name, "", body, block.options))

    def _statement(self, block: Block) -> str:
        label, title = block.options.get("label"), self.inline(block.argument)
        kind = block.name.partition(":")[2].capitalize()
        name = self.names.name(label) if label else kind
        head = f"**{name}**" + (f" ({title})." if title else ".")
        return quoted(f"{head}\n\n{self._inner(block.body)}")

    def _proof(self, block: Block) -> str:
        body = "\n\n".join(filter(None, [block.argument, block.body]))
        return f"*Proof.* {self._inner(body)} $\\blacksquare$"

    def _exercise(self, block: Block) -> str:
        hint = f" ({self.inline(block.argument)})" if block.argument else ""
        if "label" not in block.options:
            raise Unplain("an exercise has no label, which gives it its number")
        head = f"**{self.names.name(block.options['label'])}**{hint}"
        return "\n\n".join(filter(None, [head, self._inner(block.body)]))

    def _solution(self, block: Block) -> str:
        title = f"Solution to {self.names.name(block.argument)}"
        if block.name == "solution":
            return folded(title, self._inner(block.body))
        return "\n\n".join(filter(None, [f"**{title}**", self._inner(block.body)]))

    def _figure(self, block: Block) -> str:
        alt = block.options.get("alt", "").replace("[", "(").replace("]", ")")
        image = f"![{alt}]({block.argument})"
        if not block.body and "name" not in block.options:
            return image
        return f"{image}\n\n{self.caption(block.options.get('name', ''), block.body)}"

    def _table(self, block: Block) -> str:
        label = block.options.get("name", "")
        return f"{self.caption(label, block.argument)}\n\n{self._inner(block.body)}"

    def _nothing(self, block: Block) -> str:
        return ""


FORMS: dict[str, Callable[[Plain, Block], str]] = {
    "admonition": Plain._note,
    "dropdown": Plain._note,
    "exercise": Plain._exercise,
    "exercise-start": Plain._exercise,
    "figure": Plain._figure,
    "image": Plain._figure,
    "prf:proof": Plain._proof,
    "solution": Plain._solution,
    "solution-start": Plain._solution,
    "table": Plain._table,
    **dict.fromkeys(NOTES, Plain._titled_note),
    **dict.fromkeys(UNSEEN, Plain._nothing),
}


def _form_of(name: str) -> Callable[[Plain, Block], str] | None:
    """What makes a directive plain."""
    return Plain._statement if name not in FORMS and name.startswith("prf:") else FORMS.get(name)


def in_one_line(text: str) -> str:
    """The text with each displayed formula in one line: in a quotation Jupyter reads no other."""
    return FORMULA.sub(lambda found: f"$${' '.join(found[1].split())}$$", text)


def quoted(text: str) -> str:
    """A quotation."""
    return "\n".join(f"> {line}".rstrip() for line in in_one_line(text).splitlines())


def folded(title: str, text: str) -> str:
    """What opens at a click."""
    return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"
