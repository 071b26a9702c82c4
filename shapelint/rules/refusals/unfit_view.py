"""SHP903: a view or reshape that cannot hold the elements."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.reading.sizes.refusals import Reason
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.refusals.telling import told
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP903",
    name="view-does-not-fit",
    severity=Severity.ERROR,
    summary="a view must hold as many elements as the tensor has",
    general=True,
    page="""\
## What it does
Finds `view`, `reshape`, `unflatten` and the like whose sizes do not multiply to the number of elements.

## Why is this bad
Torch raises, or, where one size is -1, raises for all inputs whose size is no multiple.

## Example
```python
output, _ = self.lstm(x)  # (32, 10, 64)
flat = output.reshape(32, 10 * 128)
```

## Use instead
```python
output, _ = self.lstm(x)  # (32, 10, 64)
flat = output.reshape(32, 10 * 64)
```

## Proved by
raises: the view, on sizes that fit all that comes before it.

## When it stays silent
The sizes are not known to differ, the error rests on a rank that is guessed, or another rule explains it.
""",
    bad=(
        """\
import torch
from torch import nn

lstm = nn.LSTM(6, 64, batch_first=True)
output, _ = lstm(torch.randn(32, 10, 6))
flat = output.reshape(32, 10 * 128)  # error: SHP903
""",
        """\
import torch
from torch import nn

class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 50, batch_first=True)

    def forward(self, x):
        output, _ = self.lstm(x)
        batch, steps, _ = output.shape
        return output.reshape(batch, steps, 8, 8)  # error: SHP903
""",
    ),
    good=(
        """\
import torch
from torch import nn

lstm = nn.LSTM(6, 64, batch_first=True)
output, _ = lstm(torch.randn(32, 10, 6))
flat = output.reshape(32, 10 * 64)
""",
        """\
import torch
from torch import nn

class Heads(nn.Module):
    def __init__(self, heads, width):
        super().__init__()
        self.heads, self.width = heads, width
        self.lstm = nn.LSTM(6, heads * width, batch_first=True)

    def forward(self, x):
        output, _ = self.lstm(x)
        batch, steps, _ = output.shape
        return output.reshape(batch, steps, self.heads, self.width)
""",
        """\
import torch
from torch import nn

class Frames(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.lstm = nn.LSTM(16 * size * size, 8, batch_first=True)

    def forward(self, clips):
        batch, steps, channels, height, width = clips.shape
        frames = self.conv(clips.reshape(batch * steps, channels, height, width))
        return self.lstm(frames.reshape(batch, steps, -1))[0]
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def unfit_view(trace: Trace) -> Iterator[Finding]:
    """Views that hold more or fewer elements than the tensor."""
    return told(RULE, trace, Reason.VIEW, "the product of the sizes must be the number of elements")
