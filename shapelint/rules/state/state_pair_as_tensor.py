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
from shapelint.shapes.value import Layer, Tensor, Tuple
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
Finds a method or an attribute of tensors on the state of an LSTM, or on a pair of tensors that is made for one:
`hidden.detach()`, `hidden.to(device)`, `hidden.size(0)`.

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
        """\
import torch
from torch import nn

class Letters(nn.Module):
    def __init__(self, letters, hidden, kind="lstm"):
        super().__init__()
        self.kind, self.hidden = kind, hidden
        self.encoder = nn.Embedding(letters, hidden)
        self.rnn = nn.GRU(hidden, hidden) if kind == "gru" else nn.LSTM(hidden, hidden)

    def forward(self, letters, state):
        return self.rnn(self.encoder(letters), state)

    def init_state(self, batch):
        if self.kind == "lstm":
            return torch.zeros(1, batch, self.hidden), torch.zeros(1, batch, self.hidden)
        return torch.zeros(1, batch, self.hidden)

model = Letters(100, 32)
state = model.init_state(8).to("cpu")  # error: SHP207
output, state = model(torch.randint(0, 100, (5, 8)), state)
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
        if isinstance(state, Tuple) and not is_subscript(node):
            layer = layer_of(trace.node(state.ref)) if state.ref and is_state_pair(trace, state) else None
            if layer is not None or _is_made_pair(state):
                yield _finding(trace, node, layer)


def _is_made_pair(state: Tuple) -> bool:
    """Whether the code puts two tensors of one shape together, as `init_hidden` does: h and c."""
    shapes = {item.sizes if isinstance(item, Tensor) else None for item in state.items}
    return state.ref is None and len(state.items) == 2 and len(shapes) == 1 and None not in shapes


def _finding(trace: Trace, node: Node, layer: Layer | None) -> Finding:
    method, written = short_name(node), _written(node)
    name = "the state" if written is None else f"`{quote(trace, written.span)}`"
    each = nature_of(node) in HANDS_ON
    return report(
        RULE,
        trace,
        node,
        f"{name} is {_told(layer)}, which has no `{method}`",
        claims=[Raises(Ref(node.id))],
        related=[kind_place(layer)] if layer is not None else [],
        help=f"call `{method}` on both tensors" if each else "take h, the first of the two tensors",
        fixes=[_on_each(trace, node, written) if each else _first(written)],
    )


def _told(layer: Layer | None) -> str:
    if layer is None:
        return "a tuple of two tensors"
    pair = "(h_n, c_n)" if has_cell_state(layer) else "(h, c)"
    return f"the tuple {pair} of {with_article(layer)}"


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
