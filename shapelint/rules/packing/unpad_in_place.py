"""SHP419: unpad_sequence without batch_first transposes its argument in place."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.unchanged_by import UnchangedBy
from shapelint.finding import Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_unpadding
from shapelint.reading.quoting import add_argument, place_of, quote
from shapelint.reading.recurrent import is_returned
from shapelint.reading.single_index import ONE
from shapelint.reading.written import ATOMS, argument, insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP419",
    name="unpadded-in-place",
    severity=Severity.WARNING,
    summary="unpad_sequence without batch_first=True transposes its argument in place",
    page="""\
## What it does
Finds a time-first tensor that is given to unpad_sequence and used again afterwards.

## Why is this bad
unpad_sequence wants the batch first. Without `batch_first=True` it exchanges the first two axes of the tensor
that it is given, in place: the caller's tensor is (batch, time, feature) from then on, and nothing says so.

## Example
```python
sequences = unpad_sequence(output, lengths)
return output[-1], sequences                # output is (batch, time, feature) now
```

## Use instead
```python
sequences = unpad_sequence(output.transpose(0, 1), lengths, batch_first=True)
return output[-1], sequences
```

## Proved by
unchanged_by: the tensor has another shape after the call.

## When it stays silent
The tensor is not used again, or `batch_first=True` is given.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import unpad_sequence

class Split(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x, lengths):
        output, _ = self.gru(x)
        sequences = unpad_sequence(output, lengths)  # error: SHP419
        return self.fc(output), sequences
""",
        """\
import torch
from torch.nn.utils import rnn

padded = torch.randn(5, 3, 7)
lengths = torch.tensor([5, 3, 2])
for sequence in rnn.unpad_sequence(padded, lengths, batch_first=False):  # error: SHP419
    print(sequence.mean())
print(padded.mean(dim=0))
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import unpad_sequence

class Split(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden)

    def forward(self, x, lengths):
        output, _ = self.gru(x)
        return unpad_sequence(output, lengths)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import unpad_sequence

class BatchFirst(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        output, _ = self.gru(x)
        return unpad_sequence(output, lengths, batch_first=True), output.mean(1)
""",
        """\
import torch
from torch.nn.utils import rnn

padded = torch.randn(5, 3, 7)
first = rnn.unpad_sequence(padded.clone(), torch.tensor([5, 3, 2]))
print(padded.mean(dim=0), first[0].shape)
padded = torch.randn(5, 3, 7)
second = rnn.unpad_sequence(padded, torch.tensor([5, 3, 2]))
padded = rnn.pad_sequence(second)
print(padded.mean(dim=0))
""",
    ),
)


@check(RULE, at=Nature.PACKING)
def unpad_in_place(trace: Trace) -> Iterator[Finding]:
    """Calls of unpad_sequence that change a tensor which is used again."""
    for node in trace.nodes:
        padded = node.args[0] if is_unpadding(node) and node.args and node.error is None else None
        if not isinstance(padded, Tensor) or padded.ref is None or node.flag("batch_first"):
            continue
        later = next((user for user in trace.uses(padded.ref) if user.id > node.id), None)
        is_one_long = trace.resolve(padded.sizes[0]) == trace.resolve(padded.sizes[1]) == ONE
        if (later is not None or is_returned(trace, padded.ref)) and not is_one_long:
            yield _finding(trace, node, padded.ref, later)


def _finding(trace: Trace, node: Node, padded: Ref, later: Node | None) -> Finding:
    written = argument(node, 0, "padded_sequences")
    name = "its argument" if written is None else f"`{quote(trace, written.value.span)}`"
    return report(
        RULE,
        trace,
        node,
        f"unpad_sequence transposes {name} in place: from here on it is (batch, time, ...)",
        claims=[UnchangedBy(padded, step=Ref(node.id))],
        shapes=[(name.strip("`"), node.args[0])],
        related=[] if later is None else [place_of(later, "used again here")],
        help="give it a transposed view, with batch_first=True",
        fixes=[_fix(trace, node)],
    )


def _fix(trace: Trace, node: Node) -> Fix | None:
    call, written = node.expression, argument(node, 0, "padded_sequences")
    if not isinstance(call, facts.Call) or written is None or any(given.star for given in call.arguments):
        return None
    if not isinstance(written.value, ATOMS):
        return None
    flag = argument(node, 2, "batch_first")
    named = add_argument(trace, call.span, "batch_first=True") if flag is None else Edit(flag.value.span, "True")
    return Fix("unpad a transposed view", (insertion(written.value.span, ".transpose(0, 1)"), named))
