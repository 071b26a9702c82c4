"""Views by which an author means to exchange axes: the sizes say so, and they are named, or a layer reads them."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.ops.nature import HANDS_ON, REDUCES, Nature
from shapelint.project.settings import values_passed
from shapelint.reading.layout.exchanges import Rearrangement, rearrangement
from shapelint.reading.layout.views import named_sizes, view_base
from shapelint.reading.operations import is_parameter, is_recurrent_call
from shapelint.reading.recurrent import state_of
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import recurrent_above
from shapelint.reading.trail import made_by, nature_of, natures, operands_of, origin_of, tensor_inputs, trail
from shapelint.reading.uses import feeds_class_loss, feeds_convolution
from shapelint.reading.written import view_sizes
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor, Tuple, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, once

_STEPS = 12  #: operations that are looked through for a second view
#: what leaves the first two axes as they are, if these keep their sizes
_BY_ROWS = HANDS_ON | REDUCES | {
    Nature.VIEW, Nature.SELECTION, Nature.PIECES, Nature.JOIN, Nature.POINTWISE, Nature.SUM, Nature.LINEAR,
}  # fmt: skip
_REST = Dim.of(-1)  #: the size that a view is left to compute


@dataclass(frozen=True, slots=True)
class Exchange:
    """A view of `base`, a cut of `root`, to the root's sizes in another order, where an exchange is meant."""

    node: Node
    base: Tensor
    root: Tensor
    meant: Rearrangement


@once
def exchanged_views(trace: Trace) -> tuple[Exchange, ...]:
    """The views by which an author means to exchange axes."""
    return tuple(_exchanged(trace))


def _exchanged(trace: Trace) -> Iterator[Exchange]:
    for node in trace.nodes:
        base = view_base(node)
        if base is None or base.ref is None or state_of(trace, base) is not None:
            continue
        assert isinstance(node.result, Tensor)
        root = _root(trace, base)
        if _splits_one_axis(trace, root, base):
            root = base
        meant = rearrangement(trace, root, node.result)
        if meant is None or (
            not _is_plain(trace, root, node.result, meant) and recurrent_above(trace, root) is not None
        ):
            continue  # what becomes of outputs and states other rules tell
        if _is_meant(trace, root, node, meant):
            yield Exchange(node, base, root, meant)


def _is_plain(trace: Trace, root: Tensor, result: Tensor, meant: Rearrangement) -> bool:
    """Whether axes are exchanged, and none is taken apart, merged, added or dropped."""
    long = sum(trace.resolve(size) != ONE for size in result.sizes)
    return meant.split is None and long == meant.long and root.rank == result.rank


def _root(trace: Trace, value: Tensor) -> Tensor:
    """The tensor whose elements a chain of views cuts."""
    root = origin_of(trace, value, natures(Nature.VIEW, Nature.SAME))
    return root if isinstance(root, Tensor) else value


def _splits_one_axis(trace: Trace, root: Tensor, cut: Tensor) -> bool:
    """Whether a cut has all axes of the root, one of them in parts: (B, L, heads * width) as (B, L, heads, width)."""
    before, after = ([trace.resolve(axis.dim) for axis in tensor.axes] for tensor in (root, cut))
    if len(before) >= len(after):
        return False
    behind = next((place for place, size in enumerate(before) if size != after[place]), len(before))
    left = before[behind:]
    return len(left) == 1 or (bool(left) and left[1:] == after[len(after) - len(left) + 1 :])


def _is_meant(trace: Trace, root: Tensor, node: Node, meant: Rearrangement) -> bool:
    """Whether the author means to exchange axes: they are named, or the result is for a layer that reads them."""
    maker = made_by(trace, root)
    if maker is None or nature_of(maker) in (Nature.ZEROS, Nature.CONSTANT) or _is_of_parameter(trace, node):
        return False
    if (
        _is_shifted(trace, root)
        or _is_cut_back(trace, node)
        or _is_exchanged_back(trace, node, meant)
        or is_viewed_back(trace, node)
        or (meant.split is None and _may_hold_one(trace, root, node))
        or not meant.moves_without([size for size in meant.moved if _is_one_by_default(trace, size)])
        or (meant.split is None and _takes_part_of_axis(node))
    ):
        return False
    if all(_is_named(size) or _has_role(trace, root, size) or _is_part(meant, size) for size in meant.moved):
        return True
    return any(is_recurrent_call(user) for user in trace.uses(Ref(node.id))) or _is_for_layer(trace, root, node, meant)


def _is_shifted(trace: Trace, root: Tensor) -> bool:
    """Whether the elements are padded by one, cut anew, and may be cut back: the shift of relative attention."""
    whole = origin_of(trace, root, natures(Nature.VIEW, Nature.SAME, Nature.SELECTION))
    maker = made_by(trace, whole)
    if maker is None or not isinstance(whole, Tensor) or nature_of(maker) not in (Nature.PADDING, Nature.JOIN):
        return False
    return any(_is_sum(trace.resolve(axis.dim)) for axis in whole.axes)


def _is_cut_back(trace: Trace, node: Node) -> bool:
    """Whether a tensor is cut anew, a slice of that is taken, and this is cut to the first sizes again, but for one.

    That is the shift of relative attention in another form: the axes are exchanged twice by views, and each row has
    moved by what the slice left out. Both views are part of it.
    """
    return any(_restores(trace, node, last) for last in _views_of_slices(trace, node)) or any(
        _restores(trace, first, node) for first in _sliced_views_above(trace, node)
    )


def _views_of_slices(trace: Trace, node: Node) -> Iterator[Node]:
    for piece in trace.uses(Ref(node.id)):
        if nature_of(piece) is Nature.SELECTION:
            yield from (user for user in trace.uses(Ref(piece.id)) if view_base(user) is not None)


def _sliced_views_above(trace: Trace, node: Node) -> Iterator[Node]:
    piece = made_by(trace, view_base(node))
    first = next(iter(tensor_inputs(piece)), None) if piece and nature_of(piece) is Nature.SELECTION else None
    maker = made_by(trace, first)
    if maker is not None and view_base(maker) is not None:
        yield maker


def _restores(trace: Trace, first: Node, last: Node) -> bool:
    """Whether the last view gives what the first one cut its sizes again, one of them shortened."""
    before, after = view_base(first), last.result
    if before is None or not isinstance(after, Tensor) or before.rank != after.rank:
        return False
    pairs = zip(before.sizes, after.sizes, strict=True)
    other = [(old, new) for old, new in ((trace.resolve(a), trace.resolve(b)) for a, b in pairs) if old != new]
    return len(other) == 1 and (other[0][0] - other[0][1]).is_positive()


def _is_exchanged_back(trace: Trace, node: Node, meant: Rearrangement) -> bool:
    """Whether all that follows is a permutation that puts the axes back: the elements lay in the order of the view.

    What a scan along columns gave is cut as (width, height), and then exchanged to (height, width). It is a scan of
    each sample: axis 0 stays.
    """
    users = trace.uses(Ref(node.id)) if _keeps_first(trace, node, meant) else []
    return bool(users) and all(_puts_back(trace, user, meant) for user in users)


def is_viewed_back(trace: Trace, node: Node) -> bool:
    """Whether another view, before or behind, cuts the first two axes the other way, row by row in between.

    The rows lie in memory as they lay, whatever their two numbers are called in between.
    """
    base, made = view_base(node), node.result
    if base is None or not isinstance(made, Tensor):
        return False
    given, taken = _leading(trace, base), _leading(trace, made)
    forward = (user for one in _rows_behind(trace, made, taken) for user in trace.uses(one))
    backward = (maker for one in _rows_above(trace, base, given) if (maker := made_by(trace, one)) is not None)
    return any(
        (other := view_base(one)) is not None
        and isinstance(one.result, Tensor)
        and (_leading(trace, other), _leading(trace, one.result)) == (taken, given)
        for one in (*forward, *backward)
    )


def _tensors(value: Value) -> list[Tensor]:
    items = value.items if isinstance(value, Tuple) else (value,)
    return [item for item in items if isinstance(item, Tensor)]


def _leading(trace: Trace, value: Tensor) -> list[Dim]:
    return [trace.resolve(size) for size in value.sizes[:2]]


def _rows_behind(trace: Trace, value: Tensor, leading: list[Dim]) -> Iterator[Ref]:
    """A value, and what its rows become one by one: their own sizes may change, not how many there are."""
    waiting = [value.ref] if value.ref is not None else []
    for _ in range(_STEPS):
        if not waiting:
            return
        ref = waiting.pop()
        yield ref
        for user in trace.uses(ref):
            made = _tensors(user.result)
            if nature_of(user) in _BY_ROWS and all(_leading(trace, one) == leading for one in made):
                waiting += {Ref(user.id), *(one.ref for one in made if one.ref is not None)}


def _rows_above(trace: Trace, value: Tensor, leading: list[Dim]) -> Iterator[Tensor]:
    """A value, and what its rows were made of one by one."""
    waiting = [value]
    for _ in range(_STEPS):
        if not waiting:
            return
        one = waiting.pop()
        yield one
        maker = made_by(trace, one)
        if maker is not None and nature_of(maker) in _BY_ROWS:
            given = [other for other in operands_of(maker) if isinstance(other, Tensor)]
            waiting += [other for other in given if _leading(trace, other) == leading]


def _keeps_first(trace: Trace, node: Node, meant: Rearrangement) -> bool:
    made = node.result
    return isinstance(made, Tensor) and trace.resolve(made.sizes[0]) not in meant.moved


def _puts_back(trace: Trace, user: Node, meant: Rearrangement) -> bool:
    made = user.result
    if nature_of(user) is not Nature.PERMUTATION or not isinstance(made, Tensor):
        return False
    left = [size for axis in made.axes if (size := trace.resolve(axis.dim)) in meant.moved]
    return left == list(reversed(meant.moved))


def _may_hold_one(trace: Trace, root: Tensor, node: Node) -> bool:
    """Whether -1 stands for the samples and a computed size that may be 1: what a pooling leaves of (B, C, N)."""
    left = [size for axis in root.axes if (size := trace.resolve(axis.dim)) not in named_sizes(trace, node)]
    is_computed = any(size.constant is None and size.as_symbol is None for size in left)
    return is_computed and len(left) > 1 and _REST in named_sizes(trace, node)


def _takes_part_of_axis(node: Node) -> bool:
    """Whether a size is written as a part of another, `view(b, t // 2, d * 2)`: pairs of steps are meant.

    Only where t happens to be 2 * d has the result the sizes of the tensor in another order.
    """
    return any(map(_divides, view_sizes(node)))


def _divides(size: facts.Expression) -> bool:
    if isinstance(size, facts.Call):  # int(t / 2)
        return any(_divides(given.value) for given in size.arguments)
    return isinstance(size, facts.Binary) and size.operator in ("//", "/")


def _is_one_by_default(trace: Trace, size: Dim) -> bool:
    """Whether an axis has length 1 for all that the project says: `n_heads=1`, and nobody gives another number."""
    name = size.as_symbol
    if name is None or trace.defaults.get(name) != 1:
        return False
    return all(given == 1 for given in values_passed(trace.path, name) if isinstance(given, int))


def _is_of_parameter(trace: Trace, node: Node) -> bool:
    """Whether numbers that the layer learns are cut: in which order they come does not matter to it."""
    cut = trail(trace, node.result, natures(Nature.VIEW, Nature.SAME))
    return any(is_parameter(made) for one in cut if (made := made_by(trace, one)) is not None)


def _has_role(trace: Trace, root: Tensor, size: Dim) -> bool:
    return any(trace.resolve(axis.dim) == size and axis.role is not Role.UNKNOWN for axis in root.axes)


def _is_for_layer(trace: Trace, root: Tensor, node: Node, meant: Rearrangement) -> bool:
    """Whether the channels or classes are among what is moved, and a convolution or a class loss reads them."""
    made = node.result
    channels = trace.resolve(made.sizes[1]) if isinstance(made, Tensor) and made.rank > 1 else None
    if channels not in meant.moved:
        return False
    if feeds_class_loss(trace, Ref(node.id)):
        return _has_role(trace, root, channels)
    last = trace.resolve(root.sizes[-1])
    return last == channels and root.rank >= 3 and feeds_convolution(trace, Ref(node.id))


def _is_part(meant: Rearrangement, size: Dim) -> bool:
    """Whether a number is what an axis is taken apart by, to leave a size that has a name: 2 of 2 * H."""
    return meant.split is not None and meant.split[1] == size and _is_named(meant.split[2])


def _is_named(size: Dim) -> bool:
    return size.constant is None


def _is_sum(size: Dim) -> bool:
    return len(size.terms) > 1
