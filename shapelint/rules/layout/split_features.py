"""SHP122: the output of a bidirectional layer split so that each part mixes the directions."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.provenance import Provenance
from shapelint.finding import Claim, Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.views import is_view
from shapelint.reading.operations import is_subscript
from shapelint.reading.quoting import construction_place, quote, text_of
from shapelint.reading.recurrent import Sequence, sequence_of
from shapelint.reading.single_index import FIRST, ONE, index_parts, is_full
from shapelint.reading.trail import nature_of
from shapelint.reading.written import exchanged, insertion, view_sizes
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Int, NoneValue, SliceValue, Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

TWO = Dim.of(2)

RULE = Rule(
    code="SHP122",
    name="directions-interleaved",
    severity=Severity.WARNING,
    summary="`output.view(..., hidden, 2)` and `output[..., ::2]` mix the directions: each has its own half",
    page="""\
## What it does
Finds the features of a bidirectional output split as if the directions alternated: a view to (..., hidden, 2), or
every second feature, `output[..., ::2]`.

## Why is this bad
The features of a bidirectional output are the forward direction's, and then the backward direction's. They come
apart as (..., 2, hidden), or as `output[..., :hidden]` and `output[..., hidden:]`. Every second feature is half of
the one direction and half of the other.

## Example
```python
output, _ = self.gru(x)                                   # bidirectional=True
forward = output.view(batch, steps, hidden, 2)[..., 0]
```

## Use instead
```python
output, _ = self.gru(x)
forward = output.view(batch, steps, 2, hidden)[:, :, 0]
```

## Proved by
provenance: the entries are not those of the two halves.

## When it stays silent
The view is to (..., 2, hidden); the pairs are compared by a maximum (maxout), where any pairs do; hidden_size is 2.
""",
    bad=(
        """\
import torch
from torch import nn

class Forward(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        output, _ = self.gru(x)
        parts = output.view(x.size(0), x.size(1), self.hidden, 2)  # error: SHP122
        return self.fc(parts[..., 0][:, -1])
""",
        """\
import torch
import torch.nn as nn

lstm = nn.LSTM(3, 5, bidirectional=True)
output, _ = lstm(torch.randn(9, 7, 3))
forward = output[:, :, ::2]  # error: SHP122
backward = output[..., 1::2]  # error: SHP122
""",
        """\
import torch
from torch import nn

class Summed(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.rnn = nn.RNN(features, hidden, bidirectional=True)

    def forward(self, x):
        steps, batch, _ = x.shape
        output, _ = self.rnn(x)
        return output.reshape(steps, batch, -1, 2).sum(dim=-1)  # error: SHP122
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Forward(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        output, _ = self.gru(x)
        parts = output.view(x.size(0), x.size(1), 2, self.hidden)
        return self.fc(parts[:, -1, 0])
""",
        """\
import torch
from torch import nn

class Halves(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, bidirectional=True)

    def forward(self, x):
        output, _ = self.gru(x)
        return output[..., : self.hidden] + output[..., self.hidden :]
""",
        """\
import torch
from torch import nn

class Maxout(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, bidirectional=True)

    def forward(self, x):
        output, _ = self.gru(x)
        return output.view(x.size(0), x.size(1), self.hidden, 2).max(dim=-1)[0]
""",
        """\
import torch
from torch import nn

class EverySecondStep(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)

    def forward(self, x):
        output, _ = self.gru(x)
        return output[:, ::2]
""",
    ),
)


@check(RULE, at=(Nature.SELECTION, Nature.VIEW))
def directions_interleaved(trace: Trace) -> Iterator[Finding]:
    """Views and slices of a bidirectional output that take alternate features for directions."""
    for node in trace.nodes:
        base = node.args[0] if node.args else None
        if node.error is not None or not isinstance(node.result, Tensor) or not isinstance(base, Tensor):
            continue
        start = _alternate_start(node, base) if is_subscript(node) else None
        if start is None and (not is_view(node) or not _ends_in_pairs(trace, node, base)):
            continue
        sequence = sequence_of(trace, base)
        if sequence is None or not _holds_both(trace, base, sequence) or _is_maxout(trace, node):
            continue
        yield _sliced(trace, node, base, sequence, start) if start is not None else _viewed(trace, node, base, sequence)


def _ends_in_pairs(trace: Trace, node: Node, base: Tensor) -> bool:
    """Whether a view cuts the last axis into pairs: (..., F) becomes (..., F/2, 2)."""
    assert isinstance(node.result, Tensor)
    if node.result.rank < 2:
        return False
    half, pair = (trace.resolve(size) for size in node.result.sizes[-2:])
    return pair == TWO and half != TWO and trace.resolve(base.sizes[-1]).divide(TWO) == half


def _alternate_start(node: Node, base: Tensor) -> int | None:
    """Where `[..., ::2]` or `[..., 1::2]` starts on the last axis."""
    *others, last = index_parts(node.args[1], base.rank)
    if len(others) != base.rank - 1 or not all(map(is_full, others)) or not isinstance(last, SliceValue):
        return None
    if last.step != Int(TWO) or not isinstance(last.upper, NoneValue):
        return None
    lower = FIRST if isinstance(last.lower, NoneValue) else getattr(last.lower, "dim", None)
    return lower.constant if lower in (FIRST, ONE) else None


def _holds_both(trace: Trace, base: Tensor, sequence: Sequence) -> bool:
    """Whether the last axis is the features of both directions."""
    last, config = base.axes[-1], sequence.slot.config
    whole = trace.resolve(last.dim) == trace.resolve(config.output_size)
    return config.bidirectional and last.role is Role.FEATURE and whole


def _is_maxout(trace: Trace, node: Node) -> bool:
    return any(nature_of(user) is Nature.EXTREME for user in trace.uses(Ref(node.id)))


def _viewed(trace: Trace, node: Node, base: Tensor, sequence: Sequence) -> Finding:
    order = tuple(range(base.rank + 1))
    claim = Provenance(Ref(node.id), _known(base), (*order[:-2], order[-1], order[-2]), split=(base.rank - 1, 2, -1))
    return _finding(trace, node, sequence, claim, _turned(trace, node))


def _known(base: Tensor) -> Ref:
    assert base.ref is not None
    return base.ref


def _turned(trace: Trace, node: Node) -> Fix | None:
    """Exchange the last two sizes, and the axes after that: what follows reads the axes as before."""
    sizes = view_sizes(node)
    if len(sizes) < 2:
        return None
    description = "split into (2, hidden), and put the directions last: `.transpose(-2, -1)`"
    return Fix(description, (*exchanged(trace, *sizes[-2:]), insertion(node.span, ".transpose(-2, -1)")))


def _sliced(trace: Trace, node: Node, base: Tensor, sequence: Sequence, start: int) -> Finding:
    last, whole = base.rank - 1, tuple(range(base.rank))
    claim = Provenance(Ref(node.id), _known(base), whole, split=(last, 2, -1), select=(last, start))
    return _finding(trace, node, sequence, claim, _half(trace, node, start))


def _half(trace: Trace, node: Node, start: int) -> Fix | None:
    if not isinstance(node.expression, facts.Subscript) or not isinstance(node.expression.index, facts.Sequence):
        return None
    middle = f"{text_of(trace, node.expression.value.span)}.size(-1) // 2"
    edit = Edit(node.expression.index.items[-1].span, f"{middle}:" if start else f":{middle}")
    return Fix(f"take the {'second' if start else 'first'} half of the features", (edit,))


def _finding(trace: Trace, node: Node, sequence: Sequence, claim: Claim, fix: Fix | None) -> Finding:
    name = quote(trace, node.span)
    return report(
        RULE,
        trace,
        node,
        f"`{name}` mixes the directions: the first half of the features is forward, the second half backward",
        claims=[claim],
        shapes=[(name, node.result)],
        related=[construction_place(sequence.slot.layer)],
        help="the directions are `output.view(..., 2, hidden)`, or the two halves of the features",
        fixes=[fix],
    )
