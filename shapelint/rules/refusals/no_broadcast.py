"""SHP902: sizes that are laid over each other and do not broadcast."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.reading.sizes.refusals import Reason
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.refusals.telling import told
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP902",
    name="sizes-do-not-broadcast",
    severity=Severity.ERROR,
    summary="two sizes that are laid over each other are neither equal nor 1",
    general=True,
    page="""\
## What it does
Finds arithmetic, masks, assignments and `expand` on tensors whose sizes, aligned at the last axis, are neither equal
nor 1.

## Why is this bad
Torch raises. Often an axis of length 1 is missing: (B, H) is laid over (B, T, H) at H and T, not at B.

## Example
```python
output, h_n = self.gru(x)
return output + h_n[-1]
```

## Use instead
```python
output, h_n = self.gru(x)
return output + h_n[-1].unsqueeze(1)
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
both = output + h_n[-1]  # error: SHP902
""",
        """\
import torch
from torch import nn

class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(6, 8, batch_first=True)
        self.gate = nn.Parameter(torch.ones(16))

    def forward(self, x):
        output, _ = self.gru(x)
        return output * self.gate  # error: SHP902
""",
    ),
    good=(
        """\
import torch
from torch import nn

gru = nn.GRU(6, 8, batch_first=True)
output, h_n = gru(torch.randn(4, 10, 6))
both = output + h_n[-1].unsqueeze(1)
""",
        """\
import torch
from torch import nn

class Masked(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.gru = nn.GRU(6, hidden, batch_first=True)
        self.gate = nn.Parameter(torch.ones(hidden))

    def forward(self, x, bias):
        output, _ = self.gru(x)
        return output * self.gate + bias
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(6, 8, batch_first=True)
output, _ = lstm(torch.randn(4, 10, 6))
mask = torch.ones(4, 10, 1)
scale = torch.linspace(0, 1, 10).view(10, 1)
print((output * mask * scale).sum(dim=1))
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def no_broadcast(trace: Trace) -> Iterator[Finding]:
    """Tensors that do not broadcast against each other."""
    return told(RULE, trace, Reason.BROADCAST, "where an axis is missing, `unsqueeze` puts one of length 1 there")
