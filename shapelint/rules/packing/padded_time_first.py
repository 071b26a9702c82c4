"""SHP413: what pad_sequence made time-first, read as batch-first."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Finding, Fix, Place, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_padding, is_recurrent_call
from shapelint.reading.packing.lengths import is_overlong, packing_of, reader_of
from shapelint.reading.quoting import add_argument, construction_place, place_of, quote
from shapelint.reading.recurrent import config_of, h_n_of, input_of, is_refused, layer_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP413",
    name="padded-time-first",
    severity=Severity.WARNING,
    summary="pad_sequence without batch_first=True gives (time, batch, feature)",
    page="""\
## What it does
Finds what pad_sequence made without `batch_first=True`, and a layer or packing call with `batch_first=True`
reads.

## Why is this bad
pad_sequence has a batch_first of its own, False by default. A batch-first layer takes its steps for samples and
its samples for steps: it runs along the batch, and each sequence mixes with those before it.

## Example
```python
padded = pad_sequence(sequences)
output, h_n = nn.GRU(8, 16, batch_first=True)(padded)
```

## Use instead
```python
padded = pad_sequence(sequences, batch_first=True)
output, h_n = nn.GRU(8, 16, batch_first=True)(padded)
```

## Proved by
batch_independence: with the sequences on axis 1, an entry of the output depends on several of them. Where the
lengths do not fit: raises.

## When it stays silent
The padded tensor is transposed before it is read, or its reader is time-first, as everything is by default.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 2)
sequences = [torch.randn(5, 8), torch.randn(3, 8), torch.randn(2, 8)]
padded = pad_sequence(sequences)  # error: SHP413
output, h_n = gru(padded)
print(head(output).shape)
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

class Tagger(nn.Module):
    def __init__(self, words, width, hidden, tags):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, sentences):
        ids = rnn.pad_sequence(sentences, padding_value=0)  # error: SHP413
        embedded = torch.relu(self.embedding(ids))
        output, _ = self.lstm(embedded)
        return self.fc(output)
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

lstm = nn.LSTM(8, 16)

def encode(sequences):
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    padded = rnn.pad_sequence(sequences)  # error: SHP413
    packed = rnn.pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    return lstm(packed)[1][0]

encode([torch.randn(5, 8), torch.randn(3, 8), torch.randn(2, 8)])
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

gru = nn.GRU(8, 16)
sequences = [torch.randn(5, 8), torch.randn(3, 8), torch.randn(2, 8)]
output, h_n = gru(pad_sequence(sequences))
print(nn.Linear(16, 2)(output).shape)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, sequences):
        padded = pad_sequence(sequences).transpose(0, 1)
        return self.gru(padded)[0], self.gru(pad_sequence(sequences, batch_first=True))[0]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

class Packs(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, sequences):
        lengths = [len(sequence) for sequence in sequences]
        packed = pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=False)
        return self.gru(packed)[1][-1]
""",
    ),
)


@check(RULE, at=Nature.JOIN)
def padded_time_first(trace: Trace) -> Iterator[Finding]:
    """Recurrent layers and packing calls that read a time-first tensor of pad_sequence as batch-first."""
    blamed = set[int]()
    paddings = {node.span: node for node in trace.nodes if is_padding(node)}
    for reader in trace.nodes if paddings else ():
        given = _read_batch_first(trace, reader)
        if given is None or [axis.role for axis in given.axes[:2]] != [Role.TIME, Role.BATCH]:
            continue
        origins = {axis.origin for axis in given.axes[:2]}
        padding = next((node for span, node in paddings.items() if origins == {span}), None)
        if padding is None or padding.id in blamed:
            continue
        claim = _claim(trace, padding, reader)
        if claim is not None:
            blamed.add(padding.id)
            yield _finding(trace, padding, reader, claim)


def _read_batch_first(trace: Trace, reader: Node) -> Tensor | None:
    """The tensor that a layer or a packing call reads as (batch, time, ...)."""
    packing = packing_of(reader)
    if packing is not None:
        return packing.padded if packing.batch_first else None
    if not is_recurrent_call(reader) or is_refused(trace, reader) or not config_of(reader).batch_first:
        return None
    value = input_of(reader)
    return value if isinstance(value, Tensor) and value.rank == 3 else None


def _claim(trace: Trace, padding: Node, reader: Node) -> Claim | None:
    """What shows the mistake: torch refuses the lengths, or the sequences of the padded tensor mix."""
    if reader.error is not None:
        return Raises(Ref(reader.id))
    if is_recurrent_call(reader):
        return BatchIndependence(Ref(reader.id, (0,)), Ref(padding.id), 1, 1)
    packing = packing_of(reader)
    call = None if packing is None else reader_of(trace, packing)
    if packing is None or call is None:
        return None
    if is_overlong(trace, packing):
        return Raises(Ref(call.id))
    return BatchIndependence(h_n_of(call), Ref(padding.id), 1, 1)


def _finding(trace: Trace, padding: Node, reader: Node, claim: Claim) -> Finding:
    name = quote(trace, padding.span)
    return report(
        RULE,
        trace,
        padding,
        f"`{name}` is (time, batch, ...), and it is read as (batch, time, ...)",
        claims=[claim],
        shapes=[(name, padding.result)],
        related=_places(reader),
        help="pad with batch_first=True, or transpose the padded tensor before it is read",
        fixes=[_fix(trace, padding)],
    )


def _places(reader: Node) -> list[Place]:
    if packing_of(reader) is not None:
        return [place_of(reader, "this call has batch_first=True")]
    return [place_of(reader, "read here"), construction_place(layer_of(reader))]


def _fix(trace: Trace, padding: Node) -> Fix | None:
    call = padding.expression
    written = len(padding.args) > 1 or "batch_first" in padding.kwargs
    if not isinstance(call, facts.Call) or written or any(given.star for given in call.arguments):
        return None
    return Fix("pad with batch_first=True", (add_argument(trace, call.span, "batch_first=True"),))
