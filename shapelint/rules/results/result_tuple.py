"""SHP301, SHP302: the tuple that a recurrent layer returns, used as if it were the output."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Fix, Ref, Severity
from shapelint.reading.names import exchanged_names
from shapelint.reading.operations import has_cell_state, is_recurrent_call, is_subscript, short_name
from shapelint.reading.quoting import kind_place, quote
from shapelint.reading.recurrent import is_state_pair, layer_of
from shapelint.reading.written import insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Tuple, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_GOOD = (
    """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        result = self.lstm(x)
        return self.fc(result[0][:, -1]), result[0].shape
""",
    """\
import torch
from torch import nn

class Output(nn.Module):
    def forward(self, result):
        return result[0]

model = nn.Sequential(nn.LSTM(3, 5, batch_first=True), Output(), nn.Linear(5, 2))
scores = model(torch.randn(4, 7, 3))
""",
    """\
import torch
from torch import nn

encoder = nn.Sequential(nn.Linear(3, 5), nn.GRU(5, 8))
output, h_n = encoder(torch.randn(7, 4, 3))
head = nn.Sequential(nn.GRUCell(8, 6), nn.Linear(6, 2))
scores = head(h_n[-1])
""",
    """\
import torch
from torch import nn

class Optional(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.GRU(features, hidden)

    def forward(self, x):
        out = self.rnn(x)
        if isinstance(out, tuple):
            out = out[0]
        return out[-1, :]
""",
)

INDEXED = Rule(
    code="SHP301",
    name="result-used-as-tensor",
    severity=Severity.ERROR,
    summary="`out = lstm(x)` is a tuple: `out[:, -1]` and `out.shape` need `out[0]`",
    page="""\
## What it does
Finds a subscript with several axes, or an attribute of a tensor, on the whole result of a recurrent layer.

## Why is this bad
A recurrent layer returns a tuple: (output, h_n), or (output, (h_n, c_n)) for an LSTM. Python raises.

## Example
```python
out = self.lstm(x)
return self.fc(out[:, -1])
```

## Use instead
```python
out, _ = self.lstm(x)
return self.fc(out[:, -1])
```

## Proved by
raises: a tuple cannot be indexed by several axes, and has no attributes of a tensor.

## When it stays silent
The result is unpacked or indexed by one number first (`out[0][:, -1]`), or a test of its type comes before.
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        out = self.lstm(x)
        return self.fc(out[:, -1])  # error: SHP301
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5)
states = gru(torch.randn(7, 4, 3))
steps, batch, hidden = states.shape  # error: SHP301
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(3, 5)
flat = rnn(torch.randn(7, 4, 3)).reshape(28, 5)  # error: SHP301
""",
    ),
    good=_GOOD,
)

PASSED = Rule(
    code="SHP302",
    name="result-passed-on",
    severity=Severity.ERROR,
    summary="a recurrent layer returns a tuple: the next layer of an nn.Sequential cannot take it",
    page="""\
## What it does
Finds the whole result of a recurrent layer as the argument of a layer or function that takes one tensor: in
an nn.Sequential, or in `fc(lstm(x))`. So too with the state (h_n, c_n) of an LSTM.

## Why is this bad
The result is a tuple, (output, h_n) or (output, (h_n, c_n)). Torch raises a TypeError.

## Example
```python
model = nn.Sequential(nn.LSTM(features, hidden, batch_first=True), nn.Linear(hidden, classes))
scores = model(x)
```

## Use instead
```python
class Output(nn.Module):
    def forward(self, result):
        return result[0]

model = nn.Sequential(nn.LSTM(features, hidden, batch_first=True), Output(), nn.Linear(hidden, classes))
scores = model(x)
```

## Proved by
raises: the layer does not take a tuple.

## When it stays silent
An adapter that takes the output stands in between, the recurrent layer is the last one, or it is a cell: a
GRUCell and an RNNCell return one tensor.
""",
    bad=(
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.layers = nn.Sequential(
            nn.LSTM(features, hidden, batch_first=True),
            nn.Dropout(0.1),
            nn.Linear(hidden, classes),
        )

    def forward(self, x):
        return self.layers(x)  # error: SHP302
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5)
fc = nn.Linear(5, 2)
scores = fc(gru(torch.randn(7, 4, 3)))  # error: SHP302
""",
        """\
import torch
from torch import nn

class Summary(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, hidden = self.lstm(x)
        return self.fc(hidden)  # error: SHP302
""",
    ),
    good=_GOOD,
)


@check(INDEXED, PASSED, at=Event.REFUSED)
def result_used_as_tensor(trace: Trace) -> Iterator[Finding]:
    """Operations that fail because they are given the tuple of a recurrent call."""
    for node in trace.nodes:
        if node.error is None or node.error.code not in (INDEXED.code, PASSED.code):
            continue
        given = next((value for value in node.args if _result_of(trace, value)), None)
        call = None if given is None else _result_of(trace, given)
        if given is not None and call is not None and not _is_better_told(trace, node, call):
            yield _finding(trace, node, given, call)


def _is_better_told(trace: Trace, node: Node, call: Node) -> bool:
    """Whether a method is called on the state (SHP207), or it is indexed as the output for its name (SHP306)."""
    if not is_state_pair(trace, node.args[0]) or node.error is None or node.error.code != INDEXED.code:
        return False
    return not is_subscript(node) or exchanged_names(trace, call) is not None


def _result_of(trace: Trace, value: Value) -> Node | None:
    """The recurrent call whose whole result, or whose pair of states, a value is."""
    if not isinstance(value, Tuple) or value.ref is None:
        return None
    node = trace.node(value.ref)
    return node if is_recurrent_call(node) else None


def _finding(trace: Trace, node: Node, given: Value, call: Node) -> Finding:
    assert node.error is not None
    layer, rule = layer_of(call), INDEXED if node.error.code == INDEXED.code else PASSED
    state = bool(getattr(given, "ref", Ref(0)).path)
    holds = "(h_n, c_n)" if state else "(output, (h_n, c_n))" if has_cell_state(layer) else "(output, h_n)"
    written = _written(node)
    name = f"the {'state' if state else 'result'} of nn.{layer.name}"
    name = name if written is None else f"`{quote(trace, written.span)}`"
    return report(
        rule,
        trace,
        node,
        f"{name} is the tuple {holds}, {_use(node)}",
        claims=[Raises(Ref(node.id))],
        related=[kind_place(layer)] if call.span != layer.span else [],
        span=node.span if call.span != layer.span else layer.span,  # where nothing calls them: the first of the two
        help=_help(state) if rule is PASSED or state else None,
        fixes=[] if written is None or state else [_take_output(written)],
    )


def _written(node: Node) -> facts.Expression | None:
    """The tuple as it is written before a subscript or an attribute; None where it is an argument."""
    assert node.error is not None
    expression = node.expression
    if node.error.code != INDEXED.code:
        return None
    if isinstance(expression, facts.Call):
        expression = expression.func
    return expression.value if isinstance(expression, facts.Subscript | facts.Attribute) else None


def _use(node: Node) -> str:
    if isinstance(node.expression, facts.Subscript):
        return "which cannot be indexed like a tensor"
    if isinstance(node.expression, facts.Binary):
        return f"and `{node.expression.operator}` needs a tensor"
    if _written(node) is not None:
        return f"which has no `{short_name(node)}`"
    return f"and {short_name(node)} takes one tensor"


def _help(state: bool) -> str:
    if state:
        return "take h_n, the first of the two"
    return "take the output: `output, _ = ...`, or in an nn.Sequential by a module that returns `result[0]`"


def _take_output(written: facts.Expression) -> Fix:
    return Fix("take the output", (insertion(written.span, "[0]"),), safe=True)
