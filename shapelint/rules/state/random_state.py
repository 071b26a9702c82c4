"""SHP211: an initial state that is drawn at random in each forward pass."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapelint.claims.states.statelessness import Statelessness
from shapelint.finding import Claim, Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import HANDS_ON, Nature
from shapelint.reading.claims import source_of
from shapelint.reading.operations import draws_by_sizes
from shapelint.reading.quoting import construction_place, place_of
from shapelint.reading.recurrent import layer_of, next_state, recurrent_calls, state_given
from shapelint.reading.trail import ancestors, nature_of, natures, operands_of, trail
from shapelint.reading.written import creation_of, is_written_to, states_of
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Layer, Value
from shapelint.syntax import facts
from shapelint.trace.node import INPUT, Node
from shapelint.trace.trace import Trace, bindings_by_value

_CHANCE = frozenset(("noise", "noises", "eps", "epsilon", "z", "latent", "latents"))

RULE = Rule(
    code="SHP211",
    name="random-initial-state",
    severity=Severity.WARNING,
    waived_by_option=True,
    summary="an initial state drawn at random in `forward` makes every prediction random, in evaluation too",
    page="""\
## What it does
Finds `torch.randn(...)` or `torch.rand(...)` as the initial state of a recurrent layer inside `forward`.

## Why is this bad
Two passes over the same input give different results, in evaluation mode too, and a test of the model is not
repeatable. The default is zeros; a state that is to be learned is an nn.Parameter.

## Example
```python
def forward(self, x):
    h0 = torch.randn(1, x.size(0), self.hidden)
    output, h_n = self.gru(x, h0)
```

## Use instead
```python
def forward(self, x):
    output, h_n = self.gru(x)      # zeros are the default
```

## Proved by
statelessness: two passes over the same input differ.

## When it stays silent
The state is drawn outside of `forward` (an nn.Parameter, a script); the path asks for `self.training`, or for an
option that is called noise; the state is called noise, or changed before it is used, as a latent code is; the layer
reads nothing that the caller gives.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, batch_first=True)

    def init_hidden(self, batch):
        return torch.randn(1, batch, self.hidden), torch.randn(1, batch, self.hidden)

    def forward(self, x):
        output, _ = self.lstm(x, self.init_hidden(x.size(0)))  # error: SHP211
        return output[:, -1]
""",
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 5)
        self.out = nn.Linear(5, 1)

    def forward(self, x):
        h0 = torch.rand(1, x.shape[1], 5).to(x.device)
        _, h_n = self.gru(x, h0)  # error: SHP211
        return self.out(h_n[-1])

print(Forecaster()(torch.randn(7, 4, 3)).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Learned(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.h0 = nn.Parameter(torch.randn(1, 1, hidden))

    def forward(self, x):
        return self.gru(x, self.h0.expand(-1, x.size(0), -1).contiguous())[0]
""",
        """\
import torch
from torch import nn

class Noisy(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        if self.training:
            h0 = torch.randn(1, x.size(0), self.hidden)
        else:
            h0 = torch.zeros(1, x.size(0), self.hidden)
        return self.gru(x, h0)[0]
""",
        """\
import torch
from torch import nn

class Latent(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.project = nn.Linear(8, hidden)
        self.gru = nn.GRU(features, hidden)

    def forward(self, x):
        code = torch.randn(1, x.size(1), 8)
        return self.gru(x, torch.tanh(self.project(code)))[0]
""",
        """\
import torch
from torch import nn

class Shaken(nn.Module):
    def __init__(self, features, hidden, init_state_noise=False):
        super().__init__()
        self.hidden, self.init_state_noise = hidden, init_state_noise
        self.gru = nn.GRU(features, hidden)

    def forward(self, x):
        h0 = torch.randn(1, x.size(1), self.hidden) if self.init_state_noise else None
        return self.gru(x, h0)[0]
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
h0, c0 = torch.randn(1, 4, 5), torch.randn(1, 4, 5)
output, state = lstm(torch.randn(7, 4, 3), (h0, c0))
""",
    ),
)


@check(RULE, at=Event.STATE)
def random_initial_state(trace: Trace) -> Iterator[Finding]:
    """Calls inside of `forward` with a state that is drawn there."""
    asked = [decision.subject for decision in trace.decisions]
    if any("training" in subject or _speaks_of_chance(subject) for subject in asked):
        return
    for call in recurrent_calls(trace):
        given = state_given(call)
        source = source_of(trace, call) if call.error is None and given is not None else None
        if given is None or source is None or not _is_given(trace, source.ref):
            continue
        states = [state for state in states_of(given) if not _is_called_noise(trace, state)]
        made = [node for node in (creation_of(trace, state) for state in states) if node is not None]
        drawn = [node for node in made if _is_drawn(trace, node)]
        if drawn:
            claim = Statelessness(next_state(call), source=source.ref)
            yield _finding(trace, call, drawn, claim)


def _is_called_noise(trace: Trace, state: Value) -> bool:
    """Whether the author calls the state what it is: chance is what a generator is given."""
    refs = (one.ref for one in trail(trace, state, natures(HANDS_ON)))
    names = (binding.name for ref in refs if ref is not None for binding in bindings_by_value(trace).get(ref, ()))
    return any(_speaks_of_chance(name) for name in names)


def _speaks_of_chance(text: str) -> bool:
    """Whether a name, or a condition of an option, says that chance is wanted: `self.init_state_noise`."""
    return not _CHANCE.isdisjoint(re.split(r"[\W\d_]+", text.lower()))


def _is_drawn(trace: Trace, node: Node) -> bool:
    return nature_of(node) is Nature.RANDOM and _is_in_forward(trace, node) and not is_written_to(trace, node)


def _is_given(trace: Trace, ref: Ref) -> bool:
    """Whether what a layer reads comes from outside of `forward`."""
    return any(
        node.op == INPUT or not (_is_in_forward(trace, node) or isinstance(node.result, Layer))
        for node in ancestors(trace, ref)
    )


def _is_in_forward(trace: Trace, node: Node) -> bool:
    functions = [frame.function for frame in node.frames]
    return "__init__" not in functions and ("forward" in functions or trace.entry.endswith(".forward"))


def _finding(trace: Trace, call: Node, drawn: list[Node], claim: Claim) -> Finding:
    return report(
        RULE,
        trace,
        call,
        "the initial state is drawn at random in each pass: two passes over the same input differ, in evaluation too",
        claims=[claim],
        related=[construction_place(layer_of(call)), *(place_of(node, "drawn here") for node in drawn)],
        help="leave the state away: zeros are the default",
        fixes=[_zeros(drawn)],
    )


def _zeros(drawn: list[Node]) -> Fix | None:
    """`torch.randn(...)` becomes `torch.zeros(...)`."""
    edits: list[Edit] = []
    for node in drawn:
        written = node.expression.func if isinstance(node.expression, facts.Call) else None
        if not isinstance(written, facts.Attribute) or not draws_by_sizes(node):
            return None
        edits.append(Edit(written.attr_span, "zeros_like" if operands_of(node) else "zeros"))
    return Fix("start from zeros", tuple(edits))
