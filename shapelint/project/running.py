"""Which parts of a file may run: a definition that nothing names is run by nobody."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
#: the bases whose methods are run by their names in the code, and by `forward` and the like
_PLAIN = frozenset(("Module", "object"))

Named = Callable[[str], bool]  #: whether the project names what a definition defines anywhere else


def running(tree: ast.Module, is_named: Named) -> Iterator[ast.AST]:
    """The nodes of a file that may run: not those of a definition that nothing names, nor those behind `if False`."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
    while waiting:
        node, is_plain = waiting.pop()
        yield node
        skipped = node.body if isinstance(node, ast.If) and _is_false(node.test) else []
        if isinstance(node, ast.ClassDef):
            is_plain = all(_last(base) in _PLAIN for base in node.bases)
        waiting += [
            (inner, is_plain)
            for inner in ast.iter_child_nodes(node)
            if inner not in skipped and not (isinstance(inner, _Definition) and _is_dead(inner, is_plain, is_named))
        ]


def is_left_alone(tree: ast.Module, cls: str, method: str, is_named: Named) -> bool:
    """Whether a class is used and one of its methods is called by nobody; a base that is not known may call it."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == cls and is_named(cls):
            is_plain = all(_last(base) in _PLAIN for base in node.bases)
            methods = [one for one in node.body if isinstance(one, _Definition) and one.name == method]
            return bool(methods) and all(_is_dead(one, is_plain, is_named) for one in methods)
    return False


def _last(base: ast.expr) -> str | None:
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", None)


def _is_false(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and not test.value


def _is_dead(definition: _Definition, is_plain: bool, is_named: Named) -> bool:
    """Whether nobody runs a definition; a decorator may register it, a base may call it, tests are found by name."""
    is_found = definition.name.startswith(("test", "Test", "__")) or definition.name in ("forward", "setUp")
    return is_plain and not is_found and not definition.decorator_list and not is_named(definition.name)
