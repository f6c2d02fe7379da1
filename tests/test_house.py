"""The layout of the package: sizes, imports in one direction, and what it loads and exports."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import mine_lib

ROOT = Path(mine_lib.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
# Each may import what stands before it.
LAYERS = [
    {"checks"},
    {"statistics", "threads", "store", "book"},
    {"distributions"},
    {"bounds"},
    {"mine"},
    {"batches"},
    {"critics"},
    {"evaluation"},
    {"passes"},
    {"runs"},
    {"training"},
    {"study"},
    {"estimation"},
    {"mine_lib"},
]
LAYER = {room: k for k, rooms in enumerate(LAYERS) for room in rooms}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def name_of(path):
    """The module that a file is, such as mine_lib.book.figures."""
    parts = ["mine_lib", *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path):
    return ast.parse(path.read_text("utf-8"))


MODULES = {name_of(path): path for path in FILES}


def imports(path):
    """Modules of the package that a file imports, at its top or within a function."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute"
            parts = {f"{node.module}.{each.name}" for each in node.names}
            found |= (parts & MODULES.keys()) or {node.module}
    return {each for each in found if each.split(".")[0] == "mine_lib"}


def room(module):
    return module.split(".")[1] if "." in module else module


def is_documentation(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


# Sizes


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_file_is_longer_than_300_lines(path):
    assert len(path.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_function_has_more_than_30_lines_of_code(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, FUNCTIONS):
            code = [each for each in node.body if not is_documentation(each)]
            lines = code[-1].end_lineno - code[0].lineno + 1 if code else 0
            assert lines <= 30, node.name


# Encodings: what a system takes without one differs


FOLDERS = [ROOT, *(ROOT.with_name(each) for each in ("mine_checks", "tools", "benchmarks"))]


def names_no_encoding(call):
    """Whether a call reads or writes text as the system likes."""
    plain = {"read_text": 0, "write_text": 1}.get(getattr(call.func, "attr", ""))
    told = any(each.arg == "encoding" for each in call.keywords)
    return plain == len(call.args) and not told


def test_text_is_read_and_written_in_an_encoding_that_is_named():
    for path in (path for folder in FOLDERS for path in folder.rglob("*.py")):
        calls = [each for each in ast.walk(tree(path)) if isinstance(each, ast.Call)]
        assert not [each.lineno for each in calls if names_no_encoding(each)], path


# Imports


def test_each_module_has_its_layer():
    assert {room(module) for module in MODULES} == LAYER.keys()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_run_one_way(path):
    own = room(name_of(path))
    for each in imports(path):
        assert LAYER[room(each)] < LAYER[own] or room(each) == own, each


def test_no_module_needs_itself():
    needs = {module: imports(path) - {module} for module, path in MODULES.items()}
    while free := {module for module, some in needs.items() if not some & needs.keys()}:
        for module in free:
            del needs[module]
    assert not needs


def test_rooms_of_one_line_do_not_know_each_other():
    for module, path in MODULES.items():
        others = {room(each) for each in imports(path)} - {room(module)}
        assert not any(LAYER[each] == LAYER[room(module)] for each in others), module


def test_importing_the_package_loads_nothing_that_shows_or_stores():
    # pandas loads pyarrow where there is one; here there is none.
    code = "import sys; sys.modules['pyarrow'] = None; import mine_lib; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = set(done.stdout.decode().split())
    assert "mine_lib.training" in loaded
    assert not {"IPython", "matplotlib", "ipywidgets", "tqdm.notebook", "pyarrow.lib"} & loaded


# What it exports


def test_all_is_what_the_package_imports():
    nodes = [node for node in tree(ROOT / "__init__.py").body if isinstance(node, ast.ImportFrom)]
    names = [each.asname or each.name for node in nodes for each in node.names]
    assert sorted(names) == sorted(mine_lib.__all__)
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(mine_lib, name).__doc__, name
