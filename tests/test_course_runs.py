"""The students' zip runs as it is: in a new environment, made from its own list of requirements."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from built import ROOT
from nbformat import NotebookNode

import course
from handouts import SOLUTION, STUDENT, tag_solutions
from mine_checks.answers import PASSED

pytestmark = pytest.mark.course

CHAPTERS = sorted(ROOT.glob("chapters/[0-9]*.ipynb"))
IDS = [path.stem for path in CHAPTERS]
OURS = ("PYTHONPATH", "VIRTUAL_ENV", "JUPYTER_PATH", "PYTHONHOME")
PYTHON = "Scripts/python.exe" if os.name == "nt" else "bin/python"
UPLOAD = """
import shutil

def upload():
    shutil.copy({archive!r}, "mine (1).zip")
    return {{"mine (1).zip": open({archive!r}, "rb").read()}}
"""


def run(*command: object, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command without the variables that lead back to this repository."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    words = [str(each) for each in command]
    return subprocess.run(
        words, cwd=folder, env=kept | variables, capture_output=True, text=True, timeout=1200
    )


@pytest.fixture(scope="session")
def archive(tmp_path_factory) -> Path:
    """The zip for students, of all chapters."""
    target = tmp_path_factory.mktemp("made")
    course.hand_out(CHAPTERS, target)
    return target / f"{STUDENT.folder}.zip"


@pytest.fixture(scope="session")
def unpacked(archive, tmp_path_factory) -> Path:
    """The folder that it unpacks to."""
    home = tmp_path_factory.mktemp("home")
    with zipfile.ZipFile(archive) as file:
        file.extractall(home)
    return home / STUDENT.folder


@pytest.fixture(scope="session")
def python(unpacked, tmp_path_factory) -> Path:
    """The Python of a new environment, made as the README says."""
    home = tmp_path_factory.mktemp("environment")
    made = run(sys.executable, "-m", "venv", home / ".venv", folder=home)
    assert made.returncode == 0, made.stderr
    python = home / ".venv" / PYTHON
    done = run(python, "-m", "pip", "install", "-q", "-r", "requirements.txt", folder=unpacked)
    assert done.returncode == 0, done.stderr[-2000:]
    nowhere = run(python, "-c", "import mine_lib", folder=home)
    assert "No module named 'mine_lib'" in nowhere.stderr
    return python


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("stem", IDS)
def test_the_first_cell_finds_mine_lib(stem, python, unpacked):
    first = read(unpacked / f"chapters/{stem}.ipynb").cells[1].source
    code = f"{first}\nimport mine_checks, mine_lib\nprint(mine_lib.__file__, mine_checks.__file__)"
    done = run(python, "-c", code, folder=unpacked / "chapters")
    assert done.returncode == 0, done.stderr
    found = done.stdout.split()
    assert found == [str(unpacked / name / "__init__.py") for name in ("mine_lib", "mine_checks")]


def test_elsewhere_the_first_cell_says_what_to_do(python, unpacked, tmp_path):
    first = read(unpacked / f"chapters/{IDS[0]}.ipynb").cells[1].source
    done = run(python, "-c", first, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("No module named 'mine_lib': open this notebook in the unpacked")
    assert len(done.stdout.splitlines()) == 1


def solved(stem: str, notebook: NotebookNode) -> int:
    """Put the book's solutions in the place of the stubs; return how many."""
    book = read(ROOT / f"chapters/{stem}.ipynb")
    tag_solutions(book)
    stubs = {each.id: each for each in notebook.cells if each.cell_type == "code"}
    code: dict[str, list[str]] = {}
    last = ""
    for cell in book.cells:
        is_solution = SOLUTION in cell.metadata.get("tags", [])
        if cell.cell_type == "code" and is_solution:
            code.setdefault(last, []).append(cell.source)
        elif cell.cell_type == "code":
            last = cell.id
    count = 0
    for name, sources in code.items():
        stubs[name].source = "\n\n".join(sources)
        count += len(re.findall(r"^check\.", stubs[name].source, re.MULTILINE))
    return count


@pytest.mark.parametrize("stem", IDS)
def test_with_solutions_the_whole_notebook_runs(stem, python, unpacked, tmp_path):
    notebook = read(unpacked / f"chapters/{stem}.ipynb")
    count = solved(stem, notebook)
    assert count
    path = unpacked / f"chapters/solved-{stem}.ipynb"
    nbformat.write(notebook, path)
    target = tmp_path / "run.ipynb"
    command = [python, "-m", "jupyter", "execute", path, f"--output={target}", "--timeout=300"]
    done = run(*command, folder=unpacked, OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr[-2000:]
    printed = "".join(
        output.get("text", "")
        for cell in read(target).cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    assert printed.count(PASSED) == count


@pytest.fixture
def uninstalled(python, tmp_path) -> Iterator[None]:
    """Leave the environment as it was."""
    yield
    run(python, "-m", "pip", "uninstall", "-y", "-q", "mine-lib", folder=tmp_path)


def test_on_colab_the_zip_is_enough(python, archive, unpacked, tmp_path, uninstalled):
    """`google.colab` stands in a folder on the path; pip is the real one."""
    package = tmp_path / "fake/google/colab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "files.py").write_text(UPLOAD.format(archive=str(archive)))
    content = tmp_path / "content"
    content.mkdir()
    chapter = read(unpacked / "chapters/07_estimating_in_practice.ipynb")
    code = f"{chapter.cells[1].source}\nfrom mine_lib.book.accuracy import read_accuracy\n"
    code += "print(len(read_accuracy()))"
    done = run(python, "-c", code, folder=content, PYTHONPATH=str(tmp_path / "fake"))
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 1
    installed = run(python, "-c", "import mine_lib; print(mine_lib.__file__)", folder=tmp_path)
    assert "site-packages" in installed.stdout
