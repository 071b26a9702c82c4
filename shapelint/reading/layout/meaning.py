"""What an axis means where no recurrent layer says it: the author's words, data, and the layers that read it.

An axis is followed through the trace, to the values that it comes from and to those that it becomes. What is said at
any of these places is said of it: a docstring of an input, the layout that a convolution reads later.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.data import dataclass
from shapelint.finding import Place
from shapelint.ops.nature import CLASS_LOSSES, Nature
from shapelint.reading.layout.following import Spot, first_source, followed, spot_of
from shapelint.reading.layout.intent import evidence_of, pooled_axis, weight_of
from shapelint.reading.operations import called_kind, is_bag, is_batch_norm
from shapelint.reading.quoting import place_of
from shapelint.reading.recurrent import layer_of
from shapelint.reading.single_index import LAST, ONE, pick_of
from shapelint.reading.trail import FORWARD, flow_of, nature_of, operation_of
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Layer, Tensor, Value
from shapelint.trace.evidence import ENOUGH, NAMED, Evidence
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, once

DEFAULT_LAYOUT = "default-layout"  #: the kind of evidence that attention is which was not told its layout
_USED = "used-as-time"


@dataclass(frozen=True, slots=True)
class Meaning:
    """All that is said of an axis, and the earliest value that has it."""

    pieces: tuple[Evidence, ...]
    source: Spot

    @property
    def role(self) -> Role | None:
        """What the axis is: enough says so, and nothing else is said."""
        return self.role_by(ENOUGH)

    def role_by(self, enough: int) -> Role | None:
        """What the axis is by evidence of a weight. How it is used does not count against what is said."""
        said = tuple(piece for piece in self.pieces if piece.kind != _USED)
        return _agreed(said, enough) or _agreed(self.pieces, enough)

    def but(self, layer: Layer) -> Meaning:
        """The same without what a layer itself says, and those that were built as it is without being told to."""
        kept = (one for one in self.pieces if one.span != layer.span and one.kind != DEFAULT_LAYOUT)
        return Meaning(tuple(kept), self.source)

    def only(self, role: Role) -> tuple[Evidence, ...]:
        """What says that the axis is this."""
        return tuple(piece for piece in self.pieces if piece.role is role)

    def places(self) -> list[Place]:
        """The evidence as places of a finding."""
        return list(dict.fromkeys(place_of(piece, piece.message) for piece in self.pieces))


def _agreed(pieces: tuple[Evidence, ...], enough: int) -> Role | None:
    roles = {piece.role for piece in pieces}
    return roles.pop() if len(roles) == 1 and weight_of(pieces) >= enough else None


def meaning_of(trace: Trace, value: Value, axis: int) -> Meaning | None:
    """What is said of an axis of a value; None for a value that the trace did not make."""
    spot = spot_of(value, axis)
    if spot is None:
        return None
    known = _known(trace)
    if (spot.ref, spot.axis) not in known:
        known[spot.ref, spot.axis] = _asked(trace, spot)
    return known[spot.ref, spot.axis]


def roles_of(trace: Trace, value: Value, enough: int = ENOUGH) -> tuple[Role, ...]:
    """What the axes of a tensor are; UNKNOWN where not enough is said."""
    if not isinstance(value, Tensor):
        return ()
    found = [meaning_of(trace, value, place) for place in range(value.rank)]
    return tuple(Role.UNKNOWN if one is None else one.role_by(enough) or Role.UNKNOWN for one in found)


def samples_axis(trace: Trace, value: Value, enough: int = ENOUGH) -> Meaning | None:
    """What is said of the one axis of a tensor that holds samples; None where none does for certain, or two might."""
    if not isinstance(value, Tensor):
        return None
    roles = roles_of(trace, value, enough)
    if roles.count(Role.BATCH) != 1:
        return None
    place = roles.index(Role.BATCH)
    sizes = [trace.resolve(size) for size in value.sizes]
    if value.sizes[place].as_symbol is not None and sizes[place].constant is not None:
        return None  # a path that holds for one number only: they are parts of one thing, a pair
    is_alone = sizes.count(sizes[place]) == 1 or sizes[place].constant is not None
    return meaning_of(trace, value, place) if is_alone and sizes[place] != ONE else None


@once
def _known(trace: Trace) -> dict[object, Meaning]:
    return {}


def _asked(trace: Trace, spot: Spot) -> Meaning:
    found: list[Evidence] = []
    for one in followed(trace, spot):
        found += [*_told(trace, one), *_read(trace, one)]
    return Meaning(tuple(dict.fromkeys(found)), first_source(trace, spot))


def _told(trace: Trace, spot: Spot) -> Iterator[Evidence]:
    """What the author says of an axis; names of several axes bear each other out."""
    pieces = evidence_of(trace, spot.value.axes[spot.axis])
    yield from pieces
    yield from (piece for axis, piece in trace.spoken.get(spot.ref, ()) if axis == spot.axis)
    others = (axis for place, axis in enumerate(spot.value.axes) if place != spot.axis)
    named = [piece for piece in pieces if piece.kind == NAMED]
    if named and any(one.kind == NAMED for axis in others for one in evidence_of(trace, axis)):
        yield _said(named[0].role, "named-beside", 1, named[0], named[0].message)


def _read(trace: Trace, spot: Spot) -> Iterator[Evidence]:
    """What layers that read a value say of an axis of it, and how it is used."""
    made = trace.node(spot.ref)
    if is_bag(made) and spot.axis == 0:
        yield _said(Role.BATCH, "bag", 3, made, "the rows of what this gives are bags")
    for user in trace.uses(spot.ref):
        if user.error is None:
            yield from _read_by(trace, user, spot)


def _read_by(trace: Trace, user: Node, spot: Spot) -> Iterator[Evidence]:
    nature = nature_of(user)
    is_first = spot.axis == 0
    if nature is Nature.CONVOLUTION and is_first and _is_batched(user, spot) and _operand(user) is spot.value:
        yield _said(Role.BATCH, "convolution", 2, user, "axis 0 of a convolution holds the samples")
    elif is_batch_norm(user) and is_first:
        yield _said(Role.BATCH, "batch-norm", 2, user, "axis 0 of a batch norm holds the samples")
    elif nature in CLASS_LOSSES and is_first and spot.value.rank > 1 and not spot.value.axes[0].parts:
        yield _said(Role.BATCH, "loss", 2, user, "this loss reads a sample in each row")
    elif nature is Nature.ATTENTION and spot.value.rank == 3:
        yield from _attended(user, spot.axis)
    elif nature is Nature.VIEW and is_first and _flattens_rest(trace, user):
        yield _said(Role.BATCH, "flattened", 2, user, "all but axis 0 is flattened here: what a sample has")
    elif spot.value.rank == 3 and _takes_step(user) == spot.axis:
        yield _said(Role.TIME, _USED, 2, user, "this axis is used up as steps are")


def _said(role: Role, kind: str, weight: int, at: Node | Layer | Evidence, message: str) -> Evidence:
    return Evidence("", role, kind, weight, at.span, message, at.path)


def _operand(user: Node) -> Value | None:
    place = int(user.op.endswith(FORWARD))
    return user.args[place] if len(user.args) > place else user.kwargs.get("input")


def _is_batched(user: Node, spot: Spot) -> bool:
    operation = operation_of(user)
    return operation is not None and operation.input_rank == spot.value.rank


def attention_layer(node: Node) -> Layer | None:
    """The layer whose batch_first decides how a call reads its sequences."""
    if called_kind(node) is None:
        return None
    layer = layer_of(node) if nature_of(node) is Nature.ATTENTION else None
    if layer is None or "batch_first" in layer.named:
        return layer
    return next((one for one in layer.named.values() if isinstance(one, Layer) and "batch_first" in one.named), None)


def _attended(user: Node, axis: int) -> Iterator[Evidence]:
    """Attention reads one of the axes 0 and 1 as steps; who has said nothing of it may not know."""
    layer = attention_layer(user)
    if layer is None or axis > 1 or "batch_first" not in layer.named:
        return
    batch_first = layer.flag("batch_first")
    role = Role.BATCH if (axis == 0) == batch_first else Role.TIME
    if batch_first:
        yield _said(role, "attention-layout", 3, layer, "this attention is built with batch_first=True")
    else:
        yield _said(role, DEFAULT_LAYOUT, 1, layer, "this attention has batch_first=False")


def _flattens_rest(trace: Trace, user: Node) -> bool:
    """Whether a view keeps axis 0 and merges all others into one."""
    made = user.result
    flow = flow_of(trace, made.ref) if isinstance(made, Tensor) and made.ref is not None else None
    if flow is None or len(flow.axes) != 2 or len(flow.axes[0]) != 1 or flow.axes[0][0].axis != 0:
        return False
    return len(flow.axes[1]) > 1


def _takes_step(user: Node) -> int | None:
    """The one axis that is pooled, or of which the last entry is taken."""
    pick = pick_of(user)
    if pick is not None:
        return pick.axis if pick.index == LAST else None
    return pooled_axis(user)
