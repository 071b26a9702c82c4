"""The parts of witness scripts that show mistakes with states."""

from __future__ import annotations

from typing import Any

from shapelint.verify.program.steps import exchanged, without_state
from shapelint.verify.witness.script import (
    Names,
    after,
    as_function,
    changed,
    expression,
    indented,
    is_passed_on,
    statement,
    straight,
)


def depends_on(document: dict[str, Any]) -> list[str]:
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


def separate_graphs(document: dict[str, Any]) -> list[str]:
    """Two backward passes, one after the other."""
    names = Names(document["steps"])
    return [
        *straight(document["steps"], names),
        f"{names.of(document['options']['earlier'])}.sum().backward()",
        "try:",
        f"    {names.of(document['target'])}.sum().backward()",
        "except RuntimeError as error:",
        '    print("RuntimeError:", str(error).partition(".")[0])',
        "else:",
        '    print("both backward passes are possible")',
    ]


def statelessness(document: dict[str, Any]) -> list[str]:
    """Two passes over the same source."""
    steps = document["steps"]
    names = Names(steps)
    inside = after(steps, document["options"]["source"])
    if "anew" in document["options"]:
        inside = sorted({*inside, document["options"]["anew"]["ref"]})
    before = [statement(n, names) for n, step in enumerate(steps) if n not in inside and not is_passed_on(step)]
    body = [*(statement(number, names) for number in inside), f"return {names.of(document['target'])}"]
    return [
        *before,
        "",
        "def forward():",
        *indented(body),
        "",
        'print("two passes over the same input are equal:", forward().equal(forward()))',
    ]


def substitution(document: dict[str, Any]) -> list[str]:
    """The target's operation with the other arguments."""
    options = document["options"]
    step = document["steps"][document["target"]["ref"]]
    return _compared(document, exchanged(step, list(zip(options["replaced"], options["by"], strict=True))))


def state_acts(document: dict[str, Any]) -> list[str]:
    """The layer's call without a state."""
    return _compared(document, without_state(document["steps"][document["target"]["ref"]]))


def _compared(document: dict[str, Any], step: Any) -> list[str]:
    names, target = Names(document["steps"]), document["target"]
    part = "".join(f"[{index}]" for index in target["path"])
    return [
        *straight(document["steps"], names),
        f"result = {names.of(target)}",
        f"other = ({expression(step, names)}){part}",
        'print("result", tuple(result.shape), "other", tuple(other.shape))',
        'print("equal:", result.shape == other.shape and torch.allclose(result, other))',
    ]
