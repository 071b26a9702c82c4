"""SHP190: a comment or docstring that gives a value another shape than it has."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.has_shape import HasShape
from shapelint.finding import Confidence, Finding, Severity
from shapelint.reading.quoting import naming_of, place_of, quote
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.dim import Dim
from shapelint.trace.evidence import Stated
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

COMMENT = Rule(
    code="SHP190",
    name="shape-comment-disagrees",
    severity=Severity.INFO,
    summary="a comment or docstring gives a shape that the value does not have",
    default=False,
    page="""\
## What it does
Finds a shape in a comment behind a statement, or under "Returns" in a docstring, whose number of axes or whose
number at an axis is certainly not what the code computes.

## Why is this bad
The next reader believes the comment. One of the two is wrong: the comment is old, or the code does not do what
its author thinks.

## Example
```python
out, _ = self.lstm(x)      # (B, T, H)
last = out[:, -1]          # (B, T, H)
```

## Use instead
```python
out, _ = self.lstm(x)      # (B, T, H)
last = out[:, -1]          # (B, H)
```

## Proved by
has_shape: torch gives the value another rank, or another size at an axis where both sides have a number.

## When it stays silent
The comment holds several shapes, stands on a line of its own, or uses names for the sizes; the shape of the value
rests on an input whose rank nothing settles.
""",
    bad=(
        """\
import torch
from torch import nn

class Summary(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 4)

    def forward(self, x):
        out, _ = self.lstm(x)  # (B, T, H)
        last = out[:, -1]  # (B, T, H)  # error: SHP190
        return self.fc(last)
""",
        """\
import torch
from torch import nn

def encode(x):
    \"\"\"Encode.

    Returns:
        the last state, of shape (batch, 32)
    \"\"\"
    gru = nn.GRU(8, 16, batch_first=True)
    _, h_n = gru(x)
    return h_n[-1]  # error: SHP190

print(encode(torch.randn(4, 9, 8)).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 4)

    def forward(self, x):
        out, _ = self.lstm(x)  # (B, T, H)
        # (B, T, H) -> (B, H)
        last = out[:, -1]
        return self.fc(last)  # (B, 4)
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
out, h_n = gru(torch.randn(4, 9, 8))  # out: (batch, time, hidden), h_n: (1, batch, hidden)
mean = out.mean(dim=1)  # (batch, time, hidden) -> (batch, hidden)
print(mean.shape)
""",
        """\
import torch
from torch import nn

class Guessed(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.fc = nn.Linear(features, hidden)
        self.lstm = nn.LSTM(hidden, hidden)

    def forward(self, x, unused):
        y = self.fc(unused)  # (batch, 7)
        return y, self.lstm(x)[0]
""",
    ),
)


@check(COMMENT)
def comment_disagrees(trace: Trace) -> Iterator[Finding]:
    """Shapes that the author states, and that the values certainly do not have."""
    for stated in trace.stated:
        if stated.value.ref is not None and _disagrees(trace, stated):
            yield _finding(trace, trace.node(stated.value.ref), stated)


def _disagrees(trace: Trace, stated: Stated) -> bool:
    """Whether the ranks differ, or an axis that is a number on both sides."""
    if stated.value.rank != len(stated.shape.axes):
        return not any(axis.text in ("...", "*") for axis in stated.shape.axes)
    numbers = (trace.resolve(size).constant for size in stated.value.sizes)
    pairs = zip(stated.shape.axes, numbers, strict=True)
    return any(None not in (axis.number, size) and axis.number != size for axis, size in pairs)


def _finding(trace: Trace, node: Node, stated: Stated) -> Finding:
    assert stated.value.ref is not None
    name = quote(trace, node.span)
    shape = f"({', '.join(axis.text for axis in stated.shape.axes)})"
    sizes = tuple(None if axis.number is None else Dim.of(axis.number) for axis in stated.shape.axes)
    return report(
        COMMENT,
        trace,
        node,
        f"{stated.source} says {shape}, and `{name}` is {naming_of(trace).shape(stated.value.axes)}",
        claims=[HasShape(stated.value.ref, sizes=sizes)],
        shapes=[(name, stated.value)],
        related=[place_of(stated, "this shape")],
        help="correct the shape, or the code if the shape is what you mean",
        # a docstring may speak of the usual path only
        confidence=Confidence.HIGH if stated.source == "the comment" else Confidence.MEDIUM,
    )
