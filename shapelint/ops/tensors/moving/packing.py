"""Padding and packing of sequences: torch.nn.utils.rnn.

Letters: B sequences, T steps of the longest, F what one step holds (any number of axes).
"""

from __future__ import annotations

from dataclasses import replace

from shapelint.ops.names import PACK, PACK_SEQUENCE, PACKED, PAD, PAD_PACKED, RNN_UTILITIES, UNPAD
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, op
from shapelint.ops.require import require_equal
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.inside import length_of, listed
from shapelint.shapes.value import (
    FALSE,
    NONE,
    TRUE,
    Dtype,
    Float,
    Int,
    List,
    NoneValue,
    Packed,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

#: what a PackedSequence has of what tensors have
SHARED = frozenset(
    "data to cuda cpu float double half long int short char byte pin_memory is_cuda is_pinned index count".split()
)

ZERO = Float(0.0)
RIGHT = Str("right")


@op(PACK, input_rank=3, nature=Nature.PACKING)
def pack_padded_sequence(
    input: Tensor,
    lengths: Value,
    batch_first: bool = False,
    enforce_sorted: Value = TRUE,
    *,
    assume: Assumptions,
) -> Packed:
    """(T, B, F) and B lengths -> packed; lengths that are not known are taken to reach the last step."""
    if input.rank < 2:
        raise RankError(f"pack_padded_sequence needs a batch and a time axis and gets a {input.rank}-D tensor")
    batch, time = _layout(input, batch_first)
    if enforce_sorted == TRUE:
        _check_count(lengths, batch.dim, time.dim, assume)
    else:
        batch = _chosen(lengths, batch, time.dim, assume)
    steps = _constants(lengths)
    if steps:
        _check_steps(steps, enforce_sorted)
        time = replace(time, dim=Dim.of(max(steps)))
    return Packed(
        batch,
        time,
        input.axes[2:],
        batch_first,
        padded=input.ref,
        lengths=lengths.ref if isinstance(lengths, Tensor) else None,
        enforce_sorted=enforce_sorted != FALSE,
    )


@op(PAD_PACKED, nature=Nature.PACKING)
def pad_packed_sequence(
    sequence: Packed,
    batch_first: bool = False,
    padding_value: Value = ZERO,
    total_length: Value = NONE,
) -> Tuple:
    """Packed -> ((T, B, F), (B,) lengths), both in the order before packing."""
    time = replace(sequence.time, role=Role.TIME, origin=None)
    if isinstance(total_length, Int | Unknown):
        time = replace(time, dim=total_length.dim, parts=())
    batch = replace(sequence.batch, role=Role.BATCH, origin=None)
    pair = (batch, time) if batch_first else (time, batch)
    return Tuple((Tensor((*pair, *sequence.features)), Tensor((batch,), Dtype.INT)))


@op(PAD, nature=Nature.JOIN)
def pad_sequence(
    sequences: Value,
    batch_first: bool = False,
    padding_value: Value = ZERO,
    padding_side: Value = RIGHT,
    *,
    assume: Assumptions,
) -> Tensor:
    """B tensors of (T_i, F) -> (T, B, F)."""
    batch, time, features, dtype = _gathered(sequences, assume)
    pair = (batch, time) if batch_first else (time, batch)
    return Tensor((*pair, *features), dtype)


@op(PACK_SEQUENCE, nature=Nature.PACKING)
def pack_sequence(sequences: Value, enforce_sorted: Value = TRUE, *, assume: Assumptions) -> Packed:
    """B tensors of (T_i, F) -> packed."""
    batch, time, features, _ = _gathered(sequences, assume)
    items = sequences.items if isinstance(sequences, List | Tuple) and batch.dim.constant is not None else ()
    steps = tuple(item.sizes[0].constant or 0 for item in items if isinstance(item, Tensor))
    if steps and min(steps) > 0:
        _check_steps(steps, enforce_sorted)
    return Packed(batch, time, features, enforce_sorted=enforce_sorted != FALSE)


@op(UNPAD, input_rank=3, nature=Nature.PACKING)
def unpad_sequence(padded_sequences: Tensor, lengths: Value, batch_first: bool = False, *, assume: Assumptions) -> List:
    """(T, B, F) and B lengths -> B tensors of (T_i, F)."""
    if padded_sequences.rank < 2:
        raise RankError("unpad_sequence needs a batch and a time axis")
    batch, time = _layout(padded_sequences, batch_first)
    _check_count(lengths, batch.dim, time.dim, assume)
    return _separated(batch, time, padded_sequences.axes[2:], _constants(lengths))


@op(RNN_UTILITIES + "unpack_sequence", nature=Nature.PACKING)
def unpack_sequence(packed_sequences: Packed) -> List:
    """Packed -> B tensors of (T_i, F)."""
    return _separated(packed_sequences.batch, packed_sequences.time, packed_sequences.features, ())


@op(PACKED, nature=Nature.PACKING)
def packed_sequence(
    data: Tensor, batch_sizes: Value = NONE, sorted_indices: Value = NONE, unsorted_indices: Value = NONE
) -> Packed:
    """Pack again what came from `packed.data`; its first axis remembers what it was packed from."""
    parts = data.axes[0].parts if data.axes else ()
    if [part.role for part in parts] != [Role.TIME, Role.BATCH]:
        raise Undetermined("packed data of unknown origin")
    sorted_already = isinstance(sorted_indices, NoneValue) and isinstance(unsorted_indices, NoneValue)
    return Packed(parts[1], parts[0], data.axes[1:], enforce_sorted=sorted_already)


@op(PACKED + ".data", attribute=True, nature=Nature.PACKING)
def data(sequence: Packed) -> Tensor:
    """Return the steps of all sequences below each other, (sum of the lengths, F)."""
    time, batch = replace(sequence.time, role=Role.TIME), replace(sequence.batch, role=Role.BATCH)
    steps = Dim.symbol(f"packed({time.dim}, {batch.dim})")
    return Tensor((Axis(steps, parts=(time, batch)), *sequence.features))


@op(PACKED + ".batch_sizes", attribute=True, nature=Nature.INQUIRY)
def batch_sizes(sequence: Packed) -> Tensor:
    """How many sequences are left at each step, (T,)."""
    return Tensor((sequence.time,), Dtype.INT)


@op(PACKED + ".sorted_indices", PACKED + ".unsorted_indices", attribute=True, nature=Nature.INQUIRY)
def indices(sequence: Packed) -> Value:
    """Return the permutation to or from the packed order, (B,); None where nothing was sorted."""
    return NONE if sequence.enforce_sorted else Tensor((sequence.batch,), Dtype.INT)


@op(PACKED + ".__getitem__", nature=Nature.INQUIRY)
def getitem(sequence: Packed, index: Value) -> Value:
    """Return a field of the named tuple by its position."""
    if isinstance(index, Tuple | Tensor):
        raise ShapeError("a PackedSequence is indexed like a tensor", "SHP412")
    place = index.dim.constant if isinstance(index, Int) else None
    if place is None:
        raise Undetermined("fields of a PackedSequence that are not known")
    fields = (data, batch_sizes, indices, indices)
    if not -len(fields) <= place < len(fields):
        raise ShapeError(f"a PackedSequence is a tuple of {len(fields)}: there is no item {place}")
    return fields[place](sequence)


@op(
    *(f"{PACKED}.{name}" for name in ("to", "cuda", "cpu", "float", "double", "half", "pin_memory")), nature=Nature.SAME
)
def moved(sequence: Packed, *args: Value, **kwargs: Value) -> Packed:
    """Return the same sequences elsewhere, or in another precision."""
    return replace(sequence, ref=None)


def _layout(input: Tensor, batch_first: bool) -> tuple[Axis, Axis]:
    """Return the batch and the time axis, as the call reads them."""
    batch, time = (0, 1) if batch_first else (1, 0)
    return (
        replace(input.axes[batch], role=Role.BATCH, origin=None),
        replace(input.axes[time], role=Role.TIME, origin=None),
    )


def _check_count(lengths: Value, batch: Dim, time: Dim, assume: Assumptions) -> None:
    """There must be one length for each sequence; SHP405 where there is one for each step."""
    count = _count(lengths)
    if count is None:
        return
    one_per_step = count.constant is None and assume.same(count, time) is Same.EQUAL
    if (one_per_step and assume.same(count, batch) is not Same.EQUAL) or not assume.agree(count, batch):
        message = f"{count} lengths for {batch} sequences"
        raise ShapeError(message, "SHP405", expected=batch, got=count, time=time)


def _chosen(lengths: Value, batch: Axis, time: Dim, assume: Assumptions) -> Axis:
    """Return the sequences that are packed: sorting the lengths picks one for each, and drops the rest."""
    count = _count(lengths)
    if count is None or assume.same(count, batch.dim) is Same.EQUAL:
        return batch
    one_per_step = count.constant is None and assume.same(count, time) is Same.EQUAL
    fewer = assume.resolve(batch.dim - count).is_positive()
    if not fewer and not one_per_step:
        _check_count(lengths, batch.dim, time, assume)
        return batch
    return replace(batch, dim=count, parts=())


def _count(lengths: Value) -> Dim | None:
    if isinstance(lengths, Tensor):
        if lengths.rank != 1:
            raise RankError(f"lengths must be a 1-D tensor, not a {lengths.rank}-D one")
        return lengths.axes[0].dim
    return length_of(lengths) if isinstance(lengths, List | Tuple) else None


def _constants(lengths: Value) -> tuple[int, ...]:
    """Return the lengths, where all of them are known integers; else none."""
    items = listed(lengths) or ()
    found = [item.dim.constant for item in items if isinstance(item, Int)]
    known = tuple(length for length in found if length is not None)
    return known if len(known) == len(items) else ()


def _check_steps(steps: tuple[int, ...], enforce_sorted: Value) -> None:
    if min(steps) <= 0:
        raise ShapeError("the length of every sequence must be greater than 0", "SHP409")
    if enforce_sorted == TRUE and list(steps) != sorted(steps, reverse=True):
        raise ShapeError("lengths must fall, unless enforce_sorted=False", "SHP403")


def _gathered(sequences: Value, assume: Assumptions) -> tuple[Axis, Axis, tuple[Axis, ...], Dtype]:
    """Batch, time and feature axes of a list of sequences, and the kind of their numbers."""
    count, items = _sequences(sequences)
    first = items[0]
    for item in items:
        if not item.axes or item.rank != first.rank:
            raise RankError("sequences must have the same number of axes, at least one")
        for got, expected in zip(item.sizes[1:], first.sizes[1:], strict=True):
            require_equal("pad_sequence", "features", got, expected, assume)
    time = replace(first.axes[0], dim=_longest([item.axes[0].dim for item in items]), role=Role.TIME, origin=None)
    return Axis(count, Role.BATCH), time, first.axes[1:], first.dtype


def _sequences(sequences: Value) -> tuple[Dim, list[Tensor]]:
    if isinstance(sequences, Tensor) and sequences.axes:
        return sequences.axes[0].dim, [replace(sequences, axes=sequences.axes[1:])]
    if not isinstance(sequences, List | Tuple):
        raise Undetermined("sequences that are not known")
    unknown = next((item for item in sequences.items if isinstance(item, Unknown)), None)
    tensors = [item for item in sequences.items if isinstance(item, Tensor)]
    if not tensors or len(tensors) < len(sequences.items):
        raise Undetermined("a sequence that is not known", unknown)
    return length_of(sequences), tensors


def _longest(dims: list[Dim]) -> Dim:
    constants = [dim.constant for dim in dims if dim.constant is not None]
    if len(constants) == len(dims):
        return Dim.of(max(constants))
    different = sorted({str(dim) for dim in dims})
    return dims[0] if len(different) == 1 else Dim.symbol(f"max({', '.join(different)})")


def _separated(batch: Axis, time: Axis, features: tuple[Axis, ...], steps: tuple[int, ...]) -> List:
    if steps:
        times = [replace(time, dim=Dim.of(length), parts=()) for length in steps]
        return List([Tensor((each, *features)) for each in times])
    some = replace(time, dim=Dim.symbol(f"length({time.dim})"), parts=())
    return List([Tensor((some, *features))], length=batch.dim)
