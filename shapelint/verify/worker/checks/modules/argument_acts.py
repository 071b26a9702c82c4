"""How torch tests `argument_acts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.ops.registry import LAYERS
from shapelint.verify.worker.held import module_of
from shapelint.verify.worker.outcome import Outcome, listed
from shapelint.verify.worker.replay import run


def check(document: Mapping[str, Any]) -> Outcome:
    """Build the layer without the argument, and compare the parameters and the nonlinearity."""
    number, name, steps = document["target"]["ref"], document["options"]["argument"], document["steps"]
    step = steps[number]
    place = list(LAYERS[step["op"]].build.signature.parameters).index(name)
    if name not in step["kwargs"] and len(step["args"]) <= place:
        return Outcome(True, f"no {name} is given")
    kwargs = {key: value for key, value in step["kwargs"].items() if key != name}
    plain = {**step, "args": step["args"][:place], "kwargs": kwargs}
    layer, other = (module_of(run([*steps[:number], each])[number]) for each in (step, plain))
    if _described(layer) != _described(other):
        return Outcome(True, f"without {name} another layer is built")
    names = listed(key for key, _ in layer.named_parameters())
    return Outcome(False, f"the layer has the same parameters without it: {names}")


def _described(layer: torch.nn.Module) -> tuple[object, ...]:
    """What a layer computes with: its parameters, and the nonlinearity of an RNN."""
    return {key: one.tolist() for key, one in layer.named_parameters()}, getattr(layer, "nonlinearity", None)
