"""SHP109: directions joined that are not those of the last layer."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Finding, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.entries import Entries, entries_of, entries_read, joined
from shapelint.reading.quoting import quote
from shapelint.reading.recurrent import H_N
from shapelint.rules.base import Rule, check
from shapelint.rules.layout.last_layer import (
    by_default,
    dead_layer,
    last_layer_finding,
    last_layer_fix,
    layer_confidence,
)
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP109",
    name="directions-of-lower-layer",
    severity=Severity.WARNING,
    summary="`cat((h_n[0], h_n[1]), 1)` with num_layers > 1 joins the directions of the first layer",
    page="""\
## What it does
Finds two entries of a bidirectional `h_n` joined or added (`torch.cat((h_n[0], h_n[1]), 1)`) that are not the two
directions of the last layer, where num_layers > 1.

## Why is this bad
`h_n` is layer 0 forward, layer 0 backward, layer 1 forward, layer 1 backward, and so on. The final states of the
last layer are `h_n[-2]` and `h_n[-1]`. With `h_n[0]` and `h_n[1]` the layers above are computed for nothing; with
`h_n[0]` and `h_n[-1]` the halves come from different layers.

## Example
```python
self.lstm = nn.LSTM(features, hidden, num_layers=2, bidirectional=True)
_, (h_n, _) = self.lstm(x)
return self.fc(torch.cat((h_n[0], h_n[1]), dim=1))
```

## Use instead
```python
_, (h_n, _) = self.lstm(x)
return self.fc(torch.cat((h_n[-2], h_n[-1]), dim=1))
```

## Proved by
dead_parameters: weights of the last layer get no gradient from the joined value.

## When it stays silent
There is one layer, or the number is not known and has no default; other entries of `h_n` are used as well (a mix
of all layers); the two directions of the last layer are joined, in either order.
""",
    bad=(
        """\
import torch
from torch import nn

class Sentiment(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(torch.cat((h_n[0], h_n[1]), dim=1))  # error: SHP109
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(4, 6, num_layers=2, bidirectional=True)
head = nn.Linear(12, 1)
_, hidden = gru(torch.randn(9, 5, 4))
both = torch.cat([hidden[0, :, :], hidden[-1, :, :]], -1)  # error: SHP109
print(head(both))
""",
        """\
import torch
from torch import nn

class Summed(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, num_layers=3, bidirectional=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        states, h_n = self.gru(x)
        return self.fc(h_n[0] + h_n[1])  # error: SHP109
""",
    ),
    good=(
        """\
import torch
from torch import nn

class OneLayer(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(torch.cat((h_n[0], h_n[1]), dim=1))
""",
        """\
import torch
from torch import nn

class OtherOrder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, 2, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(torch.cat((h_n[3], h_n[-2]), dim=1))
""",
        """\
import torch
from torch import nn

class EveryLayer(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, 2, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        _, h_n = self.gru(x)
        low = torch.cat((h_n[0], h_n[1]), dim=1)
        high = torch.cat((h_n[2], h_n[3]), dim=1)
        return self.fc(low + high)
""",
    ),
)


@check(RULE, at=Nature.SELECTION)
def directions_of_lower_layer(trace: Trace) -> Iterator[Finding]:
    """Joins of two entries of h_n of opposite directions."""
    for node in trace.nodes:
        if node.error is None and isinstance(node.result, Tensor) and node.args:
            found = _pair(trace, node)
            if found is not None:
                yield found


def _pair(trace: Trace, node: Node) -> Finding | None:
    """Two entries are joined that are not the two directions of the last layer, and nothing else of h_n is read."""
    picked = joined(trace, node)
    found = [entries_of(trace, pick.result) for pick in picked]
    if len(found) != 2 or found[0] is None or found[1] is None or found[0].slot != found[1].slot:
        return None
    entries, numbers = found[0], found[0].numbers | found[1].numbers
    opposite = sorted(number % 2 for number in numbers) == [0, 1]
    if entries.slot.slot != H_N or entries.directions != 2 or not opposite or numbers == entries.last_layer:
        return None
    confidence = layer_confidence(trace, node, entries)
    if confidence is None or not entries_read(trace, entries.slot) <= numbers:
        return None
    message = f"`{quote(trace, node.span)}` joins {_told(entries, numbers)}"
    fix = last_layer_fix(entries, picked, "join the directions of the last layer")
    claims = dead_layer(entries.slot, node)
    return last_layer_finding(trace, RULE, node, entries.slot, message, claims, fix, confidence)


def _told(entries: Entries, numbers: frozenset[int]) -> str:
    layers = sorted({number // 2 + 1 for number in numbers})
    of = f"layer {layers[0]}" if len(layers) == 1 else f"layers {layers[0]} and {layers[1]}"
    missing = "read in one direction only" if entries.layers in layers else "left out"
    return f"states of {of}: the last of {entries.layers} layers{by_default(entries)} is {missing}"
