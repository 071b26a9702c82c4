"""SHP912: tensors laid over each other whose rows were repeated or flattened in different orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.claims.rows.same_places import SamePlaces
from shapelint.data import dataclass
from shapelint.finding import Finding, Ref, Severity
from shapelint.ops.nature import LAYS_OUT, Nature
from shapelint.reading.layout.following import Spot, spot_of
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.single_index import ONE
from shapelint.reading.trail import flow_of, made_by, nature_of, operands_of, trail
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Packed, Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP912",
    name="rows-paired-crosswise",
    severity=Severity.WARNING,
    summary="(B * K) rows in one order meet (K * B) rows in the other: `repeat` where `repeat_interleave` is meant",
    page="""\
## What it does
Finds sums, products and joins of two tensors of which one was flattened or repeated from (B, K) and the other from
(K, B) along the same axis.

## Why is this bad
There are equally many rows of both, so nothing raises. `query.repeat(k, 1)` is all queries, k times; the candidates,
flattened from (B, K, D), are all candidates of query 0, then those of query 1. Nearly every query meets the candidates
of another one.

## Example
```python
flat = candidates.reshape(b * k, d)              # candidates: (B, K, D)
pairs = torch.cat([query.repeat(k, 1), flat], dim=1)
```

## Use instead
```python
flat = candidates.reshape(b * k, d)
pairs = torch.cat([query.repeat_interleave(k, dim=0), flat], dim=1)
```

## Proved by
same_places: a row of the result is made of different entries of the two.

## When it stays silent
Both are in one order; B and K are equal, so that all pairs of one set may be meant; how an axis was put together is not
known; they are stacked along a new axis, as the scans of an image along its rows and its columns are.
""",
    bad=(
        """\
import torch
from torch import nn

class Scorer(nn.Module):
    "query: (B, D); candidates: (B, K, D)"

    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Linear(2 * width, 1)

    def forward(self, query, candidates):
        b, k, d = candidates.shape
        flat = candidates.reshape(b * k, d)
        repeated = query.repeat(k, 1)
        return self.mlp(torch.cat([repeated, flat], dim=1)).view(b, k)  # error: SHP912
""",
        """\
import torch
from torch import nn

image, captions = torch.randn(4, 6), torch.randn(4, 5, 6)
code = nn.Linear(6, 6)(image).unsqueeze(0).expand(5, 4, 6).reshape(20, 6)
joint = torch.tanh(code + captions.reshape(20, 6))  # error: SHP912
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Scorer(nn.Module):
    "query: (B, D); candidates: (B, K, D)"

    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Linear(2 * width, 1)

    def forward(self, query, candidates):
        b, k, d = candidates.shape
        flat = candidates.reshape(b * k, d)
        repeated = query.repeat_interleave(k, dim=0)
        return self.mlp(torch.cat([repeated, flat], dim=1)).view(b, k)
""",
        """\
import torch

left, right = torch.randn(4, 6), torch.randn(5, 6)
every = torch.cat([left.repeat_interleave(5, dim=0), right.repeat(4, 1)], dim=1)
print(every.view(4, 5, 12))
""",
        """\
import torch

nodes = torch.randn(4, 6)
every = torch.cat([nodes.repeat_interleave(4, dim=0), nodes.repeat(4, 1)], dim=1)
print(every.view(4, 4, 12))
""",
    ),
)

_LAID_OVER = frozenset((Nature.SUM, Nature.POINTWISE, Nature.COMPARISON, Nature.JOIN))
_ENTRYWISE = LAYS_OUT | {Nature.POINTWISE, Nature.SUM, Nature.DROPOUT, Nature.LINEAR, Nature.EXPANSION}


@dataclass(frozen=True, slots=True)
class _Side:
    """One of two tensors, and the earliest value in which the entries of size `count` have an axis of their own."""

    value: Tensor
    spot: Spot


@check(RULE, at=_LAID_OVER)
def rows_paired_crosswise(trace: Trace) -> Iterator[Finding]:
    """Tensors laid over or beside each other along an axis that was merged from the same two sizes, in both orders."""
    for node in trace.nodes:
        given = operands_of(node)
        if nature_of(node) not in _LAID_OVER or len(given) < 2 or node.error is not None or _keeps_apart(node, given):
            continue
        first, second = given[0], given[1]
        if _are_merged(first) and _are_merged(second):
            assert isinstance(first, Tensor)
            assert isinstance(second, Tensor)
            yield from _met(trace, node, first, second)


def _keeps_apart(node: Node, given: Sequence[Tensor | Packed]) -> bool:
    """Whether each operand is an entry of a new axis, as in a stack of several scans of an image: no rows meet yet."""
    made = node.result
    has_new = isinstance(made, Tensor) and isinstance(given[0], Tensor) and made.rank > given[0].rank
    return has_new and nature_of(node) is Nature.JOIN


def _are_merged(value: Tensor | Packed) -> bool:
    """Whether an axis of a value is told to be two that were merged."""
    return isinstance(value, Tensor) and any(len(axis.parts) == 2 for axis in value.axes)


def _met(trace: Trace, node: Node, first: Tensor, second: Tensor) -> Iterator[Finding]:
    made = node.result
    flow = flow_of(trace, Ref(node.id)) if isinstance(made, Tensor) else None
    for place, sources in enumerate(flow.axes if flow is not None else ()):
        axes = {source.operand: source.axis for source in sources}
        if not {0, 1} <= axes.keys() or len(sources) != len(axes):
            continue
        orders = [_order(trace, value, axes[number]) for number, value in enumerate((first, second))]
        if orders[0] == orders[1][::-1] and len(set(orders[0])) == 2 and ONE not in orders[0]:
            sides = _sides(trace, first, second, orders[0])
            if sides is not None:
                yield _finding(trace, node, place, *sides)


def _order(trace: Trace, value: Tensor, axis: int) -> list[Dim]:
    return [trace.resolve(part.dim) for part in value.axes[axis].parts]


def _sides(trace: Trace, first: Tensor, second: Tensor, sizes: list[Dim]) -> tuple[_Side, _Side] | None:
    """Where both have the entries of one of the sizes, before they were put together."""
    for size in sizes:
        spots = [_before(trace, value, size) for value in (first, second)]
        if spots[0] is not None and spots[1] is not None:
            return _Side(first, spots[0]), _Side(second, spots[1])
    return None


def _before(trace: Trace, value: Tensor, size: Dim) -> Spot | None:
    """The next value above in which one axis alone has a size."""
    for one in trail(trace, value, lambda trace, node: nature_of(node) in _ENTRYWISE):
        if isinstance(one, Tensor) and (sizes := [trace.resolve(axis) for axis in one.sizes]).count(size) == 1:
            return spot_of(one, sizes.index(size))
    return None


def _finding(trace: Trace, node: Node, place: int, first: _Side, second: _Side) -> Finding:
    paired = "rows of different samples" if place == 0 else "entries that do not belong together"
    makers = [made_by(trace, side.value) for side in (first, second)]
    claim = SamePlaces(
        Ref(node.id), first.spot.ref, first.spot.axis, second.spot.ref, second.spot.axis, target_axis=place
    )
    return report(
        RULE,
        trace,
        node,
        f"`{quote(trace, node.span)}` pairs {paired}: they lie in different orders along axis {place}",
        claims=[claim],
        shapes=[("one", first.value), ("other", second.value)],
        related=[place_of(maker, "its rows are put in order here") for maker in makers if maker is not None],
        help="use `repeat_interleave` where `repeat` is, or transpose before one of them is flattened",
    )
