"""Mending the sizes of an initial state where the state is made."""

from __future__ import annotations

from collections.abc import Callable

from shapelint.finding import Edit, Fix, Place
from shapelint.ops.registry import ShapeError
from shapelint.reading.quoting import place_of
from shapelint.reading.recurrent import config_of, layer_of, states_given
from shapelint.reading.written import argument, creation_of, exchanged, is_always_bidirectional, size_expressions, twice
from shapelint.shapes.value import Tensor, Value
from shapelint.syntax import facts
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace

Sizes = tuple[facts.Expression, ...]  #: as written: layers, batch, features
Mend = Callable[[Trace, Node, Sizes], tuple[Edit, ...]]  #: the edits for one state of a call; none where unsafe


def state_fix(trace: Trace, call: Node, error: ShapeError, mend: Mend | None) -> Fix | None:
    """Mend all states of a call alike; None where one of them is right, or made in a way that is not read."""
    edits: list[Edit] = []
    for state in states_given(call):
        made = creation_of(trace, state)
        sizes = size_expressions(made) if made is not None and made.path == call.path else ()
        if mend is None or len(sizes) != 3 or not isinstance(state, Tensor) or state.sizes != error.details["got"]:
            return None
        mended = mend(trace, call, sizes)
        if not mended:
            return None
        edits += [edit for edit in mended if edit not in edits]
    return Fix("give the state the sizes that the layer needs", tuple(edits), safe=True)


def swap_first_two(trace: Trace, call: Node, sizes: Sizes) -> tuple[Edit, ...]:
    """(batch, layers, hidden) becomes (layers, batch, hidden)."""
    return exchanged(trace, sizes[0], sizes[1])


def count_both_directions(trace: Trace, call: Node, sizes: Sizes) -> tuple[Edit, ...]:
    """Twice the layers, where the layer is bidirectional on every path, and the layers are the same on every path."""
    always = is_always_bidirectional(trace, layer_of(call))
    is_fixed = isinstance(sizes[0], facts.Literal) or not any(isinstance(one.choice, bool) for one in trace.decisions)
    return (Edit(sizes[0].span, twice(trace, sizes[0])),) if always and is_fixed else ()


def count_all_layers(trace: Trace, call: Node, sizes: Sizes) -> tuple[Edit, ...]:
    """The layer's own number of states, where it is a number."""
    count = config_of(call).state_layers.constant
    return () if count is None else (Edit(sizes[0].span, str(count)),)


def take_other_axis(trace: Trace, call: Node, sizes: Sizes) -> tuple[Edit, ...]:
    """The batch size from the axis that the layer reads as the batch, of an input with a name."""
    given = argument(call, 0, "input")
    if given is None or not isinstance(given.value, facts.Name):
        return ()
    axis = 0 if config_of(call).batch_first else 1
    return (Edit(sizes[1].span, f"{given.value.id}.size({axis})"),)


def created(trace: Trace, call: Node, state: Value) -> list[Place]:
    """Where a state is made, unless that is inside of the call itself."""
    made = creation_of(trace, state)
    if made is None or not size_expressions(made):
        return []
    inside = made.path == call.path and call.span.covers(made.span)
    return [] if inside else [place_of(made, "the state is made here")]
