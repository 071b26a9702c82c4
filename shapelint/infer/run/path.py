"""The path that a run follows: the sides that it takes of what is not decided, and what it takes unknowns for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from shapelint.choices.questions import Among, IsFlag, Question, Truth, related
from shapelint.choices.store import Store
from shapelint.data import dataclass
from shapelint.infer import plan as plans
from shapelint.infer.contradictions import subject_of
from shapelint.infer.plan import Choice, Demand, Orders, Parent, Raised
from shapelint.infer.run.recorder import Recorder
from shapelint.infer.run.sizes import Sizes
from shapelint.infer.values.truth import likely_truth
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.dim import Dim, Same
from shapelint.shapes.term import Term
from shapelint.shapes.value import Bool, Dtype, Int, NoneValue, Packed, Str, Tensor, Unknown, Value
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.decision import Decision, without_places
from shapelint.trace.node import INPUT

#: libraries of arrays and tables of their own: `sp.diags(x).dot(y)` is no product of tensors
_OF_ARRAYS = frozenset(("numpy", "scipy", "pandas", "sklearn", "networkx", "cv2", "PIL", "jax", "tensorflow"))


@dataclass(slots=True)
class Path:
    """The choices of one path, by its plan or new ones, and the values of what is unknown on it."""

    orders: Orders
    recorder: Recorder
    sizes: Sizes
    store: Store  #: what the path has said of values that are not known
    members: dict[str, Value] = field(default_factory=dict)  #: members of enumerations by their texts
    choices: dict[str, Choice] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  #: the keys of the choices, each time that one is asked for
    beyond: dict[str, set[int] | None] = field(default_factory=dict)  #: what the other side of a choice runs
    demands: dict[str, Demand] = field(default_factory=dict)
    settled: dict[str, Value] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)  #: what the truth of an unknown asks, by its key
    parents: dict[str, Parent] = field(default_factory=dict)
    preferred: bool | None = None  #: the side that undecided conditions take while a guard is read
    implied: bool = False  #: while an operation asks what neither the code nor a default says
    says_nothing: bool = False  #: while it is asked whether a loop goes on, which it does not for ever
    free: set[str] = field(default_factory=set)  #: keys of the parameters that nobody gives a value
    constructor: frozenset[str] = frozenset()  #: those of them that the class takes whose methods are run
    viewed: dict[str, tuple[Dim, ...]] = field(default_factory=dict)  #: the sizes that views give unknowns
    no_tensors: set[str] = field(default_factory=set)  #: keys of what libraries of arrays of their own make
    failed: set[str] = field(default_factory=set)  #: keys of what torch refuses: nothing is known of what comes after
    asked_in_vain: set[str] = field(default_factory=set)  #: sizes that are settled by what torch refuses
    enumerations: dict[str, Value] = field(default_factory=dict)  #: the class whose member an unknown is, by its key
    misstated: set[tuple[str, str]] = field(default_factory=set)  #: what docstrings say that the code does not do
    #: of leaves that the code asks whether they are tensors: the sides on which they are none, by the choices' keys
    kinds: dict[str, dict[str, bool]] = field(default_factory=dict)
    disputed: set[str] = field(default_factory=set)  #: keys of leaves that two docstrings give other ranks
    said_features: set[str] = field(default_factory=set)  #: sizes of axes that texts call features
    wishes: dict[str, Demand] = field(default_factory=dict)  #: of unknowns that are read with any number of axes
    indexed: dict[str, int] = field(default_factory=dict)  #: how many axes an index takes of an unknown
    misfits: int = 0  #: operations that a guessed rank makes torch refuse

    def decide(self, condition: Unknown) -> bool:
        """Take a side of an unknown flag, likely its default; the value is that bool from now on."""
        flag = IsFlag(condition.as_term)
        if True in self.store.possible(flag):
            self.store.tell(flag, True)
        taken = self.decide_truth(condition)
        self.settled[condition.key] = Bool(taken)
        self.recorder.trace.solved[condition.key] = Dim.of(int(taken))
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
            self.recorder.trace.solved[condition.key] = Dim.of(int(taken))
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

    def ask_of_sizes(self, left: Dim, comparison: str, right: Dim, likely: bool | None) -> bool:
        """Decide how two sizes compare; equal ones are equal from now on."""
        key, subject = f"{left}{comparison}{right}", f"{left} {comparison} {right}"
        question = related(left, comparison, right)
        if question is None:
            taken = bool(self.choose(key, subject, (True, False), likely))
        else:
            taken = self.ask(question, key, subject, likely)
        return self.sizes.agree(left, right) if taken and comparison == "==" else taken

    def choose_agreement(self, left: Dim, right: Dim) -> bool:
        """Whether sizes that an operation needs to be equal are: two parameters of the constructor need not be.

        Who gives a class two sizes has two sizes in mind; that they are equal is one side of a question. Where both
        have defaults, these are told of (`Trace.likely`).
        """
        left, right = self.sizes.resolve(left), self.sizes.resolve(right)
        one, other = left.as_symbol, right.as_symbol
        is_free = one is not None and other is not None and {one, other} <= self.constructor
        if not is_free or self.sizes.same(left, right) is not Same.UNKNOWN:
            return self.sizes.agree(left, right)
        asked = self.choices.get(_alike(left, right))
        if asked is not None:
            return bool(asked.taken) and self.sizes.agree(left, right)
        if self.sizes.likely(left, "==", right) is not None:
            return self.sizes.agree(left, right)
        return self._imply(left, right, None)

    def choose_alike(self, left: Unknown, right: Unknown) -> bool | None:
        """Whether two parameters of the constructor are equal, whatever they are; None for other values."""
        if left.key == right.key or not {left.key, right.key} <= self.constructor:
            return None
        likely = None if left.hint is None or right.hint is None else left.hint == right.hint
        key = _alike(left.key, right.key)
        return bool(self.choose(key, key, (True, False), likely))

    def choose_equal(self, left: Dim, right: Dim, otherwise: bool) -> bool:
        """Whether sizes are equal (ops.registry.Assumptions)."""
        left, right = self.sizes.resolve(left), self.sizes.resolve(right)
        answer, likely = self.sizes.same(left, right), self.sizes.likely(left, "==", right)
        if answer is not Same.UNKNOWN or (likely is None and not otherwise):
            return answer is Same.EQUAL
        return self._imply(left, right, otherwise if likely is None else likely, unsaid=likely is None)

    def _imply(self, left: Dim, right: Dim, likely: bool | None, unsaid: bool = True) -> bool:
        self.implied = unsaid
        try:
            return self.ask_of_sizes(left, "==", right, likely)
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
                    if variable not in self.recorder.trace.solved:
                        self.sizes.assume(Dim.symbol(variable), Dim.of(value))
                elif isinstance(value, str):
                    self.settled.setdefault(variable, self.members.get(value) or Str(value))

    def choose_among(self, term: Term, key: str, subject: str, options: tuple[object, ...], likely: object) -> object:
        """Take one of the texts or numbers that a term may be. Raises Raised where it can be none of them."""
        options = tuple(sorted(options, key=lambda option: not self.recorder.trace.speaks_of(option)))
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
        self.asked.append(key)
        remote = self.recorder.away is not None or "@" in key or self.preferred is not None
        if key in self.choices:
            if not remote and self.choices[key].remote:
                self.choices[key] = replace(self.choices[key], remote=False)
            return self.choices[key].taken
        if self.preferred is not None and self.preferred in options:
            likely = self.preferred
        taken = self.orders.choice(key, options[0] if likely is None else likely)
        if taken not in options:
            taken = options[0]
        self.choices[key] = Choice(key, options, taken, likely, remote)
        told = None if likely is None else taken == likely
        question = Among(about, (taken,)) if isinstance(about, Term) else about
        body = self.recorder.functions[-1].definition if self.recorder.functions else None
        place = None if body is None else body.name_span
        invited = self.recorder.trace.speaks_of(taken) and not (self.implied and taken is True)
        self.recorder.trace.decisions.append(Decision(subject, taken, told, invited, question, place, self.implied))
        return taken

    def pass_by(self, first: int, last: int, code: tuple[facts.Statement, ...], ends: bool) -> None:
        """Note the code that is not run because of some of the choices that were asked for.

        It is known by its first statement; `ends` says that what comes after it is not run, either.
        """
        for key in self.asked[first:last]:
            known = self.beyond.setdefault(key, set())
            if ends or known is None:
                self.beyond[key] = None
            else:
                known.update(id(statement) for statement in code[:1])

    def settle(self, value: Unknown) -> Value:
        """What this path takes an unknown for: a chosen value, a demanded tensor, or itself."""
        known = self.settled.get(value.key)
        if isinstance(known, Unknown) and known.key != value.key:
            return self.settle(known)
        if known is not None:
            return known
        demand = self.orders.demand(value.key)
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
        return self.recorder.record(INPUT, (Str(value.key),), {}, bound, result, span, None)

    def _is_given(self, key: str) -> bool:
        """Whether a leaf is what the caller or a data loader gives, not the result of what is not understood."""
        return "@" not in key or key in self.free or self.recorder.trace.loader_of(key) is not None

    def _note_batch(self, key: str) -> None:
        """The batches of a loader hold as many samples as it was told, but for the last one."""
        loader = self.recorder.trace.loader_of(key)
        if loader is None or not loader.stacked:
            return
        samples = self.viewed[key][0].as_symbol if key in self.viewed else f"{key}.size(0)"
        if samples is None:
            return
        if loader.samples is not None:
            self.recorder.trace.defaults[samples] = loader.samples
            if loader.last is not None:
                is_first = "[*0]" in samples
                self.recorder.trace.last_batches[samples] = loader.samples if is_first else loader.last
        self.recorder.believe(loader.says_of(samples))

    def size_of(self, symbol: str) -> Dim:
        """A size of an unknown value: the symbol, or the number that the plan gives it."""
        ordered = self.orders.size(symbol)
        if ordered is None:
            return Dim.symbol(symbol)
        decision = Decision(subject_of(symbol), ordered, likely=True)
        if decision not in self.recorder.trace.decisions:
            self.recorder.trace.decisions.append(decision)
        return Dim.of(ordered)

    def demand(self, value: Unknown, demand: Demand) -> None:
        """Ask that an unknown be a tensor on the next run, or rather the unknown that it comes from."""
        origins = list(self._origins(value, demand))
        for key, wanted in origins:
            if wanted.rank < self.indexed.get(key, 0):
                return  # what asks takes an axis of length 1 for none
            if wanted.rank > 0 and self.orders.demand(key) is None:
                is_asked = self._has_asked_for_rank(key for key, _ in origins)
                self.demands.setdefault(key, replace(wanted, because=plans.ASKED) if is_asked else wanted)
                return

    def _has_asked_for_rank(self, keys: Iterable[str]) -> bool:
        """Whether this path is one side of a condition on a number of axes: `if x.dim() == 3`."""
        questions = (decision.question for decision in self.recorder.trace.decisions)
        ranks = set(map(plans.rank_symbol, keys))
        return any(not ranks.isdisjoint(question.variables) for question in questions if question is not None)

    def note_indexed(self, value: Unknown, axes: int) -> None:
        """Note that an index takes so many axes of an unknown: `x[:, -1, :]`; no demand for fewer holds."""
        for key, least in self._origins(value, Demand(axes, "index")):
            self.indexed[key] = max(least.rank, self.indexed.get(key, 0))
            if key in self.demands and self.demands[key].rank < least.rank:
                del self.demands[key]

    def note_array(self, made: Unknown, maker: Unknown) -> Unknown:
        """What a library of arrays of its own makes is no tensor, nor is what is made of that; `made` it is."""
        if self.is_of_arrays(maker):
            self.no_tensors.add(made.key)
        return made

    def is_of_arrays(self, value: Unknown) -> bool:
        """Whether a value is such a library, a part of one, or what it makes."""
        return value.key in self.no_tensors or value.key.partition(".")[0] in _OF_ARRAYS

    def wish(self, value: Unknown, dtype: Dtype) -> None:
        """Note that an unknown is a tensor of whatever rank, or rather the unknown that it comes from."""
        for key, wanted in self._origins(value, Demand(plans.WISHED_RANKS[0], plans.WISHED, dtype=dtype)):
            if self.orders.demand(key) is None:
                self.wishes.setdefault(key, wanted)
                return

    def _origins(self, value: Unknown, demand: Demand) -> Iterator[tuple[str, Demand]]:
        """The unknowns that an unknown comes from, the first of them first, and what each has to be."""
        chain = [(value.key, demand)]
        while chain[-1][0] in self.parents and len(chain) < 50:
            parent = self.parents[chain[-1][0]]
            child = chain[-1][1]
            dtype = parent.dtype or child.dtype
            chain.append((parent.key, Demand(child.rank - parent.delta, demand.because, dtype=dtype)))
        is_lost = chain[-1][0] in self.no_tensors or any(key in self.failed for key, _ in chain)
        return iter(()) if is_lost else reversed(chain)

    def is_doubted(self, value: Value) -> bool:
        """Whether the author's word on the shape of an unknown does not fit what the code does with it."""
        leaf = self.recorder.trace.leaf_of(value)
        key = value.key if isinstance(value, Unknown) else leaf and leaf.leaf_key
        return self.orders.has("doubted", key)

    def is_given(self, value: Value) -> None:
        """An unknown that its author describes is not None, whatever its default."""
        if isinstance(value, Unknown) and isinstance(value.hint, NoneValue):
            self.settled[value.key] = replace(value, hint=None)

    def note_entries(self, key: str, base: Unknown) -> None:
        """What a loop over `x.unbind(dim)`, of key `key`, gives are entries of the tensor `base`."""
        self.parents.update({f"{key}[*{number}]": Parent(base.key, -1) for number in range(2)})


def _alike(one: object, other: object) -> str:
    """The key of the choice whether two parameters are equal, and its subject."""
    return " == ".join(sorted((str(one), str(other))))


def shown(value: Unknown) -> str:
    """An unknown value's name for people: the key without the places and folders."""
    return re.sub(r"\S*/(\w+)\.py\.", r"\1.", without_places(value.key))
