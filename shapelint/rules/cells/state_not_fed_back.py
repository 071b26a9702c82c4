"""SHP702: a cell in a loop that does not get its own state back."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.modules.dead_parameters import DeadParameters
from shapelint.claims.rows.sees_whole_sequence import SeesWholeSequence
from shapelint.finding import Claim, Confidence, Edit, Finding, Fix, Ref, Severity
from shapelint.reading.lines import indent_of
from shapelint.reading.loops.loops_over_time import Rounds, Step, results_of, rounds_of, steps_of
from shapelint.reading.operations import is_cell_call
from shapelint.reading.quoting import add_argument, kind_place
from shapelint.reading.recurrent import input_of, is_returned, layer_of, state_given
from shapelint.reading.text import lines_of
from shapelint.reading.trail import above
from shapelint.reading.written import is_zeros, states_of
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Value
from shapelint.source import Span
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, bindings_by_value

FORGOTTEN = Rule(
    code="SHP702",
    name="cell-state-not-fed-back",
    severity=Severity.WARNING,
    summary="a cell in a loop must get the state that it gave in the round before",
    page="""\
## What it does
Finds a loop over steps that calls a cell without a state, or with the same initial state in every round.

## Why is this bad
A cell remembers nothing by itself. Without its state from the round before, each step is computed as if it
were the first, and the result after the loop depends on the last step only.

## Example
```python
for t in range(x.size(1)):
    h = self.cell(x[:, t])
return h
```

## Use instead
```python
h = None
for t in range(x.size(1)):
    h = self.cell(x[:, t], h)
return h
```

## Proved by
dead_parameters: the recurrent weights get no gradient. For an initial state that is not zero,
sees_whole_sequence: the result depends on one step only.

## When it stays silent
The results of all rounds are used and no zero state is passed: that is an encoder of single steps. Or the
state comes back in another way, for instance through the input.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        for t in range(x.size(1)):
            h = self.cell(x[:, t])  # error: SHP702
        return h
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.LSTMCell(features, hidden)

    def forward(self, x):
        h0 = x.new_zeros(x.size(0), self.hidden)
        c0 = x.new_zeros(x.size(0), self.hidden)
        outputs = []
        for step in x.unbind(1):
            h, c = self.cell(step, (h0, c0))  # error: SHP702
            outputs.append(h)
        return torch.stack(outputs, dim=1)
""",
        """\
import torch
from torch import nn

cell = nn.RNNCell(3, 5)
x, start = torch.randn(4, 7, 3), torch.randn(4, 5)
for step in x.unbind(1):
    h = cell(step, start)  # error: SHP702
summary = torch.tanh(h)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        h = None
        for t in range(x.size(1)):
            h = self.cell(x[:, t], h)
        return h
""",
        """\
import torch
from torch import nn

class StepEncoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        return torch.stack([self.cell(x[:, t]) for t in range(x.size(1))], dim=1)
""",
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x, context):
        outputs = []
        for t in range(x.size(1)):
            outputs.append(self.cell(x[:, t], context))
        return torch.stack(outputs, dim=1)
""",
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.LSTMCell(features, hidden)

    def forward(self, x):
        state = (x.new_zeros(x.size(0), self.hidden), x.new_zeros(x.size(0), self.hidden))
        for step in x.unbind(1):
            state = self.cell(step, state)
        return state[0]
""",
    ),
)


@check(FORGOTTEN, at=Event.ROUNDS)
def cell_state_not_fed_back(trace: Trace) -> Iterator[Finding]:
    """Cells that a loop calls with one and the same state, or none."""
    for rounds in rounds_of(trace, is_cell_call):
        steps = steps_of(trace, rounds)
        if steps is not None and _starts_anew(trace, rounds) and _is_mistake(trace, rounds):
            yield _finding(trace, rounds, steps)


def _starts_anew(trace: Trace, rounds: Rounds) -> bool:
    """Whether every round gets what the first one gets, and nothing of an earlier round comes in."""
    states = [_named(state_given(call)) for call in rounds.calls]
    earlier = {call.id for call in rounds.calls}
    inputs = [input_of(call) for call in rounds.calls]
    return all(state == states[0] for state in states) and earlier.isdisjoint(
        above(trace, [*inputs, *map(state_given, rounds.calls)])
    )


def _named(state: Value | None) -> list[Ref | None]:
    """What tells states apart: their places in the trace."""
    return [] if state is None else [getattr(one, "ref", None) for one in states_of(state)]


def _is_mistake(trace: Trace, rounds: Rounds) -> bool:
    """Whether only the last round's result is used, or a state of zeros says that the rounds were to be linked."""
    is_last = _is_used(trace, rounds.later) and not any(_is_used(trace, call) for call in rounds.calls[:-1])
    return is_last or _is_zero(trace, rounds) is True


def _is_used(trace: Trace, call: Node) -> bool:
    results = results_of(call)
    return any(is_returned(trace, ref) or trace.uses(ref) for ref in results)


def _is_zero(trace: Trace, rounds: Rounds) -> bool | None:
    """Whether the state is zero; None where there is none."""
    state = state_given(rounds.first)
    return None if state is None else all(is_zeros(trace, one) for one in states_of(state))


def _finding(trace: Trace, rounds: Rounds, steps: Step) -> Finding:
    call, layer = rounds.later, layer_of(rounds.later)
    given = "no state" if _is_zero(trace, rounds) is None else "the same state"
    return report(
        FORGOTTEN,
        trace,
        call,
        f"this {layer.name} gets {given} in every round: what it gave in the round before is dropped",
        claims=[_claim(trace, rounds, steps)],
        related=[kind_place(layer)],
        help="pass the state that the cell gave in the round before",
        confidence=Confidence.MEDIUM if _is_used(trace, rounds.first) else None,
        fixes=[_fed_back(trace, rounds)],
    )


def _claim(trace: Trace, rounds: Rounds, steps: Step) -> Claim:
    target = results_of(rounds.later)[0]
    layer = layer_of(rounds.later)
    if _is_zero(trace, rounds) is not False and layer.ref is not None:
        return DeadParameters(target, layer=layer.ref)
    assert steps.base.ref is not None
    return SeesWholeSequence(target, source=steps.base.ref, time_axis=steps.axis)


def _fed_back(trace: Trace, rounds: Rounds) -> Fix | None:
    """Begin with None before the loop, and pass the result of the round before."""
    call = rounds.later
    given = bindings_by_value(trace).get(Ref(call.id), ()) if getattr(call.result, "ref", None) else ()
    names = {binding.name for binding in given if binding.name.isidentifier()}
    lines = lines_of(trace)
    line = call.span.line
    indent = indent_of(lines[line - 1])
    while line > 1 and not (indent_of(lines[line - 1]) < indent and lines[line - 1].strip()):
        line -= 1
    if len(names) != 1 or state_given(call) is not None or not lines[line - 1].lstrip().startswith("for "):
        return None
    name, column = names.pop(), indent_of(lines[line - 1])
    before = Edit(Span(line, column, line, column), f"{name} = None\n{' ' * column}")
    return Fix("pass the state of the round before", (before, add_argument(trace, call.span, name)))
