"""SHP407 and SHP412: packed sequences, and the pair that unpacking one gives, used as if they were tensors."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.equals import Equals
from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_method, is_packed_attribute, is_unpacking, short_name
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.recurrent import OUTPUT, Slot, slot_of
from shapelint.reading.single_index import LAST
from shapelint.reading.written import insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Int, Packed, Tuple, Value
from shapelint.syntax import facts
from shapelint.trace.node import INPUT, Node
from shapelint.trace.trace import Trace

PAIR = Rule(
    code="SHP407",
    name="unpacked-pair-as-tensor",
    severity=Severity.ERROR,
    summary="pad_packed_sequence returns (output, lengths): the pair is no tensor",
    page="""\
## What it does
Finds the result of pad_packed_sequence, bound to one name, where a tensor is needed.

## Why is this bad
pad_packed_sequence returns two things, the padded output and the lengths. Layers refuse the pair, and it has no
`shape`.

## Example
```python
output = pad_packed_sequence(packed_output, batch_first=True)
return self.fc(output)
```

## Use instead
```python
output, _ = pad_packed_sequence(packed_output, batch_first=True)
return self.fc(output)
```

## Proved by
raises: torch refuses the tuple.

## When it stays silent
The pair is taken apart: `output[0]`, or unpacked later.
""",
    bad=(
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
        output = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(output)  # error: SHP407
""",
        """\
import torch
import torch.nn as nn
from torch.nn.utils import rnn

lstm = nn.LSTM(4, 6)
packed = rnn.pack_padded_sequence(torch.randn(9, 3, 4), [9, 5, 2])
unpacked = rnn.pad_packed_sequence(lstm(packed)[0])
steps, batch, _ = unpacked.shape  # error: SHP407
""",
    ),
    good=(
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
        unpacked = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(unpacked[0])
""",
        """\
import torch
import torch.nn as nn
from torch.nn.utils import rnn

lstm = nn.LSTM(4, 6)
packed = rnn.pack_padded_sequence(torch.randn(9, 3, 4), [9, 5, 2])
unpacked = rnn.pad_packed_sequence(lstm(packed)[0])
output, lengths = unpacked
print(output.shape, unpacked[1])
""",
        """\
import torch
import torch.nn as nn
from torch.nn.utils import rnn

lstm, fc = nn.LSTM(4, 6), nn.Linear(6, 2)
packed = rnn.pack_padded_sequence(torch.randn(9, 3, 4), [9, 5, 2])
print(fc(rnn.pad_packed_sequence(lstm(packed)[0])[0]).shape)
""",
    ),
)

PACKED_RULE = Rule(
    code="SHP412",
    name="packed-sequence-as-tensor",
    severity=Severity.ERROR,
    summary="the output for packed input is a PackedSequence, which is no tensor",
    page="""\
## What it does
Finds a PackedSequence that is indexed by steps, given to a layer that takes a tensor, or asked for `shape`.

## Why is this bad
A recurrent layer gives a packed output for packed input. A PackedSequence is a tuple of four fields: `output[-1]`
is the last of them, `unsorted_indices` (None, if the lengths were sorted), and not the last step. Layers other
than the recurrent ones refuse it.

## Example
```python
output, h_n = self.gru(pack_padded_sequence(x, lengths, batch_first=True))
return output[-1]
```

## Use instead
```python
output, h_n = self.gru(pack_padded_sequence(x, lengths, batch_first=True))
return h_n[-1]
```

## Proved by
raises, where torch refuses the packed sequence. For `output[-1]`: equals, the value is not the last state.

## When it stays silent
The data of the packed sequence is used: `output.data` or `output[0]`, for instance in
`PackedSequence(dropout(output.data), output.batch_sizes)`. The output was unpacked with pad_packed_sequence.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class LastField(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        output, h_n = self.gru(pack_padded_sequence(x, lengths, batch_first=True))
        return output[-1]  # error: SHP412
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Tagger(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = self.lstm(packed)
        output = self.dropout(output)  # error: SHP412
        return self.fc(output)
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

packed = rnn.pack_padded_sequence(torch.randn(3, 9, 4), [9, 5, 2], batch_first=True)
output, h_n = nn.GRU(4, 6, batch_first=True)(packed)
print(output[:, -1])  # error: SHP412
print(output.size(0))  # error: SHP412
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

class Rebuilt(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.lower = nn.GRU(features, hidden, batch_first=True)
        self.upper = nn.GRU(hidden, hidden, batch_first=True)
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True)
        output, _ = self.lower(packed)
        output = PackedSequence(self.dropout(output.data), output.batch_sizes)
        output, _ = self.upper(output)
        return self.fc(output.data), self.fc(output[0])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Unpacked(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x, lengths):
        output, _ = self.gru(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        output, lengths = pad_packed_sequence(output, batch_first=True)
        return self.fc(output), output.size(1)
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

packed = rnn.pack_padded_sequence(torch.randn(3, 9, 4), [2, 9, 5], batch_first=True, enforce_sorted=False)
output, h_n = nn.GRU(4, 6, batch_first=True)(packed.to("cpu"))
data, batch_sizes, sorted_indices, unsorted_indices = output
print(output[0].shape, h_n[-1].shape, output.batch_sizes, packed[-1])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pad_packed_sequence

class TakesBoth(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, packed):
        if hasattr(x, "batch_sizes") or packed:
            output, _ = pad_packed_sequence(self.gru(x)[0], batch_first=True)
            return output
        return self.gru(x)[0].view(x.size(0), x.shape[1], -1)
""",
    ),
)

_TUPLES_REFUSED = ("SHP301", "SHP302")


@check(PAIR, PACKED_RULE, at=(Nature.INQUIRY, Event.REFUSED))
def packed_as_tensor(trace: Trace) -> Iterator[Finding]:
    """Operations that fail because of a packed sequence or an unpacked pair, and `output[-1]` of a packed one."""
    for node in trace.nodes:
        if node.error is None:
            slot = _last_field(trace, node)
            if slot is not None:
                yield _field_taken(trace, node, slot)
        elif node.error.code in _TUPLES_REFUSED:
            yield from _pair_refused(trace, node)
        elif node.error.code == PACKED_RULE.code:
            yield from _packed_refused(trace, node)


def _last_field(trace: Trace, node: Node) -> Slot | None:
    """The packed output of which `output[-1]` is taken."""
    if not is_packed_attribute(node, "__getitem__") or node.args[1] != Int(LAST):
        return None
    slot = slot_of(trace, node.args[0])
    return slot if slot is not None and slot.slot == OUTPUT else None


def _field_taken(trace: Trace, node: Node, slot: Slot) -> Finding:
    name, whole = _name(trace, node, node.args[0]), quote(trace, node.span)
    return report(
        PACKED_RULE,
        trace,
        node,
        f"`{whole}` is a field of the PackedSequence {name}, unsorted_indices, and not the last step",
        claims=[Equals(Ref(node.id), reference=("last_state", Ref(slot.call.id)))],
        shapes=[(name.strip("`"), node.args[0])],
        related=[place_of(slot.call, "the input of this call is packed, so its output is")],
        help="h_n[-1] is each sequence's own last state; pad_packed_sequence gives all steps",
    )


def _pair_refused(trace: Trace, node: Node) -> Iterator[Finding]:
    given = next((value for value in node.args if isinstance(value, Tuple) and value.ref is not None), None)
    unpacking = None if given is None or given.ref is None or given.ref.path else trace.node(given.ref)
    if given is None or unpacking is None or not is_unpacking(unpacking):
        return
    written = _written(node, given)
    yield report(
        PAIR,
        trace,
        node,
        f"{_name(trace, node, given)} is the pair (output, lengths), {_use(node)}",
        claims=[Raises(Ref(node.id))],
        related=[place_of(unpacking, "unpacked here")],
        help="take the first of the two: `output, lengths = pad_packed_sequence(...)`",
        fixes=[] if written is None else [Fix("take the output", (insertion(written.span, "[0]"),), safe=True)],
    )


def _packed_refused(trace: Trace, node: Node) -> Iterator[Finding]:
    given = next((value for value in node.args if isinstance(value, Packed) and value.ref is not None), None)
    if given is None or given.ref is None or not _is_packed_here(trace, given):
        return
    yield report(
        PACKED_RULE,
        trace,
        node,
        f"{_name(trace, node, given)} is a PackedSequence, {_use(node)}",
        claims=[Raises(Ref(node.id))],
        shapes=[(_name(trace, node, given).strip("`"), given)],
        related=[place_of(trace.node(given.ref), "made here")],
        help="unpack it first: `output, lengths = pad_packed_sequence(...)`",
    )


def _is_packed_here(trace: Trace, given: Packed) -> bool:
    """Whether the path itself packs; that an input is packed may be true of other paths only."""
    ref = given.ref
    while ref is not None and trace.node(ref).op != INPUT:
        node = trace.node(ref)
        ref = next((value.ref for value in node.args if isinstance(value, Packed)), None)
        if ref is None:
            return True
    return False


def _written(node: Node, given: Value) -> facts.Expression | None:
    """The value as it is written: before a subscript or an attribute, or as an argument."""
    expression = node.expression
    if isinstance(expression, facts.Subscript | facts.Attribute):
        return expression.value
    if not isinstance(expression, facts.Call):
        return None
    if isinstance(expression.func, facts.Attribute) and is_method(node):
        return expression.func.value
    values = [value for value in node.args if not hasattr(value, "config")]
    place = next((at for at, value in enumerate(values) if value is given), None)
    arguments = [one for one in expression.arguments if one.keyword is None]
    if place is None or place >= len(arguments) or any(one.star for one in arguments):
        return None
    return arguments[place].value


def _name(trace: Trace, node: Node, given: Value) -> str:
    written = _written(node, given)
    return "the value" if written is None else f"`{quote(trace, written.span)}`"


def _use(node: Node) -> str:
    if isinstance(node.expression, facts.Subscript):
        return "which cannot be indexed like a tensor"
    if is_method(node):
        return f"which has no `{short_name(node)}`"
    return f"and {short_name(node)} takes a tensor"
