"""Where a run is, and what it writes down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace

from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.infer import plan as plans
from shapelint.infer.plan import Raised
from shapelint.infer.run.sizes import Sizes
from shapelint.infer.values.provenance import sizes_in, stamp
from shapelint.infer.values.scopes import Function, Home
from shapelint.infer.values.snapshot import captured
from shapelint.ops.names import READING_PACKED
from shapelint.ops.registry import ShapeError
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Layer, Packed, Tensor, Tuple, Value
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.events import Binding
from shapelint.trace.evidence import Evidence, Stated
from shapelint.trace.node import INPUT, Frame, Node, refs
from shapelint.trace.trace import Trace

_SHOWN = (Tensor, Packed, Layer, Tuple)  #: values with shapes, for people
_LEVEL = "/"  #: between the numbers of a round and of one inside it


@dataclass(slots=True)
class Recorder:
    """The calls that a run is inside of, and the trace that it records."""

    trace: Trace
    home: Home  #: the file whose code is being run
    sizes: Sizes
    frames: list[Frame] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)  #: whose bodies are being run, the entry point's first
    member: str = ""  #: which member of a Sequential, or round of a loop, and of one inside it, is being run
    skips: bool = False  #: whether a round is being run of which others, that were not, differ from those that were
    skipping: set[int] = field(default_factory=set)  #: nodes of layers that were built in such a round
    caught: int | None = None  #: the depth of the calls at which the code catches what torch raises
    made_up: int = plans.MAX_DEPTH + 1  #: the depth from which on the code makes up for what torch raises
    graphless: int = 0  #: how many open blocks and functions switch gradients off
    guesses: set[int] = field(default_factory=set)  #: nodes that rest on an input of guessed rank
    hearsay: set[int] = field(default_factory=set)  #: nodes that rest on a rank of which only a text speaks
    believed: set[Evidence] = field(default_factory=set)  #: the trace's evidence

    @property
    def path(self) -> str:
        """The path of the file whose code is being run."""
        return self.home.source.path

    @property
    def away(self) -> str | None:
        """The path of the file whose code is being run, if it is not the analysed one."""
        return self.path if self.path != self.trace.path else None

    @property
    def is_constructing(self) -> bool:
        """Whether the code that is being run is called by a constructor."""
        return any(function.name == "__init__" for function in self.functions)

    @contextmanager
    def reckoning(self, catches: bool = False, makes_up: bool = False) -> Iterator[None]:
        """A part of the code whose surroundings catch what torch raises, or make up for it."""
        before, depth = (self.caught, self.made_up), len(self.frames)
        self.caught = depth if catches else self.caught
        self.made_up = depth if makes_up else self.made_up
        try:
            yield
        finally:
            self.caught, self.made_up = before

    @contextmanager
    def within(self, member: str, skips: bool = False) -> Iterator[None]:
        """One of several times that the same code is run; `skips`: not all those before it were, and they differ."""
        outer = self.member, self.skips
        # a mark for each level: round 1 around round 0 is another time than round 0 around round 1
        self.member, self.skips = f"{self.member}{_LEVEL}{member}", self.skips or skips
        try:
            yield
        finally:
            self.member, self.skips = outer

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
        caught = len(self.frames) == self.caught or len(self.frames) >= self.made_up
        if error is not None and caught:
            raise Raised  # which the code reckons with
        number = len(self.trace.nodes)
        args = tuple(captured(value) for value in args)
        kwargs = {name: captured(value) for name, value in kwargs.items()}
        bound = {name: captured(v) if isinstance(v, Value) else v for name, v in bound.items()}
        stamped = stamp(result, Ref(number), span)
        demand = str(bound.get("demand")) if op == INPUT else None
        made_of = {ref.node for value in _of_open_rank(op, (*args, *kwargs.values())) for ref in refs(value)}
        if (demand is not None and demand not in plans.CERTAIN_RANKS) or not self.guesses.isdisjoint(made_of):
            self.guesses.add(number)
        if demand in plans.WRITTEN_RANKS or not self.hearsay.isdisjoint(made_of):
            self.hearsay.add(number)
        self.sizes.positive.update(size.as_symbol for size in sizes_in(stamped) if size.as_symbol)
        frames = tuple(self.frames)
        node = Node(number, op, args, kwargs, bound, stamped, span, self.path, expression, frames, error)
        self.trace.nodes.append(node)
        if isinstance(stamped, Layer):
            self._note_layer(number, stamped)
        if self.graphless:
            self.trace.graphless.add(number)
        if caught:
            self.trace.tried.add(number)
        return stamped

    def _note_layer(self, number: int, layer: Layer) -> None:
        width = layer.find("hidden_size", Dim)
        if width is not None and width.as_symbol:
            self.sizes.widths.add(width.as_symbol)
        if self.skips:
            self.skipping.add(number)

    def is_guess(self, *values: Value) -> bool:
        """Whether a value rests on an input whose rank was guessed from the first operation on it."""
        return any(ref.node in self.guesses for value in values for ref in refs(value))

    def is_hearsay(self, *values: Value) -> bool:
        """Whether a value rests on an input whose rank a comment or docstring states, and no code."""
        return any(ref.node in self.hearsay for value in values for ref in refs(value))

    def bind(self, span: Span, name: str | None, value: Value) -> None:
        """Record what a name or, without one, the code at a place is worth, for `shapelint shapes`."""
        if isinstance(value, _SHOWN) and not self.away:
            value = captured(value)
            self.trace.bindings.append(Binding(span, self.home.text(span) if name is None else name, value, self.path))

    def mention(self, span: Span, value: Value) -> None:
        """Record what an expression is worth, for who points at it in an editor."""
        if isinstance(value, _SHOWN) and not self.away:
            self.trace.mentions.append((span, value))

    def believe(self, evidence: Evidence) -> None:
        """Record a piece of evidence, once; it lies where the run is, unless it says where."""
        if not evidence.path and self.away:
            evidence = replace(evidence, path=self.away)
        if evidence not in self.believed:
            self.believed.add(evidence)
            self.trace.evidence.append(evidence)

    def believe_of(self, value: Tensor, axis: int, evidence: Evidence) -> None:
        """Record what is said of an axis whose size is no symbol."""
        if value.ref is not None:
            told = self.trace.spoken.setdefault(value.ref, [])
            told.append((axis, evidence if evidence.path else replace(evidence, path=self.away)))

    def state_shape(self, stated: Stated) -> None:
        """Record the author's own shape of a value of the analysed file, where the value's rests on no guess."""
        ref = stated.value.ref
        if ref is None or self.away or self.is_guess(stated.value) or self.trace.node(ref).op == INPUT:
            return
        self.trace.stated.append(stated)

    def key_of(self, expression: facts.Expression) -> str:
        """A name for the value of an expression that is not understood: its text and its place."""
        span = expression.span
        # the text may be cut short, and the place of its end tells `f(x)` from `f(x).g()`
        return f"{self.home.text(span)}@{span.line}:{span.column}@{span.end_line}:{span.end_column}{self.here}"

    @property
    def here(self) -> str:
        """What tells the times apart that the same code is run: the calls that lead there, and the round."""
        return "".join(f"@{frame.span.line}:{frame.span.column}" for frame in self.frames) + self.member.rstrip(_LEVEL)


def _of_open_rank(op: str, values: Iterable[Value]) -> Iterable[Value]:
    """The operands whose ranks those of the result rest on: what a recurrent layer reads packed had three axes."""
    if op not in READING_PACKED:
        return values
    return (value for value in values if not isinstance(value, Packed))
