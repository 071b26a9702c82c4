"""SHP205: an initial state for a batch of a fixed size."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_size_polymorphism import BatchSizePolymorphism
from shapelint.claims.values.raises import Raises
from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.project.settings import is_written
from shapelint.reading.loops.rounds_of_calls import feeds, round_pairs
from shapelint.reading.names import kept_on_objects
from shapelint.reading.operations import is_method
from shapelint.reading.quoting import construction_place, naming_of, place_of, quote
from shapelint.reading.recurrent import (
    config_of,
    input_of,
    layer_of,
    leaves,
    recurrent_calls,
    state_given,
    states_given,
)
from shapelint.reading.text import holds
from shapelint.reading.written import creation_of, size_expressions
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.rules.state.zeros import drop_zeros
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor
from shapelint.syntax import facts
from shapelint.trace.node import INPUT, Node, is_of_axis
from shapelint.trace.trace import Trace

_DROPS_LAST = regex(r"drop_last\s*=\s*True")

RULE = Rule(
    code="SHP205",
    name="state-of-fixed-batch",
    severity=Severity.ERROR,
    summary="the initial state is made for a batch of a fixed size: the last batch of the data is smaller",
    page="""\
## What it does
Finds an initial state whose batch size is a number or an attribute of the module, and not taken from the input.

## Why is this bad
The state must have a row for each sample of the input. The last batch of a dataset is smaller, unless it is
dropped, and one sample at inference is a batch of 1: torch raises then.

## Example
```python
h0 = torch.zeros(1, self.batch_size, self.hidden)
output, h_n = self.gru(x, h0)                 # batch_first=True
```

## Use instead
```python
h0 = torch.zeros(1, x.size(0), self.hidden)   # or no state at all: zeros are the default
output, h_n = self.gru(x, h0)
```

## Proved by
batch_size_polymorphism: with another batch the call raises. raises: the state and the input of a script do not
fit.

## When it stays silent
The batch size is 1; the input is reshaped to the same batch size; the state is kept from call to call; the
file drops the last batch (`drop_last=True`).
""",
    bad=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden, batch_size):
        super().__init__()
        self.hidden, self.batch_size = hidden, batch_size
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def init_hidden(self):
        shape = (1, self.batch_size, self.hidden)
        return torch.zeros(1, self.batch_size, self.hidden), torch.zeros(1, self.batch_size, self.hidden)

    def forward(self, x):
        output, _ = self.lstm(x, self.init_hidden())  # error: SHP205
        return self.fc(output[:, -1])
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden)

    def forward(self, x):
        h0 = torch.zeros(1, 32, self.hidden)
        output, h_n = self.gru(x, h0)  # error: SHP205
        return output
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(3, 5, batch_first=True)
state = torch.zeros(1, 3, 5)

def evaluate(x):
    return rnn(x, state)[0][:, -1]  # error: SHP205

evaluate(torch.randn(3, 7, 3))
evaluate(torch.randn(2, 7, 3))
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def init_hidden(self, batch_size):
        return torch.zeros(1, batch_size, self.hidden), torch.zeros(1, batch_size, self.hidden)

    def forward(self, x):
        return self.lstm(x, self.init_hidden(x.size(0)))[0]
""",
        """\
import torch
from torch import nn

class Stateful(nn.Module):
    def __init__(self, features, hidden, batch_size):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.state = torch.zeros(1, batch_size, hidden)

    def forward(self, x):
        output, state = self.gru(x, self.state)
        self.state = state.detach()
        return output
""",
        """\
import torch
from torch import nn

class Generator(nn.Module):
    def __init__(self, features, hidden, batch_size):
        super().__init__()
        self.hidden, self.batch_size = hidden, batch_size
        self.gru = nn.GRU(features, hidden)

    def forward(self, x):
        h0 = torch.zeros(1, self.batch_size, self.hidden)
        return self.gru(x.view(-1, self.batch_size, 4), h0)[0]

    def one(self, x):
        return self.gru(x, torch.zeros(1, 1, self.hidden))[0]
""",
        """\
import torch
from torch import nn
from torch.utils.data import DataLoader

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        return self.gru(x, torch.zeros(1, 32, self.hidden))[0]

def train(model, dataset):
    for x in DataLoader(dataset, batch_size=32, shuffle=True, drop_last=True):
        model(x).sum().backward()
""",
    ),
)


@check(RULE, at=(Event.STATE, Event.REFUSED))
def state_of_fixed_batch(trace: Trace) -> Iterator[Finding]:
    """Calls whose state has another batch size than the input, or will have with another input."""
    for call in recurrent_calls(trace):
        if call.error is not None and call.error.code == RULE.code:
            yield _refused(trace, call)
        elif call.error is None and state_given(call) is not None and not _is_dropped(trace):
            yield from _assumed(trace, call)


def _is_dropped(trace: Trace) -> bool:
    """Whether a loader leaves the smaller last batch out, in this file or in another one of the project."""
    return holds(trace, _DROPS_LAST) or is_written(trace.path, "drop_last", _DROPS_LAST)


def _refused(trace: Trace, call: Node) -> Finding:
    assert call.error is not None
    got, expected = call.error.details["got"], call.error.details["expected"]
    assert isinstance(got, tuple)
    assert isinstance(expected, tuple)
    naming = naming_of(trace)
    return report(
        RULE,
        trace,
        call,
        f"the state is for a batch of {naming.dim(got[1])}, and the input is a batch of {naming.dim(expected[1])}",
        claims=[Raises(Ref(call.id))],
        related=[construction_place(layer_of(call))],
        help="make the state for the batch of the input, or leave it away: zeros are the default",
        fixes=[drop_zeros(trace, call)],
    )


def _assumed(trace: Trace, call: Node) -> Iterator[Finding]:
    """A call that is right for one size of the batch alone."""
    value, layer = input_of(call), layer_of(call)
    batch_axis = 0 if config_of(call).batch_first else 1
    if call.id in trace.tried or not isinstance(value, Tensor) or value.rank != 3 or value.ref is None:
        return
    if _is_kept(trace, call) or _is_asked_for(trace, value.axes[batch_axis].dim):
        return
    leaf, axis = _leaf_of(trace, value, batch_axis)
    made = [creation_of(trace, state) for state in states_given(call)]
    if leaf is None or axis is None or not all(node is not None and _is_fixed(node) for node in made):
        return
    size = quote(trace, size_expressions(made[0])[1].span) if made[0] is not None else ""
    yield report(
        RULE,
        trace,
        call,
        f"the state is made for a batch of `{size}`: with an input of another batch size the call fails",
        claims=[BatchSizePolymorphism(Ref(call.id, (0,)), Ref(leaf.id), axis, batch_axis, alone=True)],
        shapes=[("the input", value)],
        related=[construction_place(layer), *(place_of(node, "the state is made here") for node in made[:1] if node)],
        help="take the batch size from the input, or leave the state away: zeros are the default",
        fixes=[drop_zeros(trace, call)],
        confidence=Confidence.MEDIUM,
    )


def _is_asked_for(trace: Trace, batch: Dim) -> bool:
    """Whether the path has asked how large the batch is: others go another way."""
    questions = (one.question for one in trace.decisions)
    return any(batch.as_symbol in one.variables for one in questions if one is not None)


def _leaf_of(trace: Trace, value: Tensor, batch_axis: int) -> tuple[Node | None, int | None]:
    """The input whose own axis is the batch, and which axis of it that is."""
    symbol = value.axes[batch_axis].dim.as_symbol
    assert value.ref is not None
    for leaf in leaves(trace, value.ref):
        if "@" in str(leaf.args[0]):  # the result of something that is not understood: its batch may be fixed
            continue
        axes = leaf.result.axes if isinstance(leaf.result, Tensor) else ()
        for axis, own in enumerate(axes):
            if symbol is not None and own.dim.as_symbol == symbol:
                return leaf, axis
    return None, None


def _is_fixed(made: Node) -> bool:
    """Whether a state is made with a number of rows that no input tells: a number, or `self.batch_size`."""
    sizes = size_expressions(made)
    if made.op == INPUT or len(sizes) != 3 or not isinstance(made.result, Tensor) or made.result.rank != 3:
        return False
    batch, written = made.result.axes[1].dim, sizes[1]
    if isinstance(written, facts.Literal):
        return batch.constant is not None and batch != Dim.of(1)
    is_attribute = isinstance(written, facts.Attribute) and isinstance(written.value, facts.Name)
    return is_attribute and batch.as_symbol is not None and not is_of_axis(batch.as_symbol)


def _is_kept(trace: Trace, call: Node) -> bool:
    """Whether the state that a call returns is kept for the next call, on an object or by a loop."""
    if any(feeds(trace, first, later) for first, later in round_pairs(recurrent_calls(trace))):
        return True
    refs = {getattr(one.value, "ref", None) for one in kept_on_objects(trace)}
    return any(_comes_from(trace, ref, call) for ref in refs if ref is not None)


def _comes_from(trace: Trace, ref: Ref, call: Node) -> bool:
    """Whether a value is the state that a call returned, moved or detached."""
    node = trace.node(ref)
    while node is not call:
        source = getattr(node.args[0], "ref", None) if is_method(node) else None
        if source is None:
            return False
        ref, node = source, trace.node(source)
    return ref.path[:1] == (1,)
