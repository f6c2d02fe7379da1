"""What is imported is what pyproject.toml names, and what it names has its version pinned."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from built import ROOT
from packaging.utils import canonicalize_name

from pinned import dependencies, name_of

TOOLS = {path.stem: path for path in ROOT.glob("tools/*.py")}
TESTS = [*ROOT.glob("tests/*.py"), ROOT / "conftest.py"]
BENCHMARKS = [*ROOT.glob("benchmarks/*.py")]
OURS = {path.stem for path in [*BENCHMARKS, *TESTS]} | {*TOOLS, "mine_lib", "mine_checks"}
EXTENSIONS = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["local_extensions"]


@cache
def declared(group: str) -> set[str]:
    """The packages of a list in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    listed = re.search(rf"^{group} = \[([^]]*)\]", text, re.MULTILINE)[1]
    return {name_of(each) for each in re.findall(r'"([^"]+)"', listed)}


def modules(path: Path) -> set[str]:
    """The first names of all that a file imports, at its top or within a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return {each.split(".")[0] for each in found} - sys.stdlib_module_names


def packages(paths: list[Path]) -> set[str]:
    """The packages of others that files import."""
    owners = packages_distributions()
    found = set().union(*map(modules, paths)) - OURS
    return {canonicalize_name(each) for module in found for each in owners[module]}


def with_imported(names: set[str]) -> set[str]:
    """Tools, and the tools that they import."""
    more = names | {each for name in names for each in modules(TOOLS[name]) if each in TOOLS}
    return more if more == names else with_imported(more)


@pytest.mark.parametrize(
    ("package", "extras"), [("mine_lib", ("dask", "live")), ("mine_checks", ("grade",))]
)
def test_a_package_names_what_it_imports(package, extras):
    named = dependencies().union(*map(declared, extras))
    assert packages([*ROOT.glob(f"{package}/**/*.py")]) <= named


def test_the_pages_are_built_with_what_is_named_for_them():
    assert packages([TOOLS[each] for each in with_imported({*EXTENSIONS})]) <= declared("book")


def test_tools_and_tests_import_what_is_named():
    named = dependencies() | declared("book") | declared("dev")
    files = [*TOOLS.values(), *TESTS, *BENCHMARKS]
    assert packages(files) <= named


@pytest.mark.parametrize(
    ("file", "groups"),
    [("requirements-book.txt", ["book"]), ("requirements.txt", ["dependencies", "dev"])],
)
def test_what_is_named_is_pinned(file, groups):
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    lines = (ROOT / file).read_text("utf-8").splitlines()
    found = [line for line in lines if line[0] not in "#-"]
    assert set(found) <= set(pins)
    assert [name_of(line) for line in found] == sorted(set().union(*map(declared, groups)))
