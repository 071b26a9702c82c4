"""SHP414: states put back into the order of the input, which torch has done already."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.finding import Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.orders import Reordering, is_order, maker_of, reordering_of
from shapelint.reading.operations import is_method, is_packed_attribute, is_packing, is_packing_of_list
from shapelint.reading.packing.lengths import packing_of
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.recurrent import input_of, line_above, sequence_of, state_of
from shapelint.reading.trail import ancestors, nature_of, operation_of, tensor_inputs
from shapelint.reading.written import before_moves
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Packed, Tensor
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import Node, given_refs
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP414",
    name="sorted-back-twice",
    severity=Severity.WARNING,
    summary="with enforce_sorted=False torch restores the order of the samples itself",
    page="""\
## What it does
Finds final states, or an unpacked output, that are indexed with `unsorted_indices` or an inverse permutation,
after packing with `enforce_sorted=False`.

## Why is this bad
With `enforce_sorted=False` torch sorts the samples for the layer, and gives h_n, c_n and the unpacked output in
the order of the input. Another un-sorting mixes them up again: each sample gets the state of another one. Only
sorted batches do not show it.

## Example
```python
packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
_, h_n = self.gru(packed)
return self.fc(h_n[-1][packed.unsorted_indices])
```

## Use instead
```python
packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
_, h_n = self.gru(packed)
return self.fc(h_n[-1])
```

## Proved by
batch_independence: a row of the result depends on another sample.

## When it stays silent
The samples were sorted by hand before they were packed; then un-sorting is needed. `sorted_indices` bring
something else into the packed order.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, h_n = self.gru(packed)
        return self.fc(h_n[-1][packed.unsorted_indices])  # error: SHP414
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, num_layers=2)

    def forward(self, x, lengths):
        order = torch.argsort(lengths, descending=True)
        back = torch.argsort(order)
        packed = rnn.pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)
        output, (h_n, c_n) = self.lstm(packed)
        return rnn.pad_packed_sequence(output)[0].index_select(1, back)  # error: SHP414
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class SortsByHand(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        lengths, order = lengths.sort(descending=True)
        packed = pack_padded_sequence(x[order], lengths, batch_first=True, enforce_sorted=False)
        _, h_n = self.gru(packed)
        return self.fc(h_n[-1][order.argsort()])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class EnforcesOrder(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        order = torch.argsort(lengths, descending=True)
        packed = pack_padded_sequence(x.index_select(1, order), lengths[order])
        _, h_n = self.gru(packed)
        return self.fc(h_n[-1].index_select(0, torch.argsort(order)))
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class PackedOrder(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, h_n = self.gru(packed)
        in_packed_order = h_n[-1][packed.sorted_indices]
        return self.fc(h_n[-1]), in_packed_order, x[packed.unsorted_indices]
""",
    ),
)


@check(RULE, at=Nature.SELECTION)
def sorted_twice(trace: Trace) -> Iterator[Finding]:
    """Results of a layer that sorts for itself, reordered by an inverse permutation."""
    for node in trace.nodes:
        reordering = reordering_of(node)
        if reordering is None or reordering.base.axes[reordering.axis].role is not Role.BATCH:
            continue
        packing = _packing(trace, reordering.base)
        if packing is not None and _sorts_back(trace, reordering.index) and not _is_sorted_by_hand(trace, packing):
            yield _finding(trace, reordering, packing)


def _packing(trace: Trace, value: Tensor) -> Node | None:
    """The packing call without enforce_sorted that an output or a state comes from."""
    sequence = sequence_of(trace, value)
    slot = state_of(trace, value) if sequence is None else sequence.slot
    packed = None if slot is None else input_of(slot.call)
    if not isinstance(packed, Packed) or packed.enforce_sorted:
        return None
    return next((node for node in line_above(trace, packed) if is_packing(node) or is_packing_of_list(node)), None)


def _sorts_back(trace: Trace, index: Tensor) -> bool:
    """Whether places are `unsorted_indices`, or lead back from the order of a sort."""
    node = maker_of(trace, index)
    if node is not None and is_packed_attribute(node, "unsorted_indices"):
        return True
    order = None if node is None or not is_order(node, index) else next(tensor_inputs(node), None)
    before = maker_of(trace, order) if isinstance(order, Tensor) else None
    return before is not None and isinstance(order, Tensor) and is_order(before, before_moves(trace, order))


def _is_sorted_by_hand(trace: Trace, packing: Node) -> bool:
    """Whether what is packed or its lengths are a selection, or sorted."""
    above = ancestors(trace, *given_refs(packing))
    return any(reordering_of(node) is not None or _reorders(node) for node in above)


def _reorders(node: Node) -> bool:
    operation = operation_of(node)
    return nature_of(node) is Nature.ORDER or (operation is not None and operation.moves is not None)


def _finding(trace: Trace, reordering: Reordering, packing: Node) -> Finding:
    whole, padded = quote(trace, reordering.node.span), packing_of(packing)
    source = None if padded is None else padded.padded.ref
    batch = 0 if padded is None or padded.batch_first else 1
    return report(
        RULE,
        trace,
        reordering.node,
        f"`{whole}` mixes up the samples: torch has restored their order already",
        claims=[BatchIndependence(Ref(reordering.node.id), source, batch, reordering.axis)]
        if source is not None
        else [],
        shapes=[(whole, reordering.node.result)],
        related=[place_of(packing, "with enforce_sorted=False torch sorts, and sorts back")],
        help="use the state or the output as it is",
        fixes=[_fix(reordering.node)],
    )


def _fix(node: Node) -> Fix | None:
    """Leave the subscript or the method call away."""
    expression = node.expression
    if isinstance(expression, facts.Call) and isinstance(expression.func, facts.Attribute):
        base = expression.func.value.span if is_method(node) else None
    else:
        base = expression.value.span if isinstance(expression, facts.Subscript) else None
    if base is None:
        return None
    rest = Span(base.end_line, base.end_column, node.span.end_line, node.span.end_column)
    return Fix("leave the order as it is", (Edit(rest, ""),))
