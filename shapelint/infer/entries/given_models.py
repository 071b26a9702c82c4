"""The model that a function of a training loop is given: `def train(model, batches):` below the file's one model.

Who calls the function is not known, so a parameter is the model only where the function calls it as the model is
called, and its annotation, its name or the lack of any other model says which one it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from shapelint.infer.code.walk import calls_in, facts_in, names_within
from shapelint.syntax import facts

_WORDS = frozenset({"model", "net", "network"})  #: what a model is called that is called by no name of its own


class Models:
    """The models of a file, by name: those of its classes that define `forward`."""

    def __init__(self, classes: Iterable[facts.ClassDef]) -> None:
        self._classes = tuple(classes)
        self.forwards = {cls.name: method for cls in self._classes for method in _forwards(cls)}

    @cached_property
    def only(self) -> str | None:
        """The one that is no part of another one; few functions ask, and all classes are read for it."""
        inside = {name for cls in self._classes for name in names_within(cls.body)}
        whole = [name for name in self.forwards if name not in inside]
        return whole[0] if len(whole) == 1 else None

    def given_to(self, function: facts.FunctionDef) -> dict[str, str]:
        """The parameter of a function that is a model, and its class; nothing where there is none, or several."""
        found = {p.name: cls for p in function.parameters if (cls := self._class_of(p, function)) is not None}
        return found if len(found) == 1 else {}

    def _class_of(self, parameter: facts.Parameter, function: facts.FunctionDef) -> str | None:
        if parameter.kind != "normal" or parameter.default is not None:
            return None
        annotated = getattr(parameter.annotation, "id", None)
        if parameter.annotation is not None and annotated not in self.forwards:
            return None
        words = parameter.name.lower().split("_")
        named = next((name for name in self.forwards if name.lower() == "".join(words)), None)
        cls = annotated or named or (self.only if _WORDS & set(words) else None)
        calls = [call for call in calls_in(_expressions(function)) if getattr(call.func, "id", None) == parameter.name]
        is_called = bool(calls) and cls is not None and all(_fits(call, self.forwards[cls]) for call in calls)
        return cls if is_called else None


def _forwards(cls: facts.ClassDef) -> list[facts.FunctionDef]:
    return [one for one in cls.body if isinstance(one, facts.FunctionDef) and one.name == "forward"]


def _expressions(function: facts.FunctionDef) -> tuple[facts.Expression, ...]:
    return tuple(one for one in facts_in(function.body) if isinstance(one, facts.Call))


def _fits(call: facts.Call, forward: facts.FunctionDef) -> bool:
    """Whether a model can be called so: by place, with as many arguments as its `forward` takes."""
    taken = [one for one in forward.parameters[1:] if one.kind == "normal"]
    needed = sum(one.default is None for one in taken)
    plain = all(not given.star and given.keyword is None for given in call.arguments)
    return plain and len(taken) == len(forward.parameters) - 1 and needed <= len(call.arguments) <= len(taken)
