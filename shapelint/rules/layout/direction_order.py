"""SHP107, SHP108: h_n taken apart as if the directions came before the layers."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.provenance import Provenance
from shapelint.finding import Confidence, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.entries import layer_count
from shapelint.reading.layout.views import is_view
from shapelint.reading.operations import is_subscript
from shapelint.reading.quoting import construction_place, quote, replace_text
from shapelint.reading.recurrent import C_N, H_N, Slot, slot_of
from shapelint.reading.single_index import FIRST, ONE, index_parts, is_full
from shapelint.reading.written import exchanged, insertion, view_sizes
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Int, NoneValue, SliceValue, Tensor, Unknown
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

TWO = Dim.of(2)

ORDER = Rule(
    code="SHP107",
    name="directions-before-layers",
    severity=Severity.WARNING,
    summary="`h_n.view(2, num_layers, batch, hidden)`: the layers come first, the directions within each",
    page="""\
## What it does
Finds a `view` or `reshape` of the state of a bidirectional layer to (2, num_layers, B, H).

## Why is this bad
The directions of a layer stand side by side: `h_n` is layer 0 forward, layer 0 backward, layer 1 forward, and so
on. It comes apart as (num_layers, 2, B, H). The view to (2, num_layers, B, H) has the right size and the wrong
entries: with three layers, its `[0]` is both directions of layer 0 and the forward one of layer 1.

## Example
```python
_, h_n = self.gru(x)                                     # three layers, bidirectional
h_n = h_n.view(2, 3, batch, hidden)[:, -1]
```

## Use instead
```python
_, h_n = self.gru(x)
h_n = h_n.view(3, 2, batch, hidden)[-1]
```

## Proved by
provenance: the entries are not those of (layers, directions), exchanged.

## When it stays silent
There is one layer; there are two layers, and nothing tells which 2 is which; the view is to (num_layers, 2, B, H).
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, 3, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        h_n = h_n.view(2, 3, x.size(0), self.hidden)[:, -1]  # error: SHP107
        return self.fc(torch.cat((h_n[0], h_n[1]), dim=1))
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, num_layers, bidirectional=True):
        super().__init__()
        self.num_layers = num_layers
        self.num_directions = 2 if bidirectional else 1
        self.lstm = nn.LSTM(features, hidden, num_layers, bidirectional=bidirectional)

    def forward(self, x):
        output, (h_n, c_n) = self.lstm(x)
        h_n = h_n.reshape(self.num_directions, self.num_layers, x.size(1), -1)  # error: SHP107
        return output, h_n.sum(dim=0)
""",
        """\
import torch
import torch.nn as nn

rnn = nn.RNN(3, 5, num_layers=4, bidirectional=True)
_, hidden = rnn(torch.randn(9, 7, 3))
split = torch.reshape(hidden, (2, 4, 7, 5))  # error: SHP107
print(split[0].shape, split[1].shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, 3, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        h_n = h_n.view(3, 2, x.size(0), self.hidden)[-1]
        return self.fc(torch.cat((h_n[0], h_n[1]), dim=1))
""",
        """\
import torch
from torch import nn

class OneLayer(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, bidirectional=True)

    def forward(self, x):
        _, h_n = self.gru(x)
        return h_n.view(2, 1, x.size(1), -1)[:, 0]
""",
        """\
import torch
from torch import nn

class TwoLayers(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, 2, bidirectional=True)

    def forward(self, x):
        _, h_n = self.gru(x)
        return h_n.view(2, 2, x.size(1), self.hidden)[-1].transpose(0, 1)
""",
    ),
)

HALF = Rule(
    code="SHP108",
    name="first-half-of-bidirectional-state",
    severity=Severity.WARNING,
    summary="`h_n[:num_layers]` of a bidirectional layer is not the forward direction of each layer",
    page="""\
## What it does
Finds `h_n[:num_layers]` and `c_n[:num_layers]` of a bidirectional layer with several layers.

## Why is this bad
The directions of a layer stand side by side: `h_n` is layer 0 forward, layer 0 backward, layer 1 forward, and so
on. The first half holds both directions of the lower layers, and nothing of the last layer. Where it starts a
decoder, layer 1 of the decoder gets what layer 0 of the encoder read backwards.

## Example
```python
output, h_n = self.encoder(x)                  # two layers, bidirectional
output, _ = self.decoder(y, h_n[:2])
```

## Use instead
```python
output, h_n = self.encoder(x)
output, _ = self.decoder(y, h_n[0::2])         # forward; h_n[1::2] is backward
```

## Proved by
provenance: the entries are not those of the forward direction of each layer.

## When it stays silent
There is one layer: then `h_n[:1]` is the forward direction.
""",
    bad=(
        """\
import torch
from torch import nn

class Seq2Seq(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, 2, bidirectional=True)
        self.decoder = nn.GRU(features, hidden, 2)

    def forward(self, x, y):
        _, h_n = self.encoder(x)
        output, _ = self.decoder(y, h_n[:2])  # error: SHP108
        return output
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.layers = layers
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True, bidirectional=True)

    def forward(self, x):
        output, (h_n, c_n) = self.lstm(x)
        return output, h_n[: self.layers]  # error: SHP108
""",
        """\
import torch
import torch.nn as nn

n_layers = 3
encoder = nn.GRU(4, 6, n_layers, bidirectional=True)
decoder = nn.GRU(5, 6, n_layers)
_, hidden = encoder(torch.randn(9, 2, 4))
output, hidden = decoder(torch.randn(7, 2, 5), hidden[:n_layers])  # error: SHP108
""",
    ),
    good=(
        """\
import torch
from torch import nn

class OneLayer(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, bidirectional=True)
        self.decoder = nn.GRU(features, hidden)

    def forward(self, x, y):
        _, h_n = self.encoder(x)
        return self.decoder(y, h_n[:1])
""",
        """\
import torch
from torch import nn

class Forward(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, 2, bidirectional=True)
        self.decoder = nn.GRU(features, hidden, 2)

    def forward(self, x, y):
        _, h_n = self.encoder(x)
        return self.decoder(y, h_n[0::2].contiguous())
""",
        """\
import torch
from torch import nn

class Split(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.layers = layers
        self.hidden = hidden
        self.encoder = nn.LSTM(features, hidden, layers, bidirectional=True)

    def forward(self, x):
        _, (h_n, c_n) = self.encoder(x)
        return h_n.view(self.layers, 2, -1, self.hidden)[:, 0]
""",
        """\
import torch
from torch import nn

class OneDirection(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, 4)
        self.decoder = nn.GRU(features, hidden, 2)

    def forward(self, x, y):
        _, h_n = self.encoder(x)
        return self.decoder(y, h_n[:2])
""",
    ),
)


@check(ORDER, HALF, at=(Nature.VIEW, Nature.SELECTION))
def direction_order(trace: Trace) -> Iterator[Finding]:
    """Views and slices of a bidirectional state that put the directions first."""
    for node in trace.nodes:
        if node.error is not None or not isinstance(node.result, Tensor) or not node.args:
            continue
        slot = slot_of(trace, node.args[0]) if is_view(node) or is_subscript(node) else None
        if slot is None or slot.slot not in (H_N, C_N) or not slot.config.bidirectional:
            continue
        confidence = _several_layers(trace, slot)
        if confidence is None:
            continue
        if is_view(node) and _puts_directions_first(trace, node, slot):
            yield _exchanged(trace, node, slot, confidence)
        elif is_subscript(node) and _takes_first_half(trace, node, slot):
            yield _halved(trace, node, slot, confidence)


def _several_layers(trace: Trace, slot: Slot) -> Confidence | None:
    """How sure it is that there are several layers; a number of layers that is named is written for several."""
    layers, is_default = layer_count(trace, slot)
    if is_default:
        return Confidence.LOW if layers == 1 else Confidence.MEDIUM
    return None if layers == 1 else Confidence.HIGH


def _puts_directions_first(trace: Trace, node: Node, slot: Slot) -> bool:
    base, result = node.args[0], node.result
    assert isinstance(base, Tensor)
    assert isinstance(result, Tensor)
    before, after = ([trace.resolve(size) for size in value.sizes] for value in (base, result))
    layers = trace.resolve(slot.config.num_layers)
    return layers != TWO and after == [TWO, layers, *before[1:]]


def _exchanged(trace: Trace, node: Node, slot: Slot, confidence: Confidence) -> Finding:
    name = quote(trace, node.span)
    return report(
        ORDER,
        trace,
        node,
        f"`{name}` mixes layers and directions: the state is (layers * directions, batch, hidden), layers first",
        claims=[Provenance(Ref(node.id), _base(node), (1, 0, 2, 3), split=(0, -1, 2))],
        shapes=[(name, node.result)],
        related=[construction_place(slot.layer)],
        help="view it as (num_layers, 2, batch, hidden); `.transpose(0, 1)` puts the directions first",
        fixes=[_swap(trace, node)],
        confidence=confidence,
    )


def _base(node: Node) -> Ref:
    source = node.args[0]
    assert isinstance(source, Tensor)
    assert source.ref is not None
    return source.ref


def _swap(trace: Trace, node: Node) -> Fix | None:
    """Exchange the first two sizes, and the axes after that: what follows reads the axes as before."""
    sizes = view_sizes(node)
    if len(sizes) != 4:
        return None
    edits = (*exchanged(trace, *sizes[:2]), insertion(node.span, ".transpose(0, 1)"))
    return Fix("view it as (layers, directions, ...), and put the directions first: `.transpose(0, 1)`", edits)


def _takes_first_half(trace: Trace, node: Node, slot: Slot) -> bool:
    """Whether a subscript is `[:num_layers]`, with everything of the other axes."""
    base = node.args[0]
    assert isinstance(base, Tensor)
    first, *others = index_parts(node.args[1], base.rank)
    if not isinstance(first, SliceValue) or not isinstance(first.upper, Int | Unknown) or not all(map(is_full, others)):
        return False
    is_start = isinstance(first.lower, NoneValue) or first.lower == Int(FIRST)
    is_plain = isinstance(first.step, NoneValue) or first.step == Int(ONE)
    return is_start and is_plain and trace.resolve(first.upper.dim) == trace.resolve(slot.config.num_layers)


def _takes_the_rest(trace: Trace, half: Node) -> bool:
    """Whether another subscript takes the other half, `[num_layers:]`: mended alone, some rows would be taken twice."""
    others = (one for one in trace.uses(_base(half)) if is_subscript(one) and one.id != half.id)
    return any(_cut(trace, one, "lower") == _cut(trace, half, "upper") for one in others)


def _cut(trace: Trace, node: Node, side: str) -> Dim | None:
    base = node.args[0]
    assert isinstance(base, Tensor)
    cut = getattr(index_parts(node.args[1], base.rank)[0], side, None)
    return trace.resolve(cut.dim) if isinstance(cut, Int | Unknown) else None


def _halved(trace: Trace, node: Node, slot: Slot, confidence: Confidence) -> Finding:
    name = quote(trace, node.span)
    fix = None
    if isinstance(node.expression, facts.Subscript) and not _takes_the_rest(trace, node):
        edit = replace_text(node.expression.index_span, "0::2")
        fix = Fix("take the forward direction of each layer: `[0::2]`", (edit,))
    return report(
        HALF,
        trace,
        node,
        f"`{name}` holds both directions of the lower layers, not one direction of each layer",
        claims=[Provenance(Ref(node.id), _base(node), (0, 1, 2), split=(0, -1, 2), select=(1, 0))],
        shapes=[(name, node.result)],
        related=[construction_place(slot.layer)],
        help="`[0::2]` is the forward direction of each layer, `[1::2]` the backward one",
        fixes=[fix],
        confidence=confidence,
    )
