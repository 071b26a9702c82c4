"""SHP907: arguments that torch refuses, of layers and operations."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.reading.sizes.refusals import Reason
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.refusals.telling import told
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP907",
    name="refused-argument",
    severity=Severity.ERROR,
    summary="an argument that torch refuses",
    general=True,
    page="""\
## What it does
Finds arguments that a layer or an operation does not take: channels that groups do not divide, features that heads
do not divide, a padding larger than half a pooling window, an axis named twice.

## Why is this bad
Torch raises.

## Example
```python
self.attention = nn.MultiheadAttention(100, num_heads=8)
```

## Use instead
```python
self.attention = nn.MultiheadAttention(104, num_heads=8)
```

## Proved by
raises: the construction or the call.

## When it stays silent
The sizes are not known to differ, the error rests on a rank that is guessed, or another rule explains it.
""",
    bad=(
        """\
import torch
from torch import nn

class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 100, batch_first=True)
        self.attention = nn.MultiheadAttention(100, num_heads=8, batch_first=True)  # error: SHP907

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.attention(output, output, output)[0]
""",
        """\
import torch
from torch import nn

gru = nn.GRU(6, 8, batch_first=True)
conv = nn.Conv1d(8, 16, kernel_size=3, groups=3)  # error: SHP907
output, _ = gru(torch.randn(4, 10, 6))
print(conv(output.transpose(1, 2)).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 104, batch_first=True)
        self.attention = nn.MultiheadAttention(104, num_heads=8, batch_first=True)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.attention(output, output, output)[0]
""",
        """\
import torch
from torch import nn

gru = nn.GRU(6, 8, batch_first=True)
conv = nn.Conv1d(8, 16, kernel_size=3, groups=4)
output, _ = gru(torch.randn(4, 10, 6))
print(conv(output.transpose(1, 2)).shape)
""",
        """\
import torch
from torch import nn

class Pooled(nn.Module):
    def __init__(self, features, hidden, heads):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.attention = nn.MultiheadAttention(hidden, heads, batch_first=True)
        self.pool = nn.MaxPool1d(3, stride=1, padding=1)

    def forward(self, x):
        output, _ = self.lstm(x)
        mixed, _ = self.attention(output, output, output)
        return self.pool(mixed.transpose(1, 2))
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def refused_arguments(trace: Trace) -> Iterator[Finding]:
    """Arguments that torch refuses."""
    return told(RULE, trace, Reason.ARGUMENT, "give a value that torch takes")
