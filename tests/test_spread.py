"""tools/spread.py and tools/held.py: what is measured, what is written, and what is refused."""

import asyncio
import json
import platform
from decimal import Decimal
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import held
import processors
import shifted_seeds
import spread
from comparison import lines
from stored import write_whole

CHECK = {"mystnb": {"code_prompt_show": held.CHECK}}
DRAWING = {"mystnb": {"code_prompt_show": held.DRAWING}}


def prints(text: str, source: str = "print(x)", **metadata: object) -> NotebookNode:
    stored = new_output("stream", name="stdout", text=text + "\n")
    return new_code_cell(source, outputs=[stored], execution_count=1, metadata=metadata)


def chapter(text: str = "out 0.81", **metadata: object) -> NotebookNode:
    cells = [
        new_markdown_cell("# Title"),
        new_code_cell("x = 1", id="first", execution_count=1),
        prints(text, **metadata),
        new_code_cell("assert x, 'x is 0'", metadata=CHECK),
    ]
    cells[2].id = "held"
    return new_notebook(cells=cells)


def record(notebook: NotebookNode, *seen: str, key: str = "out", stored: str = "0.81") -> dict:
    runs = {str(k): {key: numbers} for k, numbers in enumerate(seen)}
    return {"held": {"code": held.digest(notebook, 2), "stored": {key: stored}, "seen": runs}}


# Numbers of a line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d = 10: 0.81 of .83 nats, 98%", ["10", "0.81", ".83", "98"]),
        ("6 of 8 runs, -3.99 to +1e-3", ["6", "8", "-3.99", "+1e-3"]),
        ("1,000.5 and 10,000, 1,2", ["1,000.5", "10,000", "1", "2"]),
        ("nan, inf, -inf, infinite, nano", ["nan", "inf", "-inf"]),
        ("v1.2, 2.13.0, 0.5x, x2, 3.", ["3"]),
        ("\N{MINUS SIGN}0.5±0.1 [0.2, 0.3]", ["\N{MINUS SIGN}0.5", "0.1", "0.2", "0.3"]),
    ],
)
def test_numbers_of_a_line(text: str, expected: list[str]) -> None:
    (line,) = lines("stdout", text)
    assert line.values == expected


def test_lines_of_a_table_are_its_rows() -> None:
    html = (
        '<style>#T1 {top: 3px}</style><table class="a 5"><thead><tr><th></th>\n<th>n</th></tr>'
        '<tr id="7"><th>held&nbsp;out</th><td>&#8722;<b>0.5</b> nats</td><td>3</td></tr></table>'
    )
    head, row = lines("text/html", html)
    assert (head.text, head.values) == ("n", [])
    assert (row.text, row.values) == ("held out \N{MINUS SIGN}0.5 nats 3", ["0.5", "3"])


# The tolerance


@pytest.mark.parametrize(
    ("stored", "seen", "expected"),
    [
        ("0.81", ["0.81", "0.78"], "0.06"),
        ("0.810", ["0.7488"], "0.13"),  # twice .0612, rounded up
        ("1.0", ["-3.5", "2"], "9.0"),
        ("0.81", ["0.81"], "0.01"),
        ("6", ["6", "6"], "1"),
        ("6", ["4"], "4"),
        ("98", ["37"], "130"),
        ("2e-3", ["2e-3"], "0.001"),
        ("0.81", ["nan"], "inf"),
    ],
)
def test_tolerance(stored: str, seen: list[str], expected: str) -> None:
    assert held.tolerance(stored, seen) == Decimal(expected)


# What is refused

TO_ONE = {"holds": {"out": [0.7, 0.9]}, "tolerance": {"out": 0.06}}


def faults(notebook: NotebookNode, recorded: dict) -> str:
    return "\n".join(held.faults(notebook, recorded))


def test_a_measured_tolerance_is_accepted() -> None:
    notebook = chapter(**TO_ONE)
    assert not faults(notebook, record(notebook, "0.81", "0.78"))
    assert not faults(chapter(), {})


def test_a_list_and_an_open_end() -> None:
    holds, tolerance = {"out": [[0.7, None], None]}, {"out": [0.06, None]}
    notebook = chapter("out 0.81 of 8", holds=holds, tolerance=tolerance)
    assert not faults(notebook, record(notebook, "0.78 9", stored="0.81 8"))


@pytest.mark.parametrize(
    ("text", "metadata", "fault"),
    [
        ("out 0.81", {"holds": {"out": [0.7, 0.9]}}, "has no tolerance"),
        ("out 0.81", {"tolerance": {"out": 0.06}}, "a tolerance and no `holds`"),
        ("out 0.81", TO_ONE | {"tolerance": {"out": 0.05}}, "tolerance is 0.05, and 0.06"),
        ("out 0.81", TO_ONE | {"holds": {"out": [0.76, 0.9]}}, "0.81 ± 0.06 leaves [0.76, 0.9]"),
        ("out 0.81", TO_ONE | {"holds": {"out": [0.7, 0.86]}}, "the sentence would be false"),
        ("out 0.81", TO_ONE | {"holds": {"out": [0.82, 0.9]}}, "outside of its range"),
        ("out nan", TO_ONE, "nan is stored, outside of its range"),
        (
            "out inf",
            TO_ONE | {"holds": {"out": [0.7, None]}},
            "inf is stored, outside of its range",
        ),
        ("in 0.81", TO_ONE, "stands in no line"),
        ("out 0.81\nout 0.81", TO_ONE, "or in several"),
        ("out 0.81 of 8", TO_ONE, "`holds` has 1 entries, and the line 2 numbers: 0.81, 8"),
        ("out 0.88", TO_ONE, "0.88 is stored, and its tolerance was measured at 0.81"),
    ],
)
def test_a_tolerance_is_refused(text: str, metadata: dict, fault: str) -> None:
    notebook = chapter(text, **metadata)
    assert fault in faults(notebook, record(notebook, "0.81", "0.78"))


def test_a_tolerance_that_nobody_measured_is_refused() -> None:
    notebook = chapter(**TO_ONE)
    assert "Cell 1 ('print(x)'), 'out': nobody measured" in faults(notebook, {})
    other = record(notebook, "0.78", key="in")
    assert "nobody measured" in faults(notebook, other)


def test_nan_gives_no_tolerance() -> None:
    notebook = chapter(holds={"out": [0, 1]})
    recorded = record(notebook, "0.81", "nan")
    spread.set_tolerance(notebook.cells[2], recorded["held"], held.digest(notebook, 2))
    assert not notebook.cells[2].metadata.tolerance
    assert "nan and inf were seen" in faults(notebook, recorded)


def test_a_range_that_changed_its_form_wants_measuring() -> None:
    notebook = chapter("out 0.81 of 8", holds={"out": [[0, 1], None]}, tolerance={"out": 0.06})
    assert "nobody measured" in faults(notebook, record(notebook, "0.81", "0.78"))


@pytest.mark.parametrize(
    ("index", "source", "is_stale"),
    [
        (0, "# Another title", False),
        (1, "x = 2", True),
        (1, "x = 1  ", False),
        (2, "print(x, end='')", True),
        (3, "assert x, 'x is 0, at n = 8'", False),
    ],
)
def test_a_tolerance_belongs_to_the_code_before_it(index: int, source: str, is_stale: bool) -> None:
    notebook = chapter(**TO_ONE)
    recorded = record(notebook, "0.81", "0.78")
    notebook.cells[index].source = source
    assert ("other code" in faults(notebook, recorded)) == is_stale


def test_a_check_above_may_change_and_code_below_too() -> None:
    notebook = chapter(**TO_ONE)
    recorded = record(notebook, "0.81", "0.78")
    notebook.cells.insert(2, new_code_cell("assert x > 0, 'new'", metadata=CHECK))
    notebook.cells.append(new_code_cell("x = 3"))
    assert not faults(notebook, recorded)
    del notebook.cells[2].metadata["mystnb"]
    assert "other code" in faults(notebook, recorded)


def test_cells_may_be_drawn_commented_and_cut_in_another_way() -> None:
    notebook = chapter(**TO_ONE)
    recorded = record(notebook, "0.81", "0.78")
    notebook.cells.insert(1, new_code_cell("plt.plot(x)", metadata=DRAWING))
    notebook.cells[2].source = "x = 1  # of what follows"
    assert not faults(notebook, recorded)
    notebook.cells[3].source = "x = 1\nprint( x )"
    del notebook.cells[2]
    assert not faults(notebook, recorded)
    notebook.cells[1].metadata["mystnb"]["code_prompt_show"] = "Training and plotting code"
    assert "other code" in faults(notebook, recorded)


# Differences between processors


def differences(live: NotebookNode, stored: NotebookNode) -> list[tuple[str, str]]:
    return list(spread.differences(live, stored))


def test_a_number_that_moves_is_named() -> None:
    stored = prints("a 0.50\nb 0.34 of 8")
    assert not differences(prints("a 0.51\nb 0.34 of 8"), stored)
    assert differences(prints("a 0.50\nb 0.30 of 8"), stored) == [
        ("line 'b 0.34 of 8'", "0.04 off")
    ]
    assert differences(prints("a 0.50\nb 0.34 of 7"), stored) == [("line 'b 0.34 of 8'", "1 off")]
    assert differences(prints("a 0.50\nb nan of 8"), stored)
    assert differences(prints("a 0.50\nc 0.34 of 8"), stored) == [
        ("line 'b 0.34 of 8'", "'c 0.34 of 8'")
    ]
    assert differences(prints("a 0.50"), stored) == [("its stdout", "differs")]
    assert differences(new_code_cell("a"), stored) == [("outputs", "others")]


def test_a_held_number_may_move_and_its_neighbour_may_not() -> None:
    stored = prints("b 0.34 of 8", holds={"b": [[0, 1], None]})
    assert not differences(prints("b 77 of 8"), stored)
    assert differences(prints("b 0.34 of 7"), stored) == [("line 'b 0.34 of 8'", "1 off")]


def test_an_error_is_named() -> None:
    live = new_code_cell(outputs=[new_output("error", ename="AssertionError", evalue="n = 8")])
    assert differences(live, new_code_cell()) == [("raises", "AssertionError: n = 8")]


# Seeds and processors


def draws() -> list[float]:
    """Numbers from each source of random numbers that the chapters use."""
    from sklearn.utils import check_random_state

    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(2)
    seeds = [3, [3, 1], np.random.SeedSequence(3), np.int64(5), range(2)]
    return [
        *(np.random.default_rng(seed).random() for seed in seeds),
        torch.rand(1).item(),
        torch.rand(1, generator=generator).item(),
        np.random.RandomState(4).rand(),
        check_random_state(0).rand(),
    ]


@pytest.fixture
def shifted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shift all seeds, and put everything back."""
    for name in ("default_rng", "seed", "RandomState"):
        monkeypatch.setattr(np.random, name, getattr(np.random, name))
    monkeypatch.setattr(torch, "Generator", torch.Generator)
    monkeypatch.setattr(torch, "manual_seed", torch.manual_seed)
    monkeypatch.setattr(torch.random, "manual_seed", torch.manual_seed)
    plain = draws()
    shifted_seeds.shift(1)
    assert not {*plain} & {*draws()}


@pytest.mark.usefixtures("shifted")
def test_shifted_seeds_repeat_and_others_are_left_alone() -> None:
    assert draws() == draws()
    generator = np.random.default_rng(0)
    assert np.random.default_rng(generator) is generator
    assert np.random.default_rng().random() != np.random.default_rng().random()


def test_each_processor_says_how_to_be_one() -> None:
    assert processors.setting("this processor", 2) == {"OMP_NUM_THREADS": "2"}
    for name in ("AVX2", "SSE4"):
        assert {*processors.setting(name, 1)} == {*processors.SETTINGS, "OMP_NUM_THREADS"}


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="not of the family x86")
def test_a_setting_changes_what_torch_uses() -> None:
    assert processors.capability("SSE4") == "DEFAULT"
    assert processors.name_of_this_one()


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"this processor": "AVX512", "AVX2": "AVX2", "SSE4": "DEFAULT"}, []),
        ({"this processor": "AVX2", "AVX2": "AVX2", "SSE4": "DEFAULT"}, ["AVX2"]),
        ({"this processor": "DEFAULT", "AVX2": "DEFAULT", "SSE4": "DEFAULT"}, ["AVX2", "SSE4"]),
        ({"this processor": "SVE256", "AVX2": "DEFAULT", "SSE4": "DEFAULT"}, ["AVX2", "SSE4"]),
    ],
)
def test_processors_that_cannot_be_had(
    capabilities: dict[str, str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processors, "capability", capabilities.__getitem__)
    assert processors.alike() == expected


# What is not measured


def spread_of(path: Path, notebook: NotebookNode, only: str = "") -> int:
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8")
    return asyncio.run(spread.main([path], 1, only))


def test_nothing_is_written_where_processors_are_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(processors, "capability", lambda name: "DEFAULT")
    path = tmp_path / "01_x.ipynb"
    assert spread_of(path, notebook := chapter(holds={"out": [0, 1]})) == 1
    assert "AVX2 and SSE4 cannot be had here" in capsys.readouterr().err
    assert path.read_text("utf-8") == nbformat.writes(notebook) + "\n"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(("only", "more"), [("nosuch", ""), ("seeds", "need a held number")])
def test_a_name_that_fits_no_run_is_refused(
    only: str, more: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spread_of(tmp_path / "01_x.ipynb", chapter(), only) == 1
    shown = capsys.readouterr()
    assert f"01_x: no run has {only!r} in its name: this processor, 1 thread; " in shown.err
    assert more in shown.err
    assert not shown.out


def test_a_kernel_that_ends_is_a_fault_of_its_chapter_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(self: spread.Variant, notebook: NotebookNode, path: Path) -> NotebookNode:
        if path.stem == "01_ends":
            raise spread.NoRunError(f"{path.stem}, {self.name}: Cell 0 ended the kernel")
        return notebook

    monkeypatch.setattr(spread.Variant, "run", run)
    paths = [tmp_path / "01_ends.ipynb", tmp_path / "02_runs.ipynb"]
    for path in paths:
        path.write_text(nbformat.writes(chapter(holds={"out": [0, 1]})) + "\n", "utf-8")
    assert asyncio.run(spread.main(paths, 2, "AVX2")) == 1
    shown = capsys.readouterr()
    assert "Fault: 01_ends, AVX2, 1 thread: Cell 0 ended the kernel" in shown.err
    assert "02_runs, Cell 1 ('print(x)'), 'out': 0.81, seen 0.81 to 0.81" in shown.out
    assert "02_runs" not in shown.err


def test_a_kernel_that_ends_raises_no_exit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def execute(*given: object, **more: object) -> str:
        return "No kernel started"

    monkeypatch.setattr(spread, "execute", execute)
    with pytest.raises(spread.NoRunError, match="01_x, AVX2, 1 thread: No kernel started"):
        asyncio.run(spread.PLAIN[2].run(chapter(), tmp_path / "01_x.ipynb"))


def test_a_file_is_written_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.json"
    path.write_text("old", "utf-8")
    path.chmod(0o640)
    write_whole(path, "new")
    assert (path.read_text("utf-8"), path.stat().st_mode & 0o777) == ("new", 0o640)
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \udc80")
    assert path.read_text("utf-8") == "new"
    assert [*tmp_path.iterdir()] == [path]


def test_other_chapters_stay_in_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "benchmarks").mkdir()
    path = tmp_path / "02_x.ipynb"
    path.write_text(nbformat.writes(chapter()) + "\n", "utf-8")
    book = spread.Chapter(path)
    write_whole(held.RECORD, '{"01_x": {"a": {}}}')  # by another spread, in the meantime
    assert not spread.write(book, {})
    assert [*held.read_record()] == ["01_x", "02_x"]
    assert held.read_record()["01_x"] == {"a": {}}


# From end to end

CODE = """import os
import numpy as np
import torch
x = np.random.default_rng(0).normal()
y = 2.0 * (os.environ.get("ATEN_CPU_CAPABILITY") == "default")
print(f"x {x:.2f} of 8, {torch.get_num_threads()} thread")
print(f"y {y:.1f}")"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """A chapter measured with one older processor and one shifted seed; its faults, its place."""
    folder = tmp_path_factory.mktemp("book")
    cells = [new_markdown_cell("# T"), prints("x 0.13 of 8, 1 thread\ny 0.0", CODE)]
    cells += [
        new_code_cell("assert abs(x - 0.1257) < 1e-3, f'{x:.2f} at seed 0'", execution_count=2)
    ]
    cells[1].metadata["holds"] = {"x": [[-9, 9], None, None]}
    (folder / "benchmarks").mkdir()
    path = folder / "01_x.ipynb"
    path.write_text(nbformat.writes(new_notebook(cells=cells)) + "\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(spread, "PLAIN", [each for each in spread.PLAIN if "SSE4, 1" in each.name])
        patch.setattr(spread, "SHIFTED", spread.SHIFTED[3:])
        book = spread.Chapter(path)
        return asyncio.run(spread.measure(book, asyncio.Semaphore(1))) + book.failed(), path


def test_the_tolerance_is_written_and_accepted(measured: tuple[list[str], Path]) -> None:
    notebook = nbformat.read(measured[1], as_version=4)
    recorded = json.loads((measured[1].parent / held.RECORD).read_text("utf-8"))["01_x"]
    assert not held.faults(notebook, recorded)
    made = recorded.pop("made")
    assert {*made} == {"date", "processor", "torch", "numpy"}
    assert all(made.values())
    (entry,) = recorded.values()
    assert entry["stored"] == {"x": "0.13 8 1"}
    assert entry["seen"]["SSE4, 1 thread"] == {"x": "0.13 8 1"}
    other = entry["seen"]["seeds shifted by 4"]["x"].split()[0]
    far = held.tolerance("0.13", [other])
    assert notebook.cells[1].metadata.tolerance == {"x": [float(far), None, None]}


def test_what_moved_and_what_failed_is_said(measured: tuple[list[str], Path]) -> None:
    moved, failed = measured[0]
    assert "01_x, Cell 0 ('import os'), line 'y 0.0': 2.0 off with SSE4, 1 thread" in moved
    assert "01_x, Cell 1" in failed
    assert "seeds shifted by 4: AssertionError" in failed
