"""SHP909: a column of predictions laid over a row of labels, which gives every pair of them."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.values.has_shape import HasShape
from shapelint.finding import Claim, Finding, Ref, Severity
from shapelint.ops.nature import HANDS_ON, LOSSES, REDUCES, Nature
from shapelint.reading.quoting import quote
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import is_learned
from shapelint.reading.trail import above, nature_of
from shapelint.reading.written import sides_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP909",
    name="every-pair-by-broadcast",
    severity=Severity.WARNING,
    summary="(B, 1) predictions against (B,) values are (B, B): every pair of samples",
    page="""\
## What it does
Finds arithmetic and comparisons of a column (B, 1) that a network predicts and a vector (B,) of as many entries, whose
result is added up or averaged.

## Why is this bad
Torch lays (B, 1) and (B,) over each other and gets (B, B): each prediction meets the label of every sample. The
accuracy, the advantage or the weighted loss that is made of it is a number of the right shape, and it means nothing.

## Example
```python
predicted = model(x) > 0                      # (B, 1)
correct = (predicted == labels).sum()         # labels: (B,)
```

## Use instead
```python
predicted = model(x).squeeze(1) > 0
correct = (predicted == labels).sum()
```

## Proved by
batch_independence: rows of the result depend on the labels of other samples. Of a comparison has_shape: the result
is not (B, 1).

## When it stays silent
The sizes are not known to be equal; the column is made by `unsqueeze` or `view`, as whoever wants all pairs does; the
result is used as a matrix.
""",
    bad=(
        """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 1))
x, labels = torch.randn(32, 20), torch.ones(32)
predicted = (torch.sigmoid(model(x)) > 0.5).float()
correct = (predicted == labels).sum().item()  # error: SHP909
""",
        """\
import torch
from torch import nn

class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.value = nn.Linear(8, 1)

    def forward(self, state, returns):
        return self.value(state)

critic = Critic()
states, returns = torch.randn(64, 8), torch.randn(64)
advantage = returns - critic(states, returns)  # error: SHP909
loss = advantage.pow(2).mean()
""",
    ),
    good=(
        """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 1))
x, labels = torch.randn(32, 20), torch.ones(32)
predicted = (torch.sigmoid(model(x)) > 0.5).float()
correct = (predicted.squeeze(1) == labels).sum().item()
also = (predicted == labels.unsqueeze(1)).sum().item()
""",
        """\
import torch
from torch import nn

model = nn.Linear(20, 1)
scores = model(torch.randn(32, 20)).squeeze(1)
margins = scores.unsqueeze(1) - scores
loss = margins.clamp(min=0).mean()
""",
        """\
import torch
from torch import nn

model = nn.Linear(20, 1)
distances = model(torch.randn(32, 20)) - torch.randn(32)
nearest = distances.argmin(dim=1)
print(nearest[0])
""",
    ),
)

_PAIRS = frozenset((Nature.SUM, Nature.POINTWISE, Nature.COMPARISON))
_ENTRYWISE = HANDS_ON | _PAIRS | {Nature.BOUND}
_DEPTH = 8  #: operations between the pairs and what they are added up to


@check(RULE, at=_PAIRS)
def every_pair(trace: Trace) -> Iterator[Finding]:
    """Columns that a network predicts, laid over vectors."""
    for node in trace.nodes:
        sides = [value for value in node.args if isinstance(value, Tensor)]
        if nature_of(node) not in _PAIRS or len(sides) != 2 or node.error is not None:
            continue
        column, row = sides if sides[0].rank == 2 else sides[::-1]
        if _meet_in_pairs(trace, column, row) and _is_predicted(trace, column) and _is_added_up(trace, node.result):
            yield _finding(trace, node, column, row)


def _meet_in_pairs(trace: Trace, column: Tensor, row: Tensor) -> bool:
    """Whether they are (n, 1) and (n,), of one n that is not 1, and not made of each other."""
    if (column.rank, row.rank) != (2, 1) or column.ref is None or row.ref is None:
        return False
    count, width = (trace.resolve(size) for size in column.sizes)
    if width != ONE or count == ONE or trace.resolve(row.sizes[0]) != count:
        return False
    return column.ref.node not in above(trace, [row])


def _is_predicted(trace: Trace, column: Tensor) -> bool:
    """Whether the column has its one entry from a layer, a reduction or a loss, and not from a view."""
    made = None if column.ref is None else trace.node(column.ref)
    while made is not None and nature_of(made) in _ENTRYWISE:
        parts = [value for value in made.args if isinstance(value, Tensor) and value.rank == 2]
        made = trace.node(parts[0].ref) if parts and parts[0].ref is not None else None
    nature = None if made is None else nature_of(made)
    return (nature is Nature.LINEAR or nature in REDUCES | LOSSES) and is_learned(trace, column)


def _is_added_up(trace: Trace, pairs: Value) -> bool:
    """Whether all that is made of the pairs, entry by entry, is reduced to one number."""
    waiting, reduced = [(pairs, 0)], False
    while waiting:
        value, depth = waiting.pop()
        users = trace.uses(value.ref) if isinstance(value, Tensor) and value.ref is not None else ()
        for user in users:
            nature = nature_of(user)
            if nature in _ENTRYWISE and depth < _DEPTH:
                waiting.append((user.result, depth + 1))
            elif nature in REDUCES and isinstance(user.result, Tensor) and not user.result.rank:
                reduced = True
            else:
                return False
    return reduced


def _finding(trace: Trace, node: Node, column: Tensor, row: Tensor) -> Finding:
    names, pairs = _written(trace, node, column, row), quote(trace, node.span)
    return report(
        RULE,
        trace,
        node,
        f"`{pairs}` has an entry for every pair of samples: `{names[0]}` is a column, `{names[1]}` is not",
        claims=[_claim(node, column, row)],
        shapes=list(zip(names, (column, row), strict=True)),
        help=f"take the axis away with `{names[0]}.squeeze(1)`",
    )


def _claim(node: Node, column: Tensor, row: Tensor) -> Claim:
    """A row meets the entries of other samples; truth values have no derivative, and are told by their number."""
    if nature_of(node) is Nature.COMPARISON or row.ref is None:
        return HasShape(Ref(node.id), column.sizes)
    return BatchIndependence(Ref(node.id), row.ref, batch_axis=0, target_axis=0)


def _written(trace: Trace, node: Node, column: Tensor, row: Tensor) -> tuple[str, str]:
    """How the two operands are written, the column first."""
    sides = [quote(trace, side.span) for side in sides_of(node)] or ["the column", "the vector"]
    is_first = isinstance(node.args[0], Tensor) and node.args[0].rank == 2
    return (sides[0], sides[1]) if is_first else (sides[1], sides[0])
