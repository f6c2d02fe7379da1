"""`make course`: chapters as notebooks that need neither Sphinx nor the repository.

That they run is tested in test_course_runs.py.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
import zipfile
from functools import cache
from html import unescape

import nbformat
import pytest
from built import HTML, ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_plain_markdown import HOME, names

import course
import pinned
from doors import version
from handouts import ANSWER, FULL, STUDENT, handout, tag_solutions
from plain_markdown import Unplain

CHAPTERS = sorted(ROOT.glob("chapters/[0-9]*.ipynb"))
IDS = [path.stem for path in CHAPTERS]
LEFTOVER = re.compile(r"\{[a-z][\w:-]*\}`|^\s*(?:>\s*)?:::|^\s*`{3,}\{|^\([\w-]+\)=", re.MULTILINE)


@cache
def notebook(path, edition=STUDENT, chapters=tuple(CHAPTERS)):
    """A chapter as it is handed out."""
    return course.made(path, edition, course.names_of(chapters))


def text_of(each):
    return "\n\n".join(cell.source for cell in each.cells)


# Solutions


def small():
    """Two exercises, the second with code, in cells that hold more than one thing."""
    start = (
        "::::{exercise-start} easy\n:label: ex\n::::\n\nWrite it.\n\n:::{dropdown} Hint\nTry.\n:::"
    )
    end = "::::{exercise-end}\n::::\n\n::::{solution-start} ex\n::::\n\nThe trick."
    after = "More of it.\n\n::::{solution-end}\n::::\n\n## After"
    one = (
        ":::{exercise} easy\n:label: ex\nShow.\n:::\n\n:::{solution} ex\nSo it is.\n:::\n\nAnd on."
    )
    return new_notebook(
        cells=[
            new_markdown_cell(f"# One\n\n{one}\n\n{start}"),
            new_code_cell("attempt = None\ncheck.it(attempt)"),
            new_markdown_cell(end),
            new_code_cell("answer = 3", metadata={"mystnb": {"figure": {"caption": "Drawing"}}}),
            new_markdown_cell(after),
            new_code_cell("1 + 1", outputs=[], execution_count=3, metadata={"holds": {}}),
        ]
    )


def test_students_get_exercises_and_no_solutions():
    found = handout(small(), HOME, STUDENT, names())
    text = text_of(found)
    for kept in (
        "Show.",
        "And on.",
        "Write it.",
        "Try.",
        "attempt = None",
        "## 1.1 After",
        "1 + 1",
    ):
        assert kept in text
    for gone in ("So it is", "The trick", "answer = 3", "Drawing", "More of it", "Solution"):
        assert gone not in text
    assert found.cells[-1].execution_count is None
    assert "holds" not in found.cells[-1].metadata


def test_a_question_without_code_has_a_cell_for_its_answer():
    sources = [cell.source for cell in handout(small(), HOME, STUDENT, names()).cells]
    assert sources.count(ANSWER) == 1
    place = sources.index(ANSWER)
    assert "Show." in sources[place - 1]
    assert "And on." in sources[place + 1]
    assert ANSWER not in text_of(handout(small(), HOME, FULL, names()))


@pytest.mark.parametrize("path", CHAPTERS, ids=IDS)
def test_each_exercise_has_a_place_for_its_answer(path, built_pages):
    cells = notebook(path).cells
    asked = re.findall(r"^\*\*Exercise \d", text_of(notebook(path)), re.MULTILINE)
    places = [cell for cell in cells if cell.source == ANSWER or "attempt = None" in cell.source]
    assert len(asked) == len(places) >= 5


def test_full_notebooks_keep_them():
    text = text_of(handout(small(), HOME, FULL, names()))
    for kept in (
        "So it is",
        "The trick",
        "answer = 3",
        "Drawing",
        "More of it",
        "Solution to Exercise",
    ):
        assert kept in text


def test_a_solution_without_an_end_is_refused():
    open_one = new_notebook(cells=[new_markdown_cell(":::{solution-start} ex\n:::")])
    with pytest.raises(Unplain, match="no solution-end"):
        tag_solutions(open_one)


def test_a_chapter_that_cannot_be_handed_out_is_named_in_a_line(tmp_path, monkeypatch, built_pages):
    broken = tmp_path / "chapters/01_mutual_information.ipynb"
    broken.parent.mkdir()
    nbformat.write(new_notebook(cells=[new_markdown_cell("See {ref}`nowhere`.")]), broken)
    book = course.names_of([CHAPTERS[0]])
    for name, value in (("ROOT", tmp_path), ("TARGET", tmp_path), ("names_of", lambda _: book)):
        monkeypatch.setattr(course, name, value)
    with pytest.raises(SystemExit) as refusal:
        course.main([])
    line = "chapters/01_mutual_information.ipynb: the book has no label nowhere; "
    assert str(refusal.value).startswith(line)


def solutions(path):
    """Lines of a chapter's solutions, code and text, found by lines alone; and all other lines."""
    inside, depth, found, others = False, "", [], set()
    for cell in nbformat.read(path, as_version=4).cells:
        for line in cell.source.splitlines():
            fence = re.match(r"(:{3,}|`{3,})\{(solution[\w-]*)\}", line)
            if fence and fence[2] != "solution-end":
                inside, depth = True, fence[1] if fence[2] == "solution" else ""
            elif fence or (depth and line.strip() == depth):
                inside, depth = False, ""
            elif inside:
                found.append(line.strip())
            else:
                others.add(line.strip())
    return [line for line in found if len(line) > 8 and line not in others and line[0] != ":"]


@pytest.mark.parametrize("path", CHAPTERS, ids=IDS)
def test_no_line_of_a_solution_leaks(path, built_pages):
    lines = solutions(path)
    assert len(lines) >= 5
    handed, full = (text_of(notebook(path, edition)) for edition in (STUDENT, FULL))
    told = json.dumps(notebook(path))
    for line in lines:
        assert line not in handed
        assert json.dumps(line)[1:-1] not in told
    code = [line for line in lines if "`" not in line and "$" not in line]
    assert all(line in full for line in code)


# The chapters


@pytest.mark.parametrize("edition", [STUDENT, FULL], ids=["student", "full"])
@pytest.mark.parametrize("path", CHAPTERS, ids=IDS)
def test_nothing_of_myst_is_left(path, edition, built_pages):
    for cell in notebook(path, edition).cells:
        if cell.cell_type == "markdown":
            assert not LEFTOVER.search(cell.source), cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=IDS)
def test_numbers_are_those_of_the_pages(path, built_pages):
    page = (HTML / f"chapters/{path.stem}.html").read_text("utf-8")
    article = page.split("<article")[1].split("</article>")[0]
    pattern = r'<h[123]><span class="section-number">([\d.]+?)\.? *</span>'
    sections = re.findall(r"^#+ ([\d.]+)", text_of(notebook(path)), re.MULTILINE)
    assert sections == re.findall(pattern, article)
    captions = re.findall(r'<span class="caption-number">((?:Fig|Table)[\s.\d]+\d)', article)
    pattern = r"^\*\*((?:Fig\.|Table) [\d.]+\d)\.\*\*"
    assert sorted(re.findall(pattern, text_of(notebook(path)), re.MULTILINE)) == sorted(captions)
    titles = re.findall(r'caption-number">((?:Theorem|Definition|Exercise)[\s.\d]+\d)', article)
    pattern = r"^>? ?\*\*((?:Theorem|Definition|Exercise) [\d.]+)\*\*"
    assert re.findall(pattern, text_of(notebook(path)), re.MULTILINE) == titles
    equations = re.findall(r'<span class="eqno">\(([\d.]+)\)', article)
    assert re.findall(r"\\tag\{([\d.]+)\}", text_of(notebook(path, FULL))) == equations


def test_references_read_as_on_the_pages(built_pages):
    for path in CHAPTERS:
        page = (HTML / f"chapters/{path.stem}.html").read_text("utf-8")
        shown = re.findall(r'numref">((?:Section|Fig\.|Table|Exercise) [\d.]+)</span>', page)
        cited = re.findall(r"references\.html#[^>]*>(.*?)</a>", page)
        text = text_of(notebook(path, FULL)).replace("\xa0", " ")
        assert set(shown) <= set(re.findall(r"(?:Section|Fig\.|Table|Exercise) [\d.]*\d", text))
        for each in cited:
            assert unescape(re.sub("<[^>]+>", "", each)).replace("\xa0", " ") in text


def test_what_is_not_handed_out_is_of_the_book(built_pages):
    text = text_of(notebook(CHAPTERS[2], STUDENT, (CHAPTERS[0], CHAPTERS[2])))
    assert "Theorem 2.1 of the book" in text
    whole = text_of(notebook(CHAPTERS[2]))
    assert "Theorem 2.1" in whole
    assert "Theorem 2.1 of the book" not in whole


def test_notebooks_begin_with_who_wrote_them_and_where_mine_lib_is(built_pages):
    for path in CHAPTERS:
        about, start, title, *_ = notebook(path).cells
        assert "The MINE book authors" in about.source
        assert "CC BY 4.0" in about.source
        assert start.cell_type == "code"
        assert title.source.startswith(f"# {int(path.stem[:2])} ")


# Folders


@pytest.fixture(scope="module")
def made(tmp_path_factory, built_pages):
    """Chapters 2 and 6, written elsewhere."""
    target = tmp_path_factory.mktemp("course")
    course.hand_out(course.chosen(["2,6"]), target)
    return target


def test_a_zip_holds_what_its_folder_holds(made):
    for edition in (STUDENT, FULL):
        folder = made / edition.name
        files = [each for each in folder.rglob("*") if each.is_file()]
        held = {f"{edition.folder}/{each.relative_to(folder).as_posix()}" for each in files}
        with zipfile.ZipFile(made / f"{edition.folder}.zip") as archive:
            assert set(archive.namelist()) == held
        assert not [each for each in held if "__pycache__" in each]
        for each in ("README.md", "LICENSE", "LICENSE-text", "requirements.txt", "pyproject.toml"):
            assert (folder / each).is_file()


def test_each_file_that_a_notebook_names_is_there(made):
    named = set()
    for path in made.glob("*/chapters/*.ipynb"):
        found = re.findall(r"\.\./[\w./-]+\.\w+", text_of(nbformat.read(path, as_version=4)))
        named |= set(found)
        assert all((path.parent / each).is_file() for each in found)
    assert {"../images/wall.svg", "../benchmarks/results.json"} <= named
    assert (made / "student/benchmarks/accuracy.json").is_file()  # chapter 7 reads it by default


def test_requirements_are_exact_and_whole(made):
    lines = (made / "student/requirements.txt").read_text().splitlines()[1:]
    assert "-c constraints.txt" in lines
    assert all("==" in line for line in lines if not line.startswith("-c"))
    pinned = {line.split("==")[0] for line in lines}
    assert {"torch", "jupyterlab", "numpy"} <= pinned
    assert not {"sphinx-book-theme", "pytest", "playwright", "ruff"} & pinned


@pytest.mark.parametrize("line", ["PyYAML==6", "pyyaml==6", "PYYAML==6 ; python_version > '3'"])
def test_a_package_has_one_name_however_it_is_spelt(line, tmp_path, monkeypatch):
    (tmp_path / "constraints.txt").write_text(f"# Versions\nfar==1\n{line}\n")
    monkeypatch.setattr(pinned, "ROOT", tmp_path)
    monkeypatch.setattr(pinned, "packages_distributions", lambda: {"yaml": ["PyYAML"]})
    nbformat.write(new_notebook(cells=[new_code_cell("import yaml")]), tmp_path / "a.ipynb")
    assert pinned.imported([tmp_path / "a.ipynb"]) == {"pyyaml"}
    assert pinned.pinned({"pyyaml"}) == [line]


def test_what_has_no_version_is_named(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r"no version of nonesuch, .*'make pins'"):
        pinned.pinned({"numpy", "nonesuch"})
    code = "import os\nimport mine_lib\nfrom nonesuch.deep import it"
    nbformat.write(new_notebook(cells=[new_code_cell(code)]), tmp_path / "a.ipynb")
    with pytest.raises(SystemExit, match="imports nonesuch, which is not installed here"):
        pinned.imported([tmp_path / "a.ipynb"])


def test_the_same_course_makes_the_same_zips(made, tmp_path):
    course.hand_out(course.chosen(["6", "2"]), tmp_path)
    for edition in (STUDENT, FULL):
        name = f"{edition.folder}.zip"
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes()


def test_the_package_knows_its_version_without_pip(made):
    found = importlib.metadata.distributions(path=[str(made / "student")])
    assert [(each.name, each.version) for each in found] == [("mine-lib", version())]


@pytest.mark.parametrize("words", [["99"], ["1,99"], ["x"], ["1", "0"], ["-1"]])
def test_a_chapter_that_is_none_is_refused_in_a_line(words):
    with pytest.raises(SystemExit) as refusal:
        course.chosen(words)
    assert re.fullmatch(
        r"There is no chapter \S+; say some of CHAPTERS=1,2,[\d,]+", str(refusal.value)
    )


@pytest.mark.parametrize("words", [["1,3,5"], ["1", "3", "5"], ["05", "3,1"], ["1 3 5 5"]])
def test_chapters_are_named_by_number(words):
    assert [path.name[:2] for path in course.chosen(words)] == ["01", "03", "05"]


def test_without_pages_there_are_no_numbers(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="run 'make book' first"):
        course.names_of([])


# The first cell


def first_cell(folder):
    path = next((folder / "chapters").glob("*.ipynb"))
    return nbformat.read(path, as_version=4).cells[1].source


def test_without_mine_lib_it_says_what_to_do_in_a_line(made, tmp_path):
    command = [sys.executable, "-I", "-S", "-c", first_cell(made / "student")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "No module named 'mine_lib': open this notebook in the unpacked folder, "
        "after the README's steps\n"
    )


STAND_IN = """
import os, subprocess
ran = []
subprocess.run = lambda command, **more: ran.append([str(each) for each in command])
{cell}
import mine_lib
print(ran, os.getcwd(), mine_lib.__file__)
"""
COLAB = "def upload():\n    return {'mine (1).zip': open(ZIP, 'rb').read()} if ZIP else {}\n"


def on_colab(cell, archive, folder):
    """Run a first cell where `google.colab` can be imported, and commands are not run.

    archive: the file that is uploaded, or nothing if the reader cancels.
    """
    package = folder / "fake/google/colab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "files.py").write_text(f"ZIP = {str(archive)!r}\n{COLAB}")
    content = folder / "content"
    content.mkdir()
    code = f"import sys\nsys.path.insert(0, {str(folder / 'fake')!r})\n{STAND_IN.format(cell=cell)}"
    return subprocess.run([sys.executable, "-c", code], cwd=content, capture_output=True, text=True)


def test_on_colab_it_asks_for_the_zip_and_unpacks_it(made, tmp_path):
    archive = made / "mine-course-student.zip"
    done = on_colab(first_cell(made / "student"), archive, tmp_path)
    assert done.returncode == 0, done.stderr
    home = tmp_path / "content/mine-course-student"
    asked, rest = done.stdout.split("\n", 1)
    assert asked == "Choose mine-course-student.zip, which your teacher has"
    assert f"'pip', 'install', '--quiet', '{home}'" in rest
    assert rest.split()[-2:] == [str(home / "chapters"), str(home / "mine_lib/__init__.py")]


@pytest.mark.parametrize("chosen", ["", "mine-course-full.zip", "student/README.md"])
def test_on_colab_what_is_not_the_zip_is_told_in_a_line(chosen, made, tmp_path):
    done = on_colab(first_cell(made / "student"), chosen and str(made / chosen), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    asked, told, ran = done.stdout.splitlines()
    assert asked == "Choose mine-course-student.zip, which your teacher has"
    assert told == "That was not mine-course-student.zip: run this cell again and choose it"
    assert ran.startswith("[] ")  # not pip
    assert not list((tmp_path / "content").iterdir())


def test_with_an_address_it_needs_no_zip(made, tmp_path, monkeypatch):
    monkeypatch.setattr(course, "address", lambda: "https://github.com/someone/somewhere")
    cell = course.made(CHAPTERS[0], STUDENT, course.names_of([CHAPTERS[0]])).cells[1].source
    done = on_colab(cell, "none", tmp_path)
    home = tmp_path / "content/mine-course-student"
    assert "Choose" not in done.stdout
    assert 'source="https://github.com/someone/somewhere"' in cell
    assert str(home) in done.stderr  # the stand-in has cloned nothing, so there is no folder
