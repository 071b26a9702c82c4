"""SHP406: packed with batch_first=True and unpacked without, then used as batch-first."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.data import dataclass
from shapelint.finding import Confidence, Finding, Fix, Place, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import samples_mix
from shapelint.reading.layout.intent import pooled_axis, pooled_value
from shapelint.reading.operations import is_unpacking
from shapelint.reading.packing.unpadded import is_unpacked_unlike
from shapelint.reading.quoting import add_argument, place_of, quote
from shapelint.reading.recurrent import Sequence, sequence_of
from shapelint.reading.single_index import FIRST, LAST, ONE, picks
from shapelint.reading.uses import confidence_of, is_summary
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Packed, Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP406",
    name="unpacked-time-first",
    severity=Severity.WARNING,
    summary="pad_packed_sequence without batch_first=True gives (time, batch, feature)",
    page="""\
## What it does
Finds `pad_packed_sequence(packed)` without `batch_first=True`, where the data was packed with it and the
result is indexed `[:, -1]` or `[:, 0]`, or pooled over axis 1 for a head.

## Why is this bad
A PackedSequence does not remember its layout. Without `batch_first=True` the result is (T, B, D*H), and
`output[:, 0]` is every step of the first sample instead of the first step of every sample.

## Example
```python
packed = pack_padded_sequence(x, lengths, batch_first=True)
output, _ = pad_packed_sequence(self.gru(packed)[0])
return self.fc(output[:, 0])
```

## Use instead
```python
packed = pack_padded_sequence(x, lengths, batch_first=True)
output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
return self.fc(output[:, 0])
```

## Proved by
batch_independence: the rows of the selected value are not one for each sample.

## When it stays silent
The result is transposed, or used as (T, B, H); the data was packed time-first (unpacking with
batch_first=True then changes the layout on purpose); `batch_first` is given.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class FirstStep(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        packed_output, _ = self.gru(packed)
        output, _ = pad_packed_sequence(packed_output)  # error: SHP406
        return self.fc(output[:, 0])
""",
        """\
import torch
import torch.nn as nn
import torch.nn.utils.rnn as rnn_utils

lstm = nn.LSTM(4, 6, batch_first=True)
head = nn.Linear(6, 2)
x = torch.randn(3, 9, 4)
packed = rnn_utils.pack_padded_sequence(x, [9, 5, 2], batch_first=True)
states, lengths = rnn_utils.pad_packed_sequence(lstm(packed)[0], total_length=9)  # error: SHP406
print(head(states[:, 0, :]).shape)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Pooled(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0])  # error: SHP406
        return self.fc(torch.relu(output).max(dim=1)[0])
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Transposed(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0])
        output = output.transpose(0, 1)
        return self.fc(output[:, 0])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class ForAttention(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0])
        return output
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class ChangesLayout(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(output[:, 0])
""",
    ),
)


@dataclass(frozen=True, slots=True)
class _Use:
    """Where an unpacked output is read by a program that takes its axis 1 for time; `told` says what it gets there."""

    node: Node
    base: Tensor
    name: str
    result: Tensor
    axis: int  #: of the result: where each sample has its row
    told: str


@check(RULE, at=Nature.PACKING)
def unpacked_time_first(trace: Trace) -> Iterator[Finding]:
    """Unpacked without batch_first, and read as if with it."""
    blamed = set[int]()
    for use in _uses(trace):
        sequence = sequence_of(trace, use.base)
        unpacking = None if sequence is None or sequence.permuted else sequence.unpacked
        if sequence is None or unpacking is None or unpacking.id in blamed or unpacking.path != use.node.path:
            continue
        if is_unpacked_unlike(unpacking):
            blamed.add(unpacking.id)
            yield _finding(trace, unpacking, sequence, use)


def _uses(trace: Trace) -> Iterator[_Use]:
    """What takes a sample where a step is meant, `[:, 0]` or `[:, -1]`, and what pools over the samples."""
    for pick in picks(trace):
        is_taken = pick.axis == 1 and pick.index in (FIRST, LAST) and _has_samples(trace, pick.base)
        if is_taken and is_summary(trace, pick.node):
            which = "last" if pick.index == LAST else "first"
            told = f"is the {which} sample, not the {which} step"
            yield _Use(pick.node, pick.base, quote(trace, pick.base_span), pick.result, int(pick.kept), told)
    for node in trace.nodes:
        base, result = node.args[0] if node.args else None, pooled_value(node)
        if pooled_axis(node) != 1 or not isinstance(base, Tensor) or result is None or result.ref is None:
            continue
        if _has_samples(trace, base) and confidence_of(trace, result.ref) is Confidence.HIGH:
            told = "pools over the samples, not over the steps"
            yield _Use(node, base, "output", result, 0, told)


def _has_samples(trace: Trace, base: Tensor) -> bool:
    """Whether axis 1 is a batch of several samples."""
    return base.rank > 1 and base.axes[1].role is Role.BATCH and trace.resolve(base.sizes[1]) != ONE


def _finding(trace: Trace, unpacking: Node, sequence: Sequence, use: _Use) -> Finding:
    whole = quote(trace, use.node.span)
    assert use.result.ref is not None
    return report(
        RULE,
        trace,
        unpacking,
        f"unpacked without batch_first=True, `{use.name}` is (time, batch, feature): `{whole}` {use.told}",
        claims=samples_mix(trace, sequence.slot.call, use.result.ref, use.axis),
        shapes=[(use.name, use.base), (whole, use.result)],
        related=[
            *_packing_place(trace, sequence),
            place_of(use.node, "this takes a step of a batch-first tensor"),
        ],
        help="unpack with batch_first=True, as the data was packed",
        fixes=[_fix(trace, unpacking)],
    )


def _packing_place(trace: Trace, sequence: Sequence) -> list[Place]:
    packed = sequence.slot.call.args[1] if len(sequence.slot.call.args) > 1 else None
    if not isinstance(packed, Packed) or packed.ref is None:
        return []
    return [place_of(trace.node(packed.ref), "packed here with batch_first=True")]


def _fix(trace: Trace, unpacking: Node) -> Fix | None:
    call = unpacking.expression
    if not is_unpacking(unpacking) or not isinstance(call, facts.Call):
        return None
    return Fix("unpack with batch_first=True", (add_argument(trace, call.span, "batch_first=True"),))
