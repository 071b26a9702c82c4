"""SHP124, SHP125: `view` of a tensor whose elements do not lie in the order of its axes."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Fix, Place, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.memory import is_refused_view, permutation
from shapelint.reading.layout.views import base_name, is_shifted, view_base
from shapelint.reading.quoting import construction_place, place_of, quote, replace_text
from shapelint.reading.recurrent import Sequence, sequence_of, state_given
from shapelint.reading.trail import tensor_inputs
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.value import Int, List, Tensor, Tuple
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, evidence_by_symbol, once

TRANSPOSED = Rule(
    code="SHP124",
    name="view-of-transposed",
    severity=Severity.ERROR,
    summary="`x.transpose(0, 1).view(...)` raises where it merges the exchanged axes: use reshape",
    page="""\
## What it does
Finds a `view` that merges axes which were exchanged before by `transpose` or `permute`, of a tensor that a layer or
`torch.cat` has just written in the order of its axes.

## Why is this bad
`transpose` and `permute` move no element. A `view` needs the merged axes to lie beside each other in memory, and
torch raises.

## Example
```python
output, _ = self.lstm(x)                        # time first
flat = output.transpose(0, 1).view(batch, -1)
```

## Use instead
```python
output, _ = self.lstm(x)
flat = output.transpose(0, 1).reshape(batch, -1)
```

## Proved by
raises: torch refuses the view.

## When it stays silent
The tensor comes from a parameter: nobody knows how its elements lie; `contiguous()` or `reshape` is used; the view
splits axes only.
""",
    bad=(
        """\
import torch
from torch import nn

class Flat(nn.Module):
    def __init__(self, features, hidden, steps):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.fc = nn.Linear(steps * hidden, 2)

    def forward(self, x):
        output, _ = self.lstm(x)
        output = output.transpose(0, 1)
        return self.fc(output.view(x.size(1), -1))  # error: SHP124
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(3, 5, bidirectional=True)
output, h_n = gru(torch.randn(9, 7, 3))
print(h_n.permute(1, 0, 2).view(7, 10).shape)  # error: SHP124
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Flat(nn.Module):
    def __init__(self, features, hidden, steps):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.fc = nn.Linear(steps * hidden, 2)

    def forward(self, x):
        output, _ = self.lstm(x)
        output = output.transpose(0, 1)
        return self.fc(output.reshape(x.size(1), -1)), output.contiguous().view(x.size(1), -1)
""",
        """\
import torch
from torch import nn

class Heads(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, 4 * hidden)
        self.hidden = hidden

    def forward(self, x):
        output, _ = self.lstm(x)
        return output.transpose(0, 1).view(x.size(1), x.size(0), 4, self.hidden)
""",
        """\
import torch
from torch import nn

class FromOutside(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        # x: (batch, time, features), transposed by the loader
        return x.transpose(0, 1).view(-1, x.size(2))
""",
    ),
)

BATCH_FIRST = Rule(
    code="SHP125",
    name="view-of-batch-first-output",
    severity=Severity.ERROR,
    summary="`output.view(-1, hidden)` of a batch_first layer raises: use reshape",
    page="""\
## What it does
Finds a `view` that merges axes of the output of a layer with `batch_first=True`, or of `pad_packed_sequence` with
`batch_first=True`.

## Why is this bad
The layers compute time first. With `batch_first=True` the output is a transposed view of that: it is not
contiguous, and torch refuses to merge its axes. With one sample or one step it runs, so the crash may come late.

## Example
```python
output, _ = self.lstm(x)                        # batch_first=True
scores = self.fc(output.view(-1, hidden))
```

## Use instead
```python
output, _ = self.lstm(x)
scores = self.fc(output.reshape(-1, hidden))
```

## Proved by
raises: torch refuses the view.

## When it stays silent
A `contiguous()`, a Linear layer or another operation that writes a new tensor comes in between (an activation or
dropout does not); `reshape` or `flatten` is used; the view splits the features only; there is one sample or step.
""",
    bad=(
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output.view(-1, self.hidden))  # error: SHP125
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(3, 5, batch_first=True)
states, _ = gru(torch.randn(7, 9, 3))
flat = torch.relu(states).view(7, 45)  # error: SHP125
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Packed(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True)
        output, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.fc(output.view(-1, output.size(2)))  # error: SHP125
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.norm = nn.LayerNorm(hidden)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x):
        output, _ = self.lstm(x)
        again = self.norm(output).view(-1, self.hidden)
        return self.fc(output.contiguous().view(-1, self.hidden)) + self.fc(again)
""",
        """\
import torch
from torch import nn

class TimeFirst(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output.view(-1, self.hidden))
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(3, 5, batch_first=True, bidirectional=True)
states, _ = gru(torch.randn(7, 9, 3))
forward = states.view(7, 9, 2, 5)[:, :, 0]
one, _ = gru(torch.randn(1, 9, 3))
print(one.view(-1, 10).shape)
""",
    ),
)


@check(TRANSPOSED, BATCH_FIRST, at=Nature.VIEW)
def refused_view(trace: Trace) -> Iterator[Finding]:
    """Views that merge axes which do not lie beside each other."""
    for node in trace.nodes:
        base = view_base(node)
        if base is None or not is_refused_view(trace, node) or is_shifted(trace, node):
            continue
        if not _goes_on(trace, base) or all(_is_told(trace, axis) for axis in base.axes if axis.role is Role.TIME):
            yield _finding(trace, node, base)


def _goes_on(trace: Trace, base: Tensor) -> bool:
    """Whether the layer goes on from a state that it is given, as decoders do step by step."""
    sequence = sequence_of(trace, base)
    return sequence is not None and state_given(sequence.slot.call) is not None


def _is_told(trace: Trace, axis: Axis) -> bool:
    """Whether anything but the layer speaks of the steps: of one step the view is right."""
    symbol = trace.resolve(axis.dim).as_symbol
    return symbol is None or symbol in {*trace.names, *evidence_by_symbol(trace), *_sizes_used(trace)}


@once
def _sizes_used(trace: Trace) -> frozenset[str]:
    """The symbols in the sizes that operations are given."""
    given = (value for node in trace.nodes for value in (*node.args, *node.kwargs.values()))
    items = (item for value in given for item in (value.items if isinstance(value, Tuple | List) else (value,)))
    return frozenset().union(*(item.dim.symbols for item in items if isinstance(item, Int)))


def _finding(trace: Trace, node: Node, base: Tensor) -> Finding:
    whole, name = quote(trace, node.span), base_name(trace, node)
    exchange, sequence = _exchange(trace, base), sequence_of(trace, base)
    is_output = exchange is None and sequence is not None
    why = "is a transposed view" if is_output else "was transposed"
    return report(
        BATCH_FIRST if is_output else TRANSPOSED,
        trace,
        node,
        f"torch refuses `{whole}`: `{name}` {why}, and the merged axes do not lie beside each other",
        claims=[Raises(Ref(node.id), match="view size is not compatible")],
        shapes=[(name, base), (whole, node.result)],
        related=_related(exchange, sequence),
        help="use `reshape`, which copies where it must",
        fixes=[_fix(node)],
    )


def _exchange(trace: Trace, value: Tensor) -> Node | None:
    """The exchange of axes that a tensor has come through last."""
    while value.ref is not None:
        node = trace.node(value.ref)
        source = next(tensor_inputs(node), None)
        if not isinstance(source, Tensor) or permutation(trace, node) is not None:
            return node if isinstance(source, Tensor) else None
        value = source
    return None


def _related(exchange: Node | None, sequence: Sequence | None) -> list[Place]:
    if exchange is not None:
        return [place_of(exchange, "the axes are exchanged here")]
    return [] if sequence is None else [construction_place(sequence.slot.layer)]


def _fix(node: Node) -> Fix | None:
    call = node.expression
    if not isinstance(call, facts.Call) or not isinstance(call.func, facts.Attribute):
        return None
    edit = replace_text(call.func.attr_span, "reshape")
    return Fix("use `reshape`, which copies where it must", (edit,), safe=True)
