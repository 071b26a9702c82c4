"""What the rules on losses, softmax and attention share: the recurrent layer behind a value, arguments as written."""

from __future__ import annotations

from shapelint.finding import Edit, Fix
from shapelint.ops.nature import Nature
from shapelint.reading.layout.intent import intent_of
from shapelint.reading.operations import is_method, is_recurrent_call, is_step_call
from shapelint.reading.quoting import quote, replace_text, text_of
from shapelint.reading.recurrent import is_refused
from shapelint.reading.trail import FORWARD, ancestors, nature_of
from shapelint.reading.written import argument, insertion
from shapelint.shapes.axis import Axis, Role
from shapelint.shapes.value import Tensor, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node, refs
from shapelint.trace.trace import Trace

_ATOMS = (facts.Name, facts.Attribute, facts.Call, facts.Subscript)


def recurrent_above(trace: Trace, value: Value) -> Node | None:
    """The latest call of a recurrent layer or a cell that a value is computed from."""
    return next((node for node in ancestors(trace, *refs(value)) if is_step_call(node)), None)


_LEARN = frozenset((Nature.LINEAR, Nature.CONVOLUTION, Nature.RECURRENCE, Nature.CELL, Nature.LOOKUP, Nature.ATTENTION))


def is_learned(trace: Trace, value: Value) -> bool:
    """Whether a value is computed by layers that learn weights."""
    return any(node.op.endswith(FORWARD) and nature_of(node) in _LEARN for node in ancestors(trace, *refs(value)))


def layer_call_above(trace: Trace, value: Value) -> Node | None:
    """The latest call of a recurrent layer above a value, if it reads its input as the author means it."""
    call = recurrent_above(trace, value)
    if call is None or not is_recurrent_call(call) or is_refused(trace, call):
        return None
    return None if intent_of(trace, call).is_other_layout else call


def layout_of(value: Value) -> tuple[Role, ...]:
    """The roles of a tensor's axes."""
    return tuple(axis.role for axis in value.axes) if isinstance(value, Tensor) else ()


def in_words(axes: tuple[Axis, ...]) -> str:
    """`(batch, time, feature)`."""
    return f"({', '.join(axis.role.value for axis in axes)})"


def given_at(node: Node, place: int, name: str) -> facts.Expression | None:
    """The expression of an argument, or of the tensor whose method is called for place 0."""
    call = node.expression
    if is_method(node) and isinstance(call, facts.Call) and isinstance(call.func, facts.Attribute):
        if place == 0:
            return call.func.value
        place -= 1
    given = argument(node, place, name)
    return None if given is None else given.value


def named(trace: Trace, node: Node, place: int, name: str) -> str:
    """An argument as a message shows it."""
    given = given_at(node, place, name)
    return "it" if given is None else quote(trace, given.span)


def appended(trace: Trace, given: facts.Expression, suffix: str) -> Edit:
    """Put `.transpose(1, 2)` or the like behind an expression."""
    if isinstance(given, _ATOMS):
        return insertion(given.span, suffix)
    return replace_text(given.span, f"({text_of(trace, given.span)}){suffix}")


def appending_fix(
    trace: Trace, node: Node, place: int, name: str, suffix: str, what: str, *, safe: bool = False
) -> Fix | None:
    """A fix that changes one argument; None where it is not written there."""
    given = given_at(node, place, name)
    if given is None or node.path != trace.path:
        return None
    return Fix(f"{what}: `{quote(trace, given.span)}{suffix}`", (appended(trace, given, suffix),), safe=safe)
