"""Measure what each notebook takes: costs.py NOTEBOOK [NOTEBOOK ...].

Each runs once, on one thread, and is not written. The seconds are those in which a core worked for
it: other work on the machine changes them little. The record is benchmarks/costs.json, which the
page on teaching shows. It says of each notebook when, where and with what it was measured: those
that are not named keep theirs.
"""

import asyncio
import json
import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from processors import name_of_this_one
from run_notebooks import execute
from stored import write_whole

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "benchmarks/costs.json"
# On Linux ru_maxrss counts what the process was before it became a kernel; VmHWM does not.
USED = """import re, resource as _r, sys
_all = [_r.getrusage(each) for each in (_r.RUSAGE_SELF, _r.RUSAGE_CHILDREN)]
_peak = _all[0].ru_maxrss
if sys.platform == "linux":
    _peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
print(sum(each.ru_utime + each.ru_stime for each in _all), _peak)"""


def measure(notebook: NotebookNode, folder: Path) -> dict[str, float]:
    """Run a notebook; return a core's seconds and the kernel's peak memory in megabytes."""
    notebook.cells.append(new_code_cell(USED))
    if error := asyncio.run(execute(notebook, folder, os.environ | {"OMP_NUM_THREADS": "1"})):
        raise RuntimeError(error)
    seconds, peak = map(float, notebook.cells[-1].outputs[0].text.split())
    return {"seconds": round(seconds, 1), "megabytes": round(peak / 1e6)}


def made() -> dict[str, str]:
    """When, where and with what."""
    return {
        "date": date.today().isoformat(),
        "machine": name_of_this_one(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": version("torch").split("+")[0],
        "mine_lib": version("mine-lib"),
    }


def read_record(path: Path = RECORD) -> dict[str, dict]:
    """What is known."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def main(paths: list[Path], record: Path = RECORD) -> int:
    """Measure the notebooks one after the other; return the exit code."""
    if sys.platform == "win32":
        print("costs.py: memory is measured on Linux and macOS only", file=sys.stderr)
        return 1
    known, conditions = read_record(record), made()
    for path in paths:
        name = f"{path.resolve().parent.name}/{path.stem}"
        try:
            measured = measure(nbformat.read(path, as_version=4), path.parent)
        except RuntimeError as error:
            print(f"{path}: {error}; nothing is recorded", file=sys.stderr)
            return 1
        print(f"{name}: {measured['seconds']} s, {measured['megabytes']} MB", flush=True)
        known[name] = measured | conditions
    order = sorted(known, key=lambda name: (not name.startswith("chapters/"), name))
    write_whole(record, json.dumps({name: known[name] for name in order}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit("usage: costs.py NOTEBOOK [NOTEBOOK ...]")
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
