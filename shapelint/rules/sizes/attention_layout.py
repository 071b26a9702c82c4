"""SHP510: attention layers that read the batch as the sequence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.data import dataclass
from shapelint.finding import Confidence, Edit, Finding, Fix, Place, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.ops.registry import LAYERS
from shapelint.reading.claims import Source, source_of
from shapelint.reading.layout.intent import weight_of
from shapelint.reading.layout.meaning import attention_layer, meaning_of
from shapelint.reading.quoting import add_argument, construction_place, place_of, quote
from shapelint.reading.recurrent import layer_of, own_construction
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import in_words, layer_call_above, layout_of, named, recurrent_above
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Layer, Tensor, Tuple
from shapelint.syntax import facts
from shapelint.trace.evidence import ENOUGH
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

#: the parameters of attention that take sequences
_SEQUENCES = frozenset({"query", "key", "value", "src", "tgt", "memory"})
_LAYOUTS = {False: (Role.BATCH, Role.TIME), True: (Role.TIME, Role.BATCH)}

RULE = Rule(
    code="SHP510",
    name="attention-over-the-batch",
    severity=Severity.WARNING,
    summary="attention without batch_first=True on a batch-first sequence attends over the samples",
    page="""\
## What it does
Finds `nn.MultiheadAttention`, `nn.TransformerEncoderLayer` and `nn.TransformerEncoder` that get a sequence in the other
layout than the one that they were built for: as a recurrent layer gave it, as a docstring, a loader or names of its
sizes have it, or as it is read afterwards (`out[:, -1]`, `out.mean(1)`).

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
the recurrent layer itself is in the wrong layout (then the finding is SHP110); evidence speaks for both layouts;
`batch_first` is an option of the code.
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
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    "x: (batch, time, features)"

    def __init__(self, features):
        super().__init__()
        self.embed = nn.Linear(features, 32)
        layer = nn.TransformerEncoderLayer(32, 4)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(32, 1)

    def forward(self, x):
        states = self.encoder(self.embed(x))  # error: SHP510
        return self.head(states.mean(dim=1))
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
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    "x: (batch, time, features)"

    def __init__(self, features):
        super().__init__()
        self.embed = nn.Linear(features, 32)
        layer = nn.TransformerEncoderLayer(32, 4)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(32, 1)

    def forward(self, x):
        states = self.encoder(self.embed(x).transpose(0, 1))
        return self.head(states.mean(dim=0))
""",
        """\
import torch
from torch import nn

class Translator(nn.Module):
    "ids: (time, batch)"

    def __init__(self, words):
        super().__init__()
        self.embedding = nn.Embedding(words, 32)
        self.layer = nn.TransformerEncoderLayer(32, 4)
        self.head = nn.Linear(32, words)

    def forward(self, ids):
        return self.head(self.layer(self.embedding(ids))[:, -1])
""",
    ),
)


@dataclass(frozen=True, slots=True)
class _Given:
    """A sequence `value` in the other layout than the layer's: the argument `place`, called `name`."""

    place: int
    name: str
    value: Tensor
    roles: str  #: of its axes, in words
    source: Source
    places: tuple[Place, ...]
    confidence: Confidence


@check(RULE, at=Nature.ATTENTION)
def attention_over_the_batch(trace: Trace) -> Iterator[Finding]:
    """Attention calls whose layer and whose sequence have different layouts."""
    for node in trace.nodes:
        layer = attention_layer(node) if node.error is None else None
        given = None if layer is None else _sequence(trace, node, layer)
        if layer is not None and given is not None:
            yield _finding(trace, node, layer, given)


def _sequence(trace: Trace, node: Node, layer: Layer) -> _Given | None:
    """The first argument that is a sequence in the other layout than the layer's."""
    names = [name for name in LAYERS[layer.kind].forward.signature.parameters if name in _SEQUENCES]
    for place, name in enumerate(names):
        value = node.args[place + 1] if place + 1 < len(node.args) else node.kwargs.get(name)
        if isinstance(value, Tensor) and value.rank == 3:
            of_layer = recurrent_above(trace, value) is not None
            read = _by_layer if of_layer else _by_evidence
            given = read(trace, layer, _Given(place, name, value, "", Source(Ref(node.id), 0, 1), (), Confidence.HIGH))
            if given is not None:
                return given
    return None


def _by_layer(trace: Trace, layer: Layer, given: _Given) -> _Given | None:
    """As a recurrent layer above lays its output out."""
    call = layer_call_above(trace, given.value)
    source = None if call is None else source_of(trace, call)
    if call is None or source is None or layout_of(given.value)[:2] != _LAYOUTS[layer.flag("batch_first")]:
        return None
    places = (construction_place(layer_of(call)),)
    return replace(given, roles=in_words(given.value.axes), source=source, places=places)


def _by_evidence(trace: Trace, layer: Layer, given: _Given) -> _Given | None:
    """As the author, the data and other layers have it; who did not write batch_first may not know of it."""
    other = _LAYOUTS[layer.flag("batch_first")]
    said = [meaning.but(layer) for axis in (0, 1) if (meaning := meaning_of(trace, given.value, axis)) is not None]
    if len(said) < 2 or trace.resolve(given.value.sizes[0]) == ONE or _is_chosen(trace, layer):
        return None
    opposing = [piece for meaning, role in zip(said, other, strict=True) for piece in meaning.only(role)]
    if layer.flag("batch_first"):  # who wrote that knows of it: a text may be about another caller's layout
        opposing = [piece for piece in opposing if not piece.kind.startswith("shape-")]
    agreeing = [piece for meaning, role in zip(said, other[::-1], strict=True) for piece in meaning.only(role)]
    weight = weight_of(tuple(opposing))
    if agreeing or not opposing or weight + (not _is_told(trace, layer)) < ENOUGH:
        return None
    batch_axis = other.index(Role.BATCH)
    source = said[batch_axis].source
    return replace(
        given,
        roles=f"({', '.join(role.value for role in other)}, feature)",
        source=Source(source.ref, source.axis, 1 - source.axis),
        places=tuple(dict.fromkeys(place_of(piece, piece.message) for piece in opposing)),
        confidence=Confidence.HIGH if weight >= ENOUGH else Confidence.MEDIUM,
    )


def _is_told(trace: Trace, layer: Layer) -> bool:
    """Whether the layer's construction names a layout, as far as it is seen."""
    built = own_construction(trace, layer)
    return built is None or argument(built, _place_of_flag(layer), "batch_first") is not None


def _is_chosen(trace: Trace, layer: Layer) -> bool:
    """Whether the layout is an option of the code: what its texts say may be of the other choice."""
    built = own_construction(trace, layer)
    written = None if built is None else argument(built, _place_of_flag(layer), "batch_first")
    return written is not None and not isinstance(written.value, facts.Literal)


def _place_of_flag(layer: Layer) -> int:
    return [*LAYERS[layer.kind].build.signature.parameters].index("batch_first")


def _finding(trace: Trace, node: Node, layer: Layer, given: _Given) -> Finding:
    shown = named(trace, node, given.place, given.name)
    batch_axis = _LAYOUTS[layer.flag("batch_first")].index(Role.BATCH)
    target = Ref(node.id, (0,) if isinstance(node.result, Tuple) else ())
    first = "the steps" if batch_axis == 0 else "the samples"
    return report(
        RULE,
        trace,
        node,
        f"`{quote(trace, node.span)}` attends over the batch: `{shown}` is {given.roles}, "
        f"and this {layer.name} reads axis 0 as {first}",
        claims=[BatchIndependence(target, given.source.ref, given.source.batch_axis, batch_axis)],
        shapes=[(shown, given.value)],
        related=[_built(layer), *given.places],
        help="build both layers for the same layout, or transpose axes 0 and 1 in between",
        fixes=[_fix(trace, layer) if batch_axis == 0 else None],
        confidence=given.confidence,
    )


def _built(layer: Layer) -> Place:
    return place_of(layer, f"this {layer.name} has batch_first={layer.flag('batch_first')}")


def _fix(trace: Trace, layer: Layer) -> Fix | None:
    """Build the layer for batch-first sequences, where all that it gets are such."""
    built = own_construction(trace, layer)
    calls = [node for node in trace.nodes if attention_layer(node) == layer]
    if built is None or any(_sequence(trace, node, layer) is None for node in calls):
        return None
    written = argument(built, _place_of_flag(layer), "batch_first")
    given = add_argument(trace, built.span, "batch_first=True")
    edit = given if written is None else Edit(written.value.span, "True")
    return Fix("build the attention for batch-first sequences: `batch_first=True`", (edit,))
