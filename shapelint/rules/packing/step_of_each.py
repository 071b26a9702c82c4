"""SHP415 and SHP421: the last step of each sequence, taken one step too late, or of both directions at once."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.raises import Raises
from shapelint.finding import Confidence, Finding, Fix, Place, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import misses_direction, starts_at_zero
from shapelint.reading.packing.last_steps import StepOfEach, steps_of_each
from shapelint.reading.quoting import construction_place, place_of, quote
from shapelint.reading.recurrent import input_of
from shapelint.reading.uses import summary_confidence, takes_first_step
from shapelint.reading.written import ATOMS, insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Packed
from shapelint.trace.trace import Trace

_GOOD = (
    """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Gathered(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, lengths = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, output.size(2))
        return self.fc(output.gather(1, last).squeeze(1)), self.fc(output[torch.arange(len(lengths)), lengths - 1])
""",
    """\
import torch
from torch import nn

class LastIndices(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, last):
        output, _ = self.gru(x)
        return self.fc(output[torch.arange(output.size(0)), last])
""",
    """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class BothEnds(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.hidden = hidden
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, lengths = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        forward = output[torch.arange(len(lengths)), lengths - 1]
        backward = output[:, 0]
        return self.fc(torch.cat((forward[:, : self.hidden], backward[:, self.hidden :]), dim=1))
""",
    """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Tagger(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, tags)

    def forward(self, x, lengths, place):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        rows = torch.arange(output.size(0))
        return self.fc(output)[rows, lengths - 1], self.fc(output[rows, place])
""",
)

LATE = Rule(
    code="SHP415",
    name="length-as-index",
    severity=Severity.ERROR,
    summary="the last step of a sequence is at its length less one",
    page="""\
## What it does
Finds `output[torch.arange(batch), lengths]`, and gather with the lengths as index.

## Why is this bad
A sequence of length 4 has the steps 0 to 3: step 4 is padding. Torch raises for the longest sequence, whose
length is no index of the time axis. Where the batch has more padding it runs, and gives the first padding step
of every sequence.

## Example
```python
output, lengths = pad_packed_sequence(packed_output, batch_first=True)
last = output[torch.arange(len(lengths)), lengths]
```

## Use instead
```python
output, lengths = pad_packed_sequence(packed_output, batch_first=True)
last = output[torch.arange(len(lengths)), lengths - 1]
```

## Proved by
raises: the length of the longest sequence is out of bounds.

## When it stays silent
Nothing shows that the numbers are lengths: they were not packed with, not given by pad_packed_sequence, and not
counted in a mask. They may be last indices already.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(output[torch.arange(output.size(0)), lengths])  # error: SHP415
""",
        """\
import torch
from torch import nn

class Gathering(nn.Module):
    def __init__(self, words, width, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.lstm = nn.LSTM(width, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, ids):
        lengths = (ids != 0).sum(dim=1)
        output, _ = self.lstm(self.embedding(ids))
        index = lengths.view(-1, 1, 1).expand(-1, 1, output.size(-1))
        return self.fc(output.gather(1, index).squeeze(1))  # error: SHP415
""",
    ),
    good=_GOOD,
)

ONE_SIDED = Rule(
    code="SHP421",
    name="last-step-of-packed-bidirectional",
    severity=Severity.WARNING,
    summary="at lengths - 1 the backward half of a bidirectional output has read one step",
    page="""\
## What it does
Finds `output[torch.arange(batch), lengths - 1]`, or gather, over all features of a bidirectional layer's unpacked
output, used as a summary of each sequence.

## Why is this bad
The backward direction begins at the last step of each sequence. There it has read that step only: half of the
summary knows nothing of the rest.

## Example
```python
output, lengths = pad_packed_sequence(packed_output, batch_first=True)      # bidirectional=True
return self.fc(output[torch.arange(len(lengths)), lengths - 1])
```

## Use instead
```python
packed_output, h_n = self.gru(packed)
return self.fc(torch.cat((h_n[-2], h_n[-1]), dim=1))
```

## Proved by
dead_parameters: the recurrent weights of the last layer's backward direction get no gradient.

## When it stays silent
The first step is taken too, for the backward half; the value is used for each step and not as a summary; an
initial state is given.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, lengths = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.fc(output[torch.arange(len(lengths)), lengths - 1])  # error: SHP421
""",
        """\
import torch
from torch import nn
from torch.nn.utils import rnn

lstm = nn.LSTM(4, 6, num_layers=2, bidirectional=True)
head = nn.Linear(12, 2)
lengths = torch.tensor([9, 5, 2])
packed = rnn.pack_padded_sequence(torch.randn(9, 3, 4), lengths)
states, _ = rnn.pad_packed_sequence(lstm(packed)[0])
index = (lengths - 1)[None, :, None].expand(1, -1, states.size(2))
summary = torch.gather(states, 0, index)  # error: SHP421
print(head(summary.squeeze(0)).shape)
""",
        """\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

class Tower(nn.Module):
    def __init__(self, features, width):
        super().__init__()
        self.gru = nn.GRU(features, width // 2, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(width, width)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True)
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        last = lengths.expand(output.size(2), 1, -1).permute(2, 1, 0) - 1
        return self.fc(torch.gather(output, 1, last).squeeze(1))  # error: SHP421
""",
    ),
    good=_GOOD,
)


@check(LATE, ONE_SIDED, at=Nature.SELECTION)
def step_of_each(trace: Trace) -> Iterator[Finding]:
    """Steps taken at the lengths, and steps of both directions taken at the lengths less one."""
    for step in steps_of_each(trace):
        if step.offset not in (0, -1) or not step.is_length(trace):
            continue
        confidence = summary_confidence(trace, step.node)
        if step.offset == 0:
            yield _late(trace, step)
        elif confidence is not None and _misses_a_direction(trace, step):
            yield _one_sided(trace, step, confidence)


def _misses_a_direction(trace: Trace, step: StepOfEach) -> bool:
    slot = step.sequence.slot
    is_whole = not trace.resolve(step.base.axes[-1].dim - slot.config.output_size).terms
    if not slot.config.bidirectional or not is_whole or not isinstance(input_of(slot.call), Packed):
        return False
    starts = starts_at_zero(trace, slot.call) and slot.layer.ref is not None
    return starts and not any(takes_first_step(trace, node, slot.call) for node in trace.nodes)


def _late(trace: Trace, step: StepOfEach) -> Finding:
    whole = quote(trace, step.node.span)
    return report(
        LATE,
        trace,
        step.node,
        f"`{whole}` takes the step after the last: a sequence of length n ends at step n - 1",
        claims=[Raises(Ref(step.node.id))],
        shapes=[("the output", step.base)],
        related=_lengths_place(trace, step),
        help="take the step at `lengths - 1`",
        fixes=[_fix(step)],
    )


def _lengths_place(trace: Trace, step: StepOfEach) -> list[Place]:
    node = None if step.index.ref is None else trace.node(step.index.ref)
    return [] if node is None or node.expression is None else [place_of(node, "the lengths")]


def _fix(step: StepOfEach) -> Fix | None:
    if step.written is None:
        return None
    is_atom = isinstance(step.written, ATOMS)
    opening = () if is_atom else (insertion(step.written.span, "(", before=True),)
    return Fix("take one step less", (*opening, insertion(step.written.span, " - 1" if is_atom else ") - 1")))


def _one_sided(trace: Trace, step: StepOfEach, confidence: Confidence) -> Finding:
    whole = quote(trace, step.node.span)
    return report(
        ONE_SIDED,
        trace,
        step.node,
        f"the backward half of `{whole}` has read one step only: its final state is at the first step",
        claims=misses_direction(trace, Ref(step.node.id), step.sequence.slot),
        shapes=[("the output", step.base), (whole, step.node.result)],
        related=[construction_place(step.sequence.slot.layer)],
        help="use both final states: `torch.cat((h_n[-2], h_n[-1]), dim=-1)`",
        confidence=confidence,
    )
