"""Conditions that must hold for the code to go on: assertions, and guards that raise.

`if size is None: raise ValueError` says that size is given. Undecided choices inside such a condition take the
side on which the code goes on; what is decided already stays as it is.
"""

from __future__ import annotations

from shapelint.infer.arithmetic import is_none
from shapelint.infer.dispatch import evaluate
from shapelint.infer.objects import Scope
from shapelint.infer.state import Run
from shapelint.shapes.value import NONE, Unknown
from shapelint.syntax import facts


def assume(run: Run, scope: Scope, test: facts.Expression, wanted: bool) -> None:
    """Prefer the side of an undecided condition that makes `test` come out as `wanted`."""
    if isinstance(test, facts.Unary) and test.operator == "not":
        assume(run, scope, test.operand, not wanted)
    elif isinstance(test, facts.BoolOp):
        _assume_parts(run, scope, test, wanted)
    elif isinstance(test, facts.Compare) and len(test.rest) == 1:
        _assume_none(run, scope, test, wanted)
    elif isinstance(test, facts.Name | facts.Attribute):
        value = evaluate(run, scope, test)
        if isinstance(value, Unknown):
            run.decide_truth(value, wanted)


def _assume_parts(run: Run, scope: Scope, test: facts.BoolOp, wanted: bool) -> None:
    assume(run, scope, test.left, wanted)
    # `a and b` needs both to hold, but only one not to
    if (test.operator == "and") == wanted:
        assume(run, scope, test.right, wanted)


def _assume_none(run: Run, scope: Scope, test: facts.Compare, wanted: bool) -> None:
    operator, right = test.rest[0]
    if operator not in ("is", "is not") or evaluate(run, scope, right) is not NONE:
        return
    positive = operator == "is"
    is_none(run, evaluate(run, scope, test.left), positive, likely=positive == wanted)
