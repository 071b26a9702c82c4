"""einops: rearrange, reduce, repeat and their layers are recorded as the torch operations that they mean.

So the roles of the axes follow as they do elsewhere, and a replay needs no einops. The steps are those of
einops itself: axes are split, reduced, brought into order, added and merged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapelint.infer.apply import apply
from shapelint.infer.evidence import note_pattern
from shapelint.infer.known.table import external
from shapelint.infer.plan import Demand
from shapelint.infer.protocol import Site
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Partial
from shapelint.notation.einops_patterns import Group, Pattern, parse_pattern, spread
from shapelint.ops import registry
from shapelint.shapes.value import External, Int, List, Str, Tensor, Tuple, Unknown, Value, integer
from shapelint.syntax import facts

Arguments = tuple[Value, ...]
Sizes = Mapping[str, Value]

_REMAINING = integer(-1)
_REDUCTIONS = {"mean": "mean", "sum": "sum", "max": "amax", "min": "amin"}


@external("einops.rearrange", "einops.repeat", "einops.reduce")
def apply_pattern(run: Run, site: Site) -> Value:
    """`rearrange(x, pattern, **sizes)`, and `reduce(x, pattern, reduction, **sizes)`."""
    given = {**dict(zip(("tensor", "pattern", "reduction"), site.args, strict=False)), **site.kwargs}
    tensor, text, reduction = (given.pop(name, None) for name in ("tensor", "pattern", "reduction"))
    steps = _Steps(run, site.node, given)
    pattern = parse_pattern(text.value) if isinstance(text, Str) and "**" not in given else None
    if pattern is None or tensor is None:
        return steps.unknown
    if isinstance(tensor, List | Tuple):
        tensor = steps.do("torch.stack", tensor)
    if isinstance(tensor, Unknown) and pattern.rank is not None:
        run.path.demand(tensor, Demand(pattern.rank, "pattern"))
    if isinstance(tensor, Tensor) and pattern.rank not in (None, tensor.rank):
        return steps.of_rank(tensor, pattern.rank or 0)
    known = spread(pattern, tensor.rank) if isinstance(tensor, Tensor) else None
    if known is None or not isinstance(tensor, Tensor):
        return steps.unknown
    note_pattern(run, known.left, tensor.axes, site.node.span)
    return steps.follow(known, tensor, reduction.value if isinstance(reduction, Str) else "")


@external("einops.layers.torch.Rearrange", "einops.layers.torch.Reduce")
def pattern_layer(run: Run, site: Site) -> Value:
    """A layer is its function with the pattern bound."""
    return Partial(
        External("einops.reduce"), (), {**dict(zip(("pattern", "reduction"), site.args, strict=False)), **site.kwargs}
    )


class _Steps:
    """The torch operations of one call, each applied to the result of the one before."""

    def __init__(self, run: Run, node: facts.Expression, sizes: Sizes) -> None:
        self.run = run
        self.sizes = sizes
        self.unknown = Unknown(run.key_of(node), "a pattern that is not known, or not obeyed")
        # no argument of the call is an argument of these operations: what edits them finds no call
        self.expression = facts.Opaque(node.span, run.recorder.home.text(node.span), "a pattern")

    def do(self, name: str, *args: Value) -> Value:
        """Apply one operation."""
        if any(isinstance(value, Unknown) for value in args):
            return self.unknown
        return apply(self.run, registry.OPS[name], args, {}, self.expression)

    def of_rank(self, tensor: Tensor, rank: int) -> Value:
        """What torch refuses as einops does: a tensor that has not as many axes as the pattern names."""
        return self.do("torch.Tensor.permute", tensor, *map(integer, range(rank)))

    def follow(self, pattern: Pattern, tensor: Tensor, reduction: str) -> Value:
        """The tensor that the pattern makes."""
        before = [name for group in pattern.left for name in group]
        after = [name for group in pattern.right for name in group]
        kept = [name for name in before if name in after]
        value = self._split(tensor, pattern.left)
        if kept != before:
            value = self._reduce(value, [place for place, name in enumerate(before) if name not in kept], reduction)
        order = [kept.index(name) for name in after if name in kept]
        if order != sorted(order):
            value = self.do("torch.Tensor.permute", value, *map(integer, order))
        return self._merge(self._add(value, before, after), pattern.right)

    def _split(self, value: Value, groups: Sequence[Group]) -> Value:
        for place, group in reversed(list(enumerate(groups))):
            if not group:
                value = self._squeeze(value, place)
            elif len(group) > 1:
                sizes = [self.sizes.get(name, _REMAINING) for name in group]
                if sizes.count(_REMAINING) > 1:
                    return self.unknown
                value = self.do("torch.Tensor.unflatten", value, integer(place), Tuple(tuple(sizes)))
        return value

    def _squeeze(self, value: Value, place: int) -> Value:
        squeezed = self.do("torch.Tensor.squeeze", value, integer(place))
        has_gone = isinstance(squeezed, Tensor) and isinstance(value, Tensor) and squeezed.rank < value.rank
        return squeezed if has_gone else self.unknown

    def _reduce(self, value: Value, places: Sequence[int], reduction: str) -> Value:
        if reduction in _REDUCTIONS:
            return self.do(f"torch.Tensor.{_REDUCTIONS[reduction]}", value, Tuple(tuple(map(integer, places))))
        for place in reversed(places):
            value = self.do("torch.Tensor.prod", value, integer(place)) if reduction == "prod" else self.unknown
        return value

    def _add(self, value: Value, before: Sequence[str], after: Sequence[str]) -> Value:
        """Put in the axes that only the right side has, and repeat along them."""
        if any(name not in before and name not in self.sizes and not name.isdigit() for name in after):
            rank = value.rank if isinstance(value, Tensor) else 0
            # einops refuses an axis without a size, and torch a new one that is as long as it was
            return self.do("torch.Tensor.expand", value, *[_REMAINING] * (rank + 1))
        sizes = [_REMAINING if name in before else self._size(name) for name in after]
        if self.unknown in sizes:
            return self.unknown
        added = [place for place, size in enumerate(sizes) if size != _REMAINING]
        for place in added:
            value = self.do("torch.Tensor.unsqueeze", value, integer(place))
        return self.do("torch.Tensor.expand", value, *sizes) if added else value

    def _size(self, name: str) -> Value:
        given = integer(int(name)) if name.isdigit() else self.sizes.get(name, self.unknown)
        return Int(given.dim) if isinstance(given, Unknown) and given is not self.unknown else given

    def _merge(self, value: Value, groups: Sequence[Group]) -> Value:
        for place, group in enumerate(groups):
            if not group:
                value = self.do("torch.Tensor.unsqueeze", value, integer(place))
            elif len(group) > 1:
                value = self.do("torch.Tensor.flatten", value, integer(place), integer(place + len(group) - 1))
        return value
