"""SHP507, SHP519: the classes are on the last axis, and a loss or an argmax reads axis 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.finding import Claim, Confidence, Edit, Finding, Fix, Ref, Severity
from shapelint.infer.trace import Node, Trace
from shapelint.rules.base import Rule, check
from shapelint.rules.build import quote, report
from shapelint.rules.navigate import short_name
from shapelint.rules.sizes.around import appending_fix, given_at, in_words, layout_of, named, recurrent_above
from shapelint.rules.sizes.losses import Loss, cut_from, losses
from shapelint.rules.uses import CLASS_LOSSES, LAYOUT, NORMALISING
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Int, Tensor
from shapelint.syntax import facts

_SEQUENCE = {Role.BATCH, Role.TIME}
_COMPARING = frozenset(("__eq__", "eq", "__ne__", "ne"))

LOSS = Rule(
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

ARGMAX = Rule(
    code="SHP519",
    name="argmax-of-steps",
    severity=Severity.WARNING,
    summary="argmax(1) of (B, T, C) scores picks a step for each class, not a class for each step",
    page="""\
## What it does
Finds `argmax` and `max` along the steps or the samples of (B, T, C) scores, where other code shows that the
last axis holds the classes: a loss of the same scores, an embedding of the result, a comparison that fails.

## Why is this bad
`scores.argmax(1)` of (B, T, C) is (B, C): for each class, the step where it has its highest score. As class
numbers, these are numbers of steps.

## Example
```python
scores = self.fc(output)                               # (B, T, C)
loss = F.cross_entropy(scores.transpose(1, 2), tags)
return loss, scores.argmax(1)
```

## Use instead
```python
scores = self.fc(output)
loss = F.cross_entropy(scores.transpose(1, 2), tags)
return loss, scores.argmax(-1)
```

## Proved by
has_shape: the result has not a number for each sample and step.

## When it stays silent
Nothing shows that the last axis holds the classes: the best step of each class may be what is wanted.
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

    def forward(self, x, tags):
        output, _ = self.lstm(x)
        scores = self.fc(output)
        loss = F.cross_entropy(scores.transpose(1, 2), tags)
        return loss, scores.argmax(1)  # error: SHP519
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 5)
embedding = nn.Embedding(50, 8)
states, _ = gru(torch.randn(32, 10, 8))
_, words = head(states).max(dim=1)  # error: SHP519
again, _ = gru(embedding(words))
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(8, 16)
head = nn.Linear(16, 5)
states, _ = rnn(torch.randn(10, 32, 8))
tags = torch.randint(0, 5, (10, 32))
predicted = torch.argmax(head(states), 1)  # error: SHP519
accuracy = (predicted == tags).float().mean()
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
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, tags):
        output, _ = self.lstm(x)
        scores = self.fc(output).transpose(1, 2)
        return F.cross_entropy(scores, tags), scores.argmax(1)
""",
        """\
import torch
from torch import nn

class Spotter(nn.Module):
    def __init__(self, features, hidden, words):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, words)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output).argmax(dim=1)
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 5)
embedding = nn.Embedding(5, 8)
states, _ = gru(torch.randn(32, 10, 8))
again, _ = gru(embedding(head(states).argmax(-1)))
best = head(states).max(dim=1)[0]
""",
    ),
)


@check(LOSS)
def classes_last(trace: Trace) -> Iterator[Finding]:
    """Class losses that torch refuses for the class axis, or that it reads wrongly where sizes agree."""
    for loss in losses(trace, CLASS_LOSSES):
        refused = loss.node.error is not None and loss.node.error.code == LOSS.code
        if not refused and not _is_read_wrongly(trace, loss):
            continue
        if recurrent_above(trace, loss.scores) is not None:
            yield _loss_finding(trace, loss, Claim("raises", Ref(loss.node.id)) if refused else _misaligned(loss))


def _is_read_wrongly(trace: Trace, loss: Loss) -> bool:
    """Whether there are as many steps as classes, which hides that they are taken for each other."""
    targets, layout = loss.targets, layout_of(loss.scores)
    if loss.node.error is not None or not isinstance(targets, Tensor) or targets.rank != 2 or targets.ref is None:
        return False
    rows, sizes = loss.scores.sizes[:2], [trace.resolve(size) for size in loss.scores.sizes]
    is_sequence = len(layout) == 3 and {*layout[:2]} == _SEQUENCE and layout[2] is Role.FEATURE
    return is_sequence and sizes[1] == sizes[2] and [*map(trace.resolve, targets.sizes)] == [*map(trace.resolve, rows)]


def _misaligned(loss: Loss) -> Claim:
    assert isinstance(loss.targets, Tensor)
    layout = layout_of(loss.scores)
    batch, time = layout.index(Role.BATCH), layout.index(Role.TIME)
    axes = {"batch_axis": batch, "time_axis": time, "targets_batch_axis": batch, "targets_time_axis": time}
    sides = {"source": loss.scores.ref, "targets": loss.targets.ref}
    return Claim("alignment", Ref(loss.node.id), {**axes, **sides, "class_axis": 1})


def _loss_finding(trace: Trace, loss: Loss, claim: Claim) -> Finding:
    name = named(trace, loss.node, 0, "input")
    fix = appending_fix(trace, loss.node, 0, "input", ".transpose(1, 2)", "move the classes to axis 1")
    return report(
        LOSS,
        trace,
        loss.node,
        f"{short_name(loss.node)} reads axis 1 of `{name}` as the classes: `{name}` is {in_words(loss.scores.axes)}",
        claims=[claim],
        shapes=[(name, loss.scores), (named(trace, loss.node, 1, "target"), loss.targets)],
        help="move the classes to axis 1, or merge samples and steps of both sides",
        fixes=[fix],
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """The place of the largest entry along `axis` of `scores`: `result`."""

    node: Node
    scores: Tensor
    axis: int
    result: Tensor


@check(ARGMAX)
def argmax_of_steps(trace: Trace) -> Iterator[Finding]:
    """Argmax along the steps or samples of scores whose last axis is shown to hold the classes."""
    for node in trace.nodes:
        choice = _choice_of(node)
        if choice is None or recurrent_above(trace, choice.scores) is None:
            continue
        if _is_loss_of_last(trace, choice.scores) or _is_used_as_classes(trace, choice):
            yield _choice_finding(trace, choice)


def _choice_of(node: Node) -> _Choice | None:
    """An argmax, or a max along an axis, of (B, T, C) along another axis than C."""
    name, value = short_name(node), node.args[0] if node.args else None
    dim = node.bound.get("dim")
    axis = dim.dim.constant if isinstance(dim, Int) else dim
    result = node.result if name == "argmax" else getattr(node.result, "items", (None,))[-1]
    if name not in ("argmax", "max") or not isinstance(axis, int) or not isinstance(value, Tensor):
        return None
    layout = layout_of(value)
    if len(layout) != 3 or {*layout[:2]} != _SEQUENCE or layout[2] is not Role.FEATURE or axis % 3 == 2:
        return None
    return _Choice(node, value, axis % 3, result) if isinstance(result, Tensor) and result.rank == 2 else None


def _is_loss_of_last(trace: Trace, scores: Tensor) -> bool:
    """Whether a loss takes the last axis of the scores for the classes."""
    for loss in losses(trace, CLASS_LOSSES):
        class_axis = loss.scores.axes[1] if loss.scores.rank > 1 else None
        above = cut_from(trace, loss.scores, LAYOUT | NORMALISING)
        if class_axis is not None and class_axis.role is Role.FEATURE and any(one.ref == scores.ref for one in above):
            return loss.node.error is None
    return False


def _is_used_as_classes(trace: Trace, choice: _Choice) -> bool:
    assert choice.result.ref is not None
    for user in trace.uses(choice.result.ref):
        if short_name(user) == "Embedding" and user.error is None:
            return True
        if short_name(user) in _COMPARING and user.error is not None:
            return any(_sizes(trace, other)[:2] == _sizes(trace, choice.scores)[:2] for other in user.args)
    return False


def _sizes(trace: Trace, value: object) -> list[Dim]:
    return [trace.resolve(size) for size in value.sizes] if isinstance(value, Tensor) else []


def _choice_finding(trace: Trace, choice: _Choice) -> Finding:
    assert choice.result.ref is not None
    name, whole = named(trace, choice.node, 0, "input"), quote(trace, choice.node.span)
    what = choice.scores.axes[choice.axis].role
    found = "step" if what is Role.TIME else "sample"
    return report(
        ARGMAX,
        trace,
        choice.node,
        f"`{whole}` picks a {found} for each class, not a class: `{name}` is {in_words(choice.scores.axes)}",
        claims=[Claim("has_shape", choice.result.ref, {"sizes": choice.scores.sizes[:2]})],
        shapes=[(name, choice.scores), (whole, choice.result)],
        help="take the largest entry of the last axis",
        fixes=[_last_axis(trace, choice.node)],
        confidence=Confidence.MEDIUM,
    )


def _last_axis(trace: Trace, node: Node) -> Fix | None:
    given = given_at(node, 1, "dim")
    if node.path != trace.path or not isinstance(given, facts.Literal | facts.Unary):
        return None
    return Fix("take the largest entry of the last axis: `-1`", (Edit(given.span, "-1"),))
