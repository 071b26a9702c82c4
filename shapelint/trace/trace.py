"""The trace: every tensor operation that one path through the code performs, in order.

A trace is a straight line. Branches were decided before (see `Decision`), calls of the file's own functions
are inlined, loops are unrolled for a round or two. So a trace can be replayed from any of its values
backwards, and a rule needs no control flow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TypeVar, cast

from shapelint.choices.questions import Question
from shapelint.choices.store import Store
from shapelint.finding import Ref
from shapelint.notation.shape_text import ShapeText
from shapelint.ops.registry import ShapeError
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Dict, List, SliceValue, Str, Tensor, Tuple, Value
from shapelint.source import Span
from shapelint.syntax.facts import Attribute, Call, Expression, Subscript

LATER_ROUND = "step@"  #: how the symbols begin that number a later round of a loop: at least 1
SCRIPT = "module"  #: the entry of a file's own top level, where calls have real arguments
INPUT = "input"  #: op of a leaf: a parameter or an unknown value that must be a tensor
_SETTING = re.compile(r"([A-Za-z_]\w*)(?:[\"']\])?\Z")  #: the last name of a dotted or subscripted one
_PLACE = re.compile(r"@\d+:\d+|#\d+")
TRIED = "tried"  #: what demands the rank of a leaf on a path that is taken again to try it


def without_places(key: str) -> str:
    """The key of an unknown value without the places that tell it apart from others of the same text."""
    return _PLACE.sub("", key)


@dataclass(frozen=True, slots=True)
class Frame:
    """A call that the interpreter inlined: the function's name and where it was called."""

    function: str
    span: Span
    path: str


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    `op` is INPUT, or a name of the registry: "torch.Tensor.view", "torch.nn.LSTM" (a construction),
    "torch.nn.LSTM.forward" (a call; the layer is `args[0]`), "torch.Tensor.__getitem__". `args` and `kwargs`
    are as written at the call, `bound` the same by parameter name after coercion, with defaults; that of an INPUT
    tells what demands its rank, and whether it is given by the caller.
    `expression` is the source expression (a Call, Subscript, Binary or Attribute), from which a fix takes
    its places. `error` is set, and `result` Unknown, where torch certainly raises.
    """

    id: int
    op: str
    args: tuple[Value, ...]
    kwargs: Mapping[str, Value]
    bound: Mapping[str, object]
    result: Value
    span: Span
    path: str
    expression: Expression | None = None
    frames: tuple[Frame, ...] = ()
    error: ShapeError | None = None

    @property
    def leaf_key(self) -> str | None:
        """The key of the unknown that an INPUT stands for; None for an operation."""
        name = self.args[0] if self.op == INPUT and self.args else None
        return name.value if isinstance(name, Str) else None

    @property
    def is_documented(self) -> bool:
        """Whether an INPUT has the rank that a comment or docstring states."""
        return self.leaf_key is not None and str(self.bound.get("demand")).startswith("shape-")

    @property
    def is_direct(self) -> bool:
        """Whether a layer is called as `layer.forward(x)`; `super().forward(x)` is a subclass's own business."""
        call = self.expression
        if not isinstance(call, Call) or not isinstance(call.func, Attribute) or not self.op.endswith(".forward"):
            return False
        receiver = call.func.value
        if call.func.attr != "forward" or (isinstance(receiver, Call) and getattr(receiver.func, "id", "") == "super"):
            return False
        # of `nn.LSTM.forward(self, x)`, the layer is written too
        return sum(given.keyword is None for given in call.arguments) < len(self.args)


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that was given a value: an assignment's target, or a call's text."""

    span: Span
    name: str
    value: Value
    path: str


@dataclass(frozen=True, slots=True)
class Selection:
    """An item that a subscript takes of the tuple `whole` that an operation gave: `state[-1]`, not `state[i]`."""

    whole: Ref
    index: int
    expression: Subscript
    path: str


@dataclass(frozen=True, slots=True)
class BackwardPass:
    """A call of `.backward()`, made after the first `after` nodes; `retains` where it may keep the graph.

    `loss` is what it goes back from, None where that is not understood.
    """

    after: int
    retains: bool
    span: Span
    path: str
    frames: tuple[Frame, ...]
    loss: Ref | None = None


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
class Decision:
    """An undecidable condition and the side that this path took.

    `subject` names the condition for people (`bidirectional`, `lengths is None`), `choice` the side,
    `likely` whether the choice is what the defaults give (None when there is no default). A side that nothing in the
    code speaks of is not `invited`: `getattr(nn, kind)` may be an RNN, and `x.squeeze(0)` may drop an axis. `question`
    is what was asked, where it is known; of a choice among several it is whether the value is the one chosen.
    `asked_in` is the function whose body asks.
    """

    subject: str
    choice: object
    likely: bool | None
    invited: bool = True
    question: Question | None = None
    asked_in: Span | None = None

    @property
    def setting(self) -> str | None:
        """The name of what was asked about, where that is one value with a name: `config["bidirectional"]`."""
        variables = () if self.question is None else self.question.variables
        found = _SETTING.search(without_places(variables[0])) if len(variables) == 1 else None
        return None if found is None else found[1]

    def fits(self, value: object) -> bool:
        """Whether the choice is the one for a value of what was asked about."""
        if self.question is None:
            return False
        wanted = self.choice if isinstance(self.choice, bool) else True
        return self.question.answer({self.question.variables[0]: value}) is wanted

    @property
    def told(self) -> str:
        """The branch in words: `bidirectional`, not `bidirectional`, `kind` is 'lstm'."""
        if self.choice is True:
            return f"`{self.subject}`"
        return f"not `{self.subject}`" if self.choice is False else f"`{self.subject}` is {self.choice!r}"


@dataclass(frozen=True, slots=True)
class Loop:
    """The nodes of a loop of which the first round and one later round were followed.

    Its items were taken from `begin` on, the first round runs from `start`, the later one from `later` to `end`.
    `count` is the number of all rounds, `step` the symbol that is the later round's number.
    """

    begin: int
    start: int
    later: int
    end: int
    count: Dim
    step: str


@dataclass(frozen=True, slots=True)
class Loader:
    """A `DataLoader`: `stacked`, samples lie along axis 0 of what it gives, `samples` of them where that is told."""

    span: Span
    stacked: bool
    samples: int | None
    shuffled: bool
    path: str | None = None  #: None: the analysed file

    def says_of(self, samples: str) -> Evidence:
        """What axis 0 of a batch is; samples that come in random order are no steps of one sequence."""
        weight = 3 if self.shuffled else 2
        told = "the loader stacks samples along axis 0"
        return Evidence(samples, Role.BATCH, "loader", weight, self.span, told, self.path)


@dataclass(frozen=True, slots=True)
class Free:
    """A parameter that nobody gives a value: the key of what stands for it, and its default; `kind` as in facts."""

    name: str
    key: str
    kind: str
    default: Value | None


@dataclass(frozen=True, slots=True)
class Entered:
    """What a path calls although the code does not: an entry point's class, its method, or a function.

    `kind` is "module" of a class that derives from one that is not read (nn.Module), "object" of another one; of a
    function it is "generator", "coroutine", or as in infer/values/objects.py: "plain", "property", "static", "class".
    """

    name: str
    kind: str
    parameters: tuple[Free, ...]


@dataclass(slots=True)
class Trace:
    """What one run of the interpreter over one entry point recorded."""

    path: str
    entry: str  #: "module", "LSTMModel.forward", ...
    nodes: list[Node] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    selections: list[Selection] = field(default_factory=list)
    backward_passes: list[BackwardPass] = field(default_factory=list)
    graphless: set[int] = field(default_factory=set)  #: numbers of the nodes made where gradients are off
    tried: set[int] = field(default_factory=set)  #: numbers of the nodes whose failure the code itself takes
    loaders: dict[str, Loader] = field(default_factory=dict)  #: by the key of the unknown batches
    evidence: list[Evidence] = field(default_factory=list)
    stated: list[Stated] = field(default_factory=list)
    returned: list[Value] = field(default_factory=list)  #: values returned from the entry point itself
    decisions: list[Decision] = field(default_factory=list)
    store: Store = field(default_factory=Store, repr=False, compare=False)  #: what was said of unknown values
    members: dict[str, Value] = field(default_factory=dict)  #: members of enumerations by their texts
    entered: list[Entered] = field(default_factory=list)  #: what is called with values that nobody gives
    solved: dict[str, Dim] = field(default_factory=dict)  #: symbols that an assumed equality fixes
    equations: list[tuple[Dim, Dim]] = field(default_factory=list)  #: assumed equalities that fix no symbol
    names: dict[str, str] = field(default_factory=dict)  #: display names of symbols
    loops: list[Loop] = field(default_factory=list)  #: in the order in which they ended
    defaults: dict[str, int] = field(default_factory=dict)  #: symbols with a likely value: defaults, batches of loaders
    likely: Mapping[str, int] = field(default_factory=dict)  #: those that have this value on this path
    text: str = ""  #: the source that `path` was read from
    rebuilt: dict[int, Span] = field(default_factory=dict)  #: layers built in a module's `forward`, and that function
    told: Mapping[tuple[Span, int], tuple[Evidence, ...]] = field(default_factory=dict)
    """What other paths say of an axis of the input of the call at a span: numbers keep no evidence."""
    retaken: Callable[[str, int], Trace | None] = field(default=lambda key, rank: None, repr=False)
    """The same path where the leaf of a key has another rank; None where the code raises for it."""
    _told_once: dict[object, object] = field(init=False, default_factory=dict, compare=False)  #: for `once`

    def node(self, ref: Ref) -> Node:
        """The node that made a value."""
        return self.nodes[ref.node]

    def leaf_of(self, value: Value) -> Node | None:
        """The input that a tensor is as it came; what a module's own constants hold was recorded elsewhere."""
        ref = value.ref if isinstance(value, Tensor) else None
        node = self.nodes[ref.node] if ref is not None and ref.node < len(self.nodes) else None
        return node if node is not None and node.leaf_key is not None else None

    def loader_of(self, key: str) -> Loader | None:
        """The data loader that an unknown value is (a part of) a batch of."""
        return next((loader for made, loader in self.loaders.items() if key.startswith(f"{made}[*")), None)

    def uses(self, ref: Ref) -> Sequence[Node]:
        """The nodes that take the value, or a part of it, as an argument."""
        return _users(self).get(ref, ())

    def speaks_of(self, option: object) -> bool:
        """Whether the analysed file names a text; other options are sides of its own conditions."""
        if not isinstance(option, str):
            return True
        name = re.escape(option)
        is_member = "." in option and re.search(rf"\b{name}\b", self.text) is not None
        return is_member or re.search(rf"[\"'](?i:{name})[\"']", self.text) is not None

    @property
    def said(self) -> Mapping[str, Role]:
        """The sizes of which enough evidence says what axis they are, and none says anything else."""
        return _said(self)

    def resolve(self, dim: Dim) -> Dim:
        """A size with the assumed equalities put in."""
        return dim.substitute(self.solved)


Told = TypeVar("Told")


def once(ask: Callable[[Trace], Told]) -> Callable[[Trace], Told]:
    """Ask something of a whole trace once, when it is finished: rules that ask for each node would cost its square."""

    @wraps(ask)
    def remembered(trace: Trace) -> Told:
        if remembered not in trace._told_once:
            trace._told_once[remembered] = ask(trace)
        return cast("Told", trace._told_once[remembered])

    return remembered


@once
def _users(trace: Trace) -> dict[Ref, list[Node]]:
    users: dict[Ref, list[Node]] = {}
    for node in trace.nodes:
        for inner in {inner for value in (*node.args, *node.kwargs.values()) for inner in refs(value)}:
            users.setdefault(inner, []).append(node)
    return users


@once
def evidence_by_symbol(trace: Trace) -> dict[str, list[Evidence]]:
    """What the author says of axes, by the symbols that are their sizes."""
    found: dict[str, list[Evidence]] = {}
    for piece in trace.evidence:
        found.setdefault(piece.symbol, []).append(piece)
    return found


@once
def _said(trace: Trace) -> dict[str, Role]:
    return {
        symbol: pieces[0].role
        for symbol, pieces in evidence_by_symbol(trace).items()
        if len({piece.role for piece in pieces}) == 1 and max(piece.weight for piece in pieces) >= ENOUGH
    }


@once
def bindings_by_value(trace: Trace) -> dict[Ref, list[Binding]]:
    """What a value is bound to, in order."""
    found: dict[Ref, list[Binding]] = {}
    for binding in trace.bindings:
        ref = getattr(binding.value, "ref", None)
        if ref is not None:
            found.setdefault(ref, []).append(binding)
    return found


def refs(value: Value) -> Iterator[Ref]:
    """All trace references inside a value."""
    ref = getattr(value, "ref", None)
    if ref is not None:
        yield ref
    elif isinstance(value, Tuple | List):
        for item in value.items:
            yield from refs(item)
    elif isinstance(value, Dict):
        for item in value.items.values():
            yield from refs(item)
    elif isinstance(value, SliceValue):
        for item in (value.lower, value.upper, value.step):
            yield from refs(item)
