"""SHP123: a bidirectional layer that predicts the next step, which its backward direction has read."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.causality import Causality
from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import CLASS_LOSSES, LAYS_OUT, Nature
from shapelint.reading.operations import is_recurrent_call, is_subscript
from shapelint.reading.quoting import construction_place, place_of, quote
from shapelint.reading.recurrent import config_of, input_of, is_refused, layer_of
from shapelint.reading.single_index import index_parts, is_full
from shapelint.reading.trail import ancestors, made_by, nature_of, natures, trail
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import NONE, SliceValue, Tensor, integer
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

BUT_FIRST = SliceValue(integer(1), NONE, NONE)
BUT_LAST = (SliceValue(NONE, integer(-1), NONE), SliceValue(integer(0), integer(-1), NONE))

RULE = Rule(
    code="SHP123",
    name="bidirectional-next-step",
    severity=Severity.WARNING,
    summary="a bidirectional layer cannot be trained to predict the next step: it has read it",
    page="""\
## What it does
Finds a loss between what a bidirectional layer makes of a sequence and the same sequence one step later:
`cross_entropy(model(ids[:, :-1]), ids[:, 1:])`.

## Why is this bad
The backward direction reads from the end. At step t the output knows every later step, the next one included: the
model learns to copy it, and the loss falls to nearly nothing. When it generates, there is no next step to copy.

## Example
```python
self.gru = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
scores = self.fc(self.gru(self.embedding(ids[:, :-1]))[0])
loss = F.cross_entropy(scores.transpose(1, 2), ids[:, 1:])
```

## Use instead
```python
self.gru = nn.GRU(width, hidden, batch_first=True)          # and nn.Linear(hidden, words) for self.fc
scores = self.fc(self.gru(self.embedding(ids[:, :-1]))[0])
loss = F.cross_entropy(scores.transpose(1, 2), ids[:, 1:])
```

## Proved by
causality: a step of the scores depends on later steps of the layer's input.

## When it stays silent
The loss is not seen together with the layer, or its target is something else than the shifted input: taggers,
encoders and masked language models may read both ways. Whether a model is used to generate, its name does not tell.
""",
    bad=(
        """\
import torch
import torch.nn.functional as F
from torch import nn

class Language(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.gru = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, words)

    def forward(self, ids):
        states, _ = self.gru(self.embedding(ids[:, :-1]))  # error: SHP123
        scores = self.fc(states)
        return F.cross_entropy(scores.transpose(1, 2), ids[:, 1:])
""",
        """\
import torch
from torch import nn

words = 50
embedding = nn.Embedding(words, 8)
lstm = nn.LSTM(8, 16, 2, bidirectional=True)
head = nn.Linear(32, words)
criterion = nn.CrossEntropyLoss()
tokens = torch.randint(0, words, (9, 4))
output, _ = lstm(embedding(tokens))  # error: SHP123
scores = head(output)[:-1]
loss = criterion(scores.reshape(-1, words), tokens[1:].reshape(-1))
""",
    ),
    good=(
        """\
import torch
import torch.nn.functional as F
from torch import nn

class Language(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.gru = nn.GRU(width, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, words)

    def forward(self, ids):
        states, _ = self.gru(self.embedding(ids[:, :-1]))
        scores = self.fc(states)
        return F.cross_entropy(scores.transpose(1, 2), ids[:, 1:])
""",
        """\
import torch
import torch.nn.functional as F
from torch import nn

class Tagger(nn.Module):
    def __init__(self, words, width, hidden, tags):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.gru = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, tags)

    def forward(self, ids, tags):
        states, _ = self.gru(self.embedding(ids[:, :-1]))
        return F.cross_entropy(self.fc(states).transpose(1, 2), tags[:, 1:])
""",
        """\
import torch
import torch.nn.functional as F
from torch import nn

class Translator(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.encoder = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.decoder = nn.GRU(width, 2 * hidden, batch_first=True)
        self.fc = nn.Linear(2 * hidden, words)

    def forward(self, source, target):
        _, h_n = self.encoder(self.embedding(source))
        state = torch.cat((h_n[-2], h_n[-1]), dim=1).unsqueeze(0)
        states, _ = self.decoder(self.embedding(target[:, :-1]), state)
        return F.cross_entropy(self.fc(states).transpose(1, 2), target[:, 1:])
""",
        """\
import torch
import torch.nn.functional as F
from torch import nn

class Autoencoder(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.gru = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, words)

    def forward(self, ids):
        states, _ = self.gru(self.embedding(ids))
        return F.cross_entropy(self.fc(states).transpose(1, 2), ids)
""",
    ),
    confidence=Confidence.HIGH,
)


@check(RULE, at=CLASS_LOSSES)
def bidirectional_next_step(trace: Trace) -> Iterator[Finding]:
    """Losses between the output of a bidirectional layer and its own input, one step later."""
    for loss in trace.nodes:
        scores, target = _compared(loss)
        later = None if target is None else _later(trace, target)
        if scores is None or later is None:
            continue
        for call in ancestors(trace, scores.ref) if scores.ref is not None else ():
            is_leak = is_recurrent_call(call) and not is_refused(trace, call) and _is_next(trace, call, scores, later)
            if is_leak and config_of(call).bidirectional:
                yield from _finding(trace, loss, call, scores)


def _compared(loss: Node) -> tuple[Tensor | None, Tensor | None]:
    """The scores and the target of a loss."""
    if nature_of(loss) not in CLASS_LOSSES or loss.error is not None:
        return None, None
    given = loss.args[loss.op.endswith(".forward") :]
    scores = given[0] if given else loss.kwargs.get("input")
    target = given[1] if len(given) > 1 else loss.kwargs.get("target")
    return (scores if isinstance(scores, Tensor) else None), (target if isinstance(target, Tensor) else None)


def _later(trace: Trace, target: Tensor) -> tuple[Ref, int] | None:
    """The sequence that a target is, without its first step, and the axis of the steps."""
    for value in trail(trace, target, natures(LAYS_OUT)):
        node = made_by(trace, value)
        cut = None if node is None else _cut(node)
        if node is not None and cut is not None and cut[1] == BUT_FIRST:
            source: Ref | None = getattr(node.args[0], "ref", None)
            return None if source is None else (source, cut[0])
    return None


def _cut(node: Node) -> tuple[int, SliceValue] | None:
    """The one axis that a subscript takes a slice of, and the slice."""
    base = node.args[0] if node.args else None
    if not is_subscript(node) or not isinstance(base, Tensor):
        return None
    parts = index_parts(node.args[1], base.rank)
    cut = [(axis, part) for axis, part in enumerate(parts) if not is_full(part)]
    axis, part = cut[0] if len(cut) == 1 else (0, NONE)
    return (axis, part) if isinstance(part, SliceValue) else None


def _is_next(trace: Trace, call: Node, scores: Tensor, later: tuple[Ref, int]) -> bool:
    """Whether the call reads the sequence without its last step, or the scores of the last step are cut off."""
    sequence, axis = later
    value = input_of(call)
    if not isinstance(value, Tensor) or value.ref is None or scores.ref is None:
        return False
    read = {node.id for node in ancestors(trace, value.ref)}
    if sequence.node not in read:
        return False
    between = [node for node in ancestors(trace, scores.ref) if node.id not in read or _reads(node, sequence)]
    cuts = [_cut(node) for node in between]
    return any(cut is not None and cut[0] == axis and cut[1] in BUT_LAST for cut in cuts)


def _reads(node: Node, ref: Ref) -> bool:
    return bool(node.args) and getattr(node.args[0], "ref", None) == ref


def _finding(trace: Trace, loss: Node, call: Node, scores: Tensor) -> Iterator[Finding]:
    value, steps = input_of(call), _with_steps(trace, scores)
    if steps is None or not isinstance(value, Tensor):
        return
    places = [at for at, axis in enumerate(steps.axes) if axis.role is Role.TIME]
    time_axis = 1 if config_of(call).batch_first else 0
    assert steps.ref is not None
    assert value.ref is not None
    yield report(
        RULE,
        trace,
        call,
        f"`{quote(trace, call.span)}` has read what it is to predict: its backward direction starts at the last step",
        claims=[Causality(steps.ref, value.ref, time_axis, places[0])],
        related=[construction_place(layer_of(call)), place_of(loss, "the target is the input, one step later")],
        help="build the layer with bidirectional=False where it predicts what comes next",
    )


def _with_steps(trace: Trace, scores: Tensor) -> Tensor | None:
    """The scores as they were when they still had an axis of steps."""
    for value in trail(trace, scores, natures(LAYS_OUT, Nature.SELECTION)):
        if isinstance(value, Tensor) and [axis.role for axis in value.axes].count(Role.TIME) == 1:
            return value
    return None
