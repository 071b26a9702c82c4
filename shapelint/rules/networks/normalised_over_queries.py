"""SHP916: attention weights that are normalised over the queries or heads, not over the keys."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.sums_to_one import SumsToOne
from shapelint.finding import Edit, Finding, Fix, Ref, Severity
from shapelint.ops.nature import HANDS_ON, Nature
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import given_at
from shapelint.reading.sizes.softmax import Softmax, shown, softmaxes
from shapelint.reading.trail import made_by, nature_of, natures, trail
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Tensor
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP916",
    name="attention-normalised-over-queries",
    severity=Severity.WARNING,
    summary="`softmax(q @ k.transpose(-2, -1), dim=1) @ v`: the weights of a query do not sum to 1",
    page="""\
## What it does
Finds attention that is written out, where the softmax of `q @ k.T` runs along another axis than the keys, which the
product with `v` sums up.

## Why is this bad
The weights of a query should say how much it takes of each value, and sum to 1. Normalised over the queries or over the
heads they sum to anything: a query that all others beat gets next to nothing, and how large the result is depends on
the length of the sequence. Nothing raises.

## Example
```python
scores = torch.bmm(q, k.transpose(1, 2))
weights = torch.softmax(scores, dim=1)
context = torch.bmm(weights, v)
```

## Use instead
```python
scores = torch.bmm(q, k.transpose(1, 2))
weights = torch.softmax(scores, dim=-1)
context = torch.bmm(weights, v)
```

## Proved by
sums_to_one: the weights do not sum to 1 over the keys.

## When it stays silent
The weights are normalised again, transposed, or used otherwise before the product (slots, routing between capsules);
the scores are normalised along the keys, too; they are no product of queries and keys.
""",
    bad=(
        """\
import torch
from torch import nn

class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))

    def forward(self, x):
        "x: (batch, seq, width)"
        q, k, v = self.q(x), self.k(x), self.v(x)
        scores = torch.bmm(q, k.transpose(1, 2)) / 8
        return torch.bmm(torch.softmax(scores, dim=1), v)  # error: SHP916
""",
        """\
import torch
import torch.nn.functional as F

q, k, v = (torch.randn(2, 4, 10, 16) for _ in range(3))
scores = q @ k.transpose(-2, -1) / 4
weights = F.softmax(scores, dim=1)  # error: SHP916
context = weights @ v
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))

    def forward(self, x):
        "x: (batch, seq, width)"
        q, k, v = self.q(x), self.k(x), self.v(x)
        scores = torch.bmm(q, k.transpose(1, 2)) / 8
        return torch.bmm(torch.softmax(scores, dim=2), v)
""",
        """\
import torch

slots, keys, values = torch.randn(2, 4, 16), torch.randn(2, 10, 16), torch.randn(2, 10, 16)
scores = torch.bmm(slots, keys.transpose(1, 2))
shares = scores.softmax(dim=1) + 1e-8
shares = shares / shares.sum(dim=-1, keepdim=True)
slots = torch.bmm(shares, values)
""",
        """\
import torch

left, right = torch.randn(2, 10, 16), torch.randn(2, 7, 16)
scores = torch.bmm(left, right.transpose(1, 2))
of_right = torch.bmm(scores.softmax(dim=2), right)
of_left = torch.bmm(scores.softmax(dim=1).transpose(1, 2), left)
""",
    ),
)

_COMPUTED = HANDS_ON | {Nature.POINTWISE, Nature.SUM, Nature.DROPOUT}
_AS_IT_IS = HANDS_ON | {Nature.DROPOUT}


@check(RULE, at=Nature.SOFTMAX)
def normalised_over_queries(trace: Trace) -> Iterator[Finding]:
    """A softmax of a product of queries and keys, along another axis than the next product sums up."""
    every = list(softmaxes(trace))
    for softmax in every:
        last = softmax.value.rank - 1
        if softmax.value.rank < 3 or softmax.axis == last or not softmax.explicit:
            continue
        both = any(one.value.ref == softmax.value.ref and one.axis == last for one in every)
        keys = trace.resolve(softmax.value.sizes[last])
        if both or keys == ONE or trace.resolve(softmax.normalised.dim) == ONE or not _are_scores(trace, softmax.value):
            continue
        product = _summed_by(trace, softmax.node)
        if product is not None:
            yield _finding(trace, softmax, product)


def _are_scores(trace: Trace, value: Tensor) -> bool:
    """Whether a value is a product of two tensors, scaled or masked since, of which the second was transposed."""
    *_, source = trail(trace, value, natures(_COMPUTED))
    product = made_by(trace, source)
    if product is None or nature_of(product) is not Nature.PRODUCT or len(product.args) < 2:
        return False
    keys = made_by(trace, product.args[1])
    return keys is not None and nature_of(keys) is Nature.PERMUTATION


def _summed_by(trace: Trace, weights: Node) -> Node | None:
    """The product that takes weights as they are from the left; None where they are used otherwise, too."""
    waiting, found = [Ref(weights.id)], list[Node]()
    while waiting:
        ref = waiting.pop()
        for user in trace.uses(ref):
            nature = nature_of(user)
            if nature is Nature.PRODUCT and getattr(user.args[0], "ref", None) == ref and user.error is None:
                found.append(user)
            elif nature in _AS_IT_IS:
                waiting.append(Ref(user.id))
            elif nature not in (Nature.SHAPE, Nature.RANK):
                return None
    return found[0] if len(found) == 1 else None


def _finding(trace: Trace, softmax: Softmax, product: Node) -> Finding:
    whole, name = shown(trace, softmax)
    last = softmax.value.rank - 1
    return report(
        RULE,
        trace,
        softmax.node,
        f"`{whole}` normalises along axis {softmax.axis}, and `{quote(trace, product.span)}` sums up axis {last}",
        claims=[SumsToOne(Ref(softmax.node.id), axis=last)],
        shapes=[(name, softmax.value)],
        related=[place_of(product, "this takes a weighted sum along the last axis")],
        help="normalise over the keys: `dim=-1`",
        fixes=[_fix(trace, softmax)],
    )


def _fix(trace: Trace, softmax: Softmax) -> Fix | None:
    """Name the last axis, where the call itself names one."""
    given = given_at(softmax.node, 1, "dim") if softmax.layer is None else None
    if not isinstance(given, facts.Literal | facts.Unary) or softmax.node.path != trace.path:
        return None
    return Fix("normalise over the keys: `dim=-1`", (Edit(given.span, "-1"),))
