"""tools/run_notebooks.py: same content, same bytes; a notebook that raises is left alone."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

TOOL = Path(__file__).parent.parent / "tools" / "run_notebooks.py"
SOURCES = [
    "print('a', flush=True)\nprint('b')",
    "import sys\nprint('careful', file=sys.stderr, flush=True)\nprint('c', flush=True)\nprint('d')",
    "from matplotlib import pyplot as plt\nprint('before')\n"
    "plt.plot([1, 2])\nplt.show()\nprint('after')",
    "import ipywidgets\nipywidgets.IntSlider()",
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


def test_nothing_random_is_stored(first: FirstRun) -> None:
    text = (first.folder / "good.ipynb").read_text()
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
    assert counts == [1, 2, 3, 4, None, 5]
    assert first.cells()[-1].outputs[0].execution_count == 5


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
