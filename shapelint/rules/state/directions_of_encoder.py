"""SHP216: the state of a bidirectional encoder, given to a decoder of one direction."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Ref, Severity
from shapelint.reading.quoting import construction_place, naming_of, place_of, quote
from shapelint.reading.recurrent import layer_of, recurrent_calls, slot_of, states_given
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP216",
    name="both-directions-to-one",
    severity=Severity.ERROR,
    summary="the state of a bidirectional layer has two entries for each layer: a one-way layer takes one",
    page="""\
## What it does
Finds the whole state of a bidirectional layer as the initial state of a layer with one direction and as many
layers.

## Why is this bad
The state of a bidirectional layer is (2*num_layers, batch, hidden_size), and that of the decoder must be
(num_layers, batch, hidden_size). Torch raises.

## Example
```python
self.encoder = nn.GRU(features, hidden, bidirectional=True)
self.decoder = nn.GRU(features, hidden)
_, state = self.encoder(source)
output, _ = self.decoder(target, state)
```

## Use instead
```python
self.bridge = nn.Linear(2 * hidden, hidden)     # or a decoder with hidden_size=2*hidden, and no bridge
_, state = self.encoder(source)
state = self.bridge(torch.cat((state[0::2], state[1::2]), dim=2))
output, _ = self.decoder(target, state)
```

## Proved by
raises: torch refuses the state in the call of the decoder.

## When it stays silent
The directions are summed, joined or chosen from before; the decoder is bidirectional too; it has twice as many
layers as the encoder, so that the state fits.
""",
    bad=(
        """\
import torch
from torch import nn

class Translator(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.decoder = nn.GRU(features, hidden, batch_first=True)

    def forward(self, source, target):
        _, state = self.encoder(source)
        output, _ = self.decoder(target, state)  # error: SHP216
        return output
""",
        """\
import torch
from torch import nn

encoder = nn.LSTM(3, 5, 2, bidirectional=True)
decoder = nn.LSTM(4, 5, 2)
_, (h_n, c_n) = encoder(torch.randn(7, 4, 3))
output, _ = decoder(torch.randn(6, 4, 4), (h_n, c_n))  # error: SHP216
""",
        """\
import torch
from torch import nn

class Translator(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.encoder = nn.LSTM(features, hidden, layers, bidirectional=True)
        self.decoder = nn.LSTM(features, hidden, layers)

    def forward(self, source, target):
        _, state = self.encoder(source)
        return self.decoder(target, state)[0]  # error: SHP216
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Translator(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.decoder = nn.GRU(features, 2 * hidden, batch_first=True)

    def forward(self, source, target):
        _, state = self.encoder(source)
        state = torch.cat((state[0], state[1]), dim=1).unsqueeze(0)
        return self.decoder(target, state)[0]
""",
        """\
import torch
from torch import nn

class Deeper(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, layers, bidirectional=True)
        self.decoder = nn.GRU(features, hidden, 2 * layers)

    def forward(self, source, target):
        _, state = self.encoder(source)
        return self.decoder(target, state)[0]
""",
        """\
import torch
from torch import nn

class Forward(nn.Module):
    def __init__(self, features, hidden, layers, bidirectional):
        super().__init__()
        self.directions = 2 if bidirectional else 1
        self.encoder = nn.GRU(features, hidden, layers, bidirectional=bidirectional)
        self.decoder = nn.GRU(features, hidden, layers)

    def forward(self, source, target):
        _, state = self.encoder(source)
        if self.directions == 2:
            state = state[0::2] + state[1::2]
        return self.decoder(target, state)[0]
""",
        """\
import torch
from torch import nn

class Bridge(nn.Module):
    def __init__(self, features, hidden, layers):
        super().__init__()
        self.layers = layers
        self.encoder = nn.LSTM(features, hidden, layers, bidirectional=True)
        self.decoder = nn.LSTM(features, hidden, layers)
        self.bridge = nn.Linear(2 * hidden, hidden)

    def both(self, state):
        layers, batch, hidden = state.size()
        state = state.view(self.layers, 2, batch, hidden).transpose(1, 2)
        return self.bridge(state.reshape(self.layers, batch, 2 * hidden))

    def forward(self, source, target):
        _, (h_n, c_n) = self.encoder(source)
        return self.decoder(target, (self.both(h_n), self.both(c_n)))[0]
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def both_directions_to_one(trace: Trace) -> Iterator[Finding]:
    """Calls that torch refuses because their state has two directions."""
    for call in recurrent_calls(trace):
        if call.error is not None and call.error.code == RULE.code:
            yield _finding(trace, call)


def _finding(trace: Trace, call: Node) -> Finding:
    layer, state = layer_of(call), states_given(call)[0]
    given = argument(call, 1, "hx")
    name = "the state" if given is None else f"`{quote(trace, given.value.span)}`"
    assert call.error is not None
    expected = call.error.details["expected"]
    assert isinstance(expected, tuple)
    needed = ", ".join(map(naming_of(trace).dim, expected))
    slot = slot_of(trace, state)
    return report(
        RULE,
        trace,
        call,
        f"{name} has an entry for each direction of a bidirectional layer, and this {layer.name} has one "
        f"direction: it needs ({needed})",
        claims=[Raises(Ref(call.id))],
        shapes=[("h_0", state)] if isinstance(state, Tensor) else [],
        related=[
            construction_place(layer),
            *([construction_place(slot.layer), place_of(slot.call, "the state comes from here")] if slot else []),
        ],
        help="join the two directions of each layer, and give the decoder twice the hidden_size or a bridge "
        "(nn.Linear); or sum them",
    )
