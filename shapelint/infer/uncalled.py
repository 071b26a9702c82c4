"""Modules that an entry point makes and nothing calls: whoever does gives them a tensor that is not known here.

Only an nn.Sequential says by itself what it does with that tensor. One whose members were looked at one by one is
not called as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shapelint.infer.code.walk import names_handed_on
from shapelint.infer.protocol import Site, call_value
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Container, Instance, Scope
from shapelint.shapes.value import Unknown, Value
from shapelint.syntax import facts


def call_left(run: Run, values: Iterable[Value], is_known: Callable[[], bool] = lambda: False) -> None:
    """Call each sequence of modules among some values that the run has made and not used.

    `is_known` tells whether other code of the file knows of them: it may have its own way with them.
    """
    for value in values:
        sequence = _sequence(value)
        if sequence is None or sequence.is_used or sequence.built is None:
            continue
        if sequence.built.home is run.recorder.home and not is_known():
            node = sequence.built.expression
            call_value(run, sequence, Site(node, (_input(run, node),)))


def _sequence(value: Value) -> Container | None:
    """The nn.Sequential that a value is; an instance is one where its class does not say what calling it does."""
    if isinstance(value, Instance):
        says = value.cls.find("forward") or value.cls.find("__call__")
        return None if says is not None or value.base is None else _sequence(value.base)
    return value if isinstance(value, Container) and value.kind == "Sequential" else None


def _input(run: Run, node: facts.Expression) -> Value:
    key = "input" if "input" not in run.path.free else f"input@{node.span.line}:{node.span.column}"
    run.path.free.add(key)
    return run.path.settle(Unknown(key, "what a module is called with"))


def left_of(scope: Scope, body: tuple[facts.Statement, ...]) -> list[Value]:
    """What a script has bound to names that stand nowhere else, but for an attribute of theirs."""
    used = names_handed_on(body)
    return [value for name, value in scope.names.items() if name not in used]
