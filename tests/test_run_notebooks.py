"""tools/run_notebooks.py: same content, same bytes; a notebook that raises is left alone."""

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import run_notebooks

TOOL = Path(__file__).parent.parent / "tools" / "run_notebooks.py"
SOURCES = [
    "print('a', flush=True)\nprint('b')",
    "import sys\nprint('careful', file=sys.stderr, flush=True)\nprint('c', flush=True)\nprint('d')",
    "from matplotlib import pyplot as plt\nprint('before')\n"
    "plt.plot([1, 2])\nplt.show()\nprint('after')",
    "import ipywidgets\nipywidgets.IntSlider()",
    "import pandas\npandas.DataFrame({'a': [0.5]}).style.format('{:.2f}')",
    "",
    "from pathlib import Path\nPath.cwd().name",
]


def run(*notebooks: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOOL), *map(str, notebooks)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def write(path: Path, *sources: str) -> bytes:
    cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
    cells[1].metadata["execution"] = {"iopub.status.busy": "2020-01-01T00:00:00Z"}
    metadata = {"widgets": {}, "kernelspec": {"name": "old", "display_name": "Old"}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path.read_bytes()


@dataclass
class FirstRun:
    """A small notebook, one that raises and one whose kernel ends, executed together once."""

    folder: Path
    before: dict[str, bytes]
    result: subprocess.CompletedProcess[str]

    def cells(self) -> list[nbformat.NotebookNode]:
        return nbformat.read(self.folder / "good.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    folder = tmp_path_factory.mktemp("book")
    before = {
        "good.ipynb": write(folder / "good.ipynb", *SOURCES),
        "raises.ipynb": write(folder / "raises.ipynb", "a = 1", "a / 0"),
        "ends.ipynb": write(folder / "ends.ipynb", "import os\nos._exit(1)"),
    }
    return FirstRun(folder, before, run(*(folder / name for name in before)))


def test_the_second_run_changes_no_byte(first: FirstRun) -> None:
    notebook = first.folder / "good.ipynb"
    bytes_then = notebook.read_bytes()
    result = run(notebook)
    assert result.returncode == 0, result.stderr
    assert "unchanged" in result.stdout
    assert notebook.read_bytes() == bytes_then != first.before["good.ipynb"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("raises.ipynb", "Cell 1 ('a / 0') raised ZeroDivisionError: division by zero"),
        ("ends.ipynb", "Cell 0 ('import os') ended the kernel"),
    ],
)
def test_a_notebook_that_fails_is_left_alone(first: FirstRun, name: str, error: str) -> None:
    assert (first.folder / name).read_bytes() == first.before[name]
    assert first.result.returncode == 1
    assert f"{name}: {error}" in first.result.stderr


def test_the_others_are_written(first: FirstRun) -> None:
    assert "good.ipynb: " in first.result.stdout
    assert ", changed" in first.result.stdout


def test_a_styled_table_is_named_by_its_cell(first: FirstRun) -> None:
    cell = first.cells()[5]
    html = cell.outputs[0].data["text/html"]
    assert f'<table id="T_{cell.id}-0">' in html
    assert f'id="T_{cell.id}-0_row0_col0"' in html
    assert " at 0x" not in cell.outputs[0].data["text/plain"]


def test_nothing_random_is_stored(first: FirstRun) -> None:
    text = (first.folder / "good.ipynb").read_text("utf-8")
    assert not [word for word in ("widget-view", "widget-state", "iopub", "2020") if word in text]
    metadata = json.loads(text)["metadata"]
    assert metadata["kernelspec"]["display_name"] == "Python 3 (ipykernel)"
    assert metadata["language_info"]["name"] == "python"
    assert "version" not in metadata["language_info"]
    assert "widgets" not in metadata


def test_ids_stay_and_counts_run_from_1(first: FirstRun) -> None:
    ids = [cell["id"] for cell in json.loads(first.before["good.ipynb"])["cells"]]
    assert [cell.id for cell in first.cells()] == ids
    counts = [cell.execution_count for cell in first.cells()[1:]]
    assert counts == [1, 2, 3, 4, 5, None, 6]
    assert first.cells()[-1].outputs[0].execution_count == 6


def test_it_runs_in_the_folder_of_the_notebook(first: FirstRun) -> None:
    assert first.cells()[-1].outputs[0].data["text/plain"] == repr(first.folder.name)


def test_streams_are_joined_but_not_over_a_figure(first: FirstRun) -> None:
    pieces, warning, figure = ([texts(out) for out in cell.outputs] for cell in first.cells()[1:4])
    assert pieces == ["a\nb\n"]
    assert warning == ["c\nd\n", "careful\n"]
    assert figure[0] == "before\n"
    assert figure[-1] == "after\n"


def texts(output: nbformat.NotebookNode) -> str:
    return output.text if output.output_type == "stream" else "figure"


def test_it_keeps_held_numbers_and_says_when_they_want_measuring(tmp_path: Path) -> None:
    path = tmp_path / "02_x.ipynb"
    more = {"holds": {"x": [0, 1]}, "tolerance": {"x": 0.1}}
    cell = new_code_cell("print('x 0.5')", metadata=more)
    nbformat.write(new_notebook(cells=[cell]), path)
    result = run(path)
    assert nbformat.read(path, as_version=4).cells[0].metadata == more
    assert "Cell 0 (\"print('x 0.5')\"), 'x': nobody measured its tolerance" in result.stdout
    assert "'make spread CHAPTER=02'" in result.stdout


# A kernel that does not start


def execute(monkeypatch: pytest.MonkeyPatch, *outcomes: Exception | None) -> tuple[int, str | None]:
    """Execute a notebook whose kernels fail so; return how many were started, and the error."""
    waiting = list(outcomes)

    class Client:
        def __init__(self, notebook: object, on_cell_execute, **settings: object) -> None:
            self.begin = on_cell_execute

        async def async_execute(self, env: dict[str, str]) -> None:
            outcome = waiting.pop(0)
            if outcome is None or isinstance(outcome, DeadKernelError):
                self.begin(cell=None, cell_index=0)
            if outcome:
                raise outcome

    monkeypatch.setattr(run_notebooks, "NotebookClient", Client)
    notebook = new_notebook(cells=[new_code_cell("a = 1")])
    error = asyncio.run(run_notebooks.execute(notebook, Path()))
    return len(outcomes) - len(waiting), error


BUSY = RuntimeError("Kernel didn't respond in 60 seconds")


def test_a_kernel_that_does_not_start_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert execute(monkeypatch, BUSY, BUSY, None) == (3, None)


def test_three_starts_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    starts, error = execute(monkeypatch, BUSY, BUSY, BUSY, None)
    assert starts == 3
    assert "No kernel started in 3 attempts" in error
    assert "didn't respond" in error


def test_a_kernel_that_a_cell_ended_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    starts, error = execute(monkeypatch, DeadKernelError("Kernel died"), None)
    assert starts == 1
    assert "Cell 0 ('a = 1') ended the kernel" in error
