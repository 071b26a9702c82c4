"""The properties of modules: what their parameters are, what holds them, and whether two calls agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from shapelint.ops.registry import LAYERS
from shapelint.verify.worker.footprint import InconclusiveError, tensor_of
from shapelint.verify.worker.outcome import Outcome, agree, listed
from shapelint.verify.worker.replay import decode, run, value_of


def _argument_acts(document: Mapping[str, Any]) -> Outcome:
    number, name, steps = document["target"]["ref"], document["options"]["argument"], document["steps"]
    step = steps[number]
    place = list(LAYERS[step["op"]].build.signature.parameters).index(name)
    if name not in step["kwargs"] and len(step["args"]) <= place:
        return Outcome(True, f"no {name} is given")
    kwargs = {key: value for key, value in step["kwargs"].items() if key != name}
    plain = {**step, "args": step["args"][:place], "kwargs": kwargs}
    layer, other = (_module(run([*steps[:number], each])[number]) for each in (step, plain))
    if _described(layer) != _described(other):
        return Outcome(True, f"without {name} another layer is built")
    names = listed(key for key, _ in layer.named_parameters())
    return Outcome(False, f"the layer has the same parameters without it: {names}")


def _described(layer: torch.nn.Module) -> tuple[object, ...]:
    """What a layer computes with: its parameters, and the nonlinearity of an RNN."""
    return {key: one.tolist() for key, one in layer.named_parameters()}, getattr(layer, "nonlinearity", None)


def _biased(document: Mapping[str, Any]) -> Outcome:
    layer = _module(value_of(document["target"], run(document["steps"])))
    names = [name for name, _ in layer.named_parameters()]
    return Outcome(any("bias" in name for name in names), f"its parameters are {listed(names)}")


def _registered(document: Mapping[str, Any]) -> Outcome:
    held, members = _held(document)
    owner = torch.nn.Module()
    owner.held = held
    missing = sum(1 for member in members if not _parameters(member) <= _parameters(owner))
    if not missing:
        return Outcome(True, "all parameters are registered")
    kind = type(held).__name__
    return Outcome(
        False, f"a module with this {kind} has {len(_parameters(owner))} parameters of {len(members)} layers"
    )


def _own_parameters(document: Mapping[str, Any]) -> Outcome:
    members = _called(document) if "other" in document["options"] else _held(document)[1]
    together = len(set().union(*map(_parameters, members)))
    apart = sum(len(_parameters(member)) for member in members)
    return Outcome(
        together == apart, f"{len(members)} layers have {together} parameters together, {apart} if counted apart"
    )


def _called(document: Mapping[str, Any]) -> list[torch.nn.Module]:
    """The layers of two calls."""
    values = run(document["steps"])
    calls = (document["steps"][ref["ref"]] for ref in (document["target"], document["options"]["other"]))
    return [_module(value_of(call["args"][0], values)) for call in calls]


def _held(document: Mapping[str, Any]) -> tuple[Any, list[torch.nn.Module]]:
    """What holds the layers, and the layers."""
    held = value_of(document["target"], run(document["steps"]))
    members = list(held.values()) if isinstance(held, dict | torch.nn.ModuleDict) else list(held)
    if not members:
        raise InconclusiveError("it holds no layers")
    return held, [_module(member) for member in members]


def _parameters(module: torch.nn.Module) -> set[int]:
    return {id(parameter) for parameter in module.parameters()}


def _module(value: Any) -> torch.nn.Module:
    if not isinstance(value, torch.nn.Module):
        raise InconclusiveError("the target is not a layer")
    return value


def _hooks_run(document: Mapping[str, Any]) -> Outcome:
    ran: list[int] = []
    number = document["steps"][document["target"]["ref"]]["args"][0]["ref"]

    def watch(layer: Any) -> Any:
        _module(layer).register_forward_hook(lambda *_: ran.append(1))
        return layer

    run(document["steps"], {number: watch})
    return Outcome(bool(ran), "its hooks are run" if ran else "a forward hook of the layer is not run")


def _loop_matters(document: Mapping[str, Any]) -> Outcome:
    steps, target = document["steps"], document["target"]
    values = run(steps)
    last = steps[target["ref"]]
    calls = [step for step in steps if step["op"] == last["op"] and step["args"][:1] == last["args"][:1]]
    if len(calls) < 2 or any(len(call["args"]) < 2 for call in calls):
        raise InconclusiveError("there are no calls to put together")
    layer: Any = _module(value_of(last["args"][0], values))
    axis = 1 if layer.batch_first else 0
    inputs = [tensor_of(decode(call["args"][1], values), "input") for call in calls]
    given = [decode(state, values) for state in calls[0]["args"][2:]]
    together = layer(torch.cat(inputs, axis), *given)[0]
    end = tensor_of(value_of(target, values), "target")
    if not agree(together.narrow(axis, together.shape[axis] - end.shape[axis], end.shape[axis]), end):
        return Outcome(True, "one call gives something else")
    return Outcome(False, f"one call with {len(calls)} steps gives the same last step as {len(calls)} calls")


MODULE_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], Outcome]] = {
    "argument_acts": _argument_acts,
    "biased": _biased,
    "registered": _registered,
    "own_parameters": _own_parameters,
    "hooks_run": _hooks_run,
    "loop_matters": _loop_matters,
}
