"""What a path holds that rules look for: the natures of its operations, and what else happens on it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

from shapelint.ops.nature import Nature
from shapelint.reading.loops.rounds_of_calls import place_of_operation
from shapelint.reading.operations import builds_step, is_step_call
from shapelint.reading.recurrent import state_given
from shapelint.reading.trail import nature_of
from shapelint.trace.trace import Trace, once


class Event(Enum):
    """What no nature tells; a layer is a recurrent one, or a cell."""

    REFUSED = auto()  #: torch raises
    BUILT = auto()  #: a layer is built
    STATE = auto()  #: a layer is given a state
    ROUNDS = auto()  #: a layer is called again at the same place


Occurrence = Nature | Event


@once
def occurring(trace: Trace) -> frozenset[str]:
    """The names of what occurs on a path."""
    natures = {nature for node in trace.nodes if (nature := nature_of(node)) is not None}
    return frozenset(one.name for one in (*natures, *_events(trace)))


def _events(trace: Trace) -> Iterator[Event]:
    calls = [node for node in trace.nodes if is_step_call(node)]
    if any(node.error is not None for node in trace.nodes):
        yield Event.REFUSED
    if any(map(builds_step, trace.nodes)):
        yield Event.BUILT
    if any(state_given(call) is not None for call in calls):
        yield Event.STATE
    if len(set(map(place_of_operation, calls))) < len(calls):
        yield Event.ROUNDS
