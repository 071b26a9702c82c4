"""SHP207: the state (h, c) of an LSTM or LSTMCell, on which a method or attribute of a tensor is looked up."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import HANDS_ON
from shapelint.reading.operations import has_cell_state, is_subscript, short_name
from shapelint.reading.quoting import kind_place, quote, text_of, with_article
from shapelint.reading.recurrent import is_state_pair, layer_of
from shapelint.reading.trail import nature_of
from shapelint.reading.written import insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Tuple
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

#: methods that give a state again, which each of the two tensors has

RULE = Rule(
    code="SHP207",
    name="state-pair-as-tensor",
    severity=Severity.ERROR,
    summary="the state of an LSTM is a tuple: `hidden.detach()` must be called on both tensors",
    page="""\
## What it does
Finds a method or an attribute of tensors on the state of an LSTM: `hidden.detach()`, `hidden.to(device)`,
`hidden.size(0)`.

## Why is this bad
The state of an LSTM is the tuple (h_n, c_n), and that of an LSTMCell the tuple (h, c). A tuple has none of
these methods: Python raises an AttributeError. Code that was written for a GRU does so with an LSTM.

## Example
```python
output, hidden = self.lstm(x, hidden)
hidden = hidden.detach()
```

## Use instead
```python
output, hidden = self.lstm(x, hidden)
hidden = tuple(v.detach() for v in hidden)
```

## Proved by
raises: a tuple has no attributes of a tensor.

## When it stays silent
The layer is a GRU or RNN, whose state is one tensor; each of the two is handled on its own; a test of the
type comes before.
""",
    bad=(
        """\
import torch
from torch import nn

class Language(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x, state):
        output, state = self.rnn(x, state)
        return output, state.detach()  # error: SHP207
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
output, hidden = lstm(torch.randn(7, 4, 3))
hidden = hidden.to(output.device)  # error: SHP207
""",
        """\
import torch
from torch import nn

cell = nn.LSTMCell(3, 5)
state = cell(torch.randn(4, 3))
batch = state.size(0)  # error: SHP207
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Language(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, state):
        output, state = self.rnn(x, state)
        return output, state.detach()
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
output, hidden = lstm(torch.randn(7, 4, 3))
hidden = tuple(state.detach() for state in hidden)
h_n, c_n = [state.cpu() for state in hidden]
""",
        """\
import torch
from torch import nn

def repackage(state):
    if isinstance(state, torch.Tensor):
        return state.detach()
    return tuple(repackage(part) for part in state)

lstm = nn.LSTM(3, 5)
output, hidden = lstm(torch.randn(7, 4, 3))
output, hidden = lstm(torch.randn(7, 4, 3), repackage(hidden))
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def state_pair_as_tensor(trace: Trace) -> Iterator[Finding]:
    """Attributes of tensors that are looked up on the pair of states."""
    for node in trace.nodes:
        state = node.args[0] if node.error is not None and node.error.code == "SHP301" else None
        if isinstance(state, Tuple) and not is_subscript(node) and is_state_pair(trace, state):
            yield _finding(trace, node, state)


def _finding(trace: Trace, node: Node, state: Tuple) -> Finding:
    assert state.ref is not None
    layer, method = layer_of(trace.node(state.ref)), short_name(node)
    pair = "(h_n, c_n)" if has_cell_state(layer) else "(h, c)"
    written = _written(node)
    name = f"the state of nn.{layer.name}" if written is None else f"`{quote(trace, written.span)}`"
    each = nature_of(node) in HANDS_ON
    return report(
        RULE,
        trace,
        node,
        f"{name} is the tuple {pair} of {with_article(layer)}, which has no `{method}`",
        claims=[Raises(Ref(node.id))],
        related=[kind_place(layer)],
        help=f"call `{method}` on both tensors" if each else "take h, the first of the two tensors",
        fixes=[_on_each(trace, node, written) if each else _first(written)],
    )


def _written(node: Node) -> facts.Expression | None:
    """The state as written before the method or attribute."""
    called = node.expression.func if isinstance(node.expression, facts.Call) else node.expression
    return called.value if isinstance(called, facts.Attribute) else None


def _on_each(trace: Trace, node: Node, written: facts.Expression | None) -> Fix | None:
    """`h.detach()` becomes `tuple(v.detach() for v in h)`."""
    if not isinstance(written, facts.Name | facts.Attribute):
        return None
    name = text_of(trace, written.span)
    edits = (Edit(written.span, "tuple(v"), insertion(node.span, f" for v in {name})"))
    return Fix(f"call it on both tensors: `tuple(v.{short_name(node)}(...) for v in {name})`", edits, safe=True)


def _first(written: facts.Expression | None) -> Fix | None:
    if not isinstance(written, facts.Name | facts.Attribute):
        return None
    return Fix("take h, the first of the two", (insertion(written.span, "[0]"),), safe=True)
