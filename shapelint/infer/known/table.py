"""Functions that are known by their names, and how many arguments each takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from shapelint.infer.state import Run
from shapelint.shapes.value import Unknown, Value
from shapelint.syntax import facts

Arguments = tuple[Value, ...]
KnownFunction = Callable[[Run, Arguments, Mapping[str, Value], facts.Expression], Value]
F = TypeVar("F", bound=KnownFunction)


@dataclass(frozen=True, slots=True)
class Known:
    """What calling a name does; `function` gets no fewer and no more positional arguments than it can take."""

    name: str
    function: KnownFunction
    least: int = 0
    most: int | None = None

    def call(self, run: Run, args: Arguments, kwargs: Mapping[str, Value], node: facts.Expression) -> Value:
        """What the call gives; Unknown for a number of arguments that Python refuses, or that is not understood."""
        if len(args) < self.least or (self.most is not None and len(args) > self.most):
            return Unknown(run.key_of(node), f"{self.name}() with these arguments")
        return self.function(run, args, kwargs, node)


class Table(dict[str, Known]):
    """Functions by name."""

    def register(self, *names: str, least: int = 0, most: int | None = None) -> Callable[[F], F]:
        """Register what calling any of the names does."""

        def register(function: F) -> F:
            self.update((name, Known(name, function, least, most)) for name in names)
            return function

        return register
