"""SHP218: sequences sorted by their lengths for packing, whose results stay in that order."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.orders import Reordering, reordering_of, sorting
from shapelint.reading.names import kept_on_objects, occurrences
from shapelint.reading.operations import is_unpacking
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.recurrent import input_of, next_state, recurrent_calls
from shapelint.reading.trail import ancestors, nature_of
from shapelint.reading.uses import confidence_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.rules.state.mixed_orders import mixed
from shapelint.shapes.value import Packed, Tensor
from shapelint.trace.node import Node, refs
from shapelint.trace.trace import Trace, bindings_by_value

_READING = (Nature.SELECTION, Nature.VIEW, Nature.PERMUTATION, Nature.JOIN, Nature.MEAN, Nature.TOTAL)
_DEPTH = 6

RULE = Rule(
    code="SHP218",
    name="order-not-restored",
    severity=Severity.WARNING,
    summary="sequences sorted by length for packing: the results stay in that order, and belong to other samples",
    page="""\
## What it does
Finds a batch that is put in the order of its lengths, `x[order]`, packed and read by a recurrent layer, where
nothing puts the results back and nothing else is told the order; and rows that are left in the order of the caller,
a state or what is joined with the results, beside sorted ones.

## Why is this bad
Row 0 of the result belongs to the longest sequence, not to the first sample. The caller compares it with the
first sample's target. Torch cannot notice, and the model learns noise.

## Example
```python
lengths, order = lengths.sort(descending=True)
packed = pack_padded_sequence(x[order], lengths, batch_first=True)
_, h_n = self.gru(packed)
return self.fc(h_n[-1])
```

## Use instead
```python
packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
_, h_n = self.gru(packed)
return self.fc(h_n[-1])
```

## Proved by
batch_independence: with unsorted lengths, row i of the state does not depend on sample i.

## When it stays silent
The results are indexed by the inverse order; the order goes anywhere else: it is returned, or used for the
targets; the caller sorts.
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
        lengths, order = lengths.sort(descending=True)
        packed = pack_padded_sequence(x[order], lengths, batch_first=True)  # error: SHP218
        _, h_n = self.gru(packed)
        return self.fc(h_n[-1])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Tagger(nn.Module):
    def __init__(self, words, hidden, tags):
        super().__init__()
        self.embedding = nn.Embedding(words, hidden)
        self.lstm = nn.LSTM(hidden, hidden, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, tags)

    def forward(self, ids, lengths):
        order = torch.argsort(lengths, descending=True)
        ids = ids.index_select(1, order)  # error: SHP218
        packed = pack_padded_sequence(self.embedding(ids), lengths[order].cpu())
        output, _ = pad_packed_sequence(self.lstm(packed)[0])
        return self.fc(output)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Captioner(nn.Module):
    def __init__(self, pixels, hidden, words):
        super().__init__()
        self.start = nn.Linear(pixels, hidden)
        self.embedding = nn.Embedding(words, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, image, caption, lengths):
        # image: (batch, pixels), caption: (batch, seq_len)
        lengths, order = lengths.sort(descending=True)
        packed = pack_padded_sequence(self.embedding(caption[order]), lengths.cpu(), batch_first=True)
        packed, h_n = self.gru(packed, self.start(image).unsqueeze(0))  # error: SHP218
        return torch.cat((h_n[-1], image), dim=1), order  # error: SHP218
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Captioner(nn.Module):
    def __init__(self, pixels, hidden, words):
        super().__init__()
        self.start = nn.Linear(pixels, hidden)
        self.embedding = nn.Embedding(words, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, image, caption, lengths):
        # image: (batch, pixels), caption: (batch, seq_len)
        lengths, order = lengths.sort(descending=True)
        packed = pack_padded_sequence(self.embedding(caption[order]), lengths.cpu(), batch_first=True)
        packed, h_n = self.gru(packed, self.start(image[order]).unsqueeze(0))
        return torch.cat((h_n[-1][order.argsort()], image), dim=1), h_n[-1] / lengths.unsqueeze(1), order
""",
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
        lengths, order = lengths.sort(descending=True)
        packed = pack_padded_sequence(x[order], lengths, batch_first=True)
        _, h_n = self.gru(packed)
        return self.fc(h_n[-1][order.argsort()])
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths, targets):
        lengths, order = lengths.sort(descending=True)
        packed = pack_padded_sequence(x[order], lengths, batch_first=True)
        _, h_n = self.gru(packed)
        return nn.functional.cross_entropy(self.fc(h_n[-1]), targets[order])
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
        lengths, order = torch.sort(lengths, descending=True)
        packed = pack_padded_sequence(x[order], lengths, batch_first=True)
        return self.gru(packed)[1][-1], order
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
        packed = pack_padded_sequence(x, lengths, batch_first=True)
        return self.gru(packed)[1][-1]
""",
    ),
)


@check(RULE, at=Nature.PACKING)
def order_not_restored(trace: Trace) -> Iterator[Finding]:
    """Calls on a sorted batch whose results are used in the sorted order, or meet rows in another one."""
    for call in recurrent_calls(trace):
        packed = input_of(call)
        if not isinstance(packed, Packed) or call.error is not None or packed.padded is None:
            continue
        reordering = sorting(trace, packed)
        confidence = None if reordering is None else _confidence(trace, call)
        if reordering is not None and (confidence is None or _tells_order(trace, call, reordering)):
            yield from mixed(RULE, trace, call, reordering)
        elif reordering is not None and confidence is not None:
            yield _finding(trace, call, reordering, confidence)


def _confidence(trace: Trace, call: Node) -> Confidence | None:
    """How sure it is that the results are used row by row: they reach a head, or are returned."""
    found = [confidence_of(trace, ref) for ref in _results(trace, call)]
    return Confidence.HIGH if Confidence.HIGH in found else next((one for one in found if one is not None), None)


def _results(trace: Trace, call: Node) -> Iterator[Ref]:
    """The output and the state of a call, and what they become by unpacking, indexing and joining."""
    waiting = [(Ref(call.id, path), 0) for path in ((0,), (1,), (1, 0))]
    seen = set[Ref]()
    while waiting:
        ref, depth = waiting.pop()
        if ref in seen:
            continue
        seen.add(ref)
        yield ref
        for user in trace.uses(ref) if depth < _DEPTH else ():
            if is_unpacking(user):
                waiting.append((Ref(user.id, (0,)), depth + 1))
            elif nature_of(user) in _READING and isinstance(user.result, Tensor):
                waiting.append((Ref(user.id), depth + 1))


def _tells_order(trace: Trace, call: Node, reordering: Reordering) -> bool:
    """Whether the order goes elsewhere than into this call, or something else reorders a result."""
    ref = reordering.index.ref
    assert ref is not None
    orders = {ref, *({Ref(ref.node)} if ref.path else set())}
    told = [inner for value in trace.returned for inner in refs(value)]
    told += [inner for one in kept_on_objects(trace) for inner in refs(one.value)]
    if orders & set(told):
        return True
    before = {node.id for node in ancestors(trace, Ref(call.id))}
    users = [user for order in orders for user in trace.uses(order)]
    if any(reordering_of(node) is not None and node.id not in before for node in trace.nodes):
        return True
    return any(user.id not in before for user in users) or _is_used_besides(
        trace, ref, len({user.span for user in users})
    )


def _is_used_besides(trace: Trace, order: Ref, users: int) -> bool:
    """Whether the name of the order stands in more places than those that are understood."""
    named = next(iter(bindings_by_value(trace).get(order, ())), None)
    if named is None or not named.name.isidentifier():
        return False
    return named.path != trace.path or occurrences(trace, named) > 1 + users


def _finding(trace: Trace, call: Node, reordering: Reordering, confidence: Confidence) -> Finding:
    whole, source = quote(trace, reordering.node.span), reordering.base.ref
    return report(
        RULE,
        trace,
        reordering.node,
        f"`{whole}` puts the samples in the order of their lengths, and nothing puts the results back",
        claims=[BatchIndependence(next_state(call), source, reordering.axis, 1)] if source is not None else [],
        shapes=[(whole, reordering.node.result)],
        related=[place_of(call, "the results are in the sorted order")],
        help="pack with `enforce_sorted=False` and leave the order as it is: torch sorts, and sorts back",
        confidence=confidence,
    )
