"""SHP614: input_size and hidden_size in each other's place."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Edit, Finding, Fix, Ref, Severity
from shapelint.reading.operations import is_step_call, short_name
from shapelint.reading.quoting import naming_of, place_of, text_of
from shapelint.reading.recurrent import are_names_exchanged, input_of, layer_of, own_construction
from shapelint.reading.trail import above
from shapelint.reading.written import written
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.dim import Dim
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

SWAPPED = Rule(
    code="SHP614",
    name="sizes-swapped",
    severity=Severity.ERROR,
    summary="the first argument of a recurrent layer is the number of features of its input",
    page="""\
## What it does
Finds a recurrent layer or cell whose input has hidden_size features, and not input_size.

## Why is this bad
The order is input_size, hidden_size. With the two exchanged the layer does not take its input: torch raises.

## Example
```python
lstm = nn.LSTM(hidden, features)
output, state = lstm(x)      # x: (time, batch, features)
```

## Use instead
```python
lstm = nn.LSTM(features, hidden)
output, state = lstm(x)
```

## Proved by
raises: the call of the layer.

## When it stays silent
The features come from another layer, and one of the sizes is a number: then it may be wrong by itself.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(hidden, features, batch_first=True)  # error: SHP614

    def forward(self, x):
        return self.lstm(x)[0]

output = Encoder(3, 5)(torch.randn(4, 7, 3))
""",
        """\
import torch
from torch import nn

gru = nn.GRU(input_size=64, hidden_size=10)  # error: SHP614
output, h_n = gru(torch.randn(7, 4, 10))
cell = nn.GRUCell(16, 8)  # error: SHP614
h = cell(torch.randn(4, 8))
""",
        """\
from torch import nn

class Intents(nn.Module):
    def __init__(self, words, emb_dim, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, emb_dim)
        self.gru = nn.GRU(hidden, emb_dim, batch_first=True)  # error: SHP614
        self.fc = nn.Linear(hidden, classes)

    def forward(self, ids):
        _, h_n = self.gru(self.embedding(ids))
        return self.fc(h_n[-1])
""",
    ),
    good=(
        """\
import torch
from torch import nn

lstm = nn.LSTM(10, 64)
output, state = lstm(torch.randn(7, 4, 10))
same = nn.GRU(8, 8)
output, h_n = same(torch.randn(7, 4, 8))
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, hidden, features):
        super().__init__()
        self.lstm = nn.LSTM(hidden, features, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
import torch
from torch import nn

class Narrowing(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(256, 64, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]

Narrowing()(torch.randn(4, 7, 256))
""",
    ),
)


@check(SWAPPED, at=Event.REFUSED)
def sizes_swapped(trace: Trace) -> Iterator[Finding]:
    """Layers that torch refuses to call, because the features are as many as hidden_size says."""
    for call in trace.nodes:
        if call.error is None or call.error.code != "SHP503" or not is_step_call(call):
            continue
        layer, got = layer_of(call), call.error.details["got"]
        built = own_construction(trace, layer)
        if not isinstance(got, Dim) or trace.resolve(got) != trace.resolve(layer.get("hidden_size", Dim)):
            continue
        if built is not None and (_is_raw(trace, call) or are_names_exchanged(trace, layer, got)):
            yield _finding(trace, built, call)


def _is_raw(trace: Trace, call: Node) -> bool:
    """Whether no layer made the features."""
    return not any(trace.nodes[number].op.endswith(".forward") for number in above(trace, [input_of(call)]))


def _finding(trace: Trace, built: Node, call: Node) -> Finding:
    features = naming_of(trace).dim(layer_of(call).get("hidden_size", Dim))
    return report(
        SWAPPED,
        trace,
        built,
        f"input_size and hidden_size of this {short_name(built)} are exchanged: its input has {features} features",
        claims=[Raises(Ref(call.id))],
        related=[place_of(call, f"the input has {features} features here")],
        help="give the number of features of the input first",
        fixes=[_exchanged(trace, built)],
    )


def _exchanged(trace: Trace, built: Node) -> Fix | None:
    first, second = (written(built, name) for name in ("input_size", "hidden_size"))
    if first is None or second is None:
        return None
    texts = [text_of(trace, given.value.span) for given in (second, first)]
    edits = tuple(Edit(given.value.span, text) for given, text in zip((first, second), texts, strict=True))
    return Fix("exchange the two sizes", edits, safe=True)
