"""SHP904: tensors of unequal sizes that are joined."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.reading.sizes.refusals import Reason
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.refusals.telling import told
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP904",
    name="joined-sizes-differ",
    severity=Severity.ERROR,
    summary="tensors that are joined have the same sizes on all other axes",
    general=True,
    page="""\
## What it does
Finds `cat` of tensors that differ on another axis than the joined one, or in their number of axes, and `stack` of
tensors of different shapes.

## Why is this bad
Torch raises.

## Example
```python
joined = torch.cat((output, h_n[-1]), dim=-1)  # (B, T, H) and (B, H)
```

## Use instead
```python
last = h_n[-1].unsqueeze(1).expand(-1, output.size(1), -1)
joined = torch.cat((output, last), dim=-1)
```

## Proved by
raises: the join, on sizes that fit all that comes before it.

## When it stays silent
The sizes are not known to differ, the error rests on a rank that is guessed, or another rule explains it.
""",
    bad=(
        """\
import torch
from torch import nn

gru = nn.GRU(6, 8, batch_first=True)
output, h_n = gru(torch.randn(4, 10, 6))
joined = torch.cat((output, h_n[-1]), dim=-1)  # error: SHP904
""",
        """\
import torch
from torch import nn

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.GRU(6, 8, batch_first=True)
        self.right = nn.GRU(6, 16, batch_first=True)

    def forward(self, x):
        a, _ = self.left(x)
        b, _ = self.right(x)
        return torch.stack([a, b])  # error: SHP904
""",
    ),
    good=(
        """\
import torch
from torch import nn

gru = nn.GRU(6, 8, batch_first=True)
output, h_n = gru(torch.randn(4, 10, 6))
last = h_n[-1].unsqueeze(1).expand(-1, output.size(1), -1)
joined = torch.cat((output, last), dim=-1)
""",
        """\
import torch
from torch import nn

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.GRU(6, 8, batch_first=True)
        self.right = nn.GRU(6, 16, batch_first=True)

    def forward(self, x):
        a, _ = self.left(x)
        b, _ = self.right(x)
        return torch.cat([a, b], dim=2)
""",
        """\
import torch
from torch import nn

class Steps(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        h = torch.zeros(x.size(0), self.cell.hidden_size)
        states = []
        for step in range(x.size(1)):
            h = self.cell(x[:, step], h)
            states.append(h)
        return torch.stack(states, dim=1), torch.cat([x, torch.stack(states, 1)], dim=-1)
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def unequal_joins(trace: Trace) -> Iterator[Finding]:
    """Joins of tensors that do not fit beside or behind each other."""
    return told(RULE, trace, Reason.JOIN, "give all of them the same sizes on every other axis")
