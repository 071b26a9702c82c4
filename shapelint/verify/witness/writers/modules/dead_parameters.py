"""The script that shows what is wrong with `dead_parameters`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, straight_to_result


def write(document: dict[str, Any]) -> list[str]:
    """The parameters without a gradient."""
    names = Names(document["steps"])
    return [
        *straight_to_result(document, names),
        "(result * torch.rand_like(result)).sum().backward()",
        f"for name, parameter in {names.of(document['options']['layer'])}.named_parameters():",
        "    if parameter.grad is None or not parameter.grad.any():",
        '        print(name, "gets no gradient")',
    ]
