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
    code = _template(tuple(map(_source, fields)), hasattr(made, "__post_init__"))
    names = {f"field{place}": one.name for place, one in enumerate(fields)}
    method = FunctionType(
        code.replace(
            co_varnames=tuple(names.get(name, name) for name in code.co_varnames),
            co_names=tuple(names.get(name, name) for name in code.co_names),
        ),
        {"ABSENT": _ABSENT, **{f"make{place}": one.default_factory for place, one in enumerate(fields)}},
        "__init__",
        _defaults([one for one in fields if one.init]),
    )
    method.__qualname__ = f"{made.__qualname__}.__init__"
    return method


class _Source(Enum):
    """Where a field's value comes from, as the statement that sets it."""

    GIVEN = "self.field = field"
    GIVEN_OR_MADE = "self.field = make() if field is ABSENT else field"
    MADE = "self.field = make()"
    LATER = "pass"


_TAKEN = (_Source.GIVEN, _Source.GIVEN_OR_MADE)
_ABSENT = object()


def _source(one: dataclasses.Field[Any]) -> _Source:
    if one.default_factory is dataclasses.MISSING:
        return _Source.GIVEN if one.init else _Source.LATER
    return _Source.GIVEN_OR_MADE if one.init else _Source.MADE


def _defaults(given: list[dataclasses.Field[Any]]) -> tuple[object, ...]:
    """What is taken for the last of the arguments where they are left out."""
    needed = [one for one in given if one.default is one.default_factory is dataclasses.MISSING]
    if given[: len(needed)] != needed:
        raise TypeError(f"`{needed[-1].name}` has no default and follows a field that has one")
    rest = given[len(needed) :]
    return tuple(_ABSENT if one.default is dataclasses.MISSING else one.default for one in rest)


@cache
def _template(sources: tuple[_Source, ...], has_more: bool) -> CodeType:
    """The `__init__` of all classes with such fields, whose names are field0, field1 and so on."""
    taken = [f"field{place}" for place, source in enumerate(sources) if source in _TAKEN]
    body = [
        source.value.replace("field", f"field{place}").replace("make", f"make{place}")
        for place, source in enumerate(sources)
    ]
    if has_more:
        body.append("self.__post_init__()")
    made: dict[str, Any] = {}
    exec(f"def method({', '.join(('self', *taken))}):\n " + "\n ".join(body or ["pass"]), made)
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
