"""SHP919: a forward that divides by the spread or the norm of the whole batch."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import HANDS_ON, Nature
from shapelint.reading.layout.samples import Samples, samples_of
from shapelint.reading.operations import divides
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.sizes.around import recurrent_above
from shapelint.reading.trail import made_by, nature_of, natures, trail
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP919",
    name="statistics-of-the-whole-batch",
    severity=Severity.WARNING,
    summary="`(x - x.mean()) / x.std()` in a forward: what a sample becomes depends on the rest of the batch",
    page="""\
## What it does
Finds divisions by `x.std()`, `x.norm()` and the like of a whole batch, in a `forward` whose input is known to hold
samples along an axis.

## Why is this bad
Without a `dim` the mean and the spread are of all samples together. A sample is scaled otherwise in another batch, and
alone otherwise than in training: the model gives other answers for the same input. A BatchNorm does that on purpose,
in training only, and remembers its statistics.

## Example
```python
return (x - x.mean()) / (x.std() + self.eps)           # x: (B, C, H, W)
```

## Use instead
```python
axes = (1, 2, 3)
return (x - x.mean(axes, keepdim=True)) / (x.std(axes, keepdim=True) + self.eps)
```

## Proved by
batch_independence: what a sample becomes depends on other samples.

## When it stays silent
Nothing says for certain which axis holds the samples; it is done outside of a `forward`, where data may be prepared so;
a vector of one number for each sample (advantages); a division by the largest entry, as for quantisation.
""",
    bad=(
        """\
import torch
from torch import nn

class Standardized(nn.Module):
    "x: (B, C, H, W)"

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        x = (x - x.mean()) / (x.std() + 1e-5)  # error: SHP919
        return self.conv(x)
""",
        """\
import torch
from torch import nn

class Embedder(nn.Module):
    "x: (batch, features)"

    def __init__(self, features):
        super().__init__()
        self.fc = nn.Linear(features, 32)

    def forward(self, x):
        embedded = self.fc(x)
        return embedded / embedded.norm()  # error: SHP919
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Standardized(nn.Module):
    "x: (B, C, H, W)"

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        axes = (1, 2, 3)
        x = (x - x.mean(axes, keepdim=True)) / (x.std(axes, keepdim=True) + 1e-5)
        return self.conv(x)
""",
        """\
import torch
from torch import nn

images = torch.rand(64, 3, 10, 10)  # (B, C, H, W)
images = (images - images.mean()) / images.std()
print(nn.Conv2d(3, 8, 3)(images).shape)
""",
        """\
import torch
from torch import nn

class Rounded(nn.Module):
    "x: (batch, features)"

    def __init__(self, features):
        super().__init__()
        self.fc = nn.Linear(features, 32)
        self.weight = nn.Parameter(torch.randn(features, 32))

    def forward(self, x):
        scale = x.abs().max() / 127
        return self.fc(torch.round(x / scale)) + x @ (self.weight / self.weight.norm())
""",
    ),
)

_ENTRYWISE = HANDS_ON | {Nature.POINTWISE, Nature.SUM, Nature.BOUND}


@check(RULE, at=Nature.POINTWISE)
def statistics_of_batch(trace: Trace) -> Iterator[Finding]:
    """Divisions of a batch by one number that is computed from all of it."""
    for node in trace.nodes:
        given = [value for value in node.args if isinstance(value, Tensor)]
        if len(given) != 2 or not divides(node) or node.error is not None or not _is_of_forward(trace, node):
            continue
        batch, number = given
        statistic = _statistic(trace, number) if batch.rank > 1 and not number.rank else None
        if statistic is None or not _share(trace, batch, statistic) or recurrent_above(trace, batch) is not None:
            continue
        samples = samples_of(trace, batch)
        if samples is not None:
            yield _finding(trace, node, statistic, samples)


def _is_of_forward(trace: Trace, node: Node) -> bool:
    """Whether a node is computed by a module's `forward`."""
    inside = node.frames[-1].function if node.frames else trace.entry
    return inside.rpartition(".")[2] == "forward"


def _statistic(trace: Trace, number: Tensor) -> Node | None:
    """The reduction to one number that a divisor is, or is computed from."""
    *_, source = trail(trace, number, natures(_ENTRYWISE))
    made = made_by(trace, source)
    return made if made is not None and nature_of(made) is Nature.REDUCTION else None


def _share(trace: Trace, batch: Tensor, statistic: Node) -> bool:
    """Whether a batch and a statistic are of the same value."""
    reduced = next((value for value in statistic.args if isinstance(value, Tensor)), None)
    if reduced is None:
        return False
    ours, theirs = ({one.ref for one in trail(trace, value, natures(_ENTRYWISE))} for value in (batch, reduced))
    return not ours.isdisjoint(theirs)


def _finding(trace: Trace, node: Node, statistic: Node, samples: Samples) -> Finding:
    whole = quote(trace, node.span)
    return report(
        RULE,
        trace,
        node,
        f"`{whole}` divides by a number of all samples together: {samples.in_words}",
        claims=samples.mix(Ref(node.id)),
        shapes=[(whole, node.result)],
        related=[place_of(statistic, "this is of the whole batch"), *samples.places],
        help="reduce all axes but the batch, with `keepdim=True`",
        confidence=Confidence.MEDIUM,
    )
