"""SHP519: argmax along the steps of scores whose classes are on the last axis."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.has_shape import HasShape
from shapelint.data import dataclass
from shapelint.finding import Confidence, Edit, Finding, Fix, Severity
from shapelint.notation.axis_names import counted_by
from shapelint.ops.nature import Nature
from shapelint.reading.loops.rounds_of_calls import place_of_operation
from shapelint.reading.quoting import quote
from shapelint.reading.recurrent import is_returned
from shapelint.reading.sizes.around import given_at, in_words, layout_of, named, recurrent_above
from shapelint.reading.trail import made_by, nature_of
from shapelint.reading.written import sides_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import SEQUENCE, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dtype, Tensor, Tuple
from shapelint.syntax import facts
from shapelint.trace.decision import without_places
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP519",
    name="argmax-of-steps",
    severity=Severity.WARNING,
    summary="argmax(1) of (B, T, C) scores picks a step for each class, not a class for each step",
    page="""\
## What it does
Finds `argmax` and `max` along the steps or the samples of (B, T, C) scores, where other code shows that the
last axis holds the classes: a loss of scores that are made at the same place, an embedding of the result, a
comparison that fails, a comparison with what the last axis counts (`labels`, of `n_labels` scores).

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
        """from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, num_labels):
        super().__init__()
        self.gru = nn.GRU(features, 16, batch_first=True)
        self.head = nn.Linear(16, num_labels)

    def forward(self, x):
        return self.head(self.gru(x)[0])

def accuracy(model: Tagger, x, labels):
    return model(x).argmax(dim=1).eq(labels).float().mean()  # error: SHP519
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

def hits(model: Spotter, x, steps):
    return (model(x) == steps).float().mean()
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


@dataclass(frozen=True, slots=True)
class _Choice:
    """The place of the largest entry along `axis` of `scores`: `result`."""

    node: Node
    scores: Tensor
    axis: int
    result: Tensor


@check(RULE, at=Nature.EXTREME)
def argmax_of_steps(trace: Trace) -> Iterator[Finding]:
    """Argmax along the steps or samples of scores whose last axis is shown to hold the classes."""
    for node in trace.nodes:
        choice = _choice_of(node)
        if choice is None or not _is_used(trace, choice) or recurrent_above(trace, choice.scores) is None:
            continue
        if _is_loss_of_last(trace, choice.scores) or _is_used_as_classes(trace, choice):
            yield _finding(trace, choice)


def _choice_of(node: Node) -> _Choice | None:
    """An argmax, or a max along an axis, of (B, T, C) along another axis than C."""
    value = node.args[0] if node.args else None
    if nature_of(node) is not Nature.EXTREME or not isinstance(value, Tensor):
        return None
    axis = node.number("dim")
    result = node.result.items[1] if isinstance(node.result, Tuple) else node.result
    if axis is None or not isinstance(result, Tensor) or result.rank != 2 or result.dtype is not Dtype.INT:
        return None
    layout = layout_of(value)
    if len(layout) != 3 or {*layout[:2]} != SEQUENCE or layout[2] is not Role.FEATURE or axis % 3 == 2:
        return None
    return _Choice(node, value, axis % 3, result)


def _is_used(trace: Trace, choice: _Choice) -> bool:
    """Whether the places are wanted, not only the largest entries themselves."""
    ref = choice.result.ref
    return ref is not None and (is_returned(trace, ref) or bool(trace.uses(ref)))


def _is_loss_of_last(trace: Trace, scores: Tensor) -> bool:
    """Whether a loss takes the last axis of what is made where the scores are, for the classes."""
    maker = made_by(trace, scores)
    return maker is not None and place_of_operation(maker) in trace.classed


def _is_used_as_classes(trace: Trace, choice: _Choice) -> bool:
    assert choice.result.ref is not None
    for user in trace.uses(choice.result.ref):
        if nature_of(user) is Nature.LOOKUP and user.error is None:
            return True
        if nature_of(user) is Nature.COMPARISON and user.error is not None:
            return any(_sizes(trace, other)[:2] == _sizes(trace, choice.scores)[:2] for other in user.args)
        if nature_of(user) is Nature.COMPARISON and _is_with_the_classes(trace, choice, user):
            return True
    return False


def _is_with_the_classes(trace: Trace, choice: _Choice, comparison: Node) -> bool:
    """Whether the places are compared with what the size of the last axis counts: `labels`, of `n_labels` scores."""
    counted = choice.scores.axes[2].dim.as_symbol
    names = [getattr(side, "attr", getattr(side, "id", "")) for side in sides_of(comparison)]
    return counted is not None and counted_by(without_places(counted)) in map(counted_by, filter(None, names))


def _sizes(trace: Trace, value: object) -> list[Dim]:
    return [trace.resolve(size) for size in value.sizes] if isinstance(value, Tensor) else []


def _finding(trace: Trace, choice: _Choice) -> Finding:
    assert choice.result.ref is not None
    name, whole = named(trace, choice.node, 0, "input"), quote(trace, choice.node.span)
    what = choice.scores.axes[choice.axis].role
    found = "step" if what is Role.TIME else "sample"
    return report(
        RULE,
        trace,
        choice.node,
        f"`{whole}` picks a {found} for each class, not a class: `{name}` is {in_words(choice.scores.axes)}",
        claims=[HasShape(choice.result.ref, sizes=choice.scores.sizes[:2])],
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
