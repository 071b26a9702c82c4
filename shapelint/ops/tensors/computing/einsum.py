"""Einstein summation: an equation names the axes of each operand and of the result."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.ops.axes import Axes, broadcast, promoted
from shapelint.ops.nature import Nature
from shapelint.ops.refusals import RankError
from shapelint.ops.registry import Assumptions, ShapeError, Undetermined, op
from shapelint.shapes.axis import Axis
from shapelint.shapes.value import List, Tensor, Tuple, Value

DOTS = "."  #: stands for `...`


@op("torch.einsum", nature=Nature.PRODUCT)
def einsum(equation: str, *operands: Value, assume: Assumptions) -> Tensor:
    """`einsum("bth,bsh->bts", x, y)`."""
    tensors = _tensors(operands)
    inputs, output = _parse(equation)
    if len(inputs) != len(tensors):
        raise ShapeError(f"einsum: {len(inputs)} terms for {len(tensors)} operands")
    named: dict[str, Axis] = {}
    spread: list[Axes] = []
    for labels, tensor in zip(inputs, tensors, strict=True):
        spread.append(_name_axes(labels, tensor.axes, named, assume))
    dots = broadcast(assume, *spread)
    return Tensor(_arranged(output, named, dots), promoted(*tensors))


def _tensors(operands: Sequence[Value]) -> list[Tensor]:
    if len(operands) == 1 and isinstance(operands[0], Tuple | List):
        operands = operands[0].items
    tensors = [operand for operand in operands if isinstance(operand, Tensor)]
    if len(tensors) < len(operands) or not tensors:
        raise Undetermined("einsum of values that are not tensors")
    return tensors


def _parse(equation: str) -> tuple[list[str], str]:
    """The labels of each operand and of the result, `...` written as one dot."""
    text = equation.replace(" ", "").replace("...", DOTS)
    left, arrow, output = text.partition("->")
    inputs = left.split(",")
    if not arrow:
        counts = {label: left.count(label) for label in left if label.isalpha()}
        dots = DOTS if DOTS in left else ""
        output = dots + "".join(sorted(label for label, count in counts.items() if count == 1))
    _check_labels(inputs, output, equation)
    return inputs, output


def _check_labels(inputs: Sequence[str], output: str, equation: str) -> None:
    for labels in (*inputs, output):
        if labels.count(DOTS) > 1 or not all(label.isalpha() or label == DOTS for label in labels):
            raise ShapeError(f"einsum: {equation!r} is not an equation")
    letters = output.replace(DOTS, "")
    if len(set(letters)) < len(letters) or not set(letters) <= set("".join(inputs)):
        raise ShapeError(f"einsum: the result of {equation!r} repeats a label, or has one of its own")


def _name_axes(labels: str, axes: Axes, named: dict[str, Axis], assume: Assumptions) -> Axes:
    """Enter an operand's axes under their labels; returns those that `...` stands for."""
    hidden = len(axes) - len(labels.replace(DOTS, ""))
    if hidden < 0 or (hidden > 0 and DOTS not in labels):
        raise RankError(f"einsum: {labels.replace(DOTS, '...')!r} for {len(axes)} dimensions")
    before, _, after = labels.partition(DOTS)
    end = len(axes) - len(after)
    front, dots, back = axes[: len(before)], axes[len(before) : end], axes[end:]
    for label, axis in zip(before + after, (*front, *back), strict=True):
        named[label] = broadcast(assume, (named[label],), (axis,))[0] if label in named else axis
    return dots


def _arranged(output: str, named: dict[str, Axis], dots: Axes) -> Axes:
    return tuple(axis for label in output for axis in (dots if label == DOTS else (named[label],)))
