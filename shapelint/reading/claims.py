"""Claims that several rules make, and the tensor that they are about: what a recurrent call reads."""

from __future__ import annotations

from shapelint.claims.modules.dead_parameters import DeadParameters
from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.rows.padding_invariance import PaddingInvariance
from shapelint.claims.values.equals import Equals
from shapelint.data import dataclass
from shapelint.finding import Claim, Ref
from shapelint.reading.operations import is_recurrent_call
from shapelint.reading.recurrent import Slot, config_of, input_of, states_given
from shapelint.reading.written import is_zeros
from shapelint.shapes.value import NoneValue, Packed, Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Source:
    """The tensor that a recurrent call reads, before it was packed, and its axes as the layer reads them."""

    ref: Ref
    batch_axis: int
    time_axis: int


def source_of(trace: Trace, call: Node) -> Source | None:
    """What a recurrent call reads; None for one unbatched sequence, or a packed argument."""
    value = input_of(call)
    if isinstance(value, Packed):
        return _source_of_packed(trace, value)
    if not isinstance(value, Tensor) or value.rank != 3 or value.ref is None:
        return None
    return _source(value.ref, config_of(call).batch_first)


def _source_of_packed(trace: Trace, packed: Packed) -> Source | None:
    if packed.padded is not None:
        return _source(packed.padded, packed.batch_first)
    if packed.ref is None or not is_recurrent_call(trace.node(packed.ref)):
        return None
    return source_of(trace, trace.node(packed.ref))


def _source(ref: Ref, batch_first: bool) -> Source:
    return Source(ref, *((0, 1) if batch_first else (1, 0)))


def samples_mix(trace: Trace, call: Node, target: Ref, target_axis: int = 0) -> list[Claim]:
    """The rows of the target along `target_axis` are not one for each sample of the call's input."""
    source = source_of(trace, call)
    if source is None:
        return []
    return [BatchIndependence(target, source.ref, source.batch_axis, target_axis)]


def padding_matters(trace: Trace, call: Node, target: Ref, target_axis: int = 0) -> list[Claim]:
    """The rows of the target are not what each sample gives without its padding."""
    source = source_of(trace, call)
    if source is None:
        return []
    return [PaddingInvariance(target, source.ref, source.batch_axis, source.time_axis, target_axis)]


def misses_direction(trace: Trace, target: Ref, slot: Slot) -> list[Claim]:
    """A summary of a bidirectional output whose backward half has read one step only."""
    layer, call = slot.layer, slot.call
    if starts_at_zero(trace, call) and layer.ref is not None:
        return [DeadParameters(target, layer=layer.ref)]
    # a state that is not zero reaches the backward weights at the first step that they read
    return [Equals(target, reference=("both_directions", Ref(call.id)))]


def starts_at_zero(trace: Trace, call: Node) -> bool:
    """Whether a recurrent call is given no initial state, or zeros."""
    return all(isinstance(state, NoneValue) or is_zeros(trace, state) for state in states_given(call))
