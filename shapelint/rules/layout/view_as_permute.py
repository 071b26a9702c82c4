"""SHP112: `view` or `reshape` used to exchange axes."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.provenance import Provenance
from shapelint.claims.values.raises import Raises
from shapelint.finding import Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.exchanged_views import Exchange, exchanged_views
from shapelint.reading.layout.exchanges import Rearrangement
from shapelint.reading.layout.memory import is_refused_view
from shapelint.reading.layout.views import base_name, method_call
from shapelint.reading.quoting import quote, replace_text
from shapelint.reading.single_index import ONE
from shapelint.reading.uses import feeds_class_loss
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor
from shapelint.source import Span
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP112",
    name="view-as-permute",
    severity=Severity.WARNING,
    summary="view and reshape cut the elements anew; they do not exchange axes",
    page="""\
## What it does
Finds a `view` or `reshape` to the tensor's own sizes in another order: `x.view(x.size(1), x.size(0), -1)`. One axis may
be taken apart on the way (`x.view(batch, heads, steps, -1)` of (batch, steps, width)), and some may be merged
(`y.reshape(batch, steps, width)` of (batch, heads, steps, width / heads)).

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
One of the exchanged axes has length 1; axes are only merged or split in order; the sizes are plain numbers and the
result feeds no recurrent layer and no convolution that reads a last axis as its channels (an example of views); the
tensor is uniform (`torch.zeros`), or a parameter, which learns in any order; a permutation puts the axes back at once,
since the elements lay in the order of the view; a slice of the result is cut back to the first sizes but for one: the
shift of relative attention.
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
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.out(y.reshape(B, T, C))  # error: SHP112
""",
        """\
import torch
from torch import nn

class Tokens(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 4, stride=4)
        self.fc = nn.Linear(width, 10)

    def forward(self, image):
        features = self.conv(image)
        b, c, h, w = features.shape
        return self.fc(features.view(b, h * w, c))  # error: SHP112
""",
        """\
import torch
from torch import nn

conv = nn.Conv2d(3, 8, 3)
photos = torch.rand(10, 32, 32, 3)
scaled = photos.reshape(10, 3, 32, 32) / 255  # error: SHP112
print(conv(scaled).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Groups(nn.Module):
    def __init__(self, groups, width, codes):
        super().__init__()
        self.groups, self.width = groups, width
        self.table = nn.Embedding(codes, width)
        self.gate = nn.Conv1d(groups * width, 8, 1)

    def forward(self, x):
        batch, channels, length = x.shape
        heads = x.reshape(batch * self.groups, channels // self.groups, length).softmax(dim=-1)
        nearest = (x.transpose(1, 2).reshape(-1, self.width) @ self.table.weight.t()).argmax(1)
        codes = self.table(nearest).view(-1, self.groups * self.width)
        return self.gate(heads.reshape(batch, -1, length)), codes
""",
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
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(B, T, C))
""",
        """\
import torch
from torch import nn

class Tokens(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 4, stride=4)
        self.fc = nn.Linear(width, 10)
        self.table = nn.Parameter(torch.randn(width, 7))

    def forward(self, image):
        features = self.conv(image)
        b, c, h, w = features.shape
        windows = features.view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 3, 5, 1).reshape(-1, 4, c)
        back = windows.view(b, h // 2, w // 2, 2, 2, -1).permute(0, 5, 1, 3, 2, 4).reshape(b, c, h, w)
        return self.fc(back.view(b, c, h * w).transpose(1, 2)), self.table.view(7, -1)
""",
        """\
import torch
from torch import nn

class Points(nn.Module):
    def __init__(self, points):
        super().__init__()
        self.conv = nn.Conv1d(3, 64, 1)
        self.pool = nn.MaxPool1d(points)
        self.fc = nn.Linear(64, 9)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv(x)))
        return self.fc(x.view(-1, 64))
""",
    ),
)


@check(RULE, at=Nature.VIEW)
def view_as_permute(trace: Trace) -> Iterator[Finding]:
    """Views of a tensor to its own sizes in another order; SHP508 tells those for a loss."""
    for exchange in exchanged_views(trace):
        if not feeds_class_loss(trace, Ref(exchange.node.id)):
            yield exchange_finding(RULE, trace, exchange, "does not exchange axes")


def exchange_finding(rule: Rule, trace: Trace, exchange: Exchange, what: str) -> Finding:
    """A finding at a view; `what` says what it does not do."""
    node, base, root, meant = exchange.node, exchange.base, exchange.root, exchange.meant
    whole = quote(trace, node.span)
    assert root.ref is not None
    is_refused = is_refused_view(trace, node)
    claim = Raises(Ref(node.id)) if is_refused else Provenance(Ref(node.id), root.ref, meant.order, meant.split)
    axes = ", ".join(map(str, meant.order if root is base else _of_long_axes(trace, root, meant)))
    return report(
        rule,
        trace,
        node,
        f"`{whole}` {what}: it cuts the same elements at other places",
        claims=[claim],
        shapes=[(base_name(trace, node), base), (whole, node.result)],
        help=f"{_mend(trace, exchange)}: `.permute({axes})`",
        fixes=[_fix(node, axes) if root is base and _is_plain(meant, node) else None],
    )


def _of_long_axes(trace: Trace, root: Tensor, meant: Rearrangement) -> list[int]:
    """The order without axes of length 1, which later views take away."""
    order = meant.order[: len(meant.order) - sum(trace.resolve(size) == ONE for size in root.sizes)]
    return [sorted(order).index(place) for place in order]


def _is_plain(meant: Rearrangement, node: Node) -> bool:
    """Whether a permutation alone gives the view's sizes."""
    return meant.split is None and isinstance(node.result, Tensor) and node.result.rank == len(meant.order)


def _mend(trace: Trace, exchange: Exchange) -> str:
    meant, before = exchange.meant, "cut the tensor as it lies"
    if meant.split is not None:
        return f"{before}, axis {meant.split[0]} in two, and then exchange the axes"
    return "exchange the axes" if _is_plain(meant, exchange.node) else "exchange the axes before some are merged"


def _fix(node: Node, axes: str) -> Fix | None:
    method = method_call(node)
    if method is None:
        return None
    call, attribute = method
    name, close = attribute.attr_span, call.close_paren
    span = Span(name.line, name.column, close.line, close.column)
    return Fix(f"exchange the axes: `.permute({axes})`", (replace_text(span, f"permute({axes}"),))
