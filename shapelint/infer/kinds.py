"""Functions that are registered by kind: by the class of what they are about, whose subclasses inherit them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from shapelint import rooms

H = TypeVar("H", bound=Callable[..., Any])


class _Nearest(dict[type, "H | None"]):
    """What was found for a kind: each is looked for once."""

    def __init__(self, functions: dict[type, H]) -> None:
        self._functions = functions

    def __missing__(self, kind: type) -> H | None:
        found = next((self._functions[one] for one in kind.__mro__ if one in self._functions), None)
        self[kind] = found
        return found


class ByKind(Generic[H]):
    """One function for each kind of thing, found by what a thing is; a decorator registers them."""

    def __init__(self) -> None:
        self._functions: dict[type, H] = {}
        self._found = _Nearest(self._functions)  #: registering forgets it

    def __call__(self, *kinds: type) -> Callable[[H], H]:
        """Register the function for some kinds."""

        def register(function: H) -> H:
            for kind in kinds:
                rooms.put(self._functions, kind, function)
            self._found.clear()
            return function

        return register

    def of(self, thing: object) -> H | None:
        """The function for a thing's kind, or for the nearest class above it; None where there is none."""
        return self._found[type(thing)]
