"""The slides: what the notebooks' cells say of them, and the decks in a browser without the web."""

import re
import shutil
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import nbformat
import pytest
from built import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pypdf import PdfReader
from test_pages import NOT_LOCAL, RAW_MARKUP

import deck
import doors
import pieces
import slides

CHAPTERS = sorted(path.stem for path in ROOT.glob("chapters/*.ipynb"))
GOOD = {"title": "Two", "minutes": 3, "notes": "Say it.", "points": ["One."]}
SESSION = 90  # minutes
LINE = r"Text and figures: CC BY 4\.0\. Code: MIT\. Version [\d.]+\d(, \d+ \w+ \d{4})?\."
PROSE = 90  # words of points on a slide
NOT_HERE = re.compile(r"!|\b(?:simply|obviously|clearly)\b|(?:xercise|ection|heorem) \d", re.I)


@lru_cache
def chapter(name):
    return nbformat.read(ROOT / f"chapters/{name}.ipynb", as_version=4)


@lru_cache
def told(name):
    return deck.slides_of(chapter(name))


# What a cell says


def test_slides_come_in_the_order_of_the_cells():
    cells = [new_markdown_cell("x", metadata={"slides": [GOOD, GOOD | {"title": "Three"}]})]
    cells += [new_code_cell("y"), new_code_cell("z", metadata={"slides": [GOOD]})]
    found = deck.slides_of(new_notebook(cells=cells))
    assert [(each.title, each.cell) for each in found] == [("Two", 0), ("Three", 0), ("Two", 2)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"minutes": 0}, "minutes = 0: must be whole, from 1 to 15"),
        ({"minutes": 2.5}, "minutes = 2.5: must be whole"),
        ({"minutes": True}, "minutes = True: must be whole"),
        ({"notes": " "}, "notes = ' ': must be text"),
        ({"title": None}, "title = None: must be text"),
        ({"note": "x"}, "note: must be one of"),
        ({"points": []}, "slide 'Two' is empty: it needs show or points"),
        ({"points": "One sentence."}, "points = 'One sentence.': must be a list of texts"),
        ({"points": ["One.", 2]}, "points = ['One.', 2]: must be a list of texts"),
        ({"show": "code"}, "show = 'code': must be a list of texts"),
    ],
)
def test_a_slide_that_is_wrong_is_refused_in_a_line(change, said):
    cell = new_code_cell("x", metadata={"slides": [GOOD | change]}, id="here")
    with pytest.raises(deck.SlideError, match=f"^cell here: .*{re.escape(said)}"):
        deck.slides_of(new_notebook(cells=[cell]))


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_is_one_session(name):
    assert sum(each.minutes for each in told(name)) == SESSION
    assert 12 <= len(told(name)) <= 20
    opening, *_, last = told(name)
    assert opening.show[0].startswith("fig-")
    assert opening.points[-1].endswith("?") or opening.points[-1].endswith("order.")
    assert last.show == ["learned"]
    assert sum("predict" in each.show for each in told(name)) >= 1


@pytest.mark.parametrize("name", CHAPTERS)
def test_slides_are_short_and_say_no_number_that_the_chapter_does_not(name):
    cells = [[each.source, str(each.get("outputs", ""))] for each in chapter(name).cells]
    text = str(cells).replace(",", "")
    for each in told(name):
        assert len(" ".join(each.points).split()) <= PROSE, each.title
        assert not NOT_HERE.search(" ".join([each.title, each.notes, *each.points])), each.title
        for number in re.findall(r"\d+\.\d+", " ".join([each.notes, *each.points])):
            assert number in text, (each.title, number)


# The parts of a page


@pytest.fixture
def page(monkeypatch):
    """A page of two code cells and a question, and its notebook."""
    html = """<article class="bd-article"><h1>1. One<a class="headerlink">#</a></h1>
    <div class="cell"><div class="cell_input">first</div></div>
    <div class="tip admonition"><p class="admonition-title">Predict</p><p>What?</p>
    <div class="dropdown admonition"><p class="admonition-title">What happens</p></div></div>
    <div class="cell"><div class="cell_input">second</div>
    <div class="cell_output"><div class="output">7</div></div></div>
    <div class="math" id="equation-eq-1"><a href="x">(1)</a></div>
    <div id="thm" class="theorem admonition"><section id="content"><p>So.</p></section></div>
    <section id="what-we-learned"><ul><li>All.</li></ul></section></article>"""
    monkeypatch.setattr(pieces, "page", lambda name: pieces.soup(html))
    question = new_markdown_cell(":::{admonition} Predict\nWhat?\n:::", id="id-1")
    cells = [new_code_cell("first", id="id-0"), question, new_code_cell("second", id="id-2")]
    return deck.Page("one", new_notebook(cells=cells))


@pytest.mark.parametrize(
    ("name", "cell", "expected"),
    [
        ("code", 0, "first"),
        ("code", 2, "second"),
        ("output", 2, "7"),
        ("predict", 1, "Predict What? What happens"),
        ("eq-1", 0, "(1)"),
        ("thm", 0, "So."),
        ("learned", 0, "All."),
    ],
)
def test_parts_are_found_by_cell_and_label(page, name, cell, expected):
    (found,) = page.find(name, cell)
    assert found.get_text(" ", strip=True) == expected


@pytest.mark.parametrize(("name", "cell"), [("output", 0), ("predict", 2), ("code", 1), ("no", 0)])
def test_what_is_not_on_the_page_is_named(page, name, cell):
    with pytest.raises(deck.SlideError, match=f"^cell id-{cell}: show: '{name}'"):
        page.find(name, cell)


def test_a_page_of_another_notebook_is_refused(page):
    with pytest.raises(deck.SlideError, match="run make book"):
        deck.Page("one", new_notebook(cells=[new_code_cell("only")]))


def test_what_a_slide_changes(page):
    box = slides.fit(page.find("predict", 1)[0])
    assert box.select_one(".answer.fragment").get_text(strip=True) == "What happens"
    theorem = slides.fit(page.find("thm", 0)[0])
    assert not theorem.select("section")  # reveal.js would take it for a slide
    assert "id" not in str(theorem)


def test_statements_stand_before_points_and_formulas_after(page):
    slide = deck.Slide("Two", 3, "Say it.", 0, [], ["A point"])
    shown = [page.find(name, 0)[0] for name in ("eq-1", "thm")]
    words = slides.words_of(slide, shown)
    assert words.index("So.") < words.index("A point") < words.index("(1)")


def test_points_are_markdown_with_formulas():
    formula = '<span class="math inline">\\(x&lt;1\\)</span>'
    said = slides.markdown("*a* is $x<1$.")
    assert said == f'<em>a</em> is <span class="whole short">{formula}.</span>'


def test_what_print_and_slides_say_of_licences_has_no_dead_links(monkeypatch):
    monkeypatch.setattr(doors, "version", lambda: "1.2.3")
    monkeypatch.setattr(doors, "date", lambda: datetime(2001, 9, 9))
    said = pieces.about.__wrapped__()
    assert said["line"] == (
        "Text and figures: CC BY 4.0. Code: MIT. Version 1.2.3, 9 September 2001."
    )
    assert said["licence"] == "CC BY 4.0"


def test_the_index_says_what_each_deck_holds(page, monkeypatch, tmp_path):
    page.article.h1.string = '1. "This" & that: both'
    monkeypatch.setattr(deck, "Page", lambda *_: page)
    monkeypatch.setattr(pieces, "ROOT", tmp_path)
    monkeypatch.setattr(slides, "SLIDES", tmp_path / "slides")
    page.heading = pieces.heading(page.article)
    for folder in ("slides", "chapters"):
        (tmp_path / folder).mkdir()
    for number, count in [(1, 2), (2, 3)]:
        cells = [new_code_cell("x", metadata={"slides": count * [GOOD]})]
        nbformat.write(new_notebook(cells=cells), tmp_path / f"chapters/0{number}_one.ipynb")
        slides.make(f"chapters/0{number}_one")
    items = [str(each) for each in pieces.soup(slides.index()).select("li")]
    assert items == [
        '<li><a href="01_one.html">1. "This" &amp; that: both</a>: 2 slides, 6 minutes</li>',
        '<li><a href="02_one.html">1. "This" &amp; that: both</a>: 3 slides, 9 minutes</li>',
    ]


# In a browser

OVERFLOW = """() => {
  const slide = Reveal.getCurrentSlide();
  const foot = slide.querySelector(".licence").getBoundingClientRect();
  const skip = "aside, .licence, script, mjx-assistive-mml";
  const box = (e) => e.getBoundingClientRect();
  const outside = [...slide.querySelectorAll("*")].filter((e) => !e.closest(skip)
    && box(e).width && box(e).height
    && (box(e).bottom > foot.top + 1 || box(e).right > 1261 || box(e).top < 0));
  const wide = [...slide.querySelectorAll("mjx-container > mjx-math")].filter((e) =>
    box(e).right > box(e.closest(".words, .pictures")).right + 1);
  const low = foot.bottom > 720 || box(slide).height > 721;
  return [...outside, ...wide].map((e) => e.outerHTML.slice(0, 100)).concat(low ? ["low"] : []);
}"""
ON_EACH_OTHER = """() => {
  const slide = Reveal.getCurrentSlide();
  const box = (e) => e.getBoundingClientRect();
  const parts = [...slide.querySelectorAll("h1, h2, img, input, figcaption, .words > *")]
    .filter((e) => box(e).height);
  const cross = (a, b) => box(a).left < box(b).right - 1 && box(b).left < box(a).right - 1
    && box(a).top < box(b).bottom - 1 && box(b).top < box(a).bottom - 1;
  const found = [];
  parts.forEach((a, i) => parts.slice(i + 1).forEach((b) => {
    if (!a.contains(b) && !b.contains(a) && cross(a, b)) found.push(`${a.tagName} ${b.tagName}`);
  }));
  return found;
}"""
BARE = """() => {
  const bare = [...document.querySelectorAll(".slides .math")]
    .filter((e) => !e.querySelector("mjx-container"));
  return [...bare, ...document.querySelectorAll('mjx-merror, mjx-mtext[style*="color: red"]')]
    .map((e) => e.outerHTML.slice(0, 100));
}"""
TEXTS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest("pre, code, script, style, mjx-container")) {
      found.push(walker.currentNode.data);
    }
  }
  return found;
}"""
SMALLEST = 17  # pixels of the words on a slide of 720


@pytest.fixture(scope="module")
def decks(tmp_path_factory, built_pages):
    """All decks, made anew and carried elsewhere, as on a stick."""
    slides.main([f"chapters/{name}.ipynb" for name in CHAPTERS])
    return Path(shutil.copytree(slides.SLIDES, tmp_path_factory.mktemp("stick") / "slides"))


class Shown:
    """A deck in the browser, and what it asked for and said while loading."""

    def __init__(self, browser, folder, name):
        self.name, self.asked, self.faults = name, [], []
        self.page = browser.new_page(viewport={"width": 1280, "height": 720})
        self.page.set_default_timeout(20_000)
        self.page.route(NOT_LOCAL, lambda route: (self.note(route), route.abort()))
        self.page.on("requestfailed", lambda request: self.faults.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.faults.append(m.text))
        self.page.goto((folder / f"{name}.html").as_uri())
        self.page.wait_for_selector("html.ready")

    def note(self, route):
        self.asked.append(route.request.url)

    def turn(self, number, step=99):
        self.page.evaluate(f"Reveal.slide({number}, 0, {step})")

    def each(self):
        for number, slide in enumerate(told(self.name)):
            self.turn(number)
            yield slide


@pytest.fixture(scope="module", params=CHAPTERS)
def shown(request, browser, decks):
    shown = Shown(browser, decks, request.param)
    yield shown
    shown.page.close()


@pytest.mark.course
def test_a_deck_asks_the_web_for_nothing_and_reports_no_error(shown):
    list(shown.each())
    assert shown.asked == []
    assert shown.faults == []


@pytest.mark.course
def test_a_deck_has_all_its_slides_with_notes_and_licence(shown):
    assert shown.page.evaluate("Reveal.getTotalSlides()") == len(told(shown.name))
    for slide in shown.each():
        current = shown.page.locator("section.present")
        assert f"{slide.minutes} min" in current.locator("aside.notes").text_content()
        assert len(current.locator("aside.notes").text_content()) > 40
        licence = current.locator(".licence")
        assert licence.is_visible()
        assert "CC BY 4.0" in licence.inner_text()
        assert shown.page.locator(".slide-number").is_visible()


@pytest.mark.course
def test_formulas_are_set_and_no_markup_is_left(shown):
    assert shown.page.evaluate(BARE) == []
    assert shown.page.locator(".slides mjx-container").count() > len(told(shown.name))
    assert [text for text in shown.page.evaluate(TEXTS) if RAW_MARKUP.search(text)] == []


@pytest.mark.course
def test_every_slide_fits_and_is_large_enough(shown):
    for number, slide in enumerate(shown.each(), start=1):
        where = f"slide {number}, {slide.title}"
        assert shown.page.evaluate(OVERFLOW) == [], where
        assert shown.page.evaluate(ON_EACH_OTHER) == [], where
        for words in shown.page.locator("section.present .words").all():
            size = words.evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)")
            assert size >= SMALLEST, where


@pytest.mark.course
def test_pictures_are_large(shown):
    for slide in shown.each():
        pictures = shown.page.locator("section.present figure img").all()
        assert len(pictures) == sum(name.startswith("fig-") for name in slide.show)
        for each in pictures:
            assert each.evaluate("(e) => e.decode().then(() => e.naturalWidth)") > 0
            box = each.bounding_box()
            assert min(box["width"], box["height"]) > 150, slide.title


@pytest.mark.course
def test_an_answer_comes_with_the_next_step(shown):
    for number, slide in enumerate(told(shown.name)):
        if "predict" in slide.show:
            shown.turn(number, -1)
            answer = shown.page.locator("section.present .answer")
            answer.wait_for(state="hidden")
            shown.page.keyboard.press("ArrowRight")
            answer.wait_for(state="visible")


@pytest.mark.course
def test_sliders_move_and_then_let_the_arrows_turn_the_slides(shown):
    for number, _ in enumerate(told(shown.name)):
        shown.turn(number)
        slider = shown.page.locator("section.present input[type=range]")
        if slider.count():
            picture = shown.page.locator("section.present figure.frames img")
            slider.press("Home")
            before = picture.get_attribute("src")
            slider.press("ArrowRight")
            assert picture.get_attribute("src") != before
            assert shown.page.evaluate("Reveal.getIndices().h") == number
            box = slider.bounding_box()
            shown.page.mouse.click(box["x"] + box["width"] - 10, box["y"] + box["height"] / 2)
            assert picture.get_attribute("src") != before
            shown.page.keyboard.press("ArrowLeft")
            assert shown.page.evaluate("Reveal.getIndices().h") == number - 1


@pytest.mark.course
def test_a_deck_prints_a_slide_on_each_page(shown, decks, browser, tmp_path):
    page = browser.new_page()
    page.goto(f"{(decks / f'{shown.name}.html').as_uri()}?print-pdf")
    page.wait_for_selector("html.ready")
    page.pdf(path=tmp_path / "deck.pdf", prefer_css_page_size=True, print_background=True)
    page.close()
    printed = [each.extract_text() for each in PdfReader(tmp_path / "deck.pdf").pages]
    assert len(printed) == len(told(shown.name))
    for number, text in enumerate(printed, start=1):
        assert "CC BY 4.0" in text, number


@pytest.mark.course
def test_s_opens_the_notes(shown):
    shown.turn(0)
    with shown.page.expect_popup() as opened:
        shown.page.keyboard.press("s")
    notes = opened.value.locator(".speaker-controls-notes .value")
    notes.filter(has_text=told(shown.name)[0].notes[:15]).wait_for()
    opened.value.close()


@pytest.mark.course
def test_the_index_leads_to_every_deck(browser, decks):
    page = browser.new_page()
    page.goto((decks / "index.html").as_uri())
    links = page.locator("li a").evaluate_all("(all) => all.map((e) => e.href)")
    assert links == [(decks / f"{name}.html").as_uri() for name in CHAPTERS]
    said = page.locator("main p").last.inner_text()
    assert re.fullmatch(rf"The MINE book authors\. {LINE}", said)
    page.close()
