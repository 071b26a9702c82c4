"""Reading a softmax: what it normalises, along which axis, and how that is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.data import dataclass
from shapelint.finding import Edit, Fix
from shapelint.ops.nature import Nature
from shapelint.reading.quoting import add_argument, quote
from shapelint.reading.recurrent import construction_of, layer_of, own_construction
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import given_at
from shapelint.reading.trail import flow_of, nature_of, operands_of
from shapelint.reading.written import argument
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.value import Layer, Named, NoneValue, Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_FORWARD = ".forward"


@dataclass(frozen=True, slots=True)
class Softmax:
    """A call that normalises `value` along `axis`; `explicit`: the code says which."""

    node: Node
    value: Tensor
    axis: int
    explicit: bool

    @property
    def normalised(self) -> Axis:
        """The axis along which the result sums to 1."""
        return self.value.axes[self.axis]

    @property
    def layer(self) -> Layer | None:
        """The nn.Softmax that is called, where it is one."""
        return layer_of(self.node) if self.node.op.endswith(_FORWARD) else None


def softmaxes(trace: Trace) -> Iterator[Softmax]:
    """The calls of softmax, log_softmax and softmin whose axis is known."""
    for node in trace.nodes:
        found = softmax_of(node)
        if found is not None:
            yield found


def softmax_of(node: Node) -> Softmax | None:
    """A node as a softmax; None for another operation, and where the axis is not known."""
    if nature_of(node) is not Nature.SOFTMAX or node.error is not None:
        return None
    is_layer = node.op.endswith(_FORWARD)
    options: Named = layer_of(node) if is_layer else node
    if "dim" not in options.named:
        return None  # Softmax2d normalises the channels
    value = node.args[is_layer] if len(node.args) > is_layer else node.kwargs.get("input")
    dim = options.number("dim")
    if not isinstance(value, Tensor) or not value.rank or value.ref is None or not isinstance(node.result, Tensor):
        return None
    if dim is not None:
        return Softmax(node, value, dim % value.rank, True)
    is_default = options.find("dim", NoneValue) is not None or options.named["dim"] is None
    return Softmax(node, value, 0 if value.rank in (1, 3) else 1, False) if is_default else None


def meant_axes(trace: Trace, softmax: Softmax, roles: Sequence[Role]) -> list[int]:
    """The axes that the author may mean: of the classes, if there are several, and of the steps."""
    sizes = enumerate(zip(softmax.value.sizes, roles, strict=True))
    long = [(place, role) for place, (size, role) in sizes if trace.resolve(size) != ONE and place != softmax.axis]
    classes = [place for place, role in long if role is Role.FEATURE]
    steps = [place for place, role in long if role is Role.TIME]
    return classes[-1:] + steps


def axis_fixes(trace: Trace, softmax: Softmax, roles: Sequence[Role]) -> list[Fix]:
    """Name another axis, the likeliest first; `roles` are those of the normalised value's axes."""
    edits = [(place, _edit(trace, softmax, str(place))) for place in meant_axes(trace, softmax, roles)]
    return [
        Fix(f"normalise over the {'steps' if roles[place] is Role.TIME else 'classes'}: `dim={place}`", (edit,))
        for place, edit in edits
        if edit is not None
    ]


def _edit(trace: Trace, softmax: Softmax, dim: str) -> Edit | None:
    layer, node = softmax.layer, softmax.node
    place = 1
    if layer is not None:
        built = own_construction(trace, layer)
        if built is None or sum(layer in other.args for other in trace.nodes) > 1:
            return None
        node, place = built, 0
    if node.path != trace.path:
        return None
    if not softmax.explicit:
        return add_argument(trace, node.span, f"dim={dim}")
    written = argument(node, 0, "dim") if layer is not None else None
    given = given_at(node, place, "dim") if written is None else written.value
    is_number = isinstance(given, facts.Literal | facts.Unary)
    return Edit(given.span, dim) if given is not None and is_number else None


def is_written_one(trace: Trace, softmax: Softmax) -> bool:
    """Whether the axis has length 1 by the code itself, not by what is given to a function or to a parameter of it."""
    value, axis = softmax.value, softmax.axis
    while value.ref is not None:
        node = trace.node(value.ref)
        if nature_of(node) is Nature.LINEAR and axis == value.rank - 1:
            return _is_built_for_one(trace, node)
        flow, given = flow_of(trace, value.ref), operands_of(node)
        if flow is None:
            return False
        sources = flow.axes[axis]
        if not sources:
            return nature_of(node) in (Nature.VIEW, Nature.SELECTION) and node.frames == softmax.node.frames
        source = given[sources[0].operand]
        if len(sources) > 1 or not isinstance(source, Tensor):
            return False
        value, axis = source, sources[0].axis
    return False


def _is_built_for_one(trace: Trace, node: Node) -> bool:
    """Whether a node calls a Linear that is built with out_features=1 outright."""
    built = construction_of(trace, layer_of(node)) if node.op.endswith(_FORWARD) else None
    size = None if built is None else argument(built, 1, "out_features")
    return size is not None and isinstance(size.value, facts.Literal)


def shown(trace: Trace, softmax: Softmax) -> tuple[str, str]:
    """The call, and what it normalises, as a message shows them."""
    given = given_at(softmax.node, 0, "input")
    return quote(trace, softmax.node.span), "it" if given is None else quote(trace, given.span)
