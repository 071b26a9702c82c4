"""How expressions are evaluated and statements executed: one registered function for each kind of fact."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from shapelint.infer.kinds import ByKind
from shapelint.infer.run.run import Run
from shapelint.infer.values.scopes import Scope
from shapelint.shapes.value import Unknown, Value
from shapelint.syntax import facts

Evaluator = Callable[[Run, Scope, Any], Value]
Executor = Callable[[Run, Scope, Any], "Flow"]


class Flow(Enum):
    """How a statement leaves its block."""

    NEXT = "next"
    BREAK = "break"
    CONTINUE = "continue"
    RETURN = "return"


#: what evaluates a kind of expression, and what executes a kind of statement; each is a decorator for that function
evaluates: ByKind[Evaluator] = ByKind()
executes: ByKind[Executor] = ByKind()


#: statements that hold others
_COMPOUND = (
    facts.If, facts.For, facts.While, facts.With, facts.Try, facts.Match, facts.FunctionDef, facts.ClassDef,
)  # fmt: skip


def evaluate(run: Run, scope: Scope, expression: facts.Expression) -> Value:
    """The abstract value of an expression; Unknown for what is not understood."""
    run.step()
    evaluator = evaluates.of(expression)
    if evaluator is None:
        value: Value = Unknown(run.key_of(expression), f"{type(expression).__name__} is not interpreted")
    else:
        value = evaluator(run, scope, expression)
    if isinstance(value, Unknown):
        value = run.path.settle(value)
    run.recorder.mention(expression.span, value)
    return value


def execute(run: Run, scope: Scope, statements: tuple[facts.Statement, ...]) -> Flow:
    """Run a block until it ends or a statement leaves it."""
    for statement in statements:
        run.step()
        run.covered.add(id(statement))
        if not run.recorder.away and not isinstance(statement, _COMPOUND):
            run.trace.executed.add(statement.span)
        executor = executes.of(statement)
        flow = Flow.NEXT if executor is None else executor(run, scope, statement)
        if flow is not Flow.NEXT:
            return flow
    return Flow.NEXT
