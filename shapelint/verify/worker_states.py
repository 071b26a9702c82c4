"""The properties that concern states: what a value depends on, and what another state would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from shapelint.verify.steps import ancestors, exchanged, without_state
from shapelint.verify.worker_footprint import InconclusiveError, Watched, tensor_of
from shapelint.verify.worker_replay import Encoded, call_step, run, value_of

_TOLERANCE = 1e-9

Seen = tuple[bool, str]  #: whether the property holds, and what was seen


def depends_on(document: Mapping[str, Any]) -> Seen:
    """Every entry of the source along an axis, or the source at all, must reach the target."""
    watched = Watched(document["steps"], document["options"]["source"], document["target"])
    if not watched.root.is_floating_point():
        raise InconclusiveError("the source does not hold real numbers")
    reached = watched.reached(lambda target: target)
    axis = document["options"].get("axis")
    if axis is None:
        return bool(reached.any()), f"the value {'depends' if reached.any() else 'does not depend'} on it"
    entries = reached.movedim(axis, 0).flatten(1).any(1)
    ignored = (~entries).nonzero().flatten().tolist()
    if not ignored:
        return True, "the value depends on every entry"
    listed = ", ".join(map(str, ignored))
    return False, f"the value does not depend on entr{'y' if len(ignored) == 1 else 'ies'} {listed} of {len(entries)}"


def independence(document: Mapping[str, Any]) -> Seen:
    """Nothing of the source may reach the target."""
    reached, detail = depends_on(document)
    return not reached, detail


def separate_graphs(document: Mapping[str, Any]) -> Seen:
    """A backward pass from the target must not need what an earlier one has freed."""
    values = run(document["steps"], detaching=True)
    earlier = tensor_of(value_of(document["options"]["earlier"], values), "earlier")
    target = tensor_of(value_of(document["target"], values), "target")
    earlier.sum().backward()
    try:
        target.sum().backward()
    except RuntimeError as error:
        return False, f"RuntimeError: {str(error).partition('.')[0]}"
    return True, "a backward pass from each of the two is possible"


def statelessness(document: Mapping[str, Any]) -> Seen:
    """A second pass over the same source, which draws other random numbers, must give the same."""
    steps = document["steps"]
    shared = ancestors(steps, document["options"]["source"]["ref"])
    drawn = {n for n, step in enumerate(steps) if _is_drawn(step) and n not in shared}
    if "anew" in document["options"]:
        drawn.add(document["options"]["anew"]["ref"])
    if not drawn:
        return True, "nothing is drawn at random"
    first, second = (_result(document, run(steps, redrawn=again)) for again in ((), drawn))
    if first.shape != second.shape:
        raise InconclusiveError("the shape of the result is drawn at random")
    difference = (first - second).abs().max().item()
    if difference <= _TOLERANCE:
        return True, "two passes over the same input agree"
    return False, f"two passes over the same input differ by up to {difference:.2g}"


def _is_drawn(step: Encoded) -> bool:
    return bool(step["op"].rpartition(".")[2].startswith("rand"))


def substitution(document: Mapping[str, Any]) -> Seen:
    """The target's operation must give the same with other values in the place of some arguments."""
    steps, target, options = document["steps"], document["target"], document["options"]
    values = run(steps)
    exchange = list(zip(options["replaced"], options["by"], strict=True))
    return _compared(document, values, exchanged(steps[target["ref"]], exchange))


def state_acts(document: Mapping[str, Any]) -> Seen:
    """The target, a recurrent layer's output, must change when the call is given no state."""
    steps, target = document["steps"], document["target"]
    step = steps[target["ref"]]
    alone = without_state(step)
    if alone == step:
        return True, "the call is given no state"
    same, detail = _compared(document, run(steps), alone)
    return not same, f"without the state {detail}"


def _compared(document: Mapping[str, Any], values: Sequence[Any], step: Encoded) -> Seen:
    """Whether the target is the same when its step is another one."""
    target = document["target"]
    number = target["ref"]
    other = [*values[:number], call_step(step, number, values), *values[number + 1 :]]
    before, after = _result(document, values), _result(document, other)
    if before.shape != after.shape:
        return False, f"the result is {tuple(after.shape)}, not {tuple(before.shape)}"
    difference = (before - after).abs().max().item() if before.numel() else 0.0
    if difference <= _TOLERANCE:
        return True, "the result is the same"
    return False, f"the result differs by up to {difference:.2g}"


def _result(document: Mapping[str, Any], values: Sequence[Any]) -> torch.Tensor:
    return tensor_of(value_of(document["target"], values), "target").detach()
