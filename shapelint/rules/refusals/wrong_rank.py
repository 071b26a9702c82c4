"""SHP905: a tensor with more or fewer axes than an operation takes."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.reading.sizes.refusals import Reason
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.refusals.telling import told
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP905",
    name="wrong-number-of-axes",
    severity=Severity.ERROR,
    summary="an operation gets more or fewer axes than it takes",
    general=True,
    page="""\
## What it does
Finds layers and operations that get a tensor with more or fewer axes than they take: `bmm` of matrices, a
convolution of vectors, `permute` with too few dimensions, too many indices.

## Why is this bad
Torch raises.

## Example
```python
scores = torch.bmm(output, h_n[-1])  # (B, T, H) and (B, H)
```

## Use instead
```python
scores = torch.bmm(output, h_n[-1].unsqueeze(2))
```

## Proved by
raises: the operation, on sizes that fit all that comes before it.

## When it stays silent
The sizes are not known to differ, the error rests on a rank that is guessed, or another rule explains it.
""",
    bad=(
        """\
import torch
from torch import nn

gru = nn.GRU(6, 8, batch_first=True)
output, h_n = gru(torch.randn(4, 10, 6))
scores = torch.bmm(output, h_n[-1])  # error: SHP905
""",
        """\
import torch
from torch import nn

class Last(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        batch, steps, _ = x.shape
        output, _ = self.lstm(x)
        return output[:, -1].permute(0, 2, 1)  # error: SHP905
""",
        """\
from torch import nn

class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(784, 512)
        self.norm = nn.BatchNorm2d(512)

    def forward(self, image):
        return self.norm(self.fc(self.flatten(image)))  # error: SHP905
""",
    ),
    good=(
        """\
from torch import nn

class Discriminator(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.fc = nn.Linear(784, 512)
        self.norm = nn.BatchNorm1d(512)
        self.maps = nn.BatchNorm2d(16)

    def forward(self, image):
        maps = self.backbone(image)
        return self.norm(self.fc(maps.flatten(1))), self.maps(maps.flatten(0, 1).unflatten(0, (-1, 16)))
""",
        """\
import torch
from torch import nn

gru = nn.GRU(6, 8, batch_first=True)
output, h_n = gru(torch.randn(4, 10, 6))
scores = torch.bmm(output, h_n[-1].unsqueeze(2))
""",
        """\
import torch
from torch import nn

class All(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        batch, steps, _ = x.shape
        output, _ = self.lstm(x)
        return output.permute(0, 2, 1)
""",
        """\
import torch
from torch import nn

class Pooled(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.conv = nn.Conv1d(width, hidden, 3)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, ids):
        x = self.embedding(ids).permute(0, 2, 1)
        return self.gru(self.conv(x).permute(0, 2, 1))[1].squeeze(0)
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def wrong_rank(trace: Trace) -> Iterator[Finding]:
    """Operations that get more or fewer axes than they take."""
    return told(RULE, trace, Reason.RANK, "look at what the tensor has lost, or keeps too many of, on its way: an axis")
