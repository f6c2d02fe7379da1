"""The packages that run notebooks, in the exact versions of constraints.txt."""

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import nbformat
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
OWN = {"mine_lib", "mine_checks"}
IMPORTED = re.compile(r"^\s*(?:import +(\w+)|from +(\w+)[\w.]* +import)", re.MULTILINE)


def name_of(line: str) -> str:
    """The package of a line such as "PyYAML>=6", in the one spelling that indexes know: pyyaml."""
    return canonicalize_name(Requirement(line).name)


def dependencies() -> set[str]:
    """What the package itself needs."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    listed = re.search(r"^dependencies = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE)[1]
    return {name_of(each) for each in re.findall(r'"(.+?)"', listed)}


def imported(paths: list[Path]) -> set[str]:
    """The packages whose modules the cells of notebooks import."""
    notebooks = [nbformat.read(path, as_version=4) for path in paths]
    cells = [cell for each in notebooks for cell in each.cells if cell.cell_type == "code"]
    found = [name for cell in cells for pair in IMPORTED.findall(cell.source) for name in pair]
    modules = set(filter(None, found)) - OWN - sys.stdlib_module_names
    owners = packages_distributions()
    if nobodys := sorted(modules - owners.keys()):
        sys.exit(f"a notebook imports {nobodys[0]}, which is not installed here")
    return {canonicalize_name(each) for module in modules for each in owners[module]}


def pinned(names: set[str]) -> list[str]:
    """The lines of constraints.txt for packages; each has to have one."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [(name_of(line), line) for line in lines if line and not line.startswith("#")]
    if missing := sorted(names - {name for name, _ in pins}):
        sys.exit(
            f"constraints.txt has no version of {missing[0]}, which runs the notebooks: "
            "name it in pyproject.toml, then 'make pins'"
        )
    return [line for name, line in pins if name in names]


def requirements(paths: list[Path]) -> str:
    """What pip installs to run notebooks, in JupyterLab."""
    start = "# What runs the notebooks, in the versions that the book was tested with."
    lines = pinned({"jupyterlab", *dependencies(), *imported(paths)})
    return "\n".join([start, "-c constraints.txt", *lines, ""])
