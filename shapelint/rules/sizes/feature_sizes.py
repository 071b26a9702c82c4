"""SHP501, SHP502, SHP503, SHP504: a layer whose feature size is not what the layer before it gives."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Ref, Severity
from shapelint.ops.layers.rnn import recurrent_config
from shapelint.reading.operations import is_recurrent_call
from shapelint.reading.quoting import naming_of
from shapelint.reading.recurrent import are_names_exchanged, config_of, layer_of
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.rules.sizes.feature_source import built_place, feature_counts, mismatch, producers_of
from shapelint.shapes.dim import Dim
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_GOOD = (
    """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, words, width, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.lstm = nn.LSTM(width + 4, hidden, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(2 * hidden, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, ids, extra):
        x = torch.cat((self.embedding(ids), extra), dim=-1)
        output, _ = self.lstm(x)
        output, _ = self.gru(output)
        return self.fc(output)
""",
    """\
import torch
from torch import nn

class Summed(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        output, _ = self.gru(output[..., : self.hidden] + output[..., self.hidden :])
        return self.fc(output)
""",
    """\
import torch
from torch import nn

lstm = nn.LSTM(3, 11, batch_first=True, proj_size=5)
fc = nn.Linear(5, 2)
states = torch.zeros(1, 4, 5), torch.zeros(1, 4, 11)
print(fc(lstm(torch.randn(4, 7, 3), states)[0]).shape)
""",
    """\
import torch
from torch import nn

class Optional(nn.Module):
    def __init__(self, features, hidden, classes, bidirectional=False):
        super().__init__()
        self.rnn = nn.GRU(features, hidden, batch_first=True, bidirectional=bidirectional)
        self.fc = nn.Linear(hidden * (2 if bidirectional else 1), classes)

    def forward(self, x):
        return self.fc(self.rnn(x)[0])
""",
)

DIRECTIONS = Rule(
    code="SHP501",
    name="linear-ignores-directions",
    severity=Severity.ERROR,
    summary="a bidirectional layer gives 2 * hidden_size features",
    page="""\
## What it does
Finds a Linear layer that takes hidden_size features after a bidirectional layer, or 2 * hidden_size
features after a layer of one direction.

## Why is this bad
The output of a bidirectional layer is (B, T, 2*H): both directions beside each other. Torch raises.

## Example
```python
self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
self.fc = nn.Linear(hidden, classes)
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
self.fc = nn.Linear(2 * hidden, classes)
```

## Proved by
raises: the Linear layer does not take the features that the recurrent layer gives.

## When it stays silent
The directions are summed, one of them is chosen, or the sizes are not known to differ.
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(self.drop(torch.cat((h_n[-2], h_n[-1]), dim=1)))  # error: SHP501
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, batch_first=True)
head = nn.Linear(10, 2)
output, h_n = gru(torch.randn(4, 7, 3))
scores = head(output.mean(dim=1))  # error: SHP501
""",
    ),
    good=_GOOD,
)

PROJECTION = Rule(
    code="SHP502",
    name="projection-ignored",
    severity=Severity.ERROR,
    summary="an LSTM with proj_size gives proj_size features",
    page="""\
## What it does
Finds a Linear layer that takes hidden_size features, or an h_0 of hidden_size features, where the LSTM has
a proj_size.

## Why is this bad
With proj_size=P the output is (B, T, D*P), and h_0 and h_n are (D*num_layers, B, P). Only the cell state
keeps hidden_size features. Torch raises.

## Example
```python
self.lstm = nn.LSTM(features, hidden, proj_size=projected)
self.fc = nn.Linear(hidden, classes)
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden, proj_size=projected)
self.fc = nn.Linear(projected, classes)
```

## Proved by
raises: the Linear layer, or the LSTM, does not take that many features.

## When it stays silent
proj_size is 0 or not known.
""",
    bad=(
        """\
import torch
from torch import nn

class Projected(nn.Module):
    def __init__(self, features, hidden, projected, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, 2 * projected, batch_first=True, proj_size=projected)
        self.fc = nn.Linear(2 * projected, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output[:, -1])  # error: SHP502
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 11, proj_size=5)
h0, c0 = torch.zeros(1, 4, 11), torch.zeros(1, 4, 11)
output, state = lstm(torch.randn(7, 4, 3), (h0, c0))  # error: SHP502
""",
    ),
    good=_GOOD,
)

STACKED = Rule(
    code="SHP503",
    name="stacked-layer-input-size",
    severity=Severity.ERROR,
    summary="the second recurrent layer must take all features of the first",
    page="""\
## What it does
Finds a recurrent layer whose input_size is not the number of features that the recurrent layer before it
gives.

## Why is this bad
A layer gives D * hidden_size features, twice hidden_size if it is bidirectional. Torch raises.

## Example
```python
self.first = nn.GRU(features, hidden, bidirectional=True)
self.second = nn.GRU(hidden, hidden)
```

## Use instead
```python
self.first = nn.GRU(features, hidden, bidirectional=True)
self.second = nn.GRU(2 * hidden, hidden)
```

## Proved by
raises: the second layer does not take the features of the first.

## When it stays silent
The directions are summed or something is joined in between, or the sizes are not known to differ.
""",
    bad=(
        """\
import torch
from torch import nn

class Stack(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.first = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.second = nn.LSTM(hidden, hidden, batch_first=True)

    def forward(self, x):
        output, _ = self.first(x)
        output, _ = self.second(torch.relu(output))  # error: SHP503
        return output
""",
        """\
import torch
from torch import nn

encoder = nn.GRU(3, 16)
decoder = nn.LSTM(8, 16)
output, h_n = encoder(torch.randn(7, 4, 3))
decoded, _ = decoder(output)  # error: SHP503
""",
    ),
    good=_GOOD,
)

EMBEDDED = Rule(
    code="SHP504",
    name="embedding-width",
    severity=Severity.ERROR,
    summary="input_size must be the embedding_dim of the embedding before it",
    page="""\
## What it does
Finds a recurrent layer whose input_size is not the embedding_dim of the Embedding that feeds it.

## Why is this bad
An Embedding(num_embeddings, embedding_dim) gives embedding_dim features for each id; the size of the
vocabulary is no feature size. Torch raises.

## Example
```python
self.embedding = nn.Embedding(words, 100)
self.lstm = nn.LSTM(words, hidden)
```

## Use instead
```python
self.embedding = nn.Embedding(words, 100)
self.lstm = nn.LSTM(100, hidden)
```

## Proved by
raises: the recurrent layer does not take the features of the embedding.

## When it stays silent
Other features are joined to the embedding, the sizes are not known to differ, or the two sizes of the recurrent layer
are exchanged (SHP614).
""",
    bad=(
        """\
import torch
from torch import nn

class Language(nn.Module):
    def __init__(self, words, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, 2 * words)
        self.lstm = nn.LSTM(words, hidden, batch_first=True)

    def forward(self, ids):
        output, _ = self.lstm(self.embedding(ids))  # error: SHP504
        return output
""",
        """\
import torch
from torch import nn

embedding = nn.Embedding(50, 8)
drop = nn.Dropout(0.1)
gru = nn.GRU(7, 5)
output, h_n = gru(drop(embedding(torch.randint(0, 50, (9, 4)))))  # error: SHP504
""",
    ),
    good=_GOOD,
)


@check(DIRECTIONS, PROJECTION, STACKED, EMBEDDED, at=Event.REFUSED)
def feature_sizes(trace: Trace) -> Iterator[Finding]:
    """Calls that torch refuses for the number of features."""
    for node in trace.nodes:
        code = None if node.error is None else node.error.code
        if code == DIRECTIONS.code:
            yield from _after_recurrent(trace, node)
        elif code == STACKED.code:
            yield from _before_recurrent(trace, node)
        elif node.error is not None and node.error.details.get("state") == "h_0":
            yield from _state(trace, node)


def _after_recurrent(trace: Trace, node: Node) -> Iterator[Finding]:
    expected, got = feature_counts(trace, node)
    for producer in producers_of(trace, node):
        if not is_recurrent_call(producer.call):
            continue
        config = recurrent_config(producer.layer)
        one, hidden = trace.resolve(config.real_hidden_size), trace.resolve(config.hidden_size)
        is_projected = one != hidden and not _is_asked_for(trace, config.proj_size)
        if is_projected and expected in (hidden, config.directions * hidden) and got in (one, one + one):
            yield mismatch(PROJECTION, trace, node, producer, "with proj_size an LSTM gives proj_size features")
            return
        if expected == one and got == one + one and config.bidirectional:
            yield mismatch(DIRECTIONS, trace, node, producer, "a bidirectional layer gives 2 * hidden_size features")
            return
        if expected == one + one and got == one:
            yield mismatch(DIRECTIONS, trace, node, producer, "one direction gives hidden_size features")
            return


def _is_asked_for(trace: Trace, projection: Dim) -> bool:
    """Whether the path has asked whether there is a projection: with a size of 0 there is none."""
    questions = (one.question for one in trace.decisions)
    return any(not projection.symbols.isdisjoint(one.variables) for one in questions if one is not None)


def _before_recurrent(trace: Trace, node: Node) -> Iterator[Finding]:
    _, got = feature_counts(trace, node)
    producer = next(producers_of(trace, node), None)
    if producer is None:
        return
    if not is_recurrent_call(producer.call):
        is_width = trace.resolve(producer.layer.get("embedding_dim", Dim)) == got
        if is_width and not are_names_exchanged(trace, layer_of(node), got):
            yield mismatch(EMBEDDED, trace, node, producer, "an Embedding gives embedding_dim features")
        return
    config = recurrent_config(producer.layer)
    one = trace.resolve(config.real_hidden_size)
    if got in (one, trace.resolve(config.output_size)):
        why = "a bidirectional layer gives 2 * hidden_size" if got != one else "the layer before it gives hidden_size"
        yield mismatch(STACKED, trace, node, producer, f"{why} features")


def _state(trace: Trace, call: Node) -> Iterator[Finding]:
    assert call.error is not None
    config, sizes = config_of(call), call.error.details["got"]
    got = sizes[-1] if isinstance(sizes, tuple) and sizes else None
    if (
        config.proj_size == Dim(())
        or _is_asked_for(trace, config.proj_size)
        or not isinstance(got, Dim)
        or trace.resolve(got) != trace.resolve(config.hidden_size)
    ):
        return
    naming = naming_of(trace)
    hidden, projected = naming.dim(config.hidden_size), naming.dim(config.proj_size)
    yield report(
        PROJECTION,
        trace,
        call,
        f"h_0 has {hidden} features: with proj_size it has {projected}, and c_0 has {hidden}",
        claims=[Raises(Ref(call.id))],
        related=[built_place(layer_of(call), naming)],
        help=f"give h_0 {projected} features and c_0 {hidden}",
    )
