"""SHP606 and SHP613: keywords that recurrent layers and cells do not have."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from shapelint.finding import Finding, Fix, Severity
from shapelint.ops.registry import LAYERS
from shapelint.rules.base import Rule, check
from shapelint.rules.construction.refusal import Refused, left_away, refused, renamed, tell
from shapelint.rules.occurring import Event
from shapelint.syntax import facts
from shapelint.trace.trace import Trace

#: what other libraries, or the author's own habit, call a parameter
_NAMES = {
    "units": "hidden_size",
    "num_units": "hidden_size",
    "hidden_dim": "hidden_size",
    "n_hidden": "hidden_size",
    "hidden_units": "hidden_size",
    "input_dim": "input_size",
    "n_layers": "num_layers",
    "layers": "num_layers",
    "activation": "nonlinearity",
    "use_bias": "bias",
}
_ADVICE = {
    "return_sequences": "the output is the whole sequence; take its last step for a summary",
    "return_state": "the state is always returned, beside the output",
    "input_shape": "input_size is the number of features of one step; the number of steps is free",
    "stateful": "the state that is returned can be passed to the next call",
    "recurrent_dropout": "nothing is dropped within the recurrence",
    "go_backwards": "flip the input along time, or use bidirectional=True",
    "time_major": "batch_first=True or False says which axis is time",
}

KEYWORD = Rule(
    code="SHP606",
    name="unknown-keyword",
    severity=Severity.ERROR,
    summary="nn.LSTM has no return_sequences, units or hidden_dim",
    page="""\
## What it does
Finds keyword arguments that nn.LSTM, nn.GRU, nn.RNN and their cells do not have: those of Keras, such as
return_sequences and units, other names for a size, and misspelt ones.

## Why is this bad
Torch raises a TypeError when the layer is built.

## Example
```python
self.lstm = nn.LSTM(features, hidden, return_sequences=True)
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden)
output, (h_n, c_n) = self.lstm(x)
```

## Proved by
raises: the construction.

## When it stays silent
The class is not torch's (keras.layers.LSTM, a wrapper of the project), or the keywords come from a dict.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, return_sequences=True)  # error: SHP606

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
from torch import nn

gru = nn.GRU(3, units=5)  # error: SHP606
rnn = nn.RNN(3, 5, n_layers=2)  # error: SHP606
lstm = nn.LSTM(3, 5, batchfirst=True)  # error: SHP606
cell = nn.GRUCell(input_size=3, hidden_dim=5)  # error: SHP606
""",
        """\
from torch import nn

OPTIONS = {"stateful": True}

def build(features, hidden):
    return nn.GRU(features, hidden, **OPTIONS)  # error: SHP606
""",
    ),
    good=(
        """\
from keras.layers import LSTM

layer = LSTM(units=5, return_sequences=True, input_shape=(7, 3))
""",
        """\
import torch
from torch import nn

class GRU(nn.Module):
    def __init__(self, units, return_sequences=False):
        super().__init__()
        self.gru = nn.GRU(units, units, batch_first=True)
        self.return_sequences = return_sequences

    def forward(self, x):
        output, h_n = self.gru(x)
        return output if self.return_sequences else output[:, -1]

layer = GRU(units=5, return_sequences=True)
""",
        """\
from torch import nn

def build(features, hidden, **options):
    return nn.LSTM(features, hidden, **options)
""",
    ),
)

CELL = Rule(
    code="SHP613",
    name="layer-option-of-a-cell",
    severity=Severity.ERROR,
    summary="a cell is one step of one layer: no num_layers, batch_first, bidirectional or dropout",
    page="""\
## What it does
Finds num_layers, batch_first, bidirectional, dropout or proj_size given to nn.LSTMCell, nn.GRUCell or
nn.RNNCell.

## Why is this bad
A cell computes one step of one layer in one direction. Torch raises a TypeError when it is built.

## Example
```python
self.cells = nn.LSTMCell(features, hidden, num_layers=2)
```

## Use instead
```python
self.cells = nn.ModuleList([nn.LSTMCell(features, hidden), nn.LSTMCell(hidden, hidden)])
```

## Proved by
raises: the construction.

## When it stays silent
The layer is nn.LSTM, nn.GRU or nn.RNN, or the keywords come from a dict.
""",
    bad=(
        """\
import torch
from torch import nn

class Stepper(nn.Module):
    def __init__(self, features, hidden, num_layers=2):
        super().__init__()
        self.cell = nn.LSTMCell(features, hidden, num_layers=num_layers)  # error: SHP613

    def forward(self, x, state):
        return self.cell(x, state)
""",
        """\
from torch import nn

gru = nn.GRUCell(3, 5, batch_first=True)  # error: SHP613
rnn = nn.RNNCell(3, 5, nonlinearity="relu", dropout=0.2)  # error: SHP613
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Stepper(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cells = nn.ModuleList([nn.LSTMCell(features, hidden), nn.LSTMCell(hidden, hidden)])

    def forward(self, x):
        for cell in self.cells:
            x, _ = cell(x)
        return x
""",
        """\
from torch import nn

cell = nn.RNNCell(3, 5, bias=False, nonlinearity="relu")
layer = nn.RNN(3, 5, num_layers=2, dropout=0.2, bidirectional=True)
""",
        """\
from torch import nn

def build(kind, options):
    return getattr(nn, kind + "Cell")(3, 5, **options)
""",
    ),
)


@check(KEYWORD, CELL, at=Event.REFUSED)
def unknown_keywords(trace: Trace) -> Iterator[Finding]:
    """Constructions with a keyword that the class does not have."""
    for one in refused(trace, KEYWORD.code):
        advice, fix = _advice(one), _mended(one)
        yield tell(KEYWORD, trace, one, f"{one.kind} has no argument `{one.name}`", advice, [fix])
    for one in refused(trace, CELL.code):
        message = f"{one.kind} has no argument `{one.name}`: a cell is one step of one layer, in one direction"
        yield tell(CELL, trace, one, message, f"use nn.{one.kind[3:-4]}, or build several cells in an nn.ModuleList")


def _advice(one: Refused) -> str:
    name = _right_name(one)
    return _ADVICE.get(one.name, "leave it away" if name is None else f"it is called {name}")


def _right_name(one: Refused) -> str | None:
    """The parameter that is meant, if it is not given already."""
    free = [name for name in LAYERS[one.built.op].build.signature.parameters if name not in one.built.kwargs]
    meant = _NAMES.get(one.name) or next(iter(get_close_matches(one.name, free, 1, 0.8)), None)
    return meant if meant in free[len(one.built.args) :] else None


def _mended(one: Refused) -> Fix | None:
    """The keyword under its right name; away with one that asks for what torch does anyway."""
    given, name = one.written, _right_name(one)
    if given is None:
        return None
    if name is not None:
        return renamed(given, name)
    is_true = isinstance(given.value, facts.Literal) and given.value.value is True
    return left_away(one.built, given) if is_true and one.name in ("return_sequences", "return_state") else None
