"""A Sphinx extension: the pages' reference of `mine_lib`, and the links to it.

`appendix/api.md` lists names in directives `api`; each becomes an entry of Sphinx's Python domain,
with the signature, the docstring (tools/sources.py) and the section of the book that stands beside
the name. Sections have labels there and in docstrings: their numbers change.

The first `ml.train` or `ml.train(...)` in the text of a page, and the first in its code, link to
the entry.
"""

import re
from functools import cache
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.logging import getLogger

from sources import PACKAGE, Entry, exported, public_names

# A name or some at the start of a sentence, then a colon: "x, z (numbers): what is measured."
ITEM = re.compile(
    r"(?:^|(?<=[.;]\s))((?:[a-z]\w*(?: \([^()]*\))?)(?:, [a-z]\w*(?: \([^()]*\))?)*):\s"
)
ANNOUNCED = re.compile(r"(?<=\.)\s(?=(?:Raises|Returns)\s)")
PIECE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\beq\. (?P<equation>[\w-]+\w)"
    r"|\b(?P<section>sec-[\w-]*\w(?: in chapter \d)?)"
    r"|\b(?P<chapter>chapter \d)"
    r"|(?P<base>\b[A-Za-z]{1,2}|\))_(?P<below>[A-Z]{1,2}\b|[a-z]\b|\d\b|\([^()]*\))"
    r"|\^(?P<above>\w+|-\w+|\([^()]*\))"
    r"|(?P<sign><=|>=|->|<-|\+-)"
)
SIGNS = {"<=": "≤", ">=": "≥", "->": "→", "<-": "←", "+-": "±"}
TARGET = re.compile(r"(sec-[\w-]+)?(?: in )?(?:chapter (\d))?")
NUMBERED = re.compile(r"\b[Ss]ections? \d[\d.]*|\(eq\. [\w-]+, \d[\d.]*")  # instead of a label
LABELS = "numbers change: say sec-LABEL, as (sec-LABEL)= above its title has it, or chapter 1"
SPOKEN_IN_TEXT = re.compile(r"ml\.(\w+)(?:\(.*\))?")
SPOKEN_IN_CODE = re.compile(
    r'<span class="n">ml</span><span class="o">\.</span><span class="n">(\w+)</span>'
)


# Docstrings as Markdown


def paragraphs(text: str, names: set[str]) -> str:
    """Markdown of a docstring: sentences that explain a parameter become a list."""
    return "\n\n".join(_paragraph(each, names) for each in text.split("\n\n"))


def _paragraph(text: str, names: set[str]) -> str:
    items = [each for each in ITEM.finditer(text) if _explains(each, text, names)]
    starts = [each.start() for each in items]
    lead = text[: starts[0]] if items else text
    blocks = [inline(lead)] if lead.strip() else []
    for item, end in zip(items, [*starts, len(text)][1:], strict=False):
        said, *more = ANNOUNCED.split(text[item.end() : end])
        term = re.sub(r"\w+(?![^(]*\))", r"`\g<0>`", item[1])
        blocks.append(f"- {inline(term)}: {inline(said).rstrip(';.')}.")
        blocks += map(inline, more)
    return re.sub(r"\n\n(?=- )", "\n", "\n\n".join(blocks))


def _explains(item: re.Match, text: str, names: set[str]) -> bool:
    """Whether what stands before a colon are names that the entry has, or starts a line."""
    before = text[: item.start()]
    if len(re.findall(r"[(\[]", before)) > len(re.findall(r"[)\]]", before)):
        return False  # within brackets
    told = re.findall(r"\w+", re.sub(r"\([^()]*\)", "", item[1]))
    starts_line = item.start() == 0 or text[item.start() - 1] == "\n"
    return set(told) <= names or (starts_line and len(told) == 1)


def with_numbers(entry: Entry) -> list[str]:
    """What an entry says of sections by their numbers, which change: the build warns of them."""
    texts = [entry.text, *(each.text for each in entry.members)]
    return [found for text in texts for found in NUMBERED.findall(" ".join(text.split()))]


def inline(text: str) -> str:
    """Markdown of a line of a docstring: code, references to the book, indices and powers."""
    text, done, end = " ".join(text.split()), "", 0
    for piece in PIECE.finditer(text):
        done += _escaped(text[end : piece.start()]) + _marked(piece)
        end = piece.end()
    return done + _escaped(text[end:])


def _marked(piece: re.Match) -> str:
    found = {kind: said for kind, said in piece.groupdict().items() if said}
    if code := found.get("code"):
        return f"{{py:obj}}`{code} <{PACKAGE}.{code}>`" if code in exported() else f"`{code}`"
    if label := found.get("equation"):
        return f"equation {{eq}}`eq-{label}`"
    if target := found.get("section") or found.get("chapter"):
        kind = "chapter" if "chapter" in found else "section"
        return f"{{section}}`{kind} <{target}>`"
    if above := found.get("above"):
        return f"{{sup}}`{above.strip('()')}`"
    if below := found.get("below"):
        return f"{_escaped(found['base'])}{{sub}}`{below.strip('()')}`"
    return SIGNS[found["sign"]]


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_\[\]<>|#$~{}`])", r"\\\1", text)


# The page


class Api(SphinxDirective):
    """Entries of the names in its body, one `name: section` a line.

    A section is a label, `sec-nwj`, or for what a whole chapter uses `chapter 1`. `:results:`
    names classes that functions return: how to make them is not shown.
    """

    has_content = True
    option_spec = {"results": str.split}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Parse the Markdown of the entries."""
        for file in {entry.file for entry in public_names().values()}:
            self.env.note_dependency(str(file))
        lines = [line.split(": ") for line in self.content if line.strip()]
        holder = nodes.container()
        for name, section in lines:
            entry = public_names()[name]
            for found in with_numbers(entry):
                message = f"{name} of {entry.file.name} names a section by number, {found}"
                getLogger(__name__).warning(f"{message}; {LABELS}", location=self.get_location())
            text = _directive(entry, section, name not in self.options.get("results", []))
            self.state.nested_parse(StringList(text.splitlines()), self.content_offset, holder)
        return holder.children


def _directive(entry: Entry, section: str, is_called: bool) -> str:
    """Markdown of an entry of the Python domain, with its members."""
    body = [f"{{section}}`{section}`", paragraphs(entry.text, entry.names)]
    for each in entry.members:
        name = f"{each.name}{each.signature}"
        options = ":module: mine_lib\n"
        body.append(
            f"::::{{py:{each.kind}}} {name}\n{options}\n{paragraphs(each.text, each.names)}\n::::"
        )
    signature = entry.signature if is_called else ""
    head = f":::::{{py:{entry.kind}}} {entry.name}{signature}\n:module: {PACKAGE}\n"
    return head + "\n" + "\n\n".join(body) + "\n:::::"


class Section(SphinxRole):
    """A link to a section, by its label, or to a chapter: `sec-nwj`, `chapter 1`.

    With a text, "section", it says "section 2.5"; without one, number and title.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave it to be resolved when all pages have been read."""
        text, target = re.fullmatch(r"(?s)(?:(.*) <)?([^<>]*)>?", self.text).groups()
        node = addnodes.pending_xref(
            "", nodes.inline("", text or ""), reftype="section", refdomain="", reftarget=target
        )
        node["refdoc"], node["refwarn"] = self.env.docname, True
        return [node], []


def resolve_section(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, child: nodes.Node
) -> nodes.reference | None:
    """Find the section that a role meant; Sphinx calls it for what it cannot resolve itself."""
    if node.get("reftype") != "section" or node.get("refdomain"):
        return None
    found = _find_section(env, node["reftarget"])
    if found is None:
        message = f"no section {node['reftarget']}; {LABELS}"
        getLogger(__name__).warning(message, location=node)
        return nodes.reference("", "", child, refuri="#")
    page, anchor, number = found
    kind = child.astext()
    said = f"{kind} {number}" if kind else f"{number} {_title_of(env, page, anchor)}"
    address = app.builder.get_relative_uri(node["refdoc"], page) + anchor
    link = nodes.reference("", said, internal=True, refuri=address)
    return link if kind else nodes.emphasis("", "In the book: ", link)


def _find_section(env: BuildEnvironment, wanted: str) -> tuple[str, str, str] | None:
    """Page, anchor and number of `sec-nwj`, `chapter 2`, or `sec-nwj in chapter 2`."""
    label, chapter = (TARGET.fullmatch(wanted) or TARGET.match("")).groups()
    for page, numbers in env.toc_secnumbers.items():
        if chapter and numbers.get("") != (int(chapter),):
            continue
        anchor = _anchors(env, page).get(label) if label else ""
        if (label or chapter) and anchor in numbers:
            return page, anchor, ".".join(map(str, numbers[anchor]))
    return None


@cache
def _anchors(env: BuildEnvironment, page: str) -> dict[str, str]:
    """Under which address the table of contents has a section, by each of its labels."""
    sections = env.get_doctree(page).findall(nodes.section)
    return {label: f"#{each['ids'][0]}" for each in sections for label in each["ids"]}


def _title_of(env: BuildEnvironment, page: str, anchor: str) -> str:
    if not anchor:
        return env.titles[page].astext()
    for each in env.tocs[page].findall(nodes.reference):
        if each["anchorname"] == anchor:
            return each.astext()
    raise LookupError(f"{page} has no {anchor}")


# Links from the chapters


def link_first_use(app: Sphinx, doctree: nodes.document) -> None:
    """Make the first `ml.name` of a page's text a link."""
    if app.env.docname == "appendix/api":
        return
    linked = set()
    for literal in list(doctree.findall(nodes.literal)):
        said = SPOKEN_IN_TEXT.fullmatch(literal.astext())
        name = said and said[1]
        parents = (nodes.title, nodes.reference, addnodes.pending_xref)
        if name not in exported() or name in linked or _is_within(literal, parents):
            continue
        linked.add(name)
        link = addnodes.pending_xref(
            "", refdomain="py", reftype="obj", reftarget=f"{PACKAGE}.{name}", refwarn=True
        )
        link["refdoc"] = app.env.docname
        literal.replace_self(link)
        link += literal


def _is_within(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    while node is not None and not isinstance(node, kinds):
        node = node.parent
    return node is not None


def link_code(text: str, address: str) -> str:
    """Make the first `ml.name` in a page's code a link: outside folds, if it is used there."""
    uses = {}
    for use in SPOKEN_IN_CODE.finditer(text):
        folded = text.count("<details", 0, use.start()) > text.count("</details", 0, use.start())
        if use[1] in exported():
            uses.setdefault(use[1], []).append((folded, use.start(), use.end()))
    for name, found in sorted(uses.items(), key=lambda item: -min(item[1])[1]):
        _, start, end = min(found)
        link = f'<a class="api" href="{address}#{PACKAGE}.{name}">{text[start:end]}</a>'
        text = text[:start] + link + text[end:]
    return text


def link_pages(app: Sphinx, exception: Exception | None) -> None:
    """Link the code of the built chapters."""
    if exception is None and app.builder.format == "html":
        for name in sorted(app.env.found_docs - {"appendix/api"}):
            page = Path(app.builder.get_outfilename(name))
            address = app.builder.get_relative_uri(name, "appendix/api")
            text = page.read_text("utf-8")
            if 'class="api"' not in text:  # else an earlier build has left them
                page.write_text(link_code(text, address), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("api", Api)
    app.add_role("section", Section())
    app.connect("missing-reference", resolve_section)
    app.connect("doctree-read", link_first_use)
    app.connect("build-finished", link_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
