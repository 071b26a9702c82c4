"""The parts of witness scripts that change a part of x, and tell which rows of the result that changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shapelint.verify.witness.script import indented

Change = Callable[[str], list[str]]  #: the statements that make `other` of x, with new numbers at an index


def of_samples(batch: int, row_axis: int, change: Change) -> list[str]:
    """Each sample in turn."""
    return [
        _told(batch),
        f"for sample in range(x.shape[{batch}]):",
        *indented(change(at({batch: "sample"}))),
        *indented(_rows_changed(row_axis)),
        '    print(f"sample {sample} reaches the output rows {rows}")',
    ]


def of_steps(time: int, row_axis: int, change: Change) -> list[str]:
    """Each step in turn."""
    return [
        f"for step in range(x.shape[{time}]):",
        *indented(change(at({time: "step"}))),
        *indented(_rows_changed(row_axis)),
        '    print(f"step {step} reaches the output steps {rows}")',
    ]


def of_padding(axes: tuple[int, int, int], lengths: Sequence[int], on_left: bool, change: Change) -> list[str]:
    """The padding of each sample, and its last step; `axes` are the batch and the time of x, and that of the rows."""
    batch, time, row_axis = axes
    padding, end = (f":x.shape[{time}] - length", "-1") if on_left else ("length:", "length - 1")
    return [
        _told(batch),
        f"for sample, length in enumerate({list(lengths)}):",
        *indented(change(at({batch: "sample", time: padding}))),
        *indented(_rows_changed(row_axis)),
        '    print(f"the padding of sample {sample} reaches the output rows {rows}")',
        *indented(change(at({batch: "sample", time: end}))),
        *indented(_rows_changed(row_axis)),
        '    print(f"the last step of sample {sample} reaches the output rows {rows}")',
    ]


def _told(batch: int) -> str:
    return f'print("the result is", tuple(result.shape), "for", x.shape[{batch}], "samples")'


def _rows_changed(axis: int) -> list[str]:
    moved = "" if axis == 0 else f".movedim({axis}, 0)"
    change = f"(forward(other) != result){moved}"
    return [f"rows = {change}.reshape(result.shape[{axis}], -1).any(1).nonzero().flatten().tolist()"]


def at(fixed: dict[int, str]) -> str:
    """An index with text at some axes: `:, step`."""
    if any(axis < 0 for axis in fixed):
        return ", ".join(["...", *(fixed.get(axis, ":") for axis in range(min(fixed), 0))])
    return ", ".join(fixed.get(axis, ":") for axis in range(max(fixed) + 1))
