"""SHP121: the (batch, channel, time) of a convolution fed to a recurrent layer as it is."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Fix, Place, Ref, Severity
from shapelint.reading.quoting import construction_place, place_of, quote
from shapelint.reading.recurrent import config_of, input_of, layer_of, recurrent_calls
from shapelint.reading.trail import tensor_inputs
from shapelint.reading.written import ATOMS, argument, insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP121",
    name="channels-read-as-steps",
    severity=Severity.ERROR,
    summary="a Conv1d gives (batch, channel, time); a recurrent layer needs the channels on the last axis",
    page="""\
## What it does
Finds a recurrent layer that gets the output of a one-dimensional convolution, pooling or norm as it is, where
input_size is the number of channels.

## Why is this bad
`nn.Conv1d` works on (B, C, T). A recurrent layer reads the last axis as the features: here the time. Torch raises,
unless the sequences happen to have as many steps as there are channels; then the layer runs along the channels.

## Example
```python
x = self.conv(x)                         # (batch, channels, time)
output, _ = self.lstm(x)                 # batch_first=True, input_size=channels
```

## Use instead
```python
x = self.conv(x).transpose(1, 2)         # (batch, time, channels)
output, _ = self.lstm(x)
```

## Proved by
raises: the recurrent layer does not take the input.

## When it stays silent
The axes are exchanged before; input_size is the number of steps: the layer may run along the channels by design, as
the dimension shuffle of LSTM-FCN does.
""",
    bad=(
        """\
import torch
from torch import nn

class ConvThenRecurrent(nn.Module):
    def __init__(self, features, channels, hidden):
        super().__init__()
        self.conv = nn.Conv1d(features, channels, 3, padding=1)
        self.lstm = nn.LSTM(channels, hidden, batch_first=True)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        output, _ = self.lstm(x)  # error: SHP121
        return output[:, -1]
""",
        """\
import torch
import torch.nn as nn

conv = nn.Conv1d(8, 32, 5)
pool = nn.MaxPool1d(2)
gru = nn.GRU(32, 16)
output, h_n = gru(pool(conv(torch.randn(4, 8, 100))))  # error: SHP121
""",
    ),
    good=(
        """\
import torch
from torch import nn

class ConvThenRecurrent(nn.Module):
    def __init__(self, features, channels, hidden):
        super().__init__()
        self.conv = nn.Conv1d(features, channels, 3, padding=1)
        self.lstm = nn.LSTM(channels, hidden, batch_first=True)

    def forward(self, x):
        x = torch.relu(self.conv(x)).transpose(1, 2)
        output, _ = self.lstm(x)
        return output[:, -1]
""",
        """\
import torch
from torch import nn

class DimensionShuffle(nn.Module):
    def __init__(self, features, channels, steps, hidden):
        super().__init__()
        self.conv = nn.Conv1d(features, channels, 3, padding=1)
        self.lstm = nn.LSTM(steps, hidden, batch_first=True)

    def forward(self, x):
        output, _ = self.lstm(self.conv(x))
        return output[:, -1]
""",
        """\
import torch
import torch.nn as nn

conv = nn.Conv1d(8, 32, 5)
gru = nn.GRU(32, 16)
output, h_n = gru(conv(torch.randn(4, 8, 100)).permute(2, 0, 1))
square = nn.GRU(32, 16)
output, h_n = square(conv(torch.randn(4, 8, 36)))
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def channels_read_as_steps(trace: Trace) -> Iterator[Finding]:
    """Calls that torch refuses for features that are on axis 1."""
    for call in recurrent_calls(trace):
        value = input_of(call)
        if call.error is not None and call.error.code == RULE.code and isinstance(value, Tensor):
            yield _finding(trace, call, value)


def _finding(trace: Trace, call: Node, value: Tensor) -> Finding:
    layer, given = layer_of(call), argument(call, 0, "input")
    name = "its input" if given is None else f"`{quote(trace, given.value.span)}`"
    exchange = ".transpose(1, 2)" if config_of(call).batch_first else ".permute(2, 0, 1)"
    return report(
        RULE,
        trace,
        call,
        f"{name} is (batch, channel, time): the {layer.name} reads the last axis as its features, not the channels",
        claims=[Raises(Ref(call.id))],
        shapes=[(name.strip("`"), value)],
        related=[construction_place(layer), *_convolution(trace, value)],
        help=f"put the channels last: `{exchange}`",
        fixes=[_fix(call, exchange)],
    )


def _convolution(trace: Trace, value: Value) -> list[Place]:
    """The operation that gave axis 1 the channels."""
    while isinstance(value, Tensor) and value.ref is not None:
        node = trace.node(value.ref)
        source = next(tensor_inputs(node), None)
        if not isinstance(source, Tensor) or source.rank != 3 or source.axes[1].role is not Role.CHANNEL:
            return [place_of(node, "this gives (batch, channel, time)")]
        value = source
    return []


def _fix(call: Node, exchange: str) -> Fix | None:
    given = argument(call, 0, "input")
    if given is None or not isinstance(given.value, ATOMS):
        return None
    return Fix(f"put the channels last: `{exchange}`", (insertion(given.value.span, exchange),))
