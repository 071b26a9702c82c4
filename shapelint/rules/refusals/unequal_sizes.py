"""SHP901: two sizes that must be equal and are not."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.reading.sizes.refusals import Reason
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.refusals.telling import told
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP901",
    name="sizes-differ",
    severity=Severity.ERROR,
    summary="two sizes that must be equal are not",
    general=True,
    page="""\
## What it does
Finds layers and operations that get another size than they are built for: Linear and norm features, the channels
of a convolution, the inner sizes of a matrix product, windows that are larger than what they slide over.

## Why is this bad
Torch raises, often only when the line first runs.

## Example
```python
self.conv = nn.Conv2d(3, 16, 3, padding=1)
self.norm = nn.BatchNorm2d(32)
...
return self.norm(self.conv(x))
```

## Use instead
```python
self.conv = nn.Conv2d(3, 16, 3, padding=1)
self.norm = nn.BatchNorm2d(16)
...
return self.norm(self.conv(x))
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

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(32)
        self.lstm = nn.LSTM(16, 8, batch_first=True)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))  # error: SHP901
        return self.lstm(x.flatten(2).transpose(1, 2))[0]
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(6, 128, batch_first=True)
head = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(32, 2))
output, _ = lstm(torch.randn(8, 20, 6))
scores = head(output[:, -1])  # error: SHP901
""",
        """\
import torch
from torch import nn

class Scores(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.rnn = nn.GRU(features, 8, batch_first=True)
        self.weight = nn.Parameter(torch.randn(16, 4))

    def forward(self, x):
        output, _ = self.rnn(x)
        return torch.relu(output) @ self.weight  # error: SHP901
""",
        """import torch
from torch import nn

class Attention(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.score = nn.Linear(hidden, 1)

    def forward(self, x):
        output, _ = self.gru(x)
        weights = torch.softmax(self.score(output), dim=1)
        return torch.bmm(output, weights.transpose(1, 2))  # error: SHP901
""",
    ),
    good=(
        """\
import torch
from torch import nn

class OneWide(nn.Module):
    def __init__(self, features, hidden=1):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, scale):
        return self.gru(x)[0] @ scale.view(1, 5)
""",
        """\
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.lstm = nn.LSTM(width, 8, batch_first=True)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        return self.lstm(x.flatten(2).transpose(1, 2))[0]
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(6, 128, batch_first=True)
head = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 2))
output, _ = lstm(torch.randn(8, 20, 6))
scores = head(output[:, -1])
""",
        """\
import torch
from torch import nn

class Autoencoder(nn.Module):
    def __init__(self, features, hidden, code):
        super().__init__()
        self.encoder = nn.LSTM(features, hidden, batch_first=True)
        self.down = nn.Linear(hidden, code)
        self.up = nn.Linear(code, hidden)
        self.decoder = nn.LSTM(hidden, features, batch_first=True)

    def forward(self, x):
        output, _ = self.encoder(x)
        return self.decoder(self.up(self.down(output)))[0]
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def unequal_sizes(trace: Trace) -> Iterator[Finding]:
    """Operations that get another size than they take."""
    return told(RULE, trace, Reason.SIZES, "build the layer for what it gets, or mend what makes it")
