"""`dataclass`, as the standard library has it, whose classes cost a fifth as much to define.

The library compiles up to ten methods for each class, which was a third of the CPU of a short run. Here those of all
classes come ready made, but for `__init__`, which is that of another class with such fields under other names. To a
type checker it is the library's own, and to that alone `frozen` says that nothing is assigned.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import Enum
from functools import cache
from operator import attrgetter, eq, ge, gt, le, lt
from reprlib import recursive_repr
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

Method = Callable[..., Any]

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen=False, slots=False, eq=True, order=False):
        """Make a class of the fields that it annotates. What its body defines stays."""

        def make(body):
            own = vars(body).keys()
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(body)
            for name, method in _methods(made, frozen, eq, order).items():
                if name not in own:
                    setattr(made, name, method)
            return made

        return make


def _methods(made: Any, frozen: bool, equal: bool, order: bool) -> dict[str, Method | None]:
    """What all classes get, and what depends on their fields: equality, the hash of what does not change, order."""
    methods: dict[str, Method | None] = {"__init__": _init(made), "__repr__": _repr}
    values = _values([one.name for one in dataclasses.fields(made) if one.compare])
    if equal:
        methods["__eq__"] = _comparing(eq, values)
        methods["__hash__"] = (lambda self: hash(values(self))) if frozen else None
    for compare in (lt, le, gt, ge) if order else ():
        methods[f"__{compare.__name__}__"] = _comparing(compare, values)
    return methods


def _init(made: Any) -> Method:
    """What takes a value for each field, in their order, and calls `__post_init__` where the class has one."""
    fields = dataclasses.fields(made)
    kinds = tuple(map(_kind, fields))
    code = _template(kinds, hasattr(made, "__post_init__"))
    names = {f"field{place}": one.name for place, one in enumerate(fields)}
    method = FunctionType(
        code.replace(
            co_varnames=tuple(names.get(name, name) for name in code.co_varnames),
            co_names=tuple(names.get(name, name) for name in code.co_names),
        ),
        {"ABSENT": _ABSENT, **{f"make{place}": one.default_factory for place, one in enumerate(fields)}},
        "__init__",
        tuple(_default(one) for one, kind in zip(fields, kinds, strict=True) if kind.parameter.endswith("=None")),
    )
    method.__qualname__ = f"{made.__qualname__}.__init__"
    return method


class _Kind(Enum):
    """How a field comes by its value: its parameter, and the statement that sets it."""

    GIVEN = "field", "self.field = field"
    DEFAULT = "field=None", "self.field = field"
    GIVEN_OR_MADE = "field=None", "self.field = make() if field is ABSENT else field"
    MADE = "", "self.field = make()"
    LATER = "", "pass"

    def __init__(self, parameter: str, statement: str) -> None:
        self.parameter, self.statement = parameter, statement


_ABSENT = object()


def _kind(one: dataclasses.Field[Any]) -> _Kind:
    if one.default_factory is not dataclasses.MISSING:
        return _Kind.GIVEN_OR_MADE if one.init else _Kind.MADE
    if not one.init:
        return _Kind.LATER
    return _Kind.GIVEN if one.default is dataclasses.MISSING else _Kind.DEFAULT


def _default(one: dataclasses.Field[Any]) -> object:
    return _ABSENT if one.default is dataclasses.MISSING else one.default


@cache
def _template(kinds: tuple[_Kind, ...], has_more: bool) -> CodeType:
    """The `__init__` of all classes with such fields, whose names are field0, field1 and so on."""
    parameters = [kind.parameter.replace("field", f"field{place}") for place, kind in enumerate(kinds)]
    statements = [
        kind.statement.replace("field", f"field{place}").replace("make", f"make{place}")
        for place, kind in enumerate(kinds)
    ]
    body = [*statements, "self.__post_init__()" if has_more else "pass"]
    made: dict[str, Any] = {}
    exec(f"def method({', '.join(filter(None, ['self', *parameters]))}):\n " + "\n ".join(body), made)
    code: CodeType = made["method"].__code__
    return code


def _comparing(compare: Method, values: Callable[[object], tuple[object, ...]]) -> Method:
    def method(self: object, other: object) -> Any:
        return compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented

    return method


def _values(names: list[str]) -> Callable[[object], tuple[object, ...]]:
    """What gives the values of some fields as a tuple."""
    if not names:
        return lambda self: ()
    values: Method = attrgetter(*names)
    return values if len(names) > 1 else lambda self: (values(self),)


@recursive_repr()
def _repr(self: Any) -> str:
    given = (f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(given)})"
