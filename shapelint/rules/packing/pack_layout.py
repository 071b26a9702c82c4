"""SHP405: pack_padded_sequence reads the batch and the time axis the other way round than they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.claims.values.raises import Raises
from shapelint.finding import Claim, Confidence, Edit, Finding, Fix, Place, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.intent import evidence_of
from shapelint.reading.operations import is_packing, is_unpacking
from shapelint.reading.packing.lengths import is_permuted, packing_of, reader_of
from shapelint.reading.quoting import add_argument, construction_place, place_of, quote
from shapelint.reading.recurrent import config_of, h_n_of, layer_of
from shapelint.reading.written import argument
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor
from shapelint.trace.evidence import ENOUGH
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_BATCH_FIRST = (Role.BATCH, Role.TIME)
_FLAG = 2  #: what another batch_first=True weighs: of the layer, or of unpacking its output

_UNPACKS_TIME_FIRST = regex(r"pad_packed_sequence\((?![^()]*(?:\([^()]*\)[^()]*)*(?:batch_first|,\s*True))")

LAYOUT = Rule(
    code="SHP405",
    name="packed-without-batch-first",
    severity=Severity.ERROR,
    summary="pack_padded_sequence needs batch_first=True for a (batch, time, feature) tensor",
    page="""\
## What it does
Finds pack_padded_sequence without `batch_first=True` on a tensor whose first axis is the batch.

## Why is this bad
pack_padded_sequence has a batch_first of its own, False by default: it takes axis 0 for the time, and the
lengths for those along axis 1. Torch raises, unless batch and time happen to be equally long; then the
samples are mixed. The layer's batch_first does not help: a packed sequence has no layout.

## Example
```python
packed = pack_padded_sequence(x, lengths)                     # x is (batch, time, feature)
```

## Use instead
```python
packed = pack_padded_sequence(x, lengths, batch_first=True)
```

## Proved by
raises: there is one length for each entry of the axis that is taken for the time. Where the number of
lengths is not known: batch_independence, the final states are not one for each sample.

## When it stays silent
The tensor was permuted before, or nothing says that its first axis is the batch but the layer's
batch_first, which does not matter for packed input.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Encoder(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.gru = nn.GRU(width, hidden, batch_first=True)

    def forward(self, ids):
        lengths = (ids != 0).sum(dim=1)
        packed = pack_padded_sequence(self.embedding(ids), lengths)  # error: SHP405
        return self.gru(packed)[1][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Tagger(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        batch_size, seq_len, _ = x.shape
        packed = pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)  # error: SHP405
        output, _ = self.lstm(packed)
        return pad_packed_sequence(output, batch_first=True)[0]
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

class Labels(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.gru = nn.GRU(width, hidden, batch_first=True)

    def forward(self, ids, lengths):
        packed = rnn.pack_padded_sequence(self.embedding(ids), lengths, enforce_sorted=False)  # error: SHP405
        output, _ = self.gru(packed)
        return rnn.pad_packed_sequence(output, batch_first=True)[0]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

gru = nn.GRU(3, 5, batch_first=True)
x = torch.randn(4, 7, 3)
packed = pack_padded_sequence(x, torch.tensor([7, 5, 3, 2]))  # error: SHP405
output, h_n = gru(packed)
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        batch_size, seq_len, _ = x.shape
        packed = pack_padded_sequence(x.transpose(0, 1), lengths)
        return self.gru(packed)[1][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class TimeFirst(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths)  # x: (time, batch, features)
        return self.gru(packed)[1][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

gru = nn.GRU(3, 5)
x = torch.randn(4, 7, 3)
packed = pack_padded_sequence(x, torch.tensor([7, 5, 3, 2]), batch_first=True)
output, h_n = gru(packed)
""",
    ),
)


@check(LAYOUT, at=Nature.PACKING)
def packed_in_another_layout(trace: Trace) -> Iterator[Finding]:
    """Packing calls without batch_first on what is batch-first."""
    for node in trace.nodes:
        if not is_packing(node) or _reads_batch_first(node) or not node.args or not isinstance(node.args[0], Tensor):
            continue
        if node.error is not None:
            yield from _refused(trace, node)
        else:
            yield from _mixing(trace, node)


def _reads_batch_first(node: Node) -> bool:
    given = node.kwargs.get("batch_first", node.args[2] if len(node.args) > 2 else None)
    return given is not None and getattr(given, "value", True) is not False


def _refused(trace: Trace, node: Node) -> Iterator[Finding]:
    """One length for each entry of axis 0, which is taken for the time."""
    assert node.error is not None
    count, time = node.error.details.get("got"), node.error.details.get("time")
    if node.error.code != LAYOUT.code or not isinstance(count, Dim) or not isinstance(time, Dim):
        return
    if isinstance(node.args[0], Tensor) and is_permuted(trace, node.args[0]):
        return  # the author thought of the layout: the lengths are the mistake
    if trace.resolve(count) == trace.resolve(time):
        yield _finding(trace, node, Raises(Ref(node.id)), [])


def _mixing(trace: Trace, node: Node) -> Iterator[Finding]:
    """Enough says that axis 0 is the batch, and nothing that it is the time."""
    packing = packing_of(node)
    call = None if packing is None else reader_of(trace, packing)
    if packing is None or call is None or packing.padded.rank != 3 or packing.padded.ref is None:
        return
    value = packing.padded
    evidence = [
        (role, piece)
        for axis, role in zip(value.axes, _BATCH_FIRST, strict=False)
        for piece in evidence_of(trace, axis)
    ]
    layer = layer_of(call)
    weight = max((piece.weight for _, piece in evidence), default=0)
    weight += _FLAG if config_of(call).batch_first else 0
    weight += _FLAG if _is_padded_batch_first(trace, call) else 0
    certain = packing.has_length_per_step(trace)
    if (not certain and weight < ENOUGH) or is_permuted(trace, value):
        return
    if any(piece.role is not role for role, piece in evidence):
        return
    assert value.ref is not None
    claim = BatchIndependence(h_n_of(call), value.ref, 0, 1)
    places = [place_of(piece, piece.message) for _, piece in evidence]
    found = _finding(trace, node, claim, [construction_place(layer), *places])
    yield found if evidence or certain else replace(found, confidence=Confidence.MEDIUM)


def _is_padded_batch_first(trace: Trace, call: Node) -> bool:
    """Whether the output of the recurrent call is unpacked with batch_first=True."""
    users = trace.uses(Ref(call.id, (0,)))
    return any(is_unpacking(user) and user.flag("batch_first") for user in users)


def _finding(trace: Trace, node: Node, claim: Claim, places: list[Place]) -> Finding:
    given = argument(node, 0, "input")
    name = "the tensor" if given is None else f"`{quote(trace, given.value.span)}`"
    return report(
        LAYOUT,
        trace,
        node,
        f"pack_padded_sequence reads {name} as (time, batch, ...), and it is (batch, time, ...)",
        claims=[claim],
        shapes=[(name.strip("`"), node.args[0])],
        related=places,
        help="the batch_first of the layer does not reach pack_padded_sequence",
        fixes=[_fix(trace, node)],
    )


def _fix(trace: Trace, node: Node) -> Fix | None:
    """The flag for packing, and for unpacking: one without the other exchanges the axes of the output."""
    unpacking = _unpackings(trace, node)
    edits = [_flag(trace, node, 2), *(_flag(trace, one, 1) for one in unpacking)]
    certain = [edit for edit in edits if edit is not None]
    if len(certain) != len(edits) or (node.error is not None and _UNPACKS_TIME_FIRST.search(trace.text)):
        return None
    return Fix(f"pack {'and unpack ' if unpacking else ''}with batch_first=True", tuple(certain))


def _unpackings(trace: Trace, node: Node) -> list[Node]:
    """The calls that unpack, time first, what the layer makes of the packed sequence."""
    packing = packing_of(node)
    call = None if packing is None else reader_of(trace, packing)
    users = [] if call is None else trace.uses(Ref(call.id, (0,)))
    return [one for one in users if is_unpacking(one) and not one.flag("batch_first")]


def _flag(trace: Trace, node: Node, place: int) -> Edit | None:
    written = argument(node, place, "batch_first")
    if written is not None:
        return Edit(written.value.span, "True")
    if node.expression is None or "**" in node.kwargs:
        return None
    return add_argument(trace, node.expression.span, "batch_first=True")
