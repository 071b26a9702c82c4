"""SHP914: sequences that are pooled, compared or added up along the batch."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import REDUCES, Nature
from shapelint.reading.layout.intent import pooled_axis
from shapelint.reading.layout.samples import Samples, samples_of
from shapelint.reading.quoting import quote
from shapelint.reading.sizes.around import is_learned, named, recurrent_above
from shapelint.reading.trail import nature_of
from shapelint.reading.uses import confidence_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor, Tuple
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP914",
    name="computed-across-samples",
    severity=Severity.WARNING,
    summary="a mean, a maximum, a cosine similarity or a cumsum along the batch mixes samples",
    page="""\
## What it does
Finds a mean or maximum of (B, T, F) along the batch whose result a layer takes for a row of each sample, a cosine
similarity along the batch of two tensors with features, and cumulative sums of (B, T) along the batch.

## Why is this bad
What belongs to one sample is computed from all of them. The steps that were to be pooled are still there, and stand
where the samples should. With as many steps as samples, or in a broadcast, nothing raises.

## Example
```python
embedded = self.embedding(ids)             # (B, T, E)
return self.fc(embedded.mean(0))
```

## Use instead
```python
embedded = self.embedding(ids)
return self.fc(embedded.mean(1))
```

## Proved by
batch_independence: rows of the result depend on several samples, or there is not one for each.

## When it stays silent
Nothing says for certain that the axis holds the samples; a mean over the batch that no layer reads (a statistic, a
loss).
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, words, width, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.fc = nn.Linear(width, classes)

    def forward(self, ids):
        "ids: (batch, seq_len)"
        embedded = self.embedding(ids)
        return self.fc(embedded.mean(0))  # error: SHP914
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Scorer(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.bag = nn.EmbeddingBag(words, width)
        self.project = nn.Linear(width, width)

    def forward(self, left, right):
        left, right = self.project(self.bag(left)), self.project(self.bag(right))
        return F.cosine_similarity(left, right, dim=0)  # error: SHP914
""",
        """\
import torch

rewards = torch.rand(16, 25)  # (batch, time)
returns = rewards.flip(0).cumsum(0).flip(0)  # error: SHP914
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, words, width, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.fc = nn.Linear(width, classes)

    def forward(self, ids):
        "ids: (batch, seq_len)"
        embedded = self.embedding(ids)
        self.usage = embedded.mean(0).detach()
        return self.fc(embedded.mean(1))
""",
        """\
import torch

rewards = torch.rand(25, 16)  # (time, batch)
returns = rewards.flip(0).cumsum(0).flip(0)
""",
        """\
import torch
from torch import nn

class Set(nn.Module):
    "points: (batch, features)"

    def __init__(self, features, width):
        super().__init__()
        self.encode, self.decode = nn.Linear(features, width), nn.Linear(width, 1)

    def forward(self, points):
        return self.decode(self.encode(points).mean(0))
""",
    ),
)


@check(RULE, at=REDUCES | {Nature.SIMILARITY, Nature.CUMULATION})
def across_samples(trace: Trace) -> Iterator[Finding]:
    """Operations across the samples of values whose axes the evidence tells."""
    for node in trace.nodes:
        nature = nature_of(node)
        if nature not in REDUCES | {Nature.SIMILARITY, Nature.CUMULATION} or node.error is not None:
            continue
        value = next((one for one in node.args if isinstance(one, Tensor)), None)
        axis, made = _axis(node), _made(node)
        if value is None or axis is None or made is None or recurrent_above(trace, value) is not None:
            continue
        samples = samples_of(trace, value) if value.rank > 1 else None
        if samples is not None and samples.axis == axis % value.rank:
            confidence = _confidence(trace, node, value, samples, made)
            if confidence is not None:
                yield _finding(trace, node, value, samples, made, confidence)


def _axis(node: Node) -> int | None:
    """The one axis that an operation runs along."""
    number = node.number("dim")
    return pooled_axis(node) if number is None else number


def _made(node: Node) -> Tensor | None:
    """The result: a maximum along an axis comes with its indices."""
    made = node.result.items[0] if isinstance(node.result, Tuple) and node.result.items else node.result
    return made if isinstance(made, Tensor) and made.ref is not None else None


def _confidence(trace: Trace, node: Node, value: Tensor, samples: Samples, made: Tensor) -> Confidence | None:
    """How sure it is that samples are mixed by mistake; None where it may be meant."""
    roles, nature = samples.roles, nature_of(node)
    if nature is Nature.CUMULATION:
        return Confidence.HIGH if Role.TIME in roles else None
    if nature is Nature.SIMILARITY:
        return Confidence.MEDIUM if Role.FEATURE in roles and is_learned(trace, value) else None
    is_sequence = value.rank == 3 and Role.TIME in roles and nature in (Nature.MEAN, Nature.EXTREME)
    is_read = is_sequence and made.ref is not None and confidence_of(trace, made.ref) is Confidence.HIGH
    return Confidence.HIGH if is_read else None


def _finding(
    trace: Trace, node: Node, value: Tensor, samples: Samples, made: Tensor, confidence: Confidence
) -> Finding:
    name, whole = named(trace, node, 0, "input"), quote(trace, node.span)
    assert made.ref is not None
    return report(
        RULE,
        trace,
        node,
        f"`{whole}` is computed across the samples: `{name}` is {samples.in_words}, and axis {samples.axis} the batch",
        claims=samples.mix(Ref(made.ref.node, made.ref.path), 0),
        shapes=[(name, value), (whole, made)],
        related=samples.places,
        help="name the axis of the steps or of the features",
        confidence=confidence,
    )
