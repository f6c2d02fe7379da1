"""The printed chapters and book: what paper needs, and the PDFs as a reader finds them."""

import re
from contextlib import nullcontext
from functools import lru_cache

import pytest
from built import ROOT, need_browser
from pypdf import PdfReader
from test_pages import NOT_LOCAL
from test_slides import LINE

import chromium
import paper
import pdf
import pieces

CHAPTERS = sorted(path.stem for path in ROOT.glob("chapters/*.ipynb"))
FOOTER = "Mutual Information Neural Estimation · CC BY 4.0"
RAW = re.compile(r"\\(?!Scripts|python)[a-zA-Z(\[]|\$|\{[a-z:-]+\}`|Show code|Click to|\?\?|Hide$")
A4 = (595, 842)  # points


def article(inside):
    return pieces.soup(f'<article class="bd-article"><h1>1. One</h1>{inside}</article>').article


def cell(prompt="", code="x = 1", output=""):
    """A cell as on a page: folded if it has a prompt."""
    shown = f'<div class="cell_input"><pre>{code}</pre></div>'
    if prompt:
        title = f'<summary><p class="collapsed">{prompt}</p></summary>'
        shown = f'<details class="hide">{title}{shown}</details>'
    result = f'<div class="cell_output"><div class="output">{output}</div></div>' if output else ""
    return f'<div class="cell">{shown}{result}</div>'


EXERCISE = """<div class="exercise admonition" id="ex-1">
<p class="admonition-title"><span class="caption-number">Exercise 1.1 </span> (easy)</p>
<p>Do it.</p>{inside}</div>
<div class="solution dropdown admonition"><p class="admonition-title">Solution to Exercise 1.1</p>
<p>Done.</p></div>"""
HINT = '<div class="dropdown admonition"><p class="admonition-title">Hint</p><p>Try.</p></div>'


# What paper needs


@pytest.mark.parametrize(
    ("html", "left"),
    [
        (cell(), "x = 1"),
        (cell("Plotting code"), ""),
        (cell("How this is checked", output="7"), "7"),
        (cell("The numbers", output="7"), "The numbers 7"),
        (cell("The numbers"), ""),
        (f'<div class="solution">{cell("The answer")}</div>', "x = 1"),
    ],
)
def test_folded_code_is_left_out_and_results_keep_its_name(html, left):
    body = article(html)
    paper.drop_folded_code(body)
    assert body.get_text(" ", strip=True).removeprefix("1. One").strip() == left


def test_hints_and_solutions_are_taken_to_the_back():
    body = article(EXERCISE.format(inside=HINT))
    apart = paper.take_solutions(body)
    assert [each.get_text(" ", strip=True) for each in apart] == [
        "Hint for Exercise 1.1 Try.",
        "Solution to Exercise 1.1 Done.",
    ]
    assert body.get_text(" ", strip=True) == "1. One Exercise 1.1 (easy) Do it."


def test_hints_come_before_solutions():
    apart = paper.take_solutions(article(2 * EXERCISE.format(inside=HINT)))
    titles = [each.p.get_text() for each in pdf.in_order(apart)]
    assert [title.split()[0] for title in titles] == ["Hint", "Hint", "Solution", "Solution"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("#thm", ("chapters/01_a", "thm")),
        ("02_b.html#thm", ("chapters/02_b", "thm")),
        ("../appendix/notation.html", ("appendix/notation", "")),
        ("https://a.b/c", None),
    ],
)
def test_where_a_link_leads(address, expected):
    assert paper.destination(address, "chapters/01_a") == expected


def test_links_lead_within_the_document_or_are_text():
    links = '<a href="#x">here</a> <a href="02_b.html#y">there</a> <a href="http://c.d">out</a>'
    body = article(f'<p id="x">{links}</p>')
    paper.mend_links(body, "chapters/01_a", {"chapters/01_a"})
    assert [each["href"] for each in body.select("a")] == ["#page-01_a--x", "http://c.d"]
    assert body.select_one("#page-01_a--x")
    assert body.get_text(" ", strip=True) == "1. One here there out"
    both = article(links)
    paper.mend_links(both, "chapters/01_a", {"chapters/01_a", "chapters/02_b"})
    assert both.select("a")[1]["href"] == "#page-02_b--y"


def test_a_slider_prints_what_it_shows_first():
    slider = """<figure class="frames"><img src="data:x"><div><label>steps</label><input>
    <span class="value">40</span></div><script>let x;</script></figure>"""
    body = pieces.still(article(slider))
    assert body.select_one("div.frames img")
    assert body.get_text(" ", strip=True) == "1. One steps: 40"
    assert not body.select("input, script")


def test_folds_are_open_and_optional_sections_lose_their_handle():
    proof = "<details><summary>Proof</summary><p>So.</p></details>"
    optional = "<details><summary>Show this section</summary><p>More.</p></details>"
    body = pieces.open_folds(article(proof + optional))
    assert body.get_text(" ", strip=True) == "1. One Proof So. More."
    assert not body.select("details, summary")


def test_a_line_that_leads_to_something_is_marked():
    body = article(f"<p>We draw it:</p><p>{'word ' * 20}.</p><p>Short.</p>")
    paper.mark_leads(body)
    assert [("lead" in each.get("class", [])) for each in body.select("p")] == [True, False, True]


def test_the_table_of_contents_has_the_pages_it_is_told():
    body = article('<section><section id="s"><h2>1.1. Two</h2></section></section>')
    body["id"] = "page-a"
    paper.name_headings(body)
    pages = {"s--title": 7, "page-a": 5}
    made = pieces.soup(pdf.contents([paper.Paper("a", "1. One", body, [])], pages))
    lines = [[each.get_text() for each in line.select("span")] for line in made.select("li")]
    assert lines == [["1. One", "5"], ["1.1. Two", "7"], ["Solutions", ""]]


def test_a_name_in_a_style_sheet_is_quoted():
    assert pdf.escape_css('a "b" \\c') == 'a \\"b\\" \\\\c'


@pytest.mark.parametrize(("asked", "whole"), [(CHAPTERS, True), (CHAPTERS[:2], False)])
def test_the_book_is_printed_with_all_chapters(asked, whole, monkeypatch, tmp_path):
    printed = []
    monkeypatch.setattr(pdf, "PRINT", tmp_path / "print")
    monkeypatch.setattr(pdf, "PDF", tmp_path / "pdf")
    monkeypatch.setattr(pdf, "say", lambda path: None)
    monkeypatch.setattr(pdf, "print_chapter", lambda browser, name: printed.append(name))
    monkeypatch.setattr(pdf, "print_book", lambda browser, names: printed.append("book"))
    monkeypatch.setattr(pdf.chromium, "opened", nullcontext)
    pdf.main([f"chapters/{name}.ipynb" for name in asked] + ["appendix/recipes.ipynb"])
    assert printed == [f"chapters/{name}" for name in asked] + ["book"] * whole


def test_without_a_browser_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(chromium, "find", lambda: None)
    with pytest.raises(SystemExit, match=r"^no Chromium found: install it .*apt install chromium"):
        chromium.opened().__enter__()


@pytest.mark.parametrize(
    ("told", "outcome"), [("required", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_tests_in_a_browser_are_skipped_without_one_unless_required(told, outcome, monkeypatch):
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setenv("BROWSER_TESTS", told)
    both = (pytest.fail.Exception, pytest.skip.Exception)
    with pytest.raises(both, match=r"^no Chromium found") as stopped:
        need_browser()
    assert stopped.type is outcome


def test_a_page_that_is_not_built_is_named():
    with pytest.raises(SystemExit, match=r"^_build/html/chapters/99_no.html is missing: run make"):
        pieces.page("chapters/99_no")


# The PDFs


@pytest.fixture(scope="module")
def printed(built_pages):
    """All PDFs, printed anew."""
    need_browser()
    pdf.main([f"chapters/{name}.ipynb" for name in CHAPTERS])


@lru_cache
def texts(name):
    """The words of each page of a PDF."""
    return [page.extract_text() for page in PdfReader(pdf.PDF / f"{name}.pdf").pages]


def tight(text):
    """Letters and digits alone: PDF keeps no blanks and no ligatures apart."""
    return re.sub(r"[^\w]", "", text.replace("ﬁ", "fi").replace("ﬂ", "fl"))


def captions(name):
    """Of each figure of a chapter, its number and its caption up to the first formula."""
    body = pieces.article(f"chapters/{name}")
    for each in body.select("figcaption"):
        number = each.select_one(".caption-number")
        text = each.select_one(".caption-text")
        first = next(iter(text.find_all(string=True)), "")
        yield tight(f"{number.get_text()}{first}")


@pytest.mark.course
@pytest.mark.parametrize("name", [*CHAPTERS, "book"])
def test_every_page_is_a4_with_number_and_licence(name, printed):
    for number, page in enumerate(PdfReader(pdf.PDF / f"{name}.pdf").pages, start=1):
        assert (round(page.mediabox.width), round(page.mediabox.height)) == A4
        shown = "" if (name, number) == ("book", 1) else str(number)
        assert re.search(rf"(?m)^{shown} ?{FOOTER}$", texts(name)[number - 1]), number
    assert len(texts(name)) >= (100 if name == "book" else 10)


@pytest.mark.course
@pytest.mark.parametrize("name", [*CHAPTERS, "book"])
def test_formulas_are_set_and_no_handle_of_a_fold_is_printed(name, printed):
    for number, text in enumerate(texts(name), start=1):
        assert not (found := RAW.search(text)), (number, found)


@pytest.mark.course
@pytest.mark.parametrize("name", CHAPTERS)
def test_all_captions_are_printed(name, printed):
    text, book = tight("".join(texts(name))), tight("".join(texts("book")))
    found = list(captions(name))
    assert len(found) >= 7
    for each in found:
        assert each in text
        assert each in book


@pytest.mark.course
@pytest.mark.parametrize("name", CHAPTERS)
def test_solutions_stand_at_the_back(name, printed):
    pages = [tight(text) for text in texts(name)]
    body = pieces.article(f"chapters/{name}")
    titles = [tight(each.p.get_text()) for each in body.select("div.solution")]
    start = pdf.starts(pdf.PDF / f"{name}.pdf").get("solutions") or next(
        number for number, text in enumerate(texts(name), 1) if re.search("^Solutions$", text, re.M)
    )
    front, back = "".join(pages[: start - 1]), "".join(pages[start - 1 :])
    assert len(titles) >= 3
    for title in titles:
        assert title in back
        assert title not in front
    assert "Whatwelearned" in front


@pytest.mark.course
@pytest.mark.parametrize("name", CHAPTERS)
def test_bookmarks_name_the_sections(name, printed):
    outline = PdfReader(pdf.PDF / f"{name}.pdf").outline
    flat = str([each for part in outline for each in (part if isinstance(part, list) else [part])])
    for title in pieces.article(f"chapters/{name}").select("section > h2"):
        title.select_one(".headerlink").decompose()
        assert title.get_text() in flat


@pytest.mark.course
def test_the_contents_name_the_right_pages(printed):
    contents = "\n".join(texts("book")[1:5])
    pages = [tight(text) for text in texts("book")]
    lines = re.findall(r"(?m)^(\d\.(?:\d+\.)? .*?) ?(\d+)$", contents)
    assert len(lines) > 60
    for title, number in lines:
        assert tight(title) in pages[int(number) - 1], (title, number)


@pytest.mark.course
def test_the_first_page_says_whose_it_is_and_how_it_may_be_used(printed):
    for name in ("book", CHAPTERS[0]):
        first = " ".join(texts(name)[0].split())
        assert re.search(rf"The MINE book authors {LINE} Code that the pages fold", first), name


# JavaScript: what is broader than the paper between its margins, or a picture that is not there.
BROADER = """() => {
  const paper = document.body.getBoundingClientRect().right + 1;
  const shown = [...document.body.querySelectorAll("img, table, pre, mjx-container > mjx-math")];
  return shown.filter((e) => e.getBoundingClientRect().right > paper
    || (e.matches("img") && !(e.naturalWidth && e.getBoundingClientRect().height)))
    .map((e) => e.outerHTML.slice(0, 120));
}"""


@pytest.mark.course
def test_nothing_is_broader_than_the_paper_or_fetched_from_the_web(printed, browser):
    # `printed` first: it needs a browser of its own, and two cannot be begun within each other
    page = browser.new_page(viewport={"width": 642, "height": 900})  # 170 mm
    page.set_default_timeout(60_000)
    page.emulate_media(media="print")
    asked = []
    page.route(NOT_LOCAL, lambda route: (asked.append(route.request.url), route.abort()))
    for name in [*CHAPTERS, "book"]:
        page.goto((pdf.PRINT / f"{name}.html").as_uri())
        page.evaluate("() => MathJax.startup.promise.then(() => null)")
        page.evaluate("() => Promise.all([...document.images].map((e) => e.decode()))")
        assert page.evaluate(BROADER) == [], name
        assert page.locator("mjx-merror").count() == 0
    assert asked == []
    page.close()
