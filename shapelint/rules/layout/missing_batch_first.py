"""SHP110, SHP602: a time-first layer gets batch-first data; batch_first was left out, or landed in `bias`."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.intent import Intent, intent_of, misplaced_flag
from shapelint.reading.layout.readings import batch_first_claim, batch_first_fix
from shapelint.reading.quoting import construction_place, quote, replace_text
from shapelint.reading.recurrent import config_of, input_of, is_refused, layer_of, own_construction, recurrent_calls
from shapelint.reading.single_index import ONE
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Layer, Tensor
from shapelint.syntax import facts
from shapelint.trace.evidence import ENOUGH
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

MISSING = Rule(
    code="SHP110",
    name="missing-batch-first",
    severity=Severity.WARNING,
    summary="batch-first data fed to a layer without batch_first=True",
    page="""\
## What it does
Finds calls of a layer without `batch_first=True` where the code says that the input is (batch, time,
feature): a shape comment or docstring, names unpacked from its size, `output[:, -1]`, pooling over axis 1,
a `pad_sequence` or another layer with `batch_first=True` that the input comes from.

## Why is this bad
Without `batch_first=True` the layer reads (T, B, I): it runs along the batch, carries its state from one
sample to the next, and treats the steps of a sequence as independent. No shape is wrong, and nothing
raises.

## Example
```python
self.lstm = nn.LSTM(features, hidden)
output, _ = self.lstm(x)           # x: (batch, time, features)
return self.fc(output[:, -1])
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden, batch_first=True)
output, _ = self.lstm(x)           # x: (batch, time, features)
return self.fc(output[:, -1])
```

## Proved by
batch_independence: with the batch where the author has it, a row of the output depends on several samples.

## When it stays silent
The evidence is weak (the name of one axis) or contradicts itself; the axes were permuted before the call; the
batch or the sequence has length 1; the input is packed or unbatched. Names of variables that are no sizes never count.
""",
    bad=(
        """\
import torch
from torch import nn

class Named(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        batch_size, seq_len, _ = x.size()
        output, _ = self.lstm(x)  # error: SHP110
        return output
""",
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, words, width, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.lstm = nn.LSTM(width, hidden)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, ids):
        batch_size, seq_len = ids.size()
        output, _ = self.lstm(self.embedding(ids))  # error: SHP110
        return self.fc(output[:, -1])
""",
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.rnn = nn.GRU(features, hidden, 2, dropout=0.1)
        self.out = nn.Linear(hidden, 1)

    def forward(self, series):
        # series: (batch, time, features)
        states, _ = self.rnn(series)  # error: SHP110
        return self.out(states)
""",
        """\
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence

lstm = nn.LSTM(3, 5)
batch = pad_sequence([torch.randn(4, 3), torch.randn(6, 3), torch.randn(2, 3)], batch_first=True)
output, _ = lstm(batch)  # error: SHP110
print(output.mean(dim=1).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class TimeFirst(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        # x: (batch, time, features)
        output, _ = self.lstm(x.permute(1, 0, 2))
        return output
""",
        """\
import torch
from torch import nn

class OneName(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        batch_size = x.size(0)
        output, _ = self.lstm(x)
        return output
""",
        """\
import torch
from torch import nn

class Contradicted(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        # x: (batch, time, features)
        output, _ = self.lstm(x)
        return self.fc(output[-1])
""",
        """\
import torch
import torch.nn as nn

lstm = nn.LSTM(3, 5)
sentence = torch.randn(7, 3)
output, _ = lstm(sentence.view(len(sentence), 1, -1))
print(output[:, -1].shape)
""",
        """\
import torch
from torch import nn

class Columns(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.along_time = nn.GRU(features, hidden, batch_first=True)
        self.along_batch = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, x):
        states, _ = self.along_time(x)
        columns, _ = self.along_batch(states.transpose(0, 1))
        return columns
""",
    ),
)

MISPLACED = Rule(
    code="SHP602",
    name="batch-first-in-place-of-bias",
    severity=Severity.WARNING,
    summary="the fourth argument of nn.LSTM and nn.GRU is `bias`, not batch_first",
    page="""\
## What it does
Finds `nn.LSTM(d, h, layers, True)` where the layer is then used as batch-first.

## Why is this bad
The fourth positional parameter of `nn.LSTM` and `nn.GRU` is `bias`, which is True anyway. `batch_first`
stays False, and the layer runs along the batch.

## Example
```python
self.lstm = nn.LSTM(features, hidden, 2, True)
output, _ = self.lstm(x)
return self.fc(output[:, -1])
```

## Use instead
```python
self.lstm = nn.LSTM(features, hidden, 2, batch_first=True)
output, _ = self.lstm(x)
return self.fc(output[:, -1])
```

## Proved by
batch_independence: with the batch on axis 0, a row of the output depends on several samples.

## When it stays silent
Nothing shows that the input is batch-first; `batch_first` is given as well; `bias` is named or False; there
are further positional arguments.
""",
    bad=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, 2, True)  # error: SHP602
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output[:, -1])
""",
        """\
import torch
import torch.nn as nn

gru = nn.GRU(8, 16, 1, True)  # error: SHP602
head = nn.Linear(16, 2)
x = torch.randn(32, 10, 8)  # (batch, time, features)
states, _ = gru(x)
print(head(states[:, -1]).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, 2, True, True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output[:, -1])
""",
        """\
import torch
from torch import nn

class TimeFirst(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, 2, True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.fc(output[-1])
""",
        """\
import torch
from torch import nn

class NoBias(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, 2, False, batch_first=True)

    def forward(self, x):
        output, _ = self.gru(x)
        return output[:, -1]
""",
    ),
)


@check(MISSING, MISPLACED, at=Nature.RECURRENCE)
def missing_batch_first(trace: Trace) -> Iterator[Finding]:
    """Calls of time-first layers whose input is meant to be (batch, time, feature)."""
    blamed = set[object]()
    for call in recurrent_calls(trace):
        layer = layer_of(call)
        if not _reads_time_first(trace, call):
            continue
        intent = intent_of(trace, call)
        if not intent.is_other_layout:
            continue
        flag = misplaced_flag(trace, layer)
        if flag is None:
            yield _missing(trace, call, layer, intent)
        elif layer.ref not in blamed:
            blamed.add(layer.ref)
            yield _misplaced(trace, call, layer, intent, flag)


def _reads_time_first(trace: Trace, call: Node) -> bool:
    """Whether the call runs, time first, on several samples and steps."""
    value = input_of(call)
    if is_refused(trace, call) or not isinstance(value, Tensor) or value.rank != 3:
        return False
    several = all(trace.resolve(axis.dim) != ONE for axis in value.axes[:2])
    return several and not config_of(call).batch_first


def _missing(trace: Trace, call: Node, layer: Layer, intent: Intent) -> Finding:
    name = _input_name(trace, call)
    value = input_of(call)
    assert isinstance(value, Tensor)
    return report(
        MISSING,
        trace,
        call,
        f"`{quote(trace, call.span)}` runs along the batch: {name} is (batch, time, feature), "
        f"and the {layer.name} is built without batch_first=True",
        claims=batch_first_claim(call, Ref(call.id, (0,))),
        shapes=[(name.strip("`"), value)],
        related=[construction_place(layer), *intent.places()],
        help="build the layer with batch_first=True, and check the other uses of its output",
        fixes=[batch_first_fix(trace, layer)],
        confidence=Confidence.HIGH if intent.opposed > ENOUGH else Confidence.MEDIUM,
    )


def _misplaced(trace: Trace, call: Node, layer: Layer, intent: Intent, flag: facts.Argument) -> Finding:
    construction = own_construction(trace, layer)
    assert construction is not None
    edit = replace_text(flag.span, "batch_first=True")
    use = f"`{quote(trace, call.span)}`" if call.path == trace.path else "it"
    return report(
        MISPLACED,
        trace,
        construction,
        f"the fourth argument of nn.{layer.name} is `bias`, so batch_first stays False and {use} runs along the batch",
        claims=batch_first_claim(call, Ref(call.id, (0,))),
        related=intent.places(),
        help="name the flag: batch_first=True",
        fixes=[Fix("name the flag: batch_first=True", (edit,))],
    )


def _input_name(trace: Trace, call: Node) -> str:
    if isinstance(call.expression, facts.Call) and call.expression.arguments:
        return f"`{quote(trace, call.expression.arguments[0].value.span)}`"
    return "its input"
