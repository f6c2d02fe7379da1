"""One answer, judged in a process of its own (mine_checks.judge), with a limit of time."""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from mine_checks.exercises import Attempt, Exercise
from mine_checks.judge import LATE, RAISED, READY, STATUSES, UNTRIED

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ("benchmarks", "images")  # what cells may read, from a folder beside them
START = 120.0  # seconds for torch to load, on a busy machine


class NotStarted(RuntimeError):  # noqa: N818
    """No process could judge: a fault of the grader's computer, not of an answer."""


def judged(attempt: Attempt, exercise: Exercise, seconds: float) -> tuple[str, str]:
    """What came out of one cell: in a process of its own, mine_checks.judge."""
    if attempt.is_blank:
        return UNTRIED, ""
    task = {
        "setup": attempt.setup,
        "code": attempt.code,
        "answer": attempt.answer,
        "check": exercise.check,
        "others": exercise.others,
        "given": exercise.setup,
    }
    with workplace() as folder:
        command = [sys.executable, "-m", "mine_checks.judge"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        alone = {"start_new_session": True} if os.name == "posix" else {}
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(), encoding="utf-8", **pipes, **alone
        )
        try:
            return _wait(process, json.dumps(task), seconds)
        finally:
            end(process)


def _environment() -> dict[str, str]:
    """The variables of a process that judges."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"PYTHONPATH": os.pathsep.join(paths), "MPLBACKEND": "Agg", "TQDM_DISABLE": "1"}
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"} | own


def _wait(process: subprocess.Popen[str], task: str, seconds: float) -> tuple[str, str]:
    """Hand the task over; wait until the process is ready, then for what came out."""
    lines: queue.Queue[str] = queue.Queue()
    Thread(target=_pass_on, args=(process, lines), daemon=True).start()
    with suppress(BrokenPipeError):
        process.stdin.write(task)
        process.stdin.close()
    try:
        first = lines.get(timeout=START)
    except queue.Empty:
        raise NotStarted(f"mine_checks.judge does not start within {START:g} s") from None
    if first != READY:
        raise NotStarted("mine_checks.judge does not start: is mine_lib installed?")
    try:
        line = lines.get(timeout=seconds)
    except queue.Empty:
        return LATE, f"no answer within {seconds:g} s"
    if not line:
        return RAISED, f"the process ended with code {process.wait()}"
    with suppress(ValueError):
        status, message = json.loads(line)
        if status in STATUSES:
            return status, str(message)
    return RAISED, "the process printed what no check says"


def _pass_on(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    """Put each line that a process prints into a queue, and an empty one at its end."""
    for line in process.stdout:
        lines.put(line.strip())
    lines.put("")


def end(process: subprocess.Popen[str]) -> None:
    """End a process and what it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    process.stdout.close()


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder to run in, beside copies of the files that chapters read."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        for name in BESIDE:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, Path(home) / name)
        folder = Path(home) / "chapters"
        folder.mkdir()
        yield folder
