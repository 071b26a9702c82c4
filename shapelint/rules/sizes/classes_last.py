"""SHP507: a class loss of scores whose classes are on the last axis."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.alignment import Alignment
from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Finding, Ref, Severity
from shapelint.ops.nature import CLASS_LOSSES
from shapelint.reading.operations import short_name
from shapelint.reading.sizes.around import appending_fix, in_words, layout_of, named, recurrent_above
from shapelint.reading.sizes.losses import Loss, losses
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import SEQUENCE, Role
from shapelint.shapes.value import Tensor
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP507",
    name="classes-last",
    severity=Severity.ERROR,
    summary="cross entropy takes (B, C, T) scores: the classes are on axis 1",
    page="""\
## What it does
Finds cross entropy and NLL losses of (B, T, C) scores and (B, T) classes, where the scores were computed from
a recurrent layer's output.

## Why is this bad
Torch reads axis 1 of the scores as the classes. In (B, T, C) axis 1 holds the steps: torch raises, unless
there are as many classes as steps. Then it compares each class with the steps, and says nothing.

## Example
```python
output, _ = self.lstm(x)
scores = self.fc(output)                       # (B, T, C)
loss = F.cross_entropy(scores, tags)
```

## Use instead
```python
output, _ = self.lstm(x)
scores = self.fc(output)
loss = F.cross_entropy(scores.transpose(1, 2), tags)
```

## Proved by
raises: torch compares the classes with the steps. Where there are equally many: alignment, a score is
compared with the class of another step.

## When it stays silent
The classes were moved to axis 1, or the steps were merged with the batch; the targets are not known to have a
class for each step; scores of two classes and targets of unknown shape (the first and the last step of a span).
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def loss(self, x, tags):
        output, _ = self.lstm(x)
        return F.cross_entropy(self.fc(output), tags)  # error: SHP507

    def forward(self, x):
        return self.fc(self.lstm(x)[0])
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Sequential(nn.Linear(16, 5), nn.LogSoftmax(dim=-1))
criterion = nn.NLLLoss()
states, _ = gru(torch.randn(32, 10, 8))
loss = criterion(head(states), torch.randint(0, 5, (32, 10)))  # error: SHP507
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(8, 16, batch_first=True)
head = nn.Linear(16, 10)
criterion = nn.CrossEntropyLoss()
states, _ = rnn(torch.randn(32, 10, 8))
loss = criterion(head(states), torch.randint(0, 10, (32, 10)))  # error: SHP507
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.classes = classes
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, tags):
        output, _ = self.lstm(x)
        scores = self.fc(output)
        flat = F.cross_entropy(scores.view(-1, self.classes), tags.view(-1))
        return flat, F.cross_entropy(scores.permute(0, 2, 1), tags)
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Span(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.ends = nn.Linear(hidden, 2)

    def forward(self, x, span):
        output, _ = self.lstm(x)
        return F.cross_entropy(self.ends(output), span)
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 5)
states, h_n = gru(torch.randn(32, 10, 8))
loss = F.cross_entropy(head(h_n[-1]), torch.randint(0, 5, (32,)))
""",
    ),
)


@check(RULE, at=CLASS_LOSSES)
def classes_last(trace: Trace) -> Iterator[Finding]:
    """Class losses that torch refuses for the class axis, or that it reads wrongly where sizes agree."""
    for loss in losses(trace, CLASS_LOSSES):
        refused = loss.node.error is not None and loss.node.error.code == RULE.code
        if not refused and not _is_read_wrongly(trace, loss):
            continue
        if recurrent_above(trace, loss.scores) is not None:
            yield _finding(trace, loss, Raises(Ref(loss.node.id)) if refused else _misaligned(loss))


def _is_read_wrongly(trace: Trace, loss: Loss) -> bool:
    """Whether there are as many steps as classes, which hides that they are taken for each other."""
    targets, layout = loss.targets, layout_of(loss.scores)
    if loss.node.error is not None or not isinstance(targets, Tensor) or targets.rank != 2 or targets.ref is None:
        return False
    rows, sizes = loss.scores.sizes[:2], [trace.resolve(size) for size in loss.scores.sizes]
    is_sequence = len(layout) == 3 and {*layout[:2]} == SEQUENCE and layout[2] is Role.FEATURE
    return is_sequence and sizes[1] == sizes[2] and [*map(trace.resolve, targets.sizes)] == [*map(trace.resolve, rows)]


def _misaligned(loss: Loss) -> Claim:
    assert isinstance(loss.targets, Tensor)
    layout = layout_of(loss.scores)
    batch, time = layout.index(Role.BATCH), layout.index(Role.TIME)
    assert loss.scores.ref is not None
    assert loss.targets.ref is not None
    return Alignment(
        Ref(loss.node.id),
        loss.scores.ref,
        batch,
        loss.targets.ref,
        batch,
        time_axis=time,
        targets_time_axis=time,
        class_axis=1,
    )


def _finding(trace: Trace, loss: Loss, claim: Claim) -> Finding:
    name = named(trace, loss.node, 0, "input")
    fix = appending_fix(trace, loss.node, 0, "input", ".transpose(1, 2)", "move the classes to axis 1")
    return report(
        RULE,
        trace,
        loss.node,
        f"{short_name(loss.node)} reads axis 1 of `{name}` as the classes: `{name}` is {in_words(loss.scores.axes)}",
        claims=[claim],
        shapes=[(name, loss.scores), (named(trace, loss.node, 1, "target"), loss.targets)],
        help="move the classes to axis 1, or merge samples and steps of both sides",
        fixes=[fix],
    )
