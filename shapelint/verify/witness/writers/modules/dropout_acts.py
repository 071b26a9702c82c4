"""The script that shows what is wrong with `dropout_acts`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight


def write(document: dict[str, Any]) -> list[str]:
    """Two passes in training mode, each from its own seed."""
    names = Names(document["steps"])
    layer, options = names.of(document["target"]), document["options"]
    replaced = [f"{layer}.dropout = {options['dropout']}"] if "dropout" in options else []
    return [
        *straight(document["steps"], names),
        *replaced,
        f"{layer}.train()",
        f"x = torch.randn(5, 3, {layer}.input_size)",
        "",
        "def forward(seed):",
        "    torch.manual_seed(seed)",
        f"    return {layer}(x)[0]",
        "",
        "first, second = forward(1), forward(2)",
        f'print("two training passes with dropout", {layer}.dropout, "are equal:", first.equal(second))',
    ]
