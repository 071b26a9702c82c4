"""SHP106: a view of h_n or c_n that moves the batch axis, and so mixes samples."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import samples_mix
from shapelint.reading.layout.views import (
    Axes,
    base_name,
    batch_place,
    elements,
    moved_to,
    named_sizes,
    transpose_first,
    view_base,
)
from shapelint.reading.quoting import construction_place, quote
from shapelint.reading.recurrent import Slot, state_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.dim import Same
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP106",
    name="state-viewed-across-samples",
    severity=Severity.WARNING,
    summary="`h_n.view(batch, -1)` mixes samples: the batch is axis 1 of h_n",
    page="""\
## What it does
Finds a `view` or `reshape` of `h_n` or `c_n` whose result has the batch at another place than the elements
have it: `h_n.view(batch, -1)`, `h_n.reshape(-1, 2 * hidden)`, `h_n.view(num_layers, batch, 2 * hidden)`.

## Why is this bad
`h_n` is (num_layers * directions, B, H). A view keeps the order of the elements, so row 0 of
`h_n.view(batch, -1)` is not sample 0 of every layer: it is the first layer's state of sample 0 followed by
that of sample 1. Every row mixes samples, the shape is as expected, and nothing raises.

## Example
```python
_, h_n = self.gru(x)                       # two directions or several layers
return self.fc(h_n.view(x.size(0), -1))
```

## Use instead
```python
_, h_n = self.gru(x)
return self.fc(h_n.transpose(0, 1).reshape(x.size(0), -1))
```

## Proved by
batch_independence: a row of the view depends on several samples of the input.

## When it stays silent
The layer has one layer and one direction, or may have and the sizes do not name num_layers; the batch axis
was moved first (`h_n.permute(1, 0, 2).reshape(batch, -1)`); the view takes the first axis apart
(`h_n.view(num_layers, directions, batch, hidden)`) or merges it with the batch; the batch has one sample.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(h_n.view(x.size(0), -1))  # error: SHP106
""",
        """\
import torch
from torch import nn

class Seq2SeqEncoder(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.hidden = hidden
        self.layers = layers
        self.lstm = nn.LSTM(features, hidden, layers, bidirectional=True)

    def forward(self, x):
        steps, batch, _ = x.shape
        output, (h_n, c_n) = self.lstm(x)
        h_n = h_n.view(self.layers, batch, 2 * self.hidden)  # error: SHP106
        return output, h_n
""",
        """\
import torch
import torch.nn as nn

rnn = nn.RNN(4, 6, num_layers=3)
head = nn.Linear(18, 2)
states, h_n = rnn(torch.randn(9, 5, 4))
flat = torch.reshape(h_n, (5, 18))  # error: SHP106
print(head(flat).shape)
""",
        """\
import torch
from torch import nn

class EveryLayer(nn.Module):
    def __init__(self, features, hidden, layers=2):
        super().__init__()
        self.hidden = hidden
        self.layers = layers
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True)
        self.fc = nn.Linear(layers * hidden, 1)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(h_n.view(-1, self.layers * self.hidden))  # error: SHP106
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(h_n.permute(1, 0, 2).contiguous().view(x.size(0), -1))
""",
        """\
import torch
from torch import nn

class OneLayer(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(h_n.view(x.size(0), -1))
""",
        """\
import torch
from torch import nn

class MaybeOneLayer(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return h_n.view(x.size(0), -1)
""",
        """\
import torch
from torch import nn

class Split(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.hidden = hidden
        self.layers = layers
        self.gru = nn.GRU(features, hidden, layers, bidirectional=True)

    def forward(self, x):
        _, h_n = self.gru(x)
        last = h_n.view(self.layers, 2, x.size(1), self.hidden)[-1]
        return last.transpose(0, 1).reshape(x.size(1), 2 * self.hidden)
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(4, 6, bidirectional=True)
head = nn.Linear(12, 2)
_, h_n = gru(torch.randn(9, 1, 4))
print(head(h_n.view(1, 12)).shape)
""",
    ),
)


@check(RULE, at=Nature.VIEW)
def state_viewed_across_samples(trace: Trace) -> Iterator[Finding]:
    """Views of a state that give another place to an axis of the batch's size."""
    for node in trace.nodes:
        base = view_base(node)
        slot = None if base is None else state_of(trace, base)
        if slot is None or base is None or not isinstance(node.result, Tensor):
            continue
        place = batch_place(trace, base)
        moved = None if place is None else moved_to(trace, base.axes, place, node.result.axes)
        if place is None or moved is None:
            continue
        confidence = _confidence(trace, node, base.axes[:place], node.result.axes[:moved])
        if confidence is not None:
            yield _finding(trace, node, slot, base, (place, moved), confidence)


def _confidence(trace: Trace, node: Node, ahead: Axes, new_ahead: Axes) -> Confidence | None:
    """How sure it is that a view moves an axis that stood behind the axes `ahead`.

    A view keeps the order of the elements: an axis stays itself only behind as many elements as before. With
    one layer and one direction nothing moves; sizes that name the layers are written for more.
    """
    was, now = (elements(trace, axes) for axes in (ahead, new_ahead))
    if was.same(now) is Same.DIFFERENT:
        return Confidence.HIGH
    named = {symbol for size in named_sizes(trace, node) for symbol in size.symbols}
    return Confidence.MEDIUM if was != now and was.symbols and was.symbols <= named else None


def _finding(
    trace: Trace, node: Node, slot: Slot, base: Tensor, places: tuple[int, int], confidence: Confidence
) -> Finding:
    place, moved = places
    whole = quote(trace, node.span)
    name = base_name(trace, node)
    layout = "(layers * directions, batch, hidden)" if base.rank == 3 else f"batch on axis {place}"
    fix = transpose_first(node) if (base.rank, place, moved) == (3, 1, 0) else None
    return report(
        RULE,
        trace,
        node,
        f"`{whole}` mixes samples: `{name}` is {layout}, and a view keeps the order of its elements",
        claims=samples_mix(trace, slot.call, Ref(node.id), moved),
        shapes=[(name, base), (whole, node.result)],
        related=[construction_place(slot.layer)],
        help=_help(name, place, moved, slot),
        fixes=[fix],
        confidence=confidence,
    )


def _help(name: str, place: int, moved: int, slot: Slot) -> str:
    if (place, moved) == (1, 1) and slot.config.bidirectional:
        return f"join the directions of each layer with `torch.cat(({name}[0::2], {name}[1::2]), dim=2)`"
    return f"move the batch axis first: `{name}.transpose({moved}, {place})`, and then `reshape`"
