"""Layers that a module builds for its functions: `lstm = nn.LSTM(3, 5)` above `def predict(x):`.

A module's statements are not run for an entry point that is a function. Building a layer does nothing else, though,
so those layers are built that the function, or what it names in turn, reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field

from shapelint.data import dataclass
from shapelint.infer.code.walk import calls_in, names_in, names_within
from shapelint.infer.definitions import may_build
from shapelint.infer.dispatch import execute
from shapelint.infer.known.torch_names import canonical, is_module_class
from shapelint.infer.run.run import Run
from shapelint.infer.values.scopes import Class, Scope
from shapelint.shapes.value import External, Value
from shapelint.syntax import facts


@dataclass(eq=False, slots=True)
class ModuleLayers:
    """The statements of a module that may build layers, and what its definitions name."""

    building: tuple[facts.Assign, ...]
    defined: Mapping[str, facts.Statement]
    _named: dict[str, set[str]] = field(default_factory=dict)  #: by definitions, once they were asked for

    @staticmethod
    def of(module: facts.Module) -> ModuleLayers:
        """The layers of a module."""
        building = tuple(one for one in module.body if isinstance(one, facts.Assign) and may_build(one))
        defined = {one.name: one for one in module.body if isinstance(one, facts.FunctionDef | facts.ClassDef)}
        return ModuleLayers(building, defined)

    @contextmanager
    def built_for(self, run: Run, scope: Scope, name: str) -> Iterator[None]:
        """The module's scope while a function of it runs: with the layers that it reads."""
        needed = self._read_by(name) if self.building else set()
        wanted = [one for one in self.building if not needed.isdisjoint(names_in(one.targets)) and _builds(scope, one)]
        before = set(scope.names)
        try:
            execute(run, scope, tuple(wanted))
            yield
        finally:
            for made in scope.names.keys() - before:
                del scope.names[made]

    def is_named_elsewhere(self, name: str) -> bool:
        """Whether any other definition of the module names a function or class."""
        return any(name in self._names_of(other) for other in self.defined if other != name)

    def _names_of(self, name: str) -> set[str]:
        if name not in self._named:
            self._named[name] = names_within(self.defined.get(name))
        return self._named[name]

    def _read_by(self, name: str) -> set[str]:
        """The names that a definition of the module reads, and those that their definitions read in turn."""
        waiting, found = [name], set[str]()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self._names_of(name))
        return found


def _builds(scope: Scope, statement: facts.Assign) -> bool:
    """Whether a statement gives names that are free a layer each, and does nothing else."""
    calls = calls_in(statement.value)
    return scope.names.keys().isdisjoint(names_in(statement.targets)) and all(
        _is_module(_callee(scope, call.func)) for call in calls
    )


def _callee(scope: Scope, function: facts.Expression) -> Value | None:
    if isinstance(function, facts.Attribute):
        base = _callee(scope, function.value)
        return External(canonical(f"{base.path}.{function.attr}")) if isinstance(base, External) else None
    return scope.lookup(function.id) if isinstance(function, facts.Name) else None


def _is_module(callee: Value | None) -> bool:
    path = callee.torch_base() if isinstance(callee, Class) else getattr(callee, "path", None)
    return path is not None and is_module_class(path)
