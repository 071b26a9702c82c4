"""The script that shows what is wrong with `loop_matters`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.run import run_to_target
from shapelint.verify.witness.script import Names, render


def write(document: dict[str, Any]) -> list[str]:
    """The difference between one call with all the steps and the last call of the loop."""
    result, lines = run_to_target(document)
    names, steps = Names(document["steps"]), document["steps"]
    last = steps[document["target"]["ref"]]
    calls = [step for step in steps if step["op"] == last["op"] and step["args"][:1] == last["args"][:1]]
    layer = names.of(last["args"][0])
    inputs = ", ".join(render(call["args"][1], names) for call in calls)
    given = "".join(f", {render(state, names)}" for state in calls[0]["args"][2:])
    return [
        *lines,
        f"axis = 1 if {layer}.batch_first else 0",
        f"together = {layer}(torch.cat(({inputs}), axis){given})[0]",
        f"difference = together.select(axis, -1) - {result}.select(axis, -1)",
        'print("one call differs at the last step by up to", difference.abs().max().item())',
    ]
