"""What a mask is true for: the steps up to a step, those after it, the real steps, or the padding."""

from __future__ import annotations

from enum import Enum, auto

from shapelint.data import dataclass
from shapelint.ops.nature import HANDS_ON, MAKES, Nature
from shapelint.ops.signs import Sign
from shapelint.reading.operations import comparison, inverts, is_count, is_ones, subtracts, triangle
from shapelint.reading.trail import made_by, nature_of, natures, origin_of
from shapelint.shapes.value import Bool, Dtype, Float, Int, Layer, Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_DEPTH = 12  #: operations between a mask and what it is made of
_THROUGH = HANDS_ON | {Nature.VIEW, Nature.EXPANSION, Nature.SELECTION, Nature.PERMUTATION}


class Sense(Enum):
    """Where a mask is true."""

    EARLIER = auto()  #: in the lower triangle: at a step and before it
    LATER = auto()  #: in the upper triangle
    REAL = auto()  #: at the steps that a sequence has
    PADDING = auto()


_OPPOSITE = {
    Sense.EARLIER: Sense.LATER,
    Sense.LATER: Sense.EARLIER,
    Sense.REAL: Sense.PADDING,
    Sense.PADDING: Sense.REAL,
}


@dataclass(frozen=True, slots=True)
class Mask:
    """A mask that is true, or 1, where `sense` says; `made` tells it first, and is right of that sense or its opposite.

    `told` is the sense of what `made` gives.
    """

    sense: Sense
    made: Node
    told: Sense

    @property
    def is_causal(self) -> bool:
        """Whether it parts a step from those that come later."""
        return self.sense in (Sense.EARLIER, Sense.LATER)


def mask_of(trace: Trace, value: Value | None, depth: int = _DEPTH) -> Mask | None:
    """What a value masks; None where that is not known."""
    node = made_by(trace, value) if isinstance(value, Tensor) else None
    if node is None or not depth or node.error is not None:
        return None
    lower = triangle(node)
    if lower is not None:
        sense = Sense.EARLIER if lower else Sense.LATER
        base = made_by(trace, node.args[0]) if node.args else None
        return Mask(sense, node, sense) if base is not None and is_ones(base) else None
    if comparison(node) is not None:
        return _compared(trace, node, depth)
    if inverts(node) or _is_taken_from_one(node):
        inner = mask_of(trace, next((one for one in node.args if isinstance(one, Tensor)), None), depth - 1)
        return None if inner is None else Mask(_OPPOSITE[inner.sense], inner.made, inner.told)
    if nature_of(node) in _THROUGH and nature_of(node) is not Nature.PERMUTATION:
        return mask_of(trace, node.args[0] if node.args else None, depth - 1)
    return None


def _is_taken_from_one(node: Node) -> bool:
    """`1 - mask`."""
    return nature_of(node) is Nature.SUM and subtracts(node) and any(_number(one) == 1 for one in node.args)


def _number(value: object) -> float | None:
    if isinstance(value, Int):
        return value.dim.constant
    if isinstance(value, Bool):
        return float(value.value)
    return value.value if isinstance(value, Float) else None


def _compared(trace: Trace, node: Node, depth: int) -> Mask | None:
    """`steps < lengths`, `ids != 0`, `mask == 0`."""
    sign, (left, right) = comparison(node), node.args[:2] if len(node.args) > 1 else (None, None)
    if sign is not None and isinstance(right, Tensor) and not isinstance(left, Tensor):
        sign, left, right = sign.mirrored, right, left
    if sign is None or not isinstance(left, Tensor):
        return None
    if isinstance(right, Tensor):
        return _against_lengths(trace, node, sign, left, right)
    number = _number(right)
    inner = mask_of(trace, left, depth - 1)
    if inner is not None:
        keeps = (sign, number) in ((Sign.EQUAL, 1), (Sign.OTHER, 0), (Sign.MORE, 0))
        turns = (sign, number) in ((Sign.EQUAL, 0), (Sign.OTHER, 1), (Sign.LESS, 1))
        sense = inner.sense if keeps else _OPPOSITE[inner.sense] if turns else None
        return None if sense is None else Mask(sense, inner.made, inner.told)
    if not _are_padded_ids(trace, left, right) or sign not in (Sign.EQUAL, Sign.OTHER):
        return None
    sense = Sense.REAL if sign is Sign.OTHER else Sense.PADDING
    return Mask(sense, node, sense)


def _against_lengths(trace: Trace, node: Node, sign: Sign, left: Tensor, right: Tensor) -> Mask | None:
    """Numbers of steps beside lengths."""
    before = [_before_moves(trace, one) for one in (left, right)]
    steps = [_is_count(trace, one) for one in before]
    if steps.count(True) != 1 or any(one.rank != 1 for one in before):
        return None
    sense = {Sign.LESS: Sense.REAL, Sign.AT_LEAST: Sense.PADDING}.get(sign if steps[0] else sign.mirrored)
    return None if sense is None else Mask(sense, node, sense)


def _before_moves(trace: Trace, value: Tensor) -> Tensor:
    found = origin_of(trace, value, natures(_THROUGH))
    return found if isinstance(found, Tensor) else value


def _is_count(trace: Trace, value: Tensor) -> bool:
    """Whether a value is `arange(...)`."""
    node = made_by(trace, value)
    return node is not None and nature_of(node) in MAKES and is_count(node)


def _are_padded_ids(trace: Trace, ids: Tensor, number: Value | None) -> bool:
    """Whether ids that an embedding looks up are compared with the id that it takes for padding."""
    if ids.dtype is not Dtype.INT or ids.ref is None or ids.rank != 2:
        return False
    for user in trace.uses(ids.ref):
        layer = user.args[0] if user.args else None
        if nature_of(user) is Nature.LOOKUP:
            padding = layer.number("padding_idx") if isinstance(layer, Layer) else None
            return padding is not None and padding == _number(number)
    return False
