"""SHP703: a loop that feeds a cell one sample after the other, and carries the state from sample to sample."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.finding import Confidence, Finding, Fix, Severity
from shapelint.reading.layout.intent import Intent, evidence_of
from shapelint.reading.loops.loops_over_time import (
    Rounds,
    Step,
    batch_axis_of,
    is_fed_back,
    results_of,
    rounds_of,
    steps_of,
)
from shapelint.reading.operations import is_cell_call
from shapelint.reading.quoting import kind_place, place_of, quote
from shapelint.reading.recurrent import layer_of
from shapelint.reading.written import insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.syntax import facts
from shapelint.trace.evidence import ENOUGH, Evidence
from shapelint.trace.trace import Trace

SAMPLES = Rule(
    code="SHP703",
    name="cell-loop-over-batch",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    summary="`for step in x` runs over axis 0: over the samples, where x is (batch, time, features)",
    page="""\
## What it does
Finds a loop that gives a cell one entry of the batch axis after the other, with the state of the entry before.

## Why is this bad
Iterating over a tensor runs over axis 0. For (batch, time, features) each round is a sample: the cell takes
its steps for a batch, and carries the state from sample to sample. Torch runs it.

## Example
```python
for step in x:          # x: (batch, time, features)
    h = self.cell(step, h)
```

## Use instead
```python
for step in x.unbind(1):
    h = self.cell(step, h)
```

## Proved by
batch_independence: the rows of the state are not the samples.

## When it stays silent
The input is time-first, or nothing says for sure which axis is the batch, or no state is carried.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        # x: (batch, time, features)
        h = None
        for step in x:
            h = self.cell(step, h)  # error: SHP703
        return h
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.below = nn.LSTM(features, hidden, batch_first=True)
        self.cell = nn.LSTMCell(hidden, hidden)

    def forward(self, x):
        y, _ = self.below(x)
        state = None
        for t in range(y.size(0)):
            state = self.cell(y[t], state)  # error: SHP703
        return state[0]
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        # x: (batch, time, features)
        h = None
        for step in x.unbind(1):
            h = self.cell(step, h)
        return h
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        # x: (time, batch, features)
        h = None
        for step in x:
            h = self.cell(step, h)
        return h
""",
        """\
import torch
from torch import nn

cell = nn.LSTMCell(3, 5)
x = torch.randn(6, 4, 3)
state = None
for step in x:
    state = cell(step, state)
""",
        """\
import torch
from torch import nn

class Each(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        # x: (batch, time, features)
        return torch.stack([self.cell(sample) for sample in x])
""",
    ),
)


@check(SAMPLES, at=Event.ROUNDS)
def cell_loop_over_batch(trace: Trace) -> Iterator[Finding]:
    """Cells whose state goes from one entry of the batch axis to the next."""
    for rounds in rounds_of(trace, is_cell_call):
        step = steps_of(trace, rounds)
        if step is None or step.base.rank != 3 or batch_axis_of(step) is None or not is_fed_back(trace, rounds):
            continue
        if _is_batch(trace, step):
            yield _finding(trace, rounds, step)


def _is_batch(trace: Trace, step: Step) -> bool:
    """Whether the axis that the loop runs over is certainly the batch: a layer or the author says so."""
    axis, other = step.base.axes[step.axis], step.base.axes[1 - step.axis]
    if Role.TIME in (axis.role, *(piece.role for piece in evidence_of(trace, axis))):
        return False
    if axis.role is Role.BATCH and other.role is Role.TIME:
        return True
    return Intent((), tuple(_evidence(trace, step))).opposed >= ENOUGH


def _evidence(trace: Trace, step: Step) -> list[Evidence]:
    return [piece for piece in evidence_of(trace, step.base.axes[step.axis]) if piece.role is Role.BATCH]


def _finding(trace: Trace, rounds: Rounds, step: Step) -> Finding:
    call, base = rounds.later, step.base.ref
    assert base is not None
    return report(
        SAMPLES,
        trace,
        call,
        f"the loop runs over the samples: this {layer_of(call).name} carries its state from one to the next",
        claims=[BatchIndependence(results_of(call)[0], base, step.axis, 0)],
        shapes=[("the sequence", step.base)],
        related=[kind_place(layer_of(call)), *(place_of(piece, piece.message) for piece in _evidence(trace, step))],
        help=f"loop over the time axis: `.unbind({1 - step.axis})`",
        fixes=[_over_time(trace, step)],
    )


def _over_time(trace: Trace, step: Step) -> Fix | None:
    """`for step in x` becomes `for step in x.unbind(1)`."""
    iterable = step.node.expression
    if not isinstance(iterable, facts.Name) or step.node.path != trace.path:
        return None
    edit = insertion(iterable.span, f".unbind({1 - step.axis})")
    return Fix(f"loop over the steps: `{quote(trace, iterable.span)}.unbind({1 - step.axis})`", (edit,))
