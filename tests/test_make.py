"""The Makefile and tools/alone.sh: chapters by number, other folders, two makes at once."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer

import pytest

ROOT = Path(__file__).parent.parent
ALONE = ["sh", str(ROOT / "tools/alone.sh")]
# Stands for Python: "-m venv .venv" copies it there, and a call of pip takes its time.
PYTHON = """#!/bin/sh
case "$*" in
*"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
*"-m pip"*) echo begins >> log; sleep 0.3; echo ends >> log ;;
*) echo "ran $*" >> log ;;
esac
"""

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def start(folder: Path, *command: str, first: Path | None = None, **more) -> subprocess.Popen[str]:
    """Start a command; programs in the folder `first` stand for those of the system."""
    inherited = {
        k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "ASKED")
    }
    if first:
        inherited["PATH"] = f"{first}{os.pathsep}{inherited['PATH']}"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=folder, env=inherited, **pipes | more)


def output(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=60)[0]


def wait_for(path: Path) -> None:
    """Wait until a file is there, not for ever."""
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} does not come"
        time.sleep(0.01)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The Makefile and what it needs, with three chapters."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("mine_lib", "chapters", "tools"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "tools/alone.sh", tmp_path / "tools")
    names = ["mine_lib/__init__.py", "requirements-book.txt", "requirements.txt"]
    chapters = [f"chapters/{name}.ipynb" for name in ("01_one", "02_two", "10_ten")]
    for name in [*names, *chapters, "constraints.txt", "pyproject.toml"]:
        (tmp_path / name).touch()
    python = tmp_path / "python"
    python.write_text(PYTHON, "utf-8")
    python.chmod(0o755)
    return tmp_path


def make(book: Path, *words: str) -> subprocess.Popen[str]:
    return start(book, "make", f"PYTHON={book}/python", *words)


def ran(book: Path) -> str:
    return (book / "log").read_text("utf-8").split("run_notebooks.py ")[1].splitlines()[0]


@pytest.mark.parametrize(
    ("chapter", "expected"),
    [
        ("CHAPTER=02", "chapters/02_two.ipynb"),
        ("CHAPTER=1", "chapters/01_one.ipynb"),
        ("CHAPTER=02 10", "chapters/02_two.ipynb chapters/10_ten.ipynb"),
        ("CHAPTER=10 2 02", "chapters/02_two.ipynb chapters/10_ten.ipynb"),
        ("CHAPTER=", "chapters/01_one.ipynb chapters/02_two.ipynb chapters/10_ten.ipynb"),
    ],
)
def test_it_runs_the_chapter_that_is_named(book: Path, chapter: str, expected: str) -> None:
    output(make(book, "run", chapter))
    assert ran(book) == expected


@pytest.mark.parametrize("chapter", ["0", "3", "2_two.ipynb", "02 3"])
def test_a_chapter_that_is_none_is_refused(book: Path, chapter: str) -> None:
    process = make(book, "run", f"CHAPTER={chapter}")
    assert f"no chapter {chapter.split()[-1]}; say one of CHAPTER=01 02 10" in output(process)
    assert process.returncode
    assert not (book / ".venv").exists()


def test_cpu_builds_of_torch_come_by_uv(book: Path) -> None:
    (book / ".venv/bin").mkdir(parents=True)
    uv = book / ".venv/bin/uv"
    uv.write_text('#!/bin/sh\necho "uv $*" >> log\n', "utf-8")
    uv.chmod(0o755)
    output(make(book, "environment", "TORCH_INDEX=cpu"))
    [line] = [
        each for each in (book / "log").read_text("utf-8").splitlines() if each.startswith("uv")
    ]
    assert line.endswith("--python .venv/bin/python --torch-backend cpu -c constraints.txt torch")


def test_help_lists_every_command_once() -> None:
    listed = re.findall(r"^make (\S+)", output(start(ROOT, "make", "help")), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = " ".join(re.findall(r"^\.PHONY: (.*)", makefile, re.MULTILINE)).split()
    assert "course-test" in listed
    assert sorted(listed) == sorted({*phony} - {"pages"})  # make book calls it


@pytest.mark.parametrize("target", ["slides", "pdf"])
def test_slides_and_print_come_from_fresh_pages(book: Path, target: str) -> None:
    output(make(book, target, "CHAPTER=2"))
    ran = [
        line for line in (book / "log").read_text("utf-8").splitlines() if line.startswith("ran")
    ]
    (pages,) = (k for k, line in enumerate(ran) if "jupyter_book" in line)
    (made,) = (k for k, line in enumerate(ran) if f"tools/{target}.py" in line)
    assert pages < made
    assert ran[made] == f"ran tools/{target}.py chapters/02_two.ipynb"


def test_another_folder_is_refused(book: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    process = start(elsewhere, "make", "-f", str(book / "Makefile"), "book")
    assert f"make -C {book}/ book" in output(process)
    assert process.returncode
    assert not list(elsewhere.iterdir())


def test_two_first_makes_install_one_after_the_other(book: Path) -> None:
    both = [make(book, "run"), make(book, "run")]
    texts = [output(process) for process in both]
    assert [process.returncode for process in both] == [0, 0], texts
    assert "waiting for it" in "".join(texts)
    steps = [line for line in (book / "log").read_text("utf-8").splitlines() if "ran" not in line]
    assert steps == ["begins", "ends"] * 2  # book, then full; the second make finds them done
    assert not (book / ".making").exists()


def test_a_failing_step_is_told_under_the_name_that_was_asked_for(book: Path) -> None:
    python = book / "python"
    python.write_text(PYTHON.replace("sleep 0.3", "exit 1"), "utf-8")
    process = make(book, "run")
    assert "make run: pip failed" in output(process)
    assert process.returncode
    assert not (book / ".making").exists()


@pytest.mark.parametrize("words", ["1,10", "1 10", "01,10"])
def test_a_course_has_the_chapters_that_are_named(book: Path, words: str) -> None:
    text = output(make(book, "course", f"CHAPTERS={words}"))
    log = (book / "log").read_text("utf-8")
    numbers = words.replace(",", " ")
    assert f"ran tools/course.py {numbers}\n" in log, text
    assert log.index("build --all") < log.index("tools/course.py")


def test_a_course_without_a_word_has_all(book: Path) -> None:
    output(make(book, "course"))
    assert "ran tools/course.py\n" in (book / "log").read_text("utf-8")


def test_a_course_refuses_a_chapter_that_is_none(book: Path) -> None:
    process = make(book, "course", "CHAPTERS=1,3")
    assert "There is no chapter 3; say one of CHAPTER=01 02 10." in output(process)
    assert process.returncode
    assert not (book / ".venv").exists()


def test_grading_is_told_the_folder_and_the_limit(book: Path) -> None:
    output(make(book, "grade", "FOLDER=her class", "LIMIT=9"))
    output(make(book, "grade"))
    log = (book / "log").read_text("utf-8")
    assert "ran -m mine_checks.grading her class --seconds 9\n" in log
    assert "ran -m mine_checks.grading submissions --seconds 60\n" in log


@pytest.mark.parametrize(("target", "marker"), [("test", "not course"), ("course-test", "course")])
def test_slow_tests_of_the_course_run_apart(book: Path, target: str, marker: str) -> None:
    output(make(book, target))
    assert f"-m {marker}" in (book / "log").read_text("utf-8")


# alone.sh


def test_it_passes_the_exit_code_on_and_leaves_no_lock(tmp_path: Path) -> None:
    process = start(tmp_path, *ALONE, "sh", "-c", "exit 3")
    output(process)
    assert process.returncode == 3
    assert not list(tmp_path.iterdir())


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    step = "echo begins >> log; sleep 1; echo ends >> log"
    first = start(tmp_path, *ALONE, "sh", "-c", step)
    wait_for(tmp_path / "log")
    assert "waiting for it" in output(start(tmp_path, *ALONE, "sh", "-c", step))
    output(first)
    assert (tmp_path / "log").read_text("utf-8").split() == ["begins", "ends"] * 2


def leave_lock(folder: Path) -> None:
    """Leave the lock of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (folder / ".making").mkdir()
    (folder / ".making/pid").write_text(f"{ended.pid}\n", "utf-8")


def test_one_alone_takes_the_lock_of_one_that_was_killed(tmp_path: Path) -> None:
    """Six find it; each removes in its own time what it has found, and waits in short steps."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in {
        "rm": f'{shutil.which("sleep")} 0.$(($$ % 5)); exec {shutil.which("rm")} "$@"',
        "sleep": f"exec {shutil.which('sleep')} 0.05",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (programs / name).chmod(0o755)
    leave_lock(tmp_path)
    step = f"echo begins >> log; {shutil.which('sleep')} 0.3; echo ends >> log"
    six = [start(tmp_path, *ALONE, "sh", "-c", step, first=programs) for _ in range(6)]
    texts = [output(process) for process in six]
    assert [process.returncode for process in six] == [0] * 6, texts
    assert (tmp_path / "log").read_text("utf-8").split() == ["begins", "ends"] * 6
    assert not [*tmp_path.glob(".making*")]


def test_it_does_not_clear_while_another_clears(tmp_path: Path) -> None:
    leave_lock(tmp_path)
    (tmp_path / ".making.clear").mkdir()
    process = start(tmp_path, *ALONE, "echo", "done")
    Timer(1, (tmp_path / ".making.clear").rmdir).start()
    said, done = output(process).splitlines()
    assert said.endswith("waiting for it. If there is none, remove .making and .making.clear")
    assert done == "done"


def test_a_name_in_the_environment_does_not_silence_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("said", "yes")
    (tmp_path / ".making").mkdir()
    process = start(tmp_path, *ALONE, "true")
    Timer(1, (tmp_path / ".making").rmdir).start()
    assert "waiting for it" in output(process)


def test_the_lock_of_one_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    leave_lock(tmp_path)
    process = start(tmp_path, *ALONE, "echo", "done")
    assert output(process) == "done\n"
    assert process.returncode == 0


def test_a_folder_that_cannot_be_written_to_is_named_as_such(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    nobody = 65534
    may_write = os.access(tmp_path, os.W_OK)  # as root may everywhere
    script = (ROOT / "tools/alone.sh").read_text("utf-8")
    try:
        process = start(
            tmp_path,
            "sh",
            "-c",
            script,
            "alone.sh",
            "true",
            **{"user": nobody} if may_write else {},
        )
    except OSError as error:
        pytest.skip(f"this user may write everywhere, and no other can be had: {error}")
    assert "cannot be written to" in output(process)
    assert process.returncode == 1


def test_no_advice_is_cut_off_at_a_comma():
    text = (ROOT / "Makefile").read_text("utf-8")
    advice = re.findall(r"\$\(call or_say,((?:[^()]|\([^()]*\))*)\)\s*(?:\n|;|\\)", text)
    assert len(advice) > 10
    assert not [each for each in advice if "," in re.sub(r"\$\([^()]*\)", "", each)]
