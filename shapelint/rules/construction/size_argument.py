"""SHP607 and SHP617: sizes of recurrent layers and cells that are no whole number above 0, or are several."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Edit, Finding, Fix, Severity
from shapelint.reading.quoting import text_of
from shapelint.rules.base import Rule, check
from shapelint.rules.construction.refusal import refused, replaced, shown, tell
from shapelint.rules.occurring import Event
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.trace import Trace

_GOOD = (
    """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden // 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(hidden, int(hidden / 2), batch_first=True)

    def forward(self, x):
        return self.gru(self.lstm(x)[0])[0]
""",
    """\
from torch import nn

SIZES = [64, 32]
layers = nn.ModuleList([nn.LSTM(16, SIZES[0]), nn.LSTM(SIZES[0], SIZES[1])])
""",
    """\
from torch import nn

def build(config):
    return nn.GRU(config["features"], config["hidden"], config["layers"])
""",
    """\
import math
from torch import nn

rnn = nn.RNN(3, math.ceil(7 / 2))
cell = nn.GRUCell(3, round(0.5 * 8))
""",
)

NUMBER = Rule(
    code="SHP607",
    name="size-is-no-whole-number",
    severity=Severity.ERROR,
    summary="input_size, hidden_size and num_layers are ints, and above 0",
    page="""\
## What it does
Finds a size of a recurrent layer or cell that is a float (`hidden / 2`), a text, 0 or negative.

## Why is this bad
`/` gives a float in Python, even where nothing is left over. Torch takes an int only, and raises a TypeError;
for a size below 1 it raises a ValueError.

## Example
```python
self.lstm = nn.LSTM(features, hidden / 2, bidirectional=True)
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden // 2, bidirectional=True)
```

## Proved by
raises: the construction.

## When it stays silent
The size is a parameter or comes from a configuration.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden / 2, batch_first=True, bidirectional=True)  # error: SHP607

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
from torch import nn

hidden = 128
gru = nn.GRU(16, hidden / 2)  # error: SHP607
rnn = nn.RNN(16, 128.0)  # error: SHP607
cell = nn.LSTMCell(16, "64")  # error: SHP607
""",
        """\
from torch import nn

def build(features, hidden):
    return nn.LSTM(features, hidden, num_layers=0)  # error: SHP607
""",
    ),
    good=_GOOD,
)

SEVERAL = Rule(
    code="SHP617",
    name="size-for-each-layer",
    severity=Severity.ERROR,
    summary="all layers of a recurrent layer have the same hidden_size, one int",
    page="""\
## What it does
Finds a list or a tuple as a size of a recurrent layer or cell.

## Why is this bad
num_layers counts layers of one size, hidden_size. There is no size for each layer: torch raises a TypeError.

## Example
```python
self.lstm = nn.LSTM(features, [64, 32])
```

## Use instead
```python
self.first = nn.LSTM(features, 64)
self.second = nn.LSTM(64, 32)
```

## Proved by
raises: the construction.

## When it stays silent
The size is a parameter or comes from a configuration.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.lstm = nn.LSTM(features, [64, 32], batch_first=True)  # error: SHP617

    def forward(self, x):
        return self.lstm(x)[0]
""",
        """\
from torch import nn

sizes = (64, 32)
gru = nn.GRU(16, hidden_size=sizes, num_layers=2)  # error: SHP617
cell = nn.GRUCell((16, 4), 64)  # error: SHP617
""",
    ),
    good=_GOOD,
)


@check(NUMBER, SEVERAL, at=Event.REFUSED)
def size_arguments(trace: Trace) -> Iterator[Finding]:
    """Constructions that torch refuses for a size."""
    for one in refused(trace, NUMBER.code):
        if one.written is not None and _is_flag(one.written):
            continue  # SHP601 tells what a flag as num_layers is
        lowest = one.error.details.get("lowest")
        what = "a whole number" if lowest is None else f"at least {lowest}"
        message = f"{one.name} of {one.kind} must be {what}, and {shown(trace, one)} is not"
        fix = None if one.written is None else _as_int(trace, one.written)
        yield tell(NUMBER, trace, one, message, "give an int above 0", [fix])
    for one in refused(trace, SEVERAL.code):
        message = f"{one.name} of {one.kind} is one number for all its layers, and {shown(trace, one)} are several"
        yield tell(SEVERAL, trace, one, message, "build a layer for each size, in an nn.ModuleList")


def _is_flag(given: facts.Argument) -> bool:
    return isinstance(given.value, facts.Literal) and isinstance(given.value.value, bool)


def _as_int(trace: Trace, given: facts.Argument) -> Fix | None:
    """`hidden / 2` becomes `hidden // 2`, and 128.0 or "128" becomes 128."""
    value = given.value
    if isinstance(value, facts.Literal) and isinstance(value.value, float | str):
        number = str(value.value).removesuffix(".0")
        return replaced(given, number) if number.isdigit() and int(number) else None
    if not isinstance(value, facts.Binary) or value.operator != "/":
        return None
    between = Span(value.left.span.end_line, value.left.span.end_column, value.right.span.line, value.right.span.column)
    text = text_of(trace, between)
    return Fix("divide into whole numbers: `//`", (Edit(between, text.replace("/", "//")),), safe=True)
