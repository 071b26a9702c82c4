"""The scripts that show what is wrong with a module: its parameters, what holds them, and how it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shapelint.verify.witness.script import Names, is_passed_on, render, statement

Document = Mapping[str, Any]


def _argument_acts(document: Document) -> list[str]:
    layer, steps = _run(document)
    return [*steps, f'print("bias is", repr({layer}.bias), "and nonlinearity", getattr({layer}, "nonlinearity", None))']


def _biased(document: Document) -> list[str]:
    layer, steps = _run(document)
    return [*steps, f'print("the parameters are", *(name for name, _ in {layer}.named_parameters()))']


def _registered(document: Document) -> list[str]:
    held, steps = _run(document)
    return [
        *steps,
        "model = torch.nn.Module()",
        f"model.layers = {held}",
        'print("the model has", len(list(model.parameters())), "parameters")',
    ]


def _own_parameters(document: Document) -> list[str]:
    held, steps = _run(document)
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


def _hooks_run(document: Document) -> list[str]:
    names = Names(document["steps"])
    call = document["target"]["ref"]
    layer = names.of(document["steps"][call]["args"][0])
    before = [statement(n, names) for n, step in enumerate(document["steps"][:call]) if not is_passed_on(step)]
    return [
        *before,
        "ran = []",
        f"{layer}.register_forward_hook(lambda *_: ran.append(1))",
        statement(call, names),
        'print("forward hooks that were run:", len(ran))',
    ]


def _loop_matters(document: Document) -> list[str]:
    result, lines = _run(document)
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


def _run(document: Document) -> tuple[str, list[str]]:
    """The name of the target, and the statements up to it."""
    names = Names(document["steps"])
    lines = [statement(number, names) for number, step in enumerate(document["steps"]) if not is_passed_on(step)]
    return names.of(document["target"]), lines


WRITERS: Mapping[str, Callable[[Document], list[str]]] = {
    "argument_acts": _argument_acts,
    "biased": _biased,
    "registered": _registered,
    "own_parameters": _own_parameters,
    "hooks_run": _hooks_run,
    "loop_matters": _loop_matters,
}
