"""What can be asked of any value: each kind of value registers how it answers, in a file of its own in `values/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from shapelint.data import dataclass
from shapelint.infer.kinds import ByKind
from shapelint.infer.run.run import Run
from shapelint.infer.values.objects import Method, Several
from shapelint.infer.values.rounds import Rounds
from shapelint.infer.values.scopes import Scope
from shapelint.infer.values.truth import truths
from shapelint.shapes.dim import Dim
from shapelint.shapes.value import List, Unknown, Value
from shapelint.syntax import facts


@dataclass(frozen=True, slots=True)
class Site:
    """A call, for what is called: its arguments, its expression, and where there is one the scope that it stands in.

    `name` is what a function that is known by its name, or a method, is called as.
    """

    node: facts.Expression
    args: tuple[Value, ...] = ()
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    scope: Scope | None = None
    name: str = ""

    def passing(self, *args: Value) -> Site:
        """The same call with other arguments by place."""
        return Site(self.node, args, self.kwargs, self.scope, self.name)

    def called(self, name: str) -> Site:
        """The same call of what is called by another name."""
        return Site(self.node, self.args, self.kwargs, self.scope, name)

    def unknown(self, run: Run, reason: str) -> Unknown:
        """What the call gives where that is not known."""
        return Unknown(run.key_of(self.node), reason)

    def unknown_result(self, run: Run) -> Unknown:
        """What a function that is known by its name gives where its arguments do not tell."""
        return self.unknown(run, f"{self.name}() of something unknown")


#: what a kind of value answers; each is a decorator for the function that answers
calls: ByKind[Callable[[Run, Any, Site], Value]] = ByKind()
methods: ByKind[Callable[[Run, Any, Site], Value]] = ByKind()  #: of a receiver that defines none itself
attributes: ByKind[Callable[[Run, Any, str, facts.Expression], Value]] = ByKind()
takes_attribute: ByKind[Callable[[Run, Any, str, Value, facts.Expression | None], None]] = ByKind()
has_attribute: ByKind[Callable[[Any, str], bool | None]] = ByKind()
items: ByKind[Callable[[Run, Any, Value, facts.Subscript], Value]] = ByKind()
takes_item: ByKind[Callable[[Run, Any, Value, Value, facts.Subscript], None]] = ByKind()
iterates: ByKind[Callable[[Run, Any, facts.Expression], Rounds]] = ByKind()
lengths: ByKind[Callable[[Run, Any, facts.Expression], Value | None]] = ByKind()
classes: ByKind[Callable[[Any], Value | None]] = ByKind()


def call_value(run: Run, function: Value, site: Site) -> Value:
    """`function(...)`."""
    call = calls.of(function)
    return site.unknown(run, f"a call of {type(function).__name__}") if call is None else call(run, function, site)


def class_of(value: Value) -> Value | None:
    """`type(value)`; None where it is not known."""
    tell = classes.of(value)
    return None if tell is None else tell(value)


def attribute_of(run: Run, base: Value, name: str, node: facts.Expression) -> Value:
    """`base.name`."""
    # of an unknown value it is as unknown as its other attributes
    cls = class_of(base) if name == "__class__" and not isinstance(base, Unknown) else None
    if cls is not None:
        return cls
    read = attributes.of(base)
    return Method(base, name) if read is None else read(run, base, name, node)


def set_attribute(run: Run, base: Value, name: str, value: Value, source: facts.Expression | None) -> None:
    """`base.name = source`, which is `value`; without a `source` it is set in another way."""
    take = takes_attribute.of(base)
    if take is not None:
        take(run, base, name, value, source)


def knows_attribute(base: Value, name: str) -> bool | None:
    """Whether a value has an attribute; None where that is not known."""
    tell = has_attribute.of(base)
    return None if tell is None else tell(base, name)


def item_of(run: Run, base: Value, index: Value, node: facts.Subscript) -> Value:
    """`base[index]`."""
    read = items.of(base)
    return unknown_item(run, node) if read is None else read(run, base, index, node)


def unknown_item(run: Run, node: facts.Subscript) -> Value:
    """An item of what has none that is known."""
    return Unknown(run.key_of(node), "an item of something unknown")


def set_item(run: Run, base: Value, index: Value, value: Value, node: facts.Subscript) -> None:
    """`base[index] = value`."""
    take = takes_item.of(base)
    if take is not None:
        take(run, base, index, value, node)


def rounds(run: Run, value: Value, node: facts.Expression) -> Rounds:
    """What iterating over a value gives."""
    follow = iterates.of(value)
    return unknown_rounds(run.key_of(node)) if follow is None else follow(run, value, node)


def unknown_rounds(key: str) -> Rounds:
    """Two rounds of what is not known, and nobody knows how many there are."""
    values = tuple(Unknown(f"{key}[*{i}]", "an item of something unknown") for i in range(2))
    return Rounds(values, Dim.symbol(f"len({key})"))


def unrolled(run: Run, value: Value, node: facts.Expression) -> Value:
    """A range, a generator or a list of modules as the list of its items; anything else as it is."""
    if not isinstance(value, Several):
        return value
    followed = rounds(run, value, node)
    return List(list(followed.values), followed.count)


def length_of(run: Run, value: Value, node: facts.Expression) -> Value | None:
    """`len(value)`; None where it is not known."""
    count = lengths.of(value)
    return None if count is None else count(run, value, node)


def truth(run: Run, value: Value, node: facts.Expression) -> bool:
    """Python's truth of a value, on this path; what data or unknown values decide is written down."""
    tell = truths.of(value)
    known = True if tell is None else tell(value)  # any other object is true
    if known is not None:
        return known
    return run.path.decide_truth(
        value if isinstance(value, Unknown) else Unknown(run.key_of(node), "a value of the data")
    )
