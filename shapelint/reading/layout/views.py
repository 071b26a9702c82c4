"""What views do to the batch axis, and how they are written: shared by the rules on views."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Fix
from shapelint.ops.nature import Nature
from shapelint.ops.registry import Sizes
from shapelint.reading.operations import is_method
from shapelint.reading.quoting import quote, replace_text
from shapelint.reading.single_index import ONE
from shapelint.reading.trail import operation_of
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.equations import product_of
from shapelint.shapes.value import Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

Axes = tuple[Axis, ...]


def is_view(node: Node) -> bool:
    """Whether an operation cuts a tensor into sizes that it names, all of them: `view`, `reshape`."""
    operation = operation_of(node)
    if operation is None or operation.nature is not Nature.VIEW:
        return False
    return [hint for name, hint in operation.hints.items() if name in node.bound][1:] == [Sizes]


def view_base(node: Node) -> Tensor | None:
    """What a view cuts anew; None for another operation, or where torch raises."""
    if not is_view(node) or node.error is not None or not isinstance(node.result, Tensor):
        return None
    base = node.args[0] if node.args else node.kwargs.get("input")
    return base if isinstance(base, Tensor) else None


def batch_place(trace: Trace, base: Tensor) -> int | None:
    """Where the batch axis of a tensor is, where it has one that is longer than 1."""
    places = [i for i, axis in enumerate(base.axes) if axis.role is Role.BATCH]
    return places[0] if len(places) == 1 and trace.resolve(base.axes[places[0]].dim) != ONE else None


def moved_to(trace: Trace, before: Axes, place: int, after: Axes) -> int | None:
    """Where the result of a view has the one axis of axis `place`'s size; None where that is not told."""
    sizes, new_sizes = ([trace.resolve(axis.dim) for axis in axes] for axes in (before, after))
    if sizes.count(sizes[place]) != 1 or new_sizes.count(sizes[place]) != 1:
        return None
    return new_sizes.index(sizes[place])


def is_shifted(trace: Trace, node: Node) -> bool:
    """Whether a view puts the batch or the time behind other elements than before: it stands for a permutation."""
    base = view_base(node)
    if base is None or not isinstance(node.result, Tensor):
        return False
    for place, axis in enumerate(base.axes):
        moved = moved_to(trace, base.axes, place, node.result.axes)
        if axis.role in (Role.BATCH, Role.TIME) and moved is not None:
            ahead, new = (elements(trace, axes) for axes in (base.axes[:place], node.result.axes[:moved]))
            if ahead != new:
                return True
    return False


def elements(trace: Trace, axes: Axes) -> Dim:
    """How many elements the axes hold."""
    return trace.resolve(product_of(axis.dim for axis in axes))


def named_sizes(trace: Trace, node: Node) -> Iterator[Dim]:
    """The sizes as the call gives them, -1 as it stands."""
    for given in node.bound.values():
        for size in given if isinstance(given, tuple) else ():
            if isinstance(size, Dim):
                yield trace.resolve(size)


def base_name(trace: Trace, node: Node) -> str:
    """What a view cuts anew, as it is written."""
    method, call = method_call(node), node.expression
    if method is not None:
        return quote(trace, method[1].value.span)
    if isinstance(call, facts.Call) and call.arguments:
        return quote(trace, call.arguments[0].value.span)
    return "it"


def method_call(node: Node) -> tuple[facts.Call, facts.Attribute] | None:
    """A call of a method as it is written, and its name; None for the function form."""
    call = node.expression
    if is_method(node) and isinstance(call, facts.Call) and isinstance(call.func, facts.Attribute):
        return call, call.func
    return None


def transpose_first(node: Node) -> Fix | None:
    """Move axis 1 to the front before a view; None for the function form."""
    method = method_call(node)
    if method is None:
        return None
    edit = replace_text(method[1].attr_span, "transpose(0, 1).reshape")
    return Fix("move the batch axis to the front first: `.transpose(0, 1).reshape(...)`", (edit,))
