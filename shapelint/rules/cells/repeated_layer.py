"""SHP706: one recurrent layer or cell several times in an nn.ModuleList: its layers share their weights."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.modules.own_parameters import OwnParameters
from shapelint.finding import Confidence, Edit, Finding, Fix, Ref, Severity
from shapelint.reading.loops.loops_over_time import Rounds, is_fed_back, results_of, rounds_of
from shapelint.reading.operations import builds_step, is_cell_call, is_module_list, short_name
from shapelint.reading.quoting import kind_place, place_of, text_of
from shapelint.reading.recurrent import input_of, layer_of, state_given
from shapelint.reading.text import lines_of
from shapelint.regex import regex
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.value import NONE
from shapelint.syntax import facts
from shapelint.trace.node import Node, refs
from shapelint.trace.trace import Trace

_ON_PURPOSE = regex(r"(?i)shar|\btie[ds]?\b|tying|same (?:weight|layer|cell)|recurr?ent depth|deepcopy|universal")

REPEATED = Rule(
    code="SHP706",
    name="one-layer-for-several",
    severity=Severity.WARNING,
    summary="`nn.ModuleList([cell] * 2)` holds one cell twice: its layers share their weights",
    confidence=Confidence.MEDIUM,
    page="""\
## What it does
Finds an nn.ModuleList that holds the same recurrent layer or cell more than once, and one cell that a loop calls
for two layers, each with a state of its own.

## Why is this bad
One object has one set of weights. `[cell] * n` is a list of n references to one object: the n layers are one
layer, and the model has a fraction of the parameters that it seems to have.

## Example
```python
self.cells = nn.ModuleList([nn.GRUCell(hidden, hidden)] * 2)
```

## Use instead
```python
self.cells = nn.ModuleList([nn.GRUCell(hidden, hidden) for _ in range(2)])
```

## Proved by
own_parameters: the layers together have fewer parameters than if each had its own.

## When it stays silent
A name or a comment says that weights are shared, or the layers are copies.
""",
    bad=(
        """\
import torch
from torch import nn

class Deep(nn.Module):
    def __init__(self, hidden, depth):
        super().__init__()
        self.cells = nn.ModuleList([nn.GRUCell(hidden, hidden)] * depth)  # error: SHP706

    def forward(self, x, states):
        for number, cell in enumerate(self.cells):
            x = cell(x, states[number])
        return x
""",
        """\
from torch import nn

layer = nn.LSTM(8, 8, batch_first=True)
layers = nn.ModuleList([layer, layer, nn.LSTM(8, 4)])  # error: SHP706
""",
        """\
import torch
from torch import nn

class Deep(nn.Module):
    def __init__(self, hidden, depth=3):
        super().__init__()
        cell = nn.LSTMCell(hidden, hidden)
        self.cells = nn.ModuleList([cell for _ in range(depth)])  # error: SHP706

    def forward(self, x):
        for cell in self.cells:
            x, _ = cell(x)
        return x
""",
        """\
import torch
from torch import nn

class TwoLayers(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.cell = nn.GRUCell(hidden, hidden)

    def forward(self, x):
        below = above = x.new_zeros(x.size(0), x.size(2))
        for t in range(x.size(1)):
            below = self.cell(x[:, t], below)
            above = self.cell(below, above)  # error: SHP706
        return above
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Deep(nn.Module):
    def __init__(self, hidden, depth):
        super().__init__()
        self.cells = nn.ModuleList([nn.GRUCell(hidden, hidden) for _ in range(depth)])

    def forward(self, x, states):
        for number, cell in enumerate(self.cells):
            x = cell(x, states[number])
        return x
""",
        """\
import copy
from torch import nn

layer = nn.LSTM(8, 8, batch_first=True)
layers = nn.ModuleList([copy.deepcopy(layer) for _ in range(4)])
""",
        """\
import torch
from torch import nn

class Tied(nn.Module):
    def __init__(self, hidden, depth):
        super().__init__()
        shared = nn.GRUCell(hidden, hidden)
        self.cells = nn.ModuleList([shared] * depth)

    def forward(self, x):
        for cell in self.cells:
            x = cell(x)
        return x
""",
        """\
import torch
from torch import nn

class Steps(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.cell = nn.GRUCell(hidden, hidden)

    def forward(self, x, h):
        for t in range(x.size(1)):
            h = self.cell(x[:, t], h)
        for _ in range(3):
            h = self.cell(h, h)
        return h
""",
    ),
)


@check(REPEATED, at=Event.BUILT)
def one_layer_for_several(trace: Trace) -> Iterator[Finding]:
    """Module lists with the same recurrent layer more than once, and cells that are two layers of a loop."""
    yield from _called_for_two(trace)
    for node in trace.nodes:
        repeated = node.find("repeated", tuple) if is_module_list(node) else None
        if not isinstance(repeated, tuple) or node.path != trace.path:
            continue
        built = next((trace.node(ref) for ref in repeated if isinstance(ref, Ref)), None)
        if built is not None and builds_step(built) and not _is_meant(trace, node, built):
            yield _finding(trace, node, built)


def _called_for_two(trace: Trace) -> Iterator[Finding]:
    """Cells that take what they give as the input of a second call, and keep a state for each of the two."""
    chains = [rounds for rounds in rounds_of(trace, is_cell_call) if is_fed_back(trace, rounds) and _is_own(rounds)]
    giving: dict[Ref | None, Rounds] = {results_of(chain.first)[0]: chain for chain in chains}
    for above in chains:
        layer, below = layer_of(above.first), giving.get(getattr(input_of(above.first), "ref", None))
        if below is None or below is above or layer.ref is None or layer.ref != layer_of(below.first).ref:
            continue
        pairs = zip(below.calls, above.calls, strict=False)
        is_above = all(getattr(input_of(upper), "ref", None) == results_of(lower)[0] for lower, upper in pairs)
        call = above.later
        if is_above and not any(_is_meant(trace, one, trace.node(layer.ref)) for one in (call, below.later)):
            yield _finding_of_two(trace, below.later, call)


def _is_own(rounds: Rounds) -> bool:
    """Whether the state of each call is what the call before it gave, and nothing else."""
    pairs = zip(rounds.calls, rounds.calls[1:], strict=False)
    return all({ref.node for ref in refs(state_given(call) or NONE)} == {before.id} for before, call in pairs)


def _finding_of_two(trace: Trace, below: Node, above: Node) -> Finding:
    layer = layer_of(above)
    return report(
        REPEATED,
        trace,
        above,
        f"the same {layer.name} is called for two layers, each with its own state: they share one set of weights",
        claims=[OwnParameters(Ref(above.id), other=Ref(below.id))],
        related=[kind_place(layer), place_of(below, "this call is the layer below")],
        help=f"build an nn.{layer.name} for each layer",
    )


def _is_meant(trace: Trace, node: Node, built: Node) -> bool:
    """Whether the lines of the list or of the layer, or those above them, say that weights are shared."""
    lines = lines_of(trace)
    texts = (lines[max(0, one.span.line - 2) : one.span.end_line] for one in (node, built) if one.path == trace.path)
    return any(_ON_PURPOSE.search(line) for text in texts for line in text)


def _finding(trace: Trace, node: Node, built: Node) -> Finding:
    kind = short_name(built)
    return report(
        REPEATED,
        trace,
        node,
        f"the same {kind} is in this nn.ModuleList more than once: its layers share one set of weights",
        claims=[OwnParameters(Ref(node.id))],
        related=[place_of(built, f"there is one {kind}, built here")],
        help=f"build an nn.{kind} for each layer",
        fixes=[_each_built(trace, node)],
    )


def _each_built(trace: Trace, node: Node) -> Fix | None:
    """`[nn.GRUCell(...)] * n` becomes `[nn.GRUCell(...) for _ in range(n)]`."""
    arguments = node.expression.arguments if isinstance(node.expression, facts.Call) else ()
    product = arguments[0].value if arguments else None
    if not isinstance(product, facts.Binary) or product.operator != "*" or not isinstance(product.left, facts.Sequence):
        return None
    if len(product.left.items) != 1 or not isinstance(product.left.items[0], facts.Call):
        return None
    item, count = (text_of(trace, part.span) for part in (product.left.items[0], product.right))
    return Fix(f"build {count} of them", (Edit(product.span, f"[{item} for _ in range({count})]"),))
