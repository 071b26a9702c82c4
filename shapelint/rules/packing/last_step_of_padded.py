"""SHP402: the last step of what pad_packed_sequence gives, which is padding for all but the longest."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import padding_matters
from shapelint.reading.packing.unpadded import is_unpadded
from shapelint.reading.quoting import construction_place, quote
from shapelint.reading.recurrent import Sequence, sequence_of
from shapelint.reading.single_index import Pick, picks
from shapelint.reading.uses import summary_confidence
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP402",
    name="last-step-of-padded",
    severity=Severity.WARNING,
    summary="the last step after pad_packed_sequence is zero for all but the longest sequence",
    page="""\
## What it does
Finds `output[:, -1]` (or `output[-1]`, time first) after `pad_packed_sequence`, used as a summary of each
sequence.

## Why is this bad
`pad_packed_sequence` fills the steps after each sequence's end with zeros. The last step holds a state only
for the longest sequence of the batch; every shorter one gives a row of zeros, whatever it said.

## Example
```python
packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
return self.fc(output[:, -1])
```

## Use instead
```python
packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
_, h_n = self.gru(packed)
return self.fc(h_n[-1])             # torch.cat((h_n[-2], h_n[-1]), 1) of two directions
```

## Proved by
padding_invariance: the row of a short sequence is not what the sequence gives alone.

## When it stays silent
All lengths are the same; the last step of each sequence is gathered with `lengths - 1`; `h_n` is used; the
batch has one sequence; the value is not used as a summary.
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
        packed_output, _ = self.gru(packed)
        output, _ = pad_packed_sequence(packed_output, batch_first=True)
        return self.fc(output[:, -1])  # error: SHP402
""",
        """\
import torch
import torch.nn as nn
from torch.nn.utils import rnn

lstm = nn.LSTM(4, 6, bidirectional=True)
head = nn.Linear(12, 2)
x = torch.randn(9, 3, 4)
packed = rnn.pack_padded_sequence(x, torch.tensor([9, 5, 2]))
states, lengths = rnn.pad_packed_sequence(lstm(packed)[0])
print(head(states[-1]).shape)  # error: SHP402
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Gathered(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, lengths = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(output[torch.arange(len(lengths)), lengths - 1])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class FinalState(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, h_n = self.gru(packed)
        return self.fc(h_n[-1])
""",
        """\
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

gru = nn.GRU(4, 6, batch_first=True)
head = nn.Linear(6, 2)
packed = pack_padded_sequence(torch.randn(3, 9, 4), [9, 9, 9], batch_first=True)
output, _ = pad_packed_sequence(gru(packed)[0], batch_first=True)
print(head(output[:, -1]).shape)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Tagger(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(output)
""",
    ),
)


@check(RULE, at=Nature.PACKING)
def last_step_of_padded(trace: Trace) -> Iterator[Finding]:
    """A summary that is the last step of an unpacked output."""
    for pick in picks(trace):
        if pick.picked.role is not Role.TIME or not pick.is_last(trace):
            continue
        sequence = sequence_of(trace, pick.base)
        if sequence is None or sequence.unpacked is None or is_unpadded(trace, pick.base, sequence):
            continue
        confidence = summary_confidence(trace, pick.node)
        if confidence is not None:
            yield _finding(trace, pick, sequence, confidence)


def _finding(trace: Trace, pick: Pick, sequence: Sequence, confidence: Confidence) -> Finding:
    name, whole = quote(trace, pick.base_span), quote(trace, pick.node.span)
    right = "torch.cat((h_n[-2], h_n[-1]), dim=1)" if sequence.slot.config.bidirectional else "h_n[-1]"
    claims = padding_matters(trace, sequence.slot.call, pick.ref, int(pick.kept and pick.axis == 0))
    return report(
        RULE,
        trace,
        pick.node,
        f"`{whole}` is zero for every sequence that is shorter than the longest: `{name}` is padded",
        claims=claims,
        shapes=[(name, pick.base), (whole, pick.result)],
        related=[construction_place(sequence.slot.layer)],
        help=f"`{right}` of the packed call is each sequence's own last state, in the same shape",
        confidence=confidence if claims else Confidence.LOW,  # lengths that are not understood may be equal
    )
