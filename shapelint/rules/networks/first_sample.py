"""SHP918: one sample of the batch is taken, and used for all of them."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.states.independence import Independence
from shapelint.data import dataclass
from shapelint.finding import Claim, Confidence, Finding, Ref, Severity
from shapelint.ops.nature import HANDS_ON, Nature
from shapelint.reading.layout.following import Spot, downward, upward
from shapelint.reading.layout.samples import Samples, samples_of
from shapelint.reading.operations import is_subscript
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.single_index import FIRST, parts_of
from shapelint.reading.sizes.around import recurrent_above
from shapelint.reading.trail import nature_of, operands_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Int, Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP918",
    name="first-sample-for-all",
    severity=Severity.WARNING,
    summary="`x[0]` of a batch is one sample: `x[:, 0]` is an entry of each",
    page="""\
## What it does
Finds a first entry along the batch that is laid over values of all samples: a mask of `ids[0]` for the whole batch,
`h[0, 0]` where `h[:, 0]` is meant.

## Why is this bad
The broadcast makes it fit. Every sample gets the mask, the context or the weight of the first one.

## Example
```python
mask = (ids[0] != 0).unsqueeze(-1)         # ids: (B, T)
return (self.embedding(ids) * mask).sum(1)
```

## Use instead
```python
mask = (ids != 0).unsqueeze(-1)
return (self.embedding(ids) * mask).sum(1)
```

## Proved by
batch_independence: rows of the result depend on the first sample. Where the entry is compared before, independence: the
result depends on what it gives.

## When it stays silent
Nothing says for certain that axis 0 holds the samples; the entry meets no values of other samples.
""",
    bad=(
        """\
import torch
from torch import nn

class Mean(nn.Module):
    "ids: (batch, seq), 0 is padding"

    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)

    def forward(self, ids):
        mask = (ids[0] != 0).float().unsqueeze(-1)  # error: SHP918
        return (self.embedding(ids) * mask).sum(dim=1)
""",
        """\
import torch
from torch import nn

class Labels(nn.Module):
    "tokens: (batch, seq)"

    def __init__(self, words, width, labels):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.layer = nn.TransformerEncoderLayer(width, 4, batch_first=True)
        self.fc = nn.Linear(2 * width, labels)

    def forward(self, tokens):
        states = self.layer(self.embedding(tokens))
        pooled = states.mean(dim=1)
        first = states[0, 0].expand_as(pooled)  # error: SHP918
        return self.fc(torch.cat([pooled, first], dim=1))
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Mean(nn.Module):
    "ids: (batch, seq), 0 is padding"

    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)

    def forward(self, ids):
        print(self.embedding(ids)[0], ids[0])
        mask = (ids != 0).float().unsqueeze(-1)
        return (self.embedding(ids) * mask).sum(dim=1)
""",
        """\
import torch
from torch import nn

class Labels(nn.Module):
    "tokens: (batch, seq)"

    def __init__(self, words, width, labels):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.layer = nn.TransformerEncoderLayer(width, 4, batch_first=True)
        self.fc = nn.Linear(2 * width, labels)

    def forward(self, tokens):
        states = self.layer(self.embedding(tokens))
        return self.fc(torch.cat([states.mean(dim=1), states[:, 0]], dim=1))
""",
        """\
import torch
from torch import nn

class Steps(nn.Module):
    "x: (time, batch, width)"

    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return self.fc(x) + x[0]
""",
    ),
)

_PASSING = HANDS_ON | {Nature.POINTWISE, Nature.SUM, Nature.COMPARISON, Nature.VIEW, Nature.EXPANSION, Nature.LINEAR}
_DEPTH = 6  #: operations between the entry and the values that it is laid over


@dataclass(frozen=True, slots=True)
class _Meeting:
    """The operation `node` lays what is made of one sample over values of all, which lie along `axis` of its result.

    Of a comparison on the way nothing can be differentiated: then `compared` is what is laid over.
    """

    node: Node
    axis: int
    compared: Ref | None


@check(RULE, at=Nature.SELECTION)
def first_sample(trace: Trace) -> Iterator[Finding]:
    """First entries along the batch that meet values of all samples."""
    for node in trace.nodes:
        base = node.args[0] if is_subscript(node) and node.error is None else None
        axis = _of_first(node, base) if isinstance(base, Tensor) else None
        if axis is None or not isinstance(base, Tensor) or recurrent_above(trace, base) is not None:
            continue
        samples = samples_of(trace, base)
        if samples is not None and samples.axis == axis:
            meeting = _meeting(trace, node, Spot(base, base.ref or Ref(node.id), axis))
            if meeting is not None:
                yield _finding(trace, node, samples, meeting)


def _of_first(node: Node, base: Tensor) -> int | None:
    """The axis of which a subscript takes entry 0: axis 0, whatever it takes of the others."""
    part = parts_of(node, base).get(0)
    return 0 if isinstance(part, Int) and part.dim == FIRST else None


def _meeting(trace: Trace, node: Node, spot: Spot) -> _Meeting | None:
    """The operation that lays what is made of an entry over values with all samples."""
    with_samples = {one.ref: one for up in upward(trace, spot) for one in downward(trace, up)}
    waiting = [(Ref(node.id), 0, False)]
    while waiting:
        ref, depth, compared = waiting.pop()
        for user in trace.uses(ref) if depth < _DEPTH else ():
            made = user.result
            if not isinstance(made, Tensor) or made.ref is None or nature_of(user) not in _PASSING:
                continue
            others = [with_samples[one.ref] for one in operands_of(user) if one.ref in with_samples and one.ref != ref]
            if others:
                axis = _at(trace, user, others[0])
                return None if axis is None else _Meeting(user, axis, ref if compared else None)
            waiting.append((made.ref, depth + 1, compared or nature_of(user) is Nature.COMPARISON))
    return None


def _at(trace: Trace, user: Node, other: Spot) -> int | None:
    """Where a result has the samples of an operand, or of what it is made like."""
    made = user.result
    below = [one.axis for one in downward(trace, other) if one.ref == Ref(user.id)]
    if below:
        return below[0]
    size = trace.resolve(other.value.sizes[other.axis])
    sizes = [trace.resolve(one) for one in made.sizes] if isinstance(made, Tensor) else []
    return sizes.index(size) if sizes.count(size) == 1 else None


def _claim(samples: Samples, meeting: _Meeting) -> Claim:
    target = Ref(meeting.node.id)
    if meeting.compared is not None:
        return Independence(target, meeting.compared)
    return BatchIndependence(target, samples.source, samples.source_axis, meeting.axis)


def _finding(trace: Trace, node: Node, samples: Samples, meeting: _Meeting) -> Finding:
    whole = quote(trace, node.span)
    return report(
        RULE,
        trace,
        node,
        f"`{whole}` is the first sample of the batch, and is used for all: axis 0 of {samples.in_words}",
        claims=[_claim(samples, meeting)],
        shapes=[(whole, node.result)],
        related=[place_of(meeting.node, "here it meets the values of all samples"), *samples.places],
        help="take the entry of each sample, or all of it",
        confidence=Confidence.HIGH,
    )
