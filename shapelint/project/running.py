"""Which parts of a file may run: a definition that nothing names is run by nobody."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TypeVar

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
#: the bases whose methods are run by their names in the code, and by `forward` and the like
_PLAIN = frozenset(("Module", "object"))

MAX_ASKED = 12  #: definitions for which it is asked who names them

Node = TypeVar("Node", bound=ast.AST)
Around = tuple[tuple[_Definition, bool], ...]
Named = Callable[[str], bool]  #: whether the project names what a definition defines anywhere else


def running(tree: ast.Module, nodes: Iterable[Node], is_named: Named) -> list[Node]:
    """Those nodes of a file that may run: not in a definition that nothing names, nor behind `if False`.

    To ask for a name costs a look at the whole project, so only what is around the nodes is asked for, and where that
    is much, nothing.
    """
    around = _around(tree)
    found = [node for node in nodes if node in around]
    asked = {definition for node in found for definition, _ in around[node]}
    if len(asked) > MAX_ASKED:
        return found
    return [node for node in found if not any(_is_dead(one, is_plain, is_named) for one, is_plain in around[node])]


def _around(tree: ast.Module) -> dict[ast.AST, Around]:
    """The definitions around each node that may run, and whether the class around each is plain."""
    found: dict[ast.AST, Around] = {}
    waiting: list[tuple[ast.AST, Around, bool]] = [(tree, (), True)]
    while waiting:
        node, around, is_plain = waiting.pop()
        found[node] = around
        skipped = node.body if isinstance(node, ast.If) and _is_false(node.test) else []
        inside = (*around, (node, is_plain)) if isinstance(node, _Definition) else around
        if isinstance(node, ast.ClassDef):
            is_plain = _is_plain(node)
        waiting += [(inner, inside, is_plain) for inner in ast.iter_child_nodes(node) if inner not in skipped]
    return found


def is_left_alone(tree: ast.Module, cls: str, method: str, is_named: Named) -> bool:
    """Whether a class is used and one of its methods is called by nobody; a base that is not known may call it."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == cls and is_named(cls):
            methods = [one for one in node.body if isinstance(one, _Definition) and one.name == method]
            return bool(methods) and all(_is_dead(one, _is_plain(node), is_named) for one in methods)
    return False


def _is_plain(cls: ast.ClassDef) -> bool:
    return all(_last(base) in _PLAIN for base in cls.bases)


def _last(base: ast.expr) -> str | None:
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", None)


def _is_false(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and not test.value


def _is_dead(definition: _Definition, is_plain: bool, is_named: Named) -> bool:
    """Whether nobody runs a definition; a decorator may register it, a base may call it, tests are found by name."""
    is_found = definition.name.startswith(("test", "Test", "__")) or definition.name in ("forward", "setUp")
    return is_plain and not is_found and not definition.decorator_list and not is_named(definition.name)
