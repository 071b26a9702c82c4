"""SHP704 and SHP705: the results of all steps put together so that time comes first, and read batch-first."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.batch_independence import BatchIndependence
from shapelint.data import dataclass
from shapelint.finding import Claim, Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.loops.loops_over_time import Rounds, Step, batch_axis_of, is_one, results_of, rounds_of, steps_of
from shapelint.reading.operations import is_recurrent_call, is_stack, is_step_call
from shapelint.reading.quoting import add_argument, place_of, quote, text_of
from shapelint.reading.recurrent import config_of, layer_of
from shapelint.reading.single_index import LAST, pick_of
from shapelint.reading.trail import ancestors, nature_of
from shapelint.reading.written import argument
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import Int, List, Tensor, Tuple, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node, refs
from shapelint.trace.trace import Trace

_GOOD = (
    """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        h, outputs = None, []
        for step in x.unbind(1):
            h = self.cell(step, h)
            outputs.append(h)
        return torch.stack(outputs, dim=1)[:, -1], torch.stack(outputs)[-1]
""",
    """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)
        self.above = nn.GRU(hidden, hidden)

    def forward(self, x):
        h, outputs = None, []
        for step in x.unbind(1):
            h = self.cell(step, h)
            outputs.append(h)
        y = torch.cat(outputs, 0).view(x.size(1), x.size(0), -1)
        return self.above(y)[0].transpose(0, 1)[:, -1]
""",
    """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.GRUCell(features, hidden)

    def forward(self, x):
        h, rows, columns = None, [], []
        for step in x.unbind(1):
            h = self.cell(step, h)
            rows.append(h.unsqueeze(1))
            columns.append(h)
        wide = torch.cat(columns, 1).view(x.size(0), x.size(1), -1)
        return torch.cat(rows, dim=1)[:, -1] + wide[:, -1]
""",
)

STACK = Rule(
    code="SHP704",
    name="steps-stacked-time-first",
    severity=Severity.WARNING,
    summary="torch.stack(outputs) puts time first; `[:, -1]` and batch_first layers read it batch-first",
    page="""\
## What it does
Finds step results that torch.stack puts together along axis 0, and that are then indexed with `[:, -1]` or
given to a layer with batch_first=True.

## Why is this bad
torch.stack makes a new axis 0: the result is (time, batch, hidden). `[:, -1]` takes the last sample at every
step, and a batch-first layer reads the samples as steps. Torch runs both.

## Example
```python
return torch.stack(outputs)[:, -1]
```

## Use instead
```python
return torch.stack(outputs, dim=1)[:, -1]
```

## Proved by
batch_independence: the rows of the result are not the samples.

## When it stays silent
What reads the result is time-first too, or the axes are exchanged in between.
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
        h, outputs = None, []
        for step in x.unbind(1):
            h = self.cell(step, h)
            outputs.append(h)
        return torch.stack(outputs)[:, -1]  # error: SHP704
""",
        """\
import torch
from torch import nn

class Stack(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.cell = nn.LSTMCell(features, hidden)
        self.above = nn.LSTM(hidden, hidden, batch_first=True)

    def forward(self, x):
        state, outputs = None, []
        for t in range(x.size(1)):
            state = self.cell(x[:, t], state)
            outputs.append(state[0])
        y, _ = self.above(torch.stack(outputs, 0))  # error: SHP704
        return y
""",
        """\
import torch
from torch import nn

cell = nn.RNNCell(3, 5)
h, outputs = None, []
for step in torch.randn(4, 7, 3).unbind(1):
    h = cell(step, h)
    outputs += [h]
sequence = torch.stack(outputs)
last = sequence[:, -1]  # error: SHP704
""",
    ),
    good=_GOOD,
)

CAT = Rule(
    code="SHP705",
    name="steps-joined-then-viewed",
    severity=Severity.WARNING,
    summary="`torch.cat(outputs).view(batch, time, -1)` mixes samples: the steps lie one behind the other",
    page="""\
## What it does
Finds step results that torch.cat joins along their batch axis, and that are then viewed as (batch, time, ...).

## Why is this bad
torch.cat along axis 0 gives (time * batch, hidden): all samples of the first step, then all of the second. A
view as (batch, time, hidden) cuts this elsewhere: each row gets steps of several samples. Torch runs it.

## Example
```python
return torch.cat(outputs, 0).view(batch, time, -1)
```

## Use instead
```python
return torch.stack(outputs, dim=1)
```

## Proved by
batch_independence: the rows of the result hold several samples.

## When it stays silent
The view is (time, batch, ...), or the steps are joined along another axis.
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
        h, outputs = None, []
        for step in x.unbind(1):
            h = self.cell(step, h)
            outputs.append(h)
        return torch.cat(outputs, 0).view(x.size(0), x.size(1), -1)  # error: SHP705
""",
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, features, hidden, words):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.LSTMCell(features, hidden)
        self.head = nn.Linear(hidden, words)

    def forward(self, x):
        batch, steps, _ = x.size()
        h, c = x.new_zeros(batch, self.hidden), x.new_zeros(batch, self.hidden)
        logits = []
        for t in range(steps):
            h, c = self.cell(x[:, t], (h, c))
            logits.append(self.head(h))
        return torch.cat(logits).reshape(batch, steps, -1)  # error: SHP705
""",
    ),
    good=_GOOD,
)


@dataclass(frozen=True, slots=True)
class Joined:
    """A torch.stack or torch.cat of one result of each round."""

    node: Node
    rounds: Rounds
    step: Step


@check(STACK, CAT, at=Nature.JOIN)
def joined_steps(trace: Trace) -> Iterator[Finding]:
    """Results of all rounds, put together time-first and read batch-first."""
    for joined in _joined(trace):
        for user in trace.uses(Ref(joined.node.id)):
            if is_stack(joined.node) and _reads_batch_first(trace, user):
                yield _stacked(trace, joined, user)
            elif not is_stack(joined.node) and _splits_batch_first(trace, joined, user):
                yield _viewed(trace, joined, user)


def _joined(trace: Trace) -> Iterator[Joined]:
    """Stacks and cats along axis 0 of what a loop over steps collected."""
    found = [(rounds, step) for rounds in rounds_of(trace, is_step_call) if (step := steps_of(trace, rounds))]
    for node in trace.nodes if found else ():
        items = _items(node)
        if len(items) < 2 or node.error is not None or not isinstance(node.result, Tensor):
            continue
        calls = [_calls_above(trace, item) for item in (items[0], items[-1])]
        for rounds, step in found:
            if rounds.first.id in calls[0] and rounds.later.id in calls[1] - calls[0] and _is_batch(trace, step, items):
                yield Joined(node, rounds, step)
                break


def _items(node: Node) -> list[Value]:
    """The tensors that are put together along axis 0."""
    members = node.args[0] if node.args else None
    joins = nature_of(node) is Nature.JOIN and node.number("dim") == 0
    return list(members.items) if joins and isinstance(members, List | Tuple) else []


def _calls_above(trace: Trace, item: Value) -> set[int]:
    """The nodes that an item is computed from, up to the call that gave it."""
    return {node.id for node in ancestors(trace, *refs(item), beyond=lambda node: not is_step_call(node))}


def _is_batch(trace: Trace, step: Step, items: list[Value]) -> bool:
    """Whether axis 0 of an item is the batch of the steps, and more than one sample."""
    batch, item = batch_axis_of(step), items[0]
    if batch is None or not isinstance(item, Tensor) or not item.axes or item.axes[0].role is not Role.BATCH:
        return False
    size = step.base.axes[batch].dim
    return trace.resolve(item.axes[0].dim) == trace.resolve(size) and not is_one(trace, size)


def _reads_batch_first(trace: Trace, user: Node) -> bool:
    """Whether `[:, -1]` or a batch-first layer reads the stack."""
    pick = pick_of(user)
    if pick is not None:
        return pick.axis == 1 and pick.index == LAST
    return is_recurrent_call(user) and user.error is None and config_of(user).batch_first


def _splits_batch_first(trace: Trace, joined: Joined, user: Node) -> bool:
    """Whether a view takes time * batch apart as (batch, time, ...)."""
    result, batch = user.result, batch_axis_of(joined.step)
    if nature_of(user) is not Nature.VIEW or not isinstance(result, Tensor) or result.rank < 3 or batch is None:
        return False
    samples, steps = (trace.resolve(joined.step.base.axes[axis].dim) for axis in (batch, joined.step.axis))
    first, second = (trace.resolve(axis.dim) for axis in result.axes[:2])
    return (first, second) == (samples, steps) and samples.same(steps) is not Same.EQUAL and steps != Dim.of(1)


def _claim(joined: Joined, target: Ref) -> Claim:
    base, batch = joined.step.base.ref, batch_axis_of(joined.step)
    assert base is not None
    assert batch is not None
    return BatchIndependence(target, source=base, batch_axis=batch, target_axis=0)


def _stacked(trace: Trace, joined: Joined, user: Node) -> Finding:
    target = results_of(user)[0]
    assert isinstance(joined.node.result, Tensor)
    reader = (
        f"{layer_of(user).name} with batch_first=True" if is_recurrent_call(user) else f"`{quote(trace, user.span)}`"
    )
    return report(
        STACK,
        trace,
        user,
        f"torch.stack puts time first, (time, batch, ...), and {reader} reads it batch-first",
        claims=[_claim(joined, target)],
        shapes=[("the stack", joined.node.result)],
        related=[place_of(joined.node, "the steps are stacked along a new axis 0")],
        help="stack along axis 1: `torch.stack(..., dim=1)`",
        fixes=[_along_one(trace, joined.node)],
    )


def _along_one(trace: Trace, node: Node) -> Fix | None:
    given = argument(node, 1, "dim")
    if node.path != trace.path or not isinstance(node.expression, facts.Call):
        return None
    if given is None:
        return Fix("stack along axis 1", (add_argument(trace, node.span, "dim=1"),))
    return Fix("stack along axis 1", (Edit(given.value.span, "1"),))


def _viewed(trace: Trace, joined: Joined, user: Node) -> Finding:
    assert isinstance(joined.node.result, Tensor)
    return report(
        CAT,
        trace,
        user,
        f"`{quote(trace, user.span)}` mixes samples: the joined steps are (time * batch, ...), step after step",
        claims=[_claim(joined, Ref(user.id))],
        shapes=[("joined", joined.node.result), ("viewed", user.result)],
        related=[place_of(joined.node, "the steps are joined along the batch axis")],
        help="stack the steps along axis 1: `torch.stack(..., dim=1)`",
        fixes=[_stack_instead(trace, joined.node, user)],
    )


def _stack_instead(trace: Trace, node: Node, user: Node) -> Fix | None:
    """`torch.cat(outputs, 0).view(batch, time, -1)` becomes `torch.stack(outputs, dim=1)`."""
    call, view = node.expression, user.expression
    if (
        not isinstance(call, facts.Call)
        or not isinstance(view, facts.Call)
        or not isinstance(call.func, facts.Attribute)
    ):
        return None
    is_chained = isinstance(view.func, facts.Attribute) and view.func.value == call
    items = _items(node)
    keeps = isinstance(items[0], Tensor) and isinstance(user.result, Tensor) and user.result.rank == items[0].rank + 1
    sizes = user.args[1:]
    if not is_chained or not keeps or not sizes or sizes[-1] != Int(Dim.of(-1)):
        return None
    text = f"{text_of(trace, call.func.value.span)}.stack({text_of(trace, call.arguments[0].span)}, dim=1)"
    return Fix(f"stack the steps: `{text}`", (Edit(user.span, text),))
