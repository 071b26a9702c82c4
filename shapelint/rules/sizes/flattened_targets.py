"""SHP509: scores and targets that were flattened in different orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapelint.claims.values.alignment import Alignment
from shapelint.finding import Claim, Edit, Finding, Fix, Place, Ref, Severity
from shapelint.ops.nature import CLASS_LOSSES, LAYS_OUT, Nature
from shapelint.reading.operations import is_flatten, is_method
from shapelint.reading.quoting import construction_place, place_of
from shapelint.reading.recurrent import layer_of
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import layer_call_above, named, recurrent_above
from shapelint.reading.sizes.losses import Loss, cut_from, losses
from shapelint.reading.trail import nature_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import SEQUENCE, Axis, Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor
from shapelint.syntax import facts
from shapelint.trace.trace import Trace

#: what works on each step by itself
_STEPWISE = LAYS_OUT | {Nature.SOFTMAX, Nature.LINEAR, Nature.DROPOUT, Nature.POINTWISE}

RULE = Rule(
    code="SHP509",
    name="targets-in-another-order",
    severity=Severity.WARNING,
    summary="scores and targets flattened in different orders: one time-first, one batch-first",
    page="""\
## What it does
Finds a class loss of flattened scores and flattened targets, where one of them was (T, B) and the other (B, T)
before, after a recurrent layer or any other.

## Why is this bad
`view(-1)` keeps the order of the elements. The scores of a time-first layer come as all samples of step 0, then
all of step 1; targets of shape (B, T) come as all steps of sample 0. There are equally many of both, nothing
raises, and nearly every score is compared with the target of another sample and step.

## Example
```python
output, _ = self.gru(self.embedding(ids).transpose(0, 1))         # (T, B, H)
scores = self.fc(output)
loss = F.cross_entropy(scores.view(-1, self.words), ids.view(-1))
```

## Use instead
```python
output, _ = self.gru(self.embedding(ids).transpose(0, 1))
scores = self.fc(output)
loss = F.cross_entropy(scores.view(-1, self.words), ids.t().reshape(-1))
```

## Proved by
alignment: scores are compared with the targets of other samples and steps.

## When it stays silent
Both are time-first, or both batch-first; the sizes do not show which axis of the targets is which.
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Copier(nn.Module):
    def __init__(self, words, hidden):
        super().__init__()
        self.words = words
        self.embedding = nn.Embedding(words, hidden)
        self.gru = nn.GRU(hidden, hidden)
        self.fc = nn.Linear(hidden, words)

    def forward(self, ids):
        output, _ = self.gru(self.embedding(ids).transpose(0, 1))
        scores = self.fc(output)
        return F.cross_entropy(scores.view(-1, self.words), ids.view(-1))  # error: SHP509
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(8, 16, batch_first=True)
head = nn.Linear(16, 5)
criterion = nn.NLLLoss()
output, _ = lstm(torch.randn(32, 10, 8))
log_probs = head(output.reshape(-1, 16)).log_softmax(-1)
tags = torch.randint(0, 5, (10, 32))
loss = criterion(log_probs, tags.flatten())  # error: SHP509
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Copier(nn.Module):
    def __init__(self, words, hidden):
        super().__init__()
        self.words = words
        self.embedding = nn.Embedding(words, hidden)
        self.gru = nn.GRU(hidden, hidden)
        self.fc = nn.Linear(hidden, words)

    def forward(self, ids):
        output, _ = self.gru(self.embedding(ids).transpose(0, 1))
        scores = self.fc(output).transpose(0, 1)
        return F.cross_entropy(scores.reshape(-1, self.words), ids.view(-1))
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(8, 16)
head = nn.Linear(16, 5)
criterion = nn.NLLLoss()
output, _ = lstm(torch.randn(10, 32, 8))
log_probs = head(output.reshape(-1, 16)).log_softmax(-1)
tags = torch.randint(0, 5, (10, 32))
loss = criterion(log_probs, tags.flatten())
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.classes = classes
        self.lstm = nn.LSTM(features, hidden)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, tags):
        output, _ = self.lstm(x)
        return F.cross_entropy(self.fc(output).view(-1, self.classes), tags.view(-1))
""",
    ),
)


@check(RULE, at=CLASS_LOSSES)
def targets_in_another_order(trace: Trace) -> Iterator[Finding]:
    """Class losses of two vectors, of which one was flattened from (T, B), and the other from (B, T)."""
    for loss in losses(trace, CLASS_LOSSES):
        targets = loss.targets
        if loss.node.error is not None or loss.scores.rank != 2 or not isinstance(targets, Tensor) or targets.rank != 1:
            continue
        scored, wanted = (side.axes[0].parts for side in (loss.scores, targets))
        sizes, others = ([trace.resolve(part.dim) for part in parts] for parts in (scored, wanted))
        if len(scored) == 2 and sizes == others[::-1] and len(set(sizes)) == 2 and ONE not in sizes:
            yield from _finding(trace, loss, targets, scored)


def _finding(trace: Trace, loss: Loss, targets: Tensor, scored: tuple[Axis, ...]) -> Iterator[Finding]:
    recurrent = recurrent_above(trace, loss.scores)
    call = None if recurrent is None else layer_call_above(trace, loss.scores)
    roles = [part.role for part in scored] if call is not None else []
    claim = _misaligned(trace, loss, targets, scored)
    if claim is None or (recurrent is not None and {*roles} != SEQUENCE):
        return
    scores_name, targets_name = named(trace, loss.node, 0, "input"), named(trace, loss.node, 1, "target")
    ways = (f"{roles[0].value}-first", f"{roles[1].value}-first") if roles else ("in one order", "in the other")
    yield report(
        RULE,
        trace,
        loss.node,
        f"`{scores_name}` was flattened {ways[0]}, and `{targets_name}` {ways[1]}: "
        "scores are compared with other targets",
        claims=[claim],
        shapes=[(scores_name, loss.scores), (targets_name, targets)],
        related=[*([] if call is None else [construction_place(layer_of(call))]), *_flattened(trace, targets)],
        help="transpose one of them before it is flattened",
        fixes=[_transposed(trace, targets)],
    )


def _misaligned(trace: Trace, loss: Loss, targets: Tensor, scored: tuple[Axis, ...]) -> Claim | None:
    """The claim about the scores and targets as they were before they were flattened."""
    wanted = [trace.resolve(part.dim) for part in scored]
    source = _with_axes(trace, cut_from(trace, loss.scores, _STEPWISE), wanted)
    matrix = _with_axes(trace, (one for one in cut_from(trace, targets) if one.rank == 2), wanted)
    if source is None or matrix is None:
        return None
    batch, time = (0, 1) if scored[0].role is not Role.TIME else (1, 0)
    (scores_ref, places), (targets_ref, others) = source, matrix
    return Alignment(
        Ref(loss.node.id),
        scores_ref,
        places[batch],
        targets_ref,
        others[batch],
        time_axis=places[time],
        targets_time_axis=others[time],
        class_axis=1,
    )


def _with_axes(trace: Trace, values: Iterable[Tensor], wanted: list[Dim]) -> tuple[Ref, list[int]] | None:
    """The first value that has an axis of each size, and which axes."""
    for one in values:
        sizes = [trace.resolve(size) for size in one.sizes]
        if all(sizes.count(size) == 1 for size in wanted) and one.ref is not None:
            return one.ref, [sizes.index(size) for size in wanted]
    return None


def _known(ref: Ref | None) -> Ref:
    assert ref is not None
    return ref


def _flattened(trace: Trace, targets: Tensor) -> list[Place]:
    return [place_of(trace.node(_known(targets.ref)), "the targets are flattened here")]


def _transposed(trace: Trace, targets: Tensor) -> Fix | None:
    """`tags.view(-1)` becomes `tags.t().reshape(-1)`."""
    node = trace.node(_known(targets.ref))
    call, base = node.expression, node.args[0] if node.args else None
    is_bound = isinstance(call, facts.Call) and isinstance(call.func, facts.Attribute)
    if not is_bound or node.path != trace.path or not isinstance(base, Tensor) or base.rank != 2:
        return None
    if not is_method(node) or nature_of(node) is not Nature.VIEW:
        return None
    assert isinstance(call, facts.Call)
    assert isinstance(call.func, facts.Attribute)
    way = "flatten" if is_flatten(node) else "reshape"
    return Fix("flatten the targets in the order of the scores", (Edit(call.func.attr_span, f"t().{way}"),))
