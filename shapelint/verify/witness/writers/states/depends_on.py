"""The script that shows what is wrong with `depends_on`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, as_function, changed, is_passed_on, statement


def write(document: dict[str, Any]) -> list[str]:
    """The gradient of the value with respect to the source; for one of integers, another source."""
    if document["steps"][document["options"]["source"]["ref"]].get("dtype") != "int":
        return _gradient(document, document["options"].get("axis"))
    told = 'print("another source changes", int((forward(other) != result).sum()), "of", result.numel(), "numbers")'
    return [*as_function(document), *changed(document, "..."), told]


def _gradient(document: dict[str, Any], axis: int | None) -> list[str]:
    steps, source = document["steps"], document["options"]["source"]
    names = Names(steps)
    watched = names.of(source)
    lines: list[str] = []
    for number, step in enumerate(steps):
        if not is_passed_on(step):
            lines.append(statement(number, names))
        if number == source["ref"]:
            lines.append(f"{watched} = {watched}.detach().requires_grad_()")
    entries = "gradient.any()" if axis is None else f"gradient.movedim({axis}, 0).flatten(1).any(1)"
    return [
        *lines,
        f"result = {names.of(document['target'])}",
        f"(gradient,) = torch.autograd.grad((result * torch.rand_like(result)).sum(), {watched}, "
        "allow_unused=True, materialize_grads=True)",
        f'print("the result depends on it:", {entries}.tolist())',
    ]
