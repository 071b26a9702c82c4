"""SHP101, SHP102: `[-1]` on the axis that is the batch, where the last time step is meant."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Claim, Finding, Fix, Severity
from shapelint.infer.trace import Node, Trace
from shapelint.rules.base import Rule, check
from shapelint.rules.build import construction_place, replace_text, report, text_of
from shapelint.rules.intent import intent_of
from shapelint.rules.navigate import OUTPUT, Slot, input_of, slot_of
from shapelint.rules.uses import is_summary
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Int, SliceValue, Tensor, Tuple, Value
from shapelint.syntax import facts

GETITEM = "torch.Tensor.__getitem__"

FIRST = Rule(
    code="SHP101",
    name="last-step-on-batch-axis",
    severity=Severity.WARNING,
    summary="`output[-1]` of a batch_first layer is the last sample, not the last step",
    page="""\
## What it does
Finds `output[-1]` where `output` comes from a recurrent layer with `batch_first=True`.

## Why is this bad
With `batch_first=True` the output is (B, T, D*H): axis 0 is the batch. `output[-1]` is every step of the last
sample, (T, D*H). A Linear layer accepts it, the loss falls, and the model has learned from one sample of each batch.

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
The input is a single unbatched sequence (T, I) or packed; the axes were permuted before; the last sample is indexed
again by a step (`output[-1][-1]`) or only printed; the value is not used as a summary.
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
Finds `output[:, -1]` where `output` comes from a recurrent layer without `batch_first=True`.

## Why is this bad
Without `batch_first=True` the layer reads its input as (T, B, I) and gives (T, B, D*H): axis 1 is the batch.
`output[:, -1]` is every step of the last sample. Either the index is wrong, or `batch_first=True` is missing.

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
batch_independence: read in the layer's own layout, the rows of the selected value are not one for each sample.

## When it stays silent
The output was transposed in between; the input is packed or unbatched; other evidence shows that the
input is batch-first (then the finding is SHP110).
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


@check(FIRST, SECOND)
def last_step_on_batch_axis(trace: Trace) -> Iterator[Finding]:
    """`output[-1]` and `output[:, -1]` that select a sample."""
    for node in trace.nodes:
        if node.op != GETITEM or node.error is not None:
            continue
        slot = slot_of(trace, node.args[0])
        if slot is None or slot.slot != OUTPUT or not _selects_last_sample(node):
            continue
        if is_summary(trace, node):
            yield from _report(trace, node, slot)


def _selects_last_sample(node: Node) -> bool:
    """Whether the one index that is not a full slice is -1 and stands at the batch axis of (B, T, *)."""
    value, index = node.args
    if not isinstance(value, Tensor) or value.rank != 3 or not isinstance(node.result, Tensor):
        return False
    parts = index.items if isinstance(index, Tuple) else (index,)
    if len(parts) > value.rank:
        return False
    chosen = [axis for axis, part in zip(value.axes, parts, strict=False) if not _is_full_slice(part)]
    lasts = [part for part in parts if _is_last(part)]
    return len(chosen) == len(lasts) == 1 and chosen[0].role is Role.BATCH


def _is_full_slice(part: Value) -> bool:
    return isinstance(part, SliceValue) and part == SliceValue(part.lower, part.upper, part.step) and not any(
        isinstance(bound, Int) for bound in (part.lower, part.upper)
    )


def _is_last(part: Value) -> bool:
    return isinstance(part, Int) and part.dim.constant == -1


def _report(trace: Trace, node: Node, slot: Slot) -> Iterator[Finding]:
    intent = intent_of(trace, slot.call)
    batch_first = slot.config.batch_first
    if not batch_first and intent.opposed > intent.agreed:
        return  # the index is what the author means; the layer is wrong (SHP110)
    source, result = input_of(slot.call), node.result
    assert isinstance(source, Tensor) and source.ref is not None and isinstance(result, Tensor) and result.ref is not None
    batch_axis = 0 if batch_first else 1
    assert isinstance(node.expression, facts.Subscript)
    name, whole = text_of(trace, node.expression.value.span), text_of(trace, node.span)
    right = f"{name}[:, -1]" if batch_first else f"{name}[-1]"
    layout = "(batch, time, feature)" if batch_first else "(time, batch, feature)"
    yield report(
        FIRST if batch_first else SECOND,
        trace,
        node,
        f"`{whole}` selects the last sample of the batch, not the last step: `{name}` is {layout}",
        claims=[
            Claim(
                "batch_independence",
                result.ref,
                {"source": source.ref, "batch_axis": batch_axis, "target_axis": 0},
            )
        ],
        shapes=[(name, node.args[0]), (whole, result)],
        related=[construction_place(slot.layer)],
        help=None if batch_first else f"use `{right}`, or build the layer with batch_first=True if its input is (batch, time, feature)",
        fix=Fix(f"select the last step: `{right}`", (replace_text(node.expression.index_span, ":, -1"),)) if batch_first else None,
    )
