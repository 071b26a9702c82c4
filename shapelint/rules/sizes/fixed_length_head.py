"""SHP520: a Linear layer on all steps at once, which fixes the length of the sequences."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.follows_time import FollowsTime
from shapelint.finding import Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import source_of
from shapelint.reading.operations import is_linear
from shapelint.reading.quoting import construction_place, quote
from shapelint.reading.recurrent import input_of, layer_of
from shapelint.reading.sizes.around import layer_call_above, named
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP520",
    name="head-of-fixed-length",
    severity=Severity.INFO,
    summary="a Linear layer on the flattened output takes sequences of one length only",
    page="""\
## What it does
Finds Linear layers that get the output of a recurrent layer with its steps and features merged into one axis.

## Why is this bad
A recurrent layer takes sequences of any length, such a head those of one length only: with another window torch
raises. Each step gets weights of its own, so what was learned at one place of the window is not known at the
others. For fixed windows this is a choice, so the rule is off by default.

## Example
```python
output, _ = self.gru(x)
return self.fc(output.reshape(x.size(0), -1))      # nn.Linear(steps * hidden, classes)
```

## Use instead
```python
output, _ = self.gru(x)
return self.fc(output[:, -1])                      # nn.Linear(hidden, classes)
```

## Proved by
follows_time: with one step less torch raises at the head.

## When it stays silent
The rule is not selected; the sequences are packed; samples and steps are merged, which leaves the features.
""",
    bad=(
        """\
import torch
from torch import nn

class Window(nn.Module):
    def __init__(self, features, hidden, steps, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(steps * hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(output.reshape(x.size(0), -1))  # error: SHP520
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(4, 8, batch_first=True)
head = nn.Sequential(nn.Flatten(), nn.Linear(80, 3))
output, _ = lstm(torch.randn(32, 10, 4))
scores = head(output)  # error: SHP520
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Last(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(output[:, -1])
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(4, 8, batch_first=True)
head = nn.Linear(8, 3)
output, _ = lstm(torch.randn(32, 10, 4))
scores = head(output.reshape(-1, 8)).view(32, 10, 3)
""",
        """\
import torch
from torch import nn

class Directions(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(h_n.transpose(0, 1).flatten(1))
""",
    ),
    default=False,
)


@check(RULE, at=Nature.LINEAR)
def head_of_fixed_length(trace: Trace) -> Iterator[Finding]:
    """Linear layers whose features are the steps and features of a recurrent output."""
    for node in trace.nodes:
        value = input_of(node) if is_linear(node) and node.error is None else None
        if not isinstance(value, Tensor) or not value.rank:
            continue
        roles = {part.role for part in value.axes[-1].parts}
        call = layer_call_above(trace, value) if {Role.TIME, Role.FEATURE} <= roles else None
        source = None if call is None else source_of(trace, call)
        if call is None or source is None or Role.BATCH in roles:
            continue
        name = named(trace, node, 0, "input")
        yield report(
            RULE,
            trace,
            node,
            f"`{quote(trace, node.span)}` takes sequences of one length only: `{name}` has a feature for each step",
            claims=[FollowsTime(Ref(node.id), source=source.ref, time_axis=source.time_axis)],
            shapes=[(name, value)],
            related=[construction_place(layer_of(call))],
            help="give the head the last step, or a mean or maximum over the steps, if lengths may differ",
        )
