"""SHP508: `view` used to move the classes to axis 1 for a loss."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.exchanged_views import exchanged_views
from shapelint.reading.uses import feeds_class_loss
from shapelint.rules.base import Rule, check
from shapelint.rules.layout.view_as_permute import exchange_finding
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP508",
    name="classes-moved-by-view",
    severity=Severity.WARNING,
    summary="`scores.view(batch, classes, -1)` cuts (B, T, C) scores anew; it does not move the classes",
    page="""\
## What it does
Finds a `view` or `reshape` of (B, T, C) scores to (B, C, T) in front of a class loss.

## Why is this bad
The loss wants the classes on axis 1, and the shape is right. But a view keeps the order of the elements: what
stands in the column of a step are scores of several steps and classes. The loss falls a little, for no reason
that has to do with the targets.

## Example
```python
scores = self.fc(output)                                     # (B, T, C)
loss = F.cross_entropy(scores.view(batch, self.classes, -1), tags)
```

## Use instead
```python
scores = self.fc(output)
loss = F.cross_entropy(scores.permute(0, 2, 1), tags)
```

## Proved by
provenance: the elements of the view are not those of the permuted scores.

## When it stays silent
The scores had their classes on axis 1 before, and the view merges or splits the axes behind it (images); a view
that does not lead to a loss (SHP112).
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.classes = classes
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, tags):
        output, _ = self.lstm(x)
        scores = self.fc(output)
        return F.cross_entropy(scores.view(x.size(0), self.classes, -1), tags)  # error: SHP508
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 5)
criterion = nn.CrossEntropyLoss()
states, _ = gru(torch.randn(32, 10, 8))
scores = torch.reshape(head(states), (32, 5, 10))  # error: SHP508
loss = criterion(scores, torch.randint(0, 5, (32, 10)))
""",
        """\
import torch
from torch import nn

net = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 5, 1))
criterion = nn.CrossEntropyLoss()
scores = net(torch.rand(2, 3, 12, 12))
flat = scores.reshape(-1, 5)  # error: SHP508
loss = criterion(flat, torch.randint(0, 5, (288,)))
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.classes = classes
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, tags):
        output, _ = self.lstm(x)
        scores = self.fc(output).permute(0, 2, 1)
        return F.cross_entropy(scores.reshape(x.size(0), self.classes, -1), tags)
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Segmenter(nn.Module):
    def __init__(self, channels, hidden, classes):
        super().__init__()
        self.classes = classes
        self.rnn = nn.GRU(channels, hidden, batch_first=True)
        self.conv = nn.Conv2d(hidden, classes, 1)

    def forward(self, image, masks):
        batch, channels, height, width = image.shape
        columns = image.permute(0, 2, 3, 1).reshape(batch * height, width, channels)
        output, _ = self.rnn(columns)
        map = output.view(batch, height, width, -1).permute(0, 3, 1, 2)
        return F.cross_entropy(self.conv(map).view(batch, self.classes, -1), masks)
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 5)
criterion = nn.CrossEntropyLoss()
states, _ = gru(torch.randn(32, 10, 8))
loss = criterion(head(states).view(32 * 10, 5), torch.randint(0, 5, (320,)))
""",
        """\
import torch
from torch import nn

net = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 5, 1))
criterion = nn.CrossEntropyLoss()
scores = net(torch.rand(2, 3, 12, 12))
loss = criterion(scores.permute(0, 2, 3, 1).reshape(-1, 5), torch.randint(0, 5, (288,)))
loss = loss + criterion(scores.view(2, 5, -1), torch.randint(0, 5, (2, 144)))
""",
    ),
)


@check(RULE, at=Nature.VIEW)
def classes_moved_by_view(trace: Trace) -> Iterator[Finding]:
    """Views of a tensor to its own sizes in another order, in front of a class loss."""
    for exchange in exchanged_views(trace):
        if feeds_class_loss(trace, Ref(exchange.node.id)):
            yield exchange_finding(RULE, trace, exchange, "does not move the classes")
