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

    def __call__(self, *kinds: type) -> Callable[[H], H]:
        """Register the function for some kinds."""

        def register(function: H) -> H:
            for kind in kinds:
                rooms.put(self._functions, kind, function)
            return function

        return register

    def of(self, thing: object) -> H | None:
        """The function for a thing's kind, or for the nearest class above it; None where there is none."""
        for kind in type(thing).__mro__:
            if kind in self._functions:
                return self._functions[kind]
        return None
