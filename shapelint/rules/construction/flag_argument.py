"""SHP609: flags of recurrent layers that are neither True nor False."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Fix, Severity
from shapelint.rules.base import Rule, check
from shapelint.rules.construction.refusal import Refused, refused, replaced, shown, tell
from shapelint.rules.occurring import Event
from shapelint.syntax import facts
from shapelint.trace.trace import Trace

_FALSE = (0, None, "False", "false", "no", "")

FLAG = Rule(
    code="SHP609",
    name="flag-is-no-bool",
    severity=Severity.ERROR,
    summary="bidirectional, batch_first and bias are True or False, not 1 or 'True'",
    page="""\
## What it does
Finds a number, a text or None for bidirectional, batch_first or bias of nn.LSTM, nn.GRU or nn.RNN.

## Why is this bad
Torch takes bools only. For batch_first and bias the construction raises a TypeError. bidirectional is not
looked at until the layer is called; then torch raises a TypeError about "an invalid combination of arguments".

## Example
```python
self.lstm = nn.LSTM(features, hidden, bidirectional=1)
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden, bidirectional=True)
```

## Proved by
raises: the construction, or the first call of the layer.

## When it stays silent
The flag is a parameter or comes from a configuration.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=1)  # error: SHP609

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, bidirectional="False")  # error: SHP609
output, h_n = gru(torch.randn(7, 4, 3))
rnn = nn.RNN(3, 5, batch_first=1)  # error: SHP609
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, directions=2):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=bool(directions - 1))
        self.gru = nn.GRU(features, hidden, bidirectional=directions == 2)

    def forward(self, x):
        return self.lstm(x)[0], self.gru(x)[0]
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, both=0):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, bidirectional=both)

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
from torch import nn

cell = nn.LSTMCell(3, 5, bias=True)
lstm = nn.LSTM(3, 5, bias=False, batch_first=True, bidirectional=True)
""",
    ),
)


@check(FLAG, at=Event.REFUSED)
def flag_is_no_bool(trace: Trace) -> Iterator[Finding]:
    """Constructions with a flag that torch refuses, then or at the layer's call."""
    for one in refused(trace, FLAG.code):
        message = f"{one.name} of {one.kind} must be True or False, and {shown(trace, one)} is neither"
        yield tell(FLAG, trace, one, message, "pass True or False", [_as_bool(one)])


def _as_bool(one: Refused) -> Fix | None:
    """The bool that a number or a text stands for."""
    given = one.written
    if given is None or not isinstance(given.value, facts.Literal):
        return None
    return replaced(given, str(given.value.value not in _FALSE))
