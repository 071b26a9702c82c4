"""A script that shows a mistake with the user's own class: it imports their module, so only they may run it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from shapelint.finding import Finding
from shapelint.verify.own.own_class import META, OwnClass
from shapelint.verify.own.rows import Rows
from shapelint.verify.own.values import Argument
from shapelint.verify.program.encode import Encoded
from shapelint.verify.witness import rows as row_parts
from shapelint.verify.witness.script import indented, made_up, other_at
from shapelint.verify.witness.witness import heading

#: names of the script's own, which no argument may take
_TAKEN = frozenset("forward model other result row rows sample length shapes step sys torch traceback".split())
_WIDTH = 100
_SHAPES = (
    "def shapes(value):",
    "    if isinstance(value, torch.Tensor):",
    "        return tuple(value.shape)",
    "    if isinstance(value, (tuple, list)):",
    "        return [shapes(item) for item in value]",
    "    if isinstance(value, dict):",
    "        return {key: shapes(item) for key, item in value.items()}",
    "    return type(value).__name__",
    "",
    "",
)


def class_script(own: OwnClass, finding: Finding, path: Sequence[str]) -> str:
    """Python source that constructs the class, calls its method, and prints the mistake or the shapes of the result."""
    imports = ["import sys", *(["import traceback"] if own.raises else []), "", "import torch", ""]
    search = [f"sys.path.insert(0, {own.folder!r})", f"from {own.module} import {', '.join(_imported(own))}", ""]
    inputs = ["torch.manual_seed(0)", *_inputs(own), "", ""]
    lines = [*heading(finding, path), *_warning(own, finding), *imports, *search, *inputs]
    return "\n".join([*lines, *(_SHAPES if own.rows is None else ()), *_forward(own), *_shown(own)]) + "\n"


def _warning(own: OwnClass, finding: Finding) -> list[str]:
    file = os.path.basename(finding.path)
    called = f"constructs {own.name}" + (f" and calls its {own.method}" if own.method else "")
    return [
        f"# This script imports {' '.join(file.split())}, so it executes that file and all that it imports.",
        f"# It {called} with made-up inputs. shapelint has only printed it, never run it.",
    ]


def _imported(own: OwnClass) -> list[str]:
    """The class, and the enumerations whose members are given to it."""
    named = [value["name"] for value in _values(own) if isinstance(value, dict) and "name" in value]
    return list(dict.fromkeys([own.name, *(name.partition(".")[0] for name in named)]))


def _values(own: OwnClass) -> Iterator[Encoded]:
    yield from (argument.value for argument in (*own.construction, *own.arguments))


def _inputs(own: OwnClass) -> list[str]:
    """The tensors that are given to the class, each under a name."""
    return [
        f"{_variable(own, argument)} = {_on_device(own, argument.value)}"
        for argument in (*own.construction, *own.arguments)
        if _is_made_up(argument.value)
    ]


def _is_made_up(value: Encoded) -> bool:
    return isinstance(value, dict) and "name" not in value


def _on_device(own: OwnClass, value: Encoded) -> str:
    """An input, or a tuple of them; lengths stay on the CPU, as torch wants them."""
    if "tuple" in value:
        return f"({', '.join(_on_device(own, item) for item in value['tuple'])})"
    text = made_up(value)
    if own.device != META or "values" in value:
        return text
    return f"({text}).to({META!r})" if value["dtype"] == "bool" else f"{text}.to({META!r})"


def _variable(own: OwnClass, argument: Argument) -> str:
    """The name of an input in the script; the one that is varied is x."""
    varied = own.rows.argument if own.rows is not None else ""
    if argument in own.arguments and argument.name == varied:
        return "x"
    is_other = argument in own.construction and argument.name in _names(own.arguments)
    is_taken = argument.name in _TAKEN or (bool(varied) and argument.name == "x")
    return f"{argument.name}_" if is_other or is_taken else argument.name


def _names(arguments: Sequence[Argument]) -> list[str]:
    return [argument.name for argument in arguments]


def _forward(own: OwnClass) -> list[str]:
    """The class made anew, so that it is in the same state for each input, and the call of its method."""
    mode = (".train()" if own.trains else ".eval()") if own.is_module else ""
    device = f".to({META!r})" if own.device == META and own.is_module else ""
    made = _call(f"model = {own.name}", _written(own, own.construction), device + mode)
    method = "model" if own.method == "forward" and own.is_module else f"model.{own.method}"
    part = "".join(f"[{index!r}]" for index in own.rows.part) if own.rows is not None else ""
    returned = ["return model"] if own.method is None else _call(f"return {method}", _written(own, own.arguments), part)
    source = "" if own.rows is None else "x"
    return [f"def forward({source}):", *indented(["torch.manual_seed(1)", *made, *returned]), "", ""]


def _call(start: str, arguments: Sequence[str], end: str) -> list[str]:
    """A call on one line, or with a line for each argument."""
    line = f"{start}({', '.join(arguments)}){end}"
    return [line] if len(line) <= _WIDTH else [f"{start}(", *(f"    {one}," for one in arguments), f"){end}"]


def _written(own: OwnClass, arguments: Sequence[Argument]) -> list[str]:
    return [(f"{one.name}=" if one.by_name else "") + _text(own, one) for one in arguments]


def _text(own: OwnClass, argument: Argument) -> str:
    if _is_made_up(argument.value):
        return _variable(own, argument)
    return str(argument.value["name"]) if isinstance(argument.value, dict) else repr(argument.value)


def _shown(own: OwnClass) -> list[str]:
    if own.raises:
        return _error(own)
    if own.rows is not None:
        return ["result = forward(x)", f"# {own.rows.sound}", *_rows(own, own.rows)]
    told = "the model is" if own.method is None else "the result is"
    return ["result = forward()", f'print("{told}", {"result" if own.method is None else "shapes(result)"})']


def _error(own: OwnClass) -> list[str]:
    """The error, and the line of the user's file that it comes from."""
    return [
        "try:",
        "    result = forward()",
        "except Exception as error:",
        f"    file = sys.modules[{own.name}.__module__].__file__",
        "    lines = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == file]",
        '    print("line", *lines[-1:], "raises", f"{type(error).__name__}: {error}")',
        "else:",
        '    print("nothing is raised; the result is", shapes(result))',
    ]


def _rows(own: OwnClass, rows: Rows) -> list[str]:
    """What reaches which rows of the result."""
    step = next(one.value for one in own.arguments if one.name == rows.argument)

    def change(index: str) -> list[str]:
        return other_at(index, step["dtype"] == "int")

    if rows.batch_axis is None:
        assert rows.time_axis is not None
        return row_parts.of_steps(rows.time_axis, rows.row_axis, change)
    if rows.time_axis is None:
        return row_parts.of_samples(rows.batch_axis, rows.row_axis, change)
    return row_parts.of_padding((rows.batch_axis, rows.time_axis, rows.row_axis), rows.lengths, rows.on_left, change)
