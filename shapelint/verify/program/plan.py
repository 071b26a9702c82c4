"""The numbers of a program: a size for every symbol, smaller stand-ins for large literals, lengths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod

from shapelint.data import dataclass
from shapelint.ops.layers.rnn import recurrent_config
from shapelint.ops.names import EMBEDDING, PACK, PAD_PACKED, RECURRENT
from shapelint.ops.nature import Nature
from shapelint.reading.trail import nature_of
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.inside import inside
from shapelint.shapes.value import Layer, Packed, Tensor, Value
from shapelint.trace.node import INPUT, Node
from shapelint.trace.trace import Trace
from shapelint.verify.program import limits
from shapelint.verify.program.encode import FORWARD, Encoder, UnreplayableError, as_written, flag
from shapelint.verify.program.scale import scaled, scales
from shapelint.verify.program.sizes import SizeProblem, choose_sizes, satisfied

_WINDOWS = frozenset((Nature.CONVOLUTION, Nature.POOLING))
_SHARED = (("embed_dim", "num_heads"), ("d_model", "nhead"))  #: sizes, and how many parts they are cut into
_VOCABULARY = 1_000  #: tables with more rows than this are cut to a few
_SMALL_TABLES = (101, 103, 107, 109, 113, 127)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the dims of a slice become numbers. `scale` maps large literals to smaller ones."""

    trace: Trace
    problem: SizeProblem
    sizes: Mapping[str, int]
    scale: Mapping[int, int]
    time: Dim | None  #: the steps of the sequences, where the slice tells
    sorted_lengths: bool
    is_vast: bool = False  #: too large to hold its numbers: torch can tell the shapes alone

    def number(self, dim: Dim) -> int:
        """The value of a size; raises UnreplayableError for a symbol that the slice does not size."""
        try:
            return scaled(resolved(self.trace, dim), self.scale).evaluate(self.sizes)
        except (KeyError, ZeroDivisionError):
            raise UnreplayableError(f"the size {dim} is not known") from None

    def shape(self, axes: Sequence[Axis]) -> list[int]:
        """The numbers of a tensor's axes."""
        return [self.number(axis.dim) for axis in axes]

    def lengths(self, batch: int, time: int) -> list[int]:
        """Lengths of `batch` sequences, the longest `time` steps: unsorted unless packing wants them sorted.

        The order is a cycle over all samples: neither sorting nor a transposition undoes it.
        """
        falling = [max(time - index * time // batch, 1) for index in range(batch)]
        return falling if self.sorted_lengths else [*falling[-1:], *falling[:-1]]

    def packed_lengths(self, node: Node) -> list[int]:
        """Lengths that fit a packing call."""
        axes = _packed_axes(node)
        if axes is None:
            raise UnreplayableError("a packing call whose input is not known")
        return self.lengths(self.number(axes[0].dim), self.number(axes[1].dim))

    def with_sizes(self, sizes: Mapping[str, int]) -> Plan | None:
        """The same plan with other sizes for some symbols; None where they break an equality."""
        changed = {**self.sizes, **sizes}
        return replace(self, sizes=changed) if satisfied(self.problem.scaled(self.scale), changed) else None


def plan_sizes(trace: Trace, nodes: Sequence[Node], meant: Mapping[str, Role], may_be_vast: bool = False) -> Plan:
    """Choose all numbers for a slice; `meant` are the roles that the claim gives to symbols.

    Raises UnreplayableError where no numbers fit, or none that are small unless the plan `may_be_vast`.
    """
    problem = _problem(trace, nodes)
    problem.roles.update(meant)
    return _fitted(_planned(trace, nodes, problem, _small_tables(trace, nodes)), nodes, may_be_vast)


def plan_whole(trace: Trace, nodes: Sequence[Node], wished: Mapping[str, int]) -> Plan:
    """Choose the sizes of symbols alone, for code that runs as it is with its own literals, however large.

    The `wished` sizes are taken where they fit. Raises UnreplayableError.
    """
    problem = _problem(trace, nodes)
    problem.wished = wished
    return _planned(trace, nodes, problem, {})


def _planned(trace: Trace, nodes: Sequence[Node], problem: SizeProblem, scale: Mapping[int, int]) -> Plan:
    sorted_lengths = any(flag(node, "enforce_sorted", True) for node in nodes if node.op == PACK)
    if any(node.op.rpartition(".")[2] in ("sort", "argsort") for node in nodes):  # the code sorts them itself
        sorted_lengths = False
    plan = _solved(Plan(trace, problem, {}, scale, _time(nodes), sorted_lengths))
    if plan is None:
        raise UnreplayableError("no small sizes satisfy the equalities of the code")
    return plan


def _solved(plan: Plan) -> Plan | None:
    """The plan with a size for every symbol, such that the equalities hold under its stand-ins."""
    scale, problem = plan.scale, plan.problem
    constants = {scale.get(value, value) for value in _literals(problem)}
    sizes = choose_sizes(problem.scaled(scale), constants)
    return None if sizes is None else replace(plan, sizes=sizes)


def resolved(trace: Trace, dim: Dim) -> Dim:
    """A size with the path's assumed equalities put in, also those that lead on to others."""
    for _ in range(len(trace.solved) + 1):
        further = trace.resolve(dim)
        if further == dim:
            break
        dim = further
    return dim


def axis_of_size(trace: Trace, tensor: Tensor, dim: Dim, likely: int | None = None) -> int | None:
    """The axis of a size; of several the one at the likely place, or else of the batch; None where none is alone."""
    fitting = [place for place, axis in enumerate(tensor.axes) if resolved(trace, axis.dim) == dim]
    if likely in fitting:
        return likely
    if len(fitting) > 1:
        fitting = [place for place in fitting if tensor.axes[place].role is Role.BATCH]
    return fitting[0] if len(fitting) == 1 else None


def tensors_in(value: Value) -> Iterator[Tensor]:
    """All tensors of a result."""
    return (one for _, one in inside(value) if isinstance(one, Tensor))


def _problem(trace: Trace, nodes: Sequence[Node]) -> SizeProblem:
    problem = SizeProblem()

    def record(dim: Dim) -> int:
        problem.add_number(resolved(trace, dim))
        return 1

    recorder = Encoder(lambda number: number, record, lambda _node: [])
    for node in nodes:
        for tensor in tensors_in(node.result):
            problem.add_axes(replace(axis, dim=resolved(trace, axis.dim)) for axis in tensor.axes)
        if node.op != INPUT:
            recorder.call(node)
        problem.layer_counts |= {name for dim in _layers_of(trace, node) for name in dim.symbols}
        problem.dims.update(_also_positive(trace, node))
    known = frozenset().union(*(dim.symbols for dim in problem.dims | problem.numbers))
    for left, right in trace.equations:
        if (left.symbols | right.symbols) & known:
            problem.equations.append((resolved(trace, left), resolved(trace, right)))
    return problem


def _layers_of(trace: Trace, node: Node) -> Iterator[Dim]:
    layers = (node.bound or as_written(node)).get("num_layers") if node.op in RECURRENT else None
    if isinstance(layers, Dim):
        yield resolved(trace, layers)


def _also_positive(trace: Trace, node: Node) -> Iterator[Dim]:
    """Differences and quotients of sizes that torch wants to be at least 1."""
    for shared, sharing in _SHARED:
        if isinstance(node.result, Layer) and sharing in node.bound:
            # a quotient makes the one a multiple of the other
            yield resolved(trace, node.get(shared, Dim)) // resolved(trace, node.get(sharing, Dim))
    if node.op in RECURRENT and isinstance(node.result, Layer):
        config = recurrent_config(node.result)
        hidden, projected = resolved(trace, config.hidden_size), resolved(trace, config.proj_size)
        if projected.symbols:
            yield hidden - projected
    packed = (node.bound or as_written(node)).get("sequence") if node.op == PAD_PACKED else None
    if isinstance(packed, Packed):
        longest = resolved(trace, packed.time.dim)
        for padded in (axis for tensor in tensors_in(node.result) for axis in tensor.axes if axis.role is Role.TIME):
            yield resolved(trace, padded.dim) - longest + Dim.of(1)  # `total_length` is no shorter


def _time(nodes: Sequence[Node]) -> Dim | None:
    for node in nodes:
        axes = _packed_axes(node)
        if axes is not None:
            return axes[1].dim
    every = [axis for node in nodes for tensor in tensors_in(node.result) for axis in tensor.axes]
    return next((axis.dim for axis in every if axis.role is Role.TIME), None)


def _packed_axes(node: Node) -> tuple[Axis, Axis] | None:
    """The batch and time axes that a packing call sees."""
    if node.op != PACK or not node.args or not isinstance(node.args[0], Tensor) or node.args[0].rank < 2:
        return None
    first, second = node.args[0].axes[:2]
    return (first, second) if flag(node, "batch_first", False) else (second, first)


def _literals(problem: SizeProblem) -> set[int]:
    return {value for dim in problem.dims | problem.numbers if (value := dim.constant) is not None}


def _small_tables(trace: Trace, nodes: Sequence[Node]) -> dict[int, int]:
    """Stand-ins for vocabulary sizes, which agree with nothing but themselves."""
    rows: list[int] = []
    for node in nodes:
        count = node.find("num_embeddings", Dim) if node.op == EMBEDDING else None
        value = None if count is None else resolved(trace, count).constant
        if value is not None and value > _VOCABULARY and value not in rows:
            rows.append(value)
    return dict(zip(rows, _SMALL_TABLES, strict=False))


def _fitted(plan: Plan, nodes: Sequence[Node], may_be_vast: bool) -> Plan:
    """The plan with smaller literals, where the slice is too large; raises UnreplayableError."""
    layers = max((_layer_count(plan, node) for node in nodes), default=1)
    if layers > limits.MAX_LAYERS:
        raise UnreplayableError(f"too large to replay: {layers} layers")
    needed = _elements(plan, nodes)
    # how many windows fit on half the places is not half of them: literals stay as they are while they may
    has_windows = any(nature_of(node) in _WINDOWS for node in nodes)
    few = limits.MAX_ELEMENTS if has_windows else limits.FEW_ELEMENTS
    if needed <= few:
        return plan
    tried = [(needed, plan)]
    for smaller in _smaller(plan):
        tried.append((_elements(smaller, nodes), smaller))
        if tried[-1][0] <= few:
            return smaller
    least, smallest = min(tried, key=lambda pair: pair[0])
    if least <= limits.MAX_ELEMENTS:
        return smallest
    if may_be_vast:
        return replace(plan, is_vast=True)
    raise UnreplayableError(f"too large to replay: about {needed:.0e} elements")


def _smaller(plan: Plan) -> Iterator[Plan]:
    """The plan with the least sizes; then with smaller stand-ins for its large literals, and sizes that fit those."""
    shrunk = replace(plan.problem, is_small=True)
    least = _solved(replace(plan, problem=shrunk)) if shrunk.has_least else None
    if least is not None:
        yield least
    sides = (side for equation in plan.problem.equations for side in equation)
    literals = {abs(c) for dim in (*plan.problem.dims, *plan.problem.numbers, *sides) for _, c in dim.terms}
    for scale in scales(literals - set(plan.scale), set(plan.scale.values())):
        solved = _solved(replace(plan, scale={**plan.scale, **scale}))
        if solved is not None:
            yield solved


def _layer_count(plan: Plan, node: Node) -> int:
    return max((plan.number(layers) for layers in _layers_of(plan.trace, node)), default=1)


def _elements(plan: Plan, nodes: Sequence[Node]) -> int:
    encoder = Encoder(lambda number: number, plan.number, lambda _node: [])
    total = 0
    for node in nodes:
        total += sum(prod(map(abs, plan.shape(tensor.axes))) for tensor in tensors_in(node.result))
        if node.op != INPUT and not node.op.endswith(FORWARD):
            total += limits.elements(encoder.call(node))
    return total
