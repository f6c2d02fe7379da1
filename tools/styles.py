"""What of a style sheet some pages can use: rules whose classes and ids all occur in them."""

import re
from collections.abc import Iterator

WORD = re.compile(r"[\w-]+")
NAME = re.compile(r"[.#](-?[A-Za-z_][\w-]*)")
# What may hold names that need not occur: negations, alternatives, attributes
UNSURE = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]")
TOKEN = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|url\([^)\"']*\)|[{};]", re.S)
GROUPS = ("@media", "@supports", "@layer", "@container")


def statements(style: str) -> Iterator[tuple[str, str | None]]:
    """Head and body of each statement on the top level; without braces the body is None."""
    start, opened, depth = 0, 0, 0
    for token in TOKEN.finditer(style):
        if token[0] == "{":
            opened = token.end() if depth == 0 else opened
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                yield style[start : opened - 1], style[opened : token.start()]
                start = token.end()
        elif token[0] == ";" and depth == 0:
            yield style[start : token.end()], None
            start = token.end()
    if style[start:].strip():
        yield style[start:], None


def used(style: str, words: set[str]) -> str:
    """The style sheet without the rules that name a class or id which is not among `words`."""
    kept = []
    for head, body in statements(style):
        name = re.sub(r"/\*.*?\*/", "", head, flags=re.S).strip()
        if body is None:
            kept.append(head)
        elif name.startswith(GROUPS):
            inner = used(body, words)
            kept += [f"{head}{{{inner}}}"] if inner.strip() else []
        elif name.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            selectors = [each for each in _split(name) if _may_match(each, words)]
            kept += [f"{','.join(selectors)}{{{body}}}"] if selectors else []
    return "".join(kept)


def _split(selectors: str) -> list[str]:
    """Selectors between commas outside brackets."""
    return re.findall(r"(?:[^,()\[\]]|\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\])+", selectors)


def _may_match(selector: str, words: set[str]) -> bool:
    """Whether all that it names occurs; Bootstrap puts names such as bs-tooltip-auto together."""
    names = {each for each in NAME.findall(UNSURE.sub("", selector)) if not each.startswith("bs-")}
    return "\\" in selector or names <= words
