"""Whether a padded tensor holds padding at all."""

from __future__ import annotations

from shapelint.ops.nature import Nature
from shapelint.reading.recurrent import Sequence, input_of
from shapelint.reading.single_index import ONE
from shapelint.reading.trail import nature_of
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Int, List, Packed, Tensor, Tuple, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


def is_unpadded(trace: Trace, padded: Tensor, sequence: Sequence) -> bool:
    """Whether no step of an unpacked output is padding: one sequence, one step, or equal lengths."""
    batch_and_time = [axis.dim for axis in padded.axes if axis.role in (Role.BATCH, Role.TIME)]
    if any(trace.resolve(dim) == ONE for dim in batch_and_time):
        return True
    packing = _packing(trace, sequence.slot.call)
    lengths = None if packing is None else _lengths(packing)
    return lengths is not None and _are_equal(trace, lengths)


def _packing(trace: Trace, call: Node) -> Node | None:
    value = input_of(call)
    return trace.node(value.ref) if isinstance(value, Packed) and value.ref is not None else None


def _lengths(packing: Node) -> Value | None:
    return packing.args[1] if len(packing.args) > 1 else packing.kwargs.get("lengths")


def _are_equal(trace: Trace, lengths: Value) -> bool:
    """Whether all lengths are certainly the same: `[9, 9]`, `torch.full((batch,), steps)`."""
    if isinstance(lengths, Tensor) and lengths.ref is not None:
        maker = trace.node(lengths.ref)
        if nature_of(maker) is Nature.CONSTANT and "fill_value" in maker.bound:
            return True
        is_listed = nature_of(maker) is Nature.DATA and len(maker.args) > 0
        return is_listed and _are_equal(trace, maker.args[0])
    if isinstance(lengths, Tuple | List):
        steps = {trace.resolve(item.dim) if isinstance(item, Int) else item for item in lengths.items}
        return len(steps) == 1 and all(isinstance(item, Int) for item in lengths.items)
    return False


def is_unpacked_unlike(unpacking: Node) -> bool:
    """Whether a call leaves batch_first out and gets what was packed with it."""
    packed = unpacking.find("sequence", Packed)
    given = len(unpacking.args) > 1 or "batch_first" in unpacking.kwargs
    return packed is not None and packed.batch_first and not given
