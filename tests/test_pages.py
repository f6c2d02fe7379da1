"""The built book in a real browser, each page opened from its file as a reader would.

Each page is loaded once per window width; then all tests of it follow, in light and in dark mode.
Without Chromium they are skipped; BROWSER_TESTS=required makes that a failure.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from built import HTML, PAGES, ROOT
from playwright.sync_api import Browser, Locator, Page

VIEWS = list(product(PAGES, (1280, 390), ("light", "dark")))
NOT_LOCAL = re.compile(r"^(?!file:|data:|blob:|about:)")
RAW_MARKUP = re.compile(r"\$|\\[a-zA-Z(\[]|\{[a-z][a-z:-]*\}|\[\[|\]\]|\?\?|:::|`")

# (axe rule, selector): sphinx-book-theme 1.1.4 puts the book's name in no landmark.
FAULTS_OF_THE_THEME = {("region", ".sidebar-primary-item:nth-child(1)")}

# JavaScript that returns a list of what is wrong. The helpers are put before each.
HELPERS = """
const all = (selector) => [...document.querySelectorAll(selector)];
const article = document.querySelector("article");
const describe = (e) => `${e.outerHTML.slice(0, 80)} ... ${e.textContent.slice(0, 80)}`;
const style = (e) => getComputedStyle(e);
"""
OPEN_DROPDOWNS = """
all("details").forEach((details) => { details.open = true; });
all(".toggle-button-hidden").forEach((button) => button.click());
"""
VISIBLE_TEXTS = """
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const texts = [];
while (walker.nextNode()) {
  const parent = walker.currentNode.parentElement;
  const literal = parent.closest("pre, code, script, style, noscript, .math, mjx-container");
  if (!literal) texts.push(walker.currentNode.data);
}
return texts;
"""
NOT_TYPESET = """
const bare = all(".math").filter((e) => !e.querySelector("mjx-container"));
const unknown = 'mjx-mtext[style*="color: red"]';  // how MathJax shows a macro it doesn't know
return [...bare, ...all(`mjx-merror, ${unknown}`)].map(describe);
"""
UNRESOLVED = """
return all(".xref, .problematic, .system-message").filter((e) => !e.closest("a")).map(describe);
"""
STICKING_OUT = """
const column = article.getBoundingClientRect();
const scrolls = (e) =>
  e !== article && (/auto|scroll/.test(style(e).overflowX) || scrolls(e.parentElement));
const sticksOut = (e) => {
  const box = e.getBoundingClientRect();
  return box.width && box.height && (box.right > column.right + 1 || box.left < column.left - 1);
};
const picture = (e) => e.matches("img, figure");
return all("article *").filter((e) => sticksOut(e) && (picture(e) || !scrolls(e.parentElement)))
  .map(describe);
"""
CUT_OFF = """
const hides = (overflow) => /hidden|clip/.test(overflow);
const cuts = (e) => e.clientWidth > 1 && e.clientHeight > 1 && (
  (hides(style(e).overflowX) && e.scrollWidth > e.clientWidth + 1) ||
  (hides(style(e).overflowY) && e.scrollHeight > e.clientHeight + 1));
return all("article *, button").filter((e) => !e.closest("mjx-container") && cuts(e)).map(describe);
"""
CAPTIONS_CUT = """
const range = (e) => { const all = document.createRange(); all.selectNodeContents(e); return all; };
const cut = (e) => {
  const box = e.closest(".text_html").getBoundingClientRect();
  const text = range(e).getBoundingClientRect();
  return text.left < box.left - 1 || text.right > box.right + 1;
};
return all("article div.cell_output .text_html caption").filter(cut).map(describe);
"""
SCROLLS = """
return all("article .math, article pre").filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map(describe);
"""
DARK_PAPER = """
const light = (e) => style(e).backgroundColor === "rgb(255, 255, 255)";
const turned = (e) => /invert/.test(style(e).filter);
return all("article img").filter((e) => e.closest(".as-is") ? !light(e) || turned(e) : !turned(e))
  .map(describe);
"""
OPEN_CODE_AND_PICTURES = """
const shown = (e) => { const box = e.getBoundingClientRect(); return box.width && box.height; };
const open = (e) => shown(e) && !e.closest("details:not([open])");
const code = all("article div.cell_input").filter(open);
const pictures = all("article img").filter(open).map((e) => e.closest("figure") || e);
const top = (e) => e.getBoundingClientRect().top + scrollY;
const share = (list) => list.reduce((sum, e) => sum + e.getBoundingClientRect().height, 0)
  / article.getBoundingClientRect().height;
return [Math.min(...pictures.map(top)), Math.min(...code.map(top)), share(code), share(pictures)];
"""
OUT_OF_REACH = """
const acts = "a[href], button, summary, input, select, [onclick], .toggle-button";
const shown = (e) => e.checkVisibility({visibilityProperty: true}) && !e.closest("dialog, [inert]");
return all(acts).filter((e) => shown(e) && e.tabIndex < 0).map(describe);
"""
SMALL_FORMULAS = """
const size = (e) => parseFloat(style(e).fontSize);
return all("article mjx-container").filter((e) => size(e) < 0.999 * size(e.parentElement))
  .map(describe);
"""
LONG_FORMULAS = """
const width = (e) => e.getBoundingClientRect().width;
const column = (e) => e.closest("p, li, dd, td, figcaption, div").clientWidth;
const room = (e) =>  // on a wide page its number stands beside it
  e.getAttribute("display") ? Math.min(e.clientWidth, column(e)) : column(e);
return all("article mjx-container")
  .filter((e) => width(e.querySelector("mjx-math")) > room(e) + 1).map(describe);
"""


@dataclass
class View:
    """A loaded page, and what it asked for and said while loading."""

    page: Page
    name: str
    foreign: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def is_dark(self) -> bool:
        return self.page.evaluate("() => document.documentElement.dataset.theme === 'dark'")

    @property
    def is_narrow(self) -> bool:
        return self.page.viewport_size["width"] < 600

    def run(self, script: str) -> list[str]:
        return self.page.evaluate(f"() => {{ {HELPERS} {script} }}")

    def listen(self) -> None:
        def refuse(route) -> None:
            self.foreign.append(route.request.url)
            route.abort()

        self.page.route(NOT_LOCAL, refuse)
        self.page.on("requestfailed", lambda request: self.failed.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))

    def load(self) -> None:
        self.page.goto(uri(self.name))
        self.page.evaluate("() => window.MathJax?.startup?.promise?.then(() => null)")
        self.run(OPEN_DROPDOWNS)
        self.page.evaluate("() => document.fonts.ready.then(() => null)")


def uri(page: str) -> str:
    return (HTML / page).as_uri() + ".html"


@lru_cache
def text_of(file: str) -> str:
    return Path(file).read_text("utf-8")


@pytest.fixture(scope="module")
def load_once(browser: Browser, built_pages: None) -> Callable[[str, int], View]:
    """Loads a page at a window width (pixels), or gives the view that it gave last."""

    @lru_cache(maxsize=1)
    def load(name: str, width: int) -> View:
        for context in browser.contexts:
            context.close()
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, reduced_motion="reduce")
        context.set_default_timeout(10_000)
        view = View(context.new_page(), name)
        view.listen()
        view.load()
        return view

    return load


@pytest.fixture(scope="module", params=VIEWS, ids=lambda view: "-".join(map(str, view)))
def view(request, load_once: Callable[[str, int], View]) -> View:
    name, width, mode = request.param
    view = load_once(name, width)
    view.page.emulate_media(color_scheme=mode)  # the theme follows the reader's system
    view.page.wait_for_selector(f"html[data-theme={mode}]")
    return view


def test_all_pages_of_the_toc_and_no_others_are_built(built_pages):
    count = [sys.executable, "tools/count_pages.py"]
    result = subprocess.run(count, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    assert result.stdout.startswith(f"{len(PAGES)} pages")


def test_page_needs_nothing_from_elsewhere_and_reports_no_error(view):
    assert view.foreign == []
    assert view.failed == []
    assert view.errors == []


def test_formulas_are_typeset_and_no_markup_is_left(view):
    assert view.run(NOT_TYPESET) == []
    assert [text for text in view.run(VISIBLE_TEXTS) if RAW_MARKUP.search(text)] == []


def test_cross_references_and_links_lead_somewhere(view):
    assert view.run(UNRESOLVED) == []
    links = set(view.run("return all('a[href]').map((a) => a.href)"))
    assert [link for link in links if link.startswith("file:") and not leads_somewhere(link)] == []


def leads_somewhere(link: str) -> bool:
    target = urlsplit(link)
    file, anchor = unquote(target.path), unquote(target.fragment)
    if Path(file).name == "laboratory.html" and "=" in anchor:
        return Path(file).is_file()  # with a state; tests/test_live_page.py follows such links
    return Path(file).is_file() and (not anchor or f'id="{anchor}"' in text_of(file))


def test_sidebar_lists_the_whole_book(view):
    links = view.run("return all('nav.bd-links a.reference').map((a) => a.href.split('#')[0])")
    assert links == [uri(page) for page in PAGES]


def test_previous_and_next_follow_the_toc(view):
    before, after = [None, *PAGES], [*PAGES[1:], None]
    position = PAGES.index(view.name)
    for link, page in (("a.left-prev", before[position]), ("a.right-next", after[position])):
        assert view.run(f"return all('{link}').map((a) => a.href)") == ([uri(page)] if page else [])


def test_pictures_are_there_and_described(view):
    assert view.run("return all('img').filter((e) => !e.naturalWidth).map(describe)") == []
    assert view.run("return all('img').filter((e) => !e.alt.trim()).map(describe)") == []
    alts = view.run("return all('img').map((e) => e.alt)")
    assert [alt for alt in alts if RAW_MARKUP.search(alt)] == []


def test_pictures_follow_a_dark_page_or_keep_a_light_ground(view):
    if view.is_dark:
        assert view.run(DARK_PAPER) == []


def test_a_chapter_opens_with_a_picture_and_has_more_to_see_than_code(view):
    if view.name.startswith("chapters/") and not view.is_narrow:
        picture, code, share_of_code, share_of_pictures = folded(view)
        assert picture < min(900, code)
        assert share_of_code <= 0.25
        assert share_of_pictures >= 0.15


def folded(view: View) -> list[float]:
    """Measure the page as it is loaded, with its folds closed; the tests open them."""
    page = view.page.context.new_page()
    page.goto(uri(view.name))
    page.evaluate("() => window.MathJax?.startup?.promise?.then(() => null)")
    found = page.evaluate(f"() => {{ {HELPERS} {OPEN_CODE_AND_PICTURES} }}")
    page.close()
    return found


def test_formulas_are_as_large_as_the_text_and_whole(view):
    assert view.run(SMALL_FORMULAS) == []
    assert view.run(LONG_FORMULAS) == []


def test_nothing_is_wider_than_its_column_or_cut_off(view):
    assert view.run("return document.documentElement.scrollWidth - innerWidth") <= 0
    assert view.run(STICKING_OUT) == []
    assert view.run(CUT_OFF) == []
    assert view.run(CAPTIONS_CUT) == []


def test_formulas_and_code_fit_a_wide_page(view):
    if not view.is_narrow:
        assert view.run(SCROLLS) == []


def test_sliders_move_the_picture(view):
    if view.is_dark:
        return  # they move in the dark as in the light, and it takes a second
    for figure in view.page.locator("figure.frames").all():
        slider = figure.get_by_role("slider")
        slider.evaluate("(e) => e.scrollIntoView({block: 'center'})")
        first, second, back, last = (
            press(figure, key) for key in ("Home", "ArrowRight", "ArrowLeft", "End")
        )
        assert all(a != b for a, b in zip(first, second, strict=True))
        assert back == first
        assert drag_to_the_left_end(figure) == first != last
        assert slider.evaluate("(e) => getComputedStyle(e).outlineStyle") != "none"
        assert slider.bounding_box()["height"] >= 44


def press(figure: Locator, key: str) -> tuple[str, str, str]:
    figure.get_by_role("slider").press(key)
    return shown(figure)


def drag_to_the_left_end(figure: Locator) -> tuple[str, str, str]:
    """From the right end, where the End key has left the slider, with the mouse."""
    box = figure.get_by_role("slider").bounding_box()
    mouse, middle = figure.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] - 8, middle)
    mouse.down()
    mouse.move(box["x"] + 1, middle, steps=5)
    mouse.up()
    return shown(figure)


def shown(figure: Locator) -> tuple[str, str, str]:
    """Picture, alt text and value, once the picture is decoded and what is said is what is seen."""
    image, value = figure.locator("img"), figure.locator(".value")
    image.evaluate("(e) => e.decode()")
    assert value.is_visible()
    assert figure.get_by_role("slider").get_attribute("aria-valuetext") == value.inner_text()
    return image.get_attribute("src"), image.get_attribute("alt"), value.inner_text()


def test_everything_that_acts_is_reached_by_keyboard(view):
    assert view.run(OUT_OF_REACH) == []
    fold = view.page.locator("article details > summary").first
    if view.is_dark or not fold.count():
        return
    was = fold.evaluate("(e) => e.parentElement.open")
    fold.press("Enter")
    assert fold.evaluate("(e) => e.parentElement.open") != was
    fold.press("Enter")


def test_page_is_accessible(view):
    if view.is_narrow != view.is_dark:
        return  # it takes seconds: each width once, and each mode once
    options = {"resultTypes": ["violations"], "preload": False}  # preloading fails on file://
    found = Axe().run(view.page, options=options).response["violations"]
    faults = {(fault["id"], " ".join(node["target"])) for fault in found for node in fault["nodes"]}
    assert faults - FAULTS_OF_THE_THEME == set()
