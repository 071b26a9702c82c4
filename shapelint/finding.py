"""What a rule reports and what torch says about it: plain frozen data, no behaviour."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, ClassVar, TypeAlias

from shapelint.data import dataclass
from shapelint.source import Span

Footprint: TypeAlias = tuple[tuple[tuple[bool, ...], ...], ...]  #: [row][sample][step]


UNUSED = "SHP002"  #: the code of a comment that silences nothing


class Severity(str, Enum):
    """What torch does with the mistake."""

    ERROR = "error"  #: torch raises
    WARNING = "warning"  #: torch runs and computes something else
    INFO = "info"  #: no effect on the result


class Confidence(str, Enum):
    """How sure the analysis is that the author did not mean it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Ref:
    """A value of a trace: the node that made it and the path into the node's result.

    `Ref(7)` is the whole result of node 7, `Ref(7, (1, 0))` is `result[1][0]`: h_n of an LSTM call.
    """

    node: int
    path: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A further line that the reader needs: a construction, a piece of evidence, a call that leads here."""

    span: Span
    message: str
    path: str | None = None  #: None: the file of the finding


@dataclass(frozen=True, slots=True)
class ShownShape:
    """A shape for people: `name` as in the source, `shape` like `(B, T, 2*H)`, a role for each axis."""

    name: str
    shape: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` (empty for an insertion) by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Source edits that mend a finding; `proven` when torch showed that they do, `left` what they leave to be mended.

    A fix is `safe` if no program that ran before computes anything else after it: torch raised there, or what
    the fix takes away had no effect. `claims` are what torch must deny of the mended text, where the fix reads an
    axis otherwise than the finding does; without them, the finding's own.
    """

    description: str
    edits: tuple[Edit, ...]
    safe: bool = False
    proven: bool = False
    claims: tuple[Claim, ...] = ()
    left: str | None = None
    footprint: Footprint | None = None  #: that of the mended program


class Beside(Enum):
    """What a property compares a run of the program with."""

    NOTHING = "nothing"
    BATCHES = "batches of other sizes"
    SAMPLES = "each sample alone, without its padding"


@dataclass(frozen=True, slots=True)
class Claim:
    """What torch will show if the finding is true: a property fails (or, for `raises`, holds) at `target`.

    `target` is the value that is wrong (select it before the head: a Linear layer hides what is missing). Each property
    is a class of `claims/`, whose fields are its options: `Ref`s are values of the same trace, axes are ints and may be
    negative. A finding with several claims needs all of them.
    """

    property: ClassVar[str]
    of_rows: ClassVar[bool] = False  #: it says of each sample's row of the target what may reach it
    of_batches: ClassVar[bool] = False  #: it says how many rows the target has
    of_padding: ClassVar[bool] = False  #: it takes lengths of the sequences as true
    beside: ClassVar[Beside] = Beside.NOTHING
    sound: ClassVar[str] = ""  #: what holds of a sound model, where the rows of what a whole class returns show it
    varied: ClassVar[tuple[str, ...]] = ()  #: the axes of the source along which such a run changes the input

    target: Ref

    @builtins.property
    def options(self) -> Mapping[str, object]:
        """The property's own options that are given."""
        given = ((one.name, getattr(self, one.name)) for one in fields(self) if one.name != "target")
        return {name: value for name, value in given if value is not None and value is not False}

    @builtins.property
    def refs(self) -> list[Ref]:
        """The values of the trace that the claim speaks of: the target, and those of the options."""
        values = [value if isinstance(value, tuple) else (value,) for value in self.options.values()]
        return [self.target, *(item for value in values for item in value if isinstance(item, Ref))]

    def of(self, target: Ref, options: Mapping[str, Any]) -> Claim:
        """The same property of another target, with these options and no others."""
        return type(self)(target, **options)


class Status(str, Enum):
    """What the replay said of a finding."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a replay.

    `detail` is one line for people ("output row 0 depends on samples 0, 1, 2", or torch's own exception
    text); `footprint[i][j]` is a list over steps: does output row i depend on step t of sample j. What the replay
    `assumed` although the code does not tell it makes torch's word a word on another program: it confirms nothing.
    """

    status: Status
    property: str
    detail: str
    footprint: Footprint | None = None
    torch: str | None = None
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One reported mistake."""

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    path: str
    span: Span
    message: str
    shapes: tuple[ShownShape, ...] = ()
    related: tuple[Place, ...] = ()
    help: str | None = None  #: the mend in words, when no edit is safe
    claims: tuple[Claim, ...] = ()
    fixes: tuple[Fix, ...] = ()  #: ways to mend it, the likeliest first
    verdict: Verdict | None = None
    witness: str | None = None  #: a script that shows it with torch alone, where a report wants it
