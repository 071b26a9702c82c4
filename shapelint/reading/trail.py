"""The way of a value through a trace: what made it of what, and where its axes went meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.ops.axis_flow import AxisFlow
from shapelint.ops.derive import flows_of
from shapelint.ops.nature import MAKES, Nature
from shapelint.ops.registry import LAYERS, OPS, Op, ShapeError, Undetermined
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.inside import Path, inside
from shapelint.shapes.value import Packed, Tensor, Unknown, Value
from shapelint.trace.node import Node, given_refs, refs
from shapelint.trace.trace import Trace, once

FORWARD = ".forward"

Through = Callable[[Trace, Node], bool]


def operation_of(node: Node) -> Op | None:
    """The registered operation that a node ran; None for an input and for the construction of a layer."""
    layer = LAYERS.get(node.op.removesuffix(FORWARD)) if node.op.endswith(FORWARD) else None
    return layer.forward if layer is not None else OPS.get(node.op)


def nature_of(node: Node) -> Nature | None:
    """What a node does to numbers; None for an input and for the construction of a layer."""
    operation = operation_of(node)
    return None if operation is None else operation.nature


def tensor_inputs(node: Node) -> Iterator[Tensor | Packed]:
    """The tensors among a node's direct arguments."""
    for value in (*node.args, *node.kwargs.values()):
        if isinstance(value, Tensor | Packed):
            yield value


def operands_of(node: Node) -> list[Tensor | Packed]:
    """The tensors that a node is given, alone or in lists, in the order in which an axis flow numbers them."""
    given = (one for value in (*node.args, *node.kwargs.values()) for _, one in inside(value))
    return [one for one in given if isinstance(one, Tensor | Packed)]


@dataclass(frozen=True, slots=True)
class _Settled:
    """The `Assumptions` of a path that has been followed to its end: what it assumed holds."""

    trace: Trace

    def resolve(self, dim: Dim) -> Dim:
        return self.trace.resolve(dim)

    def same(self, left: Dim, right: Dim) -> Same:
        return self.resolve(left).same(self.resolve(right))

    def agree(self, left: Dim, right: Dim) -> bool:
        return self.same(left, right) is not Same.DIFFERENT

    def sum_over(self, left: Dim, right: Dim) -> bool:
        return self.agree(left, right)

    def overlay(self, left: Dim, right: Dim) -> bool:
        return self.agree(left, right)

    def decide(self, condition: Unknown) -> bool:
        raise Undetermined("a flag whose side is not kept")

    def choose_equal(self, left: Dim, right: Dim, otherwise: bool) -> bool:
        return self.same(left, right) is Same.EQUAL


def flow_of(trace: Trace, ref: Ref) -> AxisFlow | None:
    """Where the axes of a value come from; None where that is not known."""
    return _flows(trace, ref.node).get(ref.path)


def _flows(trace: Trace, number: int) -> Mapping[Path, AxisFlow]:
    known = _known_flows(trace)
    if number not in known:
        known[number] = _derived(trace, trace.nodes[number])
    return known[number]


@once
def _known_flows(trace: Trace) -> dict[int, Mapping[Path, AxisFlow]]:
    return {}


def _derived(trace: Trace, node: Node) -> Mapping[Path, AxisFlow]:
    operation = operation_of(node)
    if operation is None or node.error is not None:
        return {}
    try:
        flows = flows_of(operation, node.args, node.kwargs, _Settled(trace))
    except (ShapeError, Undetermined):
        return {}
    # what the path said later of a size may drop an axis that the value has: `squeeze(1)`
    ranks = {path: tensor.rank for path, tensor in inside(node.result) if isinstance(tensor, Tensor)}
    return {path: flow for path, flow in flows.items() if ranks.get(path, len(flow.axes)) == len(flow.axes)}


def natures(*wanted: Nature | Collection[Nature]) -> Through:
    """Ways through operations of some natures."""
    kinds = frozenset(one for each in wanted for one in ((each,) if isinstance(each, Nature) else each))
    return lambda trace, node: nature_of(node) in kinds


def trail(trace: Trace, value: object, through: Through) -> Iterator[Tensor | Packed]:
    """A tensor, the first tensor of the operation that made it, and so on up, as long as they lead through."""
    while isinstance(value, Tensor | Packed):
        yield value
        node = made_by(trace, value)
        value = next(tensor_inputs(node), None) if node is not None and through(trace, node) else None


def origin_of(trace: Trace, value: object, through: Through) -> Tensor | Packed | None:
    """The end of a trail; None for what is no tensor."""
    return next(reversed([*trail(trace, value, through)]), None)


def made_by(trace: Trace, value: object) -> Node | None:
    """The operation that a value comes from; None for a value that the trace does not make."""
    ref: Ref | None = getattr(value, "ref", None)
    return None if ref is None else trace.node(ref)


def above(trace: Trace, values: Iterable[Value | None]) -> set[int]:
    """The numbers of the nodes that values are computed from."""
    found = (ref for value in values if value is not None for ref in refs(value))
    return {node.id for node in ancestors(trace, *found)}


def ancestors(trace: Trace, *found: Ref, beyond: Callable[[Node], bool] = lambda _node: True) -> Iterator[Node]:
    """The nodes that values are computed from, the latest first; only beyond some, where it is told beyond which."""
    waiting = [-ref.node for ref in found]  # a heap gives the least
    heapify(waiting)
    seen = set[int]()
    while waiting:
        node = trace.nodes[-heappop(waiting)]
        if node.id in seen:
            continue
        seen.add(node.id)
        yield node
        for ref in given_refs(node) if beyond(node) else ():
            heappush(waiting, -ref.node)


def keeps_every_axis(trace: Trace, node: Node) -> bool:
    """Whether a result has the axes of the one tensor it is made of, and mixes at most the last of them."""
    given = operands_of(node)
    flow = flow_of(trace, Ref(node.id)) if nature_of(node) not in MAKES else None
    if len(given) != 1 or flow is None or not isinstance(given[0], Tensor):
        return False
    rank, kept = given[0].rank, flow.kept()
    whole = {axis: axis for axis in range(rank)}
    return len(flow.axes) == rank and flow.aligned() == whole and kept.keys() >= set(range(rank - 1))


def keeps_steps(trace: Trace, node: Node) -> bool:
    """Whether each sample and step of a result is made of the same sample and step of the first tensor alone."""
    flow = flow_of(trace, Ref(node.id))
    return flow is not None and {0: 0, 1: 1}.items() <= flow.kept().items()


def drops_ones(trace: Trace, node: Node) -> bool:
    """Whether an operation takes axes of length 1 away, and nothing else: `squeeze`, or a view that does the same."""
    flow = flow_of(trace, Ref(node.id)) if nature_of(node) is Nature.VIEW else None
    given = next(tensor_inputs(node), None)
    if flow is None or not isinstance(given, Tensor) or len(flow.axes) >= given.rank:
        return False
    long = [axis for axis, size in enumerate(given.sizes) if trace.resolve(size) != Dim.of(1)]
    return all(axis in flow.kept() for axis in long)
