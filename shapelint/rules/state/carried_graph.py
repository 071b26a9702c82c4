"""SHP206: a state carried from batch to batch together with the graph that a backward pass has freed."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.states.separate_graphs import SeparateGraphs
from shapelint.finding import Finding, Fix, Place, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.lines import is_conditional
from shapelint.reading.loops.rounds_of_calls import feeds, place_of_operation, round_pairs
from shapelint.reading.operations import is_recurrent_call, is_step_call
from shapelint.reading.quoting import construction_place, place_of, quote
from shapelint.reading.recurrent import layer_of, next_state, state_given
from shapelint.reading.trail import nature_of
from shapelint.reading.written import argument, insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.events import BackwardPass
from shapelint.trace.node import Frame, Node, given_refs
from shapelint.trace.trace import Trace

_CUTS = (Nature.DETACH, Nature.INQUIRY)

RULE = Rule(
    code="SHP206",
    name="state-carried-with-graph",
    severity=Severity.WARNING,
    summary="a state carried to the next batch must be detached: the second backward pass fails",
    page="""\
## What it does
Finds a loop that gives a layer the state of the round before, with a backward pass in each round and no
`detach()` between.

## Why is this bad
The state of a batch hangs on the graph of all batches before it. The backward pass frees that graph, so the next
one raises: "Trying to backward through the graph a second time". `retain_graph=True` is no way out: each pass goes
back to the first batch, and as soon as an optimizer has changed the weights in between, torch raises because
"one of the variables needed for gradient computation has been modified by an inplace operation".

## Example
```python
for x, y in batches:
    output, h = gru(x, h)
    criterion(output, y).backward()
```

## Use instead
```python
for x, y in batches:
    output, h = gru(x, h.detach())
    criterion(output, y).backward()
```

## Proved by
separate_graphs: after a backward pass from one round, one from the next raises.

## When it stays silent
The state is detached or made anew in each round; the backward pass comes after the loop, or keeps the graph
(what torch then says depends on what else is done with the weights); no backward pass is seen.
""",
    bad=(
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, batch_first=True)
h = torch.zeros(1, 4, 5)
for _ in range(20):
    output, h = gru(torch.randn(4, 7, 3), h)  # error: SHP206
    output.sum().backward()
""",
        """\
import torch
from torch import nn

class Language(nn.Module):
    def __init__(self, words, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True)
        self.head = nn.Linear(hidden, words)

    def forward(self, ids, state=None):
        output, state = self.lstm(self.embedding(ids), state)
        return self.head(output), state

def train(batches, words):
    model = Language(words, 64)
    optimizer = torch.optim.Adam(model.parameters())
    state = None
    for ids, targets in batches:
        scores, state = model(ids, state)  # error: SHP206
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
""",
    ),
    good=(
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, batch_first=True)
h = torch.zeros(1, 4, 5)
for _ in range(20):
    output, h = gru(torch.randn(4, 7, 3), h.detach())
    output.sum().backward()
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5, batch_first=True)
h = torch.zeros(1, 4, 5)
total = 0
for _ in range(20):
    output, h = gru(torch.randn(4, 7, 3), h)
    total = total + output.sum()
total.backward()
""",
        """\
import torch
from torch import nn

def repackage(state):
    if isinstance(state, torch.Tensor):
        return state.detach()
    return tuple(repackage(part) for part in state)

lstm = nn.LSTM(3, 5)
state = (torch.zeros(1, 4, 5), torch.zeros(1, 4, 5))
for _ in range(20):
    state = repackage(state)
    output, state = lstm(torch.randn(7, 4, 3), state)
    output.sum().backward()
""",
        """\
import torch
from torch import nn

gru = nn.GRU(3, 5)
for _ in range(20):
    h = torch.zeros(1, 4, 5)
    for x in torch.randn(7, 1, 4, 3):
        output, h = gru(x, h)
    output.sum().backward()
""",
    ),
)


@check(RULE, at=Event.ROUNDS)
def state_carried_with_graph(trace: Trace) -> Iterator[Finding]:
    """Calls in a loop whose state hangs on the graph of the round before, after a backward pass."""
    calls = (node for node in trace.nodes if is_step_call(node))
    told: set[tuple[str, Span]] = set()
    for first, later in round_pairs(calls):
        place = place_of_operation(later)
        if place in told or first.error is not None or later.error is not None:
            continue
        if carries_graph(trace, first, later):
            told.add(place)
            yield _finding(trace, first, later, _called_in_loop(trace, first, later))


def _called_in_loop(trace: Trace, first: Node, later: Node) -> Frame | None:
    """The call in the loop's body that leads to the layer's; None where that one stands there itself."""
    made = next(one for one in trace.backward_passes if first.id < one.after <= later.id)
    inner = later.frames[_shared(later, made) :]
    return inner[0] if inner and inner[0].path == trace.path else None


def carries_graph(trace: Trace, first: Node, later: Node) -> bool:
    """Whether a backward pass lies between two rounds, and the state goes from one to the other undetached."""
    passes = [p for p in trace.backward_passes if first.id < p.after <= later.id and _goes_through(trace, p, first)]
    if not passes or any(one.retains or _may_be_left_out(trace, first, one) for one in passes):
        return False
    return feeds(trace, first, later, lambda node: node.id in trace.graphless or nature_of(node) in _CUTS)


def _goes_through(trace: Trace, made: BackwardPass, call: Node) -> bool:
    """Whether a backward pass frees the graph of a call: one from another loss does not."""
    if made.loss is None:
        return True
    waiting, seen = [made.loss.node], {made.loss.node}
    while waiting:
        node = trace.nodes[waiting.pop()]
        above = {ref.node for ref in given_refs(node)} - seen
        seen |= above
        waiting.extend(number for number in above if number >= call.id)
    return call.id in seen


def _may_be_left_out(trace: Trace, call: Node, made: BackwardPass) -> bool:
    """Whether a condition decides in each round if the backward pass is made: windows of several steps."""
    places = [(made.span, made.path), *((frame.span, frame.path) for frame in made.frames[_shared(call, made) :])]
    return any(path != trace.path or is_conditional(trace, span.line) for span, path in places)


def _shared(call: Node, made: BackwardPass) -> int:
    """How many of the calls that lead to two places are the same ones: the loop stands in the last of them."""
    return len([1 for mine, its in zip(call.frames, made.frames, strict=False) if mine == its])


def _finding(trace: Trace, first: Node, later: Node, called: Frame | None) -> Finding:
    given = argument(later, 1, "hx") if called is None else None
    name = "the state" if given is None else f"`{quote(trace, given.value.span)}`"
    claim = SeparateGraphs(next_state(later), earlier=next_state(first))
    return report(
        RULE,
        trace,
        later,
        f"{name} hangs on the graph of the round before, which `backward()` has freed: the second backward pass fails",
        claims=[claim],
        span=later.span if called is None else called.span,
        related=_places(later, called),
        help="detach the state before it is carried on: `state.detach()`, and both of an LSTM's",
        fixes=[_detach(first, given)],
    )


def _places(call: Node, called: Frame | None) -> list[Place]:
    built = [construction_place(layer_of(call))] if is_recurrent_call(call) else []
    return built if called is None else [*built, place_of(call, "the layer is given the state here")]


def _detach(first: Node, given: facts.Argument | None) -> Fix | None:
    """`gru(x, h)` becomes `gru(x, h.detach())`, where the first round has a tensor too."""
    if given is None or not isinstance(given.value, facts.Name | facts.Attribute):
        return None
    if not isinstance(state_given(first), Tensor):
        return None
    return Fix("detach the state", (insertion(given.value.span, ".detach()"),))
