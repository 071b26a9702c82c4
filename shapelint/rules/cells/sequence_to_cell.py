"""SHP701: a whole sequence given to a cell, which takes one step."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Ref, Severity
from shapelint.reading.quoting import kind_place, quote
from shapelint.reading.recurrent import input_of, layer_of
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

SEQUENCE = Rule(
    code="SHP701",
    name="sequence-to-cell",
    severity=Severity.ERROR,
    summary="a cell takes one step, (batch, features); a loop feeds it a sequence",
    page="""\
## What it does
Finds a tensor of three axes given to nn.LSTMCell, nn.GRUCell or nn.RNNCell.

## Why is this bad
A cell computes one step: it takes (B, I), or (I) for one sample. Torch raises a ValueError for a sequence.

## Example
```python
self.cell = nn.LSTMCell(features, hidden)
h, c = self.cell(x)
```

## Use instead
```python
self.cell = nn.LSTMCell(features, hidden)
state = None
for step in x.unbind(1):
    state = self.cell(step, state)
```

## Proved by
raises: the call of the cell.

## When it stays silent
The number of axes is not known for sure.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.LSTMCell(features, hidden)

    def forward(self, x):
        batch, steps, _ = x.size()
        h, c = self.cell(x)  # error: SHP701
        return h
""",
        """\
import torch
from torch import nn

embedding = nn.Embedding(50, 8)
cell = nn.GRUCell(8, 5)
h = cell(embedding(torch.randint(0, 50, (4, 7))), torch.zeros(4, 5))  # error: SHP701
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.LSTMCell(features, hidden)

    def forward(self, x):
        batch, steps, _ = x.size()
        state = None
        for step in x.unbind(1):
            state = self.cell(step, state)
        return state[0]
""",
        """\
import torch
from torch import nn

class Step(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x, h):
        return self.cell(x, h)
""",
        """\
import torch
from torch import nn

cell = nn.RNNCell(3, 5)
one = cell(torch.randn(3))
x = torch.randn(4, 7, 3)
every = cell(x.view(-1, 3)).view(4, 7, 5)
last = cell(x[:, -1])
""",
    ),
)


@check(SEQUENCE, at=Event.REFUSED)
def sequence_to_cell(trace: Trace) -> Iterator[Finding]:
    """Calls of cells that torch refuses for the number of axes."""
    for node in trace.nodes:
        if node.error is not None and node.error.code == SEQUENCE.code:
            yield _finding(trace, node)


def _finding(trace: Trace, node: Node) -> Finding:
    given, value = argument(node, 0, "input"), input_of(node)
    shown = "the input" if given is None else f"`{quote(trace, given.value.span)}`"
    rank = node.error.details["got"] if node.error is not None else ""
    return report(
        SEQUENCE,
        trace,
        node,
        f"nn.{layer_of(node).name} takes one step, (batch, features), and {shown} has {rank} axes",
        claims=[Raises(Ref(node.id), match="to be 1D or 2D")],
        shapes=[] if value is None or given is None else [(quote(trace, given.value.span), value)],
        related=[kind_place(layer_of(node))],
        help="loop over the time axis: `for step in x.unbind(1)` for (batch, time, features)",
    )
