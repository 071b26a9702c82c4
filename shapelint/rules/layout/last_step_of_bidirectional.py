"""SHP103: the last step of a bidirectional output, taken as a summary of the sequence."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import misses_direction
from shapelint.reading.quoting import construction_place, quote
from shapelint.reading.recurrent import Sequence, input_of, sequence_of
from shapelint.reading.single_index import FIRST, ONE, Pick, picks
from shapelint.reading.uses import summary_confidence, takes_first_step
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Packed
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP103",
    name="last-step-of-bidirectional",
    severity=Severity.WARNING,
    summary="the last step of a bidirectional output holds a backward half that has read one step",
    page="""\
## What it does
Finds `output[:, -1]` (or `output[-1]`, time first) of a bidirectional layer, used as a summary of the
sequence.

## Why is this bad
The backward direction reads from the end. At the last step it has read that step only, so half of the
features of `output[:, -1]` know nothing of the rest of the sequence. The backward direction's final state
stands at step 0.

## Example
```python
output, (h_n, c_n) = self.lstm(x)      # bidirectional=True, batch_first=True
return self.fc(output[:, -1])
```

## Use instead
```python
output, (h_n, c_n) = self.lstm(x)
return self.fc(torch.cat((h_n[-2], h_n[-1]), dim=1))
```

## Proved by
dead_parameters: the recurrent weights of the last layer's backward direction get no gradient from the
value. With an initial state that is not zero, equals: the value differs from `torch.cat((h_n[-2], h_n[-1]),
dim=-1)`.

## When it stays silent
Step 0 of the same output is used too (`torch.cat((output[:, -1, :H], output[:, 0, H:]), 1)`); only one
direction's features are taken; the sequence has one step; the value is not used as a summary; the input is
packed (then the finding is SHP402).
""",
    bad=(
        """\
import torch
from torch import nn

class Sentiment(nn.Module):
    def __init__(self, words, width, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.lstm = nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, ids):
        output, _ = self.lstm(self.embedding(ids))
        return self.fc(output[:, -1, :])  # error: SHP103
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(6, 4, num_layers=2, bidirectional=True)
head = nn.Linear(8, 3)
states, h_n = gru(torch.randn(9, 5, 6))
scores = head(states[-1])  # error: SHP103
""",
        """\
import torch
from torch import nn

class Carried(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(hidden * 2, 1)

    def forward(self, x, h_0):
        output, h_n = self.rnn(x, h_0)
        last = self.dropout(output)[:, -1]  # error: SHP103
        return self.fc(last), h_n
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Halves(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        output, _ = self.lstm(x)
        summary = torch.cat((output[:, -1, :self.hidden], output[:, 0, self.hidden:]), dim=1)
        return self.fc(summary)
""",
        """\
import torch
from torch import nn

class FirstAndLast(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, bidirectional=True)
        self.fc = nn.Linear(4 * hidden, 2)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(torch.cat((output[0], output[-1]), dim=1))
""",
        """\
import torch
from torch import nn

class OneStep(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        output, _ = self.lstm(x.unsqueeze(1))
        return self.fc(output[:, -1])
""",
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.tag = nn.Linear(2 * hidden, tags)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.tag(output)[:, -1]
""",
        """\
import torch
from torch import nn

class Query(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, x):
        output, _ = self.gru(x)
        scores = torch.bmm(output, output[:, -1].unsqueeze(2))
        weights = torch.softmax(scores, dim=1)
        return self.fc((weights * output).sum(dim=1))
""",
    ),
)


@check(RULE, at=Nature.SELECTION)
def last_step_of_bidirectional(trace: Trace) -> Iterator[Finding]:
    """A summary that is the last step of both directions."""
    for pick in picks(trace):
        if pick.picked.role is not Role.TIME or not pick.is_last(trace):
            continue
        sequence = sequence_of(trace, pick.base)
        confidence = summary_confidence(trace, pick.node)
        if sequence is None or confidence is None or not _misses_a_direction(trace, pick, sequence):
            continue
        yield _finding(trace, pick, sequence, confidence)


def _misses_a_direction(trace: Trace, pick: Pick, sequence: Sequence) -> bool:
    slot = sequence.slot
    is_whole = trace.resolve(pick.base.axes[-1].dim - slot.config.output_size) == FIRST
    is_one_step = trace.resolve(pick.picked.dim) == ONE
    packed = isinstance(input_of(slot.call), Packed)
    if not slot.config.bidirectional or packed or is_one_step or not is_whole:
        return False
    return not any(takes_first_step(trace, node, slot.call) for node in trace.nodes)


def _finding(trace: Trace, pick: Pick, sequence: Sequence, confidence: Confidence) -> Finding:
    name, whole = quote(trace, pick.base_span), quote(trace, pick.node.span)
    return report(
        RULE,
        trace,
        pick.node,
        f"the backward half of `{whole}` has read one step only: its final state is at the first step",
        claims=misses_direction(trace, pick.ref, sequence.slot),
        shapes=[(name, pick.base), (whole, pick.result)],
        related=[construction_place(sequence.slot.layer)],
        help="use both final states: `torch.cat((h_n[-2], h_n[-1]), dim=-1)` has the same shape",
        confidence=confidence,
    )
