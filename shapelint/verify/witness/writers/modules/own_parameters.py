"""The script that shows what is wrong with `own_parameters`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.run import run_to_target
from shapelint.verify.witness.script import Names


def write(document: dict[str, Any]) -> list[str]:
    """How many parameters the layers have together, and counted apart."""
    held, steps = run_to_target(document)
    if "other" in document["options"]:
        names = Names(document["steps"])
        calls = (document["steps"][ref["ref"]] for ref in (document["target"], document["options"]["other"]))
        held = "layers"
        steps.append(f"layers = torch.nn.ModuleList([{', '.join(names.of(call['args'][0]) for call in calls)}])")
    return [
        *steps,
        f"apart = sum(len(list(layer.parameters())) for layer in {held})",
        f'print("together", len(list({held}.parameters())), "parameters, counted apart", apart)',
    ]
