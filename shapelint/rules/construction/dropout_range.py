"""SHP605: a dropout that is no probability."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.rules.base import Rule, check
from shapelint.rules.construction.refusal import refused, shown, tell
from shapelint.rules.occurring import Event
from shapelint.trace.trace import Trace

RANGE = Rule(
    code="SHP605",
    name="dropout-out-of-range",
    severity=Severity.ERROR,
    summary="dropout of a recurrent layer is a number from 0 to 1",
    page="""\
## What it does
Finds a dropout of nn.LSTM, nn.GRU or nn.RNN that is below 0, above 1, True, False or a text.

## Why is this bad
dropout is the probability with which a value is dropped. Torch raises a ValueError when the layer is built.

## Example
```python
self.lstm = nn.LSTM(features, hidden, 2, dropout=20)
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden, 2, dropout=0.2)
```

## Proved by
raises: the construction.

## When it stays silent
The dropout is a parameter or comes from a configuration.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, 2, batch_first=True, dropout=1.5)  # error: SHP605

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
from torch import nn

DROPOUT = 30
gru = nn.GRU(3, 5, num_layers=2, dropout=DROPOUT)  # error: SHP605
""",
        """\
from torch import nn

def build(features, hidden):
    return nn.RNN(features, hidden, 3, "tanh", True, True, True)  # error: SHP605
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, dropout=0.2):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, 2, batch_first=True, dropout=dropout)

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
from torch import nn

gru = nn.GRU(3, 5, num_layers=2, dropout=1)
rnn = nn.RNN(3, 5, num_layers=2, dropout=0)
""",
        """\
from torch import nn

def build(config):
    return nn.LSTM(config.features, config.hidden, 2, dropout=config.dropout / 100)
""",
    ),
)


@check(RANGE, at=Event.REFUSED)
def dropout_out_of_range(trace: Trace) -> Iterator[Finding]:
    """Constructions that torch refuses for their dropout."""
    for one in refused(trace, RANGE.code):
        message = f"the dropout of {one.kind} is a number from 0 to 1, and {shown(trace, one)} is none"
        yield tell(RANGE, trace, one, message, "give the probability with which a value is dropped")
