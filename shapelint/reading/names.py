"""What the names say that the parts of a result are bound to. Never enough alone: a name may be anything."""

from __future__ import annotations

import re

from shapelint.finding import Ref
from shapelint.reading.lines import function_around
from shapelint.reading.operations import is_recurrent_call
from shapelint.reading.recurrent import OUTPUT, slot_of, state_given
from shapelint.reading.text import count_of
from shapelint.regex import regex
from shapelint.trace.events import Binding
from shapelint.trace.node import Node
from shapelint.trace.trace import Trace, bindings_by_value, once

_ATTRIBUTE = regex(r"\w+(?:\.\w+)+")
_OUTPUT = frozenset(("out", "outs", "output", "outputs"))
_STATE = frozenset(("h", "hn", "hx", "hid", "hidden", "hiddens", "state", "states"))
_OTHER = frozenset(("c", "cn", "cell", "cells", "last", "final"))


def is_unused(trace: Trace, name: str) -> bool:
    """Whether a name that an assignment binds stands nowhere else in the file."""
    return name == "_" or count_of(trace, name) <= 1


def occurrences(trace: Trace, binding: Binding) -> int:
    """How often the name of a binding stands in the function that binds it, the binding itself included."""
    return len(re.findall(rf"\b{re.escape(binding.name)}\b", function_around(trace, binding.span.line)))


@once
def kept_on_objects(trace: Trace) -> tuple[Binding, ...]:
    """What is bound to an attribute: `self.state = ...`."""
    return tuple(one for one in trace.bindings if _ATTRIBUTE.fullmatch(one.name))


def exchanged_names(trace: Trace, call: Node) -> tuple[Binding, Binding] | None:
    """The names of a recurrent call's two results where they say (h_n, output): `h, out = gru(x)`."""
    first, second = (_binding(trace, Ref(call.id, (slot,))) for slot in (0, 1))
    if first is None or second is None or first.span.line != second.span.line:
        return None
    return (first, second) if says_state(first.name) and _says_output(second.name) else None


def output_named_state(trace: Trace, call: Node) -> Node | None:
    """The recurrent call whose output a further one is given as its state, because the names are exchanged."""
    state = state_given(call)
    slot = slot_of(trace, state) if is_recurrent_call(call) and state is not None else None
    if slot is None or slot.slot != OUTPUT or exchanged_names(trace, slot.call) is None:
        return None
    return slot.call


def _binding(trace: Trace, ref: Ref) -> Binding | None:
    return next(iter(bindings_by_value(trace).get(ref, ())), None)


def _says_output(name: str) -> bool:
    words = _words(name)
    return bool(words & _OUTPUT) and not words & (_STATE | _OTHER)


def says_state(name: str) -> bool:
    """Whether a name is one for states, or `_`."""
    words = _words(name)
    return name.strip("_") == "" or (bool(words & _STATE) and not words & _OUTPUT)


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+", name.rpartition(".")[2].lower()))
