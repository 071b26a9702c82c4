"""The state of one run: the path that it follows, what it assumes, and the trace that it records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from shapelint.finding import Ref
from shapelint.infer.capture import captured
from shapelint.infer.contradictions import subject_of
from shapelint.infer.library import Library
from shapelint.infer.objects import Function, Home
from shapelint.infer.stamp import sizes_in, stamp
from shapelint.infer.trace import INPUT, TRIED, Binding, Decision, Evidence, Frame, Node, Stated, Trace, refs
from shapelint.ops.registry import ShapeError
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.value import (
    NONE,
    Bool,
    Dtype,
    Float,
    Int,
    Layer,
    NoneValue,
    Packed,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from shapelint.source import Span
from shapelint.syntax import facts

MAX_DEPTH = 16  #: inlined calls
MAX_STEPS = 60_000  #: statements and expressions of one run


#: the author's own words on an input's rank, and a rank that is tried (`Trace.retaken`)
STATED_RANKS = frozenset({"unpacked", "shape-comment", "shape-docstring", "permute", "pattern", "batch_first", TRIED})
#: what leaves no doubt about an input's rank: recurrent layers read batches by all usage
CERTAIN_RANKS = STATED_RANKS | {f"torch.nn.{name}.forward" for name in ("LSTM", "GRU", "RNN")}


class BudgetSpent(Exception):  # noqa: N818 - the end of a run, not an error
    """The run has taken its number of steps; what the trace holds so far is true."""


class Raised(Exception):  # noqa: N818 - the checked code raises, not shapelint
    """The path ends in a `raise` of the checked code."""


Place = tuple[str, int, int]  #: path, line and column of a statement


@dataclass(frozen=True, slots=True)
class Demand:
    """What an unknown must be: a tensor of `rank` axes, or a packed sequence; `because` says who asks."""

    rank: int
    because: str
    packed: bool = False
    dtype: Dtype = Dtype.FLOAT


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is told: choices to take, unknowns to read as tensors, guards that do not raise, and sizes."""

    choices: Mapping[str, object] = field(default_factory=dict)
    demands: Mapping[str, Demand] = field(default_factory=dict)
    passed: frozenset[Place] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)


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


@dataclass(slots=True)
class Run:
    """One run of the interpreter; it is the `Assumptions` of the operations."""

    trace: Trace
    home: Home  #: the file whose code is being run
    library: Library
    plan: Plan
    choices: dict[str, Choice] = field(default_factory=dict)
    demands: dict[str, Demand] = field(default_factory=dict)
    settled: dict[str, Value] = field(default_factory=dict)
    positive: set[str] = field(default_factory=set)  #: symbols that are the size of an axis or a layer
    assumed_zero: set[Dim] = field(default_factory=set)  #: differences of the equations
    believed: set[Evidence] = field(default_factory=set)  #: the trace's evidence
    mentions: dict[str, list[str]] = field(default_factory=dict)  #: solved symbols whose values may mention a symbol
    preferred: bool | None = None  #: the side that undecided conditions take while a guard is read
    parents: dict[str, Parent] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)  #: whose bodies are being run, the entry point's first
    loops: int = 0
    steps: int = 0
    result: Value = NONE  #: what the latest `return` gave
    guard: Place | None = None  #: the `if` whose raising side is being run, or the assertion that fails
    raised: Place | None = None  #: the guard that ended the path
    guesses: set[int] = field(default_factory=set)  #: nodes that rest on an input of guessed rank
    free: set[str] = field(default_factory=set)  #: keys of the parameters that nobody gives a value
    called: set[int] = field(default_factory=set)  #: ids of the function definitions that were entered

    @property
    def path(self) -> str:
        """The path of the file whose code is being run."""
        return self.home.source.path

    @property
    def away(self) -> str | None:
        """The path of the file whose code is being run, if it is not the analysed one."""
        return self.path if self.path != self.trace.path else None

    # what the path assumes (ops.registry.Assumptions)

    def resolve(self, dim: Dim) -> Dim:
        """A size with the assumed equalities put in."""
        return dim.substitute(self.trace.solved)

    def same(self, left: Dim, right: Dim) -> Same:
        """Compare two sizes under the equalities assumed so far."""
        left, right = self.resolve(left), self.resolve(right)
        answer = left.same(right)
        if answer is Same.DIFFERENT and not self._is_certain(left - right):
            return Same.UNKNOWN
        if answer is Same.UNKNOWN and left - right in self.assumed_zero:
            return Same.EQUAL
        return answer

    def _is_certain(self, difference: Dim) -> bool:
        """Whether sizes that differ by this differ for sure: `a + b` is `a` where b is 0."""
        return all(".size(" in name or name in self.positive for name in difference.symbols)

    def agree(self, left: Dim, right: Dim) -> bool:
        """False if the sizes certainly differ; otherwise they are equal from now on."""
        answer = self.same(left, right)
        if answer is Same.UNKNOWN:
            self._assume(self.resolve(left), self.resolve(right))
        return answer is not Same.DIFFERENT

    def _assume(self, left: Dim, right: Dim) -> None:
        # an input's axis gives way to a named size, a named size to an expression
        bare = [(s, v) for s, v in ((left.as_symbol, right), (right.as_symbol, left)) if s and s not in v.symbols]
        for symbol, value in sorted(bare or _solutions(left - right), key=lambda pair: ".size(" not in pair[0]):
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

    def decide(self, condition: Unknown) -> bool:
        """Take a side of an unknown flag, likely its default; the value is that bool from now on."""
        taken = self.decide_truth(condition)
        self.settled[condition.key] = Bool(taken)
        self.trace.solved[condition.key] = Dim.of(int(taken))
        return taken

    def decide_truth(self, condition: Unknown, likely: bool | None = None) -> bool:
        """Take a side of an unknown value's truth; `likely` overrules what the default gives."""
        hint = condition.hint
        if likely is None and hint is not None:
            likely = truth_of(hint)
        taken = bool(self.choose(f"bool({condition.key})", shown(condition), (True, False), likely))
        if isinstance(hint, NoneValue) and not taken:
            self.settled[condition.key] = hint
        elif isinstance(hint, Bool):
            self.settled[condition.key] = Bool(taken)
            self.trace.solved[condition.key] = Dim.of(int(taken))
        return taken

    def choose(self, key: str, subject: str, options: tuple[object, ...], likely: object | None) -> object:
        """Take one of the options, always the same on one path."""
        remote = self.away is not None or "@" in key or self.preferred is not None
        if key in self.choices:
            if not remote and self.choices[key].remote:
                self.choices[key] = replace(self.choices[key], remote=False)
            return self.choices[key].taken
        if self.preferred is not None and self.preferred in options:
            likely = self.preferred
        taken = self.plan.choices.get(key, options[0] if likely is None else likely)
        if taken not in options:
            taken = options[0]
        self.choices[key] = Choice(key, options, taken, likely, remote)
        self.trace.decisions.append(Decision(subject, taken, None if likely is None else taken == likely))
        return taken

    # unknown values

    def settle(self, value: Unknown) -> Value:
        """What this path takes an unknown for: a chosen value, a demanded tensor, or itself."""
        known = self.settled.get(value.key)
        if known is not None:
            return known
        demand = self.plan.demands.get(value.key)
        if demand is None:
            return value
        self.settled[value.key] = leaf = self._leaf(value, demand)
        return leaf

    def _leaf(self, value: Unknown, demand: Demand) -> Value:
        self._note_samples(value.key)
        axes = tuple(Axis(self.size_of(f"{value.key}.size({i})")) for i in range(demand.rank))
        result: Value = Tensor(axes, demand.dtype)
        if demand.packed:
            batch = Axis(Dim.symbol(f"{value.key}.batch"), Role.BATCH)
            time = Axis(Dim.symbol(f"{value.key}.time"), Role.TIME)
            result = Packed(batch, time, (Axis(Dim.symbol(f"{value.key}.size(-1)"), Role.FEATURE),))
        span = Span(1, 0, 1, 0)
        bound = {"demand": demand.because, "given": self._is_given(value.key)}
        return self.record(INPUT, (Str(value.key),), {}, bound, result, span, None)

    def _is_given(self, key: str) -> bool:
        """Whether a leaf is what the caller or a data loader gives, not the result of what is not understood."""
        return "@" not in key or key in self.free or self._loader_of(key) is not None

    def _loader_of(self, key: str) -> str | None:
        return next((one for one in self.trace.loaders if key.startswith(f"{one}[*")), None)

    def _note_samples(self, key: str) -> None:
        """The batches of a loader hold as many samples as it was told, but for the last one."""
        loader = self._loader_of(key)
        samples = None if loader is None else self.trace.loaders[loader]
        if samples is not None:
            self.trace.defaults[f"{key}.size(0)"] = samples

    def size_of(self, symbol: str) -> Dim:
        """A size of an unknown value: the symbol, or the number that the plan gives it."""
        if symbol not in self.plan.sizes:
            return Dim.symbol(symbol)
        decision = Decision(subject_of(symbol), self.plan.sizes[symbol], likely=True)
        if decision not in self.trace.decisions:
            self.trace.decisions.append(decision)
        return Dim.of(self.plan.sizes[symbol])

    def demand(self, value: Unknown, demand: Demand) -> None:
        """Ask that an unknown be a tensor on the next run, or rather the unknown that it comes from."""
        chain = [(value.key, demand)]
        while chain[-1][0] in self.parents and len(chain) < 50:
            parent = self.parents[chain[-1][0]]
            child = chain[-1][1]
            dtype = parent.dtype or child.dtype
            chain.append((parent.key, Demand(child.rank - parent.delta, demand.because, dtype=dtype)))
        for key, wanted in reversed(chain):
            if wanted.rank > 0 and key not in self.plan.demands:
                self.demands.setdefault(key, wanted)
                return

    def note_entries(self, key: str, base: Unknown) -> None:
        """What a loop over `x.unbind(dim)`, of key `key`, gives are entries of the tensor `base`."""
        self.parents.update({f"{key}[*{number}]": Parent(base.key, -1) for number in range(2)})

    # recording

    def record(
        self,
        op: str,
        args: tuple[Value, ...],
        kwargs: Mapping[str, Value],
        bound: Mapping[str, object],
        result: Value,
        span: Span,
        expression: facts.Expression | None,
        error: ShapeError | None = None,
    ) -> Value:
        """Append a node; returns its result with the references stamped in."""
        number = len(self.trace.nodes)
        args = tuple(captured(value) for value in args)
        kwargs = {name: captured(value) for name, value in kwargs.items()}
        bound = {name: captured(v) if isinstance(v, Value) else v for name, v in bound.items()}
        stamped = stamp(result, Ref(number), span)
        is_guessed_input = op == INPUT and bound.get("demand") not in CERTAIN_RANKS
        if is_guessed_input or self.is_guess(*args, *kwargs.values()):
            self.guesses.add(number)
        self.positive.update(size.as_symbol for size in sizes_in(stamped) if size.as_symbol)
        self.trace.nodes.append(
            Node(
                number,
                op,
                args,
                kwargs,
                bound,
                stamped,
                span,
                self.path,
                expression,
                tuple(self.frames),
                error,
            )
        )
        return stamped

    def is_guess(self, *values: Value) -> bool:
        """Whether a value rests on an input whose rank was guessed from the first operation on it."""
        return any(ref.node in self.guesses for value in values for ref in refs(value))

    def bind(self, span: Span, name: str, value: Value) -> None:
        """Record what a name or a call is worth, for `shapelint shapes`."""
        if isinstance(value, Tensor | Packed | Layer | Tuple) and not self.away:
            value = captured(value)
            self.trace.bindings.append(Binding(span, name, value, self.path))

    def believe(self, evidence: Evidence) -> None:
        """Record a piece of evidence, once."""
        evidence = replace(evidence, path=self.away)
        if evidence not in self.believed:
            self.believed.add(evidence)
            self.trace.evidence.append(evidence)

    def state_shape(self, stated: Stated) -> None:
        """Record the author's own shape of a value of the analysed file, where the value's rests on no guess."""
        ref = stated.value.ref
        if ref is None or self.away or self.is_guess(stated.value) or self.trace.node(ref).op == INPUT:
            return
        self.trace.stated.append(stated)

    def step(self) -> None:
        """Count one statement or expression; raises BudgetSpent."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise BudgetSpent

    def key_of(self, expression: facts.Expression) -> str:
        """A name for the value of an expression that is not understood: its text and its place."""
        span = expression.span
        calls = "".join(f"@{frame.span.line}:{frame.span.column}" for frame in self.frames)
        # the text may be cut short, and the place of its end tells `f(x)` from `f(x).g()`
        return f"{self.text(span)}@{span.line}:{span.column}@{span.end_line}:{span.end_column}{calls}"

    def text(self, span: Span) -> str:
        """The source text of a span, on one line and not too long."""
        lines = self.home.lines
        if span.line == span.end_line:
            found = lines[span.line - 1][span.column : min(span.end_column, span.column + 61)]
        else:
            found = lines[span.line - 1][span.column : span.column + 61].rstrip() + " ..."
        return found if len(found) <= 60 else found[:57] + "..."


def truth_of(value: Value | None) -> bool | None:
    """Python's truth of a value, None where it is not known."""
    if isinstance(value, Bool):
        return value.value
    if isinstance(value, NoneValue):
        return False
    if isinstance(value, Str | Float):
        return None if value.value is None else bool(value.value)
    if isinstance(value, Int):
        return True if value.dim.is_positive() else (None if value.dim.constant is None else bool(value.dim.constant))
    if isinstance(value, Tuple):
        return bool(value.items)
    return None


def shown(value: Unknown) -> str:
    """An unknown value's name for people: the key without the places."""
    return re.sub(r"@\d+:\d+", "", value.key)


def _solutions(difference: Dim) -> Iterator[tuple[str, Dim]]:
    """The symbols that `difference == 0` fixes: `2*hidden + extra - 2*hidden - 3` makes extra 3."""
    for monomial, coefficient in difference.terms:
        symbol = Dim(((monomial, 1),)).as_symbol
        value = -(difference - Dim(((monomial, coefficient),))) * Dim.of(coefficient)
        if symbol and abs(coefficient) == 1 and symbol not in value.symbols and value.is_positive():
            yield symbol, value
