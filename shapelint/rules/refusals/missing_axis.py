"""SHP906: an axis that the tensor does not have, or an entry beyond its end."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.reading.sizes.refusals import Reason
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.refusals.telling import told
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP906",
    name="no-such-axis",
    severity=Severity.ERROR,
    summary="an axis, or an entry of one, that the tensor does not have",
    general=True,
    page="""\
## What it does
Finds axis numbers that are out of range, and indices beyond the end of an axis.

## Why is this bad
Torch raises.

## Example
```python
_, h_n = nn.GRU(6, 8, num_layers=2)(x)
third = h_n[2]
```

## Use instead
```python
_, h_n = nn.GRU(6, 8, num_layers=2)(x)
last = h_n[-1]
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

gru = nn.GRU(6, 8, num_layers=2, batch_first=True)
output, h_n = gru(torch.randn(4, 10, 6))
third = h_n[2]  # error: SHP906
""",
        """\
import torch
from torch import nn

class Mean(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        batch, steps, _ = x.shape
        output, _ = self.lstm(x)
        return output[:, -1].mean(dim=2)  # error: SHP906
""",
    ),
    good=(
        """\
import torch
from torch import nn

gru = nn.GRU(6, 8, num_layers=2, batch_first=True)
output, h_n = gru(torch.randn(4, 10, 6))
first, last = h_n[0], h_n[-1]
""",
        """\
import torch
from torch import nn

class Mean(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        batch, steps, _ = x.shape
        output, _ = self.lstm(x)
        return output.mean(dim=-1)
""",
        """\
import torch
from torch import nn

class Layers(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.layers = layers
        self.lstm = nn.LSTM(features, hidden, layers)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return torch.cat([h_n[layer] for layer in range(self.layers)], dim=-1)
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def missing_axis(trace: Trace) -> Iterator[Finding]:
    """Axes and entries that are not there."""
    return told(RULE, trace, Reason.AXIS, "axes and entries are counted from 0, or from the end with -1")
