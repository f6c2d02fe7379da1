"""Ways in that cannot run here: Binder, Colab, dev container, workflows, citation, reports.

GitHub's files and CITATION.cff are held against their schemas, and all of them against each other.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import check_jsonschema
import nbformat
import pytest
import yaml
from built import ROOT
from click.testing import CliRunner, Result
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from pybtex.database import parse_string

import book_config
import chromium
import doors
import notices

SCHEMAS = {
    ".github/workflows/test.yml": "github-workflows",
    ".github/workflows/publish.yml": "github-workflows",
    ".github/ISSUE_TEMPLATE/mistake.yml": "github-issue-forms",
    ".github/ISSUE_TEMPLATE/config.yml": "github-issue-config",
    ".github/dependabot.yml": "dependabot",
    "CITATION.cff": "citation-file-format",
}
# What containers.dev says that a devcontainer.json made from an image may hold.
CONTAINER = {
    "containerEnv": dict,
    "customizations": dict,
    "features": dict,
    "forwardPorts": list,
    "hostRequirements": dict,
    "image": str,
    "name": str,
    "onCreateCommand": str,
    "portsAttributes": dict,
    "postCreateCommand": str,
    "remoteEnv": dict,
    "remoteUser": str,
}
ADDRESS = "https://github.com/someone/some_where"
PROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
PYTHONS = SpecifierSet(re.search(r'^requires-python = "(.*)"', PROJECT, re.MULTILINE)[1])
DEPENDENCIES = set(
    re.findall(r'^ +"([\w-]+)>=', PROJECT.split("dependencies = [")[1].split("]")[0], re.MULTILINE)
)
PINNED = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text("utf-8"), re.M))
needs_bash = pytest.mark.skipif(
    not shutil.which("bash") or os.name == "nt", reason="bash is not installed"
)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def workflow(name: str) -> dict:
    return yaml.safe_load(read(f".github/workflows/{name}.yml"))


def steps(name: str) -> list[dict]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def script(name: str, title: str) -> str:
    """What the step of that name runs."""
    return next(step["run"] for step in steps(name) if title in step.get("name", ""))


def bash(text: str, folder: Path, **environment: str) -> None:
    told = os.environ | environment
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=told, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


# Schemas


def check(schema: str, *files: Path) -> Result:
    words = ["--builtin-schema", f"vendor.{schema}", *map(str, files)]
    return CliRunner().invoke(check_jsonschema.main, words)


@pytest.mark.parametrize("schema", sorted(set(SCHEMAS.values())))
def test_files_are_what_their_readers_take(schema):
    files = [ROOT / name for name, each in SCHEMAS.items() if each == schema]
    done = check(schema, *files)
    assert done.exit_code == 0, done.output


def test_a_file_that_is_not_is_refused(tmp_path):
    text = read(".github/ISSUE_TEMPLATE/mistake.yml").replace("label:", "lable:", 1)
    (tmp_path / "mistake.yml").write_text(text, "utf-8")
    assert check("github-issue-forms", tmp_path / "mistake.yml").exit_code == 1


def test_no_file_of_github_is_without_a_schema():
    found = {each.relative_to(ROOT).as_posix() for each in (ROOT / ".github").rglob("*.*ml")}
    assert found == {name for name in SCHEMAS if name.startswith(".github")}


# Workflows


@pytest.mark.parametrize("name", ["test", "publish"])
def test_actions_have_a_version(name):
    used = [step["uses"] for step in steps(name) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+(\.\d+){0,2}", each) for each in used), used


def test_three_systems_and_three_pythons_are_tested():
    matrix = workflow("test")["jobs"]["test"]["strategy"]["matrix"]
    assert {each.split("-")[0] for each in matrix["system"]} == {"ubuntu", "macos", "windows"}
    pythons = [Version(each) for each in matrix["python"]]
    assert len(set(pythons)) == 3
    assert all(each in PYTHONS for each in pythons)
    oldest, newest = re.search(r"Python (3\.\d+) to (3\.\d+)", read("README.md")).groups()
    assert {Version(oldest), Version(newest)} == {min(pythons), max(pythons)}


def test_no_run_of_the_tests_may_skip_the_browser_where_there_is_one():
    assert "BROWSER_TESTS" in workflow("test")["jobs"]["test"]["env"]  # for all steps
    makes = [line for line in read(".ci/run").splitlines() if "make " in line]
    assert makes
    assert all(line.startswith("BROWSER_TESTS=required make ") for line in makes)


def test_windows_goes_the_readme_s_way_without_make():
    windows = [step["run"] for step in steps("test") if "== 'Windows'" in step.get("if", "")]
    assert len(windows) == 3
    assert not [each for each in windows if "make " in each]
    readme = read("README.md")
    assert windows[0] in readme  # python -m pip install -r requirements.txt
    assert "jupyter-book build" in readme
    assert windows[1].startswith("jupyter-book build ")
    make = [step for step in steps("test") if step.get("run", "").startswith("make")]
    assert all(re.search("!= 'Windows'|== 'Linux'", step["if"]) for step in make)


def test_every_make_that_is_named_is_a_command():
    named = set()
    for name in (".github/workflows/test.yml", ".github/workflows/publish.yml"):
        named |= set(re.findall(r"run: make ([a-z-]+)", read(name)))
    named |= set(re.findall(r"`make ([a-z-]+)", read("appendix/teaching.md")))
    named |= set(re.findall(r"make ([a-z-]+) ", read(".devcontainer/devcontainer.json")))
    commands = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE))
    assert {"book", "environment", "costs"} <= named
    assert named - {"chromium"} <= commands, named - commands


@needs_bash
@pytest.mark.parametrize("url", ["", "https://github.com/other/place"])
def test_publishing_fills_the_address_in_where_there_is_none(url, tmp_path):
    text = re.sub(r'(?m)^  url: ".*"', f'  url: "{url}"', read("_config.yml"))
    (tmp_path / "_config.yml").write_text(text, "utf-8")
    bash(script("publish", "Name the repository"), tmp_path, ADDRESS=ADDRESS)
    told = yaml.safe_load((tmp_path / "_config.yml").read_text("utf-8"))
    assert told["repository"]["url"] == (url or ADDRESS)


@needs_bash
def test_colab_finds_its_notebooks_on_the_branch_that_is_published(tmp_path):
    folder = tmp_path / "_build/course/full/chapters"
    folder.mkdir(parents=True)
    (folder / "03_mine.ipynb").write_text("{}", "utf-8")
    (tmp_path / "_build/course/mine-course-full.zip").touch()
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    text = re.sub(
        r'"https://x-access-token\S+"', str(remote), script("publish", "Renew the branch")
    )
    bash(text, tmp_path, RUNNER_TEMP=str(tmp_path), GITHUB_SHA="abc")
    listed = ["git", "-C", str(remote), "ls-tree", "-r", "--name-only"]
    opened = doors.colab(ADDRESS, "chapters/03_mine").split("/blob/")[1]
    branch, _, path = opened.partition("/")
    done = subprocess.run([*listed, branch], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [path]


@needs_bash
def test_what_else_is_made_lies_beside_the_published_pages(tmp_path):
    runs = [step.get("run", "") for step in steps("publish")]
    first, *others = [each.removeprefix("make ") for each in runs if each.startswith("make ")]
    assert first == "book"
    for folder in ("html", *others):
        (tmp_path / "_build" / folder).mkdir(parents=True)
    bash(script("publish", "beside the pages"), tmp_path)
    assert {each.name for each in (tmp_path / "_build/html").iterdir()} == {*others}


# Binder and the dev container


def modules() -> set[str]:
    """What the notebooks import."""
    found = set()
    for path in [*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("appendix/*.ipynb")]:
        code = [each.source for each in nbformat.read(path, 4).cells if each.cell_type == "code"]
        found |= set(re.findall(r"^\s*(?:import|from) +(\w+)", "\n".join(code), re.MULTILINE))
    return found - {"mine_lib", "mine_checks"} - set(sys.stdlib_module_names)


def test_binder_installs_what_the_notebooks_import():
    words = read("binder/postBuild").split("uv pip install ")[1].replace("\\\n", " ").split()
    named = [each for each in words if re.fullmatch(r"[a-z][\w-]+", each)]
    extra = set(named) & {"scikit-learn", "jupyterlab-myst"}
    assert extra <= PINNED.keys()
    installed = {{"scikit-learn": "sklearn"}.get(each, each) for each in extra | DEPENDENCIES}
    assert "sklearn" in modules()
    assert modules() <= {each.replace("-", "_").lower() for each in installed} | {"IPython"}


@needs_bash
def test_binder_takes_the_tested_versions_and_torch_without_cuda(tmp_path):
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/log\n', "utf-8")
    uv.chmod(0o755)
    assert os.access(ROOT / "binder/postBuild", os.X_OK)
    bash("./binder/postBuild", ROOT, PATH=f"{tmp_path}:{os.environ['PATH']}")
    called = (tmp_path / "log").read_text("utf-8")
    assert " --torch-backend cpu -c constraints.txt -e . " in called
    assert PINNED["torch"] == re.search(r'"torch==([\d.]+)"', PROJECT)[1]
    assert re.fullmatch(r"uv==\d+\.\d+\.\d+", read("binder/requirements.txt").splitlines()[-1])


def test_binder_and_the_container_have_a_python_of_the_book_s():
    tested = workflow("test")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert read("binder/runtime.txt").strip().removeprefix("python-") in tested
    image = json.loads(read(".devcontainer/devcontainer.json"))["image"]
    assert re.fullmatch(r"python:([\d.]+)-\w+", image)[1] in tested


def test_the_container_has_what_it_runs_and_opens():
    told = json.loads(read(".devcontainer/devcontainer.json"))
    for key, value in told.items():
        assert isinstance(value, CONTAINER[key]), key
    installed = set(told["onCreateCommand"].split())
    program, *words = told["postCreateCommand"].split()
    assert program in installed
    variables = {word.split("=")[0] for word in words if "=" in word}
    assert variables <= set(re.findall(r"^(\w+) \?=", read("Makefile"), re.MULTILINE))
    assert "BROWSER_TESTS" in told["containerEnv"]  # since it installs one:
    assert installed & {*chromium.NAMES}


# Citing and reporting


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("repository: {url: https://a.b/c/}", "https://a.b/c"),
        ('repository: {url: ""}', ""),
        ("repository: {url: }", ""),
        ("title: x", ""),
    ],
)
def test_the_repository_s_address(text, found, tmp_path, monkeypatch):
    monkeypatch.setattr(book_config, "FILE", tmp_path / "_config.yml")
    book_config.FILE.write_text(text, "utf-8")
    assert book_config.address() == found


def test_the_citation_s_bibtex_can_be_read_and_says_what_the_file_says():
    told = yaml.safe_load(read("CITATION.cff"))
    book = told["preferred-citation"]
    version = re.search(r'^version = "(.*)"', PROJECT, re.MULTILINE)[1]
    assert told["version"] == book["version"] == version
    assert str(book["year"]) == yaml.safe_load(read("_config.yml"))["copyright"]
    entries = parse_string(notices.bibtex(notices.cited(), ADDRESS), "bibtex").entries
    entry = entries["mine_book_2026"]
    assert entry.type == "book"
    assert [str(each) for each in entry.persons["author"]] == ["{The MINE book authors}"]
    assert entry.fields["title"] == "{Mutual Information Neural Estimation: a hands-on book}"
    assert entry.fields["year"] == "2026"
    assert entry.fields["edition"] == f"Version {version}"
    assert entry.fields["url"] == ADDRESS
    assert "url" not in notices.bibtex(notices.cited())
    sentence = notices.sentence(notices.cited(), ADDRESS)
    assert sentence.startswith("The MINE book authors (2026). *Mutual Information")
    assert sentence.endswith(f"Version {version}. [github.com/someone/some_where]({ADDRESS})")


def test_the_form_has_the_field_that_buttons_fill_in():
    told = yaml.safe_load(read(f".github/ISSUE_TEMPLATE/{doors.FORM}"))
    assert "place" in {each.get("id") for each in told["body"]}
    assert re.search(r"&place=(.*)", doors.form(ADDRESS, "chapters/03_mine"))[1].startswith("chap")


@pytest.mark.parametrize(
    ("address", "contacts", "said"),
    [
        (ADDRESS, [], f"{ADDRESS}/issues/new?template=mistake.yml"),
        ("https://gitlab.com/a/b", [], "**Open an issue** in the [repository](https://gitlab"),
        ("", [{"name": "Ada", "email": "ada@book.test"}], "mailto:ada@book.test"),
        ("", [{"name": "Ada"}], "whoever you have these pages from"),
    ],
)
def test_a_mistake_can_be_reported_with_and_without_an_address(address, contacts, said):
    assert said in notices.whom_to_tell(address, contacts)


def test_the_change_log_has_this_version_and_runs_backwards():
    versions = re.findall(r"^## \[(.*?)\](?: - (\S+))?$", read("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == ("Unreleased", "")
    assert versions[1][0] == re.search(r'^version = "(.*)"', PROJECT, re.MULTILINE)[1]
    days = [day for _, day in versions[1:]]
    assert days == sorted(days, reverse=True)
