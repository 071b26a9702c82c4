"""SHP304: the result of a recurrent layer unpacked into another number of names than two."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Edit, Finding, Fix, Severity
from shapelint.reading.names import is_unused
from shapelint.reading.operations import has_cell_state, is_failed_unpacking, is_recurrent_call
from shapelint.reading.quoting import kind_place, text_of, with_article
from shapelint.reading.recurrent import layer_of
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Tuple
from shapelint.source import Span
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_THREE = regex(r"([(\[]?)\s*(\w+)\s*,\s*(\w+)\s*,\s*(\w+)\s*,?\s*([)\]]?)")

RULE = Rule(
    code="SHP304",
    name="result-unpacked-into-three",
    severity=Severity.ERROR,
    summary="`output, h, c = lstm(x)`: the result has two parts, output and the state",
    page="""\
## What it does
Finds the result of an LSTM, GRU or RNN unpacked into three names, or any other number than two.

## Why is this bad
The result is a pair: (output, h_n), or (output, (h_n, c_n)) for an LSTM. Python raises a ValueError.

## Example
```python
output, h_n, c_n = self.lstm(x)
```

## Use instead
```python
output, (h_n, c_n) = self.lstm(x)
```

## Proved by
raises: the result does not unpack into that many names.

## When it stays silent
The three come from a function or module of one's own, or from LSTM's inner tuple: `output, (h_n, c_n)`.
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
        output, hidden, cell = self.lstm(x)  # error: SHP304
        return output, hidden
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5)
(states, last, _) = gru(torch.randn(7, 4, 3))  # error: SHP304
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
result = lstm(torch.randn(7, 4, 3))
(output, h_n, c_n) = result  # error: SHP304
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        output, (hidden, cell) = self.lstm(x)
        return output, hidden, cell

class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = Encoder(features, hidden)

    def forward(self, x):
        output, hidden, cell = self.encoder(x)
        return output[:, -1]
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5)
output, *states = gru(torch.randn(7, 4, 3))
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, num_layers=3)
_, h_n = gru(torch.randn(7, 4, 3))
first, second, third = h_n
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def result_unpacked_into_three(trace: Trace) -> Iterator[Finding]:
    """Unpackings of a recurrent layer's pair that fail."""
    for node in trace.nodes:
        result = node.args[0] if is_failed_unpacking(node) else None
        if isinstance(result, Tuple) and result.ref is not None and not result.ref.path:
            call = trace.node(result.ref)
            if is_recurrent_call(call):
                yield _finding(trace, node, result, call)


def _finding(trace: Trace, node: Node, result: Tuple, call: Node) -> Finding:
    layer, count = layer_of(call), node.get("count", int)
    pair = "(output, (h_n, c_n))" if has_cell_state(layer) else "(output, h_n)"
    assert result.ref is not None
    return report(
        RULE,
        trace,
        node,
        f"{with_article(layer)} returns the pair {pair}: unpacking it into {count} names fails",
        claims=[Raises(result.ref, unpack=count)],
        related=[kind_place(layer)],
        help=f"unpack it as `{pair[1:-1]}`",
        fixes=[_as_pair(trace, node, has_cell_state(layer))],
    )


def _as_pair(trace: Trace, node: Node, is_lstm: bool) -> Fix | None:
    """`output, h, c` becomes `output, (h, c)`, or `output, h` for a layer without c where nothing uses `c`."""
    target = node.get("target", Span)
    names = _THREE.fullmatch(text_of(trace, target))
    if names is None or not (is_lstm or is_unused(trace, names[4])):
        return None
    text = f"{names[2]}, ({names[3]}, {names[4]})" if is_lstm else f"{names[2]}, {names[3]}"
    return Fix(f"unpack it as `{text}`", (Edit(target, names[1] + text + names[5]),), safe=True)
