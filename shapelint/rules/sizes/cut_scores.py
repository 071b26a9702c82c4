"""SHP514: scores of samples and steps in one order, cut in the other."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import samples_mix
from shapelint.reading.layout.exchanged_views import exchanged_views, is_viewed_back
from shapelint.reading.layout.views import is_view
from shapelint.reading.operations import is_method
from shapelint.reading.quoting import construction_place, quote
from shapelint.reading.recurrent import layer_of
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import layer_call_above, named
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import SEQUENCE, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP514",
    name="scores-cut-across-samples",
    severity=Severity.WARNING,
    summary="scores of a time-first sequence reshaped to (B, T) mix the samples",
    page="""\
## What it does
Finds a `view` or `reshape` to (B, T) of scores that lie in the order of (T, B), or the other way round: those
of a time-first layer, or those that were computed for samples and steps merged into one axis.

## Why is this bad
A view keeps the order of the elements. Cut into rows of T, the scores of step 0 of all samples are followed by
those of step 1: each row holds scores of several samples. The shape is the one that was wanted.

## Example
```python
output, _ = self.gru(x)                                       # (T, B, H)
scores = self.score(output.reshape(-1, self.hidden))          # (T * B, 1)
weights = F.softmax(scores.reshape(-1, x.size(0)), dim=1)     # meant as (B, T)
```

## Use instead
```python
output, _ = self.gru(x)
scores = self.score(output)
weights = F.softmax(scores.squeeze(-1).t(), dim=1)
```

## Proved by
batch_independence: a row of the result depends on several samples.

## When it stays silent
The sizes are in the order in which samples and steps were merged; the sequence or the batch has length 1.
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Attentive(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden)
        self.score = nn.Linear(hidden, 1)

    def forward(self, x):
        output, _ = self.gru(x)
        scores = self.score(output.reshape(-1, self.hidden))
        weights = F.softmax(scores.reshape(-1, x.size(0)), dim=1)  # error: SHP514
        return (output.permute(1, 0, 2) * weights.unsqueeze(-1)).sum(1)
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(8, 16)
score = nn.Linear(16, 1)
output, _ = lstm(torch.randn(10, 32, 8))
weights = score(output).view(32, 10).softmax(1)  # error: SHP514
""",
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        batch, steps, _ = x.shape
        output, _ = self.gru(x)
        scores = self.fc(output.flatten(0, 1))
        return scores.view(steps, batch, -1)  # error: SHP514
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Attentive(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.score = nn.Linear(hidden, 1)

    def forward(self, x):
        output, _ = self.gru(x)
        scores = self.score(output.reshape(-1, self.hidden))
        weights = F.softmax(scores.reshape(-1, x.size(1)), dim=1)
        return (output * weights.unsqueeze(-1)).sum(1)
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(8, 16)
score = nn.Linear(16, 1)
output, _ = lstm(torch.randn(10, 32, 8))
weights = score(output.transpose(0, 1)).view(32, 10).softmax(1)
""",
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, sentence):
        output, _ = self.gru(sentence.view(len(sentence), 1, -1))
        scores = self.fc(output.view(len(sentence), -1))
        return scores.view(1, len(sentence), -1)
""",
    ),
)


@check(RULE, at=Nature.VIEW)
def scores_cut_across_samples(trace: Trace) -> Iterator[Finding]:
    """Views that cut samples and steps, which lie in one order, in the other order."""
    told = {exchange.node.id for exchange in exchanged_views(trace)}
    for node in trace.nodes:
        value = node.args[0] if node.args else node.kwargs.get("input")
        if not is_view(node) or node.error is not None or node.id in told or not isinstance(value, Tensor):
            continue
        place = _exchanged_batch(trace, value, node.result)
        if place is not None and not is_viewed_back(trace, node):
            yield from _finding(trace, node, value, place)


def _exchanged_batch(trace: Trace, value: Tensor, result: object) -> int | None:
    """Where a view puts the samples, if it exchanges them with the steps."""
    if not isinstance(result, Tensor):
        return None
    parts = [part for axis in value.axes for part in (axis.parts or (axis,)) if trace.resolve(part.dim) != ONE]
    before = [trace.resolve(part.dim) for part in parts]
    after = [trace.resolve(size) for size in result.sizes]
    left = [size for size in after if size != ONE]
    roles = [part.role for part in parts]
    if len(set(before)) != len(before) or sorted(map(str, before)) != sorted(map(str, left)) or before == left:
        return None
    if roles.count(Role.BATCH) != 1 or roles.count(Role.TIME) != 1:
        return None
    batch, time = (before[roles.index(role)] for role in (Role.BATCH, Role.TIME))
    return after.index(batch) if _is_ahead(before, batch, time) != _is_ahead(left, batch, time) else None


def _is_ahead(sizes: list[Dim], one: Dim, other: Dim) -> bool:
    return sizes.index(one) < sizes.index(other)


def _finding(trace: Trace, node: Node, value: Tensor, place: int) -> Iterator[Finding]:
    call = layer_call_above(trace, value)
    if call is None:
        return
    whole, name = quote(trace, node.span), named(trace, node, 0, "input")
    first = next(part.role for axis in value.axes for part in (axis.parts or (axis,)) if part.role in SEQUENCE)
    yield report(
        RULE,
        trace,
        node,
        f"`{whole}` mixes samples: `{name}` holds its scores {first.value}-first, and a view keeps their order",
        claims=samples_mix(trace, call, Ref(node.id), place),
        shapes=[(name, value), (whole, node.result)],
        related=[construction_place(layer_of(call))],
        help="cut it in the order in which it lies, and exchange the axes with `.transpose(0, 1)`",
        fixes=[_cut_in_order(trace, node)],
    )


def _cut_in_order(trace: Trace, node: Node) -> Fix | None:
    """`scores.view(batch, steps)` becomes `scores.view(steps, batch).transpose(0, 1)`."""
    call = node.expression
    if not isinstance(call, facts.Call) or node.path != trace.path or not is_method(node):
        return None
    sizes = [given for given in call.arguments if given.keyword is None and not given.star]
    if len(sizes) != len(call.arguments) or len(sizes) not in (2, 3):
        return None
    first, second = (quote(trace, given.value.span) for given in sizes[:2])
    close = call.close_paren
    edits = [Edit(sizes[0].value.span, second), Edit(sizes[1].value.span, first)]
    end = Span(close.line, close.column + 1, close.line, close.column + 1)
    return Fix("cut it in its own order, and exchange the axes", (*edits, Edit(end, ".transpose(0, 1)")))
