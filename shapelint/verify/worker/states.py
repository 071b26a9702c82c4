"""The properties that concern states: what a value depends on, and what another state would give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from shapelint.verify.program.steps import ancestors, exchanged, without_state
from shapelint.verify.worker.footprint import InconclusiveError, Watched, tensor_of
from shapelint.verify.worker.outcome import TOLERANCE, Outcome, listed, shape_of
from shapelint.verify.worker.replay import Encoded, call_step, run, value_of


def _depends_on(document: Mapping[str, Any]) -> Outcome:
    """Every entry of the source along an axis, or the source at all, must reach the target."""
    watched = Watched(document["steps"], document["options"]["source"], document["target"])
    axis = document["options"].get("axis")
    if axis is not None:
        return _every_entry(watched, axis)
    if _is_reached(watched):
        return Outcome(True, "the value depends on it")
    first = watched.target.flatten()[0].item()
    same = bool((watched.target == first).all())
    return Outcome(False, f"the value does not depend on it{f': it is {first:g} everywhere' * same}")


def _is_reached(watched: Watched) -> bool:
    if watched.root.is_floating_point():
        return bool(watched.reached(lambda target: target).any())
    return bool(watched.changed((slice(None),) * watched.root.dim()).any())


def _every_entry(watched: Watched, axis: int) -> Outcome:
    if not watched.root.is_floating_point():
        raise InconclusiveError("the source does not hold real numbers")
    entries = watched.reached(lambda target: target).movedim(axis, 0).flatten(1).any(1)
    ignored = (~entries).nonzero().flatten().tolist()
    if not ignored:
        return Outcome(True, "the value depends on every entry")
    plural = "y" if len(ignored) == 1 else "ies"
    return Outcome(False, f"the value does not depend on entr{plural} {listed(ignored)} of {len(entries)}")


def _independence(document: Mapping[str, Any]) -> Outcome:
    """Nothing of the source may reach the target."""
    found = _depends_on(document)
    return Outcome(not found.holds, found.detail)


def _separate_graphs(document: Mapping[str, Any]) -> Outcome:
    """A backward pass from the target must not need what an earlier one has freed."""
    values = run(document["steps"], detaching=True)
    earlier = tensor_of(value_of(document["options"]["earlier"], values), "earlier")
    target = tensor_of(value_of(document["target"], values), "target")
    earlier.sum().backward()
    try:
        target.sum().backward()
    except RuntimeError as error:
        return Outcome(False, f"RuntimeError: {str(error).partition('.')[0]}")
    return Outcome(True, "a backward pass from each of the two is possible")


def _statelessness(document: Mapping[str, Any]) -> Outcome:
    """A second pass over the same source, which draws other random numbers, must give the same."""
    steps = document["steps"]
    shared = ancestors(steps, document["options"]["source"]["ref"])
    drawn = {n for n, step in enumerate(steps) if _is_drawn(step) and n not in shared}
    if "anew" in document["options"]:
        drawn.add(document["options"]["anew"]["ref"])
    if not drawn:
        return Outcome(True, "nothing is drawn at random")
    first, second = (_result(document, run(steps, redrawn=again)) for again in ((), drawn))
    if first.shape != second.shape:
        raise InconclusiveError("the shape of the result is drawn at random")
    difference = (first - second).abs().max().item()
    if difference <= TOLERANCE:
        return Outcome(True, "two passes over the same input agree")
    return Outcome(False, f"two passes over the same input differ by up to {difference:.2g}")


def _is_drawn(step: Encoded) -> bool:
    return bool(step["op"].rpartition(".")[2].startswith("rand"))


def _substitution(document: Mapping[str, Any]) -> Outcome:
    """The target's operation must give the same with other values in the place of some arguments."""
    steps, target, options = document["steps"], document["target"], document["options"]
    values = run(steps)
    exchange = list(zip(options["replaced"], options["by"], strict=True))
    return _compared(document, values, exchanged(steps[target["ref"]], exchange))


def _state_acts(document: Mapping[str, Any]) -> Outcome:
    """The target, a recurrent layer's output, must change when the call is given no state."""
    steps, target = document["steps"], document["target"]
    step = steps[target["ref"]]
    alone = without_state(step)
    if alone == step:
        return Outcome(True, "the call is given no state")
    found = _compared(document, run(steps), alone)
    return Outcome(not found.holds, f"without the state {found.detail}")


def _compared(document: Mapping[str, Any], values: Sequence[Any], step: Encoded) -> Outcome:
    """Whether the target is the same when its step is another one."""
    target = document["target"]
    number = target["ref"]
    other = [*values[:number], call_step(step, number, values), *values[number + 1 :]]
    before, after = _result(document, values), _result(document, other)
    if before.shape != after.shape:
        return Outcome(False, f"the result is {shape_of(after)}, not {shape_of(before)}")
    difference = (before - after).abs().max().item() if before.numel() else 0.0
    if difference <= TOLERANCE:
        return Outcome(True, "the result is the same")
    return Outcome(False, f"the result differs by up to {difference:.2g}")


def _result(document: Mapping[str, Any], values: Sequence[Any]) -> torch.Tensor:
    return tensor_of(value_of(document["target"], values), "target").detach()


STATE_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], Outcome]] = {
    "depends_on": _depends_on,
    "independence": _independence,
    "separate_graphs": _separate_graphs,
    "statelessness": _statelessness,
    "substitution": _substitution,
    "state_acts": _state_acts,
}
