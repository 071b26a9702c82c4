"""Frozen dataclasses as JSON, and back: by their fields and the types of these, so that no text makes anything else.

An object is `{"Name": [field, ...]}`, an enumeration's member its value, a tuple a list. Claims are found by their
property, in the rooms of `claims/`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from shapelint import rooms
from shapelint.finding import Claim
from shapelint.shapes.dim import Dim

MAX_INTEGER = 1 << 2_100  #: sizes are bounded to fewer bits

Wanted = TypeVar("Wanted")


class CodecError(ValueError):
    """A text that stands for no object of the wanted type."""


def encoded(value: Any) -> Any:
    """What `json.dumps` takes."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [encoded(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {_name(type(value)): [encoded(getattr(value, name)) for name, _ in _fields(type(value))]}
    return value


def decoded(wanted: type[Wanted], given: Any) -> Wanted:
    """The object of a type that `encoded` made this of; raises CodecError."""
    try:
        result: Wanted = _decoded(wanted, given)
    except RecursionError:
        raise CodecError("nested too deeply") from None
    return result


def _decoded(hint: Any, given: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _one_of(typing.get_args(hint), given)
    if origin is tuple:
        return _tuple(typing.get_args(hint), given)
    if hint in _PLAIN:
        if type(given) not in _PLAIN[hint] or (type(given) is int and abs(given) > MAX_INTEGER):
            raise CodecError(f"{given!r:.80} for {hint}")
        return given
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _member(hint, given)
    return _object(hint, given)


#: the types of JSON that stand for a type
_PLAIN: dict[Any, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (float, int),
    bool: (bool,),
    type(None): (type(None),),
}


def _one_of(hints: tuple[Any, ...], given: Any) -> Any:
    for hint in hints:
        try:
            return _decoded(hint, given)
        except CodecError:
            continue
    raise CodecError(f"{given!r:.80} is none of the types")


def _tuple(hints: tuple[Any, ...], given: Any) -> tuple[Any, ...]:
    if type(given) is not list:
        raise CodecError("no list")
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_decoded(hints[0], item) for item in given)
    if len(hints) != len(given):
        raise CodecError("a list of another length")
    return tuple(_decoded(hint, item) for hint, item in zip(hints, given, strict=True))


def _member(hint: Callable[[Any], Any], given: Any) -> Any:
    try:
        return hint(given)
    except ValueError:
        raise CodecError(f"no {hint}") from None


def _object(hint: Any, given: Any) -> Any:
    if type(given) is not dict or len(given) != 1:
        raise CodecError("no object")
    [(name, values)] = given.items()
    kind: Any = _claim(name) if hint is Claim else hint
    if not (isinstance(kind, type) and is_dataclass(kind) and _name(kind) == name and type(values) is list):
        raise CodecError(f"no {hint}")
    expected = _fields(kind)
    if len(values) != len(expected):
        raise CodecError(f"{name} has other fields")
    return kind(**{field: _decoded(type_, item) for (field, type_), item in zip(expected, values, strict=True)})


def _claim(name: str) -> Any:
    """The class of claims of a property."""
    if name not in rooms.paths("shapelint.claims"):
        raise CodecError(f"no claim: {name:.80}")
    module = rooms.module("shapelint.claims", name)
    return next(one for one in vars(module).values() if getattr(one, "property", None) == name)


def _name(kind: Any) -> str:
    return str(kind.property) if issubclass(kind, Claim) else str(kind.__name__)


@cache
def _fields(kind: Any) -> tuple[tuple[str, Any], ...]:
    """The names and types of what an object is made of."""
    hints = typing.get_type_hints(kind, localns={"Dim": Dim})  # what sizes are made of is made of sizes: a circle
    return tuple((one.name, hints[one.name]) for one in fields(kind) if one.init)
