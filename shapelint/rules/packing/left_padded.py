"""SHP418: sequences with padding before them, packed as if it came after them."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.padding_invariance import PaddingInvariance
from shapelint.finding import Finding, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.packing.lengths import Packing, packings, reader_of
from shapelint.reading.packing.padding import above, is_left_padding
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.recurrent import h_n_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP418",
    name="left-padding-packed",
    severity=Severity.WARNING,
    summary="packing keeps the first steps: of a left-padded tensor that is the padding",
    page="""\
## What it does
Finds what `pad_sequence(..., padding_side="left")` made, and pack_padded_sequence packs.

## Why is this bad
Packing takes the first `length` steps of each row. In a left-padded tensor they are the padding, and the end of
the sequence is cut off: the shorter a sequence, the less of it the layer reads.

## Example
```python
padded = pad_sequence(sequences, batch_first=True, padding_side="left")
packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
```

## Use instead
```python
padded = pad_sequence(sequences, batch_first=True)
packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
```

## Proved by
padding_invariance: with the padding on the left, the final state of a short sequence depends on it.

## When it stays silent
The tensor is not packed: without packing, the last step of a left-padded tensor is the last step of each
sequence. It is flipped before it is packed.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

gru = nn.GRU(7, 11, batch_first=True)
sequences = [torch.randn(5, 7), torch.randn(3, 7)]
padded = pad_sequence(sequences, batch_first=True, padding_side="left")
packed = pack_padded_sequence(padded, [5, 3], batch_first=True)  # error: SHP418
print(gru(packed)[1][-1])
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

class Encoder(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.lstm = nn.LSTM(width, hidden)

    def forward(self, sentences, lengths):
        ids = rnn.pad_sequence(sentences, False, 0, "left")
        embedded = torch.tanh(self.embedding(ids))
        packed = rnn.pack_padded_sequence(embedded, lengths, enforce_sorted=False)  # error: SHP418
        return self.lstm(packed)[1][0][-1]
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

gru = nn.GRU(7, 11, batch_first=True)
sequences = [torch.randn(5, 7), torch.randn(3, 7)]
padded = pad_sequence(sequences, batch_first=True, padding_side="right")
packed = pack_padded_sequence(padded, [5, 3], batch_first=True)
print(gru(packed)[1][-1])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

class Unpacked(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, sequences):
        padded = pad_sequence(sequences, batch_first=True, padding_side="left")
        output, _ = self.gru(padded)
        return self.fc(output[:, -1])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

class Backward(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, sequences, lengths):
        padded = pad_sequence(sequences, batch_first=True, padding_side="left")
        packed = pack_padded_sequence(padded.flip(1), lengths, batch_first=True, enforce_sorted=False)
        return self.gru(packed)[1][-1]
""",
    ),
)


@check(RULE, at=Nature.PACKING)
def left_padded(trace: Trace) -> Iterator[Finding]:
    """Packing calls on what was padded on the left."""
    for packing in packings(trace):
        padding = next((node for node in above(trace, packing.padded) if is_left_padding(node)), None)
        reader = None if padding is None else reader_of(trace, packing)
        if padding is not None and reader is not None:
            yield _finding(trace, packing, padding, reader)


def _finding(trace: Trace, packing: Packing, padding: Node, reader: Node) -> Finding:
    batch, source = 0 if packing.batch_first else 1, packing.padded.ref
    assert source is not None
    return report(
        RULE,
        trace,
        packing.node,
        f"`{quote(trace, packing.node.span)}` keeps the padding, which is on the left, and cuts the sequences",
        claims=[PaddingInvariance(h_n_of(reader), source, batch, 1 - batch, 1, on_left=True)],
        shapes=[("the padded tensor", packing.padded)],
        related=[place_of(padding, "padded on the left")],
        help="pad on the right, as pad_sequence does by default",
    )
