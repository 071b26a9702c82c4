"""SHP111: time-first data fed to a layer with batch_first=True."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.finding import Confidence, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.intent import Intent, intent_of
from shapelint.reading.layout.readings import batch_first_claim
from shapelint.reading.operations import is_padding
from shapelint.reading.quoting import construction_place, quote, replace_text
from shapelint.reading.recurrent import (
    construction_of,
    input_of,
    is_refused,
    layer_of,
    own_construction,
    recurrent_calls,
    slot_of,
)
from shapelint.reading.single_index import LAST, ONE, picks
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Layer, Tensor
from shapelint.syntax import facts
from shapelint.trace.evidence import ENOUGH
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP111",
    name="time-first-data-for-batch-first",
    severity=Severity.WARNING,
    summary="time-first data fed to a layer with batch_first=True",
    page="""\
## What it does
Finds calls of a layer with `batch_first=True` where the code says that the input is (time, batch, feature): another
layer that the input comes from, or two of a shape comment or docstring, names of sizes, axes exchanged for the call,
and `output[-1]` or pooling over axis 0 after it.

## Why is this bad
With `batch_first=True` the layer reads (B, T, I): given (T, B, I), it runs along the batch, carries its state from one
sample to the next, and treats the steps of a sequence as independent. A `permute(1, 0, 2)` that was right for a
time-first layer does that when `batch_first=True` is added. No shape is wrong, and nothing raises.

## Example
```python
self.gru = nn.GRU(features, hidden, batch_first=True)
output, _ = self.gru(x.permute(1, 0, 2))       # x: (batch, time, features)
return self.fc(output[-1])
```

## Use instead
```python
self.gru = nn.GRU(features, hidden, batch_first=True)
output, _ = self.gru(x)
return self.fc(output[:, -1])
```

## Proved by
batch_independence: with the batch where the author has it, a row of the output depends on several samples.

## When it stays silent
The evidence is one comment alone, weak, or contradicts itself; the batch or the sequence has length 1; the input is
packed or unbatched; the axes are exchanged, and nothing says which of them was the batch; batch_first is a
flag of the caller's. Padding by `pad_sequence` is
SHP413.
""",
    bad=(
        """\
import torch
from torch import nn

class LeftOver(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x.permute(1, 0, 2))  # error: SHP111
        return self.fc(output[-1])
""",
        """\
import torch
from torch import nn

class Documented(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, 2, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        # x: (time, batch, features)
        output, _ = self.lstm(x)  # error: SHP111
        return self.fc(output[-1])
""",
        """\
import torch
import torch.nn as nn

first = nn.GRU(3, 5)
second = nn.GRU(5, 7, batch_first=True)
output, _ = first(torch.randn(9, 4, 3))
output, h_n = second(output)  # error: SHP111
""",
    ),
    good=(
        """\
import torch
from torch import nn

class MadeBatchFirst(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        # x: (time, batch, features)
        output, _ = self.gru(x.permute(1, 0, 2))
        return self.fc(output[:, -1])
""",
        """\
import torch
from torch import nn

class Convolved(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.conv = nn.Conv1d(features, hidden, 3)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, x):
        output, _ = self.gru(self.conv(x).permute(0, 2, 1))
        return output[:, -1]
""",
        """\
import torch
from torch import nn

class OnlyExchanged(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        output, h_n = self.gru(x.transpose(0, 1))
        return output, h_n
""",
        """\
import torch
from torch import nn

class Columns(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.along_time = nn.GRU(features, hidden, batch_first=True)
        self.along_batch = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, x):
        states, _ = self.along_time(x)
        columns, _ = self.along_batch(states.transpose(0, 1))
        return columns.transpose(0, 1)
""",
    ),
)


@check(RULE, at=Nature.RECURRENCE)
def time_first_data_for_batch_first(trace: Trace) -> Iterator[Finding]:
    """Calls of batch-first layers whose input is meant to be (time, batch, feature)."""
    for call in recurrent_calls(trace):
        layer, value = layer_of(call), input_of(call)
        if is_refused(trace, call) or _option(trace, layer) is None or not isinstance(value, Tensor):
            continue
        if value.rank != 3 or any(trace.resolve(size) == ONE for size in value.sizes[:2]):
            continue
        intent = intent_of(trace, call)
        if intent.is_other_layout and _outweighs_option(intent) and not _is_padding(trace, intent):
            yield _finding(trace, call, layer, value, intent)


def _outweighs_option(intent: Intent) -> bool:
    """Whether more than one statement speaks against batch_first=True, which the author has written after all."""
    kinds = {piece.kind for piece in intent.opposing}
    return "layer-layout" in kinds or len(kinds) > 1


def _is_padding(trace: Trace, intent: Intent) -> bool:
    """Whether the layout comes from `pad_sequence`."""
    padding = {node.span for node in trace.nodes if is_padding(node)}
    return any(piece.span in padding for piece in intent.opposing)


def _finding(trace: Trace, call: Node, layer: Layer, value: Tensor, intent: Intent) -> Finding:
    given = argument(call, 0, "input")
    name = "its input" if given is None else f"`{quote(trace, given.value.span)}`"
    assert value.ref is not None
    return report(
        RULE,
        trace,
        call,
        f"`{quote(trace, call.span)}` runs along the batch: {name} is (time, batch, feature), "
        f"and the {layer.name} is built with batch_first=True",
        claims=[BatchIndependence(Ref(call.id, (0,)), value.ref, 1, 1)],
        shapes=[(name.strip("`"), value)],
        related=[construction_place(layer), *intent.places()],
        help="feed (batch, time, feature), or build the layer without batch_first=True",
        fixes=[_time_first(trace, layer), _last_step(trace, call, intent)],
        confidence=Confidence.HIGH if intent.opposed > ENOUGH else Confidence.MEDIUM,
    )


def _option(trace: Trace, layer: Layer) -> facts.Literal | None:
    """The True that is written for batch_first; None where it is a flag of the caller's."""
    construction = construction_of(trace, layer)
    written = (
        None
        if construction is None
        else argument(construction, 5 if "nonlinearity" in layer.named else 4, "batch_first")
    )
    option = None if written is None else written.value
    return option if isinstance(option, facts.Literal) and option.value is True else None


def _time_first(trace: Trace, layer: Layer) -> Fix | None:
    option = _option(trace, layer)
    if option is None or own_construction(trace, layer) is None:
        return None
    return Fix("build the layer with batch_first=False", (replace_text(option.span, "False"),))


def _last_step(trace: Trace, call: Node, intent: Intent) -> Fix | None:
    """Where an index and an exchange are all that speaks for time first, the index may be what is wrong."""
    if any(piece.kind not in ("last-index", "exchange") for piece in intent.opposing):
        return None
    for pick in picks(trace):
        slot = slot_of(trace, pick.base)
        is_step = slot is not None and slot.call is call and (pick.axis, pick.index) == (0, LAST) and not pick.kept
        if is_step and isinstance(pick.node.expression, facts.Subscript):
            edit = replace_text(pick.node.expression.index_span, ":, -1")
            text = f"`{quote(trace, pick.base_span)}[:, -1]`"
            return Fix(
                f"select the last step, {text}, if the exchange makes the input (batch, time, feature)",
                (edit,),
                claims=batch_first_claim(call, pick.ref),
            )
    return None
