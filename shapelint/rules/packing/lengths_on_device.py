"""SHP404: lengths that were moved to a device before packing, which wants them on the CPU."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Confidence, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.packing.lengths import Packing, packings
from shapelint.reading.quoting import place_of
from shapelint.reading.trail import tensor_inputs
from shapelint.reading.written import ATOMS, insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor, Value
from shapelint.trace.devices import DEVICE, is_named_device, moved_to
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP404",
    name="lengths-on-device",
    severity=Severity.ERROR,
    summary="pack_padded_sequence wants its lengths on the CPU, wherever the data is",
    page="""\
## What it does
Finds lengths that are moved to a device (`.cuda()`, `.to(device)`, `device=device`) and then packed with.

## Why is this bad
pack_padded_sequence needs the numbers to cut the batch, and takes them from the CPU only. The code works on a
machine without a GPU, and raises on one that has it.

## Example
```python
lengths = lengths.to(device)
packed = pack_padded_sequence(x, lengths, batch_first=True)
```

## Use instead
```python
lengths = lengths.to(device)
packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True)
```

## Proved by
raises, with the data and the lengths on another device: torch's `meta` stands in for the GPU.

## When it stays silent
The lengths come back with `.cpu()` or `.tolist()`; they are a parameter, and nobody knows where it is.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        lengths = lengths.cuda()
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)  # error: SHP404
        return self.gru(packed)[1][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
lstm = nn.LSTM(8, 16).to(device)

def encode(sequences):
    lengths = torch.tensor([len(sequence) for sequence in sequences], device=device)
    padded = rnn.pad_sequence(sequences).to(device)
    packed = rnn.pack_padded_sequence(padded, lengths, enforce_sorted=False)  # error: SHP404
    return lstm(packed)[1][0][-1]

print(encode([torch.randn(5, 8), torch.randn(7, 8), torch.randn(3, 8)]).shape)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Tagger(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.gru = nn.GRU(width, hidden, batch_first=True)

    def forward(self, ids):
        lengths = (ids != 0).sum(1).to(ids.device)
        embedded = self.embedding(ids)
        packed = pack_padded_sequence(embedded, lengths - 1, True, False)  # error: SHP404
        return self.gru(packed)[1][-1]
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Encoder(nn.Module):
    def __init__(self, features, hidden, device):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.device = device

    def forward(self, x, lengths):
        x, lengths = x.to(self.device), lengths.to(self.device)
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        return self.gru(packed)[1][-1] / lengths.unsqueeze(1)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        x = x.cuda()
        packed = pack_padded_sequence(x, lengths.long(), batch_first=True, enforce_sorted=False)
        return self.gru(packed)[1][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

lstm = nn.LSTM(8, 16).cuda()
lengths = torch.tensor([5, 3, 2]).to("cpu").to(torch.int64)
x = torch.randn(5, 3, 8, device="cuda")
output, state = lstm(pack_padded_sequence(x, lengths))
output, state = lstm(pack_padded_sequence(x, torch.tensor([5, 3, 2], device="cuda").tolist()))
""",
    ),
)


@check(RULE, at=Nature.PACKING)
def lengths_on_device(trace: Trace) -> Iterator[Finding]:
    """Packing calls whose lengths are certainly on a device, if there is one."""
    for packing in packings(trace):
        move = _move(trace, packing.lengths) if packing.node.error is None else None
        if move is not None:
            yield _finding(trace, packing, move)


def _move(trace: Trace, value: Value | None) -> Node | None:
    """The call that put the lengths on a device, if nothing brought them back."""
    while isinstance(value, Tensor) and value.ref is not None:
        node = trace.node(value.ref)
        place = moved_to(node)
        if place is not None:
            return node if place == DEVICE else None
        value = next((given for given in tensor_inputs(node) if isinstance(given, Tensor)), None)
    return None


def _finding(trace: Trace, packing: Packing, move: Node) -> Finding:
    return report(
        RULE,
        trace,
        packing.node,
        f"{packing.lengths_are(trace)} on a device, and pack_padded_sequence takes lengths from the CPU only",
        claims=[Raises(Ref(packing.node.id), match="CPU", on_device=True)],
        related=[place_of(move, "moved here")],
        help="bring the lengths back, `lengths.cpu()`, or keep them on the CPU",
        fixes=[_fix(packing)],
        confidence=Confidence.HIGH if is_named_device(move) else Confidence.MEDIUM,
    )


def _fix(packing: Packing) -> Fix | None:
    written = packing.written_lengths
    if written is None:
        return None
    opening = () if isinstance(written, ATOMS) else (insertion(written.span, "(", before=True),)
    closing = insertion(written.span, ").cpu()" if opening else ".cpu()")
    return Fix("bring the lengths to the CPU", (*opening, closing), safe=True)
