"""SHP113: a view of a time-first output to (batch, -1), which mixes samples."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import samples_mix
from shapelint.reading.layout.intent import evidence_of
from shapelint.reading.layout.memory import is_refused_view
from shapelint.reading.layout.views import base_name, batch_place, moved_to, named_sizes, transpose_first, view_base
from shapelint.reading.quoting import construction_place, quote
from shapelint.reading.recurrent import Sequence, sequence_of, state_given
from shapelint.reading.single_index import ONE
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Same
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node, is_of_axis
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP113",
    name="output-flattened-across-samples",
    severity=Severity.WARNING,
    summary="`output.view(batch, -1)` of a time-first output mixes samples: the batch is axis 1",
    page="""\
## What it does
Finds a `view` or `reshape` of a (time, batch, feature) output to (batch, -1) or (batch, time * feature).

## Why is this bad
A view keeps the order of the elements. Row 0 of `output.view(batch, -1)` is not the sequence of sample 0: it is the
first steps of all samples. Every row mixes samples, the shape is as expected, and nothing raises.

## Example
```python
self.lstm = nn.LSTM(features, hidden)          # time first
output, _ = self.lstm(x)
return self.fc(output.reshape(batch, -1))
```

## Use instead
```python
output, _ = self.lstm(x)
return self.fc(output.transpose(0, 1).reshape(batch, -1))
```

## Proved by
batch_independence: a row of the view depends on several samples of the input. Where the elements do not lie in the
order of the axes, raises: torch refuses the `view`.

## When it stays silent
The sequence may have one step, as in a decoder that carries its state; the batch has one sample; the batch axis was
moved first; time and batch are merged (`output.view(-1, hidden)`).
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
        return self.fc(output.view(x.size(1), -1))  # error: SHP113
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(3, 5)
head = nn.Linear(45, 2)
output, _ = gru(torch.randn(9, 7, 3))
flat = torch.reshape(torch.tanh(output), (7, 45))  # error: SHP113
print(head(flat).shape)
""",
        """\
import torch
from torch import nn

class Turned(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.rnn = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        batch, steps, _ = x.shape
        output, _ = self.rnn(x)
        output = output.permute(1, 0, 2).contiguous()
        return output.view(batch, steps * self.hidden)  # error: SHP113
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
        return self.fc(output.transpose(0, 1).reshape(x.size(1), -1))
""",
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features, hidden, words):
        super().__init__()
        self.gru = nn.GRU(features, hidden)
        self.fc = nn.Linear(hidden, words)

    def forward(self, token, h):
        output, h = self.gru(token, h)
        return self.fc(output.view(token.size(1), -1)), h
""",
        """\
import torch
from torch import nn

class EachStep(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x):
        steps, batch, _ = x.shape
        output, _ = self.gru(x)
        return self.fc(output.view(-1, self.hidden)).view(steps, batch, -1)
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
sentence = torch.randn(9, 3)
output, _ = lstm(sentence.view(9, 1, 3))
print(output.view(9, -1).shape, output.view(1, -1).shape)
""",
    ),
)


@check(RULE, at=Nature.VIEW)
def output_flattened_across_samples(trace: Trace) -> Iterator[Finding]:
    """Views of an output that put the batch in front of the steps."""
    for node in trace.nodes:
        base = view_base(node)
        if base is None or base.rank != 3 or not isinstance(node.result, Tensor) or node.result.rank != 2:
            continue
        if batch_place(trace, base) != 1 or moved_to(trace, base.axes, 1, node.result.axes) != 0:
            continue
        sequence = sequence_of(trace, base)
        confidence = None if sequence is None else _confidence(trace, node, sequence, base.axes[0])
        if sequence is not None and confidence is not None:
            yield _finding(trace, node, base, sequence, confidence)


def _confidence(trace: Trace, node: Node, sequence: Sequence, time: Axis) -> Confidence | None:
    """How sure it is that the sequence has several steps."""
    steps = trace.resolve(time.dim)
    if steps.same(ONE) is Same.EQUAL or time.role is not Role.TIME:
        return None
    written = {symbol for size in named_sizes(trace, node) for symbol in size.symbols}
    is_counted = not any(map(is_of_axis, steps.symbols)) or bool(steps.symbols & written)
    if is_counted or any(piece.role is Role.TIME for piece in evidence_of(trace, time)):
        return Confidence.HIGH
    return Confidence.MEDIUM if state_given(sequence.slot.call) is None else None


def _finding(trace: Trace, node: Node, base: Tensor, sequence: Sequence, confidence: Confidence) -> Finding:
    whole, name = quote(trace, node.span), base_name(trace, node)
    mixed = samples_mix(trace, sequence.slot.call, Ref(node.id))
    return report(
        RULE,
        trace,
        node,
        f"`{whole}` mixes samples: `{name}` is (time, batch, feature), and a view keeps the order of its elements",
        claims=[Raises(Ref(node.id))] if is_refused_view(trace, node) else mixed,
        shapes=[(name, base), (whole, node.result)],
        related=[construction_place(sequence.slot.layer)],
        help=f"move the batch axis first: `{name}.transpose(0, 1)`, and then `reshape`",
        fixes=[transpose_first(node)],
        confidence=confidence,
    )
