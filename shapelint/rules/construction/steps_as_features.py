"""SHP615: the steps of a sequence read as the features of one step."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.modules.dead_parameters import DeadParameters
from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.intent import evidence_of
from shapelint.reading.loops.loops_over_time import is_one
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.recurrent import config_of, input_of, layer_of, recurrent_calls, state_given
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor
from shapelint.trace.evidence import Evidence
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

STEPS = Rule(
    code="SHP615",
    name="steps-as-features",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    summary="input_size is the number of features of a step, not the length of the sequence",
    page="""\
## What it does
Finds a recurrent layer that reads a sequence of one step whose features are the time axis.

## Why is this bad
A layer with the length of the sequence as input_size reads all steps at once, as the features of one step.
Nothing recurs: the recurrent weights are never used, and another length does not fit. Torch runs it.

## Example
```python
lstm = nn.LSTM(steps, hidden, batch_first=True)
output, _ = lstm(x.transpose(1, 2))      # x: (batch, time, 1)
```

## Use instead
```python
lstm = nn.LSTM(1, hidden, batch_first=True)
output, _ = lstm(x)
```

## Proved by
dead_parameters: the recurrent weights get no gradient.

## When it stays silent
Nothing says that the features are steps, a state is given, or the sequence has more than one step: a window of
values may be meant as features.
""",
    bad=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, steps, hidden):
        super().__init__()
        self.lstm = nn.LSTM(steps, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        # x: (batch, time, 1)
        x = x.view(x.size(0), x.size(1), 1)
        output, _ = self.lstm(x.transpose(1, 2))  # error: SHP615
        return self.head(output[:, 0])
""",
        """\
import torch
from torch import nn

def encode(x, seq_len, hidden):
    # x: (batch, time)
    batch, steps = x.shape
    gru = nn.GRU(seq_len, hidden, batch_first=True)
    output, h_n = gru(x.unsqueeze(1))  # error: SHP615
    return h_n
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)

    def forward(self, x):
        # x: (batch, time, 1)
        return self.lstm(x)[0][:, -1]
""",
        """\
import torch
from torch import nn

class Policy(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, observation, state):
        # observation: (batch, features)
        output, state = self.lstm(observation.unsqueeze(1), state)
        return output[:, 0], state
""",
        """\
import torch
from torch import nn

class Windows(nn.Module):
    def __init__(self, window, hidden):
        super().__init__()
        self.gru = nn.GRU(window, hidden, batch_first=True)

    def forward(self, x):
        # x: (batch, window)
        return self.gru(x.unsqueeze(1))[1]
""",
    ),
)


@check(STEPS, at=Nature.RECURRENCE)
def steps_as_features(trace: Trace) -> Iterator[Finding]:
    """Calls with one step, whose features the author calls the time."""
    for call in recurrent_calls(trace):
        value, state = input_of(call), state_given(call)
        if not isinstance(value, Tensor) or value.rank != 3 or call.error is not None:
            continue
        axis = 1 if config_of(call).batch_first else 0
        told = [piece for piece in evidence_of(trace, value.axes[2]) if piece.role is Role.TIME and piece.weight > 1]
        if told and state is None and is_one(trace, value.axes[axis].dim):
            yield _finding(trace, call, value, told)


def _finding(trace: Trace, call: Node, value: Tensor, told: list[Evidence]) -> Finding:
    layer, given = layer_of(call), argument(call, 0, "input")
    shown = "the input" if given is None else f"`{quote(trace, given.value.span)}`"
    assert layer.ref is not None
    return report(
        STEPS,
        trace,
        call,
        f"{shown} is one step whose features are the steps of the sequence: this {layer.name} recurs over nothing",
        claims=[DeadParameters(Ref(call.id, (0,)), layer=layer.ref)],
        shapes=[("the input", value)],
        related=[place_of(layer, "its input_size is the length of the sequence")]
        + [place_of(piece, piece.message) for piece in told],
        help="build the layer with input_size=1 and give it (batch, time, 1)",
    )
