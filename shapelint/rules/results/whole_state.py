"""SHP309: all layers of a final state fed to a head whose result is read as one row for each sample."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.has_shape import HasShape
from shapelint.claims.values.raises import Raises
from shapelint.data import dataclass
from shapelint.finding import Claim, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.claims import samples_mix
from shapelint.reading.quoting import construction_place, place_of, quote
from shapelint.reading.recurrent import C_N, H_N, Slot, slot_of
from shapelint.reading.trail import nature_of, tensor_inputs
from shapelint.reading.uses import is_loss
from shapelint.reading.written import argument, insertion
from shapelint.rules.base import Rule, check
from shapelint.rules.occurring import Event
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Layer, Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

_AFTER_HEAD = (Nature.SOFTMAX, Nature.POINTWISE, Nature.DROPOUT, Nature.NORM)
_DEPTH = 12

RULE = Rule(
    code="SHP309",
    name="whole-state-as-rows",
    severity=Severity.WARNING,
    summary="`fc(h_n)` is (layers, batch, classes): choose the last layer, `fc(h_n[-1])`",
    page="""\
## What it does
Finds `fc(h_n)` whose result is read as (batch, classes): a loss takes it, or a softmax over axis 1.

## Why is this bad
`h_n` is (D*num_layers, batch, hidden_size), with one layer too, and a head keeps the first axis. Axis 1 of the
result is the batch: a softmax over it mixes the samples, and torch accepts that. A loss over classes takes the
samples for the classes: it raises, or reads targets of (layers, classes).

## Example
```python
_, h_n = self.gru(x)
return torch.log_softmax(self.fc(h_n), dim=1)
```

## Use instead
```python
_, h_n = self.gru(x)
return torch.log_softmax(self.fc(h_n[-1]), dim=1)
```

## Proved by
batch_independence: the softmax mixes the samples. raises: the loss does not take the result. has_shape: the result
that a loss takes has not a row for each sample.

## When it stays silent
A layer is chosen before or after the head (`squeeze(0)`, `[-1]`, `view`), or nothing tells what the result is
read as: to project the whole state for a decoder is right.
""",
    bad=(
        """\
import torch
import torch.nn.functional as F
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        scores = self.fc(h_n)  # error: SHP309
        return F.log_softmax(scores, dim=1)
""",
        """\
import torch
import torch.nn.functional as F
from torch import nn

lstm = nn.LSTM(3, 5, 2, batch_first=True)
fc = nn.Linear(5, 4)
_, (h_n, c_n) = lstm(torch.randn(3, 7, 3))
loss = F.cross_entropy(fc(h_n), torch.randint(0, 4, (3,)))  # error: SHP309
""",
        """from torch import nn

class Clips(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.rnn = nn.RNN(features, hidden, num_layers=2)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.head(self.rnn(x)[1])  # error: SHP309

def step(model: Clips, x, target):
    return nn.CrossEntropyLoss()(model(x), target)
""",
    ),
    good=(
        """\
import torch
import torch.nn.functional as F
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        _, h_n = self.gru(x)
        return F.log_softmax(self.fc(h_n).squeeze(0), dim=1), F.softmax(self.fc(h_n), dim=-1)
""",
        """\
import torch
from torch import nn

class Bridge(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.encoder = nn.GRU(features, hidden, batch_first=True)
        self.decoder = nn.GRU(features, hidden, batch_first=True)
        self.bridge = nn.Linear(hidden, hidden)

    def forward(self, source, target):
        _, h_n = self.encoder(source)
        return self.decoder(target, torch.tanh(self.bridge(h_n)))[0]
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
fc = nn.Linear(5, 4)
_, (h_n, c_n) = lstm(torch.randn(7, 3, 3))
loss = nn.functional.cross_entropy(fc(h_n).view(-1, 4), torch.randint(0, 4, (3,)))
""",
        """from torch import nn

class EachLayer(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.rnn = nn.RNN(features, hidden, num_layers=2)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.head(self.rnn(x)[1])

def step(model: EachLayer, x, target):
    return nn.CrossEntropyLoss()(model(x).transpose(1, 2), target)
""",
    ),
)


@dataclass(frozen=True, slots=True)
class Headed:
    """A head that was given all of a state."""

    head: Node
    slot: Slot
    state: Tensor


@check(RULE, at=(Nature.SOFTMAX, Nature.CROSS_ENTROPY, Event.REFUSED))
def whole_state_as_rows(trace: Trace) -> Iterator[Finding]:
    """Softmaxes and losses that take the result of a head on a whole state for rows of scores."""
    told: set[int] = set()
    for node in trace.nodes:
        headed = _headed(trace, node) if _is_softmax(node) or _takes_scores(node) else None
        if headed is not None and headed.head.id not in told:
            told.add(headed.head.id)
            yield _finding(trace, headed, node)


def _is_softmax(node: Node) -> bool:
    """Whether a node normalises axis 1 of three."""
    value = next(tensor_inputs(node), None)
    if (
        nature_of(node) is not Nature.SOFTMAX
        or node.error is not None
        or not isinstance(value, Tensor)
        or value.rank != 3
    ):
        return False
    layer = node.args[0]
    return (layer if isinstance(layer, Layer) else node).number("dim") in (1, -2)


def _takes_scores(node: Node) -> bool:
    """Whether a loss refuses scores, which have an axis too many, or takes their axis 1 for the classes."""
    if node.error is not None:
        return is_loss(node)
    value = next(tensor_inputs(node), None)
    return nature_of(node) is Nature.CROSS_ENTROPY and isinstance(value, Tensor) and value.rank == 3


def _headed(trace: Trace, node: Node) -> Headed | None:
    """The head that a value comes from, where it was given a whole state and nothing chose a layer since."""
    head = None
    for _ in range(_DEPTH):
        value = next(tensor_inputs(node), None)
        if not isinstance(value, Tensor) or value.ref is None:
            return None
        slot = slot_of(trace, value)
        if slot is not None:
            whole = slot.slot in (H_N, C_N) and value.rank == 3 and value.axes[1].role is Role.BATCH
            return Headed(head, slot, value) if head is not None and whole else None
        node = trace.node(value.ref)
        if nature_of(node) is Nature.LINEAR:
            head = node
        elif nature_of(node) not in _AFTER_HEAD:
            return None
    return None


def _finding(trace: Trace, headed: Headed, reader: Node) -> Finding:
    slot, given = headed.slot, argument(headed.head, 0, "input")
    name = slot.slot if given is None else quote(trace, given.value.span)
    how = "a softmax goes over the batch" if _is_softmax(reader) else "a loss takes it for (batch, classes)"
    return report(
        RULE,
        trace,
        headed.head,
        f"`{name}` is (layers * directions, batch, hidden), so the result has a row for each layer, and {how}",
        claims=_claims(trace, headed, reader),
        shapes=[(name, headed.state), ("the result", headed.head.result)],
        related=[construction_place(slot.layer), place_of(reader, "the result is read here")],
        help=_help(name, slot),
        fixes=[_last_layer(name, slot, given)],
    )


def _claims(trace: Trace, headed: Headed, reader: Node) -> list[Claim]:
    if reader.error is not None:
        return [Raises(Ref(reader.id))]
    if _is_softmax(reader):
        return samples_mix(trace, headed.slot.call, Ref(reader.id), -2)
    result = headed.head.result
    assert isinstance(result, Tensor)
    return [HasShape(Ref(headed.head.id), sizes=result.sizes[1:])]


def _help(name: str, slot: Slot) -> str:
    if slot.config.bidirectional:
        return f"join both directions of the last layer: `torch.cat(({name}[-2], {name}[-1]), dim=1)`"
    return f"choose the last layer: `{name}[-1]`"


def _last_layer(name: str, slot: Slot, given: facts.Argument | None) -> Fix | None:
    if slot.config.bidirectional or given is None or not isinstance(given.value, facts.Name | facts.Attribute):
        return None
    return Fix(f"choose the last layer: `{name}[-1]`", (insertion(given.value.span, "[-1]"),))
