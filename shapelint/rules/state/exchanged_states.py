"""SHP208: the cell state of an LSTM passed on as its hidden state, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.states.substitution import Substitution
from shapelint.finding import Finding, Place, Severity
from shapelint.ops.nature import HANDS_ON
from shapelint.reading.operations import has_cell_state, is_cell_call, is_recurrent_call, is_step_call
from shapelint.reading.quoting import kind_place, place_of, quote
from shapelint.reading.recurrent import layer_of, next_state, state_given
from shapelint.reading.trail import natures, origin_of
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import List, Tensor, Tuple, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP208",
    name="states-exchanged",
    severity=Severity.WARNING,
    summary="an LSTM's state is (h, c) in this order: here c is passed on as h",
    page="""\
## What it does
Finds an LSTM or LSTMCell that is given (c, h), where both come from one call of such a layer.

## Why is this bad
The state is (h, c), on the way out and on the way in. Both are of one shape, so torch accepts c in the place of
h: the next steps go on from another state.

## Example
```python
output, (c, h) = self.lstm(x)
output, _ = self.lstm(y, (h, c))
```

## Use instead
```python
output, (h, c) = self.lstm(x)
output, _ = self.lstm(y, (h, c))
```

## Proved by
substitution: with (h, c) in their own order the call gives another result.

## When it stays silent
The names are exchanged on both sides, `(c, h)` out and `(c, h)` in: that is right. One state alone is passed on.
""",
    bad=(
        """\
import torch
from torch import nn

class Translator(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.LSTM(features, hidden, batch_first=True)
        self.decoder = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, source, target):
        _, (cell, hidden) = self.encoder(source)
        output, _ = self.decoder(target, (hidden, cell))  # error: SHP208
        return output
""",
        """\
import torch
from torch import nn

cell = nn.LSTMCell(3, 5)
h = c = torch.zeros(4, 5)
for x in torch.randn(7, 4, 3):
    c, h = cell(x, (h, c))  # error: SHP208
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
output, state = lstm(torch.randn(7, 4, 3))
output, _ = lstm(torch.randn(6, 4, 3), (state[1].detach(), state[0].detach()))  # error: SHP208
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Translator(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.LSTM(features, hidden, batch_first=True)
        self.decoder = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, source, target):
        _, (cell, hidden) = self.encoder(source)
        output, _ = self.decoder(target, (cell, hidden))
        return output
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
output, (c, h) = lstm(torch.randn(7, 4, 3))
print(c.shape, h.shape)
""",
        """\
import torch
from torch import nn

class Attention(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x, y):
        _, (h, c) = self.lstm(x)
        output, _ = self.lstm(y, (h, torch.zeros_like(c)))
        return self.lstm(y, (torch.tanh(c), h))[0] + output
""",
    ),
)


@check(RULE, at=Event.STATE)
def states_exchanged(trace: Trace) -> Iterator[Finding]:
    """Calls whose pair of states is that of another call, in the other order."""
    for call in trace.nodes:
        pair = _pair(call)
        if pair is None:
            continue
        first, second = (_part(trace, state) for state in pair)
        if first is not None and second is not None and (first[0], first[1], second[1]) == (second[0], 1, 0):
            yield _finding(trace, call, first[0], pair)


def _pair(call: Node) -> tuple[Value, Value] | None:
    """The two states that an LSTM or LSTMCell is given."""
    if not is_step_call(call) or not has_cell_state(layer_of(call)) or call.error is not None:
        return None
    given = state_given(call)
    if not isinstance(given, Tuple | List) or len(given.items) != 2:
        return None
    first, second = given.items
    return first, second


def _part(trace: Trace, state: Value) -> tuple[Node, int] | None:
    """The LSTM's call that a state comes from, and which of the two it is: 0 for h, 1 for c."""
    whole = origin_of(trace, state, natures(HANDS_ON)) if isinstance(state, Tensor) else None
    if whole is None or whole.ref is None or not whole.ref.path:
        return None
    ref, call = whole.ref, trace.node(whole.ref)
    paths = ((1, 0), (1, 1)) if is_recurrent_call(call) else ((0,), (1,)) if is_cell_call(call) else ()
    return (call, paths.index(ref.path)) if ref.path in paths else None


def _finding(trace: Trace, call: Node, source: Node, pair: tuple[Value, Value]) -> Finding:
    c, h = (state.ref for state in pair if isinstance(state, Tensor) and state.ref is not None)
    given = argument(call, 1, "hx")
    name = "the state" if given is None else f"`{quote(trace, given.value.span)}`"
    return report(
        RULE,
        trace,
        call,
        f"{name} passes the cell state on as the hidden state, and the hidden state as the cell state",
        claims=[Substitution(next_state(call), replaced=(c, h), by=(h, c))],
        related=[kind_place(layer_of(call)), *_from(source, call)],
        help="an LSTM returns (h, c) and takes (h, c): unpack and pass the two in this order",
    )


def _from(source: Node, call: Node) -> list[Place]:
    same = (source.span, source.path) == (call.span, call.path)
    return [] if same else [place_of(source, "the states come from here, as (h, c)")]
