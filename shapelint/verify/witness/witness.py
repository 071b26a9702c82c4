"""A stand-alone script of a few lines that shows a mistake with torch and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from shapelint.finding import Finding
from shapelint.ops import registry
from shapelint.verify.program.program import Program
from shapelint.verify.witness import rows, states, values
from shapelint.verify.witness.modules import WRITERS
from shapelint.verify.witness.rows import at
from shapelint.verify.witness.script import (
    Names,
    as_function,
    changed,
    indented,
    is_passed_on,
    parts_of,
    statement,
    straight,
)

_SETUP = ("import torch", "", "torch.manual_seed(0)", "torch.set_default_dtype(torch.float64)", "")


def script(program: Program, finding: Finding | None = None, path: Sequence[str] = ()) -> str:
    """The program as Python source: it builds the layers, runs the operations, and prints what is wrong.

    `path` tells which values lead to it.
    """
    document = program.document
    registry.load()  # the program comes from another process, and nothing here may have loaded the operations
    body = _WRITERS[document["property"]](document)
    return "\n".join([*heading(finding, path), *_SETUP, *body]) + "\n"


def heading(finding: Finding | None, path: Sequence[str]) -> list[str]:
    """What a script is about, as comments."""
    if finding is None:
        return []
    told = [f"# {finding.code} {finding.path}:{finding.span.line}: {finding.message}"]
    told += [f"# reached with: {', '.join(path)}"] if path else []
    return [" ".join(line.split()) for line in told]


def _raises(document: dict[str, Any]) -> list[str]:
    steps, target = document["steps"], document["target"]
    names = Names(steps)
    before = [statement(number, names) for number in range(target["ref"]) if not is_passed_on(steps[number])]
    tried = [statement(target["ref"], names, whole=True)]
    if "unpack" in document["options"]:
        variables = ", ".join(f"name_{number}" for number in range(document["options"]["unpack"]))
        tried.append(f"{variables} = result" + "".join(f"[{index}]" for index in target["path"]))
    return [
        *before,
        "try:",
        *indented(tried),
        "except Exception as error:",
        '    print(f"{type(error).__name__}: {error}")',
        "else:",
        '    print("torch raises nothing")',
    ]


def _batch_independence(document: dict[str, Any]) -> list[str]:
    options = document["options"]
    loop = rows.of_samples(options["batch_axis"], options["target_axis"], partial(changed, document))
    return [*as_function(document), *loop]


def _sees_whole_sequence(document: dict[str, Any]) -> list[str]:
    time = document["options"]["time_axis"]
    return [
        *as_function(document),
        f"for step in range(x.shape[{time}]):",
        *indented(changed(document, at({time: "step"}))),
        "    features = (forward(other) != result).reshape(-1, result.shape[-1]).any(0)",
        '    print(f"step {step} reaches {int(features.sum())} of {len(features)} features")',
    ]


def _causality(document: dict[str, Any]) -> list[str]:
    options = document["options"]
    loop = rows.of_steps(options["time_axis"], options["target_axis"], partial(changed, document))
    return [*as_function(document), *loop]


def _padding_invariance(document: dict[str, Any]) -> list[str]:
    options = document["options"]
    axes = (options["batch_axis"], options["time_axis"], options["target_axis"])
    on_left = options.get("on_left", False)
    loop = rows.of_padding(axes, document["lengths"], on_left, partial(changed, document))
    return [*as_function(document), *loop]


def _dead_parameters(document: dict[str, Any]) -> list[str]:
    names = Names(document["steps"])
    return [
        *straight(document["steps"], names),
        f"result = {names.of(document['target'])}",
        "(result * torch.rand_like(result)).sum().backward()",
        f"for name, parameter in {names.of(document['options']['layer'])}.named_parameters():",
        "    if parameter.grad is None or not parameter.grad.any():",
        '        print(name, "gets no gradient")',
    ]


def _provenance(document: dict[str, Any]) -> list[str]:
    options = document["options"]
    axis, *sizes = options.get("split", [0])
    split = f".unflatten({axis}, {tuple(sizes)})" if sizes else ""
    select = f".select({_listed(options['select'])})" if "select" in options else ""
    return [
        *as_function(document),
        "coded = torch.arange(x.numel()).to(x.dtype).reshape(x.shape)",
        f"meant = coded{split}{select}.permute({_listed(options['expected'])})",
        "result = forward(coded)",
        'print("meant", tuple(meant.shape), "result", tuple(result.shape))',
        "moved = int((result != meant.reshape(result.shape)).sum())",
        'print(moved, "of", x.numel(), "cells hold another value")',
    ]


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _equals(document: dict[str, Any]) -> list[str]:
    names = Names(document["steps"])
    return [
        *straight(document["steps"], names),
        f"result = {names.of(document['target'])}",
        f"reference = {_reference(document, names)}",
        "shape = None if result is None else tuple(result.shape)",
        'print("result", shape, "reference", tuple(reference.shape))',
        'print("equal:", shape == reference.shape and torch.allclose(result, reference))',
    ]


def _batch_size_polymorphism(document: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    batches = [("all", document["steps"])]
    batches += [(str(variant["batch"]), variant["steps"]) for variant in document["variants"]]
    for label, steps in batches:
        names = Names(steps)
        body = [*straight(steps, names), f"return {names.of(document['target'])}"]
        lines += ["", f"def batch_of_{label}():", *indented(body), ""]
    models = ", ".join(f"batch_of_{label}" for label, _ in batches)
    return [
        *lines,
        f"for model in ({models}):",
        "    try:",
        "        print(model.__name__, tuple(model().shape))",
        "    except Exception as error:",
        '        print(model.__name__, f"{type(error).__name__}: {error}")',
    ]


def _ignores_padding(document: dict[str, Any]) -> list[str]:
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


def _unchanged_by(document: dict[str, Any]) -> list[str]:
    steps, step = document["steps"], document["options"]["step"]["ref"]
    names = Names(steps)
    lines = [(n, statement(n, names)) for n, one in enumerate(steps) if not is_passed_on(one)]
    value = names.of(document["target"])
    return [
        *(line for number, line in lines if number < step),
        f'print("before", tuple({value}.shape))',
        *(line for number, line in lines if number >= step),
        f'print("after", tuple({value}.shape))',
    ]


def _dropout_acts(document: dict[str, Any]) -> list[str]:
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


def _has_shape(document: dict[str, Any]) -> list[str]:
    names = Names(document["steps"])
    wanted = ", ".join("any" if size is None else str(size) for size in document["options"]["sizes"])
    return [
        *straight(document["steps"], names),
        f"result = {names.of(document['target'])}",
        f'print("result", tuple(result.shape), "stated ({wanted})")',
    ]


def _reference(document: dict[str, Any], names: Names) -> str:
    reference = document["options"]["reference"]
    if isinstance(reference, dict):
        return names.of(reference)
    kind, call = reference
    paths = parts_of(document["steps"][call["ref"]])
    h_n = names.of({"ref": call["ref"], "path": (1, 0) if (1, 0) in paths else (1,)})
    return f"{h_n}[-1]" if kind == "last_state" else f"torch.cat(({h_n}[-2], {h_n}[-1]), -1)"


_WRITERS = {
    "raises": _raises,
    "batch_independence": _batch_independence,
    "sees_whole_sequence": _sees_whole_sequence,
    "dead_parameters": _dead_parameters,
    "padding_invariance": _padding_invariance,
    "causality": _causality,
    "provenance": _provenance,
    "equals": _equals,
    "batch_size_polymorphism": _batch_size_polymorphism,
    "ignores_padding": _ignores_padding,
    "unchanged_by": _unchanged_by,
    "dropout_acts": _dropout_acts,
    "depends_on": states.depends_on,
    "independence": states.depends_on,
    "separate_graphs": states.separate_graphs,
    "statelessness": states.statelessness,
    "substitution": states.substitution,
    "state_acts": states.state_acts,
    "has_shape": _has_shape,
    "alignment": values.alignment,
    "follows_time": values.follows_time,
    "unnormalised": values.unnormalised,
    **WRITERS,
}
