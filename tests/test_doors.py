"""Ways into the book: the repository's buttons, the package's reference, the search, the weight.

The built pages are opened in a browser as in test_pages.py. A book of one chapter is built beside
them, with an address of a repository.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
import pydata_sphinx_theme
import pytest
import sphinx_book_theme
from built import HTML, PAGES, ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.util.inventory import InventoryFile

import api
import light
import mine_lib
import styles
from excerpt_text import formula, sentence

BOOK = "http://book.test"
ADDRESS = "https://github.com/someone/somewhere"
LISTED = re.findall(
    r"^(\w+): ([\w. -]+)$", (ROOT / "appendix/api.md").read_text("utf-8"), re.MULTILINE
)
TITLE = re.compile(r"\{prf:(?:theorem|lemma|definition|algorithm|proposition|corollary)\}")


def page(name: str) -> str:
    return (HTML / f"{name}.html").read_text("utf-8")


@pytest.fixture
def opened(browser):
    """A page of a browser that finds the book at BOOK, too, as from a server."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    context.route(f"{BOOK}/**", lambda route: route.fulfill(path=file_of(route.request.url)))
    yield context.new_page()
    context.close()


def file_of(address: str) -> Path:
    return HTML / urlsplit(address).path.lstrip("/")


# The reference of the package


def test_every_public_name_has_an_entry_and_a_section():
    assert sorted(name for name, _ in LISTED) == sorted(mine_lib.__all__)


def test_the_sources_are_read_as_python_reads_them():
    names = api.public_names()
    assert sorted(names) == sorted(mine_lib.__all__)
    for name, entry in names.items():
        told = getattr(mine_lib, name).__doc__
        assert entry.text, name
        if entry.kind != "data":  # the text below a constant is not its __doc__
            assert " ".join(entry.text.split()) == " ".join(told.split()), name
        first = entry.file.read_text("utf-8").splitlines()[entry.lines[0] - 1]
        assert name in first


def test_how_a_name_is_called():
    names = api.public_names()
    assert names["train"].signature == "(x, z, *, progress=True, **settings)"
    assert names["Gaussian"].signature == "(rho, dim=1)"
    assert names["MINE"].signature == "(alpha=0.01, stable=True)"
    assert names["Trainer"].signature.startswith("(x, z, *, objective=None, critic=None,")
    members = {each.name: each.signature for each in names["MINE"].members}
    assert members["__call__"] == "(t_joint, t_product)"
    assert members["v"] == ""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("(eq. dv; see sec-nwj)", "(equation {eq}`eq-dv`; see {section}`section <sec-nwj>`)"),
        ("sec-nwj in chapter 2.", "{section}`section <sec-nwj in chapter 2>`."),
        ("(chapter 2)", "({section}`chapter <chapter 2>`)"),
        ("+-1", "±1"),
        ("E_P[T] <= e^T", r"E{sub}`P`\[T\] ≤ e{sup}`T`"),
        ("t_joint of `MINE`", r"t\_joint of {py:obj}`MINE <mine_lib.MINE>`"),
        ("see `columns`", "see `columns`"),
    ],
)  # fmt: skip
def test_docstrings_become_markdown(said, expected):
    assert api.inline(said) == expected


def test_what_explains_a_parameter_becomes_a_list():
    text = "Do it.\n\nx, z: pairs. t: a number (of steps);\nu: another. Raises ValueError: never."
    expected = "Do it.\n\n- `x`, `z`: pairs.\n- `t`: a number (of steps).\n- `u`: another.\n\n"
    assert api.paragraphs(text, {"x", "z", "t"}) == expected + "Raises ValueError: never."
    within = "Bits (two;\nx: others), in (0, 1]. z [as\nx: here]."
    assert api.paragraphs(within, {"x", "z"}) == api.inline(within)


def test_sections_have_labels_since_their_numbers_change():
    for said in ("It is one (section 2.4).", "(eq. nwj, 2.4)", "Sections\n1.1 and 1.2"):
        entry = replace(api.public_names()["nwj"], text=said)
        assert len(api.with_numbers(entry)) == 1, said
    chapters = {path.name[:2]: path.read_text("utf-8") for path in ROOT.glob("chapters/*.ipynb")}
    reference = ROOT / "appendix/api.md"
    for file in [reference, *ROOT.glob("mine_lib/**/*.py"), *ROOT.glob("mine_checks/*.py")]:
        text = " ".join(file.read_text("utf-8").split())
        assert not api.NUMBERED.search(text), file.name
        for label, chapter in re.findall(r"\b(sec-[\w-]*\w)(?: in chapter (\d))?", text):
            assert file == reference or chapter, f"{file.name}: who reads help() wants a chapter"
            told = chapters[f"0{chapter}"] if chapter else "".join(chapters.values())
            assert f"({label})=" in told, (file.name, label)
    assert all(re.fullmatch(r"sec-[\w-]+|chapter \d", section) for _, section in LISTED)


def test_brackets_balance_in_each_line_of_the_reference(built_pages):
    for line in re.findall(r"<(?:p|li)\b[^>]*>(.*?)</(?:p|li)>", page("appendix/api"), re.DOTALL):
        text = re.sub("<[^>]+>", "", line)
        opened, closed = (len(re.findall(each, text)) for each in (r"[(\[]", r"[)\]]"))
        assert opened == closed, text


def test_the_first_use_in_the_code_of_a_page_is_a_link_outside_folds_if_it_can():
    use = '<span class="n">ml</span><span class="o">.</span><span class="n">{}</span>'
    fold = f"<details>{use.format('train')}{use.format('nwj')}</details>"
    text = api.link_code(fold + 2 * use.format("train") + use.format("nothing"), "api.html")
    assert text.count("<a ") == 2
    assert text.index('href="api.html#mine_lib.nwj"') < text.index("</details>")
    assert text.index('href="api.html#mine_lib.train"') > text.index("</details>")


def test_the_reference_is_linked_both_ways(built_pages):
    reference = page("appendix/api")
    for name, _ in LISTED:
        entry = reference.split(f'id="mine_lib.{name}"')[1]
        assert "In the book: " in entry[: entry.index("</dd>")], name
    for name in PAGES:
        if name.startswith("chapters/"):
            assert "appendix/api.html#mine_lib." in page(name), name


# What a page says of itself


def test_every_page_says_what_it_is_and_how_it_may_be_used(built_pages):
    for name in PAGES:
        text = page(name)
        description = re.search(
            r'<meta (?:content="([^"]*)" )?name="description"(?: content="([^"]*)")?', text
        )
        assert len(description[1] or description[2]) > 20, name
        for kind in ("title", "description", "type", "site_name"):
            assert re.search(rf'<meta property="og:{kind}" content="[^"]+"', text), (name, kind)
        assert 'rel="icon" href=' in text
        footer = text[text.index('<div class="extra_footer">') :]
        for said in ("CC BY 4.0", "MIT", "How to cite", "Report a mistake", f"Version {version()}"):
            assert said in footer, name


def version() -> str:
    return re.search(
        r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )[1]


def test_the_citation_has_the_package_s_version(built_pages):
    assert f"version: {version()}" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert "@book{mine_book_2026" in re.sub("<[^>]+>", "", page("appendix/cite"))


def test_all_statements_are_listed(built_pages):
    statements = 0
    for name in PAGES:
        if name.startswith("chapters/"):
            cells = nbformat.read(ROOT / f"{name}.ipynb", as_version=4).cells
            statements += sum(len(TITLE.findall(each.source)) for each in cells)
    listed = re.findall(
        r'href="\.\./chapters/[^"#]*#([^"]+)">[A-Z]\w+ \d\.\d', page("appendix/theorems")
    )
    assert len(listed) == len(set(listed)) == statements


def test_every_entry_of_the_glossary_can_be_linked(built_pages):
    text = (ROOT / "appendix/glossary.md").read_text("utf-8")
    entries = re.findall(r"^(?![ :#])(\S.*)\n  ", text, re.MULTILINE)
    with (HTML / "objects.inv").open("rb") as file:
        terms = InventoryFile.load(file, "", lambda a, b: b)["std:term"]
    assert {entry.lower() for entry in entries} <= {term.lower() for term in terms}
    assert len(entries) == len(set(entries)) > 20


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"E_P[T]", "E_P[T]"),
        (r"\log r + c", "log r + c"),
        (r"\rho=0.9", "ρ=0.9"),
        (r"\mathcal V(T_\theta)", "…"),
        (r"\frac12", "…"),
        (r"b^2", "b²"),
        (r"\sup_AP(A)", "sup_A P(A)"),
        (r"x_{ij}y_j\log z", "x_ij y_j log z"),
    ],
)
def test_a_formula_in_plain_characters(tex, expected):
    assert formula(tex) == expected


def test_a_description_ends_with_a_sentence_if_it_can():
    assert sentence("One. " * 30, 50) == ("One. " * 10).strip()
    assert sentence("word " * 30, 50) == ("word " * 10).strip() + " …"


# Weight


def test_pages_are_light(built_pages):
    for name in [*PAGES, "search", "genindex"]:
        text = page(name)
        assert "fontawesome" not in text
        head = text[: text.index("</head>")]
        assert all("defer" in each for each in re.findall(r"<script[^>]*src=[^>]*>", head)), name
    assert weight("intro") < 0.6e6
    assert "mathjax/" not in page("intro")


def weight(name: str) -> int:
    """Bytes of a page and of the files that it names."""
    text = page(name)
    named = {each.split("?")[0] for each in re.findall(r'(?:src|href)="([^"#:]+)"', text)}
    files = {(HTML / name).parent / each for each in named}
    loaded = [each for each in files if each.suffix in (".css", ".js", ".svg", ".png", ".jpg")]
    return len(text.encode()) + sum(each.resolve().stat().st_size for each in loaded)


def test_a_page_of_another_theme_is_told():
    _, missing = light.lighten("<html><head></head><body></body></html>", "")
    assert missing == list(light.REPLACED)


def test_icons_are_drawn_as_the_theme_s_script_would():
    script = (
        '{"sun":[512,512,[9],"f185","M1"],sun:[384,512,[],"f185","M2z"],"a-b":[1,2,[],"f","M3"]'
    )
    icons = '<i class="theme-switch fas fa-sun fa-lg" data-mode="x"></i>'
    icons += '<span class="fab fa-a-b"></span><i class="fas fa-cat"></i>'
    drawn, missing = light.draw_icons(icons, script)
    assert '<svg class="svg-inline--fa theme-switch fa-sun fa-lg" data-mode="x"' in drawn
    assert 'viewBox="0 0 384 512"><path fill="currentColor" d="M2z">' in drawn
    assert 'viewBox="0 0 1 2"' in drawn
    assert missing == {"fa-cat"}


def test_an_icon_of_a_style_sheet_that_is_missing_is_told():
    known = (ROOT / "assets/icons.css").read_text("utf-8")
    assert light.codes_missing('content:"\uf6be\uf0f3"', known) == {"f6be"}


def test_the_icons_of_the_installed_theme_are_there():
    known = (ROOT / "assets/icons.css").read_text("utf-8")
    for theme in (pydata_sphinx_theme, sphinx_book_theme):
        for file in Path(theme.__file__).parent.rglob("theme/*/static/styles/*.css"):
            assert light.codes_missing(file.read_text("utf-8"), known) == set()


def test_rules_that_no_page_can_use_are_left_out():
    style = """@charset "utf-8";/* a{} */.a,.b{x:"};"}@media print{.b{y:1}}
        .a:not(.b)>p{z:1}@font-face{src:url(a;b)}:is(.a,.b) q{w:1}.a .b{v:1}[href=".b"]{u:1}"""
    kept = styles.used(style, {"a"})
    assert ".a{" in kept
    assert ".a:not(.b)>p{z:1}" in kept
    assert ":is(.a,.b) q{w:1}" in kept
    assert '[href=".b"]{u:1}' in kept
    assert "@font-face{src:url(a;b)}" in kept
    assert "y:1" not in kept
    assert "v:1" not in kept


# In a browser


@pytest.mark.parametrize("base", [HTML.as_uri(), BOOK], ids=["file", "http"])
def test_search_shows_pieces_of_text(base, opened, built_pages):
    errors = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: said.type == "error" and errors.append(said.text))
    opened.goto(f"{base}/search.html?q=hockey")
    opened.wait_for_selector("ul.search > li > p.context")
    opened.wait_for_function(
        "document.querySelector('p.search-summary').innerText.includes('found')"
    )
    results = opened.locator("ul.search > li:has(> p.context)").all()
    assert len(results) >= 3
    first = results[0].locator("a").get_attribute("href")
    assert first.endswith("appendix/glossary.html#term-hockey-stick-divergence")
    for each in results:
        excerpt = each.locator("p.context").inner_text()
        assert "hockey" in excerpt.lower()
        assert 40 < len(excerpt) < 300
        assert not re.search(r"\\|\$|ipynb|\{", excerpt)
        assert each.locator("mark").first.inner_text().lower() == "hockey"
        assert each.locator("a").first.evaluate("(a) => a.href").startswith(base)
    assert errors == []


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("train", True),
        ("estimators", True),
        ("moving average", True),
        ("$", False),
        ("(", False),
        ("qqq", False),
    ],
)
def test_search_copes_with_other_words(words, finds, opened, built_pages):
    errors = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(f"{HTML.as_uri()}/search.html?q={quote(words, safe='')}")
    opened.wait_for_selector("p.search-summary:not(:empty)")
    opened.wait_for_function("!/Search(ing|$)/.test(document.querySelector('h2').innerText)")
    assert (opened.locator("ul.search > li").count() > 0) is finds
    assert errors == []


def test_only_a_page_that_was_found_has_its_words_marked(opened, built_pages):
    hide = opened.locator("a", has_text="Hide Search Matches")
    opened.goto(f"{HTML.as_uri()}/search.html?q=hockey")
    opened.wait_for_selector("ul.search > li > p.context")
    opened.goto(f"{HTML.as_uri()}/chapters/04_gradient_bias.html")
    opened.wait_for_load_state("load")
    assert hide.count() == 0
    opened.go_back()
    opened.locator("ul.search > li a").first.click()
    hide.wait_for()
    assert opened.locator("span.highlighted").count() > 0


@pytest.mark.parametrize("base", [HTML.as_uri(), BOOK], ids=["file", "http"])
def test_a_page_can_be_saved_as_a_notebook_and_printed(opened, base, built_pages):
    opened.add_init_script("window.print = () => { window.printed = true; };")
    opened.goto(f"{base}/{PAGES[1]}.html")
    opened.get_by_role("button", name="Download this page").click()
    link = opened.locator("a.btn-download-source-button")
    source = HTML / PAGES[1] / ".." / link.get_attribute("href")
    assert json.loads(source.resolve().read_text("utf-8"))["cells"]
    opened.locator(".btn-download-pdf-button").click()
    assert opened.evaluate("window.printed")


# The repository


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A book of one chapter that has a repository, built in the year 2001."""
    folder = tmp_path_factory.mktemp("small")
    for name in ("tools", "assets", "mine_lib"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "appendix").mkdir()
    (folder / "chapters").mkdir()
    for name in (
        "pyproject.toml",
        "CITATION.cff",
        "LICENSE",
        "LICENSE-text",
        "CHANGELOG.md",
        "appendix/cite.md",
    ):
        shutil.copy(ROOT / name, folder / name)
    (folder / "references.bib").touch()
    config = (ROOT / "_config.yml").read_text("utf-8")
    (folder / "_config.yml").write_text(
        re.sub(r"(?m)^  url: .*", f'  url: "{ADDRESS}/"', config), "utf-8"
    )
    toc = [
        "intro",
        "chapters/01_one",
        "appendix/api",
        "appendix/cite",
        "appendix/two",
        "appendix/errata",
    ]
    files = "\n".join(f"      - file: {each}" for each in toc[1:])
    (folder / "_toc.yml").write_text(
        "format: jb-book\nroot: intro\nparts:\n  - caption: All\n    numbered: true\n"
        f"    chapters:\n{files}\n",
        "utf-8",
    )
    (folder / "appendix/errata.md").write_text("(own-mistakes)=\n# Errata\n\nWords.\n", "utf-8")
    (folder / "intro.md").write_text("# Title\n\nWords.\n\n```{launching}\n```\n", "utf-8")
    (folder / "appendix/api.md").write_text(
        "# The package\n\n```{api}\nexceeds: chapter 1\nmean_interval: sec-two\n```\n", "utf-8"
    )
    text = "# One\n\nFirst `ml.exceeds(a, b)`, then `ml.exceeds`, and $x$: `a.exceeds`.\n\n"
    text += "(sec-two)=\n## Two\n\n```{prf:theorem} Of *names*\n:label: thm\nWords.\n```\n"
    cells = [new_markdown_cell(text), new_code_cell("ml.exceeds(a, b)", execution_count=1)]
    told = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    nbformat.write(new_notebook(cells=cells, metadata=told), folder / "chapters/01_one.ipynb")
    two = new_notebook(cells=[new_markdown_cell("# Two\n\nWords.")], metadata=told)
    nbformat.write(two, folder / "appendix/two.ipynb")
    call = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", call, "build", "-W", "-n", "--keep-going", "."]
    told = os.environ | {"SOURCE_DATE_EPOCH": "1000000000"}
    done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return {each: (folder / "_build/html" / f"{each}.html").read_text("utf-8") for each in toc}


def test_with_an_address_pages_have_its_buttons(small):
    chapter = small["chapters/01_one"]
    assert f'href="{ADDRESS}"' in chapter
    form = f"{ADDRESS}/issues/new?template=mistake.yml"
    assert f'href="{form}&place=chapters%2F01_one"' in chapter
    assert f'href="{form}"' in small["appendix/cite"]
    notebook = "someone/somewhere/blob/notebooks/full/chapters/01_one.ipynb"
    assert f'href="https://colab.research.google.com/github/{notebook}"' in chapter
    assert 'href="https://mybinder.org/v2/gh/someone/somewhere/main?urlpath=lab/tree/' in chapter
    assert "Colab, where the first cell installs the package" in small["intro"]


def test_a_notebook_that_is_no_chapter_has_no_button_for_colab(small):
    assert "mybinder.org" in small["appendix/two"]
    assert "colab.research" not in small["appendix/two"]


def test_with_an_address_functions_have_a_source(small):
    lines = (ROOT / "mine_lib/statistics.py").read_text("utf-8").splitlines()
    source = re.escape(f"{ADDRESS}/blob/main/mine_lib/statistics.py") + r"#L(\d+)-L(\d+)"
    found = [lines[int(first) - 1] for first, _ in re.findall(source, small["appendix/api"])]
    assert [each[:11] for each in found] == ["def exceeds", "def mean_in"]
    assert ADDRESS in re.sub("<[^>]+>", "", small["appendix/cite"])


def test_without_an_address_there_are_none(built_pages):
    if 'url: ""' not in (ROOT / "_config.yml").read_text("utf-8"):
        pytest.skip("the repository has an address")
    for name in PAGES:
        text = page(name)
        assert not re.search(
            r'viewcode-link|mybinder\.org|href="https://colab|btn-source-repo', text
        )
        assert "issues/new" not in text


def test_the_date_is_the_one_that_is_asked_for(small):
    assert f"Version {version()}, 9 September 2001." in small["chapters/01_one"]


def test_a_name_in_the_text_is_a_link_at_its_first_use(small):
    article = small["chapters/01_one"].split("<article")[1]
    assert (
        len(re.findall(r'<a class="reference internal" href="[^"]*#mine_lib.exceeds"', article))
        == 1
    )
    assert len(re.findall(r'<a class="api" href="[^"]*#mine_lib.exceeds"', article)) == 1


def test_a_label_leads_to_its_section(small):
    links = re.findall(r'In the book: <a [^>]*href="([^"]+)">([^<]+)', small["appendix/api"])
    assert links == [
        ("../chapters/01_one.html", "1 One"),
        ("../chapters/01_one.html#two", "1.1 Two"),
    ]
