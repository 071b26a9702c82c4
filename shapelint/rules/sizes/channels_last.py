"""SHP515: layers that read axis 1 as channels, on a recurrent output whose features are the last axis."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.sees_whole_sequence import SeesWholeSequence
from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Confidence, Finding, Fix, Ref, Severity
from shapelint.ops.axis_flow import Source
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_linear, is_recurrent_call, short_name
from shapelint.reading.quoting import construction_place
from shapelint.reading.recurrent import layer_of, sequence_of
from shapelint.reading.sizes.around import appended, given_at, in_words, layer_call_above, named, recurrent_above
from shapelint.reading.trail import flow_of, nature_of
from shapelint.reading.written import insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_PASSING = (Nature.VIEW, Nature.SELECTION, Nature.DROPOUT)
_DEPTH = 4

RULE = Rule(
    code="SHP515",
    name="channels-are-last",
    severity=Severity.ERROR,
    summary="Conv1d, BatchNorm1d and pooling take (B, C, L): a recurrent output has its features last",
    page="""\
## What it does
Finds one-dimensional convolutions, norms and poolings that get the output of a recurrent layer as it is.

## Why is this bad
These layers read axis 1 as the channels and slide or pool over the last axis. In the (B, T, H) output of a
recurrent layer axis 1 holds the steps. Convolutions and norms raise, unless there happen to be as many steps
as features. Pooling raises nothing: it pools over the features of each step.

## Example
```python
output, _ = self.gru(x)                 # (B, T, H)
return self.fc(self.pool(output).squeeze(-1))
```

## Use instead
```python
output, _ = self.gru(x)
return self.fc(self.pool(output.transpose(1, 2)).squeeze(-1))
```

## Proved by
raises: torch refuses the number of channels. For pooling: sees_whole_sequence, the features that the head
gets depend on one step each.

## When it stays silent
The axes were exchanged before; a pooling whose result is not taken for features: by a Linear layer that has as many, or
by a norm of each row.
""",
    bad=(
        """\
import torch.nn.functional as F
from torch import nn

class Fingerprint(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        output, _ = self.lstm(x)
        return F.normalize(F.adaptive_avg_pool1d(output, 1).squeeze(2), dim=-1)  # error: SHP515
""",
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.pool = nn.AdaptiveAvgPool1d(1)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(self.pool(output).squeeze(-1))  # error: SHP515
""",
        """\
import torch
from torch import nn

class Smoothed(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.conv = nn.Conv1d(hidden, 8, kernel_size=3, padding=1)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.conv(output)  # error: SHP515
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(4, 6, batch_first=True)
norm = nn.BatchNorm1d(6)
output, _ = rnn(torch.randn(5, 9, 4))
print(norm(output).shape)  # error: SHP515
""",
    ),
    good=(
        """\
from torch import nn

class StepWeights(nn.Module):
    def __init__(self, features, hidden, steps):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.pool = nn.AdaptiveAvgPool1d(1)
        self.norm = nn.BatchNorm1d(steps)

    def forward(self, x):
        output, _ = self.gru(x)
        return output * self.norm(self.pool(output).squeeze(2)).sigmoid().unsqueeze(2)
""",
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.norm = nn.BatchNorm1d(hidden)
        self.pool = nn.AdaptiveMaxPool1d(1)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        output = self.norm(output.permute(0, 2, 1))
        return self.fc(self.pool(output).squeeze(-1))
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(4, 6, batch_first=True)
norm = nn.LayerNorm(6)
last = nn.BatchNorm1d(6)
output, h_n = rnn(torch.randn(5, 9, 4))
print(norm(output).shape, last(output[:, -1]).shape)
""",
        """\
import torch
from torch import nn

class Maxout(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, 2 * hidden, batch_first=True)
        self.maxout = nn.MaxPool1d(2)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(self.maxout(output))
""",
    ),
)


@check(RULE, at=(Event.REFUSED, Nature.POOLING))
def channels_are_last(trace: Trace) -> Iterator[Finding]:
    """Calls that torch refuses for their channels, and poolings over the features for a head."""
    for node in trace.nodes:
        place = int(node.op.endswith(".forward"))
        value = node.args[place] if place < len(node.args) else node.kwargs.get("input")
        if not isinstance(value, Tensor) or value.rank != 3:
            continue
        if node.error is not None and node.error.code == RULE.code:
            yield from _refused(trace, node, value)
        elif node.error is None and nature_of(node) is Nature.POOLING:
            yield from _pooled(trace, node, value)


def _refused(trace: Trace, node: Node, value: Tensor) -> Iterator[Finding]:
    call = recurrent_above(trace, value)
    if call is not None and is_recurrent_call(call) and value.axes[-1].role is Role.FEATURE:
        yield _finding(trace, node, value, call, [Raises(Ref(node.id))], Confidence.HIGH)


def _pooled(trace: Trace, node: Node, value: Tensor) -> Iterator[Finding]:
    """A pooling over the features whose result is taken for features: as many as there were, or one vector's."""
    sequence, call = sequence_of(trace, value), layer_call_above(trace, value)
    roles = [axis.role for axis in value.axes]
    if sequence is None or call is None or roles != [Role.BATCH, Role.TIME, Role.FEATURE]:
        return
    found, source = _taken_for_features(trace, node), value.ref
    if found is None or source is None:
        return
    taken, user = found
    fits = not is_linear(user) or trace.resolve(taken.axes[-1].dim) == trace.resolve(value.axes[2].dim)
    if taken.axes[-1].role is Role.TIME and taken.rank == 2 and fits and taken.ref is not None:
        claim = SeesWholeSequence(taken.ref, source=source, time_axis=1)
        yield _finding(trace, node, value, call, [claim], Confidence.MEDIUM)


def _taken_for_features(trace: Trace, node: Node) -> tuple[Tensor, Node] | None:
    """What a Linear layer gets of a pooling's result, or what norms the last axis of it, and that operation."""
    value = node.result
    for _ in range(_DEPTH):
        if not isinstance(value, Tensor) or value.ref is None:
            return None
        users = list(trace.uses(value.ref))
        taker = next((user for user in users if is_linear(user) or _norms_last(trace, user, value)), None)
        if taker is not None:
            return value, taker
        passing = [user for user in users if nature_of(user) in _PASSING]
        if len(passing) != 1:
            return None
        value = passing[0].result
    return None


def _norms_last(trace: Trace, user: Node, value: Tensor) -> bool:
    """Whether an operation norms each row along its last axis, as a vector of features is."""
    flow = flow_of(trace, Ref(user.id)) if nature_of(user) is Nature.NORM else None
    return flow is not None and flow.mixed == {Source(0, value.rank - 1)}


def _finding(
    trace: Trace, node: Node, value: Tensor, call: Node, claims: list[Claim], confidence: Confidence
) -> Finding:
    name = short_name(node)
    shown = named(trace, node, 0, "input")
    reads = "pools over the last axis" if nature_of(node) is Nature.POOLING else "reads axis 1 as its channels"
    return report(
        RULE,
        trace,
        node,
        f"{name} {reads}: `{shown}` is {in_words(value.axes)}, with the features last",
        claims=claims,
        shapes=[(shown, value)],
        related=[construction_place(layer_of(call))],
        help=f"give it `{shown}.transpose(1, 2)`, and exchange the axes of the result again where steps follow",
        fixes=[_fix(trace, node, _always_raises(trace, node))],
        confidence=confidence,
    )


def _always_raises(trace: Trace, node: Node) -> bool:
    """Whether torch raises whatever the number of steps is."""
    sizes = [] if node.error is None else [node.error.details.get(name) for name in ("expected", "got")]
    known = [trace.resolve(size) for size in sizes if isinstance(size, Dim)]
    return len(known) == 2 and known[0].same(known[1]) is Same.DIFFERENT


def _fix(trace: Trace, node: Node, raised: bool) -> Fix | None:
    given = given_at(node, 0, "input")
    if given is None or node.path != trace.path:
        return None
    edits = [appended(trace, given, ".transpose(1, 2)")]
    if nature_of(node) is Nature.NORM and isinstance(node.expression, facts.Call):
        edits.append(insertion(node.expression.span, ".transpose(1, 2)"))
    return Fix("put the features on axis 1: `.transpose(1, 2)`", tuple(edits), safe=raised)
