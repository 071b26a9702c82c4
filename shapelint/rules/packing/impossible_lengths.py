"""SHP409 and SHP410: lengths that no sequence of the batch can have."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_recurrent_call, is_unpacking
from shapelint.reading.packing.lengths import Packing, is_overlong, packings, some_lengths
from shapelint.reading.quoting import place_of, quote
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Packed
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_GOOD = (
    """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.gru(packed)[1][-1]
""",
    """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

gru = nn.GRU(8, 16, batch_first=True)
x = torch.randn(3, 5, 8)
lengths = torch.tensor([6, 3, 0]).clamp(min=1, max=5)
output, h_n = gru(pack_padded_sequence(x, lengths, batch_first=True))
lengths = torch.tensor([6, 3, 0])
lengths[0] = 5
lengths[2] = 1
output, h_n = gru(pack_padded_sequence(x, lengths, batch_first=True))
""",
    """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

gru = nn.GRU(8, 16)
x = torch.randn(5, 3, 8)
output, h_n = gru(pack_padded_sequence(x, [4, 1, 1]))
output, h_n = gru(pack_padded_sequence(x, torch.full((3,), x.size(0))))
output, h_n = gru(pack_padded_sequence(x, [x.size(0)] * x.size(1)))
output, h_n = gru(pack_padded_sequence(x, torch.ones(3, dtype=torch.long)))
""",
)

EMPTY = Rule(
    code="SHP409",
    name="empty-sequence-packed",
    severity=Severity.ERROR,
    summary="pack_padded_sequence refuses a sequence of length 0",
    page="""\
## What it does
Finds packing calls with a length that is certainly 0, or negative.

## Why is this bad
A packed sequence holds at least one step of every sample. Torch raises for the whole batch because of one
empty text in it.

## Example
```python
packed = pack_padded_sequence(x, [5, 3, 0], batch_first=True)
```

## Use instead
```python
packed = pack_padded_sequence(x, torch.tensor([5, 3, 0]).clamp(min=1), batch_first=True)
```

## Proved by
raises: torch refuses the length.

## When it stays silent
The lengths are not in the source: whether a text may be empty is in the data.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

gru = nn.GRU(8, 16, batch_first=True)
x = torch.randn(3, 5, 8)
packed = pack_padded_sequence(x, [5, 3, 0], batch_first=True)  # error: SHP409
output, h_n = gru(packed)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Encoder(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)

    def forward(self, ids, lengths):
        embedded = self.embedding(ids)
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)  # error: SHP409
        return self.lstm(packed)[1][0][-1]

ids = torch.tensor([[3, 1, 4, 1], [0, 0, 0, 0], [5, 9, 0, 0]])
print(Encoder(10, 8, 16)(ids, torch.tensor([4, 0, 2])).shape)
""",
    ),
    good=_GOOD,
)

OVERLONG = Rule(
    code="SHP410",
    name="length-beyond-the-padding",
    severity=Severity.ERROR,
    summary="a length is greater than the number of steps of the padded tensor",
    page="""\
## What it does
Finds packing calls with a length that is certainly greater than the number of steps of the tensor.

## Why is this bad
pack_padded_sequence takes such lengths without a word, and counts one step too many. The error comes later, in
the recurrent layer or in pad_packed_sequence, and does not speak of lengths. The usual reason is a text that was
cut to a maximum, and whose length was not.

## Example
```python
x = torch.randn(3, 5, 8)
packed = pack_padded_sequence(x, [6, 3, 2], batch_first=True)
output, h_n = gru(packed)
```

## Use instead
```python
x = torch.randn(3, 5, 8)
packed = pack_padded_sequence(x, torch.tensor([6, 3, 2]).clamp(max=x.size(1)), batch_first=True)
output, h_n = gru(packed)
```

## Proved by
raises: the layer finds fewer steps than the packed sequence promises.

## When it stays silent
The lengths or the number of steps are not in the source, or the packed sequence is not used.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

gru = nn.GRU(8, 16, batch_first=True)
x = torch.randn(3, 5, 8)
packed = pack_padded_sequence(x, [6, 3, 2], batch_first=True)  # error: SHP410
output, h_n = gru(packed)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x):
        batch, steps, _ = x.shape
        lengths = torch.full((batch,), steps + 1)
        packed = pack_padded_sequence(x, lengths, batch_first=True)  # error: SHP410
        output, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return output
""",
    ),
    good=_GOOD,
)


@check(EMPTY, OVERLONG, at=Nature.PACKING)
def impossible_lengths(trace: Trace) -> Iterator[Finding]:
    """Packing calls with a length below 1 or above the number of steps."""
    for packing in packings(trace):
        if any((-length).is_natural() for length in some_lengths(trace, packing.lengths)):
            yield _empty(trace, packing)
        elif is_overlong(trace, packing) and not packing.is_misread:
            yield from _overlong(trace, packing)


def _empty(trace: Trace, packing: Packing) -> Finding:
    return report(
        EMPTY,
        trace,
        packing.node,
        f"{_name(trace, packing)} holds a length that is not greater than 0, and every sequence needs a step",
        claims=[Raises(Ref(packing.node.id))],
        help="leave empty sequences out of the batch, or keep one step of padding: `lengths.clamp(min=1)`",
    )


def _overlong(trace: Trace, packing: Packing) -> Iterator[Finding]:
    reader = _reader(trace, packing.node)
    if reader is not None:
        yield report(
            OVERLONG,
            trace,
            packing.node,
            f"{_name(trace, packing)} holds a length that is greater than the steps of the padded tensor",
            claims=[Raises(Ref(reader.id))],
            shapes=[("the padded tensor", packing.padded)],
            related=[place_of(reader, "torch raises here")],
            help="cut the lengths where the tensor is cut: `lengths.clamp(max=steps)`",
        )


def _name(trace: Trace, packing: Packing) -> str:
    written = packing.written_lengths
    return "the lengths" if written is None else f"`{quote(trace, written.span)}`"


def _reader(trace: Trace, packing: Node) -> Node | None:
    """The first operation that takes the packed sequence apart."""
    packed = packing.result
    if not isinstance(packed, Packed) or packed.ref is None:
        return None
    users = (user for user in trace.uses(packed.ref) if is_recurrent_call(user) or is_unpacking(user))
    return next(users, None)
