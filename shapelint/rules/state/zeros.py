"""Leaving away an initial state of zeros: that is the default."""

from __future__ import annotations

from shapelint.finding import Edit, Fix
from shapelint.reading.recurrent import states_given
from shapelint.reading.written import argument, is_zeros
from shapelint.source import Span
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace


def is_zero_state(trace: Trace, call: Node) -> bool:
    """Whether a call is given a state, and all of it is zeros."""
    states = states_given(call)
    return bool(states) and all(is_zeros(trace, state) for state in states)


def drop_zeros(trace: Trace, call: Node) -> Fix | None:
    """Leave the state away; None where it may hold something on another path."""
    first, given = argument(call, 0, "input"), argument(call, 1, "hx")
    if first is None or given is None or trace.decisions or not is_zero_state(trace, call):
        return None
    start, end = first.span, given.span
    place = Span(start.end_line, start.end_column, end.end_line, end.end_column)
    return Fix("leave the state away: zeros are the default", (Edit(place, ""),), safe=True)
