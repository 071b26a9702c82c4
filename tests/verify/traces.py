"""Traces made by hand, and what torch says of a claim about one: each call goes through the registry, as the interpreter's do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from oracle import PathAssumptions

from shapelint.finding import Claim, Ref
from shapelint.ops.binding import call
from shapelint.ops.registry import LAYERS, OPS, Op, ShapeError, Undetermined, load
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    ELLIPSIS,
    NONE,
    Bool,
    Dtype,
    Float,
    Int,
    Layer,
    List,
    Packed,
    SliceValue,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import INPUT, Node
from shapelint.trace.trace import Trace
from shapelint.verify.client import Verifier
from shapelint.verify.program.program import Program, build

load()

NOWHERE = Span(1, 0, 1, 0)
B, T, F = Role.BATCH, Role.TIME, Role.FEATURE


def size(given: int | str | Dim) -> Dim:
    return given if isinstance(given, Dim) else Dim.of(given) if isinstance(given, int) else Dim.symbol(given)


def value(given: Any) -> Value:
    """The abstract value of a Python one; a Dim stands for a symbolic integer."""
    if isinstance(given, Value):
        return given
    if isinstance(given, Dim):
        return Int(given)
    if isinstance(given, tuple):
        return Tuple(tuple(value(item) for item in given))
    if isinstance(given, list):
        return List([value(item) for item in given])
    if isinstance(given, slice):
        return SliceValue(value(given.start), value(given.stop), value(given.step))
    if given is None or given is ...:
        return NONE if given is None else ELLIPSIS
    kind: Any = {bool: Bool, str: Str, float: Float}.get(type(given), lambda number: Int(Dim.of(number)))
    result: Value = kind(given)
    return result


@dataclass
class Path:
    """A trace under construction; node n stands on line n + 1."""

    trace: Trace = field(default_factory=lambda: Trace("model.py", "Model.forward"))
    assumptions: PathAssumptions = field(default_factory=PathAssumptions)

    def input(self, *sizes: int | str | Dim, roles: tuple[Role, ...] = (), dtype: Dtype = Dtype.FLOAT) -> Any:
        named = (*roles, *[Role.UNKNOWN] * (len(sizes) - len(roles)))
        axes = tuple(Axis(size(given), role) for given, role in zip(sizes, named, strict=True))
        return self._add(INPUT, (), {}, {}, Tensor(axes, dtype))

    def ids(self, *sizes: int | str | Dim, roles: tuple[Role, ...] = ()) -> Any:
        return self.input(*sizes, roles=roles, dtype=Dtype.INT)

    def layer(self, name: str, *args: Any, **kwargs: Any) -> Any:
        kind = f"torch.nn.{name}"
        return self._call(kind, LAYERS[kind].build, args, kwargs)

    def call(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        operation = LAYERS[layer.kind].forward
        return self._call(operation.name, operation, (layer, *args), kwargs)

    def hold(self, name: str, *layers: Any) -> Any:
        return self._add(name, (List(list(layers)),), {}, {}, NONE)

    def directly(self, layer: Any, *args: Any) -> Any:
        """A call of a layer by its `forward`."""
        result = self.call(layer, *args)
        at, argument = self.trace.nodes[-1].span, facts.Argument(NOWHERE, facts.Name(NOWHERE, "x"))
        func = facts.Attribute(NOWHERE, facts.Name(NOWHERE, "layer"), "forward", NOWHERE)
        expression = facts.Call(at, func, (argument,) * len(args), NOWHERE)
        self.trace.nodes[-1] = replace(self.trace.nodes[-1], expression=expression)
        return result

    def op(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self._call(f"torch.{name}", OPS[f"torch.{name}"], args, kwargs)

    def item(self, whole: Any, *index: Any) -> Any:
        return self.op("Tensor.__getitem__", whole, index[0] if len(index) == 1 else index)

    def _call(self, name: str, operation: Op, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        positional = tuple(map(value, args))
        named = {key: value(given) for key, given in kwargs.items()}
        try:
            result, bound = call(operation, positional, named, self.assumptions)
        except ShapeError as error:
            return self._add(name, positional, named, {}, Unknown(f"n{len(self.trace.nodes)}", "raises"), error)
        except Undetermined as error:
            raise AssertionError(f"{name}: {error}") from error
        if name in LAYERS:
            result = Layer(name, bound, Span(1, 0, 1, 0), typed=result)
        return self._add(name, positional, named, bound, result)

    def _add(
        self,
        name: str,
        args: tuple[Value, ...],
        kwargs: Mapping[str, Value],
        bound: Mapping[str, Any],
        result: Value,
        error: ShapeError | None = None,
    ) -> Any:
        number = len(self.trace.nodes)
        stamped = stamp(result, Ref(number))
        span = Span(number + 1, 0, number + 1, 10)
        self.trace.nodes.append(Node(number, name, args, kwargs, bound, stamped, span, "model.py", error=error))
        self.trace.solved = self.assumptions.solved
        self.trace.equations = self.assumptions.equations
        return stamped

    @property
    def last(self) -> Ref:
        return Ref(len(self.trace.nodes) - 1)


def stamp(result: Value, ref: Ref) -> Value:
    """The result with the reference of its place in every part."""
    if isinstance(result, Tuple):
        items = [stamp(item, Ref(ref.node, (*ref.path, index))) for index, item in enumerate(result.items)]
        return replace(result, items=tuple(items), ref=ref)
    if isinstance(result, Tensor | Packed | Layer):
        return replace(result, ref=ref)
    return result


Case = tuple[Path, Claim]  #: what a claim is about, and the claim


def batch_first(bad: bool, kind: str = "LSTM", **options: Any) -> tuple[Path, Any, Any]:
    path = Path()
    x = path.input("b", "t", "i", roles=(B, T, F))
    rnn = path.layer(kind, Dim.symbol("i"), Dim.symbol("h"), batch_first=True, **options)
    return path, x, path.call(rnn, x)


def verdict_on(verifier: Verifier, case: Case) -> Any:
    """What torch says of it."""
    path, claim = case
    program = build(path.trace, claim)
    assert isinstance(program, Program), program
    return verifier.check([program])[0]
