"""The script that shows what is wrong with `ignores_padding`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Names, is_passed_on, statement


def write(document: dict[str, Any]) -> list[str]:
    """The gradient of the loss with respect to the padding of each sample."""
    steps, options = document["steps"], document["options"]
    names = Names(steps)
    classes, moved = names.of(options["padded"]), f".movedim({options['padded_batch_axis']}, 0)"
    padded = [
        f"{classes} = {classes}.clone()",
        f"for row, length in zip({classes}{moved}, {document['lengths']}):",
        f"    row[length:] = {options['value']}",
    ]
    source = names.of(options["source"])
    watched = [f"{source} = {source}.detach().requires_grad_()"]
    extra = {options["padded"]["ref"]: padded, options["source"]["ref"]: watched}
    shown = [(n, step) for n, step in enumerate(steps) if not is_passed_on(step)]
    lines = [line for n, _ in shown for line in (statement(n, names), *extra.get(n, []))]
    gradient = f"{source}.grad.movedim(({options['batch_axis']}, {options['time_axis']}), (0, 1))"
    return [
        *lines,
        f"{names.of(document['target'])}.backward()",
        f"for sample, length in enumerate({document['lengths']}):",
        f"    reached = bool({gradient}[sample, length:].any())",
        '    print(f"the padding of sample {sample} reaches the loss: {reached}")',
    ]
