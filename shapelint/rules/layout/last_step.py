"""SHP101, SHP102: `[-1]` on the axis that is the batch, where the last time step is meant."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Fix, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import samples_mix
from shapelint.reading.layout.intent import intent_of
from shapelint.reading.layout.readings import Readings, batch_first_claim, readings
from shapelint.reading.quoting import construction_place, quote, replace_text
from shapelint.reading.recurrent import Sequence, config_of, sequence_of
from shapelint.reading.single_index import LAST, ONE, Pick, picks
from shapelint.reading.uses import summary_confidence
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.syntax import facts
from shapelint.trace.trace import Trace

FIRST = Rule(
    code="SHP101",
    name="last-step-on-batch-axis",
    severity=Severity.WARNING,
    summary="`output[-1]` of a batch_first layer is the last sample, not the last step",
    page="""\
## What it does
Finds `output[-1]` where `output` comes from a recurrent layer with `batch_first=True`.

## Why is this bad
With `batch_first=True` the output is (B, T, D*H): axis 0 is the batch. `output[-1]` is every step of the
last sample, (T, D*H). A Linear layer accepts it, the loss falls, and the model has learned from one sample
of each batch.

## Example
```python
output, _ = self.lstm(x)      # batch_first=True
return self.fc(output[-1])
```

## Use instead
```python
output, _ = self.lstm(x)
return self.fc(output[:, -1])
```

## Proved by
batch_independence: the rows of the selected value are not one for each sample.

## When it stays silent
The input is a single unbatched sequence (T, I) or packed; the axes were permuted before; the last sample is
indexed again by a step (`output[-1][-1]`) or only printed; the value is not used as a summary; other evidence shows
that the input is time-first (then the finding is SHP111).
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output[-1])  # error: SHP101
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 2)
x = torch.randn(32, 10, 8)
states, _ = gru(x)
last = states[-1, :, :]  # error: SHP101
print(head(last).shape)
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(4, 6, batch_first=True)
output, (h_n, c_n) = lstm(torch.randn(9, 5, 4))
assert torch.allclose(output[-1], h_n[0])  # error: SHP101
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        output = output.transpose(0, 1)
        return self.fc(output[-1])
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5, batch_first=True)
sequence = torch.randn(7, 3)
output, _ = lstm(sequence)
print(output[-1].shape)
""",
        """\
import torch
from torch import nn

class Streaming(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output[-1][-1])
""",
    ),
)

SECOND = Rule(
    code="SHP102",
    name="last-step-on-batch-axis-time-first",
    severity=Severity.WARNING,
    summary="`output[:, -1]` without batch_first is the last sample, not the last step",
    page="""\
## What it does
Finds `output[:, -1]` where `output` comes from a recurrent layer without `batch_first=True`. The finding names both
readings, an index that is wrong and a `batch_first=True` that is missing, with what speaks for each; the likelier mend
comes first.

## Why is this bad
Without `batch_first=True` the layer reads its input as (T, B, I) and gives (T, B, D*H): axis 1 is the
batch. `output[:, -1]` is every step of the last sample. Either the index is wrong, or `batch_first=True` is
missing.

## Example
```python
self.lstm = nn.LSTM(features, hidden)
output, _ = self.lstm(x)
return self.fc(output[:, -1])
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden, batch_first=True)   # if x is (B, T, I)
output, _ = self.lstm(x)
return self.fc(output[:, -1])                             # or output[-1], if x is (T, B, I)
```

## Proved by
batch_independence: read in the layer's own layout, the rows of the selected value are not one for each
sample.

## When it stays silent
The output was transposed in between; the input is packed or unbatched; other evidence shows that the input
is batch-first (then the finding is SHP110).
""",
    bad=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.GRU(features, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, series):
        states, _ = self.rnn(series)
        return self.out(states[:, -1, :])  # error: SHP102
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5, num_layers=2)
head = nn.Linear(5, 1)
output, (h_n, c_n) = lstm(torch.randn(13, 7, 3))
print(head(output[:, -1]).shape)  # error: SHP102
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.GRU(features, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, series):
        states, _ = self.rnn(series)
        return self.out(states[-1])
""",
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.GRU(features, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, series):
        states, _ = self.rnn(series)
        states = states.permute(1, 0, 2)
        return self.out(states[:, -1, :])
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(4, 6, batch_first=True)
head = nn.Linear(6, 2)
output, h_n = rnn(torch.randn(5, 9, 4))
print(head(output[:, -1]).shape)
""",
    ),
)


@check(FIRST, SECOND, at=Nature.SELECTION)
def last_step_on_batch_axis(trace: Trace) -> Iterator[Finding]:
    """`output[-1]` and `output[:, -1]` that select a sample."""
    for pick in picks(trace):
        if pick.picked.role is not Role.BATCH or pick.index != LAST or pick.base.rank != 3:
            continue
        sequence = sequence_of(trace, pick.base)
        confidence = summary_confidence(trace, pick.node)
        if sequence is None or confidence is None or trace.resolve(pick.picked.dim) == ONE:
            continue
        if not _is_better_told(trace, sequence) and not _is_step(trace, pick, sequence):
            yield _finding(trace, pick, sequence, confidence)


def _is_better_told(trace: Trace, sequence: Sequence) -> bool:
    """Whether the index is what the author means, and the layout is wrong before it (SHP110, SHP111, SHP406)."""
    if sequence.unpacked is not None:
        return not sequence.unpacked.flag("batch_first")
    return intent_of(trace, sequence.slot.call).is_other_layout


def _is_step(trace: Trace, pick: Pick, sequence: Sequence) -> bool:
    """Whether the layer reads the axis as steps, and the other one is the batch: one sample, or said to be it.

    `rows.view(B, U, -1)` of B * U rows keeps the role of the rows for U where B is 1: the rows become steps.
    """
    batch_first = config_of(sequence.slot.call).batch_first
    if sequence.permuted or sequence.unpacked is not None or pick.axis != int(batch_first):
        return False
    is_one = trace.resolve(pick.base.axes[1 - pick.axis].dim) == ONE
    return is_one or any(piece.role is Role.BATCH for piece in intent_of(trace, sequence.slot.call).agreeing)


def _finding(trace: Trace, pick: Pick, sequence: Sequence, confidence: Confidence) -> Finding:
    name, whole = quote(trace, pick.base_span), quote(trace, pick.node.span)
    right = ":, -1" if pick.axis == 0 else "-1"
    layout = ", ".join(axis.role.value for axis in pick.base.axes)
    told = _readings(trace, pick, sequence, f"select the last step with `{name}[{right}]`", _fix(name, right, pick))
    return report(
        FIRST if pick.axis == 0 else SECOND,
        trace,
        pick.node,
        f"`{whole}` selects the last sample of the batch, not the last step: `{name}` is ({layout})",
        claims=samples_mix(trace, sequence.slot.call, pick.ref, int(pick.kept)),
        shapes=[(name, pick.base), (whole, pick.result)],
        related=[construction_place(sequence.slot.layer), *told.places],
        help=told.help,
        fixes=told.fixes,
        confidence=confidence,
    )


def _readings(trace: Trace, pick: Pick, sequence: Sequence, step: str, mend: Fix | None) -> Readings:
    """What can be wrong: the index alone, or, of a time-first layer's own output, the layout too."""
    call = sequence.slot.call
    if pick.axis == 0 or sequence.permuted or sequence.unpacked is not None:
        return Readings((mend,), (), step)
    return readings(trace, call, pick.node, step, mend, batch_first_claim(call, pick.ref, int(pick.kept)))


def _fix(name: str, right: str, pick: Pick) -> Fix | None:
    if pick.kept or not isinstance(pick.node.expression, facts.Subscript):
        return None
    edit = replace_text(pick.node.expression.index_span, right)
    return Fix(f"select the last step: `{name}[{right}]`", (edit,))
