"""Which methods of a class set an attribute."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.infer.code.walk import statements_in
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Instance
from shapelint.infer.values.scopes import Class, Function
from shapelint.syntax import facts


def makers_of(cls: Class, name: str) -> list[Function]:
    """The methods of a class that give an attribute something constructed (`self.rnn = nn.LSTM(...)`)."""
    makers = [method for method, constructs in _setters_of(cls, name).items() if constructs]
    return [method for method in makers if method.owner is cls and method.kind == "plain"]


def is_set_on_other_paths(run: Run, instance: Instance, name: str) -> bool:
    """Whether the constructor, which has run, is the only method that sets an attribute."""
    setters = [method.name for cls in instance.cls.lineage() for method in _setters_of(cls, name)]
    return setters == ["__init__"] and not run.recorder.is_constructing


def _setters_of(cls: Class, name: str) -> dict[Function, bool]:
    """The methods of a class that assign an attribute on some path, and whether they construct what they assign."""
    if cls.setters is None:
        cls.setters = {}
        for method in [one for one in cls.scope.names.values() if isinstance(one, Function)]:
            for attribute, value in _assignments_of(method):
                found = cls.setters.setdefault(attribute, {})
                found[method] = found.get(method, False) or _constructs(value)
    return cls.setters.get(name, {})


def _assignments_of(method: Function) -> Iterator[tuple[str, facts.Expression]]:
    receiver = method.parameters[0].name if method.parameters else ""
    for statement in statements_in(method.definition.body if method.definition else ()):
        if isinstance(statement, facts.Assign):
            attributes = [target for target in statement.targets if isinstance(target, facts.Attribute)]
            yield from ((a.attr, statement.value) for a in attributes if getattr(a.value, "id", None) == receiver)


def _constructs(value: facts.Expression) -> bool:
    """Whether an expression calls what is named like a class."""
    func = value.func if isinstance(value, facts.Call) else None
    name = func.attr if isinstance(func, facts.Attribute) else getattr(func, "id", "")
    return name[:1].isupper()
