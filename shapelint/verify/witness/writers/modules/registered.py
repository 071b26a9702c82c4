"""The script that shows what is wrong with `registered`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.run import run_to_target


def write(document: dict[str, Any]) -> list[str]:
    """How many parameters a module has that is given what holds the layers."""
    held, steps = run_to_target(document)
    return [
        *steps,
        "model = torch.nn.Module()",
        f"model.layers = {held}",
        'print("the model has", len(list(model.parameters())), "parameters")',
    ]
