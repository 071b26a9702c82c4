"""Calling an operation: its arguments are bound to the shape function's parameters, and coerced to its annotations."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Union

from shapelint.ops.registry import Assumptions, LayerOp, Op, ShapeError, Sizes, Undetermined
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import loop_length
from shapelint.shapes.value import Bool, Float, Int, Layer, List, NoneValue, Packed, Str, Tensor, Tuple, Unknown, Value
from shapelint.source import Span


def call(
    operation: Op,
    args: tuple[Value, ...],
    kwargs: Mapping[str, Value],
    assume: Assumptions,
) -> tuple[Any, dict[str, Any]]:
    """Bind, coerce and run a shape function; returns its result and the coerced arguments by name.

    Raises ShapeError where torch raises, Undetermined where the arguments do not tell enough.
    """
    bound = bind(operation, args, kwargs, assume)
    given = {**bound, "assume": assume} if operation.assumes else bound
    positional, named = _spread(operation.signature, given)
    return operation.function(*positional, **named), bound


def build(
    layer: LayerOp,
    args: tuple[Value, ...],
    kwargs: Mapping[str, Value],
    assume: Assumptions,
    span: Span,
    path: str | None = None,
) -> Layer:
    """The layer that a constructor's call makes; raises what `call` does."""
    typed, config = call(layer.build, args, kwargs, assume)
    return Layer(layer.name, config, span, path=path, typed=typed)


def bind(operation: Op, args: tuple[Value, ...], kwargs: Mapping[str, Value], assume: Assumptions) -> dict[str, Any]:
    """Bind a call's values to the function's parameters, with defaults, coerced to its annotations."""
    signature, hints, coercers = operation.of_torch, operation.hints, operation.coercers
    args, kwargs = _spread_sizes(args, _torch_names(kwargs, signature), signature)
    try:
        given = _given(operation, args, kwargs)
    except TypeError as error:
        _refuse_stranger(operation, kwargs)
        refused = f"{operation.name}(): {error}"
        raise (ShapeError if operation.name.endswith(".forward") else Undetermined)(refused) from None
    bound = dict(operation.defaults)
    for name, raw in given.items():
        hint = hints.get(name, Value)
        kind = signature.parameters[name].kind
        if hint is Sizes:
            bound[name] = sizes_of(raw)
        elif name in coercers:
            bound[name] = coercers[name](name, raw, assume)
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            bound[name] = tuple(coerce(value, hint, assume) for value in raw)
        elif kind is inspect.Parameter.VAR_KEYWORD:
            bound[name] = {key: coerce(value, hint, assume) for key, value in raw.items()}
        else:
            bound[name] = coerce(raw, hint, assume)
    return bound


def _given(operation: Op, args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> Mapping[str, Any]:
    """A call's values by the names of the parameters that take them; raises TypeError as Python would."""
    names = operation.defaults
    if kwargs or operation.needed is None or not operation.needed <= len(args) <= len(names):
        return operation.of_torch.bind(*args, **kwargs).arguments
    return dict(zip(names, args, strict=False))


def _refuse_stranger(operation: Op, kwargs: Mapping[str, Value]) -> None:
    for name in kwargs:
        if operation.refuse is not None and name not in operation.signature.parameters:
            raise operation.refuse(operation.name.rpartition(".")[2], name)


def _torch_names(kwargs: Mapping[str, Value], signature: inspect.Signature) -> dict[str, Value]:
    """Torch takes NumPy's names of some parameters too."""
    return {
        _NUMPY_NAMES.get(name, name) if name not in signature.parameters else name: value
        for name, value in kwargs.items()
    }


def _spread_sizes(
    args: tuple[Value, ...], kwargs: Mapping[str, Value], signature: inspect.Signature
) -> tuple[tuple[Value, ...], Mapping[str, Value]]:
    """What is taken as `*dims` may also be named: `x.permute(dims=(1, 0, 2))`, `torch.zeros(size=(2, 3))`."""
    starred = [name for name, p in signature.parameters.items() if p.kind is p.VAR_POSITIONAL]
    if starred and starred[0] in kwargs and len(args) == list(signature.parameters).index(starred[0]):
        rest = {name: value for name, value in kwargs.items() if name != starred[0]}
        return (*args, kwargs[starred[0]]), rest
    return args, kwargs


def _spread(signature: inspect.Signature, bound: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional.extend(bound[name] or ())
        elif parameter.kind is parameter.VAR_KEYWORD:
            named.update(bound[name] or {})
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = bound[name]
        else:
            positional.append(bound[name])
    return positional, named


def coerce(value: Value, hint: Any, assume: Assumptions) -> Any:
    """Turn an abstract value into what an annotation asks for; raises Undetermined."""
    if hint is not Value and (members := _members(hint)):
        return _coerce_union(value, members, assume)
    if hint is Value or hint is Any or (isinstance(hint, type) and isinstance(value, hint)):
        return value
    if hint is bool and isinstance(value, Unknown):
        return assume.decide(value)
    coercer = _COERCERS.get(hint)
    if coercer is not None:
        return coercer(value)
    if hint is Tensor and isinstance(value, Tuple) and value.ref is not None:
        message = f"a tuple of {len(value.items)} where a tensor is needed"
        raise ShapeError(message, "SHP302", source=value.ref)
    if hint is Tensor and isinstance(value, Packed):
        raise ShapeError("a PackedSequence where a tensor is needed", "SHP412", source=value.ref)
    raise _mismatch(value, hint)


@cache
def _members(hint: Any) -> tuple[Any, ...]:
    """The types of a union; none of any other type."""
    return typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else ()


def _coerce_union(value: Value, hints: tuple[Any, ...], assume: Assumptions) -> Any:
    if isinstance(value, NoneValue) and type(None) in hints:
        return None
    wanted = [hint for hint in hints if hint is not type(None)]
    # an exact class match wins before any conversion: a Tensor stays a Tensor for `Tensor | Dim`
    for hint in wanted:
        if isinstance(hint, type) and isinstance(value, hint):
            return value
    if isinstance(value, Unknown) and len(wanted) > 1:
        raise _mismatch(value, Tensor if Tensor in wanted else wanted[0])
    failure: Undetermined | ShapeError | None = None
    for hint in wanted:
        try:
            return coerce(value, hint, assume)
        except (Undetermined, ShapeError) as error:
            failure = failure or error
    raise failure or _mismatch(value, hints)


def _mismatch(value: Value, hint: Any) -> Undetermined:
    shown = getattr(hint, "__name__", str(hint))
    wants = value if isinstance(value, Unknown) and hint is Tensor else None
    return Undetermined(f"{type(value).__name__.lower()} where {shown} is needed", wants)


def to_dim(value: Value) -> Dim:
    """A size; raises Undetermined for what is none."""
    if isinstance(value, Int):
        return value.dim
    if isinstance(value, Bool):
        return Dim.of(int(value.value))
    if isinstance(value, Unknown):
        return value.dim
    raise _mismatch(value, Dim)


def _to_int(value: Value) -> int:
    constant = to_dim(value).constant
    if constant is None:
        raise Undetermined("an integer that is not known")
    return constant


def _to_float(value: Value) -> float:
    if isinstance(value, Float) and value.value is not None:
        return value.value
    return float(_to_int(value))


def _to_bool(value: Value) -> bool:
    if isinstance(value, Bool):
        return value.value
    raise _mismatch(value, bool)


def _to_str(value: Value) -> str:
    if isinstance(value, Str):
        return value.value
    raise _mismatch(value, str)


def sizes_of(raw: Value | tuple[Value, ...]) -> Sizes:
    """Sizes from `*sizes` or from one sequence."""
    items: tuple[Value, ...] = raw if isinstance(raw, tuple) else (raw,)
    if len(items) == 1 and isinstance(items[0], Unknown):
        raise Undetermined("sizes that may be one number or a sequence")
    if len(items) == 1 and isinstance(items[0], Tuple | List):
        if loop_length(items[0]) is not None:
            raise Undetermined("a list of unknown length")
        items = tuple(items[0].items)
    return Sizes(to_dim(item) for item in items)


_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "x1": "input", "x2": "other"}

_COERCERS: dict[Any, Callable[[Value], Any]] = {
    Dim: to_dim, int: _to_int, float: _to_float, bool: _to_bool, str: _to_str, Sizes: sizes_of,
}  # fmt: skip
