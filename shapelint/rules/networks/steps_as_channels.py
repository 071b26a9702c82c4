"""SHP917: layers that read the steps as their channels: Conv1d and BatchNorm1d of (B, T, F)."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.rows.follows_time import FollowsTime
from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.layout.meaning import meaning_of
from shapelint.reading.operations import called_kind, is_batch_norm, short_name
from shapelint.reading.quoting import kind_place
from shapelint.reading.recurrent import layer_of
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import named, recurrent_above
from shapelint.reading.trail import nature_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Int, Tensor, Tuple
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

RULE = Rule(
    code="SHP917",
    name="steps-read-as-channels",
    severity=Severity.WARNING,
    summary="Conv1d and BatchNorm1d take (B, C, L): of (B, T, F) they read the steps as channels",
    page="""\
## What it does
Finds one-dimensional convolutions and batch norms of a (B, T, F) tensor, whose features a Linear or an Embedding made,
as they are: not transposed.

## Why is this bad
These layers read axis 1 as the channels, and a convolution slides over the last axis. Built for as many channels as
there are steps, or where there happen to be as many steps as features, nothing raises. The convolution slides over the
features, whose order means nothing, and gives each step weights of its own; the norm gives each step a mean of all
features. Sequences of another length raise.

## Example
```python
embedded = self.embedding(text)                 # (B, T, E)
features = self.conv(embedded)                  # nn.Conv1d(max_len, filters, 3)
```

## Use instead
```python
embedded = self.embedding(text)
features = self.conv(embedded.transpose(1, 2))  # nn.Conv1d(width, filters, 3)
```

## Proved by
follows_time: torch refuses a sequence that is one step shorter.

## When it stays silent
Nothing says that axis 1 holds the steps; a convolution with a kernel of one entry, which mixes steps (an MLP mixer);
the axes were exchanged before. For a recurrent layer's output see SHP515.
""",
    bad=(
        """\
import torch
from torch import nn

class Sentences(nn.Module):
    "text: (batch, max_len)"

    def __init__(self, words, max_len=100, width=100):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.conv = nn.Conv1d(max_len, 50, 3)

    def forward(self, text):
        return self.conv(self.embedding(text)).max(dim=2)[0]  # error: SHP917
""",
        """\
import torch
from torch import nn

class Block(nn.Module):
    "x: (batch, time, width)"

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 64)
        self.norm = nn.BatchNorm1d(64)

    def forward(self, x):
        return self.norm(x + self.fc(x))  # error: SHP917

block = Block()
print(block(torch.randn(16, 64, 64)).shape)
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Sentences(nn.Module):
    "text: (batch, max_len)"

    def __init__(self, words, max_len=100, width=100):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.conv = nn.Conv1d(width, 50, 3)

    def forward(self, text):
        return self.conv(self.embedding(text).transpose(1, 2)).max(dim=2)[0]
""",
        """\
import torch
from torch import nn

class Mixer(nn.Module):
    "x: (batch, time, width)"

    def __init__(self, steps, width):
        super().__init__()
        self.of_features = nn.Linear(width, width)
        self.of_steps = nn.Conv1d(steps, steps, 1)

    def forward(self, x):
        return self.of_steps(self.of_features(x))
""",
        """\
import torch
from torch import nn

class Signals(nn.Module):
    "x: (batch, leads, samples)"

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(500, 500)
        self.conv = nn.Conv1d(12, 32, 5)

    def forward(self, x):
        return self.conv(self.fc(x))
""",
    ),
)


@check(RULE, at=(Nature.CONVOLUTION, Nature.NORM))
def steps_as_channels(trace: Trace) -> Iterator[Finding]:
    """Layers that read axis 1 as channels, of values whose axis 1 holds steps and whose last axis holds features."""
    for node in trace.nodes:
        value = node.args[1] if called_kind(node) is not None and len(node.args) > 1 else None
        if not isinstance(value, Tensor) or value.rank != 3 or node.error is not None or not _reads_channels(node):
            continue
        steps = meaning_of(trace, value, 1)
        is_sequence = value.axes[2].role is Role.FEATURE and trace.resolve(value.sizes[1]) != ONE
        if steps is None or steps.role is not Role.TIME or not is_sequence or value.ref is None:
            continue
        if recurrent_above(trace, value) is None:
            name = named(trace, node, 0, "input")
            yield report(
                RULE,
                trace,
                node,
                f"{short_name(node)} reads axis 1 of `{name}` as its channels: it holds the steps",
                claims=[FollowsTime(Ref(node.id), value.ref, time_axis=1)],
                shapes=[(name, value)],
                related=[kind_place(layer_of(node)), *steps.places()],
                help=f"give it `{name}.transpose(1, 2)`, and exchange the axes of the result again where steps follow",
                confidence=Confidence.MEDIUM,
            )


def _reads_channels(node: Node) -> bool:
    """Whether a layer normalises channels, or slides along the last axis."""
    if nature_of(node) is not Nature.CONVOLUTION:
        return is_batch_norm(node)
    size = layer_of(node).named.get("kernel_size")
    width = size.items[0] if isinstance(size, Tuple) and size.items else size
    return not (isinstance(width, Int) and width.dim == ONE)
