"""SHP910, SHP911: losses that get probabilities for scores, or scores for log-probabilities."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.log_probabilities import LogProbabilities
from shapelint.claims.values.unsquashed import Unsquashed
from shapelint.finding import Finding, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_logarithmic, is_sigmoid, short_name, takes_logits
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.sizes.around import named
from shapelint.reading.sizes.losses import losses, maker_of_scores
from shapelint.reading.trail import nature_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

SQUASHED = Rule(
    code="SHP910",
    name="logits-loss-of-probabilities",
    severity=Severity.WARNING,
    summary="BCEWithLogitsLoss applies the sigmoid itself: it takes scores, not probabilities",
    page="""\
## What it does
Finds `nn.BCEWithLogitsLoss` and `F.binary_cross_entropy_with_logits` of a sigmoid.

## Why is this bad
The loss applies a sigmoid to what it gets. A second one sees numbers between 0 and 1 and gives probabilities between
0.5 and 0.73: the loss of a negative sample can never come below 0.69, and the gradients are small. Nothing raises.

## Example
```python
probability = torch.sigmoid(self.fc(x))
loss = F.binary_cross_entropy_with_logits(probability, target)
```

## Use instead
```python
score = self.fc(x)
loss = F.binary_cross_entropy_with_logits(score, target)
```

## Proved by
unsquashed: what the loss gets lies between 0 and 1 before the loss' own sigmoid.

## When it stays silent
The loss is BCELoss; the sigmoid is of the target; something else is computed of the sigmoid before the loss.
""",
    bad=(
        """\
import torch
from torch import nn

class Tickets(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.fc = nn.Linear(features, 1)

    def forward(self, x):
        return torch.sigmoid(self.fc(x))

model = Tickets(7)
criterion = nn.BCEWithLogitsLoss()
loss = criterion(model(torch.rand(30, 7)), torch.ones(30, 1))  # error: SHP910
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 1, 1), nn.Sigmoid())
masks = model(torch.rand(2, 3, 10, 10)).squeeze(1)
loss = F.binary_cross_entropy_with_logits(masks, torch.ones(2, 8, 8))  # error: SHP910
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

fc, teacher = nn.Linear(7, 1), nn.Linear(7, 1)
x = torch.rand(30, 7)
score, target = fc(x), torch.ones(30, 1)
soft = torch.sigmoid(teacher(x)).detach()
loss = F.binary_cross_entropy_with_logits(score, target) + F.binary_cross_entropy(torch.sigmoid(score), target)
loss = loss + F.binary_cross_entropy_with_logits(score, soft)
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

fc, gate = nn.Linear(7, 1), nn.Linear(7, 1)
x = torch.rand(30, 7)
score = fc(x) * torch.sigmoid(gate(x))
loss = F.binary_cross_entropy_with_logits(score, torch.ones(30, 1))
""",
        """\
import torch
from torch import nn

class Tickets(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.fc = nn.Linear(features, 1)

    def forward(self, x):
        score = self.fc(x)
        return score if self.training else torch.sigmoid(score)

model = Tickets(7)
criterion = nn.BCEWithLogitsLoss()
loss = criterion(model(torch.rand(30, 7)), torch.ones(30, 1))
""",
    ),
)

UNLOGGED = Rule(
    code="SHP911",
    name="likelihood-of-scores",
    severity=Severity.WARNING,
    summary="NLLLoss takes log-probabilities: scores need log_softmax first",
    page="""\
## What it does
Finds `nn.NLLLoss` and `F.nll_loss` of what a Linear or a convolution gives, or of a softmax without logarithm.

## Why is this bad
NLLLoss takes the number of the right class with the sign changed, and nothing else. Of scores it can be made as small
as one likes by making all of them large; of probabilities it is no likelihood. It falls below 0 and says nothing.

## Example
```python
scores = self.fc(x)
loss = F.nll_loss(scores, target)
```

## Use instead
```python
log_probs = F.log_softmax(self.fc(x), dim=1)
loss = F.nll_loss(log_probs, target)
```

## Proved by
log_probabilities: the exponentials of what the loss gets do not sum to 1 over the classes.

## When it stays silent
A logarithm or another function is taken before the loss; it is not known what computes the scores.
""",
    bad=(
        """\
import torch
from torch import nn

class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 100)
        self.fc2 = nn.Linear(100, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x.view(-1, 784))))

net, criterion = Digits(), nn.NLLLoss()
loss = criterion(net(torch.rand(32, 1, 28, 28)), torch.randint(10, (32,)))  # error: SHP911
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

fc = nn.Linear(9, 4)
probabilities = fc(torch.rand(8, 9)).softmax(dim=1)
loss = F.nll_loss(probabilities, torch.randint(4, (8,)))  # error: SHP911
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

fc = nn.Linear(9, 4)
scores, target = fc(torch.rand(8, 9)), torch.randint(4, (8,))
loss = F.nll_loss(F.log_softmax(scores, dim=1), target) + F.cross_entropy(scores, target)
loss = loss + F.nll_loss(torch.log(scores.softmax(1)), target)
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

fc = nn.Linear(9, 4)
log_probs = F.logsigmoid(fc(torch.rand(8, 9)))
loss = F.nll_loss(log_probs, torch.randint(4, (8,)))
""",
        """\
import torch
from torch import nn

def train(model, criterion, batches):
    for x, target in batches:
        criterion(model(x), target).backward()

model = nn.Sequential(nn.Linear(9, 4), nn.LogSoftmax(dim=1))
train(model, nn.NLLLoss(), [(torch.rand(8, 9), torch.randint(4, (8,)))])
""",
    ),
)


@check(SQUASHED, at=Nature.EXACT_LOSS)
def logits_loss_of_probabilities(trace: Trace) -> Iterator[Finding]:
    """Losses that apply a sigmoid, given one."""
    for loss in losses(trace, (Nature.EXACT_LOSS,)):
        maker = maker_of_scores(trace, loss)
        if maker is None or not takes_logits(loss.node) or not is_sigmoid(maker) or loss.scores.ref is None:
            continue
        name = named(trace, loss.node, 0, "input")
        yield report(
            SQUASHED,
            trace,
            loss.node,
            f"{short_name(loss.node)} takes scores, and `{name}` holds probabilities: the sigmoid is applied twice",
            claims=[Unsquashed(loss.scores.ref)],
            shapes=[(name, loss.scores)],
            related=[place_of(maker, "the first sigmoid is here")],
            help="give the loss what goes into the sigmoid",
        )


@check(UNLOGGED, at=Nature.LIKELIHOOD)
def likelihood_of_scores(trace: Trace) -> Iterator[Finding]:
    """Likelihoods of what a layer gives as it is, or of probabilities."""
    for loss in losses(trace, (Nature.LIKELIHOOD,)):
        maker = maker_of_scores(trace, loss)
        if maker is None or not _gives_no_logarithms(maker) or loss.scores.ref is None:
            continue
        name = named(trace, loss.node, 0, "input")
        yield report(
            UNLOGGED,
            trace,
            loss.node,
            f"{short_name(loss.node)} takes log-probabilities, and `{name}` holds {_what(maker)}",
            claims=[LogProbabilities(loss.scores.ref, axis=min(1, loss.scores.rank - 1))],
            shapes=[(name, loss.scores)],
            related=[place_of(maker, "they come from here")],
            help=f"use cross_entropy, or apply log_softmax to {_argument(trace, maker)}",
        )


def _gives_no_logarithms(maker: Node) -> bool:
    nature = nature_of(maker)
    is_softmax = nature is Nature.SOFTMAX and not is_logarithmic(maker)
    return is_softmax or nature in (Nature.LINEAR, Nature.CONVOLUTION)


def _what(maker: Node) -> str:
    return "probabilities" if nature_of(maker) is Nature.SOFTMAX else "scores"


def _argument(trace: Trace, maker: Node) -> str:
    """The value to take the logarithm of, as it is written; the text of another file is not at hand."""
    if nature_of(maker) is Nature.SOFTMAX or maker.path != trace.path:
        return "the scores"
    return f"`{quote(trace, maker.span)}`"
