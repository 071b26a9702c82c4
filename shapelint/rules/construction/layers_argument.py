"""SHP601: True or False in the place of num_layers, the third argument of a recurrent layer."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Edit, Finding, Fix, Ref, Severity
from shapelint.reading.operations import builds_recurrent, is_recurrent_call, short_name
from shapelint.reading.quoting import quote
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Bool, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_NUM_LAYERS = 2  #: the place of num_layers among the arguments

BOOL = Rule(
    code="SHP601",
    name="bool-as-num-layers",
    severity=Severity.ERROR,
    summary="the third argument of nn.LSTM, nn.GRU and nn.RNN is num_layers, not batch_first",
    page="""\
## What it does
Finds True, False or a flag as the third positional argument of nn.LSTM, nn.GRU or nn.RNN.

## Why is this bad
The third parameter is num_layers. With True the layer is built, with one layer and without batch_first, and
its call raises a TypeError about "an invalid combination of arguments". With False it is not built at all.

## Example
```python
self.lstm = nn.LSTM(features, hidden, True)
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden, batch_first=True)
```

## Proved by
raises: the first call of the layer, or its construction.

## When it stays silent
The third argument is a number, or a parameter whose default is one.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, True)  # error: SHP601

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, bidirectional=False):
        super().__init__()
        self.rnn = nn.GRU(features, hidden, bidirectional)  # error: SHP601

    def forward(self, x):
        return self.rnn(x)[0]
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(3, 5, False)  # error: SHP601
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, num_layers=1):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, num_layers, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
from torch import nn

cell = nn.LSTMCell(3, 5, True)
gru = nn.GRU(3, 5, 1, True)
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, deep=True):
        super().__init__()
        self.gru = nn.GRU(features, hidden, 2 if deep else 1)

    def forward(self, x):
        return self.gru(x)[0]
""",
    ),
)


@check(BOOL, at=Event.BUILT)
def bool_as_num_layers(trace: Trace) -> Iterator[Finding]:
    """Constructions with a flag for num_layers."""
    for node in trace.nodes:
        if builds_recurrent(node) and len(node.args) > _NUM_LAYERS and _is_flag(node.args[_NUM_LAYERS]):
            yield _finding(trace, node)


def _is_flag(value: Value) -> bool:
    return isinstance(value, Bool) or (isinstance(value, Unknown) and isinstance(value.hint, Bool))


def _finding(trace: Trace, node: Node) -> Finding:
    given = argument(node, _NUM_LAYERS, "num_layers")
    name = "a flag" if given is None else f"`{quote(trace, given.value.span)}`"
    return report(
        BOOL,
        trace,
        node,
        f"the third argument of nn.{short_name(node)} is num_layers, and {name} is no number",
        claims=_claims(trace, node),
        help="pass flags by name: batch_first=True, bidirectional=True",
        fixes=[_by_name(node, given)],
    )


def _claims(trace: Trace, node: Node) -> list[Claim]:
    """The construction fails, or else the first call of the layer."""
    if node.error is not None:
        return [Raises(Ref(node.id))]
    layer = getattr(node.result, "ref", None)
    calls = [user for user in trace.uses(layer) if is_recurrent_call(user)] if layer is not None else []
    return [Raises(Ref(call.id), match="invalid combination of arguments") for call in calls[:1]]


def _by_name(node: Node, given: facts.Argument | None) -> Fix | None:
    """Pass the flag under the name of what it says, where it is the last of the positional arguments."""
    call = node.expression
    if given is None or not isinstance(call, facts.Call) or len(node.args) != _NUM_LAYERS + 1:
        return None
    text = "True"
    name = "batch_first"
    if isinstance(given.value, facts.Name):
        name = text = given.value.id
    if name not in ("batch_first", "bidirectional") or name in node.kwargs or "**" in node.kwargs:
        return None
    is_false = isinstance(given.value, facts.Literal) and given.value.value is not True
    return None if is_false else Fix(f"pass {name} by name", (Edit(given.value.span, f"{name}={text}"),), safe=True)
