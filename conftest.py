"""Make nbval strict: an output stored in the book is what its cell prints today.

What is compared, and when two numbers agree, is in tools/comparison.py.
"""

import os
from functools import partial

import pytest
from nbformat import NotebookNode
from nbval import kernel
from nbval.plugin import IPyNbCell

from comparison import agreed, moved_too_far, tolerances_of
from stored import fault_of, how_to_mend

os.environ.setdefault("TQDM_DISABLE", "1")  # as tools/run_notebooks.py does

SECONDS_PER_MESSAGE = 60  # nbval waits 5 for each; a busy machine needs more
STARTS = 3  # of a kernel, before its notebook fails


def execute_with_history(self: kernel.RunningKernel, source: str, allow_stdin: bool) -> str:
    """Run a cell as JupyterLab does: without history IPython shows what "plot();" returns."""
    return self.kc.execute(source, allow_stdin=allow_stdin, stop_on_error=False)


def start_again(
    self: kernel.RunningKernel, *args: object, start=kernel.RunningKernel.__init__, **more: object
) -> None:
    """Start a kernel; if the machine is too busy for it to answer in time, start another."""
    for attempt in range(1, STARTS + 1):
        try:
            return start(self, *args, **more)
        except RuntimeError:
            if self.is_alive():
                self.stop()
            if attempt == STARTS:
                raise


kernel.RunningKernel.__init__ = start_again
kernel.RunningKernel.execute_cell_input = execute_with_history
kernel.start_new_kernel = partial(  # else all kernels write to one history file of the user
    kernel.start_new_kernel, extra_arguments=["--HistoryManager.hist_file=:memory:"]
)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give every cell our comparison; nbval has no hook for it."""
    if isinstance(item, IPyNbCell):
        item.output_timeout = SECONDS_PER_MESSAGE
        item.compare_outputs = partial(compare_outputs, item)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a cell whose comparison would prove nothing."""
    if isinstance(item, IPyNbCell) and (why := why_unchecked(item)):
        start = item.cell.source.strip().split("\n")[0]
        pytest.fail(f"{item.nodeid} ({start!r}) {why}", pytrace=False)


def why_unchecked(item: IPyNbCell) -> str | None:
    """Say what keeps a cell's stored outputs from being checked, if anything does."""
    if item.options["skip"] or not item.options["check"]:
        return "switches its check off; remove the nbval tag or comment, then 'make run'"
    why = fault_of(item.cell)
    return why and f"{why}; {how_to_mend(item.path)}"


def compare_outputs(item: IPyNbCell, live: list[NotebookNode], stored: list[NotebookNode]) -> bool:
    """Leave the comparison and its report to nbval, once numbers that agree look alike."""
    tolerances = tolerances_of(item.cell)
    same = IPyNbCell.compare_outputs(item, *agreed(live, stored, tolerances))
    if not same:
        item.comparison_traceback[:0] = moved_too_far(live, stored, tolerances)
    return same
