"""What an entry point makes and nothing calls: whoever does gives it values that are not known here.

Of modules only an nn.Sequential says by itself what it does with a tensor. One whose members were looked at one by one
is not called as a whole. A function that is made inside another one has the layers that this one has built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shapelint.infer.code.walk import names_handed_on
from shapelint.infer.protocol import Site, call_value
from shapelint.infer.run.run import Run
from shapelint.infer.values.checked.functions import enter
from shapelint.infer.values.checked.parameters import free_arguments
from shapelint.infer.values.objects import Container, Instance
from shapelint.infer.values.scopes import Function, Scope
from shapelint.shapes.value import Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.decision import Entered


def call_left(run: Run, values: Iterable[Value], is_known: Callable[[], bool] = lambda: False) -> None:
    """Call each sequence of modules, and each function inside the one that made it, that the run has not used.

    `is_known` tells whether other code of the file knows of them: it may have its own way with them.
    """
    for value in values:
        sequence = _sequence(value)
        if sequence is not None and not sequence.is_used and sequence.built is not None:
            if sequence.built.home is run.recorder.home and not is_known():
                _call(run, sequence, sequence.built.expression)
        elif isinstance(value, Function) and _is_left(run, value) and not is_known():
            enter(run, value, *free_arguments(run, value, None))


def _call(run: Run, sequence: Container, node: facts.Expression) -> None:
    run.trace.entered.append(Entered(f"nn.{sequence.kind}", "object", ()))
    call_value(run, sequence, Site(node, (_input(run, node),)))


def _is_left(run: Run, function: Function) -> bool:
    """Whether a function stands in another one, and the run has not called it."""
    is_inside = function.scope.home is None and function.owner is None and not function.is_wrapped
    return is_inside and function.definition is not None and id(function.definition) not in run.called


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
