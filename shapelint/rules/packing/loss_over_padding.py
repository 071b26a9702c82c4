"""SHP420: a loss over padded classes that counts the padding too."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.ignores_padding import IgnoresPadding
from shapelint.finding import Confidence, Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import CLASS_LOSSES, LAYS_OUT
from shapelint.reading.operations import is_padding, is_recurrent_call, is_subscript
from shapelint.reading.packing.padding import are_equally_long, is_left_padding
from shapelint.reading.quoting import add_argument, place_of, quote
from shapelint.reading.recurrent import own_construction
from shapelint.reading.single_index import parts_of
from shapelint.reading.trail import made_by, nature_of, natures, origin_of, tensor_inputs
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import (
    NONE,
    Dtype,
    Float,
    Int,
    Layer,
    Named,
    NoneValue,
    Packed,
    SliceValue,
    Str,
    Tensor,
    Value,
)
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP420",
    name="loss-over-padding",
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    summary="without ignore_index a loss over padded classes counts the padding",
    page="""\
## What it does
Finds a cross entropy whose classes come from pad_sequence, whole or shifted by a step, and whose `ignore_index` is
not the padding value.

## Why is this bad
pad_sequence fills the classes of shorter sequences with its padding_value, 0 by default, and the loss takes that
for a class. The model is trained to predict padding, and the more padding a batch has, the less the rest counts.

## Example
```python
tags = pad_sequence(tag_sequences, batch_first=True)
loss = F.cross_entropy(scores.transpose(1, 2), tags)
```

## Use instead
```python
tags = pad_sequence(tag_sequences, batch_first=True, padding_value=-100)
loss = F.cross_entropy(scores.transpose(1, 2), tags)
```

## Proved by
ignores_padding: the loss depends on scores of padding steps.

## When it stays silent
`ignore_index` is the padding value (-100 is its default), a `weight` is given, the loss is not reduced, the
sequences are equally long, or packed. Whether the model shall predict the padding value as a class is not in the
source: the confidence is medium.
""",
    bad=(
        """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pad_sequence

gru = nn.GRU(7, 11, batch_first=True)
head = nn.Linear(11, 4)
x = pad_sequence([torch.randn(5, 7), torch.randn(3, 7), torch.randn(2, 7)], batch_first=True)
tags = pad_sequence([torch.randint(4, (5,)), torch.randint(4, (3,)), torch.randint(4, (2,))], batch_first=True)
scores = head(gru(x)[0])
loss = F.cross_entropy(scores.transpose(1, 2), tags)  # error: SHP420
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.fc = nn.Linear(hidden, classes)
        self.criterion = nn.CrossEntropyLoss()

    def loss(self, sequences, tags):
        output, _ = self.lstm(rnn.pad_sequence(sequences))
        scores = self.fc(output)
        classes = rnn.pad_sequence(tags, padding_value=1)
        return self.criterion(scores.view(-1, scores.size(-1)), classes.view(-1))  # error: SHP420

sequences = [torch.randn(5, 7), torch.randn(3, 7)]
tags = [torch.randint(4, (5,)), torch.randint(4, (3,))]
print(Tagger(7, 11, 4).loss(sequences, tags))
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

class Melody(nn.Module):
    def __init__(self, notes):
        super().__init__()
        self.embedding = nn.Embedding(notes, 16)
        self.rnn = nn.GRU(16, 24, batch_first=True)
        self.fc = nn.Linear(24, notes)
        self.loss = nn.CrossEntropyLoss()

    def forward(self, songs):
        ids = pad_sequence(songs, batch_first=True)
        given, following = ids[:, :-1], ids[:, 1:]
        scores = self.fc(self.rnn(self.embedding(given))[0])
        return self.loss(scores.transpose(1, 2), following)  # error: SHP420
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

class Melody(nn.Module):
    def __init__(self, notes):
        super().__init__()
        self.embedding = nn.Embedding(notes, 16)
        self.rnn = nn.GRU(16, 24, batch_first=True)
        self.fc = nn.Linear(24, notes)
        self.loss = nn.CrossEntropyLoss(ignore_index=0)

    def forward(self, songs):
        ids = pad_sequence(songs, batch_first=True)
        scores = self.fc(self.rnn(self.embedding(ids[:, :-1]))[0])
        first = nn.functional.cross_entropy(scores[:, 0], ids[:, 1])
        return self.loss(scores.transpose(1, 2), ids[:, 1:]) + first
""",
        """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pad_sequence

gru = nn.GRU(7, 11, batch_first=True)
head = nn.Linear(11, 4)
x = pad_sequence([torch.randn(5, 7), torch.randn(3, 7)], batch_first=True)
sequences = [torch.randint(1, 4, (5,)), torch.randint(1, 4, (3,))]
scores = head(gru(x)[0]).transpose(1, 2)
loss = F.cross_entropy(scores, pad_sequence(sequences, batch_first=True), ignore_index=0)
loss = F.cross_entropy(scores, pad_sequence(sequences, batch_first=True, padding_value=-100))
loss = F.cross_entropy(scores, pad_sequence(sequences, batch_first=True), torch.tensor([0.0, 1.0, 1.0, 1.0]))
""",
        """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pad_sequence

gru = nn.GRU(7, 11, batch_first=True)
head = nn.Linear(11, 4)
x = pad_sequence([torch.randn(5, 7), torch.randn(3, 7)], batch_first=True)
tags = pad_sequence([torch.randint(1, 4, (5,)), torch.randint(1, 4, (3,))], batch_first=True)
losses = F.cross_entropy(head(gru(x)[0]).transpose(1, 2), tags, reduction="none")
loss = (losses * (tags != 0)).sum() / (tags != 0).sum()
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, x, tags):
        scores = self.fc(self.lstm(x)[0])
        return self.criterion(scores.view(-1, scores.size(-1)), tags.view(-1))
""",
    ),
)


@check(RULE, at=CLASS_LOSSES)
def loss_over_padding(trace: Trace) -> Iterator[Finding]:
    """Reduced losses over classes that pad_sequence filled with another number than they ignore."""
    for node in trace.nodes:
        if nature_of(node) not in CLASS_LOSSES or node.error is not None or not isinstance(node.result, Tensor):
            continue
        scores, classes = ([*tensor_inputs(node), None, None])[:2]
        if not isinstance(scores, Tensor) or not isinstance(classes, Tensor) or not _counts_all(node):
            continue
        padded, source = _padded(trace, classes), _source(trace, scores)
        padding = made_by(trace, None if padded is None else _padded_whole(trace, padded))
        value = None if padding is None else _number(padding.find("padding_value", Value))
        if padded is None or padding is None or source is None or value is None or value < 0:
            continue
        if value != _ignored(node) and _sizes(trace, source) == _sizes(trace, padded):
            yield _finding(trace, node, padding, padded, source, value)


def _options(node: Node) -> Named:
    """What has the options of the loss: the layer, or the call."""
    layer = node.args[0] if node.args else None
    return layer if isinstance(layer, Layer) else node


def _counts_all(node: Node) -> bool:
    """Whether every class and step counts, in one number."""
    options = _options(node)
    return options.find("reduction", Str) in (Str("mean"), Str("sum")) and options.find("weight", NoneValue) is not None


def _ignored(node: Node) -> float | None:
    return _number(_options(node).find("ignore_index", Value))


def _number(value: Value | None) -> float | None:
    if isinstance(value, Float):
        return value.value
    return value.dim.constant if isinstance(value, Int) else None


def _padded(trace: Trace, classes: Value | None) -> Tensor | None:
    """What pad_sequence gave, or all of its steps but some at an end, that the classes come from.

    `ids[:, 1:]` is what follows the steps of `ids[:, :-1]`.
    """
    padded = origin_of(trace, classes, natures(LAYS_OUT))
    node = made_by(trace, None if padded is None else _padded_whole(trace, padded))
    if node is None or not is_padding(node) or not isinstance(padded, Tensor) or padded.rank != 2:
        return None
    return None if is_left_padding(node) or are_equally_long(trace, node) else padded


def _padded_whole(trace: Trace, value: Tensor | Packed) -> Tensor | Packed:
    """The tensor of which a value is all but some steps at an end."""
    node = made_by(trace, value)
    base = node.args[0] if node is not None and is_subscript(node) else None
    parts = parts_of(node, base) if node is not None and isinstance(base, Tensor) else {}
    cuts_steps = [base.axes[axis].role for axis in parts] == [Role.TIME] if isinstance(base, Tensor) else False
    is_cut = cuts_steps and all(isinstance(one, SliceValue) and one.step == NONE for one in parts.values())
    return base if is_cut and isinstance(base, Tensor) else value


def _source(trace: Trace, scores: Value | None) -> Tensor | None:
    """The output of the recurrent layer, or the last tensor of samples and steps that became the scores."""
    found = None
    while isinstance(scores, Tensor) and scores.ref is not None and found is None:
        roles = [axis.role for axis in scores.axes]
        if roles.count(Role.BATCH) == roles.count(Role.TIME) == 1 and scores.dtype is Dtype.FLOAT:
            found = scores
        node = trace.node(scores.ref)
        if is_recurrent_call(node):
            break
        scores = next((given for given in tensor_inputs(node) if isinstance(given, Tensor)), None)
    return found


def _sizes(trace: Trace, value: Value) -> dict[Role, Dim]:
    """How many sequences and steps there are."""
    axes = value.axes if isinstance(value, Tensor) else ()
    return {axis.role: trace.resolve(axis.dim) for axis in axes if axis.role in (Role.BATCH, Role.TIME)}


def _finding(trace: Trace, node: Node, padding: Node, padded: Tensor, source: Tensor, value: float) -> Finding:
    roles = [axis.role for axis in source.axes]
    assert source.ref is not None
    assert padded.ref is not None
    claim = IgnoresPadding(
        Ref(node.id),
        source.ref,
        batch_axis=roles.index(Role.BATCH),
        time_axis=roles.index(Role.TIME),
        padded=padded.ref,
        padded_batch_axis=0 if padding.flag("batch_first") else 1,
        value=int(value),
    )
    return report(
        RULE,
        trace,
        node,
        f"`{quote(trace, node.span)}` counts the padding of shorter sequences as class {value:g}",
        claims=[claim],
        shapes=[("the classes", padded)],
        related=[place_of(padding, f"padded with {value:g}")],
        help=f"ignore it, ignore_index={value:g}, or pad with -100, which is ignored by default",
        fixes=[_fix(trace, node, int(value))],
    )


def _fix(trace: Trace, node: Node, value: int) -> Fix | None:
    layer = node.args[0] if node.args else None
    made = own_construction(trace, layer) if isinstance(layer, Layer) else node
    call = None if made is None else made.expression
    if made is None or not isinstance(call, facts.Call) or any(given.star for given in call.arguments):
        return None
    written = argument(made, 2 if isinstance(layer, Layer) else 4, "ignore_index")
    added = add_argument(trace, call.span, f"ignore_index={value}")
    return Fix("ignore the padding", (added if written is None else Edit(written.value.span, str(value)),))
