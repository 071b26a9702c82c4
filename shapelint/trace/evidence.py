"""What the code says of axes and shapes."""

from __future__ import annotations

from shapelint.data import dataclass
from shapelint.notation.shape_text import ShapeText
from shapelint.shapes.axis import Role
from shapelint.shapes.value import Tensor
from shapelint.source import Span

NAMED = "unpacked-name"  #: the kind of evidence that a name is which the author gives a size
LIKELY = 2  #: the weight from which it tells where no more than a warning of rare sizes hangs on it
ENOUGH = 3  #: the weight from which evidence that nothing contradicts tells what an axis is


@dataclass(frozen=True, slots=True)
class Evidence:
    """A hint of what the author thinks that the axis of size `symbol` means.

    `kind` is a short slug ("shape-comment", "unpacked-name", "state-size", "last-index", "annotation",
    "embedding-ids", "packed-layout", "pad-layout", "exchange"), `weight` 3 for a statement by the author that leaves no
    room (a shape comment), 2 strong, 1 weak; `message` is shown under the span.
    """

    symbol: str
    role: Role
    kind: str
    weight: int
    span: Span
    message: str
    path: str | None = None  #: None: the analysed file


@dataclass(frozen=True, slots=True)
class Stated:
    """A shape that the author wrote beside the statement that makes a value: `x = self.fc(x)  # (B, T, C)`.

    `span` is the comment, `source` what it is called in a message; the value's own shape rests on no guess.
    """

    value: Tensor
    shape: ShapeText
    span: Span
    source: str
    path: str | None = None  #: None: the analysed file


@dataclass(frozen=True, slots=True)
class Loader:
    """A `DataLoader`: `stacked`, samples lie along axis 0 of what it gives, `samples` of them where that is told.

    `paired`, each sample comes with a target of its own. `last`, its last batch is smaller, and has so many.
    """

    span: Span
    stacked: bool
    samples: int | None
    shuffled: bool
    paired: bool = False
    path: str | None = None  #: None: the analysed file
    last: int | None = None

    def says_of(self, samples: str) -> Evidence:
        """What axis 0 of a batch is; samples in random order, or with targets, are no steps of one sequence."""
        weight = 3 if self.shuffled or self.paired else 2
        told = "the loader stacks samples along axis 0"
        return Evidence(samples, Role.BATCH, "loader", weight, self.span, told, self.path)
