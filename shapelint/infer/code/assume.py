"""Conditions that must hold for the code to go on: assertions, and guards that raise.

`if size is None: raise ValueError` says that size is given. Undecided choices inside such a condition
take the side on which the code goes on; what is decided already stays as it is.
"""

from __future__ import annotations

from shapelint.infer.code.walk import calls_in
from shapelint.infer.dispatch import evaluate
from shapelint.infer.run.run import Run
from shapelint.infer.values.scopes import Scope
from shapelint.shapes.value import Unknown
from shapelint.syntax import facts

_NEGATIVE = ("!=", "is not", "not in")


def assume(run: Run, scope: Scope, test: facts.Expression, wanted: bool) -> None:
    """Prefer the side of an undecided condition that makes `test` come out as `wanted`."""
    if isinstance(test, facts.Unary) and test.operator == "not":
        assume(run, scope, test.operand, not wanted)
    elif isinstance(test, facts.BoolOp):
        assume(run, scope, test.left, wanted)
        # `a and b` needs both to hold, but only one not to
        if (test.operator == "and") == wanted:
            assume(run, scope, test.right, wanted)
    elif all(map(_asks_text, calls_in(test))):
        # what any other call decides inside is its own business
        _prefer(run, scope, test, wanted)


def _asks_text(call: facts.Call) -> bool:
    return isinstance(call.func, facts.Attribute) and hasattr(str, call.func.attr)


def _prefer(run: Run, scope: Scope, test: facts.Expression, wanted: bool) -> None:
    negative = isinstance(test, facts.Compare) and test.rest[0][0] in _NEGATIVE
    run.path.preferred = wanted != negative
    try:
        value = evaluate(run, scope, test)
    finally:
        run.path.preferred = None
    if isinstance(value, Unknown):
        run.path.decide_truth(value, wanted)
