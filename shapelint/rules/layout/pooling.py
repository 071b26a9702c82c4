"""SHP116, SHP117: pooling over the samples of the batch, and over the padding of its sequences."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Fix, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import padding_matters, samples_mix
from shapelint.reading.layout.intent import intent_of, pooled_axis, pooled_value
from shapelint.reading.layout.readings import Readings, batch_first_claim, readings
from shapelint.reading.operations import is_method
from shapelint.reading.packing.unpadded import is_unpacked_unlike, is_unpadded
from shapelint.reading.quoting import construction_place, place_of, quote, replace_text
from shapelint.reading.recurrent import Sequence, sequence_of
from shapelint.reading.single_index import ONE
from shapelint.reading.trail import nature_of, tensor_inputs
from shapelint.reading.uses import confidence_of
from shapelint.reading.written import argument, is_written_to
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Float, Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

BATCH = Rule(
    code="SHP116",
    name="pooling-over-batch",
    severity=Severity.WARNING,
    summary="`output.mean(0)` of a batch_first layer averages over the samples, not over the steps",
    page="""\
## What it does
Finds a mean, sum or maximum over the batch axis of a recurrent output, fed to a head as a summary of each sequence.

## Why is this bad
With `batch_first=True` axis 0 is the batch (without it, axis 1). `output.mean(0)` has a row for each step, averaged
over all samples: what the head says of a sample depends on the others, and the number of rows on the length.

## Example
```python
output, _ = self.lstm(x)           # batch_first=True
return self.fc(output.mean(0))
```

## Use instead
```python
output, _ = self.lstm(x)
return self.fc(output.mean(1))
```

## Proved by
batch_independence: the rows of the pooled value are not one for each sample.

## When it stays silent
The value is only returned or is part of a loss; several axes are pooled; the output was transposed before; other
evidence shows that the input is batch-first (then the finding is SHP110).
""",
    bad=(
        """\
import torch
from torch import nn

class Attentive(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.score, self.fc = nn.Linear(hidden, 1), nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc((self.score(output).softmax(1) * output).sum(dim=0))  # error: SHP116
""",
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output.mean(0))  # error: SHP116
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 2)
states, _ = gru(torch.randn(32, 10, 8))
pooled, _ = torch.max(states, dim=0)  # error: SHP116
print(head(pooled).shape)
""",
        """\
import torch
from torch import nn

class TimeFirst(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.GRU(features, hidden)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        output, _ = self.rnn(x)
        return self.fc(output.mean(dim=1))  # error: SHP116
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output.mean(1)) + self.fc(output.max(dim=1)[0])
""",
        """\
import torch
from torch import nn

class Statistics(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        output, _ = self.lstm(x)
        return output, output.mean(0), output.std(0)
""",
        """\
import torch
from torch import nn

class Transposed(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        output = output.transpose(0, 1)
        return self.fc(output.mean(0))
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 2)
states, _ = gru(torch.randn(1, 10, 8))
print(head(states.mean(0)).mean())
""",
    ),
)

PADDING = Rule(
    code="SHP117",
    name="pooling-over-padding",
    severity=Severity.WARNING,
    summary="the mean or maximum over the steps after pad_packed_sequence counts the padding",
    page="""\
## What it does
Finds a mean or maximum over the steps of what `pad_packed_sequence` gives, used as a summary of each sequence.

## Why is this bad
`pad_packed_sequence` fills the steps after each sequence's end with zeros. The mean divides by the longest length:
the summary of a short sequence is too small, and depends on which sequences share its batch. A maximum is never
below zero.

## Example
```python
output, lengths = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
return self.fc(output.mean(1))
```

## Use instead
```python
output, lengths = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
return self.fc(output.sum(1) / lengths[:, None])
```

## Proved by
padding_invariance: the row of a short sequence is not what the sequence gives alone.

## When it stays silent
All lengths are the same; the padding is masked before; `pad_packed_sequence` gets a padding_value (`-inf` for a
maximum); a maximum follows a ReLU. That a batch is padded is only known where it was packed.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, lengths = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(output.mean(1))  # error: SHP117
""",
        """\
import torch
import torch.nn as nn
from torch.nn.utils import rnn

lstm = nn.LSTM(4, 6)
head = nn.Linear(6, 2)
packed = rnn.pack_padded_sequence(torch.randn(9, 3, 4), torch.tensor([9, 5, 2]))
states, lengths = rnn.pad_packed_sequence(lstm(packed)[0])
pooled = torch.max(states, 0)[0]  # error: SHP117
print(head(pooled))
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Mean(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, lengths = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(output.sum(1) / lengths[:, None])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Maximum(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True, padding_value=float("-inf"))
        return self.fc(output.max(1)[0])
""",
        """\
import torch
from torch import nn

class Windows(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.fc(output.mean(1))
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Positive(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(torch.relu(output).max(dim=1)[0])
""",
    ),
)


@check(BATCH, PADDING, at=(Nature.MEAN, Nature.EXTREME, Nature.TOTAL))
def pooling(trace: Trace) -> Iterator[Finding]:
    """Means, sums and maxima of a recurrent output over an axis that is no summary."""
    for node in trace.nodes:
        axis, base = pooled_axis(node), node.args[0] if node.args else None
        steps = _unweighted(trace, base) if axis is not None and isinstance(base, Tensor) else None
        sequence = None if steps is None else sequence_of(trace, steps)
        if axis is None or sequence is None or not isinstance(base, Tensor) or trace.resolve(base.sizes[axis]) == ONE:
            continue
        pooled = pooled_value(node)
        confidence = None if pooled is None or pooled.ref is None else confidence_of(trace, pooled.ref)
        if pooled is None or confidence is None:
            continue
        role = base.axes[axis].role
        if role is Role.BATCH and confidence is Confidence.HIGH and not _is_better_told(trace, sequence):
            yield _over_batch(trace, node, base, pooled, sequence)
        elif role is Role.TIME and _is_padded(trace, node, base, sequence):
            yield _over_padding(trace, node, base, pooled, sequence, confidence)


def _unweighted(trace: Trace, value: Tensor) -> Tensor:
    """The steps that a weight for each was multiplied with, `weights * output`; else the value itself."""
    maker = None if value.ref is None else trace.node(value.ref)
    if maker is None or nature_of(maker) is not Nature.POINTWISE:
        return value
    operands = [one for one in tensor_inputs(maker) if isinstance(one, Tensor) and one.rank == value.rank]
    whole = [one for one in operands if one.sizes == value.sizes]
    weights = [one for one in operands if trace.resolve(one.sizes[-1]) == ONE]
    return whole[0] if len(whole) == len(weights) == 1 else value


def _is_better_told(trace: Trace, sequence: Sequence) -> bool:
    """Whether the axis is what the author means, and the layout is wrong before it (SHP110, SHP111, SHP406)."""
    is_unlike = sequence.unpacked is not None and not sequence.permuted and is_unpacked_unlike(sequence.unpacked)
    return is_unlike or intent_of(trace, sequence.slot.call).is_other_layout


def _over_batch(trace: Trace, node: Node, base: Tensor, pooled: Tensor, sequence: Sequence) -> Finding:
    whole, call = quote(trace, node.span), sequence.slot.call
    axis = pooled_axis(node)
    step = f"pool over axis {1 - (axis or 0)}, the steps"
    told = Readings((_fix(node, step),), (), step)
    if not sequence.slot.config.batch_first and not sequence.permuted:
        assert pooled.ref is not None
        told = readings(trace, call, node, step, _fix(node, step), batch_first_claim(call, pooled.ref))
    layout = ", ".join(one.role.value for one in base.axes)
    assert pooled.ref is not None
    return report(
        BATCH,
        trace,
        node,
        f"`{whole}` pools over the samples of the batch, not over the steps: axis {axis} of ({layout})",
        claims=samples_mix(trace, call, pooled.ref),
        shapes=[(whole, pooled)],
        related=[construction_place(sequence.slot.layer), *told.places],
        help=told.help,
        fixes=told.fixes,
    )


def _fix(node: Node, description: str) -> Fix | None:
    """Pool over the other of the first two axes, where the axis is written as a number."""
    given = argument(node, 0 if is_method(node) else 1, "dim")
    written = None if given is None else given.value
    if not isinstance(written, facts.Literal) or written.value not in (0, 1):
        return None
    return Fix(description, (replace_text(written.span, "1" if written.value == 0 else "0"),))


def _is_padded(trace: Trace, node: Node, base: Tensor, sequence: Sequence) -> bool:
    """Whether steps that are filled with zeros count."""
    filled = sequence.unpacked
    if nature_of(node) is Nature.TOTAL:
        return False  # zeros add nothing
    if filled is None or filled.find("padding_value", Float) != Float(0.0) or is_unpadded(trace, base, sequence):
        return False
    if is_written_to(trace, filled):
        return False  # maybe over the padding
    is_direct = base.ref is not None and trace.node(base.ref) is filled
    return nature_of(node) is Nature.MEAN or is_direct


def _over_padding(
    trace: Trace, node: Node, base: Tensor, pooled: Tensor, sequence: Sequence, confidence: Confidence
) -> Finding:
    whole, is_mean = quote(trace, node.span), nature_of(node) is Nature.MEAN
    assert pooled.ref is not None
    assert sequence.unpacked is not None
    claims = padding_matters(trace, sequence.slot.call, pooled.ref)
    sure = confidence if is_mean else Confidence.MEDIUM
    counts = "counts the padding: short sequences get too small a mean" if is_mean else "is never below 0, the padding"
    return report(
        PADDING,
        trace,
        node,
        f"`{whole}` {counts}",
        claims=claims,
        shapes=[(whole, pooled)],
        related=[place_of(sequence.unpacked, "this fills the steps after each sequence's end with zeros")],
        help="add up and divide by each sequence's own length" if is_mean else "fill with -inf: padding_value=-inf",
        confidence=sure if claims else Confidence.LOW,  # lengths that are not understood may be equal
    )
