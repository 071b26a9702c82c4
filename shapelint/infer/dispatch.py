"""How expressions are evaluated and statements executed: one registered function for each kind of fact."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from shapelint import rooms
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Scope
from shapelint.shapes.value import Unknown, Value
from shapelint.syntax import facts

Evaluator = Callable[[Run, Scope, Any], Value]
Executor = Callable[[Run, Scope, Any], "Flow"]
E = TypeVar("E", bound=Evaluator)
X = TypeVar("X", bound=Executor)


class Flow(Enum):
    """How a statement leaves its block."""

    NEXT = "next"
    BREAK = "break"
    CONTINUE = "continue"
    RETURN = "return"


_EVALUATORS: dict[type[facts.Expression], Evaluator] = {}
_EXECUTORS: dict[type[facts.Statement], Executor] = {}


def evaluates(*kinds: type[facts.Expression]) -> Callable[[E], E]:
    """Register the evaluator of a kind of expression."""

    def register(function: E) -> E:
        evaluator: Evaluator = function
        for kind in kinds:
            rooms.put(_EVALUATORS, kind, evaluator)
        return function

    return register


def executes(*kinds: type[facts.Statement]) -> Callable[[X], X]:
    """Register the executor of a kind of statement."""

    def register(function: X) -> X:
        executor: Executor = function
        for kind in kinds:
            rooms.put(_EXECUTORS, kind, executor)
        return function

    return register


def evaluate(run: Run, scope: Scope, expression: facts.Expression) -> Value:
    """The abstract value of an expression; Unknown for what is not understood."""
    run.step()
    evaluator = _EVALUATORS.get(type(expression))
    if evaluator is None:
        value: Value = Unknown(run.key_of(expression), f"{type(expression).__name__} is not interpreted")
    else:
        value = evaluator(run, scope, expression)
    return run.path.settle(value) if isinstance(value, Unknown) else value


def execute(run: Run, scope: Scope, statements: tuple[facts.Statement, ...]) -> Flow:
    """Run a block until it ends or a statement leaves it."""
    for statement in statements:
        run.step()
        executor = _EXECUTORS.get(type(statement))
        flow = Flow.NEXT if executor is None else executor(run, scope, statement)
        if flow is not Flow.NEXT:
            return flow
    return Flow.NEXT
