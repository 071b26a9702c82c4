"""SHP114: `output[:, :, -1]`, the last feature where the last step is meant."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.equals import Equals
from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_linear
from shapelint.reading.quoting import construction_place, place_of, quote, replace_text
from shapelint.reading.recurrent import Sequence, layer_of, sequence_of
from shapelint.reading.single_index import LAST, ONE, Pick, picks
from shapelint.reading.uses import heads_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP114",
    name="last-feature-for-last-step",
    severity=Severity.WARNING,
    summary="`output[:, :, -1]` is the last feature of every step, not the last step",
    page="""\
## What it does
Finds `output[:, :, -1]` and `output[..., -1]` of a recurrent layer, fed to a Linear layer that takes the layer's
features.

## Why is this bad
Axis 2 is the features. `output[:, :, -1]` is one number for each step. The Linear layer takes hidden_size features:
torch raises, unless the sequences happen to have hidden_size steps, as padded ones may. Then nothing raises, and
the head reads one feature at every step.

## Example
```python
output, _ = self.gru(x)            # batch_first=True
return self.fc(output[:, :, -1])
```

## Use instead
```python
output, _ = self.gru(x)
return self.fc(output[:, -1, :])
```

## Proved by
raises, where the number of steps is known to be another; otherwise equals: the value differs from the final state.

## When it stays silent
The output was viewed to four axes before (`output.view(batch, n, time, hidden)[:, :, -1]` is the last step); the
layer has one feature; the head takes as many numbers as there are steps by name.
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(output[:, :, -1])  # error: SHP114
""",
        """\
import torch
import torch.nn as nn

lstm = nn.LSTM(3, 5)
head = nn.Linear(5, 2)
output, _ = lstm(torch.randn(9, 7, 3))
print(head(output[..., -1]).shape)  # error: SHP114
""",
        """\
import torch
from torch import nn

class Padded(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 32, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(0.1)
        self.fc = nn.Linear(64, 2)

    def forward(self, x):
        output, _ = self.rnn(x)
        return self.fc(self.drop(output[:, :, -1]))  # error: SHP114
""",
    ),
    good=(
        """\
import torch
from torch import nn

class LastOfEach(nn.Module):
    def __init__(self, features, hidden, series):
        super().__init__()
        self.hidden = hidden
        self.series = series
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        output, _ = self.gru(x)
        output = output.reshape(-1, self.series, x.size(1), self.hidden)
        return self.fc(output[:, :, -1])
""",
        """\
import torch
from torch import nn

class OneFeature(nn.Module):
    def __init__(self, features, steps):
        super().__init__()
        self.gru = nn.GRU(features, 1, batch_first=True)
        self.fc = nn.Linear(steps, 2)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(output[:, :, -1])
""",
        """\
import torch
from torch import nn

class ValueOfEachStep(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        output, _ = self.gru(x)
        return output[:, :, -1]
""",
        """\
import torch
from torch import nn

class OverSteps(nn.Module):
    def __init__(self, features, hidden, steps):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(steps, 2)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(output[:, :, -1])
""",
    ),
)


@check(RULE, at=Nature.SELECTION)
def last_feature_for_last_step(trace: Trace) -> Iterator[Finding]:
    """Picks of the last feature whose reader wants all features."""
    for pick in picks(trace):
        if pick.base.rank != 3 or pick.axis != 2 or pick.index != LAST or pick.kept:
            continue
        if pick.picked.role is not Role.FEATURE or trace.resolve(pick.picked.dim) == ONE:
            continue
        sequence = sequence_of(trace, pick.base)
        head = None if sequence is None else _head(trace, pick)
        if sequence is not None and head is not None:
            yield _finding(trace, pick, sequence, head)


def _head(trace: Trace, pick: Pick) -> Node | None:
    """The Linear layer that takes the picked value, and wants as many numbers as there are features."""
    features = trace.resolve(pick.picked.dim)
    for user in heads_of(trace, pick.ref):
        if is_linear(user) and trace.resolve(layer_of(user).get("in_features", Dim)) == features:
            return user
    return None


def _finding(trace: Trace, pick: Pick, sequence: Sequence, head: Node) -> Finding:
    name, whole = quote(trace, pick.base_span), quote(trace, pick.node.span)
    call, both = sequence.slot.call, sequence.slot.config.bidirectional
    reference = ("both_directions" if both else "last_state", Ref(call.id))
    claim = Raises(Ref(head.id)) if head.error else Equals(pick.ref, reference=reference)
    right = ":, -1" if pick.base.axes[0].role is Role.BATCH else "-1"
    last = "torch.cat((h_n[-2], h_n[-1]), dim=-1)" if both else f"{name}[{right}]"
    return report(
        RULE,
        trace,
        pick.node,
        f"`{whole}` is the last feature of every step, not the last step: `{name}` has its features on axis 2",
        claims=[claim],
        shapes=[(name, pick.base), (whole, pick.result)],
        related=[construction_place(sequence.slot.layer), place_of(head, "this takes the features of one step")],
        help=f"the state after the last step is `{last}`",
        fixes=[None if both else _fix(name, right, pick)],
    )


def _fix(name: str, right: str, pick: Pick) -> Fix | None:
    if not isinstance(pick.node.expression, facts.Subscript):
        return None
    edit = replace_text(pick.node.expression.index_span, right)
    return Fix(f"select the last step: `{name}[{right}]`", (edit,))
