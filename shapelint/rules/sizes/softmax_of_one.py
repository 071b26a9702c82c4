"""SHP512: a softmax along an axis of length 1, which is 1 whatever it is given."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.states.depends_on import DependsOn
from shapelint.finding import Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.loops.rounds_of_calls import place_in_code
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import in_words, layout_of, recurrent_above
from shapelint.reading.sizes.softmax import Softmax, axis_fixes, is_written_one, shown, softmaxes
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP512",
    name="softmax-of-one-score",
    severity=Severity.WARNING,
    summary="softmax along an axis of length 1 is 1 everywhere",
    page="""\
## What it does
Finds a softmax along an axis that has one entry, of scores that were computed from a recurrent layer.

## Why is this bad
The softmax of one number is 1. Attention with such weights is a plain sum over the steps, a classifier with
one output and a softmax always answers 1, and the layer that computes the scores never learns.

## Example
```python
output, _ = self.gru(x)                                # (B, T, H)
weights = F.softmax(self.score(output), dim=-1)        # (B, T, 1)
return (weights * output).sum(1)
```

## Use instead
```python
output, _ = self.gru(x)
weights = F.softmax(self.score(output), dim=1)
return (weights * output).sum(1)
```

## Proved by
depends_on: the weights do not depend on the scores.

## When it stays silent
The length is a parameter, which a script happens to make 1; the axis holds the steps of a sequence.
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Attentive(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.score = nn.Linear(hidden, 1)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        weights = F.softmax(self.score(output), dim=-1)  # error: SHP512
        return self.fc((weights * output).sum(1))
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(8, 16)
score = nn.Sequential(nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 1), nn.Softmax(dim=2))
output, _ = lstm(torch.randn(10, 32, 8))
weights = score(output)  # error: SHP512
context = (weights * output).sum(0)
""",
        """\
import torch
from torch import nn

class Binary(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return torch.softmax(self.fc(h_n[-1]), dim=1)  # error: SHP512
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Attentive(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.score = nn.Linear(hidden, 1)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        weights = F.softmax(self.score(output).squeeze(-1), dim=-1)
        return self.fc((weights.unsqueeze(-1) * output).sum(1))
""",
        """\
import torch
from torch import nn

class Mixture(nn.Module):
    def __init__(self, features, hidden, experts):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.gate = nn.Linear(hidden, experts)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return torch.softmax(self.gate(h_n[-1]), dim=1)

print(Mixture(4, 6, 1)(torch.randn(5, 9, 4)).shape)
""",
        """\
import torch
from torch import nn

gru = nn.GRU(4, 6, batch_first=True)
score = nn.Linear(6, 1)
output, _ = gru(torch.randn(5, 1, 4))
weights = torch.softmax(score(output), dim=1)
""",
    ),
)


@check(RULE, at=Nature.SOFTMAX)
def softmax_of_one_score(trace: Trace) -> Iterator[Finding]:
    """Softmax along an axis of length 1 that is not the sequence."""
    every = list(softmaxes(trace))
    # of a history that grows in a loop only the first round's has one row
    longer = {place_in_code(softmax.node) for softmax in every if softmax.normalised.dim != ONE}
    for softmax in every:
        if not _is_one(trace, softmax) or recurrent_above(trace, softmax.value) is None:
            continue
        if place_in_code(softmax.node) in longer:
            continue
        source = softmax.value.ref
        assert source is not None
        whole, name = shown(trace, softmax)
        is_last = softmax.normalised.role is Role.FEATURE
        yield report(
            RULE,
            trace,
            softmax.node,
            f"`{whole}` is 1 everywhere: axis {softmax.axis} of `{name}`, {in_words(softmax.value.axes)}, has length 1",
            claims=[DependsOn(Ref(softmax.node.id), source=source)],
            shapes=[(name, softmax.value)],
            help="normalise over the steps" + (", or use a sigmoid for one score" if is_last else ""),
            fixes=axis_fixes(trace, softmax, layout_of(softmax.value)),
        )


def _is_one(trace: Trace, softmax: Softmax) -> bool:
    """Whether the axis has length 1 by the code itself, and others have not."""
    axis = softmax.normalised
    if axis.dim != ONE or axis.role is Role.TIME or all(size == ONE for size in softmax.value.sizes):
        return False
    if softmax.node.frames:  # called with sizes that the caller chose
        return is_written_one(trace, softmax)
    return axis.role is not Role.BATCH
