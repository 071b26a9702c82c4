"""SHP115: `squeeze()` without an axis, which drops the batch axis of a batch of one."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_size_polymorphism import BatchSizePolymorphism
from shapelint.finding import Claim, Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import Source, source_of
from shapelint.reading.layout.samples import samples_of
from shapelint.reading.layout.views import is_view
from shapelint.reading.operations import is_method, is_squeeze
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.single_index import ONE
from shapelint.reading.text import lines_of
from shapelint.reading.trail import ancestors, nature_of
from shapelint.reading.uses import calls_above, heads_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.evidence import LIKELY
from shapelint.trace.node import Node, is_of_axis
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP115",
    name="squeeze-drops-batch",
    severity=Severity.WARNING,
    summary="`h_n.squeeze()` drops the batch axis too, when the batch holds one sample",
    page="""\
## What it does
Finds `squeeze()` without an axis on a value with a batch axis and features, where the result is fed to a layer: on
`h_n` of one layer and direction, on an output of one step, on a selected step.

## Why is this bad
`squeeze()` drops every axis of length 1. With a batch of one sample, the last one of an epoch or a single request,
the batch axis goes too: the head gives (C,) instead of (1, C), and the loss raises or compares other things.

## Example
```python
_, h_n = self.gru(x)               # one layer: (1, B, H)
return self.fc(h_n.squeeze())
```

## Use instead
```python
_, h_n = self.gru(x)
return self.fc(h_n.squeeze(0))
```

## Proved by
batch_size_polymorphism: a batch of one sample gives a result without a batch axis, and so does what is made of it.

## When it stays silent
`squeeze` names its axis; the result is only returned, compared or one number for each sample; what is made of it is
laid over the batch again; the batch has a fixed size; no axis is known to have length 1, and what is to be dropped is
the author's secret.
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
        _, h_n = self.gru(x)
        return self.fc(h_n.squeeze())  # error: SHP115
""",
        """\
import torch
from torch import nn

class LastStep(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        last = torch.squeeze(output[:, -1:])  # error: SHP115
        return self.fc(self.drop(last))
""",
        """\
import torch
from torch import nn

def classify(gru: nn.GRU, x):
    gru = nn.GRU(8, 16, batch_first=True)
    head = nn.Linear(16, 2)
    states, _ = gru(x)
    return head(states[:, -1].squeeze())  # error: SHP115
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        features = F.adaptive_avg_pool2d(self.conv(x), 1)
        return self.fc(features.squeeze())  # error: SHP115
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return self.fc(h_n.squeeze(0))
""",
        """\
import torch
from torch import nn

class Score(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(output[:, -1]).squeeze()
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 2)
_, h_n = gru(torch.randn(32, 10, 8))
print(head(h_n.squeeze()).shape)
""",
        """\
import torch
from torch import nn

class OneSentence(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output.squeeze())
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        features = F.adaptive_avg_pool2d(self.conv(x), 1)
        return self.fc(features.squeeze(-1).squeeze(-1))
""",
    ),
)


@check(RULE, at=Nature.VIEW)
def squeeze_drops_batch(trace: Trace) -> Iterator[Finding]:
    """Squeezes without an axis of a value with a batch axis, fed to a layer."""
    for node in trace.nodes:
        base = node.args[0] if node.args else None
        if not is_squeeze(node) or node.bound.get("dim") is not None or not isinstance(base, Tensor):
            continue
        claim = _claim(trace, node, base) if _is_meant_for_others(trace, node, base) else None
        layers = [user for user in heads_of(trace, Ref(node.id)) if nature_of(user) in (Nature.LINEAR, Nature.NORM)]
        if claim is not None and layers and not _minds_one_sample(trace, node, base):
            yield _finding(trace, node, base, claim, layers[0])


def _is_meant_for_others(trace: Trace, node: Node, base: Tensor) -> bool:
    """Whether samples with features are left, and another axis was to go, or none."""
    result = node.result
    has_one = any(trace.resolve(size) == ONE for size in base.sizes)
    return node.error is None and isinstance(result, Tensor) and result.rank == 2 and (has_one or base.rank == 2)


def _minds_one_sample(trace: Trace, node: Node, base: Tensor) -> bool:
    """Whether the code asks for the rank of what is made of it, or for the number of samples: it minds."""
    place = _batch_axis(trace, base)
    batches = set[str | None]() if place is None else {trace.resolve(base.sizes[place]).as_symbol}
    if any(one.question is not None and not batches.isdisjoint(one.question.variables) for one in trace.decisions):
        return True
    asked = (user for user in trace.nodes if _minds(trace, user))
    return any(one.id == node.id for user in asked for one in ancestors(trace, Ref(user.id)))


def _minds(trace: Trace, user: Node) -> bool:
    """Whether an operation asks for a rank, or cuts what it is given into sizes that it names."""
    return nature_of(user) is Nature.RANK or _is_counted(trace, user) or is_view(user)


def _is_counted(trace: Trace, user: Node) -> bool:
    """Whether it is the shape in `len(x.shape)`."""
    is_whole = nature_of(user) is Nature.SHAPE and len(user.args) == 1
    if not is_whole or user.path != trace.path:
        return is_whole  # the lines of other files are not at hand
    return lines_of(trace)[user.span.line - 1][: user.span.column].rstrip().endswith("len(")


def _batch_axis(trace: Trace, base: Tensor) -> int | None:
    """The one axis that holds samples, by the layer that made it, or by what else is said of it."""
    places = [at for at, axis in enumerate(base.axes) if axis.role is Role.BATCH]
    if len(places) == 1:
        return places[0]
    samples = samples_of(trace, base, LIKELY) if not places else None
    return None if samples is None else samples.axis


def _claim(trace: Trace, node: Node, base: Tensor) -> Claim | None:
    """Other batch sizes of what the value comes from; None where the batch is no free size."""
    place = _batch_axis(trace, base)
    if place is None or base.ref is None or node.error is not None or not isinstance(node.result, Tensor):
        return None
    batch = trace.resolve(base.sizes[place])
    for source in _sources(trace, base):
        value = trace.node(source.ref).result
        if source.ref.path or not isinstance(value, Tensor) or not is_of_axis(batch.as_symbol or ""):
            continue
        if trace.resolve(value.sizes[source.batch_axis]) == batch:
            kept = [trace.resolve(size) for size in node.result.sizes].index(batch)
            return BatchSizePolymorphism(Ref(node.id), source.ref, source.batch_axis, kept)
    return None


def _sources(trace: Trace, base: Tensor) -> Iterator[Source]:
    """What the recurrent layers above a value read, the latest first; without them, the earliest value with samples."""
    assert base.ref is not None
    calls = sorted(calls_above(trace, base.ref), reverse=True)
    yield from (source for number in calls if (source := source_of(trace, trace.nodes[number])) is not None)
    samples = samples_of(trace, base, LIKELY) if not calls else None
    if samples is not None:
        yield Source(samples.source, samples.source_axis, 1 - samples.source_axis)


def _finding(trace: Trace, node: Node, base: Tensor, claim: Claim, layer: Node) -> Finding:
    whole = quote(trace, node.span)
    ones = [at for at, size in enumerate(base.sizes) if trace.resolve(size) == ONE]
    mend = f"name the axis: `squeeze({ones[0]})`" if ones else "leave `squeeze()` away: no other axis has length 1"
    return report(
        RULE,
        trace,
        node,
        f"`{whole}` drops the batch axis too, when the batch holds one sample",
        claims=[claim],
        shapes=[(whole, node.result)],
        related=[place_of(layer, "this takes a row for each sample")],
        help=mend,
        fixes=[_fix(node, ones, mend)],
    )


def _fix(node: Node, ones: list[int], description: str) -> Fix | None:
    call = node.expression
    if not isinstance(call, facts.Call) or len(ones) > 1:
        return None
    as_method = is_method(node)
    if ones:
        return Fix(description, (Edit(call.close_paren, str(ones[0]) if as_method else f", {ones[0]}"),))
    if not as_method or not isinstance(call.func, facts.Attribute):
        return None
    base = call.func.value.span
    return Fix(description, (Edit(Span(base.end_line, base.end_column, call.span.end_line, call.span.end_column), ""),))
