"""Re-execute notebooks and keep their outputs: run_notebooks.py NOTEBOOK [NOTEBOOK ...].

A notebook whose outputs stay the same keeps its bytes, so a difference in git is a difference in
content. One with a cell that raises is left as it was.
"""

import asyncio
import os
import re
import sys
import time
from itertools import groupby
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_output

import held
from comparison import TABLE, TABLE_ID, WIDGET
from stored import label, write_whole

os.environ.setdefault("TQDM_DISABLE", "1")  # a progress bar must leave nothing behind

AT_ONCE = 2  # one for each core of a small machine
STARTS = 3  # of a kernel, before its notebook fails
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


async def main(paths: list[Path]) -> int:
    """Run all notebooks, AT_ONCE side by side; return the exit code."""
    free = asyncio.Semaphore(AT_ONCE)

    async def when_free(path: Path) -> bool:
        async with free:
            return await renew(path)

    return 0 if all(await asyncio.gather(*map(when_free, paths))) else 1


async def renew(path: Path) -> bool:
    """Execute a notebook, write it if it changed, and say so; return whether all cells ran."""
    start = time.monotonic()
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    if error := await execute(notebook, path.parent):
        print(f"{path}: {' '.join(error.split())}; not written", file=sys.stderr, flush=True)
        return False
    tidy(notebook)
    after = nbformat.writes(notebook) + "\n"
    if after != before:
        write_whole(path, after)
    for fault in held.faults(notebook, held.read_record().get(path.stem, {})):
        print(f"{path}: {fault}; 'make spread CHAPTER={path.stem.split('_')[0]}' measures anew")
    state = "unchanged" if after == before else "changed"
    print(f"{path}: {time.monotonic() - start:.1f} s, {state}", flush=True)
    return True


async def execute(
    notebook: NotebookNode,
    folder: Path,
    environment: dict[str, str] | None = None,
    allow_errors: bool = False,
) -> str | None:
    """Run all cells in folder; return which one failed and how, or None.

    environment: its variables, by default ours. allow_errors: store an error and go on.
    """
    running = {}
    for attempt in range(1, STARTS + 1):
        client = NotebookClient(
            notebook,
            kernel_name=KERNELSPEC["name"],
            record_timing=False,
            allow_errors=allow_errors,
            extra_arguments=["--log-level=ERROR"],  # not: "running over TCP without encryption"
            resources={"metadata": {"path": str(folder)}},
            on_cell_execute=lambda cell, cell_index: running.update(index=cell_index),
        )
        try:
            await client.async_execute(env=environment or dict(os.environ))
        except CellExecutionError as error:
            return f"{label(notebook, running['index'])} raised {error.ename}: {error.evalue}"
        except RuntimeError as error:
            if running:
                return f"{label(notebook, running['index'])} ended the kernel (out of memory?)"
            if attempt == STARTS:
                return f"No kernel started in {STARTS} attempts ({error}); is the machine busy?"
        else:
            return None


def tidy(notebook: NotebookNode) -> None:
    """Remove what differs from run to run or from one Python to the next."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = KERNELSPEC
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # time stamps, from JupyterLab too
        if cell.cell_type == "code":
            if not cell.source.strip():  # nbclient passes over it
                cell.execution_count, cell.outputs = None, []
            cell.outputs = merge_streams(cell.outputs)
            for number, output in enumerate(cell.outputs):
                tidy_data(output.get("data", {}), f"T_{cell.id}-{number}")


def tidy_data(data: dict[str, str], name: str) -> None:
    """Remove what is random in an output; name is what a styled table is called from now on."""
    data.pop(WIDGET, None)
    if TABLE.search(data.get("text/html", "")):
        data["text/html"] = TABLE_ID.sub(name, data["text/html"])
        data["text/plain"] = ADDRESS.sub("", data.get("text/plain", ""))


def merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join the pieces of stdout, and those of stderr, that stand between two other outputs.

    Where a piece ends, and which of the two comes first, is chance. nbclient's coalesce_streams
    would also join over a figure in between.
    """
    merged = []
    for is_stream, group in groupby(outputs, key=lambda output: output.output_type == "stream"):
        if is_stream:
            texts = {"stdout": "", "stderr": ""}
            for piece in group:
                texts[piece.name] += piece.text
            merged += [
                new_output("stream", name=name, text=texts[name]) for name in texts if texts[name]
            ]
        else:
            merged += group
    return merged


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit("usage: run_notebooks.py NOTEBOOK [NOTEBOOK ...]")
    sys.exit(asyncio.run(main([Path(name) for name in sys.argv[1:]])))
