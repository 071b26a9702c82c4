"""One run of the interpreter over one entry point."""

from __future__ import annotations

from dataclasses import field

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.infer import plan as plans
from shapelint.infer.library import Library
from shapelint.infer.plan import BudgetSpent, Orders, Place, Plan
from shapelint.infer.run.path import Path
from shapelint.infer.run.recorder import Recorder
from shapelint.infer.run.sizes import Sizes
from shapelint.infer.values.scopes import Home
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import NONE, Unknown, Value
from shapelint.syntax import facts
from shapelint.trace.trace import Trace


@dataclass(slots=True)
class Run:
    """The parts of a run, and how far it is; it is the `Assumptions` of the operations."""

    trace: Trace
    library: Library
    plan: Plan
    sizes: Sizes
    recorder: Recorder
    path: Path
    loops: int = 0
    steps: int = 0
    resumed: int = 0  #: those of them that another run has taken
    result: Value = NONE  #: what the latest `return` gave
    guard: Place | None = None  #: the `if` whose raising side is being run, or the assertion that fails
    raised: Place | None = None  #: the guard that ended the path
    called: set[int] = field(default_factory=set)  #: ids of the function definitions that were entered
    covered: set[int] = field(default_factory=set)  #: ids of the statements that were executed
    altered: set[Ref | None] = field(default_factory=set)  #: layers that the code changes after it has built them
    lent: set[Ref | None] = field(default_factory=set)  #: layers that something not understood was given

    @classmethod
    def of(cls, trace: Trace, home: Home, library: Library, plan: Plan) -> Run:
        """A run that has not begun, of the code in a file, whose path says what the store of its trace says."""
        sizes = Sizes(trace, trace.store)
        recorder = Recorder(trace, home, sizes)
        return cls(
            trace, library, plan, sizes, recorder, Path(Orders(plan), recorder, sizes, trace.store, trace.members)
        )

    def resolve(self, dim: Dim) -> Dim:
        """A size with the assumed equalities put in."""
        return self.sizes.resolve(dim)

    def same(self, left: Dim, right: Dim) -> Same:
        """Compare two sizes under the equalities assumed so far."""
        return self.sizes.same(left, right)

    def agree(self, left: Dim, right: Dim) -> bool:
        """False if the sizes differ, or this path takes them to; otherwise they are equal from now on."""
        return self.path.choose_agreement(left, right) if self.path.constructor else self.sizes.agree(left, right)

    def sum_over(self, left: Dim, right: Dim) -> bool:
        """`agree`, unless only a recurrent layer of width 1 would do."""
        return not self.sizes.is_width_of_one(left, right) and self.agree(left, right)

    def overlay(self, left: Dim, right: Dim) -> bool:
        """`agree`, where an axis of an input may have length 1 as well."""
        self.sizes.note_overlaid(left, right)
        return self.agree(left, right)

    def choose_equal(self, left: Dim, right: Dim, otherwise: bool) -> bool:
        """Whether sizes are equal, by what is known, or by a choice."""
        return self.path.choose_equal(left, right, otherwise)

    def decide(self, condition: Unknown) -> bool:
        """Take a side of an unknown flag; the value is that bool from now on."""
        return self.path.decide(condition)

    def key_of(self, expression: facts.Expression) -> str:
        """A name for the value of an expression that is not understood: its text and its place."""
        return self.recorder.key_of(expression)

    @property
    def place(self) -> tuple[int, Place | None]:
        """Where the run is, for `go_back`: in how many calls, and behind which guard."""
        return len(self.recorder.frames), self.guard

    def go_back(self, place: tuple[int, Place | None]) -> None:
        """Leave the calls in which something was raised: the code goes on behind it."""
        depth, self.guard = place
        del self.recorder.frames[depth:]

    def step(self) -> None:
        """Count one statement or expression; raises BudgetSpent."""
        self.steps += 1
        if self.steps > plans.MAX_STEPS:
            raise BudgetSpent
