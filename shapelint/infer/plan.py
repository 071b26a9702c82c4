"""What a run is told and what it takes down for the next one: choices, and the demands on unknown values."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import field

from shapelint.data import dataclass
from shapelint.shapes.value import Dtype
from shapelint.source import Span
from shapelint.trace.node import TRIED

MAX_DEPTH = 16  #: inlined calls
MAX_STEPS = 60_000  #: statements and expressions of one run
VIEWED = "view"  #: demands the rank that the sizes of a view have
FLATTENED = "flatten"  #: demands the rank that a flattening leaves, whatever it is given: `x.flatten(1)` two axes
PRODUCT = "product"  #: demands the one rank that a product of matrices or vectors takes

WISHED = "wished"  #: demands a rank that nothing asks for: a Linear takes any number of axes in front of the features
WISHED_RANKS = (2, 3, 4)  #: in the order in which they are tried
JOINED = "joined"  #: demands the rank of what a tensor is joined to
ASKED = "asked"  #: demands a rank after the code has asked for it: it has another side for others
GUESSED_RANKS = frozenset({WISHED, ASKED})

COMMENTED = "shape-comment"  #: demands the rank that a comment states
WRITTEN_RANKS = frozenset({COMMENTED, "shape-docstring"})  #: what texts say, which may be of other values
ORDERED_RANKS = WRITTEN_RANKS | {TRIED}  #: these, and a rank that is tried (`Trace.retaken`): of any path
#: these, the author's own words on an input's rank, and what a layer that is told how its batches lie reads
STATED_RANKS = ORDERED_RANKS | {VIEWED, FLATTENED, PRODUCT, "unpacked", "permute", "pattern", "batch_first"}
#: what leaves no doubt about an input's rank: recurrent layers read batches by all usage
CERTAIN_RANKS = STATED_RANKS | {f"torch.nn.{name}.forward" for name in ("LSTM", "GRU", "RNN")}


class BudgetSpent(Exception):  # noqa: N818 - the end of a run, not an error
    """The run has taken its number of steps; what the trace holds so far is true."""


class Raised(Exception):  # noqa: N818 - the checked code raises, not shapelint
    """The path ends in a `raise` of the checked code."""


Place = tuple[str, int, int]  #: path, line and column of a statement
Refused = frozenset[tuple[str, str, Span]]  #: operations that torch refuses: their names, paths and places


def rank_symbol(key: str) -> str:
    """The symbol that is the number of axes of an unknown value, wherever and however it is asked."""
    return f"{key}.ndim"


@dataclass(frozen=True, slots=True)
class Demand:
    """What an unknown must be: a tensor of `rank` axes, or a packed sequence; `because` says who asks."""

    rank: int
    because: str
    packed: bool = False
    dtype: Dtype = Dtype.FLOAT


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is told: choices to take, unknowns to read as tensors, guards that do not raise, and sizes.

    `doubted` are the unknowns whose shape the author states otherwise than the code uses it, `misstated` the parameters
    of a class or function whose documented rank is not that of what the code gives them.
    """

    choices: Mapping[str, object] = field(default_factory=dict)
    demands: Mapping[str, Demand] = field(default_factory=dict)
    passed: frozenset[Place] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)
    doubted: frozenset[str] = frozenset()
    misstated: frozenset[tuple[str, str]] = frozenset()
    in_vain: frozenset[str] = frozenset()  #: unknowns that are wished to be tensors, and work with no rank


@dataclass(frozen=True, slots=True)
class Turn:
    """A plan that differs from a path in one choice; `opens` are statements that it runs, None where others may be.

    `refused` is what torch refuses on the path that it comes from.
    """

    plan: Plan
    opens: frozenset[int] | None = None
    refused: Refused = frozenset()


_NOTHING = "nothing is ordered"


@dataclass(slots=True)
class Orders:
    """A plan, and what a run has had of it: with another plan of the same answers, it would have gone the same way."""

    plan: Plan
    answers: dict[tuple[str, Hashable], object] = field(default_factory=dict)  #: by the plan's field and the key

    def choice(self, key: str, otherwise: object) -> object:
        """The side to take of a choice."""
        ordered = self._ask("choices", key)
        return otherwise if ordered is _NOTHING else ordered

    def demand(self, key: str) -> Demand | None:
        """What an unknown is to be."""
        ordered = self._ask("demands", key)
        return ordered if isinstance(ordered, Demand) else None

    def size(self, symbol: str) -> int | None:
        """The number to take for a size."""
        ordered = self._ask("sizes", symbol)
        return ordered if isinstance(ordered, int) else None

    def has(self, what: str, one: Hashable) -> bool:
        """Whether a place, an unknown or a parameter is one of those in a set of the plan."""
        return self._ask(what, one) is True

    def are_those_of(self, plan: Plan) -> bool:
        """Whether another plan orders the same, as far as it was asked."""
        return all(_ordered(plan, what, key) == answer for (what, key), answer in self.answers.items())

    def _ask(self, what: str, key: Hashable) -> object:
        self.answers[what, key] = answer = _ordered(self.plan, what, key)
        return answer


def _ordered(plan: Plan, what: str, key: Hashable) -> object:
    orders = getattr(plan, what)
    return key in orders if isinstance(orders, frozenset) else orders.get(key, _NOTHING)


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that a run took: its key, the options, the one taken, and what the defaults would take.

    `remote` is true of what is asked far from the entry point's own parameters: in another file, of the value of
    an expression that is not understood, or in a guard, whose other side raises.
    """

    key: str
    options: tuple[object, ...]
    taken: object
    likely: object | None
    remote: bool = False

    @property
    def is_of_kind(self) -> bool:
        """Whether one of several things is picked by its name: `kind == "lstm"`, `{"lstm": nn.LSTM}[kind]`."""
        return not isinstance(self.taken, bool) or "==" in self.key


@dataclass(frozen=True, slots=True)
class Parent:
    """The unknown that an unknown comes from; `delta` is the change of rank, `dtype` what it must hold.

    Without a `dtype` it holds what the child holds.
    """

    key: str
    delta: int = 0
    dtype: Dtype | None = None
