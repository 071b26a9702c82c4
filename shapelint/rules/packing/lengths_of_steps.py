"""SHP411: lengths that were counted along the wrong axis: there is one for each step, not one for each sequence."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Edit, Finding, Fix, Place, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_method
from shapelint.reading.packing.lengths import Packing, packings
from shapelint.reading.quoting import place_of
from shapelint.reading.trail import nature_of, tensor_inputs
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import List, Tensor, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP411",
    name="length-for-each-step",
    severity=Severity.ERROR,
    summary="the lengths were counted along the batch: there is one for each step",
    page="""\
## What it does
Finds lengths that are counted over the batch axis, `(ids != 0).sum(0)` for batch-first ids, and packed with.

## Why is this bad
Packing needs one length for each sequence. A sum over the batch axis gives one number for each step: how many
sequences are that long. Torch raises, unless there happen to be as many sequences as steps; then the sequences
are cut at random places.

## Example
```python
lengths = (ids != 0).sum(0)
packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
```

## Use instead
```python
lengths = (ids != 0).sum(1)
packed = pack_padded_sequence(self.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
```

## Proved by
raises: the number of lengths is not the number of sequences.

## When it stays silent
The ids are time-first, and so is the packing call. The packing call may be the mistake, and not the lengths:
see SHP405.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Encoder(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.gru = nn.GRU(width, hidden, batch_first=True)

    def forward(self, ids):
        lengths = (ids != 0).sum(0)
        embedded = self.embedding(ids)
        packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)  # error: SHP411
        return self.gru(packed)[1][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

class TimeFirst(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.lstm = nn.LSTM(width, hidden)

    def forward(self, ids):
        x = self.embedding(ids).transpose(0, 1)
        lengths = torch.sum(ids != 0, dim=-2)
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)  # error: SHP411
        return self.lstm(packed)[1][0]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class WholeSequences(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        lengths = [x.size(0)] * x.size(1)
        return self.gru(pack_padded_sequence(x, lengths, batch_first=True))[1][-1]  # error: SHP411
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class TimeFirst(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.gru = nn.GRU(width, hidden)

    def forward(self, ids):
        lengths = (ids != 0).sum(0)
        packed = pack_padded_sequence(self.embedding(ids), lengths.cpu(), enforce_sorted=False)
        return self.gru(packed)[1][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class BatchFirst(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.gru = nn.GRU(width, hidden, batch_first=True)

    def forward(self, ids):
        lengths = torch.count_nonzero(ids, dim=1)
        packed = pack_padded_sequence(self.embedding(ids), lengths.cpu(), True, False)
        return self.gru(packed)[1][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class WholeSequences(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        lengths = [x.size(1)] * x.size(0)
        return self.gru(pack_padded_sequence(x, lengths, batch_first=True))[1][-1]
""",
    ),
)


@check(RULE, at=Nature.PACKING)
def lengths_of_steps(trace: Trace) -> Iterator[Finding]:
    """Packing calls with a length for each step, where the layout of the call is certainly meant."""
    for packing in packings(trace):
        if not packing.has_length_per_step(trace):
            continue
        counting = _counting(trace, packing.lengths)
        if counting is not None and packing.is_layout_meant(trace):
            place = [place_of(counting, "counted here, over the sequences")]
            yield _finding(trace, packing, place, [_fix(trace, counting)])
        elif isinstance(packing.lengths, List) and packing.is_layout_meant(trace):
            yield _finding(trace, packing, [], [])


def _counting(trace: Trace, value: Value | None) -> Node | None:
    """The sum over one of two axes that the lengths come from."""
    while isinstance(value, Tensor) and value.ref is not None and value.rank == 1:
        node = trace.node(value.ref)
        value = next((given for given in tensor_inputs(node) if isinstance(given, Tensor)), None)
        if value is not None and value.rank == 2:
            return node if nature_of(node) is Nature.TOTAL else None
    return None


def _finding(trace: Trace, packing: Packing, places: list[Place], fixes: list[Fix | None]) -> Finding:
    return report(
        RULE,
        trace,
        packing.node,
        f"{packing.lengths_are(trace)} one length for each step, and packing needs one for each sequence",
        claims=[Raises(Ref(packing.node.id))],
        shapes=[("the padded tensor", packing.padded), ("the lengths", packing.lengths)],
        related=places,
        help="count along the time axis",
        fixes=fixes,
    )


def _fix(trace: Trace, counting: Node) -> Fix | None:
    """The other one of two axes in the place of the one that was summed over."""
    as_method = is_method(counting)
    written = argument(counting, 0 if as_method else 1, "dim") or argument(counting, 9, "axis")
    dim = counting.number("dim")
    if written is None or not isinstance(written.value, facts.Literal | facts.Unary) or dim is None:
        return None
    other = 1 if dim in (0, -2) else 0
    return Fix(f"count along axis {other}", (Edit(written.value.span, str(other)),))
