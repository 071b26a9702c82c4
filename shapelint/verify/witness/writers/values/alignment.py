"""The script that shows what is wrong with `alignment`."""

from __future__ import annotations

from typing import Any

from shapelint.verify.witness.script import Encoded, Names, is_passed_on, statement

_PLACES = (
    "def places(like, batch, time):",
    "    found = torch.zeros(like.shape)",
    "    for axis, factor in ((batch, 100), (time, 1)):",
    "        if axis is not None:",
    "            numbers = torch.arange(like.shape[axis]) * factor",
    "            found = found + numbers.reshape([-1 if n == axis else 1 for n in range(like.dim())])",
    "    return found.to(like.dtype)",
    "",
)


def write(document: dict[str, Any]) -> list[str]:
    """Which sample and step each score and the target beside it belong to."""
    steps, options = document["steps"], document["options"]
    names = Names(steps)
    scores, targets = names.of(options["source"]), names.of(options["targets"])
    watched = {
        options["source"]["ref"]: [f"{scores} = {scores}.detach().requires_grad_()"],
        options["targets"]["ref"]: [f"{targets} = {_places(options, 'targets_', targets)}"],
    }
    last = document["target"]["ref"]
    before = enumerate(steps[:last])
    lines = [line for n, step in before for line in (*_assigned(step, n, names), *watched.get(n, ()))]
    loss = steps[last]
    sides = [*loss["args"][loss["op"].endswith(".forward") :], *loss["kwargs"].values()]
    picked = f".select({options['class_axis']}, 0)" if "class_axis" in options else ""
    return [
        *_PLACES,
        *lines,
        f"result = {names.of(sides[0])}{picked}",
        f"targets = {names.of(sides[1])}",
        'print("scores for", tuple(result.shape), "targets for", tuple(targets.shape))',
        "if result.dim() != targets.dim() or result.shape == targets.shape:",
        "    pairs = zip(*(side.reshape(-1) for side in torch.broadcast_tensors(result, targets)))",
        f"    where = {_places(options, '', scores)}",
        "    for score, target in list(pairs)[:8]:",
        f"        grad = torch.autograd.grad(score, {scores}, retain_graph=True)[0]",
        "        own = where[grad != 0].unique().long().tolist()",
        '        print("the score of (100 * sample + step)", own, "meets the target of", int(target))',
    ]


def _assigned(step: Encoded, number: int, names: Names) -> list[str]:
    return [] if is_passed_on(step) else [statement(number, names)]


def _places(options: dict[str, Any], prefix: str, name: str) -> str:
    return f"places({name}, {options[prefix + 'batch_axis']}, {options.get(prefix + 'time_axis')})"
