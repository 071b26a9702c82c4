"""SHP212: an initial state made on the CPU, for an input that is moved to a device."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Confidence, Finding, Fix, Ref, Severity
from shapelint.ops.nature import MAKES
from shapelint.reading.operations import is_type_as
from shapelint.reading.quoting import add_argument, place_of, quote
from shapelint.reading.recurrent import input_of, recurrent_calls, state_given
from shapelint.reading.text import holds
from shapelint.reading.trail import ancestors, nature_of, operands_of
from shapelint.reading.written import argument, creation_of, states_of
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Packed, Tensor
from shapelint.syntax import facts
from shapelint.trace.devices import DEVICE, follows_another, is_named_device, moved_to
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_DEFAULT_DEVICE = regex(r"set_default_(?:device|tensor_type)|\bwith\s+torch\.device\b")

RULE = Rule(
    code="SHP212",
    name="state-on-cpu",
    severity=Severity.ERROR,
    summary="an initial state is made on the CPU, and the input is moved to a device",
    page="""\
## What it does
Finds `torch.zeros(...)` and the like without a device as the initial state of a layer, whose input the same code
moves: `x.cuda()`, `x.to(device)`.

## Why is this bad
`torch.zeros` makes a tensor on the CPU. On a GPU torch raises: "Input and hidden tensors are not at the same
device". On a machine without one nobody sees it.

## Example
```python
h0 = torch.zeros(1, x.size(0), hidden)
output, h_n = gru(x.cuda(), h0)
```

## Use instead
```python
h0 = torch.zeros(1, x.size(0), hidden, device=x.device)      # or no state at all: zeros are the default
output, h_n = gru(x, h0)
```

## Proved by
raises: torch refuses the state in the call of the layer, with a device.

## When it stays silent
Nothing tells that the input is on a device; the state is moved, made by `x.new_zeros(...)` or with `device=`, or
a default device is set.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        h0 = torch.zeros(1, x.size(0), self.hidden)
        return self.gru(x, h0)[0]  # error: SHP212

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = Encoder(3, 5).to(device)
for _ in range(10):
    x = torch.randn(4, 7, 3).to(device)
    print(model(x).shape)
""",
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        x = x.cuda()
        h0 = torch.zeros(1, x.size(1), self.hidden).cuda()
        c0 = torch.zeros(1, x.size(1), self.hidden)
        return self.lstm(x, (h0, c0))[0]  # error: SHP212
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        return self.gru(x, torch.zeros(1, x.size(0), self.hidden))[0]
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        x = x.cuda()
        h0 = x.new_zeros(1, x.size(0), self.hidden)
        c0 = torch.zeros(1, x.size(0), self.hidden, device=x.device)
        return self.lstm(x, (h0, c0))[0]
""",
        """\
import torch
from torch import nn

class Learned(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden)
        self.h0 = nn.Parameter(torch.zeros(1, 1, hidden))

    def forward(self, x):
        x = x.cuda()
        return self.gru(x, self.h0.repeat(1, x.size(1), 1))[0]
""",
        """\
import torch
from torch import nn

torch.set_default_device("cuda")
gru = nn.GRU(3, 5)
x = torch.randn(7, 4, 3).cuda()
output, h_n = gru(x, torch.zeros(1, 4, 5))
""",
        """\
import torch
from torch import nn

class Made(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden)

    def forward(self, x):
        x = x.cuda()
        weight = next(self.parameters())
        return self.gru(x, weight.new_zeros(1, x.size(1), self.hidden))[0]
""",
    ),
)


@check(RULE, at=Event.STATE)
def state_on_cpu(trace: Trace) -> Iterator[Finding]:
    """Calls on a moved input with a state that was made on the CPU and stayed there."""
    if holds(trace, _DEFAULT_DEVICE):
        return
    for call in recurrent_calls(trace):
        given = state_given(call)
        if call.error is not None or given is None:
            continue
        left = [made for state in states_of(given) if (made := _left_on_cpu(trace, state)) is not None]
        move = _move(trace, call) if left else None
        if move is not None:
            yield _finding(trace, call, left, move)


def _left_on_cpu(trace: Trace, state: object) -> Node | None:
    """Where a state was made on the CPU, if nothing has moved it since; a parameter moves with its module."""
    made = creation_of(trace, state) if isinstance(state, Tensor) else None
    if made is None or nature_of(made) not in MAKES or operands_of(made):
        return None  # what is made like another tensor is where that is
    if any(frame.function == "__init__" for frame in made.frames):
        return None
    assert isinstance(state, Tensor)
    assert state.ref is not None
    moves = [node for node in ancestors(trace, state.ref) if moved_to(node) or is_type_as(node)]
    return None if moves else made


def _move(trace: Trace, call: Node) -> Node | None:
    """Where the input of a call was put on a device."""
    value = input_of(call)
    ref = value.padded if isinstance(value, Packed) else value.ref if isinstance(value, Tensor) else None
    if ref is None:
        return None
    above = ancestors(trace, ref)
    return next((node for node in above if moved_to(node) == DEVICE and not follows_another(node)), None)


def _finding(trace: Trace, call: Node, left: list[Node], move: Node) -> Finding:
    whole = quote(trace, left[0].span) or "the state"
    return report(
        RULE,
        trace,
        call,
        f"the state `{whole}` is made on the CPU, and the input is moved to a device",
        claims=[Raises(Ref(call.id), match="device", on_device=True)],
        related=[*(place_of(made, "made here") for made in left), place_of(move, "the input is moved here")],
        help="make the state where the input is, `torch.zeros(..., device=x.device)`, or leave it away",
        fixes=[_on_device(trace, call, left)],
        confidence=Confidence.HIGH if is_named_device(move) else Confidence.MEDIUM,
    )


def _on_device(trace: Trace, call: Node, left: list[Node]) -> Fix | None:
    """`torch.zeros(...)` becomes `torch.zeros(..., device=x.device)`, where x is known beside it."""
    given = argument(call, 0, "input")
    if given is None or not isinstance(given.value, facts.Name):
        return None
    if any(made.frames != call.frames or made.path != call.path for made in left):
        return None
    text = f"device={given.value.id}.device"
    return Fix("make the state on the device of the input", tuple(add_argument(trace, m.span, text) for m in left))
