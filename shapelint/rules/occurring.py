"""What a path holds that rules look for: the natures of its operations, and what else happens on it."""

from __future__ import annotations

from enum import Enum, auto

from shapelint.ops.nature import Nature
from shapelint.reading.operations import builds_step
from shapelint.reading.trail import nature_of
from shapelint.trace.trace import Trace, once


class Event(Enum):
    """What no nature tells."""

    REFUSED = auto()  #: torch raises
    BUILT = auto()  #: a recurrent layer, or a cell, is built


Occurrence = Nature | Event


@once
def occurring(trace: Trace) -> frozenset[str]:
    """The names of what occurs on a path."""
    found = {nature.name for node in trace.nodes if (nature := nature_of(node)) is not None}
    if any(node.error is not None for node in trace.nodes):
        found.add(Event.REFUSED.name)
    if any(map(builds_step, trace.nodes)):
        found.add(Event.BUILT.name)
    return frozenset(found)
