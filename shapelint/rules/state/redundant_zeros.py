"""SHP213: an initial state of zeros, which is the default."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.states.state_acts import StateActs
from shapelint.finding import Finding, Severity
from shapelint.reading.quoting import quote, with_article
from shapelint.reading.recurrent import layer_of, next_state, recurrent_calls
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.rules.state.zeros import drop_zeros, is_zero_state
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP213",
    name="redundant-zero-state",
    severity=Severity.INFO,
    summary="an initial state of zeros is the default: `lstm(x)` computes the same",
    page="""\
## What it does
Finds a recurrent layer that is given a state of zeros of the right shape.

## Why is this bad
It is what the layer does without a state. Written out it is one more place where the number of layers, the
directions, the batch size, the device and the dtype must be right. That is a matter of taste; so this rule is off
by default.

## Example
```python
h0 = torch.zeros(2, x.size(0), hidden)
c0 = torch.zeros(2, x.size(0), hidden)
output, _ = self.lstm(x, (h0, c0))
```

## Use instead
```python
output, _ = self.lstm(x)
```

## Proved by
state_acts: without the state the call gives the same.

## When it stays silent
The call is given another state in a later round of a loop, or on another path; one of the two states is not zeros.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, 2, batch_first=True)

    def forward(self, x):
        h0 = torch.zeros(2, x.size(0), self.hidden)
        c0 = torch.zeros(2, x.size(0), self.hidden)
        output, _ = self.lstm(x, (h0, c0))  # error: SHP213
        return output
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5)
x = torch.randn(7, 4, 3)
output, h_n = gru(x, hx=x.new_zeros(1, 4, 5))  # error: SHP213
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Stepwise(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        h = torch.zeros(1, x.size(0), self.hidden)
        for t in range(x.size(1)):
            output, h = self.gru(x[:, t:t + 1], h)
        return output
""",
        """\
import torch
from torch import nn

class Resumed(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, h=None):
        if h is None:
            h = torch.zeros(1, x.size(0), self.hidden)
        return self.gru(x, h)
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
h0, c0 = torch.zeros(1, 4, 5), torch.ones(1, 4, 5)
output, state = lstm(torch.randn(7, 4, 3), (h0, c0))
""",
    ),
    default=False,
)


@check(RULE, at=Event.STATE)
def redundant_zero_state(trace: Trace) -> Iterator[Finding]:
    """Calls that are given zeros in every round, where nobody may give another state."""
    if any(decision.subject.endswith(" is None") for decision in trace.decisions):
        return
    calls = list(recurrent_calls(trace))
    acting = {(call.span, call.path) for call in calls if not is_zero_state(trace, call)}
    for call in calls:
        if (call.span, call.path) not in acting and call.error is None:
            acting.add((call.span, call.path))
            yield _finding(trace, call)


def _finding(trace: Trace, call: Node) -> Finding:
    given = argument(call, 1, "hx")
    name = "the state" if given is None else f"`{quote(trace, given.value.span)}`"
    return report(
        RULE,
        trace,
        call,
        f"{name} is zeros, which {with_article(layer_of(call))} starts from anyway",
        claims=[StateActs(next_state(call))],
        help="leave the state away",
        fixes=[drop_zeros(trace, call)],
    )
