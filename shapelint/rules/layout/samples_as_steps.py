"""SHP118, SHP119: the rows of a batch read as the steps of one sequence."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.intent import evidence_of, weight_of
from shapelint.reading.quoting import construction_place, place_of, quote
from shapelint.reading.recurrent import config_of, input_of, is_refused, layer_of, recurrent_calls, states_given
from shapelint.reading.single_index import ONE
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor
from shapelint.trace.evidence import ENOUGH, Evidence
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

UNBATCHED = Rule(
    code="SHP118",
    name="batch-as-one-sequence",
    severity=Severity.WARNING,
    summary="a (batch, feature) input is read as one unbatched sequence: the samples become steps",
    page="""\
## What it does
Finds a recurrent layer called with a 2-D tensor whose first axis is the batch by the author's own words (a shape
comment or docstring).

## Why is this bad
A 2-D input is one unbatched sequence (T, I), whatever `batch_first` says. The layer runs from sample to sample and
carries its state along: each output depends on the samples before it in the batch. Nothing raises.

## Example
```python
def forward(self, x):              # x: (batch, features)
    output, _ = self.lstm(x)
    return self.fc(output)
```

## Use instead
```python
def forward(self, x):              # x: (batch, features)
    output, _ = self.lstm(x.unsqueeze(1))      # batch_first=True: sequences of one step
    return self.fc(output[:, -1])
```

## Proved by
batch_independence: a row of the output depends on several samples.

## When it stays silent
Nothing says that the first axis is the batch (one sequence, a roll-out, streaming), or something says that it is the
time.
""",
    bad=(
        """\
import torch
from torch import nn

class Tabular(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        # x: (batch, features)
        output, _ = self.lstm(x)  # error: SHP118
        return self.fc(output)
""",
        """\
import torch
from torch import nn

class Projected(nn.Module):
    def __init__(self, features, width, hidden):
        super().__init__()
        self.project = nn.Linear(features, width)
        self.gru = nn.GRU(width, hidden, batch_first=True)

    def forward(self, rows):
        '''Score rows.

        Args:
            rows: tensor of shape (batch_size, features)
        '''
        states, _ = self.gru(torch.relu(self.project(rows)))  # error: SHP118
        return states
""",
    ),
    good=(
        """\
import torch
from torch import nn

class OneSequence(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        # x: (time, features)
        output, _ = self.lstm(x)
        return output
""",
        """\
import torch
from torch import nn

class Unsaid(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        rows, width = x.shape
        output, _ = self.lstm(x)
        return output
""",
        """\
import torch
from torch import nn

class OneStep(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        # x: (batch, features)
        output, _ = self.lstm(x.unsqueeze(1))
        return output[:, -1]
""",
        """\
import torch
from torch import nn

class Hierarchy(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.words = nn.GRU(features, hidden, batch_first=True)
        self.sentences = nn.GRU(hidden, hidden)

    def forward(self, x):
        _, h_n = self.words(x)
        output, _ = self.sentences(h_n[-1])
        return output[-1]
""",
    ),
    confidence=Confidence.MEDIUM,
)

UNSQUEEZED = Rule(
    code="SHP119",
    name="batch-unsqueezed-into-time",
    severity=Severity.WARNING,
    summary="`x.unsqueeze(0)` for a batch_first layer makes one sequence of the whole batch",
    page="""\
## What it does
Finds a (batch, feature) tensor, by the author's own words, that gets its third axis on the wrong side: `unsqueeze(0)`
for a layer with `batch_first=True`, `unsqueeze(1)` without.

## Why is this bad
With `batch_first=True` the layer reads (1, B, I) as one sequence of B steps. It runs from sample to sample and carries
its state along: each output depends on the samples before it. Nothing raises.

## Example
```python
def forward(self, x):                          # x: (batch, features)
    output, _ = self.lstm(x.unsqueeze(0))      # batch_first=True
    return output.squeeze(0)
```

## Use instead
```python
def forward(self, x):                          # x: (batch, features)
    output, _ = self.lstm(x.unsqueeze(1))
    return output.squeeze(1)
```

## Proved by
batch_independence: a row of the output depends on several samples.

## When it stays silent
Nothing says that the axis is the batch, or something says that it is the time (one sequence with a batch axis of its
own).
""",
    bad=(
        """\
import torch
from torch import nn

class Tabular(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        # x: (batch, features)
        output, _ = self.lstm(x.unsqueeze(0))  # error: SHP119
        return output.squeeze(0)
""",
        """\
import torch
from torch import nn

class TimeFirst(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        '''x: (B, F)'''
        steps = x[:, None, :]
        output, h_n = self.gru(steps)  # error: SHP119
        return self.fc(output[:, 0])
""",
    ),
    good=(
        """\
import torch
from torch import nn

class OneSequence(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        # x: (time, features)
        output, _ = self.lstm(x.unsqueeze(0))
        return output.squeeze(0)
""",
        """\
import torch
from torch import nn

class OneStep(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        # x: (batch, features)
        output, _ = self.lstm(x.unsqueeze(0))
        return output.squeeze(0)
""",
        """\
import torch
from torch import nn

class Policy(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, observations):
        batch = observations.size(0)
        output, _ = self.gru(observations.unsqueeze(0))
        return output.squeeze(0)
""",
    ),
    confidence=Confidence.MEDIUM,
)


@check(UNBATCHED, UNSQUEEZED, at=Nature.RECURRENCE)
def samples_as_steps(trace: Trace) -> Iterator[Finding]:
    """Calls that run along an axis which the author calls the batch, with no other samples beside it."""
    for call in recurrent_calls(trace):
        value = input_of(call)
        place = (
            None if is_refused(trace, call) or not isinstance(value, Tensor) else _lone_time_axis(trace, call, value)
        )
        if place is None or not isinstance(value, Tensor) or trace.resolve(value.sizes[place]) == ONE:
            continue
        evidence = evidence_of(trace, value.axes[place])
        of_batch = tuple(piece for piece in evidence if piece.role is Role.BATCH)
        if len(of_batch) == len(evidence) and weight_of(of_batch) >= ENOUGH:
            yield _finding(trace, call, value, place, of_batch)


def _lone_time_axis(trace: Trace, call: Node, value: Tensor) -> int | None:
    """The axis that is read as the time, of an input without a batch axis or with one of length 1."""
    if value.rank == 2:
        return 0 if _fits_one_sequence(call) else None
    if value.rank != 3:
        return None
    place = 1 if config_of(call).batch_first else 0
    return place if trace.resolve(value.sizes[1 - place]) == ONE else None


def _fits_one_sequence(call: Node) -> bool:
    """Whether the state, if there is one, is known to be that of one sequence: a batched one makes torch raise."""
    return all(isinstance(state, Tensor) and state.rank == 2 for state in states_given(call))


def _finding(trace: Trace, call: Node, value: Tensor, place: int, evidence: tuple[Evidence, ...]) -> Finding:
    given, layer = argument(call, 0, "input"), layer_of(call)
    name = "its input" if given is None else f"`{quote(trace, given.value.span)}`"
    assert value.ref is not None
    if value.rank == 2:
        rule, read = UNBATCHED, "one sequence without a batch axis"
        mend = "add an axis of one step: `.unsqueeze(1)` for a batch_first layer, `.unsqueeze(0)` for another"
    else:
        rule, read = UNSQUEEZED, "one sequence, and its samples as steps"
        mend = f"put the axis of one step on the other side: `.unsqueeze({place})`"
    return report(
        rule,
        trace,
        call,
        f"`{quote(trace, call.span)}` runs along the batch: {name} is read as {read}",
        claims=[BatchIndependence(Ref(call.id, (0,)), value.ref, place, place)],
        shapes=[(name.strip("`"), value)],
        related=[construction_place(layer), *(place_of(piece, piece.message) for piece in evidence)],
        help=mend,
    )
