"""SHP803: a recurrent layer that a loop feeds one known step after the other: one call does the same."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.modules.loop_matters import LoopMatters
from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.reading.loops.loops_over_time import Rounds, is_one, rounds_of, steps_of
from shapelint.reading.operations import is_recurrent_call
from shapelint.reading.quoting import construction_place
from shapelint.reading.recurrent import config_of, input_of, layer_of, state_given
from shapelint.reading.trail import above
from shapelint.reading.written import states_of
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

LOOP = Rule(
    code="SHP803",
    name="layer-called-step-by-step",
    severity=Severity.INFO,
    confidence=Confidence.MEDIUM,
    default=False,
    summary="nn.LSTM, nn.GRU and nn.RNN loop over time themselves: one call for the sequence is enough",
    page="""\
## What it does
Finds a loop that calls a recurrent layer with one step after the other of a tensor that is known before, and
hands the state on.

## Why is this bad
One call with the whole sequence gives the same output and state, and is much faster: the layer loops over
time itself. It is an opinion: the result is right.

## Example
```python
for t in range(x.size(1)):
    y, h = self.gru(x[:, t : t + 1], h)
    outputs.append(y)
```

## Use instead
```python
output, h = self.gru(x, h)
```

## Proved by
loop_matters: one call with all the steps gives the last step that the loop gives.

## When it stays silent
The input of a step depends on the output of the step before, or the way depends on a condition: a decoder
that is taught with known steps goes on with its own ones.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        h, outputs = None, []
        for t in range(x.size(1)):
            y, h = self.gru(x[:, t : t + 1], h)  # error: SHP803
            outputs.append(y)
        return torch.cat(outputs, dim=1)
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
h, c = torch.zeros(1, 4, 5), torch.zeros(1, 4, 5)
for step in torch.randn(7, 4, 3):
    output, (h, c) = lstm(step.unsqueeze(0), (h, c))  # error: SHP803
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.gru = nn.GRU(features, features, batch_first=True)

    def forward(self, x, h, steps):
        outputs = []
        for _ in range(steps):
            x, h = self.gru(x, h)
            outputs.append(x)
        return torch.cat(outputs, dim=1)
""",
        """\
import random
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.gru = nn.GRU(features, features, batch_first=True)

    def forward(self, target, h, ratio=0.5):
        step, outputs = target[:, 0:1], []
        for t in range(1, target.size(1)):
            y, h = self.gru(step, h)
            step = target[:, t : t + 1] if random.random() < ratio else y
            outputs.append(y)
        return torch.cat(outputs, dim=1)
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        return self.gru(x)[0]
""",
    ),
)


@check(LOOP, at=Event.ROUNDS)
def layer_called_step_by_step(trace: Trace) -> Iterator[Finding]:
    """Layers that a loop calls with the steps of one tensor and with their own state."""
    if trace.decisions:
        return
    for rounds in rounds_of(trace, is_recurrent_call):
        is_plain = not config_of(rounds.first).bidirectional and _reads_one_step(trace, rounds)
        if is_plain and steps_of(trace, rounds) is not None and _is_chained(rounds) and _is_known(trace, rounds):
            yield _finding(trace, rounds)


def _reads_one_step(trace: Trace, rounds: Rounds) -> bool:
    """Whether each call reads a sequence of one step."""
    axis = 1 if config_of(rounds.first).batch_first else 0
    values = [input_of(call) for call in rounds.calls]
    return all(isinstance(one, Tensor) and one.rank == 3 and is_one(trace, one.axes[axis].dim) for one in values)


def _is_chained(rounds: Rounds) -> bool:
    """Whether each call gets the very state that the call before it gave."""
    pairs = zip(rounds.calls, rounds.calls[1:], strict=False)
    return all(_is_state_of(state_given(call), before) for before, call in pairs)


def _is_state_of(state: Value | None, call: Node) -> bool:
    if state is None:
        return False
    places = [getattr(one, "ref", None) for one in states_of(state)]
    return places in ([Ref(call.id, (1,))], [Ref(call.id, (1, 0)), Ref(call.id, (1, 1))])


def _is_known(trace: Trace, rounds: Rounds) -> bool:
    """Whether no step depends on what an earlier call gave."""
    return above(trace, [input_of(call) for call in rounds.calls]).isdisjoint({call.id for call in rounds.calls})


def _finding(trace: Trace, rounds: Rounds) -> Finding:
    call = rounds.later
    return report(
        LOOP,
        trace,
        call,
        f"the loop calls this {layer_of(call).name} step by step: one call with the whole sequence gives the same",
        claims=[LoopMatters(Ref(call.id, (0,)))],
        related=[construction_place(layer_of(call))],
        help="call the layer once with the whole sequence",
    )
