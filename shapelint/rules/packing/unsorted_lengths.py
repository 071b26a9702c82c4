"""SHP403: lengths that do not fall, packed with enforce_sorted=True, which is the default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from shapelint.claims.values.raises import Raises
from shapelint.finding import Edit, Finding, Fix, Place, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_packing_of_list, is_randint, is_sort, short_name
from shapelint.reading.packing.lengths import Packing, known_lengths, packings
from shapelint.reading.quoting import add_argument, place_of, quote
from shapelint.reading.single_index import ONE
from shapelint.reading.written import argument, before_moves, creation_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import FALSE, NONE, Tensor, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP403",
    name="unsorted-lengths",
    severity=Severity.ERROR,
    summary="pack_padded_sequence wants falling lengths, unless enforce_sorted=False",
    page="""\
## What it does
Finds packing calls whose lengths certainly do not fall: numbers that stand in the source, lengths that were
sorted upwards, random ones.

## Why is this bad
pack_padded_sequence and pack_sequence have `enforce_sorted=True` by default: the longest sequence must come
first. Torch raises for any other order. With `enforce_sorted=False` torch sorts the sequences itself, and
gives the results back in the order of the input.

## Example
```python
packed = pack_padded_sequence(x, torch.tensor([2, 5, 3]), batch_first=True)
```

## Use instead
```python
packed = pack_padded_sequence(x, torch.tensor([2, 5, 3]), batch_first=True, enforce_sorted=False)
```

## Proved by
raises: torch refuses the lengths.

## When it stays silent
The lengths are a parameter, or computed from one: whoever made the batch may have sorted it.
`enforce_sorted=False` is given; the lengths were sorted with `descending=True`.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

gru = nn.GRU(8, 16, batch_first=True)
x = torch.randn(3, 5, 8)
packed = pack_padded_sequence(x, torch.tensor([2, 5, 3]), batch_first=True)  # error: SHP403
output, h_n = gru(packed)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Sorting(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        lengths, order = lengths.sort(dim=0)
        packed = pack_padded_sequence(x[order], lengths.cpu(), True)  # error: SHP403
        output, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return output[order.argsort()]
""",
        """\
import torch
from torch import nn
import torch.nn.utils.rnn as rnn

sequences = [torch.randn(4, 8), torch.randn(9, 8), torch.randn(6, 8)]
packed = rnn.pack_sequence(sequences, enforce_sorted=True)  # error: SHP403
output, (h_n, c_n) = nn.LSTM(8, 16)(packed)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

lengths = torch.randint(1, 21, (32,))
packed = pack_padded_sequence(torch.randn(20, 32, 8), lengths)  # error: SHP403
print(nn.GRU(8, 16)(packed)[1].shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Sorting(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        lengths, order = lengths.sort(dim=0, descending=True)
        packed = pack_padded_sequence(x[order], lengths.cpu(), batch_first=True)
        return self.lstm(packed)[1][0][-1][order.argsort()]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class SortedByTheLoader(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True)
        return self.lstm(packed)[1][0][-1]
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence

gru = nn.GRU(8, 16)
x = torch.randn(5, 3, 8)
packed = pack_padded_sequence(x, [2, 5, 3], enforce_sorted=False)
output, h_n = gru(packed)
output, h_n = gru(pack_padded_sequence(x, torch.tensor([5, 5, 3])))
output, h_n = gru(pack_sequence([torch.randn(9, 8), torch.randn(4, 8)]))
ascending, order = torch.sort(torch.tensor([2, 5, 3]))
output, h_n = gru(pack_padded_sequence(x[:, order.flip(0)], ascending.flip(0)))
""",
    ),
)


@check(RULE, at=Nature.PACKING)
def unsorted_lengths(trace: Trace) -> Iterator[Finding]:
    """Packing calls whose lengths certainly do not fall."""
    for node in trace.nodes:
        if is_packing_of_list(node) and node.error is not None and node.error.code == RULE.code:
            yield _finding(trace, node, "the sequences", "are not sorted by falling length", [])
    for packing in packings(trace):
        if not packing.enforces_order or trace.resolve(packing.batch) == ONE:
            continue
        reason = _disorder(trace, packing)
        if reason is not None:
            written = packing.written_lengths
            name = "the lengths" if written is None else f"`{quote(trace, written.span)}`"
            yield _finding(trace, packing.node, name, *reason)


def _disorder(trace: Trace, packing: Packing) -> tuple[str, list[Place]] | None:
    """Why the lengths do not fall, and the place that shows it; None where they may fall."""
    known = known_lengths(trace, packing.lengths)
    if _rises(known):
        return "does not fall", []
    maker = creation_of(trace, packing.lengths)
    if maker is not None and is_randint(maker):
        return "is in random order", [place_of(maker, "random lengths")]
    sorting = _sorted_by(trace, packing.lengths)
    if sorting is not None and not known:
        return "is sorted upwards", [place_of(sorting, "sorted here, the shortest first")]
    return None


def _rises(lengths: Sequence[Dim]) -> bool:
    """Whether a length is certainly greater than the one before it."""
    return any((after - before).is_positive() for before, after in pairwise(lengths))


def _sorted_by(trace: Trace, lengths: Value) -> Node | None:
    """The call that sorted the lengths upwards."""
    lengths = before_moves(trace, lengths)
    if not isinstance(lengths, Tensor) or lengths.ref is None or lengths.ref.path != (0,):
        return None
    node = trace.node(lengths.ref)
    is_upwards = is_sort(node) and node.named.get("descending") in (NONE, FALSE)
    return node if is_upwards else None


def _finding(trace: Trace, node: Node, name: str, reason: str, related: list[Place]) -> Finding:
    return report(
        RULE,
        trace,
        node,
        f"{name} {reason}, and {short_name(node)} wants the longest sequence first",
        claims=[Raises(Ref(node.id))],
        related=related,
        help="with enforce_sorted=False torch sorts the sequences, and restores their order in the results",
        fixes=[_fix(trace, node)],
    )


def _fix(trace: Trace, node: Node) -> Fix | None:
    call = node.expression
    if not isinstance(call, facts.Call) or any(given.star for given in call.arguments):
        return None
    written = argument(node, 1 if is_packing_of_list(node) else 3, "enforce_sorted")
    edit = (
        add_argument(trace, call.span, "enforce_sorted=False") if written is None else Edit(written.value.span, "False")
    )
    return Fix("let torch sort: enforce_sorted=False", (edit,), safe=True)
