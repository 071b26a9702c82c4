"""Conditions under which a class calls one of its methods: `if self.partial: return self.masked(x)`.

A method that is run by itself is run as its class does it. Conditions on anything but the instance say nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.data import dataclass
from shapelint.infer.code.assume import assume
from shapelint.infer.code.walk import facts_in, names_within
from shapelint.infer.dispatch import evaluate
from shapelint.infer.protocol import truth
from shapelint.infer.run.run import Run
from shapelint.infer.values.scopes import Class, Function, Scope
from shapelint.shapes.value import Value
from shapelint.syntax import facts

_Conditions = tuple[tuple[facts.Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    """A place where a method speaks of another one, and what must hold for it to be run."""

    by: str
    conditions: _Conditions


def is_reached(run: Run, cls: Class, method: Function, instance: Value) -> bool:
    """Whether the instance is one for which its class calls the method; undecided conditions are taken to hold."""
    scope = Scope({"self": instance}, method.scope)
    for test, wanted in _conditions(cls, method.name):
        assume(run, scope, test, wanted)
        if truth(run, evaluate(run, scope, test), test) != wanted:
            return False
    return True


def _conditions(cls: Class, name: str) -> _Conditions:
    """What must hold where the class speaks of a method, if it does so in one place."""
    if cls.mentions is None:
        cls.mentions = _mentions(cls.definition)
    places = [one for one in cls.mentions.get(name, ()) if isinstance(one, _Mention) and one.by != name]
    if len(places) != 1:
        return ()
    return tuple((test, wanted) for test, wanted in places[0].conditions if names_within(test) == {"self"})


def _mentions(definition: facts.ClassDef) -> dict[str, list[_Mention]]:
    """All places where a class speaks of its methods, by their names."""
    methods = [one for one in definition.body if isinstance(one, facts.FunctionDef)]
    found: dict[str, list[_Mention]] = {method.name: [] for method in methods}
    for method in methods:
        for name, conditions in _places(method.body, ()):
            if name in found:
                found[name].append(_Mention(method.name, conditions))
    return found


def _places(block: tuple[facts.Statement, ...], conditions: _Conditions) -> Iterator[tuple[str, _Conditions]]:
    for statement in block:
        if isinstance(statement, facts.If):
            yield from _attributes(statement.test, conditions)
            yield from _places(statement.body, (*conditions, (statement.test, True)))
            yield from _places(statement.orelse, (*conditions, (statement.test, False)))
        elif isinstance(statement, facts.For | facts.With):
            yield from _places(statement.body, conditions)
        else:
            yield from _attributes(statement, conditions)


def _attributes(part: object, conditions: _Conditions) -> Iterator[tuple[str, _Conditions]]:
    """The attributes that a part of the code names, each time that it does."""
    return ((one.attr, conditions) for one in facts_in(part) if isinstance(one, facts.Attribute))
