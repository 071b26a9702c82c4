"""SHP416: padded sequences that are flipped, so that a layer reads their padding first."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.padding_invariance import PaddingInvariance
from shapelint.finding import Finding, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_flip
from shapelint.reading.packing.lengths import packing_before
from shapelint.reading.packing.padding import above, padding_of
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.recurrent import config_of, h_n_of, input_of, is_refused, layer_of, recurrent_calls
from shapelint.reading.trail import nature_of, tensor_inputs
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Packed, Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP416",
    name="padding-read-first",
    severity=Severity.WARNING,
    summary="a flipped padded batch begins with the padding",
    page="""\
## What it does
Finds padded sequences that are flipped along the time and then read by a recurrent layer.

## Why is this bad
A flip turns the whole row: the padding comes first, and the sequence after it. The layer starts every shorter
sequence from a state that it made of padding. Packed, it is worse: packing keeps the first steps, which are
the padding.

## Example
```python
padded = pad_sequence(sequences, batch_first=True)
_, backward = self.gru(padded.flip(1))
```

## Use instead
```python
reversed_sequences = [sequence.flip(0) for sequence in sequences]
padded = pad_sequence(reversed_sequences, batch_first=True)
packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
_, backward = self.gru(packed)
```

## Proved by
padding_invariance: the final state of a short sequence depends on its padding.

## When it stays silent
Nothing shows that the sequences are padded. Left-padded sequences end up right when they are flipped. The
sequences are flipped one by one, before they are padded.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

class Backward(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, sequences):
        padded = pad_sequence(sequences, batch_first=True)
        reversed_padded = torch.flip(padded, dims=[1])  # error: SHP416
        output, _ = self.gru(reversed_padded)
        return output
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

class BothWays(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.forwards = nn.LSTM(width, hidden)
        self.backwards = nn.LSTM(width, hidden)

    def forward(self, ids, lengths):
        x = self.embedding(ids)
        first = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        second = rnn.pack_padded_sequence(x.flip(0), lengths, enforce_sorted=False)  # error: SHP416
        return torch.cat((self.forwards(first)[1][0], self.backwards(second)[1][0]), dim=2)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class NoPadding(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        output, _ = self.gru(x.flip(1))
        return output.flip(1)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

class OneByOne(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, sequences, lengths):
        padded = pad_sequence([sequence.flip(0) for sequence in sequences], batch_first=True)
        packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
        return self.gru(packed)[1][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

class LeftPadded(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, sequences, lengths):
        padded = pad_sequence(sequences, batch_first=True, padding_side="left").flip(1)
        packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
        return self.gru(packed)[1][-1], self.gru(padded.flip(2))[0]
""",
    ),
)


@check(RULE, at=Nature.ORDER)
def flipped_padding(trace: Trace) -> Iterator[Finding]:
    """Recurrent calls that read a flipped padded tensor, packed or not."""
    for call in recurrent_calls(trace):
        if is_refused(trace, call):
            continue
        padded, time = _read(trace, call)
        flip = None if padded is None else _flip_of(trace, padded)
        turned = None if flip is None else next(tensor_inputs(flip), None)
        if flip is not None and isinstance(turned, Tensor) and _dims(flip, turned.rank) == {time}:
            padding = padding_of(trace, turned)
            if padding is not None:
                yield _finding(trace, call, flip, padding, turned, time)


def _read(trace: Trace, call: Node) -> tuple[Tensor | None, int]:
    """The padded tensor that a call reads, and its time axis."""
    given = input_of(call)
    packing = packing_before(trace, given) if isinstance(given, Packed) else None
    padded = given if packing is None else packing.padded
    batch_first = config_of(call).batch_first if packing is None else packing.batch_first
    return padded if isinstance(padded, Tensor) and padded.rank == 3 else None, int(batch_first)


def _flip_of(trace: Trace, padded: Tensor) -> Node | None:
    """The flip that a tensor comes from, step by step and without a permutation."""
    nodes = list(above(trace, padded))
    is_permuted = any(nature_of(node) is Nature.PERMUTATION for node in nodes)
    return nodes[-1] if nodes and is_flip(nodes[-1]) and not is_permuted else None


def _dims(flip: Node, rank: int) -> set[int]:
    """The axes that are turned."""
    found = [dim.constant for dim in flip.find("dims", tuple) or () if isinstance(dim, Dim)]
    return {dim % rank for dim in found if dim is not None}


def _finding(trace: Trace, call: Node, flip: Node, padding: Node, turned: Tensor, time: int) -> Finding:
    assert turned.ref is not None
    whole = quote(trace, flip.span)
    return report(
        RULE,
        trace,
        flip,
        f"`{whole}` begins with the padding of each shorter sequence, and the {layer_of(call).name} reads that first",
        claims=[PaddingInvariance(h_n_of(call), turned.ref, 1 - time, time, 1)],
        shapes=[(whole, flip.result)],
        related=[place_of(padding, "the sequences are padded"), place_of(call, "read here")],
        help="flip each sequence by itself, before it is padded",
    )
