"""What a fix must hold for beyond the place that it mends: the last values that depend on the mended one.

A view in front of another one is mended in vain if the next line mixes the samples again. So the samples are followed
to what the entry point returns, or, where that does not depend on the mended value as far as is known, to the last
values that do. A value without rows of the samples, a loss, is answered for by what it is made of. Samples are followed
by gradients, so they are lost in an argmax, and after `detach`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.values.raises import Raises
from shapelint.data import dataclass
from shapelint.finding import Claim, Ref
from shapelint.notebooks.places import line_told
from shapelint.ops.nature import Nature
from shapelint.reading.claims import source_of
from shapelint.reading.operations import is_recurrent_call
from shapelint.reading.trail import nature_of
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dtype, Tensor
from shapelint.trace.node import Node, given_refs, refs
from shapelint.trace.trace import Trace
from shapelint.trace.writes import writes
from shapelint.verify.program.encode import UnreplayableError
from shapelint.verify.program.plan import axis_of_size, resolved, tensors_in
from shapelint.verify.program.program import NotReplayable, Program, backward_slice, build, value_at

MAX_VALUES = 4  #: last values that are followed, the latest ones


@dataclass(frozen=True, slots=True)
class Beyond:
    """A claim about a later value, which torch must refute too, and the line of that value."""

    line: str  #: as it is told
    program: Program | NotReplayable


def beyond(trace: Trace, claim: Claim) -> Iterator[Beyond]:
    """The programs that ask of later values what `claim` asks of the mended one, or that samples stay apart."""
    for one in _later_claims(trace, claim):
        node = trace.node(one.target)
        yield Beyond(line_told(node.path, trace.text, node.span.line), build(trace, one))


def may_be_undone(trace: Trace, claim: Claim) -> bool:
    """Whether what a claim shows may be gone further on.

    Rows of samples that a value holds mixed are parted again, and one sample that has lost its axis is laid over others
    that have it. Rows that are others stay so.
    """
    if claim.of_batches:
        return True
    batch = _batch(trace, claim) if claim.of_rows else None
    return batch is not None and _axis_of_rows(trace, claim.target, batch) == claim.options["target_axis"]


def _batch(trace: Trace, claim: Claim) -> Dim | None:
    source, axis = claim.options["source"], claim.options["batch_axis"]
    value = value_at(trace, source) if isinstance(source, Ref) else None
    return resolved(trace, value.axes[axis].dim) if isinstance(value, Tensor) and isinstance(axis, int) else None


def _later_claims(trace: Trace, claim: Claim) -> list[Claim]:
    must_run = isinstance(claim, Raises)
    depending = _depending(trace, claim.target, lambda ref: must_run or _has_gradient(trace, ref))
    ends = _ends(trace, claim.target, depending)
    if must_run:
        return [claim.of(ref, _device(claim)) for ref in ends]
    asked = _about_rows(trace, claim)
    return [] if asked is None else list(_moved(trace, asked, ends, depending))


def _has_gradient(trace: Trace, ref: Ref) -> bool:
    value = value_at(trace, ref)
    floats = [] if value is None else [tensor for tensor in tensors_in(value) if tensor.dtype is Dtype.FLOAT]
    return bool(floats) and nature_of(trace.node(ref)) is not Nature.DETACH


def _device(claim: Claim) -> dict[str, object]:
    return {name: value for name, value in claim.options.items() if name == "on_device"}


def _depending(trace: Trace, target: Ref, is_followed: Callable[[Ref], bool]) -> set[int]:
    """The nodes whose results depend on the target's, through values that are followed."""
    found = {target.node} if is_followed(target) else set()
    for node in trace.nodes[target.node + 1 :]:
        if any(ref.node in found and is_followed(ref) for ref in _given(node)):
            found.add(node.id)
            if writes(node):  # what is written into has it from now on
                found.update(ref.node for ref in refs(node.args[0]))
    return found


def _ends(trace: Trace, target: Ref, depending: set[int]) -> list[Ref]:
    """The values that the entry point returns and that depend on the target; the last ones that do without such."""
    if not depending:
        return []
    returned = [ref for value in trace.returned for ref in refs(value) if ref.node in depending]
    if not returned:
        used = {ref.node for number in depending for ref in _given(trace.nodes[number]) if number != ref.node}
        last = [trace.nodes[number] for number in sorted(depending - used) if trace.nodes[number].error is None]
        returned = [tensor.ref for node in last for tensor in tensors_in(node.result) if tensor.ref is not None]
    return [ref for ref in dict.fromkeys(returned) if ref != target][-MAX_VALUES:]


def _given(node: Node) -> list[Ref]:
    return list(given_refs(node))


def _about_rows(trace: Trace, claim: Claim) -> Claim | None:
    """The claim itself, if it is about the rows of the samples; else that those of the recurrent call are mixed."""
    if claim.of_rows or claim.of_batches:
        return claim
    try:
        above = backward_slice(trace, [claim.target])
    except UnreplayableError:
        return None
    call = next((node for node in reversed(above) if is_recurrent_call(node)), None)
    source = None if call is None else source_of(trace, call)
    if source is None:
        return None
    return BatchIndependence(claim.target, source.ref, source.batch_axis, 0)


def _moved(trace: Trace, claim: Claim, ends: list[Ref], depending: set[int]) -> Iterator[Claim]:
    """The claim about the last values with rows of the samples that the ends are made of."""
    batch = _batch(trace, claim)
    waiting, seen = ends[::-1], set(ends)
    while waiting and batch is not None:
        ref = waiting.pop()
        if ref == claim.target:
            continue
        rows = _axis_of_rows(trace, ref, batch)
        if rows is not None:
            yield claim.of(ref, {**claim.options, "target_axis": rows})
            continue
        above = [one for one in _given(trace.node(ref)) if one.node in depending and one not in seen]
        seen.update(above)
        waiting += above


def _axis_of_rows(trace: Trace, ref: Ref, batch: Dim) -> int | None:
    """The axis of a value that has a row for each sample; None where none has, or several might."""
    value = value_at(trace, ref)
    if not isinstance(value, Tensor) or value.dtype is not Dtype.FLOAT:
        return None
    return axis_of_size(trace, value, batch)
