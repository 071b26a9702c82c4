"""The registry of torch operations and layers that shapelint understands.

An operation is one function, named after torch's own and decorated with `@op`:

    @op("torch.transpose", "torch.Tensor.transpose", "torch.swapaxes")
    def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
        ...

Its Python signature is torch's signature and binds the call's arguments; its annotations say what each
argument must be, and the registry coerces (`Tensor`, `int` a known integer, `Dim` a symbolic one, `bool`,
`str`, `float`, `Value` anything, `Sizes` a list of sizes given as `*args` or as one tuple; `Annotated` brings
a coercer of its own). An argument that cannot be coerced raises `Undetermined`, and the result is Unknown.

The function returns tensors without a `ref` (the interpreter stamps them), or raises `ShapeError` when torch
would certainly raise. A function that must know whether two sizes agree takes a parameter
`assume: Assumptions`, which the interpreter supplies. The registered names are also the closed vocabulary of
the replay: the worker calls the very torch function that the name spells.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Protocol, TypeVar, Union

from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import (
    Bool,
    Float,
    Int,
    List,
    NoneValue,
    Packed,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

Function = TypeVar("Function", bound=Callable[..., Any])


class ShapeError(Exception):
    """Torch certainly raises here. `code` is the rule that explains it, None where no rule does.

    `message` says what is wrong in one line; `details` are the named quantities a rule's message needs.
    """

    def __init__(self, message: str, code: str | None = None, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details = details


class Undetermined(Exception):  # noqa: N818 - an answer, not an error
    """The result cannot be told from what is known; `wants` names the unknown that a tensor was needed of.

    `rank` is the rank that it must have, as a tensor of integers; without it, that of the operation's input.
    """

    def __init__(self, reason: str, wants: Unknown | None = None, rank: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wants = wants
        self.rank = rank


class Assumptions(Protocol):
    """What is known, and may be assumed, on the path that the interpreter follows."""

    def same(self, left: Dim, right: Dim) -> Same:
        """Compare under the equations assumed so far; assumes nothing."""

    def agree(self, left: Dim, right: Dim) -> bool:
        """Return False if the sizes certainly differ; otherwise they are assumed equal from now on."""

    def resolve(self, dim: Dim) -> Dim:
        """Put what has been assumed into the size."""

    def decide(self, condition: Unknown) -> bool:
        """Take a side of a flag that is not known; the other side is another path."""

    def choose_equal(self, left: Dim, right: Dim, otherwise: bool) -> bool:
        """Whether sizes are equal: a choice of the path by their likely values; `otherwise` (no choice if False)."""


class Sizes(tuple[Dim, ...]):
    """Sizes given as separate arguments or as one tuple, list or torch.Size; -1 stays the constant -1."""


#: `Annotated[Dim, Coercer]`: how a parameter reads its argument, from the parameter's name and the value
Coercer = Callable[[str, Value, Assumptions], Any]

#: what a layer class says of a keyword that it does not take: its bare name and the keyword
Refusal = Callable[[str, str], ShapeError]


@dataclass(frozen=True, slots=True)
class Op:
    """A registered operation.

    `rank_change` says how the result's rank follows from the first argument's when that is all that is known
    (None: it does not); of a broadcasting operation it holds where the other operands are numbers, and of one
    that gives values and indices for both.
    `attribute`: read without a call (`x.T`). `input_rank` is the rank that the first tensor must have, or
    most likely has, for an input whose rank is not known. `refuse` explains a keyword that it does not take.
    """

    name: str
    function: Callable[..., Any]
    signature: inspect.Signature
    hints: Mapping[str, Any]
    rank_change: int | None = None
    attribute: bool = False
    input_rank: int | None = None
    coercers: Mapping[str, Coercer] = field(default_factory=dict)
    refuse: Refusal | None = None

    @property
    def gives_pair(self) -> bool:
        """Whether the result is a pair: values and indices."""
        return self.hints.get("return") is Tuple

    @property
    def assumes(self) -> bool:
        """Whether the function takes the interpreter's `Assumptions`."""
        return self.hints.get("assume") is Assumptions


@dataclass(frozen=True, slots=True)
class LayerOp:
    """A registered layer class: `build` checks and coerces the constructor's arguments, `forward` is called.

    `build` returns the config mapping; `forward` takes the `Layer` first, then the call's arguments.
    """

    name: str
    build: Op
    forward: Op

    @property
    def input_rank(self) -> int | None:
        """The rank of a batched input, where the layer demands one (3 for LSTM); None where it does not."""
        return self.forward.input_rank


OPS: dict[str, Op] = {}
LAYERS: dict[str, LayerOp] = {}


def load() -> None:
    """Import every file of this package: a new operation is a new function, listed nowhere."""
    package = importlib.import_module("shapelint.ops")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"shapelint.ops.{module.name}")


def op(
    *names: str, rank_change: int | None = None, attribute: bool = False, input_rank: int | None = None
) -> Callable[[Function], Function]:
    """Register a shape function under torch's dotted names (`torch.Tensor.x` for methods and attributes)."""

    def register(function: Function) -> Function:
        for name in names:
            OPS[name] = make_op(name, function, rank_change, attribute, input_rank)
        return function

    return register


def layer(
    *names: str,
    forward: Callable[..., Any],
    rank_change: int | None = None,
    input_rank: int | None = None,
    refuse: Refusal | None = None,
) -> Callable[[Function], Function]:
    """Register a layer class: decorates the build function, whose signature is the constructor's."""

    def register(build: Function) -> Function:
        for name in names:
            called = make_op(name + ".forward", forward, rank_change, input_rank=input_rank)
            LAYERS[name] = LayerOp(name, replace(make_op(name, build), refuse=refuse), called)
        return build

    return register


def make_op(
    name: str,
    function: Callable[..., Any],
    rank_change: int | None = None,
    attribute: bool = False,
    input_rank: int | None = None,
) -> Op:
    """Read a shape function's signature once."""
    hints = typing.get_type_hints(function)
    marked = typing.get_type_hints(function, include_extras=True)
    coercers = {key: hint.__metadata__[0] for key, hint in marked.items() if typing.get_origin(hint) is Annotated}
    return Op(name, function, inspect.signature(function), hints, rank_change, attribute, input_rank, coercers)


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


def bind(operation: Op, args: tuple[Value, ...], kwargs: Mapping[str, Value], assume: Assumptions) -> dict[str, Any]:
    """Bind a call's values to the function's parameters, with defaults, coerced to its annotations."""
    signature = operation.signature
    if operation.assumes:
        kept = [parameter for name, parameter in signature.parameters.items() if name != "assume"]
        signature = signature.replace(parameters=kept)
    args, kwargs = _spread_sizes(args, _torch_names(kwargs, signature), signature)
    try:
        given = signature.bind(*args, **kwargs)
    except TypeError as error:
        _refuse_stranger(operation, kwargs)
        refused = f"{operation.name}(): {error}"
        raise (Undetermined(refused) if _overloaded(operation.name) else ShapeError(refused)) from None
    bound = dict.fromkeys(signature.parameters)
    bound.update({name: p.default for name, p in signature.parameters.items() if p.default is not p.empty})
    for name, raw in given.arguments.items():
        hint = operation.hints.get(name, Value)
        kind = signature.parameters[name].kind
        if hint is Sizes:
            bound[name] = sizes_of(raw)
        elif name in operation.coercers:
            bound[name] = operation.coercers[name](name, raw, assume)
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            bound[name] = tuple(coerce(value, hint, assume) for value in raw)
        elif kind is inspect.Parameter.VAR_KEYWORD:
            bound[name] = {key: coerce(value, hint, assume) for key, value in raw.items()}
        else:
            bound[name] = coerce(raw, hint, assume)
    return bound


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
    """What a method takes as `*dims` may also be named: `x.permute(dims=(1, 0, 2))`."""
    starred = [name for name, p in signature.parameters.items() if p.kind is p.VAR_POSITIONAL]
    if starred and starred[0] in kwargs and len(args) == 1:
        rest = {name: value for name, value in kwargs.items() if name != starred[0]}
        return (*args, kwargs[starred[0]]), rest
    return args, kwargs


def _overloaded(name: str) -> bool:
    """Whether torch parses the arguments itself: then it may take more forms than the shape function."""
    return name.startswith("torch.Tensor.") or name.count(".") == 1


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
    if typing.get_origin(hint) in (Union, types.UnionType):
        return _coerce_union(value, typing.get_args(hint), assume)
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
        if isinstance(items[0], List) and items[0].length is not None:
            raise Undetermined("a list of unknown length")
        items = tuple(items[0].items)
    return Sizes(to_dim(item) for item in items)


_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "x1": "input", "x2": "other"}

_COERCERS: dict[Any, Callable[[Value], Any]] = {
    Dim: to_dim, int: _to_int, float: _to_float, bool: _to_bool, str: _to_str, Sizes: sizes_of,
}  # fmt: skip
