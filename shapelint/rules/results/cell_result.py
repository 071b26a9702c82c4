"""SHP307: the result of a cell unpacked as if it were that of a layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shapelint.claims.values.equals import Equals
from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.names import is_unused
from shapelint.reading.operations import has_cell_state, is_cell_call, is_failed_unpacking, is_unbind
from shapelint.reading.quoting import kind_place, text_of, with_article
from shapelint.reading.recurrent import layer_of
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor, Tuple, Value
from shapelint.source import Span
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_PAIR = regex(r"[(\[]?\s*(\w+)\s*,\s*(\w+)\s*,?\s*[)\]]?")
_OUTPUT_BEFORE = regex(r"(\w+)\s*,\s*$")

RULE = Rule(
    code="SHP307",
    name="cell-result-as-of-layer",
    severity=Severity.ERROR,
    summary="a cell returns its state alone: (h, c) of an LSTMCell, h of a GRUCell or RNNCell",
    page="""\
## What it does
Finds `output, (h, c) = lstm_cell(x)` and `output, h = gru_cell(x)`, and an LSTMCell's result unpacked into
three names.

## Why is this bad
A cell has no output beside its state: an LSTMCell returns (h, c), a GRUCell and an RNNCell return h. So the
names take the rows of a batch apart. Python raises, unless the batch holds two samples; then `h` is silently
the state of the first sample.

## Example
```python
output, (h, c) = self.cell(x_t, (h, c))     # nn.LSTMCell
```

## Use instead
```python
h, c = self.cell(x_t, (h, c))               # h is the output too
```

## Proved by
raises: the result does not unpack into these names. With two samples: equals, `h` is not the state.

## When it stays silent
`h, c = lstm_cell(x)`, whatever the names are; the rows are taken apart later, from a name of their own.
""",
    bad=(
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.LSTMCell(features, hidden)

    def forward(self, x, state):
        _, (h, c) = self.cell(x, state)  # error: SHP307
        return h, c
""",
        """\
import torch
from torch import nn

cell = nn.GRUCell(3, 5)
output, h = cell(torch.randn(4, 3))  # error: SHP307
""",
        """\
import torch
from torch import nn

cell = nn.RNNCell(3, 5)
out, hx = cell(torch.randn(2, 3))  # error: SHP307
print(hx)
""",
        """\
import torch
from torch import nn

cell = nn.LSTMCell(3, 5)
out, h, c = cell(torch.randn(4, 3))  # error: SHP307
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.LSTMCell(features, hidden)

    def forward(self, x, state):
        output, state = self.cell(x, state)
        return output, (output, state)
""",
        """\
import torch
from torch import nn

cell = nn.GRUCell(3, 5)
h = cell(torch.randn(2, 3))
first, second = h
""",
        """\
import torch
from torch import nn

class Cell(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x, h):
        h = self.cell(x, h)
        return h, h

cell = Cell(3, 5)
output, h = cell(torch.randn(4, 3), torch.zeros(4, 5))
""",
    ),
)


@check(RULE, at=(Nature.PIECES, Event.REFUSED))
def cell_result_as_of_layer(trace: Trace) -> Iterator[Finding]:
    """Unpackings, in the assignment of a cell's call, that do not fit the cell's result."""
    for node in trace.nodes:
        if not (is_failed_unpacking(node) or is_unbind(node)):
            continue
        call = _cell_call(trace, node)
        if call is not None and (node.span, node.path) == (call.span, call.path):
            yield _finding(trace, node, call)


def _cell_call(trace: Trace, node: Node) -> Node | None:
    """The cell's call whose result, or a state in it, an unpacking takes apart."""
    ref: Ref | None = getattr(node.args[0], "ref", None)
    call = None if ref is None else trace.node(ref)
    return call if call is not None and is_cell_call(call) else None


def _finding(trace: Trace, node: Node, call: Node) -> Finding:
    layer = layer_of(call)
    form = "the pair (h, c)" if has_cell_state(layer) else "h"
    return report(
        RULE,
        trace,
        node,
        f"{with_article(layer)} returns {form} and no output beside it: {_what(node)}",
        claims=[_claim(node)],
        shapes=_shapes(node),
        related=[kind_place(layer)],
        help="bind the state alone: h is the output of the step too",
        fixes=[_state_alone(trace, node, has_cell_state(layer))],
    )


def _what(node: Node) -> str:
    count = node.get("count", int)
    if isinstance(node.args[0], Tuple):
        return f"unpacking it into {count} names fails"
    if is_unbind(node):
        return f"the {count} names are the states of {count} samples"
    return f"unpacking takes the batch apart, and fails unless it holds {count} samples"


def _claim(node: Node) -> Claim:
    ref: Ref | None = getattr(node.args[0], "ref", None)
    assert ref is not None
    if is_unbind(node):
        return Equals(Ref(node.id, (0,)), reference=ref)
    return Raises(ref, unpack=node.get("count", int))


def _shapes(node: Node) -> list[tuple[str, Value]]:
    state = node.args[0]
    return [("h", state)] if isinstance(state, Tensor) else []


def _state_alone(trace: Trace, node: Node, is_lstm: bool) -> Fix | None:
    """`output, (h, c)` becomes `h, c`, and `output, h` becomes `h`, where nothing uses `output`."""
    target = node.get("target", Span)
    names = _PAIR.fullmatch(text_of(trace, target))
    if names is None or not isinstance(node.args[0], Tensor) or is_unbind(node):
        return None
    before = text_of(trace, Span(target.line, 0, target.line, target.column))
    output = _OUTPUT_BEFORE.search(before) if is_lstm else names
    if output is None or not is_unused(trace, output[1]):
        return None
    place = replace(target, column=output.start()) if is_lstm else target
    text = f"{names[1]}, {names[2]}" if is_lstm else names[2]
    return Fix(f"bind the state alone: `{text}`", (Edit(place, text),), safe=True)
