"""SHP408: an unpacked output that is shorter than the padded input it is put together with."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_unpacking
from shapelint.reading.packing.lengths import Packing, known_lengths, packing_before
from shapelint.reading.quoting import add_argument, place_of
from shapelint.reading.trail import keeps_every_axis, nature_of
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Packed, Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node, given_refs
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP408",
    name="unpacked-too-short",
    severity=Severity.ERROR,
    summary="pad_packed_sequence gives as many steps as the longest sequence has, unless total_length says more",
    page="""\
## What it does
Finds the output of pad_packed_sequence without `total_length`, put together with a tensor that has as many steps
as the padded input, where no sequence is that long.

## Why is this bad
A packed sequence does not know how long the padded input was. pad_packed_sequence pads to the longest sequence of
the batch, so the output is shorter than a mask or an input that was padded further. It is the same with
`nn.DataParallel`, where each device sees a part of the batch.

## Example
```python
packed = pack_padded_sequence(x, [4, 3, 2], batch_first=True)         # x has 5 steps
output, _ = pad_packed_sequence(packed, batch_first=True)
masked = output * mask.unsqueeze(-1)
```

## Use instead
```python
packed = pack_padded_sequence(x, [4, 3, 2], batch_first=True)
output, _ = pad_packed_sequence(packed, batch_first=True, total_length=x.size(1))
masked = output * mask.unsqueeze(-1)
```

## Proved by
raises: the two tensors have different numbers of steps.

## When it stays silent
The lengths are not in the source: a batch is usually padded to its own longest sequence. `total_length` is given.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

gru = nn.GRU(7, 7, batch_first=True)
x = torch.randn(3, 5, 7)
mask = torch.ones(3, 5)
packed = pack_padded_sequence(x, torch.tensor([4, 3, 2]), batch_first=True)
output, _ = pad_packed_sequence(gru(packed)[0], batch_first=True)  # error: SHP408
print((output * mask.unsqueeze(-1)).shape)
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

class Residual(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.lstm = nn.LSTM(features, features)

    def forward(self, x, lengths):
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, _ = self.lstm(packed)
        output, _ = rnn.pad_packed_sequence(output)  # error: SHP408
        return torch.cat((torch.relu(output), x), dim=2)

print(Residual(7)(torch.randn(9, 3, 7), [5, 8, 2]).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

gru = nn.GRU(7, 7, batch_first=True)
x = torch.randn(3, 5, 7)
mask = torch.ones(3, 5)
packed = pack_padded_sequence(x, torch.tensor([4, 3, 2]), batch_first=True)
output, _ = pad_packed_sequence(gru(packed)[0], batch_first=True, total_length=5)
print((output * mask.unsqueeze(-1)).shape)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Masked(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, mask):
        packed = pack_padded_sequence(x, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return output * mask.unsqueeze(-1)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

lstm = nn.LSTM(7, 7)
x = torch.randn(9, 3, 7)
packed = pack_padded_sequence(x, [9, 8, 2])
output, _ = pad_packed_sequence(lstm(packed)[0])
print((output + x).shape)
packed = pack_padded_sequence(x, [8, 8, 2])
output, lengths = pad_packed_sequence(lstm(packed)[0])
print((output + x[:8]).shape, output.sum(0) / lengths.unsqueeze(1))
""",
    ),
)


@check(RULE, at=Nature.PACKING)
def shorter_than_input(trace: Trace) -> Iterator[Finding]:
    """Unpacked outputs that are certainly shorter than the padded input, where a tensor of its length meets them."""
    for node in trace.nodes:
        packed = node.args[0] if is_unpacking(node) and node.args and not _is_total_given(node) else None
        packing = packing_before(trace, packed) if isinstance(packed, Packed) else None
        if packing is not None and _is_shorter(trace, packing):
            meeting = _meeting(trace, node, trace.resolve(packing.steps))
            if meeting is not None:
                yield _finding(trace, node, packing, meeting)


def _is_total_given(unpacking: Node) -> bool:
    return len(unpacking.args) > 3 or "total_length" in unpacking.kwargs


def _is_shorter(trace: Trace, packing: Packing) -> bool:
    lengths = known_lengths(trace, packing.lengths)
    steps = trace.resolve(packing.steps)
    return bool(lengths) and all((steps - length).is_positive() for length in lengths)


def _meeting(trace: Trace, unpacking: Node, steps: Dim) -> Node | None:
    """The first operation on the output and a tensor that has as many steps as the input."""
    outputs = {Ref(unpacking.id, (0,))}
    for node in trace.nodes[unpacking.id + 1 :]:
        given = list(given_refs(node))
        if outputs.isdisjoint(given):
            continue
        others = [ref for ref in given if ref not in outputs]
        if any(steps in _sizes(trace, ref) for ref in others):
            return node
        if nature_of(node) is Nature.PERMUTATION or keeps_every_axis(trace, node):
            outputs.add(Ref(node.id))
    return None


def _sizes(trace: Trace, ref: Ref) -> list[Dim]:
    value = trace.node(ref).result
    return [trace.resolve(size) for size in value.sizes] if isinstance(value, Tensor) else []


def _finding(trace: Trace, unpacking: Node, packing: Packing, meeting: Node) -> Finding:
    return report(
        RULE,
        trace,
        unpacking,
        "the output has as many steps as the longest sequence, and is put together with what has all of the input's",
        claims=[Raises(Ref(meeting.id))],
        shapes=[("the padded input", packing.padded)],
        related=[
            place_of(packing.node, "no sequence is as long as the padded input"),
            place_of(meeting, "put together here"),
        ],
        help="say how many steps there are: `total_length=...`",
        fixes=[_fix(trace, unpacking, packing)],
    )


def _fix(trace: Trace, unpacking: Node, packing: Packing) -> Fix | None:
    total = _total(trace, unpacking, packing)
    call = unpacking.expression
    if total is None or not isinstance(call, facts.Call) or any(given.star for given in call.arguments):
        return None
    edit = add_argument(trace, call.span, f"total_length={total}")
    return Fix("pad to the length of the input", (edit,), safe=True)


def _total(trace: Trace, unpacking: Node, packing: Packing) -> str | None:
    """The number of steps as text: of the padded tensor, where it has a name in the same function."""
    written = argument(packing.node, 0, "input")
    name = written.value if written is not None and packing.node.frames == unpacking.frames else None
    if isinstance(name, facts.Name) and _still_names(trace, name, unpacking):
        return f"{name.id}.size({1 if packing.batch_first else 0})"
    steps = trace.resolve(packing.steps).constant
    return None if steps is None else str(steps)


def _still_names(trace: Trace, name: facts.Name, unpacking: Node) -> bool:
    """Whether a name is not bound anew before the unpacking call."""
    between = range(name.span.line, unpacking.span.line + 1)
    return not any(bound.name == name.id and bound.span.line in between for bound in trace.bindings)
