"""SHP214: a layer that is called step by step, and whose state does not go from step to step."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.states.depends_on import DependsOn
from shapelint.data import dataclass
from shapelint.finding import Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import LAYS_OUT, Nature
from shapelint.reading.loops.rounds_of_calls import is_dropped, round_pairs
from shapelint.reading.operations import is_subscript
from shapelint.reading.quoting import construction_place, quote
from shapelint.reading.recurrent import config_of, input_of, layer_of, next_state, recurrent_calls, state_given
from shapelint.reading.single_index import ONE
from shapelint.reading.trail import keeps_steps, made_by, natures, operands_of, origin_of
from shapelint.reading.written import argument
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Int, SliceValue, Tensor, Tuple, Value
from shapelint.syntax import facts
from shapelint.trace.node import INPUT, LATER_ROUND, Node, refs
from shapelint.trace.trace import Trace, bindings_by_value

_MOVED = natures(LAYS_OUT, Nature.LOOKUP, Nature.DROPOUT)
_ITEM = regex(r"(.*)\[\*(\d+)\]")  #: the key of an item of something unknown
_DEPTH = 8

RULE = Rule(
    code="SHP214",
    name="state-not-fed-back",
    severity=Severity.WARNING,
    summary="a layer that is called step by step forgets: the returned state is not passed to the next step",
    page="""\
## What it does
Finds a loop over the steps of a sequence that calls a recurrent layer on one step, drops the state that it
returns, and gives it the same state, or none, in each round.

## Why is this bad
The layer starts anew at each step, so the result of a step does not depend on the steps before it. The
recurrent weights are never used as such.

## Example
```python
h = torch.zeros(1, batch, hidden)
for t in range(x.size(1)):
    output, _ = self.gru(x[:, t:t + 1], h)
```

## Use instead
```python
h = torch.zeros(1, batch, hidden)
for t in range(x.size(1)):
    output, h = self.gru(x[:, t:t + 1], h)      # or one call: output, h = self.gru(x)
```

## Proved by
depends_on: the output of a later round does not depend on the step of the first round.

## When it stays silent
The state is passed on or used in any way; the input of a round is not a single step of one sequence, or depends
on the round before.
""",
    bad=(
        """\
import torch
from torch import nn

class Stepwise(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        h = torch.zeros(1, x.size(0), self.hidden)
        for t in range(x.size(1)):
            output, _ = self.gru(x[:, t:t + 1], h)  # error: SHP214
        return output[:, -1]
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
outputs = []
for step in torch.randn(7, 4, 3):
    output, _ = lstm(step.unsqueeze(0))  # error: SHP214
    outputs.append(output)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Stepwise(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, x):
        h = torch.zeros(1, x.size(0), self.hidden)
        for t in range(x.size(1)):
            output, h = self.gru(x[:, t:t + 1], h)
        return output[:, -1]
""",
        """\
import torch
from torch import nn

class Sentences(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)

    def forward(self, documents):
        outputs = []
        for n in range(documents.size(1)):
            output, _ = self.gru(documents[:, n])
            outputs.append(output[:, -1])
        return torch.stack(outputs, dim=1)
""",
        """\
import torch
from torch import nn

class Query(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features + hidden, hidden, batch_first=True)

    def forward(self, x, h):
        output = h.transpose(0, 1)
        for t in range(x.size(1)):
            output, _ = self.gru(torch.cat((x[:, t:t + 1], output), dim=2), h)
        return output
""",
        """\
import torch
from torch import nn

class Layers(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.layers = nn.ModuleList(nn.GRU(hidden, hidden) for _ in range(3))

    def forward(self, x):
        for layer in self.layers:
            x, _ = layer(x)
        return x
""",
    ),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence: of which, and whether a later round of the loop takes it."""

    source: object
    is_later: bool


@check(RULE, at=Event.ROUNDS)
def state_not_fed_back(trace: Trace) -> Iterator[Finding]:
    """Calls in a loop over steps that start from the same state in each round."""
    for first, later in round_pairs(recurrent_calls(trace)):
        if first.error is not None or later.error is not None or not _start_alike(first, later):
            continue
        before, step = _step_of(trace, first), _step_of(trace, later)
        if before is None or step is None or before.source != step.source or not step.is_later:
            continue
        if is_dropped(trace, first) and is_dropped(trace, later):
            yield _finding(trace, first, later)


def _start_alike(first: Node, later: Node) -> bool:
    """Whether both rounds are given one and the same state, or none."""
    states = [_refs_of(state_given(call)) for call in (first, later)]
    return None not in states and states[0] == states[1]


def _refs_of(state: Value | None) -> list[Ref] | None:
    """The traced values of a state; None where it is not known."""
    if state is None:
        return []
    return list(refs(state)) or None


def _step_of(trace: Trace, call: Node) -> Step | None:
    """The one step that a call reads."""
    value, time_axis = input_of(call), config_of(call).batch_first
    if not isinstance(value, Tensor) or value.rank != 3 or trace.resolve(value.axes[time_axis].dim) != ONE:
        return None
    node = made_by(trace, origin_of(trace, value, _leaves_a_step))
    return _taken(node) if node is not None and (node.op == INPUT or is_subscript(node)) else None


def _leaves_a_step(trace: Trace, node: Node) -> bool:
    """Whether a step is made of one step alone: it is moved, or computed sample by sample and step by step."""
    return _MOVED(trace, node) or (len(operands_of(node)) == 1 and node.op != INPUT and keeps_steps(trace, node))


def _taken(node: Node) -> Step | None:
    """What a subscript by the number of the round takes, or an item of what the loop goes over."""
    if is_subscript(node):
        ref = getattr(node.args[0], "ref", None)
        is_later = any(name.startswith(LATER_ROUND) for name in _symbols(node.args[1]))
        return None if ref is None else Step(ref, is_later)
    item = _ITEM.fullmatch(getattr(node.args[0], "value", ""))
    return None if item is None else Step(item[1], item[2] != "0")


def _symbols(index: Value) -> frozenset[str]:
    if isinstance(index, Int):
        return index.dim.symbols
    if isinstance(index, SliceValue):
        return _symbols(index.lower)
    return frozenset().union(*map(_symbols, index.items)) if isinstance(index, Tuple) else frozenset()


def _finding(trace: Trace, first: Node, later: Node) -> Finding:
    layer, source = layer_of(later), getattr(input_of(first), "ref", None)
    assert isinstance(source, Ref)
    given = argument(later, 1, "hx")
    start = "no state" if given is None else f"`{quote(trace, given.value.span)}`"
    return report(
        RULE,
        trace,
        later,
        f"each step of this loop starts from {start}: the state that the {layer.name} returns is not fed back",
        claims=[DependsOn(next_state(later), source=source)],
        related=[construction_place(layer)],
        help="pass the returned state to the next step, `output, state = rnn(step, state)`, or give the layer the "
        "whole sequence in one call",
        fixes=[_feed_back(trace, later, given)],
    )


def _feed_back(trace: Trace, call: Node, given: facts.Argument | None) -> Fix | None:
    """`output, _ = gru(step, h)` becomes `output, h = gru(step, h)`."""
    dropped = next(iter(bindings_by_value(trace).get(Ref(call.id, (1,)), ())), None)
    if dropped is None or given is None or not isinstance(given.value, facts.Name):
        return None
    return Fix(f"feed the state back: `{given.value.id}`", (Edit(dropped.span, given.value.id),))
