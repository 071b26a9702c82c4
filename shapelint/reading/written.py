"""How a call is written in the source: its arguments, and the sizes that a new tensor is given."""

from __future__ import annotations

from shapelint.finding import Edit
from shapelint.ops.nature import HANDS_ON, MAKES, Nature
from shapelint.ops.registry import LAYERS
from shapelint.reading.operations import is_method
from shapelint.reading.quoting import text_of
from shapelint.reading.recurrent import construction_of
from shapelint.reading.trail import nature_of
from shapelint.shapes.value import Layer, List, Tensor, Tuple, Value
from shapelint.source import Span
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace
from shapelint.trace.writes import writers, writes

#: what needs no parentheses before a dot
ATOMS = (facts.Name, facts.Attribute, facts.Literal, facts.Call, facts.Subscript)


def argument(node: Node, position: int, name: str) -> facts.Argument | None:
    """The written argument for the parameter `name`, the `position`th; None where a star hides it."""
    call = node.expression
    if not isinstance(call, facts.Call):
        return None
    positional = [given for given in call.arguments if given.keyword is None and given.star != 2]
    if position < len(positional):
        return None if any(given.star for given in positional[: position + 1]) else positional[position]
    return next((given for given in call.arguments if given.keyword == name), None)


def sides_of(node: Node) -> tuple[facts.Expression, ...]:
    """Both operands as they are written: `a + b`, `a == b`, `a.eq(b)` or `torch.eq(a, b)`; none where they are not."""
    match node.expression:
        case facts.Binary(left=left, right=right) | facts.Compare(left=left, rest=((_, right),)):
            return left, right
        case facts.Call(func=facts.Attribute(value=receiver), arguments=(other,)):
            return receiver, other.value
        case facts.Call(arguments=(one, other)):
            return one.value, other.value
    return ()


def written(built: Node, name: str) -> facts.Argument | None:
    """The argument for a parameter of a layer class, or under a keyword that it does not have."""
    parameters = list(LAYERS[built.op].build.signature.parameters)
    return argument(built, parameters.index(name) if name in parameters else len(parameters), name)


def creation_of(trace: Trace, value: Value) -> Node | None:
    """The operation that a tensor was made by, before it was moved, converted or written over."""
    value = before_moves(trace, value)
    ref = value.ref if isinstance(value, Tensor) else None
    return None if ref is None or ref.path else trace.node(ref)


def before_moves(trace: Trace, value: Value) -> Value:
    """A tensor before it was moved, converted or written over."""
    while isinstance(value, Tensor) and value.ref is not None and not value.ref.path:
        node = trace.node(value.ref)
        if not (nature_of(node) in HANDS_ON or writes(node)) or not node.args:
            break
        value = node.args[0]
    return value


def is_zeros(trace: Trace, value: Value) -> bool:
    """Whether a tensor is certainly all zeros: it was made so, and only moved since."""
    while isinstance(value, Tensor) and value.ref is not None:
        node = trace.node(value.ref)
        if is_written_to(trace, node):
            return False
        if nature_of(node) is Nature.ZEROS:
            return True
        if nature_of(node) not in HANDS_ON or not node.args:
            return False
        value = node.args[0]
    return False


def is_written_to(trace: Trace, maker: Node) -> bool:
    """Whether other numbers are written into what a node gives: `h[0] = x`, `lengths.clamp_(min=1)`."""
    return any(nature_of(node) is not Nature.ZEROS for node in writers(trace).get(maker.id, ()))


def size_expressions(node: Node) -> tuple[facts.Expression, ...]:
    """The sizes as written in `torch.zeros(2, batch, hidden)` or `torch.zeros((2, batch, hidden))`."""
    call = node.expression
    if nature_of(node) not in MAKES or not isinstance(call, facts.Call):
        return ()
    given = [written.value for written in call.arguments if written.keyword is None and not written.star]
    if given and isinstance(given[0], facts.Sequence):
        return given[0].items
    return tuple(given)


def view_sizes(node: Node) -> tuple[facts.Expression, ...]:
    """The sizes as written in `x.view(a, b)`, `x.view((a, b))` or `torch.reshape(x, (a, b))`."""
    call = node.expression
    if not isinstance(call, facts.Call) or any(given.keyword or given.star for given in call.arguments):
        return ()
    sizes = [given.value for given in call.arguments[not is_method(node) :]]
    if len(sizes) == 1 and isinstance(sizes[0], facts.Sequence):
        return sizes[0].items
    return tuple(sizes)


def exchanged(trace: Trace, first: facts.Expression, second: facts.Expression) -> tuple[Edit, Edit]:
    """Edits that exchange two expressions."""
    return Edit(first.span, text_of(trace, second.span)), Edit(second.span, text_of(trace, first.span))


def twice(trace: Trace, size: facts.Expression) -> str:
    """Twice a size, as text."""
    text = text_of(trace, size.span)
    if isinstance(size, facts.Literal) and isinstance(size.value, int):
        return str(2 * size.value)
    return f"2 * {text}" if isinstance(size, ATOMS) else f"2 * ({text})"


def is_always_bidirectional(trace: Trace, layer: Layer) -> bool:
    """Whether a layer is bidirectional on every path: its construction says True outright."""
    built = construction_of(trace, layer)
    option = None if built is None else argument(built, 7 if "nonlinearity" in layer.named else 6, "bidirectional")
    return option is not None and isinstance(option.value, facts.Literal) and option.value.value is True


def insertion(span: Span, text: str, *, before: bool = False) -> Edit:
    """Insert a text behind a place, or before it."""
    line, column = (span.line, span.column) if before else (span.end_line, span.end_column)
    return Edit(Span(line, column, line, column), text)


def states_of(value: Value) -> tuple[Value, ...]:
    """The states in the `hx` argument of a recurrent call: one, or those of a tuple."""
    return tuple(value.items) if isinstance(value, Tuple | List) else (value,)
