"""SHP105, SHP109: the state of a lower layer where that of the last layer is meant."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Claim, Confidence, Edit, Finding, Fix, Ref, Severity
from shapelint.infer.trace import Node, Trace
from shapelint.rules.base import Rule, check
from shapelint.rules.build import construction_place, quote, replace_text, report
from shapelint.rules.claims import samples_mix
from shapelint.rules.layout.entries import Entries, entries_of, entries_read, final_state_confidence, joined
from shapelint.rules.navigate import H_N, Slot, short_name, slot_of
from shapelint.rules.pick import pick_of
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor
from shapelint.source import Span
from shapelint.syntax import facts

LOWER = Rule(
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
There may be one layer; another entry of `h_n` is used as well (`h_n[1]`, a decoder that takes the whole
state); `h_n` is the tuple of an LSTM; the value is not used as a summary.
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

PAIR = Rule(
    code="SHP109",
    name="directions-of-lower-layer",
    severity=Severity.WARNING,
    summary="`cat((h_n[0], h_n[1]), 1)` with num_layers > 1 joins the directions of the first layer",
    page="""\
## What it does
Finds two entries of a bidirectional `h_n` joined or added (`torch.cat((h_n[0], h_n[1]), 1)`) that are not the two
directions of the last layer, where num_layers > 1.

## Why is this bad
`h_n` is layer 0 forward, layer 0 backward, layer 1 forward, layer 1 backward, and so on. The final states of the
last layer are `h_n[-2]` and `h_n[-1]`. With `h_n[0]` and `h_n[1]` the layers above are computed for nothing; with
`h_n[0]` and `h_n[-1]` the halves come from different layers.

## Example
```python
self.lstm = nn.LSTM(features, hidden, num_layers=2, bidirectional=True)
_, (h_n, _) = self.lstm(x)
return self.fc(torch.cat((h_n[0], h_n[1]), dim=1))
```

## Use instead
```python
_, (h_n, _) = self.lstm(x)
return self.fc(torch.cat((h_n[-2], h_n[-1]), dim=1))
```

## Proved by
dead_parameters: weights of the last layer get no gradient from the joined value.

## When it stays silent
There may be one layer; other entries of `h_n` are used as well (a mix of all layers); the two directions of the
last layer are joined, in either order.
""",
    bad=(
        """\
import torch
from torch import nn

class Sentiment(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(torch.cat((h_n[0], h_n[1]), dim=1))  # error: SHP109
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(4, 6, num_layers=2, bidirectional=True)
head = nn.Linear(12, 1)
_, hidden = gru(torch.randn(9, 5, 4))
both = torch.cat([hidden[0, :, :], hidden[-1, :, :]], -1)  # error: SHP109
print(head(both))
""",
        """\
import torch
from torch import nn

class Summed(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, num_layers=3, bidirectional=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        states, h_n = self.gru(x)
        return self.fc(h_n[0] + h_n[1])  # error: SHP109
""",
    ),
    good=(
        """\
import torch
from torch import nn

class OneLayer(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(torch.cat((h_n[0], h_n[1]), dim=1))
""",
        """\
import torch
from torch import nn

class OtherOrder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, 2, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(torch.cat((h_n[3], h_n[-2]), dim=1))
""",
        """\
import torch
from torch import nn

class EveryLayer(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, 2, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        _, h_n = self.gru(x)
        low = torch.cat((h_n[0], h_n[1]), dim=1)
        high = torch.cat((h_n[2], h_n[3]), dim=1)
        return self.fc(low + high)
""",
    ),
)


@check(LOWER, PAIR)
def lower_layer(trace: Trace) -> Iterator[Finding]:
    """Parts of h_n that leave the last layer out, or half of it."""
    for node in trace.nodes:
        if node.error is None and isinstance(node.result, Tensor) and node.args:
            found = _pair(trace, node) or _single(trace, node) or _squeezed(trace, node)
            if found is not None:
                yield found


def _single(trace: Trace, node: Node) -> Finding | None:
    """One entry below the last layer is picked, and nothing else of h_n is read."""
    found = entries_of(trace, node.result) if pick_of(node) is not None else None
    if found is None or found.slot.slot != H_N or len(found.numbers) != 1 or found.numbers <= found.last_layer:
        return None
    confidence = final_state_confidence(trace, node, found.slot)
    if confidence is None or not entries_read(trace, found.slot) <= found.numbers:
        return None
    (entry,) = found.numbers
    which = f"layer {entry // found.directions + 1} of {found.layers}"
    message = f"`{quote(trace, node.span)}` is the final state of {which}: the layers above it are left out"
    fix = _fix(found, [node], "take the state of the last layer")
    return _finding(trace, LOWER, node, found.slot, message, _dead(found.slot, node), fix, confidence)


def _pair(trace: Trace, node: Node) -> Finding | None:
    """Two entries are joined that are not the two directions of the last layer."""
    picked = joined(trace, node)
    found = [entries_of(trace, pick.result) for pick in picked]
    if len(found) != 2 or found[0] is None or found[1] is None or found[0].slot != found[1].slot:
        return None
    entries, numbers = found[0], found[0].numbers | found[1].numbers
    opposite = sorted(number % 2 for number in numbers) == [0, 1]
    if entries.slot.slot != H_N or entries.directions != 2 or not opposite or numbers == entries.last_layer:
        return None
    confidence = final_state_confidence(trace, node, entries.slot)
    if confidence is None or not entries_read(trace, entries.slot) <= numbers:
        return None
    layers = sorted({number // 2 + 1 for number in numbers})
    of = f"layer {layers[0]}" if len(layers) == 1 else f"layers {layers[0]} and {layers[1]}"
    message = f"`{quote(trace, node.span)}` joins states of {of}: the last of the {entries.layers} layers is "
    message += "left out" if entries.layers not in layers else "read in one direction only"
    fix = _fix(entries, picked, "join the directions of the last layer")
    return _finding(trace, PAIR, node, entries.slot, message, _dead(entries.slot, node), fix, confidence)


def _squeezed(trace: Trace, node: Node) -> Finding | None:
    """`h_n.squeeze(0)`, where axis 0 is longer than 1 for its layers."""
    slot = slot_of(trace, node.args[0]) if short_name(node) == "squeeze" else None
    if slot is None or slot.slot != H_N or node.bound.get("dim") != (Dim.of(0),):
        return None
    layers = trace.resolve(slot.config.num_layers).constant
    confidence = final_state_confidence(trace, node, slot)
    if layers is None or layers < 2 or confidence is not Confidence.HIGH:
        return None
    count = trace.resolve(slot.config.state_layers)
    message = f"`{quote(trace, node.span)}` takes nothing away: axis 0 is {count} long, for {layers} layers"
    fix = None if slot.config.bidirectional else _index_instead(node)
    claims = samples_mix(trace, slot.call, Ref(node.id))
    return _finding(trace, LOWER, node, slot, message, claims, fix, confidence)


def _index_instead(node: Node) -> Fix | None:
    call = node.expression
    if not isinstance(call, facts.Call) or not isinstance(call.func, facts.Attribute) or "Tensor" not in node.op:
        return None
    base = call.func.value.span
    cut = Span(base.end_line, base.end_column, call.span.end_line, call.span.end_column)
    return Fix("take the state of the last layer: `[-1]`", (replace_text(cut, "[-1]"),))


def _dead(slot: Slot, node: Node) -> list[Claim]:
    assert slot.layer.ref is not None
    return [Claim("dead_parameters", Ref(node.id), {"layer": slot.layer.ref})]


def _fix(entries: Entries, picked: list[Node], description: str) -> Fix | None:
    """Pick the same directions of the last layer, where they are picked from h_n itself by one subscript each."""
    edits: list[Edit] = []
    for node in picked:
        pick, expression = pick_of(node), node.expression
        if pick is None or pick.base.rank != 3 or pick.kept or not isinstance(expression, facts.Subscript):
            return None
        number = pick.index.constant
        assert number is not None
        index = -1 if entries.directions == 1 else -2 + number % 2
        edits.append(replace_text(expression.index_span, str(index)))
    if entries.directions == 2 and len(picked) == 1:
        return None  # both directions are needed: twice as many features
    return Fix(description, tuple(edits))


def _finding(
    trace: Trace,
    rule: Rule,
    node: Node,
    slot: Slot,
    message: str,
    claims: list[Claim],
    fix: Fix | None,
    confidence: Confidence,
) -> Finding:
    both = slot.config.bidirectional
    right = "`torch.cat((h_n[-2], h_n[-1]), dim=-1)`" if both else "`h_n[-1]`"
    return report(
        rule,
        trace,
        node,
        message,
        claims=claims,
        shapes=[(quote(trace, node.span), node.result)],
        related=[construction_place(slot.layer)],
        help=f"the final state of the last layer is {right}",
        fixes=[fix],
        confidence=confidence,
    )
