"""SHP604: dropout in a recurrent layer of one layer, where it does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from shapelint.claims.modules.dropout_acts import DropoutActs
from shapelint.finding import Confidence, Edit, Finding, Fix, Ref, Severity
from shapelint.project.settings import is_default_left, values_passed
from shapelint.reading.operations import builds_recurrent, short_name
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Float, Int, Unknown, Value
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import SCRIPT, Node
from shapelint.trace.trace import Trace

_NUM_LAYERS = 2  #: the place of num_layers among the arguments

IDLE = Rule(
    code="SHP604",
    name="dropout-without-effect",
    severity=Severity.INFO,
    summary="the dropout of a recurrent layer acts between its layers: one layer has none",
    page="""\
## What it does
Finds a recurrent layer with dropout > 0 and one layer.

## Why is this bad
`dropout` of nn.LSTM, nn.GRU and nn.RNN acts on the outputs of all layers but the last. With num_layers=1
there is no such layer: nothing is dropped, the model is not regularised, and torch warns.

## Example
```python
self.lstm = nn.LSTM(features, hidden, dropout=0.5)
output, _ = self.lstm(x)
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden)
self.drop = nn.Dropout(0.5)
output, _ = self.lstm(x)
output = self.drop(output)
```

## Proved by
dropout_acts: two passes of the layer over the same input in training mode are equal.

## When it stays silent
The number of layers or the dropout is a parameter or comes from a configuration. A parameter with a default
above 0 counts as dropout, unless each caller in the project gives 0.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, dropout=0.5)  # error: SHP604

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features, hidden, dropout=0.1):
        super().__init__()
        self.gru = nn.GRU(features, hidden, num_layers=1, dropout=dropout)  # error: SHP604

    def forward(self, x):
        return self.gru(x)[0]
""",
        """\
from torch import nn

rnn = nn.RNN(3, 5, dropout=0.2, bidirectional=True)  # error: SHP604
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, num_layers=1, dropout=0.1):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, num_layers, dropout=dropout)
        self.gru = nn.GRU(hidden, hidden, 2, dropout=dropout)

    def forward(self, x):
        return self.gru(self.lstm(x)[0])

encoder = Encoder(3, 5, num_layers=1)
""",
        """\
from torch import nn

def build(config):
    return nn.LSTM(config.features, config.hidden, config.layers, dropout=0.5)
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden, dropout=0.0):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, dropout=dropout)

    def forward(self, x):
        return self.lstm(x)[0]
""",
    ),
)


@check(IDLE, at=Event.BUILT)
def idle_dropout(trace: Trace) -> Iterator[Finding]:
    """Constructions with one layer and a dropout."""
    for node in trace.nodes:
        if not builds_recurrent(node) or node.error is not None or not _has_one_layer(trace, node):
            continue
        value = node.kwargs.get("dropout")
        dropout = None if value is None else _dropout(value)
        if value is not None and dropout:
            yield _finding(trace, node, dropout, value)


def _has_one_layer(trace: Trace, node: Node) -> bool:
    """Whether there is one layer for all callers: what one call in the file gives is not enough."""
    written = argument(node, _NUM_LAYERS, "num_layers")
    fixed = written is None or isinstance(written.value, facts.Literal) or trace.entry != SCRIPT
    return fixed and node.number("num_layers") == 1 and "**" not in node.kwargs


def _dropout(value: Value) -> float | None:
    """The dropout, or the default of the parameter that it is."""
    if isinstance(value, Unknown):
        return None if value.hint is None else _dropout(value.hint)
    if isinstance(value, Int):
        return value.dim.constant
    return value.value if isinstance(value, Float) else None


def _is_given(trace: Trace, value: Value) -> bool:
    """Whether somebody gives a dropout: what is no parameter has no callers, and a default counts if one leaves it."""
    name = value.key.rpartition(".")[2] if isinstance(value, Unknown) else None
    if name is None or is_default_left(trace.path, name):
        return True
    numbers = [given for given in values_passed(trace.path, name) if isinstance(given, int | float)]
    return not numbers or any(numbers)


def _finding(trace: Trace, node: Node, dropout: float, value: Value) -> Finding:
    by_default = isinstance(value, Unknown)
    shown = f"dropout, {dropout} by default," if by_default else f"dropout={dropout}"
    return report(
        IDLE,
        trace,
        node,
        f"{shown} has no effect: it acts between layers, and this {short_name(node)} has one",
        claims=[DropoutActs(Ref(node.id), dropout if by_default else None)],
        help="drop out the output with an nn.Dropout, or leave the argument away",
        fixes=[None if by_default else _without_dropout(trace, node)],
        confidence=None if _is_given(trace, value) else Confidence.LOW,
    )


def _without_dropout(trace: Trace, node: Node) -> Fix | None:
    """Leave the argument away, with the comma before it; not where others may give another number of layers."""
    written = argument(node, _NUM_LAYERS, "num_layers")
    if written is not None and not isinstance(written.value, facts.Literal) and trace.entry != SCRIPT:
        return None
    arguments = node.expression.arguments if isinstance(node.expression, facts.Call) else ()
    for before, given in pairwise(arguments):
        if given.keyword == "dropout":
            start, end = before.span, given.span
            span = Span(start.end_line, start.end_column, end.end_line, end.end_column)
            return Fix("leave the dropout away", (Edit(span, ""),), safe=True)
    return None
