"""Functions that are known by their names, and how many arguments each takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from shapelint import rooms
from shapelint.data import dataclass
from shapelint.infer.protocol import Site
from shapelint.infer.run.run import Run
from shapelint.shapes.value import Value

KnownFunction = Callable[[Run, Site], Value]
F = TypeVar("F", bound=KnownFunction)


@dataclass(frozen=True, slots=True)
class Known:
    """What calling a name does; `function` gets no fewer and no more positional arguments than it can take."""

    name: str
    function: KnownFunction
    least: int = 0
    most: int | None = None

    def call(self, run: Run, site: Site) -> Value:
        """What the call gives; Unknown for a number of arguments that Python refuses, or that is not understood."""
        if len(site.args) < self.least or (self.most is not None and len(site.args) > self.most):
            return site.unknown(run, f"{self.name}() with these arguments")
        return self.function(run, site.called(self.name))


class Table(dict[str, Known]):
    """Functions by name; a function that is known by several is told by which it is called."""

    def register(self, *names: str, least: int = 0, most: int | None = None) -> Callable[[F], F]:
        """Register what calling any of the names does."""

        def register(function: F) -> F:
            for name in names:
                rooms.put(self, name, Known(name, function, least, most))
            return function

        return register


BUILTINS = Table()  #: Python's builtins, by their names
EXTERNALS = Table()  #: functions and classes of torch, einops and the standard library, by their dotted names
builtin = BUILTINS.register
external = EXTERNALS.register
