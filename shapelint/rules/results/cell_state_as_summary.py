"""SHP303, SHP308: the cell state c_n of an LSTM, taken for its final state."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.states.substitution import Substitution
from shapelint.finding import Claim, Confidence, Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import has_cell_state
from shapelint.reading.quoting import kind_place, quote
from shapelint.reading.recurrent import layer_of, recurrent_calls, returned_refs
from shapelint.reading.trail import nature_of
from shapelint.reading.uses import confidence_of, is_head
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.source import Span
from shapelint.trace.events import Selection
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, once

_CUTTING = (Nature.SELECTION, Nature.VIEW, Nature.MEAN, Nature.TOTAL)

_GOOD = (
    """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, state = self.lstm(x)
        _, h_n = self.gru(x)
        return self.fc(state[0][-1]) + self.fc(h_n[-1])
""",
    """\
import torch
from torch import nn

class Memory(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x):
        _, state = self.lstm(x)
        return self.fc(torch.cat((state[0][-1], state[-1][-1]), dim=1))
""",
    """\
import torch
from torch import nn

class Stepwise(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.gate = nn.Linear(hidden, hidden)

    def forward(self, x):
        output, (h_n, c_n) = self.lstm(x)
        return output, (h_n, torch.tanh(self.gate(c_n)))
""",
)

LAST_OF_PAIR = Rule(
    code="SHP303",
    name="cell-state-by-last-index",
    severity=Severity.WARNING,
    summary="`state[-1]` of an LSTM is c_n: the state is the tuple (h_n, c_n), not a tensor",
    page="""\
## What it does
Finds `state[-1]` used as the final state, where `state` is the tuple (h_n, c_n) of an LSTM and nothing uses
`state[0]`.

## Why is this bad
`h_n[-1]` is the last layer's final state, so `state[-1]` is right for a GRU and an RNN. The state of an LSTM is
a tuple, and its last item is the cell state c_n. Torch runs it, for c_n is as large as h_n.

## Example
```python
_, state = self.lstm(x)
return self.fc(state[-1].squeeze(0))
```

## Use instead
```python
_, (h_n, c_n) = self.lstm(x)
return self.fc(h_n[-1])
```

## Proved by
substitution: with h_n in its place the result is another one.

## When it stays silent
The layer is a GRU or RNN; h_n is used too, so that both states are meant.
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.rnn = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, state = self.rnn(x)
        return self.fc(state[-1].squeeze(0))  # error: SHP303
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5, num_layers=2)
head = nn.Linear(5, 2)
output, hidden = lstm(torch.randn(7, 4, 3))
last = hidden[-1]  # error: SHP303
print(head(last[-1]))
""",
        """\
import torch
from torch import nn

class Regression(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(self.lstm(x)[1][-1][-1])  # error: SHP303
""",
    ),
    good=_GOOD,
)

MEMORY = Rule(
    code="SHP308",
    name="cell-state-as-summary",
    severity=Severity.INFO,
    summary="c_n as the summary of a sequence: h_n is what the layer gives to the outside",
    page="""\
## What it does
Finds c_n of an LSTM fed to a head where nothing uses h_n.

## Why is this bad
c_n is the memory inside of the layer, and it is not bounded. h_n is made from it through the output gate, and
equals the last step of the output. To read c_n alone may be meant; so this rule is off by default.

## Example
```python
_, (h_n, c_n) = self.lstm(x)
return self.fc(c_n[-1])
```

## Use instead
```python
_, (h_n, c_n) = self.lstm(x)
return self.fc(h_n[-1])
```

## Proved by
substitution: with h_n in its place the result is another one.

## When it stays silent
h_n is used in any way, or c_n goes to another place than a linear layer, a norm or a loss.
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, (h_n, c_n) = self.lstm(x)
        return self.fc(c_n[-1])  # error: SHP308
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
head = nn.Linear(5, 2)
output, (_, cell) = lstm(torch.randn(7, 4, 3))
print(head(cell.squeeze(0)))  # error: SHP308
""",
    ),
    good=_GOOD,
    default=False,
)


@check(LAST_OF_PAIR, MEMORY, at=Nature.RECURRENCE)
def cell_state_as_summary(trace: Trace) -> Iterator[Finding]:
    """LSTM calls whose cell state is used as a summary, and whose h_n is not used at all."""
    for call in recurrent_calls(trace):
        if not has_cell_state(layer_of(call)) or call.error is not None or _uses_h_n(trace, call):
            continue
        taken = _selections(trace).get(Ref(call.id, (1,)), [])
        for user in trace.uses(Ref(call.id, (1, 1))):
            confidence = _confidence(trace, user)
            if confidence is not None:
                yield from _findings(trace, call, user, taken, confidence)


def _uses_h_n(trace: Trace, call: Node) -> bool:
    """Whether h_n, or the tuple that holds it, goes anywhere."""
    holders = (Ref(call.id), Ref(call.id, (1,)), Ref(call.id, (1, 0)))
    return not returned_refs(trace).isdisjoint(holders) or any(trace.uses(holder) for holder in holders)


@once
def _selections(trace: Trace) -> dict[Ref, list[Selection]]:
    """The items that are taken of a tuple."""
    taken: dict[Ref, list[Selection]] = {}
    for selection in trace.selections:
        taken.setdefault(selection.whole, []).append(selection)
    return taken


def _confidence(trace: Trace, user: Node) -> Confidence | None:
    """How sure it is that an operation on c_n makes a summary of it: a head, or what leads to one."""
    if is_head(user):
        return Confidence.HIGH
    ref: Ref | None = getattr(user.result, "ref", None)
    return confidence_of(trace, ref) if ref is not None and nature_of(user) in _CUTTING else None


def _findings(
    trace: Trace, call: Node, user: Node, taken: list[Selection], confidence: Confidence
) -> Iterator[Finding]:
    if any(selection.index in (0, -2) for selection in taken):
        return
    last = next((selection for selection in taken if selection.index == -1), None)
    if last is not None and last.path == user.path:
        yield _last_of_pair(trace, call, user, last, confidence)
    elif not taken and confidence is Confidence.HIGH:
        yield _memory(trace, call, user)


def _last_of_pair(trace: Trace, call: Node, user: Node, last: Selection, confidence: Confidence) -> Finding:
    whole, state = quote(trace, last.expression.span), quote(trace, last.expression.value.span)
    return report(
        LAST_OF_PAIR,
        trace,
        user,
        f"`{whole}` is the cell state c_n: `{state}` is the tuple (h_n, c_n) of an LSTM",
        claims=_other_than_h_n(call, user),
        related=[kind_place(layer_of(call))],
        help="unpack the state, `output, (h_n, c_n) = ...`, and take `h_n[-1]`",
        fixes=[_take_h_n(last.expression.index_span, state, is_whole=not is_head(user))],
        confidence=confidence,
        span=last.expression.span,
    )


def _take_h_n(index: Span, state: str, *, is_whole: bool) -> Fix:
    """`state[-1].squeeze(0)` takes h_n whole, `fc(state[-1])` the last layer of it."""
    text = "0" if is_whole else "0][-1"
    return Fix(f"take h_n: `{state}[{text}]`", (Edit(index, text),))


def _memory(trace: Trace, call: Node, user: Node) -> Finding:
    return report(
        MEMORY,
        trace,
        user,
        "c_n alone is the summary of the sequence: the memory inside of the LSTM, and not its final state h_n",
        claims=_other_than_h_n(call, user),
        related=[kind_place(layer_of(call))],
        help="take h_n, the first of the two states",
    )


def _other_than_h_n(call: Node, user: Node) -> list[Claim]:
    c_n, h_n = Ref(call.id, (1, 1)), Ref(call.id, (1, 0))
    return [Substitution(Ref(user.id), replaced=(c_n,), by=(h_n,))]
