"""SHP104: `h_n[-1]` of a bidirectional layer, taken as the whole final state."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.modules.dead_parameters import DeadParameters
from shapelint.finding import Confidence, Finding, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.entries import final_state_confidence, is_read, is_slot
from shapelint.reading.quoting import construction_place, quote
from shapelint.reading.recurrent import H_N, OUTPUT, Slot, slot_of
from shapelint.reading.single_index import Pick, picks
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP104",
    name="one-direction-of-final-state",
    severity=Severity.WARNING,
    summary="`h_n[-1]` of a bidirectional layer is the backward direction alone",
    page="""\
## What it does
Finds `h_n[-1]` of a bidirectional layer used as the final state, where nothing uses the other direction.

## Why is this bad
`h_n` is (num_layers * 2, B, H), and its last two entries are the final states of the last layer: forward in
`h_n[-2]`, backward in `h_n[-1]`. With `h_n[-1]` alone the last layer's forward direction is computed for
nothing: its weights never get a gradient.

## Example
```python
_, h_n = self.gru(x)               # bidirectional=True
return self.fc(h_n[-1])
```

## Use instead
```python
_, h_n = self.gru(x)               # and nn.Linear(2 * hidden_size, ...) for self.fc
return self.fc(torch.cat((h_n[-2], h_n[-1]), dim=1))
```

## Proved by
dead_parameters: the weights of the last layer's forward direction get no gradient from the value.

## When it stays silent
`h_n` is used in any other way (`h_n[-2]`, a sum over directions); the output of the layer is used too and
the state is only returned; the layer may be unidirectional on another path, where the code tells the two
apart.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(h_n[-1])  # error: SHP104
""",
        """\
import torch
import torch.nn as nn

lstm = nn.LSTM(8, 16, num_layers=2, bidirectional=True)
head = nn.Linear(16, 1)
_, (hidden, cell) = lstm(torch.randn(12, 4, 8))
final = hidden[-1, :, :]  # error: SHP104
print(head(final).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(torch.cat((h_n[-2], h_n[-1]), dim=1))
""",
        """\
import torch
from torch import nn

class Summed(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(h_n[-2] + h_n[-1])
""",
        """\
import torch
from torch import nn

class Configured(nn.Module):
    def __init__(self, features, hidden, classes, bidirectional):
        super().__init__()
        self.bidirectional = bidirectional
        self.lstm = nn.LSTM(features, hidden, bidirectional=bidirectional)
        self.fc = nn.Linear(2 * hidden if bidirectional else hidden, classes)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        if self.bidirectional:
            state = torch.cat((h_n[-2], h_n[-1]), dim=1)
        else:
            state = h_n[-1]
        return self.fc(state)
""",
        """\
import torch
from torch import nn

class ForDecoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, bidirectional=True)

    def forward(self, x):
        output, h_n = self.gru(x)
        return output, h_n[-1]
""",
    ),
)


@check(RULE, at=Nature.SELECTION)
def one_direction_of_final_state(trace: Trace) -> Iterator[Finding]:
    """`h_n[-1]` where nothing else of a bidirectional h_n is used."""
    for pick in picks(trace):
        slot = slot_of(trace, pick.base)
        if slot is None or slot.slot != H_N or not slot.config.bidirectional:
            continue
        if pick.axis != 0 or not pick.is_last(trace) or is_read(trace, pick.node, slot, H_N):
            continue
        if is_read(trace, pick.node, slot, OUTPUT) or any(is_slot(trace, one, slot, OUTPUT) for one in trace.returned):
            continue  # what the forward direction has read goes another way
        confidence = final_state_confidence(trace, pick.node, slot)
        if confidence is not None:
            yield _finding(trace, pick, slot, confidence)


def _finding(trace: Trace, pick: Pick, slot: Slot, confidence: Confidence) -> Finding:
    name, whole = quote(trace, pick.base_span), quote(trace, pick.node.span)
    assert slot.layer.ref is not None
    return report(
        RULE,
        trace,
        pick.node,
        f"`{whole}` is the final state of the backward direction alone: the forward one is `{name}[-2]`",
        claims=[DeadParameters(pick.ref, layer=slot.layer.ref)],
        shapes=[(name, pick.base), (whole, pick.result)],
        related=[construction_place(slot.layer)],
        help=f"join both, `torch.cat(({name}[-2], {name}[-1]), dim=-1)`: twice as many features",
        confidence=confidence,
    )
