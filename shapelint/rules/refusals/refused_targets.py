"""SHP908: scores and targets that a loss does not take together."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.reading.sizes.refusals import Reason
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.refusals.telling import told
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP908",
    name="loss-does-not-fit",
    severity=Severity.ERROR,
    summary="scores and targets of a loss do not fit",
    general=True,
    page="""\
## What it does
Finds losses whose scores and targets torch does not take together: other sizes, other numbers of axes.

## Why is this bad
Torch raises at the first step of the training.

## Example
```python
scores = self.fc(output)  # (B, T, C)
loss = F.cross_entropy(scores, target)  # (B, T)
```

## Use instead
```python
scores = self.fc(output)  # (B, T, C)
loss = F.cross_entropy(scores.transpose(1, 2), target)  # (B, T)
```

## Proved by
raises: the loss, on sizes that fit all that comes before it.

## When it stays silent
The sizes are not known to differ, the error rests on a rank that is guessed, or another rule explains it.
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

gru = nn.GRU(6, 8, batch_first=True)
head = nn.Linear(8, 5)
output, _ = gru(torch.randn(4, 10, 6))
target = torch.randint(0, 5, (32,))
loss = F.cross_entropy(head(output[:, -1]), target)  # error: SHP908
""",
        """\
import torch
from torch import nn

criterion = nn.BCELoss()
gru = nn.GRU(6, 8, batch_first=True)
head = nn.Linear(8, 1)
output, _ = gru(torch.randn(4, 10, 6))
probability = torch.sigmoid(head(output[:, -1]))
loss = criterion(probability, torch.rand(4, 2))  # error: SHP908
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

gru = nn.GRU(6, 8, batch_first=True)
head = nn.Linear(8, 5)
output, _ = gru(torch.randn(4, 10, 6))
target = torch.randint(0, 5, (4,))
loss = F.cross_entropy(head(output[:, -1]), target)
""",
        """\
import torch
from torch import nn

criterion = nn.BCELoss()
gru = nn.GRU(6, 8, batch_first=True)
head = nn.Linear(8, 1)
output, _ = gru(torch.randn(4, 10, 6))
probability = torch.sigmoid(head(output[:, -1]))
loss = criterion(probability, torch.rand(4, 1))
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Tagger(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x, tags):
        scores = self.fc(self.lstm(x)[0])
        return F.cross_entropy(scores.transpose(1, 2), tags) + F.cross_entropy(scores.flatten(0, 1), tags.flatten())
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def refused_targets(trace: Trace) -> Iterator[Finding]:
    """Losses that torch refuses."""
    return told(RULE, trace, Reason.LOSS, "give scores and targets in the shapes that the loss documents")
