"""Conditions under which a class calls one of its methods: `if self.partial: return self.masked(x)`.

A method that is run by itself is run as its class does it. Conditions on anything but the instance say nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.infer.code.assume import assume
from shapelint.infer.code.walk import facts_in, names_within
from shapelint.infer.dispatch import evaluate
from shapelint.infer.protocol import truth
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Class, Function, Scope
from shapelint.shapes.value import Value
from shapelint.syntax import facts

_Conditions = tuple[tuple[facts.Expression, bool], ...]


def is_reached(run: Run, cls: Class, method: Function, instance: Value) -> bool:
    """Whether the instance is one for which its class calls the method; undecided conditions are taken to hold."""
    scope = Scope({"self": instance}, method.scope)
    for test, wanted in _conditions(cls.definition, method.name):
        assume(run, scope, test, wanted)
        if truth(run, evaluate(run, scope, test), test) != wanted:
            return False
    return True


def _conditions(definition: facts.ClassDef, name: str) -> _Conditions:
    """What must hold where the class speaks of a method, if it does so in one place."""
    methods = [one for one in definition.body if isinstance(one, facts.FunctionDef) and one.name != name]
    places = [conditions for method in methods for conditions in _places(method.body, name, ())]
    if len(places) != 1:
        return ()
    return tuple((test, wanted) for test, wanted in places[0] if names_within(test) == {"self"})


def _places(block: tuple[facts.Statement, ...], name: str, conditions: _Conditions) -> Iterator[_Conditions]:
    for statement in block:
        if isinstance(statement, facts.If):
            yield from [conditions] * _speaks_of(statement.test, name)
            yield from _places(statement.body, name, (*conditions, (statement.test, True)))
            yield from _places(statement.orelse, name, (*conditions, (statement.test, False)))
        elif isinstance(statement, facts.For | facts.With):
            yield from _places(statement.body, name, conditions)
        else:
            yield from [conditions] * _speaks_of(statement, name)


def _speaks_of(part: object, name: str) -> int:
    """How often a part of the code names a method."""
    return sum(isinstance(one, facts.Attribute) and one.attr == name for one in facts_in(part))
