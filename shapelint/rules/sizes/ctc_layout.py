"""SHP516: CTCLoss on batch-first log-probabilities."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Ref, Severity
from shapelint.reading.quoting import construction_place
from shapelint.reading.recurrent import layer_of
from shapelint.reading.sizes.around import appending_fix, in_words, layer_call_above, named
from shapelint.reading.sizes.losses import is_in_evaluation
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP516",
    name="batch-first-ctc",
    severity=Severity.ERROR,
    summary="CTCLoss has no batch_first: it takes (T, B, C) log-probabilities",
    page="""\
## What it does
Finds `nn.CTCLoss` and `F.ctc_loss` on the (B, T, C) scores of a recurrent layer with `batch_first=True`.

## Why is this bad
CTCLoss takes (T, B, C), whatever the layers before it take. It reads the steps as samples, and raises since
there are not as many lengths. With as many samples as steps it runs, and aligns each step of the batch over
the samples.

## Example
```python
output, _ = self.lstm(x)                                    # batch_first=True
log_probs = self.fc(output).log_softmax(-1)
loss = F.ctc_loss(log_probs, targets, lengths, target_lengths)
```

## Use instead
```python
output, _ = self.lstm(x)
log_probs = self.fc(output).log_softmax(-1)
loss = F.ctc_loss(log_probs.transpose(0, 1), targets, lengths, target_lengths)
```

## Proved by
raises: torch counts the lengths.

## When it stays silent
The scores are time-first, by the layer or by a transposition; the batch is as long as the sequences; the path takes a
side on which the model does not train (`if not self.training`).
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Recognizer(nn.Module):
    def __init__(self, features, hidden, letters):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, letters)

    def forward(self, x, targets, lengths, target_lengths):
        output, _ = self.lstm(x)
        log_probs = F.log_softmax(self.fc(output), dim=-1)
        return F.ctc_loss(log_probs, targets, lengths, target_lengths)  # error: SHP516
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 20)
criterion = nn.CTCLoss()
states, _ = gru(torch.randn(4, 50, 8))
targets = torch.randint(1, 20, (4, 10))
loss = criterion(head(states).log_softmax(2), targets, torch.full((4,), 50), torch.full((4,), 10))  # error: SHP516
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Recognizer(nn.Module):
    def __init__(self, features, hidden, letters):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, letters)

    def forward(self, x, targets, lengths, target_lengths):
        output, _ = self.lstm(x)
        log_probs = F.log_softmax(self.fc(output), dim=-1).permute(1, 0, 2)
        return F.ctc_loss(log_probs, targets, lengths, target_lengths)
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16)
head = nn.Linear(16, 20)
criterion = nn.CTCLoss()
states, _ = gru(torch.randn(50, 4, 8))
targets = torch.randint(1, 20, (4, 10))
loss = criterion(head(states).log_softmax(2), targets, torch.full((4,), 50), torch.full((4,), 10))
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class One(nn.Module):
    def __init__(self, features, hidden, letters):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, letters)

    def forward(self, x, target, length, target_length):
        states, _ = self.gru(x.unsqueeze(0))
        log_probs = self.fc(states).squeeze(0).log_softmax(-1)
        return F.ctc_loss(log_probs, target, length, target_length)
""",
    ),
)


@check(RULE, at=Event.REFUSED)
def batch_first_ctc(trace: Trace) -> Iterator[Finding]:
    """CTC losses that torch refuses for the layout of the log-probabilities."""
    if is_in_evaluation(trace):
        return
    for node in trace.nodes:
        if node.error is None or node.error.code != RULE.code:
            continue
        place = int(node.op.endswith(".forward"))
        value = node.args[place] if place < len(node.args) else node.kwargs.get("log_probs")
        call = None if value is None else layer_call_above(trace, value)
        if call is None or not isinstance(value, Tensor):
            continue
        shown = named(trace, node, 0, "log_probs")
        yield report(
            RULE,
            trace,
            node,
            f"CTCLoss takes (time, batch, classes): `{shown}` is {in_words(value.axes)}",
            claims=[Raises(Ref(node.id))],
            shapes=[(shown, value)],
            related=[construction_place(layer_of(call))],
            help=f"give it `{shown}.transpose(0, 1)`; if the layer's input is time-first, build it without batch_first",
            fixes=[appending_fix(trace, node, 0, "log_probs", ".transpose(0, 1)", "put the time first")],
        )
