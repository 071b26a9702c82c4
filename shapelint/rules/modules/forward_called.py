"""SHP804: a recurrent layer that is called by its `forward`."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.modules.hooks_run import HooksRun
from shapelint.finding import Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_step_call
from shapelint.reading.quoting import quote
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

DIRECT = Rule(
    code="SHP804",
    name="forward-called",
    severity=Severity.INFO,
    default=False,
    summary="`lstm.forward(x)` goes past the hooks of the layer; `lstm(x)` runs them",
    page="""\
## What it does
Finds a recurrent layer or cell that is called as `layer.forward(x)`.

## Why is this bad
Calling the layer runs its hooks and then its `forward`. Profilers, weight normalisation of older torch and
quantisation work by hooks, and are passed by. It is an opinion: without hooks nothing changes.

## Example
```python
output, state = self.lstm.forward(x)
```

## Use instead
```python
output, state = self.lstm(x)
```

## Proved by
hooks_run: a forward hook of the layer is not run.

## When it stays silent
`super().forward(x)` in a class that derives from a layer.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        output, _ = self.lstm.forward(x)  # error: SHP804
        return output
""",
        """\
import torch
from torch import nn

cell = nn.GRUCell(3, 5)
h = cell.forward(torch.randn(4, 3))  # error: SHP804
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Dropped(nn.LSTM):
    def forward(self, x):
        output, _ = super().forward(x)
        return output
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
output, state = lstm(torch.randn(7, 4, 3))
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        return self.encode(x)

    def encode(self, x):
        return self.lstm.__call__(x)[0]
""",
    ),
)


@check(DIRECT, at=(Nature.RECURRENCE, Nature.CELL))
def forward_called(trace: Trace) -> Iterator[Finding]:
    """Calls of layers by their `forward`."""
    for node in trace.nodes:
        if node.is_direct and node.error is None and is_step_call(node):
            yield _finding(trace, node)


def _finding(trace: Trace, node: Node) -> Finding:
    assert isinstance(node.expression, facts.Call)
    func = node.expression.func
    assert isinstance(func, facts.Attribute)
    layer = quote(trace, func.value.span)
    dot = Span(func.value.span.end_line, func.value.span.end_column, func.span.end_line, func.span.end_column)
    return report(
        DIRECT,
        trace,
        node,
        f"`{layer}.forward(...)` goes past the hooks of the layer",
        claims=[HooksRun(Ref(node.id))],
        help=f"call `{layer}` itself",
        fixes=[Fix("call the layer itself", (Edit(dot, ""),))],
    )
