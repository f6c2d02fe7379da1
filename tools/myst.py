"""Reading MyST Markdown: its blocks, and the roles in its text.

The parser is that of the book, so what is a directive here is one on the pages.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from docutils.parsers.rst.directives.misc import TestDirective
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

from book_config import settings

# A role, or a span of code, in which nothing is a role
ROLE_OR_CODE = re.compile(r"\{([\w:+-]+)\}`([^`]+)`|(`+)(?!`)[^`].*?(?<!`)\3(?!`)", re.DOTALL)
EXPLICIT = re.compile(r"\s*(.*?)\s*<([^<>]+)>\s*", re.DOTALL)


@dataclass
class Block:
    """A directive with its argument, options and body; or, without a name, other lines."""

    text: str
    name: str = ""
    argument: str = ""
    body: str = ""
    options: dict[str, str] = field(default_factory=dict)
    is_code: bool = False


@cache
def parser() -> MarkdownIt:
    """The book's parser of Markdown."""
    extensions = settings()["parse"]["myst_enable_extensions"]
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def blocks(text: str) -> Iterator[Block]:
    """The directives at the top level of a text, the fences of code, and what stands between."""
    lines = text.splitlines()
    done = 0
    for token in parser().parse(text):
        if token.level == 0 and token.map and token.type in ("fence", "colon_fence"):
            start, end = token.map
            yield from _between(lines[done:start])
            yield _fenced(token, "\n".join(lines[start:end]))
            done = end
    yield from _between(lines[done:])


def _between(lines: list[str]) -> Iterator[Block]:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield Block(text)


def _fenced(token: Token, text: str) -> Block:
    found = re.match(r"\{([\w:+-]+)\}\s*(.*)", token.info.strip())
    if not found:
        return Block(text, is_code=True)
    # docutils' directive for tests is the one from which MyST takes any option, unconverted
    told = parse_directive_text(TestDirective, "", token.content)
    return Block(text, found[1], found[2].strip(), "\n".join(told.body).strip("\n"), told.options)


def with_roles(text: str, said: Callable[[str, str], str]) -> str:
    """The text with each role replaced by what `said` makes of its name and content."""
    return ROLE_OR_CODE.sub(lambda found: said(found[1], found[2]) if found[1] else found[0], text)


def named(content: str) -> tuple[str, str]:
    """The words and the target of a role's content, such as `words <target>` or `target`."""
    found = EXPLICIT.fullmatch(content)
    return (found[1], found[2].strip()) if found and found[1] else ("", content.strip())
