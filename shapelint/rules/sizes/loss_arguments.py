"""SHP517, SHP518: a loss on an axis too many, and cross entropy on probabilities."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.claims.values.alignment import Alignment
from shapelint.claims.values.raises import Raises
from shapelint.claims.values.unnormalised import Unnormalised
from shapelint.finding import Claim, Finding, Fix, Ref, Severity
from shapelint.ops.nature import Nature
from shapelint.reading.operations import is_logarithmic, short_name
from shapelint.reading.quoting import place_of, quote
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import appending_fix, is_learned, layout_of, named, recurrent_above
from shapelint.reading.sizes.losses import Loss, losses, maker_of_scores
from shapelint.reading.sizes.softmax import softmax_of
from shapelint.reading.trail import nature_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

BROADCAST = Rule(
    code="SHP517",
    name="loss-of-an-extra-axis",
    severity=Severity.WARNING,
    summary="a (B, 1) prediction against a (B,) target is spread to (B, B)",
    page="""\
## What it does
Finds losses whose prediction has an axis of length 1 that the target lacks, or the other way round.

## Why is this bad
`nn.MSELoss` and its kin lay (B, 1) and (B,) over each other and get (B, B): every prediction is compared with
every target, and the best that the model can learn is their mean. Torch only warns. `nn.BCELoss` and
`nn.BCEWithLogitsLoss` raise, and so do (B, T, 1) against (B, T).

## Example
```python
predicted = self.fc(h_n[-1])                        # (B, 1)
loss = F.mse_loss(predicted, target)                # target: (B,)
```

## Use instead
```python
predicted = self.fc(h_n[-1])
loss = F.mse_loss(predicted.squeeze(-1), target)
```

## Proved by
alignment: predictions are compared with the targets of other samples. Where torch raises: raises.

## When it stays silent
Both have the axis; the shape of the target is not known; the batch has one sample.
""",
    bad=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(h_n[-1])

model = Forecaster(4, 8)
criterion = nn.MSELoss()
x, y = torch.randn(32, 10, 4), torch.randn(32)
loss = criterion(model(x), y)  # error: SHP517
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

gru = nn.GRU(4, 8)
head = nn.Linear(8, 1)
series = torch.randn(10, 32, 4)
target = series[-1, :, 0]
states, _ = gru(series)
loss = F.l1_loss(head(states[-1]), target)  # error: SHP517
""",
        """\
import torch
from torch import nn

rnn = nn.RNN(4, 8, batch_first=True)
head = nn.Linear(8, 1)
criterion = nn.BCEWithLogitsLoss()
_, h_n = rnn(torch.randn(32, 10, 4))
loss = criterion(head(h_n[-1]), torch.ones(32))  # error: SHP517
""",
    ),
    good=(
        """\
import torch
from torch import nn

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.fc(h_n[-1])

model = Forecaster(4, 8)
criterion = nn.MSELoss()
x, y = torch.randn(32, 10, 4), torch.randn(32)
loss = criterion(model(x).squeeze(-1), y) + criterion(model(x), y.unsqueeze(1))
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Forecaster(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x, target):
        output, _ = self.gru(x)
        return F.mse_loss(self.fc(output[:, -1]), target)
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

gru = nn.GRU(4, 8)
head = nn.Linear(8, 1)
states, _ = gru(torch.randn(10, 1, 4))
loss = F.mse_loss(head(states[-1]), torch.zeros(1))
""",
    ),
)

PROBABILITIES = Rule(
    code="SHP518",
    name="cross-entropy-of-probabilities",
    severity=Severity.WARNING,
    summary="CrossEntropyLoss applies log_softmax itself: it takes scores, not probabilities",
    page="""\
## What it does
Finds cross entropy losses of a softmax of scores that a network computes.

## Why is this bad
`nn.CrossEntropyLoss` takes scores and applies log_softmax to them. A softmax before it makes two: the second
one sees numbers between 0 and 1, so no class can get a probability near 1, the loss stays high, and the
gradients are small.

## Example
```python
probabilities = F.softmax(self.fc(h_n[-1]), dim=1)
loss = F.cross_entropy(probabilities, target)
```

## Use instead
```python
scores = self.fc(h_n[-1])
loss = F.cross_entropy(scores, target)
```

## Proved by
unnormalised: what the loss gets sums to 1 over the classes, before the loss' own softmax.

## When it stays silent
The loss is NLLLoss of a log_softmax; a log_softmax before cross entropy, which changes nothing.
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, target):
        _, (h_n, _) = self.lstm(x)
        probabilities = F.softmax(self.fc(h_n[-1]), dim=1)
        return F.cross_entropy(probabilities, target), probabilities  # error: SHP518
""",
        """\
import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden, classes), nn.Softmax(dim=-1))

    def forward(self, x):
        output, _ = self.gru(x)
        return self.head(output)

model = Tagger(8, 16, 5)
criterion = nn.CrossEntropyLoss()
scores = model(torch.randn(32, 10, 8))
loss = criterion(scores.view(-1, 5), torch.randint(0, 5, (32, 10)).view(-1))  # error: SHP518
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, target):
        _, (h_n, _) = self.lstm(x)
        scores = self.fc(h_n[-1])
        return F.cross_entropy(scores, target), F.softmax(scores, dim=1)
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 5)
_, h_n = gru(torch.randn(32, 10, 8))
target = torch.randint(0, 5, (32,))
log_probs = F.log_softmax(head(h_n[-1]), dim=1)
loss = F.nll_loss(log_probs, target) + F.cross_entropy(log_probs, target)
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Gated(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.score = nn.Linear(hidden, 1)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, target):
        output, _ = self.lstm(x)
        weights = F.softmax(self.score(output), dim=1)
        return F.cross_entropy(self.fc((weights * output).sum(1)), target)
""",
    ),
)


@check(BROADCAST, at=(Nature.LOSS, Nature.EXACT_LOSS))
def loss_of_an_extra_axis(trace: Trace) -> Iterator[Finding]:
    """Losses of two tensors of which one has a further last axis of length 1."""
    for loss in losses(trace, (Nature.LOSS, Nature.EXACT_LOSS)):
        targets = loss.targets
        if not isinstance(targets, Tensor) or abs(loss.scores.rank - targets.rank) != 1:
            continue
        raised = loss.node.error is not None and loss.node.error.code == BROADCAST.code
        claim = Raises(Ref(loss.node.id)) if raised else _spread(trace, loss, targets)
        if claim is not None and _is_prediction(trace, loss, targets):
            yield _extra_axis(trace, loss, targets, claim)


def _is_prediction(trace: Trace, loss: Loss, targets: Tensor) -> bool:
    """Whether layers made one side; if a recurrent one did, samples or steps lie along the first axis of both."""
    made = [recurrent_above(trace, side) is not None for side in (loss.scores, targets)]
    if not any(made):
        return any(is_learned(trace, side) for side in (loss.scores, targets))
    side = loss.scores if made[0] else targets
    return made.count(True) == 1 and layout_of(side)[:1] in ((Role.BATCH,), (Role.TIME,))


def _spread(trace: Trace, loss: Loss, targets: Tensor) -> Claim | None:
    """The claim that (B, 1) against (B,) compares each sample with the others."""
    longer, shorter = (loss.scores, targets) if loss.scores.rank > targets.rank else (targets, loss.scores)
    sizes = [trace.resolve(size) for size in longer.sizes]
    if loss.node.error is not None or longer.rank != 2 or sizes[1] != ONE or sizes[0] == ONE:
        return None
    scores, compared = loss.scores.ref, targets.ref
    if trace.resolve(shorter.sizes[0]) != sizes[0] or scores is None or compared is None:
        return None
    return Alignment(Ref(loss.node.id), scores, 0, compared, 0)


def _extra_axis(trace: Trace, loss: Loss, targets: Tensor, claim: Claim) -> Finding:
    names = [named(trace, loss.node, place, name) for place, name in enumerate(("input", "target"))]
    longer = int(targets.rank > loss.scores.rank)
    does = "refuses" if isinstance(claim, Raises) else "compares every prediction with every target:"
    return report(
        BROADCAST,
        trace,
        loss.node,
        f"{short_name(loss.node)} {does} `{names[0]}` and `{names[1]}`: "
        f"only `{names[longer]}` has a last axis of length 1",
        claims=[claim],
        shapes=list(zip(names, (loss.scores, targets), strict=True)),
        help=f"take the axis away with `{names[longer]}.squeeze(-1)`",
        fixes=[_squeezed(trace, loss, longer)],
    )


def _squeezed(trace: Trace, loss: Loss, longer: int) -> Fix | None:
    name, raised = ("input", "target")[longer], nature_of(loss.node) is Nature.EXACT_LOSS
    return appending_fix(trace, loss.node, longer, name, ".squeeze(-1)", "take the last axis away", safe=raised)


@check(PROBABILITIES, at=Nature.CROSS_ENTROPY)
def cross_entropy_of_probabilities(trace: Trace) -> Iterator[Finding]:
    """Cross entropy whose scores were normalised before, and only cut or moved since; not in evaluation alone."""
    for loss in losses(trace, (Nature.CROSS_ENTROPY,)):
        maker = maker_of_scores(trace, loss)
        softmax = None if maker is None else softmax_of(maker)
        if softmax is None or loss.scores.ref is None or is_logarithmic(softmax.node):
            continue
        name = named(trace, loss.node, 0, "input")
        yield report(
            PROBABILITIES,
            trace,
            loss.node,
            f"{short_name(loss.node)} takes scores, and `{name}` holds probabilities: softmax is applied twice",
            claims=[Unnormalised(loss.scores.ref, axis=min(1, loss.scores.rank - 1))],
            shapes=[(name, loss.scores)],
            related=[place_of(softmax.node, "the first softmax is here")],
            help=f"give the loss what goes into {_softmax_name(trace, softmax.node)}",
        )


def _softmax_name(trace: Trace, softmax: Node) -> str:
    """The first softmax as it is written; the text of another file is not at hand."""
    return f"`{quote(trace, softmax.span)}`" if softmax.path == trace.path else "the first softmax"
