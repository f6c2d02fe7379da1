"""The progress bar: seen while it runs, gone afterwards."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from mine_lib.progress import progress_bar

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


@pytest.mark.parametrize("disabled", [False, True])
def test_a_terminal_sees_the_bar_unless_disabled(disabled):
    environment = {k: v for k, v in os.environ.items() if k != "TQDM_DISABLE"}
    if disabled:
        environment["TQDM_DISABLE"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", CELLS], env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == ["before", "after", "3"]
    seen = done.stderr.decode()
    assert ("0/30" in seen) != disabled
    assert seen.split("\r")[-1].strip() == ""  # the line was wiped


def test_no_bar_where_none_is_wanted():
    items = range(3)
    with progress_bar(items, wanted=False) as taken:
        assert taken is items
