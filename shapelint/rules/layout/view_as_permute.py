"""SHP112: `view` or `reshape` used to exchange axes."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.provenance import Provenance
from shapelint.claims.values.raises import Raises
from shapelint.data import dataclass
from shapelint.finding import Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.memory import is_refused_view
from shapelint.reading.layout.views import view_base
from shapelint.reading.operations import is_method, is_recurrent_call
from shapelint.reading.quoting import quote, replace_text
from shapelint.reading.recurrent import state_of
from shapelint.reading.single_index import ONE
from shapelint.reading.trail import made_by, nature_of, natures, origin_of
from shapelint.reading.uses import feeds_class_loss
from shapelint.rules.base import Rule, check
from shapelint.rules.build import report
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP112",
    name="view-as-permute",
    severity=Severity.WARNING,
    summary="view and reshape cut the elements anew; they do not exchange axes",
    page="""\
## What it does
Finds a `view` or `reshape` to the tensor's own sizes in another order: `x.view(x.size(1), x.size(0), -1)`.

## Why is this bad
A view keeps the order of the elements and cuts them at other places. The shape is the one that was wanted,
but the entry at (t, b) is not that of sample b at step t: samples and steps are mixed. Nothing raises.

## Example
```python
x = x.view(x.size(1), x.size(0), x.size(2))    # (B, T, F), meant as (T, B, F)
output, _ = self.lstm(x)
```

## Use instead
```python
x = x.permute(1, 0, 2)
output, _ = self.lstm(x)
```

## Proved by
provenance: the elements of the result are not those of the permuted tensor. Where the elements do not lie in the
order of the axes, raises: torch refuses the `view`.

## When it stays silent
One of the exchanged axes has length 1; axes are only merged or split in order; the sizes are plain numbers
and the result does not feed a recurrent layer (an example of views); the tensor is uniform (`torch.zeros`).
""",
    bad=(
        """\
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        time_first = x.view(x.size(1), x.size(0), x.size(2))  # error: SHP112
        output, _ = self.lstm(time_first)
        return output
""",
        """\
import torch
import torch.nn as nn

def classify(lstm: nn.LSTM, batch):
    samples, steps, features = batch.shape
    return lstm(torch.reshape(batch, (steps, samples, features)))  # error: SHP112
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(3, 5)
x = torch.randn(13, 7, 3)
output, _ = lstm(x.reshape(7, 13, 3))  # error: SHP112
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        output, _ = self.lstm(x.permute(1, 0, 2))
        return output
""",
        """\
import torch
from torch import nn

class OneStep(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden)

    def forward(self, x):
        x = x.unsqueeze(1)
        output, _ = self.lstm(x.view(1, x.size(0), -1))
        return output[-1]
""",
        """\
import torch
from torch import nn

class PerStep(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.lstm(x)
        batch, steps, width = output.shape
        scores = self.fc(output.reshape(batch * steps, width))
        return scores.view(batch, steps, -1)
""",
        """\
import torch
from torch import nn

class Directions(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(features, hidden, bidirectional=True)

    def forward(self, x):
        output, _ = self.lstm(x)
        parts = output.view(output.size(0), output.size(1), 2, self.hidden)
        return parts[:, :, 0], parts[:, :, 1]
""",
        """\
import torch
from torch import nn

matrix = torch.randn(2, 3)
print(matrix.view(3, 2))
lstm = nn.LSTM(3, 5)
""",
        """\
import torch.nn.functional as F
from torch import nn

class Relative(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.rnn = nn.LSTM(width, width)

    def shift(self, scores):
        batch, heads, queries, keys = scores.size()
        padded = F.pad(scores, (1, 0))
        return padded.view(batch, heads, keys + 1, queries)[:, :, 1:]
""",
        """\
import torch.nn.functional as F
from torch import nn

class Relative(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.rnn = nn.LSTM(width, width)

    def shift(self, scores):
        batch, heads, queries, keys = scores.size()
        scores = F.pad(scores, pad=(1, 0)).view(batch, heads, -1, queries)
        return scores[:, :, 1:].view(batch, heads, queries, keys)
""",
    ),
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A view of `base`, a cut of `root`, to the root's sizes in another order, where an exchange is meant."""

    node: Node
    base: Tensor
    root: Tensor
    order: list[int]


@check(RULE)
def view_as_permute(trace: Trace) -> Iterator[Finding]:
    """Views of a tensor to its own sizes in another order; SHP508 tells those for a loss."""
    for exchange in exchanged_views(trace):
        if not feeds_class_loss(trace, Ref(exchange.node.id)):
            yield exchange_finding(RULE, trace, exchange, "does not exchange axes")


def exchanged_views(trace: Trace) -> Iterator[Exchange]:
    """The views by which an author means to exchange axes."""
    for node in trace.nodes:
        base = view_base(node)
        if base is None or base.ref is None or state_of(trace, base) is not None:
            continue
        assert isinstance(node.result, Tensor)
        root = _root(trace, base)
        if _splits_one_axis(trace, root, base):
            root = base
        order = _order(trace, root, node.result)
        if order is not None and _is_meant(trace, root, node, order):
            yield Exchange(node, base, root, order)


def _root(trace: Trace, value: Tensor) -> Tensor:
    """The tensor whose elements a chain of views cuts."""
    root = origin_of(trace, value, natures(Nature.VIEW, Nature.SAME))
    return root if isinstance(root, Tensor) else value


def _splits_one_axis(trace: Trace, root: Tensor, cut: Tensor) -> bool:
    """Whether a cut has all axes of the root, one of them in parts: (B, L, heads * width) as (B, L, heads, width)."""
    before, after = ([trace.resolve(axis.dim) for axis in tensor.axes] for tensor in (root, cut))
    if len(before) >= len(after):
        return False
    behind = next((place for place, size in enumerate(before) if size != after[place]), len(before))
    left = before[behind:]
    return len(left) == 1 or (bool(left) and left[1:] == after[len(after) - len(left) + 1 :])


def _order(trace: Trace, root: Tensor, result: Tensor) -> list[int] | None:
    """Which axis of the root stands at each place of the result; None where that is the root's order.

    Axes of length 1 do not count: moving them changes no element.
    """
    before = {i: trace.resolve(axis.dim) for i, axis in enumerate(root.axes)}
    after = [trace.resolve(axis.dim) for axis in result.axes]
    sizes = list(before.values())
    if root.rank != result.rank or ONE in sizes or len(set(sizes)) != len(sizes) or set(sizes) != set(after):
        return None
    order = [sizes.index(size) for size in after]
    return None if order == sorted(order) else order


def _is_meant(trace: Trace, root: Tensor, node: Node, order: list[int]) -> bool:
    """Whether the author means to exchange axes: they are named, or the result is a sequence for a layer."""
    maker = made_by(trace, root)
    if maker is None or nature_of(maker) in (Nature.ZEROS, Nature.CONSTANT):
        return False
    moved = [root.axes[axis] for place, axis in enumerate(order) if place != axis]
    if _is_shifted(trace, root):
        return False
    named = all(_is_named(trace.resolve(axis.dim)) or axis.role is not Role.UNKNOWN for axis in moved)
    return named or any(is_recurrent_call(user) for user in trace.uses(Ref(node.id)))


def _is_shifted(trace: Trace, root: Tensor) -> bool:
    """Whether the elements are padded by one, cut anew, and may be cut back: the shift of relative attention."""
    whole = origin_of(trace, root, natures(Nature.VIEW, Nature.SAME, Nature.SELECTION))
    maker = made_by(trace, whole)
    if maker is None or not isinstance(whole, Tensor) or nature_of(maker) not in (Nature.PADDING, Nature.JOIN):
        return False
    return any(_is_sum(trace.resolve(axis.dim)) for axis in whole.axes)


def _is_named(size: Dim) -> bool:
    return size.constant is None


def _is_sum(size: Dim) -> bool:
    return len(size.terms) > 1


def exchange_finding(rule: Rule, trace: Trace, exchange: Exchange, what: str) -> Finding:
    """A finding at a view; `what` says what it does not do."""
    node, base, root = exchange.node, exchange.base, exchange.root
    whole = quote(trace, node.span)
    assert root.ref is not None
    is_refused = is_refused_view(trace, node)
    claim = Raises(Ref(node.id)) if is_refused else Provenance(Ref(node.id), root.ref, tuple(exchange.order))
    axes = ", ".join(map(str, exchange.order))
    return report(
        rule,
        trace,
        node,
        f"`{whole}` {what}: it cuts the same elements at other places",
        claims=[claim],
        shapes=[(_name(trace, node), base), (whole, node.result)],
        help=f"exchange the axes with `.permute({axes})`",
        fixes=[_fix(node, axes) if root is base else None],
    )


def _name(trace: Trace, node: Node) -> str:
    base = _base_span(node)
    return "it" if base is None else quote(trace, base)


def _base_span(node: Node) -> Span | None:
    call = node.expression
    if not isinstance(call, facts.Call):
        return None
    if is_method(node) and isinstance(call.func, facts.Attribute):
        return call.func.value.span
    return call.arguments[0].value.span if call.arguments else None


def _fix(node: Node, axes: str) -> Fix | None:
    call = node.expression
    if not isinstance(call, facts.Call) or not isinstance(call.func, facts.Attribute):
        return None
    if not is_method(node):
        return None
    name, close = call.func.attr_span, call.close_paren
    span = Span(name.line, name.column, close.line, close.column)
    return Fix(f"exchange the axes: `.permute({axes})`", (replace_text(span, f"permute({axes}"),))
