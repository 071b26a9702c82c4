"""Trace nodes as steps of a closed JSON program.

A step is `{"op", "args", "kwargs"}`. Values are JSON's own, or an object with one key: `{"ref": step,
"path": [..]}` for a traced value, `{"tuple": [..]}`, `{"list": [..]}`, `{"slice": [lower, upper, step]}`,
`{"ellipsis": true}`, `{"dtype": "int64"}`. Where the tensors live and how many bits a float has is left out:
the replay runs in float64 on the CPU.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.ops.holders import HOLDERS
from shapelint.ops.names import PACK
from shapelint.ops.registry import LAYERS, OPS, Op, Sizes
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    Bool,
    EllipsisValue,
    External,
    Float,
    Int,
    List,
    NoneValue,
    SliceValue,
    Str,
    Tuple,
    Unknown,
    Value,
)
from shapelint.trace.node import Node

Encoded = Any  #: what json.dumps takes

FORWARD = ".forward"
_CONVERSIONS = frozenset({"torch.Tensor.to", "torch.Tensor.type"})
_PLACEMENT = frozenset({"device", "pin_memory", "requires_grad", "layout", "memory_format", "non_blocking", "out"})
_SIZES = frozenset({"normalized_shape", "kernel_size", "output_size"})  #: one number, or one for each axis
_INTEGER_DTYPES = {
    "torch.long": "int64",
    "torch.int64": "int64",
    "torch.int": "int64",
    "torch.int32": "int64",
    "torch.int16": "int64",
    "torch.uint8": "int64",
    "torch.bool": "bool",
}
_SOME_FLOAT = 0.5  #: for a float that is not known: no neutral element of any operation


class UnreplayableError(Exception):
    """Why a slice cannot be replayed."""


class _OmittedError(Exception):
    """The argument is left to torch's default."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """What the encoding of a node depends on: step numbers, dummy sizes, the lengths for packing calls."""

    position: Callable[[int], int]
    number: Callable[[Dim], int]
    lengths: Callable[[Node], list[int]]

    def call(self, node: Node) -> dict[str, Encoded]:
        """The step of a node that is not an input; raises UnreplayableError."""
        args: list[Encoded] = []
        kwargs: dict[str, Encoded] = {}
        for key, value, parameter in arguments_of(node):
            try:
                encoded = self._argument(node, key, value, parameter)
            except _OmittedError:
                continue
            if isinstance(key, str):
                kwargs[key] = encoded
            elif key == len(args):
                args.append(encoded)
            elif parameter is not None:  # an argument before it was left out
                kwargs[parameter.name] = encoded
        return {"op": node.op, "args": args, "kwargs": kwargs, **({"direct": True} if node.is_direct else {})}

    def value(self, value: Value, as_size: bool = False) -> Encoded:
        """One value; `as_size`: an unknown in it is an integer. Raises UnreplayableError."""
        ref = getattr(value, "ref", None)
        if isinstance(ref, Ref):
            return self.ref(ref)
        if isinstance(value, Int) or (isinstance(value, Unknown) and (as_size or value.number is not None)):
            number = self.number(value.dim)
            return float(number) if isinstance(value, Unknown) and value.fractional else number
        if isinstance(value, Bool | Str):
            return value.value
        if isinstance(value, Float):
            return _SOME_FLOAT if value.value is None else value.value
        if isinstance(value, NoneValue):
            return None
        if isinstance(value, EllipsisValue):
            return {"ellipsis": True}
        if isinstance(value, External):
            return {"dtype": _dtype(value) or "float64"}
        return self._container(value, as_size)

    def ref(self, ref: Ref) -> Encoded:
        """A reference to the step of a traced value."""
        return {"ref": self.position(ref.node), "path": list(ref.path)}

    def _container(self, value: Value, as_size: bool) -> Encoded:
        if isinstance(value, SliceValue):
            return {"slice": [self.value(bound, True) for bound in (value.lower, value.upper, value.step)]}
        if isinstance(value, Tuple):
            return {"tuple": [self.value(item, as_size) for item in value.items]}
        if isinstance(value, List) and value.length is None:
            return {"list": [self.value(item, as_size) for item in value.items]}
        if isinstance(value, List) and value.length is not None:
            return {"list": self._repeated(value, value.length)}
        shown = value.reason if isinstance(value, Unknown) else type(value).__name__.lower()
        raise UnreplayableError(f"an argument that is not known: {shown}")

    def _repeated(self, value: List, length: Dim) -> list[Encoded]:
        """A list of one number over and over, `[steps] * batch`; others are samples of what a loop fills."""
        items = {item.dim for item in value.items if isinstance(item, Int)}
        if len(items) != 1 or not all(isinstance(item, Int) for item in value.items):
            raise UnreplayableError("a list that a loop fills")
        return [self.number(items.pop())] * self.number(length)

    def _argument(self, node: Node, key: int | str, value: Value, parameter: inspect.Parameter | None) -> Encoded:
        name = key if isinstance(key, str) else parameter.name if parameter is not None else ""
        if name in _PLACEMENT or (node.op in _CONVERSIONS and key != 0 and not _converts(value)):
            raise _OmittedError
        if name == "dtype":
            return self._dtype_argument(value)
        if name == "lengths" and node.op == PACK and _is_unknown(value):
            return {"list": self.lengths(node)}
        hint = operation_of(node.op).hints.get(parameter.name) if parameter is not None else None
        is_number = _takes_number(hint) or name in _SIZES
        if isinstance(value, Unknown) and isinstance(value.hint, Bool) and is_number:
            return True  # a flag where a number is needed
        if _is_unknown(value) and not is_number:
            if parameter is None and node.error is not None:
                return None  # a keyword that torch does not know, whatever its value
            if node.error is not None and node.op.endswith(FORWARD):
                return _form_of(value)
            return self._unknown(value, node.bound.get(name), parameter)
        return self.value(value, is_number)

    def _dtype_argument(self, value: Value) -> Encoded:
        dtype = _dtype(value)
        if dtype is None:
            raise _OmittedError
        return {"dtype": dtype}

    def _unknown(self, value: Value, bound: object, parameter: inspect.Parameter | None) -> Encoded:
        if isinstance(bound, bool | str):  # the side of a flag that this path took
            return bound
        if isinstance(value, Unknown) and isinstance(value.hint, Bool):
            return value.hint.value
        if parameter is not None and parameter.default is not parameter.empty:
            raise _OmittedError
        return self.value(value)


def operation_of(name: str) -> Op:
    """The registry entry of an operation, a construction or a layer's call; raises UnreplayableError."""
    if name in LAYERS:
        return LAYERS[name].build
    if name.endswith(FORWARD) and name.removesuffix(FORWARD) in LAYERS:
        return LAYERS[name.removesuffix(FORWARD)].forward
    if name in OPS or name in HOLDERS:
        return OPS.get(name) or HOLDERS[name]
    raise UnreplayableError(f"{name} is not an operation of the registry")


def arguments_of(node: Node) -> Iterator[tuple[int | str, Value, inspect.Parameter | None]]:
    """The arguments as written, each with the parameter that it binds to (None where there is none)."""
    parameters = {
        name: parameter for name, parameter in operation_of(node.op).signature.parameters.items() if name != "assume"
    }
    ordered = [p for p in parameters.values() if p.kind is not p.KEYWORD_ONLY and p.kind is not p.VAR_KEYWORD]
    for index, value in enumerate(_one_by_one(node.args)):
        last = ordered[-1] if ordered and ordered[-1].kind is inspect.Parameter.VAR_POSITIONAL else None
        yield index, value, ordered[index] if index < len(ordered) else last
    for name, value in node.kwargs.items():
        yield name, value, parameters.get(name)


def _one_by_one(args: Sequence[Value]) -> Sequence[Value]:
    """The sizes in a torch.Size that is computed: as a tuple they are numbers to old constructors."""
    only = args[0] if len(args) == 1 else None
    return only.items if isinstance(only, Tuple) and only.is_size and only.ref is None else args


def _takes_number(hint: Any) -> bool:
    members = typing.get_args(hint) if _is_union(hint) else (hint,)
    return any(member in (int, Dim, Sizes) for member in members)


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _form_of(value: Value) -> Encoded:
    """An unknown argument of a layer call that torch refuses: nothing but its form can be the reason."""
    if isinstance(value, Unknown):
        return None
    items = value.items if isinstance(value, Tuple | List) else ()
    if not items or not all(isinstance(item, Unknown) for item in items):
        raise UnreplayableError("an argument that is known in part only")
    return {"tuple": [None] * len(items)}


def _is_unknown(value: Value) -> bool:
    if isinstance(value, Tuple | List) and getattr(value, "ref", None) is None:
        return any(map(_is_unknown, value.items))
    return isinstance(value, Unknown) or (isinstance(value, Float) and value.value is None)


def _dtype(value: Value) -> str | None:
    return _INTEGER_DTYPES.get(value.path) if isinstance(value, External) else None


def _converts(value: Value) -> bool:
    """Whether an argument of `x.to(...)` matters: another tensor, or an integer dtype."""
    return getattr(value, "ref", None) is not None or _dtype(value) is not None


def flag(node: Node, name: str, default: bool) -> bool:
    """A boolean argument of a node; the default where it is not known."""
    value = node.bound.get(name, default)
    value = value.value if isinstance(value, Bool) else value
    return value if isinstance(value, bool) else default


def as_written(node: Node) -> Mapping[str, object]:
    """The arguments of a construction that torch refuses."""
    if node.op not in LAYERS:
        return {}
    names = LAYERS[node.op].build.signature.parameters
    given = {**dict(zip(names, node.args, strict=False)), **node.kwargs}
    return {name: value.dim if isinstance(value, Int | Unknown) else value for name, value in given.items()}
