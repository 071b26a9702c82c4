"""SHP612 and SHP616: what lands in the place of `bias`."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.modules.argument_acts import ArgumentActs
from shapelint.claims.modules.biased import Biased
from shapelint.finding import Confidence, Finding, Fix, Ref, Severity
from shapelint.ops.layers.arguments import NONLINEARITIES
from shapelint.reading.operations import builds_cell, builds_recurrent, short_name
from shapelint.reading.quoting import quote
from shapelint.reading.written import argument, insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Bool, Float, Int, Str, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_IN_CELL, _IN_LAYER = 2, 3  #: the place of bias among the arguments of a cell, and of nn.LSTM and nn.GRU
_FLAGS = ("batch_first", "bidirectional")  #: what may be meant

CELL = Rule(
    code="SHP612",
    name="argument-lands-in-bias",
    severity=Severity.WARNING,
    summary="the third argument of a cell is bias: 'relu' or 2 there says nothing",
    page="""\
## What it does
Finds a text or a number as the third positional argument of nn.RNNCell, nn.GRUCell or nn.LSTMCell.

## Why is this bad
That argument is bias. The cells do not check it: `nn.RNNCell(3, 5, "relu")` is a cell with a bias and tanh,
and `nn.LSTMCell(3, 5, 2)` has one layer.

## Example
```python
self.cell = nn.RNNCell(features, hidden, "relu")
```

## Use instead
```python
self.cell = nn.RNNCell(features, hidden, nonlinearity="relu")
```

## Proved by
argument_acts: without the argument the same cell is built.

## When it stays silent
The third argument is a bool or a parameter.
""",
    bad=(
        """\
import torch
from torch import nn

class Stepper(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.RNNCell(features, hidden, "relu")  # error: SHP612

    def forward(self, x, h):
        return self.cell(x, h)
""",
        """\
from torch import nn

lstm = nn.LSTMCell(3, 5, 2)  # error: SHP612
gru = nn.GRUCell(3, 5, 0.1)  # error: SHP612
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Stepper(nn.Module):
    def __init__(self, features, hidden, bias=True):
        super().__init__()
        self.cell = nn.RNNCell(features, hidden, bias, "relu")

    def forward(self, x, h):
        return self.cell(x, h)
""",
        """\
from torch import nn

lstm = nn.LSTMCell(3, 5, False)
rnn = nn.RNNCell(3, 5, True, nonlinearity="relu")
layer = nn.LSTM(3, 5, 2)
""",
        """\
from torch import nn

def build(features, hidden, options):
    return nn.GRUCell(features, hidden, options.bias)
""",
    ),
)

LAYER = Rule(
    code="SHP616",
    name="bias-switched-off-by-place",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    default=False,
    summary="the fourth argument of nn.LSTM and nn.GRU is bias: False there switches it off",
    page="""\
## What it does
Finds False as the fourth and last positional argument of nn.LSTM or nn.GRU.

## Why is this bad
That argument is bias; batch_first, dropout and bidirectional come after it. If one of them was meant, the
layer lost its bias. It is an opinion: a layer without bias may be wanted, and then `bias=False` says so.

## Example
```python
self.gru = nn.GRU(features, hidden, 1, False)
```

## Use instead
```python
self.gru = nn.GRU(features, hidden, 1, batch_first=False)
```

## Proved by
biased: the layer has no bias.

## When it stays silent
More arguments follow by position, or bias or one of the other flags is given by name.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, 1, False)  # error: SHP616

    def forward(self, x):
        return self.gru(x)[0]
""",
        """\
from torch import nn

lstm = nn.LSTM(3, 5, 2, False, dropout=0.1)  # error: SHP616
""",
    ),
    good=(
        """\
from torch import nn

gru = nn.GRU(3, 5, 1, bias=False)
lstm = nn.LSTM(3, 5, 1, True)
""",
        """\
from torch import nn

lstm = nn.LSTM(3, 5, 1, False, True)
rnn = nn.RNN(3, 5, 1, "tanh", False)
""",
        """\
from torch import nn

def build(features, hidden, bias=False):
    return nn.LSTM(features, hidden, 1, bias)
""",
    ),
)


@check(CELL, LAYER, at=Event.BUILT)
def bias_arguments(trace: Trace) -> Iterator[Finding]:
    """Constructions with something for `bias` that is no bias."""
    for node in trace.nodes:
        if (
            node.error is None
            and builds_cell(node)
            and len(node.args) > _IN_CELL
            and _says_nothing(node.args[_IN_CELL])
        ):
            yield _of_cell(trace, node)
        elif (
            node.error is None
            and builds_recurrent(node)
            and "nonlinearity" not in node.named
            and _is_switched_off(node)
        ):
            yield _of_layer(trace, node)


def _says_nothing(value: Value) -> bool:
    """Whether a value is true, as the missing argument is, and no bool."""
    if isinstance(value, Int):
        return value.dim.is_positive()
    return isinstance(value, Str | Float) and bool(value.value)


def _is_switched_off(node: Node) -> bool:
    given = argument(node, _IN_LAYER, "bias")
    is_false = given is not None and isinstance(given.value, facts.Literal) and given.value.value is False
    is_last = len(node.args) == _IN_LAYER + 1 and not any(name in node.kwargs for name in _FLAGS)
    return is_false and is_last and node.args[_IN_LAYER] == Bool(False)


def _of_cell(trace: Trace, node: Node) -> Finding:
    given = argument(node, _IN_CELL, "bias")
    shown = "what is given" if given is None else f"`{quote(trace, given.value.span)}`"
    return report(
        CELL,
        trace,
        node,
        f"the third argument of nn.{short_name(node)} is bias: {shown} there changes nothing",
        claims=[ArgumentActs(Ref(node.id), argument="bias")],
        help="pass it by the name of what is meant; a cell is one layer",
        fixes=[_named(node, given)],
    )


def _named(node: Node, given: facts.Argument | None) -> Fix | None:
    """`"relu"` becomes `nonlinearity="relu"`."""
    value = node.args[_IN_CELL]
    if (
        given is None
        or "nonlinearity" not in node.named
        or len(node.args) > _IN_CELL + 1
        or "nonlinearity" in node.kwargs
    ):
        return None
    if not isinstance(value, Str) or value.value not in NONLINEARITIES:
        return None
    return Fix("call it nonlinearity", (insertion(given.value.span, "nonlinearity=", before=True),))


def _of_layer(trace: Trace, node: Node) -> Finding:
    given = argument(node, _IN_LAYER, "bias")
    assert given is not None
    return report(
        LAYER,
        trace,
        node,
        f"the fourth argument of nn.{short_name(node)} is bias: the layer has none",
        claims=[Biased(Ref(node.id))],
        help="write bias=False if that is meant, or pass the flag that is meant by name",
        fixes=[
            Fix(f"it is {name} that is meant", (insertion(given.value.span, f"{name}=", before=True),))
            for name in _FLAGS
        ],
    )
