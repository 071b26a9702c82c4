"""The trace: every tensor operation that one path through the code performs, in order.

A trace is a straight line. Branches were decided before (see `Decision`), calls of the file's own functions
are inlined, loops are unrolled for a round or two. So a trace can be replayed from any of its values
backwards, and a rule needs no control flow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import wraps
from math import inf
from typing import TypeVar, cast

from shapelint.choices.store import Store
from shapelint.data import dataclass
from shapelint.finding import Ref
from shapelint.shapes.axis import Role
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import Tensor, Value
from shapelint.source import Span
from shapelint.trace.decision import Decision, Entered
from shapelint.trace.events import BackwardPass, Binding, Loop, Selection
from shapelint.trace.evidence import ENOUGH, Evidence, Loader, Stated
from shapelint.trace.node import Node, given_refs


@dataclass(slots=True)
class Trace:
    """What one run of the interpreter over one entry point recorded."""

    path: str
    entry: str  #: "module", "LSTMModel.forward", ...
    nodes: list[Node] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    mentions: list[tuple[Span, Value]] = field(default_factory=list)  #: what expressions of the analysed file are worth
    selections: list[Selection] = field(default_factory=list)
    backward_passes: list[BackwardPass] = field(default_factory=list)
    graphless: set[int] = field(default_factory=set)  #: numbers of the nodes made where gradients are off
    tried: set[int] = field(default_factory=set)  #: numbers of the nodes whose failure the code itself takes
    expected: list[tuple[str, Span]] = field(default_factory=list)  #: the blocks that are meant to fail, or to warn
    loaders: dict[str, Loader] = field(default_factory=dict)  #: by the key of the unknown batches
    evidence: list[Evidence] = field(default_factory=list)
    stated: list[Stated] = field(default_factory=list)
    spoken: dict[Ref, list[tuple[int, Evidence]]] = field(default_factory=dict)  #: of axes whose sizes are numbers
    returned: list[Value] = field(default_factory=list)  #: values returned from the entry point itself
    decisions: list[Decision] = field(default_factory=list)
    executed: set[Span] = field(default_factory=set, repr=False)  #: the plain statements of the analysed file
    store: Store = field(default_factory=Store, repr=False, compare=False)  #: what was said of unknown values
    members: dict[str, Value] = field(default_factory=dict)  #: members of enumerations by their texts
    entered: list[Entered] = field(default_factory=list)  #: what is called with values that nobody gives
    solved: dict[str, Dim] = field(default_factory=dict)  #: symbols that an assumed equality fixes
    equations: list[tuple[Dim, Dim]] = field(default_factory=list)  #: assumed equalities that fix no symbol
    names: dict[str, str] = field(default_factory=dict)  #: display names of symbols
    loops: list[Loop] = field(default_factory=list)  #: in the order in which they ended
    defaults: dict[str, int] = field(default_factory=dict)  #: symbols with a likely value: defaults, batches of loaders
    last_batches: dict[str, int] = field(default_factory=dict)  #: what loaders give first, and in their last batch
    likely: Mapping[str, int] = field(default_factory=dict)  #: symbols that have such a value on this path
    is_by_default: bool = False  #: all sizes are those of defaults: only what torch refuses is asked of it
    doubtful_from: float = inf  #: the first node behind a guard at which the code raises, as far as it is understood
    text: str = ""  #: the source that `path` was read from
    rebuilt: dict[int, Span] = field(default_factory=dict)  #: layers built in a module's `forward`, and that function
    told: Mapping[tuple[Span, int], tuple[Evidence, ...]] = field(default_factory=dict)
    """What other paths say of an axis of the input of the call at a span: numbers keep no evidence."""
    classed: frozenset[tuple[str, Span]] = frozenset()  #: places that make scores with their classes last, on any path
    retaken: Callable[[str, int], Trace | None] = field(default=lambda key, rank: None, repr=False)
    """The same path where the leaf of a key has another rank; None where the code raises for it."""
    retaken_in_kind: Callable[[str], Trace | None] = field(default=lambda key: None, repr=False)
    """The same path where the leaf of a key is no tensor; None where the code does not ask whether it is one."""
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

    @property
    def is_of_last_batch(self) -> bool:
        """Whether the path is followed with the smaller last batch of a loader, for what torch refuses of it."""
        return self.is_by_default and bool(self.likely) and all(map(self.loader_of, self.likely))

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


def once_for(trace: Trace, wanted: object, ask: Callable[[], Told]) -> Told:
    """Ask something of a whole trace once, as long as the same is wanted."""
    known = trace._told_once.get(once_for)
    if known is None or known[0] != wanted:  # type: ignore[index]
        known = trace._told_once[once_for] = (wanted, ask())
    return cast("tuple[object, Told]", known)[1]


@once
def _users(trace: Trace) -> dict[Ref, list[Node]]:
    users: dict[Ref, list[Node]] = {}
    for node in trace.nodes:
        for inner in set(given_refs(node)):
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
