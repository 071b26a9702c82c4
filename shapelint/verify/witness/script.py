"""The steps of a closed program as Python statements that use only torch, under readable names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shapelint.ops.holders import HOLDERS
from shapelint.ops.names import RECURRENT
from shapelint.ops.registry import LAYERS, OPS
from shapelint.verify.program.steps import ancestors

Encoded = Any
Key = tuple[int, tuple[int, ...]]  #: a step and the path into its value

_FORWARD = ".forward"
_METHOD = "torch.Tensor."
_BINARY = {
    "__add__": "+",
    "__sub__": "-",
    "__mul__": "*",
    "__truediv__": "/",
    "__floordiv__": "//",
    "__matmul__": "@",
    "__pow__": "**",
    "__gt__": ">",
    "__lt__": "<",
    "__ge__": ">=",
    "__le__": "<=",
    "__eq__": "==",
    "__ne__": "!=",
}
_NAMES = {
    "float": "x",
    "int": "ids",
    "bool": "mask",
    "pack_padded_sequence": "packed",
    "__getitem__": "part",
    "cat": "joined",
    "zeros": "zeros",
    "Embedding": "embedded",
    "Linear": "scores",
}
_LSTM_PARTS: Mapping[tuple[int, ...], str] = {(0,): "out", (1, 0): "h_n", (1, 1): "c_n"}
_PAIR_PARTS: Mapping[tuple[int, ...], str] = {(0,): "out", (1,): "h_n"}
_PADDED_PARTS: Mapping[tuple[int, ...], str] = {(0,): "padded", (1,): "padded_lengths"}
# what the replay does instead (verify/worker/replay.py): one kind of float, one device, no dropout
_PASSED_ON = frozenset({"cpu", "cuda", "detach", "dropout"})
_FLOATS = frozenset({"float", "half", "bfloat16", "double"})


class Names:
    """Names for the values of a program, each used once."""

    def __init__(self, steps: Sequence[Encoded]) -> None:
        self.steps = steps
        self.known: dict[Key, str] = {}
        self._used: dict[str, int] = {}
        for number, step in enumerate(steps):
            if is_passed_on(step):
                continue
            parts = parts_of(step)
            for path, name in parts.items():
                self.known[number, path] = self._fresh(name)
            if not parts:
                self.known[number, ()] = self._fresh(_base_name(step))

    def of(self, ref: Encoded) -> str:
        """The expression for a reference."""
        number, path = ref["ref"], tuple(ref["path"])
        parts = parts_of(self.steps[number])
        if (number, path) in self.known:
            return self.known[number, path]
        if is_passed_on(self.steps[number]):
            passed = self.steps[number]["args"][0]
            return self.of({"ref": passed["ref"], "path": [*passed["path"], *path]})
        if parts:
            return self._together(number, path)
        return self.of({"ref": number, "path": path[:-1]}) + f"[{path[-1]}]"

    def leave(self, name: str, wanted: str) -> None:
        """Call by another name what has this one, unless it is what is wanted."""
        for key, known in self.known.items():
            if known == name != wanted:
                self.known[key] = self._fresh(name)

    def target(self, number: int) -> str:
        """What a step's value is assigned to."""
        parts = parts_of(self.steps[number])
        return self._together(number, ()).strip("()") if parts in (_PAIR_PARTS, _PADDED_PARTS) else self._lstm(number)

    def _lstm(self, number: int) -> str:
        if not parts_of(self.steps[number]):
            return self.known[number, ()]
        out, h_n, c_n = (self.known[number, path] for path in _LSTM_PARTS)
        return f"{out}, ({h_n}, {c_n})"

    def _together(self, number: int, path: tuple[int, ...]) -> str:
        """A tuple whose parts have names of their own, put together again."""
        if (number, path) in self.known:
            return self.known[number, path]
        return f"({self._together(number, (*path, 0))}, {self._together(number, (*path, 1))})"

    def _fresh(self, name: str) -> str:
        self._used[name] = self._used.get(name, 0) + 1
        return name if self._used[name] == 1 else f"{name}_{self._used[name]}"


def parts_of(step: Encoded) -> Mapping[tuple[int, ...], str]:
    """The names of the parts of a step's value; empty for one that is not taken apart."""
    operation = step["op"]
    if operation.removesuffix(_FORWARD) in RECURRENT and operation.endswith(_FORWARD):
        return _LSTM_PARTS if operation == "torch.nn.LSTM" + _FORWARD else _PAIR_PARTS
    return _PADDED_PARTS if operation.endswith("pad_packed_sequence") else {}


def is_passed_on(step: Encoded) -> bool:
    """Whether a step hands its argument on: only the device changes, or nothing drops out in eval mode."""
    return _is_identity(step) and not _is_on_device(step)


def _is_on_device(step: Encoded) -> bool:
    return bool(step.get("place") == "device")


def _is_identity(step: Encoded) -> bool:
    name = step["op"].rpartition(".")[2]
    arguments = len(step.get("args", ())) + len(step.get("kwargs", ()))
    is_identity = name in _PASSED_ON or (name == "to" and arguments == 1)
    return is_identity and isinstance(step["args"][0], dict) and "ref" in step["args"][0]


def is_construction(step: Encoded) -> bool:
    """Whether a step builds a layer."""
    return step["op"] in LAYERS


def statement(number: int, names: Names, whole: bool = False) -> str:
    """One step as an assignment; `whole`: its value is not taken apart (the call that raises)."""
    right = expression(names.steps[number], names)
    return f"result = {right}" if whole else f"{names.target(number)} = {right}"


def straight(steps: Sequence[Encoded], names: Names) -> list[str]:
    """All steps as statements."""
    return [statement(number, names) for number, step in enumerate(steps) if not is_passed_on(step)]


def straight_to_result(document: Mapping[str, Any], names: Names) -> list[str]:
    """All steps of a program as statements, and its target under the name `result`."""
    return [*straight(document["steps"], names), f"result = {names.of(document['target'])}"]


def after(steps: Sequence[Encoded], source: Encoded) -> list[int]:
    """The steps that run again when the source changes: all but layers, inputs and what the source needs."""
    before = ancestors(steps, source["ref"])
    return [
        number
        for number, step in enumerate(steps)
        if number not in before and step["op"] != "input" and not is_construction(step) and not is_passed_on(step)
    ]


def indented(lines: Sequence[str]) -> list[str]:
    """Lines inside of a block."""
    return [f"    {line}" if line else line for line in lines]


def as_function(document: Encoded) -> list[str]:
    """Layers and the source x first, and the way from x to the result as `forward(x)`."""
    steps, source = document["steps"], document["options"]["source"]
    names = Names(steps)
    names.leave("x", names.of(source))
    inside = after(steps, source)
    outside = [n for n, step in enumerate(steps) if n not in inside and not is_passed_on(step)]
    given = [statement(number, names) for number in outside]
    before = names.of(source)
    renamed = [] if before == "x" else [f"x = {before}"]
    names.known[source["ref"], tuple(source["path"])] = "x"
    body = [statement(number, names) for number in inside]
    seed = ["torch.manual_seed(1)"] if any("rand" in steps[number]["op"] for number in inside) else []
    return [
        *given,
        *renamed,
        "",
        "def forward(x):",
        *indented([*seed, *body, f"return {names.of(document['target'])}"]),
        "",
        "result = forward(x)",
    ]


def changed(document: Encoded, index: str) -> list[str]:
    """`other`: the source x with new numbers at an index."""
    step = document["steps"][document["options"]["source"]["ref"]]
    return other_at(index, step.get("dtype") == "int" or step["op"].endswith("randint"))


def other_at(index: str, whole_numbers: bool) -> list[str]:
    """`other`: a copy of x with new numbers at an index."""
    new = "((x + 1) % (x.max() + 1))" if whole_numbers else "torch.randn_like(x)"
    return ["other = x.clone()", f"other[{index}] = {new}[{index}]"]


def expression(step: Encoded, names: Names) -> str:
    """The right-hand side of a step; "meta" stands in for a device."""
    if _is_on_device(step):
        return f'{render(step["args"][0], names) if _is_identity(step) else _plain(step, names)}.to("meta")'
    return _plain(step, names)


def _plain(step: Encoded, names: Names) -> str:
    operation = step["op"]
    if operation == "input":
        return made_up(step)
    args = [render(arg, names) for arg in step["args"]]
    named = [f"{name}={render(arg, names)}" for name, arg in step["kwargs"].items()]
    if operation in LAYERS:
        return f"{operation}({', '.join([*args, *named])}).eval()"
    if operation in HOLDERS:
        return _holder(operation.removeprefix("builtins."), args[0])
    if operation.endswith(_FORWARD) and operation not in OPS:
        if step.get("direct"):
            return f"{args[0]}.forward({', '.join([*args[1:], *named])})"
        return f"{args[0]}({', '.join([*args[1:], *named])})"
    name = operation.rpartition(".")[2]
    if operation.startswith(_METHOD):
        return _method(name, step, args, named, names)
    return f"{operation}({', '.join([*args, *named])})"


def _holder(name: str, members: str) -> str:
    if name.endswith("Sequential"):
        return f"{name}(*{members})"
    if name.lower().endswith("dict"):
        return f"{name}({{str(number): layer for number, layer in enumerate({members})}})"
    return f"{name}({members})"


def _method(name: str, step: Encoded, args: list[str], named: list[str], names: Names) -> str:
    if OPS[step["op"]].attribute:
        return f"{args[0]}.{name}"
    if name == "__getitem__":
        return f"{args[0]}[{_index(step['args'][1], names)}]"
    if name in _BINARY and len(args) == 2:
        return f"{args[0]} {_BINARY[name]} {args[1]}"
    if name in _FLOATS:
        return f"{args[0]}.double()"
    return f"{args[0]}.{name}({', '.join([*args[1:], *named])})"


def render(encoded: Encoded, names: Names) -> str:
    """An encoded value as a Python expression."""
    if isinstance(encoded, float) and not math.isfinite(encoded):
        return f'float("{encoded}")'
    if not isinstance(encoded, dict):
        return repr(encoded)
    if "ref" in encoded:
        return names.of(encoded)
    if "tuple" in encoded:
        inner = _commas(encoded["tuple"], names)
        return f"({inner},)" if len(encoded["tuple"]) == 1 else f"({inner})"
    if "list" in encoded:
        return f"[{_commas(encoded['list'], names)}]"
    if "slice" in encoded:
        return f"slice({_commas(encoded['slice'], names)})"
    return "..." if "ellipsis" in encoded else f"torch.{encoded['dtype']}"


def _commas(items: Iterable[Encoded], names: Names) -> str:
    return ", ".join(render(item, names) for item in items)


def _index(encoded: Encoded, names: Names) -> str:
    if isinstance(encoded, dict) and "slice" in encoded:
        lower, upper, step = ("" if bound is None else render(bound, names) for bound in encoded["slice"])
        return f"{lower}:{upper}" + (f":{step}" if step else "")
    if isinstance(encoded, dict) and encoded.get("tuple"):
        return ", ".join(_index(item, names) for item in encoded["tuple"])
    return render(encoded, names)


def made_up(step: Encoded) -> str:
    """The numbers of an input."""
    if "values" in step:
        return f"torch.tensor({step['values']})"
    shape = ", ".join(map(str, step["shape"]))
    if step["dtype"] == "int":
        return f"torch.randint({min(1, step['below'] - 1)}, {step['below']}, ({shape},))"
    return f"torch.randn({shape})" + (" > 0" if step["dtype"] == "bool" else "")


def _base_name(step: Encoded) -> str:
    operation = step["op"]
    if operation == "input":
        return "lengths" if "values" in step else _NAMES[step["dtype"]]
    if operation in LAYERS:
        return str(operation.rpartition(".")[2]).lower()
    name = "layers" if operation in HOLDERS else str(operation.removesuffix(_FORWARD).rpartition(".")[2])
    return _NAMES.get(name, "value")
