"""What the sources of `mine_lib` say of its public names, for the pages' reference (tools/api.py).

They are read, not imported: what builds the pages holds no torch, and stand-ins for it, as autodoc
has them, break on annotations such as `str | torch.device`.
"""

import ast
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from inspect import cleandoc
from pathlib import Path

PACKAGE = "mine_lib"
ROOT = Path(__file__).resolve().parent.parent
SPOKEN = {"__call__", "__getitem__"}  # special methods worth an entry
OF_CRITICS = {"forward", "train", "extra_repr", "__getitem__"}  # what each critic has as a module


@dataclass
class Entry:
    """A public name: its kind in Sphinx's Python domain, how it is called, what it says of itself.

    file, lines: where it is defined. names: parameters and fields, which a docstring may explain.
    """

    name: str
    kind: str
    signature: str
    text: str
    file: Path
    lines: tuple[int, int]
    names: set[str]
    members: list["Entry"] = field(default_factory=list)


@cache
def parsed(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_text("utf-8"))


@cache
def public_names() -> dict[str, Entry]:
    """Entry of each name that the package exports."""
    return {name: _entry(ROOT / PACKAGE / "__init__.py", name) for name in exported()}


@cache
def exported() -> list[str]:
    """What stands in `__all__`."""
    for node in parsed(ROOT / PACKAGE / "__init__.py").body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    raise LookupError(f"{PACKAGE}/__init__.py has no __all__")


def _entry(file: Path, name: str) -> Entry:
    """Find a definition, through the imports of a file."""
    body = parsed(file).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.ImportFrom) and name in {each.name for each in node.names}:
            path = ROOT.joinpath(*node.module.split("."))
            return _entry(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"), name)
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return _function(file, node, "function")
        if isinstance(node, ast.ClassDef) and node.name == name:
            return _class(file, node)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            text = cleandoc(after.value.value) if isinstance(after, ast.Expr) else ""
            return Entry(name, "data", "", text, file, (node.lineno, node.end_lineno), set())
    raise LookupError(f"{file} has no {name}")


def _function(file: Path, node: ast.FunctionDef, kind: str) -> Entry:
    parameters, names = _parameters(node.args, method=kind == "method")
    decorators = {ast.unparse(each) for each in node.decorator_list}
    if decorators & {"property", "cached_property"}:
        kind, parameters = "property", ""
    where = (node.lineno, node.end_lineno)
    text = ast.get_docstring(node) or ""
    return Entry(node.name, kind, parameters, text, file, where, names)


def _parameters(arguments: ast.arguments, method: bool) -> tuple[str, set[str]]:
    """How a function is called, without types, which its docstring tells."""
    arguments = deepcopy(arguments)
    if method:
        (arguments.posonlyargs or arguments.args).pop(0)
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for each in [*listed, arguments.vararg, arguments.kwarg]:
        if each is not None:
            each.annotation = None
    return f"({ast.unparse(arguments)})", {each.arg for each in listed}


def _class(file: Path, node: ast.ClassDef) -> Entry:
    methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
    is_module = any(ast.unparse(each).endswith("Module") for each in node.bases)
    signature, names = "", set()
    if any("dataclass" in ast.unparse(each) for each in node.decorator_list):
        signature, names = _fields(node)
    elif "__init__" in methods:
        signature, names = _parameters(methods["__init__"].args, method=True)
    members = [
        _function(file, each, "method")
        for name, each in methods.items()
        if _is_told(name, is_module) and ast.get_docstring(each)
    ]
    names |= {each.name for each in members}
    text, where = ast.get_docstring(node) or "", (node.lineno, node.end_lineno)
    return Entry(node.name, "class", signature, text, file, where, names, members)


def _is_told(method: str, is_module: bool) -> bool:
    """Whether a method is worth an entry; those of all critics, the page explains once."""
    if is_module and method in OF_CRITICS:
        return False
    return method in SPOKEN or not method.startswith("_")


def _fields(node: ast.ClassDef) -> tuple[str, set[str]]:
    """How a dataclass is called."""
    parts, names = [], set()
    for each in node.body:
        if isinstance(each, ast.AnnAssign):
            name, value = ast.unparse(each.target), each.value
            if ast.unparse(each.annotation) == "KW_ONLY":
                parts.append("*")
                continue
            names.add(name)
            plain = value is None or "field(" in ast.unparse(value)
            parts.append(name if plain else f"{name}={ast.unparse(value)}")
    return f"({', '.join(parts)})", names
