"""Copies of a run with all that it may still change, for another run to go on with.

What was there before the run is not copied: facts, the file's and the project's modules, and what these define.
Values that cannot change, and hold nothing that can, are shared as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from shapelint.infer.library import Library
from shapelint.infer.values.objects import ModuleValue
from shapelint.infer.values.scopes import Class, Function, Home, Scope
from shapelint.shapes.value import Layer, Packed, Tensor, Unknown, Value
from shapelint.trace.events import Binding
from shapelint.trace.node import Node

Copied = TypeVar("Copied")
_Copy = Callable[[Any, dict[int, Any]], Any]

#: frozen, and yet looked into: what they hold may change
_HOLDING = (Value, Node, Binding)
#: not looked into: what belongs to all runs, and values that hold no other one (Unknown's default is its function's)
_SHARED = (Home, Library, ModuleValue, Tensor, Packed, Layer, Unknown)


def copied(run: Copied, library: Library) -> Copied:
    """A copy; what the library knows stays one thing for all runs."""
    copy: Copied = _copy(run, {id(library.members): library.members})
    return copy


def _copy(thing: Any, made: dict[int, Any]) -> Any:
    """A copy of a thing, one of each thing inside; itself where nothing in it can change."""
    kind = type(thing)
    how = _HOW.get(kind)
    if how is None:
        how = _HOW[kind] = _how(kind)
    return how(thing, made)


def _how(kind: type) -> _Copy:
    if not is_dataclass(kind) or issubclass(kind, _SHARED):
        return _itself
    names = tuple(part.name for part in fields(kind))
    is_frozen = kind.__hash__ is not None and kind.__eq__ is not object.__eq__
    if is_frozen and not (names and issubclass(kind, _HOLDING)):
        return _itself
    copy = _copy_of_frozen(kind, names) if is_frozen else _copy_of_changing(kind, names)
    if issubclass(kind, Scope):
        return lambda scope, made: scope if _was_there(scope) else copy(scope, made)
    if issubclass(kind, Function):
        return lambda function, made: function if _was_there(function.scope) else copy(function, made)
    if issubclass(kind, Class):
        return lambda cls, made: cls if _was_there(cls.scope) else copy(cls, made)
    return copy


def _was_there(scope: Scope) -> bool:
    """Whether a scope is a module's, or that of the body of a class that a module defines."""
    while scope.home is None:
        owner = scope.names.get("__class__")
        if scope.parent is None or not isinstance(owner, Class) or owner.scope is not scope:
            return False
        scope = scope.parent
    return True


def _itself(thing: Any, _: dict[int, Any]) -> Any:
    return thing


def _copy_of_changing(kind: type, names: tuple[str, ...]) -> _Copy:
    def copy(thing: Any, made: dict[int, Any]) -> Any:
        if id(thing) in made:
            return made[id(thing)]
        new: Any = object.__new__(kind)
        made[id(thing)] = new
        for name in names:
            setattr(new, name, _copy(getattr(thing, name), made))
        return new

    return copy


def _copy_of_frozen(kind: type, names: tuple[str, ...]) -> _Copy:
    def copy(thing: Any, made: dict[int, Any]) -> Any:
        if id(thing) in made:
            return made[id(thing)]
        before = [getattr(thing, name) for name in names]
        after = [_copy(value, made) for value in before]
        new = thing
        if any(one is not other for one, other in zip(before, after, strict=True)):
            new = object.__new__(kind)
            for name, value in zip(names, after, strict=True):
                object.__setattr__(new, name, value)
        made[id(thing)] = new
        return new

    return copy


def _list(things: list[Any], made: dict[int, Any]) -> list[Any]:
    found: list[Any] | None = made.get(id(things))
    if found is None:
        made[id(things)] = found = []
        found.extend([_copy(thing, made) if _HOW.get(type(thing)) is not _itself else thing for thing in things])
    return found


def _dict(things: dict[Any, Any], made: dict[int, Any]) -> dict[Any, Any]:
    found: dict[Any, Any] | None = made.get(id(things))
    if found is None:
        made[id(things)] = found = {}
        if all(type(key) is str for key in things):
            found.update({key: _copy(thing, made) for key, thing in things.items()})
        else:
            found.update({_copy(key, made): _copy(thing, made) for key, thing in things.items()})
    return found


def _set(things: set[Any], made: dict[int, Any]) -> set[Any]:
    found: set[Any] | None = made.get(id(things))
    if found is None:
        made[id(things)] = found = set(things)
    return found


def _tuple(things: tuple[Any, ...], made: dict[int, Any]) -> tuple[Any, ...]:
    if all(_HOW.get(type(thing)) is _itself for thing in things):
        return things
    after = tuple([_copy(thing, made) for thing in things])
    return things if all(one is other for one, other in zip(things, after, strict=True)) else after


_HOW: dict[type, _Copy] = {list: _list, dict: _dict, set: _set, tuple: _tuple}  #: the others are added when they come
