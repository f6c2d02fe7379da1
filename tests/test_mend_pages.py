"""What the book's extension does to a page (tools/mend_pages.py)."""

from docutils import nodes

from mend_pages import fold_optional, mend_lines


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


MATH = '<span class="math notranslate nohighlight">\\({}\\)</span>'


def test_no_line_parts_a_formula_from_what_stands_at_it():
    short, long = MATH.format("Q"), MATH.format("a+b+c+d+e+f+g+h+i+j")
    mended = mend_lines(f"({short} is {short}-almost {long}, and {short} too")
    assert f'<span class="whole short">({short}</span> is' in mended
    assert f'<span class="whole short">{short}-almost</span>' in mended
    assert f'<span class="whole">{long},</span>' in mended
    assert f"and {short} too" in mended
    assert mend_lines(mended) == mended


def test_the_link_to_an_exercise_begins_at_its_first_letter():
    assert mend_lines('Solution to<a href="#a"> Exercise 1</a>') == (
        'Solution to <a href="#a">Exercise 1</a>'
    )


def test_printed_sentences_are_told_from_columns():
    def page(lines: str) -> str:
        printed = '<div class="output stream a"><div class="highlight"><pre><span></span>{}</pre>'
        return mend_lines(printed.format(lines))

    assert "stream sentences a" in page("one value 1\nanother 2\n")
    assert "sentences" not in page("m =  1: 1.00\nm = 16: 0.97\n")
    assert "sentences" not in page("autograd 1\n formula 2\n")


def test_an_equation_in_the_head_of_a_table_does_not_break():
    assert (
        mend_lines("<th>b = 16, a</th><td>b = 1</td>") == "<th>b\xa0=\xa016, a</th><td>b = 1</td>"
    )
