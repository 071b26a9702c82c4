"""SHP126: `h_n[:, -1]`, as if batch_first moved the axes of a state."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import samples_mix
from shapelint.reading.names import exchanged_names
from shapelint.reading.quoting import construction_place, quote, replace_text
from shapelint.reading.recurrent import C_N, H_N, Slot, slot_of
from shapelint.reading.single_index import FIRST, LAST, ONE, Pick, picks
from shapelint.reading.trail import nature_of
from shapelint.reading.uses import confidence_of, summary_confidence
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.syntax import facts
from shapelint.trace.node import given_refs
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP126",
    name="state-indexed-as-batch-first",
    severity=Severity.WARNING,
    summary="`h_n[:, -1]` is the last sample in every layer: h_n is never batch-first",
    page="""\
## What it does
Finds `h_n[:, -1]` and `h_n[:, 0]`, and the same of `c_n`, used as a summary of each sample.

## Why is this bad
`batch_first` changes the input and the output only. `h_n` is always (num_layers * directions, B, H), so
`h_n[:, -1]` is the state of the last sample in every layer and direction, and all other samples are
dropped.

## Example
```python
_, (h_n, c_n) = self.lstm(x)       # batch_first=True
return self.fc(h_n[:, -1])
```

## Use instead
```python
_, (h_n, c_n) = self.lstm(x)
return self.fc(h_n[-1])
```

## Proved by
batch_independence: the rows of the selected value are not one for each sample.

## When it stays silent
The name `h_n` holds the output (`h_n, _ = lstm(x)`); the state was transposed before; the batch has one
sample; the value is not used as a summary.
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
        return self.fc(h_n[:, -1, :])  # error: SHP126
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(8, 16, num_layers=2, batch_first=True)
head = nn.Linear(16, 2)
states, hidden = gru(torch.randn(32, 10, 8))
print(head(hidden[:, 0]).shape)  # error: SHP126
""",
        """\
import torch
from torch import nn

class Sorter(nn.Module):
    def __init__(self, encoder, width, hidden, labels):
        super().__init__()
        self.encoder = encoder
        self.rnn = nn.LSTM(width, hidden, bidirectional=True, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.classifier = nn.Linear(2 * hidden, labels)

    def forward(self, ids):
        _, (hidden, cell) = self.rnn(self.encoder(ids))
        hidden = self.drop(torch.cat((hidden[:, -2], hidden[:, -1]), dim=1))  # error: SHP126
        return self.classifier(hidden)
""",
        """\
import torch
from torch import nn

class BothWays(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.rnn = nn.RNN(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        result = self.rnn(x)
        return self.fc(result[1][:, -1])  # error: SHP126
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        h_n, _ = self.lstm(x)
        return self.fc(h_n[:, -1, :])
""",
        """\
import torch
from torch import nn

class Transposed(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, num_layers=2, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        h_n = h_n.transpose(0, 1)
        return self.fc(h_n[:, -1])
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(8, 16, num_layers=2)
head = nn.Linear(16, 2)
_, hidden = gru(torch.randn(10, 1, 8))
print(head(hidden[:, 0]).shape)
""",
    ),
)


@check(RULE, at=Nature.SELECTION)
def state_indexed_as_batch_first(trace: Trace) -> Iterator[Finding]:
    """`h_n[:, -1]` and `h_n[:, 0]` that select a sample."""
    for pick in picks(trace):
        slot = slot_of(trace, pick.base)
        if slot is None or slot.slot not in (H_N, C_N) or pick.base.rank != 3:
            continue
        if exchanged_names(trace, slot.call) is not None:  # the author takes it for the output (SHP306)
            continue
        if pick.axis != 1 or pick.index not in (FIRST, LAST) or trace.resolve(pick.picked.dim) == ONE:
            continue
        confidence = summary_confidence(trace, pick.node) or _confidence_of_both(trace, pick)
        if confidence is not None:
            # the first sample may be taken on purpose, where the batch is known to hold one
            yield _finding(trace, pick, slot, confidence if pick.index == LAST else Confidence.MEDIUM)


def _confidence_of_both(trace: Trace, pick: Pick) -> Confidence | None:
    """How sure it is that `cat((h_n[:, -2], h_n[:, -1]), dim=1)` is a summary: it is meant to join both directions."""
    alike = {other.ref for other in picks(trace) if other.axis == pick.axis and other.base.ref == pick.base.ref}
    joins = (user for user in trace.uses(pick.ref) if nature_of(user) is Nature.JOIN)
    sure = (confidence_of(trace, Ref(join.id)) for join in joins if alike.issuperset(given_refs(join)))
    return next((one for one in sure if one is not None), None)


def _finding(trace: Trace, pick: Pick, slot: Slot, confidence: Confidence) -> Finding:
    name, whole = quote(trace, pick.base_span), quote(trace, pick.node.span)
    which = "last" if pick.index == LAST else "first"
    return report(
        RULE,
        trace,
        pick.node,
        f"`{whole}` selects the {which} sample of the batch in every layer: "
        f"`{name}` is (layers * directions, batch, hidden), with batch_first too",
        claims=samples_mix(trace, slot.call, pick.ref, int(pick.kept)),
        shapes=[(name, pick.base), (whole, pick.result)],
        related=[construction_place(slot.layer)],
        help=_help(name, slot),
        fixes=[None if slot.config.bidirectional else _fix(name, pick)],
        confidence=confidence,
    )


def _help(name: str, slot: Slot) -> str:
    if slot.config.bidirectional:
        return f"the final state of the last layer is `torch.cat(({name}[-2], {name}[-1]), dim=1)`"
    return f"the final state of the last layer is `{name}[-1]`"


def _fix(name: str, pick: Pick) -> Fix | None:
    if pick.kept or not isinstance(pick.node.expression, facts.Subscript):
        return None
    edit = replace_text(pick.node.expression.index_span, "-1")
    return Fix(f"take the last layer's state of every sample: `{name}[-1]`", (edit,))
