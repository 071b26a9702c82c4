"""Where the samples of a claim are in mended code: a fix may change the layout in which its source is made."""

from __future__ import annotations

from shapelint.finding import Claim, Ref
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor
from shapelint.trace.trace import Trace
from shapelint.verify.program.program import value_at


def follow_samples(old: Trace, claim: Claim, new: Trace, mended: Claim) -> Claim:
    """The mended claim with the axes of the samples, where the source's batch axis has moved."""
    source, moved = claim.options.get("source"), mended.options.get("source")
    if not isinstance(source, Ref) or not isinstance(moved, Ref):
        return mended
    before, after = _batch_axis(old, source), _batch_axis(new, moved)
    if before is None or after is None or before == after or claim.options.get("batch_axis") != before:
        return mended
    options = {**mended.options, "batch_axis": after}
    if "time_axis" in options:
        options["time_axis"] = before
    axes, axis = _axes(old, claim.target), claim.options.get("target_axis")
    if isinstance(axis, int) and axis < len(axes) and _size(old, axes[axis]) == _size(old, _axes(old, source)[before]):
        batch = _size(new, _axes(new, moved)[after])
        places = [at for at, one in enumerate(_axes(new, mended.target)) if _size(new, one) == batch]
        options["target_axis"] = places[0] if len(places) == 1 else axis
    return mended.of(mended.target, options)


def _batch_axis(trace: Trace, source: Ref) -> int | None:
    places = [at for at, axis in enumerate(_axes(trace, source)) if axis.role is Role.BATCH]
    return places[0] if len(places) == 1 else None


def _axes(trace: Trace, ref: Ref) -> tuple[Axis, ...]:
    value = value_at(trace, ref)
    return value.axes if isinstance(value, Tensor) else ()


def _size(trace: Trace, axis: Axis) -> Dim:
    return trace.resolve(axis.dim)
