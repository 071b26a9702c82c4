"""SHP401: padded sequences that a layer reads without packing, to their padded end."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import padding_matters
from shapelint.reading.operations import is_squeeze
from shapelint.reading.packing.padding import padding_of
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.recurrent import (
    OUTPUT,
    Slot,
    config_of,
    input_of,
    is_refused,
    layer_of,
    recurrent_calls,
    sequence_of,
    slot_of,
)
from shapelint.reading.single_index import pick_of
from shapelint.reading.uses import summary_confidence
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP401",
    name="last-step-of-padding",
    severity=Severity.WARNING,
    summary="the last step of a padded batch is padding for all but the longest sequence",
    page="""\
## What it does
Finds the last step, or the final state, of a layer that reads padded sequences without packing them.

## Why is this bad
The layer does not know where a sequence ends. It goes on through the padding, and the last step and h_n are what
it makes of that: the shorter a sequence, the less its summary says of it, and the more of the padding.

## Example
```python
padded = pad_sequence(sequences, batch_first=True)
output, h_n = self.gru(padded)
return self.fc(output[:, -1])
```

## Use instead
```python
padded = pad_sequence(sequences, batch_first=True)
packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
_, h_n = self.gru(packed)
return self.fc(h_n[-1])
```

## Proved by
padding_invariance: the row of a short sequence depends on its padding.

## When it stays silent
Nothing shows that the sequences are padded, and where: an `Embedding` with `padding_idx` may read windows of a
fixed size, or left-padded texts, for which the last step is right. The sequences are equally long; the last step
of each is gathered with `lengths - 1`.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

class Classifier(nn.Module):
    def __init__(self, words, width, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.gru = nn.GRU(width, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, sentences):
        ids = pad_sequence(sentences, batch_first=True)
        output, _ = self.gru(self.embedding(ids))
        return self.fc(output[:, -1])  # error: SHP401
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

lstm = nn.LSTM(8, 16)
head = nn.Linear(16, 2)
sequences = [torch.randn(5, 8), torch.randn(3, 8), torch.randn(2, 8)]
padded = rnn.pad_sequence(sequences)
output, (h_n, c_n) = lstm(padded)
print(head(h_n[-1]).shape)  # error: SHP401
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class TwoReaders(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.forwards = nn.GRU(features, hidden, batch_first=True)
        self.context = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, h_n = self.forwards(packed)
        _, context = self.context(x)
        return self.fc(torch.cat((h_n[-1], context[-1]), dim=1))  # error: SHP401
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

class Packs(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, sequences):
        padded = pad_sequence(sequences, batch_first=True)
        lengths = torch.tensor([len(sequence) for sequence in sequences])
        packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
        return self.fc(self.gru(packed)[1][-1])
""",
        """\
import torch
from torch import nn

class FixedWindows(nn.Module):
    def __init__(self, words, width, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.gru = nn.GRU(width, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, ids, lengths):
        output, _ = self.gru(self.embedding(ids))
        return self.fc(output[:, -1])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 2)
left = pad_sequence([torch.randn(5, 8), torch.randn(3, 8)], batch_first=True, padding_side="left")
print(head(gru(left)[0][:, -1]).shape)
equal = pad_sequence([torch.randn(5, 8), torch.randn(5, 8)], batch_first=True)
print(head(gru(equal)[0][:, -1]).shape)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

class Gathered(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, sequences):
        lengths = torch.tensor([len(sequence) for sequence in sequences])
        output, _ = self.gru(pad_sequence(sequences, batch_first=True))
        return self.fc(output[torch.arange(len(lengths)), lengths - 1]), self.fc(output)
""",
    ),
)


@check(RULE, at=(Nature.JOIN, Nature.PACKING))
def reads_padding(trace: Trace) -> Iterator[Finding]:
    """Recurrent calls that read padded sequences, and whose end is used as a summary."""
    for call in recurrent_calls(trace):
        given = None if is_refused(trace, call) else input_of(call)
        if not isinstance(given, Tensor) or given.rank != 3 or _is_misread(call, given):
            continue
        padding = padding_of(trace, given)
        summary = None if padding is None else _summary(trace, call)
        if padding is not None and summary is not None:
            yield _finding(trace, call, padding, *summary)


def _is_misread(call: Node, given: Tensor) -> bool:
    """Whether the layer certainly takes the steps for samples: that is another mistake."""
    batch_first = config_of(call).batch_first
    return given.axes[0].role is (Role.TIME if batch_first else Role.BATCH)


def _summary(trace: Trace, call: Node) -> tuple[Node, Confidence] | None:
    """The first last step or final state of a call that is used as a summary of each sequence."""
    for node in trace.nodes[call.id + 1 :]:
        if isinstance(node.result, Tensor) and _is_end(trace, node, call):
            confidence = summary_confidence(trace, node)
            if confidence is not None:
                return node, confidence
    return None


def _is_end(trace: Trace, node: Node, call: Node) -> bool:
    """Whether a node takes the last step of one direction, or a part of a final state."""
    base = node.args[0] if node.args else None
    slot = slot_of(trace, base) if isinstance(base, Tensor) else None
    if slot is not None and slot.slot != OUTPUT:
        return slot.call is call and _keeps_samples(node, slot)
    pick = pick_of(node)
    if pick is None or pick.picked.role is not Role.TIME or not pick.is_last(trace):
        return False
    sequence = sequence_of(trace, pick.base)
    return sequence is not None and sequence.slot.call is call and not sequence.slot.config.bidirectional


def _keeps_samples(node: Node, slot: Slot) -> bool:
    """Whether an operation on a state takes layers of it, and the samples stay an axis."""
    pick = pick_of(node)
    return is_squeeze(node) or (pick is not None and pick.axis == 0)


def _finding(trace: Trace, call: Node, padding: Node, summary: Node, confidence: Confidence) -> Finding:
    whole = quote(trace, summary.span)
    assert isinstance(summary.result, Tensor)
    batch = next((at for at, axis in enumerate(summary.result.axes) if axis.role is Role.BATCH), 0)
    return report(
        RULE,
        trace,
        summary,
        f"`{whole}` is what the {layer_of(call).name} makes of the padding behind each shorter sequence",
        claims=padding_matters(trace, call, Ref(summary.id), batch),
        shapes=[(whole, summary.result)],
        related=[place_of(padding, "the sequences are padded"), place_of(call, "and read without packing")],
        help="pack the padded sequences: h_n of a packed call is each sequence's own last state",
        confidence=confidence,
    )
