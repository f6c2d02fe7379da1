"""What the book's extension does to a page (tools/mend_pages.py)."""

from docutils import nodes

from mend_pages import fold_optional


def section(title: str) -> nodes.section:
    return nodes.section("", nodes.title("", title), nodes.paragraph("", "Text."), ids=["a"])


def kinds(part: nodes.section) -> list[str]:
    return [child.tagname for child in part.children]


def test_an_optional_section_is_folded_below_its_title() -> None:
    document = nodes.container("", section("Optional: a proof"), section("Not optional"))
    fold_optional(None, document, "page")
    folded, plain = document.children
    assert kinds(folded) == ["title", "raw", "paragraph", "raw"]
    assert folded[1].astext().startswith('<details class="optional"><summary>')
    assert folded[-1].astext() == "</details>"
    assert kinds(plain) == ["title", "paragraph"]
