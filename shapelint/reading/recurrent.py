"""Finding one's way in a trace: recurrent calls, their slots, and where a value came from and goes to."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.ops.layers.rnn import RecurrentConfig, recurrent_config
from shapelint.ops.nature import HANDS_ON, Nature
from shapelint.reading.operations import has_cell_state, is_cell_call, is_recurrent_call, is_unpacking
from shapelint.reading.trail import ancestors, keeps_every_axis, nature_of, natures, origin_of, tensor_inputs
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Bool, Layer, List, NoneValue, Packed, Tensor, Tuple, Value
from shapelint.trace.node import INPUT, Node, refs
from shapelint.trace.trace import Trace, once

OUTPUT = "output"
H_N = "h_n"
C_N = "c_n"

#: the paths into a result: (output, h_n), and (output, (h_n, c_n)) for an LSTM
_SLOTS: tuple[dict[tuple[int, ...], str], ...] = (
    {(0,): OUTPUT, (1,): H_N},
    {(0,): OUTPUT, (1, 0): H_N, (1, 1): C_N},
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of a recurrent layer's result: `slot` is OUTPUT, H_N or C_N of the call `call`."""

    call: Node
    layer: Layer
    slot: str

    @property
    def config(self) -> RecurrentConfig:
        """What the layer is built with."""
        return recurrent_config(self.layer)


@once
def recurrent_calls(trace: Trace) -> tuple[Node, ...]:
    """The calls of LSTM, GRU and RNN layers that succeeded or failed."""
    return tuple(node for node in trace.nodes if is_recurrent_call(node))


def is_state_pair(trace: Trace, value: Value) -> bool:
    """Whether a value is the pair of states that an LSTM's or LSTMCell's call gave."""
    if not isinstance(value, Tuple) or value.ref is None:
        return False
    node = trace.node(value.ref)
    return value.ref.path == (1,) if is_recurrent_call(node) else is_cell_call(node)


def next_state(call: Node) -> Ref:
    """h_n of a recurrent layer's call, or the h that a cell's call gives."""
    if is_cell_call(call):
        return Ref(call.id, (0,) if isinstance(call.result, Tuple) else ())
    return h_n_of(call)


def is_repeated(trace: Trace, built: Node) -> bool:
    """Whether the same line builds several layers."""
    place = (built.span, built.path, built.op)
    return sum((node.span, node.path, node.op) == place for node in trace.nodes) > 1


def layer_of(node: Node) -> Layer:
    """The layer that a `.forward` node calls."""
    layer = node.args[0]
    assert isinstance(layer, Layer)
    return layer


def config_of(call: Node) -> RecurrentConfig:
    """What the layer of a recurrent call is built with."""
    return recurrent_config(layer_of(call))


def h_n_of(call: Node) -> Ref:
    """The final state that a recurrent call gives."""
    return Ref(call.id, (1, 0) if has_cell_state(layer_of(call)) else (1,))


def is_refused(trace: Trace, call: Node) -> bool:
    """Whether torch raises at a call, or at every call of the layer: num_layers is a flag (SHP601)."""
    built = construction_of(trace, layer_of(call))
    given = None if built is None else built.kwargs.get("num_layers", built.args[2] if len(built.args) > 2 else None)
    return call.error is not None or isinstance(given, Bool)


def slot_of(trace: Trace, value: Value) -> Slot | None:
    """Which slot of which recurrent call a value is, if it is one unchanged."""
    whole = origin_of(trace, value, natures(HANDS_ON)) if isinstance(value, Tensor | Packed) else value
    ref: Ref | None = getattr(whole, "ref", None)
    if ref is None:
        return None
    node = trace.node(ref)
    if not is_recurrent_call(node) or is_refused(trace, node):
        return None
    layer = layer_of(node)
    slot = _SLOTS[has_cell_state(layer)].get(ref.path)
    return None if slot is None else Slot(node, layer, slot)


@dataclass(frozen=True, slots=True)
class Sequence:
    """All steps of a recurrent layer's output, maybe permuted, or after dropout or a norm.

    `unpacked` is the pad_packed_sequence call that it went through. The tensor's axes have the roles.
    """

    slot: Slot
    unpacked: Node | None
    permuted: bool


def sequence_of(trace: Trace, value: Value) -> Sequence | None:
    """The recurrent output that a value is, None for anything else."""
    unpacked, permuted = None, False
    while True:
        slot = slot_of(trace, value)
        if slot is not None:
            return Sequence(slot, unpacked, permuted) if slot.slot == OUTPUT else None
        ref: Ref | None = getattr(value, "ref", None)
        if ref is None:
            return None
        node = trace.node(ref)
        if is_unpacking(node) and ref.path == (0,):
            unpacked = node
        elif nature_of(node) is Nature.PERMUTATION:
            permuted = True
        elif not keeps_every_axis(trace, node):
            return None
        source = next(tensor_inputs(node), None)
        if source is None:
            return None
        value = source


def state_of(trace: Trace, value: Value) -> Slot | None:
    """The state h_n or c_n that a value was cut out of, by indexing and viewing without a permutation."""
    while True:
        slot = slot_of(trace, value)
        if slot is not None:
            return slot if slot.slot in (H_N, C_N) else None
        ref: Ref | None = getattr(value, "ref", None)
        if ref is None:
            return None
        node = trace.node(ref)
        source = next(tensor_inputs(node), None)
        cuts = nature_of(node) in (Nature.VIEW, Nature.SELECTION)
        if source is None or not (cuts or keeps_every_axis(trace, node)):
            return None
        value = source


def construction_of(trace: Trace, layer: Layer) -> Node | None:
    """The node that constructs a layer, in whichever file."""
    return None if layer.ref is None else trace.node(layer.ref)


def own_construction(trace: Trace, layer: Layer) -> Node | None:
    """The node that constructs a layer, for its text and for edits; None where another file does."""
    return construction_of(trace, layer) if layer.path is None else None


def input_of(node: Node) -> Value | None:
    """The input of a layer call."""
    if len(node.args) > 1:
        return node.args[1]
    return node.kwargs.get("input")


def state_given(call: Node) -> Value | None:
    """The state argument of a recurrent call or a cell's; None where it has none, or None."""
    given = call.args[2] if len(call.args) > 2 else call.kwargs.get("hx")
    return None if isinstance(given, NoneValue) else given


def states_given(call: Node) -> tuple[Value, ...]:
    """The states that a recurrent call is given: none, one, or those of a tuple."""
    given = state_given(call)
    if given is None:
        return ()
    return tuple(given.items) if isinstance(given, Tuple | List) else (given,)


def leaves(trace: Trace, ref: Ref) -> Iterator[Node]:
    """The INPUT nodes that a value is computed from."""
    return (node for node in ancestors(trace, ref) if node.op == INPUT)


def line_above(trace: Trace, value: Tensor | Packed) -> Iterator[Node]:
    """The nodes that a value went through, its own first: up along the first tensor that each of them is given."""
    ref = value.ref
    while ref is not None:
        node = trace.node(ref)
        yield node
        ref = getattr(next(tensor_inputs(node), None), "ref", None)


def is_returned(trace: Trace, ref: Ref) -> bool:
    """Whether the entry point returns the value itself."""
    return ref in returned_refs(trace)


@once
def returned_refs(trace: Trace) -> frozenset[Ref]:
    """The values that the entry point returns, alone or inside others."""
    return frozenset(ref for value in trace.returned for ref in refs(value))


def are_names_exchanged(trace: Trace, layer: Layer, got: Dim) -> bool:
    """Whether a layer that is given two names as its sizes gets hidden_size features, and not input_size.

    `nn.GRU(hidden, width)` behind an embedding of that width: with numbers either of the two may be the wrong one.
    """
    takes, gives = (trace.resolve(layer.get(name, Dim)) for name in ("input_size", "hidden_size"))
    return gives == got and takes.as_symbol is not None and gives.as_symbol is not None
