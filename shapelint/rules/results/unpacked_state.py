"""SHP305: the one state of a GRU or RNN unpacked as if it were the pair (h_n, c_n) of an LSTM."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapelint.claims.values.equals import Equals
from shapelint.claims.values.raises import Raises
from shapelint.finding import Confidence, Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.names import is_unused, says_state
from shapelint.reading.operations import has_cell_state, is_failed_unpacking, is_unbind
from shapelint.reading.quoting import kind_place, naming_of, text_of, with_article
from shapelint.reading.recurrent import H_N, Slot, slot_of
from shapelint.reading.single_index import picks
from shapelint.reading.trail import nature_of
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor, Value
from shapelint.source import Span
from shapelint.trace.node import Node, given_refs
from shapelint.trace.trace import Trace

_CELL = regex(r"(?:\w+_)?c(?:ell)?(?:_?(?:n|t|0|last|out|state|new|final))?\d?")
_PAIR = regex(r"[(\[]?\s*(\w+)\s*,\s*(\w+)\s*,?\s*[)\]]?")

PAIR = Rule(
    code="SHP305",
    name="single-state-unpacked",
    severity=Severity.ERROR,
    summary="`output, (h, c) = gru(x)`: a GRU and an RNN have one state, h_n",
    page="""\
## What it does
Finds h_n of a GRU or RNN unpacked into two names, `output, (h, c) = gru(x)`.

## Why is this bad
Only an LSTM returns (output, (h_n, c_n)). A GRU and an RNN return (output, h_n), and unpacking h_n takes
its first axis apart: Python raises, unless the layer has two layers or two directions. Then `h` is silently
the state of the first one, and `c` that of the second: `h[-1]` is the last sample's, not the last layer's.

## Example
```python
self.rnn = nn.GRU(features, hidden)
output, (h, c) = self.rnn(x)
```

## Use instead
```python
self.rnn = nn.GRU(features, hidden)
output, h = self.rnn(x)
```

## Proved by
raises: h_n has not as many rows as there are names. Where it has: equals, `h` is not h_n.

## When it stays silent
The layer is an LSTM on the path that unpacks two, or the names say that two directions or layers are meant. Parts
that are only put together again are told at low confidence.
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, (h_n, c_n) = self.lstm(x)  # error: SHP305
        return self.fc(h_n[-1])
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, num_layers=3)
output, (hidden, _) = gru(torch.randn(7, 4, 3))  # error: SHP305
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.RNN(features, hidden, bidirectional=True)

    def forward(self, x):
        output, (h, c) = self.rnn(x)  # error: SHP305
        return h
""",
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.rnn = nn.GRU(features, hidden, num_layers=2, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, (hidden, _) = self.rnn(x)  # error: SHP305
        return self.fc(hidden[-1])
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Either(nn.Module):
    def __init__(self, kind, features, hidden):
        super().__init__()
        self.kind = kind
        self.rnn = nn.LSTM(features, hidden) if kind == "lstm" else nn.GRU(features, hidden)

    def forward(self, x):
        if self.kind == "lstm":
            output, (h, c) = self.rnn(x)
        else:
            output, h = self.rnn(x)
        return output, h
""",
        """\
import torch
from torch import nn

class Misnamed(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.LSTM(features, hidden)

    def forward(self, x):
        output, (h, c) = self.gru(x)
        return output, h, c
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, bidirectional=True)
output, (forward, backward) = gru(torch.randn(7, 4, 3))
summary = torch.cat((forward, backward), dim=1)
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, num_layers=2)
output, states = gru(torch.randn(7, 4, 3))
first, second = states
""",
        """\
import torch
from torch import nn

class Ahead(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, (hidden, _) = self.gru(x)
        return self.fc(hidden)
""",
    ),
)


@check(PAIR, at=(Nature.PIECES, Event.REFUSED))
def single_state_unpacked(trace: Trace) -> Iterator[Finding]:
    """Unpackings of h_n into two, that fail or that take two layers or directions for h and c."""
    for node in trace.nodes:
        if not (is_failed_unpacking(node) or is_unbind(node)) or node.number("count") != 2:
            continue
        slot, target = slot_of(trace, node.args[0]), node.find("target", Span)
        if slot is None or slot.slot != H_N or has_cell_state(slot.layer) or target is None:
            continue
        names = _PAIR.fullmatch(text_of(trace, target))
        if is_failed_unpacking(node):
            yield _failing(trace, node, slot, names)
        elif names is not None and _is_nested(node, slot) and _are_of_lstm(trace, node, names):
            yield _silent(trace, node, slot, names)


def _are_of_lstm(trace: Trace, node: Node, names: re.Match[str]) -> bool:
    """Whether the names are those of h_n and c_n, or c_n is dropped and h_n read by layers, `h_n[-1]`."""
    if names[2].strip("_"):
        return _is_cell(names[2])
    first = Ref(node.id, (0,))
    return says_state(names[1]) and any(one.base.ref == first and one.axis == 0 for one in picks(trace))


def _is_cell(name: str) -> bool:
    return _CELL.fullmatch(name.lower()) is not None


def _is_nested(node: Node, slot: Slot) -> bool:
    """Whether the pair stands in the assignment of the call's own result, where an LSTM has (h_n, c_n)."""
    return (node.span, node.path) == (slot.call.span, slot.call.path)


def _failing(trace: Trace, node: Node, slot: Slot, names: re.Match[str] | None) -> Finding:
    state = node.args[0]
    assert isinstance(state, Tensor)
    assert state.ref is not None
    rows = naming_of(trace).dim(state.axes[0].dim)
    return report(
        PAIR,
        trace,
        node,
        f"{_told(slot)}: unpacking it into 2 names fails, for it has {rows} row{'s' * (rows != '1')}",
        claims=[Raises(state.ref, unpack=2)],
        shapes=[("h_n", state)],
        related=[kind_place(slot.layer)],
        help="bind the state to one name",
        fixes=[_one_name(trace, node, slot, names)],
    )


def _silent(trace: Trace, node: Node, slot: Slot, names: re.Match[str]) -> Finding:
    state = node.args[0]
    assert isinstance(state, Tensor)
    assert state.ref is not None
    what = "directions" if slot.config.bidirectional else "layers"
    return report(
        PAIR,
        trace,
        node,
        f"{_told(slot)}: `{names[1]}` and `{names[2]}` are the states of its two {what}",
        claims=[Equals(Ref(node.id, (0,)), reference=state.ref)],
        shapes=[("h_n", state), *_parts(node, names)],
        related=[kind_place(slot.layer)],
        help=f"bind the state to one name, `{names[1]}`; it has a first axis then",
        confidence=Confidence.LOW if _are_joined_again(trace, node) else None,
    )


def _are_joined_again(trace: Trace, node: Node) -> bool:
    """Whether all that becomes of the parts is that they are put together, all in one: their names do no harm."""
    parts = {part.ref for part in getattr(node.result, "items", ()) if isinstance(part, Tensor) and part.ref}
    users = [user for part in parts for user in trace.uses(part)]
    return bool(users) and all(nature_of(user) is Nature.JOIN and parts <= _given(user) for user in users)


def _given(user: Node) -> set[Ref]:
    return set(given_refs(user))


def _told(slot: Slot) -> str:
    return f"{with_article(slot.layer)} has one state, h_n, and no c_n"


def _parts(node: Node, names: re.Match[str]) -> list[tuple[str, Value]]:
    items = getattr(node.result, "items", ())
    return list(zip(names.groups(), items, strict=False))


def _one_name(trace: Trace, node: Node, slot: Slot, names: re.Match[str] | None) -> Fix | None:
    """`(h, c)` becomes `h`, where `c` stands nowhere else in the file."""
    target = node.get("target", Span)
    if names is None or not _is_nested(node, slot) or not is_unused(trace, names[2]):
        return None
    return Fix(f"bind the state to one name: `{names[1]}`", (Edit(target, names[1]),), safe=True)
