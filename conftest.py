"""Make nbval strict: an output stored in the book is what its cell prints today.

Each text of an output (stdout, stderr, text/plain, text/html, text/latex, ...) is compared with the
stored one, word for word; whole numbers, nan and inf are words. Decimals alone have a tolerance,
since another processor may round differently. A decimal has digits after a point (0.51, -.5,
1.2e-3) or an exponent (1e-3), and stands alone: 2.13.0, v1.2, 0.5x and numpy's "1." are words.
In 1,000.5 the "1," is a word and 000.5 the decimal, which only makes the rule stricter.

Two decimals agree if they differ by no more than the largest of
- 2e-3 of the stored one;
- one unit in the last digit of the more finely printed one, since the value may lie where rounding
  tips over (only after a point: 1e-3 is not 2e-3);
- 1e-12, since a difference that should be 0 leaves rounding noise.
Spaces beside a decimal do not count: columns shift when 9.99 becomes 10.00.

A picture has to be there; what it shows is not compared.
"""

import json
import os
import re
from decimal import Decimal
from functools import partial

import pytest
from nbformat import NotebookNode
from nbval import kernel
from nbval.plugin import IPyNbCell

os.environ.setdefault("TQDM_DISABLE", "1")  # as tools/run_notebooks.py does

RELATIVE = Decimal("2e-3")
NOISE = Decimal("1e-12")
SECONDS_PER_MESSAGE = 60  # nbval waits 5 for each; a busy machine needs more
DECIMAL = re.compile(
    r" *(?<![\w.])([-+]?(?:\d*\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+))(?!\.?\w) *", re.IGNORECASE
)
PICTURE_DATA = re.compile(r"(data:image/[\w.+-]+;base64,)[\w+/=\n]+")
# Stored notebooks lack it on purpose: its model ids are random.
WIDGET = "application/vnd.jupyter.widget-view+json"


def execute_with_history(self: kernel.RunningKernel, source: str, allow_stdin: bool) -> str:
    """Run a cell as JupyterLab does: without history IPython shows what "plot();" returns."""
    return self.kc.execute(source, allow_stdin=allow_stdin, stop_on_error=False)


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
    if isinstance(item, IPyNbCell) and (why := fault(item)):
        start = item.cell.source.strip().split("\n")[0]
        pytest.fail(f"{item.nodeid} ({start!r}) {why}", pytrace=False)


def fault(item: IPyNbCell) -> str | None:
    """Say what keeps a cell's stored outputs from being checked, if anything does."""
    cell, options = item.cell, item.options
    if options["skip"] or not options["check"]:
        return "switches its check off; remove the nbval tag or comment, then 'make run'"
    if cell.source.strip() and cell.execution_count is None:
        return "has not been run; 'make run' runs it and stores its outputs"
    if "error" in [out.output_type for out in cell.outputs] and not options["check_exception"]:
        return "stores an error; mend it and 'make run', or tag it raises-exception if it is meant"
    return None


def compare_outputs(item: IPyNbCell, live: list[NotebookNode], stored: list[NotebookNode]) -> bool:
    """Leave the comparison and its report to nbval, once decimals that agree look alike."""
    live, stored = readable(live), readable(stored)
    for new, old in zip(live, stored, strict=False):  # nbval reports a missing one
        for kind in new.keys() & old.keys():
            new[kind] = with_stored_decimals(new[kind], old[kind])
    return IPyNbCell.compare_outputs(item, live, stored)


def readable(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the texts of each output by kind, stderr before stdout: their order is chance."""
    by_stream = sorted(outputs, key=lambda output: output.get("name", ""))
    return [NotebookNode(texts(output), output_type="ours") for output in by_stream]


def texts(output: NotebookNode) -> dict[str, str]:
    """Return what is compared of one output, by kind."""
    if output.output_type == "stream":
        return {output.name: output.text}
    if output.output_type == "error":
        return {"ename": output.ename, "evalue": output.evalue}
    found = {
        kind: text_of(kind, output.data[kind]) for kind in sorted(output.data.keys() - {WIDGET})
    }
    # nbval ignores image/png: without this line it misses a picture whose text remains.
    return found | {"kinds of output": ", ".join(found)}


def text_of(kind: str, content: str | dict) -> str:
    """Return what is compared of one kind: pictures, inside HTML too, without what they show."""
    if kind.startswith("image/"):
        return "a picture"
    if isinstance(content, str):
        return PICTURE_DATA.sub(r"\1(a picture)", content)
    return json.dumps(content, sort_keys=True)  # sorted as in the file


def with_stored_decimals(live: str, stored: str) -> str:
    """Return live with each decimal that agrees with its partner in stored replaced by it."""
    partners = DECIMAL.finditer(stored)

    def settle(new: re.Match[str]) -> str:
        old = next(partners, new)
        return old[0] if agree(new[1], old[1]) else new[0]

    return DECIMAL.sub(settle, live)


def agree(live: str, stored: str) -> bool:
    """Apply the rule at the top of this file to two decimals."""
    difference = abs(Decimal(live) - Decimal(stored))
    return difference <= max(
        RELATIVE * abs(Decimal(stored)), min(last_digit(live), last_digit(stored)), NOISE
    )


def last_digit(decimal: str) -> Decimal:
    """One unit in the last printed digit: 0.01 for 0.51; 0 without a point."""
    return Decimal((0, (1,), Decimal(decimal).as_tuple().exponent)) if "." in decimal else Decimal()
