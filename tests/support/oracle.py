"""Torch as the oracle of the shape functions.

`check_op` and `check_layer` run a registered shape function twice, on symbolic values and on the same values
with sizes put in, run the torch callable that the registered name spells on real tensors of these sizes, and
compare. An argument whose real contents matter (lengths, indices) is given as a `Given` pair.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import torch
import torch.nn.functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from shapelint.ops.binding import build, call
from shapelint.ops.registry import LAYERS, OPS, Op, ShapeError, Undetermined, load
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import (
    NONE,
    Bool,
    Dtype,
    EllipsisValue,
    External,
    Float,
    Int,
    List,
    NoneValue,
    Packed,
    SliceValue,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from shapelint.source import Span

load()
torch.set_num_threads(1)

Size = int | str | Dim
Sizes = Mapping[str, int]
RAISED = (
    AssertionError,
    RuntimeError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    NotImplementedError,
)
NOWHERE = Span(1, 0, 1, 0)


@dataclass(slots=True)
class PathAssumptions:
    """The `Assumptions` of one path: solves bare symbols, keeps other equations, takes `choice` for flags."""

    choice: bool = True
    solved: dict[str, Dim] = field(default_factory=dict)
    equations: list[tuple[Dim, Dim]] = field(default_factory=list)

    def resolve(self, dim: Dim) -> Dim:
        """Put in the symbols that are solved."""
        return dim.substitute(self.solved)

    def same(self, left: Dim, right: Dim) -> Same:
        """Compare under what was assumed."""
        return self.resolve(left).same(self.resolve(right))

    def agree(self, left: Dim, right: Dim) -> bool:
        """Assume equality unless it is impossible."""
        answer = self.same(left, right)
        if answer is Same.UNKNOWN:
            self._assume(self.resolve(left), self.resolve(right))
        return answer is not Same.DIFFERENT

    def sum_over(self, left: Dim, right: Dim) -> bool:
        """What a product sums over has one size."""
        return self.agree(left, right)

    def overlay(self, left: Dim, right: Dim) -> bool:
        """Sizes that are laid over each other are equal, or one of them is 1."""
        return self.agree(left, right)

    def decide(self, condition: Unknown) -> bool:
        """Every flag that is not known gets the same answer."""
        return self.choice

    def choose_equal(self, left: Dim, right: Dim, otherwise: bool) -> bool:
        """Nothing is likely here, so the answer is that of flags where there is a choice."""
        answer = self.same(left, right)
        if answer is Same.UNKNOWN:
            return otherwise and self.choice and self.agree(left, right)
        return answer is Same.EQUAL

    def holds(self, sizes: Sizes) -> bool:
        """Whether everything assumed is true at these sizes."""
        return all(left.evaluate(sizes) == right.evaluate(sizes) for left, right in self.equations)

    def _assume(self, left: Dim, right: Dim) -> None:
        self.equations.append((left, right))
        for side, other in ((left, right), (right, left)):
            name = side.as_symbol
            if name is not None and name not in other.symbols:
                self.solved = {key: dim.substitute({name: other}) for key, dim in self.solved.items()}
                self.solved[name] = other
                return


@dataclass(frozen=True, slots=True)
class Given:
    """An argument whose contents torch looks at: the abstract value, and the real one at given sizes."""

    value: Value
    real: Callable[[Sizes], Any]


Argument = Value | Given


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a shape function, or torch, did: a result, or the exception that it raised."""

    result: Any = None
    error: Exception | None = None


def dim(size: Size) -> Dim:
    """A size from a number, a symbol's name, or a polynomial."""
    if isinstance(size, Dim):
        return size
    return Dim.of(size) if isinstance(size, int) else Dim.symbol(size)


def tensor(*sizes: Size, dtype: Dtype = Dtype.FLOAT, roles: Sequence[Role] = ()) -> Tensor:
    """An abstract tensor: `tensor("B", "T", 5)`."""
    given = [*roles, *[Role.UNKNOWN] * (len(sizes) - len(roles))]
    return Tensor(tuple(Axis(dim(size), role) for size, role in zip(sizes, given, strict=True)), dtype)


def number(size: Size) -> Int:
    """An abstract Python integer."""
    return Int(dim(size))


def numbers(*sizes: Size) -> Tuple:
    """A tuple of Python integers."""
    return Tuple(tuple(number(size) for size in sizes))


def check_op(
    name: str,
    args: Sequence[Argument],
    kwargs: Mapping[str, Argument] | None = None,
    sizes: Sizes | None = None,
    *,
    undetermined: bool = False,
) -> Outcome:
    """Compare an operation with torch at `sizes`; returns what the shape function did with the symbols.

    `undetermined`: the shape function may say that it does not know (otherwise that fails the test).
    """
    torch_does = _attempt(lambda: target(name)(*all_real(args, sizes), **named_real(kwargs, sizes)))
    return _check(OPS[name], args, kwargs or {}, sizes or {}, torch_does, undetermined)


def check_layer(
    kind: str,
    config: Mapping[str, Argument],
    args: Sequence[Argument],
    kwargs: Mapping[str, Argument] | None = None,
    sizes: Sizes | None = None,
    *,
    config_args: Sequence[Argument] = (),
    undetermined: bool = False,
) -> Outcome:
    """Construct a layer with `config` (keywords) and `config_args`, call it, and compare both with torch.

    When the construction is a ShapeError, that is the outcome, and torch must raise in the constructor.
    """
    known = sizes or {}
    real = _attempt(lambda: target(kind)(*all_real(config_args, known), **named_real(config, known)))
    built, concrete = (construct(kind, abstract(config_args, put), abstract_named(config, put)) for put in ({}, known))
    assert (concrete.error is None) == (real.error is None), _told(f"{kind} (construction)", concrete, real)
    if built.error is not None or concrete.error is not None:
        return built
    real.result.eval()
    torch_does = _attempt(lambda: real.result(*all_real(args, known), **named_real(kwargs, known)))
    forward, layers = LAYERS[kind].forward, (built.result, concrete.result)
    symbolic, put_in = ([layer, *args] for layer in layers)
    return _check(forward, symbolic, kwargs or {}, known, torch_does, undetermined, put_in)


def _check(
    operation: Op,
    args: Sequence[Argument],
    kwargs: Mapping[str, Argument],
    sizes: Sizes,
    torch_does: Outcome,
    undetermined: bool,
    concrete_args: Sequence[Argument] | None = None,
) -> Outcome:
    path = PathAssumptions()
    symbolic = _shaped(operation, abstract(args, {}), abstract_named(kwargs, {}), path)
    _compare(operation.name, symbolic, torch_does, sizes, undetermined, path.holds(sizes))
    known = PathAssumptions()
    put_in = abstract(args if concrete_args is None else concrete_args, sizes)
    concrete = _shaped(operation, put_in, abstract_named(kwargs, sizes), known)
    _compare(operation.name, concrete, torch_does, sizes, undetermined, True)
    if torch_does.error is not None and not isinstance(concrete.error, Undetermined):
        assert concrete.error is not None, _told(operation.name, concrete, torch_does)
    return symbolic


def _compare(
    name: str, shaped: Outcome, torch_does: Outcome, sizes: Sizes, undetermined: bool, assumptions_hold: bool
) -> None:
    if isinstance(shaped.error, Undetermined):
        assert undetermined, _told(name, shaped, torch_does)
    elif shaped.error is not None:
        assert torch_does.error is not None, _told(name, shaped, torch_does)
    elif assumptions_hold:
        assert torch_does.error is None, _told(name, shaped, torch_does)
        assert agrees(shaped.result, torch_does.result, sizes), _told(name, shaped, torch_does)


def _told(name: str, shaped: Outcome, torch_does: Outcome) -> str:
    return f"{name}: shapelint {_show(shaped)}; torch {_show(torch_does)}"


def _show(outcome: Outcome) -> str:
    if outcome.error is not None:
        return f"raised {type(outcome.error).__name__}: {outcome.error}"
    return f"gave {shapes_of(outcome.result)}"


def shapes_of(result: Any) -> Any:
    """The sizes and types of tensors, abstract and real ones."""
    if isinstance(result, torch.Tensor):
        return tuple(result.shape), result.dtype
    if isinstance(result, Tensor):
        return [str(axis) for axis in result.axes], result.dtype.value
    if isinstance(result, Tuple | List):
        return [shapes_of(item) for item in result.items]
    return [shapes_of(item) for item in result] if isinstance(result, list | tuple) else result


def agrees(shaped: object, real: Any, sizes: Sizes) -> bool:
    """Whether an abstract value describes what torch gave: structure, sizes, dtypes, field names."""
    if isinstance(shaped, Tensor):
        return isinstance(real, torch.Tensor) and _tensor_agrees(shaped, real, sizes)
    if isinstance(shaped, List) and shaped.length is not None:
        return shaped.length.evaluate(sizes) == len(real) and all(agrees(shaped.items[0], part, sizes) for part in real)
    if isinstance(shaped, Tuple | List):
        wanted = tuple if isinstance(shaped, Tuple) else list
        named = not isinstance(shaped, Tuple) or all(hasattr(real, name) for name in shaped.names)
        return (
            isinstance(real, wanted)
            and named
            and len(shaped.items) == len(real)
            and all(agrees(item, part, sizes) for item, part in zip(shaped.items, real, strict=True))
        )
    if isinstance(shaped, Packed):
        return isinstance(real, PackedSequence) and _packed_agrees(shaped, real, sizes)
    if isinstance(shaped, NoneValue):
        return real is None
    return type(real) in (int, float, bool, str) and real == realize(_value(shaped), sizes)


def _value(shaped: object) -> Value:
    assert isinstance(shaped, Value), f"not an abstract value: {shaped!r}"
    return shaped


def _tensor_agrees(shaped: Tensor, real: torch.Tensor, sizes: Sizes) -> bool:
    kind = Dtype.FLOAT if real.is_floating_point() else Dtype.BOOL if real.dtype is torch.bool else Dtype.INT
    return tuple(size.evaluate(sizes) for size in shaped.sizes) == tuple(real.shape) and shaped.dtype is kind


def _packed_agrees(shaped: Packed, real: PackedSequence, sizes: Sizes) -> bool:
    return tuple(axis.dim.evaluate(sizes) for axis in shaped.features) == tuple(
        real.data.shape[1:]
    ) and shaped.batch.dim.evaluate(sizes) == int(real.batch_sizes[0])


def _shaped(operation: Op, args: Sequence[Value], kwargs: Mapping[str, Value], path: PathAssumptions) -> Outcome:
    try:
        return Outcome(call(operation, tuple(args), kwargs, path)[0])
    except (ShapeError, Undetermined) as error:
        return Outcome(error=error)


def construct(kind: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Outcome:
    try:
        return Outcome(build(LAYERS[kind], tuple(args), kwargs, PathAssumptions(), NOWHERE))
    except (ShapeError, Undetermined) as error:
        return Outcome(error=error)


def _attempt(run: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(run())
    except RAISED as error:
        return Outcome(error=error)


def _found(name: str) -> Any:
    return reduce(getattr, name.split(".")[1:], torch)


def target(name: str) -> Callable[..., Any]:
    """What a registered name spells; of an attribute, the function that reads it."""
    found = _found(name)
    return found if callable(found) else found.__get__  # type: ignore[no-any-return]  # torch is not typed


def abstract(args: Sequence[Argument], sizes: Sizes) -> list[Value]:
    return [put_sizes(arg.value if isinstance(arg, Given) else arg, sizes) for arg in args]


def abstract_named(kwargs: Mapping[str, Argument], sizes: Sizes) -> dict[str, Value]:
    return dict(zip(kwargs, abstract(list(kwargs.values()), sizes), strict=True))


def all_real(args: Sequence[Argument], sizes: Sizes | None) -> list[Any]:
    return [arg.real(sizes or {}) if isinstance(arg, Given) else realize(arg, sizes or {}) for arg in args]


def named_real(kwargs: Mapping[str, Argument] | None, sizes: Sizes | None) -> dict[str, Any]:
    given = kwargs or {}
    return dict(zip(given, all_real(list(given.values()), sizes), strict=True))


def put_sizes(value: Value, sizes: Sizes) -> Value:
    """The abstract value with numbers for the symbols that `sizes` names."""
    known = {name: Dim.of(size) for name, size in sizes.items()}
    if isinstance(value, Tensor):
        return replace(value, axes=tuple(_put_axis(axis, known) for axis in value.axes))
    if isinstance(value, Int):
        return Int(value.dim.substitute(known))
    if isinstance(value, Tuple):
        return replace(value, items=tuple(put_sizes(item, sizes) for item in value.items))
    if isinstance(value, List):
        return List([put_sizes(item, sizes) for item in value.items])
    if isinstance(value, SliceValue):
        return SliceValue(*(put_sizes(bound, sizes) for bound in (value.lower, value.upper, value.step)))
    if isinstance(value, Packed):
        batch, time = _put_axis(value.batch, known), _put_axis(value.time, known)
        return replace(value, batch=batch, time=time, features=tuple(_put_axis(a, known) for a in value.features))
    return value


def _put_axis(axis: Axis, known: Mapping[str, Dim]) -> Axis:
    return replace(axis, dim=axis.dim.substitute(known), parts=tuple(_put_axis(part, known) for part in axis.parts))


def realize(value: Value, sizes: Sizes) -> Any:
    """The Python object that an abstract value stands for; integer tensors hold zeros (valid indices)."""
    if isinstance(value, Tensor):
        return _real_tensor(value, sizes)
    if isinstance(value, Int):
        return value.dim.evaluate(sizes)
    if isinstance(value, Bool | Float | Str):
        return value.value
    if isinstance(value, Tuple):
        return tuple(realize(item, sizes) for item in value.items)
    if isinstance(value, List):
        return [realize(item, sizes) for item in value.items]
    if isinstance(value, SliceValue):
        return slice(*(realize(bound, sizes) for bound in (value.lower, value.upper, value.step)))
    if isinstance(value, External):
        return _found(value.path) if value.path.startswith("torch.") else getattr(builtins, value.path)
    if isinstance(value, Packed):
        return _real_packed(value, sizes)
    if isinstance(value, EllipsisValue):
        return ...
    assert value == NONE, f"no real object for {value!r}"
    return None


def _real_tensor(value: Tensor, sizes: Sizes) -> torch.Tensor:
    shape = [size.evaluate(sizes) for size in value.sizes]
    if value.dtype is Dtype.FLOAT:
        return torch.rand(shape) + 0.5
    return torch.zeros(shape, dtype=torch.long) if value.dtype is Dtype.INT else torch.ones(shape, dtype=torch.bool)


def _real_packed(value: Packed, sizes: Sizes) -> PackedSequence:
    batch, time, *features = (axis.dim.evaluate(sizes) for axis in (value.batch, value.time, *value.features))
    return pack_padded_sequence(torch.rand(time, batch, *features), torch.full((batch,), time))
