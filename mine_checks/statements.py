"""Which statements of a notebook an exercise needs: those that make the names it reads.

A chapter takes a minute to run; what an answer needs of it mostly takes no time.
"""

import ast
import symtable
from collections.abc import Iterable
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

SIMPLE = (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
EVERYTHING = "*"  # what `from module import *` makes


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell, and the names it deals with.

    now: names that running it reads; later: those that its functions read when they are called;
    makes: names it assigns; changes: names whose objects it may change; sure: whether it assigns in
    any case.
    """

    code: str
    now: frozenset[str]
    later: frozenset[str]
    makes: frozenset[str]
    changes: frozenset[str]
    sure: bool


def tree_of(cell: str) -> ast.Module:
    """A cell's syntax tree, with IPython's magic lines as calls; SyntaxError if it has none."""
    return ast.parse(TransformerManager().transform_cell(cell))


def statements(cell: str) -> list[Statement]:
    """A cell's statements; none if Python cannot read it."""
    try:
        return [statement(node) for node in tree_of(cell).body]
    except (SyntaxError, ValueError):
        return []


def statement(node: ast.stmt) -> Statement:
    """A statement with its names."""
    code = ast.unparse(node)
    table = symtable.symtable(code, "cell", "exec")
    makes = {each.get_name() for each in table.get_symbols() if _is_made(each)}
    if isinstance(node, ast.ImportFrom) and any(each.name == "*" for each in node.names):
        makes.add(EVERYTHING)
    now = {each.get_name() for each in table.get_symbols() if each.is_referenced()}
    inner = [_read_within(child) for child in table.get_children()]
    later = set().union(*inner)
    if not isinstance(node, ast.FunctionDef):
        now |= later  # a comprehension, a class, a lambda that may be called at once
    names = (now, later, makes, _changed(node))
    return Statement(code, *map(frozenset, names), sure=isinstance(node, SIMPLE))


def _is_made(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _read_within(table: symtable.SymbolTable) -> set[str]:
    """Global names that a function, class or comprehension reads."""
    found = {each.get_name() for each in table.get_symbols() if each.is_global()}
    return found.union(*map(_read_within, table.get_children()))


def _changed(node: ast.stmt) -> set[str]:
    """Names whose objects a statement may change: x[0] = 1, x.y = 1, x += 1, x.append(1)."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.AugAssign):
            found.add(_base(each.target))
        elif isinstance(each, ast.Subscript | ast.Attribute):
            if isinstance(each.ctx, ast.Store | ast.Del):
                found.add(_base(each))
        elif _is_method_call(each):
            found.add(_base(each.value.func))
    return found - {""}


def _is_method_call(node: ast.AST) -> bool:
    """Whether it is a statement such as x.append(1)."""
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return is_call and isinstance(node.value.func, ast.Attribute)


def _base(node: ast.expr) -> str:
    """The name at the root of x.y[0].z."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def needed(before: list[Statement], last: list[Statement]) -> list[str]:
    """The code of those statements before the last ones that make what the last ones read.

    From the end to the start, a name is wanted until a statement makes it. Who calls a function
    wants what the function reads as well.
    """
    modules = {name for each in before if "import" in each.code for name in each.makes}
    within = _names_within([*before, *last])
    wanted: set[str] = set()
    for each in reversed(last):
        wanted = _before(each, wanted, within)
    own = set().union(*(each.makes for each in last if each.sure))
    wanted |= set().union(*(each.later for each in last)) - own
    taken = []
    for each in reversed(before):
        changes = (each.changes - modules) & wanted
        if each.makes & wanted or changes or EVERYTHING in each.makes:
            taken.append(each.code)
            wanted = _before(each, wanted, within)
    return taken[::-1]


def _before(each: Statement, wanted: set[str], within: dict[str, set[str]]) -> set[str]:
    """What is wanted before a statement, of what is wanted after it."""
    made = each.makes - each.changes if each.sure else set()
    return (wanted - made) | _expanded(each.now, within)


def _names_within(sequence: list[Statement]) -> dict[str, set[str]]:
    """For each function, the global names that it reads."""
    within: dict[str, set[str]] = {}
    for each in sequence:
        for name in each.makes:
            within.setdefault(name, set()).update(each.later)
    return within


def _expanded(names: Iterable[str], within: dict[str, set[str]]) -> set[str]:
    """Names, and what the functions among them read, and so on."""
    found, new = set(), set(names)
    while new:
        found |= new
        new = set().union(*(within.get(name, set()) for name in new)) - found
    return found
