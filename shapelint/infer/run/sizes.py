"""What a path takes sizes to be."""

from __future__ import annotations

from dataclasses import field

from shapelint.choices.questions import COMPARISONS, related
from shapelint.choices.store import Store
from shapelint.data import dataclass
from shapelint.ops.axes import ONE
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.equations import solutions
from shapelint.trace.node import is_of_axis
from shapelint.trace.trace import Trace

_NEVER = frozenset((False,))


@dataclass(slots=True)
class Sizes:
    """The equalities of sizes that the code tells, and those that a path assumes, which its trace has as well."""

    trace: Trace
    store: Store
    positive: set[str] = field(default_factory=set)  #: symbols that are the size of an axis or a layer
    widths: set[str] = field(default_factory=set)  #: symbols that are the hidden size of a recurrent layer
    overlaid: set[str] = field(default_factory=set)  #: axes that are as long as others, or 1 long
    assumed_zero: set[Dim] = field(default_factory=set)  #: differences of the equations
    mentions: dict[str, list[str]] = field(default_factory=dict)  #: solved symbols whose values may mention a symbol

    def resolve(self, dim: Dim) -> Dim:
        """A size with the assumed equalities put in."""
        return dim.substitute(self.trace.solved)

    def same(self, left: Dim, right: Dim) -> Same:
        """Compare two sizes under the equalities assumed so far."""
        may_be_one = right == ONE and left.as_symbol in self.overlaid
        left, right = self.resolve(left), self.resolve(right)
        answer = left.same(right)
        if may_be_one and answer is Same.DIFFERENT:
            return Same.UNKNOWN
        if answer is Same.DIFFERENT and not self.is_certain(left - right):
            return Same.UNKNOWN
        if answer is Same.UNKNOWN and left - right in self.assumed_zero:
            return Same.EQUAL
        if answer is Same.UNKNOWN and self.store.told:
            question = related(left, "==", right)
            # no answer at all: what the path has said leaves one of them no size (`n < 0`), so nothing is known of it
            if question is not None and self.store.speaks_of(question) and self.store.possible(question) == _NEVER:
                return Same.DIFFERENT
        return answer

    def is_certain(self, difference: Dim) -> bool:
        """Whether what this says of its symbols, which are taken to be positive, is so: `a + b` is `a` where b is 0."""
        return all(is_of_axis(name) or name in self.positive for name in difference.symbols)

    def is_width_of_one(self, left: Dim, right: Dim) -> bool:
        """Whether sizes are equal only if a recurrent layer is 1 wide, which the code says nowhere."""
        sides = (self.resolve(left), self.resolve(right))
        names = [name for side in sides if (name := side.as_symbol) is not None and name in self.widths]
        return ONE in sides and any(self.trace.defaults.get(name) != 1 for name in names)

    def agree(self, left: Dim, right: Dim) -> bool:
        """False if the sizes certainly differ; otherwise they are equal from now on."""
        answer = self.same(left, right)
        if answer is Same.UNKNOWN:
            self.assume(self.resolve(left), self.resolve(right))
        return answer is not Same.DIFFERENT

    def note_overlaid(self, left: Dim, right: Dim) -> None:
        """Remember which sizes are equal, from now on, only because axes of inputs are laid over others."""
        names = [side.as_symbol for side in (left, right)]
        if self.same(left, right) is Same.UNKNOWN:
            self.overlaid.update(name for name in names if name and is_of_axis(name) and name not in self.trace.solved)

    def assume(self, left: Dim, right: Dim) -> None:
        """Take sizes to be equal from now on."""
        question = related(left, "==", right)
        if question is not None:
            self.store.tell(question, True)
        # an input's axis gives way to a named size, a named size to an expression
        bare = [(s, v) for s, v in ((left.as_symbol, right), (right.as_symbol, left)) if s and s not in v.symbols]
        for symbol, value in sorted(bare or solutions(left - right), key=lambda pair: not is_of_axis(pair[0])):
            solved = self.trace.solved
            for name in self.mentions.pop(symbol, ()):
                self._solve(name, solved[name].substitute({symbol: value}))
            self._solve(symbol, value)
            return
        self.trace.equations.append((left, right))
        self.assumed_zero |= {left - right, right - left}

    def _solve(self, symbol: str, value: Dim) -> None:
        self.trace.solved[symbol] = value
        for mentioned in value.symbols:
            self.mentions.setdefault(mentioned, []).append(symbol)

    def likely(self, left: Dim, comparison: str, right: Dim) -> bool | None:
        """How sizes compare with their likely values; None where one has none."""
        if not (left.symbols | right.symbols) <= self.trace.defaults.keys():
            return None
        return COMPARISONS[comparison](left.evaluate(self.trace.defaults), right.evaluate(self.trace.defaults))
