"""What a stored chapter lacks, how to mend it, and how to store it."""

import os
import shutil
from pathlib import Path

from nbformat import NotebookNode


def label(notebook: NotebookNode, index: int) -> str:
    """Return a cell's name as pytest gives it, code cells counted from 0, and its first line."""
    number = [cell.cell_type for cell in notebook.cells[:index]].count("code")
    return f"Cell {number} ({(notebook.cells[index].source.strip().splitlines() or [''])[0]!r})"


def unfinished(notebook: NotebookNode) -> list[str]:
    """Name the code cells whose results the pages would lack: not run, or ended in an error."""
    return [
        f"{label(notebook, index)} {fault}"
        for index, cell in enumerate(notebook.cells)
        if (fault := fault_of(cell))
    ]


def fault_of(cell: NotebookNode) -> str | None:
    """Say why a cell has no results to show, if it has none."""
    if cell.cell_type != "code" or not cell.source.strip():
        return None
    if cell.execution_count is None:
        return "has not been run"
    is_meant = "raises-exception" in cell.metadata.get("tags", [])
    ends = [output.output_type for output in cell.outputs]
    if "error" in ends and not is_meant:
        return "stores an error; tag it raises-exception if it is meant"
    return None


def how_to_mend(path: Path) -> str:
    """Say which commands give a chapter its outputs again."""
    return (
        f"'make run CHAPTER={path.stem.split('_')[0]}' runs it and stores its outputs; "
        f"'git checkout {path.parent.name}/{path.name}' goes back to what was stored before"
    )


def write_whole(path: Path, text: str) -> None:
    """Write all of a file or nothing: who reads it meanwhile sees the old one."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_text(text, encoding="utf-8")
        if path.exists():
            shutil.copymode(path, new)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
