"""SHP608: an odd size, halved for the two directions of a layer: the halves make one feature less."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.ops.layers.rnn import recurrent_config
from shapelint.reading.operations import is_recurrent_call
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.sizes.feature_source import feature_counts, mismatch, producers_of
from shapelint.shapes.dim import Dim
from shapelint.trace.trace import Trace

ODD = Rule(
    code="SHP608",
    name="odd-size-halved",
    severity=Severity.ERROR,
    summary="2 * (hidden // 2) is not hidden where hidden is odd",
    page="""\
## What it does
Finds a Linear layer that takes an odd number of features, one more than the bidirectional layer before it gives.

## Why is this bad
`hidden // 2` for each of two directions is right for even sizes. Of 11 it makes 2 * 5 = 10, and what takes 11
features raises.

## Example
```python
hidden = 11
lstm = nn.LSTM(features, hidden // 2, bidirectional=True)
fc = nn.Linear(hidden, classes)
```

## Use instead
```python
half = hidden // 2
lstm = nn.LSTM(features, half, bidirectional=True)
fc = nn.Linear(2 * half, classes)
```

## Proved by
raises: the layer that takes one feature more.

## When it stays silent
The size is even, or not known.
""",
    bad=(
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden // 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output)  # error: SHP608

scores = Tagger(3, 125, 2)(torch.randn(4, 7, 3))
""",
        """\
import torch
from torch import nn

HIDDEN = 11
below = nn.GRU(3, HIDDEN // 2, bidirectional=True)
head = nn.Linear(HIDDEN, 4)
_, h_n = below(torch.randn(7, 4, 3))
scores = head(torch.cat((h_n[-2], h_n[-1]), dim=1))  # error: SHP608
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden // 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.fc(self.lstm(x)[0])

scores = Tagger(3, 128, 2)(torch.randn(4, 7, 3))
""",
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        half = hidden // 2
        self.lstm = nn.LSTM(features, half, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * half, classes)

    def forward(self, x):
        return self.fc(self.lstm(x)[0])

scores = Tagger(3, 125, 2)(torch.randn(4, 7, 3))
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, bidirectional=True)
extra = torch.randn(7, 4, 1)
head = nn.Linear(11, 2)
scores = head(torch.cat((gru(torch.randn(7, 4, 3))[0], extra), dim=-1))
""",
    ),
)


@check(ODD, at=Event.REFUSED)
def odd_size_halved(trace: Trace) -> Iterator[Finding]:
    """Layers that take one feature more than both directions before them give."""
    for node in trace.nodes:
        if node.error is None or node.error.code != "SHP501":
            continue
        expected, got = feature_counts(trace, node)
        producer = next((one for one in producers_of(trace, node) if is_recurrent_call(one.call)), None)
        if producer is None or expected.constant is None or expected - got != Dim.of(1):
            continue
        config = recurrent_config(producer.layer)
        if config.bidirectional and trace.resolve(config.output_size) == got:
            half = f"{expected} is odd, and 2 * ({expected} // 2) is {got}"
            yield mismatch(ODD, trace, node, producer, half)
