"""Code that reckons with what torch raises: handlers that make up for it, and blocks that are meant to fail."""

from __future__ import annotations

import builtins
from collections.abc import Collection
from dataclasses import fields

from shapelint.infer.code.walk import every_statement, expressions_in, names_in, statements_in
from shapelint.infer.dispatch import evaluate
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import BoundMethod
from shapelint.infer.values.scopes import Class, Function, Scope
from shapelint.shapes.value import Value
from shapelint.syntax import facts

#: what torch and Python raise for tensors and layers that do not fit
_REFUSALS = (AttributeError, IndexError, RuntimeError, TypeError, ValueError)
#: how test frameworks and Python call the contexts in which a refusal or a warning is what is wanted
_REFUSING = frozenset({"raises", "assertRaises", "assertRaisesRegex"})
_EXPECTING = _REFUSING | frozenset("warns assertWarns assertWarnsRegex deprecated_call catch_warnings".split())
#: what ends a program, and what tells people why
_LEAVING = frozenset(("exit", "quit", "_exit"))
_SAYING = frozenset("print print_help print_usage error critical warning warn info debug write".split())
_MEANT_TO_FAIL = frozenset({"expectedFailure", "xfail"})


def raises(block: tuple[facts.Statement, ...]) -> bool:
    """Whether a block ends in a `raise`, or does nothing but say why and `exit()`."""
    if not block or isinstance(block[-1], facts.Raise):
        return bool(block)
    return _exits(block[-1]) and all(_says(statement) for statement in block[:-1])


def _exits(statement: facts.Statement) -> bool:
    """Whether a statement is `exit()` or `sys.exit("why")`; `sys.exit(main())` does something first."""
    call = statement.value if isinstance(statement, facts.ExpressionStatement) else None
    if not isinstance(call, facts.Call) or any(isinstance(given.value, facts.Call) for given in call.arguments):
        return False
    if isinstance(call.func, facts.Attribute):
        return call.func.attr in _LEAVING and isinstance(call.func.value, facts.Name)
    return isinstance(call.func, facts.Name) and call.func.id in _LEAVING


def _says(statement: facts.Statement) -> bool:
    """Whether a statement prints or logs something."""
    call = statement.value if isinstance(statement, facts.ExpressionStatement) else None
    named = call.func if isinstance(call, facts.Call) else None
    said = named.attr if isinstance(named, facts.Attribute) else named.id if isinstance(named, facts.Name) else ""
    return said in _SAYING


def reckons_with_torch(handler: facts.Handler) -> bool:
    """Whether a handler takes what torch raises, and goes on."""
    names = ["Exception"] if handler.type is None else names_in(handler.type)
    return not raises(handler.body) and _takes_refusals(names)


def makes_up_for(body: tuple[facts.Statement, ...], handler: facts.Handler) -> bool:
    """Whether a handler gives what the body would have given: it binds the same, or returns a value as well.

    One that prints or skips does not: what the body calls is to work.
    """
    return not _made(body).isdisjoint(_made(handler.body))


def _made(block: tuple[facts.Statement, ...]) -> set[str]:
    """The names and attributes that a block binds, and `return` where it returns a value."""
    found: set[str] = set()
    for statement in statements_in(block):
        if isinstance(statement, facts.Assign):
            found |= {_name_of(part) for target in statement.targets for part in expressions_in(target)}
        elif isinstance(statement, facts.Return) and statement.value is not None:
            found.add("return")
    return found - {"", "self"}


def _name_of(part: facts.Expression) -> str:
    return part.attr if isinstance(part, facts.Attribute) else getattr(part, "id", "")


def expects_refusal(run: Run, scope: Scope, context: facts.Expression) -> bool:
    """Whether a context manager takes what torch raises: `pytest.raises(RuntimeError)`, or one of the checked code."""
    if not isinstance(context, facts.Call):
        return False
    kinds = [kind for argument in context.arguments for kind in _exceptions(names_in(argument.value))]
    if kinds:
        return any(issubclass(one, kind) or issubclass(kind, Warning) for one in _REFUSALS for kind in kinds)
    if _name_of(context.func) in _EXPECTING:
        return True
    return _swallows(evaluate(run, scope, context.func))


def _swallows(manager: Value) -> bool:
    """Whether a context manager of the checked code goes on after what its block raises."""
    function = manager.function if isinstance(manager, BoundMethod) else manager
    if isinstance(function, Class):
        leave = function.find("__exit__")
        body = statements_in(leave.definition.body) if isinstance(leave, Function) and leave.definition else []
        return any(isinstance(one, facts.Return) and one.value is not None and not _is_false(one.value) for one in body)
    if not isinstance(function, Function) or function.definition is None or not function.yields:
        return False
    tries = [one for one in statements_in(function.definition.body) if isinstance(one, facts.Try)]
    return any(map(reckons_with_torch, (handler for one in tries for handler in one.handlers)))


def _is_false(value: facts.Expression) -> bool:
    return isinstance(value, facts.Literal) and not value.value


def is_meant_to_fail(decorators: tuple[facts.Expression, ...]) -> bool:
    """Whether a function is a test whose failure is what its author expects."""
    return any(_name_of(one.func if isinstance(one, facts.Call) else one) in _MEANT_TO_FAIL for one in decorators)


def only_refused(body: tuple[facts.Statement, ...]) -> frozenset[str]:
    """The names that a file speaks of only where a refusal is wanted: `with raises(E): f(x)`, `raises(E, f, x)`."""
    if not any(map(_wants_refusal, every_statement(body))):
        return frozenset()  # most files: their expressions are not looked through
    wanted: set[str] = set()
    other: set[str] = set()
    waiting: list[tuple[object, bool]] = [(body, False)]
    while waiting:
        part, inside = waiting.pop()
        if isinstance(part, tuple):
            waiting.extend((one, inside) for one in part)
        elif isinstance(part, facts.Expression | facts.Argument):
            (wanted if inside else other).update(map(_name_of, expressions_in(part)))
        elif isinstance(part, facts.Statement | facts.Handler):
            inner = inside or _wants_refusal(part)
            waiting.extend((getattr(part, field.name), inner) for field in fields(part))
    return frozenset(wanted - other)


def _wants_refusal(part: facts.Statement | facts.Handler) -> bool:
    calls = [context for context, _ in part.items] if isinstance(part, facts.With) else [getattr(part, "value", None)]
    return any(isinstance(one, facts.Call) and _name_of(one.func) in _REFUSING for one in calls)


def _takes_refusals(names: Collection[str]) -> bool:
    """Whether one of these is an exception of Python that torch raises, or a class above it."""
    return any(issubclass(one, kind) for one in _REFUSALS for kind in _exceptions(names))


def _exceptions(names: Collection[str]) -> list[type[BaseException]]:
    """The exceptions of Python among these names."""
    kinds = [getattr(builtins, name, None) for name in names]
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseException)]
