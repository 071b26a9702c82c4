"""SHP201, SHP202, SHP203: an initial state that is not (D*num_layers, batch, hidden_size)."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Ref, Severity
from shapelint.ops.registry import ShapeError
from shapelint.reading.names import output_named_state
from shapelint.reading.quoting import construction_place, naming_of
from shapelint.reading.recurrent import layer_of, recurrent_calls, states_given
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import input_shape, report
from shapelint.rules.state.state_sizes import (
    count_all_layers,
    count_both_directions,
    created,
    state_fix,
    swap_first_two,
)
from shapelint.rules.state.state_words import shape_text, state_name
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_GOOD = (
    """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.layers, self.hidden = layers, hidden
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True, bidirectional=True)

    def forward(self, x):
        h0 = torch.zeros(2 * self.layers, x.size(0), self.hidden)
        c0 = torch.zeros(2 * self.layers, x.size(0), self.hidden)
        return self.lstm(x, (h0, c0))[0]
""",
    """\
import torch
from torch import nn

class FromEncoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, 2, batch_first=True)

    def forward(self, x):
        state = torch.zeros(x.size(0), 2, self.gru.hidden_size)
        return self.gru(x, state.transpose(0, 1).contiguous())
""",
    """\
import torch
from torch import nn

gru = nn.GRU(3, 5)
x = torch.randn(7, 4, 3)
output, h_n = gru(x, torch.zeros(1, x.size(1), 5))
""",
    """\
import torch
from torch import nn

gru = nn.GRU(3, 5, num_layers=2)
output, h_n = gru(torch.randn(7, 3), torch.zeros(2, 5))
""",
)

BATCH_FIRST = Rule(
    code="SHP201",
    name="batch-first-state",
    severity=Severity.ERROR,
    summary="an initial state is (layers, batch, hidden_size) even with batch_first=True",
    page="""\
## What it does
Finds an initial state (batch, layers, hidden_size).

## Why is this bad
`batch_first=True` concerns the input and the output only: a state is (D*num_layers, batch, hidden_size)
always. Torch raises, unless the batch happens to be as large as the number of layers; then it mixes samples
and layers.

## Example
```python
self.gru = nn.GRU(features, hidden, 2, batch_first=True)
h0 = torch.zeros(x.size(0), 2, hidden)
output, h_n = self.gru(x, h0)
```

## Use instead
```python
h0 = torch.zeros(2, x.size(0), hidden)
output, h_n = self.gru(x, h0)
```

## Proved by
raises: torch refuses the state in the call of the layer.

## When it stays silent
The state is transposed before the call, or its sizes are not known to be those of the batch and the layers.
""",
    bad=(
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.layers, self.hidden = layers, hidden
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True)

    def forward(self, x):
        h0 = torch.zeros(x.size(0), self.layers, self.hidden)
        c0 = torch.zeros(x.size(0), self.layers, self.hidden)
        output, _ = self.lstm(x, (h0, c0))  # error: SHP201
        return output
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(3, 5, 2, batch_first=True)
x = torch.randn(11, 7, 3)
output, h_n = gru(x, torch.zeros((x.shape[0], 2, 5)))  # error: SHP201
""",
    ),
    good=_GOOD,
)

DIRECTIONS = Rule(
    code="SHP202",
    name="state-misses-directions",
    severity=Severity.ERROR,
    summary="the initial state of a bidirectional layer has two entries for each layer",
    page="""\
## What it does
Finds an initial state of a bidirectional layer that is (num_layers, batch, hidden_size).

## Why is this bad
Each direction of each layer starts from a state of its own: (2*num_layers, batch, hidden_size). Torch
raises.

## Example
```python
lstm = nn.LSTM(features, hidden, num_layers=2, bidirectional=True)
h0 = torch.zeros(2, batch, hidden)
output, _ = lstm(x, (h0, c0))
```

## Use instead
```python
h0 = torch.zeros(4, batch, hidden)      # or no state at all: zeros are the default
output, _ = lstm(x, (h0, c0))
```

## Proved by
raises: torch refuses the state in the call of the layer.

## When it stays silent
The number of directions is not known, or the state's first axis is not known to be num_layers.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, layers=2):
        super().__init__()
        self.num_layers = layers
        self.hidden_size = hidden
        self.rnn = nn.LSTM(features, hidden, layers, bidirectional=True)

    def init_hidden(self, batch):
        shape = (self.num_layers, batch, self.hidden_size)
        return torch.zeros(shape), torch.zeros(shape)

    def forward(self, x):
        states = self.init_hidden(x.size(1))
        output, states = self.rnn(x, states)  # error: SHP202
        return output
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, bidirectional=True)
h0 = torch.zeros(1, 4, 5)
output, h_n = gru(torch.randn(7, 4, 3), h0)  # error: SHP202
""",
    ),
    good=_GOOD,
)

LAYERS = Rule(
    code="SHP203",
    name="state-misses-layers",
    severity=Severity.ERROR,
    summary="the initial state of several layers has an entry for each of them",
    page="""\
## What it does
Finds an initial state (1, batch, hidden_size) for a layer with num_layers > 1.

## Why is this bad
Each of the stacked layers starts from a state of its own: (D*num_layers, batch, hidden_size). Torch raises.

## Example
```python
gru = nn.GRU(features, hidden, num_layers=3)
output, h_n = gru(x, torch.zeros(1, batch, hidden))
```

## Use instead
```python
output, h_n = gru(x, torch.zeros(3, batch, hidden))     # or no state at all: zeros are the default
```

## Proved by
raises: torch refuses the state in the call of the layer.

## When it stays silent
num_layers is 1, or a parameter that may be 1.
""",
    bad=(
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, num_layers=3)

    def forward(self, x):
        h0 = torch.zeros(1, x.size(1), self.hidden).to(x.device)
        output, h_n = self.gru(x, h0)  # error: SHP203
        return output
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(3, 5, 2, batch_first=True)
x = torch.randn(11, 7, 3)
output, h_n = rnn(x, x.new_zeros(1, 11, 5))  # error: SHP203
""",
    ),
    good=_GOOD,
)

_RULES = {rule.code: rule for rule in (BATCH_FIRST, DIRECTIONS, LAYERS)}
_WHY = {
    "SHP201": "is batch-first",
    "SHP202": "lacks the second direction",
    "SHP203": "is for one layer only",
}
_MENDS = {"SHP201": swap_first_two, "SHP202": count_both_directions, "SHP203": count_all_layers}


@check(*_RULES.values(), at=Event.REFUSED)
def state_shape(trace: Trace) -> Iterator[Finding]:
    """Calls whose state torch refuses for a reason that its sizes show."""
    for call in recurrent_calls(trace):
        if call.error is None or call.error.code not in _RULES:
            continue
        if output_named_state(trace, call) is None:
            yield _finding(trace, call, call.error, _RULES[call.error.code])


def _finding(trace: Trace, call: Node, error: ShapeError, rule: Rule) -> Finding:
    layer = layer_of(call)
    states = states_given(call)
    name, state = state_name(trace, call, error), states[-1 if error.details["state"] == "c_0" else 0]
    naming = naming_of(trace)
    got, expected = shape_text(naming, error.details["got"]), shape_text(naming, error.details["expected"])
    return report(
        rule,
        trace,
        call,
        f"{name} {_WHY[rule.code]}: it is {got}, and this {layer.name} needs {expected}",
        claims=[Raises(Ref(call.id))],
        shapes=[(name.strip("`"), state), *input_shape(trace, call)],
        related=[
            construction_place(layer),
            *created(trace, call, state),
        ],
        help="leave the state away where it is zeros: that is the default",
        fixes=[state_fix(trace, call, error, _MENDS.get(rule.code))],
    )
