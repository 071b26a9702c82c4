"""SHP802: a recurrent layer that `forward` builds anew at each call, with other random weights."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapelint.claims.states.statelessness import Statelessness
from shapelint.finding import Claim, Finding, Ref, Severity
from shapelint.reading.loops.loops_over_time import results_of
from shapelint.reading.operations import builds_step, is_step_call, short_name
from shapelint.reading.quoting import text_of
from shapelint.reading.recurrent import input_of
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Layer
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

#: uses of a layer that leave it as it was built
_PLAIN_USE = r"\s*(?:\(|=(?!=)|\.(?:to|cuda|cpu|double|float|half|eval|train|flatten_parameters|forward)\()"
_FIXED = regex(r"manual_seed|load_state_dict|fork_rng")

REBUILT = Rule(
    code="SHP802",
    name="layer-built-in-forward",
    severity=Severity.WARNING,
    summary="a layer that forward builds has new random weights at each call, and is never trained",
    page="""\
## What it does
Finds a recurrent layer or cell that `forward` builds, calls and drops.

## Why is this bad
Each call makes new random weights, so the same input gives another output every time. The layer is not part
of the module: the optimizer never sees its weights.

## Example
```python
rnn = nn.GRU(x.size(-1), self.hidden, batch_first=True)
output, h_n = rnn(x)
```

## Use instead
```python
self.rnn = nn.GRU(features, hidden, batch_first=True)
output, h_n = self.rnn(x)
```

## Proved by
statelessness: two calls with the same input give different results.

## When it stays silent
The layer is kept (built at the first call and stored, appended, returned), its weights are set afterwards, or
the function is no `forward` of a module.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden

    def forward(self, x):
        rnn = nn.GRU(x.size(-1), self.hidden, batch_first=True)  # error: SHP802
        output, h_n = rnn(x)
        return output
""",
        """\
import torch
from torch import nn

class Step(nn.Module):
    def forward(self, x, state):
        return nn.LSTMCell(3, 5).to(x.device)(x, state)[0]  # error: SHP802

h = Step()(torch.randn(4, 3), None)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Lazy(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden
        self.rnn = None

    def forward(self, x):
        if self.rnn is None:
            self.rnn = nn.GRU(x.size(-1), self.hidden, batch_first=True)
        return self.rnn(x)[0]
""",
        """\
import torch
from torch import nn

class Given(nn.Module):
    def forward(self, x, weights):
        rnn = nn.GRU(3, 5, batch_first=True)
        rnn.load_state_dict(weights)
        return rnn(x)[0]
""",
        """\
import torch
from torch import nn

class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict()

    def forward(self, x, name):
        if name not in self.layers:
            rnn = nn.GRU(3, 5, batch_first=True)
            self.layers[name] = rnn
        return self.layers[name](x)[0]
""",
        """\
import torch
from torch import nn

def demo():
    rnn = nn.GRU(3, 5, batch_first=True)
    output, h_n = rnn(torch.randn(4, 7, 3))
    return output

class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 5, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]

def test():
    return Outer()(torch.randn(4, 7, 3))
""",
    ),
)


@check(REBUILT, at=Event.BUILT)
def layer_built_in_forward(trace: Trace) -> Iterator[Finding]:
    """Layers that a `forward` builds and only calls."""
    for number, function in trace.rebuilt.items():
        node = trace.nodes[number]
        body = text_of(trace, function)
        if not builds_step(node) or node.error is not None or _FIXED.search(body):
            continue
        claims = [claim for call in trace.uses(Ref(number)) if (claim := _claim(node, call)) is not None]
        if claims and _is_dropped(trace, node, body):
            yield _finding(trace, node, claims[0])


def _claim(built: Node, call: Node) -> Claim | None:
    """Two passes over the same input give different outputs."""
    source = getattr(input_of(call), "ref", None)
    if not is_step_call(call) or not isinstance(source, Ref) or not results_of(call):
        return None
    return Statelessness(results_of(call)[0], source=source, anew=Ref(built.id))


def _is_dropped(trace: Trace, node: Node, body: str) -> bool:
    """Whether the layer is called where it is built, or under local names that do nothing else."""
    bound = [
        binding
        for binding in trace.bindings
        if isinstance(binding.value, Layer) and binding.value.ref == Ref(node.id) and not _begins(binding.span, node)
    ]
    names = {binding.name for binding in bound}
    if not names:
        return any(_is_called_at_once(call, node) for call in trace.uses(Ref(node.id)))
    return all(name.isidentifier() and not re.search(rf"(?<![\w.]){name}\b(?!{_PLAIN_USE})", body) for name in names)


def _begins(span: object, node: Node) -> bool:
    return (getattr(span, "line", 0), getattr(span, "column", 0)) == (node.span.line, node.span.column)


def _is_called_at_once(call: Node, node: Node) -> bool:
    return isinstance(call.expression, facts.Call) and _begins(call.expression.func.span, node)


def _finding(trace: Trace, node: Node, claim: Claim) -> Finding:
    return report(
        REBUILT,
        trace,
        node,
        f"`forward` builds this {short_name(node)} anew at each call: its weights are random, and never trained",
        claims=[claim],
        help="build it in `__init__`, and call it here",
    )
