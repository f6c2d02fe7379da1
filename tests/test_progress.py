"""The progress bar: seen while it runs, gone afterwards."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from mine_lib.book.progress import progress_bar

CELLS = """
import numpy as np, mine_lib as ml
print("before")
rng = np.random.default_rng(0)
record = ml.train(rng.normal(size=200), rng.normal(size=200), steps=30, batch_size=16)
print("after", len(record.step))
"""


def test_a_notebook_stores_nothing_of_the_bar(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELLS)])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    outputs = notebook.cells[0].outputs
    assert [o.text for o in outputs if o.output_type == "stream"] == ["before\n", "after 3\n"]
    shown = [o for o in outputs if o.output_type != "stream"]
    assert [o.data for o in shown] == [{}]  # the bar was there, and is empty now


BAR = """
from mine_lib.book.progress import progress_bar
with progress_bar(300, wanted=True) as advance:
    advance(100)
    time.sleep(0.2)  # tqdm draws ten times a second
    advance(100)
    raise KeyError
"""


def run(code, disabled=False):
    """Standard output and standard error of code in a terminal of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "TQDM_DISABLE"}
    if disabled:
        environment["TQDM_DISABLE"] = "1"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    return done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("disabled", [False, True])
def test_a_terminal_sees_the_bar_unless_disabled(disabled):
    said, seen = run(CELLS, disabled)
    assert said.split() == ["before", "after", "3"]
    assert ("0/30" in seen) != disabled
    assert seen.split("\r")[-1].strip() == ""  # the line was wiped


def test_a_bar_advances_by_so_many_and_goes_on_an_exception():
    _, seen = run("import time" + BAR)
    assert "0/300" in seen
    assert "200/300" in seen
    last = seen.split("\r")[-1]
    assert last.startswith("Traceback")
    assert last.endswith("KeyError\n")


@pytest.mark.parametrize("disabled", ["", "1"])
def test_no_bar_where_none_is_wanted(monkeypatch, capsys, disabled):
    monkeypatch.setenv("TQDM_DISABLE", disabled)
    with progress_bar(3, wanted=bool(disabled)) as advance:
        advance(1)
        advance(2)
    assert capsys.readouterr() == ("", "")
