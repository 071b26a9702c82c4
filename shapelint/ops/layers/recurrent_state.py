"""The initial state of a recurrent layer: what shape it must have, and which mistake explains another one."""

from __future__ import annotations

from dataclasses import replace

from shapelint.data import dataclass
from shapelint.ops.axes import ONE
from shapelint.ops.registry import Assumptions, ShapeError
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.inside import listed
from shapelint.shapes.value import List, Tensor, Tuple, Value


@dataclass(frozen=True, slots=True)
class Sequences:
    """What a recurrent layer reads: its batch axis (None for one unbatched sequence) and its time axis.

    `sorted` is False for a packed sequence that torch has permuted: torch then takes the rows that it needs
    from a state, and does not mind further ones.
    """

    batch: Axis | None
    time: Axis
    packed: bool = False
    sorted: bool = True


@dataclass(frozen=True, slots=True)
class Demand:
    """What a state must be: its name, its sizes, and the layer's numbers that tell the mistakes apart."""

    name: str
    sizes: tuple[Dim, ...]
    num_layers: Dim
    bidirectional: bool
    sequences: Sequences
    surplus: frozenset[int] = frozenset()  #: axes of which torch uses the first part only


def check_lstm_state(hx: Value, h_0: Demand, c_0: Demand, assume: Assumptions) -> None:
    """Check an LSTM's state: a tuple or list (h_0, c_0), or one stacked tensor where torch unpacks it."""
    if isinstance(hx, Tensor):
        hx = _unstacked(hx, h_0, assume)
    states = listed(hx)
    if states is not None:
        if not _right_count(len(states), h_0.sequences):
            raise ShapeError(f"LSTM takes two states, h_0 and c_0, and gets {len(states)}")
        for state, demand in zip(states, (h_0, c_0), strict=False):
            check_state(state, demand, assume)


def _right_count(count: int, sequences: Sequences) -> bool:
    """Torch takes the first two states of an unbatched or a permuted input itself, and ignores others."""
    return count == 2 or (count > 2 and _indexes_state(sequences))


def _indexes_state(sequences: Sequences) -> bool:
    return sequences.batch is None or not sequences.sorted


def _unstacked(hx: Tensor, demand: Demand, assume: Assumptions) -> Value:
    """(2, D*K, H) as the two states of an unbatched call, where that is what torch makes of it."""
    stacked = hx.rank == len(demand.sizes) + 1 and assume.same(hx.axes[0].dim, ONE) is not Same.EQUAL
    if not stacked or not _indexes_state(demand.sequences):
        message = "LSTM takes the tuple (h_0, c_0) as its state and gets one tensor"
        raise ShapeError(message, "SHP210", expected=demand.sizes, got=hx.sizes)
    state = replace(hx, axes=hx.axes[1:])
    return Tuple((state, state))


def check_single_state(layer: str, hx: Value, demand: Demand, assume: Assumptions) -> None:
    """Check a GRU's or RNN's state: one tensor."""
    if isinstance(hx, Tuple | List):
        raise ShapeError(f"{layer} takes one tensor as its state and gets a {type(hx).__name__.lower()}", "SHP210")
    check_state(hx, demand, assume)


def check_state(state: Value, demand: Demand, assume: Assumptions) -> None:
    """One state against its demand; what is not a tensor of known rank is not judged."""
    if not isinstance(state, Tensor):
        return
    if state.rank != len(demand.sizes):
        raise _refused(state, demand, None)
    code = _directions_mistake(state, demand, assume) or _mistake(state.sizes, demand, assume)
    if code is not None or _is_batch_first_output(state):
        raise _refused(state, demand, code)
    for index, (got, expected) in enumerate(zip(state.sizes, demand.sizes, strict=True)):
        spare = index in demand.surplus and assume.resolve(got - expected).is_positive()
        if not spare and not assume.agree(got, expected):
            raise _refused(state, demand, None)


def _is_batch_first_output(state: Tensor) -> bool:
    """(batch, time, features) fits as a state only where the batch is as large as the number of layers."""
    first, second = state.axes[:2] if state.rank == 3 else (None, None)
    if first is None or second is None or first.dim.constant is not None:
        return False
    return (first.role, second.role) == (Role.BATCH, Role.TIME)


def _refused(state: Tensor, demand: Demand, code: str | None) -> ShapeError:
    return ShapeError(
        f"{demand.name} must be ($expected) and is ($got)",
        code,
        state=demand.name,
        expected=demand.sizes,
        got=state.sizes,
    )


def _directions_mistake(state: Tensor, demand: Demand, assume: Assumptions) -> str | None:
    """Return the code for a state of a bidirectional layer that a layer of one direction is given."""
    parts = state.axes[0].parts
    if demand.bidirectional or demand.sequences.batch is None or len(parts) != 2 or parts[0].role is not Role.LAYERS:
        return None
    different = assume.same(state.sizes[0], demand.sizes[0]) is Same.DIFFERENT
    return "SHP216" if different and assume.same(parts[0].dim, demand.num_layers) is not Same.DIFFERENT else None


def _mistake(got: tuple[Dim, ...], demand: Demand, assume: Assumptions) -> str | None:
    """Return the code of the mistake that a batched state's sizes show; assumes nothing.

    Sizes that are merely not known to agree tell a mistake when they are another axis' own symbol.
    """
    if demand.sequences.batch is None:
        return None
    (layers, batch, _), time = demand.sizes, demand.sequences.time.dim

    def equal(left: Dim, right: Dim) -> bool:
        return assume.same(left, right) is Same.EQUAL

    def wrong(axis: int) -> bool:
        told = assume.same(got[axis], demand.sizes[axis])
        return told is Same.DIFFERENT or (told is Same.UNKNOWN and assume.resolve(got[axis]).constant is None)

    if equal(got[0], batch) and equal(got[1], layers) and wrong(0):
        return "SHP201"
    one_direction = assume.same(got[0], demand.num_layers) is not Same.DIFFERENT
    if demand.bidirectional and one_direction and assume.same(got[0], layers) is Same.DIFFERENT:
        return "SHP202"
    if equal(got[0], ONE) and assume.same(demand.num_layers, ONE) is Same.DIFFERENT:
        return "SHP203"
    if 1 not in demand.surplus and equal(got[1], time) and wrong(1):
        return "SHP204"
    layers_agree = assume.same(got[0], layers) is Same.EQUAL
    if layers_agree and 1 not in demand.surplus and assume.same(got[1], batch) is Same.DIFFERENT:
        return "SHP205"
    return None
