"""SHP610: proj_size where there is no projection, or none that makes the state smaller."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.rules.base import Rule, check
from shapelint.rules.construction.refusal import refused, shown, tell
from shapelint.rules.occurring import Event
from shapelint.trace.trace import Trace

PROJECTION = Rule(
    code="SHP610",
    name="projection-refused",
    severity=Severity.ERROR,
    summary="proj_size belongs to nn.LSTM, and is smaller than hidden_size",
    page="""\
## What it does
Finds proj_size given to nn.GRU or nn.RNN, and a proj_size of nn.LSTM that is not below hidden_size.

## Why is this bad
Only nn.LSTM can project its state, and only to fewer features. Torch raises a ValueError when the layer is
built.

## Example
```python
self.gru = nn.GRU(features, hidden, proj_size=projected)
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden, proj_size=projected)
```

## Proved by
raises: the construction.

## When it stays silent
The sizes are not known to be in the wrong order.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, projected):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, proj_size=projected)  # error: SHP610

    def forward(self, x):
        return self.gru(x)[0]
""",
        """\
from torch import nn

lstm = nn.LSTM(3, 5, proj_size=5)  # error: SHP610
rnn = nn.RNN(3, 5, proj_size=2)  # error: SHP610
""",
        """\
from torch import nn

def build(features: int, hidden: int):
    return nn.LSTM(features, hidden, proj_size=2 * hidden)  # error: SHP610
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, projected=0):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, proj_size=projected)

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
from torch import nn

lstm = nn.LSTM(3, 11, proj_size=5)
plain = nn.LSTM(3, 5, proj_size=0)
""",
        """\
from torch import nn

def build(features, projected):
    return nn.LSTM(features, 4 * projected, proj_size=projected), nn.GRU(projected, projected)
""",
    ),
)


@check(PROJECTION, at=Event.REFUSED)
def projection_refused(trace: Trace) -> Iterator[Finding]:
    """Constructions that torch refuses for their proj_size."""
    for one in refused(trace, PROJECTION.code):
        message = f"{one.kind} has no proj_size: only nn.LSTM projects its state"
        if one.kind == "nn.LSTM":
            message = f"proj_size must be at least 0 and below hidden_size, and {shown(trace, one)} is not"
        yield tell(PROJECTION, trace, one, message, "project the output with an nn.Linear, or to fewer features")
