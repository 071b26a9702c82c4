"""The state of one run: the path that it follows, what it assumes, and the trace that it records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shapelint.choices.questions import COMPARISONS, Among, IsFlag, Question, Truth, related
from shapelint.choices.store import Store
from shapelint.finding import Ref
from shapelint.infer import plan as plans
from shapelint.infer.contradictions import subject_of
from shapelint.infer.library import Library
from shapelint.infer.plan import BudgetSpent, Choice, Demand, Parent, Place, Plan, Raised
from shapelint.infer.values.objects import Function, Home
from shapelint.infer.values.provenance import sizes_in, stamp
from shapelint.infer.values.snapshot import captured
from shapelint.infer.values.truth import likely_truth
from shapelint.ops.registry import ShapeError
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim, Same, solutions
from shapelint.shapes.term import Term
from shapelint.shapes.value import NONE, Bool, Int, Layer, NoneValue, Packed, Str, Tensor, Tuple, Unknown, Value
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.trace import INPUT, Binding, Decision, Evidence, Frame, Node, Stated, Trace, refs, without_places


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
    store: Store = field(default_factory=Store)  #: what the path has said of values that are not known
    questions: dict[str, Question] = field(default_factory=dict)  #: what the truth of an unknown asks, by its key
    positive: set[str] = field(default_factory=set)  #: symbols that are the size of an axis or a layer
    assumed_zero: set[Dim] = field(default_factory=set)  #: differences of the equations
    believed: set[Evidence] = field(default_factory=set)  #: the trace's evidence
    mentions: dict[str, list[str]] = field(default_factory=dict)  #: solved symbols whose values may mention a symbol
    preferred: bool | None = None  #: the side that undecided conditions take while a guard is read
    implied: bool = False  #: while an operation asks what neither the code nor a default says
    says_nothing: bool = False  #: while it is asked whether a loop goes on, which it does not for ever
    parents: dict[str, Parent] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)  #: whose bodies are being run, the entry point's first
    loops: int = 0
    caught: int | None = None  #: the depth of the calls at which the code catches what torch raises
    graphless: int = 0  #: how many open blocks and functions switch gradients off
    member: str = ""  #: which member of a Sequential, and of one inside it, is being called
    steps: int = 0
    result: Value = NONE  #: what the latest `return` gave
    guard: Place | None = None  #: the `if` whose raising side is being run, or the assertion that fails
    raised: Place | None = None  #: the guard that ended the path
    guesses: set[int] = field(default_factory=set)  #: nodes that rest on an input of guessed rank
    free: set[str] = field(default_factory=set)  #: keys of the parameters that nobody gives a value
    called: set[int] = field(default_factory=set)  #: ids of the function definitions that were entered
    misstated: set[tuple[str, str]] = field(default_factory=set)  #: what docstrings say that the code does not do
    disputed: set[str] = field(default_factory=set)  #: keys of leaves that two docstrings give other ranks
    enumerations: dict[str, Value] = field(default_factory=dict)  #: the class whose member an unknown is, by its key
    members: dict[str, Value] = field(default_factory=dict)  #: members of enumerations by their texts
    viewed: dict[str, tuple[Dim, ...]] = field(default_factory=dict)  #: the sizes that views give unknowns
    altered: set[Ref | None] = field(default_factory=set)  #: layers that the code changes after it has built them
    failed: set[str] = field(default_factory=set)  #: keys of what torch refuses: nothing is known of what comes after

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
        if answer is Same.UNKNOWN and self.store.told:
            question = related(left, "==", right)
            if question is not None and self.store.speaks_of(question) and True not in self.store.possible(question):
                return Same.DIFFERENT
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
        question = related(left, "==", right)
        if question is not None:
            self.store.tell(question, True)
        # an input's axis gives way to a named size, a named size to an expression
        bare = [(s, v) for s, v in ((left.as_symbol, right), (right.as_symbol, left)) if s and s not in v.symbols]
        for symbol, value in sorted(bare or solutions(left - right), key=lambda pair: ".size(" not in pair[0]):
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
        flag = IsFlag(condition.as_term)
        if True in self.store.possible(flag):
            self.store.tell(flag, True)
        taken = self.decide_truth(condition)
        self.settled[condition.key] = Bool(taken)
        self.trace.solved[condition.key] = Dim.of(int(taken))
        return taken

    def decide_truth(self, condition: Unknown, likely: bool | None = None) -> bool:
        """Take a side of an unknown value's truth; `likely` overrules what the default gives."""
        hint = condition.hint
        if likely is None and hint is not None:
            likely = likely_truth(hint)
        question = self.questions.get(condition.key, Truth(condition.as_term))
        taken = self.ask(question, f"bool({condition.key})", shown(condition), likely)
        if isinstance(hint, NoneValue) and not taken:
            self.settled[condition.key] = hint
        elif isinstance(hint, Bool):
            self.settled[condition.key] = Bool(taken)
            self.trace.solved[condition.key] = Dim.of(int(taken))
        return taken

    def ask(self, question: Question, key: str, subject: str, likely: bool | None) -> bool:
        """Decide a condition: by what the path has said already, or by a choice. Raises Raised where none is left."""
        possible = self.store.possible(question)
        if not possible:
            raise Raised  # no value of the variables comes here
        taken = next(iter(possible))
        if len(possible) > 1:
            taken = bool(self.choose(key, subject, (True, False), likely, question))
        if not self.says_nothing:
            self._tell(question, taken)
        return taken

    def likely(self, left: Dim, comparison: str, right: Dim) -> bool | None:
        """How sizes compare with their likely values; None where one has none."""
        if not (left.symbols | right.symbols) <= self.trace.defaults.keys():
            return None
        return COMPARISONS[comparison](left.evaluate(self.trace.defaults), right.evaluate(self.trace.defaults))

    def ask_of_sizes(self, left: Dim, comparison: str, right: Dim, likely: bool | None) -> bool:
        """Decide how two sizes compare; equal ones are equal from now on."""
        key, subject = f"{left}{comparison}{right}", f"{left} {comparison} {right}"
        question = related(left, comparison, right)
        if question is None:
            taken = bool(self.choose(key, subject, (True, False), likely))
        else:
            taken = self.ask(question, key, subject, likely)
        return self.agree(left, right) if taken and comparison == "==" else taken

    def choose_equal(self, left: Dim, right: Dim, otherwise: bool) -> bool:
        """Whether sizes are equal (ops.registry.Assumptions)."""
        left, right = self.resolve(left), self.resolve(right)
        answer, likely = self.same(left, right), self.likely(left, "==", right)
        if answer is not Same.UNKNOWN or (likely is None and not otherwise):
            return answer is Same.EQUAL
        self.implied = likely is None
        try:
            return self.ask_of_sizes(left, "==", right, otherwise if likely is None else likely)
        finally:
            self.implied = False

    def _tell(self, question: Question, answer: bool) -> None:
        """Take an answer for granted; a variable that can have one value only has it from now on."""
        if question in self.store.told:
            return
        self.store.tell(question, answer)
        for variable in question.variables:
            for value in self.store.only_value(variable):
                if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
                    self.settled.setdefault(variable, Int(Dim.of(value)))
                    if variable not in self.trace.solved:
                        self._assume(Dim.symbol(variable), Dim.of(value))
                elif isinstance(value, str):
                    self.settled.setdefault(variable, self.members.get(value) or Str(value))

    def choose_among(self, term: Term, key: str, subject: str, options: tuple[object, ...], likely: object) -> object:
        """Take one of the texts or numbers that a term may be. Raises Raised where it can be none of them."""
        options = tuple(sorted(options, key=lambda option: not self.trace.speaks_of(option)))
        possible = tuple(option for option in options if True in self.store.possible(Among(term, (option,))))
        if not possible:
            raise Raised  # Python finds no such key
        likely = likely if likely in possible else None
        taken = possible[0] if len(possible) == 1 else self.choose(key, subject, possible, likely, term)
        self._tell(Among(term, (taken,)), True)
        return taken

    def choose(
        self, key: str, subject: str, options: tuple[object, ...], likely: object, about: Question | Term | None = None
    ) -> object:
        """Take one of the options, always the same on one path; `about` is the question, or the term that is one."""
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
        told = None if likely is None else taken == likely
        question = Among(about, (taken,)) if isinstance(about, Term) else about
        body = self.functions[-1].definition if self.functions else None
        place = None if body is None else body.name_span
        invited = self.trace.speaks_of(taken) and not (self.implied and taken is True)
        self.trace.decisions.append(Decision(subject, taken, told, invited, question, place))
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
        self._note_batch(value.key)
        sizes = self.viewed.get(value.key) or [self.size_of(f"{value.key}.size({i})") for i in range(demand.rank)]
        axes = tuple(map(Axis, sizes))
        result: Value = Tensor(axes, demand.dtype)
        if demand.packed:
            batch = Axis(Dim.symbol(f"{value.key}.batch"), Role.BATCH)
            time = Axis(Dim.symbol(f"{value.key}.time"), Role.TIME)
            result = Packed(batch, time, (Axis(Dim.symbol(f"{value.key}.size(-1)"), Role.FEATURE),))
        span = Span(1, 0, 1, 0)
        because = plans.VIEWED if value.key in self.viewed else demand.because
        bound = {"demand": because, "given": self._is_given(value.key)}
        return self.record(INPUT, (Str(value.key),), {}, bound, result, span, None)

    def _is_given(self, key: str) -> bool:
        """Whether a leaf is what the caller or a data loader gives, not the result of what is not understood."""
        return "@" not in key or key in self.free or self.trace.loader_of(key) is not None

    def _note_batch(self, key: str) -> None:
        """The batches of a loader hold as many samples as it was told, but for the last one."""
        loader = self.trace.loader_of(key)
        if loader is None or not loader.stacked:
            return
        samples = f"{key}.size(0)"
        if loader.samples is not None:
            self.trace.defaults[samples] = loader.samples
        self.believe(loader.says_of(samples))

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
            if wanted.rank > 0 and key not in self.plan.demands and key not in self.failed:
                self.demands.setdefault(key, wanted)
                return

    def is_doubted(self, value: Value) -> bool:
        """Whether the author's word on the shape of an unknown does not fit what the code does with it."""
        leaf = self.trace.leaf_of(value)
        key = value.key if isinstance(value, Unknown) else leaf and leaf.leaf_key
        return key in self.plan.doubted

    def is_given(self, value: Value) -> None:
        """An unknown that its author describes is not None, whatever its default."""
        if isinstance(value, Unknown) and isinstance(value.hint, NoneValue):
            self.settled[value.key] = replace(value, hint=None)

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
        if error is not None and self.caught == len(self.frames):
            raise Raised  # which the code reckons with
        number = len(self.trace.nodes)
        args = tuple(captured(value) for value in args)
        kwargs = {name: captured(value) for name, value in kwargs.items()}
        bound = {name: captured(v) if isinstance(v, Value) else v for name, v in bound.items()}
        stamped = stamp(result, Ref(number), span)
        is_guessed_input = op == INPUT and bound.get("demand") not in plans.CERTAIN_RANKS
        if is_guessed_input or self.is_guess(*args, *kwargs.values()):
            self.guesses.add(number)
        self.positive.update(size.as_symbol for size in sizes_in(stamped) if size.as_symbol)
        frames = tuple(self.frames)
        node = Node(number, op, args, kwargs, bound, stamped, span, self.path, expression, frames, error)
        self.trace.nodes.append(node)
        if self.graphless:
            self.trace.graphless.add(number)
        if self.caught == len(self.frames):
            self.trace.tried.add(number)
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
        """Record a piece of evidence, once; it lies where the run is, unless it says where."""
        evidence = evidence if evidence.path else replace(evidence, path=self.away)
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
        if self.steps > plans.MAX_STEPS:
            raise BudgetSpent

    def key_of(self, expression: facts.Expression) -> str:
        """A name for the value of an expression that is not understood: its text and its place."""
        span = expression.span
        calls = "".join(f"@{frame.span.line}:{frame.span.column}" for frame in self.frames)
        # the text may be cut short, and the place of its end tells `f(x)` from `f(x).g()`
        return f"{self.home.text(span)}@{span.line}:{span.column}@{span.end_line}:{span.end_column}{calls}{self.member}"


def shown(value: Unknown) -> str:
    """An unknown value's name for people: the key without the places and folders."""
    return re.sub(r"\S*/(\w+)\.py\.", r"\1.", without_places(value.key))
