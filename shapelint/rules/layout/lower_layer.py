"""SHP105: the state of a lower layer where that of the last layer is meant."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import samples_mix
from shapelint.reading.layout.entries import entries_of, entries_read, final_state_confidence, is_read
from shapelint.reading.operations import is_method, is_squeeze
from shapelint.reading.quoting import quote, replace_text
from shapelint.reading.recurrent import H_N, OUTPUT, slot_of
from shapelint.reading.single_index import pick_of
from shapelint.rules.base import Rule, check
from shapelint.rules.layout.last_layer import (
    by_default,
    dead_layer,
    last_layer_finding,
    last_layer_fix,
    layer_confidence,
)
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP105",
    name="state-of-first-layer",
    severity=Severity.WARNING,
    summary="`h_n[0]` of a layer with num_layers > 1 is the state of the first layer, not of the last",
    page="""\
## What it does
Finds `h_n[0]`, or another entry below the last layer, used as the final state of a layer with num_layers > 1;
and `h_n.squeeze(0)` there, which takes nothing away.

## Why is this bad
`h_n` is (num_layers * directions, B, H), the first layer first. With `h_n[0]` the layers above are computed
for nothing: their weights never get a gradient.

## Example
```python
self.gru = nn.GRU(features, hidden, num_layers=2)
_, h_n = self.gru(x)
return self.fc(h_n[0])
```

## Use instead
```python
_, h_n = self.gru(x)
return self.fc(h_n[-1])
```

## Proved by
dead_parameters: the weights of the last layer get no gradient from the value. For `squeeze(0)`,
batch_independence: the rows of the result are layers, not samples.

## When it stays silent
There is one layer, or the number is not known and has no default; another entry of `h_n` is used as well
(`h_n[1]`, a decoder that takes the whole state); `h_n` is the tuple of an LSTM; the value is not used as a summary.
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, 2, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(h_n[0])  # error: SHP105
""",
        """\
import torch
import torch.nn as nn

lstm = nn.LSTM(8, 16, num_layers=3)
head = nn.Linear(16, 2)
_, (hidden, cell) = lstm(torch.randn(12, 4, 8))
first = torch.tanh(hidden[0, :, :])  # error: SHP105
print(head(first).shape)
""",
        """\
import torch
from torch import nn

class ByDefault(nn.Module):
    def __init__(self, features, hidden, num_layers=2):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(h_n[0])  # error: SHP105
""",
        """\
import torch
from torch import nn

class Squeezed(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.GRU(features, hidden, num_layers=2)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h_n = self.rnn(x)
        return self.fc(h_n.squeeze(0))  # error: SHP105
""",
    ),
    good=(
        """\
import torch
from torch import nn

class OneLayer(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(h_n[0]) + self.fc(h_n.squeeze(0))
""",
        """\
import torch
from torch import nn

class TupleOfLSTM(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, 2, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, state = self.lstm(x)
        return self.fc(state[0][-1])
""",
        """\
import torch
from torch import nn

class ForTwoDecoders(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, 2)
        self.first = nn.Linear(hidden, hidden)
        self.second = nn.Linear(hidden, hidden)

    def forward(self, x):
        _, h_n = self.encoder(x)
        return self.first(h_n[0]), self.second(h_n[1])
""",
        """\
import torch
from torch import nn

class AnyNumberOfLayers(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.gru = nn.GRU(features, hidden, layers)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(h_n[0])
""",
    ),
)


@check(RULE, at=(Nature.SELECTION, Nature.VIEW))
def state_of_lower_layer(trace: Trace) -> Iterator[Finding]:
    """Parts of h_n that leave the last layer out."""
    for node in trace.nodes:
        if node.error is None and isinstance(node.result, Tensor) and node.args:
            found = _single(trace, node) or _squeezed(trace, node)
            if found is not None:
                yield found


def _single(trace: Trace, node: Node) -> Finding | None:
    """One entry below the last layer is picked, and nothing else of h_n is read."""
    found = entries_of(trace, node.result) if pick_of(node) is not None else None
    if found is None or found.slot.slot != H_N or len(found.numbers) != 1 or found.numbers <= found.last_layer:
        return None
    confidence = layer_confidence(trace, node, found)
    if confidence is None or not entries_read(trace, found.slot) <= found.numbers:
        return None
    if is_read(trace, node, found.slot, OUTPUT):
        return None  # the last layer is used: this one is for something else
    (entry,) = found.numbers
    which = f"layer {entry // found.directions + 1} of {found.layers}{by_default(found)}"
    message = f"`{quote(trace, node.span)}` is the final state of {which}: the layers above are left out"
    fix = last_layer_fix(found, [node], "take the state of the last layer")
    return last_layer_finding(trace, RULE, node, found.slot, message, dead_layer(found.slot, node), fix, confidence)


def _squeezed(trace: Trace, node: Node) -> Finding | None:
    """`h_n.squeeze(0)`, where axis 0 is longer than 1 for its layers."""
    slot = slot_of(trace, node.args[0]) if is_squeeze(node) else None
    if slot is None or slot.slot != H_N or node.find("dim", tuple) != (Dim.of(0),):
        return None
    layers = trace.resolve(slot.config.num_layers).constant
    confidence = final_state_confidence(trace, node, slot)
    if layers is None or layers < 2 or confidence is not Confidence.HIGH:
        return None
    count = trace.resolve(slot.config.state_layers)
    message = f"`{quote(trace, node.span)}` takes nothing away: axis 0 is {count} long, for {layers} layers"
    fix = None if slot.config.bidirectional else _index_instead(node)
    claims = samples_mix(trace, slot.call, Ref(node.id))
    return last_layer_finding(trace, RULE, node, slot, message, claims, fix, confidence)


def _index_instead(node: Node) -> Fix | None:
    call = node.expression
    if not isinstance(call, facts.Call) or not isinstance(call.func, facts.Attribute) or not is_method(node):
        return None
    base = call.func.value.span
    cut = Span(base.end_line, base.end_column, call.span.end_line, call.span.end_column)
    return Fix("take the state of the last layer: `[-1]`", (replace_text(cut, "[-1]"),))
