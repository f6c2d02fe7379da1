"""Judge one answer, in a process of its own that mine_checks.process starts.

It reads a task as JSON, and prints two lines: that it is ready, and what came out as JSON. The
reader's code runs first; then the checks are imported anew, so that what that code made of them
does not count.
"""

import importlib
import io
import json
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

READY = "ready"
PASSED, WRONG, UNTRIED, RAISED = "passed", "wrong", "not tried", "raised"
LATE, MISSING = "timed out", "cell missing"
STATUSES = (PASSED, WRONG, RAISED, LATE, UNTRIED, MISSING)  # the best first
CHECKS = "mine_checks"


class Quiet:
    """Stands for IPython's shell: magic lines do nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **more: None


def run(code: list[str], names: dict[str, Any]) -> dict[str, Any]:
    """Run statements in a namespace."""
    for each in code:
        exec(compile(each, "notebook", "exec"), names)
    return names


def namespace() -> dict[str, Any]:
    """What a cell finds before any has run."""
    return {"__name__": "__main__", "get_ipython": Quiet, "display": lambda *args, **more: None}


def the_check(name: str) -> Callable:
    """A check as its file says, whatever the reader's code did to the module."""
    for module in [each for each in sys.modules if each.split(".")[0] == CHECKS]:
        del sys.modules[module]
    importlib.invalidate_caches()
    return getattr(importlib.import_module(CHECKS), name)


def elsewhere(paths: list[str]) -> list[str]:
    """Where to import from: not the working folder, in which the reader's code may write."""
    here = Path.cwd().resolve()
    return [each for each in paths if Path(each).resolve() != here]


def judge(task: dict[str, Any], paths: list[str]) -> tuple[str, str]:
    """What came out, and why."""
    try:
        names = run([*task["setup"], task["code"]], namespace())
        answer = eval(task["answer"], names)
    except BaseException as error:  # SystemExit, too
        return RAISED, told(error)
    if answer is None or answer is ...:
        return UNTRIED, ""
    sys.path[:] = paths
    check = the_check(task["check"])
    names = run(task["given"], namespace())
    others = [eval(each, names) for each in task["others"]]
    return verdict(check, answer, others)


def verdict(check: Callable, answer: Any, others: list[Any]) -> tuple[str, str]:
    """What a check says to an answer."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            check(answer, *others)
    except AssertionError as error:
        return WRONG, str(error)
    except BaseException as error:
        return RAISED, told(error)
    passed = importlib.import_module(f"{CHECKS}.answers").PASSED
    return (PASSED, "") if passed in printed.getvalue() else (UNTRIED, "")


def told(error: BaseException) -> str:
    """An error in a line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def say(channel: TextIO, line: str) -> None:
    """Tell the process that waits."""
    channel.write(f"{line}\n")
    channel.flush()


def main() -> None:
    """Judge the task, with all that is printed meanwhile out of the way."""
    task = json.load(sys.stdin)
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        with redirect_stdout(nowhere), redirect_stderr(nowhere):
            importlib.import_module(CHECKS)
            say(channel, READY)
            outcome = judge(task, elsewhere(sys.path))
            say(channel, json.dumps(outcome))
    os._exit(0)  # not: wait for the reader's threads


if __name__ == "__main__":
    main()
