"""SHP913: masks that hide what they should keep."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.causality import Causality
from shapelint.claims.rows.kept_steps_reach import KeptStepsReach
from shapelint.data import dataclass
from shapelint.finding import Claim, Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.ops.registry import LAYERS
from shapelint.reading.layout.meaning import attention_layer
from shapelint.reading.masks import Mask, Sense, mask_of
from shapelint.reading.operations import fills_where_true
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.recurrent import layer_of
from shapelint.reading.sizes.around import given_at
from shapelint.reading.trail import nature_of
from shapelint.reading.uses import reached_softmax
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.value import Dtype, Float, Tensor, Tuple, Value
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP913",
    name="mask-hides-what-it-should-keep",
    severity=Severity.WARNING,
    summary="True in a mask of nn.MultiheadAttention hides; in scaled_dot_product_attention it keeps",
    page="""\
## What it does
Finds masks of attention that are the wrong way round: `ids != PAD` or `steps < lengths` as a `key_padding_mask` or in
`masked_fill(mask, -inf)`, a lower triangle as the `attn_mask` of `nn.MultiheadAttention`, an upper one as that of
`F.scaled_dot_product_attention`; and triangles of the numbers 0 and 1, which are added to the scores.

## Why is this bad
`nn.MultiheadAttention` and the transformer layers leave out what is True, `F.scaled_dot_product_attention` reads what
is True, and both add a mask of floats to the scores, where 0 and 1 hide nothing. The wrong way round, a model attends
to the padding alone, or to what it has to predict. Nothing raises, and the loss falls.

## Example
```python
mask = ids != self.pad
states = self.encoder(self.embedding(ids), src_key_padding_mask=mask)
```

## Use instead
```python
mask = ids == self.pad
states = self.encoder(self.embedding(ids), src_key_padding_mask=mask)
```

## Proved by
kept_steps_reach: steps at which the mask is true for real steps do not reach the result. Of triangles causality: a step
reads later ones.

## When it stays silent
What a mask is true for is not known: a parameter, a comparison with another id than the embedding's `padding_idx`.
""",
    bad=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        layer = nn.TransformerEncoderLayer(width, 4, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, ids):
        mask = ids != 0
        return self.encoder(self.embedding(ids), src_key_padding_mask=mask)  # error: SHP913
""",
        """\
import torch
from torch import nn

class Decoder(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)

    def forward(self, ids):
        T = ids.size(1)
        x = self.embedding(ids)
        mask = torch.tril(torch.ones(T, T, dtype=torch.bool), diagonal=-1)
        return x + self.attention(x, x, x, attn_mask=mask)[0]  # error: SHP913
""",
        """\
import torch
import torch.nn.functional as F

q, k, v = torch.randn(3, 2, 4, 9, 8)
later = torch.triu(torch.ones(9, 9), diagonal=1).bool()
out = F.scaled_dot_product_attention(q, k, v, attn_mask=later)  # error: SHP913
""",
        """\
import torch
from torch import nn

class Pool(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, memory, lengths):
        "memory (B, T, D); lengths (B,)"
        scores = self.score(memory).squeeze(-1)
        valid = torch.arange(memory.size(1)) < lengths.unsqueeze(1)
        scores = scores.masked_fill(valid, float("-inf"))  # error: SHP913
        return torch.bmm(scores.softmax(dim=1).unsqueeze(1), memory)
""",
        """\
import torch
from torch import nn

attention = nn.MultiheadAttention(16, 4, batch_first=True)
x = torch.randn(3, 12, 16)
causal = torch.tril(torch.ones(12, 12))
out, _ = attention(x, x, x, attn_mask=causal)  # error: SHP913
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Encoder(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        layer = nn.TransformerEncoderLayer(width, 4, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, ids):
        kept = ids != 0
        T = ids.size(1)
        later = torch.triu(torch.ones(T, T), diagonal=1).bool()
        return self.encoder(self.embedding(ids), mask=later, src_key_padding_mask=~kept)
""",
        """\
import torch
import torch.nn.functional as F

q, k, v = torch.randn(3, 2, 4, 9, 8)
seen = torch.tril(torch.ones(9, 9))
out = F.scaled_dot_product_attention(q, k, v, attn_mask=seen.bool())
scores = (q @ k.transpose(-2, -1)).masked_fill(seen == 0, float("-inf"))
again = scores.softmax(-1) @ v
added = torch.zeros(9, 9).masked_fill(seen == 0, float("-inf"))
out = F.scaled_dot_product_attention(q, k, v, attn_mask=added)
""",
        """\
import torch
from torch import nn

class Pool(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, memory, lengths):
        "memory (B, T, D); lengths (B,)"
        scores = self.score(memory).squeeze(-1)
        valid = torch.arange(memory.size(1)) < lengths.unsqueeze(1)
        weights = scores.masked_fill(~valid, float("-inf")).softmax(dim=1)
        return torch.bmm(weights.unsqueeze(1), memory), scores.masked_fill(valid, 0.0).sum()
""",
    ),
)

_HIDES_EARLIER = "hides a step and what comes before it, and leaves what comes later"


@dataclass(frozen=True, slots=True)
class _Use:
    """A mask that an operation reads: what it is true for is left out, or, `keeps`, read.

    The masked steps lie along an axis of `source` that `target` sums up.
    """

    node: Node
    mask: Mask
    given: Tensor
    keeps: bool
    source: Tensor
    time_axis: int
    target: Ref
    target_axis: int


@check(RULE, at=(Nature.ATTENTION, Nature.POINTWISE))
def mask_sense(trace: Trace) -> Iterator[Finding]:
    """Masks that are the wrong way round for what reads them."""
    for node in trace.nodes:
        if node.error is None:
            for use in _uses(trace, node):
                told = _wrong(use)
                claim = _claim(use) if told is not None else None
                if told is not None and claim is not None:
                    yield _finding(trace, use, told, claim)


def _uses(trace: Trace, node: Node) -> Iterator[_Use]:
    nature = nature_of(node)
    if nature is Nature.ATTENTION:
        yield from _by_layer(trace, node) if attention_layer(node) is not None else _by_function(trace, node)
    elif fills_where_true(node):
        yield from _by_filling(trace, node)


def _by_layer(trace: Trace, node: Node) -> Iterator[_Use]:
    layer = attention_layer(node)
    parameters = [*LAYERS[layer_of(node).kind].forward.signature.parameters]
    values = dict(zip(parameters, node.args, strict=False)) | dict(node.kwargs)
    source = values.get("key", values.get("src"))
    if layer is None or not isinstance(source, Tensor) or source.rank != 3:
        return
    time_axis = int(layer.flag("batch_first"))
    target = Ref(node.id, (0,) if isinstance(node.result, Tuple) else ())
    for name, value in values.items():
        mask = mask_of(trace, value) if "mask" in name else None
        if mask is not None and isinstance(value, Tensor) and mask.is_causal is ("padding" not in name):
            yield _Use(node, mask, value, False, source, time_axis, target, time_axis)


def _by_function(trace: Trace, node: Node) -> Iterator[_Use]:
    value = node.args[3] if len(node.args) > 3 else node.kwargs.get("attn_mask")
    source = node.args[1] if len(node.args) > 1 else node.kwargs.get("key")
    mask = mask_of(trace, value)
    if mask is not None and isinstance(source, Tensor) and isinstance(value, Tensor) and source.rank > 2:
        yield _Use(node, mask, value, True, source, source.rank - 2, Ref(node.id), source.rank - 2)


def _by_filling(trace: Trace, node: Node) -> Iterator[_Use]:
    given = [*node.args[:2], *(node.kwargs[name] for name in ("mask",) if name in node.kwargs)]
    if len(given) < 2 or not isinstance(given[0], Tensor) or not isinstance(given[1], Tensor):
        return
    scores, mask = given[0], mask_of(trace, given[1])
    softmax = reached_softmax(trace, Ref(node.id)) if mask is not None and _is_very_low(trace, node) else None
    if mask is None or softmax is None or softmax.rank != scores.rank or softmax.ref is None or not scores.rank:
        return
    last = scores.rank - 1
    yield _Use(node, mask, given[1], False, scores, last, softmax.ref, last)


def _is_very_low(trace: Trace, node: Node) -> bool:
    """Whether the mask's places get a number that softmax makes to 0."""
    value: Value | None = node.args[2] if len(node.args) > 2 else node.kwargs.get("value")
    if isinstance(value, Float) and value.value is not None:
        return value.value < -1e3
    written = given_at(node, 2, "value")
    text = "" if written is None else quote(trace, written.span)
    return isinstance(value, Float) and "-" in text and ("inf" in text or "e" in text)


def _wrong(use: _Use) -> str | None:
    """What is wrong with a mask, in words; None where it is right."""
    if use.given.dtype is Dtype.FLOAT and nature_of(use.node) is Nature.ATTENTION:
        return "is added to the scores: 0 and 1 hide nothing" if use.mask.is_causal else None
    sense, keeps = use.mask.sense, use.keeps
    if sense is (Sense.LATER if keeps else Sense.EARLIER):
        return _HIDES_EARLIER
    return "hides the real steps and leaves the padding" if sense is (Sense.PADDING if keeps else Sense.REAL) else None


def _claim(use: _Use) -> Claim | None:
    if use.source.ref is None:
        return None
    if use.mask.is_causal:
        return Causality(use.target, use.source.ref, use.time_axis, use.target_axis)
    if use.mask.told is not Sense.REAL:
        return None  # the property is told of a mask that is true at the real steps
    return KeptStepsReach(use.target, use.source.ref, use.time_axis, Ref(use.mask.made.id), use.target_axis)


def _finding(trace: Trace, use: _Use, told: str, claim: Claim) -> Finding:
    return report(
        RULE,
        trace,
        use.node,
        f"the mask of `{quote(trace, use.node.span)}` {told}",
        claims=[claim],
        shapes=[("mask", use.given)],
        related=[place_of(use.mask.made, "this says where the mask is true")],
        help=_help(use),
    )


def _help(use: _Use) -> str:
    if use.given.dtype is Dtype.FLOAT and nature_of(use.node) is Nature.ATTENTION:
        return "make it a mask of truth values, or of 0 and -inf"
    return "turn it around with `~`"
