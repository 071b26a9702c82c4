"""SHP215: a module that keeps its state from call to call, and is fed with shuffled samples."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.states.independence import Independence
from shapelint.finding import Finding, Place, Ref, Severity
from shapelint.reading.loops.rounds_of_calls import feeds, round_pairs
from shapelint.reading.names import kept_on_objects
from shapelint.reading.operations import is_method
from shapelint.reading.quoting import construction_place, place_of, quote
from shapelint.reading.recurrent import input_of, layer_of, leaves, next_state, recurrent_calls
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.rules.state.carried_graph import carries_graph
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node, refs
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP215",
    name="state-kept-between-batches",
    severity=Severity.WARNING,
    summary="a module keeps its state for the next batch, whose samples are others: the data is shuffled",
    page="""\
## What it does
Finds a loop over a DataLoader with `shuffle=True` in which a module starts each batch from the state that it
kept on `self` in the batch before.

## Why is this bad
Row 0 of the kept state belongs to the first sample of the batch before. With shuffled data the first sample of
this batch has nothing to do with it: the result for a sample depends on what was in the batch before, in
evaluation too.

## Example
```python
def forward(self, x):
    output, state = self.gru(x, self.state)
    self.state = state.detach()
    return self.fc(output[:, -1])
```

## Use instead
```python
def forward(self, x):
    output, _ = self.gru(x)
    return self.fc(output[:, -1])
```

## Proved by
independence: the state after a batch depends on the samples of the batch before.

## When it stays silent
The data is not shuffled, or is not seen to be: then the batches may continue one another. The state is made
anew before each batch.
""",
    bad=(
        """\
import torch
from torch import nn
from torch.utils.data import DataLoader

class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)
        self.state = torch.zeros(1, 8, hidden)

    def forward(self, x):
        output, state = self.gru(x, self.state)  # error: SHP215
        self.state = state.detach()
        return self.fc(output[:, -1])

def train(dataset):
    model = Model(3, 5)
    for x, y in DataLoader(dataset, batch_size=8, shuffle=True, drop_last=True):
        nn.functional.cross_entropy(model(x), y).backward()
""",
        """\
import torch
from torch import nn
from torch.utils.data import DataLoader

class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 5)
        self.state = None

    def forward(self, x):
        output, (h, c) = self.lstm(x.transpose(0, 1), self.state)  # error: SHP215
        self.state = h.detach(), c.detach()
        return output[-1]

model = Forecaster()
loader = DataLoader(list(torch.randn(64, 7, 3)), 4, True)
for epoch in range(10):
    for step, x in enumerate(loader):
        model(x).mean().backward()
""",
    ),
    good=(
        """\
import torch
from torch import nn
from torch.utils.data import DataLoader

class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.state = None

    def reset(self, batch):
        self.state = torch.zeros(1, batch, self.hidden)

    def forward(self, x):
        output, state = self.gru(x, self.state)
        self.state = state.detach()
        return output[:, -1]

def train(dataset):
    model = Model(3, 5)
    for x, y in DataLoader(dataset, batch_size=8, shuffle=True):
        model.reset(x.size(0))
        nn.functional.mse_loss(model(x), y).backward()
""",
        """\
import torch
from torch import nn
from torch.utils.data import DataLoader

class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.state = None

    def forward(self, x):
        output, state = self.gru(x, self.state)
        self.state = state.detach()
        return output[:, -1]

def train(dataset):
    model = Model(3, 5)
    for x, y in DataLoader(dataset, batch_size=8, shuffle=False, drop_last=True):
        nn.functional.mse_loss(model(x), y).backward()
""",
        """\
import torch
from torch import nn
from torch.utils.data import DataLoader

gru = nn.GRU(3, 5, batch_first=True)
for windows in DataLoader(list(torch.randn(64, 12, 3)), batch_size=8, shuffle=True):
    h = None
    for window in windows.split(4, dim=1):
        output, h = gru(window, h)
        h = h.detach()
        output.sum().backward()
""",
    ),
)


@check(RULE, at=Event.ROUNDS)
def state_kept_between_batches(trace: Trace) -> Iterator[Finding]:
    """Calls in a loop over shuffled batches whose state comes from the batch before."""
    for first, later in round_pairs(recurrent_calls(trace)) if trace.loaders else ():
        batches = [_shuffled_batch(trace, call) for call in (first, later)]
        if None in batches or batches[0] == batches[1] or first.error is not None or later.error is not None:
            continue
        kept = _kept_on_self(trace, first)
        if kept is not None and feeds(trace, first, later) and not carries_graph(trace, first, later):
            yield _finding(trace, first, later, kept)


def _shuffled_batch(trace: Trace, call: Node) -> str | None:
    """The batch of a shuffled loader that a call's input comes from."""
    value = input_of(call)
    if not isinstance(value, Tensor) or value.ref is None:
        return None
    keys = [getattr(leaf.args[0], "value", "") for leaf in leaves(trace, value.ref)]
    return next((key for key in keys if getattr(trace.loader_of(key), "shuffled", False)), None)


def _kept_on_self(trace: Trace, first: Node) -> Place | None:
    """Where the state that a call returned, or what it is detached to, is kept as an attribute."""
    for binding in kept_on_objects(trace):
        if any(_is_of(trace, ref, first) for ref in refs(binding.value)):
            return place_of(binding, "the state is kept here for the next call")
    return None


def _is_of(trace: Trace, ref: Ref, call: Node) -> bool:
    node = trace.node(ref)
    while node.id > call.id and is_method(node):
        source = getattr(node.args[0], "ref", None)
        if not isinstance(source, Ref):
            return False
        ref, node = source, trace.node(source)
    return node is call and ref.path[:1] == (1,)


def _finding(trace: Trace, first: Node, later: Node, kept: Place) -> Finding:
    given, source = argument(later, 1, "hx"), getattr(input_of(first), "ref", None)
    assert isinstance(source, Ref)
    name = "the state" if given is None else f"`{quote(trace, given.value.span)}`"
    return report(
        RULE,
        trace,
        later,
        f"{name} is kept from the batch before, whose samples are others: the data is shuffled",
        claims=[Independence(next_state(later), source=source)],
        related=[construction_place(layer_of(later)), kept],
        help="start each batch from no state, or make it anew before each batch",
    )
