"""Functions that are registered by kind: by the class of what they are about, whose subclasses inherit them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from shapelint import rooms

H = TypeVar("H", bound=Callable[..., Any])


class ByKind(Generic[H]):
    """One function for each kind of thing, found by what a thing is; a decorator registers them."""

    def __init__(self) -> None:
        self._functions: dict[type, H] = {}
        self._found: dict[type, H | None] = {}  #: what was found for a kind; registering forgets it

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
        kind = type(thing)
        if kind not in self._found:
            self._found[kind] = next((self._functions[k] for k in kind.__mro__ if k in self._functions), None)
        return self._found[kind]
