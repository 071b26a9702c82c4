"""What functions of a file change outside of themselves: names of the module, and options of layers that others hold.

A module's names are read as they are defined, and a layer's options as it was built. Where another function gives them
other values, nobody can tell which ones a method finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapelint.infer.code.walk import names_in, statements_in
from shapelint.syntax import facts


def rebound_names(body: tuple[facts.Statement, ...]) -> frozenset[str]:
    """The names of the module that functions declare global and bind."""
    found: set[str] = set()
    for function, _ in _functions(body, in_class=False):
        inside = statements_in(function.body)
        declared = {
            name for one in inside if isinstance(one, facts.Scope) and one.kind == "global" for name in one.names
        }
        found |= declared & names_in(tuple(_targets(inside)))
    return frozenset(found)


def changed_attributes(body: tuple[facts.Statement, ...]) -> frozenset[str]:
    """The attributes that are set on anything but the object whose method sets them: `m.batch_first = True`."""
    blocks = [(statements_in(body), ""), *((statements_in(f.body), own) for f, own in _functions(body, in_class=False))]
    return frozenset(attribute for block, own in blocks for attribute in _set_on_others(block, own))


def _functions(body: tuple[facts.Statement, ...], in_class: bool) -> Iterator[tuple[facts.FunctionDef, str]]:
    """All functions, and what each method calls the object that it belongs to."""
    for one in statements_in(body):
        if isinstance(one, facts.FunctionDef):
            yield one, one.parameters[0].name if in_class and one.parameters else ""
            yield from _functions(one.body, in_class=False)
        elif isinstance(one, facts.ClassDef):
            yield from _functions(one.body, in_class=True)


def _targets(block: Iterable[facts.Statement]) -> Iterator[facts.Expression]:
    for one in block:
        if isinstance(one, facts.Assign):
            yield from one.targets
        elif isinstance(one, facts.AugAssign | facts.AnnAssign | facts.For):
            yield one.target


def _set_on_others(block: Iterable[facts.Statement], own: str) -> Iterator[str]:
    for target in _targets(block):
        if isinstance(target, facts.Attribute) and getattr(target.value, "id", None) != own:
            yield target.attr
    for one in block:
        call = one.value if isinstance(one, facts.ExpressionStatement) else None
        if isinstance(call, facts.Call) and getattr(call.func, "id", "") == "setattr" and len(call.arguments) == 3:
            base, name = call.arguments[0].value, call.arguments[1].value
            if isinstance(name, facts.Literal) and getattr(base, "id", None) != own:
                yield str(name.value)
