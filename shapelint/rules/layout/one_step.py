"""SHP120: a layer that is only ever fed sequences of one step, from a state of zeros."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.modules.dead_parameters import DeadParameters
from shapelint.finding import Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import starts_at_zero
from shapelint.reading.quoting import construction_place, quote
from shapelint.reading.recurrent import config_of, input_of, is_refused, is_returned, layer_of, recurrent_calls
from shapelint.reading.single_index import ONE
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_STATES = ((1,), (1, 0), (1, 1))  #: where a result holds its states

RULE = Rule(
    code="SHP120",
    name="sequence-of-one-step",
    severity=Severity.INFO,
    default=False,
    summary="a sequence of one step, from a state of zeros, does not use the recurrence",
    page="""\
## What it does
Finds calls whose input has one step (`x.view(batch, 1, -1)`, `x.unsqueeze(1)` for a batch_first layer), where no
state is given, and the one that comes out is not read.

## Why is this bad
With one step and a state of zeros the recurrent weights are multiplied by zero: they never get a gradient, and the
layer is a gated Linear layer. That may be meant. It is a mistake where the columns of the input are the steps of a
series, or where the state should be carried from call to call. The rule is off by default.

## Example
```python
self.lstm = nn.LSTM(features, hidden, batch_first=True)
output, _ = self.lstm(x.unsqueeze(1))              # x: (batch, steps of a series)
```

## Use instead
```python
self.lstm = nn.LSTM(1, hidden, batch_first=True)
output, _ = self.lstm(x.unsqueeze(-1))
```

## Proved by
dead_parameters: the recurrent weights get no gradient from the output.

## When it stays silent
A state is given to the call or read from it, as in a decoder or a roll-out that carries it; the number of steps is
not known to be 1.
""",
    bad=(
        """\
import torch
from torch import nn

class Instant(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        batch, features = x.shape
        output, _ = self.lstm(x.view(batch, 1, features))  # error: SHP120
        return output[:, -1]
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(8, 16)
rows = torch.randn(32, 8)
output, h_n = gru(rows.unsqueeze(0), torch.zeros(1, 32, 16))  # error: SHP120
print(output.squeeze(0).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, state):
        output, state = self.gru(x.unsqueeze(1), state)
        return output.squeeze(1), state
""",
        """\
import torch
from torch import nn

class Series(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)

    def forward(self, x):
        output, _ = self.lstm(x.unsqueeze(-1))
        return output[:, -1]
""",
        """\
import torch
from torch import nn

class Loop(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        state = None
        for step in range(x.size(1)):
            output, state = self.gru(x[:, step : step + 1], state)
        return output[:, -1]
""",
    ),
)


@check(RULE, at=Nature.RECURRENCE)
def sequence_of_one_step(trace: Trace) -> Iterator[Finding]:
    """Calls on one step that start from nothing, and whose state goes nowhere."""
    for call in recurrent_calls(trace):
        if is_refused(trace, call) or not _has_one_step(trace, call):
            continue
        if starts_at_zero(trace, call) and not any(_is_read(trace, Ref(call.id, path)) for path in _STATES):
            yield _finding(trace, call)


def _is_read(trace: Trace, state: Ref) -> bool:
    return is_returned(trace, state) or bool(trace.uses(state))


def _has_one_step(trace: Trace, call: Node) -> bool:
    value = input_of(call)
    if not isinstance(value, Tensor) or value.rank not in (2, 3):
        return False
    place = 1 if value.rank == 3 and config_of(call).batch_first else 0
    return trace.resolve(value.sizes[place]) == ONE


def _finding(trace: Trace, call: Node) -> Finding:
    layer, given = layer_of(call), argument(call, 0, "input")
    assert layer.ref is not None
    name = "its input" if given is None else f"`{quote(trace, given.value.span)}`"
    return report(
        RULE,
        trace,
        call,
        f"`{quote(trace, call.span)}` does not use the recurrence: {name} is one step, and no state is given",
        claims=[DeadParameters(Ref(call.id, (0,)), layer=layer.ref)],
        related=[construction_place(layer)],
        help="feed the steps of a series as the time axis, carry the state from call to call, or use a Linear layer",
    )
