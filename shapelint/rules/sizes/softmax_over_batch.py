"""SHP511, SHP513: a softmax over the batch, by a wrong dim or by none."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.finding import Confidence, Finding, Ref, Severity
from shapelint.ops.nature import REDUCES, Nature
from shapelint.reading.layout.following import downward, spot_of
from shapelint.reading.layout.samples import Samples, samples_of
from shapelint.reading.single_index import ONE
from shapelint.reading.sizes.around import is_learned
from shapelint.reading.sizes.softmax import Softmax, axis_fixes, shown, softmaxes
from shapelint.reading.trail import nature_of
from shapelint.rules.base import Rule, check
from shapelint.rules.report import report
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor, Value
from shapelint.trace.trace import Trace

_JOINING = REDUCES | {Nature.PRODUCT}
_PASSING = (Nature.POINTWISE, Nature.VIEW, Nature.EXPANSION, Nature.PERMUTATION, Nature.DROPOUT)
_DEPTH = 6

OVER_BATCH = Rule(
    code="SHP511",
    name="softmax-over-the-batch",
    severity=Severity.WARNING,
    summary="softmax along the batch axis weighs the samples against each other",
    page="""\
## What it does
Finds a softmax along the batch axis of scores: a recurrent layer, a docstring, a loader or what reads them later says
which axis that is.

## Why is this bad
The weights of one sample's steps do not sum to 1, those of one step over all samples do. Each sample's weights
depend on the other samples of the batch, and are all 1 for a batch of one sample.

## Example
```python
output, _ = self.gru(x)                          # (B, T, H)
weights = F.softmax(self.score(output), dim=0)
return (weights * output).sum(1)
```

## Use instead
```python
output, _ = self.gru(x)
weights = F.softmax(self.score(output), dim=1)
return (weights * output).sum(1)
```

## Proved by
batch_independence: the weights of a sample depend on other samples.

## When it stays silent
The scores are time-first, so that axis 0 holds the steps; the weighted samples are summed up (attention over
the members of a bag); two axes of the scores are samples (a similarity matrix); the same scores are normalised along
another axis, too; the batch has one sample; nothing says for certain which axis holds the samples.
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Attentive(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.score = nn.Linear(hidden, 1)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        weights = F.softmax(self.score(output), dim=0)  # error: SHP511
        return self.fc((weights * output).sum(1))
""",
        """\
import torch
from torch import nn

lstm = nn.LSTM(8, 16)
score = nn.Linear(16, 1)
output, _ = lstm(torch.randn(10, 32, 8))
scores = score(torch.tanh(output)).squeeze(-1)
weights = scores.softmax(1)  # error: SHP511
context = (weights.unsqueeze(-1) * output).sum(0)
print(context.shape)
""",
        """\
import torch
from torch import nn

class Classifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)
        self.softmax = nn.LogSoftmax(dim=0)

    def forward(self, x):
        _, (h_n, _) = self.lstm(x)
        return self.softmax(self.fc(h_n[-1]))  # error: SHP511
""",
        """\
import torch
from torch import nn

class Pool(nn.Module):
    "A weighted mean over time. x: (batch, time, width) -> (batch, width)"

    def __init__(self, width):
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, x):
        weights = torch.softmax(self.score(torch.tanh(x)), dim=0)  # error: SHP511
        return (weights * x).sum(dim=1)
""",
    ),
    good=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Attentive(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden)
        self.score = nn.Linear(hidden, 1)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, _ = self.gru(x)
        weights = F.softmax(self.score(output), dim=0)
        return self.fc((weights * output).sum(0))
""",
        """\
import torch
from torch import nn

class Bag(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(features, hidden, batch_first=True)
        self.score = nn.Linear(hidden, 4)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, sentences):
        _, h_n = self.gru(sentences)
        weights = torch.softmax(self.score(h_n[-1]), dim=0)
        return self.fc(weights.t() @ h_n[-1])
""",
        """\
import torch
from torch import nn

gru = nn.GRU(4, 6, batch_first=True)
_, h_n = gru(torch.randn(5, 9, 4))
similarity = torch.softmax(h_n[-1] @ h_n[-1].t(), dim=1)
print(similarity.shape)
""",
        """\
import torch
from torch import nn

gru = nn.GRU(4, 6)
score = nn.Linear(6, 1)
output, _ = gru(torch.randn(9, 4))
weights = torch.softmax(score(output), dim=0)
print((weights * output).sum(0).shape)
""",
        """\
import torch
from torch import nn

class Bag(nn.Module):
    "instances: (batch, channels, height, width), the patches of one slide"

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.score = nn.Linear(8, 1)

    def forward(self, instances):
        features = self.conv(instances).mean(dim=(2, 3))
        weights = torch.softmax(self.score(features), dim=0)
        return (weights * features).sum(dim=0)
""",
        """\
import torch
from torch import nn

class Experts(nn.Module):
    "tokens: (batch, width)"

    def __init__(self, width, slots):
        super().__init__()
        self.score = nn.Linear(width, slots)

    def forward(self, tokens):
        scores = self.score(tokens)
        dispatch, combine = scores.softmax(dim=0), scores.softmax(dim=1)
        return combine @ (dispatch.t() @ tokens)
""",
    ),
)

NO_DIM = Rule(
    code="SHP513",
    name="softmax-without-dim",
    severity=Severity.WARNING,
    summary="F.softmax without dim takes axis 0 of a 3-D tensor: the batch",
    page="""\
## What it does
Finds `F.softmax(x)`, `nn.Softmax()` and their kin without a `dim` on a batch-first 3-D tensor.

## Why is this bad
Without `dim` torch takes axis 0 of a 3-D tensor (and axis 1 of a matrix), and only warns. Axis 0 of (B, T, C)
is the batch: each sample is weighed against the other samples.

## Example
```python
output, _ = self.lstm(x)                 # (B, T, H)
return F.softmax(self.fc(output))
```

## Use instead
```python
output, _ = self.lstm(x)
return F.softmax(self.fc(output), dim=-1)
```

## Proved by
batch_independence: the result of a sample depends on other samples.

## When it stays silent
The tensor is a matrix, for which torch takes axis 1; axis 0 holds the steps.
""",
    bad=(
        """\
import torch
from torch import nn
import torch.nn.functional as F

class Tagger(nn.Module):
    def __init__(self, features, hidden, tags):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, tags)

    def forward(self, x):
        output, _ = self.lstm(x)
        return F.softmax(self.fc(output))  # error: SHP513
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16, batch_first=True)
score = nn.Sequential(nn.Linear(16, 1), nn.Softmax())
states, _ = gru(torch.randn(32, 10, 8))
weights = score(states)  # error: SHP513
""",
        """\
import torch
from torch import nn

class Pool(nn.Module):
    "x: (batch, time, width) -> (batch, width)"

    def __init__(self, width):
        super().__init__()
        self.score = nn.Linear(width, 1)
        self.softmax = nn.Softmax()

    def forward(self, x):
        weights = self.softmax(self.score(x))  # error: SHP513
        return (weights * x).sum(dim=1)
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

    def forward(self, x):
        output, _ = self.lstm(x)
        return F.softmax(self.fc(output[:, -1]))
""",
        """\
import torch
from torch import nn

gru = nn.GRU(8, 16)
score = nn.Linear(16, 1)
states, _ = gru(torch.randn(10, 32, 8))
weights = nn.Softmax()(score(states))
print((weights * states).sum(0).shape)
""",
        """\
import torch
from torch import nn
import torch.nn.functional as F

gru = nn.GRU(8, 16, batch_first=True)
head = nn.Linear(16, 5)
states, _ = gru(torch.randn(32, 10, 8))
print(F.log_softmax(head(states), dim=-1).shape)
""",
    ),
)


@check(OVER_BATCH, NO_DIM, at=Nature.SOFTMAX)
def softmax_over_batch(trace: Trace) -> Iterator[Finding]:
    """Softmax along the one axis that holds the samples, where steps or classes are beside it."""
    for softmax in softmaxes(trace):
        if not _may_be_samples(trace, softmax) or not is_learned(trace, softmax.value):
            continue
        samples = samples_of(trace, softmax.value)
        confidence = None if samples is None else _confidence(trace, softmax, samples)
        if samples is not None and confidence is not None and not _is_meant(trace, softmax, samples):
            yield _finding(trace, softmax, samples, confidence)


def _may_be_samples(trace: Trace, softmax: Softmax) -> bool:
    """Whether the axis may hold samples: it is one, or not the last one, where classes are."""
    is_told = softmax.normalised.role is Role.BATCH
    is_last = softmax.axis == softmax.value.rank - 1
    return (is_told or not is_last) and trace.resolve(softmax.normalised.dim) != ONE


def _confidence(trace: Trace, softmax: Softmax, samples: Samples) -> Confidence | None:
    """How sure it is that samples are no members of a bag: a sequence has its own axis to weigh."""
    sizes = [trace.resolve(size) for size in softmax.value.sizes]
    roles = [role for role, size in zip(samples.roles, sizes, strict=True) if size != ONE]
    # a whole h_n is wrong before it gets here (SHP309)
    if samples.axis != softmax.axis or Role.LAYERS in samples.roles:
        return None
    if Role.TIME in roles:
        return Confidence.HIGH
    return Confidence.MEDIUM if not {Role.FEATURE, Role.CHANNEL}.isdisjoint(roles) else None


def _is_meant(trace: Trace, softmax: Softmax, samples: Samples) -> bool:
    """Whether the weighted samples are summed up afterwards, or the scores are normalised along another axis, too."""
    both = any(other.value.ref == softmax.value.ref and other.axis != softmax.axis for other in softmaxes(trace))
    return both or _joins_samples(trace, softmax, samples)


def _joins_samples(trace: Trace, softmax: Softmax, samples: Samples) -> bool:
    spot = spot_of(softmax.node.result, samples.axis)
    with_samples = {one.ref for one in downward(trace, spot)} if spot is not None else set()
    waiting = [(softmax.node.result, 0)]
    while waiting:
        value, depth = waiting.pop()
        if not isinstance(value, Tensor) or value.ref is None or depth > _DEPTH:
            continue
        for user in trace.uses(value.ref):
            nature, made = nature_of(user), user.result
            is_joined = isinstance(made, Tensor) and made.rank and made.ref not in with_samples
            if nature in _JOINING and is_joined and not _has_samples(made):
                return True
            if nature in _JOINING or nature in _PASSING:
                waiting.append((made, depth + 1))
    return False


def _has_samples(value: Value) -> bool:
    return isinstance(value, Tensor) and any(axis.role is Role.BATCH for axis in value.axes)


def _finding(trace: Trace, softmax: Softmax, samples: Samples, confidence: Confidence) -> Finding:
    whole, name = shown(trace, softmax)
    said = f"dim={softmax.axis} is the batch" if softmax.explicit else f"without dim it takes axis {softmax.axis}"
    return report(
        OVER_BATCH if softmax.explicit else NO_DIM,
        trace,
        softmax.node,
        f"`{whole}` weighs the samples against each other: {said}, and `{name}` is {samples.in_words}",
        claims=samples.mix(Ref(softmax.node.id)),
        shapes=[(name, softmax.value)],
        related=samples.places,
        help="normalise over the steps or over the classes",
        fixes=axis_fixes(trace, softmax, samples.roles),
        confidence=confidence,
    )
