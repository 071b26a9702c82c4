"""SHP510: attention layers that read the batch as the sequence."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Edit, Finding, Fix, Place, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.ops.registry import LAYERS
from shapelint.reading.claims import samples_mix
from shapelint.reading.operations import called_kind, is_encoder
from shapelint.reading.quoting import add_argument, construction_place, place_of, quote
from shapelint.reading.recurrent import layer_of, own_construction
from shapelint.reading.sizes.around import in_words, layer_call_above, layout_of, named
from shapelint.reading.trail import nature_of
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.build import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Layer, Tensor, Tuple
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_SEQUENCES = frozenset({"query", "key", "value", "src"})  #: the parameters of attention that take sequences
_LAYOUTS = {False: (Role.BATCH, Role.TIME), True: (Role.TIME, Role.BATCH)}

RULE = Rule(
    code="SHP510",
    name="attention-over-the-batch",
    severity=Severity.WARNING,
    summary="attention without batch_first=True on a batch-first sequence attends over the samples",
    page="""\
## What it does
Finds `nn.MultiheadAttention`, `nn.TransformerEncoderLayer` and `nn.TransformerEncoder` that get the sequence
of a recurrent layer in the other layout than the one that they were built for.

## Why is this bad
Without `batch_first=True` these layers read axis 0 as the steps. On the (B, T, H) output of a recurrent layer
with `batch_first=True` every step attends to the same step of the other samples. The shapes agree, nothing
raises, and each sample's result depends on the batch that it happens to be in.

## Example
```python
self.lstm = nn.LSTM(features, 64, batch_first=True)
self.attention = nn.MultiheadAttention(64, 4)
output, _ = self.lstm(x)
output, _ = self.attention(output, output, output)
```

## Use instead
```python
self.lstm = nn.LSTM(features, 64, batch_first=True)
self.attention = nn.MultiheadAttention(64, 4, batch_first=True)
output, _ = self.lstm(x)
output, _ = self.attention(output, output, output)
```

## Proved by
batch_independence: a row of the result depends on other samples.

## When it stays silent
The sequence is transposed before the attention; the recurrent layer is time-first too; the evidence says that
the recurrent layer itself is in the wrong layout (then the finding is SHP110).
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.attention = nn.MultiheadAttention(hidden, 1)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        attended, _ = self.attention(output, output, output)  # error: SHP510
        return self.fc(attended.mean(1))
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 12, batch_first=True)
norm = nn.LayerNorm(12)
encoder = nn.TransformerEncoderLayer(d_model=12, nhead=3)
states, _ = gru(torch.randn(32, 10, 8))
encoded = encoder(norm(states))  # error: SHP510
print(encoded.shape)
""",
        """\
import torch
from torch import nn

class TimeFirst(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.gru = nn.GRU(features, 16)
        layer = nn.TransformerEncoderLayer(16, 2, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, x):
        states, _ = self.gru(x)
        return self.encoder(states)[-1]  # error: SHP510
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
        self.attention = nn.MultiheadAttention(hidden, 1)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        output = output.transpose(0, 1)
        attended, _ = self.attention(output, output, output)
        return self.fc(attended.transpose(0, 1).mean(1))
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 12)
attention = nn.MultiheadAttention(12, 3)
states, h_n = gru(torch.randn(10, 32, 8))
attended, weights = attention(h_n, states, states)
""",
        """\
import torch
from torch import nn

class Summary(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.attention = nn.MultiheadAttention(hidden, 1, batch_first=True)

    def forward(self, x):
        states, h_n = self.gru(x)
        query = h_n[-1].unsqueeze(1)
        return self.attention(query, states, states)[0].squeeze(1)
""",
    ),
)


@check(RULE)
def attention_over_the_batch(trace: Trace) -> Iterator[Finding]:
    """Attention calls whose layer and whose sequence have different layouts."""
    for node in trace.nodes:
        layer = _attention_of(node)
        given = None if layer is None else _sequence(node, layer)
        if layer is not None and given is not None:
            yield from _finding(trace, node, layer, *given)


def _attention_of(node: Node) -> Layer | None:
    """The layer whose batch_first decides how a call reads its sequences."""
    if called_kind(node) is None or node.error is not None:
        return None
    if is_encoder(node):
        repeated = layer_of(node).find("encoder_layer", Layer)
        return repeated if repeated is not None and "batch_first" in repeated.named else None
    return layer_of(node) if nature_of(node) is Nature.ATTENTION else None


def _sequence(node: Node, layer: Layer) -> tuple[int, str, Tensor] | None:
    """The first argument that is a sequence in the other layout than the layer's."""
    other = _LAYOUTS[layer.flag("batch_first")]
    names = [name for name in LAYERS[layer.kind].forward.signature.parameters if name in _SEQUENCES]
    for place, name in enumerate(names):
        value = node.args[place + 1] if place + 1 < len(node.args) else node.kwargs.get(name)
        if isinstance(value, Tensor) and value.rank == 3 and layout_of(value)[:2] == other:
            return place, name, value
    return None


def _finding(trace: Trace, node: Node, layer: Layer, place: int, name: str, value: Tensor) -> Iterator[Finding]:
    call = layer_call_above(trace, value)
    if call is None:
        return
    shown, batch_axis = named(trace, node, place, name), layout_of(value).index(Role.BATCH)
    target = Ref(node.id, (0,) if isinstance(node.result, Tuple) else ())
    first = "the steps" if batch_axis == 0 else "the samples"
    yield report(
        RULE,
        trace,
        node,
        f"`{quote(trace, node.span)}` attends over the batch: `{shown}` is {in_words(value.axes)}, "
        f"and this {layer.name} reads axis 0 as {first}",
        claims=samples_mix(trace, call, target, batch_axis),
        shapes=[(shown, value)],
        related=[_built(layer), construction_place(layer_of(call))],
        help="build both layers for the same layout, or transpose axes 0 and 1 in between",
        fixes=[_fix(trace, layer) if batch_axis == 0 else None],
    )


def _built(layer: Layer) -> Place:
    return place_of(layer, f"this {layer.name} has batch_first={layer.flag('batch_first')}")


def _fix(trace: Trace, layer: Layer) -> Fix | None:
    """Build the layer for batch-first sequences, where all that it gets are such."""
    built = own_construction(trace, layer)
    calls = [node for node in trace.nodes if _attention_of(node) == layer]
    if built is None or any(_sequence(node, layer) is None for node in calls):
        return None
    written = argument(built, [*LAYERS[layer.kind].build.signature.parameters].index("batch_first"), "batch_first")
    given = add_argument(trace, built.span, "batch_first=True")
    edit = given if written is None else Edit(written.value.span, "True")
    return Fix("build the attention for batch-first sequences: `batch_first=True`", (edit,))
